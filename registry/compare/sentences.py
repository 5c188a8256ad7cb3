"""The headline figures as plain sentences, made from the values. Words of size follow the interval, not the point."""

from dataclasses import dataclass

from registry.compare.uncertainty import Share

UNDER_REPORTING = "Not every explosion is reported."
EXPOSURE = "People avoid land that they know to be mined, so events say where people went as well as where mines are."
CLEARANCE_FEEDBACK = "Land on the maps gets fenced and cleared, and has fewer events afterwards for that reason."
NEW_LAYING = "Mines may have been laid after a record was made."
MINES_MOVED = "Floods and erosion move mines away from where they were recorded."
VICTIMS_AGAINST_EVENTS = "An event can have several victims: a share of events is no share of victims."
CERTIFICATION_LAG = "Land is released on paper some time after the work, and a find is registered late."
CIRCULARITY = "Positions of events may have been taken from the maps, and then agree with them for that reason alone."
CAVEATS = (
    UNDER_REPORTING,
    EXPOSURE,
    CLEARANCE_FEEDBACK,
    NEW_LAYING,
    MINES_MOVED,
    VICTIMS_AGAINST_EVENTS,
    CERTIFICATION_LAG,
    CIRCULARITY,
)
"""What stands beside every comparison."""

OF_EVENTS = tuple(each for each in CAVEATS if each != CERTIFICATION_LAG)
"""The caveats of a share of events."""

NO_RECORD = "Outside every record means that there is no record, not that there is no mine."
LOCATION_ERROR = "A location error carries recorded positions across borders, in both directions."

WINDOWS = {
    "all": "events of all dates",
    "before_handover": "events on or before the first handover",
    "after_handover": "events after the first handover, held against the records then in hand",
}
"""Window -> its events in words."""


@dataclass(frozen=True)
class Headline:
    """A figure in words, and what must be said beside it. ``metric`` is its id in the catalogue."""

    metric: str
    text: str
    caveats: tuple[str, ...] = ()


def percent(fraction: float) -> str:
    """A fraction in per cent, with one decimal, or as many as keep a share of some from reading as none or all."""
    for decimals in range(1, 6):
        text = f"{100 * fraction:.{decimals}f}"
        if float(text) not in (0.0, 100.0):
            return f"{text} %"
    return f"{100 * fraction:.1f} %"


def share_words(share: Share) -> str:
    """A share with its numerator, denominator and interval; without a value, the counts and why."""
    if share.value is None:
        counted = (
            f"of {share.denominator:,}" if share.numerator is None else f"{share.numerator:,} of {share.denominator:,}"
        )
        return f"{counted} (no share: {share.reason})"
    counted = f"{share.numerator or 0:,} of {share.denominator:,}"
    if share.low is None or share.high is None:
        return f"{counted} ({percent(share.value)}, no interval)"
    return f"{counted} ({percent(share.value)}, 95 % interval {percent(share.low)} to {percent(share.high)})"


def half_words(share: Share) -> str | None:
    """Whether it is more or fewer than half, as far as the interval as printed settles it; None without an interval."""
    if share.low is None or share.high is None:
        return None
    if _printed(share.low) > 0.5:
        return "more than half"
    if _printed(share.high) < 0.5:
        return "fewer than half"
    return "on which side of one half that is, is not settled"


def outside_headline(share: Share, window: str = "all") -> Headline:
    """M1 of a window: events outside every record.

    Parameters
    ----------
    share
        Events outside / events.
    window
        A key of `WINDOWS`.
    """
    size = half_words(share)
    said = f"Of the {WINDOWS[window]}, {share_words(share)} are recorded outside every record"
    return Headline("M1", f"{said}{f': {size}' if size else ''}.", (NO_RECORD, LOCATION_ERROR, *OF_EVENTS))


def ceiling_headline(ceiling: float, inside: Share | None = None) -> Headline:
    """The noise ceiling, beside the recorded share inside where there is one.

    Parameters
    ----------
    ceiling
        Probability that an event uniform over mapped land is recorded inside, 0 to 1.
    inside
        M1.
    """
    text = (
        f"Had every event happened on mapped land, location error alone would leave {percent(ceiling)} of them "
        "recorded inside the maps."
    )
    if inside is not None and inside.value is not None and inside.low is not None and inside.high is not None:
        beside = f"{share_words(inside)} are"
        if _printed(inside.low) > _printed(ceiling):
            text += f" In fact {beside}, more than that."
        elif _printed(inside.high) < _printed(ceiling):
            text += f" In fact {beside}, fewer than that."
        else:
            text += f" In fact {beside}: not to be told from it."
    return Headline("ceiling", text, (LOCATION_ERROR,))


