"""The portals themselves, as a module that administrators read."""

from django.utils.translation import gettext_lazy as _

from prm.access.models import Portal
from prm.access.specs import GrantSpec, ScopeSpec
from prm.modules.registry import Module, fields

modules = [
    Module(
        key="portals",
        model=Portal,
        label=_("Portal"),
        label_plural=_("Portals"),
        icon="shield",
        title="title",
        fields=fields(
            Portal,
            "title",
            "key",
            "staff",
            "built_in",
            "created_at",
            title={"create": False, "edit": False},
            key={"create": False, "edit": False},
            staff={"create": False, "edit": False},
        ),
        columns=("title", "key", "staff", "built_in"),
        search=("title", "key"),
        filters=("key", "staff"),
        ordering=("title", "created_at"),
        default_ordering="title",
        nav=False,
        administration=True,
        grants={
            "administrator": GrantSpec(
                scopes=(ScopeSpec(name="all portals", where=None, actions=("view",)),), views=("list",)
            ),
            "channel_manager": GrantSpec(
                scopes=(
                    ScopeSpec(
                        name="portals of others",
                        where={"field": "staff", "op": "is", "value": False},
                        actions=("view",),
                    ),
                ),
                views=("list",),
            ),
        },
    )
]
