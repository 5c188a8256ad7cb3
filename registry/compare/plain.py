"""Covering and nearest records by shapely alone: the first tier of `registry.compare.kernel`, and what the other obeys.

Events are taken along a space-filling curve, in chunks, on two threads. Neighbours in a chunk visit the same branches
of the tree, which alone is worth more than the second thread; shapely releases the interpreter's lock in both queries.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree

from registry.geometry import Geometries

CHUNK = 1_024
"""Events that a thread takes at a time; fewer than this many need no second thread."""

_THREADS = 2
_SLACK = 2.0**-40  # of the largest coordinate: far more than the rounding of a distance

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Search:
    """Records in rank order, ready to be searched.

    Parameters
    ----------
    polygons
        Valid records on a plane, in rank order.
    """

    def __init__(self, polygons: Geometries) -> None:
        self._polygons = polygons

    @cached_property
    def _tree(self) -> STRtree:
        return STRtree(self._polygons)

    def covering(self, xy: Floats, within_m: float) -> tuple[Integers, Integers]:
        """All pairs of an event and a record that is within a distance of it, sorted by event and then by rank.

        At a distance of 0 the record covers the event, on its boundary too, by exact arithmetic;
        beside the boundary a distance can be rounded to 0.
        """
        tree = self._tree
        by = {"predicate": "dwithin", "distance": within_m} if within_m > 0 else {"predicate": "intersects"}

        def step(points: Geometries) -> tuple[NDArray[Any], ...]:
            return tuple(tree.query(points, **by))

        event, record = _in_chunks(step, xy)
        order = np.lexsort((record, event))
        return event[order], record[order]

    def nearest(self, xy: Floats, held: Integers | None = None) -> tuple[Integers, Floats]:
        """The nearest record of each event, the lowest rank among equally near ones, and the distance on the plane.

        Parameters
        ----------
        xy
            A row of two coordinates for each event.
        held
            How many records each event sees, in rank order; all where left out. Events that see none get -1 and an
            infinite distance.
        """
        record, distance_m = np.full(len(xy), -1), np.full(len(xy), np.inf)
        for cut in [len(self._polygons)] if held is None else np.unique(held[held > 0]).tolist():
            chosen = np.arange(len(xy)) if held is None else np.flatnonzero(held == cut)
            tree = self._tree if cut == len(self._polygons) else STRtree(self._polygons[:cut])
            event, found, found_m = _nearest(tree, xy[chosen])
            record[chosen[event]], distance_m[chosen[event]] = found, found_m
        return record, distance_m


def _nearest(tree: STRtree, xy: Floats) -> tuple[Integers, Integers, Floats]:
    """Events, by number, with their nearest record and how far it is; none where all records are empty.

    Of records that are equally near the tree names one, or not all: it compares boxes with rounded distances. So all
    records that are hardly farther are asked for, and their distances compared.
    """

    def step(points: Geometries) -> tuple[NDArray[Any], ...]:
        (some, _), at_least_m = tree.query_nearest(points, all_matches=False, return_distance=True)
        event, record = tree.query(points[some], predicate="dwithin", distance=at_least_m + slack_m)
        distance_m = shapely.distance(points[some[event]], tree.geometries[record])
        order = np.lexsort((record, distance_m, event))
        first = order[np.flatnonzero(np.diff(event[order], prepend=-1))]
        return some[event[first]], record[first], distance_m[first]

    if not len(tree.geometries):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0)
    slack_m = np.abs(np.concatenate([xy.ravel(), shapely.total_bounds(tree.geometries)])).max(initial=0) * _SLACK
    event, record, distance_m = _in_chunks(step, xy)
    return event, record, distance_m


def _in_chunks(step: Callable[[Geometries], tuple[NDArray[Any], ...]], xy: Floats) -> list[NDArray[Any]]:
    """Run a query over many positions; the first array that it gives back numbers them."""
    if len(xy) <= CHUNK:
        return list(step(shapely.points(xy)))
    import geopandas

    points = shapely.points(xy)
    order = np.argsort(geopandas.GeoSeries(points).hilbert_distance().to_numpy(), kind="stable")
    chunks = [order[start : start + CHUNK] for start in range(0, len(order), CHUNK)]
    with ThreadPoolExecutor(_THREADS) as pool:
        found = list(pool.map(lambda chunk: step(points[chunk]), chunks))
    event = np.concatenate([chunk[answer[0]] for chunk, answer in zip(chunks, found, strict=True)])
    return [event, *(np.concatenate(parts) for parts in list(zip(*found, strict=True))[1:])]
