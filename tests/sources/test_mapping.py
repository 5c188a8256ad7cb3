from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.errors import SourceError
from registry.model import Kind
from registry.sources.mapping import MappedTable, apply_profile
from registry.sources.profile import GeometryRule, Joined, Profile
from registry.sources.rules import Rule
from registry.sources.tables import Table, read_table
from registry.sources.written import Notation, Order

CORNERS = """Field;Corner;Lat;Lon;Unit;Mines
A;1;40.0;46.0;1 bn;10
A;10;40.0;46.1;1 bn;20
A;2;40.1;46.1;;20
B;1;41.0;46.0;2 bn;5
B;2;41.0;46.1;2 bn;5
B;3;41.1;46.1;3 bn;5
"""
BY_CORNER = GeometryRule(
    east=("Lon",), north=("Lat",), crs="EPSG:4326", group="Field", corner="Corner", joined=Joined.POLYGON
)


def table_of(tmp_path: Path, text: str) -> Table:
    path = tmp_path / "t.csv"
    path.write_text(text, encoding="utf-8")
    return read_table(path)


def mapped(tmp_path: Path, text: str, geometry: GeometryRule | None = None, **fields: Rule) -> MappedTable:
    profile = Profile("p", Kind.MINEFIELDS, True, geometry=geometry, fields=fields)
    return apply_profile(table_of(tmp_path, text), profile, Kind.MINEFIELDS)


def test_a_position_in_two_columns(tmp_path: Path) -> None:
    rule = GeometryRule(east=("Lon",), north=("Lat",), crs="EPSG:4326")
    found = mapped(tmp_path, "id;Lat;Lon\n1;40°30'00\"N;46°15'00\"E\n2;x;46\n3;;\n", rule)
    assert shapely.equals(found.layer.geometries[0], shapely.Point(46.25, 40.5))
    assert found.layer.geometries[1:].tolist() == [None, None]
    assert list(found.unread) == [1]
    assert found.entered == {1: "x, 46"}
    assert found.layer.crs is not None
    assert found.layer.crs.to_epsg() == 4326
    # One second is about 31 m by 24 m here; as a uniform error, root mean square over both axes, 8 m.
    assert found.written_sigma_m[0] == pytest.approx(8, abs=0.5)
    assert np.isnan(found.written_sigma_m[1:]).all()
    assert "degrees, minutes and seconds (1 rows)" in found.layer.notes[-1]


def test_degrees_minutes_and_seconds_in_columns_of_their_own(tmp_path: Path) -> None:
    rule = GeometryRule(east=("d2", "m2", "s2", "h2"), north=("d1", "m1", "s1", "h1"), crs="EPSG:4326")
    found = mapped(tmp_path, "d1,m1,s1,h1,d2,m2,s2,h2\n40,30,0,N,46,15,0,E\n", rule)
    assert found.unread == {}
    assert shapely.equals(found.layer.geometries[0], shapely.Point(46.25, 40.5))


def test_a_nul_in_a_position_is_not_understood_and_does_not_cut_the_text() -> None:
    cells = pd.DataFrame({"Lat": ["40.5\0", "40.5"], "Lon": ["46.5", "46.5"]}, dtype=object)
    rule = GeometryRule(east=("Lon",), north=("Lat",), crs="EPSG:4326")
    profile = Profile("p", Kind.MINEFIELDS, True, geometry=rule)
    found = apply_profile(Table("t", None, cells, np.array([2, 3])), profile, Kind.MINEFIELDS)
    assert found.entered == {0: "40.5\N{SYMBOL FOR NULL}, 46.5"}
    assert found.layer.geometries[1] == shapely.Point(46.5, 40.5)


def test_wkt_and_several_positions_in_one_cell(tmp_path: Path) -> None:
    rule = GeometryRule(column=("where",), crs="EPSG:4326", order=Order.NORTH_FIRST)
    found = mapped(tmp_path, "id|where\n1|40.1, 46.1; 40.1, 46.2; 40.2, 46.2\n", rule)
    assert found.layer.geometries[0].equals(shapely.Polygon([(46.1, 40.1), (46.2, 40.1), (46.2, 40.2)]))
    rule = GeometryRule(column=("where",), crs="EPSG:4326", notation=Notation.WKT)
    found = mapped(tmp_path, "id|where\n1|POINT (46 40)\n2|POINT (46\n", rule)
    assert found.layer.geometries[0] == shapely.Point(46, 40)
    assert list(found.unread) == [1]


