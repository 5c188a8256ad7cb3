"""One layer of one source on its way in: its CRS decided, its columns conformed, its records plotted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from registry import corrections, duplicates
from registry.candidates import crs_candidates, describe, in_area_of_use
from registry.checks import Held
from registry.codes import GeometryMethod, PlotStatus
from registry.conform import Conformed, conform, make_record_ids
from registry.errors import CheckFailed, SourceError
from registry.evidence import NO_FIELDS, FieldsIn, Known
from registry.findings import Hit
from registry.geometry import WGS84, Geometries, Reprojection, crs_name, parse_crs
from registry.model import Kind, SourceDocument, Transformation
from registry.plotting import Extent, plot
from registry.schema import id_field
from registry.sources.profile import Profile, parse_profile, write_profile
from registry.sources.vector import SourceLayer
from registry.suspicions import Settled, Suspicion, as_stated, settle

if TYPE_CHECKING:
    from registry.sources.mapping import MappedTable


@dataclass(frozen=True)
class ImportOptions:
    """What the person says about the sources of an import.

    Attributes
    ----------
    crs
        The sources' CRS, where they do not say or are wrong.
    encoding
        Encoding of the texts of a shapefile or a text table.
    layers
        Layers to read, where a source has several.
    field_map
        Our field -> their column.
    field_values
        Our field -> its value in all rows, where the person knows what the source does not say.
    profile
        What the columns of a table mean; checked by a person.
    sheet
        Sheet of a workbook, where several hold data.
    sigma_m
        Position error of the records, one sigma, where no column states it; it counts before the precision in which
        positions are written.
    repair
        Repair invalid geometries, keeping the originals.
    supersedes, reason
        The batch whose layer of this kind the new one replaces, and why.
    keep_bytes
        Keep the sources' bytes; else only their hashes.
    drop_columns
        Columns that are left out, and with them the sources' bytes.
    width_m, radius_m
        Of minefields given as lines or points, where no column states it.
    transform
        Operation that brings positions to WGS 84, where not the best one: its name, code, or part of its name.
    corrections
        Codes of suspected readings (`registry.readings.CORRECTABLE`) that are applied where they are found.
    """

    crs: str | None = None
    encoding: str | None = None
    layers: tuple[str, ...] = ()
    field_map: Mapping[str, str] = field(default_factory=dict)
    field_values: Mapping[str, str] = field(default_factory=dict)
    sigma_m: float | None = None
    repair: bool = False
    supersedes: str | None = None
    reason: str | None = None
    keep_bytes: bool = True
    drop_columns: tuple[str, ...] = ()
    width_m: float | None = None
    radius_m: float | None = None
    profile: Profile | None = None
    sheet: str | None = None
    transform: str | None = None
    corrections: tuple[str, ...] = ()


_NOT_OF_SOURCES = {"supersedes", "reason", "keep_bytes"}


def options_json(options: ImportOptions) -> dict[str, Any]:
    """How the sources are read, as values of JSON; a profile as the TOML it was written in."""
    stated = {each.name: getattr(options, each.name) for each in fields(options) if each.name not in _NOT_OF_SOURCES}
    stated["profile"] = options.profile and write_profile(options.profile)
    return {
        name: list(value) if isinstance(value, tuple) else dict(value) if isinstance(value, Mapping) else value
        for name, value in stated.items()
    }


def options_of(stored: Mapping[str, Any], where: str) -> ImportOptions:
    """What `options_json` gave, as options again; what an older version did not know is as it was then.

    Parameters
    ----------
    stored
        May hold other things too.
    where
        Name for messages.
    """
    known = {each.name for each in fields(ImportOptions)} - _NOT_OF_SOURCES
    stated: dict[str, Any] = {
        name: tuple(v) if isinstance(v, list) else v for name, v in stored.items() if name in known
    }
    if stated.get("profile"):
        stated["profile"] = parse_profile(str(stated["profile"]).encode(), f"{where}, its stored profile")
    return ImportOptions(**stated)


@dataclass(frozen=True)
class Part:
    """One layer of one source on its way: its rows with our columns, and what was found in it.

    ``delivered`` and ``crs`` are as stated, whatever was corrected. ``written_sigma_m`` is the position error that
    follows from the precision of written coordinates; NaN elsewhere. ``suspicions`` are the readings of the whole layer
    that were applied or are suspected; ``told`` the codes to be applied, ``corrected`` those that were found.
    ``transformations`` names every operation that was used, ``transform`` the one that the person chose.
    """

    document: SourceDocument
    frame: pd.DataFrame
    delivered: Geometries
    geometries: Geometries
    crs: CRS
    reprojection: Reprojection
    hits: tuple[Hit, ...]
    matched: Mapping[str, str]
    written_sigma_m: NDArray[np.float64]
    transformations: tuple[Transformation, ...] = ()
    suspicions: tuple[Suspicion, ...] = ()
    transform: str | None = None
    told: tuple[str, ...] = ()
    corrected: frozenset[str] = frozenset()


def take_in(
    layer: SourceLayer,
    document: SourceDocument,
    kind: Kind,
    options: ImportOptions,
    held: Held,
    *,
    first_feature: int,
    table: "MappedTable | None" = None,
    fields_in: FieldsIn = lambda _: NO_FIELDS,
) -> Part:
    """Give a source layer our columns, bring it to WGS 84, and plot what can be plotted.

    Parameters
    ----------
    held
        What the registry holds, to say which CRS would fit where the source does not state one.
    first_feature
        Index of the layer's first feature in its document.
    table
        What was read beside the layer where it comes from a table.
    fields_in
        Gives the fields of other batches, against which the reading of the positions is tested.

    Raises
    ------
    SourceError
        If neither the source nor the person states a CRS, or the positions contradict it, or no operation or no
        correction is of the name that the person gives.
    """
    where = document.file_name
    # The positions of a table were read in the stated CRS already; their zone digit may have made it more exact.
    crs, hits = _decide_crs(layer, options.crs if table is None else None, held, where)
    attributes = _without(layer.attributes, options.drop_columns, where)
    hits += _personal(attributes, kind, held, where)
    conformed = conform(
        attributes,
        kind,
        options.field_map,
        where,
        None if table is None else table.rules,
        stated=options.field_values,
    )
    frame = conformed.frame
    if table is not None and kind is Kind.MINEFIELDS:
        _fill(frame, "width_m", table.width_m)
        _fill(frame, "radius_m", table.radius_m)
    corrections.refuse_unknown(options.corrections)
    # Legs were laid out where and as the record says; another reading of their numbers is another shape.
    is_laid_out = table is not None and table.method is GeometryMethod.LEGS
    told = () if is_laid_out else options.corrections
    read = (
        as_stated(crs)
        if is_laid_out
        else settle(layer.geometries, crs, _numbers(frame, kind), _known(kind, held, fields_in), told)
    )
    drawing = corrections.Drawing(
        kind,
        mend=options.repair,
        transform=options.transform,
        extent=_extent(frame, options) if kind is Kind.MINEFIELDS else None,
    )
    drawn = plot(
        layer.geometries,
        layer.as_delivered,
        layer.unreadable,
        read.crs,
        kind,
        mend=drawing.mend,
        extent=drawing.extent,
        unread=None if table is None else table.unread,
        transform=drawing.transform,
        meant=read.meant,
    )
    _refuse_contradiction(layer, drawn.reprojection.geometries, read, held, where)
    corrected = corrections.correct_rows(drawn, read, layer.geometries, held, drawing, told=told)
    drawn = corrected.drawn
    plotted = drawn.status == PlotStatus.PLOTTED
    method = (GeometryMethod.IMPORTED if table is None else table.method).value
    buffered = dict.fromkeys(drawn.buffered, GeometryMethod.BUFFERED.value)
    used, others = drawn.reprojection.transformation, corrected.operations
    originals = {**({} if table is None else table.entered), **drawn.originals}
    made = {
        "document_id": _column(frame, document.document_id),
        "feature_index": np.arange(first_feature, first_feature + len(frame)),
        "source_layer": _column(frame, layer.name),
        "plot_status": pd.Series([str(status) for status in drawn.status], dtype=object),
        "geometry_method": _column(frame, method, buffered).where(plotted, None),
        "source_crs": _column(frame, read.source_crs),
        "transform_name": _column(frame, used.name, {row: o.name for row, o in others.items()}),
        "transform_accuracy_m": _column(frame, used.accuracy_m, {row: o.accuracy_m for row, o in others.items()}),
        "repaired": np.isin(np.arange(len(frame)), list(drawn.repair_notes)) & plotted,
        "repair_note": _column(frame, None, drawn.repair_notes),
        "original_geometry": _column(frame, None, originals),
    }
    frame = frame.assign(**made)
    hits += _state_sigma(frame, options.sigma_m, table)
    frame[id_field(kind)] = make_record_ids(frame, kind, document.sha256)
    hits += _reading_hits(layer, conformed, drawn.reprojection)
    if options.field_values:
        said = ", ".join(f"{name} = {value}" for name, value in options.field_values.items())
        hits.append(Hit("reader-note", None, f"Stated for all rows: {said}."))
    hits += corrections.suspicion_hits(read)
    if table is not None:
        hits += table.hits
    return Part(
        document,
        frame,
        layer.geometries,
        drawn.geometries,
        crs,
        drawn.reprojection,
        (*hits, *drawn.hits),
        conformed.matched,
        table.written_sigma_m if table is not None and table.is_written else np.full(len(frame), np.nan),
        transformations=corrected.transformations,
        suspicions=(*read.applied, *([] if read.suspected is None else [read.suspected])),
        transform=options.transform,
        told=options.corrections,
        corrected=corrected.codes | {each.code for each in read.applied},
    )


def refuse_unused(parts: Sequence[Part]) -> None:
    """Stop where a person chose an operation or a correction that no source layer has a use for.

    Raises
    ------
    SourceError
        With the operations there are.
    """
    for choice in dict.fromkeys(part.transform for part in parts if part.transform is not None):
        misfits = [part.reprojection.misfit for part in parts if part.transform == choice]
        if all(misfits):
            raise SourceError(f"--transform {choice!r} fits no source. {misfits[0]}")
    for code in dict.fromkeys(code for part in parts for code in part.told):
        if not any(code in part.corrected for part in parts):
            raise SourceError(
                f"--correct {code}: nothing in the sources is found to be so; import without it, and read the report. "
                "Where the sources are known to be wrong, state their CRS with --crs or correct them."
            )


def _known(kind: Kind, held: Held, fields_in: FieldsIn) -> Known:
    """What the reading of a source is tested against; districts and scope are tested against nothing."""
    if kind in {Kind.DISTRICTS, Kind.SCOPE}:
        return Known()
    if len(held.scope):
        return Known(held.scope, "the scope of the batch", fields_in)
    return Known(held.districts, "the known districts", fields_in)


def _numbers(frame: pd.DataFrame, kind: Kind) -> NDArray[np.object_]:
    """The numbers that records state, as they are compared."""
    name = id_field(kind)
    return duplicates.number_keys(frame[name] if name in frame else [None] * len(frame))


def _column(frame: pd.DataFrame, value: Any, of_rows: Mapping[int, Any] | None = None) -> pd.Series:
    """A column that holds one value but in some rows."""
    cells = np.full(len(frame), value, dtype=object)
    for row, other in (of_rows or {}).items():
        cells[row] = other
    return pd.Series(cells, frame.index, dtype=object)


def _fill(frame: pd.DataFrame, name: str, metres: NDArray[np.float64]) -> None:
    """Put lengths where no column states one."""
    if np.isfinite(metres).any():
        own = pd.to_numeric(frame[name]) if name in frame else pd.Series(np.nan, frame.index)
        frame[name] = own.fillna(pd.Series(metres, frame.index))


def _state_sigma(frame: pd.DataFrame, stated: float | None, table: "MappedTable | None") -> list[Hit]:
    """Position error of each record: its own, else what the person states, else the precision it is written in."""
    own = int(frame["sigma_m"].notna().sum()) if "sigma_m" in frame else 0
    if stated is not None:
        _fill(frame, "sigma_m", np.full(len(frame), stated))
    if table is None:
        return []
    if stated is None:
        _fill(frame, "sigma_m", table.written_sigma_m)
    filled = frame["sigma_m"].notna().sum() - own if "sigma_m" in frame else 0
    read = "from the precision in which the positions are written" if table.is_written else "from the legs"
    source = read if stated is None else f"as stated, {stated:g} m"
    parts = [f"{own} records state it"] * bool(own) + [f"for {filled} it is {source}"] * bool(filled)
    return [Hit("reader-note", None, f"Position error: {'; '.join(parts)}.")] if parts else []


def _extent(frame: pd.DataFrame, options: ImportOptions) -> Extent:
    """Width and radius of each record: its own where a column states it, else what the person says of all."""

    def metres(name: str, stated: float | None) -> NDArray[np.float64]:
        own = pd.to_numeric(frame[name]) if name in frame else pd.Series(np.nan, frame.index)
        return np.asarray(own.fillna(np.nan if stated is None else stated), dtype=np.float64)

    return Extent(metres("width_m", options.width_m), metres("radius_m", options.radius_m))


def _without(attributes: pd.DataFrame, columns: Sequence[str], where: str) -> pd.DataFrame:
    unknown = sorted(set(columns) - set(map(str, attributes.columns)))
    if unknown:
        held = ", ".join(map(str, attributes.columns)) or "none"
        raise SourceError(f"{where}: it has no column {', '.join(unknown)} to leave out; its columns are {held}.")
    return attributes.drop(columns=list(columns))


def _personal(attributes: pd.DataFrame, kind: Kind, held: Held, where: str) -> list[Hit]:
    """Refuse columns with victims' personal data, by name; a column that may hold them is said."""
    if kind is not Kind.ACCIDENTS:
        return []
    from registry.personal import find_personal

    found = find_personal(attributes, held.district_names)
    refused = [each for each in found if each.refused]
    if refused:
        options = " ".join(f"--drop-column '{each.column}'" for each in refused)
        reasons = " ".join(each.sentence for each in refused)
        raise CheckFailed(f"{where}: {reasons} Personal data of victims are not stored; import with {options}.")
    return [Hit("personal-data-possible", None, each.sentence) for each in found]


