"""The values of reports as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from urllib.parse import urlencode

from django.urls import reverse

from prm.modules import registry as modules
from prm.modules.texts import money, number, short_money, short_number
from prm.reports.table import Column, Line, Link, Table, Value
from prm.reports.words import NOTHING, lasting, per_cent


def texts(value: Value, kind: str) -> list[str]:
    """A value in full; amounts of several currencies are several texts."""
    if isinstance(value, Mapping):
        found = [money({"amount": amount, "currency": code}) for code, amount in value.items() if amount]
        return found or [NOTHING]
    return [text_of(value, kind)]


def text_of(value: Value, kind: str, *, compact: bool = False) -> str:
    """One value as one text. compact: as short as it can be, for axes and bars."""
    if value is None:
        return NOTHING
    if isinstance(value, Mapping):
        shorten = short_money if compact else lambda amount, code: money({"amount": amount, "currency": code})
        return ", ".join(shorten(amount, code) for code, amount in value.items()) or NOTHING
    if kind == "share":
        return per_cent(Decimal(value))
    if kind == "time":
        return lasting(int(value))
    return short_number(value) if compact else number(value)


def short(table: Table, line: Line, column: Column) -> str:
    """A value of a line as it stands beside a bar; amounts in the usual currency."""
    if column.kind == "money":
        amount, currency = table.main(column.name, line)
        return short_money(amount, currency) if amount else NOTHING
    return text_of(line.values.get(column.name), column.kind)


def list_url(link: Link) -> str:
    """The list behind a number; whole days as people write them."""
    module = modules.get(link.module)
    params = {}
    for name, value in link.params.items():
        one = module.by_name.get(name.rpartition("__")[0])
        bound = name.endswith(("__gte", "__lte")) and one is not None and one.kind == "datetime"
        params[name] = value[:10] if bound else value
    return f"{reverse('module-list', args=[link.module])}?{urlencode(params)}"


def behind(line: Line) -> str:
    """The list behind a line, where there is one for the whole of it; otherwise ""."""
    single = (links[0] for links in line.links.values() if len(links) == 1)
    link = next(single, None)
    return list_url(link) if link else ""
