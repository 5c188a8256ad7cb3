"""A comparison whose events come from parts, row group after row group: the same answer, and never all events at once.

Where the row groups are counted is a matter of the `Engine`: in this process here, on a cluster by `registry.cluster`.
Engine and steps know nothing of each other; what a step returns can be pickled.
"""

import dataclasses
import pickle
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
import pyproj
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray

from registry import __version__
from registry.codes import By, Section
from registry.compare.accuracy import classify, repaired_on_plane
from registry.compare.areas import lonlat, plane_of
from registry.compare.groups import places_by
from registry.compare.parts import COUNTED_IN_PARTS, PartCase, PartTally, Series, add_parts, tally_part
from registry.compare.reduced import reduce_parts
from registry.compare.study import stated_study
from registry.compare.tally import Wanted, found_in, values_of, wanted_of
from registry.compare.windows import AsOf, LeftOutRows, happened_by
from registry.errors import CompareError, SourceError
from registry.eventparts import EventParts, GroupAt, read_group
from registry.geometry import WGS84, total_bounds
from registry.inputs import StatsOptions, columns_of, located, read_inputs
from registry.model import Kind, Layer, Progress, silent
from registry.stats import Basis, Comparison, basis_of, compare, compute_stats, criteria_of
from registry.store import Registry

IN_PARTS = tuple(section for section in Section if section in COUNTED_IN_PARTS)
"""Sections that can be computed of events in parts, beside coverage and accuracy."""

_OF_EVENTS = frozenset({Section.PREDICTIVE, Section.MARGINS, Section.THEMATIC})
"""Those of them that look at events; the others are about records alone."""

_PLACED = ("plot_status", "batch_id", "occurred_on", "occurred_on_precision")
_PACKAGES = ("numpy", "pandas", "geopandas", "shapely", "pyproj", "pyarrow")

Bounds = tuple[float, float, float, float]


class Engine(Protocol):
    """Where steps are taken.

    A step takes what was shared and one item. ``fold`` adds up what it returns; ``count`` adds up the first of two
    things that it returns and keeps the second, for ``ask`` to put a question to each.
    """

    def share(self, value: Any) -> Any:
        """Hand a value to wherever steps are taken, once; what is returned stands for it."""

    def fold(self, step: Callable[[Any, Any], Any], shared: Any, items: Sequence[Any], add: "Add") -> Any:
        """Take a step for each of several items, one at least, and add up the results."""

    def count(
        self, step: Callable[[Any, Any], Any], shared: Any, items: Sequence[Any], add: "Add", progress: Progress
    ) -> tuple[Any, Sequence[Any]]:
        """The sum of the first results, and what stands for each second one."""

    def ask(self, step: Callable[[Any, Any], Any], question: Any, kept: Sequence[Any]) -> list[Any]:
        """The answer of everything that was kept, in the order of the items."""


Add = Callable[[Sequence[Any]], Any]


