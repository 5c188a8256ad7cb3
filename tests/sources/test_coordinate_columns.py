"""A column read at once gives what its cells give one by one."""

# ruff: noqa: RUF001

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.errors import SourceError
from registry.sources.coordinate_columns import WrittenColumn, parse_column, parse_two_columns
from registry.sources.coordinates import parse, parse_pair
from registry.sources.written import CoordinateError, Notation, Order, Stated, Written


def same_as_cells(column: WrittenColumn, row: int, alone: Written | CoordinateError) -> None:
    if isinstance(alone, CoordinateError):
        assert str(column.errors[row]) == str(alone)
        assert column.geometries[row] is None
        return
    assert row not in column.errors
    assert column.geometries[row] == alone.geometry, alone.text
    assert column.crs[row] == alone.crs
    assert column.notations[row] == alone.notation
    np.testing.assert_allclose(column.sigma_m[row], np.nan if alone.sigma_m is None else alone.sigma_m, rtol=1e-9)


def one_by_one(text: str, stated: Stated) -> Written | CoordinateError:
    try:
        return parse(text, stated)
    except CoordinateError as error:
        return error


STATEMENTS = st.sampled_from(
    [
        Stated(),
        Stated(order=Order.NORTH_FIRST),
        Stated(crs="EPSG:4284"),
        Stated(crs="EPSG:4326", order=Order.EAST_FIRST),
        Stated(crs="EPSG:32638"),
        Stated(crs="EPSG:32638", notation=Notation.DD),
        Stated(notation=Notation.DD),
        Stated(notation=Notation.DMS, order=Order.NORTH_FIRST),
        Stated(notation=Notation.GAUSS_KRUEGER),
        Stated(notation=Notation.GAUSS_KRUEGER, zone="8", order=Order.NORTH_FIRST),
        Stated(notation=Notation.SK63),
        Stated(notation=Notation.SK63, zone="X"),
        Stated(crs="EPSG:4284", notation=Notation.SK63, zone="A"),
        Stated(crs="EPSG:4326", notation=Notation.GAUSS_KRUEGER),
    ]
)
NUMBERS = st.builds(
    lambda whole, fraction, mark: f"{whole}{mark}{fraction}" if fraction else str(whole),
    st.integers(0, 70) | st.sampled_from([90, 91, 179, 180, 181, 360]),
    st.from_regex("[0-9]{0,5}", fullmatch=True),
    st.sampled_from(".,"),
)
LETTERS = st.sampled_from("NSEWnsewСЮВЗсювз")
MARKS = st.sampled_from([("°", "'", '"'), ("° ", "′ ", "″"), ("°", "'", "''"), (" ", " ", ""), ("º", "’", "”")])


@st.composite
def angles(draw: st.DrawFn) -> str:
    """An angle that may be impossible, with a letter or sign before or after it, or without."""
    parts, marks = draw(st.integers(1, 3)), draw(MARKS)
    numbers = [str(draw(st.integers(0, 100))) for _ in range(parts - 1)] + [draw(NUMBERS)]
    body = "".join(number + mark for number, mark in zip(numbers, marks, strict=False)).strip()
    where = draw(st.sampled_from(["after", "before", "sign", "none"]))
    gap = draw(st.sampled_from(["", " "]))
    if where == "after":
        return body + gap + draw(LETTERS)
    if where == "before":
        return draw(LETTERS) + gap + body
    return draw(st.sampled_from("-−+")) + body if where == "sign" else body


METRES = st.builds(
    lambda whole, fraction: f"{whole}{fraction}",
    st.integers(10_000, 99_999_999) | st.integers(4_000_000, 9_000_000) | st.integers(300_000, 700_000),
    st.sampled_from(["", ".5", ".25", ",5"]),
)
SEPARATORS = st.sampled_from([" ", ", ", ",", "; ", ";", " / "])
PAIRS = st.builds(
    lambda first, separator, second: first + separator + second, angles() | METRES, SEPARATORS, angles() | METRES
)
LABELLED = st.builds("X={} Y={}".format, METRES, METRES) | st.builds("Х {}, У {}".format, METRES, METRES)
CELLS = PAIRS | LABELLED | st.sampled_from(["38SMB1234512345", "POINT(49 40)", "nonsense", "38N 512345 4412345"])


