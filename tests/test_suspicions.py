"""Which reading of a source fits clearly better: hand-made places, and none where all is right."""

from functools import lru_cache

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer

from registry.evidence import Fields, Known
from registry.geometry import GEOD, WGS84, local_equal_area, project
from registry.suspicions import as_stated, settle

PLANE = local_equal_area((45.5, 40.0, 45.5, 40.0))
# A belt 80 km long and 2 km high, with its fields along the middle.
BELT = (-40_000.0, -1_000.0, 40_000.0, 1_000.0)
few = settings(max_examples=20)


def array(*values):
    result = np.empty(len(values), dtype=object)
    result[:] = values
    return result


def on_globe(*shapes):
    return project(array(*shapes), PLANE, WGS84)


def belt_fields(number=12, north_m=0.0):
    """Squares of 60 m along the middle of the belt, 6 km apart; each is one metre larger than the one before."""
    return on_globe(
        *(
            shapely.box(x, north_m, x + 60 + i, north_m + 60 + i)
            for i, x in enumerate(np.linspace(-33_000, 33_000, number))
        )
    )


@lru_cache
def transformer(epsg):
    return Transformer.from_crs(4326, epsg, always_xy=True)


def delivered(shapes, epsg):
    """What they are in the numbers of a CRS, by pyproj alone."""
    return shapely.transform(shapes, transformer(epsg).transform, interleaved=False)


def swapped(shapes):
    return shapely.transform(shapes, lambda xy: xy[:, ::-1])


def keys(number, prefix="f"):
    return array(*(f"{prefix}{i}" for i in range(number)))


def fields(shapes, numbers=None, batch="old"):
    found = Fields(keys(len(shapes)) if numbers is None else numbers, array(*[batch] * len(shapes)), shapes)

    def fields_in(box):
        near = shapely.intersects(shapes, shapely.box(*box))
        return Fields(found.keys[near], found.batches[near], found.geometries[near])

    return fields_in


def scope(*boxes, words="the scope of the batch"):
    return Known(on_globe(*(shapely.box(*each) for each in boxes or (BELT,))), words)


def tried(shapes, epsg, known, told=(), numbers=None):
    return settle(shapes, CRS(epsg), keys(len(shapes)) if numbers is None else numbers, known, told)


def middles(settled, shapes):
    """How far each record lies from its true place once it is read as settled, in metres."""
    to_wgs84 = Transformer.from_crs(settled.crs, 4326, always_xy=True)
    meant = shapely.get_coordinates(shapely.centroid(settled.meant(shapes)))
    return np.column_stack(to_wgs84.transform(*meant.T))


CASES = {
    "axes-swapped": (4326, lambda: swapped(belt_fields())),
    "sign-lost": (4326, lambda: shapely.transform(belt_fields(), lambda xy: xy * (-1, 1))),
    "zone-wrong": (32639, lambda: delivered(belt_fields(), 32638)),
    "utm-as-gauss-krueger": (2498, lambda: delivered(belt_fields(), 32638)),
    "gauss-krueger-as-utm": (32638, lambda: delivered(belt_fields(), 2498)),
}


