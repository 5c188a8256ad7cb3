"""One stored layer of the registry becomes one Folium layer.

What came from a file travels as data, in packs of `maps.encode`, from which the page draws and builds its popups and
tooltips as text. It is never put into markup or script.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import shapely
from branca.element import Element
from folium.map import Layer as FoliumLayer
from folium.template import Template
from geopandas import GeoDataFrame
from numpy.typing import NDArray

from maps.attributes import attribute_columns, text_column
from maps.encode import encode_days, encode_geometry, pack, pack_table
from maps.style import EVENT_LOOKS, INVALID_NOTE, KIND_NAMES, NOT_COMPARED
from maps.words import ENGLISH, Catalogue
from registry.codes import PlotStatus
from registry.model import Handover, Kind, Layer, SourceDocument
from registry.plaintext import MOST_CHARACTERS, visible
from registry.schema import id_field

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class LayerData:
    """A stored layer with what the registry knows about it.

    ``classified`` holds the compared events of this layer (columns of `Comparison.classified`), None where it was not
    compared. ``frame`` is in EPSG:4326.
    """

    layer: Layer
    frame: GeoDataFrame
    handover: Handover
    documents: Sequence[SourceDocument]
    classified: pd.DataFrame | None = None


class Verbatim(Element):
    """Text that goes into the page as it is. Any other element of Folium runs its text as a Jinja template first."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def render(self, **_: object) -> str:
        """The text."""
        return self.text


@dataclass(frozen=True)
class LayerBlock:
    """What the page holds of one layer: two packs of `maps.encode`, and what the legend says about it.

    ``shapes`` is what is drawn, unpacked when the page opens; ``table`` what popups list. ``looks`` are those in use.
    """

    count: int
    looks: frozenset[str]
    shapes: str
    table: str

    @property
    def size(self) -> int:
        """Bytes it takes in the page."""
        return len(self.shapes) + len(self.table)


class RegistryLayer(FoliumLayer):
    """A Folium layer that carries two packs of data and is drawn by the page's own script."""

    _template = Template(
        """
        {%- macro script(this, kwargs) %}
const {{ this.get_name() }} = registryMap.layer("{{ this.get_name() }}");
        {%- endmacro %}
        """
    )

    def __init__(self, number: int, block: LayerBlock) -> None:
        # Which layers are drawn is decided in the page, not by Leaflet.
        super().__init__(name=f"layer {number}", overlay=True, show=False)
        self._name = "RegistryLayer"
        self._id = str(number)
        self.block = block

    def render(self, **kwargs: object) -> Any:
        """Put the packs and the call that draws them into the page."""
        page: Any = self.get_root()
        for part, text in (("shapes", self.block.shapes), ("table", self.block.table)):
            name = f"{self.get_name()}_{part}"
            page.html.add_child(pack_element(name, text), name=name)
        return super().render(**kwargs)  # type: ignore[no-untyped-call]


def pack_element(name: str, text: str) -> Verbatim:
    """A pack as an element of the page, under a name of our own."""
    return Verbatim(f'<script type="application/octet-stream" id="{name}">{text}</script>\n')


def layer_block(data: LayerData, look: str, words: Catalogue = ENGLISH, *, party_look: str | None = None) -> LayerBlock:
    """The data of one layer as the page reads it.

    Parameters
    ----------
    data
        The layer; rows without geometry are not drawn and left out of the block.
    look
        Name of the look of areas and devices; events take theirs from their class.
    words
        The language of what popups say about it.
    party_look
        Name of the look of records that are coloured by giving party.
    """
    drawn = drawn_rows(data.frame)
    rows = data.frame[drawn]
    classes = None if data.classified is None else event_classes(data.frame, data.classified)[drawn]
    if classes is None:
        looks, look_codes = [look], np.zeros(len(rows), dtype=np.uint8)
    else:
        codes, names = pd.factorize(classes["event_class"], sort=True)
        looks, look_codes = names.tolist(), codes.astype(np.uint8)
    geometry, sections = encode_geometry(rows.geometry.to_numpy())
    header = {
        **geometry,
        "kind": data.layer.kind.value,
        "name": words.say(KIND_NAMES[data.layer.kind]),
        "batch": _batch_lines(data.handover, words),
        "given": None if (given := data.handover.handed_over_on) is None else (given.first - _EPOCH).days,
        "looks": looks,
        "invalid_note": words.say(INVALID_NOTE),
        "party_look": party_look,
        "party": data.handover.giving_party and visible(data.handover.giving_party, MOST_CHARACTERS),
    }
    invalid = (rows["plot_status"] == PlotStatus.INVALID).to_numpy(dtype=np.uint8)
    days = encode_days(rows["occurred_on"]) if "occurred_on" in rows else b""
    # What names a row is a column of its own, before those that popups list.
    name = rows[id_field(data.layer.kind)]
    if data.layer.kind is Kind.DISTRICTS:
        name = rows["name"].fillna(name)
    listed = attribute_columns(data.layer.kind, rows, data.documents, classes, words)
    columns = [text_column("name", "", name), *listed]
    return LayerBlock(
        len(rows),
        frozenset(looks if len(rows) else ()),
        pack(header, [look_codes.tobytes(), invalid.tobytes(), days, *sections]),
        pack_table(columns),
    )


def drawn_rows(frame: GeoDataFrame) -> NDArray[np.bool_]:
    """Which rows have a geometry to draw."""
    geometries = frame.geometry.to_numpy()
    return np.asarray(~(shapely.is_missing(geometries) | shapely.is_empty(geometries)), dtype=bool)


def event_classes(frame: GeoDataFrame, classified: pd.DataFrame) -> pd.DataFrame:
    """The compared class, records and distance of every row of an accidents layer, in the layer's order.

    Rows find each other by ``accident_id``; an id held twice is taken in order.
    """
    stored, compared = _with_turn(frame[["accident_id"]]), _with_turn(classified)
    classes = stored.merge(compared, on=["accident_id", "turn"], how="left", validate="one_to_one")
    classes["event_class"] = classes["event_class"].where(classes["event_class"].isin(list(EVENT_LOOKS)), NOT_COMPARED)
    return classes


def _with_turn(rows: pd.DataFrame) -> pd.DataFrame:
    columns = [name for name in ("event_class", "records", "distance_m", "removed_by", "cluster") if name in rows]
    ids = rows["accident_id"].astype("string")
    turn = ids.groupby(ids, dropna=False).cumcount()
    return pd.DataFrame({"accident_id": ids, "turn": turn, **{name: rows[name] for name in columns}})


def _batch_lines(handover: Handover, words: Catalogue) -> list[list[str]]:
    """Label and text of what was stated about the batch."""
    lines = [[words.say("Batch"), f"{_shown(handover.title)} ({handover.batch_id})"]]
    parties = (handover.giving_party, handover.receiving_party)
    if any(parties):
        giving, receiving = (_shown(party) if party else words.say("not stated") for party in parties)
        lines += [[words.say("Given by"), giving], [words.say("Given to"), receiving]]
    if handover.handed_over_on is not None:
        lines.append([words.say("Handed over on"), str(handover.handed_over_on)])
    return lines if len(lines) > 1 else [*lines, [words.say("Handover"), words.say("not stated")]]


def _shown(text: str) -> str:
    return visible(text, MOST_CHARACTERS)
