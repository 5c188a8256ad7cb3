"""The headlines of a comparison say its own figures."""

import re

from registry.compare.sentences import share_words
from registry.headlines import headlines
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
