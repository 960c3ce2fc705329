"""A person, by all that the portal knows them by."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import phonenumbers
from django.apps import apps
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from prm.modules import registry
from prm.people.models import Company, Contact, User
from prm.privacy.map import ERASED, NO_MAILBOX, Holding, holding, holdings
from workflows.errors import InvalidInput, NotFound


@dataclass
class Person:
    """A login, the contacts that are the same mailbox, and what texts would call them."""

    user: User | None
    contacts: list[Contact]
    emails: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    phones: set[str] = field(default_factory=set)

    @property
    def label(self) -> str:
        """The name by which somebody confirms that this person is meant."""
        return next((name for name in self._names() if name), min(self.emails, default=""))

    def _names(self) -> Iterable[str]:
        yield from (contact.name for contact in self.contacts)
        if self.user:
            yield self.user.name

    @property
    def ids(self) -> list[UUID]:
        """The ids of their records."""
        return [*(contact.pk for contact in self.contacts), *([self.user.pk] if self.user else [])]

    def rows(self, model: Any, holding: Holding) -> QuerySet[Any]:
        """The rows of the model that are about this person."""
        values: dict[str, Any] = {
            "user": self.user.pk if self.user else None,
            "contacts": [contact.pk for contact in self.contacts],
            "emails": sorted(self.emails),
            "phones": sorted(self.phones),
            "ids": self.ids,
        }
        which = Q(pk__in=[])
        for lookup, whose in holding.mine:
            wanted = values[whose]
            if whose == "user" and wanted is not None:
                which |= Q(**{lookup: wanted})
            elif whose == "contacts" and lookup == "pk":
                which |= Q(pk__in=wanted)
            elif whose == "phones":
                # A number alone may be that of a whole office.
                named = Q(pk__in=[])
                for name in self.names:
                    named |= Q(**{f"{_name_column(holding)}__iexact": name})
                which |= Q(**{lookup: wanted}) & named
            elif whose == "emails":
                # Addresses are compared without their case, which a list of values cannot do.
                column = lookup.removesuffix("__in")
                for email in wanted:
                    which |= Q(**{f"{column}__iexact": email})
            elif whose != "user":
                which |= Q(**{lookup: wanted})
        return model._base_manager.filter(which)

    def refers(self, model: Any, holding: Holding) -> QuerySet[Any]:
        """Rows in which they are named by reference: as author, assignee, owner …"""
        which = Q(pk__in=[])
        for name in holding.people:
            target = model._meta.get_field(name).remote_field.model
            ids = [contact.pk for contact in self.contacts] if target is Contact else []
            if target is User and self.user:
                ids = [self.user.pk]
            which |= Q(**{f"{name}__in": ids})
        return model._base_manager.filter(which)

    def spellings(self) -> list[str]:
        """What texts may hold of them: addresses, full names, and numbers in their usual forms.

        A name of one word is left out: in a text it is as likely somebody or something else.
        """
        found = {text for text in (*self.emails, *self.names) if text}
        found = {text for text in found if "@" in text or len(text.split()) > 1}
        for number in self.phones:
            found |= _forms(number)
        return sorted(found - {ERASED, NO_MAILBOX}, key=lambda text: (-len(text), text))

    def pattern(self) -> re.Pattern[str] | None:
        """Finds any of the spellings as whole words; None where there is nothing to look for."""
        spellings = self.spellings()
        if not spellings:
            return None
        any_of = "|".join(r"\s+".join(re.escape(word) for word in one.split()) for one in spellings)
        return re.compile(rf"(?<!\w)(?:{any_of})(?!\w)", re.IGNORECASE)


def _name_column(holding: Holding) -> str:
    return next(name for name in holding.replace if name.endswith("name"))


def _forms(number: str) -> set[str]:
    forms = {number}
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return forms
    kinds = phonenumbers.PhoneNumberFormat
    for kind in (kinds.E164, kinds.INTERNATIONAL, kinds.NATIONAL):
        forms.add(phonenumbers.format_number(parsed, kind))
    return {form for form in forms if len(form) >= 6}


def of_contact(contact: Contact) -> Person:
    """The person of a contact, with their login and their contacts at other companies."""
    return _gathered(User.objects.filter(contact=contact).first(), contact, contact.email)


def of_user(user: User) -> Person:
    """The person of a login."""
    return _gathered(user, user.contact, user.email)


def oneself(user: User) -> Person:
    """The person of a login by what they have proved alone: what stands on a contact's card is only said, and
    whoever may write it could otherwise ask for the data of another person."""
    proven = {user.email.lower()} | {
        one.lower() for one in _addresses(user).filter(verified=True).values_list("email", flat=True)
    }
    found = _gathered(user, user.contact, user.email)
    found.emails &= proven
    found.contacts = [
        one for one in found.contacts if one.pk == user.contact_id or one.email.lower() in proven
    ]
    found.phones = set()
    return found


def _addresses(user: User) -> QuerySet[Any]:
    rows: QuerySet[Any] = apps.get_model("account", "EmailAddress").objects.filter(user=user)
    return rows


def of_email(email: str) -> Person:
    """Whoever has this address: a login, a contact, or somebody whom others entered.

    Raises NotFound, and InvalidInput where several people share the mailbox.
    """
    email = email.strip().lower()
    user = User.objects.filter(email=email).first()
    if user is not None:
        return of_user(user)
    contacts = list(Contact.objects.filter(email__iexact=email).order_by("pk"))
    if len({_folded(one.name) for one in contacts}) > 1:
        raise InvalidInput({"email": [_("Several people share this address. Open the page of one of them.")]})
    person = of_contact(contacts[0]) if contacts else _gathered(None, None, email)
    if not contacts and not _known(person):
        raise NotFound
    return person


def record_of(person: Person) -> tuple[str, UUID] | None:
    """The module and id of a record that holds an address of this person: of somebody whom others entered.

    None where no record does, but only what libraries keep, such as attempts to sign in.
    """
    for model, one in holdings():
        module = registry.for_model(model)
        if module is None or not _addressed(one):
            continue
        found = person.rows(model, one).order_by("pk").values_list("pk", flat=True).first()
        if found is not None:
            return module.key, found
    return None


def of_record(key: str, pk: UUID) -> Person:
    """Whoever has the address that stands in this record. Raises NotFound, and InvalidInput as `of_email`."""
    try:
        model: Any = registry.get(key).model
    except LookupError as error:
        raise NotFound from error
    row = model._base_manager.filter(pk=pk).first()
    emails = [getattr(row, column) for column in _addressed(holding(model._meta.label_lower))] if row else []
    if not emails or not emails[0]:
        raise NotFound
    return of_email(emails[0])


def _addressed(one: Holding) -> list[str]:
    """The columns by whose address the rows are somebody's."""
    return [lookup.removesuffix("__in") for lookup, whose in one.mine if whose == "emails"]


