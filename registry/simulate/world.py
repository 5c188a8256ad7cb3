"""A world from options and a seed."""

from dataclasses import dataclass

import geopandas
import numpy as np

from registry.simulate.events import draw_circumstances, draw_events
from registry.simulate.frames import (
    devices_frame,
    districts_frame,
    events_frame,
    records_frame,
    released_frame,
    scope_frame,
    true_areas_frame,
)
from registry.simulate.land import lay_fields
from registry.simulate.options import WorldOptions, demo_options
from registry.simulate.records import draw_records, drawn_shapes
from registry.simulate.survey import draw_survey
from registry.simulate.truth import Truth, count_truth


@dataclass(frozen=True)
class World:
    """A synthetic world; all geometries on WGS 84.

    Attributes
    ----------
    true_areas
        Fields as laid: ``field_id``, ``map_sheet``, ``district``, ``laid_by``, ``laid_from``, ``laid_to``,
        ``mines_ap``, ``mines_av``, ``mines_other``, ``mines`` (all of them still there), ``lifted``, ``recorded``.
    records
        Minefield records as handed over, named as in the registry, and ``batch_id``, ``handed_over_on``, ``field_id``
        and ``defect`` (``shifted``, ``invalid``, ``unplotted``, ``repeated`` or empty).
    events
        Accidents at their recorded position, named as in the registry, and ``true_position``, ``field_id`` (empty for
        strayed ones) and ``outside`` (of every record).
    released, devices
        Land released as cleared and mines found in it, named as in the registry; ``devices`` also has ``field_id``.
    districts, scope
        Grid cells, and the one polygon that holds them all.
    truth
        The figures.
    """

    true_areas: geopandas.GeoDataFrame
    records: geopandas.GeoDataFrame
    events: geopandas.GeoDataFrame
    released: geopandas.GeoDataFrame
    devices: geopandas.GeoDataFrame
    districts: geopandas.GeoDataFrame
    scope: geopandas.GeoDataFrame
    truth: Truth


def demo_world(seed: int = 2024) -> World:
    """The world of the demonstration; the seed changes where everything lies, never its totals."""
    return make_world(demo_options(), seed)


def make_world(options: WorldOptions, seed: int) -> World:
    """Make a world. The same options and seed give the same world.

    Raises
    ------
    ValueError
        If the options cannot be met together, for example more sheets than hold records.
    """
    rng = np.random.default_rng(seed)
    fields = lay_fields(rng, options)
    records = draw_records(rng, options, fields)
    events = draw_events(rng, options, fields, drawn_shapes(records.shapes))
    circumstances = draw_circumstances(rng, options, fields, events)
    survey = draw_survey(rng, options, fields, records, events=events, circumstances=circumstances)
    return World(
        true_areas=true_areas_frame(fields, records),
        records=records_frame(options, fields, records),
        events=events_frame(events, circumstances),
        released=released_frame(survey),
        devices=devices_frame(survey),
        districts=districts_frame(),
        scope=scope_frame(),
        truth=count_truth(options, fields, records, events, survey),
    )
