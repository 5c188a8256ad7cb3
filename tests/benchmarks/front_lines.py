"""A SYNTHETIC world in the South Atlantic: records along front lines, events around them, a registry of both.

Written with numpy only, so that 50,000 records are made in a second; `registry.simulate` makes truer and smaller ones.
"""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from registry.codes import PlotStatus
from registry.model import Counts, Handover, Kind, PartialDate, Provenance, SourceDocument
from registry.schema import id_field
from registry.store import NewLayer, Registry

WEST, SOUTH, WIDE, HIGH = -22.0, -22.0, 4.0, 3.0
LINES = 12
BATCHES = 5
MEDIAN_VERTICES = 24
AREA_M2 = 50_000
SEED = 20241125
_METRE = 1 / 111_320


def layers(records: int, events: int) -> Iterator[tuple[Handover, Kind, gpd.GeoDataFrame]]:
    """``records`` minefield records in five batches, then ``events`` accidents, then 40 districts."""
    rng = np.random.default_rng(SEED)
    lines = front_lines(rng)
    for number, share in enumerate(np.array_split(np.arange(records), BATCHES), start=1):
        day = PartialDate(date(2021, number, 12))
        handover = Handover(f"syn-{number}", f"SYNTHETIC batch {number}", "Party A", "Party B", handed_over_on=day)
        yield handover, Kind.MINEFIELDS, _record_rows(rng, lines, len(share), number)
    yield Handover("syn-events", "SYNTHETIC events"), Kind.ACCIDENTS, _event_rows(rng, lines, events)
    yield Handover("syn-districts", "SYNTHETIC districts"), Kind.DISTRICTS, _district_rows()


def write_registry(path: Path, world: Iterable[tuple[Handover, Kind, gpd.GeoDataFrame]]) -> None:
    """A registry of these layers."""
    with Registry.create(path) as registry:
        for handover, kind, rows in world:
            _add(registry, handover, kind, rows)


def front_lines(rng: np.random.Generator) -> np.ndarray:
    """Lines across the world as points in degrees, shape (lines, 400, 2)."""
    along = np.linspace(0, 1, 400)
    lines = []
    for number in range(LINES):
        waves = sum(rng.normal(0, 0.25 / k) * np.sin(2 * np.pi * (k * along + rng.random())) for k in range(1, 9))
        x, y = WEST + WIDE * along, SOUTH + HIGH * (number + 0.5) / LINES + 0.3 * waves
        lines.append(np.column_stack([x, y]) if number % 2 else np.column_stack([x + 0.1 * waves, y]))
    return np.array(lines)


def positions(rng: np.random.Generator, lines: np.ndarray, count: int, spread_m: float) -> np.ndarray:
    """Positions scattered about the lines, in degrees."""
    line, at = rng.integers(0, len(lines), count), rng.random(count) * (lines.shape[1] - 1.001)
    before = at.astype(int)
    here, there = lines[line, before], lines[line, before + 1]
    return here + (there - here) * (at - before)[:, None] + rng.normal(0, spread_m * _METRE, (count, 2))


def polygons(rng: np.random.Generator, centres: np.ndarray) -> np.ndarray:
    """Simple rings about the centres: median 24 vertices, median 0.05 km2, long and narrow, turned any way."""
    count = len(centres)
    corners = np.clip(rng.lognormal(np.log(MEDIAN_VERTICES), 0.4, count).astype(int), 4, 200)
    owner = np.repeat(np.arange(count), corners)
    first = np.repeat(np.cumsum(corners) - corners, corners)
    angle = 2 * np.pi * (np.arange(len(owner)) - first + rng.uniform(0, 0.8, len(owner))) / corners[owner]
    radius = np.sqrt(rng.lognormal(np.log(AREA_M2), 0.8, count) / np.pi)[owner] * rng.uniform(0.8, 1.2, len(owner))
    long = rng.uniform(1, 2.5, count)[owner]
    x, y = radius * np.cos(angle) * long, radius * np.sin(angle) / long
    turn = rng.uniform(0, np.pi, count)[owner]
    turned = np.column_stack([x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)])
    return shapely.polygons(shapely.linearrings(centres[owner] + turned * _METRE, indices=owner))


def _record_rows(rng: np.random.Generator, lines: np.ndarray, count: int, batch: int) -> gpd.GeoDataFrame:
    days = pd.Timestamp("1992-01-01") + pd.to_timedelta(rng.integers(0, 1200, count), unit="D")
    rows = {
        "map_sheet": [f"S-{number:03d}" for number in rng.integers(1, 400, count)],
        "mines_ap": rng.integers(5, 300, count),
        "laid_from": days.strftime("%Y-%m-%d"),
        "laid_from_precision": "DAY",
        "record_id": [f"{batch}-{number:05d}" for number in range(count)],
    }
    return gpd.GeoDataFrame(rows, geometry=polygons(rng, positions(rng, lines, count, 900)), crs=4326)


def _event_rows(rng: np.random.Generator, lines: np.ndarray, count: int) -> gpd.GeoDataFrame:
    days = pd.Timestamp("1996-01-01") + pd.to_timedelta(rng.integers(0, 10_000, count), unit="D")
    rows = {
        "accident_id": [f"E-{number:06d}" for number in range(count)],
        "occurred_on": days.strftime("%Y-%m-%d"),
        "occurred_on_precision": "DAY",
        "killed": rng.integers(0, 3, count),
        "injured": rng.integers(0, 4, count),
        "sigma_m": 50.0,
    }
    return gpd.GeoDataFrame(rows, geometry=shapely.points(positions(rng, lines, count, 1200)), crs=4326)


def _district_rows() -> gpd.GeoDataFrame:
    x, y = np.meshgrid(WEST + WIDE * np.arange(8) / 8, SOUTH - 0.25 + 3.5 * np.arange(5) / 5)
    boxes = shapely.box(x.ravel(), y.ravel(), x.ravel() + WIDE / 8, y.ravel() + 0.7)
    return gpd.GeoDataFrame({"name": [f"SYNTHETIC district {n}" for n in range(40)]}, geometry=boxes, crs=4326)


def _add(registry: Registry, handover: Handover, kind: Kind, rows: gpd.GeoDataFrame) -> None:
    name = f"{handover.batch_id}-{kind}"
    content = name.encode()
    digest = hashlib.sha256(content).hexdigest()
    document = SourceDocument(name, f"{kind}.geojson", "application/geo+json", len(content), digest, content)
    known = {
        id_field(kind): [f"{kind}-{number}" for number in range(len(rows))],
        "document_id": document.document_id,
        "feature_index": range(len(rows)),
        "plot_status": PlotStatus.PLOTTED.value,
        "source_crs": "EPSG:4326",
    }
    frame = rows.assign(**{column: values for column, values in known.items() if column not in rows})
    counts = Counts(len(rows), len(rows), 0, 0, 0)
    imported = Provenance(
        datetime(2024, 3, 20, tzinfo=UTC), {"minefield-registry": "test"}, (), {}, (document.document_id,)
    )
    registry.add(NewLayer(handover, kind, f"{handover.title}: {kind}", frame, counts, imported, (document,), ()))
