"""What a new portal may begin as: grants that the modules declare, put together for a kind of user."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from prm.access.document import BLANK, Document, normal
from prm.access.policy import declared_scopes
from prm.modules import registry
from workflows.errors import InvalidInput

Grants = dict[str, Any]

#: What everybody who signs in has of their own.
PERSONAL = ("alerts", "exports", "users", "contacts")


@dataclass(frozen=True)
class Template:
    """A beginning. audience: whom it is meant for; grants(): by module, as they stand in a document.

    staff: whether its users are the vendor's own people, who belong to no company.
    """

    key: str
    title: str | Promise
    text: str | Promise
    audience: str
    grants: Callable[[], Grants]
    staff: bool = False


def declared(portal: str, only: Iterable[str] | None = None, *, reading: bool = False) -> Grants:
    """What the modules declare for a built-in portal. only: those modules; reading: nothing but looking."""
    wanted = None if only is None else set(only)
    found = {}
    for module in registry.all_modules():
        spec = module.grants.get(portal)
        if spec is None or (wanted is not None and module.key not in wanted):
            continue
        scopes = copy.deepcopy(declared_scopes(spec))
        if reading and module.key not in PERSONAL:
            for scope in scopes:
                scope["actions"] = [verb for verb in scope["actions"] if verb in ("view", "export")]
                scope["fields"] = {name: _at_most_read(level) for name, level in scope["fields"].items()}
            scopes = [scope for scope in scopes if scope["actions"]]
        if scopes:
            found[module.key] = {"views": list(spec.views), "scopes": scopes}
    return found


def _at_most_read(level: Any) -> Any:
    if isinstance(level, dict):
        return {state: _at_most_read(one) for state, one in level.items()}
    return "read" if level == "write" else level


TEMPLATES = (
    Template("blank", _("Blank"), _("Grants nothing; choose for yourself."), "other", dict),
    Template(
        "reseller",
        _("Reseller"),
        _("Leads, opportunities, quotes and accounts of the own company, like the built-in partner portal."),
        "reseller",
        lambda: declared("partner"),
    ),
    Template(
        "distributor",
        _("Distributor"),
        _("What a reseller has, without quotes of its own."),
        "distributor",
        lambda: {key: grant for key, grant in declared("partner").items() if not key.startswith("quote")},
    ),
    Template(
        "franchise",
        _("Franchise owner"),
        _("The own outlets' customers and business, to read; nothing is offered to them."),
        "franchise",
        lambda: declared(
            "partner",
            ("partners", "accounts", "opportunities", "products", "documents", *PERSONAL),
            reading=True,
        ),
    ),
    Template(
        "customer",
        _("Customer"),
        _("What concerns the own company, like the built-in customer portal."),
        "customer",
        lambda: declared("customer"),
    ),
    Template(
        "person",
        _("One person's own record"),
        _("The own contact and nothing of others: for parents, students and members."),
        "community",
        lambda: declared("customer", PERSONAL),
    ),
    Template(
        "employee",
        _("Employees"),
        _("For the vendor's own people, who belong to no company; like the built-in employee portal."),
        "employee",
        lambda: declared("employee"),
        staff=True,
    ),
)


def template_of(key: str) -> Template:
    """Raises InvalidInput where there is none of this key."""
    for template in TEMPLATES:
        if template.key == key:
            return template
    raise InvalidInput({"template": [_("There is no such template.")]})


def template_document(template: Template) -> Document:
    """What a portal that begins so is to grant."""
    own = {"audience": template.audience, "seated": not template.staff, "grants": template.grants()}
    return normal({**BLANK, **own})
