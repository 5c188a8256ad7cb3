import itertools
from collections import defaultdict

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from maps.hexagons import HexagonGrid, cells_of, outlines
from maps.redact import (
    LEAST,
    Evidence,
    range_ceilings,
    range_floors,
    redact_by_district,
    redact_by_hexagon,
    suppress,
)
from registry.errors import RegistryError

GRID = HexagonGrid(2, 0)
CELL = 0.03
"""Degrees from the middle of a hexagon of that grid to the next one to the east (3.46 km), about."""

many = st.lists(st.integers(0, 60), min_size=1, max_size=8)


def floors(counts, *, further=False, withheld=None):
    table = suppress(np.array(counts, dtype=np.int64), further=further, withheld=withheld)
    return table.floors.tolist(), table.total


def array(shapes):
    return np.array([*shapes, None], dtype=object)[:-1]


def test_ranges_begin_at_five_and_go_on_by_one_two_five():
    counts = np.array([0, 4, 5, 9, 10, 19, 20, 49, 50, 99, 100, 199, 200, 1_000_000])
    starts = [0, 0, 5, 5, 10, 10, 20, 20, 50, 50, 100, 100, 200, 1_000_000]
    assert range_floors(counts).tolist() == starts
    assert range_ceilings(np.array([0, 5, 10, 20, 50, 100, 200])).tolist() == [4, 9, 19, 49, 99, 199, 499]


@given(st.integers(5, 4 * 10**9))
def test_a_number_lies_in_its_range(number):
    floor = range_floors(np.array([number]))
    assert floor[0] % LEAST == 0
    assert floor[0] <= number <= range_ceilings(floor)[0]


@pytest.mark.parametrize(
    ("counts", "further", "given_", "total"),
    [
        # 55 less 10 and 20: up to 25 are left for the first; 55 less 19 and 49: perhaps none.
        ([3, 12, 40], False, [0, 10, 20], 55),
        # Nothing is small, so nothing has to be kept from anybody.
        ([5, 10], False, [5, 10], 15),
        # With 15 known, 15 less 5 and 10 leaves none for the first: that would be told.
        ([0, 5, 10], False, [0, 0, 10], None),
        # With 13 known, 13 less 9 leaves at least 4.
        ([4, 9], False, [0, 0], None),
        # Both are 4 or the sum would not be 8.
        ([4, 4], False, [0, 0], None),
        ([4, 3, 2], False, [0, 0, 0], None),
        ([4, 3, 1], False, [0, 0, 0], 8),
        # All that happened lies in one hexagon: the others would be known to hold nothing.
        ([50], True, [0], None),
        ([54], True, [50], 54),
        ([50, 4], True, [50, 0], 54),
        ([50, 3], True, [0, 0], None),
        # Small numbers are no totals either.
        ([4], True, [0], None),
        ([0, 0], False, [0, 0], None),
        ([], True, [], None),
        ([], False, [], None),
    ],
)
def test_what_the_sum_would_tell_is_withheld(counts, further, given_, total):
    assert floors(counts, further=further) == (given_, total)


def test_the_lowest_range_is_withheld_for_the_others_and_no_more():
    assert floors([0, 10, 20, 10, 5, 5]) == ([0, 10, 20, 10, 0, 5], None)


def test_a_place_is_withheld_because_it_must_be():
    withheld = np.array([True, False, False])
    # At least 82 - 19 - 49 would be left for the only one that is not given.
    assert floors([30, 12, 40], withheld=withheld) == ([0, 0, 20], None)
    # Left for the two that are not given are at least 182 - 99, of which the second holds at most 4.
    assert floors([130, 2, 50], withheld=withheld) == ([0, 0, 0], None)
    assert floors([30, 2, 50], withheld=withheld) == ([0, 0, 50], 82)
    assert floors([130, 2, 50, 30], withheld=np.array([True, False, False, True])) == ([0, 0, 50, 0], 212)


def bounds(table, number, constraints=(), extra=0):
    """Least and largest value of a place's number for somebody who knows what is published and nothing else."""
    size = len(table.floors) + extra
    ceilings = range_ceilings(table.floors)
    limits = [(0, None) if floor == 0 else (floor, top) for floor, top in zip(table.floors, ceilings, strict=True)]
    limits += [(0, None)] * extra
    sums = None if table.total is None else np.ones((1, size))
    aim = np.zeros(size)
    aim[number] = 1
    ends = []
    for sign in (1, -1):
        solved = linprog(sign * aim, A_eq=sums, b_eq=None if sums is None else [table.total], bounds=limits)
        # Unbounded is as wide as can be.
        ends.append(solved.x[number] if solved.status == 0 else np.inf)
        assert solved.status in {0, 3}
    return ends


