"""Time: which events happened before and after a handover, and what was known on a day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from geopandas import GeoDataFrame

from registry.compare.columns import Days, days
from registry.compare.kernel import Mask
from registry.model import Kind, PartialDate


@dataclass(frozen=True)
class LeftOutRows:
    """Rows of one kind that a day leaves out: those without any date, and all others not surely by then."""

    not_by_then: int
    undated: int


@dataclass(frozen=True)
class AsOf:
    """What was left out so that only what was in hand and had happened by the end of ``day`` is compared.

    A batch, an event, a survey, a release of land or a find whose date is not known, or is too coarse to be surely by
    then, is left out too. ``scope_left_out`` are batches whose statement of what they cover was not surely in hand;
    ``rows`` counts rows by kind, accidents always among them. Districts are always compared.
    """

    day: date
    batches_not_by_then: tuple[str, ...]
    batches_undated: tuple[str, ...]
    scope_left_out: tuple[str, ...]
    rows: Mapping[Kind, LeftOutRows]


@dataclass(frozen=True)
class ByThen:
    """Which rows had surely happened by a day, and how many had not or have no date."""

    happened: Mask
    not_by_then: int
    undated: int


def batches_in_hand(
    handed_over_on: Mapping[str, PartialDate | None], day: date
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Batches that were surely in hand by a day, those that were not, and those without a date."""
    dated = {batch_id: on for batch_id, on in handed_over_on.items() if on is not None}
    in_hand = tuple(batch_id for batch_id, on in dated.items() if on.last <= day)
    not_by_then = tuple(batch_id for batch_id in dated if batch_id not in in_hand)
    return in_hand, not_by_then, tuple(batch_id for batch_id in handed_over_on if batch_id not in dated)


def happened_by(frame: GeoDataFrame, name: str, day: date) -> ByThen:
    """Rows whose date had surely passed by the end of a day.

    Parameters
    ----------
    name
        The date column; the one beside it says how much of the date is known.
    """
    _, last_day = days(frame, name)
    happened = np.asarray(last_day <= np.datetime64(day), dtype=bool)
    undated = int(np.count_nonzero(np.isnat(last_day)))
    return ByThen(happened, len(frame) - int(np.count_nonzero(happened)) - undated, undated)


def sides(
    first_day: Days, last_day: Days, batches: Sequence[tuple[str, PartialDate | None]]
) -> tuple[Mask, Mask, str | None]:
    """Which events are surely before or on the first handover, which surely after it; else why that is not known.

    The first handover of several is as late as the earliest of their last days.

    Parameters
    ----------
    first_day, last_day
        First and last day that each event's date can mean, not-a-time where it has none, which no side includes.
    batches
        Each with its date of handover.
    """
    neither = np.zeros(len(first_day), dtype=bool)
    dates = [handed_over_on for _, handed_over_on in batches if handed_over_on is not None]
    without = ", ".join(batch_id for batch_id, handed_over_on in batches if handed_over_on is None)
    if without:
        return neither, neither, f"No handover date is known for {without}."
    if not dates:
        return neither, neither, "No minefields layer is compared, so there is no handover date."
    handover_first, handover_last = min(date.first for date in dates), min(date.last for date in dates)
    return last_day <= np.datetime64(handover_first), first_day > np.datetime64(handover_last), None
