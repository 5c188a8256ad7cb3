"""The checks of what records say: one small function per check, each with its code (see `registry.findings`)."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from registry.codes import DatePrecision
from registry.duplicates import number_keys
from registry.findings import Hit
from registry.model import Kind, PartialDate
from registry.schema import FieldType, fields, id_field
from registry.sources.values import is_missing
from registry.victims import STATUSES, UNHARMED, breakdown

DENSITY_MIN_PER_HA = 1.0
DENSITY_MAX_PER_HA = 300.0

MINE_COUNTS: Mapping[str, str] = {"mines_ap": "anti-personnel", "mines_av": "anti-vehicle", "mines_other": "other"}
"""The parts of which a record's total is the sum."""

_M2_PER_HA = 10_000.0


@dataclass(frozen=True)
class Content:
    """What the records of an import say, row by row.

    Attributes
    ----------
    kind
        Of the layer.
    records
        The conformed rows, numbered from 0; a column that no source fills may be absent. Dates as ISO text, JSON as
        text or as Python values.
    area_m2
        Area of each row; NaN where it is not plotted.
    handed_over_on
        Of the batch, None where it is not stated.
    today
        The day of the import.
    """

    kind: Kind
    records: pd.DataFrame
    area_m2: NDArray[np.float64]
    handed_over_on: PartialDate | None
    today: date


def check_content(content: Content) -> list[Hit]:
    """Run every content check of this kind of layer; what is true of all rows alike is one hit without a row."""
    return [hit for one in _CHECKS_OF_KIND.get(content.kind, _EVERY_KIND) for hit in one(content)]


def json_value(cell: Any) -> Any:
    """The value of a JSON field, whether it is still text or was read back; None where nothing is stated."""
    if is_missing(cell):
        return None
    if not isinstance(cell, str):
        return cell
    try:
        return json.loads(cell)
    except ValueError:
        return cell


def count_reference_points(cell: Any) -> int:
    """How many reference points a record states.

    A list counts its members; text counts the pieces between semicolons or line ends; anything else is one.
    """
    value = json_value(cell)
    if isinstance(value, str):
        value = value.replace("\n", ";").split(";")
    if isinstance(value, list):
        return sum(not is_missing(each) for each in value)
    return int(value is not None)


def _id_repeated(content: Content) -> list[Hit]:
    numbers = _column(content, id_field(content.kind))
    first: dict[str, int] = {}
    repeated: dict[str, list[int]] = {}
    for row, key in enumerate(number_keys(numbers)):
        if key is not None and first.setdefault(key, row) != row:
            repeated.setdefault(key, [first[key]]).append(row)
    return [
        Hit(
            "record-id-repeated",
            row,
            f"{len(rows)} records bear the number {numbers[row]}; the first is {_place(content, rows[0])}.",
        )
        for rows in sorted(repeated.values())
        for row in rows[1:]
    ]


def _place(content: Content, row: int) -> str:
    document, feature = (_column(content, name)[row] for name in ("document_id", "feature_index"))
    return f"row {row}" if is_missing(document) else f"feature {int(feature)} of {document}"


def _total_differs(content: Content) -> list[Hit]:
    total = _numbers(content, "mines_total_stated")
    if np.isnan(total).all():
        return []
    added = _mines_added(content)
    return [
        Hit(
            "total-differs",
            row,
            f"It states {total[row]:,.0f} mines in all, and its parts add up to {added[row]:,.0f} "
            f"({_told_parts(content, row)}).",
        )
        for row in _rows(np.abs(total - added) > 0)
    ]


def mines_stated(records: pd.DataFrame) -> NDArray[np.float64]:
    """How many mines each record states: its total, else the sum of its parts; NaN where it states none."""
    content = Content(Kind.MINEFIELDS, records, np.full(len(records), np.nan), None, date.min)
    total = _numbers(content, "mines_total_stated")
    return np.where(np.isnan(total), _mines_added(content), total)


