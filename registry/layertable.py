"""The table of a layer: made from the schema, its geometries in the form of GeoPackage, its spatial index.

Every layer of a kind has the same columns, whatever its source filled.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from registry import gpkg, rtree
from registry.gpkg import quoted
from registry.model import GEOMETRY_OF_KIND, GeometryKind, Kind
from registry.schema import Field, FieldType, fields
from registry.sources.values import to_json

# JSON is text to GeoPackage, which has no type for it.
_SQL_TYPES = {each: each.value for each in FieldType} | {FieldType.JSON: "TEXT"}


@dataclass(frozen=True)
class LayerRows:
    """The rows of a layer as SQLite takes them.

    ``columns`` are the fields that hold anything, ``empty`` the others; ``cells`` are the values column by column,
    ``blobs`` the geometries, ``boxes`` their bounds as west, east, south, north, NaN where there are none.
    """

    columns: tuple[str, ...]
    empty: frozenset[str]
    cells: tuple[Sequence[Any], ...]
    blobs: Sequence[bytes | None]
    boxes: NDArray[np.float64]


def table_name(batch_id: str, kind: Kind) -> str:
    """The name of a layer's table; no kind holds an underscore, so two layers cannot share a name."""
    return f"{kind}_{batch_id}"


def rows_of(records: gpd.GeoDataFrame, kind: Kind) -> LayerRows:
    """The records as rows of their layer; columns without any value are left out."""
    held = [field for field in fields(kind) if field.name in records and records[field.name].notna().any()]
    geometries = records.geometry.to_numpy()
    boxes = shapely.bounds(geometries).reshape(-1, 4)[:, [0, 2, 1, 3]]
    return LayerRows(
        tuple(field.name for field in held),
        frozenset(field.name for field in fields(kind) if field not in held),
        tuple(_plain(records[field.name], field) for field in held),
        gpkg.blobs(geometries, boxes, promoted=GEOMETRY_OF_KIND[kind] is not GeometryKind.POINT),
        boxes,
    )


def create_table(connection: sqlite3.Connection, table: str, kind: Kind, rows: LayerRows) -> None:
    """Make the table of a layer with its rows, its index and the triggers that keep the index.

    Must run inside a transaction. Triggers come last, so that filling the table does not fire them.
    """
    connection.execute(_ddl(table, kind))
    into = ", ".join(["fid", "geom", *map(quoted, rows.columns)])
    places = ", ".join("?" * (2 + len(rows.columns)))
    numbers = range(1, len(rows.blobs) + 1)
    connection.executemany(
        f"INSERT INTO main.{quoted(table)} ({into}) VALUES ({places})",
        zip(numbers, rows.blobs, *rows.cells, strict=True),
    )
    rtree.create_index(connection, f"rtree_{table}_geom", np.array(numbers), rows.boxes)
    for statement in gpkg.index_triggers(table):
        connection.execute(statement)


def _ddl(table: str, kind: Kind) -> str:
    geometry = f"geom {GEOMETRY_OF_KIND[kind]}"
    columns = [f"{quoted(field.name)} {_SQL_TYPES[field.field_type]}" for field in fields(kind)]
    body = ", ".join(["fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL", geometry, *columns])
    return f"CREATE TABLE main.{quoted(table)} ({body})"


def _plain(column: pd.Series, field: Field) -> Sequence[Any]:
    """A column as SQLite takes it: numbers, truth values as 0 and 1, all else as text, JSON too."""
    if field.field_type in {FieldType.INTEGER, FieldType.REAL, FieldType.BOOLEAN}:
        numbers: list[float] = pd.to_numeric(column).astype("float64").tolist()  # NaN is null to SQLite
        return numbers
    cells: list[Any] = column.astype(object).where(column.notna(), None).tolist()
    if field.field_type is FieldType.JSON:
        return [cell if cell is None or isinstance(cell, str) else to_json(cell) for cell in cells]
    return cells
