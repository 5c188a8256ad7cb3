import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.batchdiff import COMPASS, BatchDiff, DiffTotals, FieldChange, MatchedBy, diff_batches
from registry.geometry import GEOD, WGS84, local_equal_area, project
from registry.model import Kind, PartialDate

EAST, NORTH = 20.0, 43.0
PLANE = local_equal_area((EAST, NORTH, EAST, NORTH))


def lonlat(*shapes):
    """Shapes drawn in metres about a place, as longitude and latitude."""
    return list(project(np.array(shapes, dtype=object), PLANE, WGS84))


def square(x, y, side=100):
    return shapely.MultiPolygon([shapely.box(x, y, x + side, y + side)])


def batch(shapes, ids, **columns):
    drawn = lonlat(*shapes)
    return gpd.GeoDataFrame({"record_id": pd.array(ids, "string"), **columns}, geometry=drawn, crs=4326)


def diff(earlier, later, kind=Kind.MINEFIELDS):
    return diff_batches(earlier, later, kind)


def totals(**counts):
    names = ("earlier", "later", "new", "gone", "changed", "moved", "unchanged")
    return DiffTotals(**{name: counts.get(name, 0) for name in names})


class TestSameRecord:
    def test_new_gone_and_unchanged(self):
        earlier = batch([square(0, 0), square(500, 0)], ["A-1", "A-2"])
        later = batch([square(500, 0), square(900, 0), None], ["A-2", "A-3", "A-4"])
        found = diff(earlier, later)
        assert (found.new, found.gone, found.changed) == (("A-3", "A-4"), ("A-1",), ())
        assert found.totals == totals(earlier=2, later=3, new=2, gone=1, unchanged=1)

    def test_by_number_without_blanks_and_case(self):
        (record,) = diff(batch([square(0, 0)], ["A-1"]), batch([square(900, 900)], [" a-1"])).changed
        assert (record.old_id, record.new_id, record.matched_by) == ("A-1", " a-1", MatchedBy.NUMBER)

    def test_by_shape_where_the_number_is_another(self):
        noisy = shapely.MultiPolygon([shapely.box(0.01, 0.01, 100.01, 100.01)])
        (record,) = diff(batch([square(0, 0)], ["A-1"]), batch([noisy], ["B-7"])).changed
        assert (record.matched_by, record.move, record.reshaped) == (MatchedBy.SHAPE, None, False)
        assert record.fields == (FieldChange("record_id", "A-1", "B-7"),)

    @pytest.mark.parametrize(("shift", "same"), [(9, True), (11, False)])
    def test_by_overlap_of_nine_tenths(self, shift, same):
        found = diff(batch([square(0, 0)], ["A-1"]), batch([square(shift, 0)], ["B-7"]))
        assert [record.matched_by for record in found.changed] == [MatchedBy.OVERLAP] * same
        assert len(found.new) == len(found.gone) == (not same)

    def test_a_small_field_in_a_large_one_is_another(self):
        found = diff(batch([square(0, 0, 100)], ["A-1"]), batch([square(0, 0, 300)], ["B-7"]))
        assert (found.gone, found.new) == (("A-1",), ("B-7",))

    def test_a_repeated_number_says_nothing(self):
        earlier = batch([square(0, 0), square(500, 0)], ["1", "1"])
        later = batch([square(500, 0), square(900, 0)], ["1", "1 "])
        found = diff(earlier, later)
        # One of them is held alike by both; the number that is left stands once on either side.
        assert found.totals == totals(earlier=2, later=2, changed=1, moved=1, unchanged=1)
        thrice = batch([square(900, 0), square(1900, 0)], ["1", "1"])
        assert diff(earlier, thrice).totals == totals(earlier=2, later=2, new=2, gone=2)

    def test_made_numbers_are_not_compared(self):
        earlier = batch([square(0, 0), None], ["0a1b2c3d-0", "0a1b2c3d-1"], feature_index=[0, 1])
        later = batch([None, square(0, 0)], ["ffffffff-0", "ffffffff-1"], feature_index=[0, 1])
        assert diff(earlier, later).is_empty

    def test_each_record_has_one_partner(self):
        earlier = batch([square(0, 0)] * 3, ["A-1", "A-2", "A-3"])
        found = diff(earlier, batch([square(0, 0)] * 2, ["B-1", "B-2"]))
        assert found.totals == totals(earlier=3, later=2, gone=1, changed=2)

    def test_the_greatest_overlap_wins(self):
        earlier = batch([square(-8, 0), square(3, 0)], ["A-1", "A-2"])
        for rows in ([0, 1], [1, 0]):
            found = diff(earlier.iloc[rows], batch([square(0, 0)], ["B-1"]))
            assert [(record.old_id, record.new_id) for record in found.changed] == [("A-2", "B-1")]

    def test_points_of_one_place_are_told_apart_by_what_they_say(self):
        drawn = lonlat(*[shapely.Point(0, 0)] * 3)
        columns = {"accident_id": ["1", "2", "3"], "killed": pd.array([0, 1, 2], "Int64")}
        earlier = gpd.GeoDataFrame(columns, geometry=drawn, crs=4326)
        later = earlier.iloc[[2, 0]]
        found = diff(earlier, later, Kind.ACCIDENTS)
        assert (found.gone, found.new, found.changed) == (("2",), (), ())


