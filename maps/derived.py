"""What the page has beside the stored layers: clusters, shares by district, the distance curve, a backdrop."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import folium
from branca.element import MacroElement

from maps.backdrop import read_backdrop
from maps.charts import distance_curve, pack_curve
from maps.choropleth import district_shares, look_of, pack_shares
from maps.clusters import clusters_block
from maps.layers import LayerBlock, LayerData, RegistryLayer, drawn_rows, pack_element
from maps.style import SHARE_LOOKS
from maps.words import ENGLISH, Catalogue
from registry.model import Kind
from registry.stats import Comparison


@dataclass(frozen=True)
class DerivedLayer:
    """A line of the layer control: what it switches, and what is said of it."""

    elements: tuple[str, ...]
    title: str
    count: int
    note: str = ""


@dataclass
class Derived:
    """What was added; ``shares`` are the looks of the districts when they are shaded, none where they cannot be."""

    clusters: DerivedLayer | None = None
    backdrop: DerivedLayer | None = None
    shares: Sequence[str] = ()
    curve: bool = False
    size: int = field(default=0)


class DataPack(MacroElement):
    """A pack of `maps.encode` that the page's scripts ask for by its name."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name, self._id = "DataPack", name
        self.text = text

    def render(self, **kwargs: object) -> Any:
        """Put the pack into the page."""
        page: Any = self.get_root()
        page.html.add_child(pack_element(self._id, self.text), name=self._id)
        return super().render(**kwargs)  # type: ignore[no-untyped-call]


def add_derived(
    web_map: folium.Map,
    stored: Sequence[LayerData],
    comparison: Comparison | None,
    backdrop: Path | None,
    words: Catalogue = ENGLISH,
) -> Derived:
    """Add to a map whose stored layers are added, numbered in this order, what is made of them or drawn beneath them.

    Raises
    ------
    SourceError
        If the backdrop cannot be drawn.
    """
    derived = Derived()
    numbers = iter(range(len(stored), len(stored) + 10))
    if backdrop is not None:
        drawn = read_backdrop(backdrop)
        elements = _add_layers(web_map, drawn.blocks, numbers, derived)
        lost = words.say("Features of it that could not be read and are not drawn: {count}.", count=drawn.not_drawn)
        derived.backdrop = DerivedLayer(elements, drawn.name, drawn.count, lost if drawn.not_drawn else "")
    if comparison is None:
        return derived
    found = comparison.clusters
    block = None if found is None else clusters_block(found, words)
    if found is not None and block is not None:
        elements = _add_layers(web_map, [block], numbers, derived)
        derived.clusters = DerivedLayer(elements, words.say("Unmapped clusters"), block.count, words.say(found.notice))
    curve = distance_curve(comparison)
    if curve is not None:
        derived.curve = True
        _add_pack(web_map, "registry_curve", pack_curve(curve), derived)
    for number, data in enumerate(stored):
        if data.layer.kind is Kind.DISTRICTS and data.layer.batch_id == comparison.parameters["districts"]:
            shares = district_shares(comparison, data.frame[drawn_rows(data.frame)])
            looks = set(map(look_of, shares.rows))
            derived.shares = [name for name in SHARE_LOOKS if name in looks or name[-1].isdigit()]
            _add_pack(web_map, "registry_shares", pack_shares(f"registry_layer_{number}", shares, words), derived)
    return derived


def _add_layers(
    web_map: folium.Map, blocks: Sequence[LayerBlock], numbers: Iterator[int], derived: Derived
) -> tuple[str, ...]:
    layers = [RegistryLayer(number, block) for block, number in zip(blocks, numbers, strict=False)]
    for layer in layers:
        layer.add_to(web_map)
        derived.size += layer.block.size
    return tuple(str(layer.get_name()) for layer in layers)


def _add_pack(web_map: folium.Map, name: str, text: str, derived: Derived) -> None:
    DataPack(name, text).add_to(web_map)
    derived.size += len(text)
