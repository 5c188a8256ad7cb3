"""What was given, as documents: numbers, names, hashes, bytes, and what is said of them."""

import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from batches import square, write_source

from registry import documents
from registry.documents import Given, open_sources
from registry.errors import DuplicateLayer, SourceError
from registry.intake import ImportOptions
from registry.model import silent
from registry.sources.profile import parse_profile

PROFILE = parse_profile(b'format = 1\nkind = "minefields"\nchecked = true\n', "p.toml")
TABLE = 'WKT\n"POLYGON ((-20 -20, -19 -20, -19 -19, -20 -20))"\n'


@pytest.fixture
def folder(tmp_path):
    """A folder as it comes: a shapefile, a table, a scan, an old database, and litter."""
    place = tmp_path / "handover"
    (place / "north").mkdir(parents=True)
    write_source(place / "north" / "fields.shp", [square(0, 0), square(2, 0)], number=["1", "2"])
    (place / "list.csv").write_text(TABLE)
    (place / "scan.pdf").write_bytes(b"%PDF")
    (place / "north" / "old.mdb").write_bytes(b"Jet")
    (place / ".DS_Store").write_bytes(b"x")
    return place


def packed(folder: Path, path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder))
    return path


@pytest.fixture
def opened(tmp_path):
    def run(*givens, attachments=()):
        scratch = tmp_path / "scratch"
        scratch.mkdir(exist_ok=True)
        return open_sources(
            [each if isinstance(each, Given) else Given(each) for each in givens], attachments, "b-m", scratch, silent
        )

    return run


def told(handed, code):
    return [hit.message for hit, _ in handed.hits if hit.code == code]


def test_a_folder(opened, folder):
    handed = opened(folder)
    assert [source.name for source in handed.sources] == ["list.csv", "fields.shp"]
    assert [(each.document_id, each.file_name, each.media_type) for each in handed.documents] == [
        ("b-m-1", "handover/list.csv", "text/csv"),
        ("b-m-2", "handover/north/fields.shp", "application/vnd.shp"),
        ("b-m-3", "handover/north/fields.shx", "application/vnd.shx"),
        ("b-m-4", "handover/north/fields.dbf", "application/vnd.dbf"),
        ("b-m-5", "handover/north/fields.prj", "text/plain"),
        ("b-m-6", "handover/north/fields.cpg", "text/plain"),
        ("b-m-7", "handover/scan.pdf", "application/pdf"),
        ("b-m-8", "handover/north/old.mdb", "application/octet-stream"),
    ]
    for document in handed.documents:
        content = (folder.parent / document.file_name).read_bytes()
        assert document.content == content
        assert document.sha256 == hashlib.sha256(content).hexdigest()
    assert [each.document_id for each in handed.attachments] == ["b-m-7", "b-m-8"]
    assert told(handed, "file-not-read") == ["handover/north/old.mdb: it is of no kind that is read."]
    assert told(handed, "reader-note") == [
        "handover: kept beside the records: scan.pdf.",
        "handover: left out, as an operating system puts it there by itself: .DS_Store.",
    ]
    assert told(handed, "source-not-kept") == []


def test_a_zip_is_kept_once_and_its_members_by_their_hashes(opened, folder, tmp_path):
    path = packed(folder, tmp_path / "all.zip")
    handed = opened(path)
    (source,) = handed.sources
    assert source.is_archive
    assert [each.file_name for each in handed.documents] == [
        "all.zip", "all.zip/list.csv", "all.zip/north/fields.cpg", "all.zip/north/fields.dbf",
        "all.zip/north/fields.prj", "all.zip/north/fields.shp", "all.zip/north/fields.shx", "all.zip/north/old.mdb",
        "all.zip/scan.pdf",
    ]  # fmt: skip
    assert [each.document_id for each in handed.documents] == [f"b-m-{number}" for number in range(1, 10)]
    assert handed.documents[0].content == path.read_bytes()
    for member in handed.documents[1:]:
        content = (folder / member.file_name.removeprefix("all.zip/")).read_bytes()
        assert (member.content, member.sha256) == (None, hashlib.sha256(content).hexdigest())
    assert [each.document.file_name for each in source.readables] == ["all.zip/list.csv", "all.zip/north/fields.shp"]
    assert [each.file_name for each in handed.attachments] == ["all.zip/scan.pdf", "all.zip/north/old.mdb"]
    # The bytes of the members are held: they are in the zip.
    assert told(handed, "source-not-kept") == []
    assert len(told(handed, "reader-note")) == 2


