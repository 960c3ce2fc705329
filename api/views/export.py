"""A list as a CSV file."""

from __future__ import annotations

from django.http import HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header
from rest_framework.request import Request

from api.views.base import ModuleView
from api.views.records import is_empty
from prm.imports import exporting
from prm.modules.read import BadQuery
from prm.modules.sheets import CSV, MEDIA, csv_bytes

COLUMNS = "columns"


class ExportView(ModuleView):
    """`/<module>/export/`: every row of the list with these filters, as far as the caller may export it."""

    parameters = None

    def get(self, request: Request, module: str) -> HttpResponseBase:
        params = {name: str(text) for name, text in request._request.GET.items()}
        wrong = {name: ["Give a value."] for name, text in params.items() if is_empty(name, text)}
        wrong |= {name: ["There is no such parameter."] for name in params if name in exporting.PAGING}
        asked = params.pop(COLUMNS, None)
        wanted = asked.split(",") if asked else None
        names = exporting.columns_of(self.user, self.module, wanted)
        if wanted and set(wanted) - set(names):
            wrong[COLUMNS] = ["There is no such field, or it is not yours to read."]
        if wrong:
            raise BadQuery(wrong)
        rows = exporting.exported(self.user, self.module, params, names, plain=True)
        response = StreamingHttpResponse(csv_bytes(rows, mark=False), content_type=MEDIA[CSV])
        disposition = content_disposition_header(True, f"{self.module.key}.csv")
        response["Content-Disposition"] = disposition or "attachment"
        response["Cache-Control"] = "private, no-store"
        return response
