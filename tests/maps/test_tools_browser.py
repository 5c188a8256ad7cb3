"""The tools of the web map: grid, measuring, a sheet of paper, links to a view."""

import re

import numpy as np
import pytest
import shapely
from mgrs import MGRS
from pages import MAP, click_on, look_for, painted, screen_position, until
from pyproj import Geod
from sea import add_layer, square
from test_webmap_browser import dated_registry, slide

from maps import style
from registry.model import Handover, Kind

pytestmark = pytest.mark.browser

GEOD = Geod(ellps="WGS84")
A_POINT_MM = 25.4 / 72


def tool(page, name):
    page.get_by_role("button", name=name).click()


# What is here, for typed places


def test_what_is_here_answers_for_every_notation(opened, sea_registry):
    page = opened(sea_registry)
    square_of_1_m = "26N JF 66578 00553"
    for text in ("0.005 N 29.995 W", "0°00'18\"N 29°59'42\"W", "0.005, -29.995", square_of_1_m, "26N 166578.4 553.4"):
        look_for(page, text)
        page.locator("#found button").first.click()
        page.wait_for_selector(".leaflet-popup .record")
        place = page.inner_text(".leaflet-popup .record").split("This place")[1]
        assert square_of_1_m in place, text
        assert "minefields-0, First batch (batch-1), minefields.geojson (SHA-256 " in place
        assert "names a square" not in place
        page.keyboard.press("Escape")


def test_a_short_mgrs_text_says_how_large_its_square_is(opened, sea_registry):
    page = opened(sea_registry)
    found, said = look_for(page, "26N JF 6 0")
    assert "square 10 km wide" in found
    assert said == "Found: 1."
    page.locator("#found button").first.click()
    page.wait_for_selector(".leaflet-popup .record")
    text = page.inner_text(".leaflet-popup .record")
    # It is said first, above what is there.
    assert "names a square 10 km wide" in text.split("No record covers this place")[0]
    assert "No record covers this place. No record is not safe" in text
    assert "minefields.geojson (SHA-256 " in text
    assert "UPS" in look_for(page, "ZAH 12345 12345")[1]


def test_the_pointer_says_degrees_and_mgrs(opened, sea_registry):
    page = opened(sea_registry)
    page.evaluate(f"{MAP}.setView([0.005, -29.995], 15, {{animate: false}})")
    page.mouse.move(*screen_position(page, -29.995, 0.005))
    assert re.fullmatch(r"0\.00\d+° N  29\.99\d+° W   26N JF 665\d\d 005\d\d", page.text_content(".position"))


# Grids

# Across the equator, the edge of zones, the south of Norway, Svalbard, before 180 degrees; far and near.
MGRS_VIEWS = (
    *((0, -30, 9), (-19.9, -20, 12), (44.2, 17.99, 10), (60.1, 3.05, 9), (72.0, 21.0, 8)),
    *((40, 179.6, 11), (44, 18.2, 19), (50, 9, 6)),
)
RECORDED = """([lat, lng, zoom, kind]) => {
  const [width, height] = [900, 700];
  const scale = (128 * 2 ** zoom) / registryDecode.HALF, { x, y } = registryDecode.fromLatLng([lat, lng]);
  const left = width / 2 - x * scale, top = height / 2 - y * scale;
  const box = [-9 - left, -9 - top, width + 9 - left, height + 9 - top].map((pixel) => pixel / scale);
  const texts = [];
  const nothing = () => {};
  const ink = new Proxy({ fillText: (text, x, y) => texts.push([text, x, y]), measureText: () => ({ width: 20 }) },
    { get: (own, name) => own[name] ?? nothing, set: () => true });
  const frame = { left: 0, top: 0, right: width, bottom: height };
  registryGraticule.paint(ink, { zoom, scale, left, top, width, height, box }, kind, frame, ["top", "right"], {});
  const at = (x, y) => {
    const { lat, lng } = registryDecode.toLatLng((x - left) / scale, (y - top) / scale);
    return [lat, lng];
  };
  return texts.map(([text, x, y]) => ({ text, x, y, at: at(x === 896 ? 900 : x, y === 9 ? 0 : y) }));
}"""


