"""A comparison as one tidy table: a row for each figure, with the same values as its JSON and in the same order."""

import csv
from collections.abc import Collection, Iterator, Mapping
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path
from typing import Any

from registry.errors import StoreError
from registry.plaintext import cell
from registry.stats import Comparison

Number = int | float | None

_METRICS = {
    ("coverage",): "C1",
    ("coverage", "unplottable_share"): "M14",
    ("accuracy",): "M1",
    ("accuracy", "rules"): "rule",
    ("accuracy", "removed"): "rule",
    ("accuracy", "never_mapped"): "M11",
    ("accuracy", "unmapped_districts"): "M11",
    ("accuracy", "unmapped_sheets"): "M11",
    ("groups",): "M1",
    ("predictive",): "M7",
    ("margins",): "M15",
    ("thematic",): "M12",
    ("quality",): "M13",
    ("ground", "surveyed"): "M8",
    ("ground", "released"): "M8",
    ("ground",): "M2",
    ("ground", "confirmation_by_area"): "M2b",
    ("ground", "find_containment"): "M4",
    ("ground", "recovery"): "M5",
    ("ground", "mine_count"): "M6",
    ("independence",): "M17",
    ("clusters",): "M16",
    ("location", "blurred"): "M1b",
    ("location", "ceiling"): "ceiling",
    ("location", "estimate"): "M1d",
    ("location", "chance"): "chance",
    ("completeness",): "M10",
}
"""Id in the catalogue by where a figure stands in the JSON; the longest path counts."""

_BY_NAME = {
    "within_m": "M1c",
    "median_distance_m": "M1c",
    "median_distance_outside_m": "M1c",
    "p90_distance_outside_m": "M1c",
    "blurred": "M1b",
    "ceiling": "ceiling",
    "elsewhere": "M1",
}

_WINDOWS = {"all", "before_handover", "after_handover", "unfiltered"}
_OF_EVENTS = {
    "accuracy", "groups", "predictive", "margins", "thematic", "independence", "clusters", "location", "as_of",
}  # fmt: skip
_KEYS = {
    "batch_id": "batch",
    "district": "district",
    "district_id": "district id",
    "group": "group",
    "group_id": "group id",
    "rule": "rule",
    "removes": "removes",
    "place": "place",
    "sign": "sign",
    "grid": "grid",
    "rank": "cluster",
    "device_class": "devices",
    "sigma_m": "sigma m",
    "code": "item",
    "instrument": "instrument",
    "name": "component",
}
"""What tells the members of a list apart, by its name in the JSON, in the order in which it is said."""
_NO_FIGURES = {
    "options", "hull", "notice", "words", "method", "reason", "note", "windows_reason", "day",
    "handed_over_on", "first_date", "last_date", "basis", "study", "among", "estimate_source", "name",
}  # fmt: skip
_NOUNS = ("records", "events", "rows", "mines", "fields", "places", "areas", "positions", "cells", "shifts", "draws")
_UNITS = (("_m2", "m2"), ("_m", "m"), ("_days", "days"))
_NAMED_UNITS = {
    **dict.fromkeys(("area_share", "share_already_covered", "share_of_district"), "share of land"),
    **dict.fromkeys(("blurred", "ceiling", "estimate", "chance", "weights"), "share of events"),
    "as_high": "share of draws",
    **dict.fromkeys(("design_effect", "lift", "ratio", "predictive"), "factor"),
    **dict.fromkeys(("longitude", "latitude"), "degrees"),
    **dict.fromkeys(("killed", "injured", "victims"), "victims"),
    **dict.fromkeys(("filled", "applicable"), "items"),
    **dict.fromkeys(("erw", "other"), "devices"),
    "accidents_left_out": "events",
    "distinct_within_1_m": "positions",
    **dict.fromkeys(("seed", "log_likelihood"), ""),
    # What is null as a whole has no unit.
    **dict.fromkeys(("as_of", "ground", "surveyed", "released", "find_containment", "location", "mixture"), ""),
    **dict.fromkeys(("before_handover", "after_handover", "unfiltered", "elsewhere"), ""),
}


