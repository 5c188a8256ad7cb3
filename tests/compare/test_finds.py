import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas import GeoDataFrame
from ground import GROUND, on_globe, square
from hypothesis import given
from hypothesis import strategies as st

from registry.compare.finds import measure_find_containment, pairs, read_finds, weighted_share
from registry.compare.uncertainty import wilson_share
from registry.geometry import WGS84


def devices(*rows):
    """Devices by place (one point, several, or None), category and quantity."""
    places = [None if at is None else shapely.MultiPoint(np.reshape(at, (-1, 2))) for at, _, _ in rows]
    columns = {
        "device_category": pd.array([category for _, category, _ in rows], dtype="string"),
        "quantity": pd.array([quantity for _, _, quantity in rows], dtype="Int64"),
    }
    return GeoDataFrame(columns, geometry=on_globe(places) if rows else [], crs=WGS84)


def finds(*rows):
    return read_finds(devices(*rows), GROUND)


def plain(*shapes):
    return np.array(shapes, dtype=object)


class TestReadFinds:
    def test_mines_and_others_are_kept_apart(self):
        mines, found = finds(
            ((0, 0), "AP_MINE", 3),
            ((1, 0), "AV_MINE", None),
            ((2, 0), "MINE_UNSPEC", 1),
            ((3, 0), "IMPROVISED_MINE", 2),
            ((4, 0), "UXO", 5),
            ((5, 0), "CMR", None),
            ((6, 0), "IED", 1),
            ((7, 0), None, 1),
            (None, "AP_MINE", 9),
            ((8, 0), "AP_MINE", 0),
        )
        assert mines.device_class.tolist() == ["ap", "av", "unspecified", "other"]
        assert mines.quantity.tolist() == [3, 1, 1, 2]
        assert (found.rows, found.mines, found.mine_rows) == (10, 7, 4)
        assert (found.mine_rows_assumed, found.mine_rows_unlocated) == (1, 1)
        assert (found.erw, found.other) == (6, 2)

    def test_a_blank_quantity_is_one_for_each_point(self):
        mines, found = finds(([(0, 0), (1, 0), (2, 0)], "AP_MINE", None), ([(0, 0), (1, 0)], "AP_MINE", 7))
        assert mines.quantity.tolist() == [3, 7]
        assert found.mine_rows_assumed == 1

    def test_a_number_below_nought_says_nothing(self):
        mines, found = finds(((0, 0), "AP_MINE", -4))
        assert (mines.quantity.tolist(), found.mine_rows_assumed) == ([1], 1)

    def test_no_devices(self):
        mines, found = finds()
        assert (len(mines.places), found.rows, found.mines) == (0, 0, 0)


class TestPairs:
    def test_a_border_belongs_to_a_polygon(self):
        places = plain(shapely.Point(100.005, 50), shapely.Point(100.02, 50))
        row, polygon, whole = pairs(places, plain(square(0, 0)))
        assert (row.tolist(), polygon.tolist(), whole.tolist()) == ([0], [0], [True])

    def test_some_or_all_points_of_a_row(self):
        places = plain(shapely.MultiPoint([(10, 10), (20, 20)]), shapely.MultiPoint([(10, 10), (500, 500)]))
        row, polygon, whole = pairs(places, plain(square(0, 0), square(0, 0, 15), square(900, 0)))
        assert list(zip(row.tolist(), polygon.tolist(), whole.tolist(), strict=True)) == [
            (0, 0, True),
            (0, 1, False),
            (1, 0, False),
            (1, 1, False),
        ]

    def test_nothing_on_either_side(self):
        for places, polygons in ((plain(), plain(square(0, 0))), (plain(shapely.Point(0, 0)), plain())):
            assert [len(part) for part in pairs(places, polygons)] == [0, 0, 0]


class TestContainment:
    def test_rows_and_mines(self):
        """Twelve rows, nine inside, of which one holds five mines."""
        inside = [((10 * number, 10), "AP_MINE", 1) for number in range(8)] + [((90, 90), "AV_MINE", 5)]
        outside = [((500, 10 * number), "AP_MINE", 1) for number in range(3)]
        mines, _ = finds(*inside, *outside, ((50, 50), "UXO", 100))
        result = measure_find_containment(mines, plain(square(0, 0)))
        assert (result.rows.numerator, result.rows.denominator) == (9, 12)
        assert result.rows == wilson_share(9, 12)
        # (11 + 5)^2 / (11 + 25) is an effective number of 7.1 rows, which is too few for a share.
        assert (result.mines.numerator, result.mines.denominator, result.mines.value) == (13, 16, None)
        assert "7.1" in result.mines.reason
        assert "wherever" in result.among

    def test_only_finds_in_the_study_area_count(self):
        rows = [((10 * number, 10), "AP_MINE", 1) for number in range(10)] + [((500, 500), "AP_MINE", 1)]
        mines, _ = finds(*rows, ((5_000, 0), "AP_MINE", 1))
        result = measure_find_containment(mines, plain(square(0, 0)), ("the scope", square(-500, -500, 1_500)))
        assert (result.rows.numerator, result.rows.denominator) == (10, 11)
        assert result.among == "mines found in the scope"

    def test_a_row_on_both_sides_is_in_neither(self):
        mines, _ = finds(([(10, 10), (500, 500)], "AP_MINE", 6), ((10, 10), "AP_MINE", 1))
        result = measure_find_containment(mines, plain(square(0, 0)))
        assert (result.rows.numerator, result.rows.denominator, result.rows_on_both_sides) == (1, 1, 1)
        assert result.mines.denominator == 1

    def test_a_row_in_two_records_is_inside(self):
        mines, _ = finds(([(10, 10), (150, 10)], "AP_MINE", 2))
        result = measure_find_containment(mines, plain(square(0, 0), square(100, 0)))
        assert (result.rows.numerator, result.rows_on_both_sides) == (1, 0)

    def test_no_records_hold_nothing(self):
        mines, _ = finds(*[((number, 0), "AP_MINE", 1) for number in range(12)])
        assert measure_find_containment(mines, plain()).rows.numerator == 0


class TestWeightedShare:
    @given(st.lists(st.booleans(), min_size=10, max_size=60), st.integers(1, 1_000))
    def test_equal_weights_weigh_nothing(self, counted, weight):
        share = weighted_share(np.array(counted), np.full(len(counted), weight))
        plainly = wilson_share(sum(counted), len(counted))
        assert (share.value, share.low, share.high) == pytest.approx((plainly.value, plainly.low, plainly.high))
        assert share.denominator == weight * len(counted)

    @given(st.lists(st.tuples(st.booleans(), st.integers(1, 10_000)), max_size=60))
    def test_the_interval_holds_the_share_and_is_no_narrower(self, rows):
        counted = np.array([inside for inside, _ in rows], dtype=bool)
        weight = np.array([number for _, number in rows], dtype=np.int64)
        share = weighted_share(counted, weight)
        if share.value is None:
            assert share.reason
            return
        assert 0 <= share.low <= share.value + 1e-12
        assert share.value - 1e-12 <= share.high <= 1
        trials = wilson_share(share.numerator, share.denominator)
        assert share.high - share.low >= trials.high - trials.low - 1e-12
