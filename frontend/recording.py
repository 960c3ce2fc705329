"""What the page of a record is made of: sections, the next step, tasks, the time line."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from frontend import filing
from frontend.cells import cell, empty
from frontend.forms import InputForm, Known
from frontend.states import OWNERS
from prm.access.rights import readable_fields, rights_for, writable_fields
from prm.calendar.queries import assignable
from prm.modules.naming import Names, label_of, names
from prm.modules.registry import Module, Row
from prm.people.addresses import address_lines
from prm.records import queries
from prm.records.models import Activity, Note
from workflows.inputs import Input
from workflows.perform import Option

NOTE = {"body": Input(kind="longtext", label=gettext_lazy("Note"), max_length=20_000)}
ACTIVITY = {
    "kind": Input(
        kind="choice",
        label=gettext_lazy("What"),
        choices=tuple(Activity.Kind.choices),
        initial=Activity.Kind.TASK,
    ),
    "title": Input(kind="text", label=gettext_lazy("Title"), max_length=200),
    "due_at": Input(kind="datetime", label=gettext_lazy("When"), required=False),
    "remind": Input(
        kind="choice",
        label=gettext_lazy("Reminder"),
        choices=(
            ("15", gettext_lazy("15 minutes before")),
            ("60", gettext_lazy("1 hour before")),
            ("1440", gettext_lazy("1 day before")),
        ),
        required=False,
    ),
    "assignee": Input(kind="reference", module="users", label=gettext_lazy("Who"), required=False),
}
#: The parts of an address, as fields call them.
ADDRESS = ("street", "postal_code", "city", "region", "country")
DELETED = gettext_lazy("“%(title)s” was deleted.")

#: So many colleagues are offered for an activity.
COLLEAGUES = 200

ICONS = {"call": "phone", "meeting": "users", "task": "square-check"}


def is_staff(user: Any) -> bool:
    """Whether the user belongs to the vendor."""
    return rights_for(user).policy.staff


@dataclass
class Block:
    """A section of the details. `later` names the fields that this state does not show yet."""

    title: str
    facts: list[dict[str, Any]] = field(default_factory=list)
    later: list[str] = field(default_factory=list)


def sections(user: Any, module: Module, obj: Any, row: Row) -> list[Block]:
    """The portal's layout as this user sees this record. Sections with nothing to show are left out."""
    now, ever = readable_fields(user, module, obj), readable_fields(user, module)
    # Of what is not shown yet, that which the reader will work with: the customer, not our bookkeeping.
    later = (ever & writable_fields(user, module)) - now
    blocks = []
    for section in rights_for(user).presentation(module).layout_for(obj):
        block = Block(str(section.title))
        lines, parts = _address(row, [name for name in section.fields if name in now])
        for name in section.fields:
            one = module.field(name)
            if row.get(one.stands_in_for):
                continue
            if name in parts:
                # One block for all of them, where the first one stands.
                if name == parts[0]:
                    block.facts.append({"label": _("Address"), "html": lines, "wide": False})
            elif name in now and name not in (module.title, "state"):
                value = row.get(name)
                block.facts.append(
                    {
                        "label": str(one.label),
                        "html": "" if empty(value) else cell(module, name, value),
                        "wide": one.kind in ("longtext", "json"),
                    }
                )
            elif name in later:
                block.later.append(str(one.label))
        if any(fact["html"] for fact in block.facts) or block.later:
            blocks.append(block)
    return blocks


def _address(row: Row, shown: list[str]) -> tuple[SafeString, list[str]]:
    """What a section shows of an address, as its country writes it, and the fields that this tells, in order.

    Nothing where it is a single part, which says more under its own name. A region that is no area of the
    country, but one of sales, is none of them.
    """
    given = {name: str(row[name]) for name in shown if name in ADDRESS and not empty(row.get(name))}
    country = str(row.get("country") or "")

    def lines(region: str) -> list[str]:
        place = SimpleNamespace(
            **{**dict.fromkeys(ADDRESS, ""), **given, "region": region, "country": country}
        )
        # The country decides on the order also where another section shows it.
        return address_lines(place, get_language() or "en", "" if "country" in given else country)

    whole = lines(given.get("region", ""))
    if "region" in given and whole == lines(""):
        del given["region"]
    if len(given) < 2:
        return SafeString(""), []
    return format_html('<span class="prewrap" dir="auto">{}</span>', "\n".join(whole)), list(given)


def later_text(module: Module, state: str) -> str:
    """Why some fields are not shown yet."""
    accept = module.machine.get("accept") if module.machine else None
    claim = module.machine.get("claim") if module.machine else None
    if accept and state in accept.sources:
        return _("Shown after acceptance")
    if claim and state in claim.sources:
        return _("Shown once you have claimed it")
    return _("Not shown in this state")


def arranged(options: list[Option]) -> dict[str, list[Option]]:
    """Transitions in three groups: `now` as buttons, `more` that end or undo, `not_now` in other states."""
    here = [one for one in options if one.in_state]
    now = sorted(
        (one for one in here if one.tone != "danger"),
        key=lambda one: (one.tone != "primary", not one.enabled),
    )
    # One main button: where everything is main, nothing is.
    now[1:] = [replace(one, tone="neutral") for one in now[1:]]
    return {
        "now": now,
        "more": [one for one in here if one.tone == "danger"],
        "not_now": [one for one in options if not one.in_state],
    }


