"""Plain geopandas: read a file, bring it to WGS 84, write a GeoPackage."""

import sys

import geopandas

source, target = sys.argv[1:]
geopandas.read_file(source).to_crs(4326).to_file(target, driver="GPKG")
