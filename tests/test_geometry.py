import threading

import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st
from pyproj import CRS

from registry import geometry
from registry.errors import SourceError
from registry.geometry import (
    GEOD,
    WGS84,
    crs_name,
    local_equal_area,
    longest_edge_m,
    parse_crs,
    polygons_of,
    project,
    reach_m,
    repair,
    to_wgs84,
    total_bounds,
    width_m,
)


def array(*geometries):
    result = np.empty(len(geometries), dtype=object)
    result[:] = geometries
    return result


def wkt(text):
    return shapely.from_wkt(text)


BOW_TIE = wkt("POLYGON ((0 0, 10 10, 10 0, 0 10, 0 0))")


@pytest.mark.parametrize("text", ["EPSG:4284", "epsg:32634", "+proj=longlat +ellps=krass", CRS(3035).to_wkt()])
def test_a_crs_as_a_person_writes_it(text):
    assert parse_crs(text) == CRS(text)


@pytest.mark.parametrize("text", ["EPSG:99999999", "", "SK-42", "0"])
def test_a_crs_that_proj_does_not_know(text):
    with pytest.raises(SourceError, match="write an EPSG code such as"):
        parse_crs(text)


def test_the_short_name_of_a_crs():
    assert crs_name(CRS(4284)) == "EPSG:4284"
    assert crs_name(CRS("+proj=tmerc +lon_0=45 +ellps=krass +type=crs")) == "unknown"


@given(st.floats(-179, 179), st.floats(-85, 85), st.floats(10, 5_000))
def test_the_plane_keeps_the_area_of_a_square(longitude, latitude, side):
    plane = local_equal_area((longitude, latitude, longitude, latitude))
    square = array(shapely.box(-side / 2, -side / 2, side / 2, side / 2))
    on_globe = project(square, plane, WGS84)
    assume(shapely.bounds(on_globe)[0, 2] - shapely.bounds(on_globe)[0, 0] < 180)
    area, _ = GEOD.geometry_area_perimeter(on_globe[0])
    assert abs(area) == pytest.approx(side**2, rel=1e-5)


@given(
    st.sampled_from([32634, 3857, 4979]),
    st.floats(15, 25),
    st.floats(40, 50),
)
def test_there_and_back_again_on_one_datum(epsg, longitude, latitude):
    point = array(shapely.Point(longitude, latitude))
    back = project(project(point, WGS84, CRS(epsg)), CRS(epsg), WGS84)
    assert GEOD.inv(longitude, latitude, back[0].x, back[0].y)[2] < 0.01


def test_projecting_keeps_none_and_drops_heights():
    result = project(array(None, wkt("POINT Z (1 2 3)")), WGS84, WGS84)
    assert result[0] is None
    assert result[1].wkt == "POINT (1 2)"
    assert len(project(array(), WGS84, CRS(3035))) == 0


def test_total_bounds():
    assert total_bounds(array(shapely.box(0, 1, 2, 3), None), array(shapely.Point(-5, 9))) == (-5, 1, 2, 9)
    assert total_bounds(array(None, wkt("POINT EMPTY")), array()) is None


@pytest.mark.parametrize("crs", ["EPSG:4326", "OGC:CRS84"])
def test_wgs84_stays_as_it_is(crs):
    delivered = array(wkt("POINT Z (1 2 3)"), None)
    found = to_wgs84(delivered, CRS(crs))
    assert found.geometries[0].wkt == "POINT (1 2)"
    assert found.geometries[1] is None
    assert found.transformation.accuracy_m == 0
    assert found.better_unavailable is None


