"""Layers of a registry -> `Comparison`, the one value that text, JSON, web map and report are made from."""

import dataclasses
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas
from geopandas import GeoDataFrame

from registry import __version__
from registry.codes import PlotStatus
from registry.compare.areas import Coverage, count_repeated, measure_coverage, plane_of, rank_records
from registry.compare.containment import WITHIN_M, Accuracy, measure_accuracy
from registry.compare.kernel import TOLERANCE_M
from registry.completeness import BatchCompleteness, columns_needed, score
from registry.errors import CompareError, StoreError
from registry.geometry import WGS84
from registry.jsonform import plain
from registry.model import Counts, Kind, Layer, Progress, silent
from registry.schema import id_field
from registry.store import Registry

SCHEMA = "minefield-registry/stats/v1"

_COLUMNS: Mapping[Kind, tuple[str, ...]] = {
    Kind.MINEFIELDS: ("duplicate_of",),
    Kind.ACCIDENTS: ("occurred_on", "occurred_on_precision", "sigma_m"),
    Kind.DISTRICTS: ("name",),
    Kind.SCOPE: (),
}

_ONLY_WHEN_SAID = frozenset({"reason", "windows_reason", "unfiltered"})  # not in the JSON where they are None

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class StatsOptions:
    """What to compare; empty means every active layer.

    ``batch_ids`` restricts the records, ``events`` the accidents, both by batch. ``districts`` is the batch of the
    districts layer; it must be given where there are several. ``near_m`` says how far outside a record an event still
    counts as near where its own position error is not stated.
    """

    batch_ids: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    districts: str | None = None
    near_m: float = 100.0


@dataclass(frozen=True)
class Comparison:
    """Recorded minefields against recorded explosions, with everything that names the result.

    Attributes
    ----------
    layers
        The layers that were compared, with their hashes.
    parameters
        Whatever else the figures depend on.
    coverage, accuracy
        The figures.
    completeness
        Of each batch's minefield records (M10), by batch.
    classified
        EPSG:4326, one row for each received event: ``batch_id``, ``accident_id``, ``event_class``, ``records`` (a
        tuple of ``batch/record``: those that cover the event, else the nearest one) and ``distance_m`` (NaN where
        there is no record or no position).
    """

    layers: tuple[Layer, ...]
    parameters: Mapping[str, object]
    coverage: Coverage
    accuracy: Accuracy
    completeness: Mapping[str, BatchCompleteness]
    classified: GeoDataFrame = dataclasses.field(compare=False, repr=False)

    def to_json(self) -> dict[str, Any]:
        """The comparison as values that `json.dumps` takes; the same inputs give the same bytes."""
        named = ("batch_id", "kind", "title", "table_name", "content_sha256", "counts")
        return {
            "schema": SCHEMA,
            "layers": [{name: plain(getattr(layer, name)) for name in named} for layer in self.layers],
            "parameters": plain(self.parameters),
            "coverage": plain(self.coverage, unless_none=_ONLY_WHEN_SAID),
            "accuracy": plain(self.accuracy, unless_none=_ONLY_WHEN_SAID),
            "completeness": [
                {"batch_id": batch_id, **plain(batch, unless_none=_ONLY_WHEN_SAID)}
                for batch_id, batch in self.completeness.items()
            ],
        }


def compute_stats(
    registry: Registry,
    options: StatsOptions = StatsOptions(),
    *,
    progress: Progress = silent,
) -> Comparison:
    """Compare the minefield records of a registry with its accidents.

    Layers that are superseded or withdrawn stay out.

    Parameters
    ----------
    registry
        Open for reading; it is not changed.
    options
        Which layers, and how far is near.
    progress
        Told what is done, and how much of the work is behind it.

    Raises
    ------
    CompareError
        If a chosen batch has no active layer of the kind it is chosen for, or several districts layers are active.
    """
    chosen = _choose_layers(registry, options)
    progress("reading layers", 0.0)
    frames = {kind: _read(registry, kind, layers) for kind, layers in chosen.items()}
    received = frames[Kind.MINEFIELDS]
    plotted = _of_status(received, PlotStatus.PLOTTED)
    events = frames[Kind.ACCIDENTS]
    events = events.set_geometry(events.geometry.where(events["plot_status"] == PlotStatus.PLOTTED, None))
    districts = _of_status(frames[Kind.DISTRICTS], PlotStatus.PLOTTED) if chosen[Kind.DISTRICTS] else None
    scope = _of_status(frames[Kind.SCOPE], PlotStatus.PLOTTED)

    progress("measuring coverage", 0.3)
    dates = {layer.batch_id: registry.handover(layer.batch_id).handed_over_on for layer in chosen[Kind.MINEFIELDS]}
    records = rank_records(plotted, dates, plane_of(plotted, events))
    coverage = measure_coverage(
        records, _total(chosen[Kind.MINEFIELDS]), repeated=count_repeated(plotted), districts=districts
    )
    progress("comparing events with records", 0.7)
    accuracy, classified = measure_accuracy(
        events,
        records,
        districts=districts,
        scope=scope if len(scope) else None,
        unrepaired=_of_status(received, PlotStatus.INVALID),
        near_m=options.near_m,
    )
    parameters = {
        "batches": [layer.batch_id for layer in chosen[Kind.MINEFIELDS]],
        "events": [layer.batch_id for layer in chosen[Kind.ACCIDENTS]],
        "districts": next((layer.batch_id for layer in chosen[Kind.DISTRICTS]), None),
        "scope": [layer.batch_id for layer in chosen[Kind.SCOPE]],
        "near_m": float(options.near_m),
        "tolerance_m": TOLERANCE_M,
        "within_m": list(WITHIN_M),
        "plane": records.plane.srs,
        "software": {"minefield-registry": __version__},
    }
    layers = tuple(layer for of_kind in chosen.values() for layer in of_kind)
    completeness = {
        layer.batch_id: score(registry.read(layer, columns_needed())).batch() for layer in chosen[Kind.MINEFIELDS]
    }
    return Comparison(layers, parameters, coverage, accuracy, completeness, classified)


