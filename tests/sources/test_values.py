import json
from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.codes import DatePrecision, DeviceCategory
from registry.model import Kind, PartialDate
from registry.schema import Field, FieldType, stated_fields
from registry.sources import values

ANY_CELL = st.one_of(
    st.none(),
    st.text(),
    st.text("0123456789.,/-' \u00a0+T:", max_size=24),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.binary(max_size=8),
    st.dates(),
    st.datetimes(),
    st.datetimes().map(np.datetime64),
    st.lists(st.floats()),
    st.dictionaries(st.text(), st.integers()),
    st.integers(-(2**63), 2**63 - 1).map(np.int64),
)
FIELDS = [field for kind in Kind for field in stated_fields(kind).values()]


@given(ANY_CELL, st.sampled_from(FIELDS))
def test_a_parser_gives_a_value_of_its_type_or_says_why_not(cell, field):
    try:
        value = values.parse(cell, field)
    except ValueError:
        return
    python_type = {
        FieldType.TEXT: str,
        FieldType.JSON: str,
        FieldType.INTEGER: int,
        FieldType.REAL: float,
        FieldType.BOOLEAN: bool,
        FieldType.DATE: PartialDate,
    }[field.field_type]
    assert type(value) is python_type
    if field.field_type is FieldType.JSON:
        json.loads(value, parse_constant=pytest.fail)
    if python_type is str:
        value.encode()


@pytest.mark.parametrize(
    "cell", [None, "", " \t", float("nan"), np.float32("nan"), pd.NaT, pd.NA, np.datetime64("NaT")]
)
def test_an_empty_cell(cell):
    assert values.is_missing(cell)


@pytest.mark.parametrize("cell", [0, False, "0", "-", [], 0.0, np.datetime64("2020-01-01")])
def test_a_cell_that_says_something(cell):
    assert not values.is_missing(cell)


@pytest.mark.parametrize(
    ("cell", "text"),
    [(" Л-36 ", "Л-36"), (12.0, "12"), (12.5, "12.5"), (7, "7"), ("7.0", "7.0"), ("a\ud800", "a\\ud800")],
)
def test_text(cell, text):
    assert values.parse_text(cell) == text


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("12", 12.0),
        ("-0.5", -0.5),
        ("0,5", 0.5),
        ("0,125", 0.125),
        ("1 234", 1234.0),
        ("12\u00a0345\u00a0678", 12_345_678.0),
        ("1'234,5", 1234.5),
        ("1\u2019234", 1234.0),
        (np.int64(3), 3.0),
    ],
)
def test_a_number(cell, number):
    assert values.parse_real(cell) == number


@pytest.mark.parametrize(
    "cell",
    [
        "1,234",
        "2.006",
        "1234 567",
        "12 34",
        "1.234.567",
        "1e5",
        "",
        "12 mines",
        "\u0663",
        "1_000",
        "inf",
        "nan",
        True,
        10**400,
    ],
)
def test_what_is_no_number_or_could_be_two(cell):
    with pytest.raises(ValueError, match=r"number|thousands"):
        values.parse_real(cell)


@given(st.integers(-(10**12), 10**12))
def test_thousands_marks_do_not_change_a_number(number):
    for mark in " '\u2019\u00a0":
        assert values.parse_integer(f"{number:,}".replace(",", mark)) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_comes_back_as_it_was(number):
    assert values.parse_real(number) == number


@pytest.mark.parametrize("cell", ["1,5", 2.5, 1e300, 2**53 + 1])
def test_what_is_no_count(cell):
    with pytest.raises(ValueError, match=r"whole number|too large"):
        values.parse_integer(cell)


@pytest.mark.parametrize(
    ("cell", "iso"),
    [
        ("2021-06-12", "2021-06-12"),
        ("12.06.2021", "2021-06-12"),
        ("2.6.2021", "2021-06-02"),
        ("12-06-2021", "2021-06-12"),
        ("25/06/2021", "2021-06-25"),
        ("06/25/2021", "2021-06-25"),
        ("06/06/2021", "2021-06-06"),
        ("06.2021", "2021-06"),
        ("2021-06", "2021-06"),
        ("2021", "2021"),
        (2021.0, "2021"),
        (1994, "1994"),
        ("2021-06-12T23:59:00Z", "2021-06-12"),
        (date(2021, 6, 12), "2021-06-12"),
        (datetime(2021, 6, 12, 5, tzinfo=UTC), "2021-06-12"),
        (np.datetime64("2021-06-12T05:00"), "2021-06-12"),
        (pd.Timestamp("2021-06-12"), "2021-06-12"),
    ],
)
def test_a_date(cell, iso):
    assert str(values.parse_date(cell)) == iso


