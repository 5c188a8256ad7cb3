"""The search itself, in machine code: covering records and the nearest one, event by event.

`registry.compare.fast` says what it is for, and looks after what is too close to call.

A position is surely inside or outside by the ray where no edge is in doubt. Whether an end of an edge is above or below
the position is a comparison of doubles, which is exact; so are the boxes that are passed over. On which side of an edge
the position lies is the sign of a determinant: where the position is not in the edge's box, both of its products pull
one way, or the edge is not crossed; where it is, the sign is right beyond `_ORIENTATION_ERROR`, and in doubt within.
"""

import numpy as np
from numpy.typing import NDArray

from registry.compare.machine import Floats, Integers, Records, Tree, compiled, inlined

EDGES, FAN = 8, 16
"""Edges of a run, boxes of a node; loops over them take the numbers from the arrays, or they are not made one step."""

OUTSIDE, COVERED, UNSURE = 0, 1, 2

_LEVELS = 24  # of a tree: more than memory holds
_BLOCK = 32  # events that are looked at together
_LISTED = 128  # records about several events that are looked at together
_EVERY = np.iinfo(np.int64).max
_DE_BRUIJN = 0x09AF  # has each four bits once, so that a single bit times it tells its place
_PLACE_OF_BIT = np.array([0, 1, 2, 5, 3, 9, 6, 11, 15, 4, 8, 10, 14, 7, 13, 12])
_ORIENTATION_ERROR = 4 * 2.0**-53
"""Of the two products of a determinant, rounded differences of coordinates included, where no product under- or
overflows: (3 + 16 eps) eps with eps = 2**-53 by Shewchuk (1997), "Adaptive precision floating-point arithmetic and fast
robust geometric predicates"."""


@compiled
def covering(
    xy: Floats,
    order: NDArray[np.uint32],
    within: float,
    error: float,
    records: Records,
    by_record: Tree,
    by_run: Tree,
    listed: Integers,
    pairs: NDArray[np.int32],
) -> int:
    """List pairs of an event and a rank that covers it; of one that may cover it the complement, which is below zero.

    Returns how many; -1 where there is too little room in ``pairs``. A few events are looked at together, fewer where
    many records are about them; ``listed`` has room for all records.
    """
    boxes, first_node, reach = by_record.boxes, by_record.first_node, within + error
    corners, first_run, ranks, first_rank = records.corners, records.first_run, records.ranks, records.first_rank
    stack, run_boxes = np.empty((FAN * _LEVELS, 2), np.int64), by_run.boxes
    sides, hits, off = np.empty((4, len(listed))), np.empty(len(listed), np.bool_), np.empty(EDGES)
    places, count, start, size = _gathered(xy, order), 0, 0, _BLOCK
    while start < len(order):
        end = min(start + size, len(order))
        left, below, right, above = _around(places, start, end)
        room = len(listed) if end - start == 1 else min(_LISTED, len(listed))
        near = _boxes_near(
            left - reach, below - reach, right + reach, above + reach, boxes, first_node, stack, listed, sides, room
        )
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
                verdict = _covers(
                    x, y, within, error, corners, run_boxes, first_run[record], first_run[record + 1], off
                )
                if verdict == OUTSIDE:
                    continue
                if count + first_rank[record + 1] - first_rank[record] > len(pairs):
                    return -1
                for at in range(first_rank[record], first_rank[record + 1]):
                    pairs[count, 0], pairs[count, 1] = order[number], ranks[at] if verdict == COVERED else ~ranks[at]
                    count += 1
        start, size = end, min(2 * size, _BLOCK)
    return count


@inlined
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
    room: int,
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
            full = count == room
            if full:
                break
            listed[count] = node * FAN + slot
            for side in range(4):
                sides[side, count] = boxes[box, side, slot]
            count += 1
    return -1 if full else count


@inlined
def _around(places: Floats, start: int, end: int) -> tuple[float, float, float, float]:
    """The box around some positions."""
    left, below, right, above = np.inf, np.inf, -np.inf, -np.inf
    for number in range(start, end):
        x, y = places[number, 0], places[number, 1]
        left, right = min(left, x), max(right, x)
        below, above = min(below, y), max(above, y)
    return left, below, right, above


@inlined
def _covers(
    x: float, y: float, within: float, error: float, corners: Floats, boxes: Floats, first: int, end: int, off: Floats
) -> int:
    """Whether the record of some runs covers a position or is within a distance of it, by a ray to the right."""
    crossings, doubts, edges = 0, 0, corners.shape[2] - 1
    for run in range(first, end):
        node, slot = run // FAN, run % FAN
        if boxes[node, 1, slot] > y or boxes[node, 3, slot] < y or boxes[node, 2, slot] < x:
            continue
        if boxes[node, 0, slot] > x:
            crossings += int((corners[run, 1, 0] > y) != (corners[run, 1, EDGES] > y))
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
            least = min(least, _squared_to_run(x, y, corners, run, edges, off))
        if least <= reach**2:
            return COVERED if within > error and least < (within - error) ** 2 else UNSURE
    return UNSURE if doubts else OUTSIDE


