"""Each way in which a machine can be wrong is found, and said in one line."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.workflows.app.models import Parcel
from workflows import checks, ports, triggers
from workflows.inputs import Input
from workflows.machine import Machine, Wait, machines
from workflows.management.commands import check_workflows


@pytest.fixture
def machine(policy) -> Machine:
    """The machine of the parcels, free to be spoiled."""
    return Machine(Parcel)


def spoil(machine: Machine, name: str, **changes: object) -> None:
    machine.transitions = [
        dataclasses.replace(each, **changes) if each.name == name else each for each in machine.transitions
    ]
    machine._by_name = {each.name: each for each in machine.transitions}


def remove(machine: Machine, *names: str) -> None:
    machine.transitions = [each for each in machine.transitions if each.name not in names]
    machine._by_name = {each.name: each for each in machine.transitions}


def found(machine: Machine) -> list[str]:
    return [f"{each.code}: {each.text}" for each in checks.check(machine)]


def test_a_machine_without_fault(machine):
    assert found(machine) == []


def test_unreachable(machine):
    remove(machine, "send", "find")
    assert found(machine) == [
        "trap: no way leads from packed to a final state",
        "unreachable: no way leads to delivered",
        "unreachable: no way leads to lost",
        "unreachable: no way leads to sent",
    ]


def test_a_trap(machine):
    remove(machine, "deliver", "sign", "give_up", "bring_back")
    machine.waits["sent"] = Wait("partner")
    assert found(machine)[:2] == [
        "trap: no way leads from packed to a final state",
        "trap: no way leads from sent to a final state",
    ]


def test_no_end(machine):
    machine.finals = []
    assert "no-end: no state is final" in found(machine)


def test_nobody_to_act(machine):
    del machine.waits["packed"]
    machine.waits["sent"] = dataclasses.replace(machine.waits["sent"], owner="the postman")
    assert found(machine) == [
        "no-owner: nobody is said to act in packed",
        "no-owner: sent waits for 'the postman', who is none of "
        "partner, channel_manager, applicant, vendor, nobody",
    ]


@pytest.mark.parametrize(
    ("wait", "problem"),
    [
        (
            Wait("partner", after=timedelta(1)),
            "sent waits for a limited time, and nothing is said to happen then",
        ),
        (Wait("partner", then="give_up"), "sent names give_up to happen, and no time for it"),
        (Wait("partner", after=timedelta(1), then="fly"), "sent ends with fly, which is no transition"),
        (
            Wait("partner", after=timedelta(1), then="deliver"),
            "sent ends with deliver, which no timer may do",
        ),
    ],
)
def test_a_wait_without_a_way_out(machine, wait, problem):
    machine.waits["sent"] = wait
    assert found(machine) == [f"no-timer: {problem}"]


def test_a_timer_that_cannot_do_it(machine):
    spoil(machine, "give_up", inputs={"why": Input(kind="text")})
    assert found(machine) == ["no-timer: sent ends with give_up, which asks for inputs that a timer has not"]
    spoil(machine, "give_up", inputs={}, sources=("packed",))
    assert found(machine) == ["no-timer: sent ends with give_up, which does not start there"]


def test_a_transition_that_nobody_may_do(machine, policy):
    policy.denied = {"deliver", "give_up", "sign"}
    assert found(machine) == ["no-capability: no grant lets anybody deliver"]


def test_no_policy(machine):
    with ports.plugged(None):
        assert found(machine) == ["no-policy: no policy says who may do its transitions"]


def test_a_state_that_is_not_there():
    class Odd(Parcel):
        finals = {"eaten"}

        class Meta:
            proxy = True
            app_label = "parcels"

    from django.apps import apps

    try:
        with pytest.raises(Exception, match="no such state: eaten"):
            Machine(Odd)
    finally:
        del apps.all_models["parcels"]["odd"]
        apps.clear_cache()


# --- the command


def run(**options: object) -> str:
    out = StringIO()
    call_command("check_workflows", stdout=out, **options)
    return out.getvalue()


@pytest.fixture
def ours(monkeypatch) -> list[Machine]:
    """The command looks at our machines only, whatever else is installed."""
    mine = [each for each in machines() if each.label.startswith("parcels.")]
    monkeypatch.setattr(check_workflows, "machines", lambda: mine)
    return mine


@pytest.mark.django_db
def test_the_command_tells_and_draws_alike_every_time(policy, ours, tmp_path):
    first = run(svg=tmp_path / "one")
    second = run(svg=tmp_path / "two")
    assert first.replace("/one", "") == second.replace("/two", "")
    assert "parcels.parcel (parcel)\n  packed  [initial; waits for vendor]\n" in first
    assert "    send → sent  if too_heavy, no_address, same_depot\n" in first
    assert "    give_up → lost  by timer\n" in first
    assert "    relabel → (same)\n" in first
    assert "    judge → lost | packed\n" in first
    names = sorted(each.name for each in (tmp_path / "one").iterdir())
    assert names == ["parcels.crate.svg", "parcels.parcel.svg"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.django_db
def test_the_command_fails_with_a_line_for_each_problem(policy, ours):
    policy.denied = {"deliver"}
    out = StringIO()
    with pytest.raises(CommandError, match=r"1 problem$"):
        call_command("check_workflows", stdout=out)
    assert out.getvalue() == "parcels.parcel: no-capability: no grant lets anybody deliver\n"


@pytest.mark.django_db
def test_the_command_compares_with_the_database(policy, ours):
    triggers.drop()
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("check_workflows", stdout=out)
    assert "parcels_parcel: trigger: workflows_parcels_parcel_update is missing or differs" in out.getvalue()
    triggers.install()
    run()
