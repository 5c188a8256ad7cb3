"""Metric M10: what of the contents that the law asks of a minefield record each record states.

The items are those of the Technical Annex of Amended Protocol II to the Convention on Certain Conventional Weapons
(3 May 1996, paragraph 1), or of the guidelines annexed to Protocol II of 10 October 1980. Accidents play no part in it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from registry.codes import DatePrecision, DeviceCategory, Emplacement, Instrument, LayingPattern
from registry.compare.uncertainty import Share, wilson_share
from registry.content import MINE_COUNTS, count_reference_points, json_value
from registry.sources.values import is_missing

Truths = NDArray[np.bool_]


@dataclass(frozen=True)
class Item:
    """One thing that a record must contain; ``fields`` are those that can fill it."""

    code: str
    words: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class ItemCompleteness:
    """How many of the records to which an item applies fill it."""

    code: str
    words: str
    fields: tuple[str, ...]
    share: Share


@dataclass(frozen=True)
class BatchCompleteness:
    """The records of a batch against the items of an instrument.

    ``filled`` of ``applicable`` counts items over all records; they depend on each other, so no interval is given.
    ``records_complete`` fill all items that apply to them.
    """

    instrument: Instrument
    records: int
    records_complete: int
    filled: int
    applicable: int
    items: tuple[ItemCompleteness, ...]


@dataclass(frozen=True)
class RecordCompleteness:
    """One record against the items of an instrument; ``missing`` are the codes of the items it does not fill."""

    record_id: str
    instrument: Instrument
    filled: int
    applicable: int
    missing: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Scores:
    """Which items each record fills.

    ``applicable`` and ``filled`` have a row for each record and a column for each item; what is filled applies.
    """

    instrument: Instrument
    items: tuple[Item, ...]
    record_ids: NDArray[np.object_]
    applicable: Truths
    filled: Truths

    def record(self, row: int) -> RecordCompleteness:
        """The score of one record, by its row."""
        applicable, filled = self.applicable[row], self.filled[row]
        missing = tuple(item.code for item, lacks in zip(self.items, applicable & ~filled, strict=True) if lacks)
        return RecordCompleteness(
            str(self.record_ids[row]), self.instrument, int(filled.sum()), int(applicable.sum()), missing
        )

    def batch(self) -> BatchCompleteness:
        """The score of all records together."""
        filled, applicable = self.filled.sum(axis=0).tolist(), self.applicable.sum(axis=0).tolist()
        items = tuple(
            ItemCompleteness(item.code, item.words, item.fields, wilson_share(*counts))
            for item, *counts in zip(self.items, filled, applicable, strict=True)
        )
        complete = (self.filled == self.applicable).all(axis=1)
        return BatchCompleteness(
            self.instrument, len(self.record_ids), int(complete.sum()), sum(filled), sum(applicable), items
        )


def items_of(instrument: Instrument) -> tuple[Item, ...]:
    """What a record must contain, in the order of the instrument."""
    return _AMENDED if instrument is Instrument.AMENDED_PROTOCOL_II else _OF_1980


def columns_needed() -> list[str]:
    """The columns of a minefields layer that a score is made from, for a reader that can leave out the others."""
    return ["record_id", *dict.fromkeys(name for item in _AMENDED for name in item.fields if name != "geometry")]


def score(records: gpd.GeoDataFrame, instrument: Instrument = Instrument.AMENDED_PROTOCOL_II) -> Scores:
    """Score minefield records against an instrument.

    Parameters
    ----------
    records
        Rows of a minefields layer, as stored or as conformed. A column that is absent states nothing.
    instrument
        Under Amended Protocol II, a remotely delivered field owes neither fuze, method, anti-handling devices nor exact
        positions, and its own corners serve as reference points. Booby-traps are asked for only where the record names
        some among its devices. Of 1980, one reference point is enough, and only extent and dimensions are asked for.

    Notes
    -----
    ``UNKNOWN`` does not fill an item; that there is none of a thing (text, or a count of 0) does. The date is filled
    where the day is known; fields hold no time of day. A device of the list counts with its category, model, quantity
    and, for exact places, ``position``.
    """
    about = _Stated(records)
    items = items_of(instrument)
    if instrument is Instrument.AMENDED_PROTOCOL_II:
        by_code = _against_amended(about)
    else:
        every = np.ones(len(records), bool)
        tied = about.reference_points >= 1
        by_code = {
            "extent": (every, about.drawn),
            "reference-point": (every, tied),
            "dimensions": (every, tied & about.drawn),
        }
    applicable = np.column_stack([by_code[item.code][0] for item in items])
    filled = np.column_stack([by_code[item.code][1] for item in items]) & applicable
    record_ids = np.full(len(records), None, dtype=object)
    if "record_id" in records:
        record_ids = records["record_id"].to_numpy(object)
    return Scores(instrument, items, record_ids, applicable, filled)


@dataclass(frozen=True, eq=False)
class _Stated:
    """What the records state, each as one truth value or number per record."""

    records: gpd.GeoDataFrame

    def cells(self, name: str) -> tuple[NDArray[np.int64], list[Any]]:
        """Rows and cells of a field, without the rows where it is null: most fields of most records are."""
        if name not in self.records:
            return np.zeros(0, dtype=np.int64), []
        column = self.records[name]
        rows = np.flatnonzero(column.notna().to_numpy(dtype=bool))
        return rows, column.iloc[rows].to_numpy(object).tolist()

    def given(self, *names: str) -> Truths:
        """Whether any of these fields holds something other than ``UNKNOWN``."""
        found = np.zeros(len(self.records), bool)
        for name in names:
            rows, cells = self.cells(name)
            found[rows[_are_given(cells)]] = True
        return found

    def holds(self, name: str, code: str) -> Truths:
        """Whether a field holds this code."""
        found = np.zeros(len(self.records), bool)
        rows, cells = self.cells(name)
        found[rows[np.array([isinstance(cell, str) and cell == code for cell in cells], bool)]] = True
        return found

    @cached_property
    def drawn(self) -> Truths:
        """Whether there is a perimeter. One that crosses itself is one, if not a usable one."""
        shapes = self.records.geometry.to_numpy()
        return np.asarray(~(shapely.is_missing(shapes) | shapely.is_empty(shapes)))

    @cached_property
    def reference_points(self) -> NDArray[np.int64]:
        counted = np.zeros(len(self.records), dtype=np.int64)
        rows, cells = self.cells("reference_points")
        counted[rows] = [count_reference_points(cell) for cell in cells]
        return counted

    @cached_property
    def remote(self) -> Truths:
        """Whether the mines were delivered from afar, from which the protocol asks less."""
        return self.holds("pattern", LayingPattern.REMOTE) | self.holds("emplacement", Emplacement.REMOTE)

    @cached_property
    def devices(self) -> list[tuple[int, list[Mapping[str, Any]]]]:
        """Row and devices of the records that list any."""
        rows, cells = self.cells("devices")
        listed = [(row, _device_list(cell)) for row, cell in zip(rows.tolist(), cells, strict=True)]
        return [(row, devices) for row, devices in listed if devices]

    def any_device(self, *keys: str) -> Truths:
        """Whether a device of the list states one of these."""
        return self._of_devices(lambda devices: any(_states(each, *keys) for each in devices))

    def all_placed(self) -> Truths:
        """Whether there are devices, and all of the list state their position."""
        return self._of_devices(lambda devices: all(_states(each, "position") for each in devices))

    def with_traps(self, *, placed: bool = False) -> Truths:
        """Whether a booby-trap is in the list; or all that are state their position."""
        return self._of_devices(lambda devices: _has_traps(devices, placed=placed))

    def _of_devices(self, judge: Callable[[list[Mapping[str, Any]]], bool]) -> Truths:
        found = np.zeros(len(self.records), bool)
        found[[row for row, devices in self.devices if judge(devices)]] = True
        return found

    def dated(self, name: str) -> Truths:
        """Whether the day is known."""
        return self.given(name) & self.holds(f"{name}_precision", DatePrecision.DAY)


def _against_amended(about: _Stated) -> dict[str, tuple[Truths, Truths]]:
    """For each item, to which records it applies and which would fill it."""
    every = np.ones(len(about.records), bool)
    emplaced = ~about.remote
    tied = (about.reference_points >= 2) | (about.remote & about.drawn)
    in_rows = about.given("rows") & about.given("row_spacing_m")
    return {
        "reference-points": (every, tied),
        "dimensions": (every, tied & about.drawn),
        "perimeter": (every, about.drawn),
        "type": (every, about.given(*MINE_COUNTS) | about.any_device("category", "model")),
        "number": (every, about.given("mines_total_stated", *MINE_COUNTS) | about.any_device("quantity")),
        "method": (emplaced, about.given("emplacement", "pattern")),
        "fuze": (emplaced, about.given("fuze")),
        "lifetime": (every, about.given("lifetime")),
        "date": (every, about.dated("laid_from") | about.dated("laid_to")),
        "anti-handling": (emplaced, about.given("anti_handling")),
        "positions": (emplaced, in_rows | about.all_placed()),
        "booby-traps": (about.with_traps(), about.with_traps(placed=True)),
    }


def _are_given(cells: list[Any]) -> Truths:
    """Which of some cells, none of them null, state anything."""
    kinds = set(map(type, cells))
    if kinds <= {int, float}:
        return np.ones(len(cells), bool)
    if kinds == {str}:
        given = {text: bool(text.strip()) and text != "UNKNOWN" for text in set(cells)}
        return np.fromiter(map(given.__getitem__, cells), bool, len(cells))
    return np.array([not is_missing(cell) and cell != "UNKNOWN" for cell in cells], bool)


def _device_list(cell: Any) -> list[Mapping[str, Any]]:
    value = json_value(cell)
    members = value if isinstance(value, list) else [value]
    return [each for each in members if isinstance(each, Mapping)]


def _states(device: Mapping[str, Any], *keys: str) -> bool:
    return any(not is_missing(device.get(key)) and device[key] != "UNKNOWN" for key in keys)


def _has_traps(devices: Sequence[Mapping[str, Any]], *, placed: bool) -> bool:
    traps = [each for each in devices if each.get("category") == DeviceCategory.BOOBY_TRAP.value]
    return bool(traps) and (not placed or all(_states(each, "position") for each in traps))


_REFERENCES = ("reference_points",)
_DRAWN = ("geometry",)
_COUNTS = tuple(MINE_COUNTS)

_AMENDED = (
    Item("reference-points", "Location tied to at least two reference points", _REFERENCES),
    Item("dimensions", "Estimated dimensions of the area in relation to them", (*_REFERENCES, *_DRAWN)),
    Item("perimeter", "Perimeter and extent on a map", _DRAWN),
    Item("type", "Type of the mines", (*_COUNTS, "devices")),
    Item("number", "Number of mines", ("mines_total_stated", *_COUNTS, "devices")),
    Item("method", "Method of laying", ("emplacement", "pattern")),
    Item("fuze", "Type of fuze", ("fuze",)),
    Item("lifetime", "Life time", ("lifetime",)),
    Item("date", "Day of laying", ("laid_from", "laid_from_precision", "laid_to", "laid_to_precision")),
    Item("anti-handling", "Anti-handling devices, or that there are none", ("anti_handling",)),
    Item("positions", "Position of each mine or of the rows", ("rows", "row_spacing_m", "devices")),
    Item("booby-traps", "Position of each booby-trap", ("devices",)),
)

_OF_1980 = (
    Item("extent", "Extent of the area on a map", _DRAWN),
    Item("reference-point", "Location tied to a reference point", _REFERENCES),
    Item("dimensions", "Estimated dimensions of the area in relation to it", (*_REFERENCES, *_DRAWN)),
)
