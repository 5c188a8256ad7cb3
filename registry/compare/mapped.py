"""Land by where an event can truly have happened: in records by their width, beside them, and far from all of them."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree

from registry.compare.blur import Floats, Land, dissolve, in_canonical_order, prepare_land, probability_inside
from registry.geometry import Geometries
from registry.threads import in_parts, on_threads

BANDS_M = (25.0, 50.0, 100.0, 300.0, 1_000.0)
"""Outer distances from records of the bands outside them; the first are used only where positions are that good."""

WIDTH_CLASSES_M = (40.0, 80.0, 160.0, 320.0)
"""Widths between which records are told apart."""

_SPLIT_TO_M = 300.0  # up to here land beside records, at their ends and off their corners is told apart
_ENDS_TO_M = 75.0  # position error above which what lies at the ends of records is no longer told from what lies beside
_FIRST_TO_M = 100.0  # the first band outside records is no wider
_SIGMAS_PER_BAND = 1.5  # a band narrower than this cannot be told from the record beside it
_OVER_M = 1e-5  # far more than rounding
_GROWN_TOGETHER = 100  # parts
_SMALLEST_M2 = 1.0  # a component smaller than this is none
_NOTHING: Geometries = np.empty(0, dtype=object)


@dataclass(frozen=True)
class Reach:
    """Land that holds all land of the reach before it; what it adds is one component.

    Attributes
    ----------
    kind
        Which records; or which land outside them, empty for all of it.
    within_m
        How far outside records it reaches: 0 for records, infinite for the study area.
    land
        All of it.
    by_part_m2
        Its area near each part of the records, None where it does not belong to parts.
    """

    kind: str
    within_m: float
    land: Land
    by_part_m2: Floats | None


@dataclass(frozen=True)
class Mapped:
    """Records and their surroundings on a plane in metres, prepared once for any number of events.

    Attributes
    ----------
    land
        The union of the records; its parts share no land.
    reaches
        From the narrowest records to the study area.
    median_width_m
        Of the records, each shape once.
    """

    land: Land
    reaches: tuple[Reach, ...]
    median_width_m: float


@dataclass(frozen=True)
class _Ring:
    """Land near records: all of it, what lies beside them, and with it what lies at their ends; and each part's own."""

    around: Geometries
    around_m2: Floats
    beside: Geometries
    beside_m2: Floats
    across: Geometries
    across_m2: Floats


@dataclass(frozen=True)
class Component:
    """A kind of place where an event can have happened, equally likely all over it."""

    name: str
    inside: bool
    area_m2: float


def prepare_mapped(
    polygons: Geometries, study_area: Geometries, sigma_m: float | None, parts: Geometries | None = None
) -> Mapped:
    """Divide the study area into records by width, bands outside them and the far background.

    Parameters
    ----------
    polygons
        Valid records on a plane in metres; at least one with an area. Land that several of them cover counts once.
    study_area
        Valid polygons on the same plane; records that reach out of it are added to it.
    sigma_m
        Median position error of the events it is meant for: bands that it blurs away are left out. Where it is None
        there are neither width classes nor bands, and nothing can be estimated.
    parts
        The polygons merged in their canonical order, see `dissolve`; made here when left out.

    Notes
    -----
    Bands are split into what lies beside records, at their ends and off their corners, by the oriented envelope of each
    part: of events that hug the long sides only, some would otherwise be taken for inside ones. Where positions are too
    poor for that, one kind of place less makes the estimate more certain, and in simulation less biased.
    """
    records = in_canonical_order(polygons)
    width_m = record_widths(records)
    land = prepare_land(dissolve(records) if parts is None else parts)
    study = prepare_land(_with(study_area, land.parts))
    beyond = Reach("", np.inf, study, None)
    nearer = [] if sigma_m is None else [*_by_width(records, width_m, land), *_surroundings(land, study.parts, sigma_m)]
    return Mapped(land, (*nearer, beyond), float(np.median(width_m)))


