"""Shares with their intervals. No share is made without its numerator and denominator."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

MIN_DENOMINATOR = 10
"""Below this many, counts are given and no share."""

CELL_M = 5_000
"""Events in one cell of this size are taken as one cluster: they may share a field, a day, a reporter."""

MIN_CELLS = 20
"""With fewer occupied cells than this, what clustering does to an interval cannot be measured well."""

_Z_95 = 1.959963984540054  # two-sided 95 % quantile of the standard normal distribution


@dataclass(frozen=True)
class Share:
    """A share of a count, with its 95 % interval.

    Fields are fractions from 0 to 1. Where ``value``, ``low`` and ``high`` are None, ``reason`` says why in a
    sentence. ``numerator`` is None only where it cannot be counted at all. ``method`` names the interval: ``wilson``
    takes the events as independent, ``cluster`` does not. ``note`` is a sentence on how far the interval is to be
    trusted, None where there is nothing to say.
    """

    numerator: int | None
    denominator: int
    value: float | None = None
    low: float | None = None
    high: float | None = None
    method: str = "wilson"
    reason: str | None = None
    note: str | None = None

    def __post_init__(self) -> None:
        if self.denominator < 0 or not 0 <= (self.numerator or 0) <= self.denominator:
            raise ValueError(f"{self.numerator} of {self.denominator} is not a share.")
        if (self.value is None) != (self.reason is not None):
            raise ValueError("A share has either a value or the reason why it has none.")


@dataclass(frozen=True)
class CellCounts:
    """Events by the square cell that they lie in: all of them, and those that count in a numerator.

    ``corners`` has column and row of each occupied cell, in that order. The two counts are whole numbers, so that
    those of several sets of events add up exactly.
    """

    corners: NDArray[np.int64]
    events: NDArray[np.float64]
    within: NDArray[np.float64]

    @property
    def complement(self) -> "CellCounts":
        """The same events, counted where these are not."""
        return CellCounts(self.corners, self.events, self.events - self.within)


def wilson_interval(numerator: float, denominator: float, quantile: float = _Z_95) -> tuple[float, float]:
    """Wilson's 95 % score interval of a binomial share.

    Parameters
    ----------
    numerator, denominator
        Counts with ``0 <= numerator <= denominator`` and ``denominator > 0``; an effective number may be a fraction.
    quantile
        Two-sided 95 % quantile; larger than the normal one where the variance itself is uncertain.

    Notes
    -----
    Wilson, E. B. (1927), Probable inference, the law of succession, and statistical inference, JASA 22, 209-212,
    without continuity correction. It stays within 0 and 1 and holds for shares near them.
    """
    return _wilson(numerator / denominator, denominator, quantile)


def wilson_share(numerator: int, denominator: int) -> Share:
    """Share with Wilson's 95 % interval; without a value where the denominator is below 10."""
    if denominator < MIN_DENOMINATOR:
        reason = f"The denominator is {denominator}; below {MIN_DENOMINATOR} no share is given."
        return Share(numerator, denominator, reason=reason)
    low, high = wilson_interval(numerator, denominator)
    return Share(numerator, denominator, numerator / denominator, low, high)


def cells(xy: NDArray[np.float64], size_m: float = CELL_M) -> NDArray[np.int64]:
    """Number of the square cell that each place lies in; only occupied cells are counted, from 0.

    Parameters
    ----------
    xy
        One row of two coordinates for each place, on a plane in metres.
    size_m
        Side of a cell. The grid passes through the origin of the plane.
    """
    return _numbered(_corners(xy, size_m))


def count_cells(inside: NDArray[np.bool_], xy: NDArray[np.float64]) -> CellCounts:
    """Count events by cells of `CELL_M`.

    Parameters
    ----------
    inside
        For each event, whether it counts in the numerator.
    xy
        For each event, its position on a plane in metres.
    """
    return _counted(_corners(xy, CELL_M), np.ones(len(inside)), inside)


def add_cells(counts: Sequence[CellCounts]) -> CellCounts:
    """Count several sets of events together, which have no event in common."""
    corners, events, within = (
        np.concatenate([getattr(each, name) for each in counts]) for name in ("corners", "events", "within")
    )
    return _counted(corners, events, within)


def design_effect(inside: NDArray[np.bool_], xy: NDArray[np.float64]) -> float:
    """How many times larger clustering makes the variance of a share; 1 where events do not cluster.

    Parameters
    ----------
    inside
        For each event, whether it counts in the numerator; at least one event.
    xy
        For each event, its position on a plane in metres.

    Notes
    -----
    The largest of three estimates, and never below 1. The first is Kish's ``1 + (m - 1) rho`` with m the mean number of
    events in a cell as an event sees it (sum of squares / events) and rho the intraclass correlation of Fleiss and
    Cuzick (1979, Applied Psychological Measurement 3, 537-542): it sees dependence also where few cells have any event
    inside. The second is the linearised variance of a ratio (Cochran 1977, Sampling Techniques, 6.3 and 11) over that
    of independent events: it sees that large cells may differ from small ones. The third is the second with blocks of
    two by two cells, the mean of their four positions: it sees clusters that a border of cells cuts. Where all events
    are on one side nothing can be said of rho, and 1 is taken for it: a cell then counts as one event.
    """
    return _design_effect(count_cells(inside, xy))


