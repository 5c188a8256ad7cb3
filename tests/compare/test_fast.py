import numpy as np
import pytest
import shapely

pytest.importorskip("numba", reason="Numba, the extra fast, is not installed.")

from close_calls import close_calls
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.compare import curve, fast, plain
from registry.compare.kernel import TOLERANCE_M

DISTANCES_M = (0.0, TOLERANCE_M)


def assert_same(polygons, xy, held):
    """The two tiers give the same pairs, the same nearest records and the same distances."""
    quick, plainly = fast.search_for(polygons), plain.Search(polygons)
    for within_m in DISTANCES_M:
        found, wanted = quick.covering(xy, within_m), plainly.covering(xy, within_m)
        for mine, theirs in zip(found, wanted, strict=True):
            np.testing.assert_array_equal(mine, theirs)
        outside = np.setdiff1d(np.arange(len(xy)), wanted[0])
        for cut in (None, held[outside]):
            (record, distance_m), (known, known_m) = (search.nearest(xy[outside], cut) for search in (quick, plainly))
            np.testing.assert_array_equal(record, known)
            np.testing.assert_allclose(distance_m, known_m, rtol=1e-14, atol=1e-9)


@pytest.mark.parametrize("seed", range(12))
def test_tens_of_thousands_of_close_calls(seed):
    case = close_calls(np.random.default_rng(seed), 2_500)
    assert_same(case.polygons, case.xy, case.held)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=9), st.integers(0, 3))
def test_any_few_boxes(corners, within_m):
    """Whole numbers: events on edges and corners, and as far from one box as from another."""
    polygons = np.array([shapely.box(x, y, x + 3, y + 2) for x, y in corners], dtype=object)
    xy = np.stack(np.meshgrid(np.arange(-2.0, 14), np.arange(-2.0, 14)), axis=-1).reshape(-1, 2)
    assert_same(polygons, xy, np.arange(len(xy)) % (len(corners) + 1))
    event, record = fast.search_for(polygons).covering(xy, within_m)
    by_hand = [
        (number, rank)
        for number, (x, y) in enumerate(xy.tolist())
        for rank, (left, below) in enumerate(corners)
        if max(left - x, 0, x - left - 3) ** 2 + max(below - y, 0, y - below - 2) ** 2 <= within_m**2
    ]
    assert list(zip(event.tolist(), record.tolist(), strict=True)) == by_hand


def test_of_equally_near_records_the_lowest_rank_is_taken():
    polygons = shapely.box([10, -20, 10], [0, 0, 0], [20, -10, 20], [5, 5, 5])
    record, distance_m = fast.search_for(polygons).nearest(np.array([[0.0, 2.0], [1.0, 2.0]]))
    assert record.tolist() == [0, 0]
    assert distance_m.tolist() == [10.0, 9.0]
    record, _ = fast.search_for(polygons[[1, 0, 2]]).nearest(np.array([[0.0, 2.0], [1.0, 2.0]]))
    assert record.tolist() == [0, 1]


def test_an_event_sees_no_more_records_than_it_is_told():
    polygons = shapely.box([30, 20, 10], [0, 0, 0], [31, 21, 11], [1, 1, 1])
    xy = np.zeros((4, 2))
    record, distance_m = fast.search_for(polygons).nearest(xy, np.array([0, 1, 2, 3]))
    assert record.tolist() == [-1, 0, 1, 2]
    assert distance_m.tolist() == [np.inf, 30.0, 20.0, 10.0]


def test_records_in_heaps_find_room():
    """A thousand records on one place, some alike and most a little larger, and a hundred events in all of them."""
    size = np.repeat(np.arange(1.0, 501), 2)
    polygons = shapely.box(-size, -size, size, size)
    event, record = fast.search_for(polygons).covering(np.full((100, 2), 0.5), 0.0)
    assert event.tolist() == np.repeat(np.arange(100), 1000).tolist()
    assert record.tolist() == list(range(1000)) * 100


def test_a_long_record_is_crossed_by_its_ends_alone():
    """A comb of a thousand teeth: the ray to the right crosses all that lie beyond."""
    x = np.arange(2001.0)
    ring = np.concatenate([np.column_stack([x, (x % 2) * 10]), [[2000.0, -5.0], [0.0, -5.0]]])
    search = fast.search_for(np.array([shapely.Polygon(ring)], dtype=object))
    xy = np.array([[1.0, 9.5], [2.0, 9.5], [999.0, 0.0], [1.0, 10.0], [1.0, 10.5], [-1.0, -1.0]])
    assert search.covering(xy, 0.0)[0].tolist() == [0, 2, 3]
    record, distance_m = search.nearest(xy[4:])
    assert record.tolist() == [0, 0]
    assert distance_m.tolist() == [0.5, 1.0]


def test_no_event_is_no_pair():
    search = fast.search_for(shapely.box([0], [0], [1], [1]))
    assert [len(part) for part in search.covering(np.empty((0, 2)), 0.0)] == [0, 0]
    assert [len(part) for part in search.nearest(np.empty((0, 2)))] == [0, 0]


@pytest.mark.parametrize(
    "shapes",
    [
        [],
        [shapely.Polygon(), shapely.MultiPolygon()],
        [shapely.box(0, 0, 1, 1), shapely.LineString([(0, 0), (1, 1)])],
        [shapely.box(0, 0, 1, 1), None],
        [shapely.box(0, 0, np.inf, 1)],
    ],
    ids=["none", "empty", "line", "missing", "endless"],
)
def test_what_is_not_land_is_left_to_shapely(shapes):
    assert fast.search_for(np.array(shapes, dtype=object)) is None


def test_the_curve_steps_from_neighbour_to_neighbour():
    """Through each cell of 64 by 64 once, and always to the next one on a side."""
    cells = np.stack(np.meshgrid(np.arange(64), np.arange(64)), axis=-1).reshape(-1, 2)
    order = np.argsort(curve.curve_places(cells * 1024.0, 0.0, 0.0, 1.0))
    assert np.abs(np.diff(cells[order], axis=0)).sum(axis=1).tolist() == [1] * (64 * 64 - 1)


@given(st.lists(st.integers(0, 2**32 - 1), max_size=40))
def test_places_are_sorted_and_equal_ones_stay(places):
    order = curve.order_of(np.array(places, dtype=np.uint32))
    assert order.tolist() == np.argsort(np.array(places, dtype=np.uint32), kind="stable").tolist()
