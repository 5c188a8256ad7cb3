"""What numbers may mean: each reading, applied to numbers that were misread that way, leads to the place meant."""

from functools import lru_cache

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer

from registry.candidates import MISREADINGS
from registry.findings import CHECKS
from registry.geometry import GEOD, to_wgs84
from registry.readings import CORRECTABLE, degree_reading, readings_of

few = settings(max_examples=15)


@lru_cache
def transformer(epsg):
    return Transformer.from_crs(4326, epsg, always_xy=True)


def numbers(epsg, longitude, latitude):
    """A place on WGS 84 in the numbers of a CRS, by pyproj alone."""
    return transformer(epsg).transform(longitude, latitude)


def landing(reading, xy):
    point = np.array([shapely.Point(xy)], dtype=object)
    return shapely.get_coordinates(to_wgs84(reading.apply(point), reading.crs).geometries)[0]


def lands(code, stated, xy, longitude, latitude, within_m=15.0):
    """The readings of a code that put numbers within some metres of a place; SK-42 has operations 5 m apart."""
    found = [each for each in readings_of(CRS(stated), np.array(xy)) if each.code == code]
    return [each for each in found if GEOD.inv(*landing(each, xy), longitude, latitude)[2] < within_m]


EAST = st.floats(43.0, 47.0)
NORTH = st.floats(42.0, 55.0)


@few
@given(EAST, NORTH)
def test_exchanged_degrees(longitude, latitude):
    assert len(lands("axes-swapped", 4326, (latitude, longitude), longitude, latitude)) == 1


@few
@given(EAST, NORTH)
def test_northing_before_easting(longitude, latitude):
    for epsg in (32638, 28408, 2498):
        x, y = numbers(epsg, longitude, latitude)
        assert lands("axes-swapped", epsg, (y, x), longitude, latitude)


@few
@given(EAST, NORTH, st.sampled_from([(-1, 1), (1, -1)]))
def test_a_sign(longitude, latitude, signs):
    assert lands("sign-lost", 4326, (longitude * signs[0], latitude * signs[1]), longitude, latitude)


@few
@given(EAST, st.floats(1.0, 60.0))
def test_the_other_hemisphere_of_utm(longitude, latitude):
    x, y = numbers(32738, longitude, -latitude)
    assert "as WGS 84 / UTM zone 38S (EPSG:32738)" in {
        each.words for each in lands("sign-lost", 32638, (x, y), longitude, -latitude)
    }


@few
@given(EAST, NORTH, st.sampled_from([1, -1, 2, -2, 3, -3]))
def test_a_zone_nearby(longitude, latitude, k):
    for epsg in (32638, 2498):
        x, y = numbers(epsg, longitude, latitude)
        (reading,) = lands("zone-wrong", epsg + k, (x, y), longitude, latitude)
        assert reading.source_crs == f"EPSG:{epsg}"


@few
@given(EAST, NORTH, st.sampled_from([1, -1, 3, -3]))
def test_a_zone_of_a_grid_that_is_numbered_otherwise(longitude, latitude, k):
    # ED50, whose zones are read as whole steps of 6 degrees.
    x, y = numbers(23034, longitude - 24, latitude)
    assert lands("zone-wrong", 23034 + k, (x, y), longitude - 24, latitude)


def test_a_zone_digit_against_the_stated_zone():
    x, y = numbers(28408, 46.5, 40.0)
    assert 8_000_000 < x < 9_000_000
    (reading,) = lands("zone-wrong", 28407, (x, y), 46.5, 40.0)
    assert reading.words.endswith("(EPSG:28408), the zone of the digit before the easting")
    (reading,) = lands("zone-wrong", 2498, (x, y), 46.5, 40.0)
    assert reading.source_crs == "EPSG:28408"


def test_a_zone_digit_that_is_wrong_as_the_stated_zone_is():
    x, y = numbers(28408, 46.5, 40.0)
    (reading,) = lands("zone-wrong", 28407, (x - 1e6, y), 46.5, 40.0)
    assert reading.words.endswith("with 8 for the digit before the easting")


