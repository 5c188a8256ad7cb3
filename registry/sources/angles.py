"""Numbers of positions as people write them: degrees, minutes, seconds, hemispheres in several scripts.

A text becomes tokens, the tokens a string of one character each, and that string must match one notation as a whole.
So a text is read entirely or not at all, and every notation it could be in is found.
"""

# ruff: noqa: RUF001  the letters of several scripts look alike, and all are meant

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from registry.sources.written import CoordinateError, Notation

LONGEST_TEXT = 100_000
NOTATION_OF_PARTS = {1: Notation.DD, 2: Notation.DM, 3: Notation.DMS}


class Axis(StrEnum):
    """The direction in which a number counts."""

    NORTH = "north"
    EAST = "east"


@dataclass(frozen=True)
class Ordinate:
    """One number of a position.

    Attributes
    ----------
    value
        Degrees, negative in the south and west; or metres.
    step
        What one more in the last written digit adds to it.
    parts
        1 for decimal degrees or metres, 2 with minutes, 3 with seconds.
    axis
        What a letter or label says.
    letter
        N, S, E or W where a hemisphere is written.
    label
        x or y where it is written.
    marked
        Whether it bears a degree mark, so that it cannot be metres.
    """

    value: float
    step: float
    parts: int
    axis: Axis | None
    letter: str | None
    label: str | None
    marked: bool


_CHARACTERS = {
    **dict.fromkeys(
        "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u3000\t", " "
    ),
    **dict.fromkeys("\r\u000b\u000c\u0085\u2028\u2029", "\n"),
    **dict.fromkeys("\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff", None),
    **dict.fromkeys("\u00ba\u02da\u2218\u2070", "\u00b0"),
    **dict.fromkeys("\u2032\u2019\u2018\u201b\u00b4`\u02b9\u02bc\u02bb\uff07", "'"),
    **dict.fromkeys("\u2033\u201d\u201c\u201e\u201f\u02ba\u3003\uff02", '"'),
    **dict.fromkeys("\u2212\u2010\u2011\u2012\u2013", "-"),
}
_TRANSLATION = str.maketrans(_CHARACTERS)

_BLANKS = re.compile(" {2,}")
_LINES = re.compile(" ?\n[ \n]*")
_REWRITTEN = (
    # 40d22m15s: after d and m an s marks seconds, not the south.
    (re.compile(r"([0-9]) ?d ?([0-9]{1,2}) ?m ?([0-9.,]{1,20}) ?s(?![a-z]{2})"), r"\1°\2'\3" + '"'),
    (re.compile(r"([0-9]) ?d ?([0-9.,]{1,20}) ?m(?![a-z]{2})"), r"\1°\2'"),
    # 4 412 345 is one number: minutes never have three digits.
    (
        re.compile(r"(?<![0-9.,])(?<![0-9] )([0-9]{1,2}) ([0-9]{3}) ([0-9]{3})(?![0-9])(?! [0-9]{3}(?![0-9]))"),
        r"\1\2\3",
    ),
    # Metres: 512345 m, 512345 mE.
    (re.compile(r"([0-9]{5}(?:[.,][0-9]{1,9})?) ?[mм](?=[en]?(?![^\W\d_]))"), r"\1 "),
    (_BLANKS, " "),
)


def normalise(text: str) -> str:
    """Lower case with one kind of blank, mark, quote and minus; the content is not changed.

    Raises
    ------
    CoordinateError
        If the text is blank or too long to be a coordinate.
    """
    if len(text) > LONGEST_TEXT:
        raise CoordinateError(f"it has {len(text)} characters; a cell of coordinates has at most {LONGEST_TEXT}")
    plain = unicodedata.normalize("NFC", text).translate(_TRANSLATION).lower().replace("''", '"')
    plain = _LINES.sub("\n", _BLANKS.sub(" ", plain)).strip(" \n")
    if not plain:
        raise CoordinateError("it is blank")
    return plain


def _rewrite(plain: str) -> str:
    for pattern, replacement in _REWRITTEN:
        plain = pattern.sub(replacement, plain)
    return plain.strip(" ")


