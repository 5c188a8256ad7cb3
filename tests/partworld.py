"""A registry at sea with all that a comparison in parts must mind: rules, districts, sheets, dates, duplicates."""

from datetime import date
from pathlib import Path

import numpy as np
import shapely
from batches import add, bow_tie, point, square

from registry.codes import PlotStatus
from registry.model import Handover, Kind, PartialDate
from registry.store import Registry

EVENTS = 60

_STATUS = PlotStatus


def build(path: Path, *, scope: bool = True, seed: int = 5) -> Path:
    """A registry with two batches of minefields, two of events, districts, released land, and a scope if asked for."""
    random = np.random.default_rng(seed)
    with Registry.create(path) as registry:
        for number, (batch_id, on) in enumerate({"first": "2021-06-12", "second": "2022-03"}.items()):
            fields = [square(40 * number + 10 * column, 10 * row, 6) for column in range(4) for row in range(3)]
            stated = Handover(batch_id, batch_id, f"Party {number}", handed_over_on=PartialDate.from_iso(on))
            add(
                registry,
                batch_id,
                geometries=[*fields, None],
                handover=stated,
                map_sheet=[f"N-{each % 3}" for each in range(len(fields))] + [None],
                mines_ap=[10, None, 0, 4] * 3 + [7],
                laid_from=["2020-05-01"] * 6 + ["2021-12-01"] * 6 + [None],
                laid_from_precision=["DAY"] * 6 + ["MONTH"] * 6 + [None],
            )
        broken = [bow_tie(3, 30), bow_tie(60, 3)]
        add(registry, "broken", geometries=broken, plot_status=[_STATUS.INVALID] * 2, handover=_handover("broken"))
        for batch_id, count in (("events", EVENTS), ("more", EVENTS // 2)):
            _add_events(registry, batch_id, count, random)
        west, east = square(-5, -5, 30), shapely.union(square(25, -5, 30), square(55, -5, 30))
        add(registry, "districts", Kind.DISTRICTS, [west, east, square(200, 0, 9)], name=["West", "East", "West"])
        add(
            registry,
            "released",
            Kind.RELEASED,
            [square(0, 0, 12)],
            release_type=["CLEARED"],
            released_on=["2021-09-01"],
            released_on_precision=["DAY"],
        )
        if scope:
            add(
                registry,
                "first",
                Kind.SCOPE,
                [square(-5, -5, 70)],
                handover=_handover("first", "2021-06-12", "Party 0"),
            )
    return path


def _handover(batch_id: str, on: str = "2021-06-12", party: str = "Party 1") -> Handover:
    title = "first" if batch_id == "first" else batch_id
    return Handover(batch_id, title, party, handed_over_on=PartialDate.from_iso(on))


def _add_events(registry: Registry, batch_id: str, count: int, random: np.random.Generator) -> None:
    places = [point(*random.uniform(-8, 85, 2)) for _ in range(count - 3)]
    known = [*places, places[0], None, point(*random.uniform(0, 40, 2))]
    status = [_STATUS.PLOTTED] * (count - 2) + [_STATUS.UNPLOTTABLE, _STATUS.INVALID]
    days = [str(date(2020 + number % 4, 1 + number % 12, 1)) for number in range(count)]
    some = np.arange(count)
    add(
        registry,
        batch_id,
        Kind.ACCIDENTS,
        known,
        plot_status=status,
        occurred_on=[None if number % 9 == 4 else day for number, day in enumerate(days)],
        occurred_on_precision=[None if n % 9 == 4 else ("DAY", "MONTH", "YEAR")[n % 3] for n in some],
        sigma_m=[None if n % 4 == 0 else float(20 * (n % 40)) for n in some],
        map_sheet=[None if n % 5 == 0 else f"N-{n % 6}" for n in some],
        device_category=[("AP_MINE", "AV_MINE", "UXO", "UNKNOWN", None)[n % 5] for n in some],
        accident_type=[("MINE", "UXO_AXO", None)[n % 3] for n in some],
        location_method=[("GPS", "DESCRIPTION")[n % 2] for n in some],
        in_released_land=[None if n % 3 else bool(n % 2) for n in some],
        ordnance_moved=[None if n % 7 else True for n in some],
        killed=[n % 3 for n in some],
        source_fields=[{"witness": f"of {n}"} for n in some],
    )
