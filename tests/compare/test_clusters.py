import ground
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from registry import geometry
from registry.compare.accuracy import measure_accuracy
from registry.compare.areas import rank_records
from registry.compare.clusters import HULL_BUFFER_M, density_clusters, find_clusters
from registry.errors import CompareError

FIELD = ground.square(0, 0)
GROUP = [(0, 2_000), (400, 2_000), (0, 2_300), (400, 2_300), (200, 2_150)]


def clusters(places, *shapes, killed=None, injured=None, scope=None, **options):
    named = {name: options.pop(name) for name in ("dates", "precisions") if name in options}
    events = ground.events(*places, **named)
    events = events.assign(
        killed=np.array(killed if killed else [np.nan] * len(places), dtype=float),
        injured=np.array(injured if injured else [np.nan] * len(places), dtype=float),
    )
    shapes = shapes or (FIELD,)
    records = rank_records(ground.records(*shapes), {"a": None}, ground.GROUND)
    classified = measure_accuracy(events, records, scope=scope)[1]
    return find_clusters(classified, events, records.plane, **options)


def hull_m(cluster):
    return geometry.project(np.array([shapely.Polygon(cluster.hull)]), geometry.WGS84, ground.GROUND)[0]


class TestDensity:
    def test_enough_within_the_distance_make_a_core(self):
        line = np.array([[0.0, 0.0], [10, 0], [20, 0], [30, 0], [45, 0]])
        # With 10 m and 3 events the middle two are cores and the ends their border.
        assert density_clusters(line, 10, 3).tolist() == [0, 0, 0, 0, -1]
        assert density_clusters(line, 10, 4).tolist() == [-1] * 5
        assert density_clusters(line, 15, 3).tolist() == [0] * 5

    def test_events_on_one_coordinate_count_each(self):
        assert density_clusters(np.array([[5.0, 5.0]] * 3 + [[50, 5]]), 10, 3).tolist() == [0, 0, 0, -1]

    def test_a_border_event_goes_to_the_nearer_core_and_of_two_to_the_western(self):
        # The event between sees one of each side and itself, too few for a core: it joins one side, not both.
        west, east = [[0.0, 0], *[[-5.0, 0]] * 4], [[20.0, 0], *[[25.0, 0]] * 4]
        assert density_clusters(np.array([*west, *east, [10.0, 0]]), 10.5, 5).tolist() == [0] * 5 + [1] * 5 + [0]
        assert density_clusters(np.array([*west, *east, [10.5, 0]]), 10.5, 5).tolist() == [0] * 5 + [1] * 5 + [1]

    def test_no_events(self):
        assert density_clusters(np.empty((0, 2)), 10, 3).tolist() == []

    @given(
        st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=40),
        st.integers(1, 5),
        st.integers(2, 6),
        st.randoms(use_true_random=False),
    )
    def test_against_the_definition_and_in_any_order(self, places, distance, least, random):
        xy = np.array(places, dtype=float)
        label = density_clusters(xy, distance, least)
        apart = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
        near = apart <= distance
        core = near.sum(axis=1) >= least
        assert ((label >= 0) == (near & core).any(axis=1)).all()
        # Two cores within the distance are of one cluster; no path of cores joins two clusters.
        assert (label[:, None] == label[None])[near & core[:, None] & core[None]].all()
        for one in range(label.max() + 1):
            members = np.flatnonzero((label == one) & core)
            reached = {members[0]}
            while more := {b for a in reached for b in members if near[a, b]} - reached:
                reached |= more
            assert reached == set(members)
        order = random.sample(range(len(places)), len(places))
        assert (density_clusters(xy[order], distance, least) == label[order]).all()


def test_a_cluster_outside_and_what_is_known_of_it():
    places = [*GROUP, (50, 50), (9_000, 9_000), None]
    found, rank = clusters(
        places,
        killed=[1, np.nan, 0, np.nan, np.nan, 5, 5, 5],
        injured=[2, 3, np.nan, np.nan, np.nan, 5, 5, 5],
        dates=["2021-05-03", "2020-01-01", "2022-03-01", None, "2021-01-01", *["2023-01-01"] * 3],
        precisions=["DAY", "YEAR", "MONTH", None, "DAY", *["DAY"] * 3],
        districts=ground.districts(north=ground.square(-50, 1_900, 1_000)),
    )
    assert rank.tolist() == [1] * 5 + [0] * 3
    assert (found.outside, found.clustered, found.distance_m, found.min_events) == (6, 5, 1_000.0, 5)
    [cluster] = found.clusters
    assert (cluster.events, cluster.distinct_positions, cluster.undated) == (5, 5, 1)
    assert (cluster.killed, cluster.injured, cluster.victims, cluster.victims_stated) == (1, 5, 6, 3)
    assert (str(cluster.first_date), str(cluster.last_date)) == ("2020", "2022-03")
    assert cluster.districts == ("north",)
    assert cluster.nearest_record_m == pytest.approx(1_900, abs=0.5)
    assert cluster.median_record_m == pytest.approx(np.hypot(100, 2_050), abs=1)
    assert cluster.hull_m2 == pytest.approx(400 * 300, rel=1e-6)
    assert not cluster.hull_drawn_wider
    assert hull_m(cluster).bounds == pytest.approx((0, 2_000, 400, 2_300), abs=0.05)
    assert "not hazard areas" in found.notice


