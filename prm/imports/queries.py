"""The records that an import has made or changed, as part of their list."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q

from prm.access.rights import visible
from prm.imports.models import ImportRow
from prm.modules import registry
from prm.modules.registry import Module


def imported(user: Any, module: Module, value: str) -> Q | None:
    """Those of the import with this id; None where it is none of this module that the user may see."""
    try:
        pk = UUID(value)
    except ValueError:
        return None
    if not visible(user, registry.get("imports")).filter(pk=pk, target=module.key).exists():
        return None
    rows = ImportRow.objects.filter(job_id=pk, object_id__isnull=False)
    return Q(pk__in=rows.values("object_id"))
