"""Import, statistics and map of real data as whole processes, beside plain geopandas doing the same work.

Each job is run once to warm up and then five times, ours and the peer's by turns. Wall time is measured from the
start of the process to its end, peak memory is the operating system's own figure for it. Medians go into
docs/performance.md.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from process import PACKAGES, ROOT, Run, call, measure, ours, versions, write_between

HERE = Path(__file__).resolve().parent
DATA = ROOT.parent / "shared" / "data" / "bih-mines"

RUNS = 5
SUSPECTED, INCIDENTS, MUNICIPALITIES = "suspect_areas_simplyfied.geojson", "incidents.geojson", "cantons.geojson"
IMPORTS = {
    SUSPECTED: ["--kind", "minefields", "--id", "bih-2024-03", "--field", "map_sheet=fileId", "--repair"],
    INCIDENTS: ["--kind", "accidents", "--id", "bih-incidents"],
    MUNICIPALITIES: ["--kind", "districts", "--id", "bih-municipalities", "--field", "name=shapeName"],
}


@dataclass(frozen=True)
class Job:
    """The same work done twice; `limit_s` is what ours is held to. A command is made anew for each run."""

    title: str
    limit_s: float
    ours: Callable[[Path], list[str]]
    peers: Callable[[Path], list[str]]


def main() -> int:
    """Measure, write the page, and say whether the limits were held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer-python", required=True, help="Python with geopandas, folium, mapclassify, matplotlib")
    peer_python = parser.parse_args().peer_python
    if not DATA.is_dir():
        print(f"There is nothing to measure: {DATA} is not there.")
        return 0
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name:
        jobs = prepare(Path(name), str(Path(peer_python).absolute()))
        measured = [(job, *alternate(job, Path(name))) for job in jobs]
    table = results_table(measured)
    write_between("measured", f"{conditions(peer_python, load)}\n\n{table}")
    print(table)
    held = [statistics.median(run.wall_s for run in ours) < job.limit_s for job, ours, _ in measured]
    return int(not all(held))


def prepare(folder: Path, peer_python: str) -> list[Job]:
    """Make what the jobs read, check that both sides find the same, and describe the jobs."""

    def peers(job: str, *words: str) -> list[str]:
        return [peer_python, "-W", "ignore", str(HERE / f"peer_{job}.py"), *words]

    registry = folder / "bih.gpkg"
    call(ours(registry, "init"))
    layers = []
    for source, options in IMPORTS.items():
        call(ours(registry, "import", str(DATA / source), *options))
        layers.append(str(folder / f"{source}.gpkg"))
        call(peers("import", str(DATA / source), layers[-1]))

    def import_ours(scratch: Path) -> list[str]:
        fresh = scratch / "fresh.gpkg"
        fresh.unlink(missing_ok=True)
        call(ours(fresh, "init"))
        return ours(fresh, "import", str(DATA / SUSPECTED), *IMPORTS[SUSPECTED])

    def import_peers(scratch: Path) -> list[str]:
        (scratch / "peer.gpkg").unlink(missing_ok=True)
        return peers("import", str(DATA / SUSPECTED), str(scratch / "peer.gpkg"))

    def stats_peers(_: Path) -> list[str]:
        return peers("stats", *layers)

    def map_peers(scratch: Path) -> list[str]:
        return peers("map", *layers, str(scratch / "peer.html"))

    window = json.loads(call(ours(registry, "stats", "--json")))["accuracy"]["all"]
    theirs = json.loads(call(stats_peers(folder)))
    for figure in ("total", "inside"):
        if window[figure] != theirs[figure]:
            raise SystemExit(f"{figure}: {window[figure]} of ours, {theirs[figure]} of the peer: not the same work.")
    return [
        Job("`import --repair`", 6.0, import_ours, import_peers),
        Job("`stats --json`", 1.5, lambda _: ours(registry, "stats", "--json"), stats_peers),
        Job("`map -o`", 5.0, lambda scratch: ours(registry, "map", "-o", str(scratch / "ours.html")), map_peers),
    ]


def alternate(job: Job, scratch: Path) -> tuple[list[Run], list[Run]]:
    """Runs of ours and of the peer's, by turns, without the first of each."""
    pairs = [(measure(job.ours(scratch)), measure(job.peers(scratch))) for _ in range(1 + RUNS)][1:]
    return [mine for mine, _ in pairs], [peers for _, peers in pairs]


def results_table(measured: Sequence[tuple[Job, list[Run], list[Run]]]) -> str:
    """Medians and ratios, ours over the peer's."""
    lines = [
        "| | ours, s | geopandas, s | ratio | ours, MB | geopandas, MB | ratio | at most, s | held |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    for job, *sides in measured:
        wall = [statistics.median(run.wall_s for run in side) for side in sides]
        peak = [statistics.median(run.peak_mb for run in side) for side in sides]
        lines.append(
            f"| {job.title} | {wall[0]:.2f} | {wall[1]:.2f} | {wall[0] / wall[1]:.2f} "
            f"| {peak[0]:.0f} | {peak[1]:.0f} | {peak[0] / peak[1]:.2f} "
            f"| {job.limit_s:g} | {'yes' if wall[0] < job.limit_s else 'no'} |"
        )
    return "\n".join(lines)


def conditions(peer_python: str, load: float) -> str:
    """Where and with what it was measured."""
    code = (
        "import sys; from importlib.metadata import version; "
        "print(', '.join(f'{name} {version(name)}' for name in sys.argv[1:]))"
    )
    measured = (
        f"Measured on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}; load average at the start {load:.1f}; medians of {RUNS} runs."
    )
    theirs = call([peer_python, "-c", code, *PACKAGES]).strip()
    return "  \n".join([measured, f"Ours: {versions()}.", f"geopandas: {theirs}."])


if __name__ == "__main__":
    sys.exit(main())
