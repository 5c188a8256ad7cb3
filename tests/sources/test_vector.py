import contextlib
import json
import sqlite3
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyogrio
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from registry.errors import SourceError
from registry.sources import archive as archives
from registry.sources import vector
from registry.sources.geojson import mend_rings
from registry.sources.vector import files_of, read_source
from registry.styles import keep_styles

DATA = Path(__file__).parent.parent / "data"
SQUARE = shapely.box(-20, -20, -19.99, -19.99)
BESIDE = shapely.box(-19.98, -20, -19.97, -19.99)


def frame(*geometries, crs=4326, **columns):
    return gpd.GeoDataFrame(columns or {"name": ["мина", "b"][: len(geometries)]}, geometry=list(geometries), crs=crs)


def written(path, *geometries, **options):
    pyogrio.write_dataframe(frame(*geometries or (SQUARE, BESIDE)), path, **options)
    return path


def zipped(path, **members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def only(path, **options):
    (layer,) = read_source(path, **options)
    return layer


def changed(path, *statements):
    """A GeoPackage after SQL statements that GDAL would not have made."""
    with sqlite3.connect(path) as connection:
        for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f'DROP TRIGGER "{trigger}"')
        for sql, values in statements:
            connection.execute(sql, values)
    connection.close()
    return path


@pytest.mark.parametrize("ending", ["gpkg", "geojson", "shp", "fgb", "kml", "gdb"])
def test_every_format_gives_the_same_squares(tmp_path, ending):
    driver = {"gdb": "OpenFileGDB", "kml": "LIBKML"}.get(ending)
    layer = only(written(tmp_path / f"fields.{ending}", driver=driver))
    by_place = shapely.from_wkt("POINT (-19.995 -19.995)")
    assert len(layer.geometries) == 2
    assert sorted(shapely.area(layer.geometries)) == pytest.approx([1e-4, 1e-4])
    name = "Name" if ending == "kml" else "name"
    assert set(layer.attributes[name][shapely.covers(layer.geometries, by_place)]) == {"мина"}
    assert layer.crs.to_epsg() == 4326
    assert (layer.name, layer.as_delivered, layer.unreadable, layer.encoding_doubt) == (None, {}, {}, None)


@pytest.mark.parametrize("crs", [32634, 3035, 28408])
def test_the_crs_is_what_the_source_states(tmp_path, crs):
    pyogrio.write_dataframe(frame(shapely.box(8_500_000, 5e6, 8_500_100, 5e6 + 100), crs=crs), tmp_path / "a.gpkg")
    assert only(tmp_path / "a.gpkg").crs.to_epsg() == crs


@pytest.mark.parametrize("number", [0, -1, 99_999])
def test_an_undefined_crs_is_none(tmp_path, number):
    path = changed(
        written(tmp_path / "a.gpkg"),
        ("UPDATE gpkg_contents SET srs_id = ?", [number]),
        ("UPDATE gpkg_geometry_columns SET srs_id = ?", [number]),
    )
    assert only(path).crs is None


def test_large_whole_numbers_are_not_rounded_where_some_are_missing(tmp_path):
    path = written(tmp_path / "a.gpkg")
    path = changed(
        path,
        ("ALTER TABLE a ADD COLUMN number INTEGER", []),
        ("UPDATE a SET number = 9007199254740993 WHERE fid = 1", []),
    )
    assert only(path).attributes["number"].tolist() == [9007199254740993, None]


# --- GeoJSON


def test_rings_that_geos_cannot_hold_are_kept_as_delivered():
    layer = only(DATA / "rings.geojson")
    assert layer.attributes["sheet"].tolist()[:7] == [
        "whole", "unclosed", "one point", "two points", "three points", "crossed", "nothing",
    ]  # fmt: skip
    held = [geometry is not None for geometry in layer.geometries]
    assert held == [True, False, False, False, False, True, False, True]
    assert set(layer.as_delivered) == {1, 2, 3, 4}
    assert json.loads(layer.as_delivered[2]) == {"type": "Polygon", "coordinates": [[[-20, -20]]]}
    assert mend_rings(layer.as_delivered[1])[0].equals(SQUARE)
    assert not layer.geometries[5].is_valid
    assert layer.geometries[7].is_empty


