"""Events of a registry as GeoParquet parts: what a part says of itself, and one row group of it read and checked.

Every part says which registry and which layers it comes from, and has the SHA-256 of each column of each row group, so
that what was cut short, damaged or mixed up is refused and not counted.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray

from registry.errors import SourceError
from registry.geometry import WGS84
from registry.inputs import columns_of
from registry.jsonform import plain, rebuilt
from registry.model import Kind
from registry.schema import FieldType, fields
from registry.seal import sha256_of
from registry.store import restored

SCHEMA = "minefield-registry/event-parts/v1"

COLUMNS = ("batch_id", "document_id", "feature_index", *columns_of(Kind.ACCIDENTS))
"""Columns of a part beside the geometry and its box: where a row comes from, and what a comparison needs of it."""

GEOMETRY = "geometry"
ROWS_AT_MOST = 1_000_000
"""A row group with more is not read: a task must fit into the memory of a worker."""

_KEY = b"minefield-registry"
_SAYS_AT_MOST = 4_000_000
_BYTES_AT_MOST = 4_000_000_000
_SHA256 = re.compile(r"[0-9a-f]{64}")
_ARROW_TYPES = {
    FieldType.TEXT: pa.string(),
    FieldType.INTEGER: pa.int64(),
    FieldType.REAL: pa.float64(),
    FieldType.DATE: pa.date32(),
    FieldType.BOOLEAN: pa.bool_(),
}
_FIELDS = {field.name: field.field_type for field in fields(Kind.ACCIDENTS)}


@dataclass(frozen=True)
class PartLayer:
    """A layer that parts hold all rows of."""

    batch_id: str
    content_sha256: str
    rows: int
    tags: Mapping[str, str]


@dataclass(frozen=True)
class RowGroup:
    """What a part says of one of its row groups: its rows, and the SHA-256 of each column."""

    rows: int
    sha256: Mapping[str, str]


@dataclass(frozen=True)
class PartHeader:
    """What a part says of itself. All but ``part`` and ``groups`` is the same in all parts of one export."""

    registry: str
    layers: tuple[PartLayer, ...]
    software: Mapping[str, str]
    parts: int
    part: int
    groups: tuple[RowGroup, ...]

    @property
    def export(self) -> str:
        """What names the export that the part belongs to."""
        return sha256_of([self.registry, plain(self.layers), plain(self.software), self.parts])


@dataclass(frozen=True)
class GroupAt:
    """A row group and where it is: the work of one task."""

    path: str
    number: int
    group: RowGroup


@dataclass(frozen=True)
class EventParts:
    """All parts of one export."""

    folder: Path
    registry: str
    layers: tuple[PartLayer, ...]
    groups: tuple[GroupAt, ...]

    @property
    def rows(self) -> int:
        """Events in all parts."""
        return sum(each.group.rows for each in self.groups)


def arrow_type(name: str) -> Any:
    """The Arrow type of a column of a part."""
    if name == GEOMETRY:
        return pa.binary()
    return pa.string() if name == "batch_id" else _ARROW_TYPES[_FIELDS[name]]


def header_as_metadata(header: PartHeader) -> dict[bytes, bytes]:
    """What a part says of itself, as it stands in the metadata of the file."""
    said = {"schema": SCHEMA, **plain(header)}
    return {_KEY: json.dumps(said, sort_keys=True, separators=(",", ":")).encode()}


def column_sha256(column: Any) -> str:
    """SHA-256 of the values of a column, however it is stored: which are null, and the others."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    digest = hashlib.sha256(f"{array.type} {len(array)}\n".encode())
    digest.update(np.packbits(array.is_valid().to_numpy(zero_copy_only=False)).tobytes())
    if pa.types.is_string(array.type) or pa.types.is_binary(array.type):
        filled = array.cast(pa.binary()).fill_null(b"")
        digest.update(pa.compute.binary_length(filled).to_numpy().tobytes())
        _, _, values = filled.buffers()
        first, last = _ends(filled)
        digest.update(memoryview(values)[first:last] if values is not None else b"")
    else:
        kept = array.cast(pa.int32()) if pa.types.is_date(array.type) else array
        filled = kept.fill_null(False if pa.types.is_boolean(kept.type) else 0)
        digest.update(np.ascontiguousarray(filled.to_numpy(zero_copy_only=False)).tobytes())
    return digest.hexdigest()


def open_parts(folder: Path) -> EventParts:
    """Read what all parts in a folder say of themselves.

    Raises
    ------
    SourceError
        If there is none, one is missing, damaged or not a part, or they are not of one export.
    """
    if not folder.is_dir():
        raise SourceError(
            f"{folder}: it is not a folder of event parts; make one with: minefield-registry export events --to "
            "geoparquet -o FOLDER."
        )
    paths = sorted(folder.absolute().glob("*.parquet"))
    headers = {path: _header(path) for path in paths}
    exports = {header.export for header in headers.values()}
    if len(exports) != 1:
        why = "holds no part" if not exports else "holds parts of several exports"
        raise SourceError(f"{folder}: it {why}; export the events into a folder of their own.")
    first = next(iter(headers.values()))
    if sorted(header.part for header in headers.values()) != list(range(1, first.parts + 1)):
        raise SourceError(f"{folder}: it does not hold each of the {first.parts} parts once; export the events again.")
    in_order = sorted(headers.items(), key=lambda each: each[1].part)
    groups = tuple(
        GroupAt(str(path), number, group) for path, header in in_order for number, group in enumerate(header.groups)
    )
    if sum(each.group.rows for each in groups) != sum(layer.rows for layer in first.layers):
        raise SourceError(f"{folder}: its parts do not have as many rows as their layers; export the events again.")
    return EventParts(folder, first.registry, first.layers, groups)


