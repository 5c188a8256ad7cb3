import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.errors import SourceError
from registry.model import Kind
from registry.sources.headings import likeness, split_unit
from registry.sources.profile import Joined, parse_profile
from registry.sources.propose import implied_profile, propose
from registry.sources.tables import Table, read_table
from registry.sources.words import in_cyrillic, month_of, normalise
from registry.sources.written import Notation

ACCIDENTS = {
    "accident_id": ("A1", "A2", "A3"),
    "district": ("one", "two", "two"),
    "occurred_on": ("13.05.2021", "14.05.2021", "2021"),
    "latitude": ("40°30'00\"N", "40°30'10\"N", "40°30'20\"N"),
    "longitude": ("46°30'00\"E", "46°30'10\"E", "46°30'20\"E"),
    "killed": ("0", "1", "2"),
    "injured": ("3", "0", "1"),
}
MINEFIELDS = {
    "record_id": ("F-1", "F-2", "F-3"),
    "laid_from": ("13.05.1993", "14.05.1993", "1994"),
    "mines_ap": ("120", "0", "40"),
    "mines_av": ("0", "33", "4"),
    "depth_m": ("5", "10", "7"),
    "map_sheet": ("K-38-1", "K-38-1", "K-38-2"),
}
HEADINGS = tomllib.loads((Path(__file__).parent.parent / "data" / "headings.toml").read_text(encoding="utf-8"))


def table_of(tmp_path: Path, *columns: tuple[str, ...]) -> Table:
    """A table of columns, each a heading and its values."""
    path = tmp_path / "list.csv"
    lines = zip(*columns, strict=True)
    path.write_text("\n".join("\t".join(line) for line in lines), encoding="utf-8-sig")
    return read_table(path)


@pytest.mark.parametrize("language", HEADINGS["accidents"])
def test_headings_of_accident_lists(tmp_path: Path, language: str) -> None:
    expected = dict(HEADINGS["accidents"][language])
    columns = [(expected[field], *values) for field, values in ACCIDENTS.items()]
    remark = ("Qx", "a", "b", "c")
    proposal = propose(table_of(tmp_path, *columns, remark), Kind.ACCIDENTS)
    assert proposal.profile.geometry is not None
    assert proposal.profile.geometry.north == (expected.pop("latitude"),)
    assert proposal.profile.geometry.east == (expected.pop("longitude"),)
    assert {name: rule.column for name, rule in proposal.profile.fields.items()} == expected
    assert proposal.unmatched == ("Qx",)
    assert all(0 < each.confidence <= 1 and each.reason for each in proposal.suggestions)


@pytest.mark.parametrize("language", HEADINGS["minefields"])
def test_headings_of_minefield_lists(tmp_path: Path, language: str) -> None:
    expected = HEADINGS["minefields"][language]
    columns = [(expected[field], *values) for field, values in MINEFIELDS.items()]
    proposal = propose(table_of(tmp_path, *columns), Kind.MINEFIELDS)
    found = {name: rule.column for name, rule in proposal.profile.fields.items()}
    assert found == expected
    assert proposal.profile.fields["depth_m"].unit == "cm"
    assert proposal.geometry is None


def test_a_proposal_is_written_with_its_reasons_and_is_not_checked(tmp_path: Path) -> None:
    table = table_of(tmp_path, ("Погибло", "1", "0"), ("Prim\x7fedba", "x", "y"))
    proposal = propose(table, Kind.ACCIDENTS, name="a list")
    text = proposal.to_toml()
    assert parse_profile(text.encode(), "p.toml") == proposal.profile
    assert "checked = false" in text
    assert "# 1.00: the heading 'Погибло' is known for it. 100% of its values are numbers.\n[fields.killed]" in text
    assert "# Columns without a field, kept in source_fields: Prim edba." in text
    assert "No column was found that holds positions" in text


