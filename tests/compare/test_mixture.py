"""One map of belts by hand; events are drawn, so their truth is known. Coverage itself is in docs/calibration.md."""

import numpy as np
import pytest
import shapely

from registry.compare.blur import probability_inside
from registry.compare.mapped import components, prepare_mapped
from registry.compare.mixture import (
    estimate_containment,
    fit_mixture,
    log_likelihood,
)

BELTS = [(4_000 * row, 4_000 * column) for row in range(4) for column in range(4)]
LENGTH, WIDTH = 1_000.0, 100.0
STUDY = shapely.box(-3_000, -3_000, 16_000, 16_000)


def prepare(sigma):
    """16 belts of 1,000 by 100 m, 4 km apart."""
    belts = [shapely.box(x, y, x + LENGTH, y + WIDTH) for x, y in BELTS]
    return prepare_mapped(np.array(belts, dtype=object), np.array([STUDY], dtype=object), float(sigma))


@pytest.fixture(scope="module")
def mapped():
    return prepare(30)


def draw(inside, outside, sigma, seed, hug_m=None):
    """Recorded positions: inside belts, then outside, over the study area or hugging the belts' long sides."""
    random = np.random.default_rng(seed)
    corner = np.array(BELTS)[random.integers(0, len(BELTS), inside + outside)]
    along = random.random((inside + outside, 2)) * [LENGTH, WIDTH]
    true = corner + along
    if hug_m is None:
        true[inside:] = random.uniform(-3_000, 16_000, (outside, 2))
    else:
        side = random.integers(0, 2, outside)
        distance = random.uniform(0, hug_m, outside)
        true[inside:, 1] = corner[inside:, 1] + np.where(side == 1, WIDTH + distance, -distance)
    return true + random.normal(size=true.shape) * sigma


def sigmas(places, sigma):
    return np.full(len(places), float(sigma))


@pytest.mark.parametrize("sigma", [10, 30, 50])
@pytest.mark.parametrize("hug_m", [None, 100, 300])
def test_the_estimate_finds_the_truth(sigma, hug_m):
    """3,000 events, so the standard error is 1 to 3 points; M1 itself is off by up to 23."""
    places = draw(1_650, 1_350, sigma, seed=5, hug_m=hug_m)
    result = estimate_containment(places, sigmas(places, sigma), prepare(sigma))
    assert result.reason is None
    assert result.value == pytest.approx(0.55, abs=0.055)
    assert result.low < 0.55 < result.high
    assert result.high - result.low < 0.15
    assert sum(result.mixture.weights) == pytest.approx(1)


def test_all_inside_and_all_far(mapped):
    inside = draw(400, 0, 10, seed=1)
    result = estimate_containment(inside, sigmas(inside, 10), mapped)
    assert result.high == 1
    assert result.value > 0.98
    assert 0.95 < result.low < result.value
    far = np.column_stack([np.full(400, -2_000.0), np.linspace(-2_000, 15_000, 400)])
    result = estimate_containment(far, sigmas(far, 10), mapped)
    assert (result.low, result.value) == (0, pytest.approx(0, abs=1e-6))
    assert 0 < result.high < 0.02


def test_an_unstated_error_is_not_invented(mapped):
    places = draw(200, 0, 10, seed=1)
    sigma = sigmas(places, 10)
    sigma[3:5] = np.nan
    result = estimate_containment(places, sigma, mapped)
    assert (result.value, result.low, result.high) == (None, None, None)
    assert result.reason == "Not computed: no position error is stated for 2 of 200 events; give --sigma."


@pytest.mark.parametrize("events", [0, 9])
def test_too_few_events_for_anything(mapped, events):
    places = draw(events, 0, 10, seed=1)
    result = estimate_containment(places, sigmas(places, 10), mapped)
    assert (result.low, result.high) == (None, None)
    assert f"There are {events} events" in result.reason


def test_few_events_give_bounds(mapped):
    places = draw(60, 40, 10, seed=3)
    result = estimate_containment(places, sigmas(places, 10), mapped)
    assert result.value is None
    assert 0 < result.low < 0.6 < result.high < 1
    assert "needs 200" in result.reason


