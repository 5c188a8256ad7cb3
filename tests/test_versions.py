"""Format versions: an old file opens as it is, the step to the present format is whole or not at all."""

import os
import shutil
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing
from pathlib import Path

import pytest
from batches import add
from filing import a_claim, a_run, format_1

from registry.errors import NotARegistry
from registry.model import Kind
from registry.store import Registry
from registry.versions import FORMAT_VERSION, version_of


def version(registry):
    return version_of(registry._connection)


@pytest.fixture
def old(tmp_path):
    return format_1(tmp_path / "old.gpkg")


def test_a_new_file_has_the_present_format(empty):
    assert version(empty) == FORMAT_VERSION == 2
    assert (empty.claims(), empty.runs()) == ((), ())


class TestOld:
    def test_it_opens_as_it_is(self, old):
        before = old.read_bytes()
        with Registry.open(old) as registry:
            assert (registry.identity, registry.layers(), registry.claims(), registry.runs()) == ("old", (), (), ())
            assert [entry.action for entry in registry.history()] == ["create"]
            assert registry.verify().problems == ()
        assert old.read_bytes() == before

    def test_an_import_leaves_its_format(self, old):
        with Registry.open(old) as registry:
            add(registry)
            assert version(registry) == 1
            assert registry.verify().problems == ()

    @pytest.mark.parametrize("write", [lambda r: r.add_claims([a_claim()]), lambda r: r.add_run(a_run())])
    def test_the_first_claim_or_run_brings_it_up_to_date(self, old, write):
        with Registry.open(old) as registry:
            add(registry)
            write(registry)
            assert version(registry) == 2
            actions = [entry.action for entry in registry.history()]
            assert actions[:3] == ["create", "import", "upgrade"]
            assert len(actions) == 4
            assert registry.history()[2].content["format_version"] == 2
            assert registry.history()[0].content["format_version"] == 1
            assert registry.verify().problems == ()
        with Registry.open(old) as registry:
            assert registry.identity == "old"
            assert len(registry.claims()) + len(registry.runs()) == 1
            registry.add_claims([a_claim("another")])
            assert [entry.action for entry in registry.history()].count("upgrade") == 1
            assert [layer.kind for layer in registry.layers()] == [Kind.MINEFIELDS]
            assert registry.verify().problems == ()

    def test_a_program_of_the_old_format_is_told(self, old):
        """It reads the first row of registry_info, and refuses a number above its own."""
        with Registry.open(old) as registry:
            registry.add_run(a_run())
        with closing(sqlite3.connect(old)) as connection:
            assert connection.execute("SELECT format_version, identity FROM registry_info").fetchone() == (2, "old")

    def test_the_guards_are_there_afterwards(self, old):
        with Registry.open(old) as registry:
            registry.add_claims([a_claim()])
            registry.add_run(a_run())
        with closing(sqlite3.connect(old, isolation_level=None)) as connection:
            for table in ("registry_info", "claims", "comparison_runs"):
                for statement in (f"UPDATE {table} SET id = 9", f"DELETE FROM {table}"):
                    with pytest.raises(sqlite3.IntegrityError, match="not edited"):
                        connection.execute(statement)
            listed = {row[0] for row in connection.execute("SELECT table_name FROM gpkg_contents")}
        assert {"claims", "comparison_runs"} <= listed

    def test_an_interrupted_step_leaves_the_old_file(self, old, monkeypatch):
        before = old.read_bytes()

        def interrupt(*_):
            raise KeyboardInterrupt

        with Registry.open(old) as registry:
            monkeypatch.setattr("registry.tables.claim_row", interrupt)
            with pytest.raises(KeyboardInterrupt):
                registry.add_claims([a_claim()])
            assert version(registry) == 1
        assert old.read_bytes() == before

    @pytest.mark.parametrize("table", ["layers", "claims"])
    def test_a_table_of_its_format_is_missing(self, tmp_path, table):
        path = tmp_path / "r.gpkg"
        Registry.create(path).close()
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"DROP TABLE {table}")
        with pytest.raises(NotARegistry):
            Registry.open(path)

    def test_upgrades_at_once_make_one(self, old):
        """Whoever waited finds the file up to date."""
        with Registry.open(old) as one, Registry.open(old) as other:
            one.add_claims([a_claim("one")])
            other.add_claims([a_claim("other")])
            assert [entry.action for entry in one.history()] == ["create", "upgrade", "claim", "claim"]
            assert one.verify().problems == ()


# Each child kills itself before one of the statements, the first one before the first.
KILLED = """
    import os, shutil, signal, sys
    from pathlib import Path
    from filing import a_claim
    from registry.store import Registry

    old = Path(sys.argv[1])
    for number in range(200):
        path = Path(shutil.copy(old, old.with_name(f"{number}.gpkg")))
        child = os.fork()
        if not child:
            registry, seen = Registry.open(path), []
            def before(statement):
                seen.append(statement)
                if len(seen) > number:
                    os.kill(os.getpid(), signal.SIGKILL)
            registry._connection.set_trace_callback(before)
            registry.add_claims([a_claim()])
            os._exit(0)
        if os.waitpid(child, 0)[1] == 0:
            break
    print(number)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_every_statement_of_the_step(old):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED), str(old)],
        cwd=Path(__file__).parent,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    kills = int(done.stdout)
    assert 20 < kills < 200
    for number in range(kills + 1):
        with Registry.open(old.with_name(f"{number}.gpkg")) as registry:
            # A kill before the last statement, COMMIT, leaves the old state whole; after it the new one is.
            assert (version(registry), len(registry.claims())) == ((2, 1) if number == kills else (1, 0))
            assert registry.verify().problems == ()
            registry.add_claims([a_claim("next")])
            assert registry.verify().problems == ()


def test_a_copy_can_be_read_by_gdal_afterwards(old, tmp_path):
    import pyogrio

    copy = Path(shutil.copy(old, tmp_path / "copy.gpkg"))
    with Registry.open(copy) as registry:
        registry.add_claims([a_claim()])
    assert pyogrio.read_dataframe(copy, layer="claims")["claim_id"].tolist() == ["said"]
