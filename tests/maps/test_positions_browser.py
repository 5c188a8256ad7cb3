"""What the page's own scripts make of written positions, of the grid and of lengths, against others who know."""

import csv
import warnings
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import shapely
from mgrs import MGRS
from pyproj import Geod, Transformer

from registry.sources.coordinates import parse
from registry.sources.positions import landing
from registry.sources.written import CoordinateError

pytestmark = pytest.mark.browser

COORDINATES = Path(__file__).parents[1] / "data" / "coordinates.csv"
GEOD = Geod(ellps="WGS84")
SCRIPTS = ("say", "grid", "geodesic", "coordinates")


@pytest.fixture(scope="module")
def scripts(browser):
    """A blank page that holds the scripts and nothing else."""
    page = browser.new_page()
    for name in SCRIPTS:
        page.add_script_tag(content=(files("maps") / f"{name}.js").read_text("utf-8"))
    yield page
    page.close()


def as_the_importer(text):
    """The certain place (longitude, latitude) of a text, or None; and the places that it may mean."""
    try:
        written = parse(text)
    except CoordinateError as error:
        return None, [(each.longitude, each.latitude) for each in error.readings]
    if written.geometry.geom_type != "Point":
        return None, []
    place = landing(written.crs, *shapely.get_coordinates(written.geometry)[0])
    return place, [place]


def metres_apart(one, other):
    return GEOD.inv(*one, *other)[2]


def assert_no_other_than_the_importer(text, found):
    """What is read as certain is so to the importer; what is offered is among what it asks about."""
    certain, possible = as_the_importer(text)
    places = [(each["longitude"], each["latitude"]) for each in found]
    if len(places) == 1 and certain is None:
        assert "if " in found[0]["read"], text
    for place in places:
        assert min((metres_apart(place, each) for each in possible), default=np.inf) < 0.01, text
    return certain is not None and len(places) == 1


def test_every_vector_is_read_as_the_importer_reads_it_or_not_at_all(scripts):
    with COORDINATES.open(encoding="utf-8", newline="") as file:
        texts = sorted({row["text"] for row in csv.DictReader(file)})
    found = scripts.evaluate("(texts) => texts.map(registryCoordinates.positions)", texts)
    certain = [
        text for text, each in zip(texts, found, strict=True) if each and assert_no_other_than_the_importer(text, each)
    ]
    offered = [text for text, each in zip(texts, found, strict=True) if len(each) > 1]
    assert len(certain) >= 60
    assert {"40.1 49.8", "38S 512345 4412345"} <= set(offered)
    assert {"38SMB1234512345", "38 S MB 1234 1234", "MGRS 38SMB1234512345", "38N 512345 4412345"} <= set(certain)


@pytest.mark.parametrize(
    "text",
    [
        *("40,49", "91.5 N 10 E", "40 N 50 N", "40 60 N 50 E", "40.5 30 N 50 E", "4024N 04952E", "40"),
        *("38TMB1234512345", "38SMB123", "38SMB", "38SIB1212", "61SMB1212", "00SMB1212", "38ZMB1212", "38SMB12 345"),
        *("ZAH1234512345", "61N 512345 4412345", "38N 12345 4412345", "38T 512345 3412345", "38 512345 4412345"),
    ],
)
def test_what_is_no_certain_position_is_not_read(scripts, text):
    assert scripts.evaluate("(text) => registryCoordinates.positions(text)", text) == []


def test_polar_squares_are_refused_with_a_sentence(scripts):
    assert "Polar" in scripts.evaluate("registryCoordinates.hint('ZAH 12345 12345')")
    assert "33T YJ 23734 97899" in scripts.evaluate("registryCoordinates.hint('nowhere')")


