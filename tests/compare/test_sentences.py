"""Sentences are made from the values: read back, they give the same numbers, and no word contradicts them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.compare import sentences
from registry.compare.sentences import (
    CAVEATS,
    ceiling_headline,
    clusters_headline,
    coverage_headline,
    estimate_headline,
    half_words,
    never_mapped_headline,
    outside_headline,
    percent,
    share_words,
    shift_headline,
    temporal_headline,
    thematic_headline,
    unplottable_headline,
)
from registry.compare.uncertainty import Share, wilson_share

SHARES = st.integers(0, 100_000).flatmap(lambda n: st.integers(0, n).map(lambda k: wilson_share(k, n)))
COUNTS = st.integers(0, 10**7)
OF = re.compile(r"([\d,]+) of ([\d,]+) \(([^)]*)\)")
MAKERS = (outside_headline, never_mapped_headline, thematic_headline, temporal_headline, unplottable_headline)


def number(text):
    return float(text.replace(",", ""))


def percents(text):
    return [float(found) / 100 for found in re.findall(r"(\d+(?:\.\d+)?) %(?! interval)", text)]


class TestPercent:
    @pytest.mark.parametrize(
        ("fraction", "text"),
        [(0, "0.0 %"), (1, "100.0 %"), (0.55, "55.0 %"), (0.0004, "0.04 %"), (0.99999, "99.999 %"), (0.0005, "0.1 %")],
    )
    def test_some_is_neither_none_nor_all(self, fraction, text):
        assert percent(fraction) == text

    @given(st.floats(0, 1))
    def test_is_near(self, fraction):
        assert float(percent(fraction).removesuffix(" %")) / 100 == pytest.approx(fraction, abs=0.00051)


@pytest.mark.parametrize("make", MAKERS)
@given(share=SHARES)
def test_numbers_read_back(make, share):
    text = make(share).text
    numerator, denominator, inside = OF.search(text).groups()
    assert (number(numerator), number(denominator)) == (share.numerator, share.denominator)
    if share.value is None:
        assert "%" not in text
        assert share.reason in inside
    else:
        value, low, high = percents(inside)
        for found, meant in ((value, share.value), (low, share.low), (high, share.high)):
            assert found == pytest.approx(meant, abs=0.00051)
        assert low <= value <= high


@given(SHARES, st.sampled_from(list(sentences.WINDOWS)))
def test_half_follows_the_interval_as_printed(share, window):
    text = outside_headline(share, window).text
    words = [each for each in ("more than half", "fewer than half", "not settled") if each in text]
    if share.value is None:
        assert words == []
        return
    (size,) = words
    _, low, high = percents(OF.search(text)[3])
    assert (size == "more than half") == (low > 0.5)
    assert (size == "fewer than half") == (high < 0.5)
    assert text.startswith(f"Of the {sentences.WINDOWS[window]}")


@pytest.mark.parametrize(
    ("numerator", "words"),
    [(132, "not settled"), (150, "more than half"), (90, "fewer than half"), (120, "not settled")],
)
def test_55_percent_of_240_is_no_settled_majority(numerator, words):
    assert words in half_words(wilson_share(numerator, 240))


def test_known_sentence():
    assert outside_headline(wilson_share(186, 1442)).text == (
        "Of the events of all dates, 186 of 1,442 (12.9 %, 95 % interval 11.3 % to 14.7 %) are recorded outside every "
        "record: fewer than half."
    )


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (
            Share(None, 12, reason="No districts layer is compared."),
            "of 12 (no share: No districts layer is compared.)",
        ),
        (Share(4, 10, 0.4, method="no sample"), "4 of 10 (40.0 %, no interval)"),
    ],
)
def test_shares_without_interval(share, words):
    assert share_words(share) == words
    assert half_words(share) is None


@given(st.floats(0, 1), SHARES)
def test_the_ceiling_beside_the_share_inside(ceiling, inside):
    text = ceiling_headline(ceiling, inside).text
    said = percents(text.split("In fact")[0])
    assert said == [pytest.approx(ceiling, abs=0.00051)]
    if inside.value is None:
        assert "In fact" not in text
        return
    _, low, high = percents(OF.search(text)[3])
    assert ("more than that" in text) == (low > said[0])
    assert ("fewer than that" in text) == (high < said[0])
    assert ("not to be told from it" in text) == (low <= said[0] <= high)


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3).map(sorted), COUNTS)
def test_an_estimate(bounds, events):
    low, value, high = bounds
    text = estimate_headline(value, low, high, events=events).text
    assert percents(text) == [pytest.approx(each, abs=0.00051) for each in (value, low, high)]
    assert f"{events:,} events" in text
    bound = estimate_headline(None, low, high, events=events, reason="Sigma is large.").text
    assert percents(bound.replace("(95 % bounds)", "")) == [pytest.approx(each, abs=0.00051) for each in (low, high)]
    assert "a single figure is not given" in bound
    refused = estimate_headline(None, None, None, events=events, reason="Sigma is large.").text
    assert "%" not in refused
    assert refused.endswith("is not estimated. Sigma is large.")


@given(COUNTS, COUNTS, COUNTS, COUNTS, st.floats(0, 1e12), st.floats(0, 1e12))
def test_coverage(received, plotted, invalid, unplottable, union_m2, sum_m2):
    text = coverage_headline(
        received=received, plotted=plotted, invalid=invalid, unplottable=unplottable, union_m2=union_m2, sum_m2=sum_m2
    ).text
    found = [number(each) for each in re.findall(r"[\d,]+(?:\.\d+)?", text.replace("km2", "")) if each.strip(",")]
    assert found[:4] == [received, plotted, invalid, unplottable]
    assert found[4:] == [pytest.approx(union_m2 / 1e6, abs=0.006), pytest.approx(sum_m2 / 1e6, abs=0.006)]


@given(st.booleans(), st.floats(0, 5000), st.floats(0, 1), COUNTS, st.none() | st.just("SK-42 not transformed"))
def test_shift(found, distance_m, p_value, events, likely):
    text = shift_headline(
        found=found, distance_m=distance_m, low_m=distance_m / 2, high_m=distance_m * 2, p_value=p_value, events=events,
        likely=likely,
    ).text  # fmt: skip
    assert ("No systematic shift" in text) == (not found)
    assert ("a systematic shift is likely" in text) == found
    assert ("SK-42" in text) == (found and likely is not None)
    printed = re.search(r"p (?:= |below )([\d.]+)", text)[1]
    assert number(printed) == pytest.approx(p_value, abs=0.00051 if p_value >= 0.0005 else 0.001)
    assert number(re.search(r"([\d,]+) m \(95", text)[1]) == pytest.approx(distance_m, abs=0.51)
    assert f"{events:,} events" in text


@given(COUNTS, COUNTS, COUNTS)
def test_clusters(clusters, clustered, outside):
    text = clusters_headline(clusters=clusters, clustered_events=clustered, outside_events=outside).text
    assert f"{outside:,} events outside every record" in text
    assert ("form no cluster" in text) == (clusters == 0)
    if clusters:
        assert f"{clustered:,} form {clusters:,} cluster" in text
        assert "not hazard areas" in text


def test_delay():
    text = temporal_headline(wilson_share(50, 100), 1234.4).text
    assert "half were handed over 1,234 days or more after that" in text


def test_every_caveat_is_a_sentence_and_there_are_eight():
    assert len(set(CAVEATS)) == 8
    assert all(caveat.endswith(".") and caveat[0].isupper() for caveat in CAVEATS)


def test_the_headline_of_events_carries_the_caveats_of_events():
    carried = outside_headline(wilson_share(1, 20)).caveats
    assert sentences.NO_RECORD in carried
    assert set(CAVEATS) - set(carried) == {sentences.CERTIFICATION_LAG}
