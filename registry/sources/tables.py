"""CSV, TSV and XLSX as a table of text cells under one header."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from registry.errors import SourceError
from registry.sources.delimited import read_delimited
from registry.sources.sheet import CELLS_MAX, COLUMNS_MAX, Header, Row, Sheet, find_header, unmerge
from registry.sources.workbook import read_workbook

SUFFIXES = {
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".tab": "text/tab-separated-values",
    ".txt": "text/csv",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".xlsm": "application/vnd.ms-excel.sheet.macroEnabled.12",
}
_WORKBOOKS = {".xlsx", ".xlsm"}


@dataclass(frozen=True)
class TableOptions:
    """How a table is to be read, where a person says so; None is found from the file.

    Attributes
    ----------
    sheet
        Sheet of a workbook; needed where several hold data.
    encoding, delimiter
        Of a text file.
    header_row
        Line of the first header row, from 1.
    header_rows
        How many rows the header has.
    """

    sheet: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header_row: int | None = None
    header_rows: int | None = None


@dataclass(frozen=True)
class Table:
    """A table as read: text cells, None where blank.

    Attributes
    ----------
    where
        Name for messages: the file, and the sheet where there is one.
    sheet
        The sheet of a workbook.
    cells
        One row per record and one column per heading; names are made where the header has none or one twice.
    lines
        Line of each row in the file, from 1.
    notes
        What is to be said about how it was read.
    ragged
        Row -> what is wrong with its number of cells. No cell is lost.
    encoding_doubt
        What is uncertain about the texts, None where nothing is.
    """

    where: str
    sheet: str | None
    cells: pd.DataFrame
    lines: NDArray[np.int64]
    notes: tuple[str, ...] = ()
    ragged: Mapping[int, str] = field(default_factory=dict)
    encoding_doubt: str | None = None


def is_table(path: Path) -> bool:
    """Whether a source is read as a table."""
    return path.suffix.lower() in SUFFIXES and not path.is_dir()


def read_table(path: Path, options: TableOptions = TableOptions()) -> Table:
    """Read a table.

    Parameters
    ----------
    path
        A file whose suffix is one of `SUFFIXES`.
    options
        What the person says about it.

    Raises
    ------
    SourceError
        If it cannot be read, is larger than is accepted, or has several sheets with data and none was named.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise SourceError(f"{path}: it is not a table this package reads; save it as {', '.join(SUFFIXES)}.")
    if suffix in _WORKBOOKS:
        name, content = read_workbook(path, options.sheet)
        return _table(content, name, f"{path} [{name}]", options)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path}: it cannot be read ({error.strerror or error}).") from error
    content = read_delimited(data, str(path), encoding=options.encoding, delimiter=options.delimiter)
    return _table(content, None, str(path), options)


def _table(content: Sheet, sheet: str | None, where: str, options: TableOptions) -> Table:
    header = find_header(content, options.header_row, options.header_rows, where)
    rows, lines = content.rows[header.last + 1 :], content.lines[header.last + 1 :]
    if not rows:
        raise SourceError(f"{where}: there is no row below its header.")
    filled = unmerge(rows, lines, content.merges, where)
    width = max(len(header.names), *map(_width, rows))
    if width > COLUMNS_MAX or width * len(rows) > CELLS_MAX:
        raise SourceError(f"{where}: {len(rows):,} rows of up to {width:,} cells are more than is accepted; split it.")
    names, naming = _column_names([*header.names, *[None] * (width - len(header.names))])
    columns = list(zip(*(_of_width(row, width) for row in rows), strict=True))
    kept = [
        i for i in range(width) if i not in naming or any(columns[i]) or (i < len(header.names) and header.names[i])
    ]
    ragged = _ragged(rows, len(header.names)) if sheet is None else {}
    cells = pd.DataFrame({names[i]: pd.Series(columns[i], dtype=object) for i in kept}, index=pd.RangeIndex(len(rows)))
    notes = (*_header_notes(content, header), *[naming[i] for i in kept if i in naming], *content.notes)
    if filled:
        notes += (f"{filled} cells lie in merged ranges; each was given the range's value.",)
    return Table(where, sheet, cells, np.array(lines), notes, ragged, content.encoding_doubt)


def _of_width(row: Row, width: int) -> Row:
    return row if len(row) == width else [*row[:width], *[None] * (width - len(row))]


def _width(row: Row) -> int:
    """Number of cells up to the last that holds something."""
    if row[-1] is not None:
        return len(row)
    return next((i + 1 for i in range(len(row) - 1, -1, -1) if row[i] is not None), 0)


def _column_names(names: Sequence[str | None]) -> tuple[list[str], dict[int, str]]:
    """A name of its own for each column, and by column what is to be said of the names that were made."""
    made: list[str] = []
    notes: dict[int, str] = {}
    for number, name in enumerate(names):
        unique = name or f"column {number + 1}"
        again = 2
        while unique in made:
            unique = f"{name or f'column {number + 1}'} ({again})"
            again += 1
        if name is None:
            notes[number] = f"Column {number + 1} has no heading; it is called {unique!r}."
        elif unique != name:
            notes[number] = f"Two columns are headed {name!r}; column {number + 1} is called {unique!r}."
        made.append(unique)
    return made, notes


def _ragged(rows: Sequence[Row], width: int) -> dict[int, str]:
    found = {}
    for number, row in enumerate(rows):
        if _width(row) > width:
            found[number] = (
                f"The row has {_width(row)} cells, the header {width}; the others are kept as further columns."
            )
        elif len(row) < width:
            found[number] = f"The row has {len(row)} cells, the header {width}; the missing ones are read as blank."
    return found


def _header_notes(content: Sheet, header: Header) -> list[str]:
    notes = []
    first, last = content.lines[header.first], content.lines[header.last]
    if header.first:
        above = " / ".join(" ".join(cell for cell in row if cell) for row in content.rows[: header.first])
        notes.append(f"The header is taken from line {first}; above it stands: {' '.join(above.split())[:300]!r}.")
    if header.last > header.first:
        notes.append(
            f"The header has {header.last - header.first + 1} rows, lines {first} to {last}, joined by a blank."
        )
    return notes