class TestMove:
    @pytest.mark.parametrize("number", range(8))
    def test_distance_and_direction(self, number):
        x, y = 250 * math.sin(math.radians(45 * number)), 250 * math.cos(math.radians(45 * number))
        (record,) = diff(batch([square(0, 0)], ["A-1"]), batch([square(x, y)], ["A-1"])).changed
        assert record.move.distance_m == pytest.approx(250, abs=0.01)
        assert abs((record.move.bearing_deg - 45 * number + 180) % 360 - 180) < 0.01
        assert record.move.compass == COMPASS[number]
        assert not record.reshaped

    def test_the_distance_is_geodesic(self):
        far = lonlat(square(0, 0))[0]
        away = shapely.affinity.translate(far, 3.0, 1.0)
        frames = [gpd.GeoDataFrame({"record_id": ["A-1"]}, geometry=[each], crs=4326) for each in (far, away)]
        (record,) = diff(*frames).changed
        middles = [shapely.get_coordinates(shapely.centroid(each))[0] for each in (far, away)]
        bearing, _, distance = GEOD.inv(*middles[0], *middles[1])
        assert record.move.distance_m == pytest.approx(distance, abs=1)
        assert record.move.bearing_deg == pytest.approx(bearing, abs=0.01)

    def test_five_centimetres_are_no_move(self):
        assert diff(batch([square(0, 0)], ["A-1"]), batch([square(0.03, 0)], ["A-1"])).is_empty

    def test_a_field_that_grew_about_its_middle_is_reshaped(self):
        (record,) = diff(batch([square(0, 0)], ["A-1"]), batch([square(-50, -50, 200)], ["A-1"])).changed
        assert (record.move, record.reshaped) == (None, True)
        assert record.old_area_m2 == pytest.approx(10_000, rel=1e-5)
        assert record.new_area_m2 == pytest.approx(40_000, rel=1e-5)

    def test_a_field_that_is_drawn_only_now(self):
        (record,) = diff(batch([None], ["A-1"]), batch([square(0, 0)], ["A-1"])).changed
        assert (record.move, record.reshaped, record.old_area_m2) == (None, True, None)

    def test_a_crossed_ring_is_compared_too(self):
        bow_tie = shapely.MultiPolygon([shapely.Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])])
        earlier, later = batch([bow_tie, square(500, 0)], ["A-1", "A-2"]), batch([bow_tie, square(505, 0)], ["B", "C"])
        assert diff(earlier, later).totals == totals(earlier=2, later=2, changed=2, moved=1)

    def test_a_point_moves_and_keeps_its_shape(self):
        frames = [
            gpd.GeoDataFrame({"accident_id": ["1"]}, geometry=lonlat(shapely.Point(x, 0)), crs=4326) for x in (0, 70)
        ]
        (record,) = diff(*frames, Kind.ACCIDENTS).changed
        assert (record.move.compass, record.reshaped, record.old_area_m2) == ("east", False, None)


