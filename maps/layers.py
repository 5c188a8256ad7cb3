"""One stored layer of the registry becomes one Folium layer.

What came from a file travels as data: one JSON block per layer, in which nothing can end the block, and from which the
page builds its popups and tooltips as text. It is never put into markup or script.

A block holds its features once, column by column: geometry as one stream of integers (differences between
neighbouring vertices in millionths of a degree, about 0.1 m) with the sizes of its rings and parts, attributes as
columns whose repeated values are stored once.
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from folium.map import Layer as FoliumLayer
from folium.template import Template
from geopandas import GeoDataFrame
from numpy.typing import NDArray

from maps.style import EVENT_LOOKS, INVALID_NOTE, KIND_NAMES
from registry.codes import DatePrecision, PlotStatus
from registry.model import Handover, Kind, Layer, PartialDate, SourceDocument
from registry.schema import Field, FieldType, fields, id_field

Column = dict[str, object]

_DEGREES_PER_UNIT = 1e-6
# Said in the popup's own words, or too long for one.
_NOT_LISTED = {"plot_status", "document_id", "original_geometry", "source_fields", "transform_accuracy_m", "repaired"}
_PROVENANCE = {"sigma_m", "duplicate_of"}


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


class RegistryLayer(FoliumLayer):  # type: ignore[misc]  # Folium is not typed
    """A Folium layer that carries one block of data and is drawn by the page's own script."""

    _template = Template(
        """
        {%- macro html(this, kwargs) %}
<script type="application/json" id="{{ this.get_name() }}_data">{{ this.block }}</script>
        {%- endmacro %}
        {%- macro script(this, kwargs) %}
const {{ this.get_name() }} = registryMap.layer("{{ this.get_name() }}");
        {%- endmacro %}
        """
    )

    def __init__(self, number: int, block: Mapping[str, object], *, show: bool = True) -> None:
        super().__init__(name=f"layer {number}", overlay=True, show=show)
        self._name = "RegistryLayer"
        self._id = str(number)
        self.block = escaped_json(block)


def escaped_json(value: object) -> str:
    """JSON that cannot end the script element it stands in, nor a line of a script."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def layer_block(data: LayerData, look: str) -> dict[str, object]:
    """The data of one layer as the page reads it.

    Parameters
    ----------
    data
        The layer; rows without geometry are not drawn and left out of the block.
    look
        Name of the look of areas and devices; events take theirs from their class.
    """
    classes = _event_classes(data)
    drawn = drawn_rows(data.frame)
    rows = data.frame[drawn]
    shown = LayerData(data.layer, rows, data.handover, data.documents, None if classes is None else classes[drawn])
    invalid = np.flatnonzero(rows["plot_status"] == PlotStatus.INVALID)
    return {
        "kind": data.layer.kind.value,
        "name": KIND_NAMES[data.layer.kind],
        "batch": _batch_lines(data.handover),
        "look": look,
        "features": len(rows),
        "geometry": encode_geometry(rows.geometry.to_numpy()),
        "ids": _texts(rows[id_field(data.layer.kind)]),
        "labels": _texts(rows["name"]) if data.layer.kind is Kind.DISTRICTS else None,
        "invalid": invalid.tolist(),
        "invalid_note": INVALID_NOTE,
        "classes": None if shown.classified is None else shown.classified["event_class"].tolist(),
        "columns": attribute_columns(shown),
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


def attribute_columns(data: LayerData) -> list[Column]:
    """What the popups list, empty columns left out, in three sections: compared, recorded, source, provenance."""
    rows = data.frame
    columns = list(_comparison_columns(data.classified)) if data.classified is not None else []
    listed = [field for field in fields(data.layer.kind) if _is_listed(field, data.layer.kind)]
    for field in listed:
        if field.name in rows and not _is_provenance(field):
            columns.append(_column("recorded", field.meaning, _field_texts(rows, field), field.unit))
    columns.extend(_source_columns(rows))
    columns.append(_column("provenance", "Document", _document_texts(rows, data.documents)))
    for field in listed:
        if field.name in rows and _is_provenance(field):
            columns.append(_column("provenance", field.meaning, _field_texts(rows, field), field.unit))
    columns.append(_column("provenance", "Accuracy of that operation", _accuracy_texts(rows)))
    columns.append(_column("provenance", "Geometry repaired", _repair_texts(rows)))
    return [column for column in columns if "values" in column or column["words"]]


def _is_listed(field: Field, kind: Kind) -> bool:
    return field.name not in _NOT_LISTED and field.name != id_field(kind) and field.codes is not DatePrecision


def _is_provenance(field: Field) -> bool:
    return field.found or field.name in _PROVENANCE


def _column(section: str, label: str, values: Sequence[object], unit: str | None = None) -> Column:
    column: Column = {"section": section, "label": label, "unit": unit}
    words = list(dict.fromkeys(value for value in values if value is not None))
    if 2 * len(words) > len(values):
        return {**column, "values": values}
    numbers = {word: number for number, word in enumerate(words)}
    return {**column, "words": words, "rows": [-1 if value is None else numbers[value] for value in values]}


def _values(series: pd.Series) -> list[object]:
    return [None if missing else value for value, missing in zip(series.tolist(), series.isna(), strict=True)]


def _texts(series: pd.Series) -> list[str | None]:
    return [None if value is None else str(value) for value in _values(series)]


def _field_texts(rows: GeoDataFrame, field: Field) -> list[object]:
    if field.field_type is FieldType.DATE and f"{field.name}_precision" in rows:
        return _dates(rows[field.name], rows[f"{field.name}_precision"])
    show = _code_label(field) if field.codes else plain_value
    return [None if value is None else show(value) for value in _values(rows[field.name])]


def _code_label(field: Field) -> Callable[[object], str]:
    labels = {code.value: code.label for code in field.codes or ()}
    return lambda value: labels.get(str(value), str(value))


def _dates(days: pd.Series, precisions: pd.Series) -> list[object]:
    return [
        None if day is None else str(PartialDate(day.date(), DatePrecision(precision or DatePrecision.DAY)))
        for day, precision in zip(map(_timestamp, _values(days)), _values(precisions), strict=True)
    ]


def _timestamp(value: object) -> pd.Timestamp | None:
    return None if value is None else pd.Timestamp(value)


def plain_value(value: object) -> str | int | float | None:
    """A value as JSON can hold it and a person can read it: numbers stay, all else becomes text; empty is None."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, Mapping):
        parts = ((key, plain_value(part)) for key, part in value.items())
        return ", ".join(f"{key}: {part}" for key, part in parts if part is not None) or None
    if isinstance(value, list | tuple):
        return "; ".join(str(part) for part in map(plain_value, value) if part is not None) or None
    return None if value is None or value == "" else str(value)


