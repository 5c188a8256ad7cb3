"""Results as tables and sentences for a terminal. Whatever came from a file is shown as text, never as markup."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from registry.compare.uncertainty import Share
from registry.findings import CHECKS
from registry.model import Finding, Handover, Layer, LayerState, Severity, SourceDocument
from registry.plaintext import MOST_CHARACTERS, visible
from registry.provenance import attachment_ids
from registry.sources.manifest import PARTICULARS

if TYPE_CHECKING:  # importing is heavy, and a comparison is shown without it
    from registry.audit import Verification
    from registry.batchdiff import BatchDiff, ChangedRecord
    from registry.completeness import BatchCompleteness
    from registry.demo import Figure
    from registry.importer import ImportReport
    from registry.sources.propose import Proposal

NOTICE = "Where no record lies, nothing is known: it does not mean that the ground is free of mines."
NAME_WIDTH = 20
RECORDS_SHOWN = 20
GENERAL_SHOWN = 10

_STYLE = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "default"}


def shown(value: object, most: int | None = None) -> str:
    """A value as text that cannot steer a terminal; nothing stands for null. With ``most``, no longer than that."""
    return "" if value is None else visible(str(value), most).replace("\t", " ")


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: int = 0) -> Table:
    """A table whose last ``numbers`` columns are set to the right; without column names it has no head."""
    made = Table(
        title=Text(title, "bold"), title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False
    )
    made.show_header = any(columns)
    cells = [[cell if isinstance(cell, Text) else Text(shown(cell, MOST_CHARACTERS)) for cell in row] for row in rows]
    for position, column in enumerate(columns):
        is_number = position >= len(columns) - numbers
        longest = max((line.cell_len for row in cells for line in row[position].split("\n")), default=0)
        # Numbers and names must not be broken; heads may.
        made.add_column(
            Text(column),
            justify="right" if is_number else "left",
            overflow="fold",
            min_width=longest if is_number else min(longest, NAME_WIDTH) if position <= 1 else None,
        )
    for row in cells:
        made.add_row(*row)
    return made


def import_report(report: "ImportReport") -> RenderableType:
    """What became of the records, and what the checks found."""
    done = "would be imported (dry run, nothing was written)" if report.dry_run else "imported"
    counts = report.counts
    parts: list[RenderableType] = [
        Text(shown(f"{report.title}: batch {report.batch_id}, {report.kind}, {done}."), "bold"),
        table(
            "Records",
            ("received", "plotted", "of these repaired", "invalid", "unplottable"),
            [
                tuple(
                    f"{n:,}"
                    for n in (counts.received, counts.plotted, counts.repaired, counts.invalid, counts.unplottable)
                )
            ],
            numbers=5,
        ),
        table(
            "Positions",
            ("from", "to WGS 84 by", "accuracy"),
            [(each.source_crs, each.name, metres(each.accuracy_m)) for each in report.transformations],
            numbers=1,
        ),
    ]
    if report.matched:
        rows = sorted(report.matched.items())
        parts.append(table("Columns (all others are kept in source_fields)", ("our field", "their column"), rows))
    parts.append(findings(report.findings))
    if report.completeness is not None:
        parts.append(completeness(report.completeness))
    return Group(*parts)


def profile_proposal(proposal: "Proposal", path: Path) -> RenderableType:
    """Which column fills which field, how sure that is and why, and what to do next."""
    rows = [
        (each.field, each.rule.column, each.reason, f"{each.confidence:.2f}") for each in proposal.suggestions
    ]  # fmt: skip
    if proposal.geometry is not None:
        found = proposal.geometry
        rows.insert(0, ("geometry", ", ".join(found.columns), found.reason, f"{found.confidence:.2f}"))
    if proposal.legs is not None:
        rows = [
            (f"legs: {key}", _said(proposal, key), line.reason, f"{line.confidence:.2f}")
            for key, line in proposal.legs.lines.items()
        ] + rows
    parts: list[RenderableType] = [
        table("Proposed profile", ("our field", "their column", "why", "sure"), rows, numbers=1)
    ]
    if proposal.geometry is None and proposal.legs is None:
        parts.append(Text("No column was found that holds positions."))
    if proposal.to_fill_in:
        lacking = ", ".join(proposal.to_fill_in)
        parts.append(Text(f"Fill in {lacking} in [legs]: neither headings nor values decide it.", "bold"))
    if proposal.unmatched:
        parts.append(Text(shown(f"Without a field, kept in source_fields: {', '.join(proposal.unmatched)}.")))
    parts.append(
        Text(shown(f"Written to {path}. Check it, set checked = true in it, and import with --profile {path}."))
    )
    return Group(*parts)


def _said(proposal: "Proposal", key: str) -> str:
    """What a proposal says for a key of [legs]."""
    if key in proposal.to_fill_in:
        return "?"
    rule = proposal.profile.legs
    value = getattr(rule, key if hasattr(rule, key) else f"{key}_")
    value = getattr(value, "column", None) or value
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def findings(found: Sequence[Finding]) -> RenderableType:
    """The findings by code, each with an example, what follows and what to do."""
    if not found:
        return Text("The checks found nothing.")
    number = Counter(finding.code for finding in found)
    shown_of = {code: _to_show([finding for finding in found if finding.code == code]) for code in number}
    order = sorted(number, key=lambda code: (list(Severity).index(CHECKS[code].severity), -number[code], code))
    rows = [
        (
            Text(CHECKS[code].severity.value, _STYLE[CHECKS[code].severity]),
            f"{number[code]:,}",
            _meaning(shown_of[code]),
        )
        for code in order
    ]
    return table(
        "Findings (E: not usable as it stands, W: look at it, I: good to know)", ("", "number", "what it means"), rows
    )


def _to_show(found: Sequence[Finding]) -> Sequence[Finding]:
    """The first of a code's findings; of those that concern no single record, each says something of its own."""
    return found[:GENERAL_SHOWN] if all(finding.record_id is None for finding in found) else found[:1]


