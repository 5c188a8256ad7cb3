"""The command line: every verb, its JSON, its exit code, and one sentence for what was foreseen."""

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import shapely
import typer
from batches import bow_tie, point, square, write_source
from commands import command_on
from typer.main import get_command
from typer.testing import CliRunner

from registry import __version__
from registry.cli import app, main
from registry.codes import Rule
from registry.errors import RegistryError, StoreError, UnknownLayer
from registry.store import Registry

STATS_KEYS = {
    "layers", "parameters", "not_computed", "as_of", "coverage", "accuracy", "predictive", "margins", "thematic",
    "quality", "groups", "ground", "independence", "clusters", "location", "completeness",
}  # fmt: skip
VERBS = (
    "init", "import", "withdraw", "list", "show", "diff", "verify", "stats", "shift", "map", "demo", "claims",
    "export",
)  # fmt: skip
COMMAND = Path(sys.executable).with_name("minefield-registry")


@pytest.fixture
def areas(tmp_path):
    return write_source(tmp_path / "areas.geojson", [square(0, 0), bow_tie(2, 0)], number=["1", "2"])


@pytest.fixture
def command(small_path):
    return command_on(small_path)


def typed(*words, cwd=None, **environment):
    """The command as a person types it."""
    return subprocess.run(
        [COMMAND, *map(str, words)],
        cwd=cwd,
        env={**os.environ, "COLUMNS": "80", **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )


class TestHelp:
    def test_the_verbs(self):
        names = typer.main.get_command(app).commands
        assert tuple(names) == VERBS

    @pytest.mark.parametrize("verb", VERBS)
    def test_every_verb_has_an_example(self, verb):
        words = CliRunner().invoke(app, [verb, "--help"], env={"COLUMNS": "200"}).output
        assert re.search(rf"Example: minefield-registry [^\n]*\b{verb}\b", words)

    def test_examples_are_commands(self):
        """Each parses, whatever it would find."""
        for verb, command in typer.main.get_command(app).commands.items():
            example = command.epilog.split("Example: minefield-registry ")[1]
            import shlex

            words = shlex.split(example)
            with command.make_context(verb, words[words.index(verb) + 1 :]) as context:
                assert context.command is command

    def test_no_arguments(self):
        result = CliRunner().invoke(app, [])
        assert result.exit_code == 2
        assert "Usage" in result.output

    def test_version(self):
        assert CliRunner().invoke(app, ["--version"]).output == f"minefield-registry {__version__}\n"


class TestVerbs:
    def test_init(self, tmp_path):
        result = CliRunner().invoke(app, ["--registry", str(tmp_path / "new.gpkg"), "init"])
        assert "Next: minefield-registry import FILE" in result.output
        with Registry.open(tmp_path / "new.gpkg") as registry:
            assert registry.layers() == ()

    def test_the_environment_names_the_registry(self, small_path):
        result = CliRunner().invoke(app, ["list", "--json"], env={"MINEFIELD_REGISTRY": str(small_path)})
        assert len(json.loads(result.stdout)["layers"]) == 3

    def test_list_of_nothing_says_the_next_command(self, tmp_path):
        CliRunner().invoke(app, ["--registry", str(tmp_path / "new.gpkg"), "init"])
        result = CliRunner().invoke(app, ["--registry", str(tmp_path / "new.gpkg"), "list"])
        assert result.exit_code == 0
        assert "Add one: minefield-registry import FILE" in result.output

    def test_import_and_all_that_follows(self, command, areas, small_path):
        words = command(
            "import", areas, "--kind", "minefields", "--id", "second", "--title", "Second handover", "--from", "A",
            "--to", "B", "--on", "2024-01", "--licence", "ask", "--notes", "none", "--field", "record_id=number",
            "--sigma", "40", "--repair",
        ).stdout  # fmt: skip
        assert "Second handover: batch second, minefields, imported." in words
        assert "geometry-repaired" in words
        with Registry.open(small_path) as registry:
            stated = registry.handover("second")
            assert (stated.giving_party, stated.receiving_party, str(stated.handed_over_on)) == ("A", "B", "2024-01")
            assert (stated.licence, stated.notes) == ("ask", "none")
            read = registry.read(registry.layers(batch_ids=["second"])[0])
        assert read["record_id"].tolist() == ["1", "2"]
        assert read["sigma_m"].tolist() == [40, 40]
        assert "second" in command("list").stdout
        shown = command("show", "second").stdout
        assert "given by" in shown
        assert "areas.geojson" in shown
        assert "geometry-repaired" in shown
        assert "all as they were" in command("verify").stdout
        withdrawn = command("withdraw", "second", "--reason", "wrong file").stdout
        assert withdrawn.startswith("second minefields: withdrawn.")
        assert "second" not in command("list").stdout
        layers = json.loads(command("list", "--all", "--json").stdout)["layers"]
        assert [layer["reason"] for layer in layers] == [None, None, None, "wrong file"]

    def test_the_title_is_the_id_where_none_is_given(self, command, areas):
        command("import", areas, "--kind", "minefields", "--id", "second")
        assert json.loads(command("show", "second", "--json").stdout)["handover"]["title"] == "second"

    def test_supersedes(self, command, areas):
        command("import", areas, "--kind", "minefields", "--id", "second", "--supersedes", "first", "--reason", "new")
        layers = json.loads(command("list", "--all", "--json").stdout)["layers"]
        assert {layer["batch_id"]: layer["state"] for layer in layers}["first"] == "superseded"

    def test_stats(self, command, tmp_path):
        words = command("stats").stdout
        assert "What the maps cover" in words
        assert "nothing is known" in words
        command(
            "stats", "--features", tmp_path / "events.csv", "--batch", "first", "--events", "events", "--near", "20"
        )
        lines = (tmp_path / "events.csv").read_text().splitlines()
        assert len(lines) == 4
        assert [sum(word in line for line in lines) for word in ("inside", "near", "outside")] == [1, 0, 2]

    def test_stats_by_rules_groups_and_a_day(self, command):
        options = ["--rule", "in-released-land", "--rule", "location-too-coarse", "--coarse-above", "20"]
        made = json.loads(command("stats", *options, "--by", "batch", "--by", "sheet", "--json").stdout)
        assert made["parameters"]["rules"] == ["in-released-land", "location-too-coarse"]
        assert made["parameters"]["coarse_above_m"] == 20
        assert [grouping["by"] for grouping in made["groups"]] == ["batch", "sheet"]
        words = command("stats", "--as-of", "2021-05-31", "--by", "party").stdout
        assert "As of 2021-05-31" in words
        assert "1 batches not surely handed over" in " ".join(words.split())

    def test_stats_finds_clusters_as_asked(self, command):
        # Two of the three events lie outside the squares, 1.3 km apart.
        line = ["stats", "--cluster-events", "2", "--json"]
        assert json.loads(command(*line).stdout)["clusters"]["clusters"] == []
        found = json.loads(command(*line, "--cluster-distance", "2000").stdout)
        assert [each["events"] for each in found["clusters"]["clusters"]] == [2]
        assert found["parameters"]["cluster_distance_m"] == 2000

    def test_map(self, command, tmp_path):
        words = command("map", "-o", tmp_path / "map.html", "--title", "At sea").stdout
        assert "RESTRICTED" in words
        assert "At sea" in (tmp_path / "map.html").read_text(encoding="utf-8")

    def test_map_in_a_language(self, command, tmp_path):
        command("map", "-o", tmp_path / "map.html", "--lang", "ar")
        assert '<html lang="ar" dir="rtl" data-unreviewed>' in (tmp_path / "map.html").read_text(encoding="utf-8")

    @pytest.mark.parametrize(
        ("options", "says"),
        [((), "sides of 5 km"), (("--cell", "20"), "sides of 20 km"), (("--districts",), "districts")],
    )
    def test_public_map(self, command, tmp_path, options, says):
        words = command("map", "--public", "-o", tmp_path / "map.html", "--lang", "ru", *options).stdout
        assert "GENERALISED" in words
        assert "RESTRICTED" not in words
        page = (tmp_path / "map.html").read_text(encoding="utf-8")
        assert f"Public version, generalised: {'' if options == ('--districts',) else 'hexagons with '}{says}" in page
        assert 'lang="ru"' in page
        assert "A-1" not in page

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            (("--cell", "5"), "belongs to --public"),
            (("--districts",), "belongs to --public"),
            (("--public", "--cell", "5", "--districts"), "not both"),
            (("--public", "--without", "first"), "by their difference"),
            (("--public", "--backdrop", "roads.gpkg"), "nothing else"),
        ],
    )
    def test_options_that_do_not_go_together(self, command, tmp_path, options, says):
        said = " ".join(command("map", "-o", tmp_path / "map.html", *options, code=2).stderr.replace("│", " ").split())
        assert says in said
        assert not (tmp_path / "map.html").exists()

    def test_public_map_of_another_size_is_refused(self, command, tmp_path):
        with pytest.raises(RegistryError, match="choose one of 1, 2, 5"):
            command("map", "--public", "--cell", "3", "-o", tmp_path / "map.html")

    @pytest.mark.parametrize("dry_run", [True, False])
    def test_withdraw_dry_run(self, command, dry_run):
        words = command("withdraw", "first", "--reason", "x", *(["--dry-run"] if dry_run else [])).stdout
        assert ("would be withdrawn" in words) == dry_run
        left = json.loads(command("list", "--json").stdout)["layers"]
        assert len(left) == 2 + dry_run

    def test_withdraw_dry_run_refuses_what_withdraw_refuses(self, command):
        command("withdraw", "first", "--reason", "x")
        for extra in ([], ["--dry-run"]):
            with pytest.raises(RegistryError, match="no active layer to withdraw"):
                command("withdraw", "first", "--reason", "x", *extra)

    def test_demo(self, tmp_path):
        result = CliRunner().invoke(app, ["demo", str(tmp_path / "demo"), "--json"])
        made = json.loads(result.stdout)
        assert made["schema"] == "minefield-registry/demo/v1"
        assert made["stats"]["accuracy"]["all"]["outside"] == 132
        assert "SYNTHETIC" in Path(made["map"]).read_text(encoding="utf-8")


