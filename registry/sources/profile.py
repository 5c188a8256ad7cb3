"""Mapping profiles: what the columns of somebody's table mean, written down once in TOML, checked by a person, kept."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from registry.errors import SourceError
from registry.model import Kind
from registry.schema import stated_fields
from registry.sources.legrule import LegsRule, read_legs_rule
from registry.sources.rulekeys import read_length_rule, read_rule
from registry.sources.rules import Rule
from registry.sources.tables import TableOptions
from registry.sources.tomlkeys import Keys, parse_toml, read_small, shown
from registry.sources.written import Notation, Order

FORMAT = 1
PROFILE_MAX_BYTES = 1_000_000


class Joined(StrEnum):
    """What the positions of one record are, where each has a row of its own."""

    POLYGON = "polygon"
    LINE = "line"
    POINTS = "points"


@dataclass(frozen=True)
class GeometryRule:
    """Where positions come from. Several columns are read as one text, with a blank between them.

    Attributes
    ----------
    column
        The column that holds whole positions or shapes, in any notation, or
    east, north
        the columns of longitude and latitude, or of easting and northing.
    crs, zone, notation, order
        What is known about the numbers; see `registry.sources.written.Stated`.
    group
        Column that says which record a row belongs to, where each corner has a row of its own.
    corner
        Column that says in which order the corners are joined; without it that of the rows.
    fill_down
        A blank in the group column means the record of the row above.
    joined
        What the corners make.
    radius, width
        Of a field given as a point or line.
    """

    column: tuple[str, ...] = ()
    east: tuple[str, ...] = ()
    north: tuple[str, ...] = ()
    crs: str | None = None
    zone: str | None = None
    notation: Notation | None = None
    order: Order | None = None
    group: str | None = None
    corner: str | None = None
    fill_down: bool = False
    joined: Joined | None = None
    radius: Rule | None = None
    width: Rule | None = None


@dataclass(frozen=True)
class Profile:
    """What the columns of a table mean.

    Attributes
    ----------
    name
        What the person calls it.
    kind
        What the rows are.
    checked
        Whether a person has looked at it; an unchecked one is not applied.
    table
        How the table is read.
    geometry
        Where positions come from; None where the table holds none.
    fields
        Our field -> where its values come from.
    legs
        Where bearings and distances come from, in a table of paper records; it takes the place of ``geometry``.
    """

    name: str
    kind: Kind
    checked: bool
    table: TableOptions = field(default_factory=TableOptions)
    geometry: GeometryRule | None = None
    fields: Mapping[str, Rule] = field(default_factory=dict)
    legs: LegsRule | None = None


def read_profile(path: Path) -> Profile:
    """Read a profile.

    Raises
    ------
    SourceError
        If it is no profile; the message names file, table and key, and what is allowed.
    """
    return parse_profile(read_small(path, "profile", PROFILE_MAX_BYTES), str(path))


def parse_profile(content: bytes, where: str) -> Profile:
    """Read a profile from its bytes; see `read_profile`.

    Parameters
    ----------
    where
        Name for messages.
    """
    document = parse_toml(content, where)
    top = Keys(document, where, "")
    if top.whole("format") != FORMAT:
        raise SourceError(f"{where}: format is {document.get('format')!r}; this version reads format {FORMAT}.")
    kind = top.choice("kind", Kind)
    if kind is None:
        raise SourceError(f"{where}: kind is missing; it is one of {', '.join(Kind)}.")
    profile = Profile(
        name=top.text("name") or Path(where).stem,
        kind=kind,
        checked=bool(top.flag("checked")),
        table=_table_options(top.keys("table")),
        geometry=_geometry_rule(top.keys("geometry")) if "geometry" in document else None,
        fields=_field_rules(top.keys("fields"), kind),
        legs=read_legs_rule(top.keys("legs")) if "legs" in document else None,
    )
    top.nothing_else()
    if profile.legs is not None and profile.geometry is not None:
        raise SourceError(f"{where}: it has [geometry] and [legs]; keep the one that says where the fields lie.")
    if profile.legs is not None and kind is not Kind.MINEFIELDS:
        raise SourceError(f"{where}: [legs] is for minefields; rows of {kind} are not drawn by bearing and distance.")
    return profile


def require_usable(profile: Profile, kind: Kind, where: str) -> None:
    """Refuse a profile that nobody has looked at, or that is for rows of another kind.

    Raises
    ------
    SourceError
        If ``checked`` is false, or the kind is not the profile's.
    """
    if not profile.checked:
        raise SourceError(
            f"{where}: the profile {profile.name!r} has not been checked; read it line by line, then set "
            "checked = true in it."
        )
    if profile.kind is not kind:
        raise SourceError(f"{where}: the profile {profile.name!r} is for {profile.kind}, but the rows are {kind}.")


def columns_named(rule: GeometryRule) -> tuple[str, ...]:
    """Every column that a geometry names."""
    lengths = [length.column for length in (rule.radius, rule.width) if length is not None]
    others = [name for name in (rule.group, rule.corner, *lengths) if name is not None]
    return (*rule.column, *rule.north, *rule.east, *others)


def _table_options(keys: Keys) -> TableOptions:
    options = TableOptions(
        sheet=keys.text("sheet"),
        encoding=keys.text("encoding"),
        delimiter=keys.text("delimiter"),
        header_row=keys.line("header_row"),
        header_rows=keys.line("header_rows"),
    )
    keys.nothing_else()
    return options


def _geometry_rule(keys: Keys) -> GeometryRule:
    found = GeometryRule(
        column=keys.texts("column"),
        east=keys.texts("east"),
        north=keys.texts("north"),
        crs=keys.text("crs"),
        zone=keys.text("zone"),
        notation=keys.choice("notation", Notation, by_name=True),
        order=keys.choice("order", Order),
        group=keys.text("group"),
        corner=keys.text("corner"),
        fill_down=bool(keys.flag("fill_down")),
        joined=keys.choice("joined", Joined),
        radius=read_length_rule(keys, "radius"),
        width=read_length_rule(keys, "width"),
    )
    keys.nothing_else()
    if bool(found.column) == bool(found.east or found.north) or bool(found.east) != bool(found.north):
        raise SourceError(f"{keys.where}: name either column, or both east and north.")
    if bool(found.group) != bool(found.joined):
        raise SourceError(f"{keys.where}: group and joined ({', '.join(Joined)}) go together.")
    if found.group is None and (found.corner is not None or found.fill_down):
        raise SourceError(f"{keys.where}: corner and fill_down mean nothing without group.")
    return found


def _field_rules(keys: Keys, kind: Kind) -> dict[str, Rule]:
    ours = stated_fields(kind)
    rules = {}
    for name in keys.table:
        if name not in ours:
            raise SourceError(f"{keys.where}: there is no field {shown(name)} for {kind}; it has {', '.join(ours)}.")
        rules[name] = read_rule(keys.keys(name), ours[name])
    return rules


def write_profile(profile: Profile, remarks: Mapping[str, str] | None = None) -> str:
    """Write a profile as TOML.

    Parameters
    ----------
    remarks
        Name of a table (``geometry``, ``fields.killed``), of a key in one (``legs.angle``), or ``""`` for the top ->
        what is said above it, as comment.

    Returns
    -------
    text
        What `parse_profile` reads as the same profile.
    """
    said = remarks or {}
    lines = [
        *_remark(said.get("")),
        f"format = {FORMAT}",
        f"name = {_toml(profile.name)}",
        f"kind = {_toml(profile.kind.value)}",
        f"checked = {_toml(profile.checked)}",
        *_section("table", profile.table, said),
    ]
    if profile.geometry is not None:
        lines += _section("geometry", profile.geometry, said)
    if profile.legs is not None:
        lines += _section("legs", profile.legs, said)
    for name, rule in profile.fields.items():
        lines += _section(f"fields.{name}", rule, said)
    return "\n".join(lines) + "\n"


def _section(name: str, content: Any, said: Mapping[str, str]) -> Iterator[str]:
    entries = list(_entries(content))
    if not entries:
        return
    yield ""
    yield from _remark(said.get(name))
    yield f"[{name}]"
    for key, value in entries:
        yield from _remark(said.get(f"{name}.{key}"))
        yield f"{key} = {value}"


def _entries(content: Any) -> Iterator[tuple[str, str]]:
    """The keys of a dataclass that say something, and those it leaves blank for a person to fill in."""
    blank = content.blank if isinstance(content, LegsRule) else ()
    for each in fields(content):
        key, value = each.name.rstrip("_"), getattr(content, each.name)
        if key in blank:
            yield key, '""'
        elif each.name != "blank" and not (value is False and each.name in _FLAGS) and value not in (None, (), {}):
            yield key, _written(value)


_FLAGS = {"fill_down", "adjusted"}


def _written(value: Any) -> str:
    """A value as TOML has it; a rule inside a table becomes an inline table."""
    if isinstance(value, Rule):
        return "{ " + ", ".join(f"{key} = {text}" for key, text in _entries(value)) + " }"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_toml(k)} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, Notation):
        return _toml(value.name)
    if isinstance(value, tuple):
        return _toml(value[0]) if len(value) == 1 else f"[{', '.join(map(_toml, value))}]"
    return _toml(value)


def _remark(text: str | None) -> Iterator[str]:
    """Comment lines; control characters have no place in them."""
    for line in (text or "").splitlines():
        yield f"# {''.join(letter if letter.isprintable() else ' ' for letter in line)}".rstrip()


def _toml(value: str | int | float | bool) -> str:
    """JSON's strings, numbers and truth values are TOML's, but for one control character."""
    return json.dumps(str(value) if isinstance(value, str) else value, ensure_ascii=False).replace("\x7f", "\\u007F")
