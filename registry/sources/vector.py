"""Files that GDAL reads, and the features in them that it refuses.

A file is read whole through Arrow. Where that fails, or where GEOS cannot hold a geometry, its features are read one
by one, so that one broken feature does not cost the others, and the geometry as delivered is kept as text.
"""

import codecs
import json
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj import CRS

from registry.errors import SourceError
from registry.geometry import Geometries
from registry.sources import featurewise, shapefile
from registry.sources.geojson import geometry_texts, read_geojson

SUFFIXES = {
    ".geojson": "application/geo+json",
    ".json": "application/geo+json",
    ".gpkg": "application/geopackage+sqlite3",
    ".shp": "application/vnd.shp",
    ".kml": "application/vnd.google-earth.kml+xml",
    ".kmz": "application/vnd.google-earth.kmz",
    ".gpx": "application/gpx+xml",
    ".fgb": "application/vnd.flatgeobuf",
    ".parquet": "application/vnd.apache.parquet",
    ".geoparquet": "application/vnd.apache.parquet",
    ".gdb": "application/vnd.esri.filegdb",
    ".zip": "application/zip",
}

SIDE_FILES = {
    ".shx": "application/vnd.shx",
    ".dbf": "application/vnd.dbf",
    ".prj": "text/plain",
    ".cpg": "text/plain",
    ".qpj": "text/plain",
    ".sbn": "application/octet-stream",
    ".sbx": "application/octet-stream",
}

# Formats whose layers are one document by nature; a database with several layers must be asked which one is meant.
ONE_DOCUMENT = {".kml", ".kmz", ".gpx"}

ZIP_MAX_BYTES = 2_000_000_000
ZIP_MAX_FILES = 10_000
ZIP_MAX_RATIO = 200


