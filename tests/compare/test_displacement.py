import math

import numpy as np
import pytest
import shapely

from registry.compare.displacement import (
    REACH_M,
    Events,
    exact_likelihood,
    in_reach,
    likelihoods,
    prepare_rasters,
    prepare_window,
)

BELTS = np.array([shapely.box(0, 0, 3_000, 400), shapely.box(1_000, 1_500, 1_400, 4_000)], dtype=object)


@pytest.fixture(scope="module")
def window():
    return prepare_window(BELTS, 20)


def scattered(count, seed=4):
    return np.random.default_rng(seed).uniform((-1_500, -1_500), (4_500, 5_500), (count, 2))


def test_components_are_the_records_the_bands_and_the_rest(window):
    assert window.area_m2[0] == pytest.approx(3_000 * 400 + 400 * 2_500)
    assert window.area_m2.sum() == pytest.approx(window.reach.area_m2)
    # 50 m around two rectangles, with quarters of a circle at the corners.
    around = 50 * 2 * (3_400 + 2_900) + 2 * math.pi * 50**2
    assert window.area_m2[1] == pytest.approx(around, rel=0.05)


def test_a_coarse_position_error_drops_the_fine_bands():
    assert len(prepare_window(BELTS, 20).lands) == len(prepare_window(BELTS, 100).lands) + 2
    assert len(prepare_window(BELTS, 5_000).lands) == 2


def test_an_event_is_somewhere_for_sure(window):
    reached = np.array([[0.1, 0.3, 0.3, 0.5, 0.5, 0.9], [1.0] * 6, [0.0] * 6])
    share = window.densities(reached) * window.area_m2
    assert share.sum(axis=1) == pytest.approx([1, 1, 1])
    assert share[0] == pytest.approx([0.1, 0.2, 0, 0.2, 0, 0.4, 0.1], abs=1e-6)


def test_events_deep_inside_are_as_likely_as_one_over_the_area(window):
    places = np.column_stack([np.linspace(300, 2_700, 25), np.full(25, 200.0)])
    expected = -25 * math.log(window.area_m2[0])
    assert exact_likelihood(Events(places, np.full(25, 20.0)), window) == pytest.approx(expected, abs=1e-3)


def test_events_half_inside_and_half_far_have_half_the_weight_each(window):
    inside = np.column_stack([np.linspace(300, 2_700, 20), np.full(20, 200.0)])
    far = inside + np.array([0, -2_500.0])
    expected = 20 * math.log(0.5 / window.area_m2[0]) + 20 * math.log(0.5 / window.area_m2[-1])
    events = Events(np.vstack([inside, far]), np.full(40, 20.0))
    assert exact_likelihood(events, window) == pytest.approx(expected, abs=1e-3)


def test_the_rasters_agree_with_the_exact_likelihood_up_to_a_little(window):
    places = scattered(150)
    sigma_m = np.where(np.arange(150) % 2, 20.0, 60.0)
    rasters = prepare_rasters(window, sigma_m)
    shifts = np.array([(0.0, 0.0), (130.0, -70.0), (-900.0, 400.0)])
    got, weights = likelihoods(places, shifts, rasters)
    exact = [exact_likelihood(Events(places - shift, sigma_m), window) for shift in shifts]
    assert len(rasters.rasters) == 2
    assert got == pytest.approx(exact, abs=1.0)
    assert weights.sum(axis=1) == pytest.approx([1, 1, 1])


def test_reach(window):
    places = np.array([(1_000, 200), (1_000, -REACH_M + 100), (1_000, -REACH_M - 100), (np.inf, 0), (np.nan, np.nan)])
    assert in_reach(places, window).tolist() == [True, True, False, False, False]
