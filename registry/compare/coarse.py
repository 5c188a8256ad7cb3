"""Positions on a coarse grid: whole minutes, hundredths of a degree, corners and centres of map squares."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from registry import geometry

ON_GRID_M = 1.0
"""A coordinate this close to a line of a grid lies on it; it leaves room for five digits of a degree."""

_METRES_PER_DEGREE = 111_320.0  # of latitude, and of longitude at the equator

Mask = NDArray[np.bool_]
Places = NDArray[np.float64]


@dataclass(frozen=True)
class Grid:
    """A grid that positions are rounded to.

    ``step`` is in degrees of longitude and latitude, or where ``of_squares`` in metres of UTM: squares as MGRS has
    them, whose centres count as well as their corners.
    """

    name: str
    step: float
    of_squares: bool = False


GRIDS = (
    Grid("1 minute", 1 / 60),
    Grid("0.1 minute", 1 / 600),
    Grid("0.01 degree", 1 / 100),
    Grid("0.001 degree", 1 / 1_000),
    Grid("MGRS 1 km", 1_000.0, of_squares=True),
    Grid("MGRS 100 m", 100.0, of_squares=True),
)

_FINER = 10  # steps of the next finer grid that make one of a grid


@dataclass(frozen=True)
class Rounded:
    """Which positions lie on a grid, and how many chance would put there."""

    on_grid: Mask
    expected: float


def rounded(degrees: Places, utm_m: Places, grid: Grid) -> Rounded:
    """Find the positions on a grid.

    Parameters
    ----------
    degrees
        One row of longitude and latitude on WGS 84 for each position.
    utm_m
        The same positions as `to_utm` gives them.

    Notes
    -----
    What chance gives follows from the next finer grid: a last digit is nought by chance once in ten, on each axis. Of
    the positions on the finer grid that are not on this one, N, chance makes ``N r / (1 - r)`` more that are, with r
    the share of the finer grid's nodes that are nodes of this one (1 in 100; 2 in 100 where centres count). It holds
    for positions written to few digits as well as for those that are on the finer grid by chance themselves.
    """
    if grid.of_squares:
        on_grid = _on_lines(utm_m, grid.step, 1.0) | _on_lines(utm_m - grid.step / 2, grid.step, 1.0)
        on_finer = _on_lines(utm_m, grid.step / _FINER, 1.0)
    else:
        metres = _METRES_PER_DEGREE * np.column_stack([np.cos(np.radians(degrees[:, 1])), np.ones(len(degrees))])
        on_grid = _on_lines(degrees, grid.step, metres)
        on_finer = _on_lines(degrees, grid.step / _FINER, metres)
    ratio = (2 if grid.of_squares else 1) / _FINER**2
    others = int(np.count_nonzero(on_finer & ~on_grid))
    return Rounded(on_grid, others * ratio / (1 - ratio))


def to_utm(degrees: Places) -> Places:
    """Easting and northing of positions on WGS 84, each in its own zone of six degrees (no zone is widened)."""
    zone = np.clip(np.floor((degrees[:, 0] + 180) / 6).astype(np.int64) + 1, 1, 60)
    epsg = np.where(degrees[:, 1] < 0, 32_700, 32_600) + zone
    points = shapely.points(degrees)
    placed = np.zeros_like(degrees)
    for code in np.unique(epsg):
        of_zone = epsg == code
        projected = geometry.project(points[of_zone], geometry.WGS84, CRS.from_epsg(int(code)))
        placed[of_zone] = shapely.get_coordinates(projected)
    return placed


def _on_lines(places: Places, step: float, metres: Places | float) -> Mask:
    """Whether both coordinates are multiples of a step; ``metres`` turns their unit into metres."""
    off = np.abs(places / step - np.round(places / step)) * step * metres
    return np.asarray((off <= ON_GRID_M).all(axis=1))
