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
from registry.compare.areas import MergedLand, RankedRecords, area_m2, lonlat
from registry.compare.containment import containment_share
from registry.compare.eligibility import Selection
from registry.compare.kernel import TOLERANCE_M
from registry.compare.uncertainty import Share
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


_NO_STUDY = "There is neither a record nor an event, so there is no study area."


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
        Its area, to 0.01 m2.
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


@dataclass(frozen=True)
class PredictiveAccuracy:
    """Metric M7: how many times more events lie inside the records than if they lay anywhere in the study area.

    ``share_inside`` is of the events in the study area, ``events_beyond`` lie elsewhere; ``area_share`` is
    ``covered_m2 / area_m2``. ``value``, ``low`` and ``high`` are None where ``reason`` says why.
    """

    basis: StudyBasis | None
    study: str | None
    area_m2: float | None
    covered_m2: float | None
    area_share: float | None
    events_beyond: int
    share_inside: Share
    value: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str | None = None


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
    stated = stated_study(records.plane, scope=scope, districts=districts)
    if stated is not None:
        return stated
    points = geometry.project(_drawn(lonlat(events)), geometry.WGS84, records.plane)
    return hull_around(shapely.get_coordinates(np.concatenate([records.polygons, points])), records.plane)


def stated_study(
    plane: CRS, *, scope: GeoDataFrame | None = None, districts: GeoDataFrame | None = None
) -> StudyArea | None:
    """The study area that does not depend on records and events, see `study_area`; None where there is none."""
    for basis, frame in ((StudyBasis.SCOPE, scope), (StudyBasis.DISTRICTS, districts)):
        if frame is not None and len(drawn := _drawn(lonlat(frame))):
            return _study(basis, _together(drawn, plane), plane)
    return None


def hull_around(xy: NDArray[np.float64], plane: CRS) -> StudyArea | None:
    """The study area of places on a plane where nothing else is known: their hull and the margin around it."""
    if not len(xy):
        return None
    return _study(StudyBasis.HULL, shapely.convex_hull(shapely.multipoints(xy)).buffer(HULL_MARGIN_M), plane)


def _study(basis: StudyBasis, polygon: Any, plane: CRS) -> StudyArea:
    normal = shapely.normalize(polygon)
    return StudyArea(basis, normal, plane, area_m2(normal))


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


def measure_predictive(
    selection: Selection, records: RankedRecords, land: MergedLand, study: StudyArea | None
) -> PredictiveAccuracy:
    """Measure the predictive accuracy index (M7): share of events inside / share of land covered, both in S.

    Parameters
    ----------
    selection, records, land
        Events matched with records, and the records merged.
    study
        See `study_area`; None where there is none.

    Notes
    -----
    Chainey, S., Tompson, L., Uhlig, S. (2008), The utility of hotspot mapping for predicting spatial patterns of
    crime, Security Journal 21, 4-28. The interval is Wilson's of the share of events; the land is not a sample.
    """
    counts = count_in_study(selection, study)
    return predictive_of(counts, land, study, any_record=bool(len(records.polygons)))


@dataclass(frozen=True)
class StudyCounts:
    """Events that count: all, those in the study area (all where there is none yet), and those of them inside."""

    total: int
    held: int
    inside: int


def count_in_study(selection: Selection, study: StudyArea | None) -> StudyCounts:
    """Count the events that `measure_predictive` is about."""
    held = selection.keep if study is None else selection.keep & study.holds(selection.located.on_plane)
    counted = (selection.keep, held, held & selection.eligible.matches.inside)
    return StudyCounts(*(int(np.count_nonzero(mask)) for mask in counted))


def predictive_of(
    counts: StudyCounts, land: MergedLand, study: StudyArea | None, *, any_record: bool
) -> PredictiveAccuracy:
    """Reduce counted events to M7, see `measure_predictive`."""
    if study is None:
        return PredictiveAccuracy(None, None, None, None, None, 0, Share(0, 0, reason=_NO_STUDY), reason=_NO_STUDY)
    share = containment_share(counts.inside, counts.held, any_record=any_record)
    covered_m2 = covered_in(land.parts, study)
    stated = (study.basis, study.words, study.area_m2, covered_m2, covered_m2 / study.area_m2)
    beyond = counts.total - counts.held
    if share.value is None or share.low is None or share.high is None or not covered_m2:
        return PredictiveAccuracy(*stated, beyond, share, reason=share.reason or "No record lies in the study area.")
    low, value, high = (part * study.area_m2 / covered_m2 for part in (share.low, share.value, share.high))
    return PredictiveAccuracy(*stated, beyond, share, value, low, high)


def covered_in(parts: Geometries, study: StudyArea) -> float:
    """Area in square metres that land covers of a study area.

    Parameters
    ----------
    parts
        Polygons on the plane of the study area that do not overlap.
    """
    shapely.prepare(study.polygon)
    touching = parts[shapely.intersects(study.polygon, parts)]
    whole = shapely.covers(study.polygon, touching)
    cut = shapely.intersection(study.polygon, touching[~whole])
    return area_m2(np.concatenate([touching[whole], cut]))
