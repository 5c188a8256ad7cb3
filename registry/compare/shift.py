"""Metric M9: a systematic shift of records against events, with interval, p-value and the mistakes it looks like."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely

from registry.compare.blur import NO_SIGMA, Floats, Land
from registry.compare.displacement import (
    MAX_SHIFT_M,
    REACH_M,
    SMALLEST_SIGMA_M,
    Events,
    Rasters,
    Window,
    exact_likelihood,
    in_reach,
    likelihoods,
    prepare_rasters,
    prepare_window,
)
from registry.compare.kernel import TOLERANCE_M, Mask, Ranks
from registry.compare.search import DROP_95, Interval, Likelihood, Search, climb, interval_of
from registry.compare.uncertainty import Share, wilson_share
from registry.geometry import Geometries

MIN_EVENTS = 20
"""Below this many events within reach no shift is sought."""

REPLICATES = 199
SEED = 9

FOUND_P = 0.01
FOUND_M = 40.0
FOUND_STANDARD_ERRORS = 2.0

NO_RECORD = "There is no plotted record with an area."
TOO_FEW = "Too few events: {events} within {reach:g} km of a record; below {least} no shift is sought."

_CHI2_99 = 9.21034037197618  # 2 degrees of freedom
_CLEAR_STATISTIC = 20.0  # a mistake beyond the reach of shifts must gain this much: no replicate is held against it


@dataclass(frozen=True)
class Mistake:
    """A named mistake by which records may lie where they do.

    Attributes
    ----------
    code, words
        Its name, and how the records would have to be read, to go on from "read ...".
    places
        Where the recorded positions of the events would be if they had suffered it too; shape (n, 2), in metres;
        infinite where they could not.
    east_m, north_m
        What undoes it, added to the records' positions in the middle of the events.
    """

    code: str
    words: str
    places: Floats
    east_m: float
    north_m: float


@dataclass(frozen=True)
class NamedShift:
    """A named mistake held against the events.

    ``events`` lie within reach of a record if the mistake is undone. ``statistic`` is twice the gain in log-likelihood
    over the records as they are, None where these are fewer than 20. ``fits`` says that the events are as likely as
    with the shift that was found, by its 99 % interval; or, of a mistake that moves records farther than shifts
    are sought, that they are clearly likelier than with any shift.
    """

    code: str
    words: str
    east_m: float
    north_m: float
    events: int
    statistic: float | None
    fits: bool = False

    @property
    def is_far(self) -> bool:
        """Whether it moves records farther than shifts are sought."""
        return _is_far(self.east_m, self.north_m)


@dataclass(frozen=True)
class Shift:
    """Metric M9: what must be added to the records' positions for the events to be likeliest.

    Attributes
    ----------
    found
        Whether there is a shift: p below 0.01, and farther than 40 m or 2 standard errors. None where none was sought,
        and ``reason`` says why.
    records, events, events_used
        Records with an area; events within reach of one; of these those that count, several on one spot once.
    sigma_m
        Median of the position errors.
    east_m, north_m, distance_m, azimuth_deg
        The likeliest shift, found or not; azimuth from north over east.
    interval
        Of the shift.
    statistic
        Twice the gain in log-likelihood over the records as they are.
    p_value, replicates
        The share of synthetic sets of events without a shift whose statistic is as large, and how many were made.
    p_tail
        The same by a Gumbel tail fitted to them, where none of them is as large.
    named, name
        The named mistakes, the likeliest first; the code of the likeliest that fits, where there is a shift.
    inside_before, inside_after
        M1 of the events within reach, as recorded and with the records moved. The second is the best of many and so
        too high.
    seed
        Of the synthetic sets.
    """

    found: bool | None
    reason: str | None
    records: int
    events: int
    events_used: int
    sigma_m: float | None = None
    east_m: float | None = None
    north_m: float | None = None
    distance_m: float | None = None
    azimuth_deg: float | None = None
    interval: Interval | None = None
    statistic: float | None = None
    p_value: float | None = None
    replicates: int = 0
    p_tail: float | None = None
    named: tuple[NamedShift, ...] = ()
    name: str | None = None
    inside_before: Share | None = None
    inside_after: Share | None = None
    seed: int = SEED


def find_shift(
    polygons: Geometries,
    places: Floats,
    sigma_m: Floats,
    *,
    mistakes: Sequence[Mistake] = (),
    seed: int = SEED,
    replicates: int = REPLICATES,
) -> Shift:
    """Find the shift of the records that makes the events likeliest.

    Parameters
    ----------
    polygons
        Valid records on a plane in metres.
    places, sigma_m
        Recorded positions of events on that plane, shape (n, 2), and the standard deviation of each along each axis,
        with that of the records in it; NaN where none is stated. Their order makes no difference. Below 5 m a deviation
        is taken for that.
    mistakes
        Named mistakes to hold against the same events; see `registry.compare.mistakes`.
    seed
        Of the synthetic sets of events.
    replicates
        How many of these are made at most; with fewer than 100 no shift can be found.

    Returns
    -------
    Shift
        Nothing is moved.

    Notes
    -----
    The likelihood is that of metric M1d, with its width classes and the sides of its bands merged and its bands finer,
    see `registry.compare.displacement`; for each shift the weights are those that make it largest. Candidates are the
    peaks of a map of scores on a raster; the best of them is climbed. The p-value is from a parametric bootstrap of the
    mixture fitted without a shift, each replicate searched as the events are, and ends early: Besag, J. & Clifford, P.
    (1991), Sequential Monte Carlo p-values, Biometrika 78, 301-304. For its tail: Abrams, A. M., Kleinman, K. &
    Kulldorff, M. (2010), Gumbel based p-value approximations for spatial scan statistics, Int. J. Health Geogr. 9, 61.
    """
    records = int(np.count_nonzero(shapely.area(polygons) > 0))
    if not records:
        return Shift(None, NO_RECORD, 0, 0, 0, seed=seed)
    stated = sigma_m[np.isfinite(sigma_m)]
    window = prepare_window(polygons, float(np.median(stated)) if len(stated) else 0.0)
    near = in_reach(places, window)
    used = _used(places, sigma_m, near)
    nothing = Shift(None, None, records, int(np.count_nonzero(near)), len(used), seed=seed)
    unstated = int(np.count_nonzero(np.isnan(sigma_m)))
    if unstated:
        return replace(nothing, reason=NO_SIGMA.format(unstated=unstated, events=len(places)))
    if len(used) < MIN_EVENTS:
        reason = TOO_FEW.format(events=len(used), reach=REACH_M / 1000, least=MIN_EVENTS)
        shift, named = replace(nothing, reason=reason), []
    else:
        events = Events(places[used], np.maximum(sigma_m[used], SMALLEST_SIGMA_M))
        rasters = prepare_rasters(window, events.sigma_m)
        shift = _with_containment(_measure(nothing, events, rasters, replicates), places[near], window.lands[0])
        close = [each for each in mistakes if not _is_far(each.east_m, each.north_m)]
        named = [_close(each, events, used, rasters) for each in close]
    far = [each for each in mistakes if _is_far(each.east_m, each.north_m)]
    named += [_far(each, places, sigma_m, near, window) for each in far]
    named.sort(key=lambda each: -math.inf if each.statistic is None else each.statistic, reverse=True)
    return judged(replace(shift, named=tuple(named)), shift.p_value)


def judged(shift: Shift, p_value: float | None) -> Shift:
    """A shift as found or not by a p-value, which may be one adjusted for many tests, and named accordingly."""
    if shift.found is not None and p_value is not None:
        shift = replace(shift, found=_is_found(shift, p_value))
    named = tuple(replace(each, fits=_fits(each, shift)) for each in shift.named)
    return replace(shift, named=named, name=next((each.code for each in named if each.fits), None))


def _is_found(shift: Shift, p_value: float) -> bool:
    if not shift.distance_m or shift.interval is None or shift.east_m is None or shift.north_m is None:
        return False
    standard_error_m = shift.interval.half_along(shift.east_m, shift.north_m) / math.sqrt(DROP_95)
    is_long = shift.distance_m > min(FOUND_M, FOUND_STANDARD_ERRORS * standard_error_m)
    return p_value < FOUND_P and is_long


def _fits(named: NamedShift, shift: Shift) -> bool:
    if named.statistic is None:
        return False
    if named.is_far:
        return named.statistic > max(_CLEAR_STATISTIC, shift.statistic or 0.0)
    return shift.found is True and named.statistic >= (shift.statistic or 0.0) - _CHI2_99


def _used(places: Floats, sigma_m: Floats, near: Mask) -> Ranks:
    """Numbers of the events within reach, in an order of their own; of several on one spot the surest."""
    number = np.flatnonzero(near)
    number = number[np.lexsort((sigma_m[number], places[number, 1], places[number, 0]))]
    _, first = np.unique(np.rint(places[number] * 10), axis=0, return_index=True)
    return np.asarray(number[np.sort(first)])


def _measure(nothing: Shift, events: Events, rasters: Rasters, replicates: int) -> Shift:
    """The shift on the rasters, and how often chance gives one as good; one that is found, on the exact likelihood."""
    search = Search(rasters)
    best = search.best(events.places)
    chance = search.chance(events.places, best.statistic, nothing.seed, replicates)

    def on_rasters(shifts: Floats) -> Floats:
        return likelihoods(events.places, shifts, rasters)[0]

    sigma_m = float(np.median(events.sigma_m))
    step_m = min(each.cell_m for each in rasters.rasters) / 2
    at = climb(on_rasters, best.shift, step_m, rounds=3)
    values = on_rasters(np.vstack([np.zeros(2), at]))
    shift = replace(
        nothing,
        found=False,
        sigma_m=sigma_m,
        interval=interval_of(on_rasters, at, max(sigma_m, step_m)),
        statistic=round(2 * float(values[1] - values[0]), 3),
        p_value=chance.p_value,
        replicates=chance.replicates,
        p_tail=chance.p_tail,
    )
    shift = _pointing(shift, at)
    if not _is_found(shift, chance.p_value):
        return shift
    exactly = _exactly(events, rasters.window)
    ends = np.vstack([at, climb(exactly, at, step_m / 2, rounds=1)])
    return _pointing(replace(shift, found=True), ends[exactly(ends).argmax()])


def _exactly(events: Events, window: Window) -> Likelihood:
    def likelihood(shifts: Floats) -> Floats:
        return np.array([exact_likelihood(Events(events.places - shift, events.sigma_m), window) for shift in shifts])

    return likelihood


def _pointing(shift: Shift, at: Floats) -> Shift:
    # To a centimetre: below, the order of sums would show.
    east_m, north_m = round(float(at[0]), 2), round(float(at[1]), 2)
    azimuth = round(math.degrees(math.atan2(east_m, north_m)) % 360, 2)
    distance_m = round(math.hypot(east_m, north_m), 2)
    return replace(shift, east_m=east_m, north_m=north_m, distance_m=distance_m, azimuth_deg=azimuth)


def _with_containment(shift: Shift, places: Floats, land: Land) -> Shift:
    moved = places - np.array([shift.east_m, shift.north_m])
    before, after = (wilson_share(_count_inside(each, land), len(places)) for each in (places, moved))
    return replace(shift, inside_before=before, inside_after=after)


def _count_inside(places: Floats, land: Land) -> int:
    points = shapely.points(places)
    return len(np.unique(land.part_tree.query(points, predicate="dwithin", distance=TOLERANCE_M)[0]))


def _is_far(east_m: float, north_m: float) -> bool:
    return math.hypot(east_m, north_m) > MAX_SHIFT_M


def _close(mistake: Mistake, events: Events, used: Ranks, rasters: Rasters) -> NamedShift:
    """A mistake within the reach of shifts, held against the events that the shift was sought with."""
    undone = mistake.places[used]
    as_is, without = (likelihoods(each, np.zeros((1, 2)), rasters)[0][0] for each in (events.places, undone))
    return _named(mistake, int(np.count_nonzero(in_reach(undone, rasters.window))), 2 * float(without - as_is))


def _far(mistake: Mistake, places: Floats, sigma_m: Floats, near: Mask, window: Window) -> NamedShift:
    """A mistake beyond the reach of shifts, held against the events within reach as they are or without it."""
    undone = in_reach(mistake.places, window)
    if np.count_nonzero(undone) < MIN_EVENTS:
        return _named(mistake, int(np.count_nonzero(undone)), None)
    either = _used(places, sigma_m, near | undone)
    as_is, without = (
        exact_likelihood(Events(each[either], sigma_m[either]), window) for each in (places, mistake.places)
    )
    return _named(mistake, int(np.count_nonzero(undone)), 2 * (without - as_is))


def _named(mistake: Mistake, events: int, statistic: float | None) -> NamedShift:
    gain = None if statistic is None else round(statistic, 3)
    return NamedShift(mistake.code, mistake.words, round(mistake.east_m, 2), round(mistake.north_m, 2), events, gain)