@pytest.mark.parametrize(
    ("values", "date_format", "said"),
    [
        (("13/05/2021", "01/02/2021"), "DD/MM/YYYY", "written as DD/MM/YYYY"),
        (("05/13/2021", "01/02/2021"), "MM/DD/YYYY", "written as MM/DD/YYYY"),
        (("05/06/2021", "01/02/2021"), None, "write DD/MM/YYYY or MM/DD/YYYY"),
        (("13.05.94", "01.02.94"), "DD.MM.YY", "written as DD.MM.YY"),
        (("3 mayo 2004", "4 junio 2004"), "D MMM YYYY", "written as D MMM YYYY"),
        (("2021-05-13", "2021"), None, "100% of its values are dates."),
    ],
)  # fmt: skip
def test_date_formats_come_from_the_values(
    tmp_path: Path, values: tuple[str, ...], date_format: str | None, said: str
) -> None:
    proposal = propose(table_of(tmp_path, ("Date", *values), ("n", "a", "b")), Kind.ACCIDENTS)
    suggestion = {each.field: each for each in proposal.suggestions}["occurred_on"]
    assert suggestion.rule.date_format == date_format
    assert said in suggestion.reason


def test_values_that_contradict_a_heading_cost_confidence(tmp_path: Path) -> None:
    good = propose(table_of(tmp_path, ("Killed", "1", "2")), Kind.ACCIDENTS).suggestions[0]
    half = propose(table_of(tmp_path, ("Killed", "1", "many")), Kind.ACCIDENTS).suggestions[0]
    assert (good.confidence, half.confidence) == (1.0, 0.7)
    repeated = propose(table_of(tmp_path, ("ID", "1", "1")), Kind.ACCIDENTS).suggestions[0]
    assert repeated.confidence == 0.7
    assert "more than once" in repeated.reason


def test_known_words_are_translated_and_unknown_ones_named(tmp_path: Path) -> None:
    table = table_of(tmp_path, ("Тип мины", "ПТМ", "противопехотная мина", "ПОМЗ"), ("Confirmed", "да", "нет", "да"))
    found = {each.field: each for each in propose(table, Kind.ACCIDENTS).suggestions}
    assert found["device_category"].rule.codes == {"ПТМ": "AV_MINE", "противопехотная мина": "AP_MINE"}
    assert "Add codes for: 'ПОМЗ'." in found["device_category"].reason
    assert found["confirmed"].rule.codes == {"да": "yes", "нет": "no"}


def test_decimal_commas_are_found(tmp_path: Path) -> None:
    table = table_of(tmp_path, ("Depth (m)", "0,125", "0,250", "1,125"), ("n", "a", "b", "c"))
    rule = propose(table, Kind.MINEFIELDS).profile.fields["depth_m"]
    assert rule.decimal == ","


def test_corners_on_rows_of_their_own(tmp_path: Path) -> None:
    table = table_of(
        tmp_path,
        ("Minefield No", "F1", "F1", "F1", "F2", "F2", "F2"),
        ("Corner", "1", "2", "3", "1", "2", "3"),
        ("MGRS", *(f"38S NE 12{n}45 67890" for n in range(6))),
    )
    proposal = propose(table, Kind.MINEFIELDS)
    rule = proposal.profile.geometry
    assert rule is not None
    assert (rule.column, rule.group, rule.corner, rule.joined) == (("MGRS",), "Minefield No", "Corner", Joined.POLYGON)
    assert proposal.profile.fields["record_id"].column == "Minefield No"
    assert proposal.unmatched == ()


POINTS = tuple(f"38S NE 12{n}45 67890" for n in range(6))


