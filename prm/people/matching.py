"""Keys by which two records are recognised as the same company: normalised name, domain and tax id."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from django.db import models

# Forms of incorporation, after normalising: "S.A. de C.V." has become the words "s a de c v".
_LEGAL_FORMS = """
    s a de c v, sa de cv, s de r l, sp z o o, spol s r o, pty ltd, pvt ltd, private limited, gmbh co kg,
    gmbh and co kg, ag co kgaa, co ltd, co inc, s p a, s r l, s r o, s a s, s a r l, s a, s l, b v, n v,
    a s, a b, o y, l l c, l l p, l p, p l c, incorporated, inc, corporation, corp, company, co, limited,
    ltd, llc, llp, lp, plc, gmbh, mbh, ag, kg, kgaa, ohg, ug, se, sa, sas, sarl, srl, spa, sro, sl, slu,
    bv, nv, ab, as, asa, oy, oyj, aps, kft, zrt, doo, dd, ood, eood, pty, pvt, holding, holdings, group,
    kk, ou, uab, sia, ltda, cia
"""
_FORMS = sorted((" ".join(form.split()) for form in _LEGAL_FORMS.split(",")), key=len, reverse=True)
_SUFFIX = re.compile(rf" (?:{'|'.join(_FORMS)})$")
_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "ø": "o", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th"})
# Mailboxes that say nothing about the company behind them.
FREE_MAIL = frozenset(
    f"{name}.{end}"
    for end, names in {
        "com": "gmail googlemail outlook hotmail live msn yahoo icloud me aol gmx protonmail mail qq 163 126",
        "net": "gmx",
        "de": "gmx web t-online yahoo",
        "me": "proton",
        "co.uk": "yahoo hotmail",
        "fr": "orange free yahoo",
        "it": "libero yahoo",
        "ru": "yandex mail",
    }.items()
    for name in names.split()
)


def name_key(name: str) -> str:
    """The name without case, accents, punctuation and legal form: "Müller & Co. GmbH" → "muller"."""
    text = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    text = "".join(char for char in text if not unicodedata.combining(char)).replace("&", " and ")
    text = " ".join(re.sub(r"[\W_]+", " ", text).split())
    while (shorter := _SUFFIX.sub("", text).removesuffix(" and")) != text:
        text = shorter
    return text[:200]


def domain_of(address: str) -> str:
    """The bare host of a website or an email address, lower case, without "www."; "" where there is none."""
    host = re.sub(r"^[a-z][a-z0-9+.-]*://", "", address.strip().lower()).rpartition("@")[2]
    host = re.split(r"[/?#:\s]", host, maxsplit=1)[0].strip(".").removeprefix("www.")
    return host[:200] if "." in host else ""


def company_domain(website: str, email: str = "") -> str:
    """The domain that stands for a company: its website's, or its mailbox's where no provider's."""
    domain = domain_of(website)
    if not domain:
        domain = domain_of(email)
        domain = "" if domain in FREE_MAIL else domain
    return domain


def tax_key(tax_id: str) -> str:
    """A tax id without case, blanks and punctuation."""
    return re.sub(r"[\W_]+", "", tax_id).upper()[:40]


class KeyField(models.CharField):
    """A key made of other columns just before the row is written, by `bulk_create` too."""

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        # All keys at once: these fields come before those of the models that use them, such as a domain.
        model_instance.set_match_keys()
        return super().pre_save(model_instance, add)


class Matched(models.Model):
    """Keeps the keys in step with the columns they are made of, on save and on bulk_create alike.

    They are columns because duplicates are looked up by index, among many thousands of companies.
    """

    match_sources: ClassVar[dict[str, Sequence[str]]] = {}

    name_key = KeyField(max_length=200, blank=True, editable=False, db_index=True)
    tax_key = KeyField(max_length=40, blank=True, editable=False, db_index=True)

    class Meta:
        abstract = True

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        # Before the columns are read: of a narrow save, perhaps none is a KeyField.
        self.set_match_keys()
        if update_fields is not None:
            changed = set(update_fields)
            for key, sources in self.match_sources.items():
                if changed & set(sources):
                    changed.add(key)
            update_fields = changed
        super().save(*args, update_fields=update_fields, **kwargs)

    def set_match_keys(self) -> None:
        raise NotImplementedError
