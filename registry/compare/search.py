"""The search for a shift: candidates, climb, interval, and how often chance finds one as good."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from registry.compare.blur import Floats
from registry.compare.displacement import MAX_SHIFT_M, Rasters, likelihoods
from registry.compare.scores import Scores, Simulator

DROP_95 = 6.6
"""How far twice the log-likelihood falls to the border of the 95 % interval.

The quantile of chi-square with 2 degrees of freedom is 5.99; in synthetic worlds that holds the true shift in 93 %
(docs/shift.md).
"""

LOPSIDED = 1.5
"""An interval so many times longer than wide has a weak direction that is worth a sentence."""

_INSIDE_SHARE, _FAR_SHARE = 0.9, 0.05  # weights of the map of scores: they see records sharply
_CANDIDATES = 4
_EXCEEDED = 10  # so many replicates at least as large settle a p-value early
_LONGEST_CLIMB = 40
_DIRECTIONS = 16
_CONTOUR_STEPS = 4
_PASSES = 3
_EULER = 0.5772156649015329
_STENCIL = np.array([(east, north) for north in (-1.0, 0.0, 1.0) for east in (-1.0, 0.0, 1.0)])
_QUADRATIC = np.linalg.pinv(
    np.column_stack([np.ones(9), _STENCIL, 0.5 * _STENCIL**2, _STENCIL[:, 0] * _STENCIL[:, 1]])
)  # values on the stencil -> constant, slopes, bends, twist

Likelihood = Callable[[Floats], Floats]
"""Shifts of shape (m, 2), east and north in metres -> log-likelihoods of shape (m,)."""


_ON_THE_BORDER = 3_601  # places of an interval's border


@dataclass(frozen=True)
class Interval:
    """An ellipse around the shift, meant to hold the true one in 95 % of cases.

    Attributes
    ----------
    strong_half_m, weak_half_m
        Half its short and half its long axis.
    weak_azimuth_deg
        Direction of the long axis, from north over east, 0 to 180.
    lopsided
        Whether the long axis is at least `LOPSIDED` times the short one.
    unbounded
        Whether the likelihood does not fall far enough within 2 km: then half the long axis is that, and no bound.
    """

    strong_half_m: float
    weak_half_m: float
    weak_azimuth_deg: float
    lopsided: bool
    unbounded: bool

    def half_along(self, east_m: float, north_m: float) -> float:
        """How far it reaches from its centre in a direction, in metres."""
        angle = math.atan2(east_m, north_m) - math.radians(self.weak_azimuth_deg)
        return 1 / math.hypot(math.cos(angle) / self.weak_half_m, math.sin(angle) / self.strong_half_m)

    def holds(self, east_m: float, north_m: float) -> bool:
        """Whether a place so far from its centre lies in it."""
        return not (east_m or north_m) or math.hypot(east_m, north_m) <= self.half_along(east_m, north_m)

    def lengths(self, east_m: float, north_m: float) -> tuple[float, float]:
        """Length of the shortest and of the longest shift that it holds around one, in metres; 0 if it holds none."""
        angle, turn = np.linspace(0, 2 * math.pi, _ON_THE_BORDER), math.radians(self.weak_azimuth_deg)
        along, across = self.weak_half_m * np.cos(angle), self.strong_half_m * np.sin(angle)
        east = east_m + along * math.sin(turn) + across * math.cos(turn)
        north = north_m + along * math.cos(turn) - across * math.sin(turn)
        length = np.hypot(east, north)
        return 0.0 if self.holds(east_m, north_m) else float(length.min()), float(length.max())


@dataclass(frozen=True)
class Best:
    """The best candidate of a search: its shift, and twice its gain in log-likelihood over no shift."""

    shift: Floats
    statistic: float


@dataclass(frozen=True)
class Chance:
    """How often synthetic events without a shift give a statistic as large.

    ``p_tail`` goes by the Gumbel tail of all of them, None where the count of them settles it.
    """

    p_value: float
    p_tail: float | None
    replicates: int


class Search:
    """Searches for the shift of some records, prepared once for many sets of events.

    Parameters
    ----------
    rasters
        For the events, and as many synthetic ones.
    """

    def __init__(self, rasters: Rasters) -> None:
        self._rasters = rasters
        bands = len(rasters.window.lands) - 1
        rest = (1 - _INSIDE_SHARE - _FAR_SHARE) / bands
        self._scores = Scores(rasters, np.array([_INSIDE_SHARE, *[rest] * bands, _FAR_SHARE]))

    def best(self, places: Floats) -> Best:
        """The likeliest of no shift and the highest peaks of the map of scores."""
        shifts = np.vstack([np.zeros((1, 2)), self._scores.peaks(places, _CANDIDATES)])
        value, _ = likelihoods(places, shifts, self._rasters)
        return Best(shifts[value.argmax()], 2 * float(value.max() - value[0]))

    def chance(self, places: Floats, statistic: float, seed: int, replicates: int) -> Chance:
        """How often events drawn from the mixture that fits without a shift give a statistic as large."""
        _, weights = likelihoods(places, np.zeros((1, 2)), self._rasters)
        simulator = Simulator(self._rasters, weights[0])
        random = np.random.default_rng(seed)
        reached = 0
        drawn: list[float] = []
        while len(drawn) < replicates and reached < _EXCEEDED:
            drawn.append(self.best(simulator.draw(random)).statistic)
            reached += drawn[-1] >= statistic
        if reached == _EXCEEDED:
            return Chance(reached / len(drawn), None, len(drawn))
        tail = _gumbel_tail(np.array(drawn), statistic) if not reached and len(drawn) > 1 else None
        return Chance((reached + 1) / (len(drawn) + 1), tail, len(drawn))


def climb(likelihood: Likelihood, start: Floats, step_m: float, rounds: int = 2) -> Floats:
    """Climb from a shift to the top of the likelihood near it, by parabolas over squares, each half as large."""
    at = start
    for _ in range(_LONGEST_CLIMB):
        value = likelihood(at + step_m * _STENCIL)
        top = _top(value)
        if top is None:
            at = at + step_m * _STENCIL[value.argmax()]
            if value.argmax() != 4:
                continue
        else:
            at = at + step_m * top
        rounds -= 1
        if not rounds:
            break
        step_m /= 2
    return at


def interval_of(likelihood: Likelihood, shift: Floats, first_m: float) -> Interval:
    """The ellipse on which twice the log-likelihood has fallen by `DROP_95`.

    Parameters
    ----------
    likelihood, shift
        The likelihood and its top.
    first_m
        A first guess of how far that is.
    """
    angle = np.arange(_DIRECTIONS) * (2 * np.pi / _DIRECTIONS)
    direction = np.column_stack([np.sin(angle), np.cos(angle)])
    top = float(likelihood(shift[None])[0])
    axes = first_m * np.eye(2)
    for _ in range(_PASSES):
        # Seen from the ellipse of the pass before, directions are spread evenly however long it is.
        length = np.ones(_DIRECTIONS)
        limit = MAX_SHIFT_M / np.hypot(*(axes @ direction.T))
        for _ in range(_CONTOUR_STEPS):
            drop = 2 * (top - likelihood(shift + (length[:, None] * direction) @ axes.T))
            length = np.minimum(length * np.clip(np.sqrt(DROP_95 / np.maximum(drop, 1e-9)), 0.3, 4.0), limit)
        axes = axes @ _axes(length[:, None] * direction)
        axes = axes * np.minimum(1.0, MAX_SHIFT_M / np.hypot(*axes))
    left, half_m, _ = np.linalg.svd(axes)
    weak_m, strong_m = (round(min(float(each), MAX_SHIFT_M), 2) for each in half_m)
    azimuth = round(math.degrees(math.atan2(left[0, 0], left[1, 0])) % 180, 2)
    return Interval(strong_m, weak_m, azimuth, weak_m >= LOPSIDED * strong_m, bool((length >= limit).any()))


def _axes(contour: Floats) -> Floats:
    """Half axes, in columns, of the ellipse around 0 that fits points on a contour."""
    quadratic = np.column_stack([contour**2, 2 * contour[:, 0] * contour[:, 1]])
    first, second, mixed = np.linalg.lstsq(quadratic, np.ones(len(contour)), rcond=None)[0]
    bend, turned = np.linalg.eigh(np.array([[first, mixed], [mixed, second]]))
    farthest = 2 * np.hypot(*contour.T).max()
    return np.asarray(turned * np.minimum(1 / np.sqrt(np.maximum(bend, 1e-12)), farthest))


def _top(value: Floats) -> Floats | None:
    """Where a parabola through values on the stencil has its top; None outside the stencil or where it has none."""
    _, east, north, bend_east, bend_north, twist = _QUADRATIC @ value
    determinant = bend_east * bend_north - twist**2
    if bend_east >= 0 or determinant <= 0:
        return None
    top = np.array([twist * north - bend_north * east, twist * east - bend_east * north]) / determinant
    return top if np.abs(top).max() <= 1 else None


def _gumbel_tail(drawn: Floats, statistic: float) -> float:
    """Chance of a value as large in a Gumbel distribution with the mean and the variance of those drawn."""
    scale = max(float(drawn.std(ddof=1)) * math.sqrt(6) / math.pi, 1e-9)
    return -math.expm1(-math.exp(-min(700.0, (statistic - float(drawn.mean())) / scale + _EULER)))
