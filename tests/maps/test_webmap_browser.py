import re
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
import shapely
from pages import MAP, click_on, look_for, painted, screen_position, until
from pyproj import Geod
from sea import HOSTILE, add_layer, square

from maps import style
from maps.webmap import build_web_map, save_web_map
from registry.importer import ImportOptions, import_batch
from registry.model import Handover, Kind, PartialDate
from registry.stats import compute_stats
from registry.store import Registry

pytestmark = pytest.mark.browser

BOSNIA = Path(__file__).parents[3] / "shared" / "data" / "bih-mines"


def vertices(page, layer):
    """Longitude and latitude of every vertex as the page draws it, in the order of the registry."""
    return np.array(
        page.evaluate(
            f"() => Array.from({layer}.shapes.x, (x, at) => registryDecode.toLatLng(x, {layer}.shapes.y[at]))"
            ".map(({ lng, lat }) => [lng, lat])"
        )
    )


def farthest_m(geometries, drawn):
    """How far the vertices drawn are from those of the registry, one by one, in metres."""
    rings = shapely.get_rings(shapely.get_parts(np.array(geometries, dtype=object)))
    stored = np.concatenate([shapely.get_coordinates(ring)[:-1] for ring in rings])
    assert stored.shape == drawn.shape
    return Geod(ellps="WGS84").inv(*stored.T, *drawn.T)[2].max()


def test_page_shows_title_notice_and_figures(opened, sea_registry):
    page = opened(sea_registry, title="SYNTHETIC sea")
    assert page.title() == "SYNTHETIC sea"
    assert page.inner_text("h1") == "SYNTHETIC sea"
    assert page.inner_text(".notice") == style.NOTICE
    assert page.is_visible(".restricted")
    assert "3 of 4" in page.inner_text(".figures")
    assert page.inner_text(".leaflet-control-attribution") == "Leaflet"
    assert page.locator(".leaflet-control-attribution svg, .leaflet-control-attribution a").count() == 0
    assert page.is_visible(".leaflet-control-scale")


def test_everything_drawn_is_in_view(opened, sea_registry):
    page = opened(sea_registry)
    for lon, lat in ((-30.0, 0.0), (-29.9, 0.05), (-29.98, 0.12)):
        x, y = screen_position(page, lon, lat)
        assert 0 < x < 940
        assert 0 < y < 765


def test_switching_a_layer_off_and_on_changes_what_is_drawn(opened, sea_registry):
    page = opened(sea_registry)
    before = painted(page)
    box = page.get_by_label("SYNTHETIC districts")
    box.uncheck()
    without = painted(page)
    assert without < before / 2
    box.check()
    assert painted(page) == before
    for title in ("SYNTHETIC minefields", "SYNTHETIC events", "SYNTHETIC districts"):
        page.get_by_label(title).uncheck()
    assert painted(page) == 0


def test_click_on_a_record_opens_its_fields_and_provenance(opened, sea_registry):
    text = click_on(opened(sea_registry), -29.992, 0.002)
    for expected in (
        "minefields-0",
        "A-1",
        "120 mines",
        "1993-05",
        "Rows, standard pattern",
        "Party A",
        "Party B",
        "2021-06-12",
        "minefields.geojson (SHA-256 ",
        "Pulkovo 1942 to WGS 84 (20)",
        "50 m",
        "red",
    ):
        assert expected in text


def test_geometry_is_drawn_where_it_is(opened, sea_registry):
    hole = shapely.Polygon(square(-29.9, 0.1, 0.05).exterior, [square(-29.89, 0.11, 0.00002).exterior])
    both = shapely.MultiPolygon([hole, square(-29.8, 0.1234567, 0.000031)])
    add_layer(sea_registry, Handover("more", "More"), Kind.SURVEYED, "With a hole", [square(-29.7, 60.0), both])
    page = opened(sea_registry)
    drawn = vertices(page, "registry_layer_1")
    assert farthest_m(sea_registry.read(sea_registry.layer("more", Kind.SURVEYED)).geometry, drawn) < 1.5
    starts = page.evaluate("[...registry_layer_1.shapes.first, ...registry_layer_1.shapes.partStart]")
    assert starts == [0, 1, 3, 0, 1, 3, 4]


