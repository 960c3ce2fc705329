"""Twin worlds: what is hidden from somebody is exchanged for something else, and they are told the same.

All cells that the written expectations hide from a user are changed at once, and records are added that are
not theirs to see; then every answer must be the same, byte for byte. What each answer has of its own (the
mark against forged requests, the nonce of the page) is taken out first.
"""

from __future__ import annotations

import datetime as dt
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from unittest import mock
from urllib.parse import quote
from uuid import UUID

from django.core.cache import caches
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from prm.access.models import Portal
from prm.modules import registry
from prm.modules.registry import Field, Module
from prm.records.models import Note
from prm.search.index import reindex_all, searchable
from tests import factories
from tests.assurance.access_probes import API, PAGES
from tests.assurance.access_world import AccessWorld, Cell, Person, hidden_cells, sees
from tests.assurance.expected_access import GROWING
from tests.gadgets.models import Gadget

OWN = re.compile(
    rb'nonce="[^"]*"|nonce-[\w+/=-]+|name="csrfmiddlewaretoken" value="[^"]*"|"X-CSRFToken": ?"[^"]*"'
    rb"|&quot;X-CSRFToken&quot;: ?&quot;[^&]*&quot;"
)


def compare(
    world: AccessWorld, person: Person, rng: random.Random, most: int, keys: tuple[str, ...] = ()
) -> tuple[int, list[str]]:
    """Asks `most` addresses in both worlds; how many hidden values were exchanged, which answers differ.

    keys: modules whose addresses are asked; empty for all.
    """
    cells = list(hidden_cells(world, person.who))
    # What grows while it is looked at differs by the asking alone.
    modules = [
        one for one in registry.all_modules() if one.key not in GROWING and (not keys or one.key in keys)
    ]
    paths = list(addresses(world, person, cells, rng, modules))
    rng.shuffle(paths)
    paths = paths[:most]
    with _one_moment():
        # What is kept between requests is there in both.
        before = {path: answer(person, path) for path in paths}
        before = {path: answer(person, path) for path in paths}
        with transaction.atomic():
            exchanged = _exchange(cells)
            _add(world, person)
            for module in searchable():
                reindex_all(module)
            _forget()
            after = {path: answer(person, path) for path in paths}
            transaction.set_rollback(True)
        _forget()
    return exchanged, [
        f"{path}: {_first(before[path], after[path])}" for path in paths if before[path] != after[path]
    ]


def answer(person: Person, path: str) -> bytes:
    """All that comes back, in bytes."""
    told = person.client.get(path)
    content = b"".join(told.streaming_content) if told.streaming else told.content
    headers = [
        f"{name}: {told.headers.get(name, '')}" for name in ("ETag", "Location", "Content-Disposition")
    ]
    return f"{told.status_code} {' '.join(headers)}\n".encode() + OWN.sub(b"", content)


def addresses(
    world: AccessWorld,
    person: Person,
    cells: list[tuple[Cell, Field, str]],
    rng: random.Random,
    modules: list[Module],
) -> Iterator[str]:
    """What a user may ask for, in every channel that is a GET, with the hidden values as words to find."""
    hidden = {name for _cell, _field, name in cells}
    for module in modules:
        base, recs = f"{API}/{module.key}/", world.by_module[module.key]
        yield f"{base}?limit=200&count=1"
        yield f"{base}export/"
        yield f"/{module.key}/"
        if module.board:
            yield f"/{module.key}/board/"
        yield from (f"{base}?ordering={sign}{name}" for name in module.ordering for sign in ("", "-"))
        for name in dict.fromkeys((*module.filters, *module.search)):
            values = [rec[name] for rec in recs if f"{module.key} {rec.id}: {name}" in hidden]
            for value in rng.sample(values, min(1, len(values))):
                text = quote(str(value["amount"] if isinstance(value, dict) else value))
                if name in module.filters:
                    yield f"{base}?count=1&{name}={text}"
                    yield f"{base}?{name}__gte={text}"
                if name in module.search and isinstance(value, str):
                    yield f"{base}?count=1&search={text}"
                    yield f"/search/?q={text}"
        seen = [rec for rec in recs if any(sees(rec, name)(person.who) for name in rec.values)]
        for rec in rng.sample(seen, min(3, len(seen))):
            one = f"{base}{rec.id}/"
            yield from (one, f"{one}history/", f"{one}notes/", f"{one}transitions/", f"{one}activities/")
            yield from (f"{one}explain/?verb={verb}" for verb in ("view", "edit", "delete"))
            yield f"/{module.key}/{rec.id}/edit/"
            if module.key != "documents":
                # A document counts how often it was opened, also by us.
                yield f"/{module.key}/{rec.id}/"
            if module.key == "quotes":
                yield f"{one}lines/"
    yield from (f"{API}/{one}" for one in ("me/", "reports/", "alerts/?after=0"))
    yield from PAGES


