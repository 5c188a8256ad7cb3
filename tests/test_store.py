"""The registry file: what goes in comes out, nothing is lost, and a refusal changes nothing."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
import shapely
from batches import add, new_layer, point, square
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from registry import database
from registry.codes import DatePrecision
from registry.errors import (
    DuplicateLayer,
    NewerFormat,
    NotARegistry,
    RegistryBusy,
    StoreError,
    UnknownLayer,
)
from registry.model import Finding, Handover, Kind, LayerState, PartialDate, Severity
from registry.store import Registry

# GDAL hands texts over as C strings, which end at NUL; SQLite holds whole numbers that a double holds exactly.
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
WHOLE = st.integers(-(2**53), 2**53)
JSON = st.recursive(
    st.none() | st.booleans() | WHOLE | TEXT, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner)
)

# Each example writes to a disk, so there are few, and none is made smaller.
FEW = settings(max_examples=25, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))


def optional(values: st.SearchStrategy) -> st.SearchStrategy:
    return st.none() | values


def column(values: st.SearchStrategy, rows: int = 3) -> st.SearchStrategy:
    return st.lists(optional(values), min_size=rows, max_size=rows)


@pytest.fixture(scope="module")
def growing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """One registry for many examples: each adds a batch."""
    with Registry.create(tmp_path_factory.mktemp("growing") / "registry.gpkg") as registry:
        yield registry


class TestRoundTrip:
    @FEW
    @given(
        ids=st.lists(TEXT, min_size=3, max_size=3),
        texts=column(TEXT),
        counts=column(WHOLE),
        metres=column(st.floats(allow_nan=False)),
        flags=column(st.booleans()),
        days=column(st.dates(date(1900, 1, 1), date(2100, 1, 1))),
        values=column(JSON),
        places=column(st.tuples(st.floats(-180, 180), st.floats(-90, 90))),
    )
    def test_any_text_and_number(self, growing, ids, texts, counts, metres, flags, days, values, places):
        layer = add(
            growing,
            f"batch-{len(growing.history())}",
            Kind.ACCIDENTS,
            [None if place is None else shapely.Point(place) for place in places],
            accident_id=ids,
            source=texts,
            killed=counts,
            sigma_m=metres,
            marked=flags,
            occurred_on=[None if day is None else day.isoformat() for day in days],
            source_fields=[None if value is None else json.dumps(value) for value in values],
        )
        read = growing.read(layer)
        assert read["accident_id"].tolist() == ids
        assert _nulled(read["source"]) == texts
        assert [None if value is None else int(value) for value in _nulled(read["killed"])] == counts
        assert _nulled(read["sigma_m"]) == metres
        assert _nulled(read["marked"]) == flags
        assert [None if value is None else value.date() for value in _nulled(read["occurred_on"])] == days
        assert read["source_fields"].tolist() == values
        assert [None if shape is None else (shape.x, shape.y) for shape in read.geometry] == places

    @FEW
    @given(st.lists(TEXT, min_size=13, max_size=13), optional(WHOLE), st.sampled_from(DatePrecision))
    def test_any_handover(self, growing, texts, mines, precision):
        words = dict(zip(
            ("title", "giving_party", "receiving_party", "mediator", "legal_basis", "scope_text", "custody_note",
             "sensitivity", "licence", "statement_url", "counter_statement_url", "notes"), texts, strict=False,
        ))  # fmt: skip
        stated = Handover(
            f"stated-{len(growing.history())}",
            **words,
            mines_claimed=mines,
            documents_claimed=8,
            handed_over_on=PartialDate(date(2024, 1, 1), precision),
        )
        add(growing, stated.batch_id, handover=stated)
        assert growing.handover(stated.batch_id) == stated

    def test_what_hypothesis_wrote_is_sealed(self, growing):
        assert growing.verify().problems == ()

    def test_types_are_restored_even_in_empty_columns(self, empty):
        read = empty.read(add(empty, kind=Kind.ACCIDENTS, geometries=[point(0, 0)]))
        wanted = {
            "source": "string", "killed": "Int64", "sigma_m": "float64", "marked": "boolean",
            "occurred_on": "datetime64[s]", "victims_by_role": "object",
        }  # fmt: skip
        assert {name: str(read[name].dtype) for name in wanted} == wanted
        assert read[list(wanted)].isna().all(axis=None)
        assert read.crs.to_epsg() == 4326

    def test_a_record_without_geometry_is_kept_in_its_place(self, empty):
        read = empty.read(add(empty, geometries=[None, square(0, 0), None]))
        assert read["record_id"].tolist() == ["minefields-0", "minefields-1", "minefields-2"]
        assert [shape is None for shape in read.geometry] == [True, False, True]
        assert read.geometry[1].equals(shapely.MultiPolygon([square(0, 0)]))

    def test_a_layer_without_any_geometry(self, empty):
        layer = add(empty, geometries=[None, None])
        assert empty.read(layer).geometry.isna().all()
        assert empty.read(layer, bounds=(-180, -90, 180, 90)).empty

    def test_columns_and_bounds(self, empty):
        layer = add(empty, geometries=[square(0, 0), square(5, 5)], map_sheet=["A", "B"])
        read = empty.read(layer, ["map_sheet"], bounds=square(4, 4, 2).bounds)
        assert read.columns.tolist() == ["map_sheet", "geometry"]
        assert read["map_sheet"].tolist() == ["B"]
        assert empty.read(layer, []).columns.tolist() == ["geometry"]

    def test_documents_and_findings(self, empty):
        findings = (
            Finding("area-small", Severity.WARNING, "Its area is 3 m2.", "first-minefields-1", 0, "minefields-0"),
            Finding("z-dropped", Severity.INFO, "Heights were dropped."),
        )
        new = new_layer(findings=findings)
        layer = empty.add(new)
        assert empty.findings(layer) == findings
        (document,) = empty.documents(layer)
        assert document.content is None
        assert document.sha256 == new.documents[0].sha256
        assert empty.document_content(document.document_id) == b"as handed over"
        assert empty.batches_holding(document.sha256) == (("first", Kind.MINEFIELDS),)
        assert empty.batches_holding("0" * 64) == ()

    def test_provenance_and_counts(self, empty):
        new = new_layer()
        layer = empty.add(new)
        assert layer.provenance == new.provenance
        assert layer.counts == new.counts
        with Registry.open(empty.path) as again:
            assert again.layers() == (layer,)
            assert again.identity == empty.identity


def _nulled(series):
    return [None if missing else value for value, missing in zip(series, series.isna(), strict=True)]


class TestBatchIds:
    @pytest.mark.parametrize("batch_id", ["", "-a", "a b", "a/b", "a'b", 'a"b', "a;b", "é", "a" * 65, "a\n", "../a"])
    def test_refused(self, empty, batch_id):
        with pytest.raises(StoreError, match="cannot name a batch"):
            add(empty, batch_id)
        assert empty.layers() == ()

    @pytest.mark.parametrize("batch_id", ["a", "1", "A-1_b.2", "a" * 64, "select", "staged_layer"])
    def test_taken(self, empty, batch_id):
        assert len(empty.read(add(empty, batch_id))) == 2
        assert empty.verify().problems == ()

    def test_same_id_in_other_letters(self, small):
        with pytest.raises(DuplicateLayer, match="There is a batch first already"):
            add(small, "FIRST", Kind.SCOPE)

    def test_same_id_and_kind(self, small):
        with pytest.raises(DuplicateLayer, match="--supersedes first"):
            add(small, "first")

    def test_same_id_and_another_kind(self, small):
        scope = add(small, "first", Kind.SCOPE, handover=Handover("first", "Another title"))
        assert [layer.kind for layer in small.layers(batch_ids=["first"])] == [Kind.MINEFIELDS, Kind.SCOPE]
        assert scope.title == "Another title"
        assert small.handover("first").title == "First handover"

    @pytest.mark.parametrize("other", [{"giving_party": "Party C"}, {"handed_over_on": PartialDate(date(2021, 6, 1))}])
    def test_another_statement_of_the_handover(self, small, other):
        before = small.path.read_bytes()
        with pytest.raises(StoreError, match="was recorded with another " + next(iter(other))):
            add(small, "first", Kind.SCOPE, handover=Handover("first", "Title", **other))
        assert small.path.read_bytes() == before

    def test_unknown(self, small):
        with pytest.raises(UnknownLayer, match="its batches are: first, events, districts"):
            small.layers(batch_ids=["second"])
        with pytest.raises(UnknownLayer, match="first has no layer of kind scope"):
            small.layer("first", Kind.SCOPE)
        with pytest.raises(UnknownLayer):
            small.handover("second")
        with pytest.raises(UnknownLayer):
            small.document_content("second")


class TestHistory:
    def test_superseded(self, small):
        old = small.layer("first", Kind.MINEFIELDS)
        new = add(small, "second", supersedes="first", reason="wrong zone")
        assert small.layers(Kind.MINEFIELDS) == (new,)
        (held, _) = small.layers(Kind.MINEFIELDS, all_states=True)
        assert (held.state, held.superseded_by, held.reason) == (LayerState.SUPERSEDED, "second", "wrong zone")
        assert len(small.read(held)) == 3
        assert [layer.batch_id for layer in small.layers_before(new)] == ["events", "districts"]
        assert small.layers_before(old) == ()
        assert small.verify().problems == ()

    def test_superseding_leaves_the_other_kinds(self, small):
        add(small, "first", Kind.SCOPE)
        add(small, "second", Kind.SCOPE, supersedes="first", reason="grown")
        assert [(layer.batch_id, layer.kind) for layer in small.layers(batch_ids=["first"])] == [
            ("first", Kind.MINEFIELDS)
        ]

    @pytest.mark.parametrize(("batch_id", "error"), [("nothing", UnknownLayer), ("events", UnknownLayer)])
    def test_nothing_to_supersede(self, small, batch_id, error):
        with pytest.raises(error):
            add(small, "second", supersedes=batch_id, reason="why")
        assert len(small.layers()) == 3

    def test_supersedes_once(self, small):
        add(small, "second", supersedes="first", reason="why")
        with pytest.raises(UnknownLayer, match="no active layer"):
            add(small, "third", supersedes="first", reason="why")

    @pytest.mark.parametrize("reason", [None, "", "  "])
    def test_no_reason(self, small, reason):
        with pytest.raises(StoreError, match="--reason"):
            add(small, "second", supersedes="first", reason=reason)
        with pytest.raises(StoreError, match="--reason"):
            small.withdraw("first", reason=reason or "")

    def test_withdrawn(self, small):
        add(small, "first", Kind.SCOPE)
        (held,) = small.withdraw("first", kind=Kind.MINEFIELDS, reason="wrong file")
        assert (held.state, held.reason, held.superseded_by) == (LayerState.WITHDRAWN, "wrong file", None)
        assert small.layers(Kind.MINEFIELDS) == ()
        assert len(small.layers(Kind.SCOPE)) == 1
        assert len(small.read(held)) == 3
        assert [entry.action for entry in small.history()][-1] == "withdraw"
        with pytest.raises(UnknownLayer, match="to withdraw"):
            small.withdraw("first", kind=Kind.MINEFIELDS, reason="again")
        assert small.verify().problems == ()

    def test_withdrawing_a_batch_takes_all_its_layers(self, small):
        add(small, "first", Kind.SCOPE)
        assert len(small.withdraw("first", reason="wrong file")) == 2
        assert small.layers(batch_ids=["first"]) == ()

    def test_layers_before(self, small):
        small.withdraw("first", reason="wrong file")
        late = add(small, "late")
        small.withdraw("events", reason="wrong file")
        assert [layer.batch_id for layer in small.layers_before(late)] == ["events", "districts"]

    def test_catalogue_order_and_kinds(self, small):
        assert [layer.batch_id for layer in small.layers()] == ["first", "events", "districts"]
        assert [layer.batch_id for layer in small.layers(batch_ids={"districts", "first"})] == ["first", "districts"]
        assert small.layers(Kind.ACCIDENTS, batch_ids=["first"]) == ()


class TestOpen:
    def test_create_refuses_an_existing_file(self, tmp_path):
        kept = tmp_path / "kept.gpkg"
        kept.write_bytes(b"somebody's work")
        with pytest.raises(StoreError, match="exists already"):
            Registry.create(kept)
        assert kept.read_bytes() == b"somebody's work"

    @pytest.mark.parametrize("name", ["registry", "registry.sqlite", ".gpkg"])
    def test_create_under_a_name_that_readers_do_not_know(self, tmp_path, name):
        with pytest.raises(StoreError, match=r"ends in \.gpkg"):
            Registry.create(tmp_path / name)
        assert list(tmp_path.iterdir()) == []

    def test_create_in_no_folder(self, tmp_path):
        with pytest.raises(StoreError, match="does not exist"):
            Registry.create(tmp_path / "no" / "registry.gpkg")

    @pytest.mark.parametrize("name", ["a b.gpkg", "a?b.gpkg", "a#b.gpkg", "a%20b.gpkg", "мины.gpkg", "A.GPKG"])
    def test_any_file_name(self, tmp_path, name):
        with Registry.create(tmp_path / name) as registry:
            add(registry)
            assert len(registry.read(registry.layers()[0])) == 2
        assert [path.name for path in tmp_path.iterdir()] == [name]

    def test_nothing_there(self, tmp_path):
        with pytest.raises(NotARegistry, match="minefield-registry init"):
            Registry.open(tmp_path / "registry.gpkg")
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("content", [b"", b"x", b"not a database\n" * 100, b"SQLite format 3\0" + b"\0" * 200])
    def test_other_files(self, tmp_path, content):
        other = tmp_path / "registry.gpkg"
        other.write_bytes(content)
        with pytest.raises(StoreError, match="registry"):
            Registry.open(other)
        assert other.read_bytes() == content

    def test_a_folder(self, tmp_path):
        with pytest.raises(NotARegistry):
            Registry.open(tmp_path)

    def test_another_geopackage(self, tmp_path):
        other = tmp_path / "other.gpkg"
        gpd.GeoDataFrame(geometry=[square(0, 0)], crs=4326).to_file(other)
        with pytest.raises(NotARegistry, match="not a registry"):
            Registry.open(other)

    def test_a_newer_format(self, small_path):
        with sqlite3.connect(small_path) as connection:
            connection.execute("DROP TRIGGER keep_registry_info_update")
            connection.execute("UPDATE registry_info SET format_version = 3")
        with pytest.raises(NewerFormat, match=r"format 3 .* pip install --upgrade"):
            Registry.open(small_path)


class TestProtection:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE 'minefields_first' SET map_sheet = 'x'",
            "DELETE FROM 'minefields_first'",
            "INSERT INTO 'minefields_first' (record_id) VALUES ('x')",
            "UPDATE handovers SET title = 'x'",
            "DELETE FROM layers",
            "UPDATE source_documents SET content = NULL",
            "DELETE FROM findings",
            "DELETE FROM audit_log",
            "UPDATE registry_info SET identity = 'x'",
        ],
    )
    def test_edits_are_refused(self, small_path, statement):
        with sqlite3.connect(small_path) as connection:
            for function in ("ST_IsEmpty", "ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"):
                connection.create_function(function, 1, lambda _: 0)
            with pytest.raises(sqlite3.IntegrityError, match="is not edited"):
                connection.execute(statement)

    def test_gdal_cannot_append(self, small_path):
        before = small_path.read_bytes()
        with pytest.raises(pyogrio.errors.FeatureError, match="is not edited"):
            pyogrio.write_dataframe(
                gpd.GeoDataFrame({"record_id": ["x"]}, geometry=[shapely.MultiPolygon([square(0, 0)])], crs=4326),
                small_path,
                layer="minefields_first",
                append=True,
            )
        with Registry.open(small_path) as registry:
            assert registry.verify().problems == ()
        assert len(small_path.read_bytes()) == len(before)


class TestOtherWriters:
    def test_busy(self, small_path, monkeypatch):
        monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.05)
        with Registry.open(small_path) as registry:
            other = sqlite3.connect(small_path, isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(RegistryBusy, match="another process is writing"):
                add(registry, "second")
            with pytest.raises(TimeoutError):
                registry.withdraw("first", reason="why")
            assert len(registry.layers()) == 3
            other.execute("ROLLBACK")
            other.close()
            add(registry, "second")
            assert registry.verify().problems == ()

    def test_a_writer_waits_for_the_other(self, small_path):
        """Both take the write lock in turn, and each sees what the other did."""
        with Registry.open(small_path) as one, Registry.open(small_path) as two:
            for number in range(3):
                add(one, f"one-{number}")
                add(two, f"two-{number}")
            assert one.layers() == two.layers()
            assert one.verify().problems == ()

    def test_a_reader_during_a_transaction_sees_the_old_state(self, small_path):
        with Registry.open(small_path) as reader:
            other = sqlite3.connect(small_path, isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            other.execute("INSERT INTO audit_log VALUES (99, '', 'import', '{}', '', '')")
            assert len(reader.read(reader.layers()[0])) == 3
            assert len(reader.history()) == 4
            other.close()

    def test_an_interrupted_transaction_leaves_nothing(self, small, monkeypatch):
        before = small.path.read_bytes()
        monkeypatch.setattr("registry.audit.append_entry", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            add(small, "second")
        assert small.path.read_bytes() == before
        assert small.verify().problems == ()


def _interrupt(*_):
    raise KeyboardInterrupt


def run(script: str, *arguments: str | Path, **options) -> subprocess.CompletedProcess[str]:
    """Run Python beside the tests, with their helpers."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        **options,
    )


