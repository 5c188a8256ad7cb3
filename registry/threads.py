"""Work in parts on a few threads, in an order that does not depend on them; shapely and numpy release the lock."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

THREADS = 2

Part = TypeVar("Part")
Result = TypeVar("Result")


def on_threads(work: Callable[[Part], Result], parts: Sequence[Part], threads: int = THREADS) -> list[Result]:
    """The results of work on each part, in the order of the parts; a single part needs no thread."""
    if len(parts) < 2:
        return [work(part) for part in parts]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, parts))


def beside(here: Callable[[], Part], there: Callable[[], Result]) -> tuple[Part, Result]:
    """The results of two works, the one done on this thread, the other meanwhile on a thread of its own."""
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(there)
        return here(), other.result()


def in_parts(work: Callable[..., NDArray[Any]], *columns: NDArray[Any], most: int) -> NDArray[Any]:
    """The result of work on the rows of some arrays, done in parts of at most so many rows.

    Parameters
    ----------
    work
        Gives an array with a row for each row it is given, and none depends on another.
    """
    rows = len(columns[0])
    if rows <= most:
        return work(*columns)
    parts = [slice(start, start + most) for start in range(0, rows, most)]
    return np.concatenate(on_threads(lambda part: work(*(column[part] for column in columns)), parts))
