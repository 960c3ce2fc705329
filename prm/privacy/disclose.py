"""Everything held on a person, as one file that they can read and that a program can read."""

from __future__ import annotations

import csv
import io
import json
import tempfile
import zipfile
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import IO, Any
from uuid import UUID

from django.apps import apps
from django.db import models, transaction
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from prm.access.rights import administers
from prm.files import store
from prm.files.models import StoredFile
from prm.modules.sheets import neutral
from prm.people.models import Contact, User
from prm.privacy.map import HOLDINGS, Holding, holdings
from prm.privacy.models import Disclosure
from prm.privacy.person import Person, of_contact, of_email, of_user, oneself
from prm.vendor.queries import vendor
from workflows import jobs
from workflows.actor import Actor
from workflows.errors import Denied, NotFound, Reason, Refused

GOOD_FOR = timedelta(days=7)
#: So many may be asked for by one user in a day.
A_DAY = 5
JOB = "prm.privacy.disclose.make"


def ask(
    actor: Actor, *, user: User | None = None, contact: Contact | None = None, email: str = ""
) -> Disclosure:
    """Has the file made by a job: of oneself, or by administrators of anybody. Raises Denied, Refused.

    email: of somebody who is neither a user nor a contact.
    """
    asking: User = actor.user
    oneself = user is not None and user.pk == asking.pk
    if not oneself and not administers(asking):
        raise Denied
    since = timezone.now() - timedelta(days=1)
    if (
        not administers(asking)
        and Disclosure.objects.filter(asked_by=asking, created_at__gt=since).count() >= A_DAY
    ):
        raise Refused(
            [Reason("too_often", _("You have asked for it several times today. Try again tomorrow."))]
        )
    with transaction.atomic():
        made = Disclosure.objects.create(
            user=user, contact=contact, email=email, asked_by=asking, expires_at=timezone.now() + GOOD_FOR
        )
        jobs.enqueue(JOB, str(made.pk))
    return made


def make(pk: str) -> None:
    """The job; called twice it makes the file once."""
    row = Disclosure.objects.filter(pk=UUID(pk)).first()
    if row is None or row.state == Disclosure.State.READY:
        return
    own = row.user_id is not None and row.user_id == row.asked_by_id
    try:
        with tempfile.TemporaryFile() as stream:
            write(_person(row), stream, internal=not own)
            stream.seek(0)
            with transaction.atomic():
                stored = store.keep(stream, "personal-data.zip", "application/zip")
                Disclosure.objects.filter(pk=row.pk).update(content=stored, state=Disclosure.State.READY)
    except Exception:
        Disclosure.objects.filter(pk=row.pk).update(state=Disclosure.State.FAILED)
        raise


def _person(row: Disclosure) -> Person:
    if row.contact is not None:
        return of_contact(row.contact)
    if row.user is None:
        return of_email(row.email)
    return oneself(row.user) if row.user_id == row.asked_by_id else of_user(row.user)


def fetch(user: User, pk: UUID) -> StoredFile:
    """The file, for whoever asked for it and as long as it is good and still theirs to have: that of somebody
    else only while they run the installation. Each time is counted. Raises NotFound."""
    row = Disclosure.objects.filter(pk=pk, asked_by=user, expires_at__gt=timezone.now()).first()
    if row is None or row.content is None:
        raise NotFound
    if row.user_id != user.pk and not administers(user):
        raise NotFound
    Disclosure.objects.filter(pk=pk).update(downloads=models.F("downloads") + 1, downloaded_at=timezone.now())
    return row.content


def sweep(now: datetime) -> int:
    """Ends files whose time is over; their bytes go with them."""
    count = 0
    for row in Disclosure.objects.filter(expires_at__lte=now).exclude(content=None)[:100]:
        with transaction.atomic():
            content = row.content
            if Disclosure.objects.filter(pk=row.pk).update(content=None) and content is not None:
                store.discard(content)
                count += 1
    # Nothing else is left of them than an address.
    Disclosure.objects.filter(expires_at__lte=now, content=None).exclude(email="").delete()
    return count


# --- what is in it