def state_told(module: Module, row: Row) -> bool:
    """Whether the record has a state, and its reader's grant shows it."""
    return module.machine is not None and ("state" not in module.by_name or row.get("state") is not None)


def next_step(user: Any, module: Module, obj: Any, row: Row, options: list[Option]) -> dict[str, Any] | None:
    """Who has to act next and until when; None where the record has ended or has no states."""
    machine = module.machine
    wait = machine.waits.get(obj.state) if machine else None
    if machine is None or wait is None or not state_told(module, row):
        return None
    staff = is_staff(user)
    may_act = any(one.enabled for one in options if one.in_state)
    side = ("channel_manager", "vendor") if staff else ("partner",)
    mine = may_act and wait.owner in side
    then = machine.get(wait.then) if wait.then else None
    who = str(OWNERS.get(wait.owner, ""))
    if wait.owner == "partner" and staff and isinstance(row.get("partner"), dict):
        who = str(row["partner"]["title"] or who)
    verbs = [str(one.title) for one in options if one.enabled and one.in_state and one.tone == "primary"]
    said = {"verbs": _(" or ").join(verbs[:3])}
    icon = "arrow-right"
    if mine:
        title = _("Your turn: %(verbs)s") % said if verbs else _("Your turn")
    elif wait.owner != "nobody":
        title, icon = _("Waiting for %(who)s") % {"who": who}, "hourglass"
    elif verbs:
        # It goes on without anybody here; a customer, for example, may still have something to decide.
        title = _("Possible now: %(verbs)s") % said
    else:
        title, icon = _("Nothing to do"), "circle-check"
    return {
        "mine": mine,
        "title": title,
        # As the reader's grant shows them: a moment that it hides is none of theirs here either.
        "due_at": row.get("due_at"),
        "then": str(then.title) if then else "",
        "since": row.get("state_since"),
        "icon": icon,
    }


def visited(history: list[Row]) -> list[str]:
    """The states that the record has been in, as far as the reader's history tells."""
    states: list[str] = []
    for entry in history:
        for state in (entry["from_state"], entry["to_state"]):
            if state and (not states or states[-1] != state):
                states.append(state)
    return states


def activity_form(user: Any, data: Any = None) -> InputForm:
    """The form that plans an activity, with the colleagues that it may be given to."""
    people = assignable(user).order_by("name")[:COLLEAGUES]
    known = Known([(str(one.pk), label_of(user, one)) for one in people])
    return InputForm(ACTIVITY, user, data, initial={"assignee": str(user.pk)}, known={"assignee": known})


def open_tasks(user: Any, module: Module, obj: Any) -> list[dict[str, Any]]:
    """Activities that are still to be done."""
    found = [one for one in queries.activities(user, module, obj) if one.done_at is None]
    named = names(user, (one.assignee_id for one in found))
    return [
        {"obj": one, "icon": ICONS.get(one.kind, "circle"), "who": named.of(one.assignee)} for one in found
    ]


def timeline(user: Any, module: Module, obj: Any, history: list[Row]) -> list[dict[str, Any]]:
    """What happened, newest first: history, notes and what was done, in one."""
    notes, files = list(queries.notes(user, module, obj)), filing.ever(user, module, obj)
    done = [one for one in queries.activities(user, module, obj) if one.done_at]
    people = [*(one.author_id for one in notes), *(one.assignee_id for one in done)]
    people += [pk for one in files for pk in (one.author_id, one.removed_by_id)]
    named = names(user, people)
    items = [_change(module, entry) for entry in history]
    items += [_note(one, named) for one in notes]
    items += filing.events(files, named)
    items += [_activity(one, named) for one in done]
    return sorted(items, key=lambda item: item["at"], reverse=True)


def _change(module: Module, entry: Row) -> dict[str, Any]:
    labels = {one.name: str(one.label) for one in module.fields}
    inputs, text = entry["inputs"], entry["reason"]
    # The reason stands by itself; other inputs are kept as ids and are told by the record.
    if changed := inputs.get("changed"):
        text = _("Changed: %(fields)s") % {"fields": ", ".join(labels.get(name, name) for name in changed)}
    moved = entry["from_state"] != entry["to_state"] and module.machine is not None
    return {
        "kind": "change" if moved else "edit",
        "icon": "arrow-right"
        if moved and entry["from_state"]
        else "plus"
        if entry["transition"] == "create"
        else "pencil",
        "title": entry["title"],
        "to_state": entry["to_state"] if moved else "",
        "who": entry["actor"],
        "at": entry["at"],
        "text": text,
    }


def _note(one: Note, named: Names) -> dict[str, Any]:
    return {
        "kind": "note",
        "icon": "message-square",
        "title": _("Internal note") if one.internal else _("Note"),
        "to_state": "",
        "who": named.of(one.author),
        "at": one.created_at,
        "text": one.body,
    }


def _activity(one: Activity, named: Names) -> dict[str, Any]:
    return {
        "kind": "note",
        "icon": ICONS.get(one.kind, "circle"),
        "title": _("%(kind)s done: %(title)s") % {"kind": one.get_kind_display(), "title": one.title},
        "to_state": "",
        "who": named.of(one.assignee),
        "at": one.done_at,
        "text": one.body,
    }
