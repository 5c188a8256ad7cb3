import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maps.words import ENGLISH, Catalogue, catalogue, languages, placeholders, read_catalogue
from registry.errors import RegistryError

HEADER = 'msgid ""\nmsgstr ""\n"Language: ru\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'


def po(*entries, header=HEADER):
    return "\n".join([header, *entries])


def entry(english, said, comment=""):
    return f"{comment}\nmsgid {json.dumps(english)}\nmsgstr {json.dumps(said, ensure_ascii=False)}\n"


def test_a_text_is_said_in_its_language_and_in_english_where_nobody_has_translated_it():
    words = read_catalogue(po(entry("Find", "Найти"), entry("Play", ""), entry("Stop", "Стоп", "#, fuzzy")), "ru")
    assert words.say("Find") == "Найти"
    assert [words.say(text) for text in ("Play", "Stop", "Legend")] == ["Play", "Stop", "Legend"]
    assert ENGLISH.say("By {date}", date="2024") == "By 2024"


def test_values_are_not_looked_through_for_names():
    assert ENGLISH.say("{one} {other}", one="{other}", other="<b>") == "{other} <b>"


def test_values_are_set_apart_from_writing_in_the_other_direction():
    arabic = Catalogue("ar", "rtl", {"By {date}": "حتى {date}"})
    assert arabic.say("By {date}", date="2021-06-12") == "حتى \u20682021-06-12\u2069"
    assert ENGLISH.say("{name}!", name="شوشة") == "\u2068شوشة\u2069!"
    assert ENGLISH.say("{name}!", name="Şuşa") == "Şuşa!"


def test_a_text_put_together_runs_as_the_page_does():
    arabic = Catalogue("ar", "rtl", {"{listed}, {item}": "{listed}، {item}"})
    listed = arabic.listed(["ب", "A"])
    assert listed == "\u2068ب\u2069، \u2068A\u2069"
    assert arabic.say("{contents}", contents=listed) == f"\u2067{listed}\u2069"
    assert ENGLISH.listed(["a", "b", "c"]) == "a, b, c"
    assert ENGLISH.listed(["a, b", "c"], with_commas=True) == "a, b; c"
    assert ENGLISH.listed(["a"]) == "a"


@pytest.mark.parametrize("turning", ["\u202eabc", "a\u2069bc", "\u2067abc", "abc\u202a"])
def test_a_value_turns_no_writing_beyond_itself(turning):
    assert ENGLISH.say("{name}", name=turning) == "abc"


def test_numbers_are_the_same_to_every_reader():
    russian = Catalogue("ru", "ltr")
    assert ENGLISH.number(1234567) == "1,234,567"
    assert russian.number(1234567) == "1\u202f234\u202f567"
    assert russian.number(1234.5, 2) == "1\u202f234.50"


def test_scripts_get_their_own_texts_and_no_end_of_their_element():
    attack = "</script><!--<script>"
    words = read_catalogue(
        po(
            entry("Find", "a", "#: maps/page.html"),
            entry("Play", attack, "#: maps/page.html maps/timeline.js"),
            entry("Stop", "c"),
        ),
        "ru",
    )
    assert "<" not in words.for_scripts()
    assert json.loads(words.for_scripts()) == {"Play": attack, "Stop": "c"}


@pytest.mark.parametrize(
    ("line", "reviewed_by"),
    [
        ('"X-Reviewed-By: A. Reader, 2026-01-02\\n"\n', "A. Reader, 2026-01-02"),
        ('"X-Reviewed-By: \\n"\n', ""),
        ("", ""),
        ('"X-Reviewed-By:   \\n"\n', ""),
    ],
)
def test_the_header_names_who_has_reviewed_it(line, reviewed_by):
    words = read_catalogue(po(entry("Find", "Найти"), header=HEADER + line), "ru")
    assert words.reviewed_by == reviewed_by
    assert words.is_unreviewed == (not reviewed_by)
    assert words.english_too("By {date}", date="2024") == (None if reviewed_by else "By 2024")
    assert ENGLISH.english_too("By {date}", date="2024") is None


def test_a_review_is_read_from_the_header_alone():
    text = po(entry("Find", 'x"X-Reviewed-By: me\n'))
    assert read_catalogue(text, "ru").is_unreviewed


@pytest.mark.parametrize(
    ("english", "said"),
    [("By {date}", "до {day}"), ("By {date}", "до"), ("Find", "{x}"), ("{a} {a}", "{a}")],
)
def test_a_translation_with_other_names_in_braces_is_refused(english, said):
    with pytest.raises(RegistryError, match="other names in braces"):
        read_catalogue(po(entry(english, said)), "ru")


def test_a_translation_by_number_is_refused():
    plural = 'msgid "day"\nmsgid_plural "days"\nmsgstr[0] "a"\nmsgstr[1] "b"\n'
    with pytest.raises(RegistryError, match="by number"):
        read_catalogue(po(plural), "ru")


@pytest.mark.parametrize("text", ["what is this", 'msgid "a"\n', '"a"\n'])
def test_what_is_no_po_file_is_one_sentence(text):
    with pytest.raises(RegistryError, match="no PO file that can be read"):
        read_catalogue(text, "ru")


LINES = st.sampled_from(
    [
        'msgid "a {x}"',
        'msgstr "b {x}"',
        'msgstr "{y}"',
        'msgid ""',
        "msgstr",
        '"c\\',
        "#, fuzzy",
        "#~ msgid",
        "#:",
        "\\",
        '"',
        "[1]",
    ]
)


@given(st.lists(LINES | st.text(max_size=20), max_size=12).map("\n".join))
def test_any_file_is_a_catalogue_or_refused(text):
    try:
        words = read_catalogue(text, "ru")
    except RegistryError:
        return
    assert all(placeholders(english) == placeholders(said) for english, said in words.texts.items())


def test_a_code_that_no_language_has_is_one_sentence():
    with pytest.raises(RegistryError, match="not named by the code of a language"):
        read_catalogue(HEADER, "xx-yy-zz")


def test_an_unknown_language_is_one_sentence_that_names_those_there_are():
    with pytest.raises(RegistryError, match=r"no language 'xx' .* one of: ar, az, en, hy, ru\.$"):
        catalogue("xx")


@pytest.mark.parametrize("language", languages())
def test_direction_is_that_of_the_writing(language):
    assert catalogue(language).direction == ("rtl" if language == "ar" else "ltr")


@given(st.dictionaries(st.sampled_from(["a", "b"]), st.text(), min_size=2))
def test_a_text_without_writing_from_right_to_left_is_filled_as_it_stands(values):
    said = ENGLISH.say("{a}|{b}", **values)
    if not re.search("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u202a-\u202e\u2066-\u2069]", "".join(values.values())):
        assert said == f"{values['a']}|{values['b']}"
