"""Public claims about handed-over maps: what was said, by whom, of what; and our own values to set beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import combinations

from registry.compare.uncertainty import Share, wilson_share
from registry.model import PartialDate


class Unit(StrEnum):
    """What a figure counts."""

    EVENT = "event"
    VICTIM = "victim"
    MINE = "mine"
    AREA = "area"
    DOCUMENT = "document"
    RECORD = "record"


class Reference(StrEnum):
    """What a figure is held against: ``MAPS`` are the maps or records handed over; ``NONE`` needs nothing."""

    MAPS = "maps"
    CONTACT_LINE = "contact line"
    TERRITORY = "territory"
    ZONE = "zone"
    SUSPECTED_AREAS = "suspected areas"
    CLEARED_LAND = "cleared land"
    NONE = "-"


class ValueKind(StrEnum):
    """Whether a claim gives a share, a count or no number."""

    SHARE = "share"
    COUNT = "count"
    QUALITATIVE = "qualitative"


class Metric(StrEnum):
    """What a claim could correspond to: a metric of the catalogue, or a part of one."""

    M1 = "M1"
    OUTSIDE = "1 - M1"
    M2 = "M2"
    M4 = "M4"
    M5 = "M5"
    M6 = "M6"
    MINES_RECORDED = "M6 numerator"
    MINES_TOTAL = "M6 denominator"
    M11 = "M11"
    CASUALTIES = "casualties"
    LEDGER = "ledger"


class Side(StrEnum):
    """On which side of the handover the speaker stands."""

    GIVING = "giving party"
    RECEIVING = "receiving party"
    OTHER = "neither"


@dataclass(frozen=True)
class Claim:
    """What somebody said in public. None means that the statement, or the copy that was read, does not say.

    Attributes
    ----------
    claim_id
        Up to 64 letters, digits, points, hyphens and underscores.
    words
        What was said, in our wording.
    source
        The citation.
    verified_at_source
        Whether somebody read it at its source, and not in a stored copy.
    value_text
        The figure as it was said.
    low, high
        The figure as a range; shares from 0 to 1. Both the same for a plain number; ``low`` alone for "over", ``high``
        alone for "under"; neither for a qualitative statement.
    numerator, denominator
        Of a share, where the statement gives them.
    parts
        What a count is made up of, as it was said: name and number.
    unit, reference
        What the statement itself says; ``reference_text`` in its words.
    window_from, window_to, window_text
        The time it speaks of, as dates and in its words.
    candidates
        The metrics that it could correspond to; none where there is no such metric.
    answers
        Ids of the claims that this one is a counter-statement to.
    """

    claim_id: str
    words: str
    source: str
    value_text: str
    value_kind: ValueKind
    verified_at_source: bool = False
    speaker: str | None = None
    organisation: str | None = None
    said_on: PartialDate | None = None
    side: Side | None = None
    low: float | None = None
    high: float | None = None
    numerator: int | None = None
    denominator: int | None = None
    parts: tuple[tuple[str, int], ...] = ()
    unit: Unit | None = None
    reference: Reference | None = None
    reference_text: str | None = None
    window_from: PartialDate | None = None
    window_to: PartialDate | None = None
    window_text: str | None = None
    candidates: tuple[Metric, ...] = ()
    answers: tuple[str, ...] = ()
    note: str | None = None

    @property
    def said_by(self) -> str:
        """Who said it, as far as that is known."""
        named = ", ".join(who for who in (self.speaker, self.organisation) if who)
        on_side = f"{self.side}, " if self.side in {Side.GIVING, Side.RECEIVING} else ""
        return named or f"{on_side}speaker not stated"

    @property
    def own_share(self) -> Share | None:
        """The share with its interval, where the claim gives its own numerator and denominator."""
        if self.numerator is None or self.denominator is None:
            return None
        return wilson_share(self.numerator, self.denominator)


@dataclass(frozen=True)
class OurValue:
    """A figure of ours that a claim can be set beside: a share or a count, with what it was counted from.

    Attributes
    ----------
    metric, unit, reference
        What it is.
    share, count
        One of the two; a share that cannot be given says why itself. Neither where there is nothing to count from, and
        then ``reason`` says why.
    parts
        What a count is made up of: name and number.
    window
        Which events or which handovers were counted, in words.
    is_part
        Whether these are a part of what there is: one window, one batch.
    first_day, last_day
        First and last dated event or handover that was counted; None where none has a date.
    undated
        How many that were counted have no date, or one that may lie outside these days.
    as_of
        The day whose knowledge was used; None where all of it was.
    maps_until
        The last handover whose records were used.
    ceiling
        Share of events in mapped land that location error leaves inside the maps; None where it is not computed.
    layers
        Names of the layers that were counted.
    computed_with
        Id of the claim whose figure is the denominator, where it is not ours.
    note
        What else must be known to read it.
    """

    metric: Metric
    unit: Unit
    reference: Reference
    share: Share | None = None
    count: int | None = None
    reason: str | None = None
    parts: tuple[tuple[str, int], ...] = ()
    window: str = "all"
    is_part: bool = False
    first_day: date | None = None
    last_day: date | None = None
    undated: int = 0
    as_of: date | None = None
    maps_until: date | None = None
    ceiling: float | None = None
    layers: tuple[str, ...] = ()
    computed_with: str | None = None
    note: str | None = None

    def __post_init__(self) -> None:
        if [self.share, self.count, self.reason].count(None) != 2:
            raise ValueError("A value of ours is a share, a count, or the reason why there is neither.")


def counter_statements(claim: Claim, claims: Sequence[Claim]) -> tuple[Claim, ...]:
    """The claims that answer this one, and those that it answers, in the order given."""
    return tuple(other for other in claims if claim.claim_id in other.answers or other.claim_id in claim.answers)


def why_not_beside(claims: Sequence[Claim]) -> str | None:
    """Say why the figures of several claims must not be laid side by side, None where nothing forbids it.

    Two that say the same unit and the same reference can be laid side by side. One that does not say cannot: what is
    not known may differ.
    """
    figures = [claim for claim in claims if claim.value_kind is not ValueKind.QUALITATIVE]
    differing = []
    if any(one.unit != other.unit or one.unit is None for one, other in combinations(figures, 2)):
        differing.append(f"units ({_each(figures, 'unit')})")
    if any(one.reference != other.reference or one.reference is None for one, other in combinations(figures, 2)):
        differing.append(f"references ({_each(figures, 'reference')})")
    if not differing:
        return None
    return f"These figures have different or unstated {' and '.join(differing)}: they do not measure the same thing."


def _each(claims: Sequence[Claim], name: str) -> str:
    said = (getattr(claim, name) for claim in claims)
    return ", ".join(dict.fromkeys("not stated" if one is None else "none" if one == "-" else str(one) for one in said))
