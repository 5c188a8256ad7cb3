"""Written coordinates: the table in tests/data/coordinates.csv, and properties.

In the table ``stated`` holds what a person states, ``xy`` the expected numbers (degrees, minutes and seconds apart by
blanks, x before y), ``oracle`` a PROJ string that says without our codes where they lie, ``error`` a pattern, and
``readings`` the places (latitude, longitude) that an ambiguity must show.
"""

# ruff: noqa: RUF001

import csv
import re
from pathlib import Path

import mgrs
import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyproj import CRS, Geod, Proj, Transformer

from registry.errors import SourceError
from registry.sources.coordinates import parse, parse_pair
from registry.sources.written import CoordinateError, Notation, Order, Stated, Written

TABLE = Path(__file__).resolve().parents[1] / "data" / "coordinates.csv"
with TABLE.open(encoding="utf-8", newline="") as stream:
    ROWS = list(csv.DictReader(stream))
READ = [row for row in ROWS if not row["error"]]
REFUSED = [row for row in ROWS if row["error"]]
GEOD = Geod(ellps="WGS84")


def stated_of(row: dict[str, str]) -> Stated:
    given_ = dict(item.split("=", 1) for item in row["stated"].split("|") if item)
    order, notation = given_.get("order"), given_.get("notation")
    return Stated(
        given_.get("crs"),
        Order(order) if order else None,
        given_.get("zone"),
        Notation(notation) if notation else None,
    )


def number(text: str) -> float:
    parts = [float(part) for part in text.strip().lstrip("-").split()]
    value = sum(part / 60**power for power, part in enumerate(parts))
    return -value if text.strip().startswith("-") else value


def expected_xy(row: dict[str, str]) -> np.ndarray:
    return np.array([[number(each) for each in pair.split(",")] for pair in row["xy"].split(";")])


def ids(rows: list[dict[str, str]]) -> list[str]:
    return [f"{row['text'][:40]!r} {row['stated']}" for row in rows]


def test_the_table_is_large_enough() -> None:
    assert len(ROWS) >= 120
    assert len(REFUSED) >= 50


@pytest.mark.parametrize("row", READ, ids=ids(READ))
def test_reading(row: dict[str, str]) -> None:
    written = parse(row["text"], stated_of(row))
    assert written.text == row["text"]
    assert written.reading
    assert written.crs == (row["crs"] or None)
    np.testing.assert_allclose(shapely.get_coordinates(written.geometry), expected_xy(row), rtol=0, atol=1e-9)
    if row["sigma_m"]:
        assert written.sigma_m == pytest.approx(float(row["sigma_m"]), rel=0.02)


@pytest.mark.parametrize("row", rows := [row for row in READ if row["oracle"] not in {"", "mgrs"}], ids=ids(rows))
def test_grid_lies_where_proj_says(row: dict[str, str]) -> None:
    """The named CRS and a PROJ string written by hand put the numbers at the same place on their datum."""
    written = parse(row["text"], stated_of(row))
    crs = CRS.from_user_input(written.crs)
    own = Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True)
    x, y = shapely.get_coordinates(written.geometry).T
    by_code = np.column_stack(own.transform(x, y))
    by_hand = np.column_stack(Proj(row["oracle"].replace(" +units=m", ""))(*expected_xy(row).T, inverse=True))
    np.testing.assert_allclose(by_code, by_hand, rtol=0, atol=1e-8)


