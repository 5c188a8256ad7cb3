import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import SourceError
from registry.sources import delimited
from registry.sources.delimited import read_delimited

RUSSIAN_ROWS = [
    ["Номер", "Район", "Описание"],
    ["1", "Физулинский", "минное поле возле дороги на Горадиз, три ряда, обозначено знаками"],
    ["2", "Агдамский", "одиночные противотанковые мины на обочине дороги к водохранилищу"],
    ["3", "Джебраильский", "поле не обследовано, по словам местных жителей есть пострадавшие"],
]
RUSSIAN = "\n".join(";".join(row) for row in RUSSIAN_ROWS) + "\n"


@pytest.mark.parametrize(
    "encoding", ["cp1251", "cp866", "koi8_r", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"]
)
def test_an_encoding_is_found(encoding: str) -> None:
    sheet = read_delimited(RUSSIAN.encode(encoding), "x.csv")
    assert sheet.rows == RUSSIAN_ROWS
    certain = encoding in {"utf-8", "utf-8-sig", "utf-16", "utf-32"}
    assert (sheet.encoding_doubt is None) == certain


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1250", "Broj;Opis\n1;Šamac, minsko polje kod šume, čišćenje završeno\n"),
        ("cp1256", "رقم;منطقة\n1;حقل الغام قرب الطريق الرئيسي\n"),
    ],
)
def test_the_doubt_names_the_encoding_and_other_readings(encoding: str, text: str) -> None:
    sheet = read_delimited(text.encode(encoding), "x.csv")
    assert sheet.rows == [line.split(";") for line in text.splitlines()]
    assert sheet.encoding_doubt is not None
    assert f"read as {encoding}" in sheet.encoding_doubt
    assert "cp1251 '" in sheet.encoding_doubt


def test_a_stated_encoding_counts() -> None:
    sheet = read_delimited(RUSSIAN.encode("cp1251"), "x.csv", encoding="cp1252")
    assert sheet.rows[0][0] == "Íîìåð"
    assert sheet.encoding_doubt is None
    with pytest.raises(SourceError, match=r"x\.csv: it is not utf-8"):
        read_delimited(RUSSIAN.encode("cp1251"), "x.csv", encoding="utf-8")
    with pytest.raises(SourceError, match="'cp99' is not an encoding"):
        read_delimited(b"a;b\n", "x.csv", encoding="cp99")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_delimiter_is_found(delimiter: str) -> None:
    rows = [["id", "lat", "note"], ["1", "41,5", "a; b"], ["2", "42,5", "c, d|e"]]
    lines = [delimiter.join(f'"{cell}"' if delimiter in cell else cell for cell in row) for row in rows]
    assert read_delimited("\r\n".join(lines).encode(), "x").rows == rows


def test_excel_states_its_delimiter_in_the_first_line() -> None:
    sheet = read_delimited(b"sep=|\na|b,c\n1|2,3\n", "x")
    assert sheet.rows == [["a", "b,c"], ["1", "2,3"]]
    assert sheet.lines == [2, 3]


def test_wkt_without_quotation_marks_is_one_column() -> None:
    sheet = read_delimited(b"wkt\nPOLYGON ((1 2, 3 4, 5 7, 1 2))\n", "x")
    assert sheet.rows[1] == ["POLYGON ((1 2, 3 4, 5 7, 1 2))"]


def test_quoted_line_ends_stay_in_their_cell_and_lines_are_counted() -> None:
    sheet = read_delimited(b'a,b\n1,"two\nlines"\n\n3,x\n', "x")
    assert sheet.rows == [["a", "b"], ["1", "two\nlines"], ["3", "x"]]
    assert sheet.lines == [1, 2, 5]


def test_seconds_are_no_quotation_marks() -> None:
    sheet = read_delimited('a;b\n41°12\'30"N;"44°30\'10""E"\n'.encode(), "x")
    assert sheet.rows[1] == ["41°12'30\"N", "44°30'10\"E"]
    assert sheet.notes == ()


def test_broken_quotation_marks_cost_one_line_each_and_nothing_is_lost() -> None:
    sheet = read_delimited(b'a;b\n1;"x"y\n2;"never closed\n3;"fi;ne"\n', "x")
    assert sheet.rows == [["a", "b"], ["1", '"x"y'], ["2", '"never closed'], ["3", "fi;ne"]]
    assert "2 lines (2, 3) have a quotation mark" in sheet.notes[0]


def test_after_many_broken_marks_none_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "_BROKEN_QUOTES_MAX", 1)
    sheet = read_delimited(b'a;b\n1;"x"y\n2;"x"y\n3;"p;q"\n', "x")
    assert sheet.rows[-1] == ["3", '"p', 'q"']
    assert "all lines after 3" in sheet.notes[0]


def test_what_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "COLUMNS_MAX", 3)
    with pytest.raises(SourceError, match="line 2: it has 4 cells"):
        read_delimited(b"a,b\n1,2,3,4\n", "x")
    monkeypatch.setattr(delimited, "CELLS_MAX", 4)
    with pytest.raises(SourceError, match="more than 4 cells"):
        read_delimited(b"a,b\n1,2\n3,4\n", "x")
    monkeypatch.setattr(delimited, "CELL_MAX_CHARS", 10)
    with pytest.raises(SourceError, match="near line 1: it cannot be read"):
        read_delimited(b"a" * 11 + b",b\n", "x")
    monkeypatch.setattr(delimited, "BYTES_MAX", 3)
    with pytest.raises(SourceError, match="split it"):
        read_delimited(b"a,b\n", "x")


def test_the_reader_s_limit_is_put_back() -> None:
    before = csv.field_size_limit()
    read_delimited(b"a,b\n1,2\n", "x")
    assert csv.field_size_limit() == before


@pytest.mark.parametrize("content", [b"", b"\n\n", b",,\n", b"a\x00b,c\n1,2\n"])
def test_nothing_and_no_text_are_refused(content: bytes) -> None:
    with pytest.raises(SourceError):
        read_delimited(content, "x")


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1).filter(
    lambda text: not text.isspace()
)


@given(st.lists(st.tuples(CELL, CELL), min_size=1), st.sampled_from(",;\t|"))
def test_what_is_written_is_read(rows: list[tuple[str, str]], delimiter: str) -> None:
    lines = [delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    sheet = read_delimited("\n".join(lines).encode("utf-8-sig"), "x", delimiter=delimiter)
    assert sheet.rows == [list(row) for row in rows]


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        sheet = read_delimited(content, "x")
    except SourceError:
        return
    assert sheet.rows
