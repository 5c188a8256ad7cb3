from dataclasses import replace

from maps import notices, style
from maps.words import ENGLISH, Catalogue
from registry.model import Kind

TEXTS = {style.NOTICE: "ПРИМЕЧАНИЕ", style.RESTRICTED: "ОГРАНИЧЕННО: {contents}", "recorded minefields": "минные поля"}
UNREVIEWED = Catalogue("ru", "ltr", TEXTS)
REVIEWED = replace(UNREVIEWED, reviewed_by="A. Reader")


def test_an_unreviewed_translation_has_the_english_beneath():
    assert notices.notice(UNREVIEWED) == notices.Notice("ПРИМЕЧАНИЕ", style.NOTICE)
    assert notices.restricted([Kind.MINEFIELDS], UNREVIEWED) == notices.Notice(
        "ОГРАНИЧЕННО: минные поля", "RESTRICTED: contains positions of recorded minefields"
    )
    assert notices.unreviewed(UNREVIEWED) == notices.Notice(notices.UNREVIEWED, notices.UNREVIEWED)


def test_a_reviewed_one_and_english_stand_alone():
    for words in (REVIEWED, ENGLISH):
        assert notices.notice(words).english is None
        assert notices.restricted([Kind.MINEFIELDS], words).english is None
        assert notices.unreviewed(words) is None


def test_what_is_not_restricted_has_no_banner():
    assert notices.restricted([Kind.DISTRICTS, Kind.ACCIDENTS], ENGLISH) is None
    banner = notices.restricted([Kind.DEVICES, Kind.MINEFIELDS], ENGLISH)
    assert banner.text == "RESTRICTED: contains positions of recorded minefields, found devices"
