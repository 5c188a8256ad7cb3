"""Every real file beside the checkout, as it was handed over: imported, and reported as its own README describes it."""

from pathlib import Path

import pytest

from registry.importer import ImportOptions, import_batch
from registry.model import Handover, Kind
from registry.store import Registry

pytestmark = pytest.mark.shared

BOSNIA, COLOMBIA, BOUNDARIES = "bih-mines", "colombia-mine-events", "boundaries"

# File, kind, received, plotted, repaired, and the findings that must be there with how often.
FILES = (
    (f"{BOSNIA}/suspect_areas_simplyfied.geojson", Kind.SURVEYED, 11_068, 7_971, 467, {"geometry-missing": 3_094}),
    (
        f"{BOSNIA}/cleared_areas_simplyfied.geojson",
        Kind.RELEASED,
        8_329,
        8_215,
        708,
        {"geometry-missing": 108, "too-few-vertices": 1},
    ),
    (f"{BOSNIA}/incidents.geojson", Kind.ACCIDENTS, 1_442, 1_442, 0, {}),
    (f"{BOSNIA}/lifted_minefields.geojson", Kind.DEVICES, 925, 925, 0, {}),
    (f"{BOSNIA}/administrative_level_1.geojson", Kind.DISTRICTS, 3, 3, 0, {}),
    (f"{BOSNIA}/cantons.geojson", Kind.DISTRICTS, 142, 142, 0, {}),
    (f"{COLOMBIA}/co_2018_MGN_MPIO_POLITICO.geojson", Kind.DISTRICTS, 1_122, 1_122, 0, {}),
    (f"{COLOMBIA}/co_2018_MGN_DPTO_POLITICO.geojson", Kind.DISTRICTS, 33, 33, 0, {}),
    (f"{BOUNDARIES}/countries.geojson", Kind.DISTRICTS, 177, 177, 0, {}),
    (f"{BOUNDARIES}/AZ.geojson", Kind.DISTRICTS, 1, 1, 0, {}),
    (f"{BOUNDARIES}/AM.geojson", Kind.DISTRICTS, 1, 1, 0, {}),
    (f"{BOUNDARIES}/BA.geojson", Kind.DISTRICTS, 1, 1, 1, {"geometry-repaired": 1}),
)
SIDE = {"README.md", "LICENSE.hpuentes", "datapackage.json", "2681-II.pdf"}


def bring(registry, sources, kind, batch_id, **options):
    return import_batch(registry, list(sources), kind, Handover(batch_id, batch_id), ImportOptions(**options))


def count_codes(report):
    codes = [finding.code for finding in report.findings]
    return {code: codes.count(code) for code in codes}


def test_no_file_is_passed_over(shared):
    named = {name for name, *_ in FILES}
    grouped = {f"{COLOMBIA}/Minas", f"{BOUNDARIES}/azerbaijan-rayons"}
    rest = {
        path.relative_to(shared).as_posix()
        for path in shared.rglob("*")
        if path.is_file() and path.name not in SIDE and path.parent.relative_to(shared).as_posix() not in grouped
    }
    assert rest == named


@pytest.mark.parametrize(("name", "kind", "received", "plotted", "repaired", "found"), FILES)
def test_one_file(empty, shared, name, kind, received, plotted, repaired, found):
    report = bring(empty, [shared / name], kind, "one", repair=True)
    counts = report.counts
    assert (counts.received, counts.plotted, counts.repaired) == (received, plotted, repaired)
    assert counts.received == counts.plotted + counts.invalid + counts.unplottable
    codes = count_codes(report)
    assert {code: codes.get(code) for code in found} == found
    assert empty.verify().problems == ()


def test_the_rayons_of_azerbaijan(empty, shared):
    """74 files of one Feature each, one of them with a ring that crosses itself."""
    sources = sorted((shared / BOUNDARIES / "azerbaijan-rayons").glob("*.geojson"))
    report = bring(empty, sources, Kind.DISTRICTS, "rayons", repair=True)
    assert (len(report.documents), report.counts.plotted, report.counts.repaired) == (74, 74, 1)
    (mended,) = (finding for finding in report.findings if finding.code == "geometry-repaired")
    names = {document.document_id: document.file_name for document in report.documents}
    assert names[mended.document_id] == "AZ-LAN.geojson"


@pytest.fixture(scope="module")
def colombia(shared, tmp_path_factory):
    """Thirty years of events as accidents, the municipalities as districts."""
    folder = shared / COLOMBIA
    with Registry.create(tmp_path_factory.mktemp("colombia") / "co.gpkg") as registry:
        named = {"name": "MPIO_CNMBR", "code": "MPIO_CCNCT"}
        municipalities = folder / "co_2018_MGN_MPIO_POLITICO.geojson"
        bring(registry, [municipalities], Kind.DISTRICTS, "municipalities", field_map=named)
        stated = {"occurred_on": "AÑO", "event_type": "TIPO_EVENTO", "district": "MUNICIPIO"}
        years = sorted((folder / "Minas").glob("*.json"))
        report = bring(registry, years, Kind.ACCIDENTS, "events", field_map=stated)
        yield report, registry.read(registry.layer("events", Kind.ACCIDENTS))


def test_colombia_counts(colombia):
    report, _ = colombia
    assert (report.counts.received, report.counts.plotted, report.counts.invalid) == (36_527, 36_526, 1)
    codes = count_codes(report)
    assert codes["sign-lost"] == 1
    # 1,009 lie in no municipality; the one that lost its sign is said by itself.
    assert codes["outside-districts"] == 1_008


def test_colombia_dates_are_years(colombia):
    _, events = colombia
    assert set(events["occurred_on_precision"]) == {"YEAR"}
    explosions = events[events["event_type"].isin(["1", "2"])]
    assert len(explosions) == 6_909
    by_year = explosions["occurred_on"].dt.year.value_counts()
    assert by_year.loc[[2006, 2005, 2007]].tolist() == [660, 612, 580]


def test_colombia_keeps_what_fills_no_field(colombia):
    _, events = colombia
    assert set(events["source_fields"].iloc[0]) == {"DEPARTAMENTO", "TIPO_AREA"}


def test_the_lost_sign_is_the_one_that_is_known(colombia):
    report, events = colombia
    (lost,) = (finding for finding in report.findings if finding.code == "sign-lost")
    names = {document.document_id: document.file_name for document in report.documents}
    assert Path(names[lost.document_id]).name == "2004.json"
    row = events[events["accident_id"] == lost.record_id].iloc[0]
    assert row["original_geometry"].startswith("POINT (74.2341")
    assert row.geometry is None
