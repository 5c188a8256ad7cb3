"""How often a planted shift is found: synthetic worlds by the settings that the shift must stand, on two processes.

python tests/benchmarks/shift_worlds.py                      400 worlds per setting, the table into docs/shift.md
python tests/benchmarks/shift_worlds.py --worlds 100 --only "all inside" --print
"""

import argparse
import multiprocessing
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import shapely
from shapely import affinity

from registry.compare.mistakes import named_mistakes
from registry.compare.shift import find_shift
from registry.geometry import local_equal_area

DOCS = Path(__file__).resolve().parents[2] / "docs" / "shift.md"
BEGIN, END = "<!-- shift worlds: begin -->", "<!-- shift worlds: end -->"

SIDE_M = 15_000.0
BELTS, EVENTS, SIGMA_M = 60, 200, 30.0
WIDTH_M, LENGTH_M = (50.0, 200.0), (300.0, 1_500.0)
PLANTED_M = (60.0, 500.0)
OPEN_SEA = local_equal_area((50.5, 41.5, 50.6, 41.6))  # where Pulkovo 1942 is in use
SK42 = "sk42-not-transformed"


@dataclass(frozen=True)
class Setting:
    """What worlds are made of; ``outside`` names how events outside records lie, ``within_m`` what counts as near."""

    name: str
    inside: float
    outside: str = "uniform"
    parallel: bool = False
    planted: str = "random"
    within_m: float = 20.0
    wanted: str = ""


SETTINGS = (
    Setting("all inside", 1.0, wanted="95 % within 20 m"),
    Setting("45 % inside, others uniform", 0.45, "uniform", wanted="85 % within 20 m, p95 30 m"),
    Setting("45 % inside, others within 100 m", 0.45, "within 100", wanted="85 % within 20 m, p95 30 m"),
    Setting("45 % inside, others within 300 m", 0.45, "within 300", wanted="85 % within 20 m, p95 30 m"),
    Setting("45 % inside, others exponential, mean 50 m", 0.45, "exponential 50", wanted="85 % within 20 m, p95 30 m"),
    Setting(
        "45 % inside, others exponential, mean 100 m", 0.45, "exponential 100", wanted="85 % within 20 m, p95 30 m"
    ),
    Setting("parallel belts, all inside", 1.0, parallel=True, within_m=40.0, wanted="90 % within 40 m"),
    Setting(
        "parallel belts, 45 % inside, others uniform", 0.45, "uniform", True, within_m=40.0, wanted="90 % within 40 m"
    ),
    Setting(
        "parallel belts, 45 % inside, others within 100 m",
        0.45,
        "within 100",
        True,
        within_m=40.0,
        wanted="90 % within 40 m",
    ),
    Setting("no shift, all inside", 1.0, planted="none", wanted="found in at most 2 %"),
    Setting("no shift, 45 % inside, others uniform", 0.45, "uniform", planted="none", wanted="found in at most 2 %"),
    Setting(
        "no shift, 45 % inside, others within 100 m", 0.45, "within 100", planted="none", wanted="found in at most 2 %"
    ),
    Setting("SK-42 not transformed, 45 % inside, others uniform", 0.45, "uniform", planted=SK42, wanted="named"),
)


@dataclass(frozen=True)
class Outcome:
    """One world: how far off the shift was, and what was said of it."""

    error_m: float
    found: bool
    covered: bool
    lopsided: bool
    weak_half_m: float
    name: str | None
    seconds: float


def belts(random: np.random.Generator, parallel: bool) -> np.ndarray:
    """Mined belts, rectangles anywhere in the world."""
    common = random.uniform(0, np.pi)
    made = []
    for _ in range(BELTS):
        width, length = random.uniform(*WIDTH_M) / 2, random.uniform(*LENGTH_M) / 2
        angle = common if parallel else random.uniform(0, np.pi)
        x, y = random.uniform(1_000, SIDE_M - 1_000, 2)
        belt = affinity.rotate(shapely.box(-length, -width, length, width), angle, use_radians=True)
        made.append(affinity.translate(belt, x, y))
    return np.array(made)


def uniform_in(random: np.random.Generator, polygons: np.ndarray, count: int) -> np.ndarray:
    """Places that are equally likely all over some polygons."""
    triangles = shapely.get_parts(shapely.constrained_delaunay_triangles(shapely.get_parts(polygons)))
    corner = shapely.get_coordinates(triangles).reshape(-1, 4, 2)
    area = shapely.area(triangles)
    chosen = random.choice(len(triangles), count, p=area / area.sum())
    share = random.random((count, 2))
    share[share.sum(axis=1) > 1] = 1 - share[share.sum(axis=1) > 1]
    first, second, third = corner[chosen, 0], corner[chosen, 1], corner[chosen, 2]
    return first + share[:, :1] * (second - first) + share[:, 1:] * (third - first)


