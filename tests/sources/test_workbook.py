import zipfile
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from registry.errors import SourceError
from registry.sources import archive, workbook
from registry.sources.workbook import read_workbook

MOMENT = datetime.fromisoformat("1994-05-03 14:30")
DAY = datetime.fromisoformat("1994-05-03")
FIRST = datetime.fromisoformat("1994-05-01")


def saved(book: Workbook, path: Path) -> Path:
    book.save(path)
    return path


@pytest.fixture
def book() -> Workbook:
    made = openpyxl.Workbook()
    made.active.title = "Data"
    return made


def with_member(path: Path, name: str, content: bytes) -> Path:
    """The workbook with one of its parts replaced."""
    other = path.with_name(f"other-{path.name}")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            new.writestr(member, content if member == name else old.read(member))
    return other


def test_numbers_and_dates_become_text(book: Workbook, tmp_path: Path) -> None:
    sheet = book["Data"]
    sheet.append(["n", 2.0, 0.1, 39.607412, True, DAY, MOMENT, "  ", "41°12'"])
    read = read_workbook(saved(book, tmp_path / "a.xlsx"))[1]
    assert read.rows == [
        ["n", "2", "0.1", "39.607412", "true", "1994-05-03", "1994-05-03 14:30", None, "41°12'"],
    ]


@pytest.mark.parametrize(
    ("shown_as", "text"), [("mmm yyyy", "1994-05"), ("yyyy", "1994"), ("dd/mm/yyyy", "1994-05-01")]
)
def test_a_date_has_the_precision_its_cell_shows(book: Workbook, tmp_path: Path, shown_as: str, text: str) -> None:
    book["Data"]["A1"] = FIRST
    book["Data"]["A1"].number_format = shown_as
    assert read_workbook(saved(book, tmp_path / "a.xlsx"))[1].rows == [[text]]


def test_formulas_are_not_computed(book: Workbook, tmp_path: Path) -> None:
    book["Data"].append(["x", "=1+1"])
    read = read_workbook(saved(book, tmp_path / "a.xlsx"))[1]
    assert read.rows == [["x"]]
    assert any("Formulas without a saved value: 1 (B1)" in note for note in read.notes)


def test_the_saved_value_of_a_formula_is_read(book: Workbook, tmp_path: Path) -> None:
    book["Data"].append(["x", "=1+1"])
    path = saved(book, tmp_path / "a.xlsx")
    with zipfile.ZipFile(path) as opened:
        content = opened.read("xl/worksheets/sheet1.xml")
    cached = content.replace(b"<f>1+1</f><v />", b"<f>1+1</f><v>7</v>").replace(
        b"<f>1+1</f><v></v>", b"<f>1+1</f><v>7</v>"
    )
    assert cached != content
    read = read_workbook(with_member(path, "xl/worksheets/sheet1.xml", cached))[1]
    assert read.rows == [["x", "7"]]
    assert not any("without a saved value" in note for note in read.notes)


def test_hidden_rows_columns_and_sheets_are_read_and_said(book: Workbook, tmp_path: Path) -> None:
    sheet = book["Data"]
    for number in range(3):
        sheet.append([f"a{number}", f"b{number}"])
    sheet.row_dimensions[2].hidden = True
    sheet.column_dimensions["B"].hidden = True
    book.create_sheet("Other")
    sheet.sheet_state = "hidden"
    read = read_workbook(saved(book, tmp_path / "a.xlsx"))[1]
    assert read.rows[1] == ["a1", "b1"]
    assert "The sheet is hidden; it was read." in read.notes
    assert any("Hidden rows: 1 (the first is line 2); hidden columns: 1" in note for note in read.notes)


def test_the_size_a_sheet_states_is_not_believed(book: Workbook, tmp_path: Path) -> None:
    for number in range(5):
        book["Data"].append([number + 1, "x"])
    path = saved(book, tmp_path / "a.xlsx")
    with zipfile.ZipFile(path) as opened:
        content = opened.read("xl/worksheets/sheet1.xml")
    for stated in (b"A1:A1", b"A1:XFD1048576"):
        changed = content.replace(b'ref="A1:B5"', b'ref="' + stated + b'"')
        assert changed != content
        assert len(read_workbook(with_member(path, "xl/worksheets/sheet1.xml", changed))[1].rows) == 5