class TestJson:
    @pytest.mark.parametrize(
        ("words", "keys"),
        [
            (["list"], {"layers"}),
            (["list", "--all"], {"layers"}),
            (["show", "first"], {"handover", "layers"}),
            (["verify"], {"problems", "head_sha256", "layers", "documents", "entries"}),
            (["stats"], STATS_KEYS),
            (["withdraw", "first", "--reason", "x"], {"dry_run", "layers"}),
            (["withdraw", "first", "--reason", "x", "--dry-run"], {"dry_run", "layers"}),
        ],
        ids=lambda part: " ".join(sorted(part) if isinstance(part, set) else part),
    )
    def test_names_its_schema_first(self, command, words, keys):
        result = command(*words, "--json")
        answer = json.loads(result.stdout)
        assert next(iter(answer)) == "schema"
        assert answer["schema"] == f"minefield-registry/{words[0]}/v1"
        assert set(answer) == {"schema", *keys}

    def test_init(self, tmp_path):
        result = CliRunner().invoke(app, ["--registry", str(tmp_path / "new.gpkg"), "init", "--json"])
        answer = json.loads(result.stdout)
        assert (answer["schema"], set(answer)) == ("minefield-registry/init/v1", {"schema", "registry", "identity"})

    def test_import(self, command, areas):
        words = ["import", areas, "--kind", "minefields", "--id", "second", "--json"]
        would = json.loads(command(*words, "--dry-run", code=1).stdout)
        did = json.loads(command(*words).stdout)
        assert did["schema"] == "minefield-registry/import/v1"
        assert did["counts"] == {"received": 2, "plotted": 1, "repaired": 0, "invalid": 1, "unplottable": 0}
        assert [finding["code"] for finding in did["findings"] if finding["severity"] == "E"] == ["geometry-invalid"]
        assert {**would, "dry_run": False} == did
        assert "records" not in did

    def test_figures_as_a_table_beside_the_answer(self, command, tmp_path):
        path = tmp_path / "figures.csv"
        answer = json.loads(command("stats", "--csv", path, "--json").stdout)
        rows = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
        (outside,) = (row for row in rows if row["figure"] == "accuracy.all.outside")
        assert int(outside["value"]) == answer["accuracy"]["all"]["outside"]
        with pytest.raises(StoreError, match="not overwritten"):
            command("stats", "--csv", path)

    def test_only_some_sections(self, command):
        asked = ["--only", "location", "--only", "clusters"]
        answer = json.loads(command("stats", *asked, "--json").stdout)
        assert "clusters" not in answer["not_computed"]
        assert "location" not in answer["not_computed"]
        assert len(answer["not_computed"]) == 7
        assert answer["independence"] is None
        words = " ".join(command("stats", *asked).stdout.split())
        assert "positions that come from the map or repeat (M17);" in words
        assert "Without --only it is." in words

    def test_values_are_plain_json(self, command):
        """No NaN, no Infinity: other languages read it too."""

        def refuse(constant):
            raise AssertionError(constant)

        for words in (["stats"], ["list"], ["show", "first"]):
            json.loads(command(*words, "--json").stdout, parse_constant=refuse)


