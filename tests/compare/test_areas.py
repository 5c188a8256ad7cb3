from datetime import date

import ground
import numpy as np
import pytest
import shapely
from geopandas import GeoDataFrame
from hypothesis import given
from hypothesis import strategies as st

from registry import geometry
from registry.codes import DatePrecision
from registry.compare.areas import count_repeated, measure_coverage, place_records, plane_of, rank_records
from registry.errors import CompareError
from registry.model import Counts, PartialDate

JUNE = PartialDate(date(2021, 6, 12))
JULY = PartialDate(date(2021, 7, 3))
NONE_LOST = Counts(received=2, plotted=2, repaired=0, invalid=0, unplottable=0)


def coverage(records, dates, **options):
    return measure_coverage(rank_records(records, dates), NONE_LOST, **options)


def test_two_squares_that_half_overlap():
    result = coverage(ground.records(ground.square(0, 0), ground.square(50, 0)), {"a": JUNE})
    assert result.sum_m2 == pytest.approx(20_000, rel=1e-7)
    assert result.union_m2 == pytest.approx(15_000, rel=1e-7)


def test_a_hole_is_not_covered():
    ring = ground.square(0, 0, 300).difference(ground.square(100, 100))
    assert coverage(ground.records(ring), {"a": JUNE}).union_m2 == pytest.approx(80_000, rel=1e-7)


def test_batches_add_up_in_the_order_of_handover():
    shapes = (ground.square(0, 0), ground.square(50, 0), ground.square(50, 0))
    result = coverage(ground.records(*shapes, batch=["late", "early", "late"]), {"late": JULY, "early": JUNE})
    assert [(row.batch_id, row.handed_over_on, row.records_plotted) for row in result.by_handover] == [
        ("early", JUNE, 1),
        ("late", JULY, 2),
    ]
    assert [row.sum_m2 for row in result.by_handover] == pytest.approx([10_000, 20_000], rel=1e-7)
    assert [row.new_m2 for row in result.by_handover] == pytest.approx([10_000, 5_000], rel=1e-7)
    assert [row.cumulative_union_m2 for row in result.by_handover] == pytest.approx([10_000, 15_000], rel=1e-7)
    assert result.union_m2 == result.by_handover[-1].cumulative_union_m2


def test_a_batch_without_date_comes_last_and_one_without_records_adds_nothing():
    result = coverage(ground.records(ground.square(0, 0), batch="undated"), {"undated": None, "empty": JULY})
    assert [(row.batch_id, row.new_m2 > 0) for row in result.by_handover] == [("empty", False), ("undated", True)]


@given(
    st.lists(
        st.tuples(st.integers(0, 8), st.integers(0, 8), st.integers(1, 4), st.sampled_from("abc")),
        min_size=1,
        max_size=12,
    ),
    st.randoms(use_true_random=False),
)
def test_union_counts_each_cell_once_whatever_the_order_of_rows(squares, random):
    cells = {(x + i, y + j) for x, y, side, _ in squares for i in range(side) for j in range(side)}
    frame = ground.records(
        *[ground.square(10 * x, 10 * y, 10 * side) for x, y, side, _ in squares],
        batch=[batch for *_, batch in squares],
    )
    dates = {"a": JUNE, "b": JULY, "c": None}
    result = coverage(frame, dates)
    assert result.union_m2 == pytest.approx(100 * len(cells), rel=1e-6)
    assert result.sum_m2 == pytest.approx(100 * sum(side**2 for *_, side, _ in squares), rel=1e-6)
    assert sum(row.new_m2 for row in result.by_handover) == pytest.approx(result.union_m2, rel=1e-6)
    shuffled = random.sample(range(len(frame)), len(frame))
    assert coverage(frame.iloc[shuffled], dates) == result


def test_land_by_district_and_land_in_none():
    places = ground.districts(west=ground.square(-1000, 0, 1000), east=ground.square(0, 0, 1000))
    frame = ground.records(
        ground.square(-60, 500), ground.square(-60, 500), ground.square(950, 500), ground.square(5000, 0)
    )
    result = coverage(frame, {"a": JUNE}, districts=places)
    rows = {row.district: row for row in result.by_district}
    assert list(rows) == ["east", "west", None]
    assert (rows["west"].union_m2, rows["east"].union_m2) == pytest.approx((6_000, 9_000), rel=1e-5)
    assert rows[None].union_m2 == pytest.approx(15_000, rel=1e-5)
    assert [rows[name].records_plotted for name in rows] == [3, 2, 1]
    assert rows["east"].district_m2 == pytest.approx(1_000_000, rel=1e-6)
    assert rows["east"].share_of_district == pytest.approx(0.009, rel=1e-5)
    assert rows[None].district_m2 is None


