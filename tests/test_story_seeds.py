"""Ten worlds like the demonstration's with other seeds; 200 are in docs/calibration.md."""

import sys
from pathlib import Path

import numpy as np
import pytest

from registry.demo import SEED

sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))

from story_seeds import BEGIN, END, PAGE, SEEDS, Outcome, holds, report, run_seed


@pytest.fixture(scope="module")
def outcomes():
    return [run_seed(seed) for seed in SEEDS[:10]]


def test_the_totals_come_out_whatever_the_seed(outcomes):
    assert SEED not in SEEDS
    assert [each.wrong for each in outcomes] == [()] * 10


@pytest.mark.parametrize("name", ["m1", "m1_wilson", "m1d", "m2", "m2_bounds"])
def test_stated_intervals_hold(outcomes, name):
    """Of ten intervals that hold in 95 %, seven or more do but once in a thousand times."""
    assert sum(getattr(each, name) for each in outcomes) >= 7


def test_the_estimate_is_not_far_off(outcomes):
    errors = [each.m1d_error for each in outcomes if each.m1d_error is not None]
    assert len(errors) >= 8
    assert abs(np.mean(errors)) < 0.08


def test_an_interval_that_does_not_hold_is_seen():
    assert holds(0.1, 0.2, 0.15)
    assert not holds(0.1, 0.2, 0.21)
    assert not holds(None, None, 0.5)
    missed = Outcome(("victims",), False, True, True, None, True, True)
    text = report([missed, Outcome((), True, True, True, 0.02, True, True)])
    assert "| M1: 95 % interval holds the expected recorded share | 2 | 1 | 50.0 (9.5 to 90.5) |" in text
    assert "Totals that did not come out: victims." in text
    assert "+2.0 points off" in text


def test_the_page_has_the_table():
    table = PAGE.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0]
    assert "| totals as they are built in | 200 | 200 | 100.0 (98.1 to 100.0) |" in table
