import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from registry.compare import kernel
from registry.compare.kernel import held_by_then, match, narrowed

places = st.tuples(st.integers(0, 30), st.integers(0, 30))
boxes = st.tuples(st.integers(0, 28), st.integers(0, 28), st.integers(1, 6), st.integers(1, 6))


def as_points(coordinates):
    return shapely.points(np.array(coordinates, dtype=float).reshape(-1, 2))


def as_boxes(corners):
    return np.array([shapely.box(x, y, x + w, y + h) for x, y, w, h in corners], dtype=object)


def squared_distance(place, corner):
    """Distance from a point to a box, in whole numbers."""
    x, y, width, height = corner
    across = max(x - place[0], 0, place[0] - x - width)
    up = max(y - place[1], 0, place[1] - y - height)
    return across**2 + up**2


def by_hand(coordinates, corners, held):
    """All covering pairs, and the nearest record of each event, lowest rank first."""
    pairs, nearest = [], []
    for event, place in enumerate(coordinates):
        distances = [squared_distance(place, corner) for corner in corners[: held[event]]]
        pairs += [(event, record) for record, distance in enumerate(distances) if distance == 0]
        nearest.append(distances.index(min(distances)) if distances else -1)
    return pairs, nearest


def assert_matches(matches, pairs, nearest):
    assert list(zip(matches.event.tolist(), matches.record.tolist(), strict=True)) == pairs
    assert matches.nearest.tolist() == nearest
    covered = {event for event, _ in pairs}
    assert matches.inside.tolist() == [event in covered for event in range(len(nearest))]


@given(st.lists(places, max_size=12), st.lists(boxes, max_size=10), st.data())
def test_every_pair_and_the_nearest_record_at_any_cut(coordinates, corners, data):
    points, polygons = as_points(coordinates), as_boxes(corners)
    matches = match(points, polygons)
    assert_matches(matches, *by_hand(coordinates, corners, [len(corners)] * len(coordinates)))
    held = [data.draw(st.integers(0, len(corners))) for _ in coordinates]
    cut = narrowed(matches, points, polygons, held_by_then(np.array(held, dtype=np.int64)))
    assert_matches(cut, *by_hand(coordinates, corners, held))


def test_chunks_on_threads_give_the_same(monkeypatch):
    random = np.random.default_rng(7)
    coordinates = random.integers(0, 300, (500, 2)).tolist()
    corners = [(x, y, 5, 5) for x, y in random.integers(0, 300, (80, 2)).tolist()]
    points, polygons = as_points(coordinates), as_boxes(corners)
    whole = match(points, polygons)
    monkeypatch.setattr(kernel, "_CHUNK", 64)
    chunked = match(points, polygons)
    assert_matches(chunked, list(zip(whole.event.tolist(), whole.record.tolist(), strict=True)), whole.nearest.tolist())
    assert_matches(chunked, *by_hand(coordinates, corners, [80] * 500))


@pytest.mark.parametrize(("outside_by_m", "inside"), [(0.0, True), (0.009, True), (0.011, False)])
def test_a_centimetre_is_still_inside(outside_by_m, inside):
    matches = match(as_points([(10 + outside_by_m, 5)]), as_boxes([(0, 0, 10, 10)]))
    assert matches.inside.tolist() == [inside]
    assert matches.nearest.tolist() == [0]


def test_an_event_in_a_hole_is_outside():
    ring = shapely.box(0, 0, 30, 30).difference(shapely.box(10, 10, 20, 20))
    matches = match(as_points([(15, 15), (5, 5)]), np.array([ring], dtype=object))
    assert matches.inside.tolist() == [False, True]
