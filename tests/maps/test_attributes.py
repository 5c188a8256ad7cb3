import geopandas as gpd
import pandas as pd
import pytest

from maps.attributes import attribute_columns, plain_value, texts
from registry.model import Kind


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"a": [1, None, {"b": True}], "c": ""}, "a: 1; b: yes"),
        (float("inf"), "inf"),
        ("", None),
        ([], None),
        (None, None),
        (0, 0),
        (False, "no"),
        (2.5, 2.5),
    ],
)
def test_plain_value(value, shown):
    assert plain_value(value) == shown


def test_texts_keep_what_is_missing():
    assert texts(pd.Series(["a", None], dtype="string")) == ["a", None]
    assert texts(pd.Series([1, None], dtype="Int64")) == ["1", None]


def test_repeated_values_are_stored_once():
    rows = gpd.GeoDataFrame({"map_sheet": ["A", "A", None, "A", "B"]}, geometry=[None] * 5)
    (column,) = attribute_columns(Kind.MINEFIELDS, rows, (), None)
    assert column["words"] == ["A", "B"]
    assert column["rows"] == [0, 0, -1, 0, 1]
    assert column["section"] == "recorded"


def test_no_rows_no_columns():
    assert attribute_columns(Kind.MINEFIELDS, gpd.GeoDataFrame({"map_sheet": []}, geometry=[]), (), None) == []
