"""One column by its rule: units, decimal marks, date formats and code translations -> values of our fields."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from registry.model import PartialDate
from registry.schema import Field, FieldType
from registry.sources import values
from registry.sources.words import month_of, unit_of

METRES_OF_UNIT = {
    "m": 1.0, "cm": 0.01, "mm": 0.001, "km": 1000.0, "ft": 0.3048, "in": 0.0254, "yd": 0.9144, "mi": 1609.344,
}  # fmt: skip
PIECES_OF_UNIT = {"pieces": 1, "dozens": 12, "hundreds": 100, "thousands": 1000}
PACES = "paces"

_DATE_PARTS = {
    "YYYY": r"(?P<year>\d{4})",
    "YY": r"(?P<short_year>\d{2})",
    "MMM": r"(?P<month_name>[^\W\d_]+)\.?",
    "MM": r"(?P<month>\d{1,2})",
    "M": r"(?P<month>\d{1,2})",
    "DD": r"(?P<day>\d{1,2})",
    "D": r"(?P<day>\d{1,2})",
}
_TIME = r"(?:[ T]+\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[AaPp][Mm])?)?"
_NUMBER_AND_UNIT = re.compile(r"\s*([-+]?[\d\s.,'\u2019]*\d)\s*([^\W\d_]+)?\.?\s*")

Cell = str | tuple[str, ...] | None
"""A cell; where several rows make one record and differ, all that they say."""


@dataclass(frozen=True)
class Rule:
    """Where a value comes from and how it is written.

    Attributes
    ----------
    column
        The source's column; or else
    value
        one value for all rows.
    unit
        Unit of the numbers: a length for fields in metres, a number of pieces for counts.
    pace_m
        Length of a pace in metres, where the unit is paces.
    decimal
        The mark of fractions, ``.`` or ``,``; the other one then separates thousands.
    date_format
        Such as ``DD.MM.YYYY`` or ``D MMM YY``; MMM is the name of a month.
    codes
        Their word -> our value; an empty value means "not recorded".
    """

    column: str | None = None
    value: str | int | float | bool | None = None
    unit: str | None = None
    pace_m: float | None = None
    decimal: str | None = None
    date_format: str | None = None
    codes: Mapping[str, str] = field(default_factory=dict)

    @property
    def converts(self) -> bool:
        """Whether the value stored may not be the one written, so that the one written must be kept beside it."""
        return bool(self.codes) or self.unit not in {None, "m", "pieces"}


@dataclass(frozen=True)
class Values:
    """A column read: a value per row, None where there is none; and by row why a cell was not understood."""

    parsed: list[Any]
    misread: Mapping[int, str]


def read_column(cells: Sequence[Cell], ours: Field, rule: Rule) -> Values:
    """Read the cells of one column for a field.

    Returns
    -------
    values
        Of the types `registry.sources.values.parse` returns. Each different text is read once.
    """
    codes = {_key(their): our for their, our in rule.codes.items()}
    known: dict[Cell, tuple[Any, str | None]] = {}
    parsed = []
    misread = {}
    for row, cell in enumerate(cells):
        if cell not in known:
            known[cell] = _read(cell, ours, rule, codes)
        value, reason = known[cell]
        parsed.append(value)
        if reason is not None:
            misread[row] = reason
    return Values(parsed, misread)


def read_constant(ours: Field, rule: Rule) -> Any:
    """The one value that a rule gives to all rows.

    Raises
    ------
    ValueError
        If it is none of the field's type.
    """
    value = values.parse(rule.value, ours)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return value
    return value * (_factor(rule.unit, rule, ours) or 1)


def date_pattern(date_format: str) -> re.Pattern[str]:
    """What a date in this format looks like.

    Raises
    ------
    ValueError
        If it names no year, or a part twice.
    """
    parts = re.split("(YYYY|YY|MMM|MM|M|DD|D)", date_format)
    pattern = "".join(_DATE_PARTS.get(part, re.escape(part).replace(r"\ ", r"\s+")) for part in parts)
    try:
        compiled = re.compile(pattern + _TIME)
    except re.error as error:
        raise ValueError(f"the date format {date_format!r} names a part twice.") from error
    if not {"year", "short_year"} & set(compiled.groupindex):
        raise ValueError(f"the date format {date_format!r} has no year; write for example DD.MM.YYYY.")
    return compiled


def parse_number(text: str, rule: Rule, ours: Field) -> float:
    """A number in the unit of its field; a unit that stands in the cell itself counts before that of the rule.

    Raises
    ------
    ValueError
        If it is no number, or its unit is not known.
    """
    match = _NUMBER_AND_UNIT.fullmatch(ascii_digits(text))
    if match is None:
        raise ValueError(f"{text!r} is not a number.")
    digits = match[1]
    if rule.decimal is not None:
        # The mark of fractions is stated, so the other one separates thousands.
        digits = re.sub(r"[\s'\u2019]", "", digits.replace("." if rule.decimal == "," else ",", "")).replace(",", ".")
        number = float(digits) if re.fullmatch(r"[-+]?\d{1,300}(\.\d+)?", digits) else values.parse_real(digits)
    else:
        number = values.parse_real(digits)
    factor = _factor(match[2] or rule.unit, rule, ours)
    if factor is None:
        raise ValueError(f"{text!r} is in a unit that is not known here.")
    # To a millionth of the unit, so that 3 cm is 0.03 m and not a binary neighbour.
    return number if factor == 1 else round(number * factor, 9)


def _factor(unit: str | None, rule: Rule, ours: Field) -> float | None:
    if unit is None:
        return 1.0
    if ours.unit != "m":
        return PIECES_OF_UNIT.get(unit)
    name = unit_of(unit)
    return rule.pace_m if name == PACES else METRES_OF_UNIT.get(name or "")


def _key(word: str) -> str:
    return " ".join(word.split()).casefold()


def _read(cell: Cell, ours: Field, rule: Rule, codes: Mapping[str, str]) -> tuple[Any, str | None]:
    """The value of a cell, or why there is none."""
    if cell is None or values.is_missing(cell):
        return None, None
    if isinstance(cell, tuple):
        return None, f"the rows of the record differ: {', '.join(map(repr, cell[:5]))}."
    try:
        translated = codes.get(_key(cell))
        if translated is not None:
            return (values.parse(translated, ours) if translated else None), None
        return _value(cell, ours, rule), None
    except ValueError as error:
        return None, str(error)


def _value(text: str, ours: Field, rule: Rule) -> Any:
    if ours.field_type is FieldType.DATE and rule.date_format is not None:
        return _parse_date(text, rule.date_format)
    if ours.field_type is FieldType.REAL:
        return parse_number(text, rule, ours)
    if ours.field_type is FieldType.INTEGER:
        number = parse_number(text, rule, ours)
        return values.parse_integer(number)
    if ours.field_type is FieldType.DATE:
        return values.parse(ascii_digits(text), ours)
    return values.parse(text, ours)


def ascii_digits(text: str) -> str:
    """A text with the digits of other scripts as 0 to 9, and the Arabic decimal mark as a comma."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in text.replace("\u066b", ","))


def _parse_date(text: str, date_format: str) -> PartialDate:
    """A date in the stated format; also as spreadsheets hand dates over (ISO), and a year alone."""
    plain = ascii_digits(text).strip()
    if re.fullmatch(r"\d{4}|\d{4}-\d{2}(-\d{2}([T ]\d{2}:\d{2}.*)?)?", plain, re.ASCII):
        return values.parse_date(plain)
    match = date_pattern(date_format).fullmatch(plain)
    if match is None:
        raise ValueError(f"{text!r} is not written as {date_format}.")
    found = match.groupdict()
    year = int(found.get("year") or 0) or _century(int(found["short_year"]))
    month = month_of(found["month_name"]) if found.get("month_name") else int(found.get("month") or 0)
    if month is None:
        raise ValueError(f"{found['month_name']!r} is no month in a language known here.")
    iso = f"{year:04d}" + (f"-{month:02d}" if month else "") + (f"-{int(found['day']):02d}" if found.get("day") else "")
    return values.parse_date(iso)


def _century(short_year: int) -> int:
    """1900 or 2000, so that the year is not after the next one."""
    next_year = datetime.now().astimezone().year + 1
    return short_year + (2000 if 2000 + short_year <= next_year else 1900)
