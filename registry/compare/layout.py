"""Records laid out for the search: alike ones found, edges in runs, boxes in trees, in machine code."""

import numpy as np
from numpy.typing import NDArray

from registry.compare.machine import Floats, Integers, Tree, compiled, inlined

_LEVELS = 24  # of a tree: more than memory holds
_EVERY = np.iinfo(np.int64).max


@compiled
def shape_hashes(bits: NDArray[np.uint64], first_corner: Integers) -> NDArray[np.uint64]:
    """A number for the corners of each record; records of one shape have the same."""
    hashes = np.empty(len(first_corner) - 1, np.uint64)
    for record in range(len(hashes)):
        mixed = np.uint64(14695981039346656037)
        for corner in range(first_corner[record], first_corner[record + 1]):
            for axis in range(2):
                mixed = (mixed ^ bits[corner, axis]) * np.uint64(1099511628211)
                mixed ^= mixed >> np.uint64(29)
        hashes[record] = mixed
    return hashes


@compiled
def twins_of(
    bits: NDArray[np.uint64], first_corner: Integers, first_ring: Integers, ring: Integers, order: Integers
) -> Integers:
    """For each record the lowest rank that has its shape; ``order`` sorts the records by their hashes."""
    same = np.arange(len(order))
    leader = -1
    for record in order:
        alike = leader >= 0 and _same_shape(bits, first_corner, first_ring, ring, leader, record)
        if alike:
            same[record] = leader
        else:
            leader = record
    return same


@inlined
def _same_shape(
    bits: NDArray[np.uint64], first_corner: Integers, first_ring: Integers, ring: Integers, one: int, other: int
) -> bool:
    rings, corners = first_ring[one + 1] - first_ring[one], first_corner[one + 1] - first_corner[one]
    if first_ring[other + 1] - first_ring[other] != rings or first_corner[other + 1] - first_corner[other] != corners:
        return False
    for number in range(rings):
        here, there = first_ring[one] + number, first_ring[other] + number
        if ring[here + 1] - ring[here] != ring[there + 1] - ring[there]:
            return False
    for number in range(corners):
        here, there = first_corner[one] + number, first_corner[other] + number
        if bits[here, 0] != bits[there, 0] or bits[here, 1] != bits[there, 1]:
            return False
    return True


@compiled
def lay_runs(
    xy: Floats,
    first_ring: Integers,
    ring: Integers,
    shapes: Integers,
    first_run: Integers,
    start: int,
    end: int,
    corners: Floats,
    owner: Integers,
    boxes: Floats,
) -> None:
    """Fill in the runs of some of the shapes, from one to another: corners, owner and box of each run."""
    for shape in range(start, end):
        run = first_run[shape]
        for number in range(first_ring[shapes[shape]], first_ring[shapes[shape] + 1]):
            last = ring[number + 1] - 1
            for begin in range(ring[number], last, corners.shape[2] - 1):
                left, below, right, above = np.inf, np.inf, -np.inf, -np.inf
                for at in range(corners.shape[2]):
                    corner = min(begin + at, last)
                    x, y = xy[corner, 0], xy[corner, 1]
                    corners[run, 0, at], corners[run, 1, at] = x, y
                    left, right, below, above = min(left, x), max(right, x), min(below, y), max(above, y)
                boxes[run, 0], boxes[run, 1], boxes[run, 2], boxes[run, 3] = left, below, right, above
                owner[run] = shape
                run += 1


@compiled
def tree_over(leaves: Floats, ranks: Integers, fan: int) -> Tree:
    """A tree over boxes that lie in a good order, and the ranks that belong to them."""
    first_node = np.zeros(_LEVELS + 1, np.int64)
    levels, count = 0, len(leaves)
    while levels == 0 or count > 1:
        count = (count + fan - 1) // fan
        first_node[levels + 1] = first_node[levels] + count
        levels += 1
    boxes = np.empty((first_node[levels], 4, fan))
    lowest = np.empty((first_node[levels], fan), np.int64)
    for level in range(levels):
        children = first_node[level] - first_node[level - 1] if level else len(leaves)
        for child in range((first_node[level + 1] - first_node[level]) * fan):
            node, slot = first_node[level] + child // fan, child % fan
            for axis in range(2):
                boxes[node, axis, slot], boxes[node, 2 + axis, slot] = np.inf, -np.inf
            lowest[node, slot] = _EVERY
            if child >= children:
                continue
            if level == 0:
                for side in range(4):
                    boxes[node, side, slot] = leaves[child, side]
                lowest[node, slot] = ranks[child]
                continue
            below = first_node[level - 1] + child
            for each in range(fan):
                for axis in range(2):
                    boxes[node, axis, slot] = min(boxes[node, axis, slot], boxes[below, axis, each])
                    boxes[node, 2 + axis, slot] = max(boxes[node, 2 + axis, slot], boxes[below, 2 + axis, each])
                lowest[node, slot] = min(lowest[node, slot], lowest[below, each])
    return Tree(boxes, lowest, first_node[: levels + 1].copy())
