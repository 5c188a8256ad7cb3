import numpy as np
import pandas as pd
import pytest
import shapely
from ground import square
from hypothesis import given
from hypothesis import strategies as st

from registry.compare.finds import Finds
from registry.compare.minecount import count_mines, measure_recovery, recorded_mines

BLANK = (None, None, None, None)


def stating(*rows, duplicate_of=None):
    """Records by mines_ap, mines_av, mines_other and mines_total_stated."""
    columns = dict(
        zip(("mines_ap", "mines_av", "mines_other", "mines_total_stated"), zip(*rows, strict=True), strict=True)
    )
    frame = pd.DataFrame({name: pd.array(values, dtype="Int64") for name, values in columns.items()})
    return frame.assign(
        batch_id="a",
        record_id=[f"r{number}" for number in range(len(rows))],
        duplicate_of=pd.array(duplicate_of or [None] * len(rows), dtype="string"),
    )


def finds(*rows):
    places, classes, quantities = zip(*rows, strict=True) if rows else ((), (), ())
    points = np.array([shapely.MultiPoint([place]) for place in places], dtype=object)
    return Finds(points, np.array(classes, dtype=object), np.array(quantities, dtype=np.int64))


class TestRecordedMines:
    def test_the_stated_total_goes_before_the_sum(self):
        recorded = recorded_mines(stating((10, 5, None, 20), (10, 5, None, None), BLANK, (None, None, None, 7)))
        assert recorded["all"].tolist()[:2] == [20, 15]
        assert np.isnan(recorded["all"][2])
        assert recorded["all"][3] == 7
        assert np.isnan(recorded["ap"]).tolist() == [False, False, True, True]

    def test_nought_is_a_statement(self):
        assert recorded_mines(stating((0, None, None, None)))["all"].tolist() == [0]

    def test_a_number_below_nought_says_nothing(self):
        assert np.isnan(recorded_mines(stating((-5, None, None, None)))["all"]).all()


class TestRecovery:
    def test_two_fields(self):
        """Two completed fields record 100 + 50 AP mines and 20 + nothing AV mines."""
        completed = stating((100, 20, None, None), (50, None, None, None))
        found = finds(
            ((10, 10), "ap", 30), ((210, 10), "ap", 15), ((10, 20), "av", 10), ((210, 20), "av", 4),
            ((20, 20), "unspecified", 7), ((500, 500), "ap", 99),
        )  # fmt: skip
        ap, av, other, everything = measure_recovery(found, completed, np.array([square(0, 0), square(200, 0)]))
        assert (ap.device_class, ap.mines_found, ap.mines_recorded, ap.ratio) == ("ap", 45, 150, 0.3)
        # The second field says nothing of AV mines, so those found in it are on no side.
        assert (av.fields, av.fields_silent, av.mines_found, av.mines_recorded, av.ratio) == (1, 1, 10, 20, 0.5)
        assert (other.fields, other.ratio) == (0, None)
        assert "0 mines" in other.reason
        assert (everything.mines_found, everything.mines_recorded) == (30 + 15 + 10 + 4 + 7, 170)

    def test_more_can_be_found_than_was_recorded(self):
        row = measure_recovery(finds(((10, 10), "ap", 30)), stating((20, None, None, None)), np.array([square(0, 0)]))[
            0
        ]
        assert row.ratio == 1.5

    def test_few_mines_have_no_ratio(self):
        row = measure_recovery(finds(((10, 10), "ap", 3)), stating((9, None, None, None)), np.array([square(0, 0)]))[0]
        assert (row.mines_found, row.mines_recorded, row.ratio) == (3, 9, None)
        assert "9 mines" in row.reason

    def test_a_find_in_two_fields_counts_once(self):
        completed = stating((10, None, None, None), (10, None, None, None))
        rows = measure_recovery(finds(((75, 10), "ap", 5)), completed, np.array([square(0, 0), square(50, 0)]))
        assert (rows[0].mines_found, rows[0].mines_recorded) == (5, 20)

    def test_no_completed_field(self):
        rows = measure_recovery(finds(((75, 10), "ap", 5)), stating((10, 0, 0, 10)).iloc[:0], np.empty(0, dtype=object))
        assert [(row.fields, row.mines_found, row.ratio) for row in rows] == [(0, 0, None)] * 4

    @given(
        st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["ap", "av", "other"]), st.integers(1, 50)), max_size=20)
    )
    def test_classes_add_up_where_all_is_stated(self, found):
        completed = stating(*[(100, 100, 100, None)] * 3)
        fields = np.array([square(200 * number, 0) for number in range(3)])
        placed = finds(*[((200 * number + 50, 50), name, quantity) for number, name, quantity in found])
        *classes, everything = measure_recovery(placed, completed, fields)
        assert sum(row.mines_found for row in classes) == everything.mines_found
        assert everything.mines_found == sum(quantity for number, _, quantity in found if number < 3)


class TestMineCount:
    def test_400_000_of_a_million(self):
        count = count_mines(
            stating((None, None, None, 300_000), (60_000, 40_000, None, None), BLANK), 1_000_000, "A report"
        )
        assert (count.mines_recorded, count.records_stating, count.records_silent) == (400_000, 2, 1)
        assert count.ratio == 0.4
        assert (count.mines_estimated, count.estimate_source) == (1_000_000, "A report")

    def test_a_record_handed_over_twice_counts_once(self):
        records = stating((10, 0, 0, 10), (10, 0, 0, 10), duplicate_of=[None, "a/r0"])
        count = count_mines(records, 100, "A report")
        assert (count.mines_recorded, count.records_stating, count.records_repeated) == (10, 1, 1)

    def test_a_record_that_repeats_one_that_is_not_compared_counts(self):
        records = stating((10, 0, 0, 10), duplicate_of=["elsewhere/r0"])
        assert count_mines(records, None, None).mines_recorded == 10

    def test_without_an_estimate_there_is_no_ratio(self):
        count = count_mines(stating((10, 0, 0, 10)), None, None)
        assert count.ratio is None
        assert "estimate" in count.reason

    def test_silent_records_give_no_ratio(self):
        count = count_mines(stating(BLANK), 100, "A report")
        assert (count.ratio, count.mines_recorded) == (None, 0)
        assert "No record" in count.reason

    def test_more_can_be_recorded_than_somebody_estimates(self):
        assert count_mines(stating((10, 0, 0, 30)), 20, "A report").ratio == pytest.approx(1.5)
