"""WKT in a cell, with or without the SRID that PostGIS writes before it."""

import re

import numpy as np
import shapely

from registry.errors import SourceError
from registry.sources.positions import crs_of, metres_per_degree, sigma_of_steps, unit_m
from registry.sources.written import CoordinateError, Notation, Order, Stated, Written

_WKT = re.compile(
    r"(?:SRID ?= ?([0-9]{1,6}) ?; ?)?((?:MULTI)?(?:POINT|LINESTRING|POLYGON)|GEOMETRYCOLLECTION)"
    r" ?(?:(?:ZM|Z|M) ?)?(?:\(|EMPTY)",
    re.IGNORECASE,
)
_DEEPEST_WKT = 8
_WKT_NUMBER = re.compile(r"[0-9]+(?:\.([0-9]*))?(?:[eE]([-+]?[0-9]{1,3}))?")


def match_wkt(text: str) -> re.Match[str] | None:
    """The beginning of a text that is WKT: SRID and type."""
    return _WKT.match(text.strip())


def read_wkt(text: str, match: re.Match[str], stated: Stated) -> Written:
    """Read a WKT cell; its numbers are x before y unless north first is stated.

    Raises
    ------
    CoordinateError
        If it is not complete, empty, or in another CRS than stated.
    """
    if stated.notation not in {None, Notation.WKT}:
        raise CoordinateError(f"it is WKT, but {stated.notation} is stated")
    srid, kind = match[1], match[2].upper()
    if srid:
        _check_srid(srid, stated)
    crs = f"EPSG:{srid}" if srid else stated.crs
    body = text[text.index(";") + 1 :] if srid else text
    geometry = _wkt_geometry(body)
    words = f"WKT {kind.lower()}, x before y"
    if geometry.has_z or shapely.has_m(geometry):
        words += ", heights and measures dropped"
        geometry = shapely.force_2d(geometry)
    if stated.order is Order.NORTH_FIRST:
        words = words.replace("x before y", "y before x as stated")
        geometry = shapely.transform(geometry, lambda xy: xy[:, ::-1])
    unit = None if crs is None else unit_m(crs)
    west, south, east, north = shapely.bounds(geometry)
    if crs is not None and unit is None and not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise CoordinateError("its latitudes or longitudes are impossible")
    sigma = None if crs is None else _wkt_sigma(body, unit, (south + north) / 2)
    return Written(text, words, Notation.WKT, crs, geometry, sigma)


def _check_srid(srid: str, stated: Stated) -> None:
    try:
        crs = crs_of(f"EPSG:{srid}")
    except SourceError as error:
        raise CoordinateError(f"it says SRID {srid}, which PROJ does not know") from error
    if stated.crs is not None and not crs_of(stated.crs).equals(crs, ignore_axis_order=True):
        raise CoordinateError(f"it says SRID {srid}, but {stated.crs} is stated")


def _wkt_geometry(body: str) -> shapely.Geometry:
    depth = 0
    for mark in re.findall("[()]", body):
        depth += 1 if mark == "(" else -1
        if depth > _DEEPEST_WKT:
            raise CoordinateError(f"WKT nested deeper than {_DEEPEST_WKT} is not read")
    if "\0" in body:
        raise CoordinateError("it holds a null character")
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            geometry = shapely.from_wkt(body)
    except shapely.GEOSException as error:
        raise CoordinateError("it is not complete or correct WKT") from error
    if geometry.is_empty:
        raise CoordinateError("it is an empty geometry")
    if not np.isfinite(shapely.get_coordinates(geometry)).all():
        raise CoordinateError("it holds numbers that are not finite")
    return geometry


def _wkt_sigma(body: str, unit: float | None, latitude: float) -> float:
    """From the finest digit written: what drops trailing zeros does so number by number."""
    digits = max(len(match[1] or "") - int(match[2] or 0) for match in _WKT_NUMBER.finditer(body))
    step = 10.0**-digits
    parallel_m, meridian_m = (unit, unit) if unit is not None else metres_per_degree(latitude)
    return sigma_of_steps([(step * parallel_m, step * meridian_m)])
