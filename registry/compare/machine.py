"""How loops are made into machine code, and the shapes of what they work on. Nothing else knows Numba.

Code that is kept on disk is made anew when the file of its function changes, and no other. So a module of such loops
calls none of another's and takes no constant from it. Each version of a file keeps its code under names of its own:
Numba knows a file by its size and time, and writes that new code is there before it writes the code, so that one that
is stopped between the two would leave the code of the version before, to be run as the new.
"""

import hashlib
import inspect
import sys
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": {"nnan", "nsz"}}
"""No Python lock, no exception on division, and no promise for numbers that are not; sums stay in their order."""

_Function = TypeVar("_Function", bound=Callable[..., Any])


class Records(NamedTuple):
    """Records of different shape along a space-filling curve, as runs of edges.

    ``corners`` has the shape (runs, 2, 9): the corners of each run, the last repeated where there are fewer.
    ``first_run`` is that of each record, and their number at its end; ``owner`` is the record of each run. ``ranks``
    has, from ``first_rank`` of each record on, the ranks of all records of this shape, the lowest first.
    """

    corners: Floats
    first_run: Integers
    owner: Integers
    ranks: Integers
    first_rank: Integers


class Tree(NamedTuple):
    """Boxes in nodes of sixteen, level by level from the leaves up.

    ``boxes`` has the shape (nodes, 4, 16): lowest x, lowest y, highest x, highest y. ``lowest`` is the lowest rank in
    each box. ``first_node`` has the first node of each level, and the number of all nodes at its end.
    """

    boxes: Floats
    lowest: Integers
    first_node: Integers


def compiled(function: _Function) -> _Function:
    """Compile at the first call, and keep the machine code on disk where there is a place for it."""
    sources = (inspect.getsource(sys.modules[module]) for module in (__name__, function.__module__))
    version = "".join([numba.__version__, np.__version__, *sources])
    function.__qualname__ += f"_{hashlib.sha256(version.encode()).hexdigest()[:12]}"
    try:
        made: _Function = numba.njit(cache=True, **_OPTIONS)(function)
    except RuntimeError:
        made = numba.njit(**_OPTIONS)(function)
    return made


def at_hand(made: Any) -> bool:
    """Whether code is compiled in this process, or may be kept on disk: else each process compiles it for itself."""
    return bool(made.signatures) or made.stats.cache_path is not None


def inlined(function: _Function) -> _Function:
    """Compile into every place of the module that calls it: a call would count the references to each array."""
    made: _Function = numba.njit(inline="always", **_OPTIONS)(function)
    return made
