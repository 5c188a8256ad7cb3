"""What the registry already holds, as far as an import is tested against it."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import geopandas as gpd
import numpy as np

from registry import duplicates
from registry.checks import Held
from registry.codes import PlotStatus
from registry.evidence import Bounds, Fields, FieldsIn
from registry.geometry import total_bounds
from registry.model import Kind, Layer
from registry.schema import id_field
from registry.store import NewLayer, Registry

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
        keys, batches, geometries = [_NOTHING], [_NOTHING], [_NOTHING]
        for layer in others:
            frame = registry.read(layer, [id_field(kind), "plot_status"], bounds=box)
            frame = frame[frame["plot_status"] == PlotStatus.PLOTTED.value]
            keys.append(duplicates.number_keys(frame[id_field(kind)]))
            batches.append(np.full(len(frame), layer.batch_id, dtype=object))
            geometries.append(frame.geometry.to_numpy())
        return Fields(np.concatenate(keys), np.concatenate(batches), np.concatenate(geometries))

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
    geometries, names = [_NOTHING], [_NOTHING]
    for layer in layers:
        if layer.kind is not kind or layer.batch_id in but:
            continue
        frame = registry.read(layer, [id_field(kind), "plot_status"], bounds=bounds)
        frame = frame[frame["plot_status"] == PlotStatus.PLOTTED.value]
        geometries.append(frame.geometry.to_numpy())
        names.append((layer.batch_id + "/" + frame[id_field(kind)]).to_numpy(object))
    return replace(held, records=np.concatenate(geometries), record_names=np.concatenate(names))
