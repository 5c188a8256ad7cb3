"""Breakdowns of victims, and what follows from them: how many of the killed had a role."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

KILLED, INJURED, UNHARMED = "killed", "injured", "unharmed"
STATUSES = frozenset({KILLED, INJURED, UNHARMED})


@dataclass(frozen=True)
class RoleCount:
    """Victims of one role, over some events.

    Attributes
    ----------
    victims
        Killed or injured people of the role.
    killed_at_least, killed_at_most
        How many of them were killed; the same where the records tell.
    killed_without_role
        People killed in events that name no role: any of them may have had it.
    """

    victims: int
    killed_at_least: int
    killed_at_most: int
    killed_without_role: int


def breakdown(value: Mapping[Any, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The counts of a breakdown, each with the groups that it is of, in lower case, the outermost first.

    It gives a count for each group, or for each status (killed, injured, unharmed) of each group.
    """
    for name, inner in value.items():
        here = (*path, str(name).strip().casefold())
        if isinstance(inner, Mapping):
            yield from breakdown(inner, here)
        else:
            yield here, inner


def count_role(events: pd.DataFrame, role: str) -> RoleCount | None:
    """Count the victims of a role.

    Where an event gives its victims by role alone, no more of the role were killed than people at all, and no fewer
    than those who cannot all have been among the injured.

    Parameters
    ----------
    events
        With the columns ``killed``, ``injured`` and ``victims_by_role``, the last as Python values.
    role
        In lower case.

    Returns
    -------
    None where no event gives its victims by role.
    """
    stated = np.array([isinstance(each, Mapping) for each in events["victims_by_role"]], dtype=bool)
    if not stated.any():
        return None
    killed, injured = (
        events[name].astype("Float64").to_numpy(np.float64, na_value=np.nan) for name in (KILLED, INJURED)
    )
    counts = np.array([_by_status(each, role) for each in events["victims_by_role"][stated]], dtype=np.float64)
    open_, dead, hurt = counts.T
    others_killed = np.maximum(np.nan_to_num(killed[stated], nan=np.inf) - dead, 0.0)
    others_injured = np.maximum(np.nan_to_num(injured[stated], nan=np.inf) - hurt, 0.0)
    most = np.minimum(open_, others_killed)
    least = np.minimum(most, np.maximum(open_ - others_injured, 0.0))
    return RoleCount(
        victims=int(counts.sum()),
        killed_at_least=int((dead + least).sum()),
        killed_at_most=int((dead + most).sum()),
        killed_without_role=int(np.nansum(killed[~stated])),
    )


def _by_status(value: Mapping[Any, Any], role: str) -> tuple[int, int, int]:
    """Of a role: people of any status, killed, and injured."""
    tally = dict.fromkeys(("", KILLED, INJURED, UNHARMED), 0)
    for path, count in breakdown(value):
        if path[0] == role and isinstance(count, int) and not isinstance(count, bool) and count > 0:
            tally[path[-1] if path[-1] in STATUSES else ""] += count
    return tally[""], tally[KILLED], tally[INJURED]
