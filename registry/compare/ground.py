"""Records against the ground: what was investigated, what was confirmed there (M2, M2b), and all that hangs on it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from pyproj import CRS
from shapely import STRtree

from registry import geometry
from registry.codes import DeviceCategory, LandStatus, ReleaseType
from registry.compare.agreement import Agreement, AreaShare, area_share, dissolve, measure_agreement, shared_m2
from registry.compare.areas import are_repeated, lonlat, polygons_on_plane
from registry.compare.finds import (
    ERW,
    FindContainment,
    Finds,
    FoundDevices,
    measure_find_containment,
    pairs,
    read_finds,
)
from registry.compare.kernel import TOLERANCE_M
from registry.compare.minecount import MineCount, Recovery, count_mines, measure_recovery
from registry.compare.uncertainty import Share, wilson_share
from registry.errors import CompareError
from registry.geometry import Geometries

CLEARED = frozenset({ReleaseType.CLEARED})
"""Release types that mean that the land was searched. Reduced and cancelled land was released without it."""

COMPLETED = frozenset({LandStatus.CLOSED, LandStatus.RELEASED, LandStatus.HANDED_OVER})
"""States of a surveyed area on which work is complete."""

NOT_OF_A_FIELD = ERW | {DeviceCategory.STORED_AMMO}
"""What an accident was caused by that says nothing of a laid field."""

NEGLIGIBLE = 0.001
"""A record is not investigated where no more than this share of it is: neighbours overlap by a line's width."""

_ROUNDING = 1e-6  # of a share of area: a trip through another CRS must not decide
_CIRCLE_SEGMENTS = 32  # per quarter

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class GroundOptions:
    """What a person states for the comparison with the ground.

    Attributes
    ----------
    investigated_share
        A record is investigated where at least this share of its area is, above 0 and up to 1.
    fade_out_m
        How far from a found mine land still counts as confirmed (M2b), in metres; None where nobody said.
    mines_estimated, estimate_source
        An estimate of all mines, and who and where; both or neither (M6).
    """

    investigated_share: float = 0.9
    fade_out_m: float | None = None
    mines_estimated: int | None = None
    estimate_source: str | None = None

    def __post_init__(self) -> None:
        if not 0 < self.investigated_share <= 1:
            raise CompareError(
                f"{self.investigated_share} is no share of a record's area; give one above 0, up to 1, as 0.9."
            )
        if self.fade_out_m is not None and not 0 < self.fade_out_m < np.inf:
            raise CompareError(f"A fade-out distance of {self.fade_out_m} m cannot be used; give metres above 0.")
        if (self.mines_estimated is None) != (not (self.estimate_source or "").strip()):
            raise CompareError("An estimate of all mines is a number and its source; state both or neither.")
        if self.mines_estimated is not None and self.mines_estimated < 1:
            raise CompareError(f"{self.mines_estimated} mines are no estimate to compare with; give 1 or more.")


@dataclass(frozen=True)
class GroundLayers:
    """Layers that say what was found on the ground; None where there is no such layer.

    Geometries have a CRS. ``surveyed`` (valid polygons) has the column ``land_status``, ``released`` (valid polygons)
    ``release_type``, ``devices`` what `finds.read_finds` asks for.
    """

    surveyed: GeoDataFrame | None = None
    released: GeoDataFrame | None = None
    devices: GeoDataFrame | None = None


@dataclass(frozen=True)
class InvestigatedLand:
    """Which land counts as investigated: cleared, or surveyed to completion.

    ``areas_left_out`` counts the areas that do not count, by what they state. ``recorded_m2`` is the land of the
    records; it is ``investigated_m2`` and ``uninvestigated_m2`` together.
    """

    areas: int
    areas_left_out: Mapping[str, int]
    recorded_m2: float
    investigated_m2: float
    uninvestigated_m2: float


@dataclass(frozen=True)
class Tally:
    """Records of one state of investigation: how many have a find or an accident in them, and how many have which."""

    records: int
    confirmed: int
    with_find: int
    with_accident: int