def record_widths(polygons: Geometries) -> Floats:
    """Width in metres of the rectangle that has a polygon's area and perimeter.

    Of a shape rounder than any rectangle it is a quarter of the perimeter: the width of a square with that perimeter.
    """
    half_perimeter, area = shapely.length(polygons) / 2, shapely.area(polygons)
    return np.asarray((half_perimeter - np.sqrt(np.maximum(half_perimeter**2 - 4 * area, 0))) / 2)


def components(mapped: Mapped) -> tuple[Component, ...]:
    """The components in the order of the columns of `densities`."""
    result, before_m2, from_m, to_m = [], 0.0, 0.0, 0.0
    for reach in mapped.reaches:
        if reach.within_m > to_m:
            from_m, to_m = to_m, reach.within_m
        distance = f"{from_m:.0f} to {to_m:.0f} m" if np.isfinite(to_m) else f"more than {from_m:.0f} m"
        name = reach.kind if reach.within_m == 0 else f"{distance} outside records{reach.kind}"
        result.append(Component(name, reach.within_m == 0, max(0.0, reach.land.area_m2 - before_m2)))
        before_m2 = reach.land.area_m2
    return tuple(result)


def blurred(places: Floats, sigma_m: Floats, mapped: Mapped) -> Floats:
    """Probability that each place, with its error, lies in each component; shape (n, components)."""
    reached = [probability_inside(places, sigma_m, reach.land) for reach in mapped.reaches]
    return np.asarray(np.maximum(np.diff(np.column_stack(reached), axis=1, prepend=0.0), 0.0))


def densities(places: Floats, sigma_m: Floats, mapped: Mapped) -> Floats:
    """Density of recorded positions under each component: uniform in it, blurred by the position error.

    Parameters
    ----------
    places
        Shape (n, 2), x and y in metres.
    sigma_m
        Shape (n,), the standard deviation along each axis; where records have an error of their own,
        the root of the sum of both squared.
    mapped
        What `prepare_mapped` made.

    Returns
    -------
    Shape (n, components), per square metre. An event beyond all reach of the study area has density only in the last
    component, so that it counts as outside for sure.
    """
    area_m2 = np.array([component.area_m2 for component in components(mapped)])
    return per_area(blurred(places, sigma_m, mapped), area_m2)


def per_area(blurred_in: Floats, area_m2: Floats) -> Floats:
    """Divide what `blurred` gives by the areas of the components; one without area has no density."""
    density = np.where(area_m2 < _SMALLEST_M2, 0.0, blurred_in / np.maximum(area_m2, _SMALLEST_M2))
    density[density.max(axis=1) <= 0, -1] = 1 / max(float(area_m2[-1]), _SMALLEST_M2)
    return density


def area_by_part(mapped: Mapped) -> Floats:
    """Area of each component near each part of the records; NaN where a component does not belong to parts.

    Shape (parts, components).
    """
    unknown = np.full(len(mapped.land.parts), np.nan)
    reached = [unknown if reach.by_part_m2 is None else reach.by_part_m2 for reach in mapped.reaches]
    return np.asarray(np.maximum(np.diff(np.column_stack(reached), axis=1, prepend=0.0), 0.0))


def nearest_part(places: Floats, mapped: Mapped) -> NDArray[np.int64]:
    """Number of the part of the records that is nearest to each place; the first of equally near ones."""
    place, part = mapped.land.part_tree.query_nearest(shapely.points(places), all_matches=True)
    nearest = np.full(len(places), len(mapped.land.parts))
    np.minimum.at(nearest, place, part)
    return nearest


