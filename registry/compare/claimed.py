"""Which devices records claim, and whether what exploded is among them."""

from collections.abc import Collection
from typing import Any

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
    found: list[set[DeviceCategory]] = [_listed(devices) for devices in values(records, "devices")]
    for name, categories in _COUNTED.items():
        for claim, count in zip(found, numbers(records, name), strict=True):
            if count > 0:
                claim.update(categories)
    return [frozenset(claim) or None for claim in found]


def claimed_by_all(claims: Collection[Claim | None]) -> Claim:
    """What records claim together. A minefield record that does not say what was laid claims mines of any kind."""
    return frozenset().union(*(frozenset({DeviceCategory.MINE_UNSPEC}) if claim is None else claim for claim in claims))


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
