"""A source's columns -> the fields of a kind; what fits no field is kept as it came."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from registry.errors import SourceError
from registry.model import Kind, PartialDate
from registry.schema import Field, FieldType, id_field, stated_fields
from registry.sources import values
from registry.sources.rules import Rule, read_column, read_constant


@dataclass(frozen=True)
class Misread:
    """A value that is not of its field's type; it stays in ``source_fields``."""

    row: int
    field: str
    column: str
    reason: str


@dataclass(frozen=True)
class Conformed:
    """The rows of a source with our columns.

    ``matched`` says which of the source's columns fills which field; ``misread`` what could not be taken over.
    """

    frame: pd.DataFrame
    matched: Mapping[str, str]
    misread: tuple[Misread, ...]


def conform(
    attributes: pd.DataFrame,
    kind: Kind,
    field_map: Mapping[str, str],
    where: str,
    rules: Mapping[str, Rule] | None = None,
    *,
    stated: Mapping[str, str] | None = None,
) -> Conformed:
    """Fill our fields from a source's columns.

    A column fills a field if the person named it (``field_map``: ours -> theirs) or if it bears exactly the field's
    name. All others go to ``source_fields``, and so does every value that its field cannot hold, or that a rule turns
    into another.

    Parameters
    ----------
    rules
        For the text cells of a table: our field -> where its values come from and how they are read.
    stated
        Our field -> what the person says of all rows alike; it counts before a column that bears the field's name.

    Raises
    ------
    SourceError
        If a named field or column does not exist, a field is named twice, or a stated value is none of its field.
    """
    ruled = {**(rules or {}), **_stated_rules(stated or {}, {*field_map, *(rules or {})}, kind, where)}
    twice = sorted(set(field_map) & set(rules or {}))
    if twice:
        raise SourceError(f"{where}: the profile says where {', '.join(twice)} comes from; do not name it again.")
    named = {name: rule.column for name, rule in ruled.items() if rule.column is not None}
    constant = {name: rule for name, rule in ruled.items() if rule.column is None}
    matched = _match(list(map(str, attributes.columns)), kind, {**field_map, **named}, where, set(constant))
    frame = pd.DataFrame(index=pd.RangeIndex(len(attributes)))
    converted = {rule.column for rule in ruled.values() if rule.converts}
    kept = attributes.drop(columns=list(set(matched.values()) - converted))
    misread: list[Misread] = []
    for name, column in matched.items():
        field = stated_fields(kind)[name]
        cells = attributes[column].tolist()
        parsed, failures = values.parse_all(cells, field) if rules is None else _by_rule(cells, field, ruled.get(name))
        misread += [Misread(row, name, column, reason) for row, reason in failures.items()]
        _put(frame, field, parsed)
    for name, rule in constant.items():
        field = stated_fields(kind)[name]
        _put(frame, field, [read_constant(field, rule)] * len(frame))
    extra = pd.DataFrame([(bad.row, bad.column) for bad in misread], columns=["row", "column"])
    frame["source_fields"] = pd.Series(_source_fields(kept, attributes, extra), dtype=object)
    return Conformed(frame, matched, tuple(misread))


def _stated_rules(stated: Mapping[str, str], named: Collection[str], kind: Kind, where: str) -> dict[str, Rule]:
    ours = stated_fields(kind)
    for name, value in stated.items():
        if name not in ours:
            raise SourceError(f"There is no field {name!r} for {kind}; the fields are {', '.join(ours)}.")
        if name in named:
            raise SourceError(f"{where}: a column is named for {name}, and a value for all rows; name one of them.")
        try:
            values.parse(value, ours[name])
        except ValueError as error:
            raise SourceError(f"{value!r} is no value of {name}: {error}") from error
    return {name: Rule(value=value) for name, value in stated.items()}


def _match(
    columns: list[str], kind: Kind, field_map: Mapping[str, str], where: str, filled: Collection[str]
) -> dict[str, str]:
    """Our field -> their column; ``filled`` are the fields that no column fills."""
    ours = stated_fields(kind)
    for name, column in field_map.items():
        if name not in ours:
            raise SourceError(f"There is no field {name!r} for {kind}; the fields are {', '.join(ours)}.")
        if column not in columns:
            raise SourceError(f"{where}: it has no column {column!r}; its columns are {', '.join(columns) or 'none'}.")
    named = set(field_map.values())
    open_fields = set(ours) - set(field_map) - set(filled)
    same = {name: name for name in columns if name in open_fields and name not in named}
    return {**same, **field_map}


def _by_rule(cells: list[Any], field: Field, rule: Rule | None) -> tuple[list[Any], dict[int, str]]:
    """The text cells of a table; those of one record whose rows differ are not understood."""
    read = read_column(cells, field, rule or Rule())
    return read.parsed, dict(read.misread)


def _put(frame: pd.DataFrame, field: Field, parsed: list[Any]) -> None:
    if field.field_type is FieldType.DATE:
        dates: list[PartialDate | None] = parsed
        precisions = [None if value is None else value.precision.value for value in dates]
        frame[values.precision_column(field)] = pd.Series(precisions, dtype=object)
        parsed = [None if value is None else value.first.isoformat() for value in dates]
    frame[field.name] = pd.Series(parsed, dtype=object)


def _source_fields(kept: pd.DataFrame, attributes: pd.DataFrame, misread: pd.DataFrame) -> list[str | None]:
    """One JSON object per row: the unmatched columns that hold something, and the values that were not understood."""
    members: list[list[str]] = [[] for _ in range(len(attributes))]
    for column in kept.columns:
        for row, text in enumerate(values.json_members(str(column), kept[column].tolist())):
            if text is not None:
                members[row].append(text)
    for row, column in misread.itertuples(index=False):
        if column not in kept:
            members[row] += values.json_members(column, [attributes[column].iloc[row]])
    return [f"{{{', '.join(texts)}}}" if texts else None for texts in members]


def make_record_ids(frame: pd.DataFrame, kind: Kind, document_sha256: str) -> pd.Series:
    """The source's own numbers; where it has none, one made from the document's hash and the feature's index."""
    column = id_field(kind)
    own = frame.get(column)
    if own is not None and own.notna().all():
        return own
    made = document_sha256[:8] + "-" + frame["feature_index"].astype(str)
    return made if own is None else own.where(own.notna(), made)
