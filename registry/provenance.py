"""A layer's provenance in words (tags) and as W3C PROV (JSON-LD), as it travels inside the file."""

import json
from collections.abc import Iterable
from typing import Any

from registry.model import Handover, Layer, Provenance, SourceDocument

_CONTEXT = {
    "prov": "http://www.w3.org/ns/prov#",
    "dcterms": "http://purl.org/dc/terms/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "registry": "urn:minefield-registry:",
}


def attachment_ids(found: Provenance) -> tuple[str, ...]:
    """The documents of a layer that carry no records."""
    stored: Any = found.parameters.get("attachments", [])
    return tuple(stored)


def tags(layer: Layer, handover: Handover, documents: Iterable[SourceDocument]) -> dict[str, str]:
    """What a person should see first, as plain keys and values; what was not stated is left out."""
    counts, found = layer.counts, layer.provenance
    pairs = {
        "TITLE": layer.title,
        "BATCH": layer.batch_id,
        "KIND": layer.kind.value,
        "GIVEN_BY": handover.giving_party,
        "GIVEN_TO": handover.receiving_party,
        "HANDED_OVER_ON": handover.handed_over_on,
        "SENSITIVITY": handover.sensitivity,
        "LICENCE": handover.licence,
        "RECEIVED": counts.received,
        "PLOTTED": counts.plotted,
        "REPAIRED": counts.repaired,
        "INVALID": counts.invalid,
        "UNPLOTTABLE": counts.unplottable,
        "IMPORTED_AT": found.imported_at.isoformat(),
        "IMPORTED_BY": ", ".join(f"{name} {version}" for name, version in found.software.items()),
        "TRANSFORMED": "; ".join(
            f"{each.source_crs}: {each.name}, accuracy "
            + ("not stated" if each.accuracy_m is None else f"{each.accuracy_m:g} m")
            for each in found.transformations
        ),
        "SOURCES": "; ".join(f"{each.file_name} sha256 {each.sha256}" for each in documents),
        "CONTENT_SHA256": layer.content_sha256,
        "NOTICE": "Evidence as handed over. Where no record lies the ground is not known to be free of mines.",
    }
    return {key: str(value) for key, value in pairs.items() if value is not None}


def prov_json(layer: Layer, handover: Handover, documents: Iterable[SourceDocument]) -> str:
    """The layer as an entity derived from its sources by the import, with the parties as agents."""
    documents = list(documents)
    found = layer.provenance
    entity, activity = (f"registry:{what}/{layer.table_name}" for what in ("layer", "import"))
    batch = f"registry:batch/{handover.batch_id}"
    beside = attachment_ids(found)
    sources = [each for each in documents if each.document_id not in beside]
    nodes: list[dict[str, Any]] = [
        {
            "@id": entity,
            "@type": "prov:Entity",
            "dcterms:title": layer.title,
            "registry:contentSha256": layer.content_sha256,
            "prov:wasGeneratedBy": {"@id": activity},
            "prov:wasDerivedFrom": [{"@id": f"urn:sha256:{each.sha256}"} for each in sources],
            "prov:hadPrimarySource": {"@id": batch},
        },
        {
            "@id": activity,
            "@type": "prov:Activity",
            "prov:endedAtTime": {"@type": "xsd:dateTime", "@value": found.imported_at.isoformat()},
            "prov:used": [{"@id": f"urn:sha256:{each.sha256}"} for each in sources],
            "prov:wasAssociatedWith": {"@id": "registry:software"},
            "registry:transformations": [
                {"sourceCrs": each.source_crs, "name": each.name, "accuracyMetres": each.accuracy_m}
                for each in found.transformations
            ],
            "registry:parameters": dict(found.parameters),
        },
        {"@id": "registry:software", "@type": "prov:SoftwareAgent", "registry:versions": dict(found.software)},
        _batch_node(batch, handover, [each for each in documents if each.document_id in beside]),
    ]
    nodes += [
        {
            "@id": f"urn:sha256:{each.sha256}",
            "@type": "prov:Entity",
            "dcterms:title": each.file_name,
            "dcterms:format": each.media_type,
            "dcterms:extent": each.size_bytes,
        }
        for each in documents
    ]
    return json.dumps({"@context": _CONTEXT, "@graph": nodes}, ensure_ascii=False, indent=1)


def _batch_node(identity: str, handover: Handover, attachments: list[SourceDocument]) -> dict[str, Any]:
    node: dict[str, Any] = {"@id": identity, "@type": "prov:Entity", "dcterms:title": handover.title}
    if handover.handed_over_on is not None:
        node["dcterms:dateSubmitted"] = str(handover.handed_over_on)
    for key, party in (("prov:wasAttributedTo", handover.giving_party), ("dcterms:audience", handover.receiving_party)):
        if party is not None:
            node[key] = {"@type": "prov:Agent", "dcterms:title": party}
    if attachments:
        node["prov:hadMember"] = [{"@id": f"urn:sha256:{each.sha256}"} for each in attachments]
    return node
