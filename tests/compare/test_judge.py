"""What can be compared follows from unit, reference, kind and time; each reason is a sentence."""

import re
from dataclasses import replace
from datetime import date

import pytest
from filing import a_claim
from hypothesis import given
from hypothesis import strategies as st

from registry.codes import DatePrecision
from registry.compare.claims import Metric, OurValue, Reference, Unit, ValueKind
from registry.compare.judge import Comparability, Position, judge, make_card
from registry.compare.uncertainty import Share, wilson_share
from registry.model import PartialDate

JAN_26 = PartialDate(date(2024, 1, 26))
OURS = OurValue(
    Metric.OUTSIDE,
    Unit.EVENT,
    Reference.MAPS,
    share=wilson_share(132, 240),
    window="all events",
    first_day=date(2020, 11, 12),
    last_day=date(2024, 1, 20),
    maps_until=date(2023, 5, 10),
    ceiling=0.6,
)
CLAIM = a_claim(said_on=JAN_26, window_from=PartialDate(date(2020, 11, 1), DatePrecision.MONTH))


def judged(ours=None, **stated):
    return judge(replace(CLAIM, **stated), replace(OURS, **(ours or {})))


def test_the_same_thing_is_comparable():
    found = judged()
    assert found.comparability is Comparability.COMPARABLE
    assert (found.interval, found.ceiling) == (Position.INSIDE, Position.BELOW)
    assert found.reasons[0] == "The stated value (55 %) is inside our interval (48.7 % to 61.2 %)."
    # 55 % outside is 45 % inside, and location error alone would leave 60 % there.
    assert "60.0 %" in found.reasons[1]
    assert "below that ceiling" in found.reasons[1]


@pytest.mark.parametrize(
    ("stated", "ours", "words"),
    [
        ({"unit": Unit.VICTIM}, {}, "counts victims, our value explosions"),
        ({"reference": Reference.CONTACT_LINE}, {}, "held against a contact line, our value against the maps"),
        ({"value_kind": ValueKind.COUNT}, {}, "gives a count, our value is a share"),
        ({"value_kind": ValueKind.QUALITATIVE, "low": None, "high": None}, {}, "gives no number"),
        ({}, {"share": None, "count": 9}, "gives a share, our value is a count"),
    ],
)
def test_another_thing_is_not(stated, ours, words):
    found = judged(ours, **stated)
    assert found.comparability is Comparability.NOT
    assert (found.interval, found.ceiling) == (None, None)
    assert any(words in reason for reason in found.reasons)


@pytest.mark.parametrize(
    ("stated", "ours", "words"),
    [
        ({"unit": None}, {}, "No definition was published"),
        ({"reference": None}, {}, "does not say what its figure is held against"),
        ({"candidates": (Metric.OUTSIDE, Metric.M2)}, {}, "any of 1 - M1, M2"),
        ({"window_from": None, "window_text": None}, {}, "does not say which time"),
        ({}, {"first_day": date(2020, 10, 31)}, "counts events from 2020-10-31 on; the statement begins with 2020-11"),
        ({}, {"last_day": date(2024, 1, 27)}, "until 2024-01-27; the statement ends with 2024-01-26"),
        ({"window_to": PartialDate(date(2023, 1, 1), DatePrecision.YEAR)}, {}, "the statement ends with 2023."),
        ({}, {"undated": 3}, "Of the events that we count, 3 have no date"),
        ({}, {"maps_until": date(2024, 2, 1)}, "maps handed over until 2024-02-01"),
        ({}, {"is_part": True, "window": "events after the first handover"}, "only events after the first handover"),
    ],
)
def test_what_may_differ_in_part(stated, ours, words):
    found = judged(ours, **stated)
    assert found.comparability is Comparability.PARTLY
    assert any(words in reason for reason in found.reasons), found.reasons
    assert found.interval is Position.INSIDE


def test_mines_have_no_window():
    mines = {"unit": Unit.MINE, "value_kind": ValueKind.COUNT, "candidates": (Metric.MINES_RECORDED,)}
    ours = {"unit": Unit.MINE, "share": None, "count": 400_000, "metric": Metric.MINES_RECORDED}
    found = judged(ours, **mines, window_from=None, window_text=None, value_text="400,000 mines")
    assert found.comparability is Comparability.COMPARABLE
    assert found.reasons == ("The statement says 400,000 mines; we count 400,000. A count has no interval.",)


