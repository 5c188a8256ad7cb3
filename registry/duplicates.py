"""Finding the same record twice: by its number, by shape, by overlap, or by shape after a shift."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import shapely
from numpy.typing import NDArray

from registry.geometry import Geometries
from registry.sharedarea import shared_areas
from registry.sources.values import is_missing
from registry.threads import in_parts

TOLERANCE_M = 0.05
"""Two vertices this close are the same; a trip through another CRS moves them far less."""

# Of a share; areas of small fields far from the middle of a plane are not exact.
_ROUNDING = 1e-6
_PAIRS_A_PART = 500

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Pairs:
    """Pairs of shapes as indices into two arrays, with a number about each pair."""

    left: Indices
    right: Indices
    value: NDArray[np.float64]


def number_keys(numbers: Iterable[Any]) -> NDArray[np.object_]:
    """The numbers of records as they are compared: without case and outer or repeated blanks; None where blank."""
    texts = (number if isinstance(number, str) else "" if is_missing(number) else str(number) for number in numbers)
    return np.array([" ".join(text.split()).casefold() or None for text in texts], dtype=object)


def same_shapes(left: Geometries, right: Geometries) -> Pairs:
    """Pairs whose boundaries agree within 5 cm; the value is 1.

    Parameters
    ----------
    left, right
        Polygons on one plane in metres.
    """
    return _agreeing(left, right, *_boxes_agreeing(left, right))


def same_shapes_among(shapes: Geometries) -> Pairs:
    """The same of an array with itself, each pair once: the left is the later one."""
    return _agreeing(shapes, shapes, *_each_once(*_boxes_agreeing(shapes, shapes)))


def overlaps(left: Geometries, right: Geometries, *, least_share: float) -> Pairs:
    """Pairs whose interiors share at least this part of the smaller one; the value is that part.

    Parameters
    ----------
    left, right
        Valid polygons on one plane in metres.
    least_share
        More than 0.
    """
    return sharing(left, right, *boxes_touching(left, right), least_share=least_share)


def overlaps_among(shapes: Geometries, *, least_share: float) -> Pairs:
    """The same of an array with itself, each pair once: the left is the later one."""
    i, j = _each_once(*boxes_touching(shapes, shapes))
    asked = _Asked.of(shapes, shapes, (i, j), least_share)
    return asked.enough(shared_areas(shapes, asked.left, asked.right))


def boxes_touching(left: Geometries, right: Geometries) -> tuple[Indices, Indices]:
    """Pairs whose bounds touch."""
    i, j = shapely.STRtree(right).query(left)
    return i, j


def sharing(
    left: Geometries, right: Geometries, i: Indices, j: Indices, *, least_share: float | NDArray[np.float64]
) -> Pairs:
    """Of these pairs, those that share enough, all alike or each its own part; see `overlaps`."""
    asked = _Asked.of(left, right, (i, j), least_share)
    area = np.zeros(len(asked.left))
    # Which of several shares the most may hang on the last bit, and must not change: a layer made again is the same.
    is_alone = np.bincount(asked.left, minlength=len(left))[asked.left] == 1
    several = np.flatnonzero(~is_alone)
    area[several] = in_parts(_intersected, left[asked.left[several]], right[asked.right[several]], most=_PAIRS_A_PART)
    both = np.concatenate([left, right])
    area[is_alone] = shared_areas(both, asked.left[is_alone], asked.right[is_alone] + len(left))
    return asked.enough(area)


@dataclass(frozen=True, eq=False)
class _Asked:
    """Pairs that may share enough: the area of the smaller one, and the part of it that they must share."""

    left: Indices
    right: Indices
    smaller: NDArray[np.float64]
    least: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        left: Geometries,
        right: Geometries,
        pairs: tuple[Indices, Indices],
        least_share: float | NDArray[np.float64],
    ) -> Self:
        """Of these pairs, those whose bounds share enough: what two share lies in what their bounds share."""
        i, j = pairs
        least = np.broadcast_to(least_share, len(i))
        ours, theirs = shapely.bounds(left)[i], shapely.bounds(right)[j]
        sides = np.minimum(ours[:, 2:], theirs[:, 2:]) - np.maximum(ours[:, :2], theirs[:, :2])
        smaller = np.minimum(shapely.area(left)[i], shapely.area(right)[j])
        may = (smaller > 0) & (sides.prod(axis=1) >= (least - _ROUNDING) * smaller)
        return cls(i[may], j[may], smaller[may], least[may])

    def enough(self, shared_area: NDArray[np.float64]) -> Pairs:
        """Those that do share enough, from the area that each pair shares."""
        share = shared_area / self.smaller
        enough = share >= self.least
        return Pairs(self.left[enough], self.right[enough], share[enough])


def _intersected(left: Geometries, right: Geometries) -> NDArray[np.float64]:
    return np.asarray(shapely.area(shapely.intersection(left, right)))


def _each_once(i: Indices, j: Indices) -> tuple[Indices, Indices]:
    """Of the pairs of an array with itself, each once and none with itself."""
    once = i > j
    return i[once], j[once]


def _boxes_agreeing(left: Geometries, right: Geometries) -> tuple[Indices, Indices]:
    """Pairs whose bounds agree within 5 cm."""
    ours, theirs = shapely.bounds(left), shapely.bounds(right)
    tree = shapely.STRtree(shapely.points(theirs[:, :2]))
    i, j = tree.query(shapely.points(ours[:, :2]), predicate="dwithin", distance=TOLERANCE_M * np.sqrt(2))
    close = (np.abs(ours[i, 2:] - theirs[j, 2:]) <= TOLERANCE_M).all(axis=1)
    return i[close], j[close]


def _agreeing(left: Geometries, right: Geometries, i: Indices, j: Indices) -> Pairs:
    """Of these pairs, those whose boundaries agree within 5 cm."""
    if not len(i):
        return Pairs(i, j, np.ones(0))
    equal = shapely.equals_exact(left[i], right[j], tolerance=TOLERANCE_M, normalize=True)
    # Normal form starts a ring at its lowest vertex, and noise decides which of two that is; the type may differ too.
    unsure = np.flatnonzero(~equal)
    equal[unsure] = shapely.hausdorff_distance(left[i[unsure]], right[j[unsure]]) <= TOLERANCE_M
    return Pairs(i[equal], j[equal], np.ones(int(equal.sum())))


def shifted_shapes(left: Geometries, right: Geometries, offset_m: tuple[float, float], *, within_m: float) -> Pairs:
    """Pairs of one shape, the left lying about ``offset_m`` from the right; the value is the distance between them.

    Parameters
    ----------
    left, right
        MultiPolygons on one plane in metres.
    offset_m
        Expected shift to the east and north.
    within_m
        How far the shift found may be from the expected one.
    """
    ours = shapely.get_coordinates(shapely.centroid(left))
    theirs = shapely.get_coordinates(shapely.centroid(right))
    expected = shapely.points(ours - np.asarray(offset_m))
    i, j = shapely.STRtree(shapely.points(theirs)).query(expected, predicate="dwithin", distance=within_m)
    size = shapely.area(left[i]), shapely.area(right[j])
    alike = (np.abs(size[0] - size[1]) <= 0.005 * size[1]) & (
        shapely.get_num_coordinates(left[i]) == shapely.get_num_coordinates(right[j])
    )
    i, j = i[alike], j[alike]
    return Pairs(i, j, np.hypot(*(ours[i] - theirs[j]).T))
