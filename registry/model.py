"""The values the registry works with: frozen, typed, without I/O.

What a person stated (`Handover`) is kept apart from what the program found (`Provenance`, `Finding`).
"""

import calendar
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from registry.codes import DatePrecision

Progress = Callable[[str, float | None], None]
"""Told each step of long work as it begins, and the share of the work that is behind it (None: not known)."""


def silent(_step: str, _share: float | None) -> None:
    """The progress of work that nobody watches."""


class Kind(StrEnum):
    """What the rows of a layer are."""

    MINEFIELDS = "minefields"
    ACCIDENTS = "accidents"
    SURVEYED = "surveyed"
    RELEASED = "released"
    DEVICES = "devices"
    DISTRICTS = "districts"
    SCOPE = "scope"


class GeometryKind(StrEnum):
    """The geometry type of a layer, as GeoPackage names it."""

    MULTIPOLYGON = "MULTIPOLYGON"
    MULTIPOINT = "MULTIPOINT"
    POINT = "POINT"


GEOMETRY_OF_KIND: Mapping[Kind, GeometryKind] = {
    Kind.MINEFIELDS: GeometryKind.MULTIPOLYGON,
    Kind.ACCIDENTS: GeometryKind.POINT,
    Kind.SURVEYED: GeometryKind.MULTIPOLYGON,
    Kind.RELEASED: GeometryKind.MULTIPOLYGON,
    Kind.DEVICES: GeometryKind.MULTIPOINT,
    Kind.DISTRICTS: GeometryKind.MULTIPOLYGON,
    Kind.SCOPE: GeometryKind.MULTIPOLYGON,
}


ORIENTATION = (Kind.DISTRICTS, Kind.SCOPE)
"""Kinds that say where things are; what else comes with them is tested against them."""


class Severity(StrEnum):
    """E: kept, but not to be used as it stands; W: in the measures, look at it; I: good to know."""

    ERROR = "E"
    WARNING = "W"
    INFO = "I"


class LayerState(StrEnum):
    """Only active layers enter statistics and maps."""

    ACTIVE = "active"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, order=True)
class PartialDate:
    """A date as far as it is known: a day, a month or a year.

    ``first`` is the first day it can mean; `last` the last one.
    """

    first: date
    precision: DatePrecision = DatePrecision.DAY

    @property
    def last(self) -> date:
        """The last day this date can mean."""
        if self.precision is DatePrecision.YEAR:
            return date(self.first.year, 12, 31)
        if self.precision is DatePrecision.MONTH:
            return self.first.replace(day=calendar.monthrange(self.first.year, self.first.month)[1])
        return self.first

    def __str__(self) -> str:
        length = {DatePrecision.DAY: 10, DatePrecision.MONTH: 7, DatePrecision.YEAR: 4}[self.precision]
        return self.first.isoformat()[:length]

    @classmethod
    def from_iso(cls, text: str) -> "PartialDate":
        """Read ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``.

        Raises
        ------
        ValueError
            If the text is none of the three or not a day of the calendar.
        """
        match = re.fullmatch(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", text, re.ASCII)
        if match is None:
            raise ValueError(f"{text!r} is not a date; write YYYY, YYYY-MM or YYYY-MM-DD.")
        year, month, day = match.groups()
        precision = DatePrecision.DAY if day else DatePrecision.MONTH if month else DatePrecision.YEAR
        try:
            return cls(date(int(year), int(month or 1), int(day or 1)), precision)
        except ValueError as error:
            raise ValueError(f"{text!r} is not a day of the calendar.") from error


@dataclass(frozen=True)
class Handover:
    """What a person states about a batch. Only ``batch_id`` and ``title`` are needed; null means not stated."""

    batch_id: str
    title: str
    giving_party: str | None = None
    receiving_party: str | None = None
    mediator: str | None = None
    legal_basis: str | None = None
    handed_over_on: PartialDate | None = None
    documents_claimed: int | None = None
    mines_claimed: int | None = None
    scope_text: str | None = None
    custody_note: str | None = None
    sensitivity: str | None = None
    licence: str | None = None
    statement_url: str | None = None
    counter_statement_url: str | None = None
    notes: str | None = None


@dataclass(frozen=True)
class SourceDocument:
    """One file as it was handed over; null means not stated.

    ``content`` is None where the user declined to keep the bytes, and where a listing leaves them out.
    """

    document_id: str
    file_name: str
    media_type: str
    size_bytes: int
    sha256: str
    content: bytes | None = field(default=None, repr=False)
    document_kind: str | None = None
    original_number: str | None = None
    author_unit: str | None = None
    author_date: PartialDate | None = None
    map_sheet: str | None = None
    map_scale: str | None = None
    stated_crs: str | None = None
    north_reference: str | None = None
    angle_unit: str | None = None
    language: str | None = None
    legibility: int | None = None
    transcriber: str | None = None
    second_reader: str | None = None


@dataclass(frozen=True)
class Transformation:
    """How positions came from their own CRS to WGS 84.

    ``accuracy_m`` is what the operation's publisher states, None where nothing is stated.
    """

    source_crs: str
    name: str
    accuracy_m: float | None
    definition: str


@dataclass(frozen=True)
class Finding:
    """One result of one check.

    ``feature_index`` counts the features of the document from 0; it is None where the finding is about the document
    or the whole import.
    """

    code: str
    severity: Severity
    message: str
    document_id: str | None = None
    feature_index: int | None = None
    record_id: str | None = None


@dataclass(frozen=True)
class Counts:
    """received = plotted + invalid + unplottable; repaired records are among the plotted."""

    received: int
    plotted: int
    repaired: int
    invalid: int
    unplottable: int


@dataclass(frozen=True)
class Provenance:
    """What the program found and did when it made a layer."""

    imported_at: datetime
    software: Mapping[str, str]
    transformations: tuple[Transformation, ...]
    parameters: Mapping[str, object]
    document_ids: tuple[str, ...]


@dataclass(frozen=True)
class Layer:
    """A layer of the registry as the catalogue describes it. ``content_sha256`` covers every row of its table."""

    batch_id: str
    kind: Kind
    title: str
    table_name: str
    counts: Counts
    content_sha256: str
    provenance: Provenance
    state: LayerState = LayerState.ACTIVE
    superseded_by: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class RunInput:
    """A layer that a comparison used, and the hash of its rows."""

    batch_id: str
    kind: Kind
    content_sha256: str


@dataclass(frozen=True)
class Run:
    """A comparison as it was made: from what, how, and with what result. The same comparison has the same id.

    ``entries`` is the length of the history at the time, so that the registry can be looked at as it was. ``result``
    is the JSON text that `stats --json` prints, without the line feed at its end.
    """

    run_id: str
    at: str
    entries: int
    inputs: tuple[RunInput, ...]
    options: Mapping[str, object]
    seed: int | None
    software: Mapping[str, str]
    result: str = field(repr=False)
    result_sha256: str


@dataclass(frozen=True)
class AuditEntry:
    """One link of the hash chain: what was done to the registry and when (ISO 8601, UTC), and what seals it."""

    sequence: int
    at: str
    action: str
    content: Mapping[str, object]
    previous_sha256: str
    entry_sha256: str
