"""Imports from end to end, on small files that say what they test."""

import json
import zipfile
from dataclasses import replace

import pyogrio
import pytest
import shapely
from batches import bow_tie, point, square, write_geojson, write_source

from registry.errors import DuplicateLayer, SourceError, StoreError, UnknownLayer
from registry.importer import ImportOptions, import_batch, rebuild
from registry.model import Handover, Kind, LayerState, Severity
from registry.store import Registry

AREAS = [square(0, 0), square(2, 0), square(4, 0, 2)]
POINTS = [point(0.5, 0.5), point(1.5, 0.5)]


def bring(registry, *sources, kind=Kind.MINEFIELDS, batch_id="first", dry_run=False, **options):
    """Import with as little said as can be."""
    handover = Handover(batch_id, f"Batch {batch_id}")
    return import_batch(registry, sources, kind, handover, ImportOptions(**options), dry_run=dry_run)


def rows(registry, batch_id="first", kind=Kind.MINEFIELDS):
    return registry.read(registry.layer(batch_id, kind))


def codes(report):
    return sorted({finding.code for finding in report.findings})


@pytest.fixture
def areas(tmp_path):
    return write_source(tmp_path / "areas.geojson", AREAS, number=["1", "2", "3"], colour=["red", None, "blue"])


class TestFormats:
    @pytest.mark.parametrize(
        ("suffix", "crs"),
        [
            *((suffix, 4326) for suffix in (".geojson", ".gpkg", ".shp", ".fgb", ".parquet", ".kml", ".gdb")),
            *((suffix, 32727) for suffix in (".gpkg", ".shp", ".fgb", ".parquet", ".gdb")),
            (".gpkg", 3857),
        ],
    )
    def test_areas(self, empty, tmp_path, suffix, crs):
        source = write_source(tmp_path / f"areas{suffix}", AREAS, crs, number=["1", "2", "3"])
        report = bring(empty, source)
        assert (report.counts.received, report.counts.plotted) == (3, 3)
        read = rows(empty)
        for shape, wanted in zip(read.geometry, AREAS, strict=True):
            assert shape.symmetric_difference(wanted).area < 1e-6 * wanted.area
        assert [fields["number"] for fields in read["source_fields"]] == ["1", "2", "3"]
        assert read["source_crs"].unique().tolist() == [f"EPSG:{crs}"]
        assert rebuild(empty, empty.layer("first", Kind.MINEFIELDS)) == empty.layers()[0].content_sha256
        assert empty.verify().problems == ()

    @pytest.mark.parametrize("suffix", [".geojson", ".gpkg", ".shp", ".fgb", ".parquet", ".kml", ".gpx", ".gdb"])
    def test_points(self, empty, tmp_path, suffix):
        source = write_source(tmp_path / f"points{suffix}", POINTS, name=["a", "b"])
        report = bring(empty, source, kind=Kind.ACCIDENTS)
        assert report.counts.plotted == 2
        found = rows(empty, kind=Kind.ACCIDENTS).geometry.to_numpy()
        assert shapely.equals_exact(found, POINTS, tolerance=1e-9).all()
        assert rebuild(empty, empty.layers()[0]) == empty.layers()[0].content_sha256

    @pytest.mark.parametrize("inner", ["areas.shp", "areas.gdb", "areas.geojson", "areas.gpkg"])
    def test_zipped(self, empty, tmp_path, inner):
        folder = tmp_path / "folder"
        folder.mkdir()
        write_source(folder / inner, AREAS, 32727 if "shp" in inner else 4326, number=["1", "2", "3"])
        archive = zipped(folder, tmp_path / "areas.zip")
        report = bring(empty, archive)
        assert report.counts.plotted == 3
        assert [document.file_name for document in report.documents] == ["areas.zip"]
        assert rebuild(empty, empty.layers()[0]) == empty.layers()[0].content_sha256

    def test_kmz(self, empty, tmp_path):
        kml = write_source(tmp_path / "areas.kml", AREAS)
        with zipfile.ZipFile(tmp_path / "areas.kmz", "w") as archive:
            archive.write(kml, "doc.kml")
        assert bring(empty, tmp_path / "areas.kmz").counts.plotted == 3

    def test_side_files_are_documents_of_their_own(self, empty, tmp_path):
        report = bring(empty, write_source(tmp_path / "areas.shp", AREAS, number=["1", "2", "3"]))
        names = [document.file_name for document in report.documents]
        assert names == ["areas.shp", "areas.shx", "areas.dbf", "areas.prj", "areas.cpg"]
        for document in report.documents:
            assert empty.document_content(document.document_id) == (tmp_path / document.file_name).read_bytes()
        assert rows(empty)["document_id"].unique().tolist() == ["first-minefields-1"]

    def test_an_encoding_is_stated(self, empty, tmp_path):
        frame_path = tmp_path / "areas.shp"
        write_source(frame_path, AREAS[:1], number=["x"])
        frame = pyogrio.read_dataframe(frame_path).assign(place="Поле")
        pyogrio.write_dataframe(frame, frame_path, encoding="cp1251")
        (tmp_path / "areas.cpg").unlink()
        assert "encoding-unstated" in codes(bring(empty, frame_path))
        assert "encoding-unstated" not in codes(bring(empty, frame_path, batch_id="second", encoding="cp1251"))
        assert rows(empty, "second")["source_fields"][0]["place"] == "Поле"
        assert rebuild(empty, empty.layer("second", Kind.MINEFIELDS)) == empty.layers()[1].content_sha256

    def test_geojson_that_gdal_refuses(self, empty, tmp_path):
        ring = [list(place) for place in square(0, 0).exterior.coords]
        source = write_geojson(
            tmp_path / "messy.geojson",
            ({"type": "Polygon", "coordinates": [ring]}, {"n": 1}),
            ({"type": "Polygon", "coordinates": [ring[:4]]}, {"n": 2}),
            ({"type": "Polygon", "coordinates": [ring[:2]]}, {"n": 3}),
            (None, {}),
        )
        report = bring(empty, source)
        assert (report.counts.plotted, report.counts.invalid, report.counts.unplottable) == (1, 1, 2)
        assert {"ring-unclosed", "too-few-vertices", "geometry-missing"} <= set(codes(report))
        kept = rows(empty)["original_geometry"]
        assert json.loads(kept[1])["coordinates"] == [ring[:4]]
        repaired = bring(empty, source, batch_id="second", repair=True)
        assert (repaired.counts.plotted, repaired.counts.repaired) == (2, 1)
        assert rows(empty, "second").geometry[1].equals(square(0, 0))
        for layer in empty.layers():
            assert rebuild(empty, layer) == layer.content_sha256

    def test_a_single_feature(self, empty, tmp_path):
        path = tmp_path / "one.geojson"
        path.write_text(json.dumps({"type": "Feature", "geometry": square(0, 0).__geo_interface__, "properties": {}}))
        assert bring(empty, path).counts.plotted == 1


