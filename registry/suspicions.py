"""Is a source read as it is meant? Its readings held against scope, districts, and the fields of other batches.

Evidence comes in two forms. *Places*: how many records lie in the scope of the batch (else in the known districts) as
read, and how many by another reading. *Numbers*: fields that another batch holds under the same number, or in the same
shape; how far and in which direction ours lie from theirs, and whether another reading ends that. Numbers count before
places: they tell 100 m.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from registry import duplicates
from registry.candidates import in_use
from registry.evidence import (
    PAIRS_MIN,
    Area,
    Fields,
    Known,
    Offset,
    apart_m,
    area_of_use,
    known_area,
    offset,
    offset_by_number,
)
from registry.geometry import WGS84, Geometries, crs_name, local_equal_area, project, to_wgs84, total_bounds
from registry.readings import Reading, readings_of

# The rule for places. Far: on median this far from the bounds of the area, and nearly all in it by the reading.
FAR_DEGREES = 1.0
FAR_SHARE = 0.9
# Near: this share outside as read; of these the reading brings in at least so many and so large a part, and it puts
# hardly any out.
NEAR_OUTSIDE = 0.1
NEAR_GAIN = 10
NEAR_GAIN_SHARE = 0.75
NEAR_LOSS_SHARE = 0.05
# The rule for numbers: the offset is clear (`Offset.is_clear`), and the reading leaves at most this of it.
LEFT_SHARE = 0.25
LEFT_MAX_M = 500.0
SAME_SHAPE_M = 25.0
LITTLE_M = 5_000.0
# Readings that fit as well as the best are named beside it.
AS_WELL_SHARE = 0.02
AS_WELL_M = 25.0

_SAMPLE = 2_000


@dataclass(frozen=True)
class Suspicion:
    """A reading that fits clearly better than the one stated, or that was applied as told.

    Attributes
    ----------
    code, reading, source_crs
        The misreading, the reading in words, and the CRS of the numbers by it.
    records
        Records with a position.
    reference, inside_as_read, inside
        The area they are expected in and how many lie in it; null where none is known.
    moved_m, moved_east_m, moved_north_m
        How far the reading moves them, on median.
    paired, batches
        Records that other batches hold too.
    offset_east_m, offset_north_m, spread_m
        How far they lie from those as read, on median, and the spread of that per axis, one sigma.
    offset_left_m
        What the reading leaves of the offset.
    also
        Other readings that fit as well, each with the option that applies it.
    applied
        Whether it was applied.
    """

    code: str
    reading: str
    source_crs: str
    records: int
    reference: str | None
    inside_as_read: int | None
    inside: int | None
    moved_m: float
    moved_east_m: float
    moved_north_m: float
    paired: int
    batches: tuple[str, ...]
    offset_east_m: float | None
    offset_north_m: float | None
    spread_m: float | None
    offset_left_m: float | None
    also: tuple[str, ...] = ()
    applied: bool = False

    def sentence(self) -> str:
        """What was found, with its numbers, and how to apply it."""
        said = []
        if self.inside is not None and self.inside_as_read is not None:
            said.append(
                f"{self.records - self.inside_as_read:,} of {self.records:,} records lie outside {self.reference} "
                f"as read; read {self.reading}, {self.inside:,} of {self.records:,} lie in it."
            )
        if self.paired and self.offset_east_m is not None and self.offset_north_m is not None:
            said.append(
                f"{self.paired:,} records that batch {', '.join(self.batches)} holds too lie on median "
                f"{_compass(self.offset_east_m, self.offset_north_m)} of those as read (spread {self.spread_m:,.0f} m)"
                f", and {self.offset_left_m:,.0f} m from them read {self.reading}."
            )
        said.append(f"That moves them by {self.moved_m:,.0f} m on median.")
        if self.also:
            said.append(f"What fits as well: {'; '.join(self.also)}.")
        told = "They were read so, as told." if self.applied else f"Import with --correct {self.code} to read them so."
        return " ".join([*said, told])


@dataclass(frozen=True)
class Settled:
    """How a source is read in the end.

    Attributes
    ----------
    crs
        In which the numbers are once they are taken as `meant`.
    source_crs
        What the delivered numbers were taken for.
    readings, applied
        Those that were applied, in their order, and what was found of each.
    suspected
        What is still suspected.
    """

    crs: CRS
    source_crs: str
    readings: tuple[Reading, ...] = ()
    applied: tuple[Suspicion, ...] = ()
    suspected: Suspicion | None = None

    def meant(self, delivered: Geometries) -> Geometries:
        """The geometries as they are read, x before y."""
        for reading in self.readings:
            delivered = reading.apply(delivered)
        return delivered

    @property
    def is_changed(self) -> bool:
        """Whether the numbers themselves are read otherwise, not only in another CRS."""
        return any(reading.step is not None for reading in self.readings)


def as_stated(crs: CRS) -> Settled:
    """A source that is read as stated, untested."""
    return Settled(crs, crs_name(crs))


def settle(
    geometries: Geometries, crs: CRS, numbers: NDArray[np.object_], known: Known, told: Sequence[str] = ()
) -> Settled:
    """Test the readings of a source, and apply those that a person told to apply and that are found.

    Parameters
    ----------
    geometries
        As delivered, in ``crs``, x before y; None where there is none.
    numbers
        The number of each record as `duplicates.number_keys` has it, None where it states none.
    told
        Codes whose reading is applied, each once, the best-fitting first.
    """
    settled = as_stated(crs)
    while True:
        found = _examine(settled.meant(geometries), settled.crs, numbers, known)
        done = {each.code for each in settled.applied}
        due = next((each for each in found if each[1].code in told and each[1].code not in done), None)
        if due is None:
            return replace(settled, suspected=found[0][1] if found else None)
        reading, suspicion = due
        settled = Settled(
            reading.crs,
            reading.source_crs,
            (*settled.readings, reading),
            (*settled.applied, replace(suspicion, applied=True)),
        )


@dataclass(frozen=True)
class _Source:
    """A source on its way through the test, the records that have a position; ``points`` are their middles."""

    geometries: Geometries
    points: Geometries
    crs: CRS
    keys: NDArray[np.object_]
    lonlat: NDArray[np.float64]

    def some(self) -> "_Source":
        """A sample, enough to tell a reading that does not fit; the same at every call."""
        if len(self.points) <= _SAMPLE:
            return self
        # Not every so many-th: what is wrong may come at regular intervals.
        rows = np.sort(np.random.default_rng(0).choice(len(self.points), _SAMPLE, replace=False))
        return _Source(self.geometries[rows], self.points[rows], self.crs, self.keys[rows], self.lonlat[rows])

    def by(self, reading: Reading) -> NDArray[np.float64]:
        """Longitude and latitude of the middles by a reading."""
        return _on_wgs84(reading.apply(self.points), reading.crs)


@dataclass(frozen=True)
class _Places:
    """Which records lie in an area as read, and which by a reading."""

    area: Area
    as_read: NDArray[np.bool_]
    by_reading: NDArray[np.bool_]


_Found = tuple[Reading, Suspicion]


def _examine(geometries: Geometries, crs: CRS, numbers: NDArray[np.object_], known: Known) -> list[_Found]:
    """The readings that fit clearly better than the one stated: the best, and those that fit as well."""
    middles = np.asarray(shapely.centroid(geometries), dtype=object)
    rows = np.flatnonzero(~(shapely.is_missing(middles) | shapely.is_empty(middles)))
    rows = rows[np.isfinite(shapely.get_coordinates(middles[rows])).all(axis=1)]
    if not len(rows):
        return []
    points = middles[rows]
    source = _Source(geometries[rows], points, crs, numbers[rows], _on_wgs84(points, crs))
    readings = readings_of(crs, np.median(shapely.get_coordinates(points), axis=0))
    area = known_area(known)
    if in_use(crs, source.lonlat).mean() < 0.5:
        # They cannot be read as stated, so where the CRS is used is evidence too.
        placed = [] if area is None else _by_place(source, readings, area, is_far=True)
        use = area_of_use(crs)
        return placed or ([] if use is None else _by_place(source, readings, use, is_far=True))
    near = known.fields_around(source.lonlat)
    as_read = offset_by_number(source.keys, source.lonlat, near)
    if as_read is not None and as_read.confirms:
        return []
    placed = []
    if area is not None:
        is_far = area.is_far_from(source.lonlat, degrees=FAR_DEGREES)
        placed = _by_place(source, readings, area, is_far=is_far)
    numbered = _by_number(source, readings, known, near, looks_far=area is None and as_read is None)
    return _joined(numbered, placed) if numbered else placed


def _by_place(source: _Source, readings: Sequence[Reading], area: Area, *, is_far: bool) -> list[_Found]:
    """Readings that bring the records into an area."""
    as_read = area.holds(source.lonlat)
    if (~as_read).mean() < NEAR_OUTSIDE:
        return []
    some = source.some()
    some_as_read = area.holds(some.lonlat)
    found = []
    for reading in readings:
        if area.holds(some.by(reading)).mean() <= some_as_read.mean():
            continue
        there = source.by(reading)
        places = _Places(area, as_read, area.holds(there))
        if _fits(as_read, places.by_reading, is_far=is_far) and _is_in_use(reading, there):
            found.append((reading, _suspicion(source, there, reading, places=places)))
    found.sort(key=lambda one: -(one[1].inside or 0))
    least = (found[0][1].inside or 0) - AS_WELL_SHARE * len(source.points) if found else 0
    return _with_rivals([one for one in found if (one[1].inside or 0) >= least])


def _fits(as_read: NDArray[np.bool_], by_reading: NDArray[np.bool_], *, is_far: bool) -> bool:
    gain, loss = int((~as_read & by_reading).sum()), int((as_read & ~by_reading).sum())
    if is_far and by_reading.mean() >= FAR_SHARE:
        return gain > loss
    return gain >= max(NEAR_GAIN, NEAR_GAIN_SHARE * int((~as_read).sum())) and loss <= NEAR_LOSS_SHARE * gain


def _by_number(
    source: _Source, readings: Sequence[Reading], known: Known, near: Fields, *, looks_far: bool
) -> list[_Found]:
    """Readings that end the offset from the same fields in other batches.

    Parameters
    ----------
    near
        The fields around the records as read.
    looks_far
        Whether to look for fields also where each reading would put the records.
    """
    some = source.some()
    is_numbered = any(key is not None for key in source.keys)

    def moves_little(reading: Reading) -> bool:
        return float(np.median(np.hypot(*apart_m(some.lonlat, some.by(reading))))) < LITTLE_M

    found = []
    for reading in readings:
        fields = known.fields_around(some.by(reading)) if looks_far and is_numbered else near
        if not len(fields.keys):
            continue
        before = offset_by_number(source.keys, source.lonlat, fields)
        if before is None and not moves_little(reading):
            continue
        if before is not None and not before.is_clear:
            continue
        there = source.by(reading)
        after = offset_by_number(source.keys, there, fields)
        if before is None or after is None:
            before, after = _of_shapes(source, reading, fields)
        if before is None or after is None or not (before.is_clear and _is_in_use(reading, there)):
            continue
        left_m = LEFT_SHARE * before.length_m
        if after.length_m <= min(left_m, LEFT_MAX_M) and after.spread_m <= max(left_m, 1.5 * before.spread_m):
            found.append((reading, _suspicion(source, there, reading, offsets=(before, after))))
    found.sort(key=lambda one: one[1].offset_left_m or 0.0)
    most_m = (found[0][1].offset_left_m or 0.0) + AS_WELL_M if found else 0.0
    return _with_rivals([one for one in found if (one[1].offset_left_m or 0.0) <= most_m])


def _of_shapes(source: _Source, reading: Reading, fields: Fields) -> tuple[Offset | None, Offset | None]:
    """Offsets of records whose shape another batch holds where the reading would put it, and not where they lie."""
    polygonal = np.flatnonzero(np.isin(shapely.get_type_id(source.geometries), (3, 6)))
    bounds = total_bounds(fields.geometries)
    if bounds is None or not len(polygonal):
        return None, None
    plane = local_equal_area(bounds)
    theirs = project(fields.geometries, WGS84, plane)
    shapes = source.geometries[polygonal]
    as_read, by_reading = (
        duplicates.shifted_shapes(
            project(to_wgs84(taken, crs).geometries, WGS84, plane), theirs, (0.0, 0.0), within_m=SAME_SHAPE_M
        )
        for taken, crs in ((shapes, source.crs), (reading.apply(shapes), reading.crs))
    )
    left, first = np.unique(by_reading.left, return_index=True)
    if len(left) < min(PAIRS_MIN, len(polygonal)) or len(left) <= 2 * len(np.unique(as_read.left)):
        return None, None
    ours, of = polygonal[left], by_reading.right[first]
    return offset(source.lonlat[ours], fields, of), offset(source.by(reading)[ours], fields, of)


def _joined(numbered: list[_Found], placed: list[_Found]) -> list[_Found]:
    """What numbers say, with what places say of the same readings."""
    of_reading = dict(placed)
    return [
        (
            reading,
            replace(each, reference=seen.reference, inside_as_read=seen.inside_as_read, inside=seen.inside)
            if (seen := of_reading.get(reading)) is not None
            else each,
        )
        for reading, each in numbered
    ]


def _with_rivals(found: list[_Found]) -> list[_Found]:
    """Each with the others named beside it."""
    named = [f"read {reading.words} (--correct {reading.code})" for reading, _ in found]
    return [
        (reading, replace(each, also=(*named[:number], *named[number + 1 :])))
        for number, (reading, each) in enumerate(found)
    ]


def _suspicion(
    source: _Source,
    there: NDArray[np.float64],
    reading: Reading,
    *,
    places: _Places | None = None,
    offsets: tuple[Offset, Offset] | None = None,
) -> Suspicion:
    east, north = apart_m(source.lonlat, there)
    before, after = offsets or (None, None)
    return Suspicion(
        code=reading.code,
        reading=reading.words,
        source_crs=reading.source_crs,
        records=len(source.points),
        reference=None if places is None else places.area.words,
        inside_as_read=None if places is None else int(places.as_read.sum()),
        inside=None if places is None else int(places.by_reading.sum()),
        moved_m=float(np.median(np.hypot(east, north))),
        moved_east_m=float(np.median(east)),
        moved_north_m=float(np.median(north)),
        paired=0 if before is None else before.pairs,
        batches=() if before is None else before.batches,
        offset_east_m=None if before is None else before.east_m,
        offset_north_m=None if before is None else before.north_m,
        spread_m=None if before is None else before.spread_m,
        offset_left_m=None if after is None else after.length_m,
    )


def _is_in_use(reading: Reading, lonlat: NDArray[np.float64]) -> bool:
    return bool(in_use(reading.crs, lonlat).mean() >= FAR_SHARE)


def _on_wgs84(points: Geometries, crs: CRS) -> NDArray[np.float64]:
    return np.asarray(shapely.get_coordinates(to_wgs84(points, crs).geometries))


def _compass(east_m: float, north_m: float) -> str:
    return (
        f"{abs(east_m):,.0f} m {'west' if east_m < 0 else 'east'} and "
        f"{abs(north_m):,.0f} m {'south' if north_m < 0 else 'north'}"
    )
