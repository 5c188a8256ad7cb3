"""The attributes of a layer's rows in words, column by column: what the popups of the web map list."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from geopandas import GeoDataFrame
from numpy.typing import NDArray

from maps.charts import distance_bands
from maps.encode import Column, column
from maps.style import EVENT_LOOKS
from maps.words import ENGLISH, Catalogue
from registry.codes import DatePrecision
from registry.model import Kind, PartialDate, SourceDocument
from registry.schema import Field, FieldType, fields, id_field

# Said in the popup's own words, or too long for one.
_NOT_LISTED = {"plot_status", "document_id", "original_geometry", "source_fields", "transform_accuracy_m", "repaired"}
_PROVENANCE = {"sigma_m", "duplicate_of"}


def attribute_columns(
    kind: Kind,
    rows: GeoDataFrame,
    documents: Sequence[SourceDocument],
    classes: pd.DataFrame | None,
    words: Catalogue = ENGLISH,
) -> list[Column]:
    """What the popups list, empty columns left out, in sections: compared, recorded, source, provenance.

    Parameters
    ----------
    kind, rows, documents
        Of a stored layer.
    classes
        For compared events ``event_class``, ``records`` and ``distance_m`` of each row; where they are known also its
        ``removed_by`` and ``cluster``.
    words
        The language of labels and codes. What a source wrote stays as it is, and so do the names of its columns.

    Returns
    -------
    columns
        Each with its ``section``; those without any value are left out. The section ``drawn`` is not listed: filters
        and charts read it.
    """
    columns = list(_comparison_columns(classes, words)) if classes is not None else []
    listed = [field for field in fields(kind) if is_listed(field, kind) and field.name in rows]
    columns.extend(_field_column("recorded", rows, field, words) for field in listed if not _is_provenance(field))
    columns.extend(_source_columns(rows))
    columns.extend(_document_columns(rows, documents, words))
    columns.extend(_field_column("provenance", rows, field, words) for field in listed if _is_provenance(field))
    columns.append(column("provenance", words.say("Accuracy of that operation"), _accuracy_texts(rows, words)))
    columns.append(column("provenance", words.say("Geometry repaired"), _repair_texts(rows, words)))
    return [each for each in columns if each.words]


def text_column(section: str, label: str, values: pd.Series) -> Column:
    """The column of these values as text."""
    return _shown(section, label, _factorised(values), str)


def is_listed(field: Field, kind: Kind) -> bool:
    """Whether popups list this field of a kind, under its meaning."""
    return field.name not in _NOT_LISTED and field.name != id_field(kind) and field.codes is not DatePrecision


def _is_provenance(field: Field) -> bool:
    return field.found or field.name in _PROVENANCE


def _shown(
    section: str,
    label: str,
    factorised: tuple[NDArray[Any], Iterable[object]],
    show: Callable[[Any], object],
    unit: str | None = None,
) -> Column:
    """The column of factorised values (codes, distinct values), each distinct one put into words once."""
    codes, distinct = factorised
    words = column(section, label, [show(value) for value in distinct], unit)
    # The last one is where -1 leads.
    return Column(section, label, words.words, np.append(words.codes, np.int32(-1))[codes], unit)


def _factorised(values: pd.Series) -> tuple[NDArray[Any], list[Any]]:
    codes, distinct = pd.factorize(values)
    return codes, distinct.tolist()


def _values(series: pd.Series) -> list[Any]:
    return [None if missing else value for value, missing in zip(series.tolist(), series.isna(), strict=True)]


def _field_column(section: str, rows: GeoDataFrame, field: Field, words: Catalogue) -> Column:
    return replace(_field_words(section, rows, field, words), field=field.name)


def _field_words(section: str, rows: GeoDataFrame, field: Field, words: Catalogue) -> Column:
    values = rows[field.name]
    label, unit = words.say(field.meaning), field.unit and words.say(field.unit)
    if field.field_type is FieldType.JSON:
        # Lists and mappings cannot be told apart by their hash.
        shown = [] if values.isna().all() else [plain_value(value) for value in _values(values)]
        return column(section, label, shown, unit)
    if field.field_type is FieldType.DATE and f"{field.name}_precision" in rows:
        codes, distinct = _factorised(values)
        precisions, names = pd.factorize(rows[f"{field.name}_precision"].fillna(DatePrecision.DAY.value))
        pairs, which = np.unique(codes * len(names) + precisions, return_inverse=True)
        days = [(distinct[pair // len(names)], names[pair % len(names)]) if pair >= 0 else None for pair in pairs]
        return _shown(section, label, (which, days), _date, unit)
    show: Callable[[Any], object] = plain_value
    if field.codes:
        show = _code_label(field, words)
    elif field.field_type is FieldType.BOOLEAN:
        show = _yes_or_no(words)
    return _shown(section, label, _factorised(values), show, unit)


def _date(day: tuple[pd.Timestamp, str] | None) -> str | None:
    return None if day is None else str(PartialDate(day[0].date(), DatePrecision(day[1])))


def _code_label(field: Field, words: Catalogue) -> Callable[[object], str]:
    labels = {code.value: words.say(code.label) for code in field.codes or ()}
    return lambda value: labels.get(str(value), str(value))


def _yes_or_no(words: Catalogue) -> Callable[[object], str]:
    return lambda value: words.say("yes") if value else words.say("no")


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
    if "source_fields" not in rows or rows["source_fields"].isna().all():
        return
    sources = [value if isinstance(value, Mapping) else {} for value in rows["source_fields"]]
    for name in dict.fromkeys(name for source in sources for name in source):
        yield column("source", str(name), [plain_value(source.get(name)) for source in sources])


def _document_columns(rows: GeoDataFrame, documents: Sequence[SourceDocument], words: Catalogue) -> Iterable[Column]:
    names = {document.document_id: f"{document.file_name} (SHA-256 {document.sha256[:12]})" for document in documents}
    if "document_id" in rows:
        yield _shown("provenance", words.say("Document"), _factorised(rows["document_id"]), names.get)


def _accuracy_texts(rows: GeoDataFrame, words: Catalogue) -> list[object]:
    if "transform_name" not in rows or "transform_accuracy_m" not in rows:
        return [None] * len(rows)
    said: list[object] = [
        words.say("not stated")
        if math.isnan(accuracy)
        else words.say("{metres} m, by its publisher", metres=f"{accuracy:g}")
        for accuracy in rows["transform_accuracy_m"].astype("float64")
    ]
    return [text if named else None for text, named in zip(said, rows["transform_name"].notna(), strict=True)]


def _repair_texts(rows: GeoDataFrame, words: Catalogue) -> list[object]:
    if "repaired" not in rows:
        return [None] * len(rows)
    repaired = rows["repaired"].fillna(value=False)
    said = words.say("yes; the geometry as delivered is kept")
    return [said if yes else None for yes in repaired]


def _comparison_columns(classes: pd.DataFrame, words: Catalogue) -> Iterable[Column]:
    inside = (classes["event_class"] == "inside").to_numpy(dtype=bool)
    labels = {name: words.say(look.label) for name, look in EVENT_LOOKS.items()}
    yield _shown("compared", words.say("Class"), _factorised(classes["event_class"]), labels.get)
    lists = (records if isinstance(records, list | tuple) else () for records in classes["records"])
    texts = ["; ".join(map(str, records)) or None for records in lists]
    named = column("compared", words.say("Covered by record"), texts)
    yield _only(named, inside)
    yield _only(replace(named, label=words.say("Nearest record")), ~inside)
    metres = classes["distance_m"].astype("float64").round()
    far = _factorised(metres.where(np.isfinite(metres) & ~inside))
    yield _shown("compared", words.say("Distance to it"), far, int, words.say("m"))
    if "removed_by" in classes:
        bands = pd.Series(distance_bands(classes))
        yield replace(_shown("drawn", "", _factorised(bands.where(bands >= 0)), int), field="band")
    if "cluster" in classes:
        rank = classes["cluster"]
        yield _shown("compared", words.say("In unmapped cluster"), _factorised(rank.where(rank > 0)), "C{:.0f}".format)


def _only(whole: Column, rows: NDArray[np.bool_]) -> Column:
    """The column with nothing in the other rows."""
    distinct, codes = np.unique(whole.codes[rows & (whole.codes >= 0)], return_inverse=True)
    kept = np.full(len(whole.codes), -1, dtype=np.int32)
    kept[rows & (whole.codes >= 0)] = codes
    return replace(whole, words=[whole.words[code] for code in distinct], codes=kept)