def test_a_click_in_a_hole_is_no_click_on_the_area(opened, sea_registry):
    ring = shapely.Polygon(square(-29.96, 0.04, 0.04).exterior, [square(-29.95, 0.05, 0.02).exterior])
    add_layer(sea_registry, Handover("more", "More"), Kind.SURVEYED, "With a hole", [ring])
    page = opened(sea_registry)
    assert "1 of 2 here" in click_on(page, -29.955, 0.045)
    page.keyboard.press("Escape")
    page.wait_for_selector(".leaflet-popup", state="detached")
    assert "District" in (text := click_on(page, -29.94, 0.06))
    assert "of 2 here" not in text


def test_events_that_crowd_are_counted_and_come_apart(opened, tmp_path):
    with Registry.create(tmp_path / "crowd.gpkg") as registry:
        near = [shapely.Point(-30 + step * 1e-4, 0) for step in range(40)]
        far = [shapely.Point(-29, 1)]
        add_layer(registry, Handover("events", "Events"), Kind.ACCIDENTS, "SYNTHETIC events", [*near, *far])
        page = opened(registry)
        page.evaluate(f"{MAP}.setView([0, -29.998], 9, {{animate: false}})")
    (disc,) = page.evaluate("registryMap.crowds().map(({ count, looks }) => [count, [...looks.values()]])")
    assert disc == [40, [40]]
    where = page.evaluate("(([{ x, y }]) => registryDecode.toLatLng(x, y))(registryMap.crowds())")
    x, y = screen_position(page, where["lng"], where["lat"])
    page.mouse.move(x, y)
    page.wait_for_selector(".leaflet-tooltip .crowd")
    assert "40 here" in page.inner_text(".leaflet-tooltip")
    page.mouse.click(x, y)
    until(page, f"{MAP}.getZoom() >= 16")
    until(page, "registryMap.crowds().length === 0")
    assert "Event accidents-20" in click_on(page, -30 + 20e-4, 0).replace("\n", " ")


def test_numbers_of_crowds_add_up(opened, tmp_path):
    rng = np.random.default_rng(7)
    with Registry.create(tmp_path / "crowd.gpkg") as registry:
        points = shapely.points(rng.normal([-30, 0], 0.2, (500, 2)))
        add_layer(registry, Handover("events", "Events"), Kind.ACCIDENTS, "SYNTHETIC events", points)
        page = opened(registry)
        page.evaluate(f"{MAP}.setView([0, -30], 7, {{animate: false}})")
    alone = page.evaluate(
        "() => { const { x, y } = registry_layer_0.shapes;"
        " return [...x].filter((at, row) => !registryMap.inCrowd(at, y[row])).length; }"
    )
    counted = page.evaluate("registryMap.crowds().reduce((sum, { count }) => sum + count, 0)")
    assert counted > 100
    assert alone + counted == 500


def test_a_place_without_a_record_says_what_that_means_and_which_is_nearest(opened, sea_registry):
    page = opened(sea_registry)
    page.get_by_label("SYNTHETIC minefields").uncheck()
    page.get_by_label("SYNTHETIC districts").uncheck()
    text = click_on(page, -29.975, 0.005)
    assert "No record covers this place. No record is not safe" in text
    assert "minefields-0, First batch (batch-1)" in text
    # 0.015 degrees of the equator of WGS 84, give or take a pixel.
    metres = int(re.search(r"about (\d+) m", text)[1])
    assert metres == pytest.approx(
        0.015 * 111_319.49, abs=1.5 * page.evaluate(f"40075017 / 256 / 2 ** {MAP}.getZoom()")
    )
    assert "Records that could not be plotted and may lie anywhere: 1." in text
    page.get_by_role("button", name="Show the nearest record").click()
    until(page, "document.querySelector('.record h2 span')?.textContent === 'minefields-0'")


