"""The story with other seeds: do the stated intervals hold, and are its totals what they are meant to be?

For each seed there are two worlds. One is the demonstration's: its totals are built in, and must come out whatever the
seed. The other has the same options, but leaves to chance how many events lie outside and how many records are
confirmed: there the intervals are tried. Its truth is known from the same map with 20,000 further events, and from an
investigation of all its records. The table goes into the docs.

    nice python tests/benchmarks/story_seeds.py --worlds 200 --write
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from registry import geometry
from registry.codes import DatePrecision
from registry.compare.accuracy import Accuracy, accuracy_of
from registry.compare.areas import RankedRecords, area_m2, merge_records, plane_of, rank_records
from registry.compare.eligibility import Selection, select_events
from registry.compare.ground import Ground, GroundLayers, measure_ground
from registry.compare.location import measure_location_error
from registry.compare.study import StudyArea, study_area
from registry.compare.uncertainty import wilson_interval
from registry.model import PartialDate
from registry.simulate.events import Events, draw_circumstances, draw_events
from registry.simulate.land import lay_fields
from registry.simulate.options import SurveyOptions, WorldOptions, demo_options
from registry.simulate.records import Records, draw_records, drawn_shapes
from registry.simulate.survey import draw_survey
from registry.simulate.truth import count_truth
from registry.simulate.world import World, make_world
from registry.victims import count_role

PAGE = Path(__file__).resolve().parents[2] / "docs" / "calibration.md"
BEGIN, END = "<!-- story: begin -->", "<!-- story: end -->"

SEEDS = range(10_001, 10_201)
"""None of them is the demonstration's."""

FURTHER_EVENTS = 20_000


@dataclass(frozen=True)
class Compared:
    """A world as the registry would compare it."""

    records: RankedRecords
    selection: Selection
    study: StudyArea
    accuracy: Accuracy
    ground: Ground


@dataclass(frozen=True)
class Expected:
    """What is so in a world: shares of recorded positions inside, of events truly inside, of records to confirm."""

    recorded_inside: float
    truly_inside: float
    confirmed: int
    records: int


@dataclass(frozen=True)
class Outcome:
    """Of one seed: totals that are not as they are meant to be, what holds, and how far off the estimate is."""

    wrong: tuple[str, ...]
    m1: bool
    m1_wilson: bool
    m1d: bool
    m1d_error: float | None
    m2: bool
    m2_bounds: bool


def by_chance() -> WorldOptions:
    """The demonstration's options, with the two shares that are built into it left to chance."""
    told = demo_options()
    assert told.survey is not None
    return replace(told, outside_events=None, survey=replace(told.survey, confirmed=None))


def run_seed(seed: int) -> Outcome:
    """Both worlds of a seed."""
    options = by_chance()
    found, truth = compare(make_world(options, seed)), expected(options, seed)
    location = measure_location_error(found.selection, found.records, found.study)
    assert location is not None
    estimate = location.estimate
    m1, m2 = found.accuracy.all.share_inside, found.ground.confirmation.share
    sides = found.ground.confirmation
    return Outcome(
        wrong=tuple(wrong_totals(make_world(demo_options(), seed))),
        m1=holds(m1.low, m1.high, truth.recorded_inside),
        m1_wilson=holds(*wilson_interval(m1.numerator or 0, m1.denominator), truth.recorded_inside),
        m1d=holds(estimate.low, estimate.high, truth.truly_inside),
        m1d_error=None if estimate.value is None else estimate.value - truth.truly_inside,
        m2=holds(m2.low, m2.high, truth.confirmed / truth.records),
        # Records that cross themselves are compared once repaired, and were not investigated: each may be either.
        m2_bounds=sides.confirmed_at_least <= truth.confirmed + options.invalid_records
        and truth.confirmed <= sides.confirmed_at_most,
    )


def holds(low: float | None, high: float | None, value: float) -> bool:
    """Whether an interval holds a value; none at all holds nothing."""
    return low is not None and high is not None and low - 1e-9 <= value <= high + 1e-9


def compare(world: World) -> Compared:
    """Compare the tables of a world, repaired and with their repetitions known, as an import leaves them."""
    records, events = world.records, world.events
    repeats = (records["defect"] == "repeated").to_numpy()
    first_batch = str(records["batch_id"].iloc[0])
    received = records.assign(
        duplicate_of=[
            f"{first_batch}/{record_id}" if repeat else None
            for record_id, repeat in zip(records["record_id"], repeats, strict=True)
        ],
        laid_from_precision=DatePrecision.DAY.value,
    )
    plotted = received[received.geometry.notna()]
    plotted = plotted.set_geometry(geometry.repair(np.asarray(plotted.geometry.array)).geometries, crs=records.crs)
    accidents = events.drop(columns="true_position").assign(
        batch_id="events", occurred_on_precision=DatePrecision.DAY.value
    )
    handed_over = records.groupby("batch_id", sort=False)["handed_over_on"].first()
    dates = {str(batch_id): PartialDate(day.date()) for batch_id, day in handed_over.items()}
    ranked = rank_records(plotted, dates, plane_of(plotted, accidents))
    selection = select_events(accidents, ranked)
    study = study_area(ranked, accidents, districts=world.districts)
    assert study is not None
    day = DatePrecision.DAY.value
    layers = GroundLayers(
        None,
        world.released.assign(released_on_precision=day),
        world.devices.assign(found_on_precision=day),
    )
    return Compared(
        ranked,
        selection,
        study,
        accuracy_of(selection, ranked),
        measure_ground(plotted, received, accidents, layers, ranked.plane, study=(study.words, study.polygon)),
    )


