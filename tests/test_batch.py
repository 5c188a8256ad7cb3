"""A whole batch from its manifest, folder or zip: in one transaction, everything kept, the same when rebuilt."""

import json
import os
import shutil
import sqlite3
import zipfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pyogrio
import pytest
import shapely
from batches import point, square, write_source
from commands import command_on

from registry import store
from registry.batch import import_manifest
from registry.documents import Given
from registry.errors import DuplicateLayer, RegistryError, SourceError, StoreError, UnknownLayer
from registry.importer import ImportOptions, import_batch, rebuild
from registry.intake import options_json
from registry.layertable import create_table
from registry.model import Handover, Kind, LayerState, silent
from registry.prepare import PlannedLayer, Preparation, prepare
from registry.sources.manifest import read_manifest
from registry.store import Registry

PAPER = Path(__file__).parent / "data" / "paper_record.toml"
TABLE = 'Nr;WKT\nT-1;"POLYGON ((-20.003 -20, -20.002 -20, -20.002 -19.999, -20.003 -19.999, -20.003 -20))"\n'
PROFILE = """
format = 1
kind = "minefields"
checked = true
[table]
delimiter = ";"
[geometry]
column = "WKT"
crs = "EPSG:4326"
[fields.record_id]
column = "Nr"
"""
MANIFEST = """
manifest = 1
[handover]
id = "third"
title = "Third handover"
giving_party = "Party A"
receiving_party = "Party B"
mediator = "Party C"
handed_over_on = 2021-07-03
documents_claimed = 6
mines_claimed = 60
[[sources]]
path = "events.geojson"
kind = "accidents"
[[sources]]
path = "fields"
kind = "minefields"
sigma_m = 40
repair = true
[[sources]]
path = "list.csv"
kind = "minefields"
profile = "list-profile.toml"
[[sources]]
path = "scope.geojson"
kind = "scope"
[[sources]]
path = "districts.geojson"
kind = "districts"
[sources.fields]
name = "NAME"
[[attachments]]
path = "scans"
document_kind = "scan"
legibility = 3
author_date = "1993-05"
"""


@pytest.fixture
def folder(tmp_path):
    """Two shapefiles in two CRS (one in a folder of its own), a table, events, a scope, districts, scans."""
    place = tmp_path / "third"
    (place / "fields" / "south").mkdir(parents=True)
    (place / "scans").mkdir()
    write_source(
        place / "fields" / "a.shp", [square(0, 0), square(2, 0)], 32727, record_id=["1", "2"], mines_ap=[10, 20]
    )
    write_source(place / "fields" / "south" / "b.shp", [square(0, 3)], 4326, record_id=["3"], mines_ap=[30])
    (place / "list.csv").write_text(TABLE, encoding="utf-8")
    (place / "list-profile.toml").write_text(PROFILE, encoding="utf-8")
    write_source(place / "events.geojson", [point(0.5, 0.5), point(50, 50)], n=[1, 2])
    write_source(place / "scope.geojson", [square(-1, -1, 6)], n=[1])
    write_source(place / "districts.geojson", [square(-5, -5, 20)], NAME=["Sea"])
    (place / "scans" / "1.jpg").write_bytes(b"first scan")
    (place / "scans" / "2.jpg").write_bytes(b"second scan")
    return place


@pytest.fixture
def manifest(folder):
    path = folder / "manifest.toml"
    path.write_text(MANIFEST, encoding="utf-8")
    return path


def changed(path, *pairs):
    text = path.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return path


def packed(folder, path):
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder))
    return path


def codes(report):
    return {finding.code for finding in report.findings}


def messages(report, code):
    return [finding.message for finding in report.findings if finding.code == code]


def content_of(path):
    """Every row of every table."""
    with closing(sqlite3.connect(path)) as connection:
        names = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")
        ]
        return {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in names}


def same_when_rebuilt(registry):
    return [rebuild(registry, layer) == layer.content_sha256 for layer in registry.layers(all_states=True)]


