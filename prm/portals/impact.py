"""What a document means on today's data: who would see more or less, before anybody publishes it.

Users whose conditions come to the same are asked for as one, and the database counts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prm.access.models import Portal
from prm.access.policy import CompiledGrant, CompiledScope, Policy, States, compile_document, policy_of
from prm.access.rights import Rights
from prm.modules import registry
from prm.modules.columns import ALWAYS, NEVER, Shown, shown
from prm.modules.registry import Module
from prm.modules.texts import noun, number
from workflows.conditions import parameters_in
from workflows.models import TransitionRecord

#: For how long back a record counts as one that somebody works on.
WORKED = timedelta(days=30)

#: More kinds of reader than this are not asked for one by one.
MOST_READERS = 500

_EMPTY = CompiledGrant(scopes=(), views=())


@dataclass(frozen=True)
class Changed:
    """A field or an action, with the number of users who get it and of those who lose it.

    Of a field: on some record that they see both before and after.
    """

    name: str
    title: str
    gaining: int
    losing: int


@dataclass(frozen=True)
class ModuleImpact:
    """What changes with the records of one module.

    gaining, losing: users; gained, lost: records, each counted once. workers: users who lose a record that
    they did something with in the last thirty days; worked: those records.
    """

    module: str
    title: str
    gaining: int
    gained: int
    losing: int
    lost: int
    workers: int
    worked: int
    fields: tuple[Changed, ...]
    actions: tuple[Changed, ...]

    @property
    def silent(self) -> bool:
        """Whether nothing changes for anybody."""
        return not (self.gaining or self.losing or self.fields or self.actions)


@dataclass(frozen=True)
class Impact:
    """What a document means for a portal's active users. complete: whether all of them were asked for."""

    users: int
    complete: bool
    modules: tuple[ModuleImpact, ...]
    sentences: tuple[str, ...]

    def data(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self)


def impact(portal: Portal, document: Mapping[str, Any]) -> Impact:
    """What it would mean if the portal became what the document says, which must have passed the check."""
    before = policy_of(portal)
    after = compile_document(portal.key, portal.staff, document)
    users = list(get_user_model().objects.filter(portal=portal, is_active=True).order_by("pk"))
    complete, found = True, []
    for key in sorted({*before.grants, *after.grants}):
        if before.grants.get(key, _EMPTY).scopes == after.grants.get(key, _EMPTY).scopes:
            continue
        try:
            module = registry.get(key)
        except LookupError:
            continue
        comparison = _Comparison(module, before, after, users)
        complete = complete and comparison.complete
        one = comparison.result()
        if not one.silent:
            found.append(one)
    modules = tuple(found)
    return Impact(len(users), complete, modules, tuple(_sentences(modules, complete)))


