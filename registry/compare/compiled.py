"""Loops over events and records in machine code; `registry.compare.fast` says what they are for.

All that is compiled is in this one module, because what is kept on disk is made anew only when its own file changes.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

EDGES, FAN = 8, 16
"""Edges of a run, boxes of a node."""

OUTSIDE, COVERED, UNSURE = 0, 1, 2

_BLOCK = 16  # events that are looked at together
_EVERY = np.iinfo(np.int64).max
_LEVELS = 24  # of a tree of eights: more than memory holds
_ORIENTATION_ERROR = 4 * 2.0**-53  # of the two products of a determinant; Shewchuk (1997) has (3 + 16 eps) eps
_CURVE_BITS = 16  # of each coordinate along the curve
_DIGIT = 11  # bits that a pass of the sort looks at

_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": {"nnan", "nsz"}}

_Function = TypeVar("_Function", bound=Callable[..., Any])


class Records(NamedTuple):
    """Records of different shape along a space-filling curve, as runs of edges.

    ``corners`` has the shape (runs, 2, 9): the corners of each run, the last repeated where there are fewer.
    ``first_run`` is that of each record, and their number at its end; ``owner`` is the record of each run. ``ranks``
    has, from ``first_rank`` of each record on, the ranks of all records of this shape, the lowest first.
    """

    corners: Floats
    first_run: Integers
    owner: Integers
    ranks: Integers
    first_rank: Integers


class Tree(NamedTuple):
    """Boxes in nodes of eight, level by level from the leaves up.

    ``boxes`` has the shape (nodes, 4, 8): lowest x, lowest y, highest x, highest y. ``lowest`` is the lowest rank in
    each box. ``first_node`` has the first node of each level, and the number of all nodes at its end.
    """

    boxes: Floats
    lowest: Integers
    first_node: Integers


def _compiled(function: _Function) -> _Function:
    """Compile at the first call, and keep the machine code on disk where there is a place for it."""
    try:
        made: _Function = numba.njit(cache=True, **_OPTIONS)(function)
    except RuntimeError:
        made = numba.njit(**_OPTIONS)(function)
    return made


def _inlined(function: _Function) -> _Function:
    """Compile into every place that calls it: a call would count the references to each array, one thread at a time."""
    made: _Function = numba.njit(inline="always", **_OPTIONS)(function)
    return made


@_compiled
def reach_of(xy: Floats) -> tuple[float, float, float, float]:
    """Lowest x and y, and the highest, of some positions."""
    return _around(xy, 0, len(xy))


@_compiled
def curve_places(xy: Floats, left: float, below: float, scale: float) -> NDArray[np.uint32]:
    """Place of each position along Hilbert's curve through a square of 65,536 by 65,536.

    All bits at once, by parallel prefixes of the four states of the curve, as in "2D Hilbert curves in O(1)"
    (rawrunprotected, 2017, public domain); GeoPandas has it too.
    """
    places = np.empty(len(xy), np.uint32)
    every = np.uint32(0xFFFF)
    for number in range(len(xy)):
        x, y = np.uint32((xy[number, 0] - left) * scale), np.uint32((xy[number, 1] - below) * scale)
        a, c, d = x ^ y, every ^ (x | y), x & (y ^ every)
        b = every ^ a
        a, b, c, d = a | (b >> 1), (a >> 1) ^ a, ((c >> 1) ^ (b & (d >> 1))) ^ c, ((a & (c >> 1)) ^ (d >> 1)) ^ d
        for shift in (np.uint32(2), np.uint32(4), np.uint32(8)):
            e, f, g, h = a >> shift, b >> shift, c >> shift, d >> shift
            c, d = c ^ (a & g) ^ (b & h), d ^ (b & g) ^ ((a ^ b) & h)
            a, b = (a & e) ^ (b & f), (a & f) ^ (b & (e ^ f))
        c, d = c ^ (c >> 1), d ^ (d >> 1)
        low = x ^ y
        high = d | (every ^ (low | c))
        places[number] = (_spread(high) << 1) | _spread(low)
    return places


@_inlined
def _spread(bits: np.uint32) -> np.uint32:
    """The lower sixteen bits with a gap after each."""
    bits = (bits | (bits << 8)) & np.uint32(0x00FF00FF)
    bits = (bits | (bits << 4)) & np.uint32(0x0F0F0F0F)
    bits = (bits | (bits << 2)) & np.uint32(0x33333333)
    return (bits | (bits << 1)) & np.uint32(0x55555555)


@_compiled
def order_of(places: NDArray[np.uint32]) -> Integers:
    """The order that sorts places along the curve; equal ones stay as they are."""
    count, mask = len(places), (1 << _DIGIT) - 1
    order, other = np.arange(count), np.empty(count, np.int64)
    keys, other_keys = places.copy(), np.empty_like(places)
    for shift in range(0, 2 * _CURVE_BITS, _DIGIT):
        start = np.zeros(mask + 2, np.int64)
        for number in range(count):
            start[((keys[number] >> shift) & mask) + 1] += 1
        for digit in range(mask + 1):
            start[digit + 1] += start[digit]
        for number in range(count):
            digit = (keys[number] >> shift) & mask
            to = start[digit]
            start[digit] += 1
            other[to], other_keys[to] = order[number], keys[number]
        order, other, keys, other_keys = other, order, other_keys, keys
    return order


@_compiled
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


@_compiled
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


@_inlined
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


@_compiled
def runs_of(
    xy: Floats, first_ring: Integers, ring: Integers, ranks: Integers
) -> tuple[Floats, Integers, Integers, Floats]:
    """Corners, first run and owner of the runs of some records, and the box of each run."""
    first_run = np.zeros(len(ranks) + 1, np.int64)
    for record in range(len(ranks)):
        count = 0
        for number in range(first_ring[ranks[record]], first_ring[ranks[record] + 1]):
            count += (ring[number + 1] - ring[number] - 1 + EDGES - 1) // EDGES
        first_run[record + 1] = first_run[record] + count
    corners = np.empty((first_run[-1], 2, EDGES + 1))
    owner = np.empty(first_run[-1], np.int64)
    boxes = np.empty((first_run[-1], 4))
    run = 0
    for record in range(len(ranks)):
        for number in range(first_ring[ranks[record]], first_ring[ranks[record] + 1]):
            last = ring[number + 1] - 1
            for start in range(ring[number], last, EDGES):
                owner[run] = record
                boxes[run, :2], boxes[run, 2:] = np.inf, -np.inf
                for at in range(EDGES + 1):
                    corner = min(start + at, last)
                    for axis in range(2):
                        value = xy[corner, axis]
                        corners[run, axis, at] = value
                        boxes[run, axis] = min(boxes[run, axis], value)
                        boxes[run, 2 + axis] = max(boxes[run, 2 + axis], value)
                run += 1
    return corners, first_run, owner, boxes


@_compiled
def tree_over(leaves: Floats, ranks: Integers) -> Tree:
    """A tree over boxes that lie in a good order, and the ranks that belong to them."""
    first_node = np.zeros(_LEVELS + 1, np.int64)
    levels, count = 0, len(leaves)
    while levels == 0 or count > 1:
        count = (count + FAN - 1) // FAN
        first_node[levels + 1] = first_node[levels] + count
        levels += 1
    boxes = np.empty((first_node[levels], 4, FAN))
    lowest = np.empty((first_node[levels], FAN), np.int64)
    for level in range(levels):
        children = first_node[level] - first_node[level - 1] if level else len(leaves)
        for child in range((first_node[level + 1] - first_node[level]) * FAN):
            node, slot = first_node[level] + child // FAN, child % FAN
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
            for each in range(FAN):
                for axis in range(2):
                    boxes[node, axis, slot] = min(boxes[node, axis, slot], boxes[below, axis, each])
                    boxes[node, 2 + axis, slot] = max(boxes[node, 2 + axis, slot], boxes[below, 2 + axis, each])
                lowest[node, slot] = min(lowest[node, slot], lowest[below, each])
    return Tree(boxes, lowest, first_node[: levels + 1].copy())


@_compiled
def covering(
    xy: Floats,
    order: Integers,
    within: float,
    error: float,
    records: Records,
    by_record: Tree,
    by_run: Tree,
    listed: Integers,
    pairs: Integers,
) -> int:
    """List pairs of an event and a rank that covers it, or may cover it.

    Returns how many; -1 where there is too little room in ``listed``, for the records about an event, or in ``pairs``,
    whose third column is COVERED or UNSURE. A few events are looked at together, as far as ``listed`` has room.
    """
    boxes, first_node, reach = by_record.boxes, by_record.first_node, within + error
    corners, first_run, ranks, first_rank = records.corners, records.first_run, records.ranks, records.first_rank
    stack, run_boxes = np.empty((FAN * _LEVELS, 2), np.int64), by_run.boxes
    sides, hits = np.empty((4, len(listed))), np.empty(len(listed), np.bool_)
    places, count, start, size = _gathered(xy, order), 0, 0, _BLOCK
    while start < len(order):
        end = min(start + size, len(order))
        left, below, right, above = _around(places, start, end)
        near = _boxes_near(
            left - reach, below - reach, right + reach, above + reach, boxes, first_node, stack, listed, sides
        )
        if near < 0 and end - start == 1:
            return -1
        if near < 0:
            size = (end - start) // 2
            continue
        for number in range(start, end):
            x, y = places[number, 0], places[number, 1]
            for each in range(near):
                beside = (sides[0, each] - x <= reach) & (x - sides[2, each] <= reach)
                hits[each] = beside & (sides[1, each] - y <= reach) & (y - sides[3, each] <= reach)
            for each in range(near):
                if not hits[each]:
                    continue
                record = listed[each]
                verdict = _covers(x, y, within, error, corners, run_boxes, first_run[record], first_run[record + 1])
                if verdict == OUTSIDE:
                    continue
                if count + first_rank[record + 1] - first_rank[record] > len(pairs):
                    return -1
                for at in range(first_rank[record], first_rank[record + 1]):
                    pairs[count, 0], pairs[count, 1], pairs[count, 2] = order[number], ranks[at], verdict
                    count += 1
        start, size = end, min(2 * size, _BLOCK)
    return count


@_inlined
def _boxes_near(
    left: float,
    below: float,
    right: float,
    above: float,
    boxes: Floats,
    first_node: Integers,
    stack: Integers,
    listed: Integers,
    sides: Floats,
) -> int:
    """List the leaves of a tree that meet a box, and their sides; how many, or -1 where there is no room for all."""
    stack[0, 0], stack[0, 1], opened, count, full = len(first_node) - 2, 0, 1, 0, False
    while opened and not full:
        opened -= 1
        level, node = stack[opened, 0], stack[opened, 1]
        box = first_node[level] + node
        for slot in range(FAN):
            beside = (boxes[box, 0, slot] <= right) & (boxes[box, 2, slot] >= left)
            if not (beside & (boxes[box, 1, slot] <= above) & (boxes[box, 3, slot] >= below)):
                continue
            if level:
                stack[opened, 0], stack[opened, 1] = level - 1, node * FAN + slot
                opened += 1
                continue
            full = count == len(listed)
            if full:
                break
            listed[count] = node * FAN + slot
            for side in range(4):
                sides[side, count] = boxes[box, side, slot]
            count += 1
    return -1 if full else count


@_inlined
def _around(places: Floats, start: int, end: int) -> tuple[float, float, float, float]:
    """The box around some positions."""
    left, below, right, above = np.inf, np.inf, -np.inf, -np.inf
    for number in range(start, end):
        x, y = places[number, 0], places[number, 1]
        left, right = min(left, x), max(right, x)
        below, above = min(below, y), max(above, y)
    return left, below, right, above


@_inlined
def _covers(
    x: float, y: float, within: float, error: float, corners: Floats, boxes: Floats, first: int, end: int
) -> int:
    """Whether the record of some runs covers a position or is within a distance of it, by a ray to the right."""
    crossings, doubts, edges = 0, 0, corners.shape[2] - 1
    for run in range(first, end):
        node, slot = run // FAN, run % FAN
        if boxes[node, 1, slot] > y or boxes[node, 3, slot] < y or boxes[node, 2, slot] < x:
            continue
        if boxes[node, 0, slot] > x:
            crossings += (corners[run, 1, 0] > y) != (corners[run, 1, EDGES] > y)
            continue
        crossed, doubt = _crossings(x, y, corners, run, edges)
        crossings += crossed
        doubts += doubt
    if crossings % 2 and not doubts:
        return COVERED
    if within > 0:
        reach = within + error
        least = np.inf
        for run in range(first, end):
            node, slot = run // FAN, run % FAN
            if boxes[node, 0, slot] - x > reach or x - boxes[node, 2, slot] > reach:
                continue
            if boxes[node, 1, slot] - y > reach or y - boxes[node, 3, slot] > reach:
                continue
            least = min(least, _squared_to_run(x, y, corners, run, edges))
        if least <= reach**2:
            return COVERED if within > error and least < (within - error) ** 2 else UNSURE
    return UNSURE if doubts else OUTSIDE


@_inlined
def _crossings(x: float, y: float, corners: Floats, run: int, edges: int) -> tuple[int, int]:
    """How many edges of a run a ray to the right crosses, and how many may hold the position itself."""
    crossings = doubts = 0
    for edge in range(edges):
        ax, ay = corners[run, 0, edge] - x, corners[run, 1, edge] - y
        bx, by = corners[run, 0, edge + 1] - x, corners[run, 1, edge + 1] - y
        one, other = ax * by, bx * ay
        turn = one - other
        crossings += np.int64(((ay > 0) != (by > 0)) & ((turn > 0) == (by > ay)))
        in_box = (min(ax, bx) <= 0) & (max(ax, bx) >= 0) & (min(ay, by) <= 0) & (max(ay, by) >= 0)
        doubts += np.int64(in_box & (abs(turn) <= _ORIENTATION_ERROR * (abs(one) + abs(other))))
    return crossings, doubts


@_inlined
def _squared_to_run(x: float, y: float, corners: Floats, run: int, edges: int) -> float:
    """Squared distance from a position to the nearest of the edges of a run."""
    least = np.inf
    for edge in range(edges):
        ax, ay = corners[run, 0, edge], corners[run, 1, edge]
        along_x, along_y = corners[run, 0, edge + 1] - ax, corners[run, 1, edge + 1] - ay
        off_x, off_y = x - ax, y - ay
        squared = along_x * along_x + along_y * along_y
        part = (off_x * along_x + off_y * along_y) / (squared if squared > 0 else 1.0)
        part = part if part > 0 else 0.0
        part = part if part < 1 else 1.0
        rest_x, rest_y = off_x - part * along_x, off_y - part * along_y
        away = rest_x * rest_x + rest_y * rest_y
        least = away if away < least else least
    return least


@_inlined
def _as_geos(x: float, y: float, corners: Floats, run: int, edges: int) -> float:
    """Distance from a position to the nearest of the edges of a run, by the steps of GEOS (Distance::pointToSegment)."""
    least = np.inf
    for edge in range(edges):
        ax, ay, bx, by = corners[run, 0, edge], corners[run, 1, edge], corners[run, 0, edge + 1], corners[run, 1, edge + 1]
        squared = (bx - ax) * (bx - ax) + (by - ay) * (by - ay)
        part = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / (squared if squared > 0 else 1.0)
        if part <= 0:
            away = np.sqrt((x - ax) * (x - ax) + (y - ay) * (y - ay))
        elif part >= 1:
            away = np.sqrt((x - bx) * (x - bx) + (y - by) * (y - by))
        else:
            away = abs(((ay - y) * (bx - ax) - (ax - x) * (by - ay)) / squared) * np.sqrt(squared)
        least = min(least, away)
    return least


@_inlined
def _squared_to_boxes(x: float, y: float, boxes: Floats, node: int, squared: Floats, fan: int) -> None:
    """Squared distances from a position to the boxes of a node."""
    for slot in range(fan):
        left, right = boxes[node, 0, slot] - x, x - boxes[node, 2, slot]
        below, above = boxes[node, 1, slot] - y, y - boxes[node, 3, slot]
        off_x = left if left > right else right
        off_y = below if below > above else above
        off_x = off_x if off_x > 0 else 0.0
        off_y = off_y if off_y > 0 else 0.0
        squared[slot] = off_x * off_x + off_y * off_y


@_compiled
def nearest(
    xy: Floats,
    order: Integers,
    held: Integers,
    error: float,
    records: Records,
    by_run: Tree,
    found: Integers,
    distance: Floats,
    tied: NDArray[np.bool_],
) -> None:
    """Fill in the nearest rank of each event among those below its number held, how far, and whether others tie.

    ``held`` is empty where every event sees all records. The search starts from the run that was nearest to the event
    before, and looks into the nearest box first.
    """
    boxes, lowest, first_node = by_run.boxes, by_run.lowest, by_run.first_node
    corners, owners, ranks, first_rank = records.corners, records.owner, records.ranks, records.first_rank
    stack, waiting = np.empty((FAN * _LEVELS, 2), np.int64), np.empty(FAN * _LEVELS)
    squared, slots = np.empty(FAN), np.empty(FAN + 1, np.int64)
    edges, fan = corners.shape[2] - 1, boxes.shape[2]
    places, last, sees = _gathered(xy, order), 0, _EVERY
    for number in range(len(order)):
        event, x, y = order[number], places[number, 0], places[number, 1]
        if len(held):
            sees = held[event]
        best, best_run, best_record, rival, limit = np.inf, -1, -1, np.inf, np.inf
        if ranks[first_rank[owners[last]]] < sees:
            best, best_run, best_record = _squared_to_run(x, y, corners, last, edges), last, owners[last]
            limit = (np.sqrt(best) + 2 * error) ** 2
        stack[0, 0], stack[0, 1], waiting[0], opened = len(first_node) - 2, 0, 0.0, 1
        while opened:
            opened -= 1
            if waiting[opened] > limit:
                continue
            level, node = stack[opened, 0], stack[opened, 1]
            box = first_node[level] + node
            _squared_to_boxes(x, y, boxes, box, squared, fan)
            count = closest = 0
            for slot in range(FAN):
                slots[count] = slot
                opens = (squared[slot] <= limit) & (lowest[box, slot] < sees)
                closest = count if opens and squared[slot] < squared[slots[closest]] else closest
                count += opens
            slots[0], slots[closest] = slots[closest], slots[0]
            if level:
                for at in range(count - 1, -1, -1):
                    stack[opened, 0], stack[opened, 1] = level - 1, node * FAN + slots[at]
                    waiting[opened] = squared[slots[at]]
                    opened += 1
                continue
            for at in range(count):
                if squared[slots[at]] > limit:
                    continue
                run = node * FAN + slots[at]
                away, owner = _squared_to_run(x, y, corners, run, edges), owners[run]
                if owner == best_record:
                    if away >= best:
                        continue
                elif away < best:
                    rival = best
                else:
                    rival = min(rival, away)
                    continue
                best, best_record, best_run = away, owner, run
                limit = (np.sqrt(best) + 2 * error) ** 2
        last = max(best_run, 0)
        distance[event] = _as_geos(x, y, corners, best_run, edges) if best_run >= 0 else np.inf
        found[event] = ranks[first_rank[best_record]] if best_run >= 0 else -1
        tied[event] = best_run >= 0 and np.sqrt(rival) <= np.sqrt(best) + 2 * error


@_compiled
def _gathered(xy: Floats, order: Integers) -> Floats:
    """Positions in the order in which they are looked at."""
    places = np.empty((len(order), 2))
    for number in range(len(order)):
        places[number, 0], places[number, 1] = xy[order[number], 0], xy[order[number], 1]
    return places


@_compiled
def sorted_pairs(pairs: Integers, events: int, ranks: int) -> Integers:
    """Pairs in the order of their events and, for one event, of their ranks."""
    for axis in range(1, -1, -1):
        most = ranks if axis else events
        start = np.zeros(most + 1, np.int64)
        for number in range(len(pairs)):
            start[pairs[number, axis] + 1] += 1
        for key in range(most):
            start[key + 1] += start[key]
        moved = np.empty((len(pairs), 2), np.int64)
        for number in range(len(pairs)):
            to = start[pairs[number, axis]]
            start[pairs[number, axis]] += 1
            moved[to, 0], moved[to, 1] = pairs[number, 0], pairs[number, 1]
        pairs = moved
    return pairs


@_compiled
def as_near(
    xy: Floats, events: Integers, held: Integers, reach: Floats, records: Records, by_run: Tree, pairs: Integers
) -> int:
    """List pairs of each of some events, by its place among them, and a rank that may be within its reach; some twice.

    Returns how many; -1 where there is too little room in ``pairs``.
    """
    boxes, lowest, first_node, corners = by_run.boxes, by_run.lowest, by_run.first_node, records.corners
    edges, fan = corners.shape[2] - 1, boxes.shape[2]
    stack, squared, count, sees = np.empty((FAN * _LEVELS, 2), np.int64), np.empty(FAN), 0, _EVERY
    for number in range(len(events)):
        event, limit = events[number], reach[number] ** 2
        x, y = xy[event, 0], xy[event, 1]
        if len(held):
            sees = held[event]
        stack[0, 0], stack[0, 1], opened = len(first_node) - 2, 0, 1
        while opened:
            opened -= 1
            level, node = stack[opened, 0], stack[opened, 1]
            box = first_node[level] + node
            _squared_to_boxes(x, y, boxes, box, squared, fan)
            for slot in range(FAN):
                if squared[slot] > limit or lowest[box, slot] >= sees:
                    continue
                if level:
                    stack[opened, 0], stack[opened, 1] = level - 1, node * FAN + slot
                    opened += 1
                elif _squared_to_run(x, y, corners, node * FAN + slot, edges) <= limit:
                    if count == len(pairs):
                        return -1
                    pairs[count, 0], pairs[count, 1] = number, lowest[box, slot]
                    count += 1
    return count
