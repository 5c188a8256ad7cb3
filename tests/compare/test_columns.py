import numpy as np
import pandas as pd
import pytest

from registry.compare.columns import days, flags, numbers, texts, values
from registry.errors import CompareError

FRAME = pd.DataFrame(
    {
        "name": pd.array([" N-38 ", "", None], dtype="string"),
        "flag": pd.array([True, False, None], dtype="boolean"),
        "count": pd.array([3, None, 0], dtype="Int64"),
        "devices": [[{"category": "AP_MINE"}], None, []],
    }
)


def test_what_is_not_stated_is_none():
    assert values(FRAME, "name").tolist() == [" N-38 ", "", None]
    assert values(FRAME, "devices").tolist() == [[{"category": "AP_MINE"}], None, []]
    assert texts(FRAME, "name").tolist() == ["N-38", None, None]
    assert flags(FRAME, "flag").tolist() == [True, False, False]
    assert numbers(FRAME, "count").tolist()[::2] == [3, 0]
    assert np.isnan(numbers(FRAME, "count")[1])


def test_a_frame_without_rows():
    nothing = pd.DataFrame({"name": [], "on": [], "on_precision": []})
    assert [len(read(nothing, "name")) for read in (values, texts, flags, numbers)] == [0] * 4
    assert [len(part) for part in days(nothing, "on")] == [0, 0]


def test_a_missing_column_is_named():
    with pytest.raises(CompareError, match="no column map_sheet"):
        texts(FRAME, "map_sheet")


def test_first_and_last_day_of_a_date():
    frame = pd.DataFrame(
        {
            "on": pd.to_datetime(["2020-02-01", "2020-02-01", "2020-01-01", None]),
            "on_precision": ["DAY", "MONTH", "YEAR", None],
        }
    )
    first, last = days(frame, "on")
    assert first.astype(str).tolist() == ["2020-02-01", "2020-02-01", "2020-01-01", "NaT"]
    assert last.astype(str).tolist() == ["2020-02-01", "2020-02-29", "2020-12-31", "NaT"]
