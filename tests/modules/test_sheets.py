"""Cells that leave the house: no spreadsheet runs them, numbers stay numbers, and nothing is lost."""

import datetime as dt
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from prm.modules.sheets import csv_bytes, neutral, restored, write_xlsx

FORMULAS = [
    "=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "%0", "＝1", "\t=1", "\r=1", "\n=1", "\tword",
    "  =1", "'=1", '"=1', "“=1", "\u00a0=1",
]  # fmt: skip


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_becomes_text(text):
    assert neutral(text) == f"'{text}"


@pytest.mark.parametrize(
    "text", ["", "-5", "+5", "-1.50", "-1,234.50", "12", "word", "a=b", "'quoted'", "O'Neil", "+4930123456"]
)
def test_what_is_none_stays(text):
    assert neutral(text) == text


@given(st.text())
def test_nothing_is_lost(text):
    assert restored(neutral(text)) == text


@given(st.text(alphabet="=+-@\t\r\n '\"a1＝"))
def test_nothing_is_lost_near_a_formula(text):
    assert restored(neutral(text)) == text


def test_rows_as_csv():
    moment = dt.datetime(2026, 5, 3, 10, tzinfo=dt.UTC)
    rows = [["Name", "n"], ["=x", Decimal("-1.50")], [True, moment], [None, dt.date(2026, 5, 3)]]
    text = b"".join(csv_bytes(rows)).decode("utf-8-sig")
    assert text == "Name,n\r\n'=x,-1.50\r\ntrue,2026-05-03T10:00:00Z\r\n,2026-05-03\r\n"


def test_rows_as_a_workbook():
    file = io.BytesIO()
    write_xlsx(
        file,
        [["Name", "n"], ["=1+1", Decimal("-1.50")], [None, dt.date(2026, 5, 3)], ["http://x.example", 7]],
    )
    file.seek(0)
    found = CalamineWorkbook.from_filelike(file).get_sheet_by_index(0).to_python()
    assert found == [["Name", "n"], ["'=1+1", -1.5], ["", dt.date(2026, 5, 3)], ["http://x.example", 7.0]]
