"""GeoPackage plumbing (OGC 12-128r19): the core tables, the registration of tables, and metadata.

Functions take an open SQLite connection inside a transaction and never commit.
"""

import sqlite3
import struct
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.enums import WktVersion

APPLICATION_ID = 0x47504B47  # "GPKG"
VERSION = 10300
GDAL_URI = "http://gdal.org"
PROV_URI = "http://www.w3.org/ns/prov#"

_CORE = """
CREATE TABLE gpkg_spatial_ref_sys (
    srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY, organization TEXT NOT NULL,
    organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (
    table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE, description TEXT DEFAULT '',
    last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
    min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
    CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (
    table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL,
    z TINYINT NOT NULL, m TINYINT NOT NULL,
    CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name), CONSTRAINT uk_gc_table_name UNIQUE (table_name),
    CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
    CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_extensions (
    table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL,
    CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
CREATE TABLE gpkg_metadata (
    id INTEGER CONSTRAINT m_pk PRIMARY KEY ASC NOT NULL, md_scope TEXT NOT NULL DEFAULT 'dataset',
    md_standard_uri TEXT NOT NULL, mime_type TEXT NOT NULL DEFAULT 'text/xml', metadata TEXT NOT NULL DEFAULT '');
CREATE TABLE gpkg_metadata_reference (
    reference_scope TEXT NOT NULL, table_name TEXT, column_name TEXT, row_id_value INTEGER,
    timestamp DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
    md_file_id INTEGER NOT NULL, md_parent_id INTEGER,
    CONSTRAINT crmr_mfi_fk FOREIGN KEY (md_file_id) REFERENCES gpkg_metadata(id),
    CONSTRAINT crmr_mpi_fk FOREIGN KEY (md_parent_id) REFERENCES gpkg_metadata(id));
"""

# What stands before the WKB of a geometry, and its flags.
_HEAD = np.dtype([("magic", "S2"), ("version", "u1"), ("flags", "u1"), ("srs_id", "<i4"), ("box", "<f8", 4)])
_BOX_BYTES = 32
_LITTLE_ENDIAN, _WITH_BOX, _EMPTY = 0x01, 0x02, 0x10
# By type of geometry, what stands before the WKB of a single one to make it a multiple one of one part.
_AS_MULTI = {0: struct.pack("<BII", 1, 4, 1), 3: struct.pack("<BII", 1, 6, 1)}

# Name, definition and scope of the extensions used.
_METADATA = ("gpkg_metadata", "http://www.geopackage.org/spec120/#extension_metadata", "read-write")
_RTREE = ("gpkg_rtree_index", "http://www.geopackage.org/spec120/#extension_rtree", "write-only")


