"""Land on a grid of cells, so that of many places only those near its borders must be looked at one by one."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree

from registry.geometry import Geometries

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Numbers = NDArray[np.int64]

MANY_SMALL, FEW_LARGE = 512, 128
"""Cells along each side of a grid, for land of many small parts and of few large ones."""

_FEW_PER_PART = 50  # cells


@dataclass(frozen=True)
class GriddedLand:
    """Land over the bounding rectangle of a frame.

    Attributes
    ----------
    parts
        Valid polygons on a plane in metres.
    tree
        Index of the parts.
    corner, cell
        South-western corner of the grid, and the sides of a cell.
    holds, touches
        Of each cell by column and row: whether all of it is land, and whether any of it may be.
    """

    parts: Geometries
    tree: STRtree
    corner: Floats
    cell: Floats
    holds: Mask
    touches: Mask

    @classmethod
    def over(cls, parts: Geometries, frame: Geometries, side: int) -> Self:
        """Lay a grid of so many cells along each side over the bounding rectangle of a frame.

        Parameters
        ----------
        parts
            Valid polygons on a plane in metres.
        frame
            Geometries whose bounding rectangle holds the places that will be asked for; with an area.
        """
        bounds = shapely.total_bounds(frame)
        corner, cell = bounds[:2], (bounds[2:] - bounds[:2]) / side
        tree = STRtree(parts)
        touches = _boxes_on_grid(shapely.bounds(parts), corner, cell, side)
        holds = np.zeros_like(touches)
        if len(parts) and np.count_nonzero(touches) > _FEW_PER_PART * len(parts):
            # Few large parts: their borders cross few of the cells, and of any other all is land, or nothing.
            crossed = _boxes_on_grid(_edge_bounds(parts), corner, cell, side)
            column, row = np.nonzero(touches & ~crossed)
            middle = corner + (np.column_stack([column, row]) + 0.5) * cell
            holds[column, row] = held_by(middle, parts, tree)
            touches = crossed | holds
        return cls(parts, tree, corner, cell, holds, touches)

    def hold(self, places: Floats) -> Mask:
        """Whether each place lies in the land or on its border."""
        column, row = _on_grid(places, self.corner, self.cell, len(self.holds)).T
        found: Mask = self.holds[column, row]
        unsure = np.flatnonzero(self.touches[column, row] & ~found)
        found[unsure] = held_by(places[unsure], self.parts, self.tree)
        return found


def held_by(places: Floats, parts: Geometries, tree: STRtree) -> Mask:
    """Whether each place lies in any of the parts or on its border, without a grid."""
    # The tree alone would test the point against the polygon as it is; a study area has thousands of vertices.
    shapely.prepare(parts)
    place, part = tree.query(shapely.points(places))
    holds = shapely.intersects_xy(parts[part], places[place, 0], places[place, 1])
    found = np.zeros(len(places), dtype=np.bool_)
    found[place[holds]] = True
    return found


def _edge_bounds(parts: Geometries) -> Floats:
    """Bounds of all edges; the step from one ring to the next is none."""
    places, ring = shapely.get_coordinates(shapely.get_rings(parts), return_index=True)
    joined = ring[1:] == ring[:-1]
    begin, end = places[:-1][joined], places[1:][joined]
    return np.column_stack([np.minimum(begin, end), np.maximum(begin, end)])


def _on_grid(places: Floats, corner: Floats, cell: Floats, side: int) -> Numbers:
    return np.clip(np.floor((places - corner) / cell), 0, side - 1).astype(np.int64)


def _boxes_on_grid(bounds: Floats, corner: Floats, cell: Floats, side: int) -> Mask:
    """The cells that boxes touch, all of which lie in a box of cells."""
    begin, end = (_on_grid(ends, corner, cell, side) for ends in (bounds[:, :2], bounds[:, 2:]))
    steps = np.zeros((side + 1, side + 1), dtype=np.int64)
    for column, row, sign in ((begin, begin, 1), (begin, end + 1, -1), (end + 1, begin, -1), (end + 1, end + 1, 1)):
        np.add.at(steps, (column[:, 0], row[:, 1]), sign)
    return np.asarray(steps.cumsum(axis=0).cumsum(axis=1)[:side, :side] > 0)