@pytest.mark.parametrize("ours", [{"share": None, "reason": "No event."}, {"share": wilson_share(1, 9)}])
def test_no_data(ours):
    found = judged(ours)
    assert found.comparability is Comparability.NO_DATA
    assert found.interval is None
    assert any("No event." in reason or "below 10" in reason for reason in found.reasons)


def test_another_unit_is_another_thing_whether_or_not_there_is_data():
    assert judged({"share": None, "reason": "No event."}, unit=Unit.MINE).comparability is Comparability.NOT


@pytest.mark.parametrize(
    ("low", "high", "position"),
    [
        (0.4, 0.4, Position.BELOW),
        (0.7, 0.7, Position.ABOVE),
        (0.5, 0.6, Position.INSIDE),
        (0.4, 0.6, Position.ACROSS),
        (0.4, None, Position.ACROSS),
        (0.7, None, Position.ABOVE),
        (None, 0.4, Position.BELOW),
        (None, 0.5, Position.ACROSS),
    ],
)
def test_position_of_ranges(low, high, position):
    assert judged(low=low, high=high).interval is position


@pytest.mark.parametrize(
    ("metric", "stated", "ceiling", "position"),
    [
        (Metric.M1, 0.25, 0.369, Position.BELOW),
        (Metric.M1, 0.45, 0.369, Position.ABOVE),
        (Metric.OUTSIDE, 0.75, 0.369, Position.BELOW),
        (Metric.OUTSIDE, 0.55, 0.369, Position.ABOVE),
    ],
)
def test_the_ceiling_is_one_of_shares_inside(metric, stated, ceiling, position):
    found = judged({"metric": metric, "ceiling": ceiling}, low=stated, high=stated)
    assert found.ceiling is position
    assert f"is {position} that ceiling" in found.reasons[-1]


def test_without_a_ceiling_that_is_said():
    assert judged({"ceiling": None}).reasons[-1].startswith("The noise ceiling is not computed")


def test_parts_stand_beside_ours():
    ours = {"share": None, "count": 342, "unit": Unit.VICTIM, "parts": (("killed", 60),)}
    parts = (("killed", 65), ("journalists among the killed", 3))
    found = judged(ours, unit=Unit.VICTIM, value_kind=ValueKind.COUNT, parts=parts)
    assert "Of these the statement names 65 as killed; we count 60." in found.reasons
    assert any("journalists among the killed, which our data do not tell" in reason for reason in found.reasons)


