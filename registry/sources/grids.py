"""Grids on paper and on screens: MGRS, UTM, Gauss-Krueger, SK-63, and metres in a CRS that a person states."""

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from mgrs import MGRS
from mgrs.core import MGRSError

from registry.geometry import WGS84
from registry.sources.positions import Candidate, Position, crs_of, in_use, landing, short_name, unit_m
from registry.sources.written import CoordinateError, Notation, Order, Stated

GridNumber = tuple[float, float]
"""A number in metres, and the step of its last digit."""
GridPair = tuple[GridNumber, GridNumber]

PULKOVO_1942 = "EPSG:4284"
SK63_ZONES = {
    "A": {1: 2935, 2: 2936, 3: 2937, 4: 2938},
    "C": {0: 3350, 1: 3351, 2: 3352},
    "K": {2: 2939, 3: 2940, 4: 2941},
    "X": {1: 7825, 2: 7826, 3: 7827, 4: 7828, 5: 7829, 6: 7830, 7: 7831},
}
"""The zones of SK-63 that EPSG knows, by block and the digit that their eastings begin with."""
_BANDS = "cdefghjklmnpqrstuvwx"
_MGRS = re.compile(r"(?:mgrs:? ?)?([0-9]{1,2}) ?([a-z]) ?([a-z]) ?([a-z])(?: ?([0-9]+)(?: ([0-9]+))?)?")
_LOOKS_LIKE_MGRS = re.compile(r"(?:mgrs:? ?)?[0-9]{1,2} ?[a-z] ?[a-z] ?[a-z](?![^\W\d_])")
_DEGREES = re.compile("[0-9]{1,2} ?deg")
_CONVERTER = MGRS()


def looks_like_mgrs(chunk: str) -> bool:
    """Whether a normalised text begins as a MGRS position does, and not as degrees do."""
    if _DEGREES.match(chunk):
        return _MGRS.fullmatch(chunk) is not None
    return _LOOKS_LIKE_MGRS.match(chunk) is not None


