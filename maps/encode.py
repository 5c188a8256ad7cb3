"""Geometry and attributes in few bytes that a browser unpacks by itself: integers, differences, varints, deflate.

A *pack* is what one script element of the page holds: base64 of a zlib stream of

- the length of the header, 4 bytes, little-endian,
- the header, JSON in UTF-8; its ``sizes`` are the lengths of the sections,
- the sections, one after the other.

Base64 has no character that could end an element, so whatever a pack holds, it is never markup.

Numbers are varints: seven bits a byte, the lowest first, the highest bit set in all but the last byte. Signed ones are
zigzag-coded before (0, -1, 1, -2 become 0, 1, 2, 3).
"""

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from registry.plaintext import MOST_CHARACTERS, visible

UNITS_PER_DEGREE = 100_000
"""About 1.1 m; half of it is lost to rounding in each direction."""

FINE_PER_UNIT = 100
"""Rings that rounding to a unit would distort keep a hundredth of it, about 1 cm."""

_SMALLEST_SIDE = 16
_AREA_CHANGE = 0.05

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Column:
    """One column of a table: its distinct values, and for each row which of them it holds, -1 for none.

    ``field`` names what scripts look up, whatever its label says.
    """

    section: str
    label: str
    words: Sequence[object]
    codes: NDArray[np.int32]
    unit: str | None = None
    field: str = ""

    def __getitem__(self, row: int) -> object:
        """The value of a row, None for none."""
        return None if self.codes[row] < 0 else self.words[self.codes[row]]


def column(section: str, label: str, values: Sequence[object], unit: str | None = None, *, field: str = "") -> Column:
    """The column of these values, None for none."""
    numbers: dict[object, int] = {}
    codes = [-1 if value is None else numbers.setdefault(value, len(numbers)) for value in values]
    return Column(section, label, list(numbers), np.array(codes, dtype=np.int32), unit, field)


def pack(header: Mapping[str, object], sections: Sequence[bytes]) -> str:
    """The pack of a header and its sections; the same content gives the same text."""
    whole = json.dumps(
        {**header, "sizes": [len(section) for section in sections]},
        ensure_ascii=False,
        allow_nan=False,
        separators=(",", ":"),
    ).encode()
    raw = b"".join((len(whole).to_bytes(4, "little"), whole, *sections))
    return base64.b64encode(zlib.compress(raw, 6)).decode("ascii")