def test_a_feature_that_is_none_does_not_shift_the_texts(tmp_path):
    unclosed = {"type": "Polygon", "coordinates": [[[0, 0], [10, 0], [10, 10], [0, 10]]]}
    features = [None, {"type": "Feature", "properties": {"n": 1}, "geometry": unclosed}]
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    layer = only(path)
    (row,) = layer.as_delivered
    assert layer.attributes["n"][row] == 1
    assert mend_rings(layer.as_delivered[row])[0].area == 100


@pytest.mark.parametrize("start", ["", "\ufeff", "\n "])
def test_a_single_feature_without_properties(tmp_path, start):
    path = tmp_path / "a.json"
    path.write_text(
        start + json.dumps({"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(SQUARE)})
    )
    layer = only(path)
    assert layer.attributes.shape == (1, 0)
    assert layer.geometries[0].equals(SQUARE)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"type": "FeatureCollection", "features": []}', "\0" * 40])
def test_what_holds_no_features_is_refused(tmp_path, content):
    (tmp_path / "a.geojson").write_text(content)
    with pytest.raises(SourceError, match=r"a\.geojson"):
        read_source(tmp_path / "a.geojson")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cut=st.integers(0, 1200), noise=st.integers(0, 1200), byte=st.integers(0, 255))
def test_damaged_geojson_is_read_or_refused(tmp_path, cut, noise, byte):
    content = bytearray((DATA / "rings.geojson").read_bytes()[: cut or None])
    content[noise % len(content)] = byte
    (tmp_path / "a.geojson").write_bytes(content)
    try:
        layers = read_source(tmp_path / "a.geojson")
    except SourceError:
        return
    for layer in layers:
        assert len(layer.attributes) == len(layer.geometries)
        assert all(layer.geometries[row] is None for row in layer.as_delivered)


# --- GPX, KML


def test_folders_of_a_kml_are_layers_of_one_document():
    north, south = read_source(DATA / "folders.kml")
    assert (north.name, south.name) == ("North", "South")
    assert (north.attributes["Name"].tolist(), south.attributes["Name"].tolist()) == (["N1"], ["S1", "S2"])
    assert north.geometries[0].has_z
    assert [geometry.geom_type for geometry in south.geometries] == ["LineString", "Point"]
    assert only(DATA / "folders.kml", layers=["South"]).name == "South"


def test_a_kmz_is_a_zip_around_a_kml(tmp_path):
    path = zipped(tmp_path / "a.kmz", **{"doc.kml": (DATA / "folders.kml").read_bytes(), "image.png": b""})
    assert [layer.name for layer in read_source(path)] == ["North", "South"]


def test_a_kmz_without_kml(tmp_path):
    with pytest.raises(SourceError, match="no KML file in it"):
        read_source(zipped(tmp_path / "a.kmz", **{"image.png": b""}))


def test_track_points_are_not_read_a_second_time():
    layers = read_source(DATA / "tracks.gpx")
    assert [(layer.name, layer.attributes["name"].tolist()) for layer in layers] == [
        ("waypoints", ["W1"]),
        ("routes", ["R1"]),
        ("tracks", ["T1"]),
    ]


def test_entities_that_multiply_are_refused_and_not_followed(tmp_path):
    entities = '<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefghi", "bcdefghij", strict=True)
    )
    kml = (DATA / "folders.kml").read_text().replace("?>", f"?><!DOCTYPE kml [{entities}]>", 1).replace("N1", "&j;")
    (tmp_path / "a.kml").write_text(kml)
    with pytest.raises(SourceError, match="cannot be read"):
        read_source(tmp_path / "a.kml")


def test_an_entity_does_not_bring_in_another_file(tmp_path):
    (tmp_path / "secret.txt").write_text("SECRET")
    entity = f'?><!DOCTYPE kml [<!ENTITY x SYSTEM "file://{tmp_path}/secret.txt">]>'
    (tmp_path / "a.kml").write_text((DATA / "folders.kml").read_text().replace("?>", entity, 1).replace("N1", "&x;"))
    with pytest.raises(SourceError) as refusal:
        read_source(tmp_path / "a.kml")
    assert "SECRET" not in str(refusal.value)


