import re
from dataclasses import replace
from datetime import UTC, datetime

import geopandas as gpd
import numpy as np
import pytest
import shapely
from sea import HOSTILE, square
from typer.testing import CliRunner

from maps import assets, style
from maps.import_report import SUSPECT_CODES, import_report_page, save_import_report
from maps.picture import WIDTH, frame, scale_bar
from registry.cli import app
from registry.errors import RegistryError, StoreError
from registry.findings import CHECKS
from registry.importer import import_batch
from registry.model import Handover, Kind, Severity
from registry.store import Registry

NONE = np.array([], dtype=object)
AT = datetime(2024, 3, 20, 12, 30, tzinfo=UTC)
BOW_TIE = shapely.Polygon([(-30.0, 0.1), (-29.98, 0.12), (-29.98, 0.1), (-30.0, 0.12)])
EXTENT = shapely.box(-30.0, 0.0, -29.0, 1.0)


def shapes(*geometries):
    return np.array(geometries, dtype=object)


@pytest.fixture
def imported(tmp_path):
    """Imports geometries into a new registry; gives the report and what was stated."""

    def run(geometries, kind=Kind.MINEFIELDS, title="SYNTHETIC fields", dry_run=False, **columns):
        source = tmp_path / "fields.geojson"
        gpd.GeoDataFrame(columns, geometry=list(geometries), crs=4326).to_file(source, engine="pyogrio")
        handover = Handover("first", title, "Party A", "Party B")
        with Registry.create(tmp_path / "report.gpkg") as registry:
            return import_batch(registry, [source], kind, handover, dry_run=dry_run), handover

    return run


def page_of(report, handover, districts=NONE):
    return import_report_page([report], handover, districts, at=AT)


def drawn(page):
    """The paths of each group of records, by its classes."""
    groups = re.findall(
        r'<g class="((?:plotted|repaired|invalid)[ a-z]*)">(<path d="M.*)</g>', page.split("<figcaption>")[0]
    )
    return {classes: re.findall(r'<path d="([^"]*)"', paths) for classes, paths in groups}


class TestPicture:
    def test_a_square_fills_its_frame(self):
        field = square(-30.0, -0.005)
        picture = frame(shapes(field))
        (path,) = picture.paths(shapes(field))
        assert picture.metres_per_unit * WIDTH == pytest.approx(1113.2 * 1.06, rel=0.01)
        assert picture.height == pytest.approx(WIDTH, rel=0.01)
        assert path.startswith("M")
        assert path.endswith("z")

    def test_north_is_up(self):
        south, north = square(-30.0, 0.0), square(-30.0, 0.5)
        low, high = (
            int(path.split("l")[0].split()[1]) for path in frame(shapes(south, north)).paths(shapes(south, north))
        )
        assert high < low

    def test_what_is_tiny_becomes_a_dot(self):
        speck = square(-29.5, 0.5, 1e-6)
        paths = frame(shapes(EXTENT, speck)).paths(shapes(EXTENT, speck, shapely.Point(-29.2, 0.2)))
        assert [path.endswith("h0") for path in paths] == [False, True, True]

    def test_what_lies_elsewhere_or_nowhere_has_no_path(self):
        assert frame(shapes(EXTENT)).paths(shapes(None, shapely.Polygon(), square(120.0, 40.0))) == ["", "", ""]

    def test_a_crossed_ring_keeps_its_shape(self):
        (path,) = frame(shapes(BOW_TIE)).paths(shapes(BOW_TIE))
        assert len(re.findall(r"-?\d+ -?\d+", path)) == 4

    def test_a_hole_is_a_second_ring(self):
        ring = EXTENT.difference(square(-29.6, 0.4, 0.2))
        (path,) = frame(shapes(ring)).paths(shapes(ring))
        assert path.count("M") == path.count("z") == 2

    def test_a_thousand_vertices_along_a_line_are_few(self):
        fine = shapely.segmentize(EXTENT, 0.001)
        (path,) = frame(shapes(fine)).paths(shapes(fine))
        assert len(path) < 300

    def test_one_point_has_ground_around_it(self):
        picture = frame(shapes(shapely.Point(-30.0, 0.0)))
        assert picture.metres_per_unit * WIDTH == pytest.approx(530.0)
        length, words = scale_bar(picture)
        assert (words, length) == ("100 m", round(100 / picture.metres_per_unit))

    def test_nothing_has_no_frame(self):
        assert frame(shapes(None, shapely.Polygon())) is None


