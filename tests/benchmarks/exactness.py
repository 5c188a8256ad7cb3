"""A million close calls: the two tiers of the comparison against each other and against GEOS itself.

Each case is an event of a world of `close_calls`: on a corner, on an edge, a nanometre beside it, as far from two
records. Three answers are compared: which records cover it, which are within a centimetre, and the nearest record of
all and of those held by then, with the distance. GEOS is asked by `covers`, `dwithin` and `distance` of each record by
itself, no tree between, for a part of the cases.
"""

import argparse
import sys
import time

import numpy as np
import shapely
from process import ROOT

sys.path.insert(0, str(ROOT / "tests" / "compare"))

from close_calls import CloseCalls, close_calls

from registry.compare import fast, plain
from registry.compare.kernel import TOLERANCE_M

CASES, EVENTS = 1_000_000, 5_000
BY_GEOS = 250  # events of each world that are held against every record, one by one


def main() -> int:
    """Compare, and say how many answers differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--seed", type=int, default=20241125)
    options = parser.parse_args()
    started, differ, by_geos, pairs = time.perf_counter(), 0, 0, 0
    worlds = -(-options.cases // EVENTS)
    for number in range(worlds):
        case = close_calls(np.random.default_rng([options.seed, number]), EVENTS)
        differ += between_tiers(case)
        alone = CloseCalls(case.polygons, case.xy[:BY_GEOS], case.held[:BY_GEOS])
        by_geos += from_geos(alone)
        pairs += len(alone.xy) * len(alone.polygons)
    print(
        f"{worlds * EVENTS:,} events: {differ} answers differ between the tiers. "
        f"{pairs:,} pairs of them with a record, by GEOS alone: {by_geos} answers differ. "
        f"{time.perf_counter() - started:.0f} s."
    )
    return int(differ + by_geos > 0)


def between_tiers(case: CloseCalls) -> int:
    """How many answers of the compiled tier are not those of shapely."""
    quick, plainly = fast.search_for(case.polygons), plain.Search(case.polygons)
    differ = 0
    for within_m in (0.0, TOLERANCE_M):
        found, wanted = (
            set(zip(*map(list, each.covering(case.xy, within_m)), strict=True)) for each in (quick, plainly)
        )
        differ += len(found ^ wanted)
        outside = np.setdiff1d(np.arange(len(case.xy)), [event for event, _ in wanted])
        for held in (None, case.held[outside]):
            (record, distance_m), (known, known_m) = (each.nearest(case.xy[outside], held) for each in (quick, plainly))
            differ += np.count_nonzero((record != known) | ~np.isclose(distance_m, known_m, rtol=1e-14, atol=1e-9))
    return differ


def from_geos(case: CloseCalls) -> int:
    """How many answers of the compiled tier are not those of GEOS, asked of every pair by itself."""
    search, points = fast.search_for(case.polygons), shapely.points(case.xy)[:, None]
    covers = shapely.covers(case.polygons, points)
    found = np.zeros_like(covers)
    found[search.covering(case.xy, 0.0)] = True
    distance_m = np.nan_to_num(shapely.distance(points, case.polygons), nan=np.inf)
    near = np.zeros_like(covers)
    near[search.covering(case.xy, TOLERANCE_M)] = True
    differ = np.count_nonzero(found != covers) + np.count_nonzero(
        near != shapely.dwithin(points, case.polygons, TOLERANCE_M)
    )
    outside = np.flatnonzero(~near.any(axis=1))
    seen = np.arange(len(case.polygons)) < case.held[:, None]
    for held, of_seen in ((None, distance_m), (case.held[outside], np.where(seen, distance_m, np.inf))):
        record, _ = search.nearest(case.xy[outside], held)
        nearest = of_seen[outside].argmin(axis=1)
        differ += np.count_nonzero(record != np.where(np.isinf(of_seen[outside].min(axis=1)), -1, nearest))
    return differ


if __name__ == "__main__":
    sys.exit(main())
