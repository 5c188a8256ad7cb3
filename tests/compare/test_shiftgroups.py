import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from test_shift import CROSSED, IN_CROSSED

from registry.codes import ShiftBy
from registry.compare.shiftgroups import group_shifts, holm


def test_holm():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []
    assert holm([0.9, 0.8]) == pytest.approx([1, 1])


@given(st.lists(st.floats(0, 1), max_size=8))
def test_an_adjusted_p_value_is_never_smaller_nor_above_1(p_values):
    for stated, adjusted in zip(p_values, holm(p_values), strict=True):
        assert stated <= adjusted <= 1


@pytest.fixture(scope="module")
def rows():
    """Sheet A was drawn 150 m too far south, sheet B rightly; a third record names no sheet and has no events."""
    first = [shapely.transform(each, lambda xy: xy - np.array([0, 150.0])) for each in CROSSED]
    second = [shapely.transform(each, lambda xy: xy + 20_000) for each in CROSSED]
    polygons = np.array([*first, *second, shapely.box(60_000, 0, 60_100, 100)], dtype=object)
    places = np.vstack([IN_CROSSED, IN_CROSSED + 20_000])
    sheet = np.array(["A", "A", "B", "B", None], dtype=object)
    batch = np.array(["one"] * 5, dtype=object)
    kinds = [(ShiftBy.BATCH, batch), (ShiftBy.SHEET, sheet)]
    return group_shifts(polygons, kinds, places, np.full(len(places), 30.0))


def test_each_group_is_sought_on_its_own(rows):
    assert [(row.by, row.group) for row in rows] == [
        (ShiftBy.BATCH, "one"),
        (ShiftBy.SHEET, "A"),
        (ShiftBy.SHEET, "B"),
        (ShiftBy.SHEET, None),
    ]
    _, a, b, unnamed = rows
    assert a.shift.found
    assert (a.shift.east_m, a.shift.north_m) == pytest.approx((0, 150), abs=3)
    assert (a.shift.records, a.shift.events) == (2, len(IN_CROSSED))
    assert b.shift.found is False
    assert (unnamed.shift.found, unnamed.p_adjusted) == (None, None)
    assert "Too few events" in unnamed.shift.reason


def test_three_were_tested_and_their_p_values_adjusted(rows):
    """The tail of the clear one is far below 1 in 200; the sheet without a shift keeps what it had, or more."""
    tested = [row for row in rows if row.p_adjusted is not None]
    assert len(tested) == 3
    assert rows[1].p_adjusted < 0.001
    assert rows[2].p_adjusted >= rows[2].shift.p_value
