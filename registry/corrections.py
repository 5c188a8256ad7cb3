"""Readings that a person told to apply: to a whole source, or to the single records in which they are found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import shapely

from registry.checks import Held, misread_rows
from registry.codes import PlotStatus
from registry.errors import SourceError
from registry.findings import Hit
from registry.geometry import Geometries
from registry.model import Kind, Transformation
from registry.plotting import Extent, Plot, plot
from registry.readings import CORRECTABLE, Reading, degree_reading
from registry.suspicions import Settled


@dataclass(frozen=True)
class Drawing:
    """How the records of a source are plotted; see `registry.plotting.plot`."""

    kind: Kind
    mend: bool
    transform: str | None
    extent: Extent | None

    def extent_of(self, rows: Sequence[int]) -> Extent | None:
        """Width and radius of some records."""
        return self.extent and Extent(self.extent.width_m[rows], self.extent.radius_m[rows])


@dataclass(frozen=True)
class Corrected:
    """What was plotted, with single records read otherwise; ``operations`` are those of these records, by row."""

    drawn: Plot
    codes: frozenset[str]
    operations: Mapping[int, Transformation]

    def used(self, row: int) -> Transformation:
        """The operation that brought a record to WGS 84."""
        return self.operations.get(row, self.drawn.reprojection.transformation)

    @property
    def transformations(self) -> tuple[Transformation, ...]:
        """All operations that were used, each once."""
        return tuple(dict.fromkeys([self.drawn.reprojection.transformation, *self.operations.values()]))


def refuse_unknown(told: Sequence[str]) -> None:
    """Stop at a code that is none of those whose reading can be applied.

    Raises
    ------
    SourceError
        With the codes there are.
    """
    unknown = [code for code in told if code not in CORRECTABLE]
    if unknown:
        raise SourceError(f"--correct {unknown[0]}: it knows {', '.join(CORRECTABLE)}.")


def suspicion_hits(read: Settled) -> list[Hit]:
    """What is to be said of the reading of a whole source."""
    hits = [Hit("reading-corrected", None, f"{each.code}: {each.sentence()}") for each in read.applied]
    return hits if read.suspected is None else [*hits, Hit(read.suspected.code, None, read.suspected.sentence())]


def correct_rows(
    drawn: Plot, read: Settled, delivered: Geometries, held: Held, drawing: Drawing, *, told: Sequence[str]
) -> Corrected:
    """Plot single records anew that lie far from the districts and scope and that a reading as told brings back.

    Where numbers are read otherwise, the record keeps its geometry as delivered.

    Parameters
    ----------
    drawn
        The records as read; what the text of a record holds that GEOS cannot is not read otherwise.
    delivered
        As the source gives them, kept as the original geometry.
    """
    geometries, notes = drawn.geometries.copy(), dict(drawn.repair_notes)
    originals = {**(_texts(delivered) if read.is_changed else {}), **drawn.originals}
    hits: list[Hit] = []
    codes: set[str] = set()
    operations: dict[int, Transformation] = {}
    rows = np.flatnonzero((drawn.status == PlotStatus.PLOTTED) & ~shapely.is_missing(delivered))
    found = misread_rows(drawing.kind, rows, geometries[rows], held) if told else []
    for misreading in dict.fromkeys(each.misreading for each in found if each.misreading.code in told):
        meant = [each for each in found if each.misreading is misreading]
        reading = degree_reading(misreading, read.crs)
        taken = [each.row for each in meant]
        again = plot(
            delivered[taken],
            {},
            {},
            reading.crs,
            drawing.kind,
            mend=drawing.mend,
            extent=drawing.extent_of(taken),
            transform=drawing.transform,
            meant=partial(_meant, read, reading),
        )
        for i, each in enumerate(meant):
            if again.status[i] != PlotStatus.PLOTTED:
                continue
            geometries[each.row] = again.geometries[i]
            operations[each.row] = again.reprojection.transformation
            originals |= _texts(delivered, [each.row])
            note = f"{misreading.code} corrected as told: read {misreading.words}"
            notes[each.row] = "; ".join(filter(None, (notes.get(each.row), note)))
            codes.add(misreading.code)
            message = (
                f"{misreading.code}: as delivered it lies {each.distance_m / 1000:,.0f} km from the known districts "
                f"and scope; it was read {misreading.words}, as told, and lies in them."
            )
            hits.append(Hit("reading-corrected", each.row, message))
    corrected = replace(
        drawn, geometries=geometries, repair_notes=notes, originals=originals, hits=(*drawn.hits, *hits)
    )
    return Corrected(corrected, frozenset(codes), operations)


def _meant(read: Settled, reading: Reading, delivered: Geometries) -> Geometries:
    """Records as a reading takes them that comes on top of that of the whole source."""
    return reading.apply(read.meant(delivered))


def _texts(delivered: Geometries, rows: Sequence[int] | None = None) -> dict[int, str]:
    """Geometries as text, by row; all that there are, unless rows are named."""
    kept = np.flatnonzero(~shapely.is_missing(delivered)).tolist() if rows is None else rows
    return dict(zip(kept, shapely.to_wkt(delivered[kept], rounding_precision=-1).tolist(), strict=True))
