import json
from pathlib import Path

import geopandas
import ground
import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas import GeoDataFrame
from hypothesis import given, settings
from hypothesis import strategies as st

from registry import geometry
from registry.compare.accuracy import measure_accuracy
from registry.compare.areas import plane_of, rank_records
from registry.compare.independence import Sign, measure_independence
from registry.compare.proximity import count_within

COLOMBIA = Path(__file__).parents[3] / "shared/data/colombia-mine-events/Minas"
SQUARE = ground.square(0, 0, 1_000)


def independence(events, *shapes, surveyed=None):
    # On the plane that the shapes are drawn on, so that a vertex is where it was drawn.
    records = rank_records(ground.records(*shapes), {"a": None}, ground.GROUND)
    return measure_independence(measure_accuracy(events, records)[1], records, surveyed=surveyed)


def by_sign(result):
    return {each.sign: each for each in result.signs if each.grid is None}


def surveyed(*shapes):
    return GeoDataFrame(geometry=ground.on_globe(shapes), crs=geometry.WGS84)


def test_a_metre_from_a_vertex_or_the_centroid():
    places = [
        (0, 0),
        (0.9, 0),
        (1.1, 0),
        (500, 500.9),
        (500, 501.1),
        (500, 0),
        *[(x, 2_000) for x in range(100, 700, 100)],
    ]
    found = by_sign(independence(ground.events(*places), SQUARE))
    assert found[Sign.RECORD_VERTEX].events == 2
    assert found[Sign.RECORD_CENTROID].events == 1
    on_the_map = found[Sign.ON_THE_MAP]
    assert (on_the_map.events, on_the_map.share.denominator) == (3, 12)
    # Six are inside; three of the nine others.
    assert (on_the_map.inside_without.numerator, on_the_map.inside_without.denominator) == (3, 9)
    assert Sign.SURVEYED_VERTEX not in found


def test_chance_is_the_share_of_the_land_around_each_event():
    # Within 50 m of (20, 0) lies one vertex of the square, of (500, 500) its centroid, of (500, 0) nothing.
    found = by_sign(independence(ground.events((20, 0), (30, 30), (500, 500), (500, 0)), SQUARE))
    assert found[Sign.RECORD_VERTEX].expected == pytest.approx(2 / 2_500)
    assert found[Sign.RECORD_CENTROID].expected == pytest.approx(1 / 2_500)
    assert found[Sign.ON_THE_MAP].expected == pytest.approx(3 / 2_500)


def test_dense_records_explain_what_lies_on_them():
    """A vertex every metre along an edge: chance puts events there, and the number expected says so."""
    dense = shapely.segmentize(SQUARE, 1.0)
    places = [(x + 0.4, 0.2) for x in range(100, 900, 20)]
    vertex = by_sign(independence(ground.events(*places), dense))[Sign.RECORD_VERTEX]
    assert vertex.events == 40
    assert vertex.expected == pytest.approx(40 * 100 / 2_500, rel=0.02)


def test_positions_of_surveyed_areas_and_of_points():
    others = surveyed(ground.square(3_000, 0), shapely.Point(5_000, 7))
    result = by_sign(
        independence(ground.events((3_000, 100), (3_050, 50), (5_000, 7), (5_000, 9)), SQUARE, surveyed=others)
    )
    assert result[Sign.SURVEYED_VERTEX].events == 1
    assert (result[Sign.SURVEYED_POSITION].events, result[Sign.SURVEYED_POSITION].exact) == (2, 1)
    assert (result[Sign.ON_THE_MAP].events, result[Sign.RECORD_VERTEX].events) == (3, 0)


def test_events_that_share_a_coordinate_or_nearly():
    places = [(100, 100)] * 4 + [(3_000, 0)] * 3 + [(3_000.5, 0), (3_001.4, 0), (3_003, 0)]
    result = independence(ground.events(*places), SQUARE)
    assert (result.events, result.distinct_positions, result.distinct_within_1_m) == (10, 5, 3)
    assert (result.events_sharing, result.most_on_one) == (7, 4)
    # 4^2 + 3^2 + 1 + 1 + 1 = 28
    assert result.effective_events == pytest.approx(100 / 28)
    found = by_sign(result)
    repeated, nearly = found[Sign.REPEATED], found[Sign.REPEATED_NEARLY]
    assert (repeated.events, repeated.expected) == (5, None)
    assert (repeated.inside_without.numerator, repeated.inside_without.denominator) == (1, 5)
    assert (nearly.events, nearly.inside_without.denominator) == (7, 3)
    # Four coordinates lie within 50 m of each other: six pairs.
    assert nearly.expected == pytest.approx(6 / 2_500)


