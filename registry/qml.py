"""Looks as QGIS writes styles (QML): colours, dashes and marks of a vector layer.

Nothing in a style comes from a file that was handed over: it holds our colours, our labels and names of our columns.
Properties are written twice, as QGIS itself does: ``Option`` is read since 3.18, ``prop`` was read before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from xml.etree import ElementTree as ET

from registry.codes import PlotStatus
from registry.looks import CLUSTER_LOOK, EVENT_LOOKS, INVALID_DASH, INVALID_LABEL, INVALID_OPACITY, NOT_COMPARED, Look
from registry.model import GeometryKind

WRITTEN_AS_BY = "3.22.0"
"""The version of QGIS whose form this is; QGIS brings older forms up to date when it reads them."""

_DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
_POINTS_PER_PIXEL = 0.75
_MARK_PIXELS = 9.0
_MARK_OUTLINE_PIXELS = 0.9
_HOLLOW_OUTLINE_PIXELS = 1.8

# The mark of each shape, and its size as the web map has it, a circle being 1.
_MARKS: Mapping[str, tuple[str, float]] = {
    "circle": ("circle", 1.0),
    "diamond": ("diamond", 1.25),
    "triangle": ("triangle", 1.2),
    "square": ("square", 0.9),
    "cross": ("cross2", 1.0),
}

_ANYTHING_ELSE = ""
_WHITE = "#ffffff"
_Properties = Mapping[str, str]


@cache
def layer_style(geometry: GeometryKind, look: Look) -> str:
    """The style of a layer of the registry; areas with an invalid ring are dashed."""
    if geometry is not GeometryKind.MULTIPOLYGON:
        return _style(geometry, _single(look.label, _marker(look)))
    invalid = _fill(replace(look, dash=INVALID_DASH, fill_opacity=INVALID_OPACITY))
    categories = [(PlotStatus.INVALID.value, INVALID_LABEL, invalid), (_ANYTHING_ELSE, look.label, _fill(look))]
    return _style(geometry, _categorised("plot_status", categories))


def classified_events_style() -> str:
    """The style of events with their class, in the column ``event_class``."""
    classes = [(name, look.label, _marker(look)) for name, look in EVENT_LOOKS.items() if name != NOT_COMPARED]
    rest = EVENT_LOOKS[NOT_COMPARED]
    return _style(
        GeometryKind.POINT, _categorised("event_class", [*classes, (_ANYTHING_ELSE, rest.label, _marker(rest))])
    )


def clusters_style() -> str:
    """The style of unmapped clusters."""
    return _style(GeometryKind.MULTIPOLYGON, _single(CLUSTER_LOOK.label, _fill(CLUSTER_LOOK)))


def _style(geometry: GeometryKind, renderer: ET.Element) -> str:
    root = ET.Element("qgis", version=WRITTEN_AS_BY, styleCategories="Symbology")
    root.append(renderer)
    ET.SubElement(root, "layerGeometryType").text = "2" if geometry is GeometryKind.MULTIPOLYGON else "0"
    ET.indent(root, " ")
    return _DOCTYPE + ET.tostring(root, encoding="unicode") + "\n"


def _single(label: str, symbol: ET.Element) -> ET.Element:
    """One symbol for all, as a rule without a filter: of QGIS's renderers for that, the one that has a label."""
    renderer = ET.Element("renderer-v2", type="RuleRenderer", symbollevels="0", enableorderby="0", forceraster="0")
    rules = ET.SubElement(renderer, "rules", key="{all}")
    ET.SubElement(rules, "rule", key="{rule}", symbol="0", label=label)
    symbol.set("name", "0")
    ET.SubElement(renderer, "symbols").append(symbol)
    return renderer


def _categorised(column: str, categories: Sequence[tuple[str, str, ET.Element]]) -> ET.Element:
    """Symbols by the value of a column: value, label and symbol of each; the last is for all other values."""
    renderer = ET.Element(
        "renderer-v2", type="categorizedSymbol", attr=column, symbollevels="0", enableorderby="0", forceraster="0"
    )
    listed, symbols = ET.SubElement(renderer, "categories"), ET.SubElement(renderer, "symbols")
    for number, (value, label, symbol) in enumerate(categories):
        symbol.set("name", str(number))
        symbols.append(symbol)
        ET.SubElement(
            listed, "category", value=value, type="string", label=label, symbol=str(number), render="true"
        )  # fmt: skip
    return renderer


def _fill(look: Look) -> ET.Element:
    """Areas: the filling and, because QGIS has no free dashes for outlines of fillings, a line on top."""
    filling = {"color": _colour(look.light, look.fill_opacity), "outline_style": "no"}
    filling["style"] = "solid" if look.fill_opacity else "no"
    line = {
        "line_color": _colour(look.light),
        "line_style": "solid",
        "line_width": _points(look.weight),
        "line_width_unit": "Point",
        "capstyle": "round" if not look.dash else "flat",
        "joinstyle": "round",
        "use_custom_dash": "1" if look.dash else "0",
        "customdash": ";".join(_points(float(length)) for length in look.dash.split()) or "5;2",
        "customdash_unit": "Point",
    }
    return _symbol("fill", [("SimpleFill", filling), ("SimpleLine", line)])


def _marker(look: Look) -> ET.Element:
    mark, size = _MARKS[look.shape]
    filled = not look.hollow and look.shape != "cross"
    outline_pixels = _MARK_OUTLINE_PIXELS if filled else _HOLLOW_OUTLINE_PIXELS
    properties = {
        "name": mark,
        "color": _colour(look.light, 1.0 if filled else 0.0),
        "outline_color": _colour(_WHITE if filled else look.light),
        "outline_style": "solid",
        "outline_width": _points(outline_pixels),
        "outline_width_unit": "Point",
        "size": _points(_MARK_PIXELS * size),
        "size_unit": "Point",
    }
    return _symbol("marker", [("SimpleMarker", properties)])


def _symbol(kind: str, layers: Sequence[tuple[str, _Properties]]) -> ET.Element:
    symbol = ET.Element("symbol", type=kind, alpha="1", clip_to_extent="1", force_rhr="0")
    for name, properties in layers:
        layer = ET.SubElement(symbol, "layer", {"class": name}, enabled="1", locked="0", **{"pass": "0"})
        options = ET.SubElement(layer, "Option", type="Map")
        for key, value in properties.items():
            ET.SubElement(options, "Option", type="QString", name=key, value=value)
        for key, value in properties.items():
            ET.SubElement(layer, "prop", k=key, v=value)
    return symbol


def _colour(css: str, opacity: float = 1.0) -> str:
    """A colour as QGIS writes it: red, green, blue and opacity, each from 0 to 255."""
    parts = [int(css[at : at + 2], 16) for at in (1, 3, 5)]
    return ",".join(map(str, [*parts, round(255 * opacity)]))


def _points(pixels: float) -> str:
    """CSS pixels in printer's points, which keep their size on a screen and on paper."""
    return f"{_POINTS_PER_PIXEL * pixels:g}"
