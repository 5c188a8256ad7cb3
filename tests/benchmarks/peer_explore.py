"""Plain geopandas: records of several batches, events and districts on one page with `explore`."""

import sys

import folium
import geopandas

*records, events, districts, page = sys.argv[1:]
web_map = geopandas.read_file(districts).explore(name="Districts", color="grey")
for number, path in enumerate(records):
    geopandas.read_file(path).explore(m=web_map, name=f"Records {number}", color="red")
geopandas.read_file(events).explore(m=web_map, name="Events", color="black")
folium.LayerControl().add_to(web_map)
web_map.save(page)
