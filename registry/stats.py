"""Layers of a registry -> `Comparison`, the one value that text, JSON, web map and report are made from."""

import dataclasses
import importlib
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from pyproj import CRS

from registry import __version__
from registry.codes import By, Section
from registry.compare.accuracy import Accuracy, accuracy_of, classify
from registry.compare.areas import (
    Coverage,
    DistrictRecords,
    MergedLand,
    RankedRecords,
    count_repeated,
    measure_coverage,
    merge_records,
    place_records,
    plane_of,
    rank_records,
)
from registry.compare.claimed import claimed_by_all, claims_of
from registry.compare.clusterchance import ClusterChance, chance_of_clusters
from registry.compare.clusters import Clusters, find_clusters, is_outside
from registry.compare.containment import WITHIN_M
from registry.compare.eligibility import Criteria, Selection, select_events
from registry.compare.ground import Ground, GroundLayers, measure_ground
from registry.compare.groups import Grouping, Places, group_events, places_by_district
from registry.compare.independence import Independence, measure_independence
from registry.compare.kernel import TOLERANCE_M
from registry.compare.location import LocationError, measure_location_error
from registry.compare.marginal import BatchMargin, measure_margins
from registry.compare.quality import RecordQuality, ThematicAccuracy, measure_quality, measure_thematic
from registry.compare.study import PredictiveAccuracy, StudyArea, measure_predictive, study_area
from registry.compare.timed import TimedEvents, time_events
from registry.compare.windows import AsOf
from registry.completeness import BatchCompleteness, score
from registry.geometry import WGS84, project
from registry.inputs import Inputs, StatsOptions, read_inputs
from registry.jsonform import plain
from registry.model import Counts, Kind, Layer, Progress, silent
from registry.store import Registry

SCHEMA = "minefield-registry/stats/v1"

_SECTIONS = (
    "as_of",
    "coverage",
    "accuracy",
    "predictive",
    "margins",
    "thematic",
    "quality",
    "groups",
    "ground",
    "independence",
    "clusters",
    "location",
)
"""Names of the sections in the JSON but the last, in their order."""

FOR_A_MAP = (Section.CLUSTERS,)
"""What a web map shows beside coverage and accuracy."""

_GROUND_KINDS = (Kind.SURVEYED, Kind.RELEASED, Kind.DEVICES)

_ONLY_WHEN_SAID = frozenset({"reason", "note", "windows_reason", "unfiltered"})  # not in the JSON where they are None

_EVERYTHING = StatsOptions()


@dataclass(frozen=True)
class Comparison:
    """Recorded minefields against recorded explosions, with everything that names the result.

    A section that was not asked for is None and named in ``not_computed``: nothing can be concluded from it.

    Attributes
    ----------
    layers
        The layers that were compared, with their hashes.
    parameters
        Whatever else the figures depend on.
    not_computed
        The sections that were not asked for.
    as_of
        What was left out because of its date; None where no day was asked for.
    coverage, accuracy
        Land (C1, M14) and events (M1, M1c, M11).
    predictive, margins, thematic, quality
        M7; M15 by batch in the order of handover; M12; M13 and M14 by batch.
    groups
        M1 and M1c by whatever was asked for.
    ground
        M2, M2b, M4, M5, M6 and M8, against surveyed and released land and found devices; None also where there is no
        such layer and nobody stated an estimate of all mines.
    independence, clusters
        Positions that come from the map, or are used more than once (M17); where events lie close together outside
        every record (M16).
    location
        What location error makes of M1: M1b, the noise ceiling, M1d, and M1 by chance; None also where there are no
        events or no mapped land.
    completeness
        Of each batch's minefield records (M10), by batch.
    classified
        EPSG:4326, one row for each received event, see `registry.compare.accuracy.classify`; and where clusters were
        computed ``cluster``, the rank of its cluster, 0 where it is in none.
    """

    layers: tuple[Layer, ...]
    parameters: Mapping[str, object]
    not_computed: tuple[Section, ...]
    as_of: AsOf | None
    coverage: Coverage
    accuracy: Accuracy
    predictive: PredictiveAccuracy | None
    margins: tuple[BatchMargin, ...] | None
    thematic: ThematicAccuracy | None
    quality: RecordQuality | None
    groups: tuple[Grouping, ...]
    ground: Ground | None
    independence: Independence | None
    clusters: Clusters | None
    location: LocationError | None
    completeness: Mapping[str, BatchCompleteness] | None
    classified: GeoDataFrame = dataclasses.field(compare=False, repr=False)

    def to_json(self) -> dict[str, Any]:
        """The comparison as values that `json.dumps` takes; the same inputs give the same bytes."""
        named = ("batch_id", "kind", "title", "table_name", "content_sha256", "counts")
        return {
            "schema": SCHEMA,
            "layers": [{name: plain(getattr(layer, name)) for name in named} for layer in self.layers],
            "parameters": plain(self.parameters),
            "not_computed": plain(self.not_computed),
            **{name: plain(getattr(self, name), unless_none=_ONLY_WHEN_SAID) for name in _SECTIONS},
            "completeness": None
            if self.completeness is None
            else [
                {"batch_id": batch_id, **plain(batch, unless_none=_ONLY_WHEN_SAID)}
                for batch_id, batch in self.completeness.items()
            ],
        }


