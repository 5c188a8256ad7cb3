import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from registry.duplicates import (
    TOLERANCE_M,
    overlaps,
    overlaps_among,
    same_shapes,
    same_shapes_among,
    sharing,
    shifted_shapes,
)


def array(*geometries):
    result = np.empty(len(geometries), dtype=object)
    result[:] = geometries
    return result


def pairs(found):
    return set(zip(found.left.tolist(), found.right.tolist(), strict=True))


def square(x, y, side=100.0):
    return shapely.box(x, y, x + side, y + side)


def moved(shape, east, north=0.0):
    return shapely.affinity.translate(shape, east, north)


TRIANGLE = shapely.Polygon([(0, 0), (100, 0), (0, 50)])


def test_the_same_shape_wherever_its_ring_starts_and_however_it_turns():
    ring = list(TRIANGLE.exterior.coords)[:-1]
    others = [shapely.Polygon(ring[1:] + ring[:1]), shapely.Polygon(ring[::-1]), shapely.MultiPolygon([TRIANGLE])]
    assert pairs(same_shapes(array(TRIANGLE), array(*others))) == {(0, 0), (0, 1), (0, 2)}


@pytest.mark.parametrize(("east", "same"), [(0.9 * TOLERANCE_M, True), (1.1 * TOLERANCE_M, False)])
def test_up_to_five_centimetres_is_the_same(east, same):
    assert bool(pairs(same_shapes(array(TRIANGLE), array(moved(TRIANGLE, east))))) is same


def test_noise_does_not_decide_at_which_of_two_vertices_a_ring_starts():
    noisy = shapely.Polygon([(0.001, 0), (0, 100), (100, 100), (100, 0)])
    assert pairs(same_shapes(array(square(0, 0)), array(noisy))) == {(0, 0)}


def test_the_same_bounds_are_not_the_same_shape():
    other = shapely.Polygon([(0, 0), (100, 0), (100, 50), (0, 50)])
    holed = shapely.Polygon(other.exterior, [shapely.box(10, 10, 20, 20).exterior])
    assert pairs(same_shapes(array(TRIANGLE, other), array(other, holed))) == {(1, 0)}


def test_each_pair_of_an_array_with_itself_once():
    found = same_shapes_among(array(TRIANGLE, square(0, 0), TRIANGLE))
    assert pairs(found) == {(2, 0)}
    assert found.value.tolist() == [1]


def test_overlap_is_a_part_of_the_smaller_one():
    small, large = square(0, 0, 10), square(5, 0, 100)
    assert overlaps(array(small), array(large), least_share=0.5).value.tolist() == [0.5]
    assert overlaps(array(large), array(small), least_share=0.5).value.tolist() == [0.5]
    assert pairs(overlaps(array(small), array(large), least_share=0.51)) == set()


def test_a_shared_border_is_no_overlap():
    assert pairs(overlaps(array(square(0, 0)), array(square(100, 0)), least_share=0.01)) == set()


def test_a_shape_shifted_as_expected():
    ours = array(moved(TRIANGLE, -110, -9), square(0, 0))
    found = shifted_shapes(ours, array(TRIANGLE), (-100.0, -9.0), within_m=25)
    assert pairs(found) == {(0, 0)}
    assert found.value[0] == pytest.approx(np.hypot(110, 9))
    assert pairs(shifted_shapes(ours, array(TRIANGLE), (100.0, 9.0), within_m=25)) == set()
    assert pairs(shifted_shapes(ours, array(TRIANGLE), (-100.0, -9.0), within_m=9)) == set()


def test_another_size_or_number_of_vertices_is_another_shape():
    larger = shapely.affinity.scale(TRIANGLE, 1.01, 1)
    five = shapely.Polygon([(0, 0), (50, 0), (100, 0), (0, 50)])
    assert pairs(shifted_shapes(array(larger, five), array(TRIANGLE), (0.0, 0.0), within_m=25)) == set()


@pytest.mark.parametrize("left", [(), (TRIANGLE,)])
def test_nothing_to_compare_with(left):
    for one, other in ((array(*left), array()), (array(), array(*left))):
        assert pairs(same_shapes(one, other)) == set()
        assert pairs(overlaps(one, other, least_share=0.1)) == set()
        assert pairs(shifted_shapes(one, other, (0.0, 0.0), within_m=1)) == set()


def test_nothing_among_nothing():
    assert pairs(same_shapes_among(array())) == set()
    assert pairs(overlaps_among(array(), least_share=0.1)) == set()


def test_each_pair_may_be_asked_for_its_own_share():
    ours, theirs = array(square(0, 0), square(0, 0)), array(square(40, 0))
    i, j, least = np.array([0, 1]), np.array([0, 0]), np.array([0.7, 0.5])
    found = sharing(ours, theirs, i, j, least_share=least)
    assert (found.left.tolist(), found.right.tolist(), found.value.tolist()) == ([1], [0], [0.6])


def test_many_pairs_keep_their_order():
    shapes = array(*[square(100 * n, 0, 101) for n in range(3_000)])
    found = overlaps_among(shapes, least_share=0.001)
    assert found.left.tolist() == list(range(1, 3_000))
    assert found.right.tolist() == list(range(2_999))


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(1, 2)), min_size=1, max_size=8))
def test_squares_on_a_grid_against_counting_cells(squares):
    shapes = array(*[square(10 * x, 10 * y, 10 * side) for x, y, side in squares])
    cells = [{(x + i, y + j) for i in range(side) for j in range(side)} for x, y, side in squares]
    both = [(i, j) for i in range(len(cells)) for j in range(len(cells))]
    assert pairs(same_shapes(shapes, shapes)) == {(i, j) for i, j in both if cells[i] == cells[j]}
    found = overlaps(shapes, shapes, least_share=0.01)
    assert pairs(found) == {(i, j) for i, j in both if cells[i] & cells[j]}
    shares = [
        len(cells[i] & cells[j]) / min(len(cells[i]), len(cells[j]))
        for i, j in zip(found.left, found.right, strict=True)
    ]
    assert found.value == pytest.approx(shares)
    share_of = dict(zip(zip(found.left.tolist(), found.right.tolist(), strict=True), found.value.tolist(), strict=True))
    once = overlaps_among(shapes, least_share=0.01)
    assert pairs(once) == {(i, j) for i, j in share_of if i > j}
    of_each = [share_of[pair] for pair in zip(once.left.tolist(), once.right.tolist(), strict=True)]
    assert once.value == pytest.approx(of_each)
    assert pairs(same_shapes_among(shapes)) == {(i, j) for i, j in both if i > j and cells[i] == cells[j]}
