"""The engine's question "who may", answered by the user's portal."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from prm.access.models import Scope
from prm.access.rights import rights_for
from prm.modules import registry
from workflows.actor import Actor
from workflows.machine import Transition


def resolve_reference(user: Any, key: str, pk: str) -> models.Model | None:
    """The record that a reference names, if the user may see it."""
    try:
        return rights_for(user).visible(registry.get(key)).filter(pk=pk).first()
    except (LookupError, ValueError, ValidationError):
        return None


def _link_only(actor: Actor) -> bool:
    """Somebody who holds a mailed link and has no login: an applicant, a customer."""
    return actor.kind == "link" and actor.user is None


class PortalPolicy:
    """Fills the policy port of `workflows`: every answer comes from `prm.access`."""

    def visible(self, actor: Actor, obj: models.Model) -> bool:
        """Whether the actor may see the record. A link without a user was made for this one record."""
        if _link_only(actor):
            return True
        module = registry.for_model(type(obj))
        return module is not None and rights_for(actor.user).may(module, "view", obj)

    def may(self, actor: Actor, obj: models.Model, transition: Transition) -> bool:
        """Whether a scope that reaches the record grants the transition, or a link alone is enough for it."""
        if _link_only(actor):
            # What users may do as well asks for their rights, which such a link has none of; unless it was
            # made for just this.
            return "link" in transition.by and (
                "user" not in transition.by or transition.name in actor.permits
            )
        module = registry.for_model(type(obj))
        return module is not None and rights_for(actor.user).may(module, transition.capability, obj)

    def resolve(self, actor: Actor, module: str, pk: str) -> models.Model | None:
        """The record that an input names, if the actor may see it; the system itself may use any."""
        if actor.is_person:
            return resolve_reference(actor.user, module, pk)
        try:
            return registry.get(module).rows().filter(pk=pk).first()
        except (LookupError, ValueError, ValidationError):
            return None

    def grantable(self, subject: str) -> set[str]:
        """Capabilities that some portal grants on the records called `subject`."""
        module = registry.for_subject(subject)
        if module is None:
            return set()
        granted: set[str] = set()
        for scope in Scope.objects.filter(grant__module=module.key):
            granted.update(scope.actions)
        if "*" in granted and module.machine:
            granted.update(one.capability for one in module.machine.transitions if "user" in one.by)
        return granted
