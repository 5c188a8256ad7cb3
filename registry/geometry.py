"""Reprojection with stated accuracy, repair, and work on an equal-area plane."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer
from pyproj.exceptions import CRSError, ProjError
from pyproj.transformer import AreaOfInterest, TransformerGroup

from registry.errors import SourceError
from registry.model import Transformation

Geometries = NDArray[Any]
"""An array of shapely geometries, None where there is none."""

WGS84 = CRS.from_epsg(4326)
GEOD = Geod(ellps="WGS84")


@dataclass(frozen=True)
class Reprojection:
    """Positions on WGS 84 with the operation that brought them there.

    ``better_unavailable`` names a more accurate operation that needs a grid this machine does not have.
    """

    geometries: Geometries
    transformation: Transformation
    better_unavailable: str | None


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
    return _transform(geometries, Transformer.from_crs(source, target, always_xy=True))


def to_wgs84(geometries: Geometries, source: CRS) -> Reprojection:
    """Bring geometries to WGS 84 by the best operation PROJ has for where they lie.

    Vertices that the operation cannot place become infinite; the checks find them.

    Parameters
    ----------
    geometries
        In ``source``, x before y.
    source
        The CRS the source states.
    """
    if source.is_geographic and source.equals(WGS84, ignore_axis_order=True):
        as_given = Transformation(crs_name(source), "none, already WGS 84", 0.0, "noop")
        return Reprojection(shapely.force_2d(geometries), as_given, None)
    none_known = f"PROJ has no operation from {crs_name(source)} to WGS 84 on this machine; state another --crs."
    try:
        group = TransformerGroup(source, WGS84, always_xy=True, area_of_interest=_area_of_interest(geometries, source))
    except ProjError as error:
        raise SourceError(none_known) from error
    if not group.transformers:
        raise SourceError(none_known)
    best = group.transformers[0]
    missing = None if group.best_available else ", ".join(op.name for op in group.unavailable_operations[:1])
    return Reprojection(_transform(geometries, best), _describe(best, source), missing)


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


def width_m(polygons: Geometries) -> NDArray[np.float64]:
    """Width of the rectangle that has the polygon's area and perimeter, in metres; exact for rectangles.

    Parameters
    ----------
    polygons
        On a plane in metres. A shape rounder than a square gets a quarter of its perimeter.
    """
    half = shapely.length(polygons) / 4
    return np.asarray(half - np.sqrt(np.maximum(half**2 - shapely.area(polygons), 0.0)))


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


def _transform(geometries: Geometries, transformer: Transformer) -> Geometries:
    def step(coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(transformer.transform(coordinates[:, 0], coordinates[:, 1]))

    return np.asarray(shapely.transform(shapely.force_2d(geometries), step), dtype=object)


def _area_of_interest(geometries: Geometries, source: CRS) -> AreaOfInterest | None:
    """Where the geometries lie, in degrees, so that PROJ chooses the operation made for that place."""
    rough = total_bounds(project(shapely.box(*shapely.bounds(geometries).T), source, WGS84))
    if rough is None or not (-180 <= rough[0] <= rough[2] <= 180 and -90 <= rough[1] <= rough[3] <= 90):
        return None
    return AreaOfInterest(*rough)


def _describe(transformer: Transformer, source: CRS) -> Transformation:
    accuracy = transformer.accuracy
    return Transformation(
        crs_name(source),
        # PROJ works latitude first inside; that bookkeeping says nothing to a reader.
        " + ".join(step for step in transformer.description.split(" + ") if not step.startswith("axis order change")),
        None if accuracy is None or accuracy < 0 else float(accuracy),
        transformer.definition,
    )
