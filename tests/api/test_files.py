"""Files on a record, through the API."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from prm.files import fetching
from prm.files.models import StoredFile
from prm.records.models import File, Upload
from tests.files import making
from workflows.jobs import run_pending


@pytest.fixture
def send(as_: Callable[[Any], Any]) -> Callable[..., Any]:
    """`send(user, path, "offer.pdf", data, internal="true")` posts a form; gives the response."""

    def post(user: Any, path: str, name: str, data: bytes, *, key: str = "", **form: str) -> Any:
        api = as_(user)
        headers = {"Authorization": f"Token {api.token}", **({"Idempotency-Key": key} if key else {})}
        form_data = {"file": SimpleUploadedFile(name, data), **form}
        return api.client.post(f"/api/v1/{path}", form_data, headers=headers)

    return post


@pytest.fixture
def path(world: Any) -> str:
    return f"leads/{world.northwind_lead.pk}/files/"


@pytest.mark.usefixtures("previews")
def test_a_file_is_added_listed_and_given_back(world: Any, as_: Any, send: Any, path: str) -> None:
    data = making.pdf(2)
    response = send(world.bob, path, "Our offer.pdf", data)
    added = response.json()
    assert response.status_code == 201 and response["Location"].endswith(f"{path}{added['id']}/")
    assert (added["name"], added["media_type"], added["size"]) == (
        "Our offer.pdf",
        "application/pdf",
        len(data),
    )
    assert (added["author"], added["internal"], added["preview"]) == ("Bob Brandt", False, "waiting")
    run_pending()
    for user in (world.alice, world.maria):
        api = as_(user)
        listed = api.all(path)
        assert [one["id"] for one in listed] == [added["id"]]
        assert api.get(f"{path}{added['id']}/") == (200, {**added, "preview": "ready", "preview_pages": 2})
        content = api.call("GET", f"{path}{added['id']}/content/")
        assert b"".join(content.streaming_content) == data
        assert content["Content-Disposition"] == 'attachment; filename="Our offer.pdf"'
        assert api.call("GET", f"{path}{added['id']}/preview/?page=2")["Content-Type"] == "image/webp"
        assert api.get(f"{path}{added['id']}/preview/?page=3")[0] == 404


def test_nobody_else_finds_it(world: Any, as_: Any, send: Any, path: str) -> None:
    added = send(world.bob, path, "a.txt", b"text").json()
    inside = send(world.maria, path, "b.txt", b"text", internal="true").json()
    assert inside["internal"] is True
    for user, file in ((world.carol, added), (world.dana, added), (world.erin, added), (world.bob, inside)):
        for what in ("", "content/", "preview/"):
            assert as_(user).get(f"{path}{file['id']}/{what}")[0] == 404
        assert as_(user).delete(f"{path}{file['id']}/")[0] == 404
    assert send(world.carol, path, "c.txt", b"text").status_code == 404
    assert as_(None).get(path)[0] == 401
    other = f"leads/{world.contoso_lead.pk}/files/{added['id']}/"
    assert as_(world.maria).get(other)[0] == 404
    assert File.objects.count() == 2


def test_the_right_of_the_moment_counts(world: Any, as_: Any, send: Any) -> None:
    path = f"accounts/{world.fabrikam.pk}/files/"
    file = send(world.bob, path, "a.txt", b"text").json()
    assert as_(world.bob).get(f"{path}{file['id']}/")[0] == 200
    world.fabrikam.partner = world.contoso
    world.fabrikam.save()
    for user in (world.bob, world.carol):
        assert as_(user).get(f"{path}{file['id']}/content/")[0] == 404
    assert as_(world.maria).get(f"{path}{file['id']}/")[0] == 200


def test_who_may_remove_a_file(world: Any, as_: Any, send: Any, path: str) -> None:
    def of(user: Any) -> str:
        return f"{path}{send(user, path, 'a.txt', b'text').json()['id']}/"

    assert as_(world.bob).delete(of(world.alice))[0] == 403
    assert as_(world.bob).delete(of(world.maria))[0] == 403
    for user, author in ((world.bob, world.bob), (world.alice, world.bob), (world.maria, world.bob)):
        file = of(author)
        assert as_(user).delete(file) == (204, None)
        assert as_(user).delete(file)[0] == 404
        assert as_(user).get(f"{file}content/")[0] == 404
    run_pending()
    assert StoredFile.objects.count() == 2
    gone = File.objects.exclude(removed_at=None).first()
    assert gone is not None and (gone.name, gone.stored, gone.removed_by) == ("a.txt", None, world.bob)


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.pdf", b"<html></html>"), ("a.svg", b"<svg/>"), ("a.exe", b"MZ"), ("a.txt", b"")],
)
def test_what_is_refused_leaves_nothing(world: Any, send: Any, path: str, name: str, data: bytes) -> None:
    response = send(world.bob, path, name, data)
    assert (response.status_code, list(response.json()["errors"])) == (422, ["file"])
    assert not StoredFile.objects.exists()


def test_forms_are_read_strictly(world: Any, as_: Any, send: Any, path: str) -> None:
    api = as_(world.bob)
    assert send(world.bob, path, "a.txt", b"text", internal="perhaps").status_code == 400
    assert send(world.bob, path, "a.txt", b"text", party_id="1").status_code == 400
    head = {"Authorization": f"Token {api.token}"}
    for form, status in (({}, 422), ({"file": "text"}, 400), ({"other": BytesIO(b"x")}, 400)):
        assert api.client.post(f"/api/v1/{path}", form, headers=head).status_code == status
    torn = api.call("POST", path, b"--x\r\n", **{"Content-Type": "multipart/form-data; boundary="})
    assert torn.status_code == 400
    assert not StoredFile.objects.exists()


def test_the_same_request_twice_adds_once(world: Any, send: Any, path: str) -> None:
    first, again = (send(world.bob, path, "a.txt", b"text", key="one") for _ in range(2))
    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
    assert send(world.bob, path, "a.txt", b"other", key="one").status_code == 422
    run_pending()
    assert (File.objects.count(), StoredFile.objects.count()) == (1, 1)


def test_a_file_is_fetched_from_the_web(world: Any, as_: Any, path: str, monkeypatch: Any) -> None:
    def fetch(url: str, *, largest: int) -> fetching.Fetched:
        return fetching.Fetched(BytesIO(making.pdf()), url.rpartition("/")[2])

    monkeypatch.setattr(fetching, "fetch", fetch)
    status, file = as_(world.bob).post(path, {"url": "https://vendor.example/offer.pdf"})
    assert (status, file["name"]) == (201, "offer.pdf")
    assert as_(world.bob).post(path, {"url": "https://vendor.example/offer.png"})[0] == 422
    assert as_(world.bob).post(path, {})[0] == 422
    assert as_(world.bob).post(path, {"url": "https://vendor.example/a", "name": "x"})[0] == 400


def test_what_is_inside_is_not_fetched(world: Any, as_: Any, path: str) -> None:
    status, problem = as_(world.bob).post(path, {"url": "http://169.254.169.254/latest/meta-data/"})
    assert (status, list(problem["errors"])) == (422, ["url"])


@pytest.fixture
def upload(world: Any, as_: Any) -> Callable[..., tuple[Any, str, dict[str, Any]]]:
    def begin(name: str, size: int, user: Any = world.bob) -> tuple[Any, str, dict[str, Any]]:
        api, path = as_(user), f"leads/{world.northwind_lead.pk}/uploads/"
        status, upload = api.post(path, {"name": name, "size": size})
        assert status == 201, upload
        return api, f"{path}{upload['id']}/", upload

    return begin


def part(
    api: Any, path: str, offset: Any, data: bytes, content_type: str = "application/octet-stream"
) -> Any:
    return api.call("PATCH", path, data, **{"Upload-Offset": str(offset), "Content-Type": content_type})


def test_a_file_arrives_in_parts(world: Any, upload: Any, path: str) -> None:
    data = making.pdf(3)
    api, place, begun = upload("offer.pdf", len(data))
    assert (begun["offset"], begun["file"]) == (0, None)
    half = len(data) // 2
    first = part(api, place, 0, data[:half])
    assert (first.status_code, first["Upload-Offset"], first.json()["offset"]) == (200, str(half), half)
    again = part(api, place, 0, data[:half])
    assert again.status_code == 409
    assert api.call("HEAD", place)["Upload-Offset"] == str(half)
    last = part(api, place, half, data[half:])
    file = last.json()["file"]
    assert (last.status_code, file["size"]) == (200, len(data))
    # The answer was lost on its way: asking tells it again, and so does sending nothing.
    assert api.get(place)[1]["file"]["id"] == file["id"]
    assert part(api, place, len(data), b"").json()["file"]["id"] == file["id"]
    content = api.call("GET", f"{path}{file['id']}/content/")
    assert b"".join(content.streaming_content) == data
    assert File.objects.count() == StoredFile.objects.count() == 1
    assert Upload.objects.get().parts == []


def test_a_whole_that_is_not_taken_ends_the_upload(upload: Any) -> None:
    api, place, _ = upload("offer.pdf", 13)
    assert part(api, place, 0, b"<html>").status_code == 200
    key = Upload.objects.get().parts[0]
    assert part(api, place, 6, b"</html>").status_code == 422
    assert api.get(place)[0] == 404
    assert not StoredFile.objects.exists() and not default_storage.exists(key)


def test_parts_are_held_against_what_was_said(world: Any, as_: Any, upload: Any) -> None:
    api, place, _ = upload("a.txt", 4)
    for offset, data, status in ((0, b"12345", 422), (1, b"1", 409), ("x", b"1", 400), ("", b"1", 400)):
        assert part(api, place, offset, data).status_code == status
    assert part(api, place, 0, b"1", "text/plain").status_code == 415
    for user in (world.alice, world.maria, world.carol):
        assert as_(user).get(place)[0] == 404
        assert part(as_(user), place, 0, b"1").status_code == 404
    assert api.delete(place)[0] == 204
    assert part(api, place, 0, b"1").status_code == 404


@pytest.mark.parametrize(
    "body", [{"name": "a.exe", "size": 1}, {"name": "a.xyz", "size": 1}, {"name": "a.pdf", "size": 10**10}]
)
def test_an_upload_that_cannot_end_well_is_not_begun(world: Any, as_: Any, body: dict[str, Any]) -> None:
    assert as_(world.bob).post(f"leads/{world.northwind_lead.pk}/uploads/", body)[0] == 422
    assert not Upload.objects.exists()
