"""Texts of the pages stand out from what they stand on, in light and in dark: at least 4.5 to 1 (WCAG 2.2, 1.4.3)."""

import re

import pytest

from maps import assets

TEXT = 4.5
PAIRS = (
    *(("ink", ground) for ground in ("paper", "raised", "ground")),
    *(("muted", ground) for ground in ("paper", "raised")),
    *(("accent", ground) for ground in ("paper", "ground")),
    *(("on-bar", "bar"), ("on-alarm", "alarm"), ("on-notice", "notice")),
)


def variables(dark):
    """The colours of the page's style sheet, those of the dark page over those of the light one."""
    text = assets.page_style()
    blocks = re.findall(r"(@media screen[^{]*\{\s*)?:root[^{]*\{([^}]*)\}", text)
    found = {}
    for media, block in blocks:
        if dark or not media:
            found.update(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})\b", block))
    return found


def luminance(colour):
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_black_on_white_is_21_to_1():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("dark", [False, True])
def test_texts_can_be_read(dark):
    colours = variables(dark)
    assert (luminance(colours["paper"]) < 0.1) is dark
    for text, ground in PAIRS:
        assert contrast(colours[text], colours[ground]) >= TEXT, (text, ground)