@dataclass(frozen=True)
class Basis:
    """What every section of a comparison is computed from: the rows, and the work that sections share."""

    options: StatsOptions
    inputs: Inputs
    records: RankedRecords
    selection: Selection
    merging: Future[MergedLand]

    @property
    def land(self) -> MergedLand:
        """The records merged, which may have to be waited for."""
        return self.merging.result()

    @cached_property
    def timed(self) -> TimedEvents:
        """The events that count, by the side of the first handover that they are on."""
        return time_events(self.selection, self.records)

    @cached_property
    def placed(self) -> DistrictRecords | None:
        """The records of each district; None without a layer of them."""
        return None if self.inputs.districts is None else place_records(self.records, self.inputs.districts)

    @cached_property
    def districts(self) -> Places | None:
        """The district of each event that counts; None without a layer of them."""
        if self.inputs.districts is None:
            return None
        return places_by_district(self.selection, self.inputs.districts, self.records, self.placed)

    @cached_property
    def study(self) -> StudyArea | None:
        """The study area."""
        inputs = self.inputs
        return study_area(self.records, inputs.events, scope=inputs.scope, districts=inputs.districts)


def compute_stats(
    registry: Registry,
    options: StatsOptions = _EVERYTHING,
    *,
    progress: Progress = silent,
) -> Comparison:
    """Compare the minefield records of a registry with its accidents.

    Layers that are superseded or withdrawn stay out.

    Parameters
    ----------
    registry
        Open for reading; it is not changed.
    options
        Which layers, by which rules, grouped by what, how far is near, and which sections.
    progress
        Told what is done, and how much of the work is behind it.

    Raises
    ------
    CompareError
        If a chosen batch has no active layer of the kind it is chosen for, several districts layers are active, a rule
        or a grouping has nothing to look at, or a distance is none.
    """
    progress("reading layers", 0.0)
    with ThreadPoolExecutor(2) as pool:
        # Loading it takes a tenth of a second, in which little else is done in Python.
        pool.submit(importlib.import_module, "scipy.special")
        inputs = read_inputs(registry, options)
        progress("comparing events with records", 0.3)
        return compare(basis_of(inputs, options, pool, plane_of(inputs.plotted, inputs.events)), pool, progress)


