"""Reading a layer feature by feature, for files on which GDAL fails as a whole.

Fiona does it where it is installed; it has no wheels for Python 3.14 and later, and there pyogrio's raw reader does the
same. This is the only place that knows Fiona.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from registry.geometry import Geometries

_Read = tuple[dict[str, Any], shapely.Geometry | None]


@dataclass(frozen=True)
class Features:
    """What could be read. A feature that could not has no attributes, no geometry, and a reason in ``unreadable``."""

    attributes: list[dict[str, Any]]
    geometries: Geometries
    crs: str | None
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
    unreadable = {}
    for index, feature in enumerate(_features(gdal_path, layer, encoding, total)):
        if isinstance(feature, str):
            unreadable[index] = feature
        else:
            attributes[index], geometries[index] = feature
    return Features(attributes, geometries, info["crs"], unreadable)


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
                geometry = shapely.geometry.shape(feature.geometry) if feature.geometry is not None else None
                yield dict(feature.properties), geometry
            except StopIteration:
                yield "the file ends before this feature"
            except (fiona.errors.FionaError, shapely.GEOSException, ValueError) as error:
                yield str(error)


def _with_pyogrio(gdal_path: str, layer: str | None, encoding: str | None, total: int) -> Iterator[_Read | str]:
    for index in range(total):
        try:
            meta, _, wkb, columns = pyogrio.raw.read(
                gdal_path, layer=layer, encoding=encoding, skip_features=index, max_features=1
            )
            attributes = {name: column[0] for name, column in zip(meta["fields"], columns, strict=True)}
            yield attributes, shapely.from_wkb(wkb[0])
        except IndexError:
            yield "the file ends before this feature"
        except (DataSourceError, DataLayerError, shapely.GEOSException, OSError, RuntimeError) as error:
            yield str(error)
