# ruff: noqa: RUF001 (words of several scripts)
"""Tables from end to end: the same fields however they are written, what is asked about, and what is kept."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import openpyxl
import pytest
import shapely
from batches import write_source
from pyproj import Transformer
from typer.testing import CliRunner

from registry.cli import app
from registry.errors import CheckFailed, SourceError
from registry.geometry import WGS84, local_equal_area, project
from registry.importer import ImportOptions, import_batch, rebuild
from registry.model import Handover, Kind
from registry.sources.profile import Profile, parse_profile

# In the Caspian Sea, where SK-42 was in use.
FIELDS = {
    "F-1": [(50.600123, 41.000456), (50.603987, 41.000789), (50.603456, 41.003123), (50.600321, 41.002987)],
    "F-2": [(50.612345, 41.012345), (50.616789, 41.011987), (50.615123, 41.014876)],
    "F-3": [(50.621111, 41.001234), (50.626543, 41.002345), (50.627654, 41.006543), (50.622222, 41.005432)],
}
AREAS = [shapely.Polygon(corners) for corners in FIELDS.values()]
START = 'format = 1\nkind = "{kind}"\nchecked = true\n'


def profile_of(text: str, kind: Kind = Kind.MINEFIELDS) -> Profile:
    return parse_profile((START.format(kind=kind) + text).encode(), "p.toml")


def written(path: Path, *rows, delimiter=",", encoding="utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


def bring(registry, source, kind=Kind.MINEFIELDS, batch_id="first", **options):
    return import_batch(registry, [source], kind, Handover(batch_id, "A batch"), ImportOptions(**options))


def rows(registry, batch_id="first", kind=Kind.MINEFIELDS):
    return registry.read(registry.layer(batch_id, kind))


def messages(report, code):
    return [finding.message for finding in report.findings if finding.code == code]


def codes(report):
    return {finding.code for finding in report.findings}


def dms(degrees: float, positive: str) -> str:
    """To a tenth of a second."""
    tenths = round(degrees * 36_000)
    return f"{tenths // 36_000}°{tenths // 600 % 60:02d}'{tenths % 600 // 10:02d},{tenths % 10}\" {positive}"


def as_geojson(folder):
    return write_source(folder / "areas.geojson", AREAS, record_id=list(FIELDS)), {}


def as_dms(folder):
    lines = [
        (name, number, dms(y, "с.ш."), dms(x, "в.д."))
        for name, corners in FIELDS.items()
        for number, (x, y) in enumerate(corners, start=1)
    ]
    path = written(
        folder / "dms.csv", ("Поле", "Угол", "Широта", "Долгота"), *lines, delimiter=";", encoding="cp1251"
    )  # fmt: skip
    profile = profile_of(
        '[table]\nencoding = "cp1251"\n[geometry]\nnorth = "Широта"\neast = "Долгота"\ncrs = "EPSG:4326"\n'
        'group = "Поле"\ncorner = "Угол"\njoined = "polygon"\n[fields.record_id]\ncolumn = "Поле"\n'
    )
    return path, {"profile": profile}


def as_workbook(folder):
    """Two header rows with a merged cell, a sheet beside it, the name of a field only on its first row."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Fields"
    sheet.append(["Field", "Corner", "Position", None])
    sheet.append([None, None, "Latitude", "Longitude"])
    sheet.merge_cells("C1:D1")
    for name, corners in FIELDS.items():
        for number, (x, y) in enumerate(corners, start=1):
            sheet.append([name if number == 1 else None, number, y, x])
    book.create_sheet("Remarks").append(["a remark"])
    book["Remarks"].append(["another"])
    book.save(folder / "corners.xlsx")
    profile = profile_of(
        '[table]\nsheet = "Fields"\n[geometry]\nnorth = "Position Latitude"\neast = "Position Longitude"\n'
        'crs = "EPSG:4326"\ngroup = "Field"\ncorner = "Corner"\njoined = "polygon"\nfill_down = true\n'
        '[fields.record_id]\ncolumn = "Field"\n'
    )
    return folder / "corners.xlsx", {"profile": profile}


