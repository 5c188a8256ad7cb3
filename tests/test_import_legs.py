"""Tables of bearings and distances, from the file to the registry and back: known corners come back as they were."""

import csv
import io
import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openpyxl
import pytest
import shapely
from pyproj import Geod, Transformer
from typer.testing import CliRunner

from registry.cli import app
from registry.errors import SourceError
from registry.importer import ImportOptions, import_batch, rebuild
from registry.model import Handover, Kind
from registry.sources.profile import parse_profile

WGS84 = Geod(ellps="WGS84")
GRID = "EPSG:32632"
# In open sea: reference points and the corners of two fields.
RP = {"SYN-1": (3.00003, 58.00007), "SYN-2": (3.02003, 58.01007)}
RP2 = (3.0101, 57.9978)
FIELD = ((3.0021, 58.0010), (3.0054, 58.0013), (3.0056, 58.0004), (3.0038, 57.9999), (3.0019, 58.0003))
FIELDS = {"SYN-1": FIELD, "SYN-2": tuple((x + 0.02, y + 0.01) for x, y in FIELD)}
# IGRF-14 near the first reference point, from another program (pyIGRF14 1.0.4).
DECLINATION = {"1993-06-15": -4.088}
UNITS = {"degrees": 360, "mils-6400": 6400, "divisions-6000": 6000}


def bearing(start, end, north):
    """Degrees from a north, by pyproj alone."""
    if north == "grid":
        (x0, y0), (x1, y1) = (
            Transformer.from_crs("EPSG:4326", GRID, always_xy=True).transform(*each) for each in (start, end)
        )
        return np.degrees(np.arctan2(x1 - x0, y1 - y0)) % 360
    true = WGS84.inv(*start, *end)[0]
    return (true - (DECLINATION["1993-06-15"] if north == "magnetic" else 0)) % 360


def as_written(degrees, unit):
    if unit == "degrees":
        minutes = round(degrees * 60)
        return f"{minutes // 60}°{minutes % 60:02d}'"
    parts = round(degrees / 360 * UNITS[unit])
    return f"{parts // 100}-{parts % 100:02d}" if unit == "divisions-6000" else str(parts)


def legs(record, unit, north, *, second=False):
    """From, to, angle, distance of each leg of a field, and to a second reference point if asked."""
    corners = FIELDS[record]
    points = [RP[record], *corners, corners[0]]
    names = ["RP", "S", *(f"T{n}" for n in range(1, len(corners))), "C"]
    pairs = list(zip(names[:-1], names[1:], points[:-1], points[1:], strict=True))
    if second:
        pairs.insert(0, ("RP", "RP2", RP[record], RP2))
    return [(a, b, as_written(bearing(p, q, north), unit), f"{WGS84.inv(*p, *q)[2]:.1f}") for a, b, p, q in pairs]


def place(record):
    x, y = RP[record]
    return f"{y:.5f}N {x:.5f}E"


@dataclass(frozen=True)
class Form:
    """A table and the [legs] that says where its legs stand."""

    header: tuple
    lines: list
    where: str


def as_rows(unit, north, **options):
    """One row for each leg; the reference point's position on a row of its own."""
    lines = []
    for record in FIELDS:
        lines.append((record, "", "RP", "", "", place(record), "1993-06-15", "12"))
        lines += [(record, *leg, "", "1993-06-15", "12") for leg in legs(record, unit, north, **options)]
    header = ("Field", "from", "to", "angle", "distance", "where", "laid", "AP")
    return Form(header, lines, 'group = "Field"\nfrom = "from"\nto = "to"\nangle = "angle"\ndistance = "distance"\n'
                'position = "where"\n')  # fmt: skip


def as_cells(unit, north, **options):
    """The whole record in one cell."""
    lines = []
    for record in FIELDS:
        chain = "; ".join(f"{a}>{b} {angle}/{length}" for a, b, angle, length in legs(record, unit, north, **options))
        lines.append((record, f"RP {place(record)}; {chain}", "1993-06-15", "12"))
    return Form(("Field", "legs", "laid", "AP"), lines, 'column = "legs"\n')


