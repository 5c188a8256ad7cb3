"""The verbs that compare: ``stats`` and ``shift``."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from registry.codes import By, DatePrecision, Rule, Section, ShiftBy
from registry.console import FAILED, FARTHEST_M, AsJson, date_option, open_registry, print_json, print_rich, watched
from registry.errors import StoreError

if TYPE_CHECKING:
    from datetime import date

    from registry.model import Run
    from registry.runs import Compute
    from registry.store import Registry


OfBatch = Annotated[list[str] | None, typer.Option("--batch", metavar="ID", help="Only records of this batch.")]
OfEvents = Annotated[list[str] | None, typer.Option("--events", metavar="ID", help="Only events of this batch.")]
Rules = Annotated[
    list[Rule] | None, typer.Option("--rule", help="Count only events that this rule leaves; may be repeated.")
]
Sigma = Annotated[
    float | None,
    typer.Option(
        "--sigma",
        min=0.0,
        max=FARTHEST_M,
        metavar="METRES",
        help="Position error, one sigma, of events that state none.",
    ),
]

app = typer.Typer()


@app.command(epilog="Example: minefield-registry stats --batch handover-1 --features events.gpkg")
def stats(
    context: typer.Context,
    batch: OfBatch = None,
    events: OfEvents = None,
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
    rule: Rules = None,
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
    sigma: Sigma = None,
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
    events_from: Annotated[
        Path | None,
        typer.Option(
            "--events-from",
            metavar="PARTS",
            help="Read the events row group by row group from what export wrote; some sections are then not computed.",
        ),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            "--scheduler", metavar="ADDRESS", help="With --events-from: on the Dask cluster of this scheduler."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure what the maps cover, and how many recorded explosions fall outside them. The run is stored."""
    if rerun is not None:
        _rerun(context, rerun, as_json=as_json)
        return
    if scheduler is not None and events_from is None:
        raise typer.BadParameter("a cluster reads events from parts; name them with --events-from.")
    if features is not None and events_from is not None:
        raise typer.BadParameter("no event is classified one by one where events come from parts.")
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
        sections=_sections(only, in_parts=events_from is not None),
    )
    with open_registry(context) as registry, watched() as progress:
        with _computing(events_from, scheduler) as compute:
            result, run = compute_run(registry, options, progress=progress, compute=compute)
        if features is not None:
            from registry.features import write_classified

            write_classified(result, features)
        if figures is not None:
            from registry.tidy import write_figures

            write_figures(result, figures)
        _store_run(registry, run)
    if as_json:
        print(run.result)
        return
    from registry import stats_text

    print_rich(stats_text.comparison(result, in_parts=events_from is not None))


def _sections(only: list[Section] | None, *, in_parts: bool) -> tuple[Section, ...]:
    """The sections that are asked for; where events come from parts and none is named, those that can be computed."""
    if only or not in_parts:
        return tuple(section for section in Section if not only or section in only)
    from registry.partwise import IN_PARTS

    return IN_PARTS


@contextmanager
def _computing(events_from: Path | None, scheduler: str | None) -> "Iterator[Compute]":
    """What compares: all events at once, or row group by row group, here or on a cluster."""
    if events_from is None:
        from registry.stats import compute_stats

        yield compute_stats
        return
    from registry.eventparts import open_parts
    from registry.partwise import Here, counted_so_far, in_parts

    parts = open_parts(events_from)
    print(f"{parts.rows:,} events from {events_from}; row groups: {len(parts.groups):,}.", file=sys.stderr)
    if scheduler is None:
        with Here() as engine:
            yield in_parts(parts, engine)
        return
    from registry.cluster import on_cluster

    with on_cluster(scheduler, counted_so_far) as cluster:
        yield in_parts(parts, cluster)


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
    with open_registry(context) as registry, watched() as progress:
        result = rerun(registry, run_id, progress=progress)
    if as_json:
        print_json({"schema": "minefield-registry/rerun/v1", **plain(result)})
    else:
        print_rich(terminal_claims.repetition(result))
    if not result.same:
        raise typer.Exit(FAILED)


@app.command(epilog="Example: minefield-registry shift --batch handover-1 --sigma 30 --by sheet --preview look.gpkg")
def shift(
    context: typer.Context,
    batch: OfBatch = None,
    events: OfEvents = None,
    sigma: Sigma = None,
    rule: Rules = None,
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
    with open_registry(context) as registry, watched() as progress:
        result = compute_shift(registry, options, progress=progress)
    if as_json:
        print_json(result.to_json())
    else:
        print_rich(shift_text.report(result))
    if preview is not None:
        write_preview(result, preview)


def _day(text: str | None, option: str) -> "date | None":
    stated = date_option(text, option)
    if stated is not None and stated.precision is not DatePrecision.DAY:
        raise typer.BadParameter(f"{text!r} is not a day; write YYYY-MM-DD.", param_hint=option)
    return None if stated is None else stated.first
