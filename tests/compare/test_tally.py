import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.compare.containment import measure_window
from registry.compare.tally import (
    add_tallies,
    bins_of,
    found_in,
    outside_of,
    tally_window,
    values_of,
    wanted_of,
    window_of,
)

# Few values, so that many are the same; far apart and a micrometre apart; and any other.
DISTANCES = st.one_of(
    st.sampled_from([0.0, 0.0, 1e-6, 25.0, 25.000001, 1000.0, 2e7, np.inf]),
    st.floats(1e-6, 2e7).map(lambda distance: round(distance, 6)),
)
PLACES = st.tuples(st.floats(-1e5, 1e5), st.floats(-1e5, 1e5))
PARTS = st.lists(st.lists(st.tuples(DISTANCES, PLACES), max_size=30), min_size=1, max_size=6)


def arrays(events):
    distance_m = np.array([distance for distance, _ in events], dtype=np.float64)
    return distance_m, np.array([place for _, place in events], dtype=np.float64).reshape(-1, 2)


def counted(parts, *, any_record=True):
    tally = add_tallies([tally_window(*arrays(part)) for part in parts])
    wanted = wanted_of(tally)
    found = [found_in(outside_of(arrays(part)[0]), wanted) for part in parts]
    return window_of(tally, values_of(wanted, found), any_record=any_record)


@given(PARTS, st.booleans())
def test_parts_give_the_window_of_all_events(parts, any_record):
    together = [event for part in parts for event in part]
    assert counted(parts, any_record=any_record) == measure_window(*arrays(together), any_record=any_record)


def test_by_hand():
    # Two inside; outside at 10, 20, 30 and 40 m and one without a record; in three parts.
    here = (0.0, 0.0)
    window = counted(
        [[(0.0, here), (30.0, here)], [(10.0, here), (0.0, here), (40.0, here)], [(np.inf, here), (20.0, here)]]
    )
    assert (window.total, window.inside, window.outside) == (7, 2, 5)
    assert window.within_m == {0: 2, 25: 4, 50: 6, 100: 6, 250: 6, 500: 6, 1000: 6}
    assert window.median_distance_m == 20.0
    assert window.median_distance_outside_m == 30.0
    assert window.p90_distance_outside_m is None  # it falls between 40 m and no record
    assert window.share_inside.reason is not None


def test_nobody():
    window = counted([[], []])
    assert (window.total, window.median_distance_m, window.p90_distance_outside_m) == (0, None, None)


@given(st.lists(st.floats(1e-6, 2e7), min_size=2, max_size=50))
def test_bins_keep_the_order(distances):
    ordered = np.sort(np.array(distances))
    assert (np.diff(bins_of(ordered)) >= 0).all()


def test_bins_are_narrow():
    """All distances of one bin lie within a 4,096th of each other, so that few are asked of the parts."""
    assert bins_of(np.array([1024.0])) == bins_of(np.array([1024.249]))
    assert bins_of(np.array([1024.0])) < bins_of(np.array([1024.25]))


def test_few_distances_are_asked_for():
    random = np.random.default_rng(3)
    distance_m = random.exponential(500, 100_000)
    tally = tally_window(distance_m, np.zeros((len(distance_m), 2)))
    found = found_in(outside_of(distance_m), wanted_of(tally))
    assert 4 <= len(found) < 100


@pytest.mark.parametrize("number", [1, 2, 3, 10, 11])
def test_ranks_are_those_of_quantiles(number):
    distance_m = np.arange(1.0, number + 1)
    wanted = wanted_of(tally_window(distance_m, np.zeros((number, 2))))
    at = values_of(wanted, [found_in(distance_m, wanted)])
    assert at == {int(rank): rank + 1.0 for rank in wanted.ranks}
    positions = [(number - 1) * fraction for fraction in (0.5, 0.9)]
    assert set(at) == {int(edge(position)) for position in positions for edge in (np.floor, np.ceil)}
