"""The numbers of home and pipeline, counted over the rows that the user may see, and laid out as charts.

Lengths are worked out here, so that a chart is plain SVG without scripts and styles, and every chart keeps
the values it was made of for its table. Amounts of different currencies are never added up: a
chart shows the currency with most records and says which others there are.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from babel.numbers import format_compact_currency
from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F, Q, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import get_language, ngettext, to_locale
from django.utils.translation import gettext as _

from prm.access.rights import readable_fields, visible
from prm.modules import registry
from prm.opportunities.workflow import Stage


@dataclass(frozen=True)
class Bar:
    """One value of a chart. share: its length in per cent of the longest."""

    label: str
    value: str
    note: str
    share: float

    @property
    def rest(self) -> float:
        """What is left above an upright bar."""
        return round(100 - self.share, 1)


@dataclass(frozen=True)
class Chart:
    """A picture with its table: `columns` name what the table says of each bar."""

    title: str
    columns: tuple[str, str, str]
    bars: list[Bar]
    upright: bool = False
    remark: str = ""

    @property
    def summary(self) -> str:
        """The picture in words, for who does not see it."""
        return ", ".join(f"{bar.label} {bar.value}" for bar in self.bars if bar.share)


def short_amount(amount: Decimal, currency: str) -> str:
    """An amount that fits beside a bar, in the reader's language: $1.2M."""
    locale = to_locale(get_language() or "en")
    return str(format_compact_currency(amount, currency, locale=locale, fraction_digits=1))


def _bars(rows: list[tuple[str, float, str, str]]) -> list[Bar]:
    """rows: label, size, value as text, note."""
    longest = max((size for _label, size, _value, _note in rows), default=0) or 1
    return [
        Bar(label, value, note, round(max(1.5, 100 * size / longest), 1) if size else 0.0)
        for label, size, value, note in rows
    ]


def _main_currency(counted: list[dict[str, Any]]) -> tuple[str, str]:
    """The currency of most records, and a remark that names the others."""
    totals: dict[str, int] = defaultdict(int)
    for row in counted:
        if row["amount_currency"]:
            totals[row["amount_currency"]] += row["n"]
    if not totals:
        return "", ""
    main = max(totals, key=lambda currency: totals[currency])
    others = sorted(set(totals) - {main})
    return main, _("Without amounts in %(others)s.") % {"others": ", ".join(others)} if others else ""


def _total(counted: list[dict[str, Any]], currency: str) -> Decimal:
    return sum(
        (row["total"] or Decimal(0) for row in counted if row["amount_currency"] == currency), Decimal(0)
    )


def _rows(user: Any, module: str, manager: Any) -> Any:
    """The visible rows; with `manager`, those of the partners that this channel manager owns."""
    rows = visible(user, registry.get(module)).order_by()
    if manager is None:
        return rows
    return rows.filter(**{"channel_manager" if module == "partners" else "partner__channel_manager": manager})


def _opportunities(user: Any, manager: Any, **where: Any) -> Any:
    if "amount" not in readable_fields(user, registry.get("opportunities")):
        return _rows(user, "opportunities", manager).none()
    return _rows(user, "opportunities", manager).filter(**where)


def pipeline(user: Any, manager: Any = None) -> Chart:
    """Amount and number of the managed opportunities by stage."""
    counted = list(
        _opportunities(user, manager, state="managed")
        .values("stage", "amount_currency")
        .annotate(n=Count("pk"), total=Sum("amount"))
    )
    currency, remark = _main_currency([row for row in counted if row["total"] is not None])
    rows = []
    for stage in Stage:
        here = [row for row in counted if row["stage"] == stage.value]
        total = _total(here, currency)
        count = sum(row["n"] for row in here)
        note = ngettext("%(n)d opportunity", "%(n)d opportunities", count) % {"n": count}
        rows.append((str(stage.label), float(total), short_amount(total, currency) if count else "–", note))
    if not counted:
        rows = []
    columns = (_("Stage"), _("Amount"), _("Number"))
    return Chart(_("Open pipeline by stage"), columns, _bars(rows), remark=remark)