def beyond_borders(random: np.random.Generator, polygons: np.ndarray, count: int, mean_m: float) -> np.ndarray:
    """Places at an exponential distance straight out from borders; some lie in another belt."""
    lines = shapely.boundary(polygons)
    length = shapely.length(lines)
    chosen = random.choice(len(polygons), count, p=length / length.sum())
    at = random.random(count) * (length[chosen] - 0.02)
    here, there = (
        shapely.get_coordinates(shapely.line_interpolate_point(lines[chosen], at + step)) for step in (0.0, 0.01)
    )
    along = (there - here) / np.hypot(*(there - here).T)[:, None]
    out = np.column_stack([-along[:, 1], along[:, 0]]) * random.choice([-1, 1], count)[:, None]
    return here + out * random.exponential(mean_m, count)[:, None]


def outside(random: np.random.Generator, polygons: np.ndarray, count: int, how: str) -> np.ndarray:
    """Places outside all belts, by rejection."""
    mined = shapely.union_all(polygons)
    shapely.prepare(mined)
    kind, *number = how.split()
    near = None if kind != "within" else np.array([shapely.union_all(shapely.buffer(polygons, float(number[0])))])
    places = np.empty((0, 2))
    while len(places) < count:
        if near is not None:
            more = uniform_in(random, near, 3 * count)
        elif kind == "exponential":
            more = beyond_borders(random, polygons, 3 * count, float(number[0]))
        else:
            more = random.uniform(0, SIDE_M, (3 * count, 2))
        places = np.vstack([places, more[~shapely.intersects_xy(mined, more)]])
    return places[:count]


def planted(random: np.random.Generator, how: str) -> np.ndarray:
    """What must be added to the records."""
    if how == "none":
        return np.zeros(2)
    if how == SK42:
        middle = np.full((1, 2), SIDE_M / 2)
        return next(
            np.array([each.east_m, each.north_m]) for each in named_mistakes(middle, OPEN_SEA) if each.code == SK42
        )
    distance, angle = random.uniform(*PLANTED_M), random.uniform(0, 2 * np.pi)
    return distance * np.array([np.cos(angle), np.sin(angle)])


def run(task: tuple[int, Setting]) -> Outcome:
    """Make one world and seek its shift."""
    seed, setting = task
    random = np.random.default_rng(seed)
    mined = belts(random, setting.parallel)
    inside = random.binomial(EVENTS, setting.inside)
    places = uniform_in(random, mined, inside)
    if inside < EVENTS:
        places = np.vstack([places, outside(random, mined, EVENTS - inside, setting.outside)])
    places += random.normal(0, SIGMA_M, places.shape)
    truth = planted(random, setting.planted)
    records = shapely.transform(mined, lambda xy: xy - truth)
    started = time.process_time()
    mistakes = named_mistakes(places, OPEN_SEA) if setting.planted == SK42 else ()
    shift = find_shift(records, places, np.full(EVENTS, SIGMA_M), mistakes=mistakes, seed=seed)
    seconds = time.process_time() - started
    off = truth - np.array([shift.east_m, shift.north_m])
    return Outcome(
        float(np.hypot(*off)),
        bool(shift.found),
        shift.interval.holds(*off.tolist()),
        shift.interval.lopsided,
        shift.interval.weak_half_m,
        shift.name,
        seconds,
    )


HEAD = (
    "| setting | wanted | found | error: median, 95th percentile | within 20 m | within 40 m | interval holds "
    "| weak direction said | its half-length, median | named SK-42 |"
)


def rows(worlds: int, only: str, jobs: int) -> Iterator[str]:
    """The lines of the table, as they come."""
    yield HEAD
    yield "|---|---|---|---|---|---|---|---|---|---|"
    with multiprocessing.Pool(jobs) as pool:
        for setting in SETTINGS:
            if only not in setting.name:
                continue
            outcomes = pool.map(run, [(seed, setting) for seed in range(worlds)], chunksize=4)
            yield line(setting, outcomes)


def line(setting: Setting, outcomes: list[Outcome]) -> str:
    """One setting as a line of the table."""
    error = np.array([each.error_m for each in outcomes])
    share = {
        name: f"{100 * np.mean([bool(getattr(each, name)) for each in outcomes]):.1f} %"
        for name in ("found", "covered", "lopsided")
    }
    named = 100 * np.mean([each.name == SK42 for each in outcomes])
    weak = np.median([each.weak_half_m for each in outcomes])
    cells = (
        setting.name,
        setting.wanted,
        share["found"],
        f"{np.median(error):.1f} m, {np.percentile(error, 95):.1f} m",
        f"{100 * np.mean(error < 20):.1f} %",
        f"{100 * np.mean(error < 40):.1f} %",
        share["covered"],
        share["lopsided"],
        f"{weak:.0f} m",
        f"{named:.1f} %" if setting.planted == SK42 else "",
    )
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Run the worlds and write or print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", type=int, default=400)
    parser.add_argument("--only", default="", help="settings whose name holds this")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--print", action="store_true", dest="only_print", help="write nothing")
    asked = parser.parse_args()
    started, lines = time.monotonic(), []
    for each in rows(asked.worlds, asked.only, asked.jobs):
        print(each, flush=True)
        lines.append(each)
    print(f"{time.monotonic() - started:.0f} s")
    if not asked.only_print:
        text = DOCS.read_text(encoding="utf-8")
        before, after = text.split(BEGIN)[0], text.split(END)[1]
        table = "\n".join([f"{asked.worlds:,} worlds per setting.", "", *lines])
        DOCS.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
