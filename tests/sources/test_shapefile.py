import struct
from contextlib import suppress

import geopandas as gpd
import pyogrio
import pytest
import shapely
from hypothesis import example, given
from hypothesis import strategies as st

from registry.errors import SourceError
from registry.sources.shapefile import Encoding, check_complete, find_encoding

UNSTATED = 0x57
RUSSIAN = 0xC9


def table(*rows, name=b"name", language=UNSTATED, width=10):
    """A dBASE file of one text column."""
    head = struct.pack("<4xIHH17xBxx", len(rows), 32 + 32 + 1, 1 + width, language)
    field = name.ljust(11, b"\0") + b"C" + bytes(4) + bytes([width]) + bytes(15)
    return head + field + b"\r" + b"".join(b" " + row.ljust(width) for row in rows) + b"\x1a"


def shapes(number):
    """A .shx file, as far as its length is looked at."""
    return struct.pack(">24xi", (100 + 8 * number) // 2).ljust(100, b"\0") + bytes(8 * number)


def parts(**changed):
    whole = {".shp": shapes(2), ".shx": shapes(2), ".dbf": table(b"a", b"b")}
    return (whole | {f".{suffix}": content for suffix, content in changed.items()}).get


def reader(dbf, **others):
    return parts(dbf=dbf, **others)


def test_a_whole_shapefile(tmp_path):
    check_complete(parts(), "a.shp")
    squares = gpd.GeoDataFrame({"n": [1, 2]}, geometry=[shapely.box(0, 0, 1, 1)] * 2, crs=4326)
    pyogrio.write_dataframe(squares, tmp_path / "a.shp")
    check_complete(lambda suffix: (tmp_path / f"a{suffix}").read_bytes(), "a.shp")


@pytest.mark.parametrize("suffix", ["shp", "shx", "dbf"])
@pytest.mark.parametrize("content", [None, b"", bytes(20)])
def test_a_part_that_is_missing_or_empty(suffix, content):
    with pytest.raises(SourceError, match=rf"a\.shp: its \.{suffix} file is missing or empty"):
        check_complete(parts(**{suffix: content}), "a.shp")


@pytest.mark.parametrize("suffix", ["shp", "shx"])
def test_shapes_cut_short(suffix):
    with pytest.raises(SourceError, match=rf"\.{suffix} file should have 116 bytes and has 115"):
        check_complete(parts(**{suffix: shapes(2)[:-1]}), "a.shp")


def test_a_table_cut_short():
    with pytest.raises(SourceError, match=r"\.dbf file says 2 rows and holds 1"):
        check_complete(parts(dbf=table(b"a", b"b")[:-3]), "a.shp")


@pytest.mark.parametrize("rows", [1, 3])
def test_a_table_with_other_rows_than_shapes(rows):
    with pytest.raises(SourceError, match=f"holds 2 shapes and its .dbf file {rows} rows"):
        check_complete(parts(dbf=table(*[b"a"] * rows)), "a.shp")


def test_rows_of_no_width():
    damaged = table(b"a", b"b")
    with pytest.raises(SourceError, match="no width"):
        check_complete(parts(dbf=damaged[:10] + b"\0\0" + damaged[12:]), "a.shp")


@pytest.mark.parametrize(
    "read",
    [
        reader(table(b"plain")),
        reader(table("мина".encode("cp1251"), language=RUSSIAN)),
        reader(table("мина".encode("cp1251")), cpg=b"1251"),
        reader(None),
    ],
    ids=["ASCII", "the table says", "the .cpg says", "no table"],
)
def test_no_doubt_about_the_encoding(read):
    assert find_encoding(read) == Encoding(None, None)


def test_utf8_is_read_as_such_and_that_is_said():
    found = find_encoding(reader(table(b"plain", "мина".encode())))
    assert found.name == "UTF-8"
    assert "valid UTF-8" in found.doubt


@pytest.mark.parametrize("language", [0x00, UNSTATED])
def test_other_texts_are_read_without_loss_and_other_readings_are_shown(language):
    found = find_encoding(reader(table(b"plain", "мина".encode("cp1251"), language=language)))
    assert found.name == "ISO-8859-1"
    assert "cp1251 'мина'" in found.doubt
    assert "plain" not in found.doubt


def test_column_names_count_too():
    found = find_encoding(reader(table(b"plain", name="имя".encode("cp1251"))))
    assert found.name == "ISO-8859-1"
    assert "column names read" in found.doubt
    assert "cp1251 'имя'" in found.doubt


@example(bytes(8) + struct.pack("<HH", 32, 0) + bytes(20) + b"\xff")
@given(st.binary(min_size=32, max_size=120))
def test_the_encoding_of_any_table_is_found_without_failing(content):
    assert find_encoding(reader(content)).name in {None, "UTF-8", "ISO-8859-1"}


@given(st.binary(max_size=120), st.binary(max_size=120), st.binary(max_size=120))
def test_any_bytes_are_complete_or_refused(shp, shx, dbf):
    with suppress(SourceError):
        check_complete({".shp": shp, ".shx": shx, ".dbf": dbf}.get, "a.shp")