def test_a_covered_place_names_every_record_that_covers_it(opened, sea_registry):
    again = Handover("batch-2", "Second batch")
    add_layer(sea_registry, again, Kind.MINEFIELDS, "Again", [square(-29.995, 0.0)], record_id=["B-7"])
    page = opened(sea_registry)
    page.get_by_label("Again").uncheck()
    text = click_on(page, -29.992, 0.002)
    assert "minefields-0, First batch (batch-1)" in text
    assert "B-7, Second batch (batch-2)" in text
    assert "Nearest record" not in text
    assert "not safe" not in text


def test_far_from_every_record_no_distance_is_given(opened, sea_registry):
    page = opened(sea_registry)
    page.evaluate(f"{MAP}.setView([2, -29], 10, {{animate: false}})")
    text = click_on(page, -29, 2)
    assert "more than 50 km away" in text
    assert "No record is not safe" in text


def test_map_without_records_says_so(opened, tmp_path):
    with Registry.create(tmp_path / "blank.gpkg") as registry:
        add_layer(registry, Handover("d", "D"), Kind.DISTRICTS, "Districts", [square(-30, 0)], name=["Here"])
        page = opened(registry)
    assert "This map holds no records. No record is not safe" in click_on(page, -29.995, 0.005)


def test_distances_are_those_of_the_ellipsoid(opened, sea_registry):
    page = opened(sea_registry)
    pairs = [((0, 0), (0.3, 0.4)), ((-30, 60), (-29.4, 60.3)), ((20, -75), (20.5, -75.2)), ((5, 44), (5, 44.001))]
    for one, other in pairs:
        found = page.evaluate(
            "(pair) => registryFind.metres(...pair.map(([lng, lat]) => registryDecode.fromLatLng([lat, lng])))",
            [one, other],
        )
        assert found == pytest.approx(Geod(ellps="WGS84").inv(*one, *other)[2], rel=1e-3)


def dated_registry(path):
    """A batch of 2021 and one without a date; events of 1995, of 2022 and of no known day."""
    with Registry.create(path) as registry:
        given = Handover("first", "First", handed_over_on=PartialDate(date(2021, 6, 12)))
        add_layer(registry, given, Kind.MINEFIELDS, "Dated records", [square(-30, 0)])
        add_layer(registry, Handover("second", "Second"), Kind.MINEFIELDS, "Undated records", [square(-29.9, 0)])
        points = [shapely.Point(x, 0.05) for x in (-30, -29.95, -29.9)]
        days = ["1995-03-01", "2022-02-01", None]
        add_layer(registry, Handover("events", "E"), Kind.ACCIDENTS, "Events", points, occurred_on=days)
    return Registry.open(path)


def slide(page, day):
    page.evaluate(
        "(day) => { const slider = document.getElementById('until'); slider.value = Date.parse(day) / 86400000;"
        " slider.dispatchEvent(new Event('input')); }",
        day,
    )
    return page.inner_text("#until-said")


def test_timeline_shows_what_was_known_by_a_day(opened, tmp_path):
    with dated_registry(tmp_path / "dated.gpkg") as registry:
        page = opened(registry)
    everything = painted(page)
    assert page.inner_text("#until-said") == "All dates"
    assert slide(page, "1995-02-28") == "By 1995-02-28: 0 of 1 dated layers, 0 of 2 dated events"
    least = painted(page)
    assert slide(page, "1995-03-01") == "By 1995-03-01: 0 of 1 dated layers, 1 of 2 dated events"
    assert least < painted(page) < everything
    assert slide(page, "2021-06-12") == "By 2021-06-12: 1 of 1 dated layers, 1 of 2 dated events"
    assert slide(page, "2022-02-01") == "All dates"
    assert painted(page) == everything
    slide(page, "1995-03-01")
    # Out of sight, but the place is told as it is.
    record, place = click_on(page, -29.995, 0.005).split("This place")
    assert "Minefield record" not in record
    assert "minefields-0, First (first)" in place
    slide(page, "2021-06-12")
    page.wait_for_selector(".leaflet-popup", state="detached")
    page.evaluate(f"{MAP}.setView([0.03, -29.95], 11, {{animate: false}})")
    assert "accidents-2" in click_on(page, -29.9, 0.05)


