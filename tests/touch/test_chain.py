"""The log is append-only and chained: whatever is done to it is found, and at which line."""

from __future__ import annotations

import uuid
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from prm.touch import chain
from prm.touch.chain import Note, append, verify
from prm.touch.models import Kind, TouchEntry, TouchHead
from prm.touch.retention import prune
from workflows import triggers

pytestmark = pytest.mark.django_db


def notes(number: int, **fields: object) -> list[Note]:
    return [
        Note(
            at=timezone.now(), kind=Kind.PAGE, door="page", verb=f"page {one}", address="192.0.2.7", **fields
        )
        for one in range(number)
    ]


def tampered(sql: str, *params: object) -> None:
    with triggers.maintenance(), connection.cursor() as cursor:
        cursor.execute(sql, params)


def test_lines_are_numbered_and_chained():
    append(notes(3))
    append(notes(2))
    lines = list(TouchEntry.objects.order_by("seq"))
    assert [one.seq for one in lines] == [1, 2, 3, 4, 5]
    assert [one.prev_hash for one in lines] == [chain.BEGIN, *(one.hash for one in lines[:-1])]
    found = verify()
    assert (found.lines, found.broken, found.seq, found.hash) == (5, None, 5, lines[-1].hash)


def test_an_empty_log_is_whole():
    assert verify().broken is None


@pytest.mark.parametrize(
    ("sql", "seq", "why"),
    [
        ("UPDATE touch_touchentry SET verb = 'another' WHERE seq = 3", 3, "altered"),
        ("UPDATE touch_touchentry SET user_id = NULL, kind = 'list' WHERE seq = 5", 5, "altered"),
        ("UPDATE touch_touchentry SET address = '192.0.2.8' WHERE seq = 2", 2, "altered address"),
        ("DELETE FROM touch_touchentry WHERE seq = 4", 4, "missing"),
        ("DELETE FROM touch_touchentry WHERE seq = 1", 1, "missing"),
        ("DELETE FROM touch_touchentry WHERE seq = 5", 5, "missing"),
        ("DELETE FROM touch_touchentry", 1, "missing"),
        ("UPDATE touch_touchhead SET seq = 4", 5, "inserted behind the end"),
        ("UPDATE touch_touchhead SET seq = 7", 6, "missing"),
        (
            "UPDATE touch_touchhead SET hash = prev FROM (SELECT '0' AS prev) AS p",
            5,
            "not the hash of the head",
        ),
    ],
)
def test_tampering_is_found(sql, seq, why):
    append(notes(5))
    assert verify().broken is None
    tampered(sql)
    assert verify().broken == (seq, why)


def test_changed_places_are_found():
    append(notes(4))
    tampered("UPDATE touch_touchentry SET seq = 99 WHERE seq = 2")
    tampered("UPDATE touch_touchentry SET seq = 2 WHERE seq = 3")
    tampered("UPDATE touch_touchentry SET seq = 3 WHERE seq = 99")
    assert verify().broken == (2, "not chained to the line before")


def test_a_line_that_was_put_in_is_found():
    append(notes(4))
    tampered("DELETE FROM touch_touchentry WHERE seq = 2")
    forged = TouchEntry(seq=2, at=timezone.now(), kind=Kind.LIST, door="page")
    forged.prev_hash = TouchEntry.objects.get(seq=1).hash
    forged.hash = chain.hash_of(forged, forged.prev_hash)
    forged.save(force_insert=True)
    assert verify().broken == (3, "not chained to the line before")


def test_a_chain_made_anew_is_not_the_one_that_was_noted():
    append(notes(3))
    noted = (3, verify().hash)
    tampered("DELETE FROM touch_touchentry")
    tampered("UPDATE touch_touchhead SET seq = 0, hash = %s", chain.BEGIN)
    append(notes(3))
    assert verify().broken is None
    assert verify(noted=noted).broken == (3, "not the hash that was noted")
    tampered("DELETE FROM touch_touchentry WHERE seq = 3")
    tampered("UPDATE touch_touchhead SET seq = 2, hash = %s", TouchEntry.objects.get(seq=2).hash)
    assert verify(noted=noted).broken == (3, "removed from the end")


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE touch_touchentry SET verb = 'another'",
        "UPDATE touch_touchentry SET address = ''",
        "DELETE FROM touch_touchentry",
        "DELETE FROM touch_touchhead",
        "UPDATE touch_touchhead SET seq = 1",
    ],
)
def test_the_database_refuses(sql):
    append(notes(3))
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    with pytest.raises(IntegrityError), transaction.atomic():
        TouchEntry.objects.all().delete()
    assert verify().lines == 3


