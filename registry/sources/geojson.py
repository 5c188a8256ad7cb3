"""GeoJSON that GDAL or GEOS refuses: read with a JSON parser, feature by feature."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from registry.errors import SourceError
from registry.geometry import Geometries

_GEOMETRY_TYPES = (
    "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection",
)  # fmt: skip


@dataclass(frozen=True)
class GeoJson:
    """The features of a GeoJSON text; ``as_delivered`` holds the geometries that GEOS cannot hold, as text.

    ``crs`` is WGS 84 unless the text names another as GeoJSON of 2008 does; None where it says that there is none.
    """

    attributes: list[dict[str, Any]]
    geometries: Geometries
    crs: str | None
    as_delivered: dict[int, str]


def read_geojson(content: bytes, where: str) -> GeoJson:
    """Read GeoJSON without GDAL.

    Raises
    ------
    SourceError
        If it is not JSON in UTF-8, or holds neither features nor a geometry.
    """
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{where}: it is not GeoJSON ({error}).") from error
    features = _features(document)
    if features is None:
        raise SourceError(f"{where}: it is JSON but holds no GeoJSON features.")
    geometries = np.full(len(features), None, dtype=object)
    as_delivered = {}
    for index, feature in enumerate(features):
        geometry = feature.get("geometry")
        if geometry is None:
            continue
        try:
            geometries[index] = shapely.from_geojson(json.dumps(geometry))
        except shapely.GEOSException:
            as_delivered[index] = _text(geometry)
    return GeoJson([_properties(feature) for feature in features], geometries, _crs(document), as_delivered)


def geometry_texts(content: bytes, wanted: set[int], total: int) -> dict[int, str] | None:
    """The geometry of the wanted features as the source wrote it.

    None where the text cannot be taken apart, or holds another number of features than the ``total`` that GDAL read:
    GDAL passes over what is no feature, and the numbers would not fit.
    """
    try:
        features = _features(json.loads(content))
    except (ValueError, RecursionError):
        return None
    if features is None or len(features) != total:
        return None
    return {index: _text(features[index].get("geometry")) for index in sorted(wanted)}


def mend_rings(text: str) -> Geometries:
    """Close the unclosed rings of a polygon and drop those with fewer than three distinct points.

    Parameters
    ----------
    text
        A geometry as `GeoJson.as_delivered` keeps it, or WKB in hexadecimal.

    Returns
    -------
    polygon
        An array of one (Multi)Polygon, or of None where nothing with an area is left.
    """
    result = np.full(1, None, dtype=object)
    if not text.lstrip().startswith("{"):
        fixed = shapely.from_wkb(text, on_invalid="fix")
        result[0] = fixed if fixed is not None and not fixed.is_empty else None
        return result
    geometry = json.loads(text)
    coordinates = geometry.get("coordinates")
    if geometry.get("type") == "Polygon":
        coordinates = [coordinates]
    elif geometry.get("type") != "MultiPolygon" or not isinstance(coordinates, list):
        return result
    mended = [polygon for rings in coordinates if (polygon := _mend_polygon(rings))]
    if mended:
        result[0] = mended[0] if len(mended) == 1 else shapely.MultiPolygon(mended)
    return result


def _mend_polygon(rings: Any) -> shapely.Polygon | None:
    """The shell decides: without one there is no polygon, whatever holes there are."""
    closed = [_close(ring) for ring in rings] if isinstance(rings, list) else []
    if not closed or closed[0] is None:
        return None
    return shapely.Polygon(closed[0], [hole for hole in closed[1:] if hole is not None])


def _close(ring: Any) -> list[tuple[float, float]] | None:
    try:
        points = [(float(point[0]), float(point[1])) for point in ring]
    except (TypeError, ValueError, IndexError, KeyError, OverflowError):
        return None
    if len(set(points)) < 3 or not np.isfinite(points).all():
        return None
    return points if points[0] == points[-1] else [*points, points[0]]


def _features(document: Any) -> list[dict[str, Any]] | None:
    if not isinstance(document, dict):
        return None
    if document.get("type") == "FeatureCollection" and isinstance(document.get("features"), list):
        return [feature if isinstance(feature, dict) else {"geometry": None} for feature in document["features"]]
    if document.get("type") == "Feature":
        return [document]
    if document.get("type") in _GEOMETRY_TYPES:
        return [{"geometry": document}]
    return None


def _crs(document: dict[str, Any]) -> str | None:
    if "crs" not in document:
        return "EPSG:4326"
    try:
        return str(document["crs"]["properties"]["name"])
    except (KeyError, TypeError):
        return None


def _properties(feature: dict[str, Any]) -> dict[str, Any]:
    properties = feature.get("properties")
    return properties if isinstance(properties, dict) else {}


def _text(geometry: Any) -> str:
    return json.dumps(geometry, ensure_ascii=False, separators=(",", ":"))
