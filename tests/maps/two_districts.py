"""Two districts side by side, one without events and one that is invalid; a record in the first, and events.

West: 4 events inside the record, 1 near it (55.7 m: 0.0005 degrees of the equator), 8 farther outside, 7 of them in a
cluster and the last on the border to East; East: 3 outside. One event lies in no district.
"""

from datetime import date
from pathlib import Path

import shapely
from sea import add_layer, square

from registry.model import Handover, Kind, PartialDate
from registry.store import Registry

INSIDE = [(-29.989 + 0.001 * step, 0.015) for step in range(4)]
NEAR = [(-29.9795, 0.015)]
FARTHER = [*((-29.96 + 0.001 * step, 0.08) for step in range(7)), (-29.9, 0.05)]
EAST = [(-29.85, 0.02), (-29.85, 0.05), (-29.84, 0.05)]
ELSEWHERE = [(-29.7, 0.5)]
POINTS = [*INSIDE, *NEAR, *FARTHER, *EAST, *ELSEWHERE]
DEVICES = ["AP_MINE"] * 9 + ["AV_MINE"] * 5 + [None] * 3
DAYS = ["1995-01-01"] * 4 + ["2021-03-01"] + ["2022-06-15"] * 8 + ["2023-01-01"] * 3 + [None]
PRECISIONS = ["YEAR"] * 4 + ["MONTH"] + ["DAY"] * 8 + ["YEAR"] * 3 + [None]
SIGMAS = [30.0] * 16 + [None]


def build(path: Path, *, name: str = "West", party: str | None = "Party A") -> Registry:
    """The registry, open; ``name`` is that of the first district, ``party`` gave the record."""
    bow_tie = shapely.Polygon([(-30, 0.3), (-29.9, 0.4), (-29.9, 0.3), (-30, 0.4)])
    with Registry.create(path) as registry:
        given = Handover("batch-1", "First", party, handed_over_on=PartialDate(date(2021, 6, 12)))
        add_layer(registry, given, Kind.MINEFIELDS, "Records", [square(-29.99, 0.01)])
        later = Handover("batch-2", "Second", handed_over_on=PartialDate(date(2022, 1, 1)))
        add_layer(registry, later, Kind.MINEFIELDS, "More records", [square(-29.99, 0.01, 0.005)])
        add_layer(
            registry,
            Handover("events", "Events"),
            Kind.ACCIDENTS,
            "Events",
            list(map(shapely.Point, POINTS)),
            device_category=DEVICES,
            occurred_on=DAYS,
            occurred_on_precision=PRECISIONS,
            sigma_m=SIGMAS,
        )
        add_layer(
            registry,
            Handover("districts", "Districts"),
            Kind.DISTRICTS,
            "Districts",
            [square(-30, 0, 0.1), square(-29.9, 0, 0.1), square(-29.8, 0, 0.1), bow_tie],
            name=[name, "East", "Empty", "Crossed"],
        )
    return Registry.open(path)
