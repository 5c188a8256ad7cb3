import contextlib
import csv
import json
import sqlite3
from datetime import UTC, date, datetime

import geopandas
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from registry.codes import By, Rule, Section
from registry.compare.ground import GroundOptions
from registry.compare.windows import LeftOutRows
from registry.errors import CompareError, StoreError, UnknownLayer
from registry.features import write_classified
from registry.inputs import StatsOptions
from registry.model import Counts, Handover, Kind, PartialDate, Provenance
from registry.stats import FOR_A_MAP, compute_stats
from registry.store import NewLayer, Registry

JUNE = PartialDate(date(2021, 6, 12))
JULY = PartialDate(date(2021, 7, 3))

WINDOW = {
    "total",
    "inside",
    "outside",
    "share_inside",
    "share_outside",
    "within_m",
    "median_distance_m",
    "median_distance_outside_m",
    "p90_distance_outside_m",
}


def cell(column, row, size=1):
    """A square of hundredths of a degree, about a kilometre wide."""
    return shapely.box(column / 100, row / 100, (column + size) / 100, (row + size) / 100)


def place(column, row):
    return shapely.Point(column / 100, row / 100)


def add(registry, kind, batch_id, geometries, *, on=None, statuses=None, **columns):
    """Add a layer as an import would; what has no status is plotted where it has a geometry."""
    identity = "accident_id" if kind is Kind.ACCIDENTS else "record_id"
    if statuses is None:
        statuses = ["UNPLOTTABLE" if geometry is None else "PLOTTED" for geometry in geometries]
    ids = columns.pop("ids", [f"{batch_id}-{number}" for number in range(len(geometries))])
    frame = geopandas.GeoDataFrame(
        {identity: ids, "plot_status": statuses, **columns}, geometry=list(geometries), crs="EPSG:4326"
    )
    counts = {name: statuses.count(name.upper()) for name in ("plotted", "invalid", "unplottable")}
    registry.add(
        NewLayer(
            Handover(batch_id, f"Batch {batch_id}", handed_over_on=on),
            kind,
            f"{kind} of {batch_id}",
            frame,
            Counts(received=len(frame), repaired=0, **counts),
            Provenance(datetime(2021, 1, 1, tzinfo=UTC), {}, (), {}, ()),
            (),
            (),
        )
    )


@pytest.fixture
def registry(tmp_path):
    """Two batches, twelve events of which five inside, two districts."""
    with Registry.create(tmp_path / "registry.gpkg") as registry:
        add(registry, Kind.MINEFIELDS, "second", [cell(1, 0)], on=JULY)
        bow_tie = shapely.Polygon([(0, 0.05), (0.01, 0.06), (0.01, 0.05), (0, 0.06)])
        first = [cell(0, 0), bow_tie, None]
        add(registry, Kind.MINEFIELDS, "first", first, on=JUNE, statuses=["PLOTTED", "INVALID", "UNPLOTTABLE"])
        inside = [place(0.5, 0.5)] * 3 + [place(1.5, 0.5)] * 2
        outside = [place(0.5, 1.05)] * 2 + [place(0.1, 5.5), place(15.5, 5)] + [place(3.0, 0.5)] * 3
        add(
            registry,
            Kind.ACCIDENTS,
            "events",
            [*inside, *outside, None],
            occurred_on=["2021-01-01"] * 3 + ["2021-06-20", "2021-08-01"] + ["2022-01-01"] * 7 + [None],
            occurred_on_precision=["DAY"] * 5 + ["YEAR"] * 7 + [None],
        )
        add(
            registry,
            Kind.DISTRICTS,
            "districts",
            [cell(-10, -10, 20), cell(10, 0, 10)],
            name=["Here", "=There"],
        )
        yield registry


