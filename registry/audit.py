"""The audit chain: what was done, sealed link by link, and the recomputation of all of it."""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry import gpkg, seal, tables
from registry.database import insert, rows
from registry.gpkg import quoted
from registry.model import AuditEntry, Layer, Progress

FILED = {"claim": ("claims", "claim_id"), "run": ("comparison_runs", "run_id")}
"""Action of the chain -> the table to which it adds a row, and the column that names it."""


@dataclass(frozen=True)
class Verification:
    """What was recomputed, and the problems found.

    ``head_sha256`` seals the whole history: note it elsewhere, and nobody can rewrite the history unseen.
    """

    layers: int
    documents: int
    entries: int
    head_sha256: str
    problems: tuple[str, ...]


def history(connection: sqlite3.Connection, *actions: str) -> tuple[AuditEntry, ...]:
    """Return the entries, oldest first; only those of the named actions where any are named."""
    wanted = f"WHERE action IN ({', '.join('?' * len(actions))})" if actions else ""
    return tuple(map(tables.entry_of, rows(connection, f"SELECT * FROM audit_log {wanted} ORDER BY id", actions)))


def append_entry(connection: sqlite3.Connection, action: str, content: Mapping[str, Any]) -> None:
    """Add a link to the chain. Must run inside the transaction that does what it says."""
    last = connection.execute("SELECT id, entry_sha256 FROM audit_log ORDER BY id DESC LIMIT 1").fetchone()
    sequence, previous = (last[0] + 1, last[1]) if last else (1, seal.FIRST_LINK)
    at = gpkg.now_text()
    row = {
        "id": sequence,
        "at": at,
        "action": action,
        "content": seal.canonical_json(content),
        "previous_sha256": previous,
        "entry_sha256": seal.link_sha256(sequence, at, action, content, previous),
    }
    insert(connection, "audit_log", row)


def seals(connection: sqlite3.Connection, layer: Layer) -> dict[str, str]:
    """The hashes that an import's entry in the chain holds; the catalogue row holds the hash of the layer's rows."""
    key = (layer.batch_id, layer.kind)
    of_layer = "WHERE batch_id = ? AND layer_kind = ? ORDER BY id"
    documents = ", ".join(["id", *tables.DOCUMENT_LISTING, "content IS NOT NULL AS bytes_kept"])
    queries = {
        "handover": ("SELECT * FROM handovers WHERE batch_id = ?", (layer.batch_id,)),
        "catalogue row": (f"SELECT * FROM layers {of_layer}", key),
        "documents": (f"SELECT {documents} FROM source_documents {of_layer}", key),
        "findings": (f"SELECT * FROM findings {of_layer}", key),
        "metadata": (
            "SELECT m.md_standard_uri, m.mime_type, m.metadata FROM gpkg_metadata m JOIN gpkg_metadata_reference r"
            " ON r.md_file_id = m.id WHERE r.table_name = ? ORDER BY m.id",
            (layer.table_name,),
        ),
        # A reader finds a layer through its entry in the contents, and its rows through the spatial index.
        "entry in the contents": (
            "SELECT c.data_type, c.identifier, c.description, g.column_name, g.geometry_type_name, s.srs_id,"
            " s.definition FROM gpkg_contents c JOIN gpkg_geometry_columns g USING (table_name)"
            " JOIN gpkg_spatial_ref_sys s ON s.srs_id = g.srs_id AND s.srs_id = c.srs_id WHERE table_name = ?",
            (layer.table_name,),
        ),
        "spatial index": (f"SELECT id, minx, maxx, miny, maxy FROM {quoted(index_name(layer))} ORDER BY id", ()),
    }
    return {what: sha256_of_query(connection, sql, parameters) for what, (sql, parameters) in queries.items()}


def seal_of_row(connection: sqlite3.Connection, table: str, key: str, value: str) -> str:
    """SHA-256 of the row of a table that has this value in its key column."""
    return sha256_of_query(connection, f"SELECT * FROM {table} WHERE {key} = ?", (value,))


def index_name(layer: Layer) -> str:
    """The table that holds a layer's spatial index."""
    return f"rtree_{layer.table_name}_geom"


def sha256_of_query(connection: sqlite3.Connection, sql: str, parameters: Sequence[Any] = ()) -> str:
    """SHA-256 of the rows that a query returns."""
    cursor = connection.execute(sql, parameters)
    return seal.sha256_of_rows([column[0] for column in cursor.description], cursor)


def sha256_of_layer(connection: sqlite3.Connection, table: str, *, without: Collection[str] = frozenset()) -> str:
    """SHA-256 of the rows of a layer.

    Parameters
    ----------
    without
        Columns that are known to hold nothing; they need not be read.
    """
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({quoted(table)})")]
    read = ", ".join(quoted(column) for column in columns if column not in without)
    cursor = connection.execute(f"SELECT {read} FROM {quoted(table)} ORDER BY fid")
    return seal.sha256_of_rows(columns, cursor, without=without)


