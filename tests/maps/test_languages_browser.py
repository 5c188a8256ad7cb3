"""The page in every language: nothing goes wrong, English stands by, and no text is left unsaid."""

import re
from dataclasses import replace

import catalogues
import pytest
from sea import HOSTILE

from maps import notices, style
from maps.words import ENGLISH, Catalogue, catalogue, languages

pytestmark = pytest.mark.browser

TRANSLATED = [language for language in languages() if language != "en"]
ATTACK = "<img src=x onerror='window.attacked=1'></script><script>window.attacked=1</script>"
# Said by Leaflet, or the same in every language.
MGRS = r"\d{1,2}[C-X] [A-Z]{2} \d+ \d+"
DEGREES = r"[\d.]+ [NS] [\d.]+ [EW]|[\d.]+° [NS] {2}[\d.]+° [EW]"
UNTRANSLATED = re.compile(rf"Leaflet|\d+ k?m|[\d.]+k|A[34]|MGRS|{MGRS}|({DEGREES})( {{3}}{MGRS})?")


def open_popup(page, lon, lat):
    x, y = page.evaluate(
        "([lat, lon]) => { map_registry.closePopup(); const at = map_registry.latLngToContainerPoint([lat, lon]);"
        " const box = map_registry.getContainer().getBoundingClientRect(); return [at.x + box.x, at.y + box.y]; }",
        [lat, lon],
    )
    page.mouse.click(x, y)
    page.wait_for_selector(".leaflet-popup .record")


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_language_says_itself_and_the_notices_in_english_too(opened, hostile_registry, language):
    words = catalogue(language)
    page = opened(hostile_registry, words=words)
    assert page.get_attribute("html", "lang") == language
    assert page.get_attribute("html", "dir") == words.direction
    for name, said in (
        (".notice", notices.notice(words)),
        (".restricted", notices.restricted(style.RESTRICTED_KINDS.keys() & {style.Kind.MINEFIELDS}, words)),
        (".unreviewed", notices.unreviewed(words)),
    ):
        assert page.inner_text(name).split("\n") == [said.text, said.english]
        assert page.get_attribute(f"{name} .english", "lang") == "en"
    open_popup(page, -29.988, 0.005)
    assert "No record covers this place. No record is not safe" in page.inner_text(".record .warning .english")
    open_popup(page, -29.995, 0.005)
    everywhere = page.inner_text(".record") + page.inner_text("#panel")
    for attack in HOSTILE[:-1]:
        assert everywhere.count(attack) >= 7, attack
    assert page.evaluate("window.attacked") is None
    assert page.locator("img, iframe, object, [onerror], [onload]").count() == 0


@pytest.mark.parametrize("language", TRANSLATED)
def test_on_a_phone_no_word_is_too_long(opened, sea_registry, language):
    page = opened(sea_registry, words=catalogue(language), width=390, height=844)
    assert page.evaluate("map_registry.getContainer().clientHeight") > 844 / 3
    page.click("#panel-button")
    too_wide = page.evaluate(
        "[...document.querySelectorAll('body *:not(.map *)')].filter((each) => {"
        " const box = each.getBoundingClientRect(); return box.width && (box.left < -1 || box.right > 391); })"
        ".map((each) => each.outerHTML.slice(0, 200))"
    )
    assert too_wide == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("((panel) => panel.scrollWidth - panel.clientWidth)(document.getElementById('panel'))") <= 0


def test_arabic_runs_from_right_to_left_and_the_map_does_not(opened, sea_registry):
    page = opened(sea_registry, words=catalogue("ar"))
    panel, around = page.locator("#panel").bounding_box(), page.locator(".map").bounding_box()
    assert panel["x"] == 0
    assert around["x"] == panel["width"]
    box, swatch = (page.locator(f".layer {part}").first.bounding_box() for part in ("input", ".count"))
    assert box["x"] > swatch["x"]
    west, east = page.evaluate("[-30, -29.9].map((lng) => map_registry.latLngToContainerPoint([0, lng]).x)")
    assert west < east
    for selector in (".leaflet-control-scale-line", ".position"):
        assert page.evaluate(f"getComputedStyle(document.querySelector('{selector}')).direction") == "ltr"
    open_popup(page, -29.995, 0.005)
    heading, close = (
        page.locator(f".leaflet-popup {part}").first.bounding_box()
        for part in ("h2 span", ".leaflet-popup-close-button")
    )
    assert close["x"] < heading["x"]
    assert page.evaluate("getComputedStyle(document.querySelector('.record h2')).borderRightWidth") == "5px"


