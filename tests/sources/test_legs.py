"""Legs of known corners give the corners back; mix-ups are named; what is not known is not invented."""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod, Transformer

from registry.errors import SourceError
from registry.model import PartialDate
from registry.sources.legrecord import AngleUnit, Convention, DistanceUnit, Entry, LegsRecord, Place, chain_of
from registry.sources.legs import Traverse, lay_out
from registry.sources.north import North

WGS84 = Geod(ellps="WGS84")
DEGREES = Convention(AngleUnit.DEGREES, North.TRUE)
GRID = "EPSG:32632"
# IGRF-14 at the reference point on 15 June 1993, from another program (pyIGRF14 1.0.4).
DECLINATION_1993 = -4.088

Position = tuple[float, float]
# In open sea: reference point, second reference point, and the corners of a field.
RP, RP2 = (3.0, 58.0), (3.0101, 57.9978)
CORNERS = ((3.0021, 58.0010), (3.0054, 58.0013), (3.0056, 58.0004), (3.0038, 57.9999), (3.0019, 58.0003))


def way(*, second: bool = False) -> list[tuple[str, Position, Position]]:
    """From the reference point around the field and back to its start; at last to the second reference point."""
    points = [RP, *CORNERS, CORNERS[0]]
    names = ["S", *(f"T{number}" for number in range(1, len(CORNERS))), "C"]
    legs = list(zip(names, points[:-1], points[1:], strict=True))
    return [("RP2", RP, RP2), *legs] if second else legs


def bearing(start: Position, end: Position, north: North) -> float:
    """Degrees from a north, by pyproj alone."""
    if north is North.GRID:
        (x0, y0), (x1, y1) = (
            Transformer.from_crs("EPSG:4326", GRID, always_xy=True).transform(*each) for each in (start, end)
        )
        return math.degrees(math.atan2(x1 - x0, y1 - y0)) % 360
    true = WGS84.inv(*start, *end)[0]
    return (true - (DECLINATION_1993 if north is North.MAGNETIC else 0)) % 360


def written(degrees: float, unit: AngleUnit) -> str:
    """A bearing as a form writes it: whole divisions or mils, degrees and minutes."""
    if unit in {AngleUnit.DIVISIONS_6000, AngleUnit.MILS_6400}:
        parts = round(degrees / 360 * unit.circle)
        return f"{parts // 100:02d}-{parts % 100:02d}" if unit is AngleUnit.DIVISIONS_6000 else str(parts)
    if unit is AngleUnit.GONS:
        return f"{degrees / 0.9:.1f}"
    minutes = round(degrees * 60)
    return f"{minutes // 60}°{minutes % 60:02d}'"


def record(
    convention: Convention,
    *,
    in_unit: AngleUnit | None = None,
    from_north: North | None = None,
    second: bool = False,
    places: Sequence[tuple[str, Place]] = (("RP", Place(*RP, 5.0)),),
) -> LegsRecord:
    """The way as a form in the stated convention, or in another that the form does not own up to."""
    unit, north = in_unit or convention.angle_unit, from_north or convention.north
    entries = [Entry(label, place=place) for label, place in places]
    if second:
        entries.append(Entry("RP2", place=Place(*RP2, 5.0)))
    for label, start, end in way(second=second):
        distance = round(WGS84.inv(*start, *end)[2] / convention.unit_m, 1)
        entries.append(Entry(label, angle=written(bearing(start, end, north), unit), distance=distance))
    return chain_of(entries, convention, "form")


def codes(traverse: Traverse) -> list[str]:
    return [suspicion.code for suspicion in traverse.suspicions]


def errors_m(traverse: Traverse) -> list[float]:
    assert isinstance(traverse.geometry, shapely.Polygon)
    drawn = shapely.get_coordinates(traverse.geometry)[:-1]
    assert len(drawn) == len(CORNERS)
    return [WGS84.inv(*corner, *found)[2] for corner, found in zip(CORNERS, drawn, strict=True)]


