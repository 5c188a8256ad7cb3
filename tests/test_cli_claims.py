"""The verb claims, and the runs that stats stores: JSON, exit codes, what is written and what is not."""

import json
import re
import sqlite3
from contextlib import closing

import pytest
import typer
from commands import command_on
from filing import a_claim, format_1
from typer.testing import CliRunner

from registry.claimset import parse_claims, shipped_claims, write_claims
from registry.cli import app
from registry.errors import DuplicateClaim, SourceError, UnknownClaim, UnknownRun
from registry.store import Registry


@pytest.fixture
def command(small_path):
    return command_on(small_path)


@pytest.fixture
def claim_set(tmp_path):
    path = tmp_path / "set.toml"
    path.write_text(write_claims([a_claim(), a_claim("other", answers=("said",))], "Ours"), encoding="utf-8")
    return path


class TestClaims:
    @pytest.mark.parametrize("verb", ["list", "add", "card", "ledger"])
    def test_every_verb_has_an_example(self, verb):
        words = CliRunner().invoke(app, ["claims", verb, "--help"], env={"COLUMNS": "200"}).output
        assert re.search(rf"Example: minefield-registry claims {verb}\b", words)
        assert verb in typer.main.get_command(app).commands["claims"].commands

    def test_list(self, command):
        answer = json.loads(command("claims", "list", "--json").stdout)
        assert list(answer) == ["schema", "beside", "claims"]
        assert answer["schema"] == "minefield-registry/claims-list/v1"
        assert [each["claim_id"] for each in answer["claims"]] == [each.claim_id for each in shipped_claims()]
        assert not any(each["added"] for each in answer["claims"])
        assert "do not measure the same thing" in answer["beside"]
        assert "az-2024-01-outside" in command("claims", "list").stdout

    def test_add(self, command, claim_set, small_path):
        before = small_path.read_bytes()
        assert "said: would be added." in command("claims", "add", claim_set, "--dry-run").stdout
        assert small_path.read_bytes() == before
        answer = json.loads(command("claims", "add", claim_set, "--json").stdout)
        assert answer == {"schema": "minefield-registry/claims-add/v1", "dry_run": False, "claims": ["said", "other"]}
        with Registry.open(small_path) as registry:
            assert [claim.claim_id for claim in registry.claims()] == ["said", "other"]
        listed = json.loads(command("claims", "list", "--json").stdout)["claims"]
        assert [each["claim_id"] for each in listed if each["added"]] == ["said", "other"]

    @pytest.mark.parametrize("extra", [[], ["--dry-run"]])
    def test_the_same_id_twice(self, command, claim_set, extra):
        command("claims", "add", claim_set)
        with pytest.raises(DuplicateClaim, match="There is a claim said already"):
            command("claims", "add", claim_set, *extra)

    def test_an_answer_to_nobody(self, command, tmp_path, small_path):
        path = tmp_path / "set.toml"
        path.write_text(write_claims([a_claim(answers=("nobody",))], "x"), encoding="utf-8")
        before = small_path.read_bytes()
        with pytest.raises(SourceError, match="it answers 'nobody'"):
            command("claims", "add", path)
        assert small_path.read_bytes() == before

    def test_an_answer_to_a_shipped_one(self, command, tmp_path):
        path = tmp_path / "set.toml"
        path.write_text(write_claims([a_claim(answers=("az-2024-01-outside",))], "x"), encoding="utf-8")
        command("claims", "add", path)
        card = json.loads(command("claims", "card", "az-2024-01-outside", "--json").stdout)
        assert "said" in [each["claim_id"] for each in card["counter_statements"]]

    def test_writing_what_was_added(self, command, claim_set, tmp_path):
        command("claims", "add", claim_set)
        command("claims", "list", "--write", tmp_path / "out.toml")
        assert parse_claims((tmp_path / "out.toml").read_bytes(), "x") == parse_claims(claim_set.read_bytes(), "x")

    def test_card(self, command):
        answer = json.loads(command("claims", "card", "az-2024-01-outside", "--as-of", "2024-06", "--json").stdout)
        assert list(answer) == [
            "schema", "claim", "beside", "judgement", "reasons", "caveats", "sentence", "counter_statements",
        ]  # fmt: skip
        assert answer["schema"] == "minefield-registry/claims-card/v1"
        assert answer["judgement"] == "no data"
        assert answer["beside"][0]["ours"]["share"]["denominator"] == 3
        assert any("2024-06-30" in reason for reason in answer["reasons"])
        assert "This registry" in command("claims", "card", "az-2024-01-outside").stdout

    def test_card_of_nobody(self, command):
        with pytest.raises(UnknownClaim):
            command("claims", "card", "nobody")

    @pytest.mark.parametrize("verb", [["card", "az-2024-01-outside"], ["ledger"]])
    def test_no_date(self, command, verb):
        assert "is not a date" in " ".join(command("claims", *verb, "--as-of", "soon", code=2).output.split())

    def test_ledger(self, command):
        answer = json.loads(command("claims", "ledger", "--json").stdout)
        assert list(answer) == ["schema", "as_of", "rows", "total"]
        assert answer["schema"] == "minefield-registry/claims-ledger/v1"
        assert [row["batch_id"] for row in answer["rows"]] == ["first"]
        assert json.loads(command("claims", "ledger", "--as-of", "2021-05", "--json").stdout)["rows"] == []
        assert "Announced -> arrived" in command("claims", "ledger").stdout


