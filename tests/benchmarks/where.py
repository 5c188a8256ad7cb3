"""Where the time of `stats --json` goes on real data: imports by package, and the stages of the work.

Imports are measured by the interpreter itself (`-X importtime`), stages by wrapping their functions inside the command;
of several runs, each figure is the median. Stages overlap, because they run on several threads. The table goes into
docs/performance.md.
"""

import functools
import importlib
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bosnia import DATA, IMPORTS
from process import call, measure, ours, versions, write_between

RUNS = 7
MOST_PACKAGES = 9
STAGES = {
    "registry.stats": {
        "read_inputs": "read the layers",
        "rank_records": "project the records, sort them by handover",
        "select_events": "choose events, match them with records",
        "merge_records": "merge the records (C1)",
        "study_area": "study area",
        "place_records": "records by district",
        "accuracy_of": "events in windows and districts (M1)",
        "_clusters": "clusters (M16)",
        "_clusters_by_chance": "clusters by chance",
        "_independence": "independence (M17)",
        "_coverage": "land by district",
        "_predictive": "predictive accuracy (M7)",
        "_location": "location error (M1b, M1d, ceiling, chance)",
    },
    "registry.runs": {"compute_run": "all of these, and the JSON"},
    "registry.cli_stats": {"_store_run": "store the run"},
}
_LINE = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s*([\w.]+)")


def main() -> int:
    """Measure, and write the page."""
    if not DATA.is_dir():
        print(f"There is nothing to measure: {DATA} is not there.")
        return 0
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name:
        registry = Path(name) / "bih.gpkg"
        call(ours(registry, "init"))
        for source, options in IMPORTS.items():
            call(ours(registry, "import", str(DATA / source), *options))
        command = ours(registry, "stats", "--json")
        runs = [measure(command) for _ in range(1 + RUNS)][1:]
        bare = [measure([sys.executable, "-c", "pass"]) for _ in range(RUNS)]
        libraries = [measure([sys.executable, "-c", "import geopandas, pyogrio"]) for _ in range(RUNS)]
        imports = [imported(command) for _ in range(RUNS)]
        stages = [staged(command[3:]) for _ in range(RUNS)]
    text = (
        f"Measured on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}; load average at the start {load:.1f}; medians of {RUNS} runs.  \n"
        f"{versions()}.\n\n"
        + processes_table({"`stats --json`": runs, "`import geopandas, pyogrio`": libraries, "Python alone": bare})
        + "\n\n"
        + imports_table(imports)
        + "\n\n"
        + stages_table(stages)
    )
    write_between("where", text)
    print(text)
    return 0


def imported(command: list[str]) -> dict[str, float]:
    """Seconds that the modules of each package take to load, those that they load themselves not counted."""
    done = subprocess.run(
        [command[0], "-X", "importtime", *command[1:]], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    seconds: dict[str, float] = defaultdict(float)
    for microseconds, module in _LINE.findall(done.stderr.decode()):
        package = module.partition(".")[0]
        seconds["Python's own" if package.lstrip("_") in sys.stdlib_module_names else package] += (
            int(microseconds) / 1e6
        )
    return dict(seconds)


def staged(words: list[str]) -> dict[str, tuple[float, float, float]]:
    """When each stage begins after the start of the process, how long it lasts, and the CPU time of its own thread."""
    done = subprocess.run(
        [sys.executable, __file__, "--inside", *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    found: dict[str, tuple[float, float, float]] = json.loads(done.stderr.splitlines()[-1])
    return found


def inside(words: list[str]) -> None:
    """Run the command in this process with its stages wrapped; what was measured is the last line on stderr."""
    import registry.cli

    found: dict[str, tuple[float, float, float]] = {}
    lock = threading.Lock()
    for name, functions in STAGES.items():
        module = importlib.import_module(name)
        for function, title in functions.items():
            setattr(module, function, _watched(getattr(module, function), title, found, lock))
    loaded = time.perf_counter() - _BEGUN, time.process_time()
    sys.argv = ["minefield-registry", *words]
    try:
        registry.cli.main()
    finally:
        found["load what is imported"] = 0.0, *loaded
        print(json.dumps(found), file=sys.stderr)


def _watched(
    function: Callable[..., Any], title: str, found: dict[str, tuple[float, float, float]], lock: threading.Lock
) -> Callable[..., Any]:
    @functools.wraps(function)
    def watched(*arguments: Any, **named: Any) -> Any:
        begin, used = time.perf_counter(), time.thread_time()
        try:
            return function(*arguments, **named)
        finally:
            with lock:
                found[title] = begin - _BEGUN, time.perf_counter() - begin, time.thread_time() - used

    return watched


def processes_table(processes: dict[str, list[Any]]) -> str:
    """Whole processes."""
    lines = ["| whole process | s | CPU, s |", "| --- | ---: | ---: |"]
    for title, runs in processes.items():
        wall_s, cpu_s = (statistics.median(getattr(run, name) for run in runs) for name in ("wall_s", "cpu_s"))
        lines.append(f"| {title} | {wall_s:.2f} | {cpu_s:.2f} |")
    return "\n".join(lines)


def imports_table(runs: list[dict[str, float]]) -> str:
    """Packages by what they take to load."""
    names = {name for run in runs for name in run}
    median = {name: statistics.median(run.get(name, 0.0) for run in runs) for name in names}
    most = sorted(median, key=lambda name: -median[name])[:MOST_PACKAGES]
    rest = sum(median.values()) - sum(median[name] for name in most)
    lines = ["| loading | ms |", "| --- | ---: |"]
    lines += [f"| {name} | {median[name] * 1000:.0f} |" for name in most]
    return "\n".join([*lines, f"| all others | {rest * 1000:.0f} |"])


def stages_table(runs: list[dict[str, tuple[float, float, float]]]) -> str:
    """Stages in the order in which they begin."""
    median = {
        title: [statistics.median(run[title][index] for run in runs) for index in range(3)]
        for title in runs[0]
        if all(title in run for run in runs)
    }
    lines = ["| stage | begins after, ms | lasts, ms | CPU of its own thread, ms |", "| --- | ---: | ---: | ---: |"]
    for title, (begin, lasts, used) in sorted(median.items(), key=lambda item: item[1][0]):
        lines.append(f"| {title} | {begin * 1000:.0f} | {lasts * 1000:.0f} | {used * 1000:.0f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    _BEGUN = time.perf_counter()
    if sys.argv[1:2] == ["--inside"]:
        inside(sys.argv[2:])
    else:
        sys.exit(main())
