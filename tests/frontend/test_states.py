"""What pages say of a state is derived from its machine."""

from __future__ import annotations

from frontend import states
from prm.modules import registry


def machine(key):
    return registry.get(key).machine


def titles(key, state, visited=()):
    return [(one["title"], one["status"]) for one in states.steps(machine(key), state, list(visited))]


def test_the_main_road_is_the_best_way_to_an_end():
    assert states.road(machine("leads"), "new")[-1] == "converted"
    assert states.road(machine("opportunities"), "draft") == ("draft", "distributed", "managed", "won")
    assert states.road(machine("registrations"), "draft")[-1] == "approved"


def test_steps_show_the_way_that_was_gone_and_the_way_ahead():
    names = dict(registry.get("leads").machine.states)
    steps = titles("leads", "accepted", ["new", "assigned", "accepted"])
    assert steps[:3] == [(names["new"], "done"), (names["assigned"], "done"), (names["accepted"], "now")]
    assert steps[-1] == (names["converted"], "todo")


def test_a_way_gone_twice_is_shown_once():
    steps = titles("leads", "assigned", ["new", "assigned", "new", "assigned"])
    assert [status for _title, status in steps].count("done") == 1


def test_an_end_has_nothing_ahead():
    steps = titles("leads", "disqualified", ["new", "disqualified"])
    assert [status for _title, status in steps] == ["done", "now"]


def test_colours_follow_from_the_machine():
    leads = machine("leads")
    assert states.tone(leads, "converted") == "good"
    assert states.tone(leads, "disqualified") == "neutral"
    assert states.tone(leads, "assigned") == "warn"
    assert states.tone(leads, "new") == "neutral"
    assert states.tone(leads, "contacted") == "info"
    quotes = machine("quotes")
    assert [states.tone(quotes, one) for one in ("sent", "declined", "expired")] == [
        "good",
        "neutral",
        "neutral",
    ]
    partners = machine("partners")
    assert [states.tone(partners, one) for one in ("active", "suspended")] == ["good", "warn"]
