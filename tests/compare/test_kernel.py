import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from registry.compare import kernel, plain
from registry.compare.kernel import chosen_only, covering, held_by_then, match, narrowed

ROOT = Path(__file__).resolve().parents[2]
ALWAYS, NEVER = 0, 10**12
tiers = pytest.mark.parametrize("fast_from", [NEVER, ALWAYS], ids=["shapely", "compiled"])


@pytest.fixture(autouse=True)
def _chosen_tier(request, monkeypatch):
    """The tier that a test asks for, however few events it has."""
    fast_from = request.node.callspec.params.get("fast_from") if hasattr(request.node, "callspec") else None
    if fast_from is not None:
        if fast_from == ALWAYS:
            pytest.importorskip("numba", reason="Numba, the extra fast, is not installed.")
        monkeypatch.setattr(kernel, "FAST_FROM", fast_from)
        monkeypatch.setattr(kernel, "FAST_FROM_ONCE_LOADED", fast_from)


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
    assert (matches.distance_m == 0).tolist() == matches.inside.tolist()
    assert np.isinf(matches.distance_m).tolist() == (matches.nearest < 0).tolist()


@tiers
@given(coordinates=st.lists(places, max_size=12), corners=st.lists(boxes, max_size=10), data=st.data())
def test_every_pair_and_the_nearest_record_at_any_cut(fast_from, coordinates, corners, data):
    points, polygons = as_points(coordinates), as_boxes(corners)
    matches = match(points, polygons)
    assert_matches(matches, *by_hand(coordinates, corners, [len(corners)] * len(coordinates)))
    held = [data.draw(st.integers(0, len(corners))) for _ in coordinates]
    cut = narrowed(matches, points, polygons, held_by_then(np.array(held, dtype=np.int64)))
    assert_matches(cut, *by_hand(coordinates, corners, held))
    chosen = np.array([data.draw(st.booleans()) for _ in corners], dtype=bool)
    again = narrowed(matches, points, polygons, chosen_only(chosen, len(points)))
    kept = [corner for corner, there in zip(corners, chosen, strict=True) if there]
    pairs, nearest = by_hand(coordinates, kept, [len(kept)] * len(coordinates))
    rank = np.append(np.flatnonzero(chosen), -1)
    assert_matches(again, [(event, rank[record]) for event, record in pairs], rank[nearest].tolist())


def test_chunks_on_threads_give_the_same(monkeypatch):
    random = np.random.default_rng(7)
    coordinates = random.integers(0, 300, (500, 2)).tolist()
    corners = [(x, y, 5, 5) for x, y in random.integers(0, 300, (80, 2)).tolist()]
    points, polygons = as_points(coordinates), as_boxes(corners)
    whole = match(points, polygons)
    monkeypatch.setattr(plain, "CHUNK", 64)
    chunked = match(points, polygons)
    assert_matches(chunked, list(zip(whole.event.tolist(), whole.record.tolist(), strict=True)), whole.nearest.tolist())
    assert_matches(chunked, *by_hand(coordinates, corners, [80] * 500))


@tiers
@pytest.mark.parametrize(("outside_by_m", "inside"), [(0.0, True), (0.009, True), (0.011, False)])
def test_a_centimetre_is_still_inside(outside_by_m, inside, fast_from):
    matches = match(as_points([(10 + outside_by_m, 5)]), as_boxes([(0, 0, 10, 10)]))
    assert matches.inside.tolist() == [inside]
    assert matches.nearest.tolist() == [0]
    assert matches.distance_m == pytest.approx([0.0 if inside else outside_by_m])


@tiers
def test_an_event_in_a_hole_is_outside(fast_from):
    ring = shapely.box(0, 0, 30, 30).difference(shapely.box(10, 10, 20, 20))
    matches = match(as_points([(15, 15), (5, 5)]), np.array([ring], dtype=object))
    assert matches.inside.tolist() == [False, True]
    assert matches.distance_m.tolist() == [5.0, 0.0]


@tiers
def test_pairs_within_a_distance(fast_from):
    event, record = covering(as_points([(5, 5), (12, 5)]), as_boxes([(0, 0, 10, 10), (11, 0, 10, 10)]), 2.0)
    assert list(zip(event.tolist(), record.tolist(), strict=True)) == [(0, 0), (1, 0), (1, 1)]


