"""Plain geopandas: which events lie inside, how far the others are, in which district, and the area mapped."""

import json
import sys

import geopandas

EQUAL_AREA = "EPSG:3035"  # of Europe

records, events, districts = (geopandas.read_file(path).to_crs(EQUAL_AREA) for path in sys.argv[1:])
records = records[records.geometry.notna() & ~records.geometry.is_empty]
inside = geopandas.sjoin(events, records, predicate="intersects").index.unique()
nearest = geopandas.sjoin_nearest(events, records, distance_col="distance_m")
distance_m = nearest.groupby(nearest.index)["distance_m"].min()
in_districts = geopandas.sjoin(events, districts, predicate="intersects").groupby("shapeName").size()
result = {
    "total": len(events),
    "inside": len(inside),
    "within_m": {str(limit): int((distance_m <= limit).sum()) for limit in (0, 25, 50, 100, 250, 500, 1000)},
    "median_distance_m": float(distance_m.median()),
    "by_district": in_districts.sort_values(ascending=False).to_dict(),
    "sum_m2": float(records.area.sum()),
    "union_m2": float(records.union_all().area),
}
print(json.dumps(result))
