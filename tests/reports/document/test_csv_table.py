"""CSV for terminals and spreadsheets."""

import csv
import io

import pytest

from vsearch.reports.document.csv_table import csv_text


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)"])
def test_a_text_that_a_spreadsheet_would_obey_begins_with_an_apostrophe(text: str) -> None:
    assert list(csv.DictReader(io.StringIO(csv_text([{text: text}])))) == [{f"'{text}": f"'{text}"}]


def test_numbers_stay_numbers_and_nothing_stays_empty() -> None:
    assert csv_text([{"a": -1.5, "b": None, "c": [1, 2]}]) == 'a,b,c\r\n-1.5,,"[1, 2]"\r\n'


def test_rows_with_other_columns_share_one_header() -> None:
    assert csv_text([{"a": 1}, {"b": 2}], ("z", "a")) == "z,a,b\r\n,1,\r\n,,2\r\n"


def test_what_a_terminal_would_obey_is_shown() -> None:
    assert csv_text([{"a": "x\x1b[2J\r\n"}]) == "a\r\nx\\x1b[2J\\r\\n\r\n"


def test_separators_and_quotes_come_back() -> None:
    row = {"a": 'x,"y";z'}
    assert list(csv.DictReader(io.StringIO(csv_text([row])))) == [row]
