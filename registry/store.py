"""The registry file: one GeoPackage that holds every layer with its provenance, and a chain that seals its history.

A layer comes in by one SQLite transaction with all that is said of it, so that the cost of adding one does not grow
with the registry, readers never see half an import, and a kill at any moment leaves the old state or the new one.
Nothing is edited or deleted: a correction supersedes, a mistake is withdrawn, both stay in the history.
"""

import json
import re
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio

from registry import audit, database, filed, gpkg, provenance, styles, tables, versions
from registry.compare.claims import Claim
from registry.database import connect, insert, insert_all, protect, reading, writing
from registry.errors import DuplicateLayer, NotARegistry, StoreError, UnknownLayer
from registry.geometry import total_bounds
from registry.layertable import LayerRows, create_table, rows_of, table_name
from registry.model import (
    GEOMETRY_OF_KIND,
    AuditEntry,
    Counts,
    Finding,
    Handover,
    Kind,
    Layer,
    LayerState,
    Progress,
    Provenance,
    Run,
    SourceDocument,
    silent,
)
from registry.schema import FieldType, fields

BLOB_MAX_BYTES = 900_000_000
"""SQLite holds values of up to 1 GB; a larger source is kept by its hash alone."""

_BATCH_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class NewLayer:
    """All that one import adds.

    ``records`` has the fields of its kind as columns (those that hold nothing may be missing), dates as ISO text, and
    its geometry on WGS 84. ``documents`` carry their content unless the user declined to keep it.
    """

    handover: Handover
    kind: Kind
    title: str
    records: gpd.GeoDataFrame
    counts: Counts
    provenance: Provenance
    documents: tuple[SourceDocument, ...]
    findings: tuple[Finding, ...]
    supersedes: str | None = None
    reason: str | None = None


