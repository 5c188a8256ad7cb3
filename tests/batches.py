"""Batches for the tests: layers as an import would hand them to the store, and files as somebody hands them over."""

import hashlib
import json
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import pyogrio
import shapely

from registry.codes import PlotStatus
from registry.model import Counts, Finding, Handover, Kind, Layer, Provenance, SourceDocument, Transformation
from registry.schema import id_field
from registry.store import NewLayer, Registry

WEST, SOUTH = -20.0, -20.0
"""Open sea, far from every coast."""

STEP = 0.001


def square(column: float, row: float, side: float = 1.0) -> shapely.Polygon:
    """A square of ``side`` thousandths of a degree at a place of a grid of such steps."""
    x, y = WEST + column * STEP, SOUTH + row * STEP
    return shapely.box(x, y, x + side * STEP, y + side * STEP)


def point(column: float, row: float) -> shapely.Point:
    return shapely.Point(WEST + column * STEP, SOUTH + row * STEP)


def bow_tie(column: float, row: float) -> shapely.Polygon:
    """A square whose ring crosses itself."""
    west, south, east, north = square(column, row).bounds
    return shapely.Polygon([(west, south), (east, north), (east, south), (west, north)])


def new_layer(
    batch_id: str = "first",
    kind: Kind = Kind.MINEFIELDS,
    geometries: Sequence[shapely.Geometry | None] | None = None,
    *,
    handover: Handover | None = None,
    content: bytes | None = b"as handed over",
    findings: tuple[Finding, ...] = (),
    supersedes: str | None = None,
    reason: str | None = None,
    **columns: Sequence[Any],
) -> NewLayer:
    """Rows as an import hands them to the store."""
    shapes = [square(0, 0), None] if geometries is None else list(geometries)
    document = SourceDocument(
        f"{batch_id}-{kind}-1",
        "fields.geojson",
        "application/geo+json",
        14,
        hashlib.sha256(content or b"as handed over").hexdigest(),
        content,
    )
    status = [PlotStatus.UNPLOTTABLE if shape is None else PlotStatus.PLOTTED for shape in shapes]
    counts = Counts(len(shapes), status.count(PlotStatus.PLOTTED), 0, 0, status.count(PlotStatus.UNPLOTTABLE))
    rows = {
        id_field(kind): [f"{kind}-{number}" for number in range(len(shapes))],
        "document_id": document.document_id,
        "feature_index": range(len(shapes)),
        "plot_status": [each.value for each in status],
        **columns,
    }
    provenance = Provenance(
        datetime(2024, 3, 20, 12, tzinfo=UTC),
        {"minefield-registry": "test"},
        (Transformation("EPSG:4284", "Pulkovo 1942 to WGS 84 (20)", 2.0, "+proj=noop"),),
        {"crs": None},
        (document.document_id,),
    )
    frame = gpd.GeoDataFrame(rows, geometry=shapes, crs=4326)
    stated = handover or Handover(batch_id, f"Batch {batch_id}", "Party A", "Party B")
    return NewLayer(
        stated, kind, stated.title, frame, counts, provenance, (document,), findings, supersedes, reason
    )  # fmt: skip


def add(registry: Registry, *args: Any, **keywords: Any) -> Layer:
    return registry.add(new_layer(*args, **keywords))


# FlatGeobuf is written in the order of its index unless it has none.
_WRITING = {".gdb": {"driver": "OpenFileGDB"}, ".kml": {"driver": "KML"}, ".fgb": {"SPATIAL_INDEX": "NO"}}


def write_source(path: Path, geometries: Sequence[shapely.Geometry | None], crs: Any = 4326, **columns: Any) -> Path:
    """A file as somebody hands it over, in the format of its suffix; the geometries are given on WGS 84."""
    frame = gpd.GeoDataFrame(columns, geometry=list(geometries), crs=4326)
    frame = frame.to_crs(crs) if crs is not None else frame.set_crs(None, allow_override=True)
    with warnings.catch_warnings():
        if crs is None:
            warnings.simplefilter("ignore", UserWarning)
        if path.suffix == ".parquet":
            frame.to_parquet(path)
        else:
            pyogrio.write_dataframe(frame, path, **_WRITING.get(path.suffix, {}))
    return path


def write_geojson(path: Path, *features: tuple[Any, dict[str, Any] | None]) -> Path:
    """GeoJSON from geometries as text would hold them, so that it can be as wrong as a test needs."""
    collection = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "geometry": geometry, "properties": properties} for geometry, properties in features
        ],
    }
    path.write_text(json.dumps(collection), encoding="utf-8")
    return path
