"""The touch log as a module: list, filters, search, CSV and API for those who are granted it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from prm.access.specs import GrantSpec, ScopeSpec
from prm.modules import registry
from prm.modules.registry import Module, Section, fields
from prm.touch.models import TouchEntry


def module_choices() -> list[tuple[str, Any]]:
    """Every module by its key, for the filter."""
    return [(one.key, one.label_plural) for one in registry.all_modules()]


modules = [
    Module(
        key="touches",
        model=TouchEntry,
        label=_("Touch"),
        label_plural=_("Touches"),
        icon="footprints",
        title="kind",
        fields=fields(
            TouchEntry,
            "at",
            "user",
            "kind",
            "module",
            "record",
            "verb",
            "door",
            "portal",
            "as_user",
            "made_up",
            "address",
            "request",
            "seq",
            "hash",
            module={"kind": "choice", "choices": module_choices},
        ),
        columns=("at", "user", "kind", "module", "verb", "as_user", "address"),
        layout=(
            Section(_("What happened"), ("at", "user", "kind", "module", "record", "verb")),
            Section(_("From where"), ("door", "portal", "as_user", "made_up", "address", "request")),
            Section(_("In the chain"), ("seq", "hash")),
        ),
        filters=("user", "module", "kind", "at", "door", "portal", "record", "as_user", "made_up", "address"),
        ordering=("at",),
        default_ordering="-at",
        from_files=False,
        nav=False,
        administration=True,
        grants={
            "administrator": GrantSpec(
                scopes=(ScopeSpec(name="the whole log", where=None, actions=("view",)),), views=("list",)
            ),
        },
    )
]
