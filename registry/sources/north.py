"""Which way a record's north points: the declination of the compass and the convergence of the grid."""

import math
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from importlib.metadata import version

from pyproj import CRS, Proj

from registry.errors import SourceError
from registry.geometry import crs_name

MODEL = "IGRF-14"
MODEL_YEARS = (1900, 2029)


class North(StrEnum):
    """What the bearings of a record count from."""

    TRUE = "true"
    GRID = "grid"
    MAGNETIC = "magnetic"


@dataclass(frozen=True)
class Declination:
    """Angle from true north to magnetic north, east positive, and where it comes from.

    ``model`` is None where a person stated the angle; then nothing else is known of it.
    """

    degrees: float
    model: str | None = None
    software: str | None = None
    day: date | None = None
    longitude: float | None = None
    latitude: float | None = None


def declination(longitude: float, latitude: float, day: date, *, height_m: float = 0.0) -> Declination:
    """Declination by the International Geomagnetic Reference Field.

    Parameters
    ----------
    longitude, latitude
        Degrees on WGS 84.
    height_m
        Above the ellipsoid. A kilometre changes the angle by less than 0.01 degree.

    Raises
    ------
    SourceError
        If the model does not cover the day.

    Notes
    -----
    IGRF-14 (https://doi.org/10.5281/zenodo.14012302) describes the field of the Earth's core. Iron in the rock and on
    the surveyor is not in it: a single compass bearing is commonly off by half a degree, near ore by more. The place is
    rounded to 0.01 degree.
    """
    first, last = MODEL_YEARS
    if not first <= day.year <= last:
        raise SourceError(f"{MODEL} covers {first} to {last}, not {day.year}; state the declination of the record.")
    degrees = _model_degrees(round(longitude, 2), round(latitude, 2), height_m, day)
    return Declination(degrees, MODEL, f"ppigrf {version('ppigrf')}", day, longitude, latitude)


# One answer takes 20 ms, and a table of records asks for thousands close together. Within a hundredth of a degree the
# declination changes by about as much, far less than any compass shows.
@lru_cache(maxsize=4096)
def _model_degrees(longitude: float, latitude: float, height_m: float, day: date) -> float:
    import ppigrf

    moment = datetime(day.year, day.month, day.day)  # noqa: DTZ001 (a day of the calendar)
    east, north, _ = ppigrf.igrf(longitude, latitude, height_m / 1000, moment)
    return math.degrees(math.atan2(float(east[0]), float(north[0])))


def convergence_deg(longitude: float, latitude: float, grid: CRS) -> float:
    """Angle from true north to the north of a grid at a place, east positive, in degrees.

    Parameters
    ----------
    longitude, latitude
        Degrees. A datum shift of 100 m changes the angle by less than 0.001 degree, so WGS 84 serves for any grid.

    Raises
    ------
    SourceError
        If the CRS is no grid, or does not reach the place.
    """
    if not grid.is_projected:
        raise SourceError(f"{crs_name(grid)} has no grid; state the projected CRS whose grid north was used.")
    degrees = _projection(grid).get_factors(longitude, latitude, errcheck=False).meridian_convergence
    if not math.isfinite(degrees):
        raise SourceError(
            f"The grid of {crs_name(grid)} does not reach {latitude:.4f}, {longitude:.4f}; state the grid of the zone."
        )
    return float(degrees)


@lru_cache(maxsize=64)
def _projection(grid: CRS) -> Proj:
    return Proj(grid)
