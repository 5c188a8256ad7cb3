import json

import pytest
import shapely
from hypothesis import example, given
from hypothesis import strategies as st

from registry.errors import SourceError
from registry.sources.geojson import geometry_texts, mend_rings, read_geojson

SQUARE = [[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]


def feature(geometry, **properties):
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def polygon(*rings):
    return {"type": "Polygon", "coordinates": list(rings)}


def collection(*features):
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def mended(geometry):
    return mend_rings(json.dumps(geometry))[0]


NUMBERS = st.integers(-5, 5) | st.floats() | st.just(10**400) | st.text(max_size=2) | st.none()
RINGS = st.lists(st.lists(NUMBERS, max_size=4) | NUMBERS, max_size=6)
JSON = st.recursive(
    NUMBERS, lambda x: st.lists(x, max_size=4) | st.dictionaries(st.sampled_from(["type", "coordinates", "a"]), x)
)
ANY_GEOMETRY = JSON | st.fixed_dictionaries(
    {
        "type": st.sampled_from(["Polygon", "MultiPolygon", "Point", "GeometryCollection", "x"]) | NUMBERS | RINGS,
        "coordinates": st.lists(st.lists(RINGS, max_size=3) | RINGS | NUMBERS, max_size=3) | JSON,
    }
)


def test_features_with_and_without_geometry_and_properties():
    read = read_geojson(
        collection(feature(polygon(SQUARE), a=1), feature(None, b="мина"), {"type": "Feature"}, None), "f.geojson"
    )
    assert read.attributes == [{"a": 1}, {"b": "мина"}, {}, {}]
    assert read.geometries[0].equals(shapely.box(0, 0, 10, 10))
    assert list(read.geometries[1:]) == [None, None, None]
    assert read.as_delivered == {}


def test_a_geometry_that_cannot_be_held_is_kept_as_text():
    read = read_geojson(collection(feature(polygon(SQUARE)), feature(polygon(SQUARE[:-1]))), "f.geojson")
    assert read.geometries[1] is None
    assert json.loads(read.as_delivered[1]) == polygon(SQUARE[:-1])
    assert set(read.as_delivered) == {1}


@pytest.mark.parametrize(
    ("member", "crs"),
    [
        ({}, "EPSG:4326"),
        ({"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4284"}}}, "urn:ogc:def:crs:EPSG::4284"),
        ({"crs": None}, None),
        ({"crs": "EPSG:4284"}, None),
    ],
)
def test_the_crs_that_geojson_of_2008_may_name(member, crs):
    document = {"type": "FeatureCollection", **member, "features": []}
    assert read_geojson(json.dumps(document).encode(), "f.geojson").crs == crs


@pytest.mark.parametrize("document", [feature(polygon(SQUARE), a=1), polygon(SQUARE)])
def test_a_single_feature_or_geometry_is_one_row(document):
    read = read_geojson(json.dumps(document).encode(), "f.geojson")
    assert len(read.attributes) == len(read.geometries) == 1
    assert shapely.area(read.geometries[0]) == 100


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe\xfa", b"[" * 100_000, b'{"type": "FeatureCollection"}', b"[]", b'{"type": ["Point"]}', b"5"],
)
def test_what_is_no_geojson_is_refused_by_name(content):
    with pytest.raises(SourceError, match=r"f\.geojson: it is"):
        read_geojson(content, "f.geojson")


@given(st.lists(ANY_GEOMETRY, max_size=4))
def test_any_features_are_read_one_row_each(geometries):
    read = read_geojson(collection(*[feature(each) for each in geometries]), "f.geojson")
    assert len(read.attributes) == len(read.geometries) == len(geometries)
    for index, text in read.as_delivered.items():
        assert read.geometries[index] is None
        assert json.loads(text) == geometries[index] or "NaN" in text
        mend_rings(text)


@given(st.binary(max_size=40) | st.text(max_size=40).map(str.encode))
def test_any_bytes_are_read_or_refused(content):
    try:
        read = read_geojson(content, "f")
    except SourceError:
        return
    assert len(read.attributes) == len(read.geometries)


def test_texts_of_wanted_features():
    content = collection(feature(polygon(SQUARE)), feature(polygon([[1, 1.5]])))
    assert geometry_texts(content, {1}, 2) == {1: '{"type":"Polygon","coordinates":[[[1,1.5]]]}'}


@pytest.mark.parametrize("content", [b"{", b"5", collection(None, feature(polygon(SQUARE)))])
def test_no_texts_where_they_may_belong_to_other_features(content):
    assert geometry_texts(content, {0}, 1) is None


def test_an_unclosed_ring_is_closed():
    assert mended(polygon(SQUARE[:-1])).equals(shapely.box(0, 0, 10, 10))
    assert mended(polygon([[0, 0], [10, 0], [10, 10]])).area == 50


@pytest.mark.parametrize(
    "ring", [[], [[0, 0]], [[0, 0], [1, 0]], [[0, 0], [1, 0], [0, 0]], [[0, 0], [0, 0], [0, 0], [0, 0]]]
)
def test_a_ring_of_fewer_than_three_points_is_dropped(ring):
    assert mended(polygon(ring)) is None
    assert mended(polygon(SQUARE, ring)).equals(shapely.box(0, 0, 10, 10))


def test_a_hole_stays_and_one_without_shell_goes():
    hole = [[2, 2], [4, 2], [4, 4], [2, 4]]
    assert mended(polygon(SQUARE[:-1], hole)).area == 96
    assert mended(polygon([[0, 0]], hole)) is None


def test_of_several_polygons_the_whole_ones_stay():
    both = {"type": "MultiPolygon", "coordinates": [[SQUARE[:-1]], [[[0, 0]]], [[[20, 0], [21, 0], [21, 1]]]]}
    assert mended(both).area == 100.5
    assert mended(both).geom_type == "MultiPolygon"
    assert mended({**both, "coordinates": both["coordinates"][:2]}).geom_type == "Polygon"


@pytest.mark.parametrize(
    "text",
    [
        "null",
        "5",
        '"POLYGON"',
        "[1]",
        "{}",
        '{"type":"Point","coordinates":["a","b"]}',
        '{"type":["a"]}',
        "616263",
        "zz",
    ],
)
def test_nothing_to_mend(text):
    assert mend_rings(text)[0] is None


def test_wkb_as_hexadecimal():
    whole = shapely.to_wkb(shapely.box(0, 0, 10, 10), byte_order=1)
    unclosed = whole[:9] + (4).to_bytes(4, "little") + whole[13:-16]
    assert mend_rings(unclosed.hex())[0].equals(shapely.box(0, 0, 10, 10))
    assert mend_rings(whole[:-20].hex())[0] is None


@example({"type": "MultiPolygon", "coordinates": None})
@example(polygon([[10**400, 0], [1, 0], [0, 1]]))
@given(ANY_GEOMETRY)
def test_mending_never_fails_and_gives_closed_rings(geometry):
    result = mended(geometry)
    assert result is None or result.geom_type in {"Polygon", "MultiPolygon"}
    for ring in shapely.get_rings(result):
        assert ring.is_ring or ring.coords[0] == ring.coords[-1]
        assert len(set(ring.coords)) >= 3


@given(st.binary(max_size=60))
def test_mending_any_wkb_never_fails(data):
    mend_rings(data.hex())
