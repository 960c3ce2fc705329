"""Questions to the application, one channel each, and what the written expectations say of the answers.

A tuple is a user, a record, one of its fields, a verb and a channel. A list that is asked once is judged for
every field of every record of its module: for those that must be there, and for those that must not.
"""

from __future__ import annotations

import csv
import io
import json
import random
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote

import pypdfium2
from django.db import transaction
from pypdf import PdfReader

from prm.alerts import feed
from prm.alerts.mail import message
from prm.alerts.models import Alert
from prm.alerts.words import compose
from prm.modules import registry
from prm.modules.filters import filter_names
from prm.modules.registry import Module
from tests.assurance.access_world import COMPUTED, TOKEN, AccessWorld, Person, sees
from tests.assurance.expected_access import GROWING, LETTERHEAD, TABLE, Rec, Who, given, may, shown, writes

API = "/api/v1"


@dataclass(frozen=True)
class Probe:
    """One question of one user. module: whose records it is about, "" for several.

    run: gives the number of tuples that were judged, and what is wrong.
    """

    channel: str
    person: Person
    module: str
    run: Callable[[], tuple[int, list[str]]]


# --- what is expected of a value ------------------------------------------------------------------------


def expected(who: Who, rec: Rec, name: str) -> Any:
    """The value of the field as the user is to see it: None where it is hidden, or names what is."""
    if not sees(rec, name)(who):
        return None
    value = rec.values[name]
    module = rec.refers.get(name)
    if module is None or value is None:
        return value
    target = rec.all.get((module, str(value)))
    seen = shown(who, target) if target else None
    if target is None or seen is None:
        return None
    title = registry.get(module).title
    return {"id": target.id, "title": target.values[title] if title in seen else None}


def same(told: Any, value: Any) -> bool:
    """Whether what was told is the value; numbers are equal however they are written."""
    if value is COMPUTED or told == value:
        return True
    if told in ("", None) and value in ("", None):
        return True
    if isinstance(told, dict) and isinstance(value, dict):
        return told.keys() == value.keys() and all(same(told[key], value[key]) for key in told)
    try:
        return Decimal(str(told)) == Decimal(str(value))
    except InvalidOperation:
        return False


def row_faults(who: Who, rec: Rec, row: dict[str, Any] | None) -> list[str]:
    """What a row tells of a record that it should not, or keeps from the user that is theirs to know."""
    if row is None:
        return [f"{rec.module} {rec.id}: is not there"] if shown(who, rec) is not None else []
    if shown(who, rec) is None:
        return [f"{rec.module} {rec.id}: is there"]
    found = []
    for name in rec.values:
        told, value = row.get(name), expected(who, rec, name)
        if not same(told, value):
            kind = "shown" if value is None else "not shown" if told is None else "other"
            found.append(f"{rec.module} {rec.id}: {name} is {kind}: {told!r} for {value!r}"[:200])
    return found


def listed_faults(who: Who, recs: list[Rec], ids: Iterable[str], wanted: Callable[[Rec], bool]) -> list[str]:
    """Records that an answer names and should not, and the other way round."""
    told = set(ids)
    right = {rec.id for rec in recs if wanted(rec)}
    there = {rec.id: rec for rec in recs}
    return [
        f"{there[one].module if one in there else '?'} {one}: {'found' if one in told else 'not found'}"
        for one in told ^ right
    ]


# --- channels -------------------------------------------------------------------------------------------


