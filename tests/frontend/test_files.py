"""The card of files on the page of a record, without a script and with one."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from prm.modules import registry
from prm.records import files
from prm.records.models import File
from tests.files import making
from workflows.actor import Actor
from workflows.jobs import run_pending


def added(user: Any, record: Any, name: str = "offer.pdf", *, internal: bool = False) -> File:
    module, who = registry.get("leads"), Actor.of(user)
    stored = files.keep(who, module, record, SimpleUploadedFile("x", making.right_ones()[name]), name)
    return files.attach(who, module, record, stored, internal=internal)


def page_of(record: Any) -> str:
    return f"/leads/{record.pk}/"


def test_a_form_without_a_script_adds_files(world: Any, as_user: Any, parse: Any) -> None:
    url = page_of(world.northwind_lead)
    client = as_user(world.bob)
    chosen = [
        SimpleUploadedFile("offer.pdf", making.pdf()),
        SimpleUploadedFile("page.pdf", b"<html></html>"),
        SimpleUploadedFile("photo.jpg", making.picture("JPEG")),
    ]
    response = client.post(f"{url}files/", {"file": chosen, "internal": "1"}, follow=True)
    page = parse(response)
    text = response.content.decode()
    assert response.redirect_chain == [(f"{url}#files", 302)]
    assert [one["text"] for one in page.all("a", class_="files__name")] == ["photo.jpg", "offer.pdf"]
    assert "2 files were added." in text and "page.pdf was not added" in text
    assert "File added: photo.jpg" in text
    assert not File.objects.filter(internal=True).exists()


def test_a_form_that_says_nothing_says_so(world: Any, as_user: Any) -> None:
    url = f"{page_of(world.northwind_lead)}files/"
    assert "Choose a file" in as_user(world.bob).post(url, follow=True).content.decode()
    inside = as_user(world.bob).post(url, {"url": "http://127.0.0.1/"}, follow=True)
    assert "inside of a network" in inside.content.decode()
    assert not File.objects.exists()


def test_who_sees_which_files(world: Any, as_user: Any, parse: Any) -> None:
    lead = world.northwind_lead
    ours, theirs = added(world.bob, lead), added(world.maria, lead, "notes.txt", internal=True)
    for user, names in ((world.alice, ["offer.pdf"]), (world.maria, ["notes.txt", "offer.pdf"])):
        page = parse(as_user(user).get(page_of(lead)))
        assert [one["text"] for one in page.all("a", class_="files__name")] == names
    for user, file in ((world.carol, ours), (world.dana, ours), (world.bob, theirs)):
        for what in ("", "content/", "preview/1/", "remove/"):
            assert as_user(user).get(f"{page_of(lead)}files/{file.pk}/{what}").status_code == 404
        assert as_user(user).post(f"{page_of(lead)}files/{file.pk}/remove/").status_code == 404
    assert as_user(world.carol).post(f"{page_of(lead)}files/").status_code == 404


@pytest.mark.usefixtures("previews")
def test_a_file_is_looked_at_and_saved(world: Any, as_user: Any, parse: Any) -> None:
    url = f"{page_of(world.northwind_lead)}files/{added(world.bob, world.northwind_lead).pk}/"
    client = as_user(world.alice)
    assert "being made" in client.get(url).content.decode()
    run_pending()
    pictures = parse(client.get(url, headers={"HX-Request": "true"})).all("img")
    assert [one["src"] for one in pictures] == [f"{url}preview/1/"]
    assert pictures[0]["alt"] == "offer.pdf, page 1"
    shown = client.get(pictures[0]["src"])
    assert shown["Content-Type"] == "image/webp"
    assert shown["Content-Security-Policy"] == "sandbox; default-src 'none'"
    saved = client.get(f"{url}content/", headers={"Accept-Encoding": "gzip", "Range": "bytes=0-3"})
    assert (saved.status_code, b"".join(saved.streaming_content)) == (206, b"%PDF")
    assert "Content-Encoding" not in saved


def test_removing_asks_once(world: Any, as_user: Any, parse: Any) -> None:
    lead = world.northwind_lead
    file = added(world.bob, lead)
    url = f"{page_of(lead)}files/{file.pk}/remove/"
    assert "Remove offer.pdf?" in as_user(world.bob).get(url).content.decode()
    assert File.objects.get().removed_at is None
    gone = as_user(world.bob).post(url, follow=True)
    assert "File removed: offer.pdf" in gone.content.decode()
    assert parse(gone).all("a", class_="files__name") == []
    assert as_user(world.bob).post(url).status_code == 404


def test_who_may_not_remove_is_not_offered_it(world: Any, as_user: Any, parse: Any) -> None:
    lead = world.northwind_lead
    file = added(world.maria, lead)
    url = f"{page_of(lead)}files/{file.pk}/remove/"
    assert parse(as_user(world.bob).get(page_of(lead))).all("a", href=url) == []
    assert as_user(world.bob).post(url).status_code == 403


def test_the_list_renews_itself(world: Any, as_user: Any, parse: Any) -> None:
    added(world.bob, world.northwind_lead)
    url = f"{page_of(world.northwind_lead)}files/"
    page = parse(as_user(world.bob).get(url, headers={"HX-Request": "true"}))
    assert page.one("ul", id="files-list") and page.one("ol", id="events")["hx-swap-oob"] == "true"


@pytest.mark.browser
def test_files_are_sent_in_parts_and_told_of(world: Any, new_page: Any) -> None:
    page = new_page(user=world.bob)
    page.goto(page_of(world.northwind_lead))
    page.wait_for_selector("html.js [data-files]")
    kit = making.packed({"data.bin": bytes(range(256)) * 20_000}, 0)
    chosen = [
        {"name": "kit.zip", "mimeType": "application/zip", "buffer": kit},
        {"name": "page.pdf", "mimeType": "application/pdf", "buffer": b"<html></html>"},
    ]
    page.set_input_files("[data-files] input[type=file]", chosen)
    page.get_by_role("link", name="kit.zip", exact=True).wait_for()
    refused = page.locator("#files-now li")
    refused.get_by_text("Web pages, SVG and XML are not accepted.").wait_for()
    refused.get_by_role("button", name="Cancel").click()
    refused.wait_for(state="detached")
    page.get_by_text("File added: kit.zip").wait_for()
    assert File.objects.get().stored.size == len(kit)


@pytest.mark.browser
def test_a_lost_part_is_sent_again(world: Any, new_page: Any) -> None:
    page = new_page(user=world.bob)
    page.goto(page_of(world.northwind_lead))
    page.wait_for_selector("html.js [data-files]")
    lost: list[str] = []

    def lose(route: Any) -> None:
        if route.request.method == "PATCH" and len(lost) < 2:
            lost.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    page.route("**/uploads/*/", lose)
    chosen = {"name": "offer.pdf", "mimeType": "application/pdf", "buffer": making.pdf(2)}
    page.set_input_files("[data-files] input[type=file]", [chosen])
    page.get_by_text("Connection lost, trying again").wait_for()
    page.get_by_role("link", name="offer.pdf", exact=True).wait_for(timeout=20_000)
    assert len(lost) == 2
    page.get_by_role("link", name="offer.pdf", exact=True).click()
    page.locator("dialog[open]").get_by_role("link", name="Download").wait_for()


@pytest.mark.browser
def test_files_are_dropped_and_pasted(world: Any, new_page: Any) -> None:
    page = new_page(user=world.bob)
    page.goto(page_of(world.northwind_lead))
    page.wait_for_selector("html.js [data-files]")
    held = page.evaluate_handle(
        """() => {
          const held = new DataTransfer();
          held.items.add(new File(["first"], "dropped.txt", { type: "text/plain" }));
          return held;
        }"""
    )
    page.dispatch_event("[data-files]", "dragover", {"dataTransfer": held})
    page.wait_for_selector("[data-files].is-over")
    page.dispatch_event("[data-files]", "drop", {"dataTransfer": held})
    page.get_by_role("link", name="dropped.txt", exact=True).wait_for()
    held.evaluate(
        "held => document.body.dispatchEvent("
        'new ClipboardEvent("paste", { clipboardData: held, bubbles: true, cancelable: true }))'
    )
    page.get_by_role("link", name="dropped.txt", exact=True).nth(1).wait_for()