def labels(page, lat, lng, zoom, kind):
    """Labels along the upper and the right edge with their positions, and names of squares with theirs."""
    drawn = page.evaluate(RECORDED, [lat, lng, zoom, kind])
    return (
        [each for each in drawn if each["y"] == 9],
        [each for each in drawn if each["x"] == 896],
        [each for each in drawn if each["y"] != 9 and each["x"] != 896],
    )


def test_every_label_of_the_mgrs_grid_stands_where_mgrs_has_it(opened, sea_registry):
    page = opened(sea_registry)
    for lat, lng, zoom in MGRS_VIEWS:
        above, beside, names = labels(page, lat, lng, zoom, "mgrs")
        # Squares of 100 km have names alone.
        assert min(len(above), len(beside)) >= 3 or zoom == 6, (lat, lng)
        assert len(names) >= (20 if zoom == 6 else 1), (lat, lng)
        metres = 156_543 * np.cos(np.radians(lat)) / 2**zoom
        for axis, group in ((0, above), (1, beside)):
            for label in group:
                digits = MGRS().toMGRS(*label["at"])[-10:]
                found, unit = int(digits[5 * axis : 5 * axis + 5]), 10 ** (5 - len(label["text"]))
                off = (found - int(label["text"]) * unit + 50_000) % 100_000 - 50_000
                # A pixel, and what a bent line is off between its points.
                assert abs(off) < 1 + 1.5 * metres, (label, digits)
        for name in names:
            whole = MGRS().toMGRS(*name["at"])
            assert name["text"].replace(" ", "") in {whole[:5], whole[3:5]}, (name, whole)


def test_every_label_of_the_graticule_is_its_degree(opened, sea_registry):
    page = opened(sea_registry)
    for lat, lng, zoom in ((0.05, -29.9, 11), (-44.2, 17.9, 16), (10, 20, 3), (60, -100, 19)):
        above, beside, _ = labels(page, lat, lng, zoom, "degrees")
        for axis, group, letters in ((1, above, "EW"), (0, beside, "NS")):
            assert len(group) >= 3
            for label in group:
                number, _, letter = label["text"].partition("° ")
                value = float(number.rstrip("°")) * (-1 if letter == letters[1] else 1)
                assert label["at"][axis] == pytest.approx(value, abs=2 * 360 / 256 / 2**zoom), label
                assert (letter in letters and letter) or value == 0


def test_the_grid_is_switched_in_the_panel(opened, sea_registry):
    page = opened(sea_registry, colours="dark")
    assert page.locator(".leaflet-overlay-pane canvas").count() == 2
    page.get_by_role("radio", name="MGRS").check()
    assert page.locator(".leaflet-overlay-pane canvas").count() == 3
    squares = painted(page, 2)
    assert squares > 2000
    page.mouse.move(400, 400)
    page.mouse.down()
    page.mouse.move(500, 440, steps=4)
    page.mouse.up()
    assert painted(page, 2) > 2000
    page.get_by_role("radio", name="Degrees").check()
    assert painted(page, 2) not in (0, squares)
    page.get_by_role("radio", name="None").check()
    assert page.locator(".leaflet-overlay-pane canvas").count() == 2


# Measuring


def test_a_length_and_an_area_are_measured_by_clicks(opened, sea_registry):
    page = opened(sea_registry)
    corners = [(-30.0, 0.0), (-29.9, 0.0), (-29.9, 0.1), (-30.0, 0.1)]
    page.evaluate(f"{MAP}.setView([0.05, -29.95], 11, {{animate: false}})")
    tool(page, "Measure a length")
    assert "Enter adds" in page.inner_text(".measured")
    for corner in corners:
        page.mouse.click(*screen_position(page, *corner))
    assert page.locator(".leaflet-popup").count() == 0
    line = GEOD.line_length(*zip(*corners, strict=True))
    found = re.fullmatch(r"4 points, ([\d.]+) km", page.inner_text(".measured"))
    pixel_km = page.evaluate(f"40075 / 256 / 2 ** {MAP}.getZoom()")
    assert float(found[1]) == pytest.approx(line / 1000, abs=4 * pixel_km)
    page.get_by_role("radio", name="Area").check()
    area, around = GEOD.polygon_area_perimeter(*zip(*corners, strict=True))
    found = re.fullmatch(r"4 points, ([\d.]+) km², ([\d.]+) km around", page.inner_text(".measured"))
    assert float(found[1]) == pytest.approx(abs(area) / 1e6, abs=50 * pixel_km)
    assert float(found[2]) == pytest.approx(around / 1000, abs=4 * pixel_km)
    page.mouse.click(*screen_position(page, -29.9, -0.05))
    page.get_by_role("button", name="Take back").click()
    assert page.inner_text(".measured").startswith("4 points")
    page.mouse.click(*screen_position(page, -30.05, 0.05))
    assert page.inner_text(".measured").startswith("5 points, ")
    page.mouse.click(*screen_position(page, -29.9, -0.05))
    assert "crosses itself" in page.inner_text(".measured")
    page.get_by_role("button", name="Start again").click()
    assert "Click the map" in page.inner_text(".measured")
    page.get_by_role("button", name="End", exact=True).click()
    assert not page.is_visible(".strip")
    assert "minefields-0" in click_on(page, -29.992, 0.002)


