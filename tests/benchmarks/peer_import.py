"""Plain geopandas: read a file, repair what is invalid, write a GeoPackage."""

import sys

import geopandas

source, target = sys.argv[1:]
frame = geopandas.read_file(source)
invalid = ~frame.geometry.is_valid & frame.geometry.notna()
frame.loc[invalid, "geometry"] = frame.geometry[invalid].make_valid()
frame.to_file(target, driver="GPKG")
