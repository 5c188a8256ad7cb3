"""Single values as sources write them: dates, numbers, codes, yes and no.

Each parser returns the value or raises ``ValueError`` with the reason; the text as entered is kept by the caller.
"""

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import numpy as np

from registry.codes import Code
from registry.model import PartialDate
from registry.schema import Field, FieldType

_YES = {"yes", "y", "true", "t", "1"}
_NO = {"no", "n", "false", "f", "0"}
_EARLIEST_YEAR = 1900
_LARGEST_EXACT = 2**53
_PLAIN_LINES = re.compile(r"(?:[!-~](?:[ -~]*[!-~])?(?:\n|\Z))+")


def is_missing(value: Any) -> bool:
    """Whether a source left the cell empty: null, NaN, NaT or blank text."""
    if value is None:
        return True
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, float | np.floating):
        return math.isnan(value)
    if isinstance(value, np.datetime64):
        return bool(np.isnat(value))
    return type(value).__name__ in {"NaTType", "NAType"}


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


def parse_all(cells: Sequence[Any], field: Field) -> tuple[list[Any], dict[int, str]]:
    """Read a column for a field: the values, None where a cell is empty or is none of the field's, and why by row."""
    if _stand_for_themselves(cells, field):
        return list(cells), {}
    parsed: list[Any] = []
    failures: dict[int, str] = {}
    known: dict[Any, Any] = {}
    for row, cell in enumerate(cells):
        # A column of texts or days holds few different ones. Other values may be equal and not the same: 1, 1.0 and
        # true, or noon here and eleven there.
        is_kept = isinstance(cell, str) or (isinstance(cell, date) and getattr(cell, "tzinfo", None) is None)
        if is_kept and cell in known:
            parsed.append(known[cell])
            continue
        try:
            value = None if is_missing(cell) else parse(cell, field)
        except ValueError as error:
            failures[row] = str(error)
            value, is_kept = None, False
        if is_kept:
            known[cell] = value
        parsed.append(value)
    return parsed, failures


def _stand_for_themselves(cells: Sequence[Any], field: Field) -> bool:
    """Whether a column holds nothing but what its parser gives back unchanged."""
    kinds = set(map(type, cells))
    if field.codes is not None or len(kinds) != 1:
        return False
    if field.field_type is FieldType.TEXT and kinds == {str}:
        # One look at all: printable ASCII without outer blanks, and no line empty.
        return _PLAIN_LINES.fullmatch("\n".join(cells)) is not None and "\n" not in "".join(cells)
    if field.field_type is FieldType.INTEGER and kinds == {int}:
        return bool(min(cells) > -_LARGEST_EXACT and max(cells) < _LARGEST_EXACT)
    return False


def parse_text(value: Any) -> str:
    """Text without outer blanks; a whole number that was read as a fraction loses its ``.0``."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    if "\0" in str(value):
        raise ValueError(f"{value!r} holds a NUL, at which readers would cut it.")
    # A file can hold half of a surrogate pair, which UTF-8, and so the registry, cannot.
    return str(value).strip().encode("utf-8", "backslashreplace").decode()


def parse_integer(value: Any) -> int:
    """A whole number; blanks and apostrophes between groups of three digits are read as thousands marks."""
    number = parse_real(value)
    if not number.is_integer():
        raise ValueError(f"{value!r} is not a whole number.")
    if abs(number) >= _LARGEST_EXACT:
        raise ValueError(f"{value!r} is too large to be a count.")
    return int(number)


def parse_real(value: Any) -> float:
    """A number; a comma or point before exactly three digits could mean two things and is not read."""
    if isinstance(value, bool | np.bool_):
        raise ValueError(f"{value!r} is yes or no, not a number.")
    if isinstance(value, int | float | np.integer | np.floating):
        return _finite(value, value)
    text = str(value).strip()
    if re.fullmatch(r"[+-]?[0-9]{1,3}(?:[\s'\u2019][0-9]{3})+(?:[.,][0-9]+)?", text):
        return _finite(re.sub(r"[\s'\u2019]", "", text).replace(",", "."), value)
    if re.fullmatch(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", text, re.ASCII):
        raise ValueError(f"{value!r} may mean thousands or a fraction; write it without the mark.")
    if re.fullmatch(r"[+-]?\d+(?:[.,]\d+)?", text, re.ASCII) is None:
        raise ValueError(f"{value!r} is not a number.")
    return _finite(text.replace(",", "."), value)


def parse_date(value: Any) -> PartialDate:
    """A day, month or year: ISO, DD.MM.YYYY, MM.YYYY or YYYY; points, slashes and hyphens between the parts.

    Day and month with slashes are read day first only where the other order is impossible.
    """
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[D]").item()
    if isinstance(value, date):
        day = value.date() if isinstance(value, datetime) else value
        return _checked_year(PartialDate(day), str(day))
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
    if not isinstance(value, str):
        return to_json(value)
    try:
        return to_json(json.loads(value))
    except (ValueError, RecursionError):
        return to_json(value.strip())


def to_json(value: Any) -> str:
    """Any value of a source as JSON; what JSON does not know (infinity, dates, bytes) becomes text.

    Half of a surrogate pair, which UTF-8 cannot hold, stays as its JSON escape.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, default=_plain)
    except ValueError:
        known = json.loads(json.dumps(value, default=_plain), parse_constant=str)
        text = json.dumps(known, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode()


def json_members(name: str, cells: Sequence[Any]) -> list[str | None]:
    """Each cell as a member of a JSON object, ``"name": value``; None where it is empty."""
    known: dict[str, str | None] = {}
    members: list[str | None] = []
    for cell in cells:
        if isinstance(cell, str) and cell in known:
            members.append(known[cell])
            continue
        member = None if is_missing(cell) else to_json({name: cell})[1:-1]
        if isinstance(cell, str):
            known[cell] = member
        members.append(member)
    return members


def _plain(value: Any) -> Any:
    """JSON for what GDAL and Arrow hand over beside text and numbers."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, bytes):
        return value.hex()
    return str(value)


def _finite(written: Any, value: Any) -> float:
    try:
        number = float(written)
    except OverflowError:
        number = math.inf
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
