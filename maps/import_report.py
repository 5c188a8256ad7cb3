"""What an import did, as a page for people: one HTML file that runs no script and asks nobody for anything."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maps import assets, style
from maps.picture import WIDTH, frame, scale_bar
from registry.codes import PlotStatus
from registry.errors import RegistryError, StoreError
from registry.findings import CHECKS, Check
from registry.importer import ImportReport
from registry.model import Finding, Handover, Severity
from registry.schema import id_field

EXAMPLES = 10
SUSPECT_CODES = frozenset(
    {
        "area-large",
        "area-small",
        "axes-swapped",
        "datum-suspect",
        "duplicate-in-layer",
        "duplicate-in-registry",
        "gauss-krueger-as-utm",
        "outside-districts",
        "outside-scope",
        "overlap-in-layer",
        "parts-dropped",
        "precision-coarse",
        "sign-lost",
        "spacing-large",
        "utm-as-gauss-krueger",
        "width-below-error",
        "zone-wrong",
    }
)
"""Findings that doubt the place or the geometry of a record. That it is invalid or repaired is shown by itself."""

_SEVERITIES: Mapping[Severity, str] = {
    Severity.ERROR: "not usable as it stands",
    Severity.WARNING: "look at it",
    Severity.INFO: "good to know",
}
_LONGEST_NAME = 80

Geometries = NDArray[np.object_]


@dataclass(frozen=True)
class _Found:
    """All findings of one code."""

    code: str
    check: Check
    severity: str
    number: int
    first: Sequence[Finding]


@dataclass(frozen=True)
class _Drawn:
    """Records that are drawn alike: pairs of an SVG path and what it is called."""

    classes: str
    paths: Sequence[tuple[str, str]]


def refuse_unwritable(path: Path) -> None:
    """Stop before an import starts, if its report could not be written afterwards.

    Raises
    ------
    StoreError
        If there is a file of that name already, or no folder to put it in.
    """
    if path.exists():
        raise StoreError(f"{path} is there already and is not overwritten; name another file for the report.")
    if not path.parent.is_dir():
        raise StoreError(f"{path.parent} is not a folder; make it, or name another file for the report.")


def save_import_report(reports: Sequence[ImportReport], handover: Handover, districts: Geometries, path: Path) -> None:
    """Write the page as UTF-8; see `import_report_page`.

    Raises
    ------
    RegistryError
        If the file cannot be written.
    """
    page = import_report_page(reports, handover, districts, at=datetime.now(UTC))
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(page)
    except OSError as error:
        done = "nothing was to be stored" if reports[0].dry_run else "the batch is stored"
        raise RegistryError(f"The report cannot be written to {path}: {error.strerror or error}; {done}.") from error


def import_report_page(
    reports: Sequence[ImportReport], handover: Handover, districts: Geometries, *, at: datetime
) -> str:
    """The report as HTML, with a part for each layer.

    Parameters
    ----------
    reports
        Of one import, each about another layer of the batch; at least one.
    districts
        Polygons, EPSG:4326, for orientation; may be none.
    at
        When the import was done; the page says it.
    """
    css = assets.report_style()
    environment = assets.environment()
    contents = [style.RESTRICTED_KINDS[each.kind] for each in reports if each.kind in style.RESTRICTED_KINDS]
    layer = environment.get_template("import_report_layer.html")
    headings = [style.KIND_HEADINGS[each.kind] for each in reports]
    is_sole = len(reports) == 1
    values = {
        "policy": assets.content_security_policy([], [css], []),
        "css": css,
        "title": reports[0].title,
        "headings": ", ".join(headings),
        "dry_run": reports[0].dry_run,
        "restricted": style.RESTRICTED.format(contents=", ".join(contents)) if contents else None,
        "stated": _stated(handover, at, dry_run=reports[0].dry_run),
        "layers": [
            (heading, layer.render(_layer(each, districts, is_sole=is_sole)))
            for heading, each in zip(headings, reports, strict=True)
        ],
    }
    return environment.get_template("import_report.html").render(values)


def _layer(report: ImportReport, districts: Geometries, *, is_sole: bool) -> dict[str, object]:
    """What the part of the page about one layer is made from."""
    return {
        "report": report,
        "prefix": "" if is_sole else f"{report.kind}-",
        "level": 2 if is_sole else 3,
        "bar": _bar(report),
        "found": _by_code(report.findings),
        "notice": style.NOTICE,
        "looks": style.REPORT_LOOKS,
        **_map(report, districts),
    }


def _stated(handover: Handover, at: datetime, *, dry_run: bool) -> list[tuple[str, object]]:
    rows: list[tuple[str, object]] = [
        ("Batch", handover.batch_id),
        ("Given by", handover.giving_party),
        ("Given to", handover.receiving_party),
        ("Handed over on", handover.handed_over_on),
        ("Documents claimed", handover.documents_claimed),
        ("Mines claimed", handover.mines_claimed),
        ("Licence", handover.licence),
        ("Notes", handover.notes),
        ("Tried at" if dry_run else "Imported at", f"{at:%Y-%m-%d %H:%M} UTC"),
    ]
    return [(name, "not stated" if value is None else value) for name, value in rows]


def _bar(report: ImportReport) -> list[tuple[str, int, float, float]]:
    """Name, count, start and length (of 1000) of what became of the records."""
    counts = report.counts
    parts = {
        "plotted": counts.plotted - counts.repaired,
        "repaired": counts.repaired,
        "invalid": counts.invalid,
        "unplottable": counts.unplottable,
    }
    drawn, start = [], 0.0
    for name, count in parts.items():
        length = 1000 * count / max(counts.received, 1)
        drawn.append((name, count, round(start, 1), round(length, 1)))
        start += length
    return drawn


def _by_code(findings: Sequence[Finding]) -> list[_Found]:
    """The gravest first, then the most frequent."""
    groups: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        groups[finding.code].append(finding)
    order = sorted(
        groups, key=lambda code: (list(Severity).index(CHECKS[code].severity), -len(groups[code]), code)
    )  # fmt: skip
    return [
        _Found(
            code, CHECKS[code], _SEVERITIES[CHECKS[code].severity], len(groups[code]), tuple(groups[code][:EXAMPLES])
        )
        for code in order
    ]


def _map(report: ImportReport, districts: Geometries) -> dict[str, object]:
    """The small map: frame, districts, groups of records, legend, and how many records it cannot show."""
    records = report.records
    shapes: Geometries = records.geometry.to_numpy()
    status = records["plot_status"].to_numpy(object)
    plotted = shapes[status == PlotStatus.PLOTTED.value]
    picture = frame(plotted) or frame(shapes)
    if picture is None:
        return {"picture": None}
    paths = picture.paths(shapes)
    groups = _groups(report, status, paths)
    outlines = [path for path in picture.paths(districts) if path]
    present = {name for group in groups for name in group.classes.split()} | ({"districts"} if outlines else set())
    located = int((~(records.geometry.isna() | records.geometry.is_empty)).sum())
    return {
        "picture": picture,
        "view": f"0 0 {WIDTH} {picture.height}",
        "scale_bar": scale_bar(picture),
        "districts": outlines,
        "groups": groups,
        "legend": [name for name in style.REPORT_LOOKS if name in present],
        "elsewhere": located - sum(bool(path) for path in paths),
        "suspected": sum(len(group.paths) for group in groups if "suspected" in group.classes),
    }


def _groups(report: ImportReport, status: NDArray[np.object_], paths: Sequence[str]) -> list[_Drawn]:
    """Records that are drawn alike; the ones to be looked at come last, on top."""
    records = report.records
    doubts: dict[tuple[str | None, int | None], list[str]] = defaultdict(list)
    for finding in report.findings:
        if finding.code in SUSPECT_CODES and finding.feature_index is not None:
            doubts[finding.document_id, finding.feature_index].append(finding.code)
    found: dict[str, list[tuple[str, str]]] = {
        state + suspected: [] for suspected in ("", " suspected") for state in ("plotted", "repaired", "invalid")
    }
    rows = zip(
        paths,
        status,
        records["repaired"].astype(bool),
        records["document_id"],
        records["feature_index"],
        records[id_field(report.kind)],
        strict=True,
    )
    for path, state, repaired, document_id, feature_index, record_id in rows:
        if not path:
            continue
        codes = doubts.get((document_id, int(feature_index)), [])
        classes = "invalid" if state == PlotStatus.INVALID.value else "repaired" if repaired else "plotted"
        name = f"{str(record_id)[:_LONGEST_NAME]}: {', '.join(dict.fromkeys(codes))}" if codes else ""
        found[classes + (" suspected" if codes else "")].append((path, name))
    return [_Drawn(classes, drawn) for classes, drawn in found.items() if drawn]
