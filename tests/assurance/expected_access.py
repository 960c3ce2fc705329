"""Who may see what of which field in which state: written by hand from the contract and the glossary.

Nothing here imports from the application, reads a row of a grant, or asks it anything. A record is a `Rec`:
plain values by the names of its module's fields, as somebody found them in the tables. For each module and
each kind of user there is a list of sights; a user sees of a record what all sights together show that it
comes within, and nothing at all where it comes within none. A module that is missing here is a fault.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Who:
    """Somebody with a login. role: the kind of user, "" for one without a portal."""

    name: str
    role: str
    id: str
    portal: str = ""
    company: str = ""
    contact: str = ""
    is_admin: bool = False
    active: bool = True

    @property
    def staff(self) -> bool:
        """One of the vendor's own people."""
        return self.role in ("administrator", "channel_manager", "employee")


@dataclass
class Rec:
    """A record of a module as plain values; `all` finds others by module and id."""

    module: str
    id: str
    values: dict[str, Any]
    all: Mapping[tuple[str, str], Rec]
    refers: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def ref(self, name: str, module: str = "") -> Rec:
        """The record that the field refers to; one without values where it refers to nothing."""
        key = module or self.refers[name]
        return self.all.get((key, str(self.values[name])), Rec(key, "", _Empty(), self.all))

    def same(self, module: str) -> Rec:
        """The record of another module that shares this one's id: a company as an account."""
        return self.all.get((module, self.id), Rec(module, "", _Empty(), self.all))


class _Empty(dict[str, Any]):
    def __missing__(self, name: str) -> None:
        return None


When = Callable[[Who, Rec], bool]
ALL = frozenset({"*"})


@dataclass(frozen=True)
class Sight:
    """shown: names of the fields, "*" for all of them, "-name" takes one away again; writes: alike.

    does: verbs besides view.
    """

    when: When
    shown: frozenset[str]
    does: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()


def sight(when: When, shown: str = "*", does: str = "", writes: str = "") -> Sight:
    """A sight with names separated by blanks."""
    return Sight(when, *(frozenset(one.split()) for one in (shown, does, writes)))


def named(names: frozenset[str], every: frozenset[str]) -> frozenset[str]:
    """The fields of `every` that `names` means."""
    if "*" in names:
        return every - {one[1:] for one in names if one.startswith("-")}
    return every & names


# --- what the conditions are called -------------------------------------------------------------------------


def always(who: Who, rec: Rec) -> bool:
    return True


def mine(name: str) -> When:
    """The record belongs to the reader's company, by this field."""
    return lambda who, rec: bool(who.company) and rec[name] == who.company


def myself(who: Who, rec: Rec) -> bool:
    return rec.id == who.id


def my_card(who: Who, rec: Rec) -> bool:
    return bool(who.contact) and rec.id == who.contact


def my_company(who: Who, rec: Rec) -> bool:
    return bool(who.company) and rec.id == who.company


def my_customer(who: Who, rec: Rec) -> bool:
    return bool(who.company) and rec.same("accounts")["partner"] == who.company


def in_state(*states: str) -> When:
    return lambda who, rec: rec["state"] in states


def both(*conditions: When) -> When:
    return lambda who, rec: all(one(who, rec) for one in conditions)


def admin(who: Who, rec: Rec) -> bool:
    return who.is_admin


def by_me(who: Who, rec: Rec) -> bool:
    return rec["user"] == who.id


def for_me(who: Who, rec: Rec) -> bool:
    return rec["recipient"] == who.id


def colleague(who: Who, rec: Rec) -> bool:
    """A login of somebody in the reader's company."""
    return bool(who.company) and rec.ref("contact", "contacts")["company"] == who.company


def outside(who: Who, rec: Rec) -> bool:
    """A user or an invitation of a portal that is not for the vendor's people."""
    return rec.ref("portal", "portals")["staff"] is False


TIERS = ("registered", "silver", "gold", "platinum")


