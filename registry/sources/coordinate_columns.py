"""Columns of written coordinates: the usual notations by the column, all others cell by cell, with the same results."""

# ruff: noqa: RUF001  the letters of several scripts look alike, and all are meant

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from registry.geometry import Geometries
from registry.sources.angles import NOTATION_OF_PARTS
from registry.sources.coordinates import parse, parse_pair
from registry.sources.grids import in_gauss_krueger_zone, is_stated, named_grids
from registry.sources.positions import crs_of, in_use, metres_per_degree, unit_m
from registry.sources.values import is_missing, parse_text
from registry.sources.written import CoordinateError, Notation, Order, Stated, Written


@dataclass(frozen=True)
class WrittenColumn:
    """What was read from a column; one entry per row.

    Attributes
    ----------
    geometries
        In the CRS of their row, x before y; None where the cell is empty or not read.
    crs
        As pyproj parses it; None where nobody states it.
    sigma_m
        As in `Written`; NaN where it is not known.
    notations
        The `Notation` in words; None where nothing was read.
    errors
        Why a row was not read. An empty row is no error.
    """

    geometries: Geometries
    crs: NDArray[Any]
    sigma_m: NDArray[np.float64]
    notations: NDArray[Any]
    errors: Mapping[int, CoordinateError]


def parse_column(cells: Sequence[Any], stated: Stated) -> WrittenColumn:
    """Read a column whose cells each hold a position or shape, as `parse` does."""
    texts = {row: _text_of(cell) for row, cell in enumerate(cells) if not is_missing(cell)}
    column = _empty(len(cells))
    errors: dict[int, CoordinateError] = {}
    for row in _read_usual(texts, column, stated):
        try:
            _put(column, row, parse(texts[row], stated))
        except CoordinateError as error:
            errors[row] = error
    return WrittenColumn(column.geometries, column.crs, column.sigma_m, column.notations, errors)


def _text_of(cell: Any) -> str:
    """The text of a cell; a NUL, at which readers would cut it, becomes its sign, and is understood nowhere."""
    return parse_text(cell.replace("\0", "\N{SYMBOL FOR NULL}") if isinstance(cell, str) else cell)


def parse_two_columns(east: Sequence[Any], north: Sequence[Any], stated: Stated) -> WrittenColumn:
    """Read longitudes and latitudes, or eastings and northings, from two columns, as `parse_pair` does."""
    column = _empty(len(east))
    errors: dict[int, CoordinateError] = {}
    texts: dict[int, tuple[str, str]] = {}
    for row, (first, second) in enumerate(zip(east, north, strict=True)):
        empty = is_missing(first), is_missing(second)
        if not any(empty):
            texts[row] = _text_of(first), _text_of(second)
        elif not all(empty):
            present = _text_of(second if empty[0] else first)
            errors[row] = CoordinateError("one half of the position is missing", text=present)
    for row in _read_usual_pairs(texts, column, stated):
        try:
            _put(column, row, parse_pair(*texts[row], stated))
        except CoordinateError as error:
            errors[row] = error
    return WrittenColumn(column.geometries, column.crs, column.sigma_m, column.notations, errors)


def _empty(rows: int) -> WrittenColumn:
    nothing = [np.full(rows, None, dtype=object) for _ in range(3)]
    return WrittenColumn(nothing[0], nothing[1], np.full(rows, np.nan), nothing[2], {})


def _put(column: WrittenColumn, row: int, written: Written) -> None:
    column.geometries[row] = written.geometry
    column.crs[row] = written.crs
    column.sigma_m[row] = np.nan if written.sigma_m is None else written.sigma_m
    column.notations[row] = written.notation


_DEGREE, _MINUTE, _SECOND = " ?[°º˚] ?", " ?['′’] ?", " ?(?:[\"″”]|''|′′|’’)?"
_WHOLE, _SIXTY, _FRACTION = "([0-9]{1,3})", "([0-9]{1,2})", "(?:[.,][0-9]{1,12})?"
_BODIES = {
    (1, "marked"): f"([0-9]{{1,3}}{_FRACTION}){_DEGREE}",
    (2, "marked"): f"{_WHOLE}{_DEGREE}([0-9]{{1,2}}{_FRACTION}) ?['′’]?",
    (3, "marked"): f"{_WHOLE}{_DEGREE}{_SIXTY}{_MINUTE}([0-9]{{1,2}}{_FRACTION}){_SECOND}",
    (1, "bare"): f"([0-9]{{1,3}}{_FRACTION})",
    (2, "bare"): f"{_WHOLE} ([0-9]{{1,2}}{_FRACTION})",
    (3, "bare"): f"{_WHOLE} {_SIXTY} ([0-9]{{1,2}}{_FRACTION})",
}
_LETTER_AXES = {**dict.fromkeys("NSnsСЮсю", "north"), **dict.fromkeys("EWewВЗвз", "east")}
_NEGATIVE = frozenset("SWswЮЗюз-−")
_LETTER = f"([{''.join(_LETTER_AXES)}])"