# Latitude, longitude; shift of SK-42 to WGS 84 to the east and north in metres by the best operation for the place.
@pytest.mark.parametrize(
    ("latitude", "longitude", "east", "north"),
    [(39.99, 46.93, -102.1, -9.6), (48.0, 37.8, -114.3, -8.9), (43.0, 41.0, -108.8, -12.9)],
)
def test_sk42_by_the_operation_for_the_place(latitude, longitude, east, north):
    found = to_wgs84(array(shapely.Point(longitude, latitude)), CRS(4284))
    plane = local_equal_area((longitude, latitude, longitude, latitude))
    moved = project(found.geometries, WGS84, plane)[0]
    assert (moved.x, moved.y) == pytest.approx((east, north), abs=0.2)
    assert found.transformation.source_crs == "EPSG:4284"
    assert found.transformation.name.startswith("Pulkovo 1942 to WGS 84")
    assert 1 <= found.transformation.accuracy_m <= 10
    assert found.transformation.definition


def test_a_record_far_away_does_not_hide_the_operation_for_the_rest():
    places = array(shapely.Point(37.8, 48.0), None, shapely.Point(1e9, 1e9))
    found = to_wgs84(places, CRS(4284))
    assert GEOD.inv(37.8, 48.0, found.geometries[0].x, found.geometries[0].y)[2] == pytest.approx(115, abs=3)
    assert found.geometries[1] is None


def test_an_unstated_accuracy_is_none():
    found = to_wgs84(array(shapely.Point(20, 45)), CRS("+proj=longlat +ellps=krass +type=crs"))
    assert found.transformation.accuracy_m is None


def test_a_position_that_cannot_be_placed_is_infinite():
    assert np.isinf(shapely.get_x(to_wgs84(array(shapely.Point(1e9, 1e9)), CRS(32634)).geometries[0]))


def test_a_crs_without_a_way_to_wgs84():
    local = CRS('LOCAL_CS["quarry",UNIT["metre",1]]')
    with pytest.raises(SourceError, match="no operation from quarry to WGS 84"):
        to_wgs84(array(shapely.Point(0, 0)), local)


def test_a_bow_tie_becomes_its_two_triangles():
    repaired = repair(array(BOW_TIE))
    assert repaired.geometries[0].equals(wkt("MULTIPOLYGON (((0 0, 5 5, 0 10, 0 0)), ((10 0, 10 10, 5 5, 10 0)))"))
    assert repaired.geometries[0].area == 50
    assert repaired.remnants.tolist() == [0]


def test_a_ring_that_overlaps_itself_cancels_there():
    # Two squares of one ring that share the unit square from (1, 1) to (2, 2).
    twice = wkt("POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0, 1 1, 3 1, 3 3, 1 3, 1 1, 0 0))")
    assert repair(array(twice)).geometries[0].area == 4 + 4 - 2 * 1


def test_lines_that_fall_out_are_counted():
    spike = wkt("POLYGON ((0 0, 10 0, 10 10, 10 20, 10 10, 0 10, 0 0))")
    repaired = repair(array(spike, shapely.box(0, 0, 1, 1), wkt("POLYGON ((0 0, 1 1, 0 0, 0 0))")))
    assert repaired.geometries[0].area == 100
    assert repaired.remnants[:2].tolist() == [1, 0]
    assert repaired.geometries[2] is None


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=9).filter(
        lambda ring: len(set(ring)) > 2
    )
)
def test_repairing_any_ring_gives_valid_polygons_inside_its_hull(ring):
    polygon = shapely.Polygon(ring)
    (repaired,) = repair(array(polygon)).geometries
    if repaired is None:
        assert polygon.area == 0
        return
    assert repaired.is_valid
    assert repaired.geom_type == "MultiPolygon"
    assert repaired.area <= polygon.convex_hull.area + 1e-9
    if polygon.is_valid:
        assert repaired.equals(polygon)


def test_polygons_of_collections_however_deep():
    square, other = shapely.box(0, 0, 1, 1), shapely.box(5, 5, 6, 6)
    deep = shapely.GeometryCollection(
        [shapely.GeometryCollection([shapely.MultiPolygon([square]), shapely.Point(9, 9)])]
    )
    found = polygons_of(
        array(deep, shapely.Point(0, 0), None, shapely.MultiPolygon([square, other]), shapely.Polygon())
    )
    assert found[0] == shapely.MultiPolygon([square])
    assert found[3] == shapely.MultiPolygon([square, other])
    assert [found[i] for i in (1, 2, 4)] == [None] * 3
    assert polygons_of(array(None)).tolist() == [None]


