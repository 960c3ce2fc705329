"""What templates of reports need."""

from __future__ import annotations

from django import template

from frontend import figures
from prm.reports.table import Column, Line

register = template.Library()


@register.filter
def figure(line: Line, column: Column) -> str:
    """A value of a line in full."""
    return " · ".join(figures.texts(line.values.get(column.name), column.kind))