_LETTERS = {
    "N": (
        r"north(?:ing)?|n\.?",
        r"северн\w{1,8} широт\w{1,8}|север|с\. ?ш\.?|сш|с\.?",
        r"північн\w{1,8} широт\w{1,8}|північ|пн\. ?ш\.?|пнш|пн\.?",
        r"şimal(?: en dairəsi)?|şm\. ?e\.?",
    ),
    "S": (
        r"south|s\.?",
        r"южн\w{1,8} широт\w{1,8}|юг|ю\. ?ш\.?|юш|ю\.?",
        r"південн\w{1,8} широт\w{1,8}|південь|пд\. ?ш\.?|пдш|пд\.?",
        r"cənub(?: en dairəsi)?|c\. ?e\.?",
    ),
    "E": (
        r"east(?:ing)?|e\.?",
        r"восточн\w{1,8} долгот\w{1,8}|восток|в\. ?д\.?|вд|в\.?",
        r"східн\w{1,8} довгот\w{1,8}|схід|сх\. ?д\.?|схд|сх\.?",
        r"şərq(?: uzunluğu)?|ş\. ?u\.?",
    ),
    "W": (
        r"west|w\.?",
        r"западн\w{1,8} долгот\w{1,8}|запад|з\. ?д\.?|зд|з\.?",
        r"західн\w{1,8} довгот\w{1,8}|захід|зх\. ?д\.?|зхд|зх\.?",
        r"qərb(?: uzunluğu)?|q\. ?u\.?",
    ),
}
"""Hemispheres in English, Russian, Ukrainian and Azerbaijani."""
_AXIS_OF_LETTER = {"N": Axis.NORTH, "S": Axis.NORTH, "E": Axis.EAST, "W": Axis.EAST}
_LABELS = {
    Axis.NORTH: r"latitude|lat\.?|широта|шир\.?|en dairəsi|φ",
    Axis.EAST: r"longitude|long\.?|lon\.?|lng\.?|долгота|довгота|долг\.?|uzunluq|λ",
}
_END = r"(?![^\W\d_])"
_GRID_LABELS = {"x": "[xх]", "y": "[yу]"}
_UNITS = {
    "d": ("°", r"degrees?|deg\.?|d|градус\w{0,3}|град\.?|гр\.?|dərəcə"),
    "m": ("'", r"minutes?|min\.?|m|минут\w?|мин\.?|хв\.?|dəqiqə"),
    "s": ('"', r"seconds?|sec\.?|секунд\w?|сек\.?|saniyə"),
}


def _scanner(number: str) -> re.Pattern[str]:
    """Tokens as named groups; the name's first letter decides the character that stands for the token."""
    words = [
        *((f"L{axis}", words) for axis, words in _LABELS.items()),
        *((f"X{label}", letters) for label, letters in _GRID_LABELS.items()),
        *((f"H{letter}", "|".join(words)) for letter, words in _LETTERS.items()),
    ]
    # A mark is no letter, so only words must end where they end.
    groups = [f"(?P<{name}>{mark}|(?:{words}){_END})" for name, (mark, words) in _UNITS.items()]
    groups += [f"(?P<{name}>(?:{pattern}){_END}{'' if name[0] == 'H' else ' ?[:=]?'})" for name, pattern in words]
    return re.compile(rf"(?P<n>{number})|" + "|".join(groups) + r"|(?P<p>[-+,;:|/ \n])|(?P<o>.)", re.DOTALL)


_DECIMAL_COMMA = _scanner(r"[0-9]+(?:[.,][0-9]+)?")
_SEPARATING_COMMA = _scanner(r"[0-9]+(?:\.[0-9]+)?")


Tokens = list[tuple[str, str]]
"""The kind of each token and its text."""


@dataclass(frozen=True)
class Sentence:
    """The numbers of a text in one notation, and what stands between them: blank, comma, ; or another separator."""

    ordinates: tuple[Ordinate, ...]
    separators: tuple[str, ...]


def sentences(plain: str) -> Iterator[Sentence | CoordinateError]:
    """Every notation in which a normalised text can be read as a whole; an error where its numbers are impossible."""
    plain = _rewrite(plain)
    seen = set()
    for scanner in (_DECIMAL_COMMA, _SEPARATING_COMMA) if "," in plain else (_DECIMAL_COMMA,):
        tokens = _tokens(scanner, plain)
        compact = "".join(_character(kind, text) for kind, text in tokens)
        if compact in seen:
            continue
        seen.add(compact)
        compact_stripped = compact.rstrip(";| ") if compact.count("9") > 2 else compact
        for parts, whole, single in _patterns(compact):
            if whole.fullmatch(compact_stripped):
                try:
                    yield _sentence(tokens, compact_stripped, single, parts)
                except CoordinateError as error:
                    yield error


def _tokens(scanner: re.Pattern[str], plain: str) -> Tokens:
    return [(match.lastgroup or "o", match[0]) for match in scanner.finditer(plain)]


def _character(kind: str, text: str) -> str:
    if kind == "n":
        return "9"
    if kind == "p":
        return text
    return "?" if kind == "o" else kind[0]


def _patterns(compact: str) -> Iterator[tuple[int, re.Pattern[str], re.Pattern[str]]]:
    """The patterns worth trying: number of parts, the whole text, one ordinate in it."""
    if "X" in compact:
        style = "label x"
    elif "H" in compact:
        style = "before" if re.match("L?H", compact) else "after"
    else:
        style = "label" if "L" in compact else "bare"
    if "d" in compact:
        family = "marked"
    elif ":" in compact:
        family = "colon"
    else:
        family = "hyphen" if "9-9" in compact else "blank"
    for parts in _BODIES[family]:
        yield parts, *_compiled(style, family, parts)