@pytest.mark.parametrize(
    ("columns", "corner", "said"),
    [
        # The record's name alone, on several rows with different positions.
        ([("Minefield No", *"AAABBB")], None, "no column numbers them, so they are joined as the rows stand"),
        # A column that counts the rows of each record.
        ([("Minefield No", *"AAABBB"), ("Qx", *"123123")], "Qx", "'Qx' numbers its corners"),
        # Numbered corners, and blocks of rows under a heading that nobody knows.
        ([("Qx", *"AAABBB"), ("Corner", *"123123")], "Corner", "one block of rows for each of its values"),
        ([("Minefield No", "A", "", "", "B", "", "")], None, "Each of the 2 records has three corners or more"),
    ],
)
def test_rows_of_a_record_are_proposed_as_its_corners(
    tmp_path: Path, columns: list[tuple[str, ...]], corner: str | None, said: str
) -> None:
    proposal = propose(table_of(tmp_path, *columns, ("MGRS", *POINTS)), Kind.MINEFIELDS)
    rule = proposal.profile.geometry
    assert rule is not None
    assert (rule.group, rule.corner, rule.joined) == (columns[0][0], corner, Joined.POLYGON)
    assert rule.fill_down == ("" in columns[0])
    assert proposal.geometry is not None
    assert said in proposal.geometry.reason
    assert proposal.profile.fields["record_id"].column == columns[0][0]


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        # A district with several fields is no field, nor are accidents of one number.
        ([("District", *"AAABBB"), ("MGRS", *POINTS)], Kind.MINEFIELDS),
        ([("Accident No", *"AAABBB"), ("MGRS", *POINTS)], Kind.ACCIDENTS),
        # One position on several rows makes no shape.
        ([("Minefield No", *"AAABBB"), ("MGRS", *POINTS[:1] * 3, *POINTS[1:2] * 3)], Kind.MINEFIELDS),
        ([("Minefield No", *"ABCDEF"), ("MGRS", *POINTS)], Kind.MINEFIELDS),
        ([("Minefield No", *"AAABBB"), ("wkt", *["POLYGON ((3 58, 4 58, 4 59, 3 58))"] * 6)], Kind.MINEFIELDS),
    ],
)
def test_rows_that_are_no_corners(tmp_path: Path, columns: list[tuple[str, ...]], kind: Kind) -> None:
    geometry = propose(table_of(tmp_path, *columns), kind).geometry
    assert geometry is not None
    assert geometry.rule.group is None


def test_records_of_too_few_corners_are_said(tmp_path: Path) -> None:
    few = propose(table_of(tmp_path, ("Minefield No", *"AAAABB"), ("MGRS", *POINTS)), Kind.MINEFIELDS).geometry
    assert few is not None
    assert few.rule.joined is Joined.POLYGON
    assert "1 of 2 records have fewer than three corners" in few.reason
    lines = propose(table_of(tmp_path, ("Minefield No", *"AABBCC"), ("MGRS", *POINTS)), Kind.MINEFIELDS).geometry
    assert lines is not None
    assert lines.rule.joined is Joined.LINE


def test_radius_and_width_are_found(tmp_path: Path) -> None:
    table = table_of(tmp_path, ("lat", "40.1", "40.2"), ("lon", "46.1", "46.2"), ("Radius (km)", "0.5", "1"))
    rule = propose(table, Kind.MINEFIELDS).profile.geometry
    assert rule is not None
    assert rule.radius is not None
    assert (rule.radius.column, rule.radius.unit) == ("Radius (km)", "km")


@pytest.mark.parametrize(
    ("x", "y", "east"),
    [
        ("500123", "4412345", "X"),
        ("4412345", "500123", "Y"),
        ("4412345", "8512345", "Y"),
        ("46.5", "40.5", "X"),
    ],
)
def test_x_and_y_are_told_apart_by_size_and_never_surely(tmp_path: Path, x: str, y: str, east: str) -> None:
    geometry = propose(table_of(tmp_path, ("X", x, x), ("Y", y, y)), Kind.DEVICES).geometry
    assert geometry is not None
    assert geometry.rule.east == (east,)
    assert geometry.confidence <= 0.8
    assert not geometry.unmistakable


def test_the_crs_is_never_proposed(tmp_path: Path) -> None:
    geometry = propose(table_of(tmp_path, ("Latitude", "40.5"), ("Longitude", "46.5")), Kind.ACCIDENTS).geometry
    assert geometry is not None
    assert geometry.rule.crs is None


