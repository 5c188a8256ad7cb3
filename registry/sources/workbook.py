"""XLSX: the cells of one sheet as text. Formulas are never evaluated; what the program last saved is read.

The archive and its XML are looked at before openpyxl sees them: no document type, so no entity, is accepted.
"""

import re
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import IO, Any
from xml.parsers import expat

from registry.errors import SourceError
from registry.sources.archive import checked_names
from registry.sources.sheet import CELL_MAX_CHARS, CELLS_MAX, COLUMNS_MAX, Merge, Row, Sheet, blank_to_none

_MERGES_MAX = 100_000
_TRUE = {"1", "true"}
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")


@dataclass
class _Shape:
    """What openpyxl's fast reader does not tell about a sheet."""

    merges: list[Merge] = field(default_factory=list)
    hidden_lines: list[int] = field(default_factory=list)
    hidden_columns: int = 0
    formulas: int = 0
    formulas_without_value: list[str] = field(default_factory=list)


def read_workbook(path: Path, name: str | None = None) -> tuple[str, Sheet]:
    """Read one sheet.

    Numbers are written as short as they are exact, dates as ISO text: with the day or month left out where the cell's
    own format leaves them out.

    Parameters
    ----------
    name
        Of the sheet; needed where several hold data.

    Returns
    -------
    name, sheet
        The sheet that was read.

    Raises
    ------
    SourceError
        If it is no workbook, has no such sheet or several, or is larger than is accepted.
    """
    _check_xml(path)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found, rows, lines, state = _read(path, lambda book: _collect(book, name or _only_sheet(book, path), path))
    if not rows:
        raise SourceError(f"{path}: there is nothing in the sheet {found!r}.")
    shape = _sheet_shape(path, found)
    notes = [*_notes(shape, state), *(str(warning.message) for warning in caught)]
    return found, Sheet(rows, lines, tuple(dict.fromkeys(notes)), tuple(shape.merges))


def _notes(shape: _Shape, state: str) -> Iterator[str]:
    if state != "visible":
        yield "The sheet is hidden; it was read."
    if shape.hidden_lines or shape.hidden_columns:
        first = f" (the first is line {shape.hidden_lines[0]})" if shape.hidden_lines else ""
        yield (
            f"Hidden rows: {len(shape.hidden_lines)}{first}; hidden columns: {shape.hidden_columns}. They were read "
            "like the others."
        )
    if shape.formulas:
        yield f"Cells with formulas: {shape.formulas}; the values saved with them were read, nothing was computed."
    if shape.formulas_without_value:
        cells = ", ".join(shape.formulas_without_value[:5])
        yield (
            f"Formulas without a saved value: {len(shape.formulas_without_value)} ({cells}); they were read as blank. "
            "Open and save the file in a spreadsheet program."
        )


def _check_xml(path: Path) -> None:
    """Refuse an archive that is no workbook, and XML that declares a document type."""
    names = checked_names(path)
    if "xl/workbook.xml" not in names:
        raise SourceError(f"{path}: it is not an XLSX workbook; save it as .xlsx or as CSV.")
    try:
        with zipfile.ZipFile(path) as archive:
            for name in names:
                with archive.open(name) as stream:
                    _refuse_document_type(stream, f"{path}, {name}")
    except (zipfile.BadZipFile, OSError, RuntimeError, EOFError, ValueError, KeyError, zlib.error) as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(f"{path}: the workbook is damaged ({error}).") from error


class _SeenEnough(Exception):
    """Stops a parser."""


def _refuse_document_type(stream: IO[bytes], where: str) -> None:
    """A document type must stand before the first element, so reading stops there.

    Every part of the archive is looked at, because a workbook may give its XML any name; what is no XML passes, and
    openpyxl says so if it needs it.
    """

    def refuse(*_: object) -> None:
        raise SourceError(f"{where}: it declares a document type or entities, as no spreadsheet program does; refused.")

    def stop(*_: object) -> None:
        raise _SeenEnough

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.StartElementHandler = stop
    try:
        while chunk := stream.read(65_536):
            parser.Parse(chunk, False)
    except (_SeenEnough, expat.ExpatError):
        return


def _read(path: Path, use: Callable[[Any], Any]) -> Any:
    """Open the workbook and use it. openpyxl answers a damaged file with errors of every kind; all mean the same."""
    import openpyxl

    try:
        # openpyxl leaves a file that it cannot read open, so it gets one that is closed here.
        with path.open("rb") as stream:
            return use(openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False))
    except SourceError:
        raise
    except Exception as error:
        raise SourceError(f"{path}: the workbook is damaged ({type(error).__name__}: {error}).") from error


def _only_sheet(book: Any, path: Path) -> str:
    """The one sheet that holds something."""
    names = []
    for sheet in book.worksheets:
        sheet.reset_dimensions()
        values = (value for row in sheet.iter_rows(values_only=True) for value in row)
        if any(_is_written(value) for value in values):
            names.append(str(sheet.title))
    if not names:
        raise SourceError(f"{path}: there is nothing in it.")
    if len(names) > 1:
        raise SourceError(f"{path}: {len(names)} sheets hold data ({', '.join(names)}); name one with --sheet.")
    return names[0]


def _is_written(value: Any) -> bool:
    return value is not None and not (isinstance(value, str) and not value.strip())


