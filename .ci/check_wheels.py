"""Check that wheels alone bring every run-time requirement, on each Python and system we name.

Resolves the requirements of setup.cfg with pip for each target and writes what it found between the markers in
docs/installation.md. Runs in an environment with pip and packaging; nothing is installed.

pip evaluates markers for the Python that runs it, not for the target. So the markers of our own requirements are
evaluated here, and the metadata of what was resolved is read for requirements that the target has and pip did not
see (colorama on Windows); these are added until nothing is missing.
"""

import configparser
import json
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "installation.md"
BEGIN, END = "<!-- wheels: begin -->", "<!-- wheels: end -->"

PYTHONS = ("3.11", "3.12", "3.13", "3.14", "3.15")
MANYLINUX = (
    *(f"manylinux_2_{minor}_x86_64" for minor in range(28, 4, -1)),
    *(f"manylinux{year}_x86_64" for year in (2014, 2010, 1)),
)


@dataclass(frozen=True)
class System:
    """A system wheels are looked for, as pip and as markers name it."""

    title: str
    platforms: tuple[str, ...]
    markers: dict[str, str] = field(hash=False)
    required: bool = True


SYSTEMS = (
    System(
        "Linux x86_64",
        MANYLINUX,
        {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "platform_machine": "x86_64"},
    ),
    System(
        "macOS arm64",
        ("macosx_14_0_arm64",),
        {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix", "platform_machine": "arm64"},
    ),
    System(
        "macOS x86_64",
        ("macosx_14_0_x86_64",),
        {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix", "platform_machine": "x86_64"},
        required=False,
    ),
    System(
        "Windows x86_64",
        ("win_amd64",),
        {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt", "platform_machine": "AMD64"},
    ),
)


class NoWheels(Exception):
    """pip found no set of wheels."""


def main() -> int:
    """Check every target, write the page, and say what is missing."""
    requirements = run_time_requirements()
    targets = [(python, system) for python in PYTHONS for system in SYSTEMS]
    with ThreadPoolExecutor(max_workers=2) as pool:
        found = dict(zip(targets, pool.map(lambda target: resolve(requirements, *target), targets), strict=True))
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8"), requirements, found), encoding="utf-8")
    lacking = {target: result for target, result in found.items() if isinstance(result, NoWheels)}
    for (python, system), reason in lacking.items():
        print(f"Python {python} on {system.title}: {reason}")
    print(f"{len(found) - len(lacking)} of {len(found)} targets resolve to wheels alone: {PAGE.relative_to(ROOT)}")
    return int(any(system.required for _, system in lacking))


def run_time_requirements() -> list[Requirement]:
    """The requirements of setup.cfg, without extras."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    return [Requirement(line) for line in setup["options"]["install_requires"].split("\n") if line]


def resolve(requirements: list[Requirement], python: str, system: System) -> dict[str, str] | NoWheels:
    """Versions by package name, or why there are none."""
    environment = {
        **system.markers,
        "python_version": python,
        "python_full_version": f"{python}.0",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "extra": "",
    }
    wanted = [f"{each.name}{each.specifier}" for each in requirements if applies(each, environment)]
    try:
        while True:
            resolved = ask_pip(wanted, python, system)
            names = {canonicalize_name(each["name"]) for each in resolved}
            needed = [
                requirement
                for each in resolved
                for requirement in map(Requirement, each.get("requires_dist", []))
                if applies(requirement, environment) and canonicalize_name(requirement.name) not in names
            ]
            if not needed:
                return {canonicalize_name(each["name"]): each["version"] for each in resolved}
            wanted += [f"{each.name}{each.specifier}" for each in needed]
    except NoWheels as reason:
        return reason


def applies(requirement: Requirement, environment: dict[str, str]) -> bool:
    """Whether the target needs it."""
    return requirement.marker is None or requirement.marker.evaluate(environment)


def ask_pip(wanted: list[str], python: str, system: System) -> list[dict]:
    """The metadata of the wheels that pip would install for the target."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--quiet", "--disable-pip-version-check"]
        command += ["--dry-run", "--ignore-installed", "--only-binary=:all:", "--target", folder]
        command += ["--report", str(report), "--python-version", python, "--implementation", "cp"]
        command += [word for platform in system.platforms for word in ("--platform", platform)]
        done = subprocess.run([*command, *wanted], capture_output=True, text=True, check=False)
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
            raise NoWheels(lines[-1].removeprefix("ERROR: ") if lines else done.stderr)
        return [each["metadata"] for each in json.loads(report.read_text(encoding="utf-8"))["install"]]


def with_tables(
    page: str,
    requirements: list[Requirement],
    found: dict[tuple[str, System], dict[str, str] | NoWheels],
) -> str:
    """The page with what was found between its markers."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    header = " | ".join(system.title for system in SYSTEMS)
    lines = [f"Resolved on {datetime.now(UTC):%Y-%m-%d}; the number of wheels, our own not counted.", ""]
    lines += [f"| Python | {header} |", "| --- |" + " ---: |" * len(SYSTEMS)]
    for python in PYTHONS:
        results = [found[python, system] for system in SYSTEMS]
        cells = ["none" if isinstance(each, NoWheels) else str(len(each)) for each in results]
        lines.append(f"| {' | '.join([python, *cells])} |")
    lines += ["", "| Requirement | Versions resolved |", "| --- | --- |"]
    for requirement in requirements:
        lines.append(f"| `{requirement}` | {versions(canonicalize_name(requirement.name), found)} |")
    return "\n".join([before + BEGIN, *lines, END + after])


def versions(name: str, found: dict[tuple[str, System], dict[str, str] | NoWheels]) -> str:
    """Every version taken, the commonest first, the others with where."""
    places: dict[str, list[tuple[str, str]]] = {}
    for (python, system), result in found.items():
        if not isinstance(result, NoWheels):
            places.setdefault(result.get(name, "not needed"), []).append((python, system.title))
    usual, *others = sorted(places, key=lambda version: -len(places[version]))
    return "; ".join([usual, *(f"{version} on {in_words(places[version])}" for version in others)])


def in_words(places: list[tuple[str, str]]) -> str:
    """Targets, those of one system together: "Linux x86_64 (3.11, 3.12)"."""
    titles = dict.fromkeys(title for _, title in places)
    return ", ".join(f"{title} ({', '.join(python for python, at in places if at == title)})" for title in titles)


if __name__ == "__main__":
    sys.exit(main())
