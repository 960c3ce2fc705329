"""The words of an alert, found when it is shown or sent, under the rights its reader has then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prm.access.rights import readable_fields, visible
from prm.alerts.models import Alert
from prm.alerts.readers import find, mark
from prm.alerts.values import shown
from prm.modules.naming import may_name
from prm.modules.read import get_rows
from prm.modules.registry import Module, for_subject
from prm.modules.texts import noun
from prm.people.reader import as_reader
from workflows.models import TransitionRecord

#: By kind: the sentence with the record's title, and the one without for whoever may not see it (any more).
#: A kind that is not here is told by its module's name and the state it has reached.
SENTENCES: dict[str, tuple[Any, Any]] = {
    "lead.created": (gettext_lazy("New lead: %(title)s"), gettext_lazy("There was a new lead")),
    "lead.assigned": (
        gettext_lazy("New lead on offer: %(title)s"),
        gettext_lazy("A lead was offered to your company"),
    ),
    "lead.accepted": (gettext_lazy("Lead accepted: %(title)s"), gettext_lazy("A lead was accepted")),
    "lead.claimed": (
        gettext_lazy("Lead claimed from the pool: %(title)s"),
        gettext_lazy("A lead was claimed"),
    ),
    "lead.declined": (gettext_lazy("Lead declined: %(title)s"), gettext_lazy("A lead was declined")),
    "lead.expired": (
        gettext_lazy("Nobody answered in time: %(title)s"),
        gettext_lazy("The offer of a lead to your company has expired"),
    ),
    "lead.recalled": (
        gettext_lazy("Lead taken back: %(title)s"),
        gettext_lazy("A lead was taken back from your company"),
    ),
    "lead.handed_over": (
        gettext_lazy("Lead handed to you: %(title)s"),
        gettext_lazy("A lead was handed over"),
    ),
    "opportunity.created": (
        gettext_lazy("New opportunity: %(title)s"),
        gettext_lazy("There was a new opportunity"),
    ),
    "opportunity.distributed": (
        gettext_lazy("New opportunity on offer: %(title)s"),
        gettext_lazy("An opportunity was offered to your company"),
    ),
    "opportunity.accepted": (
        gettext_lazy("Opportunity accepted: %(title)s"),
        gettext_lazy("An opportunity was accepted"),
    ),
    "opportunity.declined": (
        gettext_lazy("Opportunity declined: %(title)s"),
        gettext_lazy("An opportunity was declined"),
    ),
    "opportunity.expired": (
        gettext_lazy("Nobody answered in time: %(title)s"),
        gettext_lazy("The offer of an opportunity to your company has expired"),
    ),
    "opportunity.recalled": (
        gettext_lazy("Opportunity taken back: %(title)s"),
        gettext_lazy("An opportunity was taken back from your company"),
    ),
    "opportunity.handed_over": (
        gettext_lazy("Opportunity handed to you: %(title)s"),
        gettext_lazy("An opportunity was handed over"),
    ),
    "partner.created": (gettext_lazy("New partner: %(title)s"), gettext_lazy("A partner was founded")),
    "activity.reminder": (gettext_lazy("Reminder: %(title)s"), gettext_lazy("Reminder of an activity")),
    "quote.pending_approval": (
        gettext_lazy("Quote to approve: %(title)s"),
        gettext_lazy("A quote waits for approval"),
    ),
    "quote.approved": (gettext_lazy("Quote approved: %(title)s"), gettext_lazy("A quote was approved")),
    "quote.returned": (
        gettext_lazy("Quote returned, to be changed: %(title)s"),
        gettext_lazy("A quote was returned"),
    ),
    "quote.accepted": (
        gettext_lazy("Quote accepted by the customer: %(title)s"),
        gettext_lazy("A quote was accepted"),
    ),
    "quote.declined": (
        gettext_lazy("Quote declined by the customer: %(title)s"),
        gettext_lazy("A quote was declined"),
    ),
    "quote.undelivered": (
        gettext_lazy("The email has not reached the customer: %(title)s"),
        gettext_lazy("The email of a quote has not reached the customer"),
    ),
    "quote.expired": (
        gettext_lazy("Quote expired without an answer: %(title)s"),
        gettext_lazy("A quote has expired"),
    ),
    "quote.withdrawn": (gettext_lazy("Quote withdrawn: %(title)s"), gettext_lazy("A quote was withdrawn")),
    "document.published": (
        gettext_lazy("New in the library: %(title)s"),
        gettext_lazy("There was something new in the library"),
    ),
    "document.renewed": (
        gettext_lazy("New version in the library: %(title)s"),
        gettext_lazy("There was something new in the library"),
    ),
    "import.done": (gettext_lazy("Import done: %(title)s"), gettext_lazy("An import is done")),
    "import.failed": (gettext_lazy("Import failed: %(title)s"), gettext_lazy("An import failed")),
    "export.ready": (
        gettext_lazy("Your export is ready: %(title)s"),
        gettext_lazy("An export is no longer there"),
    ),
    "export.failed": (gettext_lazy("Export failed: %(title)s"), gettext_lazy("An export failed")),
    "registration.submitted": (
        gettext_lazy("New registration to look at: %(title)s"),
        gettext_lazy("A registration was submitted"),
    ),
}

#: What a partner has entered itself: the sentence for whoever may read which partner that is.
BY_PARTNER: dict[str, Any] = {
    "lead.created": gettext_lazy("New lead by %(partner)s: %(title)s"),
    "opportunity.created": gettext_lazy("New opportunity by %(partner)s: %(title)s"),
}

#: Told to a partner that has lost the record: its own offer, which it may still see, gives the topic.
OFFERS = {"leads": ("lead-assignments", "lead"), "opportunities": ("opportunity-assignments", "opportunity")}
PARTING = frozenset({"recalled", "expired"})

FACTS = 4

#: By kind of alert: what apps to the right tell of, by the event, where it is not the record itself.
TELLERS: dict[str, Callable[[Sequence[Alert]], dict[UUID, str]]] = {}

#: Rows that a reader may see, by module and id.
Rows = dict[tuple[str, UUID], Any]


@dataclass
class Words:
    """One alert as its reader may read it now."""

    alert: Alert
    title: str
    url: str
    visible: bool
    by: str = ""
    reason: str = ""
    facts: list[tuple[str, str]] = field(default_factory=list)
    due: str = ""

    @property
    def body(self) -> str:
        """What there is to say beyond the title, in one line."""
        parts = [self.by, self.reason, " · ".join(value for _label, value in self.facts), self.due]
        return " — ".join(part for part in parts if part)

    def as_dict(self) -> dict[str, Any]:
        """As pages, API and socket give it."""
        return {
            "seq": self.alert.seq,
            "kind": self.alert.kind,
            "title": self.title,
            "body": self.body,
            "url": self.url,
            "object": {"module": self.alert.module, "id": str(self.alert.object_id)},
            "at": iso(self.alert.at),
            "seen": self.alert.seen_at is not None,
        }


@dataclass(frozen=True)
class Deed:
    """Who did it and why. who: the login of the actor, where there is one still.

    subject, object_id: the record that it was done to, which may belong to the one that the alert is about,
    such as a version of a document.
    """

    subject: str
    object_id: UUID
    actor_id: UUID | None
    actor: str
    who: Any
    transition: str
    reason: str

    @property
    def company(self) -> UUID | None:
        """The company that the actor belongs to."""
        return self.who.company_id if self.who else None

    def beside(self, alert: Alert) -> tuple[Module, UUID] | None:
        """The record that it was done to, where the alert is about another one."""
        module = for_subject(self.subject)
        return (module, self.object_id) if module and self.object_id != alert.object_id else None

    def reason_shown(self, module: Module) -> str:
        """The reason in words: where it was chosen from a list, history keeps the code of the choice."""
        done = module.machine.get(self.transition) if module.machine else None
        asked = done.inputs.get("reason") if done else None
        return str(dict(asked.options()).get(self.reason, self.reason)) if asked else self.reason


def told_by(kind: str, titles: Callable[[Sequence[Alert]], dict[UUID, str]]) -> None:
    """Has `titles(alerts)` say by event what alerts of this kind tell of, such as a reminder of its call."""
    TELLERS[kind] = titles


def iso(at: datetime) -> str:
    """ISO 8601 in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def render(alerts: Sequence[Alert], user: Any) -> list[dict[str, Any]]:
    """The alerts as dicts, in their order."""
    return [one.as_dict() for one in compose([(user, alerts)])[0]]


