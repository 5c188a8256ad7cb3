from datetime import date

import ground
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.codes import DeviceCategory, Rule
from registry.compare.accuracy import accuracy_of, classify
from registry.compare.areas import rank_records
from registry.compare.eligibility import COARSE_ABOVE_M, RULE_WORDS, Criteria, select_events
from registry.errors import CompareError
from registry.model import PartialDate

JUNE = PartialDate(date(2021, 6, 12))
JULY = PartialDate(date(2021, 7, 3))
FIELD = ground.square(0, 0)
IN, OUT = (50, 50), (500, 50)


def ranked(*shapes, dates=None, **columns):
    return rank_records(ground.records(*shapes, **columns), dates or {"a": JUNE}, ground.GROUND)


def effect_of(selection, rule):
    return next(effect for effect in selection.rules if effect.rule is rule)


def laid(*days, precisions=None):
    return {"laid_from": ground.dated(*days), "laid_from_precision": precisions or [None] * len(days)}


def test_every_rule_is_said_in_words():
    assert set(RULE_WORDS) == set(Rule)


def test_a_device_that_no_record_claims():
    events = ground.events(IN, OUT, IN, OUT, IN, device_category=["UXO", "AP_MINE", "UNKNOWN", None, "MINE_UNSPEC"])
    claimed = frozenset({DeviceCategory.AP_MINE})
    selection = select_events(events, ranked(FIELD), Criteria((Rule.DEVICE_NOT_CLAIMED,), claimed=claimed))
    assert selection.keep.tolist() == [False, True, True, True, True]
    assert selection.removed_by.tolist() == ["device-not-claimed", None, None, None, None]
    effect = effect_of(selection, Rule.DEVICE_NOT_CLAIMED)
    assert (effect.removed, effect.removed_alone, effect.inside_lost) == (1, 1, 1)


def test_where_nothing_is_claimed_at_all_no_device_is_removed():
    events = ground.events(IN, device_category=["UXO"])
    assert select_events(events, ranked(), Criteria((Rule.DEVICE_NOT_CLAIMED,), claimed=frozenset())).keep.all()


@pytest.mark.parametrize(
    ("released_on", "precision", "happened_on", "kept"),
    [
        ("2021-01-10", "DAY", "2021-01-09", True),
        ("2021-01-10", "DAY", "2021-01-10", False),
        ("2021-01-10", "DAY", "2021-01-11", False),
        (None, None, "2021-01-09", False),
        ("2021-01-10", "DAY", None, False),
        # Some day of 2021 may be before the ninth of January; no day of 2022 is.
        ("2021-01-01", "YEAR", "2021-01-09", False),
        ("2022-01-01", "YEAR", "2021-01-09", True),
    ],
)
def test_land_released_before_the_event(released_on, precision, happened_on, kept):
    released = ground.released(ground.square(400, 0, 200), on=[released_on], precisions=[precision])
    events = ground.events(OUT, IN, dates=[happened_on] * 2)
    selection = select_events(events, ranked(FIELD), Criteria((Rule.IN_RELEASED_LAND,), released=released))
    assert selection.keep.tolist() == [kept, True]


def test_land_released_twice_and_land_that_was_only_confirmed():
    areas = [ground.square(400, 0, 200)] * 2
    later_and_earlier = ground.released(*areas, on=["2022-01-01", "2020-01-01"])
    confirmed = ground.released(areas[0], types=["CONFIRMED"])
    events = ground.events(OUT, dates=["2021-01-01"])
    for released, kept in ((later_and_earlier, False), (confirmed, True)):
        selection = select_events(events, ranked(FIELD), Criteria((Rule.IN_RELEASED_LAND,), released=released))
        assert selection.keep.tolist() == [kept]


def test_what_the_event_says_of_itself():
    events = ground.events(
        IN, IN, OUT, None, None,
        in_released_land=[True, None, False, True, None],
        ordnance_moved=[None, True, None, None, None],
    )  # fmt: skip
    rules = (Rule.ORDNANCE_MOVED, Rule.IN_RELEASED_LAND)
    selection = select_events(events, ranked(FIELD), Criteria(rules))
    assert selection.removed_by.tolist() == ["in-released-land", "ordnance-moved", None]
    # An event without a position can be removed too, and then bounds nothing.
    assert selection.unlocated_kept == 1


