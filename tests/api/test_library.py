"""Versions of documents, through the API: their bytes, and adding one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from prm.alerts.models import Alert
from prm.library.models import Document, DocumentVersion, Reading
from prm.touch import keeping
from prm.touch.models import Kind, TouchEntry
from tests.factories import make_document

DATA = b"Measured at noon."


@pytest.fixture
def send(as_: Callable[[Any], Any]) -> Callable[..., Any]:
    """`send(user, document, "data.txt", data, notes="…")` posts a form; gives the response."""

    def post(user: Any, document: Document, name: str = "data.txt", data: bytes = DATA, **more: str) -> Any:
        api = as_(user)
        key = more.pop("key", "")
        headers = {"Authorization": f"Token {api.token}", **({"Idempotency-Key": key} if key else {})}
        form = {"file": SimpleUploadedFile(name, data), **more}
        return api.client.post(f"/api/v1/documents/{document.pk}/versions/", form, headers=headers)

    return post


def test_a_version_is_added_and_given_back(world: Any, as_: Any, send: Any) -> None:
    document = make_document("published", kind="software")
    first = send(world.maria, document, notes="The first")
    told = first.json()
    assert (first.status_code, told["number"], told["notes"]) == (201, 1, "The first")
    assert told["sha256"] == hashlib.sha256(DATA).hexdigest()
    assert first["Location"].endswith(f"/api/v1/document-versions/{told['id']}/")
    assert first["ETag"] and as_(world.maria).get(f"document-versions/{told['id']}/") == (200, told)
    second = send(world.maria, document, data=b"Measured at night.", silent="true").json()
    assert Alert.objects.filter(kind="document.renewed", recipient=world.alice).count() == 1
    alice = as_(world.alice)
    for path, data in (
        (f"documents/{document.pk}/file/", b"Measured at night."),
        (f"document-versions/{second['id']}/file/", b"Measured at night."),
        (f"document-versions/{told['id']}/file/", DATA),
    ):
        answer = alice.call("GET", path)
        assert b"".join(answer.streaming_content) == data
        assert answer["ETag"] == f'"{hashlib.sha256(data).hexdigest()}"'
        assert answer["Content-Disposition"] == 'attachment; filename="data.txt"'
    part = alice.call("GET", f"documents/{document.pk}/file/", Range="bytes=12-16")
    assert (part.status_code, b"".join(part.streaming_content)) == (206, b"night")


def test_it_counts_as_a_download_of_the_page_does(world: Any, as_: Any, send: Any) -> None:
    document = make_document("published")
    sent = send(world.maria, document).json()
    alice, path = as_(world.alice), f"documents/{document.pk}/file/"
    tag = alice.call("GET", path)["ETag"]
    document.refresh_from_db()
    assert document.downloads == 1
    assert Reading.objects.get(user=world.alice).document_version_id.hex == sent["id"].replace("-", "")
    keeping.flush()
    assert TouchEntry.objects.filter(kind=Kind.DOWNLOAD, record=document.pk).exists()
    # Who has these bytes is told so, and takes nothing.
    for known, status in ((tag, 304), ('"other"', 200)):
        assert alice.call("GET", path, **{"If-None-Match": known}).status_code == status
    document.refresh_from_db()
    assert document.downloads == 2


def test_the_right_of_the_moment_counts(world: Any, as_: Any, send: Any) -> None:
    document = make_document("published", tier="gold")
    version = send(world.maria, document).json()["id"]
    paths = (f"documents/{document.pk}/file/", f"document-versions/{version}/file/")
    for path in paths:
        assert as_(world.alice).call("GET", path).status_code == 200
        for user in (world.carol, world.dana):
            assert as_(user).get(path)[0] == 404
        assert as_(None).get(path)[0] == 401
        assert as_(world.maria).post(path, {})[0] == 405
    Document.objects.filter(pk=document.pk).update(tier="platinum")
    for path in paths:
        assert as_(world.alice).get(path)[0] == 404
    assert as_(world.maria).get(f"documents/{make_document('published').pk}/file/")[0] == 404


def test_a_link_leads_to_where_it_is(world: Any, as_: Any) -> None:
    document = make_document("published")
    path = f"documents/{document.pk}/versions/"
    status, told = as_(world.maria).post(path, {"link": "https://vendor.example/more", "notes": "Elsewhere"})
    assert (status, told["link"], told["sha256"]) == (201, "https://vendor.example/more", None)
    answer = as_(world.alice).call("GET", f"documents/{document.pk}/file/")
    assert (answer.status_code, answer["Location"]) == (302, "https://vendor.example/more")
    assert as_(world.maria).post(path, {"link": "javascript:alert(1)"})[0] == 422
    assert as_(world.maria).post(path, {"link": "https://vendor.example/", "number": 7})[0] == 400
    assert as_(world.maria).post(path, {})[0] == 422
    assert DocumentVersion.objects.count() == 1


def test_only_who_keeps_the_library_adds(world: Any, send: Any) -> None:
    document = make_document("published", tier="gold")
    for user, status in ((world.alice, 403), (world.erin, 403), (world.carol, 404)):
        assert send(user, document).status_code == status
    for wrong, status in (
        ({"name": "x.exe", "data": b"MZ" + bytes(200)}, 422),
        ({"data": b""}, 422),
        ({"silent": "perhaps"}, 400),
        ({"number": "7"}, 400),
        ({"notes": "a" * 501}, 422),
    ):
        assert send(world.maria, document, **wrong).status_code == status
    assert not document.versions.exists()


def test_the_same_request_twice_adds_once(world: Any, send: Any) -> None:
    document = make_document("published")
    first, again = (send(world.maria, document, key="one") for _ in range(2))
    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
    assert send(world.maria, document, data=b"Other", key="one").status_code == 422
    assert document.versions.count() == 1
