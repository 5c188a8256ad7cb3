"""Any vector layer as a backdrop: lines and points beneath the evidence, with nothing but the name of their file."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely

from maps.encode import encode_geometry, encode_lines, pack, pack_table
from maps.layers import LayerBlock
from registry.errors import SourceError
from registry.geometry import Geometries, to_wgs84
from registry.sources.vector import SourceLayer, files_of, read_source

LOOK = "backdrop"
MOST_BYTES = 6_000_000
"""Of one backdrop in the page; the evidence needs the room."""

_AREAS = [shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON]
_LINES = [shapely.GeometryType.LINESTRING, shapely.GeometryType.LINEARRING, shapely.GeometryType.MULTILINESTRING]
_POINTS = [shapely.GeometryType.POINT, shapely.GeometryType.MULTIPOINT]


@dataclass(frozen=True)
class Backdrop:
    """A backdrop as the page reads layers: of lines, of points, or both; ``not_drawn`` counts the features lost."""

    name: str
    blocks: tuple[LayerBlock, ...]
    not_drawn: int

    @property
    def count(self) -> int:
        """Features drawn."""
        return sum(block.count for block in self.blocks)


def read_backdrop(path: Path) -> Backdrop:
    """Read a file that GDAL reads, and keep of it what is drawn: outlines, lines and points.

    Parameters
    ----------
    path
        A file with one layer, or a zip of files; each layer must state its CRS.

    Raises
    ------
    SourceError
        If it cannot be read, does not state its CRS, has positions that are none, holds nothing to draw, or is too
        large for a page.
    """
    files_of(path)  # says in a sentence what is not there or not read
    geometries, lost = [], 0
    for layer in read_source(path):
        geometries.append(_on_wgs84(layer, path))
        lost += len(layer.as_delivered) + len(layer.unreadable)
    drawn = np.concatenate(geometries)
    blocks = tuple(_blocks(drawn))
    if not blocks:
        raise SourceError(f"{path}: it holds nothing that can be drawn as a backdrop; name a file of lines or areas.")
    size = sum(block.size for block in blocks)
    if size > MOST_BYTES:
        raise SourceError(
            f"{path}: as a backdrop it would take {size / 1e6:.0f} MB of the page, and {MOST_BYTES / 1e6:.0f} are "
            "allowed; simplify it, or cut it to the land of the maps."
        )
    return Backdrop(path.name, blocks, lost)


def _on_wgs84(layer: SourceLayer, path: Path) -> Geometries:
    """The geometries that are there, in degrees; collections are taken apart."""
    there: Geometries = layer.geometries[~(shapely.is_missing(layer.geometries) | shapely.is_empty(layer.geometries))]
    if not len(there):
        return there
    if layer.crs is None:
        raise SourceError(
            f"{path}: it does not say its CRS, so nobody knows where it lies; save it with its CRS and name it again."
        )
    lonlat = to_wgs84(there, layer.crs).geometries
    bounds = shapely.bounds(lonlat)
    if not (np.abs(bounds) <= (180.0, 90.0, 180.0, 90.0)).all():
        raise SourceError(
            f"{path}: it holds positions that are none on the globe, so its CRS is not the one it states; correct it."
        )
    return lonlat


def _blocks(geometries: Geometries) -> Iterator[LayerBlock]:
    parts = shapely.get_parts(geometries)
    while np.isin(shapely.get_type_id(parts), shapely.GeometryType.GEOMETRYCOLLECTION).any():
        parts = shapely.get_parts(parts)
    kinds = shapely.get_type_id(parts)
    outlines = shapely.boundary(parts[np.isin(kinds, _AREAS)])
    lines = np.concatenate([shapely.get_parts(outlines), parts[np.isin(kinds, _LINES)]])
    points = parts[np.isin(kinds, _POINTS)]
    if len(lines):
        yield _block(len(lines), *encode_lines(lines))
    if len(points):
        yield _block(len(points), *encode_geometry(points))


def _block(count: int, geometry: dict[str, object], sections: list[bytes]) -> LayerBlock:
    # It has no table: nothing of it is listed, found or clicked on.
    header = {**geometry, "kind": LOOK, "name": "", "batch": [["", ""]], "given": None, "looks": [LOOK]}
    shapes = pack(header, [bytes(count), bytes(count), b"", *sections])
    return LayerBlock(count, frozenset({LOOK}), shapes, pack_table([]))