def pack_table(columns: Sequence[Column]) -> str:
    """A table of texts as `visible` shows them; each column is two sections: its words as JSON, and its codes.

    Codes are one more than in `Column`, 0 for none, in ``width`` bytes: first the lowest byte of every row, then the
    next one of every row. ``width`` 0: the words are the values, row by row.
    """
    heads: list[dict[str, object]] = []
    sections: list[bytes] = []
    for each in columns:
        mostly_new = 2 * len(each.words) > len(each.codes)
        words = [each[row] for row in range(len(each.codes))] if mostly_new else each.words
        words = [visible(word, MOST_CHARACTERS) if isinstance(word, str) else word for word in words]
        width = 0 if mostly_new else _width(len(each.words))
        label = visible(each.label, MOST_CHARACTERS)
        head: dict[str, object] = {"section": each.section, "label": label, "unit": each.unit, "width": width}
        heads.append({**head, "field": each.field} if each.field else head)
        sections.append(json.dumps(words, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode())
        sections.append(_planes(each.codes, width))
    return pack({"columns": heads, "rows": len(columns[0].codes) if columns else 0}, sections)


def _width(words: int) -> int:
    return next(width for width in (1, 2, 4) if words < 256**width)


def _planes(codes: NDArray[np.int32], width: int) -> bytes:
    whole = (codes + 1).astype("<u4").view(np.uint8).reshape(-1, 4)
    return np.ascontiguousarray(whole[:, :width].T).tobytes()


def encode_days(days: pd.Series) -> bytes:
    """Dates as varints: 0 for none, else one more than the zigzag-coded number of days since 1970-01-01."""
    missing = days.isna().to_numpy()
    numbers = days.to_numpy(dtype="datetime64[D]").astype(np.int64)
    return _varints(np.where(missing, 0, _zigzag(np.where(missing, 0, numbers)) + 1))


def encode_geometry(geometries: NDArray[np.object_]) -> tuple[dict[str, Any], list[bytes]]:
    """Polygons or points as integers.

    Parameters
    ----------
    geometries
        (Multi)Polygons or (Multi)Points in degrees, none of them missing or empty.

    Returns
    -------
    header
        ``shape``: ``"areas"`` or ``"points"``.
    sections
        Varints: parts of each feature; for areas also rings of each part and vertices of each ring, without the closing
        one; then (zigzag) x and y of every vertex as its difference from the one before it, in units; then for areas
        the fine rings, each as its difference from the one before it, and in one byte each x and y of their vertices,
        in hundredths of a unit from the rounded ones. No vertex is left out.
    """
    if not len(geometries):
        return {"shape": "points"}, [b"", b"", b""]
    kind, vertices, offsets = shapely.to_ragged_array(geometries, include_z=False)
    counts = [np.diff(offset) for offset in offsets]
    if kind in {shapely.GeometryType.POINT, shapely.GeometryType.MULTIPOINT}:
        features = counts[0] if counts else np.ones(len(geometries), dtype=np.int64)
        return {"shape": "points"}, [_varints(features), *_steps(_rounded(vertices, UNITS_PER_DEGREE))]
    rings, parts = counts[0] - 1, counts[1]
    features = counts[2] if len(counts) > 2 else np.ones(len(geometries), dtype=np.int64)
    opened = np.delete(vertices, offsets[0][1:] - 1, axis=0)
    units = _rounded(opened, UNITS_PER_DEGREE)
    fine = _distorted(opened, units, rings)
    rest = _rounded(opened, UNITS_PER_DEGREE * FINE_PER_UNIT) - FINE_PER_UNIT * units
    kept = rest[np.repeat(fine, rings)].astype(np.int8)
    return {"shape": "areas"}, [
        *map(_varints, (features, parts, rings)),
        *_steps(units),
        _varints(np.diff(np.flatnonzero(fine), prepend=0)),
        kept[:, 0].tobytes(),
        kept[:, 1].tobytes(),
    ]


def encode_lines(lines: NDArray[np.object_]) -> tuple[dict[str, Any], list[bytes]]:
    """Lines as integers.

    Parameters
    ----------
    lines
        LineStrings in degrees, none of them missing or empty.

    Returns
    -------
    header
        ``shape``: ``"lines"``.
    sections
        Varints: 1 for each line; its vertices; then (zigzag) x and y as `encode_geometry` has them.
    """
    vertices, line = shapely.get_coordinates(lines, return_index=True)
    counts = np.bincount(line, minlength=len(lines))
    return {"shape": "lines"}, [
        _varints(np.ones(len(lines), dtype=np.int64)),
        _varints(counts),
        *_steps(_rounded(vertices, UNITS_PER_DEGREE)),
    ]


def _rounded(degrees: NDArray[np.float64], per_degree: int) -> Integers:
    return np.rint(degrees * per_degree).astype(np.int64)


def _distorted(degrees: NDArray[np.float64], units: Integers, rings: Integers) -> NDArray[np.bool_]:
    """Which rings are so small or narrow that rounding to a unit would change what they are."""
    starts = np.cumsum(rings) - rings
    low, high = np.minimum.reduceat(units, starts, axis=0), np.maximum.reduceat(units, starts, axis=0)
    small = (high - low).min(axis=1) < _SMALLEST_SIDE
    before, after = (_twice_area(each, starts, rings) for each in (degrees * UNITS_PER_DEGREE, units))
    distorted: NDArray[np.bool_] = small | (np.abs(after - before) > _AREA_CHANGE * np.abs(before))
    return distorted


def _twice_area(
    vertices: NDArray[np.float64] | Integers, starts: Integers, rings: Integers
) -> NDArray[np.float64] | Integers:
    """Shoelace formula, from the first vertex of each ring, so that nothing is lost to large coordinates."""
    here = vertices - np.repeat(vertices[starts], rings, axis=0)
    there = np.roll(here, -1, axis=0)
    there[starts + rings - 1] = 0
    return np.add.reduceat(here[:, 0] * there[:, 1] - there[:, 0] * here[:, 1], starts)


def _steps(units: Integers) -> tuple[bytes, bytes]:
    steps = np.diff(units, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    return _varints(_zigzag(steps[:, 0])), _varints(_zigzag(steps[:, 1]))


def _zigzag(values: Integers) -> Integers:
    zigzag: Integers = (values << 1) ^ (values >> 63)
    return zigzag


def _varints(values: Integers) -> bytes:
    """Non-negative integers below 2 to the 35th."""
    shifted = np.asarray(values, dtype=np.int64)[:, None] >> np.arange(0, 35, 7)
    used = shifted > 0
    used[:, 0] = True
    digits = (shifted & 0x7F).astype(np.uint8)
    digits[:, :-1][used[:, 1:]] |= 0x80
    return digits[used].tobytes()
