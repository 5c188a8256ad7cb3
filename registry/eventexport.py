"""Events of a registry written as GeoParquet 1.1 in parts that follow the Hilbert curve, for counting part by part."""

import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray

from registry import __version__, provenance
from registry.errors import CompareError, StoreError
from registry.eventparts import (
    COLUMNS,
    GEOMETRY,
    ROWS_AT_MOST,
    PartHeader,
    PartLayer,
    RowGroup,
    arrow_type,
    column_sha256,
    header_as_metadata,
)
from registry.model import Kind, Layer, Progress, silent
from registry.store import Registry

GROUP_ROWS = 100_000
"""Events of a row group: what one task counts."""

GROUPS_OF_A_PART = 10

_BOX = ("xmin", "ymin", "xmax", "ymax")
_CHUNK = 100_000


@dataclass(frozen=True)
class EventExport:
    """What was written, or would be."""

    folder: Path
    layers: tuple[PartLayer, ...]
    events: int
    unlocated: int
    row_groups: int
    parts: int
    written: bool


def export_events(
    registry: Registry,
    folder: Path,
    *,
    batch_ids: Sequence[str] = (),
    group_rows: int = GROUP_ROWS,
    dry_run: bool = False,
    progress: Progress = silent,
) -> EventExport:
    """Write the active events of a registry into a new folder; all of it or nothing.

    Events follow the Hilbert curve over all of them, those without a position come last. The same registry gives the
    same bytes under the same versions of this package and of pyarrow.

    Parameters
    ----------
    folder
        Made; its parent must be there.
    batch_ids
        Only events of these batches; none means all.
    group_rows
        Events of a row group.
    dry_run
        Do everything but write.

    Raises
    ------
    StoreError
        If the folder exists or cannot be written.
    CompareError
        If a batch has no active events, or a row group would be too large.
    """
    if not 1 <= group_rows <= ROWS_AT_MOST:
        raise CompareError(f"A row group of {group_rows} events is none; give a number from 1 to {ROWS_AT_MOST:,}.")
    if folder.exists():
        raise StoreError(f"{folder} exists and is not overwritten; choose another name or move it away.")
    if not folder.absolute().parent.is_dir():
        raise StoreError(f"{folder}: the folder that it is to lie in does not exist; make it first.")
    layers = registry.layers(Kind.ACCIDENTS, batch_ids=batch_ids)
    missing = sorted(set(batch_ids) - {layer.batch_id for layer in layers})
    if missing:
        raise CompareError(f"Batch {', '.join(missing)} has no active events; see the list of layers.")
    progress("reading events", 0.0)
    table = _table(registry, layers)
    progress("sorting events along the curve", 0.3)
    order, located = _along_curve(table.column(GEOMETRY))
    part_rows = group_rows * GROUPS_OF_A_PART
    parts = max(1, -(-len(order) // part_rows))
    said = PartHeader(
        registry=registry.identity,
        layers=tuple(_described(registry, layer) for layer in layers),
        software={"minefield-registry": __version__, "pyarrow": pa.__version__},
        parts=parts,
        part=0,
        groups=(),
    )
    if not dry_run:
        written = _written(table, order, said, group_rows)
        _write(folder, written, parts, progress)
    return EventExport(
        folder, said.layers, len(order), len(order) - located, -(-len(order) // group_rows), parts, not dry_run
    )


def _write(folder: Path, parts: "Iterator[tuple[Any, PartHeader, int]]", count: int, progress: Progress) -> None:
    """Write parts beside the folder, which is there only when all of them are."""
    try:
        with tempfile.TemporaryDirectory(dir=folder.absolute().parent, prefix=".parts-") as scratch:
            made = Path(scratch) / folder.name
            made.mkdir()
            for table, header, group_rows in parts:
                progress(f"writing part {header.part} of {count}", 0.4 + 0.6 * (header.part - 1) / count)
                with_box = _with_box(table)
                metadata = {**header_as_metadata(header), b"geo": _geo(table)}
                schema = with_box.schema.with_metadata(metadata)
                path = made / f"part-{header.part:04d}.parquet"
                with pq.ParquetWriter(path, schema, compression="zstd") as writer:
                    if len(table):
                        writer.write_table(with_box.cast(schema), row_group_size=group_rows)
            made.rename(folder)
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error}; check the folder and the space left.") from error


def _written(
    table: Any, order: NDArray[np.int64], said: PartHeader, group_rows: int
) -> "Iterator[tuple[Any, PartHeader, int]]":
    """The rows of each part, in order, and what it says of itself."""
    part_rows = group_rows * GROUPS_OF_A_PART
    for number in range(said.parts):
        rows = table.take(order[number * part_rows : (number + 1) * part_rows]).combine_chunks()
        groups = [rows.slice(start, group_rows) for start in range(0, len(rows), group_rows)]
        described = tuple(
            RowGroup(len(group), {name: column_sha256(group.column(name)) for name in (*COLUMNS, GEOMETRY)})
            for group in groups
        )
        yield rows, PartHeader(said.registry, said.layers, said.software, said.parts, number + 1, described), group_rows


def _table(registry: Registry, layers: Sequence[Layer]) -> Any:
    """All rows of the layers, in stored order."""
    schema = pa.schema([(name, arrow_type(name)) for name in (*COLUMNS, GEOMETRY)])
    tables = [schema.empty_table()]
    for layer in layers:
        held = registry.read_arrow(layer, [name for name in COLUMNS if name != "batch_id"])
        columns = {name: held.column(name) for name in held.column_names}
        columns |= {"batch_id": pa.repeat(layer.batch_id, len(held)), GEOMETRY: held.column("geom").cast(pa.binary())}
        tables.append(pa.table({name: columns[name] for name in schema.names}).cast(schema))
    return pa.concat_tables(tables)


def _along_curve(column: Any) -> tuple[NDArray[np.int64], int]:
    """The order of events along the Hilbert curve, those without a position last; and how many have one."""
    xy = _positions(column)
    located = np.flatnonzero(np.isfinite(xy).all(axis=1))
    if not len(located):
        return np.arange(len(xy)), 0
    along = gpd.GeoSeries(shapely.points(xy[located])).hilbert_distance().to_numpy()
    rest = np.setdiff1d(np.arange(len(xy)), located)
    return np.concatenate([located[np.argsort(along, kind="stable")], rest]), len(located)


def _positions(column: Any) -> NDArray[np.float64]:
    """Longitude and latitude of each row, not a number where there is none; geometries are made a few at a time."""
    xy = np.full((len(column), 2), np.nan)
    for start in range(0, len(column), _CHUNK):
        points = shapely.from_wkb(column.slice(start, _CHUNK).to_numpy())
        xy[start : start + len(points)] = np.column_stack([shapely.get_x(points), shapely.get_y(points)])
    return xy


def _with_box(table: Any) -> Any:
    """The rows with the box of each event, from which a reader sees what it may pass over; rounded outwards."""
    xy = _positions(table.column(GEOMETRY))
    known = np.asarray(np.isfinite(xy).all(axis=1))
    near = np.where(known[:, None], xy, 0).astype(np.float32)
    low = np.where(near > xy, np.nextafter(near, np.float32(-np.inf)), near)
    high = np.where(near < xy, np.nextafter(near, np.float32(np.inf)), near)
    sides = [pa.array(side, pa.float32()) for side in (*low.T, *high.T)]
    box = pa.StructArray.from_arrays(sides, list(_BOX), mask=pa.array(~known))
    return table.append_column("bbox", box)


def _geo(table: Any) -> bytes:
    """The metadata of GeoParquet 1.1; where no CRS is named it is OGC:CRS84, longitude first."""
    xy = _positions(table.column(GEOMETRY))
    known = xy[np.isfinite(xy).all(axis=1)]
    described: dict[str, Any] = {
        "encoding": "WKB",
        "geometry_types": ["Point"],
        "covering": {"bbox": {side: ["bbox", side] for side in _BOX}},
    }
    if len(known):
        described["bbox"] = [*known.min(axis=0).tolist(), *known.max(axis=0).tolist()]
    meta = {"version": "1.1.0", "primary_column": GEOMETRY, "columns": {GEOMETRY: described}}
    return json.dumps(meta, sort_keys=True, separators=(",", ":")).encode()


def _described(registry: Registry, layer: Layer) -> PartLayer:
    tags = provenance.tags(layer, registry.handover(layer.batch_id), registry.documents(layer))
    return PartLayer(layer.batch_id, layer.content_sha256, layer.counts.received, tags)
