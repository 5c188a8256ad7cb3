"""The web map by keyboard alone, and as it is read out."""

import pytest
from pages import MAP, until
from test_webmap_browser import dated_registry

pytestmark = pytest.mark.browser

FOCUSED = """() => {
  const at = document.activeElement;
  const name = at.getAttribute("aria-label") || at.textContent.trim() || at.title || at.labels?.[0]?.textContent.trim();
  return `${at.tagName.toLowerCase()}: ${name}`.slice(0, 60);
}"""

OUTLINE = """() => {
  const at = document.activeElement, own = getComputedStyle(at), before = getComputedStyle(at, "::before");
  const width = at.matches(".map") ? before.borderTopWidth : own.outlineStyle === "none" ? "0px" : own.outlineWidth;
  return [width, at.getBoundingClientRect().bottom > 0];
}"""
NAMELESS = """() => [...document.querySelectorAll("button, input, a[href], select")]
  .filter((each) => !each.getAttribute("aria-label") && !each.textContent.trim() && !each.labels?.length && !each.title)
  .map((each) => each.outerHTML)"""


def focused(page):
    return page.evaluate(FOCUSED)


def tab_to(page, name, key="Tab", most=60):
    """Go on to the next thing of that name; how many steps it took."""
    for step in range(1, most + 1):
        page.keyboard.press(key)
        if name in focused(page):
            return step
    raise AssertionError(f"{name} is not reached; the last is {focused(page)}")


def test_everything_is_reached_in_the_order_in_which_it_is_seen(opened, tmp_path):
    with dated_registry(tmp_path / "dated.gpkg") as registry:
        page = opened(registry)
    order = []
    for _ in range(40):
        page.keyboard.press("Tab")
        order.append(focused(page))
        if order.count(order[0]) > 1 or order[-1].startswith("body"):
            break
    expected = [
        *("Skip the map", "Layers and figures", "Map", "Zoom in", "Zoom out", "Show everything", "Measure a length"),
        *("Print this view", "Copy a link to this view", "Find a record", "Find", "Dated records", "Undated records"),
        *("Events", "None", "Known by", "Play"),
    ]
    found = [next((at for at, each in enumerate(order) if name in each), None) for name in expected]
    assert None not in found, (order, found)
    assert found == sorted(found), order
    assert all(len(each.partition(": ")[2]) > 1 for each in order if not each.startswith("body")), order


def test_every_focus_is_seen(opened, sea_registry):
    for colours in ("light", "dark"):
        page = opened(sea_registry, colours=colours)
        for _ in range(16):
            page.keyboard.press("Tab")
            seen = page.evaluate(OUTLINE)
            assert float(seen[0].removesuffix("px")) >= 2, focused(page)
            assert seen[1], focused(page)


def test_the_map_can_be_skipped_also_on_a_phone(opened, sea_registry):
    page = opened(sea_registry, width=390, height=844)
    page.keyboard.press("Tab")
    assert "Skip the map" in focused(page)
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "find-text"
    assert page.is_visible("#find-text")
    assert page.evaluate("location.hash") == ""


def test_find_open_turn_and_close(opened, sea_registry):
    page = opened(sea_registry)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.type("0.005 N 29.995 W")
    page.keyboard.press("Enter")
    assert page.inner_text("#find-said") == "Found: 1."
    tab_to(page, "0.00500° N")
    page.keyboard.press("Enter")
    page.wait_for_selector(".leaflet-popup .record")
    popup = page.get_by_role("dialog", name="What is here")
    assert popup.evaluate("(popup) => popup === document.activeElement")
    assert "1 of 3 here" in popup.inner_text()
    tab_to(page, "Next", most=4)
    page.keyboard.press("Enter")
    assert "2 of 3 here" in popup.inner_text()
    assert "Next" in focused(page)
    page.keyboard.press("Enter")
    assert "3 of 3 here" in popup.inner_text()
    page.keyboard.press("Escape")
    page.wait_for_selector(".leaflet-popup", state="detached")
    assert "0.00500° N" in focused(page)


