import html
import json

import pytest
import unpack
from sea import HOSTILE
from two_districts import build

from maps.webmap import build_web_map
from registry.errors import RegistryError
from registry.inputs import StatsOptions
from registry.stats import FOR_A_MAP, compute_stats


def page_of(registry, **options):
    return build_web_map(registry, compute_stats(registry), **options).get_root().render()


def pack_of(page, name):
    return unpack.unpack(page.split(f'id="{name}">')[1].split("<")[0])[0]


def test_page_holds_shares_curve_and_clusters(tmp_path):
    with build(tmp_path / "two.gpkg") as registry:
        page = page_of(registry)
    assert pack_of(page, "registry_shares")["layer"] == "registry_layer_0"
    assert pack_of(page, "registry_layer_0_shapes")["kind"] == "districts"
    assert pack_of(page, "registry_curve")["total"] == 17
    text = html.unescape(page)
    assert 'data-kind="clusters"' in page
    assert "They are not hazard areas" in text
    assert "giving party not stated" in text
    assert "given by Party A" in text


def test_a_map_needs_no_more_than_the_sections_of_a_map(tmp_path):
    with build(tmp_path / "two.gpkg") as registry:
        lean = compute_stats(registry, StatsOptions(sections=FOR_A_MAP))
        page = build_web_map(registry, lean).get_root().render()
    assert pack_of(page, "registry_shares")
    assert 'data-kind="clusters"' in page


def test_without_a_comparison_or_districts_there_is_nothing_to_shade(tmp_path, sea_registry):
    assert 'id="registry_shares"' not in build_web_map(sea_registry).get_root().render()
    with build(tmp_path / "two.gpkg") as registry:
        page = page_of(registry, without=["districts"])
    assert 'id="registry_shares"' not in page
    assert 'value="shaded"' not in page


def test_backdrop_is_named_by_its_file_which_stays_text(tmp_path, sea_registry):
    name = f"{HOSTILE[0]}&.geojson".replace("/", "|")
    line = {"type": "LineString", "coordinates": [[-30, 0], [-29, 1]]}
    path = tmp_path / name
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {"a": HOSTILE[1]}, "geometry": line}
    ]}))  # fmt: skip
    page = page_of(sea_registry, backdrop=path)
    assert f"Backdrop: {html.escape(name, quote=False)}"[:20] in page
    assert "<img" not in page
    assert "<script>window" not in page
    assert name in html.unescape(page)


@pytest.mark.parametrize("attack", HOSTILE)
def test_hostile_names_of_districts_and_parties_are_nowhere_markup(tmp_path, attack):
    with build(tmp_path / "two.gpkg", name=attack, party=attack) as registry:
        page = page_of(registry)
    for dangerous in ("<img", "<svg onload", "<script>window", "</script><script>window"):
        assert dangerous not in page


def test_a_backdrop_counts_towards_the_size_of_the_page(tmp_path, sea_registry, monkeypatch):
    monkeypatch.setattr("maps.webmap.MOST_BYTES", 10)
    with pytest.raises(RegistryError, match="MB of data"):
        build_web_map(sea_registry)
