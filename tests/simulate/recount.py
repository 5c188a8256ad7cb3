"""The tables of a world measured again, on a plane of our own."""

import geopandas
import shapely

from registry.simulate.options import WorldOptions

SMALL = WorldOptions(fields=60, mines=6_000, events=30)


def on_plane(frame: geopandas.GeoDataFrame) -> geopandas.GeoSeries:
    return frame.geometry.to_crs("+proj=laea +lat_0=-20.1 +lon_0=-20.1 +datum=WGS84")


def seen(records: geopandas.GeoDataFrame) -> geopandas.GeoSeries:
    """What a reader of the maps sees."""
    shapes = on_plane(records[records.geometry.notna()])
    return shapes.make_valid(method="linework")


def overlaps(shapes: geopandas.GeoSeries) -> int:
    first, second = shapely.STRtree(shapes.array).query(shapes.array, predicate="overlaps")
    return int((first < second).sum())
