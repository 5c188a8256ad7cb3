import geopandas as gpd
import pandas as pd
import pytest

from maps.attributes import attribute_columns, plain_value, text_column
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


def values(column):
    return [column[row] for row in range(len(column.codes))]


def test_text_columns_keep_what_is_missing():
    assert values(text_column("", "", pd.Series(["a", None], dtype="string"))) == ["a", None]
    assert values(text_column("", "", pd.Series([1, None], dtype="Int64"))) == ["1", None]


def test_repeated_values_are_stored_once():
    rows = gpd.GeoDataFrame({"map_sheet": ["A", "A", None, "A", "B"]}, geometry=[None] * 5)
    (column,) = attribute_columns(Kind.MINEFIELDS, rows, (), None)
    assert column.words == ["A", "B"]
    assert column.codes.tolist() == [0, 0, -1, 0, 1]
    assert column.section == "recorded"


def test_dates_are_as_precise_as_they_were_stated():
    days = pd.to_datetime(pd.Series(["1993-05-01", "1993-05-01", None, "1994-01-01"])).astype("datetime64[s]")
    precisions = pd.Series(["MONTH", None, None, "YEAR"], dtype="string")
    rows = gpd.GeoDataFrame({"laid_from": days, "laid_from_precision": precisions}, geometry=[None] * 4)
    (column,) = attribute_columns(Kind.MINEFIELDS, rows, (), None)
    assert values(column) == ["1993-05", "1993-05-01", None, "1994"]


def test_no_rows_no_columns():
    assert attribute_columns(Kind.MINEFIELDS, gpd.GeoDataFrame({"map_sheet": []}, geometry=[]), (), None) == []
