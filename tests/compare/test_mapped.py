import math

import numpy as np
import pytest
import shapely

from registry.compare.mapped import (
    area_by_part,
    components,
    densities,
    nearest_part,
    prepare_mapped,
    record_widths,
)

STUDY = shapely.box(-5_000, -5_000, 5_000, 5_000)
COARSE = 0.03  # buffers are polygons of few corners


def ground_of(*records, study=STUDY, sigma_m=60.0):
    return prepare_mapped(np.array(records, dtype=object), np.array([study], dtype=object), sigma_m)


def areas(mapped):
    return {component.name: component.area_m2 for component in components(mapped)}


@pytest.mark.parametrize(
    ("shape", "width"),
    [
        (shapely.box(0, 0, 1_000, 50), 50),
        (shapely.box(0, 0, 50, 1_000), 50),
        (shapely.box(0, 0, 100, 100), 100),
        (shapely.Point(0, 0).buffer(100, quad_segs=64), math.pi * 50),
    ],
)
def test_width_of_a_record(shape, width):
    assert record_widths(np.array([shape], dtype=object))[0] == pytest.approx(width, rel=1e-3)


def test_areas_by_hand():
    """A belt of 1,000 by 100 m: bands of 1,000 m on both sides, ends of 100 m with quarter circles."""
    mapped = ground_of(shapely.box(0, 0, 1_000, 100))
    found = areas(mapped)
    assert mapped.median_width_m == pytest.approx(100)
    assert found["inside records up to 160 m wide"] == pytest.approx(100_000)
    assert found["0 to 100 m outside records, beside them"] == pytest.approx(200_000, rel=COARSE)
    assert found["0 to 100 m outside records, at their ends"] == pytest.approx(20_000, rel=COARSE)
    assert found["0 to 100 m outside records, off their corners"] == pytest.approx(math.pi * 100**2, rel=0.15)
    assert found["100 to 300 m outside records, beside them"] == pytest.approx(400_000, rel=COARSE)
    to_1000 = 2 * 1_100 * 700 + math.pi * (1_000**2 - 300**2)
    assert found["300 to 1000 m outside records"] == pytest.approx(to_1000, rel=0.05)
    assert sum(found.values()) == pytest.approx(STUDY.area)


def test_bands_end_where_the_study_area_ends():
    found = areas(ground_of(shapely.box(0, 0, 1_000, 100), study=shapely.box(-200, 0, 1_200, 150)))
    assert found["0 to 100 m outside records, beside them"] == pytest.approx(50_000)
    assert sum(found.values()) == pytest.approx(1_400 * 150)
    assert found["300 to 1000 m outside records"] == 0


def test_a_record_that_reaches_out_belongs_to_the_study_area():
    found = areas(ground_of(shapely.box(0, 0, 1_000, 100), study=shapely.box(0, 0, 500, 100)))
    assert found["inside records up to 160 m wide"] == pytest.approx(100_000)
    assert sum(found.values()) == pytest.approx(100_000)


def test_land_of_two_widths_belongs_to_the_narrower():
    wide, narrow, again = shapely.box(0, 0, 1_000, 200), shapely.box(0, 50, 2_000, 80), shapely.box(0, 0, 1_000, 200)
    mapped = ground_of(wide, narrow, again)
    found = areas(mapped)
    assert found["inside records up to 40 m wide"] == pytest.approx(60_000)
    assert found["inside records up to 320 m wide"] == pytest.approx(200_000 - 30_000)
    assert mapped.land.area_m2 == pytest.approx(230_000)
    assert mapped.median_width_m == pytest.approx((200 + 30) / 2)


@pytest.mark.parametrize(("sigma", "band"), [(5, 25), (16, 25), (17, 50), (33, 50), (34, 100), (300, 100)])
def test_the_first_band_is_wider_than_the_error(sigma, band):
    outside = [component.name for component in components(ground_of(shapely.box(0, 0, 1_000, 100), sigma_m=sigma))][1:]
    assert outside[0].startswith(f"0 to {band} m outside records, beside them")
    assert outside[-1] == "more than 1000 m outside records"