def test_the_figures_of_a_small_registry(registry):
    result = compute_stats(registry).to_json()
    accuracy, coverage = result["accuracy"], result["coverage"]
    assert (accuracy["all"]["total"], accuracy["all"]["inside"]) == (12, 5)
    assert accuracy["all"]["share_inside"]["numerator"] == 5
    assert accuracy["all"]["share_inside"]["value"] == pytest.approx(5 / 12)
    assert (accuracy["before_handover"]["total"], accuracy["before_handover"]["inside"]) == (3, 3)
    # On 20 June only the first batch was in hand, on 1 August both.
    assert (accuracy["after_handover"]["total"], accuracy["after_handover"]["inside"]) == (9, 1)
    assert (accuracy["events_received"], accuracy["events_unlocated"], accuracy["undated"]) == (13, 1, 0)
    assert accuracy["left_out"] == {"records": 1, "further_events_inside": 1}
    assert accuracy["never_mapped"]["numerator"] == 1
    assert [(row["district"], row["total"]) for row in accuracy["by_district"]] == [
        ("Here", 11),
        ("=There", 1),
        (None, 0),
    ]
    assert [coverage[f"records_{name}"] for name in ("received", "plotted", "invalid", "unplottable")] == [4, 2, 1, 1]
    assert [row["batch_id"] for row in coverage["by_handover"]] == ["first", "second"]
    assert coverage["by_handover"][0]["handed_over_on"] == "2021-06-12"
    # A hundredth of a degree at the equator is 1113.19 m by 1105.74 m.
    assert coverage["union_m2"] == pytest.approx(2 * 1113.19 * 1105.74, rel=1e-4)


def test_json_has_the_documented_names(registry):
    result = compute_stats(registry).to_json()
    sections = [
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
    ]
    assert list(result) == ["schema", "layers", "parameters", "not_computed", *sections, "completeness"]
    assert result["not_computed"] == []
    assert result["schema"] == "minefield-registry/stats/v1"
    assert set(result["accuracy"]["all"]) == WINDOW
    assert list(result["accuracy"]["all"]["within_m"]) == ["0", "25", "50", "100", "250", "500", "1000"]
    share = result["accuracy"]["all"]["share_inside"]
    assert set(share) == {"numerator", "denominator", "value", "low", "high", "method", "note"}
    assert "Too few clusters" in share["note"]
    few = result["coverage"]["unplottable_share"]
    assert set(few) == {"numerator", "denominator", "value", "low", "high", "method", "reason"}
    assert few["value"] is None
    assert {"undated", "removed", "never_mapped", "left_out", "by_district"} < set(result["accuracy"])
    assert not {"unfiltered", "windows_reason"} & set(result["accuracy"])
    assert [layer["kind"] for layer in result["layers"]] == ["minefields", "minefields", "accidents", "districts"]
    assert set(result["layers"][0]) == {"batch_id", "kind", "title", "table_name", "content_sha256", "counts"}
    assert result["parameters"]["batches"] == ["second", "first"]
    assert "+proj=laea" in result["parameters"]["plane"]


@pytest.mark.parametrize("wanted", [(), FOR_A_MAP, *((section,) for section in Section)])
def test_only_the_sections_asked_for_are_computed(registry, wanted):
    add(registry, Kind.RELEASED, "cleared", [cell(0, 0)], release_type=["CLEARED"])
    whole = compute_stats(registry).to_json()
    some = compute_stats(registry, StatsOptions(sections=wanted)).to_json()
    left_out = [section.value for section in Section if section not in wanted]
    assert list(some) == list(whole)
    assert some["not_computed"] == left_out
    assert {name for name in whole if some[name] is None and whole[name] is not None} == set(left_out)
    differs = {name for name in whole if some[name] != whole[name]}
    assert differs - {"not_computed"} == set(left_out)


def test_a_layer_that_no_section_looks_at_is_not_compared(registry):
    add(registry, Kind.DEVICES, "finds", [place(0.5, 0.5)])
    add(registry, Kind.SURVEYED, "survey", [cell(3.0, 0.5)])
    kinds = {
        section: {layer.kind for layer in compute_stats(registry, StatsOptions(sections=(section,))).layers}
        for section in (Section.CLUSTERS, Section.INDEPENDENCE, Section.GROUND)
    }
    looked_at = {Kind.MINEFIELDS, Kind.ACCIDENTS, Kind.DISTRICTS}
    assert kinds[Section.CLUSTERS] == looked_at
    assert kinds[Section.INDEPENDENCE] == {*looked_at, Kind.SURVEYED}
    assert kinds[Section.GROUND] == {*looked_at, Kind.SURVEYED, Kind.DEVICES}


