import math

import numpy as np
import pytest
import shapely
from shapely import affinity

from registry.compare.shift import Mistake, find_shift

SIGMA_M = 20.0


def lattice(x, y, length, width, turned=0.0):
    """Events all over a belt with its lower left corner at a place, every 50 m along and 20 m across it."""
    along, across = np.arange(25, length, 50.0), np.arange(10, width, 20.0)
    places = np.array([(x + a, y + b) for a in along for b in across])
    return shapely.get_coordinates(affinity.rotate(shapely.MultiPoint(places), turned, origin=(x, y)))


def belt(x, y, length, width, turned=0.0):
    return affinity.rotate(shapely.box(x, y, x + length, y + width), turned, origin=(x, y))


def seek(belts, places, shift=(0.0, 0.0), sigma_m=SIGMA_M, **more):
    """Seek the shift of belts that were drawn short of where they lie by it."""
    drawn = np.array([affinity.translate(each, -shift[0], -shift[1]) for each in belts], dtype=object)
    return find_shift(drawn, np.asarray(places, dtype=float), np.full(len(places), sigma_m), **more)


CROSSED = (belt(0, 0, 1_000, 100), belt(1_500, 0, 100, 1_000))
IN_CROSSED = np.vstack([lattice(0, 0, 1_000, 100), lattice(1_500, 0, 100, 1_000)])


@pytest.fixture(scope="module")
def crossed():
    return seek(CROSSED, IN_CROSSED, (120, -90))


def test_two_crossed_belts_show_the_shift_that_was_planted(crossed):
    assert crossed.found
    assert (crossed.east_m, crossed.north_m) == pytest.approx((120, -90), abs=2)
    assert crossed.distance_m == pytest.approx(150, abs=2)
    assert crossed.azimuth_deg == pytest.approx(90 + math.degrees(math.atan2(90, 120)), abs=1)
    assert crossed.interval.holds(120 - crossed.east_m, -90 - crossed.north_m)
    assert not crossed.interval.lopsided
    assert (crossed.p_value, crossed.replicates) == (1 / 200, 199)


def test_containment_before_and_after_travel_with_their_counts(crossed):
    """Of 100 m belts moved 120 m and 90 m: of the first belt only a strip of 10 m overlaps, of the second nothing."""
    before, after = crossed.inside_before, crossed.inside_after
    assert before.denominator == after.denominator == len(IN_CROSSED) == crossed.events
    assert before.numerator == np.count_nonzero(
        shapely.intersects_xy(affinity.translate(shapely.union_all(CROSSED), -120, 90), *IN_CROSSED.T)
    )
    assert after.numerator > 0.95 * len(IN_CROSSED)
    assert None not in (before.low, after.high)


def test_one_belt_shows_a_shift_across_it():
    found = seek([belt(0, 0, 2_000, 100)], lattice(0, 0, 2_000, 100), (0, 150))
    assert found.found
    assert (found.east_m, found.north_m) == pytest.approx((0, 150), abs=5)


def test_parallel_belts_have_a_weak_direction_along_them():
    """Events only in the middle of long belts that run towards 060 degrees: along them hardly anything is known."""
    corners = [(0, 0), (0, 700), (0, 1_600)]
    belts = [belt(x, y, 4_000, 60, 30) for x, y in corners]
    places = np.vstack([lattice(x, y, 4_000, 60, 30) for x, y in corners])
    towards = np.array([math.sin(math.radians(60)), math.cos(math.radians(60))])
    middle = [places[abs((places - corner) @ towards - 2_000) < 1_000] for corner in corners[:1]]
    across = 120 * np.array([-towards[1], towards[0]])
    found = seek(belts, np.vstack(middle), across)
    assert found.interval.lopsided
    assert found.interval.weak_azimuth_deg == pytest.approx(60, abs=5)
    assert found.interval.weak_half_m > 500
    assert found.interval.strong_half_m < 50
    off = np.array([found.east_m, found.north_m]) - across
    assert abs(off @ np.array([-towards[1], towards[0]])) < 10


