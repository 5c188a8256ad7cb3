import dataclasses
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import model
from registry.codes import DatePrecision
from registry.model import GEOMETRY_OF_KIND, Handover, Kind, PartialDate, SourceDocument


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2020-02-03", date(2020, 2, 3), date(2020, 2, 3)),
        ("2020-02", date(2020, 2, 1), date(2020, 2, 29)),
        ("2021-02", date(2021, 2, 1), date(2021, 2, 28)),
        ("2020", date(2020, 1, 1), date(2020, 12, 31)),
    ],
)
def test_the_days_that_a_date_can_mean(text, first, last):
    found = PartialDate.from_iso(text)
    assert (found.first, found.last) == (first, last)
    assert str(found) == text


@given(st.dates(), st.sampled_from(DatePrecision))
def test_a_date_comes_back_as_it_was(day, precision):
    text = str(PartialDate(day, precision))
    found = PartialDate.from_iso(text)
    assert (str(found), found.precision) == (text, precision)
    assert found.first <= day <= found.last


@pytest.mark.parametrize(
    "text", ["", "20", "2020-13", "2020-02-30", "2020-2-3", "0000", "2020-02-03 ", "\u0662\u0660\u0662\u0660"]
)
def test_what_is_no_date(text):
    with pytest.raises(ValueError, match="is not a d"):
        PartialDate.from_iso(text)


@given(st.text())
def test_any_text_is_a_date_or_refused(text):
    try:
        found = PartialDate.from_iso(text)
    except ValueError:
        return
    assert str(found) == text


def test_every_kind_has_a_geometry_type():
    assert set(GEOMETRY_OF_KIND) == set(Kind)


@pytest.mark.parametrize("name", [name for name, value in vars(model).items() if dataclasses.is_dataclass(value)])
def test_values_are_frozen(name):
    assert getattr(model, name).__dataclass_params__.frozen


def test_a_handover_needs_a_name_and_a_title_only():
    stated = dataclasses.asdict(Handover("b-1", "Batch one"))
    assert {name: value for name, value in stated.items() if value is not None} == {
        "batch_id": "b-1",
        "title": "Batch one",
    }


def test_the_bytes_of_a_document_do_not_flood_a_message():
    assert "secret" not in repr(SourceDocument("d", "a.gpkg", "x", 6, "0" * 64, b"secret"))
