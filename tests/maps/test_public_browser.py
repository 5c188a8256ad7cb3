"""The public map in a browser: what is shaded, what a click says, and that nothing is asked of anybody."""

import pytest
import shapely
from pages import MAP, screen_position
from sea import HOSTILE, add_layer, square

from maps import style
from maps.hexagons import cells_of, grid_at, outlines
from maps.publicmap import build_public_map
from maps.words import ENGLISH, catalogue
from registry.inputs import StatsOptions
from registry.model import Handover, Kind
from registry.stats import FOR_A_MAP, compute_stats
from registry.store import Registry

pytestmark = pytest.mark.browser

GRID = grid_at(5, 0)
HERE = outlines(cells_of(shapely.points([[-30.1, 0.1]]), GRID), GRID)[0].centroid
"""The middle of a hexagon with 13 events outside, 6 inside and 25 records; to the east is one with 7, 5 and 8."""

EAST = shapely.Point(HERE.x + 0.0778, HERE.y)
NOWHERE = (HERE.x, -0.1)
HALVES = (("Western part", square(-30.3, -0.2, 0.5)), (" ".join(HOSTILE), square(-29.8, -0.2, 0.5)))


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    fields, events = [], []
    for place, outside, inside, records in ((HERE, 13, 6, 25), (EAST, 7, 5, 8)):
        corners = [(place.x - 0.01 + 0.0008 * each, place.y - 0.01) for each in range(records)]
        fields += [square(x, y, 0.0004) for x, y in corners]
        events += [shapely.Point(x + 0.0002, y + 0.0002) for x, y in corners[:inside]]
        events += [shapely.Point(x + 0.0002, y + 0.01) for x, y in corners[:outside]]
    far = (-30.25, 0.25)
    events += [shapely.Point(far[0] + 0.0003 * each, far[1]) for each in range(4)]
    events += [shapely.Point(-30.2498 + 0.0008 * each, -0.1498) for each in range(4)]
    fields += [square(-30.25 + 0.0008 * each, -0.15, 0.0004) for each in range(4)]
    with Registry.create(tmp_path_factory.mktemp("public") / "sea.gpkg") as made:
        add_layer(made, Handover("batch", "Batch"), Kind.MINEFIELDS, "Records", fields)
        add_layer(made, Handover("events", "Events"), Kind.ACCIDENTS, "Events", events)
        add_layer(made, Handover("districts", "Districts"), Kind.DISTRICTS, "Districts",
                  [shape for _, shape in HALVES], name=[name for name, _ in HALVES])  # fmt: skip
        yield made


@pytest.fixture(scope="module")
def comparison(registry):
    return compute_stats(registry, StatsOptions(sections=FOR_A_MAP))


@pytest.fixture
def opened(drawn, registry, comparison):
    """Opens a public map."""

    def look(*, width=1280, height=800, colours="light", words=ENGLISH, **options):
        web_map = build_public_map(registry, comparison, words=words, **options)
        return drawn(web_map, width=width, height=height, colours=colours)

    return look


