"""What location error makes of M1, all of it in one call, on a belt whose figures are known."""

import numpy as np
import pytest
import shapely
from ground import GROUND, events, records

from registry.compare.areas import rank_records
from registry.compare.eligibility import select_events
from registry.compare.location import measure_location_error
from registry.compare.study import study_area

BELT = shapely.box(0, 0, 20_000, 100)


def measured(places, *, sigma_m=None, of_record=None, **options):
    happened = events(*places, sigma_m=sigma_m)
    ranked = rank_records(records(BELT, sigma_m=[of_record]), {"a": None}, GROUND)
    return measure_location_error(
        select_events(happened, ranked), ranked, study_area(ranked, happened), **options
    )  # fmt: skip


@pytest.fixture(scope="module")
def across():
    """400 events spread evenly over the belt, along it and across it."""
    along = (np.arange(400) + 0.5) * 50
    return [(x, (number * 37 % 100) + 0.5) for number, x in enumerate(along)]


def test_the_ceiling_of_a_belt_of_100_m(across):
    found = measured(across, assumed_m=50.0)
    assert (found.events, found.errors_stated, found.assumed_m, found.record_sigma_m) == (400, 0, 50.0, None)
    # A property of the map and the error: 0.610 for a long belt, less its ends.
    assert found.ceiling == pytest.approx(0.610, abs=0.005)
    known = {10.0: 0.920, 30.0: 0.761, 50.0: 0.610, 100.0: 0.369, 200.0: 0.195}
    assert {row.sigma_m: row.ceiling for row in found.sensitivity} == pytest.approx(known, abs=0.005)
    assert found.blurred.value == pytest.approx(found.ceiling, abs=0.02)


def test_the_errors_of_events_and_records_add_up(across):
    found = measured(across, sigma_m=[30.0] * 400, of_record=40.0, assumed_m=7.0)
    assert (found.errors_stated, found.record_sigma_m, found.median_sigma_m) == (400, 40.0, 50.0)
    assert found.ceiling == pytest.approx(0.610, abs=0.005)


def test_an_error_that_nobody_stated_is_not_invented(across):
    found = measured(across, sigma_m=[*[30.0] * 399, np.nan])
    assert (found.errors_stated, found.median_sigma_m, found.ceiling) == (399, None, None)
    assert found.blurred.value is None
    assert "give --sigma" in found.blurred.reason
    assert (found.estimate.value, found.estimate.low) == (None, None)
    assert len(found.sensitivity) == 5


def test_records_elsewhere_would_hold_fewer(across):
    chance = measured(across, assumed_m=10.0).chance
    assert chance.expected < 0.1
    assert chance.lift > 10


def test_nothing_to_blur():
    happened, nothing = events((0, 0)), rank_records(records(), {}, GROUND)
    assert measure_location_error(select_events(happened, nothing), nothing, None) is None
