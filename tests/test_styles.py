"""The styles that a GeoPackage carries, found as QGIS finds them."""

import shutil
import sqlite3
from contextlib import closing
from xml.etree import ElementTree as ET

import pyogrio
import pytest
from batches import add, new_layer, point
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry import styles
from registry.features import write_classified
from registry.looks import MINEFIELD_LOOKS
from registry.model import GEOMETRY_OF_KIND, GeometryKind, Handover, Kind
from registry.qml import classified_events_style, clusters_style, layer_style
from registry.stats import compute_stats
from registry.store import Registry

HOSTILE = "'); DROP TABLE layer_styles; --\"<script>{{7*7}}]]>%s"

# What QGIS asks a GeoPackage when it opens a layer (QgsOgrProviderMetadata::loadStoredStyle).
QGIS_ASKS = (
    "SELECT styleQML FROM layer_styles WHERE f_table_schema = '' AND f_table_name = ? AND f_geometry_column = ?"
    " ORDER BY CASE WHEN useAsDefault THEN 1 ELSE 2 END, update_time DESC LIMIT 1"
)


def rows(path, sql, *parameters):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql, parameters).fetchall()


def write(path, sql, *parameters):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(sql, parameters)


def default_style(path, table, column="geom"):
    (style,) = rows(path, QGIS_ASKS, table, column)[0]
    return style


def lines(style):
    """Colours of the lines and outlines of marks of a style."""
    read = [(each.get("k"), each.get("v")) for each in ET.fromstring(style).iter("prop")]
    return {value for key, value in read if key in {"line_color", "outline_color"}}


def of_a_person(path, table, style="<qgis/>"):
    write(path, "UPDATE layer_styles SET useAsDefault = 0 WHERE f_table_name = ?", table)
    write(
        path,
        "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName,"
        " styleQML, useAsDefault) VALUES ('', '', ?, 'geom', 'mine', ?, 1)",
        table,
        style,
    )


def test_a_new_registry_has_none_until_it_holds_a_layer(empty):
    assert rows(empty.path, "SELECT 1 FROM sqlite_master WHERE name = 'layer_styles'") == []
    add(empty)
    assert len(rows(empty.path, "SELECT 1 FROM layer_styles")) == 1


def test_every_layer_has_its_style_and_the_seal_holds(empty):
    for kind in Kind:
        is_point = GEOMETRY_OF_KIND[kind] is not GeometryKind.MULTIPOLYGON
        add(empty, "x", kind, [point(0, 0)] if is_point else None)
    add(empty, "y")
    assert empty.verify().problems == ()
    for layer in empty.layers():
        assert ET.fromstring(default_style(empty.path, layer.table_name)).find("renderer-v2") is not None
    assert lines(default_style(empty.path, "minefields_x")) == {"136,34,85,255"}
    assert lines(default_style(empty.path, "minefields_y")) == {"51,34,136,255"}


def test_table_is_listed_as_qgis_lists_it(empty):
    add(empty)
    assert rows(empty.path, "SELECT data_type FROM gpkg_contents WHERE table_name = 'layer_styles'") == [
        ("attributes",)
    ]
    held = pyogrio.read_dataframe(empty.path, layer="layer_styles")
    assert held["f_table_name"].tolist() == ["minefields_first"]
    assert held["useAsDefault"].tolist() == [True]
    assert len(held["styleName"][0]) <= 30


def test_a_withdrawn_batch_turns_grey_and_the_next_ones_move_up(empty):
    for batch_id in ("a", "b", "c"):
        add(empty, batch_id)
    empty.withdraw("b", reason="wrong file")
    assert lines(default_style(empty.path, "minefields_a")) == {"136,34,85,255"}
    assert lines(default_style(empty.path, "minefields_b")) == {"138,143,148,255"}
    assert "withdrawn, not in the figures" in default_style(empty.path, "minefields_b")
    assert lines(default_style(empty.path, "minefields_c")) == {"51,34,136,255"}
    assert len(rows(empty.path, "SELECT 1 FROM layer_styles")) == 3
    assert empty.verify().problems == ()


def test_a_superseded_batch_gives_its_colour_to_the_one_that_replaces_it(empty):
    add(empty, "a")
    add(empty, "b", supersedes="a", reason="corrected")
    assert "superseded, not in the figures" in default_style(empty.path, "minefields_a")
    assert default_style(empty.path, "minefields_b") == layer_style(GeometryKind.MULTIPOLYGON, MINEFIELD_LOOKS[0])


