"""What is held on a person: their own look at it, and the administrators' exports and erasures."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from frontend.views_jobs import common
from prm.access.rights import administers
from prm.files.serving import serve
from prm.people.models import Contact, User
from prm.privacy import disclose
from prm.privacy.erase import erase, preview, refusals
from prm.privacy.models import Disclosure, Erasure
from prm.privacy.person import Person, of_contact, of_email, of_record, of_user, record_of
from workflows.errors import InvalidInput, NotFound, WorkflowError


class FindForm(forms.Form):
    email = forms.EmailField(
        label=_("Email of the person"),
        error_messages={
            "required": _("Enter an email address"),
            "invalid": _("Enter an email address like name@company.example"),
        },
    )


class EraseForm(forms.Form):
    name = forms.CharField(
        label=_("Type the name to confirm"),
        error_messages={"required": _("Type the name of the person")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


def _administrators(request: HttpRequest) -> Any:
    if not administers(request.user):
        raise Http404
    return request.user


def _person(kind: str, pk: UUID) -> Person:
    """A user, a contact, or whoever a record of another kind names: no page has a mailbox in its URL."""
    if kind == "users":
        return of_user(get_object_or_404(User, pk=pk))
    if kind == "contacts":
        return of_contact(get_object_or_404(Contact, pk=pk))
    try:
        return of_record(kind, pk)
    except (NotFound, InvalidInput) as error:
        raise Http404 from error


def _asked(person: Person) -> dict[str, Any]:
    """Of whom a file is asked for: a user, else a contact, else somebody with an address."""
    if person.user:
        return {"user": person.user}
    return {"contact": person.contacts[0]} if person.contacts else {"email": min(person.emails)}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def mine(request: HttpRequest) -> HttpResponse:
    """One's own data: have the file made, and fetch it."""
    user: Any = request.user
    administers(user)
    if request.method == "POST":
        try:
            disclose.ask(common.actor(request), user=user)
        except WorkflowError as error:
            common.say(request, False, common.explain(error))
        else:
            common.say(request, True, gettext("Your file is being made. It is here in a moment."))
        return redirect("my-data")
    rows = Disclosure.objects.filter(asked_by=user, user=user, expires_at__gt=timezone.now())
    context = {"files": rows.order_by("-created_at")[:10]}
    return render(request, "frontend/jobs/privacy/mine.html", context)


@require_safe
def file(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The file, for whoever has asked for it."""
    administers(request.user)
    try:
        stored = disclose.fetch(request.user, pk)  # type: ignore[arg-type]
    except NotFound as error:
        raise Http404 from error
    return serve(request, stored)


@never_cache
@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """Finds a person by their address; lists what was given out and erased."""
    user = _administrators(request)
    form = FindForm(request.GET if "email" in request.GET else None)
    nobody = ""
    if form.is_valid():
        try:
            found = of_email(form.cleaned_data["email"])
        except NotFound:
            nobody = gettext("Nobody is known by this address.")
        except InvalidInput as error:
            nobody = common.explain(error)
        else:
            if found.user:
                return redirect("privacy-person", "users", found.user.pk)
            if found.contacts:
                return redirect("privacy-person", "contacts", found.contacts[0].pk)
            if place := record_of(found):
                return redirect("privacy-person", *place)
            nobody = gettext(
                "Only attempts to sign in name this address. "
                "The command erase_person on the server erases them."
            )
    context = {
        "form": form,
        "nobody": nobody,
        "files": Disclosure.objects.filter(asked_by=user)
        .select_related("user", "contact")
        .order_by("-created_at")[:20],
        "erasures": Erasure.objects.select_related("by").order_by("-at")[:20],
        "now": timezone.now(),
    }
    return render(request, "frontend/jobs/privacy/find.html", context, status=422 if form.errors else 200)


@never_cache
@require_safe
def person(request: HttpRequest, kind: str, pk: UUID) -> HttpResponse:
    """How much is held on somebody, by kind of record."""
    user = _administrators(request)
    one = _person(kind, pk)
    mine = Disclosure.objects.filter(asked_by=user, expires_at__gt=timezone.now())
    context = {
        "person": one,
        "kind": kind,
        "pk": pk,
        "held": disclose.held(one).items(),
        "files": mine.filter(**_asked(one)).order_by("-created_at")[:5],
    }
    return render(request, "frontend/jobs/privacy/person.html", context)


@require_POST
def export(request: HttpRequest, kind: str, pk: UUID) -> HttpResponse:
    """Has the file of somebody made."""
    _administrators(request)
    one = _person(kind, pk)
    try:
        disclose.ask(common.actor(request), **_asked(one))
    except WorkflowError as error:
        common.say(request, False, common.explain(error))
    else:
        common.say(request, True, gettext("The file is being made. It is here in a moment."))
    return redirect("privacy-person", kind, pk)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def erase_person(request: HttpRequest, kind: str, pk: UUID) -> HttpResponse:
    """Shows what an erasure would change; does it for whoever types the name."""
    _administrators(request)
    one = _person(kind, pk)
    actor = common.actor(request)
    form = EraseForm(common.posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            erase(actor, one, confirmed=form.cleaned_data["name"])
        except InvalidInput as error:
            form.add_error("name", common.explain(error))
        except WorkflowError as error:
            form.add_error(None, common.explain(error))
        else:
            common.say(request, True, gettext("Erased. What happened stays, without a name."))
            return redirect("privacy")
    reasons = refusals(one, actor)
    context = {
        "person": one,
        "kind": kind,
        "pk": pk,
        "form": form,
        "reasons": reasons,
        "report": None if reasons else preview(one),
    }
    return render(request, "frontend/jobs/privacy/erase.html", context, status=422 if form.errors else 200)
