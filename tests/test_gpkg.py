"""The file as other GeoPackage readers see it."""

import json
import shutil
import sqlite3
import subprocess
from contextlib import closing
from xml.etree import ElementTree as ET

import pyogrio
import pytest
from batches import add, new_layer
from pyproj import CRS

from registry import gpkg
from registry.model import Handover, Kind
from registry.store import Registry
from registry.tables import ATTRIBUTE_TABLES

HOSTILE = "<&\"'>]]>\N{RIGHT-TO-LEFT OVERRIDE}мины\x1b[31m\x00\n\t\ufffe"


def rows(path, statement):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement).fetchall()


def ogrinfo(*arguments):
    if shutil.which("ogrinfo") is None:
        pytest.skip("ogrinfo is not installed")
    return subprocess.run(["ogrinfo", *map(str, arguments)], capture_output=True, text=True, check=False)


def test_quoted():
    assert gpkg.quoted('a"b') == '"a""b"'


class TestConformance:
    def test_header(self, small_path):
        header = small_path.read_bytes()[:100]
        assert header[:16] == b"SQLite format 3\0"
        assert header[68:72] == b"GPKG"
        assert int.from_bytes(header[60:64], "big") == 10300

    def test_integrity(self, small_path):
        assert rows(small_path, "PRAGMA integrity_check") == [("ok",)]
        assert rows(small_path, "PRAGMA foreign_key_check") == []

    def test_every_table_is_listed(self, small_path):
        listed = {row[0] for row in rows(small_path, "SELECT table_name FROM gpkg_contents")}
        tables = {row[0] for row in rows(small_path, "SELECT name FROM sqlite_master WHERE type = 'table'")}
        ours = {name for name in tables if not name.startswith(("gpkg_", "rtree_", "sqlite_"))}
        assert listed == ours
        assert {"minefields_first", "accidents_events", "districts_districts", "layers", "audit_log"} <= listed
        types = dict(rows(small_path, "SELECT table_name, data_type FROM gpkg_contents"))
        assert types["minefields_first"] == "features"
        assert types["findings"] == "attributes"

    def test_extensions(self, small_path):
        extensions = rows(small_path, "SELECT table_name, extension_name FROM gpkg_extensions")
        assert ("gpkg_metadata", "gpkg_metadata") in extensions
        assert ("minefields_first", "gpkg_rtree_index") in extensions

    def test_core_tables_are_those_that_gdal_makes(self, small_path, tmp_path):
        """Name, type, not null and key of each column, as GDAL writes them itself."""
        made = tmp_path / "gdal.gpkg"
        pyogrio.write_dataframe(pyogrio.read_dataframe(small_path, layer="minefields_first"), made)
        for table in ("gpkg_spatial_ref_sys", "gpkg_contents", "gpkg_geometry_columns", "gpkg_extensions"):
            ours, theirs = (
                {row[1]: (row[2].upper(), row[3], row[5] > 0) for row in rows(path, f"PRAGMA table_info({table})")}
                for path in (small_path, made)
            )
            assert ours == {name: theirs[name] for name in ours}, table

    def test_reference_systems(self, small_path):
        systems = dict(rows(small_path, "SELECT srs_id, definition FROM gpkg_spatial_ref_sys"))
        assert set(systems) == {-1, 0, 4326}
        assert CRS.from_wkt(systems[4326]).equals(CRS.from_epsg(4326), ignore_axis_order=True)

    def test_extents(self, small_path):
        extent = rows(small_path, "SELECT min_x, max_x FROM gpkg_contents WHERE table_name = 'minefields_first'")[0]
        assert extent == pytest.approx((-20, -19.997))
        with Registry.open(small_path) as registry:
            add(registry, "nowhere", geometries=[None])
        query = "SELECT min_x, min_y, max_x, max_y FROM gpkg_contents WHERE table_name = 'minefields_nowhere'"
        assert rows(small_path, query) == [(None,) * 4]


