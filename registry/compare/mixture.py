"""Metric M1d: how many events truly happened inside mapped land, estimated from where they are recorded."""

import math
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from registry.compare.blur import NO_SIGMA, Floats, kept_in_parts, noise_ceiling
from registry.compare.mapped import (
    Component,
    Mapped,
    area_by_part,
    blurred,
    components,
    densities,
    nearest_part,
    per_area,
)
from registry.compare.spread import cluster_spread
from registry.compare.uncertainty import MIN_DENOMINATOR, cells, wilson_interval
from registry.compare.weights import Fit, fit_weights, profile, scale_rows, share_influence

Mask = NDArray[np.bool_]

MIN_EVENTS = 200
"""Below this many events an interval is given and no estimate."""

_LOW_TO_M = 100.0  # above it the first band outside records is blurred away, and no low end is given
_PLAIN_SIGMA_M = 75.0  # above it the share of largest likelihood can be biased by more than 2 points, and is put right
_RESAMPLES, _SEED = 40, 1
_TIMES_SEEN = 2.0  # what the bootstrap sees of the bias: of half a normal distribution, cut at a limit, sqrt(2) - 1
_LARGEST = 0.5 * (1 + 1e-6)  # of the median width; the millionth is for rounding
_ROUNDS = 6  # of fitting intensities and weights in turn; further ones change the share by less than a thousandth
_PRIOR_EVENTS = 1.0
_PLACES = 64  # in each part of the records where an event is recorded
_Z_95 = 1.959963984540054
_HALF_CHI2 = _Z_95**2 / 2

# Where the largest share allowed is 1, the weights of all kinds of outside events are at their limit of 0. The
# likelihood ratio is then no chi-squared of one degree of freedom (Self & Liang 1987); simulated, 95 % of it lie below
# 3.8 to 5.4. So 1 is in the interval where the ratio is within the 98 % quantile.
_AT_ONE = 5.411894431 / 3.841458821


@dataclass(frozen=True)
class Mixture:
    """Where the events of a set truly happened, by component.

    Attributes
    ----------
    components
        In the order of the columns of `densities`.
    weights
        Share of the events that happened in each; they sum to 1.
    log_likelihood
        Of the recorded positions, densities taken per square metre.
    """

    components: tuple[Component, ...]
    weights: tuple[float, ...]
    log_likelihood: float


@dataclass(frozen=True)
class TrueContainment:
    """Metric M1d: the share of events that truly happened inside mapped land.

    Attributes
    ----------
    value
        The estimate, None where only bounds are given or nothing.
    low, high
        95 % interval, or bounds where ``value`` is None; both None where nothing can be said.
    reason
        Why there is no estimate, in a sentence.
    events
        Number of events.
    sigma_m
        Median of their position errors.
    median_width_m
        Of the records.
    design_effect
        How many times larger clusters make the variance; 1 where that was not asked.
    mixture
        What was fitted, None where nothing was.
    bias
        By how much the share in ``mixture`` is too high by the bootstrap; ``value`` is put right by it. None where
        positions are so good that there is no need.
    """

    value: float | None
    low: float | None
    high: float | None
    reason: str | None
    events: int
    sigma_m: float | None
    median_width_m: float
    design_effect: float = 1.0
    mixture: Mixture | None = None
    bias: float | None = None


def fit_mixture(places: Floats, sigma_m: Floats, mapped: Mapped) -> Mixture:
    """Fit the weights of all components by maximum likelihood, each component uniform.

    Parameters
    ----------
    places
        Recorded positions of at least one event, shape (n, 2), in metres on the plane of ``mapped``.
    sigma_m
        Shape (n,), none of them NaN, as in `densities`.
    mapped
        Records and surroundings.
    """
    return _mixture(densities(places, sigma_m, mapped), mapped)[0]


def log_likelihood(places: Floats, sigma_m: Floats, mapped: Mapped, mixture: Mixture) -> float:
    """Log-likelihood of recorded positions, shifted ones say, under a mixture from `fit_mixture`.

    Minus infinity where an event is beyond all reach of every component with a weight.
    """
    density = densities(places, sigma_m, mapped) @ np.array(mixture.weights)
    return math.fsum(np.log(density)) if density.all() else -math.inf


