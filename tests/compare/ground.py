"""Layers drawn in metres around one place, so that every area and distance can be worked out by hand."""

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame
from pyproj import CRS

from registry import geometry

# The origin lies off the centre of the projection, where PROJ rounds positions to a quarter of a millimetre.
GROUND = CRS.from_proj4("+proj=laea +lat_0=45 +lon_0=20 +x_0=1234.5 +y_0=1234.5 +datum=WGS84 +units=m +no_defs")


def square(x, y, side=100.0):
    """A square on the ground by its lower left corner and its side, in metres."""
    return shapely.box(x, y, x + side, y + side)


def on_globe(shapes):
    return geometry.project(np.array(shapes, dtype=object), GROUND, geometry.WGS84)


def records(*shapes, batch="a", ids=None, **columns):
    """One batch of minefield records; ``batch`` may name one batch for each."""
    batches = [batch] * len(shapes) if isinstance(batch, str) else batch
    ids = [f"r{number}" for number in range(len(shapes))] if ids is None else ids
    return GeoDataFrame(
        {"batch_id": batches, "record_id": ids, **columns},
        geometry=on_globe(shapes) if shapes else [],
        crs=geometry.WGS84,
    )


def dated(*dates):
    """A column of dates, None where there is none."""
    return pd.array(pd.to_datetime(list(dates)).astype("datetime64[s]"))


def events(*places, dates=None, precisions=None, sigma_m=None, **columns):
    """Events by x and y in metres; None has no position."""
    number = len(places)
    points = np.array([None if place is None else shapely.Point(place) for place in places], dtype=object)
    return GeoDataFrame(
        {
            "batch_id": ["events"] * number,
            "accident_id": [f"e{index}" for index in range(number)],
            "occurred_on": pd.array(pd.to_datetime(dates if dates else [None] * number).astype("datetime64[s]")),
            "occurred_on_precision": pd.array(precisions if precisions else [None] * number, dtype="string"),
            "sigma_m": np.array(sigma_m if sigma_m else [np.nan] * number, dtype=float),
            **columns,
        },
        geometry=on_globe(points) if number else [],
        crs=geometry.WGS84,
    )


def released(*shapes, on=None, precisions=None, types=None):
    """Released land; ``on`` holds the days, None where one is not known."""
    number = len(shapes)
    return GeoDataFrame(
        {
            "released_on": dated(*(on or [None] * number)),
            "released_on_precision": precisions or [None] * number,
            "release_type": types or [None] * number,
        },
        geometry=on_globe(shapes),
        crs=geometry.WGS84,
    )


def districts(**shapes):
    """Districts by name; the id is the name in capitals."""
    names = list(shapes)
    return GeoDataFrame(
        {"record_id": [name.upper() for name in names], "name": names},
        geometry=on_globe(list(shapes.values())),
        crs=geometry.WGS84,
    )