class TestPlaces:
    """SK-42 has operations 5 m apart, hence the tolerance."""

    @pytest.mark.parametrize("code", CASES)
    def test_found_and_not_applied(self, code):
        epsg, made = CASES[code]
        found = tried(made(), epsg, scope())
        assert found.applied == ()
        assert (found.suspected.code, found.suspected.records) == (code, 12)
        assert (found.suspected.inside_as_read, found.suspected.inside) == (0, 12)
        assert found.source_crs == f"EPSG:{epsg}"
        assert f"--correct {code} to read them so" in found.suspected.sentence()
        assert "12 of 12 records lie outside the scope of the batch as read; read" in found.suspected.sentence()

    @pytest.mark.parametrize("code", CASES)
    def test_applied_when_told(self, code):
        epsg, made = CASES[code]
        shapes = made()
        found = tried(shapes, epsg, scope(), told=(code,))
        assert [each.code for each in found.applied] == [code]
        assert found.suspected is None
        true = shapely.get_coordinates(shapely.centroid(belt_fields()))
        assert max(GEOD.inv(*true.T, *middles(found, shapes).T)[2]) < 15
        assert "They were read so, as told." in found.applied[0].sentence()

    def test_another_code_is_not_applied(self):
        found = tried(swapped(belt_fields()), 4326, scope(), told=("sign-lost",))
        assert found.applied == ()
        assert found.suspected.code == "axes-swapped"

    def test_one_after_the_other(self):
        """Axes exchanged and UTM said to be Gauss-Krueger."""
        shapes = swapped(delivered(belt_fields(), 32638))
        found = tried(shapes, 2498, scope(), told=("utm-as-gauss-krueger", "axes-swapped"))
        assert [each.code for each in found.applied] == ["axes-swapped", "utm-as-gauss-krueger"]
        true = shapely.get_coordinates(shapely.centroid(belt_fields()))
        assert max(GEOD.inv(*true.T, *middles(found, shapes).T)[2]) < 0.1

    def test_utm_and_gauss_krueger_lie_0_0004_of_the_northing_apart(self):
        found = tried(delivered(belt_fields(), 32638), 2498, scope()).suspected
        # 4,429,529 m from the equator to 40 N; 0.9996 of it, and what the datums differ by.
        assert found.moved_north_m == pytest.approx(0.0004 * 4_429_529, abs=120)

    def test_untransformed_sk42_at_the_edge_of_the_scope(self):
        """It plots about 102 m too far east, so fields 30 m within the eastern edge lie outside."""
        shapes = on_globe(*(shapely.box(-50, y, -30, y + 20) for y in range(0, 1_200, 100)))
        found = tried(delivered(shapes, 4284), 4326, scope((-2_000, -500, 0, 2_000))).suspected
        assert (found.code, found.inside_as_read, found.inside) == ("datum-suspect", 0, 12)
        assert 95 < found.moved_m < 120
        assert found.moved_east_m < -95

    def test_districts_are_named(self):
        known = scope(words="the known districts")
        assert "outside the known districts as read" in tried(swapped(belt_fields()), 4326, known).suspected.sentence()

    def test_a_single_record_far_away(self):
        assert tried(swapped(belt_fields(1)), 4326, scope()).suspected.code == "axes-swapped"

    def test_few_records_nearby_are_no_evidence(self):
        assert tried(delivered(belt_fields(9), 32638), 2498, scope()).suspected is None
        assert tried(delivered(belt_fields(10), 32638), 2498, scope()).suspected is not None

    def test_a_tenth_must_lie_outside(self):
        """10 fields of UTM among right ones: 10 of 100 lie outside the belt as read, or 10 of 101."""
        wrong = delivered(belt_fields(10), 32638)
        for right, suspected in ((90, True), (91, False)):
            # The right ones lie in a box so high that the other reading keeps them in it.
            known = scope(BELT, (50_000, -9_000, 60_000, 9_000))
            others = delivered(on_globe(*[shapely.box(55_000, 0, 55_100, 100)] * right), 2498)
            found = tried(np.concatenate([wrong, others]), 2498, known).suspected
            assert (found is not None) is suspected

    def test_a_reading_that_puts_records_out_is_none(self):
        """As many records are in as read as the reading would bring in."""
        wrong, right = delivered(belt_fields(), 32638), delivered(belt_fields(), 2498)
        assert tried(np.concatenate([wrong, right]), 2498, scope()).suspected is None

    def test_a_belt_that_holds_both_says_nothing(self):
        assert tried(delivered(belt_fields(), 32638), 2498, scope((-40_000, -9_000, 40_000, 9_000))).suspected is None

    def test_of_two_that_fit_both_are_named(self):
        """Numbers without a zone digit, said to have one: Gauss-Krueger or UTM, in a scope that holds both."""
        found = tried(delivered(belt_fields(), 2498), 28408, scope((-40_000, -9_000, 40_000, 9_000))).suspected
        assert found.code == "zone-wrong"
        assert found.also == ("read as WGS 84 / UTM zone 38N (EPSG:32638) (--correct utm-as-gauss-krueger)",)
        assert "What fits as well: read as WGS 84" in found.sentence()

    def test_the_better_one_comes_first(self):
        assert tried(delivered(belt_fields(), 2498), 28408, scope()).suspected.also == ()

    def test_where_a_crs_is_used_is_evidence_where_nothing_else_is(self):
        for epsg in (28408, 32638):
            found = tried(swapped(delivered(belt_fields(), epsg)), epsg, Known()).suspected
            assert (found.code, found.reference) == ("axes-swapped", f"the area where EPSG:{epsg} is used")

    def test_latitudes_beyond_the_pole(self):
        shapes = swapped(array(*[shapely.Point(120.5, 40.0)] * 3))
        assert tried(shapes, 4326, Known()).suspected.code == "axes-swapped"

    def test_many_records_are_screened_by_some(self):
        """Each twentieth is right, and all are counted in the end."""
        points = np.tile(shapely.centroid(belt_fields()), 1_000)
        points[::20] = swapped(points[::20])
        found = tried(swapped(points), 4326, scope()).suspected
        assert (found.code, found.records) == ("axes-swapped", 12_000)
        assert (found.inside_as_read, found.inside) == (600, 11_400)


