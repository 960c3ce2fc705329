"""What libraries keep for a while, in forms that no search can read: sessions, jobs, stored answers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from cryptography.fernet import InvalidToken
from django.contrib.sessions.models import Session
from django.utils.translation import gettext as _
from django_q.models import OrmQ, Task
from django_q.signing import BadSignature, SignedPackage

from prm.access.sealing import unseal
from prm.privacy.person import Person
from workflows.models import IdempotencyKey


def _sessions(person: Person, pattern: re.Pattern[str] | None) -> Iterator[Session]:
    mine = str(person.user.pk) if person.user else None
    for session in Session.objects.iterator():
        data = session.get_decoded()
        if (mine and data.get("_auth_user_id") == mine) or (pattern and pattern.search(repr(data))):
            yield session


def _jobs(pattern: re.Pattern[str] | None) -> Iterator[OrmQ]:
    if pattern is None:
        return
    for row in OrmQ.objects.iterator():
        try:
            task = SignedPackage.loads(row.payload)
        except (TypeError, BadSignature):
            continue
        if pattern.search(_words(task.get("args", ()))) or pattern.search(repr(task.get("kwargs", ""))):
            yield row


def _done_jobs(pattern: re.Pattern[str] | None) -> Iterator[Task]:
    if pattern is None:
        return
    for task in Task.objects.iterator():
        if pattern.search(_words(task.args or ())) or pattern.search(f"{task.kwargs!r} {task.result!r}"):
            yield task


def _words(args: Any) -> str:
    """The arguments of a job in clear, those that are sealed, too."""
    found = []
    for one in args:
        if isinstance(one, str) and one.startswith("gAAAA"):
            try:
                found.append(repr(unseal(one)))
                continue
            except (InvalidToken, ValueError):
                pass
        found.append(repr(one))
    return " ".join(found)


def _answers(person: Person, pattern: re.Pattern[str] | None) -> Iterator[IdempotencyKey]:
    mine = {f"{kind}:{person.user.pk}" for kind in ("user", "link")} if person.user else set()
    for key in IdempotencyKey.objects.iterator():
        text = bytes(key.body or b"").decode(errors="replace")
        if key.principal in mine or (pattern and pattern.search(f"{text} {key.headers}")):
            yield key


def _all(person: Person) -> Iterator[tuple[str, Any]]:
    pattern = person.pattern()
    for session in _sessions(person, pattern):
        yield _("sessions"), session
    for job in _jobs(pattern):
        yield _("jobs"), job
    for task in _done_jobs(pattern):
        yield _("jobs"), task
    for key in _answers(person, pattern):
        yield _("stored answers"), key


def count(person: Person) -> Counter[str]:
    """How many of each kind hold something of the person."""
    return Counter(label for label, _row in _all(person))


def remove(person: Person) -> Counter[str]:
    """Deletes them, and says how many of each kind."""
    found = list(_all(person))
    for _label, row in found:
        row.delete()
    return Counter(label for label, _row in found)
