"""Cards, lists, the ledger and repeated runs on a terminal: whole, in eighty columns, and never markup."""

import io
from dataclasses import replace

import pytest
from batches import add
from filing import a_claim
from rich.console import Console

from registry import terminal_claims
from registry.cards import claim_card, known_claims
from registry.compare.claims import Unit
from registry.ledger import make_ledger
from registry.model import Handover, PartialDate
from registry.runs import Difference, Rerun

HOSTILE = "[red]x[/red] [link=http://a]b[/link] \x1b[31mred\x1b[0m \x07\x9b2J \u202egnp.\r:smile:"


def printed(what, width=80):
    console = Console(file=io.StringIO(), width=width, legacy_windows=False)
    console.print(what)
    return console.file.getvalue()


@pytest.fixture
def hostile(empty):
    texts = ("words", "source", "value_text", "speaker", "organisation", "reference_text", "window_text", "note")
    claim = a_claim(**dict.fromkeys(texts, HOSTILE))
    answer = replace(claim, claim_id="answer", answers=("said",), unit=Unit.VICTIM)
    empty.add_claims([claim, answer])
    stated = Handover("first", HOSTILE, HOSTILE, scope_text=HOSTILE, mines_claimed=9, documents_claimed=3)
    add(empty, handover=stated, mines_total_stated=[4, None])
    return empty


def outputs(registry):
    yield terminal_claims.claim_list(known_claims(registry))
    yield terminal_claims.card(claim_card(registry, "said"))
    yield terminal_claims.card(claim_card(registry, "answer"))
    yield terminal_claims.ledger(make_ledger(registry))
    yield terminal_claims.repetition(Rerun("x", False, "a", "b", 1, (Difference(HOSTILE, HOSTILE, HOSTILE),)))


def test_hostile_text_is_text(hostile):
    for output in outputs(hostile):
        words = printed(output)
        assert "[red]x[/red]" in words
        assert not {"\x1b", "\x07", "\x9b", "\r", "\u202e"} & set(words)
        assert max(map(len, words.splitlines())) <= 80


def test_a_list_in_several_units_says_so(empty):
    words = " ".join(printed(terminal_claims.claim_list(known_claims(empty))).split())
    assert "they do not measure the same thing" in words
    assert "these figures have different" in words.lower()
    one = printed(terminal_claims.claim_list([a_claim()]))
    assert "do not measure" not in one


def test_a_card_says_where_it_was_read(empty):
    words = " ".join(printed(terminal_claims.card(claim_card(empty, "anama-victims-contact-line"))).split())
    assert "not verified at source" in words
    assert "menafn 1107839724" in words
    assert "nothing is known" in words


def test_the_ledger(empty):
    assert "No minefield records" in printed(terminal_claims.ledger(make_ledger(empty)))
    stated = Handover(
        "first", "F", handed_over_on=PartialDate.from_iso("2021-06"), documents_claimed=3, mines_claimed=2
    )  # fmt: skip
    add(empty, handover=stated, mines_total_stated=[4, None])
    add(empty, "second", mines_total_stated=[None, None])
    words = " ".join(printed(terminal_claims.ledger(make_ledger(empty)), 200).split())
    assert "first 2021-06 3 -> 1 2 -> 4 2 1" in words
    assert "second not stated -> 1 not stated -> 0 2 2" in words
    assert "first: 2 documents fewer than announced." in words
    assert "first: 2 mines more than announced." in words
    assert "In sum, of the batches that announced mines: 2 more than announced." in words
    assert "How many documents were announced is not recorded for 1 of 2 batches." in words


def test_repetition():
    assert "the same bytes (sha256 aa)" in printed(terminal_claims.repetition(Rerun("x", True, "aa", "aa", 0, ())))
    other = terminal_claims.repetition(Rerun("x", False, "a", "b", 30, (Difference("$.a", "1", "2"),)))
    words = " ".join(printed(other).split())
    assert "not the same bytes" in words
    assert "the first 1 of 30" in words
