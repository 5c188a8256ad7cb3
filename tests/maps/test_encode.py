from datetime import date

import numpy as np
import pandas as pd
import pytest
import shapely
import unpack
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod
from sea import square

from maps.encode import column, encode_days, encode_geometry, pack, pack_table
from registry.plaintext import visible

GEOD = Geod(ellps="WGS84")

positions = st.tuples(st.floats(-180, 180, allow_nan=False), st.floats(-90, 90, allow_nan=False))


def decoded(*geometries):
    """There and back, through a whole pack."""
    header, sections = encode_geometry(np.array(geometries, dtype=object))
    return unpack.features(*unpack.unpack(pack(header, sections)))


def farthest_m(ring, decoded_ring):
    """How far the vertices of an encoded ring are from those it was made of."""
    given = np.array(ring.coords)[:-1]
    found = np.array(decoded_ring)
    assert given.shape == found.shape
    return GEOD.inv(*given.T, *found.T)[2].max()


def test_polygon_with_a_hole_and_two_parts():
    hole = shapely.Polygon(square(1, 2, 4).exterior, [square(2, 3, 1).exterior])
    both = shapely.MultiPolygon([square(-30, 0, 1), hole])
    first, second = decoded(square(5, 5, 1), both)
    assert [len(feature) for feature in (first, second)] == [1, 2]
    assert sorted(first[0][0]) == [(5, 5), (5, 6), (6, 5), (6, 6)]
    assert [len(ring) for ring in second[1]] == [4, 4]
    assert (2, 3) in second[1][1]


def test_points_and_nothing():
    points = [shapely.Point(-30.5, 0.25), shapely.MultiPoint([(1, 2), (3, 4)])]
    assert decoded(*points) == [[(-30.5, 0.25)], [(1, 2), (3, 4)]]
    assert decoded(shapely.Point(1, 2)) == [[(1, 2)]]
    assert decoded() == []


@given(st.lists(st.lists(positions, min_size=1, max_size=4), min_size=1, max_size=6))
def test_points_come_out_within_half_a_unit(features):
    found = decoded(*(shapely.MultiPoint(points) for points in features))
    for points, each in zip(features, found, strict=True):
        np.testing.assert_allclose(each, points, atol=0.501e-5, rtol=0)


@given(
    positions.map(lambda at: (at[0] * 0.99, at[1] * 0.94)),
    st.floats(1e-7, 1),
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=3, max_size=9),
)
def test_every_vertex_of_an_area_comes_out_within_a_metre_and_a_half(corner, size, shape):
    ring = shapely.LinearRing([(corner[0] + size * x, corner[1] + size * y) for x, y in shape])
    (((found,),),) = decoded(shapely.Polygon(ring))
    assert farthest_m(ring, found) < 1.5


def test_what_rounding_would_collapse_keeps_its_shape():
    # A square of 2 m, a strip of 3 km by 1 m that lies askew, and a hole of half a metre.
    small = square(-30.000004, 10.000004, 0.00002)
    strip = shapely.Polygon([(-30, 10), (-29.98, 10.02), (-29.980005, 10.020005), (-30.000005, 10.000005)])
    hole = shapely.Polygon(square(-30, 11, 0.01).exterior, [square(-29.9950023, 11.0050023, 0.000005).exterior])
    originals = [small, strip, hole]
    found = [shapely.Polygon(rings[0], rings[1:]) for ((*rings,),) in decoded(*originals)]
    for original, each in zip(originals, found, strict=True):
        assert each.is_valid
        assert len(each.interiors) == len(original.interiors)
        assert each.area == pytest.approx(original.area, rel=0.1)
    assert shapely.Polygon(found[2].interiors[0]).area == pytest.approx(0.000005**2, rel=0.1)


def test_only_what_needs_it_is_kept_finer():
    _, sections = encode_geometry(np.array([square(-30, 0, 0.01), square(-30, 1, 0.00003), square(-30, 2, 0.01)]))
    *_, fine, x, y = sections
    assert unpack.varints(fine) == [1]
    assert [len(x), len(y)] == [4, 4]


@given(st.lists(st.one_of(st.none(), st.text(max_size=4), st.integers(-3, 3)), max_size=600), st.integers(0, 400))
def test_tables_come_out_as_they_went_in(values, repeated):
    values = [*values, *values[:1] * repeated]
    if not any(value is not None for value in values):
        return
    (found,) = unpack.table(pack_table([column("recorded", "Label", values, "m")]))
    assert found == ("recorded", "Label", "m", [visible(word) if isinstance(word, str) else word for word in values])


def test_more_words_than_a_byte_holds():
    values = [str(number % 300) for number in range(900)]
    header, _ = unpack.unpack(packed := pack_table([column("recorded", "Label", values)]))
    assert header["columns"][0]["width"] == 2
    assert unpack.table(packed)[0][3] == values


def test_days_before_and_after_1970_and_none():
    days = pd.to_datetime(pd.Series(["1970-01-01", "1969-12-31", None, "1993-05-01"])).astype("datetime64[s]")
    assert unpack.days(encode_days(days)) == [date(1970, 1, 1), date(1969, 12, 31), None, date(1993, 5, 1)]
    assert encode_days(days[:0]) == b""


def test_the_same_content_gives_the_same_text():
    assert pack({"a": 1}, [b"x"]) == pack({"a": 1}, [b"x"])
