"""Many who are invited at once, from lines of a table: tried first, then done, each line for itself.

The trial does all that the real thing does and takes it back, so that it cannot say anything else. To whom an
address belongs is not among what a line is told, in neither.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from prm.access.models import Portal
from prm.access.rights import visible
from prm.modules import registry
from prm.people.actions import invite
from prm.people.models import Company, Invitation
from workflows.actor import Actor
from workflows.errors import InvalidInput, WorkflowError
from workflows.perform import unit_of_work

#: Lines of one go: each sends a mail, and the trial of all is one transaction.
MOST = 300
#: Bytes of a file with so many lines.
LARGEST = 200_000

COLUMNS = ("email", "name", "portal", "company", "admin")
YES = frozenset({"yes", "true", "1", "x", "y", "ja", "oui", "si", "نعم"})


@dataclass(frozen=True)
class Line:
    """One person as the table has them; portal and company by what they are called, or by id."""

    number: int
    email: str
    name: str = ""
    portal: str = ""
    company: str = ""
    admin: bool = False

    @classmethod
    def of(cls, number: int, given: Mapping[str, Any]) -> Line:
        """A line of texts, or of a body of the API."""
        texts = {name: " ".join(str(given.get(name) or "").split()) for name in COLUMNS[:4]}
        admin = given.get("admin")
        return cls(number, admin=admin is True or str(admin or "").strip().lower() in YES, **texts)


@dataclass(frozen=True)
class Outcome:
    """What became of a line, or would. errors: by column, "" for the line as a whole."""

    line: Line
    invitation: Invitation | None = None
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return not self.errors

    @property
    def reason(self) -> str:
        """All that is wrong in one text."""
        return " ".join(str(text) for texts in self.errors.values() for text in texts)


def read(text: str) -> list[Line]:
    """The lines of a table: separated by commas, semicolons or tabs, with or without a row of names.

    Without names, the columns are those of `COLUMNS` in this order. Lines are numbered as in the table.
    Raises InvalidInput.
    """
    text = text.lstrip("\ufeff").replace("\x00", "")
    first = next((line for line in text.splitlines() if line.strip()), "")
    if not first:
        raise InvalidInput({"lines": [_("There is nothing in it.")]})
    between = max(",;\t", key=first.count)
    try:
        rows = [
            (number, [cell.strip() for cell in row])
            for number, row in _numbered(csv.reader(io.StringIO(text), delimiter=between, strict=True))
            if any(cell.strip() for cell in row)
        ]
    except csv.Error as error:
        raise InvalidInput({"lines": [_("This is no table: %(why)s.") % {"why": error}]}) from None
    names = [cell.lower() for cell in rows[0][1]]
    if any("@" in name for name in names):
        names = list(COLUMNS)
    else:
        rows = rows[1:]
        if unknown := [name for name in names if name not in COLUMNS]:
            said = _("There is no column “%(name)s”. There are: %(columns)s.")
            facts = {"name": unknown[0], "columns": ", ".join(COLUMNS)}
            raise InvalidInput({"lines": [said % facts]})
        if "email" not in names:
            raise InvalidInput({"lines": [_("The column “email” is missing.")]})
    if not rows:
        raise InvalidInput({"lines": [_("There is nobody in it.")]})
    if len(rows) > MOST:
        raise InvalidInput({"lines": [_("At most %(most)d lines at once.") % {"most": MOST}]})
    return [Line.of(number, dict(zip(names, row, strict=False))) for number, row in rows]


def _numbered(reader: Any) -> Iterator[tuple[int, list[str]]]:
    for row in reader:
        yield reader.line_num, row


def decoded(raw: bytes) -> str:
    """The text of a file, as spreadsheets write it. Raises InvalidInput."""
    if len(raw) > LARGEST:
        raise InvalidInput({"file": [_("The file is too large.")]})
    for encoding in ("utf-8-sig", "utf-16") if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig",):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("cp1252", errors="replace")


def tried(
    actor: Actor, lines: Sequence[Line], portal: Portal | None = None, company: Company | None = None
) -> list[Outcome]:
    """What would become of each line; nothing has."""
    with transaction.atomic():
        outcomes = _each(actor, lines, portal, company)
        transaction.set_rollback(True)
    return [Outcome(one.line, errors=one.errors) for one in outcomes]


def invited(
    actor: Actor, lines: Sequence[Line], portal: Portal | None = None, company: Company | None = None
) -> list[Outcome]:
    """Invites whom the lines name, each in a transaction of its own; the error of one stops no other.

    portal, company: for lines that name none.
    """
    return _each(actor, lines, portal, company)


def _each(
    actor: Actor, lines: Sequence[Line], portal: Portal | None, company: Company | None
) -> list[Outcome]:
    found = _Called(actor.user)
    seen: dict[str, int] = {}
    outcomes = []
    for line in lines:
        try:
            if (earlier := seen.setdefault(line.email.lower(), line.number)) != line.number:
                said = _("The same address as in line %(number)d.")
                raise InvalidInput({"email": [said % {"number": earlier}]})
            where = found.portal(line.portal) if line.portal else portal
            whose = found.company(line.company) if line.company else company
            with unit_of_work():
                invitation = invite(
                    actor,
                    email=line.email,
                    name=line.name,
                    is_admin=line.admin,
                    company=whose,
                    portal=where,
                )
            outcomes.append(Outcome(line, invitation))
        except InvalidInput as error:
            outcomes.append(Outcome(line, errors=_in_columns(error)))
        except WorkflowError as error:
            outcomes.append(Outcome(line, errors={"": [error.message]}))
    return outcomes


def _in_columns(error: InvalidInput) -> dict[str, Sequence[str]]:
    names = {"is_admin": "admin"}
    return {names.get(name, name): [str(one) for one in texts] for name, texts in error.errors.items()}


class _Called:
    """Portals and companies by what they are called, among those that the user may see; each asked once."""

    def __init__(self, user: Any) -> None:
        self.user = user
        self.outside = not (user.portal_id and user.portal.staff)
        self._portals: dict[str, Portal] = {}
        self._companies: dict[str, Company] = {}

    def portal(self, called: str) -> Portal:
        """Raises InvalidInput."""
        if called not in self._portals:
            if self.outside:
                own = self.user.portal
                if called.lower() not in (own.title.lower(), own.key, str(own.pk)):
                    raise InvalidInput({"portal": [_("You invite into your own portal.")]})
                self._portals[called] = own
            else:
                which = Q(title__iexact=called) | Q(key=called.lower()) | _by_id(called)
                self._portals[called] = self._one("portals", "portal", which, called)
        return self._portals[called]

    def company(self, called: str) -> Company:
        """Raises InvalidInput."""
        if called not in self._companies:
            if self.outside:
                own = self.user.contact.company
                if called.lower() not in (own.name.lower(), str(own.pk)):
                    raise InvalidInput({"company": [_("You invite into your own company.")]})
                self._companies[called] = own
            else:
                self._companies[called] = self._one(
                    "companies", "company", Q(name__iexact=called) | _by_id(called), called
                )
        return self._companies[called]

    def _one(self, key: str, column: str, which: Q, called: str) -> Any:
        rows: models.QuerySet[Any] = visible(self.user, registry.get(key)).filter(which)
        found = list(rows.order_by("pk")[:2])
        if not found:
            raise InvalidInput({column: [_("There is no “%(name)s”.") % {"name": called}]})
        if len(found) > 1:
            said = _("There are several called “%(name)s”: give the id.")
            raise InvalidInput({column: [said % {"name": called}]})
        return found[0]


def _by_id(called: str) -> Q:
    try:
        return Q(pk=UUID(called))
    except ValueError:
        return Q(pk__in=())
