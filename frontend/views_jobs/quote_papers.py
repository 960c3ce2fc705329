"""A quote on paper: its PDF, its lines on its page, and the page where the customer reads and decides."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from frontend import formats
from frontend.forms import InputForm
from frontend.panels import Panel, panel
from frontend.requests import module_or_404, object_or_404
from frontend.views_jobs import common
from prm.access.rate import too_often
from prm.access.rights import readable_fields
from prm.modules import registry
from prm.quotes import sending
from prm.quotes.document import texts
from prm.quotes.models import Dispatch, Quote
from prm.quotes.printing import Printed, content_of, document, file_name, printed, respond
from prm.quotes.workflow import DeclineReason
from prm.vendor.queries import vendor
from workflows.errors import WorkflowError
from workflows.inputs import Input

#: What the customer gives with a decision.
ACCEPT = {
    "accepted_by": Input(kind="text", label=gettext_lazy("Your name"), max_length=200),
    "agreed": Input(kind="boolean", label=gettext_lazy("I accept this quote and its terms.")),
}
DECLINE = {
    "reason": Input(
        kind="choice",
        required=False,
        choices=tuple(DeclineReason.choices),
        label=gettext_lazy("What was it?"),
    ),
    "note": Input(
        kind="text", required=False, max_length=500, label=gettext_lazy("Anything you would like to add")
    ),
}

#: Openings of links from one place, in seconds: nobody reads that many quotes, and nobody guesses a token.
MOST, WINDOW = 120, 600


@require_safe
def quote_pdf(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The quote as PDF, with what its reader may read of it."""
    module = module_or_404(request.user, "quotes")
    return respond(request, printed(object_or_404(request.user, module, pk), request.user))


@panel("quotes")
def lines(request: HttpRequest, quote: Quote) -> Panel:
    """What is offered, in the language of whoever looks; and whether the mail got through."""
    # What is decided or over needs no mail any more.
    told = quote.state == Quote.State.SENT and "sent_to" in readable_fields(
        request.user, registry.get("quotes"), quote
    )
    sent = Dispatch.objects.filter(quote=quote).only("problem", "due_at").first() if told else None
    context = {
        "said": texts(document(quote, request.user), get_language()),
        "problem": sent.problem if sent else "",
        "next_try": sent.due_at if sent else None,
    }
    html = render_to_string("frontend/parts/quote_panel.html", context, request)
    return Panel(html, frozenset({"quote-lines"}), "frontend/quote.css")


# --- the customer's page


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def quote_link(request: HttpRequest, token: str) -> HttpResponse:
    """The link of a quote's mail: opening it shows the quote, a button accepts or declines it; no login."""
    if _too_often(request):
        return _slow_down(request)
    opened = sending.look_up(token)
    if opened is None:
        return _unknown(request)
    with translation.override(opened.quote.language):
        return _quiet(_decision(request, token, opened))


@never_cache
@require_safe
def quote_link_pdf(request: HttpRequest, token: str) -> HttpResponse:
    """The very file that was sent, as long as the link shows the quote."""
    if _too_often(request):
        return _slow_down(request)
    opened = sending.look_up(token)
    if opened is None:
        return _unknown(request)
    if not opened.readable:
        with translation.override(opened.quote.language):
            return _quiet(_over(request, opened))
    response = respond(request, Printed(content_of(opened.sent), file_name(opened.quote)))
    response["Cache-Control"] = "private, no-store"
    return _quiet(response)


def _decision(request: HttpRequest, token: str, opened: sending.Opened) -> HttpResponse:
    if not opened.readable:
        return _over(request, opened)
    decision = request.POST.get("decision", "") if request.method == "POST" else ""
    said = texts(document(opened.quote))
    accept = InputForm(
        ACCEPT,
        request.user,
        request.POST if decision == "accept" else None,
        initial={"accepted_by": said["customer"]["person"]},
    )
    decline = InputForm(
        DECLINE, request.user, request.POST if decision == "decline" else None, prefix="decline"
    )
    error, status = "", 200
    if decision in sending.DECISIONS:
        form = accept if decision == "accept" else decline
        try:
            if opened.status != "open":
                error, status = _("This has been decided already."), 409
            elif not _complete(form):
                status = 422
            else:
                _decide(request, token, opened, decision, form)
                opened = sending.look_up(token) or opened
        except WorkflowError as refused:
            error, status = common.explain(refused), 409
            opened = sending.look_up(token) or opened
    context = {
        "token": token,
        "opened": opened,
        "said": said,
        "logo": _logo(),
        "decided_by": opened.quote.decided_by_name,
        "decided_on": formats.day(opened.quote.decided_at),
        "accept_form": accept,
        "decline_form": decline,
        "error": error,
    }
    return render(request, "frontend/jobs/quote_link.html", context, status=status)


def _complete(form: InputForm) -> bool:
    """Whether all is there; an unticked box is an answer, too, and here the wrong one."""
    if form.is_valid() and "agreed" in form.fields and not form.cleaned_data["agreed"]:
        form.add_error("agreed", _("Tick this box to accept."))
    return not form.errors


def _decide(request: HttpRequest, token: str, opened: sending.Opened, decision: str, form: InputForm) -> None:
    given = {name: value for name, value in form.data_for_engine().items() if name != "agreed" and value}
    contact = opened.quote.contact
    name = given.get("accepted_by") or (contact.name if contact else opened.quote.sent_to)
    sending.decide(token, decision, name, given, request_id=getattr(request, "request_id", ""))


def _logo() -> dict[str, Any] | None:
    logo = vendor().logo
    if logo is None:
        return None
    return {
        "url": f"{reverse('look-logo')}?v={logo.mark}",
        "width": logo.width,
        "height": logo.height,
    }


def _over(request: HttpRequest, opened: sending.Opened) -> HttpResponse:
    """A link whose quote is no longer the customer's to decide: why, and whom to ask."""
    headings = {
        "superseded": (
            _("There is a newer version of this quote"),
            _("This version has been replaced, so it can no longer be accepted. The new one comes by email."),
        ),
        "withdrawn": (
            _("This quote has been withdrawn"),
            _("It can no longer be accepted. Your contact can tell you more."),
        ),
        "expired": (
            _("This quote has expired"),
            _("Its last day is over. Your contact can offer it again."),
        ),
    }
    heading, text = headings[opened.status]
    partner = texts(document(opened.quote))["partner"]
    context = {"heading": heading, "text": text, "partner": partner}
    return render(request, "frontend/jobs/quote_gone.html", context, status=410)


def _unknown(request: HttpRequest) -> HttpResponse:
    """The same for whatever is no link of ours."""
    context = {
        "heading": _("This link does not work"),
        "text": _(
            "Part of it may have got lost in your mail program, or a newer email has taken its place: "
            "copy it whole from the newest one."
        ),
    }
    return _quiet(render(request, "frontend/jobs/quote_gone.html", context, status=404))


def _too_often(request: HttpRequest) -> bool:
    return too_often("quote-link", request.META.get("REMOTE_ADDR", ""), limit=MOST, seconds=WINDOW)


def _slow_down(request: HttpRequest) -> HttpResponse:
    context = {
        "heading": _("Too many attempts"),
        "text": _("Please try again in some minutes."),
    }
    response = render(request, "frontend/jobs/quote_gone.html", context, status=429)
    response["Retry-After"] = str(WINDOW)
    return _quiet(response)


def _quiet(response: HttpResponse) -> HttpResponse:
    """Nothing of this is for search engines."""
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
