import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.compare.uncertainty import (
    Share,
    add_cells,
    cell_share,
    cells,
    cluster_interval,
    count_cells,
    design_effect,
    event_share,
    wilson_interval,
    wilson_share,
)


@pytest.mark.parametrize(
    ("numerator", "denominator", "value", "low", "high"),
    [
        (247, 345, 71.59, 66.62, 76.09),
        (188, 342, 54.97, 49.67, 60.16),
        (25, 100, 25.00, 17.55, 34.30),
        (5, 20, 25.00, 11.19, 46.87),
        (0, 12, 0.0, 0.0, 24.25),
        (12, 12, 100.0, 75.75, 100.0),
        (186, 1442, 12.90, 11.27, 14.73),
    ],
)
def test_known_intervals(numerator, denominator, value, low, high):
    share = wilson_share(numerator, denominator)
    assert [round(100 * part, 2) for part in (share.value, share.low, share.high)] == [value, low, high]
    assert (share.numerator, share.denominator, share.method, share.reason) == (numerator, denominator, "wilson", None)


@pytest.mark.parametrize("denominator", [0, 1, 9])
def test_below_ten_no_share_is_given(denominator):
    share = wilson_share(0, denominator)
    assert (share.value, share.low, share.high) == (None, None, None)
    assert str(denominator) in share.reason


def test_ten_is_enough():
    assert wilson_share(5, 10).value == 0.5


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_interval_holds_the_share_and_mirrors_its_complement(counts):
    numerator, denominator = counts
    low, high = wilson_interval(numerator, denominator)
    assert 0 <= low <= numerator / denominator <= high <= 1
    mirrored = wilson_interval(denominator - numerator, denominator)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=1e-12)


def test_a_share_needs_both_counts():
    with pytest.raises(TypeError):
        Share(3)


@pytest.mark.parametrize(("numerator", "denominator"), [(11, 10), (-1, 10), (0, -1)])
def test_counts_that_make_no_share(numerator, denominator):
    with pytest.raises(ValueError, match="not a share"):
        Share(numerator, denominator, reason="Not counted.")


def test_a_share_without_value_says_why():
    with pytest.raises(ValueError, match="reason"):
        Share(1, 20)


def spread(*within, apart_m=50_000):
    """Events of cells by (inside, all) of each; the cells lie far apart, so that no two are in one block."""
    inside = np.concatenate([np.arange(total) < number for number, total in within])
    cell = np.repeat(np.arange(len(within)), [total for _, total in within])
    return inside, np.column_stack([cell * apart_m, np.zeros(len(cell))])


class TestCells:
    def test_a_cell_is_five_kilometres_wide_and_holds_its_lower_edges(self):
        assert cells(np.array([[0, 0], [4_999, 4_999], [5_000, 0], [-1, 0], [0, 0]])).tolist() == [1, 1, 2, 0, 1]

    def test_only_occupied_cells_have_a_number(self):
        assert cells(np.array([[0.0, 0.0], [1e6, 1e6]])).tolist() == [0, 1]
        assert cells(np.empty((0, 2))).tolist() == []


class TestDesignEffect:
    def test_cells_that_agree_with_themselves_count_as_one_event_each(self):
        # Ten cells of four events, half of the cells all inside: Kish's 1 + (4 - 1) 1.
        assert design_effect(*spread(*[(4, 4)] * 5, *[(0, 4)] * 5)) == pytest.approx(10 / 9 * 39 / 10, rel=1e-12)

    def test_cells_that_are_alike_do_not_cluster(self):
        assert design_effect(*spread(*[(2, 4)] * 10)) == 1

    def test_one_event_a_cell_says_nothing_of_clusters(self):
        assert design_effect(*spread(*[(1, 1)] * 5, *[(0, 1)] * 15)) == pytest.approx(1)

    def test_where_all_are_outside_a_cell_counts_as_one_event(self):
        assert design_effect(*spread(*[(0, 6)] * 20)) == 6

    def test_a_border_between_cells_does_not_hide_a_cluster(self):
        # Each cluster of eight lies half in one cell and half in the next; all or none of it is inside.
        inside, xy = spread(*[(4, 4)] * 20, *[(0, 4)] * 20)
        pairs = xy // [100_000, 1] * [100_000, 1] + (xy % [100_000, 1]) / 10
        assert len(np.unique(cells(pairs))) == 40
        assert design_effect(inside, pairs) > 1.4 * design_effect(inside, xy)

    def test_large_cells_that_differ_from_small_ones_are_seen(self):
        # No correlation within cells remains after their sizes are known, and yet one cell decides the share.
        assert design_effect(*spread((40, 80), *[(0, 1)] * 20, *[(1, 1)] * 20)) >= 1
        assert design_effect(*spread((70, 80), *[(0, 1)] * 40)) > 5


