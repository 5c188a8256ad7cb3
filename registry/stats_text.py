"""A comparison as tables and sentences for a terminal."""

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from registry.codes import By
from registry.compare.accuracy import Accuracy, DistrictAccuracy
from registry.compare.containment import Window
from registry.compare.eligibility import RULE_WORDS
from registry.compare.groups import Grouping, GroupWindow, UnmappedPlaces
from registry.compare.quality import Delay
from registry.compare.sentences import Headline
from registry.compare.study import PredictiveAccuracy
from registry.compare.uncertainty import Share
from registry.compare.windows import AsOf
from registry.ground_text import ground
from registry.headlines import headlines, not_computed
from registry.limits import why_no_accuracy
from registry.location_text import location_error
from registry.model import Kind
from registry.places_text import clusters, independence
from registry.stats import Comparison
from registry.terminal import NOTICE, interval, km2, metres, share, shown, table

GROUPS_SHOWN = 10
PLACES_NAMED = 5

_NOT_STATED = "not stated"
_GROUP_TITLES = {
    By.BATCH: "All events against each batch's records alone",
    By.PARTY: "All events against each giving party's records alone",
    By.DEVICE: "By device",
    By.SHEET: "By map sheet, as the events name it",
    By.YEAR: "By year of the event",
    By.DISTRICT: "By district",
    By.TYPE: "By type of accident",
}
_GROUP_COLUMNS = ("records", "events", "inside", "outside", "share outside, 95 % interval", "before", "after")


def comparison(result: Comparison, *, in_parts: bool = False) -> RenderableType:
    """The figures, each with its numerator, denominator and interval; ``in_parts`` if that is how events were read."""
    return Group(*_parts(result, in_parts=in_parts), Text(NOTICE, "bold"))


def _parts(result: Comparison, *, in_parts: bool) -> Iterator[RenderableType]:
    if result.as_of is not None:
        yield Text(shown(_as_of(result.as_of)), "bold")
    yield _coverage(result)
    yield _windows(result.accuracy)
    yield _curve(result.accuracy.all)
    for line in (*_remarks(result.accuracy), *_qualities(result)):
        yield Text(shown(line))
    yield _rules(result.accuracy)
    yield _margins(result)
    yield _districts(result.accuracy)
    for grouping in result.groups:
        yield _grouping(grouping)
    if result.ground is not None:
        yield ground(result.ground)
    if result.location is not None:
        yield location_error(result.location)
    if result.independence is not None:
        yield independence(result.independence)
    if result.clusters is not None:
        yield clusters(result.clusters)
    if result.not_computed:
        without = "--only and --events-from" if in_parts else "--only"
        yield Text(f"{not_computed(result)} Without {without} it is.", "bold")
    yield _in_words(headlines(result))
    yield _why_no_accuracy(result)


def _in_words(said: Sequence[Headline]) -> RenderableType:
    """The headlines as sentences, then every caveat of theirs once."""
    caveats = dict.fromkeys(caveat for each in said for caveat in each.caveats)
    lines = [*(each.text for each in said), "What must be kept in mind:", *(f"- {caveat}" for caveat in caveats)]
    return Text(shown("\n".join(lines)))


def _why_no_accuracy(result: Comparison) -> RenderableType:
    """What in the data keeps the share inside from being an accuracy of the maps."""
    why = why_no_accuracy(result)
    inside = result.accuracy.all.share_inside
    if not why:
        return Text("")
    head = f"Why {share(inside)} inside is no accuracy of these maps:"
    return Text(shown("\n".join((head, *(f"- {each}" for each in why)))))


def _as_of(cut: AsOf) -> str:
    late = f" ({', '.join(cut.batches_not_by_then)})" if cut.batches_not_by_then else ""
    undated = f" ({', '.join(cut.batches_undated)})" if cut.batches_undated else ""
    said = [
        f"As of {cut.day.isoformat()}. Left out: {len(cut.batches_not_by_then):,} batches not surely handed over by "
        f"then{late} and {len(cut.batches_undated):,} without a date{undated}."
    ]
    said += [
        f"Of {kind}, {rows.not_by_then:,} not surely by then and {rows.undated:,} without a date."
        for kind, rows in cut.rows.items()
        if kind is Kind.ACCIDENTS or rows.not_by_then or rows.undated
    ]
    if cut.scope_left_out:
        said.append(
            f"What these batches say they cover was not surely stated by then: {', '.join(cut.scope_left_out)}."
        )
    return " ".join(said)


