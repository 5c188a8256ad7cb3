"""Agreement of areas, on squares and lines whose answer can be worked out by hand."""

import numpy as np
import pytest
import shapely
from geopandas import GeoDataFrame
from ground import GROUND, on_globe, square
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.affinity import rotate

from registry.compare.agreement import (
    RESOLUTION_M,
    AreaShare,
    area_share,
    dissolve,
    measure_agreement,
    measure_boundary,
    shared_m2,
)
from registry.geometry import WGS84

MILLIMETRES = 0.01  # positions on the ground are rounded to a quarter of a millimetre by PROJ

BOXES = st.lists(
    st.tuples(*[st.integers(-1_000, 1_000)] * 2, *[st.integers(5, 800)] * 2).map(
        lambda box: shapely.box(box[0], box[1], box[0] + box[2], box[1] + box[3])
    ),
    min_size=1,
    max_size=6,
)


def plain(*shapes):
    return np.array(shapes, dtype=object)


def areas(*shapes):
    return GeoDataFrame(geometry=on_globe(shapes) if shapes else [], crs=WGS84)


def agreement(mapped, surveyed):
    return measure_agreement(dissolve(plain(*mapped)), areas(*surveyed), GROUND)


class TestAreas:
    def test_squares_that_share_half(self):
        result = agreement([square(0, 0)], [square(50, 0)])
        assert (result.mapped_m2, result.surveyed_m2) == pytest.approx((10_000, 10_000), abs=1)
        assert result.shared_m2 == pytest.approx(5_000, abs=1)
        assert result.iou.value == pytest.approx(1 / 3, abs=1e-4)
        assert result.shared_of_mapped.value == pytest.approx(1 / 2, abs=1e-4)
        assert result.shared_of_surveyed.value == pytest.approx(1 / 2, abs=1e-4)

    def test_a_small_square_in_a_large_one(self):
        result = agreement([square(0, 0, 200)], [square(50, 50, 100)])
        shares = (result.iou.value, result.shared_of_mapped.value, result.shared_of_surveyed.value)
        assert shares == pytest.approx((1 / 4, 1 / 4, 1), abs=1e-4)

    def test_overlaps_count_once_on_either_side(self):
        once = agreement([square(0, 0)], [square(50, 0)])
        often = agreement([square(0, 0), square(0, 0), square(20, 20, 50)], [square(50, 0), square(60, 0, 90)])
        assert often.iou.value == pytest.approx(once.iou.value, abs=1e-4)
        # Inner borders of overlapping areas are no boundary.
        assert often.mapped_boundary.length_m == pytest.approx(400, abs=MILLIMETRES)
        assert often.surveyed_boundary.length_m == pytest.approx(400, abs=MILLIMETRES)

    def test_an_area_is_no_count(self):
        share = agreement([square(0, 0)], [square(50, 0)]).iou
        assert "no binomial interval" in share.method
        assert not hasattr(share, "low")

    @pytest.mark.parametrize(
        ("mapped", "surveyed", "reason"),
        [([], [square(0, 0)], "records"), ([square(0, 0)], [], "areas"), ([], [], "records")],
    )
    def test_one_side_is_empty(self, mapped, surveyed, reason):
        result = agreement(mapped, surveyed)
        assert (result.mapped_m2 > 0, result.surveyed_m2 > 0) == (bool(mapped), bool(surveyed))
        assert result.iou.value == (0 if mapped or surveyed else None)
        assert reason in result.reason
        nothing = (result.mapped_boundary, result.surveyed_boundary, result.hausdorff_m, result.centroid_shift)
        assert nothing == (None,) * 4
        assert (result.shared_of_mapped.reason is None) == bool(mapped)
        assert (result.shared_of_surveyed.reason is None) == bool(surveyed)

    def test_a_ratio_has_a_value_or_a_reason(self):
        assert area_share(0.0, 0.0, "Nothing.").reason == "Nothing."
        with pytest.raises(ValueError, match="reason"):
            AreaShare(0.0, 0.0, None)

    def test_missing_and_empty_polygons_are_passed_over(self):
        assert shapely.area(dissolve(plain(None, shapely.MultiPolygon(), square(0, 0)))).tolist() == [10_000]

    @given(BOXES, BOXES)
    @settings(max_examples=20)
    def test_iou_is_symmetric_and_what_shapely_says(self, one, other):
        forth, back = agreement(one, other), agreement(other, one)
        first, second = shapely.union_all(one), shapely.union_all(other)
        common = first.intersection(second).area
        assert forth.iou.value == pytest.approx(common / first.union(second).area, abs=1e-3)
        assert 0 <= forth.iou.value <= 1
        assert forth.iou.value == pytest.approx(back.iou.value, abs=1e-3)
        assert forth.shared_of_mapped.value == pytest.approx(back.shared_of_surveyed.value, abs=1e-3)
        assert forth.hausdorff_m == pytest.approx(back.hausdorff_m, abs=2 * RESOLUTION_M)

    @given(BOXES, BOXES, st.randoms(use_true_random=False))
    @settings(max_examples=12)
    def test_order_and_direction_change_nothing(self, one, other, random):
        before = measure_agreement(dissolve(plain(*one)), areas(*other), GROUND)
        one, other = list(one), list(other)
        random.shuffle(one)
        random.shuffle(other)
        after = measure_agreement(
            dissolve(plain(*shapely.reverse(one))), areas(*[shapely.reverse(box) for box in other]), GROUND
        )
        assert after == before

    @given(BOXES, BOXES)
    @settings(max_examples=40)
    def test_shares_of_polygons_add_up(self, one, other):
        parts = dissolve(plain(*one))
        assert shapely.area(parts).sum() == pytest.approx(shapely.union_all(one).area)
        common = shared_m2(plain(*other), parts)
        assert common.tolist() == pytest.approx([box.intersection(shapely.union_all(one)).area for box in other])


