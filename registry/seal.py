"""Hashes that make a change visible: canonical JSON, the hash of a table, the links of the audit chain."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

FIRST_LINK = "0" * 64
"""What the first entry of a chain names as the entry before it."""


def canonical_json(value: Any) -> str:
    """JSON with sorted keys, no blanks and ASCII only, so that equal values have equal bytes."""
    return json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=_encoded)


def sha256_of(value: Any) -> str:
    """SHA-256 of a value's canonical JSON."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def sha256_of_rows(columns: Iterable[str], rows: Iterable[tuple[Any, ...]]) -> str:
    """SHA-256 of a table: a line of JSON for the column names, then one for each row, bytes as ``{"hex": ...}``."""
    digest = hashlib.sha256(f"{canonical_json(list(columns))}\n".encode())
    encode = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"), default=_encoded).encode
    for row in rows:
        digest.update(f"{encode(row)}\n".encode())
    return digest.hexdigest()


def link_sha256(sequence: int, at: str, action: str, content: Mapping[str, Any], previous_sha256: str) -> str:
    """SHA-256 of one entry of the audit chain, which covers the entry before it."""
    return sha256_of([sequence, at, action, content, previous_sha256])


def _encoded(value: Any) -> dict[str, str]:
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    raise TypeError(f"{type(value).__name__} has no canonical form.")
