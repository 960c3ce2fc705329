from django.utils.translation import gettext_lazy as _

from prm.access.specs import GrantSpec, ScopeSpec
from prm.modules.registry import Module, Section, fields
from prm.webforms.models import WebForm
from prm.webforms.rules import check, prepare

modules = [
    Module(
        key="web-forms",
        model=WebForm,
        label=_("Web form"),
        label_plural=_("Web forms"),
        icon="clipboard-list",
        title="title",
        fields=fields(
            WebForm,
            "title",
            "slug",
            "intro",
            "thanks",
            "origins",
            "active",
            "confirm",
            "language",
            "created_at",
            "updated_at",
            # Whoever changes these becomes the owner, so only the builder does.
            module={"edit": False},
            field_names={"edit": False},
            fixed_values={"edit": False},
            owner={"create": False, "edit": False},
        ),
        columns=("title", "slug", "module", "active", "confirm", "owner"),
        layout=(
            Section(_("Form"), ("title", "slug", "module", "active", "confirm", "language")),
            Section(_("Asks for"), ("field_names", "fixed_values")),
            Section(_("Texts"), ("intro", "thanks")),
            Section(_("Where"), ("origins", "owner", "created_at", "updated_at")),
        ),
        search=("title", "slug"),
        filters=("slug", "module", "active", "confirm", "owner"),
        ordering=("title", "created_at"),
        default_ordering="title",
        prepare=prepare,
        check=check,
        from_files=False,
        nav=False,
        administration=True,
        grants={
            "administrator": GrantSpec(
                scopes=(
                    ScopeSpec(
                        name="all web forms",
                        where=None,
                        actions=("view", "create", "edit", "delete"),
                        fields={"*": "write"},
                    ),
                ),
                views=("list",),
            )
        },
    )
]