def colour_at(page, lon, lat):
    """What the canvas shows at a place, as #rrggbb."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    x, y = screen_position(page, lon, lat)
    pixel = page.evaluate(
        "([x, y]) => { const canvas = document.querySelector('.leaflet-overlay-pane canvas');"
        " const box = canvas.getBoundingClientRect();"
        " return [...canvas.getContext('2d').getImageData(x - box.x, y - box.y, 1, 1).data]; }",
        [x, y],
    )
    assert pixel[3] == 255
    return "#" + "".join(f"{value:02x}" for value in pixel[:3])


def said_at(page, lon, lat):
    page.evaluate(f"{MAP}.stop().closePopup()")
    page.wait_for_selector(".leaflet-popup", state="detached")
    page.mouse.click(*screen_position(page, lon, lat))
    page.wait_for_selector(".leaflet-popup .record")
    return page.inner_text(".leaflet-popup .record")


def numbers_in(text):
    """What a popup says of each table, in the order of the tables."""
    lines = text.splitlines()
    return [lines[lines.index(label) + 1] for label in style.PUBLIC_NAMES.values()]


def test_shades_are_those_of_the_ranges(opened):
    page = opened()
    shades = style.PUBLIC_SHADES
    beside = (HERE.x, HERE.y + 0.02), (EAST.x, EAST.y + 0.02)
    for label, name, here, east in (
        ("Events outside every record", "outside", 1, 0),
        ("Events inside a record", "inside", 0, 0),
        ("Minefield records that reach in", "records", 2, 0),
    ):
        page.get_by_label(label).check()
        assert colour_at(page, *beside[0]) == shades[name].light[here]
        assert colour_at(page, *beside[1]) == shades[name].light[east]
        swatch = page.evaluate("getComputedStyle(document.querySelector('.legend .shade-0')).fill")
        assert swatch == "rgb({}, {}, {})".format(*bytes.fromhex(shades[name].light[0][1:]))


def test_a_click_gives_the_numbers_as_ranges_and_says_that_no_record_is_not_safe(opened):
    page = opened()
    text = said_at(page, HERE.x, HERE.y)
    assert text.startswith("Hexagon")
    assert "Sides of 5 km" in text
    assert numbers_in(text) == ["10 to 19", "5 to 9", "20 to 49"]
    assert "Western part" in text
    assert style.NO_RECORD in text


def test_where_nothing_is_shown_a_click_does_not_tell_none_from_few(opened):
    page = opened()
    page.evaluate(f"{MAP}.setView([0.1, -30.1], 9, {{ animate: false }})")
    few = said_at(page, -30.2498, -0.15)
    none = said_at(page, *NOWHERE)
    assert numbers_in(few) == [style.PUBLIC_WITHHELD] * 3
    assert few == none
    assert style.NO_RECORD in none


def test_ground_without_a_number_is_hatched_and_not_plain(opened):
    page = opened()
    pixels = page.evaluate(
        "() => { const canvas = document.querySelector('.leaflet-overlay-pane canvas');"
        " const data = canvas.getContext('2d').getImageData(20, 20, 18, 1).data;"
        " return Array.from({ length: 18 }, (_, at) => data[4 * at + 3]); }"
    )
    assert min(pixels) < 20 < max(pixels)
    assert page.is_visible(".legend .hatch")


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_page_fits_and_says_what_it_is(opened, width, height, colours):
    page = opened(width=width, height=height, colours=colours)
    assert page.is_visible("text=Public version, generalised")
    assert page.inner_text(".notice") == style.PUBLIC_NOTICE
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    shade = getattr(style.PUBLIC_SHADES["outside"], colours)[1]
    assert colour_at(page, HERE.x, HERE.y + 0.02) == shade
    if width < 720:
        page.click("#panel-button")
    assert "24 of 39" in page.inner_text(".figures")


def test_by_keyboard(opened):
    page = opened()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.value") == "outside"
    page.get_by_label("Events inside a record").focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.documentElement.dataset.shown") == "records"
    page.evaluate(f"{MAP}.setView([{HERE.y}, {HERE.x}], 10, {{ animate: false }})")
    page.focus(f"#{MAP}")
    page.keyboard.press("Enter")
    assert numbers_in(page.inner_text(".leaflet-popup .record")) == ["10 to 19", "5 to 9", "20 to 49"]


def test_districts_have_numbers_and_a_table_and_their_names_are_text(opened):
    page = opened(by_district=True)
    assert numbers_in(said_at(page, -30.1, 0.2)) == ["20 to 49", "10 to 19", "20 to 49"]
    assert said_at(page, -29.5, 0.0).startswith(HOSTILE[0])
    assert said_at(page, -29.5, 0.36).startswith("No district")
    page.click("text=All districts as a table")
    rows = page.locator(".places tbody tr").all_inner_texts()
    assert rows[1].split("\t") == ["Western part", "20 to 49", "10 to 19", "20 to 49"]
    assert rows[0].startswith(HOSTILE[0])
    assert page.evaluate("window.attacked") is None


def test_from_right_to_left(opened):
    page = opened(words=catalogue("ar"))
    assert page.evaluate("getComputedStyle(document.body).direction") == "rtl"
    text = said_at(page, HERE.x, HERE.y)
    assert style.NO_RECORD in text
