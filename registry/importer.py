"""An import from end to end: source -> conform -> plot -> check -> store -> report."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

import geopandas as gpd

from registry.claimed_numbers import check_documents, check_mines
from registry.completeness import BatchCompleteness, score
from registry.documents import Given
from registry.errors import SourceError, StoreError
from registry.intake import ImportOptions, Part, options_of
from registry.model import (
    ORIENTATION,
    Counts,
    Finding,
    Handover,
    Kind,
    Layer,
    Progress,
    Severity,
    SourceDocument,
    Transformation,
    silent,
)
from registry.prepare import PlannedLayer, Preparation, general_findings, prepare
from registry.provenance import attachment_ids
from registry.store import NewLayer, Registry
from registry.suspicions import Suspicion

__all__ = ["ImportOptions", "ImportReport", "PlannedLayer", "import_batch", "import_layers", "rebuild"]


@dataclass(frozen=True)
class ImportReport:
    """What an import did, or would do if it was a dry run.

    ``attachments`` are the ids of the documents without records. ``readings`` are those of whole source layers that are
    suspected, or were applied as told. ``records`` are the rows as they were (or would be) stored, EPSG:4326.
    """

    batch_id: str
    kind: Kind
    title: str
    counts: Counts
    findings: tuple[Finding, ...]
    documents: tuple[SourceDocument, ...]
    attachments: tuple[str, ...]
    transformations: tuple[Transformation, ...]
    matched: Mapping[str, str]
    readings: tuple[Suspicion, ...]
    completeness: BatchCompleteness | None
    dry_run: bool
    records: gpd.GeoDataFrame = field(compare=False, repr=False)

    @property
    def has_errors(self) -> bool:
        """Whether any check found an E."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)


def import_batch(
    registry: Registry,
    sources: Sequence[Path],
    kind: Kind,
    handover: Handover,
    options: ImportOptions = ImportOptions(),  # noqa: B008 (frozen)
    *,
    dry_run: bool = False,
    progress: Progress = silent,
) -> ImportReport:
    """Import sources as one layer of a batch.

    Parameters
    ----------
    registry
        Open for writing.
    sources
        Files as they were handed over, folders or zips of them; they become one layer, and each row knows its document.
    handover
        What is stated about the batch. A later import of the same batch with another kind adds a layer to it.
    dry_run
        Do everything but write.
    progress
        Told each step as it begins.

    Raises
    ------
    SourceError
        If a source cannot be read, or does not say its CRS, or contradicts it.
    StoreError
        If the id is taken or the registry cannot be written; it is then as it was.
    """
    given = tuple(Given(path, options) for path in sources)
    layer = PlannedLayer(kind, given, supersedes=options.supersedes, reason=options.reason)
    (report,) = import_layers(registry, [layer], handover, dry_run=dry_run, progress=progress)
    return report


def import_layers(
    registry: Registry,
    planned: Sequence[PlannedLayer],
    handover: Handover,
    *,
    dry_run: bool = False,
    progress: Progress = silent,
) -> tuple[ImportReport, ...]:
    """Import several layers of a batch, each of another kind, in one transaction; see `import_batch`.

    Parameters
    ----------
    planned
        In the order in which they are to stand; each is tested against the districts and the scope before it.
    """
    for layer in planned:
        registry.check_new(handover, layer.kind, supersedes=layer.supersedes, reason=layer.reason)
        _refuse_itself(registry, layer)
    replaced = {(layer.supersedes, layer.kind) for layer in planned}
    held = tuple(layer for layer in registry.layers() if (layer.batch_id, layer.kind) not in replaced)
    news: list[NewLayer] = []
    parts = []
    for layer in planned:
        new, read = prepare(Preparation(registry, held, handover, layer, tuple(news)), progress)
        news.append(new)
        parts.append(read)
    news = _with_claims(registry, news)
    if not dry_run:
        progress("storing", None)
        registry.add_all(news)
    return tuple(_report(new, read, dry_run=dry_run) for new, read in zip(news, parts, strict=True))


def _report(new: NewLayer, parts: Sequence[Part], *, dry_run: bool) -> ImportReport:
    return ImportReport(
        new.handover.batch_id,
        new.kind,
        new.title,
        new.counts,
        new.findings,
        tuple(replace(document, content=None) for document in new.documents),
        attachment_ids(new.provenance),
        new.provenance.transformations,
        {ours: theirs for part in parts for ours, theirs in part.matched.items()},
        tuple(each for part in parts for each in part.suspicions),
        score(new.records).batch() if new.kind is Kind.MINEFIELDS else None,
        dry_run,
        new.records,
    )


def _refuse_itself(registry: Registry, layer: PlannedLayer) -> None:
    own = registry.path.resolve()
    for given in (*layer.sources, *layer.attachments):
        if own.is_relative_to(given.path.resolve()):
            raise SourceError(f"{given.path}: this registry itself lies there; keep it in another folder.")


def _with_claims(registry: Registry, news: Sequence[NewLayer]) -> list[NewLayer]:
    """The layers with what is to be said of the numbers that the giving party claims."""
    batch_id = news[0].handover.batch_id
    own = [layer for layer in registry.layers() if layer.batch_id == batch_id]
    # The first import of a batch states the handover; a later one may leave out what it says.
    stated = registry.handover(batch_id) if own else news[0].handover
    held = [(layer.kind, layer.provenance, registry.documents(layer)) for layer in own]
    held += [(new.kind, new.provenance, new.documents) for new in news]
    about_all = check_documents(stated.documents_claimed, held)
    host = next((new.kind for new in news if new.kind not in ORIENTATION), news[0].kind)
    told = []
    for new in news:
        hits = about_all if new.kind is host else []
        if new.kind is Kind.MINEFIELDS:
            hits = hits + check_mines(stated.mines_claimed, new.records, new.findings)
        told.append(replace(new, findings=(*general_findings(hits), *new.findings)))
    return told


def rebuild(registry: Registry, layer: Layer, progress: Progress = silent) -> str:
    """Make a layer again from its stored source bytes.

    Returns
    -------
    content_sha256
        Equal to the layer's own if it comes out the same.

    Raises
    ------
    StoreError
        If the bytes of a source were not kept.
    """
    parameters: Mapping[str, Any] = layer.provenance.parameters
    names = {document.document_id: PurePosixPath(document.file_name).name for document in registry.documents(layer)}
    with tempfile.TemporaryDirectory(prefix="minefield-registry-") as folder:
        sources = []
        for number, group in enumerate(parameters["sources"]):
            place = Path(folder) / str(number)
            if group["is_folder"]:
                place = place / PurePosixPath(group["name"]).name
            place.mkdir(parents=True)
            is_archive = "members" in group
            for document_id in group["documents"][: 1 if is_archive else None]:
                content = registry.document_content(document_id)
                if content is None:
                    raise StoreError(
                        f"Batch {layer.batch_id}: the bytes of {document_id} were not kept, only their hash."
                    )
                (place / names[document_id]).write_bytes(content)
            # Older layers hold one set of options for all of their sources.
            stored = parameters["options"][group["options"]] if "options" in group else parameters
            options = options_of(stored, f"batch {layer.batch_id}")
            path = place if group["is_folder"] else place / names[group["documents"][0]]
            sources.append(Given(path, options, as_one=not is_archive))
        handover = registry.handover(layer.batch_id)
        held = registry.layers_before(layer)
        planned = PlannedLayer(layer.kind, tuple(sources))
        new, _ = prepare(Preparation(registry, held, handover, planned), progress)
        with Registry.create(Path(folder) / "rebuilt.gpkg") as scratch:
            return scratch.add(new).content_sha256
