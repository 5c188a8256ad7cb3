"""The hot part: which records hold which events, and the nearest record to each event.

Records are numbered by rank: the order in which they were certainly in hand. "Held by then" is then one number for an
event, and every record with a lower rank was there.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from shapely import STRtree

from registry.geometry import Geometries

TOLERANCE_M = 0.01
"""An event this close to a record is inside it, so that the noise of a reprojection does not decide."""

_CHUNK = 8_192  # events a thread takes at a time; fewer than this many need no second thread
_THREADS = 2

Ranks = NDArray[np.int64]
Mask = NDArray[np.bool_]
Pairs = tuple[Ranks, Ranks]


@dataclass(frozen=True)
class Matches:
    """Events against records, both by number.

    ``event`` and ``record`` are all covering pairs, sorted by event and then by the record's rank. ``nearest`` has
    one record for each event: the first that covers it, else the nearest one (the lowest rank among equally near
    ones), and -1 where there is no record.
    """

    event: Ranks
    record: Ranks
    nearest: Ranks

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
    same ``group`` number see the same records.
    """

    sees: Callable[[Ranks, Ranks], Mask]
    group: Ranks

    def __and__(self, other: "View") -> "View":
        """What both views see."""
        both = np.column_stack([self.group, other.group])
        group = np.unique(both, axis=0, return_inverse=True)[1].reshape(-1)
        return View(lambda event, record: self.sees(event, record) & other.sees(event, record), group)


def match(points: Geometries, polygons: Geometries) -> Matches:
    """Find all covering records of each event, and the nearest record of those that have none.

    Parameters
    ----------
    points
        Events on a plane in metres.
    polygons
        Valid records on the same plane, in rank order.
    """
    event, record = _covering(points, STRtree(polygons))
    nearest = _first(event, record, len(points))
    outside = np.flatnonzero(nearest < 0)
    nearest[outside] = _nearest(points[outside], polygons)
    return Matches(event, record, nearest)


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
    nearest = _first(event, record, len(points))
    unsettled = np.flatnonzero((nearest < 0) & (matches.nearest >= 0))
    still_seen = view.sees(unsettled, matches.nearest[unsettled])
    nearest[unsettled[still_seen]] = matches.nearest[unsettled[still_seen]]
    lost = unsettled[~still_seen]
    every = np.arange(len(polygons))
    for group in np.unique(view.group[lost]):
        again = lost[view.group[lost] == group]
        seen = every[view.sees(np.full(len(every), again[0]), every)]
        if len(seen):
            nearest[again] = seen[_nearest(points[again], polygons[seen])]
    return Matches(event, record, nearest)


def held_by_then(held: Ranks) -> View:
    """The view in which each event sees the records that were in hand: those with a rank below its number."""
    return View(lambda event, record: record < held[event], held)


def chosen_only(chosen: Mask, events: int) -> View:
    """The view in which each of so many events sees the chosen records."""
    return View(lambda _event, record: chosen[record], np.zeros(events, dtype=np.int64))


def _covering(points: Geometries, tree: STRtree) -> Pairs:
    def step(chunk: Geometries) -> Pairs:
        event, record = tree.query(chunk, predicate="dwithin", distance=TOLERANCE_M)
        return event, record

    return _sorted(*_in_chunks(step, points))


def _nearest(points: Geometries, polygons: Geometries) -> Ranks:
    if not len(polygons):
        return np.full(len(points), -1)
    tree = STRtree(polygons)

    def step(chunk: Geometries) -> Pairs:
        event, record = tree.query_nearest(chunk, all_matches=True)
        return event, record

    return _first(*_sorted(*_in_chunks(step, points)), len(points))


def _in_chunks(step: Callable[[Geometries], Pairs], points: Geometries) -> Pairs:
    """Run a tree query over many points: along a space-filling curve, in chunks, on two threads.

    Neighbours in a chunk visit the same branches of the tree, which alone is worth more than the second thread;
    shapely releases the interpreter's lock in both queries.
    """
    if len(points) <= _CHUNK:
        return step(points)
    import geopandas

    order = np.argsort(geopandas.GeoSeries(points).hilbert_distance().to_numpy(), kind="stable")
    starts = range(0, len(points), _CHUNK)
    with ThreadPoolExecutor(_THREADS) as pool:
        found = list(pool.map(lambda start: step(points[order[start : start + _CHUNK]]), starts))
    event = np.concatenate([order[start + pairs[0]] for start, pairs in zip(starts, found, strict=True)])
    return event, np.concatenate([pairs[1] for pairs in found])


def _sorted(event: Ranks, record: Ranks) -> Pairs:
    order = np.lexsort((record, event))
    return event[order], record[order]


def _first(event: Ranks, record: Ranks, events: int) -> Ranks:
    """The lowest rank of each event in sorted pairs, -1 where it has none."""
    result = np.full(events, -1)
    present, position = np.unique(event, return_index=True)
    result[present] = record[position]
    return result
