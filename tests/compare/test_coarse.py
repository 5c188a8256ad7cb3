import numpy as np
import pytest

from registry.compare.coarse import GRIDS, rounded, to_utm

BY_NAME = {grid.name: grid for grid in GRIDS}


def on_grids(degrees):
    """The grids that all positions lie on."""
    degrees = np.atleast_2d(np.array(degrees, dtype=float))
    utm_m = to_utm(degrees)
    return {grid.name for grid in GRIDS if rounded(degrees, utm_m, grid).on_grid.all()}


@pytest.mark.parametrize(
    ("position", "grids"),
    [
        # 20 deg 07', 45 deg 31'
        ((20 + 7 / 60, 45 + 31 / 60), {"1 minute", "0.1 minute"}),
        ((20 + 7.3 / 60, 45 + 31.1 / 60), {"0.1 minute"}),
        # A hundredth of a degree is six tenths of a minute.
        ((20.37, 45.91), {"0.01 degree", "0.001 degree", "0.1 minute"}),
        ((20.371, 45.914), {"0.001 degree"}),
        # Only one of the two is rounded.
        ((20.37, 45.91377), set()),
        ((-20.371, -45.914), {"0.001 degree"}),
    ],
)
def test_degrees(position, grids):
    assert on_grids(position) == grids


def test_squares_by_corner_and_centre():
    # Zone 34 has its central meridian at 21 degrees: easting 500,000 there, northing 0 on the equator.
    assert on_grids((21.0, 0.0)) >= {"MGRS 1 km", "MGRS 100 m", "1 minute"}
    degrees = np.array([[21.0, 0.0]])
    utm_m = to_utm(degrees)
    assert utm_m.tolist() == [pytest.approx([500_000, 0], abs=1e-3)]
    for shift, kilometre, hectometre in (
        ((500, 500), True, True),
        ((500, 0), False, True),
        ((150, 250), False, True),
        ((50, 50), False, True),
        ((50, 10), False, False),
        ((3_000, -7_000), True, True),
    ):
        moved = utm_m + np.array(shift)
        assert rounded(degrees, moved, BY_NAME["MGRS 1 km"]).on_grid.tolist() == [kilometre], shift
        assert rounded(degrees, moved, BY_NAME["MGRS 100 m"]).on_grid.tolist() == [hectometre], shift


def test_each_position_in_its_own_zone():
    utm_m = to_utm(np.array([[20.9, 45.0], [15.0, 45.0], [15.0, -45.0], [180.0, 10.0], [-180.0, 10.0]]))
    assert utm_m[1] == pytest.approx([500_000, 4_982_950.4], abs=1)
    assert utm_m[2] == pytest.approx([500_000, 10_000_000 - 4_982_950.4], abs=1)
    assert 490_000 < utm_m[0][0] < 500_000
    assert np.isfinite(utm_m).all()


def test_chance_follows_from_the_next_finer_grid():
    """A hundred positions with three digits, one for each pair of last digits: one of them is on two digits."""
    last = np.arange(10) / 1_000
    degrees = np.array([(20.5 + x, 45.5 + y) for x in last for y in last])
    found = rounded(degrees, to_utm(degrees), BY_NAME["0.01 degree"])
    assert int(found.on_grid.sum()) == 1
    assert found.expected == pytest.approx(1)
    # All are on three digits, and chance from four digits explains none of that.
    three = rounded(degrees, to_utm(degrees), BY_NAME["0.001 degree"])
    assert (int(three.on_grid.sum()), three.expected) == (100, 0)


def test_positions_anywhere_are_on_no_grid_but_by_chance():
    degrees = np.random.default_rng(3).uniform([18, 44], [24, 46], (20_000, 2))
    utm_m = to_utm(degrees)
    for grid in GRIDS:
        found = rounded(degrees, utm_m, grid)
        assert int(found.on_grid.sum()) <= found.expected + 4 * np.sqrt(found.expected) + 4, grid.name


def test_nothing_is_on_no_grid():
    empty = np.empty((0, 2))
    assert rounded(empty, to_utm(empty), GRIDS[0]).expected == 0
