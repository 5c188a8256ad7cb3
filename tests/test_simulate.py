"""The synthetic world: its totals are counted again here from its tables, on a plane of our own."""

import json
from dataclasses import replace
from datetime import date

import geopandas
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.simulate import BatchOptions, World, WorldOptions, demo_options, demo_world, make_world

SEA = shapely.box(-20.4, -20.3, -19.6, -19.7)
SMALL = WorldOptions(fields=60, mines=6_000, events=30)


@pytest.fixture(scope="module")
def world() -> World:
    return demo_world(7)


def on_plane(frame: geopandas.GeoDataFrame) -> geopandas.GeoSeries:
    return frame.geometry.to_crs("+proj=laea +lat_0=-20.1 +lon_0=-20.1 +datum=WGS84")


def seen(records: geopandas.GeoDataFrame) -> geopandas.GeoSeries:
    shapes = on_plane(records[records.geometry.notna()])
    return shapes.make_valid(method="linework")


def as_bytes(world: World) -> bytes:
    frames = (world.true_areas, world.records, world.events, world.districts, world.scope)
    texts = [frame.to_wkb(hex=True).to_csv() for frame in frames]
    return ("".join(texts) + repr(world.truth)).encode()


def overlaps(shapes: geopandas.GeoSeries) -> int:
    first, second = shapely.STRtree(shapes.array).query(shapes.array, predicate="overlaps")
    return int((first < second).sum())


class TestDemoWorld:
    @pytest.mark.parametrize("seed", [0, 7, 2024])
    def test_132_of_240_events_lie_outside_all_records(self, seed: int) -> None:
        demo = demo_world(seed)
        maps = seen(demo.records).union_all()
        inside = on_plane(demo.events).covered_by(maps)
        assert (len(inside), int(inside.sum()), int((~inside).sum())) == (240, 108, 132)
        assert (~inside).tolist() == demo.events["outside"].tolist()

    def test_no_event_is_within_a_metre_of_a_boundary(self, world: World) -> None:
        shapes = seen(world.records)
        edges = geopandas.GeoSeries([*shapes.boundary, shapes.union_all().boundary], crs=shapes.crs)
        assert on_plane(world.events).distance(edges.union_all()).min() > 1.0

    def test_mines_on_the_maps_and_in_the_world(self, world: World) -> None:
        by_class = ["mines_ap", "mines_av", "mines_other"]
        assert world.true_areas[by_class].to_numpy().sum() == 1_000_000
        records = world.records.drop_duplicates("record_id")
        assert records[by_class].to_numpy().sum() == records["mines_total_stated"].sum() == 400_000
        assert (world.records[by_class] >= 0).all(axis=None)

    def test_victims(self, world: World) -> None:
        events = world.events
        assert (events["killed"].sum(), events["injured"].sum()) == (65, 277)
        victims = events["killed"] + events["injured"]
        assert victims.sum() == 342
        assert victims.min() >= 1
        roles = pd.DataFrame(events["victims_by_role"].tolist()).fillna(0)
        assert roles["journalist"].sum() == 3
        assert roles.sum(axis=1).tolist() == victims.tolist()
        assert (roles["journalist"] <= events["killed"]).all()

    def test_eight_new_maps_on_one_day(self, world: World) -> None:
        new = world.records[world.records["handed_over_on"] == "2024-01-25"]
        assert new["map_sheet"].nunique() == 8
        earlier = set(world.records["handed_over_on"].dt.year) - {2024}
        assert earlier == {2021, 2023}
        assert not set(new["map_sheet"]) & set(world.records.drop(new.index)["map_sheet"])

    def test_defects_are_what_was_asked_for(self, world: World) -> None:
        records, options = world.records, demo_options()
        assert records.geometry.isna().sum() == (records["defect"] == "unplotted").sum() == options.unplotted_records
        present = records[records.geometry.notna()]
        assert (~present.is_valid).sum() == (present["defect"] == "invalid").sum() == options.invalid_records
        repeated = records[records["defect"] == "repeated"]
        first = records[records["record_id"].isin(repeated["record_id"])].drop_duplicates("record_id")
        assert len(repeated) == options.repeated_records
        pairs = repeated.merge(first, on="record_id")
        assert (pairs["handed_over_on_x"] > pairs["handed_over_on_y"]).all()
        assert (pairs["geometry_x"] == pairs["geometry_y"]).all()

    def test_the_shifted_sheet_lies_240_m_too_far_north(self, world: World) -> None:
        shifted = world.records[world.records["defect"] == "shifted"]
        true = world.true_areas.set_index("field_id").loc[shifted["field_id"]]
        north = on_plane(shifted).centroid.y.to_numpy() - on_plane(true).centroid.y.to_numpy()
        assert shifted["map_sheet"].nunique() == 1
        assert north.mean() == pytest.approx(240.0, abs=4 * 20.0 / np.sqrt(len(shifted)))

    def test_everything_says_synthetic_and_lies_in_the_sea(self, world: World) -> None:
        for frame in (world.true_areas, world.records, world.events, world.districts, world.scope):
            assert frame.crs == "EPSG:4326"
            assert frame.geometry.dropna().within(SEA).all()
        assert geopandas.GeoSeries(world.events["true_position"], crs="EPSG:4326").within(SEA).all()
        for frame in (world.true_areas, world.records, world.events):
            assert frame["map_sheet"].str.startswith("SYNTHETIC").all()
            assert frame["district"].str.startswith("SYNTHETIC").all()
        assert world.districts["name"].str.startswith("SYNTHETIC").all()

    def test_districts_tile_the_scope(self, world: World) -> None:
        cells = on_plane(world.districts)
        assert len(cells) == 12
        assert overlaps(cells) == 0
        assert cells.area.sum() == pytest.approx(64_000 * 48_000, rel=1e-4)
        assert on_plane(world.events).covered_by(cells.union_all()).all()

    def test_truth_is_recounted_from_the_tables(self, world: World) -> None:
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

    def test_same_seed_same_bytes_other_seed_other_world(self) -> None:
        assert as_bytes(demo_world(5)) == as_bytes(demo_world(5))
        assert as_bytes(demo_world(5)) != as_bytes(demo_world(6))

    def test_roles_are_plain_json(self, world: World) -> None:
        assert json.loads(json.dumps(world.events["victims_by_role"].tolist())) == list(world.events["victims_by_role"])


