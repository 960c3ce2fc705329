"""The pages in other languages: whose choice counts, and that nothing is left out of the catalogues."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.utils import translation

from tests.conftest import CI

pytestmark = pytest.mark.once

LOCALES = Path(settings.LOCALE_PATHS[0])
COMPLETE = ("de", "ar")
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|%[sd]|\{\w+\}")


def catalogue(language: str, folder: Path = LOCALES) -> Catalog:
    with (folder / language / "LC_MESSAGES" / "django.po").open("rb") as file:
        return read_po(file, locale=language)


def texts(message: Message) -> list[str]:
    return list(message.string) if isinstance(message.string, tuple | list) else [message.string]


def key(message: Message) -> tuple[str, ...]:
    return message.id if isinstance(message.id, tuple) else (message.id,)


@pytest.mark.parametrize("language", COMPLETE)
def test_every_text_is_translated_and_keeps_its_placeholders(language: str) -> None:
    missing, torn = [], []
    for message in catalogue(language):
        if not message.id:
            continue
        if message.fuzzy or not all(texts(message)):
            missing.append(key(message)[0])
        wanted = set(PLACEHOLDER.findall(" ".join(key(message))))
        # A singular may leave its number out: "one offer".
        if any(set(PLACEHOLDER.findall(text)) - wanted for text in texts(message)) or not any(
            set(PLACEHOLDER.findall(text)) == wanted for text in texts(message)
        ):
            torn.append(key(message)[0])
    assert missing == []
    assert torn == []


def test_the_catalogues_hold_the_texts_of_the_source(tmp_path: Path) -> None:
    if not shutil.which("xgettext"):
        (pytest.fail if CI else pytest.skip)("GNU gettext is not installed")
    for language in COMPLETE:
        shutil.copytree(LOCALES / language, tmp_path / language)
    ignored = [".venv", "var", "artefacts", "staticfiles", "tests", "prm/locale"]
    settings_before = settings.LOCALE_PATHS
    settings.LOCALE_PATHS = [tmp_path]
    try:
        call_command(
            "makemessages", all=True, no_location=True, no_wrap=True, ignore_patterns=ignored, verbosity=0
        )
    finally:
        settings.LOCALE_PATHS = settings_before
    for language in COMPLETE:
        have = {key(message) for message in catalogue(language)}
        want = {key(message) for message in catalogue(language, tmp_path)}
        assert want - have == set(), "run `make messages` and translate what is new"
        assert have - want == set(), "run `make messages`: these texts are gone"


def test_texts_are_marked_by_names_that_are_gathered() -> None:
    """A function of another name would keep its texts out of the catalogues, and nobody would miss them."""
    others = set()
    for folder in ("prm", "frontend", "api", "workflows"):
        for path in (settings.BASE_DIR / folder).rglob("*.py"):
            named = re.findall(r"gettext\w* as (\w+)|^(\w+) = lazy\(_", path.read_text(), re.MULTILINE)
            others |= {(path.name, name) for names in named for name in names if name not in ("", "_")}
    assert others == set()


def content_language(client: Client, **headers: str) -> str:
    response = client.get("/account/login/", headers=headers)
    assert f'<html lang="{response["Content-Language"]}"' in response.content.decode()
    return response["Content-Language"]


@pytest.mark.django_db
def test_a_stranger_reads_in_the_language_of_the_browser(client: Client) -> None:
    assert content_language(client) == "en"
    assert content_language(client, **{"accept-language": "de-AT,de;q=0.9"}) == "de"
    assert content_language(client, **{"accept-language": "tlh"}) == "en"


@pytest.mark.django_db
def test_the_switch_wins_over_the_browser(client: Client) -> None:
    client.post("/language/", {"language": "ar", "next": "/account/login/"})
    assert content_language(client, **{"accept-language": "de"}) == "ar"
    assert 'dir="rtl"' in client.get("/account/login/").content.decode()
    assert client.post("/language/", {"language": "tlh"}).status_code == 400


def test_who_is_signed_in_takes_the_choice_along(world: Any, client: Client) -> None:
    client.force_login(world.alice)
    client.post("/language/", {"language": "de"})
    world.alice.refresh_from_db()
    assert world.alice.language == "de"
    other = Client()
    other.force_login(world.alice)
    assert other.get("/me/", headers={"accept-language": "en"})["Content-Language"] == "de"


def test_a_zone_of_the_browser_counts_until_one_is_chosen(world: Any, client: Client) -> None:
    from django.utils import timezone

    from frontend.middleware import LanguageAndTimeZone

    seen = []

    def answer(request: Any) -> Any:
        from django.http import HttpResponse

        seen.append(timezone.get_current_timezone_name())
        return HttpResponse()

    def ask(zone: str, cookie: str) -> str:
        from django.test import RequestFactory

        request = RequestFactory().get("/")
        request.COOKIES["timezone"] = cookie
        world.alice.timezone = zone
        request.user = world.alice
        LanguageAndTimeZone(answer)(request)
        return seen[-1]

    assert ask("", "Europe/Berlin") == "Europe/Berlin"
    assert ask("Asia/Tokyo", "Europe/Berlin") == "Asia/Tokyo"
    assert ask("", "../../etc/passwd") == "UTC"
    assert ask("", "") == "UTC"


def test_a_noun_keeps_its_capital_where_the_language_writes_it_so() -> None:
    from prm.modules.texts import noun

    with translation.override("de"):
        assert noun("Lead") == "Lead"
    with translation.override("en"):
        assert noun("Lead") == "lead"