@pytest.mark.parametrize(
    ("sigma_m", "method", "kept"),
    [
        (501, "GPS", False),
        (500, "PLACE_CENTROID", True),
        (np.nan, "PLACE_CENTROID", False),
        (np.nan, "DESCRIPTION", False),
        (np.nan, "MAP", True),
        (np.nan, None, True),
    ],
)
def test_a_position_that_is_too_coarse(sigma_m, method, kept):
    assert COARSE_ABOVE_M == 500
    events = ground.events(IN, sigma_m=[sigma_m], location_method=[method])
    selection = select_events(events, ranked(FIELD), Criteria((Rule.LOCATION_TOO_COARSE,)))
    assert selection.keep.tolist() == [kept]


def test_the_limit_of_a_coarse_position():
    events = ground.events(IN, IN, sigma_m=[50, 51], location_method=[None, None])
    selection = select_events(events, ranked(FIELD), Criteria((Rule.LOCATION_TOO_COARSE,), coarse_above_m=50))
    assert selection.keep.tolist() == [True, False]
    with pytest.raises(CompareError, match="limit"):
        select_events(events, ranked(FIELD), Criteria(coarse_above_m=float("nan")))


def test_a_record_laid_after_the_event_does_not_cover_it():
    # Two records on the same place: the first handed over was laid later.
    records = ranked(
        FIELD, FIELD, ground.square(1000, 0), batch=["a", "b", "b"], dates={"a": JUNE, "b": JULY},
        **laid("2020-06-01", "2019-01-01", "2018-01-01"),
    )  # fmt: skip
    events = ground.events(IN, IN, IN, IN, dates=["2020-01-01", "2020-06-01", "2018-06-01", None])
    selection = select_events(events, records, Criteria((Rule.LAID_AFTER,)))
    by_handover = [records.record_ids[record] for record in selection.located.matches.nearest]
    eligible = [records.record_ids[record] for record in selection.eligible.matches.nearest]
    assert by_handover == ["a/r0"] * 4
    assert eligible == ["b/r1", "a/r0", "b/r2", "a/r0"]
    assert selection.keep.all()
    # In June 2018 only the third field was laid, 950 m to the east.
    assert selection.distance_m.tolist() == pytest.approx([0, 0, 950, 0], abs=0.01)
    effect = effect_of(selection, Rule.LAID_AFTER)
    assert (effect.removes, effect.removed, effect.inside_lost) == ("pairs", 3, 1)
    accuracy = accuracy_of(selection, records)
    assert (accuracy.all.total, accuracy.all.inside, accuracy.unfiltered.inside) == (4, 3, 4)
    assert accuracy.removed == {}


def test_before_and_after_the_handover_see_no_record_that_was_laid_later():
    records = ranked(FIELD, FIELD, batch=["a", "b"], dates={"a": JUNE, "b": JULY}, **laid("2021-06-20", "2021-06-01"))
    events = ground.events(IN, IN, IN, dates=["2021-06-02", "2021-06-15", "2021-06-25"])
    accuracy = accuracy_of(select_events(events, records, Criteria((Rule.LAID_AFTER,))), records)
    assert accuracy.before_handover.inside == 1
    # Of the batch in hand on 15 June, the only record was laid on the 20th.
    assert (accuracy.after_handover.total, accuracy.after_handover.inside) == (2, 1)


def test_a_record_laid_in_some_month_may_have_been_laid_before():
    records = ranked(FIELD, **laid("2020-06-01", precisions=["MONTH"]))
    events = ground.events(IN, IN, dates=["2020-05-31", "2020-06-01"])
    assert select_events(events, records, Criteria((Rule.LAID_AFTER,))).eligible.matches.inside.tolist() == [
        False,
        True,
    ]


