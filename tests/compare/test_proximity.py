import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.compare import proximity
from registry.compare.proximity import chained, close_pairs, count_within, distinct, near_pairs
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


def test_how_many_and_how_far():
    targets = np.array([[0.0, 4.0], [0.0, -4.0]])
    assert count_within(ON_A_LINE, targets, 5.0).tolist() == [2, 2, 0, 0]
    assert count_within(ON_A_LINE, np.empty((0, 2)), 5.0).tolist() == [0] * 4
    assert count_within(np.empty((0, 2)), targets, 5.0).tolist() == []
    found = [each for chunk in near_pairs(ON_A_LINE, targets, 5.0) for each in zip(*chunk, strict=True)]
    assert sorted(found) == [(0, 0, 4.0), (0, 1, 4.0), (1, 0, 5.0), (1, 1, 5.0)]


@pytest.mark.parametrize("chunk", [1, 3, 1_000])
@given(data=st.data())
def test_near_pairs_are_those_of_all_pairs(chunk, data):
    """On a lattice whose steps are the distance, so that many pairs lie just as far apart as is allowed."""
    place = st.tuples(st.integers(-40, 40), st.integers(-40, 40))
    some, others = (
        np.array(data.draw(st.lists(place, max_size=20)), dtype=np.float64).reshape(-1, 2) * 0.7 for _ in range(2)
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(proximity, "_CHUNK", chunk)
        found = [each for part in near_pairs(some, others, 7 * 0.7) for each in zip(*part, strict=True)]
    apart = np.hypot(*(some[:, None] - others[None]).transpose(2, 0, 1))
    square = ((some[:, None] - others[None]) ** 2).sum(axis=2)
    one, other = np.nonzero(square <= (7 * 0.7) ** 2)
    assert sorted(each[:2] for each in found) == sorted(zip(one, other, strict=True))
    assert [each[2] for each in sorted(found)] == pytest.approx(apart[one, other].tolist())


@given(st.lists(st.tuples(st.integers(-2, 2), st.integers(-2, 2)), max_size=20))
def test_each_coordinate_once(coordinates):
    found = distinct(np.array(coordinates, dtype=np.float64).reshape(-1, 2))
    assert list(map(tuple, found.places)) == sorted(set(coordinates))
    assert [coordinates.index(tuple(each)) for each in found.places] == found.first.tolist()
    assert [tuple(found.places[number]) for number in found.number] == coordinates
    assert found.times.tolist() == [coordinates.count(tuple(each)) for each in found.places]


def test_more_pairs_than_can_be_held_are_refused(monkeypatch):
    monkeypatch.setattr(proximity, "MAX_PAIRS", 2)
    assert len(close_pairs(ON_A_LINE, 3.0)[0]) == 2
    with pytest.raises(CompareError, match="More than 2 pairs of events"):
        close_pairs(ON_A_LINE, 6.0)