class TestManifest:
    def test_everything_comes_in(self, empty, manifest):
        report = import_manifest(empty, manifest)
        assert [each.kind for each in report.layers] == ["districts", "scope", "accidents", "minefields"]
        assert [each.counts.plotted for each in report.layers] == [1, 1, 2, 4]
        assert [layer.kind for layer in empty.layers()] == [each.kind for each in report.layers]
        stated = empty.handover("third")
        assert stated == report.handover
        assert (stated.mediator, stated.mines_claimed, str(stated.handed_over_on)) == ("Party C", 60, "2021-07-03")
        read = empty.read(empty.layer("third", Kind.MINEFIELDS))
        assert read["record_id"].tolist() == ["1", "2", "3", "T-1"]
        assert read["sigma_m"].tolist()[:3] == [40, 40, 40]
        assert read["sigma_m"][3] != 40
        assert read["source_crs"].tolist() == ["EPSG:32727"] * 2 + ["EPSG:4326"] * 2
        names = {each.document_id: each.file_name for each in empty.documents(empty.layer("third", Kind.MINEFIELDS))}
        assert [names[each] for each in read["document_id"]] == [
            "fields/a.shp", "fields/a.shp", "fields/south/b.shp", "list.csv",
        ]  # fmt: skip
        assert empty.read(empty.layer("third", Kind.DISTRICTS))["name"].tolist() == ["Sea"]
        assert empty.verify().problems == ()

    def test_the_scope_and_districts_of_the_manifest_are_known_to_the_rest(self, empty, manifest, folder):
        write_source(folder / "events.geojson", [point(0.5, 0.5), point(30, 30)], n=[1, 2])
        accidents, _ = import_manifest(empty, manifest).layers[2:]
        assert [each.feature_index for each in accidents.findings if each.code == "outside-districts"] == [1]
        assert [each.feature_index for each in accidents.findings if each.code == "outside-scope"] == [1]

    def test_the_same_when_rebuilt(self, empty, manifest):
        import_manifest(empty, manifest)
        assert same_when_rebuilt(empty) == [True] * 4

    def test_a_position_that_only_the_districts_show_to_be_misread(self, empty, manifest, folder):
        """It is set aside for the manifest's own districts, and so again when the layer is rebuilt."""
        write_source(folder / "events.geojson", [point(0.5, 0.5), shapely.Point(-20.0, 20.0)], n=[1, 2])
        report = import_manifest(empty, manifest)
        assert report.layers[2].counts.invalid == 1
        assert "sign-lost" in codes(report.layers[2])
        assert same_when_rebuilt(empty) == [True] * 4

    def test_attachments_are_kept_and_shown(self, empty, manifest, folder):
        report = import_manifest(empty, manifest)
        accidents = empty.layer("third", Kind.ACCIDENTS)
        (_, *scans) = empty.documents(accidents)
        assert [each.file_name for each in scans] == ["scans/1.jpg", "scans/2.jpg"]
        assert report.layers[2].attachments == tuple(each.document_id for each in scans)
        assert accidents.provenance.parameters["attachments"] == [each.document_id for each in scans]
        for each in scans:
            assert (each.document_kind, each.legibility, str(each.author_date)) == ("scan", 3, "1993-05")
            assert empty.document_content(each.document_id) == (folder / each.file_name).read_bytes()
        assert set(empty.read(accidents)["document_id"]) == {"third-accidents-1"}

    def test_attachments_are_members_of_the_batch_but_no_source(self, empty, manifest):
        import_manifest(empty, manifest)
        with closing(sqlite3.connect(empty.path)) as connection:
            (text,) = connection.execute(
                "SELECT metadata FROM gpkg_metadata m JOIN gpkg_metadata_reference r ON r.md_file_id = m.id"
                " WHERE table_name = 'accidents_third' AND mime_type = 'application/ld+json'"
            ).fetchone()
        nodes = {node["@id"]: node for node in json.loads(text)["@graph"]}
        scans = {f"urn:sha256:{each.sha256}" for each in empty.documents(empty.layer("third", Kind.ACCIDENTS))[1:]}
        assert {each["@id"] for each in nodes["registry:batch/third"]["prov:hadMember"]} == scans
        assert not scans & {each["@id"] for each in nodes["registry:layer/accidents_third"]["prov:wasDerivedFrom"]}
        assert scans <= set(nodes)

    def test_claimed_numbers(self, empty, manifest):
        """Three sources of minefields, one of events, two scans; 10 + 20 + 30 mines and a record that says nothing."""
        *_, accidents, minefields = import_manifest(empty, manifest).layers
        assert messages(accidents, "documents-agree") == [
            "6 documents are claimed; 6 were found: 4 with records, 2 without."
        ]
        assert messages(minefields, "mines-agree") == [
            "60 mines are claimed; the records state 60: 3 of 4 records state a number."
        ]
        assert empty.findings(empty.layer("third", Kind.MINEFIELDS))[0].code == "mines-agree"

    def test_claimed_numbers_that_differ(self, empty, manifest):
        changed(manifest, ("documents_claimed = 6", "documents_claimed = 120"), ("= 60", "= 92_000"))
        *_, accidents, minefields = import_manifest(empty, manifest).layers
        assert "documents-differ" in codes(accidents)
        assert "mines-differ" in codes(minefields)

    def test_claimed_numbers_without_a_manifest(self, empty, folder):
        """The first import states the claim; each later one is counted in."""
        stated = Handover("one", "One", documents_claimed=2, mines_claimed=30)
        first = import_batch(empty, [folder / "fields" / "a.shp"], Kind.MINEFIELDS, stated)
        assert {"documents-differ", "mines-agree"} <= codes(first)
        second = import_batch(empty, [folder / "events.geojson"], Kind.ACCIDENTS, Handover("one", "One"))
        assert "documents-agree" in codes(second)
        assert not {"mines-agree", "mines-differ"} & codes(second)

    def test_a_field_handed_over_twice_counts_once(self, empty, tmp_path):
        source = write_source(tmp_path / "a.geojson", [square(0, 0), square(0, 0)], mines_ap=[10, 10])
        report = import_batch(empty, [source], Kind.MINEFIELDS, Handover("one", "One", mines_claimed=10))
        assert "mines-agree" in codes(report)

    def test_options_are_kept_once_for_each_source(self, empty, manifest):
        import_manifest(empty, manifest)
        found = empty.layer("third", Kind.MINEFIELDS).provenance.parameters
        assert [source["options"] for source in found["sources"]] == [0, 0, 1]
        of_folder, of_table = found["options"]
        assert (of_folder["sigma_m"], of_folder["repair"], of_folder["profile"]) == (40, True, None)
        assert 'column = "Nr"' in of_table["profile"]

    def test_dry_run(self, empty, manifest):
        before = empty.path.read_bytes()
        report = import_manifest(empty, manifest, dry_run=True)
        assert empty.path.read_bytes() == before
        stored = import_manifest(empty, manifest)
        assert tuple(replace(layer, dry_run=True) for layer in stored.layers) == report.layers

    def test_progress(self, empty, manifest):
        steps = []
        import_manifest(empty, manifest, progress=lambda words, _: steps.append(words))
        assert steps[0] == "reading districts.geojson"
        assert steps.count("storing") == 1
        assert steps[-1] == "storing"

    def test_one_file_for_two_kinds(self, empty, tmp_path):
        path = tmp_path / "all.gpkg"
        for name, shapes in (("fields", [square(0, 0)]), ("events", [point(0, 0)])):
            frame = pyogrio.read_dataframe(write_source(tmp_path / "x.geojson", shapes))
            pyogrio.write_dataframe(frame, path, layer=name)
        (tmp_path / "m.toml").write_text(
            'manifest = 1\n[handover]\nid = "a"\n'
            '[[sources]]\npath = "all.gpkg"\nkind = "minefields"\nlayers = "fields"\n'
            '[[sources]]\npath = "all.gpkg"\nkind = "accidents"\nlayers = "events"\n'
        )
        report = import_manifest(empty, tmp_path / "m.toml")
        assert [each.counts.plotted for each in report.layers] == [1, 1]
        assert same_when_rebuilt(empty) == [True, True]


