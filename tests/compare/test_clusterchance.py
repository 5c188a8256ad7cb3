import ground
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from registry.compare.areas import area_m2
from registry.compare.clusterchance import FEWEST_DRAWS, _Unmapped, chance_of_clusters, in_clusters
from registry.compare.clusters import density_clusters
from registry.compare.study import StudyArea, StudyBasis

NO_RECORDS = np.empty(0, dtype=object)


def study(shape):
    return StudyArea(StudyBasis.DISTRICTS, shape, ground.GROUND, area_m2(np.array([shape], dtype=object)))


def by_chance(places, shape, *records, clustered=None, **options):
    places = np.array(places, dtype=np.float64).reshape(-1, 2)
    is_clustered = np.full(len(places), False) if clustered is None else np.array(clustered)
    given_options = {"distance_m": 100.0, "min_events": 2, "seed": 1, **options}
    return chance_of_clusters(places, is_clustered, np.array(records, dtype=object), study(shape), **given_options)


def test_two_events_in_a_square_as_often_as_geometry_says():
    """Of two places in a unit square, the distance is below s with probability pi s^2 - 8/3 s^3 + s^4/2."""
    s = 0.3
    close = np.pi * s**2 - 8 / 3 * s**3 + s**4 / 2
    found = by_chance([(1, 1), (2, 2)], shapely.box(0, 0, 1_000, 1_000), distance_m=300.0, draws=4_000)
    assert (found.events, found.clustered, found.draws) == (2, 0, 4_000)
    assert found.expected == pytest.approx(2 * close, abs=4 * 2 * np.sqrt(close * (1 - close) / 4_000))
    assert (found.low, found.high) == (0, 2)
    assert found.as_high == 1


def test_a_record_takes_its_land_away():
    """Half of the square is mapped: what is left is half as large, and two events are closer together there."""
    square, half = shapely.box(0, 0, 1_000, 1_000), shapely.box(0, 0, 1_000, 500)
    whole = by_chance([(1, 900), (2, 900)], square, draws=4_000)
    rest = by_chance([(1, 900), (2, 900)], square, half, draws=4_000)
    assert 1.5 < rest.expected / whole.expected < 2.1


def test_more_in_clusters_than_by_chance():
    places = [(x, 0.0) for x in range(0, 100, 10)] + [(5_000.0, 5_000.0)]
    found = by_chance(
        places, shapely.box(-9e4, -9e4, 9e4, 9e4), clustered=[True] * 10 + [False], distance_m=50, min_events=3
    )
    assert (found.events, found.clustered, found.expected, found.high) == (11, 10, 0, 0)
    assert found.as_high == 1 / 100


def test_where_all_lie_close_all_are_in_a_cluster():
    found = by_chance([(x, x) for x in range(20)], shapely.box(0, 0, 60, 60), min_events=20)
    assert (found.expected, found.low, found.high, found.as_high) == (20, 20, 20, 1)


def test_events_beyond_the_study_area_are_not_drawn():
    found = by_chance([(5, 5), (6, 6), (5_000, 0)], shapely.box(0, 0, 10, 10), clustered=[True, True, True])
    assert (found.events, found.clustered) == (2, 2)


def test_nowhere_to_draw():
    square = shapely.box(0, 0, 100, 100)
    assert by_chance([(5, 5)], square, square) is None
    assert by_chance([(5_000, 0)], square) is None
    assert by_chance([], square) is None


def test_the_same_seed_gives_the_same_whatever_the_order_and_the_turns(monkeypatch):
    places = np.random.default_rng(3).uniform(0, 1_000, (40, 2))
    square, record = shapely.box(0, 0, 1_000, 1_000), shapely.box(100, 100, 300, 900)
    first = by_chance(places, square, record)
    assert by_chance(places[::-1], square, record) == first
    assert by_chance(places, square, record, seed=2) != first


def test_of_very_many_events_fewer_draws(monkeypatch):
    from registry.compare import clusterchance

    monkeypatch.setattr(clusterchance, "_MOST_PLACES", 90)
    monkeypatch.setattr(clusterchance, "_TOGETHER", 7)
    square = shapely.box(0, 0, 1_000, 1_000)
    assert by_chance([(1, 1)] * 3, square).draws == 30
    assert by_chance([(1, 1)] * 30, square).draws == FEWEST_DRAWS


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 2)), max_size=25),
    st.integers(2, 5),
    st.sampled_from([1.0, 1.5, 3.0]),
)
def test_sheets_are_clustered_each_by_itself(drawn, min_events, distance_m):
    places = np.array([(x, y) for x, y, _ in drawn], dtype=np.float64).reshape(-1, 2)
    sheet = np.array([number for *_, number in drawn], dtype=np.int64)
    found = in_clusters(places, sheet, distance_m, min_events)
    for number in range(3):
        of_sheet = sheet == number
        alone = density_clusters(places[of_sheet], distance_m, min_events) >= 0
        assert found[of_sheet].tolist() == alone.tolist()


def test_places_are_drawn_evenly_outside_the_records():
    triangle = shapely.Polygon([(0, 0), (1_000, 0), (0, 1_000)])
    record = shapely.box(0, 0, 400, 400)
    places = _Unmapped(triangle, np.array([record], dtype=object)).draw(20_000, np.random.default_rng(5))
    points = shapely.points(places)
    assert len(places) == 20_000
    assert shapely.covers(triangle, points).all()
    assert not shapely.contains_properly(record, points).any()
    free = triangle.difference(record)
    for part in (shapely.box(0, 400, 200, 1_000), shapely.box(500, 0, 1_000, 1_000)):
        share = free.intersection(part).area / free.area
        assert shapely.covers(part, points).mean() == pytest.approx(share, abs=4 * np.sqrt(share / 20_000))
    assert len(_Unmapped(triangle, NO_RECORDS).draw(3, np.random.default_rng(5))) == 3
