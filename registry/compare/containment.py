"""Containment: how many recorded explosions lie inside the records, when, where, and how far off the others are."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

import numpy as np
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from shapely import STRtree

from registry import geometry
from registry.codes import DatePrecision
from registry.compare.areas import RankedRecords, district_names, lonlat, records_in_districts
from registry.compare.kernel import TOLERANCE_M, Matches, Ranks, held_only, match
from registry.compare.uncertainty import Share, wilson_share
from registry.errors import CompareError
from registry.geometry import Geometries

WITHIN_M = (0, 25, 50, 100, 250, 500, 1000)
"""Distances of the distance curve; 0 counts the events inside."""

OUT_OF_SCOPE = "out-of-scope"
"""The rule that removes events outside everything that the giving party says its batches cover."""

_METRES_PER_DEGREE = 111_320  # of latitude; turns the tolerance into degrees

Days = NDArray[np.datetime64]
Mask = NDArray[np.bool_]


class EventClass(StrEnum):
    """How an event lies to all records of the chosen batches."""

    INSIDE = "inside"
    NEAR = "near"
    OUTSIDE = "outside"
    OUT_OF_SCOPE = OUT_OF_SCOPE
    UNLOCATED = "unlocated"


@dataclass(frozen=True)
class Window:
    """Metrics M1 and M1c for a set of events.

    ``within_m`` counts the events within each distance of a record; at 0 it counts those inside. Distances are None
    where there is no event to take them of, or no record to take them to.
    """

    total: int
    inside: int
    outside: int
    share_inside: Share
    share_outside: Share
    within_m: Mapping[int, int]
    median_distance_m: float | None
    median_distance_outside_m: float | None
    p90_distance_outside_m: float | None


@dataclass(frozen=True)
class DistrictAccuracy(Window):
    """The events of one district, whatever their date; ``district`` is None for events in no district."""

    district: str | None
    district_id: str | None
    records_plotted: int | None


@dataclass(frozen=True)
class LeftOut:
    """Invalid records that were not repaired, and how many more events would be inside if they were."""

    records: int
    further_events_inside: int


@dataclass(frozen=True)
class Accuracy:
    """Metrics M1, M1c and M11.

    ``all`` is before + after + ``undated``: events that no date puts on one side of the first handover. Both windows
    are None where a batch has no handover date, and ``windows_reason`` says so. ``unfiltered`` is ``all`` without the
    rules in ``removed``, None where they removed nothing.
    """

    all: Window
    before_handover: Window | None
    after_handover: Window | None
    undated: int
    windows_reason: str | None
    events_received: int
    events_unlocated: int
    removed: Mapping[str, int]
    unfiltered: Window | None
    never_mapped: Share
    left_out: LeftOut
    by_district: tuple[DistrictAccuracy, ...]


@dataclass(frozen=True)
class LocatedEvents:
    """Events that have a position, matched with all records.

    ``points`` are on WGS 84, ``on_plane`` on the plane of the records. ``distance_m`` is geodesic: 0 inside, infinite
    where there is no record.
    """

    points: Geometries
    on_plane: Geometries
    matches: Matches
    distance_m: NDArray[np.float64]


def measure_accuracy(
    events: GeoDataFrame,
    records: RankedRecords,
    *,
    districts: GeoDataFrame | None = None,
    scope: GeoDataFrame | None = None,
    unrepaired: GeoDataFrame | None = None,
    near_m: float = 100.0,
) -> tuple[Accuracy, GeoDataFrame]:
    """Compare events with records.

    Parameters
    ----------
    events
        Points with a CRS, None where the position is not known, and the columns ``batch_id``, ``accident_id``,
        ``occurred_on`` (the first day it can mean), ``occurred_on_precision`` and ``sigma_m``.
    records
        Plotted records in rank order.
    districts
        Polygons with the columns ``record_id`` and ``name``. An event on a shared border belongs to the first.
    scope
        What the giving party says its batches cover; events outside all of it are removed, and counted.
    unrepaired
        Records whose invalid geometry was not repaired; only ``left_out`` looks at them.
    near_m
        How far from a record an event still counts as near, where its own ``sigma_m`` is not stated.

    Returns
    -------
    accuracy, classified
        The figures; and each event with ``batch_id``, ``accident_id``, ``event_class``, ``records`` (those that cover
        it, else the nearest, as ``batch/record``), ``distance_m`` (NaN where there is none) and its geometry on
        WGS 84.

    Raises
    ------
    CompareError
        If ``near_m`` is not a distance or a layer has no CRS.
    """
    if not 0 <= near_m < np.inf:
        raise CompareError(f"A near distance of {near_m} m cannot be used; give a number of metres, 0 or more.")
    points = lonlat(events)
    is_located = ~(shapely.is_missing(points) | shapely.is_empty(points))
    located = locate(points[is_located], records)
    in_scope = np.full(len(located.points), True) if scope is None else first_area(located.points, lonlat(scope)) >= 0
    removed = int(np.count_nonzero(~in_scope))

    first_day, last_day = _days(events[is_located])
    before, after, reason = _sides(first_day, last_day, records)
    before, after = before & in_scope, after & in_scope
    held = np.where(after, records.held_before(first_day), 0)
    window = partial(measure_window, any_record=bool(len(records.polygons)))
    by_district, never_mapped = _by_district(located, in_scope, records, districts)
    accuracy = Accuracy(
        all=window(located.distance_m[in_scope]),
        before_handover=None if reason else window(located.distance_m[before]),
        after_handover=None if reason else window(distance_to_held_m(located, records, held)[after]),
        windows_reason=reason,
        undated=int(np.count_nonzero(in_scope & ~before & ~after)),
        events_received=len(events),
        events_unlocated=int(np.count_nonzero(~is_located)),
        removed={} if scope is None else {OUT_OF_SCOPE: removed},
        unfiltered=window(located.distance_m) if removed else None,
        never_mapped=never_mapped,
        left_out=_left_out(located, in_scope, records, unrepaired),
        by_district=by_district,
    )
    return accuracy, _classify(events, is_located, located, records, in_scope=in_scope, near_m=near_m)


def locate(points: Geometries, records: RankedRecords) -> LocatedEvents:
    """Match events with all records.

    Parameters
    ----------
    points
        Positions on WGS 84, longitude first; none may be missing.
    records
        Plotted records in rank order.
    """
    on_plane = geometry.project(points, geometry.WGS84, records.plane)
    matches = match(on_plane, records.polygons)
    return LocatedEvents(points, on_plane, matches, geodesic_distance_m(points, on_plane, matches, records))


def geodesic_distance_m(
    points: Geometries, on_plane: Geometries, matches: Matches, records: RankedRecords
) -> NDArray[np.float64]:
    """Geodesic distance in metres from each event to its nearest record: 0 inside, infinite without a record.

    The plane finds the nearest point of the record; the distance to it is taken on the WGS 84 ellipsoid.
    """
    distance = np.where(matches.nearest < 0, np.inf, 0.0)
    outside = np.flatnonzero(~matches.inside & (matches.nearest >= 0))
    if not len(outside):
        return distance
    lines = shapely.shortest_line(on_plane[outside], records.polygons[matches.nearest[outside]])
    foot = shapely.get_coordinates(geometry.project(shapely.get_point(lines, 1), records.plane, geometry.WGS84))
    event = shapely.get_coordinates(points[outside])
    distance[outside] = geometry.GEOD.inv(event[:, 0], event[:, 1], foot[:, 0], foot[:, 1])[2]
    return distance


def distance_to_held_m(located: LocatedEvents, records: RankedRecords, held: Ranks) -> NDArray[np.float64]:
    """Geodesic distance in metres from each event to the records that were in hand, infinite where none was.

    Parameters
    ----------
    located, records
        The events, and the records that they were matched with.
    held
        For each event, how many records were in hand (see `RankedRecords.held_before`).
    """
    matches = held_only(located.matches, located.on_plane, records.polygons, held)
    return geodesic_distance_m(located.points, located.on_plane, matches, records)


def measure_window(distance_m: NDArray[np.float64], *, any_record: bool = True) -> Window:
    """Reduce the distances of a set of events to M1 and M1c.

    Parameters
    ----------
    distance_m
        One for each event: 0 inside, infinite where there is no record.
    any_record
        Whether there is any record to be inside of; without one the events are counted and no share is given.
    """
    total = len(distance_m)
    outside = distance_m[distance_m > 0]
    inside = total - len(outside)
    share = wilson_share if any_record else _share_of_nothing
    return Window(
        total=total,
        inside=inside,
        outside=len(outside),
        share_inside=share(inside, total),
        share_outside=share(len(outside), total),
        within_m={limit: int(np.count_nonzero(distance_m <= limit)) for limit in WITHIN_M},
        median_distance_m=_quantile(distance_m, 0.5),
        median_distance_outside_m=_quantile(outside, 0.5),
        p90_distance_outside_m=_quantile(outside, 0.9),
    )


def first_area(points: Geometries, areas: Geometries) -> NDArray[np.int64]:
    """Number of the first area that each point lies in or on the border of, -1 where there is none.

    Parameters
    ----------
    points, areas
        On WGS 84, where borders are straight as they were drawn; on a plane a long shared border bends away.
    """
    point, area = STRtree(areas).query(points, predicate="dwithin", distance=TOLERANCE_M / _METRES_PER_DEGREE)
    first = np.full(len(points), len(areas))
    np.minimum.at(first, point, area)
    first[first == len(areas)] = -1
    return first


def _sides(first_day: Days, last_day: Days, records: RankedRecords) -> tuple[Mask, Mask, str | None]:
    """Which events are surely before or on the first handover, which surely after it; else why that is not known.

    The first handover of several is as late as the earliest of their last days.
    """
    neither = np.zeros(len(first_day), dtype=bool)
    dates = [handed_over_on for _, handed_over_on in records.batches if handed_over_on is not None]
    without = ", ".join(batch_id for batch_id, handed_over_on in records.batches if handed_over_on is None)
    if without:
        return neither, neither, f"No handover date is known for {without}."
    if not dates:
        return neither, neither, "No minefields layer is compared, so there is no handover date."
    handover_first, handover_last = min(date.first for date in dates), min(date.last for date in dates)
    return last_day <= np.datetime64(handover_first), first_day > np.datetime64(handover_last), None


def _days(events: GeoDataFrame) -> tuple[Days, Days]:
    """First and last day that each event's date can mean; not-a-time where it has none, which no side includes."""
    first = events["occurred_on"].to_numpy(dtype="datetime64[D]")
    precision = events["occurred_on_precision"].to_numpy(dtype=object, na_value=None)
    last = first.copy()
    for name, unit in ((DatePrecision.MONTH, "M"), (DatePrecision.YEAR, "Y")):
        coarse = np.array([value == name for value in precision], dtype=bool)
        following = first[coarse].astype(f"datetime64[{unit}]") + 1
        last[coarse] = following.astype("datetime64[D]") - 1
    return first, last


