"""The command line: parse, call, print."""

import gc
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry import __version__
from registry.cli_claims import app as claims_app
from registry.codes import By, DatePrecision, Instrument, Rule, Section, ShiftBy
from registry.console import AsJson
from registry.console import date_option as _date
from registry.console import open_registry as _open
from registry.console import print_json as _print_json
from registry.console import print_rich as _print
from registry.console import watched as _progress
from registry.errors import RegistryError, SourceError, StoreError
from registry.model import Handover, Kind

if TYPE_CHECKING:
    from datetime import date

    from registry.model import Run
    from registry.sources.tables import TableOptions
    from registry.store import Registry

FAILED = 1
FORESEEN = 3
FARTHEST_M = 1_000_000.0
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


def _languages() -> list[str]:
    from maps.words import languages

    return languages()


def main() -> None:
    """Run a command; an error that was foreseen is one sentence and exit code 3, a bug keeps its traceback."""
    for stream in (sys.stdout, sys.stderr):
        # Names from data are in any script, whatever the terminal was set to.
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    # What a verb imports and reads stays to its end: looking for garbage among it each 700 objects costs a tenth.
    gc.set_threshold(50_000, 20, 100)
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


@app.command(epilog="Example: minefield-registry stats --batch handover-1 --features events.gpkg")
def stats(
    context: typer.Context,
    batch: Annotated[
        list[str] | None, typer.Option("--batch", metavar="ID", help="Only records of this batch.")
    ] = None,
    events: Annotated[
        list[str] | None, typer.Option("--events", metavar="ID", help="Only events of this batch.")
    ] = None,
    districts: Annotated[
        str | None, typer.Option("--districts", metavar="ID", help="Which districts, where there are several.")
    ] = None,
    near: Annotated[
        float,
        typer.Option(
            "--near",
            min=0.0,
            max=FARTHEST_M,
            metavar="METRES",
            help="How far outside is near, where no error is stated.",
        ),
    ] = 100.0,
    rule: Annotated[
        list[Rule] | None, typer.Option("--rule", help="Count only events that this rule leaves; may be repeated.")
    ] = None,
    coarse_above: Annotated[
        float,
        typer.Option(
            "--coarse-above",
            min=0.0,
            max=FARTHEST_M,
            metavar="METRES",
            help="Position error that the rule location-too-coarse still accepts.",
        ),
    ] = 500.0,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="DATE", help="Only what was in hand and had happened by YYYY-MM-DD."),
    ] = None,
    by: Annotated[list[By] | None, typer.Option("--by", help="Also by group; may be repeated.")] = None,
    investigated_share: Annotated[
        float,
        typer.Option(
            "--investigated-share", metavar="SHARE", help="From which share of its area on a record is investigated."
        ),
    ] = 0.9,
    fade_out: Annotated[
        float | None,
        typer.Option("--fade-out", metavar="METRES", help="How far from a found mine land still counts as confirmed."),
    ] = None,
    estimated_mines: Annotated[
        int | None, typer.Option("--estimated-mines", metavar="N", help="An estimate of all mines, recorded or not.")
    ] = None,
    estimate_source: Annotated[
        str | None, typer.Option("--estimate-source", metavar="TEXT", help="Whose estimate it is, and where it stands.")
    ] = None,
    sigma: Annotated[
        float | None,
        typer.Option(
            "--sigma", min=0.0, max=FARTHEST_M, metavar="METRES", help="Position error of events that state none."
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of what is drawn at random.")] = 1,
    cluster_distance: Annotated[
        float,
        typer.Option(
            "--cluster-distance",
            min=1.0,
            max=FARTHEST_M,
            metavar="METRES",
            help="How close together events outside every record make a cluster.",
        ),
    ] = 1_000.0,
    cluster_events: Annotated[
        int, typer.Option("--cluster-events", min=2, metavar="N", help="How many events make a cluster.")
    ] = 5,
    only: Annotated[
        list[Section] | None,
        typer.Option("--only", help="Beside coverage and accuracy compute only this; may be repeated."),
    ] = None,
    features: Annotated[
        Path | None,
        typer.Option(
            "--features",
            metavar="OUT",
            help="Write every event with its class (.gpkg, with the unmapped clusters, or .csv).",
        ),
    ] = None,
    figures: Annotated[
        Path | None,
        typer.Option("--csv", metavar="OUT", help="Write every figure as a row of a table (.csv)."),
    ] = None,
    rerun: Annotated[
        str | None,
        typer.Option("--rerun", metavar="RUN", help="Repeat a stored run. Exit code 1 if the result is another."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure what the maps cover, and how many recorded explosions fall outside them. The run is stored."""
    if rerun is not None:
        _rerun(context, rerun, as_json=as_json)
        return
    from registry.compare.ground import GroundOptions
    from registry.inputs import StatsOptions
    from registry.runs import compute_run

    options = StatsOptions(
        batch_ids=tuple(batch or ()),
        events=tuple(events or ()),
        districts=districts,
        near_m=near,
        rules=tuple(rule or ()),
        coarse_above_m=coarse_above,
        as_of=_day(as_of, "--as-of"),
        by=tuple(by or ()),
        ground=GroundOptions(investigated_share, fade_out, estimated_mines, estimate_source),
        cluster_distance_m=cluster_distance,
        cluster_events=cluster_events,
        sigma_m=sigma,
        seed=seed,
        sections=tuple(section for section in Section if not only or section in only),
    )
    with _open(context) as registry, _progress() as progress:
        result, run = compute_run(registry, options, progress=progress)
        if features is not None:
            from registry.features import write_classified

            write_classified(result, features)
        if figures is not None:
            from registry.tidy import write_figures

            write_figures(result, figures)
        _store_run(registry, run)
    if as_json:
        _print_json(result.to_json())
        return
    from registry import stats_text

    _print(stats_text.comparison(result))


def _store_run(registry: "Registry", run: "Run") -> None:
    """Keep a run. Figures do not depend on whether the file can be written to, so that it cannot is only said."""
    try:
        registry.add_run(run)
    except StoreError as error:
        from registry.terminal import shown

        print(f"The run was not stored. {shown(error)}", file=sys.stderr)
    else:
        print(f"Run {run.run_id}. Repeat it: minefield-registry stats --rerun {run.run_id}", file=sys.stderr)


def _rerun(context: typer.Context, run_id: str, *, as_json: bool) -> None:
    """Repeat a run with its own options; none may be given beside it."""
    from registry import terminal_claims
    from registry.jsonform import plain
    from registry.runs import rerun

    for name in context.params:
        given = context.get_parameter_source(name)
        if name not in {"rerun", "as_json"} and given is not None and given.name == "COMMANDLINE":
            raise typer.BadParameter("a run is repeated with its own options; leave the others out.")
    with _open(context) as registry, _progress() as progress:
        result = rerun(registry, run_id, progress=progress)
    if as_json:
        _print_json({"schema": "minefield-registry/rerun/v1", **plain(result)})
    else:
        _print(terminal_claims.repetition(result))
    if not result.same:
        raise typer.Exit(FAILED)


@app.command(epilog="Example: minefield-registry shift --batch handover-1 --sigma 30 --by sheet --preview look.gpkg")
def shift(
    context: typer.Context,
    batch: Annotated[
        list[str] | None, typer.Option("--batch", metavar="ID", help="Only records of this batch.")
    ] = None,
    events: Annotated[
        list[str] | None, typer.Option("--events", metavar="ID", help="Only events of this batch.")
    ] = None,
    sigma: Annotated[
        float | None,
        typer.Option(
            "--sigma",
            min=0.0,
            max=FARTHEST_M,
            metavar="METRES",
            help="Position error, one sigma, of events that state none.",
        ),
    ] = None,
    rule: Annotated[
        list[Rule] | None, typer.Option("--rule", help="Count only events that this rule leaves; may be repeated.")
    ] = None,
    by: Annotated[
        list[ShiftBy] | None, typer.Option("--by", help="Also each group of records on its own; may be repeated.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the synthetic events behind p-values.")] = 9,
    preview: Annotated[
        Path | None,
        typer.Option("--preview", metavar="OUT", help="Write the records moved by what was found, to look at (.gpkg)."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Seek one step by which all records lie apart from the events. Nothing is moved in the registry."""
    from registry import shift_text
    from registry.shifts import ShiftOptions, compute_shift, write_preview

    options = ShiftOptions(
        batch_ids=tuple(batch or ()),
        events=tuple(events or ()),
        rules=tuple(rule or ()),
        sigma_m=sigma,
        by=tuple(by or ()),
        seed=seed,
    )
    with _open(context) as registry, _progress() as progress:
        result = compute_shift(registry, options, progress=progress)
    if as_json:
        _print_json(result.to_json())
    else:
        _print(shift_text.report(result))
    if preview is not None:
        write_preview(result, preview)


@app.command("map", epilog="Example: minefield-registry map -o map.html --lang hy")
def map_(
    context: typer.Context,
    output: Annotated[Path, typer.Option("--output", "-o", help="The page to write.")] = Path("map.html"),
    title: Annotated[str | None, typer.Option("--title", help="Title of the page.")] = None,
    tiles: Annotated[
        str | None,
        typer.Option(
            "--tiles", metavar="NAME", help="Online base map, as OpenStreetMap.Mapnik; else the page is offline."
        ),
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option("--without", metavar="BATCH", help="A batch that is not drawn; the page says so."),
    ] = None,
    language: Annotated[
        str,
        typer.Option("--lang", metavar="CODE", help="Language of the page, as ru.", autocompletion=_languages),
    ] = "en",
    backdrop: Annotated[
        Path | None,
        typer.Option("--backdrop", metavar="FILE", help="A vector file drawn as outlines beneath the evidence."),
    ] = None,
    public: Annotated[
        bool, typer.Option("--public", help="Only ranges of numbers by hexagon, small ones withheld: to be published.")
    ] = False,
    cell: Annotated[
        int | None,
        typer.Option("--cell", metavar="KM", help="With --public: side of a hexagon, 1, 2, 5, 10, 20 or 50."),
    ] = None,
    districts: Annotated[
        bool, typer.Option("--districts", help="With --public: districts instead of hexagons.")
    ] = False,
) -> None:
    """Draw the registry as one HTML file that opens without a network."""
    from maps.publicmap import SIDE_KM, build_public_map
    from maps.webmap import build_web_map, save_web_map
    from maps.words import catalogue
    from registry.inputs import StatsOptions
    from registry.stats import FOR_A_MAP, compute_stats

    words = catalogue(language)
    _check_public(public=public, cell=cell, districts=districts, without=without, backdrop=backdrop)
    with _open(context) as registry, _progress() as progress:
        comparison = compute_stats(registry, StatsOptions(sections=FOR_A_MAP, cluster_draws=0), progress=progress)
        progress("drawing the map", None)
        if public:
            side_km = SIDE_KM if cell is None else cell
            web_map = build_public_map(
                registry, comparison, side_km=side_km, by_district=districts, title=title, tiles=tiles, words=words
            )
        else:
            web_map = build_web_map(
                registry,
                comparison,
                title=title,
                tiles=tiles,
                without=without or (),
                words=words,
                backdrop=backdrop,
            )
        save_web_map(web_map, output)
    said = (
        "GENERALISED: it shows ranges of numbers, no record and no position; docs/public.md says what that hides."
        if public
        else "RESTRICTED: it shows positions of recorded minefields."
    )
    print(f"{output}: {output.stat().st_size / 1e6:.1f} MB. {said}")


@app.command(epilog="Example: minefield-registry demo demo")
def demo(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write it.")] = Path("demo"),
    as_json: AsJson = False,
) -> None:
    """Build a SYNTHETIC registry in open sea, and print its figures beside the truth."""
    from maps.webmap import build_web_map, save_web_map
    from registry import stats_text, terminal
    from registry.demo import run_demo
    from registry.jsonform import plain
    from registry.store import Registry

    with _progress() as progress:
        result = run_demo(directory, progress=progress)
        page = directory / "map.html"
        with Registry.open(result.registry_path) as registry:
            progress("drawing the map", None)
            save_web_map(build_web_map(registry, result.comparison, title="SYNTHETIC demonstration"), page)
    if as_json:
        _print_json(
            {
                "schema": "minefield-registry/demo/v1",
                "registry": str(result.registry_path),
                "map": str(page),
                "figures": plain(result.figures),
                "stats": result.comparison.to_json(),
            }
        )
        return
    _print(stats_text.comparison(result.comparison))
    _print(terminal.figures(result.figures))
    print(f"SYNTHETIC. Registry: {result.registry_path}. Map: {page}. Statistics: {result.stats_path}")


def _check_public(
    *, public: bool, cell: int | None, districts: bool, without: Sequence[str] | None, backdrop: Path | None
) -> None:
    if not public and (cell is not None or districts):
        raise typer.BadParameter("It belongs to --public.", param_hint="--districts" if districts else "--cell")
    if cell is not None and districts:
        raise typer.BadParameter("Choose hexagons with --cell or districts, not both.", param_hint="--cell")
    if public and without:
        raise typer.BadParameter(
            "Two public maps, with and without a batch, would show by their difference what it holds; "
            "leave out --without, or withdraw the batch.",
            param_hint="--without",
        )
    if public and backdrop is not None:
        raise typer.BadParameter("A public map shows ranges of numbers and nothing else.", param_hint="--backdrop")


def _without(values: dict[str, Any], left_out: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != left_out}


def _day(text: str | None, option: str) -> "date | None":
    stated = _date(text, option)
    if stated is not None and stated.precision is not DatePrecision.DAY:
        raise typer.BadParameter(f"{text!r} is not a day; write YYYY-MM-DD.", param_hint=option)
    return None if stated is None else stated.first


def _pairs(pairs: Sequence[str], option: str, theirs_name: str) -> dict[str, str]:
    found = {}
    for pair in pairs:
        ours, equals, theirs = pair.partition("=")
        if not (ours and equals and theirs):
            raise typer.BadParameter(f"{pair!r} is not OURS={theirs_name}.", param_hint=option)
        found[ours] = theirs
    return found


app.add_typer(claims_app)