@pytest.mark.parametrize("north", North)
@pytest.mark.parametrize("unit", AngleUnit)
@pytest.mark.parametrize("pace_m", [None, 0.75])
def test_a_traverse_gives_back_the_corners(unit: AngleUnit, north: North, pace_m: float | None) -> None:
    convention = Convention(
        unit,
        north,
        grid_crs=GRID if north is North.GRID else None,
        laid_on=PartialDate.from_iso("1993-06-15"),
        distance_unit=DistanceUnit.METRES if pace_m is None else DistanceUnit.PACES,
        pace_m=pace_m,
    )
    traverse = lay_out(record(convention))
    assert max(errors_m(traverse)) < 0.5
    assert traverse.misclosure is not None
    assert traverse.misclosure.misclosure_m < 0.5
    assert codes(traverse) == ["reference-point-single"]


def test_the_choices_are_recorded() -> None:
    stated = Convention(AngleUnit.DEGREES, North.MAGNETIC, declination_deg=3.0, laid_on=PartialDate.from_iso("1993"))
    by_person = lay_out(record(stated)).declination
    assert by_person is not None
    assert (by_person.degrees, by_person.model) == (3.0, None)
    by_model = lay_out(record(replace(stated, declination_deg=None))).declination
    assert by_model is not None
    assert by_model.model == "IGRF-14"
    # A year means its middle.
    assert by_model.day is not None
    assert by_model.day.isoformat() == "1993-07-02"
    assert by_model.degrees == pytest.approx(DECLINATION_1993, abs=0.05)
    on_grid = lay_out(record(Convention(AngleUnit.DEGREES, North.GRID, grid_crs=GRID)))
    # Six degrees west of the central meridian at 58 degrees north: -6 sin 58.
    assert on_grid.convergence_deg == pytest.approx(-6 * math.sin(math.radians(58)), abs=0.02)


@pytest.mark.parametrize(
    ("stated", "meant"),
    [(AngleUnit.MILS_6400, AngleUnit.DIVISIONS_6000), (AngleUnit.DIVISIONS_6000, AngleUnit.MILS_6400)],
)
def test_mixed_up_mils_are_named(stated: AngleUnit, meant: AngleUnit) -> None:
    corners = [
        ("S", 30.0, 100.0),
        ("T1", 90.0, 300.0),
        ("T2", 170.0, 120.0),
        ("T3", 270.0, 320.836),
        ("C", 0.0, 118.18),
    ]
    entries = [
        Entry("RP", place=Place(*RP)),
        *(Entry(name, angle=round(angle / 360 * meant.circle), distance=length) for name, angle, length in corners),
    ]
    right, wrong = (lay_out(chain_of(entries, Convention(unit, North.TRUE), "form")) for unit in (meant, stated))
    assert "angle-unit-suspect" not in codes(right)
    assert {"misclosure-large", "angle-unit-suspect"} <= set(codes(wrong))
    sentence = next(each.message for each in wrong.suspicions if each.code == "angle-unit-suspect")
    assert f"Read as {stated}" in sentence
    assert f"read as {meant}" in sentence


def test_3000_in_the_wrong_system_is_11_degrees_off() -> None:
    bearings = []
    for unit in (AngleUnit.DIVISIONS_6000, AngleUnit.MILS_6400):
        entries = [Entry("RP", place=Place(*RP)), Entry("S", angle=3000, distance=100), Entry("E", angle=0, distance=1)]
        traverse = lay_out(chain_of(entries, Convention(unit, North.TRUE), "form"))
        assert isinstance(traverse.geometry, shapely.LineString)
        bearings.append(WGS84.inv(*RP, *traverse.geometry.coords[0])[0] % 360)
    assert bearings[0] == pytest.approx(180.0)
    assert bearings[0] - bearings[1] == pytest.approx(11.25)