@pytest.mark.parametrize("ending", ["geojson", "kml", "gpx", "gpkg", "fgb"])
def test_a_file_that_names_other_sources_is_refused_before_gdal_opens_it(tmp_path, ending):
    other = written(tmp_path / "other.gpkg")
    layer = f'<OGRVRTLayer name="other"><SrcDataSource>{other}</SrcDataSource></OGRVRTLayer>'
    (tmp_path / f"a.{ending}").write_text(f"<OGRVRTDataSource>{layer}</OGRVRTDataSource>")
    with pytest.raises(SourceError, match=r"content is not that of|names other sources"):
        read_source(tmp_path / f"a.{ending}")


def test_gml_in_the_guise_of_kml_is_refused_and_nothing_is_written_beside_it(tmp_path):
    point = "<gml:Point><gml:coordinates>1,2</gml:coordinates></gml:Point>"
    (tmp_path / "a.kml").write_text(
        f'<?xml version="1.0"?><!-- <kml> --><gml:FeatureCollection xmlns:gml="http://www.opengis.net/gml">'
        f"<gml:featureMember><a>{point}</a></gml:featureMember></gml:FeatureCollection>"
    )
    with pytest.raises(SourceError, match="names other sources"):
        read_source(tmp_path / "a.kml")
    assert [file.name for file in tmp_path.iterdir()] == ["a.kml"]


def test_geojson_that_only_our_own_reader_takes_keeps_the_crs_it_names(tmp_path, monkeypatch):
    def refuse(path):
        raise vector.DataSourceError("GDAL does not take it")

    monkeypatch.setattr(vector.pyogrio, "list_layers", refuse)
    path = tmp_path / "a.geojson"
    pyogrio.write_dataframe(frame(SQUARE, crs=4284), path, layer_options={"RFC7946": "NO"})
    layer = only(path)
    assert layer.crs.to_epsg() == 4284
    assert "GDAL does not take it" in layer.notes[0]
    assert (layer.attributes["name"][0], layer.geometries[0].equals(SQUARE)) == ("мина", True)


def test_a_pipeline_in_the_guise_of_geojson_is_refused(tmp_path):
    other = written(tmp_path / "other.gpkg")
    pipeline = {"type": "gdal_streamed_alg", "command_line": f"gdal vector pipeline ! read {other}"}
    (tmp_path / "a.json").write_text(json.dumps(pipeline))
    with pytest.raises(SourceError, match="names other sources"):
        read_source(tmp_path / "a.json")


# --- databases


def test_styles_that_qgis_kept_are_no_layer_of_the_source(tmp_path):
    path = written(tmp_path / "a.gpkg", layer="fields")
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        keep_styles(connection, {"fields": "<qgis/>"}, geometry_column="geom")
    assert [name for name, _ in pyogrio.list_layers(path)] == ["fields", "layer_styles"]
    (layer,) = read_source(path)
    assert layer.name == "fields"
    assert layer.geometries.tolist() == [SQUARE, BESIDE]
    assert layer.notes == ()
    (asked_for,) = read_source(path, layers=["layer_styles"])
    assert asked_for.attributes["f_table_name"].tolist() == ["fields"]


def test_a_database_with_several_layers_asks_for_one(tmp_path):
    path = written(tmp_path / "a.gpkg", layer="fields")
    written(path, SQUARE, layer="roads", append=True)
    with pytest.raises(SourceError, match=r"2 layers \(fields, roads\); say which with --layer"):
        read_source(path)
    assert len(only(path, layers=["fields"]).geometries) == 2
    assert [layer.name for layer in read_source(path, layers=["roads", "fields"])] == ["fields", "roads"]
    with pytest.raises(SourceError, match="it has no layer rivers"):
        read_source(path, layers=["roads", "rivers"])


