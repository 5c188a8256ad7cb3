from datetime import date

import ground
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from registry import geometry
from registry.codes import DatePrecision
from registry.compare.accuracy import measure_accuracy
from registry.compare.areas import rank_records
from registry.compare.containment import first_area, measure_window
from registry.errors import CompareError
from registry.model import PartialDate

JUNE = PartialDate(date(2021, 6, 12))
JULY = PartialDate(date(2021, 7, 3))
FIELD = ground.square(0, 0)


def accuracy(events, records, dates=None, **options):
    dates = {"a": JUNE} if dates is None else dates
    return measure_accuracy(events, rank_records(records, dates), **options)


def by_counts(window):
    return None if window is None else (window.total, window.inside, window.outside)


def test_events_inside_and_how_far_off_the_others_are():
    places = [(50, 50), (100, 50), (130, 50), (199, 50), (127, 136), (50, -2000)]
    result, classified = accuracy(ground.events(*places), ground.records(FIELD))
    window = result.all
    assert by_counts(window) == (6, 2, 4)
    assert classified["distance_m"].tolist() == pytest.approx([0, 0, 30, 99, 45, 2000], abs=2e-3)
    assert window.within_m == {0: 2, 25: 2, 50: 4, 100: 5, 250: 5, 500: 5, 1000: 5}
    assert window.median_distance_m == pytest.approx(37.5, abs=2e-3)
    assert window.median_distance_outside_m == pytest.approx(72, abs=2e-3)
    assert window.p90_distance_outside_m == pytest.approx(99 + 0.7 * 1901, abs=2e-3)
    assert window.share_inside.reason


def test_distances_are_geodesic_far_from_the_centre_of_the_plane():
    # On the plane, 10 degrees of latitude are 0.1 % too short or too long by their place.
    records = ground.records(FIELD).set_geometry([shapely.box(20, 45, 20.01, 45.01)], crs=geometry.WGS84)
    events = ground.events((0, 0)).set_geometry([shapely.Point(20.005, 55)], crs=geometry.WGS84)
    _, classified = accuracy(events, records)
    *_, expected_m = geometry.GEOD.inv(20.005, 45.01, 20.005, 55)
    assert classified["distance_m"].tolist() == pytest.approx([expected_m], rel=1e-6)


@given(st.lists(st.floats(0, 2000) | st.just(float("inf")), max_size=40))
def test_a_window_adds_up(distances):
    window = measure_window(np.array(distances))
    assert window.total == len(distances) == window.inside + window.outside
    assert window.within_m[0] == window.inside == sum(distance == 0 for distance in distances)
    counts = list(window.within_m.values())
    assert counts == sorted(counts)
    finite = np.array(distances)[np.isfinite(distances)]
    if len(finite) == len(distances) > 0:
        assert window.median_distance_m == pytest.approx(np.median(finite))
    outside = finite[finite > 0]
    if 0 < len(outside) == window.outside:
        assert window.p90_distance_outside_m == pytest.approx(np.quantile(outside, 0.9))


def test_distances_without_events_or_records_are_none():
    assert measure_window(np.array([])).median_distance_m is None
    assert measure_window(np.array([0.0, 0.0])).median_distance_outside_m is None
    assert measure_window(np.array([3.0, np.inf, np.inf])).median_distance_m is None


def test_windows_split_at_the_first_handover_and_see_what_was_in_hand():
    # The first field is handed over in June, the second in July.
    records = ground.records(FIELD, ground.square(1000, 0), batch=["june", "july"])
    first, second = (50, 50), (1050, 50)
    events = ground.events(
        *[first, second, first, second, second, second, first],
        dates=["2021-06-12", "2021-01-05", "2021-06-13", "2021-07-03", "2021-07-04", None, None],
    )
    result, _ = accuracy(events, records, {"june": JUNE, "july": JULY})
    assert by_counts(result.all) == (7, 7, 0)
    assert by_counts(result.before_handover) == (2, 2, 0)
    assert by_counts(result.after_handover) == (3, 2, 1)
    assert result.undated == 2
    # On the day of the July handover, the nearest field in hand is 950 m off.
    assert result.after_handover.median_distance_outside_m == pytest.approx(950, abs=0.01)


@pytest.mark.parametrize(
    ("day", "precision", "side"),
    [
        ("2021-06-12", "DAY", "before"),
        ("2021-06-13", "DAY", "after"),
        ("2021-05-01", "MONTH", "before"),
        ("2021-06-01", "MONTH", "undated"),
        ("2021-07-01", "MONTH", "after"),
        ("2020-01-01", "YEAR", "before"),
        ("2021-01-01", "YEAR", "undated"),
        ("2022-01-01", "YEAR", "after"),
        ("2021-06-13", None, "after"),
        (None, None, "undated"),
    ],
)
def test_a_coarse_date_is_on_a_side_only_when_all_of_it_is(day, precision, side):
    events = ground.events((50, 50), dates=[day], precisions=[precision])
    result, _ = accuracy(events, ground.records(FIELD))
    found = {
        "before": result.before_handover.total,
        "after": result.after_handover.total,
        "undated": result.undated,
    }
    assert found == {"before": 0, "after": 0, "undated": 0} | {side: 1}


