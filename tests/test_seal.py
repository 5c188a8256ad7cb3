import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.seal import FIRST_LINK, canonical_json, link_sha256, sha256_of, sha256_of_rows

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
ROWS = st.lists(st.tuples(st.integers() | st.text() | st.binary() | st.none(), st.text()), max_size=4)


def test_the_canonical_form():
    assert canonical_json({"b": [1, None, True], "a": "м"}) == '{"a":"\\u043c","b":[1,null,true]}'
    assert canonical_json(b"\x01\xff") == '{"hex":"01ff"}'


@given(VALUES)
def test_equal_values_have_equal_bytes_and_nothing_is_lost(value):
    text = canonical_json(value)
    assert text.isascii()
    assert json.loads(text) == value
    assert canonical_json(json.loads(text)) == text


@given(st.dictionaries(st.text(), st.integers(), min_size=2))
def test_the_order_of_keys_does_not_matter(value):
    assert sha256_of(dict(reversed(value.items()))) == sha256_of(value)


def test_what_has_no_canonical_form_is_refused():
    with pytest.raises(TypeError, match="set has no canonical form"):
        canonical_json({1})


def test_the_hash_of_a_table_can_be_made_by_hand():
    lines = '["a","b"]\n[1,"x"]\n[{"hex":"00"},null]\n'
    assert sha256_of_rows(["a", "b"], [(1, "x"), (b"\0", None)]) == hashlib.sha256(lines.encode()).hexdigest()


@given(ROWS, ROWS)
def test_tables_have_one_hash_only_if_they_are_equal(one, other):
    hashes = [sha256_of_rows(["a", "b"], rows) for rows in (one, other)]
    assert (hashes[0] == hashes[1]) is (one == other)
    assert sha256_of_rows(["a", "c"], one) != hashes[0]


@pytest.mark.parametrize("changed", range(5))
def test_a_link_covers_all_of_its_entry(changed):
    entry = [1, "2021-06-12T00:00:00Z", "add", {"batch_id": "b-1"}, FIRST_LINK]
    other = [2, "2021-06-13T00:00:00Z", "withdraw", {"batch_id": "b-2"}, "1" * 64]
    mixed = [*entry[:changed], other[changed], *entry[changed + 1 :]]
    assert link_sha256(*mixed) != link_sha256(*entry)
    assert link_sha256(*entry) == sha256_of(entry)
    assert len(link_sha256(*entry)) == len(FIRST_LINK)