def test_the_only_layer_may_be_named_too(tmp_path):
    path = written(tmp_path / "a.gpkg", layer="fields")
    assert only(path, layers=["fields"]).name == "fields"
    with pytest.raises(SourceError, match="it has no layer rivers"):
        read_source(path, layers=["rivers"])


def test_corrupt_wkb_in_one_row_costs_no_other(tmp_path):
    half = bytes.fromhex("47500001e6100000") + shapely.to_wkb(SQUARE)[:-20]
    layer = only(changed(written(tmp_path / "a.gpkg"), ("UPDATE a SET geom = ? WHERE fid = 2", [half])))
    assert [geometry is None for geometry in layer.geometries] == [False, True]
    assert layer.attributes["name"].tolist() == ["мина", "b"]
    assert mend_rings(layer.as_delivered[1])[0] is None


def test_arcs_are_drawn_as_short_lines_and_that_is_said(tmp_path):
    ring = [(1, 0), (0, 1), (-1, 0), (0, -1), (1, 0)]
    circle = bytes.fromhex("010a00000001000000" + "010800000005000000") + np.array(ring, "<f8").tobytes()
    blob = bytes.fromhex("47500001e6100000") + circle
    layer = only(changed(written(tmp_path / "a.gpkg"), ("UPDATE a SET geom = ? WHERE fid = 2", [blob])))
    assert layer.geometries[1].area == pytest.approx(np.pi, rel=1e-3)
    assert layer.geometries[0].equals(SQUARE)
    assert "Arcs" in layer.notes[-1]


def test_a_geodatabase_in_a_zip(tmp_path):
    folder = written(tmp_path / "fields.gdb", driver="OpenFileGDB")
    members = {f"maps/fields.gdb/{file.name}": file.read_bytes() for file in folder.iterdir()}
    assert len(only(zipped(tmp_path / "a.zip", **members)).geometries) == 2
    assert {media for _, media in files_of(folder)} == {"application/vnd.esri.filegdb"}
    assert {file.name for file, _ in files_of(folder)} == {file.name for file in folder.iterdir()}


# --- shapefiles


def test_texts_in_another_alphabet_without_cpg_and_prj():
    layer = only(DATA / "cyrillic.zip")
    assert layer.crs is None
    assert "cp1251 'название лист'" in layer.encoding_doubt
    stated = only(DATA / "cyrillic.zip", encoding="cp1251")
    assert stated.attributes["название"].tolist() == ["Минное поле № 1", "field 2"]
    assert stated.encoding_doubt is None
    # What was read wrongly lost no byte.
    assert layer.attributes.iloc[0, 0].encode("iso-8859-1").decode("cp1251") == "Минное поле № 1"


def test_an_encoding_nobody_knows():
    with pytest.raises(SourceError, match="'klingon' is not an encoding"):
        read_source(DATA / "cyrillic.zip", encoding="klingon")


@pytest.mark.parametrize("suffix", [".shp", ".dbf"])
def test_a_shapefile_cut_short_is_refused(tmp_path, suffix):
    path = written(tmp_path / "a.shp")
    part = path.with_suffix(suffix)
    part.write_bytes(part.read_bytes()[:-30])
    with pytest.raises(SourceError, match="cut short"):
        read_source(path)


@pytest.mark.parametrize("suffix", [".shx", ".dbf"])
def test_a_shapefile_without_a_part_it_needs(tmp_path, suffix):
    path = written(tmp_path / "a.shp")
    path.with_suffix(suffix).unlink()
    with pytest.raises(SourceError, match=rf"its \{suffix} file is missing"):
        files_of(path)


def test_side_files_in_upper_case_belong_to_it(tmp_path):
    path = written(tmp_path / "a.shp")
    path.with_suffix(".dbf").rename(tmp_path / "a.DBF")
    written(tmp_path / "ab.shp")
    names = [file.name for file, _ in files_of(path)]
    assert names == ["a.shp", "a.shx", "a.DBF", "a.prj", "a.cpg"]
    assert len(only(path).attributes) == 2


