"""The grammar of written coordinates: one cell, or two, to a position or shape.

Nothing is guessed. What a text may mean is worked out as a whole; where more than one meaning is possible and nothing
stated decides, that is an error which shows the meanings and where each would land.

A CRS is named only where the text or the person names it. No datum is changed here.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

import shapely

from registry.geometry import WGS84, crs_name
from registry.sources.angles import (
    NOTATION_OF_PARTS,
    Axis,
    Ordinate,
    Sentence,
    defect,
    normalise,
    sentences,
)
from registry.sources.grids import GridPair, grid_candidates, looks_like_mgrs, read_mgrs, split_utm, utm_candidates
from registry.sources.positions import (
    Candidate,
    Position,
    crs_of,
    degrees_on_own_datum,
    metres_per_degree,
    sigma_of_steps,
)
from registry.sources.wkt import match_wkt, read_wkt
from registry.sources.written import CoordinateError, Notation, Order, Pair, Stated, Written

_NOTHING = Stated()
_ANGLES = (Notation.DD, Notation.DM, Notation.DMS)


def parse(text: str, stated: Stated = _NOTHING) -> Written:
    """Read one cell that holds a position, a line of two, or a polygon of three or more.

    Angles in degrees, minutes and seconds with hemispheres in Latin or Cyrillic letters and words; MGRS (the centre of
    the cell); UTM; Gauss-Krueger on Pulkovo 1942 and SK-63; metres in a stated CRS; WKT. Several positions are
    separated by ; | / or lines, and by commas where blanks stand between the numbers of a pair.

    Parameters
    ----------
    text
        As entered.
    stated
        What the person says about it.

    Raises
    ------
    CoordinateError
        If the text is no coordinate, or may mean several things.
    SourceError
        If PROJ does not know the stated CRS.
    """
    try:
        if match := match_wkt(text):
            return read_wkt(text, match, stated)
        return _decide(text, _candidates(normalise(text), stated), stated)
    except CoordinateError as error:
        error.text = text
        raise


def parse_pair(east: str, north: str, stated: Stated = _NOTHING) -> Written:
    """Read a position whose two numbers stand in two cells.

    Parameters
    ----------
    east, north
        Longitude and latitude, or easting and northing (Soviet Y and X).
    stated
        What the person says; the order is known.

    Raises
    ------
    CoordinateError
        If either cell is not one number of that axis.
    """
    text = f"{north.strip()}, {east.strip()}"
    try:
        pairs = [
            (first, second)
            for first in _of_axis(east, Axis.EAST)
            for second in _of_axis(north, Axis.NORTH)
            if first.parts == second.parts
        ]
        if not pairs:
            raise CoordinateError("the two cells are in different notations")
        found = _all_or_first_reason([[(Order.NORTH_FIRST, [pair])] for pair in pairs], [], stated)
        return _decide(text, found, stated)
    except CoordinateError as error:
        error.text = text
        raise


def _of_axis(cell: str, axis: Axis) -> list[Ordinate]:
    """The readings of a cell with one number, which must not say that it belongs to the other axis."""
    plain = normalise(cell)
    read = list(sentences(plain))
    single = [each.ordinates[0] for each in read if isinstance(each, Sentence) and len(each.ordinates) == 1]
    wrong = [each for each in read if isinstance(each, CoordinateError)]
    if not single:
        raise wrong[0] if wrong else CoordinateError(f"{plain!r} is not one number in a known notation")
    if any(each.axis not in {None, axis} for each in single):
        raise CoordinateError(f"{cell!r} belongs to the other axis")
    return [replace(each, axis=axis) for each in single]


def _candidates(plain: str, stated: Stated) -> list[Candidate]:
    chunks = [chunk for part in re.split("[;|/\n]", plain) if (chunk := part.strip(" "))]
    if not chunks:
        raise CoordinateError("it holds separators only")
    if looks_like_mgrs(chunks[0]):
        cells = [piece.strip(" ") for chunk in chunks for piece in chunk.split(",")]
        size = "its centre" if len(cells) == 1 else "their centres"
        positions = tuple(read_mgrs(cell) for cell in cells)
        steps = sorted({f"{position.steps_m[0]:.0f} m" for position in positions})
        return [Candidate(f"MGRS, cell of {' and '.join(steps)}, {size}", Notation.MGRS, positions, "")]
    if split_utm(chunks[0]):
        return _joined([_utm(chunk, stated) for chunk in chunks])
    reasons: list[CoordinateError] = []
    impossible: list[CoordinateError] = []
    meanings: list[list[_Ordered]] = []
    for read in sentences(plain):
        if isinstance(read, CoordinateError):
            impossible.append(read)
            continue
        try:
            meanings.append(_orders(_pairs(read), stated))
        except CoordinateError as error:
            reasons.append(error)
    if not meanings and not reasons:
        raise _unreadable(plain, impossible)
    return _all_or_first_reason(meanings, reasons, stated)


def _unreadable(plain: str, impossible: Sequence[CoordinateError]) -> CoordinateError:
    words = defect(plain)
    if words is None and impossible:
        return impossible[0]
    return CoordinateError(words or "its numbers are written in mixed or incomplete notations")


OrdinatePair = tuple[Ordinate, Ordinate]
_Ordered = tuple[Order, list[OrdinatePair]]
"""Pairs as (east, north), and which of the two stood first."""


def _all_or_first_reason(
    meanings: Iterable[list[_Ordered]], reasons: list[CoordinateError], stated: Stated
) -> list[Candidate]:
    found: list[Candidate] = []
    for orders in meanings:
        try:
            found += _in_metres(orders, stated) if _counts_metres(orders, stated) else _in_degrees(orders, stated)
        except CoordinateError as error:
            reasons.append(error)
    if found:
        return found
    # A reason that can show readings helps more than one that cannot.
    raise max(reasons, key=lambda each: bool(each.readings))


def _pairs(sentence: Sentence) -> list[OrdinatePair]:
    """The numbers of a text two by two, as they stand."""
    ordinates, separators = sentence.ordinates, sentence.separators
    if len(ordinates) % 2:
        reason = "it is one number; a position needs two" if len(ordinates) == 1 else "one number has no partner"
        raise CoordinateError(reason)
    pairs = list(zip(ordinates[::2], ordinates[1::2], strict=True))
    told_apart = ordinates[0].axis is not None or ordinates[0].label is not None
    if len(pairs) > 1 and not told_apart:
        within, between = set(separators[::2]), set(separators[1::2])
        if len(within) > 1 or len(between) > 1 or between in (within, {" "}):
            raise CoordinateError("it cannot be told which numbers belong together; separate the pairs by ;")
        if all(each.step >= 1 and not each.marked and abs(each.value) <= 180 for each in ordinates):
            raise CoordinateError("several pairs of whole numbers are no positions in degrees")
    return pairs


def _orders(pairs: list[OrdinatePair], stated: Stated) -> list[_Ordered]:
    """The pairs as (east, north), for each order in which they may stand."""
    if pairs[0][0].label:
        if {(first.label, second.label) for first, second in pairs} - {("x", "y"), ("y", "x")}:
            raise CoordinateError("each position needs one X and one Y")
        pairs = [(first, second) if first.label == "x" else (second, first) for first, second in pairs]
    axes = {(first.axis, second.axis) for first, second in pairs}
    if axes == {(Axis.NORTH, Axis.EAST)}:
        return [(Order.NORTH_FIRST, [(second, first) for first, second in pairs])]
    if axes == {(Axis.EAST, Axis.NORTH)}:
        return [(Order.EAST_FIRST, pairs)]
    if axes != {(None, None)}:
        both = next((first.axis for first, second in pairs if first.axis is second.axis), None)
        if both is not None:
            raise CoordinateError(
                f"both numbers of a position count {both}; the letters or labels contradict each other"
            )
        raise CoordinateError("the positions are not all in the same order")
    every = [
        (Order.NORTH_FIRST, [(second, first) for first, second in pairs]),
        (Order.EAST_FIRST, pairs),
    ]
    return [each for each in every if stated.order in {None, each[0]}]


def _counts_metres(orders: list[_Ordered], stated: Stated) -> bool:
    ordinates = [each for _, pairs in orders for pair in pairs for each in pair]
    if stated.notation in _ANGLES or any(each.marked for each in ordinates):
        return False
    if ordinates[0].axis is not None and all(abs(each.value) <= 360 for each in ordinates):
        return False
    if stated.crs is not None and not crs_of(stated.crs).is_geographic:
        return True
    return stated.notation is not None or any(abs(each.value) > 360 for each in ordinates)


def _in_metres(orders: list[_Ordered], stated: Stated) -> list[Candidate]:
    return grid_candidates([(order, [_grid_pair(pair) for pair in pairs]) for order, pairs in orders], stated)


def _grid_pair(pair: OrdinatePair) -> GridPair:
    if any(each.letter in {"S", "W"} for each in pair):
        raise CoordinateError("metres are counted to the east and north; S and W have no meaning here")
    east, north = pair
    return (east.value, east.step), (north.value, north.step)


def _in_degrees(orders: list[_Ordered], stated: Stated) -> list[Candidate]:
    if stated.crs is not None and not crs_of(stated.crs).is_geographic:
        raise CoordinateError(f"it is in degrees, but the stated {stated.crs} counts in metres")
    found, reasons = [], []
    for order, pairs in orders:
        beyond = next((each for each in pairs if abs(each[1].value) > 90 or abs(each[0].value) > 180), None)
        if beyond is None:
            found.append(_degree_candidate(order, pairs, stated))
        elif abs(beyond[1].value) > 90:
            reasons.append(f"a latitude of {beyond[1].value:g} degrees is beyond the pole")
        else:
            reasons.append(f"a longitude of {beyond[0].value:g} degrees is beyond 180")
    if not found:
        raise CoordinateError(reasons[0])
    return found


def _degree_candidate(order: Order, pairs: list[OrdinatePair], stated: Stated) -> Candidate:
    notation = NOTATION_OF_PARTS[pairs[0][0].parts]
    positions = []
    for east, north in pairs:
        parallel_m, meridian_m = metres_per_degree(north.value)
        steps_m = (east.step * parallel_m, north.step * meridian_m)
        positions.append(Position(stated.crs, east.value, north.value, steps_m))
    first = "latitude first" if order is Order.NORTH_FIRST else "longitude first"
    return Candidate(f"{notation}, {first}", notation, tuple(positions), "state which number comes first")


def _utm(chunk: str, stated: Stated) -> list[Candidate]:
    split = split_utm(chunk)
    if split is None:
        raise CoordinateError("every position needs its UTM zone")
    zone, letter, rest = split
    for read in sentences(rest):
        if isinstance(read, Sentence) and len(read.ordinates) == 2 and not any(each.marked for each in read.ordinates):
            orders = [[_grid_pair(pair) for pair in pairs] for _, pairs in _orders(_pairs(read), stated)]
            return utm_candidates(zone, letter, [pairs[0] for pairs in reversed(orders)], stated)
    raise CoordinateError("after the UTM zone two numbers in metres are needed")


def _joined(each_position: list[list[Candidate]]) -> list[Candidate]:
    """The meanings of several UTM positions of one cell, which share one meaning of the letter after the zone."""
    if len({len(meanings) for meanings in each_position}) > 1:
        raise CoordinateError("its positions do not agree on the hemisphere")
    return [
        replace(same[0], positions=tuple(each.positions[0] for each in same))
        for same in zip(*each_position, strict=True)
    ]


def _decide(text: str, candidates: list[Candidate], stated: Stated) -> Written:
    """The one meaning of a text; anything but one is an error."""
    fitting = [each for each in candidates if stated.notation in {None, each.notation}]
    if not fitting:
        raise CoordinateError(f"it is written as {candidates[0].notation}, but {stated.notation} is stated")
    distinct = list({tuple((at.crs, at.x, at.y) for at in each.positions): each for each in reversed(fitting)}.values())
    if len(distinct) > 1:
        cures = " and ".join(sorted({_cure(each, distinct) for each in distinct}))
        raise CoordinateError(
            f"it may mean {len(distinct)} things; {cures}", [each.reading() for each in reversed(distinct)]
        )
    return _written(text, distinct[0], stated)


def _cure(candidate: Candidate, all_of_them: list[Candidate]) -> str:
    same_notation = all(each.notation is candidate.notation for each in all_of_them)
    return candidate.cure if same_notation else "state the notation"


def _written(text: str, candidate: Candidate, stated: Stated) -> Written:
    if candidate.notation is Notation.MGRS and stated.crs is not None:
        _check_mgrs_crs(candidate, stated.crs)
    crs, xy = _one_crs(candidate.positions)
    words = candidate.words if len(xy) == 1 else f"{candidate.words}; {len(xy)} positions"
    sigma = sigma_of_steps([position.steps_m for position in candidate.positions])
    return Written(text, words, candidate.notation, crs, _shape(xy), sigma)


def _check_mgrs_crs(candidate: Candidate, stated: str) -> None:
    crs = crs_of(stated)
    named = {position.crs for position in candidate.positions}
    fits = crs.equals(WGS84, ignore_axis_order=True) or all(crs.equals(crs_of(str(each))) for each in named)
    if not fits:
        raise CoordinateError(
            f"MGRS counts on WGS 84, here {', '.join(sorted(map(str, named)))}, but {stated} is stated"
        )


def _one_crs(positions: Sequence[Position]) -> tuple[str | None, list[Pair]]:
    """The positions in one CRS: their own, or the degrees on which their zones rest where they lie in several zones."""
    names = {position.crs for position in positions}
    if len(names) == 1:
        return names.pop(), [(position.x, position.y) for position in positions]
    base = {name: crs_of(str(name)).geodetic_crs for name in names}
    common = next(iter(base.values()))
    if common is None or any(each != common for each in base.values()):
        raise CoordinateError("its positions lie in grids on different datums")
    return crs_name(common), [degrees_on_own_datum(str(position.crs), position.x, position.y) for position in positions]


def _shape(xy: list[Pair]) -> shapely.Geometry:
    if len(xy) == 1:
        return shapely.Point(xy[0])
    if len(xy) == 2:
        return shapely.LineString(xy)
    if len(set(xy)) < 3:
        raise CoordinateError("it has fewer than three different corners")
    return shapely.Polygon(xy)
