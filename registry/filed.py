"""What is added to a registry beside layers: public claims, and comparisons as they were made; each row sealed."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from registry import audit, tables, versions
from registry.compare.claims import Claim
from registry.database import insert, rows, writing
from registry.errors import DuplicateClaim, UnknownRun
from registry.model import Run

RUNS_NAMED = 5


def claims(connection: sqlite3.Connection) -> tuple[Claim, ...]:
    """The claims that were added, in their order."""
    return tuple(map(tables.claim_of, _held(connection, tables.CLAIMS)))


def add_claims(connection: sqlite3.Connection, path: Path, added: Sequence[Claim]) -> None:
    """Add claims, all or none, in one transaction; see `Registry.add_claims`."""
    with writing(connection, path):
        versions.bring_up_to_date(connection)
        taken = {claim.claim_id.lower() for claim in claims(connection)}
        for claim in added:
            if claim.claim_id.lower() in taken:
                raise DuplicateClaim(f"{path}: it holds a claim {claim.claim_id} already; give it another id.")
            taken.add(claim.claim_id.lower())
            _file(connection, "claim", claim.claim_id, tables.claim_row(claim))


def runs(connection: sqlite3.Connection) -> tuple[Run, ...]:
    """The comparisons that were stored, in their order."""
    return tuple(map(tables.run_of, _held(connection, tables.COMPARISON_RUNS)))


def run(connection: sqlite3.Connection, path: Path, run_id: str) -> Run:
    """One stored comparison; see `Registry.run`."""
    found = runs(connection)
    for each in found:
        if each.run_id == run_id:
            return each
    held = ", ".join(each.run_id for each in found[-RUNS_NAMED:]) or "none yet; minefield-registry stats stores one"
    raise UnknownRun(f"{path}: it holds no run {run_id}; the last it holds are: {held}.")


def add_run(connection: sqlite3.Connection, path: Path, added: Run) -> None:
    """Add a comparison, unless it is held already; see `Registry.add_run`."""
    if added.run_id in _run_ids(connection):
        return
    with writing(connection, path):
        versions.bring_up_to_date(connection)
        # Another process may have stored the same one since.
        if added.run_id not in _run_ids(connection):
            _file(connection, "run", added.run_id, tables.run_row(added))


def _run_ids(connection: sqlite3.Connection) -> set[str]:
    return {row["run_id"] for row in _held(connection, tables.COMPARISON_RUNS, "run_id")}


def _held(connection: sqlite3.Connection, table: tables.Table, columns: str = "*") -> list[tables.Row]:
    """The rows of a table, which a file of an older format does not have."""
    if versions.version_of(connection) < table.since:
        return []
    return rows(connection, f"SELECT {columns} FROM {table.name} ORDER BY id")


def _file(connection: sqlite3.Connection, action: str, name: str, row: tables.Row) -> None:
    """Inside a transaction: a row of its own, and the entry that seals it."""
    table, key = audit.FILED[action]
    insert(connection, table, row)
    audit.append_entry(connection, action, {key: name, "row": audit.seal_of_row(connection, table, key, name)})
