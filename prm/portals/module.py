"""The portals themselves and the drafts of their changes, as modules that administrators have."""

from django.utils.translation import gettext_lazy as _

from prm.access.models import Portal
from prm.access.specs import READ, GrantSpec, ScopeSpec
from prm.modules.registry import Module, Related, Section, fields
from prm.portals.models import PortalDraft

KEPT = {"create": False, "edit": False}

portals = Module(
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
        "audience",
        "staff",
        "seated",
        "built_in",
        "archived",
        "host",
        "created_at",
        **dict.fromkeys(("title", "key", "audience", "staff", "seated", "archived", "host"), KEPT),
    ),
    columns=("title", "key", "audience", "staff", "built_in", "archived"),
    search=("title", "key"),
    filters=("key", "staff", "audience", "archived"),
    ordering=("title", "created_at"),
    default_ordering="title",
    related=(Related("portal-drafts", "portal", _("Changes")),),
    nav=False,
    administration=True,
    from_files=False,
    grants={
        "administrator": GrantSpec(
            scopes=(ScopeSpec(name="all portals", where=None, actions=("view", "edit")),), views=("list",)
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

drafts = Module(
    key="portal-drafts",
    model=PortalDraft,
    label=_("Change of a portal"),
    label_plural=_("Changes of portals"),
    icon="file-pen",
    title="title",
    fields=fields(
        PortalDraft,
        "title",
        "state",
        "base",
        "published_as",
        "made_by",
        "state_since",
        "created_at",
        "updated_at",
        portal=KEPT,
        note={"create": False},
    ),
    columns=("title", "portal", "state", "published_as", "made_by", "created_at"),
    card=("title", "portal", "made_by"),
    layout=(
        Section(
            _("Change"),
            ("title", "portal", "state", "note", "base", "published_as", "made_by", "created_at"),
        ),
    ),
    search=("title",),
    filters=("state", "portal", "made_by", "created_at"),
    ordering=("created_at",),
    default_ordering="-created_at",
    nav=False,
    from_files=False,
    grants={
        "administrator": GrantSpec(
            scopes=(
                ScopeSpec(
                    name="all changes",
                    where=None,
                    actions=("view", "edit", "submit", "return_to_draft", "publish", "rebase", "discard"),
                    fields={"*": READ, "note": "write"},
                ),
            ),
            views=("list", "board"),
        ),
    },
    board="state",
)

modules = [portals, drafts]
