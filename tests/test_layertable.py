"""The table of a layer: the same columns for every layer of a kind, and a spatial index that is used."""

import sqlite3
from contextlib import closing

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from batches import add, point, square

from registry.layertable import rows_of, table_name
from registry.model import GEOMETRY_OF_KIND, GeometryKind, Kind
from registry.schema import fields


def sql(path, statement, *parameters):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement, parameters).fetchall()


def test_columns_without_values_are_left_out():
    rows = {"record_id": ["a"], "fuze": [None], "mines_ap": [np.nan], "unknown": ["x"]}
    made = rows_of(gpd.GeoDataFrame(rows, geometry=[square(0, 0)], crs=4326), Kind.MINEFIELDS)
    assert (made.columns, made.cells) == (("record_id",), (["a"],))
    assert made.empty == {field.name for field in fields(Kind.MINEFIELDS)} - {"record_id"}


def test_what_a_source_said_besides_is_kept_as_text_of_json():
    rows = {"record_id": ["a", "b", "c"], "source_fields": [{"name": "Ж"}, '{"n": 1}', None]}
    made = rows_of(gpd.GeoDataFrame(rows, geometry=[square(0, 0)] * 3, crs=4326), Kind.MINEFIELDS)
    assert made.cells[made.columns.index("source_fields")] == ['{"name": "Ж"}', '{"n": 1}', None]


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


def as_gdal_writes(path, kind, shapes):
    """A layer of that name, written by GDAL."""
    frame = gpd.GeoDataFrame({"record_id": ["a"] * len(shapes)}, geometry=shapes, crs=4326)
    multi, layer = GEOMETRY_OF_KIND[kind] is not GeometryKind.POINT, f"{kind}_b-1"
    names = {"geometry_name": "geom", "fid": "fid", "layer": layer, "VERSION": "1.3"}
    kind_of = {"MULTIPOLYGON": "MultiPolygon", "MULTIPOINT": "MultiPoint", "POINT": "Point"}[GEOMETRY_OF_KIND[kind]]
    pyogrio.write_dataframe(frame, path, driver="GPKG", promote_to_multi=multi, geometry_type=kind_of, **names)


HOLED = shapely.Polygon([(0, 0), (4, 0), (4, 4), (0, 4)], [[(1, 1), (2, 1), (2, 2)]])


@pytest.mark.parametrize(
    ("kind", "shapes"),
    [
        (Kind.MINEFIELDS, [square(0, 0), None, HOLED, shapely.MultiPolygon([square(-3, 0), square(5, 5)])]),
        (Kind.MINEFIELDS, [shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]), shapely.MultiPolygon()]),
        (Kind.DEVICES, [point(1, -2), shapely.MultiPoint([(0, 0), (1, 1)]), None]),
        (Kind.ACCIDENTS, [point(1, -2), None]),
    ],
)
def test_geometries_index_and_triggers_are_those_of_gdal(empty, tmp_path, kind, shapes):
    layer = add(empty, "b-1", kind, shapes)
    theirs = tmp_path / "gdal.gpkg"
    as_gdal_writes(theirs, kind, shapes)
    index = f'"rtree_{layer.table_name}_geom"'
    for query in (
        f'SELECT fid, geom FROM "{layer.table_name}" ORDER BY fid',
        f"SELECT id, minx, maxx, miny, maxy FROM {index} ORDER BY id",
        f"SELECT sql FROM sqlite_master WHERE name LIKE {index.replace(chr(34), chr(39))[:-1]}%' ORDER BY name",
    ):
        rows = sql(empty.path, query)
        assert rows == sql(theirs, query)
        assert rows


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
