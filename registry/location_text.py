"""What location error makes of the share inside, as tables and sentences for a terminal."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from registry.compare.location import LocationError
from registry.terminal import metres, shown, table


def location_error(found: LocationError) -> RenderableType:
    """The estimate and its ceiling where errors are known, and what they would be for errors that nobody stated."""
    rows = [(f"{row.sigma_m:g} m", _fraction(row.blurred), _fraction(row.ceiling)) for row in found.sensitivity]
    columns = ("if every error were", "M1b, recorded points blurred", "noise ceiling")
    title = "What a position error would mean (fractions; sensitivity, no estimates)"
    return Group(*(Text(shown(line)) for line in _remarks(found)), table(title, columns, rows, numbers=2))


def _remarks(found: LocationError) -> Iterator[str]:
    yield _errors(found)
    if found.blurred.value is not None:
        yield f"M1b {found.blurred.value:.3f}: a sensitivity figure, it blurs recorded points a second time."
    fitted = found.estimate.mixture
    if fitted is not None:
        parts = zip(fitted.components, fitted.weights, strict=True)
        where = ", ".join(f"{component.name} {weight:.3f}" for component, weight in parts if weight >= 0.0005)
        yield f"Fractions of the events by where they truly happened, as fitted: {where}."
    if found.estimate.bias is not None:
        yield f"Inside, the fit is off by {found.estimate.bias:+.3f} (bootstrap); the estimate allows for it."
    if found.chance is not None:
        chance = found.chance
        lift = "" if chance.lift is None else f" Here it is {chance.lift:.1f} times as large."
        yield (
            f"Records shifted at random in the study area hold a fraction of {chance.expected:.3f} of the events (95 % "
            f"of {chance.shifts:,} shifts: {chance.low:.3f} to {chance.high:.3f}; seed {chance.seed}).{lift}"
        )


def _errors(found: LocationError) -> str:
    said = f"{found.errors_stated:,} of {found.events:,} events state their position error"
    if found.errors_stated < found.events:
        said += (
            "; for the others nobody did, see --sigma"
            if found.assumed_m is None
            else f"; for the others {metres(found.assumed_m)} was stated"
        )
    records = (
        "no record does" if found.record_sigma_m is None else f"records: {metres(found.record_sigma_m)} by the median"
    )
    both = "" if found.median_sigma_m is None else f"; together {metres(found.median_sigma_m)} by the median"
    return f"{said}; {records}{both}."


def _fraction(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