def zipped(folder, path):
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder))
    return path


class TestSeveralFiles:
    def test_one_layer(self, empty, tmp_path):
        one = write_source(tmp_path / "one.geojson", AREAS[:2], n=["a", "b"])
        two = write_source(tmp_path / "two.gpkg", AREAS[2:], 32727, n=["c"])
        report = bring(empty, one, two)
        assert report.counts.received == 3
        read = rows(empty)
        assert read["document_id"].tolist() == ["first-minefields-1"] * 2 + ["first-minefields-2"]
        assert read["feature_index"].tolist() == [0, 1, 0]
        assert read["source_crs"].tolist() == ["EPSG:4326", "EPSG:4326", "EPSG:32727"]
        assert [each.source_crs for each in report.transformations] == ["EPSG:4326", "EPSG:32727"]
        assert rebuild(empty, empty.layers()[0]) == empty.layers()[0].content_sha256

    def test_files_of_the_same_name(self, empty, tmp_path):
        sources = []
        for number in range(2):
            (tmp_path / str(number)).mkdir()
            sources.append(write_source(tmp_path / str(number) / "areas.geojson", AREAS[number : number + 1]))
        bring(empty, *sources)
        assert rebuild(empty, empty.layers()[0]) == empty.layers()[0].content_sha256

    def test_several_layers_of_one_file(self, empty, tmp_path):
        path = tmp_path / "two.gpkg"
        for name, shapes in (("north", AREAS[:1]), ("south", AREAS[1:])):
            frame = pyogrio.read_dataframe(write_source(tmp_path / f"{name}.geojson", shapes))
            pyogrio.write_dataframe(frame, path, layer=name)
        with pytest.raises(SourceError, match=r"2 layers \(north, south\); say which with --layer"):
            bring(empty, path)
        bring(empty, path, layers=("north", "south"))
        assert rows(empty)["source_layer"].tolist() == ["north", "south", "south"]
        assert rows(empty)["feature_index"].tolist() == [0, 1, 2]
        assert rebuild(empty, empty.layers()[0]) == empty.layers()[0].content_sha256
        with pytest.raises(SourceError, match="it has no layer west"):
            bring(empty, path, batch_id="second", layers=("west",))

    def test_the_same_file_twice(self, empty, areas, tmp_path):
        copy = tmp_path / "copy.geojson"
        copy.write_bytes(areas.read_bytes())
        with pytest.raises(DuplicateLayer, match="named twice"):
            bring(empty, areas, copy)
        assert empty.layers() == ()