def test_a_popup_of_the_map_gives_the_focus_back_to_it(opened, sea_registry):
    page = opened(sea_registry)
    page.evaluate(f"{MAP}.setView([0.002, -29.992], 14, {{animate: false}})")
    tab_to(page, "Map")
    page.keyboard.press("Enter")
    page.wait_for_selector(".leaflet-popup .record")
    tab_to(page, "Close", most=8)
    page.keyboard.press("Enter")
    page.wait_for_selector(".leaflet-popup", state="detached")
    assert focused(page) == "div: Map"
    before = page.evaluate(f"{MAP}.getCenter().lng")
    page.keyboard.press("ArrowRight")
    until(page, f"{MAP}.getCenter().lng > {before}")


def test_layers_timeline_and_grid(opened, tmp_path):
    with dated_registry(tmp_path / "dated.gpkg") as registry:
        page = opened(registry)
    tab_to(page, "Undated records")
    page.keyboard.press("Space")
    assert not page.get_by_label("Undated records").is_checked()
    tab_to(page, "None")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("registryOverlay.kind()") == "mgrs"
    tab_to(page, "Known by")
    page.keyboard.press("Home")
    assert page.inner_text("#until-said").startswith("By ")
    tab_to(page, "Play")
    page.keyboard.press("Enter")
    until(page, "document.getElementById('play').textContent === 'Stop'")
    page.keyboard.press("Enter")
    stopped = page.inner_text("#until-said")
    page.wait_for_timeout(250)
    assert page.inner_text("#until-said") == stopped


def test_measure_by_the_cross(opened, sea_registry):
    page = opened(sea_registry)
    tab_to(page, "Measure a length")
    page.keyboard.press("Enter")
    assert focused(page) == "div: Map"
    for key in ("ArrowRight", "ArrowDown", None):
        page.keyboard.press("Enter")
        if key:
            center = page.evaluate(f"{MAP}.getCenter()")
            page.keyboard.press(key)
            until(
                page, f"!{MAP}.getCenter().equals([{center['lat']}, {center['lng']}]) && !{MAP}._panAnim?._inProgress"
            )
    said = page.locator(".measured")
    assert said.get_attribute("aria-live") == "polite"
    assert said.inner_text().startswith("3 points, ")
    assert page.locator(".leaflet-popup").count() == 0
    tab_to(page, "Length", most=12)
    page.keyboard.press("ArrowRight")
    assert "km around" in said.inner_text()
    page.keyboard.press("Escape")
    assert not page.is_visible(".strip")
    assert "Measure a length" in focused(page)


def test_print_and_copy_a_link(opened, sea_registry):
    page = opened(sea_registry)
    page.evaluate("() => { window.printed = 0; window.print = () => { window.printed += 1; }; }")
    tab_to(page, "Print this view")
    page.keyboard.press("Enter")
    assert page.get_by_role("dialog", name="Print this view").is_visible()
    assert "A4" in focused(page)
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("radio", name="A3").is_checked()
    tab_to(page, "button: Print", most=5)
    page.keyboard.press("Enter")
    assert page.evaluate("window.printed") == 1
    assert "Print this view" in focused(page)
    tab_to(page, "Copy a link", most=1)
    page.keyboard.press("Enter")
    assert page.get_by_role("dialog", name="A link to this view").is_visible()
    assert "The link" in focused(page)
    page.keyboard.press("Escape")
    assert not page.get_by_role("dialog").count()
    assert "Copy a link" in focused(page)


def test_the_page_is_read_out_with_its_parts_and_names(opened, sea_registry):
    page = opened(sea_registry)
    tree = page.locator("body").aria_snapshot()
    for expected in (
        *('link "Skip the map, to search and layers"', 'heading "sea" [level=1]', 'button "Layers and figures"'),
        *('application "Map"', 'button "Zoom in"', 'button "Measure a length or an area"', 'button "Print this view"'),
        *('searchbox "Find a record, sheet, batch, district or position"', 'group "Grid"', 'radio "MGRS"'),
        *('checkbox "SYNTHETIC minefields', 'group "Minefield records"', "RESTRICTED", "free of mines"),
    ):
        assert expected in tree, expected
    # What must be known stands before the map, the map before its panel.
    places = [tree.index(each) for each in ("RESTRICTED", 'application "Map"', "searchbox", 'heading "Legend"')]
    assert places == sorted(places)
    assert page.evaluate(NAMELESS) == []
