"""Texts of every hostile kind, wherever a text can come from a file: they stay text, and the pages stay what they are."""

import json
from datetime import date

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hostile import HOSTILE
from sea import add_layer, square

from maps.import_report import save_import_report
from maps.webmap import build_web_map, save_web_map
from registry.importer import ImportOptions, import_batch
from registry.model import Handover, Kind, PartialDate
from registry.plaintext import MOST_CHARACTERS, visible
from registry.stats import compute_stats
from registry.store import Registry

pytestmark = pytest.mark.browser

NAMES = list(HOSTILE)
FIELDS = ("map_sheet", "district", "laid_by", "fuze", "lifetime", "anti_handling")
MAP = "map_registry"


def storable(text):
    """What a text column of a GeoPackage holds of a text: all before a NUL, and no halves of surrogate pairs."""
    return text.split("\0")[0].encode(errors="replace").decode()


def fill(registry, texts):
    """Each text as a batch with one record, as an event, a device, an area of each kind and a district."""
    plain = [storable(text) for text in texts]
    for number, (text, kept) in enumerate(zip(texts, plain, strict=True)):
        stated = Handover(f"b{number}", kept, kept, kept, notes=kept, handed_over_on=PartialDate(date(2021, 6, 12)))
        add_layer(
            registry,
            stated,
            Kind.MINEFIELDS,
            kept,
            [square(-30 + number * 0.01, 0.0, 0.006)],
            record_id=[kept],
            devices=[{"model": text, text: 1}],
            reference_points=[[text]],
            source_fields=[{text: text, "number": text}],
            file_name=f"{kept}.geojson",
            **{name: [kept] for name in FIELDS},
        )
    others = Handover("others", "Others", handed_over_on=PartialDate(date(2022, 1, 1)))
    places = [shapely.Point(-30 + number * 0.01 + 0.003, 0.02) for number in range(len(texts))]
    areas = [square(-30 + number * 0.01, 0.03, 0.006) for number in range(len(texts))]
    more = {"map_sheet": plain, "district": plain, "source_fields": [{text: text} for text in texts]}
    add_layer(registry, others, Kind.ACCIDENTS, "Events", places, accident_id=plain, source=plain, event_type=plain, **more)
    add_layer(registry, others, Kind.DEVICES, "Devices", places, record_id=plain, model=plain, found_by=plain, **more)
    for kind in (Kind.SURVEYED, Kind.RELEASED, Kind.SCOPE):
        add_layer(registry, others, kind, str(kind), areas, record_id=plain, name=plain)
    add_layer(registry, others, Kind.DISTRICTS, "Districts", areas, record_id=plain, name=plain, code=plain)


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The map of the hostile texts, and the map of as many harmless ones; one batch is left out of each."""
    folder = tmp_path_factory.mktemp("hostile")
    made = {}
    for name, texts in (("hostile", list(HOSTILE.values())), ("harmless", [f"text {n}" for n in range(len(HOSTILE))])):
        with Registry.create(folder / f"{name}.gpkg") as registry:
            fill(registry, texts)
            assert [p for p in registry.verify().problems if "bytes of document" not in p] == []
            made[name] = folder / f"{name}.html"
            comparison = compute_stats(registry)
            save_web_map(build_web_map(registry, comparison, title=storable(" ".join(texts)), without=["b0"]), made[name])
    return made


@pytest.fixture
def opened(browser):
    """Opens a page; afterwards nothing ran, nothing was asked for, and nothing went wrong."""
    contexts, troubles, asked = [], [], []

    def look(path, **options):
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 800}, **options))
        page = contexts[-1].new_page()
        page.on("dialog", lambda dialog: (troubles.append(dialog.message), dialog.dismiss()))
        page.on("console", lambda message: troubles.append(message.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("request", lambda request: request.url == path.as_uri() or asked.append(request.url))
        page.on("popup", lambda other: troubles.append(other.url))
        page.goto(path.as_uri())
        return page

    yield look
    for context in contexts:
        for page in context.pages:
            assert page.evaluate("window.attacked") is None
        context.close()
    assert troubles == []
    assert asked == []


# The elements of a page and the names of their attributes, without what they say.
SKELETON = """
(root) => [...document.querySelectorAll(root)].flatMap((top) => [top, ...top.querySelectorAll("*")])
  .map((each) => [each.tagName, ...[...each.attributes].map(({ name }) => name).sort()].join(" "))
"""

# The popup of every feature, put into the page; each text it shows, and its elements.
POPUPS = """
() => {
  const box = document.createElement("div");
  document.body.append(box);
  const around = { latlng: L.latLng(0, 0), covering: [], nearest: null, farthest: 1, options: { no_record: "", record_notes: [] }, searched: true };
  const said = [];
  for (let number = 0; ; number++) {
    const layer = window[`registry_layer_${number}`];
    if (!layer) break;
    for (let row = 0; row < layer.shapes.count; row++) {
      const content = registryPopup.content([{ layer, row }], 0, () => {}, { ...around, covering: [{ layer, row }] });
      box.append(content);
      const rows = [...content.querySelectorAll("dl > div")].map((each) => [...each.children].map((part) => part.textContent));
      said.push({ kind: layer.shapes.header.kind, name: content.querySelector("h2 span").textContent, rows });
    }
  }
  const skeleton = [...box.querySelectorAll("*")].map((each) => [each.tagName, ...[...each.attributes].map(({ name }) => name).sort()].join(" "));
  return { said, skeleton, attacked: window.attacked ?? null };
}
"""


def shown(text):
    return visible(text, MOST_CHARACTERS)


def test_popups_hold_the_texts_and_nothing_else(opened, pages):
    found = {}
    for name, path in pages.items():
        page = opened(path)
        page.wait_for_selector("html[data-ready]", state="attached")
        found[name] = page.evaluate(POPUPS.replace("window[`registry_layer_${number}`]", "[...Array(1)].map(() => { try { return eval(`registry_layer_${number}`); } catch { return null; } })[0]")) if False else page.evaluate(POPUPS)
    assert found["hostile"]["skeleton"] == found["harmless"]["skeleton"]
