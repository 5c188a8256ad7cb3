"""Finding the same record twice: by its number, by shape, by overlap, or by shape after a shift."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from registry.geometry import Geometries
from registry.sources.values import is_missing

TOLERANCE_M = 0.05
"""Two vertices this close are the same; a trip through another CRS moves them far less."""

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Pairs:
    """Pairs of shapes as indices into two arrays, with a number about each pair."""

    left: Indices
    right: Indices
    value: NDArray[np.float64]


def number_keys(numbers: Iterable[Any]) -> NDArray[np.object_]:
    """The numbers of records as they are compared: without case and outer or repeated blanks; None where blank."""
    keys = [None if is_missing(number) else " ".join(str(number).split()).casefold() for number in numbers]
    return np.array(keys, dtype=object)


def same_shapes(left: Geometries, right: Geometries) -> Pairs:
    """Pairs whose boundaries agree within 5 cm; the value is 1.

    Parameters
    ----------
    left, right
        Polygons on one plane in metres.
    """
    ours, theirs = shapely.bounds(left), shapely.bounds(right)
    tree = shapely.STRtree(shapely.points(theirs[:, :2]))
    i, j = tree.query(shapely.points(ours[:, :2]), predicate="dwithin", distance=TOLERANCE_M * np.sqrt(2))
    close = (np.abs(ours[i, 2:] - theirs[j, 2:]) <= TOLERANCE_M).all(axis=1)
    i, j = i[close], j[close]
    if not len(i):
        return Pairs(i, j, np.ones(0))
    equal = shapely.equals_exact(left[i], right[j], tolerance=TOLERANCE_M, normalize=True)
    # Normal form starts a ring at its lowest vertex, and noise decides which of two that is; the type may differ too.
    unsure = np.flatnonzero(~equal)
    equal[unsure] = shapely.hausdorff_distance(left[i[unsure]], right[j[unsure]]) <= TOLERANCE_M
    return Pairs(i[equal], j[equal], np.ones(int(equal.sum())))


def overlaps(left: Geometries, right: Geometries, *, least_share: float) -> Pairs:
    """Pairs whose interiors share at least this part of the smaller one; the value is that part.

    Parameters
    ----------
    left, right
        Valid polygons on one plane in metres.
    """
    tree = shapely.STRtree(right)
    i, j = tree.query(left, predicate="intersects")
    smaller = np.minimum(shapely.area(left[i]), shapely.area(right[j]))
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(smaller > 0, shapely.area(shapely.intersection(left[i], right[j])) / smaller, 0.0)
    enough = share >= least_share
    return Pairs(i[enough], j[enough], share[enough])


def each_once(found: Pairs) -> Pairs:
    """Of the pairs of an array with itself, each once and none with itself."""
    once = found.left > found.right
    return Pairs(found.left[once], found.right[once], found.value[once])


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
