"""The figures of a world, counted again from its tables."""

import geopandas
import pytest
from recount import on_plane, seen

from registry.simulate.world import World


def test_truth_is_recounted_from_the_tables(world: World) -> None:
    truth, areas, mined = world.truth, on_plane(world.true_areas), ~world.true_areas["lifted"]
    assert truth.true_area_m2 == pytest.approx(areas[mined].union_all().area, rel=1e-5)
    assert truth.recorded_true_area_m2 == pytest.approx(
        areas[mined & world.true_areas["recorded"]].area.sum(), rel=1e-5
    )
    assert truth.records_union_m2 == pytest.approx(seen(world.records).union_all().area, rel=1e-4)
    assert truth.fields_recorded == world.records["field_id"].nunique() == world.true_areas["recorded"].sum()
    positions = geopandas.GeoSeries(world.events["true_position"], crs="EPSG:4326").to_crs(areas.crs)
    recorded = areas[mined & world.true_areas["recorded"]].buffer(0.05).union_all()
    unrecorded = areas[mined & ~world.true_areas["recorded"]].buffer(0.05).union_all()
    assert truth.events_in_recorded_fields == positions.within(recorded).sum()
    assert truth.events_in_unrecorded_fields == positions.within(unrecorded).sum()
    parts = truth.events_in_recorded_fields + truth.events_in_unrecorded_fields + truth.events_strayed
    assert parts == truth.events == 240


def test_truth_of_the_clearance_is_recounted(world: World) -> None:
    truth = world.truth
    plotted = world.records[world.records.geometry.notna()].drop_duplicates("record_id")
    lifted = set(world.true_areas.loc[world.true_areas["lifted"], "field_id"])
    assert truth.fields_lifted == len(lifted) == 240
    assert truth.fields_plotted == len(plotted)
    assert truth.records_still_mined == (~plotted["field_id"].isin(lifted)).sum()
    assert truth.mines_found == world.devices["quantity"].sum()
    assert (truth.records_investigated, truth.records_confirmed) == (100, 25)
