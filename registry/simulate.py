"""A synthetic world with known truth: mined land in open sea, maps of it with stated defects, accidents.

For demonstration, tests and for calibrating the statistics. Everything is made from one seed; nothing in it is a real
place. The world lies in the South Atlantic around 20 S 20 W, more than 800 km from any land.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import geopandas
import numpy as np
import pandas as pd
import shapely
from numpy.random import Generator
from numpy.typing import NDArray

from registry.geometry import WGS84, Geometries, local_equal_area, project, repair

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

PLANE = local_equal_area((-20.0, -20.0, -20.0, -20.0))
"""The plane the world is made on, in metres; its origin is the middle of the world."""

WIDTH_M, HEIGHT_M = 64_000.0, 48_000.0
DISTRICTS_ACROSS, DISTRICTS_DOWN = 4, 3
SHEET_M = 8_000.0

FRONT_LINES, BELTS_PER_LINE, BELT_DISTANCE_M = 3, 2, 700.0
EDGE_M = 1_000.0  # front lines end this far from the edge of the world
SIDE_VERTICES = 8

BOUNDARY_GAP_M = 1.5  # with a wanted number of outside events, none lies closer to a boundary: rounding decides nothing
GPS_AT_MOST_M = 10.0  # a stated error above this means the position was read off a map
DEVICE_CLASSES = ("ap", "av", "other")
DEVICE_CATEGORIES = ("AP_MINE", "AV_MINE", "UNKNOWN")


@dataclass(frozen=True)
class BatchOptions:
    """A handover batch of the world: how many map sheets are in it. None takes all that are left."""

    batch_id: str
    handed_over_on: date
    sheets: int | None = None


@dataclass(frozen=True)
class WorldOptions:
    """What a world is made of. Lengths in metres, shares from 0 to 1; sigma is one standard deviation per axis.

    Attributes
    ----------
    fields, belt_width_m, field_length_m
        Mined fields and the range their width and length are drawn from.
    mines, mines_recorded
        Mines in the world, one in each field at least, and on the maps; with None the maps state what is there.
    batches
        Handovers in order. Sheets that are in none were never handed over. With none, nothing is mapped.
    omitted_share
        Chance that a field on a sheet that was handed over was never recorded.
    record_sigma_m
        Position error of each record as a whole.
    shifted_sheets, sheet_shift_m
        Sheets of the last batch drawn in the wrong place, and how far (east, north).
    invalid_records, unplotted_records
        Records whose ring crosses itself, and records without geometry.
    repeated_records
        Records of the first batch that are handed over again, unchanged, in the second.
    events
        Accidents.
    outside_events
        How many of them have a recorded position outside every record; None leaves it to chance.
    event_sigma_m, event_sigma_shares
        Stated position errors of accidents, and how often each occurs.
    stray_share, stray, stray_distance_m
        Chance that an accident happened away from mined land: ``uniform`` over the world, or at the ``boundary`` of a
        field, at an exponential distance with this mean.
    events_from, events_to
        First and last day of accidents.
    victims, killed, journalists_killed
        Victims of all accidents together, the killed among them and the journalists among the killed; with None there
        is one victim an accident.
    """

    fields: int = 480
    belt_width_m: tuple[float, float] = (80.0, 300.0)
    field_length_m: tuple[float, float] = (200.0, 700.0)
    mines: int = 1_000_000
    mines_recorded: int | None = None
    batches: tuple[BatchOptions, ...] = (BatchOptions("SYN-1", date(2021, 6, 15)),)
    omitted_share: float = 0.25
    record_sigma_m: float = 20.0
    shifted_sheets: int = 0
    sheet_shift_m: tuple[float, float] = (0.0, 0.0)
    invalid_records: int = 0
    unplotted_records: int = 0
    repeated_records: int = 0
    events: int = 240
    outside_events: int | None = None
    event_sigma_m: tuple[float, ...] = (5.0, 40.0, 80.0)
    event_sigma_shares: tuple[float, ...] = (0.5, 0.3, 0.2)
    stray_share: float = 0.1
    stray: Literal["uniform", "boundary"] = "uniform"
    stray_distance_m: float = 100.0
    events_from: date = date(2020, 11, 10)
    events_to: date = date(2024, 6, 30)
    victims: int | None = None
    killed: int = 0
    journalists_killed: int = 0


@dataclass(frozen=True)
class Truth:
    """Figures of a world that only its maker knows.

    ``true_area_m2`` is mined land, ``recorded_true_area_m2`` the part of it whose fields were recorded at all, and
    ``records_union_m2`` what the maps show. Repeated records count in ``records`` and once in ``mines_recorded``.
    """

    fields: int
    fields_recorded: int
    true_area_m2: float
    recorded_true_area_m2: float
    records_union_m2: float
    mines: int
    mines_recorded: int
    records: int
    records_invalid: int
    records_unplotted: int
    records_repeated: int
    events: int
    events_outside_records: int
    events_in_recorded_fields: int
    events_in_unrecorded_fields: int
    events_strayed: int
    victims: int
    killed: int
    journalists_killed: int


@dataclass(frozen=True)
class World:
    """A synthetic world; all geometries on WGS 84.

    Attributes
    ----------
    true_areas
        Mined fields: ``field_id``, ``map_sheet``, ``district``, ``laid_by``, ``laid_from``, ``laid_to``, ``mines_ap``,
        ``mines_av``, ``mines_other``, ``mines``, ``recorded``.
    records
        Minefield records as handed over, named as in the registry, and ``batch_id``, ``handed_over_on``, ``field_id``
        and ``defect`` (``shifted``, ``invalid``, ``unplotted``, ``repeated`` or empty).
    events
        Accidents at their recorded position, named as in the registry, and ``true_position``, ``field_id`` (empty for
        strayed ones) and ``outside`` (of every record).
    districts, scope
        Grid cells, and the one polygon that holds them all.
    truth
        The figures.
    """

    true_areas: geopandas.GeoDataFrame
    records: geopandas.GeoDataFrame
    events: geopandas.GeoDataFrame
    districts: geopandas.GeoDataFrame
    scope: geopandas.GeoDataFrame
    truth: Truth


def demo_options() -> WorldOptions:
    """Options of a world shaped like a public dispute over handed-over maps: its totals, and nobody's territory."""
    # By chance alone about 55 % would lie outside; asking for exactly that many moves only a few.
    return WorldOptions(
        mines=1_000_000,
        mines_recorded=400_000,
        batches=(
            BatchOptions("SYN-2021-06", date(2021, 6, 15), sheets=8),
            BatchOptions("SYN-2021-11", date(2021, 11, 30), sheets=6),
            BatchOptions("SYN-2023-05", date(2023, 5, 10), sheets=5),
            BatchOptions("SYN-2024-01", date(2024, 1, 25), sheets=8),
        ),
        omitted_share=0.1,
        stray_share=0.05,
        shifted_sheets=1,
        sheet_shift_m=(-60.0, 240.0),
        invalid_records=5,
        unplotted_records=7,
        repeated_records=4,
        events=240,
        outside_events=132,
        victims=342,
        killed=65,
        journalists_killed=3,
    )


