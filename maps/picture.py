"""Records as paths of a small SVG picture, on an equal-area plane and simplified for its size."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from registry.geometry import local_equal_area, parse_crs, project, total_bounds

WIDTH = 2000
"""Units from left to right; half of one is lost to rounding."""

Geometries = NDArray[np.object_]

_TOLERANCE = 2.0
_TINY = 8.0
_LOWEST, _HIGHEST = 500, 2400
_NARROWEST_M = 500.0
_MARGIN = 0.03


@dataclass(frozen=True)
class Picture:
    """A frame on the ground and how it becomes a picture.

    ``metres_per_unit`` holds in its middle; ``lonlat_bounds`` are the degrees it shows: west, south, east, north.
    """

    height: int
    metres_per_unit: float
    lonlat_bounds: tuple[float, float, float, float]
    to_units: Callable[[Geometries], Geometries]

    def paths(self, geometries: Geometries) -> list[str]:
        """The ``d`` of one SVG path per geometry (EPSG:4326); empty where nothing of it is in the picture.

        Areas are simplified to a thousandth of the width. What would be too small to see, and every point, becomes a
        path without length, which a round line cap shows as a dot.
        """
        found = [""] * len(geometries)
        shown = np.flatnonzero(self._in_frame(geometries))
        parts, owners = shapely.get_parts(self.to_units(geometries[shown]), return_index=True)
        bounds = shapely.bounds(parts)
        with_area = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
        tiny = np.maximum(bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1]) < _TINY
        dots = tiny | ~with_area
        for owner, bound in zip(owners[dots], bounds[dots], strict=True):
            found[shown[owner]] += _dot(bound)
        rings, polygon = shapely.get_rings(parts[~dots], return_index=True)
        for owner, line in zip(owners[~dots][polygon], _outlines(rings), strict=True):
            found[shown[owner]] += line
        return found

    def _in_frame(self, geometries: Geometries) -> NDArray[np.bool_]:
        west, south, east, north = self.lonlat_bounds
        left, bottom, right, top = shapely.bounds(geometries).reshape(-1, 4).T
        shown: NDArray[np.bool_] = (left <= east) & (right >= west) & (bottom <= north) & (top >= south)
        return shown


def frame(geometries: Geometries) -> Picture | None:
    """The picture that holds all these geometries (EPSG:4326), or None where there is none to hold."""
    lonlat = total_bounds(geometries)
    if lonlat is None:
        return None
    wgs84, plane = parse_crs("EPSG:4326"), local_equal_area(lonlat)
    on_plane = total_bounds(project(geometries, wgs84, plane))
    assert on_plane is not None
    left, bottom, right, top = on_plane
    wide, tall = max(right - left, _NARROWEST_M), max(top - bottom, _NARROWEST_M)
    metres_per_unit = max(wide / WIDTH, tall / _HIGHEST) * (1 + 2 * _MARGIN)
    height = max(round(tall * (1 + 2 * _MARGIN) / metres_per_unit), _LOWEST)
    x_left = (left + right - WIDTH * metres_per_unit) / 2
    y_top = (bottom + top + height * metres_per_unit) / 2

    def to_units(lonlat_geometries: Geometries) -> Geometries:
        moved: Geometries = shapely.transform(
            project(lonlat_geometries, wgs84, plane),
            lambda xy: (xy - (x_left, y_top)) / (metres_per_unit, -metres_per_unit),
        )
        return moved

    corners = (x_left, y_top - height * metres_per_unit, x_left + WIDTH * metres_per_unit, y_top)
    outline = np.array([shapely.segmentize(shapely.box(*corners), max(wide, tall) / 10)], dtype=object)
    shown = total_bounds(project(outline, plane, wgs84)) or lonlat
    return Picture(height, metres_per_unit, shown, to_units)


def scale_bar(picture: Picture) -> tuple[int, str]:
    """Length in units of a bar of about a fifth of the width, and what it stands for in words."""
    most_m = WIDTH * picture.metres_per_unit / 5
    power = 10.0 ** np.floor(np.log10(most_m))
    length_m = max(step * power for step in (1, 2, 5) if step * power <= most_m)
    words = f"{length_m / 1000:,.0f} km" if length_m >= 1000 else f"{length_m:,.0f} m"
    return round(length_m / picture.metres_per_unit), words


def _dot(bounds: NDArray[np.float64]) -> str:
    x, y = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
    return f"M{x:.0f} {y:.0f}h0"


def _outlines(rings: Geometries) -> list[str]:
    """Rings as closed subpaths. They are simplified as lines, because what is invalid must keep its shape."""
    coordinates, indices = shapely.get_coordinates(rings, return_index=True)
    lines = shapely.simplify(shapely.linestrings(coordinates, indices=indices), _TOLERANCE, preserve_topology=False)
    points, owners = shapely.get_coordinates(lines, return_index=True)
    whole = np.rint(points).astype(np.int64)
    ends = np.flatnonzero(np.diff(owners)) + 1
    return [_subpath(each) for each in np.split(whole, ends)] if len(rings) else []


def _subpath(points: NDArray[np.int64]) -> str:
    steps = " ".join(f"{x} {y}" for x, y in np.diff(points[:-1], axis=0).tolist())
    return f"M{points[0][0]} {points[0][1]}l{steps or '0 0'}z"
