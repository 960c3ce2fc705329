"""A portal as one document: what is edited, compared, copied, published and put back.

The rows (`Portal`, `Grant`, `Scope`) are what counts; `document_of` makes the document of them, `apply` makes
them what a document says, and the one after the other changes nothing.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.dispatch import Signal

from prm.access import channel
from prm.access.models import Grant, Portal, PortalVersion, Scope
from prm.files.models import StoredFile

Document = dict[str, Any]

#: Sent inside the transaction in which what these portals allow changes; portals: their ids.
changed = Signal()

#: A portal that grants nothing.
BLANK: Mapping[str, Any] = {
    "title": "",
    "audience": "other",
    "languages": [],
    "accent": "",
    "host": "",
    "logo": "",
    "welcome": {"title": "", "text": ""},
    "links": [],
    "seated": True,
    "converts": None,
    "grants": {},
}

#: What a grant says where it says nothing.
BLANK_GRANT: Mapping[str, Any] = {
    "views": ["list"],
    "columns": [],
    "canvas": {},
    "layouts": [],
    "related": None,
    "scopes": [],
}

BLANK_SCOPE: Mapping[str, Any] = {
    "name": "",
    "where": None,
    "actions": [],
    "fields": {},
    "admins_only": False,
}

#: Columns of a portal that stand in the document under their own names.
_OWN = ("title", "audience", "languages", "accent", "host", "links", "seated", "converts")


def normal(document: Mapping[str, Any]) -> Document:
    """The document with all its keys, what is missing as in `BLANK`; unknown keys are left out.

    Shares nothing with what was given, which must have the right shape (`prm.access.checking`).
    """
    given = copy.deepcopy(dict(document))
    whole = {name: given.get(name, value) for name, value in copy.deepcopy(dict(BLANK)).items()}
    whole["welcome"] = {name: (whole["welcome"] or {}).get(name, "") for name in ("title", "text")}
    whole["grants"] = {key: _normal_grant(grant) for key, grant in sorted(whole["grants"].items())}
    return whole


def _normal_grant(given: Mapping[str, Any]) -> dict[str, Any]:
    grant = {name: given.get(name, value) for name, value in copy.deepcopy(dict(BLANK_GRANT)).items()}
    grant["scopes"] = [
        {name: scope.get(name, value) for name, value in copy.deepcopy(dict(BLANK_SCOPE)).items()}
        for scope in grant["scopes"]
    ]
    return grant


def document_of(portal: Portal) -> Document:
    """The document of a portal as its rows are now."""
    document = {name: getattr(portal, name) for name in _OWN}
    document |= {"logo": str(portal.logo_id or ""), "welcome": portal.welcome or {}}
    document["grants"] = {
        grant.module: grant_of(grant)
        for grant in portal.grants.prefetch_related("scopes")
        if not grant.removed
    }
    return normal(document)


def grant_of(grant: Grant) -> dict[str, Any]:
    """One grant as it stands in the document."""
    scopes = [{name: getattr(scope, name) for name in BLANK_SCOPE} for scope in grant.scopes.all()]
    return {name: getattr(grant, name) for name in BLANK_GRANT if name != "scopes"} | {"scopes": scopes}


@transaction.atomic
def apply(portal: Portal, document: Mapping[str, Any]) -> bool:
    """Makes the portal's rows what the document says, and tells whether anything changed.

    A change counts for all from the end of the transaction on. The document must have passed
    `prm.access.checking.check`.
    """
    wanted = normal(document)
    locked = Portal.objects.select_for_update(no_key=True).get(pk=portal.pk)
    had = document_of(locked)
    if had == wanted:
        return False
    for name in _OWN:
        setattr(locked, name, wanted[name])
    locked.welcome = wanted["welcome"]
    locked.logo = _stored(wanted["logo"])
    locked.version += 1
    locked.revision = uuid4()
    locked.save()
    grants = {grant.module: grant for grant in locked.grants.prefetch_related("scopes")}
    for module in sorted({*had["grants"], *wanted["grants"]}):
        one = wanted["grants"].get(module)
        if one != had["grants"].get(module):
            _write(locked, module, one, grants.get(module))
    channel.mark(Portal.objects.filter(pk=portal.pk))
    changed.send(sender=Portal, portals=[portal.pk])
    portal.refresh_from_db()
    return True


def _write(portal: Portal, module: str, wanted: Mapping[str, Any] | None, grant: Grant | None) -> None:
    if wanted is None:
        if grant and portal.built_in:
            grant.scopes.all().delete()
            grant.removed, grant.declared = True, False
            grant.save(update_fields=["removed", "declared"])
        elif grant:
            grant.delete()
        return
    grant = grant or Grant(portal=portal, module=module)
    for name in BLANK_GRANT:
        if name != "scopes":
            setattr(grant, name, wanted[name])
    grant.removed, grant.declared = False, False
    grant.save()
    grant.scopes.all().delete()
    Scope.objects.bulk_create(
        [Scope(grant=grant, position=position, **one) for position, one in enumerate(wanted["scopes"])]
    )


def _stored(pk: str) -> StoredFile | None:
    try:
        return StoredFile.objects.filter(pk=pk).first() if pk else None
    except (ValueError, ValidationError):
        return None


def renew(portals: models.QuerySet[Portal]) -> None:
    """Makes all that was compiled of these portals stale, from the end of the transaction on."""
    ids = list(portals.values_list("pk", flat=True))
    portals.filter(pk__in=ids).update(version=models.F("version") + 1, revision=uuid4())
    channel.mark(portals.filter(pk__in=ids))
    changed.send(sender=Portal, portals=ids)


def keep_version(portal: Portal, by: Any = None, note: str = "", using: str = "default") -> PortalVersion:
    """Writes the present document down as the next version. by: the user; None where a release did it."""
    last = latest(portal, using)
    return PortalVersion.objects.using(using).create(
        portal=portal,
        number=last.number + 1 if last else 1,
        document=document_of(portal),
        logo_id=portal.logo_id,
        by_id=getattr(by, "pk", None),
        by_name=str(by or "")[:200],
        note=note,
    )


def latest(portal: Portal, using: str = "default") -> PortalVersion | None:
    """The version that is in force."""
    return PortalVersion.objects.using(using).filter(portal=portal).order_by("-number").first()


def file_id(document: Mapping[str, Any]) -> UUID | None:
    """The stored file that the document has as its logo, where there is one."""
    found = _stored(str(document.get("logo") or ""))
    return found.pk if found else None
