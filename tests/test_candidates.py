import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS

from registry.candidates import (
    MISREADINGS,
    SHOWN,
    CrsCandidate,
    crs_candidates,
    describe,
    in_area_of_use,
    misreading_of,
)
from registry.findings import CHECKS
from registry.geometry import WGS84, project

DISTRICT = shapely.box(46, 39.5, 47, 40.5)
# Open sea, where neither swapping nor changing a sign leads back.
AT_SEA = shapely.box(-21, -31, -19, -29)


def in_crs(epsg, longitude, latitude):
    point = np.array([shapely.Point(longitude, latitude)], dtype=object)
    return shapely.get_coordinates(project(point, WGS84, CRS(epsg)))


def misread(longitude, latitude, reference=AT_SEA):
    index, distance = misreading_of(np.array([[longitude, latitude]]), reference)
    return (MISREADINGS[index[0]].code if index[0] >= 0 else None), float(distance[0])


def test_degrees_may_be_on_wgs84_or_sk42():
    first, second = crs_candidates(np.array([[46.5, 40.0], [46.6, 40.0]]), None)
    assert (first.crs, second.crs) == ("EPSG:4326", "EPSG:4284")
    assert (first.longitude, first.latitude) == pytest.approx((46.55, 40.0))
    assert second.longitude == pytest.approx(46.55 - 0.0012, abs=2e-4)


def test_a_zone_digit_is_read_off_the_easting():
    crs = [each.crs for each in crs_candidates(in_crs(28408, 46.5, 40.0), None)]
    assert crs[0] == "EPSG:28408"


def test_numbers_that_come_north_first():
    found = crs_candidates(in_crs(28408, 46.5, 40.0)[:, ::-1], None)
    assert (found[0].crs, found[0].longitude, found[0].latitude) == (
        "EPSG:28408",
        pytest.approx(46.5),
        pytest.approx(40),
    )
    assert "north first" in found[0].reason


def test_a_zone_that_numbers_do_not_tell_must_be_stated():
    found = crs_candidates(in_crs(32638, 46.5, 40.0), None)
    assert {"EPSG:32638", "EPSG:32634"} <= {each.crs for each in found}
    assert all("state it" in each.reason for each in found if each.crs.startswith("EPSG:326"))


def test_with_districts_the_nearest_comes_first():
    found = crs_candidates(in_crs(32638, 46.5, 40.0), DISTRICT)
    assert found[0].distance_m == 0
    assert [each.distance_m for each in found] == sorted(each.distance_m for each in found)
    assert "EPSG:32638" in {each.crs for each in found}
    assert len(found) <= SHOWN


@pytest.mark.parametrize("reference", [None, DISTRICT])
def test_no_numbers_and_impossible_numbers(reference):
    assert crs_candidates(np.empty((0, 2)), reference) == ()
    assert crs_candidates(np.array([[np.nan, 1.0], [np.inf, 2.0]]), reference) == ()
    assert crs_candidates(np.array([[1e12, -1e12]]), reference) == ()


@given(st.floats(-1e8, 1e8), st.floats(-1e8, 1e8))
def test_a_candidate_says_where_it_would_put_any_numbers(x, y):
    for each in crs_candidates(np.array([[x, y]]), None):
        assert -180 <= each.longitude <= 180
        assert -90 <= each.latitude <= 90
        assert each.reason
        assert each.distance_m is None


def test_candidates_in_words():
    one = CrsCandidate("EPSG:4326", "WGS 84", -20.0, -30.0, None, "numbers in the range of degrees")
    assert describe([one]).splitlines()[1] == (
        "  EPSG:4326 (WGS 84) would put their middle at -30.000, -20.000: numbers in the range of degrees"
    )
    assert "look at the source" in describe([])


@pytest.mark.parametrize(
    ("longitude", "latitude", "code"),
    [
        (-30.0, -20.0, "axes-swapped"),
        (20.0, -30.0, "sign-lost"),
        (-20.0, 30.0, "sign-lost"),
        (-26.0, -30.0, "zone-wrong"),
        (-2.0, -30.0, "zone-wrong"),
        (-20.0, -30.0, None),
        (-18.1, -30.0, None),
        (4.0, -30.0, None),
        (100.0, 50.0, None),
    ],
)
def test_a_misreading_is_one_that_leads_into_the_reference(longitude, latitude, code):
    found, distance = misread(longitude, latitude)
    assert found == code
    assert (distance > 0) is (code is not None)


@pytest.mark.parametrize(("longitude", "code"), [(-25.9, None), (-26.1, "zone-wrong")])
def test_within_a_degree_of_the_reference_nothing_is_called_misread(longitude, code):
    # A zone further east both would lie in it.
    assert misread(longitude, -30.0, shapely.box(-25, -31, -19, -29))[0] == code


def test_the_distance_is_from_the_bounds():
    # From 26 W to the western edge at 21 W, along 30 S.
    assert misread(-26.0, -30.0)[1] == pytest.approx(5 * 111_320 * np.cos(np.radians(30)), rel=5e-3)


@given(st.sampled_from(MISREADINGS), st.floats(-20.9, -19.1), st.floats(-30.9, -29.1))
def test_undoing_a_misreading_leads_back(misreading, longitude, latitude):
    made = {"axes-swapped": lambda: (latitude, longitude)}.get(
        misreading.code,
        lambda: (
            (longitude - misreading.longitude_shift) * misreading.longitude_sign,
            latitude * misreading.latitude_sign,
        ),
    )()
    assert misreading.undo(np.array([made]))[0] == pytest.approx([longitude, latitude])
    assert misread(*made)[0] is not None
    assert misreading.code in CHECKS


def test_the_share_of_positions_in_the_area_of_use():
    places = np.array([shapely.Point(20, 45), shapely.Point(20, -45), None, shapely.Point()], dtype=object)
    assert in_area_of_use(CRS(32634), places) == 0.5
    assert in_area_of_use(CRS("+proj=longlat +ellps=krass"), places) == 1
    assert in_area_of_use(CRS(32634), places[2:]) == 1


def test_an_area_of_use_across_the_date_line():
    crs = CRS(3832)  # 98.69 E to 68 W
    assert crs.area_of_use.west > crs.area_of_use.east
    shares = [in_area_of_use(crs, np.array([shapely.Point(x, 0)], dtype=object)) for x in (179, -179, 0, 90)]
    assert shares == [1, 1, 0, 0]
