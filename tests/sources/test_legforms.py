"""The three written forms of a bearing-and-distance record, and what cannot be read."""

import csv
import io
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import SourceError
from registry.model import PartialDate
from registry.sources.legforms import locator, read_cell, read_convention, read_rows, read_toml
from registry.sources.legrecord import AngleUnit, Convention, DistanceUnit, LegsRecord, Place, PointType, read_angle
from registry.sources.legs import lay_out
from registry.sources.north import North
from registry.sources.written import Stated

DATA = Path(__file__).parent.parent / "data"
DIVISIONS = Convention(AngleUnit.DIVISIONS_6000, North.TRUE)
DEGREES = Convention(AngleUnit.DEGREES, North.TRUE)


def at_sea(text: str) -> Place:
    """Positions as these tests write them: latitude and longitude with one blank between."""
    latitude, longitude = (float(part) for part in text.removesuffix("E").replace("N", "").split())
    return Place(longitude, latitude)


def legs(record: LegsRecord) -> list[tuple[str, str, float, float]]:
    return [(leg.origin, leg.to, leg.angle, leg.distance) for leg in record.legs]


def test_a_cell_without_names() -> None:
    record = read_cell("RP 58.0N 3.0E; 15-00/120; 30-00/85; 45-00/120.5; 0-50/ 85 m", DIVISIONS, at_sea)
    assert legs(record) == [
        ("RP", "S", 1500, 120),
        ("S", "T1", 3000, 85),
        ("T1", "T2", 4500, 120.5),
        ("T2", "S", 50, 85),
    ]
    assert record.places == {"RP": Place(3.0, 58.0)}
    assert list(record.types.values()) == [
        PointType.REFERENCE_POINT,
        PointType.START,
        PointType.TURNING,
        PointType.TURNING,
    ]


def test_a_cell_with_names() -> None:
    record = read_cell(
        "RP1 58.0N 3.0E\nRP2 58.0N 3.1E\nRP2 90/5900\nBM: 10,5/20\nS 45°30'/120\nt 90/85\nT 180/120\nclose 270/85\n"
        "BM>RP3 12/40",
        DEGREES,
        at_sea,
    )
    assert legs(record) == [
        ("RP1", "RP2", 90, 5900),
        ("RP1", "BM", 10.5, 20),
        ("BM", "S", 45.5, 120),
        ("S", "T1", 90, 85),
        ("T1", "T2", 180, 120),
        ("T2", "S", 270, 85),
        ("BM", "RP3", 12, 40),
    ]
    assert set(record.places) == {"RP1", "RP2"}


def test_the_last_leg_of_the_field_closes_even_where_a_tie_follows() -> None:
    record = read_cell("RP ?; 10/20; 90/50; 180/50; 300/60; RP2 12/40", DEGREES, at_sea)
    assert [leg[:2] for leg in legs(record)] == [("RP", "S"), ("S", "T1"), ("T1", "T2"), ("T2", "S"), ("S", "RP2")]


@pytest.mark.parametrize(
    "text",
    [
        "10/20; 90/50; 180/50; 300/60",
        "RP ?; 10/20; 90/50; 180/50; 300/60",
        "RP unknown; S 10/20; 90/50; 180/50; C 300/60",
    ],
)
def test_a_reference_point_without_position(text: str) -> None:
    record = read_cell(text, DEGREES, at_sea)
    assert record.places == {}
    assert record.types["RP"] is PointType.REFERENCE_POINT
    assert lay_out(record).geometry is None


