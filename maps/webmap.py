"""Assemble the web map: one HTML file that holds everything it needs and asks nobody for anything."""

import html
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import folium
import numpy as np
import shapely
import xyzservices
from branca.element import Element, Figure, MacroElement
from folium.template import Template
from numpy.typing import NDArray

from maps import assets, notices, style
from maps.derived import add_derived
from maps.figures import headline_figures
from maps.layers import LayerData, RegistryLayer, Verbatim, drawn_rows, layer_block
from maps.parties import party_looks
from maps.words import ENGLISH, Catalogue
from registry.errors import RegistryError
from registry.model import Kind, Layer, PartialDate
from registry.plaintext import MOST_CHARACTERS, visible
from registry.stats import Comparison
from registry.store import Registry

Bounds = tuple[tuple[float, float], tuple[float, float]]

MOST_BYTES = 64_000_000
"""Of data in one page. Half a million records take about 44 MB, open in seconds and can be moved about in."""

_PLACE_OF_MAP = "<!--map-->"
_WORLD: Bounds = ((-60.0, -170.0), (75.0, 170.0))


@dataclass(frozen=True)
class LayerEntry:
    """A line of the layer control; ``classes`` are those of its events."""

    element: str
    title: str
    batch_id: str
    kind: Kind
    count: int
    look: str
    party_look: str | None
    classes: frozenset[str]
    size: int


def build_web_map(
    registry: Registry,
    comparison: Comparison | None = None,
    *,
    title: str | None = None,
    tiles: str | None = None,
    without: Collection[str] = (),
    words: Catalogue = ENGLISH,
    backdrop: Path | None = None,
) -> folium.Map:
    """The interactive map of a registry's active layers.

    Parameters
    ----------
    registry
        An open registry. Superseded and withdrawn layers are left out.
    comparison
        Colours the events by class and fills the panel of figures; without it neither is shown.
    title
        Stands above the map and in the window's title; the name of the registry file if None.
    tiles
        Name of an online base map of the xyzservices package, such as ``"OpenStreetMap.Mapnik"``. The page then asks
        that provider for the tiles of every place looked at, so the provider learns which places those are. None
        keeps the page offline.
    without
        Batches that are not drawn. The page names them, and its figures still count them.
    words
        The language of the page, of `maps.words.catalogue`. What the data say stays in their own.
    backdrop
        A vector file, drawn as outlines beneath the evidence and named after the file.

    Returns
    -------
    web_map
        A Folium map. `save_web_map` writes it; a notebook shows it.

    Raises
    ------
    RegistryError
        If ``tiles`` names no base map, or one that asks for a key; if ``without`` names a batch without active
        layers; if the backdrop cannot be drawn; if the data of the page would be more than `MOST_BYTES`.
    """
    provider = None if tiles is None else _base_map(tiles)
    heading = visible(title or registry.path.stem, MOST_CHARACTERS)
    layers = _in_drawing_order(registry.layers())
    left_out = _left_out(layers, without)
    stored = [_layer_data(registry, layer, comparison) for layer in layers if layer not in left_out]
    web_map = _WebMap(_bounds(stored), _record_notes(layers, left_out, words), words)
    _Page(heading, provider, words).add_child(web_map, name="web_map")
    if provider is not None:
        base_map = folium.TileLayer(provider)
        base_map._id = "base"
        base_map.add_to(web_map)
    parties = party_looks(registry.handover(layer.batch_id) for layer in layers if layer.kind is Kind.MINEFIELDS)
    entries = _add_layers(web_map, stored, parties, words)
    derived = add_derived(web_map, stored, comparison, backdrop, words)
    _refuse_too_much(entries, derived.size)
    values = _frame_values(heading, stored, entries, comparison, provider, words=words)
    values |= {"derived": derived, "parties": parties}
    values["left_out"] = [
        f"{visible(layer.title, MOST_CHARACTERS)} ({layer.batch_id}, {words.say(style.KIND_HEADINGS[layer.kind])})"
        for layer in left_out
    ]
    _Frame(web_map, values).add_to(web_map)
    return web_map


