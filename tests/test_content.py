import dataclasses
import json
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.content import Content, check_content, count_reference_points, json_value
from registry.duplicates import number_keys
from registry.findings import CHECKS
from registry.model import Kind, PartialDate, Severity

HECTARE = 10_000.0


def content(kind=Kind.MINEFIELDS, *, area_m2=None, handed_over_on=None, **columns):
    """Conformed rows; minefields state two reference points unless a test is about them."""
    rows = len(next(iter(columns.values())))
    if kind is Kind.MINEFIELDS:
        columns.setdefault("reference_points", ['["RP 1", "RP 2"]'] * rows)
    columns.setdefault("accident_id" if kind is Kind.ACCIDENTS else "record_id", [f"R-{row}" for row in range(rows)])
    area = np.full(rows, np.nan) if area_m2 is None else np.asarray(area_m2, float)
    on = None if handed_over_on is None else PartialDate.from_iso(handed_over_on)
    return Content(kind, pd.DataFrame({k: pd.Series(v, dtype=object) for k, v in columns.items()}), area, on, TODAY)


TODAY = date(2024, 3, 18)


def found(rows):
    return [(hit.code, hit.row) for hit in check_content(rows)]


def sentence(rows):
    (hit,) = check_content(rows)
    return hit.message


class TestRecordId:
    def test_blanks_and_case_do_not_count(self):
        rows = content(record_id=["A-1", "B-1", " a-1 ", "A  -1", "a-1"])
        assert found(rows) == [("record-id-repeated", 2), ("record-id-repeated", 4)]
        assert CHECKS["record-id-repeated"].severity is Severity.ERROR

    def test_the_sentence_leads_to_the_first_one(self):
        rows = content(record_id=["A-1", "a-1"], document_id=["b-1", "b-2"], feature_index=[7, 0])
        assert sentence(rows) == "2 records bear the number a-1; the first is feature 7 of b-1."

    def test_a_row_without_a_number_repeats_nothing(self):
        assert found(content(record_id=[None, None, "", "  "])) == []

    @pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.ACCIDENTS])
    def test_every_kind_has_numbers(self, kind):
        assert ("record-id-repeated", 1) in found(content(kind, record_id=["1", "1"]))

    def test_accidents_have_their_own_number(self):
        assert found(content(Kind.ACCIDENTS, accident_id=["1", "1"])) == [("record-id-repeated", 1)]

    @given(st.lists(st.text("aAbB \u00a0", max_size=3), max_size=8))
    def test_all_but_the_first_of_each_number(self, numbers):
        keys = [key for key in number_keys(numbers) if key]
        assert len(found(content(record_id=[*numbers, "other"]))) == len(keys) - len(set(keys))


class TestTotal:
    def test_equal_sums_pass(self):
        assert found(content(mines_ap=[30, 10], mines_av=[2, None], mines_total_stated=[32, 10])) == []

    def test_the_sentence_tells_all_parts(self):
        rows = content(mines_ap=[100], mines_other=[1200], mines_total_stated=[1306])
        assert sentence(rows) == (
            "It states 1,306 mines in all, and its parts add up to 1,300 "
            "(anti-personnel 100, anti-vehicle not stated, other 1200)."
        )

    def test_nothing_to_compare(self):
        assert found(content(mines_total_stated=[5, None], mines_ap=[None, 3])) == []

    def test_devices_are_parts_where_no_count_is_stated(self):
        devices = json.dumps([{"model": "PMN", "quantity": 20}, {"model": "TM-62", "quantity": 5}])
        rows = content(devices=[devices, devices, '[{"quantity": "20-30"}]'], mines_total_stated=[25, 26, 30])
        assert found(rows) == [("total-differs", 1)]

    @given(st.lists(st.none() | st.integers(0, 9), min_size=3, max_size=3), st.none() | st.integers(0, 30))
    def test_only_a_difference_is_told(self, parts, total):
        names = ("mines_ap", "mines_av", "mines_other")
        rows = content(**{name: [part] for name, part in zip(names, parts, strict=True)}, mines_total_stated=[total])
        known = [part for part in parts if part is not None]
        assert bool(found(rows)) == (bool(known) and total is not None and sum(known) != total)


