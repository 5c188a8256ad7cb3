"""Records of legs in tables: what is written is read, in rows, cells and TOML alike; all else is refused in words."""

# ruff: noqa: RUF001  the words of another alphabet are meant

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import SourceError
from registry.model import Kind, PartialDate
from registry.sources.legforms import locator, read_cell, read_toml
from registry.sources.legrecord import AngleUnit, Convention, DistanceUnit, PointType
from registry.sources.legrule import LegsRule, PositionOf
from registry.sources.legtable import map_legs, read_records
from registry.sources.mapping import MappedTable
from registry.sources.north import North
from registry.sources.profile import Profile
from registry.sources.rules import Rule
from registry.sources.tables import Table, read_table
from registry.sources.written import Stated

ROWS = LegsRule(
    group="record",
    from_="from",
    to="to",
    angle=("angle",),
    distance="distance",
    position=("position",),
    sigma_m=Rule(column="sigma_m"),
    type_="type",
    crs="EPSG:4326",
    angle_unit=AngleUnit.DEGREES,
    north=North.TRUE,
)
SIMPLE = LegsRule(group="record", angle=("angle",), distance="distance", angle_unit=AngleUnit.DEGREES, north=North.TRUE)
LEGS = ("10", "90", "180", "270", "0")
LENGTHS = ("50", "100", "100", "100", "100")


def table_of(cells: dict[str, Sequence[str | None]]) -> Table:
    columns = {name: pd.Series(list(values), dtype=object) for name, values in cells.items()}
    frame = pd.DataFrame(columns)
    return Table("t.csv", None, frame, np.arange(2, len(frame) + 2))


def mapped(table: Table, rule: LegsRule, crs: str | None = None) -> MappedTable:
    return map_legs(table, Profile("p", Kind.MINEFIELDS, True, legs=rule), Kind.MINEFIELDS, crs=crs)


def test_the_rows_of_a_file_are_the_records_that_they_were_as_dicts() -> None:
    table = read_table(Path(__file__).parent.parent / "data" / "legs.csv")
    found = mapped(table, ROWS)
    kept = found.layer.attributes["laid_out"].tolist()
    assert [leg["to"] for leg in kept[0]["legs"]] == ["S", "T1", "T2", "T3", "S"]
    assert kept[0]["places"]["RP"]["sigma_m"] == 20
    assert kept[1]["types"]["CAIRN"] == "REFERENCE_POINT"
    # The second is tied to nothing, but its shape is kept.
    assert list(found.unread) == [1]
    assert found.entered[1].startswith("LINESTRING (0 0, 300 0")


def test_the_order_of_legs_is_that_of_their_numbers() -> None:
    order = [4, 0, 2, 1, 3]
    cells = {
        "record": ["A"] * 5,
        "leg": [f"{n + 8}" for n in order],
        "angle": [LEGS[n] for n in order],
        "distance": [LENGTHS[n] for n in order],
    }
    rule = LegsRule(**{**vars(SIMPLE), "leg": "leg"})
    (layout,) = mapped(table_of(cells), rule).layer.attributes["laid_out"]
    assert [leg["angle"] for leg in layout["legs"]] == [10, 90, 180, 270, 0]
    found = mapped(table_of({**cells, "leg": [None, *cells["leg"][1:]]}), rule)
    assert [hit.code for hit in found.hits if hit.code == "corner-order"] == ["corner-order"]


def test_the_words_of_another_language_are_explained() -> None:
    cells = {
        "record": ["A"] * 5,
        "to": ["НТ", "ПТ 1", "пт 2", "ПТ 3", "Замыкание"],
        "angle": LEGS,
        "distance": LENGTHS,
    }
    types = {"нт": "START", "пт 1": "TURNING", "ПТ 2": "TURNING", "ПТ 3": "TURNING", "замыкание": "CLOSE"}
    (layout,) = mapped(table_of(cells), LegsRule(**{**vars(SIMPLE), "to": "to", "types": types})).layer.attributes[
        "laid_out"
    ]
    assert [leg["to"] for leg in layout["legs"]] == ["НТ", "ПТ 1", "ПТ 2", "ПТ 3", "НТ"]
    assert layout["types"]["НТ"] == PointType.START