class TestColumns:
    def test_named_and_kept(self, empty, areas):
        report = bring(empty, areas, field_map={"record_id": "number"})
        assert report.matched == {"record_id": "number"}
        read = rows(empty)
        assert read["record_id"].tolist() == ["1", "2", "3"]
        assert read["source_fields"].tolist() == [{"colour": "red"}, None, {"colour": "blue"}]

    def test_our_own_names_match(self, empty, tmp_path):
        source = write_source(
            tmp_path / "a.geojson", AREAS[:1], map_sheet=["A"], laid_from=["05.1993"], mines_ap=["1 200"]
        )
        bring(empty, source)
        row = rows(empty).iloc[0]
        assert (row["map_sheet"], row["mines_ap"], row["laid_from_precision"]) == ("A", 1200, "MONTH")
        assert str(row["laid_from"].date()) == "1993-05-01"

    def test_a_value_that_is_not_understood_stays(self, empty, tmp_path):
        source = write_source(tmp_path / "a.geojson", AREAS[:2], mines_ap=["about 30", "30"])
        report = bring(empty, source)
        assert "value-not-understood" in codes(report)
        read = rows(empty)
        assert read["mines_ap"].tolist()[1] == 30
        assert read["source_fields"][0] == {"mines_ap": "about 30"}

    @pytest.mark.parametrize(
        ("field_map", "words"),
        [({"colour": "number"}, "no field 'colour'"), ({"record_id": "numero"}, "no column 'numero'")],
    )
    def test_a_wrong_name(self, empty, areas, field_map, words):
        with pytest.raises(SourceError, match=words):
            bring(empty, areas, field_map=field_map)

    def test_made_ids_are_stable(self, empty, areas):
        bring(empty, areas)
        bring(empty, areas, batch_id="second")
        assert rows(empty)["record_id"].tolist() == rows(empty, "second")["record_id"].tolist()
        assert rows(empty)["record_id"].is_unique

    def test_sigma(self, empty, tmp_path):
        source = write_source(tmp_path / "a.geojson", AREAS[:2], sigma_m=[5.0, None])
        bring(empty, source, sigma_m=40.0)
        assert rows(empty)["sigma_m"].tolist() == [5, 40]
        bring(empty, source, batch_id="second")
        assert rows(empty, "second")["sigma_m"].fillna(-1).tolist() == [5, -1]

    def test_text_in_any_script(self, empty, tmp_path):
        text = "Մարտունի <b>\u202e\x7f 'x' [red]"
        bring(empty, write_source(tmp_path / "поле №1.geojson", AREAS[:1], map_sheet=[text], note=[text]))
        assert rows(empty)["map_sheet"][0] == text
        assert rows(empty)["source_fields"][0] == {"note": text}


