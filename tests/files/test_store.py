"""Bytes and their rows: written, shown, served, removed."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from django.http import Http404
from django.test import RequestFactory
from django.utils import timezone

from prm.files import previews, serving, store, sweeping
from prm.files.errors import FileRefused
from prm.files.models import StoredFile
from tests.files import making
from workflows.jobs import run_pending

pytestmark = pytest.mark.django_db


def stored(name: str = "offer.pdf", data: bytes = b"") -> StoredFile:
    return store.store(BytesIO(data or making.right_ones()[name]), name)


def body(response: object) -> bytes:
    return b"".join(response)  # type: ignore[call-overload]


def old(file: StoredFile, **ago: float) -> StoredFile:
    StoredFile.objects.filter(pk=file.pk).update(created_at=timezone.now() - timedelta(**ago))
    return file


def test_a_file_is_kept_under_a_name_that_tells_nothing() -> None:
    data = making.pdf()
    file = stored("offer.pdf", data)
    assert (file.name, file.media_type, file.size) == ("offer.pdf", "application/pdf", len(data))
    assert "offer" not in file.key
    with store.open_file(file) as stream:
        assert stream.read() == data


def test_a_picture_is_kept_as_it_was_drawn() -> None:
    file = stored("photo.jpg", making.picture("JPEG", comment=b"secret"))
    with store.open_file(file) as stream:
        assert b"secret" not in stream.read()
    assert (file.width, file.height) == (40, 30)


def test_nothing_of_a_refused_file_is_kept() -> None:
    with pytest.raises(FileRefused):
        stored("page.pdf", b"<html></html>")
    assert not StoredFile.objects.exists()


@pytest.mark.usefixtures("previews")
def test_previews_are_made_of_pictures_and_of_the_first_pages_of_a_pdf() -> None:
    many, photo, text = stored("offer.pdf", making.pdf(7)), stored("photo.jpg"), stored("notes.txt")
    run_pending()
    for file, pages in ((many, 5), (photo, 1), (text, 0)):
        file.refresh_from_db()
        assert file.preview_pages == pages
    request = RequestFactory().get("/")
    shown = serving.serve_preview(request, many, 5)
    assert shown["Content-Type"] == "image/webp" and body(shown).startswith(b"RIFF")
    for file, page in ((many, 6), (many, 0), (text, 1)):
        with pytest.raises(Http404):
            serving.serve_preview(request, file, page)


@pytest.mark.usefixtures("previews")
def test_a_pdf_that_cannot_be_drawn_has_no_preview() -> None:
    file = stored("offer.pdf", b"%PDF-1.7\nnothing\n%%EOF\n")
    previews.render(str(file.pk))
    previews.render(str(file.pk))
    file.refresh_from_db()
    assert (file.preview, file.preview_pages) == ("failed", 0)


@pytest.mark.parametrize(
    ("asked", "status", "piece", "told"),
    [
        ({}, 200, slice(None), ""),
        ({"Range": "bytes=2-5"}, 206, slice(2, 6), "bytes 2-5/10"),
        ({"Range": "bytes=7-"}, 206, slice(7, None), "bytes 7-9/10"),
        ({"Range": "bytes=-3"}, 206, slice(7, None), "bytes 7-9/10"),
        ({"Range": "bytes=4-99"}, 206, slice(4, None), "bytes 4-9/10"),
        ({"Range": "bytes=10-"}, 416, slice(0, 0), "bytes */10"),
        ({"Range": "bytes=5-2"}, 416, slice(0, 0), "bytes */10"),
        ({"Range": "bytes=0-1,3-4"}, 200, slice(None), ""),
        ({"Range": "lines=1"}, 200, slice(None), ""),
        ({"Range": "bytes=2-5", "If-Range": '"another"'}, 200, slice(None), ""),
    ],
)
def test_ranges(asked: dict[str, str], status: int, piece: slice, told: str) -> None:
    file = stored("notes.txt", b"0123456789")
    response = serving.serve(RequestFactory().get("/", headers=asked), file)
    assert (response.status_code, body(response)) == (status, b"0123456789"[piece])
    assert response.get("Content-Range", "") == told


@pytest.mark.parametrize("inline", [False, True])
def test_nothing_runs_where_it_is_shown(inline: bool) -> None:
    for name in making.right_ones():
        response = serving.serve(RequestFactory().get("/"), stored(name), inline=inline)
        picture = str(response["Content-Type"]).startswith("image/")
        kind = "inline" if inline and picture else "attachment"
        assert response["Content-Disposition"].startswith(kind)
        assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert (response["X-Content-Type-Options"], response["Cache-Control"]) == (
            "nosniff",
            "private, no-store",
        )
        body(response)


def test_a_file_that_nobody_points_at_goes_after_a_day() -> None:
    fresh, forgotten = stored("photo.jpg"), old(stored("offer.pdf"), days=2)
    run_pending()
    forgotten.refresh_from_db()
    assert sweeping.sweep_rows(timezone.now()) == 1
    assert list(StoredFile.objects.all()) == [fresh]
    assert not default_storage.exists(forgotten.key)
    assert not default_storage.exists(forgotten.preview_key(1))
    assert default_storage.exists(fresh.key)


def test_bytes_of_a_transaction_that_was_rolled_back_go_too() -> None:
    now = timezone.now()
    file = stored("offer.pdf")
    key = store.write(BytesIO(b"left behind"))
    for days, gone in ((0, False), (1, False), (3, True)):
        sweeping.sweep_bytes(now + timedelta(days=days))
        assert default_storage.exists(key) is not gone
    assert default_storage.exists(file.key)


def test_discarding_removes_at_once_what_nothing_points_at() -> None:
    file = stored("notes.txt")
    store.discard(file)
    assert default_storage.exists(file.key)
    run_pending()
    assert not default_storage.exists(file.key)
    assert not StoredFile.objects.exists()
