"""The first run of an empty installation, and the vendor's settings afterwards: one set of forms for both."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from typing import Any

from allauth.account.utils import perform_login
from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from frontend.views_jobs import common, first_steps
from frontend.views_jobs.people import CONTINENTS
from prm.access.rights import administers
from prm.people import first
from prm.vendor import actions
from prm.vendor.logos import drawn
from prm.vendor.mail import send_test
from prm.vendor.models import VendorProfile
from prm.vendor.queries import UNNAMED, vendor
from workflows.errors import InvalidInput, NotFound, WorkflowError
from workflows.inputs import currencies


class AdministratorForm(forms.Form):
    code = forms.CharField(
        label=_("Code"),
        help_text=_("The server has printed it in its terminal."),
        error_messages={"required": _("Enter the code from the terminal")},
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}
        ),
    )
    name = forms.CharField(
        label=_("Your name"),
        max_length=200,
        error_messages={"required": _("Enter your name")},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=_("Email"),
        error_messages={
            "required": _("Enter an email address"),
            "invalid": _("Enter an email address like name@company.example"),
        },
        widget=forms.EmailInput(attrs={"autocomplete": "username", "spellcheck": "false"}),
    )
    password = forms.CharField(
        label=_("Choose a password"),
        help_text=_("12 characters or more. A few words that only you put together are best."),
        error_messages={"required": _("Enter a password")},
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class CompanyForm(forms.ModelForm):
    language = forms.ChoiceField(label=_("Language"), required=False, choices=settings.LANGUAGES)
    currency = forms.ChoiceField(label=_("Currency"), required=False, choices=currencies())
    timezone = forms.ChoiceField(label=_("Time zone"), required=False)
    website = forms.URLField(label=_("Website"), required=False, max_length=300, assume_scheme="https")

    class Meta:
        model = VendorProfile
        fields = actions.COMPANY
        widgets = {"quote_terms": forms.Textarea(attrs={"rows": 4})}
        help_texts = {"name": _("As partners know you. It stands on every page and in every mail.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = zoneinfo.available_timezones()
        places = sorted(name for name in names if name.partition("/")[0] in CONTINENTS)
        zones = [(name, name.replace("_", " ")) for name in ("UTC", *places)]
        self.fields["timezone"].choices = zones  # type: ignore[attr-defined]
        known = vendor()
        if known.version == 0 and known.name == UNNAMED:
            self.initial["name"] = ""
        for name in ("language", "currency", "timezone"):
            self.initial[name] = getattr(known, name)


class LookForm(forms.ModelForm):
    logo_file = forms.FileField(
        label=_("Logo"),
        required=False,
        help_text=_("PNG, JPEG, WebP or GIF up to 5 MB. Wide and without a background looks best."),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp,image/gif"}),
    )
    remove_logo = forms.BooleanField(label=_("Take the logo away"), required=False)
    own_colour = forms.BooleanField(label=_("Use a colour of our own"), required=False)

    class Meta:
        model = VendorProfile
        fields = actions.LOOK
        widgets = {"colour": forms.TextInput(attrs={"type": "color"})}
        help_texts = {
            "colour": _("Its shades are chosen so that all text stays readable, in light and dark.")
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["own_colour"] = bool(self.instance.colour)
        # A field for colours knows no empty value.
        self.initial["colour"] = self.instance.colour or "#0b5c6b"
        if not self.instance.logo_mark:
            del self.fields["remove_logo"]

    def chosen(self) -> dict[str, Any]:
        """What `actions.save` takes. Raises InvalidInput for a file that is no picture."""
        data = self.cleaned_data
        file = data.get("logo_file")
        try:
            picture = drawn(file) if file else None
        except InvalidInput as error:
            raise InvalidInput({"logo_file": error.errors["logo"]}) from error
        return {
            "values": {"colour": data["colour"].lower() if data["own_colour"] else ""},
            "logo": picture,
            "remove_logo": bool(data.get("remove_logo")) and picture is None,
        }


class MailForm(forms.ModelForm):
    password = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )

    class Meta:
        model = VendorProfile
        fields = actions.MAIL
        help_texts = {
            "mail_host": _(
                "Such as smtp.company.example. Without one, mails are only printed on the server."
            ),
            "mail_from": _("The address that mails come from."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.mail_password:
            self.fields["password"].help_text = _("A password is set. Leave this empty to keep it.")

    def chosen(self) -> dict[str, Any]:
        """What `actions.save` takes: an empty password keeps the one that is set."""
        data = self.cleaned_data
        return {
            "values": {name: data[name] for name in actions.MAIL},
            "mail_password": data["password"] or (None if data["mail_user"] else ""),
        }


def _take(form: forms.Form, error: WorkflowError) -> None:
    errors = error.errors if isinstance(error, InvalidInput) else {"": [common.explain(error)]}
    for name, texts in errors.items():
        for text in texts:
            form.add_error(name if name in form.fields else None, text)


# --- first run


@never_cache
@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def setup(request: HttpRequest) -> HttpResponse:
    """Makes the first administrator, for whoever has the code from the terminal; afterwards a 404."""
    if not first.needed():
        raise Http404
    form = AdministratorForm(common.posted(request), initial={"code": request.GET.get("code", "")})
    if request.method == "POST" and form.is_valid():
        try:
            user = first.make_administrator(**form.cleaned_data)
        except NotFound:
            form.add_error("code", gettext("This is not the code that the server has printed."))
        except WorkflowError as error:
            _take(form, error)
        else:
            target = reverse("setup-step", args=["company"])
            return perform_login(request, user, email_verification="none", redirect_url=target)
    context = {"form": form, "steps": _steps("administrator")}
    return render(request, "frontend/jobs/setup/administrator.html", context, status=_status(form))


def _steps(current: str) -> list[dict[str, Any]]:
    titles = {
        "administrator": gettext("Administrator"),
        "company": gettext("Company"),
        "mail": gettext("Mail"),
        "next": gettext("What next"),
    }
    names = list(titles)
    return [
        {
            "title": titles[name],
            "status": "now"
            if name == current
            else "done"
            if names.index(name) < names.index(current)
            else "",
        }
        for name in names
    ]


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def step(request: HttpRequest, step: str) -> HttpResponse:
    """Company and mail, asked once in a row, and what to do then; sending that last one puts it away."""
    if not administers(request.user):
        raise Http404
    if step == "next" and request.method == "POST":
        actions.save(common.actor(request), {"first_steps_away": True})
        return redirect("home")
    if step == "next":
        context = {"steps": _steps(step), "first_steps": first_steps.steps(request.user)}
        return render(request, "frontend/jobs/setup/next.html", context)
    row = actions.profile()
    asked: list[Any] = [MailForm] if step == "mail" else [CompanyForm, LookForm]
    made = [one(common.posted(request), common.files(request), instance=row) for one in asked]
    # Each is asked, so that one look shows all that is wrong.
    valid = [form.is_valid() for form in made]
    if request.method == "POST" and all(valid) and _saved(request, made):
        return redirect("setup-step", "next" if step == "mail" else "mail")
    context = {"forms": made, "steps": _steps(step), **_about_mail()}
    return render(request, f"frontend/jobs/setup/{step}.html", context, status=_status(*made))


def _saved(request: HttpRequest, made: list[Any]) -> bool:
    for form in made:
        try:
            actions.save(common.actor(request), **_chosen(form))
        except WorkflowError as error:
            _take(form, error)
            return False
    return True


def _chosen(form: Any) -> dict[str, Any]:
    return {"values": form.cleaned_data} if isinstance(form, CompanyForm) else form.chosen()


def _status(*made: forms.Form) -> int:
    return 422 if any(form.is_bound and form.errors for form in made) else 200


def _about_mail() -> dict[str, Any]:
    return {"mail_from_environment": settings.EMAIL_FROM_ENVIRONMENT}


# --- settings


def _settings(kind: Callable[..., Any], part: str) -> Any:
    @never_cache
    @sensitive_post_parameters("password")
    @require_http_methods(["GET", "HEAD", "POST"])
    def view(request: HttpRequest) -> HttpResponse:
        if not administers(request.user):
            raise Http404
        form = kind(common.posted(request), common.files(request), instance=actions.profile())
        if request.method == "POST" and form.is_valid() and _saved(request, [form]):
            common.say(request, True, gettext("Saved."))
            return redirect(request.path)
        context = {"form": form, "part": part, **_about_mail()}
        return render(request, "frontend/jobs/settings.html", context, status=_status(form))

    return view


company = _settings(CompanyForm, "company")
look = _settings(LookForm, "look")
mail = _settings(MailForm, "mail")


@require_POST
def test_mail(request: HttpRequest) -> HttpResponse:
    """Sends one mail to whoever asks, at once, and says what the mail server thought of it."""
    user: Any = request.user
    if not administers(user):
        raise Http404
    problem = send_test(user.email)
    sent = gettext("A test is on its way to %(email)s.") % {"email": user.email}
    common.say(request, not problem, problem or sent)
    return common.back(request, reverse("settings-mail"))