def save_web_map(web_map: folium.Map, path: Path) -> None:
    """Write the map as one HTML file, UTF-8; the same map gives the same bytes.

    Raises
    ------
    RegistryError
        If the file cannot be written.
    """
    page = web_map.get_root().render()
    try:
        path.write_text(page, encoding="utf-8", newline="\n")
    except OSError as error:
        reason = error.strerror or error
        raise RegistryError(f"The web map cannot be written to {path}: {reason}. Name another file.") from error


class _WebMap(folium.Map):
    """Folium's map without its scripts and styles from elsewhere, made by the page's own script."""

    _template = Template(
        """
        {%- macro html(this, kwargs) %}
<div id="{{ this.get_name() }}" class="map" dir="ltr" role="application" aria-label="{{ this.label | e }}"></div>
        {%- endmacro %}
        {%- macro script(this, kwargs) %}
const {{ this.get_name() }} = registryMap.create("{{ this.get_name() }}", {{ this.settings | tojson }});
        {%- endmacro %}
        """
    )

    def __init__(self, bounds: Bounds, record_notes: Sequence[str], words: Catalogue) -> None:
        super().__init__(tiles=None)
        self.default_js, self.default_css = [], []
        self._id = "registry"
        self.label = words.say("Map")
        looks = {name: asdict(look) for name, look in _looks(words).items()}
        self.settings = {
            "bounds": bounds,
            "looks": looks,
            "invalid_dash": style.INVALID_DASH,
            "no_record": words.say(style.NO_RECORD),
            "no_record_in_english": words.english_too(style.NO_RECORD),
            "record_notes": record_notes,
        }


