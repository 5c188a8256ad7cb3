"""What is proposed for tables of legs: columns by their headings, units where the table decides them, else blanks."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.errors import SourceError
from registry.model import Kind
from registry.sources.legrecord import AngleUnit, DistanceUnit
from registry.sources.legrule import LegsRule, PositionOf
from registry.sources.north import North
from registry.sources.profile import parse_profile
from registry.sources.propose import Proposal, implied_profile, propose
from registry.sources.tables import read_table

HEADINGS = tomllib.loads((Path(__file__).parent.parent / "data" / "headings.toml").read_text(encoding="utf-8"))["legs"]
# Two rectangles of 300 m by 60 m, 45 degrees and 100 m from their reference points.
TURNS = (45, 90, 180, 270, 0)
LENGTHS = ("100", "300", "60", "300", "60")
NAMES = (("RP", "S"), ("S", "T1"), ("T1", "T2"), ("T2", "T3"), ("T3", "C"))


def angles_in(circle: int, *, dashed: bool = False) -> list[str]:
    parts = [round(turn / 360 * circle) for turn in TURNS]
    return [f"{part // 100}-{part % 100:02d}" if dashed else str(part) for part in parts]


def columns_of(angles: list[str], **more: list[str]) -> dict[str, list[str]]:
    return {
        "Record": ["A"] * 5 + ["B"] * 5,
        "From": [start for start, _ in NAMES] * 2,
        "To": [end for _, end in NAMES] * 2,
        "Azimuth": angles * 2,
        "Distance, m": [*LENGTHS] * 2,
        **{name: values * 2 for name, values in more.items()},
    }


def proposed(tmp_path: Path, columns: dict[str, list[str]], kind: Kind = Kind.MINEFIELDS) -> Proposal:
    path = tmp_path / "legs.csv"
    lines = [list(columns), *zip(*columns.values(), strict=True)]
    path.write_text("\n".join("\t".join(line) for line in lines), encoding="utf-8-sig")
    table = read_table(path)
    assert implied_profile(table, kind) is None
    return propose(table, kind)


def legs_of(proposal: Proposal) -> LegsRule:
    assert proposal.profile.legs is not None
    return proposal.profile.legs


@pytest.mark.parametrize("language", HEADINGS)
def test_headings_of_tables_of_legs(tmp_path: Path, language: str) -> None:
    ours = HEADINGS[language]
    columns = {
        ours["group"]: ["A"] * 5 + ["B"] * 5,
        ours["from"]: [start for start, _ in NAMES] * 2,
        ours["to"]: [end for _, end in NAMES] * 2,
        ours["angle"]: angles_in(6000, dashed=True) * 2,
        ours["distance"]: [*LENGTHS] * 2,
        ours["reference"]: ["58.00000N 3.00000E", "", "", "", "", "58.01000N 3.00000E", "", "", "", ""],
        "Qx": ["a", "b"] * 5,
    }
    proposal = proposed(tmp_path, columns)
    rule = legs_of(proposal)
    assert (rule.group, rule.from_, rule.to) == (ours["group"], ours["from"], ours["to"])
    assert (rule.angle, rule.distance) == ((ours["angle"],), ours["distance"])
    assert (rule.position, rule.position_of) == ((ours["reference"],), PositionOf.REFERENCE)
    assert rule.angle_unit is AngleUnit.DIVISIONS_6000
    assert rule.north is (North(ours["north"]) if "north" in ours else None)
    assert rule.distance_unit is (DistanceUnit(ours["unit"]) if "unit" in ours else None)
    assert proposal.unmatched == ("Qx",)
    assert proposal.profile.fields["record_id"].column == ours["group"]
    assert proposal.legs is not None
    assert all(line.reason for line in proposal.legs.lines.values())


@pytest.mark.parametrize(
    ("angles", "unit", "said"),
    [
        # Written in a way that only one unit is.
        (["45°00'", "90°00'", "180°00'", "270°00'", "0°00'"], AngleUnit.DEGREES, "degrees with their minutes"),
        (angles_in(6000, dashed=True), AngleUnit.DIVISIONS_6000, "the notation of 6000 divisions"),
        # Beyond the circle of all others.
        (
            ["800", "1600", "3200", "4800", "6300"],
            AngleUnit.MILS_6400,
            "6300, more than the circle of degrees, gons, div",
        ),
        # The records close in one unit only.
        (angles_in(360), AngleUnit.DEGREES, "2 in degrees, 0 in gons, 0 in divisions-6000, 0 in mils-6400"),
        (angles_in(400), AngleUnit.GONS, "2 in gons"),
        (angles_in(6400), AngleUnit.MILS_6400, "0 in divisions-6000, 2 in mils-6400"),
        (angles_in(6000), AngleUnit.DIVISIONS_6000, "2 in divisions-6000, 0 in mils-6400"),
        # Nothing decides: they close in none.
        (["10", "20", "30", "40", "50"], None, "nothing decides"),
        (["1000", "2000", "300", "400", "1500"], None, "2000, more than the circle of degrees, gons has"),
        # Written as divisions, closing as mils.
        (angles_in(6400, dashed=True), None, "as 6000 divisions are, but"),
    ],
)
def test_the_unit_of_angle_is_proposed_where_the_table_decides_it(
    tmp_path: Path, angles: list[str], unit: AngleUnit | None, said: str
) -> None:
    proposal = proposed(tmp_path, columns_of(angles))
    assert legs_of(proposal).angle_unit is unit
    assert ("angle_unit" in proposal.to_fill_in) == (unit is None)
    assert proposal.legs is not None
    assert said in proposal.legs.lines["angle_unit"].reason


@pytest.mark.parametrize(
    ("heading", "unit"),
    [("Azimuth, deg", AngleUnit.DEGREES), ("Azimuth (°)", AngleUnit.DEGREES), ("Azimuth (gons)", AngleUnit.GONS),
     ("Azimuth (6400 mils)", AngleUnit.MILS_6400), ("Azimuth (mils)", None)],
)  # fmt: skip
def test_a_heading_may_name_the_unit(tmp_path: Path, heading: str, unit: AngleUnit | None) -> None:
    columns = columns_of(["10", "20", "30", "40", "50"])
    columns = {heading if name == "Azimuth" else name: values for name, values in columns.items()}
    assert legs_of(proposed(tmp_path, columns)).angle_unit is unit


def test_a_slip_of_the_pen_does_not_hide_the_unit(tmp_path: Path) -> None:
    columns = columns_of(angles_in(6000, dashed=True))
    columns["Azimuth"][7] = "75-00"
    assert legs_of(proposed(tmp_path, columns)).angle_unit is AngleUnit.DIVISIONS_6000


def test_a_blank_is_marked_and_refused(tmp_path: Path) -> None:
    proposal = proposed(tmp_path, columns_of(angles_in(360)))
    assert proposal.to_fill_in == ("north",)
    text = proposal.to_toml()
    assert "# FILL IN north in [legs]" in text
    assert 'from which north bearings count.\nnorth = ""' in text
    with pytest.raises(
        SourceError, match=r"\[legs\]: north is not filled in; look at the forms: it is one of true, gr"
    ):
        parse_profile(text.encode(), "p.toml")
    filled = parse_profile(text.replace('north = ""', 'north = "true"').encode(), "p.toml")
    assert filled.legs is not None
    assert filled.legs.north is North.TRUE


def test_names_that_do_not_say_what_they_are_must_be_explained(tmp_path: Path) -> None:
    columns = columns_of(angles_in(360))
    columns["From"] = ["RP", "1", "2", "3", "4"] * 2
    columns["To"] = ["1", "2", "3", "4", "1"] * 2
    proposal = proposed(tmp_path, columns)
    assert proposal.to_fill_in == ("north", "types")
    assert legs_of(proposal).types == {"1": "", "2": "", "3": "", "4": ""}
    text = proposal.to_toml().replace('north = ""', 'north = "true"')
    with pytest.raises(
        SourceError, match=r"\[legs.types\]: '1' is not filled in; it is one of REFERENCE_POINT, .* CLOSE"
    ):
        parse_profile(text.encode(), "p.toml")


def test_whose_a_position_is(tmp_path: Path) -> None:
    once = ["58.00000N 3.00000E", "", "", "", ""]
    # On the first leg's row it may be that of either end.
    assert "position_of" in proposed(tmp_path, columns_of(angles_in(360), Position=once)).to_fill_in
    everywhere = ["58.00000N 3.00000E"] * 5
    rule = legs_of(proposed(tmp_path, columns_of(angles_in(360), Position=everywhere)))
    assert rule.position_of is PositionOf.REFERENCE
    columns = columns_of(angles_in(360), Position=[""] * 5)
    own_row = {"Record": "A", "To": "RP", "Position": "58.00000N 3.00000E"}
    columns = {name: [own_row.get(name, ""), *values] for name, values in columns.items()}
    assert legs_of(proposed(tmp_path, columns)).position_of is PositionOf.POINT


def test_corners_with_positions_of_their_own_are_drawn_by_these(tmp_path: Path) -> None:
    corners = [f"58.00{n}00N 3.00{n}00E" for n in range(5)]
    proposal = proposed(tmp_path, columns_of(angles_in(360), Position=corners))
    assert proposal.profile.legs is None
    assert proposal.profile.geometry is not None


def test_the_day_of_laying_and_the_declination(tmp_path: Path) -> None:
    columns = columns_of(angles_in(360), **{"Date laid": ["13.05.1993"] * 5, "Declination": ["-4.1"] * 5})
    rule = legs_of(proposed(tmp_path, columns))
    assert rule.laid_on is not None
    assert rule.declination_deg is not None
    assert (rule.laid_on.column, rule.declination_deg.column) == ("Date laid", "Declination")
    # From grid north no declination is used.
    on_grid = {"Grid azimuth" if name == "Azimuth" else name: values for name, values in columns.items()}
    proposal = proposed(tmp_path, on_grid)
    rule = legs_of(proposal)
    assert (rule.north, rule.laid_on, rule.declination_deg) == (North.GRID, None, None)
    assert proposal.to_fill_in == ("grid_crs",)


def test_paces_have_a_length_to_be_filled_in(tmp_path: Path) -> None:
    columns = columns_of(angles_in(360))
    columns = {name.replace(", m", " in paces"): values for name, values in columns.items()}
    assert proposed(tmp_path, columns).to_fill_in == ("north", "pace_m")


def test_cells_that_hold_chains(tmp_path: Path) -> None:
    chain = "; ".join(f"{angle}/{length} m" for angle, length in zip(angles_in(360), LENGTHS, strict=True))
    columns = {"No": ["1", "2"], "Magnetic azimuths and distances": [f"RP ?; {chain}", chain], "Qx": ["a", "b"]}
    proposal = proposed(tmp_path, columns)
    rule = legs_of(proposal)
    assert rule.column == "Magnetic azimuths and distances"
    assert (rule.angle_unit, rule.north, rule.distance_unit) == (AngleUnit.DEGREES, North.MAGNETIC, DistanceUnit.METRES)
    assert proposal.to_fill_in == ()
    assert parse_profile(proposal.to_toml().encode(), "p.toml") == proposal.profile
    # Only minefields are drawn by bearing and distance.
    assert proposed(tmp_path, columns, Kind.SURVEYED).profile.legs is None


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\t"), max_size=8) | st.sampled_from(
    ["15-00", "90", "6300", "45°30'", "120", "1.250", "RP", "S", "T1", "C", "1", "A", "58.0N 3.0E", "",
     "RP ?; 10/20; 90/50; 180/50; 300/60", "10/20; 20/30; 30/40"]
)  # fmt: skip
HEADS = st.sampled_from(
    ["Record", "From", "To", "Azimuth", "Distance", "Distance (m)", "Position", "Leg", "Point", "Point type", "lat",
     "lon", "Date laid", "Magnetic azimuth", "paces"]
)  # fmt: skip


@given(
    heads=st.lists(HEADS, min_size=2, max_size=8, unique=True),
    rows=st.lists(st.lists(CELLS, min_size=8, max_size=8), min_size=1, max_size=6),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_table_gets_a_proposal_that_can_be_read_or_says_what_to_fill_in(
    tmp_path: Path, heads: list[str], rows: list[list[str]]
) -> None:
    path = tmp_path / "any.csv"
    path.write_text("\n".join("\t".join(row[: len(heads)]) for row in [heads, *rows]), encoding="utf-8", newline="")
    try:
        table = read_table(path)
    except SourceError:
        return
    proposal = propose(table, Kind.MINEFIELDS)
    text = proposal.to_toml().encode()
    if proposal.to_fill_in:
        with pytest.raises(SourceError, match="is not filled in"):
            parse_profile(text, "p.toml")
    else:
        assert parse_profile(text, "p.toml") == proposal.profile
