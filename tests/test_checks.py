from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from pyproj import CRS, Transformer

from registry import plotting
from registry.checks import Case, Held, Plotted, check, misread_positions
from registry.findings import CHECKS
from registry.geometry import WGS84, local_equal_area, project, to_wgs84
from registry.importer import import_batch
from registry.intake import ImportOptions, take_in
from registry.model import Handover, Kind, SourceDocument
from registry.sources.profile import parse_profile
from registry.sources.vector import SourceLayer, read_source
from registry.store import Registry

PLANE = local_equal_area((46, 40, 46, 40))
NOWHERE = np.array([], dtype=object)
DATA = Path(__file__).parent / "data"


def array(*values):
    result = np.empty(len(values), dtype=object)
    result[:] = values
    return result


def square(x, y, side=100.0):
    """A square in metres from a point in whose neighbourhood all cases lie."""
    return shapely.box(x, y, x + side, y + side)


def on_globe(*shapes):
    return project(array(*shapes), PLANE, WGS84)


def held(*, districts=(), names=(), scope=(), records=()):
    return Held(
        districts=on_globe(*districts) if districts else NOWHERE,
        district_names=array(*(names or [f"D{i}" for i in range(len(districts))])),
        scope=on_globe(*scope) if scope else NOWHERE,
        records=on_globe(*records) if records else NOWHERE,
        record_names=array(*(f"old/OTHER-{i}" for i in range(len(records)))),
    )


def plotted(
    *shapes,
    kind=Kind.MINEFIELDS,
    sigma_m=np.nan,
    districts=None,
    delivered=None,
    geographic=True,
    written_sigma_m=np.nan,
):
    """Records in metres around the same point; rows count from 10, to tell them from positions in the arrays."""
    number = len(shapes)
    lonlat = on_globe(*shapes)
    return Plotted(
        kind=kind,
        rows=np.arange(10, 10 + number),
        record_ids=array(*(f"R{i}" for i in range(number))),
        delivered=lonlat if delivered is None else array(*delivered),
        geographic=np.full(number, geographic),
        lonlat=lonlat,
        plane=array(*shapes),
        plane_crs=PLANE,
        sigma_m=np.full(number, sigma_m),
        written_sigma_m=np.full(number, written_sigma_m),
        district=array(*(districts or [None] * number)),
    )


def hits(records, known=None):
    return check(Case(records, held() if known is None else known))


def found(records, known=None):
    return [(hit.code, hit.row) for hit in hits(records, known)]


def drawn(*geometries, kind=Kind.MINEFIELDS, mend=False, refused=None, unreadable=None):
    drawing = plotting.plot(array(*geometries), refused or {}, unreadable or {}, WGS84, kind, mend=mend)
    return {hit.code for hit in drawing.hits}


def taken_in(geometry, *, stated=None, crs=4326, known=None, transform=None, **layer):
    attributes = layer.pop("attributes", {"n": [1]})
    source = SourceLayer(None, pd.DataFrame(attributes), array(geometry), crs and CRS(crs), **layer)
    document = SourceDocument("d-1", "a.gpkg", "x", 1, "0" * 64)
    options = ImportOptions(crs=stated, transform=transform)
    part = take_in(source, document, Kind.MINEFIELDS, options, known or held(), first_feature=0)
    return {hit.code for hit in part.hits}


def in_a_belt(said, true, *, told=()):
    """Codes for ten fields along a belt 2 km high that is the scope, in the numbers of one CRS, said to be another."""
    shapes = on_globe(*(square(x, 0) for x in range(0, 5_000, 500)))
    numbers = shapely.transform(shapes, Transformer.from_crs(4326, true, always_xy=True).transform, interleaved=False)
    source = SourceLayer(None, pd.DataFrame({"n": range(10)}), numbers, CRS(said))
    document = SourceDocument("d-1", "a.gpkg", "x", 1, "0" * 64)
    known = held(scope=[shapely.box(-1_000, -1_000, 6_000, 1_000)])
    part = take_in(source, document, Kind.MINEFIELDS, ImportOptions(corrections=told), known, first_feature=0)
    return {hit.code for hit in part.hits}


def misread(*places):
    """Codes for points in degrees, where a district lies in open sea from 21 W 31 S to 19 W 29 S."""
    district = np.array([shapely.box(-21, -31, -19, -29)], dtype=object)
    known = Held(district, array("D"), NOWHERE, NOWHERE, NOWHERE)
    points = array(*map(shapely.Point, places))
    return {hit.code for hit in misread_positions(Kind.ACCIDENTS, np.arange(len(points)), points, known)}


