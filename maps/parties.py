"""The look of each giving party's records, so that they can be coloured by party instead of by batch."""

from collections.abc import Iterable

from maps.style import PARTY_LOOKS, PARTY_NOT_STATED
from registry.model import Handover


def party_looks(handovers: Iterable[Handover]) -> dict[str | None, str]:
    """Giving party -> name of its look, in the order in which the parties first gave something.

    A party that comes later changes the look of none before it. Looks repeat where there are more parties than looks.
    None stands for batches whose giving party is not stated; it comes last, and only where there is such a batch.
    """
    names = dict.fromkeys(handover.giving_party or None for handover in handovers)
    stated = [name for name in names if name is not None]
    looks: dict[str | None, str] = {name: f"party-{number % len(PARTY_LOOKS)}" for number, name in enumerate(stated)}
    return {**looks, None: PARTY_NOT_STATED} if None in names else looks
