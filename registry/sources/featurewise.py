"""Reading a layer feature by feature, for files on which GDAL fails as a whole.

Fiona does it where it is installed; it has no wheels for Python 3.14 and later, and there pyogrio's raw reader does the
same. This is the only place that knows Fiona.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from registry.geometry import Geometries

_Read = tuple[dict[str, Any], shapely.Geometry | None, str | None]
"""Attributes, geometry, and the text of a geometry that GEOS cannot hold."""


@dataclass(frozen=True)
class Features:
    """What could be read. A feature that could not has no attributes, no geometry, and a reason in ``unreadable``.

    ``as_delivered`` holds the geometries that GEOS cannot hold, as GeoJSON or WKB in hexadecimal.
    """

    attributes: list[dict[str, Any]]
    geometries: Geometries
    crs: str | None
    as_delivered: dict[int, str]
    unreadable: dict[int, str]


def read(gdal_path: str, layer: str | None, encoding: str | None) -> Features | None:
    """Read the features of a layer one by one.

    Returns
    -------
    features
        As many as the file says it holds; None where it cannot be opened at all.
    """
    try:
        info = pyogrio.read_info(gdal_path, layer=layer, encoding=encoding, force_feature_count=True)
    except (DataSourceError, DataLayerError):
        return None
    total = int(info["features"])
    attributes: list[dict[str, Any]] = [{} for _ in range(total)]
    geometries = np.full(total, None, dtype=object)
    as_delivered = {}
    unreadable = {}
    for index, feature in enumerate(_features(gdal_path, layer, encoding, total)):
        if isinstance(feature, str):
            unreadable[index] = feature
            continue
        attributes[index], geometries[index], text = feature
        if text is not None:
            as_delivered[index] = text
    return Features(attributes, geometries, info["crs"], as_delivered, unreadable)


def _features(gdal_path: str, layer: str | None, encoding: str | None, total: int) -> Iterator[_Read | str]:
    """Exactly ``total`` features, or for each the reason why it could not be read."""
    try:
        import fiona
    except ImportError:
        yield from _with_pyogrio(gdal_path, layer, encoding, total)
        return
    with fiona.open(gdal_path, layer=layer, encoding=encoding, allow_unsupported_drivers=True) as collection:
        found = iter(collection)
        for _ in range(total):
            try:
                feature = next(found)
                yield dict(feature.properties), *_from_geojson(feature.geometry)
            except StopIteration:
                yield "the file ends before this feature"
            except (fiona.errors.FionaError, ValueError) as error:
                yield str(error)


def _from_geojson(geometry: Any) -> tuple[shapely.Geometry | None, str | None]:
    """A geometry as Fiona gives it. Shapely's own constructors would close a ring without a word."""
    if geometry is None:
        return None, None
    text = json.dumps(geometry.__geo_interface__)
    try:
        return shapely.from_geojson(text), None
    except shapely.GEOSException:
        return None, text


def _with_pyogrio(gdal_path: str, layer: str | None, encoding: str | None, total: int) -> Iterator[_Read | str]:
    for index in range(total):
        try:
            meta, _, wkb, columns = pyogrio.raw.read(
                gdal_path, layer=layer, encoding=encoding, skip_features=index, max_features=1
            )
            attributes = {name: column[0] for name, column in zip(meta["fields"], columns, strict=True)}
            data = None if wkb is None else wkb[0]
            geometry = shapely.from_wkb(data, on_invalid="ignore")
            yield attributes, geometry, data.hex() if data is not None and geometry is None else None
        except IndexError:
            yield "the file ends before this feature"
        # A feature that cannot be skipped over is a ValueError.
        except (DataSourceError, DataLayerError, OSError, RuntimeError, ValueError) as error:
            yield str(error)
