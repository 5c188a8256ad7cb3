"""A small registry at sea with everything a map shows, a hostile one, and a browser to look at them."""

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import shapely
from sea import HOSTILE, add_layer, first_batch, square

from maps.webmap import build_web_map, save_web_map
from registry.model import Handover, Kind, PartialDate
from registry.stats import compute_stats
from registry.store import Registry

_CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
)


@pytest.fixture
def sea_registry(tmp_path: Path) -> Iterator[Registry]:
    """Three squares (one of them a crossed ring), one record without geometry, and four events around them."""
    bow_tie = shapely.Polygon([(-30.0, 0.1), (-29.98, 0.12), (-29.98, 0.1), (-30.0, 0.12)])
    with Registry.create(tmp_path / "sea.gpkg") as registry:
        add_layer(
            registry,
            first_batch(),
            Kind.MINEFIELDS,
            "SYNTHETIC minefields",
            [square(-30.0, 0.0), square(-29.95, 0.0), bow_tie, None],
            map_sheet=["A-1", "A-2", None, None],
            mines_ap=[120, None, None, None],
            pattern=["ROW_STANDARD", None, None, None],
            laid_from=["1993-05-01", None, None, None],
            laid_from_precision=["MONTH", None, None, None],
            sigma_m=[50.0, None, None, None],
            source_fields=[{"colour": "red", "note": None}, {}, None, {}],
        )
        events = Handover("events", "Events")
        points = [(-29.995, 0.005), (-29.9895, 0.005), (-29.9, 0.05), (-29.98, 0.05)]
        add_layer(registry, events, Kind.ACCIDENTS, "SYNTHETIC events", [shapely.Point(point) for point in points])
        add_layer(
            registry,
            Handover("districts", "Districts"),
            Kind.DISTRICTS,
            "SYNTHETIC districts",
            [square(-30.05, -0.05, 0.25)],
            name=["Middle of the sea"],
        )
        yield registry


@pytest.fixture
def hostile_registry(tmp_path: Path) -> Iterator[Registry]:
    """Every text that comes from a file or a person tries to become markup or script."""
    text = " ".join(HOSTILE)
    handover = Handover("hostile", text, text, text, handed_over_on=PartialDate(date(2021, 6, 12)))
    with Registry.create(tmp_path / "hostile.gpkg") as registry:
        add_layer(
            registry,
            handover,
            Kind.MINEFIELDS,
            text,
            [square(-30.0, 0.0)],
            record_id=[text],
            map_sheet=[text],
            fuze=[text],
            devices=[{"model": text}],
            source_fields=[{text: text}],
            file_name=f"{text.replace('/', '|')}.geojson",
        )
        add_layer(registry, handover, Kind.DISTRICTS, text, [square(-30.01, -0.01, 0.05)], name=[text])
        yield registry


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium, the one that is installed."""
    path = next(filter(None, map(shutil.which, _CHROMIUM)), None)
    if path is None:
        pytest.skip(f"no browser: none of {', '.join(_CHROMIUM)} is installed")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as running:
        chromium = running.chromium.launch(executable_path=path, args=_FLAGS.split())
        yield chromium
        chromium.close()


@pytest.fixture
def visited(browser):
    """Opens a file; afterwards nothing that came from data ran, nothing else was asked for, nothing went wrong."""
    contexts, troubles, asked = [], [], []

    def visit(path, *, width=1280, height=800, colours="light", fragment=""):
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, color_scheme=colours))
        page = contexts[-1].new_page()
        page.on("dialog", lambda dialog: (troubles.append(dialog.message), dialog.dismiss()))
        # Chromium warns of tests that read pixels often.
        page.on("console", lambda message: message.type == "warning" or troubles.append(message.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("popup", lambda other: troubles.append(other.url))
        page.on("request", lambda request: request.url.partition("#")[0] == path.as_uri() or asked.append(request.url))
        page.goto(path.as_uri() + fragment)
        return page

    yield visit
    for context in contexts:
        for page in context.pages:
            assert page.evaluate("window.attacked ?? null") is None
        context.close()
    assert troubles == []
    assert asked == []


@pytest.fixture
def drawn(visited, tmp_path):
    """Writes a map and opens it, with the options of ``visited``; ready once all in view is drawn."""
    made = []

    def draw(web_map, **options):
        made.append(tmp_path / f"page-{len(made)}.html")
        save_web_map(web_map, made[-1])
        page = visited(made[-1], **options)
        page.wait_for_selector("html[data-ready]", state="attached")
        return page

    return draw


@pytest.fixture
def opened(drawn):
    """Opens the map of a registry."""

    def look(registry, *, width=1280, height=800, colours="light", fragment="", **options):
        web_map = build_web_map(registry, compute_stats(registry), **options)
        return drawn(web_map, width=width, height=height, colours=colours, fragment=fragment)

    return look
