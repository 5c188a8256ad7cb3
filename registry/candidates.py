"""Other readings of the same numbers: the CRS they may be in, and the misreading that would explain where they lie.

Nothing here is applied by itself. Each candidate says where it would put the data, and a person decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.database import query_crs_info
from pyproj.enums import PJType

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
        With a reference, those that land within 200 km of it, nearest first. Without, the common ones, each inside
        its own area of use; where only the zone is unknown, the numbers cannot tell, and the reason says so.
    """
    middle = np.median(xy[np.isfinite(xy).all(axis=1)], axis=0) if np.isfinite(xy).all(axis=1).any() else None
    if middle is None:
        return ()
    found = [
        placed for crs, reason in _possible(middle, reference) if (placed := _place(crs, middle, reference, reason))
    ]
    if reference is not None:
        near = [each for each in found if each.distance_m is not None and each.distance_m <= _NEAR_M]
        found = sorted(near, key=lambda each: (each.distance_m, each.crs)) or found
    return tuple(found[:SHOWN])


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


def _possible(middle: NDArray[np.float64], reference: shapely.Geometry | None) -> list[tuple[CRS, str]]:
    x, y = middle
    if abs(x) <= 180 and abs(y) <= 90:
        return [
            (CRS.from_epsg(4326), "numbers in the range of degrees"),
            (CRS.from_epsg(4284), "numbers in the range of degrees; on Pulkovo 1942 they lie about 100 m elsewhere"),
        ]
    if reference is not None:
        return [(crs, "lands near the registry's districts or scope") for crs in _used_near(reference)]
    found: list[tuple[CRS, str]] = []
    for east, north, order in ((x, y, ""), (y, x, "; the numbers come north first")):
        zone = int(east // 1_000_000)
        if 2 <= zone <= 32 and 0 < north < 10_000_000:
            found.append((CRS.from_epsg(28400 + zone), f"the easting starts with zone digit {zone}{order}"))
    if 100_000 <= x < 900_000 and 0 < y < 10_000_000:
        words = "the zone cannot be told from the numbers, state it; shown for zone"
        found += [(CRS.from_epsg(32600 + zone), f"UTM north: {words} {zone}") for zone in (34, 36, 38)]
        found.append((CRS.from_epsg(2500), "Gauss-Krueger without the zone digit: the zone cannot be told, state it"))
    return [
        *found,
        (CRS.from_epsg(3035), "numbers in the range of the European equal-area grid"),
        (CRS.from_epsg(3857), "numbers in the range of web Mercator"),
    ]


def _used_near(reference: shapely.Geometry) -> list[CRS]:
    """Projected CRSs whose area of use touches the reference."""
    from pyproj.aoi import AreaOfInterest

    infos = query_crs_info(
        auth_name="EPSG",
        pj_types=PJType.PROJECTED_CRS,
        area_of_interest=AreaOfInterest(*reference.bounds),
        contains=False,
    )
    return [CRS.from_epsg(int(info.code)) for info in infos]


def _place(
    crs: CRS, middle: NDArray[np.float64], reference: shapely.Geometry | None, reason: str
) -> CrsCandidate | None:
    """Where a CRS would put the middle of the data; None outside its own area of use."""
    order = middle[::-1] if "north first" in reason else middle
    longitude, latitude = Transformer.from_crs(crs, WGS84, always_xy=True).transform(*order)
    use = crs.area_of_use
    if not np.isfinite([longitude, latitude]).all():
        return None
    if use is not None and not (use.south - 1 <= latitude <= use.north + 1 and _within(longitude, use.west, use.east)):
        return None
    distance = None if reference is None else _distance_m(longitude, latitude, reference)
    if distance is not None:
        reason = f"{reason}, {distance / 1000:,.0f} km from them" if distance else f"{reason}, inside them"
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
    use = crs.area_of_use
    if use is None:
        return 1.0
    bounds = shapely.bounds(lonlat).reshape(-1, 4)
    bounds = bounds[~np.isnan(bounds).any(axis=1)]
    if not len(bounds):
        return 1.0
    inside = (
        (bounds[:, 0] >= use.west - 1) & (bounds[:, 2] <= use.east + 1)
        if use.west <= use.east
        else (bounds[:, 0] >= use.west - 1) | (bounds[:, 2] <= use.east + 1)
    )
    inside &= (bounds[:, 1] >= use.south - 1) & (bounds[:, 3] <= use.north + 1)
    return float(inside.mean())
