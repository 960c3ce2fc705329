"""Colour and logo of the vendor and of portals, as files that browsers keep until they change."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from prm.access.models import Portal
from prm.files.store import open_file
from prm.vendor import queries
from prm.vendor.looks import own_look, shades

FOR_EVER = "public, max-age=31536000, immutable"


@require_safe
def colours(request: HttpRequest) -> HttpResponse:
    """The tokens of the accent, made from the vendor's colour; 404 where it has none."""
    known = queries.vendor()
    if known.palette is None:
        raise Http404
    return _file(request, known.palette.css().encode(), "text/css", str(known.version))


@require_safe
def logo(request: HttpRequest) -> HttpResponse:
    """The vendor's logo; 404 where it has none. Mails show it, so it may be embedded elsewhere."""
    known, png = queries.vendor().logo, queries.logo()
    if known is None or png is None:
        raise Http404
    response = _file(request, png, "image/png", known.mark)
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@require_safe
def portal_colours(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The tokens of the accent, made from the portal's colour; 404 where it has none."""
    accent = own_look(_portal(pk)).accent
    if not accent:
        raise Http404
    return _file(request, shades(accent).css().encode(), "text/css", accent[1:])


@require_safe
def portal_logo(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The portal's logo; 404 where it has none. Mails show it, too."""
    portal = _portal(pk)
    if own_look(portal).logo is None or portal.logo is None:
        raise Http404
    try:
        with open_file(portal.logo) as stream:
            content = stream.read()
    except FileNotFoundError as error:
        raise Http404 from error
    response = _file(request, content, portal.logo.media_type, str(portal.logo.pk))
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _portal(pk: UUID) -> Portal:
    found = Portal.objects.select_related("logo").filter(pk=pk, archived=False).first()
    if found is None:
        raise Http404
    return found


def _file(request: HttpRequest, content: bytes, kind: str, present: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    # Only the address that names this very version may be kept.
    if request.GET.get("v") == present:
        response["Cache-Control"] = FOR_EVER
    return response
