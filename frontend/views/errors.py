"""Pages that say what went wrong and what to do, without asking the database for anything."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from frontend.requests import is_htmx
from prm.access.viewing import Refused


def _page(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    context = {
        "title": title,
        "text": text,
        "code": status,
        "request_id": getattr(request, "request_id", ""),
        "parent": "frontend/public.html",
    }
    if is_htmx(request):
        return HttpResponse(render_to_string("frontend/errors/part.html", context), status=status)
    # After a crash or in an unknown session nothing may be asked of the database again.
    trusted = request if status < 500 and hasattr(request, "user") else None
    if trusted and trusted.user.is_authenticated:
        context["parent"] = "frontend/base.html"
    return HttpResponse(render_to_string("frontend/errors/page.html", context, trusted), status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(
        request, 400, _("That address does not make sense"), _("Go back and try again from the page before.")
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if isinstance(exception, Refused):
        return _page(request, 403, exception.title, str(exception))
    text = _("Your role in the portal does not allow this. Ask your administrator if you need it.")
    return _page(request, 403, _("This is not for you to do"), text)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    text = _("It may have been moved or taken back, or the address has a typing error.")
    return _page(request, 404, _("There is nothing here for you"), text)


def server_error(request: HttpRequest) -> HttpResponse:
    text = _(
        "Go back and try again; what you had typed is still there. If it happens again, tell us this number."
    )
    return _page(request, 500, _("Something broke on our side"), text)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    text = _(
        "The form was open for too long, or in another login. Go back, load the page again, and send it then."
    )
    return _page(request, 403, _("Please send that again"), text)
