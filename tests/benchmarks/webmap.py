"""The web map of 50,000 SYNTHETIC records and 100,000 events beside `GeoDataFrame.explore()` of the same, in one run.

How long each takes to be made, how large it is, and how it behaves in headless Chromium. Medians go into
docs/performance.md.
"""

import argparse
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import bosnia
from browser import Opened, chromium, open_ours, open_peers
from front_lines import layers, write_registry
from process import Run, call, measure, ours, versions, write_between

HERE = Path(__file__).resolve().parent
RECORDS, EVENTS = 50_000, 100_000
MANY_RECORDS = 500_000
RUNS = 3
MIDDLE, ZOOM = (-20.5, -20.0), 8.0
PAGE_ONLY = """
import sys
from pathlib import Path
from maps.webmap import build_web_map, save_web_map
from registry.store import Registry
with Registry.open(Path(sys.argv[1])) as registry:
    save_web_map(build_web_map(registry), Path(sys.argv[2]))
"""


Figures = TypeVar("Figures", Run, Opened)


@dataclass(frozen=True)
class Side:
    """One page: how it was made and how it behaved."""

    made: Run
    size_mb: float
    opened: Opened


def main() -> int:
    """Measure, write the page, and say whether the limits were held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer-python", required=True, help="Python with geopandas, folium, mapclassify, matplotlib")
    peer_python = str(Path(parser.parse_args().peer_python).absolute())
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        mine, alone, theirs = large(folder, peer_python)
        many = half_a_million(folder)
        country = of_bosnia(folder)
    rows = [
        row("whole `map`, with its statistics", mine),
        f"| the page alone | {alone.wall_s:.1f} | {alone.cpu_s:.1f} | | | | | | | |",
        row("`explore()`", theirs),
        row(f"{MANY_RECORDS:,} records, without statistics", many),
        *([row("Bosnia and Herzegovina", country)] if country else []),
    ]
    checks = [
        ("file, MB", mine.size_mb, 8.0),
        ("the page alone, s", alone.wall_s, 4.0),
        ("usable after, s", mine.opened.usable_s, 3.0),
        ("heap, MB", mine.opened.heap_mb, 250.0),
        ("slowest pan, ms", mine.opened.slowest_pan_ms, 150.0),
        ("slowest zoom, ms", mine.opened.slowest_zoom_ms, 150.0),
    ]
    if country:
        checks += [
            ("Bosnia and Herzegovina: file, MB", country.size_mb, 1.5),
            ("Bosnia and Herzegovina: usable after, s", country.opened.usable_s, 1.0),
        ]
    text = "\n".join(
        (
            f"Measured on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, {platform.system()} "
            f"{platform.machine()}, Python {platform.python_version()}, {browser_version()}; load average at the "
            f"start {load:.1f}; medians of {RUNS} runs.  ",
            f"{versions()}.",
            "",
            "| | made in, s | CPU, s | file, MB | usable after, s | heap, MB | pan, ms | worst | zoom, ms | worst |",
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
            *rows,
            "",
            "| held to | found | at most | held |",
            "| --- | ---: | ---: | --- |",
            *(
                f"| {what} | {found:.4g} | {most:g} | {'yes' if found <= most else 'no'} |"
                for what, found, most in checks
            ),
        )
    )
    write_between("webmap", text)
    print(text)
    return int(any(found > most for _, found, most in checks))


def large(folder: Path, peer_python: str) -> tuple[Side, Run, Side]:
    """Our page, how long the page alone takes, and the peer's; made by turns."""
    registry, page, peers_page = folder / "large.gpkg", folder / "ours.html", folder / "peers.html"
    world = list(layers(RECORDS, EVENTS))
    write_registry(registry, world)
    sources = [folder / f"{number}.gpkg" for number in range(len(world))]
    for path, (_, _, rows) in zip(sources, world, strict=True):
        rows.to_file(path, driver="GPKG")
    del world
    theirs = [peer_python, "-W", "ignore", str(HERE / "peer_explore.py"), *map(str, sources), str(peers_page)]
    made: list[list[Run]] = [[], [], []]
    for _ in range(RUNS):
        commands = (page_only(registry, page), ours(registry, "map", "-o", str(page)), theirs)
        for runs, command in zip(made, commands, strict=True):
            runs.append(measure(command))
    alone, mine, peers = map(middle, made)
    return (
        Side(mine, megabytes(page), middle([open_ours(page, MIDDLE, ZOOM) for _ in range(RUNS)])),
        alone,
        Side(peers, megabytes(peers_page), middle([open_peers(peers_page, MIDDLE, ZOOM)])),
    )


def half_a_million(folder: Path) -> Side:
    """Once: what is still let through must still open."""
    registry, page = folder / "many.gpkg", folder / "many.html"
    write_registry(registry, layers(MANY_RECORDS, EVENTS))
    made = measure(page_only(registry, page))
    return Side(made, megabytes(page), open_ours(page, MIDDLE, ZOOM))


def of_bosnia(folder: Path) -> Side | None:
    """A real country, where its data are beside the checkout."""
    if not bosnia.DATA.is_dir():
        return None
    registry, page = folder / "bih.gpkg", folder / "bih.html"
    call(ours(registry, "init"))
    for source, options in bosnia.IMPORTS.items():
        call(ours(registry, "import", str(bosnia.DATA / source), *options))
    made = middle([measure(ours(registry, "map", "-o", str(page))) for _ in range(RUNS)])
    return Side(made, megabytes(page), middle([open_ours(page, (44.2, 17.8), 8.0) for _ in range(RUNS)]))


def page_only(registry: Path, page: Path) -> list[str]:
    """A process that reads the registry and writes its page without computing anything."""
    return [sys.executable, "-c", PAGE_ONLY, str(registry), str(page)]


def megabytes(path: Path) -> float:
    """Size of a file."""
    return path.stat().st_size / 1e6


def middle(runs: Sequence[Figures]) -> Figures:
    """Medians, figure by figure."""
    names = [field.name for field in fields(runs[0])]
    return type(runs[0])(**{name: statistics.median(getattr(run, name) for run in runs) for name in names})


def row(title: str, side: Side) -> str:
    """A line of the table."""
    made, opened = side.made, side.opened
    return (
        f"| {title} | {made.wall_s:.1f} | {made.cpu_s:.1f} | {side.size_mb:.1f} "
        f"| {opened.usable_s:.1f} | {opened.heap_mb:.0f} "
        f"| {opened.pan_ms:.0f} | {opened.slowest_pan_ms:.0f} | {opened.zoom_ms:.0f} | {opened.slowest_zoom_ms:.0f} |"
    )


def browser_version() -> str:
    """Name and version of the browser."""
    with chromium() as browser:
        return f"Chromium {browser.version}"


if __name__ == "__main__":
    sys.exit(main())