def _meaning(found: Sequence[Finding]) -> Text:
    check = CHECKS[found[0].code]
    said = [f"{each.record_id}: {each.message}" if each.record_id else each.message for each in found]
    lines = [shown(each, MOST_CHARACTERS) for each in said]
    return Text.assemble(
        (f"{found[0].code}\n", "bold"),
        f"{check.cause} {check.consequence} {check.cure}\n",
        ("\n".join(lines) if len(lines) > 1 else f"First: {lines[0]}", "dim"),
    )


def completeness(batch: "BatchCompleteness") -> RenderableType:
    """What of the contents that the protocol asks for the records state."""
    rows = [
        (item.words, f"{item.share.numerator or 0:,}", f"{item.share.denominator:,}")
        for item in batch.items
        if item.share.denominator
    ]
    title = (
        f"Record completeness ({batch.instrument}): {batch.filled:,} of {batch.applicable:,} items filled, "
        f"{batch.records_complete:,} of {batch.records:,} records complete"
    )
    return table(title, ("item", "stated by", "of records"), rows, numbers=2)


def batch_diff(result: "BatchDiff") -> RenderableType:
    """What a later batch says that an earlier one did not."""
    totals = result.totals
    parts: list[RenderableType] = [
        Text(
            f"{totals.earlier:,} records earlier, {totals.later:,} later: {totals.new:,} new, {totals.gone:,} gone, "
            f"{totals.changed:,} changed ({totals.moved:,} moved), {totals.unchanged:,} unchanged."
        )
    ]
    for title, names in (("New", result.new), ("Gone", result.gone)):
        if names:
            more = f" and {len(names) - RECORDS_SHOWN:,} more" if len(names) > RECORDS_SHOWN else ""
            parts.append(Text(shown(f"{title}: {', '.join(names[:RECORDS_SHOWN])}{more}")))
    if result.changed:
        number = len(result.changed)
        title = "Changed" if number <= RECORDS_SHOWN else f"Changed, the first {RECORDS_SHOWN} of {number:,}"
        rows = [(each.old_id, each.matched_by, _change(each)) for each in result.changed[:RECORDS_SHOWN]]
        parts.append(table(title, ("record", "matched by", "what differs"), rows))
    return Group(*parts)


def _change(record: "ChangedRecord") -> str:
    said = []
    if record.old_id != record.new_id:
        said.append(f"number now {record.new_id}")
    if record.move is not None:
        said.append(
            f"moved {record.move.distance_m:,.1f} m {record.move.compass} ({record.move.bearing_deg:.0f} degrees)"
        )
    if record.reshaped:
        said.append("another outline")
    said += [
        f"{each.field}: {shown(each.old) or 'nothing'} -> {shown(each.new) or 'nothing'}" for each in record.fields
    ]
    return "\n".join(said)


def layer_list(layers: Sequence[Layer], handovers: Sequence[Handover]) -> RenderableType:
    """The catalogue."""
    rows = [
        (
            layer.batch_id,
            layer.kind,
            _title_and_giver(layer, handover),
            _state(layer),
            f"{layer.counts.plotted:,}",
            f"{layer.counts.received:,}",
        )
        for layer, handover in zip(layers, handovers, strict=True)
    ]
    return table("Layers", ("batch", "kind", "title", "state", "plotted", "received"), rows, numbers=2)


def _title_and_giver(layer: Layer, handover: Handover) -> str:
    giver = f"from {handover.giving_party}" if handover.giving_party else ""
    on = f"on {handover.handed_over_on}" if handover.handed_over_on else ""
    return "\n".join(line for line in (layer.title, f"{giver} {on}".strip()) if line)