def as_cells_with_reference(unit, north):
    """The position of the reference point in two columns of its own."""
    lines = [
        (record, "; ".join(f"{angle}/{length}" for _, _, angle, length in legs(record, unit, north)),
         f"{RP[record][1]:.5f}", f"{RP[record][0]:.5f}", "1993-06-15", "12")
        for record in FIELDS
    ]  # fmt: skip
    where = 'column = "legs"\nlatitude = "lat"\nlongitude = "lon"\n'
    return Form(("Field", "legs", "lat", "lon", "laid", "AP"), lines, where)


def as_rows_with_reference(unit, north):
    """The record's name and the reference point's position only on the first row, points without names."""
    lines = [
        (record if n == 0 else "", f"{n + 1}", angle, length, place(record) if n == 0 else "", "1993-06-15", "12")
        for record in FIELDS
        for n, (_, _, angle, length) in enumerate(legs(record, unit, north))
    ]
    return Form(("Field", "leg", "angle", "distance", "RP", "laid", "AP"), lines,
                'group = "Field"\nfill_down = true\nleg = "leg"\nangle = "angle"\ndistance = "distance"\n'
                'position = "RP"\nposition_of = "reference"\n')  # fmt: skip


def profile_of(form, unit, north, more=""):
    stated = {"grid": f'grid_crs = "{GRID}"\n', "magnetic": 'laid_on = { column = "laid" }\n'}.get(north, "")
    return parse_profile(
        (
            'format = 1\nkind = "minefields"\nchecked = true\n[legs]\ncrs = "EPSG:4326"\n'
            f'{form.where}angle_unit = "{unit}"\nnorth = "{north}"\n{stated}{more}'
            '[fields.record_id]\ncolumn = "Field"\n[fields.mines_ap]\ncolumn = "AP"\n'
        ).encode(),
        "p.toml",
    )


def csv_of(folder, form):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([form.header, *form.lines])
    path = folder / "legs.csv"
    path.write_text(text.getvalue(), encoding="utf-8")
    return path


def xlsx_of(folder, form):
    """Numbers as numbers, as a spreadsheet has them."""
    book = openpyxl.Workbook()
    for line in [form.header, *form.lines]:
        book.active.append([_cell(text) for text in line])
    book.save(folder / "legs.xlsx")
    return folder / "legs.xlsx"


def _cell(text):
    return None if text == "" else float(text) if re.fullmatch(r"\d+\.\d+", text) else text


def bring(registry, path, profile, batch_id="legs", **options):
    handover = Handover(batch_id, batch_id)
    report = import_batch(registry, [path], Kind.MINEFIELDS, handover, ImportOptions(profile=profile, **options))
    return report, registry.read(registry.layer(batch_id, Kind.MINEFIELDS))


def codes(report):
    return {finding.code for finding in report.findings}


def messages(report, code):
    return [finding.message for finding in report.findings if finding.code == code]


NORTHS = ("true", "grid", "magnetic")
WAYS = (
    *((form, unit, north) for form in (as_rows, as_cells) for unit in UNITS for north in NORTHS),
    *((form, "divisions-6000", "magnetic") for form in (as_rows_with_reference, as_cells_with_reference)),
)


@pytest.mark.parametrize("write", [csv_of, xlsx_of])
@pytest.mark.parametrize(("form", "unit", "north"), WAYS, ids=lambda value: getattr(value, "__name__", value))
def test_known_corners_come_back(empty, tmp_path, form, unit, north, write):
    made = form(unit, north)
    report, found = bring(empty, write(tmp_path, made), profile_of(made, unit, north))
    assert (report.counts.received, report.counts.plotted) == (2, 2)
    assert found["record_id"].tolist() == list(FIELDS)
    assert found["mines_ap"].tolist() == [12, 12]
    assert set(found["geometry_method"]) == {"LEGS"}
    for record, shape in zip(FIELDS, found.geometry, strict=True):
        drawn = shapely.get_coordinates(shape)[:-1]
        apart = [min(WGS84.inv(*corner, *other)[2] for other in drawn) for corner in FIELDS[record]]
        assert len(drawn) == len(FIELD)
        assert max(apart) < 0.5
    assert codes(report) & {"misclosure-large", "angle-unit-suspect", "declination-suspect"} == set()
    # 1.5 % of the way to the corner farthest along, and what five decimals of a degree leave open.
    way = sum(float(length) for *_, length in legs("SYN-1", unit, north)[:-1])
    assert found["sigma_m"].tolist()[0] == pytest.approx(np.hypot(0.015 * way, 0.26), rel=0.01)
    layer = empty.layer("legs", Kind.MINEFIELDS)
    assert rebuild(empty, layer) == layer.content_sha256