def test_a_zip_in_a_folder(opened, folder, tmp_path):
    outer = tmp_path / "outer"
    outer.mkdir()
    packed(folder, outer / "all.zip")
    handed = opened(outer)
    assert [source.name for source in handed.sources] == ["all.zip"]
    assert handed.documents[1].file_name == "outer/all.zip/list.csv"


@pytest.mark.parametrize("litter", [True, False])
def test_a_zip_around_one_source_is_that_source(opened, tmp_path, litter):
    place = tmp_path / "one"
    place.mkdir()
    write_source(place / "fields.shp", [square(0, 0)], number=["1"])
    if litter:
        (place / "Thumbs.db").write_bytes(b"x")
    handed = opened(packed(place, tmp_path / "one.zip"))
    assert [each.file_name for each in handed.documents] == ["one.zip"]
    assert not handed.sources[0].is_archive
    assert len(told(handed, "reader-note")) == litter


@pytest.mark.parametrize("name", ["list.csv", "record.toml"])
def test_a_table_or_paper_record_in_a_zip_is_taken_out(opened, tmp_path, name):
    place = tmp_path / "one"
    place.mkdir()
    (place / name).write_text("[[legs]]")
    handed = opened(packed(place, tmp_path / "one.zip"))
    assert [each.file_name for each in handed.documents] == ["one.zip", f"one.zip/{name}"]


def test_what_is_stated_is_of_every_source(opened, folder, tmp_path):
    stated = {"language": "ru", "legibility": 3}
    handed = opened(Given(folder, particulars=stated))
    assert [each.file_name for each in handed.documents if each.language == "ru"] == [
        "handover/list.csv", "handover/north/fields.shp",
    ]  # fmt: skip
    handed = opened(Given(packed(folder, tmp_path / "all.zip"), particulars=stated))
    assert [each.file_name for each in handed.documents if each.legibility == 3] == [
        "all.zip", "all.zip/list.csv", "all.zip/north/fields.shp",
    ]  # fmt: skip
    assert handed.sources[0].readables[0].document.language == "ru"


def test_attachments(opened, folder, tmp_path):
    """Whatever they are, nothing in them is read; litter is not kept."""
    sole = write_source(tmp_path / "a.geojson", [square(5, 5)])
    handed = opened(sole, attachments=[Given(folder, particulars={"document_kind": "scan"})])
    assert [each.file_name for each in handed.attachments] == [
        "handover/list.csv", *(f"handover/north/fields.{end}" for end in ("cpg", "dbf", "prj", "shp", "shx")),
        "handover/north/old.mdb", "handover/scan.pdf",
    ]  # fmt: skip
    assert {each.document_kind for each in handed.attachments} == {"scan"}
    assert handed.documents[0].document_id == "b-m-1"
    assert told(handed, "file-not-read") == []


def test_hashes_only(opened, folder, tmp_path):
    options = ImportOptions(keep_bytes=False)
    handed = opened(Given(folder, options))
    assert all(each.content is None for each in handed.documents)
    assert len(told(handed, "source-not-kept")) == 8
    handed = opened(Given(packed(folder, tmp_path / "all.zip"), options))
    assert told(handed, "source-not-kept") == ["Only the hash of all.zip is kept."]