class TestReaders:
    """Warnings are errors here, and pyogrio turns each of GDAL's into a Python warning."""

    def test_pyogrio_reads_every_layer(self, small_path):
        names = dict(pyogrio.list_layers(small_path))
        assert names.pop("minefields_first") == "MultiPolygon"
        for name in ("minefields_first", *names):
            assert (
                len(pyogrio.read_dataframe(small_path, layer=name))
                == pyogrio.read_info(small_path, layer=name)["features"]
            )

    def test_pyogrio_shows_the_tags(self, small_path):
        info = pyogrio.read_info(small_path, layer="minefields_first")
        assert info["layer_metadata"]["GIVEN_BY"] == "Party A"
        assert info["layer_metadata"]["IDENTIFIER"] == "First handover (first, minefields)"

    def test_ogrinfo_reads_every_layer(self, small_path):
        shown = ogrinfo("-ro", "-al", "-so", small_path)
        assert (shown.returncode, shown.stderr) == (0, "")
        assert "Layer name: minefields_first" in shown.stdout
        assert "DESCRIPTION=minefields of batch first" in shown.stdout
        assert "HANDED_OVER_ON=2021-06" in shown.stdout
        assert "Warning" not in shown.stdout

    def test_ogrinfo_reads_every_feature(self, small_path):
        shown = ogrinfo("-ro", "-al", small_path)
        assert (shown.returncode, shown.stderr) == (0, "")
        assert shown.stdout.count("OGRFeature(minefields_first)") == 3

    def test_fiona_reads_the_same_tags(self, small_path):
        fiona = pytest.importorskip("fiona")
        with fiona.open(small_path, layer="minefields_first") as collection:
            tags = collection.tags()
            assert len(collection) == 3
        shown = pyogrio.read_info(small_path, layer="minefields_first")["layer_metadata"]
        assert tags["CONTENT_SHA256"] == shown["CONTENT_SHA256"]
        assert {name: tags.get(name) for name in shown} == shown


class TestMetadata:
    def test_tags_and_prov_travel_with_each_layer(self, small_path):
        documents = rows(
            small_path,
            "SELECT r.table_name, m.md_standard_uri, m.mime_type, m.metadata FROM gpkg_metadata m"
            " JOIN gpkg_metadata_reference r ON r.md_file_id = m.id WHERE r.table_name = 'minefields_first'",
        )
        (_, tags_uri, tags_type, tags), (_, prov_uri, prov_type, prov) = documents
        assert (tags_uri, tags_type) == ("http://gdal.org", "text/xml")
        items = {item.get("key"): item.text for item in ET.fromstring(tags).iter("MDI")}
        assert (items["TITLE"], items["RECEIVED"], items["PLOTTED"]) == ("First handover", "3", "2")
        assert (prov_uri, prov_type) == ("http://www.w3.org/ns/prov#", "application/ld+json")
        assert {node["@type"] for node in json.loads(prov)["@graph"]} == {
            "prov:Entity", "prov:Activity", "prov:SoftwareAgent",
        }  # fmt: skip

    def test_hostile_text(self, empty):
        layer = add(empty, handover=Handover("first", HOSTILE, HOSTILE), map_sheet=["\x1b[31m", None])
        assert layer.title == HOSTILE
        shown = pyogrio.read_info(empty.path, layer=layer.table_name)["layer_metadata"]["TITLE"]
        assert shown == HOSTILE.translate({0x1B: None, 0: None, 0xFFFE: None, 0x202E: None})
        assert ogrinfo("-ro", "-al", "-so", empty.path).stderr == ""
        assert empty.verify().problems == ()

    def test_two_layers_with_the_same_title(self, empty):
        """GeoPackage wants identifiers to be unique."""
        for batch_id in ("a", "b"):
            empty.add(new_layer(batch_id, handover=Handover(batch_id, "The same")))
        empty.add(new_layer("a", Kind.SCOPE, handover=Handover("a", "The same")))
        assert len(pyogrio.list_layers(empty.path)) == 3 + len([*ATTRIBUTE_TABLES, "layer_styles"])

    def test_tags_xml(self):
        xml = gpkg.tags_xml({"A": "1 < 2 & \x0b\ud800 3"})
        assert ET.fromstring(xml).find("Metadata/MDI").text == "1 < 2 &  3"


def test_now_text():
    text = gpkg.now_text()
    assert len(text) == len("2024-03-20T12:00:00.000Z")
    assert text.endswith("Z")