def estimate_headline(
    value: float | None, low: float | None, high: float | None, *, events: int, reason: str | None = None
) -> Headline:
    """M1d: the share inside once location error is allowed for.

    Parameters
    ----------
    value, low, high
        The estimate with its 95 % interval, 0 to 1; ``value`` None and both others given: a bound; all None: refused.
    events
        How many events in the study area it was made from.
    reason
        Why it is a bound, or refused.
    """
    why = f" {reason}" if reason else ""
    if low is None or high is None:
        text = f"What share of the {events:,} events in the study area happened inside the maps is not estimated.{why}"
    elif value is None:
        text = (
            f"Allowing for location error, the share of the {events:,} events in the study area that happened inside "
            f"the maps is between {percent(low)} and {percent(high)} (95 % bounds); a single figure is not given.{why}"
        )
    else:
        text = (
            f"Allowing for location error, an estimated {percent(value)} of the {events:,} events in the study "
            f"area (95 % interval {percent(low)} to {percent(high)}) happened inside the maps.{why}"
        )
    return Headline("M1d", text, OF_EVENTS)


def never_mapped_headline(share: Share) -> Headline:
    """M11: events where no map was handed over at all."""
    text = f"Of the events, {share_words(share)} are in districts for which no record was handed over"
    return Headline("M11", f"{text}: never mapped, which is not the same as mapped elsewhere.", OF_EVENTS)


def thematic_headline(share: Share) -> Headline:
    """M12: of the events inside, those whose kind of device a covering record names."""
    return Headline(
        "M12",
        f"Of the events inside a record, {share_words(share)} are of a kind of device that a record there names.",
        (UNDER_REPORTING, NEW_LAYING),
    )


def temporal_headline(dated: Share, median_delay_days: float | None = None) -> Headline:
    """M13: records with a day of laying, and how long after it they were handed over."""
    text = f"Of the records, {share_words(dated)} say when the mines were laid"
    if median_delay_days is not None:
        text += f"; of these, half were handed over {median_delay_days:,.0f} days or more after that"
    return Headline("M13", f"{text}.", (NEW_LAYING, MINES_MOVED))


def unplottable_headline(share: Share) -> Headline:
    """M14: records received that could not be put on a map."""
    return Headline("M14", f"Of the records received, {share_words(share)} could not be plotted.")


def coverage_headline(
    *, received: int, plotted: int, invalid: int, unplottable: int, union_m2: float, sum_m2: float
) -> Headline:
    """C1: records and the land that they cover, in square metres."""
    return Headline(
        "C1",
        f"Of {received:,} records received, {plotted:,} are plotted, {invalid:,} are invalid and left out, and "
        f"{unplottable:,} could not be plotted; the plotted ones cover {union_m2 / 1e6:,.2f} km2 "
        f"({sum_m2 / 1e6:,.2f} km2 where overlaps count each time).",
        (NO_RECORD,),
    )


def shift_headline(
    *,
    found: bool,
    distance_m: float,
    low_m: float,
    high_m: float | None,
    p_value: float,
    events: int,
    likely: str | None = None,
) -> Headline:
    """M9: whether the maps as a whole are out of place against the events.

    Parameters
    ----------
    distance_m, low_m, high_m
        Length of the best shift with its 95 % interval, in metres; ``high_m`` is None where it has no bound.
    likely
        The named hypothesis that explains it, in words.
    """
    reach = f"{low_m:,.0f} m or more" if high_m is None else f"{low_m:,.0f} to {high_m:,.0f} m"
    chance = f"p = {p_value:.3f}" if p_value >= 0.0005 else "p below 0.001"
    measured = f"{distance_m:,.0f} m (95 % interval {reach}, {chance}, {events:,} events)"
    text = (
        f"The maps fit the events best when they are moved by {measured}: a systematic shift is likely"
        if found
        else f"No systematic shift of the maps is found; the best-fitting one would be {measured}"
    )
    explained = f"; {likely} would explain it" if found and likely else ""
    return Headline("M9", f"{text}{explained}.", (LOCATION_ERROR, CIRCULARITY))


def clusters_headline(*, clusters: int, clustered_events: int, outside_events: int) -> Headline:
    """M16: clusters of events where no record is."""
    if not clusters:
        text = f"The {outside_events:,} events outside every record form no cluster."
    else:
        text = (
            f"Of the {outside_events:,} events outside every record, {clustered_events:,} form {clusters:,} "
            f"{'cluster' if clusters == 1 else 'clusters'}: candidates for non-technical survey, not hazard areas."
        )
    return Headline("M16", text, (NO_RECORD, UNDER_REPORTING, EXPOSURE))


def _printed(fraction: float) -> float:
    """The fraction as `percent` prints it, so that no word contradicts the number beside it."""
    return float(percent(fraction).removesuffix(" %")) / 100