@pytest.mark.parametrize("suffix", [".gpkg", ".csv"])
def test_without_clusters_no_event_is_said_to_be_in_none(registry, tmp_path, suffix):
    path = tmp_path / f"events{suffix}"
    comparison = compute_stats(registry, StatsOptions(sections=()))
    write_classified(comparison, path)
    assert "cluster" not in comparison.classified
    if suffix == ".gpkg":
        assert [name for name, _ in pyogrio.list_layers(path)] == ["classified_events", "layer_styles"]
    layer = "classified_events" if suffix == ".gpkg" else "events"
    assert "cluster" not in geopandas.read_file(path, layer=layer).columns


def test_the_same_inputs_give_the_same_bytes(registry):
    first, again = (json.dumps(compute_stats(registry).to_json(), allow_nan=False) for _ in range(2))
    assert first == again


def test_every_received_event_is_classified(registry):
    events = compute_stats(registry).classified
    assert len(events) == 13
    assert events["event_class"].value_counts().to_dict() == {"inside": 5, "near": 2, "outside": 5, "unlocated": 1}
    assert events["records"][0] == ("first/first-0",)
    assert events["distance_m"][5] == pytest.approx(0.05 * 1105.74, rel=1e-3)
    assert events["distance_m"][3] == 0


def test_chosen_batches_only(registry):
    comparison = compute_stats(registry, StatsOptions(batch_ids=("first",), near_m=10))
    assert comparison.accuracy.all.inside == 3
    assert comparison.coverage.records_received == 3
    assert [layer.batch_id for layer in comparison.layers] == ["first", "events", "districts"]
    assert not (comparison.classified["event_class"] == "near").any()


def test_a_withdrawn_layer_leaves_the_figures(registry):
    registry.withdraw("second", reason="Sent by mistake")
    assert compute_stats(registry).accuracy.all.inside == 3
    with pytest.raises(CompareError, match="second"):
        compute_stats(registry, StatsOptions(batch_ids=("second",)))


def test_a_batch_is_chosen_for_what_it_holds(registry):
    with pytest.raises(CompareError, match="events"):
        compute_stats(registry, StatsOptions(batch_ids=("events",)))
    with pytest.raises(UnknownLayer, match="elsewhere"):
        compute_stats(registry, StatsOptions(events=("elsewhere",)))


def test_several_districts_layers_need_a_choice(registry):
    add(registry, Kind.DISTRICTS, "provinces", [cell(-10, -10, 30)], name=["Whole"])
    with pytest.raises(CompareError, match="--districts"):
        compute_stats(registry)
    comparison = compute_stats(registry, StatsOptions(districts="provinces"))
    assert [row.district for row in comparison.accuracy.by_district] == ["Whole", None]


def test_without_a_layer_of_the_ground_nothing_is_said_of_it(registry):
    assert compute_stats(registry).to_json()["ground"] is None
    estimated = compute_stats(
        registry, StatsOptions(ground=GroundOptions(mines_estimated=9, estimate_source="A report"))
    )
    assert estimated.ground.mine_count.mines_recorded == 0
    assert estimated.ground.released is None