def test_the_crs_is_that_of_the_profile_or_of_the_person(tmp_path: Path) -> None:
    table = table_of(tmp_path, "Lat,Lon\n40.5,46.5\n")
    rule = GeometryRule(east=("Lon",), north=("Lat",))
    profile = Profile("p", Kind.ACCIDENTS, True, geometry=rule)
    assert apply_profile(table, profile, Kind.ACCIDENTS).layer.crs is None
    stated = apply_profile(table, profile, Kind.ACCIDENTS, crs="EPSG:4284").layer.crs
    assert stated is not None
    assert stated.to_epsg() == 4284
    profile = replace(profile, geometry=replace(rule, crs="EPSG:4326"))
    with pytest.raises(SourceError, match="the profile states EPSG:4326, but EPSG:4284"):
        apply_profile(table, profile, Kind.ACCIDENTS, crs="EPSG:4284")


def test_zones_of_one_datum_come_to_its_degrees_and_two_datums_are_refused(tmp_path: Path) -> None:
    rule = GeometryRule(column=("where",))
    found = mapped(tmp_path, "id|where\n1|38T 500000 4500000\n2|39T 500000 4500000\n", rule)
    assert found.layer.crs is not None
    assert found.layer.crs.to_epsg() == 4326
    xs = shapely.get_x(found.layer.geometries)
    np.testing.assert_allclose(xs, [45, 51], atol=1e-9)
    assert "brought to the degrees" in found.layer.notes[-1]
    with pytest.raises(SourceError, match="1 positions do not say their CRS while others are in EPSG:32638"):
        mapped(tmp_path, "id|where\n1|38T 500000 4500000\n2|40.5N 46.5E\n", rule)


def test_corners_on_rows_of_their_own(tmp_path: Path) -> None:
    found = mapped(tmp_path, CORNERS, BY_CORNER, laid_by=Rule(column="Unit"))
    assert found.layer.geometries[0].equals(shapely.Polygon([(46.0, 40.0), (46.1, 40.1), (46.1, 40.0)]))
    first, second = found.layer.attributes.to_dict("records")
    # Corner 2 comes before corner 10, and every position is kept in that order.
    assert first["Lat"] == ("40.0", "40.1", "40.0")
    assert first["Unit"] == "1 bn"
    assert first["Mines"] == ("10", "20")
    assert second["Unit"] == ("2 bn", "3 bn")
    assert found.hits == ()


def test_a_record_is_not_drawn_without_one_of_its_corners(tmp_path: Path) -> None:
    found = mapped(tmp_path, CORNERS.replace("41.0;46.1", "41.0;x").replace("40.1;46.1", ";"), BY_CORNER)
    assert found.layer.geometries.tolist() == [None, None]
    assert found.unread[0] == "Line 4: the position of a corner is blank."
    assert found.unread[1].startswith("Line 6: ")
    assert found.entered[1] == "41.0, 46.0; 41.0, x; 41.1, 46.1"


def test_blank_groups(tmp_path: Path) -> None:
    text = CORNERS.replace("A;10", ";10").replace("A;2", ";2")
    found = mapped(tmp_path, text, BY_CORNER)
    assert len(found.layer.attributes) == 4
    assert "belongs to no record" in found.unread[1]
    assert found.layer.geometries[0] == shapely.Point(46, 40)
    filled = mapped(tmp_path, text, replace(BY_CORNER, fill_down=True))
    assert len(filled.layer.attributes) == 2
    assert filled.layer.geometries[0].geom_type == "Polygon"


def test_corners_without_a_number_are_joined_row_by_row_and_that_is_said(tmp_path: Path) -> None:
    found = mapped(tmp_path, CORNERS.replace("A;10", "A;"), BY_CORNER)
    assert [(hit.code, hit.row) for hit in found.hits] == [("corner-order", 0)]
    assert shapely.get_coordinates(found.layer.geometries[0]).tolist()[1] == [46.1, 40.0]


