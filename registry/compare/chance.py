"""The null model: how many events records would hold if they lay somewhere else in the study area."""

from dataclasses import dataclass

import numpy as np
import shapely

from registry.compare.blur import Floats, Land
from registry.compare.gridded import FEW_LARGE, MANY_SMALL, GriddedLand, held_by

SHIFTS = 499

_TOGETHER = 500_000  # places that are looked at together


@dataclass(frozen=True)
class Chance:
    """Containment under random shifts of the records.

    Attributes
    ----------
    expected
        Events inside over all shifts / events compared over all shifts; close to the share of the study area that is
        mapped.
    low, high
        Between them lie 95 % of the shifts.
    as_high
        Share of the shifts, the true place counted among them, that hold as large a share of the events or more.
    lift
        Share inside at the true place / ``expected``; None where that is 0.
    shifts
        Number of shifts.
    seed
        They were drawn with.
    """

    expected: float
    low: float
    high: float
    as_high: float
    lift: float | None
    shifts: int
    seed: int


def chance_containment(places: Floats, land: Land, study: Land, *, seed: int, shifts: int = SHIFTS) -> Chance | None:
    """Containment of the records shifted at random inside the study area.

    All records move together by one distance, drawn evenly over the bounding rectangle of the study area, and what
    leaves the rectangle on one side comes in on the other. An event that the shift brings out of the study area, seen
    from the records, is not compared under that shift.

    Parameters
    ----------
    places
        Events, shape (n, 2), in metres on the plane of both lands; those outside the study area are left out.
    land, study
        The union of the records, and the study area.
    seed
        Of the shifts.
    shifts
        How many.

    Returns
    -------
    None without an event in the study area.
    """
    places = places[held_by(places, study.parts, study.part_tree)]
    if not len(places):
        return None
    places = places[np.lexsort(places.T)]
    west, south, east, north = shapely.total_bounds(study.parts)
    corner, size = np.array([west, south]), np.array([east - west, north - south])
    drawn = np.random.default_rng(seed).random((shifts, 2)) * size
    in_study_area = GriddedLand.over(study.parts, study.parts, FEW_LARGE)
    in_records = GriddedLand.over(land.parts, study.parts, MANY_SMALL)
    compared, inside = np.empty(shifts, dtype=np.int64), np.empty(shifts, dtype=np.int64)
    for together in np.array_split(np.arange(shifts), max(1, shifts * len(places) // _TOGETHER)):
        moved = (corner + (places - corner - drawn[together, None]) % size).reshape(-1, 2)
        in_study = np.flatnonzero(in_study_area.hold(moved))
        in_land = in_study[in_records.hold(moved[in_study])]
        for count, held in ((compared, in_study), (inside, in_land)):
            count[together] = np.bincount(held // len(places), minlength=len(together))
    share = inside[compared > 0] / compared[compared > 0]
    observed = np.count_nonzero(held_by(places, land.parts, land.part_tree)) / len(places)
    expected = float(inside.sum() / compared.sum()) if compared.any() else 0.0
    low, high = np.quantile(share, (0.025, 0.975)) if len(share) else (0.0, 0.0)
    return Chance(
        expected,
        float(low),
        float(high),
        float((np.count_nonzero(share >= observed) + 1) / (len(share) + 1)),
        float(observed / expected) if expected else None,
        shifts,
        seed,
    )
