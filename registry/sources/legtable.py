"""A table of bearings and distances and its profile -> records: one row for each leg, or one cell for each record."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from pyproj import CRS

from registry.errors import SourceError
from registry.findings import Hit
from registry.geometry import crs_name, parse_crs
from registry.model import Kind, PartialDate
from registry.schema import Field
from registry.sources.coordinate_columns import parse_column, parse_two_columns
from registry.sources.grouping import Records, entered, merged, ragged_rows, records_of
from registry.sources.legforms import NO_CRS, NOT_KNOWN, places_of, read_cell, read_rows
from registry.sources.leglayer import leg_layer
from registry.sources.legrecord import AngleUnit, Convention, LegsRecord, Place
from registry.sources.legrule import CLOSE, DECLINATION, LAID_ON, SIGMA, LegsRule
from registry.sources.legs import Traverse, lay_out
from registry.sources.mapping import MappedTable, require_columns, stated_positions, texts_of
from registry.sources.north import North
from registry.sources.profile import Profile, require_usable
from registry.sources.rules import Rule, read_column, read_constant
from registry.sources.tables import Table
from registry.sources.values import is_missing
from registry.sources.written import Stated


def map_legs(table: Table, profile: Profile, kind: Kind, *, crs: str | None = None) -> MappedTable:
    """Read the records of a table of legs and lay them out.

    Parameters
    ----------
    profile
        One with ``legs``.
    kind
        What the rows are to be.
    crs
        What the person states of the positions, where the profile states none.

    Returns
    -------
    records
        See `registry.sources.leglayer.leg_layer`. A record that cannot be read is stored without geometry, with the
        reason; it costs no other record.

    Raises
    ------
    SourceError
        If nobody has checked the profile, it is for another kind, the table lacks a column it names, nobody states
        the CRS of the positions, or the grid of grid north is none.
    """
    require_usable(profile, kind, table.where)
    require_columns(table, profile)
    rule = profile.legs or LegsRule()
    _require_grid(rule, table.where)
    records, hits = records_of(table.cells, rule.group, rule.leg, fill_down=rule.fill_down, part="leg")
    hits += ragged_rows(table, records)
    attributes = merged(table.cells, records, rule.leg_columns)
    conventions, laid_on, misread = _conventions(attributes, rule)
    columns = tuple(dict.fromkeys((*rule.leg_columns, *rule.position_columns)))
    read = read_records(table, rule, records, conventions, stated_positions(rule, crs, table.where))
    return leg_layer(
        [_laid_out(each, _lines(table, rows)) for each, rows in zip(read, records, strict=True)],
        attributes,
        lambda record: entered(table.cells, records[record], columns),
        laid_on,
        name=table.sheet,
        notes=table.notes,
        encoding_doubt=table.encoding_doubt,
        rules=profile.fields,
        hits=(*hits, *misread, *_unread_sigmas(table, rule, records)),
    )


def read_records(
    table: Table, rule: LegsRule, records: Records, conventions: Sequence[Convention | str], stated: Stated
) -> list[LegsRecord | str]:
    """Read the records of a table as they stand there.

    Parameters
    ----------
    records
        The rows of each.
    conventions
        Of each record, or why it is not known.
    stated
        What is known about the positions.

    Returns
    -------
    read
        Each record, or why it could not be read.

    Raises
    ------
    SourceError
        If nobody states the CRS of the positions.
    """
    reader = _Cells(table, rule, stated) if rule.column is not None else _Rows(table, rule, stated)
    read: list[LegsRecord | str] = []
    for rows, convention in zip(records, conventions, strict=True):
        try:
            read.append(convention if isinstance(convention, str) else reader.read(rows, convention))
        except SourceError as error:
            read.append(str(error))
    return read


def _laid_out(record: LegsRecord | str, where: str) -> Traverse | str:
    if isinstance(record, str):
        return record
    try:
        return lay_out(record)
    except SourceError as error:
        return f"{where}: {error}"


def _lines(table: Table, rows: Sequence[int]) -> str:
    lines = sorted(int(table.lines[row]) for row in rows)
    return f"Line {lines[0]}" if len(lines) == 1 else f"Lines {lines[0]} to {lines[-1]}"


def _require_grid(rule: LegsRule, where: str) -> CRS | None:
    """The same sentence once for the import, instead of once for each record."""
    grid = None if rule.grid_crs is None else parse_crs(rule.grid_crs)
    if grid is not None and not grid.is_projected:
        raise SourceError(
            f"{where}: the profile's grid_crs, {crs_name(grid)}, has no grid; state the projected CRS whose grid "
            "north the bearings count from."
        )
    return grid


def _conventions(
    attributes: pd.DataFrame, rule: LegsRule
) -> tuple[list[Convention | str], list[PartialDate | None], list[Hit]]:
    """How each record writes its legs, and when it was laid.

    A declination or day that cannot be read is not passed over where bearings count from magnetic north.
    """
    common = rule.convention()
    declinations, unread_declinations = _values(attributes, DECLINATION, rule.declination_deg)
    days, unread_days = _values(attributes, LAID_ON, rule.laid_on)
    found: list[Convention | str] = []
    hits = []
    for record, (declination_deg, laid_on) in enumerate(zip(declinations, days, strict=True)):
        reason = unread_declinations.get(record)
        if reason is None and declination_deg is None:
            reason = unread_days.get(record)
        if reason is not None and common.north is North.MAGNETIC:
            found.append(f"The declination of the record is not known: {reason}")
            continue
        if record in unread_days:
            hits.append(Hit("value-not-understood", record, unread_days[record]))
        try:
            found.append(replace(common, declination_deg=declination_deg, laid_on=laid_on))
        except SourceError as error:
            found.append(str(error))
    return found, days, hits


def _values(attributes: pd.DataFrame, ours: Field, rule: Rule | None) -> tuple[list[Any], dict[int, str]]:
    """A value for each record, None where it states none; and why those were not understood that are missing."""
    if rule is None or rule.column is None:
        return [None if rule is None else read_constant(ours, rule)] * len(attributes), {}
    found = read_column(attributes[rule.column].tolist(), ours, rule)
    return found.parsed, {row: f"Column {rule.column}, {ours.name}: {why}" for row, why in found.misread.items()}


@dataclass(frozen=True)
class _Known:
    """Positions that stand in columns, and errors that are stated of positions, by row of the table."""

    places: dict[int, Place]
    errors: dict[int, str]
    sigma_m: list[float | None]

    def of_reference(self, rows: Sequence[int], where: str) -> Place | None:
        """The one position that the rows of a record state."""
        for row in rows:
            if row in self.errors:
                raise SourceError(self.errors[row])
        found = {(place.longitude, place.latitude): place for row in rows if (place := self.places.get(row))}
        if len(found) > 1:
            raise SourceError(
                f"{where}: its rows state {len(found)} positions of one reference point; if each is that of the "
                "point its leg leads to, state position_of = 'point'."
            )
        return next(iter(found.values()), None)


def _known(table: Table, rule: LegsRule, stated: Stated) -> _Known:
    """The positions of a table's rows on WGS 84."""
    cells = table.cells
    sigma_m = _sigmas(table, rule)
    if not rule.position_columns:
        return _Known({}, {}, sigma_m)
    if rule.position:
        column = parse_column([_or_none(text) for text in texts_of(cells, rule.position)], stated)
    else:
        north, east = ([_or_none(text) for text in texts_of(cells, names)] for names in (rule.latitude, rule.longitude))
        column = parse_two_columns(east, north, stated)
    rows = zip(*(cells[name].tolist() for name in rule.position_columns), strict=True)
    as_written = [", ".join(text for text in texts if text is not None) for texts in rows]
    places, errors = places_of(column, as_written)
    _require_crs(errors, table.where)
    for row, place in places.items():
        if sigma_m[row] is not None:
            places[row] = replace(place, sigma_m=sigma_m[row])
    said = {row: f"Line {table.lines[row]}: the position cannot be read: {why}" for row, why in errors.items()}
    return _Known(places, said, sigma_m)