def addressed(who: Who, book: Rec) -> bool:
    """A price book in force that is meant for the reader's company, which is a partner."""
    partner = book.all.get(("partners", who.company))
    if partner is None or not book["active"] or book["valid_from"] > TODAY:
        return False
    if book["valid_until"] and book["valid_until"] < TODAY:
        return False
    rows = [
        one
        for (key, _id), one in book.all.items()
        if key == "price-book-audiences" and one["book"] == book.id
    ]
    return {
        "everyone": True,
        "tiers": any(one["tier"] and one["tier"] == partner["tier"] for one in rows),
        "types": any(one["partner_type"] and one["partner_type"] == partner["partner_type"] for one in rows),
        "partners": any(one["partner"] == who.company for one in rows),
    }[book["audience"]]


def meant(who: Who, document: Rec) -> bool:
    """A document that is published, has not expired, and has an audience that the reader is in."""
    if document["state"] != "published" or (document["expires_at"] and document["expires_at"] <= NOW):
        return False
    partner = document.all.get(("partners", who.company))
    if partner is not None:
        return (
            document["audience"] in ("everyone", "partners")
            and (not document["tier"] or TIERS.index(document["tier"]) <= TIERS.index(partner["tier"]))
            and document["partner_type"] in ("", partner["partner_type"])
        )
    return ("accounts", who.company) in document.all and document["audience"] in ("everyone", "customers")


NOW = dt.datetime.now(dt.UTC).isoformat()
TODAY = NOW[:10]

# --- fields that come together ------------------------------------------------------------------------------

#: What a partner may know of a lead that is on offer to it: need, size, region and time, never the customer.
LEAD_ON_OFFER = (
    "topic need size region country product amount expected_close state state_since due_at created_at "
    "offer_reason owner"
)
LEAD_IN_POOL = " ".join(set(LEAD_ON_OFFER.split()) - {"offer_reason", "owner"})
LEAD_WORK = (
    "topic need size region country product amount expected_close company_name contact_name email phone "
    "street city"
)
DEAL_ON_OFFER = (
    "topic need size region product amount expected_close state state_since due_at created_at offer_reason "
    "owner"
)
DEAL_WORK = "topic need size region account contact product amount expected_close stage next_step"

#: What a partner's price limits and other partners' doings could be read from is not among a customer's.
QUOTE_FOR_CUSTOMER = (
    "reference number revision title partner assignee state currency language valid_until discount_percent "
    "customer_country customer_tax_id terms note net discount tax total customer contact_name line_count "
    "sent_at decided_at decided_by_name decline_reason decline_note order_reference due_at created_at"
)
QUOTE_WORK = (
    "opportunity title contact price_book language valid_until discount_percent customer_country "
    "customer_tax_id terms note"
)
SENT = ("sent", "accepted", "declined", "ordered")
READ_IN_LIBRARY = "* -audience -tier -partner_type -published_from -reads -downloads -created_at -updated_at"
COLLEAGUE = "name email contact is_active"


def sent_to_me(who: Who, quote: Rec) -> bool:
    return bool(who.company) and quote["account"] == who.company and quote["state"] in SENT


EVERYTHING = (sight(always),)
WITHOUT_WRITING = {"administrator": EVERYTHING, "channel_manager": EVERYTHING}


def kept(does: str, manager: str = "", **others: tuple[Sight, ...]) -> dict[str, tuple[Sight, ...]]:
    """What administrators keep with these verbs, and channel managers with those (or only read)."""
    return {
        "administrator": (sight(always, does=does, writes="*"),),
        "channel_manager": (sight(always, does=manager, writes="*" if manager else ""),),
        **others,
    }


# --- the table ----------------------------------------------------------------------------------------------

_OFFERS = {**WITHOUT_WRITING, "partner": (sight(mine("partner")),)}
_TEAM_INVITES = (sight(both(admin, mine("company")), "* -portal", "create", "email name is_admin"),)
_CONTACTS = (
    sight(mine("company")),
    sight(my_card, does="edit", writes="name phone job_title"),
    sight(both(admin, mine("company")), does="create edit", writes="*"),
)
_LOGINS = (
    sight(colleague, COLLEAGUE),
    sight(
        both(admin, colleague, lambda who, rec: not rec["barred"]),
        f"{COLLEAGUE} last_login created_at",
        "edit",
        "is_active",
    ),
    sight(myself, does="edit", writes="name timezone language"),
)
_MY_SETTINGS = "name timezone language cover away_from away_until"
_OWN_ALERTS = (sight(for_me),)
_OWN_FILES = (sight(by_me),)


