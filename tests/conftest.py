"""Registries at sea, and the real data beside the checkout."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from batches import point, square, write_source
from hypothesis import settings

from registry.importer import ImportOptions, import_batch
from registry.model import Handover, Kind, PartialDate
from registry.store import Registry

# A slow machine fails no property.
settings.register_profile("any-machine", deadline=None)
settings.load_profile("any-machine")


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Registry]:
    """A registry without layers."""
    with Registry.create(tmp_path / "empty.gpkg") as registry:
        yield registry


@pytest.fixture(scope="session")
def small_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry of three imports; copy it before writing to it.

    Two squares, a record without a geometry, three events (inside the first square, beside it, far off), a district.
    """
    folder = tmp_path_factory.mktemp("small")
    fields = write_source(
        folder / "fields.geojson",
        [square(0, 0), square(2, 0), None],
        number=["A-1", "A-2", "A-3"],
        sheet=["N-38-1", "N-38-2", None],
    )
    events = write_source(folder / "events.geojson", [point(0.5, 0.5), point(1.2, 0.5), point(9, 9)], kind=["x"] * 3)
    district = write_source(folder / "district.geojson", [square(-1, -1, 8)], shape_name=["Middle of the sea"])
    first = Handover(
        "first", "First handover", "Party A", "Party B", handed_over_on=PartialDate.from_iso("2021-06")
    )  # fmt: skip
    with Registry.create(folder / "small.gpkg") as registry:
        columns = ImportOptions(field_map={"record_id": "number", "map_sheet": "sheet"})
        import_batch(registry, [fields], Kind.MINEFIELDS, first, columns)
        import_batch(registry, [events], Kind.ACCIDENTS, Handover("events", "Events"))
        named = ImportOptions(field_map={"name": "shape_name"})
        import_batch(registry, [district], Kind.DISTRICTS, Handover("districts", "Districts"), named)
    return folder / "small.gpkg"


@pytest.fixture
def small_path(small_file: Path, tmp_path: Path) -> Path:
    """The small registry, to be changed as a test likes."""
    return Path(shutil.copy(small_file, tmp_path / "small.gpkg"))


@pytest.fixture
def small(small_path: Path) -> Iterator[Registry]:
    with Registry.open(small_path) as registry:
        yield registry


@pytest.fixture(scope="session")
def shared() -> Path:
    """The real data; tests that use it are marked ``shared``."""
    folder = Path(__file__).resolve().parents[2] / "shared/data"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    return folder
