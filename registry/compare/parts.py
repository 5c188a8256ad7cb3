"""A comparison in parts: events counted part by part against the same records, and the counts added up and reduced.

What comes out is what `registry.compare.accuracy` and its neighbours make of all events at once, to the last bit: parts
give whole numbers, and every share, interval and quantile is taken of their sums.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import NamedTuple, TypeVar

import numpy as np
import shapely
from geopandas import GeoDataFrame

from registry.codes import By, Section
from registry.compare.accuracy import count_further_inside
from registry.compare.areas import RankedRecords, district_names, lonlat
from registry.compare.containment import first_area
from registry.compare.eligibility import Criteria, RuleEffect, Selection, select_events
from registry.compare.groups import (
    PlaceCount,
    PlacedEvents,
    Places,
    batches_by_name,
    count_placed,
    places_by,
    places_by_sheet,
)
from registry.compare.kernel import Floats, Mask, Ranks
from registry.compare.marginal import count_by_batch
from registry.compare.quality import ThematicCounts, count_thematic
from registry.compare.study import StudyArea, StudyCounts, count_in_study
from registry.compare.tally import Distances, WindowTally, add_tallies, outside_of, tally_window
from registry.compare.timed import TimedEvents, time_events
from registry.geometry import Geometries

COUNTED_IN_PARTS = frozenset(
    {Section.PREDICTIVE, Section.MARGINS, Section.THEMATIC, Section.QUALITY, Section.COMPLETENESS}
)
"""Sections that need of the events only what can be counted part by part; the others look at all of them at once."""

_NO_EVENT: Ranks = np.empty(0, dtype=np.int64)
_Counts = TypeVar("_Counts", ThematicCounts, StudyCounts)


class Series(NamedTuple):
    """A set of distances: those of a group of one kind, in one of the three windows."""

    what: str
    group: str | int | None = None
    window: str = "all"


EVENTS, UNFILTERED, ELSEWHERE = "events", "unfiltered", "elsewhere"
ALL, BEFORE, AFTER = "all", "before", "after"


@dataclass(frozen=True)
class PartCase:
    """What events are held against, the same for every part.

    Attributes
    ----------
    records, criteria
        See `select_events`.
    districts, in_district
        Polygons on WGS 84 with a CRS, and how many records are plotted in each; None where there is no layer of them.
    repaired
        See `registry.compare.accuracy.repaired_on_plane`; empty where there is nothing to repair.
    study
        The study area; None where it is not asked for, or is the hull that the parts have together.
    by
        What to group by.
    parties
        Giving party of each batch.
    sections
        What is asked for, of `COUNTED_IN_PARTS`.
    """

    records: RankedRecords
    criteria: Criteria
    districts: GeoDataFrame | None
    in_district: Ranks | None
    repaired: Geometries
    study: StudyArea | None
    by: tuple[By, ...]
    parties: Mapping[str, str | None]
    sections: frozenset[Section]

    @cached_property
    def names_of_batches(self) -> dict[By, dict[str, str | None]]:
        """The name under which each batch's records are compared, by batch and by party."""
        batch_ids = [batch_id for batch_id, _ in self.records.batches]
        return {
            By.BATCH: {batch_id: batch_id for batch_id in batch_ids},
            By.PARTY: {batch_id: self.parties.get(batch_id) for batch_id in batch_ids},
        }


@dataclass(frozen=True)
class PartTally:
    """Events of one part, or of several, counted.

    ``counted`` of those received have a position and are left by the rules; ``unlocated_kept`` have none and no rule
    removes them. ``undated`` counts by series what no date puts on one side of the handover. ``by_district`` and
    ``by_sheet`` are those of `count_placed`, without the events themselves; ``sheets_compared`` where both events and
    records have a column of sheets, ``sheets_named`` of the counted name one. ``hull`` has the corners of the hull of
    all events with a position, on the plane.
    """

    received: int
    unlocated: int
    unlocated_kept: int
    counted: int
    rules: tuple[RuleEffect, ...]
    windows: Mapping[Series, WindowTally]
    undated: Mapping[Series, int]
    by_district: PlacedEvents | None
    by_sheet: PlacedEvents | None
    sheets_compared: bool
    sheets_named: int
    further_inside: int
    inside_by_batch: Ranks
    new_by_batch: Ranks
    thematic: ThematicCounts | None
    study: StudyCounts | None
    hull: Floats