def as_gauss_krueger(folder):
    """SK-42, zone 9: X is the northing and comes first, Y begins with the zone's digit."""
    to_grid = Transformer.from_crs(4326, 28409, always_xy=True)
    lines = []
    for name, corners in FIELDS.items():
        metres = [to_grid.transform(x, y) for x, y in corners]
        assert all(str(int(y)).startswith("9") for y, _ in metres)
        lines.append((name, "; ".join(f"{x:.0f} {y:.0f}" for y, x in metres)))
    path = written(folder / "sk42.csv", ("Field", "Corners"), *lines)
    profile = profile_of(
        '[geometry]\ncolumn = "Corners"\ncrs = "EPSG:4284"\nnotation = "GAUSS_KRUEGER"\norder = "north first"\n'
        '[fields.record_id]\ncolumn = "Field"\n'
    )
    return path, {"profile": profile}


def as_wkt(folder):
    lines = [(name, area.wkt) for name, area in zip(FIELDS, AREAS, strict=True)]
    path = written(folder / "wkt.tsv", ("record_id", "shape"), *lines, delimiter="\t")
    return path, {"crs": "EPSG:4326"}


FORMS = (as_geojson, as_dms, as_workbook, as_gauss_krueger, as_wkt)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_the_same_fields_however_they_are_written(empty, tmp_path, form):
    path, options = form(tmp_path)
    report = bring(empty, path, **options)
    assert (report.counts.received, report.counts.plotted) == (3, 3)
    assert report.documents[0].sha256
    found = rows(empty)
    assert found["record_id"].tolist() == list(FIELDS)
    plane = local_equal_area(AREAS[0].bounds)
    ours = project(found.geometry.to_numpy(), WGS84, plane)
    theirs = project(np.array(AREAS, dtype=object), WGS84, plane)
    apart_m = shapely.hausdorff_distance(ours, theirs)
    if form is as_geojson:
        assert apart_m.max() < 0.01
        assert set(found["geometry_method"]) == {"IMPORTED"}
    else:
        # Half a step on both axes is sqrt(6) sigma.
        assert (apart_m <= np.sqrt(6) * found["sigma_m"].to_numpy() + 0.01).all()
        assert found["sigma_m"].max() < 1
        assert set(found["geometry_method"]) == {"COORDINATES"}
    layer = empty.layer("first", Kind.MINEFIELDS)
    assert rebuild(empty, layer) == layer.content_sha256
    assert empty.verify().problems == ()


def test_the_zone_digit_names_the_zone(empty, tmp_path):
    path, options = as_gauss_krueger(tmp_path)
    bring(empty, path, **options)
    assert set(rows(empty)["source_crs"]) == {"EPSG:28409"}


def test_what_may_mean_several_things_is_not_guessed(empty, tmp_path):
    path = written(tmp_path / "a.csv", ("no", "where"), ("1", "40.51234 50.61234"), ("2", "40.51234N 50.61234E"))
    profile = profile_of('[geometry]\ncolumn = "where"\ncrs = "EPSG:4326"\n', Kind.ACCIDENTS)
    report = bring(empty, path, Kind.ACCIDENTS, profile=profile)
    (message,) = messages(report, "position-not-understood")
    assert message.count("would land at") == 2
    assert "40.5123, 50.6123" in message
    assert "50.6123, 40.5123" in message
    assert report.counts.unplottable == 1
    assert report.counts.plotted == 1


def test_what_cannot_be_read_is_kept(empty, tmp_path):
    path = written(
        tmp_path / "a.csv",
        ("no", "lat", "lon", "killed"),
        ("1", "40 61 00 N", "50 30 00 E", "2"),
        ("2", "40.5", "50.5", "two"),
        ("3", "", "", ""),
    )
    report = bring(empty, path, Kind.ACCIDENTS, crs="EPSG:4326", profile=profile_of(
        '[geometry]\nnorth = "lat"\neast = "lon"\n[fields.accident_id]\ncolumn = "no"\n', Kind.ACCIDENTS
    ))  # fmt: skip
    assert codes(report) >= {"position-not-understood", "geometry-missing", "value-not-understood"}
    found = rows(empty, kind=Kind.ACCIDENTS)
    assert found["plot_status"].tolist() == ["UNPLOTTABLE", "PLOTTED", "UNPLOTTABLE"]
    assert found["original_geometry"].tolist()[0] == "40 61 00 N, 50 30 00 E"
    assert found["source_fields"][0] == {"lat": "40 61 00 N", "lon": "50 30 00 E"}
    assert found["source_fields"][1]["killed"] == "two"


