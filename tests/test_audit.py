"""The chain: what it says when nothing happened, and what it finds when anything was touched."""

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import pytest
from batches import add, square

from registry.audit import sha256_of_query
from registry.errors import StoreError
from registry.model import Kind
from registry.seal import FIRST_LINK
from registry.store import Registry


def problems(path: Path) -> tuple[str, ...]:
    with Registry.open(path) as registry:
        return registry.verify().problems


def damage(path: Path, tables: str) -> None:
    """Overwrite most of the first page of a table."""
    with closing(sqlite3.connect(path)) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        pages = connection.execute(f"SELECT rootpage FROM sqlite_master WHERE name IN {tables}").fetchone()
    content = bytearray(path.read_bytes())
    content[(pages[0] - 1) * size + 500 : pages[0] * size] = b"\xff" * (size - 500)
    path.write_bytes(content)


def tamper(path: Path, *statements: str) -> None:
    """Change a registry as somebody would who knows SQLite and takes the triggers away first."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f'DROP TRIGGER "{name}"')
        for statement in statements:
            connection.execute(statement)
        for _, sql in triggers:
            connection.execute(sql)


class TestVerify:
    def test_untouched(self, small):
        small.withdraw("events", reason="wrong file")
        steps = []
        result = small.verify(lambda words, share: steps.append((words, share)))
        assert (result.layers, result.documents, result.entries, result.problems) == (3, 3, 5, ())
        assert result.head_sha256 == small.history()[-1].entry_sha256
        assert steps == [
            ("checking the file", None),
            ("checking first minefields", 0.0),
            ("checking events accidents", 1 / 3),
            ("checking districts districts", 2 / 3),
        ]

    def test_the_head_changes_with_every_entry(self, small):
        heads = {small.verify().head_sha256}
        add(small, "second")
        heads.add(small.verify().head_sha256)
        small.withdraw("second", reason="why")
        heads.add(small.verify().head_sha256)
        assert len(heads) == 3

    def test_triggers_alone_change_nothing(self, small_path):
        tamper(small_path)
        assert problems(small_path) == ()

    @pytest.mark.parametrize(
        ("statement", "found"),
        [
            ("UPDATE 'minefields_first' SET map_sheet = 'x' WHERE fid = 2", "first minefields: its rows changed"),
            ("UPDATE 'minefields_first' SET geom = NULL WHERE fid = 2", "first minefields: its rows changed"),
            ("DELETE FROM 'minefields_first' WHERE fid = 3", "first minefields: its rows changed"),
            ("INSERT INTO 'minefields_first' (record_id) VALUES ('x')", "first minefields: its rows changed"),
            ("ALTER TABLE 'minefields_first' ADD COLUMN x", "first minefields: its rows changed"),
            ("ALTER TABLE 'minefields_first' RENAME COLUMN fuze TO y", "first minefields: its rows changed"),
            ("DELETE FROM 'rtree_minefields_first_geom' WHERE id = 1", "first minefields: its spatial index changed"),
            ("UPDATE handovers SET giving_party = 'C' WHERE batch_id = 'first'", "first minefields: its handover"),
            ("INSERT INTO handovers (batch_id, title) VALUES ('x', 'x')", "handovers: 1 rows belong to no layer"),
            ("UPDATE layers SET plotted = 3 WHERE batch_id = 'first'", "first minefields: its catalogue row changed"),
            ("UPDATE layers SET title = 'x' WHERE batch_id = 'first'", "first minefields: its catalogue row changed"),
            ("DELETE FROM layers WHERE batch_id = 'first'", "first minefields: its import is in the history"),
            ("UPDATE source_documents SET content = x'00' WHERE batch_id = 'first'", "the bytes of document first-"),
            ("UPDATE source_documents SET content = NULL WHERE batch_id = 'first'", "first minefields: its documents"),
            ("UPDATE source_documents SET file_name = 'x' WHERE batch_id = 'first'", "first minefields: its documents"),
            ("UPDATE source_documents SET batch_id = 'x'", "source_documents: 3 rows belong to no layer"),
            ("UPDATE findings SET severity = 'I' WHERE batch_id = 'first'", "first minefields: its findings changed"),
            ("DELETE FROM findings", "first minefields: its findings changed"),
            ("INSERT INTO findings VALUES (99, 'x', 'scope', 'x', 'E', 'x', NULL, NULL, NULL)", "findings: 1 rows"),
            ("UPDATE gpkg_metadata SET metadata = 'x' WHERE id = 1", "first minefields: its metadata changed"),
            ("DELETE FROM gpkg_metadata_reference", "first minefields: its metadata changed"),
            ("UPDATE gpkg_contents SET identifier = table_name", "first minefields: its entry in the contents"),
            ("DELETE FROM gpkg_geometry_columns WHERE table_name = 'minefields_first'", "first minefields: its entry"),
            ("UPDATE gpkg_spatial_ref_sys SET definition = 'x' WHERE srs_id = 4326", "first minefields: its entry"),
            ("UPDATE registry_info SET identity = 'x'", "registry_info is not as the registry was made"),
            ("UPDATE audit_log SET at = 'x' WHERE id = 2", "The history is broken at entry 2"),
            ("UPDATE audit_log SET content = replace(content, 'first', 'other') WHERE id = 2", "at entry 2"),
            ("UPDATE audit_log SET previous_sha256 = 'x' WHERE id = 3", "The history is broken at entry 3"),
            ("DELETE FROM audit_log WHERE id = 4", "districts districts: the history holds no import of it"),
            ("DELETE FROM audit_log WHERE id = 2", "The history is broken at entry 2"),
            ("DELETE FROM audit_log", "registry_info is not as the registry was made"),
            ("DROP TABLE 'minefields_first'", "first minefields: it cannot be read"),
        ],
    )  # fmt: skip
    def test_tampering_is_found(self, small_path, statement, found):
        tamper(small_path, *([statement] if "DROP" not in statement else []))
        if "DROP" in statement:
            with closing(sqlite3.connect(small_path)) as connection:
                connection.execute(statement)
        assert any(found in problem for problem in problems(small_path)), problems(small_path)

    def test_every_column_of_a_row_is_sealed(self, small_path):
        with closing(sqlite3.connect(small_path, isolation_level=None)) as connection:
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                connection.execute(f'DROP TRIGGER "{name}"')
            columns = [row[1] for row in connection.execute("PRAGMA table_info('minefields_first')")]
            hashes = [sha256_of_query(connection, "SELECT * FROM 'minefields_first'")]
            for column in columns[1:]:
                connection.execute("BEGIN")
                connection.execute(f"UPDATE 'minefields_first' SET \"{column}\" = 'was changed' WHERE fid = 1")
                hashes.append(sha256_of_query(connection, "SELECT * FROM 'minefields_first'"))
                connection.execute("ROLLBACK")
        assert len(columns) > 30
        assert len(set(hashes)) == len(columns)

    def test_a_layer_that_gdal_replaced(self, small_path):
        """geopandas replaces a layer of the same name without a word."""
        frame = gpd.GeoDataFrame({"record_id": ["x"]}, geometry=[square(0, 0)], crs=4326)
        frame.to_file(small_path, layer="minefields_first")
        assert any(each.startswith("first minefields: its rows changed") for each in problems(small_path))

    def test_a_rewritten_entry_with_its_own_hash_breaks_the_next_link(self, small_path):
        """Whoever recomputes one hash has to recompute all that follow, up to the head that was noted elsewhere."""
        with Registry.open(small_path) as registry:
            entry = registry.history()[1]
        content = {**entry.content, "kind": "scope"}
        sealed = json.dumps(
            [2, entry.at, entry.action, content, entry.previous_sha256], sort_keys=True, separators=(",", ":")
        )
        digest = hashlib.sha256(sealed.encode()).hexdigest()
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        tamper(small_path, f"UPDATE audit_log SET content = '{text}', entry_sha256 = '{digest}' WHERE id = 2")
        found = problems(small_path)
        assert not any("entry 2" in each for each in found)
        assert any("The history is broken at entry 3" in each for each in found)

    @pytest.mark.parametrize(
        ("statement", "table"),
        [
            ("UPDATE audit_log SET content = 'x' WHERE id = 2", "audit_log: row 2"),
            ("UPDATE audit_log SET content = '{}' WHERE id = 2", "audit_log: row 2"),
            ("UPDATE layers SET provenance = 'x' WHERE id = 1", "layers: row 1"),
            ("UPDATE layers SET provenance = '{}' WHERE id = 1", "layers: row 1"),
            ("UPDATE layers SET layer_kind = 'x' WHERE id = 1", "layers: row 1"),
        ],
    )
    def test_what_can_no_longer_be_read(self, small_path, statement, table):
        tamper(small_path, statement)
        with pytest.raises(StoreError, match=f"{table} was changed or damaged"):
            problems(small_path)

    def test_a_damaged_page(self, small_path):
        damage(small_path, "(SELECT table_name FROM layers)")
        assert problems(small_path)

    def test_a_damaged_history(self, small_path):
        damage(small_path, "('audit_log')")
        with pytest.raises(StoreError, match="the file is damaged"):
            problems(small_path)


def test_the_first_link(empty):
    (entry,) = empty.history()
    assert (entry.sequence, entry.action, entry.previous_sha256) == (1, "create", FIRST_LINK)
    assert entry.content["identity"] == empty.identity
    digest = hashlib.sha256(
        json.dumps(
            [1, entry.at, "create", entry.content, FIRST_LINK], sort_keys=True, separators=(",", ":")
        ).encode()
    ).hexdigest()  # fmt: skip
    assert entry.entry_sha256 == digest


def test_the_same_rows_have_the_same_seal_in_any_registry(tmp_path):
    hashes = set()
    for name in ("a.gpkg", "b.gpkg"):
        with Registry.create(tmp_path / name) as registry:
            if name == "b.gpkg":
                add(registry, "other", Kind.SCOPE, geometries=[square(5, 5)])
            hashes.add(add(registry).content_sha256)
    assert len(hashes) == 1