class TestDisk:
    def test_full(self, small):
        """SQLite is told that there are no more pages, which is how it learns that a disk is full."""
        before = small.path.read_bytes()
        small._connection.execute(f"PRAGMA max_page_count = {len(before) // 4096}")
        with pytest.raises(StoreError, match="the disk is full; nothing was changed"):
            add(small, "second", content=b"x" * 100_000)
        assert small.path.read_bytes() == before
        assert small.verify().problems == ()

    @pytest.mark.parametrize("room", [0, 40_000, 150_000])
    def test_files_cannot_grow(self, small_path, room):
        """The system refuses to let any file grow further, at several moments of the transaction."""
        before = small_path.read_bytes()
        script = """
            import resource, sys
            from pathlib import Path
            from batches import add
            from registry.errors import StoreError
            from registry.store import Registry
            path, limit = Path(sys.argv[1]), int(sys.argv[2])
            with Registry.open(path) as registry:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
                try:
                    add(registry, "second", content=b"x" * 300_000)
                except StoreError as error:
                    print(error)
        """
        done = run(script, small_path, len(before) + room)
        assert done.stderr == ""
        assert done.stdout.startswith(str(small_path))
        assert "nothing was changed" in done.stdout
        assert small_path.read_bytes() == before
        with Registry.open(small_path) as registry:
            assert registry.verify().problems == ()
            add(registry, "second")

    @pytest.mark.skipif(os.name != "posix", reason="needs POSIX permissions")
    @pytest.mark.parametrize("mode", [0o555, 0o755])
    def test_a_folder_or_file_that_cannot_be_written_to(self, small_file, mode):
        """As somebody without rights: root may write anywhere, so the process gives its rights up."""
        script = """
            import os, sys
            from pathlib import Path
            import pyogrio
            from batches import add
            from registry.errors import StoreError
            from registry.store import Registry
            folder = Path(sys.argv[1])
            with Registry.create(folder / "loads-everything.gpkg") as registry:
                registry.read(add(registry))
                registry.verify()
            (folder / "loads-everything.gpkg").unlink()
            os.chmod(folder, int(sys.argv[2]))
            if os.getuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            with Registry.open(folder / "small.gpkg") as registry:
                print(len(registry.read(registry.layers()[0])), registry.verify().problems)
                for attempt in (
                    lambda: add(registry, "second"),
                    lambda: registry.withdraw("first", reason="why"),
                    lambda: Registry.create(folder / "another.gpkg"),
                ):
                    try:
                        attempt()
                    except StoreError as error:
                        print(error)
        """
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            copy = Path(shutil.copy(small_file, folder / "small.gpkg"))
            copy.chmod(0o444)
            before = copy.read_bytes()
            done = run(script, folder, mode, env={**os.environ, "TMPDIR": "/tmp"})
            folder.chmod(0o755)
            assert done.stderr == ""
            lines = done.stdout.splitlines()
            assert lines[0] == "3 ()"
            if mode == 0o555 or os.getuid() == 0:
                assert len(lines) == 4
            assert all("cannot be written to" in line for line in lines[1:])
            assert copy.read_bytes() == before


