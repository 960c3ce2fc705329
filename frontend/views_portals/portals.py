"""All portals at a glance, a new one from a template or a copy, and the archive."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from frontend.requests import actor, explain, status_of
from frontend.views_portals.desk import manager_or_404, portal_or_404, seen
from prm.access.models import Portal
from prm.access.rights import PORTALS, rights_for, visible
from prm.modules import registry
from prm.modules.versions import opaque_version
from prm.portals import actions
from prm.portals.models import PortalDraft
from prm.portals.templates import TEMPLATES
from workflows.errors import InvalidInput, WorkflowError

COPY = "copy"


class NewPortalForm(forms.Form):
    title = forms.CharField(
        label=_("Title"),
        max_length=80,
        help_text=_("For whom it is, such as “Garage customers”."),
        error_messages={"required": _("Enter a title")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    audience = forms.ChoiceField(label=_("Audience"), choices=Portal.Audience.choices)
    begin = forms.ChoiceField(
        label=_("Begin with"),
        error_messages={"required": _("Choose what to begin with")},
        widget=forms.RadioSelect,
    )
    copy_of = forms.ModelChoiceField(
        label=_("Portal to copy"), queryset=Portal.objects.none(), required=False, empty_label=""
    )

    def __init__(self, portals: QuerySet[Portal], *args: Any, staff: bool, **kwargs: Any) -> None:
        """staff: whether its user may make a portal for the vendor's own people."""
        super().__init__(*args, **kwargs)
        templates = [one for one in TEMPLATES if staff or not one.staff]
        copied: Any = self.fields["copy_of"]
        copied.queryset = portals.order_by("title")
        begin: Any = self.fields["begin"]
        begin.choices = [*((one.key, one.title) for one in templates), (COPY, gettext("A copy of a portal"))]

    def beginnings(self) -> list[dict[str, Any]]:
        """The choices of what to begin with, each with what it means."""
        texts = {one.key: str(one.text) for one in TEMPLATES}
        texts[COPY] = gettext("All that another portal grants, for the same people, without its host name.")
        begin: Any = self.fields["begin"]
        return [{"key": key, "title": title, "text": texts[key]} for key, title in begin.choices]

    def clean(self) -> dict[str, Any]:
        """A copy needs something to copy."""
        data: dict[str, Any] = super().clean() or {}
        if data.get("begin") == COPY and not data.get("copy_of"):
            self.add_error("copy_of", gettext("Choose the portal to copy"))
        return data

    def source(self) -> dict[str, Any]:
        """What `new_portal` takes."""
        if self.cleaned_data["begin"] == COPY:
            return {"copy_of": self.cleaned_data["copy_of"]}
        return {"template": self.cleaned_data["begin"]}


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every portal with its users and what waits in its draft."""
    manager_or_404(request)
    known = (
        visible(request.user, registry.get(PORTALS), "edit")
        .annotate(active=Count("users", filter=Q(users__is_active=True), distinct=True))
        .order_by("archived", "staff", "title")
    )
    drafts = dict(PortalDraft.objects.filter(state__in=actions.OPEN).values_list("portal_id", "state"))
    groups: list[tuple[str, list[dict[str, Any]]]] = [
        (gettext("For people outside"), []),
        (gettext("For the vendor’s own people"), []),
        (gettext("Archived"), []),
    ]
    for one in known:
        at = 2 if one.archived else 1 if one.staff else 0
        groups[at][1].append({"portal": one, "draft": drafts.get(one.pk, ""), "version": opaque_version(one)})
    context = {"title": gettext("Portals"), "groups": [group for group in groups if group[1]]}
    return render(request, "frontend/portals/index.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A portal of a template or a copy; it opens in the editor."""
    manager_or_404(request)
    form = NewPortalForm(
        visible(request.user, registry.get(PORTALS), "edit"),
        request.POST if request.method == "POST" else None,
        initial={"begin": TEMPLATES[0].key},
        staff=rights_for(request.user).policy.staff,
    )
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                made = actions.new_portal(
                    actor(request), form.cleaned_data["title"], form.cleaned_data["audience"], **form.source()
                )
            except InvalidInput as error:
                for name, texts in error.errors.items():
                    for text in texts:
                        form.add_error(name if name in form.fields else None, text)
            except WorkflowError as error:
                status = status_of(error)
                form.add_error(None, explain(error))
            else:
                return redirect("portal-settings", pk=made.pk)
    context = {"title": gettext("New portal"), "form": form}
    return render(request, "frontend/portals/new.html", context, status=status)


@require_POST
def archive(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Puts a portal into the archive, or takes it out again."""
    portal = portal_or_404(request, pk)
    act = actions.unarchive if portal.archived else actions.archive
    try:
        act(actor(request), portal, seen(request, portal))
    except WorkflowError as error:
        messages.error(request, explain(error))
    else:
        said = (
            gettext("“%(title)s” is in use again.")
            if portal.archived
            else gettext("“%(title)s” is archived.")
        )
        messages.success(request, said % {"title": portal.title})
    return redirect("portal-admin")
