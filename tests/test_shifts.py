"""The verb `shift` from a registry to its answer: in the Caspian Sea, where Pulkovo 1942 is in use."""

import json
from dataclasses import replace

import geopandas
import numpy as np
import pytest
import shapely
from batches import add
from rich.console import Console
from typer.testing import CliRunner

from registry import geometry, shift_text
from registry.cli import app
from registry.codes import ShiftBy
from registry.compare.mistakes import named_mistakes
from registry.errors import CompareError, StoreError, UnknownLayer
from registry.model import Kind
from registry.shifts import PREVIEW_LAYER, ShiftOptions, compute_shift, write_preview
from registry.store import Registry

PLANE = geometry.local_equal_area((50.5, 41.5, 50.6, 41.6))
BELTS = [(0, 0, 1_500, 100), (2_000, 0, 100, 1_500), (0, 1_000, 1_200, 80)]


def events_in(x, y, width, height):
    """A lattice of events all over a belt, 50 m by 20 m or the other way round."""
    east, north = (50, 20) if width > height else (20, 50)
    return [(x + a, y + b) for a in np.arange(east / 2, width, east) for b in np.arange(north / 2, height, north)]


def lonlat(shapes):
    return geometry.project(np.array(shapes, dtype=object), PLANE, geometry.WGS84)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """Three belts drawn as SK-42 that nobody transformed, on two sheets, and events where they truly lie."""
    path = tmp_path_factory.mktemp("shift") / "registry.gpkg"
    middle = np.array([(1_000.0, 600.0)])
    sk42 = next(each for each in named_mistakes(middle, PLANE) if each.code == "sk42-not-transformed")
    drawn = [
        shapely.box(x - sk42.east_m, y - sk42.north_m, x - sk42.east_m + width, y - sk42.north_m + height)
        for x, y, width, height in BELTS
    ]
    places = [shapely.Point(place) for belt in BELTS for place in events_in(*belt)]
    with Registry.create(path) as registry:
        add(registry, "fields", Kind.MINEFIELDS, lonlat(drawn), map_sheet=["K-39-1", "K-39-1", "K-39-2"])
        add(registry, "events", Kind.ACCIDENTS, lonlat(places))
    return path


@pytest.fixture(scope="module")
def result(path):
    with Registry.open(path) as registry:
        return compute_shift(registry, ShiftOptions(sigma_m=25.0, by=(ShiftBy.SHEET, ShiftBy.DOCUMENT)))


def told(result):
    console = Console(width=200)
    with console.capture() as captured:
        console.print(shift_text.report(result))
    return captured.get()


def test_untransformed_sk42_is_found_and_named(result):
    shift = result.shift
    assert shift.found
    assert shift.name == "sk42-not-transformed"
    assert -115 < shift.east_m < -85
    assert shift.inside_before.value < shift.inside_after.value
    assert result.parameters["sigma_m"] == 25


def test_groups_are_sheets_and_documents(result):
    assert [(row.by.value, row.group) for row in result.groups] == [
        ("sheet", "K-39-1"),
        ("sheet", "K-39-2"),
        ("document", "fields/fields.geojson"),
    ]
    document = result.groups[-1]
    assert (document.shift.east_m, document.shift.north_m) == (result.shift.east_m, result.shift.north_m)
    assert result.groups_tested == 3


def test_the_text_says_what_was_found_and_that_nothing_was_moved(result):
    text = told(result)
    assert "Found: the events are likeliest with the records moved" in text
    assert "A named mistake fits: read as on Pulkovo 1942" in text
    assert "The second is the best of many shifts, and so too high." in text
    assert "p is adjusted for 3 tests" in text
    assert "Nothing was moved." in text
    assert "The maps fit the events best when they are moved by" in text
    assert "reading them as on Pulkovo 1942" in text
    for caveat in result.headline.caveats:
        assert caveat in text


def test_the_sentence_says_the_figures_of_the_shift(result):
    shift = result.shift
    low_m, high_m = shift.interval.lengths(shift.east_m, shift.north_m)
    assert low_m <= shift.distance_m <= high_m
    said = f"{shift.distance_m:,.0f} m (95 % interval {low_m:,.0f} to {high_m:,.0f} m, p = {shift.p_value:.3f}, "
    assert said in result.headline.text
    assert f"{shift.events_used:,} events" in result.headline.text