def codes(records, known=None):
    return {code for code, _ in found(records, known)}


def wkt(text):
    return shapely.from_wkt(text)


def imported(folder, **options):
    """Codes for a file that the registry holds already in another batch."""
    squares = gpd.GeoDataFrame({"n": [1]}, geometry=on_globe(square(0, 0)), crs=4326)
    path, other = folder / "a.geojson", folder / "b.geojson"
    pyogrio.write_dataframe(squares, path)
    pyogrio.write_dataframe(squares.assign(n=2), other)
    with Registry.create(folder / "r.gpkg") as registry:
        import_batch(registry, [path], Kind.MINEFIELDS, Handover("one", "One"))
        again = options.pop("again", True)
        report = import_batch(
            registry, [path if again else other], Kind.MINEFIELDS, Handover("two", "Two"), ImportOptions(**options)
        )
    return {finding.code for finding in report.findings}


def lines_imported(folder, *, width_m):
    """Codes for a minefield given as a line."""
    path = folder / "line.geojson"
    line = gpd.GeoDataFrame({"n": [1]}, geometry=on_globe(shapely.LineString([(0, 0), (300, 0)])), crs=4326)
    pyogrio.write_dataframe(line, path)
    with Registry.create(folder / "r.gpkg") as registry:
        options = ImportOptions(width_m=width_m)
        report = import_batch(registry, [path], Kind.MINEFIELDS, Handover("one", "One"), options)
    return {finding.code for finding in report.findings}


def table_imported(folder, *lines):
    """Codes for fields of three corners each."""
    path = folder / "corners.csv"
    path.write_text("\n".join(("field,corner,lat,lon", *lines)) + "\n", encoding="utf-8")
    text = (
        'format = 1\nkind = "minefields"\nchecked = true\n[geometry]\nnorth = "lat"\neast = "lon"\n'
        'crs = "EPSG:4326"\ngroup = "field"\ncorner = "corner"\njoined = "polygon"\n'
    )
    options = ImportOptions(profile=parse_profile(text.encode(), "p.toml"))
    with Registry.create(folder / "r.gpkg") as registry:
        report = import_batch(registry, [path], Kind.MINEFIELDS, Handover("one", "One"), options)
    return {finding.code for finding in report.findings}


CORNERS = ("A,1,40.001,46.001", "A,2,40.002,46.001", "A,3,40.002,46.002")
SQUARE = square(0, 0)
GLOBE = shapely.box(46.00012, 40.00012, 46.00112, 40.00112)
BOW_TIE = wkt("POLYGON ((46 40, 46.01 40.01, 46.01 40, 46 40.01, 46 40))")
UNCLOSED = '{"type":"Polygon","coordinates":[[[46,40],[46.01,40],[46.01,40.01]]]}'
ONE_POINT = '{"type":"Polygon","coordinates":[[[46,40]]]}'
SK42_SHIFT = project(to_wgs84(array(shapely.Point(46, 40)), CRS(4284)).geometries, WGS84, PLANE)[0]
TRIANGLE = shapely.Polygon([(0, 0), (300, 0), (0, 200)])
AS_UNSHIFTED = shapely.affinity.translate(TRIANGLE, -SK42_SHIFT.x, -SK42_SHIFT.y)