@inlined
def _crossings(x: float, y: float, corners: Floats, run: int, edges: int) -> tuple[int, int]:
    """How many edges of a run a ray to the right crosses, and how many may hold the position itself."""
    crossings = doubts = 0
    for edge in range(edges):
        ax, ay = corners[run, 0, edge] - x, corners[run, 1, edge] - y
        bx, by = corners[run, 0, edge + 1] - x, corners[run, 1, edge + 1] - y
        one, other = ax * by, bx * ay
        turn = one - other
        crossings += int(((ay > 0) != (by > 0)) & ((turn > 0) == (by > ay)))
        in_box = (min(ax, bx) <= 0) & (max(ax, bx) >= 0) & (min(ay, by) <= 0) & (max(ay, by) >= 0)
        doubts += int(in_box & (abs(turn) <= _ORIENTATION_ERROR * (abs(one) + abs(other))))
    return crossings, doubts


@compiled
def nearest(
    xy: Floats,
    order: NDArray[np.uint32],
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
    squared, slots, off = np.empty(FAN), np.empty(FAN, np.int64), np.empty(EDGES)
    edges, fan = corners.shape[2] - 1, boxes.shape[2]
    places, last, sees = _gathered(xy, order), 0, _EVERY
    for number in range(len(order)):
        event, x, y = order[number], places[number, 0], places[number, 1]
        if len(held):
            sees = held[event]
        best, best_run, best_record, rival, limit = np.inf, -1, -1, np.inf, np.inf
        if ranks[first_rank[owners[last]]] < sees:
            best, best_run, best_record = _squared_to_run(x, y, corners, last, edges, off), last, owners[last]
            limit = (np.sqrt(best) + 2 * error) ** 2
        stack[0, 0], stack[0, 1], waiting[0], opened = len(first_node) - 2, 0, 0.0, 1
        while opened:
            opened -= 1
            if waiting[opened] > limit:
                continue
            level, node = stack[opened, 0], stack[opened, 1]
            box = first_node[level] + node
            _squared_to_boxes(x, y, boxes, box, squared, fan)
            bits = 0
            for slot in range(fan):
                bits |= int((squared[slot] <= limit) & (lowest[box, slot] < sees)) << slot
            count = closest = 0
            while bits:
                slot = _PLACE_OF_BIT[(((bits & -bits) * _DE_BRUIJN) & 0xFFFF) >> 12]
                bits &= bits - 1
                slots[count] = slot
                closest = count if squared[slot] < squared[slots[closest]] else closest
                count += 1
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
                away, owner = _squared_to_run(x, y, corners, run, edges, off), owners[run]
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
        distance[event] = np.inf
        if best_run >= 0:
            _squared_to_run(x, y, corners, best_run, edges, off)
            distance[event] = _as_geos(x, y, corners, best_run, limit, off)
        found[event] = ranks[first_rank[best_record]] if best_run >= 0 else -1
        tied[event] = best_run >= 0 and np.sqrt(rival) <= np.sqrt(best) + 2 * error


@compiled
def as_near(
    xy: Floats,
    events: Integers,
    held: Integers,
    reach: Floats,
    records: Records,
    by_run: Tree,
    pairs: NDArray[np.int32],
) -> int:
    """List pairs of each of some events, by its place among them, and a rank that may be within its reach; some twice.

    Returns how many; -1 where there is too little room in ``pairs``.
    """
    boxes, lowest, first_node, corners = by_run.boxes, by_run.lowest, by_run.first_node, records.corners
    edges, fan = corners.shape[2] - 1, boxes.shape[2]
    stack, squared, off = np.empty((FAN * _LEVELS, 2), np.int64), np.empty(FAN), np.empty(EDGES)
    count, sees = 0, _EVERY
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
                elif _squared_to_run(x, y, corners, node * FAN + slot, edges, off) <= limit:
                    if count == len(pairs):
                        return -1
                    pairs[count, 0], pairs[count, 1] = number, lowest[box, slot]
                    count += 1
    return count


@compiled
def _gathered(xy: Floats, order: NDArray[np.uint32]) -> Floats:
    """Positions in the order in which they are looked at."""
    places = np.empty((len(order), 2))
    for number in range(len(order)):
        places[number, 0], places[number, 1] = xy[order[number], 0], xy[order[number], 1]
    return places


@inlined
def _squared_to_run(x: float, y: float, corners: Floats, run: int, edges: int, off: Floats) -> float:
    """Squared distance from a position to the nearest edge of a run; ``off`` gets that to each edge."""
    for edge in range(edges):
        ax, ay = corners[run, 0, edge], corners[run, 1, edge]
        along_x, along_y = corners[run, 0, edge + 1] - ax, corners[run, 1, edge + 1] - ay
        off_x, off_y = x - ax, y - ay
        squared = along_x * along_x + along_y * along_y
        part = (off_x * along_x + off_y * along_y) / (squared if squared > 0 else 1.0)
        part = part if part > 0 else 0.0
        part = part if part < 1 else 1.0
        rest_x, rest_y = off_x - part * along_x, off_y - part * along_y
        off[edge] = rest_x * rest_x + rest_y * rest_y
    least: float = off[0]
    for edge in range(1, EDGES):
        least = off[edge] if off[edge] < least else least
    return least


@inlined
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


@inlined
def _as_geos(x: float, y: float, corners: Floats, run: int, limit: float, off: Floats) -> float:
    """Distance to the nearest edge of a run, in the steps of GEOS (Distance::pointToSegment).

    Edges whose squared distance ``off`` is above the limit are too far to be it.
    """
    least = np.inf
    for edge in range(EDGES):
        if off[edge] > limit:
            continue
        ax, ay = corners[run, 0, edge], corners[run, 1, edge]
        bx, by = corners[run, 0, edge + 1], corners[run, 1, edge + 1]
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
