"""Styles as QGIS reads them. Their form was tried in QGIS 3.22: loaded as defaults, drawn, labels in the legend."""

from xml.etree import ElementTree as ET

import pytest

from registry.compare.containment import EventClass
from registry.looks import EVENT_LOOKS, INVALID_DASH, INVALID_LABEL, KIND_LOOKS, MINEFIELD_LOOKS, NOT_COMPARED, Look
from registry.model import GEOMETRY_OF_KIND, GeometryKind, Kind
from registry.qml import classified_events_style, clusters_style, layer_style

AREA = GeometryKind.MULTIPOLYGON


def renderer(style):
    root = ET.fromstring(style)
    assert (root.tag, root.get("styleCategories")) == ("qgis", "Symbology")
    return root.find("renderer-v2")


def properties(symbol, symbol_layer):
    """What QGIS reads of a symbol's layer; both forms say the same."""
    (layer,) = [each for each in symbol.findall("layer") if each.get("class") == symbol_layer]
    new = {each.get("name"): each.get("value") for each in layer.findall("Option/Option")}
    assert {each.get("k"): each.get("v") for each in layer.findall("prop")} == new
    return new


def symbol_of(drawn, value):
    """The symbol of a category, found as QGIS finds it: by name."""
    (category,) = [each for each in drawn.findall("categories/category") if each.get("value") == value]
    (symbol,) = [each for each in drawn.findall("symbols/symbol") if each.get("name") == category.get("symbol")]
    return category, symbol


def test_records_have_the_colour_of_their_batch_and_invalid_ones_are_dashed():
    drawn = renderer(layer_style(AREA, MINEFIELD_LOOKS[0]))
    assert (drawn.get("type"), drawn.get("attr")) == ("categorizedSymbol", "plot_status")
    rest, symbol = symbol_of(drawn, "")
    assert rest.get("label") == "Recorded minefield"
    assert properties(symbol, "SimpleFill")["color"] == "136,34,85,76"  # #882255, three tenths of 255
    assert properties(symbol, "SimpleLine")["line_color"] == "136,34,85,255"
    assert properties(symbol, "SimpleLine")["use_custom_dash"] == "0"
    broken, symbol = symbol_of(drawn, "INVALID")
    assert broken.get("label") == INVALID_LABEL
    line = properties(symbol, "SimpleLine")
    assert INVALID_DASH == "4 4"
    assert (line["use_custom_dash"], line["customdash"], line["customdash_unit"]) == ("1", "3;3", "Point")


def test_whatever_the_status_a_record_is_drawn():
    """A row whose status is empty or unknown falls to the last category, which QGIS takes for all other values."""
    values = [each.get("value") for each in renderer(layer_style(AREA, MINEFIELD_LOOKS[0])).iter("category")]
    assert values == ["INVALID", ""]


@pytest.mark.parametrize("kind", [kind for kind in KIND_LOOKS if GEOMETRY_OF_KIND[kind] is AREA])
def test_areas_of_other_kinds_have_their_line(kind):
    look = KIND_LOOKS[kind]
    line = properties(symbol_of(renderer(layer_style(AREA, look)), "")[1], "SimpleLine")
    assert line["use_custom_dash"] == ("1" if look.dash else "0")
    if look.dash:
        assert [float(length) / 0.75 for length in line["customdash"].split(";")] == list(map(float, look.dash.split()))
    assert float(line["line_width"]) == pytest.approx(look.weight * 0.75)


def test_scope_has_no_filling():
    symbol = symbol_of(renderer(layer_style(AREA, KIND_LOOKS[Kind.SCOPE])), "")[1]
    assert properties(symbol, "SimpleFill")["style"] == "no"


def test_devices_are_crosses_with_a_label():
    drawn = renderer(layer_style(GeometryKind.MULTIPOINT, KIND_LOOKS[Kind.DEVICES]))
    (rule,) = drawn.findall("rules/rule")
    assert rule.get("label") == "Device found"
    assert rule.get("filter") is None
    marker = properties(drawn.find("symbols/symbol"), "SimpleMarker")
    assert (marker["name"], marker["outline_color"]) == ("cross2", "34,34,34,255")


def test_events_have_shape_and_colour_of_their_class():
    drawn = renderer(classified_events_style())
    assert drawn.get("attr") == "event_class"
    values = [each.get("value") for each in drawn.iter("category")]
    marks = {value: properties(symbol_of(drawn, value)[1], "SimpleMarker") for value in values}
    assert {name: mark["name"] for name, mark in marks.items()} == {
        "inside": "circle", "near": "diamond", "outside": "triangle", "out-of-scope": "square", "": "circle",
    }  # fmt: skip
    assert marks["outside"]["color"] == "209,65,12,255"
    assert marks["out-of-scope"]["color"].endswith(",0")
    # Every class that a comparison gives is drawn, by a look of its own or as not compared.
    assert {each.value for each in EventClass} - set(marks) == {EventClass.UNLOCATED.value}
    assert list(marks) == [name for name in EVENT_LOOKS if name != NOT_COMPARED] + [""]


def test_clusters_say_that_they_are_no_hazard_areas():
    (rule,) = renderer(clusters_style()).findall("rules/rule")
    assert "not a hazard area" in rule.get("label")


def test_geometry_of_the_layer_is_named():
    assert ET.fromstring(layer_style(AREA, MINEFIELD_LOOKS[0])).findtext("layerGeometryType") == "2"
    assert ET.fromstring(classified_events_style()).findtext("layerGeometryType") == "0"


def test_a_label_of_markup_stays_text():
    label = "<b>&\"']]></rule><!-- {{7*7}} %s"
    look = Look("#000000", "#ffffff", label)
    (rule,) = renderer(layer_style(GeometryKind.POINT, look)).iter("rule")
    assert rule.get("label") == label


def test_the_same_look_gives_the_same_text():
    assert layer_style(AREA, MINEFIELD_LOOKS[1]) == layer_style(AREA, MINEFIELD_LOOKS[1])
    assert classified_events_style() == classified_events_style()
