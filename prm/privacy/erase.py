"""Erasing a person: all that says who they were goes, what happened stays.

One transaction. Rows about the person are emptied or deleted as the map says; texts anywhere lose their name,
addresses and numbers; the history keeps every step, done by an erased person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prm.access.rights import administers
from prm.partners.models import Partner
from prm.people.models import Company, Contact, User
from prm.people.rules import hold_admins, is_last_administrator, other_admins
from prm.privacy import remains, scrub
from prm.privacy.map import HOLDINGS, NO_MAILBOX, Holding, holding, holdings
from prm.privacy.models import Erasure
from prm.privacy.person import Person
from prm.search.database import forget_removed
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput, Reason, Refused
from workflows.locking import lock
from workflows.models import TransitionRecord
from workflows.perform import unit_of_work
from workflows.triggers import maintenance

HISTORY = TransitionRecord._meta.label_lower


@dataclass
class Report:
    """What an erasure changes, or would. rows: by what is done and the kind of record; kept: what stays and
    why."""

    emptied: Counter[str] = field(default_factory=Counter)
    deleted: Counter[str] = field(default_factory=Counter)
    searched: Counter[str] = field(default_factory=Counter)
    kept: list[str] = field(default_factory=list)

    @property
    def lines(self) -> list[tuple[str, str, int]]:
        """(what is done, kind of record, how many), for people."""
        told = (
            (_("emptied"), self.emptied),
            (_("deleted"), self.deleted),
            (_("mentions taken out"), self.searched),
        )
        return [
            (what, label, count) for what, found in told for label, count in sorted(found.items()) if count
        ]

    @property
    def total(self) -> int:
        return sum((self.emptied + self.deleted + self.searched).values())


def refusals(person: Person, actor: Actor) -> list[Reason]:
    """What stands against it, each with what to do first."""
    found = []
    user = person.user
    if user is not None and actor.user is not None and user.pk == actor.user.pk:
        found.append(Reason("oneself", _("Ask another administrator to erase you.")))
    if user is not None and user.is_active and is_last_administrator(user):
        found.append(Reason("last_administrator", _("The last administrator cannot be erased.")))
    for company in _left_alone(person):
        text = _("%(name)s is the last admin of %(company)s. Make somebody else an admin there first.")
        found.append(Reason("last_admin", text % {"name": person.label, "company": company}))
    if user is not None:
        partners = Partner.objects.filter(channel_manager=user).count()
        if partners:
            text = ngettext(
                "%(name)s looks after %(count)d partner. Hand it over first.",
                "%(name)s looks after %(count)d partners. Hand them over first.",
                partners,
            )
            found.append(Reason("channel_manager", text % {"name": person.label, "count": partners}))
    if not person.emails and not person.names:
        found.append(Reason("erased", _("This person has been erased already.")))
    return found


def _left_alone(person: Person) -> list[Company]:
    """Companies with access that would be without an admin."""
    mine = [one.pk for one in person.contacts]
    admins = Contact.objects.filter(pk__in=mine, is_admin=True, user__is_active=True)
    companies = Company.objects.filter(contacts__in=admins, closed_at=None).distinct().order_by("name", "pk")
    return [one for one in companies if not other_admins(one.pk, mine).exists()]


def preview(person: Person) -> Report:
    """What `erase` would do; nothing is changed."""
    report = Report()
    for model, one in holdings():
        count = person.rows(model, one).count() if one.mine and not one.quiet else 0
        (report.deleted if one.delete else report.emptied)[_named(model)] += count
    for model, _obj, _changes in _mentions(person):
        report.searched[_named(model)] += 1
    for label, count in remains.count(person).items():
        report.deleted[label] += count
    _keeping(person, report)
    return report


def erase(actor: Actor, person: Person, *, confirmed: str | None = None) -> Report:
    """Erases the person for good. confirmed: their name as somebody typed it; None for commands.

    Raises Denied, Refused with what is to be done first, InvalidInput where the name is another.
    """
    if actor.is_person and not administers(actor.user):
        raise Denied
    if confirmed is not None and " ".join(confirmed.split()).casefold() != person.label.casefold():
        raise InvalidInput({"name": [_("This is not the name of the person.")]})
    report = Report()
    # The search follows at the end of the unit, in the same transaction.
    with maintenance():
        with unit_of_work():
            _erase(actor, person, report)
        forget_removed()
    return report


def _erase(actor: Actor, person: Person, report: Report) -> None:
    _lock(person)
    if reasons := refusals(person, actor):
        raise Refused(reasons)
    _keeping(person, report)
    # While the rows can still be found by what is about to go.
    for label, count in remains.remove(person).items():
        report.deleted[label] += count
    for model, one in holdings():
        if not one.delete:
            continue
        count = _deleted(person.rows(model, one))
        report.deleted[_named(model)] += 0 if one.quiet else count
    mentioned = [(model, obj.pk, changes) for model, obj, changes in _mentions(person)]
    for model, one in holdings():
        if one.replace:
            count = _emptied(model, person, one)
            report.emptied[_named(model)] += 0 if one.quiet else count
    for model, pk, changes in mentioned:
        report.searched[_named(model)] += 1
        _write(model, pk, changes, only_texts=True)
    counts = {"emptied": report.emptied, "deleted": report.deleted, "searched": report.searched}
    Erasure.objects.create(
        by=actor.user, counts={name: sum(found.values()) for name, found in counts.items()}
    )


def _lock(person: Person) -> None:
    ids = sorted(contact.pk for contact in person.contacts)
    list(Contact.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))
    if person.user:
        person.user = lock(User, person.user.pk)
    hold_admins()


def _named(model: Any) -> str:
    return str(model._meta.verbose_name_plural)


def _deleted(rows: models.QuerySet[Any]) -> int:
    count = rows.count()
    rows.delete()
    return count


def _emptied(model: Any, person: Person, one: Holding) -> int:
    rows = person.rows(model, one)
    if model is TransitionRecord:
        by_name = TransitionRecord.objects.filter(actor_id=None, actor_name__in=person.names)
        return rows.update(**one.replace) + by_name.update(**one.replace)
    if one.quiet:
        # Bookkeeping, of which there may be very many rows; no word of it is searched for.
        return rows.update(**one.replace)
    ids = list(rows.values_list("pk", flat=True))
    for pk in ids:
        changes = dict(one.replace)
        if model is User:
            changes |= {"email": f"{pk.hex}.{NO_MAILBOX}", "password": "!"}
        if (
            model._meta.label_lower == "quotes.quote"
            and not model._base_manager.filter(pk=pk, decided_by_name__gt="").exists()
        ):
            changes.pop("decided_by_name", None)
        _write(model, pk, changes)
    return len(ids)


def _write(model: Any, pk: Any, changes: dict[str, Any], *, only_texts: bool = False) -> None:
    """Saves the columns as everybody does, so that search and sockets follow; the version says that it has
    changed. The history is changed by itself, under maintenance."""
    if model is TransitionRecord:
        TransitionRecord.objects.filter(pk=pk).update(**changes)
        return
    obj = model._base_manager.filter(pk=pk).first()
    if obj is None:
        return
    if only_texts:
        # What was emptied meanwhile stays empty.
        changes = {name: value for name, value in changes.items() if getattr(obj, name)}
    for name, value in changes.items():
        setattr(obj, name, value)
    names = set(changes)
    try:
        model._meta.get_field("version")
        obj.version += 1
        names.add("version")
    except FieldDoesNotExist:
        pass
    models.Model.save(obj, update_fields=names)


def _mentions(person: Person) -> Iterator[tuple[Any, Any, dict[str, Any]]]:
    """Rows whose texts hold a spelling: (model, row, the columns as they are to be)."""
    pattern = person.pattern()
    if pattern is None:
        return
    namesakes = {*person.names, *person.emails, *person.phones}
    for model, columns in scrub.texts():
        names = [column.name for column in columns]
        one = holding(model._meta.label_lower)
        going = set(person.rows(model, one).values_list("pk", flat=True)) if one.delete else set()
        for row in scrub.holding_rows(model, columns, person.spellings()).iterator():
            texts = {name: getattr(row, name) for name in names}
            # A name in a row about somebody else is somebody else's, though it be the same.
            texts = {
                name: text for name, text in texts.items() if name not in one.replace or text not in namesakes
            }
            clean = {name: scrub.cleaned(text, pattern) for name, text in texts.items()}
            changes = {name: text for name, text in clean.items() if text != texts[name]}
            if changes and row.pk not in going:
                yield model, row, changes


def _keeping(person: Person, report: Report) -> None:
    quotes = apps.get_model("quotes", "Dispatch")
    quote = HOLDINGS["quotes.quote"]
    sent = quotes.objects.filter(quote__in=person.rows(apps.get_model("quotes", "Quote"), quote)).count()
    if sent:
        report.kept.append(
            ngettext(
                "%(count)d quote that was sent stays as the file that the customer got: "
                "a business letter, which the law has kept.",
                "%(count)d quotes that were sent stay as the files that the customers got: "
                "business letters, which the law has kept.",
                sent,
            )
            % {"count": sent}
        )