def compare(basis: Basis, pool: ThreadPoolExecutor, progress: Progress = silent) -> Comparison:
    """Compute every section that is asked for; two of them on threads of the pool."""
    inputs, options, selection, records = basis.inputs, basis.options, basis.selection, basis.records
    wanted = frozenset(options.sections)
    classified = classify(selection, records, near_m=options.near_m)
    # Half of the work is with location error, on a thread of its own as soon as the records are merged.
    location = pool.submit(_location, basis, _copy(basis.study)) if Section.LOCATION in wanted else None
    accuracy = accuracy_of(
        selection, records, districts=basis.districts, unrepaired=inputs.unrepaired, timed=basis.timed
    )
    clusters = _clusters(basis, classified) if Section.CLUSTERS in wanted else None
    by_chance = None if clusters is None else pool.submit(_clusters_by_chance, basis, classified, *clusters)
    independence = _independence(basis, classified) if Section.INDEPENDENCE in wanted else None
    progress("measuring", 0.7)
    return Comparison(
        layers=tuple(layer for of_kind in inputs.layers.values() for layer in of_kind),
        parameters=_parameters(basis),
        not_computed=tuple(section for section in Section if section not in wanted),
        as_of=inputs.as_of,
        coverage=_coverage(basis),
        accuracy=accuracy,
        predictive=_predictive(basis) if Section.PREDICTIVE in wanted else None,
        margins=_margins(basis) if Section.MARGINS in wanted else None,
        thematic=measure_thematic(selection, records) if Section.THEMATIC in wanted else None,
        quality=_quality(basis) if Section.QUALITY in wanted else None,
        groups=tuple(_group(by, basis) for by in dict.fromkeys(options.by)),
        ground=_ground(basis) if Section.GROUND in wanted else None,
        independence=independence,
        clusters=None
        if clusters is None or by_chance is None
        else dataclasses.replace(clusters[0], by_chance=by_chance.result()),
        completeness=_completeness(inputs) if Section.COMPLETENESS in wanted else None,
        location=None if location is None else location.result(),
        classified=classified if clusters is None else classified.assign(cluster=clusters[1]),
    )


def basis_of(inputs: Inputs, options: StatsOptions, pool: ThreadPoolExecutor, plane: CRS) -> Basis:
    """Match events with records on a plane; the records are merged on a thread of the pool."""
    records = rank_records(inputs.plotted, inputs.handed_over_on, plane)
    merging = pool.submit(merge_records, records)
    return Basis(options, inputs, records, select_events(inputs.events, records, criteria_of(inputs, options)), merging)


def criteria_of(inputs: Inputs, options: StatsOptions) -> Criteria:
    """What events are held against."""
    return Criteria(
        rules=options.rules,
        scope=inputs.scope,
        released=inputs.released,
        claimed=claimed_by_all(claims_of(inputs.received)),
        coarse_above_m=options.coarse_above_m,
    )


def _parameters(basis: Basis) -> dict[str, object]:
    layers, options = basis.inputs.layers, basis.options
    return {
        "batches": [layer.batch_id for layer in layers[Kind.MINEFIELDS]],
        "events": [layer.batch_id for layer in layers[Kind.ACCIDENTS]],
        "districts": next((layer.batch_id for layer in layers[Kind.DISTRICTS]), None),
        "scope": [layer.batch_id for layer in layers[Kind.SCOPE]],
        **{kind.value: [layer.batch_id for layer in layers[kind]] for kind in _GROUND_KINDS},
        "rules": [effect.rule for effect in basis.selection.rules if effect.applied],
        "coarse_above_m": float(options.coarse_above_m),
        "as_of": options.as_of,
        "by": list(dict.fromkeys(options.by)),
        "near_m": float(options.near_m),
        "cluster_distance_m": float(options.cluster_distance_m),
        "cluster_events": options.cluster_events,
        "cluster_draws": options.cluster_draws,
        "sigma_m": options.sigma_m,
        "seed": options.seed,
        "tolerance_m": TOLERANCE_M,
        "within_m": list(WITHIN_M),
        "plane": basis.records.plane.srs,
        "software": {"minefield-registry": __version__},
    }


