"""TOML that a person writes: its keys by type; what is wrong is said with file, table and key."""

import math
import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from registry.errors import SourceError
from registry.model import PartialDate

Choice = TypeVar("Choice", bound=StrEnum)
COUNT_MAX = 999_999_999

AMOUNT_MAX = 10**12


def read_small(path: Path, what: str, most_bytes: int) -> bytes:
    """Read a file that a person writes by hand, and that is therefore small.

    Raises
    ------
    SourceError
        If it cannot be read or is larger than such a file can be.
    """
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= most_bytes else b""
    except OSError as error:
        raise SourceError(f"{path}: the {what} cannot be read ({error.strerror or error}).") from error
    if size > most_bytes:
        raise SourceError(f"{path}: it has {size:,} bytes; a {what} has {most_bytes:,} at most.")
    return content


def parse_toml(content: bytes, where: str) -> dict[str, Any]:
    """Read TOML; a byte order mark that an editor left is passed over.

    Raises
    ------
    SourceError
        If it is not TOML in UTF-8.
    """
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{where}: it is not TOML in UTF-8 ({error}).") from error


class Keys:
    """One table of a TOML document: hands out its keys by type, and knows which were asked for."""

    def __init__(self, table: Mapping[str, Any], where: str, name: str) -> None:
        self.table = table
        self.where = f"{where}, [{name}]" if name else where
        self._file, self._name = where, name
        self._known: list[str] = []

    def _take(self, key: str, kinds: tuple[type, ...], allowed: str) -> Any:
        self._known.append(key)
        value = self.table.get(key)
        if value is not None and (not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds)):
            raise SourceError(f"{self.where}: {key} is {shown(value)}; it must be {allowed}.")
        return value

    def text(self, key: str) -> str | None:
        """A text."""
        value: str | None = self._take(key, (str,), "text")
        return value

    def flag(self, key: str) -> bool | None:
        """True or false."""
        value: bool | None = self._take(key, (bool,), "true or false")
        return value

    def whole(self, key: str) -> int | None:
        """A whole number."""
        value: int | None = self._take(key, (int,), "a whole number")
        return value

    def line(self, key: str) -> int | None:
        """A whole number from 1."""
        value = self.whole(key)
        if value is not None and value < 1:
            raise SourceError(f"{self.where}: {key} is {value}; it must be 1 or more.")
        return value

    def count(self, key: str) -> int | None:
        """A number of things."""
        value = self.whole(key)
        if value is not None and not 0 <= value <= COUNT_MAX:
            raise SourceError(f"{self.where}: {key} is {shown(value)}; it must be from 0 to {COUNT_MAX:,}.")
        return value

    def day(self, key: str) -> PartialDate | None:
        """A date as far as it is known: a TOML date, or ``YYYY-MM-DD``, ``YYYY-MM`` or ``YYYY`` as text."""
        value = self._take(key, (str, date), 'a date: YYYY-MM-DD, or "YYYY-MM" or "YYYY" in quotes')
        if isinstance(value, datetime):
            raise SourceError(f"{self.where}: {key} is {value}; it must be a date without a time.")
        if isinstance(value, date):
            return PartialDate(value)
        try:
            return None if value is None else PartialDate.from_iso(value)
        except ValueError as error:
            raise SourceError(f"{self.where}: {key}: {error}") from error

    def length(self, key: str) -> float | None:
        """A positive number that is not absurd."""
        value: float | None = self._take(key, (int, float), "a number")
        if value is not None and not 0 < value < 1e6:
            raise SourceError(f"{self.where}: {key} is {value}; it must be above 0 and below a million.")
        return value

    def amount(self, key: str) -> float | None:
        """A number from 0 that is not absurd."""
        value: float | None = self._take(key, (int, float), "a number")
        if value is not None and not 0 <= value <= AMOUNT_MAX:
            raise SourceError(f"{self.where}: {key} is {shown(value)}; it must be from 0 to {AMOUNT_MAX:,}.")
        return None if value is None else float(value)

    def partial_date(self, key: str) -> PartialDate | None:
        """A day, or a month or year as text."""
        value = self._take(key, (str, date), "YYYY, YYYY-MM or YYYY-MM-DD")
        if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
            return None if value is None else PartialDate(value)
        try:
            return PartialDate.from_iso(str(value))
        except ValueError as error:
            raise SourceError(f"{self.where}: {key}: {error}") from error

    def constant(self, key: str) -> str | int | float | bool | None:
        """A text, a finite number, true or false."""
        value: str | int | float | bool | None = self._take(
            key, (str, int, float, bool), "text, a number, true or false"
        )
        if isinstance(value, float) and not math.isfinite(value):
            raise SourceError(f"{self.where}: {key} is {value}; it must be a number.")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A text, or a list of texts."""
        value = self._take(key, (str, list), "a name, or a list of names")
        found = [value] if isinstance(value, str) else value or []
        if not all(isinstance(each, str) for each in found) or (value is not None and not found):
            raise SourceError(f"{self.where}: {key} is {shown(value)}; it must be a name, or a list of names.")
        return tuple(found)

    def words(self, key: str) -> tuple[str, ...]:
        """A list of texts, which may be empty."""
        value = self._take(key, (list,), "a list of texts") or []
        if not all(isinstance(each, str) for each in value):
            raise SourceError(f"{self.where}: {key} is {shown(value)}; it must be a list of texts.")
        return tuple(value)

    def choice(self, key: str, choices: type[Choice], *, by_name: bool = False) -> Choice | None:
        """One of a list of words."""
        value = self.text(key)
        words = {choice.name if by_name else choice.value: choice for choice in choices}
        if value is not None and value not in words:
            raise SourceError(f"{self.where}: {key} is {shown(value)}; it is one of {', '.join(words)}.")
        return None if value is None else words[value]

    def keys(self, key: str) -> "Keys":
        """A table inside this one; an empty one where there is none."""
        table = self._take(key, (dict,), "a table")
        return self._inner(key, table or {})

    def instead(self, key: str, table: Mapping[str, Any]) -> "Keys":
        """A table that is read in the place of what stands under a key."""
        self._known.append(key)
        return self._inner(key, table)

    def _inner(self, key: str, table: Mapping[str, Any]) -> "Keys":
        return Keys(table, self._file, f"{self._name}.{key}" if self._name else key)

    def tables(self, key: str) -> list["Keys"]:
        """The tables of an array of tables, ``[[key]]``; none where there is none."""
        found = self._take(key, (list,), f"tables, each headed [[{key}]]") or []
        if not all(isinstance(each, dict) for each in found):
            raise SourceError(f"{self.where}: {key} is {shown(found)}; it must be tables, each headed [[{key}]].")
        return [Keys(each, self._file, f"{key} {number}") for number, each in enumerate(found, start=1)]

    def each(self, key: str) -> "list[Keys]":
        """The tables of an array of tables."""
        tables = self._take(key, (list,), f"written as [[{key}]]") or []
        if not all(isinstance(table, dict) for table in tables):
            raise SourceError(f"{self.where}: {key} must be written as [[{key}]].")
        return [Keys(table, self._file, f"{key} {number}") for number, table in enumerate(tables, 1)]

    def nothing_else(self) -> None:
        """Refuse keys that nobody asked for."""
        for key in self.table:
            if key not in self._known:
                raise SourceError(f"{self.where}: there is no key {shown(key)}; the keys are {', '.join(self._known)}.")


def shown(value: Any) -> str:
    """A value for a message, cut short."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
