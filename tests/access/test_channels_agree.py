"""Pages, API, filter, order, search, export, socket and history agree, whatever has been granted.

Portals are made of random documents: scopes by company and state, and a level for each field, or one for each
state. What one channel tells of a field of a record no other denies, and the other way round.
"""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prm.access.document import BLANK, apply
from prm.access.models import Portal
from prm.alerts import feed
from prm.alerts.models import Alert, AlertCounter
from prm.modules import registry
from prm.people.models import User
from tests.cast import World, build_world
from tests.gadgets.models import Gadget
from workflows.models import TransitionRecord

STATES = ("draft", "lent", "back")
#: Texts that stand nowhere else, for one field each.
TEXTS = ("name", "secret", "note")
FIELDS = (*TEXTS, "size", "holder", "state", "created_at")

levels = st.one_of(
    st.sampled_from(["hidden", "read", "write"]),
    st.dictionaries(
        st.sampled_from(["*", *STATES]), st.sampled_from(["hidden", "read", "write"]), min_size=1
    ),
)
wheres = st.sampled_from(
    [
        None,
        {"field": "holder", "op": "is", "value": "$user.company"},
        {"field": "state", "op": "is", "value": "lent"},
        {"field": "size", "op": "<=", "value": 3},
        {
            "all": [
                {"field": "holder", "op": "is", "value": "$user.company"},
                {"field": "state", "op": "in", "value": ["draft", "back"]},
            ]
        },
    ]
)


@st.composite
def scopes(draw: Any) -> list[dict[str, Any]]:
    """One to three scopes; the field that the list is sorted by is always read."""
    return [
        {
            "name": f"scope {number}",
            "where": draw(wheres),
            "actions": ["view", "export"],
            "fields": {
                "*": draw(st.sampled_from(["hidden", "read"])),
                **draw(st.dictionaries(st.sampled_from(FIELDS[:-1]), levels)),
                "created_at": "read",
            },
            "admins_only": draw(st.booleans()),
        }
        for number in range(draw(st.integers(1, 3)))
    ]


class Stage:
    """Gadgets with words of their own, and somebody who looks at them through a portal that changes."""

    def __init__(self, world: World) -> None:
        self.portal = Portal.objects.create(key="random", title="Random")
        User.objects.filter(pk=world.bob.pk).update(portal=self.portal)
        self.user = world.bob
        self.client = Client()
        self.client.force_login(User.objects.get(pk=world.bob.pk))
        self.gadgets: dict[str, dict[str, str]] = {}
        module = registry.get("gadgets")
        number = 0
        for state in STATES:
            for holder in (world.northwind, world.contoso):
                number += 1
                words = {name: f"{name}word{number}x" for name in TEXTS}
                gadget = Gadget(**words, size=2 if number % 3 else 9, holder=holder)
                gadget.begin(state)
                gadget.save()
                self.gadgets[str(gadget.pk)] = words
                line = TransitionRecord.objects.create(
                    subject=module.subject,
                    object_id=gadget.pk,
                    transition="update",
                    actor_kind="user",
                    actor_id=world.bob.pk,
                    to_state=state,
                    inputs={"changed": ["secret", "note"], "secret": words["secret"]},
                    version=1,
                    party_id=world.northwind.pk,
                )
                Alert.objects.create(
                    recipient=world.bob,
                    seq=number,
                    event=line.pk,
                    kind="gadget.lent",
                    module="gadgets",
                    object_id=gadget.pk,
                )
        AlertCounter.objects.create(user=world.bob, seq=number)
        self.alerts = {"views": ["list"], "scopes": [self.own_alerts()]}

    @staticmethod
    def own_alerts() -> dict[str, Any]:
        where = {"field": "recipient", "op": "is", "value": "$user.id"}
        return {"name": "own", "where": where, "actions": ["view"], "fields": {"*": "read"}}

    def grant(self, some: list[dict[str, Any]]) -> None:
        grants = {"gadgets": {"views": ["list", "board"], "scopes": some}, "alerts": self.alerts}
        self.portal.refresh_from_db()
        apply(self.portal, {**BLANK, "title": "Random", "grants": grants})

    def rows(self, query: str = "") -> list[dict[str, Any]] | None:
        answer = self.client.get(f"/api/v1/gadgets/?limit=200{query}")
        return answer.json()["results"] if answer.status_code == 200 else None

    def history(self, pk: str) -> list[dict[str, Any]]:
        lines: list[dict[str, Any]] = self.client.get(f"/api/v1/gadgets/{pk}/history/").json()["results"]
        return lines

    def text(self, path: str) -> str:
        answer = self.client.get(path)
        return answer.content.decode() if answer.status_code == 200 else ""


@pytest.fixture
def stage(db: None) -> Stage:
    return Stage(build_world())


@pytest.mark.django_db
def test_channels_agree(stage: Stage) -> None:
    """One world, in which the portal is published anew for each example."""

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(scopes())
    def agree(some: list[dict[str, Any]]) -> None:
        stage.grant(some)
        hold(stage)

    agree()


