"""Texts of every hostile kind through the verbs: none of them steers a terminal, and JSON holds them as they are."""

import json
import unicodedata

import pytest
import shapely
from batches import square
from hostile import HOSTILE
from typer.testing import CliRunner

from registry.cli import app

TEXTS = list(HOSTILE.values())
# A person can say all of these on the command line; NUL ends an argument, and a file name has no slash.
TITLE = " ¦ ".join(text for text in TEXTS if len(text) < 1_000).replace("\0", "").encode(errors="replace").decode()
STEERING = {"LRE", "RLE", "LRO", "RLO", "PDF"}


def run(registry, *words):
    return CliRunner().invoke(app, ["--registry", str(registry), *map(str, words)])


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """What each verb printed about batches of hostile texts."""
    folder = tmp_path_factory.mktemp("hostile")
    registry = folder / "r.gpkg"
    outputs = {"init": run(registry, "init")}
    name = "x\x1b[31m\u202e <img src=x onerror=window.attacked=1>'\".geojson"
    for batch_id, shift in (("one", 0), ("two", 1)):
        features = [
            {
                "type": "Feature",
                "geometry": shapely.geometry.mapping(square(2 * at + shift, 0)),
                "properties": {"NUMBER": f"{at} {text}", "sheet": text, "laid_by": text, text[:200]: text},
            }
            for at, text in enumerate(TEXTS)
        ]
        source = folder / batch_id / name
        source.parent.mkdir()
        source.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
        words = ("--kind", "minefields", "--id", batch_id, "--title", TITLE, "--from", TITLE, "--notes", TITLE)
        outputs[f"import {batch_id}"] = run(registry, "import", source, *words, "--field", "record_id=NUMBER")
    for verb in (("list",), ("show", "one"), ("diff", "one", "two"), ("stats",), ("verify",), ("claims", "ledger")):
        outputs[" ".join(verb)] = run(registry, *verb)
        outputs[f"{' '.join(verb)} --json"] = run(registry, *verb, "--json")
    return outputs


def test_no_output_steers_a_terminal(printed):
    for verb, result in printed.items():
        assert result.exit_code == 0, (verb, result.output[-500:], result.exception)
        for char in set(result.output) - {"\n"}:
            assert unicodedata.category(char) not in {"Cc", "Cs"}, (verb, hex(ord(char)))
            assert unicodedata.bidirectional(char) not in STEERING, (verb, hex(ord(char)))


def test_no_output_is_as_long_as_the_longest_text(printed):
    for verb, result in printed.items():
        if not verb.endswith("--json"):
            assert len(result.output) < 200_000, verb


def test_json_holds_titles_as_they_are(printed):
    assert json.loads(printed["show one --json"].stdout)["handover"]["title"] == TITLE