@given(st.floats(0.1, 1_000), st.floats(0.1, 1_000), st.floats(0, 360))
def test_the_width_of_a_rectangle_is_exact(long, short, angle):
    long, short = max(long, short), min(long, short)
    rectangle = shapely.affinity.rotate(shapely.box(0, 0, long, short), angle)
    assert width_m(array(rectangle))[0] == pytest.approx(short, rel=1e-3)


def test_a_shape_rounder_than_a_square_is_a_quarter_of_its_perimeter_wide():
    circle = shapely.Point(0, 0).buffer(10, quad_segs=90)
    assert width_m(array(circle))[0] == pytest.approx(np.pi * 20 / 4, rel=1e-3)


def test_the_longest_edge():
    degree = GEOD.inv(0, 0, 1, 0)[2]
    holed = shapely.Polygon(shapely.box(0, 0, 3, 1).exterior, [shapely.box(1, 0.2, 2, 0.4).exterior])
    several = shapely.MultiLineString([[(0, 0), (0.5, 0)], [(10, 0), (12, 0)]])
    lengths = longest_edge_m(array(holed, shapely.Point(0, 0), several, None, shapely.LineString([(0, 0), (1, 0)])))
    # The gap between two lines is no edge.
    assert lengths / degree == pytest.approx([3, 0, 2, 0, 1], rel=2e-3)
    assert longest_edge_m(array()).tolist() == []


def test_what_crosses_itself_only_on_the_plane_is_repaired(monkeypatch):
    """As the rounding of a projection does to slivers: a bow tie of two triangles of 1 m2 each, a point, a blank."""
    bow_tie = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    projected = np.array([bow_tie, shapely.Point(1, 1), None], dtype=object)
    monkeypatch.setattr(geometry, "project", lambda *_: projected)
    drawn = geometry.on_plane(projected, geometry.WGS84)
    assert drawn[0].is_valid
    assert drawn[0].area == pytest.approx(2.0)
    assert drawn[1].equals(shapely.Point(1, 1))
    assert drawn[2] is None
    assert projected[0] is bow_tie


@given(
    st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), min_size=2, max_size=5),
)
def test_no_edge_is_longer_than_the_reach(points):
    lines = array(shapely.LineString(points), shapely.MultiPoint(points[:1]), None)
    reach = reach_m(lines)
    assert longest_edge_m(lines)[0] <= reach[0] * (1 + 1e-12) + 1e-6
    assert reach[1] == 0
    assert np.isnan(reach[2])


def many(count):
    """Points from west to east, every seventh missing."""
    rows = np.arange(count)
    points = shapely.points(15 + rows * 1e-4, 44 + rows * 1e-5).astype(object)
    points[::7] = None
    return points


def test_many_are_projected_in_parts_as_each_alone():
    points, plane = many(9_000), local_equal_area((15, 44, 16, 45))
    together = project(points, WGS84, plane)
    assert shapely.equals_identical(together[8_999:], project(points[8_999:], WGS84, plane)).all()
    assert (shapely.is_missing(together) == shapely.is_missing(points)).all()
    alone = np.concatenate([project(points[start : start + 100], WGS84, plane) for start in range(0, 9_000, 100)])
    drawn = ~shapely.is_missing(points)
    assert shapely.equals_identical(together[drawn], alone[drawn]).all()


def test_an_operation_of_a_group_is_used_by_one_thread(monkeypatch):
    """What pyproj gives in a group is one and the same for all threads, and no two may use it at once."""
    moved_by = []
    moved = geometry._moved

    def watched(xy, transformer):
        moved_by.append((transformer, threading.current_thread()))
        return moved(xy, transformer)

    monkeypatch.setattr(geometry, "_moved", watched)
    points = many(9_000)
    found = to_wgs84(points, CRS(3906))
    (used, thread) = moved_by[-1]
    assert [each for each in moved_by if each[0] is used] == [(used, thread)]
    assert thread is threading.current_thread()
    assert len(found.geometries) == 9_000
