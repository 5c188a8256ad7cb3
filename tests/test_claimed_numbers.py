"""Claimed numbers against found ones, counted by hand."""

from datetime import UTC, datetime

import geopandas as gpd
import pytest

from registry.claimed_numbers import check_documents, check_mines
from registry.findings import CHECKS
from registry.model import Finding, Kind, Provenance, Severity, SourceDocument


def layer(kind, sources, *, attachments=(), members=None, media="application/vnd.shp"):
    """A layer of documents named by the letters of their hashes; each source is a word, its first letter the main."""
    documents = [
        SourceDocument(f"{kind}-{letter}", letter, media, 1, letter) for letter in {*"".join(sources), *attachments}
    ]
    entries = [{"documents": [f"{kind}-{letter}" for letter in word]} for word in sources]
    if members is not None:
        entries[0]["members"] = [f"{kind}-{letter}" for letter in members]
    parameters = {"sources": entries, "attachments": [f"{kind}-{letter}" for letter in attachments]}
    return kind, Provenance(datetime(2024, 1, 1, tzinfo=UTC), {}, (), parameters, ()), documents


@pytest.mark.parametrize(
    ("layers", "found"),
    [
        # A shapefile with two side files, a table, a scan.
        ([layer(Kind.MINEFIELDS, ["abc", "d"], attachments=["e"])], 3),
        # A zip (z) of two sources (a, b) with a side file (c) and a scan (d): three documents.
        ([layer(Kind.MINEFIELDS, ["zabcd"], members="ab", attachments=["d"])], 3),
        # One file gave two layers; the districts were not handed over.
        ([layer(Kind.MINEFIELDS, ["a"]), layer(Kind.ACCIDENTS, ["a"]), layer(Kind.DISTRICTS, ["b"])], 1),
        ([layer(Kind.SCOPE, ["a"], attachments=["b"])], 1),
    ],
)
def test_documents(layers, found):
    (hit,) = check_documents(found, layers)
    assert hit.code == "documents-agree"
    (hit,) = check_documents(found + 1, layers)
    assert hit.code == "documents-differ"
    assert hit.message.startswith(f"{found + 1} documents are claimed; {found} were found: ")
    assert check_documents(None, layers) == []


def test_a_layer_that_knows_nothing_of_its_sources():
    found = Provenance(datetime(2024, 1, 1, tzinfo=UTC), {}, (), {}, ())
    (hit,) = check_documents(0, [(Kind.MINEFIELDS, found, [])])
    assert hit.code == "documents-agree"


def records(**columns):
    number = len(next(iter(columns.values())))
    return gpd.GeoDataFrame(
        {"document_id": ["d"] * number, "feature_index": range(number), **columns}, geometry=[None] * number, crs=4326
    )


def repeat(feature_index):
    return Finding("duplicate-in-layer", Severity.WARNING, "x", "d", feature_index, "x")


def test_mines_are_totals_else_sums():
    """100 as a total, 5 + 7 as parts, nothing, 20 as a total beside parts that say 19."""
    rows = records(
        mines_total_stated=[100, None, None, 20], mines_ap=[None, 5, None, 19], mines_av=[None, 7, None, None]
    )
    (hit,) = check_mines(132, rows, [])
    assert (hit.code, hit.row) == ("mines-agree", None)
    assert hit.message == "132 mines are claimed; the records state 132: 3 of 4 records state a number."
    (hit,) = check_mines(1_000, rows, [])
    assert hit.code == "mines-differ"
    assert hit.message.startswith("1,000 mines are claimed; the records state 132: ")
    assert check_mines(None, rows, []) == []


def test_a_field_that_is_there_twice_counts_once():
    rows = records(mines_total_stated=[10, 10, 5])
    (hit,) = check_mines(15, rows, [repeat(1), Finding("area-small", Severity.WARNING, "x", "d", 0, "x")])
    assert hit.code == "mines-agree"
    assert hit.message.endswith(
        "2 of 2 records state a number; 1 more repeat the polygon of another and are not counted again."
    )


def test_records_that_state_nothing():
    (hit,) = check_mines(5, records(map_sheet=["a", "b"]), [])
    assert (hit.code, hit.message) == (
        "mines-differ",
        "5 mines are claimed; the records state 0: 0 of 2 records state a number.",
    )


def test_severities():
    assert [
        CHECKS[code].severity for code in ("documents-differ", "documents-agree", "mines-differ", "mines-agree")
    ] == list("WIWI")