def _closed(*states: str) -> When:
    return both(mine("partner"), in_state(*states))


TABLE: dict[str, dict[str, tuple[Sight, ...]]] = {
    "portals": {
        "administrator": (sight(always, does="edit"),),
        "channel_manager": (sight(lambda who, rec: rec["staff"] is False),),
    },
    "companies": {
        **WITHOUT_WRITING,
        "partner": (sight(my_company), sight(my_customer)),
        "customer": (sight(my_company),),
    },
    "contacts": kept(
        "create edit delete",
        "create edit",
        partner=(
            *_CONTACTS,
            sight(
                lambda who, rec: (
                    bool(who.company) and rec.ref("company", "accounts")["partner"] == who.company
                ),
                "* -is_admin",
                "create edit",
                "* -is_admin",
            ),
        ),
        customer=_CONTACTS,
    ),
    "users": {
        "administrator": (sight(always, does="edit", writes="*"),),
        "channel_manager": (
            sight(always),
            sight(myself, does="edit", writes=_MY_SETTINGS),
            sight(outside, does="edit", writes="is_active"),
        ),
        "partner": (
            *_LOGINS,
            sight(lambda who, rec: rec.ref("portal", "portals")["key"] == "channel_manager", "name"),
        ),
        "customer": _LOGINS,
        "employee": (
            sight(lambda who, rec: rec.ref("portal", "portals")["staff"] is True, "name email"),
            sight(myself, does="edit", writes=_MY_SETTINGS),
        ),
    },
    "invitations": {
        "administrator": (sight(always, does="create", writes="*"),),
        "channel_manager": (sight(outside, does="create", writes="*"),),
        "partner": _TEAM_INVITES,
        "customer": _TEAM_INVITES,
    },
    "partners": kept(
        "create edit",
        "create edit",
        partner=(
            sight(my_company),
            sight(
                both(admin, my_company),
                does="edit",
                writes="website phone street postal_code city country",
            ),
        ),
    ),
    "registrations": {
        "administrator": (sight(always, does="edit", writes="channel_manager"),),
        "channel_manager": (
            sight(lambda who, rec: rec["state"] != "draft", does="edit", writes="channel_manager"),
        ),
    },
    "territories": kept("create edit delete", partner=EVERYTHING),
    "tier-terms": kept("create edit delete", partner=EVERYTHING),
    "agreements": {
        "administrator": (
            sight(always, does="create"),
            sight(lambda who, rec: not rec["published_at"], does="edit delete", writes="*"),
        ),
        "channel_manager": EVERYTHING,
        "partner": (sight(lambda who, rec: bool(rec["published_at"])),),
    },
    "accounts": kept(
        "create edit delete",
        "create edit",
        partner=(sight(mine("partner"), does="create edit", writes="* -partner"),),
        customer=(sight(my_company, "name industry website phone street postal_code city country"),),
    ),
    "product-families": kept(
        "create edit delete",
        "create edit delete",
        partner=EVERYTHING,
        customer=EVERYTHING,
        employee=EVERYTHING,
    ),
    "products": kept(
        "create edit delete",
        partner=(sight(lambda who, rec: rec["active"]),),
        customer=(sight(lambda who, rec: rec["active"], "* -list_price"),),
        employee=EVERYTHING,
    ),
    "price-books": kept(
        "create edit delete", "create edit delete", partner=(sight(addressed, "* -audience"),)
    ),
    "price-book-audiences": kept("create edit delete", "create edit delete"),
    "price-book-entries": kept(
        "create edit delete",
        "create edit delete",
        partner=(sight(lambda who, rec: bool(rec.ref("book").id) and addressed(who, rec.ref("book"))),),
    ),
    "exchange-rates": kept("create edit delete", "create edit delete", partner=EVERYTHING),
    "tax-rates": kept("create edit delete", partner=EVERYTHING),
    "documents": {
        role: (
            sight(
                in_state("published", "scheduled"),
                does="create edit",
                writes="* -expires_at -published_from",
            ),
            sight(in_state("draft", "retired"), does="create edit", writes="*"),
            sight(in_state("draft"), does="delete"),
        )
        for role in ("administrator", "channel_manager")
    }
    | {
        "partner": (sight(meant, READ_IN_LIBRARY),),
        "customer": (sight(meant, READ_IN_LIBRARY),),
        "employee": (sight(in_state("published")),),
    },
    "document-versions": {
        **WITHOUT_WRITING,
        "partner": (sight(lambda who, rec: meant(who, rec.ref("document")), "* -downloads"),),
        "customer": (sight(lambda who, rec: meant(who, rec.ref("document")), "* -downloads"),),
        "employee": (sight(lambda who, rec: rec.ref("document")["state"] == "published"),),
    },
    "opportunities": kept(
        "create edit delete",
        "create edit",
        partner=(
            sight(_closed("distributed"), DEAL_ON_OFFER),
            sight(_closed("managed"), "* -reference", "create edit", DEAL_WORK),
            sight(_closed("won", "lost"), "* -reference"),
        ),
    ),
    "opportunity-assignments": _OFFERS,
    "leads": kept(
        "create edit delete",
        "create edit",
        partner=(
            sight(_closed("assigned"), LEAD_ON_OFFER),
            sight(_closed("accepted", "contacted", "qualified"), "* -reference", "create edit", LEAD_WORK),
            sight(_closed("converted", "disqualified"), "* -reference"),
            sight(in_state("pooled"), LEAD_IN_POOL),
        ),
    ),
    "lead-assignments": _OFFERS,
    "quotes": {
        "administrator": (
            sight(always, does="create edit"),
            sight(in_state("draft"), does="create edit", writes=QUOTE_WORK),
        ),
        "channel_manager": EVERYTHING,
        "partner": (
            sight(mine("partner"), does="create edit"),
            sight(_closed("draft"), does="create edit", writes=QUOTE_WORK),
        ),
        "customer": (sight(sent_to_me, QUOTE_FOR_CUSTOMER),),
    },
    "quote-lines": {
        **WITHOUT_WRITING,
        "partner": (
            sight(lambda who, rec: bool(who.company) and rec.ref("quote")["partner"] == who.company),
        ),
        "customer": (sight(lambda who, rec: sent_to_me(who, rec.ref("quote")), "* -list_price -book_price"),),
    },
    "alerts": dict.fromkeys(
        ("administrator", "channel_manager", "partner", "customer", "employee"), _OWN_ALERTS
    ),
    "imports": {
        "administrator": EVERYTHING,
        "channel_manager": _OWN_FILES,
        "partner": _OWN_FILES,
    },
    "exports": dict.fromkeys(
        ("administrator", "channel_manager", "partner", "customer", "employee"), _OWN_FILES
    ),
    # What administrators alone have to do with.
    "portal-drafts": {"administrator": (sight(always, does="edit", writes="note"),)},
    "web-forms": {"administrator": (sight(always, does="create edit delete", writes="*"),)},
    "touches": {"administrator": EVERYTHING},
    # The newcomer's module of the tests: lent to a partner its secret is hidden while it is away; the small
    # ones are everybody's to look at.
    "gadgets": {
        "administrator": (sight(always, does="create edit delete", writes="*"),),
        "partner": (
            sight(both(mine("holder"), in_state("lent")), "* -secret", "edit", "note"),
            sight(both(mine("holder"), in_state("draft", "back")), "*", "edit", "note"),
            sight(
                lambda who, rec: rec["size"] is not None and rec["size"] <= 3, "name size state created_at"
            ),
        ),
    },
}

