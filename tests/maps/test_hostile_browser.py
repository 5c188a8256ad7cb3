"""Texts of every hostile kind, wherever they can come from a file: they stay text, and pages stay what they are."""

import json
from datetime import date

import numpy as np
import pytest
import shapely
from hostile import HOSTILE
from sea import add_layer, square

from maps.import_report import save_import_report
from maps.webmap import build_web_map, save_web_map
from maps.words import catalogue
from registry.importer import ImportOptions, import_batch
from registry.model import Handover, Kind, PartialDate
from registry.plaintext import MOST_CHARACTERS, visible
from registry.stats import compute_stats
from registry.store import Registry

pytestmark = pytest.mark.browser

FIELDS = {
    "map_sheet": "Map sheet the record belongs to",
    "laid_by": "Unit that laid the field",
    "fuze": "Fuze types as recorded",
}
TEXTS = list(HOSTILE.values())
HARMLESS = [f"text {number}" for number in range(len(TEXTS))]
EACH = 9
"""Texts that one batch holds; all of them are in its title."""


def storable(text):
    """What a person's or a source's text becomes on its way in: no halves of surrogate pairs."""
    return text.encode(errors="replace").decode()


def column(texts):
    """What a text column of a GeoPackage holds: GDAL ends a text at a NUL."""
    return [storable(text).split("\0")[0] for text in texts]


def shown(text):
    return visible(text, MOST_CHARACTERS)


def named(texts):
    """A title that holds all of the texts."""
    return storable(" ¦ ".join(texts))


def fill(registry, texts):
    """The texts in all that a layer can hold: batches of records, events, devices, areas, districts."""
    for number in range(0, len(texts), EACH):
        some = texts[number : number + EACH]
        title = named(some)
        handover = Handover(
            f"b{number}", title, title, title, notes=title, handed_over_on=PartialDate(date(2021, 6, 12))
        )
        add_layer(
            registry,
            handover,
            Kind.MINEFIELDS,
            title,
            [square(-30 + (number + at) * 0.01, 0.0, 0.006) for at in range(len(some))],
            record_id=column(some),
            devices=[{"model": text, text: 1} for text in some],
            source_fields=[{text: text, "other": text} for text in some],
            file_name=f"{title}.geojson",
            **{name: column(some) for name in FIELDS},
        )
    others = Handover("others", "Others", handed_over_on=PartialDate(date(2022, 1, 1)))
    points = [shapely.Point(-30 + at * 0.01 + 0.003, 0.02) for at in range(len(texts))]
    areas = [square(-30 + at * 0.01, 0.03, 0.006) for at in range(len(texts))]
    held, sources = column(texts), [{text: text} for text in texts]
    more = {"map_sheet": held, "district": held, "source_fields": sources}
    add_layer(
        registry, others, Kind.ACCIDENTS, "Events", points, accident_id=held, source=held, event_type=held, **more
    )
    add_layer(registry, others, Kind.DEVICES, "Devices", points, record_id=held, model=held, found_by=held, **more)
    for kind in (Kind.SURVEYED, Kind.SCOPE, Kind.DISTRICTS):
        add_layer(registry, others, kind, str(kind), areas, record_id=held, name=held)


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Maps of the hostile texts and of as many harmless ones, in two languages; the first batch is left out of each."""
    folder = tmp_path_factory.mktemp("hostile")
    made = {}
    for name, texts in (("hostile", TEXTS), ("harmless", HARMLESS)):
        with Registry.create(folder / f"{name}.gpkg") as registry:
            fill(registry, texts)
            result = compute_stats(registry)
            for language in ("en", "ar"):
                words = catalogue(language)
                page = build_web_map(registry, result, title=named(texts), without=["b0"], words=words)
                made[name, language] = folder / f"{name}-{language}.html"
                save_web_map(page, made[name, language])
    return made


SKELETON = """
(root) => [...document.querySelectorAll(`${root}, ${root} *`)]
  .map((each) => [each.tagName, ...[...each.attributes].map(({ name }) => name).sort()].join(" "))