def compose(wanted: Sequence[tuple[Any, Sequence[Alert]]]) -> list[list[Words]]:
    """The words of several readers' alerts.

    Queries grow with kinds of reader and modules, not with alerts: colleagues with the same rights share what
    is read.
    """
    all_alerts = [one for _user, alerts in wanted for one in alerts]
    deeds = _deeds(all_alerts)
    told = _told(all_alerts)
    rows = _rows(wanted, deeds)
    return [
        _for_reader(user, alerts, mine, deeds, told)
        for (user, alerts), mine in zip(wanted, rows, strict=True)
    ]


def _told(alerts: Sequence[Alert]) -> dict[UUID, str]:
    found: dict[UUID, str] = {}
    for kind, titles in TELLERS.items():
        if mine := [one for one in alerts if one.kind == kind]:
            found |= titles(mine)
    return found


def _deeds(alerts: Sequence[Alert]) -> dict[UUID, Deed]:
    events = {one.event for one in alerts}
    records = TransitionRecord.objects.filter(pk__in=events)
    found = (
        list(
            records.values_list(
                "pk", "subject", "object_id", "actor_id", "actor_name", "transition", "reason"
            )
        )
        if events
        else []
    )
    actors = {row[3] for row in found if row[3]}
    known = get_user_model().objects.in_bulk(actors)
    return {
        pk: Deed(subject, about, actor, name, known.get(actor) if actor else None, transition, reason)
        for pk, subject, about, actor, name, transition, reason in found
    }