def test_a_table_that_needs_no_profile_says_what_was_taken(empty, tmp_path):
    path = written(tmp_path / "a.csv", ("Latitude", "Longitude", "Colour"), ("40.51234", "50.61234", "red"))
    report = bring(empty, path, Kind.ACCIDENTS, crs="EPSG:4326")
    assert any(
        "Positions are taken from 'Longitude' and 'Latitude'" in note for note in messages(report, "reader-note")
    )
    assert rows(empty, kind=Kind.ACCIDENTS)["source_fields"][0]["Colour"] == "red"


def test_a_sheet_is_named_where_several_hold_data(empty, tmp_path):
    book = openpyxl.Workbook()
    for title, lat in (("First", 40.51234), ("Second", 41.51234)):
        sheet = book.create_sheet(title)
        sheet.append(["Latitude", "Longitude"])
        sheet.append([lat, 50.61234])
    path = tmp_path / "a.xlsx"
    book.save(path)
    with pytest.raises(SourceError, match="First"):
        bring(empty, path, Kind.ACCIDENTS, crs="EPSG:4326")
    bring(empty, path, Kind.ACCIDENTS, crs="EPSG:4326", sheet="Second")
    assert shapely.get_y(rows(empty, kind=Kind.ACCIDENTS).geometry.to_numpy()).tolist() == [pytest.approx(41.51234)]
    layer = empty.layer("first", Kind.ACCIDENTS)
    assert rebuild(empty, layer) == layer.content_sha256


def test_corners_out_of_order_cross_and_are_repaired_on_request(empty, tmp_path):
    lines = [("A", n, lat, lon) for n, lat, lon in ((1, "41.001", "50.601"), (2, "41.009", "50.609"),
                                                    (3, "41.001", "50.609"), (4, "41.009", "50.601"))]  # fmt: skip
    path = written(tmp_path / "a.csv", ("Field", "Corner", "lat", "lon"), *lines)
    profile = profile_of(
        '[geometry]\nnorth = "lat"\neast = "lon"\ncrs = "EPSG:4326"\ngroup = "Field"\ncorner = "Corner"\n'
        'joined = "polygon"\n'
    )
    assert bring(empty, path, profile=profile).counts.invalid == 1
    assert bring(empty, path, batch_id="second", profile=profile, repair=True).counts.repaired == 1


def test_a_table_that_does_not_say_its_crs_is_asked_about(empty, tmp_path):
    path = written(tmp_path / "a.csv", ("Latitude", "Longitude"), ("40.51234", "50.61234"))
    with pytest.raises(SourceError, match="does not say its CRS"):
        bring(empty, path, Kind.ACCIDENTS)


def test_a_table_without_a_profile_that_needs_one(empty, tmp_path):
    path = written(tmp_path / "a.csv", ("place", "killed"), ("here", "1"))
    with pytest.raises(SourceError, match="--propose-profile"):
        bring(empty, path, Kind.ACCIDENTS)


def test_a_profile_is_for_tables(empty, tmp_path):
    path, _ = as_geojson(tmp_path)
    with pytest.raises(SourceError, match="it is no table"):
        bring(empty, path, profile=profile_of(""))
    with pytest.raises(SourceError, match="it is no table"):
        bring(empty, path, sheet="Fields")
    path, options = as_dms(tmp_path)
    with pytest.raises(SourceError, match="a table has no layers"):
        bring(empty, path, layers=("a",), **options)


