"""The table [legs] of a profile: which columns hold bearings and distances, and how their record writes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from registry.errors import SourceError
from registry.schema import Field, FieldType
from registry.sources.legrecord import AngleUnit, Convention, DistanceUnit, PointType
from registry.sources.north import North
from registry.sources.rulekeys import read_rule
from registry.sources.rules import Rule, read_constant
from registry.sources.tomlkeys import Keys, shown
from registry.sources.written import Notation, Order

LAID_ON = Field("laid_on", FieldType.DATE, "Day of laying")
DECLINATION = Field("declination_deg", FieldType.REAL, "Declination", unit="degrees")
SIGMA = Field("sigma_m", FieldType.REAL, "Position error of known points", unit="m")
CLOSE = "CLOSE"
"""What a name of a point may stand for beside a type: the closing leg, back to the start."""
POINT_TYPES = (*(kind.value for kind in PointType), CLOSE)


class PositionOf(StrEnum):
    """Whose position stands in a row."""

    POINT = "point"
    REFERENCE = "reference"


@dataclass(frozen=True)
class LegsRule:
    """Where bearings and distances come from: one row for each leg, or one cell for each record.

    Attributes
    ----------
    column
        The column whose cells each hold a whole record, in the grammar of `registry.sources.legforms.read_cell`; or
    group
        the column that says which record a row belongs to, where each leg has a row of its own.
    leg
        Column that numbers the legs of a record; without it they follow one another as the rows do.
    from_, to
        Columns of the points' names; without them the first leg leads to the start and the last one back to it.
    type_
        Column that says what the point is that the leg leads to.
    types
        Their word for a point, in the column ``type`` or else ``to`` -> a point type, or CLOSE for the closing leg.
    angle, distance
        Columns of the bearing, several read as one text, and of the distance.
    decimal
        The mark of fractions in both, ``.`` or ``,``.
    position
        Column of written positions, or
    latitude, longitude
        the columns of latitude and longitude, or of northing and easting.
    position_of
        Whose position that is: of the point that the row leads to, or, wherever it stands, of the record's reference
        point, where its first leg begins. In cells it is always the latter.
    sigma_m
        Error of those positions; without it the one of their written precision.
    crs, zone, notation, order
        What is known about their numbers; see `registry.sources.written.Stated`.
    fill_down
        A blank in the group column means the record of the row above.
    angle_unit, north, grid_crs, distance_unit, pace_m, adjusted
        See `registry.sources.legrecord.Convention`. None where nobody has said it yet.
    declination_deg, laid_on
        One value, or a column with one for each record.
    blank
        Keys that a proposal leaves to the person; a profile with one of them is not read.
    """

    column: str | None = None
    group: str | None = None
    leg: str | None = None
    from_: str | None = None
    to: str | None = None
    type_: str | None = None
    types: Mapping[str, str] = field(default_factory=dict)
    angle: tuple[str, ...] = ()
    distance: str | None = None
    decimal: str | None = None
    position: tuple[str, ...] = ()
    latitude: tuple[str, ...] = ()
    longitude: tuple[str, ...] = ()
    position_of: PositionOf | None = None
    sigma_m: Rule | None = None
    crs: str | None = None
    zone: str | None = None
    notation: Notation | None = None
    order: Order | None = None
    fill_down: bool = False
    angle_unit: AngleUnit | None = None
    north: North | None = None
    grid_crs: str | None = None
    declination_deg: Rule | None = None
    laid_on: Rule | None = None
    distance_unit: DistanceUnit | None = DistanceUnit.METRES
    pace_m: float | None = None
    adjusted: bool = False
    blank: tuple[str, ...] = ()

    @property
    def position_columns(self) -> tuple[str, ...]:
        """The columns that hold positions."""
        return (*self.position, *self.latitude, *self.longitude)

    @property
    def of_reference(self) -> bool:
        """Whether the position columns speak of the record's reference point."""
        return self.column is not None or self.position_of is PositionOf.REFERENCE

    @property
    def leg_columns(self) -> tuple[str, ...]:
        """The columns that say something of single legs, in whose rows nothing may be left out."""
        named = (self.column, self.leg, self.from_, self.to, self.type_, *self.angle, self.distance)
        of_points = () if self.of_reference else (*self.position_columns, self.sigma_m.column if self.sigma_m else None)
        return tuple(dict.fromkeys(name for name in (*named, *of_points) if name is not None))

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column it names."""
        rules = [rule.column for rule in (self.sigma_m, self.declination_deg, self.laid_on) if rule is not None]
        others = (name for name in (self.group, *self.position_columns, *rules) if name is not None)
        return tuple(dict.fromkeys((*self.leg_columns, *others)))

    def convention(self) -> Convention:
        """How the records write their legs, as far as it is the same for all.

        Raises
        ------
        SourceError
            If angle unit, north or distance unit are not stated, or something that they need.
        """
        if self.angle_unit is None or self.north is None or self.distance_unit is None:
            raise SourceError("angle_unit, north and distance_unit must be stated.")
        return Convention(
            self.angle_unit,
            self.north,
            grid_crs=self.grid_crs,
            declination_deg=_constant(DECLINATION, self.declination_deg),
            laid_on=_constant(LAID_ON, self.laid_on),
            distance_unit=self.distance_unit,
            pace_m=self.pace_m,
            adjusted=self.adjusted,
        )


def _constant(ours: Field, rule: Rule | None) -> Any:
    return None if rule is None or rule.value is None else read_constant(ours, rule)


_OWN_POSITION = "of the point that the row leads to"
_TO_FILL_IN = {
    "angle_unit": f"look at the forms: it is one of {', '.join(AngleUnit)}",
    "north": f"look at the forms: it is one of {', '.join(North)}",
    "distance_unit": f"look at the forms: it is one of {', '.join(DistanceUnit)}",
    "pace_m": "it is the length of a pace in metres, between 0.3 and 2",
    "grid_crs": "it is the CRS whose grid north the bearings count from, such as EPSG:28408",
    "position_of": f"it is {PositionOf.POINT}, {_OWN_POSITION}, or {PositionOf.REFERENCE}, of the reference point",
}


def read_legs_rule(keys: Keys) -> LegsRule:
    """Read the table [legs] of a profile.

    Raises
    ------
    SourceError
        If a key is left blank, is not known, or does not go with the others.
    """
    _refuse_blanks(keys)
    found = LegsRule(
        column=keys.text("column"),
        group=keys.text("group"),
        leg=keys.text("leg"),
        from_=keys.text("from"),
        to=keys.text("to"),
        type_=keys.text("type"),
        types=_types(keys.keys("types")),
        angle=keys.texts("angle"),
        distance=keys.text("distance"),
        decimal=keys.text("decimal"),
        position=keys.texts("position"),
        latitude=keys.texts("latitude"),
        longitude=keys.texts("longitude"),
        position_of=keys.choice("position_of", PositionOf),
        sigma_m=_value_or_rule(keys, SIGMA),
        crs=keys.text("crs"),
        zone=keys.text("zone"),
        notation=keys.choice("notation", Notation, by_name=True),
        order=keys.choice("order", Order),
        fill_down=bool(keys.flag("fill_down")),
        angle_unit=keys.choice("angle_unit", AngleUnit),
        north=keys.choice("north", North),
        grid_crs=keys.text("grid_crs"),
        declination_deg=_value_or_rule(keys, DECLINATION),
        laid_on=_value_or_rule(keys, LAID_ON),
        distance_unit=keys.choice("distance_unit", DistanceUnit) or DistanceUnit.METRES,
        pace_m=keys.length("pace_m"),
        adjusted=bool(keys.flag("adjusted")),
    )
    keys.nothing_else()
    _require_form(keys, found)
    _require_convention(keys, found)
    return found


def _refuse_blanks(keys: Keys) -> None:
    for key, value in keys.table.items():
        if value == "":
            what = _TO_FILL_IN.get(key, "fill it in, or strike the line")
            raise SourceError(f"{keys.where}: {key} is not filled in; {what}.")


def _types(keys: Keys) -> dict[str, str]:
    found = {}
    for word in keys.table:
        value = keys.text(word) or ""
        if value not in POINT_TYPES:
            what = f"is {shown(value)}" if value else "is not filled in"
            raise SourceError(f"{keys.where}: {shown(word)} {what}; it is one of {', '.join(POINT_TYPES)}.")
        found[word] = value
    return found


def _value_or_rule(keys: Keys, ours: Field) -> Rule | None:
    """One value for all records, written as it is, or a table that names a column."""
    value = keys.table.get(ours.name)
    if value is None or isinstance(value, dict):
        inner = keys.keys(ours.name)
        if not inner.table:
            return None
    else:
        plain = value.isoformat() if isinstance(value, date) else value
        inner = keys.instead(ours.name, {"value": plain})
    return read_rule(inner, ours)


def _require_form(keys: Keys, found: LegsRule) -> None:
    of_rows = (found.group, found.leg, found.from_, found.to, found.type_, found.angle, found.distance, found.decimal)
    if found.column is not None and (any(of_rows) or found.types or found.fill_down or found.position_of):
        raise SourceError(
            f"{keys.where}: column names cells that hold whole records; beside it there is no group, leg, from, to, "
            "type, types, angle, distance, decimal, position_of or fill_down."
        )
    if found.column is None and not (found.group and found.angle and found.distance):
        raise SourceError(
            f"{keys.where}: name either column, whose cells hold whole records, or group, angle and distance, where "
            "each leg has a row of its own."
        )
    if found.position and (found.latitude or found.longitude):
        raise SourceError(f"{keys.where}: name either position, or latitude and longitude.")
    if bool(found.latitude) != bool(found.longitude):
        raise SourceError(f"{keys.where}: latitude and longitude go together.")
    if found.types and not (found.to or found.type_):
        raise SourceError(f"{keys.where}: types means nothing without type or to.")
    if (found.position_of or found.sigma_m) and not (found.position_columns or found.column):
        raise SourceError(f"{keys.where}: position_of and sigma_m mean nothing without position.")
    sigma_m = _constant(SIGMA, found.sigma_m)
    if sigma_m is not None and not 0 <= sigma_m < 1e6:
        raise SourceError(f"{keys.where}: sigma_m is {sigma_m:g}; it must be 0 or more and below a million.")
    if found.decimal not in {None, ".", ","}:
        raise SourceError(f"{keys.where}: decimal is {shown(found.decimal)}; it is one of '.', ','.")


def _require_convention(keys: Keys, found: LegsRule) -> None:
    for key, allowed in (("angle_unit", AngleUnit), ("north", North)):
        if getattr(found, key) is None:
            raise SourceError(f"{keys.where}: {key} is not stated; it is one of {', '.join(allowed)}.")
    needless = {
        "grid_crs": found.grid_crs is not None and found.north is not North.GRID,
        "declination_deg": found.declination_deg is not None and found.north is not North.MAGNETIC,
        "pace_m": found.pace_m is not None and found.distance_unit is not DistanceUnit.PACES,
    }
    for key, needs in (("grid_crs", "north is grid"), ("declination_deg", "north is magnetic"),
                       ("pace_m", "distance_unit is paces")):  # fmt: skip
        if needless[key]:
            raise SourceError(f"{keys.where}: {key} is used only where {needs}; correct one of them.")
    try:
        found.convention()
    except ValueError as error:
        raise SourceError(f"{keys.where}: {error}") from error
