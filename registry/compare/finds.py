"""Mines found on the ground: which rows are mines, how many, in which record, and how many inside the maps (M4)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from pyproj import CRS
from shapely import STRtree

from registry import geometry
from registry.codes import DeviceCategory
from registry.compare.areas import lonlat
from registry.compare.kernel import TOLERANCE_M
from registry.compare.uncertainty import MIN_DENOMINATOR, Share, wilson_interval, wilson_share
from registry.geometry import Geometries

UNSPECIFIED = "unspecified"
"""The class of a mine of which nobody said whether it is anti-personnel or anti-vehicle."""

CLASS_OF_MINE: Mapping[str, str] = {
    DeviceCategory.AP_MINE: "ap",
    DeviceCategory.AV_MINE: "av",
    DeviceCategory.IMPROVISED_MINE: "other",
    DeviceCategory.MINE_UNSPEC: UNSPECIFIED,
}

ERW = frozenset({DeviceCategory.UXO, DeviceCategory.AXO, DeviceCategory.CMR})
"""Explosive remnants of war: no record of a laid field claims them."""

Mask = NDArray[np.bool_]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class FoundDevices:
    """What the devices layers hold, in devices unless the name says rows.

    ``other`` is neither mine nor explosive remnant of war, or not stated. A mine row without a position is counted in
    ``mine_rows_unlocated`` and in nothing else. ``mine_rows_assumed`` state no quantity and count one device for each
    of their points. Rows of quantity 0 are no finds.
    """

    rows: int
    mines: int
    mine_rows: int
    mine_rows_assumed: int
    mine_rows_unlocated: int
    erw: int
    other: int


@dataclass(frozen=True)
class Finds:
    """Rows of found mines that have a position.

    ``places`` are MultiPoints on the plane, ``device_class`` is ``ap``, ``av``, ``other`` or ``unspecified``,
    ``quantity`` in devices, 1 at least.
    """

    places: Geometries
    device_class: NDArray[np.object_]
    quantity: Integers

    def chosen(self, rows: Mask) -> "Finds":
        """Some of the rows."""
        return Finds(self.places[rows], self.device_class[rows], self.quantity[rows])


@dataclass(frozen=True)
class FindContainment:
    """Metric M4: found mines inside the records / found mines.

    ``among`` says where they were found. ``rows`` counts finds, ``mines`` counts devices by quantity; its interval
    rests on the effective number of rows, because the mines of one row were found together. Rows whose points lie on
    both sides of a record's border are in neither, and counted.
    """

    among: str
    rows: Share
    mines: Share
    rows_on_both_sides: int


def read_finds(devices: GeoDataFrame, plane: CRS) -> tuple[Finds, FoundDevices]:
    """Sort found devices into mines and others, and put the mines on a plane.

    Parameters
    ----------
    devices
        Points or MultiPoints with a CRS, None where the position is not known, and the columns ``device_category``
        (codes of `registry.codes.DeviceCategory` or null) and ``quantity`` (devices, null where not stated).
    plane
        A CRS in metres.
    """
    places = geometry.project(lonlat(devices), geometry.WGS84, plane)
    located = ~(shapely.is_missing(places) | shapely.is_empty(places))
    stated = devices["quantity"].astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
    # A number below nought says nothing.
    assumed = ~(stated >= 0)
    quantity = np.where(assumed, np.maximum(shapely.get_num_geometries(places), 1), stated).astype(np.int64)
    category = devices["device_category"].to_numpy(dtype=object, na_value=None)
    device_class = np.array([CLASS_OF_MINE.get(code, "") for code in category], dtype=object)
    mine = device_class != ""
    erw = np.array([code in ERW for code in category], dtype=bool)
    finds = Finds(places, device_class, quantity).chosen(mine & located & (quantity > 0))
    found = FoundDevices(
        rows=len(devices),
        mines=int(finds.quantity.sum()),
        mine_rows=len(finds.quantity),
        mine_rows_assumed=int(np.count_nonzero(mine & located & assumed)),
        mine_rows_unlocated=int(np.count_nonzero(mine & ~located)),
        erw=int(quantity[erw].sum()),
        other=int(quantity[~mine & ~erw].sum()),
    )
    return finds, found


def pairs(places: Geometries, polygons: Geometries) -> tuple[Integers, Integers, Mask]:
    """Rows of points and the polygons that hold any of their points, by number, and whether it holds all of them.

    Pairs come sorted by row and then by polygon. A point within the tolerance of a polygon lies in it.

    Parameters
    ----------
    places
        Points or MultiPoints on a plane in metres.
    polygons
        Valid polygons on the same plane.
    """
    points, row = shapely.get_parts(places, return_index=True)
    point, polygon = STRtree(polygons).query(points, predicate="dwithin", distance=TOLERANCE_M)
    keys = row[point] * max(len(polygons), 1) + polygon
    both, number = np.unique(keys, return_counts=True)
    in_row, in_polygon = np.divmod(both, max(len(polygons), 1))
    return in_row, in_polygon, number == np.bincount(row, minlength=len(places))[in_row]


def measure_find_containment(
    finds: Finds, mapped: Geometries, study: tuple[str, shapely.Geometry] | None = None
) -> FindContainment:
    """Measure how many of the found mines lie inside the records (M4).

    Parameters
    ----------
    finds
        Found mines on the plane of the records.
    mapped
        Polygons of the records, dissolved or not.
    study
        The study area: what it is, and its polygon on the plane. Without one all finds count.
    """
    among = "all found mines, wherever they lie"
    if study is not None:
        among = f"mines found in {study[0]}"
        row, _, _ = pairs(finds.places, np.array([study[1]], dtype=object))
        finds = finds.chosen(np.isin(np.arange(len(finds.places)), row))
    number = len(finds.places)
    points, row = shapely.get_parts(finds.places, return_index=True)
    held, _ = STRtree(mapped).query(points, predicate="dwithin", distance=TOLERANCE_M)
    is_held = np.isin(np.arange(len(points)), held)
    inside = np.bincount(row, weights=is_held, minlength=number)
    whole = inside == np.bincount(row, minlength=number)
    told = whole | (inside == 0)
    return FindContainment(
        among,
        wilson_share(int(np.count_nonzero(whole)), int(np.count_nonzero(told))),
        weighted_share(whole[told], finds.quantity[told]),
        int(np.count_nonzero(~told)),
    )


def weighted_share(counted: Mask, weight: Integers) -> Share:
    """Share by weight, with Wilson's interval for the effective number of rows.

    Parameters
    ----------
    counted
        Whether each row counts in the numerator.
    weight
        Of each row, whole numbers of 1 or more.

    Notes
    -----
    The effective number is (sum of weights)^2 / sum of squared weights (Kish, L., 1965, Survey Sampling, section
    11.7); it is the number of rows where all weigh the same. Below 10 no share is given.
    """
    numerator, denominator = int(weight[counted].sum()), int(weight.sum())
    effective = denominator**2 / float((weight.astype(np.float64) ** 2).sum()) if denominator else 0.0
    if effective < MIN_DENOMINATOR:
        reason = f"The effective number of finds is {effective:.1f}; below {MIN_DENOMINATOR} no share is given."
        return Share(numerator, denominator, reason=reason)
    value = numerator / denominator
    return Share(
        numerator, denominator, value, *wilson_interval(value * effective, effective), method="wilson, effective number"
    )
