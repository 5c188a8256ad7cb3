"""Format versions of the registry file: making one, telling them apart, and the step from an older to the present one.

A file of an older format opens and is read as it is. It is brought to the present format by the first write that needs
a table it lacks, in the same transaction.
"""

import sqlite3
import uuid
from pathlib import Path

from registry import __version__, audit, gpkg, tables
from registry.database import insert, protect, reading, rows
from registry.errors import NewerFormat, NotARegistry
from registry.gpkg import quoted

FORMAT_VERSION = 2


def create(connection: sqlite3.Connection) -> str:
    """Make an empty registry, inside a transaction; returns its identity."""
    gpkg.create_core(connection)
    _add_tables(connection, after=0)
    row = {
        "format_version": FORMAT_VERSION,
        "identity": str(uuid.uuid4()),
        "created_at": gpkg.now_text(),
        "software": f"minefield-registry {__version__}",
    }
    insert(connection, "registry_info", row)
    audit.append_entry(connection, "create", row)
    return str(row["identity"])


def recognise(connection: sqlite3.Connection, path: Path) -> str:
    """The identity of a registry whose format this version reads.

    Raises
    ------
    NotARegistry
        If it is none, or lacks a table of its format.
    NewerFormat
        If a newer version of this package wrote it.
    """
    with reading(path):
        held = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "registry_info" not in held:
            raise NotARegistry(f"{path}: it is not a registry of this package; make one with: minefield-registry init.")
        info = connection.execute("SELECT format_version, identity FROM registry_info").fetchone()
    if info is None or not isinstance(info[0], int):
        raise NotARegistry(f"{path}: its registry_info is damaged; take the last copy that opens.")
    version, identity = info
    if version > FORMAT_VERSION:
        raise NewerFormat(
            f"{path}: it has format {version} and this version reads up to {FORMAT_VERSION}; "
            "upgrade with: pip install --upgrade minefield-registry."
        )
    if not {table.name for table in tables.ATTRIBUTE_TABLES if table.since <= version} <= held:
        raise NotARegistry(f"{path}: it is not a registry of this package; make one with: minefield-registry init.")
    return str(identity)


def version_of(connection: sqlite3.Connection) -> int:
    """The format of a registry."""
    return int(connection.execute("SELECT format_version FROM registry_info").fetchone()[0])


def bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Bring a registry to the present format. Must run inside the transaction that needs it.

    The one row of ``registry_info`` is replaced, so that a program that knows only the older format refuses the file
    and does not misread it; what the row said before stays in the history, and the entry ``upgrade`` holds what it
    says now.
    """
    held = version_of(connection)
    if held == FORMAT_VERSION:
        return
    _add_tables(connection, after=held)
    (info,) = rows(connection, "SELECT * FROM registry_info")
    changed = {"format_version": FORMAT_VERSION, "software": f"minefield-registry {__version__}"}
    connection.execute(f"DROP TRIGGER IF EXISTS {quoted('keep_registry_info_update')}")
    connection.execute("UPDATE registry_info SET format_version = :format_version, software = :software", changed)
    protect(connection, "registry_info", ("UPDATE",))
    audit.append_entry(connection, "upgrade", {name: v for name, v in {**info, **changed}.items() if name != "id"})


def _add_tables(connection: sqlite3.Connection, *, after: int) -> None:
    """The attribute tables that came after a format, guarded and listed in the contents."""
    for table in tables.ATTRIBUTE_TABLES:
        if table.since > after:
            connection.execute(table.ddl())
            gpkg.register_attributes(connection, table.name, table.meaning)
            protect(connection, table.name, ("UPDATE", "DELETE"))