@pytest.mark.parametrize(("joined", "kind"), [(Joined.LINE, "LineString"), (Joined.POINTS, "MultiPoint")])
def test_what_corners_make(tmp_path: Path, joined: Joined, kind: str) -> None:
    found = mapped(tmp_path, CORNERS, replace(BY_CORNER, joined=joined))
    assert [each.geom_type for each in found.layer.geometries] == [kind, kind]


def test_radius_and_width(tmp_path: Path) -> None:
    rule = GeometryRule(
        east=("x",), north=("y",), crs="EPSG:32638", radius=Rule(column="r", unit="km"), width=Rule(value=10, unit="ft")
    )
    found = mapped(
        tmp_path, "x,y,r\n500000,4500000,0.5\n500000,4500000,\n500000,4500000,-1\n500000,4500000,big\n", rule
    )
    np.testing.assert_equal(found.radius_m, [500, np.nan, np.nan, np.nan])
    np.testing.assert_allclose(found.width_m, [3.048] * 4)
    assert [(hit.code, hit.row) for hit in found.hits] == [("value-not-understood", 3), ("value-not-understood", 2)]


def test_ragged_rows_are_said_at_their_record(tmp_path: Path) -> None:
    found = mapped(tmp_path, "a;b\n1;2\n3\n")
    assert [(hit.code, hit.row) for hit in found.hits] == [("row-ragged", 1)]
    assert found.hits[0].message.startswith("Line 3: ")


def test_a_missing_column_is_named_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"\[fields.depth_m\]: the table has no column 'depth'; its columns are a, b"):
        mapped(tmp_path, "a;b\n1;2\n", depth_m=Rule(column="depth"))
    with pytest.raises(SourceError, match=r"\[geometry\]: the table has no column 'Field'"):
        mapped(tmp_path, "Lat;Lon\n1;2\n", BY_CORNER)


def test_an_unchecked_profile_and_one_of_another_kind_are_not_applied(tmp_path: Path) -> None:
    table = table_of(tmp_path, "a;b\n1;2\n")
    with pytest.raises(SourceError, match="checked = true"):
        apply_profile(table, Profile("p", Kind.SCOPE, False), Kind.SCOPE)
    with pytest.raises(SourceError, match="is for scope, but the rows are minefields"):
        apply_profile(table, Profile("p", Kind.SCOPE, True), Kind.MINEFIELDS)


def test_a_table_without_positions(tmp_path: Path) -> None:
    found = mapped(tmp_path, "a;b\n1;2\n")
    assert found.layer.geometries.tolist() == [None]
    assert found.layer.crs is None
    assert found.unread == {}


CELLS = (
    st.none()
    | st.text(max_size=8)
    | st.sampled_from(
        [
            "40.5",
            "46.5",
            "40°30'N",
            "38T 500000 4500000",
            "39T 500000 4500000",
            "POINT (46 40)",
            "A",
            "1",
            "2",
            "-1",
            "1e999",
        ]
    )
)
RULES = st.sampled_from(
    [
        BY_CORNER,
        replace(BY_CORNER, fill_down=True, corner=None, radius=Rule(column="Unit")),
        GeometryRule(column=("Lat", "Lon"), width=Rule(column="Unit", unit="ft")),
        GeometryRule(column=("Lat",), order=Order.NORTH_FIRST),
        GeometryRule(east=("Lon",), north=("Lat",), crs="EPSG:4284", zone="8"),
        GeometryRule(column=("Lat",), crs="\x00"),
    ]
)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS, CELLS), min_size=1, max_size=8), RULES)
@settings(deadline=None)
def test_any_cells_are_mapped_or_refused(rows: list[tuple[str | None, ...]], rule: GeometryRule) -> None:
    cells = pd.DataFrame(rows, columns=["Field", "Corner", "Lat", "Lon", "Unit"], dtype=object)
    table = Table("t", None, cells, np.arange(len(rows)) + 2)
    try:
        found = apply_profile(table, Profile("p", Kind.MINEFIELDS, True, geometry=rule), Kind.MINEFIELDS)
    except SourceError:
        return
    records = len(found.layer.attributes)
    assert len(found.layer.geometries) == len(found.written_sigma_m) == len(found.radius_m) == records
    assert set(found.unread) == set(found.entered)
    assert all(found.layer.geometries[record] is None for record in found.unread)
