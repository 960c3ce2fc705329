"""Who does something: a person, a link that was mailed to one, or the system itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.translation import gettext as _

Kind = Literal["user", "link", "timer", "rule", "import", "system"]

# A link acts with the rights of the user it was sent to, so both are asked what they may do.
PEOPLE: frozenset[str] = frozenset({"user", "link"})


@dataclass(frozen=True)
class Actor:
    """`user` acts; `as_user` is whose view an administrator has taken. `name` is kept in the history.

    permits: transitions that a link was made for, where it belongs to nobody who has rights here.
    """

    kind: Kind
    user: Any = None
    as_user: Any = None
    name: str = ""
    request_id: str = ""
    permits: frozenset[str] = frozenset()

    @classmethod
    def of(cls, user: Any, request_id: str = "") -> Actor:
        return cls(kind="user", user=user, name=display_name(user), request_id=request_id)

    @classmethod
    def link(
        cls, user: Any = None, name: str = "", request_id: str = "", permits: Iterable[str] = ()
    ) -> Actor:
        """Somebody who holds a mailed link: a user, or an applicant or customer who has no login."""
        return cls(
            kind="link",
            user=user,
            name=name or display_name(user),
            request_id=request_id,
            permits=frozenset(permits),
        )

    @classmethod
    def timer(cls) -> Actor:
        return cls(kind="timer", name=_("Timer"))

    @classmethod
    def importer(cls, user: Any = None) -> Actor:
        return cls(kind="import", user=user, name=display_name(user) or _("Import"))

    @classmethod
    def system(cls) -> Actor:
        return cls(kind="system", name=_("System"))

    @property
    def is_person(self) -> bool:
        return self.kind in PEOPLE

    @property
    def principal(self) -> str:
        """One word for whom an idempotency key belongs to."""
        return f"{self.kind}:{getattr(self.user, 'pk', None) or self.name}"


def display_name(user: Any) -> str:
    if user is None:
        return ""
    return str(getattr(user, "name", "") or user)