class _Comparison:
    """One module before and after, for each kind of reader."""

    def __init__(self, module: Module, before: Policy, after: Policy, users: list[Any]) -> None:
        self.module, self.before, self.after, self.users = module, before, after, users
        self.grants = [policy.grants.get(module.key, _EMPTY) for policy in (before, after)]
        scopes = [one for grant in self.grants for one in grant.scopes]
        wheres = [one.where for one in scopes if one.where is not None]
        self.named = sorted({name for where in wheres for name in parameters_in(where)})
        groups = self._groups(any(one.admins_only for one in scopes))
        self.complete = len(groups) <= MOST_READERS
        self.groups = groups[:MOST_READERS]
        self.since = timezone.now() - WORKED

    def _groups(self, by_admin: bool) -> list[list[Any]]:
        """The users by what the conditions make of them, largest group first."""
        found: dict[Any, list[Any]] = {}
        for user in self.users:
            params = Rights(user, self.before).params
            values = [params[name] for name in self.named]
            key = json.dumps([values, by_admin and user.is_portal_admin], default=str)
            found.setdefault(key, []).append(user)
        return sorted(found.values(), key=len, reverse=True)

    def result(self) -> ModuleImpact:
        gained, lost = _Rows(), _Rows()
        workers: set[Any] = set()
        worked: set[Any] = set()
        fields: dict[str, list[int]] = {}
        actions: dict[str, list[int]] = {}
        for users in self.groups:
            old, new = Rights(users[0], self.before), Rights(users[0], self.after)
            gained.add(users, self._beyond(new, old))
            gone = self._beyond(old, new)
            if lost.add(users, gone) and gone is not None:
                done = self._done(users, gone)
                workers |= {actor for actor, _record in done}
                worked |= {record for _actor, record in done}
            self._count(fields, users, *self._fields(old, new))
            self._count(actions, users, *self._actions(old, new))
        return ModuleImpact(
            module=self.module.key,
            title=str(self.module.label_plural),
            gaining=gained.users,
            gained=gained.count(),
            losing=lost.users,
            lost=lost.count(),
            workers=len(workers),
            worked=len(worked),
            fields=tuple(
                Changed(name, str(self.module.field(name).label), *numbers)
                for name, numbers in fields.items()
            ),
            actions=tuple(
                Changed(name, _action_title(self.module, name), *numbers)
                for name, numbers in sorted(actions.items())
            ),
        )

    @staticmethod
    def _count(
        found: dict[str, list[int]], users: list[Any], gaining: Iterable[str], losing: Iterable[str]
    ) -> None:
        for at, names in enumerate((gaining, losing)):
            for name in names:
                found.setdefault(name, [0, 0])[at] += len(users)

    def _seen(self, rights: Rights) -> tuple[CompiledScope, ...]:
        return rights.scopes(self.module.key, "view")

    def _beyond(self, more: Rights, less: Rights) -> QuerySet[Any] | None:
        """The rows that are seen under `more` and not under `less`; None where there can be none."""
        wider, narrower = ({_text(one.where) for one in self._seen(rights)} for rights in (more, less))
        if not wider or wider <= narrower or "null" in narrower:
            return None
        rows = more.visible(self.module).order_by()
        return rows.exclude(pk__in=less.visible(self.module).order_by().values("pk")) if narrower else rows

    def _done(self, users: list[Any], gone: QuerySet[Any]) -> set[tuple[Any, Any]]:
        """Who of them did something with which of these rows of late."""
        lines = TransitionRecord.objects.filter(
            subject=self.module.subject,
            at__gte=self.since,
            actor_id__in=[user.pk for user in users],
            object_id__in=gone.values("pk"),
        )
        return set(lines.values_list("actor_id", "object_id").distinct())

    def _fields(self, old: Rights, new: Rights) -> tuple[list[str], list[str]]:
        """Fields that this kind of reader gets and loses on rows that are seen before and after."""
        if not self._seen(old) or not self._seen(new):
            return [], []
        gaining, losing = [], []
        # Fields that the same scopes show come to the same, so the database is asked for one of them.
        answers: dict[Any, tuple[bool, bool]] = {}
        for field in self.module.fields:
            signs = tuple(self._sign(field.name, rights) for rights in (old, new))
            if (
                field.hidden
                or signs[0] == signs[1]
                or len({states for one in signs for _, states in one}) == 1
            ):
                continue
            if signs not in answers:
                was, will = (shown(rights, self.module, field.name) for rights in (old, new))
                answers[signs] = (self._some(old, new, will, was), self._some(old, new, was, will))
            gains, loses = answers[signs]
            if gains:
                gaining.append(field.name)
            if loses:
                losing.append(field.name)
        return gaining, losing

    def _sign(self, name: str, rights: Rights) -> tuple[tuple[str, States], ...]:
        """Which rows show the field, and in which states."""
        return tuple((_text(one.where), one.readable(name, self.module.states)) for one in self._seen(rights))

    def _some(self, old: Rights, new: Rights, here: Shown, not_here: Shown) -> bool:
        """Whether one shows the field and the other not, on some row that is seen before and after."""
        if here is NEVER or not_here is ALWAYS:
            return False
        rows = old.visible(self.module).order_by()
        rows = rows.filter(pk__in=new.visible(self.module).order_by().values("pk"))
        if here is not ALWAYS:
            rows = rows.filter(here)
        if not_here is not NEVER:
            hiding = self.module.rows().order_by().filter(not_here)
            rows = rows.exclude(pk__in=hiding.values("pk"))
        return rows.exists()

    def _actions(self, old: Rights, new: Rights) -> tuple[set[str], set[str]]:
        was, will = (self._verbs(rights) for rights in (old, new))
        return will - was, was - will

    def _verbs(self, rights: Rights) -> set[str]:
        machine = self.module.machine
        all_transitions = {one.capability for one in machine.transitions} if machine else set()
        scopes = rights.scopes(self.module.key)
        named = {verb for scope in scopes for verb in scope.actions} - {"*", "view"}
        return named | (all_transitions if any("*" in scope.actions for scope in scopes) else set())


