"""The plane the world is made on, and its grids of map sheets and districts."""

import numpy as np
from numpy.typing import NDArray

from registry.geometry import local_equal_area

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

PLANE = local_equal_area((-20.0, -20.0, -20.0, -20.0))
"""The plane the world is made on, in metres; its origin is the middle of the world."""

WIDTH_M, HEIGHT_M = 64_000.0, 48_000.0
DISTRICTS_ACROSS, DISTRICTS_DOWN = 4, 3
SHEET_M = 8_000.0


def sheet_at(points: Floats) -> Integers:
    """Number of the map sheet at each point, row by row from the south-west."""
    column = (points[:, 0] + WIDTH_M / 2) // SHEET_M
    row = (points[:, 1] + HEIGHT_M / 2) // SHEET_M
    return np.asarray(row * (WIDTH_M // SHEET_M) + column).astype(np.int64)


def district_of(sheet: Integers) -> Integers:
    """Number of the district each sheet is in."""
    row, column = np.divmod(sheet, int(WIDTH_M // SHEET_M))
    sheets_across = int(WIDTH_M // SHEET_M) // DISTRICTS_ACROSS
    sheets_down = int(HEIGHT_M // SHEET_M) // DISTRICTS_DOWN
    return np.asarray(row // sheets_down * DISTRICTS_ACROSS + column // sheets_across)
