"""Minefields given as lines and points become areas only with a stated width or radius."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from batches import write_source

from registry.geometry import WGS84, local_equal_area, project
from registry.importer import ImportOptions, import_batch, rebuild
from registry.model import Handover, Kind

PLANE = local_equal_area((-20.0, -20.0, -20.0, -20.0))


def on_globe(shape):
    return project(np.array([shape], dtype=object), PLANE, WGS84)[0]


LINE = on_globe(shapely.LineString([(0, 0), (1000, 0)]))
POINT = on_globe(shapely.Point(5000, 0))


def areas(registry):
    frame = registry.read(registry.layers(Kind.MINEFIELDS)[-1])
    shapes = project(frame.geometry.to_numpy(), WGS84, PLANE)
    return frame, shapely.area(shapes)


def bring(registry, path, **options):
    report = import_batch(registry, [path], Kind.MINEFIELDS, Handover("one", "One"), ImportOptions(**options))
    return report, *areas(registry)


def test_without_it_they_have_no_area(empty, tmp_path):
    report, frame, _ = bring(empty, write_source(tmp_path / "a.geojson", [LINE, POINT]))
    assert (report.counts.plotted, report.counts.unplottable) == (0, 2)
    assert [finding.code for finding in report.findings if finding.record_id] == ["not-an-area"] * 2
    assert [text.split()[0] for text in frame["original_geometry"]] == ["LINESTRING", "POINT"]


def test_a_line_has_flat_ends_and_a_point_is_round(empty, tmp_path):
    source = write_source(tmp_path / "a.geojson", [LINE, POINT])
    report, frame, area_m2 = bring(empty, source, width_m=40.0, radius_m=50.0)
    assert report.counts.plotted == 2
    assert area_m2[0] == pytest.approx(1000 * 40, rel=1e-4)
    # A circle drawn with 64 corners has 0.16 % less area.
    assert area_m2[1] == pytest.approx(np.pi * 50**2, rel=2e-3)
    assert frame["geometry_method"].tolist() == ["BUFFERED", "BUFFERED"]
    assert [text.split()[0] for text in frame["original_geometry"]] == ["LINESTRING", "POINT"]
    layer = empty.layers()[0]
    assert rebuild(empty, layer) == layer.content_sha256


def test_a_column_goes_before_what_is_said_of_all(empty, tmp_path):
    source = write_source(tmp_path / "a.geojson", [LINE, LINE], breadth=[10.0, None])
    _, frame, area_m2 = bring(empty, source, width_m=40.0, field_map={"width_m": "breadth"})
    assert area_m2 == pytest.approx([1000 * 10, 1000 * 40], rel=1e-4)
    assert frame["width_m"].tolist()[0] == 10.0


def test_only_minefields_are_drawn_so(empty, tmp_path):
    source = write_source(tmp_path / "a.geojson", [LINE])
    report = import_batch(empty, [source], Kind.SURVEYED, Handover("one", "One"), ImportOptions(width_m=40.0))
    assert report.counts.unplottable == 1


def test_a_crs_in_metres(empty, tmp_path):
    path = tmp_path / "utm.gpkg"
    line = shapely.LineString([(500_000, 7_780_000), (501_000, 7_780_000)])
    gpd.GeoDataFrame({"n": [1]}, geometry=[line], crs=32727).to_file(path, engine="pyogrio")
    _, frame, _ = bring(empty, path, width_m=40.0)
    in_utm = frame.geometry.to_crs(32727)[0]
    assert in_utm.bounds == pytest.approx((500_000, 7_779_980, 501_000, 7_780_020), abs=0.6)
    assert frame["original_geometry"][0].startswith("LINESTRING (500000 7780000")
