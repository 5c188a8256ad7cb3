"""Claim cards from a registry: our values of every metric that a claim can correspond to, as of the claim's day."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd

from registry.claimset import shipped_claims
from registry.codes import DatePrecision, Section
from registry.compare.claims import Claim, Metric, OurValue, Reference, Unit
from registry.compare.containment import EventClass, Window
from registry.compare.ground import Ground
from registry.compare.judge import ClaimCard, make_card
from registry.compare.uncertainty import Share
from registry.errors import DuplicateClaim, UnknownClaim
from registry.inputs import StatsOptions
from registry.ledger import Ledger, LedgerRow, make_ledger
from registry.model import Kind, PartialDate, Progress, silent
from registry.stats import Comparison, compute_stats
from registry.store import Registry
from registry.victims import count_role

Compare = Callable[[Registry, date | None, Progress], tuple[Comparison, date | None]]
"""Compares as of a day, and says which day's knowledge the result has: None where it is all there is."""

_NO_GROUND = {
    Metric.M2: (Unit.RECORD, "The registry holds no surveyed or released land to say which records were investigated."),
    Metric.M4: (Unit.MINE, "The registry holds no layer of found devices."),
    Metric.M5: (Unit.MINE, "The registry holds no completed fields with mines found in them."),
}
_SECTIONS = (Section.GROUND, Section.LOCATION)  # of a comparison, that a value is taken from
_COMPARED = {Metric.M1, Metric.OUTSIDE, Metric.M11}
_WINDOWS = {
    "all": "all events",
    "before_handover": "events on or before the first handover",
    "after_handover": "events after the first handover",
}
_EVENT_COLUMNS = [
    "accident_id", "occurred_on", "occurred_on_precision", "killed", "injured", "victims_by_role", "duplicate_of",
]  # fmt: skip


def compare_as_of(registry: Registry, as_of: date | None, progress: Progress) -> tuple[Comparison, date | None]:
    """Compare with what was known on a day; with all data where there was nothing to compare by then."""
    if as_of is not None:
        comparison = compute_stats(registry, StatsOptions(as_of=as_of, sections=_SECTIONS), progress=progress)
        if comparison.coverage.records_received and comparison.accuracy.events_received:
            return comparison, as_of
    return compute_stats(registry, StatsOptions(sections=_SECTIONS), progress=progress), None


def known_claims(registry: Registry) -> tuple[Claim, ...]:
    """The claims that ship with the package, then those that were added to the registry."""
    return (*shipped_claims(), *registry.claims())


def addable(registry: Registry, claims: Sequence[Claim]) -> None:
    """Refuse claims whose id is taken, by one that ships with the package or one in the registry.

    Raises
    ------
    DuplicateClaim
        If an id is taken, in whatever letters.
    """
    taken = {claim.claim_id.lower() for claim in known_claims(registry)}
    for claim in claims:
        if claim.claim_id.lower() in taken:
            raise DuplicateClaim(f"There is a claim {claim.claim_id} already; give the new one another id.")


def claim_card(
    registry: Registry,
    claim_id: str,
    *,
    as_of: date | None = None,
    compare: Compare = compare_as_of,
    progress: Progress = silent,
) -> ClaimCard:
    """Set a claim beside the registry's own values, as of a day.

    Parameters
    ----------
    as_of
        The day whose knowledge is used; left out, that of the claim.
    compare
        How the comparison of that day is made.

    Raises
    ------
    UnknownClaim
        If there is no such claim.
    """
    claims = known_claims(registry)
    claim = next((each for each in claims if each.claim_id == claim_id), None)
    if claim is None:
        raise UnknownClaim(f"There is no claim {claim_id}; see them with: minefield-registry claims list.")
    day, notes = _day(claim, as_of)
    comparison, compared_as_of = compare(registry, day, progress)
    if day is not None and compared_as_of is None and _COMPARED & set(claim.candidates):
        notes.append(f"Events and maps are compared with all data there is: not recomputed as of {day}.")
    ledger = make_ledger(registry, as_of=day)
    if day is not None and not ledger.rows and registry.layers(Kind.MINEFIELDS):
        ledger = make_ledger(registry)
        notes.append(f"No batch is known to have been handed over by {day}: those handed over later are counted.")
    values = [
        *_of_comparison(registry, comparison, compared_as_of),
        _casualties(registry, comparison, day),
        *_of_ledger(ledger),
        *_mines(ledger, _estimates(claim, registry)),
    ]
    values += _of_ground(comparison, compared_as_of)
    return make_card(claim, values, claims, notes=notes)


