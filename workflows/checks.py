"""What may be wrong with a machine, found before a record finds it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from workflows import ports, triggers
from workflows.machine import OWNERS, Machine


@dataclass(frozen=True, order=True)
class Problem:
    machine: str
    code: str
    text: str

    def __str__(self) -> str:
        return f"{self.machine}: {self.code}: {self.text}"


def check(machine: Machine) -> list[Problem]:
    """Everything wrong with the machine as declared, sorted."""
    found = [
        *_reach(machine),
        *_waits(machine),
        *_capabilities(machine),
    ]
    return sorted(Problem(machine.label, code, text) for code, text in found)


def _closure(start: Iterable[str], pairs: Collection[tuple[str, str]]) -> set[str]:
    reached, waiting = set(start), list(start)
    while waiting:
        state = waiting.pop()
        for source, target in pairs:
            if source == state and target not in reached:
                reached.add(target)
                waiting.append(target)
    return reached


def _reach(machine: Machine) -> Iterator[tuple[str, str]]:
    reached = _closure(machine.initial, machine.pairs)
    ending = _closure(machine.finals, {(target, source) for source, target in machine.pairs})
    if not machine.finals:
        yield "no-end", "no state is final"
    for state in machine.states:
        if state not in reached:
            yield "unreachable", f"no way leads to {state}"
        if machine.finals and state not in ending:
            yield "trap", f"no way leads from {state} to a final state"


def _waits(machine: Machine) -> Iterator[tuple[str, str]]:
    for state in machine.states:
        wait = machine.waits.get(state)
        if wait is None:
            if state not in machine.finals:
                yield "no-owner", f"nobody is said to act in {state}"
            continue
        if wait.owner not in OWNERS:
            yield "no-owner", f"{state} waits for {wait.owner!r}, who is none of {', '.join(OWNERS)}"
        if wait.after is not None and not wait.then:
            yield "no-timer", f"{state} waits for a limited time, and nothing is said to happen then"
        if wait.then:
            yield from _then(machine, state, wait.then, limited=wait.after is not None)


def _then(machine: Machine, state: str, name: str, *, limited: bool) -> Iterator[tuple[str, str]]:
    transition = machine.get(name)
    if not limited:
        yield "no-timer", f"{state} names {name} to happen, and no time for it"
    if transition is None:
        yield "no-timer", f"{state} ends with {name}, which is no transition"
    elif "timer" not in transition.by:
        yield "no-timer", f"{state} ends with {name}, which no timer may do"
    elif state not in transition.sources:
        yield "no-timer", f"{state} ends with {name}, which does not start there"
    elif any(each.required and each.initial is None for each in transition.inputs.values()):
        yield "no-timer", f"{state} ends with {name}, which asks for inputs that a timer has not"


def _capabilities(machine: Machine) -> Iterator[tuple[str, str]]:
    asked = [each for each in machine.transitions if "user" in each.by]
    if not ports.has_policy():
        if asked:
            yield "no-policy", "no policy says who may do its transitions"
        return
    granted = set(ports.policy().grantable(machine.label))
    for each in asked:
        if each.name not in granted and each.capability not in granted:
            yield "no-capability", f"no grant lets anybody {each.name}"


def check_database(using: str = "default") -> list[Problem]:
    """Triggers that are missing, that differ from the machine of now, or that have no machine any more."""
    differing = [
        Problem(each.table, "trigger", f"{each.name} is missing or differs from the machine")
        for each in triggers.missing(using)
    ]
    left_over = [
        Problem(table, "trigger", f"{name} is left over") for table, name in triggers.superfluous(using)
    ]
    return sorted([*differing, *left_over])