def _collect(book: Any, name: str, path: Path) -> tuple[str, list[Row], list[int], str]:
    where = f"{path} [{name}]"
    if name not in {sheet.title for sheet in book.worksheets}:
        raise SourceError(f"{where}: there is no such sheet; the sheets are {', '.join(book.sheetnames)}.")
    sheet = book[name]
    # The size a file states is a claim; without it every cell that is there is read.
    sheet.reset_dimensions()
    rows: list[Row] = []
    lines: list[int] = []
    cells = 0
    for line, row in enumerate(sheet.iter_rows(), start=1):
        texts = blank_to_none([None if cell.value is None else _as_text(cell.value, cell, where) for cell in row])
        while texts and texts[-1] is None:
            texts.pop()
        if not texts:
            continue
        if len(texts) > COLUMNS_MAX:
            raise SourceError(f"{where}, line {line}: it has {len(texts):,} cells; at most {COLUMNS_MAX:,} are read.")
        cells += len(texts)
        if cells > CELLS_MAX:
            raise SourceError(f"{where}: it has more than {CELLS_MAX:,} cells; split it into several files.")
        rows.append(texts)
        lines.append(line)
    return name, rows, lines, str(sheet.sheet_state)


def _as_text(value: Any, cell: Any, where: str) -> str:
    if isinstance(value, str):
        if len(value) > CELL_MAX_CHARS:
            raise SourceError(f"{where}, {cell.coordinate}: the cell holds more than {CELL_MAX_CHARS:,} characters.")
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime | date):
        return _date_text(value, str(cell.number_format))
    if isinstance(value, time | timedelta):
        return str(value)
    return repr(value) if isinstance(value, float) else str(value)


def _date_text(value: datetime | date, number_format: str) -> str:
    """A date as far as its cell shows it: the day behind ``mmm yyyy`` is the program's, not the writer's."""
    shown = re.sub(r'"[^"]*"|\[[^\]]*\]|\\.', "", number_format).lower().split(";")[0]
    day = value.date().isoformat() if isinstance(value, datetime) else value.isoformat()
    if "y" in shown and "d" not in shown and "h" not in shown:
        return day[:7] if "m" in shown else day[:4]
    if isinstance(value, datetime) and value.time() != time():
        return value.isoformat(sep=" ", timespec="minutes" if not value.second else "seconds")
    return day


def _sheet_shape(path: Path, sheet: str) -> _Shape:
    """Merged, hidden and computed cells of a sheet."""
    shape = _Shape()
    try:
        with zipfile.ZipFile(path) as archive:
            member = _member_of(archive, sheet)
            if member is not None:
                with archive.open(member) as stream:
                    _parse_sheet(stream, shape)
    except (expat.ExpatError, KeyError, ValueError) as error:
        raise SourceError(f"{path}: the sheet {sheet!r} is damaged ({error}).") from error
    return shape


def _member_of(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """The archive's member that holds a sheet, by the workbook's own index."""
    found: dict[str, str] = {}
    targets: dict[str, str] = {}

    def sheet_entry(name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] == "sheet":
            ids = [value for key, value in attributes.items() if key.endswith(":id")]
            found.setdefault(attributes.get("name", ""), ids[0] if ids else "")

    def relation(name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] == "Relationship":
            targets[attributes.get("Id", "")] = attributes.get("Target", "")

    for member, handler in (("xl/workbook.xml", sheet_entry), ("xl/_rels/workbook.xml.rels", relation)):
        parser = expat.ParserCreate()
        parser.StartElementHandler = handler
        parser.Parse(archive.read(member), True)
    target = targets.get(found.get(sheet, ""))
    if target is None:
        return None
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


class _SheetScan:
    """Counts what a sheet hides, merges and computes, element by element."""

    def __init__(self, shape: _Shape) -> None:
        self.shape = shape
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.line = 0
        self.cell = ""
        self.has_formula = self.has_value = False

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        match name.rpartition(":")[2]:
            case "c":
                self.cell = attributes.get("r", "")
                self.has_formula = self.has_value = False
            case "f":
                self.has_formula = True
            case "v" if self.has_formula:
                self.parser.CharacterDataHandler = self._value
            case "row":
                self._row(attributes)
            case "col" if attributes.get("hidden") in _TRUE:
                self.shape.hidden_columns += max(0, int(attributes["max"]) - int(attributes["min"]) + 1)
            case "mergeCell":
                self._merged(attributes["ref"])

    def _end(self, name: str) -> None:
        self.parser.CharacterDataHandler = None
        if self.has_formula and name.rpartition(":")[2] == "c":
            self.shape.formulas += 1
            if not self.has_value:
                self.shape.formulas_without_value.append(self.cell)

    def _value(self, _text: str) -> None:
        self.has_value = True

    def _row(self, attributes: dict[str, str]) -> None:
        self.line = int(attributes.get("r", self.line + 1))
        if attributes.get("hidden") in _TRUE:
            self.shape.hidden_lines.append(self.line)

    def _merged(self, reference: str) -> None:
        first, _, last = reference.partition(":")
        top, bottom = _REFERENCE.fullmatch(first), _REFERENCE.fullmatch(last)
        if top is None or bottom is None:
            raise ValueError(f"{reference!r} is not a range of cells")
        self.shape.merges.append(Merge(int(top[2]), int(bottom[2]), _column(top[1]), _column(bottom[1])))
        if len(self.shape.merges) > _MERGES_MAX:
            raise ValueError(f"more than {_MERGES_MAX:,} merged ranges")


def _parse_sheet(stream: IO[bytes], shape: _Shape) -> None:
    parser = _SheetScan(shape).parser
    while chunk := stream.read(1 << 20):
        parser.Parse(chunk, False)
    parser.Parse(b"", True)


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1