def test_rules_are_counted_in_order_and_alone():
    scope = ground.districts(claimed=ground.square(-500, -500, 2000))
    events = ground.events(
        IN, IN, OUT, (5000, 0), (5000, 0),
        in_released_land=[True, True, None, True, None],
        ordnance_moved=[True, None, True, True, None],
        location_method=[None] * 5,
    )  # fmt: skip
    selection = select_events(
        events, ranked(FIELD), Criteria((Rule.ORDNANCE_MOVED, Rule.IN_RELEASED_LAND), scope=scope)
    )  # fmt: skip
    found = {effect.rule.value: (effect.applied, effect.removed, effect.removed_alone) for effect in selection.rules}
    assert found == {
        "out-of-scope": (True, 2, 2),
        "in-released-land": (True, 2, 3),
        "ordnance-moved": (True, 1, 3),
        "location-too-coarse": (False, None, 0),
    }
    assert selection.removed_by.tolist() == [
        "in-released-land", "in-released-land", "ordnance-moved", "out-of-scope", "out-of-scope",
    ]  # fmt: skip
    accuracy = accuracy_of(selection, ranked(FIELD))
    assert accuracy.removed == {"out-of-scope": 2, "in-released-land": 2, "ordnance-moved": 1}
    assert (accuracy.all.total, accuracy.unfiltered.total, accuracy.unfiltered.inside) == (0, 5, 2)
    assert [effect.inside_lost for effect in selection.rules] == [0, 2, 0, None]
    assert [effect.inside_lost_alone for effect in selection.rules] == [0, 2, 1, 0]


def test_a_rule_that_is_not_applied_says_what_it_would_remove():
    events = ground.events(IN, OUT, ordnance_moved=[True, None])
    selection = select_events(events, ranked(FIELD))
    effect = effect_of(selection, Rule.ORDNANCE_MOVED)
    assert (effect.applied, effect.removed, effect.removed_alone, effect.inside_lost_alone) == (False, None, 1, 1)
    assert selection.keep.all()
    assert accuracy_of(selection, ranked(FIELD)).unfiltered is None


def test_a_removed_event_keeps_its_class_and_names_the_rule():
    events = ground.events(IN, OUT, ordnance_moved=[True, None])
    selection = select_events(events, ranked(FIELD), Criteria((Rule.ORDNANCE_MOVED,)))
    classified = classify(selection, ranked(FIELD))
    assert classified["event_class"].tolist() == ["inside", "outside"]
    assert classified["removed_by"].tolist() == ["ordnance-moved", None]


@pytest.mark.parametrize("rule", list(Rule))
def test_a_rule_with_nothing_to_look_at_is_refused(rule):
    with pytest.raises(CompareError, match=f"{rule.value} cannot be applied: it needs"):
        select_events(ground.events(IN), ranked(FIELD), Criteria((rule,)))


@given(
    st.lists(
        st.tuples(st.booleans(), st.booleans(), st.sampled_from([np.nan, 10.0, 900.0]), st.integers(0, 1)),
        min_size=1,
        max_size=12,
    ),
    st.sets(st.sampled_from([Rule.IN_RELEASED_LAND, Rule.ORDNANCE_MOVED, Rule.LOCATION_TOO_COARSE])),
)
def test_what_is_removed_in_order_adds_up(rows, rules):
    events = ground.events(
        *[(IN, OUT)[where] for *_, where in rows],
        sigma_m=[sigma_m for _, _, sigma_m, _ in rows],
        in_released_land=[released for released, *_ in rows],
        ordnance_moved=[moved for _, moved, *_ in rows],
        location_method=[None] * len(rows),
    )
    selection = select_events(events, ranked(FIELD), Criteria(tuple(rules)))
    applied = [effect for effect in selection.rules if effect.applied]
    assert {effect.rule for effect in applied} == rules
    assert sum(effect.removed for effect in applied) + selection.keep.sum() == len(rows)
    inside = selection.located.matches.inside
    assert sum(effect.inside_lost for effect in applied) + (selection.keep & inside).sum() == inside.sum()
    for effect in applied:
        assert effect.removed <= effect.removed_alone
