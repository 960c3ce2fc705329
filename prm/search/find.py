"""Searching within what one may read.

Whoever sees every row of a module is answered by the full-text index. For everybody else the rows that they
may see come first, and the words of each are looked at where it stands: what others have is never asked, so
neither the answer nor the time that it takes can tell of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan

from prm.access.rights import Rights
from prm.modules.columns import ALWAYS, NEVER, Columns, Shown, shown
from prm.modules.registry import Module
from prm.search.database import Has
from prm.search.models import SearchEntry
from prm.search.words import asked, code

#: More words than this narrow nothing that a person would look for.
MOST_WORDS = 6

#: What the index finds more of is common: then a page is filled sooner by looking at one row after the other.
COMMON = 1000

Answer = Callable[[Rights, Module, str], Q]
_answers: dict[str, Answer] = {}


def answer(key: str, function: Answer) -> None:
    """Has searches in the module called `key` answered by `function`: its records keep no words of their own.

    What it gives may tell of no more than what the reader is shown.
    """
    _answers[key] = function


def matching(rows: QuerySet[Any], columns: Columns, text: str) -> QuerySet[Any]:
    """Rows in which every word of `text` begins a word of some searchable field that is shown on that row."""
    if own := _answers.get(columns.module.key):
        return rows.filter(own(columns.rights, columns.module, text))
    return rows.filter(found(columns.rights, columns.module, text, columns.module.search))


def found(rights: Rights, module: Module, text: str, fields: tuple[str, ...]) -> Q:
    """The condition that every word of `text` is in one of `fields`, as far as each row shows them.

    Of a phone number or a tax id, a word of digits asks for the whole number that it is a part of.
    """
    wanted = asked(text)[:MOST_WORDS]
    if not wanted:
        return Q() if not text.strip() else NEVER
    # Fields that are shown on the same rows are asked for together.
    together: dict[Shown, list[str]] = {}
    for name in fields:
        where = shown(rights, module, name)
        if where is not NEVER:
            together.setdefault(where, []).append(name)
    if set(together) == {ALWAYS} and rights.reach(rights.scopes(module.key, "view")) is None:
        every = [_begun(module, together[ALWAYS], *one) for one in wanted]
        if not all(every):
            return NEVER
        # A token names its module, so no other module's entries are among the found ones.
        entries = SearchEntry.objects.filter(Has(every))
        few = list(entries.values_list("object_id", flat=True)[: COMMON + 1])
        if len(few) <= COMMON:
            return Q(pk__in=few)
    return reduce(and_, (_beside(module, together, *one) for one in wanted))


def _begun(module: Module, fields: Iterable[str], word: str, number: str) -> list[str]:
    """What a token begins with that one of the fields has for this word."""
    found = []
    for name in fields:
        one = number if word.isdecimal() and module.field(name).numbered else word
        if one:
            found.append(code(module.key, name) + one)
    return found


def _beside(module: Module, together: Mapping[Shown, list[str]], word: str, number: str) -> Q:
    """The word in what a row shows, looked up row by row: a subquery for a value never becomes a join."""
    some = NEVER
    for where, fields in together.items():
        begun = _begun(module, fields, word, number)
        if not begun:
            continue
        hit = reduce(or_, (Q(GreaterThan(StrIndex("words", Value(f" {one}")), 0)) for one in begun))
        entry = SearchEntry.objects.filter(module=module.key, object_id=OuterRef("pk"))
        asked = entry.values(hit=ExpressionWrapper(hit, BooleanField()))
        read = Q(Subquery(asked, output_field=BooleanField()))
        some |= read if where is ALWAYS else where & read
    return some
