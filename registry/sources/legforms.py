"""Bearing-and-distance records as they are written: one cell, one row per leg, or one TOML file per paper form.

`registry.sources.legrecord` says how the points of a record are named; each form is read into the same value.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any, TypeVar

import shapely

from registry.errors import SourceError
from registry.geometry import parse_crs, to_wgs84
from registry.sources.coordinate_columns import WrittenColumn, parse_column
from registry.sources.legrecord import (
    ENTRIES_MAX,
    AngleUnit,
    Convention,
    DistanceUnit,
    Entry,
    LegsRecord,
    Place,
    PointType,
    chain_of,
    shown,
)
from registry.sources.north import North
from registry.sources.tomlkeys import parse_toml
from registry.sources.values import is_missing, parse_date, parse_real
from registry.sources.written import Stated

_Code = TypeVar("_Code", bound=StrEnum)

Locate = Callable[[str], Place]
"""Reads a written position; raises ``ValueError`` with the reason where it cannot."""


NOT_KNOWN = frozenset({"", "?", "-", "unknown"})
"""What stands where the position of a point is not known."""
NO_CRS = "it does not say its CRS; state it."
_ENTRY_LONGEST = 500
_NAME = r"([^\W\d_]{1,10}\d{0,5})"
_LABELLED = re.compile(rf"(?:{_NAME}\s*>\s*)?(?:{_NAME}(?=[\s:=]|$))?[\s:=]*(.*)", re.DOTALL)
_ANGLE = re.compile(r"[\d\s.,\u00b0\u00ba'\u2032\u2019\"\u2033\u201d\-\u2012-\u2014\u2212]+")
_LENGTH = re.compile(r"[\d\s.,]+[m\u043c]?\.?")


def locator(stated: Stated) -> Locate:
    """A reader of written positions that brings them to WGS 84.

    Parameters
    ----------
    stated
        What a person says about how they are written. The CRS must be known, from here or from the text.

    Returns
    -------
    locate
        Its places carry the error of their written precision and of the transformation, as root sum of squares.
    """

    def locate(text: str) -> Place:
        places, errors = places_of(parse_column([text], stated), [text])
        if 0 not in places:
            raise SourceError(errors.get(0, "it is blank."))
        return places[0]

    return locate


def places_of(column: WrittenColumn, texts: Sequence[str | None]) -> tuple[dict[int, Place], dict[int, str]]:
    """Bring a column of written positions to WGS 84.

    Parameters
    ----------
    texts
        What is to be kept of each as written.

    Returns
    -------
    places, errors
        By row: where it lies, or why that is not known. A blank row has neither.
    """
    errors = {row: str(error) for row, error in column.errors.items()}
    places: dict[int, Place] = {}
    rows_of: dict[str | None, list[int]] = {}
    for row, geometry in enumerate(column.geometries):
        if geometry is None:
            continue
        if geometry.geom_type != "Point":
            errors[row] = "it is not one position."
        elif column.crs[row] is None:
            errors[row] = NO_CRS
        else:
            rows_of.setdefault(column.crs[row], []).append(row)
    for crs, rows in rows_of.items():
        moved = to_wgs84(column.geometries[rows], parse_crs(str(crs)))
        accuracy_m = moved.transformation.accuracy_m or 0.0
        for row, (longitude, latitude) in zip(rows, shapely.get_coordinates(moved.geometries).tolist(), strict=True):
            written_m = float(column.sigma_m[row])
            sigma_m = None if math.isnan(written_m) else math.hypot(written_m, accuracy_m)
            try:
                places[row] = _checked(Place(longitude, latitude, sigma_m, texts[row], moved.transformation))
            except ValueError as error:
                errors[row] = str(error)
    return places, errors


def read_cell(
    text: str, convention: Convention, locate: Locate, *, where: str = "legs", reference: Place | None = None
) -> LegsRecord:
    """Read a record written in one cell.

    Entries stand between semicolons or on lines of their own: points as ``RP 39.99N 46.93E`` (``RP ?`` where the
    position is not known), legs as ``15-00/120``, with the point they lead to before them where it is named,
    ``T2 15-00/120``, and where they do not begin at the point before, ``RP>T2 15-00/120``.

    Parameters
    ----------
    reference
        Position of the point where the record begins, where that is stated beside it.

    Raises
    ------
    SourceError
        If an entry cannot be read, or the entries make no chain.
    """
    written = [entry.strip() for entry in re.split(r"[;\n]", text) if entry.strip()]
    if len(written) > ENTRIES_MAX:
        raise SourceError(f"{where}: it has {len(written)} entries; a record has at most {ENTRIES_MAX}.")
    entries = [_read_entry(entry, locate, where) for entry in written]
    return chain_of(_with_reference(entries, reference, where), convention, where)


def read_rows(
    rows: Iterable[Mapping[str, Any]],
    convention: Convention,
    locate: Locate,
    *,
    where: str = "legs",
    names: Sequence[str] | None = None,
    reference: Place | None = None,
) -> LegsRecord:
    """Read a record of one row per leg.

    Parameters
    ----------
    rows
        The rows of one record, in order. Keys: ``to`` (the name of the point), ``angle`` and ``distance`` of the leg
        to it, ``from`` where the leg does not begin at the point before, ``type`` where the name does not say what
        the point is, ``position`` or ``latitude`` and ``longitude`` (degrees, WGS 84) with ``sigma_m`` where its
        position is known; ``position`` may also be a `Place` that was read already. Empty cells and absent keys are
        alike; a row of empty cells is passed over. A row may hold other columns too; they are for the caller.
    names
        What each row is called in messages.
    reference
        Position of the point where the record begins, where that is stated beside it.

    Raises
    ------
    SourceError
        If a row cannot be read, or the rows make no chain.
    """
    items = []
    for number, row in enumerate(rows, start=1):
        cells = {key: row[key] for key in _ROW_KEYS if not is_missing(row.get(key))}
        if cells:
            items.append(_read_row(cells, locate, names[number - 1] if names else f"{where}, leg row {number}"))
    return chain_of(_with_reference(items, reference, where), convention, where)


def read_toml(content: bytes, locate: Locate, *, where: str = "legs") -> LegsRecord:
    """Read one paper record from TOML.

    At the top ``angle_unit`` and ``north``, and where they apply ``record_id``, ``grid_crs``, ``declination_deg``,
    ``laid_on``, ``distance_unit``, ``pace_m`` and ``adjusted``; then ``[[points]]`` of known or unknown position and
    ``[[legs]]`` with the keys of `read_rows` (a point's name is its ``to``), and ``[fields]``, all else the record
    says.

    Raises
    ------
    SourceError
        If it is not TOML in UTF-8, holds a key that is not known, or its legs make no chain.
    """
    document = parse_toml(content, where)
    _refuse_unknown(document, {*_STATED, "record_id", "points", "legs", "fields"}, where)
    rows = [*_tables(document, "points", where), *_tables(document, "legs", where)]
    for row in rows:
        _refuse_unknown(row, set(_ROW_KEYS), where)
    fields = document.get("fields", {})
    record_id = document.get("record_id")
    if not isinstance(fields, dict):
        raise SourceError(f"{where}: fields must be a table, [fields].")
    items = [_read_row(row, locate, f"{where}, entry {number}") for number, row in enumerate(rows, start=1)]
    convention = read_convention({key: document[key] for key in _STATED if key in document}, where=where)
    record = chain_of(items, convention, where)
    return replace(record, record_id=None if record_id is None else str(record_id), fields=fields)


def read_convention(stated: Mapping[str, Any], *, where: str = "legs") -> Convention:
    """Read what a person states about a record from a profile, a manifest or a form.

    Parameters
    ----------
    stated
        The names of `Convention` with plain values: codes as text, ``laid_on`` as a date or text.

    Raises
    ------
    SourceError
        If a name or value is not known, or one that is needed is missing.
    """
    _refuse_unknown(stated, set(_STATED), where)
    for needed in ("angle_unit", "north"):
        if needed not in stated:
            raise SourceError(f"{where}: {needed} is not stated; it is one of {', '.join(_STATED[needed])}.")
    try:
        return Convention(
            angle_unit=_one_of(AngleUnit, stated["angle_unit"]),
            north=_one_of(North, stated["north"]),
            grid_crs=None if stated.get("grid_crs") is None else str(stated["grid_crs"]),
            declination_deg=_optional_number(stated, "declination_deg"),
            laid_on=None if stated.get("laid_on") is None else parse_date(stated["laid_on"]),
            distance_unit=_one_of(DistanceUnit, stated.get("distance_unit", DistanceUnit.METRES)),
            pace_m=_optional_number(stated, "pace_m"),
            adjusted=_truth(stated.get("adjusted", False)),
        )
    except ValueError as error:
        raise SourceError(f"{where}: {error}") from error


def legs_in(text: str) -> list[tuple[str, str]]:
    """Angle and distance of every leg in a cell, as written."""
    found = []
    for entry in re.split(r"[;\n]", text):
        match = _LABELLED.fullmatch(entry.strip()) if len(entry) <= _ENTRY_LONGEST else None
        angle, slash, length = (match[3] if match else "").strip().partition("/")
        if slash and _ANGLE.fullmatch(angle) and _LENGTH.fullmatch(length):
            found.append((angle.strip(), length.strip()))
    return found


def is_chain(text: str) -> bool:
    """Whether most entries of a cell are legs, and there are at least three."""
    entries = [entry for entry in re.split(r"[;\n]", text) if entry.strip()]
    return len(entries) <= ENTRIES_MAX and len(legs_in(text)) >= max(3, len(entries) / 2)


def _with_reference(entries: list[Entry], place: Place | None, where: str) -> list[Entry]:
    """The entries of a record whose first point lies at a place that is stated beside them."""
    if place is None or not entries:
        return entries
    first = entries[0]
    if first.is_leg:
        begin = Entry(first.origin or "RP")
        kind = begin.stated_type or PointType.REFERENCE_POINT
        return [replace(begin, point_type=kind, place=place), *entries]
    if first.place is not None and first.place != place:
        raise SourceError(f"{where}: {first.label} has two positions; keep the one that is meant.")
    return [replace(first, place=place), *entries[1:]]


def _read_entry(entry: str, locate: Locate, where: str) -> Entry:
    match = _LABELLED.fullmatch(entry) if len(entry) <= _ENTRY_LONGEST else None
    origin, label, rest = match.groups() if match else (None, None, entry)
    rest = rest.strip()
    angle, slash, length = rest.partition("/")
    if slash and _ANGLE.fullmatch(angle) and _LENGTH.fullmatch(length):
        return Entry(label, None, origin, angle, length)
    if label is None or origin is not None:
        raise SourceError(
            f"{where}: {shown(entry)} is neither a leg, as 15-00/120, nor a point, as RP 39.99N 46.93E; correct it."
        )
    place = None if rest.casefold() in NOT_KNOWN else _located(rest, locate, f"{where}, {label}")
    return Entry(label, place=place)


def _read_row(row: Mapping[str, Any], locate: Locate, where: str) -> Entry:
    try:
        point_type = _one_of(PointType, str(row["type"]).upper()) if "type" in row else None
        sigma_m = _optional_number(row, "sigma_m")
        place = None
        if "latitude" in row or "longitude" in row:
            place = _checked(Place(_degrees(row, "longitude"), _degrees(row, "latitude"), sigma_m))
        elif isinstance(row.get("position"), Place):
            place = _checked(row["position"] if sigma_m is None else replace(row["position"], sigma_m=sigma_m))
        elif "position" in row and str(row["position"]).strip().casefold() not in NOT_KNOWN:
            found = _located(str(row["position"]), locate, where)
            place = _checked(found if sigma_m is None else replace(found, sigma_m=sigma_m))
    except SourceError:
        raise
    except ValueError as error:
        raise SourceError(f"{where}: {error}") from error
    label, origin = (str(row[key]).strip() if key in row else None for key in ("to", "from"))
    return Entry(label, point_type, origin, row.get("angle"), row.get("distance"), place)


def _located(text: str, locate: Locate, where: str) -> Place:
    try:
        return _checked(locate(text))
    except ValueError as error:
        raise SourceError(f"{where}: the position {shown(text)} cannot be read: {error}") from error


def _checked(place: Place) -> Place:
    if not (abs(place.longitude) <= 180 and abs(place.latitude) < 90):
        raise ValueError(f"latitude {place.latitude}, longitude {place.longitude} is no place on Earth.")
    if place.sigma_m is not None and not 0 <= place.sigma_m < math.inf:
        raise ValueError(f"a position error of {place.sigma_m} m is none.")
    return place


def _tables(document: Mapping[str, Any], key: str, where: str) -> list[dict[str, Any]]:
    tables = document.get(key, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise SourceError(f"{where}: {key} must be tables, each headed [[{key}]].")
    return tables


def _refuse_unknown(table: Mapping[str, Any], known: set[str], where: str) -> None:
    if unknown := sorted(set(table) - known):
        raise SourceError(f"{where}: {shown(unknown[0])} is not a key here; the keys are {', '.join(sorted(known))}.")


def _optional_number(table: Mapping[str, Any], key: str) -> float | None:
    if table.get(key) is None:
        return None
    try:
        return parse_real(table[key])
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from error


def _degrees(row: Mapping[str, Any], key: str) -> float:
    """Latitude or longitude; a point or comma in it is always a fraction's."""
    try:
        return float(str(row.get(key)).strip().replace(",", "."))
    except ValueError as error:
        raise ValueError(f"{key} {shown(str(row.get(key)))} is not a number of degrees.") from error


def _one_of(codes: type[_Code], value: Any) -> _Code:
    found = next((code for code in codes if code.value == str(value).strip()), None)
    if found is None:
        raise ValueError(f"{shown(str(value))} is not one of {', '.join(code.value for code in codes)}.")
    return found


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"adjusted must be true or false, not {shown(str(value))}.")
    return value


_ROW_KEYS = ("to", "from", "type", "angle", "distance", "position", "latitude", "longitude", "sigma_m")
_STATED: Mapping[str, Sequence[str]] = {
    "angle_unit": [unit.value for unit in AngleUnit],
    "north": [north.value for north in North],
    "grid_crs": (),
    "declination_deg": (),
    "laid_on": (),
    "distance_unit": [unit.value for unit in DistanceUnit],
    "pace_m": (),
    "adjusted": (),
}
