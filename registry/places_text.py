"""Copied positions and unmapped clusters, as tables and sentences for a terminal."""

from rich.console import Group, RenderableType
from rich.text import Text

from registry.compare.clusterchance import ClusterChance
from registry.compare.clusters import Clusters
from registry.compare.independence import Independence, Sign
from registry.terminal import metres, share, table

CLUSTERS_SHOWN = 10

SIGNS = {
    Sign.RECORD_VERTEX: "a vertex of a record",
    Sign.RECORD_CENTROID: "the centroid of a record",
    Sign.SURVEYED_VERTEX: "a vertex of a surveyed area",
    Sign.SURVEYED_POSITION: "a surveyed point or centroid",
    Sign.ON_THE_MAP: "any of these",
    Sign.REPEATED: "another event's coordinate",
    Sign.REPEATED_NEARLY: "within 1 m of another's",
    Sign.COARSE_GRID: "on a grid of",
}


def independence(found: Independence) -> RenderableType:
    """Positions that may not come from the ground: how many, how many by chance, and the share inside without them."""
    if not found.events:
        return Text("")
    rows = [
        (
            SIGNS[each.sign] if each.grid is None else f"{SIGNS[each.sign]} {each.grid}",
            f"{each.events:,}",
            "-" if each.expected is None else f"{each.expected:,.1f}",
            share(each.inside_without).replace(" = ", "\n"),
        )
        for each in found.signs
        if each.events
    ]
    said = Text(
        f"{found.events:,} events on {found.distinct_positions:,} distinct coordinates, at most {found.most_on_one:,} "
        f"on one; they count for {found.effective_events:,.0f} (Kish)."
    )
    if not rows:
        return Group(said, Text("No event lies on a position of the map, a repeated coordinate or a coarse grid."))
    columns = ("the position is", "events", "by chance", "inside without them, 95 % interval")
    return Group(table("Independence of positions", columns, rows, numbers=3), said)


def clusters(found: Clusters) -> RenderableType:
    """The clusters to look at first, with what they are not."""
    if not found.outside:
        return Text("")
    if not found.clusters:
        none = (
            f"No unmapped cluster: of {found.outside:,} events outside every record no {found.min_events} lie within "
            f"{found.distance_m:,g} m of one of them."
        )
        return Group(Text(none), *_by_chance(found.by_chance))
    shown_first = found.clusters[:CLUSTERS_SHOWN]
    rows = [
        (
            f"{each.rank}",
            f"{', '.join(each.districts[:2]) or 'in no district'}\n{each.latitude:.4f} {each.longitude:.4f}",
            f"{each.events:,}",
            f"{each.distinct_positions:,}",
            "-" if each.victims is None else f"{each.victims:,}",
            "-" if each.last_date is None else f"{each.last_date}",
            metres(each.nearest_record_m, unknown="-"),
        )
        for each in shown_first
    ]
    number = len(found.clusters)
    title = (
        "Unmapped clusters"
        if number <= CLUSTERS_SHOWN
        else f"Unmapped clusters, the first {CLUSTERS_SHOWN} of {number}"
    )
    columns = ("", "district, latitude and longitude", "events", "places", "victims", "last", "record at")
    said = (
        f"{found.clustered:,} of {found.outside:,} events outside every record are in {number:,} clusters: "
        f"{found.min_events} or more within {found.distance_m:,g} m. {found.notice}"
    )
    return Group(table(title, columns, rows, numbers=5), Text(said), *_by_chance(found.by_chance))


def _by_chance(chance: ClusterChance | None) -> list[RenderableType]:
    """How many events would be in clusters by chance."""
    if chance is None:
        return []
    return [
        Text(
            f"If the {chance.events:,} of these events that lie in {chance.study} lay anywhere there outside the "
            f"records, independent and evenly, {chance.expected:,.1f} of them would be in such clusters (95 % of "
            f"{chance.draws:,} draws: {chance.low:,.0f} to {chance.high:,.0f}; seed {chance.seed}); "
            f"{chance.clustered:,} are. People do not move evenly, and a place that is reported once is reported "
            "again: more clusters than by chance do not say why they are there."
        )
    ]
