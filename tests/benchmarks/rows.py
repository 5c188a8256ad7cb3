"""Import a table of 200,000 accidents, written in degrees, minutes and seconds, as a whole process.

The rows are SYNTHETIC and lie in open sea. Medians of wall time and peak memory go into docs/performance.md.
"""

import csv
import os
import platform
import random
import statistics
import sys
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from process import call, measure, ours, versions, write_between

ROWS = 200_000
RUNS = 3
LIMIT_S, LIMIT_MB = 30.0, 1_000.0
PROFILE = """format = 1
name = "SYNTHETIC accidents"
kind = "accidents"
checked = true

[geometry]
north = "Latitude"
east = "Longitude"
crs = "EPSG:4326"

[fields.accident_id]
column = "No"

[fields.occurred_on]
column = "Date"
date_format = "DD.MM.YYYY"

[fields.killed]
column = "Killed"
"""


def main() -> int:
    """Measure, write the page, and say whether the limits were held."""
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table, profile, registry = folder / "accidents.csv", folder / "profile.toml", folder / "fresh.gpkg"
        write_table(table)
        profile.write_text(PROFILE, encoding="utf-8")
        runs = []
        for _ in range(1 + RUNS):
            registry.unlink(missing_ok=True)
            call(ours(registry, "init"))
            words = ("import", str(table), "--kind", "accidents", "--id", "syn", "--profile", str(profile), "--json")
            runs.append(measure(ours(registry, *words)))
        size_mb = table.stat().st_size / 1e6
    wall_s, peak_mb = (statistics.median(getattr(run, name) for run in runs[1:]) for name in ("wall_s", "peak_mb"))
    held = wall_s < LIMIT_S and peak_mb < LIMIT_MB
    text = (
        f"Measured on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}; load average at the start {load:.1f}; medians of {RUNS} runs.  \n"
        f"{versions()}.\n\n"
        "| rows | file, MB | s | at most, s | MB | at most, MB | held |\n"
        "| ---: | ---: | ---: | ---: | ---: | ---: | --- |\n"
        f"| {ROWS:,} | {size_mb:.1f} | {wall_s:.1f} | {LIMIT_S:.0f} | {peak_mb:.0f} | {LIMIT_MB:,.0f} "
        f"| {'yes' if held else 'no'} |"
    )
    write_between("rows", text)
    print(text)
    return int(not held)


def write_table(path: Path) -> None:
    """SYNTHETIC accidents in the South Atlantic, their positions to a hundredth of a second."""
    rng = random.Random(2024)
    first = date(2000, 1, 1)
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, delimiter=";")
        rows.writerow(["No", "Date", "Latitude", "Longitude", "Killed", "Remarks"])
        for number in range(ROWS):
            day = first + timedelta(days=rng.randrange(9_000))
            place = dms(rng.uniform(19, 22), "S"), dms(rng.uniform(19, 22), "W")
            rows.writerow([f"A-{number}", f"{day:%d.%m.%Y}", *place, rng.randrange(4), "SYNTHETIC"])


def dms(degrees: float, letter: str) -> str:
    """Degrees, minutes and seconds with a comma."""
    hundredths = round(degrees * 360_000)
    seconds = f"{hundredths // 100 % 60:02d},{hundredths % 100:02d}"
    return f"{hundredths // 360_000}\u00b0{hundredths // 6_000 % 60:02d}'{seconds}\" {letter}"


if __name__ == "__main__":
    sys.exit(main())
