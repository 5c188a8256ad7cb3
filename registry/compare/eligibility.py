"""Eligibility: which events count and which records each is held against, by named rules that say what they did."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from geopandas import GeoDataFrame
from numpy.typing import NDArray

from registry.codes import LocationMethod, ReleaseType, Rule
from registry.compare.areas import RankedRecords, lonlat
from registry.compare.claimed import Claim, is_claimed, is_known
from registry.compare.columns import Days, days, flags, numbers, texts
from registry.compare.containment import (
    LocatedEvents,
    areas_holding,
    first_area,
    locate,
    located_mask,
    seen_only,
)
from registry.compare.kernel import Mask, Ranks, View
from registry.errors import CompareError

RULE_WORDS: Mapping[Rule, str] = {
    Rule.OUT_OF_SCOPE: "outside everything that the giving party says its batches cover",
    Rule.DEVICE_NOT_CLAIMED: "the device is of a class that no record claims",
    Rule.IN_RELEASED_LAND: "in land released before, on a map or as the event says itself",
    Rule.ORDNANCE_MOVED: "the ordnance had been moved beforehand",
    Rule.LAID_AFTER: "held against a record that was laid only later",
    Rule.LOCATION_TOO_COARSE: "the position is too coarse",
}

COARSE_ABOVE_M = 500.0
"""Default limit of the position error beyond which a position is too coarse."""

_COARSE_METHODS = frozenset({LocationMethod.PLACE_CENTROID, LocationMethod.DESCRIPTION})


@dataclass(frozen=True)
class Criteria:
    """What events are held against.

    Attributes
    ----------
    rules
        Those that are applied beside `Rule.OUT_OF_SCOPE`, which is applied wherever there is a scope.
    scope
        Polygons of what the giving party says its batches cover; None where nobody said so.
    released
        Polygons with ``released_on``, ``released_on_precision`` and ``release_type``; None where there are none.
    claimed
        What the records claim together, plotted or not (see `claimed_by_all`); None where that was not looked at.
    coarse_above_m
        Position error, one sigma, above which a position is too coarse.
    """

    rules: tuple[Rule, ...] = ()
    scope: GeoDataFrame | None = None
    released: GeoDataFrame | None = None
    claimed: Claim | None = None
    coarse_above_m: float = COARSE_ABOVE_M


@dataclass(frozen=True)
class RuleEffect:
    """What one rule does to the located events, or would do.

    ``removes`` is "events"; or "pairs" of an event and a record that covers it, which leave the event among those that
    count. ``removed`` is counted after the rules before it, ``removed_alone`` as if it were the only one; so are
    ``inside_lost``, by how many fewer events are inside. The two without "alone" are None where the rule is not
    applied.
    """

    rule: Rule
    applied: bool
    removes: str
    removed: int | None
    removed_alone: int
    inside_lost: int | None
    inside_lost_alone: int


@dataclass(frozen=True)
class Selection:
    """Events matched with records, and what the rules leave of them.

    Attributes
    ----------
    events
        All that were received.
    is_located
        Which of them have a position. What follows is about those that have one, in their order, but for
        ``unlocated_kept``.
    located
        Held against all records; the first record that covers an event is the first by handover.
    eligible
        Held against those that the rules leave to each; the first that covers it is the first eligible one.
    view
        What the rules leave to each; None where that is everything.
    keep
        Which events count.
    removed_by
        The rule that removed an event, None where it counts.
    unlocated_kept
        Events without a usable position that no rule removes.
    rules
        What each rule that can be judged did, or would do.
    first_day, last_day
        First and last day that each date can mean, not-a-time where there is none.
    """

    events: GeoDataFrame
    is_located: Mask
    located: LocatedEvents
    eligible: LocatedEvents
    view: View | None
    keep: Mask
    removed_by: NDArray[Any]
    unlocated_kept: int
    rules: tuple[RuleEffect, ...]
    first_day: Days
    last_day: Days

    @property
    def distance_m(self) -> NDArray[np.float64]:
        """Geodesic distance of each event that counts to the nearest record it may be held against."""
        return self.eligible.distance_m[self.keep]

    @property
    def xy(self) -> NDArray[np.float64]:
        """Where each event that counts lies on the plane of the records."""
        return self.located.xy[self.keep]

    def column(self, name: str) -> NDArray[Any]:
        """A column of texts, for the events that count."""
        return np.asarray(texts(self.events, name)[self.is_located][self.keep], dtype=object)

    def seen(self, records: RankedRecords, view: View) -> LocatedEvents:
        """The located events, held against what both the rules and a view leave to each."""
        return seen_only(self.located, records, view if self.view is None else self.view & view)


def select_events(events: GeoDataFrame, records: RankedRecords, criteria: Criteria = Criteria()) -> Selection:
    """Match events with records and apply the rules.

    Parameters
    ----------
    events
        Points with a CRS, None where the position is not known, and the columns ``occurred_on``,
        ``occurred_on_precision`` and ``sigma_m``. Other rules need ``device_category``, ``in_released_land``,
        ``ordnance_moved`` or ``location_method``; a rule that is not applied is passed over where they are missing.
    records
        Plotted records; `Rule.LAID_AFTER` needs their ``laid_from`` and ``laid_from_precision``.
    criteria
        The rules, and what they look at.

    Raises
    ------
    CompareError
        If a rule is applied and what it looks at is missing, or the limit is not a number of metres.
    """
    if not 0 <= criteria.coarse_above_m < np.inf:
        raise CompareError(
            f"A limit of {criteria.coarse_above_m} m cannot be used; give a number of metres, 0 or more."
        )
    applied = set(criteria.rules) | ({Rule.OUT_OF_SCOPE} if criteria.scope is not None else set())
    is_located = located_mask(events)
    located = locate(lonlat(events)[is_located], records)
    first_day, last_day = days(events, "occurred_on")
    case = _Case(events, is_located, located, last_day, records, criteria)
    verdicts = {
        rule: judge(case) for rule, (judge, needs) in _JUDGES.items() if _can_be_judged(rule, needs, case, applied)
    }

    matches = located.matches
    none_out = _State(np.full(len(located.points), True), np.full(len(matches.event), True))
    state, effects = none_out, []
    removed_by = np.full(len(located.points), None, dtype=object)
    unlocated_kept = ~is_located
    for rule, verdict in verdicts.items():
        in_order = None
        if rule in applied:
            in_order = _count(verdict, state, case)
            removed_by[state.keep & verdict.events[is_located]] = rule.value
            unlocated_kept = unlocated_kept & ~verdict.events
            state = _after(verdict, state, case)
        effects.append(_effect(rule, verdict, in_order, _count(verdict, none_out, case)))
    view = _laid_by_then(case) if Rule.LAID_AFTER in applied else None
    return Selection(
        events=events,
        is_located=is_located,
        located=located,
        eligible=located if view is None else seen_only(located, records, view),
        view=view,
        keep=state.keep,
        removed_by=removed_by,
        unlocated_kept=int(np.count_nonzero(unlocated_kept)),
        rules=tuple(effects),
        first_day=first_day[is_located],
        last_day=last_day[is_located],
    )


@dataclass(frozen=True)
class _Case:
    events: GeoDataFrame
    is_located: Mask
    located: LocatedEvents
    last_day: Days  # of all events
    records: RankedRecords
    criteria: Criteria


@dataclass(frozen=True)
class _Verdict:
    """What a rule would remove: of all events, and of the covering pairs of the located ones."""

    removes: str
    events: Mask
    pairs: Mask


@dataclass(frozen=True)
class _State:
    """What is left: of the located events, and of their covering pairs."""

    keep: Mask
    pairs: Mask


def _can_be_judged(rule: Rule, needs: str, case: _Case, applied: set[Rule]) -> bool:
    missing = {
        Rule.OUT_OF_SCOPE: case.criteria.scope is None,
        Rule.DEVICE_NOT_CLAIMED: case.criteria.claimed is None or "device_category" not in case.events,
        Rule.IN_RELEASED_LAND: case.criteria.released is None and "in_released_land" not in case.events,
        Rule.ORDNANCE_MOVED: "ordnance_moved" not in case.events,
        Rule.LAID_AFTER: "laid_from" not in case.records.attributes,
        Rule.LOCATION_TOO_COARSE: "location_method" not in case.events,
    }[rule]
    if missing and rule in applied:
        raise CompareError(f"The rule {rule.value} cannot be applied: it needs {needs}.")
    return not missing


def _out_of_scope(case: _Case) -> _Verdict:
    return _located_out(case, first_area(case.located.points, lonlat(case.criteria.scope)) < 0)


def _device_not_claimed(case: _Case) -> _Verdict:
    """Where no record says anything, nothing is known to be missing from them."""
    claimed = case.criteria.claimed or frozenset()
    categories = texts(case.events, "device_category")
    out = [bool(claimed) and is_known(category) and not is_claimed(category, claimed) for category in categories]
    return _events_out(case, np.array(out, dtype=bool))


def _in_released_land(case: _Case) -> _Verdict:
    """An event stays where its day is surely before that of the release; without either day the place decides."""
    held = np.zeros(len(case.located.points), dtype=bool)
    if case.criteria.released is not None:
        released = case.criteria.released
        # Land can also be listed as confirmed to be hazardous.
        released = released[texts(released, "release_type") != ReleaseType.CONFIRMED.value]
        event, area = areas_holding(case.located.points, lonlat(released))
        released_first, _ = days(released, "released_on")
        held[event[~(case.last_day[case.is_located][event] < released_first[area])]] = True
    verdict = _located_out(case, held)
    said = flags(case.events, "in_released_land") if "in_released_land" in case.events else False
    return _events_out(case, verdict.events | said)


def _ordnance_moved(case: _Case) -> _Verdict:
    return _events_out(case, flags(case.events, "ordnance_moved"))


def _laid_after(case: _Case) -> _Verdict:
    matches = case.located.matches
    laid_after = ~_laid_by_then(case).sees(matches.event, matches.record)
    return _Verdict("pairs", np.zeros(len(case.events), dtype=bool), laid_after)


def _location_too_coarse(case: _Case) -> _Verdict:
    """Where no error is stated, the centre of a place or a description is not known to be within the limit."""
    sigma_m = numbers(case.events, "sigma_m")
    by_method = np.array([method in _COARSE_METHODS for method in texts(case.events, "location_method")], dtype=bool)
    return _events_out(case, (sigma_m > case.criteria.coarse_above_m) | (np.isnan(sigma_m) & by_method))


_JUDGES: Mapping[Rule, tuple[Callable[[_Case], _Verdict], str]] = {
    Rule.OUT_OF_SCOPE: (_out_of_scope, "a batch that says what it covers (a layer of kind scope)"),
    Rule.DEVICE_NOT_CLAIMED: (_device_not_claimed, "what the records claim, and device_category of the events"),
    Rule.IN_RELEASED_LAND: (_in_released_land, "released land, or in_released_land of the events"),
    Rule.ORDNANCE_MOVED: (_ordnance_moved, "ordnance_moved of the events"),
    Rule.LAID_AFTER: (_laid_after, "laid_from of the records"),
    Rule.LOCATION_TOO_COARSE: (_location_too_coarse, "location_method of the events"),
}


def _laid_by_then(case: _Case) -> View:
    """The view in which an event does not see records that were surely laid after it."""
    laid_first, _ = days(case.records.attributes, "laid_from")
    last_day = case.last_day[case.is_located]
    cuts = np.unique(laid_first[~np.isnat(laid_first)])
    group = np.where(np.isnat(last_day), len(cuts), np.searchsorted(cuts, last_day, side="right"))
    return View(lambda event, record: ~(laid_first[record] > last_day[event]), group)


def _located_out(case: _Case, out: Mask) -> _Verdict:
    of_all = np.zeros(len(case.events), dtype=bool)
    of_all[case.is_located] = out
    return _events_out(case, of_all)


def _events_out(case: _Case, out: Mask) -> _Verdict:
    return _Verdict("events", out, np.zeros(len(case.located.matches.event), dtype=bool))


def _after(verdict: _Verdict, state: _State, case: _Case) -> _State:
    return _State(state.keep & ~verdict.events[case.is_located], state.pairs & ~verdict.pairs)


def _count(verdict: _Verdict, state: _State, case: _Case) -> tuple[int, int]:
    """Events or pairs that a rule removes from a state, and by how many fewer events are then inside."""
    after, event = _after(verdict, state, case), case.located.matches.event
    removed = int(np.count_nonzero(state.keep)) - int(np.count_nonzero(after.keep))
    if verdict.removes == "pairs":
        removed = int(np.count_nonzero(state.keep[event] & state.pairs & verdict.pairs))
    return removed, _inside(state, event) - _inside(after, event)


def _inside(state: _State, event: Ranks) -> int:
    return len(np.unique(event[state.pairs & state.keep[event]]))


def _effect(rule: Rule, verdict: _Verdict, in_order: tuple[int, int] | None, alone: tuple[int, int]) -> RuleEffect:
    removed, inside_lost = (None, None) if in_order is None else in_order
    return RuleEffect(rule, in_order is not None, verdict.removes, removed, alone[0], inside_lost, alone[1])