class TestRuns:
    def test_stats_stores_its_run(self, command, small_path):
        result = command("stats", "--json")
        with Registry.open(small_path) as registry:
            (run,) = registry.runs()
        assert result.stdout == run.result + "\n"
        assert result.stderr == f"Run {run.run_id}. Repeat it: minefield-registry stats --rerun {run.run_id}\n"
        assert run.options["near_m"] == 100.0

    def test_the_same_again_is_not_stored_again(self, command, small_path):
        first = command("stats", "--json")
        before = small_path.read_bytes()
        again = command("stats", "--json")
        # On a slow machine steps stand on stderr before the run.
        assert again.stdout == first.stdout
        assert again.stderr.splitlines()[-1] == first.stderr.splitlines()[-1]
        assert small_path.read_bytes() == before

    def test_repeated(self, command, small_path):
        command("stats", "--near", "20", "--json")
        with Registry.open(small_path) as registry:
            (run,) = registry.runs()
        answer = json.loads(command("stats", "--rerun", run.run_id, "--json").stdout)
        assert answer["schema"] == "minefield-registry/rerun/v1"
        assert (answer["run_id"], answer["same"], answer["found"], answer["differences"]) == (run.run_id, True, 0, [])
        assert "the same bytes" in command("stats", "--rerun", run.run_id).stdout

    def test_another_result_is_exit_code_1_and_named(self, command, small_path, monkeypatch):
        command("stats", "--json")
        with Registry.open(small_path) as registry:
            (run,) = registry.runs()
        monkeypatch.setattr("registry.stats.__version__", "99")
        answer = json.loads(command("stats", "--rerun", run.run_id, "--json", code=1).stdout)
        (difference,) = answer["differences"]
        assert difference["path"] == "$.parameters.software.minefield-registry"
        assert difference["now"] == '"99"'
        words = command("stats", "--rerun", run.run_id, code=1).stdout
        assert "not the same bytes" in words
        assert "$.parameters.software" in words.replace("\n", "")

    def test_a_run_takes_no_other_options(self, command):
        words = command("stats", "--rerun", "x", "--near", "20", code=2).output
        assert "with its own options" in " ".join(words.replace("│", "").split())

    def test_unknown(self, command):
        with pytest.raises(UnknownRun, match="no run x"):
            command("stats", "--rerun", "x")

    def test_a_registry_that_cannot_be_written_to(self, command, small_path):
        """The figures are printed all the same, and that the run was not stored is said."""
        with closing(sqlite3.connect(small_path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("registry.database.BUSY_TIMEOUT_S", 0.01)
                result = command("stats", "--json")
            other.execute("ROLLBACK")
        assert json.loads(result.stdout)["schema"] == "minefield-registry/stats/v1"
        assert "The run was not stored." in result.stderr
        assert "another process is writing" in result.stderr
        with Registry.open(small_path) as registry:
            assert registry.runs() == ()

    def test_a_registry_of_an_older_format_is_brought_up_to_date(self, command, tmp_path):
        old = format_1(tmp_path / "old.gpkg")
        command("claims", "list", path=old)
        command("claims", "ledger", path=old)
        command("claims", "card", "az-2024-01-outside", path=old)
        with Registry.open(old) as registry:
            assert [entry.action for entry in registry.history()] == ["create"]
        command("stats", path=old)
        with Registry.open(old) as registry:
            assert [entry.action for entry in registry.history()] == ["create", "upgrade", "run"]
            assert registry.verify().problems == ()
