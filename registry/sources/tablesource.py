"""A table file -> its records, by the profile that a person checked, or by the one that the table itself implies."""

from dataclasses import replace
from pathlib import Path

from registry.errors import SourceError
from registry.model import Kind
from registry.sources.legtable import map_legs
from registry.sources.mapping import MappedTable, apply_profile
from registry.sources.profile import Profile
from registry.sources.propose import Proposal, implied_profile, propose
from registry.sources.tables import TableOptions, read_table


def read_mapped(
    path: Path, kind: Kind, profile: Profile | None, options: TableOptions, *, crs: str | None = None
) -> MappedTable:
    """Read the records of a table.

    Parameters
    ----------
    kind
        What the rows are.
    profile
        What the columns mean; None for a table that needs no profile.
    options
        What the person says about the table; it counts before the profile.
    crs
        What the person states of the positions, where neither the profile nor the texts do.

    Raises
    ------
    SourceError
        If the table cannot be read, the profile is unchecked or does not fit it, or the table needs one.
    """
    if profile is not None:
        table = read_table(path, _combined(options, profile.table))
        read = apply_profile if profile.legs is None else map_legs
        return read(table, profile, kind, crs=crs)
    table = read_table(path, options)
    implied = implied_profile(table, kind)
    if implied is None:
        raise SourceError(
            f"{table.where}: what its columns mean must be said by a profile; have one proposed with "
            "--propose-profile OUT.toml, check it, and import with --profile OUT.toml."
        )
    found = apply_profile(table, implied[0], kind, crs=crs)
    return replace(found, layer=replace(found.layer, notes=(implied[1], *found.layer.notes)))


def propose_profile(path: Path, kind: Kind, options: TableOptions, *, crs: str | None = None) -> Proposal:
    """Propose what the columns of a table mean, for a person to check.

    What the person says about the table and its CRS becomes part of the proposal.

    Raises
    ------
    SourceError
        If the file is no table or cannot be read.
    """
    found = propose(read_table(path, options), kind, name=path.stem)
    profile = replace(found.profile, table=_combined(options, found.profile.table))
    if crs is not None and profile.geometry is not None:
        profile = replace(profile, geometry=replace(profile.geometry, crs=crs))
    if crs is not None and profile.legs is not None:
        profile = replace(profile, legs=replace(profile.legs, crs=crs))
    return replace(found, profile=profile)


def _combined(first: TableOptions, second: TableOptions) -> TableOptions:
    """What either says, the first before the second."""
    return TableOptions(
        sheet=first.sheet or second.sheet,
        encoding=first.encoding or second.encoding,
        delimiter=first.delimiter or second.delimiter,
        header_row=first.header_row or second.header_row,
        header_rows=first.header_rows or second.header_rows,
    )