"""
"""The elements of a page and the names of their attributes, without what they say."""

POPUPS = """
(layers) => {
  const box = document.createElement("div");
  document.body.append(box);
  const around = { latlng: L.latLng(0, 0), nearest: null, farthest: 1, options: { record_notes: [] }, searched: true };
  const said = [], text = (each) => each.textContent;
  for (const layer of layers) {
    for (let row = 0; row < layer.shapes.count; row++) {
      const content = registryPopup.content([{ layer, row }], 0, () => {}, { ...around, covering: [{ layer, row }] });
      box.append(content);
      const rows = [...content.querySelectorAll("dl > div")].map(({ children }) => [...children].map(text));
      said.push([layer.shapes.header.kind, text(content.querySelector("h2 span")), rows]);
    }
  }
  const skeleton = [...box.querySelectorAll("*")]
    .map((each) => [each.tagName, ...[...each.attributes].map(({ name }) => name).sort()].join(" "));
  box.remove();
  return { said, skeleton };
}
"""
"""Kind, name and rows of the popup of every feature, and the elements of all of them."""

LAYERS = "[" + ", ".join(f"registry_layer_{number}" for number in range(len(TEXTS) // EACH - 1 + 5)) + "]"


def ready(page):
    page.wait_for_selector("html[data-ready]", state="attached")
    return page


def test_popups_hold_the_texts_and_nothing_else(visited, pages):
    names = ("hostile", "harmless")
    found = {name: ready(visited(pages[name, "en"])).evaluate(f"() => ({POPUPS})({LAYERS})") for name in names}
    assert found["hostile"]["skeleton"] == found["harmless"]["skeleton"]
    said = found["hostile"]["said"]
    records = [rows for kind, _, rows in said if kind == "minefields"]
    assert len(records) == len(TEXTS) - EACH
    for text, held, rows in zip(TEXTS[EACH:], column(TEXTS[EACH:]), records, strict=True):
        values = dict(rows)
        assert [values[label] for label in FIELDS.values()] == [shown(held)] * len(FIELDS), text[:50]
        assert values["other"] == shown(text)
        assert values[shown(text)] == shown(text)
        assert values["Devices: category, model, quantity, and whether exact, estimated or a range"].startswith(
            f"model: {shown(text)}"[:MOST_CHARACTERS]
        )
    for kind in ("accidents", "devices", "surveyed", "scope", "districts"):
        assert [name for each, name, _ in said if each == kind] == list(map(shown, column(TEXTS))), kind


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_page_around_the_map_is_that_of_harmless_texts(visited, pages, language):
    found = {name: ready(visited(pages[name, language])) for name in ("hostile", "harmless")}
    hostile, harmless = (found[name].evaluate(SKELETON, "html") for name in ("hostile", "harmless"))
    assert hostile == harmless
    page = found["hostile"]
    titles = [shown(named(TEXTS[number : number + EACH])) for number in range(0, len(TEXTS), EACH)]
    listed = page.locator(".layer .name").evaluate_all("all => all.map(each => each.textContent)")
    assert set(titles[1:]) <= set(listed)
    assert titles[0] in page.text_content(".left-out")
    assert language != "en" or page.text_content(".left-out").endswith("The figures count what is not on the map too.")
    assert page.text_content("h1") == shown(named(TEXTS))
    assert page.evaluate("document.title").split() == shown(named(TEXTS)).split()


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_no_text_pushes_the_map_or_the_notice_away(visited, pages, width, height):
    page = ready(visited(pages["hostile", "en"], width=width, height=height))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for selector, least in ((".map", 350), (".notice", 20), (".restricted", 15)):
        box = page.locator(selector).first.bounding_box()
        assert box["height"] >= least, selector
        assert box["y"] + box["height"] <= height, selector


def test_what_is_found_is_text(visited, pages):
    page = ready(visited(pages["hostile", "en"]))
    found = page.evaluate(
        """(texts) => texts.map((text) => {
          document.getElementById("find-text").value = text;
          document.getElementById("find").requestSubmit();
          const list = document.getElementById("found");
          const tags = [...list.querySelectorAll("*")].map((each) => each.tagName);
          return [list.textContent.includes(text), [...new Set(tags)].sort()];
        })""",
        [text for text in map(shown, column(TEXTS)) if len(text) < 200 and "\n" not in text],
    )
    assert len(found) >= 45
    assert found == [[True, ["BUTTON", "LI", "SMALL", "SPAN"]]] * len(found)


def test_clicks_tooltips_and_the_timeline_run_nothing(visited, pages):
    page = ready(visited(pages["hostile", "en"]))
    for number in (EACH, EACH + 1, len(TEXTS) - 1):
        x, y = page.evaluate(
            "([lat, lng]) => { map_registry.setView([lat, lng], 15, { animate: false });"
            " const at = map_registry.latLngToContainerPoint([lat, lng]);"
            " const box = map_registry.getContainer().getBoundingClientRect();"
            " return [at.x + box.x, at.y + box.y]; }",
            [0.003, -30 + number * 0.01 + 0.003],
        )
        page.mouse.move(x + 9, y + 9)
        page.mouse.move(x + 10, y + 10)
        tooltip = page.wait_for_selector(".leaflet-tooltip")
        assert shown(column(TEXTS)[number])[:500] in tooltip.text_content()
        assert tooltip.bounding_box()["height"] < 200
        page.mouse.click(x, y)
        heading = page.wait_for_selector(".leaflet-popup .record h2 span")
        assert heading.text_content() == shown(column(TEXTS)[number])
        assert page.locator(".leaflet-popup").bounding_box()["height"] < 700
        page.keyboard.press("Escape")
        page.wait_for_selector(".leaflet-popup", state="detached")
    page.locator("#until").evaluate(
        "slider => { slider.value = slider.min; slider.dispatchEvent(new Event('input')); }"
    )
    assert "dated events" in page.text_content("#until-said")


def test_the_import_report_is_that_of_harmless_texts(visited, tmp_path):
    skeletons, texts = {}, {}
    for name, values in (("harmless", HARMLESS), ("hostile", TEXTS)):
        features = [
            {
                "type": "Feature",
                "geometry": shapely.geometry.mapping(square(-30 + at // 2 * 0.01, 0.0, 0.006)),
                "properties": {"NUMBER": text, "sheet": text, "laid_by": text, text[:200] or "x": text},
            }
            for at, text in enumerate(values)
        ]
        title = named(values)
        source = tmp_path / f"{column([title])[0].replace('/', '|')[:80]}.geojson"
        source.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
        handover = Handover("first", title, title, title, licence=title, notes=title)
        with Registry.create(tmp_path / f"{name}.gpkg") as registry:
            options = ImportOptions(field_map={"record_id": "NUMBER", "map_sheet": "sheet"})
            report = import_batch(registry, [source], Kind.MINEFIELDS, handover, options)
            assert registry.verify().problems == ()
        path = tmp_path / f"{name}.html"
        save_import_report([report], handover, np.array([], dtype=object), path)
        page = visited(path)
        skeletons[name] = set(page.evaluate(SKELETON, "html"))
        texts[name] = page.text_content("body")
    assert skeletons["hostile"] == skeletons["harmless"]
    for text in TEXTS[:20]:
        assert shown(storable(text)) in texts["hostile"], text
    assert shown(named(TEXTS)) in texts["hostile"]
