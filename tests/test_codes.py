import re

import pytest

from registry import codes
from registry.codes import LABELS, Code

LISTS = Code.__subclasses__()


@pytest.mark.parametrize("codes_of", LISTS)
def test_a_code_is_its_own_name_and_has_a_label_of_its_own(codes_of):
    labels = {code.label.casefold() for code in codes_of}
    assert len(labels) == len(codes_of)
    for code in codes_of:
        assert code.name == code.value
        assert re.fullmatch(r"[A-Z]+(_[A-Z]+)*", code)
        assert "_" not in code.label
        assert codes_of.__doc__


def test_labels_belong_to_codes():
    assert set(LABELS) <= {code.value for codes_of in LISTS for code in codes_of}


def test_a_label_is_the_code_in_words_unless_stated():
    assert codes.LandStatus.WORKED_ON.label == "Worked on"
    assert codes.DeviceCategory.AP_MINE.label == "Anti-personnel mine"


def test_unknown_is_a_statement_and_stands_only_where_a_source_makes_it():
    assert {codes_of for codes_of in LISTS if "UNKNOWN" in codes_of.__members__} == {
        codes.DeviceCategory,
        codes.Activity,
        codes.LayingPattern,
    }