def _by_district(
    located: LocatedEvents, eligible: Mask, records: RankedRecords, districts: GeoDataFrame | None
) -> tuple[tuple[DistrictAccuracy, ...], Share]:
    """Windows by district, most events first and those in no district last; and M11."""
    total = int(np.count_nonzero(eligible))
    if districts is None:
        return (), Share(None, total, reason="No districts layer is compared.")
    distance_m = located.distance_m[eligible]
    district = first_area(located.points[eligible], lonlat(districts))
    plotted = records_in_districts(records, districts)
    names = district_names(districts)
    measure = partial(measure_window, any_record=bool(len(records.polygons)))
    rows = []
    for index in np.unique(district[district >= 0]):
        window = measure(distance_m[district == index])
        district_id = str(districts["record_id"].iloc[index])
        rows.append(
            DistrictAccuracy(
                **vars(window), district=names[index], district_id=district_id, records_plotted=int(plotted[index])
            )
        )
    rows.sort(key=lambda row: (-row.total, row.district or "", row.district_id or ""))
    in_none = measure(distance_m[district < 0])
    rows.append(DistrictAccuracy(**vars(in_none), district=None, district_id=None, records_plotted=None))
    unmapped = int(np.count_nonzero(plotted[district[district >= 0]] == 0))
    return tuple(rows), wilson_share(unmapped, total)


