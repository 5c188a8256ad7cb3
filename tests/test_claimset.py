"""Claim sets: those that ship hold every line with its source; any bytes give claims or one of our errors."""

import tomllib
from contextlib import suppress
from dataclasses import replace
from importlib.resources import files

import pytest
from filing import a_claim
from hypothesis import given
from hypothesis import strategies as st

from registry.claimset import (
    CLAIMS_MAX,
    FIRST,
    SYNTHETIC,
    parse_claims,
    read_claims,
    refuse_unknown_answers,
    save_claims,
    shipped_claims,
    write_claims,
)
from registry.codes import DatePrecision
from registry.compare.claims import Claim, Metric, Reference, Side, Unit, ValueKind
from registry.errors import SourceError
from registry.model import PartialDate

START = "format = 1\n"
ONE = """
[[claim]]
id = "said"
words = "55 % of explosions happened outside the maps."
source = "a newspaper"
value = "55 %"
kind = "share"
figure = 0.55
unit = "event"
reference = "maps"
"""


def parsed(text=ONE, **changed):
    lines = [line for line in text.splitlines() if line.split(" = ")[0] not in changed]
    lines += [f"{key} = {value}" for key, value in changed.items() if value is not None]
    return parse_claims((START + "\n".join(lines)).encode(), "set.toml")


# What the statement of 26 January 2024 says: id -> value as a range, unit, reference, candidates.
FIRST_TABLE = {
    "az-2024-01-accuracy": (0.25, 0.25, None, "maps", ["M1", "M2", "M4", "M5", "M6"]),
    "az-2024-01-outside": (0.55, 0.55, "event", "maps", ["1 - M1"]),
    "az-2024-01-mines-mapped": (400_000, 400_000, "mine", "maps", ["M6 numerator"]),
    "az-2024-01-mines-real": (1_000_000, None, "mine", "territory", ["M6 denominator"]),
    "az-2024-01-victims": (342, 342, "victim", "territory", ["casualties"]),
    "az-2024-01-corridor": (500_000, None, "mine", "zone", []),
    "am-2024-01-eight-maps": (8, 8, "document", "-", ["ledger"]),
    "az-2024-01-missing": (None, None, "area", "territory", ["M11"]),
}


class TestShipped:
    @pytest.mark.parametrize("claim_id", FIRST_TABLE)
    def test_the_statement_itself(self, claim_id):
        (claim,) = [each for each in shipped_claims() if each.claim_id == claim_id]
        found = (claim.low, claim.high, claim.unit, claim.reference, list(claim.candidates))
        assert found == FIRST_TABLE[claim_id]
        assert claim.verified_at_source
        assert "January 2024" in claim.source
        assert claim.organisation

    @pytest.mark.parametrize(
        ("source", "number"),
        [
            ("en.trend.az 3713365, 3915622; turan.az 2024-02-12", 1),
            ("en.trend.az 3753526", 1),
            ("menafn 1107839724", 1),
            ("en.trend.az 3881841", 1),
            ("azernews 180117; en.trend.az 3449760", 4),
            ("turan.az 2024-02-12", 1),
            ("armenianclub.com 2024-01-26", 2),
            ("Landmine Monitor profiles", 1),
            ("bhmac.org", 1),
            ("Journal of Mine Action 13.2; Bach", 2),
            ("Journal of Conventional Weapons Destruction 14.1", 1),
            ("Landmine Monitor 2017-18", 1),
            ("bintjbeil.com 2001", 1),
            ("thenewhumanitarian 31021", 1),
        ],
    )
    def test_what_stands_around_it_was_not_verified_at_source(self, source, number):
        found = [claim for claim in shipped_claims() if claim.source == source]
        assert len(found) == number
        assert not any(claim.verified_at_source for claim in found)

    def test_there_is_nothing_else(self):
        assert len(shipped_claims()) == len(FIRST_TABLE) + 19

    def test_victims_and_their_parts(self):
        (claim,) = [each for each in shipped_claims() if each.claim_id == "az-2024-01-victims"]
        assert claim.parts == (("killed", 65), ("journalists among the killed", 3))

    def test_the_share_with_its_own_counts(self):
        (claim,) = [each for each in shipped_claims() if each.numerator is not None]
        assert (claim.numerator, claim.denominator) == (247, 345)
        assert claim.low == pytest.approx(247 / 345, abs=0.0005)
        assert claim.reference is Reference.CONTACT_LINE

    @pytest.mark.parametrize("name", [FIRST, SYNTHETIC])
    def test_answers_are_known_and_both_sides_speak(self, name):
        claims = shipped_claims(name)
        refuse_unknown_answers(claims, (), name)
        assert {Side.GIVING, Side.RECEIVING} <= {claim.side for claim in claims}

    def test_the_synthetic_ones_say_so(self):
        for claim in shipped_claims(SYNTHETIC):
            assert claim.claim_id.startswith("SYN-")
            assert claim.words.startswith("SYNTHETIC: ")
            assert claim.source.startswith("SYNTHETIC")

    @pytest.mark.parametrize("name", [FIRST, SYNTHETIC])
    def test_every_claim_states_unit_and_reference_or_a_question_mark(self, name):
        tables = tomllib.loads((files("registry") / "claims" / name).read_text(encoding="utf-8"))["claim"]
        assert all({"unit", "reference", "source", "candidates"} <= set(table) for table in tables)


