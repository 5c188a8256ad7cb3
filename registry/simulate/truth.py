"""What is so in a world, counted on the plane."""

from dataclasses import dataclass

import numpy as np
import shapely

from registry.simulate.events import Events
from registry.simulate.land import Fields
from registry.simulate.options import WorldOptions
from registry.simulate.records import Records, drawn_shapes


@dataclass(frozen=True)
class Truth:
    """Figures of a world that only its maker knows.

    ``true_area_m2`` is mined land, ``recorded_true_area_m2`` the part of it whose fields were recorded at all, and
    ``records_union_m2`` what the maps show. Repeated records count in ``records`` and once in ``mines_recorded``.
    """

    fields: int
    fields_recorded: int
    true_area_m2: float
    recorded_true_area_m2: float
    records_union_m2: float
    mines: int
    mines_recorded: int
    records: int
    records_invalid: int
    records_unplotted: int
    records_repeated: int
    events: int
    events_outside_records: int
    events_in_recorded_fields: int
    events_in_unrecorded_fields: int
    events_strayed: int
    victims: int
    killed: int
    journalists_killed: int


def count_truth(options: WorldOptions, fields: Fields, records: Records, events: Events) -> Truth:
    """Count what is so in a world, from its fields, records and accidents on the plane."""
    area_m2 = shapely.area(fields.shapes)
    recorded = np.isin(np.arange(options.fields), records.field)
    event, field = shapely.STRtree(fields.shapes).query(shapely.points(events.true), predicate="intersects")
    in_field = np.full(len(events.field), -1)
    in_field[event] = field
    mined = in_field >= 0
    first = records.defect != "repeated"
    return Truth(
        fields=options.fields,
        fields_recorded=int(recorded.sum()),
        true_area_m2=float(area_m2.sum()),
        recorded_true_area_m2=float(area_m2[recorded].sum()),
        records_union_m2=float(shapely.area(shapely.union_all(drawn_shapes(records.shapes)))),
        mines=int(fields.mines.sum()),
        mines_recorded=int(records.mines[first].sum()),
        records=len(records.field),
        records_invalid=int((records.defect == "invalid").sum()),
        records_unplotted=int((records.defect == "unplotted").sum()),
        records_repeated=int((records.defect == "repeated").sum()),
        events=len(events.field),
        events_outside_records=int(events.outside.sum()),
        events_in_recorded_fields=int(recorded[in_field[mined]].sum()),
        events_in_unrecorded_fields=int((~recorded[in_field[mined]]).sum()),
        events_strayed=int((~mined).sum()),
        victims=options.events if options.victims is None else options.victims,
        killed=options.killed,
        journalists_killed=options.journalists_killed,
    )