def test_every_leg_as_entered_and_every_choice_is_kept(empty, tmp_path):
    form = as_rows("divisions-6000", "magnetic")
    report, found = bring(empty, csv_of(tmp_path, form), profile_of(form, "divisions-6000", "magnetic"))
    kept = found["source_fields"][0]
    mine = [line for line in form.lines if line[0] == "SYN-1"]
    assert kept["angle"] == [line[3] or None for line in mine]
    assert kept["to"] == [line[2] for line in mine]
    assert kept["where"] == [place("SYN-1"), *[None] * 6]
    assert kept["laid_out"]["convention"]["north"] == "magnetic"
    assert kept["laid_out"]["declination"]["model"] == "IGRF-14"
    assert kept["laid_out"]["adjusted"] is False
    (point,) = found["reference_points"][0]
    assert (point["name"], point["as_written"]) == ("RP", place("SYN-1"))
    # The day that the declination is of is the day of laying, where nothing else says that.
    assert str(found["laid_from"][0])[:10] == "1993-06-15"
    notes = " ".join(messages(report, "reader-note"))
    assert "bearings in divisions-6000 from magnetic north and distances in metres" in notes
    assert "that of IGRF-14 for place and day of laying: -4.1 degrees" in notes
    assert re.search(r"2 of 2 records of legs close on a known point: they miss it by \S+ m", notes)


@pytest.mark.parametrize(("stated", "meant"), [("mils-6400", "divisions-6000"), ("divisions-6000", "mils-6400")])
def test_mixed_up_mils_are_named(empty, tmp_path, stated, meant):
    # All angles can be read in both.
    angles = [round(degrees / 360 * UNITS[meant]) for degrees in (30, 90, 170, 270, 0)]
    chain = "; ".join(f"{a}/{d}" for a, d in zip(angles, (100, 300, 120, 320.84, 118.2), strict=True))
    form = Form(("Field", "legs", "laid", "AP"), [("A", f"RP {place('SYN-1')}; {chain}", "1993", "1")],
                'column = "legs"\n')  # fmt: skip
    report, _ = bring(empty, csv_of(tmp_path, form), profile_of(form, stated, "true"))
    assert codes(report) >= {"misclosure-large", "angle-unit-suspect"}
    assert f"Read as {stated}" in messages(report, "angle-unit-suspect")[0]
    right, _ = bring(empty, csv_of(tmp_path, form), profile_of(form, meant, "true"), "right")
    assert not codes(right) & {"misclosure-large", "angle-unit-suspect"}


@pytest.mark.parametrize("form", [as_rows, as_cells])
def test_a_forgotten_declination_shows_against_a_second_reference_point(empty, tmp_path, form):
    made = form("degrees", "magnetic", second=True)
    known = f"{RP2[1]:.5f}N {RP2[0]:.5f}E"
    lines = []
    for line in made.lines:
        if line[0] != "SYN-1":
            continue
        if form is as_cells:
            lines.append((line[0], line[1].replace("; ", f"; RP2 {known}; ", 1), *line[2:]))
            continue
        if line[2] == "RP2":
            lines.append((line[0], "", "RP2", "", "", known, *line[6:]))
        lines.append(line)
    made = Form(made.header, lines, f"{made.where}sigma_m = 1\n")
    wrong, _ = bring(empty, csv_of(tmp_path, made), profile_of(made, "degrees", "true"))
    (sentence,) = messages(wrong, "declination-suspect")
    assert "Turning all bearings by -4.1 degrees" in sentence
    right, _ = bring(empty, csv_of(tmp_path, made), profile_of(made, "degrees", "magnetic"), "right")
    assert "declination-suspect" not in codes(right)