# Code -> a minimal case in which it is found, and its neighbour in which it is not.
CASES = {
    "feature-unreadable": (lambda _: drawn(None, unreadable={0: "cut"}), lambda _: drawn(None)),
    "position-not-understood": (
        lambda folder: table_imported(folder, *CORNERS[:2], "A,3,40.0O2,46.002"),
        lambda folder: table_imported(folder, *CORNERS[:2], "A,3,40.002,46.002"),
    ),
    "row-ragged": (
        lambda folder: table_imported(folder, *CORNERS[:2], f"{CORNERS[2]},more"),
        lambda folder: table_imported(folder, *CORNERS),
    ),
    "corner-order": (
        lambda folder: table_imported(folder, *CORNERS[:2], "A,,40.002,46.002"),
        lambda folder: table_imported(folder, *CORNERS),
    ),
    "geometry-missing": (lambda _: drawn(None), lambda _: drawn(shapely.Polygon())),
    "geometry-empty": (lambda _: drawn(shapely.Polygon()), lambda _: drawn(GLOBE)),
    "too-few-vertices": (lambda _: drawn(None, refused={0: ONE_POINT}), lambda _: drawn(None, refused={0: UNCLOSED})),
    "not-an-area": (lambda _: drawn(shapely.Point(1, 1)), lambda _: drawn(shapely.Point(1, 1), kind=Kind.DEVICES)),
    "not-a-point": (lambda _: drawn(GLOBE, kind=Kind.ACCIDENTS), lambda _: drawn(GLOBE)),
    "out-of-range": (lambda _: drawn(shapely.box(0, 89, 1, 90.1)), lambda _: drawn(shapely.box(0, 89, 1, 90))),
    "null-island": (
        lambda _: drawn(shapely.Point(0, 0), kind=Kind.ACCIDENTS),
        lambda _: drawn(shapely.Point(0, 0.001), kind=Kind.ACCIDENTS),
    ),
    "ring-unclosed": (
        lambda _: drawn(None, refused={0: UNCLOSED}),
        lambda _: drawn(None, refused={0: UNCLOSED}, mend=True),
    ),
    "geometry-invalid": (lambda _: drawn(BOW_TIE), lambda _: drawn(BOW_TIE, mend=True)),
    "geometry-repaired": (lambda _: drawn(BOW_TIE, mend=True), lambda _: drawn(GLOBE, mend=True)),
    "parts-dropped": (
        lambda _: drawn(shapely.GeometryCollection([shapely.MultiPolygon([GLOBE]), shapely.Point(46, 40)])),
        lambda _: drawn(shapely.GeometryCollection([GLOBE])),
    ),
    "z-dropped": (lambda _: drawn(shapely.force_3d(GLOBE)), lambda _: drawn(GLOBE)),
    "axes-swapped": (lambda _: misread((-30, -20)), lambda _: misread((-20, -30), (-30, -40))),
    "sign-lost": (lambda _: misread((20, -30)), lambda _: misread((23, -30))),
    "zone-wrong": (lambda _: misread((-26, -30)), lambda _: misread((-23, -30))),
    "utm-as-gauss-krueger": (lambda _: in_a_belt(2498, 32638), lambda _: in_a_belt(2498, 2498)),
    "gauss-krueger-as-utm": (lambda _: in_a_belt(32638, 2498), lambda _: in_a_belt(32638, 32638)),
    "reading-corrected": (
        lambda _: in_a_belt(32638, 2498, told=("gauss-krueger-as-utm",)),
        lambda _: in_a_belt(32638, 2498),
    ),
    "transform-chosen": (
        lambda _: taken_in(GLOBE, crs=4284, transform="EPSG:1808"),
        lambda _: taken_in(GLOBE, crs=4284, transform="EPSG:15865"),
    ),
    "duplicate-in-layer": (
        lambda _: codes(plotted(SQUARE, shapely.MultiPolygon([SQUARE]))),
        lambda _: codes(plotted(SQUARE, square(0.1, 0))),
    ),
    "duplicate-in-registry": (
        lambda _: codes(plotted(SQUARE), held(records=[square(9, 0)])),
        lambda _: codes(plotted(SQUARE), held(records=[square(11, 0)])),
    ),
    "overlap-in-layer": (
        lambda _: codes(plotted(SQUARE, square(98, 0))),
        lambda _: codes(plotted(SQUARE, square(99.5, 0), square(0, 100))),
    ),
    "extent-drawn": (
        lambda folder: lines_imported(folder, width_m=20.0),
        lambda folder: lines_imported(folder, width_m=None),
    ),
    "spacing-large": (
        lambda _: codes(plotted(shapely.box(0, 0, 5_010, 100))),
        lambda _: codes(plotted(shapely.box(0, 0, 4_990, 100))),
    ),
    "area-small": (lambda _: codes(plotted(square(0, 0, 9.9))), lambda _: codes(plotted(square(0, 0, 10.1)))),
    "area-large": (
        lambda _: codes(plotted(shapely.box(0, 0, 2_000, 2_510))),
        lambda _: codes(plotted(shapely.box(0, 0, 2_000, 2_490))),
    ),
    "width-below-error": (
        lambda _: codes(plotted(shapely.box(0, 0, 500, 59), sigma_m=30)),
        lambda _: codes(plotted(shapely.box(0, 0, 500, 61), sigma_m=30)),
    ),
    "precision-coarse": (
        lambda _: codes(plotted(SQUARE, delivered=[wkt("POLYGON ((46.1 40.123, 46.2 40, 46 40, 46.1 40.123))")])),
        lambda _: codes(plotted(SQUARE, delivered=[wkt("POLYGON ((46.1 40.1234, 46.2 40, 46 40, 46.1 40.1234))")])),
    ),
    "datum-suspect": (
        lambda _: codes(plotted(AS_UNSHIFTED), held(records=[TRIANGLE])),
        lambda _: codes(plotted(shapely.affinity.translate(AS_UNSHIFTED, 0, 30)), held(records=[TRIANGLE])),
    ),
    "outside-scope": (
        lambda _: codes(plotted(SQUARE), held(scope=[square(101, 0)])),
        lambda _: codes(plotted(SQUARE), held(scope=[square(99, 0)])),
    ),
    "outside-districts": (
        lambda _: codes(plotted(SQUARE), held(districts=[square(101, 0)])),
        lambda _: codes(plotted(SQUARE), held(districts=[square(500, 0), square(99, 0)])),
    ),
    "place-mismatch": (
        lambda _: codes(plotted(SQUARE, districts=["Агдам"]), held(districts=[square(10_200, 0)], names=["АГДАМ"])),
        lambda _: codes(plotted(SQUARE, districts=["Агдам"]), held(districts=[square(10_000, 0)], names=["АГДАМ"])),
    ),
    "transform-uncertain": (
        lambda _: taken_in(GLOBE, crs="+proj=longlat +ellps=krass +type=crs"),
        lambda _: taken_in(GLOBE, crs=4284),
    ),
    "crs-overridden": (
        lambda _: taken_in(GLOBE, stated="EPSG:4284"),
        lambda _: taken_in(GLOBE, stated="EPSG:4284", crs=4284),
    ),
    "encoding-unstated": (
        lambda _: taken_in(GLOBE, encoding_doubt=read_source(DATA / "cyrillic.zip")[0].encoding_doubt),
        lambda _: taken_in(
            GLOBE, encoding_doubt=read_source(DATA / "cyrillic.zip", encoding="cp1251")[0].encoding_doubt
        ),
    ),
    "value-not-understood": (
        lambda _: taken_in(GLOBE, attributes={"mines_ap": ["about 12"]}),
        lambda _: taken_in(GLOBE, attributes={"mines_ap": ["12"], "other": ["about 12"]}),
    ),
    "reader-note": (lambda _: taken_in(GLOBE, notes=("Arcs.",)), lambda _: taken_in(GLOBE)),
    "source-already-held": (imported, lambda folder: imported(folder, again=False)),
    "source-not-kept": (lambda folder: imported(folder, keep_bytes=False), imported),
}