def estimate_containment(
    places: Floats, sigma_m: Floats, mapped: Mapped, cell_m: float | None = None
) -> TrueContainment:
    """Metric M1d, or bounds, or the reason why there is neither.

    Parameters
    ----------
    places, sigma_m, mapped
        As in `fit_mixture`; ``sigma_m`` is NaN where no error is stated, and then nothing is estimated.
    cell_m
        Side of the square cells whose events may belong together, as `uncertainty.CELL_M`; None where every event is
        known to be independent of the others.

    Notes
    -----
    Every component is uniform but for one factor for each part of the records, because more events happen near one
    than near another; factors and weights are fitted in turn.

    The interval is where the profile likelihood of the summed inside weights lies within half a quantile of its
    maximum: of Student's t squared (of chi-squared without cells), times the design effect (Chandler, R. E. & Bate, S.
    (2007), Inference for clustered data using the independence loglikelihood, Biometrika 94, 167-183).

    Weights cannot be below 0, so that chance adds to the kinds of places where nothing happened. Where positions are
    poor, that biases the share; the bootstrap, by cells where there are any, says how far, and the value is put right
    by it (Efron, B. & Tibshirani, R. J. (1993), An Introduction to the Bootstrap, chapter 10). At such a limit it sees
    less than half of the bias, so twice what it sees is taken off.
    """
    events = len(places)
    unstated = int(np.count_nonzero(np.isnan(sigma_m)))
    if unstated:
        return _nothing(NO_SIGMA.format(unstated=unstated, events=events), events, None, mapped)
    median_sigma_m = float(np.median(sigma_m)) if events else None
    if median_sigma_m is None or events < MIN_DENOMINATOR:
        reason = f"There are {events} events; below {MIN_DENOMINATOR} nothing is estimated."
        return _nothing(reason, events, median_sigma_m, mapped)
    order = np.lexsort((sigma_m, places[:, 1], places[:, 0]))  # the same numbers whatever the order of the events
    places, sigma_m = places[order], sigma_m[order]
    if median_sigma_m > _LARGEST * mapped.median_width_m:
        high, spread = _upper_bound(places, sigma_m, mapped, cell_m)
        reason = (
            f"The position error of {median_sigma_m:.0f} m is more than half the median width of the records, "
            f"{mapped.median_width_m:.0f} m: only an upper bound is given."
        )
        return TrueContainment(None, 0.0, high, reason, events, median_sigma_m, mapped.median_width_m, spread)
    mixture, (low, value, high), spread, bias = _profiled(places, sigma_m, mapped, cell_m)
    width_m = mapped.median_width_m
    if events >= MIN_EVENTS:
        return TrueContainment(value, low, high, None, events, median_sigma_m, width_m, spread, mixture, bias)
    high = max(high, _upper_bound(places, sigma_m, mapped, cell_m)[0])
    low = low if median_sigma_m <= _LOW_TO_M else 0.0
    reason = f"There are {events} events; an estimate needs {MIN_EVENTS}: only bounds are given."
    return TrueContainment(None, low, high, reason, events, median_sigma_m, width_m, spread, mixture, bias)


def _profiled(
    places: Floats, sigma_m: Floats, mapped: Mapped, cell_m: float | None
) -> tuple[Mixture, tuple[float, float, float], float, float | None]:
    """The mixture; low end, estimate and high end of the share inside; the design effect in them, and the bias."""
    mixture, scaled, fit = _mixture(_local_densities(places, sigma_m, mapped), mapped)
    inside = np.array([component.inside for component in mixture.components])
    bias = _bias(scaled, inside, fit, places, cell_m) if np.median(sigma_m) > _PLAIN_SIGMA_M else None
    value = min(1.0, max(0.0, float(fit.weights[inside].sum()) - (bias or 0.0)))
    drop, spread = _drop(scaled, inside, fit, places, cell_m)
    if math.isinf(drop):
        return mixture, (0.0, value, 1.0), spread, bias
    low, high = profile(scaled, inside, fit, drop)
    if (scaled[:, inside].max(axis=1) > 0).all():
        all_inside = fit_weights(scaled[:, inside]).log_likelihood
        high = 1.0 if fit.log_likelihood - all_inside <= drop * _AT_ONE else high
    return mixture, (min(low, value), value, max(high, value)), spread, bias


def _bias(scaled: Floats, inside: Mask, fit: Fit, places: Floats, cell_m: float | None) -> float:
    """By how much the share is too high: twice what the mean share of events drawn again from these is higher."""
    group = np.arange(len(places)) if cell_m is None else cells(places, cell_m)
    groups = int(group.max()) + 1
    drawn = np.random.default_rng(_SEED).multinomial(groups, np.full(groups, 1 / groups), _RESAMPLES)
    shares = []
    for times in drawn:
        counts = times[group].astype(np.float64)
        again = fit_weights(scaled[counts > 0], counts[counts > 0])
        shares.append(again.weights[inside].sum())
    return float(_TIMES_SEEN * (np.mean(shares) - fit.weights[inside].sum()))