def layer_details(
    layer: Layer, handover: Handover, documents: Sequence[SourceDocument], found: Sequence[Finding]
) -> RenderableType:
    """Provenance and findings of one layer."""
    counts = layer.counts
    stated = [
        ("title", layer.title),
        ("given by", handover.giving_party),
        ("given to", handover.receiving_party),
        ("mediator", handover.mediator),
        ("legal basis", handover.legal_basis),
        ("handed over on", handover.handed_over_on),
        ("documents claimed", handover.documents_claimed),
        ("mines claimed", handover.mines_claimed),
        ("scope", handover.scope_text),
        ("custody", handover.custody_note),
        ("sensitivity", handover.sensitivity),
        ("licence", handover.licence),
        ("statement", handover.statement_url),
        ("counter-statement", handover.counter_statement_url),
        ("notes", handover.notes),
        ("state", _state(layer)),
        ("imported at", layer.provenance.imported_at.isoformat(timespec="seconds")),
        ("imported by", ", ".join(f"{name} {version}" for name, version in layer.provenance.software.items())),
        (
            "records",
            f"{counts.received:,} received = {counts.plotted:,} plotted ({counts.repaired:,} repaired) + "
            f"{counts.invalid:,} invalid + {counts.unplottable:,} unplottable",
        ),
        ("sha256 of the rows", layer.content_sha256),
        *(
            ("positions", f"{each.source_crs} by {each.name}, accuracy {metres(each.accuracy_m)}")
            for each in layer.provenance.transformations
        ),
    ]
    return Group(
        table(f"{layer.batch_id}, {layer.kind}", ("", ""), [row for row in stated if row[1] is not None]),
        *_documents(documents, attachment_ids(layer.provenance)),
        findings(found),
    )


def _documents(documents: Sequence[SourceDocument], attachments: Collection[str]) -> list[RenderableType]:
    """Sources, what came with them, and what is stated of either."""
    columns = ("document", "file", "bytes", "sha256")
    rows = {
        each.document_id: (each.document_id, each.file_name, f"{each.size_bytes:,}", each.sha256) for each in documents
    }
    sources = [row for document_id, row in rows.items() if document_id not in attachments]
    parts: list[RenderableType] = [table("Source documents", columns, sources)]
    if attachments:
        kept = [row for document_id, row in rows.items() if document_id in attachments]
        parts.append(table("Kept beside them, without records", columns, kept))
    stated = [
        (each.document_id, particular.name.replace("_", " "), value)
        for each in documents
        for particular in PARTICULARS
        if (value := getattr(each, particular.name)) is not None
    ]
    if stated:
        parts.append(table("Stated of them", ("document", "what", ""), stated))
    return parts


def verification(result: "Verification") -> RenderableType:
    """Whether the registry is as it was written."""
    checked = f"{result.layers} layers, {result.documents} source documents, {result.entries} entries of the history"
    if result.problems:
        rows = [(problem,) for problem in result.problems]
        return Group(Text(f"{checked}: not as they were written.", "bold red"), table("Problems", ("",), rows))
    return Text(
        f"{checked}: all as they were written.\nThe history is sealed by {result.head_sha256}; note it elsewhere."
    )


def share(value: Share) -> str:
    """A share with what it is a share of; never a bare percentage."""
    if value.value is None:
        counted = "" if value.numerator is None else f"{value.numerator:,} of {value.denominator:,}: "
        return f"{counted}no share"
    return f"{value.numerator:,} of {value.denominator:,} = {interval(value)}"


def interval(value: Share) -> str:
    """A share and its interval, for a row that shows numerator and denominator beside it."""
    if value.value is None or value.low is None or value.high is None:
        return "no share"
    return f"{value.value:.1%} ({value.low:.1%}-{value.high:.1%})"


def _state(layer: Layer) -> str:
    if layer.state is LayerState.ACTIVE:
        return "active"
    by = f" by {layer.superseded_by}" if layer.superseded_by else ""
    return f"{layer.state}{by}: {layer.reason}"


def km2(area_m2: float) -> str:
    """An area in square kilometres."""
    return f"{area_m2 / 1e6:,.2f}"


def metres(value: float | None, *, unknown: str = "not stated") -> str:
    """A distance in words."""
    return unknown if value is None else f"{value:,.0f} m" if value >= 10 else f"{value:g} m"


def figures(beside_truth: "Sequence[Figure]") -> RenderableType:
    """What the registry can know beside what only the simulator knows."""
    rows = [
        (f"{each.label} ({each.unit})", each.truth_is, _number(each.measured), _number(each.truth))
        for each in beside_truth
    ]
    columns = ("what the registry finds", "what the simulator knows", "found", "true")
    return table("SYNTHETIC: figures beside the truth", columns, rows, numbers=2)


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"