class TestDensity:
    @pytest.mark.parametrize(("mines", "unlikely"), [(0, True), (1, True), (2, False), (600, False), (601, True)])
    def test_two_hectares(self, mines, unlikely):
        rows = content(area_m2=[2 * HECTARE], mines_total_stated=[mines])
        assert found(rows) == [("density-unlikely", 0)] * unlikely

    def test_parts_stand_in_for_a_total(self):
        rows = content(area_m2=[HECTARE], mines_ap=[200], mines_av=[101])
        assert sentence(rows) == "301 mines on 1 ha are 301 mines per ha."

    def test_what_is_not_plotted_has_no_density(self):
        assert found(content(area_m2=[np.nan, 0], mines_total_stated=[9999, 9999])) == []


class TestLaidAfterHandover:
    @pytest.mark.parametrize(
        ("handed_over_on", "laid_from", "precision", "late"),
        [
            ("2021-06-12", "2021-06-12", "DAY", False),
            ("2021-06-12", "2021-06-13", "DAY", True),
            ("2021-06-12", "2021-06-01", "MONTH", False),
            ("2021-06-12", "2021-07-01", "MONTH", True),
            ("2021-06", "2021-06-30", "DAY", False),
            ("2021-06", "2021-07-01", "DAY", True),
            ("2021", "2021-12-31", "DAY", False),
            ("2021", "2022-01-01", "YEAR", True),
            (None, "2022-01-01", "DAY", False),
        ],
    )
    def test_only_what_is_surely_later(self, handed_over_on, laid_from, precision, late):
        rows = content(handed_over_on=handed_over_on, laid_from=[laid_from], laid_from_precision=[precision])
        assert found(rows) == [("laid-after-handover", 0)] * late

    def test_the_end_of_laying_counts_too(self):
        rows = content(
            handed_over_on="2021-06-12", laid_from=["2021-06-01"], laid_to=["2022-01-01"], laid_to_precision=["YEAR"]
        )
        assert sentence(rows) == "It was laid in or after 2022, and the batch was handed over on 2021-06-12."


class TestReferencePoints:
    @pytest.mark.parametrize(
        ("cell", "count"),
        [
            (None, 0),
            (np.nan, 0),
            (pd.NA, 0),
            ("", 0),
            ("[]", 0),
            ('["", null]', 0),
            ("bridge at km 3", 1),
            ('"bridge; church"', 2),
            ("bridge\nchurch; ", 2),
            ('[{"x": 1}, {"x": 2}, "mast"]', 3),
            (["bridge", "church"], 2),
            ({"x": 1, "y": 2}, 1),
        ],
    )
    def test_counts(self, cell, count):
        assert count_reference_points(cell) == count

    def test_per_record_where_some_state_them(self):
        rows = content(reference_points=[None, '["a"]', '["a", "b"]'])
        assert found(rows) == [("reference-point-missing", 0), ("reference-point-single", 1)]

    def test_once_where_no_record_states_any(self):
        assert found(content(reference_points=[None] * 3)) == [("reference-point-missing", None)]
        bare = content(laid_by=["12th"] * 3)
        without = dataclasses.replace(bare, records=bare.records.drop(columns="reference_points"))
        assert sentence(without) == "None of the 3 records states a reference point."


def victims(killed=None, injured=None, role=None, sex_and_age=None):
    return content(
        Kind.ACCIDENTS,
        killed=[killed],
        injured=[injured],
        victims_by_role=[role if role is None else json.dumps(role)],
        victims_by_sex_and_age=[sex_and_age],
    )


