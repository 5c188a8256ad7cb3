"""Single values as sources write them: dates, numbers, codes, yes and no.

Each parser returns the value or raises ``ValueError`` with the reason; the text as entered is kept by the caller.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import numpy as np

from registry.codes import Code
from registry.model import PartialDate
from registry.schema import Field, FieldType

_YES = {"yes", "y", "true", "t", "1"}
_NO = {"no", "n", "false", "f", "0"}
_EARLIEST_YEAR = 1900


def is_missing(value: Any) -> bool:
    """Whether a source left the cell empty: null, NaN, NaT or blank text."""
    if value is None:
        return True
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, float | np.floating):
        return math.isnan(value)
    return bool(value is np.datetime64("NaT") or type(value).__name__ in {"NaTType", "NAType"})


def parse(value: Any, field: Field) -> Any:
    """Read one value for a field: text, whole number, number, `PartialDate`, truth value, code or JSON text.

    Raises
    ------
    ValueError
        If the value is not of the field's type, said in a sentence without the field's name.
    """
    if field.codes is not None:
        return parse_code(value, field.codes)
    return _PARSERS[field.field_type](value)


def parse_text(value: Any) -> str:
    """Text without outer blanks; a whole number that was read as a fraction loses its ``.0``."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def parse_integer(value: Any) -> int:
    """A whole number; blanks and apostrophes between groups of three digits are read as thousands marks."""
    number = parse_real(value)
    if not number.is_integer():
        raise ValueError(f"{value!r} is not a whole number.")
    return int(number)


def parse_real(value: Any) -> float:
    """A number; a comma or point before exactly three digits could mean two things and is not read."""
    if isinstance(value, bool | np.bool_):
        raise ValueError(f"{value!r} is yes or no, not a number.")
    if isinstance(value, int | float | np.integer | np.floating):
        return _finite(float(value), value)
    text = re.sub(r"(?<=\d)[\s'\u2019](?=\d{3}(?!\d))", "", str(value).strip())
    if re.fullmatch(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", text, re.ASCII):
        raise ValueError(f"{value!r} may mean thousands or a fraction; write it without the mark.")
    if re.fullmatch(r"[+-]?\d+(?:[.,]\d+)?", text, re.ASCII) is None:
        raise ValueError(f"{value!r} is not a number.")
    return _finite(float(text.replace(",", ".")), value)


def parse_date(value: Any) -> PartialDate:
    """A day, month or year: ISO, DD.MM.YYYY, MM.YYYY or YYYY; points, slashes and hyphens between the parts.

    Day and month with slashes are read day first only where the other order is impossible.
    """
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[D]").item()
    if isinstance(value, datetime):
        return PartialDate(value.date())
    if isinstance(value, date):
        return PartialDate(value)
    text = parse_text(value)
    return _checked_year(_date_of(text), text)


def parse_boolean(value: Any) -> bool:
    """Yes or no in English words, or 1 and 0."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    word = parse_text(value).lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise ValueError(f"{value!r} is neither yes nor no.")


def parse_code(value: Any, codes: type[Code]) -> str:
    """A code of a list, written as the code or its label in any case."""
    text = parse_text(value)
    for code in codes:
        if text.casefold() in {code.value.casefold(), code.label.casefold()}:
            return code.value
    raise ValueError(f"{text!r} is not one of the codes {', '.join(codes)}.")


def parse_json(value: Any) -> str:
    """JSON text; a text that is no JSON becomes a JSON string."""
    text = parse_text(value)
    try:
        return json.dumps(json.loads(text), ensure_ascii=False)
    except (ValueError, RecursionError):
        return json.dumps(text, ensure_ascii=False)


def _finite(number: float, value: Any) -> float:
    if not math.isfinite(number):
        raise ValueError(f"{value!r} is not a number.")
    return number


def _date_of(text: str) -> PartialDate:
    if match := re.fullmatch(r"(\d{4}-\d{2}-\d{2})[T ]\d{2}:\d{2}.*", text, re.ASCII):
        return PartialDate.from_iso(match[1])
    if re.fullmatch(r"\d{4}(-\d{2}){0,2}", text, re.ASCII):
        return PartialDate.from_iso(text)
    if match := re.fullmatch(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})", text, re.ASCII):
        first, mark, second, year = int(match[1]), match[2], int(match[3]), match[4]
        if mark == "/" and first <= 12 and second <= 12 and first != second:
            raise ValueError(f"{text!r} may be day first or month first; write YYYY-MM-DD.")
        day, month = (second, first) if mark == "/" and second > 12 else (first, second)
        return PartialDate.from_iso(f"{year}-{month:02d}-{day:02d}")
    if match := re.fullmatch(r"(\d{1,2})[./-](\d{4})", text, re.ASCII):
        return PartialDate.from_iso(f"{match[2]}-{int(match[1]):02d}")
    raise ValueError(f"{text!r} is not a date; write YYYY-MM-DD, YYYY-MM or YYYY.")


def _checked_year(found: PartialDate, text: str) -> PartialDate:
    if not _EARLIEST_YEAR <= found.first.year <= datetime.now().astimezone().year + 1:
        raise ValueError(f"{text!r} is not a year between {_EARLIEST_YEAR} and next year.")
    return found


def precision_column(field: Field) -> str:
    """The column beside a date that says how much of it is known."""
    return f"{field.name}_precision"


_PARSERS: Mapping[FieldType, Callable[[Any], Any]] = {
    FieldType.TEXT: parse_text,
    FieldType.INTEGER: parse_integer,
    FieldType.REAL: parse_real,
    FieldType.DATE: parse_date,
    FieldType.BOOLEAN: parse_boolean,
    FieldType.JSON: parse_json,
}
