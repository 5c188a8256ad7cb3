"""The attributes of a layer's rows in words, column by column: what the popups of the web map list."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
from geopandas import GeoDataFrame

from maps.style import EVENT_LOOKS
from registry.codes import DatePrecision
from registry.model import Kind, PartialDate, SourceDocument
from registry.schema import Field, FieldType, fields, id_field

Column = dict[str, object]

# Said in the popup's own words, or too long for one.
_NOT_LISTED = {"plot_status", "document_id", "original_geometry", "source_fields", "transform_accuracy_m", "repaired"}
_PROVENANCE = {"sigma_m", "duplicate_of"}


def attribute_columns(
    kind: Kind, rows: GeoDataFrame, documents: Sequence[SourceDocument], classes: pd.DataFrame | None
) -> list[Column]:
    """What the popups list, empty columns left out, in sections: compared, recorded, source, provenance.

    Parameters
    ----------
    kind, rows, documents
        Of a stored layer.
    classes
        For compared events ``event_class``, ``records`` and ``distance_m`` of each row.

    Returns
    -------
    columns
        Each with ``section``, ``label``, ``unit``, and its values: either ``values``, or the distinct ones in ``words``
        and for each row the number of its word in ``rows``, -1 for none.
    """
    columns = list(_comparison_columns(classes)) if classes is not None else []
    listed = [field for field in fields(kind) if _is_listed(field, kind)]
    for field in listed:
        if field.name in rows and not _is_provenance(field):
            columns.append(_column("recorded", field.meaning, _field_texts(rows, field), field.unit))
    columns.extend(_source_columns(rows))
    columns.append(_column("provenance", "Document", _document_texts(rows, documents)))
    for field in listed:
        if field.name in rows and _is_provenance(field):
            columns.append(_column("provenance", field.meaning, _field_texts(rows, field), field.unit))
    columns.append(_column("provenance", "Accuracy of that operation", _accuracy_texts(rows)))
    columns.append(_column("provenance", "Geometry repaired", _repair_texts(rows)))
    return [column for column in columns if "values" in column or column["words"]]


def texts(series: pd.Series) -> list[str | None]:
    """The values as text, None where there is none."""
    return [None if value is None else str(value) for value in _values(series)]


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


def _values(series: pd.Series) -> list[Any]:
    return [None if missing else value for value, missing in zip(series.tolist(), series.isna(), strict=True)]


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
        for day, precision in zip(_values(days), _values(precisions), strict=True)
    ]


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
    return [
        "yes; the geometry as delivered is kept" if repaired is True else None for repaired in _values(rows["repaired"])
    ]


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
