"""Texts from data as a person may be shown them, on a terminal, a page or in a spreadsheet."""

import re

MOST_CHARACTERS = 2_000
"""Of one text. Nobody reads more of a cell, and a megabyte in a heading hangs what shows it."""

# What moves a cursor or rings a bell, what turns the direction of writing, and what is no text at all. Joiners, marks
# and blanks of other scripts are none of it: names need them.
_ALWAYS = "\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u206a-\u206f\ufff9-\ufffb\ufffe\uffff\ud800-\udfff"
_ISOLATES = "\u2066-\u2069"
STEERING = re.compile(f"[{_ALWAYS}{_ISOLATES}]")
"""Characters that steer what shows them."""

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_STEERING_BEYOND = re.compile(f"[{_ALWAYS}]")
_END_OF_ISOLATE = "\u2069"


def visible(text: str, most: int | None = None) -> str:
    """The text with a replacement character for each that would steer what shows it.

    Isolates that the text itself closes stay: what is between them reaches no further.

    Parameters
    ----------
    text
        Anything, halves of surrogate pairs included.
    most
        A longer text is cut and says how many characters are left out; None keeps all.
    """
    if most is not None and len(text) > most:
        text = f"{text[:most]}… [+{len(text) - most:,}]"
    if text.isprintable():
        return text
    steering = _STEERING_BEYOND if _is_closed(text) else STEERING
    return steering.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


def _is_closed(text: str) -> bool:
    """Whether every isolate ends in the same paragraph, and nothing ends one that did not begin."""
    for paragraph in re.split("[\n\r\x1c-\x1e\x85\u2029]", text):
        depth = 0
        for found in re.findall(f"[{_ISOLATES}]", paragraph):
            depth += -1 if found == _END_OF_ISOLATE else 1
            if depth < 0:
                return False
        if depth:
            return False
    return True


def cell(text: str) -> str:
    """The text as a cell that no spreadsheet takes for a formula: what would be one starts with an apostrophe."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