@pytest.mark.parametrize("row", rows := [row for row in READ if row["oracle"] == "mgrs"], ids=ids(rows))
def test_mgrs_centre_lies_in_the_cell_written(row: dict[str, str]) -> None:
    written = parse(row["text"], stated_of(row))
    x, y = shapely.get_coordinates(written.geometry)[0]
    to_degrees = Transformer.from_crs(written.crs, "EPSG:4326", always_xy=True)
    longitude, latitude = to_degrees.transform(x, y)
    square = re.sub(r"mgrs|\s|;.*", "", row["text"].lower())
    digits = len(re.search("[0-9]*$", square)[0])
    assert mgrs.MGRS().toMGRS(latitude, longitude, MGRSPrecision=digits // 2).lower().lstrip("0") == square
    assert written.sigma_m == pytest.approx(10 ** (5 - digits // 2) / 12**0.5)


@pytest.mark.parametrize("row", REFUSED, ids=ids(REFUSED))
def test_refusal(row: dict[str, str]) -> None:
    with pytest.raises(CoordinateError) as caught:
        parse(row["text"], stated_of(row))
    error = caught.value
    assert re.search(row["error"], str(error)), str(error)
    assert error.text == row["text"]
    assert isinstance(error, SourceError)
    if row["readings"]:
        wanted = [tuple(map(float, place.split())) for place in row["readings"].split(";")]
        found = [(each.latitude, each.longitude) for each in error.readings]
        np.testing.assert_allclose(sorted(found), sorted(wanted), atol=1e-4)


def test_missing_zone_shows_every_zone_where_the_grid_is_used() -> None:
    with pytest.raises(CoordinateError) as caught:
        parse("X=4412345 Y=512345", Stated(notation=Notation.GAUSS_KRUEGER))
    shown = {each.crs: each.longitude for each in caught.value.readings}
    assert shown["EPSG:2498"] == pytest.approx(45.14, abs=0.01)
    assert shown["EPSG:2499"] == pytest.approx(51.14, abs=0.01)


def test_readings_of_a_grid_land_on_wgs84() -> None:
    with pytest.raises(CoordinateError) as caught:
        parse("X=4412345 Y=8512345")
    (reading,) = caught.value.readings
    longitude, latitude = Transformer.from_crs("EPSG:28408", "EPSG:4326", always_xy=True).transform(8512345, 4412345)
    assert (reading.latitude, reading.longitude) == pytest.approx((latitude, longitude))
    assert "39.8443, 45.1430" in str(caught.value)


def test_positions_in_two_zones_are_given_in_degrees_of_their_datum() -> None:
    written = parse("X=4412345 Y=8751000; X=4412345 Y=9249000", Stated(notation=Notation.GAUSS_KRUEGER))
    assert written.crs == "EPSG:4284"
    by_zone = [
        Proj(f"+proj=tmerc +lon_0={lon} +x_0=500000 +ellps=krass")(x, 4412345, inverse=True)
        for lon, x in ((45, 751000), (51, 249000))
    ]
    np.testing.assert_allclose(shapely.get_coordinates(written.geometry), by_zone, atol=1e-8)


@pytest.mark.parametrize(
    ("crs", "reason"),
    [("EPSG:999999", "not a coordinate reference system"), ("EPSG:5773", "neither a geographic nor a projected")],
)
def test_unusable_stated_crs_is_said(crs: str, reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        parse("512345 4412345", Stated(crs=crs))


@pytest.mark.parametrize(
    ("east", "north", "stated", "xy", "crs"),
    [
        ("49°51'30\"E", "40°22'15\"N", Stated(), (49 + 51 / 60 + 30 / 3600, 40 + 22 / 60 + 15 / 3600), None),
        ("49,8671", "40,4093", Stated(crs="EPSG:4326"), (49.8671, 40.4093), "EPSG:4326"),
        ("в.д. 49,8671", "с.ш. 40,4093", Stated(), (49.8671, 40.4093), None),
        ("-49 51 30", "-40 22 15", Stated(), (-(49 + 51 / 60 + 30 / 3600), -(40 + 22 / 60 + 15 / 3600)), None),
        ("512345", "4412345", Stated(crs="EPSG:32638"), (512345.0, 4412345.0), "EPSG:32638"),
        ("8 512 345", "4 412 345", Stated(notation=Notation.GAUSS_KRUEGER), (8512345.0, 4412345.0), "EPSG:28408"),
        ("Y=8512345", "X=4412345", Stated(notation=Notation.GAUSS_KRUEGER), (8512345.0, 4412345.0), "EPSG:28408"),
    ],
)
def test_two_cells(east: str, north: str, stated: Stated, xy: tuple[float, float], crs: str | None) -> None:
    written = parse_pair(east, north, stated)
    assert (written.x, written.y, written.crs) == (*xy, crs)


@pytest.mark.parametrize(
    ("east", "north", "reason"),
    [
        ("49.8N", "40.1N", "other axis"),
        ("49.8", "40.1E", "other axis"),
        ("49.8", "", "blank"),
        ("49.8 50", "40.1", "only the last part"),
        ("49.8x", "40.1", "not one number"),
        ("49.8", "40°22'", "different notations"),
        ("49.8", "95.0", "beyond the pole"),
        ("4412345", "8512345", "outside the area|no Gauss"),
    ],
)
def test_two_cells_refused(east: str, north: str, reason: str) -> None:
    with pytest.raises(CoordinateError, match=reason):
        parse_pair(east, north, Stated(crs="EPSG:4284"))


# Format, then parse: the position comes back within its own precision.


def deviation_m(written: Written, longitude: float, latitude: float) -> float:
    place = shapely.get_coordinates(written.geometry)[0]
    if written.crs is not None:
        crs = CRS.from_user_input(written.crs)
        place = Transformer.from_crs(crs, crs.geodetic_crs, always_xy=True).transform(*place)
    return GEOD.inv(longitude, latitude, *place)[2]


def within_precision(written: Written, longitude: float, latitude: float) -> bool:
    """Half a step in both axes is sqrt(6) sigma away at most; one nanodegree for the arithmetic."""
    return deviation_m(written, longitude, latitude) <= written.sigma_m * 6**0.5 * 1.01 + 1e-4


LATITUDES = st.floats(-89, 89)
LONGITUDES = st.floats(-179.9, 179.9)
LETTERS = st.sampled_from(["NSEW", "nsew", "СЮВЗ", ("с.ш.", "ю.ш.", "в.д.", "з.д.")])
MARKS = st.sampled_from([("°", "'", '"'), ("°", "′", "″"), ("° ", "’ ", "”"), (" ", " ", ""), (":", ":", "")])


def angle(value: float, parts: int, digits: int, marks: tuple[str, str, str]) -> str:
    """The magnitude as text, rounded in its last part and carried, as instruments do."""
    unit = 10**digits
    whole = round(abs(value) * 60 ** (parts - 1) * unit)
    last, rest = whole % (60 * unit) if parts > 1 else whole, whole // (60 * unit)
    text = f"{last / unit:.{digits}f}"
    if parts == 1:
        return f"{text}{marks[0] if marks[0] != ':' else ''}".strip()
    if parts == 2:
        return f"{rest}{marks[0]}{text}{marks[1]}".strip(" :")
    return f"{rest // 60}{marks[0]}{rest % 60}{marks[1]}{text}{marks[2]}".strip(" :")


@given(LATITUDES, LONGITUDES, st.integers(1, 3), st.integers(0, 5), LETTERS, MARKS, st.booleans(), st.booleans())
def test_degrees_come_back(latitude, longitude, parts, digits, letters, marks, before, comma) -> None:
    north = letters[0] if latitude >= 0 else letters[1]
    east = letters[2] if longitude >= 0 else letters[3]
    texts = [angle(latitude, parts, digits, marks), angle(longitude, parts, digits, marks)]
    pair = [f"{letter} {text}" if before else f"{text} {letter}" for letter, text in zip((north, east), texts)]  # noqa: B905
    text = ", ".join(pair)
    text = text.replace(".", ",") if comma and "ш" not in text else text
    written = parse(text)
    assert written.notation is [Notation.DD, Notation.DM, Notation.DMS][parts - 1]
    assert within_precision(written, longitude, latitude)


@given(LATITUDES, LONGITUDES, st.integers(2, 6))
def test_ordered_degrees_come_back(latitude, longitude, digits) -> None:
    written = parse(f"{longitude:.{digits}f} {latitude:.{digits}f}", Stated(order=Order.EAST_FIRST))
    assert within_precision(written, longitude, latitude)


# A breath south of the equator the library itself writes a square that does not exist.
@given(st.floats(-79, -0.001) | st.floats(0, 83), LONGITUDES, st.integers(1, 5), st.booleans())
@example(60.0, 4.0, 5, False)
@example(-66.0, -175.0, 1, True)
@example(75.0, 10.0, 4, True)
def test_mgrs_comes_back(latitude, longitude, precision, spaced) -> None:
    square = mgrs.MGRS().toMGRS(latitude, longitude, MGRSPrecision=precision)
    head, digits = square[: -2 * precision], square[-2 * precision :]
    text = f"{head} {digits[:precision]} {digits[precision:]}".lower() if spaced else square
    written = parse(text)
    assert written.notation is Notation.MGRS
    assert within_precision(written, longitude, latitude)


@given(st.floats(-79, 83), LONGITUDES, st.integers(0, 3))
def test_utm_comes_back(latitude, longitude, digits) -> None:
    zone = int((longitude + 180) // 6) + 1
    south = latitude < 0
    east, north = Proj(f"+proj=utm +zone={zone}{' +south' if south else ''}")(longitude, latitude)
    written = parse(f"{zone} {'south' if south else 'north'} {east:.{digits}f} {north:.{digits}f}")
    assert within_precision(written, longitude, latitude)


@given(st.floats(45, 55), st.floats(25, 60), st.integers(0, 3), st.booleans(), st.booleans())
def test_gauss_krueger_comes_back(latitude, longitude, digits, with_digit, labelled) -> None:
    zone = int(longitude // 6) + 1
    false_easting = 500_000 + zone * 1_000_000 * with_digit
    proj = Proj(f"+proj=tmerc +lon_0={6 * zone - 3} +x_0={false_easting} +ellps=krass")
    east, north = (f"{value:.{digits}f}" for value in proj(longitude, latitude))
    text = f"X={north} Y={east}" if labelled else f"{north}; {east}"
    written = parse(text, Stated(order=Order.NORTH_FIRST, zone=str(zone), notation=Notation.GAUSS_KRUEGER))
    assert written.crs == f"EPSG:{28400 + zone if with_digit else 2490 + zone}"
    assert within_precision(written, longitude, latitude)


@given(st.floats(47, 50), st.floats(22.5, 39.5), st.integers(0, 2))
def test_sk63_comes_back(latitude, longitude, digits) -> None:
    zone = int((longitude - 22) // 3) + 1
    proj = Proj(f"+proj=tmerc +lat_0={1 / 12} +lon_0={20.5 + 3 * zone} +x_0={zone * 1_000_000 + 300_000} +ellps=krass")
    east, north = (f"{value:.{digits}f}" for value in proj(longitude, latitude))
    written = parse(f"{north} {east}", Stated(order=Order.NORTH_FIRST, zone="X", notation=Notation.SK63))
    assert written.crs == f"EPSG:{7824 + zone}"
    assert within_precision(written, longitude, latitude)


@given(LATITUDES, LONGITUDES, st.integers(1, 6))
def test_wkt_comes_back(latitude, longitude, digits) -> None:
    written = parse(f"POINT ({longitude:.{digits}f} {latitude:.{digits}f})", Stated(crs="EPSG:4326"))
    assert within_precision(written, longitude, latitude)


STATEMENTS = st.sampled_from(
    [
        Stated(),
        Stated(order=Order.NORTH_FIRST),
        Stated(crs="EPSG:4326", order=Order.EAST_FIRST),
        Stated(crs="EPSG:32638"),
        Stated(crs="EPSG:4284"),
        Stated(notation=Notation.GAUSS_KRUEGER, zone="8"),
        Stated(notation=Notation.SK63),
        Stated(notation=Notation.SK63, zone="A"),
        Stated(notation=Notation.UTM),
    ]
)
PIECES = st.sampled_from(
    [
        *"NSEWСЮВЗnsewO°'\"′″,.;:|/-+=()XYxy \n",
        *(
            "40",
            "49.8",
            "8512345",
            "4412345",
            "512345",
            "38",
            "SMB",
            "POINT",
            "lat",
            "lon",
            "с.ш.",
            "0",
            "60",
            "9" * 24,
        ),
        *("UTM ", "SRID=4326;", "EMPTY", "\0", "POLYGON((", "))"),
    ]
)


@settings(deadline=None)
@given(st.text(max_size=60) | st.lists(PIECES, max_size=14).map("".join), STATEMENTS)
@example("POINT\x00(1 1)", Stated())
@example("SRID=999999;POINT(1 1)", Stated())
@example("POINT(1e400 1)", Stated(crs="EPSG:4326"))
@example("9" * 30 + " " + "9" * 30, Stated(order=Order.NORTH_FIRST))
@example("40n " * 2000 + "x", Stated())
@example(" " * 50_000 + "x", Stated())
@example("северн" * 8000, Stated())
@example("(" * 100_000, Stated())
@example("POLYGON" + "(" * 100_000, Stated())
def test_any_text_is_read_or_refused(text, stated) -> None:
    try:
        coordinates = shapely.get_coordinates(parse(text, stated).geometry)
    except SourceError:
        return
    assert np.isfinite(coordinates).all()
