import pandas as pd
import pytest

from registry.codes import DeviceCategory
from registry.compare.claimed import claimed_by_all, claims_of, is_claimed, is_known

AP, AV, UNSPEC = DeviceCategory.AP_MINE, DeviceCategory.AV_MINE, DeviceCategory.MINE_UNSPEC


def claims(*rows):
    names = ("mines_ap", "mines_av", "mines_other", "devices")
    return claims_of(pd.DataFrame([{name: row.get(name) for name in names} for row in rows], columns=list(names)))


def test_counts_and_lists_claim_devices():
    assert claims(
        {"mines_ap": 5, "mines_av": 0},
        {"mines_ap": 1, "mines_av": 2},
        {"mines_other": 3},
        {"devices": [{"category": "CMR", "quantity": 4}, {"category": "UXO", "quantity": 0}]},
        {"mines_av": 1, "devices": [{"category": "AP_MINE"}]},
    ) == [
        {AP},
        {AP, AV},
        {DeviceCategory.IMPROVISED_MINE, DeviceCategory.OTHER},
        {DeviceCategory.CMR},
        {AP, AV},
    ]


@pytest.mark.parametrize(
    "row",
    [{}, {"mines_ap": 0, "mines_av": 0}, {"devices": []}, {"devices": "PMN-2"}, {"devices": [{"category": ["x"]}, 7]}],
)
def test_a_record_that_does_not_say_what_was_laid(row):
    assert claims(row) == [None]


def test_a_silent_record_claims_mines_of_any_kind_but_nothing_else():
    assert claimed_by_all([None, frozenset({AV})]) == {UNSPEC, AV}
    assert claims({"devices": [{"category": "UNKNOWN"}]}) == [{UNSPEC}]
    assert claimed_by_all([]) == frozenset()


@pytest.mark.parametrize(
    ("category", "claim", "expected"),
    [
        ("AP_MINE", {AP}, True),
        ("AP_MINE", {AV}, False),
        ("AP_MINE", {UNSPEC}, True),
        ("IMPROVISED_MINE", {UNSPEC}, True),
        ("UXO", {UNSPEC}, False),
        ("UXO", {AP, AV}, False),
        ("MINE_UNSPEC", {AV}, True),
        ("MINE_UNSPEC", {DeviceCategory.CMR}, False),
    ],
)
def test_whether_a_device_is_among_those_claimed(category, claim, expected):
    assert is_claimed(category, frozenset(claim)) is expected


def test_unknown_says_nothing():
    assert [is_known(category) for category in ("AP_MINE", "UNKNOWN", None)] == [True, False, False]
