"""The verb ``export``, and ``stats`` of what it wrote."""

import json
import sys

import partworld
import pytest
from commands import command_on

from registry.errors import ClusterError, CompareError, SourceError
from registry.partwise import IN_PARTS


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return partworld.build(tmp_path_factory.mktemp("cli") / "world.gpkg")


@pytest.fixture
def command(path):
    return command_on(path)


@pytest.fixture
def parts(command, tmp_path):
    command("export", "events", "--to", "geoparquet", "-o", tmp_path / "parts", "--group-rows", 40)
    return tmp_path / "parts"


def test_export_says_what_it_wrote_and_what_comes_next(command, tmp_path):
    words = command("export", "events", "--to", "geoparquet", "-o", tmp_path / "parts").stdout
    assert "90 events, 2 of them without a position, written; parts: 1, row groups: 1." in words
    assert f"Next: minefield-registry stats --events-from {tmp_path / 'parts'}" in words


def test_export_as_json(command, tmp_path):
    words = ("export", "events", "--to", "geoparquet", "-o", tmp_path / "parts", "--dry-run", "--json")
    said = json.loads(command(*words).stdout)
    assert next(iter(said.items())) == ("schema", "minefield-registry/export/v1")
    assert (said["events"], said["written"], [layer["batch_id"] for layer in said["layers"]]) == (
        90, False, ["events", "more"],
    )  # fmt: skip
    assert not (tmp_path / "parts").exists()


def test_stats_from_parts_print_the_same_bytes(command, parts):
    only = [word for section in IN_PARTS for word in ("--only", section.value)]
    at_once = command("stats", "--json", *only)
    from_parts = command("stats", "--json", "--events-from", parts)
    assert from_parts.stdout == at_once.stdout
    assert "row groups: 3." in from_parts.stderr
    # The run has the same id, and is repeated from the registry itself.
    run = from_parts.stderr.split("Run ")[1].split(".")[0]
    assert f"Run {run}." in at_once.stderr
    assert "the same bytes" in command("stats", "--rerun", run).stdout


def test_what_is_not_computed_is_said(command, parts):
    words = " ".join(command("stats", "--events-from", parts).stdout.split())
    assert "Not computed, so that nothing can be concluded of it here: surveyed and released land" in words
    assert "Without --only and --events-from it is." in words


def test_figures_as_a_table(command, parts, tmp_path):
    command("stats", "--events-from", parts, "--csv", tmp_path / "figures.csv")
    assert "M1" in (tmp_path / "figures.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--scheduler", "tcp://127.0.0.1:1"), "name them with --events-from"),
        (("--events-from", "parts", "--features", "out.gpkg"), "no event is classified one by one"),
    ],
)
def test_wrong_usage(command, words, why):
    assert why in " ".join(command("stats", *words, code=2).output.replace("│", "").split())


def test_what_cannot_be_done_is_one_sentence(command, parts, tmp_path, monkeypatch):
    with pytest.raises(CompareError, match="location looks at all events at once"):
        command("stats", "--events-from", parts, "--only", "location")
    with pytest.raises(SourceError, match="not a folder of event parts"):
        command("stats", "--events-from", tmp_path / "nowhere")
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError, match=r"pip install 'minefield-registry\[cluster\]'"):
        command("stats", "--events-from", parts, "--scheduler", "tcp://127.0.0.1:1")