def test_a_start_of_known_position_needs_no_reference_point() -> None:
    record = read_cell("S 58.0N 3.0E; 0/100; 90/100; 180/100; 270/100", DEGREES, at_sea)
    traverse = lay_out(record)
    assert traverse.geometry is not None
    assert shapely.get_coordinates(traverse.geometry)[0].tolist() == [3.0, 58.0]
    assert [each.code for each in traverse.suspicions] == ["reference-point-single"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no leg"),
        ("RP 58.0N 3.0E", "no leg"),
        ("RP nowhere; 10/20", "position 'nowhere' cannot be read"),
        ("RP ?; 400/20; 0/10; 90/10", "not on a circle of 360"),
        ("RP ?; 15-00/20; 0/10", "check the unit"),
        ("RP ?; 10/0; 0/10; 0/10", "no length of a leg"),
        ("RP ?; 10/1.250; 0/10; 0/10", "may mean thousands"),
        ("RP ?; 10/90000; 0/10; 0/10", "no length of a leg"),
        ("RP ?; T1 10/20; T2 50/10", "no start"),
        ("RP ?; C 10/20", "no start to close on"),
        ("RP ?; 10/20; 90/50", "name the points"),
        ("RP ?; Q7 10/20", "'Q7' does not say what the point is"),
        ("RP ?; X>S 10/20; 5/5; 5/5", "begins at X"),
        ("RP ?; north/20", "neither a leg"),
        ("58.0N 3.0E; 10/20", "neither a leg"),
        ("RP 58.0N 3.0E; RP 57.0N 3.0E; 10/20; 5/5; 5/5", "two positions"),
        ("RP 95.0N 3.0E; 10/20", "no place on Earth"),
        ("; ".join(["10/20"] * 1001), "at most 1000"),
    ],
)
def test_what_cannot_be_read_is_said(text: str, reason: str) -> None:
    with pytest.raises(SourceError, match=reason) as caught:
        read_cell(text, DEGREES, at_sea, where="row 7, column legs")
    assert str(caught.value).startswith("row 7, column legs")


@pytest.mark.parametrize(
    ("written", "unit", "expected"),
    [
        ("15-00", AngleUnit.DIVISIONS_6000, 1500),
        ("0-05", AngleUnit.DIVISIONS_6000, 5),
        ("59\u201399", AngleUnit.DIVISIONS_6000, 5999),
        ("1500", AngleUnit.DIVISIONS_6000, 1500),
        (1500.0, AngleUnit.MILS_6400, 1500),
        ("16-00", AngleUnit.MILS_6400, 1600),
        ("6400", AngleUnit.MILS_6400, 6400),
        ("399,99", AngleUnit.GONS, 399.99),
        ("90", AngleUnit.DEGREES, 90),
        ("90,125", AngleUnit.DEGREES, 90.125),
        (90, AngleUnit.DEGREES, 90),
        ("90°", AngleUnit.DEGREES, 90),
        ("90 30", AngleUnit.DEGREES, 90.5),
        ("90° 30' 36\"", AngleUnit.DEGREES, 90.51),
        ("90°30\u203236\u2033", AngleUnit.DEGREES, 90.51),
        ("90 30.6", AngleUnit.DEGREES, 90.51),
    ],
)
def test_angles(written: Any, unit: AngleUnit, expected: float) -> None:
    assert read_angle(written, unit) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("written", "unit"),
    [
        ("60-01", AngleUnit.DIVISIONS_6000),
        ("15-0", AngleUnit.DIVISIONS_6000),
        ("1.500", AngleUnit.MILS_6400),
        ("6401", AngleUnit.MILS_6400),
        ("-5", AngleUnit.MILS_6400),
        ("15-00", AngleUnit.DEGREES),
        ("90°60'", AngleUnit.DEGREES),
        ("361", AngleUnit.DEGREES),
        ("90°30'", AngleUnit.GONS),
        ("N45E", AngleUnit.DEGREES),
        (None, AngleUnit.DEGREES),
        (True, AngleUnit.MILS_6400),
        (float("nan"), AngleUnit.DEGREES),
        (float("inf"), AngleUnit.MILS_6400),
    ],
)
def test_angles_that_are_none(written: Any, unit: AngleUnit) -> None:
    with pytest.raises(ValueError):
        read_angle(written, unit)


