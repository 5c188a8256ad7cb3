"""The demonstration's options make a world of its totals, whatever the seed."""

import pytest
from recount import on_plane, seen

from registry.simulate.world import World, demo_world


@pytest.mark.parametrize("seed", [0, 7, 2024])
def test_132_of_240_events_lie_outside_all_records(seed: int) -> None:
    demo = demo_world(seed)
    maps = seen(demo.records).union_all()
    inside = on_plane(demo.events).covered_by(maps)
    assert (len(inside), int(inside.sum()), int((~inside).sum())) == (240, 108, 132)
    assert (~inside).tolist() == demo.events["outside"].tolist()


def test_mines_on_the_maps_and_in_the_world(world: World) -> None:
    by_class = ["mines_ap", "mines_av", "mines_other"]
    assert world.true_areas[by_class].to_numpy().sum() == 1_000_000
    records = world.records.drop_duplicates("record_id")
    assert records[by_class].to_numpy().sum() == records["mines_total_stated"].sum() == 400_000
    assert (world.records[by_class] >= 0).all(axis=None)


def test_victims(world: World) -> None:
    events = world.events
    assert (events["killed"].sum(), events["injured"].sum()) == (65, 277)
    victims = events["killed"] + events["injured"]
    assert victims.sum() == 342
    assert victims.min() >= 1
    for status in ("killed", "injured"):
        told = [sum(role.get(status, 0) for role in roles.values()) for roles in events["victims_by_role"]]
        assert told == events[status].tolist()
    journalists = [roles["journalist"] for roles in events["victims_by_role"] if "journalist" in roles]
    assert sum(each["killed"] for each in journalists) == 3
    assert not any("injured" in each for each in journalists)


def test_eight_new_maps_on_one_day(world: World) -> None:
    new = world.records[world.records["handed_over_on"] == "2024-01-25"]
    assert new["map_sheet"].nunique() == 8
    earlier = set(world.records["handed_over_on"].dt.year) - {2024}
    assert earlier == {2021, 2023}
    assert not set(new["map_sheet"]) & set(world.records.drop(new.index)["map_sheet"])
