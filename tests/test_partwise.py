import json
from datetime import date

import partworld
import pytest

from registry.codes import By, Rule, Section
from registry.compare.uncertainty import Share
from registry.errors import CompareError, SourceError
from registry.eventexport import export_events
from registry.eventparts import open_parts
from registry.inputs import StatsOptions
from registry.jsonform import json_text
from registry.model import Kind
from registry.partwise import (
    IN_PARTS,
    Here,
    compute_stats_in_parts,
    counted_so_far,
    join_bounds,
    refuse_other_software,
    software,
)
from registry.stats import compute_stats
from registry.store import Registry

RULES = tuple(rule for rule in Rule if rule is not Rule.OUT_OF_SCOPE)  # which is applied wherever there is a scope

ASKED = {
    "plain": {},
    "grouped": {"by": tuple(By)},
    "every rule": {"rules": RULES, "by": (By.DEVICE,)},
    "a rule of pairs": {"rules": (Rule.LAID_AFTER,)},
    "as of a day": {"as_of": date(2022, 2, 1), "by": (By.YEAR, By.BATCH)},
    "one batch": {"batch_ids": ("second",), "by": (By.PARTY,)},
    "some events": {"events": ("more",)},
    "fewer sections": {"sections": (Section.PREDICTIVE, Section.QUALITY)},
    "nothing by then": {"as_of": date(1990, 1, 1)},
}


@pytest.fixture(scope="module", params=[True, False], ids=["scope", "hull"])
def path(request, tmp_path_factory):
    return partworld.build(tmp_path_factory.mktemp("parts") / "world.gpkg", scope=request.param)


@pytest.fixture(scope="module")
def parts(path):
    with Registry.open(path) as registry:
        export_events(registry, path.parent / "parts", group_rows=18)
    return open_parts(path.parent / "parts")


@pytest.fixture
def world(path):
    with Registry.open(path) as registry:
        yield registry


def in_parts(registry, options, parts, progress=lambda _words, _share: None):
    with Here() as engine:
        return compute_stats_in_parts(registry, options, parts, engine, progress=progress)


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_the_answer_is_that_of_all_events_at_once(world, parts, asked):
    options = StatsOptions(**{"sections": IN_PARTS, **asked})
    at_once = json_text(compute_stats(world, options).to_json())
    assert json_text(in_parts(world, options, parts).to_json()) == at_once


def test_it_is_not_the_answer_of_fewer_events(world, parts):
    """The world of these tests has something to count in every window, or their being equal says little."""
    found = in_parts(world, StatsOptions(sections=IN_PARTS, rules=RULES, by=tuple(By)), parts)
    accuracy = found.accuracy
    assert accuracy.events_received == 90
    assert accuracy.events_unlocated == 4
    assert min(accuracy.all.inside, accuracy.before_handover.total, accuracy.after_handover.inside) > 0
    assert accuracy.all.median_distance_outside_m > 0
    assert accuracy.unfiltered.total == 86
    assert accuracy.left_out.further_events_inside + accuracy.undated > 0
    assert {len(grouping.rows) > 1 for grouping in found.groups} == {True}
    assert isinstance(found.thematic.share, Share)
    assert found.thematic.events_inside > 0
    assert sum(margin.events_newly_inside for margin in found.margins) == accuracy.all.inside
    assert not len(found.classified)


def test_a_section_that_needs_all_events_at_once_is_refused(world, parts):
    with pytest.raises(CompareError, match="clusters, location looks at all events at once"):
        in_parts(world, StatsOptions(sections=(Section.QUALITY, Section.CLUSTERS, Section.LOCATION)), parts)


def test_options_are_refused_before_anything_is_counted(world, parts):
    said = []
    with pytest.raises(CompareError, match="near distance"):
        in_parts(world, StatsOptions(sections=IN_PARTS, near_m=-1.0), parts, lambda words, _: said.append(words))
    assert not [words for words in said if words.startswith("row group")]


def test_grouping_by_districts_needs_them(tmp_path):
    with Registry.create(tmp_path / "none.gpkg") as registry:
        partworld._add_events(registry, "events", 20, partworld.np.random.default_rng(1))
        export_events(registry, tmp_path / "parts")
        with pytest.raises(CompareError, match="no districts layer"):
            in_parts(registry, StatsOptions(sections=IN_PARTS, by=(By.DISTRICT,)), open_parts(tmp_path / "parts"))


def test_without_any_record(tmp_path):
    with Registry.create(tmp_path / "none.gpkg") as registry:
        partworld._add_events(registry, "events", 20, partworld.np.random.default_rng(1))
        export_events(registry, tmp_path / "parts", group_rows=6)
        options = StatsOptions(sections=IN_PARTS, by=(By.BATCH, By.SHEET))
        found = in_parts(registry, options, open_parts(tmp_path / "parts"))
        assert found.to_json() == compute_stats(registry, options).to_json()


def test_without_any_event(empty, tmp_path):
    export_events(empty, tmp_path / "parts")
    parts = open_parts(tmp_path / "parts")
    assert parts.groups == ()
    options = StatsOptions(sections=IN_PARTS)
    assert in_parts(empty, options, parts).to_json() == compute_stats(empty, options).to_json()


def test_parts_of_another_registry_are_refused(parts, tmp_path):
    with (
        Registry.open(partworld.build(tmp_path / "other.gpkg")) as other,
        pytest.raises(SourceError, match="another registry"),
    ):
        in_parts(other, StatsOptions(sections=IN_PARTS), parts)


def test_events_that_came_later_are_missed(path, parts, tmp_path):
    copy = tmp_path / "copy.gpkg"
    copy.write_bytes(path.read_bytes())
    with Registry.open(copy) as registry:
        partworld._add_events(registry, "later", 10, partworld.np.random.default_rng(2))
        with pytest.raises(SourceError, match="does not hold the events of batch later"):
            in_parts(registry, StatsOptions(sections=IN_PARTS), parts)
        # What is withdrawn is not compared, and the parts hold all that is left.
        registry.withdraw("later", kind=Kind.ACCIDENTS, reason="a test")
        registry.withdraw("more", kind=Kind.ACCIDENTS, reason="a test")
        options = StatsOptions(sections=IN_PARTS)
        assert in_parts(registry, options, parts).to_json() == compute_stats(registry, options).to_json()


def test_progress_names_the_row_groups(world, parts):
    said = []
    in_parts(world, StatsOptions(sections=IN_PARTS), parts, lambda words, share: said.append((words, share)))
    assert len(parts.groups) == 5
    assert [words for words, _ in said if words.startswith("row group")][-1] == "row group 5 of 5"
    assert [share for _, share in said] == sorted(share for _, share in said)
    assert counted_so_far(13, 13)[0] == "row group 13 of 13"


def test_bounds_join():
    assert join_bounds([None, (1, 2, 3, 4), (0, 3, 2, 9), None]) == (0, 2, 3, 9)
    assert join_bounds([None]) is None


def test_other_software_is_refused():
    refuse_other_software(software())
    with pytest.raises(CompareError, match=r"GEOS \S+ for 0\.1"):
        refuse_other_software({**software(), "GEOS": "0.1"})
    assert json.dumps(software())
