"""A packed index is one that SQLite itself could have made."""

import sqlite3
from contextlib import closing

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.rtree import create_index


def indexed(boxes, page_bytes=4096):
    """A database with an index over these boxes (west, east, south, north), their rows numbered from 1."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute(f"PRAGMA page_size = {page_bytes}")
    connection.execute("BEGIN")
    create_index(connection, "t", np.arange(1, len(boxes) + 1), np.array(boxes, dtype=float).reshape(-1, 4))
    connection.execute("COMMIT")
    return closing(connection)


def entries(connection):
    return connection.execute("SELECT * FROM t ORDER BY id").fetchall()


def one_by_one(boxes):
    """What SQLite's own insertion makes of them."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE VIRTUAL TABLE t USING rtree(id, minx, maxx, miny, maxy)")
        connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?)", [(n, *box) for n, box in enumerate(boxes, 1)])
        return entries(connection)


def random_boxes(count, seed=3):
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(-180, 179, count), rng.uniform(-90, 89, count)
    return np.column_stack([x, x + rng.exponential(0.01, count), y, y + rng.exponential(0.01, count)])


@pytest.mark.parametrize("count", [0, 1, 51, 52, 2_601, 2_602, 3_000])
@pytest.mark.parametrize("page_bytes", [1024, 4096, 65536])
def test_sqlite_finds_nothing_wrong_with_it(count, page_bytes):
    boxes = random_boxes(count)
    with indexed(boxes, page_bytes) as connection:
        assert connection.execute("SELECT rtreecheck('t')").fetchone() == ("ok",)
        assert entries(connection) == one_by_one(boxes)


def test_a_box_is_found_where_it_is_and_only_there():
    boxes = random_boxes(3_000)
    with indexed(boxes) as connection:
        for west, south in np.random.default_rng(5).uniform((-180, -90), (170, 80), (40, 2)):
            east, north = west + 8, south + 6
            found = connection.execute(
                "SELECT id FROM t WHERE maxx >= ? AND minx <= ? AND maxy >= ? AND miny <= ? ORDER BY id",
                (west, east, south, north),
            ).fetchall()
            touch = (boxes[:, 1] >= west) & (boxes[:, 0] <= east) & (boxes[:, 3] >= south) & (boxes[:, 2] <= north)
            assert [row[0] for row in found] == (np.flatnonzero(touch) + 1).tolist()


def test_it_can_be_changed_as_any_other():
    boxes = random_boxes(2_000)
    with indexed(boxes) as connection:
        connection.execute("DELETE FROM t WHERE id % 3 = 0")
        connection.executemany("INSERT INTO t VALUES (?, 0, 1, 0, 1)", [(3 * n,) for n in range(1, 500)])
        assert connection.execute("SELECT rtreecheck('t')").fetchone() == ("ok",)
        assert len(entries(connection)) == 2_000 - 666 + 499


def test_what_has_no_box_is_left_out():
    with indexed([[0, 1, 0, 1], [np.nan] * 4, [2, 3, 2, 3]]) as connection:
        assert [row[0] for row in entries(connection)] == [1, 3]


NUMBERS = st.floats(-1e6, 1e6) | st.sampled_from([0.0, -0.0, 5e-324, -5e-324, 1e-40, 16777217.0, -16777217.0, 180.0])


@given(st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=5))
def test_it_is_rounded_as_sqlite_rounds(numbers):
    boxes = [(min(a, b), max(a, b), min(c, d), max(c, d)) for a, b, c, d in numbers]
    with indexed(boxes) as connection:
        assert entries(connection) == one_by_one(boxes)
