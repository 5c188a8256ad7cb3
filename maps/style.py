"""What the pages say about what they draw: headings, notices, and the looks that only they need. Constants only.

The looks of layers and events are in `registry.looks`, because the registry file carries them too.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from maps.words import mark
from registry.looks import (
    CLUSTER_LOOK,
    EVENT_LOOKS,
    INVALID_DASH,
    INVALID_LABEL,
    KIND_LOOKS,
    MINEFIELD_LOOKS,
    NOT_COMPARED,
    Look,
)
from registry.model import Kind

__all__ = [
    "CLUSTER_LOOK",
    "EVENT_LOOKS",
    "INVALID_DASH",
    "INVALID_LABEL",
    "KIND_LOOKS",
    "MINEFIELD_LOOKS",
    "NOT_COMPARED",
    "Look",
]

# Giving parties differ in outline too. Their order is that in which they first gave something, and no rank.
PARTY_LOOKS = tuple(
    Look(light, dark, mark("Recorded minefield"), dash=dash, weight=1.6, fill_opacity=0.3)
    for light, dark, dash in (
        ("#005a8c", "#7cc0f0", ""),
        ("#a0400a", "#f0a878", "9 3"),
        ("#7a2f8f", "#d9a0ea", "9 3 2 3"),
        ("#7a6000", "#dcc36a", "5 2"),
        ("#9a1750", "#f58fb8", "2 2"),
        ("#3c3c3c", "#dcdcdc", "14 3"),
    )
)
PARTY_NOT_STATED = "party-not-stated"
PARTY_UNKNOWN = Look("#5a646d", "#a3adb6", mark("Recorded minefield"), dash="1 3", weight=1.6, fill_opacity=0.2)

# From few to many outside: one hue, evenly darker (on a dark page lighter), so that the order is there in grey too;
# never so strong that a record on it could be overlooked.
SHARE_LOOKS: Mapping[str, Look] = {
    **{
        f"share-{number}": Look(light, dark, label, weight=0.8, fill_opacity=0.9)
        for number, (light, dark, label) in enumerate(
            (
                ("#f9f5ea", "#211d15", mark("Less than 20 % outside every record")),
                ("#ecdfc2", "#383021", mark("20 % to less than 40 %")),
                ("#dcc79c", "#50432a", mark("40 % to less than 60 %")),
                ("#ccb07a", "#6a5833", mark("60 % to less than 80 %")),
                ("#bd9a5a", "#866d3d", mark("80 % and more")),
            )
        )
    },
    "share-few": Look("#8a939c", "#6c7680", mark("Fewer than 10 events: counts only, no share"), weight=0.8),
    "share-none": Look("#8a939c", "#6c7680", mark("No share: the popup says why"), weight=0.8),
    "share-no-event": Look("#8a939c", "#6c7680", mark("No event recorded"), weight=0.8),
}

BACKDROP_LOOK = Look("#7d7468", "#8d857a", mark("Backdrop"), weight=1.0)

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


@dataclass(frozen=True)
class Shades:
    """Colours of ranges of numbers, the lowest first: darker with the number on a light page, lighter on a dark one."""

    light: tuple[str, ...]
    dark: tuple[str, ...]


# What the public map shows of places, in the hues that the same things have on the full map.
PUBLIC_SHADES: Mapping[str, Shades] = {
    "outside": Shades(
        ("#fccb9f", "#fba667", "#ea6d1f", "#b94304", "#6d2403"),
        ("#55280d", "#8a4312", "#c4651b", "#f0995a", "#fdd9bb"),
    ),
    "inside": Shades(
        ("#bcd6ef", "#8dbbe0", "#3f8fca", "#12609f", "#07315f"),
        ("#123455", "#1d5488", "#327fbd", "#7ab5e0", "#d2e6f6"),
    ),
    "records": Shades(
        ("#e6bfd5", "#d69bbf", "#b9619a", "#8a2a66", "#4b1036"),
        ("#4a1c38", "#7a345d", "#ab5787", "#d691b7", "#f5d6e6"),
    ),
}
PUBLIC_STARTS = (5, 10, 20, 50, 100)
"""Where the range of each shade begins."""

PUBLIC_NAMES: Mapping[str, str] = {
    "outside": mark("Events outside every record"),
    "inside": mark("Events inside a record"),
    "records": mark("Minefield records that reach in"),
}
"""The tables of the public map, in their order."""

PUBLIC_WITHHELD = mark("Fewer than 5, none, or withheld")
PUBLIC_BY_HEXAGON = mark(
    "Public version, generalised: hexagons with sides of {side} km stand for what lies in them. "
    "Numbers below 5 are not shown: a place without colour is not a safe place."
)
PUBLIC_BY_DISTRICT = mark(
    "Public version, generalised: districts stand for what lies in them. "
    "Numbers below 5 are not shown: a place without colour is not a safe place."
)
PUBLIC_NOTICE = mark(
    "This map shows what was recorded, in ranges of numbers. No colour means that few are recorded, none, or that the "
    "number is withheld. It never means that the ground is free of mines."
)
