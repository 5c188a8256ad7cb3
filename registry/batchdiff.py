"""Two batches of one kind, record by record: what is new, gone, moved, changed.

The later batch is told against the earlier one; told the other way round, new and gone change places, and every move
and change is reversed.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from registry import duplicates
from registry.checks import SAME_FIELD_SHARE
from registry.codes import DatePrecision
from registry.duplicates import TOLERANCE_M, Pairs
from registry.geometry import GEOD, WGS84, Geometries, local_equal_area, project, total_bounds
from registry.model import Kind, PartialDate
from registry.schema import Field, FieldType, id_field, stated_fields
from registry.sources.values import is_missing, precision_column

COMPASS = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")

_EARTH_RADIUS_M = 6_371_000.0


class MatchedBy(StrEnum):
    """Why two records are taken for the same one."""

    NUMBER = "number"
    SHAPE = "shape"
    OVERLAP = "overlap"


@dataclass(frozen=True)
class Move:
    """How a record moved: the geodesic between the centroids, its direction clockwise from true north."""

    distance_m: float
    bearing_deg: float
    compass: str


@dataclass(frozen=True)
class FieldChange:
    """A field that the two batches state differently; None where one states nothing.

    A column of the source that fills no field is named ``source_fields.COLUMN``.
    """

    field: str
    old: Any
    new: Any


@dataclass(frozen=True)
class ChangedRecord:
    """A record that both batches hold, and what differs.

    Attributes
    ----------
    old_id, new_id
        Its number in either batch.
    matched_by
        Why it is taken for the same record.
    move
        None where it lies where it lay (within 5 cm), or where one of the two has no geometry.
    reshaped
        Whether its outline differs, a move aside, or only one of the two has a geometry.
    old_area_m2, new_area_m2
        None where it has no geometry, or is no area.
    fields
        In the order of the schema.
    """

    old_id: str
    new_id: str
    matched_by: MatchedBy
    move: Move | None
    reshaped: bool
    old_area_m2: float | None
    new_area_m2: float | None
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True)
class DiffTotals:
    """earlier = gone + changed + unchanged; later = new + changed + unchanged; the moved are among the changed."""

    earlier: int
    later: int
    new: int
    gone: int
    changed: int
    moved: int
    unchanged: int


@dataclass(frozen=True)
class BatchDiff:
    """What the later batch says that the earlier one did not, each part ordered by record number."""

    new: tuple[str, ...]
    gone: tuple[str, ...]
    changed: tuple[ChangedRecord, ...]
    totals: DiffTotals

    @property
    def is_empty(self) -> bool:
        """Whether both batches say the same."""
        return not (self.new or self.gone or self.changed)


def diff_batches(earlier: gpd.GeoDataFrame, later: gpd.GeoDataFrame, kind: Kind) -> BatchDiff:
    """Compare two layers of one kind record by record.

    A record is the same one if it bears the same number (blanks and case aside) and no other of its layer does; else if
    it has the same shape within 5 cm; else if both share 90 % of the smaller and are of one size. Each record has at
    most one partner. Numbers that an import made are not compared.

    Parameters
    ----------
    earlier, later
        Layers as `registry.store.Registry.read` returns them. The order of rows does not matter.
    kind
        Of both.
    """
    old, new = _Side.of(earlier, kind), _Side.of(later, kind)
    old, new = old.without(new), new.without(old)
    plane = local_equal_area(total_bounds(old.lonlat, new.lonlat) or (0, 0, 0, 0))
    shapes = project(old.lonlat, WGS84, plane), project(new.lonlat, WGS84, plane)
    partners = _partners(old, new, *shapes)
    moves = _moves(shapes[0][[i for i, _ in partners]], shapes[1][[j for _, j in partners]], plane)
    areas = [_areas(each) for each in shapes]
    differing = [
        ChangedRecord(old.ids[i], new.ids[j], reason, move, reshaped, areas[0][i], areas[1][j], changes)
        for ((i, j), reason), (move, reshaped) in zip(partners.items(), moves, strict=True)
        if (changes := _field_changes(old.stated[i], new.stated[j], kind)) or move or reshaped
    ]
    gone = tuple(sorted(_without_partner(old.ids, [i for i, _ in partners])))
    added = tuple(sorted(_without_partner(new.ids, [j for _, j in partners])))
    totals = DiffTotals(
        earlier=len(earlier),
        later=len(later),
        new=len(added),
        gone=len(gone),
        changed=len(differing),
        moved=sum(each.move is not None for each in differing),
        unchanged=len(earlier) - len(gone) - len(differing),
    )
    differing.sort(key=lambda each: (each.old_id, each.new_id, str(each)))
    return BatchDiff(added, gone, tuple(differing), totals)


def _without_partner(ids: list[str], taken: list[int]) -> list[str]:
    return [ids[row] for row in sorted(set(range(len(ids))) - set(taken))]


@dataclass(frozen=True, eq=False)
class _Side:
    """The records of one batch.

    ``keys`` are their numbers as they are compared (None where made), ``stated`` what they state by field, ``texts``
    all of it with the geometry as one text: two records with equal texts say the same.
    """

    ids: list[str]
    keys: list[str | None]
    lonlat: Geometries
    stated: list[dict[str, Any]]
    texts: list[str]

    @classmethod
    def of(cls, frame: gpd.GeoDataFrame, kind: Kind) -> "_Side":
        identity = id_field(kind)
        ids = [str(number) for number in frame[identity]]
        made = _made(frame, ids)
        keys = [None if is_made else key for key, is_made in zip(duplicates.number_keys(ids), made, strict=True)]
        stated = _stated(frame, kind)
        for row in np.flatnonzero(made).tolist():
            stated[row].pop(identity)
        lonlat = frame.geometry.to_numpy().copy()
        # The same ring may begin at another vertex.
        outlines = shapely.to_wkb(shapely.normalize(lonlat), hex=True)
        texts = [
            json.dumps([key, outline, values], sort_keys=True, default=str)
            for key, outline, values in zip(keys, outlines, stated, strict=True)
        ]
        return cls(ids, keys, lonlat, stated, texts)

    def without(self, other: "_Side") -> "_Side":
        """The records that the other side does not hold just so, in an order that depends on nothing else."""
        common = Counter(self.texts) & Counter(other.texts)
        left = []
        for row in sorted(range(len(self.texts)), key=lambda row: (self.texts[row], self.ids[row])):
            if common[self.texts[row]]:
                common[self.texts[row]] -= 1
            else:
                left.append(row)
        return _Side(
            [self.ids[row] for row in left],
            [self.keys[row] for row in left],
            self.lonlat[left],
            [self.stated[row] for row in left],
            [self.texts[row] for row in left],
        )


def _made(frame: gpd.GeoDataFrame, ids: list[str]) -> NDArray[np.bool_]:
    """Whether each number was made by an import from the hash of the document and the index of the feature."""
    if "feature_index" not in frame:
        return np.zeros(len(ids), bool)
    ends = [f"-{index}" for index in frame["feature_index"]]
    return np.array(
        [
            re.fullmatch(r"[0-9a-f]{8}-\d+", each) is not None and each.endswith(end)
            for each, end in zip(ids, ends, strict=True)
        ],
        dtype=bool,
    )


def _stated(frame: gpd.GeoDataFrame, kind: Kind) -> list[dict[str, Any]]:
    """What each row states, without what it leaves open: fields by name, then columns that fill no field."""
    rows: list[dict[str, Any]] = [{} for _ in range(len(frame))]
    for name, field in stated_fields(kind).items():
        if name not in frame:
            continue
        for row, value in enumerate(_values(frame, field)):
            if not is_missing(value):
                rows[row][name] = value
    if "source_fields" in frame:
        for row, unmatched in enumerate(frame["source_fields"]):
            if isinstance(unmatched, Mapping):
                rows[row] |= {f"source_fields.{name}": value for name, value in unmatched.items()}
    return rows


def _values(frame: gpd.GeoDataFrame, field: Field) -> list[Any]:
    values: list[Any] = frame[field.name].astype(object).tolist()
    if field.field_type is not FieldType.DATE:
        return values
    precision = frame[precision_column(field)] if precision_column(field) in frame else pd.Series(None, frame.index)
    return [
        None
        if is_missing(day)
        else PartialDate(day.date(), DatePrecision.DAY if is_missing(known) else DatePrecision(known))
        for day, known in zip(values, precision, strict=True)
    ]


def _partners(before: _Side, after: _Side, ours: Geometries, theirs: Geometries) -> dict[tuple[int, int], MatchedBy]:
    """Which record of one side is which of the other, at most one each; the surest reason first."""
    found: dict[tuple[int, int], MatchedBy] = {}
    left, right = np.arange(len(ours)), np.arange(len(theirs))
    reasons: tuple[tuple[MatchedBy, Callable[[Any, Any], Pairs]], ...] = (
        (MatchedBy.NUMBER, lambda i, j: _same_numbers([before.keys[k] for k in i], [after.keys[k] for k in j])),
        (MatchedBy.SHAPE, lambda i, j: _among(_is_drawn, duplicates.same_shapes, ours[i], theirs[j])),
        (MatchedBy.OVERLAP, lambda i, j: _among(_is_area, _same_fields, ours[i], theirs[j])),
    )
    for reason, pairs_of in reasons:
        pairs = pairs_of(left, right)
        taken = _one_to_one(pairs, [before.texts[k] for k in left], [after.texts[k] for k in right])
        found |= {(int(left[i]), int(right[j])): reason for i, j in taken}
        left, right = np.delete(left, [i for i, _ in taken]), np.delete(right, [j for _, j in taken])
    return found


def _one_to_one(pairs: Pairs, left: list[str], right: list[str]) -> list[tuple[int, int]]:
    """Of the pairs the surest ones in which no record comes twice; the same whichever side is the left one."""
    texts = [tuple(sorted((left[i], right[j]))) for i, j in zip(pairs.left, pairs.right, strict=True)]
    # Rounding must not decide, and the share of the smaller is the same from both sides only up to it.
    values = np.round(pairs.value, 9)
    taken: dict[int, int] = {}
    partners: set[int] = set()
    for number in sorted(range(len(texts)), key=lambda number: (-values[number], texts[number])):
        i, j = int(pairs.left[number]), int(pairs.right[number])
        if i not in taken and j not in partners:
            taken[i] = j
            partners.add(j)
    return list(taken.items())


def _same_numbers(left: list[str | None], right: list[str | None]) -> Pairs:
    """Pairs of one number that stands only once on either side."""
    ours, theirs = (
        {key: row for row, key in enumerate(side) if key is not None and times[key] == 1}
        for side, times in ((side, Counter(side)) for side in (left, right))
    )
    both = [key for key in ours if key in theirs]
    rows = np.array([(ours[key], theirs[key]) for key in both], dtype=np.int64).reshape(-1, 2)
    return Pairs(rows[:, 0], rows[:, 1], np.ones(len(rows)))


def _same_fields(left: Geometries, right: Geometries) -> Pairs:
    """Pairs of areas that share most of the smaller and are of one size."""
    found = duplicates.overlaps(left, right, least_share=SAME_FIELD_SHARE)
    sizes = shapely.area(left[found.left]), shapely.area(right[found.right])
    alike = np.minimum(*sizes) >= SAME_FIELD_SHARE * np.maximum(*sizes)
    return Pairs(found.left[alike], found.right[alike], found.value[alike])


def _among(
    fit: Callable[[Geometries], NDArray[np.bool_]],
    pairs_of: Callable[[Geometries, Geometries], Pairs],
    left: Geometries,
    right: Geometries,
) -> Pairs:
    """The pairs of those geometries that fit, as indices into all of them."""
    ours, theirs = np.flatnonzero(fit(left)), np.flatnonzero(fit(right))
    found = pairs_of(left[ours], right[theirs])
    return Pairs(ours[found.left], theirs[found.right], found.value)


def _is_drawn(geometries: Geometries) -> NDArray[np.bool_]:
    return np.asarray(~(shapely.is_missing(geometries) | shapely.is_empty(geometries)))


def _is_area(geometries: Geometries) -> NDArray[np.bool_]:
    return np.asarray((shapely.get_dimensions(geometries) == 2) & shapely.is_valid(geometries))


def _moves(old: Geometries, new: Geometries, plane: CRS) -> list[tuple[Move | None, bool]]:
    """For pairs of geometries on a plane: how each moved, and whether its outline differs, the move aside."""
    drawn = _is_drawn(old), _is_drawn(new)
    found: list[tuple[Move | None, bool]] = [(None, bool(appeared)) for appeared in drawn[0] != drawn[1]]
    both = np.flatnonzero(drawn[0] & drawn[1])
    both = both[shapely.hausdorff_distance(old[both], new[both]) > TOLERANCE_M]
    middles = shapely.centroid(old[both]), shapely.centroid(new[both])
    degrees = [shapely.get_coordinates(project(each, plane, WGS84)) for each in middles]
    bearings, _, distances = GEOD.inv(*degrees[0].T, *degrees[1].T)
    offsets = shapely.get_coordinates(middles[1]) - shapely.get_coordinates(middles[0])
    for row, bearing, distance, offset in zip(both, bearings % 360.0, distances, offsets, strict=True):
        compass = COMPASS[round(bearing / 45.0) % 8]
        move = Move(float(distance), float(bearing), compass) if distance > TOLERANCE_M else None
        back = shapely.transform(new[row], lambda vertices, by=offset: vertices - by)
        slack = _slack_m(old[row], float(distance))
        found[row] = (move, bool(shapely.hausdorff_distance(old[row], back) > slack))
    return found


def _slack_m(shape: shapely.Geometry, distance_m: float) -> float:
    """How far an outline may differ after a move back: the plane turns a shape by up to twice distance / radius."""
    west, south, east, north = shape.bounds
    return TOLERANCE_M + 2 * distance_m / _EARTH_RADIUS_M * float(np.hypot(east - west, north - south))


def _areas(geometries: Geometries) -> list[float | None]:
    areas, dimensions = shapely.area(geometries), shapely.get_dimensions(geometries)
    return [float(area) if dimension == 2 else None for area, dimension in zip(areas, dimensions, strict=True)]


def _field_changes(old: dict[str, Any], new: dict[str, Any], kind: Kind) -> tuple[FieldChange, ...]:
    """The fields that differ: ours as they are stored, then the columns that fill none."""
    ours = list(stated_fields(kind))
    others = sorted((old.keys() | new.keys()) - set(ours))
    return tuple(
        FieldChange(name, old.get(name), new.get(name)) for name in ours + others if old.get(name) != new.get(name)
    )
