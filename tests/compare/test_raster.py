import math

import numpy as np
import pytest
import shapely

from registry.compare.blur import dissolve, prepare_land, probability_inside
from registry.compare.raster import TILE, cell_for, rasterise


def edges(*polygons):
    return prepare_land(dissolve(np.array(polygons, dtype=object))).edges


def below(z):
    """Share of a standard normal distribution below z."""
    return (1 + math.erf(z / math.sqrt(2))) / 2


def test_a_square_is_1_in_the_middle_half_on_an_edge_and_a_quarter_at_a_corner():
    raster = rasterise([edges(shapely.box(0, 0, 2_000, 2_000))], 30)
    asked = np.array([(1_000, 1_000), (0, 1_000), (1_000, 2_000), (2_000, 0), (-500, 1_000), (1e7, -1e7)])
    assert raster.read(asked)[:, 0] == pytest.approx([1, 0.5, 0.5, 0.25, 0, 0], abs=0.02)


def test_across_a_long_edge_it_is_the_normal_distribution():
    raster = rasterise([edges(shapely.box(0, 0, 2_000, 2_000))], 50)
    distance = np.linspace(-150, 150, 41)
    got = raster.read(np.column_stack([np.full(41, 1_000.0), distance]))[:, 0]
    assert got == pytest.approx([below(each / 50) for each in distance], abs=0.03)


def test_a_hole_and_a_part_elsewhere_count():
    ring = shapely.box(0, 0, 1_000, 1_000) - shapely.box(300, 300, 700, 700)
    raster = rasterise([edges(ring, shapely.box(9_000, -7_000, 9_500, -6_500))], 20)
    asked = np.array([(500, 500), (150, 500), (9_250, -6_750), (5_000, -3_000)])
    assert raster.read(asked)[:, 0] == pytest.approx([0, 1, 1, 0], abs=0.01)


def test_tiles_are_kept_only_near_land():
    raster = rasterise([edges(shapely.box(0, 0, 100, 100), shapely.box(60_000, 60_000, 60_100, 60_100))], 20)
    kept = np.count_nonzero(raster.slot)
    assert kept == len(raster.probability) - 1
    assert kept <= 18
    assert raster.slot.size > 10_000


def test_nested_lands_and_slanted_borders_agree_with_the_exact_probability():
    triangle = shapely.Polygon([(0, 0), (1_900, 300), (700, 1_500)])
    lands = [prepare_land(dissolve(np.array([each], dtype=object))) for each in (triangle, triangle.buffer(200))]
    raster = rasterise([land.edges for land in lands], 40)
    random = np.random.default_rng(1)
    places = random.uniform(-400, 2_200, (2_000, 2))
    exact = np.column_stack([probability_inside(places, np.full(2_000, 40.0), land) for land in lands])
    got = raster.read(places)
    assert np.abs(got - exact).max() < 0.05
    assert np.sqrt(np.mean((got - exact) ** 2)) < 0.01
    assert (got[:, 0] <= got[:, 1] + 1e-5).all()


def test_shape_and_place_of_cells():
    raster = rasterise([edges(shapely.box(5, 5, 995, 995))], 40)
    assert raster.cell_m == cell_for(40) == 30
    assert cell_for(1) == 10
    first_centre = np.array([[raster.west_m + 15, raster.south_m + 15]])
    assert raster.cells(first_centre).tolist() == [[0, 0]]
    assert raster.probability.shape[1:] == (TILE, TILE, 1)
