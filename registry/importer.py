"""An import from end to end: source -> conform -> plot -> check -> store -> report."""

import platform
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyproj
import shapely

from registry import __version__, tables
from registry.assess import assess, set_misread_aside
from registry.codes import PlotStatus
from registry.completeness import BatchCompleteness, score
from registry.errors import DuplicateLayer, SourceError, StoreError
from registry.findings import CHECKS, Hit
from registry.held import areas_held, fields_held, with_records
from registry.intake import ImportOptions, Part, refuse_unused, take_in
from registry.model import (
    Counts,
    Finding,
    Handover,
    Kind,
    Layer,
    Progress,
    Provenance,
    Severity,
    SourceDocument,
    Transformation,
    silent,
)
from registry.schema import id_field
from registry.sources.mapping import MappedTable
from registry.sources.paper import is_paper, read_paper
from registry.sources.profile import parse_profile, write_profile
from registry.sources.tables import TableOptions
from registry.sources.tablesource import is_table, read_mapped
from registry.sources.vector import SourceLayer, files_of, read_source
from registry.store import BLOB_MAX_BYTES, NewLayer, Registry
from registry.suspicions import Suspicion

__all__ = ["ImportOptions", "ImportReport", "import_batch", "rebuild"]


_REBUILT_WITH = (
    "crs", "encoding", "field_map", "sigma_m", "repair", "width_m", "radius_m", "transform", "corrections",
)  # fmt: skip


@dataclass(frozen=True)
class ImportReport:
    """What an import did, or would do if it was a dry run.

    ``readings`` are those of whole source layers that are suspected, or were applied as told. ``records`` are the rows
    as they were (or would be) stored, EPSG:4326.
    """

    batch_id: str
    kind: Kind
    title: str
    counts: Counts
    findings: tuple[Finding, ...]
    documents: tuple[SourceDocument, ...]
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
        Files as they were handed over; several become one layer, and each row knows its document.
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
    registry.check_new(handover, kind, supersedes=options.supersedes, reason=options.reason)
    held = registry.layers()
    new, parts = _prepare(_Import(registry, held, kind, handover, options), sources, progress)
    if not dry_run:
        progress("storing", None)
        registry.add(new)
    without_bytes = tuple(replace(document, content=None) for document in new.documents)
    return ImportReport(
        handover.batch_id,
        kind,
        new.title,
        new.counts,
        new.findings,
        without_bytes,
        new.provenance.transformations,
        {ours: theirs for part in parts for ours, theirs in part.matched.items()},
        tuple(each for part in parts for each in part.suspicions),
        score(new.records).batch() if kind is Kind.MINEFIELDS else None,
        dry_run,
        new.records,
    )


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
    known = {document.document_id: document for document in registry.documents(layer)}
    with tempfile.TemporaryDirectory(prefix="minefield-registry-") as folder:
        sources = []
        for number, group in enumerate(parameters["sources"]):
            place = Path(folder) / str(number)
            place.mkdir()
            if group["is_folder"]:
                place = place / group["name"]
                place.mkdir()
            for document_id in group["documents"]:
                content = registry.document_content(document_id)
                if content is None:
                    raise StoreError(
                        f"Batch {layer.batch_id}: the bytes of {document_id} were not kept, only their hash."
                    )
                (place / known[document_id].file_name).write_bytes(content)
            sources.append(place if group["is_folder"] else place / group["name"])
        # What a later version learned to state, an earlier one did not do.
        stated = {name: parameters[name] for name in _REBUILT_WITH if name in parameters}
        profile = parameters.get("profile")
        options = ImportOptions(
            **stated,
            layers=tuple(parameters["layers"]),
            profile=profile and parse_profile(profile.encode(), f"batch {layer.batch_id}, its stored profile"),
            sheet=parameters.get("sheet"),
        )
        handover = registry.handover(layer.batch_id)
        held = registry.layers_before(layer)
        new, _ = _prepare(_Import(registry, held, layer.kind, handover, options), sources, progress)
        with Registry.create(Path(folder) / "rebuilt.gpkg") as scratch:
            return scratch.add(new).content_sha256


@dataclass(frozen=True)
class _Import:
    """What an import is about: the layers it is tested against, and what the person stated."""

    registry: Registry
    layers: tuple[Layer, ...]
    kind: Kind
    handover: Handover
    options: ImportOptions


