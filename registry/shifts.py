"""Layers of a registry -> `ShiftReport`: how records must be moved to fit the events, and a preview of that."""

import math
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray

from registry import __version__
from registry.codes import Rule, ShiftBy
from registry.compare.areas import RankedRecords, plane_of, rank_records
from registry.compare.blur import Floats
from registry.compare.claimed import claimed_by_all, claims_of
from registry.compare.columns import numbers, texts
from registry.compare.eligibility import Criteria, Selection, select_events
from registry.compare.mistakes import named_mistakes
from registry.compare.sentences import Headline, shift_headline
from registry.compare.shift import SEED, Shift, find_shift
from registry.compare.shiftgroups import GroupShift, group_shifts
from registry.errors import CompareError, StoreError
from registry.geometry import WGS84, Geometries, project
from registry.inputs import Inputs, StatsOptions, read_inputs
from registry.jsonform import plain
from registry.model import Kind, Layer, Progress, silent
from registry.store import Registry

SCHEMA = "minefield-registry/shift/v1"
PREVIEW_LAYER = "PROPOSAL_shifted_records"
PREVIEW_NOTICE = (
    "PROPOSAL, not a record: nobody handed over this position. It was moved by a computed shift, to be looked at "
    "beside the records as handed over. Do not navigate by it."
)


@dataclass(frozen=True)
class ShiftOptions:
    """Which records and events are held against each other, and how.

    Attributes
    ----------
    batch_ids, events
        Restrict the records and the accidents, both by batch; empty means every active layer.
    rules
        Rules of eligibility to apply to the events.
    sigma_m
        Position error of the events that state none, one sigma.
    by
        Groups of records whose shift is sought as well.
    seed
        Of the synthetic events behind p-values.
    """

    batch_ids: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    sigma_m: float | None = None
    by: tuple[ShiftBy, ...] = ()
    seed: int = SEED


@dataclass(frozen=True)
class ShiftReport:
    """Metric M9 of all chosen records together, and by group. Nothing in the registry is moved.

    Attributes
    ----------
    layers
        The layers that were compared, with their hashes.
    parameters
        Whatever else the figures depend on.
    shift, groups
        Of all records, and of each group.
    shifted
        EPSG:4326, the records of every shift that was found, moved by it; empty where none was.
    """

    layers: tuple[Layer, ...]
    parameters: Mapping[str, object]
    shift: Shift
    groups: tuple[GroupShift, ...]
    shifted: GeoDataFrame = field(compare=False, repr=False)

    @property
    def groups_tested(self) -> int:
        """How many groups had enough events; their p-values are adjusted for that."""
        return sum(row.p_adjusted is not None for row in self.groups)

    @property
    def headline(self) -> Headline | None:
        """The shift of all records in a sentence with its caveats; None where none was sought."""
        shift = self.shift
        if shift.found is None or shift.interval is None or shift.p_value is None:
            return None
        east_m, north_m = shift.east_m or 0.0, shift.north_m or 0.0
        low_m, high_m = shift.interval.lengths(east_m, north_m)
        named = next((f"reading them {each.words}" for each in shift.named if each.fits), None)
        return shift_headline(
            found=shift.found,
            distance_m=math.hypot(east_m, north_m),
            low_m=low_m,
            high_m=None if shift.interval.unbounded else high_m,
            p_value=shift.p_value,
            events=shift.events_used,
            likely=named,
        )

    def to_json(self) -> dict[str, Any]:
        """The report as values that `json.dumps` takes; the same inputs give the same bytes."""
        named = ("batch_id", "kind", "title", "table_name", "content_sha256")
        return {
            "schema": SCHEMA,
            "layers": [{name: plain(getattr(layer, name)) for name in named} for layer in self.layers],
            "parameters": plain(self.parameters),
            "headline": plain(self.headline),
            "shift": plain(self.shift),
            "groups_tested": self.groups_tested,
            "groups": plain(self.groups),
        }


def compute_shift(
    registry: Registry, options: ShiftOptions = ShiftOptions(), *, progress: Progress = silent
) -> ShiftReport:
    """Seek the shift of the minefield records of a registry against its accidents.

    Parameters
    ----------
    registry
        Open for reading; it is not changed.
    options
        Which layers, by which rules, in which groups.
    progress
        Told what is done.

    Raises
    ------
    CompareError
        If a chosen batch has no active layer of the kind it is chosen for, or a rule has nothing to look at.
    """
    progress("reading layers", 0.0)
    inputs = read_inputs(registry, StatsOptions(options.batch_ids, options.events, rules=options.rules, sections=()))
    records = rank_records(inputs.plotted, inputs.handed_over_on, plane_of(inputs.plotted, inputs.events))
    selection = _selection(inputs, records, options)
    places = shapely.get_coordinates(selection.located.on_plane[selection.keep])
    record_sigma_m = _median(numbers(records.attributes, "sigma_m"))
    sigma_m = _errors(selection, options.sigma_m, record_sigma_m)
    mistakes = named_mistakes(places, records.plane)
    progress("seeking the shift of all records", 0.1)
    shift = find_shift(records.polygons, places, sigma_m, mistakes=mistakes, seed=options.seed)
    progress("seeking the shift of groups", 0.5)
    labels = [(by, _labels(by, registry, inputs, records)) for by in dict.fromkeys(options.by)]
    groups = group_shifts(records.polygons, labels, places, sigma_m, mistakes=mistakes, seed=options.seed)
    return ShiftReport(
        layers=(*inputs.layers[Kind.MINEFIELDS], *inputs.layers[Kind.ACCIDENTS]),
        parameters={
            "batches": [layer.batch_id for layer in inputs.layers[Kind.MINEFIELDS]],
            "events": [layer.batch_id for layer in inputs.layers[Kind.ACCIDENTS]],
            "rules": [effect.rule for effect in selection.rules if effect.applied],
            "sigma_m": options.sigma_m,
            "record_sigma_m": record_sigma_m,
            "by": list(dict.fromkeys(options.by)),
            "seed": options.seed,
            "plane": records.plane.srs,
            "software": {"minefield-registry": __version__},
        },
        shift=shift,
        groups=groups,
        shifted=_shifted(records, shift, groups, dict(labels)),
    )


