"""Weights of a mixture whose component densities are known: maximum likelihood and profile of a share.

The log-likelihood is concave in the weights, so the maximum is the one that EM would reach, found in a few Newton
steps. See Kim, Y., Carbonetto, P., Stephens, M. & Anitescu, M. (2020), A fast algorithm for maximum likelihood
estimation of mixture proportions using sequential quadratic programming, J. Comput. Graph. Stat. 29, 261-273.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_EM_STEPS = 3
_STEPS = 100
_SOLVED = 1e-11  # fall of the log-likelihood per event that is worth no further step
_SHORTEST = 1e-6
_RIDGE = 1e-10
_ENOUGH = 1e-4  # of the wanted fall of the likelihood, at the ends of an interval
_TRIES = 60


@dataclass(frozen=True)
class Fit:
    """Weights that sum to 1, and the log-likelihood up to a constant that depends on the densities only."""

    weights: Floats
    log_likelihood: float


def scale_rows(densities: Floats) -> Floats:
    """Divide each event's densities by the largest of them; what is then left out of the likelihood is a constant."""
    return np.asarray(densities / densities.max(axis=1, keepdims=True))


def fit_weights(scaled: Floats, counts: Floats | None = None) -> Fit:
    """Maximise the likelihood over weights of 0 or more that sum to 1.

    Parameters
    ----------
    scaled
        Shape (events, components), from `scale_rows`; every event has a component with density 1.
    counts
        How often each event counts, above 0; once where left out.
    """
    events, components = scaled.shape
    counts = np.ones(events) if counts is None else counts
    weights = _solve(scaled, counts, np.full(components, 1 / components))
    return Fit(weights, _log_likelihood(scaled, weights))


def profile(scaled: Floats, chosen: Mask, best: Fit, drop: float) -> tuple[float, float]:
    """The shares of the chosen components at which the profile log-likelihood has fallen by ``drop``.

    Parameters
    ----------
    scaled
        As in `fit_weights`.
    chosen
        The components whose weights are summed.
    best
        The maximum.
    drop
        Half the quantile of the likelihood ratio statistic, above 0.

    Returns
    -------
    Low and high end, 0 and 1 where the likelihood does not fall that far.
    """
    return _lowest(scaled, chosen, best, drop), 1 - _lowest(scaled, ~chosen, best, drop)


def _lowest(scaled: Floats, chosen: Mask, best: Fit, drop: float) -> float:
    """Lowest share of the chosen components at which the profile log-likelihood has not fallen by more than ``drop``.

    Further events that can only have happened in the other components, any number of them and parts of one, lead along
    the profile: the weights that are best with them are the best for the share that they have.
    """
    others = scaled[:, ~chosen]
    if (others.max(axis=1, initial=0.0) > 0).all():
        without = fit_weights(scale_rows(others)).log_likelihood + float(np.log(others.max(axis=1)).sum())
        if best.log_likelihood - without <= drop:
            return 0.0
    rows = np.vstack([scaled, ~chosen])
    counts = np.ones(len(rows))
    share = float(best.weights[chosen].sum())
    fewest, most, further = 0.0, np.inf, _first_guess(scaled, chosen, best, drop)
    before = (0.0, -np.sqrt(drop))
    weights = best.weights
    for _ in range(_TRIES):
        counts[-1] = further
        weights = _solve(rows, counts, weights)
        share = float(weights[chosen].sum())
        fall = best.log_likelihood - _log_likelihood(scaled, weights)
        miss = np.sqrt(max(0.0, fall)) - np.sqrt(drop)
        if abs(fall - drop) < _ENOUGH * drop or most - fewest < 1e-12 * most:
            break
        fewest, most = (further, most) if miss < 0 else (fewest, further)
        slope = (miss - before[1]) / (further - before[0])
        before = (further, miss)
        further = further - miss / slope if slope > 0 else np.inf
        if not fewest < further < most:
            further = (fewest + most) / 2 if np.isfinite(most) else 4 * fewest
        further = min(further, 4 * before[0])
    return share


