"""Declination against published values of the model; convergence against the grid itself."""

import math
from datetime import date, timedelta
from itertools import pairwise

import pytest
from pyproj import CRS, Geod, Transformer

from registry.errors import SourceError
from registry.sources.north import convergence_deg, declination

# Values of NOAA's own program igrf14syn for IGRF-14: year, height in km, colatitude, longitude, north and east nT
# (from the test table of the SatelliteToolbox project, IGRF14_test_geodetic.txt, which that program wrote).
IGRF14SYN = [
    (1990.6, 34.18, 34.51, 24.06, 16779.17251, 1244.60056),
    (1991.1, 849.83, 29.11, 168.11, 12044.02726, 313.68936),
    (1994.3, 51.06, 67.32, 41.23, 33502.82103, 1234.85979),
    (1994.3, 225.44, 42.75, 21.36, 19378.53423, 811.80508),
    (1997.7, 852.80, 44.17, 58.11, 15820.37474, 1266.69548),
    (1999.8, 28.58, 56.29, 46.86, 28667.08793, 1730.37065),
    (2003.8, 148.17, 68.64, 17.38, 31667.70198, 469.34516),
    (2007.8, 22.30, 56.50, 124.72, 31620.55412, -3493.11484),
    (2011.9, 45.78, 24.68, 231.47, 8603.16958, 3793.56733),
    (2015.4, 525.23, 54.76, 45.33, 22193.70993, 1532.66691),
    (2017.4, 73.60, 46.66, 135.16, 25299.09024, -4464.28262),
    (2021.4, 1567.20, 73.54, 150.06, 17610.46819, 621.15982),
    (2024.4, 197.74, 49.05, 26.29, 22741.35682, 2108.47878),
    (2025.0, 1540.89, 42.00, 101.60, 11649.28961, -470.23265),
]

# Published test values of the World Magnetic Model at sea level (NOAA, WMM2010testvalues.pdf, WMM2015testvalues.pdf,
# WMM2020testvalues.pdf, WMM2025testvalues.pdf): year, latitude, longitude, declination. Another model of the same
# field: it agrees within a tenth of a degree.
WMM = [
    (2010.0, 80, 0, -6.13),
    (2010.0, 0, 120, 0.97),
    (2010.0, -80, -120, 70.21),
    (2015.0, 80, 0, -3.85),
    (2015.0, 0, 120, 0.57),
    (2020.0, 80, 0, -1.28),
    (2020.0, 0, 120, 0.16),
    (2020.0, -80, -120, 69.36),
    (2022.5, 80, 0, 0.01),
    (2022.5, 0, 120, -0.06),
    (2022.5, -80, -120, 69.13),
    (2025.0, 80, 0, 1.28),
    (2025.0, 0, 120, -0.16),
    (2025.0, -80, -120, 68.78),
]


def day_of(year: float) -> date:
    return date(int(year), 1, 1) + timedelta(days=round((year % 1) * 365.25))


@pytest.mark.parametrize(("year", "height_km", "colatitude", "longitude", "north", "east"), IGRF14SYN)
def test_declination_is_that_of_the_published_model(
    year: float, height_km: float, colatitude: float, longitude: float, north: float, east: float
) -> None:
    found = declination(longitude, 90 - colatitude, day_of(year), height_m=height_km * 1000)
    assert found.degrees == pytest.approx(math.degrees(math.atan2(east, north)), abs=0.01)


@pytest.mark.parametrize(("year", "latitude", "longitude", "expected"), WMM)
def test_declination_agrees_with_the_world_magnetic_model(
    year: float, latitude: float, longitude: float, expected: float
) -> None:
    assert declination(longitude, latitude, day_of(year)).degrees == pytest.approx(expected, abs=0.1)


def test_the_published_values_cover_1990_to_2025() -> None:
    years = sorted({row[0] for row in (*IGRF14SYN, *WMM)})
    assert (years[0], years[-1]) == (1990.6, 2025.0)
    assert max(later - sooner for sooner, later in pairwise(years)) < 5


def test_declination_says_where_it_comes_from() -> None:
    found = declination(46.93, 39.99, date(1993, 6, 15))
    assert (found.model, found.day) == ("IGRF-14", date(1993, 6, 15))
    assert found.software is not None
    assert found.software.startswith("ppigrf ")
    assert (found.longitude, found.latitude) == (46.93, 39.99)


@pytest.mark.parametrize("day", [date(1899, 12, 31), date(2030, 1, 1)])
def test_declination_outside_the_model_is_not_invented(day: date) -> None:
    with pytest.raises(SourceError, match="state the declination"):
        declination(46.93, 39.99, day)


@pytest.mark.parametrize("epsg", [28408, 2500, 32638, 32738, 3350])
@pytest.mark.parametrize(("longitude", "latitude"), [(46.93, 39.99), (44.0, 40.5), (47.9, -3.0)])
def test_convergence_turns_true_into_grid_bearings(epsg: int, longitude: float, latitude: float) -> None:
    grid = CRS.from_epsg(epsg)
    to_grid = Transformer.from_crs(grid.geodetic_crs, grid, always_xy=True)
    end = Geod(ellps="WGS84").fwd(longitude, latitude, 30.0, 100.0)[:2]
    (x0, y0), (x1, y1) = to_grid.transform(longitude, latitude), to_grid.transform(*end)
    on_grid = math.degrees(math.atan2(x1 - x0, y1 - y0))
    turned = (30.0 - convergence_deg(longitude, latitude, grid) - on_grid + 180) % 360 - 180
    assert turned == pytest.approx(0, abs=0.01)


def test_convergence_needs_a_grid_that_reaches_the_place() -> None:
    with pytest.raises(SourceError, match="no grid"):
        convergence_deg(46.93, 39.99, CRS.from_epsg(4326))
