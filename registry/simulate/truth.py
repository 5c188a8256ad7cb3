"""What is so in a world, counted on the plane."""

from dataclasses import dataclass

import numpy as np
import shapely

from registry.simulate.events import Events
from registry.simulate.land import Fields
from registry.simulate.options import WorldOptions
from registry.simulate.records import Records, drawn_shapes
from registry.simulate.survey import Survey


@dataclass(frozen=True)
class Truth:
    """Figures of a world that only its maker knows.

    ``true_area_m2`` is mined land, ``recorded_true_area_m2`` the part of it whose fields were recorded at all, and
    ``records_union_m2`` what the maps show. Repeated records count in ``records`` and once in ``mines_recorded``.
    Fields count as they were laid; ``fields_lifted`` are mined no more, and ``records_still_mined`` is how many of the
    ``fields_plotted`` are. Of ``records_investigated`` mines were found or accidents recorded in
    ``records_confirmed``; ``mines_found`` were found anywhere.
    """

    fields: int
    fields_lifted: int
    fields_recorded: int
    fields_plotted: int
    records_still_mined: int
    records_investigated: int
    records_confirmed: int
    mines_found: int
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


def count_truth(options: WorldOptions, fields: Fields, records: Records, events: Events, survey: Survey) -> Truth:
    """Count what is so in a world, from its fields, records, accidents and cleared land on the plane."""
    still_mined = np.flatnonzero(~fields.lifted)
    area_m2 = np.where(fields.lifted, 0.0, shapely.area(fields.shapes))
    recorded = np.isin(np.arange(options.fields), records.field)
    event, field = shapely.STRtree(fields.shapes[still_mined]).query(
        shapely.points(events.true), predicate="intersects"
    )
    in_field = np.full(len(events.field), -1)
    in_field[event] = still_mined[field]
    mined = in_field >= 0
    first = records.defect != "repeated"
    plotted = records.field[first & ~shapely.is_missing(records.shapes)]
    investigated = survey.record[survey.record >= 0]
    seen = shapely.points(np.concatenate([survey.found_at, events.recorded]))
    confirmed = shapely.STRtree(seen).query(drawn_shapes(records.shapes[investigated]), predicate="intersects")[0]
    return Truth(
        fields=options.fields,
        fields_lifted=int(fields.lifted.sum()),
        fields_recorded=int(recorded.sum()),
        fields_plotted=len(plotted),
        records_still_mined=int((~fields.lifted[plotted]).sum()),
        records_investigated=len(investigated),
        records_confirmed=len(np.unique(confirmed)),
        mines_found=int(survey.quantity.sum()),
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
