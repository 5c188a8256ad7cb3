import math
from datetime import date

import ground
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from registry.compare.areas import merge_records, plane_of, rank_records
from registry.compare.eligibility import select_events
from registry.compare.study import StudyBasis, measure_predictive, study_area
from registry.compare.uncertainty import wilson_interval
from registry.errors import CompareError
from registry.model import PartialDate

JUNE = PartialDate(date(2021, 6, 12))
NO_EVENTS = ground.events()


def ranked(*shapes):
    return rank_records(ground.records(*shapes), {"a": JUNE}, ground.GROUND)


def test_the_scope_comes_before_the_districts_and_these_before_the_hull():
    records = ranked(ground.square(0, 0))
    claimed = ground.districts(claimed=ground.square(-500, -500, 1000))
    places = ground.districts(west=ground.square(-1000, 0, 1000), east=ground.square(0, 0, 1000))
    by_scope = study_area(records, NO_EVENTS, scope=claimed, districts=places)
    by_districts = study_area(records, NO_EVENTS, districts=places)
    assert (by_scope.basis, by_districts.basis) == (StudyBasis.SCOPE, StudyBasis.DISTRICTS)
    assert by_scope.area_m2 == pytest.approx(1e6, rel=1e-6)
    assert by_districts.area_m2 == pytest.approx(2e6, rel=1e-6)
    assert "giving party" in by_scope.words
    assert "districts" in by_districts.words


def test_districts_that_overlap_count_once():
    places = ground.districts(one=ground.square(0, 0, 1000), two=ground.square(500, 0, 1000))
    # Edges are straight in degrees, so that they bow on the ground by a few square metres.
    assert study_area(ranked(), NO_EVENTS, districts=places).area_m2 == pytest.approx(1.5e6, rel=1e-5)


def test_the_hull_reaches_5_km_around_records_and_events():
    study = study_area(ranked(ground.square(0, 0, 1000)), ground.events((3000, 0), (3000, 1000), None))
    # A rectangle of 3 km by 1 km with a margin of 5 km, its corners quarters of a circle.
    expected_m2 = 3e6 + 2 * (3000 + 1000) * 5000 + math.pi * 5000**2
    assert study.basis is StudyBasis.HULL
    assert study.area_m2 == pytest.approx(expected_m2, rel=0.01)
    assert "5 km" in study.words


def test_one_event_alone_has_a_study_area_and_nothing_has_none():
    alone = study_area(ranked(), ground.events((0, 0)))
    assert alone.area_m2 == pytest.approx(math.pi * 5000**2, rel=0.01)
    assert study_area(ranked(), ground.events(None)) is None


def test_a_frame_without_shapes_is_passed_over():
    nothing = ground.districts(empty=None)
    assert study_area(ranked(ground.square(0, 0)), NO_EVENTS, scope=nothing, districts=nothing).basis is StudyBasis.HULL


def test_a_frame_without_crs_is_refused():
    places = ground.districts(one=ground.square(0, 0)).set_crs(None, allow_override=True)
    with pytest.raises(CompareError, match="coordinate reference system"):
        study_area(ranked(), NO_EVENTS, districts=places)


def test_a_point_on_the_border_is_held_and_one_beyond_is_not():
    places = ground.districts(one=ground.square(0, 0, 1000))
    study = study_area(ranked(), NO_EVENTS, districts=places)
    points = shapely.points([[500.0, 500.0], [1000.0, 500.0], [1000.5, 500.0]])
    assert study.holds(np.asarray(points, dtype=object)).tolist() == [True, True, False]


