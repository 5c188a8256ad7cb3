from dataclasses import replace

import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.codes import By, Rule
from registry.compare.accuracy import accuracy_of
from registry.compare.areas import merge_records, place_records, plane_of, rank_records
from registry.compare.eligibility import Criteria, select_events
from registry.compare.groups import group_events, places_by_district
from registry.compare.marginal import measure_margins
from registry.compare.parts import COUNTED_IN_PARTS, PartCase, Series, add_parts, tally_part
from registry.compare.quality import measure_thematic
from registry.compare.reduced import reduce_parts
from registry.compare.study import hull_around, measure_predictive, stated_study, study_area
from registry.compare.tally import found_in, values_of, wanted_of
from registry.model import PartialDate

WEST, SOUTH, STEP = -20.0, -20.0, 0.01

CRITERIA = Criteria(rules=(Rule.LAID_AFTER, Rule.ORDNANCE_MOVED))
BATCHES = {"first": PartialDate.from_iso("2021-06-12"), "second": PartialDate.from_iso("2022-03")}


def cell(column, row, side=1.0):
    x, y = WEST + column * STEP, SOUTH + row * STEP
    return shapely.box(x, y, x + side * STEP, y + side * STEP)


def records():
    """Six squares of two batches, two of which are the same land."""
    shapes = [cell(0, 0), cell(2, 0), cell(4, 0), cell(0, 0), cell(0, 2), cell(2, 2)]
    return geopandas.GeoDataFrame(
        {
            "batch_id": ["first"] * 3 + ["second"] * 3,
            "record_id": list("abcdef"),
            "map_sheet": ["N-1", "N-1", None, "N-2", "N-2", "N-2"],
            "laid_from": np.array(["2020-01-01"] * 3 + ["2022-01-01"] * 3, dtype="datetime64[s]"),
            "laid_from_precision": ["DAY"] * 6,
            "mines_ap": [5, None, 5, 5, None, 0],
            "mines_av": [None, 5, None, None, None, None],
            "mines_other": [None] * 6,
            "devices": [None] * 6,
        },
        geometry=shapes,
        crs=4326,
    )


def districts():
    return geopandas.GeoDataFrame(
        {"record_id": ["1", "2", "3"], "name": ["A", None, "A"]},
        geometry=[cell(-1, -1, 4), cell(3, -1, 4), cell(30, 30)],
        crs=4326,
    )


def events(rows):
    """Rows of a place in steps, a date as far as it is known, whether the ordnance was moved, a sheet and a device."""
    places, dates, moved, sheets, devices = zip(*rows, strict=True) if rows else [()] * 5
    points = [None if at is None else shapely.Point(WEST + at[0] * STEP, SOUTH + at[1] * STEP) for at in places]
    precision = {4: "YEAR", 7: "MONTH", 10: "DAY"}
    return geopandas.GeoDataFrame(
        {
            "batch_id": ["events"] * len(rows),
            "accident_id": [str(number) for number in range(len(rows))],
            "occurred_on": np.array([date or "NaT" for date in dates], dtype="datetime64[s]"),
            "occurred_on_precision": np.array([date and precision[len(date)] for date in dates], dtype=object),
            "sigma_m": np.full(len(rows), np.nan),
            "map_sheet": np.array(sheets, dtype=object),
            "device_category": np.array(devices, dtype=object),
            "ordnance_moved": np.array(moved, dtype=bool),
        },
        geometry=points,
        crs=4326,
    )


ROWS = st.tuples(
    st.none() | st.tuples(st.sampled_from([0, 0.5, 1, 1.001, 2.5, 3.5, 8]), st.sampled_from([0, 0.5, 2.2, 7])),
    st.sampled_from([None, "2020-06-01", "2021", "2021-06-12", "2021-12", "2021-12-31", "2022-02-01", "2023-01-01"]),
    st.sampled_from([False, False, True]),
    st.sampled_from([None, "N-1", "N-2", "N-3"]),
    st.sampled_from([None, "AP_MINE", "AV_MINE", "UXO", "UNKNOWN"]),
)
NOBODY = (None, None, False, None, None)


