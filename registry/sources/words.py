"""Words of table headings and cells in the languages of the people who hand tables over; `words.toml` holds them."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

LATITUDE, LONGITUDE = "latitude", "longitude"
NORTHING, EASTING = "northing", "easting"
COORDINATES = "coordinates"
GROUP, CORNER = "group", "corner"
RADIUS, WIDTH = "radius", "width"
BEARING, LEG_DISTANCE, LEGS = "bearing", "leg_distance", "legs"
BEARING_OF = {"true": "bearing_true", "grid": "bearing_grid", "magnetic": "bearing_magnetic"}
LEG_FROM, LEG_TO, LEG_NUMBER, POINT_TYPE = "leg_from", "leg_to", "leg_number", "point_type"
REFERENCE_POSITION, DECLINATION = "reference_position", "declination"

# What no Unicode decomposition takes apart; people leave these marks out.
_PLAIN = str.maketrans({"\u0111": "d", "\u0131": "i", "\u0259": "e", "\u0142": "l", "\u00f8": "o", "\u0629": "\u0647",
                        "\u0649": "\u064a", "\u0456": "\u0438", "\u0451": "\u0435"})  # fmt: skip
_NUMBER = "no"
_ARTICLE = "\u0627\u0644"
_LATIN = "abvgdđežzijklmnoprstćufhcčš"
_CYRILLIC = "абвгдђежзијклмнопрстћуфхцчш"


@cache
def _words() -> Mapping[str, Any]:
    return tomllib.loads((files("registry.sources") / "words.toml").read_text(encoding="utf-8"))


def normalise(text: str) -> str:
    """A heading without what people leave out or write differently: case, accents, marks, articles."""
    decomposed = unicodedata.normalize("NFKD", text.replace("\u2116", " no ").casefold())
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter)).translate(_PLAIN)
    words = re.sub(r"[\W_]+", " ", bare).split()
    plain = (word[2:] if word.startswith(_ARTICLE) and len(word) > 4 else word for word in words)
    return " ".join(_NUMBER if word in {"number", "nr", "num"} else word for word in plain)


@cache
def phrases(field: str) -> tuple[str, ...]:
    """The headings a field is known by, normalised."""
    found = {normalise(field.removesuffix("_m")): None}
    for language, known in _words()["headings"].get(field, {}).items():
        for phrase in known:
            found[normalise(phrase)] = None
            if language == "bs":
                found[normalise(in_cyrillic(phrase))] = None
    return tuple(phrase for phrase in found if phrase)


@cache
def value_words(field: str) -> Mapping[str, str]:
    """A word of theirs, normalised -> our value of a field."""
    return {
        normalise(word): ours
        for ours, known in _words()["values"].get(field, {}).items()
        for phrase in known
        for word in (phrase, in_cyrillic(phrase))
    }


@cache
def unit_of(word: str) -> str | None:
    """Our name of a unit of length, however it is written; None where it is not known."""
    plain = normalise(word)
    for ours, known in _words()["units"].items():
        if plain == ours or plain in map(normalise, known):
            return str(ours)
    return plain if plain in {"in", "mi"} else None


@cache
def angle_units_named(heading: str) -> frozenset[str]:
    """Our names of the units of angle that a heading, normalised, speaks of."""
    own = f" {heading} "
    return frozenset(
        ours for ours, known in _words()["angle_units"].items() if any(f" {normalise(word)} " in own for word in known)
    )


def in_cyrillic(latin: str) -> str:
    """A Bosnian or Serbian phrase in Cyrillic letters."""
    text = latin.lower()
    for theirs, ours in (("lj", "љ"), ("nj", "њ"), ("dž", "џ"), *zip(_LATIN, _CYRILLIC, strict=True)):
        text = text.replace(theirs, ours)
    return text


def month_of(name: str) -> int | None:
    """Number of the month whose name begins like this in one of the languages; None where none does."""
    word = normalise(name)
    found = {
        len(stem): number
        for number, stems in enumerate(_words()["months"], start=1)
        for stem in map(normalise, stems.split())
        if word.startswith(stem)
    }
    return found[max(found)] if found else None
