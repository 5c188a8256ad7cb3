"""Why a share of events inside is no accuracy of maps: what in the data themselves keeps it from being one."""

from collections.abc import Iterator

from registry.codes import Rule
from registry.compare.accuracy import Accuracy
from registry.compare.independence import Independence, Sign
from registry.compare.location import LocationError
from registry.headlines import caveats_not_computed
from registry.stats import Comparison


def why_no_accuracy(comparison: Comparison) -> tuple[str, ...]:
    """A sentence for each thing in the data that keeps the share inside from being an accuracy of the maps.

    Empty where there is no event to speak of. What was not looked at is named as such.
    """
    if not comparison.accuracy.all.total:
        return ()
    found = (
        *_of_maps(comparison.accuracy),
        *_of_events(comparison.accuracy),
        *_of_errors(comparison.location),
        *_of_places(comparison.independence),
    )
    return (*(sentence for number, sentence in found if number), *caveats_not_computed(comparison))


def _of_maps(accuracy: Accuracy) -> Iterator[tuple[int, str]]:
    for effect in accuracy.rules:
        if effect.rule is Rule.IN_RELEASED_LAND:
            number = effect.removed_alone
            yield (
                number,
                f"{number:,} events lie in released land: their fields may have been cleared since.",
            )
    for unmapped, where in ((accuracy.unmapped_districts, "districts"), (accuracy.unmapped_sheets, "map sheets")):
        number = unmapped.events.numerator or 0
        yield (
            number,
            f"{number:,} events lie in {len(unmapped.without_record):,} {where} without any record: there nothing was "
            "mapped, rightly or wrongly.",
        )
    number = accuracy.left_out.records
    yield number, f"{number:,} invalid records are left out of the maps that are compared."


def _of_events(accuracy: Accuracy) -> Iterator[tuple[int, str]]:
    yield (
        accuracy.undated,
        f"{accuracy.undated:,} of {accuracy.all.total:,} events have no date, or one too coarse, to say whether "
        "they came before or after a handover.",
    )
    yield (
        accuracy.events_unlocated,
        f"{accuracy.events_unlocated:,} events have no usable position and are in no share.",
    )


def _of_errors(location: LocationError | None) -> Iterator[tuple[int, str]]:
    if location is None:
        return
    silent = location.events - location.errors_stated
    row = ", ".join(f"{each.ceiling:.2f} at {each.sigma_m:g} m" for each in location.sensitivity if each.ceiling)
    yield (
        silent,
        f"{silent:,} of {location.events:,} events do not state how exact their position is. Of events that all "
        f"happened on mapped land, location error would leave this fraction recorded inside: {row}.",
    )


def _of_places(independence: Independence | None) -> Iterator[tuple[int, str]]:
    if independence is None:
        return
    said = {
        Sign.REPEATED: "repeat the coordinate of another: they may be one event, or one rough place.",
        Sign.ON_THE_MAP: "lie on a vertex or centroid of a map: their positions may come from the map, not the ground.",
    }
    for sign in independence.signs:
        if sign.sign in said:
            yield sign.events, f"{sign.events:,} events {said[sign.sign]}"
