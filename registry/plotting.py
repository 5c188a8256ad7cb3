"""Which records can be drawn: what is wrong with a geometry as delivered, and its repair where that was asked for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from registry.codes import PlotStatus
from registry.findings import Hit
from registry.geometry import (
    WGS84,
    Geometries,
    Reprojection,
    are_valid,
    local_equal_area,
    polygons_of,
    project,
    repair,
    to_wgs84,
    total_bounds,
)
from registry.model import GEOMETRY_OF_KIND, GeometryKind, Kind
from registry.sources.geojson import mend_rings

# A tenth of a millimetre: arithmetic leaves a country that ends at 180 degrees at 180.00000000000014.
_NOISE_DEGREES = 1e-9


@dataclass(frozen=True)
class Extent:
    """Width of the field along each line, radius of the field around each point, in metres; NaN where not stated."""

    width_m: NDArray[np.float64]
    radius_m: NDArray[np.float64]


@dataclass(frozen=True)
class Plot:
    """What became of each geometry of a source layer.

    ``geometries`` are on WGS 84, None where a record has none to draw. ``originals`` holds the text of a geometry as
    delivered, in the source's CRS, where it was repaired or cannot be drawn; ``buffered`` are the rows of lines and
    points that were drawn as areas.
    """

    geometries: Geometries
    status: NDArray[np.object_]
    repair_notes: Mapping[int, str]
    originals: Mapping[int, str]
    buffered: frozenset[int]
    hits: tuple[Hit, ...]
    reprojection: Reprojection


def plot(
    delivered: Geometries,
    refused: Mapping[int, str],
    unreadable: Mapping[int, str],
    crs: CRS,
    kind: Kind,
    *,
    mend: bool,
    extent: Extent | None = None,
    unread: Mapping[int, str] | None = None,
    transform: str | None = None,
    meant: Callable[[Geometries], Geometries] | None = None,
) -> Plot:
    """Decide for each geometry whether it is plotted, invalid or unplottable.

    Parameters
    ----------
    delivered
        As the source gives them, None where there is none; in ``crs``, unless ``meant`` says otherwise.
    refused
        Row -> text of a geometry that cannot be held as it is: unclosed rings, rings of one to three points.
    unreadable
        Row -> why the feature could not be read.
    mend
        Whether to repair what can be repaired; else it is kept as it came and counted as invalid.
    extent
        Width and radius of fields given as lines and points; without them these are not areas.
    unread
        Row -> why its written position could not be read.
    transform
        Which operation brings them to WGS 84, where a person chose one; see `registry.geometry.to_wgs84`.
    meant
        Takes what was delivered to ``crs``, x before y, where a person told to read it otherwise.
    """
    work = _Work(np.array(delivered, dtype=object), dict(refused))
    for row, reason in unreadable.items():
        work.drop("feature-unreadable", row, f"The feature could not be read: {reason}.")
    for row, reason in (unread or {}).items():
        work.drop("position-not-understood", row, reason)
    _mend_refused(work, refused, mend=mend)
    if (shapely.has_z(work.geometries) | shapely.has_m(work.geometries)).any():
        work.hits.append(
            Hit("z-dropped", None, "Heights (Z) or measures (M) were dropped; the registry keeps positions.")
        )
    _require_geometry(work)
    flat = work.geometries.copy()
    reprojection = to_wgs84(flat if meant is None else meant(flat), crs, transform)
    work.geometries[:] = reprojection.geometries
    _require_place(work, flat)
    if extent is not None:
        _draw_extent(work, flat, extent)
    _require_type(work, flat, GEOMETRY_OF_KIND[kind])
    if GEOMETRY_OF_KIND[kind] is GeometryKind.MULTIPOLYGON:
        _require_validity(work, flat, mend=mend)
    return Plot(
        geometries=work.geometries,
        status=work.status,
        repair_notes=work.repair_notes,
        originals=work.originals,
        buffered=frozenset(work.buffered),
        hits=tuple(work.hits),
        reprojection=reprojection,
    )


class _Work:
    """The state of one plot while its checks run: a row that one check settled is passed over by the next."""

    def __init__(self, geometries: Geometries, originals: dict[int, str]) -> None:
        self.geometries = geometries
        self.originals = originals
        self.status = np.full(len(geometries), PlotStatus.PLOTTED, dtype=object)
        self.repair_notes: dict[int, str] = {}
        self.buffered: set[int] = set()
        self.hits: list[Hit] = []

    def open_rows(self, mask: NDArray[np.bool_]) -> list[int]:
        """The rows of a mask that no check has settled yet."""
        return [int(row) for row in np.flatnonzero(mask & (self.status == PlotStatus.PLOTTED))]

    def drop(self, code: str, row: int, message: str, original: shapely.Geometry | None = None) -> None:
        """A record without a geometry that can be drawn."""
        self.status[row] = PlotStatus.UNPLOTTABLE
        self.geometries[row] = None
        if original is not None:
            self.originals[row] = shapely.to_wkt(original, rounding_precision=-1)
        self.hits.append(Hit(code, row, message))


def _mend_refused(work: _Work, refused: Mapping[int, str], *, mend: bool) -> None:
    for row, text in refused.items():
        mended = mend_rings(text)[0]
        if mended is None:
            work.drop("too-few-vertices", row, "No area can be made of it: no ring has three distinct points.")
        elif mend:
            work.geometries[row] = mended
            work.repair_notes[row] = "rings closed, rings of fewer than three points dropped"
            work.hits.append(
                Hit("geometry-repaired", row, "Unclosed rings were closed; rings without an area dropped.")
            )
        else:
            work.status[row] = PlotStatus.INVALID
            work.hits.append(Hit("ring-unclosed", row, "A ring does not close, or has fewer than three points."))


def _require_geometry(work: _Work) -> None:
    for row in work.open_rows(shapely.is_missing(work.geometries)):
        work.drop("geometry-missing", row, "The source gives the record no geometry.")
    for row in work.open_rows(shapely.is_empty(work.geometries)):
        work.drop("geometry-empty", row, "The record's geometry is empty.", work.geometries[row])


def _draw_extent(work: _Work, flat: Geometries, extent: Extent) -> None:
    """Lines and points whose width or radius is stated become areas, drawn on a plane in metres around them.

    A line gets flat ends: the source says how wide the field is, not that it goes on beyond the ends.
    """
    dimension = shapely.get_dimensions(work.geometries)
    reach = np.where(dimension == 1, extent.width_m / 2, np.where(dimension == 0, extent.radius_m, np.nan))
    rows = work.open_rows(np.isfinite(reach) & (reach > 0))
    if not rows:
        return
    lonlat = work.geometries[rows]
    bounds = total_bounds(lonlat)
    assert bounds is not None
    plane = local_equal_area(bounds)
    on_plane, is_line = project(lonlat, WGS84, plane), dimension[rows] == 1
    drawn = np.where(
        is_line,
        shapely.buffer(on_plane, reach[rows], cap_style="flat"),
        shapely.buffer(on_plane, reach[rows], quad_segs=16),
    )
    for row, shape in zip(rows, project(drawn, plane, WGS84), strict=True):
        work.geometries[row] = shape
        work.originals[row] = shapely.to_wkt(flat[row], rounding_precision=-1)
        work.buffered.add(row)
        what = f"width {extent.width_m[row]:g}" if dimension[row] == 1 else f"radius {extent.radius_m[row]:g}"
        work.hits.append(Hit("extent-drawn", row, f"A {flat[row].geom_type} was drawn as an area with the {what} m."))


def _require_type(work: _Work, flat: Geometries, wanted: GeometryKind) -> None:
    kinds = shapely.get_type_id(work.geometries)
    if wanted is GeometryKind.MULTIPOLYGON:
        for row in work.open_rows(kinds == 7):
            _take_polygons(work, row, flat[row])
        for row in work.open_rows(~np.isin(kinds, (3, 6, 7))):
            name = work.geometries[row].geom_type
            work.drop("not-an-area", row, f"A {name} has no area; its width or radius is not stated.", flat[row])
        return
    single = wanted is GeometryKind.POINT
    lonely = (kinds == 4) & (shapely.get_num_geometries(work.geometries) == 1)
    for row in work.open_rows(lonely if single else np.zeros(len(kinds), bool)):
        work.geometries[row] = work.geometries[row].geoms[0]
    for row in work.open_rows(~((kinds == 0) | lonely | ((kinds == 4) & (not single)))):
        name = work.geometries[row].geom_type
        work.drop("not-a-point", row, f"A {name} does not say one place.", flat[row])


def _take_polygons(work: _Work, row: int, delivered: shapely.Geometry) -> None:
    collection = work.geometries[row]
    polygons = polygons_of(np.array([collection], dtype=object))[0]
    if polygons is None:
        work.drop("not-an-area", row, "The collection holds no polygon.", delivered)
        return
    work.geometries[row] = polygons
    work.originals[row] = shapely.to_wkt(delivered, rounding_precision=-1)
    if _count_single(collection) > len(polygons.geoms):
        work.hits.append(Hit("parts-dropped", row, "Lines and points of the collection were left out of the area."))


def _count_single(geometry: shapely.Geometry) -> int:
    """The points, lines and polygons in a geometry, collections within collections taken apart."""
    return sum(_count_single(part) for part in geometry.geoms) if hasattr(geometry, "geoms") else 1


def _require_place(work: _Work, flat: Geometries) -> None:
    bounds = shapely.bounds(work.geometries).reshape(-1, 4)
    with np.errstate(invalid="ignore"):
        longitudes, latitudes = np.abs(bounds[:, [0, 2]]), np.abs(bounds[:, [1, 3]])
        in_range = (longitudes <= 180 + _NOISE_DEGREES).all(axis=1) & (latitudes <= 90 + _NOISE_DEGREES).all(axis=1)
    # GEOS leaves a vertex that is not a number out of the bounds.
    finite = np.ones(len(flat), bool)
    coordinates, owner = shapely.get_coordinates(work.geometries, return_index=True)
    finite[owner[~np.isfinite(coordinates).all(axis=1)]] = False
    for row in work.open_rows(~(in_range & finite)):
        work.drop("out-of-range", row, "The position lies outside the range of latitude and longitude.", flat[row])
    for row in work.open_rows((np.abs(bounds) < 1e-6).all(axis=1)):
        work.drop("null-island", row, "The position is 0, 0: a blank that was read as a number.", flat[row])


def _require_validity(work: _Work, flat: Geometries, *, mend: bool) -> None:
    invalid = work.open_rows(~are_valid(work.geometries))
    if not invalid:
        return
    broken = work.geometries[invalid]
    repaired = repair(broken)
    bounds = total_bounds(broken)
    assert bounds is not None
    plane = local_equal_area(bounds)
    before = shapely.area(project(broken, WGS84, plane))
    after = shapely.area(project(repaired.geometries, WGS84, plane))
    reasons = shapely.is_valid_reason(broken)
    for i, row in enumerate(invalid):
        if repaired.geometries[i] is None:
            work.drop(
                "too-few-vertices", row, "The polygon has fewer than three distinct vertices, or no area.", flat[row]
            )
            continue
        change = f"area {before[i]:,.0f} m2 as drawn, {after[i]:,.0f} m2 repaired"
        if not mend:
            work.status[row] = PlotStatus.INVALID
            work.hits.append(Hit("geometry-invalid", row, f"{reasons[i]}; {change}; import with --repair to use it."))
            continue
        work.geometries[row] = repaired.geometries[i]
        work.originals.setdefault(row, shapely.to_wkt(flat[row], rounding_precision=-1))
        note = f"make_valid by linework; {change}; {repaired.remnants[i]} remnants dropped"
        work.repair_notes[row] = "; ".join(filter(None, (work.repair_notes.get(row), note)))
        work.hits.append(Hit("geometry-repaired", row, f"{reasons[i]}; {change}."))
