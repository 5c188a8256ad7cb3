"""How much area polygons share, for many pairs at once.

A point lies in a polygon if straight above it one upper edge more than lower ones passes. Counted with a sign, +1 for
an upper edge and -1 for a lower one, the edges over each x sum to nothing. So, of the areas beneath both of two edges,
summed over all pairs of edges of two polygons, only the distances between the edges are left::

    shared area = -1/2 sum over edges e of one, f of the other: sign(e) sign(f) integral |e(x) - f(x)| dx

No intersection is built, and no predicate has to be exact: what moves little changes little, whether edges cross, touch
or lie on each other. Fields have some dozens of edges each; GEOS is asked where two have very many.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from registry.geometry import Geometries
from registry.threads import on_threads

_POLYGON = 3
# Less than any two coordinates differ by that are not written as numbers next to nothing.
_NO_RUN = 1e-100
_EDGE_PAIRS_MOST = 100_000
_EDGE_PAIRS_AT_ONCE = 200_000

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


def shared_areas(polygons: Geometries, i: Indices, j: Indices) -> Floats:
    """The area that ``polygons[i]`` and ``polygons[j]`` share, pair by pair.

    Parameters
    ----------
    polygons
        Valid polygons and multipolygons on one plane.

    Returns
    -------
    areas
        In the unit of the plane, exact but for rounding; of polygons that share nothing about 0, also below it.
    """
    used, position = np.unique(np.concatenate([i, j]), return_inverse=True)
    polygons, i, j = polygons[used], position[: len(i)], position[len(i) :]
    edges = _edges(polygons)
    number = np.diff(edges.first)[i] * np.diff(edges.first)[j]
    areas = np.zeros(len(i))
    many = number > _EDGE_PAIRS_MOST
    areas[many] = shapely.area(shapely.intersection(polygons[i[many]], polygons[j[many]]))
    few = np.flatnonzero(~many)
    part = np.cumsum(number[few]) // _EDGE_PAIRS_AT_ONCE
    parts = np.split(few, np.flatnonzero(np.diff(part)) + 1)
    areas[few] = np.concatenate(on_threads(lambda rows: _by_edges(edges, i[rows], j[rows]), parts))
    return areas


@dataclass(frozen=True, eq=False)
class _Edges:
    """The edges of polygons, one after the other, seen from west to east.

    ``sign`` is +1 where the polygon lies beneath the edge, -1 where above, and 0 where it is upright or no edge.
    The edges of a polygon begin at ``first[polygon]`` and end before ``first[polygon + 1]``. ``bounds`` are those of
    the polygons.
    """

    west: Floats
    east: Floats
    at_west: Floats
    slope: Floats
    sign: Floats
    first: Indices
    bounds: Floats


def _edges(polygons: Geometries) -> _Edges:
    rings, owner, is_shell = _rings(polygons)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    x, y = np.ascontiguousarray(xy.T)
    first = np.searchsorted(ring, np.arange(len(rings) + 1))
    # Each point with the next one. The last of a ring, which is its first again, has none.
    is_last = np.append(ring[1:] != ring[:-1], True)[: len(ring)]
    x0, y0, x1, y1 = x, y, np.roll(x, -1), np.roll(y, -1)
    rise, run = y1 - y0, x1 - x0
    # Twice the signed area beneath the edges, seen from where the ring begins.
    beneath = (x0 - x[first[ring]]) * rise - (y0 - y[first[ring]]) * run
    beneath[is_last] = 0.0
    is_left = np.bincount(ring, weights=beneath, minlength=len(rings)) > 0
    sign = np.where((run < 0) == (is_left == is_shell)[ring], 1.0, -1.0)
    is_upright = np.abs(run) < _NO_RUN
    sign[is_last | is_upright] = 0.0
    slope = np.divide(rise, run, out=np.zeros_like(run), where=~is_upright)
    of_polygon = np.searchsorted(owner, np.arange(len(polygons) + 1))
    return _Edges(
        west=np.minimum(x0, x1),
        east=np.maximum(x0, x1),
        at_west=np.where(run < 0, y1, y0),
        slope=slope,
        sign=sign,
        first=first[of_polygon],
        bounds=shapely.bounds(polygons).reshape(-1, 4),
    )


def _rings(polygons: Geometries) -> tuple[Geometries, Indices, NDArray[np.bool_]]:
    """What has the points of one ring each, the polygon it is of, and whether it is a shell."""
    owner = np.arange(len(polygons))
    if (shapely.get_type_id(polygons) != _POLYGON).any():
        polygons, owner = shapely.get_parts(polygons, return_index=True)
    if not shapely.get_num_interior_rings(polygons).any():
        return polygons, owner, np.ones(len(polygons), bool)
    rings, of = shapely.get_rings(polygons, return_index=True)
    return rings, owner[of], np.diff(of, prepend=-1) > 0


def _by_edges(edges: _Edges, i: Indices, j: Indices) -> Floats:
    """The shared areas of some pairs, from every edge of the one and every edge of the other over the same x."""
    west, east = np.maximum(edges.bounds[i, 0], edges.bounds[j, 0]), np.minimum(edges.bounds[i, 2], edges.bounds[j, 2])
    pair, e = _edges_between(edges, i, west, east)
    of, f = _edges_between(edges, j, west, east)
    # Each edge of the one with all edges of the other.
    begin = np.searchsorted(of, np.arange(len(i) + 1))
    others = np.diff(begin)[pair]
    f = f[_ranges(begin[pair], others)]
    e, pair = np.repeat(e, others), np.repeat(pair, others)
    start, end = np.maximum(edges.west[e], edges.west[f]), np.minimum(edges.east[e], edges.east[f])
    over = np.flatnonzero(end > start)
    e, f, start, length = e[over], f[over], start[over], (end - start)[over]
    slope, other_slope = edges.slope[e], edges.slope[f]
    apart = edges.at_west[e] + slope * (start - edges.west[e])
    apart -= edges.at_west[f] + other_slope * (start - edges.west[f])
    apart_then = apart + (slope - other_slope) * length
    # The mean of |apart|: half the sum of both ends, less where the edges cross on the way.
    size = np.abs(apart) + np.abs(apart_then)
    crossing = apart * apart_then < 0
    mean = size / 2
    mean[crossing] = (apart[crossing] ** 2 + apart_then[crossing] ** 2) / (2 * size[crossing])
    weights = edges.sign[e] * edges.sign[f] * length * mean
    return np.bincount(pair[over], weights=weights, minlength=len(i)) / -2


def _edges_between(edges: _Edges, polygons: Indices, west: Floats, east: Floats) -> tuple[Indices, Indices]:
    """The edges of some polygons over a part of x, each its own: to which of them each belongs, and its index."""
    first = edges.first[polygons]
    number = edges.first[polygons + 1] - first
    of, index = np.repeat(np.arange(len(polygons)), number), _ranges(first, number)
    kept = (edges.east[index] > west[of]) & (edges.west[index] < east[of])
    return of[kept], index[kept]


def _ranges(first: Indices, number: Indices) -> Indices:
    """Ranges one after the other, from where each begins and how many it holds."""
    return np.arange(number.sum()) + np.repeat(first - np.cumsum(number) + number, number)
