import html
import json
import re
from datetime import date
from functools import lru_cache

import leaks
import numpy as np
import pytest
import shapely
from sea import HOSTILE, add_layer, square

from maps import publicmap, style
from maps.hexagons import grid_at, outlines
from maps.publicmap import build_public_map, evidence_of, generalised
from maps.webmap import build_web_map, save_web_map
from maps.words import catalogue
from registry.errors import RegistryError
from registry.inputs import StatsOptions, read_inputs
from registry.model import Handover, Kind, PartialDate
from registry.stats import FOR_A_MAP, compute_stats
from registry.store import Registry

AT = (-30.123457, 2.345679)
"""Around it all numbers are large. Far from it lie two places with few."""

FEW, LONELY = (-29.345678, 6.123457), (-33.765432, 5.987654)


def spread(number, place, step=0.0013579):
    """So many places in rows of five, west and south of a place."""
    return [(place[0] + step * (each % 5), place[1] + step * (each // 5) * 1.0321) for each in range(number)]


def small_squares(places):
    return [square(lon, lat, 0.0007531) for lon, lat in places]


def fill(registry, *, lonely=0, districts=None):
    """23 records, 11 events inside them and 13 beside; four of each at one place far off, ``lonely`` at another."""
    first = Handover("batch-zq7x", "Title of batch zq7x", "Giver Vkrt", "Taker Wplm",
                     handed_over_on=PartialDate(date(2021, 6, 12)))  # fmt: skip
    fields = [*spread(23, AT), *spread(4, FEW), *spread(lonely, LONELY)]
    number = len(fields)
    add_layer(
        registry,
        first,
        Kind.MINEFIELDS,
        "Layer qqwz of records",
        small_squares(fields),
        record_id=[f"REC-{each:03d}-jxq" for each in range(number)],
        map_sheet=[f"Sheet-{each:03d}-kvw" for each in range(number)],
        laid_by=[f"Unit {each:03d} of the zzyx" for each in range(number)],
        mines_ap=[91_357 + each for each in range(number)],
        source_fields=[{f"heading {each % 3} pqxv": f"value {each} wvxq"} for each in range(number)],
        file_name="handed-over-xkcq.geojson",
    )
    inside = [
        (lon + 0.0003217, lat + 0.0002939) for lon, lat in [*spread(11, AT), *spread(4, FEW), *spread(lonely, LONELY)]
    ]
    beside = [
        (lon + 0.0009871, lat + 0.0010123) for lon, lat in [*spread(13, AT), *spread(4, FEW), *spread(lonely, LONELY)]
    ]
    add_layer(
        registry,
        Handover("events-vvjk", "Title of events vvjk"),
        Kind.ACCIDENTS,
        "Layer kkzj of events",
        [shapely.Point(place) for place in [*inside, *beside]],
        accident_id=[f"ACC-{each:03d}-hjx" for each in range(len(inside) + len(beside))],
        source_fields=[{"narrative": f"story {each} xqzj"} for each in range(len(inside) + len(beside))],
        file_name="incidents-qzvk.geojson",
    )
    if districts:
        add_layer(
            registry, Handover("districts-gwqz", "Title gwqz"), Kind.DISTRICTS, "Layer jjxq of districts",
            [shape for _, shape in districts], name=[name for name, _ in districts], file_name="admin-xxkq.geojson",
        )  # fmt: skip
    return registry


HALVES = (("Western part", shapely.box(-35, 0, -32, 8)), ("Eastern part", shapely.box(-32, 0, -28, 8)))


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """With a lonely place of three records and six events, and two districts; nobody changes it."""
    with Registry.create(tmp_path_factory.mktemp("full") / "file-name-ptzq.gpkg") as registry:
        yield fill(registry, lonely=3, districts=HALVES)


@pytest.fixture(scope="module")
def secrets(full):
    return leaks.secrets_of(full)


@lru_cache
def compared(registry):
    return compute_stats(registry, StatsOptions(sections=FOR_A_MAP))


def page_of(registry, **options):
    return build_public_map(registry, compared(registry), **options).get_root().render()


def settings_of(page):
    return json.loads(re.search(r"registryMap\.create\(\"map_registry\", (\{.*\})\);", page)[1])


PAGES = {
    "hexagons": {},
    "small hexagons": {"side_km": 1},
    "large hexagons": {"side_km": 50},
    "districts": {"by_district": True},
    "hexagons on tiles": {"tiles": "OpenStreetMap.Mapnik"},
}


@pytest.mark.parametrize("options", PAGES.values(), ids=PAGES)
def test_nothing_of_a_single_record_or_event_is_in_the_page(full, secrets, options):
    page = page_of(full, **options)
    assert leaks.found_in(page, secrets) == set()
    assert "ptzq" not in page
    assert set(leaks.packs(page)) == {
        f"registry_layer_{layer}_{part}" for layer in (0, 1) for part in ("shapes", "table")
    }


def test_the_search_for_secrets_finds_all_of_them_in_the_full_map(full, secrets):
    """What the test above can find: texts of every kind, and each vertex and position."""
    page = build_web_map(full, compared(full)).get_root().render()
    found = leaks.found_in(page, secrets)
    for text in ("REC-007-jxq", "Sheet-007-kvw", "Unit 007 of the zzyx", "value 7 wvxq", "heading 1 pqxv", "91364",
                 "ACC-007-hjx", "story 7 xqzj", "handed-over-xkcq.geojson", "batch-zq7x", "Title of batch zq7x",
                 "Giver Vkrt", "Layer qqwz of records", "Title gwqz"):  # fmt: skip
        assert text in secrets.texts
        assert text in found, text
    drawn = {each[1:] for each in found if each[0] == "vertex"}
    assert drawn == {tuple(place) for place in secrets.positions.tolist()}


@pytest.mark.parametrize(
    "written",
    [
        lambda lon, lat: f"{lon:.5f}",
        lambda lon, lat: f"{abs(lat):.4f}".replace(".", ","),
        lambda lon, lat: str(round(lon * 1e7)),
        lambda lon, lat: f"{np.log(np.tan(np.pi / 4 + np.radians(lat) / 2)) * 6378137:.0f}",
    ],
)
def test_the_search_for_secrets_finds_one_position_as_it_may_be_written(full, secrets, written):
    page = page_of(full)
    assert leaks.found_in(page.replace("</main>", "") + written(*AT), secrets)


def test_a_single_hidden_position_in_a_pack_is_found(full, secrets, monkeypatch):
    """The page as it would be if the events themselves were drawn as its places."""
    monkeypatch.setattr(publicmap, "generalised", lambda _: np.array([shapely.Point(AT).buffer(0.0001)], dtype=object))
    assert leaks.found_in(page_of(full, by_district=False), secrets)


def test_every_vertex_is_a_corner_of_the_one_grid_or_of_a_general_border(full):
    drawn = {tuple(vertex) for vertex in leaks.vertices(page_of(full)).round(5).tolist()}
    grid = grid_at(5, 4)
    around = np.stack(np.meshgrid(np.arange(-700, -300), np.arange(0, 150)), axis=-1).reshape(-1, 2)
    corners = {tuple(vertex) for vertex in shapely.get_coordinates(outlines(around, grid)).round(5).tolist()}
    borders = {tuple(vertex) for vertex in shapely.get_coordinates([shape for _, shape in HALVES]).tolist()}
    assert drawn - corners == borders
    assert len(drawn & corners) >= 6


def test_few_records_and_events_change_nothing_but_totals(tmp_path, full):
    """Three records and six events at a place of their own cannot be told from none."""
    with Registry.create(tmp_path / "without.gpkg") as registry:
        without = page_of(fill(registry, districts=HALVES), title="x")
    with_them = page_of(full, title="x")
    assert leaks.packs(with_them) == leaks.packs(without)
    assert len(leaks.vertices(with_them))
    totals = re.compile(r"\d+ of \d+|\d+\u00a0%.*?\)|<dd>\d+</dd>|about [\d.]+")
    assert with_them != without
    assert totals.sub("", with_them) == totals.sub("", without)


def test_bounds_are_those_of_what_is_shown(full):
    (south, west), (north, east) = settings_of(page_of(full))["bounds"]
    # A hexagon is 8.7 km wide, and what is shown lies in one or two.
    assert west < AT[0] < east
    assert south < AT[1] < north
    assert east - west < 0.25
    assert north - south < 0.25


def test_page_says_that_it_is_generalised_and_what_that_means(full):
    page = html.unescape(page_of(full, side_km=10))
    assert "Public version, generalised: hexagons with sides of 10 km stand for what lies in them." in page
    assert "a place without colour is not a safe place" in page
    assert style.PUBLIC_NOTICE in page
    assert style.PUBLIC_WITHHELD in page
    assert "RESTRICTED" not in page
    assert "timeline" not in page.split("<body>")[1].split("<script>")[0]
    for words in ("5 to 9", "10 to 19", "20 to 49", "50 to 99", "100 or more"):
        assert f'<span dir="auto">{words}</span>' in page
    assert "20 of 38" in page
    assert "<title>Recorded minefields and explosions, generalised</title>" in page
    assert "Handed over: 2021-06-12" in page
    assert "<dd>30</dd>" in page


def test_totals_are_left_out_where_they_would_tell(tmp_path):
    with Registry.create(tmp_path / "one.gpkg") as registry:
        add_layer(
            registry, Handover("e", "E"), Kind.ACCIDENTS, "Events", [shapely.Point(place) for place in spread(12, AT)]
        )
        page = page_of(registry)
    assert "No totals of events are given" in page
    assert "12" not in re.findall(r"<strong>(.*?)</strong>", page)
    assert not len(leaks.vertices(page))


def test_districts_are_listed_with_their_ranges(full):
    page = html.unescape(page_of(full, by_district=True))
    cell = '<td dir="auto">(.*?)</td>'
    rows = re.findall(f'<tr><th scope="row" dir="auto">(.*?)</th>{3 * cell}</tr>', page)
    none = "\u2013"
    # 17 of 20 events outside lie in the east: with 10 to 19 given, at least one would be known to lie in the west.
    assert rows == [("Eastern part", none, "10 to 19", "20 to 49"), ("Western part", none, none, none)]
    assert "Public version, generalised: districts stand for what lies in them." in page


def test_same_registry_gives_the_same_bytes(full, tmp_path):
    web_map = build_public_map(full, compared(full))
    save_web_map(web_map, tmp_path / "one.html")
    save_web_map(build_public_map(full, compared(full)), tmp_path / "other.html")
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "other.html").read_bytes()
    assert web_map.get_root().render() == (tmp_path / "one.html").read_text("utf-8")


def test_events_and_records_are_those_of_the_comparison_each_field_once(tmp_path):
    again = Handover("again", "The same once more", handed_over_on=PartialDate(date(2022, 1, 1)))
    fields = small_squares(spread(4, AT))
    with Registry.create(tmp_path / "twice.gpkg") as registry:
        fill(registry)
        add_layer(registry, again, Kind.MINEFIELDS, "Again", [*fields, fields[0], square(*LONELY), None],
                  duplicate_of=[None] * 5 + ["batch-zq7x/REC-001-jxq", None])  # fmt: skip
        comparison = compared(registry)
        held = evidence_of(read_inputs(registry, StatsOptions()), comparison)
    assert (len(held.events), held.inside.sum()) == (32, 15)
    assert (comparison.accuracy.all.total, comparison.accuracy.all.inside) == (32, 15)
    assert len(held.records) == 27


def test_registry_without_layers_gives_a_page(tmp_path):
    with Registry.create(tmp_path / "empty.gpkg") as registry:
        page = page_of(registry)
        assert "holds no active layer" in page
        assert "No totals of events are given" in page
        with pytest.raises(RegistryError, match="no districts to give numbers of"):
            page_of(registry, by_district=True)


def test_hexagons_of_another_size_are_refused(full):
    with pytest.raises(RegistryError, match="choose one of 1, 2, 5"):
        page_of(full, side_km=3)


def test_borders_are_general_and_keep_together():
    west = shapely.Polygon(
        [(0, 0), (1, 0), *((1 + 0.0005 * (step % 2), step / 500) for step in range(1, 500)), (1, 1), (0, 1)]
    )
    east = shapely.difference(shapely.box(0.5, 0, 2, 1), west)
    general = generalised(np.array([west, east], dtype=object))
    coordinates = shapely.get_coordinates(general)
    assert (coordinates == coordinates.round(3)).all()
    assert len(coordinates) < 200
    assert shapely.hausdorff_distance(general[0].boundary, west.boundary) < 0.003
    assert shapely.intersection(*general).area == 0
    assert shapely.union_all(general).area == pytest.approx(2, abs=0.01)


@pytest.mark.parametrize("attack", HOSTILE)
def test_hostile_names_are_nowhere_markup(tmp_path, attack):
    districts = [(f"{attack} {number}", shape) for number, (_, shape) in enumerate(HALVES)]
    with Registry.create(tmp_path / "hostile.gpkg") as registry:
        fill(registry, districts=districts)
        for by_district in (True, False):
            page = page_of(registry, by_district=by_district, title=attack)
            for dangerous in ("<img", "<svg onload", "<script>window", "</script><script>window"):
                assert dangerous not in page


def test_page_holds_everything_and_names_no_other_address(full):
    page = page_of(full)
    assert not re.search(r"<(script|link|img|iframe)[^>]*\b(src|href)=", page)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    assert "http" not in policy
    assert "unsafe" not in policy


def test_base_map_is_named(full):
    page = page_of(full, tiles="OpenStreetMap.Mapnik")
    assert "this page asks tile.openstreetmap.org for the places you look at" in html.unescape(page)


def test_page_is_in_the_language_that_is_asked_for_and_says_what_holds_in_english_too(full):
    page = html.unescape(page_of(full, words=catalogue("ar")))
    assert '<html lang="ar" dir="rtl" data-unreviewed' in page
    assert f'<span class="english" lang="en" dir="ltr">{style.PUBLIC_NOTICE}</span>' in page
    assert '<span class="english" lang="en" dir="ltr">Public version, generalised: hexagons with sides of 5 km' in page
