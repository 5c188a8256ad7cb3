"""The records of an import as a whole: misread positions set aside, all checks run, twins in other batches linked."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from registry import checks
from registry.checks import Case, Held, Plotted
from registry.codes import PlotStatus
from registry.content import Content, check_content
from registry.findings import Hit
from registry.geometry import local_equal_area, on_plane, total_bounds
from registry.intake import Part
from registry.model import Handover, Kind
from registry.schema import id_field


def set_misread_aside(records: gpd.GeoDataFrame, parts: Sequence[Part], kind: Kind, held: Held) -> list[Hit]:
    """Take positions that were plainly misread out of the measures; what was delivered is kept as text."""
    rows = np.flatnonzero(records["plot_status"] == PlotStatus.PLOTTED.value)
    hits = checks.misread_positions(kind, rows, records.geometry.to_numpy()[rows], held)
    if not hits:
        return []
    delivered = np.concatenate([part.delivered for part in parts])
    taken = [hit.row for hit in hits if hit.row is not None]
    originals = (
        records["original_geometry"] if "original_geometry" in records else pd.Series(None, records.index, object)
    )
    as_text = pd.Series(shapely.to_wkt(delivered[taken], rounding_precision=-1), index=taken)
    records["original_geometry"] = originals.astype(object).combine_first(as_text)
    records.loc[taken, "plot_status"] = PlotStatus.INVALID.value
    geometries = records.geometry.to_numpy().copy()
    geometries[taken] = None
    records.geometry = geometries
    return hits


def assess(records: gpd.GeoDataFrame, parts: Sequence[Part], kind: Kind, held: Held, handover: Handover) -> list[Hit]:
    """Check what is plotted and what the records say; a field that another batch holds is linked to it.

    Parameters
    ----------
    records
        All rows of the import, with the column ``part``; ``duplicate_of`` is filled where a twin is found.
    parts
        The source layers they came from.
    held
        With the records of other batches.
    """
    area_m2 = np.full(len(records), np.nan)
    plotted = _plotted(records, parts, kind)
    hits = []
    if plotted is not None:
        area_m2[plotted.rows] = shapely.area(plotted.plane)
        case = Case(plotted, held)
        hits = checks.check(case)
        _link_twins(records, case)
    return hits + check_content(Content(kind, records, area_m2, handover.handed_over_on, date.today()))  # noqa: DTZ011


def _plotted(records: gpd.GeoDataFrame, parts: Sequence[Part], kind: Kind) -> Plotted | None:
    rows = np.flatnonzero(records["plot_status"] == PlotStatus.PLOTTED.value)
    lonlat = records.geometry.to_numpy()[rows]
    bounds = total_bounds(lonlat)
    if bounds is None:
        return None
    plane_crs = local_equal_area(bounds)
    part = records["part"].to_numpy()[rows]
    geographic = np.array([each.crs.is_geographic for each in parts])
    return Plotted(
        kind=kind,
        rows=rows,
        record_ids=records[id_field(kind)].to_numpy(object)[rows],
        delivered=np.concatenate([each.delivered for each in parts])[rows],
        geographic=geographic[part],
        lonlat=lonlat,
        plane=on_plane(lonlat, plane_crs),
        plane_crs=plane_crs,
        sigma_m=_column(records, "sigma_m", np.nan).astype(float)[rows],
        written_sigma_m=np.concatenate([each.written_sigma_m for each in parts])[rows],
        district=_column(records, "district", None)[rows],
    )


def _link_twins(records: gpd.GeoDataFrame, case: Case) -> None:
    if case.twins:
        records["duplicate_of"] = None
        names = [case.held.record_names[j] for j, _ in case.twins.values()]
        records.loc[[int(case.plotted.rows[i]) for i in case.twins], "duplicate_of"] = names


def _column(records: pd.DataFrame, name: str, blank: Any) -> Any:
    return records[name].to_numpy(object) if name in records else np.full(len(records), blank, dtype=object)