@pytest.mark.parametrize(
    ("day", "side"),
    [("2020-12-31", "before"), ("2021-01-01", "before"), ("2021-01-02", "undated"), ("2022-01-01", "after")],
)
def test_a_handover_known_by_its_year(day, side):
    in_2021 = PartialDate(date(2021, 1, 1), DatePrecision.YEAR)
    result, _ = accuracy(ground.events((50, 50), dates=[day]), ground.records(FIELD), {"a": in_2021})
    found = {"before": result.before_handover, "after": result.after_handover}
    assert (
        {name: window.total for name, window in found.items()} == {"before": 0, "after": 0, side: 1}
        if (side != "undated")
        else {"before": 0, "after": 0}
    )
    assert result.undated == (side == "undated")


def test_a_batch_without_date_leaves_both_windows_open():
    records = ground.records(FIELD, FIELD, batch=["a", "b"])
    result, _ = accuracy(ground.events((50, 50), dates=["2021-01-01"]), records, {"a": JUNE, "b": None})
    assert (result.before_handover, result.after_handover, result.undated) == (None, None, 1)
    assert "b" in result.windows_reason
    assert by_counts(result.all) == (1, 1, 0)


def test_events_outside_the_scope_are_removed_and_shown_beside():
    scope = ground.districts(claimed=ground.square(-500, -500, 1000))
    events = ground.events((50, 50), (150, 50), (5000, 0), dates=["2021-01-01"] * 3)
    result, classified = accuracy(events, ground.records(FIELD), scope=scope)
    assert by_counts(result.all) == by_counts(result.before_handover) == (2, 1, 1)
    assert result.removed == {"out-of-scope": 1}
    assert by_counts(result.unfiltered) == (3, 1, 2)
    assert classified["event_class"].tolist() == ["inside", "near", "out-of-scope"]
    assert classified["distance_m"][2] == pytest.approx(4900, abs=0.1)


def test_a_scope_that_removes_nothing_needs_no_second_line():
    scope = ground.districts(claimed=ground.square(-500, -500, 1000))
    result, _ = accuracy(ground.events((50, 50)), ground.records(FIELD), scope=scope)
    assert result.removed == {"out-of-scope": 0}
    assert result.unfiltered is None
    assert accuracy(ground.events((50, 50)), ground.records(FIELD))[0].removed == {}


def test_every_event_has_its_class_its_records_and_its_distance():
    records = ground.records(FIELD, ground.square(20, 0), ground.square(1000, 0), batch=["b", "a", "a"])
    places = [(50, 50), (10, 50), (-90, 50), (-110, 50), (-90, 50), None]
    events = ground.events(*places, sigma_m=[np.nan, np.nan, np.nan, 60, 40, np.nan])
    result, classified = accuracy(events, records, {"a": JUNE, "b": JULY})
    assert classified["event_class"].tolist() == ["inside", "inside", "near", "near", "outside", "unlocated"]
    assert classified["records"].tolist() == [("a/r1", "b/r0"), ("b/r0",), ("b/r0",), ("b/r0",), ("b/r0",), ()]
    assert classified["distance_m"].tolist()[:5] == pytest.approx([0, 0, 90, 110, 90], abs=1e-3)
    assert np.isnan(classified["distance_m"][5])
    assert classified["accident_id"].tolist() == [f"e{number}" for number in range(6)]
    assert classified.crs == geometry.WGS84
    assert (result.events_received, result.events_unlocated, result.all.total) == (6, 1, 5)


def test_near_metres_count_only_where_no_position_error_is_stated():
    events = ground.events((150, 50), (150, 50), sigma_m=[np.nan, 1])
    _, classified = accuracy(events, ground.records(FIELD), near_m=60)
    assert classified["event_class"].tolist() == ["near", "outside"]
    _, classified = accuracy(events, ground.records(FIELD), near_m=40)
    assert classified["event_class"].tolist() == ["outside", "outside"]


@pytest.mark.parametrize("near_m", [-1, float("nan"), float("inf")])
def test_near_must_be_a_distance(near_m):
    with pytest.raises(CompareError, match="near distance"):
        accuracy(ground.events((0, 0)), ground.records(FIELD), near_m=near_m)


def test_districts_with_most_events_first_and_events_in_none_last():
    places = ground.districts(
        empty=ground.square(0, 5000),
        b=ground.square(0, 0, 1000),
        a=ground.square(1000, 0, 1000),
        c=ground.square(0, 9000),
    )
    events = ground.events((50, 50), (60, 50), (1500, 50), (1600, 50), (50, 9050), (-100, -100))
    result, _ = accuracy(events, ground.records(FIELD), districts=places)
    rows = [(row.district, row.district_id, row.total, row.inside, row.records_plotted) for row in result.by_district]
    assert rows == [("a", "A", 2, 0, 0), ("b", "B", 2, 2, 1), ("c", "C", 1, 0, 0), (None, None, 1, 0, None)]