@settings(max_examples=200)
@given(many, st.booleans())
def test_no_withheld_number_can_be_narrowed(counts, further):
    table = suppress(np.array(counts, dtype=np.int64), further=further)
    for number in np.flatnonzero(table.floors == 0):
        least, most = bounds(table, number, extra=3 if further else 0)
        assert least <= 1e-9
        assert most >= LEAST - 1 - 1e-9


@settings(max_examples=200)
@given(many, st.booleans())
def test_no_withheld_number_can_be_narrowed_by_one_who_takes_each_for_small(counts, further):
    """As above where nothing but small numbers is withheld, and this is known."""
    table = suppress(np.array(counts, dtype=np.int64), further=further)
    hidden = np.flatnonzero(table.floors == 0)
    if table.total is None or any(counts[number] >= LEAST for number in hidden):
        return
    given_ = table.floors[table.floors > 0]
    left = table.total - given_.sum(), table.total - range_ceilings(given_).sum()
    others = np.inf if further else (LEAST - 1) * (len(hidden) - 1)
    assert not len(hidden) or (left[0] >= LEAST - 1 and left[1] <= others)


def test_who_knows_the_method_cannot_narrow_a_small_number_either():
    """Every three numbers below 20 that give the same publication, total and all.

    That a number is one of those withheld for others, so at least 5, may be seen: it could as well have been given.
    """
    same = defaultdict(list)
    for counts in itertools.product(range(20), repeat=3):
        table = suppress(np.array(counts, dtype=np.int64), further=False)
        same[*table.floors.tolist(), table.total].append(counts)
    for (*shown, _), worlds in same.items():
        for place, floor in enumerate(shown):
            possible = {counts[place] for counts in worlds}
            assert floor or min(possible) >= LEAST or set(range(LEAST)) <= possible


def test_sums_known_as_ranges_never_narrow_from_above():
    """As when a district is compared with the hexagons in it, published for themselves."""
    starts = range_floors(np.arange(5, 2_000))
    for parts in itertools.product(np.unique(starts), repeat=2):
        for whole in np.unique(starts):
            left = range_ceilings(np.array([whole]))[0] - sum(parts)
            assert left < 0 or left >= LEAST - 1


def middle(column):
    """The middle of a hexagon on the equator."""
    return shapely.centroid(outlines(np.array([[column, 0]]), GRID))[0]


def dots(number, column):
    """So many places in a hexagon."""
    at = middle(column)
    return [shapely.Point(at.x + step * 1e-5, at.y) for step in range(number)]


def squares(number, column):
    return [shapely.box(dot.x, dot.y, dot.x + 4e-6, dot.y + 4e-6) for dot in dots(number, column)]


def evidence(outside, inside, records):
    """Numbers by hexagon: the first, the second and so on along the equator."""
    events = [dots(number, column) for numbers in (outside, inside) for column, number in enumerate(numbers)]
    return Evidence(
        array(itertools.chain(*events)),
        np.repeat([False, True], [sum(outside), sum(inside)]),
        array(itertools.chain(*(squares(number, column) for column, number in enumerate(records)))),
    )


def shown(redacted):
    """Ranges of outside, inside and records by place."""
    tables = (redacted.outside, redacted.inside, redacted.records)
    return list(zip(*(table.floors.tolist() for table in tables), strict=True))


def test_hexagons_hold_what_lies_in_them():
    redacted = redact_by_hexagon(evidence([12, 7, 4], [0, 9, 8], [3, 30, 19]), GRID)
    assert shown(redacted) == [(10, 0, 0), (5, 5, 20), (0, 5, 10)]
    assert [cells_of(array([place.centroid]), GRID).tolist() for place in redacted.places] == [
        [[0, 0]],
        [[1, 0]],
        [[2, 0]],
    ]
    assert (redacted.outside.total, redacted.inside.total, redacted.records.total) == (23, 17, 52)
    assert redacted.names is None


def test_hexagons_without_anything_to_give_are_not_there():
    full = redact_by_hexagon(evidence([12, 6], [0, 0], [5, 5]), GRID)
    more = redact_by_hexagon(evidence([12, 6, 4, 0, 3], [0, 0, 4, 4, 0], [5, 5, 0, 4, 0]), GRID)
    assert len(full.places) == len(more.places) == 2
    assert shapely.equals(full.places, more.places).all()


def test_an_event_inside_tells_of_no_record_that_is_withheld():
    redacted = redact_by_hexagon(evidence([22, 22], [9, 9], [4, 20]), GRID)
    assert shown(redacted) == [(20, 0, 0), (20, 5, 20)]


def test_a_record_counts_in_each_hexagon_it_reaches():
    reach = shapely.box(middle(0).x, 0, middle(2).x, 1e-5)
    records = array([*squares(4, 0), *squares(4, 1), *squares(3, 2), *squares(60, 5), reach])
    redacted = redact_by_hexagon(Evidence(array([]), np.zeros(0, dtype=bool), records), GRID)
    assert shown(redacted) == [(0, 0, 5), (0, 0, 5), (0, 0, 50)]


