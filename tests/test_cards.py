"""Cards from a registry. The demonstration reproduces what was said; other registries say what they do not know."""

import json
from datetime import date
from pathlib import Path

import pytest
from batches import add, point, square
from filing import a_claim

from registry.cards import addable, claim_card, known_claims
from registry.claimset import parse_claims, shipped_claims
from registry.compare.claims import Metric, Reference, Unit, ValueKind
from registry.compare.judge import Comparability, Position
from registry.compare.uncertainty import wilson_interval
from registry.demo import run_demo
from registry.errors import DuplicateClaim, UnknownClaim
from registry.model import Handover, Kind, PartialDate
from registry.stats import compute_stats
from registry.store import Registry


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return run_demo(tmp_path_factory.mktemp("demo") / "demo")


@pytest.fixture(scope="module")
def demo(made):
    with Registry.open(made.registry_path) as registry:
        yield registry


@pytest.fixture
def card_of(demo, made):
    """Cards of the demonstration, which is compared once."""

    def make(claim_id, **keywords):
        def compare(_registry, as_of, _progress):
            return made.comparison, as_of

        return claim_card(demo, claim_id, compare=compare, **keywords)

    return make


class TestStory:
    def test_55_percent_of_explosions(self, card_of):
        card = card_of("SYN-outside")
        whole = card.beside[0]
        assert (whole.ours.share.numerator, whole.ours.share.denominator) == (132, 240)
        assert (whole.interval, whole.comparability) == (Position.INSIDE, Comparability.COMPARABLE)
        # The interval minds that explosions near each other fare alike; of independent ones it is 48.7 to 61.2.
        assert "132 of 240 (55.0 %, 95 % interval " in card.sentence
        assert whole.ours.share.method == "cluster"
        assert [round(100 * bound, 1) for bound in wilson_interval(132, 240)] == [48.7, 61.2]
        assert [claim.claim_id for claim in card.counter_statements] == ["SYN-no-better"]

    def test_40_percent_of_mines(self, card_of):
        assert card_of("SYN-mines-mapped").beside[0].ours.count == 400_000
        card = card_of("SYN-mines-real")
        assert card.judgement is Comparability.NO_DATA
        (share,) = [each.ours.share for each in card.beside if each.ours.metric is Metric.M6]
        assert (share.numerator, share.denominator, share.value, share.low) == (400_000, 1_000_000, 0.4, None)

    def test_342_victims_of_whom_65_killed_and_3_journalists(self, card_of):
        card = card_of("SYN-victims")
        (judged,) = card.beside
        assert judged.ours.count == 342
        of_journalists = {"journalists among the victims": 3, "journalists among the killed": 3}
        assert dict(judged.ours.parts) == {"killed": 65, "injured": 277, **of_journalists}
        assert "Of these the statement names 3 as journalists among the killed; we count 3." in judged.reasons
        assert judged.comparability is Comparability.COMPARABLE
        assert "Of these the statement names 65 as killed; we count 65." in judged.reasons

    def test_eight_new_maps(self, card_of):
        (judged,) = card_of("SYN-eight-maps").beside
        assert (judged.ours.count, judged.ours.window) == (8, "batch SYN-2024-01")
        assert "The handover was announced with 8 documents." in judged.reasons

    def test_25_percent_without_definition_is_set_beside_every_definition(self, card_of):
        card = card_of("SYN-accuracy")
        assert {each.ours.metric for each in card.beside} == {Metric.M1, Metric.M2, Metric.M4, Metric.M5, Metric.M6}
        assert card.judgement is Comparability.PARTLY
        assert all(any("No definition was published" in why for why in each.reasons) for each in card.beside)
        assert "by construction" in card.claim.note

    def test_one_of_the_definitions_is_25_percent_by_construction(self, demo):
        """As of the day of the statement, like every card that is asked for without a day."""
        card = claim_card(demo, "SYN-accuracy")
        (judged,) = [each for each in card.beside if each.ours.metric is Metric.M2]
        share = judged.ours.share
        assert (share.numerator, share.denominator, judged.ours.as_of) == (25, 100, date(2024, 7, 1))
        assert (round(share.low, 4), round(share.high, 4)) == (0.1755, 0.3430)
        assert (judged.comparability, judged.interval) == (Comparability.PARTLY, Position.INSIDE)
        m4, m5 = (
            next(each.ours for each in card.beside if each.ours.metric is metric) for metric in (Metric.M4, Metric.M5)
        )
        assert 0 < m4.share.numerator < m4.share.denominator
        assert m5.share.low is None

    def test_the_whole_story_as_of_its_own_day(self, demo):
        whole = claim_card(demo, "SYN-outside").beside[0]
        assert (whole.ours.share.numerator, whole.ours.share.denominator) == (132, 240)
        assert whole.ours.as_of == date(2024, 7, 1)

    def test_beside_a_ceiling(self, card_of):
        whole = card_of("SYN-outside").beside[0]
        assert 0.7 < whole.ours.ceiling < 0.95
        # 55 % outside is 45 % inside, fewer than location error alone would leave there.
        assert whole.ceiling is Position.BELOW

    def test_the_figure_of_january_counts_fewer_victims(self, card_of):
        card = card_of("az-2024-01-victims")
        assert card.ours[0].count < 342
        assert card.ours[0].as_of == date(2024, 1, 26)
        assert card_of("az-2024-01-victims", as_of=date(2024, 6, 30)).ours[0].count == 342

    @pytest.mark.parametrize("claim_id", [claim.claim_id for claim in shipped_claims()])
    def test_every_shipped_claim_has_a_card(self, card_of, claim_id):
        card = card_of(claim_id)
        assert card.sentence
        if card.claim.unit in {Unit.VICTIM} and Metric.OUTSIDE in card.claim.candidates:
            assert card.judgement is Comparability.NOT

    def test_victims_outside_a_line_are_not_explosions_outside_the_maps(self, card_of):
        card = card_of("anama-victims-contact-line")
        assert card.judgement is Comparability.NOT
        why = card.beside[0].reasons
        assert why[0].startswith("The statement counts victims")
        assert why[1].startswith("The statement is held against former contact line")
        assert "66.6 % to 76.1 %" in card.reasons[0]