def test_events_inside_or_out_of_scope_make_no_cluster():
    assert clusters([(50, 50)] * 9)[0].clusters == ()
    found, _ = clusters(GROUP, scope=ground.districts(claimed=ground.square(0, 0)))
    assert (found.outside, found.clusters) == (0, ())


def test_a_record_between_does_not_matter_but_events_inside_it_do_not_count():
    # Four outside and one inside, all within 100 m of each other.
    assert clusters([(110, 50), (120, 50), (130, 50), (140, 50), (90, 50)])[0].clusters == ()
    assert len(clusters([(110, 50), (120, 50), (130, 50), (140, 50), (150, 50)])[0].clusters) == 1


def test_nothing_stated_is_not_nought():
    [cluster] = clusters(GROUP)[0].clusters
    assert (cluster.killed, cluster.injured, cluster.victims, cluster.victims_stated) == (None, None, None, 0)
    assert (cluster.first_date, cluster.last_date, cluster.undated) == (None, None, 5)
    [cluster] = clusters(GROUP, killed=[0] * 5)[0].clusters
    assert (cluster.killed, cluster.injured, cluster.victims) == (0, None, 0)


@pytest.mark.parametrize("places", [[(500, 500)] * 5, [(500 + 100 * step, 500) for step in range(5)]])
def test_a_hull_without_area_is_drawn_wider(places):
    [cluster] = clusters(places)[0].clusters
    assert cluster.hull_drawn_wider
    assert cluster.hull_m2 == 0
    west, south, east, north = hull_m(cluster).bounds
    assert (west, south, north) == pytest.approx((500 - HULL_BUFFER_M, 450, 550), abs=0.05)
    assert east == pytest.approx(places[-1][0] + HULL_BUFFER_M, abs=0.05)


def test_ranked_by_events_then_victims_then_the_last_date():
    far = [[(x + 100 * step, y) for step in range(5)] for x, y in ((20_000, 0), (40_000, 0), (60_000, 0), (80_000, 0))]
    places = [*far[0], *far[1], *far[2], *far[3], (80_000, 50)]
    found, rank = clusters(
        places,
        killed=[0] * 5 + [2] + [0] * 4 + [2] + [0] * 4 + [0] * 6,
        dates=["2020-01-01"] * 5 + ["2020-01-01"] * 5 + ["2021-01-01"] * 5 + ["2019-01-01"] * 6,
        precisions=["DAY"] * 21,
    )
    assert [cluster.rank for cluster in found.clusters] == [1, 2, 3, 4]
    # The last has six events; the third is later than the second; the first has no victims.
    assert rank.tolist() == [4] * 5 + [3] * 5 + [2] * 5 + [1] * 6


def test_without_records_there_is_no_distance():
    events = ground.events(*GROUP).assign(killed=np.nan, injured=np.nan)
    records = rank_records(ground.records(), {}, ground.GROUND)
    classified = measure_accuracy(events, records)[1]
    [cluster] = find_clusters(classified, events, records.plane)[0].clusters
    assert (cluster.nearest_record_m, cluster.median_record_m) == (None, None)


def test_the_order_of_rows_does_not_matter():
    places = [*GROUP, *[(x + 5_000, y) for x, y in GROUP], *[(600, 2_000 + 50 * step) for step in range(6)], (9_999, 0)]
    number = len(places)
    events = ground.events(*places).assign(killed=np.arange(number) % 3, injured=np.nan)
    records = rank_records(ground.records(FIELD), {"a": None}, ground.GROUND)
    classified = measure_accuracy(events, records)[1]
    found, rank = find_clusters(classified, events, records.plane)
    assert len(found.clusters) == 2
    for seed in range(10):
        order = np.random.default_rng(seed).permutation(number)
        again, rank_again = find_clusters(classified.iloc[order], events.iloc[order], records.plane)
        assert again == found
        assert rank_again.tolist() == rank[order].tolist()


@pytest.mark.parametrize("options", [{"distance_m": 0}, {"distance_m": float("nan")}, {"min_events": 1}])
def test_parameters_that_make_no_cluster(options):
    with pytest.raises(CompareError, match="no cluster"):
        clusters(GROUP, **options)