def expected(options: WorldOptions, seed: int) -> Expected:
    """The shares of the map of a seed, whatever events were drawn for it; and what all its records would show."""
    random = np.random.default_rng(seed)
    fields = lay_fields(random, options)
    records = draw_records(random, options, fields)
    drawn = drawn_shapes(records.shapes)
    own = draw_events(random, options, fields, drawn)
    happened = draw_circumstances(random, options, fields, own)
    many = replace(options, events=FURTHER_EVENTS)
    further = draw_events(np.random.default_rng([seed, 1]), many, fields, drawn)
    sound = int(np.isin(records.defect, ["", "shifted"]).sum())
    everything = replace(options, survey=SurveyOptions(investigated=sound))
    searched = draw_survey(
        np.random.default_rng([seed, 2]), everything, fields, records, events=own, circumstances=happened
    )
    truth = count_truth(everything, fields, records, own, searched)
    return Expected(
        recorded_inside=float(1 - further.outside.mean()),
        truly_inside=float(_in_fields(further, fields.shapes[_mapped_fields(records)]).mean()),
        confirmed=truth.records_confirmed,
        records=truth.records_investigated,
    )


def _mapped_fields(records: Records) -> NDArray[np.int64]:
    """Fields that a record shows where they are, but for its stated error."""
    shown = ~shapely.is_missing(records.shapes) & (records.defect != "shifted")
    return np.unique(records.field[shown])


def _in_fields(events: Events, fields: NDArray[np.object_]) -> NDArray[np.bool_]:
    inside = np.zeros(len(events.true), dtype=bool)
    inside[shapely.STRtree(fields).query(shapely.points(events.true), predicate="intersects")[0]] = True
    return inside


def wrong_totals(world: World) -> Sequence[str]:
    """The totals of the story that do not come out of a world built as the demonstration is."""
    found, truth = compare(world), world.truth
    events = world.events
    journalists = count_role(events, "journalist")
    first = world.records["defect"] != "repeated"
    new = world.records[world.records["batch_id"] == "SYN-2024-01"]
    confirmed, recovered = found.ground.confirmation, found.ground.mine_count
    checks = {
        "events outside": (found.accuracy.all.outside, found.accuracy.all.total) == (132, 240),
        "land on the maps": abs(area_m2(merge_records(found.records).parts) / truth.records_union_m2 - 1) < 1e-4,
        "mines on the maps": int(world.records["mines_total_stated"][first].sum()) == 400_000,
        "mines recorded once": recovered.mines_recorded == 400_000,
        "mines in the world": truth.mines == 1_000_000,
        "victims": int((events["killed"] + events["injured"]).sum()) == 342,
        "killed": int(events["killed"].sum()) == 65,
        "journalists": journalists is not None and (journalists.killed_at_least, journalists.killed_at_most) == (3, 3),
        "new maps": new["map_sheet"].nunique() == 8,
        "records confirmed": (confirmed.share.numerator, confirmed.share.denominator) == (25, 100),
    }
    return [name for name, is_so in checks.items() if not is_so]


def report(outcomes: Sequence[Outcome]) -> str:
    """The table, each share of worlds with its own interval."""
    errors = np.array([each.m1d_error for each in outcomes if each.m1d_error is not None])
    rows = {
        "M1: 95 % interval holds the expected recorded share": [each.m1 for each in outcomes],
        "M1: the interval of independent events beside it does": [each.m1_wilson for each in outcomes],
        "M1d: 95 % interval or bounds hold the share truly inside": [each.m1d for each in outcomes],
        "M2: 95 % interval holds the share that all records would show": [each.m2 for each in outcomes],
        "M2: bounds hold the number that all records would show": [each.m2_bounds for each in outcomes],
        "totals as they are built in": [not each.wrong for each in outcomes],
    }
    lines = ["| what | worlds | held | % (95 %) |", "| --- | ---: | ---: | ---: |"]
    for what, held in rows.items():
        low, high = wilson_interval(sum(held), len(held))
        share = sum(held) / len(held)
        low, high = (100 * bound for bound in (low, high))
        lines.append(f"| {what} | {len(held)} | {sum(held)} | {100 * share:.1f} ({low:.1f} to {high:.1f}) |")
    wrong = sorted({name for each in outcomes for name in each.wrong})
    lines.append("")
    if len(errors):
        lines.append(
            f"M1d gives an estimate in {len(errors)} of {len(outcomes)} worlds; on average it is "
            f"{100 * errors.mean():+.1f} points off (standard error {100 * errors.std() / np.sqrt(len(errors)):.1f})."
        )
    lines.append(f"Totals that did not come out: {', '.join(wrong) or 'none'}.")
    return "\n".join(lines)


def main() -> None:
    """Run the seeds, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=len(SEEDS), help="how many seeds")
    parser.add_argument("--write", action="store_true", help="write docs/calibration.md")
    options = parser.parse_args()
    text = report([run_seed(seed) for seed in SEEDS[: options.worlds]])
    print(text)
    if options.write:
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(f"{page.split(BEGIN)[0]}{BEGIN}\n{text}\n{END}{page.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
