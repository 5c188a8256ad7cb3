"""The headline figures of a comparison in words, for the panel beside the map. No share stands without its counts."""

from collections.abc import Sequence
from dataclasses import dataclass

from registry.compare.accuracy import Accuracy
from registry.compare.areas import Coverage
from registry.compare.containment import Window
from registry.compare.uncertainty import Share
from registry.stats import Comparison


@dataclass(frozen=True)
class WindowFigures:
    """Inside and outside in one time window, in words."""

    name: str
    outside: str
    inside: str
    share_outside: str


@dataclass(frozen=True)
class Figures:
    """What the panel says; ``windows`` is empty where no event could be compared."""

    windows: Sequence[WindowFigures]
    notes: Sequence[str]
    counts: Sequence[tuple[str, str]]
    compared: Sequence[str]


def headline_figures(comparison: Comparison) -> Figures:
    """The figures of a comparison that belong beside the map."""
    accuracy = comparison.accuracy
    windows = (
        ("All dates", accuracy.all),
        ("Up to the first handover, against all maps", accuracy.before_handover),
        ("After the first handover, against the maps in hand by then", accuracy.after_handover),
    )
    return Figures(
        windows=[_window(name, window) for name, window in windows if window is not None and window.total],
        notes=_notes(accuracy),
        counts=[*_coverage_counts(comparison.coverage), *_event_counts(accuracy)],
        compared=[
            f"{layer.batch_id}, {layer.kind} (SHA-256 {layer.content_sha256[:12]})" for layer in comparison.layers
        ],
    )


def share_text(share: Share) -> str:
    """The value and interval of a share whose counts stand beside it, or why it has none."""
    if share.value is None or share.low is None or share.high is None:
        return f"No share: {share.reason}"
    value, low, high = (f"{100 * part:.1f}" for part in (share.value, share.low, share.high))
    return f"{value} % (95 % interval {low} to {high} %)".replace(" %", "\u00a0%")


def _window(name: str, window: Window) -> WindowFigures:
    return WindowFigures(
        name,
        f"{window.outside:,} of {window.total:,}",
        f"{window.inside:,} of {window.total:,}",
        share_text(window.share_outside),
    )


def _notes(accuracy: Accuracy) -> list[str]:
    notes = [f"Left out by the rule “{rule}”: {count:,} events." for rule, count in accuracy.removed.items() if count]
    if accuracy.unfiltered is not None:
        notes.append(f"With them: {accuracy.unfiltered.outside:,} of {accuracy.unfiltered.total:,} outside.")
    notes += [
        f"{unmapped.events.numerator:,} of {unmapped.events.denominator:,} events lie {where} where no record is "
        "plotted: never mapped, which is not mapped wrongly."
        for where, unmapped in (
            ("in districts", accuracy.unmapped_districts),
            ("on map sheets", accuracy.unmapped_sheets),
        )
        if unmapped.events.numerator
    ]
    left_out = accuracy.left_out
    if left_out.further_events_inside:
        notes.append(
            f"The {left_out.records:,} invalid records left out "
            f"would hold {left_out.further_events_inside:,} more events."
        )
    if accuracy.windows_reason is not None:
        notes.append(accuracy.windows_reason)
    return notes


def _coverage_counts(coverage: Coverage) -> list[tuple[str, str]]:
    return [
        ("Records received", f"{coverage.records_received:,}"),
        ("plotted", f"{coverage.records_plotted:,}"),
        ("invalid, left out of the figures", f"{coverage.records_invalid:,}"),
        ("unplottable, not on the map", f"{coverage.records_unplottable:,}"),
        ("plotted, the same field in two batches", f"{coverage.records_repeated:,}"),
        ("Recorded area, overlaps once", f"{coverage.union_m2 / 1e6:,.2f} km²"),
    ]


def _event_counts(accuracy: Accuracy) -> list[tuple[str, str]]:
    return [
        ("Events received", f"{accuracy.events_received:,}"),
        ("without a usable position", f"{accuracy.events_unlocated:,}"),
    ]
