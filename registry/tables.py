"""The attribute tables of a registry: their columns, and our values as their rows and back."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from registry.codes import DatePrecision
from registry.compare.claims import Claim, Metric, Reference, Side, Unit, ValueKind
from registry.errors import StoreError
from registry.model import (
    AuditEntry,
    Counts,
    Finding,
    Handover,
    Kind,
    Layer,
    LayerState,
    PartialDate,
    Provenance,
    Run,
    RunInput,
    Severity,
    SourceDocument,
    Transformation,
)

Row = dict[str, Any]


@dataclass(frozen=True)
class Table:
    """A table without geometry: its name, what it holds, its columns as SQL writes them, and its first format."""

    name: str
    meaning: str
    columns: tuple[str, ...]
    constraint: str = ""
    since: int = 1

    def ddl(self) -> str:
        """The statement that makes the table. GeoPackage asks for an integer primary key."""
        parts = ["id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL", *self.columns]
        return f"CREATE TABLE {self.name} ({', '.join([*parts, self.constraint] if self.constraint else parts)})"


_BATCH_AND_KIND = ("batch_id TEXT NOT NULL", "layer_kind TEXT NOT NULL")

REGISTRY_INFO = Table(
    "registry_info",
    "Format version and identity of the registry",
    (
        "format_version INTEGER NOT NULL",
        "identity TEXT NOT NULL",
        "created_at DATETIME NOT NULL",
        "software TEXT NOT NULL",
    ),
)
HANDOVERS = Table(
    "handovers",
    "What a person stated about each batch",
    (
        "batch_id TEXT NOT NULL UNIQUE COLLATE NOCASE",
        "title TEXT NOT NULL",
        "giving_party TEXT",
        "receiving_party TEXT",
        "mediator TEXT",
        "legal_basis TEXT",
        "handed_over_on DATE",
        "handed_over_on_precision TEXT",
        "documents_claimed INTEGER",
        "mines_claimed INTEGER",
        "scope_text TEXT",
        "custody_note TEXT",
        "sensitivity TEXT",
        "licence TEXT",
        "statement_url TEXT",
        "counter_statement_url TEXT",
        "notes TEXT",
    ),
)
LAYERS = Table(
    "layers",
    "The catalogue: one row per batch and kind",
    (
        *_BATCH_AND_KIND,
        "title TEXT NOT NULL",
        "table_name TEXT NOT NULL UNIQUE",
        "received INTEGER NOT NULL",
        "plotted INTEGER NOT NULL",
        "repaired INTEGER NOT NULL",
        "invalid INTEGER NOT NULL",
        "unplottable INTEGER NOT NULL",
        "content_sha256 TEXT NOT NULL",
        "provenance TEXT NOT NULL",
    ),
    "UNIQUE (batch_id, layer_kind)",
)
SOURCE_DOCUMENTS = Table(
    "source_documents",
    "The files as they were handed over, with their bytes",
    (
        "document_id TEXT NOT NULL UNIQUE",
        *_BATCH_AND_KIND,
        "file_name TEXT NOT NULL",
        "media_type TEXT NOT NULL",
        "size_bytes INTEGER NOT NULL",
        "sha256 TEXT NOT NULL",
        "content BLOB",
        "document_kind TEXT",
        "original_number TEXT",
        "author_unit TEXT",
        "author_date DATE",
        "author_date_precision TEXT",
        "map_sheet TEXT",
        "map_scale TEXT",
        "stated_crs TEXT",
        "north_reference TEXT",
        "angle_unit TEXT",
        "language TEXT",
        "legibility INTEGER",
        "transcriber TEXT",
        "second_reader TEXT",
    ),
)
FINDINGS = Table(
    "findings",
    "Every result of every check of every import",
    (
        *_BATCH_AND_KIND,
        "code TEXT NOT NULL",
        "severity TEXT NOT NULL",
        "message TEXT NOT NULL",
        "document_id TEXT",
        "feature_index INTEGER",
        "record_id TEXT",
    ),
)
AUDIT_LOG = Table(
    "audit_log",
    "What was done to the registry; each entry seals the one before it",
    (
        "at DATETIME NOT NULL",
        "action TEXT NOT NULL",
        "content TEXT NOT NULL",
        "previous_sha256 TEXT NOT NULL",
        "entry_sha256 TEXT NOT NULL",
    ),
)
CLAIMS = Table(
    "claims",
    "Public claims about the maps, as they were added",
    (
        "claim_id TEXT NOT NULL UNIQUE COLLATE NOCASE",
        "words TEXT NOT NULL",
        "source TEXT NOT NULL",
        "value_text TEXT NOT NULL",
        "value_kind TEXT NOT NULL",
        "verified_at_source BOOLEAN NOT NULL",
        "speaker TEXT",
        "organisation TEXT",
        "said_on DATE",
        "said_on_precision TEXT",
        "side TEXT",
        "low REAL",
        "high REAL",
        "numerator INTEGER",
        "denominator INTEGER",
        "parts TEXT NOT NULL",
        "unit TEXT",
        "reference TEXT",
        "reference_text TEXT",
        "window_from DATE",
        "window_from_precision TEXT",
        "window_to DATE",
        "window_to_precision TEXT",
        "window_text TEXT",
        "candidates TEXT NOT NULL",
        "answers TEXT NOT NULL",
        "note TEXT",
    ),
    since=2,
)
COMPARISON_RUNS = Table(
    "comparison_runs",
    "Comparisons as they were made: inputs, options, result",
    (
        "run_id TEXT NOT NULL UNIQUE",
        "at DATETIME NOT NULL",
        "entries INTEGER NOT NULL",
        "inputs TEXT NOT NULL",
        "options TEXT NOT NULL",
        "seed INTEGER",
        "software TEXT NOT NULL",
        "result TEXT NOT NULL",
        "result_sha256 TEXT NOT NULL",
    ),
    since=2,
)
ATTRIBUTE_TABLES = (REGISTRY_INFO, HANDOVERS, LAYERS, SOURCE_DOCUMENTS, FINDINGS, AUDIT_LOG, CLAIMS, COMPARISON_RUNS)

DOCUMENT_LISTING = [name for column in SOURCE_DOCUMENTS.columns if (name := column.split()[0]) != "content"]
"""The columns of ``source_documents`` without the bytes."""

PRECISION = "_precision"

# What the content of an entry names, where it is not about one layer.
_ABOUT = {"create": {"identity"}, "upgrade": {"identity"}, "claim": {"claim_id"}, "run": {"run_id"}}


def handover_row(handover: Handover) -> Row:
    """The row of a handover."""
    return _flat(handover)


def handover_of(row: Row) -> Handover:
    """The handover of a row."""
    return Handover(**_unflat(row, Handover))


def document_row(document: SourceDocument, batch_id: str, kind: Kind) -> Row:
    """The row of a source document."""
    return {"batch_id": batch_id, "layer_kind": kind.value, **_flat(document)}


def document_of(row: Row) -> SourceDocument:
    """The source document of a row, with its content where the row has it."""
    return SourceDocument(**_unflat(row, SourceDocument))


def finding_row(finding: Finding, batch_id: str, kind: Kind) -> Row:
    """The row of a finding."""
    return {"batch_id": batch_id, "layer_kind": kind.value, **vars(finding), "severity": finding.severity.value}


def finding_of(row: Row) -> Finding:
    """The finding of a row."""
    return Finding(**{**_unflat(row, Finding), "severity": Severity(row["severity"])})


def layer_row(layer: Layer) -> Row:
    """The catalogue row of a layer; its state is not stored there but follows from the audit log."""
    return {
        "batch_id": layer.batch_id,
        "layer_kind": layer.kind.value,
        "title": layer.title,
        "table_name": layer.table_name,
        **_flat(layer.counts),
        "content_sha256": layer.content_sha256,
        "provenance": json.dumps(_provenance_json(layer.provenance), ensure_ascii=False, sort_keys=True),
    }


def layer_of(row: Row, ended: AuditEntry | None) -> Layer:
    """The layer of a catalogue row.

    Parameters
    ----------
    row
        From the table ``layers``.
    ended
        The entry by which the layer was superseded or withdrawn, if it was.
    """
    state = LayerState.ACTIVE
    if ended is not None:
        state = LayerState.SUPERSEDED if ended.action == "supersede" else LayerState.WITHDRAWN
    with _as_written("layers", row):
        kind, found = Kind(row["layer_kind"]), _provenance_of(json.loads(row["provenance"]))
    return Layer(
        row["batch_id"],
        kind,
        row["title"],
        row["table_name"],
        Counts(**{each.name: row[each.name] for each in fields(Counts)}),
        row["content_sha256"],
        found,
        state,
        str(ended.content["by"]) if state is LayerState.SUPERSEDED and ended else None,
        str(ended.content["reason"]) if ended else None,
    )


def entry_of(row: Row) -> AuditEntry:
    """The audit entry of a row; most actions are about one layer."""
    about = _ABOUT.get(row["action"], {"batch_id", "kind"})
    with _as_written("audit_log", row):
        content = json.loads(row["content"])
        if not about <= set(content):
            raise ValueError(f"it lacks {', '.join(sorted(about - set(content)))}")
    return AuditEntry(
        row["id"],
        row["at"],
        row["action"],
        content,
        row["previous_sha256"],
        row["entry_sha256"],
    )


def claim_row(claim: Claim) -> Row:
    """The row of a claim; lists as JSON."""
    return {**_flat(claim), **{name: _json(getattr(claim, name)) for name in ("parts", "candidates", "answers")}}


def claim_of(row: Row) -> Claim:
    """The claim of a row."""
    with _as_written("claims", row):
        given = _unflat(row, Claim)
        parts, candidates, answers = (json.loads(row[name]) for name in ("parts", "candidates", "answers"))
        codes = {"value_kind": ValueKind, "unit": Unit, "reference": Reference, "side": Side}
        return Claim(
            **{
                **given,
                **{name: None if row[name] is None else code(row[name]) for name, code in codes.items()},
                "verified_at_source": bool(row["verified_at_source"]),
                "parts": tuple((str(name), int(number)) for name, number in parts),
                "candidates": tuple(map(Metric, candidates)),
                "answers": tuple(map(str, answers)),
            }
        )


def run_row(run: Run) -> Row:
    """The row of a run."""
    inputs = [{**_flat(each), "kind": each.kind.value} for each in run.inputs]
    return {**_flat(run), "inputs": _json(inputs), "options": _json(run.options), "software": _json(run.software)}


def run_of(row: Row) -> Run:
    """The run of a row."""
    with _as_written("comparison_runs", row):
        inputs = tuple(RunInput(**{**each, "kind": Kind(each["kind"])}) for each in json.loads(row["inputs"]))
        options, software = json.loads(row["options"]), json.loads(row["software"])
        return Run(**{**_unflat(row, Run), "inputs": inputs, "options": options, "software": software})


@contextmanager
def _as_written(table: str, row: Row) -> Iterator[None]:
    """What this package wrote, it can read; anything else was put there by somebody else."""
    try:
        yield
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(
            f"{table}: row {row['id']} was changed or damaged ({error}); "
            "take the last copy that passes: minefield-registry verify."
        ) from error


def sha256_of_bytes(content: bytes) -> str:
    """SHA-256 of a source's bytes."""
    return hashlib.sha256(content).hexdigest()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _flat(value: Any) -> Row:
    """A frozen value as a row: a `PartialDate` becomes its first day and its precision."""
    row: Row = {}
    for each in fields(value):
        held = getattr(value, each.name)
        row[each.name] = held
        if "PartialDate" in str(each.type):
            row[each.name] = None if held is None else held.first.isoformat()
            row[each.name + PRECISION] = None if held is None else held.precision.value
    return row


def _unflat(row: Row, value_type: type) -> Row:
    """The arguments from which a frozen value is made again."""
    arguments = {}
    for each in fields(value_type):
        held = row.get(each.name)
        if "PartialDate" in str(each.type) and held is not None:
            held = PartialDate(date.fromisoformat(held), DatePrecision(row[each.name + PRECISION]))
        arguments[each.name] = held
    return arguments


def _provenance_json(found: Provenance) -> Row:
    return {
        "imported_at": found.imported_at.isoformat(),
        "software": dict(found.software),
        "transformations": [_flat(each) for each in found.transformations],
        "parameters": dict(found.parameters),
        "document_ids": list(found.document_ids),
    }


def _provenance_of(stored: Mapping[str, Any]) -> Provenance:
    return Provenance(
        datetime.fromisoformat(stored["imported_at"]),
        stored["software"],
        tuple(Transformation(**each) for each in stored["transformations"]),
        stored["parameters"],
        tuple(stored["document_ids"]),
    )
