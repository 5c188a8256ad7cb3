"""Folders: every file is one thing, and nothing is passed over."""

import os
from dataclasses import fields
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import SourceError
from registry.sources import collection as collections
from registry.sources.archive import DEPTH_MAX
from registry.sources.collection import Collection, collect, media_type, names_in, sort_out


def filled(folder, *names, content="x"):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    return folder


def test_each_file_is_one_thing():
    found = sort_out(
        [
            *("a/x.shp", "a/x.DBF", "a/x.shx", "a/x.prj", "a/x.shp.xml", "a/y.dbf", "y.prj"),
            *("g.gdb/a1.gdbtable", "g.gdb/a1.gdbtablx", "G2.GDB/a1.gdbtable", "g.gdb/deeper/a"),
            *("list.csv", "list.XLSX", "k.kml", "b.zip", "scan.PDF", "a/photo.jpeg", "n.txt", "old.mdb", "noext"),
            *("__MACOSX/a/._x.shp", "a/._x.shp", ".DS_Store", "a/Thumbs.db", "~$list.xlsx", ".hidden.csv"),
        ]
    )
    assert found == Collection(
        sources=(".hidden.csv", "G2.GDB", "a/x.shp", "g.gdb", "k.kml", "list.XLSX", "list.csv"),
        archives=("b.zip",),
        attachments=("a/photo.jpeg", "a/x.shp.xml", "scan.PDF"),
        unread=("a/y.dbf", "g.gdb/deeper/a", "n.txt", "noext", "old.mdb", "y.prj"),
        litter=(".DS_Store", "__MACOSX/a/._x.shp", "a/._x.shp", "a/Thumbs.db", "~$list.xlsx"),
    )


PART = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=3).filter(
    lambda text: text not in {".", ".."}
)
ENDING = st.sampled_from(["", ".shp", ".dbf", ".DBF", ".prj", ".gdb", ".csv", ".zip", ".pdf", ".toml", ".txt", "."])
NAME = st.lists(st.tuples(PART, ENDING).map("".join), min_size=1, max_size=3).map("/".join)


@given(st.sets(NAME, max_size=12))
def test_no_file_is_lost_or_taken_twice(names):
    found = sort_out(names)
    held = [name for each in fields(found) for name in getattr(found, each.name)]
    assert len(held) == len(set(held))
    shapefiles = {str(PurePosixPath(name).with_suffix("")) for name in found.sources if name.lower().endswith(".shp")}
    for name in names:
        path = PurePosixPath(name)
        is_part = str(path.parent) in found.sources or str(path.with_suffix("")) in shapefiles
        assert (str(path) in held) or (name in held) or is_part, name


def test_paper_records_are_told_from_other_toml(tmp_path):
    filled(tmp_path, "record.toml", content='[[legs]]\nto = "S"\n')
    filled(tmp_path, "known.toml", content='[[points]]\nto = "RP"\n')
    filled(tmp_path, "broken.toml", content="[[legs")
    filled(tmp_path, "profile.toml", content="format = 1\n")
    found = collect(tmp_path)
    assert found.sources == ("broken.toml", "known.toml", "record.toml")
    assert found.unread == ("profile.toml",)


def test_geojson_is_told_from_other_json(tmp_path):
    filled(tmp_path, "fields.json", content='{"type": "FeatureCollection", "features": []}')
    filled(tmp_path, "broken.json", content='{"type": ')
    filled(tmp_path, "datapackage.json", "list.json", content="{}")
    filled(tmp_path, "fields.geojson", content="{}")
    found = collect(tmp_path)
    assert found.sources == ("broken.json", "fields.geojson", "fields.json")
    assert found.unread == ("datapackage.json", "list.json")


def test_a_manifest_in_a_folder(tmp_path):
    filled(tmp_path, "in/m.toml", content="manifest = 1")
    with pytest.raises(SourceError, match=r"m\.toml: it is a manifest; import it by itself"):
        collect(tmp_path)


def test_names_in_order(tmp_path):
    assert names_in(filled(tmp_path, "b", "a/c", "a/B", "é")) == ["a/B", "a/c", "b", "é"]


@pytest.mark.parametrize("is_inside", [True, False])
def test_links(tmp_path, is_inside):
    filled(tmp_path, "folder/a.csv", "outside/b.csv")
    (tmp_path / "folder" / "link.csv").symlink_to(tmp_path / ("folder/a.csv" if is_inside else "outside/b.csv"))
    with pytest.raises(SourceError, match=r"link\.csv: it is a link to another place"):
        names_in(tmp_path / "folder")


def test_a_link_to_the_folder_above(tmp_path):
    filled(tmp_path, "folder/a.csv")
    (tmp_path / "folder" / "up").symlink_to(tmp_path)
    with pytest.raises(SourceError, match="up: it is a link"):
        names_in(tmp_path / "folder")


def test_what_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(SourceError, match="neither a file nor a folder"):
        names_in(tmp_path)


def test_a_name_that_is_no_text(tmp_path):
    (tmp_path / os.fsdecode(b"pole\xff.csv")).write_text("x")
    with pytest.raises(SourceError, match=r"'pole\\udcff\.csv' in it is not text in UTF-8"):
        names_in(tmp_path)


def test_too_deep(tmp_path):
    names_in(filled(tmp_path / "good", "d/" * (DEPTH_MAX - 1) + "a.csv"))
    with pytest.raises(SourceError, match="more than 16 folders deep"):
        names_in(filled(tmp_path / "deep", "d/" * DEPTH_MAX + "a.csv"))


@pytest.mark.parametrize("limit", ["FOLDER_MAX_FILES", "FOLDER_MAX_BYTES"])
def test_too_much(tmp_path, monkeypatch, limit):
    filled(tmp_path, "a", "in/b", "in/c")
    monkeypatch.setattr(collections, limit, 3)
    assert len(names_in(tmp_path)) == 3
    monkeypatch.setattr(collections, limit, 2)
    with pytest.raises(SourceError, match="name the folders in it one by one"):
        names_in(tmp_path)


def test_media_types():
    assert [media_type(name) for name in ("a/b.PDF", "b.csv", "c.shp", "d")] == [
        "application/pdf", "text/csv", "application/vnd.shp", "application/octet-stream",
    ]  # fmt: skip
