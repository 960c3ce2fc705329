"""Columns under rights: each readable field as one SQL expression, masked by scope and state.

What is returned, filtered, sorted, searched, counted and put in a cursor is this expression and nothing
else, so none of them can tell more than the value that the user may read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import Case, F, Q, When
from django.db.models.expressions import Combinable

from prm.access.rights import Rights
from prm.modules import registry
from prm.modules.registry import Field, Module

#: A field that is always shown, and one that never is; otherwise a Q says on which rows.
ALWAYS: None = None
NEVER = Q(pk__in=[])
Shown = Q | None

Decoder = Callable[[tuple[Any, ...], int], Any]


def shown(rights: Rights, module: Module, name: str, prefix: str = "") -> Shown:
    """On which rows the field is shown. prefix: path to the module's rows from those that are queried.

    Without a prefix the rows are already those that the user may see, so a single scope's own condition
    need not be repeated.
    """
    scopes = rights.scopes(module.key, "view")
    reading = [(scope, scope.readable(name, module.states)) for scope in scopes]
    if not any(states for _, states in reading):
        return NEVER
    if not prefix and all(states is True for _, states in reading):
        return ALWAYS
    united: Q | None = None
    for scope, states in reading:
        if not states:
            continue
        alone = not prefix and len(reading) == 1
        reach = None if alone else rights.reach((scope,), prefix=prefix)
        in_state = None if states is True else Q(**{f"{prefix}state__in": sorted(states)})
        if reach is None and in_state is None:
            return ALWAYS
        one = (reach if reach is not None else Q()) & (in_state if in_state is not None else Q())
        united = one if united is None else united | one
    return NEVER if united is None else united


def both(first: Shown, second: Shown) -> Shown:
    """Rows on which both are shown."""
    if first is NEVER or second is NEVER:
        return NEVER
    if first is ALWAYS:
        return second
    return first if second is ALWAYS else first & second


def masked(path: str, where: Shown) -> Combinable:
    """The value at `path` where it is shown, NULL elsewhere."""
    return F(path) if where is ALWAYS else Case(When(where, then=F(path)), default=None)


def _value(values: tuple[Any, ...], at: int) -> Any:
    return values[at]


def _money(values: tuple[Any, ...], at: int) -> dict[str, Any] | None:
    return None if values[at] is None else {"amount": values[at], "currency": values[at + 1]}


def _fine_money(values: tuple[Any, ...], at: int) -> dict[str, Any] | None:
    """Money of a column with room for a thousandth: two decimals, unless the third says something."""
    amount = values[at]
    if amount is None:
        return None
    short = amount.quantize(_CENT)
    return {"amount": short if short == amount else amount, "currency": values[at + 1]}


_CENT = Decimal("0.01")


def _reference(values: tuple[Any, ...], at: int) -> dict[str, Any] | None:
    return None if values[at] is None else {"id": values[at], "title": values[at + 1]}


@dataclass(frozen=True)
class Column:
    """One readable field as SQL: `expressions` by annotation name, `main` the one that is filtered and
    sorted, `decode` what makes the field's value of the fetched ones."""

    field: Field
    expressions: dict[str, Combinable]
    decode: Decoder
    main: str
    sort: str
    nullable: bool


def column(rights: Rights, module: Module, field: Field) -> Column | None:
    """The field as this user may read it; None where it is never shown."""
    if field.hidden or not field.stored:
        return None
    where = shown(rights, module, field.name)
    if where is NEVER:
        return None
    main, second, path = f"m_{field.name}", f"n_{field.name}", field.path
    source = registry.resolve_column(module.model, path)
    nullable = where is not ALWAYS or source.null or "__" in path
    if field.kind == "money":
        expressions = {main: masked(path, where), second: masked(f"{path}_currency", where)}
        decode = _fine_money if getattr(source, "decimal_places", 2) > 2 else _money
        return Column(field, expressions, decode, main, main, nullable)
    if field.kind == "reference":
        return _reference_column(rights, field, where, main, second)
    return Column(field, {main: masked(path, where)}, _value, main, main, nullable)


def _reference_column(rights: Rights, field: Field, where: Shown, main: str, second: str) -> Column:
    """A reference is shown where its target is visible too, or a visible row would tell of a hidden one."""
    try:
        target = registry.get(field.module)
    except LookupError:
        target_shown: Shown = NEVER
        title_shown: Shown = NEVER
        title = "pk"
    else:
        prefix = f"{field.path}__"
        scopes = rights.scopes(target.key, "view")
        target_shown = rights.reach(scopes, prefix=prefix) if scopes else NEVER
        title_shown = shown(rights, target, target.title, prefix=prefix)
        title = target.field(target.title).path
    where = both(where, target_shown)
    expressions = {
        main: masked(field.path, where),
        second: masked(f"{field.path}__{title}", both(where, title_shown)),
    }
    return Column(field, expressions, _reference, main, second, True)


class Columns:
    """The readable columns of a module for one user, made when first asked for."""

    def __init__(self, rights: Rights, module: Module) -> None:
        self.rights = rights
        self.module = module
        self._made: dict[str, Column | None] = {}

    def get(self, name: str) -> Column | None:
        """The column of the field, or None where the user never reads it."""
        if name not in self._made:
            field = self.module.by_name.get(name)
            self._made[name] = column(self.rights, self.module, field) if field else None
        return self._made[name]

    @cached_property
    def readable(self) -> tuple[str, ...]:
        """Names of all stored fields that are shown on some row, in the module's order."""
        return tuple(field.name for field in self.module.fields if self.get(field.name))

    @cached_property
    def computed(self) -> tuple[str, ...]:
        """Names of the computed fields that are shown."""
        return tuple(
            field.name
            for field in self.module.fields
            if not field.stored
            and not field.hidden
            and shown(self.rights, self.module, field.name) is not NEVER
        )

    def pick(self, names: Iterable[str]) -> list[Column]:
        """The columns of those of `names` that are shown."""
        return [one for name in names if (one := self.get(name))]
