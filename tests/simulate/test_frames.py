"""The tables of a world: in open sea, and saying that they are synthetic."""

import json

import geopandas
import pytest
import shapely
from recount import on_plane, overlaps

from registry.simulate.world import World

SEA = shapely.box(-20.4, -20.3, -19.6, -19.7)


def test_everything_says_synthetic_and_lies_in_the_sea(world: World) -> None:
    areas = (world.true_areas, world.records, world.released, world.districts, world.scope)
    for frame in (*areas, world.events, world.devices):
        assert frame.crs == "EPSG:4326"
        assert frame.geometry.dropna().within(SEA).all()
    assert geopandas.GeoSeries(world.events["true_position"], crs="EPSG:4326").within(SEA).all()
    for frame in (world.true_areas, world.records, world.events, world.released, world.devices):
        assert frame["map_sheet"].str.startswith("SYNTHETIC").all()
        assert frame["district"].str.startswith("SYNTHETIC").all()
    assert world.districts["name"].str.startswith("SYNTHETIC").all()


def test_districts_tile_the_scope(world: World) -> None:
    cells = on_plane(world.districts)
    assert len(cells) == 12
    assert overlaps(cells) == 0
    assert cells.area.sum() == pytest.approx(64_000 * 48_000, rel=1e-4)
    assert on_plane(world.events).covered_by(cells.union_all()).all()


def test_roles_are_plain_json(world: World) -> None:
    assert json.loads(json.dumps(world.events["victims_by_role"].tolist())) == list(world.events["victims_by_role"])