def test_measuring_fits_on_a_phone(opened, sea_registry):
    page = opened(sea_registry, width=390, height=844, colours="dark")
    tool(page, "Measure a length")
    for x, y in ((100, 300), (200, 320)):
        page.mouse.click(x, y)
    assert re.fullmatch(r"2 points, [\d.,]+ k?m", page.inner_text(".measured"))
    assert "no safe path" in page.inner_text(".strip")
    box = page.locator(".strip").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


# A sheet of paper


ON_A_SHEET = (
    *("SYNTHETIC sea", "RESTRICTED", style.NOTICE, "Batches: 3", "Handed over: 2021-06-12", "Last import: 2024-03-20"),
    *("SYNTHETIC minefields (batch-1)", "SYNTHETIC events (events)", "Districts", "Outside every record"),
    *("when printed at full size", "Grid: MGRS, WGS 84", "Printed on 20", "may lie anywhere: 1", "km"),
)


def choose(page, paper, turned, grid=None):
    """Asks for paper in the dialog, as a person does."""
    tool(page, "Print this view")
    dialog = page.get_by_role("dialog", name="Print this view")
    for name in filter(None, (paper, turned, grid)):
        dialog.get_by_role("radio", name=name).check()
    dialog.get_by_role("button", name="Print").click()


@pytest.fixture
def printed(opened, sea_registry):
    """Opens a page, and chooses paper in its dialog; what the browser then asks the person is left out."""

    def open_and_choose(paper, turned, *, registry=sea_registry, grid=None, before=None, **how):
        page = opened(registry, title="SYNTHETIC sea", **how)
        page.evaluate("() => { window.printed = 0; window.print = () => { window.printed += 1; }; }")
        if before:
            before(page)
        choose(page, paper, turned, grid)
        assert page.evaluate("window.printed") == 1
        return page

    return open_and_choose


def laid(page):
    """The sheet as it is while printing."""
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    return page.locator(".sheet")


