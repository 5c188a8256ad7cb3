"""The demonstration: its registry is read again here with plain geopandas, and its totals counted anew."""

import json
from pathlib import Path

import geopandas
import pandas as pd
import pyogrio
import pytest

from registry.demo import DemoImport, DemoResult, run_demo, write_sources
from registry.errors import StoreError
from registry.model import Kind
from registry.simulate.world import World, demo_world
from registry.store import Registry

PLANE = "+proj=laea +lat_0=-20.1 +lon_0=-20.1 +datum=WGS84"


@pytest.fixture(scope="module")
def steps() -> list[tuple[str, float | None]]:
    return []


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, float | None]]) -> DemoResult:
    directory = tmp_path_factory.mktemp("demo") / "new"
    return run_demo(directory, seed=11, progress=lambda step, done: steps.append((step, done)))


@pytest.fixture(scope="module")
def world() -> World:
    return demo_world(11)


@pytest.fixture(scope="module")
def imports(tmp_path_factory: pytest.TempPathFactory, world: World) -> tuple[DemoImport, ...]:
    return write_sources(world, tmp_path_factory.mktemp("sources"))


def stored(demo: DemoResult, kind: Kind) -> geopandas.GeoDataFrame:
    with Registry.open(demo.registry_path) as registry:
        names = [layer.table_name for layer in registry.layers(kind)]
    return pd.concat([geopandas.read_file(demo.registry_path, layer=name) for name in names], ignore_index=True)


def test_figures_stand_beside_the_truth(demo: DemoResult, world: World) -> None:
    figures = {figure.label: (figure.measured, figure.truth) for figure in demo.figures}
    assert figures["Mines on the maps"] == (400_000, 1_000_000)
    assert figures["Explosions"] == (240, 240)
    assert figures["Explosions outside the maps"] == (132, 240 - world.truth.events_in_recorded_fields)
    assert figures["Victims"] == (342, 342)
    assert figures["Killed"] == (65, 65)
    assert figures["Journalists killed"] == (3, 3)
    assert figures["Records received"] == (world.truth.records,) * 2
    assert figures["Records without a place"] == (7, 7)
    assert figures["Records investigated"] == (100, world.truth.fields_plotted)
    assert figures["Of these confirmed, by construction"] == (25, world.truth.records_still_mined)
    assert figures["Mines found"] == (world.truth.mines_found, 1_000_000)
    measured, truth = figures["Land on the maps"]
    assert measured == pytest.approx(world.truth.records_union_m2 / 1e6, rel=1e-4)
    assert truth == pytest.approx(world.truth.true_area_m2 / 1e6)


def test_what_is_stored_says_the_same(demo: DemoResult, world: World) -> None:
    records, events = stored(demo, Kind.MINEFIELDS), stored(demo, Kind.ACCIDENTS)
    assert sorted(records["record_id"]) == sorted(world.records["record_id"])
    assert records["plot_status"].value_counts().to_dict() == {"PLOTTED": len(records) - 7, "UNPLOTTABLE": 7}
    assert records["repaired"].sum() == 5
    union = records.geometry.dropna().to_crs(PLANE).union_all()
    inside = events.to_crs(PLANE).covered_by(union)
    assert (int(inside.sum()), int((~inside).sum())) == (108, 132)
    assert records.drop_duplicates("record_id")["mines_total_stated"].sum() == 400_000
    assert (
        events["victims_by_role"].map(lambda roles: json.loads(roles).get("journalist", {}).get("killed", 0)).sum() == 3
    )


def test_one_definition_comes_out_at_25_percent(demo: DemoResult) -> None:
    """Counted again with plain geopandas: cleared records, and those with a find or an accident in them."""
    records = stored(demo, Kind.MINEFIELDS).to_crs(PLANE)
    records = records[records["duplicate_of"].isna() & records.geometry.notna()].set_index("record_id").geometry
    cleared = stored(demo, Kind.RELEASED).to_crs(PLANE).union_all()
    investigated = records[records.intersection(cleared).area >= 0.9 * records.area]
    finds, events = (stored(demo, kind).to_crs(PLANE).union_all() for kind in (Kind.DEVICES, Kind.ACCIDENTS))
    confirmed = investigated[investigated.intersects(finds) | investigated.intersects(events)]
    assert (len(investigated), len(confirmed)) == (100, 25)
    assert demo.comparison.ground is not None
    share = demo.comparison.ground.confirmation.share
    assert (share.numerator, share.denominator, share.value) == (25, 100, 0.25)
    assert (share.low, share.high) == pytest.approx((0.1755, 0.3430), abs=5e-5)