class TestDays:
    def test_a_comparison_as_of_the_day_of_the_claim(self, demo):
        asked = []

        def compare(registry, as_of, progress):
            asked.append(as_of)
            return compute_stats(registry, progress=progress), as_of

        card = claim_card(demo, "az-2024-01-outside", compare=compare)
        assert asked == [date(2024, 1, 26)]
        assert card.ours[0].as_of == date(2024, 1, 26)
        assert not any("not recomputed" in why for why in card.reasons)

    def test_a_day_by_which_nothing_can_be_compared_is_said(self, demo):
        card = claim_card(demo, "az-2024-01-outside", as_of=date(2020, 1, 1))
        assert any("not recomputed as of 2020-01-01" in why for why in card.reasons)
        assert card.ours[0].as_of is None

    def test_the_day_of_the_claim_counts_fewer_events(self, demo):
        (whole,) = [
            each
            for each in claim_card(demo, "az-2024-01-outside").ours
            if each.metric is Metric.OUTSIDE and not each.is_part
        ]
        assert whole.as_of == date(2024, 1, 26)
        assert 0 < whole.share.denominator < 240

    def test_a_claim_without_a_day(self, card_of):
        reasons = card_of("anama-victims-contact-line").reasons
        assert "The statement has no date: all data there is are used." in reasons

    def test_a_day_on_which_nothing_had_been_handed_over(self, card_of):
        card = card_of("SYN-mines-mapped", as_of=date(2020, 1, 1))
        assert any("No batch is known to have been handed over by 2020-01-01" in why for why in card.reasons)
        assert card.ours[0].count == 400_000

    def test_first_and_last_day_that_events_can_have(self, empty):
        add(empty, "m", geometries=[square(0, 0)])
        add(
            empty, "e", Kind.ACCIDENTS, [point(0.5, 0.5)] * 12,
            occurred_on=["2021-05-05", "2020-01-01", "2022-03-01", *["2021-06-06"] * 8, None],
            occurred_on_precision=["DAY", "YEAR", "MONTH", *["DAY"] * 8, None],
        )  # fmt: skip
        empty.add_claims([a_claim()])
        ours = claim_card(empty, "said").ours[0]
        assert (ours.first_day, ours.last_day, ours.undated) == (date(2020, 1, 1), date(2022, 3, 31), 1)