@dataclass(frozen=True)
class FigureRow:
    """One figure of a comparison.

    Attributes
    ----------
    metric
        Its id in the catalogue; ``layer``, ``parameter`` and ``rule`` for what belongs to no metric.
    figure
        Its place in the JSON; with ``group``, which tells the members of a list apart, no two rows have the same.
    group, window
        Of what: a batch, a district, a sign ...; all events, or those of a window.
    numerator, denominator
        Of a share.
    value, low, high
        The figure and its 95 % interval.
    unit
        Of the value; of a share, what it is a share of.
    method
        How the interval was made.
    note
        Why there is no value, or how far it is to be trusted; of a layer or a parameter what is no number.
    """

    metric: str
    figure: str
    group: str = ""
    window: str = ""
    numerator: Number = None
    denominator: Number = None
    value: Number = None
    low: Number = None
    high: Number = None
    unit: str = ""
    method: str = ""
    note: str = ""


@dataclass(frozen=True)
class _At:
    """Where in the JSON a value stands; ``by`` is what the groups around it are."""

    path: tuple[str, ...]
    group: str = ""
    window: str = ""
    by: str = "group"

    def then(self, name: str) -> "_At":
        window = name if name in _WINDOWS else self.window
        if name == "elsewhere":
            window = f"mapped_{self.path[-1].removeprefix('unmapped_')}"
        return replace(self, path=(*self.path, name), window=window)


def write_figures(comparison: Comparison, path: Path) -> None:
    """Write every figure of a comparison as a row of a CSV file, see `figure_rows`.

    Text that a spreadsheet would take for a formula starts with an apostrophe.

    Parameters
    ----------
    path
        Ends in ``.csv``.

    Raises
    ------
    StoreError
        If the file exists, cannot be written, or has another ending.
    """
    if path.suffix.lower() != ".csv":
        raise StoreError(f"{path}: figures are written as .csv; choose a name with that ending.")
    try:
        with path.open("x", encoding="utf-8", newline="") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(field.name for field in fields(FigureRow))
            for row in figure_rows(comparison):
                table.writerow(cell(each) if isinstance(each, str) else each for each in astuple(row))
    except FileExistsError as error:
        raise StoreError(f"{path} exists and is not overwritten; choose another name or move it away.") from error
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error}; check the folder and the space left.") from error


def figure_rows(comparison: Comparison) -> Iterator[FigureRow]:
    """Every figure of a comparison, in the order of its JSON; first the layers and parameters that it depends on.

    Of a section that was not computed there is one row, whose note says so.
    """
    stats = comparison.to_json()
    for layer in stats["layers"]:
        group = f"batch={layer['batch_id']}; kind={layer['kind']}"
        yield FigureRow("layer", "content_sha256", group, note=layer["content_sha256"])
        yield from (FigureRow("layer", name, group, value=count) for name, count in layer["counts"].items())
    for name, value in stats["parameters"].items():
        yield from _parameter(name, value)
    for name, section in stats.items():
        if name in {"schema", "layers", "parameters", "not_computed"}:
            continue
        if name in comparison.not_computed:
            yield FigureRow(_metric((name,)), name, note="not computed")
        else:
            yield from _figures(section, _At((name,)))


def _parameter(name: str, value: Any) -> Iterator[FigureRow]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _parameter(f"{name} {key}", part)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield FigureRow("parameter", name, value=value)
    else:
        said = ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
        yield FigureRow("parameter", name, note=said)


def _figures(value: Any, at: _At, why: str = "") -> Iterator[FigureRow]:
    """The rows of a value; ``why`` is the reason that stands beside it where it is null."""
    if isinstance(value, Mapping):
        yield from _of_mapping(value, at)
    elif isinstance(value, list):
        for member in value:
            yield from _of_member(member, at)
    elif value is None:
        yield _row(at, note=why)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield _row(at, value=value)


