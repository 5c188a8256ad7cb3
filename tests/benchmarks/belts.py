"""Worlds for the calibration: mined belts along a front, and events recorded with an error, on a plane in metres.

They are as plain as the questions asked of them, and share no code with what is tested but for the areas prepared once
for each map.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.random import Generator

from registry.compare.blur import probability_inside
from registry.compare.mapped import Mapped, prepare_mapped

LENGTH_M, HALF_M = 150_000.0, 6_000.0
BELTS = 80
MEDIAN_WIDTH_M = {"30": 30, "50": 50, "100": 100, "200": 200, "400": 400, "mixed": 100}
WIDTHS_M = {"mixed": (30, 50, 100, 200, 400)} | {
    name: (width,) for name, width in MEDIAN_WIDTH_M.items() if name != "mixed"
}
CELL_M = 5_000.0
PLACES_FOR_EXPECTED = 10_000


@dataclass(frozen=True)
class Setting:
    """One row of the design.

    ``omission`` is the share of events that happen outside records: ``uniform`` over the study area, or ``hug`` the
    boundaries: evenly up to 300 or 100 m from a place on the boundary drawn at random. For stress: ``sides100`` hugs
    the long sides only, ``decay50`` at exponential distances with a mean of 50 m.
    """

    width: str
    sigma_m: float
    omission: float
    outside: str
    clustered: bool
    events: int


@dataclass(frozen=True)
class Belts:
    """Rectangles along a front: centre, direction, across, length and width."""

    centre: np.ndarray
    along: np.ndarray
    across: np.ndarray
    length_m: np.ndarray
    width_m: np.ndarray
    tree: shapely.STRtree
    study: shapely.Polygon
    mapped: Mapped


def draw_belts(random: Generator, width: str, sigma_m: float) -> Belts:
    """A map: belts of 400 to 1,600 m along a winding front of 150 km."""
    x = (np.arange(BELTS) + random.random(BELTS)) / BELTS * LENGTH_M
    y = _front(x) + random.normal(size=BELTS) * 300
    angle = np.arctan((_front(x + 1) - _front(x - 1)) / 2) + random.normal(size=BELTS) * 0.2
    along = np.column_stack([np.cos(angle), np.sin(angle)])
    across = np.column_stack([-along[:, 1], along[:, 0]])
    widths = np.array(WIDTHS_M[width], dtype=float)
    width_m = widths[random.permutation(BELTS) % len(widths)]
    length_m = random.uniform(400, 1_600, BELTS)
    centre = np.column_stack([x, y])
    corner = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) / 2
    rings = (
        centre[:, None]
        + corner[None, :, :1] * (length_m[:, None] * along)[:, None]
        + corner[None, :, 1:] * (width_m[:, None] * across)[:, None]
    )
    polygons = shapely.polygons(rings)
    study = shapely.box(-CELL_M, -HALF_M, LENGTH_M + CELL_M, HALF_M)
    mapped = prepare_mapped(polygons, np.array([study], dtype=object), sigma_m)
    return Belts(centre, along, across, length_m, width_m, shapely.STRtree(polygons), study, mapped)


def draw_events(random: Generator, belts: Belts, setting: Setting) -> tuple[np.ndarray, np.ndarray]:
    """Recorded positions and 5 km cells of the events.

    Every belt has as many events as another on average, whatever its size. Where events cluster, belts differ as an
    exponential distribution does, the share outside records differs from belt to belt with the same mean, and what is
    uniform lies within a kilometre of its belt.
    """
    count, inside_share = setting.events, 1 - setting.omission
    if setting.clustered:
        share = random.exponential(size=BELTS)
        belt = random.choice(BELTS, count, p=share / share.sum())
        of_belt = np.ones(BELTS) if inside_share == 1 else random.beta(4 * inside_share, 4 * setting.omission, BELTS)
        inside = random.random(count) < of_belt[belt]
    else:
        belt = random.integers(0, BELTS, count)
        inside = random.random(count) < inside_share
    true = np.empty((count, 2))
    true[inside] = _inside(random, belts, belt[inside])
    true[~inside] = _outside(random, belts, belt[~inside], setting)
    recorded = true + random.normal(size=(count, 2)) * setting.sigma_m
    return recorded, np.unique((recorded // CELL_M).astype(int), axis=0, return_inverse=True)[1].ravel()


def recorded_inside(belts: Belts, places: np.ndarray) -> np.ndarray:
    """Whether a belt covers each place."""
    found = np.zeros(len(places), dtype=bool)
    found[belts.tree.query(shapely.points(places), predicate="intersects")[0]] = True
    return found


def expected_share(random: Generator, belts: Belts, setting: Setting) -> float:
    """Expected share of recorded positions inside: true places drawn, their errors integrated exactly."""
    belt = random.integers(0, BELTS, PLACES_FOR_EXPECTED)
    sigma_m = np.full(len(belt), setting.sigma_m)
    inside = probability_inside(_inside(random, belts, belt), sigma_m, belts.mapped.land).mean()
    if setting.omission == 0:
        return float(inside)
    outside = probability_inside(_outside(random, belts, belt, setting), sigma_m, belts.mapped.land).mean()
    return float((1 - setting.omission) * inside + setting.omission * outside)


def _front(x: np.ndarray) -> np.ndarray:
    return 2_500 * np.sin(x / 9_000) + 800 * np.sin(x / 2_300 + 1)


def _at(belts: Belts, belt: np.ndarray, along_m: np.ndarray, across_m: np.ndarray) -> np.ndarray:
    return belts.centre[belt] + along_m[:, None] * belts.along[belt] + across_m[:, None] * belts.across[belt]


def _inside(random: Generator, belts: Belts, belt: np.ndarray) -> np.ndarray:
    along, across = random.random((2, len(belt))) - 0.5
    return _at(belts, belt, along * belts.length_m[belt], across * belts.width_m[belt])


def _outside(random: Generator, belts: Belts, belt: np.ndarray, setting: Setting) -> np.ndarray:
    """Draw again what falls into a belt or out of the study area."""
    places = np.empty((len(belt), 2))
    wanted = np.arange(len(belt))
    while len(wanted):
        drawn = _candidates(random, belts, belt[wanted], setting)
        good = ~recorded_inside(belts, drawn) & shapely.contains_xy(belts.study, *drawn.T)
        places[wanted[good]] = drawn[good]
        wanted = wanted[~good]
    return places


def _candidates(random: Generator, belts: Belts, belt: np.ndarray, setting: Setting) -> np.ndarray:
    count = len(belt)
    if setting.outside == "uniform":
        if setting.clustered:
            return belts.centre[belt] + random.uniform(-1_000, 1_000, (count, 2))
        west, south, east, north = belts.study.bounds
        return np.column_stack([random.uniform(west, east, count), random.uniform(south, north, count)])
    length_m, width_m = belts.length_m[belt], belts.width_m[belt]
    sides_only = setting.outside in {"sides100", "decay50"}
    if setting.outside == "decay50":
        distance_m = random.exponential(50, count)
    else:
        distance_m = random.uniform(0, float(setting.outside[-3:]), count)
    side = random.choice([-1.0, 1.0], count)
    along = random.random(count) - 0.5
    on_long_side = sides_only | (random.random(count) < length_m / (length_m + width_m))
    off_side = _at(belts, belt, along * length_m, side * (width_m / 2 + distance_m))
    off_end = _at(belts, belt, side * (length_m / 2 + distance_m), along * width_m)
    return np.where(on_long_side[:, None], off_side, off_end)