def write(person: Person, stream: IO[bytes], *, internal: bool = True) -> None:
    """Writes the ZIP: data.json, index.html, a CSV for each kind of record, and the person's files.

    internal: also what the vendor's people wrote for themselves.
    """
    sections = collect(person, internal=internal)
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        told = {"person": person.label, "made": timezone.now().isoformat(), "data": sections}
        archive.writestr("data.json", json.dumps(told, indent=2, ensure_ascii=False, default=str))
        tables: list[dict[str, Any]] = [
            {
                "title": title,
                "heads": _heads(rows),
                "rows": [[row.get(one, "") for one in _heads(rows)] for row in rows],
            }
            for title, rows in sections.items()
        ]
        page = {"person": person.label, "vendor": vendor().name, "made": timezone.now(), "tables": tables}
        archive.writestr("index.html", render_to_string("privacy/disclosure.html", page))
        for number, table in enumerate(tables, 1):
            out = io.StringIO()
            writer = csv.writer(out)
            writer.writerow(table["heads"])
            writer.writerows([[_cell(value) for value in row] for row in table["rows"]])
            archive.writestr(f"csv/{number:02}-{_file_name(table['title'])}.csv", "\ufeff" + out.getvalue())
        for file in _files(person, internal):
            try:
                with store.open_file(file.stored) as content:
                    archive.writestr(f"files/{file.pk.hex}-{_file_name(file.name)}", content.read())
            except FileNotFoundError:
                continue


def collect(person: Person, *, internal: bool = True) -> dict[str, list[dict[str, Any]]]:
    """By kind of record: every column of the rows about the person, and a line for each that names them."""
    sections: dict[str, list[dict[str, Any]]] = {}
    for model, one in holdings():
        if one.quiet:
            continue
        title = str(model._meta.verbose_name_plural)
        found = [_row(obj, one) for obj in _shown(person.rows(model, one), internal)] if one.mine else []
        if one.people:
            about = {row["id"] for row in found}
            for obj in _shown(person.refers(model, one), internal):
                if str(obj.pk) not in about:
                    found.append(_line(obj, person, one))
        if found:
            sections[title] = found
    return sections


def _shown(rows: models.QuerySet[Any], internal: bool) -> models.QuerySet[Any]:
    hides = any(column.name == "internal" for column in rows.model._meta.concrete_fields)
    return rows.filter(internal=False) if hides and not internal else rows


def _row(obj: models.Model, one: Holding) -> dict[str, Any]:
    told = {"id": str(obj.pk)}
    for column in obj._meta.concrete_fields:
        if column.name in one.secrets or isinstance(column, models.BinaryField) or column.primary_key:
            continue
        value = getattr(obj, column.attname)
        if value not in (None, "", [], {}):
            told[column.name] = _plain(value)
    return told


def _line(obj: models.Model, person: Person, one: Holding) -> dict[str, Any]:
    ids = {str(pk) for pk in person.ids}
    roles = [name for name in one.people if str(getattr(obj, f"{name}_id", "")) in ids]
    told = {"id": str(obj.pk), "record": str(obj), "as": ", ".join(roles)}
    made = getattr(obj, "created_at", None)
    return {**told, "created_at": _plain(made)} if made else told


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, bool | int | float | dict | list):
        return value
    return str(value)


def _files(person: Person, internal: bool) -> list[Any]:
    model = apps.get_model("records", "File")
    one = HOLDINGS["records.file"]
    author = model.objects.filter(author=person.user) if person.user else model.objects.none()
    rows = (person.rows(model, one) | author).filter(stored__isnull=False).select_related("stored").distinct()
    return list(_shown(rows, internal))


def _heads(rows: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _cell(value: Any) -> str:
    return neutral(json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value))


def _file_name(name: str) -> str:
    kept = "".join(letter if letter.isalnum() or letter in "-_. " else "_" for letter in name)
    return kept.strip(". ").replace(" ", "-")[:80] or "file"


def held(person: Person) -> Mapping[str, int]:
    """How much there is, by kind of record."""
    return {title: len(rows) for title, rows in collect(person).items()}
