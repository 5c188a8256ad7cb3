"""Windows of groups add up to those of all events, and a batch alone is what it is when nothing else is compared."""

from datetime import date

import ground
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from registry.compare.areas import rank_records
from registry.compare.eligibility import select_events
from registry.compare.timed import time_events
from registry.model import PartialDate

DATES = {"a": PartialDate(date(2021, 6, 12)), "b": PartialDate(date(2021, 7, 3)), "c": PartialDate(date(2021, 9, 1))}
FIELDS = {"a": ground.square(0, 0), "b": ground.square(150, 0), "c": ground.square(50, 50)}
PLACES = st.tuples(st.integers(-1, 6), st.integers(-1, 4)).map(lambda at: (at[0] * 50.0, at[1] * 50.0))
DAYS = st.one_of(st.none(), st.dates(date(2021, 5, 1), date(2021, 10, 1)).map(str))


def ranked(batches):
    shapes = [FIELDS[batch] for batch in batches]
    return rank_records(ground.records(*shapes, batch=batches), {each: DATES[each] for each in batches}, ground.GROUND)


@given(st.lists(st.tuples(PLACES, DAYS, st.booleans()), min_size=1, max_size=12))
def test_windows_of_parts_add_up(drawn):
    records = ranked(["a", "b", "c"])
    events = ground.events(*[place for place, _, _ in drawn], dates=[day for _, day, _ in drawn])
    timed = time_events(select_events(events, records), records)
    one = np.array([chosen for _, _, chosen in drawn])
    whole, parts = timed.windows(), (timed.windows(one), timed.windows(~one))
    for name in ("all", "before_handover", "after_handover"):
        for count in ("total", "inside", "outside"):
            assert sum(getattr(getattr(each, name), count) for each in parts) == getattr(getattr(whole, name), count)
    assert sum(each.undated for each in parts) == whole.undated
    assert whole.all.total == whole.before_handover.total + whole.after_handover.total + whole.undated


@given(st.lists(st.tuples(PLACES, DAYS), min_size=1, max_size=12), st.sampled_from("abc"))
def test_a_batch_alone(drawn, batch):
    events = ground.events(*[place for place, _ in drawn], dates=[day for _, day in drawn])
    together, alone = ranked(["a", "b", "c"]), ranked([batch])
    chosen = np.array([each == batch for each, _ in together.batches])
    found = time_events(select_events(events, together), together, chosen).windows()
    assert found == time_events(select_events(events, alone), alone).windows()