def test_a_border_that_is_straight_in_degrees_is_held_along_its_length():
    # Half a degree of a parallel bends by some 500 m on the plane.
    wide = ground.districts(wide=ground.square(0, 0)).set_geometry([shapely.box(20, 45, 20.5, 45.2)], crs=4326)
    events = ground.events((0, 0), (0, 0)).set_geometry(shapely.points([[20.25, 45.2], [20.25, 45.20001]]), crs=4326)
    records = rank_records(ground.records(), {}, plane_of(wide))
    study = study_area(records, events, districts=wide)
    assert study.holds(np.asarray(events.to_crs(records.plane).geometry.array, dtype=object)).tolist() == [True, False]


squares = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(1, 3)), min_size=1, max_size=6)


@given(squares, st.randoms(use_true_random=False))
def test_the_order_of_rows_and_of_vertices_changes_nothing(places, random):
    shapes = [ground.square(100 * x, 100 * y, 100 * side) for x, y, side in places]
    frame = ground.districts(**{f"d{number}": shape for number, shape in enumerate(shapes)})
    turned = frame.iloc[random.sample(range(len(frame)), len(frame))]
    turned = turned.set_geometry(shapely.reverse(turned.geometry.to_numpy()), crs=turned.crs)
    as_is, other = (study_area(ranked(), NO_EVENTS, districts=each) for each in (frame, turned))
    assert shapely.to_wkb(as_is.polygon) == shapely.to_wkb(other.polygon)
    cells = {(x + i, y + j) for x, y, side in places for i in range(side) for j in range(side)}
    assert as_is.area_m2 == pytest.approx(1e4 * len(cells), rel=1e-5)


def predictive(events, *shapes, side=10_000):
    """The index in a square study area, from its lower left corner."""
    records = ranked(*shapes)
    places = ground.districts(study=ground.square(0, 0, side))
    selection = select_events(events, records)
    study = study_area(records, events, districts=places)
    return measure_predictive(selection, records, merge_records(records), study)


@pytest.mark.parametrize(("covered", "index"), [(0.03, 15), (0.30, 1.5)])
def test_known_values_of_the_predictive_accuracy_index(covered, index):
    """45 % of events in 3 % of the area are 15, in 30 % they are 1.5."""
    field = shapely.box(0, 0, 10_000, 10_000 * covered)
    events = ground.events(*[(5_000, 100)] * 45, *[(5_000, 9_000)] * 55)
    result = predictive(events, field)
    assert result.value == pytest.approx(index, rel=1e-4)
    assert result.area_share == pytest.approx(covered, rel=1e-4)
    low, high = wilson_interval(45, 100)
    assert (result.low, result.high) == pytest.approx((low / covered, high / covered), rel=1e-4)


def test_land_and_events_beyond_the_study_area_do_not_count():
    # Half of the record and two events lie beyond; of two overlapping records the land counts once.
    events = ground.events(*[(100, 100)] * 6, *[(500, 500)] * 6, (-100, 100), (-900, 900))
    result = predictive(events, shapely.box(-200, 0, 200, 1000), shapely.box(-200, 0, 200, 500), side=1000)
    assert (result.share_inside.numerator, result.share_inside.denominator, result.events_beyond) == (6, 12, 2)
    assert result.covered_m2 == pytest.approx(200_000, rel=1e-5)
    assert result.value == pytest.approx(0.5 / 0.2, rel=1e-5)


def test_no_index_without_events_records_or_study_area():
    few = predictive(ground.events(*[(50, 50)] * 9), ground.square(0, 0))
    assert (few.value, few.share_inside.numerator) == (None, 9)
    assert "below 10" in few.reason
    beyond = predictive(ground.events(*[(50, 50)] * 10), ground.square(20_000, 0))
    assert (beyond.value, beyond.covered_m2, beyond.reason) == (None, 0, "No record lies in the study area.")
    unrecorded = predictive(ground.events(*[(50, 50)] * 10))
    assert unrecorded.reason == "No plotted record is compared."
    records = ranked()
    nothing = measure_predictive(select_events(NO_EVENTS, records), records, merge_records(records), None)
    assert (nothing.value, nothing.basis) == (None, None)
    assert "no study area" in nothing.reason
