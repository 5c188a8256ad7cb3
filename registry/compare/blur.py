"""Recorded positions with their error: the chance that an event lies in mapped land, exactly and without sampling.

The probability of a round normal distribution over a polygon is a sum over its edges of Owen's T function (Owen 1956).
That costs what a few samples would, and its error is below 4e-6 where 4,096 samples leave 4e-3 for each event; samples
remain as the oracle of the tests. What is averaged over mapped land is averaged over a low-discrepancy set of places.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree

from registry.compare.proximity import chained
from registry.geometry import Geometries
from registry.threads import THREADS, on_threads

Floats = NDArray[np.float64]

PLACES = 4_096
"""Places in mapped land over which the ceiling is averaged."""

SENSITIVITY_SIGMA_M = (10.0, 30.0, 50.0, 100.0, 200.0)

NO_SIGMA = "Not computed: no position error is stated for {unstated} of {events} events; give --sigma."

_REACH = 5.0  # sigma; edges beyond it change a probability by less than exp(-25 / 2) = 4e-6
_SMALLEST_SIGMA_M = 1e-3  # below it a position is taken as exact
_TOO_NEAR = 1e-6  # sigma; a point this near to an edge is moved off it, lest rounding decide which side it is on
_CHUNK = 1_024
_EDGES_OF_A_RUN = 8
_WORTH_A_THREAD = 1_000  # polygons


@dataclass(frozen=True)
class Land:
    """Land covered by polygons, dissolved and prepared for many questions.

    Attributes
    ----------
    parts
        Valid polygons on a plane in metres that share no land, in an order that does not depend on the input's.
    area_m2
        Their area.
    edges
        Start x, start y, end x, end y of every edge in metres; the land lies to its left.
    edge_part
        Number of the part that each edge belongs to.
    first_edge
        Number of the first edge of each run of a few successive edges, and the number of all edges at the end.
    part_tree, run_tree
        Index of ``parts`` and of the bounds of runs.
    """

    parts: Geometries
    area_m2: float
    edges: Floats
    edge_part: NDArray[np.int64]
    first_edge: NDArray[np.int64]
    part_tree: STRtree
    run_tree: STRtree


@dataclass(frozen=True)
class Blurred:
    """Metric M1b, or why there is none: ``value`` is the mean probability over ``events`` events."""

    value: float | None
    events: int
    reason: str | None = None


@dataclass(frozen=True)
class BlurRow:
    """What M1b and the noise ceiling would be if every event had the position error ``sigma_m``."""

    sigma_m: float
    blurred: float | None
    ceiling: float | None


def in_canonical_order(polygons: Geometries) -> Geometries:
    """Polygons in an order of their own, each once, whatever the input's order and the turn of its rings."""
    present = shapely.normalize(polygons[~(shapely.is_missing(polygons) | shapely.is_empty(polygons))])
    _, first = np.unique(np.array(shapely.to_wkb(present), dtype=object), return_index=True)
    return np.asarray(present[first])


def dissolve(polygons: Geometries) -> Geometries:
    """Merge polygons in their canonical order into parts that share no land."""
    merged = on_threads(shapely.disjoint_subset_union_all, _apart(polygons))
    parts = shapely.get_parts(merged)
    return in_canonical_order(parts[shapely.area(parts) > 0])


