"""The verb that writes for other programs: ``export``."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from registry.console import AsJson, open_registry, print_json, watched

app = typer.Typer()


class What(StrEnum):
    """What can be exported."""

    EVENTS = "events"


class Format(StrEnum):
    """As what."""

    GEOPARQUET = "geoparquet"


@app.command(epilog="Example: minefield-registry export events --to geoparquet -o parts")
def export(
    context: typer.Context,
    what: Annotated[What, typer.Argument(help="What to write.")],
    to: Annotated[Format, typer.Option("--to", help="As what.")],
    out: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="A new folder for the parts.")],
    events: Annotated[
        list[str] | None, typer.Option("--events", metavar="ID", help="Only events of this batch; may be repeated.")
    ] = None,
    group_rows: Annotated[
        int, typer.Option("--group-rows", min=1, metavar="N", help="Events of a row group: the work of one task.")
    ] = 100_000,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do everything but write.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write the events in parts that follow each other in space, for stats --events-from and for other programs."""
    from registry.eventexport import export_events
    from registry.jsonform import plain

    with open_registry(context) as registry, watched() as progress:
        done = export_events(
            registry, out, batch_ids=tuple(events or ()), group_rows=group_rows, dry_run=dry_run, progress=progress
        )
    if as_json:
        print_json({"schema": "minefield-registry/export/v1", "what": what.value, "format": to.value, **plain(done)})
        return
    said = "written" if done.written else "would be written"
    print(
        f"{out}: {done.events:,} events, {done.unlocated:,} of them without a position, {said}; parts: {done.parts:,}, "
        f"row groups: {done.row_groups:,}. Next: minefield-registry stats --events-from {out}"
    )