class TestBoundary:
    def test_a_shifted_square(self):
        """Seen from 0..100 x 0..100, of a square 50 m farther east.

        Its west side is 50 m off. North and south sides are 0 to 50 m off along 50 m and on the other's sides along
        50 m. The east side runs through the other square: it is as far off as its nearer end, 50 m at most.
        """
        forth = agreement([square(0, 0)], [square(50, 0)]).mapped_boundary
        assert forth.length_m == pytest.approx(400, abs=MILLIMETRES)
        assert forth.length_within_m[10] == pytest.approx(60 + 60 + 20, abs=MILLIMETRES)
        assert forth.length_within_m[25] == pytest.approx(75 + 75 + 50, abs=MILLIMETRES)
        assert [forth.length_within_m[limit] for limit in (100, 250, 500)] == pytest.approx([400] * 3, abs=MILLIMETRES)
        assert forth.e95_m == pytest.approx(50, abs=RESOLUTION_M)
        assert forth.farthest_m == pytest.approx(50, abs=RESOLUTION_M)

    def test_hausdorff_of_a_shifted_square(self):
        result = agreement([square(0, 0)], [square(300, 0)])
        # From the west corners it is 300 m to the nearest side, and as far back from the east corners.
        assert result.hausdorff_m == pytest.approx(300, abs=RESOLUTION_M)
        # The quarter of the boundary that lies 300 m off is more than 5 % of it.
        assert result.hausdorff_95_m == pytest.approx(300, abs=RESOLUTION_M)

    def test_hausdorff_takes_the_farther_direction(self):
        result = agreement([square(0, 0)], [square(0, 0), square(1_000, 0)])
        assert result.mapped_boundary.farthest_m == pytest.approx(0, abs=RESOLUTION_M)
        assert result.surveyed_boundary.farthest_m == pytest.approx(1_000, abs=RESOLUTION_M)
        assert result.hausdorff_m == pytest.approx(1_000, abs=RESOLUTION_M)
        assert result.mapped_boundary.e95_m == pytest.approx(0, abs=RESOLUTION_M)

    @pytest.mark.parametrize(("apart", "within"), [(20, {10: 0, 25: 1, 50: 1}), (60, {10: 0, 25: 0, 50: 0, 100: 1})])
    def test_parallel_sides(self, apart, within):
        """Two strips 10 km long and 1 m wide, side by side: all but their ends run parallel (Goodchild and Hunter)."""
        strip = shapely.box(0, 0, 10_000, 1)
        other = shapely.box(0, 1 + apart, 10_000, 2 + apart)
        found = measure_boundary(plain(strip), plain(other))
        for limit, share in within.items():
            assert found.length_within_m[limit] / found.length_m == pytest.approx(share, abs=1e-3)
        assert found.e95_m == pytest.approx(apart + 1, abs=RESOLUTION_M)

    def test_a_strip_that_leaves_its_twin(self):
        """A thin strip at an angle of 3-4-5: it is d off after 5/3 d along, on either side."""
        flat = shapely.Polygon([(0, 0), (4_000, 0), (4_000, -1e-3), (0, -1e-3)])
        steep = shapely.Polygon([(0, 0), (800, 600), (800, 600 + 1e-3), (0, 1e-3)])
        found = measure_boundary(plain(steep), plain(flat))
        for limit in (10, 25, 50, 100, 250, 500):
            assert found.length_within_m[limit] == pytest.approx(2 * limit * 5 / 3, abs=0.02)
        assert found.farthest_m == pytest.approx(600, abs=RESOLUTION_M)
        # 95 % of it lies within the first 950 of 1,000 m, which rise to 570 m.
        assert found.e95_m == pytest.approx(570, abs=RESOLUTION_M)

    def test_a_whole_boundary_in_reach(self):
        found = measure_boundary(plain(square(0, 0)), plain(square(0, 0)))
        assert set(found.length_within_m.values()) == {400.0}
        assert (found.e95_m, found.farthest_m) == (0, 0)

    @given(BOXES, BOXES, st.integers(0, 90))
    @settings(max_examples=30)
    def test_lengths_are_those_inside_a_buffer(self, one, other, degrees):
        one = [rotate(box, degrees, origin=(0, 0)) for box in one]
        tested, reference = dissolve(plain(*one)), dissolve(plain(*other))
        found = measure_boundary(tested, reference)
        line, to = shapely.union_all(shapely.boundary(tested)), shapely.union_all(shapely.boundary(reference))
        assert found.length_m == pytest.approx(line.length)
        for limit, length in found.length_within_m.items():
            # The buffer's corners cut off a ten-thousandth of its width.
            assert line.intersection(to.buffer(limit * 0.999, quad_segs=64)).length <= length + 1e-6
            assert line.intersection(to.buffer(limit * 1.001, quad_segs=64)).length >= length - 1e-6
        assert found.farthest_m == pytest.approx(
            shapely.distance(shapely.points(shapely.get_coordinates(shapely.segmentize(line, 0.5))), to).max(),
            abs=2 * RESOLUTION_M,
        )


class TestCentroid:
    @pytest.mark.parametrize(("east", "north"), [(100, 0), (0, -250), (30, 40)])
    def test_the_shift_is_from_the_survey_to_the_map(self, east, north):
        shift = agreement([square(east, north)], [square(0, 0)]).centroid_shift
        assert (shift.east_m, shift.north_m) == pytest.approx((east, north), abs=0.05)

    def test_parts_weigh_by_their_area(self):
        # Centroids at 50 and at 1,100 with areas 1 and 4 balance at 890.
        shift = agreement([square(0, 0), square(1_000, 0, 200)], [square(0, 0)]).centroid_shift
        assert shift.east_m == pytest.approx(890 - 50, abs=0.2)
        assert shift.north_m == pytest.approx((50 + 4 * 100) / 5 - 50, abs=0.2)