def test_a_shift_without_a_bound_is_said_to_have_none(result):
    interval = replace(result.shift.interval, unbounded=True)
    text = replace(result, shift=replace(result.shift, interval=interval)).headline.text
    assert " m or more, p = " in text


def test_the_json_has_its_schema_and_the_same_bytes_again(path, result):
    value = result.to_json()
    assert value["schema"] == "minefield-registry/shift/v1"
    assert set(value) == {"schema", "layers", "parameters", "headline", "shift", "groups_tested", "groups"}
    assert value["headline"]["metric"] == "M9"
    assert value["headline"]["text"] == result.headline.text
    with Registry.open(path) as registry:
        again = compute_shift(registry, ShiftOptions(sigma_m=25.0, by=(ShiftBy.SHEET, ShiftBy.DOCUMENT)))
    assert json.dumps(again.to_json()) == json.dumps(value)


def test_the_preview_is_a_proposal_beside_the_registry(path, result, tmp_path):
    before = path.read_bytes()
    preview = tmp_path / "look.gpkg"
    write_preview(result, preview)
    shifted = geopandas.read_file(preview, layer=PREVIEW_LAYER)
    assert PREVIEW_LAYER.startswith("PROPOSAL")
    assert shifted["notice"].str.startswith("PROPOSAL, not a record").all()
    together = shifted[shifted["shift_of"] == "all records"]
    assert sorted(together["record"]) == ["fields/minefields-0", "fields/minefields-1", "fields/minefields-2"]
    moved = geometry.project(np.array(together.geometry.array, dtype=object), geometry.WGS84, PLANE)
    truth = shapely.union_all([shapely.box(x, y, x + width, y + height) for x, y, width, height in BELTS])
    assert shapely.intersection(shapely.union_all(moved), truth).area > 0.8 * truth.area
    assert path.read_bytes() == before
    with pytest.raises(StoreError, match="not overwritten"):
        write_preview(result, preview)
    with pytest.raises(StoreError, match=r"\.gpkg"):
        write_preview(result, tmp_path / "look.shp")


def test_without_a_stated_error_nothing_is_computed_or_written(path, tmp_path):
    with Registry.open(path) as registry:
        silent = compute_shift(registry)
    assert silent.shift.found is None
    assert silent.headline is None
    assert silent.to_json()["headline"] is None
    assert "give --sigma" in told(silent)
    with pytest.raises(CompareError, match="no shift was found"):
        write_preview(silent, tmp_path / "none.gpkg")
    assert not (tmp_path / "none.gpkg").exists()


def test_a_stated_error_of_records_and_events_is_combined(tmp_path):
    path = tmp_path / "stated.gpkg"
    with Registry.create(path) as registry:
        places = [shapely.Point(place) for place in events_in(*BELTS[0])]
        add(registry, "fields", Kind.MINEFIELDS, lonlat([shapely.box(0, 0, 1_500, 100)]), sigma_m=[40.0])
        add(registry, "events", Kind.ACCIDENTS, lonlat(places), sigma_m=[30.0] * len(places))
        found = compute_shift(registry, ShiftOptions(sigma_m=999.0))
    assert found.shift.sigma_m == pytest.approx(50)
    assert found.parameters["record_sigma_m"] == 40


def test_the_verb(path, tmp_path, result):
    preview = tmp_path / "look.gpkg"
    words = ["--registry", str(path), "shift", "--sigma", "25", "--json", "--preview", str(preview)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0
    assert json.loads(done.stdout)["shift"] == result.to_json()["shift"]
    assert preview.exists()


def test_the_verb_in_words_without_a_stated_error(path):
    done = CliRunner().invoke(app, ["--registry", str(path), "shift"], env={"COLUMNS": "120"})
    assert done.exit_code == 0
    assert "give --sigma" in " ".join(done.stdout.split())


def test_an_unknown_batch_is_refused(path):
    with Registry.open(path) as registry, pytest.raises((CompareError, UnknownLayer)):
        compute_shift(registry, ShiftOptions(batch_ids=("nobody",)))
