from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.codes import DeviceCategory
from registry.errors import SourceError
from registry.model import Kind
from registry.sources.legrecord import AngleUnit, DistanceUnit
from registry.sources.legrule import POINT_TYPES, LegsRule, PositionOf
from registry.sources.north import North
from registry.sources.profile import (
    GeometryRule,
    Joined,
    Profile,
    parse_profile,
    read_profile,
    require_usable,
    write_profile,
)
from registry.sources.rules import METRES_OF_UNIT, PACES, Rule
from registry.sources.tables import TableOptions
from registry.sources.written import Notation, Order

START = 'format = 1\nkind = "minefields"\nchecked = true\n'

SAID_OF_LEGS = 'angle_unit = "degrees"\nnorth = "true"\n'
CELLS = f'{START}[legs]\ncolumn = "a"\n{SAID_OF_LEGS}'
ROWS = f'[legs]\ngroup = "a"\nangle = "b"\ndistance = "c"\n{SAID_OF_LEGS}'

TEXT = st.text(st.characters(codec="utf-8"), min_size=1)
LENGTHS = st.floats(0.001, 999_999)
CODES = st.dictionaries(TEXT, st.sampled_from(["", *DeviceCategory]))
LENGTH_RULES = st.one_of(
    st.builds(
        Rule, column=TEXT, unit=st.sampled_from([None, *METRES_OF_UNIT]), decimal=st.sampled_from([None, ".", ","])
    ),
    st.builds(Rule, value=LENGTHS, unit=st.sampled_from([None, "ft"])),
    st.builds(Rule, column=TEXT, unit=st.just(PACES), pace_m=LENGTHS),
)
COLUMNS = st.lists(TEXT, min_size=1, max_size=3).map(tuple)
PLACES = st.one_of(
    st.fixed_dictionaries({"column": COLUMNS}), st.fixed_dictionaries({"east": COLUMNS, "north": COLUMNS})
)
GROUPS = st.one_of(
    st.just({}),
    st.fixed_dictionaries(
        {"group": TEXT, "joined": st.sampled_from(Joined), "fill_down": st.booleans()}, optional={"corner": TEXT}
    ),
)
REST = st.fixed_dictionaries(
    {},
    optional={
        "crs": TEXT,
        "zone": TEXT,
        "notation": st.sampled_from(Notation),
        "order": st.sampled_from(Order),
        "radius": LENGTH_RULES,
        "width": LENGTH_RULES,
    },
)
GEOMETRIES = st.builds(lambda place, group, rest: GeometryRule(**place, **group, **rest), PLACES, GROUPS, REST)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "accident_id": st.builds(Rule, column=TEXT),
        "source": st.builds(Rule, value=TEXT.filter(lambda text: "\0" not in text)),
        "confirmed": st.builds(Rule, value=st.booleans()),
        "killed": st.builds(Rule, column=TEXT, unit=st.sampled_from([None, "pieces", "dozens"])),
        "occurred_on": st.builds(Rule, column=TEXT, date_format=st.sampled_from([None, "DD.MM.YYYY", "D MMM YY"])),
        "device_category": st.builds(Rule, column=TEXT, codes=CODES),
        "sigma_m": LENGTH_RULES,
    },
)
PROFILES = st.builds(
    Profile,
    name=TEXT,
    kind=st.just(Kind.ACCIDENTS),
    checked=st.booleans(),
    table=st.builds(
        TableOptions,
        sheet=st.none() | TEXT,
        encoding=st.none() | TEXT,
        delimiter=st.none() | TEXT,
        header_row=st.none() | st.integers(1, 99),
        header_rows=st.none() | st.integers(1, 3),
    ),
    geometry=st.none() | GEOMETRIES,
    fields=FIELDS,
)


LEGS_PLACES = st.one_of(
    st.just({}),
    st.fixed_dictionaries({"position": COLUMNS}, optional={"sigma_m": LENGTH_RULES}),
    st.fixed_dictionaries({"latitude": COLUMNS, "longitude": COLUMNS}),
)
DAYS = st.one_of(
    st.builds(Rule, column=TEXT, date_format=st.sampled_from([None, "DD.MM.YYYY"])),
    st.builds(Rule, value=st.sampled_from(["1993-06-15", "1993-06", "1993"])),
)
NORTHS = st.one_of(
    st.just({"north": North.TRUE}),
    st.fixed_dictionaries({"north": st.just(North.GRID), "grid_crs": TEXT}),
    st.fixed_dictionaries(
        {"north": st.just(North.MAGNETIC)},
        optional={"declination_deg": st.one_of(st.builds(Rule, column=TEXT), st.builds(Rule, value=st.floats(-9, 9)))},
    ),
)
DISTANCES = st.one_of(
    st.just({}), st.fixed_dictionaries({"distance_unit": st.just(DistanceUnit.PACES), "pace_m": st.floats(0.3, 2)})
)
FORMS = st.one_of(
    st.fixed_dictionaries({"column": TEXT}),
    st.fixed_dictionaries(
        {"group": TEXT, "angle": COLUMNS, "distance": TEXT},
        optional={
            "leg": TEXT,
            "from_": TEXT,
            "to": TEXT,
            "type_": TEXT,
            "decimal": st.sampled_from([".", ","]),
            "fill_down": st.booleans(),
        },
    ),
)
SAID = st.fixed_dictionaries(
    {"angle_unit": st.sampled_from(AngleUnit)},
    optional={"laid_on": DAYS, "adjusted": st.booleans(), "crs": TEXT, "order": st.sampled_from(Order)},
)
LEGS = st.builds(
    lambda form, place, north, distance, said: LegsRule(**form, **place, **north, **distance, **said),
    FORMS, LEGS_PLACES, NORTHS, DISTANCES, SAID,
)  # fmt: skip
POINT_WORDS = st.dictionaries(TEXT, st.sampled_from(POINT_TYPES), min_size=1)


