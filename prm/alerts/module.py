from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from prm.access.specs import BUILT_IN, GrantSpec, ScopeSpec
from prm.alerts.models import Alert
from prm.alerts.queries import list_params
from prm.alerts.words import render
from prm.modules.registry import Module, Row, Section, fields


def words(rows: list[Row], user: Any) -> None:
    """Fills in title, body, url and object, as the user may read them now."""
    found = {
        one["seq"]: one
        for one in render(list(Alert.objects.filter(pk__in=[row["id"] for row in rows])), user)
    }
    for row in rows:
        own: Mapping[str, Any] = found.get(row["seq"], {})
        for name in ("title", "body", "url", "object"):
            row[name] = own.get(name)


OWN = GrantSpec(
    scopes=(
        ScopeSpec(
            name="own",
            where={"field": "recipient", "op": "is", "value": "$user.id"},
            actions=("view",),
            fields={"*": "read"},
        ),
    ),
    views=("list",),
)

module = Module(
    key="alerts",
    model=Alert,
    label=_("Alert"),
    label_plural=_("Alerts"),
    icon="bell",
    title="title",
    fields=fields(
        Alert,
        "seq",
        "kind",
        "module",
        "object_id",
        "at",
        "seen_at",
        title={"kind": "text", "label": _("Title"), "source": None},
        body={"kind": "text", "label": _("Details"), "source": None},
        object={"kind": "json", "label": _("Record"), "source": None},
        url={"kind": "text", "label": _("Page"), "source": None},
    ),
    columns=("title", "body", "at", "seen_at"),
    layout=(Section(_("Alert"), ("title", "body", "at", "seen_at", "url")),),
    filters=("seq", "kind", "module", "object_id", "seen_at"),
    ordering=("seq",),
    default_ordering="-seq",
    computed=words,
    params=list_params,
    grants={portal.key: OWN for portal in BUILT_IN},
    # The bell leads to it.
    nav=False,
)
