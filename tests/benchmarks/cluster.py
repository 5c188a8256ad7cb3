"""Events in parts beside all at once, on a SYNTHETIC world: in one process, on two workers, with one of them killed.

Each way is the command ``stats --json`` as a process of its own, and all must print the same bytes. The workers are
processes on loopback, started as docs/cluster.md says. What was measured becomes a table there.
"""

import argparse
import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import geopandas
import numpy as np
import process
from process import ROOT, ours
from worlds import BATCHES, SEED, SIZES, make_world

from registry import geometry
from registry.model import Counts, Handover, Kind, PartialDate, Provenance
from registry.partwise import IN_PARTS
from registry.store import NewLayer, Registry

PAGE = ROOT / "docs" / "cluster.md"
DEVICES = np.array(["AP_MINE", "AV_MINE", "MINE_UNSPEC", "UXO", "UNKNOWN"])
FIRST = date(2021, 1, 15)
BETWEEN = timedelta(days=60)


@dataclass(frozen=True)
class Measured:
    """One way of comparing: wall time, peak memory of the command and of its largest worker."""

    way: str
    seconds: float
    peak_mb: float
    worker_mb: float | None = None


def main() -> int:
    """Measure, check that the answers are the same, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="M")
    parser.add_argument("--group-rows", type=int, default=50_000, help="events of a task")
    parser.add_argument("--folder", type=Path, help="where the world is kept, or already is")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = chosen.folder or Path(scratch)
        registry = folder / f"{chosen.size}.gpkg"
        if not registry.exists():
            build(registry, *SIZES[chosen.size])
        parts = Path(scratch) / "parts"
        export = ours(registry, "export", "events", "--to", "geoparquet", "-o", str(parts))
        written = measured("export of the parts", [*export, "--group-rows", str(chosen.group_rows)])[0]
        rows, same = compare(registry, parts)
    process.PAGE = PAGE
    process.write_between("measured", table(chosen.size, chosen.group_rows, [written, *rows]))
    print("the answers are the same" if same else "THE ANSWERS DIFFER")
    return 0 if same else 1


def compare(registry: Path, parts: Path) -> tuple[list[Measured], bool]:
    """Every way, and whether they all gave the same bytes."""
    stats = ours(registry, "stats", "--json", *(word for section in IN_PARTS for word in ("--only", section)))
    from_parts = [*stats, "--events-from", str(parts)]
    found = [measured("all events at once", stats), measured("in parts, one process", from_parts)]
    with cluster() as address:
        on_cluster = [*from_parts, "--scheduler", address]
        measured("in parts, two workers", on_cluster)  # Numba compiles, where it never did
        found.append(measured("in parts, two workers", on_cluster, address=address))
        found.append(measured("the same, one worker killed", on_cluster, address=address, kill=True))
    return [row for row, _ in found], len({answer for _, answer in found}) == 1


def build(path: Path, records: int, events: int) -> None:
    """A registry of a world, in open sea."""
    world = make_world(records, events)
    random = np.random.default_rng(SEED)
    plane = geometry.local_equal_area((-20, -20, -20, -20))
    polygons = geometry.project(world.records, plane, geometry.WGS84)
    points = geopandas.points_from_xy(*world.events.T)
    days = np.datetime64(FIRST) + random.integers(-BETWEEN.days, BATCHES * BETWEEN.days, events)
    with Registry.create(path) as registry:
        for batch in range(BATCHES):
            mine = np.flatnonzero(world.batch == batch)
            frame = geopandas.GeoDataFrame(
                {"record_id": [f"{number}" for number in mine], "plot_status": "PLOTTED", "mines_ap": 50},
                geometry=polygons[mine],
                crs=4326,
            )
            on = PartialDate(FIRST + batch * BETWEEN)
            add(
                registry,
                Kind.MINEFIELDS,
                Handover(f"batch-{batch:02d}", f"SYNTHETIC {batch}", handed_over_on=on),
                frame,
            )
        frame = geopandas.GeoDataFrame(
            {
                "accident_id": [f"{number}" for number in range(events)],
                "plot_status": "PLOTTED",
                "occurred_on": np.datetime_as_string(days),
                "occurred_on_precision": "DAY",
                "device_category": random.choice(DEVICES, events),
            },
            geometry=geometry.project(np.asarray(points, dtype=object), plane, geometry.WGS84),
            crs=4326,
        )
        add(registry, Kind.ACCIDENTS, Handover("events", "SYNTHETIC events"), frame)


def add(registry: Registry, kind: Kind, handover: Handover, frame: geopandas.GeoDataFrame) -> None:
    """Bring a layer in without an import, which others measure."""
    counts = Counts(len(frame), len(frame), 0, 0, 0)
    found = Provenance(datetime(2021, 1, 1, tzinfo=UTC), {}, (), {}, ())
    registry.add(NewLayer(handover, kind, handover.title, frame, counts, found, (), ()))


def measured(way: str, command: list[str], *, address: str | None = None, kill: bool = False) -> tuple[Measured, str]:
    """Run a command, and give back what it took and what it printed."""
    started = time.perf_counter()
    workers = [] if address is None else pids(address)
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    watching = threading.Thread(target=watch, args=(running, workers[0] if kill else None))
    watching.start()
    answer = running.stdout.read()
    watching.join()
    _, status, usage = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - started
    if running.returncode:
        raise subprocess.CalledProcessError(running.returncode, command)
    worker_mb = None if address is None else max(map(peak_mb, pids(address)))
    row = Measured(way, seconds, usage.ru_maxrss * 1024 / 1e6, worker_mb)
    print(f"{row.way}: {row.seconds:.1f} s, {row.peak_mb:.0f} MB", file=sys.stderr)
    return row, answer


def watch(running: "subprocess.Popen[str]", victim: int | None) -> None:
    """Pass on what a command says of its progress; kill a worker when a third of the row groups are counted."""
    for line in running.stderr:
        words = line.split()
        if victim is not None and words[:2] == ["row", "group"] and int(words[2]) > int(words[4]) // 3:
            os.kill(victim, signal.SIGKILL)
            print(f"killed worker {victim} at: {line.strip()}", file=sys.stderr)
            victim = None
    if victim is not None:
        raise SystemExit("the command was done before a worker could be killed")


@contextmanager
def cluster() -> Iterator[str]:
    """A scheduler and two workers on loopback, started by their commands."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    dask = [sys.executable, "-m", "dask"]
    here = ["--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0"]
    commands = [
        [*dask, "scheduler", *here, "--port", address.rpartition(":")[2]],
        *[[*dask, "worker", address, *here, "--nthreads", "1"]] * 2,
    ]
    begun = [
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT)
        for command in commands
    ]
    try:
        while len(pids(address)) < 2:
            time.sleep(0.2)
        yield address
    finally:
        for each in reversed(begun):
            each.terminate()
            each.wait()


def pids(address: str) -> list[int]:
    """Process of each worker."""
    from distributed import Client

    with Client(address, timeout=30, set_as_default=False) as client:
        return list(client.run(os.getpid).values())


def peak_mb(pid: int) -> float:
    """Peak resident memory of a process."""
    said = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(said.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6


def table(size: str, group_rows: int, rows: list[Measured]) -> str:
    """What was measured, as Markdown."""
    from distributed import __version__ as dask

    records, events = SIZES[size]
    lines = [
        f"**{size}**: {records:,} records, {events:,} events in row groups of {group_rows:,}. Measured on "
        f"{datetime.now(UTC).date()}: {os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python "
        f"{platform.python_version()}, Dask {dask}; load average at the end {os.getloadavg()[0]:.1f}; one run each.",
        "",
        "| | s | peak, MB | largest worker, MB |",
        "| --- | ---: | ---: | ---: |",
        *(
            f"| {row.way} | {row.seconds:.1f} | {row.peak_mb:,.0f} | "
            f"{'' if row.worker_mb is None else f'{row.worker_mb:,.0f}'} |"
            for row in rows
        ),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
