"""Sheets and districts, counted on a drawing of the grid: 8 x 6 sheets of 8 km, 2 x 2 of them in a district."""

import numpy as np
import pytest

from registry.simulate.grid import district_of, sheet_at


@pytest.mark.parametrize(
    ("x", "y", "sheet", "district"),
    [
        (-31_999.0, -23_999.0, 0, 0),
        (-24_001.0, -16_001.0, 0, 0),
        (-23_999.0, -23_999.0, 1, 0),
        (-31_999.0, -15_999.0, 8, 0),
        (-15_999.0, -23_999.0, 2, 1),
        (-31_999.0, -7_999.0, 16, 4),
        (1.0, 1.0, 28, 6),
        (31_999.0, 23_999.0, 47, 11),
    ],
)
def test_numbers_run_row_by_row_from_the_south_west(x: float, y: float, sheet: int, district: int) -> None:
    sheets = sheet_at(np.array([[x, y]]))
    assert sheets.tolist() == [sheet]
    assert district_of(sheets).tolist() == [district]
