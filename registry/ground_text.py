"""What was found on the ground, as tables and sentences for a terminal."""

from rich.console import Group, RenderableType
from rich.text import Text

from registry.compare.agreement import Agreement, AreaShare
from registry.compare.ground import Ground
from registry.compare.minecount import Recovery
from registry.terminal import km2, metres, share, shown, table

_AGREEMENT = (
    "land of the records, km2",
    "land of the areas, km2",
    "shared land, km2",
    "shared / land of either (no interval)",
    "shared / land of the records (no interval)",
    "shared / land of the areas (no interval)",
    "of the records' boundary, km",
    "within 25 m of the areas' boundary, km",
    "within 100 m of it, km",
    "distance that holds 95 % of it",
    "farthest of either boundary from the other (Hausdorff)",
    "the same for 95 % of either",
    "centroid of the records off that of the areas",
)


def ground(found: Ground) -> RenderableType:
    """What was found on the ground: first counts, then areas."""
    confirmation = found.confirmation
    states = [
        (name, *(f"{count:,}" for count in (tally.records, tally.confirmed, tally.with_find, tally.with_accident)))
        for name, tally in (
            ("investigated", confirmation.investigated),
            ("investigated in part", confirmation.partly),
            ("not investigated", confirmation.uninvestigated),
        )
    ]
    columns = ("records", "number", "confirmed", "with a mine found", "with an accident")
    parts: list[RenderableType] = [table("Records against the ground", columns, states, numbers=4)]
    parts += [Text(shown(line)) for line in _remarks(found)]
    if any(row.mines_recorded for row in found.recovery):
        recovered = [
            (row.device_class, f"{row.fields:,}", f"{row.mines_found:,}", f"{row.mines_recorded:,}", _ratio(row))
            for row in found.recovery
        ]
        parts.append(Text("Mines found / recorded on investigated fields; it may exceed 1, and has no interval:"))
        parts.append(table("Recovery", ("class", "fields", "found", "recorded", "ratio"), recovered, numbers=4))
    agreements = {
        name: agreement
        for name, agreement in (("surveyed areas", found.surveyed), ("released land", found.released))
        if agreement is not None
    }
    if agreements:
        rows = list(zip(_AGREEMENT, *map(_agreement_cells, agreements.values()), strict=True))
        parts.append(table("Records and areas", ("", *agreements), rows, numbers=len(agreements)))
    return Group(*parts)


def _remarks(ground: Ground) -> list[str]:
    confirmation, land, count = ground.confirmation, ground.land, ground.mine_count
    remarks = [
        f"Investigated is a record of which at least {ground.options.investigated_share:g} was cleared or surveyed to "
        f"completion. Of these confirmed: {share(confirmation.share)}. {confirmation.share.reason or ''}".rstrip(),
        f"Of all {confirmation.records:,} records {confirmation.confirmed_at_least:,} are confirmed, and "
        f"{confirmation.confirmed_at_most:,} would be if all were that are not investigated.",
        f"Recorded land: {km2(land.recorded_m2)} km2, of it investigated {km2(land.investigated_m2)} km2, not "
        f"investigated {km2(land.uninvestigated_m2)} km2.",
        f"Investigated recorded land within the fade-out distance of a found mine: "
        f"{_area_share(ground.confirmation_by_area)}",
    ]
    remarks += [
        f"Not taken as investigated: {number:,} areas ({what})." for what, number in land.areas_left_out.items()
    ]
    if ground.find_containment is not None and ground.found is not None:
        found, contained = ground.found, ground.find_containment
        remarks.append(
            f"Inside the records, of {contained.among}: finds {share(contained.rows)}; mines {share(contained.mines)}."
        )
        remarks.append(
            f"{found.mine_rows_unlocated:,} finds without a position, {found.mine_rows_assumed:,} without a number "
            f"(one mine a point is assumed); not mines: {found.erw:,} remnants of war, {found.other:,} others."
        )
    on_maps = (
        f"Mines on the records: {count.mines_recorded:,} ({count.records_stating:,} records state a number, "
        f"{count.records_silent:,} do not)"
    )
    if count.ratio is None:
        return [*remarks, f"{on_maps}. {count.reason}"]
    estimate = f"{count.mines_estimated:,} estimated by {count.estimate_source}"
    return [*remarks, f"{on_maps}, of {estimate}: {count.ratio:.3f} (no interval: an estimate has no known error)."]


_AGREEMENT = (
    "land of the records, km2",
    "land of the areas, km2",
    "shared land, km2",
    "shared / land of either (no interval)",
    "shared / land of the records (no interval)",
    "shared / land of the areas (no interval)",
    "of the records' boundary, km",
    "within 25 m of the areas' boundary, km",
    "within 100 m of it, km",
    "distance that holds 95 % of it",
    "farthest of either boundary from the other (Hausdorff)",
    "the same for 95 % of either",
    "centroid of the records off that of the areas",
)


def _agreement_cells(agreement: Agreement) -> tuple[str, ...]:
    """What `_AGREEMENT` names, of one layer."""
    boundary, shift = agreement.mapped_boundary, agreement.centroid_shift
    lengths_m = (
        (None,) * 3
        if boundary is None
        else (boundary.length_m, boundary.length_within_m[25], boundary.length_within_m[100])
    )
    distances_m = (
        None if boundary is None else boundary.e95_m,
        agreement.hausdorff_m,
        agreement.hausdorff_95_m,
    )
    return (
        *(km2(area_m2) for area_m2 in (agreement.mapped_m2, agreement.surveyed_m2, agreement.shared_m2)),
        *(
            "-" if ratio.value is None else f"{ratio.value:.3f}"
            for ratio in (agreement.iou, agreement.shared_of_mapped, agreement.shared_of_surveyed)
        ),
        *("-" if length_m is None else f"{length_m / 1000:,.1f}" for length_m in lengths_m),
        *(metres(distance_m, unknown="-") for distance_m in distances_m),
        "-" if shift is None else f"{_off(shift.east_m, 'east', 'west')}, {_off(shift.north_m, 'north', 'south')}",
    )


def _off(metres: float, ahead: str, behind: str) -> str:
    return f"{abs(metres):,.0f} m {ahead if metres >= 0 else behind}"


def _area_share(value: AreaShare) -> str:
    if value.value is None:
        return f"no share. {value.reason}"
    return f"{km2(value.numerator_m2)} of {km2(value.denominator_m2)} km2 = {value.value:.3f} (no interval)."


def _ratio(row: Recovery) -> str:
    return "-" if row.ratio is None else f"{row.ratio:.2f}"
