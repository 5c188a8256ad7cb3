"""The tables of a world, on WGS 84: what its fields, records and accidents look like to a reader."""

from typing import Any

import geopandas
import numpy as np
import pandas as pd
import shapely

from registry.geometry import WGS84, Geometries, project
from registry.simulate.events import Circumstances, Events
from registry.simulate.grid import (
    DISTRICTS_ACROSS,
    DISTRICTS_DOWN,
    HEIGHT_M,
    PLANE,
    WIDTH_M,
    Floats,
    Integers,
    district_of,
    sheet_at,
)
from registry.simulate.land import Fields
from registry.simulate.options import WorldOptions
from registry.simulate.records import Records
from registry.simulate.survey import Survey

GPS_AT_MOST_M = 10.0  # a stated error above this means the position was read off a map
DEVICE_CLASSES = ("ap", "av", "other")
DEVICE_CATEGORIES = ("AP_MINE", "AV_MINE", "UNKNOWN")
FOUND_CATEGORIES = ("AP_MINE", "AV_MINE", "IMPROVISED_MINE")  # who finds a mine sees what it is


def true_areas_frame(fields: Fields, records: Records) -> geopandas.GeoDataFrame:
    """Fields as laid, as in ``World.true_areas``."""
    rows = np.arange(len(fields.line))
    columns = {
        "field_id": _numbered("SYN-F", rows),
        **_laid_columns(fields, rows),
        **_mine_columns(fields.mines),
        "mines": fields.total_mines,
        "lifted": fields.lifted,
        "recorded": np.isin(rows, records.field),
    }
    return _frame(columns, fields.shapes)


def records_frame(options: WorldOptions, fields: Fields, records: Records) -> geopandas.GeoDataFrame:
    """Minefield records as handed over, as in ``World.records``."""
    columns = {
        "record_id": _numbered("SYN-R", records.field),
        "batch_id": [options.batches[batch].batch_id for batch in records.batch],
        "handed_over_on": _days([options.batches[batch].handed_over_on for batch in records.batch]),
        **_laid_columns(fields, records.field),
        **_mine_columns(records.mines),
        "mines_total_stated": records.mines.sum(axis=1),
        "sigma_m": options.record_sigma_m,
        "field_id": _numbered("SYN-F", records.field),
        "defect": records.defect,
    }
    return _frame(columns, records.shapes)


def events_frame(events: Events, circumstances: Circumstances) -> geopandas.GeoDataFrame:
    """Accidents at their recorded position, as in ``World.events``."""
    columns = {
        "accident_id": _numbered("SYN-E", np.arange(len(events.field))),
        "occurred_on": _days(circumstances.occurred_on),
        **_place_columns(events.recorded),
        "location_method": np.where(events.sigma_m <= GPS_AT_MOST_M, "GPS", "MAP"),
        "sigma_m": events.sigma_m,
        "device_category": np.array(DEVICE_CATEGORIES)[circumstances.device],
        "accident_type": "MINE",
        "killed": circumstances.killed,
        "injured": circumstances.injured,
        "victims_by_role": circumstances.victims_by_role,
        "source": "SYNTHETIC",
        "true_position": project(shapely.points(events.true), PLANE, WGS84),
        "field_id": [f"SYN-F-{field + 1:04d}" if field >= 0 else "" for field in events.field],
        "outside": events.outside,
    }
    return _frame(columns, shapely.points(events.recorded))


def released_frame(survey: Survey) -> geopandas.GeoDataFrame:
    """Land released as cleared, as in ``World.released``."""
    middles = shapely.get_coordinates(shapely.point_on_surface(survey.shapes))
    rows = np.arange(len(survey.shapes))
    columns = {
        "record_id": _numbered("SYN-C", rows),
        "name": [f"SYNTHETIC cleared land {row + 1:03d}" for row in rows],
        **_place_columns(middles),
        "release_type": "CLEARED",
        "released_on": _days(survey.released_on),
        "released_by": "SYNTHETIC team",
    }
    return _frame(columns, survey.shapes)


def devices_frame(survey: Survey) -> geopandas.GeoDataFrame:
    """Mines found, as in ``World.devices``."""
    columns = {
        "record_id": _numbered("SYN-M", np.arange(len(survey.field))),
        **_place_columns(survey.found_at),
        "device_category": np.array(FOUND_CATEGORIES)[survey.device],
        "quantity": survey.quantity,
        "found_on": _days(survey.found_on),
        "found_by": "SYNTHETIC team",
        "field_id": _numbered("SYN-F", survey.field),
    }
    return _frame(columns, shapely.points(survey.found_at))


def districts_frame() -> geopandas.GeoDataFrame:
    """The districts: cells of one grid, row by row from the south-west."""
    number = np.arange(DISTRICTS_ACROSS * DISTRICTS_DOWN)
    row, column = np.divmod(number, DISTRICTS_ACROSS)
    width_m, height_m = WIDTH_M / DISTRICTS_ACROSS, HEIGHT_M / DISTRICTS_DOWN
    west, south = column * width_m - WIDTH_M / 2, row * height_m - HEIGHT_M / 2
    names = _district_names(number)
    columns = {"record_id": [name.replace("SYNTHETIC district ", "SYN-D-") for name in names], "name": names}
    return _frame(columns, shapely.box(west, south, west + width_m, south + height_m))


def scope_frame() -> geopandas.GeoDataFrame:
    """The one polygon that holds all districts."""
    whole = shapely.box(-WIDTH_M / 2, -HEIGHT_M / 2, WIDTH_M / 2, HEIGHT_M / 2)
    return _frame({"name": ["SYNTHETIC scope"]}, np.array([whole]))


def _frame(columns: dict[str, Any], plane_shapes: Geometries) -> geopandas.GeoDataFrame:
    return geopandas.GeoDataFrame(columns, geometry=project(plane_shapes, PLANE, WGS84), crs=WGS84)


def _laid_columns(fields: Fields, rows: Integers) -> dict[str, Any]:
    return {
        "map_sheet": _sheet_names(fields.sheet[rows]),
        "district": _district_names(district_of(fields.sheet[rows])),
        "laid_by": [f"Party A, unit {line + 1}" for line in fields.line[rows]],
        "laid_from": _days(fields.laid_from[rows]),
        "laid_to": _days(fields.laid_from[rows] + np.timedelta64(3, "D")),
    }


def _place_columns(points: Floats) -> dict[str, list[str]]:
    sheet = sheet_at(points)
    return {"map_sheet": _sheet_names(sheet), "district": _district_names(district_of(sheet))}


def _mine_columns(mines: Integers) -> dict[str, Integers]:
    return {f"mines_{name}": mines[:, column] for column, name in enumerate(DEVICE_CLASSES)}


def _district_names(district: Integers) -> list[str]:
    rows, columns = np.divmod(district, DISTRICTS_ACROSS)
    return [f"SYNTHETIC district {'ABCDEFGH'[column]}{row + 1}" for row, column in zip(rows, columns, strict=True)]


def _sheet_names(sheet: Integers) -> list[str]:
    return [f"SYNTHETIC sheet {number + 1:02d}" for number in sheet]


def _numbered(prefix: str, numbers: Integers) -> list[str]:
    return [f"{prefix}-{number + 1:04d}" for number in numbers]


def _days(values: Any) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(np.asarray(values, dtype="datetime64[s]"))