def test_any_text_like_mgrs_is_read_as_the_importer_reads_it_or_not_at_all(scripts):
    rng = np.random.default_rng(20)
    letters = list("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    texts = []
    for _ in range(3000):
        zone, digits = rng.integers(0, 63), rng.integers(0, 11)
        number = "".join(map(str, rng.integers(0, 10, digits)))
        texts.append(f"{zone}{''.join(rng.choice(letters[2:24], 1))}{''.join(rng.choice(letters, 2))}{number}")
    found = scripts.evaluate("(texts) => texts.map(registryCoordinates.positions)", texts)
    read = sum(assert_no_other_than_the_importer(text, each) for text, each in zip(texts, found, strict=True) if each)
    assert read > 50


def places(seed):
    """Anywhere, and more often where zones are odd: the south of Norway, Svalbard, edges of bands, 180 degrees."""
    rng = np.random.default_rng(seed)
    each = [
        (rng.uniform(-79.9, 83.9, 1500), rng.uniform(-180, 180, 1500)),
        (rng.uniform(55.9, 64.1, 300), rng.uniform(-1, 13, 300)),
        (rng.uniform(71.9, 83.9, 300), rng.uniform(-1, 43, 300)),
        (rng.choice(np.arange(-72, 80, 8), 300) + rng.normal(0, 1e-4, 300), rng.uniform(-180, 180, 300)),
        (rng.uniform(-79, 83, 200), rng.choice(np.arange(-180, 180, 6), 200) + rng.normal(0, 1e-4, 200)),
    ]
    latitude, longitude = (np.concatenate(axis) for axis in zip(*each, strict=True))
    return np.column_stack([latitude, (longitude + 180) % 360 - 180])


def test_mgrs_of_positions_is_that_of_the_mgrs_package(scripts):
    latlng = places(7)
    ours = scripts.evaluate("(all) => all.map(([lat, lng]) => registryGrid.mgrs({ lat, lng }))", latlng.tolist())
    theirs = [MGRS().toMGRS(*each) for each in latlng]
    differ = [at for at, text in enumerate(ours) if text.replace(" ", "") != theirs[at]]
    # The package rounds now and then a position just below a whole metre to it, or the other way round.
    assert len(differ) < len(latlng) / 500
    back = scripts.evaluate("(texts) => texts.map((text) => registryCoordinates.positions(text)[0])", ours)
    for (latitude, longitude), text, place in zip(latlng, ours, back, strict=True):
        # From a corner of the square to its middle.
        assert metres_apart((longitude, latitude), (place["longitude"], place["latitude"])) < 0.72, text
        assert place["side"] == 1
    assert (
        scripts.evaluate("[[84.1, 5], [-80.1, 5], [90, 0]].map(([lat, lng]) => registryGrid.mgrs({ lat, lng }))")
        == [None] * 3
    )


def test_a_short_text_names_a_large_square(scripts):
    for digits, side in ((1, "10 km"), (2, "1 km"), (3, "100 m"), (4, "10 m"), (5, "1 m")):
        text = "33TYJ" + "23734"[:digits] + "97899"[:digits]
        (place,) = scripts.evaluate("(text) => registryCoordinates.positions(text)", text)
        assert f"square {side} wide" in place["read"]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            middle = MGRS().toLatLon(text)
        assert metres_apart((place["longitude"], place["latitude"]), middle[::-1]) < 0.01
        assert place["side"] == 10 ** (5 - digits)


def test_utm_is_that_of_proj(scripts):
    rng = np.random.default_rng(3)
    for zone, south in ((1, True), (33, False), (38, False), (60, True)):
        latitude = rng.uniform(-80, 0, 100) if south else rng.uniform(0, 84, 100)
        longitude = 6 * zone - 183 + rng.uniform(-4, 4, 100)
        to_metres = Transformer.from_crs("EPSG:4326", f"EPSG:{(32700 if south else 32600) + zone}", always_xy=True)
        expected = np.column_stack(to_metres.transform(longitude, latitude))
        found = scripts.evaluate(
            "([zone, south, all]) => all.map(([lat, lng]) => { const at = registryGrid.project({ lat, lng }, zone);"
            " const back = registryGrid.unproject(zone, south, at.east, at.north);"
            " return [at.east, at.north, back.lat - lat, ((back.lng - lng + 540) % 360) - 180]; })",
            [zone, south, np.column_stack([latitude, longitude]).tolist()],
        )
        np.testing.assert_allclose(np.array(found)[:, :2], expected, rtol=0, atol=1e-4)
        np.testing.assert_allclose(np.array(found)[:, 2:], 0, rtol=0, atol=1e-9)


def test_lengths_are_those_of_geodesics(scripts):
    rng = np.random.default_rng(11)
    start = np.column_stack([rng.uniform(-85, 85, 400), rng.uniform(-180, 180, 400)])
    bearing, metres = rng.uniform(0, 360, 400), 10 ** rng.uniform(0, 7.2, 400)
    longitude, latitude, _ = GEOD.fwd(start[:, 1], start[:, 0], bearing, metres)
    pairs = np.column_stack([start, latitude, longitude]).tolist()
    found = scripts.evaluate(
        "(all) => all.map(([a, b, c, d]) => registryGeodesic.metres({ lat: a, lng: b }, { lat: c, lng: d }))", pairs
    )
    np.testing.assert_allclose(found, metres, rtol=1e-6, atol=1e-3)
    assert scripts.evaluate("registryGeodesic.metres({ lat: 10, lng: 20 }, { lat: 10, lng: 20 })") == 0
    # All but opposite: no length rather than a wrong one.
    assert scripts.evaluate("registryGeodesic.metres({ lat: 0, lng: 0 }, { lat: 0.3, lng: 179.8 })") is None


def test_areas_are_those_of_geodesics(scripts):
    rng = np.random.default_rng(12)
    for size_m in (30, 3_000, 300_000, 1_000_000):
        for _ in range(15):
            latitude, longitude = rng.uniform(-70, 70), rng.uniform(-180, 180)
            angles = np.sort(rng.uniform(0, 360, 5)) + np.arange(5)
            corners = [GEOD.fwd(longitude, latitude, angle, size_m * rng.uniform(0.5, 1))[:2] for angle in angles]
            expected = abs(GEOD.polygon_area_perimeter(*zip(*corners, strict=True))[0])
            found = scripts.evaluate(
                "(ring) => registryGeodesic.squareMetres(ring.map(([lng, lat]) => ({ lat, lng })))", corners
            )
            assert found == pytest.approx(expected, rel=1e-3, abs=0.5), (latitude, longitude, size_m)


def test_a_long_line_is_drawn_along_the_shortest_way(scripts):
    line = scripts.evaluate("registryGeodesic.between({ lat: 50, lng: 170 }, { lat: 50, lng: -150 }, 8)")
    assert [each["lng"] for each in line] == sorted(each["lng"] for each in line)
    assert line[-1]["lng"] == pytest.approx(210)
    assert line[0] == {"lat": 50, "lng": 170}
    assert line[4] == {"lat": pytest.approx(51.75, abs=0.1), "lng": pytest.approx(190)}
