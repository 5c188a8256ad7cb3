"""What the panel lets one see and filter, in a real browser."""

import json

import pytest
import two_districts
from sea import HOSTILE

from maps.words import catalogue
from registry.compare.clusters import NOTICE

pytestmark = pytest.mark.browser


@pytest.fixture
def shown(opened, tmp_path):
    """Opens the map of the two districts."""

    def look(*, name="West", party="Party A", language="en", **options):
        with two_districts.build(tmp_path / "two.gpkg", name=name, party=party) as registry:
            return opened(registry, words=catalogue(language), **options)

    return look


def drawn(page, layer="registry_layer_3"):
    """Rows of a layer that are drawn; the events unless said otherwise."""
    return page.evaluate(f"[...Array({layer}.shapes.count).keys()].filter((row) => {layer}.shapes.mask?.[row] ?? 1)")


def said(page):
    """What the bar says, None where it is not there."""
    return page.inner_text("#filtered-said") if page.is_visible("#filtered") else None


def state(page):
    return page.evaluate("registryFilter.state()")


def settle(page):
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def pixels(page, canvas=0):
    """The colours of a canvas: 0 for the map, 1 for what is chosen."""
    settle(page)
    return page.evaluate(
        "(number) => { const canvas = document.querySelectorAll('.leaflet-overlay-pane canvas')[number];"
        " const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;"
        " const found = {}; for (let at = 0; at < data.length; at += 4) if (data[at + 3]) {"
        " const colour = data[at] + ' ' + data[at + 1] + ' ' + data[at + 2];"
        " found[colour] = (found[colour] ?? 0) + 1; } return found; }",
        canvas,
    )


def click_on(page, lon, lat, zoom=17):
    page.evaluate("map_registry.closePopup()")
    page.wait_for_selector(".leaflet-popup", state="detached")
    page.evaluate("([lat, lon, zoom]) => map_registry.setView([lat, lon], zoom, {animate: false})", [lat, lon, zoom])
    settle(page)
    box = page.locator(".map").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_selector(".leaflet-popup .record")
    return page.inner_text(".leaflet-popup .record")


def open_filters(page):
    page.locator(".filters summary").click()


def test_districts_are_shaded_by_share_and_their_popup_has_the_counts(shown):
    page = shown()
    outlined = pixels(page)
    assert not page.is_visible(".by-share >> nth=0")
    page.get_by_label("shaded by share of events outside").check()
    assert page.is_visible(".by-share >> nth=0")
    assert "60 % to less than 80 %" in page.inner_text(".legend")
    assert "Fewer than 10 events: counts only, no share" in page.inner_text(".legend")
    shaded = pixels(page)
    assert len(shaded) > len(outlined)
    text = click_on(page, -29.96, 0.05, 14)
    assert "9 of 13" in text
    assert "69.2\u00a0% (95\u00a0% interval" in text
    text = click_on(page, -29.87, 0.09, 14)
    assert "3 of 3" in text
    assert "below 10 no share is given" in text
    assert "interval" not in text
    page.get_by_label("outlined").check()
    assert not page.is_visible(".by-share >> nth=0")


def test_records_are_coloured_by_party_and_the_legend_follows(shown):
    page = shown()
    looks = "[registry_layer_1, registry_layer_2].map(({ looks }) => looks[0])"
    assert page.evaluate(looks) == ["minefields-0", "minefields-1"]
    assert "one colour per batch" in page.inner_text(".legend")
    page.get_by_label("giving party").check()
    assert page.evaluate(looks) == ["party-0", "party-not-stated"]
    legend = page.inner_text(".legend")
    assert "given by Party A" in legend
    assert "giving party not stated" in legend
    assert "one colour per batch" not in legend
    assert page.evaluate("registryPopup.nameOf({ layer: registry_layer_1, row: 0 }, {})").endswith(": Party A")
    page.get_by_label("batch", exact=True).check()
    assert page.evaluate(looks) == ["minefields-0", "minefields-1"]


def test_classes_and_devices_are_filtered_and_one_button_shows_all(shown):
    page = shown()
    assert said(page) is None
    open_filters(page)
    page.get_by_role("checkbox", name="Inside a record").uncheck()
    assert drawn(page) == list(range(4, 17))
    assert said(page) == "Filter on (class). Not drawn: events 4 of 17."
    page.get_by_label("Anti-vehicle mine").uncheck()
    assert drawn(page) == [*range(4, 9), 14, 15, 16]
    page.locator("[data-none]").uncheck()
    assert drawn(page) == list(range(4, 9))
    assert said(page) == "Filter on (class; device). Not drawn: events 12 of 17."
    # What is not drawn is not found under the pointer, but the place is told from all records.
    text = click_on(page, *two_districts.INSIDE[0])
    assert "Covered by record" in text
    assert "accidents-0" not in text
    page.get_by_role("button", name="Show all", exact=True).click()
    assert said(page) is None
    assert drawn(page) == list(range(17))
    assert state(page) == {}
    assert "accidents-0" in click_on(page, *two_districts.INSIDE[0])


