"""Reprojection with stated accuracy, repair, and work on an equal-area plane."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer
from pyproj.exceptions import CRSError, ProjError
from pyproj.transformer import AreaOfInterest, TransformerGroup

from registry.errors import SourceError
from registry.model import Transformation
from registry.threads import in_parts

Geometries = NDArray[Any]
"""An array of shapely geometries, None where there is none."""

WGS84 = CRS.from_epsg(4326)
GEOD = Geod(ellps="WGS84")
# A degree of the equator, and one of latitude at the poles, rounded up.
_DEGREE_EAST_MAX_M, _DEGREE_NORTH_MAX_M = 111_320.0, 111_695.0
_ROWS_A_PART = 4_000
_BOOKKEEPING = "axis order change"


@dataclass(frozen=True)
class Reprojection:
    """Positions on WGS 84 with the operation that brought them there.

    ``better_unavailable`` names a more accurate operation that needs a grid this machine does not have. Where a person
    chose an operation, ``chosen`` says what that changed, or ``misfit`` that the source's CRS has no such operation
    (the best one was used) and which ones it has.
    """

    geometries: Geometries
    transformation: Transformation
    better_unavailable: str | None
    chosen: str | None = None
    misfit: str | None = None


@dataclass(frozen=True)
class Operation:
    """A way in which PROJ brings positions of a place to WGS 84; without a transformer where it needs a missing grid.

    ``codes`` and ``steps`` are those of its single operations.
    """

    name: str
    steps: tuple[str, ...]
    codes: tuple[str, ...]
    accuracy_m: float | None
    area: str
    transformer: Transformer | None


@dataclass(frozen=True)
class Repaired:
    """What a repair made of geometries; remnants are the lines and points that fell out of the polygons."""

    geometries: Geometries
    remnants: NDArray[np.int64]


def parse_crs(text: str) -> CRS:
    """Read a CRS as a person writes it: an authority code, a PROJ string or WKT.

    Raises
    ------
    SourceError
        If PROJ does not know it.
    """
    try:
        return CRS.from_user_input(text)
    except CRSError as error:
        raise SourceError(
            f"{text!r} is not a coordinate reference system that PROJ knows; write an EPSG code such as EPSG:4284."
        ) from error


def crs_name(crs: CRS) -> str:
    """Short name of a CRS: its authority code where it has one, else its own name."""
    authority = crs.to_authority(min_confidence=100)
    return ":".join(authority) if authority else str(crs.name)


def local_equal_area(lonlat_bounds: Sequence[float]) -> CRS:
    """Lambert azimuthal equal-area plane centred on an area.

    Parameters
    ----------
    lonlat_bounds
        West, south, east, north in degrees on WGS 84.

    Notes
    -----
    Areas on it are within 2e-9 of geodesic ones for a country; a UTM zone is off by up to 9e-4.
    """
    west, south, east, north = (float(value) for value in lonlat_bounds)
    longitude, latitude = (west + east) / 2, (south + north) / 2
    return CRS.from_proj4(f"+proj=laea +lat_0={latitude:.6f} +lon_0={longitude:.6f} +datum=WGS84 +units=m +no_defs")


def total_bounds(*arrays: Geometries) -> tuple[float, float, float, float] | None:
    """Bounds of all geometries that have any, or None."""
    bounds = np.vstack([shapely.bounds(array).reshape(-1, 4) for array in arrays])
    bounds = bounds[np.isfinite(bounds).all(axis=1)]
    if not len(bounds):
        return None
    west, south = bounds[:, :2].min(axis=0)
    east, north = bounds[:, 2:].max(axis=0)
    return float(west), float(south), float(east), float(north)


def project(geometries: Geometries, source: CRS, target: CRS) -> Geometries:
    """Project geometries vertex by vertex between CRSs of one datum, x before y.

    Z and M are dropped; a None stays None. Between datums use `to_wgs84`, which chooses one operation and names it.
    """
    return _transform(geometries, _transformer(source, target), in_threads=True)


@lru_cache(maxsize=64)
def _transformer(source: CRS, target: CRS) -> Transformer:
    """Making one costs as much as projecting thousands of vertices."""
    return Transformer.from_crs(source, target, always_xy=True)


def to_wgs84(geometries: Geometries, source: CRS, choice: str | None = None) -> Reprojection:
    """Bring geometries to WGS 84 by the best operation PROJ has for where they lie, or by one that a person chose.

    Vertices that the operation cannot place become infinite; the checks find them.

    Parameters
    ----------
    geometries
        In ``source``, x before y.
    source
        The CRS the source states.
    choice
        Name, authority code or unmistakable part of the name of an operation.

    Raises
    ------
    SourceError
        If PROJ has no operation, or the choice may mean several or needs a grid that is missing.
    """
    if source.is_geographic and source.equals(WGS84, ignore_axis_order=True):
        as_given = Transformation(crs_name(source), "none, already WGS 84", 0.0, "noop")
        misfit = None if choice is None else f"Positions in {crs_name(source)} need no operation."
        return Reprojection(shapely.force_2d(geometries), as_given, None, misfit=misfit)
    group = _operation_group(geometries, source)
    found = () if group is None else _operations(group)
    best = next((each for each in found if each.transformer is not None), None)
    if group is None or best is None:
        raise SourceError(
            f"PROJ has no operation from {crs_name(source)} to WGS 84 on this machine; state another --crs."
        )
    missing = None if group.best_available else next((each.name for each in found if each.transformer is None), None)
    used = best if choice is None else _choose(found, choice, geometries, source)
    misfit = chosen = None
    if used is None:
        used, misfit = best, f"{crs_name(source)} has no operation {choice!r}.\n{_listed(found, geometries)}"
    elif used is not best:
        east, north = _apart_m(used, best, geometries)
        chosen = (
            f"{crs_name(source)}: {_with_accuracy(used)} was chosen instead of the best, {_with_accuracy(best)}; "
            f"it puts the middle of the data {_offset(east, north)} of where that one would."
        )
    assert used.transformer is not None
    described = Transformation(crs_name(source), used.name, used.accuracy_m, used.transformer.definition)
    return Reprojection(_transform(geometries, used.transformer), described, missing, chosen, misfit)


def repair(geometries: Geometries) -> Repaired:
    """Make polygons valid by linework; only the polygons are kept.

    Linework keeps every ring as drawn and lets overlaps of a ring with itself cancel; nothing is buffered away.
    """
    parts = shapely.make_valid(geometries, method="linework")
    polygons = polygons_of(parts)
    pieces = shapely.get_num_geometries(parts)
    of_polygons = np.isin(shapely.get_type_id(parts), (3, 6))
    remnants = np.where(of_polygons, 0, pieces - _count_polygons(parts))
    return Repaired(polygons, remnants)


def are_valid(geometries: Geometries) -> NDArray[np.bool_]:
    """Which geometries are valid; None is not."""
    return in_parts(shapely.is_valid, geometries, most=_ROWS_A_PART)


def polygons_of(geometries: Geometries) -> Geometries:
    """The polygons of each geometry as one MultiPolygon; None where it has none."""
    result = np.full(len(geometries), None, dtype=object)
    present = np.flatnonzero(~shapely.is_missing(geometries))
    pieces, owner = np.asarray(geometries)[present], np.arange(len(present))
    # A collection may hold collections and MultiPolygons, so take the parts of the parts until none is left.
    while (shapely.get_type_id(pieces) > 3).any():
        pieces, inner = shapely.get_parts(pieces, return_index=True)
        owner = owner[inner]
    keep = (shapely.get_type_id(pieces) == 3) & ~shapely.is_empty(pieces)
    pieces, owner = pieces[keep], owner[keep]
    if len(pieces):
        owners = np.unique(owner)
        shapely.multipolygons(
            pieces, indices=np.searchsorted(owners, owner), out=(made := np.empty(len(owners), object))
        )
        result[present[owners]] = made
    return result


def on_plane(lonlat: Geometries, plane: CRS) -> Geometries:
    """Project valid geometries from WGS 84 to a plane. A sliver that crosses itself only there is repaired."""
    return uncrossed(project(lonlat, WGS84, plane))


def uncrossed(drawn: Geometries) -> Geometries:
    """Geometries with those repaired that cross themselves; of what has no area nothing is left."""
    drawn = drawn.copy()
    crossed = ~shapely.is_missing(drawn) & ~are_valid(drawn)
    repaired = repair(drawn[crossed]).geometries
    drawn[crossed] = np.where(shapely.is_missing(repaired), shapely.MultiPolygon(), repaired)
    return drawn


def width_m(polygons: Geometries) -> NDArray[np.float64]:
    """Width of the rectangle that has the polygon's area and perimeter, in metres; exact for rectangles.

    Parameters
    ----------
    polygons
        On a plane in metres. A shape rounder than a square gets a quarter of its perimeter.
    """
    half = shapely.length(polygons) / 4
    return np.asarray(half - np.sqrt(np.maximum(half**2 - shapely.area(polygons), 0.0)))


def reach_m(lonlat: Geometries) -> NDArray[np.float64]:
    """No two points of a geometry on WGS 84 are farther apart than this, in metres; NaN where it has none.

    It is the way along a meridian and then along a parallel, where no degree is longer than these.
    """
    bounds = shapely.bounds(lonlat).reshape(-1, 4)
    east, north = (bounds[:, 2:] - bounds[:, :2]).T
    return np.asarray(east * _DEGREE_EAST_MAX_M + north * _DEGREE_NORTH_MAX_M)


def longest_edge_m(lonlat: Geometries) -> NDArray[np.float64]:
    """Geodesic length of the longest edge of each geometry on WGS 84, in metres; 0 where it has none."""
    rings, owner = _rings(lonlat)
    coordinates, ring = shapely.get_coordinates(rings, return_index=True)
    longest = np.zeros(len(lonlat))
    joined = ring[1:] == ring[:-1]
    start, end = coordinates[:-1][joined], coordinates[1:][joined]
    if len(start):
        *_, lengths = GEOD.inv(start[:, 0], start[:, 1], end[:, 0], end[:, 1])
        np.maximum.at(longest, owner[ring[1:][joined]], lengths)
    return longest


def _rings(geometries: Geometries) -> tuple[Geometries, NDArray[np.int64]]:
    """All rings and lines of polygons and lines, with the geometry they belong to."""
    parts, owner = shapely.get_parts(geometries, return_index=True)
    polygonal = shapely.get_type_id(parts) == 3
    rings, index = shapely.get_rings(parts[polygonal], return_index=True)
    lines = shapely.get_dimensions(parts) == 1
    return np.concatenate([rings, parts[lines]]), np.concatenate([owner[polygonal][index], owner[lines]])


def _count_polygons(geometries: Geometries) -> NDArray[np.int64]:
    parts, owner = shapely.get_parts(geometries, return_index=True)
    return np.bincount(owner[np.isin(shapely.get_type_id(parts), (3, 6))], minlength=len(geometries))


def _transform(geometries: Geometries, transformer: Transformer, *, in_threads: bool = False) -> Geometries:
    """Move geometries vertex by vertex.

    Parameters
    ----------
    in_threads
        Whether threads may use the transformer at once: one that pyproj made from CRSs is another in each thread, one
        of a `TransformerGroup` is the same in all, which would damage memory.
    """

    def moved(part: Geometries) -> Geometries:
        flat = np.array(part, dtype=object)
        bulky = shapely.has_z(flat) | shapely.has_m(flat)
        flat[bulky] = shapely.force_2d(flat[bulky])
        coordinates = shapely.get_coordinates(flat)
        return np.asarray(shapely.set_coordinates(flat, _moved(coordinates, transformer)), dtype=object)

    return in_parts(moved, np.asarray(geometries, dtype=object), most=_ROWS_A_PART if in_threads else len(geometries))


def _moved(xy: NDArray[np.float64], transformer: Transformer) -> NDArray[np.float64]:
    """Positions as an operation moves them; shape (n, 2)."""
    x, y = np.ascontiguousarray(xy.T)
    moved = np.empty_like(xy)
    moved[:, 0], moved[:, 1] = transformer.transform(x, y, inplace=True)
    return moved


def _area_of_interest(geometries: Geometries, source: CRS) -> AreaOfInterest | None:
    """Where the geometries lie, in degrees, so that PROJ chooses the operation made for that place."""
    bounds = shapely.bounds(geometries).reshape(-1, 4)
    # The corners of each geometry's box, and what becomes of that box.
    corners = bounds[:, [0, 1, 0, 3, 2, 1, 2, 3]].reshape(-1, 2)
    transformer = _transformer(source, _degrees_like_wgs84(source))
    moved = in_parts(lambda xy: _moved(xy, transformer), corners, most=10 * _ROWS_A_PART).reshape(-1, 4, 2)
    moved = moved[np.isfinite(moved).all(axis=(1, 2))]
    rough = (*moved.min(axis=(0, 1)).tolist(), *moved.max(axis=(0, 1)).tolist()) if len(moved) else None
    if rough is None or not (-180 <= rough[0] <= rough[2] <= 180 and -90 <= rough[1] <= rough[3] <= 90):
        return None
    return AreaOfInterest(*rough)


def _degrees_like_wgs84(source: CRS) -> CRS:
    """The degrees on which a CRS rests where they count from Greenwich: good enough for an area, and quick to reach."""
    base = source.geodetic_crs
    if base is None or not base.is_geographic or base.prime_meridian is None or base.prime_meridian.longitude != 0:
        return WGS84
    return base.to_2d() if base.axis_info[0].unit_name == "degree" else WGS84


def _operation_group(geometries: Geometries, source: CRS) -> TransformerGroup | None:
    """What PROJ knows for where geometries lie, the best first."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of a missing grid, which the report says
        try:
            return TransformerGroup(
                source, WGS84, always_xy=True, area_of_interest=_area_of_interest(geometries, source)
            )
        except ProjError:
            return None