def _coverage(basis: Basis) -> Coverage:
    inputs = basis.inputs
    return measure_coverage(
        basis.records,
        _total(inputs.layers[Kind.MINEFIELDS]),
        land=basis.land,
        repeated=count_repeated(inputs.plotted),
        districts=inputs.districts,
        placed=basis.placed,
    )


def _predictive(basis: Basis) -> PredictiveAccuracy:
    return measure_predictive(basis.selection, basis.records, basis.land, basis.study)


def _margins(basis: Basis) -> tuple[BatchMargin, ...]:
    return measure_margins(basis.selection, basis.records, basis.land.by_handover)


def _independence(basis: Basis, classified: GeoDataFrame) -> Independence:
    counted = classified[classified["removed_by"].isna()]
    return measure_independence(counted, basis.records, surveyed=basis.inputs.surveyed)


def _clusters(basis: Basis, classified: GeoDataFrame) -> tuple[Clusters, NDArray[np.int64]]:
    return find_clusters(
        classified,
        basis.inputs.events,
        basis.records.plane,
        districts=basis.inputs.districts,
        distance_m=basis.options.cluster_distance_m,
        min_events=basis.options.cluster_events,
    )


def _clusters_by_chance(
    basis: Basis, classified: GeoDataFrame, found: Clusters, rank: NDArray[np.int64]
) -> ClusterChance | None:
    study, options = _copy(basis.study), basis.options
    if study is None or not options.cluster_draws:
        return None
    outside = np.flatnonzero(is_outside(classified))
    points = project(np.asarray(classified.geometry.array, dtype=object)[outside], WGS84, basis.records.plane)
    return chance_of_clusters(
        shapely.get_coordinates(points),
        rank[outside] > 0,
        basis.land.parts,
        study,
        distance_m=found.distance_m,
        min_events=found.min_events,
        seed=options.seed,
        draws=options.cluster_draws,
    )


def _copy(study: StudyArea | None) -> StudyArea | None:
    """The study area for another thread, with a polygon of its own: what GEOS prepares is for one thread."""
    return None if study is None else dataclasses.replace(study, polygon=shapely.normalize(study.polygon))


def _location(basis: Basis, study: StudyArea | None) -> LocationError | None:
    options = basis.options
    return measure_location_error(
        basis.selection, basis.records, study, land=basis.land, assumed_m=options.sigma_m, seed=options.seed
    )


def _quality(basis: Basis) -> RecordQuality:
    counts = {layer.batch_id: layer.counts for layer in basis.inputs.layers[Kind.MINEFIELDS]}
    return measure_quality(basis.inputs.received, counts, dict(basis.records.batches))


def _group(by: By, basis: Basis) -> Grouping:
    parties = {batch_id: handover.giving_party for batch_id, handover in basis.inputs.handovers.items()}
    return group_events(
        by, basis.selection, basis.records, districts=basis.districts, parties=parties, timed=basis.timed
    )


def _ground(basis: Basis) -> Ground | None:
    inputs, options = basis.inputs, basis.options.ground
    if not any(inputs.layers[kind] for kind in _GROUND_KINDS) and options.mines_estimated is None:
        return None
    layers = GroundLayers(inputs.surveyed, inputs.released, inputs.devices)
    study = None if basis.study is None else (basis.study.words, basis.study.polygon)
    plane = basis.records.plane
    return measure_ground(inputs.plotted, inputs.received, inputs.events, layers, plane, options=options, study=study)


def _completeness(inputs: Inputs) -> dict[str, BatchCompleteness]:
    of_batch = inputs.received["batch_id"]
    return {
        layer.batch_id: score(inputs.received[(of_batch == layer.batch_id).to_numpy(dtype=bool)]).batch()
        for layer in inputs.layers[Kind.MINEFIELDS]
    }


def _total(layers: tuple[Layer, ...]) -> Counts:
    names = [field.name for field in dataclasses.fields(Counts)]
    return Counts(**{name: sum(getattr(layer.counts, name) for layer in layers) for name in names})
