"""Addresses are written as their country writes them, for a reader of another one."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from prm.people.addresses import address_lines, country_name


def place(country: str, street: str = "", postal_code: str = "", city: str = "", region: str = "") -> object:
    return SimpleNamespace(street=street, postal_code=postal_code, city=city, region=region, country=country)


@pytest.mark.parametrize(
    ("given", "language", "lines"),
    [
        (
            place("DE", "Hafenstraße 12", "20457", "Hamburg", "EMEA"),
            "en",
            ["Hafenstraße 12", "20457 Hamburg", "Germany"],
        ),
        (
            place("US", "1 Main St\nSuite 4", "78701", "Austin", "Texas"),
            "de",
            ["1 Main St", "Suite 4", "Austin, TX 78701", "Vereinigte Staaten"],
        ),
        (
            place("US", "1 Main St", "78701", "Austin", "AMER"),
            "en",
            ["1 Main St", "Austin 78701", "United States"],
        ),
        (
            place("GB", "10 High Street", "EC1A 1BB", "London"),
            "en",
            ["10 High Street", "London", "EC1A 1BB", "United Kingdom"],
        ),
        (place("GR", "Ερμού 5", "105 63", "Αθήνα"), "de", ["Ερμού 5", "105 63 Αθήνα", "Griechenland"]),
        (
            place("JP", "千代田1-1", "100-0001", "東京都"),
            "en",
            ["〒100-0001", "東京都", "千代田1-1", "Japan"],
        ),
        (place("JP", "1-1 Chiyoda", "100-0001", "Tokyo"), "en", ["1-1 Chiyoda, Tokyo", "100-0001", "Japan"]),
        (
            place("AE", "12 Marina Walk", "", "Dubai"),
            "ar",
            ["12 Marina Walk", "Dubai", "الإمارات العربية المتحدة"],
        ),
        (place("", "Somewhere 1", "123", "Town"), "en", ["Somewhere 1", "123 Town"]),
        (place("XX", "Somewhere 1", "123", "Town"), "en", ["Somewhere 1", "123 Town", "XX"]),
        (place(""), "en", []),
    ],
)
def test_each_country_in_its_order(given, language, lines):
    assert address_lines(given, language) == lines


def test_mail_at_home_does_not_name_the_country():
    assert address_lines(place("DE", "Weg 1", "10115", "Berlin"), "de", "DE") == ["Weg 1", "10115 Berlin"]


def test_names_of_countries_follow_the_language():
    assert [country_name("GR", one) for one in ("en", "de", "xx")] == ["Greece", "Griechenland", "Greece"]
