"""A form for whoever comes by: on a page of its own, framed by another site, or sent by its script.

None of these pages knows a login. What they stand on against forged requests is the signed token of the page,
which only those sites can read that the form names; so they need no cookie, which a frame would not have.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import orjson
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from frontend.forms import InputForm
from prm.webforms import submitting
from prm.webforms.fields import asked, origins_of
from prm.webforms.models import WebForm
from prm.webforms.submitting import HONEYPOT, Expired, TooOften, TooSoon, Unavailable
from workflows.errors import InvalidInput, NotFound
from workflows.inputs import json_schema

#: The largest body that a script may send.
LARGEST = 64 * 1024


def _open(slug: str) -> WebForm:
    form = submitting.open_form(slug)
    if form is None:
        raise Http404
    return form


def _in_language(form: WebForm) -> Any:
    return translation.override(form.language) if form.language else nullcontext()


def _send(request: HttpRequest, form: WebForm, data: Any, token: str, trap: str) -> submitting.Sent:
    return submitting.submit(
        form,
        data,
        token,
        trap=trap,
        address=request.META.get("REMOTE_ADDR", ""),
        request_id=getattr(request, "request_id", ""),
    )


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """The form on a page of ours."""
    return _shown(request, _open(slug), "page")


@csrf_exempt
@xframe_options_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def embed(request: HttpRequest, slug: str) -> HttpResponse:
    """The form in a frame of exactly those sites that it names."""
    form = _open(slug)
    response = _shown(request, form, "embed")
    response._csp_replace = {"frame-ancestors": origins_of(form) or ["'none'"]}  # type: ignore[attr-defined]
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _shown(request: HttpRequest, form: WebForm, template: str) -> HttpResponse:
    with _in_language(form):
        context, status = _filled_in(request, form) if request.method == "POST" else (_fresh(form), 200)
        template = f"frontend/webforms/{template}.html"
        return render(request, template, {"webform": form, "honeypot": HONEYPOT, **context}, status=status)


def _fresh(form: WebForm, filled: InputForm | None = None, **more: Any) -> dict[str, Any]:
    shown = filled or InputForm(asked(form), None)
    return {"title": form.title, "form": shown, "token": submitting.new_page(form), **more}


def _filled_in(request: HttpRequest, form: WebForm) -> tuple[dict[str, Any], int]:
    """What the visitor sees of a form that was sent, with the status of it."""
    filled = InputForm(asked(form), None, request.POST)
    token = request.POST.get("token", "")
    if filled.is_valid():
        try:
            sent = _send(request, form, filled.data_for_engine(), token, request.POST.get(HONEYPOT, ""))
            return {"title": form.title, "sent": sent}, 200
        except InvalidInput as error:
            filled.take(error)
        except TooSoon:
            text = _("That was very fast. Look at it once more, then send it again.")
            return _fresh(form, filled, wrong=text) | {"token": token}, 422
        except Expired:
            return _fresh(form, filled, wrong=_("The page had become too old. Please send it again.")), 422
        except TooOften:
            return _fresh(form, filled, wrong=_("Too many attempts. Please try again in an hour.")), 429
        except Unavailable:
            return _fresh(form, filled, wrong=_("The form cannot be sent at present.")), 503
    return _fresh(form, filled) | {"token": token}, 422


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST", "OPTIONS"])
def send(request: HttpRequest, slug: str) -> HttpResponse:
    """For the script of a site: what the form asks for with a token (GET), and the answers as JSON (POST)."""
    form = _open(slug)
    origin = request.headers.get("Origin", "")
    if origin and origin not in origins_of(form):
        return _problem(403, "origin", _("This site may not send the form."))
    with _in_language(form):
        if request.method == "OPTIONS":
            response: HttpResponse = HttpResponse(status=204)
            response["Access-Control-Allow-Methods"] = "GET, POST"
            response["Access-Control-Allow-Headers"] = "Content-Type"
            response["Access-Control-Max-Age"] = "600"
        elif request.method == "POST":
            response = _sent_by_script(request, form)
        else:
            response = JsonResponse(
                {
                    "title": form.title,
                    "intro": form.intro,
                    "schema": json_schema(asked(form)),
                    "honeypot": HONEYPOT,
                    "token": submitting.new_page(form),
                }
            )
    response["Vary"] = "Origin"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    if origin:
        response["Access-Control-Allow-Origin"] = origin
    return response


def _sent_by_script(request: HttpRequest, form: WebForm) -> HttpResponse:
    if request.content_type != "application/json":
        return _problem(415, "unsupported", _("Send JSON."))
    if len(request.body) > LARGEST:
        return _problem(413, "too_large", _("That is too much."))
    try:
        body = orjson.loads(request.body)
        data, token, trap = body["data"], body["token"], body.get(HONEYPOT, "")
    except (ValueError, KeyError, TypeError, AttributeError):
        return _problem(400, "malformed", _("Send an object with data and token."))
    if not (isinstance(data, dict) and isinstance(token, str)):
        return _problem(400, "malformed", _("Send an object with data and token."))
    try:
        sent = _send(request, form, data, token, str(trap or ""))
    except InvalidInput as error:
        return _problem(422, "invalid", _("Please look at this again"), errors=error.errors)
    except TooSoon:
        return _problem(422, "too_soon", _("That was very fast. Look at it once more, then send it again."))
    except Expired:
        return _problem(422, "expired", _("The page had become too old. Please send it again."))
    except TooOften:
        return _problem(429, "too_often", _("Too many attempts. Please try again in an hour."))
    except Unavailable:
        return _problem(503, "unavailable", _("The form cannot be sent at present."))
    return JsonResponse({"confirm": sent.confirm, "thanks": form.thanks or _("Thank you.")})


def _problem(status: int, code: str, title: str, **more: Any) -> HttpResponse:
    body = {"status": status, "code": code, "title": title, **more}
    return JsonResponse(body, status=status, content_type="application/problem+json")


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, slug: str, secret: str) -> HttpResponse:
    """The link of the mail. Opening it shows a button, since mail programs open links, too."""
    form = _open(slug)
    with _in_language(form):
        context: dict[str, Any] = {"title": form.title, "webform": form}
        if request.method == "POST":
            try:
                submitting.confirm(form, secret, getattr(request, "request_id", ""))
                return render(
                    request, "frontend/webforms/page.html", context | {"sent": submitting.Sent(False)}
                )
            except NotFound:
                pass
            except (InvalidInput, Unavailable):
                context["wrong"] = _("The form cannot be sent at present.")
                return render(request, "frontend/webforms/confirm.html", context, status=503)
        if submitting.waiting(form, secret) is None:
            return render(request, "frontend/webforms/gone.html", context, status=404)
        return render(request, "frontend/webforms/confirm.html", context)
