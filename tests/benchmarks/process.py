"""What the benchmarks share: commands run as processes of their own, measured by the operating system."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "performance.md"
PACKAGES = ("geopandas", "shapely", "pyogrio", "pyproj", "pandas", "numpy", "folium")


@dataclass(frozen=True)
class Run:
    """One process."""

    wall_s: float
    peak_mb: float
    cpu_s: float


def ours(registry: Path, *words: str) -> list[str]:
    """Our command line."""
    return [sys.executable, "-m", "registry", "--registry", str(registry), *words]


def call(command: Sequence[str]) -> str:
    """Run a command that is not measured, and give back its output."""
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def measure(command: Sequence[str]) -> Run:
    """Run a command as a process of its own."""
    # The run that warms up leaves our modules compiled, as an installation does.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    unit = 1 if sys.platform == "darwin" else 1024
    return Run(wall_s, usage.ru_maxrss * unit / 1e6, usage.ru_utime + usage.ru_stime)


def versions() -> str:
    """Names and versions of our packages that do the work."""
    return ", ".join(f"{name} {version(name)}" for name in PACKAGES)


def write_between(marker: str, text: str) -> None:
    """Put what was measured between its two markers on the page."""
    begin, end = f"<!-- {marker}: begin -->", f"<!-- {marker}: end -->"
    page = PAGE.read_text(encoding="utf-8")
    before, found, rest = page.partition(begin)
    _, also_found, after = rest.partition(end)
    if not (found and also_found):
        raise SystemExit(f"{PAGE} has no place for what was measured: {begin} and {end}.")
    PAGE.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")
