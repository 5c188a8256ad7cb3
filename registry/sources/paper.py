"""A paper record typed in as TOML -> its shape, with what its legs say of their own quality."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely

from registry.codes import GeometryMethod
from registry.errors import SourceError
from registry.findings import Hit
from registry.geometry import WGS84
from registry.jsonform import plain
from registry.model import Kind
from registry.sources.legforms import locator, read_toml
from registry.sources.legrecord import LegsRecord, PointType
from registry.sources.legs import Traverse, lay_out
from registry.sources.mapping import MappedTable
from registry.sources.vector import PAPER_SUFFIXES, SourceLayer
from registry.sources.written import Stated

_REFERENCES = {PointType.REFERENCE_POINT, PointType.BENCHMARK}
# The content checks say these of every record, whatever it came from.
_SAID_ELSEWHERE = {"reference-point-missing", "reference-point-single"}


def is_paper(path: Path) -> bool:
    """Whether a source is read as a paper record."""
    return path.suffix.lower() in PAPER_SUFFIXES


def read_paper(path: Path, kind: Kind, *, crs: str | None = None) -> MappedTable:
    """Read one paper record of bearings and distances and lay it out.

    Parameters
    ----------
    path
        See `registry.sources.legforms.read_toml` for what it holds.
    kind
        Minefields; nothing else is laid out by legs.
    crs
        CRS of the positions in it, where they do not say.

    Returns
    -------
    record
        One row on WGS 84. Where no point of the record has a known position there is no geometry, and the shape
        relative to its own start, in metres east and north, is kept as entered.

    Raises
    ------
    SourceError
        If it is no such record, or its legs make no chain.
    """
    if kind is not Kind.MINEFIELDS:
        raise SourceError(
            f"{path}: a record of bearings and distances is a minefield; import it with --kind minefields."
        )
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path}: it cannot be read ({error.strerror}).") from error
    record = read_toml(content, locator(Stated(crs=crs)), where=path.name)
    traverse = lay_out(record)
    geometry = np.array([traverse.geometry], dtype=object)
    is_placed = traverse.geometry is not None
    relative = "" if traverse.relative is None else shapely.to_wkt(traverse.relative, rounding_precision=3)
    nowhere = "No point of the record has a known position; its shape is kept relative to its own start."
    return MappedTable(
        layer=SourceLayer(None, pd.DataFrame([_attributes(record, traverse)]), geometry, WGS84),
        rules=None,
        written_sigma_m=np.array([np.nan if traverse.sigma_m is None else traverse.sigma_m]),
        radius_m=np.array([np.nan]),
        width_m=np.array([np.nan]),
        unread={} if is_placed else {0: nowhere},
        entered={} if is_placed else {0: relative},
        hits=tuple(Hit(each.code, 0, each.message) for each in traverse.suspicions if each.code not in _SAID_ELSEWHERE),
        method=GeometryMethod.LEGS,
    )


def _attributes(record: LegsRecord, traverse: Traverse) -> dict[str, Any]:
    """What the record says, and every choice of the layout, which goes to ``source_fields``."""
    references = [
        {"name": name, **_position(record, name)} for name, kind in record.types.items() if kind in _REFERENCES
    ]
    laid_on = record.convention.laid_on
    said = {"record_id": record.record_id, "laid_from": None if laid_on is None else str(laid_on), **record.fields}
    return {
        **{name: value for name, value in said.items() if value is not None},
        "reference_points": json.dumps(references, ensure_ascii=False),
        "legs": json.dumps(plain(replace(traverse, geometry=None, relative=None)), ensure_ascii=False),
    }


def _position(record: LegsRecord, name: str) -> dict[str, Any]:
    place = record.places.get(name)
    if place is None:
        return {}
    return {"longitude": place.longitude, "latitude": place.latitude, "as_written": place.written}
