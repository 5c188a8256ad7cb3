"""Writing a layer: staged with GDAL in a scratch GeoPackage, then copied table by table into the registry.

GDAL makes the geometry blobs, the spatial index and its triggers; the registry's own table is made from the schema,
so that every layer of a kind has the same columns, whatever its source filled.
"""

import sqlite3
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio

from registry.gpkg import quoted
from registry.model import GEOMETRY_OF_KIND, GeometryKind, Kind
from registry.schema import Field, FieldType, fields

_STAGED = "staged_layer"
_GDAL_TYPES = {
    GeometryKind.MULTIPOLYGON: "MultiPolygon",
    GeometryKind.MULTIPOINT: "MultiPoint",
    GeometryKind.POINT: "Point",
}
# JSON is text to GeoPackage, which has no type for it.
_SQL_TYPES = {each: each.value for each in FieldType} | {FieldType.JSON: "TEXT"}


def table_name(batch_id: str, kind: Kind) -> str:
    """The name of a layer's table; no kind holds an underscore, so two layers cannot share a name."""
    return f"{kind}_{batch_id}"


def stage(records: gpd.GeoDataFrame, kind: Kind, path: Path) -> None:
    """Write the records to a scratch GeoPackage; columns without any value are left out."""
    geometry_type = GEOMETRY_OF_KIND[kind]
    held = [field for field in fields(kind) if field.name in records and records[field.name].notna().any()]
    columns = {field.name: _plain(records[field.name], field) for field in held}
    frame = gpd.GeoDataFrame(columns, geometry=records.geometry.to_numpy(), crs=4326, index=range(len(records)))
    pyogrio.write_dataframe(
        frame,
        path,
        layer=_STAGED,
        driver="GPKG",
        geometry_type=_GDAL_TYPES[geometry_type],
        promote_to_multi=geometry_type is not GeometryKind.POINT,
        geometry_name="geom",
        fid="fid",
        VERSION="1.3",  # as the registry itself, so that the triggers are those of its version
    )


def copy_staged(connection: sqlite3.Connection, schema: str, table: str, kind: Kind) -> None:
    """Bring a staged layer, attached as ``schema``, in as a table of its own with index and triggers.

    Must run inside a transaction. Triggers come last, so that filling the table does not fire them.
    """
    staged_columns = {row[1] for row in connection.execute(f"PRAGMA {schema}.table_info({_STAGED})")}
    columns = [quoted(each.name) for each in fields(kind) if each.name in staged_columns]
    into = ", ".join(["fid", "geom", *columns])
    connection.execute(_ddl(table, kind))
    connection.execute(f"INSERT INTO main.{quoted(table)} ({into}) SELECT {into} FROM {schema}.{_STAGED} ORDER BY fid")
    index, staged_index = quoted(f"rtree_{table}_geom"), quoted(f"rtree_{_STAGED}_geom")
    connection.execute(f"CREATE VIRTUAL TABLE main.{index} USING rtree(id, minx, maxx, miny, maxy)")
    connection.execute(f"INSERT INTO main.{index} SELECT id, minx, maxx, miny, maxy FROM {schema}.{staged_index}")
    triggers = connection.execute(
        f"SELECT sql FROM {schema}.sqlite_master WHERE type = 'trigger' AND name LIKE 'rtree%' ORDER BY name"
    ).fetchall()
    for (sql,) in triggers:
        connection.execute(sql.replace(_STAGED, table))


def _ddl(table: str, kind: Kind) -> str:
    geometry = f"geom {GEOMETRY_OF_KIND[kind]}"
    columns = [f"{quoted(field.name)} {_SQL_TYPES[field.field_type]}" for field in fields(kind)]
    body = ", ".join(["fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL", geometry, *columns])
    return f"CREATE TABLE main.{quoted(table)} ({body})"


def _plain(column: pd.Series, field: Field) -> pd.Series:
    """A column as GDAL writes it quickly: numbers with NaN, truth values as 0 and 1, all else as text."""
    if field.field_type in {FieldType.INTEGER, FieldType.REAL, FieldType.BOOLEAN}:
        numbers: pd.Series = pd.to_numeric(column).astype("float64")
        return numbers.reset_index(drop=True)
    return column.astype(object).where(column.notna(), None).reset_index(drop=True)
