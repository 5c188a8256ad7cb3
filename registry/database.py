"""SQLite as the registry uses it: connections, transactions, rows, and its errors in sentences."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from registry.errors import NotARegistry, RegistryBusy, StoreError
from registry.gpkg import quoted

BUSY_TIMEOUT_S = 5.0


def connect(path: Path) -> sqlite3.Connection:
    """Open a database file, which must exist; an empty file is an empty database."""
    try:
        # Transactions are opened and closed by `writing` alone.
        return sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None
        )
    except sqlite3.Error as error:
        raise explained(error, path) from error


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Queries whose foreseen SQLite errors become ours."""
    try:
        yield
    except sqlite3.Error as error:
        raise explained(error, path) from error


@contextmanager
def writing(connection: sqlite3.Connection, path: Path) -> Iterator[None]:
    """One transaction: all of it or nothing."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("COMMIT")
    except BaseException as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        if isinstance(error, sqlite3.Error):
            raise explained(error, path) from error
        raise


_SENTENCES = {
    sqlite3.SQLITE_BUSY: "another process is writing to it; try again when that has ended.",
    sqlite3.SQLITE_LOCKED: "another process is writing to it; try again when that has ended.",
    sqlite3.SQLITE_FULL: "the disk is full; nothing was changed; make room and try again.",
    sqlite3.SQLITE_READONLY: "the file or its folder cannot be written to; nothing was changed; copy it elsewhere.",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened or its folder cannot be written to; check the path and your rights.",
    sqlite3.SQLITE_IOERR: "the disk refused to read or write; nothing was changed; check the disk and its free space.",
    sqlite3.SQLITE_CORRUPT: "the file is damaged; take the last copy that passes: minefield-registry verify.",
    sqlite3.SQLITE_NOTADB: "it is not a registry of this package.",
}


def explained(error: sqlite3.Error, path: Path) -> Exception:
    """Put a foreseen SQLite error as one of ours, with what to do; any other is a bug and stays what it is."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code not in _SENTENCES:
        return error
    kinds = {
        sqlite3.SQLITE_BUSY: RegistryBusy,
        sqlite3.SQLITE_LOCKED: RegistryBusy,
        sqlite3.SQLITE_NOTADB: NotARegistry,
    }
    return kinds.get(code, StoreError)(f"{path}: {_SENTENCES[code]}")


def insert(connection: sqlite3.Connection, table: str, row: Mapping[str, Any]) -> None:
    """Add a row given by column name."""
    insert_all(connection, table, [row])


def insert_all(connection: sqlite3.Connection, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Add rows given by column name, all with the same columns in the same order."""
    left = iter(rows)
    first = next(left, None)
    if first is None:
        return
    columns, places = ", ".join(first), ", ".join("?" * len(first))
    values = (tuple(row.values()) for row in chain([first], left))
    connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({places})", values)


def rows(connection: sqlite3.Connection, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """The rows of a query by column name."""
    cursor = connection.execute(sql, parameters)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def protect(connection: sqlite3.Connection, table: str, actions: Sequence[str]) -> None:
    """Refuse changes that an editor might make by mistake; whoever means to tamper is caught by the hashes."""
    for action in actions:
        name = quoted(f"keep_{table}_{action.lower()}")
        connection.execute(
            f"CREATE TRIGGER {name} BEFORE {action} ON {quoted(table)} BEGIN"
            " SELECT RAISE(ABORT, 'A registry is not edited: import a correction with --supersedes.'); END"
        )
