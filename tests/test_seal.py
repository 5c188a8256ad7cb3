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


CELLS = st.none() | st.integers(0, 1) | st.sampled_from([1.0, 0.0, -0.0]) | st.text(max_size=2) | st.binary(max_size=2)
CELLS |= st.floats() | st.booleans() | st.integers()


ROW = st.integers(1, 5).flatmap(lambda wide: st.lists(st.tuples(*[CELLS] * wide), max_size=5))


def one_by_one(columns, rows):
    lines = "".join(f"{canonical_json(line)}\n" for line in (columns, *rows))
    return hashlib.sha256(lines.encode()).hexdigest()


@given(ROW, st.sets(st.integers(0, 6)))
def test_the_hash_of_a_table_is_that_of_its_rows_one_by_one(rows, empty):
    columns = [f"held {n}" for n in range(len(rows[0]) if rows else 1)]
    assert sha256_of_rows(columns, rows) == one_by_one(columns, rows)
    # The same with columns that hold nothing, which need not be read.
    for n in sorted(empty):
        columns.insert(n, f"empty {n}")
    cells = (iter(row) for row in rows)
    whole = [tuple(None if c.startswith("empty") else next(row) for c in columns) for row in cells]
    assert sha256_of_rows(columns, rows, without={f"empty {n}" for n in empty}) == one_by_one(columns, whole)


def test_that_of_a_long_table_too():
    rows = [(number, None, "x", f"\u00e9{number}", None, 1 if number < 2_000 else 1.0) for number in range(2_500)]
    columns = list("abcdef")
    assert sha256_of_rows(columns, rows) == one_by_one(columns, rows)


@pytest.mark.parametrize("changed", range(5))
def test_a_link_covers_all_of_its_entry(changed):
    entry = [1, "2021-06-12T00:00:00Z", "add", {"batch_id": "b-1"}, FIRST_LINK]
    other = [2, "2021-06-13T00:00:00Z", "withdraw", {"batch_id": "b-2"}, "1" * 64]
    mixed = [*entry[:changed], other[changed], *entry[changed + 1 :]]
    assert link_sha256(*mixed) != link_sha256(*entry)
    assert link_sha256(*entry) == sha256_of(entry)
    assert len(link_sha256(*entry)) == len(FIRST_LINK)
