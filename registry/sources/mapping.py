"""A table and its profile -> records: positions read, corners joined, columns left to be filled into our fields."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from registry.codes import GeometryMethod
from registry.errors import SourceError
from registry.findings import Hit
from registry.geometry import Geometries, crs_name, parse_crs
from registry.model import Kind
from registry.schema import Field, FieldType
from registry.sources.coordinate_columns import WrittenColumn, parse_column, parse_two_columns
from registry.sources.grouping import Records, entered, merged, ragged_rows, records_of
from registry.sources.legrule import LegsRule
from registry.sources.profile import GeometryRule, Joined, Profile, columns_named, require_usable
from registry.sources.rules import Rule, read_column, read_constant
from registry.sources.tables import Table
from registry.sources.vector import SourceLayer
from registry.sources.written import Stated

_LENGTH = Field("length", FieldType.REAL, "Radius or width", unit="m")


@dataclass(frozen=True)
class MappedTable:
    """The records of a table.

    Attributes
    ----------
    layer
        Positions in one CRS, and all columns as written: a text, or all that its rows say where they differ.
    rules
        Our field -> where its values come from and how they are read; None where columns are matched by name.
    written_sigma_m
        Position error from the precision in which the position is written; NaN where it is not known.
    radius_m, width_m
        Of a record given as a point or a line; NaN where nothing is stated.
    unread
        Record -> why its position could not be read.
    entered
        Record -> its position as entered, where it could not be read.
    hits
        What was found in single records.
    method
        How the geometries came about.
    """

    layer: SourceLayer
    rules: Mapping[str, Rule] | None
    written_sigma_m: NDArray[np.float64]
    radius_m: NDArray[np.float64]
    width_m: NDArray[np.float64]
    unread: Mapping[int, str]
    entered: Mapping[int, str]
    hits: tuple[Hit, ...]
    method: GeometryMethod = GeometryMethod.COORDINATES

    @property
    def is_written(self) -> bool:
        """Whether each position is a text whose own precision says how well it is known."""
        return self.method is GeometryMethod.COORDINATES


@dataclass(frozen=True)
class _Positions:
    """One position or shape per record."""

    geometries: Geometries
    crs: CRS | None
    sigma_m: NDArray[np.float64]
    unread: dict[int, str]
    notes: tuple[str, ...]


def apply_profile(table: Table, profile: Profile, kind: Kind, *, crs: str | None = None) -> MappedTable:
    """Read the records of a table of positions; `registry.sources.legtable.map_legs` reads those of legs.

    Parameters
    ----------
    kind
        What the rows are to be.
    crs
        What the person states beside the profile, where the profile states none.

    Raises
    ------
    SourceError
        If nobody has checked the profile, it is for another kind, the table lacks a column it names, or its positions
        lie on different datums.
    """
    require_usable(profile, kind, table.where)
    rule = profile.geometry
    require_columns(table, profile)
    group, order, fill_down = (rule.group, rule.corner, rule.fill_down) if rule else (None, None, False)
    records, hits = records_of(table.cells, group, order, fill_down=fill_down)
    hits += ragged_rows(table, records)
    attributes = merged(table.cells, records, _geometry_columns(rule))
    if rule is None:
        positions = _Positions(np.full(len(records), None, dtype=object), None, np.full(len(records), np.nan), {}, ())
    else:
        positions = _positions(table, rule, records, stated_positions(rule, crs, table.where))
    radius_m, radius_hits = _lengths(attributes, rule.radius if rule else None, "radius")
    width_m, width_hits = _lengths(attributes, rule.width if rule else None, "width")
    layer = SourceLayer(
        table.sheet,
        attributes,
        positions.geometries,
        positions.crs,
        notes=(*table.notes, *positions.notes),
        encoding_doubt=table.encoding_doubt,
    )
    columns = _geometry_columns(rule)
    unread = {record: entered(table.cells, records[record], columns) for record in positions.unread}
    return MappedTable(
        layer,
        profile.fields,
        positions.sigma_m,
        radius_m,
        width_m,
        positions.unread,
        unread,
        (*hits, *radius_hits, *width_hits),
    )


def stated_positions(rule: GeometryRule | LegsRule, crs: str | None, where: str) -> Stated:
    """What profile and person state of written positions.

    Raises
    ------
    SourceError
        If they state two CRSs.
    """
    if crs is not None and rule.crs is not None and not parse_crs(crs).equals(parse_crs(rule.crs)):
        raise SourceError(f"{where}: the profile states {rule.crs}, but {crs} is stated too; correct one of them.")
    return Stated(crs=crs or rule.crs, order=rule.order, zone=rule.zone, notation=rule.notation)


def require_columns(table: Table, profile: Profile) -> None:
    """Refuse a profile that names a column which the table does not have.

    Raises
    ------
    SourceError
        If it does; the message says where in the profile, and which columns there are.
    """
    named = {f"[fields.{name}]": rule.column for name, rule in profile.fields.items() if rule.column is not None}
    geometry = [("[geometry]", column) for column in columns_named(profile.geometry)] if profile.geometry else []
    legs = [("[legs]", column) for column in profile.legs.columns] if profile.legs else []
    columns = list(table.cells.columns)
    for place, column in [*named.items(), *geometry, *legs]:
        if column not in columns:
            raise SourceError(
                f"{table.where}: profile {profile.name!r}, {place}: the table has no column {column!r}; "
                f"its columns are {', '.join(columns)}."
            )


def _geometry_columns(rule: GeometryRule | None) -> tuple[str, ...]:
    """The columns that hold positions."""
    return () if rule is None else (*rule.column, *rule.north, *rule.east)


def _positions(table: Table, rule: GeometryRule, records: Records, stated: Stated) -> _Positions:
    if rule.column:
        column = parse_column(texts_of(table.cells, rule.column), stated)
    else:
        column = parse_two_columns(texts_of(table.cells, rule.east), texts_of(table.cells, rule.north), stated)
    column, crs, notes = _on_one_crs(column, table.where)
    notes = (*_notation_notes(column), *notes)
    if rule.joined is None:
        unread = {row: str(error) for row, error in column.errors.items()}
        return _Positions(column.geometries, crs, column.sigma_m, unread, notes)
    shapes = np.full(len(records), None, dtype=object)
    sigma_m = np.full(len(records), np.nan)
    unread = {}
    blank_groups = table.cells[rule.group].isna().to_numpy() if rule.group and not rule.fill_down else None
    for number, rows in enumerate(records):
        if blank_groups is not None and blank_groups[rows[0]]:
            unread[number] = f"Line {table.lines[rows[0]]}: {rule.group!r} is blank, so it belongs to no record."
            continue
        reason = _why_not_joined(table, column, rows)
        if reason is not None:
            unread[number] = reason
            continue
        points = column.geometries[rows]
        shapes[number] = _join(points[~shapely.is_missing(points)], rule.joined)
        with np.errstate(invalid="ignore"):
            sigma_m[number] = np.sqrt(np.mean(np.square(column.sigma_m[rows])))
    return _Positions(shapes, crs, sigma_m, unread, notes)


def texts_of(cells: pd.DataFrame, names: Sequence[str]) -> list[str | None]:
    """The cells of a column; of several, what they hold together, with a blank between."""
    if len(names) == 1:
        texts: list[str | None] = cells[names[0]].tolist()
        return texts
    rows = zip(*(cells[name].tolist() for name in names), strict=True)
    return [" ".join(cell for cell in row if cell is not None) or None for row in rows]


def _why_not_joined(table: Table, column: WrittenColumn, rows: Sequence[int]) -> str | None:
    """A record of which one corner is missing is not drawn without it."""
    for row in rows:
        if row in column.errors:
            return f"Line {table.lines[row]}: {column.errors[row]}"
    found = [column.geometries[row] for row in rows]
    if any(found) and not all(found):
        missing = next(row for row in rows if column.geometries[row] is None)
        return f"Line {table.lines[missing]}: the position of a corner is blank."
    if any(each is not None and each.geom_type != "Point" for each in found):
        return f"Lines {table.lines[rows[0]]} to {table.lines[rows[-1]]}: a corner holds more than one position."
    return None


def _join(points: Geometries, joined: Joined) -> shapely.Geometry | None:
    """The shape of some corners: a point of one, a line of two, whatever they were to be."""
    if len(points) == 0:
        return None
    xy = shapely.get_coordinates(points)
    if len(xy) == 1:
        return shapely.Point(xy[0])
    if joined is Joined.POINTS:
        return shapely.MultiPoint(xy)
    if joined is Joined.LINE or len(np.unique(xy, axis=0)) < 3:
        return shapely.LineString(xy)
    return shapely.Polygon(xy)


def _on_one_crs(column: WrittenColumn, where: str) -> tuple[WrittenColumn, CRS | None, tuple[str, ...]]:
    """The positions in one CRS; those of several zones in the degrees on which their zones rest."""
    placed = ~shapely.is_missing(column.geometries)
    counts = Counter(column.crs[placed].tolist())
    if len(counts) <= 1:
        name = next(iter(counts), None)
        return column, None if name is None else parse_crs(name), ()
    if None in counts:
        others = ", ".join(str(name) for name in counts if name is not None)
        raise SourceError(
            f"{where}: {counts[None]} positions do not say their CRS while others are in {others}; state the CRS."
        )
    systems = {name: parse_crs(name) for name in counts}
    bases = {name: system.geodetic_crs for name, system in systems.items()}
    base = next(iter(bases.values()))
    if base is None or any(other != base for other in bases.values()):
        said = ", ".join(f"{name} in {count} rows" for name, count in counts.most_common())
        raise SourceError(f"{where}: its positions lie on different datums ({said}); make a table of each.")
    geometries = column.geometries.copy()
    for name, system in systems.items():
        rows = np.flatnonzero(placed & (column.crs == name))
        to_degrees = Transformer.from_crs(system, base, always_xy=True)
        geometries[rows] = shapely.transform(geometries[rows], to_degrees.transform, interleaved=False)
    note = f"The positions lie in {', '.join(counts)}; they were brought to the degrees of {crs_name(base)}."
    return replace(column, geometries=geometries), base, (note,)


def _notation_notes(column: WrittenColumn) -> tuple[str, ...]:
    counts = Counter(str(notation) for notation in column.notations if notation is not None)
    if not counts:
        return ()
    return ("Positions are written as " + ", ".join(f"{name} ({n} rows)" for name, n in counts.most_common()) + ".",)


def _lengths(attributes: pd.DataFrame, rule: Rule | None, name: str) -> tuple[NDArray[np.float64], list[Hit]]:
    """Radius or width of each record in metres."""
    if rule is None:
        return np.full(len(attributes), np.nan), []
    if rule.column is None:
        return np.full(len(attributes), read_constant(_LENGTH, rule), dtype=float), []
    found = read_column(attributes[rule.column].tolist(), _LENGTH, rule)
    lengths = np.array([np.nan if value is None else value for value in found.parsed], dtype=float)
    hits = [
        Hit("value-not-understood", row, f"Column {rule.column}, {name}: {reason}")
        for row, reason in found.misread.items()
    ]
    hits += [
        Hit("value-not-understood", int(row), f"Column {rule.column}, {name}: {lengths[row]:g} m is no {name}.")
        for row in np.flatnonzero(lengths <= 0)
    ]
    lengths[lengths <= 0] = np.nan
    return lengths, hits
