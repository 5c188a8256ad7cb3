"""Covering pairs and nearest distance beside other engines, on SYNTHETIC worlds of growing size and equal density.

Every engine is a process of its own, asked by turns, in an order that turns with the rounds; their answers must be the
same. What was measured is kept in peers.json, size by size, and becomes tables and a plot in docs/performance.md.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from plot import Line, log_log
from process import PAGE, ROOT, write_between
from worlds import SIZES, make_world

HERE = Path(__file__).resolve().parent
KEPT = HERE / "peers.json"
PLOT = PAGE.parent / "performance-peers.svg"

NAMES = {
    "ours": "ours",
    "plain": "ours, without the extra",
    "geopandas": "geopandas",
    "duckdb": "DuckDB Spatial",
    "sedona": "SedonaDB",
    "postgis": "PostGIS",
}
OTHERS = ("duckdb", "sedona", "postgis")
ROUNDS = {"S": 3, "M": 3, "L": 1}
SECONDS = {"S": 5, "M": 20, "L": 30}
"""An engine is asked again until it has worked for so long, five times at most."""

MEMORY_MB_AT_L = 2_500


@dataclass(frozen=True)
class Measured:
    """One engine on one world: medians over the rounds, of the first answer in a process and of those that follow."""

    seconds: float
    first_seconds: float
    peak_mb: float | None
    version: str


def main() -> int:
    """Measure, write the page, and say whether the limits were held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer-python", required=True, help="Python with geopandas, DuckDB and SedonaDB")
    parser.add_argument("--sizes", default="S,M", help="S, M or L, several with commas; '' writes the page anew")
    options = parser.parse_args()
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    for size in filter(None, options.sizes.split(",")):
        kept[size] = measure_size(size, str(Path(options.peer_python).absolute()))
        KEPT.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    measured = {size: {name: Measured(**each) for name, each in kept[size]["engines"].items()} for size in kept}
    limits = limits_held(measured)
    tables = [f"{kept[size]['conditions']}\n\n{table(measured[size])}" for size in SIZES if size in kept]
    held = "\n".join(["| held to | found | limit | held |", "| --- | ---: | ---: | --- |", *(row for row, _ in limits)])
    PLOT.write_text(plotted(measured), encoding="utf-8")
    picture = f"![Microseconds for each event, by number of events]({PLOT.name})"
    write_between("peers", "\n\n".join([*tables, held, picture]))
    print("\n\n".join([*tables, held]))
    return int(not all(fine for _, fine in limits))


def measure_size(size: str, peer_python: str) -> dict[str, object]:
    """All engines on one world, by turns."""
    load = os.getloadavg()[0]
    records, events = SIZES[size]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        write_world(folder, size)
        runs: dict[str, list[dict[str, object]]] = {
            engine: [] for engine in NAMES if engine_is_there(engine, peer_python)
        }
        for number in range(ROUNDS[size]):
            engines = list(runs)
            for engine in engines[number % len(engines) :] + engines[: number % len(engines)]:
                runs[engine].append(ask(engine, folder, SECONDS[size], peer_python))
                print(size, engine, runs[engine][-1], flush=True)
            if not number:
                assert_same(folder, list(runs))
        pairs, share = found(folder)
    conditions = (
        f"**{size}**: {records:,} records, {events:,} events, {share:.0%} of them inside, {pairs:,} pairs. "
        f"Measured on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}; load average at the start {load:.1f}; medians of {ROUNDS[size]} "
        f"{'rounds' if ROUNDS[size] > 1 else 'round'}."
    )
    return {"conditions": conditions, "engines": {engine: asdict(median(each)) for engine, each in runs.items()}}


def write_world(folder: Path, size: str) -> None:
    """What the engines load."""
    world = make_world(*SIZES[size])
    x, y = np.ascontiguousarray(world.events.T)
    pq.write_table(pa.table({"x": x, "y": y}), folder / "events.parquet", row_group_size=500_000)
    pq.write_table(
        pa.table({"wkb": pa.array(shapely.to_wkb(world.records), pa.binary())}),
        folder / "records.parquet",
        row_group_size=50_000,
    )