_MINUS = "-−"


@dataclass(frozen=True)
class _Form:
    """One angle in one notation as a pattern: its numbers as groups, its letter or sign the first or last group."""

    parts: int
    lettered: bool
    sign_first: bool
    pattern: str
    separator: str

    @property
    def groups(self) -> int:
        return self.parts + 1


def _forms() -> Iterator[_Form]:
    for (parts, style), body in _BODIES.items():
        yield _Form(parts, True, False, f"{body} ?{_LETTER}", " ?[,;]? ?")
        yield _Form(parts, True, True, f"{_LETTER} ?{body}", "(?: ?[,;] ?| )")
        # A bare number with a comma, and bare degrees and minutes, can be read in several ways; cell by cell decides.
        if style == "marked":
            yield _Form(parts, False, True, f"([{_MINUS}]?){body}", "(?: ?[,;] ?| )")
        elif parts == 1:
            yield _Form(parts, False, True, rf"([{_MINUS}]?)([0-9]{{1,3}}\.[0-9]{{1,12}})", "(?: ?[,;] ?| )")


_FORMS = tuple(_forms())
_METRES = re.compile(r"[0-9]{5,8}(?:\.[0-9]{1,3})?")
_NUMBER = f"({_METRES.pattern})"
_TWO_IN_METRES = re.compile(f"{_NUMBER}(?: ?[,;] ?| ){_NUMBER}")
_X_AND_Y = re.compile(f"[Xx\u0425\u0445] ?[=:]? ?{_NUMBER}(?: ?[,;] ?| )[Yy\u0423\u0443] ?[=:]? ?{_NUMBER}")
_SAMPLE = 32


