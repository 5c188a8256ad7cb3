import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from registry.checks import Case, Held, Plotted, check
from registry.duplicates import number_keys
from registry.geometry import WGS84, local_equal_area, project
from registry.model import Kind

PLANE = local_equal_area((20.0, 43.0, 20.0, 43.0))


def objects(values):
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def squares(*sides):
    """Squares with their lower left corner x metres east of a place: (x, side)."""
    return objects([shapely.MultiPolygon([shapely.box(x, 0, x + side, side)]) for x, side in sides])


def plotted(number, *, kind=Kind.MINEFIELDS):
    plane = squares((0, 100))
    lonlat = project(plane, PLANE, WGS84)
    return Plotted(
        kind, np.array([0]), objects([number]), lonlat, np.array([True]), lonlat, plane, PLANE, np.array([np.nan]),
        np.array([np.nan]), objects([None]),
    )  # fmt: skip


def held(*records):
    """What other batches hold: (name, x, side)."""
    nothing = objects([])
    shapes = project(squares(*[(x, side) for _, x, side in records]), PLANE, WGS84)
    return Held(nothing, nothing, nothing, shapes, objects([name for name, _, _ in records]))


@pytest.mark.parametrize(
    ("number", "x", "side", "twin"),
    [
        ("A-1", 49, 100, True),
        ("A-1", 51, 100, False),
        (" a-1 ", 49, 100, True),
        ("A-2", 49, 100, False),
        ("A-2", 9, 100, True),
        ("A-2", 11, 100, False),
        ("A-1", 0, 200, True),
        ("A-2", 0, 200, False),
    ],
)
def test_same_number_and_half_or_same_size_and_nine_tenths(number, x, side, twin):
    assert bool(Case(plotted(number), held(("first/A-1", x, side))).twins) == twin


def test_the_batch_is_no_part_of_the_number():
    assert Case(plotted("first/A-1"), held(("first/A-1", 40, 100))).twins == {}


def test_the_finding_names_the_record_and_the_share():
    hits = [each for each in check(Case(plotted("A-1"), held(("first/A-1", 40, 100)))) if "duplicate" in each.code]
    assert [(hit.code, hit.message) for hit in hits] == [
        ("duplicate-in-registry", "first/A-1 is the same field (60% of the smaller is shared).")
    ]


def test_the_greatest_share_wins():
    (twin,) = Case(plotted("A-1"), held(("first/A-1", 40, 100), ("second/a-1", 20, 100))).twins.values()
    assert twin[0] == 1


@given(st.text(alphabet="aZ9-/ ", max_size=6), st.sampled_from(["", " ", "\t", "\u00a0"]))
def test_outer_blanks_and_case_are_no_part_of_a_number(number, blank):
    (key,) = number_keys([f"{blank}{number.upper()}{blank}"])
    assert key == next(iter(number_keys([number])))
    assert (key is None) == (not number.strip())