def _first_guess(scaled: Floats, chosen: Mask, best: Fit, drop: float) -> float:
    """How many further events would do if the profile were a parabola."""
    share = float(best.weights[chosen].sum())
    variance = max(share_influence(scaled, chosen, best)[1], 0.1 / len(scaled) ** 2)
    reach = np.sqrt(2 * drop * variance)
    return float(max(reach / variance * min(1.0, 1 - share + reach), 1e-3))


def share_influence(scaled: Floats, chosen: Mask, fit: Fit) -> tuple[Floats, float]:
    """What each event adds to the estimated share of the chosen components, to first order, and its variance."""
    free = fit.weights > 0
    ratio = scaled[:, free] / (scaled @ fit.weights)[:, None]
    size = ratio.shape[1]
    system = np.zeros((size + 1, size + 1))
    curvature = ratio.T @ ratio
    system[:size, :size] = curvature + _RIDGE * np.trace(curvature) * np.eye(size)
    system[size, :size] = system[:size, size] = 1
    wanted = np.append(chosen[free].astype(float), 0.0)
    direction = np.linalg.solve(system, wanted)[:size]
    return ratio @ direction, max(0.0, float(direction @ wanted[:size]))


def _log_likelihood(scaled: Floats, weights: Floats) -> float:
    with np.errstate(divide="ignore"):
        return float(np.log(scaled @ weights).sum())


def _solve(rows: Floats, counts: Floats, weights: Floats) -> Floats:
    """Maximise the sum of counts times log(rows w) over weights w of 0 or more that sum to 1.

    By sequential quadratic steps from ``weights``. The constraint is a price: the sum of the weights less the mean of
    the logarithms has its minimum where they sum to 1.
    """
    part = counts / counts.sum()
    weights = np.maximum(weights, 1e-6)
    for _ in range(_EM_STEPS):
        weights = weights * (part @ (rows / (rows @ weights)[:, None]))
    mixed = rows @ weights
    value = weights.sum() - part @ np.log(mixed)
    for _ in range(_STEPS):
        ratio = rows / mixed[:, None]
        weighted = ratio * part[:, None]
        mean = weighted.sum(axis=0)
        curvature = weighted.T @ ratio
        curvature[np.diag_indices_from(curvature)] += _RIDGE * (1 + np.trace(curvature))
        # The curvature times the weights is the mean, because every row of the ratios times the weights is 1.
        step = _least_square(curvature, 2 * mean - 1, weights) - weights
        fall = float((1 - mean) @ step)
        if fall > -_SOLVED:
            break
        length = 1.0
        while length > _SHORTEST:
            tried = weights + length * step
            mixed = rows @ tried
            if mixed.min() > 0:
                value_tried = tried.sum() - part @ np.log(mixed)
                if value_tried <= value + 0.01 * length * fall:
                    break
            length /= 2
        else:
            break
        weights, value = tried, value_tried
    return np.asarray(weights / weights.sum())


def _least_square(matrix: Floats, target: Floats, start: Floats) -> Floats:
    """Minimise x . matrix x / 2 - target . x over x of 0 or more, by an active set that starts from ``start``."""
    x = start.copy()
    free = x > 0
    for _ in range(20 * len(x)):
        wanted = np.zeros_like(x)
        wanted[free] = np.linalg.solve(matrix[np.ix_(free, free)], target[free])
        below = free & (wanted <= 0)
        if below.any():
            length = (x[below] / (x[below] - wanted[below])).min()
            x = np.maximum(x + length * (wanted - x), 0.0)
            free &= x > 1e-14
            x[~free] = 0.0
            continue
        x = wanted
        gain = np.where(free, 0.0, target - matrix @ x)
        best = int(gain.argmax())
        if gain[best] <= 1e-10:
            break
        free[best] = True
    return x