def test_land_that_two_overlapping_districts_share_is_in_none_of_the_rest():
    places = ground.districts(one=ground.square(0, 0, 60), two=ground.square(0, 0, 80))
    result = coverage(ground.records(ground.square(0, 0)), {"a": JUNE}, districts=places)
    assert result.by_district[-1].union_m2 == pytest.approx(10_000 - 6_400, rel=1e-5)


def test_a_record_along_the_border_is_in_one_district_only():
    places = ground.districts(west=ground.square(-100, 0), east=ground.square(0, 0))
    records = rank_records(ground.records(ground.square(0, 0, 100)), {"a": JUNE}, ground.GROUND)
    assert place_records(records, places).records_plotted.tolist() == [0, 1]


def test_a_district_without_name_goes_by_its_id():
    places = ground.districts(west=ground.square(0, 0))
    places["name"] = None
    result = coverage(ground.records(ground.square(0, 0)), {"a": JUNE}, districts=places)
    assert result.by_district[0].district == "WEST"


def test_counts_and_the_unplottable_share():
    received = Counts(received=20, plotted=10, repaired=2, invalid=4, unplottable=6)
    result = measure_coverage(rank_records(ground.records(ground.square(0, 0)), {"a": JUNE}), received)
    assert (result.records_received, result.records_plotted) == (20, 10)
    assert (result.records_invalid, result.records_unplottable) == (4, 6)
    assert result.unplottable_share.value == 0.3


def test_nothing_handed_over_covers_nothing():
    result = measure_coverage(rank_records(ground.records(), {}), Counts(0, 0, 0, 0, 0))
    assert (result.sum_m2, result.union_m2, result.by_handover, result.by_district) == (0.0, 0.0, (), ())
    assert result.unplottable_share.reason


def test_rank_is_the_last_day_the_handover_can_mean():
    may_be_december = PartialDate(date(2021, 1, 1), DatePrecision.YEAR)
    frame = ground.records(*[ground.square(0, 0)] * 3, batch=["year", "july", "june"], ids=["1", "2", "3"])
    records = rank_records(frame, {"year": may_be_december, "july": JULY, "june": JUNE})
    assert records.record_ids == ("june/3", "july/2", "year/1")
    days = np.array(["2021-06-12", "2021-06-13", "2021-12-31", "2022-01-01"], dtype="datetime64[D]")
    assert records.held_before(days).tolist() == [0, 1, 2, 3]


def test_areas_agree_with_geodesic_ones():
    shape = ground.square(0, 0, 20_000)
    geodesic_m2, _ = geometry.GEOD.geometry_area_perimeter(ground.on_globe([shapely.segmentize(shape, 500)])[0])
    segmented = ground.records(shapely.segmentize(shape, 500))
    assert coverage(segmented, {"a": JUNE}).union_m2 == pytest.approx(geodesic_m2, rel=1e-5)


def test_the_plane_is_centred_on_all_the_data():
    plane = plane_of(ground.records(ground.square(0, 0)), ground.events((1000, 1000), None))
    centre = geometry.project(np.array([shapely.Point(0, 0)], dtype=object), plane, ground.GROUND)[0]
    assert (centre.x, centre.y) == pytest.approx((500, 500), abs=0.5)


def test_a_layer_without_crs_is_refused():
    with pytest.raises(CompareError, match="coordinate reference system"):
        rank_records(ground.records(ground.square(0, 0)).set_crs(None, allow_override=True), {"a": JUNE})


def test_a_field_handed_over_twice_is_counted_as_repeated():
    columns = {
        "batch_id": ["a", "a", "b", "b"],
        "record_id": ["1", "2", "1", "2"],
        # The second names a record that is not compared.
        "duplicate_of": [None, "c/9", "a/1", None],
    }
    assert count_repeated(GeoDataFrame(columns, geometry=[None] * 4, crs=4326)) == 1
    assert count_repeated(GeoDataFrame(columns, geometry=[None] * 4, crs=4326).iloc[2:]) == 0
