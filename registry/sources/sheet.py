"""A sheet of text cells: where its header is, and what its columns are called.

Lines are counted from 1 as a text editor or a spreadsheet shows them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from registry.errors import SourceError

Row = list[str | None]

CELLS_MAX = 20_000_000
COLUMNS_MAX = 2_000
CELL_MAX_CHARS = 5_000_000
HEADER_ROWS_MAX = 3
_LOOKED_AT = 30


@dataclass(frozen=True)
class Merge:
    """A merged range: first and last line (from 1), first and last column (from 0). Its value stands in the first."""

    first_line: int
    last_line: int
    first_column: int
    last_column: int


@dataclass(frozen=True)
class Sheet:
    """The cells of one sheet as text, None where blank; blank lines are left out, ``lines`` numbers the others."""

    rows: list[Row]
    lines: list[int]
    notes: tuple[str, ...] = ()
    merges: tuple[Merge, ...] = ()
    encoding_doubt: str | None = None


@dataclass(frozen=True)
class Header:
    """Where the header is, by row of the sheet, and the names it gives; a name is None where it gives none."""

    first: int
    last: int
    names: tuple[str | None, ...]


def blank_to_none(row: Sequence[str | None]) -> Row:
    """A row with None where nothing is written."""
    return [None if not cell or cell.isspace() else cell for cell in row]


def find_header(sheet: Sheet, first_line: int | None, header_rows: int | None, where: str) -> Header:
    """Find the header, or take it where the person says it is.

    The first row that fills more than half of the columns is taken; group headings above it (``Coordinates`` over
    ``Lat`` and ``Lon``) and the rows of merged cells below it belong to it.

    Parameters
    ----------
    first_line
        Line of the first header row, where stated.
    header_rows
        How many rows the header has, where stated.

    Raises
    ------
    SourceError
        If the stated line holds nothing.
    """
    if first_line is not None and first_line not in sheet.lines:
        raise SourceError(f"{where}: header_row is {first_line}, and there is nothing in that line.")
    row = sheet.lines.index(first_line) if first_line is not None else _first_full_row(sheet)
    first = row if first_line is not None else _with_headings_above(sheet, row)
    last = first + header_rows - 1 if header_rows is not None else _with_rows_below(sheet, first, row)
    if last >= len(sheet.rows):
        raise SourceError(f"{where}: header_rows is {header_rows}, and the table has {len(sheet.rows) - first} rows.")
    return Header(first, last, _join(sheet, first, last))


def unmerge(rows: list[Row], lines: list[int], merges: Sequence[Merge], where: str) -> int:
    """Give each cell of a merged range its value, in place; returns how many cells were filled.

    Raises
    ------
    SourceError
        If the ranges cover more cells than are accepted.
    """
    row_of = {line: row for row, line in enumerate(lines)}
    filled = covered = 0
    for merge in merges:
        top = row_of.get(merge.first_line)
        value = _cell(rows[top], merge.first_column) if top is not None else None
        if value is None:
            continue
        bottom = min(merge.last_line, lines[-1])
        covered += (bottom - merge.first_line + 1) * (merge.last_column - merge.first_column + 1)
        if covered > CELLS_MAX:
            raise SourceError(f"{where}: its merged cells cover more than {CELLS_MAX:,} cells; undo the merges.")
        for line in range(merge.first_line, bottom + 1):
            cells = rows[row_of[line]] if line in row_of else []
            cells += [None] * (merge.last_column + 1 - len(cells)) if cells else []
            for column in range(merge.first_column, min(merge.last_column + 1, len(cells))):
                if cells[column] is None:
                    cells[column] = value
                    filled += 1
    return filled


def _cell(row: Row, column: int) -> str | None:
    return row[column] if column < len(row) else None


def _filled(row: Row) -> int:
    return sum(cell is not None for cell in row)


def _first_full_row(sheet: Sheet) -> int:
    looked_at = sheet.rows[:_LOOKED_AT]
    width = max(_filled(row) for row in looked_at)
    return next(row for row, cells in enumerate(looked_at) if _filled(cells) > width / 2)


def _with_headings_above(sheet: Sheet, row: int) -> int:
    """The first row of the headings that stand over groups of columns; titles and remarks are not among them."""
    first = row
    while first > 0 and row - first < HEADER_ROWS_MAX - 1 and _is_heading(sheet, first - 1):
        first -= 1
    return first


def _is_heading(sheet: Sheet, row: int) -> bool:
    cells, below = sheet.rows[row], sheet.rows[row + 1]
    texts = [cell for cell in cells if cell is not None]
    if sheet.lines[row + 1] != sheet.lines[row] + 1 or len(texts) < 2 or any(map(_looks_stated, texts)):
        return False
    spans = _cell(cells, 0) is None or any(
        _cell(cells, i) is not None and _cell(cells, i + 1) is None and _cell(below, i + 1) is not None
        for i in range(len(below) - 1)
    )
    return spans and all(_cell(below, i) is not None or cell is not None for i, cell in enumerate(cells))


def _looks_stated(text: str) -> bool:
    """``Region:`` or a number: a remark about the table, not the heading of a column."""
    return text.rstrip().endswith(":") or any(map(str.isdigit, text))


def _with_rows_below(sheet: Sheet, first: int, row: int) -> int:
    """The last row of a header: as far as its merged cells reach, or one more row that fills its gaps."""
    last = row
    for merge in sheet.merges:
        if sheet.lines[first] <= merge.first_line <= sheet.lines[row]:
            wide = merge.last_column > merge.first_column
            reach = max(merge.last_line, merge.first_line + wide)
            while last + 1 < len(sheet.rows) and last - first < HEADER_ROWS_MAX - 1 and sheet.lines[last + 1] <= reach:
                last += 1
    if last == row and row == first and row + 1 < len(sheet.rows):
        cells, below = sheet.rows[row], sheet.rows[row + 1]
        names = [cell for cell in below if cell is not None]
        fills_gap = any(_cell(cells, i) is None and cell is not None for i, cell in enumerate(below[: len(cells)]))
        inner_gap = any(cell is None for cell in cells[1 : _last_filled(cells)]) or _ends_in_gap(cells, below)
        if fills_gap and inner_gap and len(names) >= 2 and not any(map(_looks_stated, names)):
            last = row + 1
    return last


def _last_filled(cells: Row) -> int:
    return max((i for i, cell in enumerate(cells) if cell is not None), default=0)


def _ends_in_gap(cells: Row, below: Row) -> bool:
    return _last_filled(below) > _last_filled(cells)


def _join(sheet: Sheet, first: int, last: int) -> tuple[str | None, ...]:
    """Names of the columns: what stands over each of them, from the top, joined by a blank."""
    width = max(len(row) for row in sheet.rows[first : last + 1])
    levels = [[_cell(sheet.rows[row], i) for i in range(width)] for row in range(first, last + 1)]
    for merge in sheet.merges:
        for level, row in zip(levels, range(first, last + 1), strict=True):
            if sheet.lines[row] == merge.first_line and merge.first_column < width:
                value = level[merge.first_column]
                level[merge.first_column : merge.last_column + 1] = [value] * (
                    min(merge.last_column, width - 1) - merge.first_column + 1
                )
    if not sheet.merges:
        for level, below in pairwise(levels):
            _spread(level, below)
    names: list[str | None] = []
    for column in zip(*levels, strict=True):
        words = dict.fromkeys(" ".join(cell.split()) for cell in column if cell is not None)
        names.append(" ".join(words) or None)
    return tuple(names)


def _spread(level: Row, below: Row) -> None:
    """A heading reaches over the gaps to its right, as long as it and they have names below."""
    for i in range(1, len(level)):
        if level[i] is None and below[i] is not None and below[i - 1] is not None:
            level[i] = level[i - 1]
