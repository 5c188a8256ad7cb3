"""A paper record typed in as TOML -> its shape, with what its legs say of their own quality."""

from pathlib import Path

import pandas as pd

from registry.errors import SourceError
from registry.model import Kind
from registry.sources.legforms import locator, read_toml
from registry.sources.leglayer import leg_layer
from registry.sources.legs import lay_out
from registry.sources.mapping import MappedTable
from registry.sources.written import Stated


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
    said = {"record_id": record.record_id, **record.fields}
    attributes = pd.DataFrame([{name: value for name, value in said.items() if value is not None}], index=[0])
    return leg_layer([lay_out(record)], attributes, lambda _: "", [record.convention.laid_on])
