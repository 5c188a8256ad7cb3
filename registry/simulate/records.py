"""The maps: which fields were recorded and handed over, and the defects of their records."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.random import Generator
from numpy.typing import NDArray

from registry.geometry import Geometries, repair
from registry.simulate.grid import DISTRICTS_ACROSS, DISTRICTS_DOWN, HEIGHT_M, SHEET_M, WIDTH_M, Integers, district_of
from registry.simulate.land import SIDE_VERTICES, Fields, apportion, split_by_class
from registry.simulate.options import WorldOptions


@dataclass(frozen=True)
class Records:
    """Records on the plane, in the order of their batches, as handed over.

    ``field`` and ``batch`` are numbers, ``mines`` is records x device classes, and ``shapes`` is None where a record
    has none.
    """

    field: Integers
    batch: Integers
    shapes: Geometries
    mines: Integers
    defect: NDArray[Any]


def draw_records(rng: Generator, options: WorldOptions, fields: Fields) -> Records:
    """Record fields on map sheets, with the defects asked for, and hand the sheets over in batches.

    Raises
    ------
    ValueError
        If more sheets, defective or repeated records are asked for than there are to take them from.
    """
    on_a_sheet = rng.random(options.fields) >= options.omitted_share
    batch = _hand_over_sheets(rng, options, np.unique(fields.sheet[on_a_sheet]))[fields.sheet]
    recorded = np.flatnonzero(on_a_sheet & (batch >= 0))
    recorded = recorded[np.argsort(batch[recorded], kind="stable")]
    count = len(recorded)
    defects = options.invalid_records + options.unplotted_records
    if defects > count:
        raise ValueError(f"{count} records cannot hold {defects} defective ones; ask for fewer.")
    rings = fields.rings[recorded] + rng.normal(0.0, options.record_sigma_m, (count, 1, 2))
    defect = np.full(count, "", dtype=object)

    last_batch = np.flatnonzero(batch[recorded] == len(options.batches) - 1)
    shifted_sheets = rng.permutation(np.unique(fields.sheet[recorded[last_batch]]))[: options.shifted_sheets]
    shifted = np.isin(fields.sheet[recorded], shifted_sheets)
    rings[shifted] += options.sheet_shift_m
    defect[shifted] = "shifted"

    faulty = rng.permutation(count)[:defects]
    invalid, unplotted = faulty[: options.invalid_records], faulty[options.invalid_records :]
    # Two corners in the wrong order: the ring crosses itself at one end of the field.
    corners = slice(SIDE_VERTICES - 1, SIDE_VERTICES + 1)
    rings[invalid, corners] = rings[invalid, corners][:, ::-1]
    defect[invalid] = "invalid"
    defect[unplotted] = "unplotted"
    shapes = shapely.polygons(rings) if count else np.empty(0, dtype=object)
    shapes[unplotted] = None

    mines = fields.laid[recorded]
    if options.mines_recorded is not None and count:
        known = mines.sum(axis=1) * rng.uniform(0.7, 1.0, count)
        mines = split_by_class(apportion(options.mines_recorded, known), mines / mines.sum(axis=1, keepdims=True))
    drawn = Records(recorded, batch[recorded], shapes, mines, defect)
    return _repeat_records(rng, options, drawn)


def _hand_over_sheets(rng: Generator, options: WorldOptions, sheets: Integers) -> Integers:
    """Batch of each sheet of the world, -1 where it is in none. Sheets are handed over district by district."""
    rank = rng.permutation(DISTRICTS_ACROSS * DISTRICTS_DOWN)[district_of(sheets)]
    sheets = sheets[np.lexsort((rng.random(len(sheets)), rank))]
    batch_of_sheet = np.full(int(WIDTH_M // SHEET_M * (HEIGHT_M // SHEET_M)), -1)
    for number, batch in enumerate(options.batches):
        wanted = len(sheets) if batch.sheets is None else batch.sheets
        if wanted > len(sheets):
            raise ValueError(f"{batch.batch_id} wants {wanted} sheets and {len(sheets)} with records are left.")
        batch_of_sheet[sheets[:wanted]] = number
        sheets = sheets[wanted:]
    return batch_of_sheet


def _repeat_records(rng: Generator, options: WorldOptions, records: Records) -> Records:
    """Hand some sound records of the first batch over again with the second."""
    sound = rng.permutation(np.flatnonzero((records.batch == 0) & (records.defect == "")))
    again = np.sort(sound[: options.repeated_records])
    if len(again) < options.repeated_records or (len(again) and len(options.batches) < 2):
        raise ValueError("Repeated records need a second batch, and as many sound records in the first.")
    chosen = np.concatenate([np.arange(len(records.field)), again])
    batch, defect = records.batch[chosen], records.defect[chosen]
    batch[len(records.field) :], defect[len(records.field) :] = 1, "repeated"
    order = np.argsort(batch, kind="stable")
    chosen = chosen[order]
    return Records(records.field[chosen], batch[order], records.shapes[chosen], records.mines[chosen], defect[order])


def drawn_shapes(shapes: Geometries) -> Geometries:
    """The shapes of all records that have one, invalid rings repaired: what a reader of the maps sees."""
    drawn: Geometries = shapes[~shapely.is_missing(shapes)]
    invalid = ~shapely.is_valid(drawn)
    drawn[invalid] = repair(drawn[invalid]).geometries
    return drawn
