"""The fields of each kind: name, type, unit, meaning. One table; the store, the importer and the docs read it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from registry.codes import (
    AccidentType,
    Activity,
    Code,
    DatePrecision,
    DeviceCategory,
    Emplacement,
    GeometryMethod,
    LandStatus,
    LayingPattern,
    LocationMethod,
    PlotStatus,
    ReleaseType,
)
from registry.model import Kind


class FieldType(StrEnum):
    """Column types, as GeoPackage names them. JSON is text that holds one JSON value."""

    TEXT = "TEXT"
    INTEGER = "INTEGER"
    REAL = "REAL"
    DATE = "DATE"
    BOOLEAN = "BOOLEAN"
    JSON = "JSON"


@dataclass(frozen=True)
class Field:
    """One column of a layer.

    ``found`` marks columns that the program fills; the others hold what the source states.
    """

    name: str
    field_type: FieldType
    meaning: str
    unit: str | None = None
    codes: type[Code] | None = None
    found: bool = False


def _text(name: str, meaning: str) -> Field:
    return Field(name, FieldType.TEXT, meaning)


def _code(name: str, codes: type[Code], meaning: str) -> Field:
    return Field(name, FieldType.TEXT, meaning, codes=codes)


def _count(name: str, meaning: str, unit: str) -> Field:
    return Field(name, FieldType.INTEGER, meaning, unit=unit)


def _metres(name: str, meaning: str) -> Field:
    return Field(name, FieldType.REAL, meaning, unit="m")


def _flag(name: str, meaning: str) -> Field:
    return Field(name, FieldType.BOOLEAN, meaning)


def _date(name: str, meaning: str) -> tuple[Field, Field]:
    """A date and how much of it is known; the date column holds the first day it can mean."""
    return (
        Field(name, FieldType.DATE, meaning),
        Field(f"{name}_precision", FieldType.TEXT, f"How much of {name} is known", codes=DatePrecision, found=True),
    )


def _found(
    name: str, field_type: FieldType, meaning: str, unit: str | None = None, codes: type[Code] | None = None
) -> Field:
    return Field(name, field_type, meaning, unit=unit, codes=codes, found=True)


_MINEFIELD = (
    _text("map_sheet", "Map sheet the record belongs to"),
    _text("district", "District as the source names it"),
    _text("laid_by", "Unit that laid the field"),
    *_date("laid_from", "First day of laying"),
    *_date("laid_to", "Last day of laying"),
    _code("pattern", LayingPattern, "Laying pattern"),
    _code("emplacement", Emplacement, "How the mines were put in place"),
    _text("fuze", "Fuze types as recorded"),
    _text("lifetime", "Life time of the mines as recorded"),
    _text("anti_handling", "Anti-handling devices as recorded"),
    _count("mines_ap", "Anti-personnel mines recorded", "mines"),
    _count("mines_av", "Anti-vehicle mines recorded", "mines"),
    _count("mines_other", "Other mines recorded", "mines"),
    _count("mines_total_stated", "Total the record itself states", "mines"),
    Field("devices", FieldType.JSON, "Devices: category, model, quantity, and whether exact, estimated or a range"),
    _count("rows", "Rows of mines", "rows"),
    _metres("row_spacing_m", "Distance between rows"),
    _metres("mine_spacing_m", "Distance between mines in a row"),
    _metres("depth_m", "Depth at which the mines lie"),
    _metres("width_m", "Width of a field that is given as a line"),
    _metres("radius_m", "Radius of a field that is given as a point"),
    Field("reference_points", FieldType.JSON, "Reference points as recorded"),
    _code("land_status", LandStatus, "State of work on the field"),
)

_ACCIDENT = (
    *_date("occurred_on", "Day of the event"),
    _text("occurred_at", "Time of day as recorded"),
    _text("map_sheet", "Map sheet the event is on"),
    _text("district", "District as the source names it"),
    _code("location_method", LocationMethod, "How the position was found"),
    _code("device_category", DeviceCategory, "What exploded"),
    _code("accident_type", AccidentType, "Type of accident"),
    _text("event_type", "Type of event as recorded"),
    _code("activity", Activity, "What the victims were doing"),
    _flag("marked", "Whether the place was marked"),
    _flag("in_released_land", "Whether the source says the land had been released"),
    _flag("ordnance_moved", "Whether the ordnance had been moved beforehand"),
    _count("killed", "People killed", "victims"),
    _count("injured", "People injured", "victims"),
    Field("victims_by_role", FieldType.JSON, "Victims by role: civilian, deminer, journalist, ..."),
    Field("victims_by_sex_and_age", FieldType.JSON, "Victims by sex and age group"),
    _text("source", "Who reported the event"),
    _text("reliability", "Source A-F and information 1-6"),
    _flag("confirmed", "Whether the event was confirmed"),
)

_FIELDS_OF_KIND: Mapping[Kind, tuple[Field, ...]] = {
    Kind.MINEFIELDS: _MINEFIELD,
    Kind.ACCIDENTS: _ACCIDENT,
    Kind.SURVEYED: (
        _text("name", "Name of the area"),
        _text("map_sheet", "Map sheet"),
        _text("district", "District as the source names it"),
        _text("hazard_class", "Suspected or confirmed, as the source says"),
        *_date("surveyed_on", "Day of the survey"),
        _text("surveyed_by", "Organisation that surveyed"),
        _code("land_status", LandStatus, "State of work on the area"),
    ),
    Kind.RELEASED: (
        _text("name", "Name of the area"),
        _text("map_sheet", "Map sheet"),
        _text("district", "District as the source names it"),
        _code("release_type", ReleaseType, "How the land was released"),
        *_date("released_on", "Day of release"),
        _text("released_by", "Organisation that released it"),
    ),
    Kind.DEVICES: (
        _text("map_sheet", "Map sheet"),
        _text("district", "District as the source names it"),
        _code("device_category", DeviceCategory, "What was found"),
        _text("model", "Model as recorded"),
        _count("quantity", "How many were found", "devices"),
        *_date("found_on", "Day of the find"),
        _text("found_by", "Organisation that found it"),
    ),
    Kind.DISTRICTS: (
        _text("name", "Name of the district, in its own script"),
        _text("code", "Official code of the district"),
        _text("admin_level", "Administrative level"),
    ),
    Kind.SCOPE: (_text("name", "What the giving party says it covers"),),
}

_FOUND_FIRST = (
    _found("document_id", FieldType.TEXT, "Source document the row came from"),
    _found("feature_index", FieldType.INTEGER, "Number of the feature in that document, from 0"),
    _found("source_layer", FieldType.TEXT, "Layer of the document, where it has several"),
    _found("plot_status", FieldType.TEXT, "Plotted, invalid or unplottable", codes=PlotStatus),
)

_FOUND_LAST = (
    _found("geometry_method", FieldType.TEXT, "How the geometry came about", codes=GeometryMethod),
    _found("source_crs", FieldType.TEXT, "CRS the positions were given in"),
    _found("transform_name", FieldType.TEXT, "Operation that brought them to WGS 84"),
    _found("transform_accuracy_m", FieldType.REAL, "Accuracy its publisher states", unit="m"),
    Field(
        "sigma_m",
        FieldType.REAL,
        "Position error, one sigma, as stated or as written",
        unit="m",
    ),
    _found("repaired", FieldType.BOOLEAN, "Whether the geometry was repaired"),
    _found("repair_note", FieldType.TEXT, "What the repair did"),
    _found(
        "original_geometry",
        FieldType.TEXT,
        "Geometry as delivered (WKT or GeoJSON, in source_crs), where changed or not drawn",
    ),
    _found("duplicate_of", FieldType.TEXT, "The record this one repeats, as batch/record"),
    _found("source_fields", FieldType.JSON, "All columns of the source that fill no field above"),
)


def id_field(kind: Kind) -> str:
    """Name of the column that identifies a row of this kind."""
    return "accident_id" if kind is Kind.ACCIDENTS else "record_id"


def fields(kind: Kind) -> tuple[Field, ...]:
    """All columns of a layer of this kind, in the order in which they are stored, geometry aside."""
    identity = Field(id_field(kind), FieldType.TEXT, "The source's own number, else made and stable")
    return (identity, *_FOUND_FIRST, *_FIELDS_OF_KIND[kind], *_FOUND_LAST)


def stated_fields(kind: Kind) -> dict[str, Field]:
    """The columns that a source can fill, by name."""
    return {field.name: field for field in fields(kind) if not field.found}