def _sigmas(table: Table, rule: LegsRule) -> list[float | None]:
    """The error that each row states of its position; None where it states none that can be one."""
    if rule.sigma_m is None or rule.sigma_m.column is None:
        constant = None if rule.sigma_m is None else float(read_constant(SIGMA, rule.sigma_m))
        return [constant] * len(table.cells)
    found = read_column(table.cells[rule.sigma_m.column].tolist(), SIGMA, rule.sigma_m).parsed
    return [value if value is not None and value >= 0 else None for value in found]


def _unread_sigmas(table: Table, rule: LegsRule, records: Records) -> Iterator[Hit]:
    if rule.sigma_m is None or rule.sigma_m.column is None:
        return
    cells, read = table.cells[rule.sigma_m.column].tolist(), _sigmas(table, rule)
    for record, rows in enumerate(records):
        for row in rows:
            if read[row] is None and not is_missing(cells[row]):
                yield Hit(
                    "value-not-understood",
                    record,
                    f"Line {table.lines[row]}: column {rule.sigma_m.column}, sigma_m: {cells[row]!r} is no position "
                    "error in metres.",
                )


def _or_none(text: str | None) -> str | None:
    return None if text is None or text.strip().casefold() in NOT_KNOWN else text


def _require_crs(errors: dict[int, str], where: str) -> None:
    if NO_CRS in errors.values():
        raise SourceError(
            f"{where}: the positions of its reference points do not say their CRS; state it with --crs or as crs in "
            "[legs], such as EPSG:4326 (WGS 84) or EPSG:4284 (SK-42)."
        )


