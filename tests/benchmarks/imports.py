"""Import 50,000 records into a registry that holds as many, beside a bare conversion of the same file by geopandas.

The file is a shapefile in UTM with its .prj, as most digital records are handed over. It is SYNTHETIC and lies in open
sea along the front lines of what the registry holds; some of it repeats that, some repeats itself, some crosses itself.
Ours and the peer's run by turns, each as a whole process; medians go into docs/performance.md.
"""

import argparse
import os
import platform
import shutil
import statistics
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from front_lines import SEED, front_lines, layers, polygons, positions, write_registry
from process import PACKAGES, Run, call, measure, ours, versions, write_between

from registry.codes import PlotStatus
from registry.model import Kind

HERE = Path(__file__).resolve().parent
RECORDS = 50_000
AGAIN, REDRAWN, REPEATED, CROSSED = 6_500, 1_000, 250, 250
REDRAWN_M = 5.0
UTM = 32727
RUNS = 5
LIMIT = 2.5
SAME_DEGREES = 1e-9
WORDS = ("--kind", "minefields", "--id", "handed-over-again", "--on", "2024-01-25")
FIELDS = {"record_id": "NUMBER", "map_sheet": "SHEET", "laid_from": "LAID", "mines_ap": "AP", "mines_av": "AV"}


def main() -> int:
    """Measure, write the page, and say whether the limit was held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer-python", required=True, help="Python with geopandas")
    peer_python = str(Path(parser.parse_args().peer_python).absolute())
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source, registry = write_inputs(folder)
        pairs = [measure_both(folder, source, registry, peer_python) for _ in range(1 + RUNS)][1:]
        refuse_other_work(folder)
        findings = len(pyogrio.read_dataframe(folder / "fresh.gpkg", layer="findings", columns=["code"]))
        size_mb = sum(each.stat().st_size for each in folder.glob(f"{source.stem}.*")) / 1e6
    mine, peers = ([pair[side] for pair in pairs] for side in (0, 1))
    wall_s, peak_mb = (
        [statistics.median(getattr(run, name) for run in runs) for runs in (mine, peers)]
        for name in ("wall_s", "peak_mb")
    )
    cpu_s = [statistics.median(run.cpu_s for run in runs) for runs in (mine, peers)]
    ratio = wall_s[0] / wall_s[1]
    is_held = ratio < LIMIT
    text = (
        f"Measured on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}; load average at the start {load:.1f}; medians of {RUNS} runs.  \n"
        f"Ours: {versions()}.  \n"
        f"geopandas: {peer_versions(peer_python)}.\n\n"
        f"| records | held before | files, MB | findings | ours, s | geopandas, s | ratio | at most | held "
        "| ours, CPU s | geopandas, CPU s | ours, MB | geopandas, MB |\n"
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- | ---: | ---: | ---: | ---: |\n"
        f"| {RECORDS:,} | {RECORDS:,} | {size_mb:.1f} | {findings:,} | {wall_s[0]:.2f} | {wall_s[1]:.2f} | {ratio:.2f} "
        f"| {LIMIT:g} | {'yes' if is_held else 'no'} | {cpu_s[0]:.2f} | {cpu_s[1]:.2f} "
        f"| {peak_mb[0]:.0f} | {peak_mb[1]:.0f} |"
    )
    write_between("imports", text)
    print(text)
    return int(not is_held)


def write_inputs(folder: Path) -> tuple[Path, Path]:
    """The shapefile that is imported, and a registry of 50,000 other records and of districts."""
    source, registry = folder / "handed_over.shp", folder / "held.gpkg"
    world = [each for each in layers(RECORDS, 0) if each[1] is not Kind.ACCIDENTS]
    write_registry(registry, world)
    held = pd.concat([rows for _, kind, rows in world if kind is Kind.MINEFIELDS], ignore_index=True)
    handed_over(held).to_crs(UTM).to_file(source)
    return source, registry


def handed_over(held: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Records of which some are held already, under their number or drawn anew under another; on WGS 84."""
    rng = np.random.default_rng(SEED + 1)
    again = held.iloc[rng.choice(len(held), AGAIN + REDRAWN, replace=False)]
    new = RECORDS - len(again)
    shapes = polygons(rng, positions(rng, front_lines(np.random.default_rng(SEED)), new, 900))
    shapes[:REPEATED] = shapes[REPEATED : 2 * REPEATED]
    crossed = slice(-CROSSED, None)
    shapes[crossed] = [crossing(shape) for shape in shapes[crossed]]
    numbers = [f"N-{number:05d}" for number in range(RECORDS)]
    numbers[:AGAIN] = again["record_id"].iloc[:AGAIN].tolist()
    days = pd.Timestamp("1992-01-01") + pd.to_timedelta(rng.integers(0, 1200, RECORDS), unit="D")
    rows = {
        "NUMBER": numbers,
        "SHEET": [f"S-{number:03d}" for number in rng.integers(1, 400, RECORDS)],
        "LAID": days.strftime("%d.%m.%Y"),
        "AP": rng.integers(5, 300, RECORDS),
        "AV": rng.integers(0, 40, RECORDS),
        "UNIT": [f"SYNTHETIC company {number}" for number in rng.integers(1, 60, RECORDS)],
        "REMARKS": np.where(rng.random(RECORDS) < 0.2, "SYNTHETIC: wire on one side", None),
    }
    geometry = np.concatenate([again.geometry.to_numpy(), shapes])
    redrawn = geometry[AGAIN : AGAIN + REDRAWN]
    xy, owner = shapely.get_coordinates(redrawn, return_index=True)
    shapely.set_coordinates(redrawn, xy + rng.normal(0, REDRAWN_M / 111_320, (REDRAWN, 2))[owner])
    return gpd.GeoDataFrame(rows, geometry=geometry, crs=4326)