def test_dates_keep_what_may_lie_in_them(shown):
    page = shown()
    open_filters(page)
    page.locator("#from").fill("2021-03-20")
    page.locator("#to").fill("2022-06-15")
    # Of March 2021 only the month is known; the last event has no date.
    assert drawn(page) == [*range(4, 13), 16]
    assert said(page) == "Filter on (date). Not drawn: events 7 of 17."
    page.get_by_label("also events without a date").uncheck()
    assert drawn(page) == list(range(4, 13))
    page.locator("#to").fill("")
    page.locator("#from").fill("2023-12-31")
    assert drawn(page) == [13, 14, 15]
    assert state(page) == {"from": "2023-12-31", "undated": False}


def test_layers_switched_off_are_said_and_still_looked_up(shown):
    page = shown()
    page.locator("[data-kind=districts]").uncheck()
    assert said(page) is None
    for batch in ("batch-1", "batch-2"):
        page.locator(f"[data-key='minefields:{batch}']").uncheck()
    assert said(page) == "Filter on (layers switched off). Not drawn: records 2 of 2."
    text = click_on(page, -29.987, 0.0125)
    assert "minefields-0, First (batch-1)" in text
    page.get_by_role("button", name="Show all", exact=True).click()
    assert said(page) is None
    assert page.locator("[data-key='minefields:batch-1']").is_checked()
    assert not page.locator("[data-kind=districts]").is_checked()


def test_filters_and_timeline_are_one_state(shown):
    page = shown()
    page.evaluate(
        "(day) => { const slider = document.getElementById('until'); slider.value = Date.parse(day) / 86400000;"
        " slider.dispatchEvent(new Event('input')); }",
        "2021-12-31",
    )
    assert state(page) == {"until": "2021-12-31"}
    assert drawn(page) == [0, 1, 2, 3, 4, 16]
    assert said(page) == "Filter on (known by 2021-12-31). Not drawn: events 11 of 17; records 1 of 2."
    page.get_by_role("button", name="Show all", exact=True).click()
    assert page.inner_text("#until-said") == "All dates"
    assert drawn(page) == list(range(17))


def test_a_state_can_be_taken_elsewhere_and_nonsense_is_left_out(shown):
    page = shown()
    whole = {
        "from": "2021-01-01", "to": "2022-12-31", "until": "2022-12-01", "undated": False, "classes": ["near"],
        "devices": [None], "layers": ["minefields:batch-2", "clusters:"], "band": 7, "records": "party",
        "districts": "shaded",
    }  # fmt: skip
    page.evaluate("(whole) => registryFilter.apply(whole)", whole)
    assert state(page) == whole
    assert not page.locator("[data-key='minefields:batch-2']").is_checked()
    assert not page.get_by_label("Unmapped clusters").is_checked()
    assert page.locator("#from").input_value() == "2021-01-01"
    assert page.is_visible(".by-share >> nth=0")
    page.evaluate(
        "(nonsense) => registryFilter.apply(nonsense)",
        {
            "from": HOSTILE[0], "to": 7, "until": "2021-99-99", "classes": "near", "devices": [HOSTILE[1], {}],
            "layers": ["nowhere"], "band": 99, "records": "x", "districts": [], "other": HOSTILE[2],
        },
    )  # fmt: skip
    assert state(page) == {}
    assert said(page) is None
    page.evaluate("registryFilter.apply(null)")
    assert state(page) == {}


def test_a_link_to_a_view_holds_what_is_filtered(shown):
    page = shown()
    whole = {
        "from": "2022-01-01",
        "band": 8,
        "layers": ["minefields:batch-2"],
        "until": "2022-12-01",
        "records": "party",
    }
    page.evaluate("(whole) => registryFilter.apply(whole)", whole)
    link = page.evaluate("registryLink.state()")
    hidden = said(page)
    assert hidden in page.evaluate("registryLink.notes()")
    page.get_by_role("button", name="Show all", exact=True).click()
    page.evaluate("(link) => registryLink.apply(link)", link)
    assert state(page) == whole
    assert said(page) == hidden
    page.evaluate("registryLink.apply('filter=' + encodeURIComponent('{\"from\":') + '&off=&day=')")
    assert state(page) == {}


def test_a_bar_of_the_curve_shows_only_its_events(shown):
    page = shown()
    assert page.get_by_role("img", name="of 17, inside one 4").is_visible()
    band = page.locator("#curve .band").nth(3)
    band.hover()
    assert page.inner_text("#curve-said") == "Events 50 to 100 m away: 1 of 17; up to there: 5"
    band.click()
    assert drawn(page) == [4]
    assert said(page) == "Filter on (distance: 50 to 100 m away). Not drawn: events 16 of 17."
    page.locator("#curve .band").nth(3).click()
    assert said(page) is None
    page.locator("#curve-section summary").click()
    page.get_by_role("button", name="Only these on the map: events inside a record").click()
    assert drawn(page) == [0, 1, 2, 3]
    assert page.locator("[aria-pressed=true]").count() == 1


