"""Code lists: a stable code and a label for people.

The lists follow IMAS 04.10 and the IMSMA minimum data sets where those have a term. ``UNKNOWN`` is a statement of the
source ("the device is unknown"); a value that was not recorded is null, never ``UNKNOWN``.
"""

from enum import StrEnum


class Code(StrEnum):
    """A code whose label is its name in lower case unless `LABELS` says otherwise."""

    @property
    def label(self) -> str:
        """The code in words."""
        return LABELS.get(self, self.value.replace("_", " ").capitalize())


class DeviceCategory(Code):
    """What exploded or was found."""

    AP_MINE = "AP_MINE"
    AV_MINE = "AV_MINE"
    MINE_UNSPEC = "MINE_UNSPEC"
    IMPROVISED_MINE = "IMPROVISED_MINE"
    IED = "IED"
    CMR = "CMR"
    UXO = "UXO"
    AXO = "AXO"
    BOOBY_TRAP = "BOOBY_TRAP"
    STORED_AMMO = "STORED_AMMO"
    OTHER = "OTHER"
    UNKNOWN = "UNKNOWN"


class LandStatus(Code):
    """State of work on a piece of land."""

    OPEN = "OPEN"
    WORKED_ON = "WORKED_ON"
    SUSPENDED = "SUSPENDED"
    CLOSED = "CLOSED"
    RELEASED = "RELEASED"
    HANDED_OVER = "HANDED_OVER"


class ReleaseType(Code):
    """How land was released, or that it was confirmed as hazardous."""

    CANCELLED = "CANCELLED"
    REDUCED = "REDUCED"
    CLEARED = "CLEARED"
    CONFIRMED = "CONFIRMED"


class AccidentType(Code):
    """What kind of accident it was."""

    @property
    def label(self) -> str:
        """The code in words; a cluster munition, where a laying pattern of the same code means clusters of mines."""
        return "Cluster munition" if self is AccidentType.CLUSTER else super().label

    DEMINING = "DEMINING"
    MINE = "MINE"
    CLUSTER = "CLUSTER"
    IED = "IED"
    UXO_AXO = "UXO_AXO"
    STORED_AMMO = "STORED_AMMO"
    OTHER = "OTHER"


class Activity(Code):
    """What the victims were doing."""

    TRAVEL_FOOT = "TRAVEL_FOOT"
    TRAVEL_VEHICLE = "TRAVEL_VEHICLE"
    FARMING = "FARMING"
    HERDING = "HERDING"
    COLLECTING = "COLLECTING"
    HUNT_FISH = "HUNT_FISH"
    CONSTRUCTION = "CONSTRUCTION"
    HOUSEHOLD = "HOUSEHOLD"
    PLAYING = "PLAYING"
    TAMPERING = "TAMPERING"
    PASSING = "PASSING"
    DEMINING = "DEMINING"
    MILITARY = "MILITARY"
    OFFICIAL_VISIT = "OFFICIAL_VISIT"
    OTHER = "OTHER"
    UNKNOWN = "UNKNOWN"


class LocationMethod(Code):
    """How the position of an accident was found."""

    GPS = "GPS"
    MAP = "MAP"
    PLACE_CENTROID = "PLACE_CENTROID"
    DESCRIPTION = "DESCRIPTION"


class LayingPattern(Code):
    """How a minefield was laid."""

    ROW_STANDARD = "ROW_STANDARD"
    MIXED_ROWS = "MIXED_ROWS"
    CLUSTER = "CLUSTER"
    NUISANCE = "NUISANCE"
    PROTECTIVE = "PROTECTIVE"
    ROAD = "ROAD"
    REMOTE = "REMOTE"
    UNKNOWN = "UNKNOWN"


class Emplacement(Code):
    """How the mines were put in place."""

    BURIED = "BURIED"
    SURFACE = "SURFACE"
    TRIPWIRE = "TRIPWIRE"
    HAND = "HAND"
    MECHANICAL = "MECHANICAL"
    REMOTE = "REMOTE"


class GeometryMethod(Code):
    """How the geometry of a record came about."""

    COORDINATES = "COORDINATES"
    LEGS = "LEGS"
    DIGITISED = "DIGITISED"
    BUFFERED = "BUFFERED"
    IMPORTED = "IMPORTED"


class Instrument(StrEnum):
    """The protocol to the CCW whose list of contents a minefield record is held against."""

    AMENDED_PROTOCOL_II = "CCW-AP2"
    PROTOCOL_II_1980 = "CCW-P2-1980"


class Rule(StrEnum):
    """A rule of eligibility in the comparison, in the order in which they are applied."""

    OUT_OF_SCOPE = "out-of-scope"
    DEVICE_NOT_CLAIMED = "device-not-claimed"
    IN_RELEASED_LAND = "in-released-land"
    ORDNANCE_MOVED = "ordnance-moved"
    LAID_AFTER = "laid-after"
    LOCATION_TOO_COARSE = "location-too-coarse"


class By(StrEnum):
    """What events are grouped by in the comparison; by batch and party, it is the records that are."""

    BATCH = "batch"
    DEVICE = "device"
    PARTY = "party"
    SHEET = "sheet"
    YEAR = "year"
    DISTRICT = "district"
    TYPE = "type"


class Section(StrEnum):
    """A part of a comparison that can be left out; coverage and accuracy are in every one."""

    PREDICTIVE = "predictive"
    MARGINS = "margins"
    THEMATIC = "thematic"
    QUALITY = "quality"
    GROUND = "ground"
    INDEPENDENCE = "independence"
    CLUSTERS = "clusters"
    LOCATION = "location"
    COMPLETENESS = "completeness"


class ShiftBy(StrEnum):
    """Groups of records whose shift is sought on its own."""

    BATCH = "batch"
    SHEET = "sheet"
    DOCUMENT = "document"


class PlotStatus(Code):
    """What became of a received record: received = plotted + invalid + unplottable."""

    PLOTTED = "PLOTTED"
    INVALID = "INVALID"
    UNPLOTTABLE = "UNPLOTTABLE"


class DatePrecision(Code):
    """How much of a date the source states."""

    DAY = "DAY"
    MONTH = "MONTH"
    YEAR = "YEAR"


LABELS: dict[str, str] = {
    "AP_MINE": "Anti-personnel mine",
    "AV_MINE": "Anti-vehicle mine",
    "MINE_UNSPEC": "Mine, type not specified",
    "IMPROVISED_MINE": "Improvised mine",
    "IED": "Improvised explosive device",
    "CMR": "Cluster munition remnant",
    "UXO": "Unexploded ordnance",
    "AXO": "Abandoned ordnance",
    "UXO_AXO": "Unexploded or abandoned ordnance",
    "STORED_AMMO": "Stored ammunition",
    "TRAVEL_FOOT": "Travelling on foot",
    "TRAVEL_VEHICLE": "Travelling by vehicle",
    "HUNT_FISH": "Hunting or fishing",
    "PLACE_CENTROID": "Centre of a named place",
    "GPS": "GPS",
    "ROW_STANDARD": "Rows, standard pattern",
    "LEGS": "Bearings and distances",
    "BUFFERED": "Buffered line or point",
}
