import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from registry import sharedarea
from registry.sharedarea import shared_areas


def array(*shapes):
    result = np.empty(len(shapes), dtype=object)
    result[:] = shapes
    return result


def shared(one, other):
    (area,) = shared_areas(array(one, other), np.array([0]), np.array([1]))
    return area


def turned(shape):
    """The same polygons with every ring the other way round."""
    return shapely.reverse(shape)


SQUARE = shapely.box(0, 0, 10, 10)
HOLED = shapely.Polygon(SQUARE.exterior, [shapely.box(2, 2, 8, 8).exterior])
DIAMOND = shapely.Polygon([(5, -2), (12, 5), (5, 12), (-2, 5)])


@pytest.mark.parametrize(
    ("one", "other", "area"),
    [
        (SQUARE, shapely.box(5, 5, 20, 20), 25),
        (SQUARE, SQUARE, 100),
        (SQUARE, shapely.box(10, 0, 20, 10), 0),
        (SQUARE, shapely.box(0, 10, 10, 20), 0),
        (SQUARE, shapely.box(20, 20, 30, 30), 0),
        (SQUARE, shapely.box(2, 3, 4, 7), 8),
        (SQUARE, shapely.box(5, -5, 7, 50), 20),
        (SQUARE, HOLED, 64),
        (HOLED, shapely.box(3, 3, 7, 7), 0),
        (HOLED, shapely.box(0, 3, 7, 7), 8),
        (SQUARE, shapely.MultiPolygon([shapely.box(-5, 0, 1, 2), shapely.box(9, 9, 11, 11)]), 3),
        # The square of side 10 loses four corners of side 3 each to the diamond of half diagonal 7.
        (SQUARE, DIAMOND, 100 - 4 * 9 / 2),
        (shapely.Polygon([(0, 0), (10, 0), (0, 10)]), shapely.Polygon([(0, 0), (10, 0), (10, 10)]), 25),
    ],
)
def test_areas_that_can_be_worked_out_by_hand(one, other, area):
    for left in (one, turned(one)):
        for right in (other, turned(other)):
            assert shared(left, right) == pytest.approx(area, abs=1e-12)
            assert shared(right, left) == pytest.approx(area, abs=1e-12)


def test_far_from_the_origin_too():
    away = shapely.affinity.translate(SQUARE, 4e6, 7e6), shapely.affinity.translate(DIAMOND, 4e6, 7e6)
    assert shared(*away) == pytest.approx(82, abs=1e-6)


def test_many_pairs_and_very_many_edges(monkeypatch):
    squares = array(*[shapely.box(n, 0, n + 2, 1) for n in range(50)])
    i, j = np.triu_indices(50, 1)
    expected = np.where(j - i == 1, 1.0, 0.0)
    for at_once, most in ((10**6, 10**6), (40, 10**6), (10**6, 3)):
        monkeypatch.setattr(sharedarea, "_EDGE_PAIRS_AT_ONCE", at_once)
        monkeypatch.setattr(sharedarea, "_EDGE_PAIRS_MOST", most)
        assert shared_areas(squares, i, j) == pytest.approx(expected, abs=1e-12)


def test_no_pairs():
    nothing = np.array([], dtype=np.int64)
    assert shared_areas(array(SQUARE), nothing, nothing).tolist() == []
    assert shared_areas(array(), nothing, nothing).tolist() == []


CORNER = st.tuples(st.integers(0, 6), st.integers(0, 6)) | st.tuples(st.floats(0, 6), st.floats(0, 6))


@st.composite
def areas(draw):
    """Polygons and multipolygons, with holes, whose edges often lie on each other."""
    rings = draw(st.lists(st.lists(CORNER, min_size=3, max_size=8), min_size=1, max_size=3))
    shape = shapely.Polygon()
    for ring in rings:
        shape = shapely.symmetric_difference(shape, shapely.buffer(shapely.make_valid(shapely.Polygon(ring)), 0))
    return shapely.buffer(shape, 0)


@given(areas(), areas())
def test_as_geos_has_it(one, other):
    expected = shapely.area(shapely.intersection(one, other))
    assert shared(one, other) == pytest.approx(expected, abs=1e-9)
    assert shared(one, one) == pytest.approx(shapely.area(one), abs=1e-9)
