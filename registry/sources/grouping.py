"""Rows of a table that make one record together: which they are, in which order, and what they say as one."""

import re
from collections.abc import Iterator, Sequence

import pandas as pd

from registry.findings import Hit
from registry.sources.tables import Table

Records = list[list[int]]
"""The rows of the table that make each record, in the order in which its corners or legs follow one another."""


def records_of(
    cells: pd.DataFrame, group: str | None, order: str | None, *, fill_down: bool = False, part: str = "corner"
) -> tuple[Records, list[Hit]]:
    """Which rows make each record; one each, unless a column says to which record a row belongs.

    Parameters
    ----------
    group
        Column of the record's name.
    order
        Column that numbers the rows of a record; without it they follow one another as in the table.
    fill_down
        A blank in the group column means the record of the row above.
    part
        What a row holds, for the messages.

    Returns
    -------
    records, hits
        A row that names no record is one of its own, so that it is not lost.
    """
    if group is None:
        return [[row] for row in range(len(cells))], []
    groups = cells[group].str.strip()
    if fill_down:
        groups = groups.ffill()
    members: dict[object, list[int]] = {}
    for row, name in enumerate(groups.tolist()):
        members.setdefault(name if isinstance(name, str) else row, []).append(row)
    records = list(members.values())
    if order is None:
        return records, []
    hits = []
    numbers = cells[order].tolist()
    for record, rows in enumerate(records):
        if len(rows) > 1 and any(numbers[row] is None for row in rows):
            hits.append(Hit("corner-order", record, f"A {part} has no number; all are joined row by row."))
            continue
        rows.sort(key=lambda row: _natural(numbers[row] or ""))
    return records, hits


def _natural(text: str) -> list[tuple[int, int, str]]:
    """Sorts 2 before 10, and A2 before A10."""
    parts = re.findall(r"[0-9]{1,18}|[^0-9]+", text.strip())
    return [(0, int(part), "") if part.isdecimal() and part.isascii() else (1, 0, part) for part in parts]


def merged(cells: pd.DataFrame, records: Records, kept_whole: Sequence[str]) -> pd.DataFrame:
    """One row per record.

    Where the rows of a record differ a cell holds all that they say, once each; of the columns that are kept whole
    (positions, legs) it holds what each row says, in the order of the rows.
    """
    if all(len(rows) == 1 for rows in records):
        return cells
    columns = {}
    for name in cells.columns:
        texts = cells[name].tolist()
        found: list[object] = []
        for rows in records:
            said = [texts[row] for row in rows]
            if name not in kept_whole:
                said = list(dict.fromkeys(text for text in said if text is not None))
            found.append(tuple(said) if len(said) > 1 else said[0] if said else None)
        columns[name] = pd.Series(found, dtype=object)
    return pd.DataFrame(columns)


def ragged_rows(table: Table, records: Records) -> Iterator[Hit]:
    """Rows with more or fewer cells than the header, at their records."""
    if table.ragged:
        for record, rows in enumerate(records):
            for row in rows:
                if row in table.ragged:
                    yield Hit("row-ragged", record, f"Line {table.lines[row]}: {table.ragged[row]}")


def entered(cells: pd.DataFrame, rows: Sequence[int], columns: Sequence[str]) -> str:
    """What the rows of a record hold in some columns, as entered, but for NULs, at which readers would cut it."""
    text = "; ".join(
        ", ".join(str(cells[name].iloc[row]) for name in columns if cells[name].iloc[row] is not None) for row in rows
    )
    return text.replace("\0", "\N{SYMBOL FOR NULL}")
