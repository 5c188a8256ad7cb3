"""Named mistakes by which records come to lie where they do, as what they would do to the places of events."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import shapely
from pyproj import CRS

from registry.candidates import MISREADINGS, in_area_of_use
from registry.compare.blur import Floats
from registry.compare.shift import Mistake
from registry.geometry import WGS84, Geometries, project, to_wgs84

Suffer = Callable[[Geometries], Geometries]
"""Points in degrees on WGS 84 -> where records of them would be drawn."""

PULKOVO_1942 = CRS.from_epsg(4284)

_UTM_NORTH = 32_600
_GK_WITHOUT_DIGIT = 2_490
_UTM_AHEAD = 30  # UTM zone 38 and Gauss-Krueger zone 8 have one central meridian
_GK_ZONES = range(2, 33)


def named_mistakes(places: Floats, plane: CRS) -> tuple[Mistake, ...]:
    """The mistakes that records are held against by name, with their vectors in the middle of the events.

    SK-42 not transformed, transformed twice or backwards, and UTM and Gauss-Krueger taken for one another are among
    them only where Pulkovo 1942 is in use.

    Parameters
    ----------
    places
        Recorded positions of events, shape (n, 2), on ``plane``.
    plane
        Equal-area CRS of the comparison, in metres.
    """
    if not len(places):
        return ()
    # The last place is the middle, for the vector.
    points = shapely.points(np.vstack([places, np.median(places, axis=0)]))
    lonlat = project(points, plane, WGS84)
    return tuple(_mistake(code, words, suffer(lonlat), places, plane) for code, words, suffer in _mistakes(lonlat[-1]))


def _mistake(code: str, words: str, drawn: Geometries, places: Floats, plane: CRS) -> Mistake:
    on_plane = shapely.get_coordinates(project(drawn, WGS84, plane))
    east_m, north_m = (np.median(places, axis=0) - on_plane[-1]).tolist()
    return Mistake(code, words, on_plane[:-1], east_m, north_m)


def _mistakes(middle: shapely.Point) -> Iterator[tuple[str, str, Suffer]]:
    if in_area_of_use(PULKOVO_1942, np.array([middle])) > 0:
        yield "sk42-not-transformed", "as on Pulkovo 1942 (EPSG:4284), so as SK-42 that nobody transformed", _sk42(-1)
        yield "sk42-transformed-twice", "as on WGS 84 already, so as transformed from SK-42 once too often", _sk42(1)
        yield "sk42-transformed-backwards", "as on Pulkovo 1942 and transformed the wrong way", _sk42(-2)
        yield from _grids(middle)
    for misreading in MISREADINGS:
        # A change of sign and an exchange undo themselves.
        suffered = replace(misreading, longitude_shift=-misreading.longitude_shift)
        yield misreading.code, misreading.words, partial(shapely.transform, transformation=suffered.undo)


def _sk42(times: int) -> Suffer:
    """Move points by so many times what the transformation from Pulkovo 1942 to WGS 84 does to them.

    What it does changes by millimetres over the distance it moves a point, so that minus once is its reverse.
    """

    def suffer(points: Geometries) -> Geometries:
        moved = shapely.get_coordinates(to_wgs84(points, PULKOVO_1942).geometries)
        here = shapely.get_coordinates(points)
        return np.asarray(shapely.points(here + times * (moved - here)))

    return suffer


def _grids(middle: shapely.Point) -> Iterator[tuple[str, str, Suffer]]:
    """Numbers of UTM on WGS 84 taken for Gauss-Krueger on Pulkovo 1942 of the same meridian, and the reverse."""
    zone = int(middle.x // 6) + 1
    if zone not in _GK_ZONES or middle.y < 0:
        return
    utm = CRS.from_epsg(_UTM_NORTH + zone + _UTM_AHEAD)
    gauss_krueger = CRS.from_epsg(_GK_WITHOUT_DIGIT + zone)

    def as_gauss_krueger(points: Geometries) -> Geometries:
        return to_wgs84(project(points, WGS84, utm), gauss_krueger).geometries

    def as_utm(points: Geometries) -> Geometries:
        numbers = project(_sk42(-1)(points), PULKOVO_1942, gauss_krueger)
        return project(numbers, utm, WGS84)

    yield "utm-as-gauss-krueger", f"as {utm.name} and not as Gauss-Krueger", as_gauss_krueger
    yield "gauss-krueger-as-utm", f"as {gauss_krueger.name} and not as UTM", as_utm
