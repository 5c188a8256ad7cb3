from dataclasses import replace

import pandas as pd
import pytest
import unpack
from two_districts import build

from maps.choropleth import (
    FEW,
    NO_EVENT,
    NO_SHARE,
    DistrictFigures,
    DistrictShares,
    district_shares,
    look_of,
    pack_shares,
)
from registry.compare.uncertainty import Share, wilson_share
from registry.model import Kind
from registry.stats import compute_stats


@pytest.fixture
def compared(tmp_path):
    with build(tmp_path / "two.gpkg") as registry:
        yield compute_stats(registry), registry.read(registry.layer("districts", Kind.DISTRICTS))


def counts(figures):
    return figures.inside, figures.near, figures.outside


def test_every_event_is_in_one_district_and_the_border_belongs_to_the_first(compared):
    shares = district_shares(*compared)
    assert [counts(row) for row in shares.rows] == [(4, 1, 8), (0, 0, 3), (0, 0, 0), (0, 0, 0)]
    assert counts(shares.unplaced) == (0, 0, 1)


def test_counts_and_shares_are_those_of_the_comparison(compared):
    comparison, districts = compared
    shares = district_shares(comparison, districts)
    by_id = {row.district_id: row for row in comparison.accuracy.by_district}
    for figures, record_id in zip(shares.rows, districts["record_id"], strict=True):
        if figures.total:
            assert figures.total == by_id[record_id].total
            assert figures.near + figures.outside == by_id[record_id].outside == figures.share.numerator
            assert figures.share == by_id[record_id].share_outside
    assert (shares.rows[0].share.numerator, shares.rows[0].share.denominator) == (9, 13)
    assert shares.rows[1].share.value is None
    assert shares.rows[2].share is None


def test_rules_take_events_out_of_the_counts(compared):
    comparison, districts = compared
    removed = comparison.classified.assign(removed_by=pd.Series(["a-rule"] * 4 + [None] * 13, dtype=object))
    shares = district_shares(replace(comparison, classified=removed), districts)
    assert counts(shares.rows[0]) == (0, 1, 8)


def test_districts_of_one_number_have_counts_and_no_share(compared):
    comparison, districts = compared
    twins = districts.assign(record_id="districts-0")
    shares = district_shares(comparison, twins)
    assert counts(shares.rows[0]) == (4, 1, 8)
    assert shares.rows[0].share.value is None
    assert "Several districts have this number" in shares.rows[0].share.reason


@pytest.mark.parametrize(
    ("share", "look"),
    [(wilson_share(part, 20), f"share-{number}") for part, number in
     ((0, 0), (3, 0), (4, 1), (7, 1), (8, 2), (11, 2), (12, 3), (15, 3), (16, 4), (20, 4))],
)  # fmt: skip
def test_a_class_holds_its_lower_limit(share, look):
    assert look_of(DistrictFigures(20 - share.numerator, 0, share.numerator, share)) == look


def test_looks_without_a_share():
    assert look_of(DistrictFigures(0, 0, 0, None)) == NO_EVENT
    assert look_of(DistrictFigures(1, 2, 6, wilson_share(8, 9))) == FEW
    reason = Share(10, 10, reason="No plotted record is compared.")
    assert look_of(DistrictFigures(0, 0, 10, reason)) == NO_SHARE


def test_pack_says_shares_with_their_interval_or_their_reason(compared):
    header, sections = unpack.unpack(pack_shares("registry_layer_0", district_shares(*compared)))
    assert sections == []
    assert header["layer"] == "registry_layer_0"
    assert [header["looks"][code] for code in header["look"]] == ["share-3", FEW, NO_EVENT, NO_EVENT]
    assert header["inside"] == [4, 0, 0, 0]
    assert header["near"] == [1, 0, 0, 0]
    assert header["outside"] == [8, 3, 0, 0]
    assert header["unplaced"] == 1
    # 9 of 13.
    assert header["share"][0].startswith("69.2\u00a0% (95\u00a0% interval ")
    assert header["share"][1] == "No share: The denominator is 3; below 10 no share is given."
    assert header["share"][2:] == [None, None]


def test_nothing_to_say_is_packed_too():
    header, _ = unpack.unpack(pack_shares("x", DistrictShares((), DistrictFigures(0, 0, 0, None))))
    assert header["look"] == []
