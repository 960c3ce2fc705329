"""What a printed quote says is read back out of the file, and the file keeps what its formats promise."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pypdfium2
import pytest
from pypdf import PdfReader

from prm.quotes import pdf
from prm.quotes.document import QuoteDocument, texts
from prm.quotes.pdf import render
from tests.quotes.samples import ARABIC, GERMAN, GREEK, LONG, QUOTE, YEN, line, logo

pytestmark = pytest.mark.once


def read(document: QuoteDocument) -> PdfReader:
    return PdfReader(io.BytesIO(render(document).content))


def words(document: QuoteDocument) -> str:
    """All text of all pages on one line."""
    pages = [page.extract_text() for page in read(document).pages]
    return " ".join(" ".join(pages).replace("\N{NO-BREAK SPACE}", " ").split())


def said(value: Any) -> Iterator[str]:
    """Every text of the document."""
    if isinstance(value, str):
        yield from (one.strip() for one in value.split("\n") if one.strip() and "{" not in one)
    elif isinstance(value, dict):
        for one in value.values():
            yield from said(one)
    elif isinstance(value, list):
        for one in value:
            yield from said(one)


@pytest.mark.parametrize("document", [QUOTE, GERMAN, GREEK, YEN, LONG], ids=["en", "de", "el", "jpy", "long"])
def test_all_that_the_data_says_is_read_back(document):
    text = words(document)
    shown = {key: value for key, value in texts(document).items() if key not in ("lang", "file_title")}
    missing = [
        one for one in said(shown) if " ".join(one.replace("\N{NO-BREAK SPACE}", " ").split()) not in text
    ]
    assert missing == []


def test_amounts_are_those_of_the_data_as_the_language_writes_them():
    assert "€25,869.52" in words(QUOTE)
    assert "0.0125" in words(QUOTE)
    assert "2.5%" in words(QUOTE)
    assert "21.739,09 €" in words(GERMAN)
    assert "20. Dezember 2026" in words(GERMAN)
    assert "¥2,436,940" in words(YEN)
    assert "583,000" in words(YEN)


def test_arabic_runs_from_right_to_left_with_its_own_letters():
    # Readers of text put the letters of a line in different orders; that all are there, each can tell.
    text = words(ARABIC)
    for letter in set("خوادم لمصنع دبي شركة الخليج للتجارة خادم طرفي قطعة ديسمبر") - {" "}:
        assert letter in text
    assert "22,154.00" in text
    assert texts(ARABIC)["rtl"]
    page = pypdfium2.PdfDocument(render(ARABIC).content)[0].get_textpage()
    assert _left(page, "22,154.00") < 150
    page = pypdfium2.PdfDocument(render(QUOTE).content)[0].get_textpage()
    assert _left(page, "22,154.00") > 400


def _left(page: Any, text: str) -> float:
    at, _count = page.search(text).get_next()
    return float(page.get_charbox(at)[0])


@pytest.mark.parametrize("document", [QUOTE, ARABIC, GREEK, replace(QUOTE, logo=logo(), draft=True)])
def test_it_can_be_archived_and_read_aloud(document):
    reader = read(document)
    root = reader.trailer["/Root"]
    xmp = root["/Metadata"].get_data().decode()
    assert "<pdfaid:part>2</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>" in xmp
    assert "<pdfuaid:part>1</pdfuaid:part>" in xmp
    assert root["/OutputIntents"][0]["/S"] == "/GTS_PDFA1"
    assert root["/OutputIntents"][0]["/DestOutputProfile"].get_data()
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == document.language
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata.title == texts(document)["file_title"]
    assert not reader.is_encrypted
    for name in ("/OpenAction", "/AA", "/AcroForm", "/Names"):
        assert name not in root
    assert b"/JavaScript" not in render(document).content
    fonts = {str(font["/BaseFont"]): _embedded(font) for page in reader.pages for font in _fonts(page)}
    assert fonts
    assert all(fonts.values()), fonts
    assert all(re.match(r"/[A-Z]{6}\+(Inter|NotoSans)", name) for name in fonts), fonts


def _fonts(page: Any) -> Iterator[Any]:
    for font in page["/Resources"]["/Font"].values():
        yield font.get_object()


def _embedded(font: Any) -> bool:
    (inner,) = font["/DescendantFonts"]
    described = inner.get_object()["/FontDescriptor"]
    return bool({"/FontFile", "/FontFile2", "/FontFile3"} & set(described))


def test_the_same_data_gives_the_same_bytes():
    assert render(QUOTE).content == render(replace(QUOTE)).content
    assert render(QUOTE).content != render(replace(QUOTE, number="Q-2026-00043")).content


def test_a_long_quote_names_its_columns_and_page_on_every_page():
    pages = [page.extract_text() for page in read(LONG).pages]
    assert len(pages) > 3
    for at, page in enumerate(pages, 1):
        assert f"Page {at} of {len(pages)}" in page
        assert "Q-2026-00042" in page
    for page in pages[:-1]:
        assert "Unit price" in page
    for at in range(1, 61):
        # The name of a position and its amount stay together.
        (page,) = [one for one in pages if f"Position number {at}\n" in one]
        start = page.index(f"Position number {at}\n")
        assert "22,154.00" in page[start : start + 140]


def test_paper_follows_the_country():
    a4, letter = (read(one).pages[0].mediabox for one in (QUOTE, YEN))
    assert (round(a4.width), round(a4.height)) == (595, 842)
    assert (round(letter.width), round(letter.height)) == (612, 792)


HOSTILE = (
    '#panic("x") #image("/etc/passwd") $x^2$ *bold* _it_ = head <label> @ref // no /* no',
    '<script>alert(1)</script> &amp; {{ settings }} {% load %} \\u{41} "quoted"',
    "#sys.inputs.data ]) #set page(width: 1pt) [",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_people_write_is_text_and_nothing_else(text):
    document = replace(
        QUOTE, title=text, note=text, customer=replace(QUOTE.customer, name=text), lines=(line(text),)
    )
    found = words(document).replace(" ", "").replace("\N{SOFT HYPHEN}", "")
    assert found.count(text.replace(" ", "")) == 4
    assert read(document).pages[0].mediabox.width > 500


def test_a_name_without_end_stays_on_the_page():
    document = replace(QUOTE, lines=(line("x0" * 150), line("W" * 300)), title="Z" * 200)
    page = pypdfium2.PdfDocument(render(document).content)[0]
    text = page.get_textpage()
    right = max(text.get_charbox(at)[2] for at in range(text.count_chars()))
    assert right < page.get_width() - 50


def test_control_characters_are_left_out():
    assert "Server" in words(replace(QUOTE, title="Ser\x00v\x1be\x07r"))


def test_characters_without_a_font_are_named_and_not_silently_lost():
    made = render(replace(QUOTE, title="Server ☃ 漢"))
    assert made.missing == "☃漢"
    text = PdfReader(io.BytesIO(made.content)).pages[0].extract_text()
    assert "Server □ □" in text
    assert "U+2603, U+6F22" in text
    assert render(QUOTE).missing == ""


def test_a_folder_of_fonts_adds_what_is_missing(settings, tmp_path, monkeypatch):
    folder = pdf.fontpkg_noto_sans_arabic.ROOT / "files"
    monkeypatch.setattr(pdf.fontpkg_noto_sans_arabic, "ROOT", tmp_path)
    pdf._fonts.cache_clear()
    try:
        assert "خ" in render(ARABIC).missing
        settings.PDF_FONTS = str(folder)
        assert render(ARABIC).missing == ""
    finally:
        pdf._fonts.cache_clear()


def test_many_at_once_give_the_same_bytes():
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda one: render(one).content, [QUOTE, GERMAN] * 6))
    assert {*made[::2]} == {render(QUOTE).content}
    assert {*made[1::2]} == {render(GERMAN).content}


def test_a_draft_says_so():
    assert "Draft" in words(replace(QUOTE, draft=True))
    assert "Draft" not in words(QUOTE)


def test_what_the_reader_may_not_read_is_not_there():
    hidden = replace(
        QUOTE,
        subtotal=None,
        discount=None,
        net=None,
        total=None,
        taxes=(),
        lines=tuple(replace(one, unit_price=None, net=None, discount_percent=None) for one in QUOTE.lines),
    )
    text = words(hidden)
    assert "Edge server" in text
    for amount in ("22,154", "5,830", "25,869", "Total €", "5%"):
        assert amount not in text