def test_timeline_plays_to_its_end(opened, tmp_path):
    with dated_registry(tmp_path / "dated.gpkg") as registry:
        page = opened(registry)
    page.get_by_role("button", name="Play").click()
    until(page, "document.getElementById('until-said').textContent.startsWith('By ')")
    page.get_by_role("button", name="Stop").click()
    stopped = page.inner_text("#until-said")
    page.wait_for_timeout(250)
    assert page.inner_text("#until-said") == stopped
    slide(page, "2022-01-30")
    page.get_by_role("button", name="Play").click()
    until(page, "document.getElementById('until-said').textContent === 'All dates'")
    page.get_by_role("button", name="Play").wait_for()


def test_no_dates_no_timeline(opened, tmp_path):
    with Registry.create(tmp_path / "undated.gpkg") as registry:
        add_layer(registry, Handover("m", "M"), Kind.MINEFIELDS, "Records", [square(-30, 0)])
        page = opened(registry)
    assert page.locator("#until").count() == 0


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("minefields-1", "Minefield record minefields-1"),
        ("A-2", "Minefield record minefields-1"),
        ("first BATCH", "First batch (batch-1)"),
        ("middle of", "District Middle of the sea"),
        ("red", "Minefield record minefields-0"),
        ("accidents-3", "Event accidents-3"),
    ],
)
def test_find_by_what_is_written(opened, sea_registry, text, first):
    assert look_for(opened(sea_registry), text)[0].startswith(first)


def test_what_was_found_is_shown(opened, sea_registry):
    page = opened(sea_registry)
    look_for(page, "A-2")
    page.get_by_role("button", name="Minefield record minefields-1").click()
    page.wait_for_selector(".leaflet-popup .record")
    assert "A-2" in page.inner_text(".leaflet-popup .record")
    assert page.evaluate(f"{MAP}.getBounds().contains([0.005, -29.945])")
    assert "Nothing on this map has that" in look_for(page, "nowhere")[1]


def test_many_that_are_found_are_counted(opened, tmp_path):
    with Registry.create(tmp_path / "many.gpkg") as registry:
        points = [shapely.Point(-30 + number * 0.01, 0) for number in range(70)]
        add_layer(registry, Handover("events", "E"), Kind.ACCIDENTS, "Points", points)
        page = opened(registry)
    assert look_for(page, "accidents-")[1] == "The first 30 of 70 are listed."


def test_a_typed_position_says_what_is_there(opened, sea_registry):
    page = opened(sea_registry)
    found, _ = look_for(page, "0°18.0'S 29°58.5'W")
    assert found.startswith("0.30000° S")
    page.locator("#found button").first.click()
    page.wait_for_selector(".leaflet-popup .record")
    assert "No record covers this place" in page.inner_text(".leaflet-popup .record")
    assert look_for(page, "0.005, -29.995")[0].splitlines() == [
        "0.00500° N 29.99500° W",
        "A position, if the latitude stands first",
        "29.99500° S 0.00500° E",
        "A position, if the longitude stands first",
    ]
    page.locator("#found button").first.click()
    until(page, "document.querySelector('.record')?.textContent.includes('Covered by record')")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("delete window.DecompressionStream", "newer one"),
        ("window.atob = () => 'x'", "damaged"),
    ],
)
def test_a_page_that_cannot_be_drawn_says_so(browser, sea_registry, tmp_path, damage, said):
    path = tmp_path / "page.html"
    save_web_map(build_web_map(sea_registry), path)
    page = browser.new_page()
    page.add_init_script(damage)
    page.goto(path.as_uri())
    page.wait_for_selector("#trouble", state="visible")
    assert said in page.inner_text("#trouble")
    assert page.locator("html[data-ready]").count() == 0
    assert page.is_visible(".notice")
    page.close()


