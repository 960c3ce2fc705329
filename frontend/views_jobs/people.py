"""People: accepting an invitation, the colleagues of a company, and one's own settings."""

from __future__ import annotations

import zoneinfo
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from allauth.account.utils import perform_login
from django import forms
from django.contrib.auth import get_user_model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from frontend.looks import languages
from frontend.views_jobs import common
from prm.access.channel import MANAGING
from prm.access.rights import visible, writable_fields
from prm.calendar.models import Feed
from prm.modules import registry
from prm.modules.read import get_rows
from prm.people import actions, queries
from workflows.errors import InvalidInput, NotFound, WorkflowError

#: First parts of the names of time zones that are places.
CONTINENTS = frozenset(
    ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
)


class AcceptForm(forms.Form):
    name = forms.CharField(
        label=_("Your name"),
        max_length=200,
        error_messages={"required": _("Enter your name")},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password = forms.CharField(
        label=_("Choose a password"),
        help_text=_("12 characters or more. A few words that only you put together are best."),
        error_messages={"required": _("Enter a password")},
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class InviteForm(forms.Form):
    email = forms.EmailField(
        label=_("Email"),
        error_messages={
            "required": _("Enter an email address"),
            "invalid": _("Enter an email address like name@company.example"),
        },
        widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    name = forms.CharField(label=_("Name"), max_length=200, required=False)
    is_admin = forms.BooleanField(
        label=_("Admin"), required=False, help_text=_("May invite, edit and deactivate colleagues.")
    )


class ProfileForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200, error_messages={"required": _("Enter your name")})
    language = forms.ChoiceField(label=_("Language"), required=False)
    timezone = forms.ChoiceField(
        label=_("Time zone"), required=False, help_text=_("Dates and deadlines are shown in it.")
    )
    phone = forms.CharField(
        label=_("Phone"), required=False, max_length=40, widget=forms.TextInput(attrs={"type": "tel"})
    )
    job_title = forms.CharField(label=_("Job title"), required=False, max_length=100)

    def __init__(
        self, *args: Any, languages: Sequence[tuple[str, str]], card: Sequence[str] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for name in actions.OWN_CARD:
            if name not in card:
                del self.fields[name]
        self.fields["language"].choices = [("", _("As in my browser")), *languages]  # type: ignore[attr-defined]
        # One that another program has set stays chosen, or saving the name would change it.
        names = dict.fromkeys([*_zones(), *filter(None, [self.initial.get("timezone")])])
        zones = [(name, name.replace("_", " ")) for name in names]
        self.fields["timezone"].choices = [("", _("As in my browser")), *zones]  # type: ignore[attr-defined]


class AwayForm(forms.Form):
    cover = forms.ModelChoiceField(
        label=_("Who covers for you"),
        queryset=get_user_model().objects.none(),
        required=False,
        empty_label=_("Nobody"),
        help_text=_("They see your partners first and get your alerts while you are away."),
    )
    away_from = forms.DateField(
        label=_("Away from"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    away_until = forms.DateField(
        label=_("Until, that day included"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = visible(user, registry.get("users")).filter(MANAGING, is_active=True)
        self.fields["cover"].queryset = others.exclude(pk=user.pk).order_by("name")  # type: ignore[attr-defined]


def _zones() -> list[str]:
    """Places, without the abbreviations and the legacy names."""
    names = zoneinfo.available_timezones()
    return ["UTC", *sorted(name for name in names if name.partition("/")[0] in CONTINENTS)]


def _to_form(form: forms.Form, error: WorkflowError) -> None:
    """What an action refused, at the field where it has one."""
    if not isinstance(error, InvalidInput):
        form.add_error(None, common.explain(error))
        return
    for name, texts in error.errors.items():
        for text in texts:
            form.add_error(name if name in form.fields else None, str(text))


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest, token: str) -> HttpResponse:
    """Name and password make the login. A used, unknown or expired link gives one and the same page."""
    invitation = actions.find_invitation(token)
    if invitation is None:
        return render(request, "frontend/jobs/invite_gone.html", status=404)
    form = AcceptForm(common.posted(request), initial={"name": invitation.name})
    if request.method == "POST" and form.is_valid():
        try:
            user = actions.accept_invitation(
                token, **form.cleaned_data, request_id=getattr(request, "request_id", "")
            )
        except NotFound:
            return render(request, "frontend/jobs/invite_gone.html", status=404)
        except WorkflowError as error:
            _to_form(form, error)
        else:
            # The link has proved the mailbox, and the password was chosen a second ago: no asking again.
            return perform_login(request, user, email_verification="none", redirect_url="/")
    return render(request, "frontend/jobs/invite.html", {"form": form, "invitation": invitation})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def team(request: HttpRequest) -> HttpResponse:
    """The colleagues; an admin invites new ones here."""
    user: Any = request.user
    if user.company_id is None:
        raise Http404
    admin = common.granted(user, "invitations", "create")
    form = InviteForm(common.posted(request)) if admin else None
    if request.method == "POST":
        if form is None:
            raise Http404
        if form.is_valid():
            try:
                actions.invite(common.actor(request), **form.cleaned_data)
            except WorkflowError as error:
                _to_form(form, error)
            else:
                # The same whether the address is known or not.
                text = gettext("If %(email)s can be invited, the invitation is on its way.")
                common.say(request, True, text % {"email": form.cleaned_data["email"]})
                return redirect("team")
    context = {
        "form": form,
        "admin": admin,
        "colleagues": _colleagues(user),
        "invitations": queries.open_invitations(user) if admin else [],
        "company": user.contact.company,
        "cards": common.granted(user, "contacts"),
    }
    return render(request, "frontend/jobs/team.html", context, status=422 if form and form.errors else 200)


def _colleagues(user: Any) -> list[Any]:
    """The colleagues, with the time of their last visit only where the user may read it."""
    found: list[Any] = list(queries.colleagues(user))
    rows = get_rows(user, registry.get("users"), [one.pk for one in found], ("last_login",))
    for one in found:
        one.last_login = rows.get(one.pk, {}).get("last_login")
    return found


@require_POST
def colleague(request: HttpRequest, pk: UUID, what: str) -> HttpResponse:
    """Deactivate, reactivate, or change the admin flag of a colleague."""
    user: Any = request.user
    found = get_object_or_404(queries.colleagues(user), pk=pk)
    actor = common.actor(request)
    names = {"name": str(found)}
    try:
        match what:
            case "deactivate":
                actions.deactivate(actor, found)
                text = gettext("%(name)s has no access any more.")
            case "reactivate":
                actions.reactivate(actor, found)
                text = gettext("%(name)s has access again.")
            case "admin":
                actions.set_admin(actor, found, True)
                text = gettext("%(name)s is an admin now.")
            case "member":
                actions.set_admin(actor, found, False)
                text = gettext("%(name)s is no longer an admin.")
            case _:
                raise Http404
    except WorkflowError as error:
        common.say(request, False, common.explain(error))
    else:
        common.say(request, True, text % names)
    return redirect("team")


@require_POST
def invitation(request: HttpRequest, pk: UUID, what: str) -> HttpResponse:
    """Send an open invitation again, or take it back."""
    user: Any = request.user
    found = get_object_or_404(queries.open_invitations(user), pk=pk)
    act, text = {
        "resend": (actions.resend_invitation, gettext("Sent again to %(email)s.")),
        "revoke": (actions.revoke_invitation, gettext("The invitation of %(email)s no longer works.")),
    }.get(what, (None, ""))
    if act is None:
        raise Http404
    try:
        act(common.actor(request), found)
    except WorkflowError as error:
        common.say(request, False, common.explain(error))
    else:
        common.say(request, True, text % {"email": found.email})
    return redirect("team")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def me(request: HttpRequest) -> HttpResponse:
    """One's own settings: name, language, time zone, the own card, and for staff who stands in while away."""
    user: Any = request.user
    may_away = "cover" in writable_fields(user, registry.get("users"), user)
    about_away = request.POST.get("form") == "away"
    card = actions.own_card(user)
    known = {"name": user.name, "language": user.language, "timezone": user.timezone}
    known |= {name: getattr(user.contact, name) for name in card}
    profile = ProfileForm(
        request.POST if request.method == "POST" and not about_away else None,
        initial=known,
        languages=languages(request),
        card=card,
    )
    away = None
    if may_away:
        dates = {"cover": user.cover_id, "away_from": user.away_from, "away_until": user.away_until}
        away = AwayForm(request.POST if about_away else None, initial=dates, user=user)
    form = away if about_away else profile
    if request.method == "POST" and form is not None and form.is_valid():
        save = actions.set_away if about_away else actions.update_profile
        try:
            save(user, **form.cleaned_data)
        except WorkflowError as error:
            _to_form(form, error)
        else:
            common.say(request, True, gettext("Saved."))
            return redirect("me")
    context = {
        "profile": profile,
        "away": away,
        "away_now": user.away_on(timezone.localdate()),
        "feed": Feed.objects.filter(user=user).first(),
    }
    wrong = form is not None and form.is_bound and bool(form.errors)
    return render(request, "frontend/jobs/me.html", context, status=422 if wrong else 200)