def test_columns_of_one_name_are_told_apart(tmp_path):
    path = tmp_path / "a.shp"
    pyogrio.write_dataframe(frame(SQUARE, name=["x"], nbme=["y"], name_2=["z"]), path)
    table = path.with_suffix(".dbf")
    table.write_bytes(table.read_bytes().replace(b"nbme", b"name"))
    assert only(path).attributes.to_dict("list") == {"name": ["x"], "name_3": ["y"], "name_2": ["z"]}


def test_bytes_that_are_no_utf8_are_shown_and_not_lost(tmp_path):
    path = changed(written(tmp_path / "a.gpkg"), ("UPDATE a SET name = CAST(x'66ff' AS TEXT) WHERE fid = 1", []))
    assert only(path).attributes["name"].tolist() == ["f\\xff", "b"]


# --- GeoParquet


def geoparquet(path, described, wkb=None):
    wkb = wkb or [shapely.to_wkb(SQUARE), None]
    table = pa.table({"n": pa.array([9007199254740993, None][: len(wkb)]), "shape": pa.array(wkb, pa.binary())})
    parquet.write_table(table.replace_schema_metadata({"geo": json.dumps(described)}), path)
    return path


def described(**column):
    return {"version": "1.1.0", "primary_column": "shape", "columns": {"shape": {"encoding": "WKB", **column}}}


def test_geoparquet_without_a_word_on_its_crs_is_on_wgs84(tmp_path):
    layer = only(geoparquet(tmp_path / "a.parquet", described()))
    assert layer.crs == "OGC:CRS84"
    assert layer.geometries[0].equals(SQUARE)
    assert layer.geometries[1] is None
    assert layer.attributes["n"].tolist() == [9007199254740993, None]


def test_geoparquet_with_null_as_crs_does_not_state_one(tmp_path):
    assert only(geoparquet(tmp_path / "a.parquet", described(crs=None))).crs is None


def test_geoparquet_written_by_geopandas(tmp_path):
    frame(SQUARE, crs=4326).to_crs(32726).to_parquet(tmp_path / "a.geoparquet")
    assert only(tmp_path / "a.geoparquet").crs.to_epsg() == 32726


def test_geoparquet_with_corrupt_wkb(tmp_path):
    layer = only(geoparquet(tmp_path / "a.parquet", described(), [b"abc", shapely.to_wkb(SQUARE)]))
    assert layer.as_delivered == {0: "616263"}
    assert layer.geometries[1].equals(SQUARE)


@pytest.mark.parametrize(
    ("geo", "message"),
    [
        ({}, "names no geometry column"),
        ([1], "names no geometry column"),
        ({"primary_column": "shape"}, "names no geometry column"),
        ({"primary_column": "other", "columns": {"other": {}}}, "names no geometry column"),
        ({"primary_column": "n", "columns": {"n": {"encoding": "WKB"}}}, "names no geometry column"),
        (described(encoding="point"), "encoded as point; write it as WKB"),
        (described(crs="nonsense"), "does not understand the CRS"),
    ],
)
def test_parquet_that_is_no_geoparquet(tmp_path, geo, message):
    with pytest.raises(SourceError, match=message):
        read_source(geoparquet(tmp_path / "a.parquet", geo))