class TestNumbers:
    def known(self, shapes=None, **more):
        return Known(fields_in=fields(belt_fields() if shapes is None else shapes, **more))

    @pytest.mark.parametrize(
        ("code", "said", "true"),
        [
            ("datum-suspect", 4326, 4284),
            ("datum-suspect", 4284, 4326),
            ("utm-as-gauss-krueger", 2498, 32638),
            ("gauss-krueger-as-utm", 32638, 2498),
            ("zone-wrong", 32637, 32638),
        ],
    )
    def test_the_same_numbers_elsewhere(self, code, said, true):
        shapes = belt_fields() if true == 4326 else delivered(belt_fields(), true)
        found = tried(shapes, said, self.known()).suspected
        assert (found.code, found.paired, found.batches) == (code, 12, ("old",))
        assert found.reference is None
        assert found.offset_left_m < 10
        assert "12 records that batch old holds too lie on median" in found.sentence()
        told = tried(shapes, said, self.known(), told=(code,))
        assert [each.code for each in told.applied] == [code]
        assert told.suspected is None

    def test_axes_and_signs(self):
        mirrored = shapely.transform(belt_fields(), lambda xy: xy * (-1, 1))
        assert tried(mirrored, 4326, self.known()).suspected.code == "sign-lost"
        assert tried(swapped(belt_fields()), 4326, self.known()).suspected.code == "axes-swapped"

    def test_sk42_is_a_hundred_metres_east(self):
        found = tried(delivered(belt_fields(), 4284), 4326, self.known()).suspected
        assert 95 < found.offset_east_m < 110
        assert 5 < found.offset_north_m < 20
        assert found.spread_m < 5
        assert "m east and" in found.sentence()

    def test_in_spite_of_scatter(self):
        """Both digitised with 30 m: 42 m per axis between them, and 60 pairs tell the median within 7 m."""
        rng = np.random.default_rng(11)
        true = belt_fields(60)
        plane = project(delivered(true, 4284), WGS84, PLANE)
        noisy = array(*(shapely.affinity.translate(each, *rng.normal(0, 42, 2)) for each in plane))
        found = tried(project(noisy, PLANE, WGS84), 4326, self.known(true)).suspected
        assert found.code == "datum-suspect"
        assert 35 < found.spread_m < 55

    def test_two_are_no_evidence(self):
        """Of shapes the third of three decides; of numbers too."""
        shapes = delivered(belt_fields(), 4284)
        other = array(*(shapely.affinity.scale(each, 1.5, 1.5) for each in belt_fields()))
        for number, suspected in ((2, False), (3, True)):
            known = Known(fields_in=fields(other[:number], keys(number)))
            assert (tried(shapes, 4326, known).suspected is not None) is suspected

    def test_the_same_shapes_without_numbers(self):
        shapes, none = delivered(belt_fields(), 4284), array(*[None] * 12)
        found = tried(shapes, 4326, self.known(numbers=none), numbers=none).suspected
        assert (found.code, found.paired) == ("datum-suspect", 12)
        assert tried(belt_fields(), 4326, self.known(numbers=none), numbers=none).suspected is None

    def test_numbers_that_agree_overrule_a_scope(self):
        """The scope lies 2 km off; the fields lie where another batch has them."""
        known = Known(on_globe(shapely.box(-40_000, 1_000, 40_000, 3_000)), "the scope", fields(belt_fields()))
        assert tried(delivered(belt_fields(), 2498), 2498, known).suspected is None

    def test_numbers_tell_what_a_scope_cannot(self):
        known = Known(scope((-40_000, -9_000, 40_000, 9_000)).areas, "the scope", fields(belt_fields()))
        found = tried(delivered(belt_fields(), 2498), 28408, known)
        assert found.suspected.code == "zone-wrong"  # said by the area of use; numbers follow once it is applied
        found = tried(delivered(belt_fields(), 32638), 2498, known).suspected
        assert (found.code, found.paired) == ("utm-as-gauss-krueger", 12)

    def test_places_and_numbers_in_one_sentence(self):
        known = Known(scope().areas, "the scope", fields(belt_fields()))
        said = tried(delivered(belt_fields(), 32638), 2498, known).suspected.sentence()
        assert "12 of 12 records lie outside the scope as read" in said
        assert "12 records that batch old holds too" in said

    def test_other_fields_of_the_same_numbers(self):
        """Two batches that count from 1 have nothing to do with each other."""
        rng = np.random.default_rng(3)
        squares = [shapely.box(x, y, x + 50, y + 50) for x, y in rng.uniform(-30_000, 30_000, (400, 2))]
        ours, theirs = on_globe(*squares[:200]), on_globe(*squares[200:])
        for epsg in (4326, 2498, 32638):
            shapes = ours if epsg == 4326 else delivered(ours, epsg)
            assert tried(shapes, epsg, self.known(theirs)).suspected is None


@pytest.mark.parametrize("shapes", [[], [None], [shapely.Point()], [shapely.Polygon(), None]])
def test_nothing_to_test(shapes):
    found = settle(array(*shapes), CRS(4326), array(*[None] * len(shapes)), scope(), ("sign-lost",))
    assert found == as_stated(CRS(4326))


@few
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([4326, 4284, 2498, 28408, 32638]),
    st.integers(1, 60),
    st.floats(0, 50),
    st.booleans(),
)
def test_right_data_are_not_suspected(seed, epsg, number, sigma_m, is_known_elsewhere):
    """Fields anywhere in the scope, drawn with an error, and again by another hand in another batch."""
    rng = np.random.default_rng(seed)
    corners = rng.uniform(BELT[:2], BELT[2:], (number, 2))
    drawn = [
        on_globe(*(shapely.box(x, y, x + 50, y + 50) for x, y in corners + rng.normal(0, sigma_m, (number, 2))))
        for _ in range(2)
    ]
    known = Known(scope().areas, "the scope", fields(drawn[1]) if is_known_elsewhere else Known().fields_in)
    shapes = drawn[0] if epsg == 4326 else delivered(drawn[0], epsg)
    assert tried(shapes, epsg, known).suspected is None