def _source_columns(rows: GeoDataFrame) -> Iterable[Column]:
    """The columns that the source had and the schema has not, under the source's own names."""
    if "source_fields" not in rows:
        return
    sources = [value if isinstance(value, Mapping) else {} for value in rows["source_fields"]]
    for name in dict.fromkeys(name for source in sources for name in source):
        yield _column("source", str(name), [plain_value(source.get(name)) for source in sources])


def _document_texts(rows: GeoDataFrame, documents: Sequence[SourceDocument]) -> list[object]:
    names = {document.document_id: f"{document.file_name} (SHA-256 {document.sha256[:12]})" for document in documents}
    return [names.get(str(value)) for value in rows["document_id"]] if "document_id" in rows else [None] * len(rows)


def _accuracy_texts(rows: GeoDataFrame) -> list[object]:
    if "transform_name" not in rows or "transform_accuracy_m" not in rows:
        return [None] * len(rows)
    return [
        None if name is None else "not stated" if accuracy is None else f"{accuracy:g} m, by its publisher"
        for name, accuracy in zip(_values(rows["transform_name"]), _values(rows["transform_accuracy_m"]), strict=True)
    ]


def _repair_texts(rows: GeoDataFrame) -> list[object]:
    if "repaired" not in rows:
        return [None] * len(rows)
    return ["yes; the geometry as delivered is kept" if repaired is True else None for repaired in _values(rows["repaired"])]


def _event_classes(data: LayerData) -> pd.DataFrame | None:
    """The class of every row of an accidents layer, in the layer's order; an id held twice is taken in order."""
    if data.classified is None:
        return None
    keys = ["accident_id", "turn"]
    stored = pd.DataFrame({"accident_id": data.frame["accident_id"].astype("string").to_numpy()})
    compared = pd.DataFrame(data.classified[["accident_id", "event_class", "records", "distance_m"]])
    compared["accident_id"] = compared["accident_id"].astype("string").to_numpy()
    stored["turn"] = stored.groupby("accident_id", dropna=False).cumcount()
    compared["turn"] = compared.groupby("accident_id", dropna=False).cumcount()
    classes = stored.merge(compared, on=keys, how="left", validate="one_to_one")
    classes["event_class"] = classes["event_class"].where(classes["event_class"].isin(list(EVENT_LOOKS)), "not-compared")
    return classes


def _comparison_columns(classes: pd.DataFrame) -> Iterable[Column]:
    inside = classes["event_class"] == "inside"
    named = [
        "; ".join(map(str, records)) if isinstance(records, list | tuple) and records else None
        for records in classes["records"]
    ]
    labels = [EVENT_LOOKS[name].label for name in classes["event_class"]]
    yield _column("compared", "Class", labels)
    yield _column("compared", "Covered by", [name if here else None for name, here in zip(named, inside, strict=True)])
    yield _column(
        "compared", "Nearest record", [None if here else name for name, here in zip(named, inside, strict=True)]
    )
    yield _column(
        "compared",
        "Distance to it",
        [
            None if here or distance is None or not math.isfinite(distance) else round(distance)
            for distance, here in zip(_values(classes["distance_m"]), inside, strict=True)
        ],
        "m",
    )


def _batch_lines(handover: Handover) -> list[list[str]]:
    """Label and text of what was stated about the batch."""
    parties = " → ".join(party or "not stated" for party in (handover.giving_party, handover.receiving_party))
    stated = handover.giving_party or handover.receiving_party
    return [
        ["Batch", f"{handover.title} ({handover.batch_id})"],
        ["Handed over", parties if stated else "parties not stated"],
        ["On", str(handover.handed_over_on or "date not stated")],
    ]
