import numpy as np
import pytest
import shapely
from pyproj import CRS

from registry.evidence import Fields, Known, Offset, apart_m, area_of_use, known_area, offset_by_number
from registry.geometry import GEOD


def array(*values):
    result = np.empty(len(values), dtype=object)
    result[:] = values
    return result


def places(*metres, origin=(46.0, 40.0)):
    """Places so many metres east and north of a point, each step along the geodesic."""
    found = []
    for east, north in metres:
        longitude, latitude, _ = GEOD.fwd(*origin, 90, east)
        found.append(GEOD.fwd(longitude, latitude, 0, north)[:2])
    return np.array(found)


def fields(numbers, lonlat, batches=None):
    points = np.array([shapely.Point(each) for each in lonlat], dtype=object)
    return Fields(array(*numbers), array(*(batches or ["old"] * len(numbers))), points)


def test_the_offset_of_fields_with_one_number():
    theirs = places((0, 0), (1_000, 0), (2_000, 500), (5, 5))
    ours = places((100, -10), (1_104, -10), (2_100, 490), (9_000, 0))
    found = offset_by_number(array("a", "b", "c", "other"), ours, fields(["a", "b", "c", "d"], theirs))
    assert (found.pairs, found.batches) == (3, ("old",))
    # 100, 104, 100 m east and 10 m south: the median, and half of the deviations are 0.
    assert (found.east_m, found.north_m) == pytest.approx((100, -10), abs=0.1)
    assert found.spread_m == pytest.approx(0, abs=0.1)


def test_the_spread_is_one_sigma_per_axis():
    rng = np.random.default_rng(5)
    theirs = places(*[(0, 0)] * 2_000)
    ours = places(*rng.normal((100, 0), 40, (2_000, 2)))
    numbers = [str(i) for i in range(2_000)]
    found = offset_by_number(array(*numbers), ours, fields(numbers, theirs))
    assert found.spread_m == pytest.approx(40, rel=0.05)
    assert (found.east_m, found.north_m) == pytest.approx((100, 0), abs=4 * found.error_m)


def test_numbers_that_name_nothing():
    theirs = places(*[(i * 100, 0) for i in range(4)])
    held = fields(["a", "a", "b", "c"], theirs)
    assert offset_by_number(array("a", "b", "c"), theirs[:3], held) is None  # a stands twice in their batch
    assert offset_by_number(array("b", "b", "c", "d"), theirs, fields(["a", "b", "c", "d"], theirs)) is None
    assert offset_by_number(array(None, None, None), theirs[:3], held) is None


def test_of_several_batches_the_last_counts():
    theirs = places(*[(0, 0)] * 3, *[(300, 0)] * 3)
    held = fields(["a", "b", "c"] * 2, theirs, ["one"] * 3 + ["two"] * 3)
    found = offset_by_number(array("a", "b", "c"), places(*[(0, 0)] * 3), held)
    assert found.batches == ("two",)
    assert found.east_m == pytest.approx(-300, abs=0.1)


@pytest.mark.parametrize(
    ("length_m", "spread_m", "pairs", "clear", "confirms"),
    [
        (100.0, 0.0, 3, True, False),
        (49.0, 0.0, 3, False, True),
        # 1.2533 x 40 / sqrt(36) = 8.4 m; five times that is 42 m, and 9 pairs give 16.7 m and 84 m.
        (60.0, 40.0, 36, True, False),
        (60.0, 40.0, 9, False, False),
        (0.0, 40.0, 36, False, True),
        (0.0, 400.0, 36, False, False),
    ],
)
def test_when_an_offset_is_clear_and_when_it_confirms(length_m, spread_m, pairs, clear, confirms):
    one = Offset(pairs, ("old",), length_m, 0.0, spread_m)
    assert (one.is_clear, one.confirms) == (clear, confirms)


def test_how_far_apart():
    east, north = apart_m(np.array([[46.0, 40.0], [np.inf, 0.0]]), np.array([[46.0, 40.001], [1.0, 1.0]]))
    assert (east[0], north[0]) == pytest.approx((0, 111.03), abs=0.05)
    assert (east[1], north[1]) == (0, 0)


def test_a_known_area_holds_what_touches_it():
    area = known_area(Known(array(shapely.box(0, 0, 1, 1), shapely.box(5, 5, 6, 6)), "the scope"))
    held = area.holds(np.array([[0.5, 0.5], [3, 3], [5.5, 5.5], [1, 1], [np.inf, np.inf], [np.nan, 0.5]]))
    assert held.tolist() == [True, False, True, True, False, False]
    assert area.bounds == (0, 0, 6, 6)
    assert known_area(Known()) is None


def test_far_is_by_the_median():
    area = known_area(Known(array(shapely.box(0, 0, 1, 1))))
    near, far = [1.5, 0.5], [2.5, 0.5]
    assert area.is_far_from(np.array([near, far, far]), degrees=1.0)
    assert not area.is_far_from(np.array([near, near, far]), degrees=1.0)


def test_the_area_of_use():
    area = area_of_use(CRS(32638))
    assert area.words == "the area where EPSG:32638 is used"
    assert area.holds(np.array([[45.0, 40.0], [49.5, 40.0], [45.0, -40.0]])).tolist() == [True, False, False]
    assert area_of_use(CRS("+proj=longlat +ellps=krass +type=crs")) is None


def test_the_fields_around_most_positions():
    asked = []
    known = Known(fields_in=lambda box: asked.append(box) or fields([], []))
    known.fields_around(np.array([[46.0, 40.0]] * 99 + [[-46.0, 40.0]]))
    assert asked == [pytest.approx((45.95, 39.95, 46.05, 40.05))]
    assert len(known.fields_around(np.array([[np.inf, np.inf]])).keys) == 0
    assert len(asked) == 1
