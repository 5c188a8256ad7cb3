import json

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS

from registry.codes import PlotStatus
from registry.findings import CHECKS
from registry.model import GEOMETRY_OF_KIND, GeometryKind, Kind, Severity
from registry.plotting import plot

PLOTTED, INVALID, UNPLOTTABLE = PlotStatus.PLOTTED, PlotStatus.INVALID, PlotStatus.UNPLOTTABLE
SQUARE = shapely.box(-20, -20, -19.99, -19.99)
BOW_TIE = shapely.from_wkt("POLYGON ((-20 -20, -19.98 -19.98, -19.98 -20, -20 -19.98, -20 -20))")
UNCLOSED = json.dumps(
    {"type": "Polygon", "coordinates": [[[-20, -20], [-19.99, -20], [-19.99, -19.99], [-20, -19.99]]]}
)
ONE_POINT = json.dumps({"type": "Polygon", "coordinates": [[[-20, -20]]]})


def wkt(text):
    return shapely.from_wkt(text)


def drawn(*geometries, kind=Kind.MINEFIELDS, crs=4326, refused=None, unreadable=None, mend=False):
    array = np.empty(len(geometries), dtype=object)
    array[:] = geometries
    return plot(array, refused or {}, unreadable or {}, CRS(crs), kind, mend=mend)


def found(drawing):
    return [(hit.code, hit.row) for hit in drawing.hits]


def test_a_square_is_plotted_as_it_came():
    drawing = drawn(SQUARE)
    assert drawing.status.tolist() == [PLOTTED]
    assert drawing.geometries[0].equals(SQUARE)
    assert (found(drawing), drawing.originals, drawing.repair_notes) == ([], {}, {})


def test_nothing_at_all():
    assert len(drawn().status) == 0


@pytest.mark.parametrize(
    ("geometry", "code"),
    [
        (None, "geometry-missing"),
        (shapely.Polygon(), "geometry-empty"),
        (wkt("POLYGON ((1 1, 2 2, 1 1))"), "too-few-vertices"),
        (wkt("POLYGON ((1 1, 1 1, 1 1, 1 1))"), "too-few-vertices"),
        (wkt("LINESTRING (1 1, 2 2)"), "not-an-area"),
        (shapely.Point(1, 1), "not-an-area"),
        (wkt("GEOMETRYCOLLECTION (POINT (1 1), LINESTRING (1 1, 2 2))"), "not-an-area"),
        (shapely.box(179, 0, 181, 1), "out-of-range"),
        (shapely.box(0, 89, 1, 91), "out-of-range"),
        (shapely.Polygon([(0, 0), (1, 0), (np.inf, 1)]), "out-of-range"),
        (shapely.box(0, 0, 1e-7, 1e-7), "null-island"),
    ],
)
def test_what_cannot_be_drawn_is_kept_as_text(geometry, code):
    drawing = drawn(SQUARE, geometry)
    assert drawing.status.tolist() == [PLOTTED, UNPLOTTABLE]
    assert drawing.geometries[1] is None
    assert found(drawing) == [(code, 1)]
    if geometry is not None:
        assert wkt(drawing.originals[1]).normalize() == geometry.normalize()
    assert CHECKS[code].severity is Severity.ERROR


@pytest.mark.parametrize(
    "geometry",
    [shapely.box(178, 88, 180, 90), shapely.box(-180, 0, 180.00000000000014, 1), shapely.box(0, 0, 0.001, 0.001)],
)
def test_what_is_just_in_range_is_drawn(geometry):
    assert drawn(geometry).status.tolist() == [PLOTTED]


def test_a_bow_tie_is_invalid_until_a_repair_is_asked_for():
    kept = drawn(BOW_TIE)
    assert kept.status.tolist() == [INVALID]
    assert kept.geometries[0].equals_exact(BOW_TIE)
    assert found(kept) == [("geometry-invalid", 0)]
    assert kept.originals == {}
    assert "--repair" in kept.hits[0].message


def test_a_repaired_bow_tie_is_two_triangles_and_its_original_is_kept():
    mended = drawn(BOW_TIE, mend=True)
    assert mended.status.tolist() == [PLOTTED]
    left = wkt("POLYGON ((-20 -20, -19.99 -19.99, -20 -19.98, -20 -20))")
    right = wkt("POLYGON ((-19.98 -20, -19.98 -19.98, -19.99 -19.99, -19.98 -20))")
    assert shapely.area(mended.geometries[0].symmetric_difference(shapely.MultiPolygon([left, right]))) < 1e-12
    assert found(mended) == [("geometry-repaired", 0)]
    assert wkt(mended.originals[0]) == BOW_TIE
    assert "make_valid by linework" in mended.repair_notes[0]


def test_an_original_is_kept_in_its_own_crs():
    metres = wkt("POLYGON ((500000 5000000, 500010 5000010, 500010 5000000, 500000 5000010, 500000 5000000))")
    mended = drawn(metres, crs=32634, mend=True)
    assert wkt(mended.originals[0]) == metres
    assert mended.geometries[0].bounds[0] == pytest.approx(21, abs=1e-3)
    # Half of a square of 10 m.
    assert "0 m2 as drawn, 50 m2 repaired; 0 remnants dropped" in mended.repair_notes[0]


def test_an_unclosed_ring_is_invalid_until_a_repair_is_asked_for():
    kept = drawn(None, refused={0: UNCLOSED})
    assert (kept.status.tolist(), kept.geometries[0], found(kept)) == ([INVALID], None, [("ring-unclosed", 0)])
    mended = drawn(None, refused={0: UNCLOSED}, mend=True)
    assert mended.status.tolist() == [PLOTTED]
    assert mended.geometries[0].equals(SQUARE)
    assert found(mended) == [("geometry-repaired", 0)]
    assert kept.originals == mended.originals == {0: UNCLOSED}
    assert "closed" in mended.repair_notes[0]