@pytest.mark.parametrize(
    ("paper", "papers", "how"),
    [
        ("A4", {"Landscape": (297, 210), "Portrait": (210, 297)}, {"colours": "dark"}),
        ("A3", {"Landscape": (420, 297), "Portrait": (297, 420)}, {"width": 390, "height": 844}),
    ],
)
def test_one_sheet_of_paper_holds_all_it_must(printed, paper, papers, how):
    page = printed(paper, "Landscape", **how)
    for turned, mm in papers.items():
        choose(page, paper, turned)
        pdf = page.pdf(prefer_css_page_size=True, print_background=True)
        assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
        size = [float(each) * A_POINT_MM for each in re.search(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", pdf).groups()]
        assert size == pytest.approx(mm, abs=0.5)
        sheet = laid(page)
        text = sheet.inner_text()
        for expected in ON_A_SHEET:
            assert expected in text, expected
        assert "not listed" not in text
        hidden = page.locator(".panel, .bar, .leaflet-container, body > .notice, .strip, dialog")
        assert hidden.locator("visible=true").count() == 0
        outer = sheet.bounding_box()
        for part in (".above .restricted", ".frame", ".block", ".below .notice", ".key", ".length", "h1", "svg.north"):
            box = sheet.locator(part).bounding_box()
            assert min(box["width"], box["height"]) > 5, part
            assert outer["x"] <= box["x"], part
            assert outer["y"] <= box["y"], part
            assert box["x"] + box["width"] <= outer["x"] + outer["width"], part
            assert box["y"] + box["height"] <= outer["y"] + outer["height"], part
        # Sharp, and black on white where the screen is dark too.
        density = sheet.locator("canvas").evaluate("(canvas) => canvas.width / canvas.clientWidth")
        assert density >= 2.4
        assert sheet.evaluate("(sheet) => getComputedStyle(sheet).backgroundColor") == "rgb(255, 255, 255)"
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        page.emulate_media(media="screen")


def test_the_scale_of_a_sheet_is_true(printed):
    page = printed(
        "A4", "Landscape", before=lambda page: page.evaluate(f"{MAP}.setView([45, -29.9], 12, {{animate: false}})")
    )
    sheet = laid(page)
    denominator = int(re.search(r"1 : ([\d,]+) when", sheet.inner_text())[1].replace(",", ""))
    mm = sheet.evaluate("(sheet) => sheet.querySelector('.length').style.width")
    number, unit = re.search(r"0\s*([\d.]+) (k?m)", sheet.locator(".ends").inner_text()).groups()
    metres = float(number) * (1000 if unit == "km" else 1)
    assert metres / (float(mm.removesuffix("mm")) / 1000) == pytest.approx(denominator, rel=1e-3)
    # All that was seen is on the sheet, and its pixels are as long as the scale says.
    drawn, span = page.evaluate(
        f"(() => {{ const [sheet, seen] = [document.querySelector('.frame canvas'), {MAP}.getSize()];"
        " return [[sheet.clientWidth, sheet.clientHeight], [seen.x, seen.y]]; })()"
    )
    screen_m = 156_543.03 * np.cos(np.radians(45)) / 2**12
    paper_m = denominator * 0.0254 / 96
    reserve = min(drawn[0] * paper_m / (span[0] * screen_m), drawn[1] * paper_m / (span[1] * screen_m))
    # The next of 1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 7.5.
    assert 0.995 <= reserve <= 1.34
    assert int(str(denominator).rstrip("0")) in {1, 125, 15, 2, 25, 3, 4, 5, 6, 75}


def test_a_sheet_shows_what_is_shown_and_says_what_is_not(printed, tmp_path):
    def before(page):
        page.get_by_label("Undated records").uncheck()
        slide(page, "1995-03-01")

    with dated_registry(tmp_path / "dated.gpkg") as registry:
        page = printed("A4", "Portrait", registry=registry, grid="Degrees", before=before)
    text = laid(page).inner_text()
    assert "Dated records (first)" in text
    assert "Undated records" not in text
    assert "By 1995-03-01" in text
    assert "Grid: degrees, WGS 84" in text


def test_after_printing_the_page_is_as_it_was(printed):
    page = printed("A4", "Portrait", colours="dark")
    before = painted(page), page.evaluate(f"{MAP}.getCenter()"), page.evaluate(f"{MAP}.getZoom()")
    page.pdf(prefer_css_page_size=True)
    until(page, "!document.querySelector('.sheet')")
    assert (painted(page), page.evaluate(f"{MAP}.getCenter()"), page.evaluate(f"{MAP}.getZoom()")) == before
    assert "minefields-0" in click_on(page, -29.992, 0.002)
    rules = "[...document.styleSheets].flatMap((sheet) => [...sheet.cssRules])"
    assert page.evaluate(f"{rules}.filter((rule) => rule instanceof CSSPageRule).length") == 0


def test_layers_for_which_there_is_no_room_are_counted(printed, sea_registry):
    for number in range(30):
        handover = Handover(f"more-{number:02}", f"More {number}")
        add_layer(
            sea_registry, handover, Kind.SURVEYED, f"A layer with a long name, number {number}", [square(-29.8, 0.0)]
        )
    page = printed("A4", "Landscape")
    text = laid(page).inner_text()
    listed = text.count("A layer with a long name")
    missing = int(re.search(r"not listed for want of room: (\d+)", text)[1])
    others = sum(name in text for name in ("SYNTHETIC minefields (", "SYNTHETIC events (", "SYNTHETIC districts ("))
    assert listed > 5
    assert listed + others + missing == 33
    key = page.locator(".key").evaluate(
        "(key) => [key.scrollHeight - key.clientHeight, key.scrollWidth - key.clientWidth]"
    )
    assert max(key) <= 1
    assert "Outside every record" in text


# Links to a view


def view(page):
    center = page.evaluate(f"{MAP}.getCenter()")
    return {
        "at": [round(center["lat"], 4), round(center["lng"], 4), page.evaluate(f"{MAP}.getZoom()")],
        "off": page.evaluate("[...document.querySelectorAll('[data-layer]')].filter((b) => !b.checked).length"),
        "grid": page.evaluate("registryOverlay.kind()"),
        "day": page.evaluate("document.getElementById('until')?.value"),
    }


def test_a_link_brings_the_view_back(opened, tmp_path):
    with dated_registry(tmp_path / "dated.gpkg") as registry:
        page = opened(registry)
        page.evaluate(f"{MAP}.setView([0.04, -29.93], 13.5, {{animate: false}})")
        page.get_by_label("Undated records").uncheck()
        page.get_by_role("radio", name="MGRS").check()
        slide(page, "1995-03-01")
        wanted = view(page)
        tool(page, "Copy a link")
        link = page.get_by_role("textbox", name="The link").input_value()
        assert page.evaluate("getSelection().toString() || document.activeElement.value") == link
        assert re.search("link is copied|Copy the link", page.inner_text("dialog.link"))
        again = opened(registry, fragment="#" + link.split("#")[1], width=390, height=844)
        assert view(again) == wanted
        # An empty link is no link, and another one in the same page is followed.
        again.evaluate("location.hash = ''")
        assert view(again) == wanted
        again.evaluate("location.hash = 'grid=degrees'")
        until(again, "registryOverlay.kind() === 'degrees'")
        assert view(again)["off"] == 0


HOSTILE_LINKS = (
    "#at=<img src=x onerror=alert(1)>&grid=<b>&off=%3Cscript%3E&day=2021-99-99",
    "#at=91,0,5&grid=__proto__&day=javascript:alert(1)",
    "#at=1e1,0,5&off=minefields:batch-1x,,&day=99999-01-01",
    "#at=0,0,99&grid=MGRS&off=%E0%A4%A",
    "#at=NaN,NaN,NaN&constructor=1&toString=2",
    "#" + "at=0,0,5&" * 2000,
    "#%00&&&===&at",
    "#at=0.0,0.0,",
)


def test_a_hostile_link_changes_nothing(opened, sea_registry):
    page = opened(sea_registry)
    usual = view(page)
    for fragment in HOSTILE_LINKS:
        page.evaluate("(fragment) => { location.hash = fragment; }", fragment)
        page.wait_for_timeout(20)
        assert view(page) == usual, fragment
    assert page.evaluate("window.attacked") is None
    assert page.locator("img:not(.leaflet-tile)").count() == 0


def test_what_can_be_read_of_a_link_is_followed(opened, sea_registry):
    page = opened(sea_registry, fragment="#off=minefields:batch-1,nowhere:else&at=here&grid=mgrs&else=1")
    assert view(page)["off"] == 1
    assert not page.get_by_label("SYNTHETIC minefields").is_checked()
    assert view(page)["grid"] == "mgrs"
    assert shapely.box(-30, 0, -29.9, 0.1).contains(shapely.Point(view(page)["at"][1::-1]))


def test_other_scripts_can_add_a_part(opened, sea_registry):
    page = opened(sea_registry)
    page.evaluate(
        "registryLink.add({ name: 'mine', state: () => 'a&b=<c>', apply: (text) => { window.got = text; },"
        " said: () => 'Only some.' })"
    )
    state = page.evaluate("registryLink.state()")
    assert state.endswith("&mine=a%26b%3D%3Cc%3E")
    page.evaluate("(state) => registryLink.apply('#' + state)", state)
    assert page.evaluate("window.got") == "a&b=<c>"
    page.evaluate("registryLink.apply('#grid=mgrs')")
    assert page.evaluate("window.got") is None
    assert page.evaluate("registryLink.notes()") == ["Only some."]
