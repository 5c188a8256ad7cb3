"""Covering and nearest records by shapely alone: the first tier of `registry.compare.kernel`, and what the other obeys.

Events are taken along a space-filling curve, in chunks, on two threads. Neighbours in a chunk visit the same branches
of the tree, which alone is worth more than the second thread; shapely releases the interpreter's lock in both queries.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree

from registry.geometry import Geometries
from registry.threads import on_threads

CHUNK = 1_024
"""Events that a thread takes at a time."""

_EVERY = 8  # events, one of which the tree is asked for its nearest record
_WIDE = 4  # diagonals of a record; within so many an event has few records
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

    Distances decide, of all records that may be nearest. The tree's own answer only bounds them: it is slow to find,
    and it compares boxes by rounded distances, so that of equally near records some are missing at times.
    """
    bounds = shapely.bounds(tree.geometries)
    drawn = ~np.isnan(bounds[:, 0])
    if not drawn.any():
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0)
    wide_m = _WIDE * float(np.median(np.hypot(*(bounds[drawn, 2:] - bounds[drawn, :2]).T)))
    slack_m = max(np.abs(xy).max(initial=0.0), np.abs(bounds[drawn]).max()) * _SLACK

    def step(points: Geometries) -> tuple[NDArray[Any], ...]:
        reach_m = _to_record_of_a_neighbour_m(tree, points) + slack_m
        close, far = np.flatnonzero(reach_m <= wide_m), np.flatnonzero(reach_m > wide_m)
        met, its = _met(tree, bounds, points[close], reach_m[close])
        (some, _), at_least_m = tree.query_nearest(points[far], all_matches=False, return_distance=True)
        within, theirs = tree.query(points[far[some]], predicate="dwithin", distance=at_least_m + slack_m)
        event, record = np.concatenate([close[met], far[some[within]]]), np.concatenate([its, theirs])
        distance_m = shapely.distance(points[event], tree.geometries[record])
        order = np.lexsort((record, distance_m, event))
        first = order[np.flatnonzero(np.diff(event[order], prepend=-1))]
        return event[first], record[first], distance_m[first]

    event, record, distance_m = _in_chunks(step, xy)
    return event, record, distance_m


def _to_record_of_a_neighbour_m(tree: STRtree, points: Geometries) -> Floats:
    """Distance of each event to the record that is nearest to an event close by, or to itself."""
    number = np.arange(len(points))
    asked = number[_EVERY // 2 :: _EVERY] if len(points) > _EVERY // 2 else number[:1]
    nearest = tree.nearest(points[asked])[np.minimum(number // _EVERY, len(asked) - 1)]
    return np.asarray(shapely.distance(points, tree.geometries[nearest]))


def _met(tree: STRtree, bounds: Floats, points: Geometries, reach_m: Floats) -> tuple[Integers, Integers]:
    """Pairs of an event and a record whose box is within its reach."""
    x, y = shapely.get_coordinates(points).T
    event, record = tree.query(shapely.box(x - reach_m, y - reach_m, x + reach_m, y + reach_m))
    box = bounds[record].T
    across = np.maximum(np.maximum(box[0] - x[event], x[event] - box[2]), 0)
    along = np.maximum(np.maximum(box[1] - y[event], y[event] - box[3]), 0)
    within = np.hypot(across, along) <= reach_m[event]
    return event[within], record[within]


def _in_chunks(step: Callable[[Geometries], tuple[NDArray[Any], ...]], xy: Floats) -> list[NDArray[Any]]:
    """Run a query over many positions; the first array that it gives back numbers them."""
    if len(xy) <= _EVERY:
        return list(step(shapely.points(xy)))
    import geopandas

    points = shapely.points(xy)
    order = np.argsort(geopandas.GeoSeries(points).hilbert_distance().to_numpy(), kind="stable")
    chunks = [order[start : start + CHUNK] for start in range(0, len(order), CHUNK)]
    found = on_threads(lambda chunk: step(points[chunk]), chunks)
    event = np.concatenate([chunk[answer[0]] for chunk, answer in zip(chunks, found, strict=True)])
    return [event, *(np.concatenate(parts) for parts in list(zip(*found, strict=True))[1:])]
