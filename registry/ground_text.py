"""What was found on the ground, as tables and sentences for a terminal."""

from rich.console import Group, RenderableType
from rich.text import Text

from registry.compare.agreement import Agreement, AreaShare
from registry.compare.ground import Ground
from registry.compare.minecount import Recovery
from registry.terminal import km2, metres, share, shown, table


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
        title = "Mines found / recorded on investigated fields that state a number (can exceed 1; no interval)"
        parts.append(table(title, ("class", "fields", "found", "recorded", "ratio"), recovered, numbers=4))
    agreements = [
        (name, agreement)
        for name, agreement in (("surveyed areas", found.surveyed), ("released land", found.released))
        if agreement is not None
    ]
    if agreements:
        rows = [(name, *_agreement_cells(agreement)) for name, agreement in agreements]
        heads = ("records against", "shared land", "of either", "of the records", "of the areas", "Hausdorff", "e 95 %")
        parts.append(table("Agreement of areas (ratios of km2; no interval)", heads, rows, numbers=6))
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


def _agreement_cells(agreement: Agreement) -> tuple[str, ...]:
    ratios = (agreement.iou, agreement.shared_of_mapped, agreement.shared_of_surveyed)
    e95_m = None if agreement.mapped_boundary is None else agreement.mapped_boundary.e95_m
    return (
        km2(agreement.shared_m2),
        *("-" if ratio.value is None else f"{ratio.value:.3f}" for ratio in ratios),
        metres(agreement.hausdorff_m, unknown="-"),
        metres(e95_m, unknown="-"),
    )


def _area_share(value: AreaShare) -> str:
    if value.value is None:
        return f"no share. {value.reason}"
    return f"{km2(value.numerator_m2)} of {km2(value.denominator_m2)} km2 = {value.value:.3f} (no interval)."


def _ratio(row: Recovery) -> str:
    return "-" if row.ratio is None else f"{row.ratio:.2f}"
