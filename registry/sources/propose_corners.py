"""Whether the rows of a table are the corners of records: by a record's name that stands on several rows."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from registry.model import GEOMETRY_OF_KIND, GeometryKind, Kind
from registry.schema import id_field, stated_fields
from registry.sources import words
from registry.sources.coordinate_columns import parse_column
from registry.sources.grouping import Records, records_of
from registry.sources.headings import likeness, most_like
from registry.sources.mapping import texts_of
from registry.sources.profile import GeometryRule, Joined
from registry.sources.written import Notation, Stated

_ALIKE = 0.75
_LOOKED_AT = 60


@dataclass(frozen=True)
class CornersProposal:
    """How rows make records, how sure that is at most, and why."""

    rule: GeometryRule
    confidence: float
    reason: str


def propose_corners(cells: pd.DataFrame, kind: Kind, rule: GeometryRule) -> CornersProposal | None:
    """Find the column that names the record on each of its rows, and the one that numbers its corners.

    Parameters
    ----------
    rule
        Where the positions stand.

    Returns
    -------
    proposal
        None where rows of this kind are no areas, a row holds more than one position, or no name stands on several
        rows with different positions.
    """
    columns = (*rule.column, *rule.north, *rule.east)
    if GEOMETRY_OF_KIND[kind] is not GeometryKind.MULTIPOLYGON or not _are_points(cells, rule):
        return None
    others = [str(each) for each in cells.columns if each not in columns]
    corner, alike = most_like(others, words.CORNER)
    headed = corner if alike >= _ALIKE else None
    for group, confidence, why in _groups(cells, kind, [each for each in others if each != headed], headed):
        filled = cells[group].notna()
        records, _ = records_of(cells, group, None, fill_down=not filled.all())
        if not _hold_corners(cells, columns, records):
            continue
        numbered = headed or _numbering(cells, [each for each in others if each != group], records)
        joined, shape = _joined(cells, columns, records)
        found = replace(rule, group=group, corner=numbered, fill_down=bool(not filled.all()), joined=joined)
        order = (
            f"{numbered!r} numbers its corners"
            if numbered
            else "no column numbers them, so they are joined as the rows stand"
        )
        return CornersProposal(
            found, confidence, f"{group!r} names the record on several rows, {why}; {order}. {shape}"
        )
    return None


def _are_points(cells: pd.DataFrame, rule: GeometryRule) -> bool:
    """Whether each cell holds one position, where one column holds them."""
    if not rule.column:
        return True
    texts = [text for text in texts_of(cells, rule.column) if text is not None][:_LOOKED_AT]
    if rule.notation is Notation.WKT:
        return all("POINT" in text.upper() and "MULTI" not in text.upper() for text in texts)
    read = parse_column(texts, Stated())
    return all(geometry is None or geometry.geom_type == "Point" for geometry in read.geometries)


def _groups(
    cells: pd.DataFrame, kind: Kind, others: Sequence[str], corner: str | None
) -> Iterator[tuple[str, float, str]]:
    """Columns that may name records, by their headings first; where corners are numbered also by their values alone."""
    for field in (words.GROUP, id_field(kind), "name"):
        group, alike = most_like(others, field)
        if alike >= _ALIKE and (corner is not None or field != "name"):
            yield group, 1.0, "as its heading says"
    if corner is None:
        return
    known = [name for name in stated_fields(kind) if name not in {id_field(kind), "name"}]
    for column in others:
        if any(likeness(words.normalise(column), name)[0] >= _ALIKE for name in known):
            continue
        texts = cells[column].ffill()
        blocks = int((texts != texts.shift()).sum())
        if cells[column].notna().iloc[0] and blocks == texts.nunique() and blocks * 3 <= len(cells):
            yield column, 0.6, "one block of rows for each of its values"


def _hold_corners(cells: pd.DataFrame, columns: Sequence[str], records: Records) -> bool:
    """Whether most records have several rows, and these different positions."""
    if len(records) * 2 > len(cells):
        return False
    positions = list(zip(*(cells[name].tolist() for name in columns), strict=True))
    several = [rows for rows in records if len(rows) > 1]
    moving = sum(len({positions[row] for row in rows}) > 1 for rows in several)
    return bool(several) and moving >= 0.8 * len(several)


def _numbering(cells: pd.DataFrame, others: Sequence[str], records: Records) -> str | None:
    """A column that counts the rows of each record, from 0 or 1."""
    for column in others:
        texts = cells[column].tolist()
        if all(_counts([texts[row] for row in rows]) for rows in records):
            return column
    return None


def _counts(texts: Sequence[str | None]) -> bool:
    numbers = sorted(int(text) for text in texts if text is not None and re.fullmatch("[0-9]{1,6}", text))
    return (
        len(numbers) == len(texts)
        and numbers[0] in {0, 1}
        and numbers == list(range(numbers[0], numbers[0] + len(texts)))
    )


def _joined(cells: pd.DataFrame, columns: Sequence[str], records: Records) -> tuple[Joined, str]:
    """What the corners of the records make."""
    placed = cells[list(columns)].notna().all(axis=1).tolist()
    corners = [sum(placed[row] for row in rows) for rows in records]
    few = sum(count < 3 for count in corners)
    if few == len(corners):
        return Joined.LINE, "No record has three corners, so they make lines."
    if few:
        return Joined.POLYGON, f"{few} of {len(corners)} records have fewer than three corners and will be no area."
    return Joined.POLYGON, f"Each of the {len(corners)} records has three corners or more, so they make areas."
