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
    def inside(self) -> NDArray[np.bool_]:
        """Whether any record covers the event, for each event."""
        covered = np.zeros(len(self.nearest), dtype=bool)
        covered[self.event] = True
        return covered


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


def held_only(matches: Matches, points: Geometries, polygons: Geometries, held: Ranks) -> Matches:
    """Narrow matches to the records that were in hand for each event.

    Parameters
    ----------
    matches
        What `match` made of the same events and records.
    held
        For each event, how many records were in hand: those with a rank below this number.
    """
    keep = matches.record < held[matches.event]
    event, record = matches.event[keep], matches.record[keep]
    nearest = _first(event, record, len(points))
    still_nearest = (nearest < 0) & (matches.nearest < held)
    nearest[still_nearest] = matches.nearest[still_nearest]
    for count in np.unique(held[nearest < 0]):
        again = np.flatnonzero((nearest < 0) & (held == count))
        nearest[again] = _nearest(points[again], polygons[:count])
    return Matches(event, record, nearest)


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