def test_events_where_no_record_was_ever_plotted():
    places = ground.districts(mapped=ground.square(0, 0, 1000), never=ground.square(1000, 0, 1000))
    events = ground.events(*[(500, 500)] * 7, *[(1500, 500)] * 4, (-10, -10))
    result, _ = accuracy(events, ground.records(FIELD), districts=places)
    assert (result.never_mapped.numerator, result.never_mapped.denominator) == (4, 12)
    without, _ = accuracy(events, ground.records(FIELD))
    assert (without.never_mapped.value, without.never_mapped.numerator) == (None, None)
    assert "districts" in without.never_mapped.reason


def test_an_event_on_a_shared_border_belongs_to_the_first_district():
    halves = [shapely.box(20, 45, 21, 46), shapely.box(21, 45, 22, 46)]
    event = [shapely.Point(21, 45.3)]
    for areas in (halves, halves[::-1]):
        assert first_area(np.array(event, dtype=object), np.array(areas, dtype=object)).tolist() == [0]
    elsewhere = [shapely.Point(21.5, 45.3), shapely.Point(23, 45)]
    assert first_area(np.array(elsewhere, dtype=object), np.array(halves, dtype=object)).tolist() == [1, -1]


def test_what_a_repair_would_add():
    bow_tie = shapely.Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])
    unrepaired = ground.records(bow_tie, shapely.Polygon([(0, 300), (50, 300), (0, 300), (0, 300)]))
    field = ground.records(ground.square(80, 0))
    events = ground.events((10, 50), (95, 50), (50, 95), (90, 50), (50, 49))
    result, _ = accuracy(events, field, unrepaired=unrepaired)
    assert by_counts(result.all) == (5, 2, 3)
    assert (result.left_out.records, result.left_out.further_events_inside) == (2, 1)
    complete, _ = accuracy(events, field)
    assert (complete.left_out.records, complete.left_out.further_events_inside) == (0, 0)


@pytest.mark.parametrize("events", [ground.events(), ground.events(None, None)])
def test_without_located_events(events):
    places = ground.districts(one=ground.square(0, 0, 1000))
    result, classified = accuracy(events, ground.records(FIELD), districts=places)
    assert by_counts(result.all) == (0, 0, 0)
    assert (result.events_received, result.events_unlocated) == (len(events), len(events))
    assert classified["event_class"].tolist() == ["unlocated"] * len(events)


def test_without_records():
    places = ground.districts(one=ground.square(0, 0, 1000))
    result, classified = accuracy(ground.events((50, 50)), ground.records(), {}, districts=places)
    assert by_counts(result.all) == (1, 0, 1)
    assert result.all.median_distance_m is None
    assert result.windows_reason
    assert classified["event_class"].tolist() == ["outside"]
    assert classified["records"].tolist() == [()]


def test_a_record_of_a_later_batch_is_not_the_nearest_one_before():
    records = ground.records(FIELD, batch="july")
    events = ground.events((50, 50), dates=["2021-06-20"])
    result, _ = accuracy(events, records, {"june": JUNE, "july": JULY})
    assert by_counts(result.after_handover) == (1, 0, 1)
    assert result.after_handover.median_distance_m is None


@given(st.lists(st.tuples(st.integers(-20, 40), st.integers(-20, 40)), min_size=1, max_size=15), st.randoms())
def test_order_of_rows_does_not_change_the_figures(places, random):
    events = ground.events(*[(10 * x + 3, 10 * y + 3) for x, y in places])
    records = ground.records(FIELD, ground.square(50, 50), ground.square(200, 0), batch=["a", "b", "b"])
    dates = {"a": JUNE, "b": JULY}
    expected, _ = accuracy(events, records, dates)
    shuffled = events.iloc[random.sample(range(len(events)), len(events))]
    assert accuracy(shuffled, records.iloc[[2, 0, 1]], dates)[0] == expected
    assert expected.all.inside == sum(
        (0 <= 10 * x + 3 <= 100 and 0 <= 10 * y + 3 <= 100)
        or (50 <= 10 * x + 3 <= 150 and 50 <= 10 * y + 3 <= 150)
        or (200 <= 10 * x + 3 <= 300 and 0 <= 10 * y + 3 <= 100)
        for x, y in places
    )


def test_an_event_on_a_vertex_stays_inside_after_a_trip_through_other_planes():
    corner = (100.0, 100.0)
    events, records = ground.events(corner), ground.records(FIELD)
    for epsg in (32634, 3035):
        travelled = accuracy(events.to_crs(epsg), records.to_crs(epsg).to_crs(4326))[0]
        assert by_counts(travelled.all) == (1, 1, 0)


def test_a_date_column_of_any_resolution():
    events = ground.events((50, 50), dates=["2021-01-01"])
    events["occurred_on"] = pd.to_datetime(events["occurred_on"]).astype("datetime64[ns]")
    assert accuracy(events, ground.records(FIELD))[0].before_handover.total == 1