class TestFields:
    def changes(self, old, new):
        frames = [batch([square(0, 0)], ["A-1"], **columns) for columns in (old, new)]
        found = diff(*frames).changed
        return list(found[0].fields) if found else []

    def test_text_and_counts(self):
        old = {"laid_by": ["12th"], "mines_ap": pd.array([None], "Int64")}
        new = {"laid_by": ["13th"], "mines_ap": pd.array([30], "Int64")}
        assert self.changes(old, new) == [FieldChange("laid_by", "12th", "13th"), FieldChange("mines_ap", None, 30)]

    def test_a_date_known_better(self):
        day = pd.Series(pd.to_datetime(["1993-05-01"]))
        old = {"laid_from": day, "laid_from_precision": ["MONTH"]}
        new = {"laid_from": day, "laid_from_precision": ["DAY"]}
        month, exact = PartialDate.from_iso("1993-05"), PartialDate.from_iso("1993-05-01")
        assert self.changes(old, new) == [FieldChange("laid_from", month, exact)]

    def test_columns_that_fill_no_field(self):
        old, new = {"source_fields": [{"a": 1, "b": 2}]}, {"source_fields": [{"b": 3, "c": 4}]}
        assert self.changes(old, new) == [
            FieldChange("source_fields.a", 1, None),
            FieldChange("source_fields.b", 2, 3),
            FieldChange("source_fields.c", None, 4),
        ]

    def test_what_the_program_found_is_no_change(self):
        old = {"document_id": ["b-1"], "feature_index": [0], "source_crs": ["EPSG:4284"], "plot_status": ["PLOTTED"]}
        new = {"document_id": ["c-9"], "feature_index": [8], "source_crs": ["EPSG:4326"], "plot_status": ["INVALID"]}
        assert self.changes(old, new) == []

    def test_an_empty_column_is_like_none(self):
        assert self.changes({}, {"laid_by": pd.array([None], "string"), "sigma_m": [np.nan]}) == []


def places(*, at_most=6):
    """Layers of squares on a coarse grid, so that numbers, shapes and statements repeat."""
    rows = st.tuples(
        st.none() | st.tuples(st.integers(0, 3), st.sampled_from([100, 105])),
        st.sampled_from(["1", "2", "3", "a", "A "]),
        st.sampled_from(["x", "y", None]),
    )

    def layer(drawn):
        shapes = [None if place is None else square(place[0] * 500, 0, place[1]) for place, _, _ in drawn]
        ids, laid_by = [row[1] for row in drawn], pd.array([row[2] for row in drawn], "string")
        return batch(shapes, ids, laid_by=laid_by)

    return st.lists(rows, max_size=at_most).map(layer)


few = settings(max_examples=30, deadline=None)


@few
@given(places())
def test_a_batch_says_what_it_says(layer):
    found = diff(layer, layer)
    assert found.is_empty
    assert found.totals == totals(earlier=len(layer), later=len(layer), unchanged=len(layer))


@few
@given(places(), places())
def test_the_other_way_round_everything_is_reversed(earlier, later):
    there, back = diff(earlier, later), diff(later, earlier)
    assert (there.new, there.gone) == (back.gone, back.new)
    assert sorted(map(mirrored, there.changed)) == sorted(map(plainly, back.changed))


def plainly(record):
    move = None if record.move is None else round(record.move.distance_m, 3)
    fields = [(each.field, each.old, each.new) for each in record.fields]
    return str((record.old_id, record.new_id, record.matched_by, move, record.reshaped, fields))


def mirrored(record):
    move = None if record.move is None else round(record.move.distance_m, 3)
    fields = [(each.field, each.new, each.old) for each in record.fields]
    return str((record.new_id, record.old_id, record.matched_by, move, record.reshaped, fields))


@few
@given(places(), places(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(earlier, later, random):
    rows = [random.sample(range(len(each)), len(each)) for each in (earlier, later)]
    assert diff(earlier.iloc[rows[0]], later.iloc[rows[1]]) == diff(earlier, later)


@few
@given(places(), places())
def test_every_record_is_counted_once(earlier, later):
    found = diff(earlier, later)
    counts = found.totals
    assert counts.earlier == counts.gone + counts.changed + counts.unchanged == len(earlier)
    assert counts.later == counts.new + counts.changed + counts.unchanged == len(later)
    assert (counts.new, counts.gone, counts.changed) == (len(found.new), len(found.gone), len(found.changed))
    assert isinstance(found, BatchDiff)
