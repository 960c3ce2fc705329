"""A world to look for leaks in: records of every module in every state, and in each field a value of its own.

A text holds a token that stands nowhere else, so whatever shows it has shown that field of that record.
What the tables hold is read back as plain values (`Rec`), which the written expectations judge.
"""

from __future__ import annotations

import datetime as dt
import itertools
import random
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.files.base import ContentFile
from django.db import IntegrityError, models, transaction
from django.test import Client
from django.utils import timezone
from djmoney.money import Money

from prm.access.document import BLANK, apply
from prm.access.models import Portal
from prm.alerts.models import Alert, AlertCounter
from prm.catalog.models import (
    ExchangeRate,
    PriceBook,
    PriceBookAudience,
    PriceBookEntry,
    ProductFamily,
    TaxRate,
)
from prm.files.store import keep
from prm.imports.models import Export, Import
from prm.leads.models import LeadAssignment
from prm.library.models import DocumentVersion
from prm.modules import registry
from prm.modules.registry import Field, Module, resolve_column
from prm.modules.render import plain
from prm.opportunities.models import OpportunityAssignment
from prm.partners.models import TierTerms
from prm.people.models import User
from prm.portals.models import PortalDraft
from prm.records.models import Activity, Note
from prm.search.index import reindex_all, searchable
from prm.webforms.models import WebForm
from tests import factories
from tests.assurance.expected_access import DECIDES, GROWING, INNER, Rec, Who, given, own, shown
from tests.cast import World, build_world
from tests.gadgets.models import Gadget
from workflows.ids import uuid7
from workflows.models import TransitionRecord

TOKEN = re.compile(r"zq[0-9a-z]{6}", re.IGNORECASE)
#: Ids of records, as addresses and answers have them.
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

#: Fields in which a made-up value would mean something to the application, or is given by what they are.
LEFT = {
    "portals": "key host",
    "portal-drafts": "base published_as",
    "web-forms": "slug module language",
    "users": "timezone language",
    "alerts": "seq kind module object_id at seen_at",
    "imports": "target",
    "exports": "target kind",
    "documents": "expires_at published_from published_at",
    "agreements": "published_at",
    "price-books": "valid_from valid_until",
    "gadgets": "size",
    "document-versions": "number",
    "quotes": "revision",
    "quote-lines": "position",
}

Check = Callable[[Who], bool]
#: A column of a row: twin worlds differ in cells.
Cell = tuple[type[models.Model], Any, str]


@dataclass
class Person:
    """A user who looks: what is known of them, a client that is signed in, and the row."""

    who: Who
    client: Client
    user: Any


