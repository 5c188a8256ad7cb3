import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from registry.codes import Emplacement, LayingPattern
from registry.compare.uncertainty import Share
from registry.completeness import Instrument, columns_needed, items_of, score
from registry.model import Kind
from registry.schema import fields

FIELD = shapely.box(0, 0, 0.01, 0.01)

FULL = {
    "record_id": "A-1",
    "reference_points": ["bridge", "church"],
    "mines_ap": 30,
    "mines_total_stated": 30,
    "emplacement": "HAND",
    "fuze": "MUV-2",
    "lifetime": "none",
    "laid_from": pd.Timestamp("1993-05-12"),
    "laid_from_precision": "DAY",
    "anti_handling": "none",
    "rows": 3,
    "row_spacing_m": 10.0,
    "devices": None,
    "pattern": "ROW_STANDARD",
}
ASKED_ALWAYS = 11  # of the 12 items; booby-traps only where there are some


def records(*rows, geometry=FIELD):
    """Rows as a registry gives them back."""
    frame = gpd.GeoDataFrame(list(rows), geometry=[geometry] * len(rows), crs=4326)
    types = {"fuze": "string", "emplacement": "string", "pattern": "string", "mines_ap": "Int64", "rows": "Int64"}
    return frame.astype({name: kind for name, kind in types.items() if name in frame})


def one(geometry=FIELD, instrument=Instrument.AMENDED_PROTOCOL_II, **changes):
    return score(records({**FULL, **changes}, geometry=geometry), instrument).record(0)


def test_a_full_record_lacks_nothing():
    whole = one()
    assert (whole.record_id, whole.filled, whole.applicable, whole.missing) == ("A-1", ASKED_ALWAYS, ASKED_ALWAYS, ())


def test_a_bare_record_fills_nothing():
    bare = score(gpd.GeoDataFrame({"record_id": ["A-1"]}, geometry=[None], crs=4326)).record(0)
    assert (bare.filled, bare.applicable) == (0, ASKED_ALWAYS)


@pytest.mark.parametrize(
    ("missing", "changes"),
    [
        (("reference-points", "dimensions"), {"reference_points": ["bridge"]}),
        (("dimensions", "perimeter"), {"geometry": None}),
        (("dimensions", "perimeter"), {"geometry": shapely.MultiPolygon()}),
        (("number",), {"mines_ap": None, "mines_total_stated": None, "devices": [{"model": "PMN"}]}),
        (("type",), {"mines_ap": None}),
        (("method",), {"emplacement": None, "pattern": "UNKNOWN"}),
        (("fuze",), {"fuze": None}),
        (("lifetime",), {"lifetime": None}),
        (("date",), {"laid_from": pd.NaT, "laid_from_precision": None}),
        (("date",), {"laid_from_precision": "MONTH"}),
        (("date",), {"laid_from_precision": "YEAR"}),
        (("anti-handling",), {"anti_handling": None}),
        (("positions",), {"row_spacing_m": np.nan}),
        (("positions",), {"rows": None}),
        (("booby-traps",), {"devices": [{"category": "BOOBY_TRAP", "quantity": 2}]}),
        ((), {"devices": [{"category": "BOOBY_TRAP", "quantity": 1, "position": [1, 2]}]}),
        ((), {"rows": None, "devices": [{"model": "PMN", "position": [1, 2]}]}),
        ((), {"mines_ap": 0, "mines_total_stated": None}),
        ((), {"laid_from": pd.NaT, "laid_to": pd.Timestamp("1993-05-12"), "laid_to_precision": "DAY"}),
        ((), {"emplacement": None}),
    ],
)
def test_each_item(missing, changes):
    assert one(**changes).missing == missing


@pytest.mark.parametrize("remote", [{"pattern": LayingPattern.REMOTE}, {"emplacement": Emplacement.REMOTE}])
def test_less_is_asked_of_mines_delivered_from_afar(remote):
    delivered = one(**remote, reference_points=None, fuze=None, anti_handling=None, rows=None)
    assert (delivered.filled, delivered.applicable, delivered.missing) == (7, 7, ())


class TestOf1980:
    def test_one_reference_point_is_enough(self):
        old = one(instrument=Instrument.PROTOCOL_II_1980, reference_points=["bridge"], fuze=None, lifetime=None)
        assert (old.filled, old.applicable) == (3, 3)

    def test_without_a_reference_point(self):
        old = one(instrument=Instrument.PROTOCOL_II_1980, reference_points=None)
        assert old.missing == ("reference-point", "dimensions")

    def test_without_an_extent(self):
        assert one(None, Instrument.PROTOCOL_II_1980).missing == ("extent", "dimensions")


class TestBatch:
    def test_items_count_records(self):
        rows = [{**FULL, "fuze": "MUV-2" if number < 9 else None} for number in range(12)]
        batch = score(records(*rows)).batch()
        assert (batch.records, batch.records_complete) == (12, 9)
        assert (batch.filled, batch.applicable) == (12 * ASKED_ALWAYS - 3, 12 * ASKED_ALWAYS)
        shares = {item.code: item.share for item in batch.items}
        assert (shares["fuze"].numerator, shares["fuze"].denominator, shares["fuze"].value) == (9, 12, 0.75)
        assert shares["booby-traps"] == Share(0, 0, reason=shares["booby-traps"].reason)

    def test_items_say_what_fills_them(self):
        for instrument in Instrument:
            batch = score(records(FULL), instrument).batch()
            assert [(each.code, each.words, each.fields) for each in batch.items] == [
                (item.code, item.words, item.fields) for item in items_of(instrument)
            ]

    def test_no_records(self):
        batch = score(gpd.GeoDataFrame({"record_id": []}, geometry=[], crs=4326)).batch()
        assert (batch.records, batch.filled, batch.applicable) == (0, 0, 0)


def test_only_fields_of_the_schema_fill_items():
    known = {field.name for field in fields(Kind.MINEFIELDS)} | {"geometry"}
    named = {name for instrument in Instrument for item in items_of(instrument) for name in item.fields}
    assert named <= known
    assert set(columns_needed()) == (named | {"record_id"}) - {"geometry"}


def test_the_columns_needed_are_enough():
    frame = records(FULL, {**FULL, "pattern": "REMOTE", "sigma_m": 3.0})
    assert score(frame).batch() == score(frame[[*(set(columns_needed()) & set(frame)), "geometry"]]).batch()


def test_text_as_conformed_scores_as_the_value_read_back():
    text = one(reference_points='["bridge", "church"]', devices='[{"category": "BOOBY_TRAP"}]', laid_from="1993-05-12")
    assert text == one(devices=[{"category": "BOOBY_TRAP"}])


@given(st.lists(st.sampled_from([name for name in FULL if name != "record_id"]), unique=True))
def test_a_statement_less_never_scores_more(dropped):
    left = one(**{name: pd.NaT if name == "laid_from" else None for name in dropped if name != "row_spacing_m"})
    assert left.filled <= ASKED_ALWAYS
    assert left.filled + len(left.missing) == left.applicable
