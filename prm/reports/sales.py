"""The reports of selling through partners."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from prm.modules.texts import short_money
from prm.reports.registry import Count, Report, Share, Source, Sum, Time
from prm.reports.table import Line, Table
from prm.reports.words import lasting, per_cent

# --- words --------------------------------------------------------------------------------------------


def amount(table: Table, name: str, line: Line | None = None) -> str:
    """An amount of a line or of the total, short, in the usual currency."""
    return short_money(*table.main(name, line))


def _first(table: Table) -> Line:
    return next((line for line in table.lines if line.key), table.lines[0])


def _most(table: Table, name: str) -> Line:
    """The line with the most of a measure."""

    def size(line: Line) -> Decimal:
        value = line.values.get(name)
        return Decimal(value) if isinstance(value, int | Decimal) else table.main(name, line)[0]

    return max((line for line in table.lines if line.key), key=size, default=table.lines[0])


def pipeline_says(table: Table) -> str:
    count = table.count("number")
    text = ngettext(
        "%(amount)s is open in %(count)d opportunity, most of it: %(line)s",
        "%(amount)s is open in %(count)d opportunities, most of it: %(line)s",
        count,
    )
    facts = {"amount": amount(table, "amount"), "count": count, "line": _most(table, "amount").title}
    return text % facts


def won_says(table: Table) -> str:
    count, best = table.count("number"), _most(table, "amount")
    text = ngettext(
        "%(amount)s won with %(count)d deal; the best: %(line)s with %(most)s",
        "%(amount)s won with %(count)d deals; the best: %(line)s with %(most)s",
        count,
    )
    facts = {"line": best.title, "most": amount(table, "amount", best)}
    return text % {"amount": amount(table, "amount"), "count": count, **facts}


def acceptance_says(table: Table) -> str:
    count = sum(table.count(name) for name in ("accepted", "declined", "expired"))
    text = ngettext(
        "%(rate)s of %(count)d answered offer was accepted",
        "%(rate)s of %(count)d answered offers were accepted",
        count,
    )
    return text % {"rate": per_cent(table.total.values.get("rate")), "count": count}


def answer_says(table: Table) -> str:
    values = table.total.values
    facts = {"median": lasting(values.get("median")), "average": lasting(values.get("average"))}
    return _("Half of the offers are accepted within %(median)s; the average is %(average)s") % facts


def sources_say(table: Table) -> str:
    facts = {
        "line": _first(table).title,
        "count": table.count("leads", _first(table)),
        "rate": per_cent(table.total.values.get("rate")),
    }
    return _("Most leads: %(line)s, %(count)d; of all that are decided, %(rate)s are converted") % facts


def leaders_say(table: Table) -> str:
    best = _first(table)
    count = table.count("won", best)
    text = ngettext(
        "%(line)s leads with %(amount)s from %(count)d deal",
        "%(line)s leads with %(amount)s from %(count)d deals",
        count,
    )
    return text % {"line": best.title, "amount": amount(table, "amount", best), "count": count}


def forecast_says(table: Table) -> str:
    overdue = next((line for line in table.lines if line.key == "overdue"), None)
    facts = {"weighted": amount(table, "weighted"), "amount": amount(table, "amount")}
    if overdue and table.count("number", overdue):
        facts["overdue"] = amount(table, "amount", overdue)
        return _("%(weighted)s expected of %(amount)s open; %(overdue)s is overdue") % facts
    return _("%(weighted)s expected of %(amount)s open") % facts


def load_says(table: Table) -> str:
    best = _first(table)
    count = table.count("leads") + table.count("opportunities")
    text = ngettext(
        "%(count)d piece of open work, most in %(line)s",
        "%(count)d pieces of open work, most in %(line)s",
        count,
    )
    return text % {"count": count, "line": best.title}


def lost_says(table: Table) -> str:
    count = table.count("number")
    text = ngettext(
        "%(count)d deal lost over %(amount)s; the usual reason: %(line)s",
        "%(count)d deals lost over %(amount)s; the usual reason: %(line)s",
        count,
    )
    facts = {"count": count, "amount": amount(table, "amount"), "line": _most(table, "number").title}
    return text % facts


# --- what is counted ----------------------------------------------------------------------------------

NARROWED = ("partner", "territory", "channel_manager", "product")
OFFERS = (
    ("lead-assignments", gettext_lazy("Leads")),
    ("opportunity-assignments", gettext_lazy("Opportunities")),
)

managed = Source(module="opportunities", where={"state": "managed"})
won = Source(module="opportunities", where={"state": "won"}, period="won_at")
lost = Source(module="opportunities", where={"state": "lost"}, period="lost_at")
expected = Source(module="opportunities", where={"state": "managed"}, period="expected_close")


def offers(state: str) -> tuple[Source, ...]:
    """Offers of leads and of opportunities that ended so, by the time they were made."""
    return tuple(
        Source(module=module, where={"state": state}, period="offered_at", label=label)
        for module, label in OFFERS
    )


def leads(**where: str) -> tuple[Source, ...]:
    """Leads by the time they came in."""
    return (Source(module="leads", where=where, period="created_at"),)


accepted, declined, expired = (
    Count(name=state, label=label, of=offers(state))
    for state, label in (
        ("accepted", gettext_lazy("Accepted")),
        ("declined", gettext_lazy("Declined")),
        ("expired", gettext_lazy("Expired")),
    )
)
acceptance_rate = Share(
    name="rate",
    label=gettext_lazy("Acceptance"),
    part=("accepted",),
    whole=("accepted", "declined", "expired"),
)
median = Time(
    name="median",
    label=gettext_lazy("Median time"),
    of=offers("accepted"),
    begin="offered_at",
    end="decided_at",
    median=True,
)
average = Time(
    name="average",
    label=gettext_lazy("Average time"),
    of=offers("accepted"),
    begin="offered_at",
    end="decided_at",
)

AMOUNT, NUMBER = gettext_lazy("Amount"), gettext_lazy("Number")
OPEN_A_DEAL = gettext_lazy("Enter an opportunity, or accept an offer: what is being worked is counted here.")
WIN_A_DEAL = gettext_lazy(
    "Win an opportunity, or choose a longer period: what was closed in it is counted here."
)
OFFER = gettext_lazy("Offer a lead, or choose a longer period: the answers to offers are counted here.")

reports = [
    Report(
        key="pipeline",
        title=gettext_lazy("Pipeline by stage"),
        description=gettext_lazy("What is being worked now, and how far it has come."),
        icon="chart-column",
        by=("stage", "partner", "assignee", "product", "territory", "region"),
        measures=(
            Sum(name="amount", label=AMOUNT, of=managed, field="amount"),
            Sum(
                name="weighted",
                label=gettext_lazy("Weighted"),
                of=managed,
                field="amount",
                weight="probability",
            ),
            Count(name="number", label=NUMBER, of=(managed,)),
        ),
        drawn=("weighted", "amount"),
        nested=True,
        filters=NARROWED,
        headline=pipeline_says,
        empty=OPEN_A_DEAL,
    ),
    Report(
        key="pipeline-by-partner",
        title=gettext_lazy("Pipeline by partner"),
        description=gettext_lazy("Who works how much now."),
        icon="handshake",
        by=("partner", "territory"),
        measures=(
            Sum(name="amount", label=AMOUNT, of=managed, field="amount"),
            Sum(
                name="weighted",
                label=gettext_lazy("Weighted"),
                of=managed,
                field="amount",
                weight="probability",
            ),
            Count(name="number", label=NUMBER, of=(managed,)),
        ),
        drawn=("weighted", "amount"),
        nested=True,
        filters=NARROWED,
        headline=pipeline_says,
        empty=OPEN_A_DEAL,
    ),
    Report(
        key="won",
        title=gettext_lazy("Won over time"),
        description=gettext_lazy("What was won, month by month or quarter by quarter."),
        icon="trophy",
        by=("month", "quarter", "product", "partner", "assignee"),
        measures=(
            Sum(name="amount", label=AMOUNT, of=won, field="amount"),
            Count(name="number", label=NUMBER, of=(won,)),
        ),
        filters=NARROWED,
        period="past",
        headline=won_says,
        empty=WIN_A_DEAL,
    ),
    Report(
        key="forecast",
        title=gettext_lazy("Forecast"),
        description=gettext_lazy("What is to be closed when, as a whole and by how likely it is."),
        icon="trending-up",
        by=("month", "quarter"),
        measures=(
            Sum(
                name="weighted",
                label=gettext_lazy("Weighted"),
                of=expected,
                field="amount",
                weight="probability",
            ),
            Sum(name="amount", label=AMOUNT, of=expected, field="amount"),
            Count(name="number", label=NUMBER, of=(expected,)),
        ),
        drawn=("weighted", "amount"),
        nested=True,
        filters=NARROWED,
        period="ahead",
        headline=forecast_says,
        empty=OPEN_A_DEAL,
    ),
    Report(
        key="acceptance",
        title=gettext_lazy("Answers to offers"),
        description=gettext_lazy("How many offers are accepted, declined, or run out."),
        icon="circle-check",
        by=("partner", "month", "quarter", "territory"),
        measures=(accepted, declined, expired, acceptance_rate),
        drawn=("accepted", "declined", "expired"),
        period="past",
        headline=acceptance_says,
        empty=OFFER,
    ),
    Report(
        key="acceptance-time",
        title=gettext_lazy("Time to accept an offer"),
        description=gettext_lazy("How long it takes from an offer to its acceptance."),
        icon="clock",
        by=("partner", "month", "quarter", "territory"),
        measures=(median, average, accepted),
        drawn=("median",),
        period="past",
        headline=answer_says,
        empty=OFFER,
    ),
    Report(
        key="lead-sources",
        title=gettext_lazy("Lead sources"),
        description=gettext_lazy("Where leads come from, and what becomes of them."),
        icon="inbox",
        by=("source", "month", "quarter", "product", "region", "partner"),
        measures=(
            Count(name="leads", label=gettext_lazy("Leads"), of=leads()),
            Count(name="converted", label=gettext_lazy("Converted"), of=leads(state="converted")),
            Count(
                name="open",
                label=gettext_lazy("Open"),
                of=leads(state__in="new,pooled,assigned,accepted,contacted,qualified"),
            ),
            Count(name="disqualified", label=gettext_lazy("Disqualified"), of=leads(state="disqualified")),
            Share(
                name="rate",
                label=gettext_lazy("Conversion"),
                part=("converted",),
                whole=("converted", "disqualified"),
            ),
        ),
        drawn=("converted", "open", "disqualified"),
        filters=NARROWED,
        period="past",
        headline=sources_say,
        empty=gettext_lazy(
            "Enter or import leads, or choose a longer period: they are counted by source here."
        ),
    ),
    Report(
        key="leaders",
        title=gettext_lazy("Leader board"),
        description=gettext_lazy("Who has won most, and how they answer and close."),
        icon="medal",
        by=("partner", "assignee"),
        measures=(
            Sum(name="amount", label=gettext_lazy("Amount won"), of=won, field="amount"),
            Count(name="won", label=gettext_lazy("Won"), of=(won,)),
            Count(name="lost", label=gettext_lazy("Lost"), of=(lost,)),
            Share(name="win_rate", label=gettext_lazy("Win rate"), part=("won",), whole=("won", "lost")),
            accepted,
            declined,
            expired,
            acceptance_rate,
        ),
        period="past",
        headline=leaders_say,
        empty=WIN_A_DEAL,
    ),
    Report(
        key="territory-load",
        title=gettext_lazy("Open work by territory"),
        description=gettext_lazy(
            "Leads and opportunities on offer or being worked, and who is there for them."
        ),
        icon="map",
        by=("territory",),
        measures=(
            Count(
                name="opportunities",
                label=gettext_lazy("Opportunities"),
                of=(Source(module="opportunities", where={"state__in": "distributed,managed"}),),
            ),
            Count(
                name="leads",
                label=gettext_lazy("Leads"),
                of=(Source(module="leads", where={"state__in": "assigned,accepted,contacted,qualified"}),),
            ),
            Count(
                name="partners",
                label=gettext_lazy("Active partners"),
                of=(Source(module="partners", where={"state": "active"}),),
            ),
        ),
        drawn=("opportunities", "leads"),
        filters=("territory", "channel_manager"),
        headline=load_says,
        empty=gettext_lazy("Give partners a territory and offer them something: open work is counted here."),
    ),
    Report(
        key="lost",
        title=gettext_lazy("Lost deals by reason"),
        description=gettext_lazy("Why deals were lost, and how much was in them."),
        icon="circle-x",
        by=("close_reason", "month", "quarter", "partner", "product"),
        measures=(
            Count(name="number", label=NUMBER, of=(lost,)),
            Sum(name="amount", label=AMOUNT, of=lost, field="amount"),
        ),
        filters=NARROWED,
        period="past",
        headline=lost_says,
        empty=WIN_A_DEAL,
    ),
]