def tally_part(events: GeoDataFrame, case: PartCase) -> tuple[PartTally, dict[Series, Distances]]:
    """Count the events of one part.

    Parameters
    ----------
    events
        See `select_events` and the groupings that are asked for; the same columns in every part.
    case
        What they are held against.

    Returns
    -------
    tally, distances
        The counts; and of each series the distances that quantiles may need, in order.
    """
    selection = select_events(events, case.records, case.criteria)
    timed = time_events(selection, case.records)
    book = _Book({}, {}, {})
    book.enter(EVENTS, None, timed)
    if any(effect.applied for effect in selection.rules):
        book.window(Series(UNFILTERED), selection.located.distance_m, selection.located.xy)
    by_district, by_sheet, sheets_named = _enter_places(book, selection, timed, case)
    for by in case.by:
        if by in case.names_of_batches:
            for name, batches in batches_by_name(case.records, case.names_of_batches[by]):
                book.enter(by, name, time_events(selection, case.records, batches))
        elif by is not By.DISTRICT:
            _enter_groups(book, by, places_by(by, selection, case.records), timed)
    inside, new = count_by_batch(selection, case.records)
    on_plane = selection.located.xy
    tally = PartTally(
        received=len(events),
        unlocated=int(np.count_nonzero(~selection.is_located)),
        unlocated_kept=selection.unlocated_kept,
        counted=int(np.count_nonzero(selection.keep)),
        rules=selection.rules,
        windows=book.windows,
        undated=book.undated,
        by_district=by_district,
        by_sheet=by_sheet,
        sheets_compared=_has_sheets(events, case),
        sheets_named=sheets_named,
        further_inside=count_further_inside(selection, case.repaired) if len(case.repaired) else 0,
        inside_by_batch=inside,
        new_by_batch=new,
        thematic=count_thematic(selection, case.records) if Section.THEMATIC in case.sections else None,
        study=_in_study(selection, case),
        hull=_hull(on_plane),
    )
    return tally, book.distances


def add_parts(parts: Sequence[PartTally]) -> PartTally:
    """Count over several parts, one at least, which have no event in common and were held against the same."""
    first = parts[0]
    series = dict.fromkeys(each for part in parts for each in part.windows)
    undated = dict.fromkeys(each for part in parts for each in part.undated)
    return PartTally(
        received=sum(part.received for part in parts),
        unlocated=sum(part.unlocated for part in parts),
        unlocated_kept=sum(part.unlocated_kept for part in parts),
        counted=sum(part.counted for part in parts),
        rules=tuple(_added(effects) for effects in zip(*(part.rules for part in parts), strict=True)),
        windows={each: add_tallies([p.windows[each] for p in parts if each in p.windows]) for each in series},
        undated={each: sum(part.undated.get(each, 0) for part in parts) for each in undated},
        by_district=_placed([part.by_district for part in parts]),
        by_sheet=_placed([part.by_sheet for part in parts]),
        sheets_compared=first.sheets_compared,
        sheets_named=sum(part.sheets_named for part in parts),
        further_inside=sum(part.further_inside for part in parts),
        inside_by_batch=np.sum([part.inside_by_batch for part in parts], axis=0),
        new_by_batch=np.sum([part.new_by_batch for part in parts], axis=0),
        thematic=None if first.thematic is None else _sum([part.thematic for part in parts]),
        study=None if first.study is None else _sum([part.study for part in parts]),
        hull=_hull(np.concatenate([part.hull for part in parts])),
    )


@dataclass(frozen=True)
class _Book:
    """What is entered for one part."""

    windows: dict[Series, WindowTally]
    undated: dict[Series, int]
    distances: dict[Series, Distances]

    def window(self, series: Series, distance_m: Distances, xy: Floats) -> None:
        self.windows[series] = tally_window(distance_m, xy)
        self.distances[series] = outside_of(distance_m)

    def enter(self, what: str, group: str | int | None, timed: TimedEvents, chosen: Mask | None = None) -> None:
        """The three windows of a group, as `TimedEvents.windows` has them."""
        chosen = np.full(len(timed.xy), True) if chosen is None else chosen
        before, after = timed.before & chosen, timed.after & chosen
        self.window(Series(what, group, ALL), timed.distance_m[chosen], timed.xy[chosen])
        if timed.reason is None:
            self.window(Series(what, group, BEFORE), timed.distance_m[before], timed.xy[before])
            self.window(Series(what, group, AFTER), timed.held_m[after], timed.xy[after])
        self.undated[Series(what, group)] = int(np.count_nonzero(chosen & ~before & ~after))