def test_magnetic_north_without_any_day_is_said(empty, tmp_path):
    form = as_cells("degrees", "magnetic")
    form = Form(form.header, [(*line[:2], "", line[3]) for line in form.lines], form.where)
    report, _ = bring(empty, csv_of(tmp_path, form), profile_of(form, "degrees", "magnetic"))
    assert "neither declination nor laying date is known" in messages(report, "declination-suspect")[0]
    assert report.counts.plotted == 2


def test_the_declination_is_that_of_each_records_own_day(empty, tmp_path):
    form = as_cells("degrees", "magnetic")
    lines = [(*form.lines[0][:2], "1993-06-15", "1"), ("B", form.lines[0][1], "15.06.2013", "1")]
    form = Form(form.header, lines, form.where)
    _, found = bring(empty, csv_of(tmp_path, form), profile_of(form, "degrees", "magnetic"))
    used = [each["laid_out"]["declination"]["degrees"] for each in found["source_fields"]]
    assert used[0] == pytest.approx(-4.088, abs=0.02)
    assert used[1] - used[0] > 2  # the field drifts by about 0.16 degree a year here
    # A declination that the forms state goes before the model's.
    stated = profile_of(form, "degrees", "magnetic", more="declination_deg = -4.1\n")
    _, found = bring(empty, csv_of(tmp_path, form), stated, "stated")
    assert [each["laid_out"]["declination"]["degrees"] for each in found["source_fields"]] == [-4.1, -4.1]


def test_a_record_that_cannot_be_read_costs_only_itself(empty, tmp_path):
    form = as_rows("divisions-6000", "true")
    bad = [("X", "RP", "S", "75-00", "100", "", "1993", "5"), ("X", "S", "E", "0-00", "10", "", "1993", "5")]
    nowhere = [("Y", *leg, "", "1993", "5") for leg in legs("SYN-1", "divisions-6000", "true")]
    nameless = [("", "RP", "S", "1-00", "100", "", "1993", "5")]
    path = csv_of(tmp_path, Form(form.header, [*form.lines, *bad, *nowhere, *nameless], form.where))
    report, found = bring(empty, path, profile_of(form, "divisions-6000", "true"))
    assert (report.counts.received, report.counts.plotted, report.counts.unplottable) == (5, 2, 3)
    said = messages(report, "position-not-understood")
    assert said[0] == (
        "Lines 16 to 17: leg to S: '75-00' is not on a circle of 6000 parts; check the unit stated, divisions-6000."
    )
    assert said[1] == (
        "No point of the record has a known position; its shape is kept in metres east and north of its own start, "
        "counted from true north."
    )
    assert said[2] == "Line 24: 'Field' is blank, so it belongs to no record."
    assert found["original_geometry"][2] == "RP, S, 75-00, 100; S, E, 0-00, 10"
    assert found["mines_ap"].tolist() == [12, 12, 5, 5, 5]
    relative = shapely.from_wkt(found["original_geometry"][3])
    expected = WGS84.geometry_area_perimeter(shapely.Polygon(FIELD))
    assert relative.area == pytest.approx(abs(expected[0]), rel=0.01)
    layer = empty.layer("legs", Kind.MINEFIELDS)
    assert rebuild(empty, layer) == layer.content_sha256


def test_what_the_rows_of_a_record_say_differently_is_reported(empty, tmp_path):
    form = as_rows("degrees", "true")
    lines = [(*line[:7], "13") if n == 2 else line for n, line in enumerate(form.lines)]
    report, found = bring(
        empty, csv_of(tmp_path, Form(form.header, lines, form.where)), profile_of(form, "degrees", "true")
    )
    (message,) = messages(report, "value-not-understood")
    assert "the rows of the record differ: '12', '13'" in message
    assert found["source_fields"][0]["AP"] == ["12", "13"]