def write_classified(comparison: Comparison, path: Path) -> None:
    """Write every event with its class, its records and its distance to a GeoPackage or a CSV file.

    Parameters
    ----------
    path
        Ends in ``.gpkg`` or ``.csv``. In CSV the position is in degrees on WGS 84, and text that a spreadsheet would
        take for a formula starts with an apostrophe.

    Raises
    ------
    StoreError
        If the file exists, cannot be written, or has another ending.
    """
    if path.suffix.lower() not in {".gpkg", ".csv"}:
        raise StoreError(f"{path}: classified events are written as .gpkg or .csv; choose a name with one of these.")
    if path.exists():
        raise StoreError(f"{path} exists and is not overwritten; choose another name or move it away.")
    from pyogrio.errors import DataLayerError, DataSourceError

    events = comparison.classified.assign(records=comparison.classified["records"].map("; ".join))
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".classified-") as folder:
            scratch = Path(folder) / path.name
            if path.suffix.lower() == ".csv":
                _as_table(events).to_csv(scratch, index=False)
            else:
                events.to_file(scratch, layer="classified_events", driver="GPKG", geometry_type="Point", VERSION="1.3")
            scratch.rename(path)
    except (OSError, DataSourceError, DataLayerError) as error:
        raise StoreError(f"{path} cannot be written: {error}; check the folder and the space left.") from error


def _choose_layers(registry: Registry, options: StatsOptions) -> dict[Kind, tuple[Layer, ...]]:
    districts = () if options.districts is None else (options.districts,)
    chosen = {
        Kind.MINEFIELDS: _layers(registry, Kind.MINEFIELDS, options.batch_ids),
        Kind.ACCIDENTS: _layers(registry, Kind.ACCIDENTS, options.events),
        Kind.DISTRICTS: _layers(registry, Kind.DISTRICTS, districts),
        # A batch need not say what it covers.
        Kind.SCOPE: registry.layers(Kind.SCOPE, batch_ids=options.batch_ids),
    }
    if len(chosen[Kind.DISTRICTS]) > 1:
        held = ", ".join(layer.batch_id for layer in chosen[Kind.DISTRICTS])
        raise CompareError(f"The registry holds several districts layers ({held}); choose one with --districts ID.")
    return chosen


def _layers(registry: Registry, kind: Kind, batch_ids: Collection[str]) -> tuple[Layer, ...]:
    layers = registry.layers(kind, batch_ids=batch_ids)
    missing = sorted(set(batch_ids) - {layer.batch_id for layer in layers})
    if missing:
        raise CompareError(
            f"Batch {', '.join(missing)} has no active layer of kind {kind.value}; see the list of layers."
        )
    return layers


def _read(registry: Registry, kind: Kind, layers: tuple[Layer, ...]) -> GeoDataFrame:
    """All rows of the layers of one kind, with only the columns that a comparison needs."""
    columns = [id_field(kind), "plot_status", *_COLUMNS[kind]]
    if not layers:
        return GeoDataFrame({name: [] for name in ("batch_id", *columns)}, geometry=[], crs=WGS84)
    frames = [registry.read(layer, columns).assign(batch_id=layer.batch_id) for layer in layers]
    return frames[0] if len(frames) == 1 else pandas.concat(frames, ignore_index=True)


def _of_status(frame: GeoDataFrame, status: PlotStatus) -> GeoDataFrame:
    keep = (frame["plot_status"] == status) & frame.geometry.notna()
    return frame[keep.to_numpy(dtype=bool)]


def _total(layers: tuple[Layer, ...]) -> Counts:
    names = [field.name for field in dataclasses.fields(Counts)]
    return Counts(**{name: sum(getattr(layer.counts, name) for layer in layers) for name in names})


def _as_table(events: GeoDataFrame) -> pandas.DataFrame:
    table = pandas.DataFrame(events.drop(columns="geometry"))
    for name in ("batch_id", "accident_id", "records"):
        table[name] = [f"'{text}" if text.startswith(_FORMULA_STARTS) else text for text in table[name]]
    return table.assign(longitude=events.geometry.x.to_numpy(), latitude=events.geometry.y.to_numpy())
