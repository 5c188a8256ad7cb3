import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from registry.compare.displacement import MAX_SHIFT_M, likelihoods, prepare_rasters, prepare_window
from registry.compare.search import DROP_95, Interval, Search, climb, interval_of


def hill(east, north, long_m, short_m, azimuth_deg):
    """A log-likelihood with its top at a place, and standard errors along an azimuth and across it."""
    angle = math.radians(azimuth_deg)

    def likelihood(shifts):
        away = shifts - np.array([east, north])
        along = away @ np.array([math.sin(angle), math.cos(angle)])
        across = away @ np.array([math.cos(angle), -math.sin(angle)])
        return -0.5 * ((along / long_m) ** 2 + (across / short_m) ** 2)

    return likelihood


@given(
    st.floats(-300, 300),
    st.floats(-300, 300),
    st.floats(8, 20),
    st.floats(8, 20),
    st.floats(0, 180),
)
def test_a_hill_is_climbed_to_its_top(east, north, long_m, short_m, azimuth_deg):
    likelihood = hill(east, north, long_m, short_m, azimuth_deg)
    start = np.array([east + 60.0, north - 45.0])
    assert climb(likelihood, start, 12.0) == pytest.approx([east, north], abs=1e-3)


def test_the_interval_of_a_parabola_is_its_ellipse():
    shift = np.array([100.0, -20.0])
    found = interval_of(hill(100, -20, 30, 8, 30), shift, 20.0)
    assert found.weak_half_m == pytest.approx(30 * math.sqrt(DROP_95), rel=0.01)
    assert found.strong_half_m == pytest.approx(8 * math.sqrt(DROP_95), rel=0.01)
    assert found.weak_azimuth_deg == pytest.approx(30, abs=0.5)
    assert found.lopsided
    assert not found.unbounded


def test_a_ridge_without_end_is_unbounded():
    found = interval_of(hill(0, 0, 1e6, 10, 90), np.zeros(2), 20.0)
    assert found.unbounded
    assert found.weak_half_m == MAX_SHIFT_M
    assert found.weak_azimuth_deg == pytest.approx(90, abs=0.1)


def test_an_ellipse_reaches_its_half_axes():
    found = Interval(10.0, 40.0, 90.0, True, False)
    assert found.half_along(5, 0) == pytest.approx(40)
    assert found.half_along(0, -3) == pytest.approx(10)
    assert found.holds(39, 0)
    assert not found.holds(0, 11)
    assert found.holds(0, 0)


@pytest.fixture(scope="module")
def prepared():
    """Two crossed belts, and events on a lattice in them as if they lay 300 m farther east and 150 m farther south."""
    belts = np.array([shapely.box(0, 0, 2_000, 100), shapely.box(2_500, -500, 2_600, 1_500)], dtype=object)
    along, across = np.arange(50, 2_000, 100.0), (20.0, 50.0, 80.0)
    first = [(x, y) for x in along for y in across]
    second = [(2_500 + y, x - 500) for x in along for y in across]
    places = np.array(first + second) + np.array([300.0, -150.0])
    window = prepare_window(belts, 20)
    return places, prepare_rasters(window, np.full(len(places), 20.0))


def test_the_best_candidate_is_near_the_shift(prepared):
    places, rasters = prepared
    best = Search(rasters).best(places)
    assert np.hypot(*(best.shift - np.array([300, -150]))) < 15
    # Inside all are as likely as one over 0.4 km2, as recorded hardly one is.
    assert best.statistic > 200


def test_chance_never_gives_as_much_and_says_how_seldom(prepared):
    places, rasters = prepared
    search = Search(rasters)
    found = search.chance(places, 200.0, 1, 30)
    assert (found.p_value, found.replicates) == (1 / 31, 30)
    assert found.p_tail < 1e-6


def test_what_chance_always_gives_is_settled_early(prepared):
    places, rasters = prepared
    found = Search(rasters).chance(places, 0.0, 1, 199)
    assert (found.p_value, found.replicates, found.p_tail) == (1.0, 10, None)


def test_drawn_events_follow_the_mixture(prepared):
    """With all weight on the records every event is drawn in one, up to its position error."""
    from registry.compare.scores import Simulator

    _, rasters = prepared
    only_inside = np.zeros(len(rasters.window.area_m2))
    only_inside[0] = 1.0
    drawn = Simulator(rasters, only_inside).draw(np.random.default_rng(3))
    distance = shapely.distance(shapely.union_all(rasters.window.lands[0].parts), shapely.points(drawn))
    assert distance.max() < 5 * 20 + 2 * rasters.rasters[0].cell_m
    assert np.mean(distance == 0) > 0.7
    _, weights = likelihoods(drawn, np.zeros((1, 2)), rasters)
    assert weights[0, 0] > 0.8


def test_the_lengths_that_an_interval_holds():
    """An ellipse of 10 by 40 m, the long axis east and west."""
    found = Interval(10.0, 40.0, 90.0, True, False)
    assert found.lengths(100.0, 0.0) == pytest.approx((60, 140), abs=0.01)
    assert found.lengths(0.0, 5.0)[0] == 0
    # Beside the middle of a long axis the nearest lies straight across; the farthest is found along the border.
    low, high = found.lengths(0.0, 30.0)
    assert low == pytest.approx(20, abs=0.01)
    t = np.linspace(0, 2 * math.pi, 100_001)
    assert high == pytest.approx(np.hypot(40 * np.cos(t), 30 + 10 * np.sin(t)).max(), abs=0.01)
