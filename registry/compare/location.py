"""What location error makes of M1: blurred containment, the noise ceiling, the estimate of the truth, chance."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from registry.compare.areas import MergedLand, RankedRecords, merge_records
from registry.compare.blur import Blurred, BlurRow, blur_sensitivity, blurred_containment, noise_ceiling
from registry.compare.chance import Chance, chance_containment
from registry.compare.columns import numbers
from registry.compare.eligibility import Selection
from registry.compare.mapped import prepare_mapped
from registry.compare.mixture import TrueContainment, estimate_containment
from registry.compare.study import StudyArea
from registry.compare.uncertainty import CELL_M

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LocationError:
    """Metrics M1b, M1d, the noise ceiling and the null model, of the events that count.

    Attributes
    ----------
    events
        Located events that count and, for M1d and chance, lie in the study area.
    errors_stated
        How many of them state their own position error.
    assumed_m
        The error that the person states for the others, None where nobody did.
    record_sigma_m
        Position error of the records, the median of those that state one, added to that of each event as the root of
        the sum of squares; None where no record states one.
    median_sigma_m
        Of both together; None where an event has no error.
    blurred, ceiling, estimate
        M1b, the noise ceiling se_map (None where an error is missing) and M1d.
    sensitivity
        M1b and the ceiling for errors that nobody stated.
    chance
        M1 of records shifted at random in the study area; None without events in it.
    """

    events: int
    errors_stated: int
    assumed_m: float | None
    record_sigma_m: float | None
    median_sigma_m: float | None
    blurred: Blurred
    ceiling: float | None
    estimate: TrueContainment
    sensitivity: tuple[BlurRow, ...]
    chance: Chance | None


def measure_location_error(
    selection: Selection,
    records: RankedRecords,
    study: StudyArea | None,
    *,
    land: MergedLand | None = None,
    assumed_m: float | None = None,
    seed: int = 1,
) -> LocationError | None:
    """Measure what the error of recorded positions does to M1.

    Parameters
    ----------
    selection, records
        The events that count and the records in rank order; both may have the column ``sigma_m``.
    study
        The study area, on the plane of the records.
    land
        What `merge_records` made of the records; made here when left out.
    assumed_m
        Position error of events that state none, one sigma in metres.
    seed
        Of the null model.

    Returns
    -------
    None without events or without land that is mapped: there is nothing to blur.
    """
    if study is None or not len(records.polygons) or not selection.keep.any():
        return None
    xy = selection.xy
    own = numbers(selection.events, "sigma_m")[selection.is_located][selection.keep]
    of_records = _of_records(records)
    filled = np.where(np.isnan(own), np.nan if assumed_m is None else assumed_m, own)
    sigma_m = np.hypot(filled, of_records or 0.0)
    known = not np.isnan(sigma_m).any()
    held = study.holds(selection.located.on_plane[selection.keep])
    estimable = held.any() and not np.isnan(sigma_m[held]).any()
    median_m = float(np.median(sigma_m[held])) if estimable else None
    parts = (merge_records(records) if land is None else land).parts
    mapped = prepare_mapped(records.polygons, np.array([study.polygon], dtype=object), median_m, parts)
    return LocationError(
        events=len(xy),
        errors_stated=int(np.count_nonzero(~np.isnan(own))),
        assumed_m=assumed_m,
        record_sigma_m=of_records,
        median_sigma_m=float(np.median(sigma_m)) if known else None,
        blurred=blurred_containment(xy, sigma_m, mapped.land),
        ceiling=noise_ceiling(sigma_m, mapped.land) if known else None,
        estimate=estimate_containment(xy[held], sigma_m[held], mapped, CELL_M),
        sensitivity=blur_sensitivity(xy, mapped.land),
        chance=chance_containment(xy, mapped.land, mapped.reaches[-1].land, seed=seed),
    )


def _of_records(records: RankedRecords) -> float | None:
    """Median position error of the records that state one."""
    if "sigma_m" not in records.attributes:
        return None
    stated = numbers(records.attributes, "sigma_m")
    stated = stated[~np.isnan(stated)]
    return float(np.median(stated)) if len(stated) else None
