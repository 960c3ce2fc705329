"""Which records an action on many is about: those that were ticked, or all that fit the list's filters."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, QueryDict

from frontend.listing import Listing
from prm.modules.read import BadQuery, fitting, get_rows
from prm.modules.registry import Module, Row

#: Records of one action; the rest is another one.
MOST = 500


def chosen(request: HttpRequest, module: Module) -> tuple[list[Row], bool]:
    """The chosen records as far as the user may see them, in order; and whether there were more than `MOST`.

    `ids` names them; with `all=1` they are those of the list whose query stands in `query`. What is sent
    after that names its ids again, so that what was counted is what is changed.
    """
    given = request.POST if request.method == "POST" else request.GET
    ids: list[Any] = given.getlist("ids")
    if request.method != "POST" and given.get("all") == "1":
        listing = Listing(request.user, module, QueryDict(given.get("query", "")), request.path)
        try:
            ids = fitting(request.user, module, listing.params, MOST + 1)
        except BadQuery:
            ids = []
    rows = {
        str(pk): row
        for pk, row in get_rows(request.user, module, ids[:MOST], [module.title, "state"]).items()
    }
    return [rows[one] for one in dict.fromkeys(map(str, ids[:MOST])) if one in rows], len(ids) > MOST
