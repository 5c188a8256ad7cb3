import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.affinity import rotate

from registry.compare import blur
from registry.compare.blur import (
    blur_sensitivity,
    blurred_containment,
    dissolve,
    in_canonical_order,
    kept_in_parts,
    low_discrepancy,
    noise_ceiling,
    places_in,
    prepare_land,
    probability_inside,
)

FAR = 1e6
EXACT = 1e-5  # edges beyond 5 sigma are left out: less than 4e-6 on each side of a place
QUADRATURE = 0.0005  # 4,096 places, in strips of every width and error of the table
PRINTED = 0.0005  # the known values have three decimals


def land(*polygons):
    return prepare_land(dissolve(in_canonical_order(np.array(polygons, dtype=object))))


def belt(width):
    """So long that nothing of its ends is seen from its middle."""
    return land(shapely.box(-FAR, 0, FAR, width))


def probability(place, sigma_m, mapped):
    return probability_inside(np.array([place], dtype=float), np.array([float(sigma_m)]), mapped)[0]


def below(z):
    """The standard normal distribution."""
    return math.erfc(-z / math.sqrt(2)) / 2


@pytest.mark.parametrize(
    ("distance", "sigma", "known"), [(0, 50, 0.5), (50, 50, 0.159), (50, 100, 0.309), (100, 50, 0.023)]
)
def test_outside_a_long_straight_edge(distance, sigma, known):
    half_plane = land(shapely.box(-FAR, -FAR, FAR, 0))
    value = probability((0, distance), sigma, half_plane)
    assert value == pytest.approx(below(-distance / sigma), abs=EXACT)
    assert round(value, 3) == known


def test_the_middle_of_a_belt():
    assert round(probability((0, 20), 50, belt(40)), 3) == 0.311


def test_on_a_corner_a_quarter():
    quarter = land(shapely.box(0, 0, FAR, FAR))
    assert probability((0, 0), 30, quarter) == pytest.approx(0.25, abs=EXACT)
    assert probability((30, 60), 30, quarter) == pytest.approx(below(1) * below(2), abs=EXACT)


@given(
    st.tuples(st.integers(-300, 300), st.integers(-300, 300)),
    st.tuples(st.integers(1, 300), st.integers(1, 300)),
    st.integers(1, 500),
    st.floats(0, 90),
)
def test_any_rectangle_at_any_angle(place, size, sigma, angle):
    """The two axes of a round normal error are independent along the sides of a rectangle."""
    width, height = size
    x, y = place
    along = below((width - x) / sigma) - below(-x / sigma)
    across = below((height - y) / sigma) - below(-y / sigma)
    turned = rotate(shapely.box(0, 0, width, height), angle, origin=(0, 0))
    turned_place = rotate(shapely.Point(place), angle, origin=(0, 0))
    value = probability((turned_place.x, turned_place.y), sigma, land(turned))
    assert value == pytest.approx(along * across, abs=EXACT)


def test_a_hole_is_not_inside():
    outer, hole = shapely.box(0, 0, 300, 300), shapely.box(100, 100, 200, 200)
    ring = land(outer.difference(hole))
    for place in [(150, 150), (100, 150), (100, 100), (30, 220)]:
        whole, gap = (probability(place, 40, land(shape)) for shape in (outer, hole))
        assert probability(place, 40, ring) == pytest.approx(whole - gap, abs=2 * EXACT)


def test_land_covered_twice_counts_once():
    overlapping = land(shapely.box(0, 0, 100, 50), shapely.box(0, 30, 100, 80), shapely.box(0, 0, 100, 50))
    assert overlapping.area_m2 == pytest.approx(8_000)
    assert probability((50, 40), 25, overlapping) == pytest.approx(
        probability((50, 40), 25, land(shapely.box(0, 0, 100, 80))), abs=EXACT
    )


@pytest.mark.parametrize(("place", "inside"), [((5, 5), 1), ((10, 5), 1), ((0, 0), 1), ((10.1, 5), 0)])
def test_without_error_inside_or_not(place, inside):
    assert probability(place, 0, land(shapely.box(0, 0, 10, 10))) == inside


