"""Which unit of angle, distance and north a table of legs may be in, from headings, values, and which of them closes.

What none of these decides is left to the person: a wrong unit turns a whole field.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from registry.sources import words
from registry.sources.headings import most_like
from registry.sources.legrecord import AngleUnit, DistanceUnit, read_angle
from registry.sources.north import North
from registry.sources.rules import PACES

_Unit = TypeVar("_Unit")
_DASHED = re.compile(r"\d{1,2} ?[-\u2012-\u2014\u2212] ?\d{2}", re.ASCII)
_SEXAGESIMAL = re.compile(r"[\u00b0\u00ba'\u2032\u2019\"\u2033\u201d]")
_METRES = re.compile(r"[\d\s.,]+[m\u043c]\.?", re.ASCII)
_FITTING = 0.95
_CLOSE, _CLOSE_NOT = 0.8, 0.5
"""Shares of the records that must close in one unit, and that may at most in each other, for this to decide."""
_ALIKE = 0.75
_TELLING = 8
"""Letters of a phrase that is not found inside another by chance."""


@dataclass(frozen=True)
class Choice(Generic[_Unit]):
    """What a table seems to mean, None where nothing decides; how sure that is from 0 to 1, and why."""

    value: _Unit | None
    confidence: float
    reason: str


@dataclass(frozen=True)
class Closing:
    """Of the records that close on a known point, how many do so well."""

    well: int
    of: int

    @property
    def share(self) -> float:
        """Between 0 and 1; 0 where none closes."""
        return self.well / self.of if self.of else 0.0


def angle_unit_of(texts: Sequence[str], heading: str, closing_in: Callable[[AngleUnit], Closing]) -> Choice[AngleUnit]:
    """Decide on a unit of angle.

    Parameters
    ----------
    texts
        The angles as written.
    heading
        Of their column.
    closing_in
        How the records close if they are read in a unit.
    """
    read = {text: [unit for unit in AngleUnit if _can_be(text, unit)] for text in dict.fromkeys(texts)}
    # What no unit can hold is a slip of the pen, and says nothing of the unit.
    known = [text for text in texts if read[text]]
    fitting = [unit for unit in AngleUnit if known and all(unit in read[text] for text in known)]
    if not fitting:
        return Choice(None, 0.0, "no one unit known here can hold its values.")
    by_words = _by_heading(heading, fitting, known)
    if by_words is not None:
        return by_words
    excluded = _excluded(known, fitting)
    if len(fitting) == 1:
        return Choice(fitting[0], 0.9, excluded)
    return _by_closing(known, fitting, {unit: closing_in(unit) for unit in fitting}, excluded)


def _by_heading(heading: str, fitting: Sequence[AngleUnit], texts: Sequence[str]) -> Choice[AngleUnit] | None:
    named = words.angle_units_named(words.normalise(heading)) | ({"degrees"} if "\u00b0" in heading else set())
    meant = [unit for unit in fitting if unit.value in named]
    if len(meant) == 1:
        return Choice(meant[0], 0.9, f"the heading {heading!r} says so, and the values fit.")
    if named:
        speaks = f"the heading {heading!r} speaks of {', '.join(sorted(named))}"
        return Choice(None, 0.0, f"{speaks}, but {_excluded(texts, fitting)}")
    return None


def _by_closing(
    texts: Sequence[str], fitting: Sequence[AngleUnit], closing: Mapping[AngleUnit, Closing], excluded: str
) -> Choice[AngleUnit]:
    """Decide by the way angles are written and by the unit in which records close."""
    best = max(fitting, key=lambda unit: closing[unit].share)
    counted = ", ".join(f"{each.well} in {unit}" for unit, each in closing.items())
    count = f"of {closing[best].of} records that close on a known point, so many do within 1:50 and 30 m: {counted}."
    others = [each.share for unit, each in closing.items() if unit is not best]
    decides = closing[best].share >= _CLOSE and max(others) <= _CLOSE_NOT
    dashed = sum(_DASHED.fullmatch(text.strip()) is not None for text in texts) >= _FITTING * len(texts)
    if dashed and not (decides and best is not AngleUnit.DIVISIONS_6000):
        said = "they are written as 15-00, the notation of 6000 divisions"
        return Choice(AngleUnit.DIVISIONS_6000, 0.9 if decides else 0.8, f"{said}; {count}")
    if dashed:
        return Choice(None, 0.0, f"they are written as 15-00, as 6000 divisions are, but {count}")
    if decides:
        return Choice(best, 0.85, count)
    return Choice(None, 0.0, f"{excluded} Between {' and '.join(fitting)} nothing decides; {count}")


def _can_be(text: str, unit: AngleUnit) -> bool:
    try:
        read_angle(text, unit)
    except ValueError:
        return False
    return True


def _excluded(texts: Sequence[str], fitting: Sequence[AngleUnit]) -> str:
    """Why the units that do not fit do not."""
    if fitting == [AngleUnit.DEGREES] and any(_SEXAGESIMAL.search(text) for text in texts):
        return "the values are written in degrees with their minutes or seconds."
    largest = max((_number(text) for text in texts), default=0.0)
    lower = [unit for unit in AngleUnit if unit not in fitting and unit.circle < largest]
    if lower:
        return f"the largest value is {largest:g}, more than the circle of {', '.join(lower)} has."
    return f"the values can be {' or '.join(fitting)} as they are written."


def _number(text: str) -> float:
    try:
        return read_angle(text, AngleUnit.MILS_6400)
    except ValueError:
        return 0.0


def distance_unit_of(texts: Sequence[str], heading: str) -> Choice[DistanceUnit]:
    """Decide between metres and paces."""
    # "in" is a word before it is an inch.
    parts = [word for word in words.normalise(heading).split() if word not in {"in", "mi"}]
    named = {unit for word in parts if (unit := words.unit_of(word)) is not None}
    if named == {"m"}:
        return Choice(DistanceUnit.METRES, 0.95, f"the heading {heading!r} says metres.")
    if named == {PACES}:
        return Choice(DistanceUnit.PACES, 0.95, f"the heading {heading!r} says paces.")
    if named:
        return Choice(None, 0.0, f"the heading {heading!r} speaks of {', '.join(sorted(named))}; bring them to metres.")
    if texts and all(_METRES.fullmatch(text.strip()) for text in texts):
        return Choice(DistanceUnit.METRES, 0.95, "an m stands behind the values.")
    return Choice(None, 0.0, "neither heading nor values say whether they are metres or paces.")


def _speaks_of(heading: str, field: str) -> float:
    """How like a heading is to a name of a field, or how sure it is that it holds one ("magnetic azimuths, grads")."""
    plain = words.normalise(heading)
    holds = any(phrase in plain for phrase in words.phrases(field) if len(phrase) >= _TELLING)
    return max(most_like([heading], field)[1], 0.95 if holds else 0.0)


def north_of(heading: str) -> Choice[North]:
    """Which north a heading speaks of; values never tell."""
    alike = {north: _speaks_of(heading, words.BEARING_OF[north.value]) for north in North}
    best = max(North, key=lambda north: alike[north])
    if alike[best] >= _ALIKE:
        return Choice(best, round(0.95 * alike[best], 2), f"the heading {heading!r} speaks of {best} north.")
    return Choice(None, 0.0, f"neither the heading {heading!r} nor any value says from which north bearings count.")