class TestExitCodes:
    def test_dry_run_with_errors(self, command, areas, small_path):
        before = small_path.read_bytes()
        words = ["import", areas, "--kind", "minefields", "--id", "second", "--dry-run"]
        assert "dry run, nothing was written" in " ".join(command(*words, code=1).stdout.split())
        command(*words, "--repair", code=0)
        assert small_path.read_bytes() == before

    def test_an_import_that_stored_is_done_whatever_it_found(self, command, areas):
        command("import", areas, "--kind", "minefields", "--id", "second", code=0)

    def test_a_failed_verify(self, command, small_path):
        import sqlite3

        connection = sqlite3.connect(small_path)
        connection.execute("DROP TRIGGER keep_handovers_update")
        connection.execute("UPDATE handovers SET title = 'x'")
        connection.commit()
        connection.close()
        assert "its handover" in command("verify", code=1).stdout
        assert json.loads(command("verify", "--json", code=1).stdout)["problems"]

    @pytest.mark.parametrize(
        "words",
        [
            ["import", "AREAS", "--kind", "minefields", "--id", "a", "--on", "2024-13-01"],
            ["import", "AREAS", "--kind", "minefields", "--id", "a", "--on", "yesterday"],
            ["import", "AREAS", "--kind", "minefield", "--id", "a"],
            ["import", "AREAS", "--kind", "minefields"],
            ["import", "AREAS", "--kind", "minefields", "--id", "a", "--field", "number"],
            ["import", "AREAS", "--kind", "minefields", "--id", "a", "--sigma", "-1"],
            ["import", "AREAS", "--kind", "minefields", "--id", "a", "--sigma", "inf"],
            ["import", "AREAS", "--kind", "minefields", "--id", "a", "--sigma", "nan"],
            ["import", "--kind", "minefields", "--id", "a"],
            ["stats", "--near", "nan"],
            ["stats", "--cluster-distance", "0"],
            ["stats", "--cluster-distance", "nan"],
            ["stats", "--cluster-events", "1"],
            ["stats", "--coarse-above", "-1"],
            ["stats", "--as-of", "2021-05"],
            ["stats", "--as-of", "soon"],
            ["stats", "--by", "colour"],
            ["stats", "--only", "accuracy"],
            ["withdraw", "first"],
            ["show"],
            ["export"],
        ],
        ids=" ".join,
    )
    def test_wrong_usage(self, command, areas, small_path, words):
        before = small_path.read_bytes()
        result = command(*(areas if word == "AREAS" else word for word in words), code=2)
        assert result.stdout == ""
        assert "Error" in result.stderr or "Usage" in result.stderr
        assert small_path.read_bytes() == before

    def test_a_wrong_rule_is_told_those_there_are(self, command):
        words = " ".join(command("stats", "--rule", "too-old", code=2).stderr.split())
        for rule in Rule:
            assert f"'{rule.value}'" in words