@pytest.mark.parametrize(
    ("text", "decimal", "metres"),
    [
        ("1.250", ".", 1.25),
        ("1.250", ",", 1250),
        ("1 250,5", ",", 1250.5),
        ("1,250.5 m", ".", 1250.5),
        ("100", ",", 100),
        ("1.250", None, None),
    ],
)
def test_the_mark_of_fractions_decides(text: str, decimal: str | None, metres: float | None) -> None:
    cells = {"record": ["A"] * 5, "angle": LEGS, "distance": [text, *LENGTHS[1:]]}
    found = mapped(table_of(cells), LegsRule(**{**vars(SIMPLE), "decimal": decimal}))
    if metres is None:
        assert "may mean thousands or a fraction" in found.unread[0]
    else:
        assert found.layer.attributes["laid_out"][0]["legs"][0]["distance"] == metres


def test_an_angle_that_a_spreadsheet_made_a_date_is_named() -> None:
    cells = {"record": ["A"] * 5, "angle": ["2024-05-10", *LEGS[1:]], "distance": LENGTHS}
    found = mapped(table_of(cells), SIMPLE)
    assert "is a date: a spreadsheet made one of an angle such as 10-05" in found.unread[0]


def test_a_declination_or_day_that_cannot_be_read_is_not_passed_over() -> None:
    cells = {
        "legs": ["RP 58.0N 3.0E; 10/50; 90/100; 180/100; 315/141"] * 4,
        "day": ["1993", "in spring", "1993", None],
        "turn": ["5", None, "five", None],
    }
    rule = LegsRule(
        column="legs", crs="EPSG:4326", angle_unit=AngleUnit.DEGREES, north=North.MAGNETIC,
        laid_on=Rule(column="day"), declination_deg=Rule(column="turn"),
    )  # fmt: skip
    found = mapped(table_of(cells), rule)
    assert set(found.unread) == {1, 2}
    assert found.unread[1] == (
        "The declination of the record is not known: Column day, laid_on: 'in spring' is not a date; write "
        "YYYY-MM-DD, YYYY-MM or YYYY."
    )
    assert "Column turn, declination_deg: 'five' is not a number" in found.unread[2]
    assert [hit.code for hit in found.hits if hit.row == 3] == ["declination-suspect"]
    # From true north neither matters to the shape.
    found = mapped(table_of(cells), LegsRule(**{**vars(rule), "north": North.TRUE, "declination_deg": None}))
    assert not found.unread
    assert [hit.code for hit in found.hits] == ["value-not-understood"]


def test_an_error_of_a_position_that_is_none_is_said() -> None:
    cells = {
        "record": ["A"] * 5, "angle": LEGS, "distance": LENGTHS, "rp": ["58.00001N 3.00001E", *[None] * 4],
        "error": ["-3", *[None] * 4],
    }  # fmt: skip
    rule = LegsRule(**{**vars(SIMPLE), "position": ("rp",), "position_of": PositionOf.REFERENCE,
                       "sigma_m": Rule(column="error"), "crs": "EPSG:4326"})  # fmt: skip
    found = mapped(table_of(cells), rule)
    assert [hit.message for hit in found.hits if hit.code == "value-not-understood"] == [
        "Line 2: column error, sigma_m: '-3' is no position error in metres."
    ]
    cells["error"] = ["30", *[None] * 4]
    assert mapped(table_of(cells), rule).written_sigma_m.tolist() == [pytest.approx(math.hypot(30, 0.015 * 350))]