def _by_width(records: Geometries, width_m: Floats, whole: Land) -> list[Reach]:
    """Land of the records up to each width; what records of several widths cover belongs to the narrowest."""
    width_class = np.searchsorted(WIDTH_CLASSES_M, width_m)
    reaches = []
    for index in np.unique(width_class):
        some = bool((width_class > index).any())
        land = prepare_land(dissolve(records[width_class <= index])) if some else whole
        wider = index == len(WIDTH_CLASSES_M)
        name = f"wider than {WIDTH_CLASSES_M[-1]:.0f} m" if wider else f"up to {WIDTH_CLASSES_M[index]:.0f} m wide"
        holder, piece = STRtree(shapely.point_on_surface(land.parts)).query(whole.parts, predicate="covers")
        by_part_m2 = np.zeros(len(whole.parts))
        np.add.at(by_part_m2, holder, shapely.area(land.parts[piece]))
        reaches.append(Reach(f"inside records {name}", 0.0, land, by_part_m2))
    return reaches


def _surroundings(land: Land, study: Geometries, sigma_m: float) -> list[Reach]:
    """Bands outwards. Near parts close to each other a band is divided by what each would have alone."""
    finest_m = min(_SIGMAS_PER_BAND * sigma_m, _FIRST_TO_M)
    near_m = [within_m for within_m in BANDS_M if finest_m <= within_m <= _SPLIT_TO_M]
    alone = [_grow(land.parts, within_m) for within_m in near_m if within_m <= _FIRST_TO_M]
    for before_m, within_m in pairwise(near_m):
        if within_m > _FIRST_TO_M:
            # From the band before, which has fewer vertices than records: wide buffers of many cost most of all.
            alone.append(_grow(alone[-1], within_m - before_m))
    rings = on_threads(lambda ring: _ring(land.parts, *ring), list(zip(alone, near_m, strict=True)))
    shapely.prepare(study)
    zones: list[_Zone] = []
    inner, inner_m2 = land.parts, shapely.area(land.parts)
    for within_m, ring in zip(near_m, rings, strict=True):
        across = (", at their ends", ring.across, ring.across_m2)
        if sigma_m <= _ENDS_TO_M:
            kinds = [(", beside them", ring.beside, ring.beside_m2), across]
        else:
            kinds = [(", beside them and at their ends", *across[1:])]
        for kind, near, near_m2 in kinds:
            zones.append(_Zone(kind, within_m, _common(near, study), inner, np.maximum(near_m2, inner_m2)))
        inner, inner_m2 = _common(ring.around, study), ring.around_m2
        zones.append(_Zone(", off their corners", within_m, inner, _NOTHING, inner_m2))
    around, before_m = rings[-1].around, near_m[-1]
    for within_m in BANDS_M:
        if within_m > before_m:
            around, before_m = _merge(_grow(around, within_m - before_m)), within_m
            zones.append(_Zone("", within_m, _common(around, study), _NOTHING, None))
    return on_threads(lambda zone: _reach(zone, land), zones)


@dataclass(frozen=True)
class _Zone:
    """A reach to be: its land in two sets of pieces, and its area near each part as if that were alone."""

    kind: str
    within_m: float
    pieces: Geometries
    others: Geometries
    alone_m2: Floats | None


def _reach(zone: _Zone, land: Land) -> Reach:
    merged = prepare_land(_joined(zone.pieces, zone.others))
    by_part_m2 = None if zone.alone_m2 is None else _divided(zone.alone_m2, merged, land)
    return Reach(zone.kind, zone.within_m, merged, by_part_m2)


def _ring(parts: Geometries, alone: Geometries, within_m: float) -> _Ring:
    sides, ends = _slabs(parts, within_m)
    around = _merge(alone)
    beside = _common(_merge(sides), around)
    across = _common(_merge(np.concatenate([beside, ends])), around)
    beside_m2 = shapely.area(shapely.intersection(sides, alone))
    across_m2 = shapely.area(shapely.intersection(shapely.union(sides, ends), alone))
    return _Ring(around, shapely.area(alone), beside, beside_m2, across, across_m2)


