"""Lists and records of every module."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import reverse
from rest_framework.request import Request

from api import shapes
from api.views.base import ModuleView, Told, answer, entity_tags, page_url, record_answer
from prm.modules import actions, versions
from prm.modules.read import BadQuery, list_page
from prm.modules.render import to_json
from workflows.units import unit_of_work


class ListView(ModuleView):
    """`/<module>/`: the records that the caller may see, and making one."""

    parameters = None

    def get(self, request: Request, module: str) -> HttpResponse:
        http = request._request
        empty = [name for name, text in http.GET.items() if is_empty(name, str(text))]
        if empty:
            # The filters would ignore them, and the caller would take all rows for the fitting ones.
            raise BadQuery({name: ["Give a value."] for name in empty})
        page = list_page(self.user, self.module, http.GET)
        data: dict[str, Any] = {
            "results": [to_json(self.module, row) for row in page.rows],
            "next": page_url(http, page.next),
            "previous": page_url(http, page.previous),
        }
        if page.count is not None:
            data["count"] = page.count
        return answer(data)

    def post(self, request: Request, module: str) -> HttpResponse:
        if request._request.GET:
            raise BadQuery({name: ["There is no such parameter."] for name in request._request.GET})
        data = self.data(shapes.create(self.module))

        def effect() -> Told:
            with unit_of_work():
                return self.told(actions.create(self.actor, self.module, data).pk, 201)

        told = self.once(data, effect, self.still)
        if told.data is None:
            return record_answer(told)
        place = reverse("api:record", args=(self.module.key, told.data["id"]))
        return record_answer(told, {"Location": request._request.build_absolute_uri(place)})


def is_empty(name: str, text: str) -> bool:
    """Whether a parameter is there and says nothing."""
    return "" in text.split(",") if name.endswith("__in") else text == "" and name != "search"


class RecordView(ModuleView):
    """`/<module>/{id}/`: one record."""

    def get(self, request: Request, module: str, id: UUID) -> HttpResponse:
        row = self.row(id)
        if row is None:
            raise Http404
        etag = versions.etag(row)
        unless = request._request.META.get("HTTP_IF_NONE_MATCH")
        if unless is not None and (unless.strip() == "*" or etag.strip('"') in entity_tags(unless)):
            return HttpResponse(status=304, headers={"ETag": etag})
        return answer(row, headers={"ETag": etag})

    def patch(self, request: Request, module: str, id: UUID) -> HttpResponse:
        data = self.data(shapes.update(self.module))
        changed = actions.update(self.actor, self.module, id, data, expected_version=self.version(id))
        return record_answer(self.told(changed.pk))

    def delete(self, request: Request, module: str, id: UUID) -> HttpResponse:
        actions.delete(self.actor, self.module, id, expected_version=self.version(id))
        return HttpResponse(status=204)

    def version(self, pk: UUID) -> str | None:
        """The version that If-Match asks for, where it is the present one; the write asks again, locked."""
        obj = self.find(pk)
        return versions.opaque_version(obj) if self.matched(obj) else None
