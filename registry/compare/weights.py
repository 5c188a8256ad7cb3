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
_LARGEST_TILT = 50.0


@dataclass(frozen=True)
class Fit:
    """Weights that sum to 1, and the log-likelihood up to a constant that depends on the densities only."""

    weights: Floats
    log_likelihood: float


def scale_rows(densities: Floats) -> Floats:
    """Divide each event's densities by the largest of them; what is then left out of the likelihood is a constant."""
    return np.asarray(densities / densities.max(axis=1, keepdims=True))


def fit_weights(scaled: Floats) -> Fit:
    """Maximise the likelihood over weights of 0 or more that sum to 1.

    Parameters
    ----------
    scaled
        Shape (events, components), from `scale_rows`; every event has a component with density 1.
    """
    components = scaled.shape[1]
    weights = _solve(scaled, np.ones(components), np.full(components, 1 / components))
    return _fit(scaled, weights / weights.sum())


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
    share = float(best.weights[chosen].sum())
    step = _first_tilt(scaled, chosen, best, drop)
    low = 0.0 if share == 0 else _end(scaled, chosen, best, drop, step)
    high = 1.0 if share == 1 else 1 - _end(scaled, ~chosen, best, drop, step)
    return low, high


def _end(scaled: Floats, chosen: Mask, best: Fit, drop: float, step: float) -> float:
    """Lowest share of the chosen components that the likelihood allows.

    A price t on their weights leads to the profile: the weights that maximise the likelihood less exp(t) for each unit
    of a chosen component and exp(-t) for the others are, scaled to sum to 1, the best for the share they have.
    """
    without = scaled[:, ~chosen]
    if without.size and (without.max(axis=1) > 0).all():
        rest = fit_weights(without)
        if best.log_likelihood - rest.log_likelihood <= drop:
            return 0.0
    target = np.sqrt(drop)
    at, miss = [0.0], [-target]
    weights, tilt = best.weights, step
    below, above = 0.0, np.inf
    share = float(weights[chosen].sum())
    for _ in range(60):
        weights = _solve(scaled, np.exp(np.where(chosen, tilt, -tilt)), weights)
        fit = _fit(scaled, weights / weights.sum())
        share = float(fit.weights[chosen].sum())
        off = np.sqrt(max(0.0, best.log_likelihood - fit.log_likelihood)) - target
        if abs(off) < 1e-4 * target:
            break
        if off < 0:
            below = tilt
        else:
            above = tilt
        at.append(tilt)
        miss.append(off)
        slope = (miss[-1] - miss[-2]) / (at[-1] - at[-2])
        guess = tilt - off / slope if slope > 0 else np.inf
        if not below < guess < above:
            guess = (below + above) / 2 if np.isfinite(above) else 2 * tilt
        if above - below < 1e-10:
            break
        tilt = min(guess, 4 * tilt, _LARGEST_TILT)
    return share


def _first_tilt(scaled: Floats, chosen: Mask, best: Fit, drop: float) -> float:
    variance = max(share_variance(scaled, chosen, best), 1e-3 / len(scaled))
    return float(np.clip(np.sqrt(2 * drop / variance) / (2 * len(scaled)), 1e-3, 2.0))


def share_variance(scaled: Floats, chosen: Mask, fit: Fit) -> float:
    """Variance of the share of the chosen components by the curvature of the likelihood, weights at 0 held there."""
    return float(share_influence(scaled, chosen, fit)[1])


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


def _fit(scaled: Floats, weights: Floats) -> Fit:
    with np.errstate(divide="ignore"):
        return Fit(weights, float(np.log(scaled @ weights).sum()))


def _solve(scaled: Floats, price: Floats, weights: Floats) -> Floats:
    """Minimise price . w - mean(log(scaled w)) over w of 0 or more, by sequential quadratic steps from ``weights``.

    At the minimum price . w is 1, so with all prices 1 the weights sum to 1.
    """
    weights = np.maximum(weights, 1e-6)
    for _ in range(_EM_STEPS):
        weights = weights * (scaled / (scaled @ weights)[:, None]).mean(axis=0) / price
    mixed = scaled @ weights
    value = price @ weights - np.log(mixed).mean()
    for _ in range(_STEPS):
        ratio = scaled / mixed[:, None]
        mean = ratio.mean(axis=0)
        curvature = ratio.T @ ratio / len(scaled)
        curvature[np.diag_indices_from(curvature)] += _RIDGE * (1 + np.trace(curvature))
        # The curvature times the weights is the mean, because every row of the ratios times the weights is 1.
        aim = _least_square(curvature, 2 * mean - price, weights)
        step = aim - weights
        fall = float((price - mean) @ step)
        if fall > -_SOLVED:
            return aim if fall < 0 else weights
        length = 1.0
        while length > _SHORTEST:
            tried = weights + length * step
            mixed = scaled @ tried
            if mixed.min() > 0:
                value_tried = price @ tried - np.log(mixed).mean()
                if value_tried <= value + 0.01 * length * fall:
                    break
            length /= 2
        else:
            return weights
        weights, value = tried, value_tried
    return weights


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
