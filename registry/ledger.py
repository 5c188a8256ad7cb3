"""The ledger: what was announced of each handover, and what arrived."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from registry.codes import PlotStatus
from registry.compare.areas import (
    district_names,
    place_records,
    plane_of,
    polygons_on_plane,
    rank_records,
)
from registry.content import MINE_COUNTS
from registry.model import Kind, Layer, PartialDate
from registry.sources.words import normalise
from registry.store import Registry

_COLUMNS = ["record_id", "plot_status", "mines_total_stated", *MINE_COUNTS, "duplicate_of"]


@dataclass(frozen=True)
class LedgerRow:
    """What was announced of one batch, and what arrived. None: not announced.

    Attributes
    ----------
    documents_arrived
        Sources as they were handed over; a shapefile with its side files is one.
    mines_arrived
        Mines that the records state, and ``mines_repeated`` those in records that repeat one of an earlier batch.
    records_without_number
        Records that state no number of mines.
    documents_difference, mines_difference
        Arrived minus announced.
    scope_m2
        Area that the batch is said to cover, where a scope was handed over; ``mapped_m2`` is what its records cover.
    districts_named
        Districts, as the registry knows them, that the scope names in words; ``districts_unmapped`` are those of them
        in which no record of the batch lies.
    """

    batch_id: str
    title: str
    giving_party: str | None
    handed_over_on: PartialDate | None
    documents_announced: int | None
    documents_arrived: int
    documents_difference: int | None
    records_received: int
    records_plotted: int
    records_without_number: int
    mines_announced: int | None
    mines_arrived: int
    mines_repeated: int
    mines_difference: int | None
    scope_text: str | None
    scope_m2: float | None
    mapped_m2: float
    districts_named: tuple[str, ...]
    districts_unmapped: tuple[str, ...]


@dataclass(frozen=True)
class LedgerSum:
    """All batches together. A difference is taken over the batches that announced a number, ``*_silent`` did not."""

    batches: int
    documents_announced: int
    documents_arrived: int
    documents_difference: int | None
    documents_silent: int
    records_received: int
    records_plotted: int
    records_without_number: int
    mines_announced: int
    mines_arrived: int
    mines_repeated: int
    mines_difference: int | None
    mines_silent: int


@dataclass(frozen=True)
class Ledger:
    """What was announced against what arrived, by batch in the order of handover, and in sum."""

    as_of: date | None
    rows: tuple[LedgerRow, ...]
    total: LedgerSum


def make_ledger(registry: Registry, *, as_of: date | None = None) -> Ledger:
    """Set what was announced against what arrived, for every batch with an active layer of minefield records.

    Parameters
    ----------
    as_of
        Only batches that were surely handed over by this day; those without a date are then left out.
    """
    layers = [layer for layer in registry.layers(Kind.MINEFIELDS) if _in_hand(registry, layer, as_of)]
    layers.sort(key=lambda layer: _order(registry.handover(layer.batch_id).handed_over_on, layer.batch_id))
    districts = _all(registry, registry.layers(Kind.DISTRICTS), ["record_id", "name"])
    rows = tuple(_row(registry, layer, districts) for layer in layers)
    return Ledger(as_of, rows, _sum(rows))


def mines_of(records: pd.DataFrame) -> "pd.Series[float]":
    """The mines that each record states: its total, else the sum of its counts by kind; NaN where it states neither.

    Parameters
    ----------
    records
        With the columns ``mines_total_stated``, ``mines_ap``, ``mines_av`` and ``mines_other``.
    """
    parts = records[list(MINE_COUNTS)].astype("Float64").sum(axis=1, min_count=1)
    return records["mines_total_stated"].astype("Float64").fillna(parts).astype("float64")


def repeats(records: pd.DataFrame, batch_ids: Sequence[str]) -> "pd.Series[bool]":
    """Which records repeat one of another of these batches; ``duplicate_of`` names it as ``batch/record``."""
    batch = records["duplicate_of"].astype("string").str.split("/", n=1).str[0]
    return batch.isin(list(batch_ids)).astype(bool)


def _row(registry: Registry, layer: Layer, districts: gpd.GeoDataFrame | None) -> LedgerRow:
    stated = registry.handover(layer.batch_id)
    records = registry.read(layer, _COLUMNS).assign(batch_id=layer.batch_id)
    plotted = records[(records["plot_status"] == PlotStatus.PLOTTED).to_numpy(bool) & records.geometry.notna()]
    scope = _all(registry, registry.layers(Kind.SCOPE, batch_ids=(layer.batch_id,)), [])
    mines = mines_of(records)
    earlier = repeats(records, [each.batch_id for each in registry.layers(Kind.MINEFIELDS)])
    documents, arrived = _documents(registry, layer), int(mines.sum())
    named, unmapped = _districts(stated.scope_text, plotted, layer.batch_id, districts)
    return LedgerRow(
        layer.batch_id,
        stated.title,
        stated.giving_party,
        stated.handed_over_on,
        documents_announced=stated.documents_claimed,
        documents_arrived=documents,
        documents_difference=None if stated.documents_claimed is None else documents - stated.documents_claimed,
        records_received=layer.counts.received,
        records_plotted=layer.counts.plotted,
        records_without_number=int(mines.isna().sum()),
        mines_announced=stated.mines_claimed,
        mines_arrived=arrived,
        mines_repeated=int(mines[earlier].sum()),
        mines_difference=None if stated.mines_claimed is None else arrived - stated.mines_claimed,
        scope_text=stated.scope_text,
        scope_m2=None if scope is None else _covered_m2(scope),
        mapped_m2=_covered_m2(plotted),
        districts_named=named,
        districts_unmapped=unmapped,
    )


def _sum(rows: Sequence[LedgerRow]) -> LedgerSum:
    def total(name: str) -> int:
        return sum(getattr(row, name) or 0 for row in rows)

    def differences(name: str) -> tuple[int | None, int]:
        known = [getattr(row, name) for row in rows if getattr(row, name) is not None]
        return (sum(known) if known else None), len(rows) - len(known)

    documents, documents_silent = differences("documents_difference")
    mines, mines_silent = differences("mines_difference")
    return LedgerSum(
        batches=len(rows),
        documents_announced=total("documents_announced"),
        documents_arrived=total("documents_arrived"),
        documents_difference=documents,
        documents_silent=documents_silent,
        records_received=total("records_received"),
        records_plotted=total("records_plotted"),
        records_without_number=total("records_without_number"),
        mines_announced=total("mines_announced"),
        mines_arrived=total("mines_arrived"),
        mines_repeated=total("mines_repeated"),
        mines_difference=mines,
        mines_silent=mines_silent,
    )


def _documents(registry: Registry, layer: Layer) -> int:
    """How many sources a layer was imported from; side files belong to their source."""
    sources: Any = layer.provenance.parameters.get("sources")
    return len(sources) if isinstance(sources, list) else len(registry.documents(layer))


def _districts(
    scope_text: str | None, plotted: gpd.GeoDataFrame, batch_id: str, districts: gpd.GeoDataFrame | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if scope_text is None or districts is None:
        return (), ()
    said = f" {normalise(scope_text)} "
    names = np.array(district_names(districts), dtype=object)
    is_named = np.array([bool(normalise(name)) and f" {normalise(name)} " in said for name in names], dtype=bool)
    records = rank_records(plotted, {batch_id: None}, plane_of(plotted, districts))
    mapped = set(names[place_records(records, districts).records_plotted > 0])
    named = tuple(dict.fromkeys(map(str, names[is_named])))
    return named, tuple(name for name in named if name not in mapped)


def _covered_m2(areas: gpd.GeoDataFrame) -> float:
    """Area of the union of polygons, on their own equal-area plane."""
    polygons = polygons_on_plane(areas, plane_of(areas))
    return float(shapely.area(shapely.union_all(polygons)))


def _all(registry: Registry, layers: Sequence[Layer], columns: Sequence[str]) -> gpd.GeoDataFrame | None:
    """The drawn rows of layers in one frame; None where there are none."""
    frames = [registry.read(layer, [*columns, "plot_status"]) for layer in layers]
    drawn = [frame[(frame["plot_status"] == PlotStatus.PLOTTED).to_numpy(bool)] for frame in frames]
    drawn = [frame[frame.geometry.notna()] for frame in drawn if len(frame)]
    return pd.concat(drawn, ignore_index=True) if drawn else None


def _in_hand(registry: Registry, layer: Layer, as_of: date | None) -> bool:
    if as_of is None:
        return True
    handed_over_on = registry.handover(layer.batch_id).handed_over_on
    return handed_over_on is not None and handed_over_on.last <= as_of


def _order(handed_over_on: PartialDate | None, batch_id: str) -> tuple[bool, str, str]:
    return handed_over_on is None, "" if handed_over_on is None else handed_over_on.last.isoformat(), batch_id