@pytest.mark.parametrize(
    ("stated", "north_of_the_form"),
    [
        (DEGREES, North.MAGNETIC),
        (DEGREES, North.GRID),
        (replace(DEGREES, north=North.MAGNETIC, declination_deg=DECLINATION_1993), North.TRUE),
        (replace(DEGREES, north=North.GRID, grid_crs=GRID), North.TRUE),
    ],
)
def test_a_turn_of_all_bearings_shows_against_a_second_reference_point(
    stated: Convention, north_of_the_form: North
) -> None:
    right = lay_out(record(stated, second=True))
    assert codes(right) == []
    # The reference points are 650 m apart and their own errors are allowed for, so state small ones.
    exact = [("RP", Place(*RP, 1.0)), ("RP2", Place(*RP2, 1.0))]
    wrong = record(stated, from_north=north_of_the_form, second=True)
    wrong = lay_out(replace(wrong, places=dict(exact)))
    assert "declination-suspect" in codes(wrong)
    sentence = next(each.message for each in wrong.suspicions if each.code == "declination-suspect")
    turn = DECLINATION_1993 if North.MAGNETIC in {stated.north, north_of_the_form} else -6 * math.sin(math.radians(58))
    turn = turn if stated.north is North.TRUE else -turn
    assert f"{turn:+.1f} degrees" in sentence
    # The field itself closes: no closing leg can show such a turn.
    assert wrong.misclosure is not None
    assert not wrong.misclosure.is_large


def test_magnetic_north_without_a_date_is_a_suspicion() -> None:
    traverse = lay_out(record(Convention(AngleUnit.DEGREES, North.MAGNETIC)))
    assert codes(traverse) == ["reference-point-single", "declination-suspect"]
    assert traverse.declination is None
    assert traverse.relative_north is North.MAGNETIC
    assert "laying date" in traverse.suspicions[-1].message


def test_without_a_position_there_is_a_shape_and_no_place() -> None:
    traverse = lay_out(record(DEGREES, places=[("RP", None)]))  # type: ignore[list-item]
    assert traverse.geometry is None
    assert traverse.sigma_m is None
    assert codes(traverse) == ["reference-point-missing"]
    located = lay_out(record(DEGREES))
    assert traverse.relative is not None
    assert shapely.get_coordinates(traverse.relative)[0].tolist() == [0, 0]
    assert shapely.hausdorff_distance(traverse.relative, located.relative) < 0.1


def test_a_position_known_only_at_the_end_places_the_whole() -> None:
    entries = [
        Entry("RP"),
        Entry("S", angle=70.0, distance=4000.0),
        Entry("T1", angle=90.0, distance=300.0),
        Entry("T2", angle=180.0, distance=300.0),
        Entry("C", angle=315.0, distance=424.264),
    ]
    reference = lay_out(chain_of([Entry("RP", place=Place(*RP)), *entries[1:]], DEGREES, "form"))
    assert reference.geometry is not None
    known = Place(*reference.geometry.exterior.coords[2])  # type: ignore[union-attr]
    tied_at_end = replace(chain_of(entries, DEGREES, "form"), places={"T2": known})
    found = lay_out(tied_at_end)
    # Laid out from the other end it is the same field: nothing is lost to the turn of the meridians over 4 km.
    gaps = [
        WGS84.inv(*one, *other)[2]
        for one, other in zip(
            shapely.get_coordinates(found.geometry), shapely.get_coordinates(reference.geometry), strict=True
        )
    ]
    assert max(gaps) < 0.01
    assert len(found.closures) == 1


def test_misclosure_in_metres_and_one_in_n() -> None:
    # A square of 100 m whose last side is 4 m short: 4 m over 396 m of way.
    square = [("S", 0, 50), ("T1", 0, 100), ("T2", 90, 100), ("T3", 180, 100), ("C", 270, 96)]
    entries = [Entry("RP", place=Place(*RP, 5.0)), *(Entry(n, angle=a, distance=d) for n, a, d in square)]
    traverse = lay_out(chain_of(entries, DEGREES, "form"))
    assert traverse.misclosure is not None
    assert traverse.misclosure.misclosure_m == pytest.approx(4.0, abs=0.01)
    assert traverse.misclosure.east_m == pytest.approx(4.0, abs=0.01)
    assert traverse.misclosure.one_in == pytest.approx(99, abs=0.3)
    assert not traverse.adjusted
    assert "misclosure-large" not in codes(traverse)
    short = lay_out(chain_of([*entries[:-1], Entry("C", angle=270, distance=90)], DEGREES, "form"))
    assert "misclosure-large" in codes(short)
    # The way to the last corner is 350 m: 1.5 % of it with the 5 m of the reference point.
    assert traverse.path_m == pytest.approx(350)
    assert traverse.legs_sigma_m == pytest.approx(5.25)
    assert traverse.sigma_m == pytest.approx(math.hypot(5.25, 5.0))