class TestSuperseding:
    def replacing(self, path):
        return changed(path, ('id = "third"', 'id = "fourth"\nsupersedes = "third"\nreason = "better scans"'))

    def test_all_of_a_batch(self, empty, manifest):
        import_manifest(empty, manifest)
        report = import_manifest(empty, self.replacing(manifest))
        assert set(report.superseded) == {Kind.DISTRICTS, Kind.SCOPE, Kind.ACCIDENTS, Kind.MINEFIELDS}
        assert [layer.batch_id for layer in empty.layers()] == ["fourth"] * 4
        assert "duplicate-in-registry" not in codes(report.layers[3])
        states = [layer.state for layer in empty.layers(all_states=True)]
        assert states == [LayerState.SUPERSEDED] * 4 + [LayerState.ACTIVE] * 4
        assert same_when_rebuilt(empty) == [True] * 8
        assert empty.verify().problems == ()

    def test_what_would_stay_is_asked_about(self, empty, manifest):
        import_manifest(empty, manifest)
        text = manifest.read_text().replace('kind = "accidents"', 'kind = "devices"')
        manifest.write_text(text)
        with pytest.raises(SourceError, match="its accidents would stay; name what replaces it, or withdraw it"):
            import_manifest(empty, self.replacing(manifest))
        assert len(empty.layers()) == 4

    def test_nothing_to_supersede(self, empty, manifest):
        with pytest.raises(UnknownLayer):
            import_manifest(empty, self.replacing(manifest))

    def test_no_reason(self, empty, manifest):
        import_manifest(empty, manifest)
        changed(self.replacing(manifest), ('reason = "better scans"', ""))
        with pytest.raises(StoreError, match="needs a reason"):
            import_manifest(empty, manifest)


