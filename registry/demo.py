"""The demonstration: a synthetic world is handed over as a party would, imported, and compared with its truth."""

import json
import tempfile
import zipfile
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import geopandas
import pandas as pd

from registry.claimset import SYNTHETIC, shipped_claims
from registry.compare.ground import Ground, GroundOptions
from registry.errors import StoreError
from registry.importer import ImportOptions, ImportReport, import_batch
from registry.inputs import StatsOptions
from registry.model import Handover, Kind, PartialDate, Progress, silent
from registry.simulate.options import demo_options
from registry.simulate.world import World, demo_world
from registry.stats import Comparison, compute_stats
from registry.store import Registry
from registry.victims import count_role

REGISTRY_NAME, STATS_NAME, SOURCES_NAME = "registry.gpkg", "stats.json", "sources"
SEED = 2024
STATED = GroundOptions(
    fade_out_m=20.0, mines_estimated=demo_options().mines, estimate_source="the simulator (SYNTHETIC)"
)
"""What a person would have to state about the ground."""

NOTES = "SYNTHETIC: made by a simulator, in open sea; no real place, person or event."

# What only the maker of the world knows; a source never says it.
_UNTOLD = ["batch_id", "handed_over_on", "field_id", "defect", "true_position", "outside"]
_SHORT_NAMES = {"mines_other": "mines_oth", "mines_total_stated": "mines_tot"}  # a shapefile allows 10 characters
_UTM_27_SOUTH = "EPSG:32727"


@dataclass(frozen=True)
class DemoImport:
    """One import of the demonstration: the files, what they are and what is stated about them."""

    handover: Handover
    kind: Kind
    sources: tuple[Path, ...]
    options: ImportOptions = field(default_factory=ImportOptions)


@dataclass(frozen=True)
class Figure:
    """A figure beside the truth: what the registry can know, and what is so in the world.

    ``truth_is`` says what the true figure counts: it need not be what the label says.
    """

    label: str
    unit: str
    measured: float
    truth: float
    truth_is: str


@dataclass(frozen=True)
class DemoResult:
    """What the demonstration made. The registry is at ``registry_path``; nothing is open."""

    registry_path: Path
    stats_path: Path
    reports: tuple[ImportReport, ...]
    comparison: Comparison
    figures: tuple[Figure, ...]


def run_demo(
    directory: Path,
    *,
    seed: int = SEED,
    progress: Progress = silent,
) -> DemoResult:
    """Make a synthetic world, hand it over, import it and compare what the registry finds with the truth.

    Parameters
    ----------
    directory
        Gets the source files, the registry and the statistics; made if it is not there.
    seed
        Of the world; its totals are the same for every seed.
    progress
        Told what is done, and how much of the work is behind it.

    Raises
    ------
    StoreError
        If the directory holds a registry already.
    """
    registry_path, stats_path = directory / REGISTRY_NAME, directory / STATS_NAME
    if registry_path.exists():
        raise StoreError(f"{registry_path}: there is a registry already; give the demonstration another directory.")
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{directory}: it cannot be made or is no folder ({error.strerror}); name another.") from error
    progress("making a synthetic world", None)
    world = demo_world(seed)
    imports = write_sources(world, directory / SOURCES_NAME)
    reports = []
    with Registry.create(registry_path) as registry:
        for done, one in enumerate(imports):
            progress(f"importing {one.kind}: {one.handover.title}", done / (len(imports) + 1))
            reports.append(import_batch(registry, one.sources, one.kind, one.handover, one.options))
        registry.add_claims(shipped_claims(SYNTHETIC))
        progress("comparing", len(imports) / (len(imports) + 1))
        comparison = compute_stats(registry, StatsOptions(ground=STATED))
        figures = figures_beside_truth(registry, comparison, world)
    stats_path.write_text(json.dumps(comparison.to_json(), indent=1) + "\n", encoding="utf-8")
    return DemoResult(registry_path, stats_path, tuple(reports), comparison, figures)


def write_sources(world: World, directory: Path) -> tuple[DemoImport, ...]:
    """Write a world as files in the formats that parties use, and say how each is imported.

    Places come first, then maps, accidents, and land released and devices found, where anything was cleared.

    Parameters
    ----------
    world
        With at least one batch. The first is written as GeoJSON, the second as a zipped shapefile on UTM, the third as
        KML, the last as one file per map sheet, GeoJSON and KML by turns.
    directory
        Gets one folder per batch. Files of the same names are replaced.
    """
    batches = [rows for _, rows in world.records.groupby("batch_id", sort=False)]
    writers = (_one_geojson, _one_shapefile, _one_kml)
    imports = [write(rows, directory) for write, rows in zip(writers, batches[:-1], strict=False)]
    maps = (*imports, _file_per_sheet(batches[-1], directory))
    return (
        *_write_places(world, directory),
        *maps,
        _write_accidents(world, directory),
        *_write_clearance(world, directory),
    )


