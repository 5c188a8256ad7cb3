"""What a bearing-and-distance record states: a chain of named points, the legs between them, and how it writes them.

A point's name begins with what it is: ``RP`` reference point, ``BM`` benchmark, ``S`` start, ``T`` turning point, ``I``
intermediate point, ``E`` end; ``C`` is the closing leg, back to the start. Where a record does not name the points its
legs lead to, the first leg leads to the start, the last one back to it, and those between to turning points.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from registry.codes import Code
from registry.errors import SourceError
from registry.model import PartialDate, Transformation
from registry.sources.north import North
from registry.sources.values import parse_real

ENTRIES_MAX = 1_000
LEG_MAX_M = 50_000.0


class AngleUnit(StrEnum):
    """Into how many parts a record divides the circle."""

    DEGREES = "degrees"
    GONS = "gons"
    DIVISIONS_6000 = "divisions-6000"
    MILS_6400 = "mils-6400"

    @property
    def circle(self) -> float:
        """The parts of a full circle."""
        return {"degrees": 360.0, "gons": 400.0, "divisions-6000": 6000.0, "mils-6400": 6400.0}[self.value]


class DistanceUnit(StrEnum):
    """What a record measures distances in."""

    METRES = "metres"
    PACES = "paces"


class PointType(Code):
    """What a point of a record is."""

    REFERENCE_POINT = "REFERENCE_POINT"
    BENCHMARK = "BENCHMARK"
    START = "START"
    TURNING = "TURNING"
    INTERMEDIATE = "INTERMEDIATE"
    END = "END"


CORNERS = frozenset({PointType.START, PointType.TURNING, PointType.INTERMEDIATE, PointType.END})


@dataclass(frozen=True)
class Convention:
    """How a record writes its legs, as a person states it.

    Attributes
    ----------
    grid_crs
        The grid whose north is meant, where bearings count from grid north.
    declination_deg
        From true to magnetic north, east positive, as the person states it; it goes before the model's. Not the
        correction from grid to magnetic north that some maps print.
    laid_on
        When the bearings were taken; the model's declination is that of the middle of this time.
    pace_m
        Length of a pace, where distances are in paces.
    adjusted
        Distribute the misclosure by the compass rule.

    Raises
    ------
    SourceError
        If something that the rest needs is not stated.
    """

    angle_unit: AngleUnit
    north: North
    grid_crs: str | None = None
    declination_deg: float | None = None
    laid_on: PartialDate | None = None
    distance_unit: DistanceUnit = DistanceUnit.METRES
    pace_m: float | None = None
    adjusted: bool = False

    def __post_init__(self) -> None:
        if self.north is North.GRID and self.grid_crs is None:
            raise SourceError("Bearings from grid north need the grid; state its CRS, such as EPSG:28408.")
        if self.distance_unit is DistanceUnit.PACES and not (self.pace_m and 0.3 <= self.pace_m <= 2.0):
            raise SourceError("Distances in paces need the length of a pace, between 0.3 and 2 m; state it.")
        if self.declination_deg is not None and not -180 <= self.declination_deg <= 180:
            raise SourceError(
                f"A declination of {self.declination_deg} degrees is none; state it between -180 and 180."
            )

    @property
    def unit_m(self) -> float:
        """Metres in one unit of distance."""
        return self.pace_m if self.distance_unit is DistanceUnit.PACES and self.pace_m else 1.0


@dataclass(frozen=True)
class Place:
    """A position on WGS 84 in degrees, with its error (one sigma; None: nobody stated it).

    ``written`` and ``transformation`` say how it was given, and how it came to WGS 84; None for plain WGS 84 degrees.
    """

    longitude: float
    latitude: float
    sigma_m: float | None = None
    written: str | None = None
    transformation: Transformation | None = None


@dataclass(frozen=True)
class Leg:
    """From one named point to another: ``angle`` in parts of the circle as written, ``distance`` as written."""

    origin: str
    to: str
    angle: float
    distance: float


@dataclass(frozen=True)
class LegsRecord:
    """One record as it was handed over.

    Attributes
    ----------
    types
        Every named point and what it is, in the order of the record.
    places
        The points whose position is known.
    fields
        What else the record says, by field name.
    """

    legs: tuple[Leg, ...]
    types: Mapping[str, PointType]
    places: Mapping[str, Place]
    convention: Convention
    record_id: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """One entry of a record as written: a leg to a point, or a point; None where nothing is written."""

    label: str | None = None
    point_type: PointType | None = None
    origin: str | None = None
    angle: Any = None
    distance: Any = None
    place: Place | None = None

    @property
    def is_leg(self) -> bool:
        """Whether it says how to reach its point."""
        return self.angle is not None or self.distance is not None

    @property
    def stated_type(self) -> PointType | None:
        """What its point is, as stated or by its name."""
        prefix = (self.label or "").rstrip("0123456789").upper()
        return self.point_type or _TYPE_OF_PREFIX.get(prefix)


_TYPE_OF_PREFIX = {
    "RP": PointType.REFERENCE_POINT,
    "R": PointType.REFERENCE_POINT,
    "BM": PointType.BENCHMARK,
    "B": PointType.BENCHMARK,
    "S": PointType.START,
    "START": PointType.START,
    "T": PointType.TURNING,
    "TP": PointType.TURNING,
    "I": PointType.INTERMEDIATE,
    "IP": PointType.INTERMEDIATE,
    "E": PointType.END,
    "END": PointType.END,
}
_CLOSING = {"C", "CLOSE"}
_UNNUMBERED = {"T", "TP", "I", "IP"}
_KNOWN_BEFOREHAND = {PointType.REFERENCE_POINT, PointType.BENCHMARK}


def chain_of(entries: Sequence[Entry], convention: Convention, where: str) -> LegsRecord:
    """Join the entries of a record into a chain of named points.

    A leg begins at the point before it, or at the one it names. After a leg to a further reference point the chain
    goes on from where that leg began: such a leg ties the record to a second known position.

    Raises
    ------
    SourceError
        If there is no leg or no start, an angle or distance cannot be read, or a leg begins at a point that nothing
        names before.
    """
    if len(entries) > ENTRIES_MAX:
        raise SourceError(f"{where}: it has {len(entries)} entries; a record has at most {ENTRIES_MAX}.")
    of_field = [
        number for number, entry in enumerate(entries) if entry.is_leg and entry.stated_type not in _KNOWN_BEFOREHAND
    ]
    if not of_field:
        raise SourceError(f"{where}: it holds no leg to the field; write each leg as angle/distance.")
    chain = _Chain(convention, where)
    for number, entry in enumerate(entries):
        chain.add(entry, is_last=number == of_field[-1])
    if chain.start is None:
        raise SourceError(f"{where}: it has no start; mark the leg to the first corner of the field with S.")
    return LegsRecord(tuple(chain.legs), chain.types, chain.places, convention)


class _Chain:
    """The points and legs of a record while its entries are read one after the other."""

    def __init__(self, convention: Convention, where: str) -> None:
        self.convention = convention
        self.where = where
        self.types: dict[str, PointType] = {}
        self.places: dict[str, Place] = {}
        self.legs: list[Leg] = []
        self.start: str | None = None
        self.at: str | None = None

    def add(self, entry: Entry, *, is_last: bool) -> None:
        """Take one entry into the chain; ``is_last`` marks the last leg of the field."""
        if entry.label is None and not entry.is_leg:
            raise self._error("a point has no name; name it RP, BM or S.")
        if entry.is_leg and not self.types:
            # A record may begin with a leg; where that begins is then the reference point, its position not known.
            self.at = (entry.origin or "RP").upper()
            self.types[self.at] = PointType.REFERENCE_POINT
        name, point_type = self._name(entry, is_last=is_last)
        if self.types.setdefault(name, point_type) is PointType.START and self.start is None:
            self.start = name
        if entry.place is not None and self.places.setdefault(name, entry.place) != entry.place:
            raise self._error(f"{name} has two positions; keep the one that is meant.")
        if entry.is_leg:
            self._add_leg(entry, name)
        elif self.at is None:
            self.at = name

    def _add_leg(self, entry: Entry, name: str) -> None:
        origin = entry.origin.upper() if entry.origin else self.at
        if origin is None or origin not in self.types:
            raise self._error(f"the leg to {name} begins at {origin}, which the record does not name before.")
        if origin == name:
            raise self._error(f"a leg to {name} begins there too; name the points its legs lead to: S, T, E, C.")
        try:
            leg = Leg(origin, name, read_angle(entry.angle, self.convention.angle_unit), read_length(entry.distance))
        except ValueError as error:
            raise self._error(f"leg to {name}: {error}") from error
        if not 0 < leg.distance * self.convention.unit_m <= LEG_MAX_M:
            raise self._error(f"leg to {name}: {leg.distance:g} {self.convention.distance_unit} is no length of a leg.")
        self.legs.append(leg)
        self.at = origin if self._is_further_reference(name) else name

    def _is_further_reference(self, name: str) -> bool:
        references = [each for each, kind in self.types.items() if kind is PointType.REFERENCE_POINT]
        return name in references[1:]

    def _name(self, entry: Entry, *, is_last: bool) -> tuple[str, PointType]:
        if entry.label is None:
            if self.start is None:
                return "S", PointType.START
            return (self.start, PointType.START) if is_last else (self._numbered("T"), PointType.TURNING)
        label = entry.label.upper()
        if label in _CLOSING:
            if self.start is None:
                raise self._error("the closing leg has no start to close on; mark the leg to the first corner with S.")
            return self.start, PointType.START
        point_type = self.types.get(label) or entry.stated_type
        if point_type is None:
            raise self._error(f"{shown(label)} does not say what the point is; name it RP, BM, S, T, I, E or C.")
        return (self._numbered(label) if label in _UNNUMBERED else label), point_type

    def _numbered(self, prefix: str) -> str:
        """The first of T1, T2, ... that the record has not used."""
        number = 1 + sum(kind is PointType.TURNING for kind in self.types.values())
        while f"{prefix}{number}" in self.types:
            number += 1
        return f"{prefix}{number}"

    def _error(self, sentence: str) -> SourceError:
        return SourceError(f"{self.where}: {sentence}")


_HUNDREDS = re.compile(r"(\d{1,2}) ?[-\u2012-\u2014\u2212] ?(\d{2})")
_SEXAGESIMAL = re.compile(
    r"(\d{1,3})(?: ?[\u00b0\u00ba] ?| )(?:(\d{1,2}(?:[.,]\d+)?) ?['\u2032\u2019]? ?)?"
    r"(?:(\d{1,2}(?:[.,]\d+)?) ?(?:[\"\u2033\u201d]|''))?"
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DECIMAL_DEGREES = re.compile(r"\d{1,3}(?:[.,]\d+)?")


def read_angle(written: Any, unit: AngleUnit) -> float:
    """Read an angle in parts of its circle: ``15-00`` is 1500 divisions or mils; degrees are decimal or sexagesimal.

    Raises
    ------
    ValueError
        If it cannot be read in that unit, or is more than a full circle.
    """
    text = " ".join(str(written).split())
    if _DATE.match(text):
        raise ValueError(f"{text!r} is a date: a spreadsheet made one of an angle such as 10-05; write it as text.")
    if len(text) > 40:
        raise ValueError(f"{shown(text)} is not an angle.")
    if unit in {AngleUnit.DIVISIONS_6000, AngleUnit.MILS_6400}:
        match = _HUNDREDS.fullmatch(text)
        angle = int(match[1]) * 100.0 + int(match[2]) if match else parse_real(written)
    else:
        angle = _degrees(text, sexagesimal=unit is AngleUnit.DEGREES)
    if not 0 <= angle <= unit.circle:
        raise ValueError(f"{text!r} is not on a circle of {unit.circle:g} parts; check the unit stated, {unit}.")
    return angle


def _degrees(text: str, *, sexagesimal: bool) -> float:
    if _DECIMAL_DEGREES.fullmatch(text):
        return float(text.replace(",", "."))
    match = _SEXAGESIMAL.fullmatch(text) if sexagesimal else None
    if match is None:
        raise ValueError(f"{text!r} is not an angle in the unit stated; check the unit.")
    minutes, seconds = (float((part or "0").replace(",", ".")) for part in match.groups()[1:])
    if minutes >= 60 or seconds >= 60:
        raise ValueError(f"{text!r} has 60 or more minutes or seconds.")
    return int(match[1]) + minutes / 60 + seconds / 3600


def read_length(written: Any) -> float:
    """Read a distance in the record's unit; an ``m`` behind it is passed over.

    Raises
    ------
    ValueError
        If it is not a number.
    """
    if written is None:
        raise ValueError("its distance is missing.")
    return parse_real(re.sub(r"(?<=\d) ?[m\u043c]\.?$", "", written.strip()) if isinstance(written, str) else written)


def shown(text: str) -> str:
    """A text in quotes, cut where it is long."""
    return repr(text if len(text) <= 60 else f"{text[:57]}...")
