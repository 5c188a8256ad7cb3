"""What a source is tested against: the areas in which it should lie, and the fields of other batches."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from registry.candidates import in_use
from registry.geometry import GEOD, Geometries, crs_name, total_bounds

Bounds = tuple[float, float, float, float]

PAIRS_MIN = 3
OFFSET_MIN_M = 50.0
OFFSET_ERRORS = 5.0
_AROUND_DEGREES = 0.05
_NONE = np.array([], dtype=object)


@dataclass(frozen=True)
class Fields:
    """Fields of other batches: number (as `duplicates.number_keys` has it), batch, and geometry on WGS 84."""

    keys: NDArray[np.object_]
    batches: NDArray[np.object_]
    geometries: Geometries


FieldsIn = Callable[[Bounds], Fields]
"""Gives the fields of other batches that touch a box, in degrees."""

NO_FIELDS = Fields(_NONE, _NONE, _NONE)


@dataclass(frozen=True)
class Known:
    """The areas in which a source should lie, in words and on WGS 84, and the fields of other batches."""

    areas: Geometries = field(default_factory=lambda: _NONE)
    words: str = "the known districts"
    fields_in: FieldsIn = lambda _: NO_FIELDS

    def fields_around(self, lonlat: NDArray[np.float64]) -> Fields:
        """The fields of other batches around most of some positions; a few far off do not count."""
        finite = lonlat[np.isfinite(lonlat).all(axis=1)]
        if not len(finite):
            return NO_FIELDS
        (west, south), (east, north) = np.percentile(finite, [5, 95], axis=0).tolist()
        grow = _AROUND_DEGREES
        return self.fields_in((west - grow, south - grow, east + grow, north + grow))


@dataclass(frozen=True)
class Area:
    """Where records should lie, in words, and a test of which positions do; the bounds are in degrees."""

    words: str
    bounds: Bounds
    holds: Callable[[NDArray[np.float64]], NDArray[np.bool_]]

    def is_far_from(self, lonlat: NDArray[np.float64], *, degrees: float) -> bool:
        """Whether positions lie on median farther than this from its bounds."""
        west, south, east, north = self.bounds
        beyond_x = np.maximum(np.maximum(west - lonlat[:, 0], lonlat[:, 0] - east), 0.0)
        beyond_y = np.maximum(np.maximum(south - lonlat[:, 1], lonlat[:, 1] - north), 0.0)
        return bool(np.median(np.hypot(beyond_x, beyond_y)) > degrees)


def known_area(known: Known) -> Area | None:
    """The areas that are known, as one; None where there are none."""
    bounds = total_bounds(known.areas)
    if bounds is None:
        return None

    def holds(lonlat: NDArray[np.float64]) -> NDArray[np.bool_]:
        held = np.zeros(len(lonlat), bool)
        rows = np.flatnonzero(np.isfinite(lonlat).all(axis=1))
        # The areas are few and detailed, the positions many: a tree of the positions is quick.
        held[rows[shapely.STRtree(shapely.points(lonlat[rows])).query(known.areas, predicate="intersects")[1]]] = True
        return held

    return Area(known.words, bounds, holds)


def area_of_use(crs: CRS) -> Area | None:
    """The area where a CRS is used, with 1 degree around it; None where it states none."""
    if crs.area_of_use is None:
        return None
    return Area(f"the area where {crs_name(crs)} is used", crs.area_of_use.bounds, lambda lonlat: in_use(crs, lonlat))


@dataclass(frozen=True)
class Offset:
    """How far records lie from their like in other batches: the median, and the spread per axis, one sigma."""

    pairs: int
    batches: tuple[str, ...]
    east_m: float
    north_m: float
    spread_m: float

    @property
    def length_m(self) -> float:
        """Length of the median."""
        return float(np.hypot(self.east_m, self.north_m))

    @property
    def error_m(self) -> float:
        """Standard error of the median of a normal cloud, per axis."""
        return float(np.sqrt(np.pi / 2) * self.spread_m / np.sqrt(self.pairs))

    @property
    def is_clear(self) -> bool:
        """Whether it is too large, and too much the same for all, to be chance."""
        return self.length_m >= max(OFFSET_MIN_M, OFFSET_ERRORS * self.error_m)

    @property
    def confirms(self) -> bool:
        """Whether the records lie where the others say."""
        return self.length_m + 2 * self.error_m < OFFSET_MIN_M


def offset_by_number(keys: NDArray[np.object_], lonlat: NDArray[np.float64], fields: Fields) -> Offset | None:
    """How far positions lie from fields of the same number; None where too few have such a number.

    A number that stands twice in one batch names nothing; of several other batches the last counts.
    """
    theirs: dict[object, int | None] = {}
    for index, (key, batch) in enumerate(zip(fields.keys, fields.batches, strict=True)):
        if key is not None:
            held = theirs.get(key)
            is_repeated = key in theirs and (held is None or fields.batches[held] == batch)
            theirs[key] = None if is_repeated else index
    ours: dict[object, int | None] = {}
    for index, key in enumerate(keys):
        if key is not None:
            ours[key] = None if key in ours else index
    pairs = [(i, j) for key, i in ours.items() if i is not None and (j := theirs.get(key)) is not None]
    if len(pairs) < PAIRS_MIN:
        return None
    left, right = np.array(pairs).T
    return offset(lonlat[left], fields, right)


def offset(lonlat: NDArray[np.float64], fields: Fields, of: NDArray[np.int64]) -> Offset:
    """How far positions lie from the fields with these indices, one each."""
    theirs = shapely.get_coordinates(shapely.centroid(fields.geometries[of]))
    east, north = apart_m(theirs, lonlat)
    middle = float(np.median(east)), float(np.median(north))
    # Half of the points of a round normal cloud lie within 1.1774 sigma of its centre.
    spread = float(np.median(np.hypot(east - middle[0], north - middle[1])) / 1.1774)
    return Offset(len(of), tuple(dict.fromkeys(map(str, fields.batches[of]))), *middle, spread)


def apart_m(start: NDArray[np.float64], end: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How far east and north the one positions lie of the others, in metres; 0 where either is nowhere."""
    finite = np.isfinite(start).all(axis=1) & np.isfinite(end).all(axis=1)
    azimuth, metres = np.zeros(len(start)), np.zeros(len(start))
    azimuth[finite], _, metres[finite] = GEOD.inv(*start[finite].T, *end[finite].T)
    return metres * np.sin(np.radians(azimuth)), metres * np.cos(np.radians(azimuth))