#: A portal that an administrator has made: for franchise owners, who see little of a few modules, their
#: customers through their own company. It hides the title of what it refers to, and a field by state.
FRANCHISE: dict[str, tuple[Sight, ...]] = {
    "leads": (
        sight(_closed("accepted", "contacted"), "topic state product email", "edit export", "topic"),
        sight(_closed("converted"), "topic state product company_name email phone", "export"),
        sight(_closed("qualified"), "topic state product company_name", "export"),
    ),
    "products": (sight(always, "code series active"),),
    "accounts": (sight(mine("partner"), "name city"),),
    "contacts": (
        sight(
            lambda who, rec: bool(who.company) and rec.ref("company", "accounts")["partner"] == who.company,
            "name company job_title",
            "edit",
            "job_title",
        ),
    ),
    "quotes": (
        sight(
            lambda who, rec: (
                bool(who.company)
                and rec.ref("account")["partner"] == who.company
                and rec["state"] in ("sent", "accepted", "draft")
            ),
            "reference account state",
        ),
        sight(
            lambda who, rec: (
                bool(who.company)
                and rec.ref("account")["partner"] == who.company
                and rec["state"] == "accepted"
            ),
            "total",
        ),
    ),
}
for _module, _some in FRANCHISE.items():
    TABLE[_module]["franchise"] = _some

