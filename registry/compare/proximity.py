"""Which places of a plane lie close to each other, whatever the order in which they are given."""

import numpy as np
from numpy.typing import NDArray

from registry.errors import CompareError

MAX_PAIRS = 20_000_000
"""More close pairs than this are not held in memory."""

Places = NDArray[np.float64]
Numbers = NDArray[np.int64]


def close_pairs(places: Places, distance_m: float) -> tuple[Numbers, Numbers]:
    """All pairs of places that are at most so far apart, each pair once.

    Parameters
    ----------
    places
        One row of two coordinates for each place, on a plane in metres.

    Raises
    ------
    CompareError
        If there are more than `MAX_PAIRS`.
    """
    from scipy.spatial import cKDTree

    tree = cKDTree(places)
    number = (int(tree.count_neighbors(tree, distance_m)) - len(places)) // 2
    if number > MAX_PAIRS:
        raise CompareError(
            f"{number:,} pairs of events lie within {distance_m:g} m of each other, and {MAX_PAIRS:,} can be held; "
            "choose fewer events or a smaller --cluster-distance."
        )
    pairs = tree.query_pairs(distance_m, output_type="ndarray")
    return pairs[:, 0].astype(np.int64), pairs[:, 1].astype(np.int64)


def chained(number: int, one: Numbers, other: Numbers) -> Numbers:
    """Number of the group of each of so many places, where linked places are of one group.

    Groups are numbered from 0 in the order of their first place.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    links = coo_array((np.ones(len(one), dtype=np.int8), (one, other)), shape=(number, number))
    label = connected_components(links, directed=False)[1]
    _, first, group = np.unique(label, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[group]


def distance_to_nearest_m(places: Places, targets: Places) -> NDArray[np.float64]:
    """Distance from each place to the nearest of the targets; infinite where there are none."""
    from scipy.spatial import cKDTree

    if not len(targets) or not len(places):
        return np.full(len(places), np.inf)
    return np.asarray(cKDTree(targets).query(places)[0], dtype=np.float64)


def count_within(places: Places, targets: Places, distance_m: float) -> Numbers:
    """How many of the targets lie within a distance of each place."""
    from scipy.spatial import cKDTree

    if not len(targets) or not len(places):
        return np.zeros(len(places), dtype=np.int64)
    return np.asarray(cKDTree(targets).query_ball_point(places, distance_m, return_length=True), dtype=np.int64)