class TestAllOrNothing:
    @pytest.mark.parametrize("fails_at", [1, 2, 3])
    def test_a_fault_while_a_later_layer_comes_in(self, empty, manifest, monkeypatch, fails_at):
        before, rows = empty.path.read_bytes(), content_of(empty.path)
        seen = []

        def failing(*arguments):
            seen.append(arguments)
            if len(seen) > fails_at:
                raise sqlite3.OperationalError("disk I/O error")
            create_table(*arguments)

        monkeypatch.setattr(store, "create_table", failing)
        with pytest.raises((sqlite3.OperationalError, StoreError)):
            import_manifest(empty, manifest)
        assert len(seen) == fails_at + 1
        assert empty.layers() == ()
        assert content_of(empty.path) == rows
        assert empty.path.read_bytes() == before
        monkeypatch.undo()
        assert len(import_manifest(empty, manifest).layers) == 4
        assert empty.verify().problems == ()

    def test_a_later_source_that_cannot_be_read(self, empty, manifest, folder):
        before = empty.path.read_bytes()
        (folder / "list.csv").write_text("")
        with pytest.raises(SourceError, match=r"list\.csv"):
            import_manifest(empty, manifest)
        assert empty.path.read_bytes() == before

    def test_an_id_that_is_taken_for_a_later_kind(self, empty, manifest, folder):
        stated = read_manifest(manifest).handover
        import_batch(empty, [folder / "fields" / "a.shp"], Kind.MINEFIELDS, stated)
        before = empty.path.read_bytes()
        with pytest.raises(DuplicateLayer, match="has a layer of kind minefields already"):
            import_manifest(empty, manifest)
        assert empty.path.read_bytes() == before

    def test_another_statement_of_a_batch_that_is_there(self, empty, manifest, folder):
        import_batch(empty, [folder / "fields" / "a.shp"], Kind.DEVICES, Handover("third", "Third", "Party X"))
        with pytest.raises(StoreError, match="was recorded with another giving_party"):
            import_manifest(empty, manifest)
        assert len(empty.layers()) == 1


