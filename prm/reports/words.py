"""Numbers of reports in words."""

from __future__ import annotations

from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext as _

NOTHING = "–"


def per_cent(value: object) -> str:
    """A share as text; a dash where there is none."""
    return _("%(n)s%%") % {"n": number_format(round(value))} if isinstance(value, Decimal) else NOTHING


def lasting(value: object) -> str:
    """Seconds as text, in minutes, hours or days; a dash where there are none."""
    if not isinstance(value, int):
        return NOTHING
    hours = Decimal(value) / 3600
    if hours < 1:
        return _("%(n)s min") % {"n": number_format(value // 60)}
    if hours < 48:
        return _("%(n)s h") % {"n": _rounded(hours)}
    return _("%(n)s days") % {"n": _rounded(hours / 24)}


def _rounded(value: Decimal) -> str:
    tenths = round(value, 1)
    return str(number_format(tenths, 0 if tenths == int(tenths) else 1))