@contextmanager
def _one_moment() -> Iterator[None]:
    """Both worlds are looked at in the same moment."""
    moment = timezone.now()
    with mock.patch("django.utils.timezone.now", return_value=moment):
        yield


def _forget() -> None:
    """An empty cache; a shared Redis is never flushed."""
    cache = caches["default"]
    cache.version = int(getattr(cache, "version", 1)) + 1


def _exchange(cells: Iterable[tuple[Cell, Field, str]]) -> int:
    """Gives each cell another value; how many took one."""
    rows: dict[tuple[type[models.Model], UUID], dict[str, Field]] = defaultdict(dict)
    for (model, pk, name), field, _told in cells:
        rows[model, pk][name] = field
    exchanged = 0
    for (model, pk), fields in rows.items():
        found = model._base_manager.filter(pk=pk)
        present = found.values(*fields).get()
        values = {
            name: other
            for name, field in fields.items()
            if (other := _other(field, model, name, present[name])) is not None
        }
        try:
            with transaction.atomic():
                found.update(**values)
                exchanged += len(values)
        except IntegrityError:
            for name, value in values.items():
                try:
                    with transaction.atomic():
                        found.update(**{name: value})
                        exchanged += 1
                except IntegrityError:
                    continue
    return exchanged


def _other(field: Field, model: type[models.Model], name: str, value: Any) -> Any:
    """Another value for the column, None where there is none."""
    column = next(one for one in model._meta.concrete_fields if one.attname == name)
    if isinstance(column, models.GeneratedField):
        return None
    match field.kind:
        case "text" | "longtext" | "phone" | "email" | "url" if value:
            return re.sub(r"zq(\w{6})", r"zx\1", str(value))
        case "integer" if value is not None:
            return value + 7
        case "decimal" | "money" if value is not None:
            return value + Decimal("1.5")
        case "date" | "datetime" if value is not None:
            return value + dt.timedelta(days=1)
        case "boolean":
            return not value
        case "choice":
            others = [one for one, _label in field.options() if one and str(one) != str(value)]
            return others[0] if others else None
        case _:
            return None


def _add(world: AccessWorld, person: Person) -> None:
    """Records that an outside user has nothing to do with; the vendor's own people may see most of them."""
    if person.who.staff:
        return
    cast = world.cast
    holder = cast.contoso if str(cast.northwind.pk) == person.who.company else cast.northwind
    if person.who.name == "dana":
        holder = cast.contoso
    if person.who.name == "tina":
        holder = cast.northwind
    account = factories.make_account(holder, name="An account more")
    factories.make_contact(account)
    lead = factories.make_lead("accepted", holder)
    factories.make_lead("new")
    deal = factories.make_opportunity("managed", holder, account=account)
    factories.make_quote("draft", deal)
    factories.make_registration("submitted")
    factories.make_invitation("pending", holder, portal=Portal.objects.get(key="partner"))
    Note.objects.create(
        body="A note more", subject="leads.lead", object_id=lead.pk, party_id=holder.pk, author=cast.maria
    )
    gadget = Gadget(name="A gadget more", size=9, holder=holder)
    gadget.begin("lent")
    gadget.save()


def _first(one: bytes, other: bytes) -> str:
    """Where two answers begin to differ."""
    at = next(
        (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    return f"…{one[max(0, at - 60) : at + 60]!r} and …{other[max(0, at - 60) : at + 60]!r}"
