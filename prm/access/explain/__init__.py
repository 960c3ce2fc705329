"""Why somebody may or may not: the rule that decided, and the smallest change that would turn the answer.

`explain` tells all of it and is for those who manage portals; `told_to_user` is the part of an answer that
its own user may read. `cases` decides, `words` says it, `changes` and `records` look for the change. Nothing
is written.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db import models

from prm.access.explain.cases import (
    EXTENT,
    FIELD_VERBS,
    Case,
    Change,
    Check,
    Explanation,
    FieldLine,
    Tellable,
    asked,
    decide,
    twin,
)
from prm.access.explain.changes import smallest
from prm.access.explain.words import field_lines, told, told_to_user
from prm.access.policy import ModuleLike, policy_of

__all__ = [
    "EXTENT",
    "FIELD_VERBS",
    "Change",
    "Check",
    "Explanation",
    "FieldLine",
    "explain",
    "field_lines",
    "told_to_user",
]


def explain(
    user: Any,
    module: ModuleLike,
    verb: str,
    obj: models.Model | None,
    field: str = "",
    tellable: Tellable = lambda path: True,
    search: bool = True,
) -> Explanation:
    """Names the rule that allows or denies `verb` on a record, or on one of its fields.

    verb: view, create (then `obj` may be None), edit, delete, export, attach, comment, or a transition.
    field: a field of the module, asked for under one of FIELD_VERBS. search: whether to look for the change.
    Raises LookupError where there is no such verb or field.
    """
    question = asked(module, verb, field)
    # Whoever looks at the portal as this user has a policy of their own.
    policy = getattr(user, "policy", None) or policy_of(getattr(user, "portal", None))
    case = Case(twin(user), policy, obj)
    verdict = decide(question, case)
    answer = told(question, case, verdict, tellable)
    if not search:
        return answer
    changes, others = smallest(question, case, verdict, tellable)
    return replace(answer, changes=changes, others=others)
