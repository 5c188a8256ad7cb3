"""Every event of a comparison with its class, and its clusters, as layers for QGIS or a table."""

import dataclasses
import tempfile
from pathlib import Path

import pandas
import shapely
from geopandas import GeoDataFrame

from registry.compare.clusters import Cluster, Clusters
from registry.errors import StoreError
from registry.geometry import WGS84
from registry.jsonform import plain
from registry.plaintext import cell
from registry.stats import Comparison
from registry.styles import add_comparison_styles


def write_classified(comparison: Comparison, path: Path) -> None:
    """Write every event with its class, its records, its distance and its cluster to a GeoPackage or a CSV file.

    A GeoPackage gets the clusters as a second layer, ``unmapped_clusters``, where they were computed, and opens in QGIS
    with the looks of the web map.

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
                if comparison.clusters is not None:
                    _write_clusters(comparison.clusters, scratch)
                add_comparison_styles(scratch)
            scratch.rename(path)
    except (OSError, DataSourceError, DataLayerError) as error:
        raise StoreError(f"{path} cannot be written: {error}; check the folder and the space left.") from error


def _write_clusters(found: Clusters, path: Path) -> None:
    _clusters_layer(found).to_file(
        path,
        layer="unmapped_clusters",
        driver="GPKG",
        geometry_type="Polygon",
        DESCRIPTION=found.notice,
        layer_metadata={"notice": found.notice},
    )


def _as_table(events: GeoDataFrame) -> pandas.DataFrame:
    table = pandas.DataFrame(events.drop(columns="geometry"))
    for name in ("batch_id", "accident_id", "records"):
        table[name] = [cell(text) for text in table[name]]
    return table.assign(longitude=events.geometry.x.to_numpy(), latitude=events.geometry.y.to_numpy())


def _clusters_layer(found: Clusters) -> GeoDataFrame:
    """The clusters as polygons on WGS 84, each with the notice; a column for each of their values."""
    names = [field.name for field in dataclasses.fields(Cluster) if field.name != "hull"]
    rows = [{name: plain(getattr(cluster, name)) for name in names} for cluster in found.clusters]
    table = pandas.DataFrame(rows, columns=names).assign(notice=found.notice)
    table["districts"] = ["; ".join(cluster.districts) for cluster in found.clusters]
    counts = ["rank", "events", "distinct_positions", "killed", "injured", "victims", "victims_stated", "undated"]
    table = table.astype(dict.fromkeys(counts, "Int64") | dict.fromkeys(("first_date", "last_date"), "string"))
    hulls = [shapely.Polygon(cluster.hull) for cluster in found.clusters]
    return GeoDataFrame(table, geometry=hulls, crs=WGS84)
