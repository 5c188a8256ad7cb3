"""Land covered by 50,000 SYNTHETIC overlapping records, and how it grew over 12 batches, beside `shapely.union_all`.

By turns, medians of three rounds. The three areas must be the same to 1e-9, or the measurement stops.

    python tests/benchmarks/areas.py
"""

import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version

import numpy as np
import pandas
import shapely
from process import write_between
from worlds import RECORDS_PER_M, World, make_world

from registry.compare.areas import RankedRecords, merge_records
from registry.compare.blur import dissolve, in_canonical_order
from registry.compare.proximity import chained
from registry.geometry import local_equal_area

RECORDS, ROUNDS = 50_000, 3
TIMES_FASTER, TIMES_ONE_UNION, SAME = 8, 4, 1e-9
WORLDS = {"about as dense as real ones": RECORDS_PER_M / 4, "crowded": RECORDS_PER_M}


def main() -> int:
    """Measure, write the page, and say whether the limits were held."""
    load = os.getloadavg()[0]
    lines = [
        "| records | neighbours of a record | alone | most together | `union_all`, s | ours, s | times faster "
        "| 12 batches, s | times one union |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    held = True
    for name, records_per_m in WORLDS.items():
        world = make_world(RECORDS, 1, records_per_m)
        peer, ours, batches = measured(world)
        lines.append(
            f"| {name} | {together(world.records)} | {peer:.2f} | {ours:.2f} | {peer / ours:.1f} | {batches:.2f} "
            f"| {batches / ours:.1f} |"
        )
        if name != "crowded":
            held = peer / ours >= TIMES_FASTER and batches / ours <= TIMES_ONE_UNION
    conditions = (
        f"Measured on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, shapely {version('shapely')}, GEOS {shapely.geos_version_string}; load "
        f"average at the start {load:.1f}; medians of {ROUNDS} rounds. Held to, in the first row: at least "
        f"{TIMES_FASTER} times faster, at most {TIMES_ONE_UNION} times one union: {'yes' if held else 'no'}."
    )
    text = conditions + "\n\n" + "\n".join(lines)
    write_between("areas", text)
    print(text)
    return int(not held)


def measured(world: World) -> tuple[float, float, float]:
    """Seconds of the peer's union, of ours, and of ours batch by batch."""
    names = tuple(f"batch/{number}" for number in range(len(world.records)))
    batches = tuple((f"{number:02d}", None) for number in range(world.batch.max() + 1))
    plane = local_equal_area((20.0, 0.0, 20.0, 0.0))  # any will do: the world is flat
    ranked = RankedRecords(names, world.records, batches, world.batch, plane, pandas.DataFrame())
    jobs: list[Callable[[], float]] = [
        lambda: shapely.union_all(world.records).area,
        lambda: float(shapely.area(dissolve(in_canonical_order(world.records))).sum()),
        lambda: merge_records(ranked).by_handover[-1].cumulative_union_m2,
    ]
    seconds: list[list[float]] = [[] for _ in jobs]
    for number in range(ROUNDS):
        found = []
        for job in range(number, number + len(jobs)):
            started = time.perf_counter()
            found.append(jobs[job % len(jobs)]())
            seconds[job % len(jobs)].append(time.perf_counter() - started)
        if max(found) / min(found) - 1 > SAME:
            raise SystemExit(f"The areas differ: {found}.")
    peer, ours, by_batch = (statistics.median(each) for each in seconds)
    return peer, ours, by_batch


def together(records: np.ndarray) -> str:
    """How records touch each other, as cells of the table."""
    one, other = shapely.STRtree(records).query(records, predicate="intersects")
    sizes = np.bincount(chained(len(records), one, other))
    neighbours = (len(one) - len(records)) / len(records)
    return f"{neighbours:.1f} | {np.count_nonzero(sizes == 1) / len(records):.0%} | {sizes.max():,}"


if __name__ == "__main__":
    sys.exit(main())
