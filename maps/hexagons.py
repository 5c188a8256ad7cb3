"""One grid of hexagons for the whole world, of equal area: places -> cells, areas -> cells they reach into, outlines.

The plane is the cylindrical equal-area projection of WGS 84. Its origin is 0 N 0 E, whatever is drawn, so that a place
lies in the same hexagon each time. Only the latitude at which hexagons are regular is chosen, from multiples of ten
degrees; away from it they grow taller or wider and keep their area.

A cell is a pair of whole numbers, axial coordinates (column, row) of hexagons with a corner to the north:
https://www.redblobgames.com/grids/hexagons/ (A. Patel, 2013, revised 2025).
"""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from registry.errors import RegistryError
from registry.geometry import WGS84, Geometries, project

SIDES_KM = (1, 2, 5, 10, 20, 50)

MOST_PAIRS = 20_000_000
"""Of areas and cells around them that are looked at. One area as large as a continent has more small cells."""

_ROOT_3 = 3**0.5
_TURNS = np.radians(np.arange(30, 360, 60))
_CORNERS = np.column_stack([np.cos(_TURNS), np.sin(_TURNS)])

Cells = NDArray[np.int64]
"""One row of column and row for each cell."""


@dataclass(frozen=True)
class HexagonGrid:
    """Hexagons with sides of ``side_km``, regular at ``latitude`` (degrees) north and south of the equator."""

    side_km: int
    latitude: int

    @property
    def side_m(self) -> float:
        """Length of a side on the plane, in metres."""
        return 1_000.0 * self.side_km

    @property
    def area_km2(self) -> float:
        """Area of each hexagon."""
        return 1.5 * _ROOT_3 * self.side_km**2

    @property
    def plane(self) -> CRS:
        """The equal-area plane, in metres."""
        return CRS.from_proj4(f"+proj=cea +lat_ts={self.latitude} +lon_0=0 +datum=WGS84 +units=m +no_defs")


def grid_at(side_km: int, latitude: float) -> HexagonGrid:
    """The grid for data around a latitude in degrees: regular at the nearest multiple of ten, at most 60.

    Raises
    ------
    RegistryError
        If there are no hexagons of that size. There are few sizes, for maps of several sizes can be subtracted.
    """
    if side_km not in SIDES_KM:
        sizes = ", ".join(map(str, SIDES_KM))
        raise RegistryError(f"There are no hexagons with sides of {side_km} km; choose one of {sizes}.")
    return HexagonGrid(side_km, min(60, 10 * round(abs(latitude) / 10)))


def cells_of(points: Geometries, grid: HexagonGrid) -> Cells:
    """The cell that each point lies in; on a border one of those that meet there, the same each time.

    Parameters
    ----------
    points
        On WGS 84, none of them missing or empty.
    """
    x, y = shapely.get_coordinates(project(points, WGS84, grid.plane)).T / grid.side_m
    column, row = x / _ROOT_3 - y / 3, 2 * y / 3
    # The nearest of all triples of whole numbers with sum 0: of three rounded ones the worst is what the others leave.
    exact = np.column_stack([column, row, -column - row])
    whole = np.rint(exact)
    worst = np.abs(whole - exact).argmax(axis=1)
    lines = np.arange(len(whole))
    whole[lines, worst] -= whole.sum(axis=1)
    cells: Cells = whole[:, :2].astype(np.int64)
    return cells


def cells_reached(areas: Geometries, grid: HexagonGrid) -> tuple[NDArray[np.int64], Cells]:
    """The cells that each area has a part in.

    Parameters
    ----------
    areas
        Valid (multi)polygons on WGS 84, none of them missing or empty.

    Returns
    -------
    area, cell
        Pairs: the number of an area, and a cell that it reaches into or touches.

    Raises
    ------
    RegistryError
        If the areas are so large that there would be more than `MOST_PAIRS` to look at.
    """
    on_plane = project(areas, WGS84, grid.plane)
    shapely.prepare(on_plane)
    bounds = shapely.bounds(on_plane).reshape(-1, 4) / grid.side_m
    west, south, east, north = bounds.T
    # A row is 1.5 sides above the one before, and its hexagons reach one side up and down.
    first, last = np.ceil((south - 1) / 1.5).astype(np.int64), np.floor((north + 1) / 1.5).astype(np.int64)
    _refuse_too_many(np.sum((last - first + 1.0) * ((east - west) / _ROOT_3 + 2)), grid)
    area, row = _spread(np.arange(len(areas)), first, last)
    left = np.ceil(west[area] / _ROOT_3 - 0.5 - row / 2).astype(np.int64)
    right = np.floor(east[area] / _ROOT_3 + 0.5 - row / 2).astype(np.int64)
    line, column = _spread(np.arange(len(area)), left, right)
    area, cell = area[line], np.column_stack([column, row[line]])
    distinct, number = np.unique(cell, axis=0, return_inverse=True)
    reached = shapely.intersects(on_plane[area], _on_plane(distinct, grid)[number.reshape(-1)])
    return area[reached], cell[reached]


def outlines(cells: Cells, grid: HexagonGrid) -> Geometries:
    """The hexagons of cells as polygons on WGS 84.

    They follow from the cells alone. Beyond a pole there is no place: there a hexagon ends.
    """
    corners = _corners(cells, grid)
    to_degrees = Transformer.from_crs(grid.plane, WGS84, always_xy=True)
    half_width, _ = to_degrees.transform(180.0, 0.0, direction="INVERSE")
    _, pole = to_degrees.transform(0.0, 90.0, direction="INVERSE")
    # Beyond 180 degrees PROJ would come back on the other side.
    longitude = corners[..., 0] / half_width * 180.0
    flat = np.clip(corners[..., 1], -pole, pole).ravel()
    latitude = to_degrees.transform(np.zeros(flat.shape), flat)[1].reshape(longitude.shape)
    return np.asarray(shapely.polygons(np.stack([longitude, latitude], axis=-1)), dtype=object)


def _refuse_too_many(pairs: float, grid: HexagonGrid) -> None:
    if pairs > MOST_PAIRS:
        raise RegistryError(
            f"The records reach into some {pairs:,.0f} hexagons with sides of {grid.side_km} km, more than can be "
            f"counted ({MOST_PAIRS:,}); choose larger hexagons with --cell."
        )


def _spread(
    owner: NDArray[np.int64], first: NDArray[np.int64], last: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Each whole number from first to last, with its owner."""
    number = last - first + 1
    start = np.cumsum(number) - number
    return np.repeat(owner, number), np.arange(number.sum()) - np.repeat(start - first, number)


def _corners(cells: Cells, grid: HexagonGrid) -> NDArray[np.float64]:
    middles = np.column_stack([_ROOT_3 * (cells[:, 0] + cells[:, 1] / 2), 1.5 * cells[:, 1]])
    return np.asarray((middles[:, None, :] + _CORNERS) * grid.side_m)


def _on_plane(cells: Cells, grid: HexagonGrid) -> Geometries:
    return np.asarray(shapely.polygons(_corners(cells, grid)), dtype=object)