def demo_world(seed: int = 2024) -> World:
    """The world of the demonstration; the seed changes where everything lies, never its totals."""
    return make_world(demo_options(), seed)


def make_world(options: WorldOptions, seed: int) -> World:
    """Make a world. The same options and seed give the same world.

    Raises
    ------
    ValueError
        If the options cannot be met together, for example more sheets than hold records.
    """
    rng = np.random.default_rng(seed)
    fields = _lay_fields(rng, options)
    records = _draw_records(rng, options, fields)
    events = _draw_events(rng, options, fields, _drawn_shapes(records.shapes))
    return World(
        true_areas=_true_areas_frame(fields, records),
        records=_records_frame(options, fields, records),
        events=_events_frame(rng, options, fields, events),
        districts=_districts_frame(),
        scope=_frame({"name": ["SYNTHETIC scope"]}, np.array([_box()])),
        truth=_truth(options, fields, records, events),
    )


# The mined land


@dataclass(frozen=True)
class _FrontLines:
    """Front lines as sums of two waves: y = middle + sum of amplitude * sin(frequency * x + phase)."""

    middle_m: Floats
    amplitude_m: Floats
    frequency: Floats
    phase: Floats

    def y(self, line: Integers, x: Floats) -> Floats:
        waves = self.amplitude_m[line] * np.sin(self.frequency[line] * x[..., None] + self.phase[line])
        return np.asarray(self.middle_m[line] + waves.sum(axis=-1))

    def stretch(self, line: Integers, x: Floats) -> Floats:
        """How much longer a step across the line is when taken north: sqrt(1 + slope^2)."""
        steepness = self.amplitude_m[line] * self.frequency[line]
        slope = (steepness * np.cos(self.frequency[line] * x[..., None] + self.phase[line])).sum(axis=-1)
        return np.asarray(np.hypot(1.0, slope))