def _divided(alone_m2: Floats, merged: Land, land: Land) -> Floats:
    """Divide each merged piece of surroundings, but for the records in it, among the parts of the records in it."""
    part_m2 = shapely.area(land.parts)
    claimed_m2 = np.maximum(alone_m2 - part_m2, 0.0)
    piece, part = STRtree(shapely.point_on_surface(land.parts)).query(merged.parts, predicate="covers")
    claims_m2, there_m2 = np.zeros(len(merged.parts)), shapely.area(merged.parts)
    np.add.at(claims_m2, piece, claimed_m2[part])
    np.subtract.at(there_m2, piece, part_m2[part])
    granted = np.ones(len(part_m2))
    granted[part] = np.maximum(there_m2, 0.0)[piece] / np.maximum(claims_m2, _SMALLEST_M2)[piece]
    return np.asarray(part_m2 + claimed_m2 * granted)


def _with(study_area: Geometries, parts: Geometries) -> Geometries:
    """The study area and the records that reach out of it, in parts that share no land."""
    return _joined(dissolve(in_canonical_order(study_area)), parts)


def _joined(pieces: Geometries, others: Geometries) -> Geometries:
    """Pieces that share no land, merged with those others that reach out of them: most need no work."""
    held = STRtree(others).query(pieces, predicate="covers")[1]
    reaching_out = np.delete(others, held)
    return _merge(np.concatenate([pieces, reaching_out])) if len(reaching_out) else pieces


def _grow(parts: Geometries, by_m: float) -> Geometries:
    """Buffers; a twentieth more or less does no harm, because a band's area is taken from the same borders."""

    def grown(some: Geometries) -> Geometries:
        return np.asarray(shapely.simplify(shapely.buffer(some, by_m, quad_segs=3), 0.05 * by_m))

    return in_parts(grown, parts, most=_GROWN_TOGETHER)


def _merge(polygons: Geometries) -> Geometries:
    return np.asarray(shapely.get_parts(shapely.disjoint_subset_union_all(polygons)))


def _common(polygons: Geometries, others: Geometries) -> Geometries:
    """The land that two sets of polygons share, in polygons only."""
    other, polygon = STRtree(polygons).query(others, predicate="intersects")
    within = shapely.covers(others[other], polygons[polygon])
    pieces = polygons[polygon]
    pieces[~within] = shapely.intersection(pieces[~within], others[other[~within]])
    pieces = shapely.get_parts(pieces)
    return np.asarray(pieces[shapely.area(pieces) > 0])


def _slabs(parts: Geometries, by_m: float) -> tuple[Geometries, Geometries]:
    """The oriented envelope of each part, widened on both long sides; and lengthened at both ends.

    A little over it in the other direction, so that both surely cover the part and need not be merged with it.
    """
    envelopes = shapely.oriented_envelope(parts)
    flat = shapely.get_num_coordinates(envelopes) != 5  # of a sliver it may be a line
    envelopes[flat] = shapely.box(*shapely.bounds(shapely.buffer(parts[flat], 1.0)).T)
    corners = shapely.get_coordinates(envelopes).reshape(-1, 5, 2)[:, :4]
    first, second = corners[:, 1] - corners[:, 0], corners[:, 3] - corners[:, 0]
    upright = np.hypot(*first.T) < np.hypot(*second.T)
    corners[upright] = np.roll(corners[upright], 1, axis=1)
    along, across = corners[:, 1] - corners[:, 0], corners[:, 3] - corners[:, 0]
    along /= np.hypot(*along.T)[:, None]
    across /= np.hypot(*across.T)[:, None]
    wide, long = _offsets(along * _OVER_M, across * by_m), _offsets(along * by_m, across * _OVER_M)
    widened, lengthened = corners + wide, corners + long
    return np.asarray(shapely.polygons(widened)), np.asarray(shapely.polygons(lengthened))


def _offsets(along: Floats, across: Floats) -> Floats:
    """By how much each corner of rectangles moves, so that they reach farther both ways."""
    return np.stack([-along - across, along - across, along + across, across - along], axis=1)
