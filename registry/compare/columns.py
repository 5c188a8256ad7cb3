"""Columns of the layers that are compared, as arrays."""

from typing import Any

import numpy as np
import pandas
from numpy.typing import NDArray

from registry.codes import DatePrecision
from registry.compare.kernel import Mask
from registry.errors import CompareError

Days = NDArray[np.datetime64]


def values(frame: pandas.DataFrame, name: str) -> NDArray[Any]:
    """A column as Python values, None where nothing is stated.

    Raises
    ------
    CompareError
        If the frame has no such column.
    """
    if name not in frame:
        raise CompareError(f"A layer in the comparison has no column {name}; add it, empty where nothing is known.")
    column = frame[name]
    stated = np.flatnonzero(column.notna().to_numpy(dtype=bool))
    found = np.full(len(column), None, dtype=object)
    found[stated] = column.iloc[stated].astype(object).to_numpy()
    return found


def texts(frame: pandas.DataFrame, name: str) -> NDArray[Any]:
    """A column of texts without outer blanks, None where nothing is stated."""
    found = values(frame, name)
    for row in np.flatnonzero(found != None):  # noqa: E711 (of each element)
        found[row] = str(found[row]).strip() or None
    return found


def flags(frame: pandas.DataFrame, name: str) -> Mask:
    """Where a column states that something is so."""
    return np.array([value is not None and bool(value) for value in values(frame, name)], dtype=bool)


def numbers(frame: pandas.DataFrame, name: str) -> NDArray[np.float64]:
    """A column of numbers, NaN where none is stated."""
    found = values(frame, name)
    found[found == None] = np.nan  # noqa: E711 (of each element)
    return found.astype(np.float64)


def days(frame: pandas.DataFrame, name: str) -> tuple[Days, Days]:
    """First and last day that each date can mean, not-a-time where there is none.

    The column holds the first day; the column of that name with ``_precision`` says how much of it is known (null is
    taken for a day).
    """
    values(frame, name)
    first = frame[name].to_numpy(dtype="datetime64[D]")
    precision = values(frame, f"{name}_precision")
    last = first.copy()
    for code, unit in ((DatePrecision.MONTH, "M"), (DatePrecision.YEAR, "Y")):
        coarse = np.asarray(precision == code.value, dtype=bool)
        following = first[coarse].astype(f"datetime64[{unit}]") + 1
        last[coarse] = following.astype("datetime64[D]") - 1
    return first, last