def test_an_insert_that_replaces_is_no_way_round():
    append(notes(2))
    line = TouchEntry.objects.get(seq=2)
    columns = [field.column for field in TouchEntry._meta.concrete_fields]
    values = ", ".join({"id": "%s", "verb": "'another'"}.get(name, name) for name in columns)
    other = uuid.uuid4()
    text = f"INTO touch_touchentry ({', '.join(columns)}) SELECT {values} FROM touch_touchentry WHERE seq = 2"
    sql = f"INSERT OR REPLACE {text}"
    if connection.vendor == "postgresql":
        sql = f"INSERT {text} ON CONFLICT (seq) DO UPDATE SET verb = 'another'"
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, [other if connection.vendor == "postgresql" else other.hex])
    assert TouchEntry.objects.get(seq=2).verb == line.verb


def test_the_triggers_are_there_and_a_flush_empties_the_log():
    append(notes(2))
    assert not triggers.missing()
    call_command("flush", interactive=False)
    append(notes(1))
    assert verify().lines == 1


def test_retention_leaves_an_anchor():
    now = timezone.now()
    append([Note(at=now - timedelta(days=30 - one), kind=Kind.PAGE, door="page") for one in range(20)])
    assert prune(now - timedelta(days=20)) == 10
    found = verify()
    assert (found.lines, found.broken) == (10, None)
    append(notes(3))
    assert (verify().lines, verify().broken) == (13, None)
    assert verify(15).lines == 9
    tampered("DELETE FROM touch_touchentry WHERE seq = 11")
    assert verify().broken == (11, "missing")


def test_all_may_go_and_the_chain_goes_on():
    append(notes(3))
    assert prune(timezone.now() + timedelta(days=1)) == 3
    assert verify().broken is None
    append(notes(2))
    assert [one.seq for one in TouchEntry.objects.order_by("seq")] == [4, 5]
    assert (verify().lines, verify().broken) == (2, None)


def test_an_erased_address_leaves_the_chain_whole():
    append(notes(3))
    tampered("UPDATE touch_touchentry SET address = '', address_salt = '' WHERE seq = 2")
    found = verify()
    assert (found.lines, found.erased, found.broken) == (3, 1, None)


def command(*args: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("verify_touches", *args, stdout=out)
    except SystemExit as error:
        return int(error.code), out.getvalue()
    return 0, out.getvalue()


def test_the_command_says_one_line():
    append(notes(5))
    code, text = command()
    assert code == 0 and text.startswith("whole: 5 lines; head 5:") and text.count("\n") == 1
    assert command("--from", "4")[1].startswith("whole: 2 lines")
    noted = text.split()[-1]
    assert command("--noted", noted)[0] == 0
    tampered("UPDATE touch_touchentry SET verb = 'another' WHERE seq = 3")
    code, text = command()
    assert code == 1 and text == "broken at 3: altered (2 lines hold before it)\n"
    assert command("--from", "4")[0] == 0


def test_nothing_is_half_written(monkeypatch):
    append(notes(1))

    def broken(*args: object, **kwargs: object) -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(type(TouchHead.objects.all()), "update", broken)
    with pytest.raises(DatabaseError), transaction.atomic():
        append(notes(2))
    monkeypatch.undo()
    assert verify().lines == 1


def test_what_was_noted_is_not_passed_over_behind_the_beginning():
    """Whoever makes the chain anew can put its beginning behind the line that was noted."""
    append(notes(3))
    noted = (3, verify().hash)
    prune(timezone.now() + timedelta(days=1))
    append(notes(3))
    assert verify(noted=noted).broken is None
    assert verify(noted=(3, "a" * 64)).broken == (3, "not the hash that was noted")
    prune(timezone.now() + timedelta(days=1))
    broken = verify(noted=noted).broken
    assert broken is not None and broken[0] == 3 and "cannot be compared" in broken[1]
