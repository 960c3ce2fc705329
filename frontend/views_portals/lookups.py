"""The ways from a module's records to the user: found in its references, said in their labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prm.access.models import Portal
from prm.accounts.models import Account
from prm.modules.registry import Module
from prm.partners.models import Partner
from prm.people.models import Company, Contact, User

#: A way of more references than this is not understood by anybody who reads it.
FARTHEST = 3

COMPANY, CONTACT, USER = "$user.company", "$user.contact", "$user.id"
ENDS = ((Company, COMPANY), (Contact, CONTACT), (User, USER))


@dataclass(frozen=True)
class Lookup:
    """Records whose `field`, a dotted path, is `value`: the user's company, contact or the user itself.

    steps: the references on the way, as texts of the model; empty where the record is it itself.
    """

    field: str
    value: str
    steps: tuple[Any, ...]
    company_is: type[models.Model] | None = None

    @property
    def key(self) -> str:
        """How a form names it."""
        return f"{self.field}={self.value}"

    @property
    def way(self) -> str:
        """The references in words: "Account → Partner"."""
        return " → ".join(str(capfirst(step)) for step in self.steps) or _("The record itself")

    @property
    def text(self) -> str:
        """One sentence for a list to choose from."""
        return SAYS[self.value] % {"way": self.way}

    def condition(self) -> dict[str, str]:
        """As a condition says it."""
        return {"field": self.field, "op": "is", "value": self.value}


SAYS = {
    COMPANY: gettext_lazy("%(way)s is the user’s company"),
    CONTACT: gettext_lazy("%(way)s is the user’s contact"),
    USER: gettext_lazy("%(way)s is the user"),
}


@lru_cache(maxsize=256)
def lookups(module: Module) -> tuple[Lookup, ...]:
    """All ways from the module's records to the user, the shortest first."""
    found = []
    if value := _value(module.model):
        found.append(Lookup("id", value, (), module.model))
    queue: list[tuple[type[models.Model], tuple[str, ...], tuple[Any, ...]]] = [(module.model, (), ())]
    while queue:
        model, path, steps = queue.pop(0)
        for name, label, target in _references(model):
            here, said = (*path, name), (*steps, label)
            if value := _value(target):
                found.append(Lookup(".".join(here), value, said, target))
            if len(here) < FARTHEST and target not in (User, Portal) and target is not model:
                queue.append((target, here, said))
    return tuple(found)


def _value(model: type[models.Model]) -> str:
    return next((value for kind, value in ENDS if issubclass(model, kind)), "")


def _references(model: type[models.Model]) -> Iterator[tuple[str, Any, type[models.Model]]]:
    for column in model._meta.get_fields():
        target: Any = column.related_model
        if target is None or not isinstance(target, type):
            continue
        if column.concrete and (column.many_to_one or column.one_to_one):
            # The row of the company that a partner or an account is: the same record.
            if not getattr(column.remote_field, "parent_link", False):
                yield column.name, getattr(column, "verbose_name", column.name), target
        elif model is Company and target is Account:
            # A contact's company may be an account: that is the way from people to customers.
            yield column.name, target._meta.verbose_name, target


@dataclass(frozen=True)
class Reach:
    """A usual choice of records: what it is called, and the lookup that it is in this module."""

    key: str
    title: str
    lookup: Lookup


def reaches(module: Module) -> list[Reach]:
    """Own company, own, customers: those of the usual choices that the module has a way for."""
    known = lookups(module)
    made = []
    company = _first(known, lambda one: one.value == COMPANY and (not one.steps or len(one.steps) == 1))
    if issubclass(module.model, Account):
        company = _first(known, lambda one: one.field == "id")
    elif partner := _first(known, lambda one: one.company_is is Partner and len(one.steps) <= 1):
        company = partner
    if company:
        made.append(Reach("company", _("Of the user’s own company"), company))
    own = _first(known, lambda one: one.value in (CONTACT, USER) and len(one.steps) <= 1)
    if own:
        made.append(Reach("own", _("The user’s own"), own))
    customers = _first(known, lambda one: _of_customers(module, one))
    if customers:
        made.append(Reach("customers", _("Of customers of the user’s company"), customers))
    return made


def _of_customers(module: Module, one: Lookup) -> bool:
    if one.company_is is not Partner:
        return False
    return _passes_account(module.model, one.field.split("."))


def _passes_account(model: type[models.Model], path: list[str]) -> bool:
    here: Any = model
    for name in path:
        if issubclass(here, Account) and name == "partner":
            return True
        here = here._meta.get_field(name).related_model
    return False


def _first(known: tuple[Lookup, ...], fits: Any) -> Lookup | None:
    return next((one for one in known if fits(one)), None)
