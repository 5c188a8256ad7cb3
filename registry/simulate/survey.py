"""Clearance: which records were investigated, the land released for it, and the mines found."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.random import Generator
from numpy.typing import NDArray

from registry.geometry import Geometries
from registry.simulate.events import BOUNDARY_GAP_M, Circumstances, Events
from registry.simulate.grid import Floats, Integers
from registry.simulate.land import Fields, apportion
from registry.simulate.options import SurveyOptions, WorldOptions
from registry.simulate.records import Records

CLEARED_BEYOND_M = 10.0  # teams clear this far beyond the border on the map
FINDS_OF_CLASS = (12, 6, 2)  # rows of finds of each device class in a field, at most
LONGEST_BEFORE_RELEASE_DAYS = 30
_OVERLAP = 0.1  # of a field that its record must hold for it to be confirmed by what is found there

Days = NDArray[np.datetime64]


@dataclass(frozen=True)
class Survey:
    """Land released as cleared, and the mines found in it, on the plane.

    ``record`` has the number of the record that each released area was drawn around, -1 where it was cleared without
    one. A find has a place, the field it is from, the number of its device class and how many mines there were.
    """

    record: Integers
    shapes: Geometries
    released_on: Days
    found_at: Floats
    field: Integers
    device: Integers
    quantity: Integers
    found_on: Days


def draw_survey(
    rng: Generator,
    options: WorldOptions,
    fields: Fields,
    records: Records,
    *,
    events: Events,
    circumstances: Circumstances,
) -> Survey:
    """Clear the land of some records and of some fields that are on no map; without survey options clear nothing.

    Of a mined field as many mines are found as lie on the land of its record; of a field on no map, all.

    Raises
    ------
    ValueError
        If there are not as many records to confirm or to find empty as are asked for, or fields on no map to clear.
    """
    if options.survey is None:
        nothing = np.empty(0, dtype=np.int64)
        no_day = np.empty(0, dtype="datetime64[D]")
        return Survey(nothing, np.empty(0, dtype=object), no_day, np.empty((0, 2)), *(nothing,) * 3, no_day)
    record = _choose_records(rng, options.survey, fields, records, events)
    off_the_maps = np.setdiff1d(np.flatnonzero(~fields.lifted), records.field)
    if options.survey.fields_off_the_maps > len(off_the_maps):
        raise ValueError(f"{len(off_the_maps)} mined fields are on no map; ask for no more of them to be cleared.")
    unmapped = np.sort(rng.permutation(off_the_maps)[: options.survey.fields_off_the_maps])

    drawn = np.concatenate([records.shapes[record], fields.shapes[unmapped]])
    field = np.concatenate([records.field[record], unmapped])
    shapes = shapely.buffer(drawn, CLEARED_BEYOND_M, join_style="mitre")
    in_hand = _in_hand(options, records, record, len(unmapped))
    start, released_on = _draw_days(rng, options, in_hand, shapes, events=events, circumstances=circumstances)
    finds = [_find(rng, fields, number, shape) for number, shape in zip(field, drawn, strict=True)]
    area = np.repeat(np.arange(len(finds)), [len(quantity) for _, _, quantity in finds])
    before_release = rng.integers(0, LONGEST_BEFORE_RELEASE_DAYS, len(area))
    return Survey(
        record=np.concatenate([record, np.full(len(unmapped), -1)]),
        shapes=shapes,
        released_on=released_on,
        found_at=np.concatenate([place for place, _, _ in finds]),
        field=field[area],
        device=np.concatenate([device for _, device, _ in finds]),
        quantity=np.concatenate([quantity for _, _, quantity in finds]),
        found_on=np.maximum(start[area], released_on[area] - before_release),
    )


def _choose_records(
    rng: Generator, wanted: SurveyOptions, fields: Fields, records: Records, events: Events
) -> Integers:
    """Records to investigate: as many with mines in them as are wanted, the others where nothing is to be found."""
    sound = np.flatnonzero(np.isin(records.defect, ["", "shifted"]))
    shapes, field = records.shapes[sound], records.field[sound]
    if wanted.confirmed is None:
        if wanted.investigated > len(sound):
            raise ValueError(f"{len(sound)} sound records are too few to investigate {wanted.investigated} of them.")
        return np.sort(rng.permutation(sound)[: wanted.investigated])
    mined = shapely.area(shapely.intersection(shapes, fields.shapes[field])) >= _OVERLAP * shapely.area(shapes)
    mined &= ~fields.lifted[field]
    touched = np.zeros(len(sound), dtype=bool)
    cleared = shapely.buffer(shapes, CLEARED_BEYOND_M, join_style="mitre")
    for others in (fields.shapes[~fields.lifted], shapely.points(events.recorded)):
        touched[shapely.STRtree(others).query(cleared, predicate="intersects")[0]] = True
    full, empty = rng.permutation(sound[mined]), rng.permutation(sound[~touched])
    barren = wanted.investigated - wanted.confirmed
    if barren < 0 or len(full) < wanted.confirmed or len(empty) < barren:
        raise ValueError(
            f"{len(full)} records can be confirmed and {len(empty)} found empty; ask for no more than that, and for "
            "no more confirmed than investigated."
        )
    return np.sort(np.concatenate([full[: wanted.confirmed], empty[:barren]]))


def _in_hand(options: WorldOptions, records: Records, record: Integers, unmapped: int) -> Days:
    """From when on each area could be cleared, as far as maps go."""
    handed_over = np.array([batch.handed_over_on for batch in options.batches], dtype="datetime64[D]")
    anytime = np.full(unmapped, options.events_from, dtype="datetime64[D]")
    return np.concatenate([handed_over[records.batch[record]], anytime])


def _draw_days(
    rng: Generator,
    options: WorldOptions,
    in_hand: Days,
    shapes: Geometries,
    *,
    events: Events,
    circumstances: Circumstances,
) -> tuple[Days, Days]:
    """First day and day of release of each area, both after the last accident in it."""
    event, area = shapely.STRtree(shapes).query(shapely.points(events.recorded), predicate="intersects")
    start = in_hand.copy()
    np.maximum.at(start, area, circumstances.occurred_on[event] + 1)
    days = np.maximum(np.datetime64(options.events_to) - start, np.timedelta64(0, "D")).astype(np.int64)
    return start, start + rng.integers(0, days, endpoint=True)


def _find(rng: Generator, fields: Fields, field: int, drawn: shapely.Geometry) -> tuple[Floats, Integers, Integers]:
    """Places, device classes and quantities of what is found of one field on the land that was drawn for it."""
    common = shapely.intersection(drawn, fields.shapes[field])
    # Rounding must not carry a find over the border.
    inner = shapely.buffer(common, -BOUNDARY_GAP_M)
    mines = np.zeros_like(fields.mines[field])
    if not inner.is_empty and not fields.lifted[field]:
        total = fields.total_mines[field] * min(1.0, common.area / fields.shapes[field].area)
        mines = apportion(max(1, round(total)), fields.mines[field])
    rows = np.minimum(mines, FINDS_OF_CLASS)
    device = np.repeat(np.arange(len(rows)), rows)
    quantity = [apportion(int(total), np.ones(number)) for total, number in zip(mines, rows, strict=True) if number]
    return (
        _uniform_in(rng, inner, len(device)),
        device,
        np.concatenate([np.empty(0, dtype=np.int64), *quantity]),
    )


def _uniform_in(rng: Generator, shape: shapely.Geometry, number: int) -> Floats:
    """Points uniform over a polygon: those of its box that fall in it."""
    kept = np.empty((0, 2))
    while len(kept) < number:
        west, south, east, north = shape.bounds
        tried = rng.uniform((west, south), (east, north), (4 * number, 2))
        kept = np.concatenate([kept, tried[shapely.contains_xy(shape, tried[:, 0], tried[:, 1])]])
    return kept[:number]