class TestPage:
    def test_figures_and_hashes(self, imported):
        report, handover = imported([square(-30.0, 0.0), square(-29.9, 0.0), BOW_TIE, None], sheet=list("ABCD"))
        page = page_of(report, handover)
        assert "<strong>4</strong> received = 2 plotted + 1 invalid + 1 unplottable" in page
        assert "2024-03-20 12:30 UTC" in page
        assert report.documents[0].sha256 in page
        for code in {finding.code for finding in report.findings}:
            assert f"<code>{code}</code>" in page
        for words in ("Party A", "Party B", style.NOTICE, "RESTRICTED", "already WGS 84", "Type of the mines"):
            assert words in page

    def test_lengths_of_the_bar_are_shares(self, imported):
        report, handover = imported([square(-30.0, 0.0), square(-29.9, 0.0), BOW_TIE, None])
        bar = re.findall(r'class="(\w+)" x="([\d.]+)" y="0" width="([\d.]+)" height="26"', page_of(report, handover))
        assert bar == [("plotted", "0.0", "500.0"), ("invalid", "500.0", "250.0"), ("unplottable", "750.0", "250.0")]

    def test_every_record_with_a_position_is_drawn(self, imported):
        specks = [square(-30.0 + step / 50, 0.0, 0.00002) for step in range(40)]
        report, handover = imported([*specks, EXTENT, BOW_TIE, None])
        groups = drawn(page_of(report, handover))
        assert sum(map(len, groups.values())) == 42
        assert len(groups["plotted suspected"]) == 41
        assert len(groups["invalid"]) == 1

    def test_ten_records_of_each_code(self, imported):
        report, handover = imported([square(-30.0, 0.0), *[None] * 14])
        page = page_of(report, handover)
        assert "The first 10 of 14" in page
        assert page.count("The source gives the record no geometry.</td>") == 10

    def test_districts_are_outlines(self, imported):
        report, handover = imported([square(-30.0, 0.0)])
        assert '<g class="districts"><path d="M' in page_of(report, handover, shapes(square(-30.005, -0.005, 0.05)))
        assert '<g class="districts"><path d="M' not in page_of(report, handover).split("figcaption")[0]

    def test_nothing_plotted(self, imported):
        report, handover = imported([None, None], number=["1", "2"])
        page = page_of(report, handover)
        assert "No record has a position that could be drawn." in page
        assert "0 plotted + 0 invalid + 2 unplottable" in page

    def test_points_are_dots_and_accidents_have_no_completeness(self, imported):
        report, handover = imported([shapely.Point(-30.0, 0.0), shapely.Point(-29.0, 0.0)], Kind.ACCIDENTS)
        page = page_of(report, handover)
        assert [path.endswith("h0") for paths in drawn(page).values() for path in paths] == [True, True]
        assert "How complete" not in page

    def test_dry_run_says_so(self, imported):
        report, handover = imported([square(-30.0, 0.0)], dry_run=True)
        assert "nothing was stored" in page_of(report, handover)
        assert "nothing was stored" not in page_of(replace(report, dry_run=False), handover)

    def test_eight_thousand_records_are_a_small_page(self, imported):
        step = np.linspace(0, 2 * np.pi, 60)
        around = np.column_stack((np.cos(step), np.sin(step))) * 0.002
        places = [(-30.0 + (n % 100) / 30, n // 100 / 30) for n in range(8000)]
        report, handover = imported([shapely.Polygon(around + place) for place in places])
        page = page_of(report, handover)
        assert sum(map(len, drawn(page).values())) == 8000
        assert len(page.encode()) < 1_500_000

    def test_half_a_surrogate_pair_does_not_stop_it(self, imported, tmp_path):
        report, _ = imported([square(-30.0, 0.0)])
        save_import_report([report], Handover("first", "SYNTHETIC", notes="\ud800"), NONE, tmp_path / "page.html")
        assert '<dd dir="auto">\N{REPLACEMENT CHARACTER}</dd>' in (tmp_path / "page.html").read_text("utf-8")

    def test_a_file_that_cannot_be_written(self, imported, tmp_path):
        report, handover = imported([square(-30.0, 0.0)])
        with pytest.raises(RegistryError, match=r"cannot be written to .*; the batch is stored"):
            save_import_report([report], handover, NONE, tmp_path / "nowhere" / "page.html")


def test_suspect_codes_are_checks_that_somebody_should_look_at():
    assert all(CHECKS[code].severity is not Severity.INFO for code in SUSPECT_CODES)


def test_no_look_is_green_and_every_one_is_in_the_style_sheet():
    text = assets.report_style()
    for name, look in style.REPORT_LOOKS.items():
        assert f"--{name}:{look.light};" in text
        assert f"--{name}:{look.dark};" in text
        for colour in (look.light, look.dark):
            red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
            assert green <= max(red, blue), colour


class TestCommand:
    @pytest.fixture
    def words(self, tmp_path):
        with Registry.create(tmp_path / "maps.gpkg"):
            pass
        source = tmp_path / "fields.geojson"
        gpd.GeoDataFrame(geometry=[square(-30.0, 0.0)], crs=4326).to_file(source, engine="pyogrio")
        return [
            *("--registry", str(tmp_path / "maps.gpkg"), "import", str(source), "--kind", "minefields"),
            *("--id", "first", "--report"),
        ]

    def test_writes_the_page(self, words, tmp_path):
        path = tmp_path / "report.html"
        assert CliRunner().invoke(app, [*words, str(path)]).exit_code == 0
        assert "<strong>1</strong> received" in path.read_text("utf-8")

    def test_writes_it_on_a_dry_run(self, words, tmp_path):
        path = tmp_path / "report.html"
        assert CliRunner().invoke(app, [*words, str(path), "--dry-run"]).exit_code == 0
        assert "Dry run" in path.read_text("utf-8")
        with Registry.open(tmp_path / "maps.gpkg") as registry:
            assert registry.layers() == ()

    @pytest.mark.parametrize("name", ["kept.html", "nowhere/report.html"])
    def test_refuses_before_the_import(self, words, tmp_path, name):
        (tmp_path / "kept.html").write_text("kept")
        result = CliRunner().invoke(app, [*words, str(tmp_path / name)])
        assert isinstance(result.exception, StoreError)
        assert (tmp_path / "kept.html").read_text() == "kept"
        with Registry.open(tmp_path / "maps.gpkg") as registry:
            assert registry.layers() == ()


@pytest.mark.browser
class TestBrowser:
    @pytest.fixture
    def opened(self, visited, tmp_path):
        def look(report, handover, **options):
            path = tmp_path / "page.html"
            save_import_report([report], handover, NONE, path)
            return visited(path, **options)

        return look

    def test_hostile_names_stay_text(self, opened, imported):
        text = " ".join(HOSTILE)
        fields = [square(-30.0, 0.0), square(-30.0, 0.0), None]
        report, handover = imported(fields, title=text, record_id=[text, f"{text} 2", f"{text} 3"])
        page = opened(report, handover)
        assert page.evaluate("window.attacked") is None
        assert page.locator("script, img, iframe, [onload], [onerror]").count() == 0
        assert '<img src=x onerror="window.attacked=1">' in page.inner_text("h1")
        page.locator("details").evaluate_all("all => all.forEach(each => { each.open = true; })")
        assert "</script><script>window.attacked=1</script>" in page.inner_text("#findings")

    @pytest.mark.parametrize("width", [1280, 360])
    @pytest.mark.parametrize("colours", ["light", "dark"])
    def test_nothing_is_wider_than_the_window(self, opened, imported, width, colours):
        report, handover = imported([square(-30.0, 0.0), BOW_TIE, None], sheet=["long" * 60, "b", "c"])
        page = opened(report, handover, width=width, colours=colours)
        page.locator("details").evaluate_all("all => all.forEach(each => { each.open = true; })")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (paper == "rgb(255, 255, 255)") == (colours == "light")

    def test_on_paper_it_is_light_and_unfolded(self, opened, imported):
        page = opened(*imported([square(-30.0, 0.0), None]), colours="dark")
        page.emulate_media(media="print", color_scheme="dark")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.locator("details:has-text('geometry-missing') table").bounding_box()["height"] > 0

    def test_a_finding_opens_by_click(self, opened, imported):
        page = opened(*imported([square(-30.0, 0.0), None]))
        page.click("summary:has-text('geometry-missing')")
        assert page.is_visible("text=Look for it in the paper record.")
