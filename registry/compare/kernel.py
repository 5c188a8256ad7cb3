"""The hot part: which records hold which events, and the nearest record to each event.

Records are numbered by rank: the order in which they were certainly in hand. "Held by then" is then one number for an
event, and every record with a lower rank was there.

There are two tiers with the same answers: shapely, always there; and machine code (`registry.compare.fast`), where
Numba is installed and there are so many events that loading it pays.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import shapely
from numpy.typing import NDArray

from registry.compare import plain
from registry.geometry import Geometries

TOLERANCE_M = 0.01
"""An event this close to a record is inside it, so that the noise of a reprojection does not decide."""

FAST_FROM, FAST_FROM_ONCE_LOADED = 25_000, 2_000
"""So many events make up for the half second in which Numba and the code that it keeps on disk are loaded.

One that has to be compiled first, for six seconds, is there for every later run.
"""

FAST_FROM_UNKEPT = 2_000_000
"""So many events make up for compiling, where the disk has no place for the code."""

_RECORDS_PER_EVENT = 8
"""Making so many records ready in machine code takes longer by what an event saves."""

Ranks = NDArray[np.int64]
Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]
Pairs = tuple[Ranks, Ranks]


@dataclass(frozen=True)
class Matches:
    """Events against records, both by number.

    ``event`` and ``record`` are all covering pairs, sorted by event and then by the record's rank. ``nearest`` has
    one record for each event: the first that covers it, else the nearest one (the lowest rank among equally near
    ones), and -1 where there is no record. ``distance_m`` is how far that is on the plane: 0 where a record covers the
    event, infinite where there is none.
    """

    event: Ranks
    record: Ranks
    nearest: Ranks
    distance_m: Floats

    @property
    def inside(self) -> Mask:
        """Whether any record covers the event, for each event."""
        covered = np.zeros(len(self.nearest), dtype=bool)
        covered[self.event] = True
        return covered


@dataclass(frozen=True)
class View:
    """Which records each event may be held against.

    ``sees`` takes as many event numbers as record numbers and says of each pair whether it counts. Events with the
    same ``group`` number see the same records. Where an event sees just the records of the lowest ranks, ``below`` has
    how many, for each event.
    """

    sees: Callable[[Ranks, Ranks], Mask]
    group: Ranks
    below: Ranks | None = None

    def __and__(self, other: "View") -> "View":
        """What both views see."""
        both = self.group * (int(other.group.max(initial=0)) + 1) + other.group
        group = np.unique(both, return_inverse=True)[1].reshape(-1)
        return View(lambda event, record: self.sees(event, record) & other.sees(event, record), group)


class Search(Protocol):
    """Records made ready to be searched, in either tier."""

    def covering(self, xy: Floats, within_m: float) -> Pairs:
        """All pairs of an event and a record that is within a distance of it, sorted by event and then by rank."""

    def nearest(self, xy: Floats, held: Ranks | None = None) -> tuple[Ranks, Floats]:
        """Nearest record of each event that none covers, and how far; of those below its number held."""


def match(points: Geometries, polygons: Geometries) -> Matches:
    """Find all covering records of each event, and the nearest record of those that have none.

    Parameters
    ----------
    points
        Events on a plane in metres, none of them empty.
    polygons
        Valid records on the same plane, in rank order.
    """
    return match_places(shapely.get_coordinates(points), polygons)


def match_places(xy: Floats, polygons: Geometries) -> Matches:
    """Do as `match` does, for events given by a row of two coordinates each."""
    search = search_for(xy, polygons)
    event, record = search.covering(xy, TOLERANCE_M)
    nearest, distance_m = _first(event, record, len(xy)), np.zeros(len(xy))
    outside = np.flatnonzero(nearest < 0)
    nearest[outside], distance_m[outside] = search.nearest(xy[outside])
    return Matches(event, record, nearest, distance_m)


def covering(points: Geometries, polygons: Geometries, within: float) -> Pairs:
    """All pairs of a point and a polygon that is within a distance of it, sorted by point and then by polygon.

    Parameters
    ----------
    points
        None of them empty.
    polygons
        Valid ones, on the same plane.
    within
        In units of the plane.
    """
    xy = shapely.get_coordinates(points)
    return search_for(xy, polygons).covering(xy, within)


def narrowed(matches: Matches, points: Geometries, polygons: Geometries, view: View) -> Matches:
    """Narrow matches to the records that each event may be held against.

    Parameters
    ----------
    matches
        What `match` made of the same events and records, or this function by a view that sees no less.
    view
        Of the same events and records.
    """
    keep = view.sees(matches.event, matches.record)
    event, record = matches.event[keep], matches.record[keep]
    nearest, distance_m = _first(event, record, len(points)), np.zeros(len(points))
    unsettled = np.flatnonzero(nearest < 0)
    found = matches.nearest[unsettled] >= 0
    found[found] = view.sees(unsettled[found], matches.nearest[unsettled[found]])
    same, lost = unsettled[found], unsettled[~found]
    nearest[same], distance_m[same] = matches.nearest[same], matches.distance_m[same]
    nearest[lost], distance_m[lost] = _nearest_seen(shapely.get_coordinates(points[lost]), lost, polygons, view)
    return Matches(event, record, nearest, distance_m)


def search_for(xy: Floats, polygons: Geometries) -> Search:
    """Make records ready for these events: in machine code where that can be had and pays, else by shapely."""
    least = FAST_FROM_ONCE_LOADED if "registry.compare.fast" in sys.modules else FAST_FROM
    if len(xy) < least + len(polygons) // _RECORDS_PER_EVENT:
        return plain.Search(polygons)
    try:
        from registry.compare import fast
    except (ImportError, OSError):  # Numba is not installed, not for this NumPy, or its library cannot be loaded
        return plain.Search(polygons)
    pays = fast.is_at_hand() or len(xy) >= FAST_FROM_UNKEPT
    search = fast.search_for(polygons) if pays and fast.takes(xy) and fast.is_ready() else None
    return search or plain.Search(polygons)


def held_by_then(held: Ranks) -> View:
    """The view in which each event sees the records that were in hand: those with a rank below its number."""
    return View(lambda event, record: record < held[event], held, held)


def chosen_only(chosen: Mask, events: int) -> View:
    """The view in which each of so many events sees the chosen records."""
    return View(lambda _event, record: chosen[record], np.zeros(events, dtype=np.int64))


def _nearest_seen(xy: Floats, events: Ranks, polygons: Geometries, view: View) -> tuple[Ranks, Floats]:
    """Nearest record that each of some events sees, and how far it is."""
    if view.below is not None:
        return search_for(xy, polygons).nearest(xy, view.below[events])
    nearest, distance_m = np.full(len(events), -1), np.full(len(events), np.inf)
    every = np.arange(len(polygons))
    for group in np.unique(view.group[events]):
        again = np.flatnonzero(view.group[events] == group)
        seen = every[view.sees(np.full(len(every), events[again[0]]), every)]
        if len(seen):
            found, distance_m[again] = search_for(xy[again], polygons[seen]).nearest(xy[again])
            nearest[again] = np.where(found < 0, -1, seen[found])
    return nearest, distance_m


def _first(event: Ranks, record: Ranks, events: int) -> Ranks:
    """The lowest rank of each event in sorted pairs, -1 where it has none."""
    result = np.full(events, -1)
    starts = np.flatnonzero(np.diff(event, prepend=-1))
    result[event[starts]] = record[starts]
    return result
