"""The null model of unmapped clusters: how many events would lie in clusters if they lay anywhere without a record."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from registry.compare.gridded import FEW_LARGE, MANY_SMALL, GriddedLand
from registry.compare.proximity import near_pairs
from registry.compare.study import StudyArea, covered_in
from registry.geometry import Geometries

Floats = NDArray[np.float64]

DRAWS = 99
FEWEST_DRAWS = 19

_WIDER = 1 + 1e-6  # of a cell than the distance, so that no rounding puts close places two cells apart
_MOST_PLACES = 5_000_000  # in all draws: of many events fewer draws say as much
_TOGETHER = 1_000_000  # places that are drawn together
_LEAST_SHARE = 1e-4  # of the bounding rectangle that must be study area without a record, or drawing would not end


@dataclass(frozen=True)
class ClusterChance:
    """Events in clusters if those outside every record lay at random in the study area outside the records.

    Attributes
    ----------
    study
        The study area in words.
    events
        Events outside every record that lie in the study area: so many are drawn.
    clustered
        Of them, those in a cluster.
    expected
        Mean number in a cluster over the draws.
    low, high
        Between them lie 95 % of the draws.
    as_high
        Share of the draws, the true places counted among them, in which as many or more are in a cluster.
    draws, seed
        How many, and what they were drawn with.
    """

    study: str
    events: int
    clustered: int
    expected: float
    low: float
    high: float
    as_high: float
    draws: int
    seed: int


def chance_of_clusters(
    places: Floats,
    is_clustered: NDArray[np.bool_],
    parts: Geometries,
    study: StudyArea,
    *,
    distance_m: float,
    min_events: int,
    seed: int,
    draws: int = DRAWS,
) -> ClusterChance | None:
    """Count the events in clusters under a null model: independent and uniform over the study area outside the records.

    Parameters
    ----------
    places
        Events outside every record, shape (n, 2), on the plane of the study area.
    is_clustered
        Which of them are in a cluster.
    parts
        The land of the records on that plane, in polygons that do not overlap.
    study
        The study area.
    distance_m, min_events
        What makes a cluster, see `find_clusters`.
    seed, draws
        Of the places drawn, and how often so many are drawn; of more than 50,000 events less often, down to
        `FEWEST_DRAWS`.

    Returns
    -------
    None without an event in the study area, or where next to nothing of it is without a record.
    """
    held = study.holds(shapely.points(places)) if len(places) else np.empty(0, dtype=bool)
    number, observed = int(np.count_nonzero(held)), int(np.count_nonzero(is_clustered[held]))
    west, south, east, north = shapely.bounds(study.polygon)
    free_m2 = study.area_m2 - covered_in(parts, study)
    if not number or free_m2 < _LEAST_SHARE * (east - west) * (north - south):
        return None
    draws = min(draws, max(FEWEST_DRAWS, _MOST_PLACES // number))
    found = np.empty(draws)
    random = np.random.default_rng(seed)
    unmapped = _Unmapped(study.polygon, parts)
    for together in np.array_split(np.arange(draws), max(1, draws * number // _TOGETHER)):
        drawn = unmapped.draw(number * len(together), random)
        clustered = in_clusters(drawn, np.repeat(np.arange(len(together)), number), distance_m, min_events)
        found[together] = clustered.reshape(len(together), number).sum(axis=1)
    low, high = np.quantile(found, (0.025, 0.975))
    return ClusterChance(
        study=study.words,
        events=number,
        clustered=observed,
        expected=float(found.mean()),
        low=float(low),
        high=float(high),
        as_high=float((np.count_nonzero(found >= observed) + 1) / (draws + 1)),
        draws=draws,
        seed=seed,
    )


def in_clusters(places: Floats, sheet: NDArray[np.int64], distance_m: float, min_events: int) -> NDArray[np.bool_]:
    """Which places lie in a cluster, of several sheets at once, each looked at by itself.

    Parameters
    ----------
    places
        Shape (n, 2), on a plane in metres.
    sheet
        Number of the sheet of each.
    distance_m, min_events
        What makes a cluster, see `find_clusters`.
    """
    found = np.full(len(places), False)
    kept = np.flatnonzero(_may_be_clustered(places, sheet, distance_m, min_events))
    if not len(kept):
        return found
    # Sheets are laid side by side, farther apart than what makes a cluster.
    apart_m = float(np.ptp(places[kept, 0])) + 3 * distance_m
    beside = places[kept] + np.outer(sheet[kept] * apart_m, [1.0, 0.0])
    pairs = list(near_pairs(beside, beside, distance_m))
    reached = np.zeros(len(kept), dtype=np.int64)
    for place, _, _ in pairs:
        reached += np.bincount(place, minlength=len(kept))
    core = reached >= min_events  # each place is within reach of itself
    for place, other, _ in pairs:
        found[kept[place[core[other]]]] = True
    return found


def _may_be_clustered(
    places: Floats, sheet: NDArray[np.int64], distance_m: float, min_events: int
) -> NDArray[np.bool_]:
    """Which places have a cell of so many places around them in reach; of places drawn evenly, next to none.

    Cells are counted in a table that is smaller than their number: several may share a count, which is then too large.
    """
    if not len(places):
        return np.empty(0, dtype=bool)
    column, row = np.floor((places - places.min(axis=0)) / (distance_m * _WIDER)).astype(np.int64).T
    width, height = column.max() + 3, row.max() + 3
    cell = (sheet * height + row + 1) * width + column + 1
    size = 1 << int(8 * len(places)).bit_length()
    around = [(cell + down * width + across) & (size - 1) for down in (-1, 0, 1) for across in (-1, 0, 1)]
    counted = np.bincount(cell & (size - 1), minlength=size)
    may_be_core = sum(counted[each] for each in around) >= min_events
    with_core = np.bincount(cell[may_be_core] & (size - 1), minlength=size) > 0
    return np.asarray(np.any([with_core[each] for each in around], axis=0), dtype=bool)


class _Unmapped:
    """The study area outside the records, to draw places from."""

    def __init__(self, study: shapely.Polygon | shapely.MultiPolygon, parts: Geometries) -> None:
        areas = shapely.get_parts(np.array([study], dtype=object))
        bounds = shapely.bounds(study)
        self._corner, self._size = bounds[:2], bounds[2:] - bounds[:2]
        self._study = GriddedLand.over(areas, areas, FEW_LARGE)
        self._records = GriddedLand.over(parts, areas, MANY_SMALL)

    def draw(self, number: int, random: np.random.Generator) -> Floats:
        """So many places, independent and uniform."""
        kept, missing, share = [np.empty((0, 2))], number, 1.0
        while missing > 0:
            tried = self._corner + random.random((int(missing / share) + 100, 2)) * self._size
            tried = tried[self._study.hold(tried)]
            tried = tried[~self._records.hold(tried)]
            kept.append(tried[:missing])
            share = max(len(tried) / (missing / share + 100), _LEAST_SHARE / 2)
            missing -= len(kept[-1])
        return np.concatenate(kept)
