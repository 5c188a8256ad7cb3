"""Agreement of recorded areas with areas found on the ground (M8): land shared, boundaries, centroids."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from pyproj import CRS
from shapely import STRtree

from registry import geometry
from registry.compare.areas import polygons_on_plane
from registry.geometry import Geometries

BOUNDARY_WITHIN_M = (10, 25, 50, 100, 250, 500)
"""Distances at which the share of boundary is given."""

RESOLUTION_M = 0.5
"""How far ``e95_m``, ``farthest_m`` and the Hausdorff distances may be off; lengths and areas are exact."""

_MOST = 0.95  # the share of boundary that e at 95 % holds
_CHUNK = 8_192  # edges that are held against the others at a time, which bounds the memory
_LEVEL = 1e-12  # sine of the angle below which two edges run parallel: 1 km of one rises by a nanometre

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class AreaShare:
    """Area over area, in square metres.

    It has no interval: an area is no count of independent trials, so that no binomial interval belongs to it. Where
    ``value`` is None, ``reason`` says why.
    """

    numerator_m2: float
    denominator_m2: float
    value: float | None
    method: str = "ratio of areas, no binomial interval"
    reason: str | None = None

    def __post_init__(self) -> None:
        if (self.value is None) != (self.reason is not None):
            raise ValueError("A ratio of areas has either a value or the reason why it has none.")


@dataclass(frozen=True)
class BoundaryDistance:
    """How far one boundary runs from another.

    ``length_within_m`` is the length of it, in metres, that lies within each distance of the other; of ``length_m``
    altogether. 95 % of it lies within ``e95_m``, all of it within ``farthest_m``.
    """

    length_m: float
    length_within_m: Mapping[int, float]
    e95_m: float
    farthest_m: float


@dataclass(frozen=True)
class CentroidShift:
    """How far the centroid of the recorded land lies from that of the surveyed land: east and north positive."""

    east_m: float
    north_m: float


@dataclass(frozen=True)
class Agreement:
    """Metric M8. Overlapping polygons count once on either side.

    Attributes
    ----------
    mapped_m2, surveyed_m2, shared_m2
        Land of the records, of the surveyed (or released) areas, and of both.
    iou
        Shared land / land of either.
    shared_of_mapped, shared_of_surveyed
        Shared land / land of the records, and / land of the surveyed areas.
    mapped_boundary
        Boundary of the records against that of the areas (Goodchild and Hunter 1997, the areas as the reference).
    surveyed_boundary
        The other direction.
    hausdorff_m, hausdorff_95_m
        The farther of both directions: of the whole boundary, and of 95 % of it.
    centroid_shift
        Of all records together against all areas together.
    reason
        Why the last five are None: one side has no land.
    """

    mapped_m2: float
    surveyed_m2: float
    shared_m2: float
    iou: AreaShare
    shared_of_mapped: AreaShare
    shared_of_surveyed: AreaShare
    mapped_boundary: BoundaryDistance | None = None
    surveyed_boundary: BoundaryDistance | None = None
    hausdorff_m: float | None = None
    hausdorff_95_m: float | None = None
    centroid_shift: CentroidShift | None = None
    reason: str | None = None


def area_share(numerator_m2: float, denominator_m2: float, nothing: str) -> AreaShare:
    """A ratio of a part to its whole; ``nothing`` is the reason where the whole has no area."""
    if denominator_m2 <= 0:
        return AreaShare(numerator_m2, denominator_m2, None, reason=nothing)
    return AreaShare(numerator_m2, denominator_m2, min(1.0, numerator_m2 / denominator_m2))


def dissolve(polygons: Geometries) -> Geometries:
    """Merge polygons into parts that share no land, in an order that the order of the polygons does not change.

    Parameters
    ----------
    polygons
        Valid polygons on one plane; what is None or empty is passed over.
    """
    polygons = polygons[~(shapely.is_missing(polygons) | shapely.is_empty(polygons))]
    return _in_order(shapely.get_parts(shapely.disjoint_subset_union_all(_in_order(polygons))))


def shared_m2(polygons: Geometries, parts: Geometries) -> Floats:
    """Area of each polygon that dissolved parts cover, in square metres.

    Parameters
    ----------
    polygons
        Valid, on the plane of the parts; they may overlap each other.
    parts
        Made by `dissolve`.
    """
    polygon, part = STRtree(parts).query(polygons, predicate="intersects")
    pieces = shapely.intersection(polygons[polygon], parts[part])
    return np.asarray(np.bincount(polygon, weights=shapely.area(pieces), minlength=len(polygons)), dtype=np.float64)


def measure_agreement(mapped: Geometries, areas: GeoDataFrame, plane: CRS) -> Agreement:
    """Measure how far the land of records agrees with land found on the ground (M8).

    Parameters
    ----------
    mapped
        Records on ``plane``, dissolved (`dissolve`).
    areas
        Surveyed or released areas, with a CRS; valid polygons.
    plane
        An equal-area CRS in metres.

    Notes
    -----
    The share of boundary within e is that of Goodchild, M. F. and Hunter, G. J. (1997), A simple positional accuracy
    measure for linear features, International Journal of Geographical Information Science 11, 299-306. They lay a
    buffer of width e around the reference; the length of the tested line inside it is the length no farther than e
    from the reference, which is measured here exactly, without drawing the buffer (see `measure_boundary`).
    """
    surveyed = dissolve(polygons_on_plane(areas, plane))
    mapped_m2, surveyed_m2 = float(shapely.area(mapped).sum()), float(shapely.area(surveyed).sum())
    both_m2 = min(float(shared_m2(surveyed, mapped).sum()), mapped_m2, surveyed_m2)
    no_record, no_area = "The records have no land.", "The areas have no land."
    ratios = {
        "mapped_m2": mapped_m2,
        "surveyed_m2": surveyed_m2,
        "shared_m2": both_m2,
        "iou": area_share(both_m2, mapped_m2 + surveyed_m2 - both_m2, "Neither the records nor the areas have land."),
        "shared_of_mapped": area_share(both_m2, mapped_m2, no_record),
        "shared_of_surveyed": area_share(both_m2, surveyed_m2, no_area),
    }
    if not (mapped_m2 and surveyed_m2):
        return Agreement(**ratios, reason=no_area if mapped_m2 else no_record)  # type: ignore[arg-type]
    forth = measure_boundary(mapped, surveyed)
    back = measure_boundary(surveyed, mapped)
    return Agreement(
        **ratios,  # type: ignore[arg-type]
        mapped_boundary=forth,
        surveyed_boundary=back,
        hausdorff_m=max(forth.farthest_m, back.farthest_m),
        hausdorff_95_m=max(forth.e95_m, back.e95_m),
        centroid_shift=_centroid_shift(mapped, surveyed, plane),
    )


def measure_boundary(
    tested: Geometries, reference: Geometries, within_m: Sequence[int] = BOUNDARY_WITHIN_M
) -> BoundaryDistance:
    """Measure how far the boundary of polygons runs from that of others.

    Parameters
    ----------
    tested, reference
        Polygons on one plane, each side with land; dissolved, else inner borders count as boundary too.
    within_m
        Distances at which the length is summed up.

    Notes
    -----
    Lengths are exact: the points of a straight edge no farther than e from a straight edge of the reference are one
    interval, whose ends follow from two circles and a strip, and the union of these intervals is measured.

    ``e95_m`` and ``farthest_m`` are right to `RESOLUTION_M`: a boundary is cut into pieces, and the distance d of each
    piece's middle measured; a piece of half length h runs between d - h and d + h. The pieces for which that does not
    decide are halved until it does, or h is no more than `RESOLUTION_M`.
    """
    edges, others = _edges(tested), _edges(reference)
    tree = STRtree(shapely.linestrings(others))
    e95_m, farthest_m = _far(edges, tree)
    return BoundaryDistance(
        float(_length_m(edges).sum()),
        dict(zip(within_m, _length_within_m(edges, others, tree, within_m), strict=True)),
        e95_m,
        farthest_m,
    )


@dataclass(frozen=True)
class _Pairs:
    """Edges beside other edges, with all that does not depend on how near is near.

    Places along an edge are metres from its start. ``middle`` is where the line of the edge passes nearest to either
    end of the other one, and ``squared`` the square of that distance; between ``reach`` it runs beside the other edge,
    off whose line it is ``aside`` at its start and ``turning`` more with every metre.
    """

    length: Floats
    middle: tuple[Floats, Floats]
    squared: tuple[Floats, Floats]
    reach: tuple[Floats, Floats]
    aside: Floats
    turning: Floats


def _length_within_m(edges: Floats, others: Floats, tree: STRtree, within_m: Sequence[int]) -> list[float]:
    """Length of the edges within each distance of the others, which the tree holds as lines."""
    lengths = np.zeros(len(within_m))
    for start in range(0, len(edges), _CHUNK):
        chunk = edges[start : start + _CHUNK]
        edge, other = tree.query(shapely.linestrings(chunk), predicate="dwithin", distance=max(within_m))
        pairs = _pair(chunk, edge, others[other])
        begins = np.concatenate([[0.0], np.cumsum(_length_m(chunk))])[edge]
        lengths += [_union_m(begins, *_near(pairs, limit)) for limit in within_m]
    return [float(length) for length in lengths]


def _pair(edges: Floats, edge: Integers, others: Floats) -> _Pairs:
    origin, length = edges[edge, 0], _length_m(edges)[edge]
    along = (edges[edge, 1] - origin) / length[:, None]
    other_length = _length_m(others)
    beside = (others[:, 1] - others[:, 0]) / other_length[:, None]
    to_ends = [others[:, number] - origin for number in (0, 1)]
    middles = [(to_end * along).sum(axis=1) for to_end in to_ends]
    squares = [(to_end**2).sum(axis=1) - middle**2 for to_end, middle in zip(to_ends, middles, strict=True)]
    offset = -to_ends[0]
    return _Pairs(
        length,
        (middles[0], middles[1]),
        (squares[0], squares[1]),
        _in_slab((offset * beside).sum(axis=1), (along * beside).sum(axis=1), np.zeros(len(edge)), other_length),
        beside[:, 1] * offset[:, 0] - beside[:, 0] * offset[:, 1],
        beside[:, 1] * along[:, 0] - beside[:, 0] * along[:, 1],
    )


def _near(pairs: _Pairs, limit_m: float) -> tuple[Floats, Floats]:
    """For each pair, from where to where along the edge it is near the other one; the end lies first where nowhere.

    What is near a straight edge is convex, so it is one stretch: the hull of those near either end of the other edge
    and of that beside it.
    """
    limits = np.full(len(pairs.length), float(limit_m))
    band = _in_slab(pairs.aside, pairs.turning, -limits, limits)
    low, high = np.maximum(pairs.reach[0], band[0]), np.minimum(pairs.reach[1], band[1])
    apart = low > high
    low[apart], high[apart] = np.inf, -np.inf
    for middle, squared in zip(pairs.middle, pairs.squared, strict=True):
        half_squared = limit_m**2 - squared
        meets = half_squared >= 0
        half = np.sqrt(half_squared[meets])
        low[meets] = np.minimum(low[meets], middle[meets] - half)
        high[meets] = np.maximum(high[meets], middle[meets] + half)
    return np.maximum(low, 0.0), np.minimum(high, pairs.length)


def _in_slab(start: Floats, rate: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Where ``start + rate * t`` lies between two bounds; everywhere or nowhere where it does not change."""
    level = np.abs(rate) < _LEVEL
    safe = np.where(level, 1.0, rate)
    one, two = (low - start) / safe, (high - start) / safe
    within = (low <= start) & (start <= high)
    first = np.where(level, np.where(within, -np.inf, np.inf), np.minimum(one, two))
    last = np.where(level, np.where(within, np.inf, -np.inf), np.maximum(one, two))
    return first, last