def test_a_style_of_a_person_stays_the_default_while_the_layer_is_in_the_figures(empty):
    add(empty, "a")
    of_a_person(empty.path, "minefields_a")
    add(empty, "b")
    assert default_style(empty.path, "minefields_a") == "<qgis/>"
    empty.withdraw("a", reason="wrong file")
    assert "withdrawn" in default_style(empty.path, "minefields_a")
    kept = rows(empty.path, "SELECT useAsDefault FROM layer_styles WHERE styleName = 'mine'")
    assert kept == [(0,)]
    assert empty.verify().problems == ()


def test_what_is_as_it_was_is_not_written_again(empty):
    add(empty, "a")
    before = rows(empty.path, "SELECT * FROM layer_styles")
    add(empty, "b")
    assert rows(empty.path, "SELECT * FROM layer_styles WHERE f_table_name = 'minefields_a'") == before


def test_a_file_that_had_none_gets_those_of_all_its_layers(empty):
    """As one written by an earlier version of this package."""
    add(empty, "a")
    write(empty.path, "DROP TABLE layer_styles")
    write(empty.path, "DELETE FROM gpkg_contents WHERE table_name = 'layer_styles'")
    add(empty, "b")
    assert {name for (name,) in rows(empty.path, "SELECT f_table_name FROM layer_styles")} == {
        "minefields_a", "minefields_b",
    }  # fmt: skip
    assert empty.verify().problems == ()


@pytest.mark.parametrize(
    "made", ["CREATE TABLE layer_styles (mine TEXT)", "CREATE VIEW layer_styles AS SELECT 1 AS id"]
)
def test_another_table_of_that_name_is_left_alone(empty, made):
    write(empty.path, made)
    add(empty, "a")
    assert len(empty.layers()) == 1
    assert len(rows(empty.path, "SELECT * FROM layer_styles")) in {0, 1}


def test_an_import_that_fails_leaves_no_style(empty, monkeypatch):
    add(empty, "a")

    def fail(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(styles, "insert", fail)
    with pytest.raises(KeyboardInterrupt):
        add(empty, "b")
    assert [layer.batch_id for layer in empty.layers()] == ["a"]
    assert len(rows(empty.path, "SELECT 1 FROM layer_styles")) == 1


def test_a_copy_made_under_another_name_keeps_them(empty, tmp_path):
    add(empty, "a")
    copy = shutil.copy(empty.path, tmp_path / "copy.gpkg")
    assert default_style(copy, "minefields_a") == default_style(empty.path, "minefields_a")


def test_classified_events_and_clusters_carry_theirs(tmp_path):
    path = tmp_path / "events.gpkg"
    with Registry.create(tmp_path / "r.gpkg") as registry:
        add(registry)
        add(registry, "events", Kind.ACCIDENTS, [point(0.5, 0.5), point(5, 5)])
        write_classified(compute_stats(registry), path)
    assert default_style(path, "classified_events") == classified_events_style()
    assert default_style(path, "unmapped_clusters") == clusters_style()
    columns = dict(rows(path, "SELECT table_name, column_name FROM gpkg_geometry_columns"))
    assert set(columns.values()) == {"geom"}
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60))
def test_no_text_of_a_person_gets_into_a_style(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("styles") / "r.gpkg"
    with Registry.create(path) as registry:
        stated = Handover("batch", f"{HOSTILE}{text}", f"{HOSTILE}{text}", notes=text)
        registry.add(new_layer("batch", handover=stated, map_sheet=[text, HOSTILE]))
        assert registry.verify().problems == ()
    ((style, described),) = rows(path, "SELECT styleQML, description FROM layer_styles")
    assert style == layer_style(GeometryKind.MULTIPOLYGON, MINEFIELD_LOOKS[0])
    assert "DROP TABLE" not in described


@pytest.mark.parametrize("table", ["a'b", 'a"b', HOSTILE, "a;b--", "таблица", "\u202ex"])
def test_a_table_of_any_name_finds_its_style(tmp_path, table):
    with closing(sqlite3.connect(tmp_path / "any.gpkg")) as connection, connection:
        connection.execute("CREATE TABLE gpkg_contents (table_name, data_type, identifier, description)")
        styles.keep_styles(connection, {table: "<qgis/>", "other": "<other/>"}, geometry_column="geom")
        styles.keep_styles(connection, {table: "<new/>"}, geometry_column="geom")
    assert default_style(tmp_path / "any.gpkg", table) == "<new/>"
    assert default_style(tmp_path / "any.gpkg", "other") == "<other/>"
