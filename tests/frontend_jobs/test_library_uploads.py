"""The form of a version on a page, whose file a script sends in parts first."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from prm.library.actions import VERSION
from prm.modules import registry
from prm.records import uploads
from tests.browsing import LOGIN_BACKEND
from tests.factories import make_document
from tests.files import making
from workflows.actor import Actor

TEXT = b"Measured at noon, and again at night."


@pytest.fixture
def document(world: Any) -> Any:
    return make_document("published")


@pytest.fixture
def maria(world: Any) -> Client:
    client = Client()
    client.force_login(world.maria, backend=LOGIN_BACKEND)
    return client


@pytest.fixture
def sent(world: Any, document: Any) -> str:
    """The id of an upload that has arrived, as the page's script makes it."""
    actor, module = Actor.of(world.maria), registry.get("documents")
    upload = uploads.begin(actor, module, document, name="data.txt", size=len(TEXT), purpose=VERSION)
    uploads.append(actor, module, document, upload.pk, offset=0, part=BytesIO(TEXT), purpose=VERSION)
    return str(upload.pk)


def test_a_form_names_what_has_arrived_and_keeps_it(maria: Client, sent: str, document: Any) -> None:
    path = f"/documents/{document.pk}/versions/"
    refused = maria.post(path, {"upload": sent, "notes": "a" * 501})
    page = refused.content.decode()
    assert refused.status_code == 422
    assert "data.txt has arrived." in page
    assert f'value="{sent}"' in page
    # With a link beside it, what was sent is put aside: else there would be no way to take the link.
    both = maria.post(path, {"upload": sent, "link": "https://vendor.example/more"})
    assert both.status_code == 422
    assert sent not in both.content.decode()
    assert maria.post(path, {"upload": sent, "notes": "In parts"}).status_code == 302
    assert document.versions.get().notes == "In parts"
    gone = maria.post(path, {"upload": sent})
    assert gone.status_code == 422
    assert sent not in gone.content.decode()
    assert gone.context["form"].errors["file"] == ["This upload is no longer there. Send the file again."]


def test_a_file_beside_an_upload_is_the_one_that_counts(maria: Client, sent: str, document: Any) -> None:
    form = {"upload": sent, "file": SimpleUploadedFile("chosen.txt", b"Chosen without a script.")}
    assert maria.post(f"/documents/{document.pk}/versions/", form).status_code == 302
    assert document.versions.get().name == "chosen.txt"


@pytest.mark.browser
def test_a_page_sends_in_parts_and_goes_on_after_a_loss(world: Any, new_page: Any, document: Any) -> None:
    page = new_page(user=world.maria)
    page.goto(f"/documents/{document.pk}/versions/")
    page.wait_for_selector("html.js #version-form")
    asked: list[str] = []

    def lose(route: Any) -> None:
        asked.append(route.request.method)
        if asked.count("PATCH") == 2 and route.request.method == "PATCH":
            route.abort()
        else:
            route.continue_()

    page.route("**/versions/uploads/**", lose)
    kit = making.packed({"data.bin": bytes(range(256)) * 20_000}, 0)
    chosen = {"name": "kit.zip", "mimeType": "application/zip", "buffer": kit}
    page.set_input_files("#version-form input[type=file]", [chosen])
    page.fill("#version-form [name=notes]", "Ends the restarts")
    page.click("#version-form .form__foot button")
    bar = page.locator("#version-form progress")
    bar.wait_for()
    page.get_by_text("Connection lost, trying again").wait_for()
    page.get_by_text("The new version is there.").wait_for(timeout=20_000)
    version = document.versions.get()
    assert (version.name, version.notes, version.content.size) == ("kit.zip", "Ends the restarts", len(kit))
    # Begun once, and asked how far it is before it goes on.
    assert (asked.count("POST"), asked.count("GET")) == (1, 1)


@pytest.mark.browser
def test_a_page_says_why_a_file_is_not_taken_and_lets_another_be_chosen(
    world: Any, new_page: Any, document: Any
) -> None:
    page = new_page(user=world.maria)
    page.goto(f"/documents/{document.pk}/")
    page.wait_for_selector("html.js #version-form")
    wrong = {"name": "page.pdf", "mimeType": "application/pdf", "buffer": b"<html></html>"}
    page.set_input_files("#version-form input[type=file]", [wrong])
    page.click("#version-form .form__foot button")
    page.locator("#version-form").get_by_text("Web pages, SVG and XML are not accepted.").wait_for()
    right = {"name": "offer.pdf", "mimeType": "application/pdf", "buffer": making.pdf(2)}
    page.set_input_files("#version-form input[type=file]", [right])
    page.click("#version-form .form__foot button")
    page.get_by_text("The new version is there.").wait_for(timeout=20_000)
    assert document.versions.get().name == "offer.pdf"
