"""Claims and runs in the registry: what goes in comes out, each is sealed, an id is taken once."""

import sqlite3
from contextlib import closing

import pytest
from batches import add, square
from filing import a_claim, a_run

from registry.errors import DuplicateClaim, StoreError, UnknownRun
from registry.model import Kind, LayerState
from registry.store import Registry


class TestClaims:
    def test_in_order(self, empty):
        first, second = a_claim("b", note="Первая"), a_claim("a", answers=("b",))
        empty.add_claims([first])
        empty.add_claims([second])
        with Registry.open(empty.path) as again:
            assert again.claims() == (first, second)
        assert [entry.action for entry in empty.history()] == ["create", "claim", "claim"]
        assert empty.verify().problems == ()

    @pytest.mark.parametrize("taken", ["said", "SAID"])
    def test_an_id_is_taken_once(self, empty, taken):
        empty.add_claims([a_claim()])
        before = empty.path.read_bytes()
        with pytest.raises(DuplicateClaim, match="another id"):
            empty.add_claims([a_claim("new"), a_claim(taken)])
        assert empty.path.read_bytes() == before

    def test_twice_in_one_set(self, empty):
        with pytest.raises(DuplicateClaim):
            empty.add_claims([a_claim("new"), a_claim("new")])
        assert empty.claims() == ()


class TestRuns:
    def test_in_order(self, empty):
        empty.add_run(a_run("b"))
        empty.add_run(a_run("a"))
        assert [run.run_id for run in empty.runs()] == ["b", "a"]
        assert empty.run("a") == a_run("a")
        assert empty.verify().problems == ()

    def test_the_same_one_is_not_stored_again(self, empty):
        empty.add_run(a_run())
        before = empty.path.read_bytes()
        empty.add_run(a_run())
        assert empty.path.read_bytes() == before

    def test_unknown(self, empty):
        with pytest.raises(UnknownRun, match="none yet; minefield-registry stats"):
            empty.run("x")
        empty.add_run(a_run())
        with pytest.raises(UnknownRun, match=r"no run x; the last it holds are: abc\."):
            empty.run("x")


def tampered(path, *statements):
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f'DROP TRIGGER "{name}"')
        for statement in statements:
            connection.execute(statement)
    with Registry.open(path) as registry:
        return registry.verify().problems


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE claims SET low = 0.56", "claims: claim said changed after it was added."),
        ("UPDATE claims SET note = 'x'", "claims: claim said changed after it was added."),
        ("UPDATE claims SET claim_id = 'x'", "claims: the history holds no claim x."),
        ("DELETE FROM claims", "claims: claim said is in the history and gone."),
        ("UPDATE comparison_runs SET result = '{}'", "comparison_runs: run abc changed after it was added."),
        ("UPDATE comparison_runs SET options = '{}'", "comparison_runs: run abc changed after it was added."),
        ("DELETE FROM comparison_runs", "comparison_runs: run abc is in the history and gone."),
        ("UPDATE registry_info SET software = 'x'", "registry_info is not as the registry was made."),
    ],
)
def test_tampering_is_found(empty, statement, found):
    empty.add_claims([a_claim()])
    empty.add_run(a_run())
    assert tampered(empty.path) == ()
    assert found in tampered(empty.path, statement)


def test_a_row_that_is_no_claim(empty):
    empty.add_claims([a_claim()])
    tampered(empty.path)
    with closing(sqlite3.connect(empty.path, isolation_level=None)) as connection:
        connection.execute("UPDATE claims SET candidates = '[\"M99\"]'")
    with pytest.raises(StoreError, match=r"claims: row 1 was changed or damaged"):
        empty.claims()


class TestAsItWas:
    def test_before_and_after_a_later_import(self, small):
        entries = len(small.history())
        small.withdraw("events", reason="wrong file")
        add(small, "second", supersedes="first", reason="new survey", geometries=[square(0, 0)])
        was = small.as_it_was(entries)
        assert [(layer.batch_id, layer.state) for layer in was.layers(all_states=True)] == [
            ("first", LayerState.ACTIVE),
            ("events", LayerState.ACTIVE),
            ("districts", LayerState.ACTIVE),
        ]
        assert [layer.batch_id for layer in small.layers(Kind.MINEFIELDS)] == ["second"]
        assert len(was.read(was.layer("first", Kind.MINEFIELDS))) == 3

    def test_at_the_end_nothing_differs(self, small):
        assert small.as_it_was(len(small.history())).layers() == small.layers()

    def test_at_the_beginning_there_is_nothing(self, small):
        assert small.as_it_was(1).layers(all_states=True) == ()
