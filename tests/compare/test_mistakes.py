"""Named mistakes in the Caspian Sea, at 41.5 N 50.5 E, where Pulkovo 1942 is in use, and in the South Atlantic."""

import math

import numpy as np
import pytest

from registry.compare.mistakes import named_mistakes
from registry.geometry import local_equal_area

CASPIAN = local_equal_area((50, 41, 51, 42))
ATLANTIC = local_equal_area((-21, -21, -19, -19))
PLACES = np.array([(0.0, 0.0), (1_000.0, 2_000.0), (-1_000.0, -2_000.0)])


@pytest.fixture(scope="module")
def named():
    return named_mistakes(PLACES, CASPIAN)


def only(named, code):
    return next(each for each in named if each.code == code)


def test_sk42_is_about_a_hundred_metres_and_its_reverse_the_opposite(named):
    direct, twice, backwards = (
        only(named, f"sk42-{name}") for name in ("not-transformed", "transformed-twice", "transformed-backwards")
    )
    assert 60 < math.hypot(direct.east_m, direct.north_m) < 160
    assert direct.east_m < -50
    assert (twice.east_m, twice.north_m) == pytest.approx((-direct.east_m, -direct.north_m), abs=0.01)
    assert (backwards.east_m, backwards.north_m) == pytest.approx((2 * direct.east_m, 2 * direct.north_m), abs=0.01)


def test_events_suffer_what_the_vector_undoes(named):
    """Nearby, a mistake within 2 km moves every place alike, to a part in a thousand."""
    for each in named:
        vector = np.array([each.east_m, each.north_m])
        if np.hypot(*vector) < 2_500:
            assert each.places + vector == pytest.approx(PLACES, abs=5)


def test_utm_for_gauss_krueger_is_four_ten_thousandths_of_the_northing(named):
    """The northing at 41.5 N is about 4,596 km; the scale of UTM is 0.9996.

    The ellipsoid of SK-42 is larger by 17 millionths, which adds 78 m.
    """
    as_gk = only(named, "utm-as-gauss-krueger")
    assert as_gk.north_m == pytest.approx(0.0004 * 4_596_000 + 78, abs=20)
    as_utm = only(named, "gauss-krueger-as-utm")
    assert (as_utm.east_m, as_utm.north_m) == pytest.approx((-as_gk.east_m, -as_gk.north_m), abs=3)


def test_swapped_axes_and_a_neighbouring_zone_are_far(named):
    swapped = only(named, "axes-swapped")
    assert math.hypot(swapped.east_m, swapped.north_m) > 500_000
    zones = [each for each in named if each.code == "zone-wrong"]
    assert len(zones) == 6
    # Six degrees of longitude at 41.5 N are 6 * 111.3 km * cos(41.5).
    nearest = min(abs(each.east_m) for each in zones)
    assert nearest == pytest.approx(6 * 111_320 * math.cos(math.radians(41.5)), rel=0.01)


def test_where_pulkovo_1942_is_not_in_use_its_mistakes_are_not_named():
    codes = {each.code for each in named_mistakes(PLACES, ATLANTIC)}
    assert codes == {"axes-swapped", "sign-lost", "zone-wrong"}


def test_no_events_no_mistakes():
    assert named_mistakes(np.empty((0, 2)), CASPIAN) == ()