def figures_beside_truth(registry: Registry, comparison: Comparison, world: World) -> tuple[Figure, ...]:
    """What the registry can know beside what is so; records handed over twice count once."""
    truth = world.truth
    coverage, accuracy = comparison.coverage, comparison.accuracy
    records = pd.concat(
        [registry.read(layer, ["mines_total_stated", "duplicate_of"]) for layer in registry.layers(Kind.MINEFIELDS)]
    )
    events = pd.concat(
        [registry.read(layer, ["killed", "injured", "victims_by_role"]) for layer in registry.layers(Kind.ACCIDENTS)]
    )
    victims = events["killed"] + events["injured"]
    journalists = count_role(events, "journalist")
    mines = int(records["mines_total_stated"][records["duplicate_of"].isna()].sum())
    km2 = 1e-6
    figures = (
        Figure("Records received", "records", coverage.records_received, truth.records, "records handed over"),
        Figure(
            "Records without a place",
            "records",
            coverage.records_unplottable,
            truth.records_unplotted,
            "records that have none",
        ),
        Figure("Land on the maps", "km2", coverage.union_m2 * km2, truth.true_area_m2 * km2, "mined land in the world"),
        Figure("Mines on the maps", "mines", mines, truth.mines, "mines in the world"),
        Figure("Explosions", "events", accuracy.all.total, truth.events, "explosions in the world"),
        Figure(
            "Explosions outside the maps",
            "events",
            accuracy.all.outside,
            truth.events - truth.events_in_recorded_fields,
            "explosions that truly happened in no recorded field",
        ),
        Figure("Victims", "people", int(victims.sum()), truth.victims, "victims in the world"),
        Figure("Killed", "people", int(events["killed"].sum()), truth.killed, "killed in the world"),
        Figure(
            "Journalists killed",
            "people",
            0 if journalists is None else journalists.killed_at_least,
            truth.journalists_killed,
            "journalists killed in the world",
        ),
    )
    return figures if comparison.ground is None else (*figures, *_figures_of_the_ground(comparison.ground, world))


def _figures_of_the_ground(ground: Ground, world: World) -> tuple[Figure, ...]:
    truth, investigated = world.truth, ground.confirmation.investigated
    return (
        Figure(
            "Records investigated",
            "records",
            investigated.records,
            truth.fields_plotted,
            "fields on the maps with a place, investigated or not",
        ),
        Figure(
            "Of these confirmed, by construction",
            "records",
            investigated.confirmed,
            truth.records_still_mined,
            "fields on the maps with a place that were still mined, investigated or not",
        ),
        Figure(
            "Mines found",
            "mines",
            0 if ground.found is None else ground.found.mines,
            truth.mines,
            "mines in the world",
        ),
    )


def _one_geojson(rows: geopandas.GeoDataFrame, directory: Path) -> DemoImport:
    path = _folder(rows["batch_id"].iloc[0], directory) / "SYNTHETIC_records.geojson"
    _told(rows).to_file(path, driver="GeoJSON", engine="pyogrio")
    return DemoImport(_handover(rows, 1), Kind.MINEFIELDS, (path,), _repairing())


def _one_shapefile(rows: geopandas.GeoDataFrame, directory: Path) -> DemoImport:
    """A zipped shapefile on a projected CRS, with names cut to what the format allows."""
    path = _folder(rows["batch_id"].iloc[0], directory) / "SYNTHETIC_records.zip"
    with tempfile.TemporaryDirectory() as scratch:
        shapefile = Path(scratch) / "SYNTHETIC_records.shp"
        told = _told(rows).rename(columns=_SHORT_NAMES).to_crs(_UTM_27_SOUTH)
        told.to_file(shapefile, driver="ESRI Shapefile", engine="pyogrio")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in sorted(shapefile.parent.iterdir()):
                archive.write(part, part.name)
    return DemoImport(_handover(rows, 1), Kind.MINEFIELDS, (path,), _repairing(_SHORT_NAMES))


