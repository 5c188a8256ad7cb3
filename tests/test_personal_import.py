"""Columns of victims' personal data are refused at import, by name, and can be left out."""

import pytest
from batches import point, write_source

from registry.errors import CheckFailed, SourceError
from registry.importer import ImportOptions, import_batch
from registry.model import Handover, Kind

PEOPLE = ["Ana Horvat", "Ivan Babic", "Marija Novak", "Petar Juric", "Luka Maric", "Ema Kovac"]


@pytest.fixture
def source(tmp_path):
    places = [point(x / 10, 0) for x in range(len(PEOPLE))]
    return write_source(tmp_path / "events.geojson", places, victim_name=PEOPLE, cause=["mine"] * len(PEOPLE))


def bring(registry, source, kind=Kind.ACCIDENTS, **options):
    return import_batch(registry, [source], kind, Handover("one", "One"), ImportOptions(**options))


def test_it_is_refused_by_name_and_nothing_is_stored(empty, source):
    with pytest.raises(CheckFailed, match="--drop-column 'victim_name'") as refused:
        bring(empty, source)
    assert not any(person in str(refused.value) for person in PEOPLE)
    assert empty.layers() == ()


def test_a_dropped_column_is_nowhere_in_the_file(empty, source):
    report = bring(empty, source, drop_columns=("victim_name",))
    assert report.counts.plotted == len(PEOPLE)
    assert "source-not-kept" in {finding.code for finding in report.findings}
    assert "cause" in empty.read(empty.layers()[0])["source_fields"][0]
    content = empty.path.read_bytes()
    assert not any(person.encode() in content for person in PEOPLE)


def test_only_accidents_speak_of_victims(empty, source):
    report = bring(empty, source, Kind.DEVICES)
    assert report.counts.plotted == len(PEOPLE)


def test_a_column_that_is_not_there(empty, source):
    with pytest.raises(SourceError, match="no column nickname to leave out; its columns are victim_name, cause"):
        bring(empty, source, drop_columns=("nickname",))