_BODIES = {
    "marked": {1: "9 ?d", 2: "9 ?d ?9(?: ?m)?", 3: "9 ?d ?9 ?m ?9(?: ?s)?"},
    "colon": {2: "9:9", 3: "9:9:9"},
    "hyphen": {2: "9-9", 3: "9-9-9"},
    "blank": {1: "9", 2: "9 9", 3: "9 9 9"},
}
_STYLES = {
    "bare": "[-+]?{}", "after": "(?:L ?)?[-+]?{} ?H", "before": "(?:L ?)?H ?[-+]?{}", "label": "L ?[-+]?{}",
    "label x": "X ?[-+]?{}",
}  # fmt: skip
_OPTIONAL_SEPARATOR = "(?: ?[,;|/\n] ?| ?)"
_SEPARATOR = "(?: ?[,;|/\n] ?| )"


@lru_cache
def _compiled(style: str, family: str, parts: int) -> tuple[re.Pattern[str], re.Pattern[str]]:
    single = _STYLES[style].format(_BODIES[family][parts])
    separator = _SEPARATOR if style == "bare" else _OPTIONAL_SEPARATOR
    return re.compile(f"{single}(?:{separator}{single})*+"), re.compile(single)


def _sentence(tokens: Tokens, compact: str, single: re.Pattern[str], parts: int) -> Sentence:
    ordinates, separators, end = [], [], None
    for match in single.finditer(compact):
        if end is not None:
            separators.append(compact[end : match.start()].strip(" ") or " ")
        ordinates.append(_ordinate(tokens[match.start() : match.end()], parts))
        end = match.end()
    return Sentence(tuple(ordinates), tuple(separators))


def _ordinate(tokens: Tokens, parts: int) -> Ordinate:
    kinds = {kind[0]: kind[1:] for kind, _ in tokens}
    letter, label = kinds.get("H"), kinds.get("X")
    named = Axis(kinds["L"]) if "L" in kinds else None
    axis = _AXIS_OF_LETTER[letter] if letter else named
    if named is not None and axis is not named:
        raise CoordinateError(f"the letter {letter} and the label of the number belong to different axes")
    # In 40-22-15 hyphens stand between numbers; a sign stands before the first.
    first = next(index for index, (kind, _) in enumerate(tokens) if kind == "n")
    sign = next((text for _, text in tokens[:first] if text in {"-", "+"}), None)
    if sign and letter:
        raise CoordinateError(f"it has both a sign and the letter {letter}; write one of them")
    value, step = magnitude([text for kind, text in tokens if kind == "n"])
    signed = -value if sign == "-" or letter in {"S", "W"} else value
    return Ordinate(signed, step, parts, axis, letter, label, marked=parts > 1 or "d" in kinds)


def magnitude(numbers: list[str]) -> tuple[float, float]:
    """Degrees, minutes and seconds -> degrees without sign, and the step of the last digit in degrees.

    Raises
    ------
    CoordinateError
        If minutes or seconds reach 60, or a part before the last has a fraction.
    """
    if any(len(number) > 20 for number in numbers):
        raise CoordinateError("a number has more than 20 digits")
    if any("." in number or "," in number for number in numbers[:-1]):
        raise CoordinateError("only the last part of an angle may have a fraction")
    values = [float(number.replace(",", ".")) for number in numbers]
    for name, number, value in zip(("minutes", "seconds"), numbers[1:], values[1:], strict=False):
        if value >= 60 or len(re.split("[.,]", number)[0]) > 2:
            raise CoordinateError(f"{number} {name} are not below 60 in one or two digits")
    value = values[0]
    for part, divisor in zip(values[1:], (60.0, 3600.0), strict=False):
        value += part / divisor
    fraction = re.split("[.,]", numbers[-1])
    digits = len(fraction[1]) if len(fraction) > 1 else 0
    return value, 10.0**-digits / 60.0 ** (len(numbers) - 1)


def defect(plain: str) -> str | None:
    """What is wrong with a normalised text that matches no notation; None where nothing special is."""
    plain = _rewrite(plain)
    tokens = _tokens(_DECIMAL_COMMA, plain)
    strange = next((text for kind, text in tokens if kind == "o"), "")
    numbers = sum(kind == "n" for kind, _ in tokens)
    letters = sum(kind[0] == "H" for kind, _ in tokens)
    defects = (
        (numbers == 0, "it holds no digits 0-9"),
        (_O_FOR_0.search(plain), "a letter O stands where a digit is meant"),
        (_L_FOR_1.search(plain), "a letter stands where the digit 1 is meant"),
        (_EXPONENT.search(plain), "a number with an exponent is no coordinate"),
        (strange == "o", "O is west in French and Spanish and east in German; write W or E"),
        (strange, f"the character {strange!r} has no meaning in a coordinate"),
        (numbers == 1, "it is one number; a position needs two"),
        (plain[-1:] in set(",/:+-"), "it is cut short"),
        (letters % 2 == 1, "a hemisphere letter is missing, or there is one too many"),
    )
    return next((words for applies, words in defects if applies), None)


_O_FOR_0 = re.compile("[0-9][o\u043e](?=[0-9°'\".,])|[o\u043e][0-9]")
_L_FOR_1 = re.compile("[0-9.,][li](?=[0-9nsew °'\".,])|(?<![a-z])[li][0-9]")
_EXPONENT = re.compile("[0-9]e[-+]?[0-9]")
