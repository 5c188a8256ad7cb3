"""How many of the killed had a role: exactly where the records tell, else no more and no fewer than they allow."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.victims import RoleCount, breakdown, count_role


def events(*rows):
    killed, injured, roles = zip(*rows, strict=True)
    return pd.DataFrame(
        {
            "killed": pd.array(killed, dtype="Int64"),
            "injured": pd.array(injured, dtype="Int64"),
            "victims_by_role": pd.Series(roles, dtype=object),
        }
    )


def test_a_breakdown_is_read_however_deep():
    assert list(breakdown({" Civilian": {"Killed": 1, "injured": 2}, "deminer": 3})) == [
        (("civilian", "killed"), 1),
        (("civilian", "injured"), 2),
        (("deminer",), 3),
    ]


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ((1, 0, {"journalist": 1}), (1, 1, 1)),  # nobody was injured
        ((0, 2, {"journalist": 1, "civilian": 1}), (1, 0, 0)),  # nobody was killed
        ((2, 1, {"journalist": 2, "civilian": 1}), (2, 1, 2)),  # one can have been the injured one
        ((2, 1, {"journalist": {"killed": 2}, "civilian": {"injured": 1}}), (2, 2, 2)),
        ((2, 2, {"journalist": {"killed": 1}, "Journalist ": 1, "civilian": 2}), (2, 1, 2)),
        ((1, None, {"journalist": 1}), (1, 0, 1)),
        ((None, 0, {"journalist": 1}), (1, 1, 1)),
        ((None, None, {"journalist": 1}), (1, 0, 1)),
        ((1, 1, {"civilian": 2}), (0, 0, 0)),
        ((1, 0, {"journalist": {"unharmed": 4, "killed": 1}}), (1, 1, 1)),
        ((1, 0, {"journalist": "one"}), (0, 0, 0)),
    ],
)
def test_one_event(row, found):
    counted = count_role(events(row), "journalist")
    assert (counted.victims, counted.killed_at_least, counted.killed_at_most) == found


def test_the_killed_of_events_that_name_no_role_are_counted():
    assert count_role(events((1, 0, {"journalist": 1}), (4, 2, None)), "journalist") == RoleCount(1, 1, 1, 4)
    assert count_role(events((1, 0, None)), "journalist") is None


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)), min_size=1))
def test_bounds_hold_whatever_happened(drawn):
    """Journalists killed and injured, others killed and injured; the records give victims by role alone."""
    rows = [
        (j_killed + killed, j_injured + injured, {"journalist": j_killed + j_injured, "civilian": killed + injured})
        for j_killed, j_injured, killed, injured in drawn
    ]
    counted = count_role(events(*rows), "journalist")
    truth = sum(j_killed for j_killed, _, _, _ in drawn)
    assert counted.killed_at_least <= truth <= counted.killed_at_most
    told = [
        (k, i, {"journalist": {"killed": jk, "injured": ji}})
        for (k, i, _), (jk, ji, _, _) in zip(rows, drawn, strict=True)
    ]
    exact = count_role(events(*told), "journalist")
    assert (exact.killed_at_least, exact.killed_at_most) == (truth, truth)
