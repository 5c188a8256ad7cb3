"""Bearing-and-distance records: the legs of a paper form -> shape, misclosure and position error.

A record is a chain of named points: a reference point of known position, perhaps a benchmark, the start (the first
corner of the field), its other corners, and a closing leg back to the start. A leg that leads to a point already
known, whether reached before or of known position, is not used to draw the field: it tests it.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

import shapely

from registry.errors import SourceError
from registry.geometry import GEOD, parse_crs
from registry.sources.legrecord import CORNERS, AngleUnit, Leg, LegsRecord, Place, PointType
from registry.sources.north import Declination, North, convergence_deg, declination

LEG_ERROR_SHARE = 0.015
"""Error of compass and tape (or paces), one sigma, as a share of the way gone."""
MISCLOSURE_SHARE = 1 / 50
MISCLOSURE_MAX_M = 30.0


@dataclass(frozen=True)
class Closure:
    """How far a leg ends from the point it leads to.

    ``tied`` says that the way began at another point of known position: only then does a constant turn of all
    bearings show. ``path_m`` is the length of that way; ``turn_deg`` the turn, clockwise, that would bring its end
    nearest, and ``left_m`` what would then be left; both None unless tied.
    """

    to: str
    east_m: float
    north_m: float
    path_m: float
    allowed_m: float
    tied: bool
    turn_deg: float | None = None
    left_m: float | None = None

    @property
    def misclosure_m(self) -> float:
        """Length of the gap."""
        return math.hypot(self.east_m, self.north_m)

    @property
    def one_in(self) -> float:
        """The n of a misclosure of 1:n; infinite where there is none."""
        return self.path_m / self.misclosure_m if self.misclosure_m else math.inf

    @property
    def is_large(self) -> bool:
        """Worse than 1:50 or 30 m, the errors of the known positions allowed for."""
        return self.misclosure_m > self.allowed_m

    def __str__(self) -> str:
        return f"{self.misclosure_m:,.1f} m (1:{self.one_in:,.0f})" if self.misclosure_m >= 0.05 else "0.0 m"


@dataclass(frozen=True)
class Suspicion:
    """Something that somebody should look at: a stable code and a sentence."""

    code: str
    message: str


@dataclass(frozen=True)
class Traverse:
    """What a record draws.

    Attributes
    ----------
    geometry
        Polygon of the field on WGS 84, longitude first; a line where the record has an end and does not close, or
        fewer than three corners; None where no position is known, or there is no side.
    relative
        The same in metres east and north of its own start, north as ``relative_north`` says.
    declination
        The one that was used; None where north is not magnetic, or nothing is known.
    convergence_deg
        From true to grid north at the first point, where north is the grid's.
    path_m
        Way along the legs to the corner farthest along.
    legs_sigma_m
        Error of that corner against the reference point: 1.5 % of the way.
    sigma_m
        ``sqrt(legs_sigma_m**2 + reference_sigma_m**2)``, the two being independent; None where the reference point's
        error is not known.
    misclosure
        The closing of the field, or where it does not close, of the way through it to a second known position.
    adjusted
        Whether its misclosure was distributed by the compass rule.
    """

    record: LegsRecord
    geometry: shapely.Polygon | shapely.LineString | None
    relative: shapely.Polygon | shapely.LineString | None
    relative_north: North
    declination: Declination | None
    convergence_deg: float | None
    path_m: float
    legs_sigma_m: float
    sigma_m: float | None
    closures: tuple[Closure, ...]
    misclosure: Closure | None
    adjusted: bool
    suspicions: tuple[Suspicion, ...]


class Ground(Protocol):
    """What legs are laid out on; the signatures are those of `pyproj.Geod`."""

    def fwd(self, lons: float, lats: float, az: float, dist: float) -> tuple[float, float, float]:
        """Go a distance in a direction; the third value is not used."""

    def inv(self, lons1: float, lats1: float, lons2: float, lats2: float) -> tuple[float, float, float]:
        """Direction from the first to the second, one not used, and distance."""


class _Plane:
    """Metres east and north, for a record whose place nobody knows."""

    def fwd(self, lons: float, lats: float, az: float, dist: float) -> tuple[float, float, float]:
        return lons + dist * math.sin(math.radians(az)), lats + dist * math.cos(math.radians(az)), az

    def inv(self, lons1: float, lats1: float, lons2: float, lats2: float) -> tuple[float, float, float]:
        east, north = lons2 - lons1, lats2 - lats1
        return math.degrees(math.atan2(east, north)), 0.0, math.hypot(east, north)


Position = tuple[float, float]


@dataclass(frozen=True)
class _Layout:
    """Where the points came to lie, from which point each was reached, and what the testing legs showed."""

    ground: Ground
    positions: dict[str, Position]
    came_from: dict[str, tuple[str, float]]
    closures: list[tuple[Leg, Closure]]

    def way(self, name: str, until: str | None = None) -> list[tuple[str, float]]:
        """Points from ``name`` back to ``until`` or to where its way began, with the length of the leg to each."""
        steps = []
        while name != until and name in self.came_from:
            origin, length_m = self.came_from[name]
            steps.append((name, length_m))
            name = origin
        return [*steps, (name, 0.0)]


def lay_out(record: LegsRecord) -> Traverse:
    """Draw a record.

    Each leg is a geodesic on WGS 84, its bearing brought to true north where it begins: exact, where a plane turns
    bearings against the meridian, at 60 degrees north and 5 km from its centre by 1.4 m per km of leg. Without a known
    position the legs are laid out on a plane.

    Raises
    ------
    SourceError
        If a leg begins at a point that no leg before it leads to, no chain of legs joins the first point to a known
        position, the grid does not reach the place, or the declination model does not cover the day.
    """
    bearings = _Bearings(record)
    layout = _walk(record, bearings)
    main = _field_closure(record, layout)
    if record.convention.adjusted and main is not None:
        _adjust(layout, *main)
    names = [name for name, kind in record.types.items() if kind in CORNERS and name in layout.positions]
    ends = not (main and not main[1].tied) and any(record.types[name] is PointType.END for name in names)
    corners = [layout.positions[name] for name in names]
    path_m, legs_sigma_m, sigma_m = _error(record, layout, names)
    closures = tuple(closure for _, closure in layout.closures)
    return Traverse(
        record=record,
        geometry=_shape(corners, is_line=ends) if record.places else None,
        relative=_shape([_offset(layout.ground, corners[0], corner) for corner in corners], is_line=ends),
        relative_north=bearings.relative_north,
        declination=bearings.declination,
        convergence_deg=bearings.convergence_deg,
        path_m=path_m,
        legs_sigma_m=legs_sigma_m,
        sigma_m=sigma_m,
        closures=closures,
        misclosure=main[1] if main else None,
        adjusted=record.convention.adjusted and main is not None,
        suspicions=tuple(_suspicions(record, closures, bearings, path_m)),
    )


class _Bearings:
    """Brings the bearings of a record to true north, as far as that can be known."""

    def __init__(self, record: LegsRecord) -> None:
        convention = record.convention
        self.unit = convention.angle_unit
        self.grid = parse_crs(convention.grid_crs) if convention.north is North.GRID and convention.grid_crs else None
        self.declination = _declination(record)
        anchor = _anchor(record)
        self.located = anchor is not None
        self.convergence_deg = (
            convergence_deg(anchor.longitude, anchor.latitude, self.grid) if self.grid and anchor else None
        )
        is_true = convention.north is North.TRUE or self.declination or self.convergence_deg is not None
        self.relative_north = North.TRUE if is_true else convention.north

    def azimuth(self, leg: Leg, place: Position) -> float:
        """Degrees from true north at the leg's beginning."""
        degrees = leg.angle / self.unit.circle * 360
        if self.declination:
            return degrees + self.declination.degrees
        return degrees + convergence_deg(*place, self.grid) if self.grid and self.located else degrees