def test_a_bar_of_a_district_leads_there(shown):
    page = shown()
    names = page.locator("#district-bars button").evaluate_all("(all) => all.map((one) => one.ariaLabel)")
    assert names == [
        "West: events outside 8, outside but near a record 1, inside 4; go there",
        "East: events outside 3, outside but near a record 0, inside 0; go there",
    ]
    assert page.locator("#district-bars button.few").count() == 1
    assert page.inner_text("#districts-said") == "Events in no district: 1."
    page.locator("#district-bars button").nth(1).click()
    page.wait_for_selector(".leaflet-popup .record")
    assert page.inner_text(".record h2 span") == "East"
    middle = page.evaluate("[map_registry.getCenter().lng, map_registry.getCenter().lat]")
    assert middle == pytest.approx([-29.85, 0.05], abs=0.05)


def test_a_cluster_says_what_it_is_not(shown):
    page = shown()
    text = click_on(page, -29.9565, 0.0802, 17)
    assert "Unmapped cluster" in text
    assert "C1" in text
    assert NOTICE in text
    assert "No record is not safe" in text
    page.get_by_label("Unmapped clusters").uncheck()
    assert "C1" not in click_on(page, -29.9565, 0.0802, 17)


def test_an_event_has_a_circle_of_its_own_error_or_says_that_none_is_stated(shown):
    page = shown()
    text = click_on(page, *two_districts.EAST[0])
    assert "one sigma, 30 m. The true place may well lie outside it" in text
    with_circle = sum(pixels(page, 1).values())
    # 30 m at the equator in pixels of zoom 17, filled.
    radius = 30 / (40_075_017 / 256 / 2**17)
    assert with_circle > 3.1 * radius**2
    text = click_on(page, *two_districts.ELSEWHERE[0])
    assert "Position error not stated: no circle is drawn." in text
    assert sum(pixels(page, 1).values()) < with_circle / 4


def test_a_backdrop_is_drawn_beneath_and_answers_nothing(shown, tmp_path):
    line = {"type": "LineString", "coordinates": [[-30.1, 0.06], [-29.7, 0.06]]}
    points = {"type": "MultiPoint", "coordinates": [[-29.87, 0.07]]}
    features = [{"type": "Feature", "properties": {}, "geometry": each} for each in (line, points)]
    path = tmp_path / "roads.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    page = shown(backdrop=path)
    assert "Backdrop: roads.geojson" in page.inner_text(".legend")
    with_backdrop = sum(pixels(page).values())
    text = click_on(page, -29.87, 0.06, 15)
    assert "District" in text
    assert "of 2 here" not in text
    page.get_by_role("button", name="Show everything").click()
    page.get_by_label("roads.geojson").uncheck()
    assert said(page) is None
    assert sum(pixels(page).values()) < with_backdrop


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_every_control_can_be_reached(shown, width, height, colours):
    page = shown(width=width, height=height, colours=colours)

    def open_panel():
        if page.locator("#panel-button").get_attribute("aria-expanded") == "false":
            page.locator("#panel-button").click()

    open_panel()
    open_filters(page)
    page.get_by_label("giving party").check()
    page.get_by_label("shaded by share of events outside").check()
    page.get_by_label("Near a record, outside it").uncheck()
    page.locator("#from").fill("1995-05-05")
    page.locator("#curve .band").nth(0).click()
    assert state(page) == {
        "from": "1995-05-05", "classes": ["near"], "band": 0, "records": "party", "districts": "shaded",
    }  # fmt: skip
    assert drawn(page) == [0, 1, 2, 3]
    open_panel()
    page.locator("#district-bars button").first.click()
    page.wait_for_selector(".leaflet-popup .record")
    assert page.inner_text(".record h2 span") == "West"
    page.get_by_role("button", name="Show all", exact=True).click()
    assert state(page) == {"records": "party", "districts": "shaded"}
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("attack", HOSTILE[:4])
def test_hostile_names_stay_text_in_charts_and_legend(shown, attack):
    page = shown(name=attack, party=attack)
    page.get_by_label("giving party").check()
    page.get_by_label("shaded by share of events outside").check()
    assert page.inner_text("#district-bars li:first-child .name") == attack
    assert attack in page.locator("#district-bars button").first.get_attribute("aria-label")
    assert page.locator("#panel img, #panel script").count() == 0
    assert page.evaluate("window.attacked") is None


def test_another_language_has_the_same_controls(shown):
    page = shown(language="ar")
    assert page.locator("#district-bars button").count() == 2
    page.evaluate("registryFilter.apply({ band: 0, districts: 'shaded' })")
    assert page.is_visible("#filtered")
    assert "13" in said(page)
