"""M1b and M1d of 10,000 events against 50,000 SYNTHETIC records, from the records as they are read to the figures.

M1b is exact here and takes no samples; for some events it is held against 4,096 samples of each.

    python tests/benchmarks/estimates.py
"""

import os
import platform
import statistics
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version

import numpy as np
import shapely
from process import write_between
from worlds import World, make_world

from registry.compare.blur import Land, dissolve, in_canonical_order, prepare_land, probability_inside
from registry.compare.kernel import covering
from registry.compare.mapped import prepare_mapped
from registry.compare.mixture import estimate_containment
from registry.compare.uncertainty import CELL_M

RECORDS, EVENTS, ROUNDS = 50_000, 10_000, 3
SIGMA_M = 30.0
SAMPLED, SAMPLES, SEED = 500, 4_096, 1
BLURRED_AT_MOST_S, ESTIMATED_AT_MOST_S = 20, 30


def main() -> int:
    """Measure, write the page, and say whether the limits were held."""
    load = os.getloadavg()[0]
    world = make_world(RECORDS, EVENTS)
    sigma_m = np.full(EVENTS, SIGMA_M)
    blurred_s, estimated_s = [], []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        land = prepare_land(dissolve(in_canonical_order(world.records)))
        probability = probability_inside(world.events, sigma_m, land)
        blurred_s.append(time.perf_counter() - started)
        started = time.perf_counter()
        mapped = prepare_mapped(world.records, study_area(world), SIGMA_M)
        found = estimate_containment(world.events, sigma_m, mapped, CELL_M)
        estimated_s.append(time.perf_counter() - started)
    off = probability[:SAMPLED] - sampled(world, land)
    jobs = (
        (f"M1b {probability.mean():.3f}", statistics.median(blurred_s), BLURRED_AT_MOST_S),
        (
            f"M1d {found.value:.3f} ({found.low:.3f} to {found.high:.3f})",
            statistics.median(estimated_s),
            ESTIMATED_AT_MOST_S,
        ),
    )
    lines = ["| | s | below, s | held |", "| --- | ---: | ---: | --- |"]
    lines += [f"| {name} | {taken:.1f} | {limit} | {'yes' if taken < limit else 'no'} |" for name, taken, limit in jobs]
    text = (
        f"Measured on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, shapely {version('shapely')}, GEOS {shapely.geos_version_string}; load "
        f"average at the start {load:.1f}; medians of {ROUNDS} rounds.\n\n" + "\n".join(lines) + "\n\n"
        f"Of {SAMPLED} events with {SAMPLES:,} samples each, M1b by samples is {np.sqrt((off**2).mean()):.4f} off in "
        f"the root mean square, {abs(off).max():.4f} at most; their own noise is up to {0.5 / np.sqrt(SAMPLES):.4f}."
    )
    write_between("estimates", text)
    print(text)
    return int(any(taken >= limit for _, taken, limit in jobs))


def study_area(world: World) -> np.ndarray:
    """All that holds an event."""
    return np.array([shapely.box(*world.events.min(axis=0), *world.events.max(axis=0))], dtype=object)


def sampled(world: World, land: Land) -> np.ndarray:
    """M1b of the first events by samples."""
    noise = np.random.default_rng(SEED).normal(size=(SAMPLED, SAMPLES, 2)) * SIGMA_M
    points = shapely.points((world.events[:SAMPLED, None] + noise).reshape(-1, 2))
    held, _ = covering(points, land.parts, 0.0)
    return np.bincount(held // SAMPLES, minlength=SAMPLED) / SAMPLES


if __name__ == "__main__":
    sys.exit(main())
