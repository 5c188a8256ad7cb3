"""A small world at sea: what the tests of the web map draw, and the text that tries to become markup."""

import hashlib
import json
from datetime import UTC, date, datetime

import geopandas as gpd
import shapely

from registry.codes import PlotStatus
from registry.model import Counts, Handover, Kind, Layer, PartialDate, Provenance, SourceDocument, Transformation
from registry.schema import id_field
from registry.store import NewLayer, Registry

HOSTILE = (
    '<img src=x onerror="window.attacked=1">',
    "</script><script>window.attacked=1</script>",
    "javascript:window.attacked=1",
    '"><svg onload=window.attacked=1>',
    "{{7*7}} {% raw %} ${window.attacked=1}",
    "`window.attacked=1` \\u003cb\\u003e \u2028 \u2029 <!--",
)


def square(x, y, side=0.01):
    """A square with its lower left corner at (x, y), in degrees."""
    return shapely.box(x, y, x + side, y + side)


def _stored(value):
    return json.dumps(value) if isinstance(value, dict | list) else value


def add_layer(registry: Registry, handover: Handover, kind: Kind, title: str, geometries, **columns) -> Layer:
    """Store rows as an import would; invalid rings are kept as they are, a missing geometry is unplottable."""
    document = SourceDocument(
        f"{handover.batch_id}-{kind}",
        columns.pop("file_name", f"{kind}.geojson"),
        "application/geo+json",
        4,
        hashlib.sha256(f"{handover.batch_id}{kind}".encode()).hexdigest(),
        b"data",
    )
    status = [
        PlotStatus.UNPLOTTABLE if shape is None else PlotStatus.PLOTTED if shape.is_valid else PlotStatus.INVALID
        for shape in geometries
    ]
    counts = Counts(
        len(status), status.count(PlotStatus.PLOTTED), 0, status.count(PlotStatus.INVALID),
        status.count(PlotStatus.UNPLOTTABLE),
    )  # fmt: skip
    rows = {
        id_field(kind): [f"{kind}-{number}" for number in range(len(status))],
        "document_id": document.document_id,
        "feature_index": range(len(status)),
        "plot_status": [one.value for one in status],
        "source_crs": "EPSG:4284",
        "transform_name": "Pulkovo 1942 to WGS 84 (20)",
        "transform_accuracy_m": 2.0,
        **{name: [_stored(value) for value in values] for name, values in columns.items()},
    }
    frame = gpd.GeoDataFrame(rows, geometry=list(geometries), crs="EPSG:4326")
    provenance = Provenance(
        datetime(2024, 3, 20, tzinfo=UTC), {"minefield-registry": "test"},
        (Transformation("EPSG:4284", "Pulkovo 1942 to WGS 84 (20)", 2.0, "+proj=noop"),), {}, (document.document_id,),
    )  # fmt: skip
    return registry.add(NewLayer(handover, kind, title, frame, counts, provenance, (document,), ()))


def first_batch() -> Handover:
    return Handover("batch-1", "First batch", "Party A", "Party B", handed_over_on=PartialDate(date(2021, 6, 12)))