@dataclass(frozen=True)
class _Fields:
    """Mined fields on the plane: one belt segment each, with its shape, sheet and mines by class."""

    lines: _FrontLines
    line: Integers
    offset_m: Floats
    width_m: Floats
    rings: Floats
    shapes: Geometries
    sheet: Integers
    laid_from: NDArray[np.datetime64]
    mines: Integers

    @property
    def total_mines(self) -> Integers:
        return np.asarray(self.mines.sum(axis=1))


def _lay_fields(rng: Generator, options: WorldOptions) -> _Fields:
    """Lay fields side by side along the belts, so that none overlaps another."""
    count, belts = options.fields, FRONT_LINES * BELTS_PER_LINE
    pitch_m = (WIDTH_M - 2 * EDGE_M) / -(-count // belts)
    if options.field_length_m[1] >= pitch_m or options.belt_width_m[1] > BELT_DISTANCE_M / 2:
        raise ValueError(
            f"{count} fields leave {pitch_m:.0f} m for each and belts {BELT_DISTANCE_M / 2:.0f} m; "
            "ask for fewer, shorter or narrower ones."
        )
    if options.mines < count:
        raise ValueError(f"{options.mines} mines are too few for {count} fields; ask for one in each at least.")
    lines = _front_lines(rng)
    slot, belt = np.divmod(np.arange(count), belts)
    line, side = belt // BELTS_PER_LINE, belt % BELTS_PER_LINE
    offset_m = (side - (BELTS_PER_LINE - 1) / 2) * BELT_DISTANCE_M
    width_m = rng.uniform(*options.belt_width_m, count)
    # Lengths are along x; a steep stretch of front is a little longer on the ground.
    length_m = rng.uniform(*options.field_length_m, count)
    start = -WIDTH_M / 2 + EDGE_M + slot * pitch_m + rng.random(count) * (pitch_m - length_m)
    x = start[:, None] + length_m[:, None] * np.linspace(0.0, 1.0, SIDE_VERTICES)
    middle = lines.y(line[:, None], x) + offset_m[:, None]
    half = width_m[:, None] / 2 * lines.stretch(line[:, None], x)
    south, north = np.stack([x, middle - half], axis=-1), np.stack([x, middle + half], axis=-1)
    rings = np.concatenate([south, north[:, ::-1], south[:, :1]], axis=1)
    shapes = shapely.polygons(rings)
    density = rng.lognormal(0.0, 0.3, count) * shapely.area(shapes)
    mix = rng.dirichlet((8.0, 3.0, 1.0), count)
    return _Fields(
        lines=lines,
        line=line,
        offset_m=offset_m,
        width_m=width_m,
        rings=rings,
        shapes=shapes,
        sheet=_sheet_at(rings[:, :-1].mean(axis=1)),
        laid_from=np.datetime64("1993-01-01") + rng.integers(0, 365 * 20, count),
        mines=_split_by_class(1 + _apportion(options.mines - count, density), mix),
    )


def _front_lines(rng: Generator) -> _FrontLines:
    distance_m = HEIGHT_M / FRONT_LINES
    shape = (FRONT_LINES, 2)
    return _FrontLines(
        middle_m=distance_m * np.arange(0.5, FRONT_LINES) - HEIGHT_M / 2,
        amplitude_m=rng.uniform(0.5, 1.0, shape) * (0.12 * distance_m, 0.05 * distance_m),
        frequency=2 * np.pi / rng.uniform((25_000.0, 10_000.0), (40_000.0, 16_000.0), shape),
        phase=rng.uniform(0.0, 2 * np.pi, shape),
    )


def _apportion(total: int, weights: Floats) -> Integers:
    """Split a total in proportion to weights, whole numbers, by largest remainder."""
    exact = total * weights / weights.sum()
    parts = np.floor(exact).astype(np.int64)
    largest_first = np.argsort(parts - exact, kind="stable")
    parts[largest_first[: total - int(parts.sum())]] += 1
    return np.asarray(parts)


def _split_by_class(totals: Integers, mix: Floats) -> Integers:
    """Split each total into device classes; the last class takes what rounding leaves."""
    first = np.floor(totals[:, None] * mix[:, :-1]).astype(np.int64)
    return np.column_stack([first, totals - first.sum(axis=1)])


def _sheet_at(points: Floats) -> Integers:
    """Number of the map sheet at each point, row by row from the south-west."""
    column = (points[:, 0] + WIDTH_M / 2) // SHEET_M
    row = (points[:, 1] + HEIGHT_M / 2) // SHEET_M
    return np.asarray(row * (WIDTH_M // SHEET_M) + column).astype(np.int64)


def _district_of(sheet: Integers) -> Integers:
    """Number of the district each sheet is in."""
    row, column = np.divmod(sheet, int(WIDTH_M // SHEET_M))
    sheets_across = int(WIDTH_M // SHEET_M) // DISTRICTS_ACROSS
    sheets_down = int(HEIGHT_M // SHEET_M) // DISTRICTS_DOWN
    return np.asarray(row // sheets_down * DISTRICTS_ACROSS + column // sheets_across)


# The maps


@dataclass(frozen=True)
class _Records:
    """Records on the plane, in the order of their batches, as handed over."""

    field: Integers
    batch: Integers
    shapes: Geometries
    mines: Integers
    defect: NDArray[Any]


def _draw_records(rng: Generator, options: WorldOptions, fields: _Fields) -> _Records:
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

    mines = fields.mines[recorded]
    if options.mines_recorded is not None and count:
        known = mines.sum(axis=1) * rng.uniform(0.7, 1.0, count)
        mines = _split_by_class(_apportion(options.mines_recorded, known), mines / mines.sum(axis=1, keepdims=True))
    drawn = _Records(recorded, batch[recorded], shapes, mines, defect)
    return _repeat_records(rng, options, drawn)


def _hand_over_sheets(rng: Generator, options: WorldOptions, sheets: Integers) -> Integers:
    """Batch of each sheet of the world, -1 where it is in none. Sheets are handed over district by district."""
    rank = rng.permutation(DISTRICTS_ACROSS * DISTRICTS_DOWN)[_district_of(sheets)]
    sheets = sheets[np.lexsort((rng.random(len(sheets)), rank))]
    batch_of_sheet = np.full(int(WIDTH_M // SHEET_M * (HEIGHT_M // SHEET_M)), -1)
    for number, batch in enumerate(options.batches):
        wanted = len(sheets) if batch.sheets is None else batch.sheets
        if wanted > len(sheets):
            raise ValueError(f"{batch.batch_id} wants {wanted} sheets and {len(sheets)} with records are left.")
        batch_of_sheet[sheets[:wanted]] = number
        sheets = sheets[wanted:]
    return batch_of_sheet


def _repeat_records(rng: Generator, options: WorldOptions, records: _Records) -> _Records:
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
    return _Records(records.field[chosen], batch[order], records.shapes[chosen], records.mines[chosen], defect[order])


def _drawn_shapes(shapes: Geometries) -> Geometries:
    """The shapes of all records that have one, invalid rings repaired: what a reader of the maps sees."""
    drawn: Geometries = shapes[~shapely.is_missing(shapes)]
    invalid = ~shapely.is_valid(drawn)
    drawn[invalid] = repair(drawn[invalid]).geometries
    return drawn


# The accidents


@dataclass(frozen=True)
class _Events:
    """Accidents on the plane; ``field`` is -1 where the device had strayed from its field."""

    true: Floats
    recorded: Floats
    sigma_m: Floats
    field: Integers
    outside: Flags


def _draw_events(rng: Generator, options: WorldOptions, fields: _Fields, drawn: Geometries) -> _Events:
    """Draw accidents until there are enough, of either class where numbers are given for them."""
    tree = shapely.STRtree(drawn)
    triangles = _triangles(fields.rings)
    wanted = None if options.outside_events is None else _quota(options.events, options.outside_events)
    kept: list[_Events] = []
    for _ in range(100):
        candidates = _draw_candidates(rng, options, fields, triangles, tree)
        if wanted is not None:
            candidates = _take_quota(candidates, tree, wanted)
            wanted -= np.bincount(candidates.outside.astype(np.int64), minlength=2)
        kept.append(candidates)
        if sum(len(part.field) for part in kept) >= options.events:
            return _take(_join(kept), np.arange(options.events))
    raise ValueError("This world has too little land inside or outside its records for the events asked for.")


def _quota(events: int, outside: int) -> Integers:
    """Events wanted inside and outside."""
    if not 0 <= outside <= events:
        raise ValueError(f"{outside} of {events} events cannot lie outside; give a number from 0 to {events}.")
    return np.array([events - outside, outside])


def _draw_candidates(
    rng: Generator, options: WorldOptions, fields: _Fields, triangles: Floats, tree: shapely.STRtree
) -> _Events:
    count = options.events + 16
    weight = fields.total_mines / fields.total_mines.sum()
    field = rng.choice(options.fields, size=count, p=weight)
    true = _uniform_in(rng, triangles[field])
    strayed = rng.random(count) < options.stray_share
    if options.stray == "uniform":
        half = np.array([WIDTH_M, HEIGHT_M]) / 2
        true[strayed] = rng.uniform(-half, half, (int(strayed.sum()), 2))
    else:
        true[strayed] = _beside(rng, options, fields, field[strayed], true[strayed, 0])
    sigma_m = rng.choice(options.event_sigma_m, size=count, p=options.event_sigma_shares)
    recorded = true + rng.normal(size=(count, 2)) * sigma_m[:, None]
    outside = np.ones(count, dtype=np.bool_)
    outside[tree.query(shapely.points(recorded), predicate="intersects")[0]] = False
    events = _Events(true, recorded, sigma_m, np.where(strayed, -1, field), outside)
    on_the_maps = (np.abs(recorded) < np.array([WIDTH_M, HEIGHT_M]) / 2 - 100.0).all(axis=1)
    return _take(events, np.flatnonzero(on_the_maps))


def _triangles(rings: Floats) -> Floats:
    """Cut belt segments into triangles: fields x triangles x 3 corners x (x, y)."""
    south, north = rings[:, :SIDE_VERTICES], rings[:, SIDE_VERTICES:-1][:, ::-1]
    lower = np.stack([south[:, :-1], south[:, 1:], north[:, :-1]], axis=2)
    upper = np.stack([north[:, 1:], north[:, :-1], south[:, 1:]], axis=2)
    return np.concatenate([lower, upper], axis=1)


def _uniform_in(rng: Generator, triangles: Floats) -> Floats:
    """One point in each row of triangles, uniform over their area."""
    edges = triangles[:, :, 1:] - triangles[:, :, :1]
    area = np.abs(edges[..., 0, 0] * edges[..., 1, 1] - edges[..., 0, 1] * edges[..., 1, 0])
    cumulative = area.cumsum(axis=1)
    chosen = (rng.random((len(area), 1)) * cumulative[:, -1:] >= cumulative).sum(axis=1)
    row = np.arange(len(area))
    u, v = rng.random((2, len(area), 1))
    u, v = np.where(u + v > 1, 1 - u, u), np.where(u + v > 1, 1 - v, v)
    return np.asarray(triangles[row, chosen, 0] + u * edges[row, chosen, 0] + v * edges[row, chosen, 1])


def _beside(rng: Generator, options: WorldOptions, fields: _Fields, field: Integers, x: Floats) -> Floats:
    """Points north or south of a field, at exponential distances from its boundary."""
    distance_m = fields.width_m[field] / 2 + rng.exponential(options.stray_distance_m, len(field))
    side = rng.choice((-1.0, 1.0), len(field))
    line = fields.line[field]
    middle = fields.lines.y(line, x) + fields.offset_m[field]
    return np.column_stack([x, middle + side * distance_m * fields.lines.stretch(line, x)])


def _take_quota(events: _Events, tree: shapely.STRtree, wanted: Integers) -> _Events:
    """The first events of each class, none of them close to a boundary of a record."""
    points = shapely.points(events.recorded)
    near, record = tree.query(points, predicate="dwithin", distance=BOUNDARY_GAP_M)
    edge_m = shapely.distance(points[near], shapely.boundary(tree.geometries[record]))
    away = np.ones(len(points), dtype=np.bool_)
    away[near[edge_m < BOUNDARY_GAP_M]] = False
    taken = [np.flatnonzero(away & (events.outside == side))[: wanted[int(side)]] for side in (False, True)]
    return _take(events, np.sort(np.concatenate(taken)))


def _take(events: _Events, rows: Integers) -> _Events:
    return _Events(
        events.true[rows], events.recorded[rows], events.sigma_m[rows], events.field[rows], events.outside[rows]
    )


def _join(parts: list[_Events]) -> _Events:
    return _Events(
        np.concatenate([part.true for part in parts]),
        np.concatenate([part.recorded for part in parts]),
        np.concatenate([part.sigma_m for part in parts]),
        np.concatenate([part.field for part in parts]),
        np.concatenate([part.outside for part in parts]),
    )


# The tables


def _frame(columns: dict[str, Any], plane_shapes: Geometries) -> geopandas.GeoDataFrame:
    return geopandas.GeoDataFrame(columns, geometry=project(plane_shapes, PLANE, WGS84), crs=WGS84)


def _box() -> Any:
    return shapely.box(-WIDTH_M / 2, -HEIGHT_M / 2, WIDTH_M / 2, HEIGHT_M / 2)


def _district_names(district: Integers) -> list[str]:
    rows, columns = np.divmod(district, DISTRICTS_ACROSS)
    return [f"SYNTHETIC district {'ABCDEFGH'[column]}{row + 1}" for row, column in zip(rows, columns, strict=True)]


def _sheet_names(sheet: Integers) -> list[str]:
    return [f"SYNTHETIC sheet {number + 1:02d}" for number in sheet]


def _numbered(prefix: str, numbers: Integers) -> list[str]:
    return [f"{prefix}-{number + 1:04d}" for number in numbers]


def _days(values: Any) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(np.asarray(values, dtype="datetime64[s]"))


def _laid_columns(fields: _Fields, rows: Integers) -> dict[str, Any]:
    return {
        "map_sheet": _sheet_names(fields.sheet[rows]),
        "district": _district_names(_district_of(fields.sheet[rows])),
        "laid_by": [f"Party A, unit {line + 1}" for line in fields.line[rows]],
        "laid_from": _days(fields.laid_from[rows]),
        "laid_to": _days(fields.laid_from[rows] + np.timedelta64(3, "D")),
    }


def _mine_columns(mines: Integers) -> dict[str, Integers]:
    return {f"mines_{name}": mines[:, column] for column, name in enumerate(DEVICE_CLASSES)}


def _true_areas_frame(fields: _Fields, records: _Records) -> geopandas.GeoDataFrame:
    rows = np.arange(len(fields.line))
    columns = {
        "field_id": _numbered("SYN-F", rows),
        **_laid_columns(fields, rows),
        **_mine_columns(fields.mines),
        "mines": fields.total_mines,
        "recorded": np.isin(rows, records.field),
    }
    return _frame(columns, fields.shapes)


def _records_frame(options: WorldOptions, fields: _Fields, records: _Records) -> geopandas.GeoDataFrame:
    columns = {
        "record_id": _numbered("SYN-R", records.field),
        "batch_id": [options.batches[batch].batch_id for batch in records.batch],
        "handed_over_on": _days([options.batches[batch].handed_over_on for batch in records.batch]),
        **_laid_columns(fields, records.field),
        **_mine_columns(records.mines),
        "mines_total_stated": records.mines.sum(axis=1),
        "sigma_m": options.record_sigma_m,
        "field_id": _numbered("SYN-F", records.field),
        "defect": records.defect,
    }
    return _frame(columns, records.shapes)


def _events_frame(rng: Generator, options: WorldOptions, fields: _Fields, events: _Events) -> geopandas.GeoDataFrame:
    count = len(events.field)
    days = (options.events_to - options.events_from).days + 1
    occurred_on = np.sort(np.datetime64(options.events_from) + rng.integers(0, days, count))
    # A strayed device is of the commonest kind; the others are drawn from what their field holds.
    mines = np.where(events.field[:, None] >= 0, fields.mines[events.field], (1, 0, 0))
    device = (rng.random((count, 1)) * mines.sum(axis=1, keepdims=True) >= mines.cumsum(axis=1)).sum(axis=1)
    columns = {
        "accident_id": _numbered("SYN-E", np.arange(count)),
        "occurred_on": _days(occurred_on),
        "map_sheet": _sheet_names(_sheet_at(events.recorded)),
        "district": _district_names(_district_of(_sheet_at(events.recorded))),
        "location_method": np.where(events.sigma_m <= GPS_AT_MOST_M, "GPS", "MAP"),
        "sigma_m": events.sigma_m,
        "device_category": np.array(DEVICE_CATEGORIES)[device],
        "accident_type": "MINE",
        **_victim_columns(rng, options),
        "source": "SYNTHETIC",
        "true_position": project(shapely.points(events.true), PLANE, WGS84),
        "field_id": [f"SYN-F-{field + 1:04d}" if field >= 0 else "" for field in events.field],
        "outside": events.outside,
    }
    return _frame(columns, shapely.points(events.recorded))


def _victim_columns(rng: Generator, options: WorldOptions) -> dict[str, Any]:
    """Put every victim of the world in an accident, one at least in each."""
    victims = options.events if options.victims is None else options.victims
    if not options.journalists_killed <= options.killed <= victims or victims < options.events:
        raise ValueError(
            "Victims must be at least one an accident, the killed among them, the journalists among those."
        )
    event = rng.permutation(
        np.concatenate([np.arange(options.events), rng.integers(0, options.events, victims - options.events)])
    )
    role = rng.choice(("civilian", "deminer", "military"), size=victims, p=(0.7, 0.1, 0.2)).astype(object)
    role[: options.journalists_killed] = "journalist"
    killed = np.bincount(event[: options.killed], minlength=options.events)
    roles: list[dict[str, int]] = [{} for _ in range(options.events)]
    for number, name in zip(event, role, strict=True):
        roles[number][name] = roles[number].get(name, 0) + 1
    return {
        "killed": killed,
        "injured": np.bincount(event, minlength=options.events) - killed,
        "victims_by_role": roles,
    }


def _districts_frame() -> geopandas.GeoDataFrame:
    number = np.arange(DISTRICTS_ACROSS * DISTRICTS_DOWN)
    row, column = np.divmod(number, DISTRICTS_ACROSS)
    width_m, height_m = WIDTH_M / DISTRICTS_ACROSS, HEIGHT_M / DISTRICTS_DOWN
    west, south = column * width_m - WIDTH_M / 2, row * height_m - HEIGHT_M / 2
    names = _district_names(number)
    columns = {"record_id": [name.replace("SYNTHETIC district ", "SYN-D-") for name in names], "name": names}
    return _frame(columns, shapely.box(west, south, west + width_m, south + height_m))


def _truth(options: WorldOptions, fields: _Fields, records: _Records, events: _Events) -> Truth:
    area_m2 = shapely.area(fields.shapes)
    recorded = np.isin(np.arange(options.fields), records.field)
    event, field = shapely.STRtree(fields.shapes).query(shapely.points(events.true), predicate="intersects")
    in_field = np.full(len(events.field), -1)
    in_field[event] = field
    mined = in_field >= 0
    first = records.defect != "repeated"
    return Truth(
        fields=options.fields,
        fields_recorded=int(recorded.sum()),
        true_area_m2=float(area_m2.sum()),
        recorded_true_area_m2=float(area_m2[recorded].sum()),
        records_union_m2=float(shapely.area(shapely.union_all(_drawn_shapes(records.shapes)))),
        mines=int(fields.mines.sum()),
        mines_recorded=int(records.mines[first].sum()),
        records=len(records.field),
        records_invalid=int((records.defect == "invalid").sum()),
        records_unplotted=int((records.defect == "unplotted").sum()),
        records_repeated=int((records.defect == "repeated").sum()),
        events=len(events.field),
        events_outside_records=int(events.outside.sum()),
        events_in_recorded_fields=int(recorded[in_field[mined]].sum()),
        events_in_unrecorded_fields=int((~recorded[in_field[mined]]).sum()),
        events_strayed=int((~mined).sum()),
        victims=options.events if options.victims is None else options.victims,
        killed=options.killed,
        journalists_killed=options.journalists_killed,
    )