def test_whole_minutes_are_seen_with_what_chance_gives():
    minutes = [(20 + x / 60, 45 + y / 60) for x in range(4) for y in range(4)]
    frame = ground.events(*[(0, 0)] * 16).set_geometry(geopandas.points_from_xy(*zip(*minutes, strict=True), crs=4326))
    found = {each.grid: each for each in independence(frame, SQUARE).signs if each.sign is Sign.COARSE_GRID}
    assert (found["1 minute"].events, found["1 minute"].expected) == (16, 0)
    assert found["1 minute"].inside_without.reason


def test_without_records_there_is_no_share_but_the_signs_remain():
    result = independence(ground.events(*[(0, 0)] * 12))
    assert result.inside.reason == "No plotted record is compared."
    assert (result.design_effect, by_sign(result)[Sign.REPEATED].events) == (None, 11)


def test_no_events():
    result = independence(ground.events(None), SQUARE)
    assert (result.events, result.effective_events, result.occupied_cells, result.design_effect) == (0, 0, 0, None)
    assert all(each.events == 0 for each in result.signs)


def test_events_out_of_scope_take_no_part():
    events = ground.events((10, 10), (10, 10), (9_000, 0))
    records = rank_records(ground.records(SQUARE), {"a": None}, ground.GROUND)
    scope = ground.districts(claimed=SQUARE)
    classified = measure_accuracy(events, records, scope=scope)[1]
    assert measure_independence(classified, records).events == 2


@settings(max_examples=20)
@given(
    st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=1, max_size=25),
    st.randoms(use_true_random=False),
)
def test_the_order_of_rows_does_not_matter(steps, random):
    """Places half a metre apart around a corner of the square, so that groups lie on both sides of its edge."""
    places = [(x / 2, y / 2) for x, y in steps]
    frame = ground.events(*places)
    shuffled = frame.iloc[random.sample(range(len(places)), len(places))]
    assert independence(shuffled, SQUARE) == independence(frame, SQUARE)


@pytest.mark.shared
@pytest.mark.skipif(not COLOMBIA.is_dir(), reason=f"{COLOMBIA} is not there")
def test_accidents_on_positions_of_suspected_minefields():
    """Colombia: a third of the accidents lie to the last digit where a minefield was suspected."""
    features = [
        (feature["geometry"]["coordinates"], feature["properties"]["TIPO_EVENTO"])
        for path in sorted(COLOMBIA.glob("*.json"))
        for feature in json.loads(path.read_text(encoding="utf-8"))["features"]
    ]
    accident, suspected = (
        GeoDataFrame(geometry=[shapely.Point(place) for place, kind in features if kind in kinds], crs=4326)
        for kinds in ({"1", "2"}, {"8"})
    )
    number = len(accident)
    events = accident.assign(
        batch_id="events",
        accident_id=[str(row) for row in range(number)],
        occurred_on=pd.array([pd.NaT] * number, dtype="datetime64[s]"),
        occurred_on_precision=pd.array([None] * number, dtype="string"),
        sigma_m=np.nan,
    )
    records = rank_records(ground.records(), {}, plane_of(events))
    result = measure_independence(measure_accuracy(events, records)[1], records, surveyed=suspected)
    assert result.events == 6_909
    copied = by_sign(result)[Sign.SURVEYED_POSITION]
    assert copied.exact == 2_329
    assert copied.exact <= copied.events < copied.exact + 20
    assert copied.expected < 2
    on_plane = [
        shapely.get_coordinates(geometry.project(np.asarray(frame.geometry.array), geometry.WGS84, records.plane))
        for frame in (events, suspected)
    ]
    assert int((count_within(*on_plane, 1_000) > 0).sum()) == 2_574
