"""A mark of what somebody's rights let them read, to see later whether that has changed.

It is made of what their scopes say and of their own values in the conditions, not of ids of rows nor of a
portal's revision: so it is the same in every process, and the same again once a change was undone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from django.db.models import Model

from prm.access.policy import CompiledScope, ModuleLike
from prm.access.rights import Rights
from workflows.conditions import parameters_in


def fingerprint(rights: Rights, read: Iterable[tuple[ModuleLike, Iterable[str]]]) -> str:
    """The mark of which rows of these modules the reader sees, and in which states these fields of them."""
    told = {
        module.key: sorted(
            _told(rights, module, scope, set(names)) for scope in rights.scopes(module.key, "view")
        )
        for module, names in read
    }
    return hashlib.sha256(_plain(told).encode()).hexdigest()


def _told(rights: Rights, module: ModuleLike, scope: CompiledScope, names: set[str]) -> str:
    values = {name: _value(rights.params[name]) for name in parameters_in(scope.where or {"all": []})}
    shown = {name: scope.readable(name, module.states) for name in names}
    levels = {name: states if isinstance(states, bool) else sorted(states) for name, states in shown.items()}
    return _plain([scope.where, values, levels])


def _value(value: Any) -> Any:
    """What stands for a parameter; the order of a list says nothing."""
    if isinstance(value, (list, tuple, set, frozenset)):
        return sorted(str(_value(one)) for one in value)
    return str(value.pk if isinstance(value, Model) else value)


def _plain(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