class TestMinedLand:
    def test_fields_are_valid_and_do_not_overlap(self, world: World) -> None:
        shapes = on_plane(world.true_areas)
        assert shapes.is_valid.all()
        assert overlaps(shapes) == 0

    def test_width_and_length_are_those_asked_for(self) -> None:
        options = replace(SMALL, belt_width_m=(100.0, 100.0), field_length_m=(500.0, 500.0))
        shapes = on_plane(make_world(options, 1).true_areas)
        # A straight east-west field has 100 m x 500 m; a slanted stretch is longer by at most its slope.
        assert shapes.area.min() == pytest.approx(50_000, rel=0.02)
        assert shapes.area.max() < 50_000 * 1.5

    def test_events_that_did_not_stray_lie_in_their_field(self) -> None:
        made = make_world(replace(SMALL, stray_share=0.0, events=500), 2)
        fields = on_plane(made.true_areas.set_index("field_id"))[made.events["field_id"]]
        true = geopandas.GeoSeries(made.events["true_position"], crs="EPSG:4326").to_crs(fields.crs)
        assert true.distance(fields, align=False).max() < 0.05
        assert made.truth.events_strayed == 0

    def test_events_are_uniform_over_a_field(self) -> None:
        options = replace(SMALL, fields=1, events=4_000, stray_share=0.0, event_sigma_m=(0.0,), event_sigma_shares=(1,))
        made = make_world(options, 3)
        field, points = on_plane(made.true_areas)[0], on_plane(made.events)
        west, south, east, north = field.bounds
        half = shapely.intersection(field, shapely.box(west, south, (west + east) / 2, north))
        share = half.area / field.area
        inside = points.within(half).mean()
        assert inside == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / 4_000))