def test_two_positions_of_one_reference_point_are_not_chosen_from() -> None:
    rule = LegsRule(**{**vars(SIMPLE), "position": ("rp",), "position_of": PositionOf.REFERENCE, "crs": "EPSG:4326"})
    cells = {"record": ["A"] * 5, "angle": LEGS, "distance": LENGTHS,
             "rp": ["58.0N 3.0E", "58.1N 3.0E", None, None, None]}  # fmt: skip
    assert "its rows state 2 positions of one reference point" in mapped(table_of(cells), rule).unread[0]
    cells = {"legs": ["RP 58.0N 3.0E; 10/50; 90/100; 180/100; 315/141"], "rp": ["58.1N 3.0E"]}
    rule = LegsRule(column="legs", position=("rp",), crs="EPSG:4326", angle_unit=AngleUnit.DEGREES, north=North.TRUE)
    assert mapped(table_of(cells), rule).unread[0] == "Line 2: RP has two positions; keep the one that is meant."


def test_a_column_of_the_name_that_the_layout_bears_stays() -> None:
    cells = {"legs": ["10/50; 90/100; 180/100; 315/141"], "laid_out": ["theirs"], "laid_from": ["1991"]}
    rule = LegsRule(column="legs", angle_unit=AngleUnit.DEGREES, north=North.TRUE, laid_on=Rule(value="1993"))
    attributes = mapped(table_of(cells), rule).layer.attributes
    assert attributes["laid_out"].tolist() == ["theirs"]
    assert attributes["laid_from"].tolist() == ["1991"]
    assert attributes["laid_out (ours)"][0]["convention"]["laid_on"] == "1993"


# What is written is read: one record as rows, as a cell and as TOML.


def as_angle(parts: int, unit: AngleUnit) -> str:
    if unit is AngleUnit.DIVISIONS_6000:
        return f"{parts // 100}-{parts % 100:02d}"
    return f"{parts // 100}°{parts % 100 * 6 // 10:02d}'" if unit is AngleUnit.DEGREES else str(parts)


WRITTEN_LEGS = st.lists(
    st.tuples(st.integers(0, 35_900), st.integers(10, 20_000).map(lambda decimetres: decimetres / 10)),
    min_size=3,
    max_size=9,
)


@given(
    legs=WRITTEN_LEGS,
    unit=st.sampled_from(AngleUnit),
    place=st.none() | st.tuples(st.integers(-80_00000, 80_00000), st.integers(-179_00000, 179_00000)),
    paces=st.booleans(),
    adjusted=st.booleans(),
)
def test_rows_cells_and_toml_are_one_record(
    legs: list[tuple[int, float]], unit: AngleUnit, place: tuple[int, int] | None, paces: bool, adjusted: bool
) -> None:
    names = ["S", *(f"T{number}" for number in range(1, len(legs) - 1)), "C"]
    angles = [as_angle(round(angle / 36_000 * unit.circle * (100 if unit is AngleUnit.DEGREES else 1)), unit)
              for angle, _ in legs]  # fmt: skip
    lengths = [f"{length:.1f}" for _, length in legs]
    position = "?"
    if place is not None:
        y, x = (value / 100_000 for value in place)
        position = f"{abs(y):.5f}{'N' if y >= 0 else 'S'} {abs(x):.5f}{'E' if x >= 0 else 'W'}"
    convention = Convention(
        unit, North.TRUE, laid_on=PartialDate.from_iso("1993-06"), adjusted=adjusted,
        distance_unit=DistanceUnit.PACES if paces else DistanceUnit.METRES, pace_m=0.75 if paces else None,
    )  # fmt: skip
    stated = Stated(crs="EPSG:4326")
    cell = "; ".join([f"RP {position}", *(f"{n} {a}/{d}" for n, a, d in zip(names, angles, lengths, strict=True))])
    from_cell = read_cell(cell, convention, locator(stated))
    toml = [f'angle_unit = "{unit}"', 'north = "true"', 'laid_on = "1993-06"', f"adjusted = {str(adjusted).lower()}",
            *(['distance_unit = "paces"', "pace_m = 0.75"] if paces else []),
            "[[points]]", 'to = "RP"', f'position = "{position}"']  # fmt: skip
    for name, angle, length in zip(names, angles, lengths, strict=True):
        toml += ["[[legs]]", f'to = "{name}"', f'angle = "{angle}"', f"distance = {length}"]
    from_toml = read_toml("\n".join(toml).encode(), locator(stated))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([("RP", "", "", position), *((*row, "") for row in zip(names, angles, lengths, strict=True))])
    columns = list(zip(*csv.reader(io.StringIO(text.getvalue())), strict=True))
    cells = {name: [value or None for value in column]
             for name, column in zip(("to", "angle", "distance", "position"), columns, strict=True)}  # fmt: skip
    table = table_of({"record": ["A"] * (len(legs) + 1), **cells})
    rule = LegsRule(group="record", to="to", angle=("angle",), distance="distance", position=("position",))
    (from_rows,) = read_records(table, rule, [list(range(len(legs) + 1))], [convention], stated)
    in_cells = LegsRule(column="legs")
    (from_column,) = read_records(table_of({"legs": [cell]}), in_cells, [[0]], [convention], stated)
    assert from_cell == from_toml == from_rows == from_column
    assert [(leg.origin, leg.to) for leg in from_cell.legs] == list(
        zip(["RP", *names[:-1]], [*names[:-1], "S"], strict=True)
    )
    assert [leg.distance for leg in from_cell.legs] == [float(length) for length in lengths]