def _of_mapping(value: Mapping[str, Any], at: _At, passed_over: Collection[str] = ()) -> Iterator[FigureRow]:
    if "denominator" in value or "denominator_m2" in value:
        yield _share(value, at)
        return
    if at.path[-1] == "mixture":
        yield from _of_mixture(value, at)
        return
    why = value.get("reason") or ""
    middle = next((name for name in ("value", "expected") if name in value and "low" in value), None)
    if middle is not None:
        yield _row(at, value=value[middle], low=value["low"], high=value["high"], note=why)
    for name, part in value.items():
        if name not in {middle, *_NO_FIGURES, *passed_over} and not (middle and name in {"low", "high"}):
            of_window = name in {"before_handover", "after_handover"}
            yield from _figures(
                part, at if name == "value" else at.then(name), value.get("windows_reason") or "" if of_window else why
            )


def _of_member(member: Any, at: _At) -> Iterator[FigureRow]:
    """A member of a list, told from the others by what names it."""
    if not isinstance(member, Mapping):
        return
    if "by" in member:
        yield from _figures(member["rows"], replace(at.then("rows"), by=member["by"]))
        return
    words = {**_KEYS, "group": at.by, "group_id": f"{at.by} id"}
    named = [f"{words[name]}={member[name]}" for name in words if member.get(name) is not None]
    unnamed = next((f"no {words[name]}" for name in words if name in member), "")
    group = "; ".join(filter(None, (at.group, *(named or [unnamed]))))
    window = at.window or ("all" if at.path[0] in {"accuracy", "groups"} else "")
    yield from _of_mapping(member, replace(at, group=group, window=window), passed_over=words)


def _of_mixture(value: Mapping[str, Any], at: _At) -> Iterator[FigureRow]:
    for component, weight in zip(value["components"], value["weights"], strict=True):
        part = replace(at, group=f"component={component['name']}")
        yield _row(part.then("weights"), value=weight)
        yield _row(part.then("area_m2"), value=component["area_m2"])
    yield _row(at.then("log_likelihood"), value=value["log_likelihood"])


def _share(value: Mapping[str, Any], at: _At) -> FigureRow:
    of_land = "denominator_m2" in value
    numerator, denominator = (value[f"{name}_m2" if of_land else name] for name in ("numerator", "denominator"))
    notes = " ".join(filter(None, (value.get("reason"), value.get("note"))))
    unit = "share of land" if of_land else f"share of {_noun(at)}"
    row = _row(at, value=value["value"], low=value.get("low"), high=value.get("high"), note=notes)
    return replace(row, numerator=numerator, denominator=denominator, method=value["method"], unit=unit)


def _row(at: _At, *, value: Number = None, low: Number = None, high: Number = None, note: str = "") -> FigureRow:
    figure, unit = ".".join(at.path), _unit(at)
    return FigureRow(
        _metric(at.path), figure, at.group, at.window, value=value, low=low, high=high, unit=unit, note=note
    )


def _metric(path: tuple[str, ...]) -> str:
    for name in reversed(path):
        if name in _BY_NAME:
            return _BY_NAME[name]
    known = (path[:end] for end in range(len(path), 0, -1))
    return next((_METRICS[each] for each in known if each in _METRICS), path[0])


def _unit(at: _At) -> str:
    name = at.path[-1]
    if name.isdigit():
        return "m" if at.path[-2].startswith("length") else _noun(at)
    ends = (unit for ending, unit in _UNITS if name.endswith(ending))
    return _NAMED_UNITS[name] if name in _NAMED_UNITS else next(ends, _noun(at))


def _noun(at: _At) -> str:
    """What is counted: what the name says, else what the section is about."""
    named = next((noun for noun in _NOUNS if noun in at.path[-1]), None)
    return named or ("events" if at.path[0] in _OF_EVENTS else "records")