def test_samples_say_the_same():
    """4,096 low-discrepancy samples, the oracle: quadrature error 0.004 for each event."""
    from scipy.special import ndtri

    offsets = ndtri(low_discrepancy(4_096)[:, 1:3])
    star = shapely.Polygon([(0, 0), (90, 30), (200, -40), (150, 60), (240, 170), (110, 120), (20, 200), (60, 90)])
    away = shapely.box(230, 20, 300, 60)
    mapped = land(star, away)
    for place in [(110, 70), (0, 0), (215, 40), (60, 150), (400, 300)]:
        for sigma in (15, 60):
            samples = shapely.points(np.array(place) + sigma * offsets)
            share = np.mean(shapely.intersects(star, samples) | shapely.intersects(away, samples))
            assert probability(place, sigma, mapped) == pytest.approx(share, abs=0.008)


@pytest.mark.parametrize(
    ("width", "known"),
    [
        (30, (0.734, 0.369, 0.232, 0.119, 0.060, 0.024)),
        (50, (0.840, 0.545, 0.369, 0.195, 0.099, 0.040)),
        (100, (0.920, 0.761, 0.610, 0.369, 0.195, 0.080)),
        (200, (0.960, 0.880, 0.801, 0.610, 0.369, 0.157)),
        (400, (0.980, 0.940, 0.900, 0.801, 0.610, 0.303)),
    ],
)
def test_noise_ceiling_of_a_belt(width, known):
    ceilings = [noise_ceiling(np.array([sigma]), belt(width)) for sigma in (10.0, 30.0, 50.0, 100.0, 200.0, 500.0)]
    assert ceilings == pytest.approx(known, abs=QUADRATURE + PRINTED)


@pytest.mark.parametrize(
    ("width", "known"),
    [
        (50, (0.000, 0.012, 0.067)),
        (100, (0.040, 0.120, 0.191)),
        (200, (0.500, 0.500, 0.498)),
        (400, (0.750, 0.750, 0.748)),
    ],
)
def test_noise_ceiling_with_a_bias_across(width, known):
    ceilings = [noise_ceiling(np.array([sigma]), belt(width), (0.0, 100.0)) for sigma in (10.0, 30.0, 50.0)]
    assert ceilings == pytest.approx(known, abs=QUADRATURE + PRINTED)


def test_the_ceiling_of_mixed_errors_is_the_mean_of_theirs():
    mapped = belt(100)
    alone = [noise_ceiling(np.array([sigma]), mapped) for sigma in (10.0, 100.0)]
    both = noise_ceiling(np.array([100.0, 10.0, 10.0, 10.0]), mapped)
    assert both == pytest.approx((3 * alone[0] + alone[1]) / 4, abs=0.002)


def test_the_ceiling_weighs_by_area():
    """9 parts of wide land to 1 of narrow."""
    wide, narrow = shapely.box(-FAR, 0, FAR, 450), shapely.box(-FAR, 1e5, FAR, 1e5 + 50)
    alone = [noise_ceiling(np.array([30.0]), land(shape)) for shape in (wide, narrow)]
    both = noise_ceiling(np.array([30.0]), land(wide, narrow))
    assert both == pytest.approx((9 * alone[0] + alone[1]) / 10, abs=0.002)


def test_what_stays_in_one_part_of_two():
    """Two long belts of 100 m, 20 m apart: an error carries events over, but in its own part a part keeps 0.610."""
    near, far = shapely.box(-1e4, 0, 1e4, 100), shapely.box(-1e4, 120, 1e4, 220)
    mapped = land(near, far)
    kept = kept_in_parts(np.array([1, 0, 1]), np.array([50.0]), mapped, 512)
    assert kept == pytest.approx([0.610] * 3, abs=0.003)
    assert noise_ceiling(np.array([50.0]), mapped) > 0.7


def test_no_mapped_land_no_ceiling():
    nothing = land()
    assert noise_ceiling(np.array([30.0]), nothing) is None
    assert probability((0, 0), 30, nothing) == 0
    assert [row.ceiling for row in blur_sensitivity(np.zeros((2, 2)), nothing, (10.0,))] == [None]


def test_blurred_containment():
    mapped = land(shapely.box(-FAR, -FAR, FAR, 0))
    result = blurred_containment(np.array([[0, 0], [0, 50.0]]), np.array([50.0, 100.0]), mapped)
    assert (result.events, result.reason) == (2, None)
    assert result.value == pytest.approx((0.5 + below(-0.5)) / 2, abs=EXACT)