@given(
    LEGS, POINT_WORDS, st.sampled_from(PositionOf), st.dictionaries(st.sampled_from(["legs.angle", "legs"]), st.text())
)
def test_legs_that_are_written_are_read(
    legs: LegsRule, types: dict[str, str], whose: PositionOf, remarks: dict[str, str]
) -> None:
    if legs.to or legs.type_:
        legs = replace(legs, types=types)
    if legs.position and legs.group:
        legs = replace(legs, position_of=whose)
    profile = Profile("p", Kind.MINEFIELDS, True, legs=legs)
    assert parse_profile(write_profile(profile, remarks).encode(), "p.toml") == profile


@given(PROFILES, st.dictionaries(st.sampled_from(["", "table", "geometry", "fields.killed"]), st.text()))
def test_what_is_written_is_read(profile: Profile, remarks: dict[str, str]) -> None:
    text = write_profile(profile, remarks)
    assert parse_profile(text.encode(), "p.toml") == profile


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with pytest.raises(SourceError, match=r"p\.toml"):
        parse_profile(content, "p.toml")


KEYS = st.sampled_from(
    ["format", "kind", "name", "checked", "table", "geometry", "fields", "column", "east", "north", "group", "codes",
     "unit", "killed", "radius", "value", "pace_m", "crs", "joined", "sheet", "date_format", "occurred_on",
     "header_row", "legs", "angle_unit", "north", "laid_on", "position", "types", "angle", "distance"]
)  # fmt: skip
LEAVES = st.one_of(
    st.booleans().map(lambda value: str(value).lower()),
    st.integers().map(str),
    st.floats().map(str),
    st.sampled_from(
        [
            '"accidents"',
            '"m"',
            '"polygon"',
            '"DD.MM.YYYY"',
            "1",
            '"x"',
            "1994-05-03",
            "[]",
            '["a", 1]',
            '""',
            '"degrees"',
            '"true"',
            '"RP"',
        ]
    ),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.dictionaries(KEYS, inner, max_size=4).map(
        lambda table: "{ " + ", ".join(f"{key} = {value}" for key, value in table.items()) + " }"
    ),
    max_leaves=8,
)


