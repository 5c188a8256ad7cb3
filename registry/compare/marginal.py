"""Marginal value of a batch (M15): what it adds to the batches handed over before it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from registry.compare.areas import BatchCoverage, RankedRecords
from registry.compare.containment import containment_share
from registry.compare.eligibility import Selection
from registry.compare.kernel import Ranks
from registry.compare.uncertainty import Share
from registry.model import PartialDate


@dataclass(frozen=True)
class BatchMargin:
    """What one batch adds when it is added in the order of handover.

    ``events_inside`` lie in records of the batch, ``events_newly_inside`` of them in no record of an earlier one;
    ``share_newly_inside`` is of all events that count. The areas are those of `BatchCoverage`.
    """

    batch_id: str
    handed_over_on: PartialDate | None
    events_inside: int
    events_newly_inside: int
    events_inside_so_far: int
    share_newly_inside: Share
    union_m2: float
    new_m2: float
    share_already_covered: float | None


def measure_margins(
    selection: Selection, records: RankedRecords, by_handover: Sequence[BatchCoverage]
) -> tuple[BatchMargin, ...]:
    """Measure what each batch adds to the events inside and to the land covered.

    Parameters
    ----------
    selection, records
        Events matched with records. Which batch an event is first inside of is a matter of handover, not of its date.
    by_handover
        The land of the same records by batch, see `merge_records`.
    """
    return margins_of(
        *count_by_batch(selection, records),
        int(np.count_nonzero(selection.keep)),
        by_handover,
        any_record=bool(len(records.polygons)),
    )


def count_by_batch(selection: Selection, records: RankedRecords) -> tuple[Ranks, Ranks]:
    """By batch, in the order of handover: events inside its records, and those of them inside no earlier batch's."""
    matches, number = selection.eligible.matches, len(records.batches)
    counts = selection.keep[matches.event]
    pairs = np.unique(np.column_stack([matches.event[counts], records.batch[matches.record[counts]]]), axis=0)
    # Pairs are sorted by event and then by batch, in the order of handover.
    first = np.unique(pairs[:, 0], return_index=True)[1]
    return np.bincount(pairs[:, 1], minlength=number), np.bincount(pairs[first, 1], minlength=number)


def margins_of(
    inside: Ranks, new: Ranks, total: int, by_handover: Sequence[BatchCoverage], *, any_record: bool
) -> tuple[BatchMargin, ...]:
    """Reduce counted events to M15, see `measure_margins`."""
    return tuple(
        BatchMargin(
            batch_id=land.batch_id,
            handed_over_on=land.handed_over_on,
            events_inside=int(inside[index]),
            events_newly_inside=int(new[index]),
            events_inside_so_far=int(new[: index + 1].sum()),
            share_newly_inside=containment_share(int(new[index]), total, any_record=any_record),
            union_m2=land.union_m2,
            new_m2=land.new_m2,
            share_already_covered=land.share_already_covered,
        )
        for index, land in enumerate(by_handover)
    )
