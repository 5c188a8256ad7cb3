import json
import shutil

import partworld
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from geopandas.testing import assert_geodataframe_equal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.errors import SourceError
from registry.eventexport import export_events
from registry.eventparts import COLUMNS, GEOMETRY, SCHEMA, column_sha256, open_parts, read_group
from registry.model import Kind
from registry.store import Registry

KEY = b"minefield-registry"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return partworld.build(tmp_path_factory.mktemp("eventparts") / "world.gpkg")


@pytest.fixture(scope="module")
def made(path):
    """90 events in row groups of two, twenty of a part: five parts."""
    with Registry.open(path) as registry:
        export_events(registry, path.parent / "parts", group_rows=2)
    return path.parent / "parts"


@pytest.fixture
def folder(made, tmp_path):
    """The same, to be damaged as a test likes."""
    return shutil.copytree(made, tmp_path / "parts")


def rewritten(path, change=None, said=None):
    """A part written again with other rows, or saying something else of itself."""
    table = pq.read_table(path)
    metadata = dict(table.schema.metadata)
    if said is not None:
        metadata[KEY] = said(metadata[KEY])
    table = (table if change is None else change(table)).replace_schema_metadata(metadata)
    pq.write_table(table, path, row_group_size=2)


def otherwise(**changes):
    return lambda said: json.dumps({**json.loads(said), **changes}).encode()


def read_all(folder):
    return [read_group(at, COLUMNS) for at in open_parts(folder).groups]


def test_what_parts_say(made, path):
    parts = open_parts(made)
    with Registry.open(path) as registry:
        layers = registry.layers(Kind.ACCIDENTS)
        assert parts.registry == registry.identity
    assert [(layer.batch_id, layer.content_sha256, layer.rows) for layer in parts.layers] == [
        (layer.batch_id, layer.content_sha256, layer.counts.received) for layer in layers
    ]
    assert parts.layers[0].tags["TITLE"] == "Batch events"
    assert (parts.rows, len(parts.groups)) == (90, 45)
    assert len({at.path for at in parts.groups}) == 5


def test_rows_are_those_of_the_registry(made, path):
    """Every value and every type as the registry gives them."""
    import pandas

    held = pandas.concat(read_all(made)).sort_values(["batch_id", "feature_index"]).reset_index(drop=True)
    with Registry.open(path) as registry:
        columns = [name for name in COLUMNS if name != "batch_id"]
        frames = [
            registry.read(layer, columns).assign(batch_id=layer.batch_id) for layer in registry.layers(Kind.ACCIDENTS)
        ]
    stored = pandas.concat(frames, ignore_index=True)
    stored["batch_id"] = stored["batch_id"].astype("string")
    names = [*COLUMNS, GEOMETRY]
    assert_geodataframe_equal(held[names], stored[names])


def test_what_else_lies_in_the_folder_is_not_read(folder):
    (folder / "README.txt").write_text("parts of events", encoding="utf-8")
    assert open_parts(folder).rows == 90


@pytest.mark.parametrize("number", [1, 3, 5])
def test_a_missing_part_is_missed(folder, number):
    (folder / f"part-000{number}.parquet").unlink()
    with pytest.raises(SourceError, match="it does not hold each of the 5 parts once"):
        open_parts(folder)


def test_a_part_twice(folder):
    shutil.copy(folder / "part-0001.parquet", folder / "part-0001 (copy).parquet")
    with pytest.raises(SourceError, match="each of the 5 parts once"):
        open_parts(folder)


def test_parts_of_two_exports(folder, path, tmp_path):
    with Registry.open(path) as registry:
        export_events(registry, tmp_path / "more", batch_ids=("more",))
    shutil.copy(tmp_path / "more" / "part-0001.parquet", folder / "part-0006.parquet")
    with pytest.raises(SourceError, match="parts of several exports"):
        open_parts(folder)


def test_a_folder_without_parts(tmp_path):
    with pytest.raises(SourceError, match="holds no part"):
        open_parts(tmp_path)
    with pytest.raises(SourceError, match="not a folder of event parts; make one with: minefield-registry export"):
        open_parts(tmp_path / "nowhere")


def test_other_parquet_is_no_part(folder):
    pq.write_table(pa.table({"a": [1]}), folder / "other.parquet")
    with pytest.raises(SourceError, match=r"other\.parquet: it is not a part of an export"):
        open_parts(folder)