def crossing(shape: shapely.Polygon) -> shapely.Polygon:
    """The ring with its second and third corner exchanged."""
    ring = shapely.get_coordinates(shape)
    ring[[1, 2]] = ring[[2, 1]]
    return shapely.Polygon(ring)


def measure_both(folder: Path, source: Path, registry: Path, peer_python: str) -> tuple[Run, Run]:
    """Our import into a fresh copy of the registry, then the peer's conversion."""
    fresh, converted = folder / "fresh.gpkg", folder / "converted.gpkg"
    shutil.copyfile(registry, fresh)
    converted.unlink(missing_ok=True)
    fields = [word for ours_, theirs in FIELDS.items() for word in ("--field", f"{ours_}={theirs}")]
    mine = measure(ours(fresh, "import", str(source), *WORDS, *fields))
    return mine, measure([peer_python, "-W", "ignore", str(HERE / "peer_convert.py"), str(source), str(converted)])


def refuse_other_work(folder: Path) -> None:
    """Stop unless both wrote the same records in the same places, and ours is what it was sealed as."""
    mine = pyogrio.read_dataframe(folder / "fresh.gpkg", layer="minefields_handed-over-again")
    peers = pyogrio.read_dataframe(folder / "converted.gpkg")
    drawn = (mine["plot_status"] == PlotStatus.PLOTTED.value).to_numpy()
    if not (len(mine) == len(peers) == RECORDS and (mine["record_id"] == peers["NUMBER"]).all()):
        raise SystemExit("Ours and the peer's are not the same records.")
    # Ours are multipolygons of one part.
    shapes = shapely.get_geometry(mine.geometry.to_numpy()[drawn], 0), peers.geometry.to_numpy()[drawn]
    same = shapely.equals_exact(*shapes, tolerance=SAME_DEGREES, normalize=True)
    if not same.all() or drawn.sum() < RECORDS - 2 * CROSSED:
        raise SystemExit(f"{(~same).sum()} records of ours and of the peer's do not lie in the same place.")
    call(ours(folder / "fresh.gpkg", "verify"))


def peer_versions(peer_python: str) -> str:
    """Names and versions of the peer's packages that do the work."""
    code = (
        "import sys; from importlib.metadata import version; "
        "print(', '.join(f'{name} {version(name)}' for name in sys.argv[1:]))"
    )
    return call([peer_python, "-c", code, *(name for name in PACKAGES if name != "folium")]).strip()


if __name__ == "__main__":
    sys.exit(main())
