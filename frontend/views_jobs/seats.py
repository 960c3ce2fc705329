"""Under Administration: who has a seat, how many there are, and who is in which portal."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from frontend.views_jobs import common
from prm.access.models import Portal
from prm.access.rights import administers, visible
from prm.modules import registry
from prm.modules.read import BadQuery, list_page
from prm.people import moving, seats
from workflows.errors import InvalidInput, WorkflowError

#: People on one page.
PAGE = 100
#: What went wrong with so many is said one by one.
SAID = 10


class SeatsForm(forms.Form):
    bought = forms.IntegerField(
        label=_("Seats bought"),
        required=False,
        min_value=0,
        max_value=seats.MOST,
        help_text=_("Empty: as many as are needed."),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    free = forms.IntegerField(
        label=_("Free seats"),
        min_value=0,
        max_value=seats.MOST,
        help_text=_("The first so many come without being bought."),
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def seats_page(request: HttpRequest) -> HttpResponse:
    """Use by portal and who holds the seats; an administrator sets how many there are."""
    user: Any = request.user
    if not seats.may_look(user):
        raise Http404
    row = seats.pool()
    form = None
    if administers(user):
        form = SeatsForm(common.posted(request), initial={"bought": row.bought, "free": row.free})
    if request.method == "POST":
        if form is None:
            raise Http404
        if form.is_valid():
            try:
                seats.set_pool(common.actor(request), **form.cleaned_data)
            except WorkflowError as error:
                _to_form(form, error)
            else:
                common.say(request, True, gettext("Saved."))
                return redirect("seats")
    use = seats.use()
    holders = seats.holders().select_related("contact__company").order_by("portal__title", "name", "pk")
    context: dict[str, Any] = {
        "title": gettext("Seats"),
        "form": form,
        "use": use,
        "percent": min(100, round(100 * use.used / use.limit)) if use.limit else None,
        "over": use.limit is not None and use.used > use.limit,
    }
    if form is not None:
        # By name they are for administrators; who manages portals sees how many there are.
        context["people"] = Paginator(holders, PAGE).get_page(request.GET.get("page"))
        promised = seats.promised().select_related("portal", "company")
        context["promised"] = promised.order_by("expires_at", "pk")[:PAGE]
    return render(request, "frontend/jobs/seats.html", context, status=422 if form and form.errors else 200)


def _to_form(form: forms.Form, error: WorkflowError) -> None:
    errors = error.errors if isinstance(error, InvalidInput) else {"": [common.explain(error)]}
    for name, texts in errors.items():
        for text in texts:
            form.add_error(name if name in form.fields else None, str(text))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def portal_users(request: HttpRequest) -> HttpResponse:
    """The users of a portal, to be moved into another one: one, or many."""
    user: Any = request.user
    portals = list(moving.portals_to_move_to(user))
    if not portals:
        raise Http404
    if request.method == "POST":
        return _moved(request, portals)
    everywhere = list(visible(user, registry.get("portals")).order_by("title", "pk"))
    chosen = next((one for one in everywhere if str(one.pk) == request.GET.get("portal")), None)
    words = " ".join(request.GET.get("q", "").replace("\x00", "").split())[:100]
    # People are moved out of archived portals, too.
    params = {"portal": str(chosen.pk) if chosen else "", "search": words, "ordering": "name"}
    params["cursor"] = request.GET.get("cursor", "")
    try:
        page = list_page(
            user,
            registry.get("users"),
            {name: value for name, value in params.items() if value},
            limit=PAGE,
            fields=("name", "email", "portal", "contact", "is_active", "last_login"),
        )
    except BadQuery:
        return redirect("portal-users")
    context = {
        "title": gettext("Users of portals"),
        "portals": portals,
        "everywhere": everywhere,
        "chosen": chosen,
        "words": words,
        "page": page,
        "own": str(user.pk),
        "may_invite": common.granted(user, "invitations", "create"),
        "here": urlencode({"portal": chosen.pk if chosen else "", "q": words}),
    }
    return render(request, "frontend/jobs/portal_users.html", context)


def _moved(request: HttpRequest, portals: list[Portal]) -> HttpResponse:
    target = next((one for one in portals if str(one.pk) == request.POST.get("target")), None)
    ids = request.POST.getlist("ids")[:PAGE]
    back = redirect(f"{reverse('portal-users')}?{request.POST.get('here', '')}")
    if target is None:
        common.say(request, False, gettext("Choose the portal to move to."))
        return back
    if not ids:
        common.say(request, False, gettext("Choose whom to move."))
        return back
    try:
        answers = moving.move(common.actor(request), ids, target)
    except WorkflowError as error:
        common.say(request, False, common.explain(error))
        return back
    done = sum(one.ok for one in answers)
    if done:
        text = ngettext(
            "%(count)d user is in “%(portal)s” now.", "%(count)d users are in “%(portal)s” now.", done
        )
        common.say(request, True, text % {"count": done, "portal": target})
    wrong = [one for one in answers if one.error is not None]
    for one in wrong[:SAID]:
        assert one.error is not None
        common.say(request, False, common.explain(one.error))
    if len(wrong) > SAID:
        text = gettext("%(count)d more could not be moved.")
        common.say(request, False, text % {"count": len(wrong) - SAID})
    return back
