"""The catalogues hold every text of the page, and nothing that is gone."""

import re
from pathlib import Path

import catalogues
import pytest

from maps.words import catalogue, languages
from registry.codes import Section

TRANSLATED = [language for language in languages() if language != "en"]
HEADER = 'msgid ""\nmsgstr ""\n"Language: ru\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'


@pytest.fixture(scope="module")
def texts():
    return catalogues.texts()


def written(language):
    return (catalogues.LOCALE / f"{language.replace('-', '_')}.po").read_text(encoding="utf-8")


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_is_as_the_command_writes_it(language):
    assert written(language) == catalogues.rewritten(language, written(language)), "run: make catalogues"


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated(language, texts):
    missing = sorted(set(texts) - set(catalogue(language).texts))
    assert missing == [], "translate them, or mark them reviewed no more; docs/webmap.md says how"


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_translation_is_left_in_english(language, texts):
    said = catalogue(language).texts
    in_words = [text for text in texts if re.search("[A-Za-z]{3}", re.sub(r"\{\w+\}", "", text))]
    assert {text for text in in_words if said[text] == text} == {"GPS", "MGRS"}


@pytest.mark.parametrize("language", TRANSLATED)
def test_numbers_of_a_text_are_those_of_its_translation(language, texts):
    known = catalogue(language).texts
    for text in texts:
        said, plain = (re.sub(r"\{\w+\}", "", each) for each in (known[text], text))
        assert sorted(re.findall(r"[0-9]+", said)) == sorted(re.findall(r"[0-9]+", plain)), text
        assert not re.search("[\u0660-\u0669\u06f0-\u06f9]", said), "Western digits everywhere"


def test_the_texts_of_scripts_templates_and_tables_are_found(texts):
    assert texts["Zoom in"] == {"maps/frame.js"}
    assert texts["Legend"] == {"maps/page.html"}
    assert texts["Batch"] == {"maps/layers.py", "maps/page.js"}
    assert texts["Map sheet"] == {"registry/schema.py"}
    assert texts["Anti-personnel mine"] == {"registry/codes.py"}
    assert "Plotted after repair" not in texts
    assert len(catalogues.SECTION_WORDS) == len(Section)


def test_what_is_new_is_empty_and_what_is_gone_is_dropped():
    before = f'{HEADER}"X-Reviewed-By: A. Reader\\n"\n\nmsgid "Legend"\nmsgstr "Знаки"\n\nmsgid "Gone"\nmsgstr "Нет"\n'
    after = catalogues.rewritten("ru", before)
    assert 'msgid "Legend"\nmsgstr "Знаки"' in after
    assert 'msgid "Layers"\nmsgstr ""' in after
    assert "Gone" not in after
    assert '"X-Reviewed-By: \\n"' in after, "nobody has reviewed what is new"


def test_a_review_stays_while_no_text_is_new():
    reviewed = written("ru").replace('"X-Reviewed-By: \\n"', '"X-Reviewed-By: A. Reader\\n"')
    assert catalogues.rewritten("ru", reviewed) == reviewed


def test_a_file_with_nothing_in_it_becomes_a_catalogue():
    assert catalogues.rewritten("ka", "").count("\nmsgid ") == len(catalogues.texts()) + 1


def test_nothing_but_catalogues_lies_among_them():
    assert {path.suffix for path in Path(catalogues.LOCALE).iterdir()} == {".po"}
