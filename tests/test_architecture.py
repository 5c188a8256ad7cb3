"""The picture in docs/architecture.md is true: the modules are there, and imports go one way."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PICTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
MODULES = sorted(path for package in ("registry", "maps") for path in (ROOT / package).rglob("*.py"))
PACKAGES_AS_ONE = ("registry.sources", "registry.compare", "registry.simulate", "maps")


def imported(path: Path) -> Iterator[str]:
    """Full names of the modules a file imports, those inside functions included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(name: str) -> str:
    """The name under which the order lists a module."""
    for package in PACKAGES_AS_ONE:
        if name == package or name.startswith(f"{package}."):
            return package.removeprefix("registry.")
    return name.removeprefix("registry.").split(".")[0]


def order() -> dict[str, int]:
    block = PICTURE.split("a test holds it.")[1].split("```")[1]
    return {name: line for line, names in enumerate(block.strip().splitlines()) for name in names.split()}


def module_name(path: Path) -> str:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_one_way(path: Path) -> None:
    if path.name in {"__init__.py", "__main__.py"}:
        return
    lines = order()
    known = {module_name(each) for each in MODULES} - {"registry", "maps"}
    mine = room(module_name(path))
    for name in imported(path):
        if name in known and room(name) != mine:
            assert lines[room(name)] < lines[mine] or _beside(room(name), mine), f"{path.name} imports {name}"


def _beside(theirs: str, mine: str) -> bool:
    """Modules of one line may import from those left of them."""
    lines = order()
    names = list(lines)
    return lines[theirs] == lines[mine] and names.index(theirs) < names.index(mine)


def test_the_picture_names_every_module() -> None:
    for path in MODULES:
        if path.name not in {"__init__.py", "__main__.py"}:
            assert f"  {path.name} " in PICTURE, path


def test_only_the_command_line_prints() -> None:
    printing = {
        path.name
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    assert printing == {"cli.py", "cli_claims.py", "cli_export.py", "cli_map.py", "cli_stats.py", "console.py"}


@pytest.mark.parametrize(
    ("library", "home"),
    [
        ("folium", "maps"),
        ("fiona", "registry/sources/featurewise.py"),
        ("openpyxl", "registry/sources/workbook.py"),
        ("mgrs", "registry/sources/grids.py"),
        ("babel", "maps/words.py"),
        ("numba", "registry/compare/machine.py"),
        ("distributed", "registry/cluster.py"),
    ],
)
def test_a_library_is_known_in_one_place(library: str, home: str) -> None:
    users = {
        path.relative_to(ROOT).as_posix() for path in MODULES if any(n.split(".")[0] == library for n in imported(path))
    }
    assert users
    assert all(user.startswith(home) for user in users)


def test_compare_sees_no_registry_and_no_file() -> None:
    for path in (ROOT / "registry" / "compare").glob("*.py"):
        names = set(imported(path))
        assert not {"pathlib", "sqlite3", "pyogrio", "registry.store", "registry.stats"} & names, path