def test_events_where_the_records_say_show_no_shift():
    found = seek(CROSSED, IN_CROSSED)
    assert found.found is False
    assert found.p_value > 0.05
    assert found.distance_m < 10
    assert found.name is None


def test_a_short_shift_is_found_by_its_standard_error():
    """It is less than 40 m, but events all over the belts leave little doubt of it."""
    found = seek(CROSSED, IN_CROSSED, (30, 25))
    assert found.found
    assert found.distance_m < 40


@pytest.mark.parametrize("count", [0, 1, 19])
def test_too_few_events_are_said(count):
    found = seek(CROSSED, IN_CROSSED[:count].reshape(-1, 2))
    assert (found.found, found.events_used, found.p_value) == (None, count, None)
    assert found.reason.startswith(f"Too few events: {count} within 3 km of a record")


def test_events_far_from_all_records_are_not_within_reach():
    found = seek(CROSSED, IN_CROSSED + 50_000)
    assert (found.found, found.events) == (None, 0)


def test_events_on_one_spot_count_once():
    found = seek(CROSSED, np.repeat(IN_CROSSED[:10], 30, axis=0))
    assert (found.found, found.events, found.events_used) == (None, 300, 10)


def test_without_records_or_errors_nothing_is_sought():
    none = find_shift(np.empty(0, dtype=object), IN_CROSSED, np.full(len(IN_CROSSED), SIGMA_M))
    assert (none.found, none.records) == (None, 0)
    assert "record" in none.reason
    sigma_m = np.full(len(IN_CROSSED), SIGMA_M)
    sigma_m[3] = np.nan
    unstated = find_shift(np.array(CROSSED, dtype=object), IN_CROSSED, sigma_m)
    assert unstated.found is None
    assert f"1 of {len(IN_CROSSED)} events; give --sigma" in unstated.reason


def test_the_order_of_rows_and_the_turn_of_rings_change_nothing(crossed):
    order = np.random.default_rng(5).permutation(len(IN_CROSSED))
    again = seek([shapely.reverse(each) for each in CROSSED[::-1]], IN_CROSSED[order], (120, -90))
    assert again == crossed


def test_another_seed_changes_the_chance_only():
    one, other = (seek(CROSSED, IN_CROSSED[::5], (30, 0), seed=seed, replicates=60) for seed in (1, 2))
    assert (one.east_m, one.north_m, one.statistic) == (other.east_m, other.north_m, other.statistic)
    assert (one.p_value, one.p_tail) != (other.p_value, other.p_tail)


def test_positions_without_error_and_with_a_large_one():
    exact = seek(CROSSED, IN_CROSSED, (120, -90), sigma_m=0.0)
    assert (exact.east_m, exact.north_m) == pytest.approx((120, -90), abs=10)
    coarse = seek(CROSSED, IN_CROSSED, (120, -90), sigma_m=300.0)
    assert coarse.interval.strong_half_m > exact.interval.strong_half_m


def moved(code, east_m, north_m):
    return Mistake(code, f"as {code}", IN_CROSSED - np.array([east_m, north_m]), east_m, north_m)


def test_the_named_mistake_that_fits_is_named():
    named = seek(CROSSED, IN_CROSSED, (120, -90), mistakes=[moved("other", -120, 90), moved("this", 120, -90)])
    assert named.name == "this"
    assert [(each.code, each.fits) for each in named.named] == [("this", True), ("other", False)]
    assert named.named[0].statistic == pytest.approx(named.statistic, abs=3)


def test_no_mistake_is_named_where_no_shift_is_found():
    assert seek(CROSSED, IN_CROSSED, mistakes=[moved("none", 0, 0)]).name is None


def test_records_that_lie_elsewhere_altogether_are_named():
    """The records lie 100 km east of the events; one of two mistakes brings them there."""
    far = [moved("right", -100_000, 0), moved("wrong", 0, -100_000)]
    found = seek(CROSSED, IN_CROSSED, (-100_000, 0), mistakes=far)
    assert (found.found, found.events, found.name) == (None, 0, "right")
    right, wrong = found.named
    assert (right.events, wrong.events, wrong.statistic) == (len(IN_CROSSED), 0, None)
    assert right.statistic > 100