@pytest.mark.parametrize(
    "cell",
    [
        "2,006",
        "05/06/2021",
        "31.02.2021",
        "13.2021",
        "12.06.21",
        "June 2021",
        "1066-10-14",
        date(1899, 12, 30),
        datetime(9999, 12, 31, tzinfo=UTC),
        20210612,
        True,
    ],
)
def test_what_is_no_date_or_could_be_two(cell):
    with pytest.raises(ValueError, match=r"date|day|year"):
        values.parse_date(cell)


@given(st.dates(date(1900, 1, 1), date(2020, 12, 31)), st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%d-%m-%Y"]))
def test_a_day_comes_back_however_it_was_written(day, form):
    assert values.parse_date(day.strftime(form)) == PartialDate(day, DatePrecision.DAY)


@pytest.mark.parametrize(("cell", "truth"), [("Yes", True), ("n", False), (1.0, True), (0, False), (np.True_, True)])
def test_yes_and_no(cell, truth):
    assert values.parse_boolean(cell) is truth


@pytest.mark.parametrize("cell", ["perhaps", "2", "да", -1])
def test_neither_yes_nor_no(cell):
    with pytest.raises(ValueError, match="neither yes nor no"):
        values.parse_boolean(cell)


@pytest.mark.parametrize("cell", ["AP_MINE", "ap_mine", " Anti-Personnel Mine "])
def test_a_code_by_its_name_or_its_label(cell):
    assert values.parse_code(cell, DeviceCategory) == "AP_MINE"


def test_an_unknown_code_is_answered_with_the_right_ones():
    with pytest.raises(ValueError, match=r"'PMN-2' is not one of the codes AP_MINE, AV_MINE"):
        values.parse_code("PMN-2", DeviceCategory)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('{"a": [1, 2]}', '{"a": [1, 2]}'),
        ("12 PMN", '"12 PMN"'),
        ({"a": 1}, '{"a": 1}'),
        (np.array([1, 2]), "[1, 2]"),
        ("NaN", '"NaN"'),
        ("мина", '"мина"'),
    ],
)
def test_json(cell, text):
    assert values.parse_json(cell) == text


def test_what_json_does_not_know_becomes_text():
    odd = {"a": float("inf"), "b": [float("nan"), 1.5], "c": b"\x01\xff", "d": date(2021, 6, 12), "e": np.float32(0.5)}
    assert json.loads(values.to_json(odd), parse_constant=pytest.fail) == {
        "a": "Infinity",
        "b": ["NaN", 1.5],
        "c": "01ff",
        "d": "2021-06-12",
        "e": 0.5,
    }


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_json_comes_back_as_it_was(value):
    text = values.to_json(value)
    text.encode()
    assert json.loads(text) == value


def test_the_column_beside_a_date():
    assert values.precision_column(Field("laid_from", FieldType.DATE, "")) == "laid_from_precision"


SAME_AGAIN = st.lists(ANY_CELL, min_size=1, max_size=4).flatmap(lambda few: st.lists(st.sampled_from(few), max_size=8))
OF_ONE_TYPE = st.lists(st.text("aZ~ \n\t\u00e9", max_size=3)) | st.lists(st.integers(-(2**54), 2**54))


@given(SAME_AGAIN | OF_ONE_TYPE, st.sampled_from(FIELDS))
def test_a_column_is_read_as_its_cells_one_by_one(cells, field):
    expected, why = [], {}
    for row, cell in enumerate(cells):
        try:
            expected.append(None if values.is_missing(cell) else values.parse(cell, field))
        except ValueError as error:
            expected.append(None)
            why[row] = str(error)
    parsed, failures = values.parse_all(cells, field)
    assert (parsed, failures) == (expected, why)
    assert list(map(type, parsed)) == list(map(type, expected))


def test_equal_moments_of_different_days_are_read_apart():
    there = timezone(timedelta(hours=3))
    late, early = datetime(2020, 1, 1, 23, tzinfo=UTC), datetime(2020, 1, 2, 2, tzinfo=there)
    assert late == early
    parsed, _ = values.parse_all([late, early], stated_fields(Kind.MINEFIELDS)["laid_from"])
    assert [each.first for each in parsed] == [date(2020, 1, 1), date(2020, 1, 2)]


@given(SAME_AGAIN, st.text())
def test_members_are_those_of_an_object(cells, name):
    for cell, member in zip(cells, values.json_members(name, cells), strict=True):
        if values.is_missing(cell):
            assert member is None
        else:
            assert f"{{{member}}}" == values.to_json({name: cell})
