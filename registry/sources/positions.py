"""Where a written position lies: its CRS, its landing on WGS 84, and its error from the written precision."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from registry.errors import SourceError
from registry.geometry import WGS84, crs_name, parse_crs
from registry.sources.written import Notation, Pair, Reading

_EQUATOR_RADIUS_M = 6_378_137.0
_ECCENTRICITY_SQUARED = 0.006694379990141317
_MARGIN_DEGREES = 1.0
"""A grid is used a little beyond the area that EPSG states; the candidates for a missing CRS allow as much."""


@dataclass(frozen=True)
class Position:
    """A position in a CRS (None where nobody states it), x before y, and the steps of its last digits in metres."""

    crs: str | None
    x: float
    y: float
    steps_m: Pair


@dataclass(frozen=True)
class Candidate:
    """One of the things a text may mean; ``cure`` is what decides where there are several."""

    words: str
    notation: Notation
    positions: tuple[Position, ...]
    cure: str

    def reading(self) -> Reading:
        """Where its first position would land."""
        first = self.positions[0]
        longitude, latitude = landing(first.crs, first.x, first.y)
        return Reading(self.words, first.crs, latitude, longitude)


@lru_cache(maxsize=256)
def crs_of(text: str) -> CRS:
    """The CRS a person states, parsed once.

    Raises
    ------
    SourceError
        If PROJ does not know it, or it is not one of positions on the ground.
    """
    crs = parse_crs(text)
    if not (crs.is_geographic or crs.is_projected):
        raise SourceError(f"{text!r} is neither a geographic nor a projected coordinate reference system; state one.")
    return crs


@lru_cache(maxsize=256)
def short_name(crs: str) -> str:
    """Authority code of a CRS where it has one, else its name."""
    return crs_name(crs_of(crs))


@lru_cache(maxsize=256)
def to_degrees(crs: str) -> Transformer:
    """From a CRS to longitude and latitude on WGS 84."""
    return Transformer.from_crs(crs_of(crs), WGS84, always_xy=True)


def landing(crs: str | None, x: float, y: float) -> Pair:
    """Longitude and latitude of a position; infinite where its CRS cannot place it."""
    if crs is None:
        return x, y
    longitude, latitude = to_degrees(crs).transform(x, y)
    return float(longitude), float(latitude)


def degrees_on_own_datum(crs: str, x: float, y: float) -> Pair:
    """Longitude and latitude of a position in a projected CRS, on its own datum."""
    longitude, latitude = _to_own_degrees(crs).transform(x, y)
    return float(longitude), float(latitude)


@lru_cache(maxsize=256)
def _to_own_degrees(crs: str) -> Transformer:
    return Transformer.from_crs(crs_of(crs), crs_of(crs).geodetic_crs, always_xy=True)


def in_use(crs: str, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether positions lie in the area where a CRS is used, or within 1 degree of it."""
    longitude, latitude = to_degrees(crs).transform(x, y)
    use = crs_of(crs).area_of_use
    if use is None:
        return np.asarray(np.isfinite(longitude) & (np.abs(latitude) <= 90))
    west, east = use.west - _MARGIN_DEGREES, use.east + _MARGIN_DEGREES
    inside = np.isfinite(longitude)
    inside &= (latitude >= use.south - _MARGIN_DEGREES) & (latitude <= use.north + _MARGIN_DEGREES)
    beyond_west, beyond_east = longitude < west, longitude > east
    # An area across the antimeridian has its west east of its east.
    outside = (beyond_west | beyond_east) if use.west <= use.east else (beyond_west & beyond_east)
    return np.asarray(inside & ~outside)


def unit_m(crs: str) -> float | None:
    """Metres in a unit of a projected CRS; None for a CRS in degrees."""
    parsed = crs_of(crs)
    return float(parsed.axis_info[0].unit_conversion_factor) if parsed.is_projected else None


def metres_per_degree(latitude: Any) -> tuple[Any, Any]:
    """Length of a degree of longitude and of latitude on WGS 84, at a latitude or an array of them."""
    sine = np.sin(np.radians(latitude))
    below = 1 - _ECCENTRICITY_SQUARED * sine * sine
    along_parallel = _EQUATOR_RADIUS_M / np.sqrt(below) * np.sqrt(np.maximum(1 - sine * sine, 0.0))
    along_meridian = _EQUATOR_RADIUS_M * (1 - _ECCENTRICITY_SQUARED) / (below * np.sqrt(below))
    return along_parallel * np.pi / 180, along_meridian * np.pi / 180


def sigma_of_steps(steps_m: Iterable[Pair]) -> float:
    """One sigma per axis of uniform errors: root mean square of the steps over both axes, / sqrt(12)."""
    return float(np.sqrt(np.mean(np.square(list(steps_m))) / 12))