def _mines_added(content: Content) -> NDArray[np.float64]:
    """The sum of the mine counts of each row, else of its devices; NaN where neither is stated."""
    parts = np.column_stack([_numbers(content, name) for name in MINE_COUNTS])
    of_devices = np.full(len(content.records), np.nan)
    rows, cells = _stated(content, "devices")
    of_devices[rows] = [_devices_added(cell) for cell in cells]
    return np.where(np.isnan(parts).all(axis=1), of_devices, np.nansum(parts, axis=1))


def _devices_added(cell: Any) -> float:
    """The devices of a list in all; NaN where one of them has no single number."""
    devices = json_value(cell)
    if not isinstance(devices, list) or not devices:
        return np.nan
    counts = [each.get("quantity") if isinstance(each, Mapping) else None for each in devices]
    return float(sum(count if isinstance(count, int) else np.nan for count in counts))


def _told_parts(content: Content, row: int) -> str:
    counts = {words: _column(content, name)[row] for name, words in MINE_COUNTS.items()}
    if all(is_missing(count) for count in counts.values()):
        return "its list of devices"
    return ", ".join(f"{words} {'not stated' if is_missing(count) else count}" for words, count in counts.items())


def _density_unlikely(content: Content) -> list[Hit]:
    mines = mines_stated(content.records)
    hectares = np.where(content.area_m2 > 0, content.area_m2, np.nan) / _M2_PER_HA
    density = mines / hectares
    return [
        Hit(
            "density-unlikely",
            row,
            f"{mines[row]:,.0f} mines on {hectares[row]:,.3g} ha are {density[row]:,.3g} mines per ha.",
        )
        for row in _rows((density < DENSITY_MIN_PER_HA) | (density > DENSITY_MAX_PER_HA))
    ]


def _laid_after_handover(content: Content) -> list[Hit]:
    handed_over_on = content.handed_over_on
    if handed_over_on is None:
        return []
    began, ended = _days(content, "laid_from"), _days(content, "laid_to")
    # A date is stored as the first day it can mean, so whatever lies after the last day of handover surely does.
    last = np.datetime64(handed_over_on.last, "D")
    return [
        Hit(
            "laid-after-handover",
            row,
            f"It was laid in or after {_as_stated(content, 'laid_from' if began[row] > last else 'laid_to', row)}, "
            f"and the batch was handed over on {handed_over_on}.",
        )
        for row in _rows((began > last) | (ended > last))
    ]


def _reference_points(content: Content) -> list[Hit]:
    counts = np.zeros(len(content.records), dtype=int)
    rows, cells = _stated(content, "reference_points")
    counts[rows] = [count_reference_points(cell) for cell in cells]
    if len(counts) and not counts.any():
        return [Hit("reference-point-missing", None, f"None of the {len(counts):,} records states a reference point.")]
    missing = [Hit("reference-point-missing", row, "It states no reference point.") for row in _rows(counts == 0)]
    single = [Hit("reference-point-single", row, "It states only one reference point.") for row in _rows(counts == 1)]
    return missing + single


def _victims_inconsistent(content: Content) -> list[Hit]:
    killed, injured = _numbers(content, "killed"), _numbers(content, "injured")
    by_role, by_sex_and_age = _column(content, "victims_by_role"), _column(content, "victims_by_sex_and_age")
    hits = []
    for row in range(len(content.records)):
        stated = {"killed": killed[row], "injured": injured[row]}
        tallies = {"role": _tally(by_role[row]), "sex and age": _tally(by_sex_and_age[row])}
        if found := list(_contradictions(stated, {name: each for name, each in tallies.items() if each})):
            hits.append(Hit("victims-inconsistent", row, f"{'; '.join(found)}."))
    return hits


def _tally(cell: Any) -> Counter[str] | None:
    """People in a breakdown: ``all``, and those of each status where it names them; None where it has another form.

    ``below`` counts its negative numbers.
    """
    value = json_value(cell)
    if not isinstance(value, Mapping) or not value:
        return None
    tally: Counter[str] = Counter()
    for path, count in breakdown(value):
        if isinstance(count, bool) or not isinstance(count, int):
            return None
        status = path[-1] if path[-1] in STATUSES else "any status"
        tally["all"] += 0 if status == UNHARMED else count
        tally[status] += count
        tally["below"] += count < 0
    return tally


