from datetime import date

import ground
import pytest

from registry.codes import DatePrecision
from registry.compare.areas import rank_records
from registry.compare.eligibility import select_events
from registry.compare.quality import measure_quality, measure_thematic
from registry.model import Counts, PartialDate

JUNE = PartialDate(date(2021, 6, 12))
FIELD, FAR = ground.square(0, 0), ground.square(1000, 0)
IN, OUT = (50, 50), (500, 50)


def received(*rows, batch="a"):
    """Records by (laid_from, its precision, laid_to, its precision)."""
    return ground.records(
        *[FIELD] * len(rows),
        batch=batch,
        laid_from=ground.dated(*[row[0] for row in rows]),
        laid_from_precision=[row[1] for row in rows],
        laid_to=ground.dated(*[row[2] for row in rows]),
        laid_to_precision=[row[3] for row in rows],
    )


def counts(number, unplottable=0):
    return Counts(number, number - unplottable, 0, 0, unplottable)


def thematic(events, **columns):
    silent = {name: [None] * 3 for name in ("mines_ap", "mines_av", "mines_other", "devices")}
    frame = ground.records(FIELD, FIELD, FAR, **(silent | columns))
    records = rank_records(frame, {"a": JUNE}, ground.GROUND)
    return measure_thematic(select_events(events, records), records)


def test_events_whose_device_a_covering_record_claims():
    # The field is recorded twice: once with anti-personnel, once with anti-vehicle mines.
    places = [*[IN] * 8, (1050, 50), (1050, 50), OUT, IN, IN]
    devices = ["AP_MINE"] * 5 + ["AV_MINE"] * 2 + ["CMR", "AP_MINE", "AV_MINE", "AP_MINE", "UNKNOWN", None]
    result = thematic(
        ground.events(*places, device_category=devices), mines_ap=[4, 0, 3], mines_av=[0, 7, None]
    )  # fmt: skip
    assert (result.events_inside, result.events_device_unknown, result.events_record_silent) == (12, 2, 0)
    assert (result.share.numerator, result.share.denominator) == (8, 10)


def test_a_record_that_does_not_say_what_was_laid_is_not_wrong():
    result = thematic(
        ground.events(IN, (1050, 50), device_category=["AP_MINE", "AP_MINE"]), mines_av=[None, None, 2]
    )  # fmt: skip
    assert (result.events_record_silent, result.share.numerator, result.share.denominator) == (1, 0, 1)


def test_records_with_a_date_of_laying():
    frame = received(
        ("1993-01-01", None, None, None),
        (None, None, "1994-01-01", "YEAR"),
        *[(None, None, None, None)] * 8,
    )
    result = measure_quality(frame, {"a": counts(10, unplottable=3)}, {"a": JUNE})
    assert (result.dated_share.numerator, result.dated_share.denominator, result.dated_share.value) == (2, 10, 0.2)
    (row,) = result.by_batch
    assert row.dated_share == result.dated_share
    assert row.unplottable_share.value == 0.3


def test_days_from_laying_to_handover():
    frame = received(
        ("2021-06-01", None, "2021-06-02", None),
        ("2021-06-11", None, None, None),
        # Laid at any time of 2020, that is 163 to 528 days before.
        (None, None, "2020-01-01", "YEAR"),
        ("2021-06-20", None, None, None),
        (None, None, None, None),
    )
    delay = measure_quality(frame, {"a": counts(5)}, {"a": JUNE}).delay
    assert (delay.records, delay.records_laid_after) == (4, 1)
    assert (delay.shortest_days, delay.longest_days) == (-8, 528)
    # At least -8, 1, 10 and 163 days; at most -8, 1, 10 and 528.
    assert (delay.shortest_median_days, delay.longest_median_days) == (5.5, 5.5)


def test_a_handover_known_by_its_month():
    in_june = PartialDate(date(2021, 6, 1), DatePrecision.MONTH)
    delay = measure_quality(received(("2021-05-31", None, None, None)), {"a": counts(1)}, {"a": in_june}).delay
    assert (delay.shortest_days, delay.longest_days) == (1, 30)


def test_batches_apart_and_those_without_date_or_record():
    frame = received(("2021-06-11", None, None, None), ("2021-06-10", None, None, None), batch=["a", "b"])
    result = measure_quality(
        frame, {"a": counts(1), "b": counts(1), "empty": counts(0)}, {"a": JUNE, "b": None, "empty": JUNE}
    )  # fmt: skip
    assert [(row.batch_id, row.delay.records, row.delay.shortest_median_days) for row in result.by_batch] == [
        ("a", 1, pytest.approx(1)),
        ("b", 0, None),
        ("empty", 0, None),
    ]
    assert result.delay.records == 1
