import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from maps import hexagons
from maps.hexagons import HexagonGrid, cells_of, cells_reached, grid_at, outlines
from registry.errors import RegistryError

GEOD = Geod(ellps="WGS84")
KILOMETRE = GEOD.fwd(0, 0, 90, 1_000)[0]
"""Degrees of longitude along the equator."""

SMALL = HexagonGrid(1, 0)
places = st.tuples(st.floats(-180, 180), st.floats(-84, 84))
grids = st.builds(HexagonGrid, st.sampled_from(hexagons.SIDES_KM), st.sampled_from([0, 30, 40, 60]))


def points(*lonlat):
    return np.array([shapely.Point(place) for place in lonlat], dtype=object)


def test_the_first_hexagon_lies_around_the_origin_with_a_corner_to_the_north():
    assert cells_of(points((0, 0)), SMALL).tolist() == [[0, 0]]
    corners = shapely.get_coordinates(outlines(np.array([[0, 0]]), SMALL)[0])
    assert corners[:, 0].max() == pytest.approx(np.sqrt(3) / 2 * KILOMETRE)
    north = corners[np.argmax(corners[:, 1])]
    assert north[0] == pytest.approx(0, abs=1e-12)
    assert GEOD.line_length([0, 0], [0, north[1]]) == pytest.approx(1_000, rel=1e-6)


def test_its_neighbours_are_a_step_away_in_one_number_each():
    east, north_east = (np.sqrt(3) * KILOMETRE, 0.0), (np.sqrt(3) / 2 * KILOMETRE, 1.5 * KILOMETRE)
    west = (-east[0], 0.0)
    assert cells_of(points(east, north_east, west), SMALL).tolist() == [[1, 0], [0, 1], [-1, 0]]


@pytest.mark.parametrize("latitude", [0, 15, 44, -48, 59])
def test_hexagons_have_the_area_that_is_said_and_are_wide_enough(latitude):
    grid = grid_at(1, latitude)
    outline = outlines(cells_of(points((18, latitude)), grid), grid)[0]
    area, _ = GEOD.geometry_area_perimeter(outline)
    assert area / 1e6 == pytest.approx(1.5 * np.sqrt(3), rel=1e-6)
    assert grid.area_km2 == pytest.approx(2.598, abs=0.001)
    west, south, east, north = outline.bounds
    assert GEOD.line_length([west, east], [latitude, latitude]) > 1_400
    assert GEOD.line_length([18, 18], [south, north]) > 1_400


@given(places, grids)
def test_a_place_lies_in_the_outline_of_its_cell(place, grid):
    outline = outlines(cells_of(points(place), grid), grid)[0]
    assert shapely.distance(outline, shapely.Point(place)) < 1e-9


@given(st.lists(places, min_size=1, max_size=20), grids, st.randoms())
def test_the_cell_of_a_place_depends_on_nothing_else(some, grid, random):
    shuffled = random.sample(some, len(some))
    together = {place: tuple(cell) for place, cell in zip(shuffled, cells_of(points(*shuffled), grid), strict=True)}
    for place in some:
        assert tuple(cells_of(points(place), grid)[0]) == together[place]


def test_the_latitude_of_a_grid_is_the_nearest_multiple_of_ten():
    assert [grid_at(5, latitude).latitude for latitude in (0, 4, 6, -44, 47, 75)] == [0, 0, 10, 40, 50, 60]


def test_there_are_few_sizes():
    for side in (0, -1, 3, 100):
        with pytest.raises(RegistryError, match="choose one of 1, 2, 5, 10, 20, 50"):
            grid_at(side, 44)


def test_an_area_reaches_into_the_cells_it_has_a_part_in():
    step = np.sqrt(3) * KILOMETRE
    small = shapely.box(-0.001, -0.001, 0.001, 0.001)
    long = shapely.box(-0.1 * KILOMETRE, -0.001, 1.1 * step, 0.001)
    area, cell = cells_reached(np.array([small, long], dtype=object), SMALL)
    assert sorted(zip(area.tolist(), map(tuple, cell.tolist()), strict=True)) == [(0, (0, 0)), (1, (0, 0)), (1, (1, 0))]


@given(st.tuples(st.floats(-1, 1), st.floats(-1, 1)), st.floats(0.001, 0.2), st.sampled_from([1, 2, 5]))
def test_no_cell_is_passed_over_and_none_is_made_up(middle, radius, side):
    grid = HexagonGrid(side, 0)
    disc = shapely.Point(middle).buffer(radius, quad_segs=4)
    _, reached = cells_reached(np.array([disc], dtype=object), grid)
    around = cells_of(points(middle), grid)[0]
    far = int(radius / (side * KILOMETRE)) + 2
    steps = np.arange(-2 * far, 2 * far + 1)
    every = around + np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    distance = shapely.distance(outlines(every, grid), disc)
    # On the very border rounding decides.
    surely, perhaps = every[distance == 0], every[distance < 1e-9]
    found = set(map(tuple, reached.tolist()))
    assert len(found) == len(reached)
    assert found <= set(map(tuple, perhaps.tolist()))
    inner = {tuple(cell) for cell, outline in zip(surely.tolist(), outlines(surely, grid), strict=True)
             if shapely.intersection(outline, disc).area > 1e-12}  # fmt: skip
    assert inner <= found


def test_no_area_reaches_into_no_cell():
    area, cell = cells_reached(np.empty(0, dtype=object), SMALL)
    assert (len(area), cell.shape) == (0, (0, 2))
    assert cells_of(np.empty(0, dtype=object), SMALL).shape == (0, 2)
    assert len(outlines(np.empty((0, 2), dtype=np.int64), SMALL)) == 0


def test_areas_too_large_for_small_hexagons_are_refused_with_a_cure():
    world = np.array([shapely.box(-170, -60, 170, 60)], dtype=object)
    with pytest.raises(RegistryError, match="choose larger hexagons with --cell"):
        cells_reached(world, SMALL)


def test_a_hexagon_across_the_180th_meridian_stays_in_one_piece():
    outline = outlines(cells_of(points((179.999, 10)), SMALL), SMALL)[0]
    west, _, east, _ = outline.bounds
    assert east - west < 0.02


def test_a_hexagon_ends_at_the_pole():
    grid = HexagonGrid(50, 60)
    outline = outlines(cells_of(points((0, 89.99)), grid), grid)[0]
    assert outline.is_valid
    assert outline.bounds[3] == pytest.approx(90)
