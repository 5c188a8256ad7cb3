"""Which places of a plane lie close to each other, whatever the order in which they are given."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from registry.errors import CompareError

MAX_PAIRS = 20_000_000
"""More close pairs than this are not held in memory."""

_CHUNK = 1_000_000  # pairs that are looked at together
_WIDER = 1 + 1e-6  # of a cell than the distance, so that no rounding puts close places two cells apart
_MOST_CELLS = 2**30  # along each axis

Places = NDArray[np.float64]
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Distinct:
    """Each coordinate once, from west to east and then from south to north.

    ``first`` is the row of the first place on each, ``number`` says for each row which coordinate it is on, ``times``
    how many rows are on each.
    """

    places: Places
    first: Numbers
    number: Numbers
    times: Numbers


def distinct(places: Places) -> Distinct:
    """Find the places that share a coordinate.

    Parameters
    ----------
    places
        One row of two coordinates for each place.
    """
    order = np.lexsort((places[:, 1], places[:, 0]))
    is_new = np.full(len(places), True)
    is_new[1:] = (places[order[1:]] != places[order[:-1]]).any(axis=1)
    number = np.empty(len(places), dtype=np.int64)
    number[order] = np.cumsum(is_new) - 1
    first = order[is_new]
    return Distinct(places[first], first, number, np.bincount(number, minlength=len(first)))


def near_pairs(places: Places, targets: Places, distance_m: float) -> Iterator[tuple[Numbers, Numbers, Places]]:
    """Pairs of a place and a target that are at most so far apart, and their distance, in chunks of bounded size.

    Parameters
    ----------
    places, targets
        One row of two coordinates for each, on a plane in metres.
    """
    if not len(places) or not len(targets):
        return
    low = np.minimum(places.min(axis=0), targets.min(axis=0))
    extent = np.maximum(places.max(axis=0), targets.max(axis=0)) - low
    cell_m = max(distance_m * _WIDER, float(extent.max()) / _MOST_CELLS)
    rows = int(extent[1] // cell_m) + 3
    cell = _cells(targets - low, cell_m, rows)
    order = np.argsort(cell, kind="stable")
    cell = cell[order]
    own = _cells(places - low, cell_m, rows)
    ranked = np.argsort(own, kind="stable")  # what is sought in order is found sooner
    own = own[ranked]
    for column in (-rows, 0, rows):
        # Three cells of a column are one run of numbers.
        begin = np.searchsorted(cell, own + column - 1, side="left")
        found = np.searchsorted(cell, own + column + 1, side="right") - begin
        for chunk in _chunks(found):
            number = found[chunk]
            place = np.repeat(ranked[chunk], number)
            run = np.arange(len(place)) - np.repeat(np.cumsum(number) - number, number)
            target = order[np.repeat(begin[chunk], number) + run]
            square = ((places[place] - targets[target]) ** 2).sum(axis=1)
            near = square <= distance_m**2
            yield place[near], target[near], np.sqrt(square[near])


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
    kept, number = [(np.empty(0, dtype=np.int64),) * 2], 0
    for one, other, _ in near_pairs(places, places, distance_m):
        once = one < other
        kept.append((one[once], other[once]))
        number += len(kept[-1][0])
        if number > MAX_PAIRS:
            raise CompareError(
                f"More than {MAX_PAIRS:,} pairs of events lie within {distance_m:g} m of each other, which is all that "
                "can be held; choose fewer events or a smaller --cluster-distance."
            )
    one, other = (np.concatenate(side) for side in zip(*kept, strict=True))
    return one, other


def chained(number: int, one: Numbers, other: Numbers) -> Numbers:
    """Number of the group of each of so many places, where linked places are of one group.

    Groups are numbered from 0 in the order of their first place.
    """
    # Every place takes the lowest number that it is linked to, and then the one of that place, until all agree.
    lowest = np.arange(number)
    while True:
        before = lowest.copy()
        of_link = np.minimum(lowest[one], lowest[other])
        for end in (one, other):
            np.minimum.at(lowest, lowest[end], of_link)
            np.minimum.at(lowest, end, of_link)
        lowest = lowest[lowest]
        if np.array_equal(lowest, before):
            return np.unique(lowest, return_inverse=True)[1].reshape(-1)


def count_within(places: Places, targets: Places, distance_m: float) -> Numbers:
    """How many of the targets lie within a distance of each place."""
    counted = np.zeros(len(places), dtype=np.int64)
    for place, _, _ in near_pairs(places, targets, distance_m):
        counted += np.bincount(place, minlength=len(places))
    return counted


def _cells(from_low: Places, cell_m: float, rows: int) -> Numbers:
    """Number of the cell of each place, column by column; a row is left free below and above."""
    column, row = np.floor(from_low / cell_m).astype(np.int64).T
    return np.asarray(column * rows + row + 1)


def _chunks(found: Numbers) -> Iterator[slice]:
    """Runs of places with no more pairs than a chunk holds, but of one place with more all the same."""
    total = np.cumsum(found)
    begin = 0
    while begin < len(found):
        before = total[begin] - found[begin]
        end = max(begin + 1, int(np.searchsorted(total, before + _CHUNK, side="right")))
        yield slice(begin, end)
        begin = end
