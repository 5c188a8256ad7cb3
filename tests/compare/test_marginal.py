from datetime import date

import ground
import pytest

from registry.codes import Rule
from registry.compare.areas import merge_records, rank_records
from registry.compare.eligibility import Criteria, select_events
from registry.compare.marginal import measure_margins
from registry.model import PartialDate

JUNE, JULY, AUGUST = (PartialDate(date(2021, month, 1)) for month in (6, 7, 8))


def margins(events, *shapes, batch, dates, rules=(), **columns):
    records = rank_records(ground.records(*shapes, batch=batch, **columns), dates, ground.GROUND)
    selection = select_events(events, records, Criteria(rules))
    return measure_margins(selection, records, merge_records(records).by_handover)


def test_what_each_batch_adds_in_the_order_of_handover():
    # The second batch half repeats the first; the third lies within it.
    shapes = [ground.square(50, 0), ground.square(0, 0), ground.square(0, 0, 50), ground.square(60, 0, 20)]
    events = ground.events(*[(10, 10)] * 3, *[(70, 10)] * 2, *[(120, 10)] * 4, (500, 0))
    rows = margins(
        events, *shapes, batch=["second", "first", "third", "third"],
        dates={"third": AUGUST, "second": JULY, "first": JUNE},
    )  # fmt: skip
    assert [
        (row.batch_id, row.events_inside, row.events_newly_inside, row.events_inside_so_far) for row in rows
    ] == [("first", 5, 5, 5), ("second", 6, 4, 9), ("third", 5, 0, 9)]  # fmt: skip
    assert [row.union_m2 for row in rows] == pytest.approx([10_000, 10_000, 2_900], rel=1e-6)
    assert [row.new_m2 for row in rows] == pytest.approx([10_000, 5_000, 0], rel=1e-6, abs=1e-6)
    assert [row.share_already_covered for row in rows] == pytest.approx([0, 0.5, 1], abs=1e-6)
    assert (rows[1].share_newly_inside.numerator, rows[1].share_newly_inside.denominator) == (4, 10)
    assert rows[1].share_newly_inside.value == 0.4


def test_a_batch_without_plotted_records_adds_nothing():
    rows = margins(ground.events((10, 10)), ground.square(0, 0), batch="a", dates={"a": JUNE, "empty": JULY})
    assert [(row.batch_id, row.events_newly_inside, row.share_already_covered) for row in rows] == [
        ("a", 1, 0.0),
        ("empty", 0, None),
    ]


def test_without_records_no_share_is_given():
    (row,) = margins(ground.events(*[(0, 0)] * 12), batch=[], dates={"empty": JULY})
    assert (row.share_newly_inside.value, row.share_newly_inside.denominator) == (None, 12)


def test_only_eligible_events_and_records_count():
    shapes = [ground.square(0, 0), ground.square(0, 0)]
    laid = {"laid_from": ground.dated("2020-06-01", None), "laid_from_precision": [None, None]}
    events = ground.events((10, 10), (10, 10), dates=["2020-01-01", "2020-07-01"], ordnance_moved=[None, None])
    rows = margins(
        events, *shapes, batch=["first", "second"], dates={"first": JUNE, "second": JULY},
        rules=(Rule.LAID_AFTER,), **laid,
    )  # fmt: skip
    assert [row.events_newly_inside for row in rows] == [1, 1]
