"""Records against the ground: belts of squares, of which some were cleared and some of those held mines."""

import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas import GeoDataFrame
from ground import GROUND, on_globe, square
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.compare.ground import GroundLayers, GroundOptions, measure_ground
from registry.errors import CompareError
from registry.geometry import WGS84

NUMBERS = ("mines_ap", "mines_av", "mines_other", "mines_total_stated")


def records(*shapes, duplicate_of=None, mines=None):
    columns = {name: pd.array([None] * len(shapes), dtype="Int64") for name in NUMBERS}
    columns["mines_total_stated"] = pd.array(mines or [None] * len(shapes), dtype="Int64")
    identity = {"batch_id": "a", "record_id": [f"r{number:03d}" for number in range(len(shapes))]}
    repeated = pd.array(duplicate_of or [None] * len(shapes), dtype="string")
    frame = {**identity, "duplicate_of": repeated, **columns}
    return GeoDataFrame(frame, geometry=on_globe(shapes) if shapes else [], crs=WGS84)


def layer(shapes, **columns):
    made = {name: pd.array(values, dtype="string") for name, values in columns.items()}
    return GeoDataFrame(made, geometry=on_globe(shapes) if shapes else [], crs=WGS84)


def cleared(*shapes):
    return layer(shapes, release_type=["CLEARED"] * len(shapes))


def devices(*places, category="AP_MINE", quantity=None):
    frame = layer([shapely.Point(place) for place in places], device_category=[category] * len(places))
    return frame.assign(quantity=pd.array([quantity] * len(places), dtype="Int64"))


def accidents(*places, category=None):
    points = [None if place is None else shapely.Point(place) for place in places]
    return layer(points, device_category=[category] * len(places))


def measured(mapped, *, hurt=None, options=None, study=None, **layers):
    options = options or GroundOptions()
    hurt = accidents() if hurt is None else hurt
    return measure_ground(mapped, mapped, hurt, GroundLayers(**layers), GROUND, options=options, study=study)


def belt(count):
    """Squares of 100 m, 200 m apart, in a row."""
    return [square(200 * number, 0) for number in range(count)]


def middle(number):
    return (200 * number + 50, 50)