def test_records_against_the_ground(registry):
    """The first batch's cell was cleared and holds three events; a quarter of the second's was, with mines in it."""
    add(registry, Kind.RELEASED, "cleared", [cell(0, 0), cell(1, 0, 0.5)], release_type=["CLEARED"] * 2)
    add(registry, Kind.SURVEYED, "surveyed", [cell(0, 0)], land_status=["OPEN"])
    found = [shapely.MultiPoint([place(1.6, 0.6)]), None]
    add(registry, Kind.DEVICES, "finds", found, device_category=["AP_MINE"] * 2, quantity=pd.array([4, 1], "Int64"))
    comparison = compute_stats(registry, StatsOptions(ground=GroundOptions(fade_out_m=20.0)))
    result = comparison.to_json()["ground"]
    confirmation = result["confirmation"]
    assert (confirmation["investigated"]["records"], confirmation["investigated"]["with_accident"]) == (1, 1)
    assert confirmation["share"]["denominator"] == 1
    assert (confirmation["partly"]["records"], confirmation["partly"]["with_find"]) == (1, 1)
    assert result["land"]["areas_left_out"] == {"surveyed: OPEN": 1}
    # A quarter of the second cell.
    assert result["land"]["investigated_m2"] == pytest.approx(1.25 * 1113.19 * 1105.74, rel=1e-4)
    assert (result["found"]["mines"], result["found"]["mine_rows_unlocated"]) == (4, 1)
    assert result["find_containment"]["rows"]["numerator"] == 1
    assert result["released"]["shared_of_surveyed"]["value"] == pytest.approx(1, abs=1e-6)
    assert set(result["released"]["mapped_boundary"]["length_within_m"]) == {"10", "25", "50", "100", "250", "500"}
    assert result["surveyed"]["iou"]["value"] == pytest.approx(0.5, abs=1e-6)
    assert result["options"]["fade_out_m"] == 20.0
    assert [layer.kind for layer in comparison.layers[-3:]] == [Kind.SURVEYED, Kind.RELEASED, Kind.DEVICES]
    json.dumps(result, allow_nan=False)


def test_scope_is_applied_where_it_is_stated(registry):
    add(registry, Kind.SCOPE, "first", [cell(-10, -10, 20)], on=JUNE)
    result = compute_stats(registry).to_json()["accuracy"]
    assert result["removed"] == {"out-of-scope": 1}
    assert (result["all"]["total"], result["unfiltered"]["total"]) == (11, 12)


def test_a_scope_without_a_shape_removes_nothing(registry):
    add(registry, Kind.SCOPE, "first", [None], on=JUNE)
    assert compute_stats(registry).accuracy.removed == {}


def test_a_batch_without_date_gives_its_reason(registry):
    add(registry, Kind.MINEFIELDS, "third", [cell(5, 5)])
    result = compute_stats(registry).to_json()["accuracy"]
    assert result["before_handover"] is None
    assert result["after_handover"] is None
    assert "third" in result["windows_reason"]


def test_an_empty_registry_has_figures_too(tmp_path):
    with Registry.create(tmp_path / "empty.gpkg") as empty:
        result = compute_stats(empty).to_json()
    assert result["coverage"]["union_m2"] == 0
    assert result["accuracy"]["all"]["total"] == 0
    assert result["accuracy"]["never_mapped"]["reason"]
    json.dumps(result, allow_nan=False)


@pytest.mark.parametrize("kinds", [{Kind.MINEFIELDS}, {Kind.ACCIDENTS}, {Kind.DISTRICTS}])
def test_one_kind_alone(tmp_path, kinds):
    with Registry.create(tmp_path / "one.gpkg") as one:
        if Kind.MINEFIELDS in kinds:
            add(one, Kind.MINEFIELDS, "m", [cell(0, 0)])
        if Kind.ACCIDENTS in kinds:
            add(one, Kind.ACCIDENTS, "a", [place(0, 0)])
        if Kind.DISTRICTS in kinds:
            add(one, Kind.DISTRICTS, "d", [cell(0, 0)], name=["Here"])
        result = compute_stats(one).to_json()
    json.dumps(result, allow_nan=False)
    assert len(result["layers"]) == 1


def test_progress_says_each_step_as_it_begins(registry):
    told = []
    compute_stats(registry, progress=lambda step, fraction: told.append((step, fraction)))
    fractions = [fraction for _, fraction in told]
    assert fractions[0] == 0.0
    assert fractions == sorted(set(fractions))
    assert fractions[-1] < 1.0


def test_classified_events_as_geopackage(registry, tmp_path):
    path = tmp_path / "events.gpkg"
    write_classified(compute_stats(registry), path)
    events = geopandas.read_file(path, layer="classified_events")
    assert len(events) == 13
    assert events.crs == "EPSG:4326"
    assert events["records"][0] == "first/first-0"
    assert events.geometry[0].equals(place(0.5, 0.5))
    assert events.geometry[12] is None
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".")] == []


