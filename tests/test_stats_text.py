"""A comparison on a terminal: whole, in eighty columns, and no share without its counts."""

import io
from datetime import date
from itertools import pairwise

import pytest
from batches import add, point, square
from rich.console import Console

from registry import stats_text
from registry.codes import By, Rule
from registry.demo import run_demo
from registry.inputs import StatsOptions
from registry.model import Handover, Kind, PartialDate
from registry.stats import compute_stats
from registry.store import Registry
from registry.terminal import interval

HOSTILE = "[red]x[/red] \x1b[31mred\x07"


def printed(result, width=80):
    console = Console(file=io.StringIO(), width=width, legacy_windows=False)
    console.print(stats_text.comparison(result))
    return console.file.getvalue()


def flat(result):
    """The words without the line breaks of a narrow terminal."""
    return " ".join(printed(result, 200).split())


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return run_demo(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def everything(demo):
    """The demonstration by all rules and groups, as of the last day of its handovers."""
    options = StatsOptions(
        rules=tuple(rule for rule in Rule if rule is not Rule.OUT_OF_SCOPE), as_of=date(2021, 12, 31), by=tuple(By)
    )
    with Registry.open(demo.registry_path) as registry:
        return compute_stats(registry, options)


def test_the_demonstration_fits_and_is_whole(demo, everything):
    for result in (demo.comparison, everything):
        words = printed(result)
        assert "…" not in words
        assert max(map(len, words.splitlines())) <= 80
    words = printed(demo.comparison)
    outside = demo.comparison.accuracy.all.share_outside
    assert (outside.numerator, outside.denominator, outside.method) == (132, 240, "cluster")
    assert interval(outside) in words
    assert "132 of 240 independent events would give 48.7%-61.2% (Wilson)" in " ".join(words.split())
    assert "not hazard areas" in " ".join(words.split())
    assert f" {demo.comparison.accuracy.all.median_distance_outside_m:,.0f} m" in words
    first = demo.comparison.accuracy.by_district[0]
    assert first.district in words
    assert interval(first.share_outside) in words
    assert "Of these confirmed: 25 of 100 = 25.0% (17.5%-34.3%)." in words
    assert f" {demo.comparison.ground.released.hausdorff_m:,.0f} m" in words
    assert "nothing is known" in words


def test_no_bare_percentage(demo, everything):
    for result in (demo.comparison, everything):
        lines = printed(result, 400).splitlines()
        for before, line in pairwise(lines):
            if "%" in line and "95 %" not in line:
                assert "(" in line, line
                # The interval of a cell of two lines stands below its counts.
                counts = line.split("%")[0].rsplit(" ", 1)[0].strip() or before
                assert any(char.isdigit() for char in counts), line


def test_all_groups_have_a_table(everything):
    words = printed(everything)
    for by in By:
        assert stats_text._GROUP_TITLES[by] in words


def test_a_comparison_of_nothing(empty):
    words = printed(compute_stats(empty))
    assert "%" not in words.replace("95 %", "")
    assert "nothing is known" in words
    assert "Predictive" not in words


@pytest.fixture
def sheets(empty):
    """Two sheets with events, one with a record; released land; an event without a position."""
    handover = Handover("maps", "Maps", HOSTILE, "B", handed_over_on=PartialDate(date(2021, 6, 12)))
    add(
        empty, "maps", Kind.MINEFIELDS, [square(0, 0)], handover=handover, map_sheet=[HOSTILE], laid_from=["2021-06-01"]
    )
    places = [*[point(0.5, 0.5)] * 8, *[point(9, 9)] * 4, None]
    add(empty, "events", Kind.ACCIDENTS, places, map_sheet=[*[HOSTILE] * 8, *["[b]N-2[/b]"] * 4, None])
    add(empty, "cleared", Kind.RELEASED, [square(8.5, 8.5)])
    return empty


def test_never_mapped_is_not_mapped_wrongly(sheets):
    words = flat(compute_stats(sheets))
    assert (
        "On map sheets without any record: 4 of 12 = 33.3% (13.8%-60.9%), in 1 of 2 with events: [b]N-2[/b] 4." in words
    )
    assert "There, nothing was mapped, rightly or wrongly." in words
    assert "In districts without any record: not known. No districts layer is compared." in words
    assert "mapped sheets 8 8 0" in words


def test_what_a_rule_removes_or_would(sheets):
    assert "in-released-land in land released before" in flat(compute_stats(sheets))
    assert "itself - 4 0" in flat(compute_stats(sheets))
    applied = flat(compute_stats(sheets, StatsOptions(rules=(Rule.IN_RELEASED_LAND,))))
    assert "itself 4 4 0" in applied
    assert "nothing removed 12 8 4" in applied


def test_bounds_index_and_delay(sheets):
    words = flat(compute_stats(sheets))
    assert (
        "With the 1 of them that count, inside are at least 8 of 13 = 61.5% (35.5%-82.3%) and at most 9 of 13" in words
    )
    assert "Predictive accuracy index" in words
    assert "the convex hull of records and events, and 5 km around it" in words
    assert "median 11 days, of 1 records" in words


def test_what_was_left_out_of_a_day(sheets):
    words = flat(compute_stats(sheets, StatsOptions(as_of=date(2021, 6, 11))))
    assert "As of 2021-06-11. Left out: 1 batches not surely handed over by then (maps) and 0 without a date." in words
    assert "Of accidents, 0 not surely by then and 13 without a date." in words
    assert "Of released, 0 not surely by then and 1 without a date." in words


def test_text_from_a_file_cannot_steer_a_terminal(sheets):
    words = printed(compute_stats(sheets, StatsOptions(by=tuple(by for by in By if by is not By.DISTRICT))))
    assert "\x1b" not in words
    assert "\x07" not in words
    assert "[red]x[/red]" in words


def test_only_the_first_groups_are_shown(empty):
    places = [point(number, 0) for number in range(12)]
    add(empty, "events", Kind.ACCIDENTS, places, map_sheet=[f"N-{number:02}" for number in range(12)])
    words = printed(compute_stats(empty, StatsOptions(by=(By.SHEET,))))
    assert "the first 10 of 12" in " ".join(words.split())
    assert "N-09" in words
    assert "N-10" not in words


def test_not_computed_is_not_nothing_found(sheets):
    whole = flat(compute_stats(sheets))
    bare = flat(compute_stats(sheets, StatsOptions(sections=())))
    assert "nothing can be concluded" not in whole
    assert "Not computed, so that nothing can be concluded of it here: the predictive accuracy index" in bare
    for words in ("No unmapped cluster", "No event lies on", "Predictive accuracy index", "clusters: candidates"):
        assert words not in bare
    # Both under the headline and among the reasons why the share is no accuracy.
    assert bare.count("How much of the share is location error was not computed.") == 2
