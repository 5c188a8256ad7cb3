"""Records of bearings and distances laid out -> a layer: shapes, errors, reference points, what is to be looked at."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import shapely

from registry.codes import GeometryMethod
from registry.findings import Hit
from registry.geometry import WGS84
from registry.jsonform import plain
from registry.model import PartialDate
from registry.sources.legrecord import LegsRecord, PointType
from registry.sources.legs import Traverse
from registry.sources.mapping import MappedTable
from registry.sources.north import North
from registry.sources.rules import Rule
from registry.sources.vector import SourceLayer

LAID_OUT = "laid_out"
"""What ``source_fields`` holds of each record: every choice of its layout."""
_REFERENCES = {PointType.REFERENCE_POINT, PointType.BENCHMARK}
# The content checks say these of every record, whatever it came from.
_SAID_ELSEWHERE = {"reference-point-missing", "reference-point-single"}
_NOWHERE = (
    "No point of the record has a known position; its shape is kept in metres east and north of its own start, "
    "counted from {} north."
)
_NO_SHAPE = "Its legs reach fewer than two corners, so it has no shape."


def leg_layer(
    outcomes: Sequence[Traverse | str],
    attributes: pd.DataFrame,
    entered: Callable[[int], str],
    laid_on: Sequence[PartialDate | None],
    *,
    name: str | None = None,
    notes: Sequence[str] = (),
    encoding_doubt: str | None = None,
    rules: Mapping[str, Rule] | None = None,
    hits: Sequence[Hit] = (),
) -> MappedTable:
    """Make a layer of records.

    Parameters
    ----------
    outcomes
        Of each record its layout, or why it could not be laid out.
    attributes
        What else each record says, one row each. Day of laying and reference points are added where it does not say
        them, and the layout.
    entered
        Gives a record as entered, which is kept where it is not drawn.
    laid_on
        Day of laying of each, where it is known.
    name, notes, encoding_doubt, rules, hits
        See `MappedTable` and `SourceLayer`.

    Returns
    -------
    records
        On WGS 84. A record without a known position has no geometry; the shape relative to its own start, in metres
        east and north, is kept as entered.
    """
    reasons = [_why_not_drawn(outcome) for outcome in outcomes]
    sigma_m = [None if isinstance(outcome, str) else outcome.sigma_m for outcome in outcomes]
    geometries = np.full(len(outcomes), None, dtype=object)
    geometries[:] = [None if isinstance(outcome, str) else outcome.geometry for outcome in outcomes]
    nothing = np.full(len(outcomes), np.nan)
    laid_out = [each for each in outcomes if isinstance(each, Traverse)]
    return MappedTable(
        layer=SourceLayer(
            name,
            _with_layout(attributes, outcomes, laid_on, rules or {}),
            geometries,
            WGS84,
            notes=(*notes, *_notes(laid_out)),
            encoding_doubt=encoding_doubt,
        ),
        rules=rules,
        written_sigma_m=np.array([np.nan if each is None else each for each in sigma_m]),
        radius_m=nothing,
        width_m=nothing,
        unread={record: reason for record, reason in enumerate(reasons) if reason is not None},
        entered={
            record: text
            for record, reason in enumerate(reasons)
            if reason is not None and (text := _relative(outcomes[record]) or entered(record))
        },
        hits=(*hits, *_suspicions(outcomes)),
        method=GeometryMethod.LEGS,
    )


def _why_not_drawn(outcome: Traverse | str) -> str | None:
    if isinstance(outcome, str):
        return outcome
    if outcome.geometry is not None:
        return None
    return _NO_SHAPE if outcome.record.places else _NOWHERE.format(outcome.relative_north)


def _relative(outcome: Traverse | str) -> str:
    if isinstance(outcome, str) or outcome.relative is None:
        return ""
    millimetres = shapely.transform(outcome.relative, lambda metres: np.round(metres, 3) + 0.0)
    return str(shapely.to_wkt(millimetres, rounding_precision=3))


def _suspicions(outcomes: Sequence[Traverse | str]) -> Iterator[Hit]:
    for record, outcome in enumerate(outcomes):
        if isinstance(outcome, Traverse):
            for each in outcome.suspicions:
                if each.code not in _SAID_ELSEWHERE:
                    yield Hit(each.code, record, each.message)


def _with_layout(
    attributes: pd.DataFrame,
    outcomes: Sequence[Traverse | str],
    laid_on: Sequence[PartialDate | None],
    rules: Mapping[str, Rule],
) -> pd.DataFrame:
    """What the records say, with what follows from their legs; a column or rule of their own goes before ours."""
    laid_out = [outcome if isinstance(outcome, Traverse) else None for outcome in outcomes]
    references = [
        None if each is None else json.dumps(_references(each.record), ensure_ascii=False) for each in laid_out
    ]
    days = [None if day is None else str(day) for day in laid_on]
    result = attributes.copy()
    for name, values in (("laid_from", days), ("reference_points", references)):
        if name not in result and name not in rules and any(value is not None for value in values):
            result[name] = pd.Series(values, dtype=object)
    key = LAID_OUT
    while key in result:
        key = f"{key} (ours)"
    result[key] = pd.Series([None if each is None else _layout(each) for each in laid_out], dtype=object)
    return result


def _layout(traverse: Traverse) -> dict[str, Any]:
    """Every choice of a layout, and what its legs say of their own quality; shape and fields are kept elsewhere."""
    record, other = plain(replace(traverse.record, fields={})), plain(replace(traverse, geometry=None, relative=None))
    said = {name: value for name, value in other.items() if name not in {"record", "geometry", "relative"}}
    return {**{name: value for name, value in record.items() if name not in {"record_id", "fields"}}, **said}


def _references(record: LegsRecord) -> list[dict[str, Any]]:
    return [{"name": name, **_position(record, name)} for name, kind in record.types.items() if kind in _REFERENCES]


def _position(record: LegsRecord, name: str) -> dict[str, Any]:
    place = record.places.get(name)
    if place is None:
        return {}
    return {"longitude": place.longitude, "latitude": place.latitude, "as_written": place.written}


def _notes(laid_out: Sequence[Traverse]) -> Iterator[str]:
    """What is to be said of all records together: convention, declination, how reference points moved, closing."""
    yield from dict.fromkeys(_convention(each) for each in laid_out)
    yield from _declinations(laid_out)
    moved = dict.fromkeys(
        place.transformation for each in laid_out for place in each.record.places.values() if place.transformation
    )
    for used in moved:
        if used.accuracy_m != 0:
            accuracy = "unknown" if used.accuracy_m is None else f"{used.accuracy_m:g} m"
            yield f"Reference points in {used.source_crs} were brought to WGS 84 by {used.name}, accuracy {accuracy}."
    closed = sorted((each.misclosure for each in laid_out if each.misclosure), key=lambda closure: closure.misclosure_m)
    if closed:
        said = f"{len(closed)} of {len(laid_out)} records of legs close on a known point: "
        yield f"{said}they miss it by {' to '.join(dict.fromkeys(str(each) for each in (closed[0], closed[-1])))}."
    adjusted = sum(each.adjusted for each in laid_out)
    if adjusted:
        yield f"The misclosure of {adjusted} records was distributed by the compass rule, as stated."


def _convention(traverse: Traverse) -> str:
    convention = traverse.record.convention
    north = f"grid north of {convention.grid_crs}" if convention.north is North.GRID else f"{convention.north} north"
    paces = f" of {convention.pace_m:g} m" if convention.pace_m else ""
    unit = f"{convention.distance_unit}{paces}"
    return f"Legs are read as bearings in {convention.angle_unit} from {north} and distances in {unit}."


def _declinations(laid_out: Sequence[Traverse]) -> Iterator[str]:
    used = [each.declination for each in laid_out if each.declination]
    for model in dict.fromkeys(each.model for each in used):
        degrees = sorted(each.degrees for each in used if each.model == model)
        span = " to ".join(dict.fromkeys(f"{each:+.1f}" for each in (degrees[0], degrees[-1])))
        source = "as stated" if model is None else f"that of {model} for place and day of laying"
        yield f"The declination of {len(degrees)} records is {source}: {span} degrees (east positive)."