def test_classified_events_as_csv_with_formulas_defused(registry, tmp_path):
    hostile = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "plain, 'quoted'"]
    add(registry, Kind.ACCIDENTS, "hostile", [place(0.5, 0.5)] * 6, ids=hostile)
    path = tmp_path / "events.csv"
    write_classified(compute_stats(registry, StatsOptions(events=("hostile",))), path)
    with path.open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    assert [row["accident_id"] for row in rows] == [f"'{name}" for name in hostile[:5]] + hostile[5:]
    assert (float(rows[0]["longitude"]), float(rows[0]["latitude"])) == (0.005, 0.005)
    assert rows[0]["event_class"] == "inside"


@pytest.mark.parametrize("suffix", [".gpkg", ".csv"])
def test_classified_events_are_not_written_over_a_file(registry, tmp_path, suffix):
    path = tmp_path / f"events{suffix}"
    path.write_text("mine")
    with pytest.raises(StoreError, match="not overwritten"):
        write_classified(compute_stats(registry), path)
    assert path.read_text() == "mine"


@pytest.mark.parametrize("name", ["events.shp", "missing/events.csv", "missing/events.gpkg"])
def test_classified_events_cannot_go_there(registry, tmp_path, name):
    with pytest.raises(StoreError, match="events"):
        write_classified(compute_stats(registry), tmp_path / name)


@pytest.mark.parametrize("suffix", [".gpkg", ".csv"])
def test_no_events_make_a_file_without_rows(tmp_path, suffix):
    with Registry.create(tmp_path / "empty.gpkg") as empty:
        write_classified(compute_stats(empty), tmp_path / f"events{suffix}")
    if suffix == ".csv":
        assert len(pd.read_csv(tmp_path / "events.csv")) == 0
    else:
        for layer in ("classified_events", "unmapped_clusters"):
            assert len(geopandas.read_file(tmp_path / "events.gpkg", layer=layer)) == 0


def test_two_event_layers_are_taken_together(registry):
    add(registry, Kind.ACCIDENTS, "more", [place(0.5, 0.5), None], sigma_m=[30.0, np.nan])
    comparison = compute_stats(registry)
    assert comparison.accuracy.all.total == 13
    assert comparison.classified["batch_id"].tolist() == ["events"] * 13 + ["more"] * 2


def test_rules_are_named_in_the_parameters_and_reported(registry):
    add(registry, Kind.RELEASED, "cleared", [cell(3, 0, 0.5), cell(0, 0, 0.1)], release_type=["CLEARED", "CONFIRMED"])
    rules = (Rule.LOCATION_TOO_COARSE, Rule.IN_RELEASED_LAND)
    result = compute_stats(registry, StatsOptions(rules=rules, coarse_above_m=50)).to_json()
    accuracy = result["accuracy"]
    assert result["parameters"]["rules"] == ["in-released-land", "location-too-coarse"]
    assert (result["parameters"]["coarse_above_m"], result["parameters"]["released"]) == (50.0, ["cleared"])
    assert accuracy["removed"] == {"in-released-land": 3, "location-too-coarse": 0}
    assert (accuracy["all"]["total"], accuracy["unfiltered"]["total"]) == (9, 12)
    assert [layer["kind"] for layer in result["layers"]][-1] == "released"
    released = next(effect for effect in accuracy["rules"] if effect["rule"] == "in-released-land")
    assert released == {
        "rule": "in-released-land",
        "applied": True,
        "removes": "events",
        "removed": 3,
        "removed_alone": 3,
        "inside_lost": 0,
        "inside_lost_alone": 0,
    }


def test_a_rule_that_was_not_asked_for_is_counted_too(registry):
    add(registry, Kind.RELEASED, "cleared", [cell(3, 0, 0.5)])
    accuracy = compute_stats(registry).to_json()["accuracy"]
    assert accuracy["removed"] == {}
    assert accuracy["all"]["total"] == 12
    alone = {effect["rule"]: (effect["applied"], effect["removed_alone"]) for effect in accuracy["rules"]}
    assert alone["in-released-land"] == (False, 3)
    assert "out-of-scope" not in alone