def test_a_misclosure_is_distributed_only_when_asked_and_that_is_recorded(empty, tmp_path):
    square = "RP 58.00000N 3.00000E; S 0/50; T1 0/100; T2 90/100; T3 180/100; C 270/96"
    form = Form(("Field", "legs", "laid", "AP"), [("A", square, "1993", "1")], 'column = "legs"\n')
    path = csv_of(tmp_path, form)
    report, as_it_is = bring(empty, path, profile_of(form, "degrees", "true"))
    assert any("they miss it by 4.0 m (1:99)." in note for note in messages(report, "reader-note"))
    report, adjusted = bring(empty, path, profile_of(form, "degrees", "true", "adjusted = true\n"), "adjusted")
    assert any("distributed by the compass rule" in note for note in messages(report, "reader-note"))
    assert [frame["source_fields"][0]["laid_out"]["adjusted"] for frame in (as_it_is, adjusted)] == [False, True]
    # The last corner gives up 300/396 of the 4 m.
    corner = [shapely.get_coordinates(frame.geometry[0]).tolist() for frame in (as_it_is, adjusted)]
    moved = max(min(WGS84.inv(*one, *other)[2] for other in corner[0]) for one in corner[1])
    assert moved == pytest.approx(4 * 300 / 396, abs=0.02)


def test_reference_points_in_sk42_are_moved_and_that_is_said(empty, tmp_path):
    form = as_cells("degrees", "true")
    moved = parse_profile(_in_sk42(form).encode(), "p.toml")
    report, found = bring(empty, csv_of(tmp_path, form), moved)
    assert any("Reference points in EPSG:4284 were brought to WGS 84 by" in n for n in messages(report, "reader-note"))
    assert found["sigma_m"].min() > 8
    with pytest.raises(SourceError, match="the profile states EPSG:4284, but EPSG:4326 is stated too"):
        bring(empty, csv_of(tmp_path, form), moved, "again", crs="EPSG:4326")


def _in_sk42(form):
    return (
        'format = 1\nkind = "minefields"\nchecked = true\n[legs]\ncrs = "EPSG:4284"\n'
        f'{form.where}angle_unit = "degrees"\nnorth = "true"\n[fields.record_id]\ncolumn = "Field"\n'
    )


@pytest.mark.parametrize("form", [as_rows, as_cells, as_cells_with_reference])
def test_without_a_crs_the_import_stops(empty, tmp_path, form):
    made = form("degrees", "true")
    profile = parse_profile(_in_sk42(made).replace('crs = "EPSG:4284"\n', "").encode(), "p.toml")
    with pytest.raises(SourceError, match=r"do not say their CRS; state it with --crs or as crs in \[legs\]"):
        bring(empty, csv_of(tmp_path, made), profile)
    assert empty.layers() == ()
    report, _ = bring(empty, csv_of(tmp_path, made), profile, crs="EPSG:4326")
    assert report.counts.plotted == 2


def test_a_grid_that_is_none_stops_the_import(empty, tmp_path):
    form = as_cells("degrees", "grid")
    profile = parse_profile(
        _in_sk42(form).replace('north = "true"', 'north = "grid"\ngrid_crs = "EPSG:4284"').encode(), "p.toml"
    )
    with pytest.raises(SourceError, match="EPSG:4284, has no grid"):
        bring(empty, csv_of(tmp_path, form), profile)


def test_one_position_for_several_points_is_not_believed(empty, tmp_path):
    form = as_rows("degrees", "true")
    lines = [(*line[:5], place(line[0]), *line[6:]) for line in form.lines if line[3]]
    form = Form(form.header, lines, form.where)
    path = csv_of(tmp_path, form)
    report, _ = bring(empty, path, profile_of(form, "degrees", "true"))
    assert report.counts.plotted == 0
    assert "state position_of = 'reference'" in messages(report, "position-not-understood")[0]
    report, _ = bring(empty, path, profile_of(form, "degrees", "true", 'position_of = "reference"\n'), "right")
    assert report.counts.plotted == 2