def test_nothing_gives_nothing():
    redacted = redact_by_hexagon(evidence([], [], []), GRID)
    assert (len(redacted.places), redacted.outside.total, redacted.records.total) == (0, None, None)


def row_of_districts(number):
    return array(shapely.box(column * 1.0, 0.0, column + 1.0, 1.0) for column in range(number))


def in_districts(counts):
    """So many places in each district of a row."""
    return [
        shapely.Point(column + 0.1 + 0.001 * step, 0.5)
        for column, number in enumerate(counts)
        for step in range(number)
    ]


def district_evidence(outside, inside, records):
    areas = [dot.buffer(1e-5, quad_segs=1) for dot in in_districts(records)]
    events = array([*in_districts(outside), *in_districts(inside)])
    return Evidence(events, np.repeat([False, True], [sum(outside), sum(inside)]), array(areas))


def by_district(held, number, least_km2=2.6):
    return redact_by_district(held, row_of_districts(number), [f"D{each}" for each in range(number)], least_km2)


def test_districts_hold_what_lies_in_them_and_all_are_there():
    redacted = by_district(district_evidence([12, 2, 40], [6, 30, 0], [7, 50, 3]), 3)
    assert shown(redacted) == [(10, 5, 5), (0, 20, 50), (20, 0, 0)]
    assert (redacted.outside.total, redacted.records.total) == (54, 60)
    assert list(redacted.names) == ["D0", "D1", "D2"]


def test_a_record_on_a_border_counts_on_both_sides_and_one_that_only_touches_does_not():
    across = shapely.box(0.9, 0.2, 1.1, 0.3)
    beside = shapely.box(0.9, 0.2, 1.0, 0.3)
    both = by_district(Evidence(array([]), np.zeros(0, dtype=bool), array([across] * 5)), 2)
    one = by_district(Evidence(array([]), np.zeros(0, dtype=bool), array([beside] * 15)), 2)
    assert shown(both) == [(0, 0, 5), (0, 0, 5)]
    # All are in the first: with 15 known, the second could hold up to 5.
    assert shown(one) == [(0, 0, 10), (0, 0, 0)]


def test_what_lies_in_no_district_is_not_counted():
    held = district_evidence([12, 9], [0, 0], [0, 0])
    redacted = by_district(held, 1)
    assert shown(redacted) == [(10, 0, 0)]
    assert redacted.outside.total == 12


def test_a_district_smaller_than_a_hexagon_gives_no_number():
    # A square degree is some 12,300 square kilometres.
    assert shown(by_district(district_evidence([12, 40], [0, 0], [9, 9]), 2, 12_000))[0][0] == 10
    assert shown(by_district(district_evidence([12, 40], [0, 0], [9, 9]), 2, 13_000)) == [(0, 0, 0), (0, 0, 0)]


def test_districts_that_overlap_are_refused():
    districts = array([*row_of_districts(2), shapely.box(0, 0, 2, 1)])
    with pytest.raises(RegistryError, match="'D0' and 'all' overlap, so their numbers could be subtracted"):
        redact_by_district(district_evidence([9], [], []), districts, ["D0", "D1", "all"], 2.6)


small_tables = st.integers(1, 5).flatmap(
    lambda size: st.tuples(*[st.lists(st.integers(0, 12), min_size=size, max_size=size)] * 3)
)


@settings(max_examples=100)
@given(small_tables)
def test_no_withheld_number_of_a_map_can_be_narrowed_by_all_that_is_published(tables):
    """All three tables at once, and that where an event inside is shown there must be a record."""
    outside, inside, records = tables
    size = len(outside)
    redacted = by_district(district_evidence(outside, [min(i, 12 * r) for i, r in zip(inside, records, strict=True)],
                                             records), size)  # fmt: skip
    published = (redacted.outside, redacted.inside, redacted.records)
    limits, equal, known = [], [], []
    for number, table in enumerate(published):
        ceilings = range_ceilings(table.floors)
        limits += [(0, None) if low == 0 else (low, top) for low, top in zip(table.floors, ceilings, strict=True)]
        if table.total is not None:
            row = np.zeros(3 * size)
            row[number * size : (number + 1) * size] = 1
            equal.append(row)
            known.append(table.total)
    for place in np.flatnonzero(redacted.inside.floors > 0):
        low, top = limits[2 * size + place]
        limits[2 * size + place] = (max(low, 1), top)
    floors_of_all = np.concatenate([table.floors for table in published])
    for which in np.flatnonzero(floors_of_all == 0):
        aim = np.zeros(3 * size)
        aim[which] = 1
        for sign, limit in ((1, 0), (-1, LEAST - 1)):
            solved = linprog(sign * aim, A_eq=equal or None, b_eq=known or None, bounds=limits)
            assert solved.status == 3 or sign * (solved.fun * sign - limit) <= 1e-9