@dataclass
class AccessWorld:
    """people by name; recs by module and id; tokens: what each stands for, as questions who is told.

    files: the token in the file of a version of a document, by its id.
    """

    cast: World
    people: dict[str, Person] = field(default_factory=dict)
    recs: dict[tuple[str, str], Rec] = field(default_factory=dict)
    by_module: dict[str, list[Rec]] = field(default_factory=dict)
    tokens: dict[str, list[tuple[str, Check]]] = field(default_factory=dict)
    ids: dict[str, list[Rec]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    def leaks(self, who: Who, text: str, allowed: frozenset[str] = frozenset()) -> list[str]:
        """What `text` tells that the user may not know: tokens of fields, and ids of records.

        allowed: tokens and ids that may stand there all the same, such as those that the user has said.
        """
        found = []
        for token in {one.lower() for one in TOKEN.findall(text)} - allowed:
            known = self.tokens.get(token)
            if known and not any(check(who) for _name, check in known):
                found.append(known[0][0])
        for one in set(ID.findall(text)) - allowed:
            recs = self.ids.get(one)
            if recs and not any(own(who, rec) or shown(who, rec) is not None for rec in recs):
                found.append(f"{recs[0].module} {one}: its id")
        return found

    def told(self, who: Who, value: Any) -> bool:
        """Whether a text is told elsewhere: the name of a product with a price."""
        tokens = TOKEN.findall(value) if isinstance(value, str) else ()
        return any(check(who) for one in tokens for _name, check in self.tokens[one.lower()])


def build(scale: int = 1, seed: int = 1) -> AccessWorld:
    """The cast and, `scale` times each, what there is of every module; with values of their own."""
    cast = build_world()
    maker = _Maker(cast, random.Random(seed))
    for _each in range(scale):
        maker.records()
    maker.people()
    maker.fill()
    maker.beside()
    for module in searchable():
        reindex_all(module)
    return maker.world


def _company(path: str, *states: str) -> dict[str, Any]:
    owned = {"field": path, "op": "is", "value": "$user.company"}
    return {"all": [owned, {"field": "state", "op": "in", "value": list(states)}]} if states else owned


def _scope(where: Any, actions: str, read: str, write: str = "", **levels: Any) -> dict[str, Any]:
    fields = {"*": "hidden", **dict.fromkeys(read.split(), "read"), **dict.fromkeys(write.split(), "write")}
    return {
        "name": f"of {read.split()[0]}",
        "where": where,
        "actions": ["view", *actions.split()],
        "fields": {**fields, **levels},
        "admins_only": False,
    }


def _grant(*scopes: dict[str, Any]) -> dict[str, Any]:
    """Names of scopes are told apart by their place."""
    numbered = [{**one, "name": f"{one['name']} {at}"} for at, one in enumerate(scopes, 1)]
    more: dict[str, Any] = {"columns": [], "canvas": {}, "layouts": [], "related": None}
    return {"views": ["list"], **more, "scopes": numbered}


#: The portal of the franchise owners as its administrator has configured it; `expected_access` says by itself
#: what they are to see.
FRANCHISE: dict[str, Any] = {
    "title": "Franchise owners",
    "audience": "franchise",
    "grants": {
        "leads": _grant(
            _scope(
                _company("partner", "accepted", "contacted", "converted", "qualified"),
                "edit export",
                "state product",
                topic={"*": "write", "converted": "read", "qualified": "read"},
                email={"*": "read", "qualified": "hidden"},
                company_name={"*": "hidden", "converted": "read", "qualified": "read"},
                phone={"*": "hidden", "converted": "read"},
            ),
        ),
        "products": _grant(_scope(None, "", "code series active")),
        "accounts": _grant(_scope(_company("partner"), "", "name city")),
        "contacts": _grant(
            _scope(_company("company.account_role.partner"), "edit", "name company", "job_title")
        ),
        "quotes": _grant(
            _scope(_company("account.partner", "sent", "accepted", "draft"), "", "reference account state"),
            _scope(_company("account.partner", "accepted"), "", "total"),
        ),
    },
}


class _Maker:
    def __init__(self, cast: World, rng: random.Random) -> None:
        self.cast, self.rng = cast, rng
        self.world = AccessWorld(cast)
        self.numbers = itertools.count(1)
        self.days = itertools.count(1)

    def token(self) -> str:
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"
        while True:
            made = "zq" + "".join(self.rng.choices(digits, k=6))
            if made not in self.world.tokens:
                self.world.tokens[made] = []
                return made

    # --- records

    def records(self) -> None:
        """One of each state, and of each owner."""
        cast, holders = self.cast, (self.cast.northwind, self.cast.contoso)
        accounts = {cast.northwind.pk: cast.fabrikam, cast.contoso.pk: cast.tailspin}
        for state in ("new", "pooled"):
            factories.make_lead(state)
        for holder in holders:
            account = factories.make_account(holder)
            for one in (account, accounts[holder.pk]):
                factories.make_contact(one)
                factories.make_contact(one, is_admin=True)
            factories.make_contact(holder)
            for state in ("assigned", "accepted", "contacted", "qualified", "converted", "disqualified"):
                made = factories.make_lead(state, holder, product=cast.product)
                self.offer(LeadAssignment, "lead", made, holder)
            for state in ("distributed", "managed", "won", "lost"):
                customer = accounts[holder.pk]
                contact = customer.contacts.first()
                made = factories.make_opportunity(
                    state, holder, account=customer, contact=contact, product=cast.product
                )
                self.offer(OpportunityAssignment, "opportunity", made, holder)
            deal = factories.make_opportunity("managed", holder, account=accounts[holder.pk])
            for state in (
                "draft",
                "pending_approval",
                "approved",
                "sent",
                "accepted",
                "declined",
                "expired",
                "superseded",
                "withdrawn",
                "ordered",
            ):
                factories.make_quote(state, deal, contact=accounts[holder.pk].contacts.first())
            for state in ("pending", "accepted", "revoked", "expired"):
                factories.make_invitation(state, holder)
            factories.make_invitation(
                "pending", accounts[holder.pk], portal=Portal.objects.get(key="customer")
            )
            for state in ("draft", "lent", "back"):
                for size in (2, 9):
                    gadget = Gadget(name="x", secret="x", size=size, holder=holder)
                    gadget.begin(state)
                    gadget.save()
        factories.make_opportunity("draft")
        factories.make_invitation("pending")
        for state in ("onboarding", "active", "suspended", "terminated"):
            partner = factories.make_partner(
                state, territory=cast.territory, channel_manager=cast.nils, agreement=cast.agreement
            )
            factories.make_contact(partner)
            factories.make_account(partner)
        for state in (
            "draft",
            "submitted",
            "under_review",
            "returned",
            "approved",
            "rejected",
            "withdrawn",
        ):
            factories.make_registration(state, channel_manager=cast.maria)
        factories.make_agreement(f"draft {next(self.numbers)}", published_at=None)
        self.catalogue()
        self.library()
        self.files()
        WebForm.objects.create(title="x", slug=f"form-{next(self.numbers)}", module="leads", owner=cast.admin)
        portal = Portal.objects.get(key="partner")
        if not PortalDraft.objects.exists():
            draft = PortalDraft(portal=portal, title="x", document={}, base=0, made_by=cast.admin)
            draft.begin("draft")
            draft.save()

    def offer(self, model: Any, name: str, record: Any, holder: Any) -> None:
        """An offer to the holder that has ended, and one to its rival that was declined."""
        rival = self.cast.contoso if holder == self.cast.northwind else self.cast.northwind
        for partner, state in ((holder, "recalled"), (rival, "declined")):
            model.objects.create(
                **{name: record},
                partner=partner,
                topic=record.topic,
                state=state,
                offered_at=timezone.now(),
                offered_by=self.cast.maria,
            )

    def catalogue(self) -> None:
        cast = self.cast
        family = ProductFamily.objects.create(name=f"Family {next(self.numbers)}")
        today = timezone.localdate()
        products = []
        for active in (True, False):
            number = next(self.numbers)
            products.append(
                type(cast.product).objects.create(
                    name=f"Product {number}", code=f"P{number}", family=family, active=active
                )
            )
        audiences: tuple[tuple[str, dict[str, Any]], ...] = (
            ("everyone", {}),
            ("tiers", {"tier": "gold"}),
            ("tiers", {"tier": "silver"}),
            ("types", {"partner_type": "reseller"}),
            ("types", {"partner_type": "msp"}),
            ("partners", {"partner": cast.northwind}),
            ("partners", {"partner": cast.contoso}),
        )
        for audience, addressee in audiences:
            self.book(products, audience, addressee, {})
        for terms in (
            {"active": False},
            {"valid_from": today + dt.timedelta(days=30)},
            {"valid_from": today - dt.timedelta(days=60), "valid_until": today - dt.timedelta(days=30)},
        ):
            self.book(products, "everyone", {}, terms)
        day = today - dt.timedelta(days=next(self.numbers))
        ExchangeRate.objects.create(from_currency="USD", to_currency="EUR", rate=1, valid_from=day)
        TaxRate.objects.create(country="DE", percent=19, valid_from=day)
        if not TierTerms.objects.exists():
            TierTerms.objects.create(tier="gold", quote_discount_limit=10)

    def book(self, products: list[Any], audience: str, addressee: dict[str, Any], terms: Any) -> None:
        book = PriceBook.objects.create(name=f"Book {next(self.numbers)}", audience=audience, **terms)
        if addressee:
            PriceBookAudience.objects.create(book=book, **addressee)
        for product in products:
            PriceBookEntry.objects.create(book=book, product=product, price=1)

    def library(self) -> None:
        later, past = (timezone.now() + dt.timedelta(days=days) for days in (400, -1))
        made = [
            factories.make_document(state, audience="everyone")
            for state in ("draft", "scheduled", "published", "retired")
        ]
        for audience in ("partners", "customers", "vendor"):
            made.append(factories.make_document("published", audience=audience))
        for terms in ({"tier": "platinum"}, {"tier": "silver"}, {"tier": "gold"}, {"partner_type": "msp"}):
            made.append(factories.make_document("published", **terms))
        made.append(factories.make_document("published", audience="everyone", expires_at=past))
        made.append(factories.make_document("published", audience="everyone", expires_at=later))
        for one in made:
            DocumentVersion.objects.create(document=one, number=1, name="x", link="https://x.example")
            self.file_of(one)

    def file_of(self, document: Any) -> None:
        """A version that is a file, with a token in it that stands nowhere else."""
        token, world = self.token(), self.world
        stored = stored_file("x.txt", token.encode())
        pk = str(DocumentVersion.objects.create(document=document, number=2, name="x", content=stored).pk)
        world.files[pk] = token
        told: Check = lambda who: given(who, world.recs["document-versions", pk])  # noqa: E731
        self.stands(token, f"the file of document-versions {pk}", told)

    def files(self) -> None:
        for user in (self.cast.admin, self.cast.maria, self.cast.alice, self.cast.carol):
            for model, state, target in ((Import, "checked", "leads"), (Export, "ready", "leads")):
                row = model(user=user, target=target, name=f"file {next(self.numbers)}.csv")
                if model is Export:
                    row.kind, row.fields = "csv", ["topic"]
                row.begin(state)
                row.save()

    # --- people

    def people(self) -> None:
        cast = self.cast
        suspended = factories.make_partner("active")
        apply(Portal.objects.create(key="franchise", title="Franchise owners"), {**BLANK, **FRANCHISE})
        users = {
            "admin": cast.admin,
            "maria": cast.maria,
            "nils": cast.nils,
            "erin": cast.erin,
            "alice": cast.alice,
            "bob": cast.bob,
            "carol": cast.carol,
            "dana": cast.dana,
            "tina": factories.make_user("tina@tailspin.example", "customer", cast.tailspin, is_admin=True),
            # In a partner's portal without a company; without a portal; and one whose login has ended.
            # A portal that an administrator has made.
            "fred": factories.make_user("fred@northwind.example", "franchise", cast.northwind),
            "loner": factories.make_user("loner@nowhere.example", "partner"),
            "nobody": factories.make_user("nobody@nowhere.example", "partner", suspended),
            "gone": factories.make_user("gone@northwind.example", "partner", cast.northwind, is_admin=True),
        }
        User.objects.filter(pk=users["nobody"].pk).update(portal=None)
        User.objects.filter(pk=users["gone"].pk).update(is_active=False, barred=True)
        for name, made in users.items():
            client = Client()
            client.force_login(made)
            user = User.objects.get(pk=made.pk)
            contact = user.contact
            who = Who(
                name=name,
                role=user.portal.key if user.portal else "",
                id=str(user.pk),
                portal=str(user.portal_id or ""),
                company=str(contact.company_id or "") if contact else "",
                contact=str(contact.pk) if contact else "",
                is_admin=bool(contact and contact.is_admin),
                active=user.is_active,
            )
            self.world.people[name] = Person(who, client, user)
        self.world.people["anonymous"] = Person(Who("anonymous", "", "", active=False), Client(), None)

    # --- values

    def fill(self) -> None:
        """Gives each writable cell a value of its own, then reads all of them back."""
        done: set[type[models.Model]] = set()
        for module in registry.all_modules():
            if module.key == "companies" or module.model in done or module.key in GROWING:
                continue
            done.add(module.model)
            for pk in list(module.rows().values_list("pk", flat=True)):
                self.fill_row(module, pk)
        self.read()

    def fill_row(self, module: Module, pk: Any) -> None:
        left = {*LEFT.get(module.key, "").split(), *DECIDES.get(module.key, "").split(), "state"}
        values = {}
        for one in module.fields:
            if one.name in left or not one.stored or "__" in one.path:
                continue
            column = resolve_column(module.model, one.path)
            if not column.unique_for_date and (made := self.value(one, column)) is not None:
                values[one.path] = made
        rows = module.model._default_manager.filter(pk=pk)
        try:
            with transaction.atomic():
                rows.update(**values)
        except IntegrityError:
            for name, value in values.items():
                try:
                    with transaction.atomic():
                        rows.update(**{name: value})
                except IntegrityError:
                    # A rule of the table is against it; the value that was there is good enough.
                    continue

    def value(self, one: Field, column: Any) -> Any:
        """A value that no other cell has, or None where the field cannot have one."""
        if isinstance(column, models.GeneratedField):
            return None
        match one.kind:
            case "text" | "longtext" | "phone":
                return self.token()
            case "email":
                return f"{self.token()}@mail.example"
            case "url":
                return f"https://{self.token()}.example/"
            case "integer":
                return 1_000_000 + next(self.numbers)
            case "money":
                return Money(Decimal(1_000_000 + next(self.numbers)) + Decimal("0.37"), "USD")
            case "decimal":
                whole = column.max_digits - column.decimal_places
                number = Decimal(next(self.numbers))
                if whole < 6:
                    return number % 100 / Decimal(10) + Decimal("0.01")
                return 100_000 + number + Decimal("0.25")
            case "date":
                return dt.date(2031, 1, 1) + dt.timedelta(days=next(self.days) % 20_000)
            case "datetime":
                past = column.name.endswith(("_at", "_since", "login")) and column.name != "due_at"
                first = dt.datetime(1990 if past else 2031, 1, 1, 9, 30, tzinfo=dt.UTC)
                return first + dt.timedelta(days=next(self.days) % 10_000, minutes=next(self.days) % 600)
            case _:
                return None

    def read(self) -> None:
        """What the tables hold now."""
        world = self.world
        for module in registry.all_modules():
            stored = [one for one in module.fields if one.stored]
            inner = sorted(INNER.get(module.key, ()))
            paths = [*(one.path for one in stored), *inner]
            recs = world.by_module[module.key] = []
            if module.key in GROWING:
                continue
            refers = {one.name: one.module for one in module.fields if one.kind == "reference"}
            money = {one.name: f"{one.path}_currency" for one in stored if one.kind == "money"}
            for pk, *found in module.rows().values_list("pk", *paths, *money.values()):
                values = dict(zip([*(one.name for one in stored), *inner], map(plain, found), strict=False))
                for name, currency in zip(money, found[len(paths) :], strict=True):
                    if values[name] is not None:
                        values[name] = {"amount": values[name], "currency": currency}
                rec = Rec(module.key, str(pk), values, world.recs, refers)
                for one in module.fields:
                    values.setdefault(one.name, COMPUTED)
                recs.append(rec)
                world.recs[module.key, rec.id] = rec
                world.ids.setdefault(rec.id, []).append(rec)
        for rec in world.recs.values():
            for name, value in rec.values.items():
                for token in TOKEN.findall(value) if isinstance(value, str) else ():
                    self.stands(token, f"{rec.module} {rec.id}: {name}", tells(rec, name))

    def stands(self, token: str, name: str, check: Check) -> None:
        self.world.tokens[token].append((name, check))

    # --- what hangs on records

    def beside(self) -> None:
        """History, notes, activities and alerts of records, by people of both partners and of the vendor."""
        cast, world = self.cast, self.world
        users = {name: person for name, person in world.people.items() if person.user}
        seqs: dict[str, Iterator[int]] = {name: itertools.count(1) for name in users}
        alerts, last = [], dict.fromkeys(users, 0)
        for key in ("leads", "opportunities", "quotes", "partners", "accounts", "contacts"):
            module = registry.get(key)
            for number, rec in enumerate(world.by_module[key]):
                event = None
                for actor, party in (
                    (cast.maria, None),
                    (cast.maria, cast.northwind),
                    (cast.admin, cast.northwind),
                    (cast.alice, cast.northwind),
                    (cast.carol, cast.contoso),
                ):
                    event = self.line(module, rec, actor, party)
                    self.note(module, rec, actor, party, internal=False)
                self.note(module, rec, cast.maria, cast.northwind, internal=True)
                for name, person in users.items() if number % 3 == 0 else ():
                    last[name] = next(seqs[name])
                    alerts.append(
                        Alert(
                            recipient=person.user,
                            seq=last[name],
                            event=event.pk if event else uuid7(),
                            kind=f"{module.model._meta.model_name}.recalled",
                            module=key,
                            object_id=UUID(rec.id),
                        )
                    )
        Alert.objects.all().delete()
        Alert.objects.bulk_create(alerts, batch_size=500)
        for name, person in users.items():
            AlertCounter.objects.update_or_create(user=person.user, defaults={"seq": last[name]})
        # Alerts are a module, too.
        for rec in world.by_module["alerts"]:
            del world.recs["alerts", rec.id]
            del world.ids[rec.id]
        module = registry.get("alerts")
        recs = world.by_module["alerts"] = []
        for one in Alert.objects.all():
            values = {
                name: plain(getattr(one, name))
                for name in ("seq", "kind", "module", "object_id", "at", "seen_at")
            }
            values |= dict.fromkeys(("title", "body", "object", "url"), COMPUTED)
            rec = Rec("alerts", str(one.pk), {**values, "recipient": str(one.recipient_id)}, world.recs)
            recs.append(rec)
            world.recs["alerts", rec.id] = rec
            world.ids[rec.id] = [rec]

    def line(self, module: Module, rec: Rec, actor: Any, party: Any) -> TransitionRecord:
        """A line of history with a name, a reason, an input that is a field and one that is none."""
        name, reason, known, other = (self.token() for _each in range(4))
        field_of_it = next(one for one in ("email", "reference", "phone", "note") if one in module.by_name)
        row = TransitionRecord.objects.create(
            subject=module.subject,
            object_id=rec.id,
            transition="recall",
            to_state=rec.values.get("state") or "",
            actor_kind="user",
            actor_id=actor.pk,
            actor_name=name,
            inputs={field_of_it: known, "spoken": other},
            reason=reason,
            version=1,
            party_id=party.pk if party else None,
        )
        told = told_of(rec, str(party.pk) if party else "")
        by_ours = self.ours(actor)
        person = self.world.recs["users", str(actor.pk)]
        label = f"history of {rec.module} {rec.id}"
        self.stands(
            name, f"{label}: who", lambda who: told(who) and (who.staff or shown(who, person) is not None)
        )
        self.stands(reason, f"{label}: reason", lambda who: told(who) and by_ours(who))
        self.stands(other, f"{label}: input", lambda who: told(who) and by_ours(who))
        field_shown = sees(rec, field_of_it)
        self.stands(
            known,
            f"{label}: input {field_of_it}",
            lambda who: told(who) and by_ours(who) and field_shown(who),
        )
        return row

    def ours(self, actor: Any) -> Check:
        """Reasons and inputs of the vendor's people, and of rivals, are not for outsiders."""
        company = str(actor.company_id or "")
        return lambda who: who.staff or who.id == str(actor.pk) or bool(company and company == who.company)

    def note(self, module: Module, rec: Rec, actor: Any, party: Any, *, internal: bool) -> None:
        hangs = {
            "subject": module.subject,
            "object_id": rec.id,
            "party_id": party.pk if party else None,
            "internal": internal,
            "author": actor,
        }
        note, activity = self.token(), self.token()
        Note.objects.create(body=note, **hangs)
        Activity.objects.create(kind="task", title=activity, assignee=actor, due_at=LATER, **hangs)
        told = told_of(rec, str(party.pk) if party else "")
        # Who wrote it is told where their name is, and that is judged as a field of theirs.
        for token in (note, activity):
            self.stands(
                token,
                f"what hangs on {rec.module} {rec.id}",
                lambda who: told(who) and (who.staff or not internal),
            )


LATER = dt.datetime(2035, 5, 5, 9, tzinfo=dt.UTC)


class _Computed:
    """A value that no table holds: judged by whether it is there, and by the tokens in it."""

    def __repr__(self) -> str:
        return "(computed)"


COMPUTED = _Computed()


def sees(rec: Rec, name: str) -> Check:
    """Whether somebody is shown the field of the record."""

    def check(who: Who) -> bool:
        found = shown(who, rec)
        return name in (found or ())

    return check


def tells(rec: Rec, name: str) -> Check:
    """Whether somebody may come across the value: shown in the record, or their own wherever it stands."""
    field_shown = sees(rec, name)
    return lambda who: name in own(who, rec) or field_shown(who)


def told_of(rec: Rec, party: str) -> Check:
    """What hangs on a record is for those who see it: the vendor's people, and those whose it was then."""

    def check(who: Who) -> bool:
        if shown(who, rec) is None:
            return False
        return who.staff or bool(party and party == who.company)

    return check


# --- twins ----------------------------------------------------------------------------------------------


def hidden_cells(world: AccessWorld, who: Who) -> Iterable[tuple[Cell, Field, str]]:
    """The cells that nothing shows to the user, and on which nothing depends that is shown: with the field,
    and a name to tell of it."""
    cells: dict[Cell, tuple[Field, str]] = {}
    seen: set[Cell] = set()
    for module in registry.all_modules():
        kept = {*DECIDES.get(module.key, "").split(), *LEFT.get(module.key, "").split(), "state"}
        for one in module.fields:
            if not one.stored:
                continue
            for rec in world.by_module[module.key]:
                cell = _cell(module, one, rec)
                if cell is None:
                    continue
                if one.name in kept or tells(rec, one.name)(who) or world.told(who, rec.values[one.name]):
                    seen.add(cell)
                elif "__" not in one.path:
                    cells[cell] = (one, f"{module.key} {rec.id}: {one.name}")
    return [(cell, *told) for cell, told in cells.items() if cell not in seen]


def _cell(module: Module, one: Field, rec: Rec) -> Cell | None:
    """The row and column where the value stands; None where it stands in a row of another kind."""
    model: type[models.Model] = module.model
    if "__" in one.path:
        return None
    column = model._meta.get_field(one.path)
    return column.model, UUID(rec.id), column.attname


def stored_file(name: str, content: bytes) -> Any:
    """A file in the store."""
    return keep(ContentFile(content), name, "text/plain")
