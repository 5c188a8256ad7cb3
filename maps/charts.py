"""The values of the distance curve beside the map: how many events lie within so many metres of a record (M1c)."""

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from maps.encode import pack
from registry.compare.containment import WITHIN_M, EventClass
from registry.stats import Comparison

LIMIT_M = (*WITHIN_M, 2_500, 5_000)
"""Where one band of the curve ends and the next begins; the first holds what is inside, the last what is farther."""

_COUNTED = [EventClass.INSIDE.value, EventClass.NEAR.value, EventClass.OUTSIDE.value]


@dataclass(frozen=True)
class DistanceCurve:
    """Metric M1c: ``within`` each of the limits lie so many of the ``total`` events; within 0 m lie those inside."""

    limit_m: tuple[int, ...]
    within: tuple[int, ...]
    total: int


def distance_bands(classified: pd.DataFrame) -> NDArray[np.int64]:
    """Number of the band that the distance of each event to the nearest record lies in, -1 where it does not count.

    Parameters
    ----------
    classified
        ``event_class``, ``removed_by`` and ``distance_m`` of events, see `registry.compare.accuracy.classify`; an event
        that counts and has no distance lies farther than any limit.

    Returns
    -------
    bands
        0 for events inside, ``n`` for those up to ``LIMIT_M[n]`` away, ``len(LIMIT_M)`` for those farther away.
    """
    counts = classified["event_class"].isin(_COUNTED) & classified["removed_by"].isna()
    distance_m = classified["distance_m"].to_numpy(dtype=np.float64, na_value=np.nan)
    bands = np.searchsorted(LIMIT_M, np.where(np.isnan(distance_m), np.inf, distance_m), side="left")
    return np.where(counts.to_numpy(dtype=bool), bands, -1)


def distance_curve(comparison: Comparison) -> DistanceCurve | None:
    """The curve of all events that count; None where there is none, or no record to measure to."""
    if not comparison.coverage.records_plotted:
        return None
    bands = distance_bands(comparison.classified)
    counts = np.bincount(bands[bands >= 0], minlength=len(LIMIT_M) + 1)
    total = int(counts.sum())
    return DistanceCurve(LIMIT_M, tuple(np.cumsum(counts[:-1]).tolist()), total) if total else None


def pack_curve(curve: DistanceCurve) -> str:
    """The curve as the page reads it."""
    return pack(asdict(curve), [])
