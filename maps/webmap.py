"""Assemble the web map: one HTML file that holds everything it needs and asks nobody for anything."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import folium
import numpy as np
import shapely
from numpy.typing import NDArray

from maps import assets, notices, style
from maps.derived import add_derived
from maps.figures import headline_figures
from maps.frame import WORLD, Bounds, add_frame, handed_over_phrase, start_page
from maps.layers import LayerData, RegistryLayer, drawn_rows, layer_block
from maps.parties import party_looks
from maps.words import ENGLISH, Catalogue
from registry.errors import RegistryError
from registry.model import Kind, Layer
from registry.plaintext import MOST_CHARACTERS, visible
from registry.stats import Comparison
from registry.store import Registry

MOST_BYTES = 64_000_000
"""Of data in one page. Half a million records take about 44 MB, open in seconds and can be moved about in."""


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
    heading = visible(title or registry.path.stem, MOST_CHARACTERS)
    layers = _in_drawing_order(registry.layers())
    left_out = _left_out(layers, without)
    stored = [_layer_data(registry, layer, comparison) for layer in layers if layer not in left_out]
    settings = _settings(_bounds(stored), _record_notes(layers, left_out, words), words)
    web_map = start_page(
        settings,
        title=heading,
        scripts=assets.page_scripts(),
        style=assets.page_style(),
        words=words,
        tiles=tiles,
    )
    parties = party_looks(registry.handover(layer.batch_id) for layer in layers if layer.kind is Kind.MINEFIELDS)
    entries = _add_layers(web_map, stored, parties, words)
    derived = add_derived(web_map, stored, comparison, backdrop, words)
    _refuse_too_much(entries, derived.size)
    values = _frame_values(heading, stored, entries, comparison, words)
    present = {entry.kind for entry in entries}
    values["notes"] = [
        ("restricted", notices.restricted(present, words)),
        ("left-out", notices.left_out(_named(left_out, words), words, has_figures=comparison is not None)),
        ("unreviewed", notices.unreviewed(words)),
    ]
    add_frame(web_map, "page.html", {**values, "derived": derived, "parties": parties}, tiles=tiles)
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


def _settings(bounds: Bounds, record_notes: Sequence[str], words: Catalogue) -> dict[str, object]:
    """What page.js makes the map from."""
    return {
        "bounds": bounds,
        "looks": {name: asdict(look) for name, look in _looks(words).items()},
        "invalid_dash": style.INVALID_DASH,
        "no_record": words.say(style.NO_RECORD),
        "no_record_in_english": words.english_too(style.NO_RECORD),
        "record_notes": record_notes,
    }


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


def _named(layers: Iterable[Layer], words: Catalogue) -> list[str]:
    return [
        f"{visible(layer.title, MOST_CHARACTERS)} ({layer.batch_id}, {words.say(style.KIND_HEADINGS[layer.kind])})"
        for layer in layers
    ]


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
    return WORLD


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
    words: Catalogue,
) -> dict[str, object]:
    present = {entry.kind for entry in entries}
    classes = {name for entry in entries if entry.count for name in entry.classes}
    return {
        "_": words.say,
        "number": words.number,
        "title": title,
        "subtitle": _dates(stored, words),
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