def test_poor_positions_are_not_taken_for_outside_events():
    """All events happened inside: fitted weights lose some of them to the surroundings, and most of that comes back."""
    belts = [shapely.box(x, y, x + LENGTH, y + 4 * WIDTH) for x, y in BELTS]
    mapped = prepare_mapped(np.array(belts, dtype=object), np.array([STUDY], dtype=object), 120.0)
    fitted, put_right = [], []
    for seed in range(30):
        random = np.random.default_rng(seed)
        true = np.array(BELTS)[random.integers(0, len(BELTS), 200)] + random.random((200, 2)) * [LENGTH, 4 * WIDTH]
        places = true + random.normal(size=true.shape) * 120
        result = estimate_containment(places, sigmas(places, 120), mapped)
        weights = zip(result.mixture.weights, result.mixture.components, strict=True)
        fitted.append(sum(weight for weight, component in weights if component.inside))
        put_right.append(result.value)
        assert result.value == pytest.approx(min(1, fitted[-1] - result.bias))
    assert np.mean(fitted) < np.mean(put_right) < 1
    assert 1 - np.mean(put_right) < 0.85 * (1 - np.mean(fitted))


def test_good_positions_need_no_putting_right(mapped):
    places = draw(150, 50, 30, seed=1)
    assert estimate_containment(places, sigmas(places, 30), mapped).bias is None


def test_an_error_above_half_the_width_gives_an_upper_bound(mapped):
    """0 to M1 / se: of a belt 100 m wide about 0.61 stay inside with 50 m, less at its ends."""
    assert estimate_containment(draw(200, 0, 50, 1), np.full(200, 50.0), mapped).value is not None
    places = draw(300, 700, 51, seed=4)
    result = estimate_containment(places, sigmas(places, 51), mapped)
    assert result.value is None
    assert result.low == 0
    recorded = (probability_inside(places, np.zeros(len(places)), mapped.land) > 0).mean()
    assert recorded / 0.60 < result.high < recorded / 0.55 + 0.07
    assert "51 m is more than half the median width of the records, 100 m" in result.reason


def test_the_bound_with_nothing_recorded_inside(mapped):
    """Wilson's upper end of 0 of 100 is 3.70 %, divided by about 0.37."""
    places = draw(0, 100, 1, seed=2) + np.array([0, 1e5])
    result = estimate_containment(places, np.full(100, 100.0), mapped)
    assert result.high == pytest.approx(0.037 / 0.36, abs=0.01)


def test_clusters_widen_the_interval(mapped):
    """Half the belts hold all that is inside, the others all that hugs; each lies in a cell of its own."""
    random = np.random.default_rng(8)
    belt = random.integers(0, len(BELTS), 600)
    true = np.array(BELTS)[belt] + random.random((600, 2)) * [LENGTH, WIDTH]
    true[belt % 2 == 1, 1] += 150
    places = true + random.normal(size=true.shape) * 10
    alone = estimate_containment(places, sigmas(places, 10), mapped)
    clustered = estimate_containment(places, sigmas(places, 10), mapped, 4_000)
    assert clustered.value == alone.value
    assert alone.design_effect == 1
    assert 20 < clustered.design_effect < 60  # 600 events count as 16
    assert clustered.low < alone.low
    assert clustered.high > alone.high
    one = estimate_containment(np.abs(places), sigmas(places, 10), mapped, 1e9)
    assert (one.low, one.high) == (0, 1)  # all events lie in one cell


def test_order_of_the_events_changes_no_bit(mapped):
    places = draw(150, 150, 30, seed=6)
    sigma = np.linspace(10, 40, 300)
    order = np.random.default_rng(1).permutation(300)
    first = estimate_containment(places, sigma, mapped, 5_000)
    second = estimate_containment(places[order], sigma[order], mapped, 5_000)
    assert (first.value, first.low, first.high, first.mixture) == (
        second.value,
        second.low,
        second.high,
        second.mixture,
    )


def test_the_mixture_describes_itself(mapped):
    places = draw(300, 200, 20, seed=7)
    mixture = fit_mixture(places, sigmas(places, 20), mapped)
    assert mixture.components == components(mapped)
    assert len(mixture.weights) == len(mixture.components)
    assert mixture.log_likelihood == pytest.approx(log_likelihood(places, sigmas(places, 20), mapped, mixture))


def test_the_likelihood_knows_the_shift(mapped):
    """Of shifts in steps of 50 m, none is the best; an event beyond all reach has no likelihood."""
    places = draw(300, 100, 20, seed=9)
    sigma = sigmas(places, 20)
    mixture = fit_mixture(places, sigma, mapped)
    by_shift = {
        (x, y): log_likelihood(places + np.array([x, y]), sigma, mapped, mixture)
        for x in (-50, 0, 50)
        for y in (-50, 0, 50)
    }
    assert max(by_shift, key=by_shift.get) == (0, 0)