class _Frame(MacroElement):
    """Title bar, banner, panel, legend and notice around the map, and the call that makes them work."""

    _template = Template(
        """
        {%- macro script(this, kwargs) %}
registryMap.start({{ this.web_map.get_name() }});
        {%- endmacro %}
        """
    )

    def __init__(self, web_map: folium.Map, values: dict[str, object], template: str | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Frame"
        self.web_map = web_map
        environment = assets.environment()
        self.markup = environment.from_string(template or assets.page_template()).render(values)

    def render(self, **kwargs: object) -> Any:
        """Put the frame around the map."""
        page: Any = self.get_root()
        # By keyboard and when read out, what stands above the map comes before it. No text from a file holds a tag.
        above, below = self.markup.split(_PLACE_OF_MAP)
        page.html.add_child(Verbatim(above), name="above", index=0)
        page.html.add_child(Verbatim(below), name="frame")
        return super().render(**kwargs)  # type: ignore[no-untyped-call]


class _Page(Figure):
    """The document: its policy names the exact scripts and styles it holds, so that no other can run."""

    _template = Template(
        """<!DOCTYPE html>
<html lang="{{ this.words.language }}" dir="{{ this.words.direction }}"
{%- if this.words.is_unreviewed %} data-unreviewed{% endif %}{% if this.image_hosts %} data-base-map{% endif %}>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{{ policy }}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="strict-origin">
<title>{{ this.title }}</title>
{%- for text in styles %}
<style>{{ text }}</style>
{%- endfor %}
</head>
<body>
{{ this.html.render(**kwargs) }}
<script type="application/json" id="words">{{ this.words.for_scripts() }}</script>
{%- for text in scripts %}
<script>{{ text }}</script>
{%- endfor %}
</body>
</html>
"""
    )

    def __init__(
        self, title: str, provider: xyzservices.TileProvider | None, words: Catalogue, *, public: bool = False
    ) -> None:
        super().__init__(title=html.escape(title))
        self.words, self.public = words, public
        self.image_hosts = [] if provider is None else [_origin(provider)]

    def render(self, **kwargs: object) -> str:
        """The whole page."""
        # Folium appends to these, so that a second rendering would hold some statements twice.
        self.html, self.script = Element(), Element()
        for child in self._children.values():
            child.render(**kwargs)
        styles = [assets.leaflet_style(), assets.public_style() if self.public else assets.page_style()]
        ours = assets.public_scripts() if self.public else assets.page_scripts()
        scripts = [assets.leaflet_script(), *ours, self.script.render(**kwargs)]
        policy = assets.content_security_policy(scripts, styles, self.image_hosts)
        page: str = self._template.render(this=self, kwargs=kwargs, styles=styles, scripts=scripts, policy=policy)
        return page


def _base_map(name: str) -> xyzservices.TileProvider:
    providers = xyzservices.providers.flatten()
    if name not in providers:
        near = get_close_matches(name, providers, n=3, cutoff=0.4) or ["OpenStreetMap.Mapnik"]
        raise RegistryError(f"There is no base map named {name!r}; name one that xyzservices knows: {', '.join(near)}.")
    if providers[name].requires_token():
        raise RegistryError(f"The base map {name!r} asks for a key; name one that does not: OpenStreetMap.Mapnik.")
    return providers[name]


def _origin(provider: xyzservices.TileProvider) -> str:
    """What a policy must admit to show these tiles: scheme and host, any subdomain where the provider has several."""
    url = urlsplit(provider["url"])
    return f"{url.scheme}://{re.sub(r'^[^.]*[{][^.]*[.]', '*.', url.netloc)}"


def _in_drawing_order(layers: Iterable[Layer]) -> list[Layer]:
    return sorted(layers, key=lambda layer: style.DRAWING_ORDER.index(layer.kind))


def _left_out(layers: Sequence[Layer], without: Collection[str]) -> list[Layer]:
    held = sorted({layer.batch_id for layer in layers})
    for batch_id in without:
        if batch_id not in held:
            raise RegistryError(
                f"No batch {batch_id!r} is drawn that could be left out; name one of: {', '.join(held) or 'none'}."
            )
    return [layer for layer in layers if layer.batch_id in without]


def _record_notes(layers: Iterable[Layer], left_out: Collection[Layer], words: Catalogue) -> list[str]:
    """What must be said wherever the page says whether a record covers a place."""
    records = [layer for layer in layers if layer.kind is Kind.MINEFIELDS]
    unplottable = sum(layer.counts.unplottable for layer in records)
    notes = []
    if unplottable:
        count = words.number(unplottable)
        notes.append(words.say("Records that could not be plotted and may lie anywhere: {count}.", count=count))
    if any(layer in left_out for layer in records):
        notes.append(words.say("Batches of records were left out of this map and are not looked at."))
    return notes


def _refuse_too_much(entries: Sequence[LayerEntry], beside: int) -> None:
    """Stop before a page that a browser would hang on."""
    total = beside + sum(entry.size for entry in entries)
    if total <= MOST_BYTES:
        return
    largest = sorted(entries, key=lambda entry: -entry.size)[:3]
    named = "; ".join(f"{each.batch_id}, {each.kind} ({each.size / 1e6:.0f} MB)" for each in largest)
    raise RegistryError(
        f"The web map would hold {total / 1e6:.0f} MB of data; browsers hang with more than {MOST_BYTES / 1e6:.0f}. "
        f"Leave out batches with --without and make a map of their own for them; the largest are: {named}."
    )


def _layer_data(registry: Registry, layer: Layer, comparison: Comparison | None) -> LayerData:
    classified = None
    if comparison is not None and layer.kind is Kind.ACCIDENTS:
        classified = comparison.classified[comparison.classified["batch_id"] == layer.batch_id]
    return LayerData(
        layer, registry.read(layer), registry.handover(layer.batch_id), registry.documents(layer), classified
    )


def _bounds(stored: Iterable[LayerData]) -> Bounds:
    """South-west and north-east of all that is drawn, in degrees; of the districts only where there is nothing else."""
    everything = list(stored)
    evidence = [data for data in everything if data.layer.kind is not Kind.DISTRICTS]
    for group in (evidence, everything):
        shapes: list[NDArray[np.object_]] = [data.frame.geometry.to_numpy() for data in group]
        if any(drawn_rows(data.frame).any() for data in group):
            west, south, east, north = shapely.total_bounds(np.concatenate(shapes)).tolist()
            return (south, west), (north, east)
    return _WORLD


def _add_layers(
    web_map: folium.Map, stored: Sequence[LayerData], parties: Mapping[str | None, str], words: Catalogue
) -> list[LayerEntry]:
    entries: list[LayerEntry] = []
    for number, data in enumerate(stored):
        kind = data.layer.kind
        look = style.NOT_COMPARED if kind is Kind.ACCIDENTS else kind.value
        party_look = parties[data.handover.giving_party or None] if kind is Kind.MINEFIELDS else None
        if kind is Kind.MINEFIELDS:
            batches = sum(entry.kind is kind for entry in entries)
            look = f"minefields-{batches % len(style.MINEFIELD_LOOKS)}"
        block = layer_block(data, look, words, party_look=party_look)
        drawn = RegistryLayer(number, block)
        drawn.add_to(web_map)
        name, batch_id = drawn.get_name(), data.layer.batch_id
        title = visible(data.layer.title, MOST_CHARACTERS)
        entries.append(LayerEntry(name, title, batch_id, kind, block.count, look, party_look, block.looks, block.size))
    return entries


def _frame_values(
    title: str,
    stored: Sequence[LayerData],
    entries: Sequence[LayerEntry],
    comparison: Comparison | None,
    provider: xyzservices.TileProvider | None,
    *,
    words: Catalogue,
) -> dict[str, object]:
    present = {entry.kind for entry in entries}
    classes = {name for entry in entries if entry.count for name in entry.classes}
    return {
        "_": words.say,
        "number": words.number,
        "title": title,
        "subtitle": _dates(stored, words),
        "restricted": notices.restricted(present, words),
        "unreviewed": notices.unreviewed(words),
        "notice": notices.notice(words),
        "figures": None if comparison is None else headline_figures(comparison, words),
        "near_m": None if comparison is None else comparison.parameters["near_m"],
        "groups": [
            (words.say(style.KIND_HEADINGS[kind]), [entry for entry in entries if entry.kind is kind])
            for kind in Kind
            if kind in present
        ],
        "event_classes": [name for name in style.EVENT_LOOKS if name in classes],
        "crowds": any(entry.count for entry in entries if entry.kind in {Kind.ACCIDENTS, Kind.DEVICES}),
        "area_kinds": [kind for kind in style.KIND_LOOKS if kind in present],
        "has_dates": any(map(_has_dates, stored)),
        "has_records": Kind.MINEFIELDS in present,
        "has_invalid": any(data.layer.counts.invalid for data in stored),
        "looks": _looks(words),
        "invalid_label": words.say(style.INVALID_LABEL),
        "base_map": None if provider is None else (provider.name, urlsplit(_origin(provider)).netloc),
    }


def _has_dates(data: LayerData) -> bool:
    known = "occurred_on" in data.frame and data.frame["occurred_on"].notna() & drawn_rows(data.frame)
    return data.handover.handed_over_on is not None or bool(np.any(known))


def _looks(words: Catalogue) -> dict[str, style.Look]:
    return {name: replace(look, label=words.say(look.label)) for name, look in assets.looks().items()}


def _dates(stored: Sequence[LayerData], words: Catalogue) -> list[str]:
    """The dates of the data, in phrases."""
    if not stored:
        return [words.say("The registry holds no active layer yet.")]
    dates = {data.layer.batch_id: data.handover.handed_over_on for data in stored}
    imported = max(data.layer.provenance.imported_at for data in stored)
    return [
        words.say("Batches: {count}", count=words.number(len(dates))),
        handed_over_phrase(dates.values(), words),
        words.say("Last import: {date}", date=f"{imported:%Y-%m-%d}"),
    ]


def handed_over_phrase(dates: Collection[PartialDate | None], words: Catalogue) -> str:
    """The first and last date on which batches were handed over, None where none is stated."""
    stated = sorted(day for day in dates if day is not None)
    ends = list(dict.fromkeys(map(str, stated[:1] + stated[-1:])))
    if len(ends) == 2:
        handed_over = words.say("Handed over: {first} to {last}", first=ends[0], last=ends[1])
    else:
        handed_over = words.say("Handed over: {date}", date=ends[0] if ends else words.say("on no stated date"))
    where_stated = words.say("where stated")
    return f"{handed_over} ({where_stated})" if 0 < len(stated) < len(dates) else handed_over
