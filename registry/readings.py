"""What the numbers of a source may mean other than it says: other axes, sign, zone, projection or datum.

A reading is a way to take the delivered numbers. None is applied by itself; `registry.suspicions` holds them against
what else is known, and a person decides.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from registry.candidates import MISREADINGS, Misreading
from registry.geometry import WGS84, Geometries, crs_name, project

Step = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Coordinates of shape (n, 2) as delivered -> as they are meant."""

CORRECTABLE = (
    "axes-swapped",
    "sign-lost",
    "zone-wrong",
    "utm-as-gauss-krueger",
    "gauss-krueger-as-utm",
    "datum-suspect",
)
"""Codes whose reading can be applied to a source."""

PULKOVO_1942 = CRS.from_epsg(4284)
# EPSG numbers the zones of Gauss-Krueger on Pulkovo 1942 in two rows, UTM on WGS 84 in two.
_GK_WITH_DIGIT = 28_400
_GK_WITHOUT_DIGIT = 2_490
_UTM_NORTH = 32_600
_UTM_SOUTH = 32_700
_GK_ZONES = range(2, 33)
_UTM_ZONES = range(1, 61)
_NEIGHBOURS = (1, -1, 2, -2, 3, -3)
_UTM_AHEAD = 30
"""UTM zone 38 and Gauss-Krueger zone 8 have one central meridian."""


@dataclass(frozen=True)
class Reading:
    """A way to take the numbers of a source.

    Attributes
    ----------
    code
        Of the misreading that it undoes.
    words
        Goes on from "read ...".
    crs
        In which the numbers are then.
    step
        What is done to them first; None where they stay as they are.
    degrees_of
        The projected CRS from which they are brought to degrees of its own datum before anything else.
    """

    code: str
    words: str
    crs: CRS
    step: Step | None = None
    degrees_of: CRS | None = None

    def apply(self, delivered: Geometries) -> Geometries:
        """The geometries as this reading takes them, in its CRS, x before y; Z and M are dropped."""
        taken = np.asarray(shapely.force_2d(delivered), dtype=object)
        if self.degrees_of is not None:
            taken = project(taken, self.degrees_of, _degrees(self.degrees_of))
        return taken if self.step is None else np.asarray(shapely.transform(taken, self.step), dtype=object)

    @property
    def source_crs(self) -> str:
        """The CRS of the delivered numbers, with what the reading did to them where they are not in it as they are."""
        plain = self.step is None and self.degrees_of is None
        return crs_name(self.crs) if plain else f"{crs_name(self.degrees_of or self.crs)}, read {self.words}"


def degree_reading(misreading: Misreading, crs: CRS) -> Reading:
    """The reading that undoes a misreading of longitude and latitude, on the datum of the source's CRS."""
    return Reading(
        misreading.code, misreading.words, _degrees(crs), misreading.undo, None if crs.is_geographic else crs
    )


def readings_of(crs: CRS, middle: NDArray[np.float64]) -> tuple[Reading, ...]:
    """What numbers said to be in a CRS may be instead, the likelier first.

    Parameters
    ----------
    crs
        What the source or the person states.
    middle
        A usual position as delivered, x before y: the digits before its easting may name a zone.

    Returns
    -------
    readings
        Empty for a CRS that is neither geographic nor projected.
    """
    if crs.geodetic_crs is None or not (crs.is_geographic or crs.is_projected):
        return ()
    return tuple(_readings(crs, middle))


def _readings(crs: CRS, middle: NDArray[np.float64]) -> Iterator[Reading]:
    if crs.is_projected:
        yield Reading("axes-swapped", "with northing and easting exchanged", crs, _exchanged)
    zones = list(_zones(crs, middle))
    yield from zones
    for misreading in MISREADINGS:
        if not (zones and misreading.code == "zone-wrong"):
            yield degree_reading(misreading, crs)
    yield from _other_grids(crs, middle)
    yield from _datums(crs)


def _exchanged(xy: NDArray[np.float64]) -> NDArray[np.float64]:
    return xy[:, ::-1]


def _degrees(crs: CRS) -> CRS:
    base = crs.geodetic_crs
    assert base is not None
    # A three-dimensional CRS has the degrees of its horizontal one.
    return base.to_2d()