def test_beside_and_at_the_ends_are_one_where_positions_are_poor():
    belt = shapely.box(0, 0, 1_000, 100)
    good, poor = areas(ground_of(belt, sigma_m=75)), areas(ground_of(belt, sigma_m=76))
    for band in ("0 to 100", "100 to 300"):
        apart = [good[f"{band} m outside records, {where}"] for where in ("beside them", "at their ends")]
        assert poor[f"{band} m outside records, beside them and at their ends"] == pytest.approx(sum(apart))
    assert sum(poor.values()) == pytest.approx(sum(good.values()))


def test_finer_bands_add_up_to_the_coarse_one():
    belt = shapely.box(0, 0, 1_000, 100)
    fine = [
        area
        for name, area in areas(ground_of(belt, sigma_m=10)).items()
        if name.startswith(("0 to 25", "25 to 50", "50 to 100"))
    ]
    coarse = [area for name, area in areas(ground_of(belt)).items() if name.startswith("0 to 100")]
    assert len(fine) == 9
    assert sum(fine) == pytest.approx(sum(coarse), rel=1e-6)


@pytest.mark.parametrize("sigma", [20.0, 60.0])
def test_every_density_has_mass_one(sigma):
    """Summed over a fine grid; the study area ends so far away that nothing is lost but what leaves it."""
    mapped = ground_of(
        shapely.box(0, 0, 500, 100),
        shapely.box(300, 900, 330, 1_400),
        study=shapely.box(-1_500, -1_500, 2_500, 2_500),
        sigma_m=sigma,
    )
    step = 25.0
    x, y = np.meshgrid(np.arange(-2_000, 3_000, step), np.arange(-2_000, 3_000, step))
    places = np.column_stack([x.ravel(), y.ravel()])
    density = densities(places, np.full(len(places), sigma), mapped)
    in_reach = np.abs(places - 500).max(axis=1) < 2_000 + 3 * sigma
    mass = density[in_reach].sum(axis=0) * step**2
    assert mass == pytest.approx(np.ones(density.shape[1]), abs=0.01)


def test_an_event_beyond_all_reach_counts_as_outside():
    mapped = ground_of(shapely.box(0, 0, 500, 100))
    density = densities(np.array([[1e6, 1e6]]), np.array([10.0]), mapped)[0]
    assert density[-1] > 0
    assert (density[:-1] == 0).all()


@pytest.mark.parametrize("sigma", [60.0, 90.0])
def test_all_land_near_a_bent_record_is_its_own(sigma):
    """A square bracket of three belts fills a seventh of its envelope, and what lies beside it is still all its own."""
    belts = [shapely.box(0, 0, 2_000, 50), shapely.box(0, 0, 50, 500), shapely.box(1_950, 0, 2_000, 500)]
    mapped = ground_of(shapely.union_all(belts), sigma_m=sigma)
    by_part, total = area_by_part(mapped)[0], np.array(list(areas(mapped).values()))
    local = ~np.isnan(by_part)
    assert by_part[local] == pytest.approx(total[local], rel=1e-6)


def test_areas_near_each_part_add_up():
    """Two belts so close that their bands merge share them evenly; one far away keeps its own."""
    shapes = (shapely.box(0, 0, 1_000, 100), shapely.box(0, 150, 1_000, 250), shapely.box(0, 4_000, 1_000, 4_100))
    mapped = ground_of(*shapes)
    by_part = area_by_part(mapped)
    names = list(areas(mapped))
    beside = by_part[:, names.index("0 to 100 m outside records, beside them")]
    part = nearest_part(np.array([[500, 0], [500, 260], [500, 4_200.0]]), mapped)
    assert beside[part] == pytest.approx([125_000, 125_000, 200_000], rel=COARSE)
    local = ~np.isnan(by_part[0])
    total = np.array(list(areas(mapped).values()))
    assert by_part[:, local].sum(axis=0) == pytest.approx(total[local], rel=1e-6)
    assert [names[index] for index in np.flatnonzero(~local)] == [
        "300 to 1000 m outside records",
        "more than 1000 m outside records",
    ]


def test_order_and_turn_of_the_rings_change_no_bit():
    shapes = [shapely.box(x, 0, x + 400, 100 + x / 10) for x in (0, 300, 1_000, 2_000)]
    first, second = ground_of(*shapes), ground_of(*[shapely.reverse(shape) for shape in reversed(shapes)])
    places = np.array([[50.0, 120.0], [1_450.0, 40.0]])
    sigma = np.array([30.0, 60.0])
    assert (densities(places, sigma, first) == densities(places, sigma, second)).all()