def _read_usual(texts: Mapping[int, str], column: WrittenColumn, stated: Stated) -> list[int]:
    """Read the cells in one of the usual notations; the rows of all others come back."""
    rows = list(texts)
    for form in _usual_forms(stated):
        if not form.lettered and stated.order is None:
            continue
        both = re.compile(f"{form.pattern}{form.separator}{form.pattern}")
        if not any(both.fullmatch(texts[row]) for row in rows[:: max(1, len(rows) // _SAMPLE)]):
            continue
        matches = [both.fullmatch(texts[row]) for row in rows]
        found = [(row, match.groups()) for row, match in zip(rows, matches, strict=True) if match]
        cut = form.groups
        first = [groups[:cut] for _, groups in found]
        second = [groups[cut:] for _, groups in found]
        read = _place_angles(column, form, [row for row, _ in found], (first, second), stated)
        rows = [row for row in rows if row not in read]
    in_metres = {row: _TWO_IN_METRES.fullmatch(texts[row]) or _X_AND_Y.fullmatch(texts[row]) for row in rows}
    numbers = [(row, match[1], match[2]) for row, match in in_metres.items() if match]
    orders = tuple(Order) if stated.order is None else (stated.order,)
    read = _place_metres(column, numbers, orders, stated)
    return [row for row in rows if row not in read]


def _read_usual_pairs(texts: Mapping[int, tuple[str, str]], column: WrittenColumn, stated: Stated) -> list[int]:
    rows = list(texts)
    east_first = Stated(stated.crs, Order.EAST_FIRST, stated.zone, stated.notation)
    for form in _usual_forms(stated):
        in_east = re.compile(form.pattern.replace(_LETTER, _letters_of("east")))
        in_north = re.compile(form.pattern.replace(_LETTER, _letters_of("north")))
        if not any(in_north.fullmatch(texts[row][1]) for row in rows[:: max(1, len(rows) // _SAMPLE)]):
            continue
        matches = [(in_east.fullmatch(texts[row][0]), in_north.fullmatch(texts[row][1])) for row in rows]
        found = [(row, e.groups(), n.groups()) for row, (e, n) in zip(rows, matches, strict=True) if e and n]
        east, north = [groups for _, groups, _ in found], [groups for _, _, groups in found]
        read = _place_angles(column, form, [row for row, *_ in found], (east, north), east_first)
        rows = [row for row in rows if row not in read]
    metres = [(row, *texts[row]) for row in rows if all(map(_METRES.fullmatch, texts[row]))]
    read = _place_metres(column, metres, (Order.EAST_FIRST,), stated)
    return [row for row in rows if row not in read]


def _usual_forms(stated: Stated) -> Iterator[_Form]:
    if stated.crs is not None and not crs_of(stated.crs).is_geographic:
        return
    yield from (form for form in _FORMS if stated.notation in {None, NOTATION_OF_PARTS[form.parts]})


def _letters_of(axis: str) -> str:
    return f"([{''.join(letter for letter, of_axis in _LETTER_AXES.items() if of_axis == axis)}])"


_Groups = list[tuple[str, ...]]


def _place_angles(
    column: WrittenColumn, form: _Form, at: list[int], pairs: tuple[_Groups, _Groups], stated: Stated
) -> set[int]:
    """Put the positions that are possible into the column; the rows placed."""
    if not at:
        return set()
    rows = np.array(at)
    (one, one_step, one_axis, one_ok), (two, two_step, two_axis, two_ok) = (_angles(form, each) for each in pairs)
    if form.lettered:
        north_first = one_axis == "north"
        possible = one_ok & two_ok & (one_axis != two_axis)
    else:
        north_first = np.full(len(rows), stated.order is Order.NORTH_FIRST)
        possible = one_ok & two_ok
    longitude, latitude = np.where(north_first, two, one), np.where(north_first, one, two)
    longitude_step, latitude_step = np.where(north_first, two_step, one_step), np.where(north_first, one_step, two_step)
    possible &= (np.abs(latitude) <= 90) & (np.abs(longitude) <= 180)
    parallel_m, meridian_m = metres_per_degree(latitude)
    sigma = np.sqrt(((longitude_step * parallel_m) ** 2 + (latitude_step * meridian_m) ** 2) / 2 / 12)
    placed = rows[possible]
    column.geometries[placed] = shapely.points(longitude[possible], latitude[possible])
    column.crs[placed] = stated.crs
    column.sigma_m[placed] = sigma[possible]
    column.notations[placed] = NOTATION_OF_PARTS[form.parts]
    return set(placed.tolist())


def _angles(
    form: _Form, groups: _Groups
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[Any], NDArray[np.bool_]]:
    """Degrees, step of the last digit in degrees, axis of the letter, and whether minutes and seconds are below 60."""
    columns = list(zip(*groups, strict=True))
    signs = columns.pop(0 if form.sign_first else -1)
    last = [number.replace(",", ".") for number in columns[-1]]
    numbers = [np.array(texts, dtype=np.float64) for texts in (*columns[:-1], last)]
    value, possible = numbers[0], np.ones(len(groups), dtype=bool)
    for part, divisor in zip(numbers[1:], (60.0, 3600.0), strict=False):
        value = value + part / divisor
        possible &= part < 60
    digits = np.array([len(number) - 1 - number.find(".") if "." in number else 0 for number in last])
    steps = np.array([10.0**-each for each in range(13)])[digits] / 60.0 ** (form.parts - 1)
    negative = np.array([sign in _NEGATIVE for sign in signs])
    axes = np.array([_LETTER_AXES.get(sign, "") for sign in signs])
    return np.where(negative, -value, value), steps, axes, possible


def _place_metres(
    column: WrittenColumn, numbers: list[tuple[int, str, str]], orders: tuple[Order, ...], stated: Stated
) -> set[int]:
    """Put the pairs in metres that land in the area of use of a stated grid in one order only; the rows placed."""
    if not numbers or not is_stated(stated):
        return set()
    rows = np.array([row for row, *_ in numbers])
    values = np.array([pair for _, *pair in numbers], dtype=np.float64)
    digits = [[len(text) - 1 - text.find(".") if "." in text else 0 for text in pair] for _, *pair in numbers]
    steps = 10.0 ** -np.array(digits, dtype=np.float64)
    fits = np.zeros(len(rows), dtype=np.int64)
    xy, grids = values.copy(), np.full(len(rows), None, dtype=object)
    for order in orders:
        east_north = values if order is Order.EAST_FIRST else values[:, ::-1]
        landed = _landed(east_north, stated)
        hit = np.array([grid is not None for grid in landed])
        fits[hit] += 1
        xy[hit], grids[hit] = east_north[hit], landed[hit]
    one = np.flatnonzero(fits == 1)
    placed = rows[one]
    column.geometries[placed] = shapely.points(xy[one])
    column.crs[placed] = [grid.crs for grid in grids[one]]
    column.notations[placed] = [grid.notation for grid in grids[one]]
    units = np.array([unit_m(grid.crs) or 1.0 for grid in grids[one]])
    column.sigma_m[placed] = np.sqrt(np.square(steps[one] * units[:, None]).mean(axis=1) / 12)
    return set(placed.tolist())


def _landed(east_north: NDArray[np.float64], stated: Stated) -> NDArray[Any]:
    """The grid in whose area of use each pair lies, where there is exactly one; else None."""
    result = np.full(len(east_north), None, dtype=object)
    zone_digits = east_north[:, 0] // 1_000_000
    for digit in np.unique(zone_digits):
        rows = np.flatnonzero(zone_digits == digit)
        try:
            named = named_grids(digit * 1_000_000 + 500_000, stated)
        except CoordinateError:
            continue
        unsure = len(named) != 1 or (named[0].notation is Notation.SK63 and stated.zone is None and stated.crs is None)
        if unsure or stated.notation not in {None, named[0].notation}:
            continue
        east, north = east_north[rows].T
        inside = in_use(named[0].crs, east, north)
        if named[0].notation is Notation.GAUSS_KRUEGER:
            inside &= in_gauss_krueger_zone(east)
        result[rows[inside]] = named[0]
    return result