def _day(claim: Claim, as_of: date | None) -> tuple[date | None, list[str]]:
    if as_of is not None:
        return as_of, []
    if claim.said_on is None:
        return None, ["The statement has no date: all data there is are used."]
    return claim.said_on.last, []


def _estimates(claim: Claim, registry: Registry) -> tuple[Claim, ...]:
    """Claims of the same origin that give a total of mines: the shipped set speaks of no registry in particular."""
    added = registry.claims()
    pool = added if claim in added else shipped_claims()
    return tuple(each for each in pool if Metric.MINES_TOTAL in each.candidates and each.low)


def _of_comparison(registry: Registry, comparison: Comparison, as_of: date | None) -> list[OurValue]:
    accuracy = comparison.accuracy
    ceiling = None if comparison.location is None else comparison.location.ceiling
    layers = tuple(f"{layer.batch_id} ({layer.kind}: {layer.title})" for layer in comparison.layers)
    days = _event_days(registry, comparison)
    handed_over = [
        handed.last
        for layer in comparison.layers
        if layer.kind is Kind.MINEFIELDS and (handed := registry.handover(layer.batch_id).handed_over_on) is not None
    ]
    of_events = OurValue(
        Metric.M11,
        Unit.EVENT,
        Reference.TERRITORY,
        share=accuracy.never_mapped,
        window=_WINDOWS["all"],
        first_day=_day_of(days["first"].min()),
        last_day=_day_of(days["last"].max()),
        undated=int(days["first"].isna().sum()),
        as_of=as_of,
        maps_until=max(handed_over, default=None),
        layers=layers,
    )
    values = [of_events]
    for name, window in (
        ("all", accuracy.all),
        ("before_handover", accuracy.before_handover),
        ("after_handover", accuracy.after_handover),
    ):
        if window is None:
            continue
        shown = replace(
            of_events, reference=Reference.MAPS, window=_WINDOWS[name], is_part=name != "all", ceiling=ceiling
        )
        values += _inside_and_outside(shown, window)
    return values


def _inside_and_outside(like: OurValue, window: Window) -> list[OurValue]:
    return [
        replace(like, metric=Metric.M1, share=window.share_inside),
        replace(like, metric=Metric.OUTSIDE, share=window.share_outside),
    ]


def _of_ground(comparison: Comparison, as_of: date | None) -> list[OurValue]:
    """M2, M4 and M5, or why there is none."""
    ground = comparison.ground
    layers = tuple(f"{layer.batch_id} ({layer.kind}: {layer.title})" for layer in comparison.layers)
    values = []
    for metric, (unit, why) in _NO_GROUND.items():
        like = OurValue(
            metric, unit, Reference.MAPS, reason=why, window="what was investigated", as_of=as_of, layers=layers
        )
        share = None if ground is None else _ground_share(ground, metric)
        values.append(like if share is None else replace(like, reason=None, share=share))
    return values


def _ground_share(ground: Ground, metric: Metric) -> Share | None:
    if metric is Metric.M2:
        return ground.confirmation.share if ground.confirmation.investigated.records else None
    if metric is Metric.M4:
        return None if ground.find_containment is None else ground.find_containment.mines
    found, recorded = (sum(getattr(row, name) for row in ground.recovery) for name in ("mines_found", "mines_recorded"))
    if not recorded or found > recorded:
        return None
    return Share(found, recorded, found / recorded, method="a ratio of two counts, not a sample")


