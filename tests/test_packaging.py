"""What is declared is what is there, and what is built runs."""

import ast
import configparser
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import registry

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("registry", "maps")


@pytest.fixture(scope="module")
def setup() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def modules() -> Iterator[Path]:
    for package in PACKAGES:
        yield from (ROOT / package).rglob("*.py")


def imported(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.partition(".")[0]


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(setup: configparser.ConfigParser) -> set[str]:
    extras = setup["options.extras_require"]
    named = (setup["options"]["install_requires"], extras["fast"], extras["cluster"])
    lines = [line for each in named for line in each.split("\n")]
    return {canonical(re.match(r"[\w.-]+", line)[0]) for line in lines if line}


def test_packages_are_those_on_disk(setup):
    on_disk = {".".join(path.parent.relative_to(ROOT).parts) for path in modules() if path.name == "__init__.py"}
    assert set(setup["options"]["packages"].split()) == on_disk


def test_no_module_lies_outside_a_package():
    assert [module for module in modules() if not (module.parent / "__init__.py").exists()] == []


def test_what_is_imported_is_declared_and_the_other_way_round(setup):
    third_party = {name for module in modules() for name in imported(module)}
    third_party -= {*sys.stdlib_module_names, *PACKAGES}
    distributions = packages_distributions()
    # Fiona and Numba are not everywhere; their modules have their names.
    used = {canonical(name) for module in third_party for name in distributions.get(module, [module])}
    used |= {"django-js-lib-leaflet"} if leaflet_is_read() else set()
    used |= {"dask"} if "distributed" in used else set()  # one release, and what brings the commands
    assert used == declared(setup)


def leaflet_is_read() -> bool:
    """Leaflet's package is not imported but found by name, for its files."""
    return any("js_lib_leaflet" in module.read_text(encoding="utf-8") for module in modules())


def test_the_version_is_the_same_everywhere():
    citation = re.search(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE)
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert citation[1] == newest[1] == registry.__version__


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Built from a copy, so that nothing is left in the checkout and nothing stale in it gets in."""
    place = tmp_path_factory.mktemp("wheel")
    source = place / "source"
    for package in PACKAGES:
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "pip", "wheel", str(source), "--no-deps", "--quiet", "-w", str(place)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and "No matching distribution found for setuptools" in done.stderr:
        pytest.skip("no wheel can be built: setuptools cannot be had")
    assert done.returncode == 0, done.stderr
    return next(place.glob("minefield_registry-*.whl"))


def test_a_wheel_holds_what_is_read_at_run_time_and_nothing_of_the_tests(wheel):
    held = set(zipfile.ZipFile(wheel).namelist())
    data = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.parent.name != "__pycache__"
    }
    assert {"maps/py.typed", "registry/py.typed"} <= data
    assert {Path(name).suffix for name in data} >= {".py", ".js", ".css", ".html"}
    assert {name for name in held if ".dist-info/" not in name} == data


def test_a_wheel_runs_without_test_tools(wheel, tmp_path):
    place = tmp_path / "installed"
    install = [sys.executable, "-m", "pip", "install", str(wheel), "--no-deps", "--quiet", "--target", str(place)]
    subprocess.run(install, check=True, capture_output=True)
    # Test tools cannot be imported, and the checkout is not on the path.
    refusal = "import sys; sys.modules.update(dict.fromkeys(('pytest', 'hypothesis', 'playwright', 'ruff', 'mypy')))"
    (place / "sitecustomize.py").write_text(refusal, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(place)}

    def run(*words: str) -> str:
        command = [sys.executable, *words]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
        ).stdout  # fmt: skip

    assert run("-c", "import registry; print(registry.__file__)").startswith(str(place))
    assert run("-m", "registry", "--version").strip() == f"minefield-registry {registry.__version__}"
    run("-m", "registry", "--registry", "new.gpkg", "init")
    run("-m", "registry", "--registry", "new.gpkg", "map", "-o", "new.html")
    assert (tmp_path / "new.html").stat().st_size > 100_000
