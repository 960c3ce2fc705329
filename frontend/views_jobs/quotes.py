"""The quote builder: a draft's header and lines on one page, with sums as one types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from djmoney.money import Money

from frontend.forms import OPTIONS, InputForm, Known
from frontend.requests import actor, done, explain, go, module_or_404, object_or_404, record_url, status_of
from frontend.views_jobs.quote_draft import (
    NEXT_KEY,
    Draft,
    LineForm,
    as_sent,
    draft_kept,
    draft_sent,
    empty_line,
    products_known,
)
from frontend.views_jobs.quote_sums import worked_out
from prm.access.rights import may
from prm.modules import registry
from prm.modules.history import history_rows
from prm.modules.read import get_row, list_page
from prm.modules.versions import opaque_version
from prm.quotes import actions
from prm.quotes.models import Quote
from workflows.errors import InvalidInput, Stale, WorkflowError
from workflows.perform import perform

# --- beginning


def new(request: HttpRequest) -> HttpResponse:
    """A new quote from the list of quotes: asks what it is for."""
    module = module_or_404(request.user, "quotes", "create")
    deals = registry.get("opportunities")
    found = list_page(request.user, deals, {"state": "managed"}, limit=2 * OPTIONS, fields=["topic"])
    known = Known([("", ""), *((str(row["id"]), str(row.get("topic") or "–")) for row in found.rows)])
    fields = {"opportunity": module.field("opportunity")}
    data = request.POST if request.method == "POST" else None
    initial = {"opportunity": request.GET.get("opportunity", "")}
    form = InputForm(fields, request.user, data, initial, known={"opportunity": known})
    if data is not None and form.is_valid():
        try:
            deal = object_or_404(request.user, deals, form.cleaned_data["opportunity"])
            quote = actions.start(actor(request), deal)
            return go(request, reverse("quote-build", args=[quote.pk]))
        except InvalidInput as error:
            form.take(error)
    context = {
        "title": _("New quote"),
        "module": module,
        "form": form,
        "blocks": [("", [form["opportunity"]])],
    }
    return render(request, "frontend/form.html", context, status=200 if data is None else 422)


@require_POST
def start(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A new draft for the opportunity, then its builder."""
    module = module_or_404(request.user, "opportunities")
    deal = object_or_404(request.user, module, pk)
    module_or_404(request.user, "quotes", "create")
    try:
        quote = actions.start(actor(request), deal)
    except WorkflowError as error:
        messages.error(request, explain(error))
        return go(request, record_url(module, pk))
    return go(request, reverse("quote-build", args=[quote.pk]))


# --- the page


@never_cache
def build(request: HttpRequest, pk: UUID) -> HttpResponse:
    """GET shows the draft; POST recalculates, changes its lines, saves it, or saves and submits it."""
    module = module_or_404(request.user, "quotes")
    quote = object_or_404(request.user, module, pk)
    if request.method != "POST":
        if not _editable(request.user, quote):
            return go(request, record_url(module, pk))
        return _page(request, draft_kept(request.user, quote))
    _check_may_edit(request.user, quote)
    what, _colon, key = request.POST.get("do", "save").partition(":")
    if what in ("save", "finish"):
        return _save(request, quote, finish=what == "finish")
    draft = draft_sent(request.user, quote, request.POST, bound=what == "recalculate")
    if what == "recalculate":
        draft.is_valid()
    elif what == "add":
        number = max((int(line.key[1:]) for line in draft.lines), default=0) + 1
        draft.lines.append(empty_line(f"n{number}", request.user, products_known(request.user, [])))
    else:
        _arrange(draft.lines, what, key)
    return _page(request, draft, typed=True)


def _check_may_edit(user: Any, quote: Quote) -> None:
    """What a quote would come to tells prices and limits that not everybody who sees it may read."""
    if not may(user, registry.get("quotes"), "edit", quote):
        raise PermissionDenied


def _editable(user: Any, quote: Quote) -> bool:
    return may(user, registry.get("quotes"), "edit", quote) and quote.state == Quote.State.DRAFT


