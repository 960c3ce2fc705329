"""Inviting many: lines of a table, what would happen with each, and what did."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from frontend.views_jobs import common
from prm.access.models import Portal
from prm.access.rights import visible
from prm.modules import registry
from prm.people import many
from prm.people.models import Company
from workflows.errors import InvalidInput, WorkflowError

#: Companies that are offered by name; others are named in the lines.
COMPANIES = 200


class ManyForm(forms.Form):
    lines = forms.CharField(
        label=_("One person a line"),
        required=False,
        strip=False,
        help_text=_("Email, name, portal, company, admin: separated by commas, semicolons or tabs."),
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "autocomplete": "off"}),
    )
    file = forms.FileField(
        label=_("Or a file"),
        required=False,
        help_text=_("CSV, the names of the columns in the first row."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv,text/plain"}),
    )
    portal = forms.ModelChoiceField(
        label=_("Portal"),
        required=False,
        queryset=Portal.objects.none(),
        help_text=_("For lines that name none."),
        empty_label=_("As the lines say"),
    )
    company = forms.ModelChoiceField(
        label=_("Company"),
        required=False,
        queryset=Company.objects.none(),
        help_text=_("For lines that name none."),
        empty_label=_("As the lines say"),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not user.portal.staff:
            # Both are the own ones.
            del self.fields["portal"], self.fields["company"]
            return
        portals = visible(user, registry.get("portals")).filter(archived=False).order_by("title", "pk")
        companies = visible(user, registry.get("companies")).order_by("name", "pk")
        self.fields["portal"].queryset = portals  # type: ignore[attr-defined]
        field: Any = self.fields["company"]
        field.queryset = companies
        field.choices = [("", field.empty_label), *((one.pk, one.name) for one in companies[:COMPANIES])]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        file = data.get("file")
        try:
            if file is not None:
                data["lines"] = many.decoded(file.read(many.LARGEST + 1))
            data["table"] = many.read(data.get("lines") or "")
        except InvalidInput as error:
            for name, texts in error.errors.items():
                self.add_error("file" if file is not None else name, [str(one) for one in texts])
        return data

    def given(self) -> dict[str, Any]:
        """What is invited into where the lines do not say it."""
        return {name: self.cleaned_data.get(name) for name in ("portal", "company")}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invite_many(request: HttpRequest) -> HttpResponse:
    """First a trial that says of each line what would happen; then the invitations."""
    user: Any = request.user
    if not common.granted(user, "invitations", "create"):
        raise Http404
    form = ManyForm(common.posted(request), common.files(request), user=user)
    context: dict[str, Any] = {"form": form, "outside": not user.portal.staff, "most": many.MOST}
    if request.method == "POST" and form.is_valid():
        sending = request.POST.get("do") == "send"
        act = many.invited if sending else many.tried
        try:
            outcomes = act(common.actor(request), form.cleaned_data["table"], **form.given())
        except WorkflowError as error:
            form.add_error(None, common.explain(error))
        else:
            good = [one for one in outcomes if one.ok]
            wrong = [one for one in outcomes if not one.ok]
            context |= {
                "sent": sending,
                "good": good,
                "wrong": wrong,
                "outcomes": outcomes,
                "lines": form.cleaned_data["lines"],
                "chosen": {name: one.pk if one else "" for name, one in form.given().items()},
            }
            return render(request, "frontend/jobs/invite_many_result.html", context)
    return render(request, "frontend/jobs/invite_many.html", context, status=422 if form.errors else 200)