def test_the_examples_of_the_docs(empty, tmp_path):
    page = (Path(__file__).parent.parent / "docs" / "paper.md").read_text(encoding="utf-8")
    tables = re.findall(r"```csv\n(.*?)```", page, re.DOTALL)
    profiles = [text for text in re.findall(r"```toml\n(.*?)```", page, re.DOTALL) if "\n[legs]\n" in text]
    drawn = []
    for number, (table, profile) in enumerate(zip(tables, profiles, strict=True)):
        (tmp_path / f"{number}.csv").write_text(table, encoding="utf-8")
        report, found = bring(
            empty, tmp_path / f"{number}.csv", parse_profile(profile.encode(), "paper.md"), f"b{number}"
        )
        assert (report.counts.plotted, report.counts.unplottable) == (2, 1)
        assert "misclosure-large" not in codes(report)
        drawn.append(found)
    # Both forms are the same records.
    assert shapely.equals_exact(*(frame.geometry.to_numpy()[:2] for frame in drawn), tolerance=1e-12).all()
    assert drawn[0]["sigma_m"].tolist()[:2] == drawn[1]["sigma_m"].tolist()[:2]
    assert len({str(frame["laid_from"].tolist()) for frame in drawn}) == 1


class TestCommand:
    """As somebody goes about it who has three paper records in a table."""

    @pytest.fixture
    def run(self, empty, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)

        def run(*words):
            result = CliRunner().invoke(app, ["--registry", str(empty.path), *map(str, words)], env={"COLUMNS": "120"})
            if isinstance(result.exception, SourceError):
                raise result.exception
            assert result.exit_code == 0, result.output
            return " ".join(result.output.split())

        return run

    def test_proposed_filled_in_and_imported(self, empty, run, tmp_path):
        page = (Path(__file__).parent.parent / "docs" / "paper.md").read_text(encoding="utf-8")
        rows, cells = re.findall(r"```csv\n(.*?)```", page, re.DOTALL)
        for name, text, blanks in (("rows", rows, ("north", "distance_unit")), ("cells", cells, ("north",))):
            (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
            propose = ["import", f"{name}.csv", "--kind", "minefields", "--crs", "EPSG:4326"]
            said = run(*propose, "--propose-profile", f"{name}.toml")
            assert f"Fill in {', '.join(blanks)} in [legs]" in said
            profile = tmp_path / f"{name}.toml"
            proposed = profile.read_text(encoding="utf-8").replace("checked = false", "checked = true")
            profile.write_text(proposed, encoding="utf-8")
            bring = ["import", f"{name}.csv", "--kind", "minefields", "--id", name, "--profile", profile]
            with pytest.raises(SourceError, match=r"\[legs\]: north is not filled in; look at the forms"):
                run(*bring)
            filled = proposed.replace('north = ""', 'north = "magnetic"')
            filled = filled.replace('distance_unit = ""', 'distance_unit = "metres"')
            profile.write_text(filled, encoding="utf-8")
            said = run(*bring)
            assert "Legs are read as bearings in divisions-6000 from magnetic north and distances in metres" in said
            assert "misclosure-large" not in said
            found = empty.read(empty.layer(name, Kind.MINEFIELDS))
            assert found["plot_status"].tolist() == ["PLOTTED", "PLOTTED", "UNPLOTTABLE"]
            assert "No point of the record has a known position" in said
            assert "IGRF-14" in run("show", name)

    def test_a_proposal_as_json_marks_what_is_to_be_filled_in(self, run, tmp_path):
        csv_of(tmp_path, as_rows("mils-6400", "true"))
        said = json.loads(run("import", "legs.csv", "--kind", "minefields", "--propose-profile", "p.toml", "--json"))
        assert said["geometry"] is None
        lines = {line["key"]: line for line in said["legs"]}
        assert lines["north"]["to_fill_in"]
        assert not lines["angle"]["to_fill_in"]
