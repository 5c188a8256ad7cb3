"""How much wider a sum spreads where the events of one cell belong together."""

import numpy as np
from numpy.typing import NDArray

_Z_95 = 1.959963984540054  # two-sided 95 % quantile of the standard normal distribution


def cluster_spread(centred: NDArray[np.float64], cell: NDArray[np.int64], variance: float | None = None) -> float:
    """How many times larger clusters make the variance of a sum than events by themselves would; at least 1.

    Parameters
    ----------
    centred
        What each event adds to the sum, less the mean.
    cell
        Number of each event's cell.
    variance
        Of the sum without clusters; by default the sum of squares.
    """
    by_cell = np.bincount(np.unique(cell, return_inverse=True)[1], weights=centred)
    alone = float(centred @ centred) if variance is None else variance
    cells = len(by_cell)
    return max(1.0, float(by_cell @ by_cell) * cells / (cells - 1) / alone) if alone > 0 and cells > 1 else 1.0


def student_quantile(cell: NDArray[np.int64] | None) -> float:
    """97.5 % quantile of Student's t for the effective number of cells less one; without cells, of the normal."""
    if cell is None:
        return _Z_95
    from scipy.special import stdtrit

    sizes = np.unique(cell, return_counts=True)[1]
    return float(stdtrit(max(1.0, sizes.sum() ** 2 / (sizes @ sizes) - 1), 0.975))
