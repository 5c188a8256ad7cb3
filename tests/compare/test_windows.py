from datetime import date

import ground
import numpy as np

from registry.codes import DatePrecision
from registry.compare.windows import batches_in_hand, happened_by, sides
from registry.model import PartialDate

DAY = date(2021, 6, 12)


def test_batches_in_hand_on_a_day():
    dates = {
        "later": PartialDate(date(2021, 6, 13)),
        "that day": PartialDate(DAY),
        "undated": None,
        "some day of June": PartialDate(date(2021, 6, 1), DatePrecision.MONTH),
        "some day of 2020": PartialDate(date(2020, 1, 1), DatePrecision.YEAR),
    }
    assert batches_in_hand(dates, DAY) == (
        ("that day", "some day of 2020"),
        ("later", "some day of June"),
        ("undated",),
    )


def test_events_that_had_surely_happened():
    events = ground.events(
        *[(0, 0)] * 5,
        dates=["2021-06-12", "2021-06-13", "2021-06-01", "2021-05-01", None],
        precisions=["DAY", "DAY", "MONTH", "MONTH", None],
    )
    found = happened_by(events, "occurred_on", DAY)
    assert found.happened.tolist() == [True, False, False, True, False]
    assert (found.not_by_then, found.undated) == (2, 1)


def test_no_side_without_a_handover():
    days = np.array(["2021-01-01"], dtype="datetime64[D]")
    before, after, reason = sides(days, days, ())
    assert (before.tolist(), after.tolist()) == ([False], [False])
    assert "no handover date" in reason
