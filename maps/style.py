"""How things look and what is said about them: colours, labels, legend text, notices. Constants only.

Colours are told apart with every common kind of colour blindness (they follow the palettes of Okabe and Ito and of
Paul Tol) and never carry a meaning alone: classes of events differ in shape, kinds of areas in outline. Nothing is
green: no place on this map is said to be free of mines.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from maps.words import mark
from registry.model import Kind


@dataclass(frozen=True)
class Look:
    """How one group of features is drawn.

    Colours are CSS colours on a light and on a dark page. ``shape`` is for points, ``dash`` (lengths in pixels) and
    ``fill_opacity`` for areas; ``hollow`` points have an outline only. ``ground`` areas are filled with the colour of
    the page where there is no base map.
    """

    light: str
    dark: str
    label: str
    shape: str = "circle"
    dash: str = ""
    weight: float = 1.0
    fill_opacity: float = 0.0
    hollow: bool = False
    ground: bool = False


INVALID_DASH = "4 4"

# Batches of minefield records take these in turn, so that neighbouring batches differ.
MINEFIELD_LOOKS = tuple(
    Look(light, dark, mark("Recorded minefield"), fill_opacity=0.3)
    for light, dark in (
        ("#882255", "#f08fb4"),
        ("#332288", "#a8a2f2"),
        ("#9c4a00", "#e8b27a"),
        ("#aa4499", "#dd9be0"),
        ("#4a4a4a", "#d0d0d0"),
    )
)

KIND_LOOKS: Mapping[Kind, Look] = {
    Kind.SURVEYED: Look(
        "#7a5c00", "#dcc36a", mark("Surveyed hazardous area"), dash="7 3", weight=1.4, fill_opacity=0.12
    ),
    Kind.RELEASED: Look(
        "#0b7285", "#7fd3e6", mark("Land recorded as released"), dash="1 4", weight=1.6, fill_opacity=0.08
    ),
    Kind.DEVICES: Look("#222222", "#eeeeee", mark("Device found"), shape="cross"),
    Kind.DISTRICTS: Look("#8a939c", "#6c7680", mark("District"), weight=0.8, ground=True),
    Kind.SCOPE: Look("#3c4650", "#c3ccd4", mark("What the giving party says it covers"), dash="12 5", weight=2.0),
}

NOT_COMPARED = "not-compared"

EVENT_LOOKS: Mapping[str, Look] = {
    "inside": Look("#0072b2", "#62b6ee", mark("Inside a record"), shape="circle"),
    "near": Look("#e69f00", "#f2bd45", mark("Near a record, outside it"), shape="diamond"),
    "outside": Look("#d1410c", "#ff8a5c", mark("Outside every record (no record there)"), shape="triangle"),
    "out-of-scope": Look("#5f6a74", "#a9b4bd", mark("Out of scope"), shape="square", hollow=True),
    NOT_COMPARED: Look("#37474f", "#cfd8dc", mark("Event, not compared"), shape="circle", hollow=True),
}

# The import report shows what became of each record; a suspected one has a finding about its place or geometry.
REPORT_LOOKS: Mapping[str, Look] = {
    "plotted": Look("#5b6772", "#9aa6b1", "Plotted", fill_opacity=0.3),
    "repaired": Look("#0072b2", "#62b6ee", "Plotted after repair", fill_opacity=0.3),
    "invalid": Look("#882255", "#f08fb4", "Invalid, left out of the figures", dash=INVALID_DASH),
    "suspected": Look("#d1410c", "#ff8a5c", "To be looked at: a check doubts its place or geometry", weight=2.2),
    "districts": Look("#8a939c", "#6c7680", "District", weight=0.8),
}

KIND_HEADINGS: Mapping[Kind, str] = {
    Kind.ACCIDENTS: mark("Accidents and incidents"),
    Kind.DEVICES: mark("Devices found"),
    Kind.MINEFIELDS: mark("Minefield records"),
    Kind.SURVEYED: mark("Surveyed areas"),
    Kind.RELEASED: mark("Released land"),
    Kind.SCOPE: mark("Scope of the batches"),
    Kind.DISTRICTS: mark("Districts"),
}

KIND_NAMES: Mapping[Kind, str] = {
    Kind.ACCIDENTS: mark("Event"),
    Kind.DEVICES: mark("Device found"),
    Kind.MINEFIELDS: mark("Minefield record"),
    Kind.SURVEYED: mark("Surveyed area"),
    Kind.RELEASED: mark("Released land"),
    Kind.SCOPE: mark("Scope"),
    Kind.DISTRICTS: mark("District"),
}

# Drawn in this order, the last on top.
DRAWING_ORDER = (
    Kind.DISTRICTS,
    Kind.SCOPE,
    Kind.RELEASED,
    Kind.SURVEYED,
    Kind.MINEFIELDS,
    Kind.DEVICES,
    Kind.ACCIDENTS,
)

# What must not be published as it is, and how the banner names it.
RESTRICTED_KINDS: Mapping[Kind, str] = {
    Kind.MINEFIELDS: mark("recorded minefields"),
    Kind.SURVEYED: mark("surveyed hazardous areas"),
    Kind.DEVICES: mark("found devices"),
}
RESTRICTED = mark("RESTRICTED: contains positions of {contents}")

NOTICE = mark(
    "This map shows what was recorded and handed over. Outside every polygon means “no record”. "
    "It never means that the ground is free of mines."
)
NO_RECORD = mark("No record is not safe: it never means that the ground is free of mines.")
INVALID_LABEL = mark("Invalid geometry, left out of the figures")
INVALID_NOTE = mark("The geometry is invalid as delivered: drawn dashed as it came, and left out of the figures.")
