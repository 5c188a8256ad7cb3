"""What a world is made of, and the options of the demonstration."""

from dataclasses import dataclass
from datetime import date
from typing import Literal


@dataclass(frozen=True)
class BatchOptions:
    """A handover batch of the world: how many map sheets are in it. None takes all that are left."""

    batch_id: str
    handed_over_on: date
    sheets: int | None = None


@dataclass(frozen=True)
class SurveyOptions:
    """What was cleared in a world.

    Attributes
    ----------
    investigated
        Records whose land was cleared.
    confirmed
        In how many of them mines were found or accidents happened; None leaves it to chance. All others are then
        chosen among records of lifted fields, away from accidents and from land that is still mined.
    fields_off_the_maps
        Mined fields on no map that were cleared too.
    """

    investigated: int
    confirmed: int | None = None
    fields_off_the_maps: int = 0


@dataclass(frozen=True)
class WorldOptions:
    """What a world is made of. Lengths in metres, shares from 0 to 1; sigma is one standard deviation per axis.

    Attributes
    ----------
    fields, belt_width_m, field_length_m
        Mined fields and the range their width and length are drawn from.
    mines, mines_recorded
        Mines in the world, one in each mined field at least, and on the maps; with None the maps state what was laid.
    lifted_fields
        Fields that were lifted before anybody else came: recorded like any other, with no mine left in them.
    batches
        Handovers in order. Sheets that are in none were never handed over. With none, nothing is mapped.
    omitted_share
        Chance that a field on a sheet that was handed over was never recorded.
    record_sigma_m
        Position error of each record as a whole.
    shifted_sheets, sheet_shift_m
        Sheets of the last batch drawn in the wrong place, and how far (east, north).
    invalid_records, unplotted_records
        Records whose ring crosses itself, and records without geometry.
    repeated_records
        Records of the first batch that are handed over again, unchanged, in the second.
    events
        Accidents.
    outside_events
        How many of them have a recorded position outside every record; None leaves it to chance.
    event_sigma_m, event_sigma_shares
        Stated position errors of accidents, and how often each occurs.
    stray_share, stray, stray_distance_m
        Chance that an accident happened away from mined land: ``uniform`` over the world, or at the ``boundary`` of a
        field, at an exponential distance with this mean.
    events_from, events_to
        First and last day of accidents.
    victims, killed, journalists_killed
        Victims of all accidents together, the killed among them and the journalists among the killed; with None there
        is one victim an accident.
    survey
        What was cleared; None where nothing was.
    """

    fields: int = 480
    belt_width_m: tuple[float, float] = (80.0, 300.0)
    field_length_m: tuple[float, float] = (200.0, 700.0)
    mines: int = 1_000_000
    mines_recorded: int | None = None
    lifted_fields: int = 0
    batches: tuple[BatchOptions, ...] = (BatchOptions("SYN-1", date(2021, 6, 15)),)
    omitted_share: float = 0.25
    record_sigma_m: float = 20.0
    shifted_sheets: int = 0
    sheet_shift_m: tuple[float, float] = (0.0, 0.0)
    invalid_records: int = 0
    unplotted_records: int = 0
    repeated_records: int = 0
    events: int = 240
    outside_events: int | None = None
    event_sigma_m: tuple[float, ...] = (5.0, 40.0, 80.0)
    event_sigma_shares: tuple[float, ...] = (0.5, 0.3, 0.2)
    stray_share: float = 0.1
    stray: Literal["uniform", "boundary"] = "uniform"
    stray_distance_m: float = 100.0
    events_from: date = date(2020, 11, 10)
    events_to: date = date(2024, 6, 30)
    victims: int | None = None
    killed: int = 0
    journalists_killed: int = 0
    survey: SurveyOptions | None = None


def demo_options() -> WorldOptions:
    """Options of a world shaped like a public dispute over handed-over maps: its totals, and nobody's territory."""
    # By chance alone about 55 % would lie outside; asking for exactly that many moves only a few.
    return WorldOptions(
        mines=1_000_000,
        mines_recorded=400_000,
        lifted_fields=240,
        batches=(
            BatchOptions("SYN-2021-06", date(2021, 6, 15), sheets=8),
            BatchOptions("SYN-2021-11", date(2021, 11, 30), sheets=6),
            BatchOptions("SYN-2023-05", date(2023, 5, 10), sheets=5),
            BatchOptions("SYN-2024-01", date(2024, 1, 25), sheets=8),
        ),
        omitted_share=0.1,
        stray_share=0.05,
        shifted_sheets=1,
        sheet_shift_m=(-60.0, 240.0),
        invalid_records=5,
        unplotted_records=7,
        repeated_records=4,
        events=240,
        outside_events=132,
        victims=342,
        killed=65,
        journalists_killed=3,
        # By construction: one definition of accuracy, records confirmed of those investigated, is 25 % here.
        survey=SurveyOptions(investigated=100, confirmed=25, fields_off_the_maps=15),
    )