def quoted(name: str) -> str:
    """A table or column name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def create_core(connection: sqlite3.Connection) -> None:
    """Make an empty GeoPackage that knows WGS 84 and the metadata extension."""
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")
    for statement in _CORE.strip().split(";\n"):
        connection.execute(statement.removesuffix(";"))
    wkt = CRS.from_epsg(4326).to_wkt(WktVersion.WKT1_GDAL)
    connection.executemany(
        "INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, ?)",
        [
            ("Undefined Cartesian SRS", -1, "NONE", -1, "undefined", "undefined Cartesian coordinate reference system"),
            ("Undefined geographic SRS", 0, "NONE", 0, "undefined", "undefined geographic coordinate reference system"),
            ("WGS 84 geodetic", 4326, "EPSG", 4326, wkt, "longitude and latitude in degrees on WGS 84"),
        ],
    )
    for table in ("gpkg_metadata", "gpkg_metadata_reference"):
        _declare(connection, table, None, _METADATA)


def _declare(connection: sqlite3.Connection, table: str, column: str | None, extension: tuple[str, str, str]) -> None:
    connection.execute("INSERT INTO gpkg_extensions VALUES (?, ?, ?, ?, ?)", (table, column, *extension))


def register_attributes(connection: sqlite3.Connection, table: str, title: str) -> None:
    """List a table without geometry in the contents."""
    connection.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description) VALUES (?, 'attributes', ?, ?)",
        (table, table, title),
    )


def register_features(
    connection: sqlite3.Connection,
    table: str,
    *,
    identifier: str,
    description: str,
    geometry_type: str,
    bounds: tuple[float, float, float, float] | None,
) -> None:
    """List a table of features on WGS 84, with its title, extent and spatial index, in the contents."""
    connection.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, min_x, min_y, max_x, max_y, srs_id)"
        " VALUES (?, 'features', ?, ?, ?, ?, ?, ?, 4326)",
        (table, identifier, description, *(bounds or (None,) * 4)),
    )
    connection.execute(
        "INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, 4326, 0, 0)",
        (table, geometry_type),
    )
    _declare(connection, table, "geom", _RTREE)


def blobs(geometries: NDArray[Any], boxes: NDArray[np.float64], *, promoted: bool) -> list[bytes | None]:
    """Geometries on WGS 84 in the form of GeoPackage: a head with their bounds, then WKB. None stays None.

    Parameters
    ----------
    boxes
        Their bounds as west, east, south, north.
    promoted
        Whether single points and polygons become such of one part.
    """
    kinds, is_empty = shapely.get_type_id(geometries), shapely.is_empty(geometries)
    around = np.full(len(kinds), b"", dtype=object)
    for kind, opening in _AS_MULTI.items() if promoted else ():
        around[kinds == kind] = opening
    heads = np.zeros(len(kinds), dtype=_HEAD)
    heads["magic"], heads["srs_id"], heads["box"] = b"GP", 4326, boxes
    # A point is its own bounds, and what is empty has none.
    is_bare = is_empty | ((kinds == 0) & (around == b""))
    heads["flags"] = _LITTLE_ENDIAN | np.where(is_bare, 0, _WITH_BOX) | np.where(is_empty, _EMPTY, 0)
    size, raw = _HEAD.itemsize, heads.tobytes()
    ends = np.arange(len(kinds)) * size + np.where(is_bare, size - _BOX_BYTES, size)
    shapes = shapely.to_wkb(geometries, output_dimension=2, byte_order=1, flavor="iso")
    return [
        None if shape is None else raw[start:end] + opening + shape
        for shape, opening, start, end in zip(
            shapes, around.tolist(), range(0, len(raw), size), ends.tolist(), strict=True
        )
    ]


def index_triggers(table: str) -> list[str]:
    """The statements that make the triggers which keep the spatial index of a table, as GDAL writes them for 1.3."""
    index, name = f"rtree_{table}_geom", quoted(table)
    insert = (
        f'INSERT OR REPLACE INTO {quoted(index)} VALUES (NEW."fid",ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"),'
        'ST_MinY(NEW."geom"), ST_MaxY(NEW."geom"));'
    )
    delete = f'DELETE FROM {quoted(index)} WHERE id = OLD."fid";'
    drawn = '(NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom"))'
    blank = '(NEW."geom" ISNULL OR ST_IsEmpty(NEW."geom"))'
    same, other = 'OLD."fid" = NEW."fid"', 'OLD."fid" != NEW."fid"'
    moved = f'AFTER UPDATE OF "geom" ON {name} WHEN {same}'
    renumbered = f"AFTER UPDATE ON {name} WHEN {other}"
    both = f'DELETE FROM {quoted(index)} WHERE id IN (OLD."fid", NEW."fid");'
    triggers = {
        "delete": f'AFTER DELETE ON {name} WHEN old."geom" NOT NULL BEGIN {delete}',
        "insert": f'AFTER INSERT ON {name} WHEN (new."geom" NOT NULL AND NOT ST_IsEmpty(NEW."geom")) BEGIN {insert}',
        "update1": f"{moved} AND {drawn} BEGIN {insert}",
        "update2": f"{moved} AND {blank} BEGIN {delete}",
        "update3": f"{renumbered} AND {drawn} BEGIN {delete} {insert}",
        "update4": f"{renumbered} AND {blank} BEGIN {both}",
    }
    return [f"CREATE TRIGGER {quoted(f'{index}_{what}')} {words} END" for what, words in triggers.items()]


def add_metadata(connection: sqlite3.Connection, table: str, uri: str, mime_type: str, text: str) -> None:
    """Attach a metadata document to a table."""
    cursor = connection.execute(
        "INSERT INTO gpkg_metadata (md_scope, md_standard_uri, mime_type, metadata) VALUES ('dataset', ?, ?, ?)",
        (uri, mime_type, text),
    )
    connection.execute(
        "INSERT INTO gpkg_metadata_reference (reference_scope, table_name, md_file_id) VALUES ('table', ?, ?)",
        (table, cursor.lastrowid),
    )


def tags_xml(tags: Mapping[str, str]) -> str:
    """Readable tags in the form in which GDAL and QGIS show a layer's metadata."""
    root = ET.Element("GDALMultiDomainMetadata")
    domain = ET.SubElement(root, "Metadata")
    for key, value in tags.items():
        ET.SubElement(domain, "MDI", key=key).text = "".join(c for c in value if c.isprintable() or c in "\n\t")
    return ET.tostring(root, encoding="unicode")


def now_text() -> str:
    """The present moment in UTC, as GeoPackage writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