def read_mgrs(chunk: str) -> Position:
    """Centre of the cell that a MGRS position names, in its UTM zone on WGS 84; the steps are the cell's size.

    Raises
    ------
    CoordinateError
        If the text is incomplete, or there is no such square.
    """
    match = _MGRS.fullmatch(chunk)
    if match is None:
        raise CoordinateError("it begins as MGRS but does not go on with one or two groups of digits")
    zone, band, *square = match.group(1, 2, 3, 4)
    first, second = match[5] or "", match[6] or ""
    digits = first + second
    if not digits:
        raise CoordinateError("it names a square of 100 km without digits, which is no position")
    if len(digits) % 2 or (second and len(first) != len(second)):
        raise CoordinateError(f"MGRS has as many digits east as north; {len(digits)} digits are cut short or too many")
    if len(digits) > 10:
        raise CoordinateError(f"MGRS has at most 10 digits, not {len(digits)}")
    if any(letter in "io" for letter in (band, *square)):
        raise CoordinateError("MGRS has no letters I and O")
    if band not in _BANDS:
        raise CoordinateError(f"MGRS has no band {band.upper()}")
    cell_m = 10.0 ** (5 - len(digits) // 2)
    try:
        with warnings.catch_warnings():
            # The library only warns of a square that lies outside the band.
            warnings.simplefilter("error")
            _, _, east, north = _CONVERTER.MGRSToUTM(f"{int(zone):02d}{band}{''.join(square)}{digits}".upper())
    except (MGRSError, RuntimeWarning) as error:
        name = f"{zone}{band}{''.join(square)}".upper()
        raise CoordinateError(f"there is no MGRS square {name} in that zone and band") from error
    crs = f"EPSG:{(32600 if band >= 'n' else 32700) + int(zone)}"
    x, y = (np.floor((value + 1e-6) / cell_m) * cell_m + cell_m / 2 for value in (east, north))
    return Position(crs, float(x), float(y), (cell_m, cell_m))


_UTM = re.compile(
    r"(?:utm:? ?)?(?:(?:zone|зона):? ?)?(?P<zone>[0-9]{1,2})"
    r"(?: ?(?P<letter>[a-z](?![a-z])|north|south)[ :]?,? ?|[ :] ?|, )(?P<rest>[^0-9.,]{0,9}[0-9]{5}.*)",
    re.DOTALL,
)


def split_utm(chunk: str) -> tuple[int, str, str] | None:
    """Zone, letter and the rest of a normalised text that begins as a UTM position does."""
    match = _UTM.fullmatch(chunk)
    return None if match is None else (int(match["zone"]), match["letter"] or "", match["rest"])


def utm_candidates(zone: int, letter: str, orders: Sequence[GridPair], stated: Stated) -> list[Candidate]:
    """What a UTM position may mean.

    Parameters
    ----------
    orders
        (east, north) in each order in which the numbers may stand, the likeliest first; a later one counts only where
        all before it are impossible, for UTM is written easting first.

    Raises
    ------
    CoordinateError
        If there is no such zone or band, or the position is impossible in it.
    """
    if not 1 <= zone <= 60:
        raise CoordinateError(f"UTM has zones 1 to 60, not {zone}")
    meanings = _hemispheres(letter)
    for east, north in orders:
        found = []
        for is_north, band, words in meanings:
            crs = _utm_crs(zone, is_north, stated)
            if crs is not None and _is_utm(crs, east[0], north[0], band, is_north=is_north):
                position = Position(crs, east[0], north[0], (east[1], north[1]))
                name = f"UTM zone {zone} {'north' if is_north else 'south'}{words}"
                found.append(
                    Candidate(name, Notation.UTM, (position,), "write the hemisphere as a word or state the CRS")
                )
        if found:
            return found
    raise CoordinateError(
        f"the numbers lie outside UTM zone {zone}{letter.upper()}"
        + (f", or that is not the stated {stated.crs}" if stated.crs else "")
    )


def _hemispheres(letter: str) -> list[tuple[bool, str | None, str]]:
    """North or south, the latitude band, and words, for each meaning of the letter after the zone."""
    if letter == "":
        return [(True, None, ", no hemisphere written"), (False, None, ", no hemisphere written")]
    if letter in {"n", "north"}:
        return [(True, None, "")]
    if letter == "south":
        return [(False, None, "")]
    if letter == "s":
        return [(True, "s", ", S being the latitude band"), (False, None, ", S being the hemisphere")]
    if letter not in _BANDS:
        raise CoordinateError(f"UTM has no band {letter.upper()}")
    return [(letter >= "n", letter, "")]


def _utm_crs(zone: int, is_north: bool, stated: Stated) -> str | None:
    """The CRS of a zone: WGS 84 unless another datum is stated; None where the statement contradicts the zone."""
    on_wgs84 = f"EPSG:{(32600 if is_north else 32700) + zone}"
    if stated.crs is None:
        return on_wgs84
    crs = crs_of(stated.crs)
    if crs.is_geographic:
        return on_wgs84 if crs.equals(WGS84, ignore_axis_order=True) else None
    return stated.crs if crs.utm_zone == f"{zone}{'N' if is_north else 'S'}" else None


def _is_utm(crs: str, east: float, north: float, band: str | None, *, is_north: bool) -> bool:
    if not (100_000 <= east < 900_000 and 0 <= north <= 10_000_000):
        return False
    _, latitude = landing(crs, east, north)
    lowest, highest = (0.0, 84.0) if is_north else (-80.0, 0.0)
    if band is not None:
        lowest = -80.0 + 8 * _BANDS.index(band)
        highest = 84.0 if band == "x" else lowest + 8
    return lowest - 0.01 <= latitude <= highest + 0.01


@dataclass(frozen=True)
class NamedGrid:
    """A CRS in metres that numbers may be in, and how."""

    crs: str
    notation: Notation
    words: str


def grid_candidates(orders: Sequence[tuple[Order, Sequence[GridPair]]], stated: Stated) -> list[Candidate]:
    """What numbers in metres without a zone in the text may mean.

    Parameters
    ----------
    orders
        For each order that is possible, the (east, north) of all positions.

    Returns
    -------
    candidates
        Those that lie in the area where their CRS is used.

    Raises
    ------
    CoordinateError
        If nothing says in which CRS the numbers are, or none of the orders lands where it is used.
    """
    landed: list[Candidate] = []
    stray: list[Candidate] = []
    impossible: list[str] = []
    for order, pairs in orders:
        try:
            found = _in_order(order, pairs, stated)
        except CoordinateError as error:
            impossible.append(error.reason)
            continue
        for candidate in found:
            inside = all(_lands_in_use(position) for position in candidate.positions)
            (landed if inside else stray).append(candidate)
    missing = _missing(stated, orders)
    if landed and missing is None:
        return landed
    if landed:
        raise CoordinateError(str(missing), [each.reading() for each in landed])
    if missing is not None and (stray or not is_stated(stated)):
        raise CoordinateError(missing)
    if not stray:
        raise CoordinateError(impossible[0])
    outside = f"it lies outside the area where the grid is used{_hint(orders, stated)}"
    raise CoordinateError(
        "; ".join([*impossible, outside]),
        [reading for each in stray if np.isfinite((reading := each.reading()).latitude)],
    )


_GRIDS = {Notation.GRID, Notation.UTM, Notation.GAUSS_KRUEGER, Notation.SK63}


def is_stated(stated: Stated) -> bool:
    """Whether a person says in which grid numbers in metres are, but perhaps not in which zone."""
    return stated.crs is not None or stated.notation in {Notation.GAUSS_KRUEGER, Notation.SK63}


def in_gauss_krueger_zone(east: float) -> bool:
    """Whether the easting without its zone digit is one of a zone 6 degrees wide; also works on arrays."""
    rest = east % 1_000_000
    return (rest >= 100_000) & (rest < 900_000)


def _missing(stated: Stated, orders: Sequence[tuple[Order, Sequence[GridPair]]]) -> str | None:
    """What a person must still say before numbers in metres have a CRS; None where all is said."""
    if not is_stated(stated):
        return "the numbers are metres and the text does not say in which grid; state the CRS or the notation"
    if stated.crs is not None and not crs_of(stated.crs).is_geographic:
        return None
    if stated.notation is Notation.SK63:
        return None if stated.zone else "state the block of SK-63, or the CRS where EPSG does not hold the block"
    no_digit = any(east < 1_000_000 <= north for _, pairs in orders for (east, _), (north, _) in pairs)
    return "the easting has no zone digit; state the zone" if no_digit and stated.zone is None else None


def named_grids(east: float, stated: Stated) -> list[NamedGrid]:
    """The grids in which an easting may be, by what is stated and by its leading digits.

    Raises
    ------
    CoordinateError
        If there is none.
    """
    crs = None if stated.crs is None else crs_of(stated.crs)
    if crs is not None and not crs.is_geographic:
        notation = stated.notation if stated.notation in _GRIDS and stated.notation else Notation.GRID
        return [NamedGrid(str(stated.crs), notation, short_name(str(stated.crs)))]
    if stated.notation is Notation.SK63:
        return _sk63(east, stated.zone)
    if crs is not None and not crs.equals(crs_of(PULKOVO_1942), ignore_axis_order=True):
        raise CoordinateError(f"the numbers are metres, but the stated {stated.crs} counts in degrees")
    return _gauss_krueger(east, stated.zone)


def _in_order(order: Order, pairs: Sequence[GridPair], stated: Stated) -> list[Candidate]:
    grids = [named_grids(east, stated) for (east, _), _ in pairs]
    if len({len(each) for each in grids}) > 1:
        raise CoordinateError("some eastings have a zone digit and others do not")
    return [
        Candidate(
            f"{named[0].words}, {order}",
            named[0].notation,
            tuple(_position(grid.crs, pair) for grid, pair in zip(named, pairs, strict=True)),
            "state which number comes first",
        )
        for named in zip(*grids, strict=True)
    ]


def _position(crs: str, pair: GridPair) -> Position:
    (east, east_step), (north, north_step) = pair
    unit = unit_m(crs) or 1.0
    return Position(crs, east, north, (east_step * unit, north_step * unit))


def _lands_in_use(position: Position) -> bool:
    return position.crs is None or bool(in_use(position.crs, np.array([position.x]), np.array([position.y]))[0])


def _gauss_krueger(east: float, zone: str | None) -> list[NamedGrid]:
    if zone is not None and not (re.fullmatch("[0-9]{1,2}", zone) and 2 <= int(zone) <= 32):
        raise CoordinateError(f"Gauss-Krueger on Pulkovo 1942 has zones 2 to 32, not {zone!r}")
    digit = east // 1_000_000
    if not in_gauss_krueger_zone(east):
        raise CoordinateError(f"an easting of {east:.0f} m lies in no Gauss-Krueger zone")
    if digit == 0:
        zones = range(2, 33) if zone is None else [int(zone)]
        return [
            NamedGrid(
                f"EPSG:{2490 + each}",
                Notation.GAUSS_KRUEGER,
                f"Gauss-Krueger zone {each} on Pulkovo 1942, no zone digit in the easting",
            )
            for each in zones
        ]
    if not 2 <= digit <= 32:
        raise CoordinateError(f"an easting of {east:.0f} m has the zone digit {digit:.0f}; the zones are 2 to 32")
    if zone is not None and int(zone) != digit:
        raise CoordinateError(f"the easting has the zone digit {digit:.0f}, but zone {zone} is stated")
    words = f"Gauss-Krueger zone {digit:.0f} on Pulkovo 1942, zone digit in the easting"
    return [NamedGrid(f"EPSG:{28400 + int(digit)}", Notation.GAUSS_KRUEGER, words)]


def _sk63(east: float, zone: str | None) -> list[NamedGrid]:
    match = re.fullmatch("([A-Z])([0-9])?", (zone or "").upper())
    if zone is not None and match is None:
        raise CoordinateError(f"{zone!r} is no block of SK-63; write its letter, or letter and zone, such as A2")
    if match and match[1] not in SK63_ZONES:
        raise CoordinateError(
            f"EPSG does not hold block {match[1]} of SK-63; state the CRS as a PROJ string with the central meridian, "
            "latitude of origin, false easting and false northing of its zone on +ellps=krass"
        )
    digit = int(east // 1_000_000)
    if match and match[2] and int(match[2]) != digit:
        raise CoordinateError(f"an easting of {east:.0f} m lies in zone {digit}, but zone {zone} is stated")
    blocks = [match[1]] if match else list(SK63_ZONES)
    named = [
        NamedGrid(
            f"EPSG:{SK63_ZONES[block][digit]}",
            Notation.SK63,
            f"SK-63 zone {block}{digit}",
        )
        for block in blocks
        if digit in SK63_ZONES[block]
    ]
    if not named:
        raise CoordinateError(
            f"an easting of {east:.0f} m lies in no zone of SK-63 that EPSG holds in block {zone or 'A, C, K or X'}"
        )
    return named


def _hint(orders: Sequence[tuple[Order, Sequence[GridPair]]], stated: Stated) -> str:
    """What may be wrong where a Gauss-Krueger CRS is stated: the zone digit of the easting."""
    authority, _, number = ("", "", "") if stated.crs is None else short_name(stated.crs).partition(":")
    code = int(number) if authority == "EPSG" else 0
    eastings = [east for _, pairs in orders for (east, _), _ in pairs]
    if 28402 <= code <= 28432 and min(eastings) < 1_000_000:
        return f"; the easting has no zone digit, as in EPSG:{code - 25910}"
    if 2492 <= code <= 2522 and any(east // 1_000_000 == code - 2490 for east in eastings):
        return f"; the easting has a zone digit, as in EPSG:{code + 25910}"
    return ""