CONTENT_CODES = {
    "misclosure-large",
    "angle-unit-suspect",
    "declination-suspect",
    "record-id-repeated",
    "total-differs",
    "density-unlikely",
    "laid-after-handover",
    "reference-point-missing",
    "reference-point-single",
    "victims-inconsistent",
    "date-in-future",
    "personal-data-possible",
}

CODES_OF_BATCHES = {"file-not-read", "documents-differ", "documents-agree", "mines-differ", "mines-agree"}


def test_every_code_has_a_case():
    """What records say has its cases in test_content, personal data in test_personal, a batch in test_batch."""
    assert set(CASES) == set(CHECKS) - CONTENT_CODES - CODES_OF_BATCHES


@pytest.mark.parametrize("code", CASES)
def test_found(code, tmp_path):
    assert code in CASES[code][0](tmp_path)


@pytest.mark.parametrize("code", CASES)
def test_not_found_next_door(code, tmp_path):
    assert code not in CASES[code][1](tmp_path)


@pytest.mark.parametrize("kind", Kind)
def test_nothing_is_found_in_an_ordinary_record(kind):
    shape = (
        shapely.Point(7.123, 3.321) if kind in {Kind.ACCIDENTS, Kind.DEVICES} else shapely.box(3.3, 7.7, 111.1, 99.9)
    )
    known = held(districts=[square(-500, -500, 5_000)], scope=[square(-600, -600, 6_000)], records=[square(1_000, 0)])
    assert found(plotted(shape, kind=kind, sigma_m=5), known) == []


def test_districts_and_scope_are_not_judged_as_fields():
    huge = square(0, 0, 90_000)
    known = held(districts=[square(200_000, 0)])
    for kind in (Kind.DISTRICTS, Kind.SCOPE):
        assert found(plotted(huge, huge, kind=kind), known) == []


def test_surveyed_and_released_land_may_be_large():
    for kind in (Kind.SURVEYED, Kind.RELEASED):
        assert found(plotted(square(0.5, 0.5, 9_000), kind=kind)) == []


def test_of_duplicates_each_names_the_first_and_the_first_none():
    twins = [hit for hit in hits(plotted(SQUARE, square(500, 0), SQUARE, SQUARE)) if hit.code == "duplicate-in-layer"]
    assert [hit.row for hit in twins] == [12, 13]
    assert all("R0" in hit.message for hit in twins)


