"""The library: who finds what, when it comes and goes, versions, counts, and who is told."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from frontend.views_jobs import library
from prm.access.models import Portal
from prm.access.rights import visible
from prm.alerts.models import Alert
from prm.alerts.words import render
from prm.library import actions, queries
from prm.library.models import Document, LibraryVisit, Reading
from prm.modules import registry
from prm.modules.actions import change
from prm.people.models import User
from tests.browsing import LOGIN_BACKEND
from tests.cast import World
from tests.factories import make_document, make_user
from workflows.actor import Actor
from workflows.errors import Denied, InvalidInput, NotFound
from workflows.perform import perform
from workflows.timers import run_due

NOW = timezone.now


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user, backend=LOGIN_BACKEND)
    return client


def found(user: Any) -> set[str]:
    """Titles of the documents that the user may see, as one whose rights are fresh."""
    fresh = User.objects.get(pk=user.pk)
    return set(visible(fresh, registry.get("documents")).values_list("title", flat=True))


def upload(name: str = "data.txt", data: bytes = b"Measured at noon.") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


# --- for whom, and when --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {"alice", "carol"}),
        ({"tier": "gold"}, {"alice"}),
        ({"tier": "silver"}, {"alice", "carol"}),
        ({"tier": "platinum"}, set()),
        ({"partner_type": "reseller"}, {"alice", "carol"}),
        ({"partner_type": "msp"}, set()),
        ({"audience": "customers"}, {"dana"}),
        ({"audience": "everyone"}, {"alice", "carol", "dana"}),
        ({"audience": "vendor"}, set()),
    ],
)
def test_who_finds_a_document(world: World, fields: dict[str, str], expected: set[str]) -> None:
    document = make_document("published", **fields)
    outside = {name for name in ("alice", "carol", "dana") if document.title in found(getattr(world, name))}
    assert outside == expected
    for name in ("admin", "maria", "erin"):
        assert document.title in found(getattr(world, name))
    # Whom its publishing would be told is whoever finds it.
    told = set(queries.readers(document).values_list("email", flat=True))
    everybody = {
        "alice": "alice@northwind.example",
        "carol": "carol@contoso.example",
        "dana": "dana@fabrikam.example",
    }
    assert told & set(everybody.values()) == {everybody[name] for name in expected}


@pytest.mark.parametrize("state", ["draft", "scheduled", "retired"])
def test_what_is_not_published_is_not_there(world: World, state: str) -> None:
    document = make_document(state)
    assert document.title not in found(world.alice) | found(world.erin)
    assert document.title in found(world.maria)
    assert client_of(world.alice).get(f"/documents/{document.pk}/").status_code == 404


def test_what_has_expired_is_gone_at_once_and_retired_by_its_timer(world: World) -> None:
    document = make_document("draft", expires_at=NOW() + timedelta(hours=1))
    document = perform(document, "publish", actor=Actor.of(world.maria))
    assert document.title in found(world.alice)
    assert document.due_at == document.expires_at
    past = NOW() - timedelta(seconds=1)
    Document.objects.filter(pk=document.pk).update(expires_at=past)
    assert document.title not in found(world.alice)
    assert client_of(world.alice).get("/library/").context["shelves"] == []
    run_due(now=document.due_at + timedelta(seconds=1))
    assert Document.objects.get(pk=document.pk).state == "retired"


def test_it_appears_when_its_time_has_come(world: World) -> None:
    document = make_document("draft", kind="news", published_from=NOW() + timedelta(days=1))
    document = perform(document, "publish", actor=Actor.of(world.maria))
    assert document.state == "scheduled"
    assert not Alert.objects.filter(kind="document.published").exists()
    run_due(now=NOW() + timedelta(days=1, minutes=1))
    document = Document.objects.get(pk=document.pk)
    assert document.state == "published"
    assert document.published_at is not None
    assert Alert.objects.filter(kind="document.published", recipient=world.alice).count() == 1


def test_another_end_moves_the_timer(world: World) -> None:
    document = make_document("draft", expires_at=NOW() + timedelta(days=1))
    document = perform(document, "publish", actor=Actor.of(world.maria))
    until = NOW() + timedelta(days=9)
    document = perform(document, "extend", actor=Actor.of(world.maria), inputs={"until": until.isoformat()})
    assert document.due_at == document.expires_at == until
    document = perform(document, "extend", actor=Actor.of(world.maria), inputs={})
    assert document.due_at is None


# --- who is told ---------------------------------------------------------------------------------------


def test_news_are_told_once_to_their_readers_and_literature_to_nobody(world: World) -> None:
    for kind in ("news", "literature"):
        perform(make_document("draft", kind=kind, tier="gold"), "publish", actor=Actor.of(world.maria))
    told = Alert.objects.filter(kind="document.published")
    assert sorted(told.values_list("recipient__email", flat=True)) == [
        "alice@northwind.example",
        "bob@northwind.example",
    ]
    page = client_of(world.alice).get("/").content.decode()
    assert "New in the library" in client_of(world.alice).get("/alerts/").content.decode()
    assert told.first().object_id.hex in page.replace("-", "")


def test_a_new_version_is_told_with_what_is_new_in_it(world: World) -> None:
    maria = Actor.of(world.maria)
    document = make_document("draft", kind="software", title="Firmware", tier="gold")
    actions.add_version(maria, document, upload=upload(), notes="The first")
    document = perform(document, "publish", actor=maria)
    Alert.objects.all().delete()
    actions.add_version(maria, document, upload=upload(), notes="Ends the restarts at night")
    told = Alert.objects.all()
    assert {(one.kind, one.recipient, one.object_id) for one in told} == {
        ("document.renewed", world.alice, document.pk),
        ("document.renewed", world.bob, document.pk),
    }
    [words] = render(told.filter(recipient=world.alice), world.alice)
    assert words["title"] == "New version in the library: Firmware"
    assert words["body"] == "Ends the restarts at night"
    assert words["url"] == f"/documents/{document.pk}/"
    # What it was is told as long as the document is the reader's, and no longer.
    Document.objects.filter(pk=document.pk).update(tier="platinum")
    alice = User.objects.get(pk=world.alice.pk)
    [words] = render(told.filter(recipient=alice), alice)
    assert (words["title"], words["body"]) == ("There was something new in the library", "")


def test_of_a_small_correction_a_draft_or_a_guide_nobody_is_told(world: World) -> None:
    maria = Actor.of(world.maria)
    actions.add_version(maria, make_document("published", kind="news"), upload=upload(), silent=True)
    for state, kind in (
        ("draft", "news"),
        ("scheduled", "news"),
        ("retired", "news"),
        ("published", "training"),
    ):
        actions.add_version(maria, make_document(state, kind=kind), upload=upload())
    change(maria, registry.get("documents"), make_document("published", kind="news").pk, {"summary": "Other"})
    assert not Alert.objects.exists()


def test_readers_are_those_who_find_it_whatever_their_portal_is_called(world: World) -> None:
    own = Portal.objects.create(key="gold-resellers", title="Gold resellers")
    User.objects.filter(pk=world.bob.pk).update(portal=own)
    document = make_document("draft", kind="news", tier="gold")
    assert set(queries.readers(document)) == {world.alice, world.bob}
    assert set(queries.readers(make_document("draft", kind="news", audience="customers"))) == {world.dana}


# --- versions and counts -------------------------------------------------------------------------------


def test_a_version_is_kept_numbered_and_given_back(world: World) -> None:
    document = make_document("published")
    first = actions.add_version(Actor.of(world.maria), document, upload=upload(), notes="The first")
    second = actions.add_version(Actor.of(world.maria), document, link="https://vendor.example/more")
    assert (first.number, second.number) == (1, 2)
    alice = client_of(world.alice)
    answer = alice.get(f"/library/{document.pk}/{first.pk}/")
    assert b"".join(answer.streaming_content) == b"Measured at noon."
    assert answer["Content-Disposition"].startswith("attachment")
    assert alice.get(f"/library/{document.pk}/{second.pk}/")["Location"] == "https://vendor.example/more"
    page = alice.get(f"/documents/{document.pk}/").content.decode()
    assert page.index("vendor.example/more") < page.index("data.txt")
    told = alice.get(f"/api/v1/document-versions/?document={document.pk}").json()["results"]
    assert {one["sha256"] for one in told} == {first.content.sha256, None}
    assert all("downloads" not in one for one in told)


def test_reading_and_downloading_are_counted_and_only_staff_sees_by_whom(world: World) -> None:
    document = make_document("published")
    version = actions.add_version(Actor.of(world.maria), document, upload=upload())
    before = document.version
    alice, maria = client_of(world.alice), client_of(world.maria)
    alice.get(f"/documents/{document.pk}/")
    for _ in range(2):
        b"".join(alice.get(f"/library/{document.pk}/{version.pk}/").streaming_content)
    document.refresh_from_db()
    version.refresh_from_db()
    assert (document.reads, document.downloads, version.downloads) == (1, 2, 2)
    # Reading is no change: whoever edits it just then is not told that it was changed.
    assert document.version == before
    row = Reading.objects.get(user=world.alice, document_version=version)
    assert row.times == 2
    shown = maria.get(f"/documents/{document.pk}/").content.decode()
    assert "Alice Adler" in shown
    assert "2 downloads" in shown
    theirs = client_of(world.carol).get(f"/documents/{document.pk}/").content.decode()
    assert "Alice Adler" not in theirs
    assert "2 downloads" not in theirs
    assert "downloads" not in client_of(world.carol).get(f"/api/v1/documents/{document.pk}/").json()


def test_a_foreign_version_is_not_there(world: World) -> None:
    gold = make_document("published", tier="gold")
    other = make_document("published")
    version = actions.add_version(Actor.of(world.maria), gold, upload=upload())
    carol = client_of(world.carol)
    for document in (gold, other):
        assert carol.get(f"/library/{document.pk}/{version.pk}/").status_code == 404
    assert carol.get(f"/api/v1/document-versions/{version.pk}/").status_code == 404
    assert not Reading.objects.filter(user=world.carol, document_version=version).exists()


def test_versions_are_added_by_staff_alone(world: World) -> None:
    document = make_document("published")
    with pytest.raises(Denied):
        actions.add_version(Actor.of(world.alice), document, upload=upload())
    with pytest.raises(NotFound):
        actions.add_version(Actor.of(world.carol), make_document("draft"), upload=upload())
    for wrong in (
        {},
        {"link": "javascript:alert(1)"},
        {"link": "https://x.example/" + "a" * 500},
        {"upload": upload(), "link": "https://x.example"},
        {"link": "https://x.example", "notes": "a\x00b"},
    ):
        with pytest.raises(InvalidInput):
            actions.add_version(Actor.of(world.maria), document, **wrong)
    assert (
        client_of(world.alice)
        .post(f"/documents/{document.pk}/versions/", {"link": "https://x.example"})
        .status_code
        == 404
    )
    assert not document.versions.exists()
    posted = client_of(world.maria).post(
        f"/documents/{document.pk}/versions/", {"file": upload(), "notes": "New"}
    )
    assert posted.status_code == 302
    assert document.versions.get().notes == "New"


@pytest.mark.parametrize("field", ["notes", "link"])
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("https://x.example/\x00", "Null characters are not allowed."),
        ("https://x.example/".ljust(501, "a"), "Ensure this value has at most 500 characters (it has 501)."),
    ],
    ids=["nul", "long"],
)
def test_of_a_text_is_said_what_is_wrong_with_it(world: World, field: str, text: str, why: str) -> None:
    given = {"link": "https://x.example", field: text}
    with pytest.raises(InvalidInput) as found:
        actions.add_version(Actor.of(world.maria), make_document("published"), **given)
    assert found.value.errors == {field: [why]}


@pytest.mark.parametrize(
    ("given", "field", "why"),
    [
        ({"file": upload("x.exe", b"MZ" + bytes(200))}, "file", "not accepted"),
        ({"file": upload("x.txt", b"")}, "file", "This file is empty."),
        ({"link": "nowhere"}, "link", "Enter a valid URL."),
        ({}, "file", "Give a file or a link, one of them."),
    ],
)
def test_what_was_typed_outlives_a_refusal(world: World, given: dict[str, Any], field: str, why: str) -> None:
    document = make_document("published", kind="news")
    maria, path = client_of(world.maria), f"/documents/{document.pk}/versions/"
    answer = maria.post(path, {**given, "notes": "Ends the restarts", "silent": "on"})
    page = answer.content.decode()
    assert answer.status_code == 422 and not document.versions.exists()
    assert 'value="Ends the restarts"' in page
    assert answer.context["form"]["silent"].value() is True
    [told] = answer.context["form"].errors[field]
    assert why in told
    assert page.index(f'id="version-{field}_error"') < page.index(f'id="version-{field}"')
    assert given.get("link", "https://") in page
    # It is a page of its own, which a reload and a reader find as they should.
    assert maria.get(path).status_code == 200
    assert client_of(world.alice).get(path).status_code == 404
    assert 'name="silent"' in maria.get(f"/documents/{document.pk}/").content.decode()
    guide = make_document("published")
    assert 'name="silent"' not in maria.get(f"/documents/{guide.pk}/").content.decode()


def test_a_reader_gets_a_page_to_read_and_an_editor_the_record(world: World) -> None:
    body = "Look at https://vendor.example/more.\n\n<script>alert(1)</script>"
    document = make_document("published", body=body)
    page = client_of(world.alice).get(f"/documents/{document.pk}/").content.decode()
    assert '<a href="https://vendor.example/more"' in page
    assert "&lt;script&gt;" in page
    assert "Who has read it" not in page
    assert "Next activities" not in page
    # An employee is the vendor's, and yet does not know the people of partners.
    assert world.alice.name not in client_of(world.erin).get(f"/documents/{document.pk}/").content.decode()
    assert "Who has read it" in client_of(world.maria).get(f"/documents/{document.pk}/").content.decode()


# --- the page ------------------------------------------------------------------------------------------


def test_what_came_since_the_last_visit_is_marked(world: World) -> None:
    old = make_document("published", published_at=NOW() - timedelta(days=9))
    alice = client_of(world.alice)

    def new() -> set[str]:
        shelves = alice.get("/library/").context["shelves"]
        return {row["title"] for shelf in shelves for row in shelf["rows"] if row["new"]}

    # On the first visit everything would be new, which says nothing.
    assert new() == set()
    LibraryVisit.objects.filter(user=world.alice).update(last_at=NOW() - timedelta(days=2))
    fresh = make_document("published", published_at=NOW() - timedelta(hours=1))
    assert new() == {fresh.title}
    # Coming back to the page a moment later is still the same visit.
    assert new() == {fresh.title}
    assert old.title not in new()
    actions.add_version(Actor.of(world.maria), old, upload=upload())
    assert new() == {fresh.title, old.title}


def test_kinds_search_and_order(world: World) -> None:
    make_document("published", title="Price list EMEA", kind="price_list")
    make_document("published", title="Router guide", summary="How to mount it", product=world.product)
    make_document("published", title="Pinned guide", pinned=True, published_at=NOW() - timedelta(days=5))
    alice = client_of(world.alice)
    shelves = {
        shelf["title"]: [row["title"] for row in shelf["rows"]]
        for shelf in alice.get("/library/").context["shelves"]
    }
    assert shelves == {
        "Product literature": ["Pinned guide", "Router guide"],
        "Price list": ["Price list EMEA"],
    }

    def titles(query: str) -> list[str]:
        return [
            row["title"]
            for shelf in alice.get(f"/library/?{query}").context["shelves"]
            for row in shelf["rows"]
        ]

    assert titles("search=mount") == ["Router guide"]
    assert titles(f"product={world.product.pk}") == ["Router guide"]
    assert titles("kind=price_list") == ["Price list EMEA"]
    assert titles("kind=price_list&search=mount") == []
    assert alice.get("/library/?kind=gossip").status_code == 404
    assert alice.get("/library/?product=nonsense").status_code == 404


def test_pinned_ones_come_first_however_old(world: World) -> None:
    make_document("published", title="House rules", pinned=True, published_at=NOW() - timedelta(days=900))
    for day in range(8):
        make_document("published", title=f"Guide {day}", published_at=NOW() - timedelta(days=day))
    shelf = client_of(world.alice).get("/library/").context["shelves"][0]
    assert [row["title"] for row in shelf["rows"]] == ["House rules", *(f"Guide {day}" for day in range(5))]
    assert shelf["more"] == "/library/?kind=literature"


@pytest.mark.parametrize("pinned", [0, 1, 2, 3, 5])
@pytest.mark.parametrize("query", ["kind=literature", "search=guide"])
def test_pages_reach_every_document(world: World, monkeypatch: Any, query: str, pinned: int) -> None:
    monkeypatch.setattr(library, "MANY", 2)
    made = [
        make_document(
            "published",
            title=f"Guide {day}",
            pinned=day >= 5 - pinned,
            published_at=NOW() - timedelta(days=day),
        ).title
        for day in range(5)
    ]
    make_document("published", title="Something else", kind="training")
    alice = client_of(world.alice)
    address, found = f"/library/?{query}", []
    while address:
        page = alice.get(address)
        [shelf] = page.context["shelves"]
        assert len(shelf["rows"]) <= 2
        found += [row["title"] for row in shelf["rows"]]
        address = shelf["more"]
        assert ('rel="next"' in page.content.decode()) == bool(address)
    assert found == made[5 - pinned :] + made[: 5 - pinned]
    assert alice.get(f"/library/?{query}&cursor=nonsense").status_code == 404
    assert alice.get(f"/library/?{query}&pinned=perhaps").status_code == 404


def test_the_library_costs_the_same_for_many(world: World) -> None:
    alice = client_of(world.alice)

    def cost() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert alice.get("/library/?kind=literature").status_code == 200
        return len(caught)

    make_document("published")
    cost()
    few = cost()
    for _ in range(12):
        actions.add_version(Actor.of(world.maria), make_document("published"), link="https://x.example/a")
    assert cost() == few


def test_who_is_granted_nothing_has_no_library(world: World) -> None:
    stranger = make_user("nobody@elsewhere.example", "customer")
    assert client_of(stranger).get("/library/").context["shelves"] == []
    assert client_of(world.erin).get("/library/").status_code == 200


def test_an_upload_of_nothing_is_refused(world: World) -> None:
    document = make_document("published")
    empty = SimpleUploadedFile("empty.txt", io.BytesIO().getvalue())
    with pytest.raises(InvalidInput):
        actions.add_version(Actor.of(world.maria), document, upload=empty)