#: Modules that grow while they are looked at: what they hold is not known beforehand, but who may look is.
GROWING = frozenset({"touches"})

#: By which a record is somebody's: twin worlds must not differ in these, since they decide what is shown.
DECIDES: dict[str, str] = {
    "portals": "staff key built_in audience seated archived host",
    "portal-drafts": "state portal base published_as",
    "web-forms": "slug module active owner",
    "contacts": "company is_admin",
    "users": "portal contact is_active",
    "invitations": "company portal state",
    "agreements": "published_at",
    "accounts": "partner parent",
    "partners": "state tier partner_type",
    "registrations": "state",
    "products": "active",
    "price-books": "audience active valid_from valid_until currency",
    "price-book-audiences": "book tier partner_type partner",
    "price-book-entries": "book product currency",
    "exchange-rates": "from_currency to_currency",
    "tax-rates": "country tax_class",
    "tier-terms": "tier",
    "documents": "state audience tier partner_type expires_at published_from published_at",
    "document-versions": "document number",
    "opportunities": "state stage partner account",
    "opportunity-assignments": "opportunity partner state",
    "leads": "state partner",
    "lead-assignments": "lead partner state",
    "quotes": "state partner account opportunity previous currency revision",
    "quote-lines": "quote position",
    "alerts": "seq kind module object_id",
    "imports": "user state target",
    "exports": "state target kind",
    "gadgets": "holder state size",
}


# --- asking it ----------------------------------------------------------------------------------------------


def _sights(who: Who, rec: Rec) -> list[Sight]:
    if not who.active:
        return []
    return [one for one in TABLE[rec.module].get(who.role, ()) if one.when(who, rec)]


def shown(who: Who, rec: Rec) -> frozenset[str] | None:
    """Names of the fields that the user sees of the record; None where it is not there for them.

    A reference is among them where the record shows it; whether what it refers to is visible is `reference`.
    """
    found = _sights(who, rec)
    if not found:
        return None
    every = frozenset(rec.values) - INNER.get(rec.module, frozenset())
    return frozenset().union(*(named(one.shown, every) for one in found))


#: Values that a record is judged by and that are no fields of its module.
INNER = {
    "users": frozenset({"barred"}),
    "alerts": frozenset({"recipient"}),
    "exports": frozenset({"user"}),
}


def own(who: Who, rec: Rec) -> frozenset[str]:
    """What a user knows of themselves whatever is granted: they are greeted by it, on every page.

    Their own name and address, what their company and their portal are called.
    """
    names = {
        "users": "name email" if rec.id == who.id else "",
        "companies": "name" if rec.id == who.company else "",
        "partners": "name" if rec.id == who.company else "",
        "accounts": "name" if rec.id == who.company else "",
        "portals": "title key" if rec.id == who.portal else "",
    }
    return frozenset(names.get(rec.module, "").split())


#: Who issues a quote stands on it, in full, whoever may read it: it is a letter.
LETTERHEAD = ("name", "website", "phone", "street", "postal_code", "city", "tax_id")


def may(who: Who, rec: Rec, verb: str) -> bool:
    """Whether the user may do a plain verb to the record."""
    if verb in ("export", "attach", "comment") and who.role != "franchise":
        # In the portals that there are from the beginning, these come with seeing the record.
        verb = "view"
    return any(verb == "view" or verb in one.does for one in _sights(who, rec))


def given(who: Who, version: Rec) -> bool:
    """Whether the user is given the file of a version of a document: both are theirs to see."""
    return shown(who, version) is not None and shown(who, version.ref("document")) is not None


def writes(who: Who, rec: Rec) -> frozenset[str]:
    """Names of the fields that the user may change on the record, of those that may be changed at all."""
    every = frozenset(rec.values) - INNER.get(rec.module, frozenset())
    return frozenset().union(*(named(one.writes, every) for one in _sights(who, rec) if "edit" in one.does))
