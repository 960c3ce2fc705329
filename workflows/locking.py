"""Locked and fresh: how every change gets hold of its record."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.models import Model


def parts(model: type[Model]) -> tuple[str, ...]:
    """The tables that a record of this model has rows in, as `select_for_update(of=…)` wants them.

    A partner is a company: locking only the partner's own row would let a change of the company slip in.
    """
    found, stack = ["self"], [(model._meta.concrete_model or model, "")]
    while stack:
        child, path = stack.pop()
        for parent, link in child._meta.parents.items():
            if link is not None and link.model is child:
                found.append(f"{path}{link.name}")
                stack.append((parent, f"{path}{link.name}__"))
    return tuple(found)


def lock(model: type[Model], pk: Any) -> Any:
    """The record, loaded afresh and locked until the transaction ends; None where there is none.

    Its key stays free: a row that refers to the record, a line of history or a note, can be written by
    somebody else meanwhile. Were it held as well, two who change each other would wait for each other's line.

    SQLite has no row locks: there, transactions begin IMMEDIATE and so run one after the other.
    """
    rows = model._base_manager.filter(pk=pk)
    if connection.features.has_select_for_update:
        rows = rows.select_for_update(of=parts(model), no_key=True)
    return rows.first() if pk is not None else None
