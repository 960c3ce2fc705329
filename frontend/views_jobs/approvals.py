"""What waits for a decision: applications, with likely duplicates beside them, and quotes above a limit."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from frontend.views_jobs import common
from prm.access.channel import MANAGING
from prm.access.rights import rights_for, visible
from prm.modules import registry
from prm.modules.read import get_row
from prm.modules.registry import Row
from prm.modules.versions import opaque_version
from prm.partners import queries
from prm.partners.models import Registration
from workflows.actor import Actor
from workflows.errors import InvalidInput, Refused, WorkflowError
from workflows.perform import Option, available

WAITING = "submitted,under_review"
ACTS = ("approve", "return_for_information", "reject", "start_review")


def decides(user: Any) -> bool:
    """Whether the user decides on applications or quotes."""
    own = ("registrations", "quotes")
    return rights_for(user).policy.staff and any(common.has_job(user, module, "approve") for module in own)


def waiting(user: Any, limit: int = 100) -> list[Row]:
    """The applications to decide: mine and those of who I cover for, then nobody's, then the others'."""
    shown = ("company_name", "country", "region", "state", "submitted_at", "created_at", "channel_manager")
    found = common.rows(user, "registrations", shown, limit=limit, state__in=WAITING, ordering="created_at")
    return _mine_first(user, found, "channel_manager")


def quotes_waiting(user: Any, limit: int = 100) -> list[Row]:
    """The quotes that are further below their price book than the partner may go by itself."""
    shown = (
        "reference",
        "title",
        "customer",
        "partner",
        "total",
        "effective_discount",
        "state_since",
        "owner",
    )
    found = common.rows(user, "quotes", shown, limit=limit, state="pending_approval", ordering="created_at")
    return _mine_first(user, found, "owner")


def _mine_first(user: Any, found: list[Row], manager: str) -> list[Row]:
    """The rows with a rank: 0 mine and those of who I cover for, 1 nobody's, 2 the others'."""
    mine = {user.pk} | {one.pk for one in user.covers_for.all() if one.away_on(timezone.localdate())}

    def rank(row: Row) -> int:
        of = row.get(manager)
        return 0 if of and of["id"] in mine else 1 if not of else 2

    return sorted(({**row, "rank": rank(row)} for row in found), key=lambda row: row["rank"])


@never_cache
@require_safe
def approvals(request: HttpRequest) -> HttpResponse:
    """The queue, and the application that is being looked at: the first one, unless another is chosen."""
    if not decides(request.user):
        raise Http404
    queue = waiting(request.user)
    chosen = request.GET.get("r") or (str(queue[0]["id"]) if queue else "")
    selected = _selected(request.user, chosen) if chosen else None
    if request.GET.get("r") and selected is None:
        raise Http404
    context = {
        "queue": queue,
        "quotes": quotes_waiting(request.user),
        "listed": common.granted(request.user, "registrations"),
        **(selected or {}),
    }
    return render(request, "frontend/jobs/approvals.html", context)


def _selected(user: Any, pk: str, data: Any = None, name: str = "") -> dict[str, Any] | None:
    """One application with its likely duplicates and a prefilled form for each decision."""
    row = get_row(user, registry.get("registrations"), pk)
    if row is None:
        return None
    registration = common.load(user, "registrations", row["id"])
    assert isinstance(registration, Registration)
    duplicates = queries.registration_duplicates(registration, user)
    decisions: list[dict[str, Any]] = [
        {
            "option": option,
            "form": DecisionForm(
                option,
                user,
                registration,
                bool(duplicates),
                data=data if option.name == name else None,
            ),
        }
        for option in available(registration, Actor.of(user))
        if option.name in ACTS
    ]
    return {
        "row": row,
        "registration": registration,
        "version": opaque_version(registration),
        "duplicates": duplicates,
        "same": {
            "domain": any(twin["domain"] == registration.domain != "" for twin in duplicates),
            "tax_id": any(twin["tax_id"] == registration.tax_id != "" for twin in duplicates),
        },
        "decisions": {each["option"].name: each for each in decisions},
        "tried": name,
    }


class DecisionForm(forms.Form):
    """The inputs of one transition, filled in with what is most likely right."""

    def __init__(
        self, option: Option, user: Any, registration: Registration, doubtful: bool, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs, prefix=None, auto_id=f"id_{option.name}_%s")
        for name, each in option.inputs.items():
            if name == "confirm_duplicate" and not doubtful:
                continue
            field = each.form_field()
            if each.kind == "reference":
                field = forms.ChoiceField(
                    label=each.label, required=each.required, choices=_choices(user, each.module)
                )
            likely = _likely(name, user, registration) or field.initial
            if isinstance(field, forms.ChoiceField) and likely:
                # It is filled in, so it asks nothing and needs no word on what an empty one would mean.
                field.required, field.help_text = True, ""
                field.choices = [(value, label) for value, label in _options(field) if value]
            field.initial = likely
            self.fields[name] = field


def _options(field: forms.ChoiceField) -> list[tuple[str, Any]]:
    given: Any = field.choices
    return list(given)


def _choices(user: Any, module: str) -> list[tuple[str, str]]:
    """The records that a reference may point to; of users, those who may look after partners."""
    rows = visible(user, registry.get(module))
    if module == "users":
        rows = rows.filter(MANAGING, is_active=True)
    return [("", "–"), *((str(row.pk), str(row)) for row in rows.order_by("name")[:200])]


def _likely(name: str, user: Any, registration: Registration) -> str:
    """What an approver would choose nine times out of ten."""
    if name == "channel_manager":
        return str(registration.channel_manager_id or user.pk)
    if name == "partner_type":
        return registration.partner_type
    if name == "territory":
        # Regions may be parts of several territories; then only a person knows which.
        serving = [
            one for one in visible(user, registry.get("territories")) if registration.region in one.regions
        ]
        return str(serving[0].pk) if len(serving) == 1 else ""
    return ""


@require_POST
def decide(request: HttpRequest, pk: UUID, name: str) -> HttpResponse:
    """Approve, ask, or reject; what was typed is kept where it was refused."""
    common.require(request, "registrations", name if name in ACTS else "approve")
    if name not in ACTS:
        raise Http404
    try:
        registration = common.perform_posted(request, "registrations", pk, name)
    except WorkflowError as error:
        context = _selected(request.user, str(pk), data=request.POST, name=name)
        if context is None:
            raise Http404 from error
        _mark(context, name, error)
        context |= {"queue": waiting(request.user), "quotes": quotes_waiting(request.user)}
        return render(request, "frontend/jobs/approvals.html", context, status=422)
    common.say(request, True, _said(name, registration))
    if name == "start_review":
        return redirect(f"{request.path.split(str(pk))[0]}?r={pk}")
    return redirect("approvals")


def _mark(context: dict[str, Any], name: str, error: WorkflowError) -> None:
    """The refusal, at the field where it has one."""
    decision = context["decisions"].get(name)
    form = decision["form"] if decision else None
    context["error"] = common.explain(error)
    if form is None or not form.is_bound:
        return
    form.is_valid()
    if isinstance(error, InvalidInput):
        for field, texts in error.errors.items():
            if field in form.fields and field not in form.errors:
                for text in texts:
                    form.add_error(field, str(text))
    elif isinstance(error, Refused) and "confirm_duplicate" in form.fields:
        for reason in error.reasons:
            if reason.code == "duplicate_partner":
                form.add_error("confirm_duplicate", str(reason.message))


def _said(name: str, registration: Registration) -> str:
    company = {"company": registration.company_name, "email": registration.contact_email}
    return {
        "approve": _("%(company)s is a partner now. The invitation is on its way to %(email)s.") % company,
        "return_for_information": _("The question is on its way to %(email)s.") % company,
        "reject": _("The application of %(company)s is rejected.") % company,
        "start_review": _("The application of %(company)s is under review.") % company,
    }[name]