def _coverage(result: Comparison) -> RenderableType:
    coverage = result.coverage
    if not coverage.records_received:
        return Text("No minefield records are compared. Add some: minefield-registry import FILE --kind minefields ...")
    rows = [
        ("records received", f"{coverage.records_received:,}"),
        ("plotted", f"{coverage.records_plotted:,}"),
        ("invalid, left out", f"{coverage.records_invalid:,}"),
        ("unplottable", f"{coverage.records_unplottable:,}"),
        ("plotted, but the same field as in another batch", f"{coverage.records_repeated:,}"),
        ("share unplottable", share(coverage.unplottable_share)),
        ("land covered (union)", f"{km2(coverage.union_m2)} km2"),
        ("sum of the records' areas", f"{km2(coverage.sum_m2)} km2"),
    ]
    parts: list[RenderableType] = [table("What the maps cover", ("", ""), rows, numbers=1)]
    if len(coverage.by_handover) > 1:
        handed = [
            (
                each.batch_id,
                each.handed_over_on,
                f"{each.records_plotted:,}",
                km2(each.union_m2),
                km2(each.new_m2),
                km2(each.cumulative_union_m2),
            )
            for each in coverage.by_handover
        ]
        columns = ("batch", "handed over on", "plotted", "covered km2", "newly covered km2", "covered so far km2")
        parts.append(table("By handover", columns, handed, numbers=4))
    return Group(*parts)


def _windows(accuracy: Accuracy) -> RenderableType:
    windows: list[tuple[str, Window | None]] = [
        ("all events", accuracy.all),
        ("before handover", accuracy.before_handover),
        ("after handover", accuracy.after_handover),
        ("nothing removed", accuracy.unfiltered),
    ]
    for name, unmapped in (
        ("mapped districts", accuracy.unmapped_districts),
        ("mapped sheets", accuracy.unmapped_sheets),
    ):
        if unmapped.events.numerator:
            windows.append((name, unmapped.elsewhere))
    columns = ("window", "events", "inside", "outside", "share outside, 95 % interval", "median distance")
    rows = [
        (
            name,
            f"{each.total:,}",
            f"{each.inside:,}",
            f"{each.outside:,}",
            interval(each.share_outside),
            metres(each.median_distance_outside_m, unknown="-"),
        )
        for name, each in windows
        if each is not None
    ]
    return table("Recorded explosions against the maps", columns, rows, numbers=5)


def _curve(window: Window) -> Table:
    columns = [f"{distance} m" if distance else "inside" for distance in window.within_m]
    counts = [f"{count:,}" for count in window.within_m.values()]
    return table(f"Events within a distance of a record, of {window.total:,}", columns, [counts], numbers=len(columns))


def _remarks(accuracy: Accuracy) -> Iterator[str]:
    yield f"{accuracy.events_received:,} events received, {accuracy.events_unlocated:,} without a usable position."
    bounds = accuracy.bounds
    if bounds.unlocated and bounds.none_inside.value is not None:
        yield (
            f"With the {bounds.unlocated:,} of them that count, inside are at least {share(bounds.none_inside)} "
            f"and at most {share(bounds.all_inside)}."
        )
    if accuracy.all.share_outside.reason:
        yield f"No share of all events: {accuracy.all.share_outside.reason}"
    yield from _trust(accuracy.all.share_outside)
    if accuracy.windows_reason:
        yield f"Before and after the handover: not computed. {accuracy.windows_reason}"
    elif accuracy.undated:
        yield f"{accuracy.undated:,} events have no date, or one too coarse, to be before or after a handover."
    if accuracy.left_out.records:
        yield (
            f"{accuracy.left_out.records:,} invalid records are left out; repaired, they would hold "
            f"{accuracy.left_out.further_events_inside:,} more events."
        )
    yield f"In districts without any record: {_never_mapped(accuracy.unmapped_districts)}"
    yield f"On map sheets without any record: {_never_mapped(accuracy.unmapped_sheets)}"


def _trust(value: Share) -> list[str]:
    """How the interval of the headline was made, and how far it goes."""
    if value.value is None:
        return []
    said = {
        "wilson": "Interval of all events: Wilson's; events near each other fare no more alike than others.",
        "cluster": "Interval of all events: events near each other fare alike, which makes it wider than Wilson's.",
    }
    return [said[value.method], *([value.note] if value.note else [])]


