import json
import sqlite3
import sys

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely

from registry.sources import featurewise
from registry.sources.vector import read_source

FIVE = [shapely.box(-20 + east, -20, -19.95 + east, -19.95) for east in (0, 0.1, 0.2, 0.3, 0.4)]


@pytest.fixture(params=["with Fiona", "without Fiona"], autouse=True)
def reader(request, monkeypatch):
    """Every test runs twice: with Fiona, and as where it has no wheels."""
    if request.param == "without Fiona":
        monkeypatch.setitem(sys.modules, "fiona", None)
    else:
        pytest.importorskip("fiona")


def frame(geometries, **columns):
    return gpd.GeoDataFrame(columns or {"n": range(len(geometries))}, geometry=geometries, crs=4326)


def set_geometry(path, fid, wkb):
    """Put bytes of our own into one row of a GeoPackage."""
    with sqlite3.connect(path) as connection:
        for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f'DROP TRIGGER "{trigger}"')
        header = bytes.fromhex("47500001e6100000")
        connection.execute(f"UPDATE {path.stem} SET geom = ? WHERE fid = ?", (header + wkb, fid))
    connection.close()


def unclosed_wkb():
    whole = shapely.to_wkb(shapely.box(0, 0, 10, 10), byte_order=1)
    return whole[:9] + (4).to_bytes(4, "little") + whole[13:-16]


def test_whole_file(tmp_path):
    pyogrio.write_dataframe(frame(FIVE[:2], name=["мина", None], n=[1, 2]), path := tmp_path / "two.gpkg")
    read = featurewise.read(str(path), None, None)
    assert [dict(each) for each in read.attributes] == [{"name": "мина", "n": 1}, {"name": None, "n": 2}]
    assert shapely.equals(read.geometries, FIVE[:2]).all()
    assert (read.crs, read.as_delivered, read.unreadable) == ("EPSG:4326", {}, {})


def test_feature_without_geometry(tmp_path):
    pyogrio.write_dataframe(frame([FIVE[0], None]), path := tmp_path / "two.gpkg")
    read = featurewise.read(str(path), None, None)
    assert read.geometries[1] is None
    assert [each["n"] for each in read.attributes] == [0, 1]


def test_named_layer(tmp_path):
    path = tmp_path / "layers.gpkg"
    pyogrio.write_dataframe(frame(FIVE[:1]), path, layer="one")
    pyogrio.write_dataframe(frame(FIVE[1:4]), path, layer="three", append=True)
    assert len(featurewise.read(str(path), "three", None).attributes) == 3


def test_a_file_that_cannot_be_opened(tmp_path):
    (tmp_path / "junk.gpkg").write_bytes(b"junk")
    assert featurewise.read(str(tmp_path / "junk.gpkg"), None, None) is None
    assert featurewise.read(str(tmp_path / "nowhere.gpkg"), None, None) is None


def test_the_encoding_as_stated(tmp_path):
    pyogrio.write_dataframe(frame(FIVE[:1], name=["мина"]), path := tmp_path / "a.shp", encoding="cp1251")
    path.with_suffix(".cpg").unlink()
    assert featurewise.read(str(path), None, "cp1251").attributes[0]["name"] == "мина"


def test_an_unclosed_ring_is_kept_as_delivered_and_not_closed_in_silence(tmp_path):
    pyogrio.write_dataframe(frame(FIVE[:2]), path := tmp_path / "rings.gpkg")
    set_geometry(path, 2, unclosed_wkb())
    read = featurewise.read(str(path), None, None)
    assert read.geometries[1] is None
    assert read.attributes[1]["n"] == 1
    assert set(read.as_delivered) == {1}
    assert read.unreadable == {}


def test_corrupt_wkb_in_one_row_costs_no_other(tmp_path):
    pyogrio.write_dataframe(frame(FIVE[:3]), path := tmp_path / "rows.gpkg")
    set_geometry(path, 2, shapely.to_wkb(FIVE[1])[:-20])
    read = featurewise.read(str(path), None, None)
    assert [geometry is None for geometry in read.geometries] == [False, True, False]
    assert [each["n"] for each in read.attributes] == [0, 1, 2]


@pytest.mark.parametrize(("bytes_lost", "lost"), [(30, {4}), (150, {3, 4})])
def test_a_flatgeobuf_cut_short_gives_what_is_left_of_it(tmp_path, bytes_lost, lost):
    pyogrio.write_dataframe(frame(FIVE), path := tmp_path / "five.fgb")
    path.write_bytes(path.read_bytes()[:-bytes_lost])
    (layer,) = read_source(path)
    assert len(layer.attributes) == 5
    assert set(layer.unreadable) == lost
    assert all(layer.unreadable.values())
    assert {row for row, geometry in enumerate(layer.geometries) if geometry is None} == lost
    # FlatGeobuf stores its features along a curve, so what was lost need not be the last that was written.
    for row in {*range(5)} - lost:
        assert layer.geometries[row].equals(FIVE[int(layer.attributes["n"][row])])
    assert "feature by feature" in layer.notes[0]


def test_both_readers_give_the_same(tmp_path, monkeypatch):
    pyogrio.write_dataframe(frame(FIVE, name=list("abcde"), size=np.arange(5) / 2), path := tmp_path / "five.gpkg")
    here = featurewise.read(str(path), None, None)
    monkeypatch.setitem(sys.modules, "fiona", None)
    there = featurewise.read(str(path), None, None)
    assert json.dumps([{**each} for each in here.attributes], default=float) == json.dumps(
        [{**each} for each in there.attributes], default=float
    )
    assert shapely.equals_exact(here.geometries, there.geometries).all()
