from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.errors import SourceError
from registry.sources import sheet as sheet_module
from registry.sources import tables
from registry.sources.tables import TableOptions, read_table


def table_of(tmp_path: Path, text: str, **options: object) -> tables.Table:
    path = tmp_path / "t.csv"
    path.write_text(text, encoding="utf-8", newline="")
    return read_table(path, TableOptions(**options))


def rows_of(table: tables.Table) -> list[list[str | None]]:
    return table.cells.to_numpy(object).tolist()


def test_a_plain_table(tmp_path: Path) -> None:
    table = table_of(tmp_path, "id,name\n1,a\n2,\n")
    assert list(table.cells.columns) == ["id", "name"]
    assert rows_of(table) == [["1", "a"], ["2", None]]
    assert table.lines.tolist() == [2, 3]
    assert table.notes == ()


@pytest.mark.parametrize(
    "above", ["List of fields 2021;;;\n", "List of fields 2021\n\n", "Region:;Fizuli;;\nList;;;\n"]
)
def test_titles_above_the_header_are_passed_over_and_said(tmp_path: Path, above: str) -> None:
    table = table_of(tmp_path, f"{above}No;Lat;Lon;Date\n1;41;44;1994\n")
    assert list(table.cells.columns) == ["No", "Lat", "Lon", "Date"]
    assert rows_of(table) == [["1", "41", "44", "1994"]]
    assert "above it stands: " in table.notes[0]
    assert "List" in table.notes[0]


@pytest.mark.parametrize(
    "header",
    [
        "No;Coordinates;;Mines;;District\n;Lat;Lon;AP;AV;\n",
        ";Coordinates;;Mines;;Place\nNo;Lat;Lon;AP;AV;District\n",
        "List 2021;;;;;\nNo;Coordinates;;Mines;;District\n;Lat;Lon;AP;AV;\n",
    ],
)
def test_headings_over_groups_are_joined(tmp_path: Path, header: str) -> None:
    table = table_of(tmp_path, f"{header}1;41;44;3;4;Fizuli\n")
    names = ["No", "Coordinates Lat", "Coordinates Lon", "Mines AP", "Mines AV", "District"]
    assert [name.removeprefix("Place ") for name in table.cells.columns] == names
    assert rows_of(table) == [["1", "41", "44", "3", "4", "Fizuli"]]
    assert "The header has 2 rows" in table.notes[-1]


def test_a_row_of_data_is_no_second_header(tmp_path: Path) -> None:
    table = table_of(tmp_path, "No;;Name\n1;x;a\n")
    assert list(table.cells.columns) == ["No", "column 2", "Name"]
    assert "Column 2 has no heading" in table.notes[0]


def test_the_person_can_say_where_the_header_is(tmp_path: Path) -> None:
    text = "a;b\nc;d\n1;2\n"
    assert list(table_of(tmp_path, text, header_row=2).cells.columns) == ["c", "d"]
    assert list(table_of(tmp_path, text, header_rows=2).cells.columns) == ["a c", "b d"]
    with pytest.raises(SourceError, match="header_row is 9"):
        table_of(tmp_path, text, header_row=9)
    with pytest.raises(SourceError, match="header_rows is 4, and the table has 3 rows"):
        table_of(tmp_path, text, header_rows=4)
    with pytest.raises(SourceError, match="no row below its header"):
        table_of(tmp_path, text, header_rows=3)


def test_equal_headings_are_told_apart(tmp_path: Path) -> None:
    table = table_of(tmp_path, "Lat,Lat,Lat (2)\n1,2,3\n")
    assert list(table.cells.columns) == ["Lat", "Lat (2)", "Lat (2) (2)"]
    assert len(table.notes) == 2


def test_ragged_rows_are_reported_and_lose_nothing(tmp_path: Path) -> None:
    table = table_of(tmp_path, "a;b;c\n1;2;3\n1;2\n1;2;3;4\n1;2;3;\n")
    assert rows_of(table)[2] == ["1", "2", "3", "4"]
    assert list(table.cells.columns)[3] == "column 4"
    assert set(table.ragged) == {1, 2}
    assert "has 2 cells, the header 3" in table.ragged[1]
    assert "has 4 cells, the header 3" in table.ragged[2]


def test_merged_header_cells_of_a_workbook(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["Report"], ["No", "Position", None, "Mines"], [None, "Lat", "Lon", "AP"], ["1", 41.5, 44.25, 3]):
        sheet.append(row)
    for merged in ("A1:D1", "A2:A3", "B2:C2"):
        sheet.merge_cells(merged)
    book.save(tmp_path / "a.xlsx")
    table = read_table(tmp_path / "a.xlsx")
    assert list(table.cells.columns) == ["No", "Position Lat", "Position Lon", "Mines AP"]
    assert rows_of(table) == [["1", "41.5", "44.25", "3"]]


def test_merged_cells_below_the_header_each_get_the_value(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["Field", "Point"], ["F1", 1], [None, 2], ["F2", 1]):
        sheet.append(row)
    sheet.merge_cells("A2:A3")
    book.save(tmp_path / "a.xlsx")
    table = read_table(tmp_path / "a.xlsx")
    assert rows_of(table) == [["F1", "1"], ["F1", "2"], ["F2", "1"]]
    assert "1 cells lie in merged ranges" in table.notes[-1]


def test_merges_that_cover_too_much_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = openpyxl.Workbook()
    for row in (["a", "b"], ["1", "2"], ["3", "4"]):
        book.active.append(row)
    book.active.merge_cells("A2:XFD3")
    book.save(tmp_path / "a.xlsx")
    monkeypatch.setattr(sheet_module, "CELLS_MAX", 1000)
    with pytest.raises(SourceError, match="merged cells cover more than"):
        read_table(tmp_path / "a.xlsx")


def test_several_sheets_with_data_must_be_named(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for name in ("First", "Second"):
        book.create_sheet(name).append(["a", "b"])
        book[name].append([name, "1"])
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(SourceError, match=r"2 sheets hold data \(First, Second\); name one with --sheet"):
        read_table(tmp_path / "a.xlsx")
    table = read_table(tmp_path / "a.xlsx", TableOptions(sheet="Second"))
    assert (table.sheet, rows_of(table)) == ("Second", [["Second", "1"]])
    assert table.where.endswith("a.xlsx [Second]")


def test_a_missing_file_and_an_unknown_kind_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        read_table(tmp_path / "no.csv")
    with pytest.raises(SourceError, match="not a table this package reads"):
        read_table(tmp_path / "no.xls")


def test_more_columns_than_are_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "CELLS_MAX", 5)
    with pytest.raises(SourceError, match="more than is accepted"):
        table_of(tmp_path, "a,b\n1,2\n3,4\n5,6\n")


@given(st.binary(max_size=200), st.sampled_from([None, 1, 2, 3]), st.sampled_from([None, 1, 2]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes, first: int | None, count: int | None) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(content)
    try:
        table = read_table(path, TableOptions(header_row=first, header_rows=count))
    except SourceError:
        return
    assert len(table.cells) == len(table.lines) > 0
    assert table.cells.columns.is_unique