def _enter_places(
    book: _Book, selection: Selection, timed: TimedEvents, case: PartCase
) -> tuple[PlacedEvents | None, PlacedEvents | None, int]:
    """Events by district and by sheet: the groups of the first, and where nothing was ever mapped."""
    by_district, by_sheet, sheets_named = None, None, 0
    if case.districts is not None:
        ids = [str(record_id) for record_id in case.districts["record_id"]]
        place = first_area(selection.located.points[selection.keep], lonlat(case.districts))
        districts = Places(district_names(case.districts), ids, place, case.in_district)
        _enter_groups(book, By.DISTRICT, districts, timed)
        by_district = _enter_elsewhere(book, By.DISTRICT, selection, districts)
    if _has_sheets(selection.events, case):
        sheets = places_by_sheet(selection, case.records)
        sheets_named = int(np.count_nonzero(sheets.place >= 0))
        by_sheet = _enter_elsewhere(book, By.SHEET, selection, sheets)
    return by_district, by_sheet, sheets_named


def _has_sheets(events: GeoDataFrame, case: PartCase) -> bool:
    return "map_sheet" in events and "map_sheet" in case.records.attributes


def _enter_groups(book: _Book, by: By, places: Places, timed: TimedEvents) -> None:
    for index in np.unique(places.place):
        name = None if index < 0 else places.names[index] if places.ids[index] is None else int(index)
        book.enter(by, name, timed, places.place == index)


def _enter_elsewhere(book: _Book, by: By, selection: Selection, places: Places) -> PlacedEvents | None:
    found = count_placed(selection, places)
    if found is None:
        return None
    book.window(Series(ELSEWHERE, by), selection.distance_m[found.elsewhere], selection.xy[found.elsewhere])
    return replace(found, elsewhere=_NO_EVENT)


def _in_study(selection: Selection, case: PartCase) -> StudyCounts | None:
    if Section.PREDICTIVE not in case.sections:
        return None
    # Others may ask the same polygon at the same time, and what GEOS prepares is for one thread.
    own = None if case.study is None else replace(case.study, polygon=shapely.normalize(case.study.polygon))
    return count_in_study(selection, own)


def _added(effects: Sequence[RuleEffect]) -> RuleEffect:
    def total(name: str) -> int | None:
        counts = [getattr(effect, name) for effect in effects]
        return None if None in counts else sum(counts)

    return RuleEffect(
        effects[0].rule,
        effects[0].applied,
        effects[0].removes,
        total("removed"),
        total("removed_alone") or 0,
        total("inside_lost"),
        total("inside_lost_alone") or 0,
    )


def _placed(parts: Sequence[PlacedEvents | None]) -> PlacedEvents | None:
    """Places of several parts; they are known in all of them or in none."""
    known = [part for part in parts if part is not None]
    if not known:
        return None
    without: dict[str | int, PlaceCount] = {}
    for part in known:
        for key, row in part.without_record.items():
            without[key] = PlaceCount(row.place, row.events + (without[key].events if key in without else 0))
    return PlacedEvents(
        places=frozenset().union(*(part.places for part in known)),
        without_record=without,
        inside=sum(part.inside for part in known),
        unplaced=sum(part.unplaced for part in known),
        elsewhere=_NO_EVENT,
    )


def _sum(counts: Sequence[_Counts | None]) -> _Counts:
    """Dataclasses of whole numbers, added up."""
    known = [each for each in counts if each is not None]
    return type(known[0])(
        **{field.name: sum(getattr(each, field.name) for each in known) for field in fields(known[0])}
    )


def _hull(xy: Floats) -> Floats:
    if not len(xy):
        return xy
    return np.asarray(shapely.get_coordinates(shapely.convex_hull(shapely.multipoints(xy))))
