import numpy as np
import pytest

from registry.compare.spread import cluster_spread


def in_cells(cell):
    """Events in the middles of cells of 100 m along a line, so far apart that blocks of two hold one cell."""
    return np.column_stack([cell * 400.0 + 50, np.full(len(cell), 50.0)])


def test_ten_alike_events_in_each_of_ten_cells():
    """Half the cells are inside: the variance is 10 x 10/9 times that of single events."""
    cell = np.repeat(np.arange(10), 10)
    effect, quantile = cluster_spread((cell % 2 == 0) - 0.5, in_cells(cell), 100.0)
    assert effect == pytest.approx(10 * 10 / 9)
    assert quantile == pytest.approx(2.262, abs=0.001)  # Student's t, 9 degrees of freedom


def test_events_by_themselves():
    cell = np.arange(1_000)
    effect, quantile = cluster_spread((cell % 2 == 0) - 0.5, in_cells(cell), 100.0)
    assert effect == pytest.approx(1, abs=0.002)
    assert quantile == pytest.approx(1.962, abs=0.001)


def test_a_cluster_that_a_border_cuts():
    """Ten events, five on either side of a border: cells see half of it, blocks see all in half their positions."""
    number = np.repeat(np.arange(40), 10)
    side = np.tile(np.repeat([-10.0, 10.0], 5), 40)
    xy = np.column_stack([number * 1_000.0 + 100 + side, np.full(400, 50.0)])
    centred = np.where(number % 2 == 0, 0.5, -0.5)
    whole, _ = cluster_spread(centred, xy + np.array([50.0, 0]), 100.0)
    cut, _ = cluster_spread(centred, xy, 100.0)
    assert whole == pytest.approx(10, rel=0.03)
    assert cut == pytest.approx((10 + 5) / 2, rel=0.03)


def test_a_large_cell_counts_for_what_it_does():
    """Leaving out a cell with half of the events moves the mean twice as far as its share says."""
    cell = np.repeat(np.arange(11), [100] + [10] * 10)
    centred = np.where(cell == 0, 0.5, -0.5)
    effect, quantile = cluster_spread(centred, in_cells(cell), 100.0)
    by_hand = ((50 / (1 - 0.5)) ** 2 + 10 * (5 / (1 - 0.05)) ** 2) * 10 / 11 / (200 * 0.25)
    assert effect == pytest.approx(by_hand)
    assert quantile > 2.7  # fewer than 4 effective cells


def test_all_alike_and_all_in_one_cell():
    assert cluster_spread(np.zeros(50), in_cells(np.arange(50)), 100.0)[0] == 1
    assert cluster_spread(np.arange(50) - 24.5, in_cells(np.zeros(50)), 100.0) == (1, np.inf)
