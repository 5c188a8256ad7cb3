"""What the pages say about what they draw: headings, notices, and the looks that only they need. Constants only.

The looks of layers and events are in `registry.looks`, because the registry file carries them too.
"""

from collections.abc import Mapping

from maps.words import mark
from registry.looks import EVENT_LOOKS, INVALID_DASH, INVALID_LABEL, KIND_LOOKS, MINEFIELD_LOOKS, NOT_COMPARED, Look
from registry.model import Kind

__all__ = [
    "EVENT_LOOKS",
    "INVALID_DASH",
    "INVALID_LABEL",
    "KIND_LOOKS",
    "MINEFIELD_LOOKS",
    "NOT_COMPARED",
    "Look",
]

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
INVALID_NOTE = mark("The geometry is invalid as delivered: drawn dashed as it came, and left out of the figures.")
