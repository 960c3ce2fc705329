"""Sending a file: always as something to save, but for pictures that we drew ourselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

from prm.files import store
from prm.files.content import BLOCK
from prm.files.models import StoredFile

_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


def serve(request: HttpRequest, stored: StoredFile, *, inline: bool = False) -> HttpResponseBase:
    """The file; the caller has asked whether it may be seen. Raises Http404 where its bytes are gone.

    One range is honoured (206, or 416), so that a broken download goes on. inline: only a picture is shown
    by the browser, anything else is saved all the same.
    """
    shown = inline and stored.media_type.startswith("image/") and stored.width is not None
    wanted = _range(request, stored.size, f'"{stored.sha256}"')
    if wanted is None:
        unsatisfied = HttpResponse(status=416, headers={"Content-Range": f"bytes */{stored.size}"})
        return _guarded(unsatisfied, stored.name, inline=False)
    start, end = wanted
    try:
        stream = store.open_file(stored)
    except FileNotFoundError:
        raise Http404 from None
    response = StreamingHttpResponse(_blocks(stream, start, end), content_type=stored.media_type)
    response["Content-Length"] = str(end - start)
    response["ETag"] = f'"{stored.sha256}"'
    response["Accept-Ranges"] = "bytes"
    if end - start < stored.size:
        response.status_code = 206
        response["Content-Range"] = f"bytes {start}-{end - 1}/{stored.size}"
    return _guarded(response, stored.name, inline=shown)


def serve_preview(request: HttpRequest, stored: StoredFile, page: int = 1) -> HttpResponseBase:
    """The picture of a page, from 1. Raises Http404 where there is none (yet)."""
    if stored.preview != StoredFile.Preview.READY or not 1 <= page <= stored.preview_pages:
        raise Http404
    try:
        with store.read(stored.preview_key(page)) as stream:
            data = stream.read()
    except FileNotFoundError:
        raise Http404 from None
    response = HttpResponse(data, content_type="image/webp")
    return _guarded(response, f"{stored.name}.webp", inline=True)


def _guarded(response: HttpResponseBase, name: str, *, inline: bool) -> HttpResponseBase:
    """With the headers that keep a browser from taking the file for a page of ours."""
    response["Content-Disposition"] = content_disposition_header(not inline, name) or "attachment"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response


def _range(request: HttpRequest, size: int, etag: str) -> tuple[int, int] | None:
    """From which byte up to (not with) which; all of it where no range is asked; None: there is no such."""
    asked = _RANGE.fullmatch(request.headers.get("Range", "").strip())
    unless = request.headers.get("If-Range")
    if asked is None or asked.groups() == ("", "") or (unless is not None and unless.strip() != etag):
        return 0, size
    first, last = asked.groups()
    if not first:
        return (max(size - int(last), 0), size) if int(last) else None
    start = int(first)
    end = min(int(last) + 1, size) if last else size
    return (start, end) if start < size and start < end else None


def _blocks(stream: IO[bytes], start: int, end: int) -> Iterator[bytes]:
    with stream:
        stream.seek(start)
        left = end - start
        while left > 0 and (block := stream.read(min(BLOCK, left))):
            left -= len(block)
            yield block
