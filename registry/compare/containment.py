"""Containment: events matched with records, their distances, and the two reduced to M1 and M1c."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

import numpy as np
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray

from registry import geometry
from registry.compare.areas import RankedRecords, lonlat
from registry.compare.kernel import TOLERANCE_M, Mask, Matches, Pairs, Ranks, View, covering, match, narrowed
from registry.compare.uncertainty import Share, event_share, wilson_share
from registry.geometry import Geometries

WITHIN_M = (0, 25, 50, 100, 250, 500, 1000)
"""Distances of the distance curve; 0 counts the events inside."""

_METRES_PER_DEGREE = 111_320  # of latitude; turns the tolerance into degrees


class EventClass(StrEnum):
    """How an event lies to the records that it may be held against."""

    INSIDE = "inside"
    NEAR = "near"
    OUTSIDE = "outside"
    OUT_OF_SCOPE = "out-of-scope"
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
class LocatedEvents:
    """Events that have a position, matched with records.

    ``points`` are on WGS 84, ``on_plane`` on the plane of the records. ``distance_m`` is geodesic: 0 inside, infinite
    where there is no record.
    """

    points: Geometries
    on_plane: Geometries
    matches: Matches
    distance_m: NDArray[np.float64]

    @property
    def xy(self) -> NDArray[np.float64]:
        """Coordinates on the plane, a row for each event."""
        return np.asarray(shapely.get_coordinates(self.on_plane))


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


def seen_only(located: LocatedEvents, records: RankedRecords, view: View) -> LocatedEvents:
    """The same events, held against only those of the records that each may be held against."""
    matches = narrowed(located.matches, located.on_plane, records.polygons, view)
    same = (matches.nearest == located.matches.nearest) & (matches.inside == located.matches.inside)
    distance_m, changed = located.distance_m.copy(), np.flatnonzero(~same)
    distance_m[changed] = geodesic_distance_m(
        located.points[changed], located.on_plane[changed], _of_events(matches, changed), records
    )
    return LocatedEvents(located.points, located.on_plane, matches, distance_m)


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
    # To a micrometre, so that of two records equally far off it makes no difference which one is taken.
    distance[outside] = np.round(geometry.GEOD.inv(event[:, 0], event[:, 1], foot[:, 0], foot[:, 1])[2], 6)
    return distance


def measure_window(
    distance_m: NDArray[np.float64], xy: NDArray[np.float64] | None = None, *, any_record: bool = True
) -> Window:
    """Reduce the distances of a set of events to M1 and M1c.

    Parameters
    ----------
    distance_m
        One for each event: 0 inside, infinite where there is no record.
    xy
        Where each event lies on the plane, so that the intervals mind events that lie close together; None where every
        event is taken as independent of the others.
    any_record
        Whether there is any record to be inside of; without one the events are counted and no share is given.
    """
    total = len(distance_m)
    outside = distance_m[distance_m > 0]
    share = partial(_event_share, xy=xy, any_record=any_record)
    return Window(
        total=total,
        inside=total - len(outside),
        outside=len(outside),
        share_inside=share(distance_m == 0),
        share_outside=share(distance_m > 0),
        within_m={limit: int(np.count_nonzero(distance_m <= limit)) for limit in WITHIN_M},
        median_distance_m=_quantile(distance_m, 0.5),
        median_distance_outside_m=_quantile(outside, 0.5),
        p90_distance_outside_m=_quantile(outside, 0.9),
    )


def containment_share(numerator: int, denominator: int, *, any_record: bool) -> Share:
    """Share of events; without a value where there is no record, for then all lie outside of nothing."""
    if any_record:
        return wilson_share(numerator, denominator)
    return Share(numerator, denominator, reason="No plotted record is compared.")


def _event_share(counted: Mask, *, xy: NDArray[np.float64] | None, any_record: bool) -> Share:
    if xy is None or not any_record:
        return containment_share(int(np.count_nonzero(counted)), len(counted), any_record=any_record)
    return event_share(counted, xy)


def located_mask(events: GeoDataFrame) -> Mask:
    """Which events have a position."""
    points = lonlat(events)
    return np.asarray(~(shapely.is_missing(points) | shapely.is_empty(points)), dtype=bool)


def areas_holding(points: Geometries, areas: Geometries) -> Pairs:
    """All pairs of a point and an area that it lies in or on the border of, by number.

    Parameters
    ----------
    points, areas
        On WGS 84, where borders are straight as they were drawn; on a plane a long shared border bends away.
    """
    return covering(points, areas, TOLERANCE_M / _METRES_PER_DEGREE)


def first_area(points: Geometries, areas: Geometries) -> Ranks:
    """Number of the first area that each point lies in or on the border of, -1 where there is none.

    Parameters
    ----------
    points, areas
        On WGS 84, see `areas_holding`.
    """
    point, area = areas_holding(points, areas)
    first = np.full(len(points), len(areas))
    np.minimum.at(first, point, area)
    first[first == len(areas)] = -1
    return first


def _of_events(matches: Matches, chosen: Ranks) -> Matches:
    """Matches of some of the events, which are numbered anew."""
    number = np.full(len(matches.nearest), -1)
    number[chosen] = np.arange(len(chosen))
    keep = number[matches.event] >= 0
    return Matches(
        number[matches.event[keep]], matches.record[keep], matches.nearest[chosen], matches.distance_m[chosen]
    )


def _quantile(distance_m: NDArray[np.float64], fraction: float) -> float | None:
    ordered = np.sort(distance_m)
    return quantile_of(ordered.__getitem__, len(ordered), fraction)


def quantile_of(at: Callable[[int], float], number: int, fraction: float) -> float | None:
    """Quantile by linear interpolation; None where there is nothing, or where it falls among infinite distances.

    Parameters
    ----------
    at
        Gives the distance of a rank, from 0.
    number
        How many there are.
    """
    if not number:
        return None
    position = (number - 1) * fraction
    low, high = at(int(np.floor(position))), at(int(np.ceil(position)))
    return float(low + (high - low) * (position % 1)) if np.isfinite(high) else None
