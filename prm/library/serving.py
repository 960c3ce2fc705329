"""Giving a version out: its file, or where its link leads; counted, whichever door it leaves by."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.cache import get_conditional_response

from prm.files.serving import serve
from prm.library import queries
from prm.library.models import Document, DocumentVersion


def give(request: HttpRequest, user: Any, document: Document, version: DocumentVersion) -> HttpResponseBase:
    """The file of the version, or a redirect to its link; the caller has asked whether the user may see both.

    Its ETag is the SHA-256 of the bytes. Who names it in If-None-Match has them: 304, and no download.
    Raises Http404 where the bytes are gone.
    """
    stored = version.content
    if stored is not None and request.headers.get("If-None-Match"):
        same = get_conditional_response(request, etag=f'"{stored.sha256}"')
        if same is not None:
            return same
    queries.note_reading(user, document, version)
    return redirect(version.link) if stored is None else serve(request, stored)
