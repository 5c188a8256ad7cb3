from datetime import UTC, datetime

import pytest

from registry.looks import EVENT_LOOKS, KIND_LOOKS, MINEFIELD_LOOKS, NOT_COMPARED, layer_looks
from registry.model import Counts, Kind, Layer, LayerState, Provenance


def layer(number, kind=Kind.MINEFIELDS, state=LayerState.ACTIVE):
    found = Provenance(datetime(2024, 3, 20, tzinfo=UTC), {}, (), {}, ())
    return Layer(f"b{number}", kind, f"B {number}", f"{kind}_b{number}", Counts(1, 1, 0, 0, 0), "", found, state)


def test_batches_take_their_colours_in_turn():
    looks = layer_looks([layer(number) for number in range(6)])
    assert looks[:5] == list(MINEFIELD_LOOKS)
    assert looks[5] == MINEFIELD_LOOKS[0]


def test_other_kinds_between_take_no_colour():
    looks = layer_looks([layer(0), layer(1, Kind.ACCIDENTS), layer(2), layer(3, Kind.SCOPE)])
    assert looks == [MINEFIELD_LOOKS[0], EVENT_LOOKS[NOT_COMPARED], MINEFIELD_LOOKS[1], KIND_LOOKS[Kind.SCOPE]]


@pytest.mark.parametrize("state", [LayerState.SUPERSEDED, LayerState.WITHDRAWN])
def test_what_left_the_figures_is_grey_hollow_and_says_so(state):
    gone, next_one = layer_looks([layer(0, state=state), layer(1)])
    assert next_one == MINEFIELD_LOOKS[0]
    assert state.value in gone.label
    assert "not in the figures" in gone.label
    red, green, blue = (int(gone.light[at : at + 2], 16) for at in (1, 3, 5))
    assert max(red, green, blue) - min(red, green, blue) < 16
    assert (gone.fill_opacity, gone.hollow) == (0.0, True)


def test_every_kind_has_a_look_in_every_state():
    for state in LayerState:
        assert len(layer_looks([layer(0, kind, state) for kind in Kind])) == len(Kind)
