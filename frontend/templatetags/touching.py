"""What the page of a record says of the touch log."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse

from prm.access.rights import may
from prm.modules import registry

register = template.Library()


@register.inclusion_tag("frontend/viewing/who.html", takes_context=True)
def who_touched(context: Any, module: Any, obj: Any) -> dict[str, Any]:
    """The panel of who has touched a record, for those who are granted the log; asked for when opened."""
    if not may(context["request"].user, registry.get("touches"), "view"):
        return {"url": ""}
    return {
        "url": reverse("record-touches", args=[module.key, obj.pk]),
        "all": f"{reverse('module-list', args=['touches'])}?record={obj.pk}",
    }
