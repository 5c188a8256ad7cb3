"""The CRS of a source: stated by the file or the person, never guessed."""

import pytest
import shapely
from batches import SOUTH, WEST, bow_tie, point, square, write_source

from registry.errors import SourceError
from registry.importer import ImportOptions, import_batch
from registry.model import Handover, Kind
from registry.store import Registry


def bring(registry: Registry, source, kind=Kind.MINEFIELDS, **options):
    return import_batch(registry, [source], kind, Handover("new", "New"), ImportOptions(**options))


@pytest.fixture
def unstated(tmp_path):
    """UTM 27 south, and no file that says so."""
    source = write_source(tmp_path / "areas.shp", [square(0, 0), square(2, 0)], 32727, n=[1, 2])
    (tmp_path / "areas.prj").unlink()
    return source


class TestMissingCrs:
    def test_candidates_without_districts(self, empty, unstated):
        with pytest.raises(SourceError, match=r"does not say its CRS; state it with --crs") as caught:
            bring(empty, unstated)
        lines = str(caught.value).splitlines()
        assert lines[1] == "Candidates:"
        assert "zone" in str(caught.value)
        assert all(line.startswith("  EPSG:") for line in lines[2:])
        assert empty.layers() == ()

    def test_candidates_are_ranked_by_the_districts(self, small, unstated):
        with pytest.raises(SourceError) as caught:
            bring(small, unstated)
        candidates = [line.split()[0] for line in str(caught.value).splitlines()[2:]]
        assert "EPSG:32727" in candidates[:3]
        assert 1 < len(candidates) <= 8
        assert f"{SOUTH:.3f}, {WEST:.3f}" in str(caught.value).replace("-19.999", "-20.000").replace(
            "-19.998", "-20.000"
        )
        assert "in them" in str(caught.value)

    def test_stated(self, empty, unstated):
        assert bring(empty, unstated, crs="EPSG:32727").counts.plotted == 2
        shape = empty.read(empty.layers()[0]).geometry[0]
        assert shape.symmetric_difference(square(0, 0)).area < 1e-6 * shape.area
        assert empty.layers()[0].provenance.transformations[0].source_crs == "EPSG:32727"

    def test_degrees(self, empty, tmp_path):
        source = write_source(tmp_path / "areas.shp", [square(0, 0)], None)
        with pytest.raises(SourceError, match=r"EPSG:4326[^\n]*-19\.999, -19\.999|-20\.000"):
            bring(empty, source)

    def test_nothing_to_place(self, empty, tmp_path):
        frame = write_source(tmp_path / "none.gpkg", [None, None], None, n=[1, 2])
        assert bring(empty, frame).counts.unplottable == 2


class TestStatedCrs:
    def test_unknown(self, empty, unstated):
        with pytest.raises(SourceError, match="EPSG:99999999"):
            bring(empty, unstated, crs="EPSG:99999999")

    @pytest.mark.parametrize("crs", ["EPSG:4326", "OGC:CRS84", "WGS84"])
    def test_the_same_as_the_file_says(self, empty, tmp_path, crs):
        report = bring(empty, write_source(tmp_path / "a.geojson", [square(0, 0)]), crs=crs)
        assert "crs-overridden" not in {finding.code for finding in report.findings}
        assert empty.read(empty.layers()[0]).geometry[0].equals(square(0, 0))

    def test_another_than_the_file_says(self, empty, tmp_path):
        report = bring(empty, write_source(tmp_path / "a.gpkg", [square(0, 0)], 32727), crs="EPSG:32728")
        (finding,) = (finding for finding in report.findings if finding.code == "crs-overridden")
        assert "EPSG:32727" in finding.message
        assert "EPSG:32728 was stated and used" in finding.message
        west = empty.read(empty.layers()[0]).geometry[0].bounds[0]
        assert west == pytest.approx(WEST + 6, abs=1e-3)

    def test_positions_contradict_it(self, small, tmp_path):
        """Degrees that are said to be metres of a grid land where that grid is not used."""
        source = write_source(tmp_path / "a.shp", [square(0, 0), square(2, 0)], None)
        before = small.path.read_bytes()
        with pytest.raises(
            SourceError, match=r"100% of its positions lie outside the area where EPSG:3035 is used"
        ) as caught:
            bring(small, source, crs="EPSG:3035")
        assert "EPSG:4326" in str(caught.value)
        assert small.path.read_bytes() == before

    def test_transformation_is_recorded(self, empty, tmp_path):
        source = write_source(tmp_path / "a.gpkg", [shapely.box(46, 40, 46.001, 40.001)], 4284, n=[1])
        report = bring(empty, source)
        (used,) = report.transformations
        assert used.source_crs == "EPSG:4284"
        assert used.accuracy_m is not None
        read = empty.read(empty.layers()[0])
        assert read["transform_name"][0] == used.name
        assert read["transform_accuracy_m"][0] == used.accuracy_m
        assert read.geometry[0].equals_exact(shapely.MultiPolygon([shapely.box(46, 40, 46.001, 40.001)]), 2e-5) or (
            read.geometry[0].distance(shapely.Point(46, 40)) < 1e-3
        )


def test_misread_positions_are_set_aside(small, tmp_path):
    """With longitude and latitude exchanged, or a sign lost, a record lies far from the district."""
    asymmetric = shapely.box(-20.0005, -20.0005, -20.0, -20.0)
    lost = shapely.transform(asymmetric, lambda places: places * [1, -1])
    source = write_source(tmp_path / "a.geojson", [square(3, 3), lost])
    report = bring(small, source)
    assert (report.counts.plotted, report.counts.invalid) == (1, 1)
    assert "sign-lost" in {finding.code for finding in report.findings}
    read = small.read(small.layer("new", Kind.MINEFIELDS))
    assert read.geometry[1] is None
    assert shapely.from_wkt(read["original_geometry"][1]).equals_exact(lost, 1e-9)


def test_a_set_aside_record_keeps_the_geometry_as_delivered(small, tmp_path):
    """Even where it was repaired first."""
    lost = shapely.transform(bow_tie(3, 3), lambda places: places * [1, -1])
    source = write_source(tmp_path / "a.gpkg", [lost, square(3, 3)], 32727)
    report = bring(small, source, repair=True)
    assert report.counts.invalid == 1
    read = small.read(small.layer("new", Kind.MINEFIELDS))
    assert shapely.from_wkt(read["original_geometry"][0]).geom_type == "Polygon"


def test_methods_and_status(empty, tmp_path):
    bring(empty, write_source(tmp_path / "a.geojson", [point(0, 0), None]), Kind.ACCIDENTS)
    read = empty.read(empty.layers()[0])
    assert read["geometry_method"].fillna("").tolist() == ["IMPORTED", ""]
    assert read["plot_status"].tolist() == ["PLOTTED", "UNPLOTTABLE"]
