"""Rows of the attribute tables and the values they stand for."""

import sqlite3
from dataclasses import fields
from datetime import UTC, date, datetime

import pytest
from filing import a_claim, a_run
from hypothesis import given
from hypothesis import strategies as st

from registry import tables
from registry.codes import DatePrecision
from registry.compare.claims import Claim
from registry.model import (
    AuditEntry,
    Counts,
    Finding,
    Handover,
    Kind,
    Layer,
    LayerState,
    PartialDate,
    Provenance,
    Run,
    Severity,
    SourceDocument,
    Transformation,
)

DATES = st.builds(PartialDate, st.dates(), st.sampled_from(DatePrecision))


NUMBERS = st.none() | st.floats(allow_nan=False)
OPTIONS = st.none() | st.booleans() | st.text() | st.lists(st.text()) | st.floats(allow_nan=False)


def built(value_type, **strategies):
    """Values with any text and number; dates as far as they are known."""
    st.register_type_strategy(PartialDate, DATES)
    # What has a default is drawn too.
    hints = {each.name: st.from_type(each.type) for each in fields(value_type)}
    return st.builds(value_type, **{**hints, **strategies})


@given(built(Handover))
def test_handover(handover):
    assert tables.handover_of(tables.handover_row(handover)) == handover


@given(built(SourceDocument))
def test_document(document):
    row = tables.document_row(document, "first", Kind.MINEFIELDS)
    assert (row["batch_id"], row["layer_kind"]) == ("first", "minefields")
    assert tables.document_of(row) == document


@given(built(Finding))
def test_finding(finding):
    row = tables.finding_row(finding, "first", Kind.MINEFIELDS)
    assert row["severity"] in {"E", "W", "I"}
    found = tables.finding_of(row)
    assert found == finding
    assert isinstance(found.severity, Severity)


@given(built(Claim, low=NUMBERS, high=NUMBERS))
def test_claim(claim):
    assert tables.claim_of({**tables.claim_row(claim), "id": 1}) == claim


@given(built(Run, options=st.dictionaries(st.text(), OPTIONS), software=st.dictionaries(st.text(), st.text())))
def test_run(run):
    assert tables.run_of({**tables.run_row(run), "id": 1}) == run


LAYER = Layer(
    "first",
    Kind.SCOPE,
    "Первая",
    "scope_first",
    Counts(5, 2, 1, 1, 2),
    "0" * 64,
    Provenance(
        datetime(2024, 3, 20, 12, 30, 15, 123456, tzinfo=UTC),
        {"PROJ": "9"},
        (Transformation("EPSG:4284", "shift", None, "noop"), Transformation("EPSG:2500", "shift", 1.5, "noop")),
        {"crs": None, "layers": ["a"], "repair": True},
        ("first-scope-1",),
    ),
)


def ended(action, **content):
    """The entry that took the layer out of the figures."""
    return AuditEntry(9, "2024-03-20T00:00:00Z", action, content, "", "")


def test_layer():
    row = tables.layer_row(LAYER)
    assert "state" not in row
    assert tables.layer_of(row, None) == LAYER
    superseded = tables.layer_of(row, ended("supersede", by="second", reason="wrong zone"))
    assert (superseded.state, superseded.superseded_by, superseded.reason) == (
        LayerState.SUPERSEDED, "second", "wrong zone",
    )  # fmt: skip
    withdrawn = tables.layer_of(row, ended("withdraw", reason="wrong file"))
    assert (withdrawn.state, withdrawn.superseded_by, withdrawn.reason) == (LayerState.WITHDRAWN, None, "wrong file")


@pytest.mark.parametrize("table", tables.ATTRIBUTE_TABLES, ids=lambda table: table.name)
def test_a_table_has_a_column_for_every_field(table):
    connection = sqlite3.connect(":memory:")
    connection.execute(table.ddl())
    columns = {row[1] for row in connection.execute(f"PRAGMA table_info({table.name})")}
    connection.close()
    rows = {
        "handovers": tables.handover_row(Handover("first", "First")),
        "layers": tables.layer_row(LAYER),
        "source_documents": tables.document_row(SourceDocument("1", "a", "b", 0, "c"), "first", Kind.SCOPE),
        "findings": tables.finding_row(Finding("a", Severity.INFO, "b"), "first", Kind.SCOPE),
        "claims": tables.claim_row(a_claim()),
        "comparison_runs": tables.run_row(a_run()),
        "audit_log": {each.name: 0 for each in fields(AuditEntry) if each.name != "sequence"},
    }
    assert columns - {"id"} == set(rows.get(table.name, columns - {"id"}))


def test_a_listing_of_documents_leaves_the_bytes_out():
    assert "content" not in tables.DOCUMENT_LISTING
    assert len(tables.DOCUMENT_LISTING) == len(tables.SOURCE_DOCUMENTS.columns) - 1


def test_a_date_is_stored_as_its_first_day():
    row = tables.handover_row(Handover("a", "b", handed_over_on=PartialDate(date(2021, 6, 1), DatePrecision.MONTH)))
    assert (row["handed_over_on"], row["handed_over_on_precision"]) == ("2021-06-01", "MONTH")


def test_sha256_of_bytes():
    assert tables.sha256_of_bytes(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
