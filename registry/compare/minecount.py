"""Mines recorded against mines found (M5) and against an estimated total (M6)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from registry.compare.areas import are_repeated
from registry.compare.finds import Finds, pairs
from registry.compare.uncertainty import MIN_DENOMINATOR
from registry.geometry import Geometries

ALL_MINES = "all"

_COLUMN_OF_CLASS = {"ap": "mines_ap", "av": "mines_av", "other": "mines_other"}

MINE_COLUMNS = (*_COLUMN_OF_CLASS.values(), "mines_total_stated")
"""Columns of a minefield record that state a number of mines."""


@dataclass(frozen=True)
class Recovery:
    """Metric M5 for one class of mines (``ap``, ``av``, ``other``, ``all``), on completed fields.

    Only the ``fields`` that state a number of this class count, on both sides; ``fields_silent`` do not. The ratio may
    exceed 1, so it is no share and has no interval; where it is None, ``reason`` says why.
    """

    device_class: str
    fields: int
    fields_silent: int
    mines_found: int
    mines_recorded: int
    ratio: float | None
    reason: str | None = None


@dataclass(frozen=True)
class MineCount:
    """Metric M6: mines recorded / estimated total.

    All records received count, also those without a place; one handed over twice counts once. ``records_silent`` state
    no number. The ratio has no interval: the estimate is a person's, and it is only as good as its source.
    """

    mines_recorded: int
    records_stating: int
    records_silent: int
    records_repeated: int
    mines_estimated: int | None
    estimate_source: str | None
    ratio: float | None
    reason: str | None = None


def recorded_mines(records: pd.DataFrame) -> Mapping[str, NDArray[np.float64]]:
    """Mines that each record states by class, and ``all`` of them; NaN where it states no number.

    The total is the one that the record states, else the sum of its parts.

    Parameters
    ----------
    records
        With the columns `MINE_COLUMNS`. A number below nought says nothing.
    """
    stated = {name: _numbers(records[column]) for name, column in _COLUMN_OF_CLASS.items()}
    parts = np.column_stack(list(stated.values()))
    of_parts = np.where(np.isnan(parts).all(axis=1), np.nan, np.nansum(parts, axis=1))
    total = _numbers(records["mines_total_stated"])
    return {**stated, ALL_MINES: np.where(np.isnan(total), of_parts, total)}


def measure_recovery(finds: Finds, completed: pd.DataFrame, polygons: Geometries) -> tuple[Recovery, ...]:
    """Measure how many of the recorded mines were found on completed fields (M5).

    A find belongs to the first completed field that holds all of its points. A mine of unspecified type counts in
    ``all`` only.

    Parameters
    ----------
    finds
        Found mines on the plane of the fields.
    completed
        Records of the completed fields, with the columns `MINE_COLUMNS`.
    polygons
        Their polygons.
    """
    row, field, whole = pairs(finds.places, polygons)
    row, first = np.unique(row[whole], return_index=True)
    field = field[whole][first]
    rows = []
    for name, recorded in recorded_mines(completed).items():
        states = ~np.isnan(recorded)
        counts = states[field] & ((finds.device_class[row] == name) | (name == ALL_MINES))
        found = int(finds.quantity[row[counts]].sum())
        total, fields = int(np.nansum(recorded)), int(np.count_nonzero(states))
        reason = None
        if total < MIN_DENOMINATOR:
            reason = f"{total} mines are recorded on completed fields; below {MIN_DENOMINATOR} no ratio is given."
        ratio = None if reason else found / total
        rows.append(Recovery(name, fields, len(completed) - fields, found, total, ratio, reason))
    return tuple(rows)


def count_mines(received: pd.DataFrame, mines_estimated: int | None, estimate_source: str | None) -> MineCount:
    """Count the mines that records state, and hold them against an estimate (M6).

    Parameters
    ----------
    received
        All records received, with the columns ``batch_id``, ``record_id``, ``duplicate_of`` and `MINE_COLUMNS`.
    mines_estimated, estimate_source
        The total somebody estimates, 1 at least, and who and where; None where nobody stated one.
    """
    repeated = are_repeated(received)
    recorded = recorded_mines(received)[ALL_MINES][~repeated]
    states = ~np.isnan(recorded)
    total = int(np.nansum(recorded))
    reason = None
    if mines_estimated is None:
        reason = "Nobody stated an estimate of all mines; give one with its source."
    elif not states.any():
        reason = "No record states a number of mines."
    return MineCount(
        total,
        int(np.count_nonzero(states)),
        int(np.count_nonzero(~states)),
        int(np.count_nonzero(repeated)),
        mines_estimated,
        estimate_source,
        None if reason or mines_estimated is None else total / mines_estimated,
        reason,
    )


def _numbers(column: pd.Series) -> NDArray[np.float64]:
    values = column.astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(values >= 0, values, np.nan)
