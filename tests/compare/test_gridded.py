import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from registry.compare import gridded
from registry.compare.blur import dissolve
from registry.compare.gridded import GriddedLand, held_by


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(1, 40)), min_size=1, max_size=6),
    st.sampled_from([1, 3, 7, 32]),
)
def test_a_grid_decides_as_the_polygons_do(squares, side):
    """Squares and what they leave of a frame, seen at places of a lattice that hits borders of cells and of squares."""
    frame = np.array([shapely.box(0, 0, 96, 96)], dtype=object)
    drawn = dissolve(np.array([shapely.box(x, y, x + size, y + size) for x, y, size in squares], dtype=object))
    places = np.array([(x / 2, y / 2) for x in range(193) for y in range(0, 193, 3)])
    rest = np.asarray(shapely.get_parts(shapely.difference(frame[0], shapely.union_all(drawn))), dtype=object)
    for parts in (drawn, rest):
        one_by_one = held_by(places, parts, shapely.STRtree(parts))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(gridded, "_FEW_PER_PART", 0)
            assert np.array_equal(GriddedLand.over(parts, frame, side).hold(places), one_by_one)
        assert np.array_equal(GriddedLand.over(parts, frame, side).hold(places), one_by_one)


def test_a_cell_that_is_all_land_needs_no_look(monkeypatch):
    """A square over a hundred cells of its own, of which no border touches eighty-one."""
    square = np.array([shapely.box(0, 0, 100, 100)], dtype=object)
    land = GriddedLand.over(square, np.array([shapely.box(0, 0, 200, 200)], dtype=object), 20)
    # Borders lie in the first row and column of cells, and in those beyond the last.
    assert (np.count_nonzero(land.holds), np.count_nonzero(land.touches & ~land.holds)) == (81, 40)
    looked_at = []
    monkeypatch.setattr(
        gridded, "held_by", lambda places, *_: looked_at.extend(places.tolist()) or [True] * len(places)
    )
    assert land.hold(np.array([[55.0, 55.0], [150.0, 20.0], [5.0, 55.0]])).tolist() == [True, False, True]
    assert looked_at == [[5.0, 55.0]]
