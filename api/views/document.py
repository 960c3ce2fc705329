"""The description of the API and its reference page; the same for everybody, so open to all."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from rest_framework.request import Request

from api.openapi import document
from api.views.base import ApiView, answer


class SchemaView(ApiView):
    """`/schema/`: OpenAPI 3.1, made of the registry."""

    authentication_classes: Any = ()
    permission_classes: Any = ()

    def get(self, request: Request) -> HttpResponse:
        return answer(document())


class DocsView(ApiView):
    """`/docs/`: the same to read and to try out."""

    authentication_classes: Any = ()
    permission_classes: Any = ()

    def get(self, request: Request) -> HttpResponse:
        http = request._request
        return render(http, "api/docs.html", {"csrf_token_value": get_token(http)})


class NotFoundView(ApiView):
    """Any other path below `/api/v1/`."""

    authentication_classes: Any = ()
    permission_classes: Any = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise Http404
