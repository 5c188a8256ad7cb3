"""Accuracy: M1 and M1c in every window, with what was removed, what is not located, and what was never mapped."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import partial

import numpy as np
import pandas
import shapely
from geopandas import GeoDataFrame
from pyproj import CRS
from shapely import STRtree

from registry import geometry
from registry.codes import Rule
from registry.compare.areas import RankedRecords, lonlat
from registry.compare.columns import numbers
from registry.compare.containment import EventClass, Window, containment_share, measure_window
from registry.compare.eligibility import Criteria, RuleEffect, Selection, select_events
from registry.compare.groups import (
    GroupWindow,
    Places,
    UnmappedPlaces,
    find_unmapped,
    places_by_district,
    places_by_sheet,
    windows_by_place,
)
from registry.compare.kernel import TOLERANCE_M
from registry.compare.timed import TimedEvents, time_events
from registry.compare.uncertainty import Share
from registry.errors import CompareError
from registry.geometry import Geometries

NO_DISTRICTS = "No districts layer is compared."
NO_SHEETS = "No map sheets are compared."
NO_SHEET_OF_EVENTS = "No event that counts names its map sheet."
NO_SHEET_OF_RECORDS = "No plotted record names its map sheet."


@dataclass(frozen=True)
class DistrictAccuracy(Window):
    """The events of one district, whatever their date, and in both windows.

    These are None where those of all events are. ``district`` is None for events in no district.
    """

    district: str | None
    district_id: str | None
    records_plotted: int | None
    before_handover: Window | None
    after_handover: Window | None
    undated: int


@dataclass(frozen=True)
class LeftOut:
    """Invalid records that were not repaired, and how many more events would be inside if they were."""

    records: int
    further_events_inside: int


@dataclass(frozen=True)
class Bounds:
    """Bounds of M1 for the events without a usable position: as if none of them, or all, were inside.

    ``unlocated`` are those that no rule removes.
    """

    unlocated: int
    none_inside: Share
    all_inside: Share


@dataclass(frozen=True)
class Accuracy:
    """Metrics M1, M1c and M11.

    ``all`` is before + after + ``undated``: events that no date puts on one side of the first handover. Both windows
    are None where a batch has no handover date, and ``windows_reason`` says so. ``removed`` counts the events that each
    applied rule removed, ``rules`` says what every rule did or would do; ``unfiltered`` is ``all`` without any rule,
    None where they changed nothing. ``never_mapped`` is that of ``unmapped_districts``.
    """

    all: Window
    before_handover: Window | None
    after_handover: Window | None
    undated: int
    windows_reason: str | None
    events_received: int
    events_unlocated: int
    bounds: Bounds
    removed: Mapping[str, int]
    rules: tuple[RuleEffect, ...]
    unfiltered: Window | None
    never_mapped: Share
    unmapped_districts: UnmappedPlaces
    unmapped_sheets: UnmappedPlaces
    left_out: LeftOut
    by_district: tuple[DistrictAccuracy, ...]


def measure_accuracy(
    events: GeoDataFrame,
    records: RankedRecords,
    *,
    districts: GeoDataFrame | None = None,
    scope: GeoDataFrame | None = None,
    unrepaired: GeoDataFrame | None = None,
    near_m: float = 100.0,
) -> tuple[Accuracy, GeoDataFrame]:
    """Compare events with records, without any rule but that of the scope.

    Parameters
    ----------
    events
        Points with a CRS, None where the position is not known, and the columns ``batch_id``, ``accident_id``,
        ``occurred_on`` (the first day it can mean), ``occurred_on_precision`` and ``sigma_m``.
    records
        Plotted records in rank order.
    districts
        Polygons with the columns ``record_id`` and ``name``. An event on a shared border belongs to the first.
    scope
        What the giving party says its batches cover; events outside all of it are removed, and counted.
    unrepaired
        Records whose invalid geometry was not repaired; only ``left_out`` looks at them.
    near_m
        How far from a record an event still counts as near, where its own ``sigma_m`` is not stated.

    Returns
    -------
    accuracy, classified
        See `accuracy_of` and `classify`.

    Raises
    ------
    CompareError
        If ``near_m`` is not a distance or a layer has no CRS.
    """
    selection = select_events(events, records, Criteria(scope=scope))
    classified = classify(selection, records, near_m=near_m)
    places = None if districts is None else places_by_district(selection, districts, records)
    return accuracy_of(selection, records, districts=places, unrepaired=unrepaired), classified


def accuracy_of(
    selection: Selection,
    records: RankedRecords,
    *,
    districts: Places | None = None,
    unrepaired: GeoDataFrame | None = None,
    timed: TimedEvents | None = None,
) -> Accuracy:
    """Reduce matched events to M1, M1c and M11.

    Parameters
    ----------
    selection, records
        The events that count, and the records in rank order.
    districts
        See `places_by_district`.
    unrepaired
        Records whose invalid geometry was not repaired; only ``left_out`` looks at them.
    timed
        What `time_events` made of both; made here when left out.
    """
    timed = time_events(selection, records) if timed is None else timed
    windows = timed.windows()
    everything, located = windows.all, selection.located
    effects = [effect for effect in selection.rules if effect.applied]
    unmapped = find_unmapped(selection, districts, records, NO_DISTRICTS)
    return Accuracy(
        all=everything,
        before_handover=windows.before_handover,
        after_handover=windows.after_handover,
        undated=windows.undated,
        windows_reason=windows.reason,
        events_received=len(selection.events),
        events_unlocated=int(np.count_nonzero(~selection.is_located)),
        bounds=bounds_of(everything.inside, everything.total, selection.unlocated_kept, any_record=timed.any_record),
        removed={effect.rule.value: effect.removed or 0 for effect in effects if effect.removes == "events"},
        rules=selection.rules,
        unfiltered=measure_window(located.distance_m, located.xy, any_record=timed.any_record)
        if any(effect.removed for effect in effects)
        else None,
        never_mapped=unmapped.events,
        unmapped_districts=unmapped,
        unmapped_sheets=_unmapped_sheets(selection, records),
        left_out=_left_out(selection, records, unrepaired),
        by_district=()
        if districts is None
        else tuple(district_accuracy(row) for row in windows_by_place(districts, timed)),
    )


def classify(selection: Selection, records: RankedRecords, *, near_m: float = 100.0) -> GeoDataFrame:
    """Every event with its class, its records and its distance.

    Parameters
    ----------
    selection, records
        The events need the columns ``batch_id``, ``accident_id`` and ``sigma_m``.
    near_m
        How far from a record an event still counts as near, where its own ``sigma_m`` is not stated.

    Returns
    -------
    classified
        In the order of the events: ``batch_id``, ``accident_id``, ``event_class``, ``removed_by`` (the rule, None where
        the event counts), ``records`` (those that cover it and count, else the nearest, as ``batch/record``),
        ``distance_m`` (NaN where there is none) and the position on WGS 84.

    Raises
    ------
    CompareError
        If ``near_m`` is not a distance.
    """
    if not 0 <= near_m < np.inf:
        raise CompareError(f"A near distance of {near_m} m cannot be used; give a number of metres, 0 or more.")
    events, row = selection.events, np.flatnonzero(selection.is_located)
    matches, distance = selection.eligible.matches, selection.eligible.distance_m
    sigma_m = numbers(events, "sigma_m")[row]
    event_class = np.full(len(events), EventClass.UNLOCATED.value, dtype=object)
    event_class[row] = np.select(
        [
            selection.removed_by == Rule.OUT_OF_SCOPE.value,
            matches.inside,
            distance <= np.where(np.isnan(sigma_m), near_m, 2 * sigma_m),
        ],
        [EventClass.OUT_OF_SCOPE.value, EventClass.INSIDE.value, EventClass.NEAR.value],
        EventClass.OUTSIDE.value,
    )
    removed_by = np.full(len(events), None, dtype=object)
    removed_by[row] = selection.removed_by
    distance_m = np.full(len(events), np.nan)
    distance_m[row] = np.where(np.isfinite(distance), distance, np.nan)
    named: list[tuple[str, ...]] = [()] * len(events)
    starts = np.searchsorted(matches.event, np.arange(len(row) + 1))
    for index, nearest in enumerate(matches.nearest):
        covering = matches.record[starts[index] : starts[index + 1]]
        chosen = covering if len(covering) else ([nearest] if nearest >= 0 else [])
        named[row[index]] = tuple(records.record_ids[record] for record in chosen)
    return GeoDataFrame(
        {
            "batch_id": events["batch_id"].to_numpy(dtype=object),
            "accident_id": events["accident_id"].to_numpy(dtype=object),
            "event_class": event_class,
            "removed_by": pandas.Series(removed_by, dtype=object),
            "records": named,
            "distance_m": distance_m,
        },
        geometry=lonlat(events),
        crs=geometry.WGS84,
    )


def bounds_of(inside: int, located: int, unlocated: int, *, any_record: bool) -> Bounds:
    """Bounds of M1 for so many events, see `Bounds`."""
    share = partial(containment_share, any_record=any_record)
    return Bounds(unlocated, share(inside, located + unlocated), share(inside + unlocated, located + unlocated))


def _unmapped_sheets(selection: Selection, records: RankedRecords) -> UnmappedPlaces:
    if "map_sheet" not in selection.events or "map_sheet" not in records.attributes:
        return find_unmapped(selection, None, records, NO_SHEETS)
    places = places_by_sheet(selection, records)
    if not (places.place >= 0).any():
        return find_unmapped(selection, None, records, NO_SHEET_OF_EVENTS)
    return find_unmapped(selection, places, records, NO_SHEET_OF_RECORDS)


def district_accuracy(row: GroupWindow) -> DistrictAccuracy:
    """The windows of a group that is a district."""
    values = {**vars(row), "district": row.group, "district_id": row.group_id}
    return DistrictAccuracy(**{each.name: values[each.name] for each in fields(DistrictAccuracy)})


def _left_out(selection: Selection, records: RankedRecords, unrepaired: GeoDataFrame | None) -> LeftOut:
    """What a repair of the invalid records would add to the events inside."""
    if unrepaired is None or not len(unrepaired):
        return LeftOut(0, 0)
    return LeftOut(len(unrepaired), count_further_inside(selection, repaired_on_plane(unrepaired, records.plane)))


def repaired_on_plane(unrepaired: GeoDataFrame, plane: CRS) -> Geometries:
    """Invalid records as a repair would draw them; those that it cannot draw are left out."""
    repaired = geometry.repair(lonlat(unrepaired)).geometries
    return geometry.project(repaired[~shapely.is_missing(repaired)], geometry.WGS84, plane)


def count_further_inside(selection: Selection, polygons: Geometries) -> int:
    """How many events that count and lie outside every record would be inside these polygons."""
    outside = selection.eligible.on_plane[selection.keep & ~selection.eligible.matches.inside]
    return len(np.unique(STRtree(polygons).query(outside, predicate="dwithin", distance=TOLERANCE_M)[0]))
