"""The chain: how a line is hashed, appended and verified.

Whoever can write to the database past its triggers could make the whole chain anew; what cannot be made anew
is a head that was noted elsewhere, so `verify` says where the head stands, and takes one to compare with.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from django.contrib.auth import get_user_model
from django.db import transaction

from prm.touch.models import TouchEntry, TouchHead

#: What the first line is chained to.
BEGIN = "0" * 64

#: Lines that are inserted by one statement, or read at a time.
BATCH = 500


@dataclass(slots=True)
class Note:
    """A line before it has its place in the chain.

    email: typed at a sign-in that failed; it is looked up and never kept.
    """

    at: datetime
    kind: str
    door: str
    user: UUID | None = None
    as_user: UUID | None = None
    made_up: bool = False
    portal: str = ""
    module: str = ""
    record: UUID | None = None
    verb: str = ""
    address: str = ""
    request: str = ""
    email: str = ""


def mark_of(salt: str, address: str) -> str:
    """What the chain holds of an address."""
    return sha256(f"{salt}:{address}".encode()).hexdigest() if address else ""


def hash_of(entry: TouchEntry, prev_hash: str) -> str:
    """SHA-256 of the former hash and the line's canonical bytes: a JSON array, UTC to the microsecond."""
    told = [
        entry.seq,
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.kind,
        entry.door,
        str(entry.user_id or ""),
        str(entry.as_user_id or ""),
        entry.made_up,
        entry.portal,
        entry.module,
        str(entry.record or ""),
        entry.verb,
        entry.address_mark,
        entry.request,
        str(entry.id),
    ]
    return sha256(prev_hash.encode() + orjson.dumps(told)).hexdigest()


def _lines(notes: Sequence[Note], head: TouchHead, known: dict[str, UUID]) -> Iterator[TouchEntry]:
    seq, last = head.seq, head.hash
    for note in notes:
        seq += 1
        salt = secrets.token_hex(16) if note.address else ""
        entry = TouchEntry(
            seq=seq,
            at=note.at,
            kind=note.kind,
            door=note.door,
            user_id=note.user or known.get(note.email),
            as_user_id=note.as_user,
            made_up=note.made_up,
            portal=note.portal[:40],
            module=note.module[:60],
            record=note.record,
            verb=note.verb[:100],
            address=note.address[:45],
            address_salt=salt,
            address_mark=mark_of(salt, note.address[:45]),
            request=note.request[:64],
            prev_hash=last,
        )
        entry.hash = last = hash_of(entry, last)
        yield entry


def append(notes: Sequence[Note]) -> None:
    """Writes the notes behind the last line, in their order: the head is locked, and moves in the same
    transaction. Raises DatabaseError, and then nothing is written."""
    if not notes:
        return
    emails = {note.email for note in notes if note.email}
    with transaction.atomic():
        users = get_user_model()._base_manager.filter(email__in=emails) if emails else ()
        known = {user.email: user.pk for user in users}
        head = locked_head()
        for start in range(0, len(notes), BATCH):
            lines = list(_lines(notes[start : start + BATCH], head, known))
            TouchEntry.objects.bulk_create(lines)
            head.seq, head.hash = lines[-1].seq, lines[-1].hash
        TouchHead.objects.filter(pk=1).update(seq=head.seq, hash=head.hash)


def locked_head() -> TouchHead:
    """The head, locked until the transaction ends; made where there is none yet."""
    found = TouchHead.objects.select_for_update().filter(pk=1).first()
    if found is None:
        TouchHead.objects.get_or_create(pk=1, defaults={"hash": BEGIN, "since_hash": BEGIN})
        found = TouchHead.objects.select_for_update().get(pk=1)
    return found


@dataclass(frozen=True)
class Verdict:
    """What a verification found. broken: the first number that does not hold, and why; None where all do.

    lines: how many hold. erased: those of them whose address was taken out. seq, hash: the head.
    """

    lines: int
    erased: int
    seq: int
    hash: str
    broken: tuple[int, str] | None = None


def verify(start: int = 0, noted: tuple[int, str] | None = None) -> Verdict:
    """Reads the chain from line `start` (0: its beginning) to the head, some lines at a time.

    noted: number and hash of a line as it was noted elsewhere.
    """
    # Lines and head are written together, so the head that is read after the last line is never behind it.
    end = TouchEntry.objects.order_by("-seq").values_list("seq", flat=True).first() or 0
    head = TouchHead.objects.filter(pk=1).first() or TouchHead(hash=BEGIN, since_hash=BEGIN)
    expected, last = head.since + 1, head.since_hash
    if start > expected:
        # The line before says what the first one is chained to.
        before = TouchEntry.objects.filter(seq=start - 1).values_list("hash", flat=True).first()
        expected, last = start, before or ""
    lines = erased = 0

    def broken(seq: int, why: str) -> Verdict:
        return Verdict(lines, erased, head.seq, head.hash, (seq, why))

    if last == "":
        return broken(start - 1, "missing")
    if start <= head.since + 1 and TouchEntry.objects.filter(seq__lte=head.since).exists():
        first = TouchEntry.objects.order_by("seq").values_list("seq", flat=True)[0]
        return broken(first, "inserted before the beginning")
    if noted and noted[0] > head.seq:
        return broken(head.seq + 1, "removed from the end")
    if noted and noted[0] < expected - 1:
        # Somebody who made all anew could else say that retention took what was noted.
        return broken(noted[0], "before the first line read, so that it cannot be compared")
    if noted and noted[0] == expected - 1 and noted[1] != last:
        return broken(noted[0], "not the hash that was noted")
    for entry in read(expected, head.seq):
        if entry.seq != expected:
            return broken(expected, "missing")
        if entry.prev_hash != last:
            return broken(expected, "not chained to the line before")
        if entry.hash != hash_of(entry, last):
            return broken(expected, "altered")
        if entry.address or entry.address_salt:
            if mark_of(entry.address_salt, entry.address) != entry.address_mark:
                return broken(expected, "altered address")
        elif entry.address_mark:
            erased += 1
        if noted and entry.seq == noted[0] and entry.hash != noted[1]:
            return broken(expected, "not the hash that was noted")
        last = entry.hash
        expected, lines = expected + 1, lines + 1
    if expected <= head.seq:
        return broken(expected, "missing")
    if end > head.seq:
        return broken(head.seq + 1, "inserted behind the end")
    if start <= head.seq and last != head.hash:
        return broken(head.seq, "not the hash of the head")
    return Verdict(lines, erased, head.seq, head.hash)


def read(first: int, last: int) -> Iterator[TouchEntry]:
    """The lines from number `first` to `last` in their order, some at a time; the memory stays flat."""
    at = first
    while at <= last:
        found: list[Any] = list(TouchEntry.objects.filter(seq__gte=at, seq__lte=last).order_by("seq")[:BATCH])
        if not found:
            return
        yield from found
        at = found[-1].seq + 1