def rows_of(record_id: str) -> list[Mapping[str, str]]:
    with (DATA / "legs.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["record"] == record_id]


def test_rows_are_the_same_record_as_a_cell() -> None:
    from_rows = read_rows(rows_of("A"), DEGREES, locator(Stated(crs="EPSG:4326")))
    from_cell = read_cell("RP 58.0N 3.0E; 45/200; 90/300; 180/60; 270/300; 0/60", DEGREES, at_sea)
    assert from_rows.legs == from_cell.legs
    assert from_rows.places["RP"].sigma_m == 20
    gap = shapely.hausdorff_distance(lay_out(from_rows).geometry, lay_out(from_cell).geometry)
    assert gap < 1e-9


def test_rows_name_points_of_any_name() -> None:
    record = read_rows(rows_of("B"), DEGREES, at_sea)
    assert record.types["CAIRN"] is PointType.REFERENCE_POINT
    assert legs(record)[0] == ("CAIRN", "S", 45.5, 200)
    assert isinstance(lay_out(record).relative, shapely.LineString)


def test_a_bad_row_is_named() -> None:
    rows: list[dict[str, Any]] = [
        {"to": "RP", "position": "?"},
        {"to": "S", "type": "CORNER", "angle": 1, "distance": 2},
    ]
    with pytest.raises(SourceError, match="sheet 1, leg row 2: 'CORNER' is not one of REFERENCE_POINT"):
        read_rows(rows, DEGREES, at_sea, where="sheet 1")


def test_a_paper_record_in_toml() -> None:
    content = (DATA / "paper_record.toml").read_bytes()
    record = read_toml(content, locator(Stated(crs="EPSG:4326")))
    assert record.record_id == "SYN-14"
    assert record.fields == {"mines_ap": 120, "laid_by": "SYNTHETIC company"}
    assert record.convention == Convention(
        AngleUnit.DIVISIONS_6000,
        North.GRID,
        grid_crs="EPSG:32631",
        laid_on=PartialDate.from_iso("1993-06"),
        distance_unit=DistanceUnit.PACES,
        pace_m=0.75,
        adjusted=True,
    )
    traverse = lay_out(record)
    assert traverse.suspicions == ()
    assert traverse.adjusted
    # 402 paces back instead of 400: 1.5 m.
    assert traverse.misclosure is not None
    assert traverse.misclosure.misclosure_m == pytest.approx(1.5, abs=0.01)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b'north = "grid"\n', b"", "north is not stated; it is one of true, grid, magnetic"),
        (b'"divisions-6000"', b'"mils"', "'mils' is not one of degrees"),
        (b"pace_m = 0.75\n", b"", "length of a pace"),
        (b"adjusted = true", b"adjust = true", "'adjust' is not a key here"),
        (b"adjusted = true", b'adjusted = "yes"', "true or false"),
        (b"sigma_m = 20", b"sigma = 20", "'sigma' is not a key here"),
        (b"sigma_m = 20", b"sigma_m = -20", "position error"),
        (b"latitude = 58.0", b"latitude = true", "not a number of degrees"),
        (b"[[legs]]", b"[legs]", "TOML"),
        (b"[fields]", b"[[fields]]", "must be a table"),
        (b"1993-06", b"1893-06", "not a year"),
        (b"= 667", b"= nan", "not a number"),
        (b"SYN", b"\xff", "not TOML in UTF-8"),
    ],
)
def test_what_a_toml_record_lacks_is_said(old: bytes, new: bytes, reason: str) -> None:
    content = (DATA / "paper_record.toml").read_bytes()
    assert old in content
    with pytest.raises(SourceError, match=reason):
        read_toml(content.replace(old, new), locator(Stated(crs="EPSG:4326")), where="form.toml")


