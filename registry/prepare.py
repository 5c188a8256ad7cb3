"""One layer of an import: source -> conform -> plot -> check; everything but the writing."""

import platform
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyproj
import shapely

from registry import __version__
from registry.assess import assess, set_misread_aside
from registry.checks import Held
from registry.codes import PlotStatus
from registry.documents import Given, Handed, Readable, open_sources
from registry.errors import RegistryError, SourceError
from registry.evidence import FieldsIn
from registry.findings import CHECKS, Hit
from registry.held import areas_held, fields_held, with_records
from registry.intake import ImportOptions, Part, options_json, refuse_unused, take_in
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
)
from registry.schema import id_field
from registry.sources.tables import TableOptions, is_table
from registry.sources.vector import SourceLayer, is_paper, read_source
from registry.store import NewLayer, Registry

if TYPE_CHECKING:
    from registry.sources.mapping import MappedTable


@dataclass(frozen=True)
class PlannedLayer:
    """One layer that is to be imported: what its rows are, and where they come from.

    ``attachments`` carry no records and are kept with it; ``supersedes`` is the batch whose layer of this kind it
    replaces, ``reason`` says why.
    """

    kind: Kind
    sources: tuple[Given, ...]
    attachments: tuple[Given, ...] = ()
    supersedes: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Preparation:
    """What an import is about: the layers it is tested against, what the person stated, what comes in with it."""

    registry: Registry
    layers: tuple[Layer, ...]
    handover: Handover
    planned: PlannedLayer
    beside: tuple[NewLayer, ...] = ()


def prepare(about: Preparation, progress: Progress) -> tuple[NewLayer, Sequence[Part]]:
    """Read, plot and check the sources of a layer.

    Returns
    -------
    new
        All that the store needs.
    parts
        The source layers it is made of, as they were read.

    Raises
    ------
    SourceError
        If a source cannot be read, or does not say its CRS, or contradicts it.
    """
    batch_id, planned = about.handover.batch_id, about.planned
    kind = planned.kind
    but = {batch_id, planned.supersedes or ""}
    held = areas_held(about.registry, about.layers, batch_id, about.beside)
    fields_in = fields_held(about.registry, about.layers, kind, but=but)
    with tempfile.TemporaryDirectory(prefix="minefield-registry-") as scratch:
        handed = open_sources(planned.sources, planned.attachments, f"{batch_id}-{kind}", Path(scratch), progress)
        parts = [
            part
            for source in handed.sources
            for each in source.readables
            for part in _parts(each, kind, held, fields_in, progress)
        ]
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
        provenance=_provenance(handed, parts),
        documents=handed.documents,
        findings=(
            *_document_findings(about.registry, handed, parts, batch_id),
            *general_findings(hits),
            *_record_findings(records, hits, id_field(kind)),
        ),
        supersedes=planned.supersedes,
        reason=planned.reason,
    )
    return new, parts


def _parts(readable: Readable, kind: Kind, held: Held, fields_in: FieldsIn, progress: Progress) -> list[Part]:
    """The layers of one source, plotted."""
    name, document = readable.path.name, readable.document
    parts: list[Part] = []
    try:
        progress(f"reading {name}", None)
        for layer, table in _read(readable.path, kind, readable.options):
            progress(f"plotting {name}", None)
            first = sum(len(part.frame) for part in parts)
            options = readable.options
            parts.append(
                take_in(layer, document, kind, options, held, first_feature=first, table=table, fields_in=fields_in)
            )
    except RegistryError as error:
        if readable.renamed is None:
            raise
        raise type(error)(readable.told(str(error))) from error
    return [
        replace(part, hits=tuple(replace(hit, message=readable.told(hit.message)) for hit in part.hits))
        for part in parts
    ]


def _read(path: Path, kind: Kind, options: ImportOptions) -> list[tuple[SourceLayer, "MappedTable | None"]]:
    """The layers of a source, each with what is known of it beside if it is a table."""
    # What reads tables and papers is much, and most imports have no use for it.
    if is_table(path):
        if options.layers:
            raise SourceError(f"{path}: a table has no layers; name a sheet with --sheet.")
        from registry.sources.tablesource import read_mapped

        reading = TableOptions(sheet=options.sheet, encoding=options.encoding)
        table = read_mapped(path, kind, options.profile, reading, crs=options.crs)
        return [(table.layer, table)]
    if is_paper(path):
        from registry.sources.paper import read_paper

        paper = read_paper(path, kind, crs=options.crs)
        return [(paper.layer, paper)]
    if options.profile is not None or options.sheet is not None:
        raise SourceError(f"{path}: it is no table, so it has no use for a profile or a sheet; import it by itself.")
    return [(layer, None) for layer in read_source(path, layers=options.layers, encoding=options.encoding)]


def _provenance(handed: Handed, parts: Sequence[Part]) -> Provenance:
    """How the layer came about: everything that `rebuild` needs, options that are the same for many sources once."""
    options: list[dict[str, Any]] = []
    sources = []
    for source in handed.sources:
        stated = options_json(source.options)
        if stated not in options:
            options.append(stated)
        entry: dict[str, Any] = {
            "name": source.name,
            "is_folder": source.is_folder,
            "documents": [document.document_id for document in source.documents],
            "options": options.index(stated),
        }
        if source.is_archive:
            entry["members"] = [readable.document.document_id for readable in source.readables]
        sources.append(entry)
    parameters = {
        "sources": sources,
        "options": options,
        "attachments": [document.document_id for document in handed.attachments],
        "matched": {part.document.file_name: dict(part.matched) for part in parts},
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
        tuple(document.document_id for document in handed.documents),
    )


def _document_findings(registry: Registry, handed: Handed, parts: Sequence[Part], batch_id: str) -> list[Finding]:
    """What is to be said of whole documents."""
    hits: list[tuple[Hit, SourceDocument | None]] = []
    # Side files such as .prj and .cpg are the same for thousands of shapefiles, so only the first is compared.
    mains = [source.documents[0] for source in handed.sources]
    mains += [readable.document for source in handed.sources if source.is_archive for readable in source.readables]
    for main in mains:
        others = [f"{batch} ({kind})" for batch, kind in registry.batches_holding(main.sha256) if batch != batch_id]
        if others:
            message = f"{main.file_name} is held already, byte for byte, in batch {', '.join(others)}."
            hits.append((Hit("source-already-held", None, message), main))
    hits += handed.hits
    hits += [(hit, part.document) for part in parts for hit in part.hits if hit.row is None]
    return [
        Finding(hit.code, CHECKS[hit.code].severity, hit.message, None if document is None else document.document_id)
        for hit, document in hits
    ]


def general_findings(hits: Sequence[Hit]) -> list[Finding]:
    """What is true of all records alike."""
    return [Finding(hit.code, CHECKS[hit.code].severity, hit.message) for hit in hits if hit.row is None]


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
    rank = {severity: place for place, severity in enumerate(Severity)}
    gravity = {code: rank[check.severity] for code, check in CHECKS.items()}
    found = sorted((hit.row, gravity[hit.code], hit.code, hit.message) for hit in hits if hit.row is not None)
    return [
        Finding(code, CHECKS[code].severity, message, documents[row], int(features[row]), str(ids[row]))
        for row, _, code, message in found
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