class TestRepair:
    @pytest.fixture
    def crossed(self, tmp_path):
        return write_source(tmp_path / "crossed.geojson", [bow_tie(0, 0), square(3, 0)], n=[1, 2])

    def test_not_asked_for(self, empty, crossed):
        report = bring(empty, crossed)
        assert (report.counts.plotted, report.counts.invalid) == (1, 1)
        assert report.has_errors
        read = rows(empty)
        assert read["plot_status"].tolist() == ["INVALID", "PLOTTED"]
        assert not read.geometry[0].is_valid

    def test_asked_for(self, empty, crossed):
        report = bring(empty, crossed, repair=True)
        assert (report.counts.plotted, report.counts.repaired, report.counts.invalid) == (2, 1, 0)
        assert not report.has_errors
        read = rows(empty)
        assert read["repaired"].tolist() == [True, False]
        assert read.geometry[0].area == pytest.approx(square(0, 0).area / 2)
        assert shapely.from_wkt(read["original_geometry"][0]).equals_exact(bow_tie(0, 0), 1e-12)
        assert rebuild(empty, empty.layers()[0]) == empty.layers()[0].content_sha256

    def test_a_line_is_no_area(self, empty, tmp_path):
        line = shapely.LineString([point(0, 0), point(1, 1)])
        report = bring(empty, write_source(tmp_path / "mixed.geojson", [line, square(3, 0)]))
        assert (report.counts.plotted, report.counts.unplottable) == (1, 1)
        assert rows(empty)["original_geometry"][0].startswith("LINESTRING")

    def test_received_is_the_sum(self, empty, tmp_path):
        shapes = [square(0, 0), bow_tie(2, 0), None, point(0, 0), shapely.Polygon()]
        counts = bring(empty, write_source(tmp_path / "all.gpkg", shapes)).counts
        assert (counts.received, counts.plotted, counts.invalid, counts.unplottable) == (5, 1, 1, 3)

    def test_a_file_of_nothing_that_can_be_drawn(self, empty, tmp_path):
        source = write_geojson(tmp_path / "none.geojson", (None, {"place": "a"}), (None, {"place": "b"}))
        assert bring(empty, source).counts.unplottable == 2
        assert rows(empty)["source_fields"].tolist() == [{"place": "a"}, {"place": "b"}]


class TestTwice:
    def test_dry_run_writes_nothing(self, small, areas, tmp_path):
        before = small.path.read_bytes()
        files = sorted(tmp_path.iterdir())
        report = bring(small, areas, batch_id="second", dry_run=True)
        assert report.dry_run
        assert report.counts.plotted == 3
        assert small.path.read_bytes() == before
        assert sorted(tmp_path.iterdir()) == files
        stored = bring(small, areas, batch_id="second")
        assert replace(stored, dry_run=True) == report

    def test_dry_run_refuses_what_the_import_would(self, small, areas):
        with pytest.raises(DuplicateLayer):
            bring(small, areas, dry_run=True)

    def test_dry_run_refuses_another_statement_of_the_handover(self, small, areas):
        with pytest.raises(StoreError, match="recorded with another giving_party"):
            import_batch(small, [areas], Kind.SCOPE, Handover("first", "x", "Party C"), dry_run=True)

    def test_source_already_held(self, empty, areas, tmp_path):
        bring(empty, areas)
        copy = tmp_path / "renamed.geojson"
        copy.write_bytes(areas.read_bytes())
        report = bring(empty, copy, batch_id="second")
        (held,) = (each for each in report.findings if each.code == "source-already-held")
        assert "batch first (minefields)" in held.message
        assert held.document_id == "second-minefields-1"
        assert "duplicate-in-registry" in codes(report)
        assert rows(empty, "second")["duplicate_of"].tolist() == [
            f"first/{name}" for name in rows(empty)["record_id"]
        ]  # fmt: skip

    def test_supersedes(self, empty, areas, tmp_path):
        bring(empty, areas)
        better = write_source(tmp_path / "better.geojson", AREAS)
        report = bring(empty, better, batch_id="second", supersedes="first", reason="wrong zone")
        assert "duplicate-in-registry" not in codes(report)
        assert empty.layer("first", Kind.MINEFIELDS).state is LayerState.SUPERSEDED
        assert [layer.batch_id for layer in empty.layers()] == ["second"]
        for layer in empty.layers(all_states=True):
            assert rebuild(empty, layer) == layer.content_sha256

    def test_supersedes_nothing(self, empty, areas):
        with pytest.raises(UnknownLayer):
            bring(empty, areas, supersedes="none", reason="x")
        assert empty.layers() == ()

    def test_hash_only(self, empty, areas):
        report = bring(empty, areas, keep_bytes=False)
        assert "source-not-kept" in codes(report)
        (document,) = empty.documents(empty.layers()[0])
        assert empty.document_content(document.document_id) is None
        assert document.size_bytes == areas.stat().st_size
        with pytest.raises(StoreError, match="were not kept"):
            rebuild(empty, empty.layers()[0])
        assert empty.verify().problems == ()

    def test_rebuild_sees_what_the_import_saw(self, empty, areas, tmp_path):
        """A batch that came later must not change what an earlier one is rebuilt to."""
        bring(empty, areas)
        bring(empty, write_source(tmp_path / "again.geojson", AREAS), batch_id="second")
        districts = write_source(tmp_path / "district.geojson", [square(-1, -1, 8)], name=["Sea"])
        bring(empty, districts, kind=Kind.DISTRICTS, batch_id="districts")
        empty.withdraw("first", reason="wrong file")
        for layer in empty.layers(all_states=True):
            assert rebuild(empty, layer) == layer.content_sha256

    def test_rebuild_leaves_the_registry_alone(self, small):
        before = small.path.read_bytes()
        for layer in small.layers():
            assert rebuild(small, layer) == layer.content_sha256
        assert small.path.read_bytes() == before


