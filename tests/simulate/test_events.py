"""Accidents: where they happen, and how far off they are recorded."""

from dataclasses import replace

import geopandas
import numpy as np
import pytest
import shapely
from recount import SMALL, on_plane, seen

from registry.simulate.options import WorldOptions
from registry.simulate.world import World, make_world


def test_no_event_is_within_a_metre_of_a_boundary(world: World) -> None:
    shapes = seen(world.records)
    edges = geopandas.GeoSeries([*shapes.boundary, shapes.union_all().boundary], crs=shapes.crs)
    assert on_plane(world.events).distance(edges.union_all()).min() > 1.0


def test_events_that_did_not_stray_lie_in_their_field() -> None:
    made = make_world(replace(SMALL, stray_share=0.0, events=500), 2)
    fields = on_plane(made.true_areas.set_index("field_id"))[made.events["field_id"]]
    true = geopandas.GeoSeries(made.events["true_position"], crs="EPSG:4326").to_crs(fields.crs)
    assert true.distance(fields, align=False).max() < 0.05
    assert made.truth.events_strayed == 0


def test_events_are_uniform_over_a_field() -> None:
    options = replace(SMALL, fields=1, events=4_000, stray_share=0.0, event_sigma_m=(0.0,), event_sigma_shares=(1,))
    made = make_world(options, 3)
    field, points = on_plane(made.true_areas)[0], on_plane(made.events)
    west, south, east, north = field.bounds
    half = shapely.intersection(field, shapely.box(west, south, (west + east) / 2, north))
    share = half.area / field.area
    inside = points.within(half).mean()
    assert inside == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / 4_000))


def test_stray_events_at_the_boundary_keep_close_to_their_field() -> None:
    options = replace(SMALL, events=1_000, stray_share=1.0, stray="boundary", stray_distance_m=100.0)
    exact = replace(options, event_sigma_m=(0.0,), event_sigma_shares=(1.0,))
    made = make_world(exact, 6)
    areas = on_plane(made.true_areas).union_all()
    distances = on_plane(made.events).distance(areas)
    assert distances.mean() == pytest.approx(100.0, rel=0.15)
    uniform = make_world(replace(exact, stray="uniform"), 6)
    assert on_plane(uniform.events).distance(areas).median() > 1_000


def test_a_world_without_events() -> None:
    assert len(make_world(replace(SMALL, events=0), 8).events) == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (replace(SMALL, outside_events=31), "31 of 30"),
        (replace(SMALL, batches=(), outside_events=0), "too little land"),
        (replace(SMALL, victims=20), "one an accident"),
    ],
)
def test_options_that_cannot_be_met(options: WorldOptions, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_world(options, 0)
