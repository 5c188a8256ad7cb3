"""A spatial index packed at once, as SQLite holds one: a tree of boxes in three tables.

Adding boxes one by one takes as long as all the rest of a layer. The format is that of SQLite's R*Tree module
(https://www.sqlite.org/rtree.html, section 5, and ``ext/rtree/rtree.c``): a node is its depth (of the root alone), the
number of its cells, then for each cell the row or the node below and its box, all big-endian. `rtreecheck` tests it.
"""

import sqlite3

import numpy as np
from numpy.typing import NDArray

from registry.gpkg import quoted

_HEAD_BYTES = 4
_CELL = np.dtype([("below", ">i8"), ("box", ">f4", 4)])
# By how much SQLite widens a box whose single-precision numbers would lie inside it.
_STEP = 2.0**-23


def create_index(
    connection: sqlite3.Connection, name: str, rows: NDArray[np.int64], boxes: NDArray[np.float64]
) -> None:
    """Make a spatial index; must run inside a transaction.

    Parameters
    ----------
    rows
        The number of each box's row.
    boxes
        West, east, south, north, shape (n, 4); a row with a NaN is left out.
    """
    connection.execute(f"CREATE VIRTUAL TABLE main.{quoted(name)} USING rtree(id, minx, maxx, miny, maxy)")
    found = np.isfinite(boxes).all(axis=1)
    if not found.any():
        return
    node, parent, rowid = (f"main.{quoted(f'{name}_{part}')}" for part in ("node", "parent", "rowid"))
    # A new index is one empty root, from which the size of a node is known.
    (node_bytes,) = connection.execute(f"SELECT length(data) FROM {node} WHERE nodeno = 1").fetchone()
    capacity = (node_bytes - _HEAD_BYTES) // _CELL.itemsize
    cells = np.empty(int(found.sum()), dtype=_CELL)
    cells["below"], cells["box"] = rows[found], _outwards(boxes[found])
    cells = cells[_in_tiles(cells["box"], capacity)]
    into, depth, next_node = rowid, 0, 2
    while True:
        count = -(-len(cells) // capacity)
        numbers = np.array([1]) if count == 1 else np.arange(next_node, next_node + count)
        holder = np.repeat(numbers, capacity)[: len(cells)]
        connection.executemany(
            f"INSERT INTO {into} VALUES (?, ?)", zip(cells["below"].tolist(), holder.tolist(), strict=True)
        )
        data = _nodes(cells, capacity, node_bytes, depth if count == 1 else 0)
        connection.executemany(f"INSERT OR REPLACE INTO {node} VALUES (?, ?)", zip(numbers.tolist(), data, strict=True))
        if count == 1:
            return
        cells = _above(cells, numbers, capacity)
        into, depth, next_node = parent, depth + 1, next_node + count


def _outwards(boxes: NDArray[np.float64]) -> NDArray[np.float32]:
    """Boxes in single precision that hold those in double, as SQLite rounds them."""
    single = boxes.astype(np.float32)
    sign = np.sign(boxes)
    lower, upper = boxes * (1 - sign * _STEP), boxes * (1 + sign * _STEP)
    is_inside = np.where([True, False, True, False], single > boxes, single < boxes)
    widened = np.where([True, False, True, False], lower, upper).astype(np.float32)
    return np.where(is_inside, widened, single)


def _in_tiles(boxes: NDArray[np.float32], capacity: int) -> NDArray[np.int64]:
    """An order in which each run of ``capacity`` boxes lies close together: in columns by x, in each of them by y."""
    x, y = boxes[:, 0] + boxes[:, 1], boxes[:, 2] + boxes[:, 3]
    of_column = capacity * max(1, round(np.sqrt(len(boxes) / capacity)))
    column = np.empty(len(boxes), dtype=np.int64)
    column[np.argsort(x, kind="stable")] = np.arange(len(boxes)) // of_column
    return np.lexsort((y, column))


def _nodes(cells: NDArray[np.void], capacity: int, node_bytes: int, depth: int) -> list[bytes]:
    """The bytes of the nodes that hold these cells, all but the last of them full."""
    count = -(-len(cells) // capacity)
    padded = np.zeros(count * capacity, dtype=_CELL)
    padded[: len(cells)] = cells
    nodes = np.zeros((count, node_bytes), dtype=np.uint8)
    held = np.full(count, capacity, dtype=">u2")
    held[-1] = len(cells) - (count - 1) * capacity
    nodes[:, :2] = np.array([depth], dtype=">u2").view(np.uint8)
    nodes[:, 2:_HEAD_BYTES] = held.view(np.uint8).reshape(count, 2)
    nodes[:, _HEAD_BYTES : _HEAD_BYTES + capacity * _CELL.itemsize] = padded.view(np.uint8).reshape(count, -1)
    return [node.tobytes() for node in nodes]


def _above(cells: NDArray[np.void], numbers: NDArray[np.int64], capacity: int) -> NDArray[np.void]:
    """One cell for each node, with the box around its cells."""
    starts = np.arange(0, len(cells), capacity)
    made = np.empty(len(numbers), dtype=_CELL)
    made["below"] = numbers
    for side, bound in enumerate((np.minimum, np.maximum, np.minimum, np.maximum)):
        made["box"][:, side] = bound.reduceat(cells["box"][:, side].astype(np.float32), starts)
    return made
