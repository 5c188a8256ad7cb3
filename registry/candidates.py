"""Other readings of the same numbers: the CRS they may be in, and the misreading that would explain where they lie.

Nothing here is applied by itself. Each candidate says where it would put the data, and a person decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_crs_info
from pyproj.enums import PJType
from pyproj.exceptions import ProjError

from registry.geometry import GEOD, WGS84, Geometries, crs_name

Place = tuple[float, float]
"""Longitude and latitude on WGS 84, in degrees."""

SHOWN = 8
_NEAR_M = 200_000.0


@dataclass(frozen=True)
class CrsCandidate:
    """A CRS that the numbers could be in, and where it would put their middle.

    ``distance_m`` is from the registry's districts or scope, None where it has none; the reason says why it is shown.
    """

    crs: str
    name: str
    longitude: float
    latitude: float
    distance_m: float | None
    reason: str


@dataclass(frozen=True)
class Misreading:
    """A way in which a position may have been misread, as a function of longitude and latitude."""

    code: str
    words: str
    longitude_sign: int = 1
    latitude_sign: int = 1
    longitude_shift: float = 0.0
    swapped: bool = False

    def undo(self, lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
        """Positions as they would be without the misreading; shape (n, 2)."""
        longitude, latitude = (lonlat[:, 1], lonlat[:, 0]) if self.swapped else (lonlat[:, 0], lonlat[:, 1])
        return np.column_stack([longitude * self.longitude_sign + self.longitude_shift, latitude * self.latitude_sign])


MISREADINGS = (
    Misreading("axes-swapped", "with latitude and longitude exchanged", swapped=True),
    Misreading("sign-lost", "with the sign of its longitude changed", longitude_sign=-1),
    Misreading("sign-lost", "with the sign of its latitude changed", latitude_sign=-1),
    *(
        Misreading("zone-wrong", f"in the zone {abs(k)} further {'east' if k > 0 else 'west'}", longitude_shift=6.0 * k)
        for k in (1, -1, 2, -2, 3, -3)
    ),
)


def crs_candidates(xy: NDArray[np.float64], reference: shapely.Geometry | None) -> tuple[CrsCandidate, ...]:
    """CRSs that positions without a stated one may be in, most likely first.

    Parameters
    ----------
    xy
        Positions as the source gives them, shape (n, 2).
    reference
        Where the registry's districts or scope lie, on WGS 84; None where it has neither.

    Returns
    -------
    candidates
        With a reference, those that land within 200 km of it, nearest first. Without, or where none does, the common
        ones, each inside its own area of use; where only the zone is unknown, the reason says so.
    """
    middle = np.median(xy[np.isfinite(xy).all(axis=1)], axis=0) if np.isfinite(xy).all(axis=1).any() else None
    if middle is None:
        return ()
    if reference is not None and not _like_degrees(middle):
        placed = _placed(_used_near(reference), middle, reference)
        # Some codes are one CRS under two numbers.
        near = [each for each in dict.fromkeys(placed) if each.distance_m is not None and each.distance_m <= _NEAR_M]
        if near:
            centre = reference.centroid
            # Datums of one zone land within a kilometre of each other; of those, the usual one comes first.
            away_km = {each: round(_distance_m(each.longitude, each.latitude, centre) / 1000) for each in near}
            order = sorted(near, key=lambda c: (c.distance_m, away_km[c], "WGS 84" not in c.name, c.crs))
            return tuple(order[:SHOWN])
    return tuple(_placed(_common(middle), middle, reference)[:SHOWN])


@dataclass(frozen=True)
class _Reading:
    """A CRS and an order in which numbers may be meant, and why it is tried."""

    crs: CRS
    reason: str
    north_first: bool = False


def misreading_of(
    lonlat: NDArray[np.float64], reference: shapely.Geometry
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """For positions outside the reference, the first misreading that would explain it.

    Parameters
    ----------
    lonlat
        Shape (n, 2), degrees on WGS 84.
    reference
        Area in which the positions are expected.

    Returns
    -------
    index, distance_m
        Index into `MISREADINGS` or -1, and how far the position as given lies from the reference's bounds. A position
        within 1 degree of the reference is never called a misreading.
    """
    bounds = shapely.box(*reference.bounds)
    points = shapely.points(lonlat)
    found = np.full(len(lonlat), -1)
    far = shapely.distance(points, bounds) > 1.0
    shapely.prepare(reference)
    for index, misreading in enumerate(MISREADINGS):
        open_ = np.flatnonzero(far & (found < 0))
        landed = shapely.contains(reference, shapely.points(misreading.undo(lonlat[open_])))
        found[open_[landed]] = index
    distance = np.zeros(len(lonlat))
    explained = np.flatnonzero(found >= 0)
    nearest = shapely.get_point(shapely.shortest_line(points[explained], bounds), 1)
    if len(explained):
        given = lonlat[explained]
        *_, distance[explained] = GEOD.inv(given[:, 0], given[:, 1], shapely.get_x(nearest), shapely.get_y(nearest))
    return found, distance


def describe(candidates: Sequence[CrsCandidate]) -> str:
    """The candidates in lines, for an error message."""
    if not candidates:
        return "No common CRS would put these numbers anywhere; look at the source."
    lines = [
        f"  {each.crs} ({each.name}) would put their middle at {each.latitude:.3f}, {each.longitude:.3f}: {each.reason}"
        for each in candidates
    ]
    return "Candidates:\n" + "\n".join(lines)


def _like_degrees(middle: NDArray[np.float64]) -> bool:
    return bool(abs(middle[0]) <= 180 and abs(middle[1]) <= 90)


def _common(middle: NDArray[np.float64]) -> list[_Reading]:
    """The CRSs that handed-over positions are usually in, as far as the size of the numbers admits them."""
    if _like_degrees(middle):
        return [
            _Reading(CRS.from_epsg(4326), "numbers in the range of degrees"),
            _Reading(CRS.from_epsg(4284), "numbers in the range of degrees, if they are on Pulkovo 1942"),
        ]
    x, y = middle
    found = []
    for east, north, north_first in ((x, y, False), (y, x, True)):
        zone = int(east // 1_000_000)
        if 2 <= zone <= 32 and 0 < north < 10_000_000:
            found.append(
                _Reading(CRS.from_epsg(28400 + zone), f"the easting starts with the zone digit {zone}", north_first)
            )
    for east, north, north_first in ((x, y, False), (y, x, True)):
        if not (100_000 <= east < 900_000 and 0 < north < 10_000_000):
            continue
        unknown = "the numbers do not tell the zone, state it"
        found += [
            _Reading(CRS.from_epsg(32600 + zone), f"UTM north; {unknown}; shown for zone {zone}", north_first)
            for zone in (34, 36, 38)
        ]
        without_digit = f"Gauss-Krueger without the zone digit; {unknown}; shown for 45 E"
        found.append(_Reading(CRS.from_epsg(2498), without_digit, north_first))
    return [
        *found,
        _Reading(CRS.from_epsg(3035), "numbers in the range of the European equal-area grid"),
        _Reading(CRS.from_epsg(3857), "numbers in the range of web Mercator"),
    ]


def _used_near(reference: shapely.Geometry) -> list[_Reading]:
    """Projected CRSs whose area of use touches the reference, in both orders of the numbers."""
    infos = query_crs_info(
        auth_name="EPSG",
        pj_types=PJType.PROJECTED_CRS,
        area_of_interest=AreaOfInterest(*reference.bounds),
        contains=False,
    )
    return [
        _Reading(CRS.from_epsg(int(info.code)), "used where the districts or scope lie", north_first)
        for info in infos
        for north_first in (False, True)
    ]


def _placed(
    readings: Sequence[_Reading], middle: NDArray[np.float64], reference: shapely.Geometry | None
) -> list[CrsCandidate]:
    return [each for reading in readings if (each := _place(reading, middle, reference)) is not None]


def _place(reading: _Reading, middle: NDArray[np.float64], reference: shapely.Geometry | None) -> CrsCandidate | None:
    """Where a reading would put the middle of the data; None outside the CRS's own area of use."""
    crs, use = reading.crs, reading.crs.area_of_use
    try:
        to_wgs84 = Transformer.from_crs(crs, WGS84, always_xy=True)
    except ProjError:
        return None  # an engineering grid, say, that PROJ cannot bring to WGS 84
    longitude, latitude = to_wgs84.transform(*(middle[::-1] if reading.north_first else middle))
    if not np.isfinite([longitude, latitude]).all():
        return None
    if use is not None and not (use.south - 1 <= latitude <= use.north + 1 and _within(longitude, use.west, use.east)):
        return None
    distance = None if reference is None else _distance_m(longitude, latitude, reference)
    reason = reading.reason
    if reading.north_first:
        reason += ", if they are written north first (then add --correct axes-swapped)"
    if distance is not None:
        reason += f", {distance / 1000:,.0f} km from the districts or scope" if distance else ", lands in them"
    return CrsCandidate(crs_name(crs), str(crs.name), float(longitude), float(latitude), distance, reason)