class Registry:
    """An open registry file. Use it as a context manager."""

    def __init__(self, path: Path, connection: sqlite3.Connection, identity: str, entries: int | None = None) -> None:
        self.path = path
        self.identity = identity
        self._connection = connection
        self._entries = entries  # how much of the history counts; None: all of it

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make an empty registry.

        Raises
        ------
        StoreError
            If the file exists, is not named ``.gpkg``, or its folder cannot be written to.
        """
        if path.suffix.lower() != ".gpkg":
            raise StoreError(f"{path}: a registry is a GeoPackage; give it a name that ends in .gpkg.")
        if not path.parent.is_dir():
            raise StoreError(f"{path}: its folder {path.parent} does not exist; make it first.")
        # Of two that make it at once, one must find the file there: the other's is not its own to remove.
        try:
            path.open("xb").close()
        except FileExistsError as error:
            raise StoreError(f"{path}: it exists already; choose another name or import into it.") from error
        except OSError as error:
            raise StoreError(
                f"{path}: it cannot be made, or its folder cannot be written to ({error.strerror}); "
                "check the path and your rights."
            ) from error
        connection = connect(path)
        try:
            with writing(connection, path):
                identity = versions.create(connection)
        except BaseException:
            connection.close()
            path.unlink(missing_ok=True)
            raise
        return cls(path, connection, identity)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a registry for reading and adding.

        Raises
        ------
        NotARegistry
            If there is no file, or it is not a registry.
        NewerFormat
            If a newer version of this package wrote it.
        """
        if not path.is_file():
            raise NotARegistry(f"{path}: there is no registry here; make one with: minefield-registry init.")
        connection = connect(path)
        try:
            return cls(path, connection, versions.recognise(connection, path))
        except BaseException:
            connection.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def layers(
        self, kind: Kind | None = None, *, batch_ids: Collection[str] = (), all_states: bool = False
    ) -> tuple[Layer, ...]:
        """The layers in the order in which they were added.

        Parameters
        ----------
        kind
            Only layers of this kind.
        batch_ids
            Only layers of these batches; none means all.
        all_states
            Also those superseded or withdrawn.

        Raises
        ------
        UnknownLayer
            If a batch is named that the registry does not hold.
        """
        found = self._all_layers()
        unknown = sorted(set(batch_ids) - {layer.batch_id for layer in found})
        if unknown:
            held = ", ".join(dict.fromkeys(layer.batch_id for layer in found)) or "none yet"
            raise UnknownLayer(f"{self.path}: it holds no batch {', '.join(unknown)}; its batches are: {held}.")
        return tuple(
            layer
            for layer in found
            if (kind is None or layer.kind is kind)
            and (not batch_ids or layer.batch_id in batch_ids)
            and (all_states or layer.state is LayerState.ACTIVE)
        )

    def layer(self, batch_id: str, kind: Kind) -> Layer:
        """One layer, in whatever state."""
        for layer in self.layers(kind, batch_ids=(batch_id,), all_states=True):
            return layer
        raise UnknownLayer(f"{self.path}: batch {batch_id} has no layer of kind {kind}.")

    def handover(self, batch_id: str) -> Handover:
        """What was stated about a batch."""
        for row in self._rows("SELECT * FROM handovers WHERE batch_id = ?", batch_id):
            return tables.handover_of(row)
        raise UnknownLayer(f"{self.path}: it holds no batch {batch_id}.")

    def documents(self, layer: Layer) -> tuple[SourceDocument, ...]:
        """The source documents of a layer, without their content."""
        rows = self._rows(
            f"SELECT {', '.join(tables.DOCUMENT_LISTING)} FROM source_documents"
            " WHERE batch_id = ? AND layer_kind = ? ORDER BY id",
            layer.batch_id,
            layer.kind,
        )
        return tuple(map(tables.document_of, rows))

    def document_content(self, document_id: str) -> bytes | None:
        """The bytes of a source document; None where only its hash was kept."""
        for row in self._rows("SELECT content FROM source_documents WHERE document_id = ?", document_id):
            content: bytes | None = row["content"]
            return content
        raise UnknownLayer(f"{self.path}: it holds no document {document_id}.")

    def batches_holding(self, sha256: str) -> tuple[tuple[str, Kind], ...]:
        """The batches and kinds that already hold a file with this hash."""
        rows = self._rows("SELECT batch_id, layer_kind FROM source_documents WHERE sha256 = ? ORDER BY id", sha256)
        return tuple((row["batch_id"], Kind(row["layer_kind"])) for row in rows)

    def findings(self, layer: Layer) -> tuple[Finding, ...]:
        """What the checks found when the layer was imported."""
        rows = self._rows(
            "SELECT * FROM findings WHERE batch_id = ? AND layer_kind = ? ORDER BY id", layer.batch_id, layer.kind
        )
        return tuple(map(tables.finding_of, rows))

    def history(self) -> tuple[AuditEntry, ...]:
        """Everything that was ever done to the registry, oldest first."""
        return audit.history(self._connection)

    def layers_before(self, layer: Layer) -> tuple[Layer, ...]:
        """The layers that the import of this one was tested against: those then active, but not the one it replaced."""
        entries = self.history()
        (imported,) = (e for e in entries if e.action == "import" and _key(e) == (layer.batch_id, layer.kind))
        active = [_key(e) for e in entries if e.action == "import" and e.sequence < imported.sequence]
        ended = {
            _key(entry)
            for entry in entries
            if entry.action in {"supersede", "withdraw"}
            and (entry.sequence < imported.sequence or entry.content.get("by") == layer.batch_id)
        }
        by_key = {(each.batch_id, each.kind.value): each for each in self._all_layers()}
        return tuple(by_key[key] for key in active if key not in ended)

    def as_it_was(self, entries: int) -> Self:
        """The registry as it was when its history had this many entries: a view, for reading only.

        Layers added later are not in it, and those superseded or withdrawn later are active. It ends with this one.
        """
        return type(self)(self.path, self._connection, self.identity, entries)

    def read(
        self,
        layer: Layer,
        columns: Sequence[str] | None = None,
        *,
        bounds: tuple[float, float, float, float] | None = None,
    ) -> gpd.GeoDataFrame:
        """Read the rows of a layer, with their types restored.

        Parameters
        ----------
        layer
            A layer of this registry.
        columns
            Only these attribute columns; the geometry always comes along.
        bounds
            Only records that touch this box (west, south, east, north in degrees).

        Returns
        -------
        records
            On WGS 84, in stored order. Text as pandas ``string``, whole numbers ``Int64``, numbers ``float64``, dates
            ``datetime64[s]``, truth values ``boolean``, JSON as Python values.
        """
        frame = pyogrio.read_dataframe(self.path, layer=layer.table_name, columns=columns, bbox=bounds, use_arrow=True)
        for field in fields(layer.kind):
            if field.name in frame:
                frame[field.name] = restored(frame[field.name], field.field_type)
        return frame

    def read_arrow(self, layer: Layer, columns: Sequence[str]) -> Any:
        """Read columns of a layer as an Arrow table, in stored order; ``geom`` has WKB on WGS 84, null without one."""
        return pyogrio.read_arrow(self.path, layer=layer.table_name, columns=list(columns))[1]

    def add(self, new: NewLayer) -> Layer:
        """Add a layer with everything that belongs to it, in one transaction.

        Raises
        ------
        DuplicateLayer
            If the batch already has a layer of that kind.
        UnknownLayer
            If the batch to be superseded has no active layer of that kind.
        StoreError
            If the file cannot be written; it is then as it was before.
        """
        (layer,) = self.add_all([new])
        return layer

    def add_all(self, news: Sequence[NewLayer]) -> tuple[Layer, ...]:
        """Add layers of several kinds in one transaction: all of them or none; see `add`."""
        # Before the transaction, so that others wait for as short as can be.
        rows = [rows_of(new.records, new.kind) for new in news]
        with writing(self._connection, self.path):
            added = tuple(self._bring_in(new, of_new) for new, of_new in zip(news, rows, strict=True))
            styles.keep_registry_styles(self._connection, self._all_layers())
            return added

    def withdraw(self, batch_id: str, *, kind: Kind | None = None, reason: str) -> tuple[Layer, ...]:
        """Take a batch's active layers, or the one of a kind, out of the figures; they stay in the history.

        Raises
        ------
        UnknownLayer
            If there is nothing active to withdraw.
        StoreError
            If no reason is given.
        """
        with writing(self._connection, self.path):
            active = self.withdrawable(batch_id, kind=kind, reason=reason)
            for layer in active:
                content = {"batch_id": batch_id, "kind": layer.kind.value, "reason": reason}
                audit.append_entry(self._connection, "withdraw", content)
            styles.keep_registry_styles(self._connection, self._all_layers())
        return tuple(self.layer(batch_id, layer.kind) for layer in active)

    def withdrawable(self, batch_id: str, *, kind: Kind | None = None, reason: str) -> tuple[Layer, ...]:
        """What `withdraw` would take out; it refuses what that would refuse."""
        if not reason.strip():
            raise StoreError("A withdrawal needs a reason; say it with --reason.")
        active = self.layers(kind, batch_ids=(batch_id,))
        if not active:
            what = f"layer of kind {kind}" if kind else "layer"
            raise UnknownLayer(f"{self.path}: batch {batch_id} has no active {what} to withdraw.")
        return active

    def claims(self) -> tuple[Claim, ...]:
        """The claims that were added, in their order."""
        return filed.claims(self._connection)

    def add_claims(self, claims: Sequence[Claim]) -> None:
        """Add claims, all or none.

        Raises
        ------
        DuplicateClaim
            If an id is taken, in whatever letters.
        StoreError
            If the file cannot be written; it is then as it was before.
        """
        filed.add_claims(self._connection, self.path, claims)

    def runs(self) -> tuple[Run, ...]:
        """The comparisons that were stored, in their order."""
        return filed.runs(self._connection)

    def run(self, run_id: str) -> Run:
        """One stored comparison.

        Raises
        ------
        UnknownRun
            If there is none with this id.
        """
        return filed.run(self._connection, self.path, run_id)

    def add_run(self, run: Run) -> None:
        """Add a comparison; one that is held already is not added again.

        Raises
        ------
        StoreError
            If the file cannot be written; it is then as it was before.
        """
        filed.add_run(self._connection, self.path, run)

    def verify(self, progress: Progress = silent) -> audit.Verification:
        """Recompute every hash and check the file's own integrity.

        Raises
        ------
        StoreError
            If the file is too damaged for its history to be read.
        """
        with reading(self.path):
            return audit.verify(self._connection, self._all_layers(), progress)

    def _bring_in(self, new: NewLayer, rows: LayerRows) -> Layer:
        """Inside the transaction: the table and index of the layer, then all rows that speak of it."""
        connection = self._connection
        batch_id, kind = new.handover.batch_id, new.kind
        self.check_new(new.handover, kind, supersedes=new.supersedes, reason=new.reason)
        if not self._rows("SELECT 1 FROM handovers WHERE batch_id = ?", batch_id):
            insert(connection, "handovers", tables.handover_row(new.handover))
        table = table_name(batch_id, kind)
        create_table(connection, table, kind, rows)
        protect(connection, table, ("INSERT", "UPDATE", "DELETE"))
        bounds = total_bounds(new.records.geometry.to_numpy())
        gpkg.register_features(
            connection,
            table,
            identifier=f"{new.title} ({batch_id}, {kind})",
            description=f"{kind} of batch {batch_id}, as handed over. Where no record lies, nothing is known.",
            geometry_type=GEOMETRY_OF_KIND[kind].value,
            bounds=bounds,
        )
        for document in new.documents:
            insert(connection, "source_documents", tables.document_row(document, batch_id, kind))
        insert_all(connection, "findings", (tables.finding_row(each, batch_id, kind) for each in new.findings))
        content_sha256 = audit.sha256_of_layer(connection, table, without=rows.empty)
        layer = Layer(batch_id, kind, new.title, table, new.counts, content_sha256, new.provenance)
        insert(connection, "layers", tables.layer_row(layer))
        prov = provenance.prov_json(layer, new.handover, new.documents)
        gpkg.add_metadata(
            connection,
            table,
            gpkg.GDAL_URI,
            "text/xml",
            gpkg.tags_xml(provenance.tags(layer, new.handover, new.documents)),
        )
        gpkg.add_metadata(connection, table, gpkg.PROV_URI, "application/ld+json", prov)
        sealed = {"batch_id": batch_id, "kind": kind.value, **audit.seals(connection, layer)}
        audit.append_entry(connection, "import", sealed)
        if new.supersedes is not None:
            content = {"batch_id": new.supersedes, "kind": kind.value, "by": batch_id, "reason": new.reason or ""}
            audit.append_entry(connection, "supersede", content)
        return layer

    def check_new(self, handover: Handover, kind: Kind, *, supersedes: str | None, reason: str | None) -> None:
        """Refuse early what `add` would refuse: an id already taken, a contradiction, nothing to supersede.

        Raises
        ------
        DuplicateLayer, UnknownLayer, StoreError
            As `add` does.
        """
        for stated in (*vars(handover).values(), reason):
            if isinstance(stated, str) and not _is_text(stated):
                raise StoreError(f"{stated!r} holds bytes that are no text; write it again.")
        batch_id = handover.batch_id
        if _BATCH_ID.fullmatch(batch_id) is None:
            raise StoreError(
                f"{batch_id!r} cannot name a batch; use up to 64 letters, digits, points, hyphens and underscores."
            )
        for layer in self._all_layers():
            if layer.batch_id != batch_id and layer.batch_id.lower() == batch_id.lower():
                raise DuplicateLayer(
                    f"There is a batch {layer.batch_id} already; write its id the same way or choose another."
                )
            if layer.batch_id == batch_id and layer.kind is kind:
                raise DuplicateLayer(
                    f"Batch {batch_id} has a layer of kind {kind} already; "
                    f"to correct it, import under a new id with --supersedes {batch_id} --reason."
                )
        if supersedes is not None:
            if not (reason or "").strip():
                raise StoreError("Superseding a layer needs a reason; say it with --reason.")
            if self.layer(supersedes, kind).state is not LayerState.ACTIVE:
                raise UnknownLayer(f"Batch {supersedes} has no active layer of kind {kind} to supersede.")
        self._refuse_another_statement(handover)

    def _refuse_another_statement(self, handover: Handover) -> None:
        """The first import of a batch states the handover; a later one may repeat it but not change it."""
        for held in self._rows("SELECT * FROM handovers WHERE batch_id = ?", handover.batch_id):
            stated = tables.handover_row(handover)
            changed = [
                name for name, value in stated.items() if name != "title" and value is not None and held[name] != value
            ]
            if changed:
                raise StoreError(
                    f"Batch {handover.batch_id} was recorded with another {', '.join(changed)}; "
                    "leave that out, or import under a new id with --supersedes."
                )

    def _all_layers(self) -> tuple[Layer, ...]:
        ended = {
            _key(entry): entry for entry in self._counted(audit.history(self._connection, "supersede", "withdraw"))
        }
        rows = database.rows(self._connection, "SELECT * FROM layers ORDER BY id")
        if self._entries is not None:
            imported = {_key(entry) for entry in self._counted(audit.history(self._connection, "import"))}
            rows = [row for row in rows if (row["batch_id"], row["layer_kind"]) in imported]
        return tuple(tables.layer_of(row, ended.get((row["batch_id"], row["layer_kind"]))) for row in rows)

    def _counted(self, entries: Sequence[AuditEntry]) -> list[AuditEntry]:
        return [entry for entry in entries if self._entries is None or entry.sequence <= self._entries]

    def _rows(self, sql: str, *parameters: str) -> list[dict[str, Any]]:
        return database.rows(self._connection, sql, parameters)


def _key(entry: AuditEntry) -> tuple[str, str]:
    return str(entry.content["batch_id"]), str(entry.content["kind"])


def _is_text(stated: str) -> bool:
    """Whether it can be stored as UTF-8; what a shell in another encoding handed over cannot."""
    return stated.encode(errors="replace").decode() == stated


def restored(column: pd.Series, field_type: FieldType) -> pd.Series:
    """A column as the schema types it."""
    match field_type:
        case FieldType.TEXT:
            return column.astype("string")
        case FieldType.INTEGER:
            return column.astype("Int64")
        case FieldType.REAL:
            return column.astype("float64")
        case FieldType.BOOLEAN:
            return column.astype("boolean")
        case FieldType.DATE:
            return pd.to_datetime(column).astype("datetime64[s]")
        case FieldType.JSON:
            stated = np.flatnonzero(column.notna().to_numpy(dtype=bool))
            found = np.full(len(column), None, dtype=object)
            for row, text in zip(stated, column.iloc[stated], strict=True):
                found[row] = json.loads(text) if isinstance(text, str) else None
            return pd.Series(found, dtype=object)