def _union_m(begins: Floats, low: Floats, high: Floats) -> float:
    """Length of the union of stretches of edges, which are laid end to end so that one sweep joins them.

    ``begins`` is where the edge of each stretch begins in that row.
    """
    found = low < high
    low, high = (begins + low)[found], (begins + high)[found]
    order = np.argsort(low, kind="stable")
    low, high = low[order], high[order]
    reached = np.concatenate([[0.0], np.maximum.accumulate(high)])[:-1] if len(high) else high
    return float(np.maximum(high - np.maximum(low, reached), 0.0).sum())


def _far(edges: Floats, tree: STRtree) -> tuple[float, float]:
    """How far 95 % of the edges lie from the lines of the tree at most, and how far the farthest point does."""
    distance_m = _distance_m(tree, edges)
    while True:
        half_m = _length_m(edges) / 2
        low, high = distance_m - half_m, distance_m + half_m
        undecided = (low < _quantile(high, half_m)) & (_quantile(low, half_m) < high)
        undecided |= high > distance_m.max() + RESOLUTION_M
        undecided &= half_m > RESOLUTION_M
        if not undecided.any():
            return _quantile(distance_m, half_m), float(distance_m.max())
        halves = _halved(edges[undecided])
        edges = np.concatenate([edges[~undecided], halves])
        distance_m = np.concatenate([distance_m[~undecided], _distance_m(tree, halves)])


