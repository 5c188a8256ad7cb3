"""Default styles in a GeoPackage: the table ``layer_styles``, laid out as QGIS itself makes it and looks it up.

Styles say how layers look, nothing of what was handed over: no hash covers them, nothing guards them, and a person may
keep styles of their own beside ours, in QGIS.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from registry import gpkg, qml
from registry.database import connect, insert, rows, writing
from registry.looks import layer_looks
from registry.model import GEOMETRY_OF_KIND, Layer, LayerState

STYLE_NAME = "minefield-registry"
"""The style of this name belongs to this package, and is written anew when the looks of a layer change."""

_TABLE = "layer_styles"
_DESCRIPTION = "Colours of the web map; written anew by minefield-registry, so keep changes under another name."

# Column by column as QGIS 3 makes it.
_COLUMNS = {
    "id": "INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL",
    "f_table_catalog": "TEXT(256)",
    "f_table_schema": "TEXT(256)",
    "f_table_name": "TEXT(256)",
    "f_geometry_column": "TEXT(256)",
    "styleName": "TEXT(30)",
    "styleQML": "TEXT",
    "styleSLD": "TEXT",
    "useAsDefault": "BOOLEAN",
    "description": "TEXT",
    "owner": "TEXT(30)",
    "ui": "TEXT(30)",
    "update_time": "DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now'))",
}


def keep_registry_styles(connection: sqlite3.Connection, layers: Sequence[Layer]) -> None:
    """Bring the styles of a registry up to date with its layers. Must run inside the transaction that changes them.

    A style that a person made the default of an active layer stays its default. A layer that was superseded or
    withdrawn gets ours as its default, so that it cannot be taken for one that is in the figures.

    Parameters
    ----------
    layers
        All layers of the registry, in the order in which they were added.
    """
    styles = {
        layer.table_name: qml.layer_style(GEOMETRY_OF_KIND[layer.kind], look)
        for layer, look in zip(layers, layer_looks(layers), strict=True)
    }
    ended = {layer.table_name for layer in layers if layer.state is not LayerState.ACTIVE}
    keep_styles(connection, styles, geometry_column="geom", overriding=ended)


def add_comparison_styles(path: Path) -> None:
    """Give a GeoPackage of GDAL's, with classified events and perhaps unmapped clusters, the styles of these layers."""
    styles = {"classified_events": qml.classified_events_style(), "unmapped_clusters": qml.clusters_style()}
    with closing(connect(path)) as connection, writing(connection, path):
        held = {row["table_name"] for row in rows(connection, "SELECT table_name FROM gpkg_contents")}
        keep_styles(connection, {name: style for name, style in styles.items() if name in held}, geometry_column="geom")


def keep_styles(
    connection: sqlite3.Connection,
    styles: Mapping[str, str],
    *,
    geometry_column: str,
    overriding: Iterable[str] = (),
) -> None:
    """Store our style of each table as its default, where it differs from what is stored. Must run in a transaction.

    Parameters
    ----------
    styles
        QML by name of the table.
    geometry_column
        Of each of these tables; QGIS looks styles up by it.
    overriding
        Tables whose default becomes ours even if a person chose another.
    """
    if not _is_ready(connection):
        return
    held = rows(connection, f"SELECT id, f_table_name, styleName, styleQML, useAsDefault FROM {_TABLE}")
    ours = {row["f_table_name"]: row for row in held if row["styleName"] == STYLE_NAME}
    chosen = {row["f_table_name"] for row in held if row["useAsDefault"] and row["styleName"] != STYLE_NAME}
    chosen -= set(overriding)
    for table, style in styles.items():
        mine = ours.get(table)
        is_default = table not in chosen
        if mine is not None and mine["styleQML"] == style and bool(mine["useAsDefault"]) == is_default:
            continue
        if mine is not None:
            connection.execute(f"DELETE FROM {_TABLE} WHERE id = ?", (mine["id"],))
        if is_default:
            connection.execute(f"UPDATE {_TABLE} SET useAsDefault = 0 WHERE f_table_name = ?", (table,))
        row = {
            "f_table_catalog": "",
            "f_table_schema": "",
            "f_table_name": table,
            "f_geometry_column": geometry_column,
            "styleName": STYLE_NAME,
            "styleQML": style,
            "useAsDefault": is_default,
            "description": _DESCRIPTION,
            "owner": "",
            "update_time": gpkg.now_text(),
        }
        insert(connection, _TABLE, row)


def _is_ready(connection: sqlite3.Connection) -> bool:
    """Whether the table can hold our rows; it is made where there is none.

    QGIS may have made it, and somebody else may have made another one of that name: that is not ours to change, and
    colours are no reason to refuse an import.
    """
    held = {row[1] for row in connection.execute(f"PRAGMA table_info({_TABLE})")}
    kind = connection.execute("SELECT type FROM sqlite_master WHERE name = ?", (_TABLE,)).fetchone()
    if kind is None:
        columns = ", ".join(f'"{name}" {declared}' for name, declared in _COLUMNS.items())
        connection.execute(f"CREATE TABLE {_TABLE} ({columns})")
        gpkg.register_attributes(connection, _TABLE, "How QGIS draws the layers")
        return True
    return kind[0] == "table" and set(_COLUMNS) <= held
