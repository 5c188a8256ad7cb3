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
def opened(browser, tmp_path):
    """Opens the map of a registry; afterwards nothing but its own file was asked for, and nothing went wrong."""
    requests, troubles, contexts = [], [], []
    own_file = (tmp_path / "page.html").as_uri()

    def look(registry, *, width=1280, height=800, colours="light", title=None, fragment="", **options):
        path = tmp_path / "page.html"
        save_web_map(build_web_map(registry, compute_stats(registry), title=title, **options), path)
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=colours)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: requests.append(request.url.partition("#")[0]))
        page.on("console", lambda message: message.type == "error" and troubles.append(message.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.goto(own_file + fragment)
        page.wait_for_selector("html[data-ready]", state="attached")
        return page

    yield look
    assert set(requests) == {own_file}
    assert troubles == []
    for context in contexts:
        context.close()