def test_what_lies_beneath_can_be_turned_to(opened, sea_registry):
    page = opened(sea_registry)
    assert "1 of 2 here" in click_on(page, -29.992, 0.002)
    page.get_by_label("Next").click()
    assert "Middle of the sea" in page.inner_text(".leaflet-popup .record")
    assert "2 of 2 here" in page.inner_text(".leaflet-popup .record")
    assert page.locator(".leaflet-popup").count() == 1


def test_event_says_its_class_and_its_record(opened, sea_registry):
    page = opened(sea_registry)
    assert "Inside a record" in click_on(page, -29.995, 0.005)
    assert "batch-1/minefields-0" in page.inner_text(".leaflet-popup .record")
    page.keyboard.press("Escape")
    page.wait_for_selector(".leaflet-popup", state="detached")
    text = click_on(page, -29.9, 0.05)
    assert "no record there" in text
    assert "batch-1/minefields-1" in text


def test_invalid_record_says_that_it_is_left_out(opened, sea_registry):
    page = opened(sea_registry)
    assert style.INVALID_NOTE in click_on(page, -29.982, 0.11)


def test_hover_names_the_district(opened, sea_registry):
    page = opened(sea_registry)
    page.mouse.move(*screen_position(page, -29.93, -0.0))
    page.mouse.move(*screen_position(page, -29.93, 0.03))
    page.wait_for_selector(".leaflet-tooltip")
    assert "Middle of the sea" in page.inner_text(".leaflet-tooltip")


def test_map_works_by_keyboard(opened, sea_registry):
    page = opened(sea_registry)
    page.evaluate(f"{MAP}.setView([0.002, -29.992], 14, {{animate: false}})")
    page.focus(".map")
    page.keyboard.press("Enter")
    page.wait_for_selector(".leaflet-popup .record")
    assert "minefields-0" in page.inner_text(".leaflet-popup .record")
    page.keyboard.press("Escape")
    page.wait_for_selector(".leaflet-popup", state="detached")
    page.get_by_label("SYNTHETIC events").focus()
    page.keyboard.press("Space")
    assert not page.get_by_label("SYNTHETIC events").is_checked()


def test_phone_starts_with_the_map_and_opens_the_panel(opened, sea_registry):
    page = opened(sea_registry, width=390, height=844)
    opener = page.get_by_role("button", name="Layers and figures")
    assert not page.is_visible("#panel")
    assert page.is_visible(".notice")
    assert opener.get_attribute("aria-expanded") == "false"
    opener.click()
    assert page.is_visible("#panel")
    assert opener.get_attribute("aria-expanded") == "true"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_dark_page_has_dark_ground(opened, sea_registry):
    page = opened(sea_registry, colours="dark")
    light = "getComputedStyle(document.body).backgroundColor"
    red, green, blue = (int(part) for part in page.evaluate(light)[4:-1].split(","))
    assert max(red, green, blue) < 60


def test_hostile_text_stays_text(opened, hostile_registry):
    page = opened(hostile_registry, title=" ".join(HOSTILE))
    everywhere = click_on(page, -29.995, 0.005) + page.inner_text("h1") + page.inner_text("#panel") + page.title()
    page.mouse.move(*screen_position(page, -29.994, 0.004))
    page.mouse.move(*screen_position(page, -29.9935, 0.0045))
    everywhere += page.inner_text(".leaflet-tooltip")
    everywhere += look_for(page, "window.attacked")[0]
    for attack in HOSTILE[:-1]:
        assert everywhere.count(attack) >= 7, attack
    assert page.evaluate("window.attacked") is None
    assert page.locator("img, iframe, object, [onerror], [onload], a[href^=javascript]").count() == 0