def test_a_convention_takes_dates_and_texts() -> None:
    stated = {"angle_unit": "degrees", "north": "magnetic", "laid_on": date(1993, 6, 15), "declination_deg": "5,2"}
    assert read_convention(stated) == Convention(
        AngleUnit.DEGREES, North.MAGNETIC, laid_on=PartialDate(date(1993, 6, 15)), declination_deg=5.2
    )


def test_a_reference_point_in_sk42_is_moved_and_its_error_grows() -> None:
    place = locator(Stated(crs="EPSG:4284"))("39.990000N 46.930000E")
    # The shift of metrics: 102.1 m west, 9.6 m south of the numbers as they stand.
    assert (place.longitude - 46.93) * 85_400 == pytest.approx(-102.1, abs=1)
    assert (place.latitude - 39.99) * 111_000 == pytest.approx(-9.6, abs=1)
    assert place.transformation is not None
    assert place.transformation.accuracy_m is not None
    assert place.sigma_m is not None
    assert place.sigma_m >= place.transformation.accuracy_m
    assert place.written == "39.990000N 46.930000E"


def test_a_position_whose_crs_nobody_states_is_not_read() -> None:
    with pytest.raises(SourceError, match="CRS"):
        locator(Stated())("58.0000N 3.0000E")


PIECES = st.sampled_from(
    [
        "RP",
        "BM",
        "S",
        "T1",
        "T",
        "C",
        "E",
        "?",
        ";",
        "\n",
        "/",
        ">",
        "15-00",
        "90",
        "120",
        "1,5",
        "°",
        "'",
        " ",
        "58.0N 3.0E",
        "-",
        "0",
    ]
)


@given(text=st.one_of(st.text(), st.lists(PIECES, max_size=40).map("".join)), unit=st.sampled_from(AngleUnit))
def test_any_text_is_read_or_refused(text: str, unit: AngleUnit) -> None:
    try:
        record = read_cell(text, Convention(unit, North.TRUE), locator(Stated(crs="EPSG:4326")))
        traverse = lay_out(record)
    except SourceError:
        return
    assert traverse.relative is None or shapely.get_num_coordinates(traverse.relative) >= 2


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.dates(), PIECES),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)),
    max_leaves=4,
)
KEYS = ["to", "from", "type", "angle", "distance", "position", "latitude", "longitude", "sigma_m"]


@given(rows=st.lists(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6), max_size=6))
def test_any_rows_are_read_or_refused(rows: list[dict[str, Any]]) -> None:
    try:
        lay_out(read_rows(rows, DIVISIONS, at_sea))
    except SourceError:
        return


def toml_of(table: Mapping[str, Any]) -> str:
    """A few lines of TOML that are mostly well formed."""
    out = io.StringIO()
    for key, value in table.items():
        out.write(f"{key} = {value!r}\n".replace("True", "true").replace("None", '""'))
    return out.getvalue()


@given(
    top=st.dictionaries(
        st.sampled_from(["angle_unit", "north", "grid_crs", "declination_deg", "laid_on", "pace_m", "adjusted", "x"]),
        st.one_of(VALUES, st.sampled_from(["degrees", "true", "grid", "magnetic", "EPSG:32631", "1993"])),
    ),
    legs_of=st.lists(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=5), max_size=4),
    noise=st.text(max_size=5),
)
def test_any_toml_is_read_or_refused(top: dict[str, Any], legs_of: list[dict[str, Any]], noise: str) -> None:
    text = toml_of(top) + "".join(f"[[legs]]\n{toml_of(leg)}" for leg in legs_of) + noise
    try:
        lay_out(read_toml(text.encode("utf-8", "surrogatepass"), at_sea))
    except SourceError:
        return


@given(st.binary())
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with pytest.raises(SourceError):
        read_toml(content, at_sea)


def test_deeply_nested_toml_is_refused() -> None:
    with pytest.raises(SourceError, match="not TOML"):
        read_toml(b"a = " + b"[" * 100_000, at_sea)
