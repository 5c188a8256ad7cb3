import re
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import unpack
from sea import HOSTILE, first_batch

from maps.layers import LayerData, layer_block
from registry.model import Kind


def cell(block, label, row):
    (values,) = [values for _, name, _, values in unpack.table(block.table) if name == label]
    return values[row]


def shapes(block):
    """Header, looks of the rows, which are invalid, and features."""
    header, (look, invalid, _, *sections) = unpack.unpack(block.shapes)
    return header, [header["looks"][code] for code in look], list(invalid), unpack.features(header, sections)


def data_of(registry, batch_id, kind, classified=None):
    layer = registry.layer(batch_id, kind)
    return LayerData(layer, registry.read(layer), registry.handover(batch_id), registry.documents(layer), classified)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_only_base64_in_the_page(sea_registry, text):
    data = data_of(sea_registry, "batch-1", Kind.MINEFIELDS)
    frame = data.frame.assign(map_sheet=pd.Series([text] * len(data.frame), dtype="string"))
    block = layer_block(replace(data, frame=frame), "minefields-0")
    assert re.fullmatch("[A-Za-z0-9+/=]+", block.shapes + block.table)
    assert cell(block, "Map sheet the record belongs to", 0) == text


def test_block_leaves_out_rows_without_geometry(sea_registry):
    block = layer_block(data_of(sea_registry, "batch-1", Kind.MINEFIELDS), "minefields-0")
    _, looks, invalid, features = shapes(block)
    assert [len(features), block.count] == [3, 3]
    assert unpack.table(block.table)[0][3] == ["minefields-0", "minefields-1", "minefields-2"]
    assert invalid == [0, 0, 1]
    assert looks == ["minefields-0"] * 3
    assert block.looks == {"minefields-0"}


def test_a_district_without_a_name_has_its_number(sea_registry):
    data = data_of(sea_registry, "districts", Kind.DISTRICTS)
    named = layer_block(data, "districts")
    nameless = replace(data, frame=data.frame.assign(name=pd.Series([None], dtype="string")))
    assert unpack.table(named.table)[0][3] == ["Middle of the sea"]
    assert unpack.table(layer_block(nameless, "districts").table)[0][3] == ["districts-0"]


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
    labels = [label for _, label, _, _ in unpack.table(block.table)]
    assert "Rows of mines" not in labels
    assert "note" not in labels


def test_units_travel_with_their_column(sea_registry):
    block = layer_block(data_of(sea_registry, "batch-1", Kind.MINEFIELDS), "minefields-0")
    units = {label: unit for _, label, unit, _ in unpack.table(block.table)}
    assert units["Anti-personnel mines recorded"] == "mines"


def test_batch_says_who_gave_what_to_whom(sea_registry):
    block = layer_block(data_of(sea_registry, "batch-1", Kind.MINEFIELDS), "minefields-0")
    assert shapes(block)[0]["batch"] == [
        ["Batch", "First batch (batch-1)"],
        ["Given by", "Party A"],
        ["Given to", "Party B"],
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
    assert shapes(block)[1] == ["inside", "near", "outside", "not-compared"]
    assert cell(block, "Covered by record", 0) == "b/1; b/2"
    assert cell(block, "Covered by record", 1) is None
    assert cell(block, "Nearest record", 1) == "b/1"
    assert [cell(block, "Distance to it", row) for row in range(4)] == [None, 56, None, None]