@dataclass(frozen=True)
class Confirmation:
    """Metric M2. A record handed over twice counts once; records that were not plotted are in no number.

    Attributes
    ----------
    share
        Confirmed / investigated: never of all records.
    investigated, partly, uninvestigated
        Records by how much of them was investigated: the stated share at least, less, nothing.
    records
        All of them; a bound for all is ``confirmed_at_least`` / ``records`` if none of the others were confirmed by
        an investigation yet to come, and ``confirmed_at_most`` / ``records`` if all were.
    accidents_left_out
        Accidents by ordnance that no field is laid with, which confirm nothing.
    """

    share: Share
    investigated: Tally
    partly: Tally
    uninvestigated: Tally
    records: int
    confirmed_at_least: int
    confirmed_at_most: int
    accidents_left_out: int


@dataclass(frozen=True)
class Ground:
    """Records against the ground: metrics M2, M2b, M4, M5, M6 and M8.

    ``surveyed`` and ``released`` (M8) are None where there is no such layer.
    """

    options: GroundOptions
    surveyed: Agreement | None
    released: Agreement | None
    land: InvestigatedLand
    found: FoundDevices | None
    confirmation: Confirmation
    confirmation_by_area: AreaShare
    find_containment: FindContainment | None
    recovery: tuple[Recovery, ...]
    mine_count: MineCount


def measure_ground(
    plotted: GeoDataFrame,
    received: pd.DataFrame,
    accidents: GeoDataFrame,
    layers: GroundLayers,
    plane: CRS,
    *,
    options: GroundOptions = GroundOptions(),
    study: tuple[str, shapely.Geometry] | None = None,
) -> Ground:
    """Compare records with what was found on the ground.

    Parameters
    ----------
    plotted
        Records with valid polygons, a CRS and the columns ``batch_id``, ``record_id``, ``duplicate_of`` and those that
        state numbers of mines (`minecount.MINE_COLUMNS`).
    received
        All records, plotted or not, with the same columns.
    accidents
        Points with a CRS, None where the position is not known, and the column ``device_category``.
    layers
        Surveyed and released land, found devices.
    plane
        An equal-area CRS in metres.
    options
        What a person states.
    study
        The study area, see `finds.measure_find_containment`.
    """
    records = plotted[~are_repeated(plotted)].sort_values(["batch_id", "record_id"], kind="stable")
    polygons = polygons_on_plane(records, plane)
    mapped = dissolve(polygons_on_plane(plotted, plane))
    investigated, areas, left_out = _investigated(layers, plane)
    recorded_m2 = float(shapely.area(mapped).sum())
    searched = _shared_parts(mapped, investigated)
    searched_m2 = min(float(shapely.area(searched).sum()), recorded_m2)
    finds, found = (None, None) if layers.devices is None else read_finds(layers.devices, plane)
    states = _states(polygons, investigated, options.investigated_share)
    completed = states == _INVESTIGATED
    return Ground(
        options=options,
        surveyed=None if layers.surveyed is None else measure_agreement(mapped, layers.surveyed, plane),
        released=None if layers.released is None else measure_agreement(mapped, layers.released, plane),
        land=InvestigatedLand(areas, left_out, recorded_m2, searched_m2, recorded_m2 - searched_m2),
        found=found,
        confirmation=_confirm(polygons, states, finds, *_accidents(accidents, plane)),
        confirmation_by_area=_confirm_by_area(searched, searched_m2, finds, options.fade_out_m),
        find_containment=None if finds is None else measure_find_containment(finds, mapped, study),
        recovery=() if finds is None else measure_recovery(finds, records[completed], polygons[completed]),
        mine_count=count_mines(received, options.mines_estimated, options.estimate_source),
    )


_NOT_INVESTIGATED, _PARTLY, _INVESTIGATED = range(3)


def _investigated(layers: GroundLayers, plane: CRS) -> tuple[Geometries, int, dict[str, int]]:
    """Investigated land as dissolved parts, of how many areas, and the areas that do not count by what they state."""
    counted: list[Geometries] = [np.empty(0, dtype=object)]
    left_out: dict[str, int] = {}
    for kind, areas, column, codes in (
        ("surveyed", layers.surveyed, "land_status", COMPLETED),
        ("released", layers.released, "release_type", CLEARED),
    ):
        if areas is None:
            continue
        stated = [str(code) for code in areas[column].to_numpy(dtype=object, na_value="not stated")]
        counts = np.array([code in codes for code in stated], dtype=bool)
        counted.append(polygons_on_plane(areas[counts], plane))
        for code in sorted({code for code, chosen in zip(stated, counts, strict=True) if not chosen}):
            left_out[f"{kind}: {code}"] = stated.count(code)
    polygons = np.concatenate(counted)
    return dissolve(polygons), len(polygons), left_out


