"""The model of a claim: its own interval, what stands beside it, and what keeps figures apart."""

import pytest
from filing import a_claim

from registry.compare.claims import (
    Metric,
    OurValue,
    Reference,
    Side,
    Unit,
    ValueKind,
    counter_statements,
    why_not_beside,
)
from registry.compare.uncertainty import wilson_share


@pytest.mark.parametrize(
    ("numerator", "denominator", "value", "low", "high"),
    [(247, 345, 71.59, 66.62, 76.09), (188, 342, 54.97, 49.67, 60.16)],
)
def test_a_claim_with_its_own_counts_has_its_own_interval(numerator, denominator, value, low, high):
    share = a_claim(numerator=numerator, denominator=denominator).own_share
    assert [round(100 * each, 2) for each in (share.value, share.low, share.high)] == [value, low, high]


def test_without_counts_there_is_none():
    assert a_claim().own_share is None


def test_with_too_few_there_is_the_reason():
    assert a_claim(numerator=3, denominator=9).own_share.reason


@pytest.mark.parametrize(
    ("stated", "said_by"),
    [
        ({}, "speaker not stated"),
        ({"speaker": "A", "organisation": "B"}, "A, B"),
        ({"side": Side.GIVING}, "giving party, speaker not stated"),
        ({"side": Side.OTHER}, "speaker not stated"),
    ],
)
def test_said_by(stated, said_by):
    assert a_claim(**stated).said_by == said_by


def test_counter_statements_are_found_from_both_sides():
    said, answer, other = a_claim("said"), a_claim("answer", answers=("said",)), a_claim("other")
    assert counter_statements(said, [said, answer, other]) == (answer,)
    assert counter_statements(answer, [said, answer, other]) == (said,)
    assert counter_statements(other, [said, answer, other]) == ()


def test_same_unit_and_reference_may_stand_side_by_side():
    assert why_not_beside([a_claim("a"), a_claim("b", low=0.1, high=0.2)]) is None


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ({"unit": Unit.VICTIM}, r"units \(event, victim\)"),
        ({"unit": None}, r"units \(event, not stated\)"),
        ({"reference": Reference.CONTACT_LINE}, r"references \(maps, contact line\)"),
        ({"reference": Reference.NONE}, r"references \(maps, none\)"),
    ],
)
def test_explosions_outside_the_maps_beside_something_else(stated, words):
    import re

    assert re.search(words, why_not_beside([a_claim("a"), a_claim("b", **stated)]))


def test_two_that_do_not_say_are_kept_apart():
    assert "not stated" in why_not_beside([a_claim("a", unit=None), a_claim("b", unit=None)])


def test_a_statement_without_a_figure_keeps_nothing_apart():
    words = a_claim("b", value_kind=ValueKind.QUALITATIVE, low=None, high=None, unit=Unit.DOCUMENT)
    assert why_not_beside([a_claim("a"), words]) is None


@pytest.mark.parametrize("given", [{}, {"count": 1, "reason": "x"}, {"count": 1, "share": wilson_share(1, 20)}])
def test_a_value_of_ours_is_one_thing(given):
    with pytest.raises(ValueError, match="or the reason"):
        OurValue(Metric.M1, Unit.EVENT, Reference.MAPS, **given)