class Channels:
    """Makes the probes of a world."""

    def __init__(self, world: AccessWorld, rng: random.Random) -> None:
        self.world, self.rng = world, rng
        self.modules = registry.all_modules()

    def probes(
        self, names: Iterable[str] = (), keys: Iterable[str] = (), channels: Iterable[str] = ()
    ) -> dict[str, list[Probe]]:
        """All probes by channel, or those of some people, modules and channels; in random order."""
        self.modules = tuple(one for one in registry.all_modules() if not keys or one.key in keys)
        found: dict[str, list[Probe]] = {}
        for person in self.world.people.values():
            for one in self.of(person) if not names or person.who.name in names else ():
                if not channels or one.channel in channels:
                    found.setdefault(one.channel, []).append(one)
        for some in found.values():
            self.rng.shuffle(some)
        return found

    def of(self, person: Person) -> Iterator[Probe]:
        """The probes of one user."""
        for module in self.modules:
            recs = self.world.by_module[module.key]
            yield Probe("list", person, module.key, lambda m=module: self.listing(person, m))
            yield Probe("export", person, module.key, lambda m=module: self.export(person, m, "api"))
            yield Probe("export page", person, module.key, lambda m=module: self.export(person, m, "csv"))
            yield Probe("XLSX", person, module.key, lambda m=module: self.export(person, m, "xlsx"))
            yield Probe(
                "page of a list", person, module.key, lambda m=module: self.page(person, f"/{m.key}/", m)
            )
            if module.board:
                path = f"/{module.key}/board/"
                yield Probe("board", person, module.key, lambda m=module, p=path: self.page(person, p, m))
            for name in module.ordering:
                for sign in ("", "-"):
                    yield Probe(
                        "order",
                        person,
                        module.key,
                        lambda m=module, n=name, s=sign: self.order(person, m, n, s),
                    )
            for name in module.filters:
                yield from self.filters(person, module, name)
            for name in module.search:
                for rec in self.some(recs, 2):
                    yield from self.searches(person, module, rec, name)
            for rec in recs if module.key != "alerts" else self.some(recs, 10):
                yield Probe("detail", person, module.key, lambda r=rec: self.detail(person, r))
                yield Probe("history", person, module.key, lambda r=rec: self.told(person, r, "history/"))
                yield Probe("notes", person, module.key, lambda r=rec: self.told(person, r, "notes/"))
                yield Probe(
                    "activities", person, module.key, lambda r=rec: self.told(person, r, "activities/")
                )
                yield Probe("explain", person, module.key, lambda r=rec: self.explain(person, r))
                yield Probe("error", person, module.key, lambda r=rec: self.errors(person, r))
                yield Probe("ETag", person, module.key, lambda r=rec: self.etag(person, r))
                path = f"/{rec.module}/{rec.id}/"
                yield Probe("page", person, module.key, lambda r=rec, p=path: self.page(person, p, of=[r]))
                yield Probe(
                    "form", person, module.key, lambda r=rec, p=path: self.page(person, f"{p}edit/", of=[r])
                )
                if module.key == "quotes":
                    yield Probe("PDF", person, module.key, lambda r=rec: self.pdf(person, r))
                if module.key in ("documents", "document-versions"):
                    yield Probe("file", person, module.key, lambda r=rec: self.files(person, r))
        for path in PAGES:
            yield Probe("page of a job", person, "", lambda p=path: self.page(person, p))
        for path in ("me/", "activities/", "schema/"):
            yield Probe("other answers", person, "", lambda p=path: self.page(person, f"{API}/{p}"))

        if person.user is None:
            return
        yield Probe("socket", person, "", lambda: self.socket(person))
        yield Probe("alerts", person, "", lambda: self.alerts(person))
        yield Probe("mail", person, "", lambda: self.mail(person))

    def some(self, recs: list[Rec], most: int) -> list[Rec]:
        return self.rng.sample(recs, min(most, len(recs)))

    def get(self, person: Person, path: str) -> Any:
        return person.client.get(path)

    def leaks(self, person: Person, text: str, said: Iterable[str] = ()) -> list[str]:
        return self.world.leaks(person.who, text, frozenset(one.lower() for one in said))

    def ever(self, who: Who, module: Module, name: str) -> bool:
        """Whether the user sees the field of some record."""
        return any(sees(rec, name)(who) for rec in self.world.by_module[module.key])

    # --- structured answers

    def detail(self, person: Person, rec: Rec) -> tuple[int, list[str]]:
        answer = self.get(person, f"{API}/{rec.module}/{rec.id}/")
        row = answer.json() if answer.status_code == 200 else None
        wrong = row_faults(person.who, rec, row)
        if row is None and answer.status_code not in (401, 404):
            wrong.append(f"{rec.module} {rec.id}: answered with {answer.status_code}")
        return len(rec.values), wrong + self.leaks(person, answer.content.decode())

    def rows(self, person: Person, module: Module, query: str = "") -> tuple[list[Any] | None, Any]:
        """All rows of a list, page by page; None where it is refused. And the first answer."""
        path: str | None = f"{API}/{module.key}/?limit=200{query}"
        rows: list[Any] = []
        first = None
        while path:
            answer = self.get(person, path)
            first = first or answer
            if answer.status_code != 200:
                return None, answer
            told = answer.json()
            rows += told["results"]
            path = told["next"]
        return rows, first

    def listing(self, person: Person, module: Module) -> tuple[int, list[str]]:
        recs = self.world.by_module[module.key]
        rows, first = self.rows(person, module, "&count=1")
        by_id = {row["id"]: row for row in rows or ()}
        wrong = [fault for rec in recs for fault in row_faults(person.who, rec, by_id.pop(rec.id, None))]
        if module.key not in GROWING:
            wrong += [f"{module.key}: a row that is not known: {row}"[:200] for row in by_id.values()]
        elif rows and not self.granted(person, module):
            wrong.append(f"{module.key}: is told")
        if rows is None and first.status_code not in (401, 404):
            wrong.append(f"{module.key}: answered with {first.status_code}")
        if rows is not None:
            told = first.json()["count"]
            right = sum(shown(person.who, rec) is not None for rec in recs)
            if told != right and module.key not in GROWING:
                wrong.append(f"{module.key}: counts {told} and not {right}")
        return self.cells(module), wrong

    def cells(self, module: Module) -> int:
        return sum(len(rec.values) for rec in self.world.by_module[module.key])

    def export(self, person: Person, module: Module, how: str) -> tuple[int, list[str]]:
        recs = self.world.by_module[module.key]
        if how == "api":
            answer = self.get(person, f"{API}/{module.key}/export/")
        else:
            answer = person.client.post(f"/{module.key}/export/", {"kind": how, "columns": "all"})
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        if answer.status_code != 200:
            return self.cells(module), [
                *([] if answer.status_code in REFUSED else [f"{module.key}: {answer.status_code}"]),
                *self.leaks(person, content.decode()),
                *(
                    f"{module.key}: the export is refused"
                    for rec in recs
                    if shown(person.who, rec) is not None and not self.no_export(person, module)
                ),
            ]
        told = self.told_of(person)[module.key == "alerts"]
        if how == "xlsx":
            text = sheet_text(content)
            return self.cells(module), self.leaks(person, text, told) + self.missing(person, recs, text)
        text = content.decode("utf-8-sig")
        if how == "csv":
            return self.cells(module), self.leaks(person, text, told) + self.missing(person, recs, text)
        rows = {row["id"]: row for row in csv.DictReader(io.StringIO(text))}
        return self.cells(module), [
            fault for rec in recs for fault in self.csv_faults(person.who, rec, rows.get(rec.id))
        ] + self.leaks(person, text, told)

    def told_of(self, person: Person) -> tuple[set[str], set[str]]:
        """Ids that the reader's own alerts name, which stay theirs when the record is no longer; and none."""
        mine = [rec for rec in self.world.by_module["alerts"] if shown(person.who, rec) is not None]
        return set(), {rec["object_id"] for rec in mine}

    def granted(self, person: Person, module: Module) -> bool:
        return person.who.active and person.who.role in TABLE[module.key]

    def no_export(self, person: Person, module: Module) -> bool:
        """Whether a file may be refused them; where some rows may be taken along, those are in it."""
        return not any(may(person.who, rec, "export") for rec in self.world.by_module[module.key])

    def csv_faults(self, who: Who, rec: Rec, row: dict[str, str] | None) -> list[str]:
        if row is None:
            return row_faults(who, rec, None) if may(who, rec, "export") else []
        if shown(who, rec) is None:
            return [f"{rec.module} {rec.id}: is there"]
        if not may(who, rec, "export"):
            return [f"{rec.module} {rec.id}: is in the file, and may not be taken along"]
        back = {}
        for name in rec.values:
            value, told = expected(who, rec, name), row.get(name, "")
            if isinstance(value, dict):
                value = value.get("title", value.get("amount"))
            if value is COMPUTED:
                continue
            if isinstance(value, bool):
                value = str(value).lower()
                told = told.lower()
            if told.lstrip("'") != "" and value in (None, ""):
                back[name] = f"{rec.module} {rec.id}: {name} is shown: {told}"
            elif (
                isinstance(value, str)
                and name not in rec.refers
                and not same(told.lstrip("'"), value)
                and not _moment(told, value)
            ):
                back[name] = f"{rec.module} {rec.id}: {name} is other: {told} for {value}"
        return list(back.values())

    def missing(self, person: Person, recs: list[Rec], text: str) -> list[str]:
        """A file of people's own rows holds at least their titles."""
        title = registry.get(recs[0].module).title if recs else ""
        return [
            f"{rec.module} {rec.id}: is not in the file"
            for rec in recs
            if may(person.who, rec, "export")
            and isinstance(value := expected(person.who, rec, title), str)
            and value.startswith("zq")
            and value not in text
        ]

    def order(self, person: Person, module: Module, name: str, sign: str) -> tuple[int, list[str]]:
        recs = [rec for rec in self.world.by_module[module.key] if shown(person.who, rec) is not None]
        rows, first = self.rows(person, module, f"&ordering={sign}{name}")
        if rows is None:
            refused = first.status_code in REFUSED
            return len(recs), (
                [f"{module.key}: order by {name} is refused with {first.status_code}"]
                if not refused or (first.status_code == 400 and self.ever(person.who, module, name))
                else []
            ) + self.leaks(person, first.content.decode())
        wrong = listed_faults(person.who, recs, [row["id"] for row in rows], lambda rec: True)
        there = {rec.id: rec for rec in recs}
        keys = [_key(expected(person.who, there[row["id"]], name)) for row in rows if row["id"] in there]
        shown_keys = [key for key in keys if key is not None]
        if keys != [*shown_keys, *[None] * (len(keys) - len(shown_keys))]:
            wrong.append(f"{module.key}: by {sign}{name}, rows where it is hidden are not last")
        if shown_keys != sorted(shown_keys, reverse=bool(sign)):
            wrong.append(f"{module.key}: by {sign}{name}, rows are not in its order")
        ids = [row["id"] for row, key in zip(rows, keys, strict=False) if key is None]
        if ids != sorted(ids, reverse=bool(sign)) and ids != sorted(ids):
            wrong.append(f"{module.key}: by {sign}{name}, rows where it is hidden have an order")
        return len(self.world.by_module[module.key]), wrong

    def filters(self, person: Person, module: Module, name: str) -> Iterator[Probe]:
        """By a value of a record that shows it, and by one of a record that hides it."""
        recs = self.world.by_module[module.key]
        seen = [rec for rec in recs if sees(rec, name)(person.who) and rec.values[name] not in (None, "")]
        unseen = [rec for rec in recs if rec not in seen and rec.values[name] not in (None, "")]
        names = filter_names(module.field(name))
        for rec in self.some(seen, 1) + self.some(unseen, 2):
            for parameter in names if rec in unseen else names[:1]:
                yield Probe(
                    "filter" if rec.id[-1] in "02468ace" else "count",
                    person,
                    module.key,
                    lambda r=rec, p=parameter: self.filter(person, module, name, p, r),
                )

    def filter(
        self, person: Person, module: Module, name: str, parameter: str, rec: Rec
    ) -> tuple[int, list[str]]:
        value = rec.values[name]
        if isinstance(value, dict):
            value = value["amount"]
        if isinstance(value, bool):
            value = str(value).lower()
        recs = self.world.by_module[module.key]
        rows, first = self.rows(person, module, f"&count=1&{parameter}={quote(str(value))}")
        if rows is None:
            wrong = [] if first.status_code in REFUSED else [f"{module.key}: {first.status_code}"]
            if first.status_code == 400 and self.ever(person.who, module, name):
                wrong.append(f"{module.key}: filter {parameter}={value} is refused")
            return len(recs), wrong + self.leaks(person, first.content.decode(), [str(value)])

        def fits(one: Rec) -> bool:
            if shown(person.who, one) is None:
                return False
            told = expected(person.who, one, name)
            told = told["id"] if isinstance(told, dict) and "id" in told else told
            told = told["amount"] if isinstance(told, dict) else told
            if told in (None, ""):
                return False
            if parameter.endswith(("__gte", "__lte")):
                key, other = _key(told), _key(value)
                return bool(key >= other if parameter.endswith("gte") else key <= other)
            return same(str(told).lower() if isinstance(told, bool) else told, value)

        wrong = listed_faults(person.who, recs, [row["id"] for row in rows], fits)
        wrong = [f"{one} by {parameter}={value}" for one in wrong]
        if first.json()["count"] != len(rows):
            wrong.append(f"{module.key}: counts {first.json()['count']} of {len(rows)} by {parameter}")
        return len(recs), wrong

    def searches(self, person: Person, module: Module, rec: Rec, name: str) -> Iterator[Probe]:
        value = rec.values[name]
        if isinstance(value, str) and "zq" in value:
            at = value.index("zq")
            word = value[at : at + 8]
            yield Probe("search", person, module.key, lambda: self.search(person, module, word))
            yield Probe(
                "finder", person, module.key, lambda: self.page(person, f"/search/?q={word}", module, [word])
            )

    def search(self, person: Person, module: Module, word: str) -> tuple[int, list[str]]:
        recs = self.world.by_module[module.key]
        rows, first = self.rows(person, module, f"&search={word}&count=1")
        if rows is None:
            wrong = [] if first.status_code in REFUSED else [f"{module.key}: {first.status_code}"]
            return len(recs), wrong + self.leaks(person, first.content.decode(), [word])

        def fits(one: Rec) -> bool:
            values = (expected(person.who, one, name) for name in module.search)
            return any(isinstance(value, str) and word in value.lower() for value in values)

        wrong = listed_faults(person.who, recs, [row["id"] for row in rows], fits)
        if first.json()["count"] != len(rows):
            wrong.append(f"{module.key}: counts {first.json()['count']} of {len(rows)} found")
        return len(recs) * len(module.search), [f"{one} by the word {word}" for one in wrong]

    # --- told in words

    def told(self, person: Person, rec: Rec, what: str) -> tuple[int, list[str]]:
        answer = self.get(person, f"{API}/{rec.module}/{rec.id}/{what}")
        wrong = []
        if (answer.status_code == 200) != (shown(person.who, rec) is not None):
            wrong.append(f"{rec.module} {rec.id}: {what} answered with {answer.status_code}")
        return len(rec.values), wrong + self.leaks(person, answer.content.decode())

    def explain(self, person: Person, rec: Rec) -> tuple[int, list[str]]:
        """Verbs on the record, and reading and writing of some of its fields."""
        fields = [one for one in registry.get(rec.module).fields if not one.hidden]
        theirs = writes(person.who, rec)
        asked = [(verb, "", may(person.who, rec, verb)) for verb in ("view", "edit", "delete")]
        for one in self.rng.sample(fields, min(2, len(fields))):
            asked.append(("view", one.name, sees(rec, one.name)(person.who)))
            if one.edit:
                asked.append(("edit", one.name, one.name in theirs))
        wrong = []
        for verb, name, right in asked:
            field = f"&field={name}" if name else ""
            answer = self.get(person, f"{API}/{rec.module}/{rec.id}/explain/?verb={verb}{field}")
            if shown(person.who, rec) is None:
                if answer.status_code == 200:
                    wrong.append(f"{rec.module} {rec.id}: explained, and is not there")
            elif answer.status_code == 422 and name and not right:
                # What they never see is not explained to them either.
                pass
            elif answer.status_code != 200 or answer.json()["allowed"] != right:
                told = f"{verb} {name} is explained otherwise: {answer.content[:200]!r}"
                wrong.append(f"{rec.module} {rec.id}: {told}")
            wrong += self.leaks(person, answer.content.decode())
        return len(asked), wrong

    def errors(self, person: Person, rec: Rec) -> tuple[int, list[str]]:
        """Sets all that is not the user's to set: nothing of it is taken, and the refusal tells nothing."""
        theirs = writes(person.who, rec)
        names = [one.name for one in registry.get(rec.module).fields if one.edit and one.name not in theirs]
        body = {name: self.wrong_value(rec, name) for name in names}
        answer = person.client.patch(
            f"{API}/{rec.module}/{rec.id}/", json.dumps(body), content_type="application/json"
        )
        wrong = []
        if shown(person.who, rec) is None:
            if answer.status_code not in (401, 404, 405):
                wrong.append(f"{rec.module} {rec.id}: a change is answered with {answer.status_code}")
        elif names and answer.status_code < 400:
            wrong.append(f"{rec.module} {rec.id}: {', '.join(names)} could be set")
        elif names and answer.status_code == 422:
            told = answer.json().get("errors", {})
            wrong += [f"{rec.module} {rec.id}: {one} could be set" for one in names if one not in told]
        said = re.findall(r"zq[0-9a-z]{6}|[0-9a-f-]{36}", json.dumps(body))
        return len(names) or 1, wrong + self.leaks(person, answer.content.decode(), said)

    def wrong_value(self, rec: Rec, name: str) -> Any:
        """What could stand in the field: the value of another record, so that an error could name it."""
        others = [one.values[name] for one in self.world.by_module[rec.module] if one is not rec]
        return next((one for one in others if one not in (None, "")), None)

    def etag(self, person: Person, rec: Rec) -> tuple[int, list[str]]:
        """An ETag of one reader is no other reader's, unless both are told the same."""
        path = f"{API}/{rec.module}/{rec.id}/"
        first = self.get(person, path)
        if first.status_code != 200:
            return 1, ["an ETag of nothing"] if first.headers.get("ETag") else []
        wrong = []
        tag = first.headers.get("ETag", "")
        for other in self.world.people.values():
            answer = other.client.get(path)
            if (answer.headers.get("ETag") == tag) != (answer.content == first.content):
                wrong.append(f"{rec.module} {rec.id}: ETags of {person.who.name} and {other.who.name}")
        if not re.fullmatch(r'(W/)?"[\w-]{12}\.[\w-]{12}"', tag):
            wrong.append(f"{rec.module} {rec.id}: an ETag that can be read: {tag}")
        return len(self.world.people) * len(rec.values), wrong

    def pdf(self, person: Person, rec: Rec) -> tuple[int, list[str]]:
        answer = self.get(person, f"{API}/quotes/{rec.id}/pdf/")
        wrong = []
        if (answer.status_code == 200) != (shown(person.who, rec) is not None):
            wrong.append(f"quotes {rec.id}: PDF answered with {answer.status_code}")
        if answer.status_code != 200:
            return len(rec.values), wrong
        content = answer.getvalue() if hasattr(answer, "getvalue") else answer.content
        issuer = rec.ref("partner")
        letterhead = TOKEN.findall(" ".join(str(issuer[name]) for name in LETTERHEAD))
        return len(rec.values), wrong + self.leaks(person, pdf_text(content), letterhead)

    def files(self, person: Person, rec: Rec) -> tuple[int, list[str]]:
        """What the library gives out: the newest version of a document, or this version, by every door."""
        if rec.module == "documents":
            of_it = [one for one in self.world.by_module["document-versions"] if one["document"] == rec.id]
            theirs = [one for one in of_it if given(person.who, one)]
            newest = max(theirs, key=lambda one: one["number"], default=None)
            doors = {f"{API}/documents/{rec.id}/file/": newest}
        else:
            version = rec if given(person.who, rec) else None
            page = f"/library/{rec['document']}/{rec.id}/"
            doors = {f"{API}/document-versions/{rec.id}/file/": version, page: version}
        wrong: list[str] = []
        for path, right in doors.items():
            wrong += [f"{path}: {one}" for one in self.door(person, path, right)]
        return len(rec.values) * len(doors), wrong

    def door(self, person: Person, path: str, version: Rec | None) -> list[str]:
        """What is wrong with the answer of a door that gives this version out, or nothing at all."""
        with uncounted():
            answer = self.get(person, path)
            content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        where = answer.headers.get("Location", "")
        said = re.findall(r"[0-9a-f-]{36}", path)
        wrong = self.leaks(person, f"{content.decode()} {where}", said)
        if version is None:
            # Who is not signed in is led there.
            refused = answer.status_code in (401, 404) or "login" in where
            return wrong if refused else [f"answered with {answer.status_code}", *wrong]
        token = self.world.files.get(version.id)
        right = token == content.decode() if token else where == version["link"]
        return wrong if right else [f"is not given: {answer.status_code} {where}", *wrong]

    def socket(self, person: Person) -> tuple[int, list[str]]:
        """What a socket is sent from the beginning, read as the server reads it: for several at once."""
        others = [one.user for one in self.world.people.values() if one.who.active and one is not person]
        users = [*others, *([person.user] if person.who.active else [])]
        texts, after, more = [], 0, True
        while more:
            answer = feed.read([feed.Ask(user, after) for user in users], lambda logins: list(logins))[-1]
            texts.append(json.dumps(answer.alerts))
            after, more = answer.seq, answer.more
        if not person.who.active:
            return 1, []
        return self.about(), self.leaks(person, " ".join(texts), self.told_of(person)[1])

    def about(self) -> int:
        """The fields of the records that there are alerts of."""
        recs = {(one["module"], one["object_id"]) for one in self.world.by_module["alerts"]}
        return sum(len(self.world.recs[key].values) for key in recs)

    def alerts(self, person: Person) -> tuple[int, list[str]]:
        answer = self.get(person, f"{API}/alerts/?after=0&limit=200")
        text = answer.content.decode()
        return self.about(), self.leaks(person, text, self.told_of(person)[1])

    def mail(self, person: Person) -> tuple[int, list[str]]:
        rows = list(Alert.objects.filter(recipient=person.user).order_by("seq"))
        told = [one for one in compose([(person.user, rows)])[0] if one.visible]
        if not told:
            return self.about(), []
        wrong = []
        for start in range(0, len(told), 20):
            mail: Any = message(person.user, told[start : start + 20], None)
            text = "\n".join([mail.subject, mail.body, *(one[0] for one in mail.alternatives)])
            wrong += self.leaks(person, text)
        return self.about(), wrong

    def page(
        self,
        person: Person,
        path: str,
        module: Module | None = None,
        said: Iterable[str] = (),
        of: list[Rec] | None = None,
    ) -> tuple[int, list[str]]:
        """A page tells no token and no id that is not its reader's; one of a record is there or is not."""
        with uncounted():
            answer = self.get(person, path)
        wrong = []
        for rec in of or ():
            there = answer.status_code == 200
            if there and shown(person.who, rec) is None:
                wrong.append(f"{path}: is there")
        if answer.status_code >= 500:
            wrong.append(f"{path}: answered with {answer.status_code}")
        text = b"".join(answer.streaming_content) if answer.streaming else answer.content
        cells = self.cells(module) if module else sum(len(rec.values) for rec in of or ()) or 1
        said = {*said, *re.findall(r"[0-9a-f-]{36}", path)}
        if path.startswith(("/alerts/", "/export")) or (module and module.key == "alerts"):
            said |= self.told_of(person)[1]
        return cells, wrong + [f"{path}: {one}" for one in self.leaks(person, text.decode(), said)]


