"""Which columns of a table hold positions, from their headings and values."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from registry.model import Kind
from registry.sources import words
from registry.sources.coordinate_columns import WrittenColumn, parse_column, parse_two_columns
from registry.sources.headings import likeness, most_like, split_unit
from registry.sources.profile import GeometryRule
from registry.sources.propose_corners import propose_corners
from registry.sources.rules import METRES_OF_UNIT, Rule
from registry.sources.tables import Table
from registry.sources.written import Notation, Stated

_LOOKED_AT = 60
_ALIKE = 0.75
_WKT = re.compile(r"\s*(SRID=[0-9]+;)?\s*(MULTI)?(POINT|LINESTRING|POLYGON)\s*(Z|M|ZM)?\s*\(", re.IGNORECASE)
_DEGREES = {str(Notation.DD), str(Notation.DM), str(Notation.DMS)}


@dataclass(frozen=True)
class GeometryProposal:
    """Where positions seem to stand, how sure that is from 0 to 1, and why.

    ``unmistakable`` says that no person needs to look at it.
    """

    rule: GeometryRule
    confidence: float
    reason: str
    unmistakable: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that hold the positions."""
        return (*self.rule.column, *self.rule.east, *self.rule.north)


def propose_geometry(table: Table, kind: Kind) -> GeometryProposal | None:
    """The most likely place of positions in a table, None where there is none.

    Notes
    -----
    The CRS is never proposed: a table that does not say it must be asked about.
    """
    found = find_positions(table.cells)
    if found is None:
        return None
    found = _with_lengths(table.cells, found)
    corners = propose_corners(table.cells, kind, found.rule)
    if corners is None:
        return found
    confidence = min(found.confidence, corners.confidence)
    return GeometryProposal(corners.rule, confidence, f"{found.reason} {corners.reason}")


def find_positions(cells: pd.DataFrame) -> GeometryProposal | None:
    """The columns of some cells that most likely hold positions, whatever these are the positions of."""
    found = [*_wkt(cells), *_pairs(cells), *_single(cells)]
    if not found:
        return None
    best = max(found, key=lambda each: each.confidence)
    if best.unmistakable and len([each for each in found if each.unmistakable]) > 1:
        return replace(best, unmistakable=False, reason=f"{best.reason} Other columns hold positions too.")
    return best


