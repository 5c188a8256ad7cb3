"""The numbers that a giving party claims, held against what was found. Neither is taken for the right one."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from registry.content import mines_stated
from registry.findings import Hit
from registry.model import ORIENTATION, Finding, Kind, Provenance, SourceDocument
from registry.provenance import attachment_ids


def check_documents(
    claimed: int | None, held: Iterable[tuple[Kind, Provenance, Sequence[SourceDocument]]]
) -> list[Hit]:
    """Hold the claimed number of documents against those found in all layers of the batch.

    A shapefile with its side files is one document, and so is each source in a zip and each attachment. A file that
    two layers come from counts once. Districts and scope, drawn by whoever imports, are not counted.

    Parameters
    ----------
    held
        Of each layer of the batch: its kind, how it came about, and its documents.
    """
    if claimed is None:
        return []
    sources: set[tuple[str, str]] = set()
    attachments: set[tuple[str, str]] = set()
    for kind, found, documents in held:
        by_id = {document.document_id: document for document in documents}
        beside = attachment_ids(found)
        attachments |= {_key(by_id[document_id]) for document_id in beside}
        if kind not in ORIENTATION:
            sources |= {_key(by_id[document_id]) for document_id in _mains(found)}
    number = len(sources | attachments)
    message = (
        f"{claimed:,} documents are claimed; {number:,} were found: {len(sources):,} with records, "
        f"{len(attachments - sources):,} without."
    )
    agree = number == claimed
    return [Hit("documents-agree", None, message) if agree else Hit("documents-differ", None, message)]


def check_mines(claimed: int | None, records: pd.DataFrame, findings: Iterable[Finding]) -> list[Hit]:
    """Hold the claimed number of mines against the sum of what the records state.

    Parameters
    ----------
    records
        The minefields of the batch.
    findings
        What the checks found in them: a record that repeats the polygon of another is not counted again.
    """
    if claimed is None:
        return []
    repeats = {(each.document_id, each.feature_index) for each in findings if each.code == "duplicate-in-layer"}
    places = zip(records["document_id"], records["feature_index"], strict=True)
    once = np.array([place not in repeats for place in places], dtype=bool)
    mines = mines_stated(records)[once]
    found, silent = int(np.nansum(mines)), int(np.isnan(mines).sum())
    told = f"{len(mines) - silent:,} of {len(mines):,} records state a number"
    if len(mines) < len(records):
        told += f"; {len(records) - len(mines):,} more repeat the polygon of another and are not counted again"
    message = f"{claimed:,} mines are claimed; the records state {found:,}: {told}."
    return [Hit("mines-agree", None, message) if found == claimed else Hit("mines-differ", None, message)]


def _mains(found: Provenance) -> list[str]:
    sources: Any = found.parameters.get("sources", [])
    return [each for source in sources for each in source.get("members", source["documents"][:1])]


def _key(document: SourceDocument) -> tuple[str, str]:
    """The system tables of two geodatabases, after which they are named, may be the same; their folders are not."""
    is_folder = document.media_type == "application/vnd.esri.filegdb"
    return document.sha256, document.file_name if is_folder else ""
