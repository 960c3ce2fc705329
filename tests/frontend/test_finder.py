"""The finder: records, commands, what was opened last, and the letters that lead to pages."""

from __future__ import annotations

import re

import pytest

from tests.factories import make_lead

pytestmark = pytest.mark.django_db


@pytest.fixture
def find(as_user):
    def ask(user, **params):
        return as_user(user).get("/search/", params, headers={"HX-Request": "true"}).content.decode()

    return ask


def options(body):
    """What each option says, without marks."""
    found = re.findall(r'<(a|button) class="finder__item"[^>]*>(.*?)</\1>', body, re.DOTALL)
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", text)).strip() for _tag, text in found]


def test_records_come_by_module_with_what_was_found_and_their_state(world, find):
    make_lead("accepted", world.northwind, topic="Zwölf Router")
    body = find(world.alice, q="ZWOLF")
    assert "<mark>Zwölf</mark> Router" in body.replace("\n", "")
    assert "Accepted" in body
    assert re.search(r'role="group" aria-labelledby="found-1"', body)
    assert 'role="option"' in body
    assert "Zwölf" not in find(world.carol, q="zwolf")


@pytest.mark.parametrize(
    ("who", "text", "command"),
    [
        ("alice", "new lead", "New lead"),
        ("alice", "lead new", "New lead"),
        ("maria", "distr", "Distribute"),
        ("maria", "leads exp", "Export leads"),
        ("maria", "impor lead", "Import leads"),
        ("maria", "import", "Imports"),
        ("alice", "export", "Exports"),
        ("alice", "dark", "Light or dark theme"),
        ("alice", "deutsch", "Language"),
        ("alice", "keyboard", "Keyboard shortcuts"),
    ],
)
def test_commands_are_found_by_their_words_in_any_order(world, find, who, text, command):
    assert any(one.startswith(command) for one in options(find(getattr(world, who), q=text)))


@pytest.mark.parametrize(
    ("who", "text", "command"),
    [
        ("dana", "new lead", "New lead"),
        ("alice", "distribute", "Distribute"),
        ("erin", "export lead", "Export"),
    ],
)
def test_what_one_may_not_do_is_no_command(world, find, who, text, command):
    assert not any(one.startswith(command) for one in options(find(getattr(world, who), q=text)))


def test_the_record_at_hand_offers_its_transitions_with_reasons(world, find):
    lead = make_lead("accepted", world.northwind)
    here = f"/leads/{lead.pk}/"
    said = options(find(world.alice, q="contacted", here=here))
    assert any(one.startswith("Mark as contacted") for one in said)
    body = find(world.alice, q="convert", here=here)
    assert re.search(r'aria-disabled="true" data-reason="[^"]+"', body)
    assert not any("Mark as" in one for one in options(find(world.carol, q="contacted", here=here)))
    for nonsense in ("/nowhere/", "//x", "[", f"/products/{lead.pk}/", "x" * 900):
        assert find(world.alice, q="contacted", here=nonsense)


def test_without_words_it_shows_what_was_opened_last(world, find):
    named = [f"leads/{world.northwind_lead.pk}", f"leads/{world.contoso_lead.pk}", "leads/x", "no/", "a"]
    body = find(world.alice, recent=",".join(named))
    said = options(body)
    assert any(one.startswith(world.northwind_lead.topic) for one in said)
    assert world.contoso_lead.topic not in body
    assert "Opened last" in body


def test_it_works_as_a_page_without_scripts(world, as_user, parse):
    page = parse(as_user(world.alice).get("/search/?q=new+lead"))
    assert page.one("a", href="/leads/new/")
    page = parse(as_user(world.alice).get("/search/?q=dark"))
    assert page.one("form", action="/theme/", role="presentation")["method"] == "post"


def test_letters_lead_to_pages_and_are_told(world, as_user, parse):
    page = parse(as_user(world.maria).get("/leads/"))
    letters = [one["data-go"] for one in page.all("a") if one.get("data-go")]
    assert len(set(letters)) == len(letters) > 5
    told = as_user(world.maria).get("/shortcuts/").content.decode()
    for letter in letters:
        assert f"<kbd>{letter}</kbd>" in told
