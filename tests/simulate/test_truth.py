"""The figures of a world, counted again from its tables."""

import geopandas
import pytest
from recount import on_plane, seen

from registry.simulate.world import World


def test_truth_is_recounted_from_the_tables(world: World) -> None:
    truth, areas = world.truth, on_plane(world.true_areas)
    assert truth.true_area_m2 == pytest.approx(areas.union_all().area, rel=1e-5)
    assert truth.recorded_true_area_m2 == pytest.approx(areas[world.true_areas["recorded"]].area.sum(), rel=1e-5)
    assert truth.records_union_m2 == pytest.approx(seen(world.records).union_all().area, rel=1e-4)
    assert truth.fields_recorded == world.records["field_id"].nunique() == world.true_areas["recorded"].sum()
    positions = geopandas.GeoSeries(world.events["true_position"], crs="EPSG:4326").to_crs(areas.crs)
    recorded = areas[world.true_areas["recorded"]].buffer(0.05).union_all()
    unrecorded = areas[~world.true_areas["recorded"]].buffer(0.05).union_all()
    assert truth.events_in_recorded_fields == positions.within(recorded).sum()
    assert truth.events_in_unrecorded_fields == positions.within(unrecorded).sum()
    parts = truth.events_in_recorded_fields + truth.events_in_unrecorded_fields + truth.events_strayed
    assert parts == truth.events == 240
