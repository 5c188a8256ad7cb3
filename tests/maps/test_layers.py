import json

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from sea import HOSTILE, first_batch, square

from maps.layers import LayerData, encode_geometry, escaped_json, layer_block
from registry.model import Kind


def decode(encoded):
    """What the page does, in Python: features as lists of parts of rings, or of points."""
    vertices = iter(np.cumsum(np.array(encoded["steps"]).reshape(-1, 2), axis=0).tolist())
    if "parts" not in encoded:
        return [[next(vertices) for _ in range(count)] for count in encoded["features"]]
    rings = iter([[next(vertices) for _ in range(count)] for count in encoded["rings"]])
    parts = iter([[next(rings) for _ in range(count)] for count in encoded["parts"]])
    return [[next(parts) for _ in range(count)] for count in encoded["features"]]


def cell(block, label, row):
    (column,) = [column for column in block["columns"] if column["label"] == label]
    if "values" in column:
        return column["values"][row]
    number = column["rows"][row]
    return None if number < 0 else column["words"][number]


def data_of(registry, batch_id, kind, classified=None):
    layer = registry.layer(batch_id, kind)
    return LayerData(layer, registry.read(layer), registry.handover(batch_id), registry.documents(layer), classified)


def test_polygon_with_a_hole_and_two_parts():
    hole = shapely.Polygon(square(1, 2, 4).exterior, [square(2, 3, 1).exterior])
    both = shapely.MultiPolygon([square(-30, 0, 1), hole])
    decoded = decode(encode_geometry(np.array([square(5, 5, 1), both])))
    assert [len(feature) for feature in decoded] == [1, 2]
    assert sorted(decoded[0][0][0]) == [
        [5_000_000, 5_000_000],
        [5_000_000, 6_000_000],
        [6_000_000, 5_000_000],
        [6_000_000, 6_000_000],
    ]
    assert [len(ring) for ring in decoded[1][1]] == [4, 4]
    assert [2_000_000, 3_000_000] in decoded[1][1][1]


def test_points_and_nothing():
    points = np.array([shapely.Point(-30.5, 0.25), shapely.MultiPoint([(1, 2), (3, 4)])])
    assert decode(encode_geometry(points)) == [
        [[-30_500_000, 250_000]],
        [[1_000_000, 2_000_000], [3_000_000, 4_000_000]],
    ]
    assert decode(encode_geometry(np.array([shapely.Point(1, 2)]))) == [[[1_000_000, 2_000_000]]]
    assert encode_geometry(np.array([], dtype=object)) == {"steps": [], "features": []}


@given(
    st.lists(
        st.lists(
            st.tuples(st.floats(-180, 180, allow_nan=False), st.floats(-90, 90, allow_nan=False)),
            min_size=1,
            max_size=4,
        ),
        min_size=1,
        max_size=6,
    )
)
def test_positions_come_out_within_half_a_unit(features):
    decoded = decode(encode_geometry(np.array([shapely.MultiPoint(points) for points in features])))
    for points, units in zip(features, decoded, strict=True):
        np.testing.assert_allclose(np.array(units) * 1e-6, points, atol=0.51e-6)


@given(st.text())
def test_any_text_survives_and_cannot_end_its_element(text):
    escaped = escaped_json({"value": text})
    assert json.loads(escaped) == {"value": text}
    assert not set("<>&\u2028\u2029") & set(escaped)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_escaped(text):
    assert "<" not in escaped_json([text])


def test_block_leaves_out_rows_without_geometry(sea_registry):
    block = layer_block(data_of(sea_registry, "batch-1", Kind.MINEFIELDS), "minefields-0")
    assert len(block["geometry"]["features"]) == 3
    assert block["ids"] == ["minefields-0", "minefields-1", "minefields-2"]
    assert block["invalid"] == [2]


def test_columns_are_readable_and_empty_ones_are_gone(sea_registry):
    block = layer_block(data_of(sea_registry, "batch-1", Kind.MINEFIELDS), "minefields-0")
    assert cell(block, "Map sheet the record belongs to", 0) == "A-1"
    assert cell(block, "Anti-personnel mines recorded", 0) == 120
    assert cell(block, "Laying pattern", 0) == "Rows, standard pattern"
    assert cell(block, "First day of laying", 0) == "1993-05"
    assert cell(block, "colour", 0) == "red"
    assert cell(block, "colour", 1) is None
    assert cell(block, "Position error, one sigma, as stated or as written", 0) == 50.0
    assert cell(block, "Accuracy of that operation", 1) == "2 m, by its publisher"
    assert cell(block, "Document", 0).startswith("minefields.geojson (SHA-256 ")
    labels = [column["label"] for column in block["columns"]]
    assert "Rows of mines" not in labels
    assert "note" not in labels


def test_units_travel_with_their_column(sea_registry):
    block = layer_block(data_of(sea_registry, "batch-1", Kind.MINEFIELDS), "minefields-0")
    assert {column["label"]: column["unit"] for column in block["columns"]}["Anti-personnel mines recorded"] == "mines"


def test_batch_says_who_gave_what_to_whom(sea_registry):
    block = layer_block(data_of(sea_registry, "batch-1", Kind.MINEFIELDS), "minefields-0")
    assert block["batch"] == [
        ["Batch", "First batch (batch-1)"],
        ["Given by → to", "Party A → Party B"],
        ["Handed over on", "2021-06-12"],
    ]
    assert first_batch().giving_party == "Party A"


def test_repeated_event_numbers_keep_their_own_class(sea_registry):
    data = data_of(sea_registry, "events", Kind.ACCIDENTS)
    same = data.frame.assign(accident_id="7").astype({"accident_id": "string"})
    classified = gpd.GeoDataFrame(
        {
            "batch_id": "events",
            "accident_id": "7",
            "event_class": ["inside", "near", "outside", "unlocated"],
            "records": [("b/1", "b/2"), ("b/1",), ("b/2",), ()],
            "distance_m": [0.0, 55.6, np.inf, np.nan],
        },
        geometry=data.frame.geometry.to_numpy(),
        crs=4326,
    )
    block = layer_block(LayerData(data.layer, same, data.handover, data.documents, classified), "not-compared")
    assert block["classes"] == ["inside", "near", "outside", "not-compared"]
    assert cell(block, "Covered by", 0) == "b/1; b/2"
    assert cell(block, "Covered by", 1) is None
    assert cell(block, "Nearest record", 1) == "b/1"
    assert [cell(block, "Distance to it", row) for row in range(4)] == [None, 56, None, None]
