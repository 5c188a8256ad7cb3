# ruff: noqa: RUF001 (words of several scripts)
"""One batch handed over in five forms: each gives the same polygons, as exactly as it states."""

import csv
import json
import warnings

import numpy as np
import openpyxl
import pyogrio
import pytest
import shapely
from geopandas import GeoDataFrame
from pyproj import Geod, Transformer

from registry.geometry import WGS84, local_equal_area, project
from registry.importer import ImportOptions, import_batch, rebuild
from registry.model import Handover, Kind
from registry.sources.profile import parse_profile

# In the Caspian Sea, where SK-42 was in use. SYNTHETIC.
FIELDS = {
    "Ф-1": [(50.600123, 41.000456), (50.603987, 41.000789), (50.603456, 41.003123), (50.600321, 41.002987)],
    "Ф-2": [(50.612345, 41.012345), (50.616789, 41.011987), (50.615123, 41.014876)],
    "Ф-3": [(50.621111, 41.001234), (50.626543, 41.002345), (50.627654, 41.006543), (50.622222, 41.005432)],
}
AREAS = np.array([shapely.Polygon(corners) for corners in FIELDS.values()], dtype=object)
PLANE = local_equal_area((50.61, 41.0, 50.62, 41.01))
START = 'format = 1\nkind = "minefields"\nchecked = true\n'
GEOD = Geod(ellps="WGS84")
EXACT_M = 0.01
# A reference point some way off each field, read off a GNSS receiver.
REFERENCE, REFERENCE_SIGMA_M = (50.598, 40.999), 5.0


def profile_of(text):
    return parse_profile((START + text).encode(), "p.toml")


def as_shapefile(folder):
    """In cp1251, without the .cpg that would say so."""
    path = folder / "поля.shp"
    frame = GeoDataFrame({"НОМЕР": list(FIELDS)}, geometry=AREAS, crs=4326)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pyogrio.write_dataframe(frame, path, encoding="cp1251")
    path.with_suffix(".cpg").unlink()
    return [path], {"encoding": "cp1251", "field_map": {"record_id": "НОМЕР"}}


def as_kml(folder):
    frame = GeoDataFrame({"Name": list(FIELDS)}, geometry=AREAS, crs=4326)
    pyogrio.write_dataframe(frame, folder / "fields.kml", driver="KML")
    return [folder / "fields.kml"], {"field_map": {"record_id": "Name"}}


def as_workbook(folder):
    """A row for each corner, in degrees, minutes and seconds to a tenth."""
    book = openpyxl.Workbook()
    book.active.append(["Поле", "Угол", "Широта", "Долгота"])
    for name, corners in FIELDS.items():
        for number, (x, y) in enumerate(corners, start=1):
            book.active.append([name, number, f"{dms(y)} с.ш.", f"{dms(x)} в.д."])
    book.save(folder / "fields.xlsx")
    profile = profile_of(
        '[geometry]\nnorth = "Широта"\neast = "Долгота"\ncrs = "EPSG:4326"\n'
        'group = "Поле"\ncorner = "Угол"\njoined = "polygon"\n[fields.record_id]\ncolumn = "Поле"\n'
    )
    return [folder / "fields.xlsx"], {"profile": profile}


