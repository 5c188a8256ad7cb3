"""A layer's provenance in words and as PROV."""

import json
from dataclasses import replace

import pytest
from batches import new_layer

from registry import provenance
from registry.model import Handover, Kind, Layer, PartialDate, Transformation

NEW = new_layer()
LAYER = Layer("first", Kind.MINEFIELDS, "First", "minefields_first", NEW.counts, "c" * 64, NEW.provenance)
FULL = Handover(
    "first",
    "First",
    "Party A",
    "Party B",
    handed_over_on=PartialDate.from_iso("2021-06"),
    licence="ask",
    sensitivity="R",
)


@pytest.fixture
def graph():
    document = json.loads(provenance.prov_json(LAYER, FULL, NEW.documents))
    assert document["@context"]["prov"] == "http://www.w3.org/ns/prov#"
    return {node["@id"]: node for node in document["@graph"]}


def test_tags():
    tags = provenance.tags(LAYER, FULL, NEW.documents)
    assert tags["TITLE"] == "First"
    assert (tags["GIVEN_BY"], tags["GIVEN_TO"], tags["HANDED_OVER_ON"]) == ("Party A", "Party B", "2021-06")
    assert (tags["RECEIVED"], tags["PLOTTED"], tags["UNPLOTTABLE"]) == ("2", "1", "1")
    assert tags["TRANSFORMED"] == "EPSG:4284: Pulkovo 1942 to WGS 84 (20), accuracy 2 m"
    assert tags["SOURCES"] == f"fields.geojson sha256 {NEW.documents[0].sha256}"
    assert "not known to be free of mines" in tags["NOTICE"]
    assert all(isinstance(value, str) for value in tags.values())


def test_what_was_not_stated_has_no_tag():
    tags = provenance.tags(LAYER, Handover("first", "First"), NEW.documents)
    assert not {"GIVEN_BY", "GIVEN_TO", "HANDED_OVER_ON", "LICENCE", "SENSITIVITY"} & set(tags)


def test_an_accuracy_that_nobody_states():
    unsure = Transformation("EPSG:4284", "shift", None, "noop")
    layer = replace(LAYER, provenance=replace(LAYER.provenance, transformations=(unsure,)))
    assert provenance.tags(layer, FULL, ())["TRANSFORMED"] == "EPSG:4284: shift, accuracy not stated"
    assert '"accuracyMetres": null' in provenance.prov_json(layer, FULL, ())


def test_every_reference_of_prov_has_its_node(graph):
    layer, activity = graph["registry:layer/minefields_first"], graph["registry:import/minefields_first"]
    assert layer["prov:wasGeneratedBy"] == {"@id": activity["@id"]}
    assert layer["registry:contentSha256"] == "c" * 64
    named = [*layer["prov:wasDerivedFrom"], *activity["prov:used"], layer["prov:hadPrimarySource"]]
    assert all(reference["@id"] in graph for reference in [*named, activity["prov:wasAssociatedWith"]])


def test_prov_names_source_and_parties(graph):
    source = graph[f"urn:sha256:{NEW.documents[0].sha256}"]
    assert (source["dcterms:title"], source["dcterms:extent"]) == ("fields.geojson", 14)
    batch = graph["registry:batch/first"]
    assert batch["prov:wasAttributedTo"]["dcterms:title"] == "Party A"
    assert batch["dcterms:audience"]["dcterms:title"] == "Party B"
    assert batch["dcterms:dateSubmitted"] == "2021-06"
