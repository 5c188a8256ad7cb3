"""Clearance: what was investigated, what was found, and when."""

from dataclasses import replace

import geopandas
import numpy as np
import pytest
import shapely
from recount import SMALL, on_plane, seen

from registry.simulate.options import SurveyOptions, WorldOptions, demo_options
from registry.simulate.world import World, demo_world, make_world


def lying_in(records: geopandas.GeoDataFrame, points: geopandas.GeoSeries) -> set[str]:
    """Ids of the records that hold any of the points."""
    shapes = seen(records)
    touched = shapely.STRtree(points.array).query(shapes.array, predicate="intersects")[0]
    return set(records.loc[shapes.index[touched], "record_id"])


def investigated(world: World) -> geopandas.GeoDataFrame:
    """Records that lie wholly in released land."""
    plotted = world.records[world.records.geometry.notna()].drop_duplicates("record_id")
    released = on_plane(world.released).union_all()
    return plotted[seen(plotted).within(released)]


@pytest.mark.parametrize("seed", [0, 7, 2024])
def test_25_of_100_investigated_records_are_confirmed(seed: int) -> None:
    world = demo_world(seed)
    records = investigated(world)
    finds, events = on_plane(world.devices), on_plane(world.events)
    confirmed = lying_in(records, finds) | lying_in(records, events)
    assert (len(records), len(confirmed)) == (100, 25)
    assert not lying_in(records, finds) - confirmed


def test_nothing_is_decided_by_rounding(world: World) -> None:
    edges = seen(investigated(world)).boundary.union_all()
    assert on_plane(world.devices).distance(edges).min() > 1.0


def test_finds_lie_in_their_field_which_is_still_mined(world: World) -> None:
    fields = world.true_areas.set_index("field_id").loc[world.devices["field_id"]]
    assert not fields["lifted"].any()
    assert on_plane(world.devices).distance(on_plane(fields), align=False).max() < 0.05


def test_no_more_is_found_than_was_there(world: World) -> None:
    found = world.devices.groupby("field_id")["quantity"].sum()
    there = world.true_areas.set_index("field_id")["mines"]
    assert (found <= there[found.index]).all()
    assert world.devices["quantity"].min() >= 1


def test_fields_off_the_maps_are_found_whole(world: World) -> None:
    off = world.true_areas[~world.true_areas["recorded"]].set_index("field_id")["mines"]
    found = world.devices.groupby("field_id")["quantity"].sum()
    whole = found[found.index.isin(off.index)]
    assert len(whole) == 15
    assert whole.tolist() == off[whole.index].tolist()


def test_no_accident_follows_the_release(world: World) -> None:
    """Nobody was hurt on released land, nor was anything found there afterwards."""
    released, events = on_plane(world.released), on_plane(world.events)
    for points, days, strict in ((events, world.events["occurred_on"], True), (on_plane(world.devices), None, False)):
        area, point = shapely.STRtree(points.array).query(released.array, predicate="intersects")
        on = world.released["released_on"].to_numpy()[area]
        when = (world.devices["found_on"] if days is None else days).to_numpy()[point]
        assert (when < on).all() if strict else (when <= on).all()
    assert (world.released["released_on"] <= np.datetime64(demo_options().events_to) + np.timedelta64(1, "D")).all()


def test_left_to_chance_every_mined_record_is_confirmed() -> None:
    exact = replace(SMALL, record_sigma_m=0.0, omitted_share=0.0, survey=SurveyOptions(investigated=40))
    truth = make_world(exact, 3).truth
    assert (truth.records_investigated, truth.records_confirmed) == (40, 40)
    lifted = make_world(replace(exact, lifted_fields=59, events=0), 3).truth
    assert lifted.records_confirmed <= 1


def test_without_a_survey_nothing_is_cleared() -> None:
    world = make_world(SMALL, 1)
    assert (len(world.released), len(world.devices)) == (0, 0)
    assert world.truth.records_investigated == world.truth.mines_found == 0


def test_a_survey_changes_nothing_else() -> None:
    without, with_it = (make_world(replace(SMALL, survey=survey), 5) for survey in (None, SurveyOptions(10)))
    assert with_it.events.drop(columns="geometry").equals(without.events.drop(columns="geometry"))
    assert with_it.records.geometry.geom_equals_exact(without.records.geometry, 0).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (replace(SMALL, survey=SurveyOptions(61)), "too few to investigate 61"),
        (replace(SMALL, survey=SurveyOptions(10, confirmed=0)), "found empty"),
        (replace(SMALL, survey=SurveyOptions(10, confirmed=11)), "no more confirmed than investigated"),
        (replace(SMALL, survey=SurveyOptions(0, fields_off_the_maps=61)), "on no map"),
    ],
)
def test_options_that_cannot_be_met(options: WorldOptions, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_world(options, 0)
