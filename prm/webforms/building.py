"""Making and changing a web form with all that belongs to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.text import slugify

from prm.modules import registry
from prm.modules.actions import create, update
from prm.webforms.models import WebForm
from workflows.actor import Actor

#: What is set by the builder alone; whoever does becomes the owner of the form.
PARTS = ("module", "field_names", "fixed_values")


def build(actor: Actor, data: Mapping[str, Any]) -> WebForm:
    """A new form, which acts with the rights of who makes it. Raises InvalidInput, Denied, NotFound."""
    made: WebForm = create(actor, registry.get("web-forms"), _with_slug(data))
    return made


def rebuild(actor: Actor, pk: Any, data: Mapping[str, Any], expected_version: str | None = None) -> WebForm:
    """Changes a form; from now on it acts with the rights of who did. Raises as `update` does."""
    given = _with_slug(data)
    parts = {name: str(given.pop(name) or "") for name in PARTS if name in given}

    def alongside(form: WebForm) -> set[str]:
        changed = {name for name, value in parts.items() if getattr(form, name) != value}
        if form.owner_id != actor.user.pk:
            changed.add("owner")
        for name, value in parts.items():
            setattr(form, name, value)
        form.owner = actor.user
        return changed

    module = registry.get("web-forms")
    changed: WebForm = update(actor, module, pk, given, expected_version, alongside=alongside)
    return changed


def _with_slug(data: Mapping[str, Any]) -> dict[str, Any]:
    given = dict(data)
    if not given.get("slug"):
        given["slug"] = slugify(str(given.get("title") or ""))[:60]
    return given