def _known(person: Person) -> bool:
    return any(person.rows(model, one).exists() for model, one in holdings() if _addressed(one))


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


def _gathered(user: User | None, contact: Contact | None, email: str) -> Person:
    emails = {
        one.lower() for one in (email, user.email if user else "", contact.email if contact else "") if one
    }
    if user is not None:
        emails |= {one.lower() for one in _addresses(user).values_list("email", flat=True)}
    names = {one.name for one in (user, contact) if one is not None and one.name}
    folded = {_folded(name) for name in names}
    contacts = [contact] if contact else []
    for one in sorted(emails):
        # The same mailbox and the same name are the same person, at another company.
        for other in Contact.objects.filter(email__iexact=one).order_by("pk"):
            if other not in contacts and (_folded(other.name) in folded or not folded):
                contacts.append(other)
    phones = {str(one.phone) for one in contacts if one.phone}
    names |= {one.name for one in contacts if one.name}
    mine = [one.pk for one in contacts]
    others = Contact.objects.exclude(pk__in=mine)
    users = User.objects.exclude(pk=user.pk) if user else User.objects.all()
    return Person(
        user=user,
        contacts=contacts,
        # A mailbox or a telephone that colleagues share is nobody's own, and stays theirs.
        emails={
            one
            for one in emails
            if not one.endswith(NO_MAILBOX)
            and not others.filter(email__iexact=one).exists()
            and not users.filter(email=one).exists()
        },
        names={name for name in names if name != ERASED},
        phones={
            one
            for one in phones
            if not others.filter(phone=one).exists() and not Company.objects.filter(phone=one).exists()
        },
    )