def test_an_easting_without_its_zone_digit():
    x, y = numbers(28408, 46.5, 40.0)
    (reading,) = lands("zone-wrong", 28408, (x - 8e6, y), 46.5, 40.0)
    assert reading.source_crs == "EPSG:2498"


@few
@given(EAST, NORTH)
def test_utm_and_gauss_krueger_both_ways(longitude, latitude):
    utm, without, digit = (numbers(epsg, longitude, latitude) for epsg in (32638, 2498, 28408))
    for stated in (2498, 28408):
        assert lands("utm-as-gauss-krueger", stated, utm, longitude, latitude, 0.01)
    assert lands("utm-as-gauss-krueger", 28408, (utm[0] + 8e6, utm[1]), longitude, latitude, 0.01)
    for grid in (without, digit):
        assert lands("gauss-krueger-as-utm", 32638, grid, longitude, latitude)


def test_sk42_that_nobody_transformed_and_the_reverse():
    longitude, latitude = numbers(4284, 46.5, 40.0)
    assert lands("datum-suspect", 4326, (longitude, latitude), 46.5, 40.0)
    assert lands("datum-suspect", 4284, (46.5, 40.0), 46.5, 40.0, 0.001)
    on_utm = numbers(32638, longitude, latitude)
    assert lands("datum-suspect", 32638, on_utm, 46.5, 40.0)


@pytest.mark.parametrize("epsg", [32638, 28408, 4284])
def test_a_crs_without_a_code_is_known_by_its_datum(epsg):
    esri = CRS.from_wkt(CRS(epsg).to_wkt("WKT1_ESRI"))
    codes = [[each.code for each in readings_of(crs, np.array([5e5, 4e6]))] for crs in (esri, CRS(epsg))]
    assert codes[0] == codes[1]
    assert "datum-suspect" in codes[0]


def test_another_datum_has_no_reading_of_sk42():
    assert "datum-suspect" not in {each.code for each in readings_of(CRS(4230), np.array([20.0, 45.0]))}


def test_a_crs_that_is_no_place_on_earth():
    assert readings_of(CRS('LOCAL_CS["quarry",UNIT["metre",1]]'), np.array([1.0, 2.0])) == ()


@few
@given(st.sampled_from(MISREADINGS), EAST, NORTH)
def test_single_records_are_read_on_their_own_datum(misreading, longitude, latitude):
    """A place in SK-42 degrees whose sign or axes are lost is corrected before it is transformed."""
    degrees = numbers(4284, longitude, latitude)
    wrong = {
        "axes-swapped": degrees[::-1],
        "sign-lost": (degrees[0] * misreading.longitude_sign, degrees[1] * misreading.latitude_sign),
        "zone-wrong": (degrees[0] - misreading.longitude_shift, degrees[1]),
    }[misreading.code]
    assert GEOD.inv(*landing(degree_reading(misreading, CRS(4284)), wrong), longitude, latitude)[2] < 15


def test_nothing_is_lost_but_heights():
    reading = readings_of(CRS(4326), np.array([46.0, 40.0]))[0]
    given_ = np.array([shapely.Point(1, 2, 3), None, shapely.Point()], dtype=object)
    assert shapely.to_wkt(reading.apply(given_)).tolist() == ["POINT (2 1)", None, "POINT EMPTY"]
    assert given_[0].has_z


def test_what_numbers_were_taken_for():
    readings = {each.code: each for each in readings_of(CRS(32638), np.array([5e5, 4e6]))}
    assert readings["gauss-krueger-as-utm"].source_crs == "EPSG:2498"
    assert readings["datum-suspect"].source_crs.startswith("EPSG:32638, read as on Pulkovo 1942")


def test_every_code_is_a_check():
    assert set(CORRECTABLE) <= set(CHECKS)
    codes = {each.code for epsg in (4326, 2498, 32638) for each in readings_of(CRS(epsg), np.array([5e5, 4e6]))}
    assert codes == set(CORRECTABLE)
