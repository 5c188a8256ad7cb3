"""The headlines of a comparison in words."""

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


def headlines(comparison: Comparison) -> tuple[Headline, ...]:
    """A sentence for each headline figure that the comparison holds, with its caveats."""
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
    if comparison.thematic.share.denominator:
        said.append(thematic_headline(comparison.thematic.share))
    if comparison.quality.dated_share.denominator:
        said.append(temporal_headline(comparison.quality.dated_share, comparison.quality.delay.shortest_median_days))
    found = comparison.clusters
    if found.outside:
        said.append(
            clusters_headline(
                clusters=len(found.clusters), clustered_events=found.clustered, outside_events=found.outside
            )
        )
    return tuple(said)


def _of_location(found: LocationError, inside: Share) -> list[Headline]:
    """The noise ceiling where errors are known, and the estimate of the truth or why there is none."""
    estimate = found.estimate
    of_truth = estimate_headline(
        estimate.value, estimate.low, estimate.high, events=estimate.events, reason=estimate.reason
    )
    return [of_truth] if found.ceiling is None else [ceiling_headline(found.ceiling, inside), of_truth]
