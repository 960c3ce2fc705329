"""Which reports a user may have, and of each which groupings, measures and filters."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from prm.access.rights import Rights, rights_for
from prm.modules.registry import Field
from prm.reports.query import usable
from prm.reports.registry import INTERVALS, OF_THE_VENDOR, Measure, Report, Share
from prm.reports.registry import all_reports as registered


def ways_of(rights: Rights, report: Report) -> tuple[str, ...]:
    """By what the user may have the report grouped."""
    return tuple(
        by
        for by in report.by
        if (rights.policy.staff or by not in OF_THE_VENDOR)
        and any(usable(rights, one, by) for one in report.measures if one.sources)
    )


def measures_of(rights: Rights, report: Report, by: str) -> tuple[Measure, ...]:
    """The measures that the user may have, in this grouping."""
    counts = {one.name for one in report.measures if one.sources and usable(rights, one, by)}
    return tuple(
        one
        for one in report.measures
        if one.name in counts or (isinstance(one, Share) and counts.issuperset({*one.part, *one.whole}))
    )


def filters_of(rights: Rights, report: Report) -> tuple[Field, ...]:
    """The fields by which the user may narrow the report."""
    found = []
    for name in report.filters:
        if name in OF_THE_VENDOR and not rights.policy.staff:
            continue
        if all(
            name in rights.readable(source.described)
            for source in report.sources
            if rights.scopes(source.module, "view")
        ):
            found.append(report.sources[0].described.field(name))
    return tuple(found)


def available(user: Any) -> list[Report]:
    """The reports that the user may have, in their order."""
    rights = rights_for(user)
    return [one for one in registered() if ways_of(rights, one)]


def field_of(rights: Rights, report: Report, by: str) -> Field:
    """The field that a way of grouping is."""
    measured = next(one for one in report.measures if one.sources and usable(rights, one, by))
    return measured.sources[0].described.field(by)


def title_of(rights: Rights, report: Report, by: str) -> str:
    """What a way of grouping is called."""
    if by in INTERVALS:
        return _("Month") if by == "month" else _("Quarter")
    return str(field_of(rights, report, by).label)
