"""What GDAL passes over in silence when it reads a shapefile: files cut short, and texts of unknown encoding."""

import struct
from collections.abc import Callable
from dataclasses import dataclass

from registry.errors import SourceError

# The language byte of a dBASE file. 0x57 says "ANSI of the machine that wrote it", which is to say nothing.
_UNSTATED = {0x00, 0x57}
_SHOWN = ("cp1251", "cp1250", "cp1252")


@dataclass(frozen=True)
class Encoding:
    """The encoding to read texts with (None: as the file states), and the doubt about it, in a sentence."""

    name: str | None
    doubt: str | None


def check_complete(read: Callable[[str], bytes | None], where: str) -> None:
    """Refuse a shapefile whose parts were cut short: GDAL would read null geometries or fewer rows instead.

    Parameters
    ----------
    read
        Content of the file with a given suffix, None where there is none.
    where
        Name for messages.
    """
    words = 0
    for suffix in (".shp", ".shx"):
        content = read(suffix)
        if content is None or len(content) < 100:
            raise SourceError(f"{where}: its {suffix} file is missing or empty; ask for the shapefile again.")
        (words,) = struct.unpack(">i", content[24:28])
        if len(content) < 2 * words:
            raise SourceError(
                f"{where}: its {suffix} file should have {2 * words} bytes and has {len(content)}; "
                "it was cut short, ask for the shapefile again."
            )
    table = read(".dbf")
    if table is None or len(table) < 32:
        raise SourceError(f"{where}: its .dbf file is missing or empty; ask for the shapefile again.")
    rows, header, width = struct.unpack("<IHH", table[4:12])
    if rows and not width:
        raise SourceError(f"{where}: its .dbf file says rows of no width; it is damaged, ask for the shapefile again.")
    if len(table) < header + rows * width:
        raise SourceError(
            f"{where}: its .dbf file says {rows} rows and holds {max(0, (len(table) - header) // max(1, width))}; "
            "it was cut short, ask for the shapefile again."
        )
    # The index, read last, has a header of 100 bytes and 8 for each shape.
    shapes = (2 * words - 100) // 8
    if shapes != rows:
        raise SourceError(
            f"{where}: it holds {shapes} shapes and its .dbf file {rows} rows, so some would be lost or get the row of "
            "another; ask for the shapefile again."
        )


def find_encoding(read: Callable[[str], bytes | None]) -> Encoding:
    """How to read the texts of a shapefile that may not say so.

    A .cpg file or the language byte of the .dbf decides. Without either, texts that are valid UTF-8 are read as such;
    others as ISO-8859-1, which loses no byte, and the doubt is said.
    """
    if read(".cpg") is not None:
        return Encoding(None, None)
    table = read(".dbf")
    if table is None or table[29] not in _UNSTATED:
        return Encoding(None, None)
    header, width = struct.unpack("<HH", table[8:12])
    names = b" ".join(table[start : start + 11].partition(b"\0")[0] for start in range(32, header - 1, 32))
    rows = table[header:]
    if names.isascii() and rows.isascii():
        return Encoding(None, None)
    for what, text, length in (("The column names read", names, len(names)), ("One row reads", rows, width)):
        try:
            text.decode("utf-8")
        except UnicodeDecodeError as error:
            row = text[error.start // max(1, length) * length :][:length]
            readings = ", ".join(f"{name} {_sample(row, name)!r}" for name in _SHOWN)
            return Encoding(
                "ISO-8859-1",
                f"The file does not say in which encoding its texts are; they were read as ISO-8859-1. {what} "
                f"{_sample(row, 'iso-8859-1')!r}; with another --encoding: {readings}.",
            )
    return Encoding("UTF-8", "The file does not say in which encoding its texts are; they are valid UTF-8.")


def _sample(row: bytes, encoding: str) -> str:
    """Forty characters from where a row stops being ASCII; before that every encoding reads the same."""
    first = next((i for i, byte in enumerate(row) if byte > 127), 0)
    return " ".join(row[first:].decode(encoding, errors="replace").split())[:40]
