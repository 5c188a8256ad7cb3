"""Readings from end to end: found in files, said, and applied when told; what was delivered is kept."""

import json
import warnings
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from pyproj import CRS, Transformer

from registry.errors import SourceError
from registry.geometry import GEOD, WGS84, local_equal_area, project, to_wgs84
from registry.importer import ImportOptions, import_batch, rebuild
from registry.model import Handover, Kind, Severity

PLANE = local_equal_area((45.5, 40.0, 45.5, 40.0))
BELT = shapely.box(-40_000, -1_000, 40_000, 1_000)


def on_globe(*shapes):
    return project(np.array(shapes, dtype=object), PLANE, WGS84)


def belt_fields(number=12):
    return on_globe(*(shapely.box(x, 0, x + 60, 60) for x in np.linspace(-33_000, 33_000, number)))


def numbers_of(shapes, epsg):
    """What they are in the numbers of a CRS, by pyproj alone."""
    return shapely.transform(shapes, Transformer.from_crs(4326, epsg, always_xy=True).transform, interleaved=False)


def swapped(shapes):
    return shapely.transform(shapes, lambda xy: xy[:, ::-1])


def written(path, shapes, epsg):
    """A file that holds these numbers and says that they are in that CRS, or in none."""
    frame = {"num": [f"F-{i}" for i in range(len(shapes))]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of a CRS that is meant to be missing
        pyogrio.write_dataframe(gpd.GeoDataFrame(frame, geometry=list(shapes), crs=epsg), path)
    return path


def bring(registry, source, kind=Kind.MINEFIELDS, batch_id="new", **options):
    stated = ImportOptions(field_map={"record_id": "num"} if kind is Kind.MINEFIELDS else {}, **options)
    return import_batch(registry, [source], kind, Handover(batch_id, batch_id), stated)


@pytest.fixture
def belt(empty, tmp_path):
    """A registry that holds the scope of the batch ``new``."""
    bring(empty, written(tmp_path / "scope.gpkg", on_globe(BELT), 4326), Kind.SCOPE)
    return empty


def rows(registry, kind=Kind.MINEFIELDS, batch_id="new"):
    return registry.read(registry.layer(batch_id, kind))


def metres_off(registry, true, **which):
    """The farthest that a record lies from its true place."""
    found = shapely.get_coordinates(shapely.centroid(rows(registry, **which).geometry.to_numpy()))
    return max(GEOD.inv(*found.T, *shapely.get_coordinates(shapely.centroid(true)).T)[2])


def is_rebuilt(registry, kind=Kind.MINEFIELDS, batch_id="new"):
    layer = registry.layer(batch_id, kind)
    return rebuild(registry, layer) == layer.content_sha256


def messages(report, code):
    return [finding.message for finding in report.findings if finding.code == code]


LEGS = """
record_id = "SYN-1"
angle_unit = "degrees"
north = "true"
[[points]]
to = "RP"
latitude = 46.0
longitude = 40.0
[[legs]]
to = "S"
angle = "0"
distance = 100
[[legs]]
to = "T1"
angle = "0"
distance = 200
[[legs]]
to = "T2"
angle = "90"
distance = 200
[[legs]]
to = "S"
angle = "225"
distance = 282.8
"""


class TestGolden:
    """SK-42 to WGS 84, as the requirements have it: east and north in metres."""

    @pytest.mark.parametrize(
        ("latitude", "longitude", "east", "north"),
        [(39.99, 46.93, -102.1, -9.6), (48.0, 37.8, -114.3, -8.9), (43.0, 41.0, -108.8, -12.9)],
    )
    def test_sk42_degrees(self, empty, tmp_path, latitude, longitude, east, north):
        source = written(tmp_path / "a.gpkg", [shapely.Point(longitude, latitude)], 4284)
        bring(empty, source, Kind.ACCIDENTS)
        place = rows(empty, Kind.ACCIDENTS).geometry[0]
        azimuth, _, metres = GEOD.inv(longitude, latitude, place.x, place.y)
        assert metres * np.sin(np.radians(azimuth)) == pytest.approx(east, abs=0.2)
        assert metres * np.cos(np.radians(azimuth)) == pytest.approx(north, abs=0.2)

    def test_read_as_wgs84_it_is_suspected_where_another_batch_has_the_fields(self, empty, tmp_path):
        bring(empty, written(tmp_path / "old.gpkg", belt_fields(), 4326), batch_id="old")
        report = bring(empty, written(tmp_path / "new.gpkg", numbers_of(belt_fields(), 4284), 4326))
        (found,) = report.readings
        assert (found.code, found.paired, found.batches) == ("datum-suspect", 12, ("old",))
        assert 95 < found.offset_east_m < 115
        (said,) = [each for each in messages(report, "datum-suspect") if "--correct datum-suspect" in each]
        assert "12 records that batch old holds too lie on median 10" in said
        assert json.loads(json.dumps(found.__dict__))["moved_m"] == found.moved_m

    def test_read_as_wgs84_it_is_suspected_at_the_edge_of_a_scope(self, empty, tmp_path):
        fields = on_globe(*(shapely.box(-50, y, -30, y + 20) for y in range(0, 1_200, 100)))
        bring(empty, written(tmp_path / "s.gpkg", on_globe(shapely.box(-2_000, -500, 0, 2_000)), 4326), Kind.SCOPE)
        (found,) = bring(empty, written(tmp_path / "new.gpkg", numbers_of(fields, 4284), 4326)).readings
        assert (found.code, found.inside_as_read, found.inside) == ("datum-suspect", 0, 12)


class TestGaussKrueger:
    """With and without the zone digit, north first: it lands where it should or the import asks."""

    def test_as_it_says(self, empty, tmp_path):
        for epsg in (28408, 2498):
            bring(empty, written(tmp_path / f"{epsg}.gpkg", numbers_of(belt_fields(), epsg), epsg), batch_id=str(epsg))
            assert metres_off(empty, belt_fields(), batch_id=str(epsg)) < 15  # operations for SK-42 differ by 5 m

    @pytest.mark.parametrize(
        ("epsg", "first"), [(28408, "EPSG:28408"), (2498, "EPSG:2498")], ids=["with digit", "without digit"]
    )
    def test_without_a_crs_it_asks(self, empty, tmp_path, epsg, first):
        source = written(tmp_path / "a.shp", numbers_of(belt_fields(), epsg), None)
        with pytest.raises(SourceError, match="state it with --crs") as caught:
            bring(empty, source)
        assert f"\n  {first} " in str(caught.value)
        bring(empty, source, crs=first)
        assert metres_off(empty, belt_fields()) < 15

    @pytest.mark.parametrize("epsg", [28408, 2498], ids=["with digit", "without digit"])
    def test_north_first_without_a_crs_it_asks_and_says_how(self, empty, tmp_path, epsg):
        source = written(tmp_path / "a.shp", swapped(numbers_of(belt_fields(), epsg)), None)
        with pytest.raises(SourceError, match=rf"EPSG:{epsg}.*north first \(then add --correct axes-swapped\)"):
            bring(empty, source)
        with pytest.raises(SourceError, match=r"Suspected: .*--correct axes-swapped to read them so"):
            bring(empty, source, crs=f"EPSG:{epsg}")
        bring(empty, source, crs=f"EPSG:{epsg}", corrections=("axes-swapped",))
        assert metres_off(empty, belt_fields()) < 15
        assert is_rebuilt(empty)

    @pytest.mark.parametrize(
        ("stated", "true", "code"),
        [
            (28408, 2498, "zone-wrong"),
            (2498, 28408, "zone-wrong"),
            (28407, 28408, "zone-wrong"),
            (28408, 32638, "utm-as-gauss-krueger"),
            (32638, 28408, "gauss-krueger-as-utm"),
        ],
    )
    def test_what_contradicts_its_crs_is_refused_with_the_reading_that_fits(self, belt, tmp_path, stated, true, code):
        source = written(tmp_path / "a.gpkg", numbers_of(belt_fields(), true), stated)
        with pytest.raises(SourceError, match=f"Suspected: 12 of 12 records .* --correct {code} to read them so"):
            bring(belt, source)
        bring(belt, source, corrections=(code,))
        assert metres_off(belt, belt_fields()) < 15
        assert is_rebuilt(belt)


class TestWholeSource:
    def test_utm_as_gauss_krueger(self, belt, tmp_path):
        source = written(tmp_path / "a.gpkg", numbers_of(belt_fields(), 32638), 2498)
        report = bring(belt, source)
        assert metres_off(belt, belt_fields()) > 1_700
        (said,) = messages(report, "utm-as-gauss-krueger")
        assert said.startswith(
            "12 of 12 records lie outside the scope of the batch as read; "
            "read as WGS 84 / UTM zone 38N (EPSG:32638), 12 of 12 lie in it. That moves them by 1,8"
        )
        assert said.endswith("Import with --correct utm-as-gauss-krueger to read them so.")

    @pytest.mark.parametrize(
        ("code", "stated", "true"),
        [("utm-as-gauss-krueger", 2498, 32638), ("gauss-krueger-as-utm", 32638, 2498), ("zone-wrong", 32639, 32638)],
    )
    def test_applied_when_told(self, belt, tmp_path, code, stated, true):
        source = written(tmp_path / "a.gpkg", numbers_of(belt_fields(), true), stated)
        report = bring(belt, source, corrections=(code,))
        assert metres_off(belt, belt_fields()) < 15
        assert (report.counts.plotted, report.counts.repaired) == (12, 0)
        (said,) = messages(report, "reading-corrected")
        assert said.startswith(f"{code}: 12 of 12 records lie outside")
        assert code not in {finding.code for finding in report.findings}
        provenance = belt.layer("new", Kind.MINEFIELDS).provenance
        assert [each.source_crs for each in provenance.transformations] == [f"EPSG:{true}"]
        assert provenance.parameters["options"][0]["corrections"] == [code]
        assert list(provenance.parameters["corrected"]) == ["a.gpkg"]
        assert set(rows(belt)["source_crs"]) == {f"EPSG:{true}"}
        assert is_rebuilt(belt)

    def test_exchanged_degrees_keep_what_was_delivered(self, belt, tmp_path):
        source = written(tmp_path / "a.gpkg", swapped(belt_fields()), 4326)
        bring(belt, source, corrections=("axes-swapped",))
        assert metres_off(belt, belt_fields()) < 0.01
        found = rows(belt)
        assert set(found["source_crs"]) == {"EPSG:4326, read with latitude and longitude exchanged"}
        kept = shapely.from_wkt(found["original_geometry"].to_numpy(object))
        assert shapely.equals_exact(kept, swapped(belt_fields()), 0, normalize=True).all()
        assert is_rebuilt(belt)

    def test_an_unclosed_ring_is_read_as_the_others(self, belt, tmp_path):
        shapes = swapped(belt_fields())
        features = [
            {"type": "Feature", "properties": {"num": str(i)}, "geometry": json.loads(shapely.to_geojson(shape))}
            for i, shape in enumerate(shapes)
        ]
        features[3]["geometry"]["coordinates"][0].pop()
        path = tmp_path / "a.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
        report = bring(belt, path, repair=True, corrections=("axes-swapped",))
        assert (report.counts.plotted, report.counts.repaired) == (12, 1)
        assert metres_off(belt, belt_fields()) < 0.01

    def test_heights_are_still_said(self, belt, tmp_path):
        source = written(tmp_path / "a.gpkg", shapely.force_3d(swapped(belt_fields()), 5.0), 4326)
        assert messages(bring(belt, source, corrections=("axes-swapped",)), "z-dropped")

    def test_a_table(self, belt, tmp_path):
        lines = [
            f"F{i},{x:.7f},{y:.7f}" for i, (x, y) in enumerate(shapely.get_coordinates(shapely.centroid(belt_fields())))
        ]
        path = tmp_path / "a.csv"
        path.write_text("\n".join(["num,lat,lon", *lines]))
        report = bring(belt, path, crs="EPSG:4326", radius_m=30.0, corrections=("axes-swapped",))
        assert report.counts.plotted == 12
        assert metres_off(belt, belt_fields()) < 0.1
        assert is_rebuilt(belt)

    def test_each_source_layer_by_itself(self, belt, tmp_path):
        wrong = written(tmp_path / "a.gpkg", numbers_of(belt_fields(), 32638), 2498)
        right = written(tmp_path / "b.gpkg", numbers_of(belt_fields(), 28408), 28408)
        options = ImportOptions(corrections=("utm-as-gauss-krueger",))
        report = import_batch(belt, [wrong, right], Kind.MINEFIELDS, Handover("new", "new"), options)
        assert [each.applied for each in report.readings] == [True]
        assert metres_off(belt, np.concatenate([belt_fields()] * 2)) < 15

    def test_districts_where_there_is_no_scope(self, empty, tmp_path):
        bring(empty, written(tmp_path / "d.gpkg", on_globe(BELT), 4326), Kind.DISTRICTS, "d")
        (found,) = bring(empty, written(tmp_path / "a.gpkg", swapped(belt_fields()), 4326)).readings
        assert found.reference == "the known districts"

    def test_right_data_are_not_suspected(self, belt, tmp_path):
        for epsg in (4326, 4284, 2498, 28408, 32638):
            source = written(
                tmp_path / f"{epsg}.gpkg", numbers_of(belt_fields(), epsg) if epsg != 4326 else belt_fields(), epsg
            )
            report = bring(belt, source, batch_id=f"b{epsg}")
            assert report.readings == ()


class TestSingleRecords:
    @pytest.fixture
    def mixed(self, tmp_path):
        """The third record has lost the sign of its latitude."""
        shapes = belt_fields()
        shapes[2] = shapely.transform(shapes[2], lambda xy: xy * (1, -1))
        return written(tmp_path / "a.gpkg", shapes, 4326)

    def test_said_and_left_out(self, belt, mixed):
        report = bring(belt, mixed)
        assert (report.counts.plotted, report.counts.invalid, report.readings) == (11, 1, ())
        (said,) = messages(report, "sign-lost")
        assert said.endswith("import with --correct sign-lost to read it so.")

    def test_corrected_when_told(self, belt, mixed):
        report = bring(belt, mixed, corrections=("sign-lost",))
        assert (report.counts.plotted, report.counts.repaired, report.counts.invalid) == (12, 1, 0)
        assert metres_off(belt, belt_fields()) < 0.01
        found = rows(belt)
        assert found["repaired"].tolist() == [i == 2 for i in range(12)]
        assert found["repair_note"][2] == "sign-lost corrected as told: read with the sign of its latitude changed"
        delivered = shapely.from_wkt(found["original_geometry"][2])
        assert delivered.centroid.y == pytest.approx(-40.0, abs=0.01)
        assert found["original_geometry"].notna().sum() == 1
        (finding,) = [each for each in report.findings if each.code == "reading-corrected"]
        assert (finding.severity, finding.record_id) == (Severity.INFO, "F-2")
        assert is_rebuilt(belt)

    def test_on_its_own_datum(self, belt, tmp_path):
        shapes = numbers_of(belt_fields(), 28408)
        # The degrees that were typed in had lost their sign before somebody projected them.
        degrees = numbers_of(belt_fields(), 4284)
        wrong = shapely.transform(degrees[2:3], lambda xy: xy * (1, -1))
        to_grid = Transformer.from_crs(4284, 28408, always_xy=True)
        shapes[2] = shapely.transform(wrong, to_grid.transform, interleaved=False)[0]
        report = bring(belt, written(tmp_path / "a.gpkg", shapes, 28408), corrections=("sign-lost",))
        assert report.counts.plotted == 12
        assert metres_off(belt, belt_fields()) < 15
        names = {each.source_crs for each in report.transformations}
        assert names == {"EPSG:28408", "EPSG:4284"}
        assert is_rebuilt(belt)

    def test_a_line_is_drawn_anew(self, belt, tmp_path):
        """A line of 1 km and 20 m wide, its axes exchanged, is 20,000 m2 where it lies."""
        shapes = belt_fields().tolist()
        shapes[2] = swapped(on_globe(shapely.LineString([(0, 0), (1_000, 0)])))[0]
        source = written(tmp_path / "a.geojson", shapes, 4326)
        report = bring(belt, source, width_m=20.0, corrections=("axes-swapped",))
        assert report.counts.plotted == 12
        drawn = project(rows(belt).geometry.to_numpy(), WGS84, PLANE)[2]
        assert drawn.area == pytest.approx(20_000, rel=1e-3)
        assert drawn.bounds == pytest.approx((0, -10, 1_000, 10), abs=0.5)
        assert rows(belt)["original_geometry"][2].startswith("LINESTRING")

    def test_another_code_leaves_it(self, belt, mixed):
        with pytest.raises(SourceError, match="--correct zone-wrong: nothing in the sources is found to be so"):
            bring(belt, mixed, corrections=("zone-wrong",))


class TestRefused:
    def test_nothing_to_correct(self, belt, tmp_path):
        source = written(tmp_path / "a.gpkg", belt_fields(), 4326)
        with pytest.raises(SourceError, match="--correct axes-swapped: nothing in the sources is found to be so"):
            bring(belt, source, corrections=("axes-swapped",))
        assert [layer.kind for layer in belt.layers()] == [Kind.SCOPE]

    def test_an_unknown_code(self, belt, tmp_path):
        source = written(tmp_path / "a.gpkg", belt_fields(), 4326)
        with pytest.raises(SourceError, match=r"--correct outside-scope: it knows axes-swapped, sign-lost, "):
            bring(belt, source, corrections=("outside-scope",))

    def test_a_record_of_legs_is_not_read_otherwise(self, belt, tmp_path):
        path = tmp_path / "paper.toml"
        path.write_text(LEGS)
        told = ImportOptions(crs="EPSG:4326", corrections=("axes-swapped",))
        with pytest.raises(SourceError, match="--correct axes-swapped: nothing"):
            import_batch(belt, [path], Kind.MINEFIELDS, Handover("new", "new"), told)


class TestTransform:
    SOURCE = (shapely.Point(37.8, 48.0), shapely.Point(37.81, 48.01), shapely.Point(37.79, 47.99))

    @pytest.fixture
    def source(self, tmp_path):
        return written(tmp_path / "a.gpkg", self.SOURCE, 4284)

    def places(self, registry, source, batch_id, **options):
        report = bring(registry, source, Kind.ACCIDENTS, batch_id, **options)
        return report, shapely.get_coordinates(rows(registry, Kind.ACCIDENTS, batch_id).geometry.to_numpy())

    @pytest.mark.parametrize("name", ["EPSG:1254", "epsg:1254", "Pulkovo 1942 to WGS 84 (1)", " (1) "])
    def test_another_operation(self, empty, source, name):
        report, found = self.places(empty, source, "new", transform=name)
        # By its code alone; EPSG has latitude first.
        known = Transformer.from_pipeline("EPSG:1254")
        expected = [known.transform(point.y, point.x)[::-1] for point in self.SOURCE]
        assert max(GEOD.inv(*found.T, *np.array(expected).T)[2]) < 0.001
        (used,) = report.transformations
        assert (used.name, used.accuracy_m) == ("Pulkovo 1942 to WGS 84 (1)", 999.0)
        (said,) = messages(report, "transform-chosen")
        assert "was chosen instead of the best, Pulkovo 1942 to WGS 84 (20) (accuracy 3 m)" in said
        layer = empty.layer("new", Kind.ACCIDENTS)
        assert layer.provenance.parameters["options"][0]["transform"] == name
        assert is_rebuilt(empty, Kind.ACCIDENTS)

    def test_how_far_it_moves_them_is_said(self, empty, source, tmp_path):
        report, chosen = self.places(empty, source, "new", transform="EPSG:1254")
        _, best = self.places(empty, written(tmp_path / "b.gpkg", self.SOURCE, 4284), "best")
        azimuth, _, metres = GEOD.inv(*best[0], *chosen[0])
        east, north = metres * np.sin(np.radians(azimuth)), metres * np.cos(np.radians(azimuth))
        assert (east < 0, north < 0) == (True, True)
        assert f"{-east:.1f} m west and {-north:.1f} m south of where that one would" in str(
            messages(report, "transform-chosen")
        )

    def test_the_best_one_by_name_is_no_finding(self, empty, source):
        report, _ = self.places(empty, source, "new", transform="EPSG:5044")
        assert messages(report, "transform-chosen") == []

    @pytest.mark.parametrize(
        ("name", "says"),
        [
            ("?", "fits no source. EPSG:4284 has no operation '?'"),
            ("", "fits no source"),
            ("Pulkovo", "may mean 3 operations"),
        ],
    )
    def test_an_unknown_or_ambiguous_one_lists_them(self, empty, source, name, says):
        with pytest.raises(SourceError) as caught:
            self.places(empty, source, "new", transform=name)
        assert says in str(caught.value)
        listed = {line.split(":", 2)[0].strip() + ")": line for line in str(caught.value).splitlines()[1:]}
        assert "accuracy 3 m; the best for the place; made for: Russian" in listed["Pulkovo 1942 to WGS 84 (20) (EPSG)"]
        other = listed["Pulkovo 1942 to WGS 84 (1) (EPSG)"]
        assert "(EPSG:1254): accuracy 999 m" in other
        assert "puts the middle of the data 5.5 m west and 9.2 m south of the best" in other

    def test_one_that_needs_a_missing_grid(self, empty, tmp_path):
        point = np.array([shapely.Point(11.5, 48.0)], dtype=object)
        missing = to_wgs84(point, CRS(4314)).better_unavailable
        if missing is None:
            pytest.skip("this machine has the grid of Germany")
        with pytest.raises(SourceError, match="needs a grid that this machine does not have") as caught:
            bring(empty, written(tmp_path / "a.gpkg", point, 4314), Kind.ACCIDENTS, transform=missing)
        assert "accuracy 1 m; needs a grid that is not here" in str(caught.value)

    def test_it_is_used_where_it_fits(self, empty, source, tmp_path):
        other = written(tmp_path / "b.gpkg", self.SOURCE, 4326)
        options = ImportOptions(transform="EPSG:1254")
        report = import_batch(empty, [source, other], Kind.ACCIDENTS, Handover("new", "new"), options)
        assert [each.name for each in report.transformations] == [
            "Pulkovo 1942 to WGS 84 (1)",
            "none, already WGS 84",
        ]
        assert "Positions in EPSG:4326 need no operation. The best one was used: none, already WGS 84." in messages(
            report, "reader-note"
        )

    def test_positions_on_wgs84_need_none(self, empty, tmp_path):
        with pytest.raises(SourceError, match=r"fits no source\. Positions in EPSG:4326 need no operation"):
            self.places(empty, written(tmp_path / "b.gpkg", self.SOURCE, 4326), "new", transform="EPSG:1254")


def test_a_layer_of_an_earlier_version_is_rebuilt(small):
    """It stated no operation and no corrections."""
    layer = small.layers()[0]
    earlier = {k: v for k, v in layer.provenance.parameters.items() if k not in {"transform", "corrections"}}
    old = replace(layer, provenance=replace(layer.provenance, parameters=earlier))
    assert rebuild(small, old) == layer.content_sha256


@pytest.mark.shared
def test_the_point_that_lost_its_minus_sign(empty, shared):
    """One of 2,029 events of Colombia in 2004 lies in the Indian Ocean."""
    data = shared / "colombia-mine-events"
    districts = ImportOptions(field_map={"name": "MPIO_CNMBR"})
    source = data / "co_2018_MGN_MPIO_POLITICO.geojson"
    import_batch(empty, [source], Kind.DISTRICTS, Handover("d", "Districts"), districts)
    report = bring(empty, data / "Minas/2004.json", Kind.ACCIDENTS, "as-delivered")
    assert (report.counts.plotted, report.counts.invalid, report.readings) == (2_028, 1, ())
    assert len(messages(report, "sign-lost")) == 1
    report = bring(empty, data / "Minas/2004.json", Kind.ACCIDENTS, corrections=("sign-lost",))
    assert (report.counts.plotted, report.counts.repaired, report.counts.invalid) == (2_029, 1, 0)
    found = rows(empty, Kind.ACCIDENTS)
    (corrected,) = found[found["repaired"].astype(bool)].geometry
    assert corrected.x == pytest.approx(-74.23417, abs=1e-5)


@pytest.mark.shared
def test_bosnia_is_read_as_it_is_meant(empty, shared):
    data = shared / "bih-mines"
    for name, kind in (
        ("cantons", Kind.DISTRICTS),
        ("suspect_areas_simplyfied", Kind.SURVEYED),
        ("incidents", Kind.ACCIDENTS),
        ("cleared_areas_simplyfied", Kind.RELEASED),
        ("lifted_minefields", Kind.DEVICES),
    ):
        report = bring(empty, data / f"{name}.geojson", kind, name)
        assert report.readings == ()
        codes = {finding.code for finding in report.findings}
        assert not codes & {"axes-swapped", "sign-lost", "zone-wrong", "datum-suspect"}