def _prepare(about: _Import, sources: Sequence[Path], progress: Progress) -> tuple[NewLayer, Sequence[Part]]:
    """Everything but the writing, and the source layers on their way in."""
    batch_id, kind, options = about.handover.batch_id, about.kind, about.options
    but = {batch_id, options.supersedes or ""}
    held = areas_held(about.registry, about.layers, batch_id)
    fields_in = fields_held(about.registry, about.layers, kind, but=but)
    groups: list[_Source] = []
    parts: list[Part] = []
    for path in sources:
        progress(f"reading {path.name}", None)
        first = 1 + sum(len(group.documents) for group in groups)
        keep = options.keep_bytes and not options.drop_columns
        groups.append(_source(path, f"{batch_id}-{kind}", first=first, keep=keep))
        for layer, table in _read(path, kind, options):
            progress(f"plotting {path.name}", None)
            document = groups[-1].documents[0]
            offset = sum(len(part.frame) for part in parts if part.document is document)
            parts.append(
                take_in(layer, document, kind, options, held, first_feature=offset, table=table, fields_in=fields_in)
            )
    documents = tuple(document for group in groups for document in group.documents)
    _refuse_repeated(documents)
    progress("checking", None)
    refuse_unused(parts)
    records, hits = _join(parts, kind)
    hits += set_misread_aside(records, parts, kind, held)
    held = with_records(held, about.registry, about.layers, records, kind, but=but)
    hits += assess(records, parts, kind, held, about.handover)
    new = NewLayer(
        handover=about.handover,
        kind=kind,
        title=about.handover.title,
        records=records,
        counts=_counts(records),
        provenance=_provenance(groups, parts, options),
        documents=documents,
        findings=(
            *_document_findings(about.registry, groups, parts, batch_id),
            *_general_findings(hits),
            *_record_findings(records, hits, id_field(kind)),
        ),
        supersedes=options.supersedes,
        reason=options.reason,
    )
    return new, parts


def _read(path: Path, kind: Kind, options: ImportOptions) -> list[tuple[SourceLayer, MappedTable | None]]:
    """The layers of a source, each with what is known of it beside if it is a table."""
    if is_table(path):
        if options.layers:
            raise SourceError(f"{path}: a table has no layers; name a sheet with --sheet.")
        reading = TableOptions(sheet=options.sheet, encoding=options.encoding)
        table = read_mapped(path, kind, options.profile, reading, crs=options.crs)
        return [(table.layer, table)]
    if is_paper(path):
        paper = read_paper(path, kind, crs=options.crs)
        return [(paper.layer, paper)]
    if options.profile is not None or options.sheet is not None:
        raise SourceError(f"{path}: it is no table, so it has no use for a profile or a sheet; import it by itself.")
    return [(layer, None) for layer in read_source(path, layers=options.layers, encoding=options.encoding)]


@dataclass(frozen=True)
class _Source:
    """A source with the documents it consists of; the first is the one its records come from."""

    name: str
    is_folder: bool
    documents: tuple[SourceDocument, ...]


def _provenance(groups: Sequence[_Source], parts: Sequence[Part], options: ImportOptions) -> Provenance:
    parameters = {
        "sources": [
            {
                "name": group.name,
                "is_folder": group.is_folder,
                "documents": [document.document_id for document in group.documents],
            }
            for group in groups
        ],
        "matched": {part.document.file_name: dict(part.matched) for part in parts},
        "crs": options.crs,
        "encoding": options.encoding,
        "layers": list(options.layers),
        "field_map": dict(options.field_map),
        "sigma_m": options.sigma_m,
        "repair": options.repair,
        "drop_columns": list(options.drop_columns),
        "profile": options.profile and write_profile(options.profile),
        "sheet": options.sheet,
        "width_m": options.width_m,
        "radius_m": options.radius_m,
        "transform": options.transform,
        "corrections": list(options.corrections),
        "corrected": {
            part.document.file_name: [each.sentence() for each in part.suspicions if each.applied]
            for part in parts
            if any(each.applied for each in part.suspicions)
        },
    }
    return Provenance(
        datetime.now(UTC),
        _software(),
        tuple(dict.fromkeys(each for part in parts for each in part.transformations)),
        parameters,
        tuple(document.document_id for group in groups for document in group.documents),
    )


