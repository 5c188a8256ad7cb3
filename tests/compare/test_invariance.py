"""The same records and events give the same numbers, however they are ordered, batched and drawn."""

import dataclasses
from datetime import date

import ground
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.codes import By, Rule
from registry.compare.accuracy import accuracy_of
from registry.compare.areas import measure_coverage, merge_records, rank_records
from registry.compare.eligibility import Criteria, select_events
from registry.compare.groups import group_events, places_by_district
from registry.compare.marginal import measure_margins
from registry.compare.quality import measure_thematic
from registry.compare.study import measure_predictive, study_area
from registry.model import Counts, PartialDate

JUNE, JULY = (PartialDate(date(2021, month, 12)) for month in (6, 7))
DATES = {"a": JUNE, "b": JULY}
YEARS = ("2019-05-01", "2021-06-20", "2021-08-01", None)
RULES = (Rule.LAID_AFTER, Rule.ORDNANCE_MOVED)
RECEIVED = Counts(0, 0, 0, 0, 0)

squares = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 3), st.sampled_from("ab"), st.sampled_from(YEARS)),
    min_size=1,
    max_size=8,
)
happenings = st.lists(
    st.tuples(st.integers(-3, 13), st.integers(-3, 13), st.sampled_from(YEARS), st.booleans()), min_size=1, max_size=14
)


def records_of(rows):
    shapes = [ground.square(100 * x, 100 * y, 100 * side) for x, y, side, *_ in rows]
    return ground.records(
        *shapes,
        batch=[batch for *_, batch, _ in rows],
        laid_from=ground.dated(*[laid for *_, laid in rows]),
        laid_from_precision=[None] * len(rows),
        map_sheet=[f"N-{x // 5}" for x, *_ in rows],
        mines_ap=[side - 1 for _, _, side, *_ in rows],
        **{name: [None] * len(rows) for name in ("mines_av", "mines_other", "devices")},
    )


def events_of(rows):
    # Off the grid by a metre, so that no two rings bound one event.
    return ground.events(
        *[(100 * x + 1, 100 * y + 1) for x, y, *_ in rows],
        dates=[on for *_, on, _ in rows],
        ordnance_moved=[moved for *_, moved in rows],
        device_category=["AP_MINE" if x % 2 else "AV_MINE" for x, *_ in rows],
        map_sheet=[f"N-{x // 5}" for x, *_ in rows],
    )


def figures(records_frame, events, dates):
    """Everything that this comparison measures."""
    records = rank_records(records_frame, dates, ground.GROUND)
    places = ground.districts(west=ground.square(-500, -500, 1000), east=ground.square(500, -500, 1000))
    selection = select_events(events, records, Criteria(RULES))
    land = merge_records(records)
    districts = places_by_district(selection, places, records)
    return {
        "accuracy": accuracy_of(selection, records, districts=districts),
        "coverage": measure_coverage(records, RECEIVED, land=land, districts=places),
        "groups": [group_events(by, selection, records) for by in (By.DEVICE, By.SHEET, By.YEAR, By.BATCH)],
        "margins": measure_margins(selection, records, land.by_handover),
        "predictive": measure_predictive(selection, records, land, study_area(records, events, districts=places)),
        "thematic": measure_thematic(selection, records),
    }


@settings(max_examples=60)
@given(squares, happenings, st.randoms(use_true_random=False))
def test_order_of_rows_and_direction_of_rings(fields, events, random):
    records_frame, events_frame = records_of(fields), events_of(events)
    expected = figures(records_frame, events_frame, DATES)
    turned = records_frame.set_geometry(shapely.reverse(records_frame.geometry.to_numpy()), crs=records_frame.crs)
    shuffled = turned.iloc[random.sample(range(len(turned)), len(turned))]
    mixed = events_frame.iloc[random.sample(range(len(events_frame)), len(events_frame))]
    assert figures(shuffled, mixed, DATES) == expected


@settings(max_examples=60)
@given(squares, happenings, st.data())
def test_a_batch_split_in_two_of_the_same_day(fields, events, data):
    records_frame, events_frame = records_of(fields), events_of(events)
    whole = figures(records_frame, events_frame, DATES)
    half = [data.draw(st.sampled_from(["", "2"])) for _ in fields]
    split = records_frame.assign(
        batch_id=[batch + part for batch, part in zip(records_frame["batch_id"], half, strict=True)]
    )  # fmt: skip
    parts = figures(split, events_frame, {**DATES, "a2": JUNE, "b2": JULY})
    assert parts["accuracy"] == whole["accuracy"]
    assert parts["thematic"] == whole["thematic"]
    assert parts["predictive"] == whole["predictive"]
    assert parts["groups"][:3] == whole["groups"][:3]
    for name in ("sum_m2", "union_m2"):
        assert getattr(parts["coverage"], name) == getattr(whole["coverage"], name)
    by_district = [dataclasses.astuple(row) for row in whole["coverage"].by_district]
    assert [dataclasses.astuple(row) for row in parts["coverage"].by_district] == by_district
    # What the halves add together is what the whole adds.
    for batch in "ab":
        for name in ("events_newly_inside", "new_m2"):
            added = sum(getattr(row, name) for row in parts["margins"] if row.batch_id[0] == batch)
            expected = next(getattr(row, name) for row in whole["margins"] if row.batch_id == batch)
            assert added == pytest.approx(expected, abs=0.02)