def _event_days(registry: Registry, comparison: Comparison) -> pd.DataFrame:
    """First and last day that the date of each compared event can mean."""
    located = ~comparison.classified["event_class"].isin([EventClass.UNLOCATED.value, EventClass.OUT_OF_SCOPE.value])
    compared = comparison.classified[located.to_numpy(bool)]
    keys = set(zip(compared["batch_id"], compared["accident_id"], strict=True))
    events = _days_of(_events(registry, comparison))
    is_compared = [key in keys for key in zip(events["batch_id"], events["accident_id"], strict=True)]
    return events[np.array(is_compared, dtype=bool)]


def _events(registry: Registry, comparison: Comparison) -> pd.DataFrame:
    layers = [layer for layer in comparison.layers if layer.kind is Kind.ACCIDENTS]
    frames = [registry.read(layer, _EVENT_COLUMNS).assign(batch_id=layer.batch_id) for layer in layers]
    if not frames:
        return pd.DataFrame({name: pd.Series(dtype="object") for name in ("batch_id", *_EVENT_COLUMNS)})
    return pd.DataFrame(pd.concat(frames, ignore_index=True).drop(columns="geometry"))


def _days_of(events: pd.DataFrame) -> pd.DataFrame:
    first, last = [], []
    for day, precision in zip(events["occurred_on"], events["occurred_on_precision"], strict=True):
        if pd.isna(day):
            first.append(pd.NaT)
            last.append(pd.NaT)
            continue
        known = PartialDate(day.date(), DatePrecision.DAY if pd.isna(precision) else DatePrecision(precision))
        first.append(pd.Timestamp(known.first))
        last.append(pd.Timestamp(known.last))
    days = {"first": pd.Series(first, dtype="datetime64[s]"), "last": pd.Series(last, dtype="datetime64[s]")}
    return events.assign(**{name: series.to_numpy() for name, series in days.items()})


def _day_of(moment: pd.Timestamp) -> date | None:
    return None if pd.isna(moment) else moment.date()


def _casualties(registry: Registry, comparison: Comparison, as_of: date | None) -> OurValue:
    """Victims of all events that the registry holds, wherever they happened."""
    events = _days_of(_events(registry, comparison))
    names = events["batch_id"].astype("string") + "/" + events["accident_id"].astype("string")
    events = events[~events["duplicate_of"].isin(names).to_numpy(bool)]
    notes = []
    if as_of is not None:
        left_out = int(events["last"].isna().sum())
        events = events[(events["last"] <= pd.Timestamp(as_of)).to_numpy(bool)]
        if left_out:
            notes.append(f"{left_out:,} events without a date are left out.")
    like = OurValue(
        Metric.CASUALTIES,
        Unit.VICTIM,
        Reference.TERRITORY,
        reason="No event in the registry says how many victims it had.",
        first_day=_day_of(events["first"].min()),
        last_day=_day_of(events["last"].max()),
        undated=int(events["first"].isna().sum()),
        as_of=as_of,
        window=_WINDOWS["all"],
        layers=tuple(dict.fromkeys(events["batch_id"])),
    )
    killed, injured = (events[name].astype("Float64") for name in ("killed", "injured"))
    silent_events = int((killed.isna() & injured.isna()).sum())
    if silent_events == len(events):
        return like
    if silent_events:
        notes.append(f"{silent_events:,} of {len(events):,} events do not say how many victims they had.")
    parts = [("killed", int(killed.sum())), ("injured", int(injured.sum()))]
    of_journalists, said = _journalists(events)
    return replace(
        like,
        reason=None,
        count=int(killed.sum() + injured.sum()),
        parts=(*parts, *of_journalists),
        note=" ".join((*notes, *said)) or None,
    )


def _journalists(events: pd.DataFrame) -> tuple[list[tuple[str, int]], list[str]]:
    """Journalists among the victims, and among the killed as far as the records tell."""
    counted = count_role(events, "journalist")
    if counted is None:
        return [], []
    parts, said = [("journalists among the victims", counted.victims)], []
    low, high = counted.killed_at_least, counted.killed_at_most
    if counted.killed_without_role:
        said.append(f"{counted.killed_without_role:,} of the killed are in events that name no role.")
    elif low == high:
        parts.append(("journalists among the killed", low))
    if low < high:
        said.append(
            f"Of these journalists, {low:,} to {high:,} were killed: some events give their victims by role, and not "
            "which of them were killed."
        )
    return parts, said


