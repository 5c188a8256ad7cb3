"""Events by the side of a handover that they are on, and the three windows of any of them."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from registry.compare.areas import RankedRecords
from registry.compare.containment import Window, measure_window
from registry.compare.eligibility import Selection
from registry.compare.kernel import Mask, chosen_only, held_by_then
from registry.compare.windows import sides


@dataclass(frozen=True)
class ThreeWindows:
    """M1 and M1c of some events: of all, and before and after the first handover.

    ``all`` is before + after + ``undated``, which no date puts on one side. Both windows are None where a batch has no
    handover date, and ``reason`` says so.
    """

    all: Window
    before_handover: Window | None
    after_handover: Window | None
    undated: int
    reason: str | None


@dataclass(frozen=True)
class TimedEvents:
    """The events that count.

    Attributes
    ----------
    xy
        Where each lies on the plane of the records.
    distance_m
        Geodesic distance to the records that it may be held against.
    held_m
        The same to those of them that were in hand before it.
    before, after
        Which are surely on or before the first handover, and surely after it.
    reason
        Why no side is known; None where it is.
    any_record
        Whether there is any record to be inside of.
    """

    xy: NDArray[np.float64]
    distance_m: NDArray[np.float64]
    held_m: NDArray[np.float64]
    before: Mask
    after: Mask
    reason: str | None
    any_record: bool

    def windows(self, chosen: Mask | None = None) -> ThreeWindows:
        """The three windows of the chosen events; of all where none are chosen."""
        chosen = np.full(len(self.xy), True) if chosen is None else chosen
        before, after = self.before & chosen, self.after & chosen
        window = partial(measure_window, any_record=self.any_record)
        unknown = self.reason is not None
        return ThreeWindows(
            all=window(self.distance_m[chosen], self.xy[chosen]),
            before_handover=None if unknown else window(self.distance_m[before], self.xy[before]),
            after_handover=None if unknown else window(self.held_m[after], self.xy[after]),
            undated=int(np.count_nonzero(chosen & ~before & ~after)),
            reason=self.reason,
        )


def time_events(selection: Selection, records: RankedRecords, batches: Mask | None = None) -> TimedEvents:
    """Find the side of the first handover of each event that counts.

    Parameters
    ----------
    selection, records
        Events matched with records.
    batches
        Which of ``records.batches`` are compared, as if there were no other; all when left out.
    """
    batches = np.full(len(records.batches), True) if batches is None else batches
    compared = [batch for batch, chosen in zip(records.batches, batches, strict=True) if chosen]
    before, after, reason = sides(selection.first_day, selection.last_day, compared)
    held = np.where(np.isnat(selection.first_day), 0, records.held_before(selection.first_day))
    some = chosen_only(batches[records.batch], len(selection.keep))
    everything = selection.eligible if batches.all() else selection.seen(records, some)
    in_hand = held_by_then(held)
    then = everything if reason else selection.seen(records, in_hand if batches.all() else some & in_hand)
    keep = selection.keep
    return TimedEvents(
        xy=selection.xy,
        distance_m=everything.distance_m[keep],
        held_m=then.distance_m[keep],
        before=before[keep],
        after=after[keep],
        reason=reason,
        any_record=bool(batches[records.batch].any()),
    )
