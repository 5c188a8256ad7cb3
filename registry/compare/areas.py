"""Coverage: how much land the records cover, by batch and by district. Every area is taken on an equal-area plane."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from pyproj import CRS
from shapely import STRtree

from registry import geometry
from registry.compare.blur import dissolve, in_canonical_order
from registry.compare.kernel import Ranks
from registry.compare.uncertainty import Share, wilson_share
from registry.errors import CompareError
from registry.geometry import Geometries
from registry.model import Counts, PartialDate


@dataclass(frozen=True)
class RankedRecords:
    """Records on an equal-area plane, in the order in which they were certainly in hand.

    Attributes
    ----------
    record_ids
        ``batch/record`` of each record.
    polygons
        Valid polygons in ``plane``.
    batches
        Batch and handover date, in rank order; batches without a date come last.
    batch
        For each record, the number of its batch in ``batches``.
    plane
        The equal-area CRS, in metres.
    attributes
        The other columns of the records, in the same order.
    """

    record_ids: tuple[str, ...]
    polygons: Geometries
    batches: tuple[tuple[str, PartialDate | None], ...]
    batch: Ranks
    plane: CRS
    attributes: pandas.DataFrame = field(compare=False, repr=False)

    def held_before(self, days: NDArray[np.datetime64]) -> Ranks:
        """How many records were handed over before each day; a batch without a date is never counted."""
        dates = [handed_over_on.last for _, handed_over_on in self.batches if handed_over_on is not None]
        batches_held = np.searchsorted(np.array(dates, dtype="datetime64[D]"), days, side="left")
        return np.searchsorted(self.batch, batches_held, side="left")


@dataclass(frozen=True)
class BatchCoverage:
    """What one batch adds to the land covered by the batches before it: metric M15, as far as it is about land.

    ``union_m2`` is the area the batch covers, ``new_m2`` what no earlier batch covers of it, ``cumulative_union_m2``
    the area of all batches so far. ``share_already_covered`` is the rest of the batch's own area, as a fraction of it;
    None where it covers nothing.
    """

    batch_id: str
    handed_over_on: PartialDate | None
    records_plotted: int
    sum_m2: float
    union_m2: float
    new_m2: float
    share_already_covered: float | None
    cumulative_union_m2: float


@dataclass(frozen=True)
class MergedLand:
    """The land that records cover: ``parts`` on their plane, which do not overlap, and how it grew by batch."""

    parts: Geometries
    by_handover: tuple[BatchCoverage, ...]


@dataclass(frozen=True)
class DistrictRecords:
    """Districts on the plane of the records, and how many records are in each.

    Attributes
    ----------
    polygons
        Prepared for many questions.
    records_plotted
        For each, the records that share more than a border with it.
    records_elsewhere
        Records that touch no district.
    """

    polygons: Geometries
    records_plotted: Ranks
    records_elsewhere: int


@dataclass(frozen=True)
class DistrictCoverage:
    """Land covered in one district.

    ``share_of_district`` is ``union_m2 / district_m2``. ``district`` is None, and the last two with it, for land in no
    district.
    """

    district: str | None
    district_id: str | None
    records_plotted: int
    union_m2: float
    district_m2: float | None
    share_of_district: float | None


@dataclass(frozen=True)
class Coverage:
    """Metric C1, and M14 as ``unplottable_share``.

    Overlapping records count once in ``union_m2`` and each time in ``sum_m2``. ``records_repeated`` of the plotted are
    the same field as a record of another batch that is compared too.
    """

    records_received: int
    records_plotted: int
    records_invalid: int
    records_unplottable: int
    records_repeated: int
    unplottable_share: Share
    sum_m2: float
    union_m2: float
    by_district: tuple[DistrictCoverage, ...]
    by_handover: tuple[BatchCoverage, ...]


def plane_of(*frames: GeoDataFrame) -> CRS:
    """Lambert azimuthal equal-area plane centred on all geometries of the frames.

    Where no frame has any, the plane touches 0 N 0 E, and nothing is drawn on it.
    """
    bounds = geometry.total_bounds(*(lonlat(frame) for frame in frames))
    return geometry.local_equal_area(bounds or (0, 0, 0, 0))


def lonlat(frame: GeoDataFrame) -> Geometries:
    """The geometries of a frame in degrees on WGS 84.

    Raises
    ------
    CompareError
        If the frame has no CRS.
    """
    if frame.crs is None:
        raise CompareError("A layer in the comparison has no coordinate reference system; set one with set_crs().")
    geometries = np.asarray(frame.geometry.array, dtype=object)
    if frame.crs.equals(geometry.WGS84, ignore_axis_order=True):
        return geometries
    return geometry.project(geometries, frame.crs, geometry.WGS84)


def polygons_on_plane(frame: GeoDataFrame, plane: CRS) -> Geometries:
    """Valid polygons of a frame on a plane. A sliver that crosses itself only once it is projected is repaired."""
    return geometry.on_plane(lonlat(frame), plane)


def rank_records(
    records: GeoDataFrame, handed_over_on: Mapping[str, PartialDate | None], plane: CRS | None = None
) -> RankedRecords:
    """Put records on a plane, in the order of (last day the handover date can mean, batch, record).

    Parameters
    ----------
    records
        Plotted records with a CRS and the columns ``batch_id`` and ``record_id``; valid polygons. Where a ring starts
        and which way it runs makes no difference.
    handed_over_on
        Date of every batch that is compared, also of those without a plotted record.
    plane
        Equal-area CRS; centred on the records when left out.
    """
    plane = plane_of(records) if plane is None else plane
    batches = sorted(handed_over_on.items(), key=_by_date_in_hand)
    number = {batch_id: index for index, (batch_id, _) in enumerate(batches)}
    batch = records["batch_id"].map(number).to_numpy(dtype=np.int64)
    record_id = records["record_id"].to_numpy(dtype=object)
    order = sorted(range(len(records)), key=lambda row: (batch[row], str(record_id[row])))
    return RankedRecords(
        tuple(f"{batches[batch[row]][0]}/{record_id[row]}" for row in order),
        np.asarray(shapely.normalize(polygons_on_plane(records, plane)[order]), dtype=object),
        tuple(batches),
        batch[order],
        plane,
        pandas.DataFrame(records.drop(columns=records.geometry.name)).iloc[order].reset_index(drop=True),
    )


def place_records(records: RankedRecords, districts: GeoDataFrame) -> DistrictRecords:
    """Find the records of each district: those that share more than a border with it."""
    polygons = polygons_on_plane(districts, records.plane)
    shapely.prepare(polygons)
    district, record = STRtree(records.polygons).query(polygons, predicate="intersects")
    shares_land = ~shapely.touches(polygons[district], records.polygons[record])
    return DistrictRecords(
        polygons,
        np.bincount(district[shares_land], minlength=len(districts)),
        len(records.polygons) - len(np.unique(record)),
    )


def are_repeated(records: GeoDataFrame) -> NDArray[np.bool_]:
    """Which records repeat one of the others: a field handed over twice counts once.

    Parameters
    ----------
    records
        With the columns ``batch_id``, ``record_id`` and ``duplicate_of`` (``batch/record`` or null).
    """
    repeats = records["duplicate_of"].notna()
    if not repeats.any():
        return np.asarray(repeats, dtype=bool)
    names = records["batch_id"].astype("string") + "/" + records["record_id"].astype("string")
    return np.asarray(records["duplicate_of"].isin(names), dtype=bool)


def count_repeated(records: GeoDataFrame) -> int:
    """Count the records that repeat one of the others, see `are_repeated`."""
    return int(are_repeated(records).sum())


def area_m2(polygons: Geometries) -> float:
    """Sum of the areas of polygons on an equal-area plane, to 0.01 m2; below, the order of the sum would show."""
    return round(float(shapely.area(polygons).sum()), 2)


def merge_records(records: RankedRecords) -> MergedLand:
    """Merge records batch by batch; of what is already merged, only what a batch touches is merged again.

    All of them together are merged in an order of their own, so that their parts do not depend on the batches.
    """
    parts: Geometries = np.empty(0, dtype=object)
    covered_m2 = 0.0
    rows = []
    for index, (batch_id, handed_over_on) in enumerate(records.batches):
        polygons = records.polygons[records.batch == index]
        if index + 1 == len(records.batches):
            parts = dissolve(in_canonical_order(records.polygons))
            own = parts if index == 0 else dissolve(polygons)
        else:
            own = dissolve(polygons)
            parts = _grown(parts, own)
        own_m2 = area_m2(own)
        before_m2, covered_m2 = covered_m2, area_m2(parts)
        new_m2 = min(own_m2, max(0.0, round(covered_m2 - before_m2, 2)))
        rows.append(
            BatchCoverage(
                batch_id,
                handed_over_on,
                len(polygons),
                area_m2(polygons),
                own_m2,
                new_m2,
                1 - new_m2 / own_m2 if own_m2 else None,
                covered_m2,
            )
        )
    return MergedLand(parts, tuple(rows))


def measure_coverage(
    records: RankedRecords,
    received: Counts,
    *,
    land: MergedLand | None = None,
    repeated: int = 0,
    districts: GeoDataFrame | None = None,
    placed: DistrictRecords | None = None,
) -> Coverage:
    """Measure the land that records cover (C1) and the share that could not be plotted (M14).

    Parameters
    ----------
    records
        The plotted records.
    received
        Counts of all records received, plotted or not.
    land
        What `merge_records` made of them; made here when left out.
    repeated
        How many of the plotted repeat another, see `count_repeated`.
    districts
        Polygons with the columns ``record_id`` and ``name``.
    placed
        What `place_records` made of records and districts; made here when left out.
    """
    land = merge_records(records) if land is None else land
    return Coverage(
        records_received=received.received,
        records_plotted=received.plotted,
        records_invalid=received.invalid,
        records_unplottable=received.unplottable,
        records_repeated=repeated,
        unplottable_share=wilson_share(received.unplottable, received.received),
        sum_m2=area_m2(records.polygons),
        union_m2=area_m2(land.parts),
        by_district=()
        if districts is None
        else _by_district(place_records(records, districts) if placed is None else placed, land.parts, districts),
        by_handover=land.by_handover,
    )


def district_names(districts: GeoDataFrame) -> list[str]:
    """Name of each district, its own id where the source gives no name."""
    names = districts["name"]
    return [str(name) for name in names.where(names.notna(), districts["record_id"])]


def _grown(parts: Geometries, more: Geometries) -> Geometries:
    """Merge two sets of parts, each of which share no land among themselves."""
    touched = np.unique(STRtree(more).query(parts)[0])
    return np.concatenate([np.delete(parts, touched), dissolve(np.concatenate([parts[touched], more]))])


def _by_date_in_hand(batch: tuple[str, PartialDate | None]) -> tuple[bool, str, str]:
    batch_id, handed_over_on = batch
    return handed_over_on is None, "" if handed_over_on is None else handed_over_on.last.isoformat(), batch_id


def _by_district(
    placed: DistrictRecords, union_parts: Geometries, districts: GeoDataFrame
) -> tuple[DistrictCoverage, ...]:
    """Clip the merged parts, which do not overlap, so that their clipped areas only need adding up."""
    polygons = placed.polygons
    district, part = STRtree(union_parts).query(polygons, predicate="intersects")
    pieces = union_parts[part]
    crosses = ~shapely.covers(polygons[district], pieces)
    pieces[crosses] = shapely.intersection(polygons[district[crosses]], pieces[crosses])
    union_m2 = np.bincount(district, weights=shapely.area(pieces), minlength=len(districts)).round(2)
    district_m2 = shapely.area(polygons).round(2)
    rows = [
        DistrictCoverage(name, str(record_id), int(count), float(covered), float(area), float(covered / area))
        for name, record_id, count, covered, area in zip(
            district_names(districts),
            districts["record_id"],
            placed.records_plotted,
            union_m2,
            district_m2,
            strict=True,
        )
    ]
    rows.sort(key=lambda row: (-row.union_m2, row.district or "", row.district_id or ""))
    whole = np.setdiff1d(np.arange(len(union_parts)), part)
    cut = ~np.isin(part, part[~crosses])
    rest = _left_over(union_parts, part[cut], polygons[district[cut]])
    in_none_m2 = area_m2(np.concatenate([union_parts[whole], rest]))
    return (*rows, DistrictCoverage(None, None, placed.records_elsewhere, in_none_m2, None, None))


def _left_over(parts: Geometries, part: Ranks, districts: Geometries) -> Geometries:
    """What districts leave of parts, for each part that has any.

    Parameters
    ----------
    parts
        All parts.
    part, districts
        Number of a part and a district that cuts it, in pairs.
    """
    order = np.argsort(part, kind="stable")
    cut, first, count = np.unique(part[order], return_index=True, return_counts=True)
    rest = parts[cut]
    for number in range(count.max(initial=0)):
        more = count > number
        rest[more] = shapely.difference(rest[more], districts[order[first[more] + number]])
    return rest