class TestRefused:
    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            ('path = "list.csv"', 'path = "lost.csv"', "it names lost.csv, which is not there"),
            ('profile = "list-profile.toml"', 'profile = "lost.toml"', "it names lost.toml, which is not there"),
            ('path = "list.csv"', 'path = "fields/a.shp"', "fields/a.shp lies in fields, which is named too"),
            ('path = "scans"', 'path = "list.csv"', "list.csv is named twice"),
            ('path = "scans"', 'path = "fields/south"', "fields/south lies in fields, which is named too"),
            ('path = "scope.geojson"', 'path = "outward.geojson"', "outward.geojson, a link that leads out"),
            ('path = "scope.geojson"', 'path = "pipe.geojson"', "neither a file nor a folder"),
            ('path = "scans"', 'path = "linked"', "outward.pdf: it is a link to another place"),
            ('path = "scans"', f'path = "{"x" * 300}"', "which cannot be read"),
            ('kind = "scope"', 'kind = "minefields"\nprofile = "list-profile.toml"', "it is no table"),
            ('id = "third"', 'id = "a b"', "cannot name a batch"),
        ],
    )
    def test_what_it_names(self, empty, manifest, folder, tmp_path, old, new, words):
        outside = tmp_path / "outside.geojson"
        shutil.copy(folder / "scope.geojson", outside)
        (folder / "outward.geojson").symlink_to(outside)
        (folder / "linked").mkdir()
        (folder / "linked" / "outward.pdf").symlink_to(outside)
        os.mkfifo(folder / "pipe.geojson")
        before = empty.path.read_bytes()
        with pytest.raises(RegistryError, match=words):
            import_manifest(empty, changed(manifest, (old, new)))
        assert empty.path.read_bytes() == before

    def test_the_registry_in_a_folder_that_is_named(self, manifest, folder):
        with (
            Registry.create(folder / "fields" / "maps.gpkg") as registry,
            pytest.raises(SourceError, match="fields: this registry itself lies there"),
        ):
            import_manifest(registry, manifest)

    def test_a_link_inside_the_folder_is_followed(self, empty, manifest, folder):
        (folder / "again.geojson").symlink_to(folder / "scope.geojson")
        changed(manifest, ('path = "scope.geojson"', 'path = "again.geojson"'))
        assert len(import_manifest(empty, manifest).layers) == 4


