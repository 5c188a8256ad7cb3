import numpy as np
import pandas as pd
import shapely
import unpack
from hypothesis import given
from hypothesis import strategies as st
from sea import add_layer, square

from maps.charts import LIMIT_M, distance_bands, distance_curve, pack_curve
from registry.model import Handover, Kind
from registry.stats import compute_stats
from registry.store import Registry


def rows(distances, classes=None, removed=None):
    number = len(distances)
    return pd.DataFrame(
        {
            "event_class": classes or ["outside"] * number,
            "removed_by": pd.Series(removed or [None] * number, dtype=object),
            "distance_m": np.array(distances, dtype=float),
        }
    )


def test_a_band_holds_its_upper_limit():
    assert LIMIT_M == (0, 25, 50, 100, 250, 500, 1000, 2500, 5000)
    assert distance_bands(rows([0, 0.1, 25, 25.4, 1000, 5000, 5000.1, np.nan, np.inf])).tolist() == [
        0, 1, 1, 2, 6, 8, 9, 9, 9,
    ]  # fmt: skip


def test_events_that_do_not_count_are_in_no_band():
    found = distance_bands(
        rows([np.nan, 5, 0, 0], ["unlocated", "out-of-scope", "inside", "inside"], [None] * 3 + ["r"])
    )
    assert found.tolist() == [-1, -1, 0, -1]


@given(st.lists(st.one_of(st.just(0.0), st.floats(0, 1e5)), min_size=1, max_size=50))
def test_bands_add_up_to_the_counts_within(distances):
    bands = distance_bands(rows(distances))
    for number, limit in enumerate(LIMIT_M):
        assert np.count_nonzero(bands <= number) == sum(each <= limit for each in distances)


def test_curve_agrees_with_the_comparison(sea_registry):
    comparison = compute_stats(sea_registry)
    curve = distance_curve(comparison)
    assert curve.total == comparison.accuracy.all.total == 4
    found = dict(zip(curve.limit_m, curve.within, strict=True))
    assert {limit: found[limit] for limit in comparison.accuracy.all.within_m} == comparison.accuracy.all.within_m
    # One inside, one 55.7 m off an edge (0.0005 degrees of the equator), two more than 3 km away.
    assert [found[0], found[50], found[100], found[2500]] == [1, 1, 2, 2]
    header, sections = unpack.unpack(pack_curve(curve))
    assert header == {"limit_m": list(curve.limit_m), "within": list(curve.within), "total": 4, "sizes": []}
    assert sections == []


def test_without_records_or_events_there_is_no_curve(tmp_path):
    with Registry.create(tmp_path / "events.gpkg") as registry:
        add_layer(registry, Handover("e", "E"), Kind.ACCIDENTS, "Events", [shapely.Point(-30, 0)])
        assert distance_curve(compute_stats(registry)) is None
    with Registry.create(tmp_path / "records.gpkg") as registry:
        add_layer(registry, Handover("b", "B"), Kind.MINEFIELDS, "Records", [square(-30, 0)])
        assert distance_curve(compute_stats(registry)) is None
