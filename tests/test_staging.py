"""A layer staged by GDAL and copied: the same columns for every layer of a kind, and a spatial index that is used."""

import sqlite3
from contextlib import closing

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from batches import add, point, square

from registry.model import GEOMETRY_OF_KIND, Kind
from registry.schema import fields
from registry.staging import stage, table_name


def sql(path, statement, *parameters):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement, parameters).fetchall()


def test_columns_without_values_are_not_staged(tmp_path):
    rows = {"record_id": ["a"], "fuze": [None], "mines_ap": [np.nan], "unknown": ["x"]}
    stage(gpd.GeoDataFrame(rows, geometry=[square(0, 0)], crs=4326), Kind.MINEFIELDS, tmp_path / "staged.gpkg")
    assert pyogrio.read_info(tmp_path / "staged.gpkg")["fields"].tolist() == ["record_id"]


@pytest.mark.parametrize("kind", Kind)
def test_every_layer_of_a_kind_has_all_its_columns(empty, kind):
    shape = point(0, 0) if kind in {Kind.ACCIDENTS, Kind.DEVICES} else square(0, 0)
    layer = add(empty, kind=kind, geometries=[shape])
    columns = [(row[1], row[2]) for row in sql(empty.path, f"PRAGMA table_info('{layer.table_name}')")]
    assert columns[:2] == [("fid", "INTEGER"), ("geom", GEOMETRY_OF_KIND[kind].value)]
    assert [name for name, _ in columns[2:]] == [field.name for field in fields(kind)]
    info = pyogrio.read_info(empty.path, layer=layer.table_name)
    assert info["geometry_type"].upper() == GEOMETRY_OF_KIND[kind]
    assert info["crs"] == "EPSG:4326"
    assert info["capabilities"]["fast_spatial_filter"]


def test_single_parts_become_multi_where_the_kind_wants_it(empty):
    area = empty.read(add(empty, "a", Kind.SCOPE, [square(0, 0)])).geometry[0]
    device = empty.read(add(empty, "a", Kind.DEVICES, [point(0, 0)])).geometry[0]
    event = empty.read(add(empty, "a", Kind.ACCIDENTS, [point(0, 0)])).geometry[0]
    assert [shape.geom_type for shape in (area, device, event)] == ["MultiPolygon", "MultiPoint", "Point"]
    assert area.equals(square(0, 0))


def test_the_index_holds_what_is_drawn_and_no_more(empty):
    layer = add(empty, geometries=[None, square(1, 1), None, square(3, 1)])
    index = f'"rtree_{layer.table_name}_geom"'
    rows = sql(empty.path, f"SELECT id, minx, maxx, miny, maxy FROM {index} ORDER BY id")
    assert [row[0] for row in rows] == [2, 4]
    for row, shape in zip(rows, (square(1, 1), square(3, 1)), strict=True):
        west, south, east, north = shape.bounds
        # The index holds single precision, rounded outwards.
        assert row[1] <= west <= row[1] + 1e-5
        assert row[2] - 1e-5 <= east <= row[2]
        assert row[3] <= south <= row[3] + 1e-5
        assert row[4] - 1e-5 <= north <= row[4]
    assert sql(empty.path, "SELECT rtreecheck(?)", f"rtree_{layer.table_name}_geom") == [("ok",)]


def test_the_index_is_used(empty, monkeypatch):
    """A reader that asks for a box gets only what the index lists: an emptied index hides every record."""
    layer = add(empty, geometries=[square(i, 0) for i in range(0, 40, 2)])
    box = square(9, 0, 2).bounds
    assert empty.read(layer, bounds=box)["record_id"].tolist() == ["minefields-4", "minefields-5"]
    with closing(sqlite3.connect(empty.path)) as connection, connection:
        connection.execute(f'DELETE FROM "rtree_{layer.table_name}_geom"')
    assert empty.read(layer, bounds=box).empty
    assert len(empty.read(layer)) == 20


def test_index_triggers_are_those_of_gdal(empty):
    layer = add(empty)
    staged = {
        row[0] for row in sql(empty.path, "SELECT sql FROM sqlite_master WHERE name LIKE 'rtree%' AND type = 'trigger'")
    }
    assert len(staged) >= 5
    assert all(layer.table_name in each and "staged" not in each for each in staged)


def test_values_as_pandas_may_hold_them(empty):
    layer = add(
        empty,
        kind=Kind.ACCIDENTS,
        geometries=[point(0, 0)] * 3,
        killed=pd.array([1, None, 3], dtype="Int64"),
        marked=pd.array([True, None, False], dtype="boolean"),
        source=pd.array(["a", None, "c"], dtype="string"),
        sigma_m=np.array([1, np.nan, 0.5]),
    )
    read = empty.read(layer)
    assert read["killed"].tolist() == [1, pd.NA, 3]
    assert read["marked"].tolist() == [True, pd.NA, False]
    assert read["source"].tolist() == ["a", pd.NA, "c"]
    np.testing.assert_array_equal(read["sigma_m"], [1, np.nan, 0.5])


def test_geometry_is_kept_to_the_last_bit(empty):
    rng = np.random.default_rng(7)
    shapes = [shapely.MultiPolygon([shapely.Point(p).buffer(0.01)]) for p in rng.uniform(-20, -19, (20, 2))]
    read = empty.read(add(empty, geometries=shapes))
    assert shapely.equals_identical(read.geometry.to_numpy(), np.array(shapes)).all()


def test_table_names():
    assert table_name("handover-1", Kind.MINEFIELDS) == "minefields_handover-1"
    assert len({table_name(batch, kind) for kind in Kind for batch in ("a", "A_b", "b")}) == 3 * len(Kind)
