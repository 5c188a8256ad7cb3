from hypothesis import given
from hypothesis import strategies as st

from maps.parties import party_looks
from maps.style import PARTY_LOOKS, PARTY_NOT_STATED
from registry.model import Handover


def of(*parties):
    return party_looks(Handover(f"b{number}", "B", party) for number, party in enumerate(parties))


def test_parties_stand_in_the_order_in_which_they_first_gave():
    assert of("B", None, "A", "B") == {"B": "party-0", "A": "party-1", None: PARTY_NOT_STATED}
    assert of(None, "B") == {"B": "party-0", None: PARTY_NOT_STATED}
    assert of("B", "") == {"B": "party-0", None: PARTY_NOT_STATED}
    assert of() == {}


@given(st.lists(st.sampled_from([*"ABCDEFGH", None]), max_size=12))
def test_a_later_batch_changes_no_look(parties):
    before = of(*parties)
    assert before.items() <= of(*parties, "Z", None).items()


def test_looks_of_parties_differ_in_outline_too():
    dashes = [look.dash for look in PARTY_LOOKS]
    assert len(set(dashes)) == len(dashes)
    assert of(*(f"P{number}" for number in range(len(PARTY_LOOKS) + 1)))["P6"] == "party-0"
