"""One small language of conditions, kept as data: a filter in the database and a predicate in Python alike.

    {"all": [{"field": "account.region", "op": "in", "value": ["EMEA"]},
             {"field": "partner", "op": "is", "value": "$user.company"}]}

`all`, `any` and `not` combine; `{"all": []}` is true. A condition is true or false, never unknown: an empty
field is not equal to anything, not more or less than anything, contains nothing, and so *is not* and is *not
in* everything. A value "$name" is looked up among the parameters; a comparison with one that is None is
false whichever way it asks, so that a user without a company has no claim on records without a partner.
`contains` ignores the case of ASCII letters, the same on all databases; everything else minds it.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import CharField, Field, ForeignObject, Manager, Model, Q, TextField
from django.db.models.lookups import IsNull, Lookup
from django.utils.dateparse import parse_date, parse_datetime

Condition = Mapping[str, Any]
Params = Mapping[str, Any]

LOOKUPS = {
    "is": "exact",
    "in": "in",
    ">=": "gte",
    "<=": "lte",
    ">": "gt",
    "<": "lt",
    "contains": "wf_contains",
}
NEGATIONS = {"is_not": "is", "not_in": "in"}
EMPTY = {"is_empty": True, "is_not_empty": False}
OPERATORS = (*LOOKUPS, *NEGATIONS, *EMPTY)
LISTS = ("in", "not_in")
ORDERS = (">=", "<=", ">", "<")
DEPTH = 20

TEXTS = ("text", "longtext", "email", "phone", "url", "choice", "country", "state")
ORDERED = ("integer", "decimal", "money", "date", "datetime", "duration")


class ConditionError(ValueError):
    """The condition is not well formed, or names what is not there."""


class Empty(IsNull):
    """NULL, or '' of a text. Its name is "isnull" to Django, which so keeps rows whose join fails."""

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        sql, params = super().as_sql(compiler, connection)
        column, column_params = self.process_lhs(compiler, connection)
        if not isinstance(self.lhs.output_field, CharField | TextField):
            return sql, tuple(params)
        joined = f"({sql} OR {column} = '')" if self.rhs else f"({sql} AND {column} <> '')"
        return joined, (*params, *column_params)


class Contains(Lookup):
    """Part of a text, the case of ASCII letters aside. LIKE would differ between databases in just that."""

    lookup_name = "wf_contains"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, params = self.process_lhs(compiler, connection)
        needle = _lower(str(self.rhs))
        if connection.vendor == "postgresql":
            return f'STRPOS(LOWER(({column})::text COLLATE "C"), %s) > 0', (*params, needle)
        return f"INSTR(LOWER({column}), %s) > 0", (*params, needle)

    def get_prep_lookup(self) -> Any:
        return str(self.rhs)


for _base in (Field, ForeignObject):  # foreign keys do not take part in the lookups of all fields
    _base.register_lookup(Empty, lookup_name="wf_empty")
Field.register_lookup(Contains)

_ASCII = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


def _lower(text: str) -> str:
    return text.translate(_ASCII)


# --- compiled to a filter


def to_q(condition: Condition, params: Params, prefix: str = "") -> Q:
    """The condition as a filter. `prefix` is the ORM path to the record meant, such as "lead__"."""
    found = _compile(condition, params, prefix, negated=False)
    if isinstance(found, bool):
        nothing = Q(**{f"{prefix}pk__in": []})
        return ~nothing if found else nothing
    return found


def _compile(condition: Condition, params: Params, prefix: str, *, negated: bool) -> Q | bool:
    """Negation is carried down to the comparisons, where NULL can be given its meaning."""
    name, parts = _shape(condition)
    if name == "leaf":
        return _comparison(condition, params, prefix, negated)
    if name == "not":
        return _compile(parts[0], params, prefix, negated=not negated)
    found = [_compile(part, params, prefix, negated=negated) for part in parts]
    # Not all of them = any not of them.
    decisive = (name == "any") != negated
    if decisive in [each for each in found if isinstance(each, bool)]:
        return decisive
    rest = [each for each in found if isinstance(each, Q)]
    if not rest:
        return not decisive
    joined = rest[0]
    for each in rest[1:]:
        joined = joined | each if decisive else joined & each
    return joined


def _comparison(leaf: Condition, params: Params, prefix: str, negated: bool) -> Q | bool:
    op: str = leaf["op"]
    path = prefix + leaf["field"].replace(".", "__")
    if op in EMPTY:
        return Q(**{f"{path}__wf_empty": EMPTY[op] != negated})
    value = _value(leaf, params)
    if value is None:
        return negated
    positive = NEGATIONS.get(op, op)
    if positive == "in" and not value:
        return bool((op == "not_in") != negated)
    found = Q(**{f"{path}__{LOOKUPS[positive]}": _sendable(value)})
    if (op in NEGATIONS) == negated:
        return found
    # Django minds a NULL of the column itself, but not always one that comes from a join which finds nothing.
    return ~found | Q(**{f"{path}__isnull": True}) if "__" in path else ~found


def _sendable(value: Any) -> Any:
    if isinstance(value, list):
        return [_sendable(each) for each in value]
    # As written: 0.1 is meant to be a tenth, not the nearest double.
    return Decimal(str(value)) if isinstance(value, float) else value


# --- asked of a record


def matches(condition: Condition, obj: Any, params: Params) -> bool:
    """Does the condition hold for this record? The same answer as the filter gives."""
    name, parts = _shape(condition)
    if name == "leaf":
        return _holds(condition, obj, params)
    if name == "not":
        return not matches(parts[0], obj, params)
    return (all if name == "all" else any)(matches(part, obj, params) for part in parts)


def _holds(leaf: Condition, obj: Any, params: Params) -> bool:
    op: str = leaf["op"]
    actual = _read(obj, leaf["field"])
    if op in EMPTY:
        return (actual is None or actual == "") == EMPTY[op]
    value = _value(leaf, params)
    if value is None:
        return False
    positive = NEGATIONS.get(op, op)
    return _compare(positive, actual, value) != (op in NEGATIONS)


def _compare(op: str, actual: Any, value: Any) -> bool:
    if actual is None:
        return False
    if op == "contains":
        return _lower(str(value)) in _lower(str(actual))
    if op == "in":
        return any(_compare("is", actual, each) for each in value)
    other = _like(actual, value)
    match op:
        case "is":
            return bool(actual == other)
        case ">=":
            return bool(actual >= other)
        case "<=":
            return bool(actual <= other)
        case ">":
            return bool(actual > other)
        case _:
            return bool(actual < other)


def _read(obj: Any, path: str) -> Any:
    """The value at the end of a dotted path; None where the way breaks off; the key of a record."""
    names = path.split(".")
    for position, name in enumerate(names):
        if obj is None:
            return None
        if isinstance(obj, Model):
            obj = _attribute(obj, name, last=position == len(names) - 1)
        else:
            obj = getattr(obj, name)
    if isinstance(obj, Model):
        return obj.pk
    # Money is compared by its amount, as the database compares the column of amounts.
    return obj.amount if hasattr(obj, "amount") and hasattr(obj, "currency") else obj


def _attribute(obj: Model, name: str, *, last: bool) -> Any:
    try:
        field = obj._meta.pk if name == "pk" else obj._meta.get_field(name)
    except Exception as error:
        raise ConditionError(f"{obj._meta.label} has no field {name!r}.") from error
    if last and isinstance(field, Field):
        # The key of a foreign record is in the row: no need to fetch it.
        return getattr(obj, field.attname)
    value = getattr(obj, name, None)
    if isinstance(value, Manager):
        raise ConditionError(f"{name!r} leads to many records.")
    return value


def _like(actual: Any, value: Any) -> Any:
    """The value as the type of what it is compared with, as a column would take it."""
    try:
        match actual:
            case bool():
                return (
                    {"true": True, "false": False}.get(value.lower(), value)
                    if isinstance(value, str)
                    else value
                )
            case int() | Decimal() | float():
                return (
                    Decimal(str(value))
                    if not isinstance(actual, int) or isinstance(value, str | float)
                    else value
                )
            case dt.datetime():
                return value if isinstance(value, dt.datetime) else _parsed(parse_datetime(str(value)))
            case dt.date():
                return value if isinstance(value, dt.date) else _parsed(parse_date(str(value)))
            case uuid.UUID():
                value = value.pk if isinstance(value, Model) else value
                return value if isinstance(value, uuid.UUID) else uuid.UUID(str(value))
            case str():
                return str(value)
            case _:
                return value
    except (ValueError, InvalidOperation) as error:
        raise ConditionError(f"{value!r} cannot be compared with {type(actual).__name__}.") from error


def _parsed(value: Any) -> Any:
    if value is None:
        raise ValueError("no such moment")
    return value


# --- shape


def _shape(condition: Condition) -> tuple[str, list[Any]]:
    """Which kind of node this is, and its parts. Anything else than the grammar is refused, never ignored."""
    if isinstance(condition, Mapping):
        keys = set(condition)
        if keys in ({"all"}, {"any"}):
            (name,) = keys
            if isinstance(condition[name], list | tuple):
                return name, list(condition[name])
        elif keys == {"not"}:
            return "not", [condition["not"]]
        elif keys - {"value"} == {"field", "op"} and condition["op"] in OPERATORS:
            if not isinstance(condition["field"], str):
                raise ConditionError(f"This is no field: {condition['field']!r}")
            return "leaf", []
    raise ConditionError(f"This is no condition: {condition!r}")


def _value(leaf: Condition, params: Params) -> Any:
    """The value with its parameters put in; None where a parameter is, and so the comparison cannot hold."""
    if "value" not in leaf:
        raise ConditionError(f"{leaf['op']!r} needs a value.")
    value = _parameter(leaf["value"], params)
    if leaf["op"] not in LISTS:
        if value is None or not isinstance(value, list | tuple | set | frozenset):
            return value.pk if isinstance(value, Model) else value
        raise ConditionError(f"{leaf['op']!r} takes one value.")
    if value is None:
        return None
    if not isinstance(value, list | tuple | set | frozenset):
        raise ConditionError(f"{leaf['op']!r} takes a list.")
    values = [_parameter(each, params) for each in value]
    if leaf["op"] == "not_in" and None in values:
        # "None of these, one of which is unknown" cannot be said to hold.
        return None
    return [each.pk if isinstance(each, Model) else each for each in values if each is not None]


def _parameter(value: Any, params: Params) -> Any:
    if isinstance(value, str) and value.startswith("$"):
        try:
            return params[value[1:]]
        except KeyError:
            raise ConditionError(f"There is no parameter {value!r}.") from None
    return value


def _leaves(condition: Condition, depth: int = 0) -> Iterator[Condition]:
    if depth > DEPTH:
        raise ConditionError("The condition is nested too deeply.")
    name, parts = _shape(condition)
    if name == "leaf":
        yield condition
    for part in parts:
        yield from _leaves(part, depth + 1)


def comparisons(condition: Condition) -> list[Condition]:
    """The single comparisons that the condition is put together from."""
    return list(_leaves(condition))


def fields_in(condition: Condition) -> set[str]:
    """The dotted paths that the condition reads."""
    return {leaf["field"] for leaf in _leaves(condition)}


def parameters_in(condition: Condition) -> set[str]:
    """The names of the parameters ("user.company") that the condition compares with."""
    found: set[str] = set()
    for leaf in _leaves(condition):
        value = leaf.get("value")
        for each in value if isinstance(value, list | tuple) else [value]:
            if isinstance(each, str) and each.startswith("$"):
                found.add(each[1:])
    return found


# --- checked when it is written, not when it is used


def validate(
    condition: Condition, resolve_field: Callable[[str], str | None], params: Params | None = None
) -> None:
    """Raise ConditionError unless every field exists, and every operator and value fits its kind.

    `resolve_field(path)` gives the kind of a field (as of an Input) or None where there is none; `params`
    holds the names that may stand for values, whatever their values.
    """
    for leaf in _leaves(condition):
        kind, op = resolve_field(leaf["field"]), leaf["op"]
        if kind is None:
            raise ConditionError(f"There is no field {leaf['field']!r}.")
        if op in ORDERS and kind not in ORDERED:
            raise ConditionError(f"{leaf['field']!r} has no order for {op!r}.")
        if op == "contains" and kind not in TEXTS:
            raise ConditionError(f"{leaf['field']!r} is no text to contain something.")
        if op in EMPTY:
            continue
        if "value" not in leaf:
            raise ConditionError(f"{op!r} needs a value.")
        value = leaf["value"]
        if op in LISTS and isinstance(value, list | tuple):
            values = list(value)
        elif op in LISTS and not (isinstance(value, str) and value.startswith("$")):
            raise ConditionError(f"{op!r} takes a list.")
        else:
            values = [value]
        for each in values:
            _check_value(leaf["field"], kind, each, params)


def _check_value(field: str, kind: str, value: Any, params: Params | None) -> None:
    if isinstance(value, str) and value.startswith("$"):
        if params is not None and value[1:] not in params:
            raise ConditionError(f"There is no parameter {value!r}.")
        return
    try:
        fits = _fits(kind, value)
    except (ValueError, InvalidOperation):
        fits = False
    if not fits:
        raise ConditionError(f"{value!r} is no value for {field!r}.")


def _fits(kind: str, value: Any) -> bool:
    match kind:
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "decimal" | "money":
            return not isinstance(value, bool) and Decimal(str(value)).is_finite()
        case "boolean":
            return isinstance(value, bool)
        case "date":
            return isinstance(value, str) and parse_date(value) is not None
        case "datetime":
            moment = parse_datetime(value) if isinstance(value, str) else None
            return moment is not None and moment.tzinfo is not None
        case "reference" | "uuid":
            return bool(uuid.UUID(str(value)))
        case _ if kind in TEXTS:
            return isinstance(value, str) and "\x00" not in value
        case _:
            return False