@pytest.mark.parametrize("text", [ONE_POINT, "null", "616263"])
@pytest.mark.parametrize("mend", [False, True])
def test_a_ring_of_one_point_cannot_be_mended(text, mend):
    drawing = drawn(None, refused={0: text}, mend=mend)
    assert (drawing.status.tolist(), drawing.geometries[0]) == ([UNPLOTTABLE], None)
    assert found(drawing) == [("too-few-vertices", 0)]
    assert drawing.originals == {0: text}


def test_a_feature_that_could_not_be_read():
    drawing = drawn(None, SQUARE, unreadable={0: "the file ends before this feature"})
    assert drawing.status.tolist() == [UNPLOTTABLE, PLOTTED]
    assert found(drawing) == [("feature-unreadable", 0)]
    assert "the file ends before this feature" in drawing.hits[0].message


@pytest.mark.parametrize(
    "text", ["POLYGON Z ((1 1 9, 2 1 9, 2 2 9, 1 1 9))", "POLYGON M ((1 1 9, 2 1 9, 2 2 9, 1 1 9))"]
)
def test_heights_and_measures_are_dropped_and_that_is_said(text):
    drawing = drawn(wkt(text))
    assert found(drawing) == [("z-dropped", None)]
    assert drawing.geometries[0].wkt == "POLYGON ((1 1, 2 1, 2 2, 1 1))"


def test_of_a_collection_the_polygons_are_drawn():
    other = shapely.box(1, 1, 2, 2)
    pure = shapely.GeometryCollection([SQUARE, other])
    mixed = shapely.GeometryCollection([shapely.MultiPolygon([SQUARE, other]), shapely.Point(1, 1)])
    drawing = drawn(pure, mixed)
    assert drawing.status.tolist() == [PLOTTED, PLOTTED]
    assert [geometry == shapely.MultiPolygon([SQUARE, other]) for geometry in drawing.geometries] == [True, True]
    assert found(drawing) == [("parts-dropped", 1)]
    assert wkt(drawing.originals[1]) == mixed


def test_an_event_is_one_point():
    drawing = drawn(
        shapely.Point(1, 1), wkt("MULTIPOINT (1 1)"), wkt("MULTIPOINT (1 1, 2 2)"), SQUARE, kind=Kind.ACCIDENTS
    )
    assert drawing.status.tolist() == [PLOTTED, PLOTTED, UNPLOTTABLE, UNPLOTTABLE]
    assert [geometry and geometry.wkt for geometry in drawing.geometries] == ["POINT (1 1)", "POINT (1 1)", None, None]
    assert found(drawing) == [("not-a-point", 2), ("not-a-point", 3)]


def test_devices_may_be_several_points():
    drawing = drawn(wkt("MULTIPOINT (1 1, 2 2)"), shapely.Point(1, 1), wkt("LINESTRING (1 1, 2 2)"), kind=Kind.DEVICES)
    assert drawing.status.tolist() == [PLOTTED, PLOTTED, UNPLOTTABLE]
    assert found(drawing) == [("not-a-point", 2)]


def test_an_event_at_zero_zero_is_a_blank():
    assert found(drawn(shapely.Point(0, 0), shapely.Point(0, 1), kind=Kind.ACCIDENTS)) == [("null-island", 0)]


def test_a_position_that_its_crs_cannot_place():
    drawing = drawn(shapely.box(1e9, 1e9, 2e9, 2e9), crs=32634)
    assert found(drawing) == [("out-of-range", 0)]


def test_the_geometries_given_are_left_alone():
    delivered = np.array([wkt("POINT Z (1 1 1)"), SQUARE], dtype=object)
    plot(delivered, {}, {}, CRS(4326), Kind.ACCIDENTS, mend=True)
    assert delivered[0].has_z
    assert delivered[1] is SQUARE


POINTS = st.tuples(st.integers(-3, 3), st.integers(-3, 3))
SHAPES = st.one_of(
    st.none(),
    POINTS.map(shapely.Point),
    st.lists(POINTS, min_size=2, max_size=4).map(shapely.LineString),
    st.lists(POINTS, min_size=3, max_size=6).map(shapely.Polygon),
    st.lists(POINTS, min_size=1, max_size=3).map(shapely.MultiPoint),
)
GEOMETRIES = SHAPES | st.lists(SHAPES.filter(bool), max_size=3).map(shapely.GeometryCollection)


@given(st.lists(GEOMETRIES, max_size=6), st.sampled_from(Kind), st.booleans())
def test_every_record_is_plotted_invalid_or_unplottable_with_a_reason(geometries, kind, mend):
    drawing = drawn(*geometries, kind=kind, mend=mend)
    reasons = {row for code, row in found(drawing) if row is not None and CHECKS[code].severity is Severity.ERROR}
    wanted = {
        GeometryKind.MULTIPOLYGON: {"Polygon", "MultiPolygon"},
        GeometryKind.MULTIPOINT: {"Point", "MultiPoint"},
        GeometryKind.POINT: {"Point"},
    }[GEOMETRY_OF_KIND[kind]]
    for row, (status, geometry) in enumerate(zip(drawing.status, drawing.geometries, strict=True)):
        assert (status != PLOTTED) == (row in reasons)
        if status == PLOTTED:
            assert geometry.is_valid
            assert geometry.geom_type in wanted
        if status == UNPLOTTABLE:
            assert geometry is None
            assert geometries[row] is None or row in drawing.originals
    assert not (mend and INVALID in drawing.status.tolist())
