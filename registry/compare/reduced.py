"""Counts of all parts -> the accuracy and its neighbours, as one comparison of all events at once has them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import shapely

from registry.codes import By, Section
from registry.compare.accuracy import (
    NO_DISTRICTS,
    NO_SHEET_OF_EVENTS,
    NO_SHEET_OF_RECORDS,
    NO_SHEETS,
    Accuracy,
    LeftOut,
    bounds_of,
    district_accuracy,
)
from registry.compare.areas import MergedLand, RankedRecords, district_names
from registry.compare.columns import Days
from registry.compare.containment import Window
from registry.compare.groups import (
    Grouping,
    GroupWindow,
    PlacedEvents,
    UnmappedPlaces,
    batches_by_name,
    group_window,
    in_order,
    sheets_of,
    unmapped_of,
)
from registry.compare.kernel import Mask
from registry.compare.marginal import BatchMargin, margins_of
from registry.compare.parts import (
    AFTER,
    ALL,
    BEFORE,
    ELSEWHERE,
    EVENTS,
    UNFILTERED,
    PartCase,
    PartTally,
    Series,
)
from registry.compare.quality import ThematicAccuracy, thematic_of
from registry.compare.study import PredictiveAccuracy, StudyArea, hull_around, predictive_of
from registry.compare.tally import tally_window, window_of
from registry.compare.timed import ThreeWindows
from registry.compare.windows import sides

_NOBODY = tally_window(np.empty(0), np.empty((0, 2)))
_NO_DAYS: Days = np.empty(0, dtype="datetime64[D]")


@dataclass(frozen=True)
class Reduced:
    """What a comparison says of events; None where a section is not asked for."""

    accuracy: Accuracy
    groups: tuple[Grouping, ...]
    margins: tuple[BatchMargin, ...] | None
    thematic: ThematicAccuracy | None
    predictive: PredictiveAccuracy | None


def reduce_parts(
    tally: PartTally,
    distance_of: Mapping[Series, Mapping[int, float]],
    case: PartCase,
    land: MergedLand,
    *,
    unrepaired: int,
) -> Reduced:
    """Reduce the counts of all parts.

    Parameters
    ----------
    tally
        Of all parts.
    distance_of
        Of each series the distances that its quantiles need, by rank.
    case
        What every part was held against.
    land
        The records merged.
    unrepaired
        Invalid records that were not repaired.
    """
    windows = _Windows(tally, distance_of, case.records)
    any_record = bool(len(case.records.polygons))
    wanted = case.sections
    return Reduced(
        accuracy=_accuracy(windows, case, unrepaired),
        groups=tuple(_grouping(by, windows, case) for by in case.by),
        margins=margins_of(
            tally.inside_by_batch, tally.new_by_batch, tally.counted, land.by_handover, any_record=any_record
        )
        if Section.MARGINS in wanted
        else None,
        thematic=None if tally.thematic is None else thematic_of(tally.thematic),
        predictive=None
        if tally.study is None
        else predictive_of(tally.study, land, _study(tally, case), any_record=any_record),
    )


@dataclass(frozen=True)
class _Windows:
    """The windows of all series."""

    tally: PartTally
    distance_of: Mapping[Series, Mapping[int, float]]
    records: RankedRecords

    def one(self, series: Series, *, any_record: bool | None = None) -> Window:
        """The window of a series; of nobody where no part has any."""
        known = bool(len(self.records.polygons)) if any_record is None else any_record
        tally = self.tally.windows.get(series, _NOBODY)
        return window_of(tally, self.distance_of.get(series, {}), any_record=known)

    def three(self, what: str, group: str | int | None = None, batches: Mask | None = None) -> ThreeWindows:
        """The three windows of a group, against the records of some batches or of all."""
        chosen = np.full(len(self.records.batches), True) if batches is None else batches
        compared = [batch for batch, is_chosen in zip(self.records.batches, chosen, strict=True) if is_chosen]
        reason = sides(_NO_DAYS, _NO_DAYS, compared)[2]
        any_record = bool(chosen[self.records.batch].any())
        everything, before, after = (
            self.one(Series(what, group, window), any_record=any_record) for window in (ALL, BEFORE, AFTER)
        )
        return ThreeWindows(
            all=everything,
            before_handover=None if reason else before,
            after_handover=None if reason else after,
            undated=self.tally.undated.get(Series(what, group), 0),
            reason=reason,
        )


def _accuracy(windows: _Windows, case: PartCase, unrepaired: int) -> Accuracy:
    tally, three = windows.tally, windows.three(EVENTS)
    any_record = bool(len(case.records.polygons))
    effects = [effect for effect in tally.rules if effect.applied]
    unmapped = _unmapped(windows, By.DISTRICT, tally.by_district, NO_DISTRICTS)
    return Accuracy(
        all=three.all,
        before_handover=three.before_handover,
        after_handover=three.after_handover,
        undated=three.undated,
        windows_reason=three.reason,
        events_received=tally.received,
        events_unlocated=tally.unlocated,
        bounds=bounds_of(three.all.inside, three.all.total, tally.unlocated_kept, any_record=any_record),
        removed={effect.rule.value: effect.removed or 0 for effect in effects if effect.removes == "events"},
        rules=tally.rules,
        unfiltered=windows.one(Series(UNFILTERED)) if any(effect.removed for effect in effects) else None,
        never_mapped=unmapped.events,
        unmapped_districts=unmapped,
        unmapped_sheets=_unmapped_sheets(windows),
        left_out=LeftOut(unrepaired, tally.further_inside),
        by_district=()
        if case.districts is None
        else tuple(district_accuracy(row) for row in _grouping(By.DISTRICT, windows, case).rows),
    )


def _unmapped_sheets(windows: _Windows) -> UnmappedPlaces:
    tally = windows.tally
    if not tally.sheets_compared:
        return _unmapped(windows, By.SHEET, None, NO_SHEETS)
    if not tally.sheets_named:
        return _unmapped(windows, By.SHEET, None, NO_SHEET_OF_EVENTS)
    return _unmapped(windows, By.SHEET, tally.by_sheet, NO_SHEET_OF_RECORDS)


def _unmapped(windows: _Windows, by: By, counted: PlacedEvents | None, reason: str) -> UnmappedPlaces:
    elsewhere = None if counted is None else windows.one(Series(ELSEWHERE, by))
    return unmapped_of(counted, windows.tally.counted, elsewhere, reason)


def _grouping(by: By, windows: _Windows, case: PartCase) -> Grouping:
    if by in case.names_of_batches:
        return Grouping(by, tuple(_rows_by_records(by, windows, case)))
    groups = [series.group for series in windows.tally.windows if (series.what, series.window) == (by, ALL)]
    known = [group for group in groups if group is not None]
    rows = [_row(by, group, windows, case) for group in known]
    return Grouping(by, in_order(by, [*rows, group_window(windows.three(by), None, None, None)]))


def _rows_by_records(by: By, windows: _Windows, case: PartCase) -> list[GroupWindow]:
    """All events against the records of each name alone."""
    rows = []
    for name, batches in batches_by_name(case.records, case.names_of_batches[by]):
        three = windows.three(by, name, batches)
        number = int(np.count_nonzero(batches[case.records.batch]))
        rows.append(group_window(three, name, None, number, own_reason=three.reason))
    return rows


def _row(by: By, group: str | int, windows: _Windows, case: PartCase) -> GroupWindow:
    three = windows.three(by, group)
    if by is By.DISTRICT and case.districts is not None and case.in_district is not None:
        index = int(group)
        record_id = str(case.districts["record_id"].iloc[index])
        return group_window(three, district_names(case.districts)[index], record_id, int(case.in_district[index]))
    named = sheets_of(case.records) if by is By.SHEET else None
    return group_window(three, str(group), None, None if named is None else int(np.count_nonzero(named == group)))


def _study(tally: PartTally, case: PartCase) -> StudyArea | None:
    if case.study is not None:
        return case.study
    xy = np.concatenate([shapely.get_coordinates(case.records.polygons), tally.hull])
    return hull_around(xy, case.records.plane)
