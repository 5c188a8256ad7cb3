"""Copied positions and unmapped clusters on a terminal: whole, in eighty columns."""

import io
from dataclasses import replace

from rich.console import Console

from registry import places_text
from registry.compare.independence import Dependence, Independence, Sign
from registry.compare.uncertainty import wilson_share
from registry.terminal import interval


def printed(output, width=80):
    console = Console(file=io.StringIO(), width=width, legacy_windows=False)
    console.print(output)
    return console.file.getvalue()


def test_signs_of_dependence_are_whole():
    without = replace(wilson_share(123_456, 1_234_567), method="cluster")
    signs = tuple(
        Dependence(sign, "0.001 degree" if sign is Sign.COARSE_GRID else None, 1_234, 5, 6.7, without, without)
        for sign in Sign
    )
    found = Independence(2_345_678, 1_234_567, 1_234_566, 12, 3, 1e6, 40, 1.5, without, signs)
    words = printed(places_text.independence(found))
    assert max(map(len, words.splitlines())) <= 80
    assert words.count("123,456 of 1,234,567") == words.count(interval(without)) == len(Sign)
    assert "on a grid of 0.001 degree" in " ".join(words.split())
    assert "at most 3 on one" in " ".join(words.split())
    assert "No event lies on a position" in " ".join(
        printed(places_text.independence(replace(found, signs=()))).split()
    )
