"""What the registry already holds, as far as an import is tested against it."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import geopandas as gpd
import numpy as np

from registry import duplicates
from registry.checks import Held
from registry.codes import PlotStatus
from registry.evidence import Bounds, Fields, FieldsIn
from registry.geometry import Geometries, total_bounds
from registry.model import Kind, Layer
from registry.schema import id_field
from registry.store import NewLayer, Registry
from registry.threads import on_threads

_NOTHING = np.array([], dtype=object)
_DATUM_DEGREES = 0.005


def areas_held(registry: Registry, layers: Sequence[Layer], batch_id: str, beside: Sequence[NewLayer] = ()) -> Held:
    """The districts of all batches and the scope of this one; no records yet.

    Parameters
    ----------
    beside
        Layers of the batch that come in with the one that is tested; they are not in the registry yet.
    """
    districts = [registry.read(layer, ["name"]) for layer in layers if layer.kind is Kind.DISTRICTS]
    districts += [new.records.reindex(columns=["name", "geometry"]) for new in beside if new.kind is Kind.DISTRICTS]
    scopes = [registry.read(layer, []) for layer in layers if layer.kind is Kind.SCOPE and layer.batch_id == batch_id]
    scopes += [new.records for new in beside if new.kind is Kind.SCOPE]
    drawn = [frame[frame.geometry.notna() & frame.geometry.is_valid] for frame in districts]
    return Held(
        districts=np.concatenate([_NOTHING, *(frame.geometry.to_numpy() for frame in drawn)]),
        district_names=np.concatenate([_NOTHING, *(frame["name"].to_numpy(object) for frame in drawn)]),
        scope=np.concatenate([_NOTHING, *(frame.geometry.dropna().to_numpy() for frame in scopes)]),
        records=_NOTHING,
        record_names=_NOTHING,
    )


def fields_held(registry: Registry, layers: Sequence[Layer], kind: Kind, *, but: Collection[str]) -> FieldsIn:
    """The plotted records of the same kind in other batches, box by box, as a source is tested against them.

    Parameters
    ----------
    but
        Batches to leave out: the new one, and the one it supersedes.
    """
    others = [layer for layer in layers if layer.kind is kind and layer.batch_id not in but]

    def fields_in(box: Bounds) -> Fields:
        found = _plotted(registry, others, box)
        keys = [duplicates.number_keys(numbers) for numbers, _ in found]
        batches = [np.full(len(numbers), layer.batch_id) for (numbers, _), layer in zip(found, others, strict=True)]
        return Fields(
            np.concatenate([_NOTHING, *keys]),
            np.concatenate([_NOTHING, *batches]),
            np.concatenate([_NOTHING, *(geometries for _, geometries in found)]),
        )

    return fields_in


def with_records(
    held: Held, registry: Registry, layers: Sequence[Layer], records: gpd.GeoDataFrame, kind: Kind, *, but: set[str]
) -> Held:
    """Add the plotted records of the same kind that lie where the new ones do.

    Parameters
    ----------
    but
        Batches to leave out: the new one, and the one it supersedes.
    """
    found = total_bounds(records.geometry.to_numpy())
    # A field that was handed over on another datum lies up to some 200 m away.
    if found is None:
        return held
    west, south, east, north = found
    bounds = (west - _DATUM_DEGREES, south - _DATUM_DEGREES, east + _DATUM_DEGREES, north + _DATUM_DEGREES)
    others = [layer for layer in layers if layer.kind is kind and layer.batch_id not in but]
    plotted = _plotted(registry, others, bounds)
    names = [
        np.array([f"{layer.batch_id}/{number}" for number in numbers], dtype=object)
        for (numbers, _), layer in zip(plotted, others, strict=True)
    ]
    geometries = [each for _, each in plotted]
    return replace(
        held, records=np.concatenate([_NOTHING, *geometries]), record_names=np.concatenate([_NOTHING, *names])
    )


def _plotted(registry: Registry, layers: Sequence[Layer], box: Bounds) -> list[tuple[list[str], Geometries]]:
    """Numbers and geometries of the plotted records of each layer that touch a box."""

    def read(layer: Layer) -> tuple[list[str], Geometries]:
        frame = registry.read(layer, [id_field(layer.kind), "plot_status"], bounds=box)
        frame = frame[(frame["plot_status"] == PlotStatus.PLOTTED.value).fillna(False).to_numpy(dtype=bool)]
        return frame[id_field(layer.kind)].tolist(), frame.geometry.to_numpy()

    return on_threads(read, layers)
