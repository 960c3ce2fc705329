"""What the form of a quote comes to, line by line and in all, by the engine's own arithmetic."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from djmoney.money import Money

from frontend import formats
from frontend.requests import explain
from frontend.views_jobs.quote_draft import Draft, LineForm, plain
from prm.quotes import actions
from workflows.errors import InvalidInput


@dataclass
class Sums:
    """What the form comes to. rows: (label, amount, is the total); lines: by key, what stands beside each."""

    rows: list[tuple[str, str, bool]] = field(default_factory=list)
    lines: dict[str, dict[str, str]] = field(default_factory=dict)
    left_out: int = 0
    wrong: str = ""
    needs_approval: bool = False
    why: str = ""


def worked_out(user: Any, draft: Draft) -> Sums:
    """The sums by the engine's own arithmetic; lines that are not complete are left out and said to be."""
    sums = Sums(lines={line.key: {} for line in draft.lines})
    draft.header.is_valid()
    header = {
        name: value
        for name, value in draft.header_data().items()
        if name in actions.HEADER and name not in draft.header.errors
    }
    filled = draft.filled()
    counted = [line for line in filled if line.is_valid()]
    while True:
        try:
            found = actions.preview(user, draft.quote, header, [one.data_for_engine() for one in counted])
            break
        except InvalidInput as error:
            bad = _lines_named(error, counted, sums)
            if not bad:
                sums.wrong = explain(error)
                return sums
            counted = [line for line in counted if line not in bad]
    sums.left_out = len(filled) - len(counted)
    _fill(sums, counted, found)
    return sums


def _lines_named(error: InvalidInput, lines: Sequence[LineForm], sums: Sums) -> list[LineForm]:
    """The lines that the error is about, each with its reason beside it."""
    bad = []
    for name, texts in error.errors.items():
        if at := re.fullmatch(r"lines\.(\d+)\.\w+", name):
            line = lines[int(at[1])]
            sums.lines[line.key] = {"problem": " ".join(texts)}
            bad.append(line)
    return bad


def _fill(sums: Sums, counted: Sequence[LineForm], found: actions.Preview) -> None:
    quote, worth = found.quote, found.worth

    def money(amount: Decimal) -> str:
        return formats.money(Money(amount, quote.currency))

    for form, line in zip(counted, found.lines, strict=True):
        note = ""
        if line.book_price is None:
            note = _("Not in the price book")
        elif line.unit_price != line.book_price:
            note = _("Price book: %(price)s") % {"price": money(plain(line.book_price))}
        elif line.list_price is not None and line.list_price != line.book_price:
            note = _("List price: %(price)s") % {"price": money(plain(line.list_price))}
        sums.lines[form.key] = {
            "net": money(line.net),
            "price": formats.number(plain(line.book_price)) if line.book_price is not None else "",
            "note": note,
        }
    totals = worth.totals
    if totals.discount:
        sums.rows.append((_("Subtotal"), money(totals.subtotal), False))
        share = formats.number(plain(quote.discount_percent), "%")
        sums.rows.append((_("Discount of %(share)s") % {"share": share}, "−" + money(totals.discount), False))
    sums.rows.append((_("Net"), money(totals.net), False))
    for tax in totals.taxes:
        rate = formats.number(plain(tax.rate), "%")
        sums.rows.append((_("Tax, %(rate)s") % {"rate": rate}, money(tax.tax), False))
    sums.rows.append((_("Total"), money(totals.total), True))
    sums.needs_approval = worth.needs_approval and bool(counted)
    sums.why = _limit(worth.unpriced, quote.effective_discount, worth.limit)


def _limit(unpriced: int, given: Decimal, limit: Decimal) -> str:
    """What the discount means for the approval, in one sentence."""
    if unpriced:
        text = ngettext(
            "%(n)d line is not in the price book, so the vendor has to approve.",
            "%(n)d lines are not in the price book, so the vendor has to approve.",
            unpriced,
        )
        return text % {"n": unpriced}
    shares = {"given": formats.number(plain(given), "%"), "limit": formats.number(plain(limit), "%")}
    if given > limit:
        return _("%(given)s below the price book: needs approval above %(limit)s.") % shares
    if given:
        return _("%(given)s below the price book; up to %(limit)s needs no approval.") % shares
    return _("At the price book. Up to %(limit)s below it needs no approval.") % shares
