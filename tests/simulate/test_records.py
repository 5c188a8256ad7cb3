"""Maps of a world: what they leave out, how far off they are, their defects."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from recount import SMALL, on_plane

from registry.simulate.options import BatchOptions, WorldOptions, demo_options
from registry.simulate.world import World, make_world


def test_defects_are_what_was_asked_for(world: World) -> None:
    records, options = world.records, demo_options()
    assert records.geometry.isna().sum() == (records["defect"] == "unplotted").sum() == options.unplotted_records
    present = records[records.geometry.notna()]
    assert (~present.is_valid).sum() == (present["defect"] == "invalid").sum() == options.invalid_records
    repeated = records[records["defect"] == "repeated"]
    first = records[records["record_id"].isin(repeated["record_id"])].drop_duplicates("record_id")
    assert len(repeated) == options.repeated_records
    pairs = repeated.merge(first, on="record_id")
    assert (pairs["handed_over_on_x"] > pairs["handed_over_on_y"]).all()
    assert (pairs["geometry_x"] == pairs["geometry_y"]).all()


def test_the_shifted_sheet_lies_240_m_too_far_north(world: World) -> None:
    shifted = world.records[world.records["defect"] == "shifted"]
    true = world.true_areas.set_index("field_id").loc[shifted["field_id"]]
    north = on_plane(shifted).centroid.y.to_numpy() - on_plane(true).centroid.y.to_numpy()
    assert shifted["map_sheet"].nunique() == 1
    assert north.mean() == pytest.approx(240.0, abs=4 * 20.0 / np.sqrt(len(shifted)))


def test_perfect_maps_hold_every_event() -> None:
    options = replace(SMALL, omitted_share=0.0, record_sigma_m=0.0, stray_share=0.0, events=400)
    exact = replace(options, event_sigma_m=(0.0,), event_sigma_shares=(1.0,))
    made = make_world(exact, 4)
    assert made.truth.events_outside_records == 0
    assert made.truth.records_union_m2 == pytest.approx(made.truth.true_area_m2)


def test_omission_is_within_binomial_bounds() -> None:
    options = WorldOptions(fields=480, omitted_share=0.3, events=10)
    omitted = [480 - make_world(options, seed).truth.fields_recorded for seed in range(20)]
    n = 480 * 20
    assert sum(omitted) == pytest.approx(0.3 * n, abs=4 * np.sqrt(n * 0.3 * 0.7))


def test_record_error_has_the_stated_sigma() -> None:
    made = make_world(WorldOptions(record_sigma_m=50.0, omitted_share=0.0, events=10), 5)
    true = on_plane(made.true_areas.set_index("field_id").loc[made.records["field_id"]]).centroid
    moved = on_plane(made.records).centroid
    offsets = np.concatenate([moved.x.to_numpy() - true.x.to_numpy(), moved.y.to_numpy() - true.y.to_numpy()])
    assert offsets.std() == pytest.approx(50.0, rel=4 / np.sqrt(2 * len(offsets)))


def test_without_a_handover_nothing_is_mapped() -> None:
    made = make_world(replace(SMALL, batches=()), 7)
    assert len(made.records) == 0
    assert made.truth.records_union_m2 == 0
    assert made.truth.events_outside_records == len(made.events) == 30


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (replace(SMALL, batches=(BatchOptions("A", date(2021, 1, 1), sheets=49),)), "49 sheets"),
        (replace(SMALL, repeated_records=1), "second batch"),
        (replace(SMALL, invalid_records=61), "defective"),
    ],
)
def test_options_that_cannot_be_met(options: WorldOptions, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_world(options, 0)