def _declination(record: LegsRecord) -> Declination | None:
    """The declination stated, else that of the model where place and time are known."""
    convention, anchor = record.convention, _anchor(record)
    if convention.north is not North.MAGNETIC:
        return None
    if convention.declination_deg is not None:
        return Declination(convention.declination_deg)
    if convention.laid_on is None or anchor is None:
        return None
    middle = convention.laid_on.first + timedelta(days=(convention.laid_on.last - convention.laid_on.first).days // 2)
    return declination(anchor.longitude, anchor.latitude, middle)


def _anchor(record: LegsRecord) -> Place | None:
    """The known position that the record hangs on: the first of the record's points that has one."""
    return next((record.places[name] for name in record.types if name in record.places), None)


def _walk(record: LegsRecord, bearings: _Bearings) -> _Layout:
    """Lay out the legs one after the other."""
    ground: Ground = GEOD if record.places else _Plane()
    fixed = {name: (place.longitude, place.latitude) for name, place in record.places.items()}
    root = record.legs[0].origin
    if root not in fixed:
        fixed = _with_root(record, bearings, ground, fixed, root)
    layout = _Layout(ground, dict(fixed), {}, [])
    for leg in record.legs:
        begin = layout.positions.get(leg.origin)
        if begin is None:
            raise SourceError(f"The leg to {leg.to} begins at {leg.origin}, which no leg before it leads to.")
        length_m = leg.distance * record.convention.unit_m
        end = ground.fwd(*begin, bearings.azimuth(leg, begin), length_m)[:2]
        if leg.to in layout.positions:
            layout.closures.append((leg, _closure(record, layout, leg, end, length_m)))
        else:
            layout.positions[leg.to] = end
            layout.came_from[leg.to] = (leg.origin, length_m)
    return layout


def _with_root(
    record: LegsRecord, bearings: _Bearings, ground: Ground, fixed: Mapping[str, Position], root: str
) -> dict[str, Position]:
    """The known positions with that of the first point, found by going back from the first known one."""
    if not fixed:
        return {root: (0.0, 0.0)}
    into = {leg.to: leg for leg in reversed(record.legs)}
    known = next(name for name in record.types if name in fixed)
    name, place, passed = known, fixed[known], set[str]()
    while name != root:
        if name in passed or name not in into:
            raise SourceError(
                f"No chain of legs joins {root}, where the record begins, to {known}, whose place is known."
            )
        passed.add(name)
        leg = into[name]
        length_m = leg.distance * record.convention.unit_m
        begin = ground.fwd(*place, bearings.azimuth(leg, place) + 180, length_m)[:2]
        # The bearing was taken at the other end, whose meridian is turned a little against this one.
        reached = ground.fwd(*begin, bearings.azimuth(leg, begin), length_m)[:2]
        azimuth, _, missed_m = ground.inv(*reached, *place)
        name, place = leg.origin, ground.fwd(*begin, azimuth, missed_m)[:2]
    # The legs will lead to the known point again; left among the fixed it would seem to test them.
    return {root: place} | {other: where for other, where in fixed.items() if other != known}


def _closure(record: LegsRecord, layout: _Layout, leg: Leg, end: Position, length_m: float) -> Closure:
    """What a leg to a point already known shows."""
    target = layout.positions[leg.to]
    way = layout.way(leg.origin, leg.to)
    path_m = length_m + sum(length for _, length in way)
    tied = way[-1][0] != leg.to
    if tied and leg.to in layout.came_from:
        raise SourceError(f"The leg from {leg.origin} leads to {leg.to}, which lies neither on its way nor is known.")
    east_m, north_m = _offset(layout.ground, target, end)
    allowed_m = min(MISCLOSURE_SHARE * path_m, MISCLOSURE_MAX_M)
    if not tied:
        return Closure(leg.to, east_m, north_m, path_m, allowed_m, tied=False)
    sigmas = [place.sigma_m or 0.0 for name in (way[-1][0], leg.to) if (place := record.places.get(name))]
    begin = layout.positions[way[-1][0]]
    stated, _, stated_m = layout.ground.inv(*begin, *end)
    known, _, known_m = layout.ground.inv(*begin, *target)
    return Closure(
        leg.to,
        east_m,
        north_m,
        path_m,
        allowed_m + 2 * math.hypot(*sigmas),
        tied=True,
        turn_deg=(known - stated + 180) % 360 - 180,
        left_m=abs(known_m - stated_m),
    )


def _field_closure(record: LegsRecord, layout: _Layout) -> tuple[Leg, Closure] | None:
    """The closing of the field onto itself; else of a way through the field to a known position."""
    for wanted_tied in (False, True):
        for leg, closure in layout.closures:
            through = [name for name, _ in layout.way(leg.origin, leg.to)]
            if closure.tied is wanted_tied and any(record.types[name] in CORNERS for name in through):
                return leg, closure
    return None


def _adjust(layout: _Layout, leg: Leg, closure: Closure) -> None:
    """Distribute a misclosure over the points of its way, in proportion to the way gone (compass or Bowditch rule)."""
    back = math.degrees(math.atan2(-closure.east_m, -closure.north_m))
    gone_m = 0.0
    for name, length_m in reversed(layout.way(leg.origin, leg.to)):
        gone_m += length_m
        moved_m = closure.misclosure_m * gone_m / closure.path_m
        layout.positions[name] = layout.ground.fwd(*layout.positions[name], back, moved_m)[:2]


def _error(record: LegsRecord, layout: _Layout, names: Sequence[str]) -> tuple[float, float, float | None]:
    """The way to the corner farthest along, the error of the legs there, and that error with the reference point's."""
    ways = [layout.way(name) for name in names]
    path_m, begin = max(((sum(length for _, length in way), way[-1][0]) for way in ways), default=(0.0, ""))
    place = record.places.get(begin) or _anchor(record)
    legs_sigma_m = LEG_ERROR_SHARE * path_m
    if place is None or place.sigma_m is None:
        return path_m, legs_sigma_m, None
    return path_m, legs_sigma_m, math.hypot(legs_sigma_m, place.sigma_m)


def _offset(ground: Ground, begin: Position, end: Position) -> Position:
    """Metres east and north from one position to another."""
    azimuth, _, distance_m = ground.inv(*begin, *end)
    return distance_m * math.sin(math.radians(azimuth)), distance_m * math.cos(math.radians(azimuth))


def _shape(corners: Sequence[Position], *, is_line: bool) -> shapely.Polygon | shapely.LineString | None:
    if len(corners) < 2:
        return None
    return shapely.LineString(corners) if is_line or len(corners) == 2 else shapely.Polygon(corners)


def _suspicions(
    record: LegsRecord, closures: Sequence[Closure], bearings: _Bearings, path_m: float
) -> Iterator[Suspicion]:
    """What somebody should look at. Nothing here is applied."""
    if not record.places:
        yield Suspicion(
            "reference-point-missing", "No point of the record has a known position; only its shape can be drawn."
        )
    elif len(record.places) == 1:
        yield Suspicion(
            "reference-point-single",
            f"Only {next(iter(record.places))} has a known position, so no turn of the whole record would show.",
        )
    for closure in closures:
        if closure.is_large:
            yield Suspicion(
                "misclosure-large",
                f"The legs miss {closure.to} by {closure} over {closure.path_m:,.0f} m of way; "
                f"{closure.allowed_m:,.1f} m were to be expected at most.",
            )
    unit = _unit_suspicion(record, closures)
    if unit:
        yield unit
    else:
        yield from _turn_suspicions(closures, bearings)
    if record.places and record.convention.north is North.MAGNETIC and bearings.declination is None:
        yield Suspicion(
            "declination-suspect",
            "Bearings count from magnetic north, but neither declination nor laying date is known: they are drawn as "
            f"if from true north, and each degree of declination moves the far corner by "
            f"{path_m * math.radians(1):,.1f} m.",
        )


_OTHER_MILS = {AngleUnit.MILS_6400: AngleUnit.DIVISIONS_6000, AngleUnit.DIVISIONS_6000: AngleUnit.MILS_6400}


def _unit_suspicion(record: LegsRecord, closures: Sequence[Closure]) -> Suspicion | None:
    """Whether the legs close badly in the stated mils and well in the other."""
    stated = record.convention.angle_unit
    other = _OTHER_MILS.get(stated)
    worst = max(closures, key=lambda closure: closure.misclosure_m / closure.allowed_m, default=None)
    if other is None or worst is None or not worst.is_large or any(leg.angle > other.circle for leg in record.legs):
        return None
    reread = replace(record, convention=replace(record.convention, angle_unit=other))
    better = [closure for _, closure in _walk(reread, _Bearings(reread)).closures]
    if any(closure.is_large for closure in better):
        return None
    then = better[closures.index(worst)]
    return Suspicion(
        "angle-unit-suspect",
        f"Read as {stated} the legs miss {worst.to} by {worst}, read as {other} by {then}; ask which unit was meant.",
    )


def _turn_suspicions(closures: Sequence[Closure], bearings: _Bearings) -> Iterator[Suspicion]:
    """Ways between two known positions that would fit if all their bearings were turned by one angle."""
    used = f"; the declination used is {bearings.declination.degrees:+.1f}" if bearings.declination else ""
    if bearings.convergence_deg is not None:
        used = f"; the convergence used is {bearings.convergence_deg:+.1f}"
    for closure in closures:
        if closure.is_large and closure.left_m is not None and closure.left_m <= closure.allowed_m:
            yield Suspicion(
                "declination-suspect",
                f"Turning all bearings by {closure.turn_deg:+.1f} degrees would bring the legs to within "
                f"{closure.left_m:,.1f} m of {closure.to} instead of {closure.misclosure_m:,.1f} m: a declination or "
                f"convergence may be missing, counted twice or of the wrong sign{used}.",
            )
