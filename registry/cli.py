"""The command line: parse, call, print."""

import gc
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry import __version__
from registry.cli_claims import app as claims_app
from registry.cli_export import app as export_app
from registry.cli_map import app as map_app
from registry.cli_stats import app as stats_app
from registry.codes import Instrument
from registry.console import FAILED, FARTHEST_M, AsJson
from registry.console import date_option as _date
from registry.console import open_registry as _open
from registry.console import print_json as _print_json
from registry.console import print_rich as _print
from registry.console import watched as _progress
from registry.errors import RegistryError, SourceError
from registry.model import Handover, Kind

if TYPE_CHECKING:
    from registry.sources.tables import TableOptions

FORESEEN = 3
_BESIDE_MANIFEST = {"sources", "dry_run", "report_page", "as_json"}

app = typer.Typer(
    name="minefield-registry",
    help="The registry of handed-over minefield maps: import batches, see them on a map, measure what they cover.",
    epilog="A map shows what somebody recorded. Where no record lies, nothing is known.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

BatchId = Annotated[str, typer.Argument(metavar="ID", help="The batch.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept in the history.")]


def main() -> None:
    """Run a command; an error that was foreseen is one sentence and exit code 3, a bug keeps its traceback."""
    for stream in (sys.stdout, sys.stderr):
        # Names from data are in any script, whatever the terminal was set to.
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    # What a verb imports and reads stays to its end: looking for garbage among it each 700 objects costs a tenth.
    gc.set_threshold(500_000, 20, 100)
    try:
        app()
    except RegistryError as error:
        from registry.terminal import shown

        print(shown(error), file=sys.stderr)
        sys.exit(FORESEEN)
    finally:
        gc.freeze()  # the system takes back all at once


def _version(asked: bool) -> None:
    if asked:
        print(f"minefield-registry {__version__}")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    registry: Annotated[
        Path, typer.Option("--registry", envvar="MINEFIELD_REGISTRY", help="The registry file.")
    ] = Path("registry.gpkg"),
    version: Annotated[  # noqa: ARG001 (its callback acts)
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Keep the path of the registry for the verb."""
    context.obj = registry


@app.command(epilog="Example: minefield-registry --registry maps.gpkg init")
def init(context: typer.Context, as_json: AsJson = False) -> None:
    """Make an empty registry."""
    from registry.store import Registry

    with Registry.create(context.obj) as registry:
        made = {"schema": "minefield-registry/init/v1", "registry": str(registry.path), "identity": registry.identity}
    if as_json:
        _print_json(made)
    else:
        print(
            f"{made['registry']} is ready. Next: minefield-registry import FILE --kind minefields --id ID --title TITLE"
        )


@app.command(
    "import",
    epilog="Example: minefield-registry import fields.shp --kind minefields --id handover-1 --title 'First handover' "
    "--from 'Party A' --to 'Party B' --on 2024-01-25 --crs EPSG:28408 --field record_id=NUMBER --repair",
)
def import_(
    context: typer.Context,
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="Files as handed over, folders or zips of them; several make one layer. Or one manifest of a batch.",
        ),
    ],
    kind: Annotated[Kind | None, typer.Option("--kind", help="What the rows are.")] = None,
    batch_id: Annotated[str | None, typer.Option("--id", help="Id of the batch.")] = None,
    title: Annotated[str | None, typer.Option("--title", help="Readable title; else the id.")] = None,
    giving_party: Annotated[str | None, typer.Option("--from", help="Who handed it over.")] = None,
    receiving_party: Annotated[str | None, typer.Option("--to", help="Who received it.")] = None,
    handed_over_on: Annotated[
        str | None, typer.Option("--on", metavar="DATE", help="When: YYYY-MM-DD, YYYY-MM or YYYY.")
    ] = None,
    licence: Annotated[str | None, typer.Option("--licence", help="Terms of use.")] = None,
    notes: Annotated[str | None, typer.Option("--notes", help="Anything else about the handover.")] = None,
    crs: Annotated[str | None, typer.Option("--crs", help="CRS of the positions, where the file does not say.")] = None,
    encoding: Annotated[
        str | None, typer.Option("--encoding", help="Encoding of a shapefile's or text table's texts, as cp1251.")
    ] = None,
    profile: Annotated[
        Path | None, typer.Option("--profile", metavar="FILE", help="What the columns of a table mean, checked by you.")
    ] = None,
    propose_profile: Annotated[
        Path | None,
        typer.Option(
            "--propose-profile",
            metavar="OUT",
            help="Import nothing; write a profile for the first file, to be checked.",
        ),
    ] = None,
    sheet: Annotated[str | None, typer.Option("--sheet", help="Sheet of a workbook, where several hold data.")] = None,
    layer: Annotated[list[str] | None, typer.Option("--layer", help="Layer to read, where a file has several.")] = None,
    field: Annotated[
        list[str] | None, typer.Option("--field", metavar="OURS=THEIRS", help="Their column that fills our field.")
    ] = None,
    value: Annotated[
        list[str] | None,
        typer.Option("--value", metavar="OURS=VALUE", help="What our field is in all rows, as you know it."),
    ] = None,
    sigma: Annotated[
        float | None,
        typer.Option("--sigma", min=0.0, max=FARTHEST_M, metavar="METRES", help="Position error, one sigma."),
    ] = None,
    width: Annotated[
        float | None,
        typer.Option("--width", min=0.0, max=FARTHEST_M, metavar="METRES", help="Width of minefields given as lines."),
    ] = None,
    radius: Annotated[
        float | None,
        typer.Option(
            "--radius", min=0.0, max=FARTHEST_M, metavar="METRES", help="Radius of minefields given as points."
        ),
    ] = None,
    transform: Annotated[
        str | None,
        typer.Option(
            "--transform",
            metavar="NAME",
            help="Operation to WGS 84 by name or code, as EPSG:1254, where not the best one; ? lists them.",
        ),
    ] = None,
    correct: Annotated[
        list[str] | None,
        typer.Option(
            "--correct", metavar="CODE", help="Read positions as this suspicion of an earlier report or dry run says."
        ),
    ] = None,
    drop_column: Annotated[
        list[str] | None,
        typer.Option("--drop-column", metavar="THEIRS", help="Leave a column out, and keep only the files' hashes."),
    ] = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Repair invalid geometries; the originals are kept.")
    ] = False,
    supersedes: Annotated[
        str | None, typer.Option("--supersedes", metavar="ID", help="Batch whose layer of this kind is replaced.")
    ] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Why it is replaced.")] = None,
    hash_only: Annotated[
        bool, typer.Option("--hash-only", help="Keep only the files' hashes, not their bytes.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do everything but write.")] = False,
    report_page: Annotated[
        Path | None, typer.Option("--report", metavar="OUT", help="Write the report also as a page (.html).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Import files as one layer of a batch, or all that a manifest names, with everything the checks find."""
    from registry import terminal
    from registry.held import areas_held
    from registry.importer import ImportOptions, import_batch
    from registry.jsonform import plain
    from registry.sources.manifest import is_manifest
    from registry.sources.profile import read_profile
    from registry.sources.tables import TableOptions

    if any(map(is_manifest, sources)):
        _refuse_beside_manifest(context, sources)
        _import_manifest(context, sources[0], report_page, dry_run=dry_run, as_json=as_json)
        return
    if kind is None:
        raise typer.BadParameter("say what the rows are.", param_hint="--kind")
    if propose_profile is not None:
        reading = TableOptions(sheet=sheet, encoding=encoding)
        _propose(sources[0], kind, reading, crs, propose_profile, as_json=as_json)
        return
    if batch_id is None:
        raise typer.BadParameter("name the batch.", param_hint="--id")
    handover = Handover(
        batch_id,
        title or batch_id,
        giving_party=giving_party,
        receiving_party=receiving_party,
        handed_over_on=_date(handed_over_on, "--on"),
        licence=licence,
        notes=notes,
    )
    options = ImportOptions(
        crs=crs,
        encoding=encoding,
        layers=tuple(layer or ()),
        field_map=_pairs(field or [], "--field", "THEIRS"),
        field_values=_pairs(value or [], "--value", "VALUE"),
        sigma_m=sigma,
        repair=repair,
        supersedes=supersedes,
        reason=reason,
        keep_bytes=not hash_only,
        drop_columns=tuple(drop_column or ()),
        width_m=width,
        radius_m=radius,
        profile=None if profile is None else read_profile(profile),
        sheet=sheet,
        transform=transform,
        corrections=tuple(correct or ()),
    )
    if report_page is not None:
        from maps.import_report import refuse_unwritable, save_import_report

        refuse_unwritable(report_page)
    with _open(context) as registry, _progress() as progress:
        report = import_batch(registry, sources, kind, handover, options, dry_run=dry_run, progress=progress)
        if report_page is not None:
            districts = areas_held(registry, registry.layers(), batch_id).districts
            save_import_report([report], handover, districts, report_page)
    if as_json:
        _print_json({"schema": "minefield-registry/import/v1", **_without(plain(report), "records")})
    else:
        _print(terminal.import_report(report))
    if dry_run and report.has_errors:
        raise typer.Exit(FAILED)


def _refuse_beside_manifest(context: typer.Context, sources: Sequence[Path]) -> None:
    """A manifest says everything itself; a word beside it would be lost."""
    if len(sources) > 1:
        raise typer.BadParameter("a manifest is imported by itself, without other files.", param_hint="FILE")
    for parameter in context.command.params:
        name = parameter.name or ""
        source = context.get_parameter_source(name)
        is_given = source is not None and source.name in {"COMMANDLINE", "ENVIRONMENT"}
        if is_given and name not in _BESIDE_MANIFEST:
            hint = next((word for word in parameter.opts if word.startswith("--")), name)
            raise typer.BadParameter("the manifest says this itself; write it there.", param_hint=hint)


def _import_manifest(
    context: typer.Context, path: Path, report_page: Path | None, *, dry_run: bool, as_json: bool
) -> None:
    from registry import terminal
    from registry.batch import import_manifest
    from registry.held import areas_held
    from registry.jsonform import plain

    if report_page is not None:
        from maps.import_report import refuse_unwritable, save_import_report

        refuse_unwritable(report_page)
    with _open(context) as registry, _progress() as progress:
        report = import_manifest(registry, path, dry_run=dry_run, progress=progress)
        if report_page is not None:
            districts = areas_held(registry, registry.layers(), report.handover.batch_id).districts
            save_import_report(report.layers, report.handover, districts, report_page)
    if as_json:
        layers = [_without(plain(layer), "records") for layer in report.layers]
        _print_json(
            {
                "schema": "minefield-registry/import-manifest/v1",
                "handover": plain(report.handover),
                "dry_run": report.dry_run,
                "layers": layers,
            }
        )
    else:
        for layer in report.layers:
            _print(terminal.import_report(layer))
    if dry_run and report.has_errors:
        raise typer.Exit(FAILED)


def _propose(source: Path, kind: Kind, reading: "TableOptions", crs: str | None, out: Path, *, as_json: bool) -> None:
    """Write a proposed profile and show it; nothing else is written."""
    from registry import terminal
    from registry.sources.tablesource import propose_profile

    proposal = propose_profile(source, kind, reading, crs=crs)
    try:
        with out.open("x", encoding="utf-8", newline="\n") as file:
            file.write(proposal.to_toml())
    except FileExistsError as error:
        raise SourceError(f"{out}: it is there already; name another file for the proposal.") from error
    except OSError as error:
        raise SourceError(f"{out}: it cannot be written ({error.strerror or error}).") from error
    if as_json:
        _print_json({"schema": "minefield-registry/propose-profile/v1", "profile": str(out), **proposal.to_json()})
    else:
        _print(terminal.profile_proposal(proposal, out))


@app.command(epilog="Example: minefield-registry withdraw handover-1 --reason 'wrong file'")
def withdraw(
    context: typer.Context,
    batch_id: BatchId,
    reason: Reason,
    kind: Annotated[Kind | None, typer.Option("--kind", help="Only the layer of this kind.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be withdrawn.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take a batch out of figures and maps; it stays in the history."""
    with _open(context) as registry:
        withdraw_or_say = registry.withdrawable if dry_run else registry.withdraw
        layers = withdraw_or_say(batch_id, kind=kind, reason=reason)
    names = [{"batch_id": layer.batch_id, "kind": layer.kind.value} for layer in layers]
    if as_json:
        _print_json({"schema": "minefield-registry/withdraw/v1", "dry_run": dry_run, "layers": names})
        return
    done = "would be withdrawn" if dry_run else "withdrawn"
    for name in names:
        print(f"{name['batch_id']} {name['kind']}: {done}. It stays in the history: minefield-registry list --all")


@app.command("list", epilog="Example: minefield-registry list --all")
def list_(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Also what was superseded or withdrawn.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the layers of the registry."""
    from registry import terminal
    from registry.jsonform import plain

    with _open(context) as registry:
        layers = registry.layers(all_states=everything)
        handovers = [registry.handover(layer.batch_id) for layer in layers]
    if as_json:
        rows = [{**plain(layer), "handover": plain(stated)} for layer, stated in zip(layers, handovers, strict=True)]
        _print_json({"schema": "minefield-registry/list/v1", "layers": rows})
    elif layers:
        _print(terminal.layer_list(layers, handovers))
    else:
        print("No layers. Add one: minefield-registry import FILE --kind minefields --id ID --title TITLE")


@app.command(epilog="Example: minefield-registry show handover-1")
def show(
    context: typer.Context,
    batch_id: BatchId,
    instrument: Annotated[
        Instrument, typer.Option("--instrument", help="Whose list of contents the records are held against.")
    ] = Instrument.AMENDED_PROTOCOL_II,
    as_json: AsJson = False,
) -> None:
    """Show what is known of a batch: provenance, source documents, findings, and how complete its records are."""
    from registry import terminal
    from registry.completeness import columns_needed, score
    from registry.jsonform import plain

    with _open(context) as registry:
        layers = registry.layers(batch_ids=(batch_id,), all_states=True)
        stated = registry.handover(batch_id)
        details = [(layer, registry.documents(layer), registry.findings(layer)) for layer in layers]
        scores = {
            layer.table_name: score(registry.read(layer, columns_needed()), instrument).batch()
            for layer in layers
            if layer.kind is Kind.MINEFIELDS
        }
    if as_json:
        rows = [
            {
                **plain(layer),
                "documents": [_without(plain(each), "content") for each in documents],
                "findings": plain(found),
                "completeness": plain(scores.get(layer.table_name)),
            }
            for layer, documents, found in details
        ]
        _print_json({"schema": "minefield-registry/show/v1", "handover": plain(stated), "layers": rows})
        return
    for layer, documents, found in details:
        _print(terminal.layer_details(layer, stated, documents, found))
        if layer.table_name in scores:
            _print(terminal.completeness(scores[layer.table_name]))


@app.command(epilog="Example: minefield-registry diff handover-1 handover-2")
def diff(
    context: typer.Context,
    earlier: Annotated[str, typer.Argument(metavar="ID", help="The earlier batch.")],
    later: Annotated[str, typer.Argument(metavar="ID", help="The later batch.")],
    kind: Annotated[Kind, typer.Option("--kind", help="Which layers are compared.")] = Kind.MINEFIELDS,
    as_json: AsJson = False,
) -> None:
    """Say what a batch holds that an earlier one did not: new, gone, moved, changed."""
    from registry import terminal
    from registry.batchdiff import diff_batches
    from registry.jsonform import plain

    with _open(context) as registry:
        before, after = (registry.read(registry.layer(batch_id, kind)) for batch_id in (earlier, later))
    result = diff_batches(before, after, kind)
    if as_json:
        named = {"schema": "minefield-registry/diff/v1", "earlier": earlier, "later": later, "kind": kind.value}
        _print_json({**named, **plain(result)})
    else:
        _print(terminal.batch_diff(result))


@app.command(epilog="Example: minefield-registry verify")
def verify(context: typer.Context, as_json: AsJson = False) -> None:
    """Recompute every hash, and check that the file is as it was written. Exit code 1 if it is not."""
    from registry import terminal
    from registry.jsonform import plain

    with _open(context) as registry, _progress() as progress:
        result = registry.verify(progress)
    if as_json:
        _print_json({"schema": "minefield-registry/verify/v1", **plain(result)})
    else:
        _print(terminal.verification(result))
    if result.problems:
        raise typer.Exit(FAILED)


def _without(values: dict[str, Any], left_out: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != left_out}


def _pairs(pairs: Sequence[str], option: str, theirs_name: str) -> dict[str, str]:
    found = {}
    for pair in pairs:
        ours, equals, theirs = pair.partition("=")
        if not (ours and equals and theirs):
            raise typer.BadParameter(f"{pair!r} is not OURS={theirs_name}.", param_hint=option)
        found[ours] = theirs
    return found


for verbs in (stats_app, map_app, claims_app, export_app):
    app.add_typer(verbs)
