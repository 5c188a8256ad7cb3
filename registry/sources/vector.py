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
from pyproj.exceptions import CRSError

from registry.errors import SourceError
from registry.geometry import Geometries
from registry.sources import featurewise, shapefile, tables
from registry.sources.archive import DAMAGED, checked_names
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

# A paper record that somebody typed in.
PAPER_SUFFIXES = {".toml": "application/toml"}

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

# How each kind of file begins. GDAL goes by content, not by name, and some of what it opens names other files and
# addresses, which it then reads.
_BEGINNINGS = {
    ".gpkg": b"SQLite format 3\0",
    ".shp": b"\0\0\x27\x0a",
    ".fgb": b"fgb",
    ".geojson": b"{",
    ".json": b"{",
    ".kml": b"<",
    ".gpx": b"<",
}
_POINTS_ELSEWHERE = (b"<OGR", b"gdal_streamed_alg")
# GML names its schema, which GDAL fetches, and GDAL writes a file beside it.
_GML = b"opengis.net/gml"
_HEAD_BYTES = 65_536

# GeoPackage's words for a CRS that nobody stated.
_UNDEFINED = {"Undefined Cartesian SRS", "Undefined geographic SRS"}


@dataclass(frozen=True)
class SourceLayer:
    """One layer of one source, as read.

    Attributes
    ----------
    name
        Name of the layer inside the source; None where the source has only one and nobody named it.
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


def is_paper(path: Path) -> bool:
    """Whether a source is read as a paper record."""
    return path.suffix.lower() in PAPER_SUFFIXES


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
    suffix, media = path.suffix.lower(), {**SUFFIXES, **tables.SUFFIXES, **PAPER_SUFFIXES}
    if suffix not in media:
        known = ", ".join(sorted(media))
        raise SourceError(f"{path}: files of this kind are not read; convert it to one of {known}.")
    if path.is_dir():
        if suffix != ".gdb":
            raise SourceError(f"{path} is a folder; name the files in it.")
        return tuple((inner, SUFFIXES[".gdb"]) for inner in sorted(path.iterdir()) if inner.is_file())
    if suffix != ".shp":
        return ((path, media[suffix]),)
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
    datasets = _datasets_in_zip(path) if path.suffix.lower() == ".zip" else [_gdal_path(path)]
    try:
        found = [layer for dataset in datasets for layer in _read_dataset(dataset, layers, encoding)]
    except UnicodeDecodeError as error:
        # Values that are no UTF-8 are kept as they are; a column must have a name.
        raise SourceError(
            f"{path}: the name of a layer or column in it is not text in UTF-8 ({error}); save it as UTF-8 again."
        ) from error
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
    kml = [name for name in checked_names(path) if name.lower().endswith(".kml")]
    if not kml:
        raise SourceError(f"{path}: there is no KML file in it.")
    return f"/vsizip/{path}/{kml[0]}"


def _datasets_in_zip(path: Path) -> list[str]:
    names = checked_names(path)
    geodatabases = {name[: name.lower().index(".gdb/") + 4] for name in names if ".gdb/" in name.lower()}
    readable = set(SUFFIXES) - {".zip", ".gdb"}
    files = {name for name in names if PurePosixPath(name).suffix.lower() in readable and ".gdb/" not in name.lower()}
    # A Mac puts a shadow of each file beside it.
    shadows = {name for name in files if PurePosixPath(name).name.startswith("._")}
    datasets = sorted(geodatabases | files - shadows)
    if not datasets:
        raise SourceError(f"{path}: nothing in it can be read; it holds {', '.join(names[:5]) or 'no file'}.")
    return [f"/vsizip/{path}/{name}" for name in datasets]


def _read_dataset(gdal_path: str, layers: Sequence[str], encoding: str | None) -> Iterator[SourceLayer]:
    suffix = PurePosixPath(gdal_path).suffix.lower()
    if suffix in {".parquet", ".geoparquet"}:
        yield _read_geoparquet(gdal_path)
        return
    _check_content(gdal_path, suffix)
    try:
        # What GDAL warns of here it says again when it reads the layer.
        with warnings.catch_warnings(action="ignore"):
            names = [str(name) for name in pyogrio.list_layers(gdal_path)[:, 0]]
    except (DataSourceError, DataLayerError) as error:
        if suffix in {".geojson", ".json"}:
            yield _read_geojson(gdal_path, str(error))
            return
        raise SourceError(f"{gdal_path}: it cannot be read ({error}).") from error
    for name in _chosen_layers(gdal_path, names, layers):
        yield _read_layer(gdal_path, name if layers or len(names) > 1 else None, encoding)


def _check_content(gdal_path: str, suffix: str) -> None:
    """Refuse a file that is not what its name says before GDAL opens it."""
    if suffix not in _BEGINNINGS:
        return
    head = _bytes_of(gdal_path, _HEAD_BYTES)
    written = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if written and not written.startswith(_BEGINNINGS[suffix]):
        raise SourceError(f"{gdal_path}: its content is not that of a {suffix} file; ask what it is.")
    if any(words in head for words in _POINTS_ELSEWHERE) or (suffix in {".kml", ".gpx"} and _GML in head):
        raise SourceError(f"{gdal_path}: it names other sources to read; ask for those themselves.")


def _chosen_layers(gdal_path: str, names: list[str], wanted: Sequence[str]) -> list[str]:
    if wanted:
        return [name for name in names if name in wanted]
    suffix = PurePosixPath(gdal_path).suffix.lower()
    if suffix == ".gpx":
        # GDAL shows every track and route a second time as its single points.
        return [name for name in names if name not in {"route_points", "track_points"}]
    if suffix == ".gpkg":
        # Where QGIS keeps how the other layers look.
        names = [name for name in names if name != "layer_styles"] or names
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
    notes = list(dict.fromkeys(str(warning.message) for warning in caught))
    column = _geometry_column(table, meta)
    wkb = table.column(column) if column else pa.chunked_array([pa.nulls(len(table), pa.binary())])
    try:
        geometries, refused = _from_wkb(wkb)
    except NotImplementedError:
        _, _, without_arcs, _ = pyogrio.raw.read(gdal_path, layer=name, columns=[])
        geometries, refused = _from_wkb(pa.chunked_array([pa.array(without_arcs, pa.binary())]))
        notes.append("Arcs were drawn as many short lines.")
    return SourceLayer(
        name,
        _attributes(table.drop_columns([column]) if column else table),
        geometries,
        _stated_crs(meta["crs"], gdal_path),
        _texts_as_delivered(gdal_path, refused, len(table)),
        tuple(notes),
        encoding_doubt=reading.doubt,
    )


def _stated_crs(described: Any, gdal_path: str) -> CRS | None:
    try:
        crs = CRS.from_user_input(described) if described else None
    except CRSError as error:
        raise SourceError(f"{gdal_path}: PROJ does not understand the CRS it states ({error}).") from error
    return None if crs is None or crs.name in _UNDEFINED else crs


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
    table = table.rename_columns(_distinct(table.column_names))
    for position, column in enumerate(table.column_names):
        values = table.column(position)
        try:
            values.validate(full=True)
        except pa.ArrowInvalid:
            decoded = [None if raw is None else raw.decode("utf-8", "backslashreplace") for raw in _raw_texts(values)]
            table = table.set_column(position, column, pa.array(decoded, pa.string()))
    # Whole numbers with gaps would become fractions, which do not hold every whole number.
    frame: pd.DataFrame = table.to_pandas(integer_object_nulls=True)
    return frame


def _distinct(names: Sequence[str]) -> list[str]:
    """Column names with a number behind those that stand there a second time, as old tables have them."""
    result: list[str] = []
    for name in names:
        number, chosen = 1, name
        while chosen in result or (number > 1 and chosen in names):
            number += 1
            chosen = f"{name}_{number}"
        result.append(chosen)
    return result


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
        texts = geometry_texts(_bytes_of(gdal_path), set(refused), features)
        if texts is not None:
            return texts
    return {index: data.hex() for index, data in refused.items()}


def _read_geojson(gdal_path: str, why: str) -> SourceLayer:
    content = read_geojson(_bytes_of(gdal_path), gdal_path)
    return SourceLayer(
        None,
        pd.DataFrame(content.attributes, dtype=object),
        content.geometries,
        _stated_crs(content.crs, gdal_path),
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
        pd.DataFrame(content.attributes, dtype=object),
        content.geometries,
        _stated_crs(content.crs, gdal_path),
        content.as_delivered,
        (note,),
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
    try:
        column = meta["primary_column"]
        described = dict(meta["columns"][column])
        binary = table.column(column).cast(pa.binary())
    except (KeyError, TypeError, ValueError, pa.ArrowException) as error:
        raise SourceError(f"{gdal_path}: it is Parquet but not GeoParquet; it names no geometry column.") from error
    if described.get("encoding") != "WKB":
        raise SourceError(f"{gdal_path}: its geometry is encoded as {described.get('encoding')}; write it as WKB.")
    # GeoParquet 1.1: a missing key means OGC:CRS84, an explicit null means unknown.
    crs = _stated_crs(described.get("crs", "OGC:CRS84"), gdal_path)
    geometries, refused = _from_wkb(binary)
    attributes = _attributes(table.drop_columns([column]))
    return SourceLayer(None, attributes, geometries, crs, {i: data.hex() for i, data in refused.items()})


def _bytes_of(gdal_path: str, first: int = -1) -> bytes:
    """Content of a file that may lie in a zip, all of it or the first bytes."""
    if not gdal_path.startswith("/vsizip/"):
        with Path(gdal_path).open("rb") as file:
            return file.read(first)
    archive, inner = _split_vsizip(gdal_path)
    return _bytes_in_zip(archive, inner, first)


def _bytes_in_zip(archive: str, inner: str, first: int = -1) -> bytes:
    try:
        with zipfile.ZipFile(archive) as opened, opened.open(inner) as file:
            return file.read(first)
    except DAMAGED as error:
        raise SourceError(f"{archive}: {inner} in it is damaged or encrypted ({error}); unpack it yourself.") from error


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
    return _bytes_in_zip(archive, inside[0]) if inside else None


def _split_vsizip(gdal_path: str) -> tuple[str, str]:
    """The archive, which is the one part of the path that is a file, and the name inside it."""
    path = gdal_path.removeprefix("/vsizip/")
    archive = next(str(parent) for parent in Path(path).parents if parent.is_file())
    return archive, path[len(archive) + 1 :]