def _apart(polygons: Geometries) -> list[Geometries]:
    """Polygons in as many lots as there are threads, about equally large, none of which touches one of another lot."""
    if len(polygons) < _WORTH_A_THREAD:
        return [polygons]
    one, other = STRtree(polygons).query(polygons)
    vertices = shapely.get_num_coordinates(polygons)
    of_group = chained(len(polygons), one, other)
    reached = np.cumsum(np.bincount(of_group, weights=vertices))
    lot = np.minimum(reached * THREADS // (reached[-1] + 1), THREADS - 1)[of_group]
    return [polygons[lot == number] for number in range(THREADS)]


def prepare_land(parts: Geometries) -> Land:
    """Index land for `probability_inside`.

    Parameters
    ----------
    parts
        Valid polygons on a plane in metres that share no land, as `dissolve` makes them.
    """
    rings, part = shapely.get_rings(shapely.orient_polygons(parts), return_index=True)
    places, ring = shapely.get_coordinates(rings, return_index=True)
    follows = np.flatnonzero((ring[1:] == ring[:-1]) & (places[1:] != places[:-1]).any(axis=1))
    edges = np.hstack([places[follows], places[follows + 1]])
    area_m2 = math.fsum(shapely.area(parts))
    first_edge = _runs(ring[follows])
    run_tree = _tree_of_runs(edges, first_edge)
    return Land(parts, area_m2, edges, part[ring[follows]], first_edge, STRtree(parts), run_tree)


def _runs(ring: NDArray[np.int64]) -> NDArray[np.int64]:
    """First edge of each run, in which edges follow each other along a ring, and the number of edges at the end."""
    starts = np.flatnonzero(np.diff(ring, prepend=-1))
    in_ring = np.arange(len(ring)) - np.repeat(starts, np.diff(starts, append=len(ring)))
    return np.append(np.flatnonzero(in_ring % _EDGES_OF_A_RUN == 0), len(ring))


def _tree_of_runs(edges: Floats, first_edge: NDArray[np.int64]) -> STRtree:
    """Of bounds: an entry for each edge would take most of the time that land takes to prepare."""
    if not len(edges):
        return STRtree([])
    low = np.minimum.reduceat(np.minimum(edges[:, :2], edges[:, 2:]), first_edge[:-1])
    high = np.maximum.reduceat(np.maximum(edges[:, :2], edges[:, 2:]), first_edge[:-1])
    return STRtree(shapely.box(*low.T, *high.T))


def probability_inside(places: Floats, sigma_m: Floats, land: Land) -> Floats:
    """Probability that a place with a round normal error lies in land.

    Parameters
    ----------
    places
        Shape (n, 2), x and y in metres on the plane of ``land``.
    sigma_m
        Shape (n,), the standard deviation along each axis; 0 or more.
    land
        What the place may lie in.

    Returns
    -------
    Probabilities, shape (n,), each within 4e-6. With sigma 0: 1 inside or on the edge, else 0.

    Notes
    -----
    The mass of the triangle between the place and an edge at distance h, whose ends lie a and b along it from the foot
    of the perpendicular, is (atan(b/h) - atan(a/h)) / 2 pi - T(h, b/h) + T(h, a/h) with all lengths in sigma and T of
    Owen, D. B. (1956), Tables for computing bivariate normal probabilities, Ann. Math. Stat. 27, 1075-1090. The angles
    of all edges sum to 1 inside and 0 outside, which leaves the T terms of the near edges.
    """
    chunks = [slice(start, start + _CHUNK) for start in range(0, len(places), _CHUNK)]
    found = on_threads(lambda chunk: _probability_inside(places[chunk], sigma_m[chunk], land, None), chunks)
    return np.concatenate([np.empty(0), *found])


def kept_in_parts(parts: NDArray[np.int64], sigma_m: Floats, land: Land, count: int) -> Floats:
    """Probability that an event uniform over a part of land is recorded in that part, for each of some parts.

    Parameters
    ----------
    parts
        Numbers of the parts.
    sigma_m, land
        As in `noise_ceiling`.
    count
        Places in each part over which it is averaged.
    """
    along, down, across, rank = low_discrepancy(count).T
    ends = np.cumsum(shapely.area(land.parts[parts]))
    at = (ends - shapely.area(land.parts[parts]))[:, None] + along * shapely.area(land.parts[parts])[:, None]
    places = _at(land.parts[parts], at.ravel(), np.tile(down, len(parts)), np.tile(across, len(parts)))
    sigma_of_place = np.sort(sigma_m)[(rank * len(sigma_m)).astype(np.int64)]
    probability = np.empty(len(places))
    for start in range(0, len(places), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        own = np.repeat(parts, count)[chunk]
        probability[chunk] = _probability_inside(places[chunk], np.tile(sigma_of_place, len(parts))[chunk], land, own)
    return np.asarray(probability.reshape(-1, count).mean(axis=1))


def blurred_containment(places: Floats, sigma_m: Floats, land: Land) -> Blurred:
    """Metric M1b: the mean over events of the probability that position plus error lies in a record.

    It blurs recorded points, which carry their error already, a second time: a sensitivity figure, never an estimate
    of how many explosions truly happened in a mined field.

    Parameters
    ----------
    places, sigma_m
        As in `probability_inside`; NaN where no error is stated.
    """
    unstated = int(np.count_nonzero(np.isnan(sigma_m)))
    if unstated or not len(places):
        reason = NO_SIGMA.format(unstated=unstated, events=len(places)) if unstated else "There are no events."
        return Blurred(None, len(places), reason)
    return Blurred(math.fsum(probability_inside(places, sigma_m, land)) / len(places), len(places))


def noise_ceiling(sigma_m: Floats, land: Land, bias_m: tuple[float, float] = (0.0, 0.0)) -> float | None:
    """Noise ceiling se_map: probability that an event uniform over mapped land is recorded inside it.

    A property of the map and the location error. A perfect map, with every explosion in a record, would show this
    share and not 100 %.

    Parameters
    ----------
    sigma_m
        Position errors of the events in metres, one for all or one for each; places in mapped land take them in turn.
    land
        The union of the records; land covered twice counts once.
    bias_m
        Error east and north that all records share, in metres.

    Returns
    -------
    None without mapped land.
    """
    return _ceiling(sigma_m, land, places_in(land, PLACES), bias_m) if land.area_m2 else None


def blur_sensitivity(
    places: Floats, land: Land, sigmas_m: Sequence[float] = SENSITIVITY_SIGMA_M
) -> tuple[BlurRow, ...]:
    """M1b and the noise ceiling for position errors that nobody stated, to show how much hangs on them."""
    mapped = places_in(land, PLACES) if land.area_m2 else None
    return tuple(
        BlurRow(
            sigma,
            blurred_containment(places, np.full(len(places), sigma), land).value,
            None if mapped is None else _ceiling(np.array([sigma]), land, mapped, (0.0, 0.0)),
        )
        for sigma in sigmas_m
    )


def _ceiling(sigma_m: Floats, land: Land, mapped: tuple[Floats, Floats], bias_m: tuple[float, float]) -> float:
    places, rank = mapped
    sigma_of_place = np.sort(sigma_m)[(rank * len(sigma_m)).astype(np.int64)]
    probability = probability_inside(places + np.array(bias_m), sigma_of_place, land)
    return math.fsum(probability) / len(probability)


def places_in(land: Land, count: int) -> tuple[Floats, Floats]:
    """Places spread evenly over land, and for each a further number in [0, 1) that is spread evenly with them.

    Returns
    -------
    Places of shape (count, 2), and the numbers of shape (count,).

    Notes
    -----
    One axis of a low-discrepancy sequence runs through the land triangle by triangle, from narrow parts to wide ones,
    so that every width has its share; two axes lie in the triangle.
    """
    by_width = land.parts[np.argsort(shapely.area(land.parts) / shapely.length(land.parts), kind="stable")]
    along, down, across, rank = low_discrepancy(count).T
    return _at(by_width, along * land.area_m2, down, across), rank


def _at(parts: Geometries, along_m2: Floats, down: Floats, across: Floats) -> Floats:
    """Places by how much area lies before them, triangle by triangle, and by where they are in their triangle."""
    lots = on_threads(shapely.constrained_delaunay_triangles, np.array_split(parts, len(parts) // _WORTH_A_THREAD + 1))
    # An object for each triangle would cost more than all that is done with it.
    corners = shapely.get_coordinates(np.concatenate(lots)).reshape(-1, 4, 2)
    x, y = (corners - corners[:, :1]).transpose(2, 1, 0)
    reached_m2 = np.cumsum(np.abs(x[1] * y[2] - x[2] * y[1]) / 2)
    chosen = np.minimum(np.searchsorted(reached_m2, along_m2, side="right"), len(corners) - 1)
    origin, second, third = corners[chosen, :3].transpose(1, 0, 2)
    far_side = second + across[:, None] * (third - second)
    # The farther from its corner, the wider a triangle is.
    return np.asarray(origin + np.sqrt(down)[:, None] * (far_side - origin))


def low_discrepancy(count: int) -> Floats:
    """Points in the unit cube of four dimensions, spread more evenly than random ones; shape (count, 4).

    Notes
    -----
    Halton, J. H. (1960), On the efficiency of certain quasi-random sequences of points, Numer. Math. 2, 84-90: the
    digits of 1, 2, 3 ... in the bases 2, 3, 5 and 7, mirrored at the point. It needs no seed.
    """
    return np.column_stack([_mirrored_digits(count, base) for base in (2, 3, 5, 7)])


def _mirrored_digits(count: int, base: int) -> Floats:
    rest, weight, mirrored = np.arange(1, count + 1), 1.0, np.zeros(count)
    while rest.any():
        weight /= base
        rest, digit = np.divmod(rest, base)
        mirrored += weight * digit
    return mirrored


def _probability_inside(places: Floats, sigma_m: Floats, land: Land, part: NDArray[np.int64] | None) -> Floats:
    """Probability of lying in any part, or in the one named for each place."""
    exact = sigma_m < _SMALLEST_SIGMA_M
    near = _near_edges(places, np.where(exact, 0.0, sigma_m), land)
    if part is not None:
        near = near.only(land.edge_part[near.edge] == part[near.place])
    moved = _off_the_edges(places, sigma_m, near, land)
    if moved is not places:
        near = _seen_from(moved, sigma_m, near.place, near.edge, land)
    held, by = land.part_tree.query(shapely.points(moved), predicate="intersects")
    inside = np.zeros(len(places))
    inside[held if part is None else held[by == part[held]]] = 1.0
    missing = np.bincount(near.place, weights=_owen_terms(near), minlength=len(places))
    return np.clip(inside - missing, 0.0, 1.0)


@dataclass(frozen=True)
class _Seen:
    """Pairs of a place and an edge, by number, and the edge as it is seen from the place, in sigma.

    ``height`` is positive on the land's side, ``begin`` and ``end`` lie along the edge.
    """

    place: NDArray[np.int64]
    edge: NDArray[np.int64]
    height: Floats
    begin: Floats
    end: Floats

    def only(self, chosen: NDArray[np.bool_]) -> "_Seen":
        """Some of the pairs."""
        return _Seen(self.place[chosen], self.edge[chosen], self.height[chosen], self.begin[chosen], self.end[chosen])


def _near_edges(places: Floats, sigma_m: Floats, land: Land) -> _Seen:
    """The edges within reach of each place; none for exact places."""
    blurred = np.flatnonzero(sigma_m > 0)
    reach = _REACH * sigma_m[blurred]
    x, y = places[blurred].T
    row, run = land.run_tree.query(shapely.box(x - reach, y - reach, x + reach, y + reach))
    first, count = land.first_edge[run], np.diff(land.first_edge)[run]
    edge = np.arange(count.sum()) + np.repeat(first - (np.cumsum(count) - count), count)
    seen = _seen_from(places, sigma_m, np.repeat(blurred[row], count), edge, land)
    beside = np.maximum(np.maximum(seen.begin, -seen.end), 0.0)
    return seen.only(seen.height**2 + beside**2 <= _REACH**2)


def _off_the_edges(places: Floats, sigma_m: Floats, near: _Seen, land: Land) -> Floats:
    """Move places that lie on an edge or a vertex by ten millionths of sigma, aslant to the edge."""
    on_it = (np.abs(near.height) < _TOO_NEAR) & (near.begin < _TOO_NEAR) & (near.end > -_TOO_NEAR)
    if not on_it.any():
        return places
    moved, place, edge = places.copy(), near.place[on_it], near.edge[on_it]
    direction = land.edges[edge, 2:] - land.edges[edge, :2]
    angle = np.arctan2(direction[:, 1], direction[:, 0]) + 1.0  # no right angle, or it would slide along the next edge
    step = 10 * _TOO_NEAR * sigma_m[place]
    moved[place] = places[place] + step[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return moved


def _seen_from(places: Floats, sigma_m: Floats, place: NDArray[np.int64], edge: NDArray[np.int64], land: Land) -> _Seen:
    """Edges from their places."""
    from_x, from_y, to_x, to_y = land.edges[edge].T
    along_x, along_y = to_x - from_x, to_y - from_y
    length = np.hypot(along_x, along_y)
    away_x, away_y = from_x - places[place, 0], from_y - places[place, 1]
    scale = length * sigma_m[place]
    height = (along_y * away_x - along_x * away_y) / scale
    begin = (along_x * away_x + along_y * away_y) / scale
    return _Seen(place, edge, height, begin, begin + length / sigma_m[place])


def _owen_terms(near: _Seen) -> Floats:
    from scipy.special import owens_t

    distance = np.maximum(np.abs(near.height), 1e-12)
    mass = owens_t(distance, near.end / distance) - owens_t(distance, near.begin / distance)
    return np.asarray(np.sign(near.height) * mass)
