"""The accidents: where they happened, where they are recorded, and who came to harm."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.random import Generator
from numpy.typing import NDArray

from registry.geometry import Geometries
from registry.simulate.grid import HEIGHT_M, WIDTH_M, Floats, Integers
from registry.simulate.land import SIDE_VERTICES, Fields
from registry.simulate.options import WorldOptions

Flags = NDArray[np.bool_]
Roles = dict[str, dict[str, int]]
"""People of each role by what became of them."""

BOUNDARY_GAP_M = 1.5  # with a wanted number of outside events, none lies closer to a boundary: rounding decides nothing


@dataclass(frozen=True)
class Events:
    """Accidents on the plane; ``field`` is -1 where the device had strayed from its field."""

    true: Floats
    recorded: Floats
    sigma_m: Floats
    field: Integers
    outside: Flags


@dataclass(frozen=True)
class Circumstances:
    """When accidents happened, by what, and to whom; ``device`` is the number of its class."""

    occurred_on: NDArray[np.datetime64]
    device: Integers
    killed: Integers
    injured: Integers
    victims_by_role: list[Roles]


def draw_events(rng: Generator, options: WorldOptions, fields: Fields, drawn: Geometries) -> Events:
    """Draw accidents until there are enough, of either class where numbers are given for them.

    ``drawn`` holds the valid shapes of the records, on the plane.

    Raises
    ------
    ValueError
        If the numbers inside and outside the records that are asked for cannot be reached.
    """
    tree = shapely.STRtree(drawn)
    triangles = _triangles(fields.rings)
    wanted = None if options.outside_events is None else _quota(options.events, options.outside_events)
    kept: list[Events] = []
    for _ in range(100):
        candidates = _draw_candidates(rng, options, fields, triangles, tree)
        if wanted is not None:
            candidates = _take_quota(candidates, tree, wanted)
            wanted -= np.bincount(candidates.outside.astype(np.int64), minlength=2)
        kept.append(candidates)
        if sum(len(part.field) for part in kept) >= options.events:
            return _take(_join(kept), np.arange(options.events))
    raise ValueError("This world has too little land inside or outside its records for the events asked for.")


def draw_circumstances(rng: Generator, options: WorldOptions, fields: Fields, events: Events) -> Circumstances:
    """Draw days, devices and victims; the first accident is the earliest.

    Raises
    ------
    ValueError
        If there are fewer victims than accidents, or more of them were killed than there are.
    """
    count = len(events.field)
    days = (options.events_to - options.events_from).days + 1
    occurred_on = np.sort(np.datetime64(options.events_from) + rng.integers(0, days, count))
    # A strayed device is of the commonest kind; the others are drawn from what their field holds.
    mines = np.where(events.field[:, None] >= 0, fields.mines[events.field], (1, 0, 0))
    device = (rng.random((count, 1)) * mines.sum(axis=1, keepdims=True) >= mines.cumsum(axis=1)).sum(axis=1)
    killed, injured, victims_by_role = _draw_victims(rng, options)
    return Circumstances(occurred_on, device, killed, injured, victims_by_role)


def _quota(events: int, outside: int) -> Integers:
    """Events wanted inside and outside."""
    if not 0 <= outside <= events:
        raise ValueError(f"{outside} of {events} events cannot lie outside; give a number from 0 to {events}.")
    return np.array([events - outside, outside])


def _draw_candidates(
    rng: Generator, options: WorldOptions, fields: Fields, triangles: Floats, tree: shapely.STRtree
) -> Events:
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
    events = Events(true, recorded, sigma_m, np.where(strayed, -1, field), outside)
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


def _beside(rng: Generator, options: WorldOptions, fields: Fields, field: Integers, x: Floats) -> Floats:
    """Points north or south of a field, at exponential distances from its boundary."""
    distance_m = fields.width_m[field] / 2 + rng.exponential(options.stray_distance_m, len(field))
    side = rng.choice((-1.0, 1.0), len(field))
    line = fields.line[field]
    middle = fields.lines.y(line, x) + fields.offset_m[field]
    return np.column_stack([x, middle + side * distance_m * fields.lines.stretch(line, x)])


def _take_quota(events: Events, tree: shapely.STRtree, wanted: Integers) -> Events:
    """The first events of each class, none of them close to a boundary of a record."""
    points = shapely.points(events.recorded)
    near, record = tree.query(points, predicate="dwithin", distance=BOUNDARY_GAP_M)
    edge_m = shapely.distance(points[near], shapely.boundary(tree.geometries[record]))
    away = np.ones(len(points), dtype=np.bool_)
    away[near[edge_m < BOUNDARY_GAP_M]] = False
    taken = [np.flatnonzero(away & (events.outside == side))[: wanted[int(side)]] for side in (False, True)]
    return _take(events, np.sort(np.concatenate(taken)))


def _take(events: Events, rows: Integers) -> Events:
    return Events(
        events.true[rows], events.recorded[rows], events.sigma_m[rows], events.field[rows], events.outside[rows]
    )


def _join(parts: list[Events]) -> Events:
    return Events(
        np.concatenate([part.true for part in parts]),
        np.concatenate([part.recorded for part in parts]),
        np.concatenate([part.sigma_m for part in parts]),
        np.concatenate([part.field for part in parts]),
        np.concatenate([part.outside for part in parts]),
    )


def _draw_victims(rng: Generator, options: WorldOptions) -> tuple[Integers, Integers, list[Roles]]:
    """Put every victim of the world in an accident, one at least in each: the killed, the injured, and their roles."""
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
    roles: list[Roles] = [{} for _ in range(options.events)]
    for victim, (number, name) in enumerate(zip(event, role, strict=True)):
        status = "killed" if victim < options.killed else "injured"
        of_role = roles[number].setdefault(name, {})
        of_role[status] = of_role.get(status, 0) + 1
    return killed, np.bincount(event, minlength=options.events) - killed, roles
