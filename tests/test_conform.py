import json
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.conform import conform, make_record_ids
from registry.errors import SourceError
from registry.model import Kind
from registry.schema import fields, stated_fields


def rows_of(attributes, kind=Kind.MINEFIELDS, **field_map):
    return conform(pd.DataFrame(attributes), kind, field_map, "a.gpkg")


def cells(column):
    """The cells of a column, None where there is nothing; pandas 3 has NaN in columns of text."""
    return [None if pd.isna(cell) else cell for cell in column]


def test_a_column_fills_the_field_it_is_named_after_or_was_named_for():
    found = rows_of({"mines_ap": ["12"], "FileId": [7.0], "colour": ["red"]}, map_sheet="FileId")
    assert dict(found.matched) == {"mines_ap": "mines_ap", "map_sheet": "FileId"}
    row = found.frame.iloc[0]
    assert (row["mines_ap"], row["map_sheet"]) == (12, "7")
    assert json.loads(row["source_fields"]) == {"colour": "red"}
    assert found.misread == ()


def test_a_named_column_wins_over_one_that_bears_the_fields_name():
    found = rows_of({"district": ["theirs"], "region": ["ours"]}, district="region")
    assert cells(found.frame["district"]) == ["ours"]
    assert json.loads(found.frame["source_fields"][0]) == {"district": "theirs"}


def test_a_column_that_was_named_fills_no_second_field():
    found = rows_of({"district": ["A-1"]}, map_sheet="district")
    assert dict(found.matched) == {"map_sheet": "district"}
    assert "district" not in found.frame


def test_columns_that_the_program_fills_are_not_taken_from_a_source():
    found = rows_of({"plot_status": ["PLOTTED"], "repaired": [True]})
    assert not found.matched
    assert json.loads(found.frame["source_fields"][0]) == {"plot_status": "PLOTTED", "repaired": True}


def test_a_value_that_is_not_understood_stays_as_it_came():
    found = rows_of({"mines_ap": ["about 12", "3"], "laid_from": ["2,006", "05.2006"]})
    assert [(bad.row, bad.field, bad.column) for bad in found.misread] == [
        (0, "mines_ap", "mines_ap"),
        (0, "laid_from", "laid_from"),
    ]
    assert found.misread[0].reason == "'about 12' is not a number."
    assert cells(found.frame["mines_ap"]) == [None, 3]
    assert json.loads(found.frame["source_fields"][0]) == {"mines_ap": "about 12", "laid_from": "2,006"}
    assert cells(found.frame["source_fields"])[1] is None


def test_a_date_and_how_much_of_it_is_known():
    found = rows_of({"laid_from": ["12.06.1993", "1993-06", "1993", None]})
    assert cells(found.frame["laid_from"]) == ["1993-06-12", "1993-06-01", "1993-01-01", None]
    assert cells(found.frame["laid_from_precision"]) == ["DAY", "MONTH", "YEAR", None]


def test_empty_cells_are_kept_nowhere():
    found = rows_of({"district": ["", None], "a": [np.nan, " "], "b": [pd.NaT, pd.NaT]})
    assert cells(found.frame["district"]) == [None, None]
    assert cells(found.frame["source_fields"]) == [None, None]
    assert found.misread == ()


def test_what_gdal_hands_over_beside_text_and_numbers():
    found = rows_of({"list": [np.array([1, 2])], "bytes": [b"\x01\xff"], "day": [date(2021, 6, 12)], "big": [np.inf]})
    assert json.loads(found.frame["source_fields"][0], parse_constant=pytest.fail) == {
        "list": [1, 2],
        "bytes": "01ff",
        "day": "2021-06-12",
        "big": "Infinity",
    }


def test_a_value_that_is_stated_for_all_rows():
    frame = pd.DataFrame({"name": ["A", "B"], "release_type": ["yes", "no"]})
    found = conform(frame, Kind.RELEASED, {}, "a.gpkg", stated={"release_type": "CLEARED", "released_on": "2019-05"})
    assert found.frame["release_type"].tolist() == ["CLEARED"] * 2
    assert found.frame["released_on"].tolist() == ["2019-05-01"] * 2
    assert found.frame["released_on_precision"].tolist() == ["MONTH"] * 2
    # What the source itself says under that name is kept beside.
    assert json.loads(found.frame["source_fields"][0]) == {"release_type": "yes"}
    assert dict(found.matched) == {"name": "name"}


@pytest.mark.parametrize(
    ("stated", "named", "said"),
    [
        ({"colour": "red"}, {}, "no field 'colour'"),
        ({"release_type": "DONE"}, {}, "'DONE' is no value of release_type"),
        ({"name": "A"}, {"name": "theirs"}, "name one of them"),
    ],
)
def test_a_stated_value_that_cannot_be(stated, named, said):
    with pytest.raises(SourceError, match=said):
        conform(pd.DataFrame({"theirs": ["x"]}), Kind.RELEASED, named, "a.gpkg", stated=stated)


def test_no_columns_and_no_rows():
    assert len(conform(pd.DataFrame(index=range(3)), Kind.SCOPE, {}, "a").frame) == 3
    assert len(conform(pd.DataFrame({"name": []}), Kind.SCOPE, {}, "a").frame) == 0


def test_a_field_that_does_not_exist_is_answered_with_those_that_do():
    with pytest.raises(SourceError, match="no field 'sheet' for minefields; the fields are record_id, map_sheet"):
        rows_of({"a": [1]}, sheet="a")
    with pytest.raises(SourceError, match="no field 'plot_status'"):
        rows_of({"a": [1]}, plot_status="a")


def test_a_column_that_does_not_exist_is_answered_with_those_that_do():
    with pytest.raises(SourceError, match=r"a\.gpkg: it has no column 'sheet'; its columns are a, b\."):
        rows_of({"a": [1], "b": [2]}, map_sheet="sheet")


@given(
    st.sampled_from(Kind),
    st.lists(
        st.dictionaries(
            st.sampled_from([*stated_fields(Kind.MINEFIELDS), *stated_fields(Kind.ACCIDENTS), "other"]),
            st.none() | st.text() | st.integers() | st.floats() | st.booleans(),
        ),
        max_size=5,
    ),
)
def test_every_value_is_in_its_field_or_in_source_fields(kind, rows):
    attributes = pd.DataFrame(rows, dtype=object, index=range(len(rows)))
    found = conform(attributes, kind, {}, "a")
    assert len(found.frame) == len(rows)
    assert set(found.frame.columns) <= {field.name for field in fields(kind)}
    for index, row in enumerate(rows):
        text = cells(found.frame["source_fields"])[index]
        kept = json.loads(text, parse_constant=pytest.fail) if text else {}
        for column, value in row.items():
            empty = value is None or value != value or (isinstance(value, str) and not value.strip())
            taken = column in found.matched and cells(found.frame[column])[index] is not None
            assert empty or (column in kept) is not taken


def test_record_ids_are_the_sources_own_or_made_from_document_and_feature():
    frame = pd.DataFrame({"record_id": ["A-1", None], "feature_index": [0, 1]})
    assert make_record_ids(frame, Kind.MINEFIELDS, "0123456789").tolist() == ["A-1", "01234567-1"]
    assert make_record_ids(frame, Kind.ACCIDENTS, "0123456789").tolist() == ["01234567-0", "01234567-1"]
