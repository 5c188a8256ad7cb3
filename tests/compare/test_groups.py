from datetime import date

import ground
import pytest

from registry.codes import By
from registry.compare.accuracy import accuracy_of
from registry.compare.areas import rank_records
from registry.compare.eligibility import Criteria, select_events
from registry.compare.groups import find_unmapped, group_events, places_by_district, places_by_sheet
from registry.errors import CompareError
from registry.model import PartialDate

JUNE = PartialDate(date(2021, 6, 12))
JULY = PartialDate(date(2021, 7, 3))
FIELD = ground.square(0, 0)
IN, OUT = (50, 50), (500, 50)


def ranked(*shapes, dates=None, **columns):
    return rank_records(ground.records(*shapes, **columns), dates or {"a": JUNE}, ground.GROUND)


def counts(grouping):
    return [(row.group, row.records_plotted, row.total, row.inside) for row in grouping.rows]


def test_by_device_and_type():
    events = ground.events(
        IN, OUT, IN, IN,
        device_category=["AP_MINE", "AP_MINE", "UNKNOWN", None],
        accident_type=["MINE", None, "MINE", "MINE"],
    )  # fmt: skip
    records = ranked(FIELD)
    selection = select_events(events, records)
    devices, types = (group_events(by, selection, records) for by in (By.DEVICE, By.TYPE))
    assert counts(devices) == [("AP_MINE", None, 2, 1), ("UNKNOWN", None, 1, 1), (None, None, 1, 1)]
    assert counts(types) == [("MINE", None, 3, 3), (None, None, 1, 0)]


def test_by_year_in_order_of_time():
    events = ground.events(
        OUT, IN, OUT, IN, OUT,
        dates=["2020-05-05", "2019-01-01", "2020-01-01", None, "2020-12-31"],
        precisions=["DAY", "YEAR", "MONTH", None, None],
    )  # fmt: skip
    records = ranked(FIELD)
    grouping = group_events(By.YEAR, select_events(events, records), records)
    assert counts(grouping) == [("2019", None, 1, 1), ("2020", None, 3, 0), (None, None, 1, 1)]


def test_by_batch_all_events_against_the_records_of_each_alone():
    records = ranked(
        FIELD, ground.square(400, 0, 200), FIELD, batch=["late", "early", "early"],
        dates={"late": JULY, "early": JUNE, "empty": None},
    )  # fmt: skip
    events = ground.events(*[IN] * 6, *[OUT] * 4, (150, 50))
    selection = select_events(events, records)
    grouping = group_events(By.BATCH, selection, records)
    assert counts(grouping) == [("early", 2, 11, 10), ("late", 1, 11, 6), ("empty", 0, 11, 0)]
    # From the other field: four events 400 m off and one 50 m off.
    assert grouping.rows[1].median_distance_outside_m == pytest.approx(400, abs=0.01)
    assert grouping.rows[2].share_inside.reason == "No plotted record is compared."


def test_by_party_joins_its_batches():
    records = ranked(
        FIELD, ground.square(400, 0, 200), ground.square(900, 0), batch=["b1", "b2", "b3"],
        dates={"b1": JUNE, "b2": JULY, "b3": JULY},
    )  # fmt: skip
    selection = select_events(ground.events(IN, OUT, (950, 50)), records)
    parties = {"b1": "Party A", "b2": "Party A", "b3": None}
    grouping = group_events(By.PARTY, selection, records, parties=parties)
    assert counts(grouping) == [("Party A", 2, 3, 2), (None, 1, 3, 1)]


def test_by_sheet_as_the_events_name_it():
    events = ground.events(IN, OUT, OUT, OUT, map_sheet=["N-1", " N-1 ", "N-2", None])
    records = ranked(FIELD, FIELD, FIELD, map_sheet=["N-1", "N-1", None])
    grouping = group_events(By.SHEET, select_events(events, records), records)
    assert counts(grouping) == [("N-1", 2, 2, 1), ("N-2", 0, 1, 0), (None, None, 1, 0)]


def test_by_district_needs_districts():
    records = ranked(FIELD)
    selection = select_events(ground.events(IN, OUT), records)
    with pytest.raises(CompareError, match="district"):
        group_events(By.DISTRICT, selection, records)
    places = places_by_district(selection, ground.districts(west=ground.square(-100, -100, 300)), records)
    grouping = group_events(By.DISTRICT, selection, records, districts=places)
    assert counts(grouping) == [("west", 1, 1, 1), (None, None, 1, 0)]
    assert grouping.rows[0].group_id == "WEST"


def test_fewer_than_ten_events_are_counted_and_nothing_else():
    records = ranked(FIELD)
    events = ground.events(*[OUT] * 10, *[OUT] * 9, device_category=["CMR"] * 10 + ["UXO"] * 9)
    many, few, _ = group_events(By.DEVICE, select_events(events, records), records).rows
    assert (many.share_outside.value, many.median_distance_m) == (1.0, pytest.approx(400, abs=0.01))
    assert (few.share_outside.numerator, few.share_outside.value) == (9, None)
    assert (few.median_distance_m, few.median_distance_outside_m, few.p90_distance_outside_m) == (None, None, None)


def three(row):
    """Events and events inside, of all and before and after; and those without a side."""
    windows = (row, row.before_handover, row.after_handover)
    return [window and (window.total, window.inside) for window in windows], row.undated


