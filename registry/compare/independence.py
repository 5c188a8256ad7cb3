"""Independence (M17): positions that come from the map and not from the ground, and positions used more than once."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray

from registry import geometry
from registry.compare.areas import RankedRecords, lonlat
from registry.compare.coarse import GRIDS, rounded, to_utm
from registry.compare.containment import EventClass
from registry.compare.proximity import chained, close_pairs, count_within, distinct, near_pairs
from registry.compare.uncertainty import Share, cells, design_effect, event_share, wilson_share
from registry.geometry import Geometries

SAME_M = 1.0
"""A position this close to another is taken for the same position."""

JITTER_M = 50.0
"""What chance would give is counted with every event moved at random by at most this far."""

Mask = NDArray[np.bool_]
Places = NDArray[np.float64]


class Sign(StrEnum):
    """What may tell that a position was not taken on the ground, or not for this event alone."""

    RECORD_VERTEX = "record-vertex"
    RECORD_CENTROID = "record-centroid"
    SURVEYED_VERTEX = "surveyed-vertex"
    SURVEYED_POSITION = "surveyed-position"
    ON_THE_MAP = "on-the-map"
    REPEATED = "repeated-coordinate"
    REPEATED_NEARLY = "repeated-within-1-m"
    COARSE_GRID = "coarse-grid"


@dataclass(frozen=True)
class Dependence:
    """The events that show one sign, and M1 without them.

    Of a repeated coordinate all events but one are counted, and that one stays in ``inside_without``. ``exact`` of the
    ``events`` have the very coordinates of the map, None where the sign is not about the map. ``expected`` is how many
    chance would give, None where no chance is defined: the sign means something where ``events`` is well above it.
    ``grid`` names the grid of a coarse position. ``share`` is of all events.
    """

    sign: Sign
    grid: str | None
    events: int
    exact: int | None
    expected: float | None
    share: Share
    inside_without: Share


@dataclass(frozen=True)
class Independence:
    """Metric M17, of the located events in scope.

    ``distinct_positions`` counts coordinates, ``distinct_within_1_m`` groups of positions chained by steps of at most
    1 m. ``events_sharing`` have their coordinates with another event; ``most_on_one`` is the largest number on one.
    ``effective_events`` is Kish's number: the square of the number of events / the sum of the squared numbers on each
    coordinate. ``occupied_cells`` are those of 5 km; ``design_effect`` says how many times larger dependence within
    them makes the variance of ``inside`` (M1), None where that has no value.
    """

    events: int
    distinct_positions: int
    distinct_within_1_m: int
    events_sharing: int
    most_on_one: int
    effective_events: float
    occupied_cells: int
    design_effect: float | None
    inside: Share
    signs: tuple[Dependence, ...]


@dataclass(frozen=True)
class _Found:
    """The events that show a sign, as a mask."""

    sign: Sign
    shown: Mask
    exact: int | None = None
    expected: float | None = None
    grid: str | None = None


def measure_independence(
    classified: GeoDataFrame, records: RankedRecords, *, surveyed: GeoDataFrame | None = None
) -> Independence:
    """Find events whose position may come from the map, and say what M1 is without them (M17).

    Parameters
    ----------
    classified
        Events with ``event_class``, as `registry.compare.containment.measure_accuracy` gives them. Those without a
        position and those out of scope are left out.
    records
        The records that they were compared with.
    surveyed
        Surveyed areas, or points of suspected minefields, with a CRS.

    Raises
    ------
    CompareError
        If more positions lie within 1 m of each other than can be held.

    Notes
    -----
    An event is on a position of the map if it is within 1 m of it. That alone proves nothing where the map is dense,
    so each number stands beside the one expected if every event were moved at random within 50 m: positions of the map
    within 50 m of it times (1 m / 50 m) squared, at most 1, summed over the events. Where discs of 1 m overlap this is
    too many, never too few. Distances are taken on the plane of the records, within 0.2 % of geodesic ones for a
    country.
    """
    event_class = classified["event_class"].to_numpy(dtype=object)
    used = ~np.isin(event_class, [EventClass.UNLOCATED.value, EventClass.OUT_OF_SCOPE.value])
    points = lonlat(classified)[used]
    degrees = shapely.get_coordinates(points)
    xy = shapely.get_coordinates(geometry.project(points, geometry.WGS84, records.plane))
    inside = event_class[used] == EventClass.INSIDE.value
    any_record = bool(len(records.polygons))

    def containment(kept: Mask) -> Share:
        if any_record:
            return event_share(inside[kept], xy[kept])
        return Share(0, int(np.count_nonzero(kept)), reason="No plotted record is compared.")

    times = distinct(xy).times
    nearly = _repeated_nearly(xy)
    found = [*_on_the_map(xy, records, surveyed), _repeated(xy), nearly, *_on_grids(degrees)]
    return Independence(
        events=len(xy),
        distinct_positions=len(times),
        distinct_within_1_m=int(np.count_nonzero(~nearly.shown)),
        events_sharing=int(times[times > 1].sum()),
        most_on_one=int(times.max(initial=0)),
        effective_events=float(len(xy) ** 2 / (times**2).sum()) if len(xy) else 0.0,
        occupied_cells=len(np.unique(cells(xy))),
        design_effect=design_effect(inside, xy) if any_record and len(xy) else None,
        inside=containment(np.full(len(xy), True)),
        signs=tuple(_dependence(each, containment(~each.shown)) for each in found),
    )


def _dependence(found: _Found, inside_without: Share) -> Dependence:
    number = int(np.count_nonzero(found.shown))
    share = wilson_share(number, len(found.shown))
    return Dependence(found.sign, found.grid, number, found.exact, found.expected, share, inside_without)


def _on_the_map(xy: Places, records: RankedRecords, surveyed: GeoDataFrame | None) -> Iterator[_Found]:
    """Events on a vertex or centroid of the records, or of what was surveyed; and on any of these."""
    positions = {
        Sign.RECORD_VERTEX: _vertices(records.polygons),
        Sign.RECORD_CENTROID: _centroids(records.polygons),
    }
    if surveyed is not None:
        shapes = geometry.project(lonlat(surveyed), geometry.WGS84, records.plane)
        positions[Sign.SURVEYED_VERTEX] = _vertices(shapes[shapely.get_dimensions(shapes) > 0])
        positions[Sign.SURVEYED_POSITION] = _centroids(shapes)
    spots = distinct(np.concatenate(list(positions.values())))
    is_of = dict.fromkeys((*positions, Sign.ON_THE_MAP), np.full(len(spots.places), True))
    ends = np.cumsum([len(each) for each in positions.values()])
    for sign, number in zip(positions, np.split(spots.number, ends), strict=False):
        is_of[sign] = np.bincount(number, minlength=len(spots.places)) > 0
    around = {sign: np.zeros(len(xy)) for sign in is_of}
    nearest_m = {sign: np.full(len(xy), np.inf) for sign in is_of}
    for event, place, distance_m in near_pairs(xy, spots.places, JITTER_M):
        for sign, member in is_of.items():
            counts = member[place]
            around[sign] += np.bincount(event[counts], minlength=len(xy))
            np.minimum.at(nearest_m[sign], event[counts], distance_m[counts])
    for sign in is_of:
        chance = np.minimum(around[sign] * (SAME_M / JITTER_M) ** 2, 1.0)
        on_it = nearest_m[sign]
        yield _Found(sign, on_it <= SAME_M, int(np.count_nonzero(on_it == 0)), float(chance.sum()))


def _vertices(shapes: Geometries) -> Places:
    return np.asarray(shapely.get_coordinates(shapes))


def _centroids(shapes: Geometries) -> Places:
    """Centroids; of a point the point itself, to the last digit."""
    positions = np.where(shapely.get_type_id(shapes) == 0, shapes, shapely.centroid(shapes))
    return np.asarray(shapely.get_coordinates(positions))


def _repeated(xy: Places) -> _Found:
    shown = np.full(len(xy), True)
    shown[distinct(xy).first] = False
    return _Found(Sign.REPEATED, shown)


def _repeated_nearly(xy: Places) -> _Found:
    """All events but one of each group of positions; the one is at the first coordinate, whatever the order of rows.

    By chance each two positions within 50 m of each other would be within 1 m with probability (1 m / 50 m) squared.
    """
    spots = distinct(xy)
    places, event = spots.places, spots.first
    shown = np.full(len(xy), True)
    if not len(places):
        return _Found(Sign.REPEATED_NEARLY, shown, expected=0.0)
    group = chained(len(places), *close_pairs(places, SAME_M))
    shown[event[np.unique(group, return_index=True)[1]]] = False
    pairs = (count_within(places, places, JITTER_M) - 1).sum() / 2
    return _Found(Sign.REPEATED_NEARLY, shown, expected=float(pairs * (SAME_M / JITTER_M) ** 2))


def _on_grids(degrees: Places) -> Iterator[_Found]:
    utm_m = to_utm(degrees)
    for grid in GRIDS:
        found = rounded(degrees, utm_m, grid)
        yield _Found(Sign.COARSE_GRID, found.on_grid, expected=found.expected, grid=grid.name)