def _source(path: Path, prefix: str, *, first: int, keep: bool) -> _Source:
    documents = []
    for number, (file, media_type) in enumerate(files_of(path), start=first):
        if not _is_unicode(file.name):
            raise SourceError(f"{file.name!a}: its name is not text in UTF-8; rename a copy and import that.")
        try:
            content = file.read_bytes()
        except OSError as error:
            raise SourceError(f"{file}: it cannot be read ({error.strerror}).") from error
        documents.append(
            SourceDocument(
                f"{prefix}-{number}",
                file.name,
                media_type,
                len(content),
                tables.sha256_of_bytes(content),
                content if keep and len(content) <= BLOB_MAX_BYTES else None,
            )
        )
    if not documents:
        raise SourceError(f"{path}: there is no file in it.")
    return _Source(path.name, path.is_dir(), tuple(documents))


def _is_unicode(text: str) -> bool:
    """Whether a file name can be stored; other bytes come as lone surrogates."""
    return not any("\ud800" <= char <= "\udfff" for char in text)


def _document_findings(
    registry: Registry, groups: Sequence[_Source], parts: Sequence[Part], batch_id: str
) -> list[Finding]:
    """What is to be said of whole documents."""
    hits: list[tuple[Hit, SourceDocument]] = []
    for group in groups:
        # Side files such as .prj and .cpg are the same for thousands of shapefiles, so only the first is compared.
        main = group.documents[0]
        others = [f"{batch} ({kind})" for batch, kind in registry.batches_holding(main.sha256) if batch != batch_id]
        if others:
            message = f"{main.file_name} is held already, byte for byte, in batch {', '.join(others)}."
            hits.append((Hit("source-already-held", None, message), main))
        hits += [
            (Hit("source-not-kept", None, f"Only the hash of {document.file_name} is kept."), document)
            for document in group.documents
            if document.content is None
        ]
    hits += [(hit, part.document) for part in parts for hit in part.hits if hit.row is None]
    return [Finding(hit.code, CHECKS[hit.code].severity, hit.message, document.document_id) for hit, document in hits]


def _general_findings(hits: Sequence[Hit]) -> list[Finding]:
    """What is true of all records alike."""
    return [Finding(hit.code, CHECKS[hit.code].severity, hit.message) for hit in hits if hit.row is None]


def _refuse_repeated(documents: Sequence[SourceDocument]) -> None:
    main = Counter(document.sha256 for document in documents if document.media_type != "text/plain")
    for document in documents:
        if main[document.sha256] > 1 and document.size_bytes:
            raise DuplicateLayer(f"{document.file_name}: the same file is named twice in this import; name it once.")


def _join(parts: Sequence[Part], kind: Kind) -> tuple[gpd.GeoDataFrame, list[Hit]]:
    """All parts as one frame, and their hits with the rows of that frame."""
    frames, hits, start = [], [], 0
    for number, part in enumerate(parts):
        frames.append(part.frame.assign(part=number))
        hits += [
            replace(hit, row=None if hit.row is None else hit.row + start) for hit in part.hits if hit.row is not None
        ]
        start += len(part.frame)
    frame = pd.concat([each.dropna(axis=1, how="all") for each in frames], ignore_index=True)
    assert id_field(kind) in frame
    geometries = np.concatenate([part.geometries for part in parts])
    return gpd.GeoDataFrame(frame, geometry=geometries, crs=4326), hits


def _counts(records: pd.DataFrame) -> Counts:
    status = records["plot_status"]
    return Counts(
        received=len(records),
        plotted=int((status == PlotStatus.PLOTTED.value).sum()),
        repaired=int(((status == PlotStatus.PLOTTED.value) & records["repaired"].astype(bool)).sum()),
        invalid=int((status == PlotStatus.INVALID.value).sum()),
        unplottable=int((status == PlotStatus.UNPLOTTABLE.value).sum()),
    )


def _record_findings(records: pd.DataFrame, hits: Sequence[Hit], identity: str) -> list[Finding]:
    """What is to be said of single records, in their order, the gravest first."""
    documents, features, ids = (records[name].tolist() for name in ("document_id", "feature_index", identity))
    order = list(Severity)
    found = sorted(
        (hit.row, order.index(CHECKS[hit.code].severity), hit.code, hit.message) for hit in hits if hit.row is not None
    )
    return [
        Finding(code, order[severity], message, documents[row], int(features[row]), str(ids[row]))
        for row, severity, code, message in found
    ]


def _software() -> dict[str, str]:
    return {
        "minefield-registry": __version__,
        "python": platform.python_version(),
        "geopandas": gpd.__version__,
        "shapely": shapely.__version__,
        "GEOS": shapely.geos_version_string,
        "pyproj": pyproj.__version__,
        "PROJ": pyproj.proj_version_str,
        "pyogrio": pyogrio.__version__,
        "GDAL": pyogrio.__gdal_version_string__,
    }
