"""What portals show of the library."""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from prm.access.specs import HIDDEN, READ, WRITE, GrantSpec, Level, ScopeSpec
from prm.library.models import Document, DocumentVersion
from prm.modules.registry import Module, Related, Section, fields
from workflows.errors import InvalidInput

MEANT = {"field": "id", "op": "in", "value": "$user.documents"}
OF_MEANT = {"field": "document", "op": "in", "value": "$user.documents"}
PUBLISHED = {"field": "state", "op": "is", "value": "published"}

#: Of whom else it is meant for, and how often it is read, nobody outside is told.
INSIDE = dict.fromkeys(
    ("audience", "tier", "partner_type", "published_from", "reads", "downloads", "created_at", "updated_at"),
    HIDDEN,
)
#: While it is published, another end is a transition, since a timer waits for it.
WRITTEN: dict[str, Level] = {
    "*": WRITE,
    "expires_at": {"*": WRITE, "published": READ, "scheduled": READ},
    "published_from": {"*": WRITE, "published": READ, "scheduled": READ},
}


def check(document: Document, changed: set[str]) -> None:
    """Raises InvalidInput where the product is of another family."""
    product, family = document.product, document.family
    if changed & {"product", "family"} and product and family and product.family_id not in (None, family.pk):
        raise InvalidInput({"product": [gettext("This product does not belong to the family.")]})


_staff = GrantSpec(
    scopes=(
        ScopeSpec(
            name="all documents",
            where=None,
            actions=("view", "create", "edit", "publish", "extend", "retire", "rework"),
            fields=WRITTEN,
        ),
        ScopeSpec(
            name="never published",
            where={"field": "state", "op": "is", "value": "draft"},
            actions=("view", "delete"),
            fields={"*": READ},
        ),
    ),
    views=("list",),
)
_reader = GrantSpec(
    scopes=(ScopeSpec(name="meant for them", where=MEANT, actions=("view",), fields={"*": READ, **INSIDE}),),
    views=("list",),
)
_version_reader = GrantSpec(
    scopes=(
        ScopeSpec(
            name="of documents meant for them",
            where=OF_MEANT,
            actions=("view",),
            fields={"*": READ, "downloads": HIDDEN},
        ),
    ),
    views=("list",),
)

documents = Module(
    key="documents",
    from_files=False,
    model=Document,
    label=_("Document"),
    label_plural=_("Documents"),
    icon="library",
    title="title",
    fields=fields(
        Document,
        "title",
        "state",
        "kind",
        "summary",
        "language",
        "family",
        "product",
        "audience",
        "tier",
        "partner_type",
        "pinned",
        "published_from",
        "published_at",
        "expires_at",
        "reads",
        "downloads",
        "state_since",
        "created_at",
        "updated_at",
        body={"max_length": 50_000},
    ),
    columns=("title", "kind", "state", "audience", "published_at", "expires_at", "reads", "downloads"),
    card=("title", "kind", "summary", "published_at"),
    layout=(
        Section(_("Document"), ("title", "kind", "summary", "body", "language")),
        Section(_("About"), ("family", "product")),
        Section(_("For whom"), ("audience", "tier", "partner_type", "pinned")),
        Section(_("When"), ("state", "published_from", "published_at", "expires_at", "state_since")),
        Section(_("Used"), ("reads", "downloads", "created_at", "updated_at")),
    ),
    search=("title", "summary", "body"),
    filters=(
        "title",
        "state",
        "kind",
        "language",
        "family",
        "product",
        "audience",
        "pinned",
        "published_at",
        "expires_at",
    ),
    ordering=("created_at", "published_at", "title"),
    default_ordering="-created_at",
    related=(Related("document-versions", "document", _("Versions")),),
    check=check,
    nav=False,
    administration=True,
    notify={"document.published": ("readers",), "document.renewed": ("readers",)},
    grants={
        "administrator": _staff,
        "channel_manager": _staff,
        "partner": _reader,
        "customer": _reader,
        "employee": GrantSpec(
            scopes=(ScopeSpec(name="published", where=PUBLISHED, actions=("view",), fields={"*": READ}),),
            views=("list",),
        ),
    },
)

_all = GrantSpec(scopes=(ScopeSpec(name="all", where=None, actions=("view",)),), views=("list",))

versions = Module(
    key="document-versions",
    from_files=False,
    model=DocumentVersion,
    label=_("Version of a document"),
    label_plural=_("Versions of documents"),
    icon="files",
    title="name",
    # Added with its file on the page of the document; what was given out once stays as it was.
    fields=fields(
        DocumentVersion,
        **{
            name: {"create": False, "edit": False}
            for name in ("name", "document", "number", "link", "notes", "downloads", "created_at")
        },
        media_type={"source": "content__media_type", "label": _("Type"), "edit": False},
        size={"source": "content__size", "label": _("Bytes"), "edit": False},
        sha256={"source": "content__sha256", "label": _("SHA-256"), "edit": False},
    ),
    columns=("name", "number", "document", "size", "notes", "downloads", "created_at"),
    # An alert of a new version tells of it what its card shows.
    card=("name", "notes"),
    search=("name", "notes"),
    filters=("document", "number", "created_at"),
    ordering=("created_at",),
    nav=False,
    grants={
        "administrator": _all,
        "channel_manager": _all,
        "partner": _version_reader,
        "customer": _version_reader,
        "employee": GrantSpec(
            scopes=(
                ScopeSpec(
                    name="of published documents",
                    where={"field": "document.state", "op": "is", "value": "published"},
                    actions=("view",),
                ),
            ),
            views=("list",),
        ),
    },
)

modules = [documents, versions]