def read_group(at: GroupAt, columns: Sequence[str]) -> gpd.GeoDataFrame:
    """Read a row group, with types restored as `registry.store.Registry.read` does.

    Parameters
    ----------
    at
        Of an export that `open_parts` read.
    columns
        Of `COLUMNS`; the geometry always comes along.

    Raises
    ------
    SourceError
        If the file is not there, cannot be read, or does not hold what it said it does.
    """
    wanted = [*columns, GEOMETRY]
    try:
        with pq.ParquetFile(at.path) as file:
            described = file.metadata.row_group(at.number)
            if described.num_rows != at.group.rows or described.total_byte_size > _BYTES_AT_MOST:
                raise _not_as_said(at)
            table = file.read_row_group(at.number, columns=wanted, use_threads=False)
    except FileNotFoundError as error:
        raise SourceError(
            f"{at.path}: there is no such file on this machine; parts must lie where every worker finds them by the "
            "same path."
        ) from error
    except (pa.ArrowException, OSError, ValueError, KeyError, IndexError) as error:
        raise SourceError(
            f"{at.path}: row group {at.number} cannot be read ({error}); export the events again."
        ) from error
    for name in wanted:
        held = table.column(name) if table.column_names.count(name) == 1 else None
        if held is None or held.type != arrow_type(name) or column_sha256(held) != at.group.sha256[name]:
            raise _not_as_said(at)
    frame = table.drop_columns([GEOMETRY]).to_pandas(date_as_object=False)
    for name in columns:
        frame[name] = restored(frame[name], _FIELDS.get(name, FieldType.TEXT))
    return gpd.GeoDataFrame(frame, geometry=_points(table.column(GEOMETRY), at), crs=WGS84)


def _points(column: Any, at: GroupAt) -> NDArray[Any]:
    try:
        points = shapely.from_wkb(column.to_numpy())
    except (shapely.errors.ShapelyError, TypeError, ValueError) as error:
        raise _not_as_said(at) from error
    held = points[~shapely.is_missing(points)]
    if not (shapely.get_type_id(held) == shapely.GeometryType.POINT).all():
        raise _not_as_said(at)
    return np.asarray(points, dtype=object)


def _not_as_said(at: GroupAt) -> SourceError:
    return SourceError(
        f"{at.path}: row group {at.number} does not hold what the file says it does, so it is damaged or was changed; "
        "export the events again."
    )


def _header(path: Path) -> PartHeader:
    try:
        with pq.ParquetFile(path) as file:
            metadata = file.metadata
            said = (metadata.metadata or {}).get(_KEY, b"")
            rows = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
            names = set(file.schema_arrow.names)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise SourceError(f"{path}: it cannot be read as Parquet ({error}); export the events again.") from error
    header = _parsed(said)
    if header is None:
        raise SourceError(f"{path}: it is not a part of an export of events; name a folder of such parts alone.")
    if [group.rows for group in header.groups] != rows or not {*COLUMNS, GEOMETRY} <= names:
        raise SourceError(f"{path}: it does not hold the rows or columns that it says; export the events again.")
    return header


def _parsed(said: bytes) -> PartHeader | None:
    """What a part says of itself, None where it says nothing that can be used."""
    if not 0 < len(said) <= _SAYS_AT_MOST:
        return None
    try:
        values = json.loads(said)
        if values.pop("schema") != SCHEMA:
            return None
        header = rebuilt(PartHeader, values)
        fit = all(_fits(group) for group in header.groups) and all(map(_names_a_layer, header.layers))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    numbers = isinstance(header.part, int) and isinstance(header.parts, int) and isinstance(header.registry, str)
    return header if fit and numbers and isinstance(header.software, dict) else None


def _fits(group: RowGroup) -> bool:
    return (
        type(group.rows) is int
        and 0 <= group.rows <= ROWS_AT_MOST
        and set(group.sha256) == {*COLUMNS, GEOMETRY}
        and all(_SHA256.fullmatch(value) for value in group.sha256.values())
    )


def _names_a_layer(layer: PartLayer) -> bool:
    texts = (layer.batch_id, layer.content_sha256)
    return type(layer.rows) is int and layer.rows >= 0 and all(isinstance(text, str) for text in texts)


def _ends(array: Any) -> tuple[int, int]:
    """Where the values of an array of texts start and end in their buffer."""
    offsets = np.frombuffer(array.buffers()[1], dtype=np.int32)
    return int(offsets[array.offset]), int(offsets[array.offset + len(array)])