def _operations(group: TransformerGroup) -> tuple[Operation, ...]:
    """Those that can be used, the best first, then those whose grid is missing."""
    return (
        *(_operation(each, each) for each in group.transformers),
        *(_operation(each, None) for each in group.unavailable_operations),
    )


def _operation(described: Any, transformer: Transformer | None) -> Operation:
    """An operation from what pyproj holds of it; both of its classes describe themselves alike."""
    # PROJ works latitude first inside; that bookkeeping says nothing to a reader.
    single = [each for each in described.operations or () if not each.name.startswith(_BOOKKEEPING)]
    name = described.description if transformer is not None else described.name
    steps = tuple(step for step in name.split(" + ") if not step.startswith(_BOOKKEEPING))
    identities = [each.to_json_dict().get("id") for each in single or [described]]
    codes = [f"{each['authority']}:{each['code']}" for each in identities if each]
    accuracy, area = described.accuracy, described.area_of_use
    return Operation(
        " + ".join(steps),
        steps,
        tuple(code for code in codes if not code.startswith("INVERSE")),
        None if accuracy is None or accuracy < 0 else float(accuracy),
        "not stated" if area is None else str(area.name).rstrip("."),
        transformer,
    )


def _choose(found: Sequence[Operation], choice: str, geometries: Geometries, source: CRS) -> Operation | None:
    """The operation that a person means; None where there is none of that name."""
    wanted = " ".join(choice.split()).casefold()
    exact = [each for each in found if wanted in map(str.casefold, (each.name, *each.steps, *each.codes))]
    meant = exact or [each for each in found if wanted and wanted in each.name.casefold()]
    if not meant:
        return None
    if len(meant) > 1:
        raise SourceError(
            f"{choice!r} may mean {len(meant)} operations of {crs_name(source)}; name one with --transform.\n"
            f"{_listed(found, geometries)}"
        )
    if meant[0].transformer is None:
        raise SourceError(
            f"{meant[0].name} needs a grid that this machine does not have; install it, or name another operation.\n"
            f"{_listed(found, geometries)}"
        )
    return meant[0]


