"""The checks of what was plotted: one small function per check, each with its code (see `registry.findings`)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from registry import duplicates
from registry.candidates import MISREADINGS, Misreading, misreading_of
from registry.findings import Hit
from registry.geometry import (
    WGS84,
    Geometries,
    longest_edge_m,
    on_plane,
    project,
    reach_m,
    to_wgs84,
    uncrossed,
    width_m,
)
from registry.model import Kind
from registry.threads import beside

SPACING_MAX_M = 5_000.0
AREA_MIN_M2 = 100.0
AREA_MAX_M2 = 5_000_000.0
PLACE_MAX_M = 10_000.0
OVERLAP_MIN_SHARE = 0.01
SAME_FIELD_SHARE = 0.9
SAME_NUMBER_SHARE = 0.5
DATUM_WITHIN_M = 25.0
# A step of 100 m is 29 m as a uniform error, one of a thousandth of a degree 24 m and more up to 70 degrees north.
COARSE_SIGMA_M = 20.0


@dataclass(frozen=True)
class Plotted:
    """The plotted records of an import, row by row.

    ``delivered`` are in the source's CRS, ``lonlat`` on WGS 84, ``plane`` on an equal-area plane in metres; ``rows``
    are their rows in the import. ``written_sigma_m`` is NaN where positions were not written as text.
    """

    kind: Kind
    rows: NDArray[np.int64]
    record_ids: NDArray[np.object_]
    delivered: Geometries
    geographic: NDArray[np.bool_]
    lonlat: Geometries
    plane: Geometries
    plane_crs: CRS
    sigma_m: NDArray[np.float64]
    written_sigma_m: NDArray[np.float64]
    district: NDArray[np.object_]


@dataclass(frozen=True)
class Held:
    """What the registry already holds that an import is checked against; empty arrays where it holds nothing.

    ``records`` are plotted rows of the same kind in other batches, named ``batch/record``. All on WGS 84.
    """

    districts: Geometries
    district_names: NDArray[np.object_]
    scope: Geometries
    records: Geometries
    record_names: NDArray[np.object_]

    @property
    def reference(self) -> shapely.Geometry | None:
        """Where positions are expected: the convex hull of scope and districts."""
        known = np.concatenate([self.scope, self.districts])
        return shapely.convex_hull(shapely.GeometryCollection(list(known))) if len(known) else None


@dataclass(frozen=True)
class Case:
    """What was plotted beside what is held, with what several checks ask worked out once."""

    plotted: Plotted
    held: Held

    @cached_property
    def theirs(self) -> Geometries:
        """The records held, on the plane of those plotted, where a sliver may cross itself."""
        return project(self.held.records, WGS84, self.plotted.plane_crs)

    @cached_property
    def twins(self) -> dict[int, tuple[int, float]]:
        """For each record that another batch holds too: that record, and the share of the smaller they have in common.

        It is the same field where both share 90 % of the smaller and their sizes are alike, or where they bear the same
        number and share more than half of the smaller.
        """
        plotted, held = self.plotted, self.held
        if not len(held.records) or _duplicate_in_registry not in _CHECKS_OF_KIND[plotted.kind]:
            return {}
        i, j = duplicates.boxes_touching(plotted.plane, self.theirs)
        sizes = shapely.area(plotted.plane)[i], shapely.area(self.theirs)[j]
        # Sharing most of the smaller is not enough: a small field may lie inside a large one.
        alike = np.minimum(*sizes) >= SAME_FIELD_SHARE * np.maximum(*sizes)
        # A batch id holds no slash, so the record's own number is what follows the first one.
        ours = duplicates.number_keys(plotted.record_ids)
        named = duplicates.number_keys(str(name).partition("/")[2] for name in held.record_names)
        same_number = ours[i] == named[j]
        asked = alike | same_number
        i, j, least = i[asked], j[asked], np.where(same_number, SAME_NUMBER_SHARE, SAME_FIELD_SHARE)[asked]
        used, j = np.unique(j, return_inverse=True)
        theirs = uncrossed(self.theirs[used])
        shared = duplicates.sharing(plotted.plane, theirs, i, j, least_share=least)
        twins = used[shared.right]
        # Of equal shares the first by name counts, whatever noise says and however the records were read.
        by_name = np.argsort(np.asarray(held.record_names, dtype=str)[twins], kind="stable")
        found: dict[int, tuple[int, float]] = {}
        for number in by_name.tolist():
            record, share = int(shared.left[number]), round(float(shared.value[number]), 9)
            if share > max(SAME_NUMBER_SHARE, found.get(record, (0, 0.0))[1]):
                found[record] = int(twins[number]), share
        return found


@dataclass(frozen=True)
class MisreadRow:
    """A record far from the districts and scope, what would bring it back into them, and how far it lies from them."""

    row: int
    misreading: Misreading
    distance_m: float


def misread_rows(kind: Kind, rows: NDArray[np.int64], lonlat: Geometries, held: Held) -> list[MisreadRow]:
    """Find positions far from the districts and scope that a known misreading would bring back into them."""
    if held.reference is None or not len(rows) or kind in {Kind.DISTRICTS, Kind.SCOPE}:
        return []
    found, distance_m = misreading_of(shapely.get_coordinates(shapely.centroid(lonlat)), held.reference)
    return [MisreadRow(int(rows[i]), MISREADINGS[found[i]], float(distance_m[i])) for i in np.flatnonzero(found >= 0)]


def misread_positions(kind: Kind, rows: NDArray[np.int64], lonlat: Geometries, held: Held) -> list[Hit]:
    """The same as findings, with how to apply what would bring them back."""
    return [
        Hit(
            each.misreading.code,
            each.row,
            f"It lies {each.distance_m / 1000:,.0f} km from the known districts and scope, "
            f"and {each.misreading.words} it would lie in them; "
            f"import with --correct {each.misreading.code} to read it so.",
        )
        for each in misread_rows(kind, rows, lonlat, held)
    ]


def check(case: Case) -> list[Hit]:
    """Run every check of this kind of layer over what was plotted."""
    checks = _CHECKS_OF_KIND[case.plotted.kind]
    if _overlap_in_layer not in checks:
        return _found(case, checks)
    # It takes as long as all the rest, and needs nothing of it.
    rest = [one for one in checks if one is not _overlap_in_layer]
    found, overlaps = beside(lambda: _found(case, rest), lambda: _overlap_in_layer(case))
    return found + overlaps


def _found(case: Case, checks: Sequence[Callable[[Case], list[Hit]]]) -> list[Hit]:
    return [hit for one in checks for hit in one(case)]


def _hits(code: str, plotted: Plotted, found: NDArray[np.bool_], message: Callable[[int], str]) -> list[Hit]:
    return [Hit(code, int(plotted.rows[i]), message(int(i))) for i in np.flatnonzero(found)]


def _duplicate_in_layer(case: Case) -> list[Hit]:
    plotted, pairs = case.plotted, duplicates.same_shapes_among(case.plotted.plane)
    first: dict[int, int] = {}
    for i, j in zip(pairs.left.tolist(), pairs.right.tolist(), strict=True):
        first[i] = min(j, first.get(i, j))
    return [
        Hit("duplicate-in-layer", int(plotted.rows[i]), f"It repeats the polygon of {plotted.record_ids[first[i]]}.")
        for i in sorted(first)
    ]


def _overlap_in_layer(case: Case) -> list[Hit]:
    plotted, pairs = case.plotted, duplicates.overlaps_among(case.plotted.plane, least_share=OVERLAP_MIN_SHARE)
    i, j = np.concatenate([pairs.left, pairs.right]), np.concatenate([pairs.right, pairs.left])
    share = np.tile(pairs.value, 2)
    # Of equal shares the first record counts, whatever noise says.
    order = np.lexsort((j, -share.round(9), i))
    of, first, count = np.unique(i[order], return_index=True, return_counts=True)
    most = order[first]
    return [
        Hit(
            "overlap-in-layer",
            row,
            f"It overlaps {others} other record{'s' if others > 1 else ''}, most of all {plotted.record_ids[other]} "
            f"({shared:.0%} of the smaller).",
        )
        for row, other, shared, others in zip(
            plotted.rows[of].tolist(), j[most].tolist(), share[most].tolist(), count.tolist(), strict=True
        )
    ]


def _duplicate_in_registry(case: Case) -> list[Hit]:
    plotted, held = case.plotted, case.held
    return [
        Hit(
            "duplicate-in-registry",
            int(plotted.rows[i]),
            f"{held.record_names[j]} is the same field ({share:.0%} of the smaller is shared).",
        )
        for i, (j, share) in sorted(case.twins.items())
    ]


def _datum_suspect(case: Case) -> list[Hit]:
    plotted, held = case.plotted, case.held
    if not len(held.records):
        return []
    middle = shapely.Point(shapely.get_coordinates(plotted.lonlat).mean(axis=0))
    pair = np.array([middle], dtype=object)
    moved = to_wgs84(pair, CRS.from_epsg(4284)).geometries
    here, there = (shapely.get_coordinates(project(each, WGS84, plotted.plane_crs))[0] for each in (pair, moved))
    east, north = here - there
    if np.hypot(east, north) < 2 * DATUM_WITHIN_M:
        return []  # PROJ knows no shift here: a field that lies where it should would match.
    pairs = duplicates.shifted_shapes(plotted.plane, case.theirs, (east, north), within_m=DATUM_WITHIN_M)
    first = dict(zip(pairs.left[::-1].tolist(), zip(pairs.right[::-1], pairs.value[::-1], strict=True), strict=True))
    return [
        Hit(
            "datum-suspect",
            int(plotted.rows[i]),
            f"{held.record_names[j]} has the same shape {distance:.0f} m away, as SK-42 read as WGS 84 would lie.",
        )
        for i, (j, distance) in sorted(first.items())
    ]


def _spacing_large(case: Case) -> list[Hit]:
    plotted = case.plotted
    longest = np.zeros(len(plotted.rows))
    may = np.flatnonzero(reach_m(plotted.lonlat) > SPACING_MAX_M)
    longest[may] = longest_edge_m(plotted.lonlat[may])
    return _hits(
        "spacing-large", plotted, longest > SPACING_MAX_M, lambda i: f"Two vertices lie {longest[i]:,.0f} m apart."
    )


def _area(case: Case) -> list[Hit]:
    plotted = case.plotted
    area = shapely.area(plotted.plane)
    small = _hits("area-small", plotted, area < AREA_MIN_M2, lambda i: f"Its area is {area[i]:,.3g} m2.")
    large = _hits("area-large", plotted, area > AREA_MAX_M2, lambda i: f"Its area is {area[i] / 1e6:,.1f} km2.")
    return small + large


def _width_below_error(case: Case) -> list[Hit]:
    plotted = case.plotted
    width = width_m(plotted.plane)
    with np.errstate(invalid="ignore"):
        found = width < 2 * plotted.sigma_m
    return _hits(
        "width-below-error",
        plotted,
        found,
        lambda i: f"It is {width[i]:,.0f} m wide and its position error is {plotted.sigma_m[i]:,.0f} m.",
    )


def _precision_coarse(case: Case) -> list[Hit]:
    plotted = case.plotted
    # One step of the third decimal of a degree is about 100 m; on a plane the same is a multiple of 100 m.
    steps = np.where(plotted.geographic, 1e3, 1e-2)[:, None]
    # The bounds are coordinates too: where one of them is fine, nobody need look at the others.
    found = ~_are_fine(shapely.bounds(plotted.delivered).reshape(-1, 4) * steps)
    rows = np.flatnonzero(found)
    coordinates, owner = shapely.get_coordinates(plotted.delivered[rows], return_index=True)
    found[rows] = np.bincount(owner, weights=_are_fine(coordinates * steps[rows[owner]]), minlength=len(rows)) == 0
    # What is written says how fine it is: a whole minute may be exact to the second.
    found = np.where(np.isnan(plotted.written_sigma_m), found, plotted.written_sigma_m > COARSE_SIGMA_M)
    # A ring that had to be closed cannot be held as delivered, so there is nothing to judge.
    found &= ~shapely.is_missing(plotted.delivered)
    return _hits("precision-coarse", plotted, found, lambda _: "All its coordinates are rounded to about 100 m.")


def _are_fine(steps: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether any number of a row is no whole one."""
    return np.asarray((np.abs(steps - np.round(steps)) > 1e-6).any(axis=1))


