"""Covering and nearest records in machine code: the second tier of `registry.compare.kernel`. It needs Numba.

Records are runs of edges along a space-filling curve under trees of boxes, and events are taken along such a curve too,
so that neighbours look at the same few runs and the answer of one bounds the search of the next. Doubles decide only
where their rounding error cannot matter; what is closer goes to GEOS, pair by pair.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pickle import UnpicklingError  # that Numba's files are read as
from typing import Any, TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import GeometryType

from registry.compare import curve, layout, seek
from registry.compare.machine import Floats, Integers, Records, Tree, at_hand
from registry.geometry import Geometries
from registry.threads import on_threads

_CHUNK = 16_384  # events that a thread takes at a time
_THREADS = os.cpu_count() or 1  # no answer depends on how many
_ENOUGH_FOR_A_PART = 200_000  # events that lie close enough to each other, sorted apart from the rest
_ERROR = 2.0**-47
"""How far a distance computed here can be from that of GEOS, as a part of the largest difference of coordinates.

Both compute with differences of coordinates, each within u = 2**-53 of its size; all here are parts of the distance to
the edge's start. The foot of the perpendicular is 9 u off (the part of the edge's length 4 u by the scalar product and
5 u by the quotient), the vector to it 13 u and the distance 16 u; to cut the part off at the edge's ends moves it no
farther. In GEOS the distance is 13 u off (4 u by the cross product, 9 u by quotient and root), and where rounding takes
the line for the end of the edge, or the end for the line, the two differ by no more than the foot is off: 22 u. Both
together are 38 u, with the diagonal for the largest difference 54 u; this is 64 u. Boxes are nearer by 3 u at most than
they are computed, for which a search that looks twice this farther than the nearest record has room.
"""

_LARGEST_M = 1e100
"""Coordinates beyond are left to shapely: their squares must not be infinite."""

Order = NDArray[np.uint32]
Pairs = NDArray[np.int32]

_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class Search:
    """Records made ready to be searched, see `search_for`: ``polygons`` in rank order, their edges, boxes of both."""

    polygons: Geometries
    low: Floats
    high: Floats
    records: Records
    by_record: Tree
    by_run: Tree

    def covering(self, xy: Floats, within_m: float) -> tuple[Integers, Integers]:
        """All pairs of an event and a record within a distance of it, see `registry.compare.plain.Search.covering`.

        Parameters
        ----------
        xy
            A row of two coordinates for each event, see `takes`.
        """
        xy, within_m = _as_compiled(xy, np.float64), float(within_m)
        error = self._error_m(xy)

        def listed(chunk: Order) -> Pairs:
            return _with_room(
                2 * len(chunk),
                lambda pairs: seek.covering(
                    xy,
                    chunk,
                    within_m,
                    error,
                    self.records,
                    self.by_record,
                    self.by_run,
                    np.empty(len(self.records.first_run), dtype=np.int64),
                    pairs,
                ),
            )

        pairs = np.concatenate(_in_chunks(xy, listed))
        unsure = np.flatnonzero(pairs[:, 1] < 0)
        if len(unsure):
            pairs[unsure, 1] = ~pairs[unsure, 1]
            points, polygons = shapely.points(xy[pairs[unsure, 0]]), self.polygons[pairs[unsure, 1]]
            held = shapely.dwithin(points, polygons, within_m) if within_m > 0 else shapely.intersects(polygons, points)
            pairs = np.delete(pairs, unsure[~held], axis=0)
        event, record = curve.by_event(pairs, len(xy))
        return event, record

    def nearest(self, xy: Floats, held: Integers | None = None) -> tuple[Integers, Floats]:
        """The nearest record of each event that no record covers, see `registry.compare.plain.Search.nearest`.

        Parameters
        ----------
        xy
            A row of two coordinates for each event, see `takes`.
        held
            How many records each event sees, in rank order; all where left out. Events that see none get -1 and an
            infinite distance.
        """
        xy = _as_compiled(xy, np.float64)
        error = self._error_m(xy)
        held = _as_compiled(np.empty(0) if held is None else held, np.int64)
        record, distance_m = np.empty(len(xy), dtype=np.int64), np.empty(len(xy))
        tied = np.empty(len(xy), dtype=np.bool_)
        _in_chunks(
            xy,
            lambda chunk: seek.nearest(xy, chunk, held, error, self.records, self.by_run, record, distance_m, tied),
        )
        unsure = np.flatnonzero(tied)
        if len(unsure):
            record[unsure], distance_m[unsure] = self._by_geos(xy, unsure, held, distance_m[unsure] + 2 * error)
        return record, distance_m

    def _by_geos(self, xy: Floats, events: Integers, held: Integers, reach: Floats) -> tuple[Integers, Floats]:
        """Nearest record of some events by the distances of GEOS, among those within reach."""
        number, rank = _with_room(
            4 * len(events),
            lambda pairs: seek.as_near(xy, events, held, reach, self.records, self.by_run, pairs),
        ).T
        distance_m = shapely.distance(shapely.points(xy[events[number]]), self.polygons[rank])
        order = np.lexsort((rank, distance_m, number))
        first = order[np.unique(number[order], return_index=True)[1]]
        return rank[first], distance_m[first]

    def _error_m(self, xy: Floats) -> float:
        """Bound of the rounding error of every distance between these events and these records."""
        left, below, right, above = curve.reach_of(xy)
        across = max(right, self.high[0]) - min(left, self.low[0])
        along = max(above, self.high[1]) - min(below, self.low[1])
        return float(max(across, along)) * _ERROR


def takes(xy: Floats) -> bool:
    """Whether events have coordinates that machine code can compute with."""
    return bool(xy.min(initial=0.0) >= -_LARGEST_M and xy.max(initial=0.0) <= _LARGEST_M)


def is_at_hand() -> bool:
    """Whether the code need not be compiled for this process alone, see `registry.compare.machine.at_hand`."""
    return at_hand(seek.nearest)


@cache
def is_ready() -> bool:
    """Whether all machine code can be loaded or compiled, tried on two squares once for a process.

    Kept code may be cut short where power failed, and a full disk takes none.
    """
    xy = np.array([[0.5, 0.5], [2.0, 0.5]])
    try:
        search = search_for(shapely.box([0, 3], [0, 0], [1, 4], [1, 1]))
        assert search is not None
        search.covering(xy, 0.0)
        search.nearest(xy)
    except (OSError, EOFError, UnpicklingError):
        return False
    return True


def search_for(polygons: Geometries) -> Search | None:
    """Make records ready; None where they have no land, or not only polygons with coordinates that `takes` takes.

    Parameters
    ----------
    polygons
        Valid records on a plane, in rank order.
    """
    bounds = shapely.bounds(polygons)
    known = np.isin(shapely.get_type_id(polygons), (GeometryType.POLYGON, GeometryType.MULTIPOLYGON))
    drawn = ~shapely.is_empty(polygons)
    if not (known.all() and drawn.any() and takes(bounds[drawn])):
        return None
    xy, first_corner, first_ring, ring = _corners(polygons)
    bits = xy.view(np.uint64)
    by_hash = np.argsort(layout.shape_hashes(bits, first_corner), kind="stable")
    alike = layout.twins_of(bits, first_corner, first_ring, ring, by_hash)
    shapes = np.flatnonzero((alike == np.arange(len(alike))) & drawn)
    shapes = shapes[along_curve((bounds[shapes, :2] + bounds[shapes, 2:]) / 2)]
    number = np.full(len(polygons), len(shapes))
    number[shapes] = np.arange(len(shapes))
    ranks = np.argsort(number[alike], kind="stable")
    first_rank = np.searchsorted(number[alike][ranks], np.arange(len(shapes) + 1))
    runs = _starts(-(-(np.diff(ring) - 1) // seek.EDGES))  # before each ring
    first_run = _starts(runs[first_ring[shapes + 1]] - runs[first_ring[shapes]])
    corners = np.empty((first_run[-1], 2, seek.EDGES + 1))
    owner, boxes = np.empty(first_run[-1], dtype=np.int64), np.empty((first_run[-1], 4))
    on_threads(
        lambda part: layout.lay_runs(xy, first_ring, ring, shapes, first_run, *part, corners, owner, boxes),
        list(pairwise(np.linspace(0, len(shapes), _THREADS + 1).astype(np.int64).tolist())),
        _THREADS,
    )
    return Search(
        polygons,
        np.nanmin(bounds[:, :2], axis=0),
        np.nanmax(bounds[:, 2:], axis=0),
        Records(corners, first_run, owner, ranks, first_rank),
        layout.tree_over(bounds[shapes], shapes, seek.FAN),
        layout.tree_over(boxes, shapes[owner], seek.FAN),
    )


def along_curve(xy: Floats) -> Order:
    """The order of positions along a space-filling curve."""
    left, below, right, above = curve.reach_of(xy)
    wide = max(right - left, above - below)
    return curve.order_of(curve.curve_places(xy, left, below, 65_535.0 / wide if wide > 0 else 0.0))


def _as_compiled(array: NDArray[Any], kind: type) -> NDArray[Any]:
    """An array in the one form that code is compiled for: for another it would be compiled anew."""
    return np.require(array, kind, ["C", "W"])


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


def _with_room(pairs: int, listing: Callable[[Pairs], int]) -> Pairs:
    """What a listing of pairs puts into an array, which is made longer until there is room."""
    while True:
        room = np.empty((pairs + 64, 2), dtype=np.int32)
        found = listing(room)
        if found >= 0:
            return room[:found].copy()
        pairs = 2 * len(room)


def _in_chunks(xy: Floats, step: Callable[[Order], _Answer]) -> Sequence[_Answer]:
    """Run a step over many events on all threads, in chunks of neighbours. Each thread sorts a part of the events."""
    parts = max(1, min(_THREADS, len(xy) // _ENOUGH_FOR_A_PART))
    starts = np.linspace(0, len(xy), parts + 1).astype(np.int64).tolist()
    ordered = on_threads(
        lambda part: along_curve(xy[part[0] : part[1]]) + np.uint32(part[0]), list(pairwise(starts)), _THREADS
    )
    chunks = [order[start : start + _CHUNK] for order in ordered for start in range(0, max(len(order), 1), _CHUNK)]
    return on_threads(step, chunks, _THREADS)