class TestVictims:
    @pytest.mark.parametrize(
        "event",
        [
            victims(),
            victims(1, 2),
            victims(1, 2, {"civilian": 2, "journalist": 1}),
            victims(1, None, {"civilian": 2}),
            victims(1, 2, {"civilian": {"killed": 1, "injured": 2, "unharmed": 5}}),
            victims(1, 2, {"civilian": 3}, {"M": {"18-59": 2}, "F": {"0-4": 1}}),
            victims(0, 0, {}),
            victims(1, 2, ["a form nobody agreed on"]),
            victims(1, 2, {"civilian": "three"}),
        ],
    )
    def test_consistent_or_not_to_be_judged(self, event):
        assert found(event) == []

    @pytest.mark.parametrize(
        ("event", "words"),
        [
            (victims(-1, 2), "a count of victims is below zero."),
            (victims(1, 2, {"civilian": -3}), "a count of victims is below zero."),
            (victims(1, 2, {"civilian": 4}), "3 killed and injured, but 4 by role."),
            (victims(1, 2, None, {"M": 2}), "3 killed and injured, but 2 by sex and age."),
            (victims(3, None, {"civilian": 2}), "3 killed, but only 2 by role."),
            (
                victims(1, 2, {"civilian": {"KILLED": 2, "INJURED": 1}}),
                "1 killed, but 2 killed by role; 2 injured, but 1 injured by role.",
            ),
            (victims(None, None, {"civilian": 2}, {"M": 1}), "1 and 2 victims by role and by sex and age."),
            (
                victims(1, 2, {"civilian": 2}, {"M": 4}),
                "3 killed and injured, but 2 by role; 3 killed and injured, but 4 by sex and age.",
            ),
        ],
    )
    def test_contradictions(self, event, words):
        assert sentence(event) == words


class TestDateInFuture:
    @pytest.mark.parametrize(
        ("day", "precision", "late"),
        [
            ("2024-03-18", "DAY", False),
            ("2024-03-19", "DAY", True),
            ("2024-03-01", "MONTH", False),
            ("2024-04-01", "MONTH", True),
            ("2024-01-01", "YEAR", False),
            ("2025-01-01", "YEAR", True),
        ],
    )
    def test_only_what_is_surely_later(self, day, precision, late):
        rows = content(Kind.ACCIDENTS, occurred_on=[day], occurred_on_precision=[precision])
        assert found(rows) == [("date-in-future", 0)] * late

    @pytest.mark.parametrize(
        ("kind", "field"),
        [
            (Kind.MINEFIELDS, "laid_to"),
            (Kind.SURVEYED, "surveyed_on"),
            (Kind.RELEASED, "released_on"),
            (Kind.DEVICES, "found_on"),
        ],
    )
    def test_dates_of_every_kind(self, kind, field):
        assert sentence(content(kind, **{field: ["2031-01-01"]})) == f"Field {field}: 2031-01-01 lies in the future."


def test_nothing_stated_is_nothing_found():
    for kind in Kind:
        assert check_content(content(kind, record_id=[])) == []


def test_every_code_is_explained():
    rows = content(
        record_id=["1", "1"],
        area_m2=[HECTARE, HECTARE],
        mines_ap=[1, 2],
        mines_total_stated=[400, 2],
        laid_from=["2031-01-01", None],
        reference_points=[None, '["a"]'],
        handed_over_on="2024-01-01",
    )
    codes = {hit.code for hit in check_content(rows)}
    assert len(codes) == 7
    assert codes <= set(CHECKS)


def test_hits_come_check_by_check_and_row_by_row():
    rows = content(record_id=["1", "2", "1", "2"], mines_ap=[1, 1, 1, 1], mines_total_stated=[2, 1, 1, 2])
    assert found(rows) == [
        ("record-id-repeated", 2),
        ("record-id-repeated", 3),
        ("total-differs", 0),
        ("total-differs", 3),
    ]


@given(st.none() | st.integers() | st.text() | st.lists(st.text()) | st.dictionaries(st.text(), st.integers()))
def test_a_json_field_is_read_from_text_and_from_its_value(value):
    written = json.dumps(value, ensure_ascii=False)
    assert json_value(written) == value
    assert count_reference_points(written) == count_reference_points(value) or isinstance(value, str)