def test_an_overlap_names_the_greatest():
    (first, *_) = [hit for hit in hits(plotted(SQUARE, square(90, 0), square(50, 0))) if hit.code == "overlap-in-layer"]
    assert first.row == 10
    assert first.message == "It overlaps 2 other records, most of all R2 (50% of the smaller)."


def test_the_twin_in_the_registry_is_the_one_that_shares_most():
    twins = Case(plotted(square(500, 0), SQUARE), held(records=[square(5, 0), square(1, 0), square(0, 0, 500)])).twins
    assert list(twins) == [1]
    assert twins[1] == (1, pytest.approx(0.99, abs=1e-3))


def test_of_equal_twins_the_first_by_name_counts_in_whatever_order_they_are_read():
    same = held(records=[SQUARE, SQUARE, SQUARE])
    same = replace(same, record_names=np.array(["b/1", "a/2", "a/3"], dtype=object))
    assert Case(plotted(SQUARE), same).twins == {0: (1, pytest.approx(1.0, abs=1e-4))}


def test_a_small_field_inside_a_large_one_is_another_field():
    assert Case(plotted(square(10, 10, 50)), held(records=[SQUARE])).twins == {}


def test_points_have_no_twins():
    assert Case(plotted(shapely.Point(0, 0), kind=Kind.ACCIDENTS), held(records=[SQUARE])).twins == {}


def test_a_shift_the_other_way_is_no_sk42():
    other_way = shapely.affinity.translate(TRIANGLE, SK42_SHIFT.x, SK42_SHIFT.y)
    assert "datum-suspect" not in codes(plotted(other_way), held(records=[TRIANGLE]))


def test_a_datum_suspect_names_its_twin_and_the_distance():
    (hit,) = [hit for hit in hits(plotted(AS_UNSHIFTED), held(records=[TRIANGLE])) if hit.code == "datum-suspect"]
    assert "old/OTHER-0" in hit.message
    assert f"{np.hypot(SK42_SHIFT.x, SK42_SHIFT.y):.0f} m away" in hit.message


def test_coordinates_on_a_plane_are_coarse_from_a_hundred_metres():
    coarse, fine = square(500_000, 4_400_000, 100), square(500_000, 4_400_010, 100)
    records = plotted(SQUARE, square(500, 0), delivered=[coarse, fine], geographic=False)
    assert [hit for hit in found(records) if hit[0] == "precision-coarse"] == [("precision-coarse", 10)]


def test_how_coarse_written_positions_are_is_said_by_their_precision():
    coarse = wkt("POLYGON ((46.1 40.1, 46.2 40, 46 40, 46.1 40.1))")
    assert "precision-coarse" not in codes(plotted(SQUARE, delivered=[coarse], written_sigma_m=8.0))
    assert "precision-coarse" in codes(plotted(SQUARE, written_sigma_m=24.0))


def test_a_ring_that_had_to_be_closed_is_not_called_coarse():
    assert "precision-coarse" not in codes(plotted(SQUARE, delivered=[None]))


def test_no_sigma_no_judgement_of_the_width():
    assert "width-below-error" not in codes(plotted(shapely.box(0, 0, 500, 11)))


def test_of_districts_of_one_name_the_nearest_may_be_meant():
    known = held(districts=[square(-10, -10, 500), square(90_000, 0)], names=["Twin", "Twin"])
    assert "place-mismatch" not in codes(plotted(SQUARE, districts=["twin"]), known)


def test_an_unknown_district_name_is_no_mismatch():
    known = held(districts=[square(-10, -10, 500)], names=["A"])
    assert "place-mismatch" not in codes(plotted(SQUARE, square(500, 0), districts=["B", None]), known)


def test_the_reference_is_the_hull_of_scope_and_districts():
    assert held().reference is None
    hull = held(districts=[square(0, 0)], scope=[square(200, 0)]).reference
    assert shapely.covers(hull, on_globe(shapely.Point(150, 50))[0])


def test_positions_are_not_called_misread_without_a_place_to_expect_them():
    far = array(shapely.Point(-30, -20))
    assert misread_positions(Kind.ACCIDENTS, np.array([0]), far, held()) == []
    district = np.array([shapely.box(-21, -31, -19, -29)], dtype=object)
    known = Held(district, array("D"), NOWHERE, NOWHERE, NOWHERE)
    assert misread_positions(Kind.DISTRICTS, np.array([0]), far, known) == []
    (hit,) = misread_positions(Kind.ACCIDENTS, np.array([7]), far, known)
    assert (hit.code, hit.row) == ("axes-swapped", 7)
    assert "with latitude and longitude exchanged" in hit.message
