import numpy as np
import pytest
import shapely

from registry.compare import chance
from registry.compare.blur import prepare_land
from registry.compare.chance import chance_containment


def land(*shapes):
    return prepare_land(np.array(shapes, dtype=object))


STUDY = land(shapely.box(0, 0, 1_000, 1_000))


def test_half_the_land_holds_half_the_events():
    places = np.random.default_rng(1).uniform(0, 1_000, (400, 2))
    result = chance_containment(places, land(shapely.box(0, 0, 500, 1_000)), STUDY, seed=3)
    assert result.expected == pytest.approx(0.5, abs=0.01)
    assert result.lift == pytest.approx(1, abs=0.1)
    assert 0.4 < result.low < 0.5 < result.high < 0.6
    assert result.shifts == 499


def test_events_where_the_records_are():
    """A tenth of the land holds all of them: ten times as many as by chance, and no shift does as well."""
    places = np.random.default_rng(2).uniform(0, 100, (200, 2)) * [1, 10]
    result = chance_containment(places, land(shapely.box(0, 0, 100, 1_000)), STUDY, seed=3)
    assert result.expected == pytest.approx(0.1, abs=0.03)
    assert result.lift == pytest.approx(10, abs=3)
    assert result.as_high < 0.02
    assert result.high > 0.5  # they lie in one place, so a shift finds most of them or none


def test_an_irregular_study_area():
    """A triangle is half its rectangle: what a shift brings out of it is not compared."""
    triangle = land(shapely.Polygon([(0, 0), (1_000, 0), (0, 1_000)]))
    square = land(shapely.box(0, 0, 300, 300))
    places = np.random.default_rng(4).uniform(0, 1_000, (800, 2))
    result = chance_containment(places, square, triangle, seed=5)
    assert result.expected == pytest.approx(90_000 / 500_000, abs=0.01)


def test_records_that_hold_nothing():
    result = chance_containment(np.array([[500.0, 500.0]]), land(), STUDY, seed=1, shifts=20)
    assert (result.expected, result.lift, result.as_high) == (0, None, 1)


def test_no_event_in_the_study_area():
    assert chance_containment(np.array([[5_000.0, 0.0]]), land(), STUDY, seed=1) is None
    assert chance_containment(np.zeros((0, 2)), land(), STUDY, seed=1) is None


def test_the_same_seed_gives_the_same_bits_whatever_the_order():
    places = np.random.default_rng(6).uniform(0, 1_000, (50, 2))
    mapped = land(shapely.box(0, 0, 300, 700))
    first = chance_containment(places, mapped, STUDY, seed=1, shifts=50)
    assert first == chance_containment(places[::-1], mapped, STUDY, seed=1, shifts=50)
    assert first != chance_containment(places, mapped, STUDY, seed=2, shifts=50)


def test_many_events_are_looked_at_in_turns(monkeypatch):
    places = np.random.default_rng(6).uniform(0, 1_000, (50, 2))
    mapped = land(shapely.box(0, 0, 300, 700))
    at_once = chance_containment(places, mapped, STUDY, seed=1, shifts=50)
    monkeypatch.setattr(chance, "_TOGETHER", 120)
    assert at_once == chance_containment(places, mapped, STUDY, seed=1, shifts=50)