def won_by_month(user: Any, manager: Any = None, months: int = 12) -> Chart:
    """Amount won in each of the last months, this one included."""
    today = timezone.localdate()
    starts = _month_starts(today, months)
    counted = list(
        _opportunities(user, manager, state="won", won_at__date__gte=starts[0])
        .annotate(month=TruncMonth("won_at"))
        .values("month", "amount_currency")
        .annotate(n=Count("pk"), total=Sum("amount"))
    )
    currency, remark = _main_currency(counted)
    rows = []
    for start in starts:
        here = [row for row in counted if row["month"].date() == start]
        total = _total(here, currency)
        count = sum(row["n"] for row in here)
        note = ngettext("%(n)d won", "%(n)d won", count) % {"n": count}
        amount = short_amount(total, currency) if total else "–"
        rows.append((date_format(start, "M"), float(total), amount, note))
    if not counted:
        rows = []
    title = _("Won in the last 12 months")
    return Chart(title, (_("Month"), _("Amount"), _("Number")), _bars(rows), upright=True, remark=remark)


def _month_starts(today: date, months: int) -> list[date]:
    first = today.replace(day=1)
    starts = []
    for _number in range(months):
        starts.append(first)
        first = (first - timedelta(days=1)).replace(day=1)
    return starts[::-1]


def acceptance_time(user: Any, manager: Any = None, limit: int = 12) -> Chart:
    """How long partners take to accept an offer, on average over a year, slowest first."""
    since = timezone.now() - timedelta(days=365)
    took = ExpressionWrapper(F("decided_at") - F("offered_at"), output_field=DurationField())
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0])
    for module in ("lead-assignments", "opportunity-assignments"):
        # Claims from the pool are accepted at the moment they are made and would only flatter the average.
        accepted = Q(state="accepted", decided_at__gt=F("offered_at"), offered_at__gte=since)
        for row in (
            _rows(user, module, manager)
            .filter(accepted)
            .order_by()
            .values("partner__name")
            .annotate(n=Count("pk"), mean=Avg(took))
        ):
            sums[row["partner__name"]][0] += row["mean"].total_seconds() / 3600 * row["n"]
            sums[row["partner__name"]][1] += row["n"]
    means = sorted(((name, hours / n, int(n)) for name, (hours, n) in sums.items()), key=lambda one: -one[1])
    rows = [
        (name, hours, _hours(hours), ngettext("%(n)d offer", "%(n)d offers", n) % {"n": n})
        for name, hours, n in means[:limit]
    ]
    return Chart(_("Time to accept an offer"), (_("Partner"), _("On average"), _("Accepted")), _bars(rows))


def _hours(hours: float) -> str:
    if hours < 48:
        return _("%(n)s h") % {"n": number_format(round(hours, 1), 1)}
    return _("%(n)s days") % {"n": number_format(round(hours / 24, 1), 1)}


def territory_load(user: Any, manager: Any = None) -> Chart:
    """Open work of each territory: leads and opportunities on offer or being worked, per active partner."""
    partners = {
        row["territory__name"] or _("No territory"): row["n"]
        for row in _rows(user, "partners", manager)
        .filter(state="active")
        .order_by()
        .values("territory__name")
        .annotate(n=Count("pk"))
    }
    work: dict[str, int] = defaultdict(int)
    busy = {
        "leads": ("assigned", "accepted", "contacted", "qualified"),
        "opportunities": ("distributed", "managed"),
    }
    for module, states in busy.items():
        for row in (
            _rows(user, module, manager)
            .filter(state__in=states)
            .order_by()
            .values("partner__territory__name")
            .annotate(n=Count("pk"))
        ):
            work[row["partner__territory__name"] or _("No territory")] += row["n"]
    loads = sorted(
        ((name, work.get(name, 0), partners.get(name, 0)) for name in {*work, *partners}),
        key=lambda one: -one[1],
    )
    rows = [
        (name, float(open_), str(open_), ngettext("%(n)d partner", "%(n)d partners", n) % {"n": n})
        for name, open_, n in loads
    ]
    return Chart(_("Open work by territory"), (_("Territory"), _("Open"), _("Partners")), _bars(rows))


def totals(user: Any, manager: Any = None) -> dict[str, Any]:
    """The few numbers at the top of a home page."""
    counted = list(
        _opportunities(user, manager, state__in=["managed", "won"])
        .values("state", "amount_currency")
        .annotate(
            n=Count("pk"),
            total=Sum("amount"),
            recent=Count("pk", filter=Q(won_at__gte=timezone.now() - timedelta(days=30))),
        )
    )
    currency, _remark = _main_currency(counted)
    managed = [row for row in counted if row["state"] == "managed"]
    open_total = _total(managed, currency)
    return {
        "open_count": sum(row["n"] for row in managed),
        "open_amount": short_amount(open_total, currency) if currency else "–",
        "won_recent": sum(row["recent"] for row in counted),
    }
