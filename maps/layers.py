"""One stored layer of the registry becomes one Folium layer.

What came from a file travels as data: one JSON block per layer, in which nothing can end the block, and from which the
page builds its popups and tooltips as text. It is never put into markup or script.

A block holds its features once, column by column: geometry as one stream of integers (differences between
neighbouring vertices in millionths of a degree, about 0.1 m) with the sizes of its rings and parts, attributes as
columns whose repeated values are stored once.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely
from branca.element import Element
from folium.map import Layer as FoliumLayer
from folium.template import Template
from geopandas import GeoDataFrame
from numpy.typing import NDArray

from maps.attributes import attribute_columns, texts
from maps.style import EVENT_LOOKS, INVALID_NOTE, KIND_NAMES, NOT_COMPARED
from registry.codes import PlotStatus
from registry.model import Handover, Kind, Layer, SourceDocument
from registry.schema import id_field

_DEGREES_PER_UNIT = 1e-6


@dataclass(frozen=True)
class LayerData:
    """A stored layer with what the registry knows about it.

    ``classified`` holds the compared events of this layer (columns of `Comparison.classified`), None where it was not
    compared. ``frame`` is in EPSG:4326.
    """

    layer: Layer
    frame: GeoDataFrame
    handover: Handover
    documents: Sequence[SourceDocument]
    classified: pd.DataFrame | None = None


class Verbatim(Element):
    """Text that goes into the page as it is. Any other element of Folium runs its text as a Jinja template first."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def render(self, **_: object) -> str:
        """The text."""
        return self.text


class RegistryLayer(FoliumLayer):
    """A Folium layer that carries one block of data and is drawn by the page's own script."""

    _template = Template(
        """
        {%- macro script(this, kwargs) %}
const {{ this.get_name() }} = registryMap.layer("{{ this.get_name() }}");
        {%- endmacro %}
        """
    )

    def __init__(self, number: int, block: Mapping[str, object]) -> None:
        super().__init__(name=f"layer {number}", overlay=True)
        self._name = "RegistryLayer"
        self._id = str(number)
        self.block = escaped_json(block)

    def render(self, **kwargs: object) -> Any:
        """Put the block and the call that draws it into the page."""
        page: Any = self.get_root()
        data = f'<script type="application/json" id="{self.get_name()}_data">{self.block}</script>\n'
        page.html.add_child(Verbatim(data), name=f"{self.get_name()}_data")
        return super().render(**kwargs)  # type: ignore[no-untyped-call]


def escaped_json(value: object) -> str:
    """JSON that cannot end the script element it stands in, nor a line of a script."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def layer_block(data: LayerData, look: str) -> dict[str, Any]:
    """The data of one layer as the page reads it.

    Parameters
    ----------
    data
        The layer; rows without geometry are not drawn and left out of the block.
    look
        Name of the look of areas and devices; events take theirs from their class.
    """
    drawn = drawn_rows(data.frame)
    rows = data.frame[drawn]
    classes = None if data.classified is None else event_classes(data.frame, data.classified)[drawn]
    invalid = np.flatnonzero(rows["plot_status"] == PlotStatus.INVALID)
    return {
        "kind": data.layer.kind.value,
        "name": KIND_NAMES[data.layer.kind],
        "batch": _batch_lines(data.handover),
        "look": look,
        "geometry": encode_geometry(rows.geometry.to_numpy()),
        "ids": texts(rows[id_field(data.layer.kind)]),
        "labels": texts(rows["name"]) if data.layer.kind is Kind.DISTRICTS else None,
        "invalid": invalid.tolist(),
        "invalid_note": INVALID_NOTE,
        "classes": None if classes is None else classes["event_class"].tolist(),
        "columns": attribute_columns(data.layer.kind, rows, data.documents, classes),
    }


def drawn_rows(frame: GeoDataFrame) -> NDArray[np.bool_]:
    """Which rows have a geometry to draw."""
    geometries = frame.geometry.to_numpy()
    return np.asarray(~(shapely.is_missing(geometries) | shapely.is_empty(geometries)), dtype=bool)


def encode_geometry(geometries: NDArray[np.object_]) -> dict[str, list[int]]:
    """Polygons or points as integers.

    Parameters
    ----------
    geometries
        (Multi)Polygons or (Multi)Points in degrees, none of them missing or empty.

    Returns
    -------
    encoded
        ``steps``: x and y in turn, each vertex as its difference from the one before it, in millionths of a degree;
        ``features``: parts of each feature; for polygons also ``parts``: rings of each part, ``rings``: vertices of
        each ring, without the closing one.
    """
    if not len(geometries):
        return {"steps": [], "features": []}
    kind, vertices, offsets = shapely.to_ragged_array(geometries, include_z=False)
    counts = [np.diff(offset) for offset in offsets]
    if kind in {shapely.GeometryType.POINT, shapely.GeometryType.MULTIPOINT}:
        features = counts[0] if counts else np.ones(len(geometries), dtype=int)
        return {"steps": _steps(vertices), "features": features.tolist()}
    rings, parts = counts[0], counts[1]
    features = counts[2] if len(counts) > 2 else np.ones(len(geometries), dtype=int)
    opened = np.delete(vertices, offsets[0][1:] - 1, axis=0)
    return {
        "steps": _steps(opened),
        "features": features.tolist(),
        "parts": parts.tolist(),
        "rings": (rings - 1).tolist(),
    }


def _steps(vertices: NDArray[np.float64]) -> list[int]:
    units = np.rint(vertices / _DEGREES_PER_UNIT).astype(np.int64)
    return np.diff(units, axis=0, prepend=np.zeros((1, 2), dtype=np.int64)).ravel().tolist()


def event_classes(frame: GeoDataFrame, classified: pd.DataFrame) -> pd.DataFrame:
    """The compared class, records and distance of every row of an accidents layer, in the layer's order.

    Rows find each other by ``accident_id``; an id held twice is taken in order.
    """
    stored, compared = _with_turn(frame[["accident_id"]]), _with_turn(classified)
    classes = stored.merge(compared, on=["accident_id", "turn"], how="left", validate="one_to_one")
    classes["event_class"] = classes["event_class"].where(classes["event_class"].isin(list(EVENT_LOOKS)), NOT_COMPARED)
    return classes


def _with_turn(rows: pd.DataFrame) -> pd.DataFrame:
    columns = [name for name in ("event_class", "records", "distance_m") if name in rows]
    ids = rows["accident_id"].astype("string")
    turn = ids.groupby(ids, dropna=False).cumcount()
    return pd.DataFrame({"accident_id": ids, "turn": turn, **{name: rows[name] for name in columns}})


def _batch_lines(handover: Handover) -> list[list[str]]:
    """Label and text of what was stated about the batch."""
    lines = [["Batch", f"{handover.title} ({handover.batch_id})"]]
    parties = (handover.giving_party, handover.receiving_party)
    if any(parties):
        lines.append(["Given by → to", " → ".join(party or "not stated" for party in parties)])
    if handover.handed_over_on is not None:
        lines.append(["Handed over on", str(handover.handed_over_on)])
    return lines if len(lines) > 1 else [*lines, ["Handover", "not stated"]]