def verify(connection: sqlite3.Connection, layers: Sequence[Layer], progress: Progress) -> Verification:
    """Recompute every hash and check the file's own integrity."""
    progress("checking the file", None)
    problems = [f"SQLite says: {row[0]}" for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
    entries = history(connection)
    problems += _broken_links(entries)
    problems += _foreign_rows(connection, entries)
    sealed = {(e.content["batch_id"], e.content["kind"]): e.content for e in entries if e.action == "import"}
    for done, layer in enumerate(layers):
        progress(f"checking {layer.batch_id} {layer.kind}", done / len(layers))
        problems += _layer_problems(connection, layer, sealed.pop((layer.batch_id, layer.kind.value), None))
    problems += [f"{batch} {kind}: its import is in the history, its layer is gone." for batch, kind in sealed]
    problems += _filed_problems(connection, entries)
    documents = connection.execute("SELECT count(*) FROM source_documents").fetchone()[0]
    head = entries[-1].entry_sha256 if entries else seal.FIRST_LINK
    return Verification(len(layers), documents, len(entries), head, tuple(problems))


def _layer_problems(connection: sqlite3.Connection, layer: Layer, sealed: Mapping[str, Any] | None) -> list[str]:
    where = f"{layer.batch_id} {layer.kind}"
    if sealed is None:
        return [f"{where}: the history holds no import of it."]
    try:
        found = seals(connection, layer)
        content_sha256 = sha256_of_layer(connection, layer.table_name)
        index = connection.execute("SELECT rtreecheck(?)", (index_name(layer),)).fetchone()[0]
    except sqlite3.Error as error:
        return [f"{where}: it cannot be read ({error})."]
    problems = [f"{where}: its {what} changed after the import." for what in found if found[what] != sealed.get(what)]
    if content_sha256 != layer.content_sha256:
        problems.append(f"{where}: its rows changed after the import.")
    if index != "ok":
        problems.append(f"{where}: its spatial index is damaged ({index}).")
    rows = connection.execute(
        "SELECT document_id, sha256, content FROM source_documents WHERE batch_id = ? AND layer_kind = ?"
        " AND content IS NOT NULL",
        (layer.batch_id, layer.kind),
    )
    for document_id, sha256, content in rows:
        if tables.sha256_of_bytes(content) != sha256:
            problems.append(f"{where}: the bytes of document {document_id} do not have the hash noted for them.")
    return problems


def _foreign_rows(connection: sqlite3.Connection, entries: Sequence[AuditEntry]) -> list[str]:
    """Rows that no entry of the history accounts for."""
    made = [
        {name: value for name, value in row.items() if name != "id"}
        for row in rows(connection, "SELECT * FROM registry_info")
    ]
    stated = [e.content for e in entries if e.action in {"create", "upgrade"}]
    problems = [] if made == stated[-1:] else ["registry_info is not as the registry was made."]
    for table, key in (
        ("handovers", "batch_id"),
        ("source_documents", "batch_id, layer_kind"),
        ("findings", "batch_id, layer_kind"),
    ):
        query = f"SELECT count(*) FROM {table} WHERE ({key}) NOT IN (SELECT {key} FROM layers)"
        number = connection.execute(query).fetchone()[0]
        if number:
            problems.append(f"{table}: {number} rows belong to no layer.")
    return problems


def _filed_problems(connection: sqlite3.Connection, entries: Sequence[AuditEntry]) -> list[str]:
    """Claims and runs: each is one row that one entry of the history seals. Older formats have neither table."""
    problems = []
    held = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    for action, (table, key) in FILED.items():
        sealed = {e.content[key]: e.content["row"] for e in entries if e.action == action}
        found = [row[0] for row in connection.execute(f"SELECT {key} FROM {table}")] if table in held else []
        for name in found:
            if name not in sealed:
                problems.append(f"{table}: the history holds no {action} {name}.")
            elif seal_of_row(connection, table, key, name) != sealed[name]:
                problems.append(f"{table}: {action} {name} changed after it was added.")
        problems += [f"{table}: {action} {name} is in the history and gone." for name in sealed if name not in found]
    return problems


def _broken_links(entries: Sequence[AuditEntry]) -> list[str]:
    problems = []
    previous = seal.FIRST_LINK
    for position, entry in enumerate(entries, start=1):
        expected = seal.link_sha256(position, entry.at, entry.action, entry.content, previous)
        if entry.sequence != position or entry.previous_sha256 != previous or entry.entry_sha256 != expected:
            problems.append(f"The history is broken at entry {position} ({entry.action} at {entry.at}).")
        previous = entry.entry_sha256
    return problems