class TestCost:
    def test_adding_a_layer_does_not_grow_with_the_rows_held(self, tmp_path):
        """SQLite's steps and the bytes added, beside one layer of three rows and beside one of three thousand."""
        costs = []
        for rows in (3, 3000):
            with Registry.create(tmp_path / f"{rows}.gpkg") as registry:
                add(registry, "held", geometries=[square(i % 50 * 2, i // 50 * 2) for i in range(rows)])
                size = registry.path.stat().st_size
                steps = _steps(registry)
                add(registry, "second")
                costs.append((len(steps), registry.path.stat().st_size - size))
        (few, few_bytes), (many, many_bytes) = costs
        assert few > 1000
        assert many == pytest.approx(few, rel=0.02)
        assert many_bytes == pytest.approx(few_bytes, abs=8 * 4096)


def _steps(registry: Registry) -> list[int]:
    steps: list[int] = []
    registry._connection.set_progress_handler(lambda: steps.append(1), 1)
    return steps


def test_of_two_that_make_it_at_once_the_loser_leaves_the_file_alone(tmp_path, monkeypatch):
    path = tmp_path / "r.gpkg"
    Registry.create(path).close()
    # As the loser of the race saw it a moment before.
    monkeypatch.setattr(Path, "exists", lambda _: False)
    with pytest.raises(StoreError, match="exists already"):
        Registry.create(path)
    monkeypatch.undo()
    with Registry.open(path) as registry:
        assert registry.verify().problems == ()
