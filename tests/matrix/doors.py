"""The same matrix through the API: what its list of transitions says, beside what posting one does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.test import Client

from prm.people.models import User
from tests.cast import World
from tests.matrix.cells import Case, Cell, actors, inputs, undone
from tests.matrix.expected import PEOPLE
from workflows.errors import Reason
from workflows.perform import Option

#: What a status means where the body does not say; 401: nobody is there who could be told more.
BY_STATUS = {200: "done", 201: "done", 204: "done", 401: "not_found", 403: "denied", 404: "not_found"}


def tries(world: World, case: Case) -> Iterator[Cell]:
    """Every transition by everybody with a login, and by nobody, on one record; each undone again."""
    with undone():
        record = case.make(world)
        url = f"/api/v1/{case.module}/{record.pk}/transitions/"
        for role, actor in actors(world).items():
            if role not in (*PEOPLE, "anonymous"):
                continue
            client = Client()
            if isinstance(actor.user, User):
                client.force_login(actor.user)
            answer = client.get(url)
            options = (
                {one["name"]: _option(one) for one in answer.json()} if answer.status_code == 200 else {}
            )
            for transition in case.machine.transitions:
                option = options.get(transition.name)
                outcome, reasons, to_state = _post(
                    client, f"{url}{transition.name}/", inputs(world, transition)
                )
                if outcome == "done" and not to_state and option is not None:
                    # 204: it is no longer the caller's to see.
                    to_state = option.target or ""
                yield Cell(case, role, transition.name, option, outcome, reasons, to_state)


def _option(one: dict[str, Any]) -> Option:
    return Option(
        name=one["name"],
        title=one["title"],
        target=one["target"],
        enabled=one["enabled"],
        reasons=[Reason(why["code"], why["message"]) for why in one["reasons"]],
        inputs={},
        tone="",
        confirm="",
        in_state=True,
    )


def _post(client: Client, url: str, given: dict[str, Any]) -> tuple[str, tuple[str, ...], str]:
    with undone():
        answer = client.post(url, given, content_type="application/json")
    told = answer.json() if answer.content else {}
    if answer.status_code in BY_STATUS:
        return BY_STATUS[answer.status_code], (), told.get("state", "")
    reasons = tuple(why["code"] for why in told.get("reasons", ()))
    # The engine's word for it, as the API spells it.
    return told["type"].rpartition(":")[2].replace("-", "_"), reasons, ""