def _in_order(polygons: Geometries) -> Geometries:
    normal = shapely.normalize(polygons)
    return np.asarray(normal[np.argsort(shapely.to_wkb(normal).astype(object), kind="stable")], dtype=object)


def _edges(polygons: Geometries) -> Floats:
    """Edges of all rings: edges x (start, end) x (x, y)."""
    vertices, ring = shapely.get_coordinates(shapely.get_rings(polygons), return_index=True)
    joined = ring[1:] == ring[:-1]
    edges = np.stack([vertices[:-1][joined], vertices[1:][joined]], axis=1)
    return edges[_length_m(edges) > 0]


def _length_m(edges: Floats) -> Floats:
    return np.asarray(np.hypot(*(edges[:, 1] - edges[:, 0]).T))


def _halved(edges: Floats) -> Floats:
    middle = edges.mean(axis=1)
    return np.concatenate([np.stack([edges[:, 0], middle], axis=1), np.stack([middle, edges[:, 1]], axis=1)])


def _distance_m(tree: STRtree, edges: Floats) -> Floats:
    """Distance of each edge's middle from the nearest line of the tree."""
    middles = shapely.points(edges.mean(axis=1))
    (edge, _), distance_m = tree.query_nearest(middles, return_distance=True, all_matches=False)
    in_order = np.empty(len(edges))
    in_order[edge] = distance_m
    return in_order


def _quantile(distance_m: Floats, weight: Floats) -> float:
    """The least distance that holds 95 % of the weight."""
    order = np.argsort(distance_m, kind="stable")
    held = np.cumsum(weight[order])
    return float(distance_m[order[min(np.searchsorted(held, _MOST * held[-1]), len(order) - 1)]])


def _centroid_shift(mapped: Geometries, surveyed: Geometries, plane: CRS) -> CentroidShift:
    """From the areas' centroid to the records', along the geodesic: north on a plane is not north off its centre."""
    centres = np.array([_centroid(surveyed), _centroid(mapped)], dtype=object)
    (west, south), (east, north) = shapely.get_coordinates(geometry.project(centres, plane, geometry.WGS84))
    azimuth, _, distance_m = geometry.GEOD.inv(west, south, east, north)
    return CentroidShift(
        float(distance_m * np.sin(np.radians(azimuth))), float(distance_m * np.cos(np.radians(azimuth)))
    )


def _centroid(parts: Geometries) -> shapely.Point:
    weight = shapely.area(parts)
    x, y = shapely.get_coordinates(shapely.centroid(parts)).T
    return shapely.Point((x * weight).sum() / weight.sum(), (y * weight).sum() / weight.sum())
