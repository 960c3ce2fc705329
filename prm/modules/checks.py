"""Holds the declared policies against the modules when the project starts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.checks import CheckMessage, Error
from django.core.exceptions import FieldDoesNotExist

from prm.access.policy import PLAIN_VERBS
from prm.access.specs import BUILT_IN, LEVELS, ScopeSpec
from prm.modules import registry
from prm.modules.registry import Module
from workflows.conditions import fields_in


def check_modules(**_: Any) -> list[CheckMessage]:
    """Errors in what modules declare: unknown portals, actions, fields, levels, states and paths."""
    return [
        Error(problem, obj=module.key, id="modules.E001")
        for module in registry.all_modules()
        for problem in _problems(module)
    ]


def _problems(module: Module) -> Iterable[str]:
    portals = {portal.key for portal in BUILT_IN}
    for field in module.fields:
        if field.kind == "reference" and field.stored and not field.module:
            yield f"{field.name} refers to {field.path}, which no module describes"
    for portal, grant in module.grants.items():
        if portal not in portals:
            yield f"there is no built-in portal {portal!r}"
        for scope in grant.scopes:
            for problem in _scope_problems(module, scope):
                yield f"{portal} / {scope.name}: {problem}"


def _scope_problems(module: Module, scope: ScopeSpec) -> Iterable[str]:
    transitions = {one.capability for one in module.machine.transitions} if module.machine else set()
    for action in scope.actions:
        if action not in PLAIN_VERBS | transitions | {"*"}:
            yield f"there is no action {action!r}"
    for name, level in scope.fields.items():
        if name != "*" and name not in module.by_name:
            yield f"there is no field {name!r}"
        for state, one in level.items() if isinstance(level, Mapping) else [("*", level)]:
            if one not in LEVELS:
                yield f"{name}: there is no level {one!r}"
            if state != "*" and state not in module.states:
                yield f"{name}: there is no state {state!r}"
    for path in fields_in(scope.where) if scope.where is not None else ():
        try:
            module.rows().filter(**{f"{path.replace('.', '__')}__isnull": True})
        except FieldDoesNotExist:
            yield f"the condition's path {path} leads nowhere"
        except Exception as error:
            yield f"the condition's path {path} does not work: {error}"
