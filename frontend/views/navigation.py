"""The navigation by itself: its counts change while a page stays open."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from frontend.shell import nav_of, tabs_of


@require_safe
def navigation(request: HttpRequest) -> HttpResponse:
    """Side menu and bottom bar, as they stand on the page at `?path=`."""
    groups = nav_of(request, request.GET.get("path", ""))
    return render(
        request, "frontend/parts/navigation.html", {"nav": groups, "tabs": tabs_of(groups), "again": True}
    )