def _listed(found: Sequence[Operation], geometries: Geometries) -> str:
    """The operations in lines, for a message: accuracy, area, and where each puts the middle beside the best."""
    best = next(each for each in found if each.transformer is not None)
    lines = []
    for each in found:
        if each.transformer is None:
            where = "needs a grid that is not here"
        elif each is best:
            where = "the best for the place"
        else:
            where = f"puts the middle of the data {_offset(*_apart_m(each, best, geometries))} of the best"
        codes = f" ({', '.join(each.codes)})" if each.codes else ""
        accuracy = "accuracy not stated" if each.accuracy_m is None else f"accuracy {each.accuracy_m:g} m"
        lines.append(f"  {each.name}{codes}: {accuracy}; {where}; made for: {each.area}")
    return "Operations for the place:\n" + "\n".join(lines)


def _apart_m(one: Operation, other: Operation, geometries: Geometries) -> tuple[float, float]:
    """How far east and north of where the other puts it the one puts the middle of the data."""
    xy = shapely.get_coordinates(geometries)
    middle = np.median(xy[np.isfinite(xy).all(axis=1)], axis=0) if np.isfinite(xy).all(axis=1).any() else (0.0, 0.0)
    assert one.transformer is not None
    assert other.transformer is not None
    azimuth, _, metres = GEOD.inv(*other.transformer.transform(*middle), *one.transformer.transform(*middle))
    return float(metres * np.sin(np.radians(azimuth))), float(metres * np.cos(np.radians(azimuth)))


def _with_accuracy(operation: Operation) -> str:
    stated = "not stated" if operation.accuracy_m is None else f"{operation.accuracy_m:g} m"
    return f"{operation.name} (accuracy {stated})"


def _offset(east_m: float, north_m: float) -> str:
    return (
        f"{abs(east_m):,.1f} m {'west' if east_m < 0 else 'east'} and "
        f"{abs(north_m):,.1f} m {'south' if north_m < 0 else 'north'}"
    )