@dataclass(frozen=True)
class SourceLayer:
    """One layer of one source, as read.

    Attributes
    ----------
    name
        Name of the layer inside the source; None where the source has only one.
    attributes
        One row per feature, columns as the source names them.
    geometries
        In the source's CRS; None where the feature has none or GEOS cannot hold it.
    as_delivered
        Feature index -> text of a geometry that GEOS cannot hold (GeoJSON, or WKB in hexadecimal).
    crs
        What the source states, None where it states nothing.
    notes
        What the reader said, for the report.
    unreadable
        Feature index -> why the reader could not read that feature.
    encoding_doubt
        What is uncertain about the texts, None where nothing is.
    """

    name: str | None
    attributes: pd.DataFrame
    geometries: Geometries
    crs: CRS | None
    as_delivered: dict[int, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    unreadable: dict[int, str] = field(default_factory=dict)
    encoding_doubt: str | None = None


def files_of(path: Path) -> tuple[tuple[Path, str], ...]:
    """The files that make up a source, with their media types: a shapefile's side files, a geodatabase's tables.

    The first is the one that the source is named after.

    Raises
    ------
    SourceError
        If the source is not there, is not of a kind this package reads, or lacks a file it cannot do without.
    """
    if not path.exists():
        raise SourceError(f"{path}: there is no such file.")
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        known = ", ".join(sorted(SUFFIXES))
        raise SourceError(f"{path}: files of this kind are not read; convert it to one of {known}.")
    if path.is_dir():
        if suffix != ".gdb":
            raise SourceError(f"{path} is a folder; name the files in it.")
        return tuple((inner, SUFFIXES[".gdb"]) for inner in sorted(path.iterdir()) if inner.is_file())
    if suffix != ".shp":
        return ((path, SUFFIXES[suffix]),)
    beside = {other.suffix.lower(): other for other in sorted(path.parent.iterdir()) if other.stem == path.stem}
    for needed in (".shx", ".dbf"):
        if needed not in beside:
            raise SourceError(
                f"{path}: its {needed} file is missing; a shapefile is read with its side files beside it."
            )
    sides = ((beside[end], media) for end, media in SIDE_FILES.items() if end in beside)
    return ((path, SUFFIXES[".shp"]), *sides)


def read_source(path: Path, *, layers: Sequence[str] = (), encoding: str | None = None) -> tuple[SourceLayer, ...]:
    """Read every feature of a source.

    Parameters
    ----------
    path
        A file, a zip of files, or a File Geodatabase folder.
    layers
        Names of the layers to read; needed where a database holds several.
    encoding
        Encoding of a shapefile's texts, where its .cpg file does not say or is wrong.

    Raises
    ------
    SourceError
        If it cannot be read, holds no features, or holds several layers and none was named.
    """
    suffix = path.suffix.lower()
    if suffix == ".zip":
        found = [layer for inner in _datasets_in_zip(path) for layer in _read_dataset(inner, layers, encoding)]
    else:
        found = list(_read_dataset(_gdal_path(path), layers, encoding))
    missing = sorted(set(layers) - {layer.name for layer in found if layer.name})
    if missing:
        raise SourceError(f"{path}: it has no layer {', '.join(missing)}.")
    if not any(len(layer.attributes) for layer in found):
        raise SourceError(f"{path}: there is no feature in it.")
    return tuple(layer for layer in found if len(layer.attributes))


def _gdal_path(path: Path) -> str:
    """The name by which GDAL opens a source; a KMZ is a zip around one KML."""
    if path.suffix.lower() != ".kmz":
        return str(path)
    kml = [name for name in _checked_names(path) if name.lower().endswith(".kml")]
    if not kml:
        raise SourceError(f"{path}: there is no KML file in it.")
    return f"/vsizip/{path}/{kml[0]}"


def _datasets_in_zip(path: Path) -> list[str]:
    names = _checked_names(path)
    geodatabases = {name[: name.lower().index(".gdb/") + 4] for name in names if ".gdb/" in name.lower()}
    readable = set(SUFFIXES) - {".zip", ".gdb"}
    files = {name for name in names if PurePosixPath(name).suffix.lower() in readable and ".gdb/" not in name.lower()}
    datasets = sorted(geodatabases | files)
    if not datasets:
        raise SourceError(f"{path}: nothing in it can be read; it holds {', '.join(names[:5]) or 'no file'}.")
    return [f"/vsizip/{path}/{name}" for name in datasets]


def _checked_names(path: Path) -> list[str]:
    """The files in an archive, after refusing one that would unpack to far more than it seems."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
    except zipfile.BadZipFile as error:
        raise SourceError(f"{path}: it is not a zip archive or is damaged ({error}).") from error
    unpacked = sum(member.file_size for member in members)
    packed = max(1, path.stat().st_size)
    if (
        len(members) > ZIP_MAX_FILES
        or unpacked > ZIP_MAX_BYTES
        or (unpacked > 1e8 and unpacked / packed > ZIP_MAX_RATIO)
    ):
        raise SourceError(
            f"{path}: it would unpack to {len(members)} files and {unpacked / 1e6:,.0f} MB, more than is accepted; "
            "unpack it and import what is needed."
        )
    if any(".." in PurePosixPath(member.filename).parts for member in members):
        raise SourceError(f"{path}: it holds a file name that leads out of the archive; unpack it and check it.")
    return [member.filename for member in members]


def _read_dataset(gdal_path: str, layers: Sequence[str], encoding: str | None) -> Iterator[SourceLayer]:
    suffix = PurePosixPath(gdal_path).suffix.lower()
    if suffix in {".parquet", ".geoparquet"}:
        yield _read_geoparquet(gdal_path)
        return
    try:
        names = [str(name) for name in pyogrio.list_layers(gdal_path)[:, 0]]
    except (DataSourceError, DataLayerError) as error:
        if suffix in {".geojson", ".json"}:
            yield _read_geojson(gdal_path, str(error))
            return
        raise SourceError(f"{gdal_path}: it cannot be read ({error}).") from error
    for name in _chosen_layers(gdal_path, names, layers):
        yield _read_layer(gdal_path, name if len(names) > 1 else None, encoding)


def _chosen_layers(gdal_path: str, names: list[str], wanted: Sequence[str]) -> list[str]:
    if wanted:
        return [name for name in names if name in wanted]
    suffix = PurePosixPath(gdal_path).suffix.lower()
    if suffix == ".gpx":
        # GDAL shows every track and route a second time as its single points.
        return [name for name in names if name not in {"route_points", "track_points"}]
    if len(names) > 1 and suffix not in ONE_DOCUMENT:
        raise SourceError(f"{gdal_path}: it holds {len(names)} layers ({', '.join(names)}); say which with --layer.")
    return names


def _read_layer(gdal_path: str, name: str | None, encoding: str | None) -> SourceLayer:
    """Read one layer through Arrow; where GDAL fails on it as a whole, feature by feature."""
    reading = _encoding(gdal_path, encoding)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            meta, table = pyogrio.read_arrow(gdal_path, layer=name, encoding=reading.name)
        except (DataSourceError, DataLayerError, pa.ArrowException, OSError, RuntimeError) as error:
            return _read_one_by_one(gdal_path, name, reading.name, str(error))
    column = _geometry_column(table, meta)
    wkb = table.column(column) if column else pa.chunked_array([pa.nulls(len(table), pa.binary())])
    geometries, refused = _from_wkb(wkb)
    return SourceLayer(
        name,
        _attributes(table.drop_columns([column]) if column else table),
        geometries,
        CRS.from_user_input(meta["crs"]) if meta["crs"] else None,
        _texts_as_delivered(gdal_path, refused, len(table)),
        tuple(dict.fromkeys(str(warning.message) for warning in caught)),
        encoding_doubt=reading.doubt,
    )


def _encoding(gdal_path: str, stated: str | None) -> shapefile.Encoding:
    if not gdal_path.lower().endswith(".shp"):
        return shapefile.Encoding(None, None)

    def read(suffix: str) -> bytes | None:
        return _side_file(gdal_path, suffix)

    shapefile.check_complete(read, gdal_path)
    if stated is None:
        return shapefile.find_encoding(read)
    try:
        codecs.lookup(stated)
    except LookupError as error:
        raise SourceError(f"{stated!r} is not an encoding; write for example cp1251 or UTF-8.") from error
    return shapefile.Encoding(stated, None)


def _attributes(table: pa.Table) -> pd.DataFrame:
    """Columns as pandas holds them; bytes that are no UTF-8 are shown as escapes, so that none is lost."""
    for position, column in enumerate(table.column_names):
        values = table.column(column)
        try:
            values.validate(full=True)
        except pa.ArrowInvalid:
            decoded = [None if raw is None else raw.decode("utf-8", "backslashreplace") for raw in _raw_texts(values)]
            table = table.set_column(position, column, pa.array(decoded, pa.string()))
    frame: pd.DataFrame = table.to_pandas()
    return frame


def _raw_texts(values: pa.ChunkedArray) -> list[bytes | None]:
    return list(values.cast(pa.large_binary() if pa.types.is_large_string(values.type) else pa.binary()).to_pylist())


def _geometry_column(table: pa.Table, meta: dict[str, Any]) -> str | None:
    """Arrow marks the geometry column; GDAL leaves its name empty for formats that have only one."""
    for column in table.schema:
        if (column.metadata or {}).get(b"ARROW:extension:name") in {b"geoarrow.wkb", b"ogc.wkb"}:
            return str(column.name)
    return meta["geometry_name"] or ("wkb_geometry" if "wkb_geometry" in table.column_names else None)


def _from_wkb(column: pa.ChunkedArray) -> tuple[Geometries, dict[int, bytes]]:
    """Geometries, and the bytes of those that GEOS cannot hold (unclosed rings, rings of one to three points)."""
    wkb = np.asarray(column.to_pylist(), dtype=object)
    geometries = np.asarray(shapely.from_wkb(wkb, on_invalid="ignore"), dtype=object).reshape(-1)
    lost = [i for i, data in enumerate(wkb) if data is not None and geometries[i] is None]
    return geometries, {index: wkb[index] for index in lost}


def _texts_as_delivered(gdal_path: str, refused: dict[int, bytes], features: int) -> dict[int, str]:
    """The refused geometries as the source wrote them, where it is text; else their WKB."""
    if refused and PurePosixPath(gdal_path).suffix.lower() in {".geojson", ".json"}:
        texts = geometry_texts(_bytes_of(gdal_path), set(refused))
        if texts is not None and features > max(texts, default=0):
            return texts
    return {index: data.hex() for index, data in refused.items()}


def _read_geojson(gdal_path: str, why: str) -> SourceLayer:
    content = read_geojson(_bytes_of(gdal_path), gdal_path)
    return SourceLayer(
        None,
        pd.DataFrame(content.attributes),
        content.geometries,
        CRS.from_epsg(4326),
        content.as_delivered,
        (f"GDAL refused the file ({why}); it was read feature by feature.",),
    )


def _read_one_by_one(gdal_path: str, name: str | None, encoding: str | None, why: str) -> SourceLayer:
    content = featurewise.read(gdal_path, name, encoding)
    if content is None:
        raise SourceError(f"{gdal_path}: it cannot be read ({why}).")
    note = f"GDAL could not read the layer as a whole ({why}); it was read feature by feature."
    return SourceLayer(
        name,
        pd.DataFrame(content.attributes),
        content.geometries,
        CRS.from_user_input(content.crs) if content.crs else None,
        notes=(note,),
        unreadable=content.unreadable,
    )


def _read_geoparquet(gdal_path: str) -> SourceLayer:
    """GeoParquet through pyarrow; the wheels' GDAL has no Parquet driver."""
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(pa.BufferReader(_bytes_of(gdal_path)))
        meta = json.loads((table.schema.metadata or {}).get(b"geo", b"{}"))
    except (pa.ArrowException, ValueError) as error:
        raise SourceError(f"{gdal_path}: it cannot be read ({error}).") from error
    column = meta.get("primary_column")
    if column not in table.column_names:
        raise SourceError(f"{gdal_path}: it is Parquet but not GeoParquet; it names no geometry column.")
    described = meta["columns"][column]
    if described.get("encoding") != "WKB":
        raise SourceError(f"{gdal_path}: its geometry is encoded as {described.get('encoding')}; write it as WKB.")
    # GeoParquet 1.1: a missing key means OGC:CRS84, an explicit null means unknown.
    stated = described.get("crs", "OGC:CRS84")
    crs = CRS.from_user_input(stated) if stated is not None else None
    geometries, refused = _from_wkb(table.column(column))
    attributes = table.drop_columns([column]).to_pandas()
    return SourceLayer(None, attributes, geometries, crs, {i: data.hex() for i, data in refused.items()})


def _bytes_of(gdal_path: str) -> bytes:
    """Content of a file that may lie in a zip."""
    if not gdal_path.startswith("/vsizip/"):
        return Path(gdal_path).read_bytes()
    archive, inner = _split_vsizip(gdal_path)
    with zipfile.ZipFile(archive) as opened:
        return opened.read(inner)


def _side_file(gdal_path: str, suffix: str) -> bytes | None:
    """Content of the file beside a shapefile with the given suffix, whatever its case; None where there is none."""
    stem = gdal_path[: -len(".shp")]
    if not gdal_path.startswith("/vsizip/"):
        beside = [
            other for other in Path(gdal_path).parent.iterdir() if str(other).lower() == f"{stem}{suffix}".lower()
        ]
        return beside[0].read_bytes() if beside else None
    archive, inner = _split_vsizip(f"{stem}{suffix}")
    with zipfile.ZipFile(archive) as opened:
        inside = [name for name in opened.namelist() if name.lower() == inner.lower()]
        return opened.read(inside[0]) if inside else None


def _split_vsizip(gdal_path: str) -> tuple[str, str]:
    path = gdal_path.removeprefix("/vsizip/")
    end = path.lower().index(".zip/") + len(".zip")
    return path[:end], path[end + 1 :]