def test_columns_left_out_leave_out_the_bytes_of_sources_only(opened, folder):
    handed = opened(Given(folder, ImportOptions(drop_columns=("NAME",))))
    assert [each.file_name for each in handed.documents if each.content is not None] == [
        "handover/scan.pdf", "handover/north/old.mdb",
    ]  # fmt: skip


def test_a_file_too_large_for_the_registry(opened, folder, monkeypatch):
    monkeypatch.setattr(documents, "BLOB_MAX_BYTES", 4)
    handed = opened(folder)
    assert [each.file_name for each in handed.documents if each.content is not None] == [
        "handover/scan.pdf", "handover/north/old.mdb",
    ]  # fmt: skip


def test_options_go_where_they_are_of_use(opened, folder, tmp_path):
    for path in (folder, packed(folder, tmp_path / "all.zip")):
        handed = opened(Given(path, ImportOptions(profile=PROFILE, layers=("fields",), crs="EPSG:4326")))
        table, shapes = [each.options for source in handed.sources for each in source.readables]
        assert table == ImportOptions(profile=PROFILE, crs="EPSG:4326")
        assert shapes == ImportOptions(layers=("fields",), crs="EPSG:4326")


def test_options_that_are_of_use_to_nothing(opened, folder, tmp_path):
    (folder / "list.csv").unlink()
    for path in (folder, packed(folder, tmp_path / "all.zip")):
        with pytest.raises(SourceError, match=r"(handover|all\.zip): no table is in it"):
            opened(Given(path, ImportOptions(sheet="1")))
    write_source(folder / "more.geojson", [square(7, 7)])
    with pytest.raises(SourceError, match="not clear which of its 2 sources has the layer fields"):
        opened(Given(folder, ImportOptions(layers=("fields",))))


def test_nothing_to_read(opened, tmp_path):
    place = tmp_path / "scans"
    place.mkdir()
    with pytest.raises(SourceError, match="nothing in it can be read; it holds no file"):
        opened(place)
    for number in range(12):
        (place / f"{number:02}.pdf").write_bytes(b"%PDF")
    for path in (place, packed(place, tmp_path / "scans.zip")):
        with pytest.raises(
            SourceError, match=r"scans(\.zip)?: nothing in it .* 00\.pdf, .*09\.pdf and 2 more\."
        ) as caught:
            opened(path)
        assert "scratch" not in str(caught.value)


def test_the_same_source_twice(opened, folder, tmp_path):
    """Alone and in a zip; two shapefiles may well have the same index."""
    path = packed(folder, tmp_path / "all.zip")
    with pytest.raises(DuplicateLayer, match="named twice"):
        opened(path, folder / "list.csv")
    write_source(folder / "other.shp", [square(4, 0), square(6, 0)], number=["1", "2"])
    handed = opened(folder)
    assert len({each.sha256 for each in handed.documents}) < len(handed.documents)


def test_two_geodatabases_of_one_make_are_two(opened, tmp_path):
    place = tmp_path / "both"
    place.mkdir()
    for number in range(2):
        write_source(place / f"fields_{number}.gdb", [square(number, 0)], number=["1"])
    assert len(opened(place).sources) == 2
    handed = opened(packed(place, tmp_path / "both.zip"))
    assert len(handed.sources[0].readables) == 2


def test_a_letter_in_a_text_file_is_not_taken_for_a_table(opened, folder):
    (folder / "read me.txt").write_text("Dear all")
    (message,) = [each for each in told(opened(folder), "file-not-read") if "read me" in each]
    assert message == "handover/read me.txt: a text may be a table or a letter; name it by itself to have it read."


def test_a_zip_as_it_was_read_before(opened, folder, tmp_path):
    (handed,) = [opened(replace(Given(packed(folder, tmp_path / "all.zip")), as_one=True))]
    assert [each.file_name for each in handed.documents] == ["all.zip"]
