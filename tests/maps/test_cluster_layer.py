import pytest
import shapely
import unpack
from sea import add_layer, square

from maps.clusters import clusters_block
from registry.compare.clusters import NOTICE
from registry.model import Handover, Kind
from registry.stats import compute_stats
from registry.store import Registry


@pytest.fixture
def found(tmp_path):
    """A record, and five events 1.1 km east of it: four corners of a square and its middle, the side 111 m."""
    corners = [(-29.98, 0), (-29.979, 0), (-29.979, 0.001), (-29.98, 0.001), (-29.9795, 0.0005)]
    with Registry.create(tmp_path / "clusters.gpkg") as registry:
        add_layer(registry, Handover("b", "B"), Kind.MINEFIELDS, "Records", [square(-30, 0)])
        add_layer(
            registry,
            Handover("e", "E"),
            Kind.ACCIDENTS,
            "Events",
            list(map(shapely.Point, corners)),
            occurred_on=["2020-05-01", "2021-06-01", None, "2019-01-01", "2020-01-01"],
            occurred_on_precision=["DAY", "MONTH", None, "YEAR", "DAY"],
            killed=[1, None, None, 0, None],
        )
        yield compute_stats(registry).clusters


def test_block_holds_the_hull_and_what_is_known_of_it(found):
    block = clusters_block(found)
    header, (look, invalid, days, *sections) = unpack.unpack(block.shapes)
    assert (header["kind"], header["looks"], header["given"]) == ("clusters", ["clusters"], None)
    assert (look, invalid, days) == (b"\0", b"\0", b"")
    (((ring,),),) = unpack.features(header, sections)
    assert sorted(ring) == [(-29.98, 0), (-29.98, 0.001), (-29.979, 0), (-29.979, 0.001)]
    listed = {label: (unit, values[0]) for _, label, unit, values in unpack.table(block.table)}
    assert listed[""] == (None, "C1")
    assert listed["Events, all outside every record"] == (None, 5)
    assert listed["First event"] == (None, "2019")
    assert listed["Last event"] == (None, "2021-06")
    assert listed["Events without a date"] == (None, 1)
    assert listed["People killed, where stated"] == (None, 1)
    assert "People injured, where stated" not in listed
    # 0.01 degrees of the equator of WGS 84.
    assert listed["Distance to the nearest record"] == ("m", 1113)
    # 111.3 m by 110.6 m.
    assert listed["Land inside the outline"] == ("ha", 1.2)


def test_block_says_what_a_cluster_is_not(found):
    header, _ = unpack.unpack(clusters_block(found).shapes)
    assert header["notice"] == NOTICE
    assert "not hazard areas" in header["notice"]


def test_without_clusters_there_is_no_layer(sea_registry):
    assert clusters_block(compute_stats(sea_registry).clusters) is None
