from datetime import date

import pytest

from registry.codes import DatePrecision
from registry.model import Kind, PartialDate
from registry.schema import stated_fields
from registry.sources.rules import Rule, date_pattern, read_column, read_constant

MINEFIELD = stated_fields(Kind.MINEFIELDS)
ACCIDENT = stated_fields(Kind.ACCIDENTS)


@pytest.mark.parametrize(
    ("text", "rule", "metres"),
    [
        ("5", Rule(unit="cm"), 0.05),
        ("5,5", Rule(unit="mm"), 0.0055),
        ("1.2", Rule(unit="km"), 1200),
        ("10", Rule(unit="ft"), 3.048),
        ("10", Rule(unit="yd"), 9.144),
        ("10", Rule(unit="paces", pace_m=0.75), 7.5),
        ("15 cm", Rule(), 0.15),
        ("15 см.", Rule(unit="m"), 0.15),
        ("20 шагов", Rule(unit="paces", pace_m=0.7), 14),
        ("1.234", Rule(decimal="."), 1.234),
        ("1.234", Rule(decimal=","), 1234),
        ("1.234,5", Rule(decimal=","), 1234.5),
        ("\u0663\u066b\u0665", Rule(), 3.5),
        ("0.12", Rule(), 0.12),
    ],
)
def test_lengths_become_metres(text: str, rule: Rule, metres: float) -> None:
    found = read_column([text], MINEFIELD["depth_m"], rule)
    assert found.misread == {}
    assert found.parsed == [pytest.approx(metres, rel=1e-12)]


@pytest.mark.parametrize(
    ("text", "rule", "reason"),
    [
        ("1.234", Rule(), "thousands or a fraction"),
        ("3 ells", Rule(), "unit that is not known"),
        ("20 шагов", Rule(), "unit that is not known"),
        ("deep", Rule(unit="cm"), "not a number"),
        ("1,2,3", Rule(decimal=","), "not a number"),
        ("9" * 400, Rule(decimal="."), "not a number"),
        ("", Rule(), None),
    ],
)
def test_lengths_that_are_not_believed(text: str, rule: Rule, reason: str | None) -> None:
    found = read_column([text], MINEFIELD["depth_m"], rule)
    assert found.parsed == [None]
    assert list(found.misread) == ([] if reason is None else [0])
    assert reason is None or reason in found.misread[0]


def test_counts() -> None:
    found = read_column(["2", "٢", "1.5", "two", "1 000"], MINEFIELD["mines_ap"], Rule(unit="dozens"))
    assert found.parsed == [24, 24, 18, None, 12000]
    assert list(found.misread) == [3]
    assert read_column(["1.5"], MINEFIELD["mines_ap"], Rule()).misread


@pytest.mark.parametrize(
    ("text", "date_format", "first", "precision"),
    [
        ("03.04.1994", "DD.MM.YYYY", date(1994, 4, 3), DatePrecision.DAY),
        ("3.4.1994", "DD.MM.YYYY", date(1994, 4, 3), DatePrecision.DAY),
        ("03/04/1994", "MM/DD/YYYY", date(1994, 3, 4), DatePrecision.DAY),
        ("03/04/94", "DD/MM/YY", date(1994, 4, 3), DatePrecision.DAY),
        ("03/04/04", "DD/MM/YY", date(2004, 4, 3), DatePrecision.DAY),
        ("03.04.1994 14:30", "DD.MM.YYYY", date(1994, 4, 3), DatePrecision.DAY),
        ("3 апреля 1994", "D MMM YYYY", date(1994, 4, 3), DatePrecision.DAY),
        ("3 квітня 1994", "D MMM YYYY", date(1994, 4, 3), DatePrecision.DAY),
        ("3 ապրիլի 1994", "D MMM YYYY", date(1994, 4, 3), DatePrecision.DAY),
        ("3 travnja 1994", "D MMM YYYY", date(1994, 4, 3), DatePrecision.DAY),
        ("3 août 1994", "D MMM YYYY", date(1994, 8, 3), DatePrecision.DAY),
        ("٣ أبريل ١٩٩٤", "D MMM YYYY", date(1994, 4, 3), DatePrecision.DAY),
        ("abril 1994", "MMM YYYY", date(1994, 4, 1), DatePrecision.MONTH),
        ("19940403", "YYYYMMDD", date(1994, 4, 3), DatePrecision.DAY),
        ("1994", "DD.MM.YYYY", date(1994, 1, 1), DatePrecision.YEAR),
        ("1994-04-03", "DD.MM.YYYY", date(1994, 4, 3), DatePrecision.DAY),
    ],
)
def test_dates(text: str, date_format: str, first: date, precision: DatePrecision) -> None:
    found = read_column([text], ACCIDENT["occurred_on"], Rule(date_format=date_format))
    assert found.misread == {}
    assert found.parsed == [PartialDate(first, precision)]


@pytest.mark.parametrize("text", ["04/03/1994", "32.01.1994", "03.13.1994", "2,006", "03.04.1794", "soon"])
def test_dates_that_are_not_believed(text: str) -> None:
    found = read_column([text], ACCIDENT["occurred_on"], Rule(date_format="DD.MM.YYYY"))
    assert found.parsed == [None]
    assert list(found.misread) == [0]


def test_a_month_that_is_none() -> None:
    found = read_column(["3 xyz 1994"], ACCIDENT["occurred_on"], Rule(date_format="D MMM YYYY"))
    assert "no month" in found.misread[0]


@pytest.mark.parametrize("wrong", ["DD.MM", "YYYY YYYY", "DD DD YYYY", ""])
def test_formats_that_are_none(wrong: str) -> None:
    with pytest.raises(ValueError, match="date format"):
        date_pattern(wrong)


def test_codes_are_translated() -> None:
    rule = Rule(codes={"ПТ  мина": "AV_MINE", "-": "", "ied": "OTHER"})
    found = read_column(["пт мина", "-", "IED", "AP_MINE", "ПОМЗ-2"], ACCIDENT["device_category"], rule)
    assert found.parsed == ["AV_MINE", None, "OTHER", "AP_MINE", None]
    assert list(found.misread) == [4]


def test_rows_that_differ_are_not_believed() -> None:
    found = read_column([("1", "2"), "3", None], ACCIDENT["killed"], Rule())
    assert found.parsed == [None, 3, None]
    assert found.misread == {0: "the rows of the record differ: '1', '2'."}


def test_constants() -> None:
    assert read_constant(MINEFIELD["depth_m"], Rule(value=100.125, unit="cm")) == pytest.approx(1.00125)
    assert read_constant(ACCIDENT["confirmed"], Rule(value=True)) is True
    assert read_constant(ACCIDENT["source"], Rule(value="the list")) == "the list"
    assert read_constant(ACCIDENT["occurred_on"], Rule(value="1994-05")).precision is DatePrecision.MONTH
