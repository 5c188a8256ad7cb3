"""Shares with their intervals. No share is made without its numerator and denominator."""

import math
from dataclasses import dataclass

MIN_DENOMINATOR = 10
"""Below this many, counts are given and no share."""

_Z_95 = 1.959963984540054  # two-sided 95 % quantile of the standard normal distribution


@dataclass(frozen=True)
class Share:
    """A share of a count, with its 95 % interval.

    Fields are fractions from 0 to 1. Where ``value``, ``low`` and ``high`` are None, ``reason`` says why in a
    sentence. ``numerator`` is None only where it cannot be counted at all.
    """

    numerator: int | None
    denominator: int
    value: float | None = None
    low: float | None = None
    high: float | None = None
    method: str = "wilson"
    reason: str | None = None

    def __post_init__(self) -> None:
        if self.denominator < 0 or not 0 <= (self.numerator or 0) <= self.denominator:
            raise ValueError(f"{self.numerator} of {self.denominator} is not a share.")
        if (self.value is None) != (self.reason is not None):
            raise ValueError("A share has either a value or the reason why it has none.")


def wilson_interval(numerator: float, denominator: float) -> tuple[float, float]:
    """Wilson's 95 % score interval of a binomial share.

    Parameters
    ----------
    numerator, denominator
        Counts with ``0 <= numerator <= denominator`` and ``denominator > 0``; an effective number may be a fraction.

    Notes
    -----
    Wilson, E. B. (1927), Probable inference, the law of succession, and statistical inference, JASA 22, 209-212,
    without continuity correction. It stays within 0 and 1 and holds for shares near them.
    """
    share = numerator / denominator
    shrink = 1 + _Z_95**2 / denominator
    centre = (share + _Z_95**2 / (2 * denominator)) / shrink
    half = _Z_95 * math.sqrt(share * (1 - share) / denominator + (_Z_95 / (2 * denominator)) ** 2) / shrink
    low = 0.0 if numerator == 0 else max(0.0, centre - half)
    high = 1.0 if numerator == denominator else min(1.0, centre + half)
    return low, high


def wilson_share(numerator: int, denominator: int) -> Share:
    """Share with Wilson's 95 % interval; without a value where the denominator is below 10."""
    if denominator < MIN_DENOMINATOR:
        reason = f"The denominator is {denominator}; below {MIN_DENOMINATOR} no share is given."
        return Share(numerator, denominator, reason=reason)
    low, high = wilson_interval(numerator, denominator)
    return Share(numerator, denominator, numerator / denominator, low, high)
