"""Who may be named of those who did something: beside a step of the history, a note, a file, a plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from prm.access.rights import rights_for
from prm.modules import registry


@dataclass(frozen=True)
class Names:
    """Whom of some people a reader may name, by the ids of the users, and who of these are colleagues."""

    everybody: bool
    known: frozenset[UUID] = frozenset()
    colleagues: frozenset[UUID] = frozenset()

    def told(self, pk: UUID | None) -> bool:
        """Whether the user with this id may be named."""
        return self.everybody or pk in self.known

    def of(self, person: Any) -> str:
        """The name of a user, "" for nobody and for who may not be named."""
        if person is None or not self.told(person.pk):
            return ""
        # Without a name a user is called by the address, which to read is another right.
        return str(person.get_full_name() if self.everybody else person.name)


def label_of(user: Any, person: Any) -> str:
    """How a person stands among choices that the user is given; a dash for one who may not be named."""
    known = frozenset({person.pk} if may_name(user, person) else ())
    return Names(rights_for(user).policy.staff, known).of(person) or "–"


def may_name(user: Any, person: Any) -> bool:
    """Whether the user may name a person with a login: the vendor's people everybody, others themselves and
    those whose name they may read. Asks no database where the person comes with portal and contact."""
    rights = rights_for(user)
    own = person.pk == user.pk
    return rights.policy.staff or own or "name" in rights.readable(registry.get("users"), person)


def names(user: Any, ids: Iterable[UUID | None]) -> Names:
    """Whom of the users `ids` this user may name, as `may_name` says, with one query at most."""
    rights = rights_for(user)
    if rights.policy.staff:
        return Names(True)
    known: dict[UUID, UUID | None] = {user.pk: user.company_id}
    if others := {*ids} - {None, user.pk}:
        users = registry.get("users")
        scopes = (one for one in rights.scopes(users.key, "view") if one.readable("name", users.states))
        rows, where = users.rows().filter(pk__in=others), rights.reach(scopes)
        rows = rows if where is None else rows.filter(where)
        known |= dict(rows.values_list("pk", "contact__company_id"))
    colleagues = {pk for pk, company in known.items() if company and company == user.company_id}
    return Names(False, frozenset(known), frozenset({*colleagues, user.pk}))