@pytest.fixture
def refused(capsys, monkeypatch):
    """Run `main` on words that it must refuse in one sentence."""

    def run(*words, says, cwd=None, lines=1):
        monkeypatch.setattr(sys, "argv", ["minefield-registry", *map(str, words)])
        if cwd is not None:
            monkeypatch.chdir(cwd)
        with pytest.raises(SystemExit) as caught:
            main()
        out, err = capsys.readouterr()
        assert (caught.value.code, out) == (3, "")
        assert re.search(says, err), err
        assert lines in {None, len(err.splitlines())}
        return err

    return run


class TestForeseen:
    """Each as a person meets it: exit code 3, one sentence on stderr, nothing on stdout, nothing changed."""

    @pytest.mark.parametrize(
        ("name", "content", "says"),
        [
            ("absent.shp", None, "there is no such file"),
            ("broken.geojson", "{", "it is not GeoJSON"),
            ("empty.geojson", '{"type": "FeatureCollection", "features": []}', "there is no feature in it"),
            ("scan.pdf", "%PDF", "files of this kind are not read"),
        ],
    )
    def test_source(self, refused, small_path, tmp_path, name, content, says):
        if content is not None:
            (tmp_path / name).write_text(content)
        before = small_path.read_bytes()
        words = ("import", tmp_path / name, "--kind", "minefields", "--id", "second", "--json")
        refused("--registry", small_path, *words, says=f"{name}: {says}")
        assert small_path.read_bytes() == before

    def test_no_crs(self, refused, small_path, tmp_path):
        source = write_source(tmp_path / "a.shp", [square(0, 0)], 32727, n=[1])
        (tmp_path / "a.prj").unlink()
        before = small_path.read_bytes()
        words = ("import", source, "--kind", "minefields", "--id", "second")
        err = refused("--registry", small_path, *words, says="state it with --crs", lines=None)
        assert "EPSG:32727 (WGS 84 / UTM zone 27S) would put their middle at" in err
        assert small_path.read_bytes() == before

    @pytest.mark.parametrize("content", [None, b"", b"text\n", b"SQLite format 3\0"])
    def test_not_a_registry(self, refused, tmp_path, content):
        if content is not None:
            (tmp_path / "registry.gpkg").write_bytes(content)
        refused("list", cwd=tmp_path, says=r"^registry.gpkg: .*registry")
        assert [path.read_bytes() for path in tmp_path.iterdir()] == ([] if content is None else [content])

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            (["show", "second"], "holds no batch second; its batches are: first, events, districts"),
            (["withdraw", "second", "--reason", "x"], "holds no batch second"),
            (["stats", "--batch", "second"], "holds no batch second"),
            (["stats", "--rule", "out-of-scope"], "it needs a batch that says what it covers"),
            (["stats", "--features", "out.txt"], "choose a name"),
            (["stats", "--estimated-mines", "9"], "its source"),
            (["stats", "--investigated-share", "90"], "above 0, up to 1"),
            (["stats", "--fade-out", "0"], "metres above 0"),
            (["map", "-o", "no/such/folder/map.html"], "cannot be written"),
            (["map", "--lang", "xx"], "no language 'xx' for the page; name one of: ar, az, en, hy, ru"),
            (["map", "--backdrop", "roads.gpkg"], "roads.gpkg: there is no such file"),
            (["init"], "it exists already"),
        ],
        ids=lambda value: " ".join(value) if isinstance(value, list) else "",
    )
    def test_registry(self, refused, small_path, tmp_path, words, says):
        before = small_path.read_bytes()
        refused("--registry", small_path, *words, says=says, cwd=tmp_path)
        assert small_path.read_bytes() == before

    def test_hostile_names_do_not_steer_the_terminal(self, refused, small_path, tmp_path):
        name = "[red]\x1b[31m\u202e.shp"
        words = ("import", tmp_path / name, "--kind", "minefields", "--id", "x")
        err = refused("--registry", small_path, *words, says="no such file")
        assert "[red]\N{REPLACEMENT CHARACTER}[31m" in err
        assert "\x1b" not in err

    @pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux only")
    def test_a_file_name_that_is_no_text(self, refused, small_path, areas, tmp_path):
        name = os.fsdecode(b"\xffareas.geojson")
        areas.rename(tmp_path / name)
        words = ("import", tmp_path / name, "--kind", "minefields", "--id", "x")
        refused("--registry", small_path, *words, says="its name is not text in UTF-8")