def _outside_scope(case: Case) -> list[Hit]:
    return _outside("outside-scope", case.plotted, case.held.scope, "It lies wholly outside the scope of the batch.")


def _outside_districts(case: Case) -> list[Hit]:
    words = "It lies wholly outside every known district."
    return _outside("outside-districts", case.plotted, case.held.districts, words)


def _outside(code: str, plotted: Plotted, areas: Geometries, message: str) -> list[Hit]:
    if not len(areas):
        return []
    # The areas are few and detailed, the records many: a tree of the records is quick.
    touched = np.unique(shapely.STRtree(plotted.lonlat).query(areas, predicate="intersects")[1])
    outside = np.ones(len(plotted.rows), bool)
    outside[touched] = False
    return _hits(code, plotted, outside, lambda _: message)


def _place_mismatch(case: Case) -> list[Hit]:
    plotted, held = case.plotted, case.held
    areas_of: dict[str, list[int]] = {}
    for index, name in enumerate(held.district_names):
        areas_of.setdefault(str(name).casefold(), []).append(index)
    rows_of: dict[str, list[int]] = {}
    for row in np.flatnonzero(pd.notna(plotted.district)).tolist():
        rows_of.setdefault(str(plotted.district[row]).casefold(), []).append(row)
    known = [name for name in rows_of if name in areas_of]
    if not known:
        return []
    areas = on_plane(held.districts, plotted.plane_crs)
    distance = np.zeros(len(plotted.rows))
    for name in known:
        # Districts may share a name; the nearest is the one that may be meant.
        of_each = [shapely.distance(plotted.plane[rows_of[name]], areas[index]) for index in areas_of[name]]
        distance[rows_of[name]] = np.min(of_each, axis=0)
    return _hits(
        "place-mismatch",
        plotted,
        distance > PLACE_MAX_M,
        lambda i: f"It names the district {plotted.district[i]}, which is {distance[i] / 1000:,.0f} km away.",
    )


_PLACE = (_precision_coarse, _outside_scope, _outside_districts, _place_mismatch)
_POLYGONS = (_duplicate_in_layer, _duplicate_in_registry, _datum_suspect, _overlap_in_layer)
_MINEFIELDS = (_spacing_large, _area, _width_below_error)

_CHECKS_OF_KIND: Mapping[Kind, tuple[Callable[[Case], list[Hit]], ...]] = {
    Kind.MINEFIELDS: (*_POLYGONS, *_MINEFIELDS, *_PLACE),
    Kind.SURVEYED: (*_POLYGONS, *_PLACE),
    Kind.RELEASED: (*_POLYGONS, *_PLACE),
    Kind.ACCIDENTS: _PLACE,
    Kind.DEVICES: _PLACE,
    Kind.DISTRICTS: (),
    Kind.SCOPE: (),
}
