"""Windows of events that are counted part by part: counts that add up exactly, and quantiles found in a second step.

A part of the events gives each window a `WindowTally`. Added up they hold all of a `Window` but its quantiles, and say
in which narrow bins of distance these lie; the distances in these bins alone are then asked of every part.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from registry.compare.containment import WITHIN_M, Window, containment_share, quantile_of
from registry.compare.kernel import Ranks
from registry.compare.uncertainty import CellCounts, Share, add_cells, cell_share, count_cells

_BIN_SHIFT = 40
"""Bits of a distance that do not matter for its bin: 4,096 bins to each doubling of the distance."""

_QUANTILES = (0.5, 0.9)

Distances = NDArray[np.float64]


@dataclass(frozen=True)
class WindowTally:
    """Events of one window, counted.

    ``within`` counts those within each of `WITHIN_M`, ``unreached`` those without any record. ``bins`` has the bin of
    every other distance above 0 that occurs, in order, and ``in_bin`` how many lie in it.
    """

    total: int
    within: Ranks
    unreached: int
    cells: CellCounts
    bins: Ranks
    in_bin: Ranks

    @property
    def inside(self) -> int:
        """Events inside a record."""
        return int(self.within[0])

    @property
    def reached(self) -> int:
        """Events outside every record, and at a distance of one."""
        return self.total - self.inside - self.unreached


@dataclass(frozen=True)
class Wanted:
    """Ranks that quantiles of a window need among distances above 0, their bins, and the rank that each starts at."""

    ranks: Ranks
    bins: Ranks
    starts: Ranks


def tally_window(distance_m: Distances, xy: Distances) -> WindowTally:
    """Count the events of one window in one part.

    Parameters
    ----------
    distance_m
        As for `registry.compare.containment.measure_window`.
    xy
        Where each event lies on the plane.
    """
    bins, in_bin = np.unique(bins_of(outside_of(distance_m)), return_counts=True)
    return WindowTally(
        total=len(distance_m),
        within=np.array([np.count_nonzero(distance_m <= limit) for limit in WITHIN_M], dtype=np.int64),
        unreached=int(np.count_nonzero(np.isinf(distance_m))),
        cells=count_cells(distance_m == 0, xy),
        bins=bins,
        in_bin=in_bin.astype(np.int64),
    )


def add_tallies(tallies: Sequence[WindowTally]) -> WindowTally:
    """Count a window over several parts, one at least."""
    bins, row = np.unique(np.concatenate([each.bins for each in tallies]), return_inverse=True)
    weights = np.concatenate([each.in_bin for each in tallies])
    in_bin = np.zeros(len(bins), dtype=np.int64)
    np.add.at(in_bin, row.reshape(-1), weights)
    return WindowTally(
        total=sum(each.total for each in tallies),
        within=np.sum([each.within for each in tallies], axis=0),
        unreached=sum(each.unreached for each in tallies),
        cells=add_cells([each.cells for each in tallies]),
        bins=bins,
        in_bin=in_bin,
    )


def outside_of(distance_m: Distances) -> Distances:
    """The distances of events outside every record that are at a distance of one, in order."""
    return np.sort(distance_m[(distance_m > 0) & np.isfinite(distance_m)])


def bins_of(distance_m: Distances) -> Ranks:
    """Bin of each finite distance above 0: its sign, exponent and first bits, which are in the order of distances."""
    return np.ascontiguousarray(distance_m, dtype=np.float64).view(np.int64) >> _BIN_SHIFT


def wanted_of(tally: WindowTally) -> Wanted:
    """What quantiles of a window need to know of its distances."""
    asked: list[int] = []

    def ask(rank: int) -> float:
        asked.append(rank)
        return 0.0

    for fraction in _QUANTILES:
        quantile_of(ask, tally.total - tally.inside, fraction)
        quantile_of(lambda rank: ask(rank - tally.inside), tally.total, fraction)
    needed = np.unique(np.array([rank for rank in asked if 0 <= rank < tally.reached], dtype=np.int64))
    ends = np.cumsum(tally.in_bin)
    chosen = np.unique(np.searchsorted(ends, needed, side="right"))
    return Wanted(needed, tally.bins[chosen], (ends - tally.in_bin)[chosen])


def found_in(outside_m: Distances, wanted: Wanted) -> Distances:
    """Of the distances of one part, in order, those in the wanted bins."""
    return outside_m[np.isin(bins_of(outside_m), wanted.bins)]


def values_of(wanted: Wanted, found: Iterable[Distances]) -> dict[int, float]:
    """The distance of each rank, from what all parts have in the wanted bins."""
    ordered = np.sort(np.concatenate([np.empty(0), *found]))
    bins = bins_of(ordered)
    bin_of_rank = np.searchsorted(wanted.starts, wanted.ranks, side="right") - 1
    place = np.searchsorted(bins, wanted.bins[bin_of_rank]) + wanted.ranks - wanted.starts[bin_of_rank]
    return {int(rank): float(ordered[at]) for rank, at in zip(wanted.ranks, place, strict=True)}


def window_of(tally: WindowTally, distance_of: Mapping[int, float], *, any_record: bool) -> Window:
    """Reduce a counted window to M1 and M1c, as `registry.compare.containment.measure_window` does.

    Parameters
    ----------
    tally
        Of all parts.
    distance_of
        The distance of each rank that `wanted_of` named.
    any_record
        Whether there is any record to be inside of.
    """

    def at(rank: int) -> float:
        if rank < 0:
            return 0.0
        return distance_of[rank] if rank < tally.reached else np.inf

    outside = tally.total - tally.inside
    return Window(
        total=tally.total,
        inside=tally.inside,
        outside=outside,
        share_inside=_share(tally.cells, any_record=any_record),
        share_outside=_share(tally.cells.complement, any_record=any_record),
        within_m={limit: int(count) for limit, count in zip(WITHIN_M, tally.within, strict=True)},
        median_distance_m=quantile_of(lambda rank: at(rank - tally.inside), tally.total, 0.5),
        median_distance_outside_m=quantile_of(at, outside, 0.5),
        p90_distance_outside_m=quantile_of(at, outside, 0.9),
    )


def _share(counts: CellCounts, *, any_record: bool) -> Share:
    if any_record:
        return cell_share(counts)
    return containment_share(int(counts.within.sum()), int(counts.events.sum()), any_record=False)
