"""How much wider a mean spreads where the events of one cell belong together."""

import math

import numpy as np
from numpy.typing import NDArray


def cluster_spread(centred: NDArray[np.float64], cell: NDArray[np.int64]) -> tuple[float, float]:
    """How many times larger clusters make the variance of a mean, at least 1; and the quantile to take with it.

    Parameters
    ----------
    centred
        What each event adds to the mean, less its average.
    cell
        Number of each event's cell.

    Returns
    -------
    The design effect, and the 97.5 % quantile of Student's t.

    Notes
    -----
    The variance is the jackknife's, which leaves out one cell at a time, so that a cell with many of the events counts
    for what it does. The degrees of freedom are one less than the effective number of cells (Kish 1965; Carter,
    Schnepel & Steigerwald 2017, Rev. Econ. Stat. 99, 698-709), and fewer where some cells add far more than the others
    (Satterthwaite, with the fourth moment a normal distribution would have as 1).
    """
    from scipy.special import stdtrit

    number, sizes = np.unique(cell, return_inverse=True, return_counts=True)[1:]
    alone, cells = float(centred @ centred), len(sizes)
    if cells < 2:
        return 1.0, math.inf
    by_cell = np.bincount(number, weights=centred) / (1 - sizes / sizes.sum())
    square = by_cell**2
    freedom = sizes.sum() ** 2 / (sizes @ sizes) - 1
    if alone > 0 and square.any():
        freedom = min(freedom, 3 * square.sum() ** 2 / (square @ square))
    effect = float(square.sum()) * (cells - 1) / cells / alone if alone > 0 else 1.0
    return max(1.0, effect), float(stdtrit(max(1.0, freedom), 0.975))