def as_gauss_krueger(folder):
    """SK-42 in whole metres, X northing first, the zone's digit before Y."""
    to_grid = Transformer.from_crs(4326, 28409, always_xy=True)
    with (folder / "sk42.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("Поле", "Углы"))
        for name, corners in FIELDS.items():
            metres = [to_grid.transform(x, y) for x, y in corners]
            rows.writerow((name, "; ".join(f"{north:.0f} {east:.0f}" for east, north in metres)))
    profile = profile_of(
        '[geometry]\ncolumn = "Углы"\ncrs = "EPSG:4284"\nnotation = "GAUSS_KRUEGER"\norder = "north first"\n'
        '[fields.record_id]\ncolumn = "Поле"\n'
    )
    return [folder / "sk42.csv"], {"profile": profile}


def as_paper(folder):
    """A form for each field: 6000 divisions from true north, metres to a tenth, from a reference point."""
    sources = []
    for number, (name, corners) in enumerate(FIELDS.items(), start=1):
        chain = [REFERENCE, *corners, corners[0]]
        points = ["S", *(f"T{index}" for index in range(1, len(corners))), "C"]
        lines = [
            f'record_id = {json.dumps(name)}\nangle_unit = "divisions-6000"\nnorth = "true"\n',
            f'[[points]]\nto = "RP"\nposition = "N {REFERENCE[1]} E {REFERENCE[0]}"\nsigma_m = {REFERENCE_SIGMA_M}\n',
        ]
        for point, (x, y), (to_x, to_y) in zip(points, chain, chain[1:], strict=False):
            azimuth, _, length = GEOD.inv(x, y, to_x, to_y)
            divisions = round(azimuth % 360 / 360 * 6000) % 6000
            angle = f"{divisions // 100}-{divisions % 100:02d}"
            lines.append(f'[[legs]]\nto = "{point}"\nangle = "{angle}"\ndistance = {length:.1f}\n')
        path = folder / f"form-{number}.toml"
        path.write_text("".join(lines), encoding="utf-8")
        sources.append(path)
    return sources, {"crs": "EPSG:4326"}


def dms(degrees):
    tenths = round(degrees * 36_000)
    return f"{tenths // 36_000}°{tenths // 600 % 60:02d}'{tenths % 600 // 10:02d},{tenths % 10}\""


@pytest.mark.parametrize("form", [as_shapefile, as_kml, as_workbook, as_gauss_krueger, as_paper])
def test_the_same_polygons_within_the_stated_error(empty, tmp_path, form):
    sources, options = form(tmp_path)
    report = import_batch(empty, sources, Kind.MINEFIELDS, Handover("five", "A batch"), ImportOptions(**options))
    assert (report.counts.received, report.counts.plotted, report.counts.repaired) == (3, 3, 0)
    layer = empty.layer("five", Kind.MINEFIELDS)
    rows = empty.read(layer)
    assert rows["record_id"].tolist() == list(FIELDS)
    ours, theirs = (project(each, WGS84, PLANE) for each in (rows.geometry.to_numpy(), AREAS))
    assert shapely.get_num_coordinates(ours).tolist() == shapely.get_num_coordinates(theirs).tolist()
    apart_m = shapely.hausdorff_distance(ours, theirs)
    if form in {as_shapefile, as_kml}:
        assert apart_m.max() < EXACT_M
        assert rows["sigma_m"].isna().all()
    else:
        sigma_m = rows["sigma_m"].to_numpy(float)
        assert (apart_m <= np.sqrt(6) * sigma_m + EXACT_M).all()
        # 1.5 % of 3.4 km of legs, though these were measured far better than that.
        assert sigma_m.max() < (55 if form is as_paper else 1)
        assert apart_m.max() < 4
    assert rebuild(empty, layer) == layer.content_sha256


def test_a_corner_out_of_place_would_be_seen(empty, tmp_path):
    """The bound is one that a misplaced corner breaks: 20 m is far more than a tenth of a second states."""
    _, options = as_workbook(tmp_path)
    book = openpyxl.load_workbook(tmp_path / "fields.xlsx")
    book.active["C2"] = f"{dms(FIELDS['Ф-1'][0][1] + 20 / 111_000)} с.ш."
    book.save(tmp_path / "moved.xlsx")
    import_batch(
        empty, [tmp_path / "moved.xlsx"], Kind.MINEFIELDS, Handover("six", "A batch"), ImportOptions(**options)
    )
    row = empty.read(empty.layer("six", Kind.MINEFIELDS)).iloc[0]
    moved, drawn = project(np.array([row.geometry, AREAS[0]], dtype=object), WGS84, PLANE)
    assert shapely.hausdorff_distance(moved, drawn) > np.sqrt(6) * row["sigma_m"] + EXACT_M