def _sample(column: pd.Series) -> list[str]:
    filled = column.dropna()
    step = max(1, len(filled) // _LOOKED_AT)
    return [str(value) for value in filled.iloc[::step].tolist()]


def _wkt(cells: pd.DataFrame) -> Iterator[GeometryProposal]:
    for column in cells.columns:
        sample = _sample(cells[column])
        share = sum(_WKT.match(text) is not None for text in sample) / max(1, len(sample))
        if share >= 0.5:
            yield GeometryProposal(
                GeometryRule(column=(str(column),), notation=Notation.WKT),
                round(0.97 * share, 2),
                f"{share:.0%} of the values of {column!r} are WKT.",
                unmistakable=share >= 0.9,
            )


def _pairs(cells: pd.DataFrame) -> Iterator[GeometryProposal]:
    """Two columns: latitude and longitude, northing and easting, or X and Y."""
    columns = [str(column) for column in cells.columns]
    for north_words, east_words in ((words.LATITUDE, words.LONGITUDE), (words.NORTHING, words.EASTING)):
        north, north_alike = most_like(columns, north_words)
        east, east_alike = most_like([column for column in columns if column != north], east_words)
        alike = min(north_alike, east_alike)
        if alike == 0:
            continue
        judged = _judged(cells, east, north, alike, exact=alike == 1 and north_words == words.LATITUDE)
        # A heading of several rows ("Position Latitude") is less like; there the values must bear it out.
        if alike >= _ALIKE or judged.confidence >= 0.5:
            yield judged
    yield from _x_and_y(cells, columns)


def _judged(cells: pd.DataFrame, east: str, north: str, alike: float, *, exact: bool) -> GeometryProposal:
    """A pair of columns, with what its values say about it."""
    read = _read_pair(cells, east, north)
    rows = max(1, len(read.geometries))
    share = _understood(read)
    degrees = sum(notation in _DEGREES for notation in read.notations.tolist()) / rows
    reason = f"the headings {east!r} and {north!r} say so, and {share:.0%} of the values looked at are positions."
    return GeometryProposal(
        GeometryRule(east=(east,), north=(north,)),
        round(alike * (0.4 + 0.6 * share), 2),
        reason,
        unmistakable=exact and degrees >= 0.9,
    )


def _read_pair(cells: pd.DataFrame, east: str, north: str) -> WrittenColumn:
    both = cells[[east, north]].dropna().iloc[:_LOOKED_AT]
    return parse_two_columns(both[east].tolist(), both[north].tolist(), Stated())


def _understood(read: WrittenColumn) -> float:
    """Share of the cells that are positions, also those that lack only what a person must state."""
    asking = sum(bool(error.readings) for error in read.errors.values())
    placed = sum(geometry is not None for geometry in read.geometries)
    return (placed + asking) / max(1, len(read.geometries))


def _x_and_y(cells: pd.DataFrame, columns: Sequence[str]) -> Iterator[GeometryProposal]:
    """X and Y: east and north on most maps, north and east on Soviet ones; the size of the numbers may tell."""
    xs = [column for column in columns if {"x", "\u0445"} & set(words.normalise(column).split())]
    ys = [column for column in columns if {"y", "\u0443"} & set(words.normalise(column).split())]
    if len(xs) != 1 or len(ys) != 1:
        return
    x, y = (_largest(cells[each]) for each in (xs[0], ys[0]))
    if np.isnan(x) or np.isnan(y):
        return
    names = f"the headings are {xs[0]!r} and {ys[0]!r};"
    usual = GeometryRule(east=(xs[0],), north=(ys[0],))
    soviet = GeometryRule(east=(ys[0],), north=(xs[0],))
    if x <= 180 and y <= 90:
        yield GeometryProposal(usual, 0.6, f"{names} the values may be degrees. Check which of them is the latitude.")
    elif x < 1e6 <= y:
        yield GeometryProposal(usual, 0.8, f"{names} only the first can be an easting by its size.")
    elif y < 1e6 <= x:
        yield GeometryProposal(soviet, 0.8, f"{names} only the second can be an easting by its size.")
    elif min(x, y) >= 1e6:
        reason = f"{names} numbers of this size are Gauss-Krueger, where X is the northing. Check it."
        yield GeometryProposal(soviet, 0.6, reason)


def _largest(column: pd.Series) -> float:
    numbers = pd.to_numeric(pd.Series(_sample(column), dtype=object).str.replace(",", "."), errors="coerce")
    return float(numbers.abs().max()) if numbers.notna().mean() >= 0.8 else float("nan")


def _single(cells: pd.DataFrame) -> Iterator[GeometryProposal]:
    """One column with whole positions, by its values; its heading only makes it surer."""
    for column in cells.columns:
        sample = [text for text in _sample(cells[column]) if any(map(str.isdigit, text))]
        if not sample or len(sample) < 0.5 * len(_sample(cells[column])) or max(map(len, sample)) < 8:
            continue
        read = parse_column(sample, Stated())
        share = _understood(read)
        notations = {str(notation) for notation in read.notations if notation is not None}
        alike = likeness(words.normalise(str(column)), words.COORDINATES)[0]
        if share < 0.5 or notations == {str(Notation.WKT)}:
            continue
        reason = f"{share:.0%} of the values looked at in {column!r} are positions"
        if notations:
            reason += f" ({', '.join(sorted(notations))})"
        if any(error.readings for error in read.errors.values()):
            reason += "; some may mean several things: state order, notation or zone"
        yield GeometryProposal(
            GeometryRule(column=(str(column),)), round(min(0.95, share * (0.75 + 0.2 * alike)), 2), f"{reason}."
        )


def _with_lengths(cells: pd.DataFrame, found: GeometryProposal) -> GeometryProposal:
    """Radius and width, where columns are headed so and hold numbers."""
    rule, reason = found.rule, found.reason
    for name in (words.RADIUS, words.WIDTH):
        column, alike = most_like([str(each) for each in cells.columns if each not in found.columns], name)
        if alike == 1 and not np.isnan(_largest(cells[column])):
            unit = split_unit(column)[1]
            length = Rule(column=column, unit=unit if unit in METRES_OF_UNIT else None)
            rule = replace(rule, radius=length) if name == words.RADIUS else replace(rule, width=length)
            reason += f" {column!r} holds the {name}."
    return replace(found, rule=rule, reason=reason)
