"""Where personal data lives, model by model. A test finds what nobody has declared.

What a person is known by (full name, email addresses, phone numbers) is also looked for in every other text
of the portal, declared or not; see `prm.privacy.scrub`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import models

ERASED = "Erased person"
#: A mailbox that cannot exist (RFC 2606).
NO_MAILBOX = "erased@erased.invalid"


@dataclass(frozen=True, kw_only=True)
class Holding:
    """What one model holds on people.

    mine: (lookup, whose): rows about the person. whose: "user", "contacts", "emails", "phones", or "ids" of
        user and contacts.
    replace: columns of those rows, with what stands there afterwards.
    delete: those rows go, with all that hangs on them.
    people: references to a user or contact that stay: they lead to a row without a name from then on.
    texts: columns called name that people fill in; they are searched as all texts are.
    things: columns called name that name no person; they are not searched.
    secrets: columns that are not given out.
    quiet: bookkeeping that hangs on other rows, of which people are not told.
    """

    mine: tuple[tuple[str, str], ...] = ()
    replace: Mapping[str, Any] = field(default_factory=dict)
    delete: bool = False
    people: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    things: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    quiet: bool = False

    @property
    def declared(self) -> frozenset[str]:
        """Columns of which is known what becomes of them."""
        own = {lookup.partition("__")[0] for lookup, _whose in self.mine}
        return frozenset({*own, *self.replace, *self.people, *self.texts, *self.things, *self.secrets})


def _of_user(*, also: tuple[str, ...] = (), **more: Any) -> Holding:
    """Rows that belong to a login and go with it."""
    return Holding(mine=(("user", "user"),), delete=True, things=also, **more)


HOLDINGS: Mapping[str, Holding] = {
    "people.contact": Holding(
        mine=(("pk", "contacts"),),
        replace={"name": ERASED, "email": "", "phone": "", "job_title": "", "is_admin": False},
    ),
    "people.user": Holding(
        mine=(("pk", "user"),),
        # The address is made anew for each, since no two logins may have the same.
        replace={
            "name": ERASED,
            "email": NO_MAILBOX,
            "is_active": False,
            "paused": False,
            "barred": True,
            "timezone": "UTC",
            "cover": None,
            "away_from": None,
            "away_until": None,
            "last_login": None,
        },
        people=("contact",),
        secrets=("password",),
    ),
    "people.invitation": Holding(
        mine=(("email__in", "emails"), ("contact__in", "contacts")),
        replace={"name": ERASED, "email": NO_MAILBOX},
        people=("invited_by",),
        secrets=("token_hash",),
    ),
    "people.portalstay": _of_user(),
    "people.company": Holding(things=("name", "phone")),
    "leads.lead": Holding(
        mine=(("email__in", "emails"), ("phone__in", "phones"), ("contact_person__in", "contacts")),
        replace={"contact_name": ERASED, "email": "", "phone": ""},
        people=("assignee", "owner", "contact_person"),
        things=("company_name",),
    ),
    "leads.leadassignment": Holding(people=("offered_by",)),
    "opportunities.opportunity": Holding(people=("assignee", "owner", "contact")),
    "opportunities.opportunityassignment": Holding(people=("offered_by",)),
    "partners.registration": Holding(
        mine=(("contact_email__in", "emails"), ("contact_phone__in", "phones")),
        replace={"contact_name": ERASED, "contact_email": NO_MAILBOX, "contact_phone": ""},
        people=("channel_manager",),
        things=("company_name",),
        secrets=("mail_token_hash",),
    ),
    "partners.partner": Holding(people=("channel_manager",)),
    "partners.onboardingstep": Holding(people=("done_by",)),
    "partners.territory": Holding(things=("name",)),
    "quotes.quote": Holding(
        mine=(("contact__in", "contacts"), ("sent_to__in", "emails")),
        replace={"sent_to": "", "decided_by_name": ""},
        people=("contact", "assignee", "owner"),
    ),
    "quotes.quoteline": Holding(things=("name",)),
    "catalog.productfamily": Holding(things=("name",)),
    "catalog.product": Holding(things=("name",)),
    "catalog.pricebook": Holding(things=("name",)),
    "access.scope": Holding(things=("name",)),
    "portals.portaldraft": Holding(people=("made_by",)),
    "access.portalversion": Holding(mine=(("by_id", "user"),), replace={"by_name": ERASED}),
    "vendor.vendorprofile": Holding(
        things=("name", "legal_name", "email", "phone", "mail_user", "mail_from"), secrets=("mail_password",)
    ),
    # What was written about the person stands on their own record.
    "records.note": Holding(mine=(("object_id__in", "ids"),), delete=True, people=("author",)),
    "records.activity": Holding(mine=(("object_id__in", "ids"),), delete=True, people=("assignee", "author")),
    "records.file": Holding(
        mine=(("object_id__in", "ids"),), delete=True, people=("author", "removed_by"), texts=("name",)
    ),
    "records.upload": Holding(mine=(("author", "user"),), delete=True, texts=("name",)),
    "files.storedfile": Holding(texts=("name",)),
    "alerts.alert": Holding(mine=(("recipient", "user"),), delete=True),
    "alerts.delivery": Holding(mine=(("recipient", "user"),), delete=True, quiet=True),
    "alerts.alertcounter": _of_user(quiet=True),
    "alerts.actionlink": _of_user(quiet=True, secrets=("token_hash",)),
    "calendar.feed": _of_user(secrets=("token_hash", "password_mark")),
    "library.documentversion": Holding(texts=("name",)),
    "library.reading": Holding(people=("user",)),
    # What waits to be confirmed is sealed, and gone after three days.
    "webforms.webform": Holding(people=("owner",)),
    "webforms.submission": Holding(secrets=("sealed", "token_hash"), quiet=True),
    "library.libraryvisit": Holding(people=("user",)),
    "views.savedview": Holding(people=("owner",), texts=("name",)),
    "views.defaultview": _of_user(quiet=True),
    "views.undo": _of_user(quiet=True),
    "imports.import": Holding(people=("user",), texts=("name",)),
    "imports.export": Holding(people=("user",), texts=("name",)),
    "imports.rememberedmapping": _of_user(),
    "api.token": _of_user(secrets=("digest", "prefix")),
    "account.emailaddress": _of_user(also=("email",)),
    "mfa.authenticator": _of_user(secrets=("data",)),
    "socialaccount.socialaccount": _of_user(also=("extra_data", "uid")),
    "socialaccount.socialapp": Holding(things=("name",)),
    "axes.accessattempt": Holding(mine=(("username__in", "emails"),), delete=True, things=("user_agent",)),
    "axes.accessfailurelog": Holding(mine=(("username__in", "emails"),), delete=True, things=("user_agent",)),
    "axes.accesslog": Holding(mine=(("username__in", "emails"),), delete=True, things=("user_agent",)),
    "workflows.transitionrecord": Holding(mine=(("actor_id", "user"),), replace={"actor_name": ERASED}),
    # The log refers to people by id; of an erased one the addresses go, too: the chain holds only digests.
    "touch.touchentry": Holding(
        mine=(("user", "user"),),
        replace={"address": "", "address_salt": ""},
        people=("as_user",),
        things=("address_mark", "portal", "module", "verb", "request", "prev_hash", "hash"),
        quiet=True,
    ),
    "touch.touchhead": Holding(things=("hash", "since_hash")),
    "privacy.disclosure": Holding(
        mine=(("user", "user"), ("contact__in", "contacts"), ("email__in", "emails")),
        delete=True,
        people=("asked_by",),
    ),
    "privacy.erasure": Holding(people=("by",)),
    # Words of libraries and of the portal itself.
    "auth.permission": Holding(things=("name",)),
    "auth.group": Holding(things=("name",)),
    "django_q.task": Holding(things=("name",)),
    "django_q.schedule": Holding(things=("name",)),
}

NOTHING = Holding()


def holdings() -> Iterator[tuple[type[models.Model], Holding]]:
    """The declared models that this installation has, in the order of the map."""
    for label, one in HOLDINGS.items():
        with suppress(LookupError):
            yield apps.get_model(label), one


def holding(label: str) -> Holding:
    """What the model "leads.lead" holds; nothing where it is not declared."""
    return HOLDINGS.get(label, NOTHING)