class _Rows:
    """Reads records of one row for each leg."""

    def __init__(self, table: Table, rule: LegsRule, stated: Stated) -> None:
        self.table, self.rule = table, rule
        cells = table.cells
        self.known = _known(table, rule, stated)
        columns = {"to": rule.to, "from": rule.from_, "type": rule.type_, "distance": rule.distance}
        self.texts = {key: cells[name].tolist() for key, name in columns.items() if name is not None}
        self.texts["angle"] = texts_of(cells, rule.angle)
        self.types = {_word(their): ours for their, ours in rule.types.items()}
        groups = cells[rule.group]
        self.nameless = (groups.ffill() if rule.fill_down else groups).isna().tolist()

    def read(self, rows: Sequence[int], convention: Convention) -> LegsRecord:
        """Read the record that some rows make."""
        where = _lines(self.table, rows)
        if self.nameless[rows[0]]:
            raise SourceError(f"{where}: {self.rule.group!r} is blank, so it belongs to no record.")
        reference = self.known.of_reference(rows, where) if self.rule.of_reference else None
        names = [f"Line {self.table.lines[row]}" for row in rows]
        items = [self._row(row, convention.angle_unit) for row in rows]
        record = read_rows(items, convention, _no_text, where=where, names=names, reference=reference)
        places = {(place.longitude, place.latitude) for place in record.places.values()}
        if len(places) < len(record.places):
            raise SourceError(
                f"{where}: {', '.join(record.places)} have one and the same position; if it is that of the record's "
                "reference point, state position_of = 'reference'."
            )
        return record

    def _row(self, row: int, unit: AngleUnit) -> dict[str, Any]:
        item: dict[str, Any] = {key: texts[row] for key, texts in self.texts.items()}
        word = item.get("type") if "type" in item else item.get("to")
        meant = self.types.get(_word(word)) if word is not None else None
        if meant == CLOSE:
            item["to"], item["type"] = "C", None
        elif meant is not None:
            item["type"] = meant
        if self.rule.decimal is not None:
            item["distance"] = _number(item["distance"], self.rule.decimal)
            if unit in {AngleUnit.DIVISIONS_6000, AngleUnit.MILS_6400}:
                item["angle"] = _number(item["angle"], self.rule.decimal)
        if not self.rule.of_reference:
            if row in self.known.errors:
                raise SourceError(self.known.errors[row])
            item["position"] = self.known.places.get(row)
        return item


def _no_text(text: str) -> Place:
    raise SourceError(f"{text!r} is no position that was read.")


def _word(text: str) -> str:
    return " ".join(text.split()).casefold()


_MARKED = re.compile(r"(\d[\d\s.,'\u2019]*?)\s*[m\u043c]?\.?", re.ASCII)


def _number(text: str | None, decimal: str) -> float | str | None:
    """A number whose mark of fractions is stated; anything else as it stands."""
    match = _MARKED.fullmatch(text.strip()) if text is not None else None
    if match is None:
        return text
    plain = re.sub(r"[\s'\u2019]", "", match[1].replace("." if decimal == "," else ",", "")).replace(",", ".")
    return float(plain) if re.fullmatch(r"\d{1,15}(\.\d+)?", plain, re.ASCII) else text


class _Cells:
    """Reads records of one cell each."""

    def __init__(self, table: Table, rule: LegsRule, stated: Stated) -> None:
        self.table, self.rule = table, rule
        self.known = _known(table, rule, stated)
        self.cells = table.cells[rule.column].tolist()
        # All positions at once: PROJ looks for the best operation once for the table, not once for each cell.
        texts: dict[str, None] = {}

        def noted(text: str) -> Place:
            texts[text] = None
            return Place(0.0, 0.0)

        trial = Convention(AngleUnit.DEGREES, North.TRUE)
        for cell in self.cells:
            try:
                read_cell(cell or "", trial, noted)
            except SourceError:
                continue
        written = list(texts)
        places, errors = places_of(parse_column(written, stated), written)
        _require_crs(errors, table.where)
        self.places = {written[row]: place for row, place in places.items()}
        self.errors = {written[row]: reason for row, reason in errors.items()}

    def read(self, rows: Sequence[int], convention: Convention) -> LegsRecord:
        """Read the record of one row."""
        (row,) = rows
        where = _lines(self.table, rows)
        reference = self.known.of_reference(rows, where)

        def locate(text: str) -> Place:
            if text not in self.places:
                raise SourceError(self.errors.get(text, "it is no position."))
            sigma_m = self.known.sigma_m[row]
            return self.places[text] if sigma_m is None else replace(self.places[text], sigma_m=sigma_m)

        return read_cell(self.cells[row] or "", convention, locate, where=where, reference=reference)
