import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.compare import proximity
from registry.compare.proximity import chained, close_pairs, count_within, distance_to_nearest_m
from registry.errors import CompareError

ON_A_LINE = np.array([[0.0, 0.0], [3.0, 0.0], [6.0, 0.0], [20.0, 0.0]])


def pairs(places, distance_m):
    return sorted(map(tuple, np.sort(np.column_stack(close_pairs(places, distance_m)), axis=1).tolist()))


def test_pairs_up_to_a_distance_and_that_far():
    assert pairs(ON_A_LINE, 3.0) == [(0, 1), (1, 2)]
    assert pairs(ON_A_LINE, 2.9) == []
    assert pairs(np.zeros((3, 2)), 1.0) == [(0, 1), (0, 2), (1, 2)]
    assert pairs(np.empty((0, 2)), 1.0) == []


def test_chains_join_what_is_not_close_itself():
    assert chained(4, *close_pairs(ON_A_LINE, 3.0)).tolist() == [0, 0, 0, 1]
    assert chained(3, *close_pairs(ON_A_LINE[[3, 0, 1]], 3.0)).tolist() == [0, 1, 1]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=12))
def test_groups_are_those_found_by_walking(links):
    one, other = np.array(links).T
    group = chained(10, one, other)
    joined = {number: {number} for number in range(10)}
    for left, right in links:
        both = joined[left] | joined[right]
        for number in both:
            joined[number] = both
    for number in range(10):
        assert set(np.flatnonzero(group == group[number]).tolist()) == joined[number]
    assert list(dict.fromkeys(group.tolist())) == list(range(group.max() + 1))


def test_nearest_and_how_many():
    targets = np.array([[0.0, 4.0], [0.0, -4.0]])
    assert distance_to_nearest_m(ON_A_LINE, targets).tolist() == pytest.approx([4, 5, np.hypot(6, 4), np.hypot(20, 4)])
    assert count_within(ON_A_LINE, targets, 5.0).tolist() == [2, 2, 0, 0]
    assert distance_to_nearest_m(ON_A_LINE, np.empty((0, 2))).tolist() == [np.inf] * 4
    assert count_within(ON_A_LINE, np.empty((0, 2)), 5.0).tolist() == [0] * 4


def test_more_pairs_than_can_be_held_are_refused(monkeypatch):
    monkeypatch.setattr(proximity, "MAX_PAIRS", 2)
    assert len(close_pairs(ON_A_LINE, 3.0)[0]) == 2
    with pytest.raises(CompareError, match="3 pairs of events"):
        close_pairs(ON_A_LINE, 6.0)
