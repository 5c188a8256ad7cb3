"""The same real batch in four formats gives the same figures."""

import warnings

import pyogrio
import pytest

from registry.importer import ImportOptions, import_batch, rebuild
from registry.model import Handover, Kind
from registry.stats import compute_stats
from registry.store import Registry

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module", params=[(".geojson", 4326), (".shp", 32634), (".gpkg", 3035), (".kml", 4326)], ids=str)
def registry(request, shared, tmp_path_factory):
    """A registry made from the files as they are, or rewritten in another format and CRS."""
    suffix, crs = request.param
    folder = tmp_path_factory.mktemp("formats")
    with Registry.create(folder / "registry.gpkg") as made:
        for name, kind in (("suspect_areas_simplyfied", Kind.MINEFIELDS), ("incidents", Kind.ACCIDENTS)):
            source = shared / "bih-mines" / f"{name}.geojson"
            if suffix != ".geojson":
                frame = pyogrio.read_dataframe(source).to_crs(crs)
                source = folder / f"{name}{suffix}"
                with warnings.catch_warnings():
                    # GDAL says that KML needs names and a shapefile one winding; neither matters here.
                    warnings.simplefilter("ignore")
                    pyogrio.write_dataframe(frame, source, driver="KML" if suffix == ".kml" else None)
            import_batch(made, [source], kind, Handover(name, name), ImportOptions(repair=True))
        yield made


def test_records(registry):
    (layer,) = registry.layers(Kind.MINEFIELDS)
    counts = layer.counts
    assert (counts.received, counts.plotted, counts.invalid, counts.unplottable) == (11_068, 7_971, 0, 3_097)
    assert counts.repaired == 467


def test_figures(registry):
    result = compute_stats(registry)
    window = result.accuracy.all
    assert (window.total, window.inside) == (1_442, 186)
    assert list(window.within_m.values()) == [186, 229, 281, 362, 465, 603, 769]
    assert round(window.median_distance_outside_m) == 1_135
    assert result.coverage.union_m2 == pytest.approx(806.93e6, rel=1e-4)
    assert result.coverage.sum_m2 == pytest.approx(812.29e6, rel=1e-4)


def test_rebuilt(registry):
    (layer,) = registry.layers(Kind.MINEFIELDS)
    assert rebuild(registry, layer) == layer.content_sha256
