import html
import re

import folium
import pytest
from sea import HOSTILE, add_layer, square

from maps import style, webmap
from maps.webmap import build_web_map, save_web_map
from registry.errors import RegistryError
from registry.model import Handover, Kind
from registry.stats import compute_stats
from registry.store import Registry


def page_of(web_map):
    return web_map.get_root().render()


def test_page_holds_everything_and_names_no_other_address(sea_registry):
    page = page_of(build_web_map(sea_registry, compute_stats(sea_registry)))
    assert not re.search(r"<(script|link|img|iframe)[^>]*\b(src|href)=", page)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    assert "http" not in policy
    assert "unsafe" not in policy


def test_map_is_foliums(sea_registry):
    assert isinstance(build_web_map(sea_registry), folium.Map)


def test_same_registry_gives_the_same_bytes(sea_registry, tmp_path):
    comparison = compute_stats(sea_registry)
    first, second = tmp_path / "first.html", tmp_path / "second.html"
    web_map = build_web_map(sea_registry, comparison)
    save_web_map(web_map, first)
    assert page_of(web_map) == first.read_text("utf-8")
    save_web_map(build_web_map(sea_registry, comparison), second)
    assert first.read_bytes() == second.read_bytes()


def test_page_says_what_it_must(sea_registry):
    page = html.unescape(page_of(build_web_map(sea_registry, compute_stats(sea_registry), title="Sea")))
    assert "<title>Sea</title>" in page
    assert style.NOTICE in page
    assert "RESTRICTED: contains positions of recorded minefields" in page
    for phrase in ("Batches: 3", "Handed over: 2021-06-12 (where stated)", "Last import: 2024-03-20"):
        assert f"<span>{phrase}</span>" in page
    assert "within 100 m" in page
    assert style.INVALID_LABEL in page


def test_title_is_the_registrys_name_unless_said_otherwise(sea_registry):
    assert "<title>sea</title>" in page_of(build_web_map(sea_registry))


def test_registry_without_layers_gives_a_page(tmp_path):
    with Registry.create(tmp_path / "empty.gpkg") as registry:
        page = page_of(build_web_map(registry))
        assert "holds no active layer" in page
        assert "RESTRICTED" not in page
        assert page_of(build_web_map(registry, compute_stats(registry)))


def test_layer_without_anything_to_draw_is_listed(tmp_path):
    with Registry.create(tmp_path / "blank.gpkg") as registry:
        add_layer(registry, Handover("b", "B"), Kind.MINEFIELDS, "Nothing drawn", [None, None])
        page = page_of(build_web_map(registry, compute_stats(registry)))
    assert "Nothing drawn" in page


def test_withdrawn_layer_leaves_the_map(sea_registry):
    sea_registry.withdraw("batch-1", reason="wrong file")
    assert "SYNTHETIC minefields" not in page_of(build_web_map(sea_registry))


def test_every_kind_can_be_drawn(sea_registry):
    extra = Handover("extra", "Extra")
    for kind in (Kind.SURVEYED, Kind.RELEASED, Kind.SCOPE):
        add_layer(sea_registry, extra, kind, f"Layer of {kind}", [square(-29.97, 0.02)])
    points = [square(-29.99, 0.03).centroid]
    add_layer(sea_registry, extra, Kind.DEVICES, "Layer of devices", points, quantity=[2])
    page = page_of(build_web_map(sea_registry, compute_stats(sea_registry)))
    for kind in (Kind.SURVEYED, Kind.RELEASED, Kind.SCOPE, Kind.DEVICES):
        assert f"Layer of {kind}" in page
        assert style.KIND_HEADINGS[kind] in page


@pytest.mark.parametrize("attack", HOSTILE)
def test_hostile_text_is_nowhere_markup(hostile_registry, attack):
    page = page_of(build_web_map(hostile_registry, compute_stats(hostile_registry), title=attack))
    for dangerous in ("<img", "<svg onload", "<script>window", "</script><script>window"):
        assert dangerous not in page


def test_base_map_is_admitted_by_name_only(sea_registry):
    page = page_of(build_web_map(sea_registry, tiles="OpenStreetMap.Mapnik"))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    assert "img-src data: https://tile.openstreetmap.org;" in policy
    assert policy.count("https://") == 1
    assert "contributors" in page


@pytest.mark.parametrize(("name", "said"), [("OpenStreetMap.Mapnick", "OpenStreetMap.Mapnik"), ("Jawg.Light", "key")])
def test_unknown_base_map_is_one_sentence(sea_registry, name, said):
    with pytest.raises(RegistryError, match=said):
        build_web_map(sea_registry, tiles=name)


def test_file_that_cannot_be_written_is_one_sentence(sea_registry, tmp_path):
    with pytest.raises(RegistryError, match="cannot be written"):
        save_web_map(build_web_map(sea_registry), tmp_path / "missing" / "page.html")


def test_batch_left_out_is_named_on_the_page_and_counted(sea_registry):
    web_map = build_web_map(sea_registry, compute_stats(sea_registry), without=["batch-1"])
    page = html.unescape(page_of(web_map))
    assert "Not on this map, though in the registry: SYNTHETIC minefields (batch-1, Minefield records)." in page
    assert "The figures count what is not on the map too." in page
    assert "3 of 4" in page
    assert page.count("data-layer=") == 2
    assert "Not on this map" not in page_of(build_web_map(sea_registry))


def test_batch_that_is_not_there_cannot_be_left_out(sea_registry):
    with pytest.raises(RegistryError, match="name one of: batch-1, districts, events"):
        build_web_map(sea_registry, without=["batch-7"])


def test_page_that_would_hang_a_browser_is_not_made(sea_registry, monkeypatch):
    monkeypatch.setattr(webmap, "MOST_BYTES", 1_000)
    with pytest.raises(RegistryError, match=r"--without .* the largest are: batch-1, minefields") as told:
        build_web_map(sea_registry)
    assert "MB of data" in str(told.value)