def test_the_position_error_is_the_records_own_then_the_stated_then_the_written(empty, tmp_path):
    path = written(
        tmp_path / "a.csv",
        ("Latitude", "Longitude", "error"),
        ("40°30'00\"N", "50°30'00\"E", "7"),
        ("40°30'10\"N", "50°30'10\"E", ""),
    )
    named = {"crs": "EPSG:4326", "field_map": {"sigma_m": "error"}}
    report = bring(empty, path, Kind.ACCIDENTS, "written", **named)
    assert any(
        "1 records state it; for 1 it is from the precision" in note for note in messages(report, "reader-note")
    )  # fmt: skip
    # One second is 31 m by 24 m here.
    assert rows(empty, "written", Kind.ACCIDENTS)["sigma_m"].tolist() == [7, pytest.approx(8, abs=0.2)]
    # Whole minutes, but written to the second.
    assert "precision-coarse" not in codes(report)
    report = bring(empty, path, Kind.ACCIDENTS, "stated", sigma_m=50.0, **named)
    assert any("for 1 it is as stated, 50 m" in note for note in messages(report, "reader-note"))
    assert rows(empty, "stated", Kind.ACCIDENTS)["sigma_m"].tolist() == [7, 50]
    layer = empty.layer("stated", Kind.ACCIDENTS)
    assert rebuild(empty, layer) == layer.content_sha256


def test_positions_written_coarsely_are_said(empty, tmp_path):
    path = written(tmp_path / "a.csv", ("Latitude", "Longitude"), ("40°30.1'N", "50°30.1'E"))
    assert "precision-coarse" in codes(bring(empty, path, Kind.ACCIDENTS, crs="EPSG:4326"))


def test_points_and_lines_get_their_own_width_or_radius(empty, tmp_path):
    path = written(
        tmp_path / "a.csv",
        ("where", "r"),
        ("POINT (50.6 41)", "50"),
        ("POINT (50.7 41)", ""),
        ("POINT (50.8 41)", "wide"),
    )
    geometry = '[geometry]\ncolumn = "where"\nnotation = "WKT"\ncrs = "EPSG:4326"\nradius = { column = "r" }\n'
    report = bring(empty, path, profile=profile_of(geometry))
    found = rows(empty)
    assert found["plot_status"].tolist() == ["PLOTTED", "UNPLOTTABLE", "UNPLOTTABLE"]
    assert found["geometry_method"].tolist()[0] == "BUFFERED"
    assert found["radius_m"].tolist()[0] == 50
    assert codes(report) >= {"extent-drawn", "not-an-area", "value-not-understood"}
    assert bring(empty, path, batch_id="stated", profile=profile_of(geometry), radius_m=20.0).counts.plotted == 3
    assert rows(empty, "stated").to_crs(local_equal_area((50.6, 41, 50.8, 41))).area.round(-1).tolist() == [
        pytest.approx(np.pi * radius**2, rel=0.01) for radius in (50, 20, 20)
    ]


def test_personal_data_in_a_table_are_refused_by_column(empty, tmp_path):
    people = [("40.51234", "50.61234", "Ivan Petrov"), ("40.51235", "50.61235", "Maria Silva")]
    path = written(tmp_path / "a.csv", ("Latitude", "Longitude", "Victim name"), *people)
    with pytest.raises(CheckFailed, match="--drop-column 'Victim name'"):
        bring(empty, path, Kind.ACCIDENTS, crs="EPSG:4326")
    bring(empty, path, Kind.ACCIDENTS, crs="EPSG:4326", drop_columns=("Victim name",))
    assert "Petrov" not in json.dumps(rows(empty, kind=Kind.ACCIDENTS)["source_fields"].tolist())


def test_a_constant_leaves_a_column_of_that_name_in_source_fields(empty, tmp_path):
    path = written(tmp_path / "a.csv", ("Latitude", "Longitude", "district"), ("40.51", "50.61", "theirs"))
    geometry = '[geometry]\nnorth = "Latitude"\neast = "Longitude"\ncrs = "EPSG:4326"\n'
    bring(
        empty,
        path,
        Kind.ACCIDENTS,
        profile=profile_of(f'{geometry}[fields.district]\nvalue = "ours"\n', Kind.ACCIDENTS),
    )
    found = rows(empty, kind=Kind.ACCIDENTS)
    assert found["district"].tolist() == ["ours"]
    assert found["source_fields"][0]["district"] == "theirs"
    with pytest.raises(SourceError, match="the profile says where district comes from"):
        bring(empty, path, Kind.ACCIDENTS, "second", field_map={"district": "district"}, profile=profile_of(
            f'{geometry}[fields.district]\nvalue = "ours"\n', Kind.ACCIDENTS
        ))  # fmt: skip


