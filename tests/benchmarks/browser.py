"""A page in the installed Chromium: how long until it can be used, what it takes, how long a pan or a zoom lasts."""

import re
import shutil
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Route, sync_playwright

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
SIZE = {"width": 1280, "height": 800}

# From the call until the frame that shows its result has been handed over.
MOVES = """
async ([zoom, at]) => {
  const map = %s;
  const frame = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const timed = async (act) => {
    const from = performance.now();
    act();
    await frame();
    return performance.now() - from;
  };
  const pans = [], zooms = [];
  for (let closer = 0; closer < 5; closer++) {
    zooms.push(await timed(() => map.setView(at, zoom + closer, { animate: false })));
    for (let step = 0; step < 4; step++) {
      pans.push(await timed(() => map.panBy([step %% 2 ? 150 : -150, 40], { animate: false })));
    }
  }
  return { pans, zooms };
}
"""


@dataclass(frozen=True)
class Opened:
    """What one opening of a page showed; times in the middle and at worst."""

    usable_s: float
    heap_mb: float
    pan_ms: float
    slowest_pan_ms: float
    zoom_ms: float
    slowest_zoom_ms: float


@contextmanager
def chromium() -> Iterator[Browser]:
    """A fresh one, so that no page profits from the one before."""
    path = next(filter(None, map(shutil.which, CHROMIUM)))
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def open_ours(path: Path, at: tuple[float, float], zoom: float) -> Opened:
    """Our page is usable when it says so."""
    with chromium() as browser:
        page = browser.new_page(viewport=SIZE)
        started = time.perf_counter()
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-ready]", state="attached", timeout=120_000)
        return _looked_at(page, time.perf_counter() - started, "map_registry", at, zoom)


def open_peers(path: Path, at: tuple[float, float], zoom: float) -> Opened:
    """A page of Folium's is usable after the frame that follows its load event. Leaflet is given to it from here."""
    with chromium() as browser:
        page = browser.new_page(viewport=SIZE)
        page.route(re.compile("^https:"), _answer)
        started = time.perf_counter()
        page.goto(path.as_uri(), timeout=300_000)
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        usable_s = time.perf_counter() - started
        name = page.evaluate(
            "Object.keys(window).find((name) => /^map_[0-9a-f]+$/.test(name) && window[name] instanceof L.Map)"
        )
        return _looked_at(page, usable_s, name, at, zoom)


def _answer(route: Route) -> None:
    """Leaflet's own files from the installed package, nothing for all else."""
    name = Path(route.request.url).name
    kind = {"leaflet.js": "text/javascript", "leaflet.css": "text/css"}.get(name, "")
    body = (files("js_lib_leaflet") / "static" / "js_lib_leaflet" / name).read_bytes() if kind else b""
    route.fulfill(status=200, content_type=kind or "text/plain", body=body)


def _looked_at(page: Page, usable_s: float, name: str, at: tuple[float, float], zoom: float) -> Opened:
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    heap: dict[str, Any] = session.send("Runtime.getHeapUsage")
    moves = page.evaluate(MOVES % name, [zoom, list(at)])
    pans, zooms = moves["pans"], moves["zooms"]
    return Opened(
        usable_s,
        (heap["usedSize"] + heap.get("backingStorageSize", 0)) / 1e6,
        statistics.median(pans),
        max(pans),
        statistics.median(zooms),
        max(zooms),
    )