def _contradictions(stated: Mapping[str, float], tallies: Mapping[str, Counter[str]]) -> Iterator[str]:
    """What the counts of one event say against each other, in the order in which they are compared."""
    known = [count for count in stated.values() if not np.isnan(count)]
    if any(count < 0 for count in known) or any(tally["below"] for tally in tallies.values()):
        yield "a count of victims is below zero"
        return
    for name, tally in tallies.items():
        told = f"{sum(known):.0f} {' and '.join(each for each in stated if not np.isnan(stated[each]))}"
        if len(known) == len(stated) and tally["all"] != sum(known):
            yield f"{told}, but {tally['all']} by {name}"
        elif known and tally["all"] < sum(known):
            yield f"{told}, but only {tally['all']} by {name}"
        elif not tally["any status"]:
            for status, count in stated.items():
                if not np.isnan(count) and tally[status] != count:
                    yield f"{count:.0f} {status}, but {tally[status]} {status} by {name}"
    if len(tallies) == 2 and len(totals := {tally["all"] for tally in tallies.values()}) == 2 and len(known) < 2:
        yield f"{min(totals)} and {max(totals)} victims by role and by sex and age"


def _date_in_future(content: Content) -> list[Hit]:
    today = np.datetime64(content.today, "D")
    return [
        Hit("date-in-future", row, f"Field {field.name}: {_as_stated(content, field.name, row)} lies in the future.")
        for field in fields(content.kind)
        if field.field_type is FieldType.DATE
        for row in _rows(_days(content, field.name) > today)
    ]


def _column(content: Content, name: str) -> NDArray[np.object_]:
    records = content.records
    return records[name].to_numpy(object) if name in records else np.full(len(records), None, dtype=object)


def _stated(content: Content, name: str) -> tuple[NDArray[np.int64], list[Any]]:
    """The rows in which a column holds anything, and what it holds: most columns hold little."""
    if name not in content.records:
        return np.zeros(0, dtype=np.int64), []
    column = content.records[name]
    rows = np.flatnonzero(column.notna().to_numpy(dtype=bool))
    cells: list[Any] = column.iloc[rows].to_numpy(object).tolist()
    return rows, cells


def _numbers(content: Content, name: str) -> NDArray[np.float64]:
    """A column of numbers; NaN where nothing is stated."""
    numbers = np.full(len(content.records), np.nan)
    rows, cells = _stated(content, name)
    is_plain = set(map(type, cells)) <= {int, float}
    numbers[rows] = cells if is_plain else [np.nan if is_missing(cell) else float(cell) for cell in cells]
    return numbers


def _days(content: Content, name: str) -> NDArray[np.datetime64]:
    """A column of dates as days, NaT where nothing is stated; NaT is after no day."""
    days = np.full(len(content.records), "NaT", dtype="datetime64[D]")
    rows, cells = _stated(content, name)
    # Many records were laid on the same days.
    which, each = pd.factorize(np.array(cells, dtype=object))
    texts = ["NaT" if is_missing(cell) else str(cell)[:10] for cell in each.tolist()]
    days[rows] = np.array(texts, dtype="datetime64[D]")[which]
    return days


def _as_stated(content: Content, name: str, row: int) -> PartialDate:
    precision = _column(content, f"{name}_precision")[row]
    day = date.fromisoformat(str(_column(content, name)[row])[:10])
    return PartialDate(day, DatePrecision.DAY if is_missing(precision) else DatePrecision(precision))


def _rows(found: Any) -> list[int]:
    rows: list[int] = np.flatnonzero(found).tolist()
    return rows


_EVERY_KIND: tuple[Callable[[Content], list[Hit]], ...] = (_id_repeated, _date_in_future)

_CHECKS_OF_KIND: Mapping[Kind, tuple[Callable[[Content], list[Hit]], ...]] = {
    Kind.MINEFIELDS: (*_EVERY_KIND, _total_differs, _density_unlikely, _laid_after_handover, _reference_points),
    Kind.ACCIDENTS: (*_EVERY_KIND, _victims_inconsistent),
}
