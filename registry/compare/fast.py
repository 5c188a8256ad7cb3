"""Covering and nearest records in machine code: the second tier of `registry.compare.kernel`. Importing needs Numba.

Records are runs of eight edges along a space-filling curve under a tree of boxes, and events are taken along the same
curve, so that neighbours look at the same few runs and the answer of one bounds the search of the next. Doubles decide
only where their rounding error cannot matter; what is closer goes to GEOS, pair by pair.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import shapely
from shapely import GeometryType

from registry.compare import compiled
from registry.compare.compiled import Floats, Integers, Records, Tree
from registry.geometry import Geometries

_CHUNK = 16_384  # events that a thread takes at a time
_THREADS = os.cpu_count() or 1
_ERROR = 2.0**-47
"""How far a distance computed here can be from that of GEOS, as a part of the largest difference of coordinates.

Both compute with differences of coordinates, each within half a unit u = 2**-53 of its size. Here the foot of the
perpendicular is 9 u of the distance to the edge's start off, the vector to it 13 u and the distance 16 u; in GEOS the
distance is 13 u off. With a factor of 1.5 for the diagonal both together are below 44 u; this is 64 u.
"""

_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class Index:
    """Records made ready for the search: ``polygons`` in rank order, and their edges and boxes."""

    polygons: Geometries
    low: Floats
    high: Floats
    records: Records
    by_record: Tree
    by_run: Tree


def index_of(polygons: Geometries) -> Index | None:
    """Make records ready; None where none of them has any land.

    Parameters
    ----------
    polygons
        Valid polygons on a plane, in rank order, all coordinates finite.
    """
    xy, first_corner, first_ring, ring = _corners(polygons)
    if not len(xy):
        return None
    bits = xy.view(np.uint64)
    order = np.argsort(compiled.shape_hashes(bits, first_corner), kind="stable")
    same = compiled.twins_of(bits, first_corner, first_ring, ring, order)
    bounds = shapely.bounds(polygons)
    low, high = np.nanmin(bounds[:, :2], axis=0), np.nanmax(bounds[:, 2:], axis=0)
    shapes = np.flatnonzero((same == np.arange(len(same))) & (np.diff(first_corner) > 0))
    shapes = shapes[along_curve((bounds[shapes, :2] + bounds[shapes, 2:]) / 2)]
    corners, first_run, owner, boxes = compiled.runs_of(xy, first_ring, ring, shapes)
    number = np.full(len(same), len(shapes))
    number[shapes] = np.arange(len(shapes))
    ranks = np.argsort(number[same], kind="stable")
    first_rank = np.searchsorted(number[same][ranks], np.arange(len(shapes) + 1))
    return Index(
        polygons,
        low,
        high,
        Records(corners, first_run, owner, ranks, first_rank),
        compiled.tree_over(bounds[shapes], shapes),
        compiled.tree_over(boxes, shapes[owner]),
    )


def covering(index: Index, xy: Floats, within_m: float) -> tuple[Integers, Integers]:
    """All pairs of an event and a record that covers it or is within a distance, sorted by event and then by rank.

    Parameters
    ----------
    xy
        A row of two finite coordinates for each event.
    within_m
        0 for what covers the event, its boundary included.
    """
    order, error = along_curve(xy), _error_m(index, xy)

    def listed(chunk: Integers) -> Integers:
        return _with_room(
            2 * len(chunk),
            lambda pairs: compiled.covering(
                xy, chunk, within_m, error, index.records, index.by_record, index.by_run, np.empty(len(pairs) // 64 + 128, dtype=np.int64), pairs
            ),
        )

    pairs = np.concatenate(_in_chunks(order, listed))
    unsure = np.flatnonzero(pairs[:, 2] == compiled.UNSURE)
    if len(unsure):
        points, polygons = shapely.points(xy[pairs[unsure, 0]]), index.polygons[pairs[unsure, 1]]
        pairs = np.delete(pairs, unsure[~shapely.dwithin(points, polygons, within_m)], axis=0)
    pairs = compiled.sorted_pairs(pairs, len(xy), len(index.polygons))
    return pairs[:, 0].copy(), pairs[:, 1].copy()


def nearest(index: Index, xy: Floats, held: Integers | None = None) -> tuple[Integers, Floats]:
    """The nearest record of each event that no record covers, and how far it is.

    Parameters
    ----------
    xy
        A row of two finite coordinates for each event.
    held
        How many records each event sees, in rank order; all where left out.

    Returns
    -------
    record
        The lowest rank among equally near ones; -1 where the event sees none.
    distance_m
        On the plane; infinite where the event sees none.
    """
    order, error = along_curve(xy), _error_m(index, xy)
    held = np.empty(0, dtype=np.int64) if held is None else held
    record, distance_m = np.empty(len(xy), dtype=np.int64), np.empty(len(xy))
    tied = np.empty(len(xy), dtype=bool)
    _in_chunks(
        order,
        lambda chunk: compiled.nearest(
            xy, chunk, held, error, index.records, index.by_run, record, distance_m, tied
        ),
    )
    unsure = np.flatnonzero(tied)
    if len(unsure):
        reach = distance_m[unsure] + 2 * error
        number, rank, _ = _with_room(
            4 * len(unsure),
            lambda pairs: compiled.as_near(xy, unsure, held, reach, index.records, index.by_run, pairs),
        ).T
        distance = shapely.distance(shapely.points(xy[unsure[number]]), index.polygons[rank])
        best = np.lexsort((rank, distance, number))
        first = np.unique(number[best], return_index=True)[1]
        record[unsure], distance_m[unsure] = rank[best][first], distance[best][first]
    return record, distance_m


def along_curve(xy: Floats) -> Integers:
    """The order of positions along a space-filling curve."""
    if not len(xy):
        return np.empty(0, dtype=np.int64)
    left, below, right, above = compiled.reach_of(xy)
    wide = max(right - left, above - below)
    return compiled.order_of(compiled.curve_places(xy, left, below, 65_535.0 / wide if wide else 0.0))


def _corners(polygons: Geometries) -> tuple[Floats, Integers, Integers, Integers]:
    """Corners of all rings; first corner and first ring of each polygon; first corner of each ring."""
    xy, count = shapely.get_coordinates(polygons), shapely.get_num_coordinates(polygons).astype(np.int64)
    rings = (count > 0).astype(np.int64)
    several = (shapely.get_type_id(polygons) != GeometryType.POLYGON) | (shapely.get_num_interior_rings(polygons) > 0)
    parts, owner = shapely.get_parts(polygons[several], return_index=True)
    drawn, part = shapely.get_rings(parts, return_index=True)
    rings[several] = np.bincount(owner[part], minlength=int(np.count_nonzero(several)))
    lengths = np.repeat(count, rings)
    lengths[np.repeat(several, rings)] = shapely.get_num_coordinates(drawn)
    return xy, _starts(count), _starts(rings), _starts(lengths)


def _starts(lengths: Integers) -> Integers:
    """Where each of several stretches of these lengths starts, and where the last ends."""
    return np.concatenate([[0], np.cumsum(lengths)])


def _error_m(index: Index, xy: Floats) -> float:
    """Bound of the rounding error of every distance between these events and these records."""
    if not len(xy):
        return 0.0
    spread = np.maximum(index.high, xy.max(axis=0)) - np.minimum(index.low, xy.min(axis=0))
    return float(spread.max() * _ERROR)


def _with_room(pairs: int, listing: Callable[[Integers], int]) -> Integers:
    """What a listing of pairs puts into an array, which is made longer until there is room."""
    while True:
        room = np.empty((pairs + 64, 3), dtype=np.int64)
        found = listing(room)
        if found >= 0:
            return room[:found]
        pairs = 2 * len(room)


def _in_chunks(order: Integers, step: Callable[[Integers], _Answer]) -> Sequence[_Answer]:
    chunks = [order[start : start + _CHUNK] for start in range(0, max(len(order), 1), _CHUNK)]
    if len(chunks) == 1:
        return [step(chunks[0])]
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(step, chunks))