class TestFolderAndZip:
    @pytest.fixture
    def mixed(self, folder):
        """Minefields in five formats, a scan, and a file that nobody can read."""
        place = folder / "fields"
        for name, row in (("c.kml", 5), ("d.geojson", 7), ("e.gdb", 9)):
            write_source(place / name, [square(0, row)], Name=[name])
        shutil.copy(PAPER, place / "paper.toml")
        (place / "t.csv").write_text(TABLE.replace(";", ",", 2).replace("T-1;", "T-1,"), encoding="utf-8")
        (place / "scan.pdf").write_bytes(b"%PDF")
        (place / "old.mdb").write_bytes(b"Jet")
        return place

    @pytest.mark.parametrize("is_zip", [False, True])
    def test_every_source_is_found(self, empty, mixed, tmp_path, is_zip):
        # The shapefile in another CRS would need a word of its own.
        for file in mixed.glob("a.*"):
            file.unlink()
        path = packed(mixed, tmp_path / "all.zip") if is_zip else mixed
        options = ImportOptions(crs="EPSG:4326", repair=True)
        report = import_batch(empty, [path], Kind.MINEFIELDS, Handover("all", "All"), options)
        read = empty.read(empty.layers()[0])
        names = {each.document_id: each.file_name.removeprefix(f"{path.name}/") for each in report.documents}
        assert {names[each].split("/")[0] for each in read["document_id"]} == {
            "c.kml", "d.geojson", "e.gdb", "paper.toml", "south", "t.csv",
        }  # fmt: skip
        assert read["feature_index"].tolist() == [0] * 6
        assert messages(report, "file-not-read") == [f"{path.name}/old.mdb: it is of no kind that is read."]
        assert f"{path.name}: kept beside the records: scan.pdf." in messages(report, "reader-note")
        assert [names[each] for each in report.attachments] == ["scan.pdf", "old.mdb"]
        assert same_when_rebuilt(empty) == [True]
        assert empty.verify().problems == ()

    def test_messages_name_what_is_in_the_zip(self, empty, mixed, tmp_path):
        (mixed / "broken.geojson").write_text("{")
        path = packed(mixed, tmp_path / "all.zip")
        with pytest.raises(SourceError, match=rf"{path}/broken\.geojson"):
            import_batch(empty, [path], Kind.MINEFIELDS, Handover("a", "A"))
        assert empty.layers() == ()

    def test_a_zip_that_came_before(self, empty, mixed, tmp_path):
        """The zip as a whole, or one file in it."""
        path = packed(mixed / "south", tmp_path / "b.zip")
        (mixed / "south" / "letter.pdf").write_bytes(b"%PDF")
        more = packed(mixed / "south", tmp_path / "more.zip")
        import_batch(empty, [more], Kind.MINEFIELDS, Handover("one", "One"))
        again = import_batch(empty, [tmp_path / "more.zip"], Kind.MINEFIELDS, Handover("two", "Two"))
        assert [each.split(" is held")[0] for each in messages(again, "source-already-held")] == [
            "more.zip", "more.zip/b.shp",
        ]  # fmt: skip
        alone = import_batch(empty, [mixed / "south" / "b.shp"], Kind.MINEFIELDS, Handover("three", "Three"))
        assert "source-already-held" in codes(alone)
        assert "source-already-held" not in codes(
            import_batch(empty, [path], Kind.MINEFIELDS, Handover("four", "Four"))
        )

    def test_a_layer_of_an_older_version(self, empty, mixed, tmp_path):
        """Then a zip was read as one source, and one set of options stood for all sources."""
        for name in ("paper.toml", "t.csv"):
            (mixed / name).unlink()
        path = packed(mixed, tmp_path / "all.zip")
        options = ImportOptions(repair=True, sigma_m=5.0)
        planned = PlannedLayer(Kind.MINEFIELDS, (Given(path, options, as_one=True),))
        new, _ = prepare(Preparation(empty, (), Handover("old", "Old"), planned), silent)
        sources = [
            {name: value for name, value in each.items() if name in {"name", "is_folder", "documents"}}
            for each in new.provenance.parameters["sources"]
        ]
        older = {"sources": sources, "matched": {}, **options_json(options)}
        del older["profile"], older["sheet"]
        layer = empty.add(replace(new, provenance=replace(new.provenance, parameters=older)))
        assert layer.counts.received == 6
        assert [each.file_name for each in empty.documents(layer)] == ["all.zip"]
        assert rebuild(empty, layer) == layer.content_sha256


