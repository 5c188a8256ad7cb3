"""Archives from a hostile hand."""

import io
import stat
import struct
import tempfile
import warnings
import zipfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from registry.errors import SourceError
from registry.sources import archive as archives
from registry.sources.archive import DEPTH_MAX, checked_names, unpack


def zipped(path, *members):
    """A zip of (name or ZipInfo, content)."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


@pytest.fixture
def target(tmp_path):
    (tmp_path / "target").mkdir()
    return tmp_path / "target"


def test_what_is_in_it(tmp_path, target):
    path = zipped(tmp_path / "a.zip", ("north/a.csv", b"1"), ("b.csv", b"2"), ("empty/", b""), ("мина.csv", b"3"))
    assert unpack(path, target) == ()
    files = {each.relative_to(target).as_posix(): each.read_bytes() for each in target.rglob("*") if each.is_file()}
    assert files == {"north/a.csv": b"1", "b.csv": b"2", "мина.csv": b"3"}


def test_names_of_another_system(tmp_path, target):
    unpack(zipped(tmp_path / "a.zip", ("north\\a.csv", b"1"), ("./b.csv", b"2")), target)
    assert (target / "north" / "a.csv").read_bytes() == b"1"
    assert (target / "b.csv").read_bytes() == b"2"


def test_names_in_an_unknown_code_page_are_said(tmp_path, target):
    """As old systems write them: bytes of code page 866 and no word about it."""
    path = zipped(tmp_path / "a.zip", ("pole.csv", b"1"))
    content = path.read_bytes().replace(b"pole.csv", "поле.csv".encode("cp866"))
    path.write_bytes(content)
    (note,) = unpack(path, target)
    assert note.startswith("1 file names in the archive do not say how they are encoded")
    assert len(list(target.iterdir())) == 1


@pytest.mark.parametrize(
    "name", ["../a.csv", "a/../../b.csv", "/etc/a.csv", "..\\a.csv", "C:\\a.csv", "C:a.csv", "\\\\server\\a\\b.csv"]
)
def test_a_name_that_leads_out(tmp_path, target, name):
    before = sorted(tmp_path.rglob("*"))
    path = zipped(tmp_path / "a.zip", ("good.csv", b"1"), (zipfile.ZipInfo(name), b"x"))
    with pytest.raises(SourceError, match="leads out of the archive"):
        unpack(path, target)
    assert sorted(tmp_path.rglob("*")) == sorted([*before, path])


def test_a_link(tmp_path, target):
    link = zipfile.ZipInfo("a.csv")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = zipped(tmp_path / "a.zip", (link, b"/etc/passwd"))
    for look in (checked_names, lambda path: unpack(path, target)):
        with pytest.raises(SourceError, match=r"a\.csv in it is a link"):
            look(path)


def test_a_zip_in_a_zip(tmp_path, target):
    path = zipped(tmp_path / "a.zip", ("in/b.ZIP", b"PK"))
    with pytest.raises(SourceError, match=r"it holds a zip, in/b\.ZIP; unpack it once"):
        unpack(path, target)


def test_too_deep(tmp_path, target):
    unpack(zipped(tmp_path / "a.zip", ("d/" * (DEPTH_MAX - 1) + "a.csv", b"1")), target)
    with pytest.raises(SourceError, match="more than 16 folders deep"):
        unpack(zipped(tmp_path / "b.zip", ("d/" * DEPTH_MAX + "a.csv", b"1")), target)


def test_too_long_a_name(tmp_path, target):
    with pytest.raises(SourceError, match="a name too long to be one"):
        unpack(zipped(tmp_path / "a.zip", ("я" * 126 + ".csv", b"1")), target)


def test_too_many(tmp_path, target, monkeypatch):
    monkeypatch.setattr(archives, "ZIP_MAX_FILES", 2)
    with pytest.raises(SourceError, match="would unpack to 3 files"):
        unpack(zipped(tmp_path / "a.zip", *((f"{n}.csv", b"1") for n in range(3))), target)


def test_a_bomb(tmp_path, target):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.csv", "w") as file:
        for _ in range(101):
            file.write(bytes(1_000_000))
    with pytest.raises(SourceError, match=r"would unpack to 1 files and 101 MB"):
        unpack(path, target)
    assert list(target.iterdir()) == []


def test_a_bomb_that_lies_about_its_size(tmp_path, target):
    """Its directory says 10 bytes; no more than that is ever written."""
    path = zipped(tmp_path / "a.zip", ("a.csv", bytes(5_000_000)))
    content = bytearray(path.read_bytes())
    start = content.rindex(b"PK\1\2")
    content[start + 24 : start + 28] = struct.pack("<I", 10)
    path.write_bytes(content)
    with pytest.raises(SourceError, match="damaged"):
        unpack(path, target)
    assert sum(each.stat().st_size for each in target.rglob("*")) <= 10


def test_two_of_one_name(tmp_path, target):
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = zipped(tmp_path / "a.zip", ("a.csv", b"1"), ("a.csv", b"2"))
    with pytest.raises(SourceError, match=r"two files in it are named a\.csv"):
        unpack(path, target)


def test_a_file_in_the_way_of_a_folder(tmp_path, target):
    with pytest.raises(SourceError, match=r"two files in it are named|cannot be unpacked"):
        unpack(zipped(tmp_path / "a.zip", ("a", b"1"), ("a/b.csv", b"2")), target)


def test_encrypted_and_damaged(tmp_path, target):
    path = zipped(tmp_path / "a.zip", ("a.csv", b"something that is packed" * 10))
    whole = path.read_bytes()
    flagged = bytearray(whole)
    flagged[whole.index(b"PK\3\4") + 6] |= 1
    flagged[whole.rindex(b"PK\1\2") + 8] |= 1
    path.write_bytes(flagged)
    with pytest.raises(SourceError, match="encrypted; unpack it yourself"):
        unpack(path, target)
    damaged = bytearray(whole)
    damaged[whole.index(b"a.csv") + 8] ^= 0xFF
    path.write_bytes(damaged)
    with pytest.raises(SourceError, match="damaged or encrypted"):
        unpack(path, target)
    path.write_bytes(whole[:40])
    with pytest.raises(SourceError, match="not a zip archive or is damaged"):
        unpack(path, target)


def _whole():
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, way in (("a.csv", zipfile.ZIP_STORED), ("in/b.csv", zipfile.ZIP_DEFLATED), ("c", zipfile.ZIP_LZMA)):
            archive.writestr(name, b"some rows, some more rows\n" * 3, compress_type=way)
    return written.getvalue()


WHOLE = _whole()


@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.binary(min_size=1, max_size=4)), min_size=1, max_size=3))
@example([(398, b"\0")])  # a name of no letters
@example([(4, b"\0\0\0\x08"), (30, b"\x80")])  # a name that is said to be UTF-8 and is not
def test_any_damage_gives_files_or_our_own_error(changes):
    content = bytearray(WHOLE)
    for start, instead in changes:
        content[start : start + len(instead)] = instead
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(action="ignore"):
        path, target = Path(folder) / "a.zip", Path(folder) / "target"
        path.write_bytes(content)
        target.mkdir()
        try:
            unpack(path, target)
        except SourceError as error:
            assert str(error).startswith(str(path))  # noqa: PT017 (it may also be read)
        assert sorted(each.name for each in Path(folder).iterdir()) == ["a.zip", "target"]