def test_a_table_with_wkt_needs_no_profile(tmp_path: Path) -> None:
    table = table_of(tmp_path, ("n", "1"), ("shape", "POLYGON ((46 40, 47 40, 47 41, 46 40))"))
    implied = implied_profile(table, Kind.SURVEYED)
    assert implied is not None
    profile, said = implied
    assert profile.checked
    assert profile.geometry is not None
    assert (profile.geometry.column, profile.geometry.notation) == (("shape",), Notation.WKT)
    assert profile.fields == {}
    assert "'shape'" in said


def test_an_unmistakable_pair_needs_no_profile(tmp_path: Path) -> None:
    implied = implied_profile(table_of(tmp_path, ("Lon", "46.5", "46.6"), ("Lat", "40.5", "40.6")), Kind.ACCIDENTS)
    assert implied is not None
    assert implied[0].geometry is not None
    assert implied[0].geometry.east == ("Lon",)


@pytest.mark.parametrize(
    "columns",
    [
        [("X", "46.5"), ("Y", "40.5")],
        [("Lat", "4412345"), ("Lon", "500123")],
        [("Northing", "40.5"), ("Easting", "46.5")],
        [("Coordinates", "40.5N 46.5E"), ("n", "1")],
        [("Lat", "40.5"), ("Lon", "46.5"), ("wkt", "POINT (46 40)")],
        [("Lat", "40.5", "40.6"), ("Lon", "46.5", "46.6"), ("Point", "1", "2"), ("Minefield", "A", "A")],
        [("n", "1"), ("m", "2")],
    ],
)
def test_tables_that_need_a_profile(tmp_path: Path, columns: list[tuple[str, ...]]) -> None:
    assert implied_profile(table_of(tmp_path, *columns), Kind.MINEFIELDS) is None


def test_likeness() -> None:
    assert likeness("date of accident", "occurred_on") == (1.0, "date of accident")
    assert 0.6 < likeness("the date of the accident", "occurred_on")[0] < 1
    assert 0.75 < likeness(normalise("Lattitude"), "latitude")[0] < 1
    assert likeness("remarks", "occurred_on")[0] == 0
    # Letters stand for a coordinate only where they stand alone.
    assert likeness("n", "northing")[0] == 1
    assert likeness("n of victims", "northing")[0] == 0


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("Depth (cm)", ("depth", "cm")),
        ("Глубина, см", ("глубина", "cm")),
        ("row_spacing_ft", ("row spacing", "ft")),
        ("Depth", ("depth", None)),
        ("m", ("m", None)),
        ("", ("", None)),
    ],
)
def test_units_in_headings(heading: str, expected: tuple[str, str | None]) -> None:
    assert split_unit(heading) == expected


def test_normalise() -> None:
    assert normalise("  Nömrə / №5_Şəhər ") == "nomre no 5 seher"
    assert normalise("الإحداثيات") == normalise("احداثيات")
    assert in_cyrillic("Njegoš ljudi džep") == "његош људи џеп"
    assert [month_of(name) for name in ("Mai", "листопада", "listopad", "أبريل", "xyz")] == [5, 11, 10, 4, None]


CELLS = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    [
        "lat",
        "lon",
        "x",
        "y",
        "date",
        "1",
        "40.5",
        "46°30'",
        "POINT (1 2)",
        "38SNE1234567890",
        "no",
        "13.05.2021",
        "point",
    ]
)


@given(rows=st.lists(st.lists(CELLS, min_size=1, max_size=5), min_size=1, max_size=5), kind=st.sampled_from(Kind))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_table_gets_a_proposal_that_can_be_read(tmp_path: Path, rows: list[list[str]], kind: Kind) -> None:
    path = tmp_path / "any.csv"
    path.write_text("\n".join(";".join(row) for row in rows), encoding="utf-8", newline="")
    try:
        table = read_table(path)
    except SourceError:
        return
    proposal = propose(table, kind)
    assert parse_profile(proposal.to_toml().encode(), "p.toml") == proposal.profile
    implied_profile(table, kind)