def _left_out(
    located: LocatedEvents, eligible: Mask, records: RankedRecords, unrepaired: GeoDataFrame | None
) -> LeftOut:
    """What a repair of the invalid records would add to the events inside."""
    if unrepaired is None or not len(unrepaired):
        return LeftOut(0, 0)
    repaired = geometry.repair(lonlat(unrepaired)).geometries
    polygons = geometry.project(repaired[~shapely.is_missing(repaired)], geometry.WGS84, records.plane)
    outside = located.on_plane[eligible & ~located.matches.inside]
    tree = STRtree(polygons)
    further = np.unique(tree.query(outside, predicate="dwithin", distance=TOLERANCE_M)[0])
    return LeftOut(len(unrepaired), len(further))


def _classify(
    events: GeoDataFrame,
    is_located: Mask,
    located: LocatedEvents,
    records: RankedRecords,
    *,
    in_scope: Mask,
    near_m: float,
) -> GeoDataFrame:
    """Every event with its class, its records and its distance, in the order of ``events``."""
    sigma_m = events["sigma_m"].to_numpy(dtype=np.float64)[is_located]
    reach_m = np.where(np.isnan(sigma_m), near_m, 2 * sigma_m)
    near = located.distance_m <= reach_m
    inside = located.matches.inside
    event_class = np.full(len(events), EventClass.UNLOCATED.value, dtype=object)
    event_class[is_located] = np.select(
        [~in_scope, inside, near],
        [EventClass.OUT_OF_SCOPE.value, EventClass.INSIDE.value, EventClass.NEAR.value],
        EventClass.OUTSIDE.value,
    )
    distance_m = np.full(len(events), np.nan)
    distance_m[is_located] = np.where(np.isfinite(located.distance_m), located.distance_m, np.nan)
    named: list[tuple[str, ...]] = [()] * len(events)
    row = np.flatnonzero(is_located)
    starts = np.searchsorted(located.matches.event, np.arange(len(row) + 1))
    for index, nearest in enumerate(located.matches.nearest):
        covering = located.matches.record[starts[index] : starts[index + 1]]
        chosen = covering if len(covering) else ([nearest] if nearest >= 0 else [])
        named[row[index]] = tuple(records.record_ids[record] for record in chosen)
    return GeoDataFrame(
        {
            "batch_id": events["batch_id"].to_numpy(dtype=object),
            "accident_id": events["accident_id"].to_numpy(dtype=object),
            "event_class": event_class,
            "records": named,
            "distance_m": distance_m,
        },
        geometry=lonlat(events),
        crs=geometry.WGS84,
    )


def _share_of_nothing(numerator: int, denominator: int) -> Share:
    """All events lie outside of no record: that says nothing of any map."""
    return Share(numerator, denominator, reason="No plotted record is compared.")


def _quantile(distance_m: NDArray[np.float64], fraction: float) -> float | None:
    """Quantile by linear interpolation; None where there is nothing, or where it falls among infinite distances."""
    if not len(distance_m):
        return None
    ordered = np.sort(distance_m)
    position = (len(ordered) - 1) * fraction
    low, high = ordered[int(np.floor(position))], ordered[int(np.ceil(position))]
    return float(low + (high - low) * (position % 1)) if np.isfinite(high) else None