def _design_effect(counts: CellCounts) -> float:
    size, within = counts.events, counts.within
    events, number = size.sum(), len(size)
    seen_size = (size**2).sum() / events
    share = within.sum() / events
    if share in {0.0, 1.0}:
        return float(seen_size)
    if number in {1, events}:
        return 1.0
    rho = 1 - (within * (size - within) / size).sum() / ((events - number) * share * (1 - share))
    blocks = [
        _counted((counts.corners + shift) // 2, size, within) for shift in ((0, 0), (0, 1), (1, 0), (1, 1))
    ]  # fmt: skip
    by_blocks = sum(_between(block.events, block.within, share) for block in blocks) / 4
    independent = share * (1 - share) * events**2 / (events - 1)
    between = max(_between(size, within, share), by_blocks) / independent
    return float(max(1.0, 1 + (seen_size - 1) * min(rho, 1.0), between))


def cluster_interval(inside: NDArray[np.bool_], xy: NDArray[np.float64]) -> tuple[float, float]:
    """95 % interval of a share of events that may depend on each other where they lie close together.

    Parameters
    ----------
    inside, xy
        As for `design_effect`; events in two cells or more.

    Notes
    -----
    Wilson's interval with the number of events divided by the design effect, and Student's t in place of the normal
    quantile (Korn, E. L. and Graubard, B. I. 1998, Survey Methodology 24, 193-201; Dean, N. and Pagano, M. 2015,
    Journal of Survey Statistics and Methodology 3, 484-503). The degrees of freedom are those of the part of the
    variance that clustering adds (Kish's effective number of cells - 1), spread over the whole after Satterthwaite: the
    less clustering, the nearer to Wilson's interval. Where all events are on one side there is no variance that was
    estimated, and the normal quantile stays. A percentile bootstrap of the cells was measured against it and falls far
    short of 95 % where few cells have an event inside; see docs/clusters.md.
    """
    return _cluster_interval(count_cells(inside, xy))


def _cluster_interval(counts: CellCounts) -> tuple[float, float]:
    from scipy.special import stdtrit

    events = float(counts.events.sum())
    share = float(counts.within.sum()) / events
    effect = _design_effect(counts)
    if effect == 1 or share in {0.0, 1.0}:
        return _wilson(share, events / effect, _Z_95)
    between = 1 - 1 / effect
    kish_cells = events**2 / (counts.events**2).sum()
    degrees = max(kish_cells - 1, 1.0) / between**2
    return _wilson(share, events / effect, float(stdtrit(degrees, 0.975)))


def event_share(inside: NDArray[np.bool_], xy: NDArray[np.float64]) -> Share:
    """Share of events with the wider of Wilson's interval and the one that minds clusters.

    Parameters
    ----------
    inside, xy
        As for `design_effect`.

    Returns
    -------
    Share
        Its ``method`` says which interval it is. With fewer than `MIN_CELLS` occupied cells it is still the wider one,
        and ``note`` says that there are too few clusters. Below 10 events there is no share.
    """
    if len(inside) < MIN_DENOMINATOR:
        return wilson_share(int(np.count_nonzero(inside)), len(inside))
    return cell_share(count_cells(inside, xy))


def cell_share(counts: CellCounts) -> Share:
    """Share of events that were counted by cells, see `event_share`."""
    simple = wilson_share(int(counts.within.sum()), int(counts.events.sum()))
    if simple.value is None:
        return simple
    number = len(counts.events)
    note = None
    if number < MIN_CELLS:
        note = (
            f"Too few clusters: the cells of {CELL_M / 1000:g} km with events are {number}, fewer than {MIN_CELLS}, so "
            "how far they depend on each other is hardly known, and the interval may be too narrow."
        )
    low, high = (simple.low, simple.high) if number == 1 else _cluster_interval(counts)
    if (low, high) == (simple.low, simple.high):
        return replace(simple, note=note)
    wilson = (
        f"{simple.numerator:,} of {simple.denominator:,} independent events would give "
        f"{simple.low:.1%}-{simple.high:.1%} (Wilson)."
    )
    return replace(simple, low=low, high=high, method="cluster", note=" ".join(filter(None, (wilson, note))))


def _corners(xy: NDArray[np.float64], size_m: float) -> NDArray[np.int64]:
    """Column and row of the cell of each place."""
    return np.floor(np.asarray(xy, dtype=np.float64).reshape(-1, 2) / size_m).astype(np.int64)


def _numbered(corners: NDArray[np.int64]) -> NDArray[np.int64]:
    """One number for each pair, in the order of column and row; one-dimensional, which is much faster to sort."""
    if not len(corners):
        return np.empty(0, dtype=np.int64)
    column, row = (corners - corners.min(axis=0)).T
    return np.unique(column * (row.max() + 1) + row, return_inverse=True)[1].reshape(-1)


def _counted(corners: NDArray[np.int64], events: NDArray[Any], within: NDArray[Any]) -> CellCounts:
    """Events and those within by cell, of rows that have a cell and both counts."""
    cell = _numbered(corners)
    size, inside = (np.bincount(cell, weights=weights).astype(np.float64) for weights in (events, within))
    held = np.empty((len(size), 2), dtype=np.int64)
    held[cell] = corners
    return CellCounts(held, size, inside)


def _between(size: NDArray[np.float64], within: NDArray[np.float64], share: float) -> float:
    """Linearised variance of the number inside, between cells; nothing can be said of it from a single one."""
    number = len(size)
    return 0.0 if number == 1 else float(number / (number - 1) * ((within - size * share) ** 2).sum())


def _wilson(share: float, events: float, quantile: float) -> tuple[float, float]:
    """Wilson's interval of a share of so many events, which need not be a whole number."""
    shrink = 1 + quantile**2 / events
    centre = (share + quantile**2 / (2 * events)) / shrink
    half = quantile * math.sqrt(share * (1 - share) / events + (quantile / (2 * events)) ** 2) / shrink
    low = 0.0 if share == 0 else max(0.0, centre - half)
    high = 1.0 if share == 1 else min(1.0, centre + half)
    return low, high