def _for_reader(
    user: Any, alerts: Sequence[Alert], rows: Rows, deeds: dict[UUID, Deed], told: dict[UUID, str]
) -> list[Words]:
    with as_reader(user):
        topics = _own_topics(user, [one for one in alerts if (one.module, one.object_id) not in rows])
        return [
            _words(
                user,
                one,
                rows,
                deeds.get(one.event),
                topics,
                told.get(one.event, ""),
            )
            for one in alerts
        ]


def _rows(wanted: Sequence[tuple[Any, Sequence[Alert]]], deeds: dict[UUID, Deed]) -> list[Rows]:
    """For each reader, the records of the alerts, and what was done beside them, that they may see now."""
    asked: dict[Hashable, tuple[Any, Module, set[UUID]]] = {}
    marks: list[dict[str, Hashable]] = []
    for user, alerts in wanted:
        mine: dict[str, Hashable] = {}
        for one in alerts:
            deed = deeds.get(one.event)
            about = [(find(one.module), one.object_id), (deed and deed.beside(one)) or (None, None)]
            for module, pk in about:
                if module is None or pk is None:
                    continue
                if module.key not in mine:
                    mine[module.key] = mark(user, module, _needed(module))
                    asked.setdefault(mine[module.key], (user, module, set()))
                asked[mine[module.key]][2].add(pk)
        marks.append(mine)
    found = {
        key: get_rows(user, module, ids, fields=_needed(module)) for key, (user, module, ids) in asked.items()
    }
    return [
        {(key, pk): row for key, reader in mine.items() for pk, row in found[reader].items()}
        for mine in marks
    ]


def _needed(module: Module) -> set[str]:
    """Fields that the words are made of. No people: whom one may see differs from reader to reader, and then
    colleagues could not share a row."""
    wanted = {module.title, "due_at", "partner", *module.card} & module.by_name.keys()
    return {name for name in wanted if module.field(name).stored and module.field(name).module != "users"}


def _own_topics(user: Any, alerts: Iterable[Alert]) -> dict[tuple[str, UUID], str]:
    """Topics of lost records, from the reader's own offers."""
    topics: dict[tuple[str, UUID], str] = {}
    lost: dict[str, set[UUID]] = defaultdict(set)
    for one in alerts:
        if one.module in OFFERS and one.kind.rpartition(".")[2] in PARTING:
            lost[one.module].add(one.object_id)
    for key, ids in lost.items():
        offers_key, path = OFFERS[key]
        offers = find(offers_key)
        if offers is not None and "topic" in readable_fields(user, offers):
            rows = visible(user, offers).filter(**{f"{path}_id__in": ids})
            topics |= {(key, pk): topic for pk, topic in rows.values_list(f"{path}_id", "topic")}
    return topics


def _words(
    user: Any,
    alert: Alert,
    rows: Rows,
    deed: Deed | None,
    topics: dict[tuple[str, UUID], str],
    told: str,
) -> Words:
    module, row = find(alert.module), rows.get((alert.module, alert.object_id))
    topic = topics.get((alert.module, alert.object_id), "")
    if row is None or module is None:
        title = _sentence(alert.kind, module, topic)
        return Words(alert, title, reverse("alerts"), visible=bool(topic))
    topic = shown(module.field(module.title), row.get(module.title))
    words = Words(
        alert,
        _sentence(alert.kind, module, told or topic, (row.get("partner") or {}).get("title") or ""),
        reverse("record", args=[alert.module, alert.object_id]),
        visible=True,
        facts=[(str(module.label), topic)] if told else _facts(module, row),
    )
    if told:
        return words
    beside = deed.beside(alert) if deed else None
    if beside:
        words.facts = _facts(beside[0], rows.get((beside[0].key, beside[1]), {}))
    # Names and reasons of the vendor's people stay with the vendor; colleagues are told of each other.
    staff = bool(user.portal and user.portal.staff)
    if deed and (staff or (deed.company and deed.company == user.company_id and may_name(user, deed.who))):
        words.by = deed.actor if deed.actor_id else ""
        words.reason = deed.reason_shown(module)
    due = row.get("due_at")
    if due and due > timezone.now():
        words.due = _("answer by %(moment)s") % {
            "moment": date_format(timezone.localtime(due), "DATETIME_FORMAT")
        }
    return words


def _sentence(kind: str, module: Module | None, title: str, partner: str = "") -> str:
    if title and partner and kind in BY_PARTNER:
        return str(BY_PARTNER[kind]) % {"title": title, "partner": partner}
    known = SENTENCES.get(kind)
    if known:
        return str(known[0]) % {"title": title} if title else str(known[1])
    label = str(module.label) if module else kind.partition(".")[0]
    reached = kind.rpartition(".")[2]
    machine = module.machine if module else None
    state = machine.title(reached) if machine else reached
    what = f"{label}: {noun(state.replace('_', ' '))}"
    return f"{what} ({title})" if title else what


def _facts(module: Module, row: dict[str, Any]) -> list[tuple[str, str]]:
    facts = []
    for name in module.card:
        one = module.field(name)
        if name in (module.title, "due_at", "state", module.board) or not one.stored:
            continue
        value = shown(one, row.get(name))
        if value:
            facts.append((str(one.label), value))
    return facts[:FACTS]
