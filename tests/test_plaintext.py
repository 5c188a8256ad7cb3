import re

import pytest
from hostile import HOSTILE
from hypothesis import given
from hypothesis import strategies as st

from registry.plaintext import MOST_CHARACTERS, visible


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Shrapnel & Co. <b>",
        "Ağdam, Հադրութ, مرحبا, שלום",
        "\u0645\u06cc\u200c\u062e",
        "👩‍👩‍👧",
        "no\u00a0break",
        "a\nb\tc",
        "\u200e",
    ],
)
def test_names_stay_as_they_are(text):
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x07", "�[31mred�"),
        ("\x9b2J", "�2J"),
        ("one\r\ntwo\rthree", "one\ntwo�three"),
        ("abc\u202etxt.exe", "abc�txt.exe"),
        ("\u2067x", "�x"),
        ("x\u2069\u2067y", "x��y"),
        ("\u2067x\ny\u2069", "�x\ny�"),
        ("a\ud800b", "a�b"),
        ("\0", "�"),
    ],
)
def test_what_steers_is_seen(text, shown):
    assert visible(text) == shown


def test_a_long_text_says_how_much_is_left_out():
    assert visible("abcdef", 4) == "abcd… [+2]"
    assert visible("abcd", 4) == "abcd"
    assert visible("x" * 3_000, MOST_CHARACTERS) == "x" * 2_000 + "… [+1,000]"
    assert visible("\x07" * 5_000) == "�" * 5_000


@given(st.text(st.characters()) | st.sampled_from([*HOSTILE.values()]))
def test_nothing_that_steers_is_left(text):
    shown = visible(text)
    shown.encode()
    assert not set(shown) & set("\0\x07\x08\r\x1b\x7f\x9b\u202d\u202e")
    assert len(re.findall("[\u2066\u2067\u2068]", shown)) == shown.count("\u2069")
    assert visible(shown) == shown
    assert len(visible(text, 10)) <= 10 + len("… [+1,000,000]")
