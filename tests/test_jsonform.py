import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from registry.codes import DatePrecision
from registry.jsonform import plain
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
