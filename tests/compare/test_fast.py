import numpy as np
import pytest
import shapely

pytest.importorskip("numba", reason="Numba, the extra fast, is not installed.")

from close_calls import close_calls
from hypothesis import given
from hypothesis import strategies as st

from registry.compare import compiled, fast, plain
from registry.compare.kernel import TOLERANCE_M

DISTANCES_M = (0.0, TOLERANCE_M)


def assert_same(polygons, xy, held):
    """The two tiers give the same pairs, the same nearest records and the same distances."""
    quick, plainly = fast.search_for(polygons), plain.Search(polygons)
    for within_m in DISTANCES_M:
        found, wanted = quick.covering(xy, within_m), plainly.covering(xy, within_m)
        for mine, theirs in zip(found, wanted, strict=True):
            np.testing.assert_array_equal(mine, theirs)
        outside = np.setdiff1d(np.arange(len(xy)), wanted[0])
        for cut in (None, held[outside]):
            (record, distance_m), (known, known_m) = (search.nearest(xy[outside], cut) for search in (quick, plainly))
            np.testing.assert_array_equal(record, known)
            np.testing.assert_allclose(distance_m, known_m, rtol=1e-14, atol=1e-9)


@pytest.mark.parametrize("seed", range(12))
def test_tens_of_thousands_of_close_calls(seed):
    case = close_calls(np.random.default_rng(seed), 2_500)
    assert_same(case.polygons, case.xy, case.held)