class TestNoData:
    @pytest.mark.parametrize("claim_id", [claim.claim_id for claim in shipped_claims()])
    def test_an_empty_registry(self, empty, claim_id):
        card = claim_card(empty, claim_id)
        assert card.judgement in {Comparability.NO_DATA, Comparability.NOT}

    def test_victims_that_no_event_tells(self, empty):
        add(empty, "e", Kind.ACCIDENTS, [point(0, 0)])
        (judged,) = claim_card(empty, "az-2024-01-victims", as_of=None).beside
        assert judged.comparability is Comparability.NO_DATA
        assert "No event in the registry says" in judged.reasons[0]

    def test_victims_that_some_events_tell(self, empty):
        add(
            empty, "e", Kind.ACCIDENTS, [point(0, 0), None, point(0, 0), None],
            killed=[1, None, None, None], injured=[None, 2, None, 5],
            occurred_on=["2021-01-01", "2021-01-01", "2021-01-02", None],
        )  # fmt: skip
        (judged,) = claim_card(empty, "az-2024-01-victims").beside
        assert (judged.ours.count, judged.ours.parts) == (3, (("killed", 1), ("injured", 2)))
        assert any("1 events without a date are left out." in why for why in judged.reasons)
        assert any("1 of 3 events do not say" in why for why in judged.reasons)

    @pytest.mark.parametrize(
        ("roles", "parts", "said"),
        [
            ([{"journalist": {"killed": 1}, "civilian": {"injured": 1}}, None], (1, 1), None),
            # Of two victims one was killed: it may have been the journalist or not.
            ([{"journalist": 1, "civilian": 1}, None], (1, None), "Of these journalists, 0 to 1 were killed:"),
            ([None, {"civilian": 1}], (0, None), "1 of the killed are in events that name no role."),
            ([None, None], (None, None), None),
        ],
    )
    def test_journalists_among_the_killed_as_far_as_the_records_tell(self, empty, roles, parts, said):
        add(
            empty, "e", Kind.ACCIDENTS, [point(0, 0)] * 2, killed=[1, 0], injured=[1, 1],
            victims_by_role=[None if each is None else json.dumps(each) for each in roles],
            occurred_on=["2021-01-01"] * 2,
        )  # fmt: skip
        (judged,) = claim_card(empty, "az-2024-01-victims").beside
        counted = dict(judged.ours.parts)
        assert (counted.get("journalists among the victims"), counted.get("journalists among the killed")) == parts
        assert said is None or any(said in why for why in judged.reasons)
        named = "as journalists among the killed; we count" if parts[1] is not None else "which our data do not tell"
        assert any(named in why for why in judged.reasons)

    def test_an_event_that_repeats_another_counts_once(self, empty):
        both = {"killed": [1, 1], "duplicate_of": [None, "e/accidents-0"], "occurred_on": ["2021-01-01"] * 2}
        add(empty, "e", Kind.ACCIDENTS, [point(0, 0)] * 2, **both)
        assert claim_card(empty, "az-2024-01-victims").ours[0].count == 1

    def test_records_without_numbers_of_mines(self, empty):
        add(empty, "m", handover=Handover("m", "M", handed_over_on=PartialDate.from_iso("2021")))
        (judged,) = claim_card(empty, "az-2024-01-mines-mapped").beside
        assert judged.comparability is Comparability.NO_DATA

    def test_more_mines_on_the_maps_than_somebody_estimates(self, empty):
        add(empty, "m", mines_total_stated=[60, 70])
        total = a_claim(
            unit=Unit.MINE, reference=Reference.TERRITORY, value_kind=ValueKind.COUNT, value_text="100 mines", low=100,
            high=100, candidates=(Metric.MINES_TOTAL,),
        )  # fmt: skip
        empty.add_claims([total])
        reasons = [why for each in claim_card(empty, "said").beside for why in each.reasons]
        assert any("denominator is not ours: 100 mines" in why for why in reasons)
        m6 = [each.ours for each in claim_card(empty, "said").beside if each.ours.metric is Metric.M6]
        assert m6[0].reason == "The records state 130 mines, more than the total of 100 mines."


class TestIds:
    def test_shipped_and_added(self, empty):
        empty.add_claims([a_claim()])
        assert known_claims(empty) == (*shipped_claims(), a_claim())
        assert claim_card(empty, "said").claim == a_claim()

    def test_unknown(self, empty):
        with pytest.raises(UnknownClaim, match="no claim nobody; see them with"):
            claim_card(empty, "nobody")

    @pytest.mark.parametrize("taken", ["said", "az-2024-01-outside", "AZ-2024-01-OUTSIDE"])
    def test_taken(self, empty, taken):
        empty.add_claims([a_claim()])
        addable(empty, [a_claim("new")])
        with pytest.raises(DuplicateClaim, match=taken):
            addable(empty, [a_claim("new"), a_claim(taken)])


def test_the_example_of_the_documentation(card_of):
    page = (Path(__file__).resolve().parent.parent / "docs" / "claims.md").read_text(encoding="utf-8")
    quoted = " ".join(line.removeprefix("> ") for line in page.splitlines() if line.startswith("> "))
    assert quoted == card_of("SYN-outside").sentence


def test_the_claim_set_of_the_documentation():
    page = (Path(__file__).resolve().parent.parent / "docs" / "claims.md").read_text(encoding="utf-8")
    (claim,) = parse_claims(page.split("```toml\n")[1].split("```")[0].encode(), "docs/claims.md")
    assert claim.candidates == (Metric.OUTSIDE,)
