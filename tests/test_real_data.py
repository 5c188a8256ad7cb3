"""The main job on real data, as a person types it: import, statistics, map."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.shared

COMMAND = Path(sys.executable).with_name("minefield-registry")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("bosnia")


def typed(folder, *words):
    """One command line."""
    return subprocess.run(
        [COMMAND, "--registry", str(folder / "bih.gpkg"), *map(str, words)],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )


@pytest.fixture(scope="module")
def answers(folder, shared):
    data = shared / "bih-mines"
    lines = {
        "init": ["init"],
        "minefields": [
            "import", data / "suspect_areas_simplyfied.geojson", "--kind", "minefields", "--id", "bih-2024-03",
            "--title", "Suspected minefields", "--from", "BHMAC", "--to", "EUFOR", "--on", "2024-03-18",
            "--field", "map_sheet=fileId", "--repair",
        ],
        "accidents": [
            "import", data / "incidents.geojson", "--kind", "accidents", "--id", "bih-incidents",
            "--title", "Incidents", "--field", "map_sheet=fileId",
        ],
        "released": [
            "import", data / "cleared_areas_simplyfied.geojson", "--kind", "released", "--id", "bih-cleared",
            "--title", "Cleared areas", "--repair",
        ],
        "districts": [
            "import", data / "cantons.geojson", "--kind", "districts", "--id", "bih-municipalities",
            "--title", "Municipalities", "--field", "name=shapeName", "--json",
        ],
        "stats": ["stats", "--json"],
        "by rule": ["stats", "--rule", "in-released-land", "--by", "sheet", "--json"],
        "map": ["map", "-o", folder / "bih.html"],
        "verify": ["verify", "--json"],
        "list": ["list"],
    }  # fmt: skip
    done = {name: typed(folder, *words) for name, words in lines.items()}
    assert {name: (each.returncode, "Traceback" in each.stderr) for name, each in done.items()} == dict.fromkeys(
        done, (0, False)
    )
    return done


def test_import_reports(answers):
    words = answers["minefields"].stdout
    assert "Suspected minefields: batch bih-2024-03, minefields, imported." in words
    counts = next(line.split() for line in words.splitlines() if "11,068" in line)
    assert counts == ["11,068", "7,971", "467", "0", "3,097"]
    assert json.loads(answers["districts"].stdout)["counts"]["plotted"] == 142


def test_accuracy(answers):
    accuracy = json.loads(answers["stats"].stdout)["accuracy"]
    window = accuracy["all"]
    assert (window["total"], window["inside"], window["outside"]) == (1_442, 186, 1_256)
    assert window["within_m"] == {"0": 186, "25": 229, "50": 281, "100": 362, "250": 465, "500": 603, "1000": 769}
    assert round(window["median_distance_outside_m"]) == 1_135
    assert window["share_outside"]["method"] == "cluster"
    assert accuracy["undated"] == 1_442
    first = accuracy["by_district"][0]
    assert (first["district"], first["total"]) == ("Doboj", 82)


def test_rule_and_sheets(answers):
    """56 incidents lie in released land; 7 sheets have incidents and no polygon."""
    result = json.loads(answers["by rule"].stdout)
    accuracy = result["accuracy"]
    assert accuracy["removed"] == {"in-released-land": 56}
    assert (accuracy["all"]["total"], accuracy["unfiltered"]["total"], accuracy["unfiltered"]["inside"]) == (
        1_386,
        1_442,
        186,
    )
    unmapped = json.loads(answers["stats"].stdout)["accuracy"]["unmapped_sheets"]
    assert (len(unmapped["without_record"]), unmapped["events"]["numerator"]) == (7, 17)
    (sheets,) = result["groups"]
    assert sum(row["total"] for row in sheets["rows"]) == 1_386


def test_coverage(answers):
    coverage = json.loads(answers["stats"].stdout)["coverage"]
    assert coverage["records_received"] == 11_068
    assert coverage["union_m2"] == pytest.approx(806.93e6, rel=1e-4)
    assert coverage["sum_m2"] == pytest.approx(812.29e6, rel=1e-4)


def test_map_and_registry(answers, folder):
    assert 0.5e6 < (folder / "bih.html").stat().st_size < 5e6
    assert json.loads(answers["verify"].stdout)["problems"] == []
    assert "bih-2024-03" in answers["list"].stdout


def test_without_repair(answers, folder, shared):
    """A second import without repair supersedes the first: the figures are those of the new one alone."""
    source = shared / "bih-mines/suspect_areas_simplyfied.geojson"
    report = json.loads(
        typed(
            folder, "import", source, "--kind", "minefields", "--id", "as-delivered", "--supersedes", "bih-2024-03",
            "--reason", "not repaired", "--json",
        ).stdout
    )  # fmt: skip
    counts = report["counts"]
    assert (counts["plotted"], counts["repaired"], counts["invalid"], counts["unplottable"]) == (7_504, 0, 467, 3_097)
    assert "source-already-held" in {finding["code"] for finding in report["findings"]}
    accuracy = json.loads(typed(folder, "stats", "--json").stdout)["accuracy"]
    assert (accuracy["all"]["total"], accuracy["all"]["inside"]) == (1_442, 174)
    assert (accuracy["left_out"]["records"], accuracy["left_out"]["further_events_inside"]) == (467, 12)


def test_withdrawn(answers, folder):
    assert typed(folder, "withdraw", "bih-incidents", "--reason", "a test").returncode == 0
    stats = json.loads(typed(folder, "stats", "--json").stdout)
    assert stats["accuracy"]["events_received"] == 0
    assert typed(folder, "verify").returncode == 0