class Here(AbstractContextManager["Here"]):
    """Steps in this process, one after the other; what is kept lies in a scratch folder."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="minefield-registry-")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def share(self, value: Any) -> Any:
        """The value itself."""
        return value

    def fold(self, step: Callable[[Any, Any], Any], shared: Any, items: Sequence[Any], add: Add) -> Any:
        """See `Engine.fold`."""
        total = step(shared, items[0])
        for item in items[1:]:
            total = add([total, step(shared, item)])
        return total

    def count(
        self, step: Callable[[Any, Any], Any], shared: Any, items: Sequence[Any], add: Add, progress: Progress
    ) -> tuple[Any, Sequence[Any]]:
        """See `Engine.count`."""
        kept: list[Path] = []

        def keeping(shared: Any, item: Any) -> Any:
            progress(*counted_so_far(len(kept), len(items)))
            counted, rest = step(shared, item)
            path = Path(self._folder.name) / str(len(kept))
            path.write_bytes(pickle.dumps(rest))
            kept.append(path)
            return counted

        return self.fold(keeping, shared, items, add), kept

    def ask(self, step: Callable[[Any, Any], Any], question: Any, kept: Sequence[Any]) -> list[Any]:
        """See `Engine.ask`."""
        return [step(question, pickle.loads(path.read_bytes())) for path in kept]  # noqa: S301 (our own, written above)


def counted_so_far(done: int, groups: int) -> tuple[str, float]:
    """Words and share for the progress of the count."""
    return f"row group {min(done + 1, groups)} of {groups}", 0.3 + 0.6 * done / groups


@dataclass(frozen=True)
class Cut:
    """Which rows of parts are compared: those of these batches that had surely happened by the end of a day."""

    batch_ids: frozenset[str]
    as_of: date | None

    def apply(self, events: GeoDataFrame) -> "tuple[GeoDataFrame, CutRows]":
        """The rows that are compared, with a position only where it is usable; and what was left out."""
        of_batch = Counter(events["batch_id"].tolist())
        chosen = events[events["batch_id"].isin(self.batch_ids).to_numpy(dtype=bool)]
        if self.as_of is None:
            return located(chosen), CutRows(of_batch, 0, 0)
        by_then = happened_by(chosen, "occurred_on", self.as_of)
        return located(chosen[by_then.happened]), CutRows(of_batch, by_then.not_by_then, by_then.undated)


@dataclass(frozen=True)
class CutRows:
    """Rows read, by batch; and rows of compared batches that a day leaves out."""

    of_batch: Counter[str]
    not_by_then: int
    undated: int


@dataclass(frozen=True)
class Shared:
    """What every row group is counted with; ``software`` must be that of the machine that counts."""

    case: PartCase
    cut: Cut
    software: Mapping[str, str]


@dataclass(frozen=True)
class Counted:
    """Row groups, counted."""

    tally: PartTally
    rows: CutRows


def compute_stats_in_parts(
    registry: Registry,
    options: StatsOptions,
    parts: EventParts,
    engine: Engine,
    *,
    progress: Progress = silent,
) -> Comparison:
    """Compare the minefield records of a registry with its accidents, which are read from parts.

    The answer is that of `registry.stats.compute_stats` with the same options, to the last bit, but that no event is
    classified one by one.

    Parameters
    ----------
    registry
        Open for reading. Its records are read here and handed to the engine.
    options
        With sections of `IN_PARTS` alone.
    parts
        Of events of this registry.
    engine
        Where row groups are counted.
    progress
        Told what is done, and how much of the work is behind it.

    Raises
    ------
    CompareError
        As `compute_stats` does; or if a section needs all events at once, or another machine has other software.
    SourceError
        If the parts are of another registry or of other layers, or one of them is damaged.
    """
    beyond = [section for section in options.sections if section not in IN_PARTS]
    if beyond:
        raise CompareError(
            f"The section {', '.join(beyond)} looks at all events at once and is not computed of events in parts; "
            "leave it out, or compare without parts."
        )
    if not parts.groups:
        return compute_stats(registry, options, progress=progress)
    progress("reading layers", 0.0)
    inputs = read_inputs(registry, options, without_events=True)
    layers = inputs.layers[Kind.ACCIDENTS]
    refuse_other_parts(parts, registry, layers)
    cut = Cut(frozenset(layer.batch_id for layer in layers), options.as_of)
    progress("looking where events lie", 0.1)
    bounds = engine.fold(bounds_in, engine.share(cut), parts.groups, join_bounds)
    with ThreadPoolExecutor(2) as pool, ThreadPoolExecutor(1) as beside:
        of_records = dataclasses.replace(options, sections=tuple(set(options.sections) - _OF_EVENTS))
        basis = basis_of(inputs, of_records, pool, plane_of(inputs.plotted, _corners(bounds)))
        _refuse_options(basis)
        comparing = beside.submit(compare, basis, pool)  # what records alone say, while events are counted
        case = _case(basis, options)
        counted, distance_of = _count(Shared(case, cut, software()), parts, engine, progress)
        _refuse_other_rows(counted.rows, layers)
        base = comparing.result()
        reduced = reduce_parts(counted.tally, distance_of, case, basis.land, unrepaired=len(inputs.unrepaired))
    return dataclasses.replace(
        base,
        not_computed=tuple(section for section in Section if section not in options.sections),
        as_of=_as_of(base.as_of, counted.rows),
        **{field.name: getattr(reduced, field.name) for field in dataclasses.fields(reduced)},
    )


def _refuse_options(basis: Basis) -> None:
    """Refuse what `registry.stats.compare` refuses, before anything is counted; there is no event to be looked at."""
    classify(basis.selection, basis.records, near_m=basis.options.near_m)
    if By.DISTRICT in basis.options.by:
        places_by(By.DISTRICT, basis.selection, basis.records, basis.districts)


def _count(
    shared: Shared, parts: EventParts, engine: Engine, progress: Progress
) -> tuple[Counted, dict[Series, dict[int, float]]]:
    """All row groups counted; and the distance of each rank that a quantile needs, by series."""
    counted, kept = engine.count(count_in, engine.share(shared), parts.groups, add_counted, progress)
    wanted = {series: wanted_of(tally) for series, tally in counted.tally.windows.items()}
    progress("finding quantiles", 0.9)
    answers = engine.ask(find_in, wanted, kept)
    return counted, {
        series: values_of(each, [answer[series] for answer in answers if series in answer])
        for series, each in wanted.items()
    }


def refuse_other_parts(parts: EventParts, registry: Registry, layers: Sequence[Layer]) -> None:
    """Refuse parts that do not hold the layers of events of a registry.

    Raises
    ------
    SourceError
        If they do not.
    """
    if parts.registry != registry.identity:
        raise SourceError(
            f"{parts.folder}: its events were exported from another registry ({parts.registry}) than {registry.path} "
            f"({registry.identity}); export them from this one."
        )
    held = {layer.batch_id: layer for layer in parts.layers}
    for layer in layers:
        there = held.get(layer.batch_id)
        if there is None or (there.content_sha256, there.rows) != (layer.content_sha256, layer.counts.received):
            what = "does not hold" if there is None else "holds another state of"
            raise SourceError(f"{parts.folder}: it {what} the events of batch {layer.batch_id}; export them again.")


def software() -> dict[str, str]:
    """The versions that an answer to the last bit depends on."""
    found = {"minefield-registry": __version__, **{name: version(name) for name in _PACKAGES}}
    return found | {"GEOS": shapely.geos_version_string, "PROJ": pyproj.proj_version_str}


def bounds_in(cut: Cut, at: GroupAt) -> Bounds | None:
    """Step: bounds of the events of a row group that are compared; None where none has a position."""
    return total_bounds(lonlat(cut.apply(read_group(at, _PLACED))[0]))


def join_bounds(bounds: Sequence[Bounds | None]) -> Bounds | None:
    """The bounds around several."""
    known = np.array([each for each in bounds if each is not None])
    if not len(known):
        return None
    (west, south), (east, north) = known[:, :2].min(axis=0).tolist(), known[:, 2:].max(axis=0).tolist()
    return west, south, east, north


def count_in(shared: Shared, at: GroupAt) -> tuple[Counted, dict[Series, NDArray[np.float64]]]:
    """Step: the events of a row group counted, and the distances that quantiles may need."""
    refuse_other_software(shared.software)
    columns = ("batch_id", *columns_of(Kind.ACCIDENTS))
    events, rows = shared.cut.apply(read_group(at, columns))
    tally, distances = tally_part(events, shared.case)
    return Counted(tally, rows), distances


def add_counted(counted: Sequence[Counted]) -> Counted:
    """Several row groups, counted together."""
    of_batch = Counter[str]()
    for each in counted:
        of_batch.update(each.rows.of_batch)
    left_out = (sum(each.rows.not_by_then for each in counted), sum(each.rows.undated for each in counted))
    return Counted(add_parts([each.tally for each in counted]), CutRows(of_batch, *left_out))


def find_in(
    wanted: Mapping[Series, Wanted], distances: Mapping[Series, NDArray[np.float64]]
) -> dict[Series, NDArray[np.float64]]:
    """Step: of the distances of a row group those that may be quantiles."""
    return {series: found_in(outside_m, wanted[series]) for series, outside_m in distances.items()}


def refuse_other_software(asked: Mapping[str, str]) -> None:
    """Refuse to count with other software than that of the machine that asks.

    Raises
    ------
    CompareError
        If a version differs.
    """
    here = software()
    other = [f"{name} {here.get(name)} for {there}" for name, there in asked.items() if here.get(name) != there]
    if other:
        raise CompareError(
            f"A worker has {', '.join(other)}, with which its answer may differ; install the same versions everywhere."
        )


def _case(basis: Basis, options: StatsOptions) -> PartCase:
    inputs, records = basis.inputs, basis.records
    wanted = Section.PREDICTIVE in options.sections
    return PartCase(
        records=records,
        criteria=criteria_of(inputs, options),
        districts=inputs.districts,
        in_district=None if basis.placed is None else basis.placed.records_plotted,
        repaired=repaired_on_plane(inputs.unrepaired, records.plane),
        study=stated_study(records.plane, scope=inputs.scope, districts=inputs.districts) if wanted else None,
        by=tuple(dict.fromkeys(options.by)),
        parties={batch_id: handover.giving_party for batch_id, handover in inputs.handovers.items()},
        sections=frozenset(options.sections),
    )


def _refuse_other_rows(rows: CutRows, layers: Sequence[Layer]) -> None:
    for layer in layers:
        if rows.of_batch[layer.batch_id] != layer.counts.received:
            raise SourceError(
                f"The parts hold {rows.of_batch[layer.batch_id]:,} events of batch {layer.batch_id} and not "
                f"{layer.counts.received:,}; export the events again."
            )


def _as_of(base: AsOf | None, rows: CutRows) -> AsOf | None:
    if base is None:
        return None
    of_events = LeftOutRows(rows.not_by_then, rows.undated)
    return dataclasses.replace(base, rows={**base.rows, Kind.ACCIDENTS: of_events})


def _corners(bounds: Bounds | None) -> GeoDataFrame:
    """Two events in place of all, for the plane."""
    if bounds is None:
        return GeoDataFrame(geometry=[], crs=WGS84)
    west, south, east, north = bounds
    return GeoDataFrame(geometry=[shapely.Point(west, south), shapely.Point(east, north)], crs=WGS84)


def in_parts(parts: EventParts, engine: Engine) -> Callable[..., Comparison]:
    """`compute_stats_in_parts` as `registry.runs.compute_run` asks for it."""
    return partial(compute_stats_in_parts, parts=parts, engine=engine)