class TestEventShare:
    def test_the_wider_interval_is_given_and_named(self):
        share = event_share(*spread(*[(4, 4)] * 15, *[(0, 4)] * 15))
        assert (share.numerator, share.denominator, share.value, share.method) == (60, 120, 0.5, "cluster")
        # 120 events with a design effect of 30/29 * 119/30 are 29.24 events, and Student's t has about 50 degrees.
        assert share.low == pytest.approx(wilson_interval(15, 30)[0], abs=0.01)
        assert share.note == "60 of 120 independent events would give 41.2%-58.8% (Wilson)."

    def test_without_clusters_it_is_wilsons(self):
        share = event_share(*spread(*[(2, 4)] * 25))
        assert share == wilson_share(50, 100)

    def test_below_twenty_cells_it_says_too_few_clusters(self):
        few, enough = (event_share(*spread(*[(2, 4)] * number)) for number in (19, 20))
        assert few.note.startswith("Too few clusters")
        assert "are 19, fewer than 20" in few.note
        assert enough.note is None

    def test_in_one_cell_nothing_is_known_of_clusters(self):
        share = event_share(*spread((12, 40)))
        assert (share.low, share.high) == wilson_interval(12, 40)
        assert share.note.startswith("Too few clusters")

    def test_all_on_one_side_is_one_event_a_cell(self):
        assert cluster_interval(*spread(*[(0, 6)] * 20)) == pytest.approx(wilson_interval(0, 20))

    def test_below_ten_events_there_is_no_share(self):
        assert event_share(*spread((2, 3), (0, 6))).value is None

    @given(
        st.lists(
            st.integers(1, 9).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=1, max_size=30
        ),
        st.randoms(use_true_random=False),
    )
    def test_properties(self, within, random):
        inside, xy = spread(*within, apart_m=5_000)
        share = event_share(inside, xy)
        simple = wilson_share(int(inside.sum()), len(inside))
        if simple.value is None:
            assert share == simple
            return
        assert 0 <= share.low <= simple.low <= share.value <= simple.high <= share.high <= 1
        mirrored = event_share(~inside, xy)
        assert (mirrored.low, mirrored.high) == pytest.approx((1 - share.high, 1 - share.low), abs=1e-9)
        order = random.sample(range(len(inside)), len(inside))
        assert event_share(inside[order], xy[order]) == share

    def test_it_holds_where_wilsons_does_not(self):
        """40 cells of 5 events each, all or none of a cell inside: 95 % is promised, and 90 % asked for."""
        random = np.random.default_rng(20)
        cell = np.repeat(np.arange(40), 5)
        xy = np.column_stack([cell * 50_000, np.zeros(200)])
        held = {"wilson": 0, "cluster": 0}
        for _ in range(400):
            inside = (random.random(40) < 0.3)[cell]
            for name, share in (("cluster", event_share(inside, xy)), ("wilson", wilson_share(inside.sum(), 200))):
                held[name] += share.low <= 0.3 <= share.high
        assert held["wilson"] < 0.75 * 400
        assert 0.92 * 400 <= held["cluster"] <= 0.985 * 400


class TestCellCounts:
    """Events counted set by set have the share, to the last bit, that all of them have at once."""

    @given(
        st.lists(
            st.lists(st.tuples(st.booleans(), st.floats(-2e4, 2e4), st.floats(-2e4, 2e4)), max_size=25),
            min_size=1,
            max_size=5,
        )
    )
    def test_sets_add_up(self, sets):
        counted = [
            (np.array([e[0] for e in each], bool), np.array([e[1:] for e in each]).reshape(-1, 2)) for each in sets
        ]
        inside, xy = (np.concatenate(parts) for parts in zip(*counted, strict=True))
        counts = add_cells([count_cells(*each) for each in counted])
        assert cell_share(counts) == event_share(inside, xy)
        assert cell_share(counts.complement) == event_share(~inside, xy)

    def test_by_hand(self):
        inside, xy = np.array([True, False, True]), np.array([[1.0, 1.0], [2.0, 2.0], [-1.0, 6_000.0]])
        counts = count_cells(inside, xy)
        assert counts.corners.tolist() == [[-1, 1], [0, 0]]
        assert counts.events.tolist() == [1, 2]
        assert counts.within.tolist() == [1, 1]
        assert counts.complement.within.tolist() == [0, 1]