@settings(deadline=None, max_examples=300)
@given(st.lists(CELLS, max_size=8), STATEMENTS)
def test_column_as_its_cells(cells: list[str], stated: Stated) -> None:
    column = parse_column(cells, stated)
    for row, cell in enumerate(cells):
        same_as_cells(column, row, one_by_one(cell, stated))


@settings(deadline=None, max_examples=300)
@given(angles(), angles(), st.sampled_from([", ", " ", "; ", ""]), STATEMENTS)
def test_column_of_one_notation_as_its_cells(first: str, second: str, separator: str, stated: Stated) -> None:
    """The same cell many times over takes the fast way wherever there is one."""
    text = first + separator + second
    column = parse_column([text] * 3, stated)
    for row in range(3):
        same_as_cells(column, row, one_by_one(text, stated))


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(angles() | METRES, angles() | METRES), max_size=6), STATEMENTS)
def test_two_columns_as_their_cells(pairs: list[tuple[str, str]], stated: Stated) -> None:
    column = parse_two_columns([east for east, _ in pairs], [north for _, north in pairs], stated)
    for row, (east, north) in enumerate(pairs):
        try:
            alone: Written | CoordinateError = parse_pair(east, north, stated)
        except CoordinateError as error:
            alone = error
        same_as_cells(column, row, alone)


@pytest.mark.parametrize(
    "wrong",
    ["40°60'15\"N 49°51'30\"E", "40°22'60\"N 49°51'30\"E", "90°00'01\"N 49°51'30\"E", "40°22'15\"N 180°00'01\"E"],
)
def test_a_column_refuses_what_a_cell_refuses(wrong: str) -> None:
    right = "89°59'59\"N 179°59'59\"E"
    column = parse_column([right, wrong, right], Stated())
    assert sorted(column.errors) == [1]
    assert str(column.errors[1]) == str(one_by_one(wrong, Stated()))


def test_empty_cells_are_no_errors() -> None:
    column = parse_column(["40N 49E", None, "", float("nan"), "  "], Stated())
    assert [geometry is None for geometry in column.geometries] == [False, True, True, True, True]
    assert column.errors == {}
    assert np.isnan(column.sigma_m[1:]).all()


def test_half_a_position_is_an_error() -> None:
    column = parse_two_columns(["49.8", None, None, "49.8"], ["40.1", "40.1", None, ""], Stated())
    assert sorted(column.errors) == [1, 3]
    assert "half of the position" in str(column.errors[1])
    assert column.geometries[0] == shapely.Point(49.8, 40.1)


@pytest.mark.parametrize("crs", ["EPSG:4326", None])
def test_numbers_of_a_spreadsheet(crs: str | None) -> None:
    cells: list[Any] = [49.8671, 50.0, np.float64(49.5)]
    column = parse_two_columns(cells, [40.4093, 41, 40.25], Stated(crs=crs))
    assert shapely.get_coordinates(column.geometries).tolist() == [[49.8671, 40.4093], [50.0, 41.0], [49.5, 40.25]]
    assert column.crs.tolist() == [crs] * 3


def test_letters_of_the_other_axis_are_refused_in_two_columns() -> None:
    column = parse_two_columns(["40.1N", "49.8E"], ["49.8E", "40.1N"], Stated())
    assert sorted(column.errors) == [0]


def test_every_row_keeps_its_own_zone() -> None:
    cells = ["X=4412345 Y=8512345", "X=4412345 Y=9412345"]
    column = parse_column(cells, Stated(notation=Notation.GAUSS_KRUEGER))
    assert column.crs.tolist() == ["EPSG:28408", "EPSG:28409"]


def test_ambiguity_is_found_in_every_row() -> None:
    column = parse_column(["40.5 49.5", "95.5 40.5", "40.5 49.7"], Stated())
    assert sorted(column.errors) == [0, 2]
    assert len(column.errors[0].readings) == 2
    assert column.geometries[1] == shapely.Point(95.5, 40.5)


def test_unknown_stated_crs_is_said_once() -> None:
    with pytest.raises(SourceError, match="not a coordinate reference system"):
        parse_column(["40.5 49.5"], Stated(crs="EPSG:999999"))
