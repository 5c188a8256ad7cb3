"""What the registry holds, as far as an import is tested against it."""

import geopandas as gpd
import shapely
from batches import add, bow_tie, square

from registry.held import areas_held, with_records
from registry.model import Handover, Kind


def names(held):
    return held.record_names.tolist()


def test_nothing(empty):
    held = areas_held(empty, empty.layers(), "new")
    assert [len(each) for each in (held.districts, held.scope, held.records)] == [0, 0, 0]
    assert held.reference is None


def test_districts_of_all_batches_and_the_scope_of_this_one(small):
    add(small, "new", Kind.SCOPE, [square(20, 20)])
    add(small, "other", Kind.SCOPE, [square(40, 40)])
    held = areas_held(small, small.layers(), "new")
    assert held.district_names.tolist() == ["Middle of the sea"]
    assert held.districts[0].symmetric_difference(square(-1, -1, 8)).area < 1e-12
    assert [shape.bounds for shape in held.scope] == [square(20, 20).bounds]
    assert held.reference.buffer(1e-9).covers(shapely.union_all([square(-1, -1, 8), square(20, 20)]))


def test_districts_that_cannot_be_drawn_are_left_out(empty):
    shapes = [square(0, 0), None, bow_tie(5, 5)]
    add(
        empty,
        "districts",
        Kind.DISTRICTS,
        shapes,
        name=["a", "b", "c"],
        plot_status=["PLOTTED", "UNPLOTTABLE", "INVALID"],
    )
    assert areas_held(empty, empty.layers(), "new").district_names.tolist() == ["a"]


def test_records_that_lie_where_the_new_ones_do(empty):
    add(empty, "near", geometries=[square(0, 0), square(90, 90), None])
    add(empty, "old", geometries=[square(0, 0)])
    add(empty, "new", Kind.SURVEYED, [square(0, 0)], handover=Handover("new", "New"))
    nothing = areas_held(empty, empty.layers(), "new")
    new = gpd.GeoDataFrame(geometry=[square(0.5, 0.5)], crs=4326)
    held = with_records(nothing, empty, empty.layers(), new, Kind.MINEFIELDS, but={"new", "old"})
    assert names(held) == ["near/minefields-0"]
    both = with_records(nothing, empty, empty.layers(), new, Kind.MINEFIELDS, but={"new"})
    assert names(both) == ["near/minefields-0", "old/minefields-0"]
    nowhere = gpd.GeoDataFrame(geometry=[None], crs=4326)
    assert names(with_records(nothing, empty, empty.layers(), nowhere, Kind.MINEFIELDS, but=set())) == []


def test_invalid_records_are_left_out(empty):
    add(empty, geometries=[bow_tie(0, 0), square(1, 0)], plot_status=["INVALID", "PLOTTED"])
    new = gpd.GeoDataFrame(geometry=[square(0, 0, 2)], crs=4326)
    nothing = areas_held(empty, empty.layers(), "new")
    assert names(with_records(nothing, empty, empty.layers(), new, Kind.MINEFIELDS, but=set())) == [
        "first/minefields-1"
    ]
