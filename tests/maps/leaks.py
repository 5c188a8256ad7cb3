"""What of a registry can be found in a page: every text, and every position in whatever way it could be written.

Written without the code that makes pages: the page is taken as a stranger takes it who has the registry beside it.
"""

import base64
import re
import struct
import zlib
from dataclasses import dataclass

import numpy as np
import shapely
import unpack

from registry.model import Kind

_PACK = re.compile(r'<script type="application/octet-stream" id="(\w+)">([^<]*)</script>')
_EARTH_M = 6378137.0
_NEAR_DEGREES = 0.00005
"""About 5 m, more than a position is rounded by. The corner of a hexagon is as close by chance once in a million."""


@dataclass(frozen=True)
class Secrets:
    """Texts that must not be in a page, and positions (longitude, latitude)."""

    texts: frozenset[str]
    positions: np.ndarray


def secrets_of(registry):
    """All values of single records and events, names and hashes of documents, ids and titles of batches, vertices."""
    texts, positions = set(), []
    for layer in registry.layers():
        handover = registry.handover(layer.batch_id)
        texts |= {layer.batch_id, layer.title, layer.content_sha256, layer.content_sha256[:12], layer.table_name}
        texts |= {handover.title, handover.giving_party, handover.receiving_party}
        for document in registry.documents(layer):
            texts |= {document.file_name, document.sha256, document.sha256[:12], document.document_id}
        if layer.kind is Kind.DISTRICTS:
            continue
        frame = registry.read(layer)
        for name in frame.columns.drop(frame.geometry.name):
            for value in frame[name].dropna():
                values = [*value, *value.values()] if isinstance(value, dict) else [value]
                texts |= {str(each) for each in values}
        positions.append(shapely.get_coordinates(frame.geometry.to_numpy()))
    # Codes and short numbers are words of any page.
    return Secrets(
        frozenset(text for text in map(str, texts) if len(text) >= 5 and not text.isupper()), np.concatenate(positions)
    )


def packs(page):
    """Every pack of the page by its id, unpacked to its bytes."""
    return {name: zlib.decompress(base64.b64decode(text, validate=True)) for name, text in _PACK.findall(page)}


def vertices(page):
    """Every vertex that a pack of the page holds, in degrees."""
    found = [np.empty((0, 2))]
    for name, text in _PACK.findall(page):
        if name.endswith("_shapes"):
            header, sections = unpack.unpack(text)
            for feature in unpack.features(header, sections[3:]):
                points = feature
                if header["shape"] == "areas":
                    points = [corner for part in feature for ring in part for corner in ring]
                found.append(np.array(points, dtype=float).reshape(-1, 2))
    return np.concatenate(found)


def found_in(page, secrets):
    """What of the secrets is in a page, packed or not."""
    everything = [page.encode(), *packs(page).values()]
    whole = b"\0".join(everything)
    lowered = whole.lower()
    found = {text for text in secrets.texts if text.lower().encode() in lowered}
    for axis, values in zip(("longitude", "latitude"), secrets.positions.T, strict=True):
        for value in np.unique(values):
            found |= {(axis, value, written) for written in _written(axis, value) if written in whole}
    drawn = vertices(page)
    if len(drawn):
        tree = shapely.STRtree(shapely.points(drawn))
        near = tree.query(shapely.points(secrets.positions), predicate="dwithin", distance=_NEAR_DEGREES)
        found |= {("vertex", *secrets.positions[which].tolist()) for which in near[0]}
    return found


def _written(axis, value):
    """A coordinate as text with four to seven decimals, rounded or cut, and as numbers of four and eight bytes."""
    for decimals in (4, 5, 6, 7):
        cut = np.trunc(abs(value) * 10**decimals) / 10**decimals
        for text in {f"{abs(value):.{decimals}f}", f"{cut:.{decimals}f}"}:
            yield from (text.encode(), text.replace(".", ",").encode(), text.replace(".", "").lstrip("0").encode())
    radians = np.radians(value)
    metres = _EARTH_M * (radians if axis == "longitude" else np.log(np.tan(np.pi / 4 + radians / 2)))
    for number in (value, radians, metres):
        yield from (struct.pack(f"{order}{size}", number) for order in "<>" for size in "df")
    for scaled in (value * 1e5, value * 1e6, value * 1e7, metres):
        whole = round(scaled)
        yield from (struct.pack(f"{order}i", whole) for order in "<>")
        yield _varint(whole * 2 if whole >= 0 else -2 * whole - 1)
        yield str(abs(whole)).encode()
    yield f"{abs(metres):.1f}".encode()


def _varint(value):
    digits = []
    while value > 127:
        digits.append(value & 127 | 128)
        value >>= 7
    return bytes([*digits, value])