def test_a_sigma_nobody_stated_is_not_invented():
    result = blurred_containment(np.zeros((3, 2)), np.array([50.0, np.nan, np.nan]), belt(40))
    assert result.value is None
    assert result.reason == "Not computed: no position error is stated for 2 of 3 events; give --sigma."
    assert blurred_containment(np.zeros((0, 2)), np.zeros(0), belt(40)).reason == "There are no events."


def test_sensitivity_rows():
    rows = blur_sensitivity(np.array([[0.0, 20.0]]), belt(40))
    assert [row.sigma_m for row in rows] == [10, 30, 50, 100, 200]
    assert rows[2].blurred == pytest.approx(0.311, abs=PRINTED)
    assert [row.ceiling for row in rows] == sorted((row.ceiling for row in rows), reverse=True)


squares = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(1, 9)), min_size=1, max_size=8)


@given(squares, st.randoms(use_true_random=False))
def test_order_and_turn_of_the_rings_change_no_bit(corners, random):
    shapes = [shapely.box(10 * x, 10 * y, 10 * (x + side), 10 * (y + side)) for x, y, side in corners]
    other = [shapely.reverse(shape) for shape in shapes] + shapes[:1]
    random.shuffle(other)
    first, second = land(*shapes), land(*other)
    places = np.array([[35.0, 47.0], [100.0, 100.0]])
    sigma_m = np.array([20.0, 60.0])
    assert (probability_inside(places, sigma_m, first) == probability_inside(places, sigma_m, second)).all()
    assert noise_ceiling(sigma_m, first) == noise_ceiling(sigma_m, second)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 3)), min_size=2, max_size=12))
def test_land_merged_on_threads_is_the_same(squares):
    polygons = np.array([shapely.box(x, y, x + size, y + size) for x, y, size in squares], dtype=object)
    alone = dissolve(polygons)
    spread = places_in(prepare_land(alone), 50)[0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blur, "_WORTH_A_THREAD", 2)
        lots = blur._apart(polygons)
        assert np.array_equal(dissolve(polygons), alone)
        assert np.array_equal(places_in(prepare_land(alone), 50)[0], spread)
    assert len(lots) == 2
    assert sum(map(len, lots)) == len(polygons)
    assert not shapely.intersects(lots[0][:, None], lots[1][None]).any()


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 3)), max_size=12))
def test_merged_is_what_shapely_merges(squares):
    """Also where they meet in a corner, hold no vertex of each other, or are there twice."""
    polygons = np.array([shapely.box(x, y, x + size, y + 4 - size) for x, y, size in squares], dtype=object)
    merged = dissolve(polygons)
    assert shapely.equals(shapely.union_all(merged), shapely.union_all(polygons))
    apart = shapely.relate_pattern(merged[:, None], merged[None], "F********")
    assert (apart | np.eye(len(merged), dtype=bool)).all()


def test_what_is_empty_or_missing_adds_no_land():
    nothing = [shapely.Polygon(), None, shapely.MultiPolygon()]
    merged = dissolve(np.array([*nothing, shapely.box(0, 0, 10, 10), *nothing], dtype=object))
    assert shapely.area(merged) == [100]
    assert not len(dissolve(np.array(nothing, dtype=object)))


def test_places_spread_evenly():
    mapped = land(shapely.box(0, 0, 100, 10), shapely.box(200, 0, 230, 100))
    places, rank = places_in(mapped, 4_096)
    assert (probability_inside(places, np.zeros(4_096), mapped) == 1).all()
    assert np.mean(places[:, 0] < 150) == pytest.approx(1_000 / 4_000, abs=0.001)
    assert np.mean((places[:, 0] > 200) & (places[:, 1] < 50)) == pytest.approx(1_500 / 4_000, abs=0.002)
    assert np.mean(rank < 0.5) == pytest.approx(0.5, abs=0.002)
    assert ((rank >= 0) & (rank < 1)).all()


def test_halton_by_hand():
    """1, 2, 3 in base 2 are 1, 10, 11, mirrored .1, .01, .11; in base 3 they are 1, 2, 10, mirrored .1, .2, .01."""
    assert low_discrepancy(3)[:, :2].tolist() == [
        [0.5, pytest.approx(1 / 3)],
        [0.25, pytest.approx(2 / 3)],
        [0.75, pytest.approx(1 / 9)],
    ]