@contextmanager
def uncounted() -> Iterator[None]:
    """A document counts who opens it and takes its file: not us, or it would be another than was read."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


REFUSED = (302, 400, 401, 403, 404, 405)

#: Pages of jobs, which show something of several modules.
PAGES = (
    "/",
    "/offered/",
    "/managed/",
    "/approvals/",
    "/distribute/",
    "/deadlines/",
    "/pipeline/",
    "/library/",
    "/team/",
    "/me/",
    "/alerts/",
    "/calendar/",
    "/calendar/records/",
    "/reports/",
    "/import/",
    "/navigation/",
    "/search/",
)


def _key(value: Any) -> Any:
    """By what a value is sorted and compared: numbers as numbers, a reference by its title."""
    if isinstance(value, dict):
        value = value.get("title", value.get("amount"))
    if value in (None, "") and not isinstance(value, str):
        return None
    if isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value):
        return Decimal(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    return value


def _moment(told: str, value: str) -> bool:
    """Times may be written with a blank or in another zone; the day and the minute must be there."""
    return value[:10] in told or told[:10] == value[:10]


def sheet_text(content: bytes) -> str:
    """What stands in a workbook."""
    import zipfile

    with zipfile.ZipFile(io.BytesIO(content)) as folder:
        return " ".join(folder.read(one).decode() for one in folder.namelist() if one.endswith(".xml"))


def pdf_text(content: bytes) -> str:
    """What stands in a PDF: its text, what it is called, and what hangs on it."""
    document = pypdfium2.PdfDocument(content)
    try:
        pages = [page.get_textpage().get_text_bounded() for page in document]
    finally:
        document.close()
    told = PdfReader(io.BytesIO(content))
    return " ".join([*pages, str(told.metadata), *told.attachments])
