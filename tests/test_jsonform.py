import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.codes import DatePrecision
from registry.jsonform import plain, rebuilt
from registry.model import Finding, Kind, PartialDate, Severity


@dataclass(frozen=True)
class Share:
    numerator: int
    value: float | None
    reason: str | None = None


def test_each_of_our_values():
    assert plain(
        {
            Kind.DEVICES: (Share(1, 0.5), [Severity.ERROR]),
            "on": PartialDate(date(2021, 6, 1), DatePrecision.MONTH),
            "at": datetime(2021, 6, 12, tzinfo=UTC),
            "day": date(2021, 6, 12),
            "path": Path("a") / "b.gpkg",
        }
    ) == {
        "devices": [{"numerator": 1, "value": 0.5, "reason": None}, ["E"]],
        "on": "2021-06",
        "at": "2021-06-12T00:00:00+00:00",
        "day": "2021-06-12",
        "path": str(Path("a") / "b.gpkg"),
    }


def test_named_fields_are_left_out_where_they_are_none():
    shares = {"a": [Share(1, None)], "b": Share(2, None, "fewer than 10")}
    assert plain(shares, unless_none=["reason"]) == {
        "a": [{"numerator": 1, "value": None}],
        "b": {"numerator": 2, "value": None, "reason": "fewer than 10"},
    }


def test_only_fields_of_dataclasses_are_left_out():
    assert plain({"reason": None}, unless_none=["reason"]) == {"reason": None}


@given(st.builds(Finding, severity=st.sampled_from(Severity)))
def test_a_finding_is_what_json_holds(finding):
    form = plain(finding)
    assert json.loads(json.dumps(form)) == form
    assert type(form["severity"]) is str
    assert form["message"] == finding.message


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_plain_values_stay_as_they_are(value):
    assert plain(value) == value


@dataclass(frozen=True)
class Inner:
    share: float = 0.9
    words: str | None = None


@dataclass(frozen=True)
class Options:
    kinds: tuple[Kind, ...] = ()
    on: PartialDate | None = None
    as_of: date | None = None
    sigma_m: float | None = None
    inner: Inner = Inner()


@given(
    st.builds(
        Options,
        kinds=st.lists(st.sampled_from(Kind)).map(tuple),
        on=st.none() | st.dates().map(PartialDate),
        as_of=st.none() | st.dates(),
        sigma_m=st.none() | st.floats(allow_nan=False),
        inner=st.builds(Inner, st.floats(0, 1), st.none() | st.text()),
    )
)
def test_options_come_back(options):
    """Whatever options there are: days, codes and lists are kept as text."""
    assert rebuilt(Options, plain(options)) == options


def test_what_is_missing_has_its_default():
    assert rebuilt(Options, {"sigma_m": 30.0}) == Options(sigma_m=30.0)


@pytest.mark.parametrize(
    "stored", [{"novelty": 1}, {"kinds": ["novelty"]}, {"kinds": 7}, {"as_of": "soon"}, {"inner": {"x": 1}}]
)
def test_what_is_not_known_is_refused(stored):
    with pytest.raises((TypeError, ValueError)):
        rebuilt(Options, stored)