def case(frame, area, by=()):
    ranked = rank_records(records(), BATCHES, plane_of(frame))
    study = None if area is None else stated_study(ranked.plane, districts=area)
    return PartCase(
        records=ranked,
        criteria=CRITERIA,
        districts=area,
        in_district=None if area is None else place_records(ranked, area).records_plotted,
        repaired=np.empty(0, dtype=object),
        study=study,
        by=by,
        parties={"first": "A", "second": "A"},
        sections=COUNTED_IN_PARTS,
    )


def reduced(parts, against, land):
    tallies, distances = zip(*(tally_part(part, against) for part in parts), strict=True)
    tally = add_parts(tallies)
    distance_of = {}
    for series, window in tally.windows.items():
        wanted = wanted_of(window)
        distance_of[series] = values_of(
            wanted, [found_in(each[series], wanted) for each in distances if series in each]
        )
    return reduce_parts(tally, distance_of, against, land, unrepaired=0)


@settings(max_examples=25)
@given(st.lists(st.lists(ROWS, max_size=8), min_size=1, max_size=4), st.booleans())
def test_parts_give_what_all_events_give(rows, with_districts):
    together = events([row for part in rows for row in part])
    area = districts() if with_districts else None
    by = (By.YEAR, By.BATCH, By.PARTY, By.SHEET, *((By.DISTRICT,) if with_districts else ()))
    against = case(together, area, by)
    ranked, land = against.records, merge_records(against.records)
    found = reduced([events(part) for part in rows], against, land)

    selection = select_events(together, ranked, CRITERIA)
    places = None if area is None else places_by_district(selection, area, ranked)
    assert found.accuracy == accuracy_of(selection, ranked, districts=places)
    assert found.margins == measure_margins(selection, ranked, land.by_handover)
    assert found.thematic == measure_thematic(selection, ranked)
    assert found.predictive == measure_predictive(selection, ranked, land, study_area(ranked, together, districts=area))
    for grouping in found.groups:
        assert grouping == group_events(
            grouping.by, selection, ranked, districts=places, parties=dict.fromkeys(BATCHES, "A")
        )


def test_by_hand():
    """Three parts: one event inside, one on the border of a field and one far off, one nowhere."""
    rows = [
        ((0.5, 0.5), "2023-01-01", False, "N-1", "AP_MINE"),
        ((8, 7), "2020-06-01", False, None, None),
        NOBODY,
        ((1, 0.5), None, False, "N-3", "UXO"),
    ]
    together = events(rows)
    against = case(together, None)
    parts = [events(rows[:1]), events(rows[1:3]), events(rows[3:])]
    accuracy = reduced(parts, against, merge_records(against.records)).accuracy
    assert (accuracy.events_received, accuracy.events_unlocated, accuracy.undated) == (4, 1, 1)
    assert (accuracy.all.total, accuracy.all.inside) == (3, 2)
    assert (accuracy.before_handover.total, accuracy.before_handover.inside) == (1, 0)
    assert (accuracy.after_handover.total, accuracy.after_handover.inside) == (1, 1)
    assert accuracy.unmapped_sheets.without_record[0].place == "N-3"


def test_series_that_no_part_has_are_windows_of_nobody():
    against = case(events([]), None)
    accuracy = reduced([events([])], against, merge_records(against.records)).accuracy
    assert accuracy.all.total == accuracy.after_handover.total == 0
    assert Series("events") == ("events", None, "all")


@given(
    st.lists(
        st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=1, max_size=12), min_size=1, max_size=5
    )
)
def test_the_hull_of_hulls_is_the_hull(parts):
    """Also where places are few, the same, or on a line: the hull has the same corners whatever the parts."""
    plane = plane_of(events([((0, 0), None, False, None, None)]))
    xy = [np.array(part, dtype=np.float64) * 1000 for part in parts]
    corners = [shapely.get_coordinates(shapely.convex_hull(shapely.multipoints(part))) for part in xy]
    at_once, by_parts = hull_around(np.concatenate(xy), plane), hull_around(np.concatenate(corners), plane)
    assert by_parts.area_m2 == at_once.area_m2
    assert by_parts.polygon.equals_exact(at_once.polygon, 0)


def test_counts_of_different_rules_do_not_add_up():
    one = tally_part(events([]), case(events([]), None))[0]
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        add_parts([one, replace(one, rules=one.rules[:-1])])