def _within(longitude: float, west: float, east: float) -> bool:
    return west - 1 <= longitude <= east + 1 if west <= east else longitude >= west - 1 or longitude <= east + 1


def _distance_m(longitude: float, latitude: float, reference: shapely.Geometry) -> float:
    point = shapely.Point(longitude, latitude)
    if shapely.covers(reference, point):
        return 0.0
    nearest = shapely.get_point(shapely.shortest_line(point, reference), 1)
    return float(GEOD.inv(longitude, latitude, nearest.x, nearest.y)[2])


def in_area_of_use(crs: CRS, lonlat: Geometries) -> float:
    """Share of geometries that lie in the area of use of a CRS, or within 1 degree of it.

    Returns 1 where the CRS states no area, and where there is nothing to judge.
    """
    bounds = shapely.bounds(lonlat).reshape(-1, 4)
    bounds = bounds[~np.isnan(bounds).any(axis=1)]
    if not len(bounds):
        return 1.0
    return float((in_use(crs, bounds[:, :2]) & in_use(crs, bounds[:, 2:])).mean())


def in_use(crs: CRS, lonlat: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which positions lie in the area of use of a CRS, or within 1 degree of it; all where it states none.

    Parameters
    ----------
    lonlat
        Shape (n, 2), degrees on WGS 84.
    """
    use = crs.area_of_use
    if use is None:
        return np.ones(len(lonlat), bool)
    longitude, latitude = lonlat.T
    east_of_west, west_of_east = longitude >= use.west - 1, longitude <= use.east + 1
    # An area across the antimeridian has its west east of its east.
    inside = east_of_west & west_of_east if use.west <= use.east else east_of_west | west_of_east
    return np.asarray(inside & (latitude >= use.south - 1) & (latitude <= use.north + 1))
