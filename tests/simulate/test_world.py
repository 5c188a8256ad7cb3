"""A world follows from its options and seed alone, and holds what was asked for."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from recount import SMALL, on_plane, seen

from registry.simulate.world import World, demo_world, make_world


def as_bytes(world: World) -> bytes:
    frames = (
        world.true_areas, world.records, world.events, world.released, world.devices, world.districts, world.scope
    )  # fmt: skip
    texts = [frame.to_wkb(hex=True).to_csv() for frame in frames]
    return ("".join(texts) + repr(world.truth)).encode()


def test_same_seed_same_bytes_other_seed_other_world() -> None:
    assert as_bytes(demo_world(5)) == as_bytes(demo_world(5))
    assert as_bytes(demo_world(5)) != as_bytes(demo_world(6))


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    events=st.integers(1, 120),
    outside=st.floats(0, 1),
    mines=st.integers(60, 2_000_000),
    more_victims=st.integers(0, 50),
    killed=st.floats(0, 1),
)
def test_totals_hold_whatever_is_asked(
    seed: int, events: int, outside: float, mines: int, more_victims: int, killed: float
) -> None:
    victims = events + more_victims
    options = replace(
        SMALL,
        events=events,
        outside_events=round(outside * events),
        mines=mines,
        mines_recorded=mines // 3,
        victims=victims,
        killed=round(killed * victims),
    )
    made = make_world(options, seed)
    inside = on_plane(made.events).covered_by(seen(made.records).union_all())
    assert (len(inside), int((~inside).sum())) == (events, options.outside_events)
    assert made.true_areas["mines"].sum() == mines
    assert made.records["mines_total_stated"].sum() == mines // 3
    assert made.events["killed"].sum() == options.killed
    assert made.events[["killed", "injured"]].to_numpy().sum() == victims
