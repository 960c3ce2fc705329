"""A company applies to become a partner: public pages, without a login and without scripts.

Whoever holds the mailed link, or the session that began it, may go on with the draft. Reading never changes
anything; every step is a POST, and an unknown address gets the same pages as a known one.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from frontend.views_jobs import common
from frontend.views_jobs.register_forms import FORMS, STEPS, AgreementForm, AnswerForm, EmailForm
from prm.access.rate import too_often
from prm.partners import actions, queries
from prm.partners.models import Registration
from workflows.errors import InvalidInput, NotFound, WorkflowError

SESSION_KEY = "registration"
EDITABLE = ("draft", "returned")
HOUR = 3600
TOO_OFTEN = gettext_lazy("Too many attempts. Please try again in an hour.")


def _current(request: HttpRequest) -> Registration | None:
    """The application that this browser has started, or opened by its link.

    The session keeps its id and not the token, since every mail ends the token of the mail before.
    """
    pk = request.session.get(SESSION_KEY)
    found = Registration.objects.filter(pk=pk).first() if pk else None
    return found if found is not None and found.token_valid else None


def _id(request: HttpRequest) -> str:
    return getattr(request, "request_id", "")


def _show(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    return render(request, f"frontend/jobs/register/{template}.html", context, status=status)


def _form(step: str, registration: Registration, data: Any = None) -> forms.Form:
    known = {name: getattr(registration, name) for name in FORMS[step].base_fields}
    return FORMS[step](data, initial=known)


def _missing_step(registration: Registration) -> str | None:
    """The first page with a required answer still to give."""
    for step in STEPS:
        form = _form(step, registration)
        if any(field.required and not getattr(registration, name) for name, field in form.fields.items()):
            return str(step)
    return None


def _errors_to_form(form: forms.Form, error: InvalidInput) -> None:
    for name, texts in error.errors.items():
        for text in texts:
            form.add_error(name if name in form.fields else None, str(text))


def _too_often(request: HttpRequest, address: str) -> bool:
    """More mails than anybody needs, to one mailbox or from one place."""
    from_here = too_often("register", request.META.get("REMOTE_ADDR", ""), limit=20, seconds=HOUR)
    to_there = too_often("register-mail", address.lower(), limit=5, seconds=HOUR)
    return from_here or to_there


def _refused(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    context["form"].add_error(None, TOO_OFTEN)
    response = _show(request, template, context, status=429)
    response["Retry-After"] = str(HOUR)
    return response


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """What it takes, how long, and what comes after."""
    return _show(request, "start", {"registration": _current(request)})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def email(request: HttpRequest) -> HttpResponse:
    """The address first: from here on nothing is lost."""
    form = EmailForm(common.posted(request))
    if request.method == "POST" and form.is_valid():
        if _too_often(request, form.cleaned_data["email"]):
            return _refused(request, "email", {"form": form, "step": 1})
        draft, _token = actions.start_registration(email=form.cleaned_data["email"], request_id=_id(request))
        request.session[SESSION_KEY] = str(draft.pk)
        return redirect("register-step", step="company")
    return _show(request, "email", {"form": form, "step": 1})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def step(request: HttpRequest, step: str) -> HttpResponse:
    """One of the three pages of questions."""
    registration = _current(request)
    if registration is None:
        return redirect("register")
    if registration.state not in EDITABLE:
        return redirect("register-status")
    changing = "change" in request.GET
    form = _form(step, registration, common.posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            actions.save_answers(registration, form.cleaned_data)
        except InvalidInput as error:
            _errors_to_form(form, error)
        except WorkflowError as error:
            form.add_error(None, common.explain(error))
        else:
            after = STEPS[STEPS.index(step) + 1 :]
            if changing or not after:
                return redirect("register-answer" if registration.state == "returned" else "register-check")
            return redirect("register-step", step=after[0])
    context = {
        "form": form,
        "name": step,
        "step": STEPS.index(step) + 2,
        "previous": STEPS[STEPS.index(step) - 1] if STEPS.index(step) else "",
        "registration": registration,
        "changing": changing,
    }
    return _show(request, "step", context)


@never_cache
@require_safe
def check(request: HttpRequest) -> HttpResponse:
    """All answers on one page, each with a way to change it."""
    registration = _current(request)
    if registration is None:
        return redirect("register")
    if registration.state not in EDITABLE:
        return redirect("register-status")
    missing = _missing_step(registration)
    if missing:
        return redirect("register-step", step=missing)
    return _show(
        request, "check", {"registration": registration, "groups": _answers(registration), "step": 5}
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def agreement(request: HttpRequest) -> HttpResponse:
    """The agreement in force, accepted here, and with it the application is sent."""
    registration = _current(request)
    if registration is None:
        return redirect("register")
    if registration.state != "draft":
        return redirect("register-status")
    in_force = queries.current_agreement()
    form = AgreementForm(common.posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            if in_force is not None:
                registration = actions.accept_agreement(registration, in_force)
            actions.submit(registration, request_id=_id(request))
        except WorkflowError as error:
            form.add_error(None, common.explain(error))
        else:
            return redirect("register-status")
    context = {
        "form": form,
        "registration": registration,
        "agreement": in_force,
        "step": 5,
    }
    return _show(request, "agreement", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def resume(request: HttpRequest, token: str) -> HttpResponse:
    """The link of the mail. Opening it shows a button; the button confirms the address and goes on."""
    registration = actions.find_registration(token)
    if registration is None:
        return _show(request, "gone", {}, status=404)
    if request.method == "POST":
        # Only the mailed secret proves the mailbox; a browser's own token opens and confirms nothing.
        with suppress(NotFound):
            registration = actions.confirm_email(token)
        request.session.cycle_key()
        request.session[SESSION_KEY] = str(registration.pk)
        return redirect(_next_page(registration))
    return _show(request, "resume", {"registration": registration, "token": token})


def _next_page(registration: Registration) -> str:
    if registration.state == "returned":
        return "register-answer"
    return "register-check" if registration.state == "draft" else "register-status"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """A lost link is sent again; the answer is the same whether there is an application or not."""
    form = EmailForm(common.posted(request))
    if request.method == "POST" and form.is_valid():
        if _too_often(request, form.cleaned_data["email"]):
            return _refused(request, "find", {"form": form})
        actions.send_links(email=form.cleaned_data["email"])
        return _show(request, "sent", {"email": form.cleaned_data["email"]})
    return _show(request, "find", {"form": form})


@require_POST
def resend(request: HttpRequest) -> HttpResponse:
    """Another mail with the link, for who waits for the first."""
    registration = _current(request)
    if registration is None:
        return redirect("register")
    if _too_often(request, registration.contact_email):
        common.say(request, False, str(TOO_OFTEN))
        return redirect("register-check")
    actions.resend_link(registration)
    common.say(
        request, True, _("We sent the link again to %(email)s.") % {"email": registration.contact_email}
    )
    return redirect("register-check")


@never_cache
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """What happens next, with the reference; also where the application stands later."""
    registration = _current(request)
    if registration is None:
        return redirect("register")
    if registration.state in EDITABLE:
        return redirect(_next_page(registration))
    return _show(
        request,
        "status",
        {
            "registration": registration,
            "groups": _answers(registration),
            "open": registration.state in ("submitted", "under_review"),
        },
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest) -> HttpResponse:
    """The vendor asked something: the question, one field, and the earlier answers to change."""
    registration = _current(request)
    if registration is None:
        return redirect("register")
    if registration.state != "returned":
        return redirect(_next_page(registration))
    form = AnswerForm(common.posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            actions.submit(registration, answer=form.cleaned_data["answer"], request_id=_id(request))
        except WorkflowError as error:
            form.add_error(None, common.explain(error))
        else:
            return redirect("register-status")
    return _show(
        request, "answer", {"form": form, "registration": registration, "groups": _answers(registration)}
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest) -> HttpResponse:
    """Ask once, then withdraw."""
    registration = _current(request)
    if registration is None:
        return redirect("register")
    if request.method == "POST":
        try:
            actions.withdraw(registration, request_id=_id(request))
        except WorkflowError as error:
            common.say(request, False, common.explain(error))
        return redirect("register-status")
    return _show(request, "withdraw", {"registration": registration})


def _answers(registration: Registration) -> list[dict[str, Any]]:
    """The answers page by page, as they are read back to the applicant."""
    titles = {"company": _("Your company"), "contact": _("You"), "programme": _("Working together")}
    groups: list[dict[str, Any]] = []
    for name in STEPS:
        rows = []
        for field_name, field in _form(name, registration).fields.items():
            value = getattr(registration, field_name)
            label = dict(getattr(field, "choices", ())).get(value, value) if value else ""
            rows.append({"name": field_name, "label": str(field.label).split(" (")[0], "value": label})
        groups.append({"step": name, "title": titles[name], "rows": rows})
    groups[1]["rows"].insert(0, {"name": "", "label": _("Email"), "value": registration.contact_email})
    return groups