def test_each_group_has_the_windows_of_the_headline():
    """The second field was handed over in July: what it holds in June counts before, and not after, the first one."""
    records = ranked(
        FIELD, ground.square(400, 0, 200), batch=["first", "second"], dates={"first": JUNE, "second": JULY}
    )
    events = ground.events(
        IN, OUT, IN, OUT, OUT, IN,
        dates=["2021-01-01", "2021-01-01", "2021-06-20", "2021-06-20", "2021-08-01", None],
        device_category=["AP_MINE", "AP_MINE", "AP_MINE", "AP_MINE", "UXO", "UXO"],
    )  # fmt: skip
    selection = select_events(events, records)
    mines, other, none = group_events(By.DEVICE, selection, records).rows
    assert three(mines) == ([(4, 4), (2, 2), (2, 1)], 0)
    assert three(other) == ([(2, 2), (0, 0), (1, 1)], 1)
    assert three(none) == ([(0, 0), (0, 0), (0, 0)], 0)
    # Alone, a batch is held against its own handover.
    first, second = group_events(By.BATCH, selection, records).rows
    assert three(first) == ([(6, 3), (2, 1), (3, 1)], 1)
    assert three(second) == ([(6, 3), (4, 2), (1, 1)], 1)


def test_a_batch_without_a_date_has_no_windows_and_says_why():
    records = ranked(FIELD, FIELD, batch=["a", "b"], dates={"a": JUNE, "b": None})
    selection = select_events(ground.events(IN, dates=["2021-01-01"]), records)
    dated, undated = group_events(By.BATCH, selection, records).rows
    assert three(dated) == ([(1, 1), (1, 1), (0, 0)], 0)
    assert three(undated) == ([(1, 1), None, None], 1)
    assert (dated.windows_reason, undated.windows_reason) == (None, "No handover date is known for b.")
    (only, _) = group_events(By.YEAR, selection, records).rows
    assert three(only) == ([(1, 1), None, None], 1)


def test_few_events_of_a_window_are_counted_and_nothing_else():
    events = ground.events(*[OUT] * 21, dates=["2021-01-01"] * 9 + ["2021-08-01"] * 12)
    records = ranked(FIELD)
    (row, _) = group_events(By.YEAR, select_events(events, records), records).rows
    before, after = row.before_handover, row.after_handover
    assert (before.share_outside.numerator, before.share_outside.value, before.median_distance_m) == (9, None, None)
    assert (after.share_outside.value, after.median_distance_m) == (1.0, pytest.approx(400, abs=0.01))


def test_sheets_that_were_never_mapped():
    # Ten events on a mapped sheet, two on sheets without a record, one that names none.
    places = [*[IN] * 4, *[OUT] * 6, OUT, IN, OUT]
    sheets = [*["N-1"] * 10, "N-2", "N-3", None]
    records = ranked(FIELD, map_sheet=["N-1"])
    selection = select_events(ground.events(*places, map_sheet=sheets), records)
    unmapped = accuracy_of(selection, records).unmapped_sheets
    assert (unmapped.places, unmapped.events_unplaced, unmapped.events_inside) == (3, 1, 1)
    assert [(each.place, each.events) for each in unmapped.without_record] == [("N-2", 1), ("N-3", 1)]
    assert (unmapped.events.numerator, unmapped.events.denominator) == (2, 13)
    assert (unmapped.elsewhere.total, unmapped.elsewhere.inside) == (10, 4)


def test_nothing_is_said_of_sheets_where_no_record_names_one():
    records = ranked(FIELD, map_sheet=[None])
    selection = select_events(ground.events(IN, map_sheet=["N-1"]), records)
    unmapped = accuracy_of(selection, records).unmapped_sheets
    assert (unmapped.elsewhere, unmapped.events.numerator) == (None, None)
    assert "names its map sheet" in unmapped.reason
    named = ranked(FIELD, map_sheet=["N-1"])
    nowhere = accuracy_of(select_events(ground.events(IN, map_sheet=[None]), named), named).unmapped_sheets
    assert (nowhere.elsewhere, nowhere.events.numerator) == (None, None)
    assert "No event" in nowhere.reason
    without_column = accuracy_of(select_events(ground.events(IN), records), records).unmapped_sheets
    assert "No map sheets" in without_column.reason


def test_districts_that_were_never_mapped():
    areas = ground.districts(mapped=ground.square(-200, -200, 400), never=ground.square(300, -200, 400))
    records = ranked(FIELD)
    selection = select_events(ground.events(*[IN] * 10, OUT, OUT, (5000, 0)), records)
    unmapped = find_unmapped(selection, places_by_district(selection, areas, records), records, "")
    assert [(each.place, each.events) for each in unmapped.without_record] == [("never", 2)]
    assert (unmapped.events.numerator, unmapped.events.denominator, unmapped.events_unplaced) == (2, 13, 1)
    assert (unmapped.elsewhere.total, unmapped.elsewhere.inside) == (10, 10)


def test_a_sheet_is_counted_by_the_events_that_count():
    records = ranked(FIELD, map_sheet=["N-1"])
    scope = ground.districts(claimed=ground.square(-100, -100, 300))
    events = ground.events(IN, OUT, map_sheet=["N-1", "N-2"])
    selection = select_events(events, records, Criteria(scope=scope))
    assert places_by_sheet(selection, records).names == ["N-1"]
