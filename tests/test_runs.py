"""Runs: kept with all they depend on, repeated byte for byte, and a difference is named."""

import json
from dataclasses import replace

import pytest
from batches import add, square

from registry import runs
from registry.codes import Section
from registry.errors import StoreError, UnknownRun
from registry.inputs import StatsOptions
from registry.jsonform import json_text, plain
from registry.model import Kind
from registry.runs import Difference, compute_run, rerun
from registry.stats import compute_stats
from registry.tables import sha256_of_bytes


@pytest.fixture
def stored(small):
    _, run = compute_run(small, StatsOptions(batch_ids=("first",), near_m=20.0))
    small.add_run(run)
    return run


class TestStored:
    def test_what_it_holds(self, small, stored):
        assert small.runs() == (stored,)
        assert stored.options == {**plain(StatsOptions()), "batch_ids": ["first"], "near_m": 20.0}
        assert [(each.batch_id, each.kind) for each in stored.inputs] == [
            ("first", Kind.MINEFIELDS),
            ("events", Kind.ACCIDENTS),
            ("districts", Kind.DISTRICTS),
        ]
        assert [each.content_sha256 for each in stored.inputs] == [each.content_sha256 for each in small.layers()]
        assert stored.result == json_text(compute_stats(small, StatsOptions(("first",), near_m=20.0)).to_json())
        assert stored.result_sha256 == sha256_of_bytes(stored.result.encode())
        assert (stored.seed, stored.entries) == (1, 4)
        assert "minefield-registry" in stored.software

    def test_the_same_comparison_has_the_same_id(self, small, stored):
        add(small, "scope", Kind.SCOPE)
        small.withdraw("scope", reason="x")
        _, again = compute_run(small, StatsOptions(batch_ids=("first",), near_m=20.0))
        assert (again.run_id, again.result) == (stored.run_id, stored.result)
        small.add_run(again)
        assert len(small.runs()) == 1

    def test_other_options_or_another_result_have_another(self, small, stored):
        _, other = compute_run(small, StatsOptions(batch_ids=("first",), near_m=21.0))
        assert other.run_id != stored.run_id
        add(small, "second", geometries=[square(9, 9)])
        _, everything = compute_run(small, StatsOptions())
        _, first = compute_run(small, StatsOptions(batch_ids=("first",)))
        assert len({run.run_id for run in (stored, other, everything, first)}) == 4

    def test_what_is_imported_meanwhile_stays_out(self, small):
        def meanwhile(step, share):
            if share == 0.0:
                add(small, "second", geometries=[square(9, 9)])

        comparison, run = compute_run(small, StatsOptions(), progress=meanwhile)
        assert comparison.parameters["batches"] == ["first"]
        assert run.entries == 4

    def test_a_seed_is_kept(self, small):
        assert compute_run(small, StatsOptions(seed=7))[1].seed == 7


class TestRepeated:
    def test_the_same_bytes(self, small, stored):
        found = rerun(small, stored.run_id)
        assert found.same
        assert (found.found, found.differences) == (0, ())
        assert found.stored_sha256 == found.now_sha256 == stored.result_sha256

    def test_with_the_sections_that_it_holds(self, small):
        _, whole = compute_run(small, StatsOptions())
        _, some = compute_run(small, StatsOptions(sections=(Section.CLUSTERS,)))
        small.add_run(some)
        assert whole.run_id != some.run_id
        assert some.options["sections"] == ["clusters"]
        assert rerun(small, some.run_id).same

    def test_whatever_came_later(self, small):
        """All layers were meant, and those were the layers then."""
        _, run = compute_run(small, StatsOptions())
        small.add_run(run)
        add(small, "second", geometries=[square(9, 9)])
        add(small, "third", supersedes="first", reason="new survey", geometries=[square(5, 5)])
        small.withdraw("events", reason="wrong file")
        assert rerun(small, run.run_id).same
        assert compute_stats(small).parameters["batches"] == ["second", "third"]

    def test_the_first_difference_is_named(self, small, stored, monkeypatch):
        def another(*arguments, **keywords):
            found = compute_stats(*arguments, **keywords)
            coverage = replace(found.coverage, records_repeated=7)
            return replace(found, coverage=coverage, parameters={**found.parameters, "new": [1]})

        monkeypatch.setattr(runs, "compute_stats", another)
        found = rerun(small, stored.run_id)
        assert not found.same
        assert found.found == 2
        assert found.differences == (
            Difference("$.parameters.new", "nothing", "[1]"),
            Difference("$.coverage.records_repeated", "0", "7"),
        )
        assert found.stored_sha256 != found.now_sha256

    def test_unknown(self, small):
        with pytest.raises(UnknownRun):
            rerun(small, "x")

    @pytest.mark.parametrize("options", [{"novelty": 1}, {"batch_ids": 7}])
    def test_options_that_this_version_does_not_know(self, small, stored, options):
        small.add_run(replace(stored, run_id="newer", options=options))
        with pytest.raises(StoreError, match="run newer was made with options that this version does not know"):
            rerun(small, "newer")

    def test_an_option_that_came_later_has_its_default(self, small):
        _, run = compute_run(small, StatsOptions())
        old = replace(run, run_id="old", options={"batch_ids": []})
        small.add_run(old)
        assert rerun(small, "old").same


class TestDifferences:
    @pytest.mark.parametrize(
        ("stored", "now", "found"),
        [
            ({"a": 1}, {"a": 1}, []),
            ({"a": 1}, {"a": 1.0}, [("$.a", "1", "1.0")]),
            ({"a": True}, {"a": 1}, [("$.a", "true", "1")]),
            ({"a": [1, 2]}, {"a": [1]}, [("$.a[1]", "2", "nothing")]),
            ({"a": [1]}, {"a": [1, {"b": None}]}, [("$.a[1]", "nothing", '{"b": null}')]),
            ({"a": {"b": [0]}}, {"a": {"b": {}}}, [("$.a.b", "[0]", "{}")]),
            ({"a": None}, {}, [("$.a", "null", "nothing")]),
            ({}, {"a": None}, [("$.a", "nothing", "null")]),
            ({"a": "x" * 100}, {"a": "y"}, [("$.a", '"' + "x" * 76 + "...", '"y"')]),
        ],
    )
    def test_leaves(self, stored, now, found):
        assert [(each.path, each.stored, each.now) for each in runs._differences("$", stored, now)] == found

    def test_many_are_counted_and_the_first_named(self, small, stored, monkeypatch):
        results = iter([{"a": list(range(50))}])
        monkeypatch.setattr(runs, "compute_stats", lambda *_, **__: _Plain(next(results)))
        small.add_run(replace(stored, run_id="many", result=json.dumps({"a": list(range(100, 150))})))
        found = rerun(small, "many")
        assert (found.found, len(found.differences)) == (50, runs.DIFFERENCES_NAMED)
        assert found.differences[0] == Difference("$.a[0]", "100", "0")


class _Plain:
    def __init__(self, result):
        self.result = result

    def to_json(self):
        return self.result
