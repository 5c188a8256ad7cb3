"""Comparisons that are kept and can be repeated: inputs by hash, options, seed, result."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from registry import gpkg
from registry.errors import StoreError
from registry.inputs import StatsOptions
from registry.jsonform import json_text, plain, rebuilt
from registry.model import Progress, Run, RunInput, silent
from registry.seal import sha256_of
from registry.stats import Comparison, compute_stats
from registry.store import Registry
from registry.tables import sha256_of_bytes

DIFFERENCES_NAMED = 20
_SHOWN = 80
_ABSENT = "nothing"


@dataclass(frozen=True)
class Difference:
    """A place where a repeated result is another, as a JSON path, with both values as JSON, cut short."""

    path: str
    stored: str
    now: str


@dataclass(frozen=True)
class Rerun:
    """A stored comparison and its repetition.

    ``same`` says whether the bytes are the same; ``differences`` holds the first of those that were ``found``.
    """

    run_id: str
    same: bool
    stored_sha256: str
    now_sha256: str
    found: int
    differences: tuple[Difference, ...]


Compute = Callable[..., Comparison]
"""`compute_stats`, or what gives the same answer another way."""


def compute_run(
    registry: Registry, options: StatsOptions, *, progress: Progress = silent, compute: Compute = compute_stats
) -> tuple[Comparison, Run]:
    """Compare, and describe the comparison so that it can be kept and repeated. Nothing is stored.

    The registry is looked at as it is at the beginning, whatever another process imports meanwhile. The run's id
    follows from options, seed and result, so that the same comparison has the same id.
    """
    entries = len(registry.history())
    comparison = compute(registry.as_it_was(entries), options, progress=progress)
    result = json_text(comparison.to_json())
    stated, result_sha256 = plain(options), sha256_of_bytes(result.encode())
    seed = comparison.parameters.get("seed")
    run = Run(
        run_id=sha256_of([stated, seed, result_sha256])[:12],
        at=gpkg.now_text(),
        entries=entries,
        inputs=tuple(RunInput(layer.batch_id, layer.kind, layer.content_sha256) for layer in comparison.layers),
        options=stated,
        seed=seed if isinstance(seed, int) else None,
        software=plain(comparison.parameters["software"]),
        result=result,
        result_sha256=result_sha256,
    )
    return comparison, run


def rerun(registry: Registry, run_id: str, *, progress: Progress = silent) -> Rerun:
    """Repeat a stored comparison, from the layers as they were and with its options.

    Raises
    ------
    UnknownRun
        If there is no such run.
    StoreError
        If it was made with an option that this version does not know.
    """
    run = registry.run(run_id)
    try:
        options = rebuilt(StatsOptions, run.options)
    except (TypeError, ValueError) as error:
        raise StoreError(
            f"{registry.path}: run {run_id} was made with options that this version does not know ({error}); "
            "repeat it with a newer version."
        ) from error
    comparison = compute_stats(registry.as_it_was(run.entries), options, progress=progress)
    result = json_text(comparison.to_json())
    found = list(_differences("$", json.loads(run.result), json.loads(result)))
    return Rerun(
        run_id,
        result == run.result,
        run.result_sha256,
        sha256_of_bytes(result.encode()),
        len(found),
        tuple(found[:DIFFERENCES_NAMED]),
    )


def _differences(path: str, stored: Any, now: Any) -> Iterator[Difference]:
    """The leaves that differ, in the order of the stored result, then what is new."""
    if isinstance(stored, dict) and isinstance(now, dict):
        for name in (*stored, *(name for name in now if name not in stored)):
            yield from _pair(f"{path}.{name}", name in stored, name in now, stored.get(name), now.get(name))
    elif isinstance(stored, list) and isinstance(now, list):
        for index in range(max(len(stored), len(now))):
            here, there = index < len(stored), index < len(now)
            old, new = stored[index] if here else None, now[index] if there else None
            yield from _pair(f"{path}[{index}]", here, there, old, new)
    elif stored != now or type(stored) is not type(now):
        yield Difference(path, _short(stored), _short(now))


def _pair(path: str, was_there: bool, is_there: bool, stored: Any, now: Any) -> Iterator[Difference]:
    if was_there and is_there:
        yield from _differences(path, stored, now)
    else:
        yield Difference(path, _short(stored) if was_there else _ABSENT, _short(now) if is_there else _ABSENT)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