class _Rows:
    """Rows of several kinds of reader: each row once, however many gain or lose it."""

    def __init__(self) -> None:
        self.users = 0
        self.parts: list[QuerySet[Any]] = []

    def add(self, users: list[Any], rows: QuerySet[Any] | None) -> bool:
        """Whether there are any."""
        if rows is None or not rows.exists():
            return False
        self.users += len(users)
        self.parts.append(rows)
        return True

    def count(self) -> int:
        if len(self.parts) < 2:
            return sum(rows.count() for rows in self.parts)
        if len(self.parts) <= 100:
            first, *others = [rows.values_list("pk") for rows in self.parts]
            return int(first.union(*others).count())
        return len({pk for rows in self.parts for pk in rows.values_list("pk", flat=True).iterator()})


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _action_title(module: Module, name: str) -> str:
    plain = {
        "create": _("Create"),
        "edit": _("Edit"),
        "delete": _("Delete"),
        "export": _("Export"),
        "attach": _("Attach files"),
        "comment": _("Write notes"),
    }
    if name in plain or module.machine is None:
        return plain.get(name, name)
    titles = {one.capability: str(one.title) for one in module.machine.transitions}
    return titles.get(name, name)


def _sentences(modules: tuple[ModuleImpact, ...], complete: bool) -> Iterator[str]:
    for one in modules:
        module = registry.get(one.module)
        if one.gaining:
            text = ngettext(
                "%(users)s user gains %(records)s %(module)s.",
                "%(users)s users gain %(records)s %(module)s.",
                one.gaining,
            )
            yield text % _said(one.gaining, one.gained, module)
        if one.losing:
            text = ngettext(
                "%(users)s user loses %(records)s %(module)s.",
                "%(users)s users lose %(records)s %(module)s.",
                one.losing,
            )
            yield text % _said(one.losing, one.lost, module)
        for changed in (*one.fields, *one.actions):
            yield from _changed(one, changed, changed in one.fields)
    if not modules:
        yield _("Nothing changes for anybody on today's data.")
    workers, worked = sum(one.workers for one in modules), sum(one.worked for one in modules)
    if workers:
        text = ngettext(
            "%(users)s user loses records worked on in the last 30 days (%(records)s).",
            "%(users)s users lose records they worked on in the last 30 days (%(records)s).",
            workers,
        )
        yield text % {"users": number(workers), "records": number(worked)}
    elif modules:
        yield _("Nobody loses a record they worked on in the last 30 days.")
    if not complete:
        yield _("There are so many different users that only the largest groups were counted.")


def _said(users: int, records: int, module: Module) -> dict[str, str]:
    label = module.label if records == 1 else module.label_plural
    return {"users": number(users), "records": number(records), "module": noun(label)}


def _changed(one: ModuleImpact, changed: Changed, field: bool) -> Iterator[str]:
    if changed.gaining:
        text = (
            ngettext(
                "%(users)s user gains the field %(title)s (%(module)s).",
                "%(users)s users gain the field %(title)s (%(module)s).",
                changed.gaining,
            )
            if field
            else ngettext(
                "%(users)s user gains the action %(title)s (%(module)s).",
                "%(users)s users gain the action %(title)s (%(module)s).",
                changed.gaining,
            )
        )
        yield text % {"users": number(changed.gaining), "title": changed.title, "module": one.title}
    if changed.losing:
        text = (
            ngettext(
                "%(users)s user loses the field %(title)s (%(module)s).",
                "%(users)s users lose the field %(title)s (%(module)s).",
                changed.losing,
            )
            if field
            else ngettext(
                "%(users)s user loses the action %(title)s (%(module)s).",
                "%(users)s users lose the action %(title)s (%(module)s).",
                changed.losing,
            )
        )
        yield text % {"users": number(changed.losing), "title": changed.title, "module": one.title}