def write_preview(report: ShiftReport, path: Path) -> None:
    """Write the records moved by the shifts that were found, as a proposal to look at.

    Parameters
    ----------
    path
        Ends in ``.gpkg``.

    Raises
    ------
    CompareError
        If no shift was found.
    StoreError
        If the file exists, cannot be written, or has another ending.
    """
    if path.suffix.lower() != ".gpkg":
        raise StoreError(f"{path}: a preview is written as .gpkg; choose a name with that ending.")
    if path.exists():
        raise StoreError(f"{path} exists and is not overwritten; choose another name or move it away.")
    if not len(report.shifted):
        raise CompareError(f"{path} is not written: no shift was found, so there is nothing to preview.")
    from pyogrio.errors import DataLayerError, DataSourceError

    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".preview-") as folder:
            scratch = Path(folder) / path.name
            report.shifted.to_file(
                scratch, layer=PREVIEW_LAYER, driver="GPKG", geometry_type="MultiPolygon", VERSION="1.3"
            )
            scratch.rename(path)
    except (OSError, DataSourceError, DataLayerError) as error:
        raise StoreError(f"{path} cannot be written: {error}; check the folder and the space left.") from error


def _selection(inputs: Inputs, records: RankedRecords, options: ShiftOptions) -> Selection:
    criteria = Criteria(
        rules=options.rules,
        scope=inputs.scope,
        released=inputs.released,
        claimed=claimed_by_all(claims_of(inputs.received)),
    )
    return select_events(inputs.events, records, criteria)


def _errors(selection: Selection, sigma_m: float | None, record_sigma_m: float | None) -> Floats:
    """Position error of each event that counts with that of the records in it; NaN where none is stated."""
    stated = numbers(selection.events, "sigma_m")[selection.is_located][selection.keep]
    filled = np.where(np.isnan(stated), np.nan if sigma_m is None else sigma_m, stated)
    return np.hypot(filled, record_sigma_m or 0.0)


def _median(values: Floats) -> float | None:
    stated = values[~np.isnan(values)]
    return float(np.median(stated)) if len(stated) else None


def _labels(by: ShiftBy, registry: Registry, inputs: Inputs, records: RankedRecords) -> NDArray[Any]:
    """The group of each record, None where it is not stated."""
    if by is ShiftBy.BATCH:
        return np.array([records.batches[number][0] for number in records.batch], dtype=object)
    if by is ShiftBy.SHEET:
        return texts(records.attributes, "map_sheet")
    names = {
        document.document_id: f"{layer.batch_id}/{document.file_name}"
        for layer in inputs.layers[Kind.MINEFIELDS]
        for document in registry.documents(layer)
    }
    return np.array([*(names.get(each) for each in texts(records.attributes, "document_id")), None], dtype=object)[:-1]


def _shifted(
    records: RankedRecords, shift: Shift, groups: tuple[GroupShift, ...], labels: Mapping[ShiftBy, NDArray[Any]]
) -> GeoDataFrame:
    everything = np.full(len(records.polygons), True)
    parts = [("all records", everything, shift)]
    for row in groups:
        member = np.array([each == row.group for each in labels[row.by]], dtype=bool)
        parts.append((f"{row.by.value}: {row.group or 'not stated'}", member, row.shift))
    frames = [_moved(records, *part) for part in parts if part[2].found]
    return pandas.concat(frames, ignore_index=True) if frames else GeoDataFrame(geometry=[], crs=WGS84)


def _moved(records: RankedRecords, of: str, member: NDArray[np.bool_], shift: Shift) -> GeoDataFrame:
    vector = np.array([shift.east_m, shift.north_m])
    moved: Geometries = shapely.transform(records.polygons[member], lambda xy: xy + vector)
    kept = np.flatnonzero(member)
    return GeoDataFrame(
        {
            "notice": [PREVIEW_NOTICE] * len(kept),
            "record": [records.record_ids[index] for index in kept],
            "shift_of": [of] * len(kept),
            "shift_east_m": [round(float(vector[0]), 1)] * len(kept),
            "shift_north_m": [round(float(vector[1]), 1)] * len(kept),
        },
        geometry=project(moved, records.plane, WGS84),
        crs=WGS84,
    )