def test_junk_in_the_guise_of_parquet(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1 junk PAR1")
    with pytest.raises(SourceError, match="cannot be read"):
        read_source(tmp_path / "a.parquet")


# --- zips


def test_several_files_in_a_zip_are_read_and_shadows_are_not(tmp_path):
    content = written(tmp_path / "a.geojson").read_bytes()
    path = zipped(
        tmp_path / "a.zip",
        **{
            "b/one.geojson": content,
            "two.geojson": content,
            "__MACOSX/._two.geojson": b"\0\5\x16\7",
            "readme.txt": b"x",
        },
    )
    assert [len(layer.geometries) for layer in read_source(path)] == [2, 2]


def test_a_shapefile_in_a_folder_of_a_zip(tmp_path):
    path = written(tmp_path / "a.shp")
    members = {f"maps/поле{side.suffix}": side.read_bytes() for side in tmp_path.glob("a.*")}
    layer = only(zipped(tmp_path / "b.zip", **members))
    assert layer.attributes["name"].tolist() == only(path).attributes["name"].tolist() == ["мина", "b"]


def test_a_zip_with_nothing_to_read(tmp_path):
    with pytest.raises(SourceError, match=r"nothing in it can be read; it holds readme\.txt"):
        read_source(zipped(tmp_path / "a.zip", **{"readme.txt": b"x"}))


@pytest.mark.parametrize("name", ["../a.geojson", "maps/../../a.geojson"])
def test_a_zip_with_names_that_lead_out_of_it(tmp_path, name):
    with pytest.raises(SourceError, match="leads out of the archive"):
        read_source(zipped(tmp_path / "a.zip", **{name: b"{}"}))


def test_a_zip_that_unpacks_to_far_more_than_it_seems(tmp_path):
    path = tmp_path / "a.zip"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("a.geojson", "w") as member,
    ):
        for _ in range(110):
            member.write(bytes(1_000_000))
    assert path.stat().st_size < 1_000_000
    with pytest.raises(SourceError, match="would unpack to 1 files and 110 MB"):
        read_source(path)


def test_a_zip_of_too_many_files(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "ZIP_MAX_FILES", 2)
    content = written(tmp_path / "a.geojson").read_bytes()
    two = {"a.geojson": content, "b.geojson": content}
    assert len(read_source(zipped(tmp_path / "two.zip", **two))) == 2
    with pytest.raises(SourceError, match="would unpack to 3 files"):
        read_source(zipped(tmp_path / "three.zip", **two, c=b""))


@pytest.mark.parametrize("ending", ["zip", "kmz"])
def test_what_is_no_zip(tmp_path, ending):
    (tmp_path / f"a.{ending}").write_bytes(b"junk")
    with pytest.raises(SourceError, match="not a zip archive or is damaged"):
        read_source(tmp_path / f"a.{ending}")


def test_a_damaged_or_encrypted_member_is_refused(tmp_path):
    content = bytearray((DATA / "cyrillic.zip").read_bytes())
    with zipfile.ZipFile(DATA / "cyrillic.zip") as archive:
        member = archive.getinfo("поле.dbf")
    damaged = content.copy()
    damaged[member.header_offset + 30 + len("поле.dbf".encode()) + 5] ^= 0xFF
    encrypted = content.copy()
    for mark, flags in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
        start = -1
        while (start := encrypted.find(mark, start + 1)) >= 0:
            encrypted[start + flags] |= 1
    for case in (damaged, encrypted):
        (tmp_path / "a.zip").write_bytes(case)
        with pytest.raises(SourceError, match="damaged or encrypted"):
            read_source(tmp_path / "a.zip")


# --- files


@pytest.mark.parametrize("name", ["nowhere.geojson", "nowhere"])
def test_a_file_that_is_not_there(tmp_path, name):
    with pytest.raises(SourceError, match="there is no such file"):
        files_of(tmp_path / name)


def test_a_kind_of_file_that_is_not_read(tmp_path):
    (tmp_path / "a.docx").touch()
    with pytest.raises(SourceError, match=r"convert it to one of .*geojson"):
        files_of(tmp_path / "a.docx")


def test_a_folder_is_no_source_unless_it_is_a_geodatabase(tmp_path):
    (tmp_path / "a.shp").mkdir()
    with pytest.raises(SourceError, match="is a folder"):
        files_of(tmp_path / "a.shp")


def test_a_single_file_with_its_media_type():
    assert files_of(DATA / "folders.kml") == ((DATA / "folders.kml", "application/vnd.google-earth.kml+xml"),)


@pytest.mark.parametrize(
    "ending", sorted({ending for ending in vector.SUFFIXES if ending not in {".gdb", ".zip", ".kmz"}})
)
def test_junk_is_refused_whatever_its_name(tmp_path, ending):
    (tmp_path / f"a{ending}").write_bytes(b"\x93junk" * 30)
    with pytest.raises(SourceError, match=rf"a\{ending}"):
        read_source(tmp_path / f"a{ending}")
