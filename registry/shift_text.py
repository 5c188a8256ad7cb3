"""Shifts as tables and sentences for a terminal."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from registry.compare.displacement import REACH_M
from registry.compare.shift import NamedShift, Shift
from registry.compare.shiftgroups import GroupShift
from registry.shifts import ShiftReport
from registry.terminal import share, shown, table

NOTICE = (
    "Nothing was moved. A shift says that records and events lie apart by the same step everywhere, not which of them "
    "lies wrong, or why. Where no record lies, nothing is known."
)
GROUPS_SHOWN = 30


def report(result: ShiftReport) -> RenderableType:
    """What was found, how sure that is, and which named mistakes would explain it."""
    return Group(*_parts(result), Text(NOTICE, "bold"))


def _parts(result: ShiftReport) -> Iterator[RenderableType]:
    yield Text("Systematic shift", "bold")
    headline = result.headline
    for line in (*([headline.text] if headline else []), *sentences(result.shift)):
        yield Text(shown(line))
    if result.shift.named:
        yield _named(result.shift)
    if result.groups:
        yield _groups(result)
    if headline is not None:
        yield Text(shown("\n".join(("What must be kept in mind:", *(f"- {each}" for each in headline.caveats)))))


def sentences(shift: Shift) -> Iterator[str]:
    """A shift in sentences."""
    yield (
        f"{shift.records:,} records against {shift.events:,} events within {REACH_M / 1000:g} km of one; "
        f"{shift.events_used:,} count, several on one spot once."
    )
    if shift.found is None:
        yield f"{shift.reason}"
    else:
        yield _vector(shift)
        yield from _certainty(shift)
    named = next((each for each in shift.named if each.fits), None)
    if named is not None:
        yield _name(named)
    if shift.found and shift.inside_before is not None and shift.inside_after is not None:
        yield (
            f"Inside a record: {share(shift.inside_before)} as recorded, {share(shift.inside_after)} with the records "
            "moved. The second is the best of many shifts, and so too high."
        )


def compass(east_m: float, north_m: float) -> str:
    """A vector in words."""
    east = f"{abs(east_m):,.0f} m {'east' if east_m >= 0 else 'west'}"
    return f"{east} and {abs(north_m):,.0f} m {'north' if north_m >= 0 else 'south'}"


def _vector(shift: Shift) -> str:
    where = f"{shift.distance_m:,.0f} m towards {shift.azimuth_deg:03.0f} degrees"
    vector = compass(shift.east_m or 0.0, shift.north_m or 0.0)
    chance = f"p = {_p(shift.p_value)}, from {shift.replicates} synthetic sets of events without a shift"
    if shift.found:
        return f"Found: the events are likeliest with the records moved {where} ({vector}); {chance}."
    return f"No shift found. Likeliest would be {where} ({vector}), which chance explains well enough; {chance}."


def _certainty(shift: Shift) -> Iterator[str]:
    found = shift.interval
    if found is None:
        return
    yield (
        f"95 % interval: an ellipse with half axes of {found.strong_half_m:,.0f} m and {found.weak_half_m:,.0f} m, the "
        f"longer towards {found.weak_azimuth_deg:03.0f} degrees; position error {shift.sigma_m:,.0f} m."
    )
    if found.unbounded:
        yield (
            f"Weak direction: along {found.weak_azimuth_deg:03.0f} degrees and back the shift is not bounded within "
            f"{found.weak_half_m:,.0f} m; the records tell next to nothing there."
        )
    elif found.lopsided:
        yield (
            f"Weak direction: along {found.weak_azimuth_deg:03.0f} degrees and back the shift is known only to "
            f"{found.weak_half_m:,.0f} m either way, across it to {found.strong_half_m:,.0f} m."
        )


def _name(named: NamedShift) -> str:
    moved = f"that moves the records {compass(named.east_m, named.north_m)} in the middle of the events"
    if named.is_far:
        return f"The records lie elsewhere: read {named.words}, {named.events:,} events lie within reach; {moved}."
    return f"A named mistake fits: read {named.words}; {moved}."


def _named(shift: Shift) -> RenderableType:
    rows = [
        (
            f"read {each.words}",
            "fits" if each.fits else "-",
            f"{each.east_m:+,.0f}",
            f"{each.north_m:+,.0f}",
            f"{each.events:,}",
            "-" if each.statistic is None else f"{each.statistic:+,.1f}",
        )
        for each in shift.named
        if not each.is_far or each.events
    ]
    if not rows:
        return Text("")
    best = "" if shift.statistic is None else f"; the best shift gains {shift.statistic:+,.1f}"
    title = f"Named mistakes, undone: gain is twice that in log-likelihood over the records as they are{best}"
    return table(title, ("mistake", "", "east m", "north m", "events within reach", "gain"), rows, numbers=4)


def _groups(result: ShiftReport) -> RenderableType:
    told = [row for row in result.groups if row.p_adjusted is not None or row.shift.name]
    silent = len(result.groups) - len(told)
    title = f"By group: p is adjusted for {result.groups_tested} tests (Holm); {silent} more have too few events"
    rows = [_group(row) for row in told[:GROUPS_SHOWN]]
    if not rows:
        return Text(f"None of {silent} groups has events enough, or any.")
    if len(told) > GROUPS_SHOWN:
        title += f"; the first {GROUPS_SHOWN} of {len(told)}"
    columns = ("group", "", "events", "east m", "north m", "half axes m", "p")
    return table(title, columns, rows, numbers=5)


def _group(row: GroupShift) -> tuple[str, ...]:
    shift = row.shift
    verdict = shift.name or ("found" if shift.found else "no" if shift.found is False else "too few events")
    head = (f"{row.by.value}: {row.group or 'not stated'}", verdict, f"{shift.events_used:,}")
    if shift.interval is None:
        return (*head, *["-"] * 4)
    axes = f"{shift.interval.strong_half_m:,.0f} / {shift.interval.weak_half_m:,.0f}"
    return (*head, f"{shift.east_m:+,.0f}", f"{shift.north_m:+,.0f}", axes, _p(row.p_adjusted))


def _p(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if value >= 0.0005 else "below 0.001"