class TestCard:
    def test_the_best_judgement_counts(self):
        whole, part = OURS, replace(OURS, is_part=True, window="events before")
        card = make_card(CLAIM, [part, whole])
        assert [each.comparability for each in card.beside] == [Comparability.PARTLY, Comparability.COMPARABLE]
        assert card.judgement is Comparability.COMPARABLE
        assert card.ours == (part, whole)

    def test_no_data_is_more_than_not_comparable(self):
        none = replace(
            OURS, metric=Metric.MINES_TOTAL, unit=Unit.MINE, share=None, reason="x", reference=Reference.MAPS
        )
        with_it = replace(OURS, metric=Metric.M6, unit=Unit.MINE, computed_with="said")
        others = replace(with_it, computed_with="another")
        claim = replace(CLAIM, unit=Unit.MINE, value_kind=ValueKind.COUNT, candidates=(Metric.MINES_TOTAL,))
        card = make_card(claim, [none, others, with_it])
        assert card.judgement is Comparability.NO_DATA
        assert card.ours == (none, with_it)

    def test_no_metric_corresponds(self):
        card = make_card(replace(CLAIM, candidates=()), [OURS])
        assert card.judgement is Comparability.NOT
        assert "No metric of this registry corresponds to the statement." in card.reasons

    def test_nothing_to_compute_it_from(self):
        card = make_card(CLAIM, [])
        assert card.judgement is Comparability.NO_DATA
        assert "nothing from which 1 - M1 could be computed" in card.reasons[-1]

    def test_a_statement_without_definition_is_at_most_partly(self):
        claim = replace(CLAIM, unit=None, candidates=(Metric.M1, Metric.M2, Metric.M4, Metric.M5, Metric.M6))
        ours = [replace(OURS, metric=metric) for metric in claim.candidates]
        card = make_card(claim, ours)
        assert len(card.beside) == 5
        assert card.judgement is Comparability.PARTLY
        assert all("No definition was published" in each.reasons[0] for each in card.beside)

    def test_its_own_counts_and_where_it_was_read(self):
        claim = replace(CLAIM, numerator=247, denominator=345, verified_at_source=False)
        reasons = make_card(claim, [OURS]).reasons
        assert "247 of 345 (71.6 %, 95 % interval 66.6 % to 76.1 %)" in reasons[0]
        assert reasons[1].startswith("Not verified at source")
        assert make_card(CLAIM, [OURS]).reasons[0].startswith("Its numerator and denominator were not published")

    def test_counter_statements_in_another_unit_are_not_laid_beside_without_saying_so(self):
        answer = a_claim("answer", answers=("said",), unit=Unit.VICTIM, reference=Reference.CONTACT_LINE)
        card = make_card(CLAIM, [OURS], [CLAIM, answer])
        assert card.counter_statements == (answer,)
        assert "units (event, victim) and references (maps, contact line)" in card.reasons[-1]
        same = a_claim("answer", answers=("said",))
        assert not any("different" in reason for reason in make_card(CLAIM, [OURS], [CLAIM, same]).reasons)

    def test_of_a_ledger_the_time_that_is_spoken_of(self):
        def batch(name, day, unit=Unit.DOCUMENT):
            return OurValue(
                Metric.LEDGER, unit, Reference.NONE, count=8, window=name, is_part=True, first_day=day, last_day=day
            )

        january, february = batch("January", date(2024, 1, 25)), batch("February", date(2024, 2, 10))
        undated, mines = batch("undated", None), batch("mines", date(2024, 1, 25), Unit.MINE)
        total = OurValue(Metric.LEDGER, Unit.DOCUMENT, Reference.NONE, count=16, window="all batches")
        ours = [january, february, undated, mines, total]
        claim = replace(
            CLAIM, unit=Unit.DOCUMENT, reference=Reference.NONE, value_kind=ValueKind.COUNT, low=8, high=8,
            candidates=(Metric.LEDGER,), window_from=JAN_26, window_to=JAN_26,
        )  # fmt: skip
        day = PartialDate(date(2024, 1, 25))
        assert make_card(replace(claim, window_from=day, window_to=day), ours).ours == (january,)
        assert make_card(claim, ours).judgement is Comparability.NO_DATA
        assert make_card(replace(claim, window_from=None, window_to=None), ours).ours == (total,)

    def test_the_sentence(self):
        assert make_card(replace(CLAIM, organisation="The ministry"), [OURS]).sentence == (
            "The ministry, 2024-01-26: 55 % (unit: explosions or other events, reference: the maps handed over). "
            "This registry, 1 - M1, all events: 132 of 240 (55.0 %, 95 % interval 48.7 % to 61.2 %). "
            "This is comparable in unit, reference and time. The stated value is inside our interval."
        )


VERDICTS = re.compile(r"\b(right|wrong|true|false|lie|lies|lied|liar|correct|incorrect|exaggerat\w+)\b", re.IGNORECASE)
SHARES = st.integers(0, 300).flatmap(lambda n: st.integers(0, n).map(lambda k: wilson_share(k, n)))


@given(
    st.builds(
        a_claim,
        low=st.none() | st.floats(0, 1),
        high=st.floats(0, 1),
        value_kind=st.sampled_from(ValueKind),
        unit=st.none() | st.sampled_from(Unit),
        reference=st.none() | st.sampled_from(Reference),
        candidates=st.lists(st.sampled_from(Metric), unique=True).map(tuple),
        said_on=st.none() | st.just(JAN_26),
    ),
    st.lists(
        st.builds(
            OurValue,
            metric=st.sampled_from(Metric),
            unit=st.sampled_from(Unit),
            reference=st.sampled_from(Reference),
            share=SHARES | st.just(Share(4, 10, 0.4, method="no sample")),
            ceiling=st.none() | st.floats(0, 1),
            is_part=st.booleans(),
            undated=st.integers(0, 3),
        ),
        max_size=4,
    ),
)
def test_any_card_reasons_in_sentences_and_judges_nobody(claim, ours):
    card = make_card(claim, ours, [claim])
    said = [card.sentence, *card.reasons, *(reason for each in card.beside for reason in each.reasons)]
    assert all(text.endswith(".") and text[0].isupper() for text in said if text != card.sentence)
    assert not any(VERDICTS.search(text) for text in said)
    for each in card.beside:
        assert each.ours.metric in claim.candidates
        if each.comparability in {Comparability.NOT, Comparability.NO_DATA, Comparability.PARTLY}:
            assert each.reasons
        if claim.unit is not None and claim.unit is not each.ours.unit:
            assert each.comparability is Comparability.NOT
        if claim.unit is None or len(claim.candidates) > 1:
            assert each.comparability is not Comparability.COMPARABLE
