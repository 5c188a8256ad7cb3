"""What the verbs share: opening the registry, steps on stderr, printing."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry.jsonform import json_text
from registry.model import PartialDate, Progress
from registry.plaintext import visible

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.status import Status

    from registry.store import Registry

FARTHEST_M = 1_000_000.0
"""More metres than any option for a width or an error is meant to take."""

FAILED = 1
"""Exit code of a verb that did its work and found what must not be."""

PROGRESS_AFTER_S = 1.0
NARROWEST = 80

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]


@contextmanager
def open_registry(context: typer.Context) -> "Iterator[Registry]":
    """The registry that the command line names."""
    from registry.store import Registry

    with Registry.open(context.obj) as registry:
        yield registry


@contextmanager
def watched() -> Iterator[Progress]:
    """Steps on stderr for work that takes longer than a second: a moving line on a terminal, else a line a step."""
    started = time.monotonic()
    line: list[Status] = []

    def step(words: str, share: float | None) -> None:
        if time.monotonic() - started < PROGRESS_AFTER_S:
            return
        said = visible(words if share is None else f"{words} ({share:.0%})")
        if not sys.stderr.isatty():
            print(said, file=sys.stderr)
            return
        from rich.console import Console
        from rich.text import Text

        if not line:
            line.append(Console(stderr=True).status(""))
            line[0].start()
        line[0].update(Text(said))

    try:
        yield step
    finally:
        for status in line:
            status.stop()


def print_rich(what: "RenderableType") -> None:
    """Tables and texts, in eighty columns at least."""
    from rich.console import Console

    console = Console()
    # On less a table would lose its last columns; a narrow terminal wraps the lines itself.
    console.width = max(console.width, NARROWEST)
    console.print(what)


def print_json(value: dict[str, Any]) -> None:
    """A result as JSON."""
    print(json_text(value))


def date_option(text: str | None, option: str) -> PartialDate | None:
    """A date as an option gives it; what is none is wrong usage."""
    try:
        return None if text is None else PartialDate.from_iso(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error