class TestConfirmation:
    def test_twenty_five_of_a_hundred(self):
        """120 records, 100 of them cleared, mines found in 15 of those and accidents in 10 others."""
        fields = belt(120)
        found = measured(
            records(*fields),
            released=cleared(*fields[:100]),
            devices=devices(*[middle(number) for number in range(15)]),
            hurt=accidents(*[middle(number) for number in range(15, 25)], middle(110), None),
        ).confirmation
        assert (found.share.numerator, found.share.denominator) == (25, 100)
        assert [round(100 * part, 2) for part in (found.share.low, found.share.high)] == [17.55, 34.30]
        assert (found.investigated.with_find, found.investigated.with_accident) == (15, 10)
        assert (found.uninvestigated.records, found.uninvestigated.confirmed) == (20, 1)
        # If none of the 19 others were confirmed, or all.
        assert (found.confirmed_at_least, found.confirmed_at_most, found.records) == (26, 25 + 20, 120)

    def test_a_find_and_an_accident_confirm_a_record_once(self):
        tally = measured(
            records(*belt(1)), released=cleared(*belt(1)), devices=devices(middle(0)), hurt=accidents(middle(0))
        ).confirmation.investigated
        assert (tally.records, tally.confirmed, tally.with_find, tally.with_accident) == (1, 1, 1, 1)

    @pytest.mark.parametrize(
        ("covered_m", "share", "state"),
        [(0, 0.9, "uninvestigated"), (89, 0.9, "partly"), (90, 0.9, "investigated"), (89, 0.8, "investigated"),
         (100, 1.0, "investigated")],
    )  # fmt: skip
    def test_a_record_is_investigated_from_a_stated_share_on(self, covered_m, share, state):
        found = measured(
            records(square(0, 0)),
            released=cleared(shapely.box(0, 0, covered_m, 100) if covered_m else square(500, 0)),
            devices=devices(),
            options=GroundOptions(investigated_share=share),
        ).confirmation
        assert [name for name in ("investigated", "partly", "uninvestigated") if getattr(found, name).records] == [
            state
        ]

    def test_overlapping_clearances_count_once(self):
        halves = [shapely.box(0, 0, 50, 100), shapely.box(0, 0, 50, 100)]
        assert measured(records(square(0, 0)), released=cleared(*halves)).confirmation.partly.records == 1
        halves[1] = shapely.box(45, 0, 100, 100)
        assert measured(records(square(0, 0)), released=cleared(*halves)).confirmation.investigated.records == 1

    def test_what_counts_as_investigated(self):
        fields = belt(8)
        types = ["CLEARED", "REDUCED", "CANCELLED", None, "CONFIRMED"]
        released = layer(fields[:5], release_type=types)
        surveyed = layer(fields[5:], land_status=["CLOSED", "OPEN", None])
        ground = measured(records(*fields), released=released, surveyed=surveyed)
        assert ground.confirmation.investigated.records == 2
        assert ground.land.areas == 2
        assert ground.land.areas_left_out == {
            "surveyed: OPEN": 1, "surveyed: not stated": 1,
            "released: CANCELLED": 1, "released: CONFIRMED": 1, "released: REDUCED": 1, "released: not stated": 1,
        }  # fmt: skip
        assert ground.land.investigated_m2 == pytest.approx(20_000, abs=1)
        assert ground.land.uninvestigated_m2 == pytest.approx(60_000, abs=1)

    def test_remnants_of_war_confirm_no_field(self):
        fields = belt(2)
        found = measured(
            records(*fields),
            released=cleared(*fields),
            devices=devices(middle(0), category="UXO"),
            hurt=accidents(middle(1), category="CMR"),
        ).confirmation
        assert (found.investigated.confirmed, found.accidents_left_out) == (0, 1)

    def test_without_devices_nobody_knows_of_finds(self):
        found = measured(records(*belt(12)), released=cleared(*belt(12)), hurt=accidents(middle(0))).confirmation
        assert (found.share.numerator, found.share.denominator, found.share.value) == (1, 12, None)
        assert "devices" in found.share.reason
        assert (found.confirmed_at_least, found.confirmed_at_most) == (1, 12)

    def test_without_released_land_nothing_is_investigated(self):
        found = measured(records(*belt(12)), devices=devices(middle(0))).confirmation
        assert found.share.value is None
        assert "investigated" in found.share.reason
        assert (found.uninvestigated.records, found.confirmed_at_least, found.confirmed_at_most) == (12, 1, 12)

    def test_a_record_handed_over_twice_counts_once(self):
        twice = records(square(0, 0), square(0, 0), duplicate_of=[None, "a/r000"])
        found = measured(twice, released=cleared(square(0, 0)), devices=devices(middle(0))).confirmation
        assert (found.records, found.investigated.confirmed) == (1, 1)

    @given(
        st.lists(st.tuples(st.sampled_from([0, 50, 100]), st.booleans(), st.booleans()), max_size=14),
        st.booleans(),
    )
    @settings(max_examples=15)
    def test_states_add_up_and_bounds_hold(self, fields, devices_known):
        shapes = belt(len(fields))
        searched = [
            shapely.box(200 * row, 0, 200 * row + width, 100) for row, (width, _, _) in enumerate(fields) if width
        ]
        found = measured(
            records(*shapes),
            released=cleared(*searched),
            devices=devices(*[middle(row) for row, each in enumerate(fields) if each[1]]) if devices_known else None,
            hurt=accidents(*[middle(row) for row, each in enumerate(fields) if each[2]]),
        ).confirmation
        states = (found.investigated, found.partly, found.uninvestigated)
        assert [tally.records for tally in states] == [[w for w, _, _ in fields].count(w) for w in (100, 50, 0)]
        assert found.records == len(fields)
        confirmed = sum((mine and devices_known) or hurt for _, mine, hurt in fields)
        assert sum(tally.confirmed for tally in states) == found.confirmed_at_least == confirmed
        assert found.confirmed_at_least <= found.confirmed_at_most <= found.records


