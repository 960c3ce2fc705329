"""The file of a version that is sent in parts: the same uploads as of files on records, to another end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from prm.files.models import StoredFile
from prm.library.models import DocumentVersion
from prm.records import sweeping
from prm.records.models import File, Upload
from tests.factories import make_document
from workflows.jobs import run_pending

TEXT = b"Measured at noon, and again at night."


@pytest.fixture
def document(world: Any) -> Any:
    return make_document("published")


def part(api: Any, place: str, offset: int, data: bytes) -> Any:
    """Sends a part of an upload."""
    return api.client.patch(
        f"/api/v1/{place}",
        data,
        content_type="application/octet-stream",
        headers={"Authorization": f"Token {api.token}", "Upload-Offset": str(offset)},
    )


def arrived(api: Any, document: Any, name: str = "data.txt", data: bytes = TEXT) -> str:
    """Sends a file in two parts to be a version of the document; the id of its upload."""
    path = f"documents/{document.pk}/versions/uploads/"
    status, begun = api.post(path, {"name": name, "size": len(data)})
    assert status == 201
    half = len(data) // 2
    assert part(api, f"{path}{begun['id']}/", 0, data[:half]).json()["complete"] is False
    assert part(api, f"{path}{begun['id']}/", half, data[half:]).json()["complete"] is True
    return str(begun["id"])


def test_a_version_is_sent_in_parts_and_gone_on_with(world: Any, as_: Any, document: Any) -> None:
    api, path = as_(world.maria), f"documents/{document.pk}/versions/"
    begun = api.call("POST", f"{path}uploads/", {"name": "data.txt", "size": len(TEXT)})
    place = f"{path}uploads/{begun.json()['id']}/"
    assert begun["Location"].endswith(f"/api/v1/{place}")
    assert part(api, place, 0, TEXT[:9])["Upload-Offset"] == "9"
    # The connection was lost: how far it is, and not from elsewhere.
    assert part(api, place, 4, TEXT[4:]).status_code == 409
    status, told = api.get(place)
    assert (status, told["offset"], told["complete"], told["file"]) == (200, 9, False, None)
    status, problem = api.post(path, {"upload": told["id"]})
    assert (status, problem["errors"]) == (422, {"upload": ["This file has not arrived completely."]})
    assert part(api, place, 9, TEXT[9:]).json()["complete"] is True
    status, made = api.post(path, {"upload": told["id"], "notes": "In parts"})
    assert (status, made["name"], made["number"], made["notes"]) == (201, "data.txt", 1, "In parts")
    given = as_(world.alice).call("GET", f"document-versions/{made['id']}/file/")
    assert b"".join(given.streaming_content) == TEXT
    # It is a version and nothing else: no file on the record, and nothing that is left over.
    assert not File.objects.exists()
    assert not Upload.objects.exists()
    assert default_storage.exists(StoredFile.objects.get().key)


def test_an_upload_becomes_one_version(world: Any, as_: Any, document: Any) -> None:
    api, path = as_(world.maria), f"documents/{document.pk}/versions/"
    sent = {"upload": arrived(api, document)}
    first, again = (api.call("POST", path, sent, **{"Idempotency-Key": "one"}) for _each in range(2))
    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
    status, problem = api.post(path, sent)
    assert (status, list(problem["errors"])) == (422, ["upload"])
    assert DocumentVersion.objects.count() == 1


def test_an_upload_is_its_sender_s_and_for_this_document(world: Any, as_: Any, document: Any) -> None:
    api = as_(world.maria)
    sent = arrived(api, document)
    other = make_document("published")
    on_record = f"documents/{document.pk}/uploads/"
    assert as_(world.nils).post(f"documents/{document.pk}/versions/", {"upload": sent})[0] == 422
    assert as_(world.nils).get(f"documents/{document.pk}/versions/uploads/{sent}/")[0] == 404
    assert api.post(f"documents/{other.pk}/versions/", {"upload": sent})[0] == 422
    for wrong in (str(uuid4()), "nonsense"):
        assert api.post(f"documents/{document.pk}/versions/", {"upload": wrong})[0] == 422
    # Neither is an upload to the record's files one for a version, nor the other way round.
    assert api.get(f"{on_record}{sent}/")[0] == 404
    begun = api.post(on_record, {"name": "data.txt", "size": len(TEXT)})[1]["id"]
    assert part(api, f"{on_record}{begun}/", 0, TEXT).json()["file"]["name"] == "data.txt"
    assert api.post(f"documents/{document.pk}/versions/", {"upload": begun})[0] == 422
    both = {"upload": sent, "link": "https://vendor.example/"}
    assert api.post(f"documents/{document.pk}/versions/", both)[0] == 422
    assert not DocumentVersion.objects.exists()
    assert api.post(f"documents/{document.pk}/versions/", {"upload": sent})[0] == 201


def test_only_who_keeps_the_library_sends(world: Any, as_: Any, document: Any) -> None:
    path, body = f"documents/{document.pk}/versions/uploads/", {"name": "data.txt", "size": 4}
    gold = make_document("published", tier="gold")
    for user, status in ((world.alice, 403), (world.erin, 403)):
        assert as_(user).post(path, body)[0] == status
    assert as_(world.carol).post(f"documents/{gold.pk}/versions/uploads/", body)[0] == 404
    assert as_(None).post(path, body)[0] == 401
    assert as_(world.maria).post(path, {**body, "internal": True})[0] == 400
    assert as_(world.maria).post(path, {**body, "size": 10**11})[0] == 422
    assert not Upload.objects.exists()


def test_what_is_not_accepted_ends_the_upload(world: Any, as_: Any, document: Any) -> None:
    api, path = as_(world.maria), f"documents/{document.pk}/versions/uploads/"
    begun = api.post(path, {"name": "page.pdf", "size": 13})[1]
    refused = part(api, f"{path}{begun['id']}/", 0, b"<html></html>")
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["file"])
    assert api.get(f"{path}{begun['id']}/")[0] == 404


def test_what_nobody_makes_a_version_of_goes(world: Any, as_: Any, document: Any) -> None:
    api = as_(world.maria)
    kept, given_up = arrived(api, document), arrived(api, document, data=b"Given up at once.")
    assert api.delete(f"documents/{document.pk}/versions/uploads/{given_up}/")[0] == 204
    run_pending()
    (stored,) = StoredFile.objects.all()
    assert stored == Upload.objects.get(pk=kept).stored
    assert sweeping.sweep_uploads(timezone.now() + timedelta(hours=25)) == 1
    run_pending()
    assert not StoredFile.objects.exists()
    assert not default_storage.exists(stored.key)