def _named(code: str, epsg: int, more: str = "", step: Step | None = None) -> Reading:
    crs = CRS.from_epsg(epsg)
    return Reading(code, f"as {crs.name} (EPSG:{epsg}){more}", crs, step)


def _zones(crs: CRS, middle: NDArray[np.float64]) -> Iterator[Reading]:
    """The neighbouring zones of a CRS whose zones EPSG numbers one by one."""
    epsg, digit = crs.to_epsg() or 0, _zone_digit(middle)
    for first in (_UTM_NORTH, _UTM_SOUTH):
        zone = epsg - first
        if zone in _UTM_ZONES:
            yield from (_named("zone-wrong", epsg + k) for k in _NEIGHBOURS if zone + k in _UTM_ZONES)
            yield _named("sign-lost", (_UTM_SOUTH if first == _UTM_NORTH else _UTM_NORTH) + zone)
    for first in (_GK_WITH_DIGIT, _GK_WITHOUT_DIGIT):
        zone = epsg - first
        if zone not in _GK_ZONES:
            continue
        neighbours = [zone + k for k in _NEIGHBOURS if zone + k in _GK_ZONES]
        if digit not in _GK_ZONES:
            if first == _GK_WITH_DIGIT:
                yield _named("zone-wrong", _GK_WITHOUT_DIGIT + zone, ", without the zone digit before the easting")
            yield from (_named("zone-wrong", _GK_WITHOUT_DIGIT + other) for other in neighbours)
            continue
        if epsg != _GK_WITH_DIGIT + digit:
            yield _named("zone-wrong", _GK_WITH_DIGIT + digit, ", the zone of the digit before the easting")
        elif first == _GK_WITH_DIGIT:
            # Both may be wrong: the easting proper is what follows the digit.
            for other in neighbours:
                more = f", with {other} for the digit before the easting"
                yield _named("zone-wrong", first + other, more, _shifted(1e6 * (other - digit)))


def _zone_digit(middle: NDArray[np.float64]) -> int:
    """What stands before the six digits of an easting."""
    return int(middle[0] // 1_000_000)


def _shifted(metres: float) -> Step:
    def step(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(xy + np.array([metres, 0.0]))

    return step


def _other_grids(crs: CRS, middle: NDArray[np.float64]) -> Iterator[Reading]:
    """UTM on WGS 84 for Gauss-Krueger on Pulkovo 1942 of the same central meridian, and the reverse."""
    epsg, digit = crs.to_epsg() or 0, _zone_digit(middle)
    for first in (_GK_WITHOUT_DIGIT, _GK_WITH_DIGIT):
        zone = epsg - first
        if zone in _GK_ZONES and zone + _UTM_AHEAD in _UTM_ZONES:
            utm = _UTM_NORTH + zone + _UTM_AHEAD
            if digit == 0:
                yield _named("utm-as-gauss-krueger", utm)
            elif digit == zone:
                more = ", with a zone digit before the easting"
                yield _named("utm-as-gauss-krueger", utm, more, _shifted(-1e6 * zone))
    zone = epsg - _UTM_NORTH - _UTM_AHEAD
    if zone in _GK_ZONES and digit == 0:
        yield _named("gauss-krueger-as-utm", _GK_WITHOUT_DIGIT + zone)
    if epsg - _UTM_NORTH in _UTM_ZONES and digit in _GK_ZONES:
        yield _named("gauss-krueger-as-utm", _GK_WITH_DIGIT + digit, ", the zone of the digit before the easting")


def _datums(crs: CRS) -> Iterator[Reading]:
    """SK-42 that nobody transformed, and positions on WGS 84 that would be transformed once too often."""
    datum = _degrees(crs).datum
    name = "" if datum is None else datum.name
    reading = Reading("datum-suspect", "", PULKOVO_1942, None, None if crs.is_geographic else crs)
    # A .prj of another maker names the datum, but bears no code.
    if name.startswith("World Geodetic System 1984"):
        yield replace(reading, words="as on Pulkovo 1942 (EPSG:4284), so as SK-42 that nobody transformed")
    elif name == "Pulkovo 1942":
        yield replace(reading, words="as on WGS 84 already, so as transformed once too often", crs=WGS84)