class TestReading:
    def test_the_least(self):
        assert parsed() == (replace(a_claim(), window_text=None, candidates=()),)

    @pytest.mark.parametrize("key", ["id", "words", "source", "value", "kind", "unit", "reference"])
    def test_what_must_be_there(self, key):
        with pytest.raises(SourceError, match=rf"set\.toml, .*{key} is missing"):
            parsed(**{key: None})

    @pytest.mark.parametrize(
        ("changed", "says"),
        [
            ({"id": '"a b"'}, "up to 64 letters"),
            ({"id": "7"}, "must be text"),
            ({"words": '""'}, "0 characters"),
            ({"words": f'"{"x" * 2001}"'}, "2,001 characters"),
            ({"kind": '"verdict"'}, "share, count, qualitative"),
            ({"figure": "55"}, "a fraction from 0 to 1; 25 % is 0.25"),
            ({"figure": "-0.1"}, "from 0 to"),
            ({"figure": "nan"}, "from 0 to"),
            ({"figure": "inf"}, "from 0 to"),
            ({"figure": '"half"'}, "must be a number"),
            ({"figure": None}, "needs figure, or low or high"),
            ({"low": "0.5"}, "give figure, or low and high"),
            ({"figure": None, "low": "0.6", "high": "0.5"}, "low is above high"),
            ({"kind": '"qualitative"'}, "has no figure"),
            ({"numerator": "3"}, "go together"),
            ({"numerator": "3", "denominator": "2"}, "3 of 2 is not a share"),
            ({"numerator": "0", "denominator": "0"}, "0 of 0 is not a share"),
            ({"numerator": "3", "denominator": "9", "kind": '"count"'}, "belong to a share"),
            ({"numerator": str(10**13), "denominator": str(10**13)}, "from 0 to"),
            ({"unit": '"mile"'}, "event, victim, mine, area, document, record"),
            ({"reference": '"somewhere"'}, "maps, contact line"),
            ({"candidates": '["M99"]'}, "'M99'; each is one of M1, 1 - M1"),
            ({"candidates": '"M1"'}, "a list of texts"),
            ({"candidates": "[1]"}, "a list of texts"),
            ({"date": '"26.1.2024"'}, "YYYY-MM-DD"),
            ({"date": "2024-01-26T10:00:00"}, "YYYY-MM-DD"),
            ({"window_from": '"2024-02"', "window_to": "2024-01-31"}, "window_from is after window_to"),
            ({"answers": '["said"]'}, "cannot answer itself"),
            ({"parts": "{ killed = -1 }"}, "killed is -1"),
            ({"side": '"ours"'}, "giving party, receiving party, neither"),
            ({"truth": "1"}, "there is no key 'truth'"),
        ],
        ids=str,
    )
    def test_refused(self, changed, says):
        with pytest.raises(SourceError, match=r"^set\.toml, \[claim 1.*" + says.replace("(", r"\(")):
            parsed(**changed)

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (b"\xff", "not TOML in UTF-8"),
            (b"format = 2", "format is 2; this version reads format 1"),
            (b"", "format is None"),
            (START.encode(), "0 claims"),
            (START.encode() + b"claim = 7", r"\[\[claim\]\]"),
            (START.encode() + b"claim = [7]", r"must be written as \[\[claim\]\]"),
            (START.encode() + b"more = 1\n" + ONE.encode(), "no key 'more'"),
            (START.encode() + ONE.encode() * 2, "is there twice"),
            (START.encode() + ONE.encode() + ONE.replace("said", "SAID").encode(), "is there twice"),
            (START.encode() + b"[[claim]]\n" * (CLAIMS_MAX + 1), "1,001 claims"),
        ],
    )
    def test_no_set(self, content, says):
        with pytest.raises(SourceError, match=says):
            parse_claims(content, "set.toml")

    def test_a_question_mark_is_not_said_and_a_day_may_be_a_date(self):
        (claim,) = parsed(unit='"?"', reference='"?"', date="2024-01-26", window_from='"2020"')
        assert (claim.unit, claim.reference) == (None, None)
        assert str(claim.said_on) == "2024-01-26"
        assert claim.window_from.precision is DatePrecision.YEAR

    def test_files(self, tmp_path):
        path = tmp_path / "set.toml"
        with pytest.raises(SourceError, match="cannot be read"):
            read_claims(path)
        path.write_text(START + ONE, encoding="utf-8")
        assert read_claims(path) == parsed()
        path.write_bytes(b"#" * 1_000_001)
        with pytest.raises(SourceError, match=r"1,000,001 bytes"):
            read_claims(path)

    @given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
    def test_any_bytes_give_claims_or_our_error(self, content):
        with suppress(SourceError):
            parse_claims(content, "any")

    @given(
        st.dictionaries(
            st.sampled_from(
                ["id", "words", "source", "value", "kind", "figure", "low", "numerator", "denominator", "parts", "unit",
                 "reference", "date", "window_to", "candidates", "answers", "side", "speaker"]
            ),
            st.sampled_from(
                ['"x"', '""', "1", "-1", "1.5", "nan", "true", "[]", "[1]", '["x"]', "{}", "{ a = 1 }", "2024-01-01",
                 "10:00:00", '"?"', '"share"', '"maps"', "99999999999999999999", '"2024"', '"\\u0000"', "[[]]"]
            ),
            max_size=6,
        )
    )  # fmt: skip
    def test_any_values_give_claims_or_our_error(self, changed):
        try:
            claims = parsed(**changed)
        except SourceError:
            return
        assert parse_claims(write_claims(claims, "again").encode(), "again") == claims


TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30).filter(str.strip)
DATES = st.none() | st.builds(PartialDate, st.dates(), st.sampled_from(DatePrecision)).map(
    lambda day: PartialDate.from_iso(str(day))
)
FIGURES = st.one_of(
    st.floats(0, 1).map(lambda x: (x, x)),
    st.tuples(st.floats(0, 1), st.floats(0, 1)).map(lambda pair: tuple(sorted(pair))),
    st.floats(0, 1).map(lambda x: (x, None)),
    st.floats(0, 1).map(lambda x: (None, x)),
)


@st.composite
def claims(draw):
    low, high = draw(FIGURES)
    numerator = draw(st.none() | st.integers(0, 100))
    return Claim(
        draw(st.from_regex(r"[a-z][a-z0-9._-]{0,63}", fullmatch=True)),
        words=draw(TEXT),
        source=draw(TEXT),
        value_text=draw(TEXT),
        value_kind=ValueKind.SHARE,
        verified_at_source=draw(st.booleans()),
        speaker=draw(st.none() | TEXT),
        organisation=draw(st.none() | TEXT),
        said_on=draw(DATES),
        side=draw(st.none() | st.sampled_from(Side)),
        low=low,
        high=high,
        numerator=numerator,
        denominator=None if numerator is None else draw(st.integers(max(1, numerator), 200)),
        parts=tuple(draw(st.dictionaries(TEXT, st.integers(0, 10**6), max_size=3)).items()),
        unit=draw(st.none() | st.sampled_from(Unit)),
        reference=draw(st.none() | st.sampled_from(Reference)),
        reference_text=draw(st.none() | TEXT),
        window_from=draw(DATES),
        window_text=draw(st.none() | TEXT),
        candidates=tuple(draw(st.lists(st.sampled_from(Metric), unique=True))),
        answers=tuple(draw(st.lists(st.just("ANOTHER"), max_size=1))),
        note=draw(st.none() | TEXT),
    )


@given(st.lists(claims(), min_size=1, max_size=3, unique_by=lambda claim: claim.claim_id.lower()), TEXT)
def test_what_is_written_reads_as_the_same(made, title):
    assert parse_claims(write_claims(made, title).encode(), "set") == tuple(made)


class TestSaving:
    def test_to_a_new_file_only(self, tmp_path):
        path = tmp_path / "out.toml"
        save_claims([a_claim()], path)
        assert read_claims(path) == (a_claim(),)
        with pytest.raises(SourceError, match="there already"):
            save_claims([a_claim("other")], path)
        with pytest.raises(SourceError, match="cannot be written"):
            save_claims([a_claim()], tmp_path / "no" / "out.toml")
        with pytest.raises(SourceError, match="nothing to write"):
            save_claims([], tmp_path / "empty.toml")


def test_an_answer_to_nobody():
    answer = a_claim("answer", answers=("said",))
    refuse_unknown_answers([answer], [a_claim()], "set.toml")
    refuse_unknown_answers([answer, a_claim()], [], "set.toml")
    with pytest.raises(SourceError, match=r"set\.toml, answer: it answers 'said', which is no claim"):
        refuse_unknown_answers([answer], [], "set.toml")
