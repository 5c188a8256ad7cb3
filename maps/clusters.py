"""Unmapped clusters (M16) as a layer of the page: what is drawn, and what its popups say."""

import numpy as np
import shapely

from maps.encode import Column, column, encode_geometry, pack, pack_table
from maps.layers import LayerBlock
from maps.words import ENGLISH, Catalogue
from registry.compare.clusters import Cluster, Clusters

LOOK = "clusters"


def clusters_block(found: Clusters, words: Catalogue = ENGLISH) -> LayerBlock | None:
    """The clusters as the page reads a layer, in the order of their rank; None where there is none.

    Their popups say what a cluster is not: the notice of M16 stands in each.
    """
    if not found.clusters:
        return None
    hulls = np.array([shapely.Polygon(cluster.hull) for cluster in found.clusters], dtype=object)
    geometry, sections = encode_geometry(hulls)
    rule = words.say(
        "Events outside every record, close together: at least {count} within {metres} m of one of them",
        count=words.number(found.min_events),
        metres=f"{found.distance_m:g}",
    )
    header = {
        **geometry,
        "kind": LOOK,
        "name": words.say("Unmapped cluster"),
        "batch": [[words.say("Made from"), rule]],
        "given": None,
        "looks": [LOOK],
        "notice": words.say(found.notice),
        "notice_in_english": words.english_too(found.notice),
    }
    number = len(hulls)
    return LayerBlock(
        number,
        frozenset({LOOK}),
        pack(header, [bytes(number), bytes(number), b"", *sections]),
        pack_table(_columns(found.clusters, words)),
    )


def _columns(clusters: tuple[Cluster, ...], words: Catalogue) -> list[Column]:
    say = words.say
    wider = say("50 m around events on one spot or along a line")
    listed = (
        (say("Events, all outside every record"), [cluster.events for cluster in clusters], None),
        (say("Different positions among them"), [cluster.distinct_positions for cluster in clusters], None),
        (say("First event"), [_text(cluster.first_date) for cluster in clusters], None),
        (say("Last event"), [_text(cluster.last_date) for cluster in clusters], None),
        (say("Events without a date"), [cluster.undated or None for cluster in clusters], None),
        (say("People killed, where stated"), [cluster.killed for cluster in clusters], None),
        (say("People injured, where stated"), [cluster.injured for cluster in clusters], None),
        (say("Distance to the nearest record"), [_metres(cluster.nearest_record_m) for cluster in clusters], say("m")),
        (say("Median distance to a record"), [_metres(cluster.median_record_m) for cluster in clusters], say("m")),
        (say("Districts"), ["; ".join(cluster.districts) or None for cluster in clusters], None),
        (say("Land inside the outline"), [_hectares(cluster) for cluster in clusters], say("ha")),
        (say("Outline"), [wider if cluster.hull_drawn_wider else None for cluster in clusters], None),
    )
    columns = [column("compared", label, values, unit) for label, values, unit in listed]
    rank = column("name", "", [f"C{cluster.rank}" for cluster in clusters])
    return [rank, *(each for each in columns if each.words)]


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _metres(value: float | None) -> int | None:
    return None if value is None else round(value)


def _hectares(cluster: Cluster) -> float | None:
    return None if cluster.hull_drawn_wider else round(cluster.hull_m2 / 10_000, 1)
