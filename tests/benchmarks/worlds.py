"""SYNTHETIC worlds of three sizes and one density, on a plane in metres: records along front lines, events about them.

Records are rings of 24 vertices in the middle of their number, 0.05 km2 in the middle of their size, long and narrow.
Of each hundred, 13 are handed over again in a later batch: half of them to the last bit, half moved by less than a
micrometre, as by a trip through another reference system. 36 to 48 % of the events lie inside.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from front_lines import polygons as rings_about
from numpy.random import Generator

SIZES = {"S": (2_000, 5_000), "M": (50_000, 500_000), "L": (500_000, 10_000_000)}
BATCHES = 12
SEED = 20241125

_METRES_PER_DEGREE = 111_320.0
RECORDS_PER_M = 0.04
_LINE_M = 400_000.0
_LINES_APART_M = 30_000.0
_AGAIN = 0.13
_STEP_M = 100.0


@dataclass(frozen=True)
class World:
    """Records in the order in which they were handed over, and events, on a plane in metres.

    ``batch`` is the batch of each record. ``events`` has a row of two coordinates for each event, ``held`` how many
    records had been handed over before it.
    """

    records: np.ndarray
    batch: np.ndarray
    events: np.ndarray
    held: np.ndarray


def make_world(records: int, events: int, records_per_m: float = RECORDS_PER_M) -> World:
    """A world of so many records and events, always the same; ``records_per_m`` is counted along the front lines."""
    random = np.random.default_rng(SEED)
    again = int(records * _AGAIN)
    length_m = records * (1 - _AGAIN) / records_per_m
    polygons, batch = _handed_over(random, _polygons(random, length_m, records - again), again)
    day = random.integers(0, BATCHES + 1, events)
    spread_m = np.where(random.random((events, 1)) < 0.85, 1_000, 6_000)
    return World(polygons, batch, _along(random, length_m, events, spread_m), np.searchsorted(batch, day, side="left"))


def _polygons(random: Generator, length_m: float, count: int) -> np.ndarray:
    """The rings of the web map's world, which are in degrees at the equator, in metres."""
    flat = rings_about(random, np.zeros((count, 2)))
    xy, owner = shapely.get_coordinates(flat, return_index=True)
    centre = _along(random, length_m, count, 900.0)
    return shapely.polygons(shapely.linearrings(xy * _METRES_PER_DEGREE + centre[owner], indices=owner))


def _handed_over(random: Generator, fresh: np.ndarray, again: int) -> tuple[np.ndarray, np.ndarray]:
    """Deal records to batches, and hand some over once more in a later one."""
    batch = random.integers(0, BATCHES, len(fresh))
    batch[: min(BATCHES, len(fresh))] = np.arange(min(BATCHES, len(fresh)))
    early = np.flatnonzero(batch < BATCHES - 1)
    source = random.choice(early, again, replace=False)
    later = random.integers(batch[source] + 1, BATCHES)
    copies = fresh[source].copy()
    moved = random.random(again) < 0.5
    copies[moved] = shapely.transform(copies[moved], lambda xy: xy + 1e-6 * np.sin(xy * 1e6))
    polygons, batch = np.concatenate([fresh, copies]), np.concatenate([batch, later])
    order = np.argsort(batch, kind="stable")
    return polygons[order], batch[order]


def _along(random: Generator, length_m: float, count: int, spread_m: float | np.ndarray) -> np.ndarray:
    """Places scattered about winding lines of so many metres in all, one line beside the other."""
    at = random.random(count) * length_m
    line = (at // _LINE_M).astype(int)
    x, y = at % _LINE_M, line * _LINES_APART_M
    wave = np.sin(x / 9_000 + line) * 4_000 + np.sin(x / 2_300 + 2 * line) * 1_200
    return np.column_stack([x, y + wave]) + random.normal(0, 1, (count, 2)) * spread_m
