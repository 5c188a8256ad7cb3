import json
import math

import geopandas
import numpy as np
import partworld
import pyarrow.parquet as pq
import pytest
import shapely
from batches import add, point

from registry import eventexport
from registry.errors import CompareError, StoreError
from registry.eventexport import export_events
from registry.eventparts import COLUMNS, open_parts, read_group
from registry.model import Kind
from registry.store import Registry


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return partworld.build(tmp_path_factory.mktemp("export") / "world.gpkg")


@pytest.fixture
def world(path):
    with Registry.open(path) as registry:
        yield registry


def contents(folder):
    return {each.name: each.read_bytes() for each in folder.iterdir()}


def test_what_was_written_is_said(world, tmp_path):
    done = export_events(world, tmp_path / "parts", group_rows=4)
    assert (done.events, done.unlocated, done.row_groups, done.parts, done.written) == (90, 2, 23, 3, True)
    assert sorted(contents(tmp_path / "parts")) == [f"part-000{number}.parquet" for number in (1, 2, 3)]
    rows = [pq.ParquetFile(each).metadata.row_group(0).num_rows for each in (tmp_path / "parts").iterdir()]
    assert rows == [4, 4, 4]


def test_it_is_geoparquet(world, tmp_path):
    export_events(world, tmp_path / "parts")
    (part,) = (tmp_path / "parts").iterdir()
    geo = json.loads(pq.read_schema(part).metadata[b"geo"])
    column = geo["columns"]["geometry"]
    assert (geo["version"], geo["primary_column"]) == ("1.1.0", "geometry")
    assert (column["encoding"], column["geometry_types"], column.get("crs", "OGC:CRS84")) == (
        "WKB",
        ["Point"],
        "OGC:CRS84",
    )
    frame = geopandas.read_parquet(part)
    assert frame.crs == "OGC:CRS84"
    assert frame.total_bounds.tolist() == column["bbox"]
    assert (len(frame), frame.geometry.isna().sum()) == (90, 2)


def test_boxes_hold_their_events(world, tmp_path):
    export_events(world, tmp_path / "parts")
    (part,) = (tmp_path / "parts").iterdir()
    frame, boxes = geopandas.read_parquet(part), pq.read_table(part).column("bbox").to_pylist()
    for place, box in zip(frame.geometry, boxes, strict=True):
        assert (place is None) == (box is None)
        if place is not None:
            assert box["xmin"] <= place.x <= box["xmax"]
            assert box["ymin"] <= place.y <= box["ymax"]
            assert box["xmax"] - box["xmin"] < 1e-5
    narrow = geopandas.read_parquet(part, bbox=(*frame.geometry.iloc[5].coords[0], *frame.geometry.iloc[5].coords[0]))
    assert frame["accident_id"].iloc[5] in narrow["accident_id"].tolist()
    assert len(narrow) < 5


def test_events_lie_close_to_those_before_them(empty, tmp_path):
    """Along the curve the way through the events of a grid is one step each, and a row group is a small square."""
    random = np.random.default_rng(1)
    places = [point(column, row) for column in range(16) for row in range(16)]
    add(empty, "events", Kind.ACCIDENTS, [places[each] for each in random.permutation(256)])
    export_events(empty, tmp_path / "parts", group_rows=16)
    groups = [read_group(at, COLUMNS) for at in open_parts(tmp_path / "parts").groups]
    wide = [shapely.box(*group.total_bounds).area for group in groups]
    assert max(wide) <= 0.003**2 * 1.01  # three by three steps between the centres of four by four
    whole = np.concatenate([shapely.get_coordinates(group.geometry.array) for group in groups])
    assert np.hypot(*np.diff(whole, axis=0).T).max() < 0.00101


def test_events_without_a_position_come_last(world, tmp_path):
    export_events(world, tmp_path / "parts", group_rows=10)
    last = read_group(open_parts(tmp_path / "parts").groups[-1], COLUMNS)
    assert last.geometry.isna().tolist() == [False] * 8 + [True] * 2


def test_the_same_registry_gives_the_same_bytes(world, tmp_path):
    export_events(world, tmp_path / "one", group_rows=8)
    export_events(world, tmp_path / "other", group_rows=8)
    assert contents(tmp_path / "one") == contents(tmp_path / "other")


def test_only_some_events(world, tmp_path):
    assert export_events(world, tmp_path / "parts", batch_ids=("more",)).events == 30
    assert [layer.batch_id for layer in open_parts(tmp_path / "parts").layers] == ["more"]
    with pytest.raises(CompareError, match="Batch first has no active events"):
        export_events(world, tmp_path / "none", batch_ids=("first",))


def test_what_was_stated_of_events_stays(world, tmp_path):
    """Columns that no comparison needs may hold anything, and parts travel to other machines."""
    export_events(world, tmp_path / "parts")
    assert not [name for name, held in contents(tmp_path / "parts").items() if b"witness" in held]


def test_a_dry_run_writes_nothing(world, tmp_path):
    done = export_events(world, tmp_path / "parts", group_rows=4, dry_run=True)
    assert (done.events, done.parts, done.written) == (90, 3, False)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(world, tmp_path):
    (tmp_path / "parts").mkdir()
    with pytest.raises(StoreError, match="exists and is not overwritten"):
        export_events(world, tmp_path / "parts")
    with pytest.raises(StoreError, match="make it first"):
        export_events(world, tmp_path / "no" / "parts")


@pytest.mark.parametrize("rows", [0, -1, 1_000_001])
def test_row_groups_have_a_limit(world, tmp_path, rows):
    with pytest.raises(CompareError, match="a number from 1 to 1,000,000"):
        export_events(world, tmp_path / "parts", group_rows=rows)


@pytest.mark.parametrize("error", [OSError("no space left"), KeyboardInterrupt()])
def test_all_of_it_or_nothing(world, tmp_path, monkeypatch, error):
    real, written = eventexport._with_box, []

    def second_fails(table):
        if written:
            raise error
        written.append(table)
        return real(table)

    monkeypatch.setattr(eventexport, "_with_box", second_fails)
    with pytest.raises((StoreError, KeyboardInterrupt)):
        export_events(world, tmp_path / "parts", group_rows=4)
    assert written
    assert list(tmp_path.iterdir()) == []


def test_positions_that_are_none_are_in_no_box(empty, tmp_path):
    places = [point(0, 0), shapely.Point(math.inf, 5)]
    add(empty, "events", Kind.ACCIDENTS, places, plot_status=["PLOTTED", "INVALID"])
    assert export_events(empty, tmp_path / "parts").unlocated == 1
    (part,) = (tmp_path / "parts").iterdir()
    table = pq.read_table(part)
    assert table.column("bbox").to_pylist()[1] is None
    assert json.loads(table.schema.metadata[b"geo"])["columns"]["geometry"]["bbox"] == [-20.0, -20.0, -20.0, -20.0]


def test_progress(world, tmp_path):
    said = []
    export_events(world, tmp_path / "parts", group_rows=4, progress=lambda words, share: said.append((words, share)))
    assert [words for words, _ in said] == [
        "reading events",
        "sorting events along the curve",
        *(f"writing part {number} of 3" for number in (1, 2, 3)),
    ]
    assert [share for _, share in said] == sorted(share for _, share in said)
