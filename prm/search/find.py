"""Searching within what one may read.

Whoever sees every row of a module is answered by the full-text index. For everybody else the rows that they
may see come first, and the words of each are looked at where it stands: what others have is never asked, so
neither the answer nor the time that it takes can tell of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from operator import add, and_, or_
from typing import Any
from uuid import UUID

from django.db.models import (
    BooleanField,
    Case,
    ExpressionWrapper,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Concat, StrIndex
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
    together = _together(rights, module, fields)
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


def fits(rows: QuerySet[Any], columns: Columns, text: str) -> tuple[list[tuple[int, UUID]], bool] | None:
    """Of `rows`, in which `text` was found, the first ones: how well each fits, and its id; and whether there
    are more than `COMMON`, so many that nobody looks through them. None where there is no telling.

    Better is a word in the title than one elsewhere, and a whole word than the beginning of one.
    """
    module, wanted = columns.module, asked(text)[:MOST_WORDS]
    together = _together(columns.rights, module, module.search)
    if module.key in _answers or not wanted or not together:
        return None
    each = (_points(module, where, names, wanted, len(together)) for where, names in together.items())
    points: Combinable = reduce(add, each)
    found = list(rows.annotate(search_points=points).values_list("search_points", "pk")[: COMMON + 1])
    return found, len(found) > COMMON


def _points(
    module: Module, where: Shown, fields: list[str], wanted: list[tuple[str, str]], groups: int
) -> Combinable:
    """How well the words stand in these fields, which are shown on the same rows; 0 where they are not.

    groups: of fields, each with a point of its own for a whole word, which together weigh less than a title.
    """
    titles = [name for name in fields if name == module.title]
    others = [name for name in fields if name != module.title]
    each: list[Combinable] = []
    for word, number in wanted:
        if begun := _begun(module, titles, word, number):
            ways = (_when(begun, True, 2 * (groups + 1)), _when(begun, False, groups + 1))
            each.append(Case(*ways, default=Value(0)))
        if begun := _begun(module, others, word, number):
            each.append(Case(_when(begun, True, 1), default=Value(0)))
    if not each:
        return Value(0)
    entry = SearchEntry.objects.filter(module=module.key, object_id=OuterRef("pk"))
    told = Coalesce(Subquery(entry.values(points=reduce(add, each)), output_field=IntegerField()), Value(0))
    return told if where is ALWAYS else Case(When(where, then=told), default=Value(0))


def _when(begun: Iterable[str], whole: bool, points: int) -> When:
    """So many points where an entry has one of these tokens."""
    return When(reduce(or_, (_stands(one, whole) for one in begun)), then=Value(points))


def _stands(token: str, whole: bool = False) -> Q:
    """Whether an entry has a token that begins with this one, or this very one."""
    ended = Concat("words", Value(" "), output_field=TextField())
    found = StrIndex(ended, Value(f" {token} ")) if whole else StrIndex("words", Value(f" {token}"))
    return Q(GreaterThan(found, 0))


def _together(rights: Rights, module: Module, fields: Iterable[str]) -> dict[Shown, list[str]]:
    """Fields by the rows on which they are shown: on the same rows, they are asked for together."""
    together: dict[Shown, list[str]] = {}
    for name in fields:
        where = shown(rights, module, name)
        if where is not NEVER:
            together.setdefault(where, []).append(name)
    return together


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
        hit = reduce(or_, (_stands(one) for one in begun))
        entry = SearchEntry.objects.filter(module=module.key, object_id=OuterRef("pk"))
        asked = entry.values(hit=ExpressionWrapper(hit, BooleanField()))
        read = Q(Subquery(asked, output_field=BooleanField()))
        some |= read if where is ALWAYS else where & read
    return some
