"""The null model: how many events records would hold if they lay somewhere else in the study area."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import shapely
from numpy.typing import NDArray

from registry.compare.blur import Floats, Land
from registry.geometry import Geometries

Mask = NDArray[np.bool_]
Numbers = NDArray[np.int64]

SHIFTS = 499

_TOGETHER = 500_000  # places that are looked at together
_FINE, _COARSE = 512, 128  # cells along each side of a grid, for many small parts and for few large ones
_FEW_PER_PART = 50  # cells


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
    places = places[_in(places, study)]
    if not len(places):
        return None
    places = places[np.lexsort(places.T)]
    west, south, east, north = shapely.total_bounds(study.parts)
    corner, size = np.array([west, south]), np.array([east - west, north - south])
    drawn = np.random.default_rng(seed).random((shifts, 2)) * size
    study_cells, land_cells = _Cells.of(study, study.parts, _COARSE), _Cells.of(land, study.parts, _FINE)
    compared, inside = np.empty(shifts, dtype=np.int64), np.empty(shifts, dtype=np.int64)
    for together in np.array_split(np.arange(shifts), max(1, shifts * len(places) // _TOGETHER)):
        moved = (corner + (places - corner - drawn[together, None]) % size).reshape(-1, 2)
        in_study = np.flatnonzero(study_cells.hold(moved))
        in_land = in_study[land_cells.hold(moved[in_study])]
        for count, held in ((compared, in_study), (inside, in_land)):
            count[together] = np.bincount(held // len(places), minlength=len(together))
    share = inside[compared > 0] / compared[compared > 0]
    observed = np.count_nonzero(_in(places, land)) / len(places)
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


@dataclass(frozen=True)
class _Cells:
    """Land on a grid of cells, so that only places in a cell that its border crosses must be looked at one by one."""

    land: Land
    corner: Floats
    cell: Floats
    holds: Mask  # whether all of a cell is land
    touches: Mask  # whether any of it may be

    @classmethod
    def of(cls, land: Land, frame: Geometries, side: int) -> Self:
        """The land on a grid over the bounding rectangle of a frame."""
        bounds = shapely.total_bounds(frame)
        corner, cell = bounds[:2], (bounds[2:] - bounds[:2]) / side
        touches = _boxes_on_grid(shapely.bounds(land.parts), corner, cell, side)
        holds = np.zeros_like(touches)
        column, row = np.nonzero(touches)
        if len(land.parts) and len(column) > _FEW_PER_PART * len(land.parts):
            # Few large parts: their borders cross few of the cells.
            edges = np.column_stack(
                [np.minimum(land.edges[:, :2], land.edges[:, 2:]), np.maximum(land.edges[:, :2], land.edges[:, 2:])]
            )
            crossed = _boxes_on_grid(edges, corner, cell, side)
            # Of any other cell all is land, or nothing.
            column, row = np.nonzero(touches & ~crossed)
            holds[column, row] = _in(corner + (np.column_stack([column, row]) + 0.5) * cell, land)
            touches = crossed | holds
        return cls(land, corner, cell, holds, touches)

    def hold(self, places: Floats) -> Mask:
        """Whether each place lies in the land."""
        column, row = _on_grid(places, self.corner, self.cell, len(self.holds)).T
        found: Mask = self.holds[column, row]
        unsure = np.flatnonzero(self.touches[column, row] & ~found)
        found[unsure] = _in(places[unsure], self.land)
        return found


def _on_grid(places: Floats, corner: Floats, cell: Floats, side: int) -> Numbers:
    return np.clip(np.floor((places - corner) / cell), 0, side - 1).astype(np.int64)


def _boxes_on_grid(bounds: Floats, corner: Floats, cell: Floats, side: int) -> Mask:
    """The cells that boxes touch, all of which lie in a box of cells."""
    begin, end = (_on_grid(ends, corner, cell, side) for ends in (bounds[:, :2], bounds[:, 2:]))
    steps = np.zeros((side + 1, side + 1), dtype=np.int64)
    for column, row, sign in ((begin, begin, 1), (begin, end + 1, -1), (end + 1, begin, -1), (end + 1, end + 1, 1)):
        np.add.at(steps, (column[:, 0], row[:, 1]), sign)
    return np.asarray(steps.cumsum(axis=0).cumsum(axis=1)[:side, :side] > 0)


def _in(places: Floats, land: Land) -> Mask:
    # The tree alone would test the point against the polygon as it is; a study area has thousands of vertices.
    shapely.prepare(land.parts)
    if len(land.parts) == 1:
        return np.asarray(shapely.intersects_xy(land.parts[0], *places.T), dtype=bool)
    place, part = land.part_tree.query(shapely.points(places))
    holds = shapely.intersects_xy(land.parts[part], places[place, 0], places[place, 1])
    found = np.zeros(len(places), dtype=np.bool_)
    found[place[holds]] = True
    return found
