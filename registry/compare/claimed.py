"""Which devices records claim, and whether what exploded is among them."""

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas

from registry.codes import DeviceCategory
from registry.compare.columns import numbers, values

CLAIM_COLUMNS = ("mines_ap", "mines_av", "mines_other", "devices")
"""Columns of minefield records that say what was laid."""

Claim = frozenset[DeviceCategory]

_MINES = frozenset(
    {
        DeviceCategory.AP_MINE,
        DeviceCategory.AV_MINE,
        DeviceCategory.IMPROVISED_MINE,
        DeviceCategory.MINE_UNSPEC,
    }
)
_COUNTED = {
    "mines_ap": {DeviceCategory.AP_MINE},
    "mines_av": {DeviceCategory.AV_MINE},
    # Mines that are neither: improvised ones, or what the list has no word for.
    "mines_other": {DeviceCategory.IMPROVISED_MINE, DeviceCategory.OTHER},
}


def claims_of(records: pandas.DataFrame) -> list[Claim | None]:
    """The device categories that each record claims; None where it does not say what was laid.

    Parameters
    ----------
    records
        With the columns `CLAIM_COLUMNS`: counts of mines, and a list of devices with a ``category`` each. A count of
        0 claims nothing.
    """
    devices = values(records, "devices")
    found = {int(row): _listed(devices[row]) for row in np.flatnonzero(devices != None)}  # noqa: E711 (of each element)
    for name, categories in _COUNTED.items():
        for row in np.flatnonzero(numbers(records, name) > 0):
            found.setdefault(int(row), set()).update(categories)
    claims: list[Claim | None] = [None] * len(records)
    for stated, claim in found.items():
        claims[stated] = frozenset(claim) or None
    return claims


def claimed_by_all(claims: Collection[Claim | None]) -> Claim:
    """What records claim together. A minefield record that does not say what was laid claims mines of any kind."""
    different = set(claims)
    return frozenset().union(*(frozenset({DeviceCategory.MINE_UNSPEC}) if each is None else each for each in different))


def is_known(category: str | None) -> bool:
    """Whether a device category says what exploded."""
    return category is not None and category != DeviceCategory.UNKNOWN


def is_claimed(category: str, claim: Claim) -> bool:
    """Whether a known category is among those claimed; a mine of no stated type agrees with any mine."""
    if category in claim:
        return True
    if category == DeviceCategory.MINE_UNSPEC:
        return bool(claim & _MINES)
    return category in _MINES and DeviceCategory.MINE_UNSPEC in claim


def _listed(devices: Any) -> set[DeviceCategory]:
    """Categories of a record's list of devices; a device of unknown category in a minefield is a mine of any type."""
    if not isinstance(devices, list):
        return set()
    named = [each.get("category") for each in devices if isinstance(each, dict) and each.get("quantity") != 0]
    known = {DeviceCategory(name) for name in named if isinstance(name, str) and name in set(DeviceCategory)}
    if DeviceCategory.UNKNOWN in known:
        known = known - {DeviceCategory.UNKNOWN} | {DeviceCategory.MINE_UNSPEC}
    return known
