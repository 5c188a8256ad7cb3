"""What may be published: how many events and records places hold, in ranges, with small numbers withheld.

Of each place three numbers are considered: events outside every record, events inside one, and records that reach into
it. A number is given as a range, 5 to 9, 10 to 19, 20 to 49, 50 to 99, 100 to 199 and so on. Below 5 nothing is given,
and a place with none cannot be told from one with four.

Nothing that is published may narrow a withheld number any further, so that it can still be anything from 0 to 4:

- *Totals.* Their sum is taken as known to everybody. Where it would narrow a number below 5, the place with the lowest
  range is withheld too, and the page gives no totals.
- *Tables.* An event inside a record shows that there is a record. So events inside are given only where the number of
  records is.

This is primary and complementary cell suppression with ranges of a fixed scale: Hundepool, A., et al. (2012),
Statistical Disclosure Control, Wiley, chapters 4 and 5. docs/public.md says what it does not protect against.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree

from maps.hexagons import Cells, HexagonGrid, cells_of, cells_reached, outlines
from registry.compare.containment import first_area
from registry.errors import RegistryError
from registry.geometry import WGS84, Geometries, project

LEAST = 5
"""Smaller numbers are withheld."""

_STARTS = np.array([digit * 10**power for power in range(10) for digit in (1, 2, 5)][2:], dtype=np.int64)
_SHARED = 0.01

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Evidence:
    """What must not be published: where events lie, whether inside a record, and the records, all on WGS 84.

    No geometry is missing or empty; records are valid polygons, each field once.
    """

    events: Geometries
    inside: NDArray[np.bool_]
    records: Geometries


@dataclass(frozen=True)
class Table:
    """One number of each place as it may be published.

    ``floors`` are the lower ends of ranges, 0 where the number is withheld. ``total`` is None where it would tell more.
    """

    floors: Counts
    total: int | None


@dataclass(frozen=True)
class Redacted:
    """Places on WGS 84 and what may be said of each; ``names`` is None where they have none.

    Hexagons without any number to be given are not among them.
    """

    places: Geometries
    names: Sequence[str] | None
    outside: Table
    inside: Table
    records: Table


def range_floors(counts: Counts) -> Counts:
    """The lower end of the range each number is in, 0 below `LEAST`."""
    return np.concatenate([[0], _STARTS])[np.searchsorted(_STARTS, counts, side="right")]


def range_ceilings(floors: Counts) -> Counts:
    """The upper end of the range with that lower end; 4 for 0."""
    return _STARTS[np.searchsorted(_STARTS, floors, side="right")] - 1


def suppress(counts: Counts, *, further: bool, withheld: NDArray[np.bool_] | None = None) -> Table:
    """One table of numbers as it may be published.

    Parameters
    ----------
    counts
        The number of each place.
    further
        Whether there are many more places, all with 0, as beside the hexagons that hold something.
    withheld
        Places whose number is not given, however large it is.

    Notes
    -----
    With the sum of all numbers known, what is left for those that are not given lies between the sum less all upper
    ends and the sum less all lower ends. A number keeps 0 to 4 if the latter is at least 4, and the former no more than
    the others can take: 4 each, or anything where it would not be given however large it is. All lower ends are
    multiples of 5, so a sum that is itself only known as such a range never narrows a number from above.
    """
    withheld = np.zeros(len(counts), dtype=bool) if withheld is None else withheld
    floors = np.where(withheld, 0, range_floors(counts))
    exposed = (further or not floors.all()) and _narrows(counts, floors, withheld, further=further)
    if exposed and floors.any():
        floors[np.argmin(np.where(floors > 0, floors, _STARTS[-1]))] = 0
    total = int(counts.sum())
    return Table(floors, None if exposed or total < LEAST else total)


def redact_by_hexagon(evidence: Evidence, grid: HexagonGrid) -> Redacted:
    """Numbers of the hexagons of a grid.

    Raises
    ------
    RegistryError
        If records are too large for hexagons of this size, see `cells_reached`.
    """
    event_cells = cells_of(evidence.events, grid)
    _, record_cells = cells_reached(evidence.records, grid)
    cells, place = _numbered(np.concatenate([event_cells, record_cells]))
    redacted = _redact(
        outlines(cells, grid),
        None,
        evidence.inside,
        place[: len(event_cells)],
        place[len(event_cells) :],
        further=True,
        withheld=np.zeros(len(cells), dtype=bool),
    )
    tables = (redacted.outside, redacted.inside, redacted.records)
    given = np.any([table.floors > 0 for table in tables], axis=0)
    return Redacted(redacted.places[given], None, *(Table(table.floors[given], table.total) for table in tables))


def redact_by_district(evidence: Evidence, districts: Geometries, names: Sequence[str], least_km2: float) -> Redacted:
    """Numbers of districts. An event belongs to the first district it lies in, a record to each it shares land with.

    Parameters
    ----------
    districts, names
        Valid polygons on WGS 84.
    least_km2
        Of a smaller district no number is given.

    Raises
    ------
    RegistryError
        If districts overlap: their numbers could be subtracted from one another.
    """
    on_plane = project(districts, WGS84, HexagonGrid(1, 0).plane)
    _refuse_overlaps(on_plane, names)
    of_event = first_area(evidence.events, districts)
    record, of_record = STRtree(districts).query(evidence.records, predicate="intersects")
    shares_land = ~shapely.touches(evidence.records[record], districts[of_record])
    return _redact(
        districts,
        names,
        evidence.inside[of_event >= 0],
        of_event[of_event >= 0],
        of_record[shares_land],
        further=False,
        withheld=shapely.area(on_plane) < least_km2 * 1e6,
    )


def _redact(
    places: Geometries,
    names: Sequence[str] | None,
    inside: NDArray[np.bool_],
    of_event: Counts,
    of_record: Counts,
    *,
    further: bool,
    withheld: NDArray[np.bool_],
) -> Redacted:
    def count(numbers: Counts) -> Counts:
        return np.bincount(numbers, minlength=len(places)).astype(np.int64)

    records = suppress(count(of_record), further=further, withheld=withheld)
    return Redacted(
        places,
        names,
        suppress(count(of_event[~inside]), further=further, withheld=withheld),
        suppress(count(of_event[inside]), further=further, withheld=records.floors == 0),
        records,
    )


def _narrows(counts: Counts, floors: Counts, withheld: NDArray[np.bool_], *, further: bool) -> bool:
    """Whether the sum of all numbers would narrow one that is not given."""
    given, total = floors > 0, int(counts.sum())
    if total - int(floors.sum()) < LEAST - 1:
        return True
    # Two that may be of any size, or places beyond counting, can make up for any other.
    if further or np.count_nonzero(withheld) > 1:
        return False
    least = total - int(range_ceilings(floors[given]).sum())
    return least > (LEAST - 1) * (int(np.count_nonzero(~given)) - 1)


def _numbered(cells: Cells) -> tuple[Cells, Counts]:
    """The distinct cells in order, and which of them each one is."""
    distinct, number = np.unique(cells, axis=0, return_inverse=True)
    return distinct, number.reshape(-1)


def _refuse_overlaps(districts: Geometries, names: Sequence[str]) -> None:
    one, other = STRtree(districts).query(districts, predicate="intersects")
    one, other = one[one < other], other[one < other]
    smaller = np.minimum(shapely.area(districts[one]), shapely.area(districts[other]))
    shared = shapely.area(shapely.intersection(districts[one], districts[other])) > _SHARED * smaller
    if shared.any():
        pair = int(np.argmax(shared))
        raise RegistryError(
            f"The districts {names[one[pair]]!r} and {names[other[pair]]!r} overlap, so their numbers could be "
            "subtracted from one another; publish hexagons, or import districts of one level."
        )
