"""Positions along a space-filling curve, and pairs in order, in machine code."""

import numpy as np
from numpy.typing import NDArray

from registry.compare.machine import Floats, Integers, compiled, inlined

_BITS = 32  # of a place along the curve
_DIGIT = 11  # bits of it that a pass of the sort looks at


@compiled
def reach_of(xy: Floats) -> tuple[float, float, float, float]:
    """Lowest x and y, and the highest, of some positions."""
    left, below, right, above = np.inf, np.inf, -np.inf, -np.inf
    for number in range(len(xy)):
        left, right = min(left, xy[number, 0]), max(right, xy[number, 0])
        below, above = min(below, xy[number, 1]), max(above, xy[number, 1])
    return left, below, right, above


@compiled
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


@inlined
def _spread(bits: np.uint32) -> np.uint32:
    """The lower sixteen bits with a gap after each."""
    bits = (bits | (bits << 8)) & np.uint32(0x00FF00FF)
    bits = (bits | (bits << 4)) & np.uint32(0x0F0F0F0F)
    bits = (bits | (bits << 2)) & np.uint32(0x33333333)
    return (bits | (bits << 1)) & np.uint32(0x55555555)


@compiled
def order_of(places: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The order that sorts places along the curve; equal ones stay as they are."""
    count, mask = len(places), (1 << _DIGIT) - 1
    order, other = np.empty(count, np.uint32), np.empty(count, np.uint32)
    for number in range(count):
        order[number] = number
    keys, other_keys = places.copy(), np.empty_like(places)
    for shift in range(0, _BITS, _DIGIT):
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


@compiled
def by_event(pairs: NDArray[np.int32], events: int) -> tuple[Integers, Integers]:
    """Events and ranks of pairs, sorted by event and then by rank."""
    end = np.zeros(events + 1, np.int64)
    for number in range(len(pairs)):
        end[pairs[number, 0] + 1] += 1
    for each in range(events):
        end[each + 1] += end[each]
    event, rank = np.empty(len(pairs), np.int64), np.empty(len(pairs), np.int64)
    for number in range(len(pairs)):
        each = pairs[number, 0]
        event[end[each]], rank[end[each]] = each, pairs[number, 1]
        end[each] += 1
    start = 0
    for each in range(events):
        gap = (end[each] - start) // 2
        while gap:  # Shell's sort: most events have one rank or two, and some may have thousands
            for number in range(start + gap, end[each]):
                this, at = rank[number], number
                while at >= start + gap and rank[at - gap] > this:
                    rank[at] = rank[at - gap]
                    at -= gap
                rank[at] = this
            gap //= 2
        start = end[each]
    return event, rank
