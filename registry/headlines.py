"""The headlines of a comparison in words, and what it did not look at."""

from collections.abc import Mapping
from dataclasses import replace

from registry.codes import Section
from registry.compare.location import LocationError
from registry.compare.sentences import (
    Headline,
    ceiling_headline,
    clusters_headline,
    coverage_headline,
    estimate_headline,
    never_mapped_headline,
    outside_headline,
    temporal_headline,
    thematic_headline,
    unplottable_headline,
)
from registry.compare.uncertainty import Share
from registry.stats import Comparison

SECTION_WORDS: Mapping[Section, str] = {
    Section.PREDICTIVE: "the predictive accuracy index (M7)",
    Section.MARGINS: "what each batch adds (M15)",
    Section.THEMATIC: "devices (M12)",
    Section.QUALITY: "dates of laying (M13)",
    Section.GROUND: "surveyed and released land and found devices (M2, M4, M5, M6, M8)",
    Section.INDEPENDENCE: "positions that come from the map or repeat (M17)",
    Section.CLUSTERS: "clusters of events outside every record (M16)",
    Section.LOCATION: "location error (M1b, M1d, noise ceiling) and chance",
    Section.COMPLETENESS: "how complete records are (M10)",
}
_CAVEATS_NOT_COMPUTED: Mapping[Section, str] = {
    Section.LOCATION: "How much of the share is location error was not computed.",
    Section.INDEPENDENCE: "Whether positions of events come from the maps was not looked at.",
}


def headlines(comparison: Comparison) -> tuple[Headline, ...]:
    """A sentence for each headline figure that the comparison holds, with its caveats.

    Caveats of M1 that were not computed are named as such.
    """
    return tuple(
        replace(each, caveats=(*each.caveats, *caveats_not_computed(comparison))) if each.metric == "M1" else each
        for each in _headlines(comparison)
    )


def caveats_not_computed(comparison: Comparison) -> tuple[str, ...]:
    """Sentences on what M1 hangs on and the comparison did not look at."""
    return tuple(words for section, words in _CAVEATS_NOT_COMPUTED.items() if section in comparison.not_computed)


def not_computed(comparison: Comparison) -> str | None:
    """A sentence that names what the comparison did not look at; None where it looked at everything."""
    if not comparison.not_computed:
        return None
    named = "; ".join(SECTION_WORDS[section] for section in comparison.not_computed)
    return f"Not computed, so that nothing can be concluded of it here: {named}."


def _headlines(comparison: Comparison) -> list[Headline]:
    coverage, accuracy = comparison.coverage, comparison.accuracy
    said = [
        coverage_headline(
            received=coverage.records_received,
            plotted=coverage.records_plotted,
            invalid=coverage.records_invalid,
            unplottable=coverage.records_unplottable,
            union_m2=coverage.union_m2,
            sum_m2=coverage.sum_m2,
        ),
        unplottable_headline(coverage.unplottable_share),
        outside_headline(accuracy.all.share_outside, "all"),
    ]
    if accuracy.before_handover is not None:
        said.append(outside_headline(accuracy.before_handover.share_outside, "before_handover"))
    if accuracy.after_handover is not None:
        said.append(outside_headline(accuracy.after_handover.share_outside, "after_handover"))
    if comparison.location is not None:
        said += _of_location(comparison.location, accuracy.all.share_inside)
    said.append(never_mapped_headline(accuracy.never_mapped))
    if comparison.thematic is not None and comparison.thematic.share.denominator:
        said.append(thematic_headline(comparison.thematic.share))
    if comparison.quality is not None and comparison.quality.dated_share.denominator:
        said.append(temporal_headline(comparison.quality.dated_share, comparison.quality.delay.shortest_median_days))
    found = comparison.clusters
    if found is not None and found.outside:
        said.append(
            clusters_headline(
                clusters=len(found.clusters), clustered_events=found.clustered, outside_events=found.outside
            )
        )
    return said


def _of_location(found: LocationError, inside: Share) -> list[Headline]:
    """The noise ceiling where errors are known, and the estimate of the truth or why there is none."""
    estimate = found.estimate
    of_truth = estimate_headline(
        estimate.value, estimate.low, estimate.high, events=estimate.events, reason=estimate.reason
    )
    return [of_truth] if found.ceiling is None else [ceiling_headline(found.ceiling, inside), of_truth]