def _of_ledger(ledger: Ledger) -> list[OurValue]:
    """Documents, mines and records of each batch, and of all."""
    values = []
    for row in ledger.rows:
        day = row.handed_over_on
        like = OurValue(
            Metric.LEDGER,
            Unit.DOCUMENT,
            Reference.NONE,
            count=row.documents_arrived,
            window=f"batch {row.batch_id}",
            is_part=True,
            first_day=None if day is None else day.first,
            last_day=None if day is None else day.last,
            as_of=ledger.as_of,
            layers=(_named(row),),
            note=_announced(row.documents_announced, "documents"),
        )
        mines = replace(like, unit=Unit.MINE, count=row.mines_arrived, note=_announced(row.mines_announced, "mines"))
        values += [like, mines, replace(like, unit=Unit.RECORD, count=row.records_received, note=None)]
    total = ledger.total
    if ledger.rows:
        like = OurValue(
            Metric.LEDGER,
            Unit.DOCUMENT,
            Reference.NONE,
            count=total.documents_arrived,
            window="all batches",
            as_of=ledger.as_of,
            layers=tuple(map(_named, ledger.rows)),
        )
        mines = replace(like, unit=Unit.MINE, count=total.mines_arrived - total.mines_repeated)
        values += [like, mines, replace(like, unit=Unit.RECORD, count=total.records_received)]
    return values


def _named(row: LedgerRow) -> str:
    return f"{row.batch_id} ({Kind.MINEFIELDS}: {row.title})"


def _announced(number: int | None, what: str) -> str:
    if number is None:
        return f"How many {what} were announced is not recorded."
    return f"The handover was announced with {number:,} {what}."


def _mines(ledger: Ledger, estimates: Sequence[Claim]) -> list[OurValue]:
    """Mines on the maps, and their share of a total that somebody stated."""
    like = OurValue(
        Metric.MINES_RECORDED,
        Unit.MINE,
        Reference.MAPS,
        reason="No record in the registry says how many mines it holds.",
        window="all batches",
        as_of=ledger.as_of,
        layers=tuple(map(_named, ledger.rows)),
    )
    none = OurValue(
        Metric.MINES_TOTAL,
        Unit.MINE,
        Reference.TERRITORY,
        reason="A registry holds records, and does not know how many mines there are.",
        window="all batches",
    )
    total = ledger.total
    if total.records_without_number == total.records_received:
        return [like, none, replace(like, metric=Metric.M6)]
    recorded = total.mines_arrived - total.mines_repeated
    missing = total.records_without_number
    note = f"{missing:,} records state no number of mines." if missing else None
    counted = replace(like, reason=None, count=recorded, note=note)
    shares = [_completeness(counted, recorded, estimate) for estimate in estimates]
    return [counted, none, *(shares or [replace(like, metric=Metric.M6, reason="No total of mines is stated.")])]


def _completeness(like: OurValue, recorded: int, estimate: Claim) -> OurValue:
    """M6 with the total that a claim gives: no sample, so no interval."""
    total = int(estimate.low or 0)
    open_ended = " The total is said to be over that, so it is at most this." if estimate.high is None else ""
    note = (
        f"Its denominator is not ours: {estimate.value_text}, by {estimate.said_by} ({estimate.claim_id}).{open_ended}"
    )
    if recorded > total:
        reason = f"The records state {recorded:,} mines, more than the total of {estimate.value_text}."
        return replace(like, metric=Metric.M6, count=None, reason=reason, computed_with=estimate.claim_id, note=note)
    share = Share(recorded, total, recorded / total, method="a count and an estimate, not a sample")
    return replace(like, metric=Metric.M6, count=None, share=share, computed_with=estimate.claim_id, note=note)
