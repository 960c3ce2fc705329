"""Reads about leads that are no list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.utils.translation import gettext

from prm.access.rights import visible
from prm.accounts.models import Account
from prm.leads.models import Lead
from prm.modules import registry
from prm.people.matching import company_domain, name_key

#: More would not be read.
SHOWN = 5


def duplicates(user: Any, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Records that a lead about to be entered may repeat: for a partner its own, for staff all they may see.

    A lead on offer or in the pool is visible to a partner but its customer is not, so it is never compared:
    the warning would tell whose it is.
    """
    email = str(values.get("email") or "").strip().lower()
    company = str(values.get("company_name") or "").strip()
    found: list[dict[str, Any]] = []
    if email:
        leads = _comparable_leads(user).annotate(mailbox=Lower("email")).filter(mailbox=email)
        found += [
            _hit("leads", lead.pk, lead.topic, gettext("same email"))
            for lead in leads.order_by("-id")[:SHOWN]
        ]
    accounts = visible(user, registry.get("accounts"))
    for field, value, why in (
        ("domain", company_domain("", email), gettext("same domain")),
        ("name_key", name_key(company), gettext("same name")),
    ):
        if value:
            hits: QuerySet[Account] = accounts.filter(**{field: value}).order_by("-id")[:SHOWN]
            found += [_hit("accounts", account.pk, account.name, why) for account in hits]
    return list({(hit["module"], hit["id"]): hit for hit in reversed(found)}.values())[::-1]


def _comparable_leads(user: Any) -> QuerySet[Lead]:
    rows: QuerySet[Lead] = visible(user, registry.get("leads"))
    if user.company_id:
        rows = rows.filter(partner_id=user.company_id).exclude(state=Lead.State.ASSIGNED)
    return rows


def _hit(module: str, pk: Any, title: str, why: str) -> dict[str, Any]:
    return {"module": module, "id": pk, "title": title, "why": why}
