"""Quality of what records state: device categories (M12), dates of laying (M13), and how many are unplottable (M14)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from geopandas import GeoDataFrame
from numpy.typing import NDArray

from registry.compare.areas import RankedRecords
from registry.compare.claimed import claims_of, is_claimed, is_known
from registry.compare.columns import Days, days
from registry.compare.eligibility import Selection
from registry.compare.uncertainty import Share, wilson_share
from registry.model import Counts, PartialDate


@dataclass(frozen=True)
class ThematicAccuracy:
    """Metric M12: of the events inside, those whose device category is in a record that covers them.

    ``share`` is of the events inside whose device is known and that lie in a record which says what was laid;
    ``events_device_unknown`` and ``events_record_silent`` are the others.
    """

    events_inside: int
    events_device_unknown: int
    events_record_silent: int
    share: Share


@dataclass(frozen=True)
class Delay:
    """Days from laying to handover, of the records where both dates are known.

    A date known by its month or year alone makes the delay uncertain: ``shortest`` and ``longest`` are what it can be
    at least and at most. ``records_laid_after`` were surely laid after they were handed over. Days are None where
    there is no such record.
    """

    records: int
    records_laid_after: int
    shortest_median_days: float | None
    longest_median_days: float | None
    shortest_days: int | None
    longest_days: int | None


@dataclass(frozen=True)
class BatchQuality:
    """Metrics M13 and M14 of one batch."""

    batch_id: str
    handed_over_on: PartialDate | None
    records_received: int
    records_plotted: int
    unplottable_share: Share
    dated_share: Share
    delay: Delay


@dataclass(frozen=True)
class RecordQuality:
    """Metric M13 of all records received, plotted or not; and M13 and M14 by batch, in the order of handover."""

    dated_share: Share
    delay: Delay
    by_batch: tuple[BatchQuality, ...]


def measure_thematic(selection: Selection, records: RankedRecords) -> ThematicAccuracy:
    """Measure the thematic accuracy (M12).

    Parameters
    ----------
    selection
        Its events need the column ``device_category``.
    records
        Need the columns `CLAIM_COLUMNS`.
    """
    return thematic_of(count_thematic(selection, records))


@dataclass(frozen=True)
class ThematicCounts:
    """Events that count: inside; of these of an unknown device, else in silent records alone, else in one that speaks.

    ``agreeing`` of the last have their device in a record that covers them.
    """

    inside: int
    device_unknown: int
    record_silent: int
    stated: int
    agreeing: int


def count_thematic(selection: Selection, records: RankedRecords) -> ThematicCounts:
    """Count the events that `measure_thematic` is about."""
    claims = claims_of(records.attributes)
    categories = np.full(len(selection.keep), None, dtype=object)
    categories[selection.keep] = selection.column("device_category")
    matches = selection.eligible.matches
    inside = selection.keep & matches.inside
    known = inside & np.array([is_known(category) for category in categories], dtype=bool)
    stated, agrees = np.zeros(len(inside), dtype=bool), np.zeros(len(inside), dtype=bool)
    for event, record in zip(matches.event, matches.record, strict=True):
        claim = claims[record]
        if known[event] and claim is not None:
            stated[event] = True
            agrees[event] |= is_claimed(categories[event], claim)
    counted = (inside, inside & ~known, known & ~stated, stated, agrees)
    return ThematicCounts(*(int(np.count_nonzero(mask)) for mask in counted))


def thematic_of(counts: ThematicCounts) -> ThematicAccuracy:
    """Reduce counted events to M12, see `measure_thematic`."""
    return ThematicAccuracy(
        events_inside=counts.inside,
        events_device_unknown=counts.device_unknown,
        events_record_silent=counts.record_silent,
        share=wilson_share(counts.agreeing, counts.stated),
    )


def measure_quality(
    received: GeoDataFrame, counts: Mapping[str, Counts], handed_over_on: Mapping[str, PartialDate | None]
) -> RecordQuality:
    """Measure the temporal quality of records (M13) and the share that could not be plotted (M14), by batch.

    Parameters
    ----------
    received
        All records received, plotted or not, with the columns ``batch_id``, ``laid_from``, ``laid_to`` and their
        precisions. A record is dated if it has either day; the delay is taken from the last day of laying, where only
        the first is known from that.
    counts
        Of each batch.
    handed_over_on
        Of each batch, in the order in which they are to be listed.
    """
    (first, first_end), (last_start, last) = days(received, "laid_from"), days(received, "laid_to")
    dated = ~(np.isnat(first) & np.isnat(last))
    earliest, latest = np.where(np.isnat(last), first, last_start), np.where(np.isnat(last), first_end, last)
    of_batch = received["batch_id"].to_numpy(dtype=object)
    dated_batches = [(batch_id, on) for batch_id, on in handed_over_on.items() if on is not None]
    shortest = _days_between(latest, _column(of_batch, {batch_id: on.first for batch_id, on in dated_batches}))
    longest = _days_between(earliest, _column(of_batch, {batch_id: on.last for batch_id, on in dated_batches}))
    rows = []
    for batch_id, on in handed_over_on.items():
        mine, count = of_batch == batch_id, counts[batch_id]
        rows.append(
            BatchQuality(
                batch_id=batch_id,
                handed_over_on=on,
                records_received=count.received,
                records_plotted=count.plotted,
                unplottable_share=wilson_share(count.unplottable, count.received),
                dated_share=wilson_share(int(np.count_nonzero(dated[mine])), int(np.count_nonzero(mine))),
                delay=_delay(shortest[mine], longest[mine]),
            )
        )
    return RecordQuality(
        wilson_share(int(np.count_nonzero(dated)), len(received)), _delay(shortest, longest), tuple(rows)
    )


def _delay(shortest: NDArray[np.float64], longest: NDArray[np.float64]) -> Delay:
    known = ~np.isnan(shortest)
    if not known.any():
        return Delay(0, 0, None, None, None, None)
    at_least, at_most = shortest[known], longest[known]
    return Delay(
        records=len(at_least),
        records_laid_after=int(np.count_nonzero(at_most < 0)),
        shortest_median_days=float(np.median(at_least)),
        longest_median_days=float(np.median(at_most)),
        shortest_days=int(at_least.min()),
        longest_days=int(at_most.max()),
    )


def _column(of_batch: NDArray[np.object_], day_of_batch: Mapping[str, date]) -> Days:
    """Day of the batch of each record, not-a-time where it has none."""
    found = np.full(len(of_batch), "NaT", dtype="datetime64[D]")
    for batch_id, day in day_of_batch.items():
        found[of_batch == batch_id] = np.datetime64(day, "D")
    return found


def _days_between(start: Days, end: Days) -> NDArray[np.float64]:
    """Days from one to the other, NaN where either is not known."""
    between = (end - start).astype("timedelta64[D]")
    return np.where(np.isnat(between), np.nan, between.astype(np.float64))