def engine_is_there(engine: str, peer_python: str) -> bool:
    """PostGIS where its server is installed; the others belong to the environment of the peers."""
    if engine != "postgis":
        return True
    if not shutil.which("pg_config"):
        return False
    shared = subprocess.run(["pg_config", "--sharedir"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    has_client = subprocess.run([peer_python, "-c", "import psycopg"], check=False, stderr=subprocess.DEVNULL)
    return (Path(shared) / "extension" / "postgis.control").exists() and not has_client.returncode


def ask(engine: str, folder: Path, seconds: float, peer_python: str) -> dict[str, object]:
    """One process of an engine."""
    mine = engine in {"ours", "plain"}
    command = [sys.executable if mine else peer_python, "-W", "ignore", str(HERE / "engines.py")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)} if mine else None
    done = subprocess.run(
        [*command, engine, str(folder), str(seconds)], check=True, stdout=subprocess.PIPE, text=True, env=environment
    )
    measured: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return measured


def assert_same(folder: Path, engines: list[str]) -> None:
    """Stop where an engine gives another answer: it would not be the same work."""
    with np.load(folder / "ours.npz") as known:
        mine = dict(known)
    for engine in engines:
        with np.load(folder / f"{engine}.npz") as answer:
            same = all(np.array_equal(answer[name], mine[name]) for name in ("event", "record", "outside"))
            if not same or not np.allclose(answer["distance"], mine["distance"], rtol=1e-12, atol=1e-6):
                raise SystemExit(f"{NAMES[engine]} gives another answer than ours: it is not the same work.")


def found(folder: Path) -> tuple[int, float]:
    """How many pairs there are, and the share of events inside."""
    with np.load(folder / "ours.npz") as answer:
        inside = len(np.unique(answer["event"]))
        return len(answer["event"]), inside / (inside + len(answer["outside"]))


def median(runs: list[dict[str, object]]) -> Measured:
    """Of the answers after the first in each process, where there are any."""
    again = [taken for run in runs for taken in (run["seconds"][1:] or run["seconds"])]
    peaks = [run["peak_mb"] for run in runs]
    return Measured(
        statistics.median(again),
        statistics.median(run["seconds"][0] for run in runs),
        None if None in peaks else statistics.median(peaks),
        str(runs[0]["version"]),
    )


def table(engines: dict[str, Measured]) -> str:
    """One size: seconds, how many times ours, memory."""
    ours = engines["ours"].seconds
    lines = [
        "| | s | times ours | first in its process, s | peak, MB | version |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for name, each in engines.items():
        peak = "(server)" if each.peak_mb is None else f"{each.peak_mb:,.0f}"
        lines.append(
            f"| {NAMES[name]} | {each.seconds:.3f} | {each.seconds / ours:.1f} | {each.first_seconds:.3f} | {peak} "
            f"| {each.version} |"
        )
    return "\n".join(lines)


def limits_held(measured: dict[str, dict[str, Measured]]) -> list[tuple[str, bool]]:
    """Rows of what is held to, and whether it was."""
    rows: list[tuple[str, bool]] = []

    def at_least(words: str, value: float, limit: float) -> None:
        rows.append((f"| {words} | {value:.1f} | at least {limit:g} | {_said(value >= limit)} |", value >= limit))

    def below(words: str, value: float, limit: float) -> None:
        rows.append((f"| {words} | {value:,.2f} | below {limit:,g} | {_said(value < limit)} |", value < limit))

    for size, geopandas_times, best_times in (("S", 1, None), ("M", 25, 12), ("L", 50, 12)):
        if size not in measured:
            continue
        engines = measured[size]
        ours = engines["ours"].seconds
        at_least(f"{size}: times faster than geopandas", engines["geopandas"].seconds / ours, geopandas_times)
        if best_times is not None:
            best = min(engines[name].seconds for name in OTHERS if name in engines)
            at_least(f"{size}: times faster than the best of the other engines", best / ours, best_times)
    if "M" in measured:
        without = measured["M"]["geopandas"].seconds / measured["M"]["plain"].seconds
        at_least("M: times faster than geopandas without the extra", without, 4)
    if "L" in measured:
        below("L: peak memory, MB", measured["L"]["ours"].peak_mb or 0.0, MEMORY_MB_AT_L)
    if {"M", "L"} <= measured.keys():
        below("cost of an event at L, times that at M", _per_event(measured, "L") / _per_event(measured, "M"), 2)
    return rows


def _said(held: bool) -> str:
    return "yes" if held else "no"


def _per_event(measured: dict[str, dict[str, Measured]], size: str, engine: str = "ours") -> float:
    """Microseconds."""
    return measured[size][engine].seconds / SIZES[size][1] * 1e6


def plotted(measured: dict[str, dict[str, Measured]]) -> str:
    """Microseconds for each event by number of events, a line for each engine."""
    lines = []
    for engine, name in NAMES.items():
        sizes = [size for size in SIZES if engine in measured.get(size, {})]
        points = tuple((float(SIZES[size][1]), _per_event(measured, size, engine)) for size in sizes)
        if points:
            lines.append(Line(name, points))
    return log_log(lines, "events (records grow with them, at one density)", "microseconds for each event")


if __name__ == "__main__":
    sys.exit(main())