def test_devices_are_held_against_what_all_records_claim(registry):
    """Also those without a usable geometry: an event leaves only where nothing received claims its class."""
    places = [place(0.5, 0.5)] * 3
    add(registry, Kind.ACCIDENTS, "devices", places, device_category=["AP_MINE", "AV_MINE", "UXO"])
    add(registry, Kind.MINEFIELDS, "av", [None], mines_av=[3], on=JULY)
    add(registry, Kind.MINEFIELDS, "ap", [cell(0, 0)], devices=['[{"category": "AP_MINE"}]'], on=JULY)
    chosen = StatsOptions(batch_ids=("av", "ap"), events=("devices",), rules=(Rule.DEVICE_NOT_CLAIMED,))
    comparison = compute_stats(registry, chosen)
    assert comparison.accuracy.removed == {"device-not-claimed": 1}
    assert comparison.classified["removed_by"].isna().tolist() == [True, True, False]
    assert (comparison.thematic.share.numerator, comparison.thematic.share.denominator) == (1, 2)


def test_as_of_a_day_only_what_was_known_by_then(registry):
    add(registry, Kind.MINEFIELDS, "undated", [cell(3, 0)])
    add(registry, Kind.SCOPE, "second", [cell(-10, -10, 20)], on=JULY)
    result = compute_stats(registry, StatsOptions(as_of=date(2021, 7, 2))).to_json()
    assert result["parameters"]["as_of"] == "2021-07-02"
    assert result["parameters"]["batches"] == ["first"]
    assert result["as_of"] == {
        "day": "2021-07-02",
        "batches_not_by_then": ["second"],
        "batches_undated": ["undated"],
        "scope_left_out": ["second"],
        "rows": {"accidents": {"not_by_then": 8, "undated": 1}},
    }
    accuracy = result["accuracy"]
    assert (accuracy["events_received"], accuracy["all"]["total"], accuracy["all"]["inside"]) == (4, 4, 3)
    assert (accuracy["before_handover"]["total"], accuracy["after_handover"]["total"]) == (3, 1)
    assert compute_stats(registry).to_json()["as_of"] is None


def test_as_of_a_day_before_everything(registry):
    result = compute_stats(registry, StatsOptions(as_of=date(1990, 1, 1))).to_json()
    assert (result["coverage"]["records_received"], result["accuracy"]["events_received"]) == (0, 0)
    json.dumps(result, allow_nan=False)


def test_land_released_later_is_not_known_on_a_day(registry):
    add(registry, Kind.RELEASED, "cleared", [cell(0, 0)] * 3, released_on=["2021-01-01", "2021-05-01", None])
    add(registry, Kind.DEVICES, "finds", [place(0.5, 0.5)] * 2, found_on=["2021-02-01", "2021-02-02"])
    cut = compute_stats(registry, StatsOptions(as_of=date(2021, 2, 1)))
    assert cut.as_of.rows[Kind.RELEASED] == LeftOutRows(1, 1)
    assert cut.as_of.rows[Kind.DEVICES] == LeftOutRows(1, 0)


def test_groups_as_asked_for(registry):
    asked = (By.YEAR, By.BATCH, By.PARTY, By.DEVICE, By.SHEET, By.TYPE, By.DISTRICT, By.YEAR)
    result = compute_stats(registry, StatsOptions(by=asked)).to_json()
    groups = {grouping["by"]: grouping["rows"] for grouping in result["groups"]}
    assert list(groups) == ["year", "batch", "party", "device", "sheet", "type", "district"]
    assert [(row["group"], row["total"]) for row in groups["year"]] == [("2021", 5), ("2022", 7), (None, 0)]
    assert [(row["group"], row["inside"]) for row in groups["batch"]] == [("first", 3), ("second", 2)]
    assert [(row["group"], row["inside"]) for row in groups["party"]] == [(None, 5)]
    assert [row["group"] for row in groups["district"]] == ["Here", "=There", None]
    sides = {"before_handover", "after_handover", "undated"}
    assert set(groups["year"][0]) == WINDOW | {"group", "group_id", "records_plotted"} | sides
    assert set(groups["year"][0]["after_handover"]) == WINDOW
    assert result["parameters"]["by"] == list(groups)