def _arrange(lines: list[LineForm], what: str, key: str) -> None:
    """Removes a line or moves it by one; a line that is not there any more changes nothing."""
    at = next((at for at, line in enumerate(lines) if line.key == key), None)
    if at is None:
        return
    line = lines.pop(at)
    if what == "up":
        lines.insert(max(at - 1, 0), line)
    elif what == "down":
        lines.insert(at + 1, line)
    elif what != "remove":
        lines.insert(at, line)


def _save(request: HttpRequest, quote: Quote, finish: bool) -> HttpResponse:
    draft = draft_sent(request.user, quote, request.POST)
    if not _editable(request.user, quote):
        wrong = _("This quote is no draft any more and cannot be changed. Make a new version of it.")
        return _page(request, draft, status=409, typed=True, wrong=wrong)
    if not draft.is_valid():
        return _page(request, draft, status=422, typed=True)
    try:
        saved = actions.save(
            actor(request),
            quote,
            draft.header_data(),
            [line.data_for_engine() for line in draft.filled()],
            expected_version=request.POST.get("version", ""),
        )
    except InvalidInput as error:
        draft.take(error)
        return _page(request, draft, status=422, typed=True)
    except Stale:
        return _page(request, draft, status=412, typed=True, stale=_theirs(request.user, quote))
    except WorkflowError as error:
        return _page(request, draft, status=status_of(error), typed=True, wrong=explain(error))
    if finish:
        return _finish(request, saved)
    return done(request, reverse("quote-build", args=[quote.pk]), _("Saved."))


def _finish(request: HttpRequest, quote: Quote) -> HttpResponse:
    """Submits what has just been saved. What stands in the way is said on the same page; nothing is lost."""
    module = registry.get("quotes")
    try:
        perform(quote, "submit", actor=actor(request), expected_version=quote.version)
    except WorkflowError as error:
        quote = object_or_404(request.user, module, quote.pk)
        return _page(
            request,
            draft_kept(request.user, quote),
            status=status_of(error),
            wrong=explain(error),
            saved=True,
        )
    quote = object_or_404(request.user, module, quote.pk)
    if quote.state == Quote.State.PENDING_APPROVAL:
        text = _("%(quote)s waits for approval; you are told when it may be sent.")
    else:
        text = _("%(quote)s is ready: look at the PDF, or send it.")
    return done(request, record_url(module, quote.pk), text % {"quote": quote.reference})


def _theirs(user: Any, quote: Quote) -> dict[str, Any]:
    """What is kept now, and who changed it, beside what was typed."""
    module = registry.get("quotes")
    now = object_or_404(user, module, quote.pk)
    lines = now.lines.order_by("position")
    return {
        "news": history_rows(user, module, now)[-1:],
        "total": now.total,
        "lines": [
            {
                "line": line,
                "price": Money(line.unit_price, now.currency),
                "net": Money(line.net, now.currency),
            }
            for line in lines
        ],
    }


@require_POST
def preview(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The sums of what is being typed; writes nothing."""
    quote = object_or_404(request.user, module_or_404(request.user, "quotes"), pk)
    _check_may_edit(request.user, quote)
    draft = draft_sent(request.user, quote, request.POST)
    sums = worked_out(request.user, draft)
    return render(request, "frontend/jobs/_quote_sums.html", {"sums": sums, "draft": draft, "again": True})


def _page(
    request: HttpRequest, draft: Draft, status: int = 200, typed: bool = False, **more: Any
) -> HttpResponse:
    quote = draft.quote
    # A form that is only shown has not been checked; its sums are those of what it would send.
    checked = draft if draft.header.is_bound else draft_sent(request.user, quote, as_sent(draft))
    row: Mapping[str, Any] = get_row(request.user, registry.get("quotes"), quote.pk) or {}
    products = draft.lines[0].fields["product"].widget.choices if draft.lines else []
    context = {
        "title": quote.title or quote.reference,
        "quote": quote,
        "row": row,
        "draft": draft,
        "sums": worked_out(request.user, checked),
        "problems": draft.problems() if draft.header.is_bound else [],
        "version": opaque_version(object_or_404(request.user, registry.get("quotes"), quote.pk)),
        "blank": empty_line(
            NEXT_KEY, request.user, Known(list(products), reverse("options", args=["products"]))
        ),
        "typed": typed,
        "may_submit": may(request.user, registry.get("quotes"), "submit", quote),
        **more,
    }
    return render(request, "frontend/jobs/quote_builder.html", context, status=status)
