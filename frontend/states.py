"""What the pages say of a state, derived from its machine: its colour, who must act, the way ahead."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from prm.modules.registry import Module
from workflows.machine import Machine

OWNERS = {
    "partner": _("the partner"),
    "channel_manager": _("the channel manager"),
    "applicant": _("the applicant"),
    "vendor": _("the vendor"),
    "nobody": "",
}


@lru_cache(maxsize=512)
def tone(machine: Machine, state: str) -> str:
    """Its colour: good where the main road has led and nothing is left to do, warn where time runs out, or
    where only something dangerous leads."""
    arriving = [each.tone for each in machine.transitions if state in each.targets]
    wait = machine.waits.get(state)
    if state in machine.finals or (wait and wait.owner == "nobody"):
        return "good" if "primary" in arriving else "neutral"
    if wait is None:
        return "neutral"
    if (wait.after is not None and wait.then) or set(arriving) == {"danger"}:
        return "warn"
    return "neutral" if state == machine.initial[0] else "info"


def state_badge(module: Module, state: str) -> SafeString:
    """The state in words, with its colour."""
    machine = module.machine
    if machine is None:
        labels = {str(value): str(label) for value, label in module.field("state").options()}
        return format_html('<span class="badge">{}</span>', labels.get(state, state))
    return format_html('<span class="badge badge--{}">{}</span>', tone(machine, state), machine.title(state))


@lru_cache(maxsize=512)
def road(machine: Machine, start: str, allowed: str = "") -> tuple[str, ...]:
    """The best way from `start` to an end: most main transitions, fewest others, none that is dangerous.

    allowed: where the way shall lead; any final state when empty.
    """
    best: tuple[float, tuple[str, ...]] = (float("-inf"), (start,))
    goals = {allowed} if allowed else set(machine.finals)

    def walk(path: tuple[str, ...], worth: float) -> None:
        nonlocal best
        here = path[-1]
        if here in goals:
            if worth > best[0]:
                best = (worth, path)
            return
        for step in machine.leaving(here):
            if step.tone == "danger" or step.by == ("timer",):
                continue
            for target in step.targets:
                if target not in path:
                    walk((*path, target), worth + (1 if step.tone == "primary" else -0.5))

    walk((start,), 0)
    return best[1]


def steps(machine: Machine, state: str, visited: list[str]) -> list[dict[str, Any]]:
    """The steps of a record's stepper: the way it came (as far as the reader may know), where it is, and
    the best way on."""
    behind: list[str] = []
    for one in visited:
        # A record that went back and forth shows the last of its ways only.
        if one in behind:
            del behind[behind.index(one) :]
        behind.append(one)
    if state in behind:
        del behind[behind.index(state) :]
    elif not behind and state not in machine.initial:
        start = machine.initial[0] if machine.initial else state
        way = road(machine, start, state)
        behind = list(way[:-1]) if way[-1] == state else []
    ahead = (
        [one for one in road(machine, state)[1:] if one not in behind] if state not in machine.finals else []
    )
    ended = state in machine.finals
    made: list[dict[str, Any]] = [
        {"title": machine.title(one), "status": "done", "note": ""} for one in behind
    ]
    made.append(
        {
            "title": machine.title(state),
            "status": "now",
            "note": "",
            "ended": ended,
            "tone": tone(machine, state),
        }
    )
    return made + [{"title": machine.title(one), "status": "todo", "note": ""} for one in ahead]