def _shared_parts(mapped: Geometries, investigated: Geometries) -> Geometries:
    """Land of both, in pieces that do not overlap."""
    other, part = STRtree(mapped).query(investigated, predicate="intersects")
    # Where two shapes share land and a stretch of border, their intersection is a collection of both.
    pieces = geometry.polygons_of(shapely.intersection(mapped[part], investigated[other]))
    return np.asarray(pieces[~shapely.is_missing(pieces)], dtype=object)


def _states(polygons: Geometries, investigated: Geometries, share: float) -> NDArray[np.int64]:
    area_m2 = shapely.area(polygons)
    covered = np.divide(shared_m2(polygons, investigated), area_m2, out=np.zeros(len(polygons)), where=area_m2 > 0)
    return np.select([covered >= share - _ROUNDING, covered > NEGLIGIBLE], [_INVESTIGATED, _PARTLY], _NOT_INVESTIGATED)


def _accidents(accidents: GeoDataFrame, plane: CRS) -> tuple[Geometries, int]:
    """Accidents with a position that may confirm a field, on the plane; and how many cannot by what caused them."""
    points = geometry.project(lonlat(accidents), geometry.WGS84, plane)
    located = ~(shapely.is_missing(points) | shapely.is_empty(points))
    causes = accidents["device_category"].to_numpy(dtype=object, na_value=None)
    other = np.array([code in NOT_OF_A_FIELD for code in causes], dtype=bool)
    return points[located & ~other], int(np.count_nonzero(located & other))


def _confirm(
    polygons: Geometries, states: NDArray[np.int64], finds: Finds | None, accidents: Geometries, left_out: int
) -> Confirmation:
    number = np.arange(len(polygons))
    with_find = np.isin(number, [] if finds is None else pairs(finds.places, polygons)[1])
    with_accident = np.isin(number, STRtree(polygons).query(accidents, predicate="dwithin", distance=TOLERANCE_M)[1])

    def tally(state: int) -> Tally:
        of_state = states == state
        found, hurt = with_find[of_state], with_accident[of_state]
        counts = (len(found), *(int(np.count_nonzero(mask)) for mask in (found | hurt, found, hurt)))
        return Tally(*counts)

    investigated, partly, uninvestigated = (tally(state) for state in (_INVESTIGATED, _PARTLY, _NOT_INVESTIGATED))
    confirmed = int(np.count_nonzero(with_find | with_accident))
    share, refuted = wilson_share(investigated.confirmed, investigated.records), 0
    if finds is None:
        reason = "No devices layer is compared: of records without an accident nobody says whether mines were found."
        share = Share(investigated.confirmed, investigated.records, reason=reason)
    else:
        refuted = investigated.records - investigated.confirmed
    if not investigated.records:
        share = Share(0, 0, reason="No record is known to be investigated.")
    return Confirmation(
        share, investigated, partly, uninvestigated, len(polygons), confirmed, len(polygons) - refuted, left_out
    )


def _confirm_by_area(
    searched: Geometries, searched_m2: float, finds: Finds | None, fade_out_m: float | None
) -> AreaShare:
    """Metric M2b: the searched recorded land that lies within the fade-out distance of a found mine."""
    reason = None
    if finds is None:
        reason = "No devices layer is compared."
    elif fade_out_m is None:
        reason = "Nobody stated a fade-out distance; give one in metres."
    if finds is None or fade_out_m is None:
        return AreaShare(0.0, searched_m2, None, reason=reason)
    near = dissolve(_circles(shapely.get_parts(finds.places), fade_out_m))
    near_m2 = min(float(shapely.area(_shared_parts(searched, near)).sum()), searched_m2)
    return area_share(near_m2, searched_m2, "No recorded land is known to be investigated.")


def _circles(points: Geometries, radius_m: float) -> Geometries:
    """Polygons in place of circles, drawn a little large so that each has its circle's area."""
    corners = 4 * _CIRCLE_SEGMENTS
    larger = np.sqrt(2 * np.pi / (corners * np.sin(2 * np.pi / corners)))
    return np.asarray(shapely.buffer(points, radius_m * larger, quad_segs=_CIRCLE_SEGMENTS), dtype=object)
