import re
from pathlib import Path

import pytest

import registry
from registry.findings import CHECKS
from registry.model import Severity

SOURCES = {path: path.read_text() for path in Path(registry.__file__).parent.rglob("*.py")}
# Calls that make a hit with its code as the first argument, and what becomes a hit under its own code.
USED = re.compile(r"(?:\bHit|Suspicion|Reading|_named|_hits|\.drop|_outside|Misreading)\(\s*\"([a-z0-9-]+)\"")


def codes_used():
    return {code for path, text in SOURCES.items() if path.name != "findings.py" for code in USED.findall(text)}


def test_every_code_in_the_source_has_a_meaning():
    assert codes_used() <= set(CHECKS)


def test_every_code_with_a_meaning_is_used():
    assert set(CHECKS) <= codes_used()


@pytest.mark.parametrize("code", CHECKS)
def test_a_code_is_a_stable_word_with_cause_consequence_and_cure(code):
    check = CHECKS[code]
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code)
    for sentence in (check.cause, check.consequence, check.cure):
        assert sentence[0].isupper()
        assert sentence.endswith(".")
    left_out = ("without geometry", "left out of", "Left out of", "may mean either")
    assert (check.severity is Severity.ERROR) is any(words in check.consequence for words in left_out)
