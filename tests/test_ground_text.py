"""What was found on the ground, on a terminal: counts, areas, and why something is not known."""

import io

import pytest
from batches import new_layer, point, square
from rich.console import Console

from registry import stats_text
from registry.compare.ground import GroundOptions
from registry.inputs import StatsOptions
from registry.model import Kind
from registry.stats import compute_stats

HOSTILE = "[red]x[/red] \x1b[31mred\x07"


def printed(output, width=80):
    console = Console(file=io.StringIO(), width=width, legacy_windows=False)
    console.print(output)
    return console.file.getvalue()


@pytest.fixture
def cleared(empty):
    """Twelve records, ten cleared, of which three held a mine; one more row of devices has no place."""
    fields = [square(2 * number, 0) for number in range(12)]
    stated = {"mines_ap": [10] * 12, "mines_total_stated": [10] * 12}
    empty.add(new_layer("maps", Kind.MINEFIELDS, fields, **stated))
    empty.add(new_layer("done", Kind.RELEASED, fields[:10], release_type=["CLEARED"] * 9 + [None]))
    empty.add(new_layer("more", Kind.RELEASED, fields[9:10], release_type=["CLEARED"]))
    points = [*(point(2 * number + 0.5, 0.5) for number in range(3)), None]
    finds = {"device_category": ["AP_MINE"] * 4, "quantity": [5, 5, None, 1]}
    empty.add(new_layer("finds", Kind.DEVICES, points, **finds))
    return empty


def test_counts_areas_and_reasons(cleared):
    stated = GroundOptions(fade_out_m=10.0, mines_estimated=480, estimate_source=HOSTILE)
    output = stats_text.comparison(compute_stats(cleared, StatsOptions(ground=stated)))
    words = printed(output, 200)
    assert "Of these confirmed: 3 of 10 = 30.0% (10.8%-60.3%)." in words
    assert "Of all 12 records 3 are confirmed, and 5 would be if all were" in words
    assert "Not taken as investigated: 1 areas (released: not stated)." in words
    assert "finds 3 of 3: no share; mines 11 of 11: no share." in words
    assert "1 finds without a position, 1 without a number" in words
    assert "120 (12 records state a number, 0 do not), of 480 estimated by" in words
    assert ": 0.250 (no interval" in words
    assert "[red]x[/red]" in words
    assert "\x1b" not in words
    # 11 of the 100 mines on ten investigated fields.
    assert "0.11" in words
    assert max(map(len, printed(output).splitlines())) <= 80


def test_what_nobody_stated_is_said(cleared):
    words = printed(stats_text.comparison(compute_stats(cleared)), 200)
    assert "Nobody stated a fade-out distance" in words
    assert "Nobody stated an estimate of all mines" in words


def test_without_finds(cleared):
    cleared.withdraw("finds", reason="to see")
    words = printed(stats_text.comparison(compute_stats(cleared)), 200)
    assert "0 of 10: no share. No devices layer is compared" in words
    assert "Mines found / recorded" not in words


def test_surveyed_areas_alone(empty):
    empty.add(new_layer("maps", Kind.MINEFIELDS, [square(0, 0)]))
    empty.add(new_layer("survey", Kind.SURVEYED, [square(0.5, 0)]))
    words = printed(stats_text.comparison(compute_stats(empty)), 200)
    assert "surveyed areas" in words
    assert "0.333" in words
    assert "No record is known to be investigated" in words
