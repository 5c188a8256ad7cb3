"""Groups of events: by district, map sheet, device, type or year; and against each batch's or party's records alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from geopandas import GeoDataFrame
from numpy.typing import NDArray

from registry.codes import By
from registry.compare.areas import DistrictRecords, RankedRecords, district_names, lonlat, place_records
from registry.compare.columns import texts
from registry.compare.containment import Window, first_area, measure_window
from registry.compare.eligibility import Selection
from registry.compare.kernel import Mask, Ranks
from registry.compare.timed import ThreeWindows, TimedEvents, time_events
from registry.compare.uncertainty import MIN_DENOMINATOR, Share, wilson_share
from registry.errors import CompareError

_COLUMN_OF = {By.DEVICE: "device_category", By.SHEET: "map_sheet", By.TYPE: "accident_type"}


@dataclass(frozen=True)
class GroupWindow(Window):
    """The events of one group, whatever their date, and on or before and after the first handover.

    ``group`` is None for events of which it is not stated, or that lie in no district; ``group_id`` is the district's
    own id. ``records_plotted`` counts the records of the group, None where records have no such group. With fewer than
    10 events there are counts only, in each window.

    The first handover is that of all batches; by batch and party, that of the group's own. Where it is not known both
    windows are None; of a batch or party, ``windows_reason`` says why.
    """

    group: str | None
    group_id: str | None
    records_plotted: int | None
    before_handover: Window | None
    after_handover: Window | None
    undated: int
    windows_reason: str | None


@dataclass(frozen=True)
class Grouping:
    """The windows of all groups of one kind.

    Each event is in one group; but by batch and party, each group is all events against that batch's or that party's
    records alone.
    """

    by: By
    rows: tuple[GroupWindow, ...]


@dataclass(frozen=True)
class PlaceCount:
    """How many events lie in one place."""

    place: str
    events: int


@dataclass(frozen=True)
class UnmappedPlaces:
    """Places (districts, map sheets) with events: those in which no record is plotted, and M1 in all others.

    ``events`` of the located events lie where nothing was ever mapped (M11), ``without_record`` says where, most events
    first. ``events_unplaced`` are in no place or name none, and are not in ``elsewhere``, which are the events of
    places with a record. ``events_inside`` of those where nothing was mapped are inside a record all the same: their
    place is named otherwise there. Where nothing can be said, ``reason`` says why.
    """

    places: int
    without_record: tuple[PlaceCount, ...]
    events: Share
    events_inside: int
    events_unplaced: int
    elsewhere: Window | None
    reason: str | None = None


@dataclass(frozen=True)
class Places:
    """Which place each event that counts lies in, and how many records each place has.

    ``place`` is -1 for events that lie in none. ``records_plotted`` is None where records name no place.
    """

    names: Sequence[str]
    ids: Sequence[str | None]
    place: Ranks
    records_plotted: Ranks | None


def group_events(
    by: By,
    selection: Selection,
    records: RankedRecords,
    *,
    districts: Places | None = None,
    parties: Mapping[str, str | None] | None = None,
    timed: TimedEvents | None = None,
) -> Grouping:
    """Measure M1 and M1c for each group, in all three windows.

    Parameters
    ----------
    by
        What to group by; `By.DEVICE`, `By.SHEET` and `By.TYPE` need the events' ``device_category``, ``map_sheet`` and
        ``accident_type``, and `By.SHEET` the records' ``map_sheet`` if they are to be counted.
    selection, records
        The events and what they were matched with.
    districts
        See `places_by_district`; needed by `By.DISTRICT`.
    parties
        Giving party of each batch; needed by `By.PARTY`.
    timed
        What `time_events` made of selection and records; made here when left out.

    Raises
    ------
    CompareError
        If what the grouping needs is missing.
    """
    if by is By.BATCH:
        names: dict[str, str | None] = {batch_id: batch_id for batch_id, _ in records.batches}
        return Grouping(by, _by_records(selection, records, names))
    if by is By.PARTY:
        return Grouping(by, _by_records(selection, records, parties or {}))
    timed = time_events(selection, records) if timed is None else timed
    return Grouping(by, in_order(by, windows_by_place(places_by(by, selection, records, districts), timed)))


def places_by(by: By, selection: Selection, records: RankedRecords, districts: Places | None = None) -> Places:
    """The group of each event that counts, where events have one; see `group_events`.

    Raises
    ------
    CompareError
        If what the grouping needs is missing.
    """
    if by is By.DISTRICT:
        if districts is None:
            raise CompareError("Nothing can be grouped by district: no districts layer is compared.")
        return districts
    if by is By.YEAR:
        return _places(_years(selection), None)
    return _places(selection.column(_COLUMN_OF[by]), sheets_of(records) if by is By.SHEET else None)


def in_order(by: By, rows: Sequence[GroupWindow]) -> tuple[GroupWindow, ...]:
    """Years in their order; else most events first, and those in no group last."""
    if by is By.YEAR:
        return tuple(sorted(rows, key=lambda row: (row.group is None, row.group or "")))
    return tuple(
        sorted(rows, key=lambda row: (row.group is None, -row.total, row.group or "", row.group_id or ""))
    )  # fmt: skip


def places_by_district(
    selection: Selection, districts: GeoDataFrame, records: RankedRecords, placed: DistrictRecords | None = None
) -> Places:
    """The district of each event that counts; on a shared border it is the first in layer order.

    Parameters
    ----------
    districts
        Polygons with the columns ``record_id`` and ``name``.
    placed
        What `place_records` made of records and districts; made here when left out.
    """
    return Places(
        district_names(districts),
        [str(record_id) for record_id in districts["record_id"]],
        first_area(selection.located.points[selection.keep], lonlat(districts)),
        (place_records(records, districts) if placed is None else placed).records_plotted,
    )


def places_by_sheet(selection: Selection, records: RankedRecords) -> Places:
    """The map sheet that each event that counts names, and the plotted records that name it.

    Parameters
    ----------
    selection, records
        Both need the column ``map_sheet``. Outer blanks do not matter, everything else in a name does.
    """
    return _places(selection.column("map_sheet"), sheets_of(records))


def windows_by_place(places: Places, timed: TimedEvents) -> tuple[GroupWindow, ...]:
    """The windows of each place with events, most events first; those in no place come last."""
    rows = [
        group_window(
            timed.windows(places.place == index),
            places.names[index],
            places.ids[index],
            None if places.records_plotted is None else int(places.records_plotted[index]),
        )
        for index in np.unique(places.place[places.place >= 0])
    ]
    rows.append(group_window(timed.windows(places.place < 0), None, None, None))
    return in_order(By.DISTRICT, rows)


def find_unmapped(selection: Selection, places: Places | None, records: RankedRecords, reason: str) -> UnmappedPlaces:
    """Find the events of places in which no record is plotted (M11), and M1 in all other places.

    Parameters
    ----------
    places
        None where they are not known; ``reason`` then says why.
    """
    total = int(np.count_nonzero(selection.keep))
    counted = count_placed(selection, places)
    if counted is None:
        return unmapped_of(None, total, None, reason)
    elsewhere = measure_window(
        selection.distance_m[counted.elsewhere], selection.xy[counted.elsewhere], any_record=bool(len(records.polygons))
    )
    return unmapped_of(counted, total, elsewhere, reason)


@dataclass(frozen=True)
class PlacedEvents:
    """Events that count by place: of all ``places`` that have any, and of those in which no record is plotted.

    ``inside`` of the latter are inside a record all the same; ``unplaced`` are in no place. ``elsewhere`` are the
    numbers of those in a place with a record, among the events that count.
    """

    places: frozenset[str | int]
    without_record: Mapping[str | int, PlaceCount]
    inside: int
    unplaced: int
    elsewhere: Ranks


def count_placed(selection: Selection, places: Places | None) -> PlacedEvents | None:
    """Count the events that `find_unmapped` is about; None where places or their records are not known.

    A district is known by its number, any other place by its name.
    """
    if places is None or places.records_plotted is None:
        return None
    placed = places.place >= 0
    in_unmapped = placed.copy()
    in_unmapped[placed] = places.records_plotted[places.place[placed]] == 0
    with_events, count = np.unique(places.place[in_unmapped], return_counts=True)
    return PlacedEvents(
        places=frozenset(_known_as(places, index) for index in np.unique(places.place[placed])),
        without_record={
            _known_as(places, index): PlaceCount(places.names[index], int(number))
            for index, number in zip(with_events, count, strict=True)
        },
        inside=int(np.count_nonzero(selection.distance_m[in_unmapped] == 0)),
        unplaced=int(np.count_nonzero(~placed)),
        elsewhere=np.flatnonzero(placed & ~in_unmapped),
    )


def unmapped_of(counted: PlacedEvents | None, total: int, elsewhere: Window | None, reason: str) -> UnmappedPlaces:
    """Reduce counted events to M11, see `find_unmapped`; ``total`` is of all events that count."""
    if counted is None:
        return UnmappedPlaces(0, (), Share(None, total, reason=reason), 0, total, None, reason)
    without = counted.without_record.values()
    return UnmappedPlaces(
        places=len(counted.places),
        without_record=tuple(sorted(without, key=lambda row: (-row.events, row.place))),
        events=wilson_share(sum(row.events for row in without), total),
        events_inside=counted.inside,
        events_unplaced=counted.unplaced,
        elsewhere=elsewhere,
    )


def _known_as(places: Places, index: int) -> str | int:
    return places.names[index] if places.ids[index] is None else int(index)


def _by_records(
    selection: Selection, records: RankedRecords, name_of_batch: Mapping[str, str | None]
) -> tuple[GroupWindow, ...]:
    """All events against the records of each name alone, in the order of handover; batches without a name last."""
    rows = []
    for name, batches in batches_by_name(records, name_of_batch):
        timed = time_events(selection, records, batches)
        number = int(np.count_nonzero(batches[records.batch]))
        rows.append(group_window(timed.windows(), name, None, number, own_reason=timed.reason))
    return tuple(rows)


def batches_by_name(
    records: RankedRecords, name_of_batch: Mapping[str, str | None]
) -> Iterator[tuple[str | None, Mask]]:
    """Each name and which of ``records.batches`` bear it, in the order of handover; batches without a name last."""
    name_of = [name_of_batch.get(batch_id) for batch_id, _ in records.batches]
    ordered = dict.fromkeys(name for name in name_of if name is not None)
    for name in (*ordered, *({None} & set(name_of))):
        yield name, np.array([each == name for each in name_of], dtype=bool)


def group_window(
    windows: ThreeWindows, group: str | None, group_id: str | None, plotted: int | None, own_reason: str | None = None
) -> GroupWindow:
    """The windows of a group, with counts alone where it has few events."""
    return GroupWindow(
        **vars(_counts_only(windows.all)),
        group=group,
        group_id=group_id,
        records_plotted=plotted,
        before_handover=None if windows.before_handover is None else _counts_only(windows.before_handover),
        after_handover=None if windows.after_handover is None else _counts_only(windows.after_handover),
        undated=windows.undated,
        windows_reason=own_reason,
    )


def _counts_only(window: Window) -> Window:
    """The window without distances where it has few events; its shares have none by themselves."""
    if window.total >= MIN_DENOMINATOR:
        return window
    return replace(window, median_distance_m=None, median_distance_outside_m=None, p90_distance_outside_m=None)


def _places(named: NDArray[Any], of_records: NDArray[Any] | None) -> Places:
    """Places by their names alone, as the events give them."""
    names = sorted({name for name in named if name is not None})
    number = {name: index for index, name in enumerate(names)}
    place = np.array([-1 if name is None else number[name] for name in named], dtype=np.int64)
    if of_records is None:
        return Places(names, [None] * len(names), place, None)
    known = np.array([number[name] for name in of_records if name in number], dtype=np.int64)
    return Places(names, [None] * len(names), place, np.bincount(known, minlength=len(names)))


def sheets_of(records: RankedRecords) -> NDArray[Any] | None:
    """The map sheet that each record names; None where none names one, so that nothing can be said of any sheet."""
    if "map_sheet" not in records.attributes:
        return None
    named = texts(records.attributes, "map_sheet")
    return named if any(name is not None for name in named) else None


def _years(selection: Selection) -> NDArray[Any]:
    """Year of each event that counts; a date known by its month or year alone lies in one year too."""
    first_day = selection.first_day[selection.keep]
    return np.array([None if np.isnat(day) else str(day)[:4] for day in first_day] + [None], dtype=object)[:-1]