def hold(stage: Stage) -> None:
    """What the list tells is what every other channel tells."""
    rows = stage.rows()
    if rows is None:
        assert {stage.client.get(f"/api/v1/gadgets/{pk}/").status_code for pk in stage.gadgets} == {404}
        return
    told = {row["id"]: row for row in rows}
    page, board = stage.text("/gadgets/"), stage.text("/gadgets/board/")
    exported = export(stage)
    socket = {one["object"]["id"]: f"{one['title']} {one['body']}" for one in sent(stage)}
    assert set(exported) == set(told)
    for pk, words in stage.gadgets.items():
        row = told.get(pk)
        record = stage.client.get(f"/api/v1/gadgets/{pk}/")
        assert (record.status_code == 200) == (row is not None)
        beside = [stage.text(f"/gadgets/{pk}/"), page, board, socket[pk]]
        history = stage.text(f"/api/v1/gadgets/{pk}/history/")
        if row is None:
            assert history == "" and beside[0] == ""
        else:
            assert record.json() == row
            assert words["name"] in socket[pk] or row.get("name") is None
        for name, word in words.items():
            shown = row is not None and row.get(name) == word
            assert row is None or row.get(name) in (word, None)
            assert exported.get(pk, {}).get(name, "") == (word if shown else "")
            assert (word in beside[0]) == shown, (name, word)
            assert shown or not any(word in one for one in [*beside, history])
            assert finds(stage, name, word, pk) == shown
        if row is not None:
            assert ('"secret"' in history) == (row.get("secret") is not None)
    ordered(stage, told)


def finds(stage: Stage, name: str, word: str, pk: str) -> bool:
    """Whether a filter, a search and the finder lead to the record; all of them, or none."""
    module = registry.get("gadgets")
    found = set()
    if name in module.filters:
        found.add(pk in {row["id"] for row in stage.rows(f"&{name}={word}") or ()})
    if name in module.search:
        found.add(pk in {row["id"] for row in stage.rows(f"&search={word}") or ()})
    if not found:
        return any(one["id"] == pk and one.get(name) == word for one in stage.rows() or ())
    assert len(found) == 1, (name, word)
    return found.pop()


def ordered(stage: Stage, told: dict[str, dict[str, Any]]) -> None:
    """Sorted by a field, rows that hide it come last; a list that cannot be sorted shows it nowhere."""
    for name in ("name", "secret", "size"):
        rows = stage.rows(f"&ordering={name}")
        if rows is None:
            assert not any(row.get(name) for row in told.values())
            continue
        values = [row.get(name) for row in rows]
        shown = [value for value in values if value is not None]
        assert {row["id"] for row in rows} == set(told)
        assert values == [*sorted(shown), *[None] * (len(values) - len(shown))]


def export(stage: Stage) -> dict[str, dict[str, str]]:
    answer = stage.client.get("/api/v1/gadgets/export/")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return {row["id"]: row for row in csv.DictReader(io.StringIO(text))}


def sent(stage: Stage) -> list[dict[str, Any]]:
    user = User.objects.get(pk=stage.user.pk)
    return feed.read([feed.Ask(user, 0)], lambda logins: list(logins))[0].alerts


def test_an_alert_of_a_gadget_is_there_for_every_one(stage: Stage) -> None:
    stage.grant([{"name": "all", "where": None, "actions": ["view"], "fields": {"*": "read"}}])
    assert len(sent(stage)) == len(stage.gadgets) == 6


def test_who_is_next_and_until_when_is_told_as_the_record_is(stage: Stage) -> None:
    """The page says whose turn it is: of a record whose state is hidden it is silent, and so of a moment."""
    due = timezone.now() + timedelta(days=3)
    pk = str(Gadget.objects.filter(state="lent").values_list("pk", flat=True)[0])
    Gadget.objects.filter(pk=pk).update(due_at=due)

    def page(**fields: str) -> str:
        fields = {"*": "hidden", "name": "read", **fields}
        stage.grant([{"name": "all", "where": None, "actions": ["view"], "fields": fields}])
        return stage.text(f"/gadgets/{pk}/")

    assert 'class="countdown"' in page(state="read", due_at="read")
    assert 'class="countdown"' not in page(state="read")
    assert "next__who" in page(state="read")
    assert 'aria-current="step"' in page(state="read")
    assert not any(one in page(due_at="read") for one in ("next__icon", 'aria-current="step"'))
    states = {(line["from_state"], line["to_state"]) for line in stage.history(pk)}
    assert states == {(None, "")}
    page(state="read")
    assert any("lent" in (line["from_state"], line["to_state"]) for line in stage.history(pk))


def test_the_team_is_shown_as_its_rows_are(world: World) -> None:
    """Only admins read when a colleague was last there, and of none whom the vendor has barred."""
    seen = timezone.now() - timedelta(days=400)
    User.objects.filter(pk__in=[world.bob.pk, world.alice.pk]).update(last_login=seen)
    client = Client()
    for viewer, barred, told in (
        (world.alice, False, True),
        (world.alice, True, False),
        (world.bob, False, False),
    ):
        User.objects.filter(pk=world.bob.pk).update(barred=barred)
        client.force_login(User.objects.get(pk=viewer.pk))
        User.objects.filter(pk=viewer.pk).update(last_login=None)
        page = client.get("/team/").content.decode()
        assert (seen.strftime("%Y-%m-%d") in page) == told
        User.objects.filter(pk=viewer.pk).update(last_login=seen)