def test_dates_stay_in_order_in_arabic(opened, sea_registry):
    page = opened(sea_registry, words=catalogue("ar"))
    positions = page.evaluate(
        "() => { const node = [...document.querySelectorAll('.bar p span')].map((each) => each.firstChild)"
        ".find((text) => text.data.includes('2021-06-12')); const start = node.data.indexOf('2021-06-12');"
        " return [0, 9].map((at) => { const range = document.createRange();"
        " range.setStart(node, start + at); range.setEnd(node, start + at + 1);"
        " return range.getBoundingClientRect().left; }); }"
    )
    assert positions[0] < positions[1]


def test_a_reviewed_translation_stands_alone(opened, sea_registry):
    page = opened(sea_registry, words=replace(catalogue("ru"), reviewed_by="A. Reader"))
    assert page.locator(".unreviewed, .english").count() == 0
    open_popup(page, -29.96, 0.015)
    assert page.locator(".record .warning").count() == 1
    assert "No record" not in page.inner_text(".record .warning")


def strange():
    """A language in which every text is marked, and tries to become markup."""
    said = {text: f"⟦{text}⟧ {ATTACK}" for text in catalogues.texts()}
    return Catalogue("tlh", "ltr", said, said)


def test_every_text_is_said_and_a_catalogue_is_text(opened, sea_registry):
    page = opened(sea_registry, words=strange())
    open_popup(page, -29.995, 0.005)
    found = texts_of(page)
    page.get_by_label("⟦Next⟧").click()
    found += texts_of(page)
    open_popup(page, -29.96, 0.015)
    found += texts_of(page)
    page.fill("#find-text", "1 2")
    page.press("#find-text", "Enter")
    found += texts_of(page)
    page.fill("#find-text", "-29.9, 0.5")
    page.press("#find-text", "Enter")
    found += texts_of(page)
    assert page.evaluate("window.attacked") is None
    assert page.locator("img, [onerror]").count() == 0
    data = data_texts(sea_registry)
    left = {text for text in found if "⟦" not in text and not UNTRANSLATED.fullmatch(text)}
    unsaid = {text for text in left if re.search("[A-Za-z]", text) and not any(name in text for name in data)}
    assert unsaid == set(), "say them with say(), _() or Catalogue.say(), so that they can be translated"


def texts_of(page):
    """What can be read on the page, and what a screen reader says beside it; English beneath a notice aside."""
    return page.evaluate(
        "() => { const found = [];"
        " const shown = NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT;"
        " const walk = document.createTreeWalker(document.body, shown, (node) =>"
        " ['SCRIPT', 'NOSCRIPT'].includes(node.nodeName) || node.lang === 'en' ? 2 : 1);"
        " while (walk.nextNode()) { const node = walk.currentNode;"
        " if (node.nodeType === 3) found.push(node.data.trim());"
        " else for (const name of ['aria-label', 'title', 'placeholder', 'alt', 'aria-description', 'aria-valuetext'])"
        " if (node.hasAttribute(name)) found.push(node.getAttribute(name).trim()); }"
        " return found.filter(Boolean); }"
    )


def data_texts(registry):
    """What the registry says itself, in its own words."""
    said = {registry.path.stem}
    for layer in registry.layers():
        said |= {layer.batch_id, layer.title, registry.handover(layer.batch_id).title}
        said |= {each.file_name for each in registry.documents(layer)}
        frame = registry.read(layer)
        for name in frame.columns.difference(["geometry"]):
            for value in frame[name].dropna():
                said |= {str(part) for part in ({*value, *value.values()} if isinstance(value, dict) else {value})}
    handover = registry.handover("batch-1")
    return {each for each in said | {handover.giving_party, handover.receiving_party} if len(each) > 2}


def test_the_english_page_says_nothing_of_translation(opened, sea_registry):
    page = opened(sea_registry, words=ENGLISH)
    assert page.get_attribute("html", "lang") == "en"
    assert page.locator(".unreviewed, .english, html[data-unreviewed]").count() == 0
