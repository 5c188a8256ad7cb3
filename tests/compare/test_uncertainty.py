import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.compare.uncertainty import Share, wilson_interval, wilson_share


@pytest.mark.parametrize(
    ("numerator", "denominator", "value", "low", "high"),
    [
        (247, 345, 71.59, 66.62, 76.09),
        (188, 342, 54.97, 49.67, 60.16),
        (25, 100, 25.00, 17.55, 34.30),
        (5, 20, 25.00, 11.19, 46.87),
        (0, 12, 0.0, 0.0, 24.25),
        (12, 12, 100.0, 75.75, 100.0),
        (186, 1442, 12.90, 11.27, 14.73),
    ],
)
def test_known_intervals(numerator, denominator, value, low, high):
    share = wilson_share(numerator, denominator)
    assert [round(100 * part, 2) for part in (share.value, share.low, share.high)] == [value, low, high]
    assert (share.numerator, share.denominator, share.method, share.reason) == (numerator, denominator, "wilson", None)


@pytest.mark.parametrize("denominator", [0, 1, 9])
def test_below_ten_no_share_is_given(denominator):
    share = wilson_share(0, denominator)
    assert (share.value, share.low, share.high) == (None, None, None)
    assert str(denominator) in share.reason


def test_ten_is_enough():
    assert wilson_share(5, 10).value == 0.5


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_interval_holds_the_share_and_mirrors_its_complement(counts):
    numerator, denominator = counts
    low, high = wilson_interval(numerator, denominator)
    assert 0 <= low <= numerator / denominator <= high <= 1
    mirrored = wilson_interval(denominator - numerator, denominator)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=1e-12)


def test_a_share_needs_both_counts():
    with pytest.raises(TypeError):
        Share(3)


@pytest.mark.parametrize(("numerator", "denominator"), [(11, 10), (-1, 10), (0, -1)])
def test_counts_that_make_no_share(numerator, denominator):
    with pytest.raises(ValueError, match="not a share"):
        Share(numerator, denominator, reason="Not counted.")


def test_a_share_without_value_says_why():
    with pytest.raises(ValueError, match="reason"):
        Share(1, 20)