def test_sheets_with_data_are_told_from_empty_ones(book: Workbook, tmp_path: Path) -> None:
    book["Data"]["C3"] = 1
    book.create_sheet("Empty")
    path = saved(book, tmp_path / "a.xlsx")
    assert read_workbook(path)[0] == "Data"
    with pytest.raises(SourceError, match="no such sheet; the sheets are Data, Empty"):
        read_workbook(path, "Missing")
    with pytest.raises(SourceError, match="nothing in the sheet 'Empty'"):
        read_workbook(path, "Empty")


ENTITIES = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>"""


@pytest.mark.parametrize(
    "member", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml", "[Content_Types].xml"]
)
def test_a_document_type_is_refused(book: Workbook, tmp_path: Path, member: str) -> None:
    book["Data"]["A1"] = "x"
    path = saved(book, tmp_path / "a.xlsx")
    with zipfile.ZipFile(path) as opened:
        content = opened.read(member)
    hostile = ENTITIES + content.partition(b"?>")[2] if content.startswith(b"<?xml") else ENTITIES + content
    with pytest.raises(SourceError, match="declares a document type"):
        read_workbook(with_member(path, member, hostile))


def test_a_document_type_under_any_name_is_refused(book: Workbook, tmp_path: Path) -> None:
    book["Data"]["A1"] = "x"
    path = saved(book, tmp_path / "a.xlsx")
    with zipfile.ZipFile(path, "a") as opened:
        opened.writestr("xl/worksheets/sheet.dat", ENTITIES + b"<x/>")
    with pytest.raises(SourceError, match="declares a document type"):
        read_workbook(path)


def test_a_document_type_in_utf_16_is_refused(book: Workbook, tmp_path: Path) -> None:
    book["Data"]["A1"] = "x"
    path = saved(book, tmp_path / "a.xlsx")
    hostile = '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x [<!ENTITY a "b">]><x/>'.encode("utf-16")
    with pytest.raises(SourceError, match="declares a document type"):
        read_workbook(with_member(path, "xl/styles.xml", hostile), "Data")


def test_a_zip_bomb_is_refused_before_it_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("xl/workbook.xml", b" " * 1_000_000)
    monkeypatch.setattr(archive, "ZIP_MAX_BYTES", 100_000)
    with pytest.raises(SourceError, match="more than is accepted"):
        read_workbook(path)


def test_too_many_cells_are_refused(book: Workbook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book["Data"]["ZZ1"] = 1
    path = saved(book, tmp_path / "a.xlsx")
    monkeypatch.setattr(workbook, "COLUMNS_MAX", 100)
    with pytest.raises(SourceError, match="702 cells; at most 100"):
        read_workbook(path, "Data")


def test_a_merged_range_that_is_none_is_refused(book: Workbook, tmp_path: Path) -> None:
    book["Data"].append(["a", "b"])
    book["Data"].merge_cells("A1:A2")
    path = saved(book, tmp_path / "a.xlsx")
    with zipfile.ZipFile(path) as opened:
        content = opened.read("xl/worksheets/sheet1.xml")
    assert b'ref="A1:A2"' in content
    with pytest.raises(SourceError, match="is damaged"):
        read_workbook(with_member(path, "xl/worksheets/sheet1.xml", content.replace(b"A1:A2", b"A1-A2")), "Data")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0" * 100])
def test_what_is_no_workbook_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    with pytest.raises(SourceError):
        read_workbook(path)


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
def test_a_damaged_workbook_is_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    made = openpyxl.Workbook()
    made.active.append(["a", 1, DAY])
    made.active.merge_cells("A2:B3")
    path = saved(made, tmp_path / "a.xlsx")
    with zipfile.ZipFile(path) as opened:
        member = data.draw(st.sampled_from(sorted(opened.namelist())))
        content = bytearray(opened.read(member))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    damaged = with_member(path, member, bytes(content))
    try:
        _, sheet = read_workbook(damaged)
    except SourceError:
        return
    assert sheet.rows