def test_grouping_by_district_needs_districts(registry):
    registry.withdraw("districts", reason="not agreed")
    with pytest.raises(CompareError, match="district"):
        compute_stats(registry, StatsOptions(by=(By.DISTRICT,)))


def test_events_without_a_position_bound_the_share(registry):
    bounds = compute_stats(registry).accuracy.bounds
    assert bounds.unlocated == 1
    assert (bounds.none_inside.numerator, bounds.all_inside.numerator, bounds.all_inside.denominator) == (5, 6, 13)


def test_sections_of_a_small_registry(registry):
    comparison = compute_stats(registry)
    assert [(row.batch_id, row.events_newly_inside) for row in comparison.margins] == [("first", 3), ("second", 2)]
    assert comparison.predictive.basis == "districts"
    # Five of twelve events on two of five hundred cells.
    assert comparison.predictive.value == pytest.approx(5 / 12 / (2 / 500), rel=1e-3)
    assert comparison.quality.dated_share.denominator == 4
    assert [row.records_received for row in comparison.quality.by_batch] == [3, 1]
    assert comparison.accuracy.unmapped_sheets.reason
    assert [each.place for each in comparison.accuracy.unmapped_districts.without_record] == ["=There"]


def test_clusters_and_copied_positions_are_in_the_figures(registry):
    comparison = compute_stats(registry, StatsOptions(cluster_distance_m=500, cluster_events=3))
    # Three events lie on one spot east of both records; two more on another.
    assert [(each.events, each.distinct_positions) for each in comparison.clusters.clusters] == [(3, 1)]
    assert comparison.clusters.clusters[0].districts == ("Here",)
    assert comparison.classified["cluster"].tolist() == [0] * 9 + [1] * 3 + [0]
    result = comparison.to_json()
    assert result["parameters"]["cluster_distance_m"] == 500.0
    assert result["parameters"]["cluster_events"] == 3
    assert result["clusters"]["clusters"][0]["last_date"] == "2022"
    assert result["independence"]["distinct_positions"] == 6
    assert compute_stats(registry).clusters.clusters == ()


def test_surveyed_areas_are_looked_at_for_copied_positions(registry):
    add(registry, Kind.SURVEYED, "survey", [cell(3.0, 0.5)])
    result = compute_stats(registry).to_json()
    assert result["parameters"]["surveyed"] == ["survey"]
    assert "surveyed" in [layer["kind"] for layer in result["layers"]]
    signs = {each["sign"]: each["events"] for each in result["independence"]["signs"]}
    assert signs["surveyed-vertex"] == 3


def test_clusters_as_a_layer_that_says_what_they_are_not(registry, tmp_path):
    comparison = compute_stats(registry, StatsOptions(cluster_distance_m=500, cluster_events=3))
    path = tmp_path / "events.gpkg"
    write_classified(comparison, path)
    assert [name for name, _ in pyogrio.list_layers(path)] == ["classified_events", "unmapped_clusters", "layer_styles"]
    clusters = geopandas.read_file(path, layer="unmapped_clusters")
    assert clusters["rank"].tolist() == [1]
    assert clusters["events"].tolist() == [3]
    assert "not hazard areas" in clusters["notice"][0]
    assert clusters.geometry[0].contains(place(3.0, 0.5))
    with contextlib.closing(sqlite3.connect(path)) as opened:
        described = opened.execute("SELECT description FROM gpkg_contents WHERE table_name = 'unmapped_clusters'")
        assert "not hazard areas" in described.fetchone()[0]
    assert pyogrio.read_info(path, layer="unmapped_clusters")["layer_metadata"]["notice"] == comparison.clusters.notice
    assert geopandas.read_file(path, layer="classified_events")["cluster"].tolist() == [0] * 9 + [1] * 3 + [0]


def test_no_clusters_make_a_layer_without_rows(registry, tmp_path):
    path = tmp_path / "events.gpkg"
    write_classified(compute_stats(registry), path)
    clusters = geopandas.read_file(path, layer="unmapped_clusters")
    assert len(clusters) == 0
    assert {"rank", "victims", "last_date", "notice"} < set(clusters.columns)