def test_rows_of_a_field_that_differ_are_not_understood(empty, tmp_path):
    lines = [("A", "41.0", "50.6", "5"), ("A", "41.0", "50.61", "5"), ("A", "41.01", "50.61", "6")]
    path = written(tmp_path / "a.csv", ("Field", "lat", "lon", "mines_ap"), *lines)
    profile = profile_of(
        '[geometry]\nnorth = "lat"\neast = "lon"\ncrs = "EPSG:4326"\ngroup = "Field"\njoined = "polygon"\n'
    )
    report = bring(empty, path, profile=profile)
    (message,) = messages(report, "value-not-understood")
    assert "the rows of the record differ: '5', '6'" in message
    assert rows(empty)["source_fields"][0]["mines_ap"] == ["5", "6"]


class TestCommand:
    @pytest.fixture
    def run(self, empty, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)

        def run(*words, code=0):
            result = CliRunner().invoke(app, ["--registry", str(empty.path), *map(str, words)], env={"COLUMNS": "120"})
            if isinstance(result.exception, SourceError):
                raise result.exception
            assert result.exit_code == code, result.output
            return result.output

        return run

    def test_proposed_checked_imported(self, empty, run, tmp_path):
        path, _ = as_dms(tmp_path)
        out = tmp_path / "p.toml"
        propose = ["import", path, "--kind", "minefields", "--encoding", "cp1251", "--crs", "EPSG:4326"]
        words = run(*propose, "--propose-profile", out)
        assert re.search(r"geometry +Долгота, Широта", words)
        assert re.search(r"record_id +Поле", words)
        assert "set checked = true" in " ".join(words.split())
        assert empty.layers() == ()
        text = out.read_text(encoding="utf-8")
        assert "checked = false" in text
        assert "# 1.00: the headings 'Долгота' and 'Широта' say so" in text
        assert 'group = "Поле"' in text
        with pytest.raises(SourceError, match="there already"):
            run(*propose, "--propose-profile", out)
        assert out.read_text(encoding="utf-8") == text
        bring = ["import", path, "--kind", "minefields", "--id", "first", "--profile", out]
        with pytest.raises(SourceError, match="has not been checked"):
            run(*bring)
        out.write_text(text.replace("checked = false", "checked = true"), encoding="utf-8")
        assert "imported" in run(*bring)
        assert rows(empty)["record_id"].tolist() == list(FIELDS)
        layer = empty.layer("first", Kind.MINEFIELDS)
        assert "EPSG:4326" in layer.provenance.parameters["options"][0]["profile"]
        out.unlink()
        assert rebuild(empty, layer) == layer.content_sha256

    def test_a_proposal_as_json(self, run, tmp_path):
        path, _ = as_workbook(tmp_path)
        words = ["import", path, "--kind", "minefields", "--sheet", "Fields"]
        said = json.loads(run(*words, "--propose-profile", tmp_path / "p.toml", "--json"))
        assert said["schema"] == "minefield-registry/propose-profile/v1"
        assert said["geometry"]["columns"] == ["Position Longitude", "Position Latitude"]
        assert set(said["fields"][0]) == {"field", "column", "confidence", "reason"}

    def test_where_nothing_can_be_written(self, run, tmp_path):
        path, _ = as_dms(tmp_path)
        with pytest.raises(SourceError, match="cannot be written"):
            run("import", path, "--kind", "minefields", "--propose-profile", tmp_path / "nowhere" / "p.toml")

    def test_an_import_names_its_batch(self, run, tmp_path):
        path, _ = as_geojson(tmp_path)
        assert "--id" in run("import", path, "--kind", "minefields", code=2)


def test_the_profile_in_the_docs_is_one():
    page = (Path(__file__).resolve().parent.parent / "docs" / "tables.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    profile = parse_profile(example.encode(), "tables.md")
    assert profile.checked
    assert profile.geometry is not None
    assert set(profile.fields) == {"record_id", "laid_from", "depth_m", "pattern", "district"}