def _local_densities(places: Floats, sigma_m: Floats, mapped: Mapped) -> Floats:
    """Densities that allow for more events near one part of the records than near another.

    Were all uniform, many events at short records would look like events beyond the ends of the long ones.
    """
    blurred_in = blurred(places, sigma_m, mapped)
    area_m2 = np.array([component.area_m2 for component in components(mapped)])
    of_part_m2 = area_by_part(mapped)
    local = ~np.isnan(of_part_m2[0])
    of_part_m2 = of_part_m2[:, local]
    part = nearest_part(places, mapped)
    intensity = np.ones(len(of_part_m2))
    for _ in range(_ROUNDS):
        area_m2[local] = intensity @ of_part_m2
        density = per_area(np.where(local, intensity[part][:, None], 1.0) * blurred_in, area_m2)
        weights = fit_weights(scale_rows(density)).weights
        near = (density[:, local] @ weights[local]) / (density @ weights)
        found = np.bincount(part, weights=near, minlength=len(intensity))
        expected = of_part_m2 @ (len(places) * weights[local] / np.maximum(area_m2[local], 1.0))
        intensity = (found + _PRIOR_EVENTS) / (expected + _PRIOR_EVENTS)
    return density


def _mixture(density: Floats, mapped: Mapped) -> tuple[Mixture, Floats, Fit]:
    scaled = scale_rows(density)
    fit = fit_weights(scaled)
    total = math.fsum(np.log(density @ fit.weights))
    weights = tuple(float(weight) for weight in fit.weights)
    return Mixture(components(mapped), weights, total), scaled, fit


def _drop(scaled: Floats, inside: Mask, fit: Fit, places: Floats, cell_m: float | None) -> tuple[float, float]:
    """How far the log-likelihood may fall inside the interval, and the design effect in it."""
    if cell_m is None:
        return _HALF_CHI2, 1.0
    if not fit.weights[inside].any() or not fit.weights[~inside].any():
        # All on one side: a trace of every component lets events say how far they pull to the other.
        events = len(scaled)
        fit = Fit((fit.weights * events + 0.5 / len(inside)) / (events + 0.5), fit.log_likelihood)
    influence = share_influence(scaled, inside, fit)[0]
    spread, quantile = cluster_spread(influence - influence.mean(), places, cell_m)
    return quantile**2 / 2 * spread, spread


def _upper_bound(places: Floats, sigma_m: Floats, mapped: Mapped, cell_m: float | None) -> tuple[float, float]:
    """M1 / se for each part of the records by itself, at the upper end of its interval; and the design effect.

    Of the events truly in a part, se are recorded in it; others may be recorded there as well. The count recorded
    there, divided by se, is therefore more than the true one on average, whatever part events prefer. The upper end is
    Wilson's for a count of as many events as the weighted sum is worth (Kish), fewer where they cluster; one more event
    of the largest weight stands for those that by chance were not recorded where se is small (Fay & Feuer 1997).
    """
    events = len(places)
    weight = np.zeros(events)
    event, part = mapped.land.part_tree.query(shapely.points(places), predicate="intersects")
    chosen, which = np.unique(part, return_inverse=True)
    kept = kept_in_parts(chosen, sigma_m, mapped.land, _PLACES)
    weight[event] = 1 / np.maximum(kept, 1e-6)[which]
    spread, quantile = (1.0, _Z_95)
    if cell_m is not None:
        spread, quantile = cluster_spread(weight - weight.mean(), places, cell_m)
    if math.isinf(quantile):
        return 1.0, spread
    total = math.fsum(weight)
    if not total:
        ceiling = noise_ceiling(sigma_m, mapped.land) or 1.0
        return min(1.0, wilson_interval(0, events, quantile)[1] / ceiling), spread
    total += weight.max()
    worth = total**2 / (math.fsum(weight**2) + weight.max() ** 2)
    return min(1.0, total / worth * wilson_interval(min(worth, events) / spread, events / spread, quantile)[1]), spread


def _nothing(reason: str, events: int, sigma_m: float | None, mapped: Mapped) -> TrueContainment:
    return TrueContainment(None, None, None, reason, events, sigma_m, mapped.median_width_m)