def test_policy_stops_a_script_that_got_in_after_all(browser, sea_registry, tmp_path):
    path = tmp_path / "page.html"
    save_web_map(build_web_map(sea_registry), path)
    planted = "<script>window.attacked = 1</script><img src=x onerror='window.attacked = 1'></body>"
    path.write_text(path.read_text("utf-8").replace("</body>", planted), "utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-ready]", state="attached")
    assert page.evaluate("window.attacked") is None
    page.close()


def test_notebook_shows_the_map_in_a_frame(browser, sea_registry):
    page = browser.new_page()
    troubles = []
    page.on("console", lambda message: message.type == "error" and troubles.append(message.text))
    page.set_content(build_web_map(sea_registry, compute_stats(sea_registry))._repr_html_())
    frame = page.frame_locator("iframe")
    frame.locator("html[data-ready]").wait_for(state="attached")
    assert frame.locator("h1").inner_text() == "sea"
    assert troubles == []
    page.close()


def test_base_map_asks_its_own_host_and_nobody_else(browser, sea_registry, tmp_path):
    path = tmp_path / "page.html"
    save_web_map(build_web_map(sea_registry, tiles="OpenStreetMap.Mapnik"), path)
    hosts = set()
    page = browser.new_page(color_scheme="dark")
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.route("https://**", lambda route: route.fulfill(status=200, content_type="image/png", body=b""))
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-ready]", state="attached")
    page.wait_for_selector(".leaflet-tile", state="attached")
    assert hosts == {"", "tile.openstreetmap.org"}
    assert "OpenStreetMap" in page.inner_text(".leaflet-control-attribution")
    assert "tile.openstreetmap.org" in page.inner_text(".legend")
    page.close()


@pytest.mark.shared
@pytest.mark.skipif(not BOSNIA.is_dir(), reason="the real data are not beside the checkout")
def test_map_of_a_country(opened, tmp_path):
    maps = Handover(
        "bih-2024-03", "Suspected minefields", "BHMAC", "EUFOR", handed_over_on=PartialDate(date(2024, 3, 18))
    )
    with Registry.create(tmp_path / "bih.gpkg") as registry:
        import_batch(
            registry,
            [BOSNIA / "suspect_areas_simplyfied.geojson"],
            Kind.MINEFIELDS,
            maps,
            ImportOptions(field_map={"map_sheet": "fileId"}, repair=True),
        )
        import_batch(registry, [BOSNIA / "incidents.geojson"], Kind.ACCIDENTS, Handover("bih-incidents", "Incidents"))
        import_batch(
            registry,
            [BOSNIA / "cantons.geojson"],
            Kind.DISTRICTS,
            Handover("bih-municipalities", "Municipalities"),
            ImportOptions(field_map={"name": "shapeName"}),
        )
        page = opened(registry)
        records = registry.read(registry.layer("bih-2024-03", Kind.MINEFIELDS)).geometry.dropna()
    assert (tmp_path / "page-0.html").stat().st_size < 1_500_000
    assert farthest_m(records, vertices(page, "registry_layer_1")) < 1.5
    assert "1,256 of 1,442" in page.inner_text(".figures")
    everything = painted(page)
    page.get_by_label("Incidents").uncheck()
    assert painted(page) < everything
    page.get_by_label("Municipalities").uncheck()
    corner = page.evaluate(
        f"() => {{ const {{ x, y }} = registry_layer_1.shapes, at = registryDecode.toLatLng(x[0], y[0]);"
        f" {MAP}.setView(at, 17, {{animate: false}}); return at; }}"
    )
    text = click_on(page, corner["lng"], corner["lat"])
    for expected in ("BHMAC", "EUFOR", "suspect_areas_simplyfied.geojson", "2024-03-18", "typeArea"):
        assert expected in text
