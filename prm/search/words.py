"""Texts as the words that the index keeps: one analysis for both databases, for texts and for queries.

A word is stored under the field that it stands in, as one token: the code of the field and the word behind
it. So a query names the fields that may answer it, and no other field can.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterable

#: Longer words are cut: nobody types them, and no index takes them whole.
LONGEST = 60

#: Letters that no decomposition reduces to what people type instead.
PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})

#: A number is searched by so many of its digits, or more; fewer stand in nearly every one.
FEWEST = 4

#: Scripts without spaces are kept sign by sign.
_SIGNS = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_WORD = re.compile(f"[{_SIGNS}]|[^\\W_{_SIGNS}]+")


def folded(text: str) -> str:
    """`text` without case and accents."""
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in parts if not unicodedata.combining(one)).casefold().translate(PLAIN)


def words(text: str) -> list[str]:
    """The words of `text`, folded, each once and in their order."""
    return list(dict.fromkeys(one[:LONGEST] for one in _WORD.findall(folded(text))))


def asked(text: str) -> list[tuple[str, str]]:
    """The words of a query, each with the number that it is a part of: its digits, "" where it is of none.

    Words of digits that follow each other are one number, however divided: "+49 (0)30 9018" is 49309018.
    """
    found: dict[str, str] = {}
    run: list[str] = []
    for word in (*(one[:LONGEST] for one in _WORD.findall(folded(text))), ""):
        if word.isdecimal():
            run.append(word)
            continue
        # The 0 in brackets is dialled at home only, and so are those in front.
        number = "".join(digits(one) for one in run if digits(one) != "0").lstrip("0")[:LONGEST]
        for one in run:
            found.setdefault(one, number if len(number) >= FEWEST else "")
        run = []
        if word:
            found.setdefault(word, "")
    return list(found.items())


def digits(text: str) -> str:
    """The digits of `text`, of whatever script, as 0 to 9."""
    return "".join(str(unicodedata.decimal(one)) for one in text if one.isdecimal())


def spellings(text: str) -> set[str]:
    """What a phone number or tax id is kept as beside its words: in one piece, and from each digit on."""
    whole = "".join(_WORD.findall(folded(text)))
    number = digits(whole)
    ends = {number[at:][:LONGEST] for at in range(len(number) - FEWEST + 1)}
    return {whole[:LONGEST], *ends} - {""}


@functools.cache
def code(module: str, field: str) -> str:
    """What the words of a module's field begin with: seven letters, so none is the beginning of another."""
    digest = hashlib.sha256(f"{module}.{field}".encode()).digest()
    return base64.b32encode(digest[:5]).decode().lower()[:7]


def tokens(module: str, texts: Iterable[tuple[str, str]], numbers: Collection[str] = ()) -> str:
    """What the index keeps of a record, of its texts by field: tokens, with a space before each.

    numbers: the fields that are searched however their digits are divided.
    """
    found = {
        code(module, field) + word
        for field, text in texts
        for word in (*words(text), *(spellings(text) if field in numbers else ()))
    }
    return "".join(f" {one}" for one in sorted(found))
