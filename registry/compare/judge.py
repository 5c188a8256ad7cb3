"""A claim beside our own values: what can be set against what, and why not. It says nothing of who has a point."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from registry.compare.claims import (
    Claim,
    Metric,
    OurValue,
    Reference,
    Unit,
    ValueKind,
    counter_statements,
    why_not_beside,
)
from registry.compare.sentences import (
    CAVEATS,
    OF_EVENTS,
    UNDER_REPORTING,
    VICTIMS_AGAINST_EVENTS,
    percent,
    share_words,
)

SAME_MAPS = (
    "A registry cannot know whether its layers are the maps and the territory that the statement speaks of: see the "
    "layers named."
)

_HAPPENS = frozenset({Unit.EVENT, Unit.VICTIM})  # what has a day, so that the time spoken of matters
_BY_CEILING = frozenset({Metric.M1, Metric.OUTSIDE})
_COUNTED: dict[Unit, str] = {
    Unit.EVENT: "explosions or other events",
    Unit.VICTIM: "victims",
    Unit.MINE: "mines",
    Unit.AREA: "areas",
    Unit.DOCUMENT: "documents",
    Unit.RECORD: "records",
}
_AGAINST: dict[Reference, str] = {
    Reference.MAPS: "the maps handed over",
    Reference.CONTACT_LINE: "a contact line",
    Reference.TERRITORY: "a territory",
    Reference.ZONE: "a zone",
    Reference.SUSPECTED_AREAS: "suspected areas",
    Reference.CLEARED_LAND: "cleared land",
}
_CAVEATS: dict[Metric, tuple[str, ...]] = {
    Metric.M1: OF_EVENTS,
    Metric.OUTSIDE: OF_EVENTS,
    Metric.M11: OF_EVENTS,
    Metric.CASUALTIES: (UNDER_REPORTING, VICTIMS_AGAINST_EVENTS),
    Metric.M2: CAVEATS,
    Metric.M4: CAVEATS,
    Metric.M5: CAVEATS,
}


class Comparability(StrEnum):
    """How far a claim and a value of ours can be set against each other."""

    COMPARABLE = "comparable"
    PARTLY = "partly"
    NO_DATA = "no data"
    NOT = "not comparable"


class Position(StrEnum):
    """How a stated figure lies to an interval or a ceiling."""

    INSIDE = "inside"
    BELOW = "below"
    ABOVE = "above"
    ACROSS = "across"


@dataclass(frozen=True)
class Judged:
    """A claim beside one value of ours.

    ``interval`` says how the stated share lies to our interval, ``ceiling`` how it lies to the noise ceiling (never
    inside); None where it cannot be said. Each reason is a sentence.
    """

    ours: OurValue
    comparability: Comparability
    interval: Position | None
    ceiling: Position | None
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class ClaimCard:
    """A claim, our values beside it, what can be compared, and what was said in answer.

    ``judgement`` is that of the value that can be compared best; ``reasons`` are about the claim as a whole.
    """

    claim: Claim
    beside: tuple[Judged, ...]
    judgement: Comparability
    reasons: tuple[str, ...]
    caveats: tuple[str, ...]
    sentence: str
    counter_statements: tuple[Claim, ...]

    @property
    def ours(self) -> tuple[OurValue, ...]:
        """Our values that stand beside the claim."""
        return tuple(each.ours for each in self.beside)


def make_card(
    claim: Claim, ours: Sequence[OurValue], others: Sequence[Claim] = (), *, notes: Sequence[str] = ()
) -> ClaimCard:
    """Set a claim beside our values.

    Parameters
    ----------
    claim
        What was said.
    ours
        All values there are; those of the claim's candidate metrics are taken, in the claim's unit where there are
        some, and of a ledger those of the time that the claim speaks of.
    others
        All claims that are known; the counter-statements are taken from them.
    notes
        Sentences about how our values were made, as that they are not of the claim's own day.
    """
    beside = tuple(judge(claim, each) for each in _chosen(claim, ours))
    order = list(Comparability)
    judgement = min((each.comparability for each in beside), key=order.index, default=Comparability.NO_DATA)
    answers = counter_statements(claim, others)
    reasons = [*_about(claim), *notes]
    if not claim.candidates:
        judgement = Comparability.NOT
        reasons.append("No metric of this registry corresponds to the statement.")
    elif not beside:
        reasons.append(f"This registry holds nothing from which {_listed(claim.candidates)} could be computed.")
    if answers and (why := why_not_beside((claim, *answers))):
        reasons.append(f"Of the statement and those that stand beside it: {why}")
    caveats = tuple(dict.fromkeys(each for metric in claim.candidates for each in _CAVEATS.get(metric, ())))
    sentence = _sentence(claim, judgement, beside)
    return ClaimCard(claim, beside, judgement, tuple(reasons), (SAME_MAPS, *caveats), sentence, answers)


def judge(claim: Claim, ours: OurValue) -> Judged:
    """Compare a claim with one value of ours, from units, references, kinds and windows."""
    apart = list(_apart(claim, ours))
    limits = list(_limits(claim, ours))
    if apart:
        return Judged(ours, Comparability.NOT, None, None, (*apart, *limits, *_noted(ours)))
    missing = ours.reason or (ours.share.reason if ours.share is not None else None)
    if missing is not None:
        return Judged(ours, Comparability.NO_DATA, None, None, (missing, *limits, *_noted(ours)))
    comparability = Comparability.PARTLY if limits else Comparability.COMPARABLE
    interval, by_interval = _by_interval(claim, ours)
    ceiling, by_ceiling = _by_ceiling(claim, ours)
    reasons = (*limits, *by_interval, *_by_parts(claim, ours), *by_ceiling)
    return Judged(ours, comparability, interval, ceiling, (*reasons, *_noted(ours)))


def our_words(ours: OurValue) -> str:
    """A value of ours in words."""
    if ours.share is not None:
        return share_words(ours.share)
    if ours.count is None:
        return "no value"
    made_of = ", ".join(f"{name} {number:,}" for name, number in ours.parts)
    return f"{ours.count:,}{f' ({made_of})' if made_of else ''}"


def _chosen(claim: Claim, ours: Sequence[OurValue]) -> list[OurValue]:
    chosen = []
    for metric in claim.candidates:
        of_metric = [each for each in ours if each.metric is metric]
        same_unit = [each for each in of_metric if each.unit is claim.unit]
        of_metric = same_unit or of_metric
        if metric is Metric.LEDGER:
            of_metric = [each for each in of_metric if each.is_part == _speaks_of_a_time(claim)]
            of_metric = [each for each in of_metric if not each.is_part or _within(claim, each)]
        chosen += of_metric
    # A claim that gives a total stands also beside the share that is computed with it.
    return chosen + [each for each in ours if each.computed_with == claim.claim_id and each not in chosen]


def _speaks_of_a_time(claim: Claim) -> bool:
    return claim.window_from is not None or claim.window_to is not None


def _within(claim: Claim, ours: OurValue) -> bool:
    if ours.first_day is None or ours.last_day is None:
        return False
    return (claim.window_from is None or claim.window_from.first <= ours.first_day) and (
        claim.window_to is None or ours.last_day <= claim.window_to.last
    )


def _apart(claim: Claim, ours: OurValue) -> Iterator[str]:
    """Why the two do not measure the same thing."""
    if claim.unit is not None and claim.unit is not ours.unit:
        yield f"The statement counts {_COUNTED[claim.unit]}, our value {_COUNTED[ours.unit]}."
    stated = claim.reference
    if stated not in (None, Reference.NONE) and ours.reference is not Reference.NONE and stated is not ours.reference:
        yield (
            f"The statement is held against {_reference_words(claim)}, our value against {_AGAINST[ours.reference]}."
        )
    if claim.value_kind is ValueKind.SHARE and ours.count is not None:
        yield "The statement gives a share, our value is a count."
    if claim.value_kind is ValueKind.COUNT and ours.share is not None:
        yield "The statement gives a count, our value is a share."
    if claim.value_kind is ValueKind.QUALITATIVE:
        yield "The statement gives no number."


def _limits(claim: Claim, ours: OurValue) -> Iterator[str]:
    """Why the two measure the same thing in part only, or may."""
    if claim.unit is None:
        yield "No definition was published: the statement does not say what it counts."
    if claim.reference is None:
        yield "The statement does not say what its figure is held against."
    if len(claim.candidates) > 1:
        yield f"It could mean any of {_listed(claim.candidates)}."
    if ours.is_part and ours.metric is not Metric.LEDGER:
        yield f"Our value counts only {ours.window}."
    if ours.unit in _HAPPENS:
        yield from _limits_of_time(claim, ours)
    said_on = claim.said_on
    if said_on is not None and ours.maps_until is not None and ours.maps_until > said_on.last:
        yield f"Our value uses maps handed over until {ours.maps_until}; the statement is of {said_on}."


def _limits_of_time(claim: Claim, ours: OurValue) -> Iterator[str]:
    begin, end = claim.window_from, claim.window_to or claim.said_on
    if begin is None and claim.window_to is None and claim.window_text is None:
        yield "The statement does not say which time it speaks of."
    if begin is not None and ours.first_day is not None and ours.first_day < begin.first:
        yield f"Our value counts events from {ours.first_day} on; the statement begins with {begin}."
    if end is not None and ours.last_day is not None and ours.last_day > end.last:
        yield f"Our value counts events until {ours.last_day}; the statement ends with {end}."
    if ours.undated:
        yield f"Of the events that we count, {ours.undated:,} have no date that says whether the statement means them."


def _by_interval(claim: Claim, ours: OurValue) -> tuple[Position | None, tuple[str, ...]]:
    share = ours.share
    if share is None:
        return None, (f"The statement says {claim.value_text}; we count {our_words(ours)}. A count has no interval.",)
    if share.low is None or share.high is None:
        return None, (f"Our value has no interval ({share.method}).",)
    position = _position(claim.low, claim.high, share.low, share.high)
    words = {
        Position.INSIDE: "is inside",
        Position.BELOW: "is below",
        Position.ABOVE: "is above",
        Position.ACROSS: "is partly inside",
    }[position]
    interval = f"{percent(share.low)} to {percent(share.high)}"
    return position, (f"The stated value ({claim.value_text}) {words} our interval ({interval}).",)


def _by_parts(claim: Claim, ours: OurValue) -> Iterator[str]:
    """The parts that the statement names, beside ours of the same name."""
    counted = dict(ours.parts)
    for name, number in claim.parts:
        if name in counted:
            yield f"Of these the statement names {number:,} as {name}; we count {counted[name]:,}."
        else:
            yield f"Of these the statement names {number:,} as {name}, which our data do not tell."


def _noted(ours: OurValue) -> tuple[str, ...]:
    return (ours.note,) if ours.note else ()


def _by_ceiling(claim: Claim, ours: OurValue) -> tuple[Position | None, tuple[str, ...]]:
    if ours.metric not in _BY_CEILING or claim.value_kind is not ValueKind.SHARE:
        return None, ()
    if ours.ceiling is None:
        return None, ("The noise ceiling is not computed, so how far location error alone goes is not said.",)
    low, high = claim.low, claim.high
    if ours.metric is Metric.OUTSIDE:
        low, high = (None if bound is None else 1 - bound for bound in (claim.high, claim.low))
    position = _position(low, high, ours.ceiling, ours.ceiling)
    words = {
        Position.INSIDE: "at",
        Position.BELOW: "below",
        Position.ABOVE: "above",
        Position.ACROSS: "partly below and partly above",
    }[position]
    return position, (
        f"Had all events happened on mapped land, location error alone would leave {percent(ours.ceiling)} recorded "
        f"inside; the stated value, as a share inside, is {words} that ceiling.",
    )


def _position(low: float | None, high: float | None, lower: float, upper: float) -> Position:
    """How a stated range lies to another; a bound that is None is open, and then a touch is no overlap."""
    if high is not None and (high < lower or (low is None and high <= lower)):
        return Position.BELOW
    if low is not None and (low > upper or (high is None and low >= upper)):
        return Position.ABOVE
    inside = low is not None and high is not None and lower <= low and high <= upper
    return Position.INSIDE if inside else Position.ACROSS


def _about(claim: Claim) -> Iterator[str]:
    """What must be known of the claim itself."""
    own = claim.own_share
    if own is not None:
        yield f"Its own numerator and denominator give {share_words(own)}."
    elif claim.value_kind is ValueKind.SHARE:
        yield "Its numerator and denominator were not published, so it has no interval of its own."
    if not claim.verified_at_source:
        yield "Not verified at source: it was read in a stored copy."


def _sentence(claim: Claim, judgement: Comparability, beside: Sequence[Judged]) -> str:
    """Who said what, what we count, and how far the two can be compared."""
    on = f", {claim.said_on}" if claim.said_on is not None else ""
    counting = "unit not stated" if claim.unit is None else f"unit: {_COUNTED[claim.unit]}"
    against = "" if claim.reference is Reference.NONE else f", reference: {_reference_words(claim)}"
    said = f"{claim.said_by}{on}: {claim.value_text} ({counting}{against})."
    found = [each for each in beside if each.comparability is judgement and not each.ours.is_part]
    found = found or [each for each in beside if each.comparability is judgement]
    if not found or judgement is Comparability.NO_DATA:
        return f"{said} This registry: {_JUDGED[judgement]}."
    counted = "; ".join(f"{each.ours.metric}, {each.ours.window}: {our_words(each.ours)}" for each in found)
    position = found[0].interval if len(found) == 1 else None
    stands = f" The stated value is {position} our interval." if position in _PLAIN else ""
    return f"{said} This registry, {counted}. This is {_JUDGED[judgement]}.{stands}"


_PLAIN = (Position.INSIDE, Position.BELOW, Position.ABOVE)
_JUDGED = {
    Comparability.COMPARABLE: "comparable in unit, reference and time",
    Comparability.PARTLY: "partly comparable",
    Comparability.NOT: "not comparable",
    Comparability.NO_DATA: "no data",
}


def _reference_words(claim: Claim) -> str:
    if claim.reference is None:
        return claim.reference_text or "not stated"
    return claim.reference_text or _AGAINST.get(claim.reference, str(claim.reference))


def _listed(metrics: Sequence[Metric]) -> str:
    return ", ".join(metrics)
