import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from registry.compare.weights import fit_weights, profile, scale_rows, share_influence

HALF_CHI2 = 3.841458820694124 / 2

some_densities = st.tuples(st.integers(2, 30), st.integers(1, 6)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.floats(0, 1).map(lambda value: 1e-3 + value**3))
)


def log_likelihood(densities, weights):
    return np.log(densities @ weights).sum()


def by_em(densities, steps=2_000):
    """The oracle: slow and sure."""
    weights = np.full(densities.shape[1], 1 / densities.shape[1])
    for _ in range(steps):
        weights = weights * (densities / (densities @ weights)[:, None]).mean(axis=0)
    return weights


def separated(inside, total):
    """Events that can each have happened in one component only."""
    densities = np.zeros((total, 2))
    densities[:inside, 0] = densities[inside:, 1] = 1
    return densities


@settings(max_examples=40)
@given(some_densities)
def test_no_worse_than_em(densities):
    scaled = scale_rows(densities)
    fit = fit_weights(scaled)
    assert fit.weights.sum() == pytest.approx(1)
    assert (fit.weights >= 0).all()
    assert fit.log_likelihood >= log_likelihood(scaled, by_em(scaled)) - 1e-6
    assert fit.log_likelihood == pytest.approx(log_likelihood(scaled, fit.weights))


def test_separated_components_have_their_counts():
    assert fit_weights(separated(7, 10)).weights == pytest.approx([0.7, 0.3])
    assert fit_weights(separated(10, 10)).weights == pytest.approx([1, 0], abs=1e-9)


@pytest.mark.parametrize(("inside", "total"), [(7, 10), (45, 200), (1, 50)])
def test_the_profile_of_a_count(inside, total):
    """Where the binomial log-likelihood has fallen by half the quantile, on both sides."""
    low, high = profile(
        separated(inside, total), np.array([True, False]), fit_weights(separated(inside, total)), HALF_CHI2
    )

    def fallen(share):
        best = inside / total
        return inside * math.log(best / share) + (total - inside) * math.log((1 - best) / (1 - share))

    assert low < inside / total < high
    assert fallen(low) == pytest.approx(HALF_CHI2, rel=1e-3)
    assert fallen(high) == pytest.approx(HALF_CHI2, rel=1e-3)


def test_the_profile_of_none_and_of_all():
    """0 of n: the likelihood (1 - p)^n has fallen far enough at 1 - exp(-1.92 / n)."""
    end = 1 - math.exp(-HALF_CHI2 / 40)
    none, every = separated(0, 40), separated(40, 40)
    assert profile(none, np.array([True, False]), fit_weights(none), HALF_CHI2) == pytest.approx((0, end), abs=1e-5)
    assert profile(every, np.array([True, False]), fit_weights(every), HALF_CHI2) == pytest.approx(
        (1 - end, 1), abs=1e-5
    )


def test_what_cannot_be_told_apart_may_be_anything():
    alike = np.ones((30, 2))
    assert profile(alike, np.array([True, False]), fit_weights(alike), HALF_CHI2) == (0.0, 1.0)


@settings(max_examples=20)
@given(some_densities.filter(lambda densities: densities.shape[1] > 1))
def test_the_likelihood_at_the_ends_has_fallen_so_far(densities):
    """Against a scan: no weights with a share beyond the ends are as good as those within."""
    scaled = scale_rows(densities)
    chosen = np.arange(scaled.shape[1]) == 0
    best = fit_weights(scaled)
    low, high = profile(scaled, chosen, best, HALF_CHI2)
    assert low - 1e-6 <= best.weights[0] <= high + 1e-6
    for share in np.linspace(0.02, 0.98, 9):
        others = np.full((~chosen).sum(), 1 / (~chosen).sum())
        for _ in range(500):  # EM for the others with the share held
            mixed = share * scaled[:, 0] + (1 - share) * (scaled[:, ~chosen] @ others)
            others = others * (scaled[:, ~chosen] / mixed[:, None]).mean(axis=0)
            others /= others.sum()
        fall = best.log_likelihood - np.log(share * scaled[:, 0] + (1 - share) * (scaled[:, ~chosen] @ others)).sum()
        if fall < HALF_CHI2 - 0.05:
            assert low <= share + 1e-3
            assert share <= high + 1e-3
        if fall > HALF_CHI2 + 0.05:
            assert share < low + 1e-3 or share > high - 1e-3


def test_influence_of_separated_events():
    """Variance p (1 - p) / n, and each event pulls by its distance from the share."""
    scaled = separated(30, 100)
    influence, variance = share_influence(scaled, np.array([True, False]), fit_weights(scaled))
    assert variance == pytest.approx(0.3 * 0.7 / 100, rel=1e-6)
    assert influence[0] == pytest.approx((1 - 0.3) / 100, rel=1e-6)
    assert influence[-1] == pytest.approx(-0.3 / 100, rel=1e-6)
