"""How like the heading of a column is to what one of our fields is called."""

from collections.abc import Sequence

from rapidfuzz import fuzz

from registry.sources import words


def likeness(heading: str, field: str) -> tuple[float, str]:
    """How like a normalised heading is to what a field is called, from 0 to 1, and which of its names that is."""
    best = (0.0, "")
    own = set(heading.split())
    for phrase in words.phrases(field):
        if heading == phrase:
            return 1.0, phrase
        score = 0.0
        if len(phrase) >= 3 and set(phrase.split()) <= own:
            score = 0.6 + 0.3 * len(phrase) / len(heading)
        elif min(len(phrase), len(heading)) >= 5:
            ratio = fuzz.token_sort_ratio(heading, phrase) / 100
            score = 0.95 * ratio if ratio >= 0.84 else 0.0
        best = max(best, (score, phrase))
    return best


def most_like(columns: Sequence[str], field: str) -> tuple[str, float]:
    """The column whose heading is most like a field, and how like it is."""
    scores = [
        (max(likeness(words.normalise(each), field)[0], likeness(split_unit(each)[0], field)[0]), each)
        for each in columns
    ]
    alike, column = max(scores, key=lambda each: each[0], default=(0.0, ""))
    return column, alike


def split_unit(column: str) -> tuple[str, str | None]:
    """A heading, normalised, without the unit at its end; and the unit."""
    *rest, last = words.normalise(column).split() or [""]
    unit = words.unit_of(last) if rest else None
    return (" ".join(rest), unit) if unit is not None and last not in {"in", "mi"} else (" ".join([*rest, last]), None)
