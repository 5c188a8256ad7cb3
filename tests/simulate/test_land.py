"""Mined fields: their shapes, their size, their mines."""

from dataclasses import replace

import numpy as np
import pytest
from recount import SMALL, on_plane, overlaps

from registry.simulate.land import apportion, split_by_class
from registry.simulate.options import WorldOptions
from registry.simulate.world import World, make_world


def test_fields_are_valid_and_do_not_overlap(world: World) -> None:
    shapes = on_plane(world.true_areas)
    assert shapes.is_valid.all()
    assert overlaps(shapes) == 0


def test_width_and_length_are_those_asked_for() -> None:
    options = replace(SMALL, belt_width_m=(100.0, 100.0), field_length_m=(500.0, 500.0))
    shapes = on_plane(make_world(options, 1).true_areas)
    # A straight east-west field has 100 m x 500 m; a slanted stretch is longer by at most its slope.
    assert shapes.area.min() == pytest.approx(50_000, rel=0.02)
    assert shapes.area.max() < 50_000 * 1.5


def test_a_total_is_split_by_largest_remainder() -> None:
    # 10 / 6 x (1, 2, 3) is 1.67, 3.33 and 5: the one left over goes to the first.
    assert apportion(10, np.array([1.0, 2.0, 3.0])).tolist() == [2, 3, 5]


def test_the_last_class_takes_what_rounding_leaves() -> None:
    assert split_by_class(np.array([10, 3]), np.array([[0.55, 0.25, 0.2], [0.5, 0.5, 0.0]])).tolist() == [
        [5, 2, 3],
        [1, 1, 1],
    ]


def test_lifted_fields_hold_no_mine_and_are_recorded_like_any_other() -> None:
    made = make_world(replace(SMALL, lifted_fields=20, omitted_share=0.0, mines_recorded=3_000, events=200), 3)
    lifted = made.true_areas[made.true_areas["lifted"]]
    assert len(lifted) == 20
    assert lifted["mines"].sum() == 0
    assert made.true_areas["mines"].sum() == SMALL.mines
    assert made.true_areas.loc[~made.true_areas["lifted"], "mines"].min() >= 1
    of_lifted = made.records[made.records["field_id"].isin(lifted["field_id"])]
    assert len(of_lifted) == 20
    assert of_lifted["mines_total_stated"].min() > 0
    # A third of the fields, laid as densely as the others.
    assert of_lifted["mines_total_stated"].sum() == pytest.approx(1_000, rel=0.4)
    assert not made.events["field_id"].isin(lifted["field_id"]).any()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (replace(SMALL, fields=2_000), "fewer, shorter or narrower"),
        (replace(SMALL, mines=59), "59 mines are too few"),
        (replace(SMALL, lifted_fields=60), "leave one mined"),
    ],
)
def test_options_that_cannot_be_met(options: WorldOptions, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_world(options, 0)
