import json

import geopandas as gpd
import numpy as np
import pytest
import shapely
import unpack
from pyproj import CRS
from sea import square

from maps import backdrop
from maps.backdrop import read_backdrop
from registry.errors import SourceError
from registry.geometry import WGS84, project


def lines(block):
    """Lines of a block, written from the description of `maps.encode.encode_lines`."""
    header, (look, invalid, days, features, counts, xs, ys) = unpack.unpack(block.shapes)
    assert (header["shape"], header["kind"], header["looks"]) == ("lines", "backdrop", ["backdrop"])
    assert len(look) == len(invalid) == block.count == len(unpack.varints(features))
    assert days == b""
    x, y = (np.cumsum(unpack.signed(steps)) / 1e5 for steps in (xs, ys))
    ends = np.cumsum(unpack.varints(counts))[:-1]
    return [list(zip(*each, strict=True)) for each in zip(np.split(x, ends), np.split(y, ends), strict=True)]


def written(path, *geometries, crs="EPSG:4326"):
    gpd.GeoDataFrame({"secret": ["told to nobody"] * len(geometries)}, geometry=list(geometries), crs=crs).to_file(path)
    return path


def test_outlines_lines_and_points_are_drawn(tmp_path):
    ring = shapely.Polygon(square(-30, 0, 4).exterior, [square(-29, 1, 1).exterior])
    both = shapely.MultiLineString([[(-30, 0), (-29, 1)], [(-28, 0), (-27, 1), (-26, 0)]])
    path = tmp_path / "all.geojson"
    collection = shapely.GeometryCollection([shapely.Point(1, 2), shapely.GeometryCollection([shapely.Point(3, 4)])])
    shapes = [json.loads(shapely.to_geojson(shape)) for shape in (ring, both, collection)]
    features = [{"type": "Feature", "properties": {}, "geometry": shape} for shape in (*shapes, None)]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    drawn = read_backdrop(path)
    assert (drawn.name, drawn.not_drawn, drawn.count) == ("all.geojson", 0, 6)
    drawn_lines, drawn_points = drawn.blocks
    found = lines(drawn_lines)
    assert found[2:] == [[(-30, 0), (-29, 1)], [(-28, 0), (-27, 1), (-26, 0)]]
    assert [len(line) for line in found[:2]] == [5, 5]
    assert set(found[1]) == {(-29, 1), (-28, 1), (-28, 2), (-29, 2)}
    header, (_, _, _, *sections) = unpack.unpack(drawn_points.shapes)
    assert unpack.features(header, sections) == [[(1, 2)], [(3, 4)]]


def test_nothing_of_its_attributes_is_in_the_page(tmp_path):
    (block,) = read_backdrop(written(tmp_path / "roads.gpkg", shapely.LineString([(0, 0), (1, 1)]))).blocks
    assert unpack.table(block.table) == []
    assert unpack.unpack(block.shapes)[0]["name"] == ""


def test_its_crs_is_minded(tmp_path):
    utm = CRS.from_epsg(32634)
    line = np.array([shapely.LineString([(20.5, 44.0), (20.6, 44.1)])], dtype=object)
    path = written(tmp_path / "utm.gpkg", *project(line, WGS84, utm), crs=utm)
    (((x, y), _),) = lines(read_backdrop(path).blocks[0])
    assert (x, y) == pytest.approx((20.5, 44.0), abs=1e-5)


def test_without_a_crs_it_is_one_sentence(tmp_path):
    path = written(tmp_path / "bare.shp", shapely.LineString([(0, 0), (1, 1)]))
    path.with_suffix(".prj").unlink()
    with pytest.raises(SourceError, match=r"bare\.shp: it does not say its CRS, so nobody knows where it lies"):
        read_backdrop(path)


def test_positions_off_the_globe_are_one_sentence(tmp_path):
    path = written(tmp_path / "metres.geojson", shapely.LineString([(400_000, 4_800_000), (400_010, 4_800_000)]))
    with pytest.raises(SourceError, match="none on the globe"):
        read_backdrop(path)


def test_a_file_that_is_too_large_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(backdrop, "MOST_BYTES", 100)
    path = written(tmp_path / "large.gpkg", shapely.LineString([(0, 0), (1, 1)]))
    with pytest.raises(SourceError, match="simplify it"):
        read_backdrop(path)


def test_nothing_to_draw_is_one_sentence(tmp_path):
    path = tmp_path / "empty.geojson"
    feature = {"type": "Feature", "properties": {}, "geometry": None}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    with pytest.raises(SourceError, match="nothing that can be drawn"):
        read_backdrop(path)


def test_what_gdal_refuses_is_counted(tmp_path):
    unclosed = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1]]]}
    line = {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}
    features = [{"type": "Feature", "properties": {}, "geometry": each} for each in (unclosed, line)]
    path = tmp_path / "broken.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    drawn = read_backdrop(path)
    assert (drawn.count, drawn.not_drawn) == (1, 1)
