"""Shifts of groups of records: of a batch, a map sheet, a source document."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from registry.codes import ShiftBy
from registry.compare.blur import Floats
from registry.compare.shift import SEED, Mistake, Shift, find_shift, judged
from registry.geometry import Geometries


@dataclass(frozen=True)
class GroupShift:
    """The shift of one group of records against all events within reach of them.

    ``group`` is None for records of which it is not stated. ``p_adjusted`` allows for the number of groups tested, and
    decides whether the shift counts as found.
    """

    by: ShiftBy
    group: str | None
    shift: Shift
    p_adjusted: float | None = None


def group_shifts(
    polygons: Geometries,
    groups: Sequence[tuple[ShiftBy, NDArray[Any]]],
    places: Floats,
    sigma_m: Floats,
    *,
    mistakes: Sequence[Mistake] = (),
    seed: int = SEED,
) -> tuple[GroupShift, ...]:
    """Seek the shift of each group of records.

    Parameters
    ----------
    polygons, places, sigma_m, mistakes, seed
        As in `registry.compare.shift.find_shift`.
    groups
        Kinds of groups, each with the group of every polygon, None where it is not stated.

    Returns
    -------
    Groups by kind and name. All that were tested, of whatever kind, count as one family of tests (see `holm`). Where no
    synthetic set reached the statistic, the tail fitted to them gives the p-value that is adjusted.
    """
    rows = []
    for by, label in groups:
        for group in [*sorted({each for each in label if each is not None}), None]:
            member = np.array([each == group for each in label], dtype=bool)
            if member.any():
                shift = find_shift(polygons[member], places, sigma_m, mistakes=mistakes, seed=seed)
                rows.append(GroupShift(by, group, shift))
    tested = [index for index, row in enumerate(rows) if row.shift.p_value is not None]
    p_values = [_p_value(rows[index].shift) for index in tested]
    for index, p_adjusted in zip(tested, holm(p_values), strict=True):
        rows[index] = replace(rows[index], shift=judged(rows[index].shift, p_adjusted), p_adjusted=p_adjusted)
    return tuple(rows)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values for their number.

    Notes
    -----
    Holm, S. (1979), A simple sequentially rejective multiple test procedure, Scand. J. Stat. 6, 65-70.
    """
    adjusted, largest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda each: p_values[each])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted


def _p_value(shift: Shift) -> float:
    stated = shift.p_value if shift.p_tail is None else shift.p_tail
    assert stated is not None
    return stated
