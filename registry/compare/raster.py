"""Nested land as a raster: the share of each cell that it covers, blurred by a position error, in tiles near it.

What is asked of thousands of places at once (where must records be shifted to?) is read from here; the exact answer for
a place is `registry.compare.blur.probability_inside`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from registry.compare.blur import Floats
from registry.compare.kernel import Mask, Ranks
from registry.threads import on_threads

Singles = NDArray[np.float32]

TILE = 32
"""Cells along the side of a tile."""

CELL_PER_SIGMA = 0.75
SMALLEST_CELL_M = 10.0

_REACH = 4.0  # sigma
_BATCH = 128  # tiles blurred at once


@dataclass(frozen=True)
class Raster:
    """Probabilities that a position lies in each of some nested lands, at the centres of cells.

    Attributes
    ----------
    west_m, south_m, cell_m
        Corner of the grid of tiles and side of a cell, in metres.
    slot
        Shape (rows, columns) of tiles, northwards and eastwards: where a tile is in ``probability``. Tiles that no land
        reaches are slot 0, which is empty.
    probability
        Shape (slots, TILE, TILE, lands).
    """

    west_m: float
    south_m: float
    cell_m: float
    slot: Ranks
    probability: Singles

    def cells(self, places: Floats) -> Floats:
        """Places, shape (..., 2), in cells from the centre of the first one; x before y."""
        return np.asarray((places - np.array([self.west_m, self.south_m])) / self.cell_m - 0.5)

    def read(self, places: Floats) -> Singles:
        """Probabilities at any places, shape (..., 2), linearly between the centres of cells; 0 beyond the grid.

        Returns
        -------
        Shape (..., lands).
        """
        at = self.cells(places)
        corner = np.floor(at).astype(np.int64)
        part = (at - corner).astype(np.float32)
        right, up = part[..., :1], part[..., 1:]
        column, row = corner[..., 0], corner[..., 1]
        flat = self.probability.reshape(-1, self.probability.shape[-1])
        south = flat[self._index(row, column)] * (1 - right) + flat[self._index(row, column + 1)] * right
        north = flat[self._index(row + 1, column)] * (1 - right) + flat[self._index(row + 1, column + 1)] * right
        return np.asarray(south * (1 - up) + north * up)

    def _index(self, row: Ranks, column: Ranks) -> Ranks:
        rows, columns = self.slot.shape
        tile_row, tile_column = row // TILE, column // TILE
        beyond = (tile_row < 0) | (tile_row >= rows) | (tile_column < 0) | (tile_column >= columns)
        slot = self.slot[np.where(beyond, 0, tile_row), np.where(beyond, 0, tile_column)]
        return np.where(beyond, 0, (slot * TILE + row % TILE) * TILE + column % TILE)


def cell_for(sigma_m: float) -> float:
    """Side of a cell that a position error allows, in metres."""
    return max(SMALLEST_CELL_M, CELL_PER_SIGMA * sigma_m)


def rasterise(lands: Sequence[Floats], sigma_m: float) -> Raster:
    """Blur nested lands by a position error.

    Parameters
    ----------
    lands
        Edges of each land as in `registry.compare.blur.Land`, the innermost land first; each lies within the next.
    sigma_m
        Standard deviation along each axis. An error below 4/3 of the smallest cell is taken for that.

    Notes
    -----
    Averaging over a cell and reading between its centres add a quarter of the square of its side to the variance, on
    average; the blur is less by that.
    """
    cell_m = cell_for(sigma_m)
    blur = np.sqrt((max(sigma_m, SMALLEST_CELL_M / CELL_PER_SIGMA) / cell_m) ** 2 - 0.25)
    outermost = lands[-1].reshape(-1, 2)
    side = TILE * cell_m
    low = np.floor(outermost.min(axis=0) / side).astype(np.int64) - 1
    high = np.floor(outermost.max(axis=0) / side).astype(np.int64) + 2
    west_m, south_m = (low * side).tolist()
    in_cells = [(edges - np.tile([west_m, south_m], 2)) / cell_m for edges in lands]
    halo = int(np.ceil(_REACH * blur)) + 1
    slot = _slots(in_cells[-1], (int(high[1] - low[1]), int(high[0] - low[0])), halo)
    probability = np.empty((slot.max() + 1, TILE, TILE, len(lands)), dtype=np.float32)

    def draw(number: int) -> None:
        probability[..., number] = _blurred(_coverage(in_cells[number], slot), slot, blur)

    on_threads(draw, range(len(lands)))
    return Raster(west_m, south_m, cell_m, slot, probability)


def _slots(edges: Floats, shape: tuple[int, int], halo: float) -> Ranks:
    """Number the tiles that hold land or lie within so many cells of it."""
    rows, columns = shape
    held = np.zeros((rows, columns), dtype=bool)
    scaled = edges / TILE
    steps = np.ceil(np.abs(scaled[:, 2:] - scaled[:, :2]).max(axis=1) * 4).astype(np.int64) + 1
    edge, number = _counted(steps)
    places = scaled[edge, :2] + (number / steps[edge])[:, None] * (scaled[edge, 2:] - scaled[edge, :2])
    reach = halo / TILE + 0.25  # places are up to a quarter of a tile apart
    for across in (-reach, 0.0, reach):
        for up in (-reach, 0.0, reach):
            column, row = np.floor(places + np.array([across, up])).astype(np.int64).T
            held[row, column] = True
    line, x, sign = _crossings(scaled)
    before = np.zeros((rows, columns + 1))
    np.add.at(before, (line, np.ceil(x).astype(np.int64)), sign)
    held |= np.cumsum(before, axis=1)[:, :columns] > 0.5
    slot = np.zeros((rows, columns), dtype=np.int64)
    slot[held] = np.arange(1, np.count_nonzero(held) + 1)
    return slot


def _crossings(edges: Floats) -> tuple[Ranks, Floats, Floats]:
    """Where edges cross the middle lines of unit rows: row, x, and +1 where land begins to the east, else -1.

    Land lies to the left of an edge, so it begins to the east of one that runs south.
    """
    low, high = np.minimum(edges[:, 1], edges[:, 3]), np.maximum(edges[:, 1], edges[:, 3])
    first = np.ceil(low - 0.5).astype(np.int64)
    edge, line = _counted(np.ceil(high - 0.5).astype(np.int64) - first)
    line += first[edge]
    from_x, from_y, to_x, to_y = edges[edge].T
    x = from_x + (line + 0.5 - from_y) * ((to_x - from_x) / (to_y - from_y))
    return line, x, np.where(to_y < from_y, 1.0, -1.0)


def _coverage(edges: Floats, slot: Ranks) -> Singles:
    """The share of each cell of each tile that lies in land; slot 0 stays empty."""
    row, x, height = _pieces(edges)
    cell = np.floor(x).astype(np.int64)
    part = (x - cell).astype(np.float32)
    # The heights of a row sum to 0, so that a running sum over all rows is what lies to the west in the same row.
    order = np.argsort(row * (slot.shape[1] * TILE) + cell, kind="stable")
    row, cell, part, height = row[order], cell[order], part[order], height[order]
    so_far = np.concatenate([[0.0], np.cumsum(height)])
    width = slot.shape[1] * TILE
    tile_row, tile_column = np.nonzero(slot)
    asked = (tile_row[:, None] * TILE + np.arange(TILE)) * width + tile_column[:, None] * TILE
    at_border = so_far[np.searchsorted(row * width + cell, asked)]
    first = (slot[row // TILE, cell // TILE] * TILE + row % TILE) * (TILE + 1) + cell % TILE
    change = np.zeros((len(tile_row) + 1, TILE, TILE + 1), dtype=np.float32)
    share = height.astype(np.float32)
    np.add.at(change.reshape(-1), first, share * (1 - part))
    np.add.at(change.reshape(-1), first + 1, share * part)
    change[slot[tile_row, tile_column], :, 0] += at_border.astype(np.float32)
    change[0] = 0.0
    return np.asarray(np.cumsum(change, axis=2, out=change)[..., :TILE])


def _pieces(edges: Floats) -> tuple[Ranks, Floats, Floats]:
    """Edges cut at the borders of rows, and where they lie flat at every cell: row, middle x, and height.

    The height is positive where land begins to the east, as it does of an edge that runs south.
    """
    edges = edges[edges[:, 1] != edges[:, 3]]
    low, high = np.minimum(edges[:, 1], edges[:, 3]), np.maximum(edges[:, 1], edges[:, 3])
    first = np.floor(low).astype(np.int64)
    edge, row = _counted(np.ceil(high).astype(np.int64) - first)
    row += first[edge]
    from_x, from_y, to_x, to_y = edges[edge].T
    height = np.minimum(high[edge], row + 1) - np.maximum(low[edge], row)
    slope = (to_x - from_x) / (to_y - from_y)
    across = slope * height
    middle = from_x + (np.maximum(low[edge], row) + height / 2 - from_y) * slope
    cuts = np.ceil(np.abs(across)).astype(np.int64).clip(1)
    piece, number = _counted(cuts)
    x = middle[piece] + across[piece] * ((number + 0.5) / cuts[piece] - 0.5)
    return row[piece], x, (np.where(to_y < from_y, height, -height) / cuts)[piece]


def _counted(counts: Ranks) -> tuple[Ranks, Ranks]:
    """Each index as often as it counts, and beside it 0, 1, 2 ..."""
    index = np.repeat(np.arange(len(counts)), counts)
    return index, np.arange(len(index)) - np.repeat(np.cumsum(counts) - counts, counts)


def _blurred(coverage: Singles, slot: Ranks, blur: float) -> Singles:
    """Every tile blurred with what its neighbours hold; ``blur`` is in cells."""
    halo = int(np.ceil(_REACH * blur))
    away = np.arange(TILE + 2 * halo) - np.arange(halo, halo + TILE)[:, None]
    kernel = np.where(np.abs(away) <= halo, np.exp(-0.5 * (away / blur) ** 2), 0.0)
    kernel = (kernel / kernel.sum(axis=1, keepdims=True)).astype(np.float32)
    around = np.pad(slot, 1)
    row, column = np.nonzero(slot)
    differs = _differs(coverage, around, row, column)
    row, column = row[differs], column[differs]
    made = coverage.copy()
    for start in range(0, len(row), _BATCH):
        rows, columns = row[start : start + _BATCH], column[start : start + _BATCH]
        wide = np.concatenate(
            [
                np.concatenate([coverage[around[rows + down, columns + across]] for across in range(3)], axis=2)
                for down in range(3)
            ],
            axis=1,
        )[:, TILE - halo : 2 * TILE + halo, TILE - halo : 2 * TILE + halo]
        made[slot[rows, columns]] = kernel @ (wide @ kernel.T)
    return made


def _differs(coverage: Singles, around: Ranks, row: Ranks, column: Ranks) -> Mask:
    """Which tiles are not the same all over, with their neighbours: only these need a blur."""
    low, high = coverage.min(axis=(1, 2)), coverage.max(axis=(1, 2))
    neighbours = np.stack([around[row + down, column + across] for down in range(3) for across in range(3)])
    return np.asarray(high[neighbours].max(axis=0) - low[neighbours].min(axis=0) > 1e-4)