def _decide_crs(layer: SourceLayer, stated: str | None, held: Held, where: str) -> tuple[CRS, list[Hit]]:
    """The CRS that a person or the source states; without either the import stops."""
    if stated is not None:
        crs = parse_crs(stated)
        if layer.crs is None or layer.crs.equals(crs, ignore_axis_order=True):
            return crs, []
        message = f"The source says {crs_name(layer.crs)}; {crs_name(crs)} was stated and used."
        return crs, [Hit("crs-overridden", None, message)]
    if layer.crs is None:
        if shapely.is_missing(layer.geometries).all():
            return WGS84, []
        candidates = crs_candidates(shapely.get_coordinates(layer.geometries), held.reference)
        raise SourceError(f"{where}: it does not say its CRS; state it with --crs.\n{describe(candidates)}")
    return layer.crs, []


def _refuse_contradiction(layer: SourceLayer, lonlat: Geometries, read: Settled, held: Held, where: str) -> None:
    """Positions mostly outside the area of use of their CRS are not in that CRS."""
    share = in_area_of_use(read.crs, lonlat)
    if share < 0.5:
        candidates = crs_candidates(shapely.get_coordinates(layer.geometries), held.reference)
        suspected = "" if read.suspected is None else f"\nSuspected: {read.suspected.sentence()}"
        raise SourceError(
            f"{where}: {1 - share:.0%} of its positions lie outside the area where {crs_name(read.crs)} is used; "
            f"state the right CRS with --crs.{suspected}\n{describe(candidates)}"
        )


def _reading_hits(layer: SourceLayer, conformed: Conformed, reprojection: Reprojection) -> list[Hit]:
    hits = [Hit("reader-note", None, note) for note in layer.notes]
    if layer.encoding_doubt:
        hits.append(Hit("encoding-unstated", None, layer.encoding_doubt))
    used = reprojection.transformation
    if used.accuracy_m is None:
        hits.append(Hit("transform-uncertain", None, f"{used.source_crs}: PROJ states no accuracy for {used.name}."))
    if reprojection.better_unavailable:
        message = (
            f"{used.source_crs}: {reprojection.better_unavailable} would be better but needs a grid that is not here."
        )
        hits.append(Hit("transform-uncertain", None, message))
    if reprojection.chosen:
        hits.append(Hit("transform-chosen", None, reprojection.chosen))
    if reprojection.misfit:
        message = f"{reprojection.misfit.splitlines()[0]} The best one was used: {used.name}."
        hits.append(Hit("reader-note", None, message))
    hits += [
        Hit("value-not-understood", bad.row, f"Column {bad.column}, field {bad.field}: {bad.reason}")
        for bad in conformed.misread
    ]
    return hits
