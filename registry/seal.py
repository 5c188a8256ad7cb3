"""Hashes that make a change visible: canonical JSON, the hash of a table, the links of the audit chain."""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice, repeat
from json.encoder import encode_basestring_ascii
from math import isfinite
from typing import Any

FIRST_LINK = "0" * 64
"""What the first entry of a chain names as the entry before it."""

_ROWS_AT_ONCE = 1_000


def canonical_json(value: Any) -> str:
    """JSON with sorted keys, no blanks and ASCII only, so that equal values have equal bytes."""
    return json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=_encoded)


def sha256_of(value: Any) -> str:
    """SHA-256 of a value's canonical JSON."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def sha256_of_rows(
    columns: Sequence[str], rows: Iterable[tuple[Any, ...]], *, without: Collection[str] = frozenset()
) -> str:
    """SHA-256 of a table: a line of JSON for the column names, then one for each row, bytes as ``{"hex": ...}``.

    Parameters
    ----------
    rows
        All of one length, with at least one cell.
    without
        Columns that hold nothing in any row and for which the rows have no cell.
    """
    digest = hashlib.sha256(f"{canonical_json(list(columns))}\n".encode())
    left = iter(rows)
    while some := list(islice(left, _ROWS_AT_ONCE)):
        held, nothing = zip(*some, strict=True), (None,) * len(some)
        cells = _cells(nothing if column in without else next(held) for column in columns)
        lines = "]\n[".join(map(",".join, zip(*cells, strict=True)))
        digest.update(f"[{lines}]\n".encode())
    return digest.hexdigest()


def _cells(columns: Iterable[tuple[Any, ...]]) -> Iterator[Iterable[str]]:
    """The JSON of columns; neighbours that hold one value each, as most do, are one."""
    for is_constant, some in groupby(columns, key=_is_constant):
        if is_constant:
            firsts, number = zip(*((column[0], len(column)) for column in some), strict=True)
            yield repeat(",".join(_CELL[type(cell)](cell) for cell in firsts), number[0])
        else:
            yield from map(_cells_of, some)


def _cells_of(column: tuple[Any, ...]) -> Iterable[str]:
    kinds = set(map(type, column))
    if kinds == {float} and all(map(isfinite, column)):
        return map(float.__repr__, column)
    if len(kinds) == 1:
        return map(_CELL.get(kinds.pop(), _json), column)
    return [_CELL.get(type(cell), _json)(cell) for cell in column]


def _is_constant(column: tuple[Any, ...]) -> bool:
    """Whether all cells are one text, whole number or null; 1 and 1.0 are not one value."""
    kinds = set(map(type, column))
    return len(kinds) == 1 and kinds <= _EXACT and column.count(column[0]) == len(column)


def link_sha256(sequence: int, at: str, action: str, content: Mapping[str, Any], previous_sha256: str) -> str:
    """SHA-256 of one entry of the audit chain, which covers the entry before it."""
    return sha256_of([sequence, at, action, content, previous_sha256])


def _encoded(value: Any) -> dict[str, str]:
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    raise TypeError(f"{type(value).__name__} has no canonical form.")


_json = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), default=_encoded).encode

# What SQLite holds, without the general encoder; the result is the same.
_CELL: Mapping[type, Callable[[Any], str]] = {
    type(None): lambda _: "null",
    int: int.__repr__,
    str: encode_basestring_ascii,
    bytes: lambda cell: f'{{"hex":"{cell.hex()}"}}',
}
_EXACT = {type(None), int, str}
