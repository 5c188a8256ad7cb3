"""A map of scores over all shifts at once, and synthetic events: what a search for a shift does hundreds of times."""

import numpy as np

from registry.compare.blur import Floats, places_in
from registry.compare.displacement import LEAST, MAX_SHIFT_M, Rasters, Window
from registry.compare.kernel import Ranks
from registry.compare.raster import TILE, Raster, Singles

_FAR_PLACES = 16_384
_DENSE_CELLS = 80_000_000  # a raster of up to so many cells is held in one piece, which is faster


class Scores:
    """The log-likelihood of many shifts at once, with weights that stay the same.

    Parameters
    ----------
    rasters
        From `prepare_rasters`.
    weights
        Of the components.
    """

    def __init__(self, rasters: Rasters, weights: Floats) -> None:
        self.rasters = rasters
        self._fields = [_Field(raster, rasters.window, weights) for raster in rasters.rasters]

    def peaks(self, places: Floats, count: int) -> Floats:
        """The shifts of the highest local maxima, between the cells of the map of scores; shape (up to count, 2)."""
        found = []
        for index, field in enumerate(self._fields):
            found.append((field.cell_m, field.score(places[self.rasters.error == index])))
        finest_m = min(cell_m for cell_m, _ in found)
        steps = int(MAX_SHIFT_M // finest_m)
        total = np.zeros((2 * steps + 1, 2 * steps + 1), dtype=np.float32)
        for cell_m, score in found:
            total += score if cell_m == finest_m else _resampled(score, cell_m, finest_m, steps)
        return _highest(total, steps, count) * finest_m


class _Field:
    """The logarithm of a mixture's density on a raster, looked up around events."""

    def __init__(self, raster: Raster, window: Window, weights: Floats) -> None:
        self.cell_m = raster.cell_m
        self.steps = int(MAX_SHIFT_M // raster.cell_m)
        self._raster = raster
        price = weights / window.area_m2
        density = np.maximum(_mixed(raster, price), LEAST * price.max())
        self._tiles = np.log(density, out=density)
        self._around = -(-self.steps // TILE) + 1
        self._slot = np.pad(raster.slot, self._around)
        self._dense = self._mosaic(self._slot) if self._slot.size * TILE**2 <= _DENSE_CELLS else None

    def score(self, places: Floats) -> Singles:
        """Sum over events for each shift of the records, in cells from -steps to steps; north before east."""
        side = 2 * self.steps + 1
        total = np.zeros((side, side), dtype=np.float32)
        corner = np.rint(self._raster.cells(places)).astype(np.int64) + self._around * TILE - self.steps
        limit = np.array(self._slot.shape[::-1]) * TILE - side
        for column, row in corner[((corner >= 0) & (corner <= limit)).all(axis=1)].tolist():
            total += self._cut(row, column, side)
        # A record moved east is seen by an event as the event moved west.
        return total[::-1, ::-1]

    def _cut(self, row: int, column: int, side: int) -> Singles:
        if self._dense is not None:
            return self._dense[row : row + side, column : column + side]
        tiles = (slice(row // TILE, (row + side) // TILE + 1), slice(column // TILE, (column + side) // TILE + 1))
        row, column = row % TILE, column % TILE
        return self._mosaic(self._slot[tiles])[row : row + side, column : column + side]

    def _mosaic(self, slot: Ranks) -> Singles:
        rows, columns = slot.shape
        made = np.empty((rows, TILE, columns, TILE), dtype=np.float32)
        for row in range(rows):
            made[row] = self._tiles[slot[row]].transpose(1, 0, 2)
        return made.reshape(rows * TILE, columns * TILE)


class Simulator:
    """Recorded positions drawn from a window's mixture with given weights, the records where they are.

    Parameters
    ----------
    rasters
        From `prepare_rasters`; as many events are drawn, with their position errors.
    weights
        Of the components.
    """

    def __init__(self, rasters: Rasters, weights: Floats) -> None:
        self._rasters = rasters
        self._far_share = float(weights[-1])
        near = weights / rasters.window.area_m2
        near[-1] = 0.0
        self._reached = [
            np.cumsum(np.maximum(_mixed(raster, near), 0.0).ravel(), dtype=np.float64) for raster in rasters.rasters
        ]
        places, rank = places_in(rasters.window.reach, _FAR_PLACES)
        far = places[rank >= rasters.rasters[0].read(places)[:, -1]]
        self._far = far[np.lexsort(np.floor(far[:, ::-1].T / MAX_SHIFT_M))]

    def draw(self, random: np.random.Generator) -> Floats:
        """Positions of shape (n, 2), in the order of the rasters' ``error``.

        Neighbours come one after the other, so that what is read for one is still at hand for the next.
        """
        places = np.empty((len(self._rasters.error), 2))
        for index, (raster, reached) in enumerate(zip(self._rasters.rasters, self._reached, strict=True)):
            of_it = np.flatnonzero(self._rasters.error == index)
            far = random.random(len(of_it)) < self._far_share if len(self._far) else np.zeros(len(of_it), dtype=bool)
            places[of_it[far]] = self._far[np.sort(random.integers(len(self._far), size=np.count_nonzero(far)))]
            near = of_it[~far]
            cell = np.searchsorted(reached, np.sort(random.random(len(near))) * reached[-1], side="right")
            places[near] = _cell_corners(raster, cell) + random.random((len(near), 2)) * raster.cell_m
        return places


def _mixed(raster: Raster, price: Floats) -> Singles:
    """The density of a mixture at the centres of cells, from the weight of each component over its area."""
    # It is linear in the probabilities of the lands: what is not in one is in the next component.
    step = (price[:-1] - price[1:]).astype(np.float32)
    density = raster.probability.reshape(-1, len(step)) @ step + np.float32(price[-1])
    return np.asarray(density.reshape(raster.probability.shape[:3]))


def _cell_corners(raster: Raster, cell: Ranks) -> Floats:
    slot, row, column = np.unravel_index(cell, raster.probability.shape[:3])
    tile = np.empty((len(raster.probability), 2), dtype=np.int64)
    rows, columns = np.nonzero(raster.slot)
    tile[raster.slot[rows, columns]] = np.column_stack([columns, rows])
    corner = tile[slot] * TILE + np.column_stack([column, row])
    return np.asarray(np.array([raster.west_m, raster.south_m]) + corner * raster.cell_m)


def _resampled(score: Singles, cell_m: float, finest_m: float, steps: int) -> Singles:
    """A map of scores on a finer grid of shifts."""
    from scipy.ndimage import map_coordinates

    at = np.arange(-steps, steps + 1) * (finest_m / cell_m) + (len(score) - 1) / 2
    return np.asarray(map_coordinates(score, np.meshgrid(at, at, indexing="ij"), order=1, mode="nearest"))


def _highest(total: Singles, steps: int, count: int) -> Floats:
    """The highest local maxima of a map of scores within reach, each moved to the top of a parabola; in cells."""
    from scipy.ndimage import maximum_filter

    offset = np.arange(-steps, steps + 1)
    within = offset[:, None] ** 2 + offset**2 <= steps**2
    row, column = np.nonzero((maximum_filter(total, 7) == total) & within)
    order = np.argsort(-total[row, column], kind="stable")[:count]
    row, column = row[order], column[order]
    framed = np.pad(total, 1, mode="edge").astype(np.float64)
    east = _top(framed[row + 1, column], framed[row + 1, column + 1], framed[row + 1, column + 2])
    north = _top(framed[row, column + 1], framed[row + 1, column + 1], framed[row + 2, column + 1])
    return np.column_stack([column - steps + east, row - steps + north])


def _top(before: Floats, here: Floats, after: Floats) -> Floats:
    bend = 2 * here - before - after
    return np.where(bend > 0, 0.5 * (after - before) / np.where(bend > 0, bend, 1.0), 0.0)
