"""How much wider a mean spreads where events that lie close together belong together."""

import math

import numpy as np
from numpy.typing import NDArray

from registry.compare.uncertainty import cells

Floats = NDArray[np.float64]

_BLOCKS = ((0, 0), (0, 1), (1, 0), (1, 1))  # where blocks of two by two cells can begin


def cluster_spread(centred: Floats, xy: Floats, cell_m: float) -> tuple[float, float]:
    """How many times larger clusters make the variance of a mean, at least 1; and the quantile to take with it.

    Parameters
    ----------
    centred
        What each event adds to the mean, less its average.
    xy
        Position of each event, shape (n, 2), on a plane in metres.
    cell_m
        Side of the square cells whose events may belong together.

    Returns
    -------
    The design effect, and the 97.5 % quantile of Student's t; infinite where all events lie in one cell.

    Notes
    -----
    The variance is the jackknife's, which leaves out one cell at a time, so that a cell with many of the events counts
    for what it does; or that of blocks of two by two cells, the mean of their four positions, where it is larger: it
    sees clusters that a border of cells cuts. The degrees of freedom are one less than the effective number of cells
    (Kish 1965; Carter, Schnepel & Steigerwald 2017, Rev. Econ. Stat. 99, 698-709), and fewer where some cells add far
    more than the others (Satterthwaite, with the fourth moment a normal distribution would have as 1).
    """
    from scipy.special import stdtrit

    added, sizes = _by_cell(centred, cells(xy, cell_m))
    if len(sizes) < 2:
        return 1.0, math.inf
    alone, square = float(centred @ centred), added**2
    freedom = sizes.sum() ** 2 / (sizes @ sizes) - 1
    if not alone or not square.any():
        return 1.0, float(stdtrit(max(1.0, freedom), 0.975))
    freedom = min(freedom, 3 * square.sum() ** 2 / (square @ square))
    blocks = [_variance(*_by_cell(centred, cells(xy + np.array(begin) * cell_m, 2 * cell_m))) for begin in _BLOCKS]
    effect = max(_variance(added, sizes), sum(blocks) / len(blocks)) / alone
    return max(1.0, effect), float(stdtrit(max(1.0, freedom), 0.975))


def _by_cell(centred: Floats, cell: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """What each cell adds, and how many events it has."""
    sizes = np.bincount(cell).astype(np.float64)
    return np.bincount(cell, weights=centred).astype(np.float64), sizes


def _variance(added: Floats, sizes: Floats) -> float:
    """Jackknife variance of the sum; nothing can be said of it from a single cell."""
    number = len(sizes)
    if number < 2:
        return 0.0
    without = added / (1 - sizes / sizes.sum())
    return float(without @ without) * (number - 1) / number
