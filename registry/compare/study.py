"""The study area S: the land that a comparison is about, always named."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from pyproj import CRS

from registry import geometry
from registry.compare.areas import RankedRecords, lonlat
from registry.compare.kernel import TOLERANCE_M
from registry.geometry import Geometries

HULL_MARGIN_M = 5_000.0
"""How far the study area reaches beyond the hull of records and events, where neither scope nor districts are known."""

_LONGEST_EDGE_DEG = 0.005  # an edge this long, straight in degrees, bends by less than 0.01 m on the plane


class StudyBasis(StrEnum):
    """What the study area was made from, the first that there is."""

    SCOPE = "scope"
    DISTRICTS = "districts"
    HULL = "hull"


_WORDS = {
    StudyBasis.SCOPE: "what the giving party says its batches cover",
    StudyBasis.DISTRICTS: "all districts together",
    StudyBasis.HULL: f"the convex hull of records and events, and {HULL_MARGIN_M / 1000:g} km around it",
}


@dataclass(frozen=True)
class StudyArea:
    """The land that a comparison is about.

    Attributes
    ----------
    basis
        What it was made from.
    polygon
        A valid Polygon or MultiPolygon on ``plane``.
    plane
        The equal-area CRS of the records, in metres.
    area_m2
        Its area.
    """

    basis: StudyBasis
    polygon: Any
    plane: CRS
    area_m2: float

    @property
    def words(self) -> str:
        """What it is, to be read in a sentence."""
        return _WORDS[self.basis]

    def holds(self, on_plane: Geometries) -> NDArray[np.bool_]:
        """Whether each point on ``plane`` lies in it or on its border."""
        shapely.prepare(self.polygon)
        return np.asarray(shapely.dwithin(self.polygon, on_plane, TOLERANCE_M), dtype=bool)


def study_area(
    records: RankedRecords,
    events: GeoDataFrame,
    *,
    scope: GeoDataFrame | None = None,
    districts: GeoDataFrame | None = None,
) -> StudyArea | None:
    """Find the study area: the scope; else all districts; else the hull of records and events and 5 km around it.

    Parameters
    ----------
    records
        Plotted records; their plane is that of the result.
    events
        Points with a CRS; those without a position are passed over.
    scope, districts
        Valid polygons with a CRS; None or empty where there are none.

    Returns
    -------
    StudyArea or None
        None where there is nothing to make it from. The order of rows and of vertices does not change it.
    """
    for basis, frame in ((StudyBasis.SCOPE, scope), (StudyBasis.DISTRICTS, districts)):
        if frame is not None and len(drawn := _drawn(lonlat(frame))):
            return _study(basis, _together(drawn, records.plane), records.plane)
    points = geometry.project(_drawn(lonlat(events)), geometry.WGS84, records.plane)
    shapes = np.concatenate([records.polygons, points])
    if not len(shapes):
        return None
    hull = shapely.convex_hull(shapely.multipoints(shapely.get_coordinates(shapes)))
    return _study(StudyBasis.HULL, hull.buffer(HULL_MARGIN_M), records.plane)


def _study(basis: StudyBasis, polygon: Any, plane: CRS) -> StudyArea:
    normal = shapely.normalize(polygon)
    return StudyArea(basis, normal, plane, float(shapely.area(normal)))


def _drawn(geometries: Geometries) -> Geometries:
    missing = np.asarray(shapely.is_missing(geometries) | shapely.is_empty(geometries), dtype=bool)
    return np.asarray(geometries[~missing], dtype=object)


def _together(polygons: Geometries, plane: CRS) -> Any:
    """One polygon on the plane; merged in degrees, where shared borders are the same edges."""
    normal = shapely.normalize(polygons)
    in_order = normal[np.argsort(shapely.to_wkb(normal).astype(object), kind="stable")]
    merged = shapely.segmentize(shapely.union_all(in_order), _LONGEST_EDGE_DEG)
    projected = geometry.project(np.array([merged], dtype=object), geometry.WGS84, plane)
    if not shapely.is_valid(projected[0]):
        projected = geometry.repair(projected).geometries
    return projected[0]