class TestConfirmationByArea:
    def share(self, fade_out_m, *places, searched=None):
        return measured(
            records(square(0, 0, 1_000)),
            released=cleared(searched or square(0, 0, 1_000)),
            devices=devices(*places),
            options=GroundOptions(fade_out_m=fade_out_m),
        ).confirmation_by_area

    def test_one_circle(self):
        share = self.share(100, (500, 500))
        assert share.numerator_m2 == pytest.approx(np.pi * 100**2, rel=1e-4)
        assert share.denominator_m2 == pytest.approx(1e6, rel=1e-4)
        assert "no binomial interval" in share.method

    def test_circles_on_one_place_count_once(self):
        assert self.share(100, (500, 500), (500, 500)).numerator_m2 == pytest.approx(np.pi * 100**2, rel=1e-4)

    def test_only_investigated_recorded_land_counts(self):
        # Half of a circle on the border, of which half was searched.
        share = self.share(100, (0, 500), searched=shapely.box(-500, 0, 1_000, 500))
        assert share.numerator_m2 == pytest.approx(np.pi * 100**2 / 4, rel=1e-3)
        assert share.denominator_m2 == pytest.approx(5e5, rel=1e-4)

    def test_no_find_is_a_share_of_nought(self):
        share = self.share(100)
        assert (share.numerator_m2, share.value) == (0, 0)

    def test_what_is_needed_is_said(self):
        assert "fade-out" in self.share(None, (500, 500)).reason
        mapped = records(square(0, 0))
        without = measured(mapped, released=cleared(square(0, 0)), options=GroundOptions(fade_out_m=10))
        assert "devices" in without.confirmation_by_area.reason
        nothing = measured(mapped, devices=devices((0, 0)), options=GroundOptions(fade_out_m=10))
        assert "investigated" in nothing.confirmation_by_area.reason


class TestGround:
    def test_everything_from_one_call(self):
        """Two fields, both cleared; 30 of 60 recorded mines were found in the first, 5 more outside of all records."""
        fields = belt(2)
        ground = measured(
            records(*fields, mines=[40, 20]),
            released=cleared(*fields),
            surveyed=layer([square(0, 0)], land_status=["OPEN"]),
            devices=devices(*[middle(0)] * 6, (900, 900), quantity=5),
            options=GroundOptions(mines_estimated=600, estimate_source="Somebody's report"),
        )
        assert ground.released.iou.value == pytest.approx(1, abs=1e-4)
        assert ground.surveyed.shared_of_mapped.value == pytest.approx(0.5, abs=1e-4)
        assert (ground.find_containment.rows.numerator, ground.find_containment.rows.denominator) == (6, 7)
        assert [row.device_class for row in ground.recovery] == ["ap", "av", "other", "all"]
        assert (ground.recovery[-1].mines_found, ground.recovery[-1].ratio) == (30, 0.5)
        assert ground.mine_count.ratio == pytest.approx(0.1)
        assert ground.found.mines == 35

    def test_no_layer_at_all(self):
        ground = measured(records(square(0, 0)))
        assert (ground.surveyed, ground.released, ground.found, ground.find_containment) == (None,) * 4
        assert ground.recovery == ()
        assert ground.land.uninvestigated_m2 == pytest.approx(10_000, abs=1)

    def test_no_record_at_all(self):
        ground = measured(records(), released=cleared(square(0, 0)), devices=devices((0, 0)))
        assert ground.confirmation.records == 0
        assert "no land" in ground.released.reason
        assert ground.find_containment.rows.numerator == 0

    @given(st.randoms(use_true_random=False))
    @settings(max_examples=5)
    def test_order_changes_nothing(self, random):
        fields, places = belt(12), [middle(number) for number in range(0, 12, 2)]
        options = GroundOptions(fade_out_m=30)

        def once(frame, searched, found):
            return measured(frame, released=cleared(*searched), devices=devices(*found), options=options)

        frame, searched, found = records(*fields), fields[:9], list(places)
        before = once(frame, searched, found)
        rows = list(range(12))
        for each in (rows, searched, found):
            random.shuffle(each)
        assert once(frame.iloc[rows], shapely.reverse(searched), found) == before


class TestOptions:
    @pytest.mark.parametrize(
        ("stated", "message"),
        [
            ({"investigated_share": 0.0}, "share"),
            ({"investigated_share": 1.2}, "share"),
            ({"investigated_share": float("nan")}, "share"),
            ({"fade_out_m": 0.0}, "fade-out"),
            ({"fade_out_m": float("inf")}, "fade-out"),
            ({"mines_estimated": 5}, "source"),
            ({"mines_estimated": 5, "estimate_source": "  "}, "source"),
            ({"estimate_source": "A report"}, "source"),
            ({"mines_estimated": 0, "estimate_source": "A report"}, "1 or more"),
        ],
    )
    def test_what_cannot_be_stated(self, stated, message):
        with pytest.raises(CompareError, match=message):
            GroundOptions(**stated)