def test_what_is_no_parquet(folder):
    (folder / "part-0002.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(SourceError, match=r"part-0002\.parquet: it cannot be read as Parquet"):
        open_parts(folder)


@pytest.mark.parametrize(
    "said",
    [
        lambda _: b"",
        lambda _: b"no json",
        lambda _: b"[" * 100_000,
        lambda _: b'"text"',
        lambda _: b"null",
        lambda _: b"{}",
        otherwise(schema="minefield-registry/event-parts/v2"),
        otherwise(surplus=1),
        otherwise(part="1"),
        otherwise(registry=None),
        otherwise(layers=5),
        otherwise(layers=[{"batch_id": "events"}]),
        otherwise(layers=[{"batch_id": 5, "content_sha256": "x", "rows": 90, "tags": {}}]),
        otherwise(layers=[{"batch_id": "x", "content_sha256": "x", "rows": -1, "tags": {}}]),
        otherwise(groups=[{"rows": 2, "sha256": {}}]),
        otherwise(groups=[{"rows": 1e300, "sha256": dict.fromkeys((*COLUMNS, GEOMETRY), "0" * 64)}]),
        otherwise(groups=[{"rows": 2_000_000, "sha256": dict.fromkeys((*COLUMNS, GEOMETRY), "0" * 64)}]),
        otherwise(groups=[{"rows": 2, "sha256": dict.fromkeys((*COLUMNS, GEOMETRY), "0" * 63 + "G")}]),
        lambda said: said + b" " * 4_000_000,
    ],
)
def test_a_part_that_says_nothing_usable_is_no_part(folder, said):
    rewritten(folder / "part-0001.parquet", said=said)
    with pytest.raises(SourceError, match="it is not a part of an export of events"):
        open_parts(folder)


def test_the_schema_is_said(folder):
    assert json.loads(pq.read_schema(folder / "part-0001.parquet").metadata[KEY])["schema"] == SCHEMA


def test_rows_that_were_taken_out(folder):
    rewritten(folder / "part-0001.parquet", lambda table: table.slice(0, 10))
    with pytest.raises(SourceError, match="does not hold the rows or columns that it says"):
        open_parts(folder)


def test_a_column_that_was_taken_out(folder):
    rewritten(folder / "part-0001.parquet", lambda table: table.drop_columns(["killed"]))
    with pytest.raises(SourceError, match="does not hold the rows or columns that it says"):
        open_parts(folder)


def _other_values(table):
    return table.set_column(
        table.column_names.index("sigma_m"), "sigma_m", pa.array([1.0] * len(table), pa.float64())
    )  # fmt: skip


def _other_type(table):
    killed = table.column("killed").cast(pa.int32())
    return table.set_column(table.column_names.index("killed"), "killed", killed)


def _other_order(table):
    return table.take(list(range(len(table)))[::-1])


def _other_places(table):
    return table.set_column(
        table.column_names.index(GEOMETRY), GEOMETRY, pa.array([b"no WKB"] * len(table), pa.binary())
    )  # fmt: skip


@pytest.mark.parametrize("change", [_other_values, _other_type, _other_order, _other_places])
def test_other_rows_than_the_part_says(folder, change):
    rewritten(folder / "part-0001.parquet", change)
    with pytest.raises(SourceError, match="row group 0 does not hold what the file says it does"):
        read_all(folder)


@pytest.mark.parametrize("wkb", [b"no WKB", b"\x01\x03\x00\x00\x00\x00\x00\x00\x00", b"\x01" + b"\xff" * 20])
def test_hashes_do_not_make_points_of_other_things(folder, wkb):
    """Whoever changes the hashes too still brings in nothing but points."""
    path = folder / "part-0001.parquet"
    places = pa.array([wkb, wkb], pa.binary())

    def said(held):
        values = json.loads(held)
        for group in values["groups"]:
            group["sha256"][GEOMETRY] = column_sha256(places)
        return json.dumps(values).encode()

    def change(table):
        column = pa.array([wkb] * len(table), pa.binary())
        return table.set_column(table.column_names.index(GEOMETRY), GEOMETRY, column)

    rewritten(path, change, said)
    with pytest.raises(SourceError, match="does not hold what the file says"):
        read_all(folder)


def test_a_part_that_is_gone_meanwhile(folder):
    parts = open_parts(folder)
    (folder / "part-0001.parquet").unlink()
    with pytest.raises(SourceError, match="there is no such file on this machine"):
        read_group(parts.groups[0], COLUMNS)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_changed_byte_is_refused_or_changes_no_event(made, tmp_path, data):
    good = (made / "part-0005.parquet").read_bytes()
    place = data.draw(st.integers(0, len(good) - 1))
    byte = data.draw(st.integers(0, 255))
    bad = good[:place] + bytes([byte]) + good[place + 1 :]
    cut = data.draw(st.sampled_from([len(good), len(good), place]))
    folder = tmp_path / "changed"
    if not folder.exists():
        shutil.copytree(made, folder)
    (folder / "part-0005.parquet").write_bytes(bad[:cut])
    try:
        found = [read_group(at, COLUMNS) for at in open_parts(folder).groups[-5:]]
    except SourceError:
        return
    whole = [read_group(at, COLUMNS) for at in open_parts(made).groups[-5:]]
    for one, other in zip(found, whole, strict=True):
        assert_geodataframe_equal(one, other)


class TestColumnHash:
    def test_it_is_of_values_however_they_are_stored(self):
        whole = pa.array(["a", None, "bc", ""])
        parts = pa.chunked_array([["a", None], ["bc", ""]])
        sliced = pa.array(["zz", "a", None, "bc", "", "yy"]).slice(1, 4)
        assert len({column_sha256(each) for each in (whole, parts, sliced)}) == 1

    def test_it_tells_values_apart(self):
        columns = [
            pa.array(["ab", "c"]),
            pa.array(["a", "bc"]),
            pa.array(["ab", None]),
            pa.array(["ab", ""]),
            pa.array([None, ""], pa.string()),
            pa.array([b"ab", b"c"]),
            pa.array([1, 0]),
            pa.array([1, None], pa.int64()),
            pa.array([True, False]),
            pa.array([True, None]),
            pa.array([1.0, 0.0]),
            pa.array([1.0, None]),
            pa.array([1, 0], pa.date32()),
            pa.array([], pa.string()),
        ]
        assert len({column_sha256(column) for column in columns}) == len(columns)

    @given(st.lists(st.none() | st.text(max_size=5), max_size=20), st.integers(0, 20))
    def test_where_it_is_cut_does_not_matter(self, texts, cut):
        whole = pa.array(texts, pa.string())
        assert column_sha256(pa.chunked_array([whole.slice(0, cut), whole.slice(cut)])) == column_sha256(whole)
