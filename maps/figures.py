"""The headline figures of a comparison in words, for the panel beside the map. No share stands without its counts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from maps import style
from maps.words import ENGLISH, Catalogue, mark
from registry.codes import Rule
from registry.compare.accuracy import Accuracy
from registry.compare.areas import Coverage
from registry.compare.containment import Window
from registry.compare.eligibility import RULE_WORDS
from registry.compare.uncertainty import Share
from registry.headlines import SECTION_WORDS
from registry.stats import Comparison

# The sentences of a comparison that the panel repeats; a catalogue translates them with their names in braces.
SENTENCES = (
    mark("The denominator is {denominator}; below {least} no share is given."),
    mark("No plotted record is compared."),
    mark("No handover date is known for {batches}."),
    mark("No minefields layer is compared, so there is no handover date."),
    mark(
        "{numerator} of {denominator} independent events would give {low}-{high} (Wilson). Too few clusters: the cells "
        "of {side} km with events are {cells}, fewer than {least}, so how far they depend on each other is hardly "
        "known, and the interval may be too narrow."
    ),
    mark("{numerator} of {denominator} independent events would give {low}-{high} (Wilson)."),
    mark(
        "Too few clusters: the cells of {side} km with events are {cells}, fewer than {least}, so how far they depend "
        "on each other is hardly known, and the interval may be too narrow."
    ),
)

_IN_DISTRICTS = mark(
    "Events in districts where no record is plotted: {share}. Never mapped, which is not mapped wrongly."
)
_ON_SHEETS = mark(
    "Events on map sheets where no record is plotted: {share}. Never mapped, which is not mapped wrongly."
)


@dataclass(frozen=True)
class WindowFigures:
    """Inside and outside in one time window, in words."""

    name: str
    outside: str
    inside: str
    share_outside: str


@dataclass(frozen=True)
class Figures:
    """What the panel says; ``windows`` is empty where no event could be compared.

    ``counts`` are label, value and whether it is a part of the one before.
    """

    windows: Sequence[WindowFigures]
    notes: Sequence[str]
    counts: Sequence[tuple[str, str, bool]]
    compared: Sequence[str]


def headline_figures(comparison: Comparison, words: Catalogue = ENGLISH) -> Figures:
    """The figures of a comparison that belong beside the map."""
    accuracy = comparison.accuracy
    windows = (
        (words.say("All dates"), accuracy.all),
        (words.say("Up to the first handover, against all maps"), accuracy.before_handover),
        (words.say("After the first handover, against the maps in hand by then"), accuracy.after_handover),
    )
    return Figures(
        windows=[_window(name, window, words) for name, window in windows if window is not None and window.total],
        notes=[*_notes(accuracy, words), *_not_computed(comparison, words)],
        counts=[*_coverage_counts(comparison.coverage, words), *_event_counts(accuracy, words)],
        compared=[
            f"{layer.batch_id}, {words.say(style.KIND_HEADINGS[layer.kind])} (SHA-256 {layer.content_sha256[:12]})"
            for layer in comparison.layers
        ],
    )


def share_text(share: Share, words: Catalogue = ENGLISH, decimals: int = 1) -> str:
    """The value and interval of a share whose counts stand beside it, or why it has none."""
    if share.value is None or share.low is None or share.high is None:
        return words.say("No share: {reason}", reason=sentence(share.reason or "", words))
    value, low, high = (f"{100 * part:.{decimals}f}" for part in (share.value, share.low, share.high))
    interval = words.say("{value} % (95 % interval {low} to {high} %)", value=value, low=low, high=high)
    return interval.replace(" %", "\u00a0%")


def sentence(said: str, words: Catalogue) -> str:
    """A sentence of a comparison in another language, by the one of `SENTENCES` that it is; else as it stands."""
    for pattern in SENTENCES:
        found = re.fullmatch(re.sub(r"\\{(\w+)\\}", r"(?P<\1>.*)", re.escape(pattern)), said)
        if found:
            return words.say(pattern, **found.groupdict())
    return said


def _window(name: str, window: Window, words: Catalogue) -> WindowFigures:
    return WindowFigures(
        name,
        part_of(window.outside, window.total, words),
        part_of(window.inside, window.total, words),
        share_text(window.share_outside, words),
    )


def part_of(part: int, whole: int, words: Catalogue) -> str:
    """A count and the whole it is of."""
    return words.say("{part} of {whole}", part=words.number(part), whole=words.number(whole))


def _notes(accuracy: Accuracy, words: Catalogue) -> list[str]:
    notes = [
        words.say(
            "Events left out: {count}. The rule: {rule}.",
            count=words.number(count),
            rule=words.say(RULE_WORDS[Rule(rule)]),
        )
        for rule, count in accuracy.removed.items()
        if count
    ]
    if accuracy.unfiltered is not None:
        share = part_of(accuracy.unfiltered.outside, accuracy.unfiltered.total, words)
        notes.append(words.say("Outside every record with them: {share}.", share=share))
    for text, unmapped in (
        (_IN_DISTRICTS, accuracy.unmapped_districts.events),
        (_ON_SHEETS, accuracy.unmapped_sheets.events),
    ):
        if unmapped.numerator:
            notes.append(words.say(text, share=part_of(unmapped.numerator, unmapped.denominator, words)))
    left_out = accuracy.left_out
    if left_out.further_events_inside:
        notes.append(
            words.say(
                "Invalid records left out: {records}. Further events that would lie inside them: {events}.",
                records=words.number(left_out.records),
                events=words.number(left_out.further_events_inside),
            )
        )
    if accuracy.windows_reason is not None:
        notes.append(sentence(accuracy.windows_reason, words))
    return notes


def _not_computed(comparison: Comparison, words: Catalogue) -> list[str]:
    if not comparison.not_computed:
        return []
    named = words.listed([words.say(SECTION_WORDS[section]) for section in comparison.not_computed], with_commas=True)
    return [words.say("Not computed, so that nothing can be concluded of it here: {named}.", named=named)]


def _coverage_counts(coverage: Coverage, words: Catalogue) -> list[tuple[str, str, bool]]:
    area = words.say("{area} km²", area=words.number(coverage.union_m2 / 1e6, 2))
    return [
        (words.say("Records received"), words.number(coverage.records_received), False),
        (words.say("plotted"), words.number(coverage.records_plotted), True),
        (words.say("invalid, left out of the figures"), words.number(coverage.records_invalid), True),
        (words.say("unplottable, not on the map"), words.number(coverage.records_unplottable), True),
        (words.say("plotted, the same field in two batches"), words.number(coverage.records_repeated), True),
        (words.say("Recorded area, overlaps once"), area, False),
    ]


def _event_counts(accuracy: Accuracy, words: Catalogue) -> list[tuple[str, str, bool]]:
    return [
        (words.say("Events received"), words.number(accuracy.events_received), False),
        (words.say("without a usable position"), words.number(accuracy.events_unlocated), True),
    ]