class TestMaps:
    def test_perfect_maps_hold_every_event(self) -> None:
        options = replace(SMALL, omitted_share=0.0, record_sigma_m=0.0, stray_share=0.0, events=400)
        exact = replace(options, event_sigma_m=(0.0,), event_sigma_shares=(1.0,))
        made = make_world(exact, 4)
        assert made.truth.events_outside_records == 0
        assert made.truth.records_union_m2 == pytest.approx(made.truth.true_area_m2)

    def test_omission_is_within_binomial_bounds(self) -> None:
        options = WorldOptions(fields=480, omitted_share=0.3, events=10)
        omitted = [480 - make_world(options, seed).truth.fields_recorded for seed in range(20)]
        n = 480 * 20
        assert sum(omitted) == pytest.approx(0.3 * n, abs=4 * np.sqrt(n * 0.3 * 0.7))

    def test_record_error_has_the_stated_sigma(self) -> None:
        made = make_world(WorldOptions(record_sigma_m=50.0, omitted_share=0.0, events=10), 5)
        true = on_plane(made.true_areas.set_index("field_id").loc[made.records["field_id"]]).centroid
        moved = on_plane(made.records).centroid
        offsets = np.concatenate([moved.x.to_numpy() - true.x.to_numpy(), moved.y.to_numpy() - true.y.to_numpy()])
        assert offsets.std() == pytest.approx(50.0, rel=4 / np.sqrt(2 * len(offsets)))

    def test_stray_events_at_the_boundary_keep_close_to_their_field(self) -> None:
        options = replace(SMALL, events=1_000, stray_share=1.0, stray="boundary", stray_distance_m=100.0)
        exact = replace(options, event_sigma_m=(0.0,), event_sigma_shares=(1.0,))
        made = make_world(exact, 6)
        areas = on_plane(made.true_areas).union_all()
        distances = on_plane(made.events).distance(areas)
        assert distances.mean() == pytest.approx(100.0, rel=0.15)
        uniform = make_world(replace(exact, stray="uniform"), 6)
        assert on_plane(uniform.events).distance(areas).median() > 1_000

    def test_without_a_handover_nothing_is_mapped(self) -> None:
        made = make_world(replace(SMALL, batches=()), 7)
        assert len(made.records) == 0
        assert made.truth.records_union_m2 == 0
        assert made.truth.events_outside_records == len(made.events) == 30

    def test_a_world_without_events(self) -> None:
        assert len(make_world(replace(SMALL, events=0), 8).events) == 0

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (replace(SMALL, batches=(BatchOptions("A", date(2021, 1, 1), sheets=49),)), "49 sheets"),
            (replace(SMALL, fields=2_000), "fewer, shorter or narrower"),
            (replace(SMALL, mines=59), "59 mines are too few"),
            (replace(SMALL, outside_events=31), "31 of 30"),
            (replace(SMALL, repeated_records=1), "second batch"),
            (replace(SMALL, victims=20), "one an accident"),
            (replace(SMALL, invalid_records=61), "defective"),
            (replace(SMALL, batches=(), outside_events=0), "too little land"),
        ],
    )
    def test_options_that_cannot_be_met(self, options: WorldOptions, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            make_world(options, 0)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    events=st.integers(1, 120),
    outside=st.floats(0, 1),
    mines=st.integers(60, 2_000_000),
    more_victims=st.integers(0, 50),
    killed=st.floats(0, 1),
)
def test_totals_hold_whatever_is_asked(
    seed: int, events: int, outside: float, mines: int, more_victims: int, killed: float
) -> None:
    victims = events + more_victims
    options = replace(
        SMALL,
        events=events,
        outside_events=round(outside * events),
        mines=mines,
        mines_recorded=mines // 3,
        victims=victims,
        killed=round(killed * victims),
    )
    made = make_world(options, seed)
    inside = on_plane(made.events).covered_by(seen(made.records).union_all())
    assert (len(inside), int((~inside).sum())) == (events, options.outside_events)
    assert made.true_areas["mines"].sum() == mines
    assert made.records["mines_total_stated"].sum() == mines // 3
    assert made.events["killed"].sum() == options.killed
    assert made.events[["killed", "injured"]].to_numpy().sum() == victims