def _never_mapped(unmapped: UnmappedPlaces) -> str:
    """Where nothing was mapped at all, which is not the same as mapped wrongly."""
    if unmapped.reason:
        return f"not known. {unmapped.reason}"
    said = f"{share(unmapped.events)}, in {len(unmapped.without_record):,} of {unmapped.places:,} with events"
    if unmapped.without_record:
        named = [f"{each.place} {each.events:,}" for each in unmapped.without_record[:PLACES_NAMED]]
        more = len(unmapped.without_record) - len(named)
        said += f": {', '.join(named)}{f' and {more:,} more' if more else ''}"
    return f"{said}. There, nothing was mapped, rightly or wrongly." if unmapped.without_record else f"{said}."


def _qualities(result: Comparison) -> Iterator[str]:
    if result.predictive is not None:
        yield from _predictive(result.predictive)
    thematic, quality = result.thematic, result.quality
    if thematic is not None and thematic.share.denominator:
        yield f"Inside, with a device that a covering record claims: {share(thematic.share)}."
    if quality is not None and quality.dated_share.denominator:
        yield f"Records with a date of laying: {share(quality.dated_share)}.{_delay(quality.delay)}"


def _predictive(predictive: PredictiveAccuracy) -> Iterator[str]:
    if predictive.value is not None and predictive.covered_m2 is not None and predictive.area_m2 is not None:
        yield (
            f"Predictive accuracy index {predictive.value:.1f} ({predictive.low:.1f}-{predictive.high:.1f}): events "
            f"lie inside the records that many times as often as if they lay anywhere in {predictive.study}, of whose "
            f"{km2(predictive.area_m2)} km2 the records cover {km2(predictive.covered_m2)} km2."
        )


def _delay(delay: Delay) -> str:
    if delay.shortest_median_days is None or delay.longest_median_days is None:
        return ""
    shortest, longest = (f"{days:,.0f}" for days in (delay.shortest_median_days, delay.longest_median_days))
    days = shortest if shortest == longest else f"{shortest} to {longest}"
    return f" From laying to handover: median {days} days, of {delay.records:,} records."


def _rules(accuracy: Accuracy) -> RenderableType:
    rows = [
        (
            effect.rule.value,
            RULE_WORDS[effect.rule],
            "-" if effect.removed is None else f"{effect.removed:,}",
            f"{effect.removed_alone:,}",
            f"{effect.inside_lost_alone:,}",
        )
        for effect in accuracy.rules
        if effect.applied or effect.removed_alone
    ]
    if not rows:
        return Text("")
    title = "What rules remove, or would: events, but laid-after events from a record (-: not applied)"
    return table(title, ("rule", "which", "removed", "alone", "of these inside"), rows, numbers=3)


def _margins(result: Comparison) -> RenderableType:
    if result.margins is None or len(result.margins) < 2:
        return Text("")
    rows = [
        (
            each.batch_id,
            f"{each.events_inside:,}",
            f"{each.events_newly_inside:,}",
            f"{each.events_inside_so_far:,}",
            interval(each.share_newly_inside),
        )
        for each in result.margins
    ]
    columns = ("batch", "events inside", "newly inside", "inside so far", "share newly inside, 95 % interval")
    return table("What each batch adds to those handed over before it", columns, rows, numbers=4)


def _districts(accuracy: Accuracy) -> RenderableType:
    named = [(each.district or "in no district", each.records_plotted, each) for each in accuracy.by_district]
    return _group_table("By district", "district", named)


def _grouping(grouping: Grouping) -> RenderableType:
    none = "in no district" if grouping.by is By.DISTRICT else _NOT_STATED
    named = [
        (row.group or none, row.records_plotted, row) for row in grouping.rows if row.total or row.group is not None
    ]
    return _group_table(_GROUP_TITLES[grouping.by], grouping.by.value, named)


def _group_table(
    title: str, head: str, named: Sequence[tuple[str, int | None, GroupWindow | DistrictAccuracy]]
) -> RenderableType:
    """Groups with their three windows; of those before and after the handover, how many are outside."""
    if not named:
        return Text("")
    rows = [
        (
            name,
            "-" if records is None else f"{records:,}",
            f"{window.total:,}",
            f"{window.inside:,}",
            f"{window.outside:,}",
            interval(window.share_outside),
            _outside_of(window.before_handover),
            _outside_of(window.after_handover),
        )
        for name, records, window in named[:GROUPS_SHOWN]
    ]
    shown_of = "" if len(named) <= GROUPS_SHOWN else f", the first {GROUPS_SHOWN} of {len(named)}"
    title = f"{title}{shown_of}; before and after the handover: outside of events"
    return table(title, (head, *_GROUP_COLUMNS), rows, numbers=7)


def _outside_of(window: Window | None) -> str:
    return "-" if window is None else f"{window.outside:,} of\n{window.total:,}"