def _one_kml(rows: geopandas.GeoDataFrame, directory: Path) -> DemoImport:
    path = _folder(rows["batch_id"].iloc[0], directory) / "SYNTHETIC_records.kml"
    _write_kml(rows, path)
    return DemoImport(_handover(rows, 1), Kind.MINEFIELDS, (path,), _repairing())


def _file_per_sheet(rows: geopandas.GeoDataFrame, directory: Path) -> DemoImport:
    folder, paths = _folder(rows["batch_id"].iloc[0], directory), []
    for number, (sheet, on_sheet) in enumerate(rows.groupby("map_sheet")):
        path = folder / f"{str(sheet).replace(' ', '_')}{'.kml' if number % 2 else '.geojson'}"
        if number % 2:
            _write_kml(on_sheet, path)
        else:
            _told(on_sheet).to_file(path, driver="GeoJSON", engine="pyogrio")
        paths.append(path)
    return DemoImport(_handover(rows, len(paths)), Kind.MINEFIELDS, tuple(paths), _repairing())


def _write_kml(rows: geopandas.GeoDataFrame, path: Path) -> None:
    # GDAL's other KML driver refuses rings that cross themselves.
    _told(rows).to_file(path, driver="KML", engine="pyogrio", layer="SYNTHETIC_records")


def _write_places(world: World, directory: Path) -> tuple[DemoImport, DemoImport]:
    """The districts, and what the giving party says it covers."""
    folder = _folder("SYN-PLACES", directory)
    districts, scope = folder / "SYNTHETIC_districts.gpkg", folder / "SYNTHETIC_scope.geojson"
    world.districts.to_file(districts, driver="GPKG", engine="pyogrio", layer="SYNTHETIC districts")
    world.scope.to_file(scope, driver="GeoJSON", engine="pyogrio")
    handover = Handover("SYN-PLACES", "SYNTHETIC districts and scope", giving_party="Party A", notes=NOTES)
    return DemoImport(handover, Kind.DISTRICTS, (districts,)), DemoImport(handover, Kind.SCOPE, (scope,))


def _write_accidents(world: World, directory: Path) -> DemoImport:
    path = _folder("SYN-ACCIDENTS", directory) / "SYNTHETIC_accidents.geojson"
    roles = world.events["victims_by_role"].map(json.dumps)
    _told(world.events.assign(victims_by_role=roles)).to_file(path, driver="GeoJSON", engine="pyogrio")
    return DemoImport(Handover("SYN-ACCIDENTS", "SYNTHETIC accidents", notes=NOTES), Kind.ACCIDENTS, (path,))


def _write_clearance(world: World, directory: Path) -> tuple[DemoImport, ...]:
    """Land released as cleared, and the mines found in it."""
    if not len(world.released):
        return ()
    folder = _folder("SYN-CLEARANCE", directory)
    handover = Handover("SYN-CLEARANCE", "SYNTHETIC clearance", notes=NOTES)
    released, devices = folder / "SYNTHETIC_released.geojson", folder / "SYNTHETIC_devices.gpkg"
    _told(world.released).to_file(released, driver="GeoJSON", engine="pyogrio")
    _told(world.devices).to_file(devices, driver="GPKG", engine="pyogrio", layer="SYNTHETIC devices")
    return DemoImport(handover, Kind.RELEASED, (released,)), DemoImport(handover, Kind.DEVICES, (devices,))


def _folder(batch_id: str, directory: Path) -> Path:
    folder = directory / batch_id
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _told(rows: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """What a source says of its rows, with dates as text."""
    told = rows.drop(columns=_UNTOLD, errors="ignore")
    dates = told.select_dtypes("datetime").columns
    return told.assign(**{name: told[name].dt.strftime("%Y-%m-%d") for name in dates})


def _handover(rows: geopandas.GeoDataFrame, documents: int) -> Handover:
    day = rows["handed_over_on"].iloc[0]
    return Handover(
        batch_id=str(rows["batch_id"].iloc[0]),
        title=f"SYNTHETIC minefield maps of {day:%Y-%m-%d}",
        giving_party="Party A",
        receiving_party="Party B",
        handed_over_on=PartialDate(date(day.year, day.month, day.day)),
        documents_claimed=documents,
        mines_claimed=int(rows["mines_total_stated"].sum()),
        notes=NOTES,
    )


def _repairing(field_map: dict[str, str] | None = None) -> ImportOptions:
    return ImportOptions(repair=True, field_map=field_map or {})
