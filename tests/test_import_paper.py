"""A paper record of bearings and distances, from the typed form to the registry and back."""

import re
from pathlib import Path

import numpy as np
import pytest
import shapely

from registry.errors import SourceError
from registry.geometry import WGS84, local_equal_area, project
from registry.importer import ImportOptions, import_batch, rebuild
from registry.model import Handover, Kind

SQUARE = """
record_id = "SYN-1"
angle_unit = "{unit}"
north = "true"
{top}
[[points]]
to = "RP"
{position}
[[legs]]
to = "S"
angle = "{a[0]}"
distance = 100
[[legs]]
to = "T1"
angle = "{a[0]}"
distance = 200
[[legs]]
to = "T2"
angle = "{a[1]}"
distance = 200
[[legs]]
to = "T3"
angle = "{a[2]}"
distance = 200
[[legs]]
to = "C"
angle = "{a[3]}"
distance = {last}
[fields]
mines_ap = 12
"""
QUARTERS = {"degrees": ("0", "90", "180", "270"), "divisions-6000": ("0-00", "15-00", "30-00", "45-00")}
KNOWN = 'position = "S 20.000000 W 20.000000"\nsigma_m = 5'
PLANE = local_equal_area((-20.0, -20.0, -20.0, -20.0))


def typed(folder, *, unit="degrees", position=KNOWN, last=200, top="", angles=None):
    path = folder / "record.toml"
    text = SQUARE.format(unit=unit, a=angles or QUARTERS[unit], position=position, last=last, top=top)
    path.write_text(text, encoding="utf-8")
    return path


def bring(registry, path, kind=Kind.MINEFIELDS, **options):
    report = import_batch(registry, [path], kind, Handover("paper", "Paper"), ImportOptions(crs="EPSG:4326", **options))
    return report, registry.read(registry.layers()[0])


@pytest.mark.parametrize("unit", QUARTERS)
def test_a_square_of_200_m_north_of_its_reference_point(empty, tmp_path, unit):
    report, frame = bring(empty, typed(tmp_path, unit=unit))
    assert report.counts.plotted == 1
    drawn = project(frame.geometry.to_numpy(), WGS84, PLANE)[0]
    assert drawn.bounds == pytest.approx((0, 100, 200, 300), abs=0.5)
    row = frame.iloc[0]
    assert (row["record_id"], row["geometry_method"], row["mines_ap"]) == ("SYN-1", "LEGS", 12)
    # The farthest corner is 700 m along the legs.
    assert row["sigma_m"] == pytest.approx(np.hypot(0.015 * 700, 5), rel=0.01)
    assert [finding.code for finding in report.findings if finding.severity == "E"] == []
    assert "precision-coarse" not in {finding.code for finding in report.findings}
    assert [point["name"] for point in row["reference_points"]] == ["RP"]
    layer = empty.layers()[0]
    assert rebuild(empty, layer) == layer.content_sha256


def test_every_choice_of_the_layout_is_kept(empty, tmp_path):
    _, frame = bring(empty, typed(tmp_path))
    kept = frame.iloc[0]["source_fields"]["laid_out"]
    assert kept["convention"]["north"] == "true"
    assert kept["adjusted"] is False


def test_legs_that_close_badly_are_said(empty, tmp_path):
    report, _ = bring(empty, typed(tmp_path, last=120))
    assert "misclosure-large" in {finding.code for finding in report.findings}
    assert report.counts.plotted == 1


def test_without_a_known_point_the_relative_shape_is_kept(empty, tmp_path):
    report, frame = bring(empty, typed(tmp_path, position=""))
    assert (report.counts.plotted, report.counts.unplottable) == (0, 1)
    shape = shapely.from_wkt(frame.iloc[0]["original_geometry"])
    assert shape.area == pytest.approx(200 * 200, rel=0.01)


def test_only_minefields_have_legs(empty, tmp_path):
    with pytest.raises(SourceError, match="--kind minefields"):
        bring(empty, typed(tmp_path), Kind.DEVICES)


def test_a_broken_form_is_one_sentence_and_nothing_is_stored(empty, tmp_path):
    path = tmp_path / "record.toml"
    path.write_text("angle_unit = ", encoding="utf-8")
    with pytest.raises(SourceError, match=r"record\.toml: it is not TOML"):
        bring(empty, path)
    assert empty.layers() == ()


def test_the_example_of_the_docs(empty, tmp_path):
    page = (Path(__file__).parent.parent / "docs" / "paper.md").read_text(encoding="utf-8")
    path = tmp_path / "record-14.toml"
    path.write_text(re.search(r"```toml\n(.*?)```", page, re.DOTALL)[1], encoding="utf-8")
    report, _ = bring(empty, path)
    assert report.counts.plotted == 1
    assert "misclosure-large" not in {finding.code for finding in report.findings}
