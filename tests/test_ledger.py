"""The ledger: what was announced against what arrived, by batch and in sum."""

from datetime import date

import pytest
from batches import add, square

from registry.ledger import make_ledger
from registry.model import Handover, Kind, PartialDate


def batch(registry, batch_id, geometries=(None,), *, mines=None, kind=Kind.MINEFIELDS, on=None, columns=None, **stated):
    handed = None if on is None else PartialDate.from_iso(on)
    handover = Handover(batch_id, f"Title of {batch_id}", handed_over_on=handed, **stated)
    rows = {} if mines is None else {"mines_total_stated": mines}
    return add(registry, batch_id, kind, list(geometries), handover=handover, **rows, **(columns or {}))


def test_nothing(empty):
    ledger = make_ledger(empty)
    assert ledger.rows == ()
    assert (ledger.total.batches, ledger.total.documents_difference) == (0, None)


class TestRow:
    def test_what_was_announced_and_what_arrived(self, empty):
        batch(
            empty, "b", [square(0, 0), square(2, 0), None], mines=[10, 30, None], on="2021-06-12",
            documents_claimed=3, mines_claimed=50, giving_party="A",
        )  # fmt: skip
        (row,) = make_ledger(empty).rows
        assert (row.title, row.giving_party, str(row.handed_over_on)) == ("Title of b", "A", "2021-06-12")
        assert (row.documents_announced, row.documents_arrived, row.documents_difference) == (3, 1, -2)
        assert (row.mines_announced, row.mines_arrived, row.mines_difference) == (50, 40, -10)
        assert (row.records_received, row.records_plotted, row.records_without_number) == (3, 2, 1)
        # A thousandth of a degree at 20 south is 104.65 m by 110.71 m.
        assert row.mapped_m2 == pytest.approx(2 * 104.65 * 110.71, rel=1e-3)
        assert (row.scope_m2, row.scope_text, row.districts_named) == (None, None, ())

    def test_what_was_not_announced_has_no_difference(self, empty):
        batch(empty, "b", mines=[5])
        (row,) = make_ledger(empty).rows
        assert (row.documents_announced, row.documents_difference, row.mines_difference) == (None, None, None)

    def test_counts_by_kind_where_no_total_is_stated(self, empty):
        columns = {"mines_ap": [3, 3, None], "mines_av": [None, 4, None]}
        batch(empty, "b", [None] * 3, mines=[10, None, None], columns=columns)
        (row,) = make_ledger(empty).rows
        assert (row.mines_arrived, row.records_without_number) == (17, 1)

    def test_a_shapefile_with_side_files_is_one_document(self, empty, tmp_path):
        from batches import write_source

        from registry.importer import ImportOptions, import_batch

        paths = [
            write_source(tmp_path / f"{name}.shp", [square(column, 0)], number=[name])
            for column, name in enumerate(("one", "two"))
        ]
        import_batch(empty, paths, Kind.MINEFIELDS, Handover("b", "B", documents_claimed=2), ImportOptions())
        (row,) = make_ledger(empty).rows
        assert (row.documents_arrived, row.documents_difference) == (2, 0)
        assert len(empty.documents(empty.layers()[0])) > 2

    def test_the_scope_that_was_handed_over(self, empty):
        batch(empty, "b", [square(0, 0)])
        batch(empty, "b", [square(0, 0, 3)], kind=Kind.SCOPE)
        (row,) = make_ledger(empty).rows
        assert row.scope_m2 == pytest.approx(9 * row.mapped_m2, rel=1e-3)

    def test_districts_named_in_words(self, empty):
        places = [square(0, 0, 5), square(10, 0, 5), square(20, 0, 5)]
        batch(empty, "d", places, kind=Kind.DISTRICTS, columns={"name": ["North Bank", "Füzuli", "Other"]})
        batch(empty, "b", [square(1, 1)], scope_text="Fuzuli, and the north bank; otherwise nothing")
        (row,) = make_ledger(empty).rows
        assert row.districts_named == ("North Bank", "Füzuli")
        assert row.districts_unmapped == ("Füzuli",)


class TestSum:
    def test_differences_are_over_those_that_announced(self, empty):
        batch(empty, "b", mines=[10], on="2021-07", documents_claimed=4, mines_claimed=10)
        batch(empty, "a", mines=[20], on="2021-06-12", documents_claimed=1)
        batch(empty, "silent", mines=[5])
        ledger = make_ledger(empty)
        assert [row.batch_id for row in ledger.rows] == ["a", "b", "silent"]
        total = ledger.total
        assert (total.documents_announced, total.documents_arrived) == (5, 3)
        assert (total.documents_difference, total.documents_silent) == (-3, 1)
        assert (total.mines_announced, total.mines_arrived) == (10, 35)
        assert (total.mines_difference, total.mines_silent) == (0, 2)

    def test_a_record_handed_over_twice(self, empty):
        batch(empty, "a", [square(0, 0)], mines=[10])
        repeated = {"duplicate_of": ["a/minefields-0", None]}
        batch(empty, "b", [square(0, 0), square(3, 3)], mines=[10, 7], columns=repeated)
        assert make_ledger(empty).total.mines_arrived == 27
        assert make_ledger(empty).total.mines_repeated == 10
        # Once the first is withdrawn nothing is repeated.
        empty.withdraw("a", reason="wrong file")
        assert make_ledger(empty).total.mines_repeated == 0

    @pytest.mark.parametrize(
        ("day", "batches"),
        [
            (date(2021, 6, 11), []),
            (date(2021, 6, 12), ["a"]),
            (date(2021, 7, 30), ["a"]),
            (date(2021, 7, 31), ["a", "b"]),
        ],
    )
    def test_as_of_a_day(self, empty, day, batches):
        batch(empty, "b", on="2021-07")
        batch(empty, "a", on="2021-06-12")
        batch(empty, "undated")
        assert [row.batch_id for row in make_ledger(empty, as_of=day).rows] == batches
