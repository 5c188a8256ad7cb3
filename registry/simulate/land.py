"""The mined land: front lines, the belts along them, and the mined fields in the belts."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.random import Generator
from numpy.typing import NDArray

from registry.geometry import Geometries
from registry.simulate.grid import HEIGHT_M, WIDTH_M, Floats, Integers, sheet_at
from registry.simulate.options import WorldOptions

FRONT_LINES, BELTS_PER_LINE, BELT_DISTANCE_M = 3, 2, 700.0
EDGE_M = 1_000.0  # front lines end this far from the edge of the world
SIDE_VERTICES = 8


@dataclass(frozen=True)
class FrontLines:
    """Front lines as sums of two waves: y = middle + sum of amplitude * sin(frequency * x + phase)."""

    middle_m: Floats
    amplitude_m: Floats
    frequency: Floats
    phase: Floats

    def y(self, line: Integers, x: Floats) -> Floats:
        """How far north each line runs at x."""
        waves = self.amplitude_m[line] * np.sin(self.frequency[line] * x[..., None] + self.phase[line])
        return np.asarray(self.middle_m[line] + waves.sum(axis=-1))

    def stretch(self, line: Integers, x: Floats) -> Floats:
        """How much longer a step across the line is when taken north: sqrt(1 + slope^2)."""
        steepness = self.amplitude_m[line] * self.frequency[line]
        slope = (steepness * np.cos(self.frequency[line] * x[..., None] + self.phase[line])).sum(axis=-1)
        return np.asarray(np.hypot(1.0, slope))


@dataclass(frozen=True)
class Fields:
    """Fields on the plane: one belt segment each, with its shape, sheet and mines by class.

    ``rings`` is fields x vertices x (x, y): ``SIDE_VERTICES`` along the southern side eastward, as many along the
    northern side westward, and the first again. ``laid`` and ``mines`` are fields x device classes: what was laid, and
    what is still there, which is nothing in a field that was ``lifted``.
    """

    lines: FrontLines
    line: Integers
    offset_m: Floats
    width_m: Floats
    rings: Floats
    shapes: Geometries
    sheet: Integers
    laid_from: NDArray[np.datetime64]
    laid: Integers
    lifted: NDArray[np.bool_]
    mines: Integers

    @property
    def total_mines(self) -> Integers:
        """Mines of all classes that are still in each field."""
        return np.asarray(self.mines.sum(axis=1))


def lay_fields(rng: Generator, options: WorldOptions) -> Fields:
    """Lay fields side by side along the belts, so that none overlaps another.

    Raises
    ------
    ValueError
        If so many fields of that size find no room, all are lifted, or there are fewer mines than mined fields.
    """
    count, belts = options.fields, FRONT_LINES * BELTS_PER_LINE
    pitch_m = (WIDTH_M - 2 * EDGE_M) / -(-count // belts)
    if options.field_length_m[1] >= pitch_m or options.belt_width_m[1] > BELT_DISTANCE_M / 2:
        raise ValueError(
            f"{count} fields leave {pitch_m:.0f} m for each and belts {BELT_DISTANCE_M / 2:.0f} m; "
            "ask for fewer, shorter or narrower ones."
        )
    mined = count - options.lifted_fields
    if mined < 1:
        raise ValueError(f"{options.lifted_fields} of {count} fields cannot be lifted; leave one mined at least.")
    if options.mines < mined:
        raise ValueError(f"{options.mines} mines are too few for {mined} fields; ask for one in each at least.")
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
    laid_from = np.datetime64("1993-01-01") + rng.integers(0, 365 * 20, count)
    lifted = np.zeros(count, dtype=np.bool_)
    if options.lifted_fields:
        lifted[rng.permutation(count)[: options.lifted_fields]] = True
    # Lifted fields had been as densely mined as the others are.
    total = 1 + np.floor((options.mines - mined) * density / density[~lifted].sum()).astype(np.int64)
    total[~lifted] = 1 + apportion(options.mines - mined, density[~lifted])
    laid = split_by_class(total, mix)
    return Fields(
        lines=lines,
        line=line,
        offset_m=offset_m,
        width_m=width_m,
        rings=rings,
        shapes=shapes,
        sheet=sheet_at(rings[:, :-1].mean(axis=1)),
        laid_from=laid_from,
        laid=laid,
        lifted=lifted,
        mines=np.where(lifted[:, None], 0, laid),
    )


def _front_lines(rng: Generator) -> FrontLines:
    distance_m = HEIGHT_M / FRONT_LINES
    shape = (FRONT_LINES, 2)
    return FrontLines(
        middle_m=distance_m * np.arange(0.5, FRONT_LINES) - HEIGHT_M / 2,
        amplitude_m=rng.uniform(0.5, 1.0, shape) * (0.12 * distance_m, 0.05 * distance_m),
        frequency=2 * np.pi / rng.uniform((25_000.0, 10_000.0), (40_000.0, 16_000.0), shape),
        phase=rng.uniform(0.0, 2 * np.pi, shape),
    )


def apportion(total: int, weights: Floats) -> Integers:
    """Split a total in proportion to weights, whole numbers, by largest remainder."""
    exact = total * weights / weights.sum()
    parts = np.floor(exact).astype(np.int64)
    largest_first = np.argsort(parts - exact, kind="stable")
    parts[largest_first[: total - int(parts.sum())]] += 1
    return np.asarray(parts)


def split_by_class(totals: Integers, mix: Floats) -> Integers:
    """Split each total into device classes; the last class takes what rounding leaves."""
    first = np.floor(totals[:, None] * mix[:, :-1]).astype(np.int64)
    return np.column_stack([first, totals - first.sum(axis=1)])