@tiers
def test_views_together_see_what_both_see(fast_from):
    """Of three records in a row the first was laid too late for the event, and the last not yet handed over."""
    points, polygons = as_points([(0, 0)]), as_boxes([(10, 0, 1, 1), (20, 0, 1, 1), (30, 0, 1, 1)])
    matches = match(points, polygons)
    view = held_by_then(np.array([2])) & chosen_only(np.array([False, True, True]), 1)
    assert narrowed(matches, points, polygons, view).nearest.tolist() == [1]


FEW = """
import sys
import numpy as np
from registry.compare import kernel
polygons = kernel.shapely.box([0, 4], [0, 0], [3, 9], [3, 3])
xy = np.random.default_rng(1).uniform(0, 9, (kernel.FAST_FROM - 1, 2))
kernel.match_places(xy, polygons)
print("numba" in sys.modules)
"""


def test_few_events_do_not_load_numba():
    assert subprocess.run([sys.executable, "-c", FEW], check=True, capture_output=True, text=True).stdout == "False\n"


@pytest.mark.parametrize("fast_from", [ALWAYS])
def test_without_numba_shapely_does_it(fast_from, monkeypatch):
    monkeypatch.delattr("registry.compare.fast", raising=False)
    monkeypatch.setitem(sys.modules, "registry.compare.fast", None)
    matches = match(as_points([(5, 5), (20, 5)]), as_boxes([(0, 0, 10, 10)]))
    assert_matches(matches, [(0, 0)], [0, 0])
    assert isinstance(kernel.search_for(np.zeros((1, 2)), as_boxes([(0, 0, 1, 1)])), plain.Search)


MANY = """
import sys
import numpy as np
from registry.compare import kernel
polygons = kernel.shapely.box([0, 4], [0, 0], [3, 9], [3, 3])
xy = np.random.default_rng(1).uniform(0, 9, (kernel.FAST_FROM + 1, 2))
print(type(kernel.search_for(xy, polygons)).__module__, len(kernel.match_places(xy, polygons).nearest))
"""


@pytest.mark.parametrize("error", ["ImportError('Numba needs NumPy 2.4 or less.')", "OSError('No such library.')"])
def test_a_numba_that_cannot_be_loaded_is_as_none(error, tmp_path):
    (tmp_path / "numba.py").write_text(f"raise {error}\n", encoding="utf-8")
    paths = os.pathsep.join([str(tmp_path), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-c", MANY],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )
    assert done.stdout == "registry.compare.plain 25001\n"


@pytest.mark.parametrize("fast_from", [ALWAYS])
@pytest.mark.parametrize(("unkept", "tier"), [(NEVER, "plain"), (ALWAYS, "fast")])
def test_code_that_each_run_would_compile_anew_has_to_pay(fast_from, unkept, tier, monkeypatch):
    fast = pytest.importorskip("registry.compare.fast")
    monkeypatch.setattr(fast, "is_at_hand", lambda: False)
    monkeypatch.setattr(kernel, "FAST_FROM_UNKEPT", unkept)
    search = kernel.search_for(np.zeros((1, 2)), as_boxes([(0, 0, 1, 1)]))
    assert type(search).__module__ == f"registry.compare.{tier}"


@pytest.mark.parametrize("fast_from", [ALWAYS])
@pytest.mark.parametrize("far", [1e200, np.nan])
def test_coordinates_that_no_square_can_be_made_of_are_left_to_shapely(fast_from, far):
    polygons = as_boxes([(0, 0, 1, 1)])
    assert isinstance(kernel.search_for(np.array([[far, 0.0]]), polygons), plain.Search)
    polygons = np.array([shapely.box(0, 0, 1, 1), shapely.box(2, 0, 1e200, 1)], dtype=object)
    assert isinstance(kernel.search_for(np.zeros((1, 2)), polygons), plain.Search)


@pytest.mark.parametrize("fast_from", [ALWAYS])
@pytest.mark.parametrize(
    "polygons", [[], [shapely.MultiPolygon()], [shapely.GeometryCollection([shapely.box(0, 0, 1, 1)])]]
)
def test_what_machine_code_cannot_take_is_left_to_shapely(fast_from, polygons):
    matches = match(as_points([(0.5, 0.5)]), np.array(polygons, dtype=object))
    has_land = bool(polygons) and not polygons[0].is_empty
    assert_matches(matches, [(0, 0)] if has_land else [], [0 if has_land else -1])