def test_more_than_30_m_is_large_however_long_the_way() -> None:
    square = [("S", 0, 50), ("T1", 0, 1000), ("T2", 90, 1000), ("T3", 180, 1000), ("C", 270, 965)]
    entries = [Entry("RP", place=Place(*RP)), *(Entry(n, angle=a, distance=d) for n, a, d in square)]
    assert "misclosure-large" in codes(lay_out(chain_of(entries, DEGREES, "form")))


def test_the_compass_rule_distributes_by_the_way_gone() -> None:
    square = [("S", 0, 50), ("T1", 0, 100), ("T2", 90, 100), ("T3", 180, 100), ("C", 270, 96)]
    entries = [Entry("RP", place=Place(*RP)), *(Entry(n, angle=a, distance=d) for n, a, d in square)]
    as_written = lay_out(chain_of(entries, DEGREES, "form"))
    traverse = lay_out(chain_of(entries, replace(DEGREES, adjusted=True), "form"))
    assert traverse.adjusted
    assert traverse.misclosure == as_written.misclosure
    east, north = shapely.get_coordinates(traverse.relative)[:-1].T
    # Of the 4 m to the east, T1 gives up 100/396, T2 200/396, T3 300/396; the start stays.
    assert np.allclose(east, [0, -400 / 396, 100 - 800 / 396, 100 - 1200 / 396], atol=0.01)
    assert np.allclose(north, [0, 100, 100, 0], atol=0.01)


def test_a_record_that_ends_elsewhere_is_a_line() -> None:
    entries = [Entry("RP", place=Place(*RP)), Entry("S", angle=0, distance=50), Entry("E", angle=90, distance=300)]
    traverse = lay_out(chain_of(entries, DEGREES, "form"))
    assert isinstance(traverse.geometry, shapely.LineString)
    assert traverse.misclosure is None


def test_a_grid_that_does_not_exist_is_said() -> None:
    convention = replace(DEGREES, north=North.GRID, grid_crs="EPSG:4284")
    with pytest.raises(SourceError, match="no grid"):
        lay_out(record(convention))
    with pytest.raises(SourceError, match="state its CRS"):
        Convention(AngleUnit.DEGREES, North.GRID)


def test_paces_need_a_length() -> None:
    with pytest.raises(SourceError, match="length of a pace"):
        Convention(AngleUnit.DEGREES, North.TRUE, distance_unit=DistanceUnit.PACES)


@given(
    centre=st.tuples(st.floats(-179, 179), st.floats(-80, 80)),
    radii=st.lists(st.floats(20, 2_000), min_size=3, max_size=12),
    away=st.tuples(st.floats(0, 360), st.floats(1, 3_000)),
    convention=st.sampled_from([DEGREES, replace(DEGREES, adjusted=True)]),
)
def test_any_polygon_comes_back(
    centre: Position, radii: list[float], away: tuple[float, float], convention: Convention
) -> None:
    corners = [WGS84.fwd(*centre, 360 * number / len(radii), radius)[:2] for number, radius in enumerate(radii)]
    reference = WGS84.fwd(*corners[0], *away)[:2]
    points = [reference, *corners, corners[0]]
    entries = [Entry("RP", place=Place(*reference))]
    for start, end in pairwise(points):
        azimuth, _, distance = WGS84.inv(*start, *end)
        entries.append(Entry(angle=f"{azimuth % 360:.9f}", distance=distance))
    traverse = lay_out(chain_of(entries, convention, "form"))
    assert traverse.misclosure is not None
    assert traverse.misclosure.misclosure_m < 0.01
    assert codes(traverse) == ["reference-point-single"]
    drawn = shapely.get_coordinates(traverse.geometry)[:-1]
    gaps = [WGS84.inv(*corner, *found)[2] for corner, found in zip(corners, drawn, strict=True)]
    assert max(gaps) < 0.01
