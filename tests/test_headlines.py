"""The headlines of a comparison say its own figures."""

import re

import pytest

from registry.codes import Section
from registry.compare.sentences import share_words
from registry.headlines import headlines, not_computed
from registry.inputs import StatsOptions
from registry.stats import compute_stats


def test_each_figure_in_words(small):
    comparison = compute_stats(small)
    said = headlines(comparison)
    assert [each.metric for each in said] == ["C1", "M14", "M1", "M1", "M1", "M1d", "M11", "M13", "M16"]
    assert said[0].text.startswith("Of 3 records received, 2 are plotted, 0 are invalid and left out, and 1 could not")
    accuracy = comparison.accuracy
    for sentence, share in zip(
        [*said[2:5], said[6]],
        (
            accuracy.all.share_outside,
            accuracy.before_handover.share_outside,
            accuracy.after_handover.share_outside,
            accuracy.never_mapped,
        ),
        strict=True,
    ):
        assert share_words(share) in sentence.text


def test_windows_that_are_not_known_are_not_said(small):
    from batches import add, square

    add(small, "undated", geometries=[square(9, 9)])
    assert [each.metric for each in headlines(compute_stats(small))].count("M1") == 1


def test_nothing_is_said_in_per_cent_of_nothing(empty):
    assert not any(re.search(r"\d %", each.text) for each in headlines(compute_stats(empty)))


def test_what_was_not_looked_at_is_a_caveat_of_the_share(small):
    whole, bare = compute_stats(small), compute_stats(small, StatsOptions(sections=()))
    of_m1 = {each.caveats for each in headlines(bare) if each.metric == "M1"}
    assert len(of_m1) == 1
    more = set(of_m1.pop()) - {caveat for each in headlines(whole) for caveat in each.caveats}
    assert more == {
        "How much of the share is location error was not computed.",
        "Whether positions of events come from the maps was not looked at.",
    }
    assert not any(
        "not computed" in caveat for each in headlines(bare) if each.metric != "M1" for caveat in each.caveats
    )


@pytest.mark.parametrize("left_out", list(Section))
def test_each_section_that_is_left_out_is_named(small, left_out):
    sections = tuple(section for section in Section if section is not left_out)
    said = not_computed(compute_stats(small, StatsOptions(sections=sections)))
    assert said.startswith("Not computed, so that nothing can be concluded of it here: ")
    assert said.count(";") == 0
    assert not_computed(compute_stats(small)) is None