class TestCommand:
    @pytest.fixture
    def command(self, tmp_path):
        path = tmp_path / "maps.gpkg"
        Registry.create(path).close()
        return command_on(path, columns=100)

    def test_import_and_show(self, command, manifest):
        words = command("import", manifest).stdout
        for kind in ("districts", "scope", "accidents", "minefields"):
            assert f"Third handover: batch third, {kind}, imported." in words
        shown = command("show", "third").stdout
        for words in ("Kept beside them, without records", "scans/1.jpg", "Stated of them", "legibility", "1993-05",
                      "Party C", "documents claimed", "mines-agree"):  # fmt: skip
            assert words in shown
        assert "all as they were" in command("verify").stdout

    def test_json(self, command, manifest):
        told = json.loads(command("import", manifest, "--json").stdout)
        assert list(told) == ["schema", "handover", "dry_run", "layers"]
        assert told["schema"] == "minefield-registry/import-manifest/v1"
        assert [each["kind"] for each in told["layers"]] == ["districts", "scope", "accidents", "minefields"]
        assert told["layers"][2]["attachments"] == ["third-accidents-2", "third-accidents-3"]
        assert all("records" not in each for each in told["layers"])

    def test_report(self, command, manifest, tmp_path):
        page = tmp_path / "page.html"
        command("import", manifest, "--report", page, "--dry-run")
        text = page.read_text("utf-8")
        assert "Dry run" in text
        assert "Import report: Districts, Scope of the batches, Accidents and incidents, Minefield records" in text
        for name in ("districts", "scope", "accidents", "minefields"):
            assert text.count(f'<section id="{name}-records">') == 1
        assert text.count("<h1") == 1
        assert "<td>no records</td>" in text
        with pytest.raises(StoreError, match="is not overwritten"):
            command("import", manifest, "--report", page)
        assert command("list").stdout.startswith("No layers")

    def test_dry_run_with_errors(self, command, manifest, folder):
        write_source(folder / "scope.geojson", [point(0, 0)], n=[1])
        command("import", manifest, "--dry-run", code=1)
        assert command("list").stdout.startswith("No layers")

    @pytest.mark.parametrize(
        ("words", "flag"),
        [
            (["--kind", "minefields"], "--kind"),
            (["--id", "x"], "--id"),
            (["--title", "x"], "--title"),
            (["--crs", "EPSG:4326"], "--crs"),
            (["--repair"], "--repair"),
            (["--field", "a=b"], "--field"),
            (["--supersedes", "x"], "--supersedes"),
            (["--propose-profile", "x.toml"], "--propose-profile"),
            (["--hash-only"], "--hash-only"),
        ],
    )
    def test_a_flag_beside_it(self, command, manifest, words, flag):
        result = command("import", manifest, *words, code=2)
        assert flag in result.stderr
        assert "the manifest says this itself" in " ".join(result.stderr.split())

    def test_a_file_beside_it(self, command, manifest, folder):
        assert "imported by itself" in command("import", folder / "list.csv", manifest, code=2).stderr

    def test_no_manifest_and_no_kind(self, command, folder):
        assert "--kind" in command("import", folder / "scope.geojson", "--id", "x", code=2).stderr

    def test_a_broken_manifest_is_told_as_one(self, command, tmp_path):
        path = tmp_path / "m.toml"
        path.write_text("manifest = 1\n[[sources")
        with pytest.raises(SourceError, match="not TOML in UTF-8"):
            command("import", path)

    def test_a_folder(self, command, folder):
        words = command("import", folder / "fields", "--kind", "minefields", "--id", "a").stdout
        assert "batch a, minefields, imported" in words


def test_the_example_of_the_documentation_is_whole(empty, tmp_path):
    """Every path of it, with something there; its profile and sheet are taken out, as they need real columns."""
    from sources.test_manifest import EXAMPLE

    for name in ("fields", "forms", "scans"):
        (tmp_path / name).mkdir()
    text = EXAMPLE.replace('profile = "fields/list-profile.toml"', 'crs = "EPSG:4326" #').replace(
        "EPSG:28408", "EPSG:4326"
    )
    text = text.replace('sheet = "2020"', "").replace("events.xlsx", "events.geojson")
    (tmp_path / "manifest.toml").write_text(text, encoding="utf-8")
    write_source(tmp_path / "fields" / "north.shp", [square(0, 0)], NUMBER=["1"], AP=[5])
    (tmp_path / "fields" / "list.csv").write_text(TABLE.replace(";", ","), encoding="utf-8")
    shutil.copy(PAPER, tmp_path / "forms" / "1.toml")
    write_source(tmp_path / "events.geojson", [point(0, 0)], NAME=["x"], n=[1])
    write_source(tmp_path / "scope.geojson", [square(-1, -1, 6)], n=[1])
    (tmp_path / "scans" / "1.jpg").write_bytes(b"x")
    (tmp_path / "letter.pdf").write_bytes(b"y")
    report = import_manifest(empty, tmp_path / "manifest.toml")
    assert [(each.kind, each.counts.received) for each in report.layers] == [
        (Kind.SCOPE, 1), (Kind.MINEFIELDS, 3), (Kind.ACCIDENTS, 1),
    ]  # fmt: skip
    documents = {each.file_name: each for each in report.layers[1].documents}
    assert documents["fields/north.shp"].map_sheet == "SYN-31-1"
    assert documents["forms/1.toml"].second_reader == "B. Reader"
    assert documents["letter.pdf"].original_number == "17/3"