def test_mines_are_40_percent_of_the_estimate(demo: DemoResult) -> None:
    assert demo.comparison.ground is not None
    count = demo.comparison.ground.mine_count
    assert (count.mines_recorded, count.mines_estimated, count.ratio) == (400_000, 1_000_000, 0.4)


def test_statistics_file_holds_the_comparison(demo: DemoResult) -> None:
    stats = json.loads(demo.stats_path.read_text(encoding="utf-8"))
    assert stats == demo.comparison.to_json()
    everything = stats["accuracy"]["all"]
    assert (everything["total"], everything["inside"], everything["outside"]) == (240, 108, 132)
    assert stats["accuracy"]["events_unlocated"] == 0


def test_four_batches_and_eight_new_maps(demo: DemoResult) -> None:
    with Registry.open(demo.registry_path) as registry:
        layers = registry.layers()
        maps = registry.layers(Kind.MINEFIELDS)
        dates = [str(registry.handover(layer.batch_id).handed_over_on) for layer in maps]
        documents = [len(registry.documents(layer)) for layer in maps]
        assert registry.verify().problems == ()
    assert all(layer.title.startswith("SYNTHETIC") for layer in layers)
    assert {layer.kind for layer in layers} == set(Kind) - {Kind.SURVEYED}
    assert dates == ["2021-06-15", "2021-11-30", "2023-05-10", "2024-01-25"]
    assert documents == [1, 1, 1, 8]


def test_repeated_records_are_found(demo: DemoResult, world: World) -> None:
    records = stored(demo, Kind.MINEFIELDS)
    again = records[records["duplicate_of"].notna()]
    repeated = world.records[world.records["defect"] == "repeated"]
    assert sorted(again["record_id"]) == sorted(repeated["record_id"])
    assert again["duplicate_of"].str.startswith("SYN-2021-06/").all()


def test_another_seed_has_the_same_totals(tmp_path: Path, demo: DemoResult) -> None:
    other = run_demo(tmp_path, seed=12)
    totals = ["Mines on the maps", "Explosions", "Victims", "Killed", "Journalists killed"]
    assert [figure for figure in other.figures if figure.label in totals] == [
        figure for figure in demo.figures if figure.label in totals
    ]
    assert (other.comparison.accuracy.all.inside, other.comparison.accuracy.all.outside) == (108, 132)
    assert other.comparison.ground is not None
    assert other.comparison.ground.confirmation.share == demo.comparison.ground.confirmation.share
    assert not other.comparison.classified.geometry.equals(demo.comparison.classified.geometry)


def test_progress_is_told(demo: DemoResult, steps: list[tuple[str, float | None]]) -> None:
    told = [done for _, done in steps if done is not None]
    assert told == sorted(told)
    assert all(0 <= done <= 1 for done in told)
    assert len(steps) > len(demo.reports)


def test_an_existing_registry_is_left_alone(tmp_path: Path) -> None:
    kept = tmp_path / "registry.gpkg"
    kept.write_bytes(b"somebody's work")
    with pytest.raises(StoreError, match="another directory"):
        run_demo(tmp_path)
    assert kept.read_bytes() == b"somebody's work"
    assert list(tmp_path.iterdir()) == [kept]


class TestWriteSources:
    def test_formats_are_mixed(self, imports: tuple[DemoImport, ...]) -> None:
        maps = [each for each in imports if each.kind is Kind.MINEFIELDS]
        suffixes = [sorted({path.suffix for path in each.sources}) for each in maps]
        assert suffixes == [[".geojson"], [".zip"], [".kml"], [".geojson", ".kml"]]
        assert len(maps[-1].sources) == 8

    def test_no_source_tells_the_truth(self, imports: tuple[DemoImport, ...]) -> None:
        untold = {"field_id", "defect", "true_position", "outside", "batch_id"}
        for path in (path for each in imports for path in each.sources):
            names = set(pyogrio.read_info(path)["fields"])
            assert names
            assert not names & untold

    def test_the_shapefile_is_projected(self, imports: tuple[DemoImport, ...]) -> None:
        (shapefile,) = (path for each in imports for path in each.sources if path.suffix == ".zip")
        assert pyogrio.read_info(shapefile)["crs"] == "EPSG:32727"

    def test_claims_are_those_of_the_files(self, imports: tuple[DemoImport, ...], world: World) -> None:
        of_maps = [each.handover for each in imports if each.kind is Kind.MINEFIELDS]
        assert [handover.documents_claimed for handover in of_maps] == [1, 1, 1, 8]
        assert sum(handover.mines_claimed or 0 for handover in of_maps) == world.records["mines_total_stated"].sum()
        assert all(handover.title.startswith("SYNTHETIC") for handover in of_maps)