@given(st.dictionaries(KEYS, VALUES, max_size=6))
def test_any_toml_is_read_or_refused(document: dict[str, str]) -> None:
    whole = {"format": "1", "kind": '"minefields"' if "legs" in document else '"accidents"', **document}
    text = "\n".join(f"{key} = {value}" for key, value in whole.items())
    try:
        profile = parse_profile(text.encode(), "p.toml")
    except SourceError:
        return
    assert parse_profile(write_profile(profile).encode(), "p.toml") == profile


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "format is None; this version reads format 1"),
        ("format = 2", "format is 2"),
        ("format = true", "format is True; it must be a whole number"),
        ("format = 1", "kind is missing; it is one of minefields, accidents"),
        ('format = 1\nkind = "mines"', "kind is 'mines'; it is one of minefields"),
        (START + "colour = 1", "there is no key 'colour'; the keys are format, kind"),
        (START + "[table]\nheader_row = 0", r"\[table\]: header_row is 0; it must be 1 or more"),
        (START + "[geometry]", "name either column, or both east and north"),
        (START + '[geometry]\neast = "a"', "name either column, or both east and north"),
        (START + '[geometry]\ncolumn = []', "column is .*must be a name, or a list of names"),
        (START + '[geometry]\ncolumn = "a"\nnotation = "XYZ"', "notation is 'XYZ'; it is one of DD, DM, DMS, MGRS"),
        (START + '[geometry]\ncolumn = "a"\norder = "x"', "order is 'x'; it is one of north first, east first"),
        (START + '[geometry]\ncolumn = "a"\ngroup = "b"', "group and joined"),
        (START + '[geometry]\ncolumn = "a"\ncorner = "b"', "mean nothing without group"),
        (START + '[geometry]\ncolumn = "a"\nradius = { value = -1 }', r"\[geometry.radius\]: value is -1; .* above 0"),
        (START + '[fields.depth]\ncolumn = "a"', r"\[fields\]: there is no field 'depth' for minefields; it has "),
        (START + "[fields.depth_m]", "name either a column or a value"),
        (START + '[fields.depth_m]\ncolumn = "a"\nvalue = 1', "name either a column or a value"),
        (START + '[fields.depth_m]\ncolumn = "a"\nunit = "ell"', "unit is 'ell'; it is one of m, cm, mm"),
        (START + '[fields.depth_m]\ncolumn = "a"\nunit = "paces"', "paces and pace_m"),
        (START + '[fields.depth_m]\ncolumn = "a"\ndecimal = ";"', "decimal is ';'"),
        (START + '[fields.district]\ncolumn = "a"\nunit = "m"', "unit is 'm'; it is not known for this field"),
        (START + '[fields.district]\ncolumn = "a"\ndate_format = "YYYY"', "a field that is no date"),
        (START + '[fields.laid_from]\ncolumn = "a"\ndate_format = "DD.MM"', "has no year"),
        (START + '[fields.laid_from]\ncolumn = "a"\ndate_format = "YYYY YYYY"', "names a part twice"),
        (START + '[fields.pattern]\ncolumn = "a"\ncodes = { "x" = "NONE" }', "'x' is no value of pattern"),
        (START + '[fields.mines_ap]\nvalue = "many"', "value is no value of mines_ap"),
        (START + "[fields.district]\nvalue = nan", "value is nan; it must be a number"),
        (START + "[legs]", "name either column, whose cells hold whole records, or group, angle and distance"),
        (CELLS + 'group = "b"', "beside it there is no group"),
        (CELLS + '[geometry]\ncolumn = "a"', r"it has \[geometry\] and \[legs\]"),
        (CELLS.replace("minefields", "devices"), r"\[legs\] is for minefields; rows of devices"),
        (CELLS.replace('"degrees"', '""'), r"\[legs\]: angle_unit is not filled in; look at the forms: it is on"),
        (CELLS.replace('north = "true"', ""), "north is not stated; it is one of true, grid, magnetic"),
        (CELLS.replace('"true"', '"grid"'), r"\[legs\]: Bearings from grid north need the grid"),
        (CELLS.replace('"true"', '"grid"\ngrid_crs = ""'), "grid_crs is not filled in; it is the CRS whose grid north"),
        (CELLS + 'grid_crs = "EPSG:28408"', "grid_crs is used only where north is grid"),
        (CELLS + "declination_deg = 5", "declination_deg is used only where north is magnetic"),
        (CELLS + 'distance_unit = "paces"', "paces need the length of a pace"),
        (CELLS + 'distance_unit = "paces"\npace_m = ""', "pace_m is not filled in; it is the length of a pace"),
        (CELLS + "pace_m = 0.7", "pace_m is used only where distance_unit is paces"),
        (CELLS + 'laid_on = "May"', r"\[legs.laid_on\]: value is no value of laid_on"),
        (CELLS + "sigma_m = -5", "sigma_m is -5; it must be 0 or more"),
        (CELLS + 'position_of = "point"', "beside it there is no group"),
        (START + ROWS + 'position_of = ""', "position_of is not filled in; it is point, of the point .* or reference"),
        (START + ROWS + 'position_of = "point"', "mean nothing without position"),
        (START + ROWS + 'to = "a"\ntypes = { "1" = "" }', "'1' is not filled in; it is one of REFERENCE_POINT"),
        (START + ROWS + 'types = { "1" = "START" }', "types means nothing without type or to"),
        (START + ROWS + 'latitude = "a"', "latitude and longitude go together"),
        (START + ROWS + 'decimal = ";"', "decimal is ';'"),
        (START + ROWS + 'azimuth = "a"', "there is no key 'azimuth'; the keys are column, group"),
    ],
)  # fmt: skip
def test_errors_name_the_place_and_what_is_allowed(text: str, message: str) -> None:
    with pytest.raises(SourceError, match=message) as raised:
        parse_profile(text.encode(), "p.toml")
    assert str(raised.value).startswith("p.toml")


def test_a_profile_is_used_when_checked_and_of_the_kind() -> None:
    profile = parse_profile(START.encode(), "p.toml")
    require_usable(profile, Kind.MINEFIELDS, "t.csv")
    with pytest.raises(SourceError, match="checked = true"):
        require_usable(replace(profile, checked=False), Kind.MINEFIELDS, "t.csv")
    with pytest.raises(SourceError, match="is for minefields, but the rows are scope"):
        require_usable(profile, Kind.SCOPE, "t.csv")
    assert not parse_profile(b'format = 1\nkind = "scope"\n', "p.toml").checked


def test_a_profile_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        read_profile(tmp_path / "no.toml")
    (tmp_path / "big.toml").write_bytes(b"#" * 1_000_001)
    with pytest.raises(SourceError, match="1,000,001 bytes"):
        read_profile(tmp_path / "big.toml")
    (tmp_path / "p.toml").write_text(START)
    assert read_profile(tmp_path / "p.toml") == Profile("p", Kind.MINEFIELDS, True)