PIECES = st.none() | st.text(max_size=6) | st.sampled_from(
    ["A", "B", "RP", "S", "T1", "C", "E", "10", "90", "15-00", "45°30'", "6300", "120", "1.250", "0", "-5", "1993",
     "58.0N 3.0E", "58.1N 3.1E", "91N 3E", "?", "START", "10/20; 90/50; 180/50; 300/60", "RP 58.0N 3.0E; 1/2; 3/4; 5/6"]
)  # fmt: skip
COLUMNS = ("record", "leg", "from", "to", "type", "angle", "distance", "position", "sigma_m", "day")
ANY_RULE = st.builds(
    lambda form, more: LegsRule(**form, **more),
    st.one_of(
        st.just({"column": "angle"}),
        st.fixed_dictionaries(
            {"group": st.just("record"), "angle": st.just(("angle",)), "distance": st.just("distance")},
            optional={
                "leg": st.just("leg"), "from_": st.just("from"), "to": st.just("to"), "type_": st.just("type"),
                "fill_down": st.booleans(), "decimal": st.sampled_from([".", ","]),
                "position_of": st.sampled_from(PositionOf),
            },
        ),
    ),
    st.fixed_dictionaries(
        {"angle_unit": st.sampled_from(AngleUnit), "north": st.sampled_from([North.TRUE, North.MAGNETIC])},
        optional={
            "position": st.just(("position",)), "sigma_m": st.just(Rule(column="sigma_m")),
            "laid_on": st.just(Rule(column="day")), "declination_deg": st.just(Rule(column="sigma_m")),
            "crs": st.sampled_from(["EPSG:4326", "EPSG:4284"]), "adjusted": st.booleans(),
        },
    ),
)  # fmt: skip


@given(rows=st.lists(st.lists(PIECES, min_size=10, max_size=10), min_size=1, max_size=8), rule=ANY_RULE)
def test_any_cells_are_laid_out_or_refused(rows: list[list[str | None]], rule: LegsRule) -> None:
    table = table_of(dict(zip(COLUMNS, map(list, zip(*rows, strict=True)), strict=True)))
    try:
        found = mapped(table, rule)
    except SourceError:
        return
    records = len(found.layer.attributes)
    assert len(found.layer.geometries) == records == len(found.written_sigma_m)
    for record in range(records):
        assert (found.layer.geometries[record] is None) == (record in found.unread)
