"""What a person may state about written coordinates, what was read, and why something was not."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import shapely

from registry.errors import SourceError

Pair = tuple[float, float]
"""x and y, or the steps of both."""

SHOWN_READINGS = 6


class Notation(StrEnum):
    """How a position is written."""

    DD = "decimal degrees"
    DM = "degrees and minutes"
    DMS = "degrees, minutes and seconds"
    MGRS = "MGRS"
    UTM = "UTM"
    GAUSS_KRUEGER = "Gauss-Krueger"
    SK63 = "SK-63"
    GRID = "grid metres"
    WKT = "WKT"


class Order(StrEnum):
    """Which number of a pair comes first; with the labels X and Y, which of them X is."""

    NORTH_FIRST = "north first"
    EAST_FIRST = "east first"


@dataclass(frozen=True)
class Stated:
    """What a person says about a column of written coordinates; None is left to the text.

    Attributes
    ----------
    crs
        What pyproj can parse. EPSG:4284 also admits Gauss-Krueger numbers with the zone digit in the easting.
    order
        Which number comes first where the text does not say.
    zone
        Gauss-Krueger zone ("8") where the easting has no zone digit; block of SK-63 ("A") or block and zone ("C0").
    notation
        The only notation that is read. Gauss-Krueger and SK-63 need it, or a CRS: their numbers do not name them.
    """

    crs: str | None = None
    order: Order | None = None
    zone: str | None = None
    notation: Notation | None = None


@dataclass(frozen=True)
class Written:
    """A position or shape as written, and how it was read.

    Attributes
    ----------
    text
        As entered.
    reading
        In words: what the numbers were taken for.
    notation
        How it is written.
    crs
        CRS of the numbers, as pyproj parses it; None for degrees or WKT where nobody states it.
    geometry
        In that CRS, x before y: a point, a line of two positions, a polygon of more; of any type from WKT.
    sigma_m
        Position error from the written precision, one sigma per axis in metres: the step of the last digit as a uniform
        error, step / sqrt(12), its root mean square over both axes and all positions. None where the unit is not known.
    """

    text: str
    reading: str
    notation: Notation
    crs: str | None
    geometry: shapely.Geometry
    sigma_m: float | None

    @property
    def x(self) -> float:
        """Longitude or easting of a point; NaN for another shape."""
        return float(shapely.get_x(self.geometry))

    @property
    def y(self) -> float:
        """Latitude or northing of a point; NaN for another shape."""
        return float(shapely.get_y(self.geometry))


@dataclass(frozen=True)
class Reading:
    """One of the things a text may mean, and where its first position would land, in degrees.

    The place is on WGS 84 where the reading names a CRS.
    """

    words: str
    crs: str | None
    latitude: float
    longitude: float

    def __str__(self) -> str:
        named = f" ({self.crs})" if self.crs and self.crs not in self.words else ""
        return f"{self.words}{named} would land at {self.latitude:.4f}, {self.longitude:.4f}"


class CoordinateError(SourceError):
    """A written coordinate is not read: it is wrong, incomplete, or may mean several things.

    ``text`` is what was entered, ``reason`` one sentence, ``readings`` what it may mean.
    """

    def __init__(self, reason: str, readings: Sequence[Reading] = (), text: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.readings = tuple(readings)
        self.text = text

    def __str__(self) -> str:
        what = "" if self.text is None else f"{_shortened(self.text)!r}: "
        more = len(self.readings) - SHOWN_READINGS
        shown = "; ".join(map(str, self.readings[:SHOWN_READINGS])) + (f"; and {more} more" if more > 0 else "")
        return f"{what}{self.reason}" + (f" ({shown})." if shown else ".")


def _shortened(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}..."