def test_languages_complete():
    verb = get_command(app).commands["map"]
    (option,) = [each for each in verb.params if "--lang" in each.opts]
    context = typer.Context(verb)
    assert [each.value for each in option.shell_complete(context, "a")] == ["ar", "az"]
    assert "en" in [each.value for each in option.shell_complete(context, "")]


class TestStreams:
    def test_a_foreseen_error(self, small_path):
        done = typed("--registry", small_path, "show", "second")
        assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (3, "", 1)

    def test_a_bug_keeps_its_traceback(self, small_path):
        script = (
            "import registry.cli, registry.store\n"
            "registry.store.Registry.layers = lambda *_, **__: 1 / 0\n"
            "registry.cli.main()"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, "--registry", small_path, "list"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert "Traceback" in done.stderr
        assert "ZeroDivisionError" in done.stderr

    def test_progress_goes_to_stderr(self, small_path, areas):
        """Told that a second is over at once, an import says its steps, and stdout holds JSON alone."""
        script = "import registry.cli as cli, registry.console as console\nconsole.PROGRESS_AFTER_S = -1\ncli.main()"
        words = ["import", areas, "--kind", "minefields", "--id", "second", "--json"]
        done = subprocess.run(
            [sys.executable, "-c", script, "--registry", small_path, *words], capture_output=True, text=True, check=True
        )
        assert json.loads(done.stdout)["batch_id"] == "second"
        assert done.stderr.splitlines() == ["reading areas.geojson", "plotting areas.geojson", "checking", "storing"]

    def test_quick_work_says_nothing(self, small_path):
        done = typed("--registry", small_path, "list", "--json")
        assert (done.returncode, done.stderr) == (0, "")

    def test_any_script_whatever_the_terminal_was_set_to(self, small_path, tmp_path):
        source = write_source(tmp_path / "поле.geojson", [point(0, 0)])
        words = ("import", source, "--kind", "accidents", "--id", "x", "--title", "Ղարաբաղ Qarabağ")
        done = typed("--registry", small_path, *words, LC_ALL="C", PYTHONIOENCODING="ascii")
        assert done.returncode == 0, done.stderr
        assert "Ղարաբաղ Qarabağ" in done.stdout

    def test_a_narrow_terminal_loses_no_column(self, small_path):
        narrow = typed("--registry", small_path, "stats", COLUMNS="40").stdout
        assert narrow == typed("--registry", small_path, "stats", COLUMNS="80").stdout

    def test_python_m_registry(self, small_path):
        done = subprocess.run(
            [sys.executable, "-m", "registry", "--registry", small_path, "list", "--json"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == typed("--registry", small_path, "list", "--json").stdout

    def test_help_needs_nothing_heavy(self):
        script = "import sys, registry.cli\nprint([m for m in ('geopandas', 'folium', 'scipy') if m in sys.modules])"
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]"


class TestPositions:
    @pytest.fixture
    def mirrored(self, tmp_path):
        """Two areas of the small registry's district, but east of Greenwich."""
        shapes = [shapely.transform(square(column, 0), lambda xy: xy * (-1, 1)) for column in (2, 4)]
        return write_source(tmp_path / "east.geojson", shapes)

    def test_a_reading_is_applied_when_told(self, command, mirrored):
        words = ("import", mirrored, "--kind", "minefields", "--id", "second", "--json")
        did = json.loads(command(*words, "--dry-run", code=1).stdout)
        (reading,) = did["readings"]
        assert (reading["code"], reading["records"], reading["inside"]) == ("sign-lost", 2, 2)
        assert reading["applied"] is False
        assert did["counts"]["plotted"] == 0
        did = json.loads(command(*words, "--correct", "sign-lost").stdout)
        assert (did["counts"]["plotted"], did["readings"][0]["applied"]) == (2, True)

    def test_the_operations_are_listed(self, refused, small_path, tmp_path):
        source = write_source(tmp_path / "a.gpkg", [shapely.box(37.8, 48.0, 37.801, 48.001)], 4284)
        words = ("--registry", small_path, "import", source, "--kind", "minefields", "--id", "second")
        err = refused(*words, "--transform", "?", says="Operations for the place:", lines=None)
        assert "Pulkovo 1942 to WGS 84 (1) (EPSG:1254): accuracy 999 m" in err


class TestDiff:
    @pytest.fixture
    def two(self, command, tmp_path):
        """The second batch lacks A-1, has A-2 half a degree further north, and brings A-9."""
        path = write_source(tmp_path / "later.geojson", [square(2, 0.5), square(4, 0)], number=["a-2 ", "A-9"])
        command("import", path, "--kind", "minefields", "--id", "second", "--field", "record_id=number")
        return command

    def test_in_words(self, two):
        words = two("diff", "first", "second").output
        assert "3 records earlier, 2 later: 1 new, 2 gone, 1 changed (1 moved), 0 unchanged." in words
        assert "New: A-9" in words
        assert "Gone: A-1, A-3" in words
        assert "north (0 degrees)" in words

    def test_as_json(self, two):
        made = json.loads(two("diff", "first", "second", "--json").output)
        assert made["schema"] == "minefield-registry/diff/v1"
        assert made["new"] == ["A-9"]
        (changed,) = made["changed"]
        assert changed["matched_by"] == "number"
        assert changed["move"]["compass"] == "north"

    def test_a_batch_against_itself(self, command):
        assert "0 new, 0 gone, 0 changed (0 moved), 3 unchanged." in command("diff", "first", "first").output

    def test_an_unknown_batch(self, command):
        with pytest.raises(UnknownLayer, match="holds no batch other"):
            command("diff", "first", "other")


def test_show_scores_the_records_against_the_protocol_named(command):
    words = command("show", "first", "--instrument", "CCW-P2-1980").output
    assert "Record completeness (CCW-P2-1980)" in words
    (layer,) = json.loads(command("show", "first", "--json").output)["layers"]
    assert layer["completeness"]["instrument"] == "CCW-AP2"
    assert layer["completeness"]["records"] == 3
