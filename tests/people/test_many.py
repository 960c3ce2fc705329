"""Many who are invited at once: what a table may look like, and what is said of each line."""

from __future__ import annotations

from typing import Any

import pytest

from prm.access.models import Portal
from prm.people import many, seats
from prm.people.models import Invitation
from tests.mails import sent_to
from workflows.actor import Actor
from workflows.errors import InvalidInput


def lines(text: str) -> list[tuple[int, str, str, str, str, bool]]:
    return [(one.number, one.email, one.name, one.portal, one.company, one.admin) for one in many.read(text)]


def test_with_and_without_a_row_of_names() -> None:
    named = "Name;Email;Admin\nAnn A.;ann@x.example;yes\n\n;ben@x.example;no\n"
    assert lines(named) == [
        (2, "ann@x.example", "Ann A.", "", "", True),
        (4, "ben@x.example", "", "", "", False),
    ]
    assert lines("\ufeffann@x.example\nben@x.example\n") == [
        (1, "ann@x.example", "", "", "", False),
        (2, "ben@x.example", "", "", "", False),
    ]
    assert lines("ann@x.example\tAnn\tPartner\tNorthwind\tx")[0] == (
        1,
        "ann@x.example",
        "Ann",
        "Partner",
        "Northwind",
        True,
    )


@pytest.mark.parametrize(
    "text", ["", " \n", "email,name\n", "name\nAnn\n", "email,shoe size\na@x.example,42\n", 'email\n"a@x.exa']
)
def test_what_is_no_table_is_said(text: str) -> None:
    with pytest.raises(InvalidInput) as wrong:
        many.read(text)
    assert list(wrong.value.errors) == ["lines"]


def test_so_many_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many, "MOST", 2)
    with pytest.raises(InvalidInput):
        many.read("a@x.example\nb@x.example\nc@x.example")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_files_as_spreadsheets_write_them(encoding: str) -> None:
    text = "email;name\njuergen@x.example;Jürgen\n"
    assert many.read(many.decoded(text.encode(encoding)))[0].name == "Jürgen"


TABLE = """email,name,portal,company,admin
ann@contoso.example,Ann,Partner,Contoso Partners,yes
not an address,Ben,Partner,Contoso Partners,
cid@contoso.example,Cid,Nowhere,Contoso Partners,
dan@contoso.example,Dan,Partner,No Company,
ANN@contoso.example,Ann again,Partner,Contoso Partners,
eve@fabrikam.example,Eve,customer,Fabrikam,
"""


def test_the_trial_says_what_would_happen_and_then_it_does(world: Any) -> None:
    actor = Actor.of(world.admin)
    wanted = [
        (2, []),
        (3, ["email"]),
        (4, ["portal"]),
        (5, ["company"]),
        (6, ["email"]),
        (7, []),
    ]
    trial = many.tried(actor, many.read(TABLE))
    assert [(one.line.number, list(one.errors)) for one in trial] == wanted
    assert not Invitation.objects.exists()
    assert not sent_to("ann@contoso.example")
    done = many.invited(actor, many.read(TABLE))
    assert [(one.line.number, list(one.errors)) for one in done] == wanted
    assert [one.reason for one in done] == [one.reason for one in trial]
    made = Invitation.objects.order_by("email").values_list("email", "portal__key", "company", "is_admin")
    assert list(made) == [
        ("ann@contoso.example", "partner", world.contoso.pk, True),
        ("eve@fabrikam.example", "customer", world.fabrikam.pk, False),
    ]
    assert len(sent_to("ann@contoso.example")) == 1


def test_lines_that_name_none_take_what_was_chosen(world: Any) -> None:
    partner = Portal.objects.get(key="partner")
    given = many.read("x@contoso.example\ny@northwind.example,,,Northwind Systems")
    done = many.invited(Actor.of(world.maria), given, partner, world.contoso)
    assert [one.invitation.company_id for one in done if one.invitation] == [
        world.contoso.pk,
        world.northwind.pk,
    ]


def test_an_admin_of_a_company_stays_in_it(world: Any) -> None:
    table = """email,portal,company
in@northwind.example,,
own@northwind.example,Partner,Northwind Systems
up@northwind.example,Administrator,
out@contoso.example,,Contoso Partners
"""
    done = many.invited(Actor.of(world.alice), many.read(table))
    assert [list(one.errors) for one in done] == [[], [], ["portal"], ["company"]]
    assert set(Invitation.objects.values_list("company", "portal__key")) == {(world.northwind.pk, "partner")}


def test_known_and_unknown_addresses_are_answered_alike(world: Any) -> None:
    given = many.read(f"{world.carol.email}\nnobody@contoso.example\n{world.maria.email}")
    assert [one.ok for one in many.tried(Actor.of(world.alice), given)] == [True] * 3
    assert [one.ok for one in many.invited(Actor.of(world.alice), given)] == [True] * 3


def test_the_lines_that_come_too_late_say_so(world: Any) -> None:
    Portal.objects.exclude(key="partner").update(seated=False)
    seats.set_pool(Actor.of(world.admin), bought=5, free=0)
    given = many.read("a@northwind.example\nb@northwind.example\nc@northwind.example")
    for way in (many.tried, many.invited):
        assert [one.ok for one in way(Actor.of(world.alice), given)] == [True, True, False]
    assert seats.used() == 5
