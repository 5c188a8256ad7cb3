"""Which columns of a table hold bearings and distances, row by row or a record in each cell."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from registry.errors import SourceError
from registry.model import Kind
from registry.schema import id_field
from registry.sources import words
from registry.sources.grouping import Records, records_of
from registry.sources.headings import most_like
from registry.sources.legforms import is_chain, legs_in
from registry.sources.legrecord import AngleUnit, Convention, DistanceUnit, Entry, PointType, read_angle, read_length
from registry.sources.legrule import CLOSE, LegsRule, PositionOf
from registry.sources.legs import lay_out
from registry.sources.legtable import read_records
from registry.sources.mapping import texts_of
from registry.sources.north import North
from registry.sources.propose_geometry import GeometryProposal, find_positions
from registry.sources.propose_units import Choice, Closing, angle_unit_of, distance_unit_of, north_of
from registry.sources.rules import Rule
from registry.sources.tables import Table
from registry.sources.written import Notation, Stated

_ALIKE = 0.75
# The heading of bearings is longer by its unit or north.
_ALIKE_BEARING = 0.65
_LOOKED_AT = 500
_TRIED = 200
"""Records that are laid out to see how they close."""
_NAMES_MAX = 30


@dataclass(frozen=True)
class Line:
    """Why a key of the proposal says what it says, and how sure that is from 0 to 1."""

    confidence: float
    reason: str


@dataclass(frozen=True)
class _Column:
    """The heading of a column and what stands in it."""

    heading: str
    texts: Sequence[str]


@dataclass(frozen=True)
class LegsProposal:
    """Where legs seem to stand; ``lines`` says of each key of the rule why, ``confidence`` and ``reason`` of all."""

    rule: LegsRule
    confidence: float
    reason: str
    lines: Mapping[str, Line] = field(default_factory=dict)

    def with_line(self, key: str, confidence: float, reason: str, **changes: Any) -> "LegsProposal":
        """With one more key."""
        return replace(
            self, rule=replace(self.rule, **changes), lines={**self.lines, key: Line(round(confidence, 2), reason)}
        )

    def with_blank(self, key: str, reason: str) -> "LegsProposal":
        """With one more key that only the person can fill in."""
        return self.with_line(key, 0.0, f"TO FILL IN: {reason}", blank=(*self.rule.blank, key))


def propose_legs(table: Table, kind: Kind) -> LegsProposal | None:
    """The most likely columns of bearings and distances, None where there are none.

    Notes
    -----
    What neither headings nor values decide (mostly unit of angle, unit of distance, north) is left blank, and a profile
    with a blank is refused: a wrong unit turns a field, a wrong north too.
    """
    if kind is not Kind.MINEFIELDS:
        return None
    return _cells(table) or _rows(table, kind)


def prefers_geometry(table: Table, legs: LegsProposal, geometry: GeometryProposal) -> bool:
    """Whether the positions of a table are those of its fields and not of the reference points of its legs."""
    if legs.rule.column is not None:
        return False
    positions = list(zip(*(table.cells[name].tolist() for name in geometry.columns), strict=True))
    whole = [position for position in positions if None not in position]
    if legs.rule.group is None:
        return len(whole) > 0.5 * len(positions)
    records = len(_records(table, legs.rule))
    return len(whole) > 0.5 * len(positions) and len(set(whole)) > 1.5 * records


def _sample(cells: pd.DataFrame, column: str) -> list[str]:
    return [str(text) for text in cells[column].dropna().tolist()[:_LOOKED_AT]]


def _cells(table: Table) -> LegsProposal | None:
    """A column whose cells each hold a chain of legs."""
    for column in map(str, table.cells.columns):
        sample = _sample(table.cells, column)
        chains = [text for text in sample if is_chain(text)]
        if not sample or len(chains) < 0.5 * len(sample):
            continue
        share = len(chains) / len(sample)
        reason = f"{share:.0%} of the values of {column!r} are chains of legs, each an angle and a distance."
        found = LegsProposal(LegsRule(column=column, distance_unit=None), round(0.95 * share, 2), reason)
        found = found.with_line("column", 0.95 * share, reason)
        legs = [leg for text in chains for leg in legs_in(text)]
        found = _with_reference_of_cells(table, found)
        written = _Column(column, [angle for angle, _ in legs]), _Column("", [length for _, length in legs])
        return _with_convention(table, found, *written)
    return None


def _with_reference_of_cells(table: Table, found: LegsProposal) -> LegsProposal:
    """A column of positions beside the cells can only be that of the reference point."""
    positions = find_positions(table.cells.drop(columns=[found.rule.column]))
    if positions is None or positions.rule.notation is Notation.WKT:
        return found
    reason = f"{positions.reason} It is taken as the position of the reference point, where the first leg begins."
    return _with_positions(found, positions, positions.confidence * 0.8, reason)


def _with_positions(found: LegsProposal, positions: GeometryProposal, sure: float, reason: str) -> LegsProposal:
    rule = positions.rule
    reason += " State crs where the positions do not name it."
    if rule.column:
        return found.with_line("position", sure, reason, position=rule.column)
    return found.with_line("latitude", sure, reason, latitude=rule.north, longitude=rule.east)


def _rows(table: Table, kind: Kind) -> LegsProposal | None:
    """A column of bearings and one of distances."""
    columns = list(map(str, table.cells.columns))
    fields = (words.BEARING, *words.BEARING_OF.values())
    angle, angle_alike = max((most_like(columns, name) for name in fields), key=lambda each: each[1])
    distance, distance_alike = most_like([each for each in columns if each != angle], words.LEG_DISTANCE)
    if angle_alike < _ALIKE_BEARING or distance_alike < _ALIKE:
        return None
    angles, lengths = _sample(table.cells, angle), _sample(table.cells, distance)
    share = min(_share(angles, _is_angle), _share(lengths, _is_length))
    if share < 0.8:
        return None
    sure = min(angle_alike, distance_alike) * (0.4 + 0.6 * share)
    said = f"the headings {angle!r} and {distance!r} say so, and {share:.0%} of the values fit."
    found = LegsProposal(LegsRule(angle=(angle,), distance=distance, distance_unit=None), round(sure, 2), said)
    found = found.with_line("angle", sure, f"the heading {angle!r} is one of bearings.")
    found = found.with_line("distance", sure, f"the heading {distance!r} is one of distances.")
    others = [each for each in columns if each not in {angle, distance}]
    found = _with_group(table, found, others, kind)
    found = _with_names(table, found, [each for each in others if each not in found.rule.columns])
    found = _with_marks(found, lengths)
    found = _with_positions_of_rows(table, found)
    return _with_convention(table, found, _Column(angle, angles), _Column(distance, lengths))


def _share(texts: Sequence[str], fits: Any) -> float:
    return sum(map(fits, texts)) / len(texts) if texts else 0.0


def _is_angle(text: str) -> bool:
    return any(_reads(lambda unit=unit: read_angle(text, unit)) for unit in AngleUnit)


def _is_length(text: str) -> bool:
    plain = re.sub(r"[.,]", "", text)
    return _reads(lambda: read_length(plain))


def _reads(read: Any) -> bool:
    try:
        read()
    except ValueError:
        return False
    return True


def _with_group(table: Table, found: LegsProposal, others: Sequence[str], kind: Kind) -> LegsProposal:
    """The column that names the record on each row of a leg."""
    for name in (words.GROUP, id_field(kind), "name"):
        group, alike = most_like(others, name)
        if alike < _ALIKE:
            continue
        filled = table.cells[group].dropna()
        sparse = len(filled) < len(table.cells)
        records, _ = records_of(table.cells, group, None, fill_down=sparse)
        # Numbers of legs stand on many rows too, but each of them here and there.
        together = all(rows[-1] - rows[0] == len(rows) - 1 for rows in records)
        if together and len(records) * 2 <= len(table.cells):
            reason = f"the heading {group!r} names records, and each of the {len(records)} has several rows."
            found = found.with_line("group", alike, reason, group=group)
            if sparse:
                reason = f"{group!r} is blank on {len(table.cells) - len(filled)} rows below the first of a record."
                found = found.with_line("fill_down", 0.8, reason, fill_down=True)
            return found
    return found.with_blank("group", "no column was found that names the record on the rows of its legs.")


def _with_names(table: Table, found: LegsProposal, others: list[str]) -> LegsProposal:
    """The columns of the points' names and types and of the legs' numbers."""
    for key, name in (("type", words.POINT_TYPE), ("from", words.LEG_FROM), ("to", words.LEG_TO),
                      ("leg", words.LEG_NUMBER)):  # fmt: skip
        column, alike = most_like(others, name)
        if alike >= _ALIKE:
            attribute = {"type": "type_", "from": "from_"}.get(key, key)
            said = f"the heading {column!r} is known for it."
            found = found.with_line(key, alike * 0.95, said, **{attribute: column})
            others.remove(column)
    column, alike = most_like(others, words.CORNER)
    if alike >= _ALIKE and found.rule.to is None:
        is_number = _share(_sample(table.cells, column), str.isdecimal) > 0.9
        said = f"the heading {column!r} speaks of points, and its values are {'numbers' if is_number else 'names'}."
        if not is_number:
            found = found.with_line("to", alike * 0.9, said, to=column)
        elif found.rule.leg is None:
            found = found.with_line("leg", alike * 0.8, said, leg=column)
    return _with_types(table, found)


def _with_types(table: Table, found: LegsProposal) -> LegsProposal:
    """Names that do not say what their point is must be explained by the person."""
    source = found.rule.type_ or found.rule.to
    if source is None:
        return found
    names = dict.fromkeys(text.strip() for text in _sample(table.cells, source))
    of_types = found.rule.type_ is not None
    unknown = [name for name in names if not (_is_type(name) if of_types else _says_what(name))]
    if not unknown:
        return found
    if len(unknown) > _NAMES_MAX:
        reason = f"{len(unknown)} different values of {source!r} do not say what their points are; it is not used."
        if of_types:
            return replace(found.with_line("type", 0.3, reason), rule=replace(found.rule, type_=None))
        return found.with_blank("to", f"{reason} Strike the line, and the first leg leads to the start.")
    reason = (
        f"TO FILL IN: these values of {source!r} do not say what the points are; write "
        f"{', '.join(kind.value for kind in PointType)}, or {CLOSE} for the leg back to the start."
    )
    return found.with_line("types", 0.0, reason, types=dict.fromkeys(unknown, ""))


def _is_type(name: str) -> bool:
    return name.upper() in {kind.value for kind in PointType}


def _says_what(name: str) -> bool:
    return name.upper() in {"C", "CLOSE"} or Entry(name).stated_type is not None


def _with_marks(found: LegsProposal, lengths: Sequence[str]) -> LegsProposal:
    """The mark of fractions, where a length may else mean thousands."""
    unclear = [text for text in lengths if not _reads(lambda text=text: read_length(text))]
    if not unclear:
        return found
    marks = {mark for text in lengths for mark in ".," if mark in text}
    fractions = {mark for mark in marks if any(re.search(rf"\{mark}\d{{1,2}}\s*\D?$", text) for text in lengths)}
    mark = next(iter(fractions)) if len(fractions) == 1 else None
    if mark is not None:
        return found.with_line("decimal", 0.8, f"other distances have fractions after {mark!r}.", decimal=mark)
    return found.with_blank("decimal", f"{unclear[0]!r} may be thousands or a fraction: write '.' or ','.")


def _with_positions_of_rows(table: Table, found: LegsProposal) -> LegsProposal:
    """Positions beside legs, and whose they are."""
    cells = table.cells.drop(columns=[each for each in found.rule.columns if each in table.cells])
    positions = find_positions(cells) if len(cells.columns) else None
    if positions is None or positions.rule.notation is Notation.WKT:
        return found
    found = _with_positions(found, positions, positions.confidence, positions.reason)
    whose, sure, reason = _whose(table, found.rule, cells, positions.columns)
    if whose is None:
        return found.with_blank("position_of", reason)
    return found.with_line("position_of", sure, reason, position_of=whose)


def _whose(
    table: Table, rule: LegsRule, cells: pd.DataFrame, names: Sequence[str]
) -> tuple[PositionOf | None, float, str]:
    """Whose positions they are, how sure that is, and why."""
    heading, alike = most_like(names, words.REFERENCE_POSITION)
    named = [name for name in names if "rp" in words.normalise(name).split()]
    if alike >= _ALIKE or named:
        heading = named[0] if named else heading
        return PositionOf.REFERENCE, 0.9, f"the heading {heading!r} speaks of reference points."
    stated = [[texts for row in rows if (texts := _whole(cells, names, row))] for rows in _records(table, rule)]
    if any(len(each) > len(set(each)) for each in stated):
        return PositionOf.REFERENCE, 0.85, "the same position stands on several rows of a record."
    bearings = texts_of(table.cells, rule.angle)
    if all(bearings[row] is None for row in range(len(cells)) if _whole(cells, names, row)):
        return PositionOf.POINT, 0.85, "positions stand only on rows without a bearing."
    question = "of the point that its row leads to (point), or of the reference point (reference)?"
    return None, 0.0, f"whose is a position: {question}"


def _whole(cells: pd.DataFrame, names: Sequence[str], row: int) -> tuple[str, ...]:
    texts = tuple(cells[name].iloc[row] for name in names)
    return () if None in texts else texts


def _records(table: Table, rule: LegsRule) -> Records:
    return records_of(table.cells, rule.group, rule.leg, fill_down=rule.fill_down)[0]


def _with_convention(table: Table, found: LegsProposal, angles: _Column, lengths: _Column) -> LegsProposal:
    """Unit of angle, north, unit of distance, as far as headings and values tell."""
    unit = angle_unit_of(angles.texts, angles.heading, lambda unit: _closing(table, found.rule, unit))
    found = _chosen(found, "angle_unit", unit)
    north = north_of(angles.heading)
    found = _chosen(found, "north", north)
    if north.value is North.GRID:
        found = found.with_blank("grid_crs", "no value says which grid; write its CRS, such as EPSG:28408.")
    declination, alike = most_like([each for each in map(str, table.cells.columns) if each not in found.rule.columns],
                                   words.DECLINATION)  # fmt: skip
    if north.value in {None, North.MAGNETIC} and alike >= _ALIKE:
        reason = f"the heading {declination!r} is known for it; it is used only where north is magnetic."
        found = found.with_line("declination_deg", alike * 0.9, reason, declination_deg=Rule(column=declination))
    distance_unit = distance_unit_of(lengths.texts, lengths.heading)
    found = _chosen(found, "distance_unit", distance_unit)
    if distance_unit.value is DistanceUnit.PACES:
        found = found.with_blank("pace_m", "no value says how long a pace is; write it in metres, such as 0.75.")
    return found


def _chosen(found: LegsProposal, key: str, choice: Choice[Any]) -> LegsProposal:
    if choice.value is None:
        return found.with_blank(key, choice.reason)
    return found.with_line(key, choice.confidence, choice.reason, **{key: choice.value})


def _closing(table: Table, rule: LegsRule, unit: AngleUnit) -> Closing:
    """How well the records close in a unit; north and place do not matter to that."""
    trial = replace(rule, position=(), latitude=(), longitude=(), position_of=None, sigma_m=None, types={}, type_=None)
    if rule.types:
        trial = replace(trial, to=None, from_=None)
    if rule.column is None and rule.group is None:
        return Closing(0, 0)
    records = _records(table, trial)[:_TRIED]
    convention = Convention(unit, North.TRUE)
    well = closing = 0
    for record in read_records(table, trial, records, [convention] * len(records), Stated(crs="EPSG:4326")):
        if isinstance(record, str):
            continue
        try:
            misclosure = lay_out(replace(record, places={})).misclosure
        except SourceError:
            continue
        if misclosure is not None:
            closing += 1
            well += not misclosure.is_large
    return Closing(well, closing)