class TestRefused:
    @pytest.mark.parametrize(
        ("name", "content", "words"),
        [
            ("a.geojson", b"", "cannot be read|not GeoJSON|no feature"),
            ("a.geojson", b"{", "not GeoJSON"),
            ("a.geojson", b'{"type": "FeatureCollection", "features": []}', "no feature"),
            ("a.geojson", b'{"a": 1}', "no GeoJSON features"),
            ("a.gpkg", b"x" * 100, "cannot be read|its content is not"),
            ("a.kml", b"<kml>", "cannot be read|no feature"),
            ("a.zip", b"PK", "not a zip"),
            ("a.parquet", b"PAR1", "cannot be read"),
            ("a.fgb", b"fgb", "cannot be read"),
            ("a.shp", b"", "missing"),
            ("a.pdf", b"%PDF", "not read"),
            ("a", b"x", "not read"),
        ],
    )
    def test_files(self, small, tmp_path, name, content, words):
        (tmp_path / name).write_bytes(content)
        before = small.path.read_bytes()
        with pytest.raises(SourceError, match=words) as caught:
            bring(small, tmp_path / name, batch_id="second")
        assert name in str(caught.value)
        assert small.path.read_bytes() == before

    def test_nothing_there(self, small, tmp_path):
        with pytest.raises(SourceError, match="no such file"):
            bring(small, tmp_path / "a.shp", batch_id="second")

    def test_the_folder_in_which_the_registry_lies(self, small, tmp_path):
        with pytest.raises(SourceError, match="this registry itself lies there"):
            bring(small, tmp_path, batch_id="second")

    def test_one_bad_file_among_several(self, small, areas, tmp_path):
        bad = tmp_path / "bad.geojson"
        bad.write_text("{")
        before = small.path.read_bytes()
        with pytest.raises(SourceError):
            bring(small, areas, bad, batch_id="second")
        assert small.path.read_bytes() == before

    def test_wrong_kind(self, empty, areas):
        """Areas as accidents: none is stopped, all are counted."""
        report = bring(empty, areas, kind=Kind.ACCIDENTS)
        assert report.counts.unplottable == 3
        assert {finding.severity for finding in report.findings} == {Severity.ERROR}


def test_findings_are_in_order(empty, tmp_path):
    shapes = [square(0, 0, 0.01), bow_tie(2, 0), square(0, 0, 0.01), None]
    report = bring(empty, write_source(tmp_path / "a.gpkg", shapes))
    of_records = [finding for finding in report.findings if finding.record_id]
    found = [(finding.feature_index, "EWI".index(finding.severity)) for finding in of_records]
    assert found == sorted(found)
    assert report.findings[-len(of_records) :] == tuple(of_records)
    assert empty.findings(empty.layers()[0]) == report.findings
    assert [finding.code for finding in report.findings if not finding.record_id] == ["reference-point-missing"]


def test_progress(small_path, areas):
    steps = []
    with Registry.open(small_path) as registry:
        handover = Handover("second", "Second")
        import_batch(registry, [areas], Kind.MINEFIELDS, handover, progress=lambda words, _: steps.append(words))
    assert steps == ["reading areas.geojson", "plotting areas.geojson", "checking", "storing"]


def test_provenance_says_how(empty, areas):
    bring(empty, areas, field_map={"record_id": "number"}, sigma_m=5.0, crs="EPSG:4326")
    found = empty.layers()[0].provenance
    assert {"GDAL", "PROJ", "GEOS", "minefield-registry", "python"} <= set(found.software)
    (options,) = found.parameters["options"]
    assert (options["crs"], options["sigma_m"]) == ("EPSG:4326", 5.0)
    assert [source["options"] for source in found.parameters["sources"]] == [0]
    assert found.parameters["matched"] == {"areas.geojson": {"record_id": "number"}}
    assert found.document_ids == ("first-minefields-1",)
