"""What a comparison is made from: the layers of a registry that were asked for, read and cut to a day."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

import pandas
from geopandas import GeoDataFrame

from registry.codes import By, PlotStatus, Rule, Section
from registry.compare.claimed import CLAIM_COLUMNS
from registry.compare.clusterchance import DRAWS
from registry.compare.eligibility import COARSE_ABOVE_M
from registry.compare.ground import GroundOptions
from registry.compare.minecount import MINE_COLUMNS
from registry.compare.windows import AsOf, LeftOutRows, batches_in_hand, happened_by
from registry.completeness import columns_needed
from registry.errors import CompareError
from registry.geometry import WGS84
from registry.model import Handover, Kind, Layer, PartialDate
from registry.schema import id_field
from registry.store import Registry
from registry.threads import on_threads

_COLUMNS: Mapping[Kind, tuple[str, ...]] = {
    Kind.MINEFIELDS: (
        "duplicate_of",
        "document_id",
        "sigma_m",
        "map_sheet",
        "laid_from",
        "laid_from_precision",
        "laid_to",
        "laid_to_precision",
        *dict.fromkeys((*CLAIM_COLUMNS, *MINE_COLUMNS)),
    ),
    Kind.ACCIDENTS: (
        "occurred_on",
        "occurred_on_precision",
        "sigma_m",
        "map_sheet",
        "device_category",
        "accident_type",
        "location_method",
        "in_released_land",
        "ordnance_moved",
        "killed",
        "injured",
    ),
    Kind.DISTRICTS: ("name",),
    Kind.SCOPE: (),
    Kind.SURVEYED: ("land_status", "surveyed_on", "surveyed_on_precision"),
    Kind.RELEASED: ("release_type", "released_on", "released_on_precision"),
    Kind.DEVICES: ("device_category", "quantity", "found_on", "found_on_precision"),
}

_DATE_OF_KIND: Mapping[Kind, str] = {
    Kind.ACCIDENTS: "occurred_on",
    Kind.SURVEYED: "surveyed_on",
    Kind.RELEASED: "released_on",
    Kind.DEVICES: "found_on",
}

_LOOKED_AT_BY: Mapping[Kind, frozenset[Section] | None] = {
    Kind.SURVEYED: frozenset({Section.GROUND, Section.INDEPENDENCE}),
    Kind.RELEASED: None,  # by a rule of eligibility, always
    Kind.DEVICES: frozenset({Section.GROUND}),
}


@dataclass(frozen=True)
class StatsOptions:
    """What to compare, and how; empty means every active layer.

    Attributes
    ----------
    batch_ids, events
        Restrict the records and the accidents, both by batch.
    districts
        Batch of the districts layer; it must be given where there are several.
    near_m
        How far outside a record an event still counts as near where its own position error is not stated.
    rules
        Rules of eligibility to apply beside `Rule.OUT_OF_SCOPE`, which is applied wherever a scope is stated.
    coarse_above_m
        Position error, one sigma, above which `Rule.LOCATION_TOO_COARSE` finds a position too coarse.
    as_of
        Compare only what was in hand and had happened by the end of this day.
    by
        What to group by, beside districts.
    ground
        What a person states for the comparison with the ground.
    cluster_distance_m, cluster_events
        So many events within that distance of one of them make a cluster.
    cluster_draws
        How often events are drawn at random to say how many would be in clusters by chance; 0: that is not said.
    sigma_m
        Position error of events that state none, one sigma; None where nobody knows.
    seed
        Of what is drawn at random.
    sections
        What is computed beside coverage and accuracy.
    """

    batch_ids: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    districts: str | None = None
    near_m: float = 100.0
    rules: tuple[Rule, ...] = ()
    coarse_above_m: float = COARSE_ABOVE_M
    as_of: date | None = None
    by: tuple[By, ...] = ()
    ground: GroundOptions = field(default_factory=GroundOptions)
    cluster_distance_m: float = 1_000.0
    cluster_events: int = 5
    cluster_draws: int = DRAWS
    sigma_m: float | None = None
    seed: int = 1
    sections: tuple[Section, ...] = tuple(Section)


@dataclass(frozen=True)
class Inputs:
    """The layers of a comparison and their rows.

    ``received`` are all minefield records, ``plotted`` those with a usable geometry, ``unrepaired`` those that could be
    repaired; ``events`` have a geometry only where it is usable. ``handovers`` are those of the minefield batches.
    ``districts``, ``scope`` and ``released`` are None where there is no such row, ``surveyed`` and ``devices`` where
    there is no such layer, or no section that is asked for looks at it. ``as_of`` says what was left out.
    """

    layers: Mapping[Kind, tuple[Layer, ...]]
    handovers: Mapping[str, Handover]
    received: GeoDataFrame
    plotted: GeoDataFrame
    unrepaired: GeoDataFrame
    events: GeoDataFrame
    districts: GeoDataFrame | None
    scope: GeoDataFrame | None
    surveyed: GeoDataFrame | None
    released: GeoDataFrame | None
    devices: GeoDataFrame | None
    as_of: AsOf | None

    @property
    def handed_over_on(self) -> dict[str, PartialDate | None]:
        """Date of handover of each minefield batch."""
        return {batch_id: handover.handed_over_on for batch_id, handover in self.handovers.items()}


def read_inputs(registry: Registry, options: StatsOptions, *, without_events: bool = False) -> Inputs:
    """Choose layers and read of each only the columns that a comparison needs.

    Parameters
    ----------
    without_events
        Choose the layers of accidents and read no row of them.

    Raises
    ------
    CompareError
        If a chosen batch has no active layer of the kind it is chosen for, or several districts layers are active.
    """
    chosen = _choose_layers(registry, options)
    # What completeness is made from is much, and nothing else looks at it.
    more = columns_needed() if Section.COMPLETENESS in options.sections else ()
    to_read = chosen | ({Kind.ACCIDENTS: ()} if without_events else {})
    # The records are most of what is read: GDAL reads them on one thread, and the rest meanwhile on another.
    rows = on_threads(
        lambda kind: _read(registry, kind, to_read[kind], more if kind is Kind.MINEFIELDS else ()), list(to_read)
    )
    frames = dict(zip(to_read, rows, strict=True))
    as_of = None
    if options.as_of is not None:
        chosen, frames, as_of = _cut(registry, chosen, frames, options.as_of)
    received, events = frames[Kind.MINEFIELDS], frames[Kind.ACCIDENTS]
    needed = received.drop(columns=list(set(more) - set(columns_of(Kind.MINEFIELDS))))
    scope, released = (_of_status(frames[kind], PlotStatus.PLOTTED) for kind in (Kind.SCOPE, Kind.RELEASED))
    return Inputs(
        layers=chosen,
        handovers={layer.batch_id: registry.handover(layer.batch_id) for layer in chosen[Kind.MINEFIELDS]},
        received=received,
        plotted=_of_status(needed, PlotStatus.PLOTTED),
        unrepaired=_of_status(needed, PlotStatus.INVALID),
        events=located(events),
        districts=_of_status(frames[Kind.DISTRICTS], PlotStatus.PLOTTED) if chosen[Kind.DISTRICTS] else None,
        scope=scope if len(scope) else None,
        surveyed=_of_status(frames[Kind.SURVEYED], PlotStatus.PLOTTED) if chosen[Kind.SURVEYED] else None,
        released=released if len(released) else None,
        devices=located(frames[Kind.DEVICES]) if chosen[Kind.DEVICES] else None,
        as_of=as_of,
    )


def _choose_layers(registry: Registry, options: StatsOptions) -> dict[Kind, tuple[Layer, ...]]:
    districts = () if options.districts is None else (options.districts,)
    chosen = {
        Kind.MINEFIELDS: _layers(registry, Kind.MINEFIELDS, options.batch_ids),
        Kind.ACCIDENTS: _layers(registry, Kind.ACCIDENTS, options.events),
        Kind.DISTRICTS: _layers(registry, Kind.DISTRICTS, districts),
        # A batch need not say what it covers.
        Kind.SCOPE: registry.layers(Kind.SCOPE, batch_ids=options.batch_ids),
        **{
            kind: registry.layers(kind) if sections is None or sections & set(options.sections) else ()
            for kind, sections in _LOOKED_AT_BY.items()
        },
    }
    if len(chosen[Kind.DISTRICTS]) > 1:
        held = ", ".join(layer.batch_id for layer in chosen[Kind.DISTRICTS])
        raise CompareError(f"The registry holds several districts layers ({held}); choose one with --districts ID.")
    return chosen


def _layers(registry: Registry, kind: Kind, batch_ids: Collection[str]) -> tuple[Layer, ...]:
    layers = registry.layers(kind, batch_ids=batch_ids)
    missing = sorted(set(batch_ids) - {layer.batch_id for layer in layers})
    if missing:
        raise CompareError(
            f"Batch {', '.join(missing)} has no active layer of kind {kind.value}; see the list of layers."
        )
    return layers


def columns_of(kind: Kind) -> tuple[str, ...]:
    """The columns of a kind that a comparison needs, whatever its sections."""
    return id_field(kind), "plot_status", *_COLUMNS[kind]


def _read(registry: Registry, kind: Kind, layers: tuple[Layer, ...], more: Collection[str]) -> GeoDataFrame:
    """All rows of the layers of one kind, with only the columns that a comparison needs."""
    columns = list(dict.fromkeys((*columns_of(kind), *more)))
    if not layers:
        return GeoDataFrame({name: [] for name in ("batch_id", *columns)}, geometry=[], crs=WGS84)
    frames = [registry.read(layer, columns).assign(batch_id=layer.batch_id) for layer in layers]
    return frames[0] if len(frames) == 1 else pandas.concat(frames, ignore_index=True)


def _cut(
    registry: Registry, chosen: dict[Kind, tuple[Layer, ...]], frames: dict[Kind, GeoDataFrame], day: date
) -> tuple[dict[Kind, tuple[Layer, ...]], dict[Kind, GeoDataFrame], AsOf]:
    """Leave only what was surely in hand and had surely happened by the end of a day."""
    chosen, frames = dict(chosen), dict(frames)
    left_out = {}
    for kind in (Kind.MINEFIELDS, Kind.SCOPE):
        dates = {layer.batch_id: registry.handover(layer.batch_id).handed_over_on for layer in chosen[kind]}
        in_hand, *left_out[kind] = batches_in_hand(dates, day)
        chosen[kind] = tuple(layer for layer in chosen[kind] if layer.batch_id in in_hand)
        frames[kind] = frames[kind][frames[kind]["batch_id"].isin(in_hand).to_numpy(dtype=bool)]
    by_then = {kind: happened_by(frames[kind], name, day) for kind, name in _DATE_OF_KIND.items()}
    frames |= {kind: frames[kind][found.happened] for kind, found in by_then.items()}
    not_by_then, undated = left_out[Kind.MINEFIELDS]
    return (
        chosen,
        frames,
        AsOf(
            day=day,
            batches_not_by_then=not_by_then,
            batches_undated=undated,
            scope_left_out=tuple(batch_id for batch_ids in left_out[Kind.SCOPE] for batch_id in batch_ids),
            rows={
                kind: LeftOutRows(found.not_by_then, found.undated)
                for kind, found in by_then.items()
                if kind is Kind.ACCIDENTS or chosen[kind]
            },
        ),
    )


def located(points: GeoDataFrame) -> GeoDataFrame:
    """All rows, with a position only where it is usable."""
    return points.set_geometry(points.geometry.where(points["plot_status"] == PlotStatus.PLOTTED, None))


def _of_status(frame: GeoDataFrame, status: PlotStatus) -> GeoDataFrame:
    keep = (frame["plot_status"] == status) & frame.geometry.notna()
    return frame[keep.to_numpy(dtype=bool)]
